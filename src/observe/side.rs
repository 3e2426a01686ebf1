//! What one side of a flow sent: counters, spans and ranges of numbers that merge.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::mark::Mark;
use crate::model::{Merge, Stamp};

/// What one side sent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideEvidence {
    /// Packets.
    pub packets: u64,
    /// Bytes of IP packets on the wire.
    pub bytes: u64,
    /// Payload bytes on the wire, retransmissions counted again.
    pub payload_bytes: u64,
    /// First and last packet, where there is one.
    pub(super) ends: (Stamp, Stamp),
    /// Acknowledgement numbers sent.
    acknowledged: SerialRange,
    /// Sequence numbers sent, each packet's first one and the one behind its last; SYN and FIN count one each.
    sent: SerialRange,
    /// The kinds of events that are there, as a quick test.
    pub(super) kinds: u8,
    /// What the first packet is known again by behind address translation, where that is a datagram; else 0.
    pub(super) first: Mark,
}

/// From the lowest to the highest of some numbers of a space that wraps round (RFC 1982).
///
/// Serial order is no order for numbers that lie far apart, and would let the order of merging show. So smallest and
/// largest are kept twice, as the numbers are and turned by half the space; the narrower of the two ranges is the one
/// that does not wrap. Where there are none the lowest is above the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SerialRange {
    plain: (u32, u32),
    turned: (u32, u32),
}

impl Default for SerialRange {
    fn default() -> Self {
        Self {
            plain: (u32::MAX, 0),
            turned: (u32::MAX, 0),
        }
    }
}

impl SerialRange {
    const HALF: u32 = 1 << 31;

    /// The range, where there is any number in it.
    pub(super) fn some(self) -> Option<Self> {
        (self.plain.0 <= self.plain.1).then_some(self)
    }

    pub(super) const fn at(number: u32) -> Self {
        let turned = number ^ Self::HALF;
        Self {
            plain: (number, number),
            turned: (turned, turned),
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        let join = |a: (u32, u32), b: (u32, u32)| (a.0.min(b.0), a.1.max(b.1));
        Self {
            plain: join(self.plain, other.plain),
            turned: join(self.turned, other.turned),
        }
    }

    const fn ends(self) -> (u32, u32) {
        if self.turned.1.wrapping_sub(self.turned.0) < self.plain.1.wrapping_sub(self.plain.0) {
            (self.turned.0 ^ Self::HALF, self.turned.1 ^ Self::HALF)
        } else {
            self.plain
        }
    }

    pub(super) const fn first(self) -> u32 {
        self.ends().0
    }

    pub(super) const fn last(self) -> u32 {
        self.ends().1
    }

    pub(super) const fn has(self, number: u32) -> bool {
        let (first, last) = self.ends();
        number.wrapping_sub(first) <= last.wrapping_sub(first)
    }
}

/// Without ends that are none.
impl fmt::Debug for SideEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut side = f.debug_struct("SideEvidence");
        side.field("packets", &self.packets);
        side.field("bytes", &self.bytes);
        side.field("payload_bytes", &self.payload_bytes);
        side.field("span", &self.span());
        side.field("acknowledged", &self.acknowledged.some());
        side.field("sent", &self.sent());
        side.field("kinds", &self.kinds);
        side.field("first", &self.first);
        side.finish()
    }
}

impl SideEvidence {
    /// First and last packet.
    #[inline]
    #[must_use]
    pub fn span(&self) -> Option<(Stamp, Stamp)> {
        (self.packets > 0).then_some(self.ends)
    }

    /// Sequence numbers sent.
    pub(super) fn sent(&self) -> Option<SerialRange> {
        self.sent.some()
    }

    /// Takes sequence numbers that were sent, and one that was acknowledged.
    #[inline]
    pub(super) fn note_numbers(&mut self, sent: (u32, u32), acknowledged: Option<u32>) {
        let sent = SerialRange::at(sent.0).and(SerialRange::at(sent.1));
        self.sent = self.sent.and(sent);
        if let Some(number) = acknowledged {
            self.acknowledged = self.acknowledged.and(SerialRange::at(number));
        }
    }

    /// One past the highest sequence number sent, in serial order; SYN and FIN count one each.
    #[must_use]
    pub fn next_sequence(&self) -> Option<u32> {
        self.sent().map(SerialRange::last)
    }

    /// Bytes of the sequence space that this side went through but that are not in the capture. Retransmissions can
    /// hide some of them, never add any; `marks` is how many SYNs and FINs were seen, which count one each.
    #[must_use]
    pub fn missing_bytes(&self, marks: u32) -> u64 {
        self.sent().map_or(0, |sent| {
            let length = sent.last().wrapping_sub(sent.first());
            u64::from(length).saturating_sub(self.payload_bytes + u64::from(marks))
        })
    }

    /// Whether its first packet is this one.
    #[inline]
    pub(super) fn begins_at(&self, stamp: Stamp) -> bool {
        self.packets > 0 && self.ends.0 == stamp
    }

    /// The highest acknowledgement number sent, in serial order.
    #[must_use]
    pub fn highest_ack(&self) -> Option<u32> {
        self.acknowledged.some().map(SerialRange::last)
    }
}

/// What is counted of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Bytes of the IP packet on the wire.
    pub ip_length: u32,
    /// Payload bytes on the wire.
    pub payload: u64,
}

impl SideEvidence {
    pub(super) fn count(&mut self, stamp: Stamp, sizes: Sizes) {
        if self.packets == 0 {
            self.ends = (stamp, stamp);
        } else if self.ends.1 <= stamp {
            self.ends.1 = stamp;
        } else {
            self.ends.0 = stamp.min(self.ends.0);
        }
        self.packets += 1;
        self.bytes += u64::from(sizes.ip_length);
        self.payload_bytes += sizes.payload;
    }
}

impl Merge for SideEvidence {
    fn merge(&mut self, other: Self) {
        self.first = match (self.span(), other.span()) {
            (Some((mine, _)), Some((theirs, _))) if mine <= theirs => self.first,
            (Some(_), None) => self.first,
            _ => other.first,
        };
        let ends = both(self.span(), other.span(), |a, b| {
            (a.0.min(b.0), a.1.max(b.1))
        });
        self.ends = ends.unwrap_or_default();
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.payload_bytes = self.payload_bytes.saturating_add(other.payload_bytes);
        self.acknowledged = self.acknowledged.and(other.acknowledged);
        self.sent = self.sent.and(other.sent);
        self.kinds |= other.kinds;
    }
}

/// Joins what both have; else what one has.
pub(super) fn both<T>(a: Option<T>, b: Option<T>, join: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(join(a, b)),
        (a, b) => a.or(b),
    }
}
