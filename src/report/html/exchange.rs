//! What was sent in an attempt, step by step, until it stopped.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::decode::dns::{rcode_name, type_name};
use crate::judge::{AttemptOutcome, Stage};
use crate::model::{CaptureTime, Endpoint, FrameId, Stamp};
use crate::observe::{DnsTransaction, Event, EventKind, Flow, FlowId, NameSource, StreamFact};
use crate::report::Report;
use crate::report::view::FindingView;
use crate::wording::{Phrase, phrase, word};

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
    pub(super) text: Phrase,
    /// It ends the attempt.
    pub(super) refuses: bool,
}

/// One attempt, from its first packet to where it stopped.
#[derive(Clone, Debug)]
pub(super) struct DrawnExchange {
    pub(super) initiator: Phrase,
    pub(super) responder: Phrase,
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
            step.text = phrase!(
                said_in_packet,
                "{said} ({packet})",
                said,
                packet = step.text
            );
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
        true => phrase!(
            address_and_port,
            "{ip} port {port}",
            ip = end.ip,
            port = end.port
        ),
        false => end.ip.to_string().into(),
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
fn what(flow: &Flow, event: &Event) -> Phrase {
    let bytes = match event.length {
        0 => Phrase::default(),
        1 => word!(packet_one_byte, ", 1 byte").into(),
        length => phrase!(packet_bytes, ", {length} bytes", length),
    };
    let with_bytes = |what: Phrase| phrase!(packet_and_bytes, "{what}{bytes}", what, bytes);
    match (event.kind(), &event.icmp) {
        (EventKind::Syn, _) => with_bytes("SYN".into()),
        (EventKind::SynAck, _) => with_bytes("SYN, ACK".into()),
        (EventKind::Ack, _) => "ACK".into(),
        (EventKind::Data, _) => with_bytes(match flow.app_name() {
            Some(app) => app.into(),
            None => word!(packet_data, "data").into(),
        }),
        (EventKind::Fin, _) => "FIN".into(),
        (EventKind::Rst, _) => format!("RST, TTL {}", event.ttl).into(),
        (EventKind::IcmpError, Some(icmp)) => {
            let family = if icmp.v6 { "ICMPv6" } else { "ICMP" };
            phrase!(
                packet_icmp,
                "{family} type {kind} code {code}",
                family,
                kind = icmp.kind,
                code = icmp.code
            )
        }
        (EventKind::IcmpError, None) => word!(packet_icmp_error, "ICMP error").into(),
    }
}

/// What stood in the bytes.
fn said(flow: &Flow, fact: &StreamFact) -> Phrase {
    match fact {
        StreamFact::ClientHello { .. } => {
            let by_hello = |source| matches!(source, NameSource::TlsSni | NameSource::QuicSni);
            let name = flow.names.iter().find(|name| by_hello(name.source));
            name.map_or_else(
                || word!(said_hello_without_name, "ClientHello without a name").into(),
                |name| format!("ClientHello {}", name.fqdn).into(),
            )
        }
        StreamFact::ServerHello { .. } => "ServerHello".into(),
        StreamFact::Certificate { issuer, .. } => {
            phrase!(
                said_certificate,
                "certificate by {issuer}",
                issuer = format_args!("{issuer}")
            )
        }
        StreamFact::Alert { level, description } => match level {
            2 => phrase!(
                said_alert_fatal,
                "TLS alert {description}, fatal",
                description
            ),
            _ => phrase!(
                said_alert_warning,
                "TLS alert {description}, warning",
                description
            ),
        },
        StreamFact::HttpPath { path } => {
            phrase!(
                said_request,
                "HTTP request {path}",
                path = format_args!("{path}")
            )
        }
        StreamFact::HttpStatus { status } => phrase!(said_status, "HTTP status {status}", status),
        StreamFact::BlockPage { .. } => word!(said_block_page, "block page").into(),
        StreamFact::LdapBind => word!(said_bind, "bind in clear").into(),
        StreamFact::HeardUnseen => {
            word!(said_quic_heard, "QUIC goes on: the server was heard").into()
        }
        StreamFact::QuicUnfinished => {
            word!(said_quic_unfinished, "QUIC: a handshake without an end").into()
        }
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
            initiator: client.to_string().into(),
            responder: phrase!(
                address_and_port,
                "{ip} port {port}",
                ip = server,
                port = 53_u16
            ),
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
        text: format!("{kind}? {name}").into(),
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
        let text = format!("{} {}", rcode_name(facts.rcode), addresses.join(" "));
        let text = match facts.extended_errors.first() {
            Some((code, _)) => phrase!(
                said_extended_error,
                "{text}, extended error {code}",
                text,
                code
            ),
            None => text.trim_end().into(),
        };
        Step {
            at: stamp.time,
            frame: number(*stamp),
            sender: StepSender::Responder,
            text,
            refuses: facts.rcode != 0 || !facts.extended_errors.is_empty(),
        }
    });
    asked.chain(answered).collect()
}
