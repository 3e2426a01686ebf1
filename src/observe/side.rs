//! What one side of a flow sent: counters, spans and ranges of numbers that merge.

use serde::{Deserialize, Serialize};

use super::mark::Mark;
use crate::model::{Merge, Stamp};

/// What one side sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SideEvidence {
    /// Packets.
    pub packets: u64,
    /// Bytes of IP packets on the wire.
    pub bytes: u64,
    /// Payload bytes on the wire, retransmissions counted again.
    pub payload_bytes: u64,
    /// First and last packet.
    pub span: Option<(Stamp, Stamp)>,
    /// Smallest and largest TTL.
    pub ttl: Option<(u8, u8)>,
    /// Acknowledgement numbers sent.
    pub(super) acknowledged: Option<SerialRange>,
    /// Sequence numbers sent, each packet's first one and the one behind its last; SYN and FIN count one each.
    pub(super) sent: Option<SerialRange>,
    /// The kinds of events that are there, as a quick test.
    pub(super) kinds: u8,
    /// What the first packet is known again by behind address translation, where that is a datagram; else 0.
    pub(super) first: Mark,
}

/// From the lowest to the highest of some numbers of a space that wraps round (RFC 1982).
///
/// Serial order is no order for numbers that lie far apart, and would let the order of merging show. So smallest and
/// largest are kept twice, as the numbers are and turned by half the space; the narrower of the two ranges is the one
/// that does not wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SerialRange {
    plain: (u32, u32),
    turned: (u32, u32),
}

impl SerialRange {
    const HALF: u32 = 1 << 31;

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
        if self.turned.1 - self.turned.0 < self.plain.1 - self.plain.0 {
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

impl SideEvidence {
    /// One past the highest sequence number sent, in serial order; SYN and FIN count one each.
    #[must_use]
    pub fn next_sequence(&self) -> Option<u32> {
        self.sent.map(SerialRange::last)
    }

    /// Bytes of the sequence space that this side went through but that are not in the capture. Retransmissions can
    /// hide some of them, never add any; `marks` is how many SYNs and FINs were seen, which count one each.
    #[must_use]
    pub fn missing_bytes(&self, marks: u32) -> u64 {
        self.sent.map_or(0, |sent| {
            let length = sent.last().wrapping_sub(sent.first());
            u64::from(length).saturating_sub(self.payload_bytes + u64::from(marks))
        })
    }

    /// Whether its first packet is this one.
    #[inline]
    pub(super) fn begins_at(&self, stamp: Stamp) -> bool {
        self.span.is_some_and(|(first, _)| first == stamp)
    }

    /// The highest acknowledgement number sent, in serial order.
    #[must_use]
    pub fn highest_ack(&self) -> Option<u32> {
        self.acknowledged.map(SerialRange::last)
    }
}

/// What is counted of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Bytes of the IP packet on the wire.
    pub ip_length: u32,
    /// Payload bytes on the wire.
    pub payload: u64,
    /// TTL or hop limit.
    pub ttl: u8,
}

impl SideEvidence {
    pub(super) fn count(&mut self, stamp: Stamp, sizes: Sizes) {
        self.packets += 1;
        self.bytes += u64::from(sizes.ip_length);
        self.payload_bytes += sizes.payload;
        match &mut self.span {
            Some((_, last)) if *last <= stamp => *last = stamp,
            Some((first, _)) => *first = stamp.min(*first),
            None => self.span = Some((stamp, stamp)),
        }
        self.ttl = Some(match self.ttl {
            Some((low, high)) => (low.min(sizes.ttl), high.max(sizes.ttl)),
            None => (sizes.ttl, sizes.ttl),
        });
    }
}

impl Merge for SideEvidence {
    fn merge(&mut self, other: Self) {
        self.packets = self.packets.saturating_add(other.packets);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.payload_bytes = self.payload_bytes.saturating_add(other.payload_bytes);
        let start = |side: &Self| side.span.map(|(first, _)| first);
        self.first = match (start(self), start(&other)) {
            (Some(mine), Some(theirs)) if mine <= theirs => self.first,
            (Some(_), None) => self.first,
            _ => other.first,
        };
        self.span = both(self.span, other.span, |a, b| (a.0.min(b.0), a.1.max(b.1)));
        self.ttl = both(self.ttl, other.ttl, |a, b| (a.0.min(b.0), a.1.max(b.1)));
        self.acknowledged = both(self.acknowledged, other.acknowledged, SerialRange::and);
        self.sent = both(self.sent, other.sent, SerialRange::and);
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
