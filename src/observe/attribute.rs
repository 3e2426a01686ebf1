//! A whole observation to named flows. Called once, after the last merge.

use std::collections::BTreeMap;

use rayon::prelude::*;
use thin_vec::ThinVec;

use super::Bound;
use super::app::App;
use super::chunks::Numbering;
use super::comments::Comment;
use super::conn_state::{ConnState, conn_state, history};
use super::device::{self, DeviceSaid};
use super::dns_log::{DnsLog, DnsTransaction};
use super::exchange::{Asking, Exchange};
use super::handshake::TlsMark;
use super::names::Directory;
use super::path::continue_connections;
use super::recognise;
use super::run::{Event, EventKind, FlowRecord, SaidBy};
use super::seed::Seed;
use super::side::SideEvidence;
use super::stream::StreamFact;
use super::window::ClosedWindow;
use super::{Chunks, Links, Observation, Tally};
use crate::model::{
    CaptureTime, Endpoint, FlowKey, Fqdn, Merge, Side, Stamp, TimeSpan, Transport, Tunnel,
    TunnelKind, is_group, words,
};

/// A flow's place in [`Capture::flows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u32);

words! {
    /// Where a name was taken from; the better source comes first.
    pub enum NameSource {
        /// SNI of a TLS ClientHello.
        TlsSni = "tls_sni",
        /// SNI of a QUIC Initial.
        QuicSni = "quic_sni",
        /// HTTP CONNECT target.
        HttpConnect = "http_connect",
        /// HTTP Host header or absolute URI.
        HttpHost = "http_host",
        /// The connection that this one joins as a further path (Multipath TCP).
        PathOf = "mptcp_join",
        /// A DNS answer that had the responder's address.
        DnsAnswer = "dns_answer",
        /// A server certificate in clear.
        TlsCertificate = "tls_certificate",
        /// Told before the capture began.
        Seed = "seed",
    }
}

impl NameSource {
    /// Whether the initiator itself said in this flow whom it wants: such a name outranks all others.
    #[must_use]
    pub const fn is_said_by_initiator(self) -> bool {
        matches!(
            self,
            Self::TlsSni | Self::QuicSni | Self::HttpHost | Self::HttpConnect
        )
    }
}

/// A name put to a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub fqdn: Fqdn,
    /// Where it was taken from.
    pub source: NameSource,
    /// When and in which frame.
    pub at: Stamp,
    /// The port said with it (CONNECT, Host), 0 where none was.
    pub port: u16,
    /// Of a DNS answer: whether the flow's initiator had asked.
    pub same_client: bool,
    /// Of a DNS answer: whether it had run out when the flow began.
    pub stale: bool,
    /// Of a DNS answer: the name that was asked for next and got the address, where this one was an alias alone.
    pub via: Option<Fqdn>,
}

/// A flow with everything that the capture says of it.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Who opened.
    pub initiator: Endpoint,
    /// Who was addressed.
    pub responder: Endpoint,
    /// What runs on IP.
    pub transport: Transport,
    /// Whether the opening was seen; otherwise the direction is inferred.
    pub opened: bool,
    /// First and last packet.
    pub span: (Stamp, Stamp),
    /// Zeek's state.
    pub conn_state: ConnState,
    /// Zeek's history.
    pub history: String,
    /// What the initiator sent.
    pub out: SideEvidence,
    /// What the responder sent.
    pub back: SideEvidence,
    /// Application, told by content.
    pub app: App,
    /// Names, best source first, then newest first.
    pub names: ThinVec<Name>,
    /// Packets kept one by one, ascending.
    pub events: ThinVec<Event>,
    /// Which [`Event::side`] is the initiator's.
    pub initiator_side: Side,
    /// What the streams said in clear, ascending: when, whether the initiator said it, what.
    pub facts: ThinVec<(Stamp, bool, StreamFact)>,
    /// Steps of TLS handshakes, ascending.
    pub tls: ThinVec<TlsMark>,
    /// What the initiator asked for in clear, request by request, ascending.
    pub exchanges: ThinVec<Exchange>,
    /// VLAN stacks.
    pub vlans: ThinVec<Vec<u16>>,
    /// Tunnel stacks.
    pub tunnels: ThinVec<Vec<Tunnel>>,
    /// The token by which this connection joins another one as a further path (RFC 8684 section 3.2).
    pub joins: Option<u32>,
    /// The token by which others join this one: the responder's.
    pub token: Option<u32>,
    /// Where the initiator, and the responder, closed its receive window.
    pub closed_windows: Option<Box<[Option<ClosedWindow>; 2]>>,
    /// What devices said of its packets, ascending.
    pub device: ThinVec<DeviceSaid>,
    /// Whether records of a device's log are all that there is of it: what is not there is not missing.
    pub only_logged: bool,
    /// What was written to its packets, ascending.
    pub comments: ThinVec<Comment>,
}

impl Flow {
    /// Kept packets of a kind, by whether the initiator sent them (of ICMP errors: whether they quote its packets).
    pub fn events_of(&self, kind: EventKind, by_initiator: bool) -> impl Iterator<Item = &Event> {
        let side = if by_initiator {
            self.initiator_side
        } else {
            self.initiator_side.other()
        };
        self.events
            .iter()
            .filter(move |event| event.kind == kind && event.side == side)
    }

    /// Whether samples of packets (sFlow) are all that there is of it.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        let kinds = self.tunnels.iter().filter_map(|stack| stack.first());
        self.only_logged
            && kinds
                .into_iter()
                .any(|outermost| outermost.kind == TunnelKind::Sflow)
    }

    /// Names that the initiator itself said in this flow.
    pub fn said_names(&self) -> impl Iterator<Item = &Name> {
        self.names
            .iter()
            .filter(|name| name.source.is_said_by_initiator())
    }

    /// The responder's closed window, where it did not open any more: RSTs, whose windows say nothing, aside.
    #[must_use]
    pub fn stays_closed(&self) -> Option<ClosedWindow> {
        let [_, closed] = **self.closed_windows.as_ref()?;
        let closed = closed?;
        let (_, last) = self.back.span?;
        let reset = self.events_of(EventKind::Rst, false).next();
        let over = closed.last == last || reset.is_some_and(|reset| reset.stamp > closed.last);
        over.then_some(closed)
    }

    /// Whether the initiator sent a ClientHello with an encrypted part (ECH, real or not): then the name in clear may
    /// be an outer one only.
    #[must_use]
    pub fn has_encrypted_hello(&self) -> bool {
        let own = self.facts.iter().filter(|(_, own, _)| *own);
        own.map(|(.., fact)| fact).any(|fact| {
            matches!(
                fact,
                StreamFact::ClientHello {
                    encrypted: true,
                    ..
                }
            )
        })
    }

    /// What the initiator's hellos call the key that they are encrypted with.
    pub fn key_ids(&self) -> impl Iterator<Item = u8> {
        let own = self.facts.iter().filter(|(_, own, _)| *own);
        own.filter_map(|(.., fact)| match fact {
            StreamFact::ClientHello { key_id, .. } => *key_id,
            _ => None,
        })
    }

    /// The application's name, where the content told it.
    #[must_use]
    pub fn app_name(&self) -> Option<&'static str> {
        self.app.name()
    }
}

/// A whole capture, ready to be judged.
#[derive(Debug)]
pub struct Capture {
    /// Ascending by start, then endpoints.
    pub flows: Vec<Flow>,
    /// Ascending by time.
    pub dns: Vec<DnsTransaction>,
    /// Frames by what became of them.
    pub tally: Tally,
    /// Who has which MAC address on the captured link.
    pub links: Links,
    /// Chunks read.
    pub chunks: Chunks,
    /// Frame numbers.
    pub numbering: Numbering,
    /// From the first to the last frame.
    pub span: TimeSpan,
}

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
    let Observation {
        flows,
        fragments,
        mut dns,
        mut tally,
        links,
        chunks,
        copies: _,
        notes,
        comments,
        logged,
    } = observation;
    let mut runs: Vec<_> = flows.into_runs().collect();
    let ends = device::Ends {
        chunks: &chunks,
        lossy: tally.lost > 0,
    };
    notes.settle(&mut runs, &ends);
    if let Some(logged) = logged {
        tally.merge(logged.tally);
        let mut records: Vec<_> = logged.flows.into_runs().collect();
        logged.notes.settle(&mut records, &ends);
        let stopped = device::stopped(&records);
        let unclear = device::join(&mut runs, records);
        tally.cut(Bound::DeviceWords, unclear);
        device::join_dns(&mut dns, logged.dns, &stopped);
    }
    comments.settle(&mut runs);
    let late: Vec<DnsLog> = runs
        .par_chunks_mut(SOME)
        .map(|runs| {
            let mut dns = DnsLog::default();
            for (key, run) in runs {
                recognise::conclude(run, *key, &mut dns);
            }
            dns
        })
        .collect();
    late.into_iter().for_each(|late| dns.merge(late));
    continue_connections(&mut runs);
    tally.cut(Bound::DnsMessages, dns.dropped());
    tally.cut(Bound::Fragments, fragments.dropped());
    let resolved = tally.beside.names.iter();
    let resolved: Vec<Seed> = resolved
        .map(|(address, name)| Seed {
            address: *address,
            name: name.clone(),
            client: None,
        })
        .collect();
    let names = || {
        let dns = dns.into_transactions();
        let mut directory = Directory::of(&dns);
        directory.seed(seeds);
        directory.seed(&resolved);
        (dns, directory)
    };
    // Flows are large: their order is nearly made before they are.
    let order = || {
        let cut = runs.par_iter().with_min_len(SOME);
        let cut = cut.filter(|(_, run)| run.cut).count() as u64;
        let begun = runs
            .into_iter()
            .filter_map(|(key, run)| Some((begin(&run)?.time, key, run)));
        let mut begun: Vec<(CaptureTime, FlowKey, Box<FlowRecord>)> = begun.collect();
        begun.par_sort_unstable_by(|(a, mine, _), (b, theirs, _)| {
            a.cmp(b).then_with(|| mine.cmp(theirs))
        });
        (cut, begun)
    };
    let ((dns, directory), (cut, begun)) = rayon::join(names, order);
    let out: Vec<Flow> = begun
        .into_par_iter()
        .with_min_len(SOME)
        .map(|(_, key, run)| flow(key, *run, &directory))
        .collect();
    tally.cut(Bound::FlowEvidence, cut);
    let mut out = sorted(out);
    name_paths(&mut out);
    let numbering = chunks.numbering();
    let span = chunks.span();
    Capture {
        flows: out,
        dns,
        tally,
        links,
        chunks,
        numbering,
        span,
    }
}

/// A further path of a connection has the names of that connection.
fn name_paths(flows: &mut [Flow]) {
    if flows.iter().all(|flow| flow.joins.is_none()) {
        return;
    }
    // Of a token that two connections have it cannot be told which one is meant.
    let mut leads: BTreeMap<u32, Option<usize>> = BTreeMap::new();
    for (place, flow) in flows.iter().enumerate() {
        if let Some(token) = flow.token {
            leads
                .entry(token)
                .and_modify(|lead| *lead = None)
                .or_insert(Some(place));
        }
    }
    for place in 0..flows.len() {
        let token = flows[place].joins;
        let Some(lead) = token.and_then(|token| *leads.get(&token)?) else {
            flows[place].joins = None;
            continue;
        };
        let lead = &flows[lead];
        let best = lead.names.first().map(|name| name.source);
        let names = lead.names.iter().filter(|name| Some(name.source) == best);
        let names = names.map(|name| Name {
            source: NameSource::PathOf,
            ..name.clone()
        });
        let mut names: ThinVec<Name> = names.collect();
        names.append(&mut flows[place].names);
        names.sort_by_key(|name| name.source);
        flows[place].names = names;
    }
}

/// The first packet of a run; `None` where there are only ICMP errors that quote some.
fn begin(run: &FlowRecord) -> Option<Stamp> {
    let spans = run.sides.iter().filter_map(|side| side.span);
    spans.map(|(first, _)| first).min()
}

/// Flows in their order. Their places are sorted, since they themselves are large.
fn sorted(mut flows: Vec<Flow>) -> Vec<Flow> {
    let key = |flow: &Flow| {
        (
            flow.span.0.time,
            flow.initiator,
            flow.responder,
            flow.transport,
            flow.span,
        )
    };
    if flows.is_sorted_by_key(key) {
        return flows;
    }
    let mut order: Vec<usize> = (0..flows.len()).collect();
    order.par_sort_by(|a, b| key(&flows[*a]).cmp(&key(&flows[*b])));
    // The flow for each place is brought there, circle by circle.
    for start in 0..flows.len() {
        let mut at = start;
        while order[at] != start {
            let from = std::mem::replace(&mut order[at], at);
            flows.swap(at, from);
            at = from;
        }
        order[at] = at;
    }
    flows
}

fn flow(key: FlowKey, run: FlowRecord, directory: &Directory) -> Flow {
    let (side, opened) = initiator(&key, &run);
    let (initiator, responder) = (key.endpoint(side), key.endpoint(side.other()));
    let state = conn_state(&run, side, key.transport());
    let history = history(&run, side, key.transport());
    let names = names(&run, side, initiator, responder, directory);
    let start = begin(&run).unwrap_or_default();
    let FlowRecord {
        sides: [low, high],
        mut events,
        app,
        facts,
        mut tls,
        talk,
        extra,
        ..
    } = run;
    let (out, back) = if side == Side::Low {
        (low, high)
    } else {
        (high, low)
    };
    let last = |a: Option<(Stamp, Stamp)>| a.map(|(_, last)| last);
    let end = [last(out.span), last(back.span)]
        .into_iter()
        .flatten()
        .max()
        .unwrap_or_default();
    let extra = extra.map(|extra| *extra).unwrap_or_default();
    let (own, theirs) = (extra.paths[side.index()], extra.paths[side.other().index()]);
    // Answered without the option, it is a connection by itself, which the joining side ends.
    let answered = events
        .iter()
        .any(|event| event.kind == EventKind::SynAck && event.side != side);
    let mut exchanges = talk.map_or_else(ThinVec::new, |talk| talk.exchanges(side));
    for exchange in &mut exchanges {
        if let Some(address) = exchange.address().filter(|_| exchange.how != Asking::Plain) {
            let asked = directory.candidates(initiator.ip, address, exchange.asked);
            let own = asked
                .into_iter()
                .filter(|name| name.same_client && !name.stale);
            exchange.names = own.map(|name| name.asked).collect();
        }
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
        conn_state: state,
        history,
        out,
        back,
        app,
        names,
        events,
        initiator_side: side,
        facts: facts
            .into_iter()
            .map(|f| (f.stamp, f.side == side, f.fact))
            .collect(),
        tls,
        exchanges,
        joins: own.joins.filter(|_| theirs.joined || !answered),
        token: theirs.token,
        device: extra
            .device
            .into_iter()
            .map(|note| DeviceSaid {
                stamp: note.stamp,
                of_initiator: note.side == side,
                sequence: note.sequence,
                word: note.word,
            })
            .collect(),
        only_logged: extra.only_logged,
        comments: extra.comments.into(),
        vlans: extra.vlans,
        tunnels: extra.tunnels,
        closed_windows: (extra.closed != [None; 2]).then(|| {
            let [low, high] = extra.closed;
            Box::new(if side == Side::Low {
                [low, high]
            } else {
                [high, low]
            })
        }),
    }
}

/// Who opened, and whether the opening itself was seen. Without one: who spoke like a client; else who is not on a
/// well-known port while the other is; else who spoke first.
fn initiator(key: &FlowKey, run: &FlowRecord) -> (Side, bool) {
    if let Some(opening) = run.opening {
        return (opening.side, true);
    }
    let first_packet = |side: Side| run.sides[side.index()].span.map(|(first, _)| first);
    let speaker = match (first_packet(Side::Low), first_packet(Side::High)) {
        (Some(low), Some(high)) if high < low => Side::High,
        (None, Some(_)) => Side::High,
        _ => Side::Low,
    };
    // Nobody speaks from a group's address.
    let group = |side: Side| is_group(key.endpoint(side).ip);
    match (group(Side::Low), group(Side::High)) {
        (false, true) => return (Side::Low, key.transport() != Transport::Tcp),
        (true, false) => return (Side::High, key.transport() != Transport::Tcp),
        _ => {}
    }
    match run.clients {
        [true, false] => return (Side::Low, false),
        [false, true] => return (Side::High, false),
        _ => {}
    }
    let from_service = is_service_port(key.endpoint(speaker).port);
    let to_service = is_service_port(key.endpoint(speaker.other()).port);
    let datagram = key.transport() != Transport::Tcp;
    match (from_service, to_service) {
        (true, false) if key.transport().has_ports() => (speaker.other(), false),
        _ => (speaker, datagram),
    }
}

/// Ports on which only servers listen as a rule. Used only where a flow's opening was not captured.
const fn is_service_port(port: u16) -> bool {
    matches!(
        port,
        1..1024 | 1433 | 3128 | 3306 | 3389 | 3544 | 5432 | 6514 | 8080 | 8443
    )
}

fn names(
    run: &FlowRecord,
    side: Side,
    initiator: Endpoint,
    responder: Endpoint,
    directory: &Directory,
) -> ThinVec<Name> {
    // One entry a (source, name, port), the earliest: the same hello may have come twice.
    let mut said: BTreeMap<(NameSource, &Fqdn, u16), Stamp> = BTreeMap::new();
    for name in &run.names {
        let (source, by_initiator) = match name.by {
            SaidBy::TlsSni => (NameSource::TlsSni, true),
            SaidBy::QuicSni => (NameSource::QuicSni, true),
            SaidBy::HttpHost => (NameSource::HttpHost, true),
            SaidBy::HttpConnect => (NameSource::HttpConnect, true),
            SaidBy::Certificate => (NameSource::TlsCertificate, false),
        };
        if (name.side == side) == by_initiator {
            let at = said
                .entry((source, &name.fqdn, name.port))
                .or_insert(name.stamp);
            *at = name.stamp.min(*at);
        }
    }
    let mut names: ThinVec<Name> = said
        .into_iter()
        .map(|((source, fqdn, port), at)| Name {
            fqdn: fqdn.clone(),
            source,
            at,
            port,
            same_client: true,
            stale: false,
            via: None,
        })
        .collect();
    names.extend(
        directory
            .candidates(initiator.ip, responder.ip, run.span.0)
            .into_iter()
            .map(|c| Name {
                fqdn: c.asked,
                source: NameSource::DnsAnswer,
                at: c.stamp,
                port: 0,
                same_client: c.same_client,
                stale: c.stale,
                via: c.via,
            }),
    );
    let told = directory.told(initiator.ip, responder.ip);
    names.extend(told.into_iter().map(|(same_client, name)| Name {
        fqdn: name.clone(),
        source: NameSource::Seed,
        at: run.span.0,
        port: 0,
        same_client,
        stale: false,
        via: None,
    }));
    names.sort_by_key(|name| name.source);
    names.shrink_to_fit();
    names
}

impl Capture {
    /// A frame's number over all inputs, 1-based.
    #[must_use]
    pub fn number(&self, stamp: Stamp) -> u64 {
        self.numbering.number(stamp.frame)
    }

    /// The flow with an id.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> Option<&Flow> {
        self.flows.get(id.0 as usize)
    }

    /// When the first frame was captured.
    #[must_use]
    pub const fn start(&self) -> CaptureTime {
        self.span.first
    }

    /// When the last frame was captured.
    #[must_use]
    pub const fn end(&self) -> CaptureTime {
        self.span.last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::decode;
    use crate::model::FrameId;
    use crate::observe::{Sighting, read_seeds};

    fn flow_at(nanos: i64, index: u32) -> Flow {
        let stamp = Stamp {
            time: CaptureTime::from_nanos(nanos),
            frame: FrameId::new(0, 0, index),
        };
        let end = |last| Endpoint::new([10, 0, 0, last].into(), 0);
        let (key, _) = FlowKey::of(end(1), end(2), Transport::Other(50));
        let mut flow = flow(key, FlowRecord::new(None, stamp), &Directory::default());
        flow.span = (stamp, stamp);
        flow
    }

    proptest! {
        #[test]
        fn flows_are_sorted_by_their_start(times in proptest::collection::vec(0_i64..20, 0..40)) {
            let flows = times.iter().zip(0..).map(|(time, index)| flow_at(*time, index));
            let sorted = sorted(flows.collect());
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
