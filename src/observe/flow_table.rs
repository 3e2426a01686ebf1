//! 5-tuples to their runs.
//!
//! A run is cut by a new opening or by an idle gap. Runs are kept so fine that merging two tables can only join
//! them: of TCP, a run without opening stays apart from the one before it, whose successor may be in a part of the
//! capture that is still to come, unless it goes on in the sequence space where that one ends. Once the whole is known
//! ([`FlowTable::into_runs`]), a run without opening that begins soon after the end of its predecessor belongs to it.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::{SmallVec, smallvec};

use super::app::App;
use super::dns_log::DnsLog;
use super::fragments::Whole;
use super::mark::Mark;
use super::recognise;
use super::run::{Event, EventKind, FlowRecord, IcmpDetail, KeptRun, Opening};
use super::side::Sizes;
use crate::decode::{
    Carrier, IcmpMessage, Packet, Quoted, Segment, TcpFlags, TcpSegment, UdpDatagram,
};
use crate::model::{FlowKey, FrameId, Side, Stamp, Transport};

/// The runs of one 5-tuple, ascending by their start: at least one, and nearly always no more.
pub(super) type Runs = SmallVec<[KeptRun; 1]>;

/// The most runs kept of one 5-tuple; what comes later is counted to the last one. A flood of openings from one
/// port would otherwise cost quadratic time.
const MAX_RUNS: usize = 256;

/// All flows' evidence.
///
/// Runs tell their 5-tuple themselves, so that a place in the table is small and what is compared lies beside what is counted.
#[derive(Clone, Debug, Default)]
pub(super) struct FlowTable {
    runs: HashTable<Runs>,
    hasher: RandomState,
}

/// The opening that a segment is, or answers.
#[inline]
const fn opening(side: Side, segment: &TcpSegment<'_>) -> Option<Opening> {
    let flags = segment.flags;
    match (flags.has(TcpFlags::SYN), flags.has(TcpFlags::ACK)) {
        // A SYN that also ends or resets opens nothing.
        (true, _) if flags.0 & (TcpFlags::FIN | TcpFlags::RST) != 0 => None,
        (true, false) => Some(Opening {
            side,
            isn: segment.sequence,
        }),
        (true, true) => Some(Opening {
            side: side.other(),
            isn: segment.acknowledgment.wrapping_sub(1),
        }),
        (false, _) => None,
    }
}

/// Keeps a segment as what it is; `latest` is whether none behind it is there yet.
#[inline]
fn keep_events(
    run: &mut FlowRecord,
    side: Side,
    stamp: Stamp,
    packet: &Packet<'_>,
    segment: &TcpSegment<'_>,
    latest: bool,
) {
    let flags = segment.flags;
    let special = TcpFlags(flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST));
    let plain = if segment.payload_length > 0 {
        Some(EventKind::Data)
    } else if special.0 == 0 && flags.has(TcpFlags::ACK) {
        Some(EventKind::Ack)
    } else {
        None
    };
    let plain = plain.filter(|kind| !(latest && run.has_enough(*kind, side)));
    // As with nearly all packets.
    if special.0 == 0 && plain.is_none() {
        return;
    }
    let kinds = [
        match (special.has(TcpFlags::SYN), flags.has(TcpFlags::ACK)) {
            (true, true) => Some(EventKind::SynAck),
            (true, false) => Some(EventKind::Syn),
            (false, _) => None,
        },
        special.has(TcpFlags::FIN).then_some(EventKind::Fin),
        special.has(TcpFlags::RST).then_some(EventKind::Rst),
        plain,
    ];
    for kind in kinds.into_iter().flatten() {
        run.keep(Event {
            stamp,
            mark: (kind, side).into(),
            sequence: segment.sequence,
            acknowledgment: match flags.has(TcpFlags::ACK) {
                true => segment.acknowledgment,
                false => 0,
            },
            length: segment.payload_length,
            ttl: packet.ttl,
            ip_id: packet.ip_id,
            icmp: None,
        });
    }
}

/// How long a 5-tuple may be silent before its next packet is another flow: Zeek's defaults.
const fn idle_gap(transport: Transport) -> Duration {
    match transport {
        Transport::Tcp => Duration::from_secs(300),
        _ => Duration::from_secs(60),
    }
}

impl FlowTable {
    /// Takes a TCP segment.
    pub(super) fn absorb_tcp(
        &mut self,
        key: FlowKey,
        side: Side,
        stamp: Stamp,
        packet: &Packet<'_>,
        segment: &TcpSegment<'_>,
        dns: &mut DnsLog,
    ) {
        let flags = segment.flags;
        let run = self.run(key, opening(side, segment), hint(side, segment), stamp);
        let latest = run.span.1 < stamp;
        if flags.has(TcpFlags::SYN) && !flags.has(TcpFlags::ACK) {
            run.syn_data = run.syn_data.max(segment.payload_length);
        }
        run.count(side, stamp, packet, u64::from(segment.payload_length));
        let mut next = segment.sequence.wrapping_add(segment.payload_length);
        next = next.wrapping_add(
            u32::from(flags.has(TcpFlags::SYN)) + u32::from(flags.has(TcpFlags::FIN)),
        );
        run.sequence(
            side,
            (segment.sequence, next),
            flags.has(TcpFlags::ACK).then_some(segment.acknowledgment),
        );
        // Of a RST the window says nothing, and of a SYN that opens nothing yet.
        if segment.window == 0 && flags.has(TcpFlags::ACK) && !flags.has(TcpFlags::RST) {
            run.close_window(side, stamp);
        }
        if let Some(said) = segment.multipath {
            run.note_paths(side, said);
        }
        keep_events(run, side, stamp, packet, segment, latest);
        if flags.has(TcpFlags::SYN) || (!segment.payload.is_empty() && !flags.has(TcpFlags::RST)) {
            recognise::segment(run, side, stamp, segment, dns);
        }
    }

    /// Takes a UDP datagram.
    pub(super) fn absorb_udp(
        &mut self,
        key: FlowKey,
        side: Side,
        stamp: Stamp,
        packet: &Packet<'_>,
        datagram: &UdpDatagram<'_>,
        dns: &mut DnsLog,
    ) {
        let run = self.run(key, None, None, stamp);
        run.count(side, stamp, packet, u64::from(datagram.payload_length));
        if run.sides[side.index()].begins_at(stamp) && packet.fragment.is_none() {
            run.sides[side.index()].first = Mark::of(packet.ip_id, datagram);
        }
        let arrival = recognise::Arrival {
            part: packet.fragment.is_some(),
            ttl: packet.ttl,
        };
        recognise::datagram(run, side, stamp, datagram.payload, arrival, dns);
    }

    /// Reads what a packet carries whose first fragment was counted before, and counts the rest of its payload.
    pub(super) fn absorb_rest(
        &mut self,
        key: FlowKey,
        side: Side,
        whole: &Whole,
        packet: &Packet<'_>,
        dns: &mut DnsLog,
    ) {
        let run = self.run(key, None, None, whole.stamp);
        run.begin(side, whole.began);
        let rest = |length: u32| u64::from(length.saturating_sub(whole.counted()));
        match &packet.segment {
            Segment::Tcp(segment) => {
                run.count_rest(side, rest(segment.payload_length));
                let next = segment.sequence.wrapping_add(segment.payload_length);
                run.sequence(side, (segment.sequence, next), None);
                if !segment.payload.is_empty() {
                    recognise::segment(run, side, whole.stamp, segment, dns);
                }
            }
            Segment::Udp(datagram) => {
                run.count_rest(side, rest(datagram.payload_length));
                let arrival = recognise::Arrival {
                    part: false,
                    ttl: packet.ttl,
                };
                recognise::datagram(run, side, whole.stamp, datagram.payload, arrival, dns);
            }
            _ => {}
        }
    }

    /// Takes a packet of a transport without a reader.
    pub(super) fn absorb_plain(
        &mut self,
        key: FlowKey,
        side: Side,
        stamp: Stamp,
        packet: &Packet<'_>,
        payload: u64,
    ) {
        self.run(key, None, None, stamp)
            .count(side, stamp, packet, payload);
    }

    /// Counts a UDP datagram that carried `packet` in a tunnel.
    pub(super) fn absorb_carrier(
        &mut self,
        key: FlowKey,
        side: Side,
        stamp: Stamp,
        carrier: &Carrier,
        packet: &Packet<'_>,
    ) {
        let run = self.run(key, None, None, stamp);
        let vlans = packet.vlans.get(..usize::from(carrier.vlans));
        let tunnels = packet.tunnels.get(..usize::from(carrier.tunnels));
        let sizes = Sizes {
            ip_length: carrier.ip_length,
            payload: u64::from(carrier.payload_length),
        };
        run.count_in(
            side,
            stamp,
            sizes,
            vlans.unwrap_or(&[]),
            tunnels.unwrap_or(&[]),
        );
        run.app.insert(App::of_tunnel(carrier.kind));
    }

    /// Puts an ICMP error to the flow that it quotes, also where no packet of that flow was captured.
    pub(super) fn absorb_icmp_error(
        &mut self,
        key: FlowKey,
        side: Side,
        stamp: Stamp,
        packet: &Packet<'_>,
        message: &IcmpMessage<'_>,
        quoted: &Quoted,
    ) {
        // An error that quotes a SYN belongs to the connection that this one opens.
        let hint = match (key.transport(), quoted.sequence) {
            (Transport::Tcp, Some(isn)) => Some(Opening { side, isn }),
            _ => None,
        };
        let run = self.run(key, None, hint, stamp);
        run.extend(stamp);
        run.keep(Event {
            stamp,
            mark: (EventKind::IcmpError, side).into(),
            sequence: quoted.sequence.unwrap_or(0),
            acknowledgment: 0,
            length: 0,
            ttl: packet.ttl,
            ip_id: packet.ip_id,
            icmp: Some(Box::new(IcmpDetail {
                v6: message.v6,
                kind: message.kind,
                code: message.code,
                from: packet.source,
                quotes_sequence: quoted.sequence.is_some(),
            })),
        });
    }

    /// Whether a 5-tuple is in here.
    pub(super) fn has(&self, key: FlowKey) -> bool {
        self.of(key).is_some()
    }

    /// The runs of a 5-tuple.
    #[inline]
    fn of(&self, key: FlowKey) -> Option<&Runs> {
        self.runs.find(self.hasher.hash_one(key), is_of(key))
    }

    /// 5-tuples in here.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    /// The latest `most` of the runs that `wanted` names, joined as [`Self::into_runs`] has them: what is a connection's
    /// goes on with it or not at all. Also how many that leaves out.
    pub(super) fn latest(&self, most: usize, wanted: impl Fn(&FlowRecord) -> bool) -> (Self, u64) {
        let mut going_on: Vec<Cow<'_, KeptRun>> = Vec::new();
        for runs in &self.runs {
            match &runs[..] {
                [only] => going_on.push(Cow::Borrowed(only)),
                _ => going_on.extend(joined(runs.clone()).into_iter().map(Cow::Owned)),
            }
        }
        going_on.retain(|run| wanted(run));
        let count = going_on.len();
        if count > most {
            let latest_first = |a: &Cow<'_, KeptRun>, b: &Cow<'_, KeptRun>| b.span.1.cmp(&a.span.1);
            let (_, left_out, _) = going_on.select_nth_unstable_by(most, latest_first);
            let first = left_out.span.1;
            going_on.retain(|run| run.span.1 > first);
        }
        let cut = count - going_on.len();
        let mut latest = Self::default();
        for run in going_on {
            latest.push(run.into_owned());
        }
        (latest, cut as u64)
    }

    /// Hands out each place of a frame that is noted anywhere in here.
    pub(super) fn for_each_frame(&mut self, note: &mut impl FnMut(&mut FrameId)) {
        let runs = self.runs.iter_mut().flatten();
        runs.for_each(|run| run.for_each_frame(&mut *note));
    }

    /// All runs as they are kept, in no order.
    pub(super) fn into_parts(self) -> impl Iterator<Item = KeptRun> {
        self.runs.into_iter().flatten()
    }

    /// All runs of the whole capture, joined where nothing that could lie between them is to come; in no order.
    pub(super) fn into_runs(self) -> impl Iterator<Item = KeptRun> {
        self.runs.into_iter().flat_map(joined)
    }

    /// Puts a run in, as a partial file lists it.
    pub(super) fn add(&mut self, run: FlowRecord) {
        let transport = run.key.transport();
        let runs = self.push(Box::new(run));
        coalesce(runs, transport, When::OnTheWay);
    }

    /// Puts a run behind those of its 5-tuple; gives all of them.
    fn push(&mut self, run: KeptRun) -> &mut Runs {
        match self.entry(run.key) {
            Entry::Vacant(place) => place.insert(smallvec![run]).into_mut(),
            Entry::Occupied(known) => {
                let runs = known.into_mut();
                runs.push(run);
                runs
            }
        }
    }

    /// Where the runs of a 5-tuple are.
    #[inline]
    fn entry(&mut self, key: FlowKey) -> Entry<'_, Runs> {
        let hasher = &self.hasher;
        let hash = |runs: &Runs| {
            let key = runs.first().map(|run| run.key);
            key.map_or(0, |key| hasher.hash_one(key))
        };
        self.runs.entry(hasher.hash_one(key), is_of(key), hash)
    }

    /// The run that a packet belongs to; made where there is none yet.
    fn run(
        &mut self,
        key: FlowKey,
        opening: Option<Opening>,
        hint: Option<Opening>,
        stamp: Stamp,
    ) -> &mut FlowRecord {
        let transport = key.transport();
        let idle = idle_gap(transport);
        let runs = match self.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let mut run = FlowRecord::new(key, opening, stamp);
                run.hint = hint;
                return &mut place.insert(smallvec![Box::new(run)]).into_mut()[0];
            }
        };
        // Nearly all: the only run of the 5-tuple goes on.
        if let ([only], None) = (&runs[..], hint)
            && goes_on(only, opening, stamp, idle)
        {
            return &mut runs[0];
        }
        if let Some(hint) = hint {
            let mut run = FlowRecord::new(key, None, stamp);
            run.hint = Some(hint);
            let place = runs.iter().rposition(|known| run.answers(known));
            let place = place.unwrap_or_else(|| insert(runs, run, transport));
            return &mut runs[place];
        }
        let place = match find(runs, opening, stamp, idle) {
            Some(i) => i,
            None => {
                insert(runs, FlowRecord::new(key, opening, stamp), transport);
                find(runs, opening, stamp, idle).unwrap_or(runs.len() - 1)
            }
        };
        // A packet that bridges an idle gap joins the run behind it.
        if runs
            .get(place + 1)
            .is_some_and(|next| next.opening.is_none() && next.hint.is_none())
            && place_of_follower(runs, place, idle, stamp)
        {
            runs[place].extend(stamp);
            coalesce(runs, transport, When::Absorbing);
            let place = find(runs, opening, stamp, idle).unwrap_or(runs.len() - 1);
            return &mut runs[place];
        }
        &mut runs[place]
    }
}

impl FlowTable {
    /// Takes all of another table. Streams that become complete by that are read, which may yield DNS messages.
    pub(super) fn merge(&mut self, mut other: Self, dns: &mut DnsLog) {
        // Of two tables the smaller one is gone through.
        if self.len() < other.len() {
            std::mem::swap(self, &mut other);
        }
        for theirs in other.runs {
            let Some(key) = theirs.first().map(|run| run.key) else {
                continue;
            };
            match self.entry(key) {
                Entry::Vacant(place) => drop(place.insert(theirs)),
                Entry::Occupied(known) => {
                    let mine = known.into_mut();
                    mine.extend(theirs);
                    coalesce(mine, key.transport(), When::OnTheWay);
                    mine.iter_mut().for_each(|run| recognise::reread(run, dns));
                }
            }
        }
    }
}

/// The runs of a 5-tuple, joined where nothing that could lie between them is to come.
fn joined(mut runs: Runs) -> Runs {
    if let [first, _, ..] = &runs[..] {
        let transport = first.key.transport();
        coalesce(&mut runs, transport, When::AtLast);
    }
    runs
}

/// Whether runs are those of a 5-tuple.
#[inline]
fn is_of(key: FlowKey) -> impl Fn(&Runs) -> bool {
    move |runs| runs.first().is_some_and(|run| run.key == key)
}

/// Puts a new run into its place; returns the place.
fn insert(runs: &mut Runs, run: FlowRecord, transport: Transport) -> usize {
    // Once that did not make room it is not tried for each packet of a flood again: it compares all with all.
    if runs.len() >= MAX_RUNS && !runs[runs.len() - 1].cut {
        coalesce(runs, transport, When::AtLast);
    }
    if runs.len() >= MAX_RUNS {
        let last = runs.len() - 1;
        runs[last].merge(run);
        runs[last].cut = true;
        return last;
    }
    let place = runs.partition_point(|known| order(known) <= order(&run));
    runs.insert(place, Box::new(run));
    place
}

/// The opening that a reset answers: only a segment without acknowledgement, which a SYN is, is answered by one with
/// sequence number 0 (RFC 9293 section 3.5.2).
fn hint(side: Side, segment: &TcpSegment<'_>) -> Option<Opening> {
    let resets =
        segment.flags.has(TcpFlags::RST | TcpFlags::ACK) && !segment.flags.has(TcpFlags::SYN);
    (resets && segment.sequence == 0).then(|| Opening {
        side: side.other(),
        isn: segment.acknowledgment.wrapping_sub(1),
    })
}

/// Whether a packet belongs to a run that is the only one, as [`find`] would say.
#[inline]
fn goes_on(run: &FlowRecord, opening: Option<Opening>, stamp: Stamp, idle: Duration) -> bool {
    match (run.opening, opening) {
        (Some(known), Some(opening)) => known.is_answered_as(opening, run.syn_data),
        (None, Some(_)) => false,
        (_, None) => run.hint.is_none() && run.span.0 <= stamp && run.reaches(stamp, idle),
    }
}

fn find(runs: &Runs, opening: Option<Opening>, stamp: Stamp, idle: Duration) -> Option<usize> {
    match opening {
        Some(opening) => runs.iter().rposition(|run| {
            run.opening
                .is_some_and(|known| known.is_answered_as(opening, run.syn_data))
        }),
        None => place_by_time(runs, stamp, idle),
    }
}

/// The last run that begins at or before a moment and reaches it, or a later one that the moment reaches.
fn place_by_time(runs: &Runs, stamp: Stamp, idle: Duration) -> Option<usize> {
    let after = runs.partition_point(|run| run.span.0 <= stamp);
    let before = runs[..after].iter().rposition(|run| run.hint.is_none());
    if let Some(i) = before
        && runs[i].reaches(stamp, idle)
    {
        return Some(i);
    }
    // Late in the file but early in time: it begins a run without opening that goes on later.
    let next = after + runs[after..].iter().position(|run| run.hint.is_none())?;
    let run = &runs[next];
    (run.opening.is_none() && run.span.0.time.since(stamp.time) <= idle).then_some(next)
}

/// Whether a packet at `stamp` closes the gap to the run behind.
fn place_of_follower(runs: &Runs, place: usize, idle: Duration, stamp: Stamp) -> bool {
    runs.get(place + 1)
        .is_some_and(|next| next.span.0.time.since(stamp.time) <= idle)
}

fn order(run: &FlowRecord) -> ((Stamp, Stamp), Option<Opening>, Option<Opening>) {
    (run.span, run.opening, run.hint)
}

/// How much is known when runs are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Packets of one part are being taken, in the order of time.
    Absorbing,
    /// Parts merge; others may come.
    OnTheWay,
    /// All is there.
    AtLast,
}

/// Sorts runs and joins those that belong together: of the same opening, or without one and soon after the run before.
fn coalesce(runs: &mut Runs, transport: Transport, when: When) {
    let idle = idle_gap(transport);
    runs.sort_by_key(|run| order(run));
    let mut out: Runs = SmallVec::with_capacity(runs.len());
    let mut hinted: Runs = SmallVec::new();
    for run in runs.drain(..) {
        if run.hint.is_some() {
            hinted.push(run);
            continue;
        }
        let place = if run.opening.is_some() {
            let same = out.iter().rposition(|known| known.opens_as(&run));
            same.or_else(|| {
                let last = out.len().checked_sub(1)?;
                let known = &out[last];
                let one = open_together(known, &run) || was_set_back(known, &run, idle);
                (when == When::AtLast && one).then_some(last)
            })
        } else {
            let last = out.len().checked_sub(1);
            last.filter(|last| {
                let last = &out[*last];
                let alone = transport == Transport::Tcp && when == When::OnTheWay;
                last.reaches(run.span.0, idle)
                    && (!alone || run.has_payload() && last.is_continued_by(&run))
            })
        };
        join(&mut out, place, run, bound(when));
    }
    for run in hinted {
        let mut place = out.iter().position(|known| run.answers(known));
        if place.is_none() && when == When::AtLast {
            let before = out.partition_point(|known| known.span.0 <= run.span.0);
            place = before
                .checked_sub(1)
                .filter(|i| out[*i].reaches(run.span.0, idle));
        }
        match place {
            Some(i) => out[i].merge(*run),
            None => {
                let i = out.partition_point(|known| order(known) <= order(&run));
                out.insert(i, run);
            }
        }
    }
    *runs = out;
}

/// Whether both sides opened at about the same time (RFC 9293 section 3.5, figure 8): that makes one connection.
fn open_together(first: &FlowRecord, second: &FlowRecord) -> bool {
    const NEAR: Duration = Duration::from_secs(2);
    match (first.opening, second.opening) {
        (Some(a), Some(b)) => {
            a.side != b.side && second.span.0.time.since(first.span.0.time) <= NEAR
        }
        _ => false,
    }
}

/// Whether packets that seem to come before an opening go on where it ends: the clock was set back in between. Another
/// connection of the same ports starts elsewhere in the sequence space, of both sides.
fn was_set_back(before: &FlowRecord, opened: &FlowRecord, idle: Duration) -> bool {
    before.opening.is_none()
        && before.hint.is_none()
        && before.reaches(opened.span.0, idle)
        && opened.is_gone_on_by(before)
}

/// How many runs of a key are kept apart. Parts that merge bring packets that belong together once all is there.
const fn bound(when: When) -> usize {
    match when {
        When::OnTheWay => MAX_RUNS * 32,
        When::Absorbing | When::AtLast => MAX_RUNS,
    }
}

fn join(out: &mut Runs, place: Option<usize>, run: KeptRun, bound: usize) {
    match place {
        Some(i) => out[i].merge(*run),
        None if out.len() >= bound => {
            let last = &mut out[bound - 1];
            last.merge(*run);
            last.cut = true;
        }
        None => out.push(run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Observation;

    #[test]
    fn a_flood_of_openings_of_one_5_tuple_is_bounded_told_and_linear() {
        const COUNT: u32 = 50_000;
        let mut observation = Observation::default();
        for i in 0..COUNT {
            let mut frame = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
            frame.extend([10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 1, 0xbb]);
            // No two sequence numbers are near each other.
            frame.extend(i.wrapping_mul(0x9e37_79b1).to_be_bytes());
            frame.extend([0, 0, 0, 0, 0x50, 2, 0xfa, 0xf0, 0, 0, 0, 0]);
            observation.absorb_raw(i, &frame);
        }
        observation.settle(true);
        let runs: Vec<_> = observation.flows.into_runs().collect();
        assert_eq!(runs.len(), MAX_RUNS);
        assert_eq!(runs.iter().filter(|run| run.cut).count(), 1);
        let packets = |run: &FlowRecord| run.sides.iter().map(|side| side.packets).sum::<u64>();
        let told: u64 = runs.iter().map(|run| packets(run)).sum();
        assert_eq!(told, u64::from(COUNT));
    }
}
