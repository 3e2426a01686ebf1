//! IP fragments that wait for the rest of their packet.
//!
//! Fragments are kept as evidence until all of a packet are there, in whatever order and whatever part of the capture
//! they come; then the packet is read and they are let go. Where fragments overlap, the one captured first counts.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decode::{Fragment, Packet, Segment};
use crate::model::{FrameId, Stamp, Tunnel};

/// How far apart in time fragments of one packet may be (RFC 8200 section 4.5 says 60 s, most systems 30 s).
const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of a packet's payload.
const MAX_PAYLOAD: usize = 65_535;
/// The most fragments kept that have one key.
const MAX_OF_ONE: usize = 128;
/// The most bytes of fragments kept in all, and what a fragment counts besides its bytes.
const MAX_BYTES: usize = 32 << 20;
const OVERHEAD: usize = 128;

/// What fragments of one packet share (RFC 791 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct FragmentKey {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    id: u32,
}

/// One fragment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) stamp: Stamp,
    offset: u32,
    more: bool,
    bytes: Vec<u8>,
    /// Of the one at offset 0.
    first: Option<FirstPart>,
}

/// What the first fragment tells besides its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct FirstPart {
    vlans: Vec<u16>,
    tunnels: Vec<Tunnel>,
    ttl: u8,
    ip_id: u16,
    /// Payload bytes that were counted with it.
    counted: u32,
}

/// A packet all of whose fragments are there.
#[derive(Debug)]
pub(super) struct Whole {
    key: FragmentKey,
    first: FirstPart,
    /// When the first fragment was seen.
    pub(super) stamp: Stamp,
    /// When any fragment was first seen: they may come in any order.
    pub(super) began: Stamp,
    /// What follows the IP headers.
    pub(super) payload: Vec<u8>,
}

/// All fragments that wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<FragmentKey, Vec<Part>>,
    bytes: usize,
    dropped: u64,
}

impl Fragments {
    /// Takes a packet that may be a fragment; returns the packet that it completes.
    #[inline]
    pub(super) fn take(&mut self, stamp: Stamp, packet: &Packet<'_>) -> Option<Box<Whole>> {
        match (&packet.segment, &packet.fragment) {
            (Segment::Fragment(fragment), _) => self.take_fragment(stamp, packet, fragment, None),
            (segment, Some(fragment)) => {
                let first = FirstPart::of(packet, segment);
                self.take_fragment(stamp, packet, fragment, Some(first))
            }
            (_, None) => None,
        }
    }

    #[cold]
    fn take_fragment(
        &mut self,
        stamp: Stamp,
        packet: &Packet<'_>,
        fragment: &Fragment<'_>,
        first: Option<FirstPart>,
    ) -> Option<Box<Whole>> {
        let key = FragmentKey::of(packet, fragment);
        let part = Part {
            stamp,
            offset: fragment.offset,
            more: fragment.more,
            bytes: fragment.payload.to_vec(),
            first,
        };
        self.put(key, part);
        let whole = self.complete(key).map(Box::new);
        self.bound();
        whole
    }

    /// Takes all that waits in another part of the capture; returns the packets that become complete.
    pub(super) fn merge(&mut self, other: Self) -> Vec<Whole> {
        self.dropped = self.dropped.saturating_add(other.dropped);
        let mut completed = Vec::new();
        for (key, parts) in other.waiting {
            parts.into_iter().for_each(|part| self.put(key, part));
            completed.extend(std::iter::from_fn(|| self.complete(key)));
        }
        self.bound();
        completed
    }

    /// Puts one in, as a partial file lists it.
    pub(super) fn put(&mut self, key: FragmentKey, part: Part) {
        let parts = self.waiting.entry(key).or_default();
        let same = |p: &Part| {
            (p.offset, p.more, &p.bytes) == (part.offset, part.more, &part.bytes)
                && apart(p.stamp, part.stamp) <= PATIENCE
        };
        if let Some(known) = parts.iter_mut().find(|p| same(p)) {
            if part < *known {
                *known = part;
                parts.sort_unstable();
            }
            return;
        }
        self.bytes += part.bytes.len() + OVERHEAD;
        let place = parts.partition_point(|p| *p < part);
        parts.insert(place, part);
        if parts.len() > MAX_OF_ONE
            && let Some(last) = parts.pop()
        {
            self.bytes -= last.bytes.len() + OVERHEAD;
            self.dropped += 1;
        }
    }

    /// All that waits, in no order.
    pub(super) fn into_parts(self) -> impl Iterator<Item = (FragmentKey, Part)> {
        self.waiting
            .into_iter()
            .flat_map(|(key, parts)| parts.into_iter().map(move |part| (key, part)))
    }

    /// How many were dropped at a bound.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Counts fragments that another part dropped.
    pub(super) const fn drop_more(&mut self, count: u64) {
        self.dropped = self.dropped.saturating_add(count);
    }

    /// Takes out the fragments of a packet that is complete.
    fn complete(&mut self, key: FragmentKey) -> Option<Whole> {
        let parts = self.waiting.get_mut(&key)?;
        let (range, first, payload) = clusters(parts).find_map(|range| {
            let cluster = parts.get(range.clone())?;
            let (first, payload) = join(cluster)?;
            Some((range, first, payload))
        })?;
        let (first, stamp) = {
            let part = parts.get(range.start + first)?;
            (part.first.clone()?, part.stamp)
        };
        let mut began = stamp;
        for part in parts.drain(range) {
            began = began.min(part.stamp);
            self.bytes -= part.bytes.len() + OVERHEAD;
        }
        if parts.is_empty() {
            self.waiting.remove(&key);
        }
        Some(Whole {
            key,
            first,
            stamp,
            began,
            payload,
        })
    }

    /// Lets the oldest half go where there are too many: what they wait for has been lost.
    fn bound(&mut self) {
        if self.bytes <= MAX_BYTES {
            return;
        }
        let mut stamps: Vec<Stamp> = self.waiting.values().flatten().map(|p| p.stamp).collect();
        stamps.sort_unstable();
        let Some(oldest) = stamps.get(stamps.len() / 2).copied() else {
            return;
        };
        let (bytes, dropped) = (&mut self.bytes, &mut self.dropped);
        self.waiting.retain(|_, parts| {
            parts.retain(|part| {
                let keep = part.stamp > oldest;
                if !keep {
                    *bytes -= part.bytes.len() + OVERHEAD;
                    *dropped += 1;
                }
                keep
            });
            !parts.is_empty()
        });
    }
}

impl FragmentKey {
    const fn of(packet: &Packet<'_>, fragment: &Fragment<'_>) -> Self {
        Self {
            source: packet.source,
            destination: packet.destination,
            protocol: fragment.protocol,
            id: fragment.id,
        }
    }
}

impl FirstPart {
    fn of(packet: &Packet<'_>, segment: &Segment<'_>) -> Self {
        let counted = match segment {
            Segment::Tcp(segment) => segment.payload_length,
            Segment::Udp(datagram) => datagram.payload_length,
            Segment::Icmp(message) => message.payload.len() as u32,
            Segment::Other { payload, .. } => payload.len() as u32,
            Segment::Fragment(_) => 0,
        };
        Self {
            vlans: packet.vlans.to_vec(),
            tunnels: packet.tunnels.to_vec(),
            ttl: packet.ttl,
            ip_id: packet.ip_id,
            counted,
        }
    }
}

impl Part {
    /// Lets the frame's place be rewritten.
    pub(super) fn for_each_frame(&mut self, mut rewrite: impl FnMut(&mut FrameId)) {
        rewrite(&mut self.stamp.frame);
    }
}

impl Whole {
    /// The first fragment's packet, as [`crate::decode::decode_rejoined`] wants it.
    pub(super) fn first_packet(&self) -> Packet<'static> {
        let fragment = Fragment {
            protocol: self.key.protocol,
            id: self.key.id,
            offset: 0,
            more: true,
            payload: &[],
        };
        Packet {
            vlans: self.first.vlans.iter().copied().collect(),
            tunnels: self.first.tunnels.iter().copied().collect(),
            carriers: Default::default(),
            source_mac: [0; 6],
            source: self.key.source,
            destination: self.key.destination,
            ttl: self.first.ttl,
            ip_id: self.first.ip_id,
            ip_length: 0,
            segment: Segment::Fragment(fragment),
            fragment: Some(fragment),
            stop: None,
        }
    }

    /// Payload bytes that were counted with the first fragment.
    pub(super) const fn counted(&self) -> u32 {
        self.first.counted
    }
}

/// The parts, which ascend by time, in groups with no gap longer than the patience between two.
fn clusters(parts: &[Part]) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        let first = parts.get(start)?;
        let mut last = first.stamp;
        let mut end = start;
        while let Some(part) = parts.get(end) {
            if apart(last, part.stamp) > PATIENCE {
                break;
            }
            last = part.stamp;
            end += 1;
        }
        let range = start..end;
        start = end;
        Some(range)
    })
}

/// The place of the first fragment and the payload, where no byte is missing.
fn join(parts: &[Part]) -> Option<(usize, Vec<u8>)> {
    let last = parts.iter().find(|part| !part.more)?;
    let total = last.offset as usize + last.bytes.len();
    let first = parts.iter().position(|part| part.first.is_some())?;
    let captured: usize = parts.iter().map(|part| part.bytes.len()).sum();
    if total > MAX_PAYLOAD || captured < total || !are_without_hole(parts, total) {
        return None;
    }
    let mut payload = vec![0; total];
    // The one captured first counts.
    let mut filled = vec![false; total];
    for part in parts {
        let start = part.offset as usize;
        for (i, byte) in part.bytes.iter().enumerate() {
            if let (Some(place), Some(done @ false)) =
                (payload.get_mut(start + i), filled.get_mut(start + i))
            {
                (*place, *done) = (*byte, true);
            }
        }
    }
    Some((first, payload))
}

/// Whether the parts have every byte, told by their places alone: of a packet with a hole it is asked with each fragment,
/// and there may be many large ones that overlap.
fn are_without_hole(parts: &[Part], total: usize) -> bool {
    let places = parts.iter().map(|part| {
        let start = part.offset as usize;
        (start, start + part.bytes.len())
    });
    let mut places: Vec<(usize, usize)> = places.collect();
    places.sort_unstable();
    let reach = |end: usize, (start, stop): &(usize, usize)| match *start <= end {
        true => end.max(*stop),
        false => end,
    };
    places.iter().fold(0, reach) >= total
}

fn apart(a: Stamp, b: Stamp) -> Duration {
    a.time.since(b.time).max(b.time.since(a.time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CaptureTime;
    use crate::observe::Observation;

    fn key() -> FragmentKey {
        FragmentKey {
            source: "10.0.0.1".parse().unwrap(),
            destination: "10.0.0.2".parse().unwrap(),
            protocol: 17,
            id: 7,
        }
    }

    fn part(at: i64, offset: u32, more: bool, bytes: &[u8]) -> Part {
        let first = FirstPart {
            vlans: Vec::new(),
            tunnels: Vec::new(),
            ttl: 64,
            ip_id: 7,
            counted: 0,
        };
        Part {
            stamp: Stamp {
                time: CaptureTime::from_secs_nanos(at, 0),
                frame: FrameId::new(0, 0, at as u32),
            },
            offset,
            more,
            bytes: bytes.to_vec(),
            first: (offset == 0).then_some(first),
        }
    }

    #[test]
    fn any_order_completes_and_the_earliest_byte_counts() {
        let parts = [
            part(1, 0, true, b"abcdefgh"),
            part(2, 8, true, b"ijklmnop"),
            part(3, 8, false, b"IJKL"),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let mut fragments = Fragments::default();
            let mut whole = Vec::new();
            for i in order {
                fragments.put(key(), parts[i].clone());
                whole.extend(fragments.complete(key()));
            }
            assert_eq!(whole.len(), 1);
            assert_eq!(whole[0].stamp, parts[0].stamp);
            assert!(whole[0].payload.starts_with(b"abcdefgh"));
        }
    }

    #[test]
    fn parts_that_overlap_and_leave_a_hole_are_not_joined() {
        let parts = |hole: u32| {
            let overlapping = (0..20).map(|i| part(i, 8 * (i as u32 % 2), true, &[i as u8; 16]));
            let last = part(20, 24 + hole, false, &[0xff; 8]);
            overlapping.chain([last]).collect::<Vec<_>>()
        };
        assert!(join(&parts(8)).is_none());
        let (_, payload) = join(&parts(0)).unwrap();
        assert_eq!(payload, [[0; 16].as_slice(), &[1; 8], &[0xff; 8]].concat());
    }

    #[test]
    fn parts_far_apart_in_time_are_not_joined() {
        let mut fragments = Fragments::default();
        fragments.put(key(), part(1, 0, true, b"abcdefgh"));
        fragments.put(key(), part(100, 8, false, b"ij"));
        assert!(fragments.complete(key()).is_none());
        fragments.put(key(), part(101, 0, true, b"ABCDEFGH"));
        let whole = fragments.complete(key()).unwrap();
        assert_eq!(whole.payload, b"ABCDEFGHij");
        assert_eq!(fragments.into_parts().count(), 1);
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut fragments = Fragments::default();
        for i in 0..1000 {
            fragments.put(key(), part(i, 8 * i as u32, true, &[0; 8]));
        }
        assert_eq!(fragments.dropped(), 1000 - MAX_OF_ONE as u64);
    }

    /// An IPv4 packet that has a fragment of another; `words` is the length of its header.
    fn fragment_packet(words: u8, id: u16, place: u16, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x40 | words, 0];
        packet.extend((u16::from(words) * 4 + 8).to_be_bytes());
        packet.extend(id.to_be_bytes());
        packet.extend(place.to_be_bytes());
        packet.extend([64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.resize(usize::from(words) * 4, 1);
        packet.extend(payload);
        packet
    }

    #[test]
    fn packets_of_which_each_is_the_last_fragment_of_the_next_take_no_stack() {
        const IP_IN_IP: u8 = 4;
        const MORE: u16 = 0x2000;
        const BEHIND_HEADER: u16 = 3;
        let mut observation = Observation::default();
        let mut take = |at: u32, frame: &[u8]| observation.absorb_raw(at, frame);
        const CHAIN: u16 = 20_000;
        for id in 0..CHAIN {
            // All of it but its last 8 bytes, which are those that end the chain.
            let next = fragment_packet(6, id + 1, BEHIND_HEADER, IP_IN_IP, &[]);
            let mut first = fragment_packet(5, id, MORE, IP_IN_IP, &next);
            first[3] = first.len() as u8;
            take(id.into(), &first);
        }
        take(
            CHAIN.into(),
            &fragment_packet(5, 0, BEHIND_HEADER, IP_IN_IP, &[7; 8]),
        );
        observation.settle(true);
        let left = observation.fragments.into_parts().count();
        assert_eq!(
            left, 1,
            "only what the end of the chain would be a fragment of"
        );
    }
}
