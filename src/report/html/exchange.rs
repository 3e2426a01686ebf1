//! What was sent in an attempt, step by step, until it stopped.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::decode::dns::{rcode_name, type_name};
use crate::judge::{AttemptOutcome, Stage};
use crate::model::{CaptureTime, Endpoint, FrameId, Stamp};
use crate::observe::{DnsTransaction, Event, EventKind, Flow, FlowId, NameSource, StreamFact};
use crate::report::Report;
use crate::report::view::FindingView;

/// Steps drawn of one exchange, and exchanges drawn of one finding.
const MOST_STEPS: usize = 20;
const MOST_EXCHANGES: usize = 3;

/// Who sent a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepSender {
    Initiator,
    Responder,
    /// A device between them.
    Device(IpAddr),
}

/// Something that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) at: CaptureTime,
    pub(super) frame: u64,
    pub(super) sender: StepSender,
    pub(super) text: String,
    /// It ends the attempt.
    pub(super) refuses: bool,
}

/// One attempt, from its first packet to where it stopped.
#[derive(Clone, Debug)]
pub(super) struct DrawnExchange {
    pub(super) initiator: String,
    pub(super) responder: String,
    pub(super) steps: Vec<Step>,
    /// Packets that are not among the steps.
    pub(super) omitted: u64,
    /// What the initiator sent last was never answered.
    pub(super) unanswered: bool,
}

/// DNS transactions by the frames that they consist of.
pub(super) struct DnsByFrame<'r>(HashMap<FrameId, &'r DnsTransaction>);

impl<'r> DnsByFrame<'r> {
    pub(super) fn of(report: &'r Report<'_>) -> Self {
        let by_dns = |finding: &FindingView<'_>| finding.stage == Some(Stage::Dns);
        let mut frames = HashMap::new();
        if report.findings.iter().any(by_dns) {
            for transaction in &report.audit.capture.dns {
                for stamp in stamps(transaction) {
                    frames.insert(stamp.frame, transaction);
                }
            }
        }
        Self(frames)
    }
}

fn stamps(transaction: &DnsTransaction) -> impl Iterator<Item = Stamp> {
    let answers = transaction.answers.iter().map(|(stamp, _)| *stamp);
    transaction.queries.iter().copied().chain(answers)
}

/// The exchanges that show a finding, the failed ones first, and how many more there are.
pub(super) fn exchanges(
    report: &Report<'_>,
    finding: &FindingView<'_>,
    lookups: &DnsByFrame<'_>,
) -> (Vec<DrawnExchange>, usize) {
    if finding.stage == Some(Stage::Dns) {
        return questions(report, finding, lookups);
    }
    let failed = |flow: &u32| {
        let verdict = report.audit.judgement.flows.get(*flow as usize);
        verdict.is_some_and(|verdict| matches!(verdict.went, AttemptOutcome::Failed(_)))
    };
    let (bad, rest): (Vec<u32>, Vec<u32>) = finding.flows.iter().copied().partition(failed);
    let flows = bad.iter().chain(&rest).take(MOST_EXCHANGES);
    let shown: Vec<DrawnExchange> = flows
        .filter_map(|flow| report.audit.capture.flow(FlowId(*flow)))
        .map(|flow| of_flow(report, flow))
        .collect();
    let more = finding.flows.len().saturating_sub(shown.len());
    (shown, more)
}

fn of_flow(report: &Report<'_>, flow: &Flow) -> DrawnExchange {
    let mut steps: Vec<(Stamp, Step)> = Vec::new();
    let mut drawn = 0;
    for event in &flow.events {
        drawn += u64::from(event.icmp.is_none());
        steps.push((event.stamp, packet(report, flow, event)));
    }
    for (stamp, own, fact) in &flow.facts {
        let said = said(flow, fact);
        let there = steps
            .iter_mut()
            .find(|(known, _)| known.frame == stamp.frame);
        if let Some((_, step)) = there {
            step.text = format!("{said} ({})", step.text);
            continue;
        }
        drawn += 1;
        let step = Step {
            at: stamp.time,
            frame: report.audit.capture.number(*stamp),
            sender: match own {
                true => StepSender::Initiator,
                false => StepSender::Responder,
            },
            text: said,
            refuses: matches!(fact, StreamFact::Alert { .. }),
        };
        steps.push((*stamp, step));
    }
    steps.sort_by_key(|(stamp, _)| *stamp);
    let all = flow.out.packets + flow.back.packets;
    let cut = steps.len().saturating_sub(MOST_STEPS) as u64;
    let mut steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
    let unanswered = steps
        .last()
        .is_some_and(|last| last.sender == StepSender::Initiator && !last.refuses);
    steps.truncate(MOST_STEPS);
    let end = |end: Endpoint| match flow.transport.has_ports() {
        true => format!("{} port {}", end.ip, end.port),
        false => end.ip.to_string(),
    };
    DrawnExchange {
        initiator: end(flow.initiator),
        responder: end(flow.responder),
        steps,
        omitted: all.saturating_sub(drawn) + cut,
        unanswered,
    }
}

fn packet(report: &Report<'_>, flow: &Flow, event: &Event) -> Step {
    let own = event.side() == flow.initiator_side;
    Step {
        at: event.stamp.time,
        frame: report.audit.capture.number(event.stamp),
        sender: match (&event.icmp, own) {
            (Some(icmp), _) if icmp.from == flow.responder.ip => StepSender::Responder,
            (Some(icmp), _) => StepSender::Device(icmp.from),
            (None, true) => StepSender::Initiator,
            (None, false) => StepSender::Responder,
        },
        text: what(flow, event),
        refuses: matches!(event.kind(), EventKind::Rst | EventKind::IcmpError),
    }
}

/// A packet in words.
fn what(flow: &Flow, event: &Event) -> String {
    let bytes = match event.length {
        0 => String::new(),
        1 => ", 1 byte".to_owned(),
        length => format!(", {length} bytes"),
    };
    match (event.kind(), &event.icmp) {
        (EventKind::Syn, _) => format!("SYN{bytes}"),
        (EventKind::SynAck, _) => format!("SYN, ACK{bytes}"),
        (EventKind::Ack, _) => "ACK".to_owned(),
        (EventKind::Data, _) => {
            let what = flow.app_name().map_or("data", |app| app);
            format!("{what}{bytes}")
        }
        (EventKind::Fin, _) => "FIN".to_owned(),
        (EventKind::Rst, _) => format!("RST, TTL {}", event.ttl),
        (EventKind::IcmpError, Some(icmp)) => {
            let family = if icmp.v6 { "ICMPv6" } else { "ICMP" };
            format!("{family} type {} code {}", icmp.kind, icmp.code)
        }
        (EventKind::IcmpError, None) => "ICMP error".to_owned(),
    }
}

/// What stood in the bytes.
fn said(flow: &Flow, fact: &StreamFact) -> String {
    match fact {
        StreamFact::ClientHello { .. } => {
            let by_hello = |source| matches!(source, NameSource::TlsSni | NameSource::QuicSni);
            let name = flow.names.iter().find(|name| by_hello(name.source));
            name.map_or_else(
                || "ClientHello without a name".to_owned(),
                |name| format!("ClientHello {}", name.fqdn),
            )
        }
        StreamFact::ServerHello { .. } => "ServerHello".to_owned(),
        StreamFact::Certificate { issuer, .. } => format!("certificate by {issuer}"),
        StreamFact::Alert { level, description } => {
            let level = if *level == 2 { "fatal" } else { "warning" };
            format!("TLS alert {description}, {level}")
        }
        StreamFact::HttpPath { path } => format!("HTTP request {path}"),
        StreamFact::HttpStatus { status } => format!("HTTP status {status}"),
        StreamFact::BlockPage { .. } => "block page".to_owned(),
        StreamFact::LdapBind => "bind in clear".to_owned(),
        StreamFact::HeardUnseen => "QUIC goes on: the server was heard".to_owned(),
        StreamFact::QuicUnfinished => "QUIC: a handshake without an end".to_owned(),
    }
}

/// The questions whose frames a finding names, by who asked whom.
fn questions(
    report: &Report<'_>,
    finding: &FindingView<'_>,
    lookups: &DnsByFrame<'_>,
) -> (Vec<DrawnExchange>, usize) {
    let mut asked: Vec<((IpAddr, IpAddr), Vec<&DnsTransaction>)> = Vec::new();
    let stamps = finding
        .proof
        .iter()
        .copied()
        .flatten()
        .chain(&finding.stamps);
    for transaction in stamps.filter_map(|stamp| lookups.0.get(&stamp.frame)) {
        let pair = (transaction.client.ip, transaction.server.ip);
        match asked.iter_mut().find(|(known, _)| *known == pair) {
            Some((_, list)) if list.iter().any(|known| std::ptr::eq(*known, *transaction)) => {}
            Some((_, list)) => list.push(transaction),
            None => asked.push((pair, vec![transaction])),
        }
    }
    let more = asked.len().saturating_sub(MOST_EXCHANGES);
    let exchanges = asked.iter().take(MOST_EXCHANGES);
    let exchanges = exchanges.map(|((client, server), list)| {
        let mut steps: Vec<Step> = list.iter().flat_map(|dns| question(report, dns)).collect();
        steps.sort_by_key(|step| (step.at, step.frame));
        let last = steps.last().map(|step| step.sender);
        let omitted = steps.len().saturating_sub(MOST_STEPS) as u64;
        steps.truncate(MOST_STEPS);
        DrawnExchange {
            initiator: client.to_string(),
            responder: format!("{server} port 53"),
            steps,
            omitted,
            unanswered: last == Some(StepSender::Initiator),
        }
    });
    (exchanges.collect(), more)
}

fn question(report: &Report<'_>, dns: &DnsTransaction) -> Vec<Step> {
    let number = |stamp: Stamp| report.audit.capture.number(stamp);
    let kind = type_name(dns.query_type);
    let name = dns.query.as_ref().map_or(".", |name| name.as_str());
    let asked = dns.queries.iter().map(|stamp| Step {
        at: stamp.time,
        frame: number(*stamp),
        sender: StepSender::Initiator,
        text: format!("{kind}? {name}"),
        refuses: false,
    });
    let answered = dns.answers.iter().map(|(stamp, facts)| {
        let records = facts.records.iter().filter(|record| record.is_answer());
        let addresses: Vec<String> = records
            .filter_map(|record| match &record.data {
                crate::observe::DnsData::Address(ip) => Some(ip.to_string()),
                _ => None,
            })
            .take(2)
            .collect();
        let ede = facts.extended_errors.first();
        let ede = ede.map_or(String::new(), |(code, _)| {
            format!(", extended error {code}")
        });
        let text = format!("{} {}{ede}", rcode_name(facts.rcode), addresses.join(" "));
        Step {
            at: stamp.time,
            frame: number(*stamp),
            sender: StepSender::Responder,
            text: text.trim_end().to_owned(),
            refuses: facts.rcode != 0 || !facts.extended_errors.is_empty(),
        }
    });
    asked.chain(answered).collect()
}
