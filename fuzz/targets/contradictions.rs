//! Frames that contradict one another, so that what is made of them depends on which of them are there.

use std::collections::HashMap;
use std::net::IpAddr;

use pktaudit::decode::{Decoded, Packet, Segment, TcpFlags, TcpSegment, decode};
use pktaudit::source::OwnedFrame;

/// What bytes are part of: a direction of TCP by its ports, or a packet in fragments by its id.
type Row = (IpAddr, IpAddr, u64);

/// Whether bytes at one place are others in another frame, or a connection goes on behind another one of its ports.
pub(super) fn contradict(frames: &[OwnedFrame]) -> bool {
    let mut known: HashMap<Row, Vec<Placed<'_>>> = HashMap::new();
    let mut connections: HashMap<Ends, Connections> = HashMap::new();
    frames.iter().any(|frame| {
        let decoded = decode(frame.link_type.0, &frame.bytes, frame.wire_length);
        let Decoded::Packet(packet) = decoded else {
            return false;
        };
        if let Segment::Tcp(segment) = &packet.segment {
            let from = (packet.source, segment.source_port);
            let to = (packet.destination, segment.destination_port);
            let connections = connections.entry((from.min(to), from.max(to))).or_default();
            if connections.go_back(from < to, segment) {
                return true;
            }
        }
        placed(&packet).into_iter().any(|(row, placed)| {
            let row = known.entry(row).or_default();
            let differs = row.iter().any(|other| placed.contradicts(other));
            row.push(placed);
            differs
        })
    })
}

type Ends = ((IpAddr, u16), (IpAddr, u16));

/// The connections of one 5-tuple.
#[derive(Default)]
struct Connections {
    /// Who opened, with which number.
    openings: Vec<(bool, u32)>,
    /// Who sent a SYN of its own.
    called: [bool; 2],
    /// Segments: of the connection of which place, from whom, from where to where.
    sent: Vec<(usize, bool, u32, u32)>,
}

impl Connections {
    /// Takes the next segment; whether it goes on with a connection that is not the last one, or opens behind what was sent.
    fn go_back(&mut self, low: bool, segment: &TcpSegment<'_>) -> bool {
        let flags = segment.flags;
        let opening = match (flags.has(TcpFlags::SYN), flags.has(TcpFlags::ACK)) {
            (true, _) if flags.0 & (TcpFlags::FIN | TcpFlags::RST) != 0 => None,
            (true, false) => Some((low, segment.sequence)),
            (true, true) => Some((!low, segment.acknowledgment.wrapping_sub(1))),
            (false, _) => None,
        };
        if let Some(opening) = opening.filter(|opening| !self.openings.contains(opening)) {
            self.openings.push(opening);
        }
        let calls = flags.has(TcpFlags::SYN) && !flags.has(TcpFlags::ACK);
        let spoke = self.sent.iter().any(|(_, from, ..)| *from == low);
        let called = &mut self.called[usize::from(low)];
        if calls && spoke && !std::mem::replace(called, calls) {
            return true;
        }
        *called |= calls;
        let (place, first) = (self.openings.len(), segment.sequence);
        let end = first.wrapping_add(segment.payload_length + 1);
        let back = self.sent.iter().any(|(known, from, start, behind)| {
            let laps = end.wrapping_sub(*start) < 1 << 31 && behind.wrapping_sub(first) < 1 << 31;
            *known < place && *from == low && laps
        });
        self.sent.push((place, low, first, end));
        back
    }
}

/// Bytes with their place.
#[derive(Clone, Copy)]
struct Placed<'a> {
    at: u32,
    bytes: &'a [u8],
    /// Of a fragment: whether nothing follows.
    last: Option<bool>,
}

fn placed<'a>(packet: &Packet<'a>) -> Vec<(Row, Placed<'a>)> {
    let mut out = Vec::new();
    let (from, to) = (packet.source, packet.destination);
    let fragment = match &packet.segment {
        Segment::Fragment(fragment) => Some(*fragment),
        Segment::Tcp(segment) => {
            let ports = u64::from(segment.source_port) << 16 | u64::from(segment.destination_port);
            let opens = u32::from(segment.flags.0 & 2 != 0);
            out.push((
                (from, to, ports),
                Placed {
                    at: segment.sequence.wrapping_add(opens),
                    bytes: segment.payload,
                    last: None,
                },
            ));
            packet.fragment
        }
        _ => packet.fragment,
    };
    if let Some(fragment) = fragment {
        let id = 1 << 48 | u64::from(fragment.protocol) << 32 | u64::from(fragment.id);
        out.push((
            (from, to, id),
            Placed {
                at: fragment.offset,
                bytes: fragment.payload,
                last: Some(!fragment.more),
            },
        ));
    }
    out
}

impl Placed<'_> {
    fn contradicts(&self, other: &Self) -> bool {
        let (first, second) = match other.at.wrapping_sub(self.at) < 1 << 31 {
            true => (self, other),
            false => (other, self),
        };
        let behind = second.at.wrapping_sub(first.at) as usize;
        let lap = first.bytes.get(behind..).unwrap_or_default();
        let differ = lap.iter().zip(second.bytes).any(|(a, b)| a != b);
        let end = |part: &Self| part.at as usize + part.bytes.len();
        let ends = |last: &Self, other: &Self| last.last == Some(true) && end(other) > end(last);
        // The same bytes again are another packet of that id, and parts of the two make one.
        let again = self.last.is_some() && !lap.is_empty();
        let ends = ends(self, other) || ends(other, self) || again;
        differ || ends
    }
}
