//! Frames that a mirror port sent twice: the same packet again within a millisecond, whatever its TTL, VLANs, link
//! header and checksums.
//!
//! Within a part of the capture a copy is known when it comes, and only counted. A part's first packets may be copies
//! of the last ones of the part before it, so they are held back, each as an observation of its own, until that part
//! or the end has come ([`Copies::settle`]): those of the first millisecond, and, since frames may lie in disorder,
//! the first few hundred, so that small files are held whole. Where large files overlap in time, as those of two taps
//! do, copies are found at their borders only.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::FixedState;

use super::Observation;
use crate::decode::{Packet, Segment};
use crate::model::{CaptureTime, FrameId, Stamp, TimeSpan, TunnelKind, address_bits};

/// How soon a copy follows.
const WINDOW: Duration = Duration::from_millis(1);
/// How soon it follows where the capturing device itself says that it saw one packet at several places.
const THROUGH: Duration = Duration::from_millis(200);
/// So many packets of a part are held back in any case.
const HELD: usize = 256;
/// The most packets held back of a part's first millisecond: a bound for floods.
const MAX_HELD: usize = 1024;
/// How far back a part's last packets are remembered: disorder goes no further as a rule.
const MEMORY: Duration = Duration::from_secs(1);
/// The most of them: the latest.
const MAX_TAIL: usize = 1024;
/// The most packets among which copies are looked for: the latest. All of them that share a slot are gone through, so that a
/// burst hides no copy, as full sets of a table did.
const MAX_RECENT: usize = 1024;

/// The first of the numbers that devices give packets.
pub(super) const PACKET_IDS: u16 = 0x100;

/// What is known of copies.
#[derive(Clone, Debug, Default)]
pub(super) struct Copies {
    current: Option<Box<Current>>,
    held: Vec<Held>,
    tails: Vec<Sight>,
}

/// The part that is being taken.
#[derive(Clone, Debug)]
struct Current {
    chunk: (u32, u32),
    first: CaptureTime,
    last: CaptureTime,
    recent: Recent,
}

/// The latest [`MAX_RECENT`] packets, numbered in the order in which they came, from 1 on.
#[derive(Clone, Debug)]
struct Recent {
    /// How many packets came: a part has at most [`FrameId::MAX_FRAMES`].
    count: u32,
    /// Each at the place of its number ([`place_of`]).
    sights: Vec<Sight>,
    /// Of each of `sights` the number of the one before it in the same slot; 0 where there is none.
    before: Vec<u32>,
    /// The number of the latest packet by a few bits of its identity; 0 where there was none.
    slots: Box<[u32; SLOTS]>,
    /// The packets up to this number are more than [`WINDOW`] older than the latest.
    old: u32,
    latest: CaptureTime,
}

/// So that among [`MAX_RECENT`] packets few share one.
const SLOTS: usize = 2 * MAX_RECENT;

/// A packet's identity, and when and where it was seen.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub(super) struct Sight {
    pub(super) stamp: Stamp,
    identity: u64,
    /// Where in the capturing device it was seen, as [`Copies::see`] has it.
    place: u16,
    /// Whether it was a copy already in its own part.
    dropped: bool,
}

/// One of a part's first packets, by itself.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) sight: Sight,
    pub(super) alone: Observation,
}

/// Whether `later` is no later than a copy may be. In nanoseconds, which costs no division: asked for each packet.
#[inline]
fn is_within(earlier: CaptureTime, later: CaptureTime) -> bool {
    let after = later.as_nanos().saturating_sub(earlier.as_nanos());
    after <= WINDOW.as_nanos() as i64
}

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The same as one a moment ago.
    Copy,
    /// Perhaps a copy of one that another part has.
    Early(Sight),
    /// None of these.
    Fresh,
}

/// What came of packets that were held back.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) fresh: Vec<Observation>,
    pub(super) copies: u64,
}

impl Copies {
    /// Takes note of a packet; those of one part come in the order of time. `place` is 0, or a place within a device
    /// that packets pass one after the other (below [`PACKET_IDS`]), or a number that the device gave the packet.
    pub(super) fn see(&mut self, stamp: Stamp, packet: &Packet<'_>, place: u16) -> Seen {
        let sight = Sight {
            stamp,
            identity: identity(packet),
            place,
            dropped: false,
        };
        let chunk = stamp.frame.chunk();
        if self
            .current
            .as_ref()
            .is_some_and(|current| current.chunk != chunk)
        {
            self.close();
        }
        let current = self.current.get_or_insert_with(|| {
            Box::new(Current {
                chunk,
                first: stamp.time,
                last: stamp.time,
                recent: Recent::default(),
            })
        });
        current.last = current.last.max(stamp.time);
        if current.recent.note(sight) {
            return Seen::Copy;
        }
        let place = stamp.frame.index() as usize;
        let early = || stamp.time.since(current.first) <= WINDOW;
        if place < HELD || place < MAX_HELD && early() {
            return Seen::Early(sight);
        }
        Seen::Fresh
    }

    /// Holds a packet back.
    pub(super) fn hold(&mut self, held: Held) {
        self.held.push(held);
    }

    /// Notes a part's last packets, as a partial file lists them.
    pub(super) fn note_tail(&mut self, sight: Sight) {
        self.tails.push(sight);
    }

    /// Takes all of another part.
    pub(super) fn merge(&mut self, mut other: Self) {
        self.close();
        other.close();
        self.held.append(&mut other.held);
        self.tails.append(&mut other.tails);
    }

    /// Lets go of held packets: of those parts before which the parts are there that may hold the same, or of all. `span_of`
    /// tells the times of a chunk.
    pub(super) fn settle(
        &mut self,
        all: bool,
        span_of: impl Fn((u32, u32)) -> Option<TimeSpan>,
    ) -> Settled {
        self.close();
        let mut settled = Settled::default();
        if self.held.is_empty() {
            return settled;
        }
        let mut sights = self.tails.clone();
        sights.extend(self.held.iter().map(|held| held.sight));
        sights.sort_unstable_by_key(|sight| (sight.identity, sight.stamp));
        sights.dedup();
        let waits: HashSet<Stamp> = self.held.iter().map(|held| held.sight.stamp).collect();
        let mut waiting = Vec::new();
        let mut copies = HashSet::new();
        // By time, whoever was merged first: of what contradicts itself the first counts.
        self.held.sort_by_key(|held| held.sight);
        for held in std::mem::take(&mut self.held) {
            if !all && !has_all_before(&held.sight, &span_of) {
                waiting.push(held);
            } else if is_copy(&held.sight, &sights, &waits) {
                settled.copies += 1;
                copies.insert(held.sight.stamp);
            } else {
                settled.fresh.push(held.alone);
            }
        }
        self.held = waiting;
        // One that still waits is no copy of one that was let go of for its sake.
        for tail in &mut self.tails {
            tail.dropped |= copies.contains(&tail.stamp);
        }
        // The next part of the same input is there and settled: nothing asks for this tail any more.
        let unsettled = |chunk| {
            self.held
                .iter()
                .any(|h| h.sight.stamp.frame.chunk() == chunk)
        };
        self.tails.retain(|tail| {
            let (input, chunk) = tail.stamp.frame.chunk();
            let next = (input, chunk + 1);
            span_of(next).is_none_or(|span| span.last.since(tail.stamp.time) <= MEMORY)
                || unsettled(next)
        });
        settled
    }

    /// Everything as it is written: held packets and tails.
    pub(super) fn into_parts(mut self) -> (Vec<Held>, Vec<Sight>) {
        self.close();
        self.held.sort_by_key(|held| held.sight);
        self.tails.sort_unstable();
        (self.held, self.tails)
    }

    /// Keeps the last packets of the part that was taken.
    fn close(&mut self) {
        let Some(current) = self.current.take() else {
            return;
        };
        let recent = current.recent.sights.into_iter();
        let mut tail: Vec<Sight> = recent
            .filter(|sight| current.last.since(sight.stamp.time) <= MEMORY)
            .collect();
        tail.sort_unstable_by_key(|sight| Reverse(sight.stamp));
        tail.truncate(MAX_TAIL);
        self.tails.append(&mut tail);
    }
}

/// Whether all is there that comes before a held packet in its input and may hold what it is a copy of: the part before, and
/// where that one is shorter than a copy may be late, the one before that.
fn has_all_before(sight: &Sight, span_of: impl Fn((u32, u32)) -> Option<TimeSpan>) -> bool {
    /// Shorter than that together parts are only if somebody makes them so.
    const MOST: usize = 16;
    let (input, chunk) = sight.stamp.frame.chunk();
    for before in (0..chunk).rev().take(MOST) {
        match span_of((input, before)) {
            None => return false,
            Some(span) if !is_within(span.first, sight.stamp.time) => return true,
            Some(_) => {}
        }
    }
    chunk > 0
}

/// Whether a packet that was held back is a copy of one before it; or of one after it that cannot be taken back, since
/// it is not among those that wait. `sights` ascend by identity, then by time.
fn is_copy(sight: &Sight, sights: &[Sight], waits: &HashSet<Stamp>) -> bool {
    let start = sights.partition_point(|known| known.identity < sight.identity);
    sights[start..]
        .iter()
        .take_while(|known| known.identity == sight.identity)
        .any(|known| {
            let taken = || !known.dropped && !waits.contains(&known.stamp);
            known.is_copied_by(sight) || sight.is_copied_by(known) && taken()
        })
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            count: 0,
            sights: Vec::new(),
            before: Vec::new(),
            slots: Box::new([0; SLOTS]),
            old: 0,
            latest: CaptureTime::MIN,
        }
    }
}

impl Recent {
    /// Notes a packet; whether it is a copy.
    #[inline]
    fn note(&mut self, mut sight: Sight) -> bool {
        let time = sight.stamp.time;
        let gone = self.count.saturating_sub(MAX_RECENT as u32);
        let mut from = gone;
        // What comes late in time may be a copy of any that is kept.
        if time >= self.latest {
            self.latest = time;
            self.old = self.old.max(gone);
            while self.old < self.count && !is_within(self.at(self.old + 1).stamp.time, time) {
                self.old += 1;
            }
            // What a device sees at several places may come later.
            if sight.place == 0 {
                from = self.old;
            }
        }
        let slot = &mut self.slots[sight.identity as usize % SLOTS];
        let before = std::mem::replace(slot, self.count + 1);
        sight.dropped = self.has_copied(before, from, &sight);
        self.put(sight, before);
        sight.dropped
    }

    /// Whether a packet is a copy of the one with this number, or of one before it in the same slot behind number `from`.
    #[inline]
    fn has_copied(&self, mut number: u32, from: u32, sight: &Sight) -> bool {
        while number > from {
            if self.at(number).is_copied_by(sight) {
                return true;
            }
            number = self.before[place_of(number)];
        }
        false
    }

    /// The one with a number, which is kept.
    #[inline]
    fn at(&self, number: u32) -> &Sight {
        &self.sights[place_of(number)]
    }

    #[inline]
    fn put(&mut self, sight: Sight, before: u32) {
        self.count += 1;
        if self.sights.len() < MAX_RECENT {
            self.sights.push(sight);
            self.before.push(before);
            return;
        }
        let place = place_of(self.count);
        self.sights[place] = sight;
        self.before[place] = before;
    }
}

/// Where the packet with a number is kept, until the one that comes [`MAX_RECENT`] later takes its place.
#[inline]
const fn place_of(number: u32) -> usize {
    (number as usize - 1) % MAX_RECENT
}

impl Sight {
    #[inline]
    fn is_copied_by(&self, later: &Self) -> bool {
        self.identity == later.identity
            && self.stamp < later.stamp
            && (is_within(self.stamp.time, later.stamp.time) || self.goes_through_to(later))
    }

    /// Whether the capturing device says that it saw one packet at several places: then it may take longer.
    #[cold]
    fn goes_through_to(&self, later: &Self) -> bool {
        let through = match (self.place, later.place) {
            (0, _) | (_, 0) => false,
            (PACKET_IDS.., PACKET_IDS..) => self.place == later.place,
            (mine, theirs) => mine != theirs && mine.max(theirs) < PACKET_IDS,
        };
        through && later.stamp.time.since(self.stamp.time) <= THROUGH
    }

    /// Lets the frame's place be rewritten.
    pub(super) fn for_each_frame(&mut self, mut rewrite: impl FnMut(&mut FrameId)) {
        rewrite(&mut self.stamp.frame);
    }
}

/// What copies of a packet share. The same in every run and on every machine, since partial files hold it.
fn identity(packet: &Packet<'_>) -> u64 {
    let mut hash = FixedState::with_seed(0x70_6b_74_61).build_hasher();
    let size = u64::from(packet.ip_id) << 32 | u64::from(packet.ip_length);
    ends(packet.source, packet.destination, size, &mut hash);
    // The same packet in another tunnel is another packet, unless mirrors made the tunnels: they send one copy from
    // each end.
    let carriers = packet.carriers.iter();
    for carrier in
        carriers.filter(|carrier| !matches!(carrier.kind, TunnelKind::Vxlan | TunnelKind::Geneve))
    {
        let ports = u64::from(carrier.source_port) << 16 | u64::from(carrier.destination_port);
        ends(carrier.source, carrier.destination, ports, &mut hash);
    }
    for tunnel in &packet.tunnels {
        hash.write(tunnel.kind.as_str().as_bytes());
    }
    let fragment = match (&packet.segment, &packet.fragment) {
        (Segment::Fragment(fragment), _) | (_, Some(fragment)) => Some(fragment),
        _ => None,
    };
    if let Some(fragment) = fragment {
        hash.write_u64(u64::from(fragment.id) << 32 | u64::from(fragment.offset));
        hash.write_u8(u8::from(fragment.more));
    }
    segment_identity(&packet.segment, &mut hash);
    hash.finish()
}

/// Two words at once, which a hash takes with the least work.
#[inline]
fn pair(a: u64, b: u64, hash: &mut impl Hasher) {
    hash.write_u128(u128::from(a) << 64 | u128::from(b));
}

/// Addresses, and a word more.
#[inline]
fn ends(source: IpAddr, destination: IpAddr, word: u64, hash: &mut impl Hasher) {
    if let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) {
        let hosts = u64::from(source.to_bits()) << 32 | u64::from(destination.to_bits());
        pair(hosts, word, hash);
        return;
    }
    hash.write_u128(address_bits(source));
    hash.write_u128(address_bits(destination));
    pair(word, 0, hash);
}

#[inline]
fn segment_identity(segment: &Segment<'_>, hash: &mut impl Hasher) {
    let two = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
    let ports = |source: u16, destination: u16| u32::from(source) << 16 | u32::from(destination);
    match segment {
        Segment::Tcp(segment) => {
            let ports = ports(segment.source_port, segment.destination_port);
            let flags = u32::from(segment.flags.0) << 16 | u32::from(segment.window);
            pair(
                two(ports, segment.sequence),
                two(segment.acknowledgment, flags),
                hash,
            );
            let (value, echo) = segment.timestamps.unwrap_or_default();
            pair(two(value, echo), 0, hash);
        }
        Segment::Udp(datagram) => {
            let ports = ports(datagram.source_port, datagram.destination_port);
            pair(two(ports, datagram.payload_length), 0, hash);
            sample(datagram.payload, hash);
        }
        Segment::Icmp(message) => {
            let kind = u32::from_be_bytes([1, u8::from(message.v6), message.kind, message.code]);
            pair(two(kind, u32::from(message.id)), 0, hash);
            sample(message.payload, hash);
        }
        Segment::Other {
            protocol, payload, ..
        } => {
            pair(two(2, u32::from(*protocol)), 0, hash);
            sample(payload, hash);
        }
        Segment::Fragment(fragment) => {
            pair(two(3, u32::from(fragment.protocol)), 0, hash);
            sample(fragment.payload, hash);
        }
    }
}

/// Enough of a payload to tell it from another: its start and its end.
fn sample(payload: &[u8], hash: &mut impl Hasher) {
    const START: usize = 96;
    const END: usize = 32;
    hash.write(payload.get(..START).unwrap_or(payload));
    let end = payload.len().saturating_sub(END).max(START);
    hash.write(payload.get(end..).unwrap_or(&[]));
}
