//! Frames of a few hosts, made of bytes: a capture file where they are one, and else read as choices of what comes next.

use std::collections::HashMap;

use arbitrary::{Result, Unstructured};
use pktaudit::model::CaptureTime;
use pktaudit::observe::attribute;
use pktaudit::source::{FrameSource, LinkType, OwnedFrame, Script};

use super::open::opened;
use super::payloads::payload;
use crate::observing::observe;

/// The most frames: what goes wrong with more goes wrong with fewer, and slowly is seldom.
const MOST: usize = 64;

/// What is put together of fragments and segments in any order comes out as flows.
pub(crate) fn segments(bytes: &[u8]) {
    let frames = frames(bytes);
    let capture = attribute(observe(0, &frames));
    let tally = &capture.tally;
    let aside: u64 = tally.set_aside.values().sum();
    assert_eq!(tally.frames, frames.len() as u64);
    assert_eq!(tally.frames, tally.decoded + aside, "a frame vanished");
    for flow in &capture.flows {
        assert!(flow.span.0 <= flow.span.1, "{flow:?}");
    }
}

/// The frames that bytes tell.
pub(super) fn frames(bytes: &[u8]) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    if let Some(mut source) = opened(bytes) {
        while let Some(frame) = source.next_frame().filter(|_| frames.len() < MOST) {
            frames.push(frame.into());
        }
        return frames;
    }
    let mut network = Network::default();
    let mut u = Unstructured::new(bytes);
    network.datagrams = u.ratio(1, 4_u8).unwrap_or_default();
    while !u.is_empty() && frames.len() < MOST {
        if network.next(&mut u, &mut frames).is_err() {
            break;
        }
    }
    frames
}

/// What was sent so far.
struct Network {
    time: i64,
    /// Whether all are UDP, whose flows are told by time alone.
    datagrams: bool,
    /// The next sequence number from one end to another.
    next: HashMap<(u8, u16, u8, u16), u32>,
    packets: Vec<Vec<u8>>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            time: Script::BASE.as_nanos(),
            datagrams: false,
            next: HashMap::new(),
            packets: Vec::new(),
        }
    }
}

const PORTS: &[u16] = &[
    40000, 40001, 443, 80, 53, 8080, 853, 123, 514, 3128, 4789, 6343,
];
const MICROSECOND: i64 = 1_000;
const MILLISECOND: i64 = 1_000 * MICROSECOND;
const SECOND: i64 = 1_000 * MILLISECOND;

impl Network {
    /// What comes next: a packet, whole or in fragments, or one again that was there.
    fn next(&mut self, u: &mut Unstructured<'_>, frames: &mut Vec<OwnedFrame>) -> Result<()> {
        self.wait(u)?;
        let packet = match u.int_in_range(0..=15_u8)? {
            0 if !self.packets.is_empty() => u.choose(&self.packets)?.clone(),
            _ => self.packet(u)?,
        };
        let parts = match u.int_in_range(0..=9_u8)? {
            0 | 1 => fragments(u, &packet)?,
            2 => vec![encapsulated(u, &packet)?],
            _ => vec![packet.clone()],
        };
        self.packets.push(packet);
        for part in parts {
            let wire_length = part.len() as u32;
            let mut bytes = part;
            if u.ratio(1, 20_u8)? {
                bytes.truncate(u.int_in_range(0..=bytes.len())?);
            }
            frames.push(OwnedFrame {
                time: CaptureTime::from_nanos(self.time),
                link_type: LinkType::RAW,
                interface: 0,
                wire_length,
                bytes,
            });
            self.time += MICROSECOND;
        }
        Ok(())
    }

    /// Time goes on, stands still or is set back.
    fn wait(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let some = i64::from(u.arbitrary::<u8>()?);
        self.time += match u.int_in_range(0..=9_u8)? {
            0 => 0,
            1 | 2 => some * MICROSECOND,
            3..=5 => some * MILLISECOND,
            6 => some * SECOND,
            7 => some * 60 * SECOND,
            8 => -some * MILLISECOND,
            _ => -some * SECOND,
        };
        Ok(())
    }

    fn packet(&mut self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let from = (u.int_in_range(0..=3_u8)?, *u.choose(PORTS)?);
        let to = (u.int_in_range(0..=3_u8)?, *u.choose(PORTS)?);
        let kind = match self.datagrams {
            true => 6,
            false => u.int_in_range(0..=11_u8)?,
        };
        let (protocol, content) = match kind {
            0..=5 => (6, self.tcp(u, from, to)?),
            6..=9 => (17, udp(u, from.1, to.1)?),
            10 => (1, self.icmp(u)?),
            _ => (u.arbitrary()?, payload(u)?),
        };
        ip(u, from.0, to.0, protocol, &content)
    }

    fn tcp(&mut self, u: &mut Unstructured<'_>, from: (u8, u16), to: (u8, u16)) -> Result<Vec<u8>> {
        let said = payload(u)?;
        let way = (from.0, from.1, to.0, to.1);
        let back = (to.0, to.1, from.0, from.1);
        let expected = self.next.get(&way).copied().unwrap_or(1_000);
        let some = u32::from(u.arbitrary::<u8>()?);
        let sequence = match u.int_in_range(0..=9_u8)? {
            0 => expected.wrapping_sub(some),
            1 => expected.wrapping_add(some),
            2 => expected.wrapping_add(some << 16),
            _ => expected,
        };
        let flags = match u.int_in_range(0..=12_u8)? {
            0 | 1 => 0x02,
            2 | 3 => 0x12,
            4 => 0x04,
            5 => 0x14,
            6 => 0x11,
            7 => u.arbitrary()?,
            _ => 0x18,
        };
        let length = said.len() as u32 + u32::from(flags & 3 != 0);
        self.next.insert(way, sequence.wrapping_add(length));
        let acknowledged = self.next.get(&back).copied().unwrap_or_default();
        let mut segment = [from.1.to_be_bytes(), to.1.to_be_bytes()].concat();
        segment.extend(sequence.to_be_bytes());
        segment.extend(acknowledged.to_be_bytes());
        let window = if u.ratio(1, 8_u8)? { 0 } else { 0xfa };
        segment.extend([0x50, flags, window, 0, 0, 0, 0, 0]);
        segment.extend(said);
        Ok(segment)
    }

    /// An error that quotes a packet that was there, or an echo.
    fn icmp(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let kind = *u.choose(&[0, 3, 3, 3, 5, 8, 11, 12])?;
        let mut message = vec![kind, u.int_in_range(0..=15)?, 0, 0, 0, 0, 0, 0];
        if !self.packets.is_empty() {
            let quoted = u.choose(&self.packets)?;
            let most = if u.arbitrary()? { 28 } else { quoted.len() };
            message.extend(&quoted[..most.min(quoted.len())]);
        }
        Ok(message)
    }
}

fn udp(u: &mut Unstructured<'_>, from: u16, to: u16) -> Result<Vec<u8>> {
    let said = payload(u)?;
    let mut datagram = [from.to_be_bytes(), to.to_be_bytes()].concat();
    let length = match u.ratio(1, 30_u8)? {
        true => u.arbitrary()?,
        false => 8 + said.len() as u16,
    };
    datagram.extend(length.to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(said);
    Ok(datagram)
}

/// An IPv4 packet, or IPv6 between hosts of odd numbers.
fn ip(u: &mut Unstructured<'_>, from: u8, to: u8, protocol: u8, content: &[u8]) -> Result<Vec<u8>> {
    let ttl = *u.choose(&[64, 64, 128, 57, 1])?;
    if from & to & 1 == 1 {
        let protocol = if protocol == 1 { 58 } else { protocol };
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend((content.len() as u16).to_be_bytes());
        packet.extend([protocol, ttl]);
        for host in [from, to] {
            packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
        }
        packet.extend(content);
        return Ok(packet);
    }
    let mut packet = vec![0x45, 0];
    packet.extend((20 + content.len() as u16).to_be_bytes());
    packet.extend([0, u.arbitrary()?, 0, 0, ttl, protocol, 0, 0]);
    for host in [from, to] {
        packet.extend(match host {
            0 | 1 => [10, 0, 0, host + 5],
            _ => [198, 51, 100, host],
        });
    }
    packet.extend(content);
    Ok(packet)
}

/// The parts of an IPv4 packet, in any order, one left out or two that lap over now and then.
fn fragments(u: &mut Unstructured<'_>, packet: &[u8]) -> Result<Vec<Vec<u8>>> {
    let Some((header, content)) = packet
        .split_at_checked(20)
        .filter(|_| packet.first() == Some(&0x45))
    else {
        return Ok(vec![packet.to_vec()]);
    };
    let unit = 8 * u.int_in_range(1..=16_usize)?;
    let mut parts = Vec::new();
    for (place, part) in content.chunks(unit).take(8).enumerate() {
        let at = place * unit / 8;
        let at = if u.ratio(1, 12_u8)? {
            at.saturating_sub(1)
        } else {
            at
        };
        let more = (place + 1) * unit < content.len();
        let mut bytes = header.to_vec();
        bytes[2..4].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
        let field = at as u16 | if more { 0x2000 } else { 0 };
        bytes[6..8].copy_from_slice(&field.to_be_bytes());
        bytes.extend(part);
        parts.push(bytes);
    }
    if parts.len() > 1 {
        let (a, b) = (u.choose_index(parts.len())?, u.choose_index(parts.len())?);
        parts.swap(a, b);
        if u.ratio(1, 4_u8)? {
            parts.pop();
        }
    }
    Ok(parts)
}

/// The packet in a tunnel between two gateways.
fn encapsulated(u: &mut Unstructured<'_>, packet: &[u8]) -> Result<Vec<u8>> {
    let ethernet = [&[0; 12][..], &[8, 0], packet].concat();
    let (protocol, content) = match u.int_in_range(0..=2_u8)? {
        0 => (4, packet.to_vec()),
        1 => (47, [&[0, 0, 8, 0][..], packet].concat()),
        _ => {
            let length = (16 + ethernet.len() as u16).to_be_bytes();
            let head = [0x9c, 0x40, 0x12, 0xb5, length[0], length[1], 0, 0];
            let network = [8, 0, 0, 0, 0, 0, 7, 0];
            (17, [&head[..], &network, &ethernet].concat())
        }
    };
    ip(u, 2, 0, protocol, &content)
}
