//! What devices said of a flow's packets, and the flows of which only such words are known.
//!
//! Records of a firewall's log are packets that it wrote down for a reason of its own. They are kept apart from what was
//! captured: what a log does not hold is not missing, so it must not count as silence. Once the whole is known, their
//! words go to the flow that the capture shows; a flow that it does not show is made of the records alone.

use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};

use super::Chunks;
use super::dns_log::DnsLog;
use super::mark::{Marked, mark_of};
use super::run::{EventKind, FlowRecord, KeptRun, Opening};
use super::stream_of;
use crate::decode::device::{Chain, DeviceVerdict, DeviceWord};
use crate::decode::{Packet, Segment, TcpFlags};
use crate::model::{CaptureTime, FlowKey, FrameId, Side, Stamp, Transport};

/// A device's word on one packet of a 5-tuple.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct DeviceNote {
    /// When and where: the record.
    pub stamp: Stamp,
    /// Who sent the packet.
    pub side: Side,
    /// Sequence number of TCP, else 0; where places within a device are noted, a mark of the payload instead.
    pub sequence: u32,
    /// Payload bytes.
    pub length: u32,
    /// What was said.
    pub word: DeviceWord,
}

/// The most words kept of a 5-tuple: the earliest.
const MOST: usize = 16;
/// The most packets of a 5-tuple whose places within a device are kept: openings, then the smallest by their marks.
const MOST_PLACED: usize = 32;

/// What devices said, by 5-tuple: words by their time, and places within a device by packet.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    by_flow: HashMap<FlowKey, Noted>,
    /// Bits of the places at which packets were seen that could not be read.
    pub unread: u8,
}

/// What devices said of one 5-tuple.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Noted {
    words: Vec<DeviceNote>,
    placed: Vec<DeviceNote>,
}

impl Notes {
    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.by_flow.is_empty() && self.unread == 0
    }

    /// Takes a word.
    pub(super) fn add(&mut self, key: FlowKey, one: DeviceNote) {
        self.by_flow.entry(key).or_default().add(one);
    }

    /// Takes all of another part.
    pub(super) fn merge(&mut self, other: Self) {
        self.unread |= other.unread;
        for (key, noted) in other.by_flow {
            let mine = self.by_flow.entry(key).or_default();
            let all = noted.words.into_iter().chain(noted.placed);
            all.for_each(|one| mine.add(one));
        }
    }

    /// Those of some 5-tuples.
    pub(super) fn of(&self, wanted: impl Fn(FlowKey) -> bool) -> Self {
        let some = self.by_flow.iter().filter(|(key, _)| wanted(**key));
        Self {
            by_flow: some.map(|(key, noted)| (*key, noted.clone())).collect(),
            unread: self.unread,
        }
    }

    /// Everything as it is written, ascending.
    pub(super) fn into_parts(self) -> (Vec<(FlowKey, Noted)>, u8) {
        let mut parts: Vec<_> = self.by_flow.into_iter().collect();
        parts.sort_by_key(|(key, _)| *key);
        (parts, self.unread)
    }

    /// As it was written.
    pub(super) fn of_parts((parts, unread): (Vec<(FlowKey, Noted)>, u8)) -> Self {
        Self {
            by_flow: parts.into_iter().collect(),
            unread,
        }
    }

    /// Lets every frame's place be rewritten.
    pub(super) fn for_each_frame(&mut self, mut rewrite: impl FnMut(&mut FrameId)) {
        let all = self.by_flow.values_mut();
        all.for_each(|noted| noted.for_each_frame(&mut rewrite));
    }

    /// Puts the words to the runs that they are about.
    pub(super) fn settle(self, runs: &mut [KeptRun], ends: &Ends<'_>) {
        if self.by_flow.is_empty() {
            return;
        }
        let proofs = Proofs::of(&self, ends);
        let mut by_flow = self.by_flow;
        let mut places: HashMap<FlowKey, Vec<usize>> = HashMap::new();
        for (place, run) in runs.iter().enumerate() {
            if by_flow.contains_key(&run.key) {
                places.entry(run.key).or_default().push(place);
            }
        }
        for (key, places) in places {
            let Some(noted) = by_flow.remove(&key) else {
                continue;
            };
            let placed = proofs.told(key, &noted.placed);
            for one in noted.words.into_iter().chain(placed) {
                let away = |place: &&usize| runs[**place].away_from(one.stamp);
                if let Some(place) = places.iter().min_by_key(away) {
                    note(&mut runs[*place].extra.get_or_insert_default().device, one);
                }
            }
        }
    }
}

impl Noted {
    fn add(&mut self, one: DeviceNote) {
        match one.word {
            DeviceWord::Chain(_) => self.place(one),
            _ => note(&mut self.words, one),
        }
    }

    /// Adds a place at which a packet was seen to those known of it.
    fn place(&mut self, one: DeviceNote) {
        let rank = |one: &DeviceNote| (one.length > 0, one.side, one.sequence, one.length);
        let at = match self.placed.binary_search_by_key(&rank(&one), rank) {
            Err(at) => {
                self.placed.insert(at, one);
                self.placed.truncate(MOST_PLACED);
                return;
            }
            Ok(at) => at,
        };
        let known = &mut self.placed[at];
        known.stamp = known.stamp.min(one.stamp);
        if let (DeviceWord::Chain(known), DeviceWord::Chain(more)) = (&mut known.word, one.word) {
            // The interface is that by which it came in, where that is known: the first place's.
            let first = |chain: &Chain| chain.positions.trailing_zeros();
            if (first(&more), &more.interface) < (first(known), &known.interface) {
                known.interface = more.interface;
            }
            known.positions |= more.positions;
        }
    }

    /// Lets every frame's place be rewritten.
    pub(super) fn for_each_frame(&mut self, mut rewrite: impl FnMut(&mut FrameId)) {
        let all = self.words.iter_mut().chain(&mut self.placed);
        all.for_each(|one| rewrite(&mut one.stamp.frame));
    }
}

/// A device's word as it is kept: with the packet's 5-tuple and what it is known again by.
pub(super) fn on_packet(
    stamp: Stamp,
    packet: &Packet<'_>,
    word: DeviceWord,
) -> Option<(FlowKey, DeviceNote)> {
    let (key, side) = stream_of(packet)?;
    let placed = matches!(word, DeviceWord::Chain(_));
    // Devices put fragments together.
    if placed && packet.fragment.is_some() {
        return None;
    }
    let (sequence, length) = match &packet.segment {
        Segment::Tcp(segment) => {
            let opens = segment.flags.has(TcpFlags::SYN);
            let resets = segment.flags.has(TcpFlags::RST);
            if placed && (resets || !opens && segment.payload_length == 0) {
                return None;
            }
            (segment.sequence, segment.payload_length)
        }
        Segment::Udp(datagram) if placed => (mark_of(datagram.payload), datagram.payload_length),
        _ => (0, 0),
    };
    let note = DeviceNote {
        stamp,
        side,
        sequence,
        length,
        word,
    };
    Some((key, note))
}

/// How far inputs reach, and whether frames were lost.
pub(super) struct Ends<'a> {
    /// Chunks of the inputs.
    pub chunks: &'a Chunks,
    /// Whether capturing lost frames.
    pub lossy: bool,
}

/// What is told by where packets were seen within a device: those that went on, and those that did not while others did.
struct Proofs {
    /// Places of a packet, whatever its addresses: they are translated on the way.
    seen: HashMap<(Transport, u32, u32), u8>,
    /// Flows of which a packet was seen on both sides of the inbound chain, and of the outbound one, by whether it had
    /// a payload and by interface.
    passed: HashMap<(bool, bool, String), HashSet<FlowKey>>,
    /// The last time of each input.
    last: HashMap<u32, CaptureTime>,
    /// Places of which something is missing.
    unread: u8,
}

/// So long before its input ends a packet must have been seen for its further way not to lie behind the end.
const WAY_ON: Duration = Duration::from_secs(1);

impl Proofs {
    fn of(notes: &Notes, ends: &Ends<'_>) -> Self {
        let mut proofs = Self {
            seen: HashMap::new(),
            passed: HashMap::new(),
            last: HashMap::new(),
            unread: if ends.lossy { u8::MAX } else { notes.unread },
        };
        let placed = || {
            let all = notes.by_flow.iter();
            all.flat_map(|(key, noted)| noted.placed.iter().map(move |one| (*key, one)))
        };
        for (key, one) in placed() {
            if let DeviceWord::Chain(chain) = &one.word {
                let packet = (key.transport(), one.sequence, one.length);
                *proofs.seen.entry(packet).or_default() |= chain.positions;
            }
        }
        for (key, one) in placed() {
            let DeviceWord::Chain(chain) = &one.word else {
                continue;
            };
            let all = proofs.positions(key, one);
            for (inbound, before, behind) in CHAINS {
                if chain.positions & before != 0 && all & behind != 0 {
                    let way = (inbound, one.length > 0, chain.interface.clone());
                    proofs.passed.entry(way).or_default().insert(key);
                }
            }
        }
        for ((input, _), info) in ends.chunks.iter() {
            let last = proofs.last.entry(input).or_insert(info.span.last);
            *last = info.span.last.max(*last);
        }
        proofs
    }

    fn positions(&self, key: FlowKey, one: &DeviceNote) -> u8 {
        let packet = (key.transport(), one.sequence, one.length);
        self.seen.get(&packet).copied().unwrap_or(0)
    }

    /// What a flow's packets tell.
    fn told(&self, key: FlowKey, placed: &[DeviceNote]) -> Vec<DeviceNote> {
        let told = placed.iter().filter_map(|one| {
            let DeviceWord::Chain(chain) = &one.word else {
                return None;
            };
            let positions = self.positions(key, one);
            let stopped = match positions & Chain::LEFT {
                0 if self.stopped(key, one, chain, positions) => true,
                0 => return None,
                _ => false,
            };
            // Of those before a packet that went on none is what the flow ended by.
            let later = |other: &&DeviceNote| {
                other.side == one.side
                    && other.stamp > one.stamp
                    && self.positions(key, other) & Chain::LEFT != 0
            };
            if stopped && placed.iter().any(|other| later(&other)) {
                return None;
            }
            let word = DeviceWord::Chain(Chain {
                positions,
                interface: chain.interface.clone(),
                stopped: Some(stopped),
            });
            Some(DeviceNote {
                word,
                ..one.clone()
            })
        });
        told.collect()
    }

    fn stopped(&self, key: FlowKey, one: &DeviceNote, chain: &Chain, positions: u8) -> bool {
        let (input, _) = one.stamp.frame.chunk();
        let last = self.last.get(&input);
        let goes_on = last.is_some_and(|last| last.since(one.stamp.time) >= WAY_ON);
        goes_on
            && CHAINS.iter().any(|(inbound, before, behind)| {
                let way = (*inbound, one.length > 0, chain.interface.clone());
                let others = self.passed.get(&way);
                positions & before != 0
                    && positions & behind == 0
                    && self.unread & behind == 0
                    && others.is_some_and(|flows| flows.iter().any(|other| *other != key))
            })
    }
}

/// Whether it is the inbound chain; the place before it, and those behind it.
const CHAINS: [(bool, u8, u8); 2] = [(true, 0b1, Chain::ENTERED), (false, 0b100, Chain::LEFT)];

/// Adds a word; of words that say the same of one packet the earliest stays.
pub(super) fn note(notes: &mut Vec<DeviceNote>, note: DeviceNote) {
    let same = |known: &DeviceNote| {
        (known.side, known.sequence, &known.word) == (note.side, note.sequence, &note.word)
    };
    match notes.iter().position(same) {
        Some(at) if notes[at].stamp <= note.stamp => return,
        Some(at) => notes[at].stamp = note.stamp,
        None => notes.push(note),
    }
    notes.sort();
    notes.truncate(MOST);
}

/// A device's word on one packet of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSaid {
    /// When and where: the record.
    pub stamp: Stamp,
    /// Whether the initiator sent the packet.
    pub of_initiator: bool,
    /// Sequence number of TCP, else 0.
    pub sequence: u32,
    /// What was said.
    pub word: DeviceWord,
}

impl DeviceSaid {
    /// Whether the packet passed the device.
    #[must_use]
    pub fn verdict(&self) -> DeviceVerdict {
        self.word.verdict()
    }
}

/// Clocks of a device and of a capture differ by less; netfilter's log may be a second late.
const NEAR: Duration = Duration::from_secs(5);

/// Brings what logs hold to what was captured: words to the runs that are there, and runs that are not. Gives how many runs
/// of logs may be of several captured ones, with other addresses, so that their words go to none.
pub(super) fn join(captured: &mut Vec<KeptRun>, logged: Vec<KeptRun>) -> u64 {
    let known = KnownRuns::of(captured);
    let mut unclear = 0;
    for mut run in logged {
        let found = known.find(captured, &run);
        let [(place, turned)] = found[..] else {
            unclear += u64::from(!found.is_empty());
            run.extra.get_or_insert_default().only_logged = true;
            captured.push(run);
            continue;
        };
        let known = &mut captured[place];
        let notes = run.extra.map(|extra| extra.device).unwrap_or_default();
        let mine = &mut known.extra.get_or_insert_default().device;
        for mut one in notes {
            if turned {
                one.side = one.side.other();
            }
            note(mine, one);
        }
    }
    unclear
}

/// Captured runs by what a log's run of the same packets is known by.
struct KnownRuns {
    places: HashMap<FlowKey, Vec<usize>>,
    by_isn: HashMap<u32, Vec<usize>>,
    by_mark: Marked,
}

impl KnownRuns {
    fn of(captured: &[KeptRun]) -> Self {
        let mut places: HashMap<FlowKey, Vec<usize>> = HashMap::new();
        let mut by_isn: HashMap<u32, Vec<usize>> = HashMap::new();
        for (place, run) in captured.iter().enumerate() {
            places.entry(run.key).or_default().push(place);
            if let Some(opening) = run.opening {
                by_isn.entry(opening.isn).or_default().push(place);
            }
        }
        Self {
            places,
            by_isn,
            by_mark: Marked::of(captured),
        }
    }

    /// The captured runs that a log's one may be of, and whether their sides are turned.
    fn find(&self, captured: &[KeptRun], run: &FlowRecord) -> Vec<(usize, bool)> {
        let same = |place: &&usize| {
            let known = &captured[**place];
            let same_opening = match (known.opening, run.opening) {
                (Some(mine), Some(theirs)) => mine == theirs,
                _ => true,
            };
            same_opening && is_near(known, run)
        };
        let turned = |place: usize| {
            let openings = captured[place].opening.zip(run.opening);
            openings.is_some_and(|(mine, theirs)| mine.side != theirs.side)
        };
        let mut places = self.places.get(&run.key).into_iter().flatten();
        if let Some(place) = places.find(same) {
            return vec![(*place, turned(*place))];
        }
        match run.opening {
            Some(opening) => {
                let others = self.translated(captured, opening, run).into_iter();
                others.map(|place| (place, turned(place))).collect()
            }
            None if run.key.transport() == Transport::Udp => self.by_mark.same_as(captured, run),
            None => Vec::new(),
        }
    }

    /// Runs with the same opening and one end translated in between; of several, those whose SYN is the same packet.
    fn translated(&self, captured: &[KeptRun], opening: Opening, run: &FlowRecord) -> Vec<usize> {
        let same_isn = self.by_isn.get(&opening.isn).into_iter().flatten();
        let others = same_isn.copied().filter(|place| {
            let known = &captured[*place];
            is_near(known, run) && is_translated(known, run)
        });
        let mut others: Vec<usize> = others.collect();
        if others.len() > 1 {
            others.retain(|place| first_id(&captured[*place]) == first_id(run));
        }
        others
    }
}

/// Whether a log's run may be of the same packets as a captured one by their times.
pub(super) fn is_near(known: &FlowRecord, logged: &FlowRecord) -> bool {
    known.span.0.time <= logged.span.1.time.plus(NEAR)
        && logged.span.0.time <= known.span.1.time.plus(NEAR)
}

/// Whether two runs of one initial sequence number have one end in common: the other was translated in between.
fn is_translated(known: &FlowRecord, run: &FlowRecord) -> bool {
    let (Some(mine), Some(logged)) = (known.opening, run.opening) else {
        return false;
    };
    let ends = |key: FlowKey, side: Side| (key.endpoint(side), key.endpoint(side.other()));
    let (a, b) = (ends(known.key, mine.side), ends(run.key, logged.side));
    known.key.transport() == run.key.transport() && (a.0 == b.0 || a.1 == b.1)
}

/// The IP identification of the first SYN, which translation leaves alone.
fn first_id(run: &FlowRecord) -> Option<u16> {
    let syn = run
        .events
        .iter()
        .find(|event| event.kind() == EventKind::Syn)?;
    (syn.ip_id != 0).then_some(syn.ip_id)
}

/// Adds DNS messages that only logs hold. A query whose answer no log holds is not unanswered, unless its device says that it
/// was stopped.
pub(super) fn join_dns(captured: &mut DnsLog, logged: DnsLog, stopped: &HashSet<FlowKey>) {
    let known: HashSet<_> = captured.seen().map(|seen| seen.place()).collect();
    let logged = logged.into_seen();
    let answered: HashSet<_> = logged
        .iter()
        .chain(captured.seen())
        .filter(|seen| seen.facts.response)
        .map(|seen| (seen.destination, seen.source, seen.transport, seen.id))
        .collect();
    for seen in logged {
        let (key, _) = FlowKey::of(seen.source, seen.destination, seen.transport);
        let query = (seen.source, seen.destination, seen.transport, seen.id);
        let tells = seen.facts.response || answered.contains(&query) || stopped.contains(&key);
        if tells && !known.contains(&seen.place()) {
            captured.add(seen);
        }
    }
}

/// Runs of which a device says that it stopped packets.
pub(super) fn stopped(runs: &[KeptRun]) -> HashSet<FlowKey> {
    let stops = |run: &FlowRecord| {
        let words = run.extra.iter().flat_map(|extra| &extra.device);
        words
            .into_iter()
            .any(|one| one.word.verdict() == DeviceVerdict::Stopped)
    };
    let some = runs.iter().filter(|run| stops(run));
    some.map(|run| run.key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(seconds: i64, frame: u32, rule: u32) -> DeviceNote {
        DeviceNote {
            stamp: Stamp {
                time: CaptureTime::from_secs_nanos(seconds, 0),
                frame: FrameId::new(0, 0, frame),
            },
            side: Side::Low,
            sequence: 7,
            length: 0,
            word: DeviceWord::Pf {
                action: 1,
                reason: 0,
                rule,
                subrule: None,
                interface: "em0".to_owned(),
                ruleset: String::new(),
            },
        }
    }

    #[test]
    fn words_are_the_same_in_any_order_and_doubled() {
        let all: Vec<DeviceNote> = (0..40).map(|n| one(i64::from(n) % 20, n, n)).collect();
        let mut forth = Vec::new();
        all.iter().for_each(|each| note(&mut forth, each.clone()));
        let mut back = Vec::new();
        all.iter()
            .rev()
            .for_each(|each| note(&mut back, each.clone()));
        all.iter()
            .rev()
            .for_each(|each| note(&mut back, each.clone()));
        assert_eq!(forth, back);
        assert_eq!(forth.len(), MOST);
        // Said again of the same packet.
        let mut twice = vec![one(3, 1, 5)];
        note(&mut twice, one(2, 9, 5));
        assert_eq!(twice, [one(2, 9, 5)]);
    }
}
