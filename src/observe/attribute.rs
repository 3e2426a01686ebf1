//! A whole observation to named flows. Called once, after the last merge.

use std::net::IpAddr;

use rayon::prelude::*;
use thin_vec::ThinVec;

use super::Bound;
use super::capture::Capture;
use super::conn_state::{conn_state, history};
use super::device::{self, DeviceNote, DeviceSaid};
use super::direction::initiator;
use super::dns_log::DnsLog;
use super::exchange::{Asking, Exchange, Talk};
use super::flow::Flow;
use super::flow_name::{NameSource, name_paths, names};
use super::names::{Directory, MAX_NAMES};
use super::path::continue_connections;
use super::recognise;
use super::run::{EventKind, FlowRecord, KeptRun};
use super::seed::Seed;
use super::side::SideEvidence;
use super::{Observation, Tally};
use crate::model::{BoxedList, CaptureTime, Merge, Side, Stamp};

// Allocators have few sizes; of one size, a flow takes the memory that its run leaves. Each byte of either is millions.
const _: () = assert!(size_of::<FlowRecord>() <= 384 && size_of::<Flow>() <= 384);

/// So many runs are worked on by one thread at a time.
const SOME: usize = 1024;

/// Works out flows, their direction, state and names.
#[must_use]
pub fn attribute(observation: Observation) -> Capture {
    attribute_with(observation, &[])
}

/// As [`attribute`], with names that were told before the capture began; they rank behind all that it says itself.
#[must_use]
pub fn attribute_with(mut observation: Observation, seeds: &[Seed]) -> Capture {
    observation.settle(true);
    let mut runs = runs_with_words(&mut observation);
    let late = conclude(&mut runs);
    late.into_iter()
        .for_each(|late| observation.dns.merge(late));
    continue_connections(&mut runs);
    let Observation {
        fragments,
        dns,
        mut tally,
        links,
        chunks,
        ..
    } = observation;
    tally.cut(Bound::DnsMessages, dns.dropped());
    tally.cut(Bound::Fragments, fragments.dropped());
    let names = || {
        let dns = dns.into_transactions();
        let mut directory = Directory::of(&dns);
        directory.seed(seeds);
        directory.seed(&resolved(&tally));
        (dns, directory)
    };
    let order = || {
        let cut = runs.par_iter().with_min_len(SOME);
        let cut = cut.filter(|run| run.cut).count() as u64;
        (cut, by_begin(runs))
    };
    let ((dns, directory), (cut, begun)) = rayon::join(names, order);
    tally.cut(Bound::FlowEvidence, cut);
    tally.cut(Bound::AliasNames, directory.cut_aliases());
    let mut flows: BoxedList<Flow> = begun
        .into_par_iter()
        .with_min_len(SOME)
        .map(|(_, run)| Box::new(flow(*run, &directory)))
        .collect();
    tally.cut(Bound::FlowNames, with_more_names(&flows, &directory));
    sort(&mut flows);
    name_paths(&mut flows);
    let numbering = chunks.numbering();
    let span = chunks.span();
    Capture {
        flows,
        dns,
        tally,
        links,
        chunks,
        numbering,
        span,
    }
}

/// The flows to addresses that may have had more names than they are told.
fn with_more_names(flows: &BoxedList<Flow>, directory: &Directory) -> u64 {
    let is_full = |flow: &&Flow| {
        let answered = flow.names.iter();
        let answered = answered.filter(|name| name.source == NameSource::DnsAnswer);
        answered.count() >= MAX_NAMES && directory.has_more_names(flow.responder.ip)
    };
    flows.par_iter().with_min_len(SOME).filter(is_full).count() as u64
}

/// Takes the runs out of an observation, with what devices said of their packets and what was written to them.
fn runs_with_words(observation: &mut Observation) -> Vec<KeptRun> {
    let mut runs: Vec<KeptRun> = std::mem::take(&mut observation.flows).into_runs().collect();
    let ends = device::Ends {
        chunks: &observation.chunks,
        lossy: observation.tally.lost > 0,
    };
    std::mem::take(&mut observation.notes).settle(&mut runs, &ends);
    if let Some(logged) = observation.logged.take() {
        let mut records: Vec<KeptRun> = logged.flows.into_runs().collect();
        logged.notes.settle(&mut records, &ends);
        observation.tally.merge(logged.tally);
        let stopped = device::stopped(&records);
        let unclear = device::join(&mut runs, records);
        observation.tally.cut(Bound::DeviceWords, unclear);
        device::join_dns(&mut observation.dns, logged.dns, &stopped);
    }
    std::mem::take(&mut observation.comments).settle(&mut runs);
    runs
}

/// Tells what only the whole of a run's packets tells. Gives the DNS messages that came to light.
fn conclude(runs: &mut [KeptRun]) -> Vec<DnsLog> {
    runs.par_chunks_mut(SOME)
        .map(|runs| {
            let mut dns = DnsLog::default();
            for run in runs {
                recognise::conclude(run, &mut dns);
            }
            dns
        })
        .collect()
}

/// Names that a capture tells beside its packets.
fn resolved(tally: &Tally) -> Vec<Seed> {
    let resolved = tally.beside.names.iter();
    let seeds = resolved.map(|(address, name)| Seed {
        address: *address,
        name: name.clone(),
        client: None,
    });
    seeds.collect()
}

/// Runs that have packets, by when they begin. Flows are large: their order is nearly made before they are.
fn by_begin(runs: Vec<KeptRun>) -> Vec<(CaptureTime, KeptRun)> {
    let begun = runs
        .into_iter()
        .filter_map(|run| Some((begin(&run)?.time, run)));
    let mut begun: Vec<_> = begun.collect();
    begun.par_sort_unstable_by(|(a, mine), (b, theirs)| {
        a.cmp(b).then_with(|| mine.key.cmp(&theirs.key))
    });
    begun
}

/// The first packet of a run; `None` where there are only ICMP errors that quote some.
fn begin(run: &FlowRecord) -> Option<Stamp> {
    let spans = run.sides.iter().filter_map(SideEvidence::span);
    spans.map(|(first, _)| first).min()
}

/// Flows into their order, which they nearly are in already.
fn sort(flows: &mut BoxedList<Flow>) {
    flows.sort_by_key(|flow| {
        let (initiator, responder) = (flow.initiator, flow.responder);
        (
            flow.span.0.time,
            initiator,
            responder,
            flow.transport,
            flow.span,
        )
    });
}

/// The flow of a run.
fn flow(run: FlowRecord, directory: &Directory) -> Flow {
    let key = run.key;
    let (side, opened) = initiator(&run);
    let (initiator, responder) = (key.endpoint(side), key.endpoint(side.other()));
    let conn_state = conn_state(&run, side, key.transport());
    let history = history(&run, side, key.transport());
    let names = names(&run, side, initiator, responder, directory);
    let start = begin(&run).unwrap_or_default();
    let extra = run.extra.map(|extra| *extra).unwrap_or_default();
    let [out, back] = of_side(run.sides, side);
    let ends = [out.span(), back.span()].into_iter().flatten();
    let end = ends.map(|(_, last)| last).max().unwrap_or_default();
    // Answered without the option, it is a connection by itself, which the joining side ends.
    let answered = run
        .events
        .iter()
        .any(|event| event.is(EventKind::SynAck, side.other()));
    let [own, theirs] = of_side(extra.paths, side);
    let (mut events, mut tls, mut facts) = (run.events, run.tls, run.facts);
    if side == Side::Low {
        let by_higher = facts.iter_mut().map(|(_, by_higher, _)| by_higher);
        by_higher.for_each(|said| *said = !*said);
    }
    // There are very many of these lists, and none grows any more.
    events.shrink_to_fit();
    tls.shrink_to_fit();
    Flow {
        initiator,
        responder,
        transport: key.transport(),
        opened,
        span: (start, end),
        conn_state,
        history,
        out,
        back,
        app: run.app,
        names,
        events,
        initiator_side: side,
        facts,
        tls,
        exchanges: run.talk.map_or_else(ThinVec::new, |talk| {
            exchanges(*talk, side, initiator.ip, directory)
        }),
        joins: own.joins.filter(|_| theirs.joined || !answered),
        token: theirs.token,
        device: device_said(extra.device, side),
        only_logged: extra.only_logged,
        comments: extra.comments.into(),
        vlans: extra.vlans,
        tunnels: extra.tunnels,
        closed_windows: (extra.closed != [None; 2]).then(|| Box::new(of_side(extra.closed, side))),
    }
}

/// What two sides have, that of one side first.
fn of_side<T>([low, high]: [T; 2], side: Side) -> [T; 2] {
    match side {
        Side::Low => [low, high],
        Side::High => [high, low],
    }
}

/// Requests with their answers; those for an address with the names that the initiator had asked DNS for it by.
fn exchanges(
    talk: Talk,
    side: Side,
    initiator: IpAddr,
    directory: &Directory,
) -> ThinVec<Exchange> {
    let mut exchanges = talk.exchanges(side);
    for exchange in &mut exchanges {
        if let Some(address) = exchange.address().filter(|_| exchange.how != Asking::Plain) {
            let asked = directory.candidates(initiator, address, exchange.asked);
            let own = asked
                .into_iter()
                .filter(|name| name.same_client && !name.stale);
            exchange.names = own.map(|name| name.asked).collect();
        }
    }
    exchanges
}

/// What devices said, by who opened the flow.
fn device_said(notes: Vec<DeviceNote>, side: Side) -> ThinVec<DeviceSaid> {
    let said = notes.into_iter().map(|note| DeviceSaid {
        stamp: note.stamp,
        of_initiator: note.side == side,
        sequence: note.sequence,
        word: note.word,
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::decode;
    use crate::model::{Endpoint, FlowKey, FrameId, Transport};
    use crate::observe::{Sighting, read_seeds};

    fn flow_at(nanos: i64, index: u32) -> Flow {
        let stamp = Stamp {
            time: CaptureTime::from_nanos(nanos),
            frame: FrameId::new(0, 0, index),
        };
        let end = |last| Endpoint::new([10, 0, 0, last].into(), 0);
        let (key, _) = FlowKey::of(end(1), end(2), Transport::Other(50));
        let mut flow = flow(FlowRecord::new(key, None, stamp), &Directory::default());
        flow.span = (stamp, stamp);
        flow
    }

    proptest! {
        #[test]
        fn flows_are_sorted_by_their_start(times in proptest::collection::vec(0_i64..20, 0..40)) {
            let flows = times.iter().zip(0..).map(|(time, index)| flow_at(*time, index));
            let mut sorted: BoxedList<Flow> = flows.collect();
            sort(&mut sorted);
            let mut wanted: Vec<_> = times.into_iter().zip(0..).collect();
            wanted.sort_unstable();
            let got = sorted.iter().map(|f| (f.span.0.time.as_nanos(), f.span.0.frame.index()));
            prop_assert_eq!(got.collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn a_seed_names_what_nothing_else_does() {
        let mut frame = vec![2; 12];
        frame.extend([8, 0]);
        frame.extend([
            0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 5, 192, 0, 2, 1,
        ]);
        frame.extend([
            0x9c, 0x40, 1, 187, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 2, 0, 9, 0, 0, 0, 0,
        ]);
        let mut observation = Observation::default();
        let sighting = Sighting {
            stamp: Stamp {
                time: CaptureTime::from_nanos(5),
                frame: FrameId::new(0, 0, 0),
            },
            captured_length: frame.len() as u32,
            wire_length: frame.len() as u32,
            packet_mark: 0,
        };
        observation.absorb(sighting, &decode(1, &frame, 0));
        let seeds = read_seeds("192.0.2.1 a.example b.example").seeds;
        let capture = attribute_with(observation, &seeds);
        let names = capture.flows[0].names.iter();
        let names: Vec<_> = names.map(|n| (n.source, n.fqdn.to_string())).collect();
        assert_eq!(
            names,
            [
                (NameSource::Seed, "a.example".to_owned()),
                (NameSource::Seed, "b.example".to_owned())
            ]
        );
    }
}
