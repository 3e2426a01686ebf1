//! 5-tuples to their runs.
//!
//! A run is cut by a new opening or by an idle gap. Runs are kept so fine that merging two tables can only join
//! them: after every merge, a run without opening that begins soon after the end of its predecessor belongs to it.

use std::time::Duration;

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::dns_log::DnsLog;
use super::fragments::Whole;
use super::recognise;
use super::run::{App, Event, EventKind, IcmpDetail, Opening, Run, Sizes};
use crate::decode::{
    Carrier, IcmpMessage, Packet, Quoted, Segment, TcpFlags, TcpSegment, UdpDatagram,
};
use crate::model::{FlowKey, Side, Stamp, Transport};

/// The runs of one 5-tuple, ascending by their start. Nearly always one.
pub(super) type Runs = SmallVec<[Box<Run>; 1]>;

/// The most runs kept of one 5-tuple; what comes later is counted to the last one. A flood of openings from one
/// port would otherwise cost quadratic time.
const MAX_RUNS: usize = 256;

/// All flows' evidence.
#[derive(Debug, Default)]
pub(super) struct FlowTable {
    runs: HashMap<FlowKey, Runs, foldhash::fast::RandomState>,
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
        let opening = match (flags.has(TcpFlags::SYN), flags.has(TcpFlags::ACK)) {
            (true, false) => Some(Opening {
                side,
                isn: segment.sequence,
            }),
            (true, true) => Some(Opening {
                side: side.other(),
                isn: segment.acknowledgment.wrapping_sub(1),
            }),
            (false, _) => None,
        };
        let run = self.run(key, opening, stamp);
        run.count(side, stamp, packet, u64::from(segment.payload_length));
        let mut next = segment.sequence.wrapping_add(segment.payload_length);
        next = next.wrapping_add(
            u32::from(flags.has(TcpFlags::SYN)) + u32::from(flags.has(TcpFlags::FIN)),
        );
        run.sequence(
            side,
            next,
            flags.has(TcpFlags::ACK).then_some(segment.acknowledgment),
        );
        let event = |kind| Event {
            stamp,
            kind,
            side,
            sequence: segment.sequence,
            acknowledgment: if flags.has(TcpFlags::ACK) {
                segment.acknowledgment
            } else {
                0
            },
            length: segment.payload_length,
            ttl: packet.ttl,
            ip_id: packet.ip_id,
            icmp: None,
        };
        let special = TcpFlags(flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST));
        if special.has(TcpFlags::SYN) {
            run.keep(event(if flags.has(TcpFlags::ACK) {
                EventKind::SynAck
            } else {
                EventKind::Syn
            }));
        }
        if special.has(TcpFlags::FIN) {
            run.keep(event(EventKind::Fin));
        }
        if special.has(TcpFlags::RST) {
            run.keep(event(EventKind::Rst));
        }
        if segment.payload_length > 0 {
            run.keep(event(EventKind::Data));
        } else if special.0 == 0 && flags.has(TcpFlags::ACK) {
            run.keep(event(EventKind::Ack));
        }
        if special.has(TcpFlags::SYN)
            || (!segment.payload.is_empty() && !special.has(TcpFlags::RST))
        {
            recognise::segment(run, key, side, stamp, segment, dns);
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
        let run = self.run(key, None, stamp);
        run.count(side, stamp, packet, u64::from(datagram.payload_length));
        let part = packet.fragment.is_some();
        recognise::datagram(run, key, side, stamp, datagram.payload, part, dns);
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
        let run = self.run(key, None, whole.stamp);
        let rest = |length: u32| u64::from(length.saturating_sub(whole.counted()));
        match &packet.segment {
            Segment::Tcp(segment) => {
                run.count_rest(side, rest(segment.payload_length));
                let next = segment.sequence.wrapping_add(segment.payload_length);
                run.sequence(side, next, None);
                if !segment.payload.is_empty() {
                    recognise::segment(run, key, side, whole.stamp, segment, dns);
                }
            }
            Segment::Udp(datagram) => {
                run.count_rest(side, rest(datagram.payload_length));
                recognise::datagram(run, key, side, whole.stamp, datagram.payload, false, dns);
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
        self.run(key, None, stamp)
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
        let run = self.run(key, None, stamp);
        let vlans = packet.vlans.get(..usize::from(carrier.vlans));
        let tunnels = packet.tunnels.get(..usize::from(carrier.tunnels));
        let sizes = Sizes {
            ip_length: carrier.ip_length,
            payload: u64::from(carrier.payload_length),
            ttl: carrier.ttl,
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
        let run = self.run(key, None, stamp);
        run.extend(stamp);
        run.keep(Event {
            stamp,
            kind: EventKind::IcmpError,
            side,
            sequence: quoted.sequence.unwrap_or(0),
            acknowledgment: 0,
            length: 0,
            ttl: packet.ttl,
            ip_id: packet.ip_id,
            icmp: Some(IcmpDetail {
                v6: message.v6,
                kind: message.kind,
                code: message.code,
                from: packet.source,
                quotes_sequence: quoted.sequence.is_some(),
            }),
        });
    }

    /// All runs, in no order.
    pub(super) fn into_runs(self) -> impl Iterator<Item = (FlowKey, Box<Run>)> {
        self.runs
            .into_iter()
            .flat_map(|(key, runs)| runs.into_iter().map(move |run| (key, run)))
    }

    /// Puts a run in, as a partial file lists it.
    pub(super) fn add(&mut self, key: FlowKey, run: Run) {
        let runs = self.runs.entry(key).or_default();
        runs.push(Box::new(run));
        coalesce(runs, idle_gap(key.transport()));
    }

    /// The run that a packet belongs to; made where there is none yet.
    fn run(&mut self, key: FlowKey, opening: Option<Opening>, stamp: Stamp) -> &mut Run {
        let idle = idle_gap(key.transport());
        let runs = self.runs.entry(key).or_default();
        let place = match find(runs, opening, stamp, idle) {
            Some(i) => i,
            None => {
                let in_order =
                    runs.last().is_none_or(|last| last.span.0 < stamp) && runs.len() < MAX_RUNS;
                runs.push(Box::new(Run::new(opening, stamp)));
                if !in_order {
                    coalesce(runs, idle);
                }
                find(runs, opening, stamp, idle).unwrap_or(runs.len() - 1)
            }
        };
        // A packet that bridges an idle gap joins the run behind it.
        if runs
            .get(place + 1)
            .is_some_and(|next| next.opening.is_none())
        {
            runs[place].extend(stamp);
            coalesce(runs, idle);
            let place = find(runs, opening, stamp, idle).unwrap_or(runs.len() - 1);
            return &mut runs[place];
        }
        &mut runs[place]
    }
}

impl FlowTable {
    /// Takes all of another table. Streams that become complete by that are read, which may yield DNS messages.
    pub(super) fn merge(&mut self, other: Self, dns: &mut DnsLog) {
        if self.runs.is_empty() {
            *self = other;
            return;
        }
        for (key, theirs) in other.runs {
            let mine = self.runs.entry(key).or_default();
            let fresh = mine.is_empty();
            mine.extend(theirs);
            if !fresh {
                coalesce(mine, idle_gap(key.transport()));
                mine.iter_mut()
                    .for_each(|run| recognise::reread(run, key, dns));
            }
        }
    }
}

fn find(runs: &Runs, opening: Option<Opening>, stamp: Stamp, idle: Duration) -> Option<usize> {
    match opening {
        Some(_) => runs.iter().rposition(|run| run.opening == opening),
        None => place_by_time(runs, stamp, idle),
    }
}

/// The last run that begins at or before a moment and reaches it, or a later one that the moment reaches.
fn place_by_time(runs: &Runs, stamp: Stamp, idle: Duration) -> Option<usize> {
    let after = runs.partition_point(|run| run.span.0 <= stamp);
    if let Some(i) = after.checked_sub(1)
        && runs[i].reaches(stamp, idle)
    {
        return Some(i);
    }
    // Late in the file but early in time: it begins a run without opening that goes on later.
    let next = runs.get(after)?;
    (next.opening.is_none() && next.span.0.time.since(stamp.time) <= idle).then_some(after)
}

/// Sorts runs and joins those that belong together: the same opening, or no opening and soon after the one before.
fn coalesce(runs: &mut Runs, idle: Duration) {
    runs.sort_by_key(|run| (run.span, run.opening));
    let mut out: Runs = SmallVec::with_capacity(runs.len());
    for run in runs.drain(..) {
        let same_opening = run
            .opening
            .is_some()
            .then(|| out.iter().position(|o| o.opening == run.opening));
        let place = match same_opening {
            Some(place) => place,
            None => out
                .last()
                .is_some_and(|last| last.reaches(run.span.0, idle))
                .then(|| out.len() - 1),
        };
        match place {
            Some(i) => out[i].merge(*run),
            None if out.len() == MAX_RUNS => {
                let last = &mut out[MAX_RUNS - 1];
                last.merge(*run);
                last.cut = true;
            }
            None => out.push(run),
        }
    }
    *runs = out;
}
