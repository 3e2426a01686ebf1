//! One client's packets: a sample with addresses of its own and more data in its connections.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::io::Write;

use super::Dice;
use super::sample::{Sample, SampleFrame, TcpPlace};

/// The frames of one client that are still to be written.
pub(crate) struct Client {
    number: u64,
    /// Ascending by time, in nanoseconds since 1970.
    frames: Vec<(u64, Vec<u8>)>,
    next: usize,
}

impl Client {
    /// The `number`th client, who does from `start` on what the sample's does.
    pub(crate) fn new(sample: &Sample, number: u64, start: u64, dice: &mut Dice) -> Self {
        let mut frames = Vec::with_capacity(sample.frames.len() * 3);
        let mut more: HashMap<usize, Added> = HashMap::new();
        let mut before = 0;
        for frame in &sample.frames {
            if let Some(tcp) = &frame.tcp
                && let Some((server, client)) = tcp.more_fits
            {
                let from = [&sample.frames[server], &sample.frames[client]];
                let added = Added::new(frame, tcp, dice);
                let span = (before, frame.time);
                for (time, bytes) in added.frames(from, span) {
                    frames.push((start + time, finished(bytes, from[0], sample, number)));
                }
                more.insert(tcp.connection, added);
            }
            let mut bytes = frame.bytes.clone();
            if let Some(tcp) = &frame.tcp
                && let Some(added) = more.get(&tcp.connection)
            {
                added.shift(&mut bytes, tcp);
            }
            frames.push((start + frame.time, finished(bytes, frame, sample, number)));
            before = frame.time;
        }
        frames.sort_by_key(|(time, _)| *time);
        Self {
            number,
            frames,
            next: 0,
        }
    }

    /// Bytes of all its records.
    pub(crate) fn bytes(&self) -> u64 {
        let records = self.frames.iter();
        records.map(|(_, bytes)| 16 + bytes.len() as u64).sum()
    }

    /// When its next frame is due.
    pub(crate) fn time(&self) -> u64 {
        self.frames.get(self.next).map_or(u64::MAX, |frame| frame.0)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.next >= self.frames.len()
    }

    /// Writes the next frame as a record; returns its length.
    pub(crate) fn write_next(&mut self, out: &mut impl Write) -> usize {
        let (time, bytes) = &self.frames[self.next];
        let length = (bytes.len() as u32).to_le_bytes();
        let mut header = [0; 16];
        header[..4].copy_from_slice(&((time / 1_000_000_000) as u32).to_le_bytes());
        header[4..8].copy_from_slice(&((time % 1_000_000_000 / 1000) as u32).to_le_bytes());
        header[8..12].copy_from_slice(&length);
        header[12..].copy_from_slice(&length);
        out.write_all(&header).unwrap();
        out.write_all(bytes).unwrap();
        self.next += 1;
        header.len() + bytes.len()
    }
}

/// By the time of the next frame.
impl Ord for Client {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.time(), self.number).cmp(&(other.time(), other.number))
    }
}

impl PartialOrd for Client {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Client {}

/// Data that a connection got more than its sample has: where in the server's sequence space, and how many bytes of
/// each segment.
struct Added {
    at: u32,
    client_at: u32,
    lengths: Vec<usize>,
}

impl Added {
    /// Before `frame`, which ends the connection.
    fn new(frame: &SampleFrame, tcp: &TcpPlace, dice: &mut Dice) -> Self {
        let (sequence, acknowledgment) = numbers(&frame.bytes, tcp.at);
        let (at, client_at) = if tcp.by_client {
            (acknowledgment, sequence)
        } else {
            (sequence, acknowledgment)
        };
        // Most connections are short, a few carry much.
        let count = match dice.roll(16) {
            0 => 64 + dice.roll(192),
            1..4 => 16 + dice.roll(32),
            _ => dice.roll(16),
        };
        let lengths = (0..count).map(|_| match dice.roll(5) {
            0..2 => 1400,
            _ => 60 + dice.roll(600) as usize,
        });
        Self {
            at,
            client_at,
            lengths: lengths.collect(),
        }
    }

    fn total(&self) -> u32 {
        self.lengths.iter().sum::<usize>() as u32
    }

    /// The data and an acknowledgement for every second segment, spread over the span; `like` are frames of the server
    /// and of the client.
    fn frames(&self, like: [&SampleFrame; 2], span: (u64, u64)) -> Vec<(u64, Vec<u8>)> {
        let mut out = Vec::new();
        let mut next = self.at;
        for (i, length) in self.lengths.iter().enumerate() {
            let steps = self.lengths.len() as u64 + 1;
            let time = span.0 + (span.1 - span.0) * (i as u64 + 1) / steps;
            let mut payload = vec![0x5a; *length];
            payload[..5].copy_from_slice(&[23, 3, 3, (length >> 8) as u8, *length as u8]);
            out.push((
                time,
                segment(like[0], 0x18, (next, self.client_at), &payload),
            ));
            next = next.wrapping_add(*length as u32);
            if i % 2 == 1 || i + 1 == self.lengths.len() {
                out.push((time, segment(like[1], 0x10, (self.client_at, next), &[])));
            }
        }
        out
    }

    /// Moves a later segment behind the data.
    fn shift(&self, bytes: &mut [u8], tcp: &TcpPlace) {
        let field = tcp.at + if tcp.by_client { 8 } else { 4 };
        let number: [u8; 4] = bytes[field..field + 4].try_into().unwrap();
        let number = u32::from_be_bytes(number);
        if number.wrapping_sub(self.at) < 1 << 31 {
            let number = number.wrapping_add(self.total());
            bytes[field..field + 4].copy_from_slice(&number.to_be_bytes());
        }
    }
}

/// A segment with the headers of another.
fn segment(like: &SampleFrame, flags: u8, numbers: (u32, u32), payload: &[u8]) -> Vec<u8> {
    let (Some(ip), Some(tcp)) = (like.ip_at, &like.tcp) else {
        return like.bytes.clone();
    };
    let header_end = tcp.at + usize::from(like.bytes[tcp.at + 12] >> 4) * 4;
    let mut bytes = like.bytes[..header_end].to_vec();
    bytes.extend_from_slice(payload);
    bytes[tcp.at + 4..tcp.at + 8].copy_from_slice(&numbers.0.to_be_bytes());
    bytes[tcp.at + 8..tcp.at + 12].copy_from_slice(&numbers.1.to_be_bytes());
    bytes[tcp.at + 13] = flags;
    let length = bytes.len() - ip;
    if bytes[ip] >> 4 == 4 {
        bytes[ip + 2..ip + 4].copy_from_slice(&(length as u16).to_be_bytes());
        let id = numbers.0.wrapping_add(numbers.1) as u16;
        bytes[ip + 4..ip + 6].copy_from_slice(&id.to_be_bytes());
    } else {
        bytes[ip + 4..ip + 6].copy_from_slice(&((length - 40) as u16).to_be_bytes());
    }
    bytes
}

/// Gives the client's addresses of their own, also where ICMP, ARP and the like repeat them, and sums up again.
fn finished(mut bytes: Vec<u8>, like: &SampleFrame, sample: &Sample, number: u64) -> Vec<u8> {
    let Some(ip) = like.ip_at else { return bytes };
    let v4 = bytes[ip] >> 4 == 4;
    let (protocol, transport_at) = if v4 {
        (bytes[ip + 9], ip + usize::from(bytes[ip] & 15) * 4)
    } else {
        (bytes[ip + 6], ip + 40)
    };
    let end = match protocol {
        6 | 17 => transport_at,
        _ => bytes.len().min(transport_at + 80),
    };
    for (i, old) in sample.clients.iter().enumerate() {
        let new = address(old, i, number);
        let mut at = ip;
        while at + old.len() <= end {
            if bytes[at..].starts_with(old) {
                bytes[at..at + old.len()].copy_from_slice(&new);
                at += old.len();
            } else {
                at += 1;
            }
        }
    }
    sum_up(&mut bytes, ip, transport_at, protocol);
    bytes
}

/// 16 addresses of 10.64.0.0/10 and beyond for each client, or a 64-bit network's worth.
fn address(old: &[u8], index: usize, number: u64) -> Vec<u8> {
    if old.len() == 4 {
        let new = 0x0a40_0000 + number as u32 * 16 + index as u32;
        return new.to_be_bytes().to_vec();
    }
    let mut new = old.to_vec();
    new[8..12].copy_from_slice(&(number as u32 + 1).to_be_bytes());
    new
}

fn numbers(bytes: &[u8], tcp: usize) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(tcp + 4), number(tcp + 8))
}

/// The checksums of IPv4 and of TCP, UDP and ICMP (RFC 1071). Fragments and what is cut keep theirs.
fn sum_up(bytes: &mut [u8], ip: usize, transport: usize, protocol: u8) {
    let v4 = bytes[ip] >> 4 == 4;
    let total = if v4 {
        bytes[ip + 10..ip + 12].fill(0);
        let sum = !fold(sum(&bytes[ip..transport]));
        bytes[ip + 10..ip + 12].copy_from_slice(&sum.to_be_bytes());
        usize::from(u16::from_be_bytes([bytes[ip + 2], bytes[ip + 3]]))
    } else {
        40 + usize::from(u16::from_be_bytes([bytes[ip + 4], bytes[ip + 5]]))
    };
    let place = match protocol {
        6 => 16,
        17 => 6,
        1 | 58 => 2,
        _ => return,
    };
    let field = transport + place;
    let end = ip + total;
    if end > bytes.len() || field + 2 > end || (protocol == 17 && bytes[field..field + 2] == [0; 2])
    {
        return;
    }
    bytes[field..field + 2].fill(0);
    let addresses = if v4 {
        ip + 12..ip + 20
    } else {
        ip + 8..ip + 40
    };
    let mut whole = sum(&bytes[transport..end]);
    if protocol != 1 {
        whole += sum(&bytes[addresses]) + u64::from(protocol) + (end - transport) as u64;
    }
    let sum = match (protocol, !fold(whole)) {
        (17, 0) => 0xffff,
        (_, sum) => sum,
    };
    bytes[field..field + 2].copy_from_slice(&sum.to_be_bytes());
}

fn sum(bytes: &[u8]) -> u64 {
    let words = bytes.chunks(2);
    words
        .map(|word| u64::from(word[0]) << 8 | word.get(1).map_or(0, |low| u64::from(*low)))
        .sum()
}

fn fold(mut sum: u64) -> u16 {
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
