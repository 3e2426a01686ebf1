//! How one flow went as a try to reach something, from its own packets alone.

use std::collections::BTreeSet;
use std::time::Duration;

use super::evidence::{Code, Evidence, Grade, Stage};
use crate::model::{CaptureTime, Stamp, Transport};
use crate::observe::{App, Event, EventKind, Flow, NameSource, StreamFact};

/// Retries closer than this are copies of one packet, as a mirror port makes them.
const COPY: Duration = Duration::from_millis(1);

/// An attempt that ends within this time of the capture's end may have gone on.
const TAIL: Duration = Duration::from_secs(10);

/// How a flow went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Went {
    /// The responder answered in substance.
    Succeeded,
    /// Sent with a protocol that never answers.
    Sent,
    /// It failed, and this shows it. Grades are those of the flow alone; controls may raise them.
    Failed(Evidence),
    /// It cannot be told.
    Open(Doubt),
}

/// Why it cannot be told how a flow went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// Only one direction is there although the other must have been.
    OneWay,
    /// The capture ends too soon after the try.
    CaptureEnd,
    /// The flow was under way when the capture began.
    Midstream,
    /// Connected, but nothing was said: a race lost or a try given up.
    NothingSaid,
    /// The initiator gave up first.
    GivenUp,
}

impl Doubt {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::OneWay => "only one direction was captured",
            Self::CaptureEnd => "the capture ends too soon after it",
            Self::Midstream => "the capture begins in the middle of it",
            Self::NothingSaid => "connected, but neither side said anything",
            Self::GivenUp => "the initiator gave up first",
        }
    }
}

/// Tells how a flow went. `end` is when the capture ends.
#[must_use]
pub(super) fn went(flow: &Flow, end: CaptureTime) -> Went {
    match flow.transport {
        Transport::Tcp => tcp(flow, end),
        Transport::Udp => udp(flow, end),
        _ if flow.back.packets > 0 => Went::Succeeded,
        _ => Went::Sent,
    }
}

fn tcp(flow: &Flow, end: CaptureTime) -> Went {
    if let Some(evidence) = proxy_refusal(flow, end)
        .or_else(|| alert(flow))
        .or_else(|| http_block(flow))
    {
        return Went::Failed(evidence);
    }
    if flow.back.payload_bytes > 0 {
        return Went::Succeeded;
    }
    if let Some(evidence) = icmp(
        flow,
        Code::IcmpProhibited,
        Code::IcmpPort,
        Code::IcmpUnreachable,
    ) {
        return Went::Failed(evidence);
    }
    let connected = flow.events_of(EventKind::SynAck, false).next().is_some();
    if connected {
        return if flow.out.payload_bytes > 0 {
            after_request(flow, end)
        } else {
            after_handshake(flow)
        };
    }
    if !flow.opened {
        return Went::Open(if flow.back.packets == 0 {
            Doubt::OneWay
        } else {
            Doubt::Midstream
        });
    }
    if let Some(reset) = flow.events_of(EventKind::Rst, false).next() {
        let words = "RST answers the SYN".to_owned();
        let syn = flow.events_of(EventKind::Syn, true).next();
        return failed(
            Code::SynReset,
            Grade::C,
            syn.into_iter().chain([reset]),
            words,
        );
    }
    syn_only(flow, end)
}

/// SYN sent, nothing that belongs to a handshake came back.
fn syn_only(flow: &Flow, end: CaptureTime) -> Went {
    let spoke_on =
        flow.events_of(EventKind::Ack, true).next().is_some() || flow.out.payload_bytes > 0;
    if flow.back.packets > 0 || spoke_on {
        // Acknowledging or talking without an answer in sight: the other direction takes another way.
        return Went::Open(Doubt::OneWay);
    }
    let syns = distinct(flow.events_of(EventKind::Syn, true));
    let (Some(first), Some(last)) = (syns.first(), syns.last()) else {
        return Went::Open(Doubt::OneWay);
    };
    let gave_up = flow.events_of(EventKind::Rst, true).next().is_some()
        || flow.events_of(EventKind::Fin, true).next().is_some();
    if gave_up {
        return Went::Open(Doubt::GivenUp);
    }
    let over = last.stamp.time.since(first.stamp.time);
    let enough = syns.len() >= 3 && over >= Duration::from_secs(3);
    if !enough && end.since(last.stamp.time) < TAIL {
        return Went::Open(Doubt::CaptureEnd);
    }
    let grade = if enough { Grade::B } else { Grade::C };
    let times = if syns.len() == 1 {
        "once".to_owned()
    } else {
        format!("{} times over {}", syns.len(), seconds(over))
    };
    failed(
        Code::SynSilent,
        grade,
        syns.iter().copied(),
        format!("SYN sent {times}, nothing came back"),
    )
}

/// Connected, and neither side said anything.
fn after_handshake(flow: &Flow) -> Went {
    let first = |kind, by_initiator| flow.events_of(kind, by_initiator).next();
    let given_up = [first(EventKind::Rst, true), first(EventKind::Fin, true)]
        .into_iter()
        .flatten();
    let given_up = given_up.map(|event| event.stamp).min();
    match first(EventKind::Rst, false) {
        Some(reset) if given_up.is_none_or(|gave_up| reset.stamp < gave_up) => failed(
            Code::SynAckReset,
            Grade::C,
            [reset],
            "RST right after the handshake".to_owned(),
        ),
        _ => Went::Open(Doubt::NothingSaid),
    }
}

/// Connected, the initiator said something, and the responder said nothing.
fn after_request(flow: &Flow, end: CaptureTime) -> Went {
    let data = distinct(flow.events_of(EventKind::Data, true));
    let Some(first) = data.first() else {
        return Went::Open(Doubt::Midstream);
    };
    let hello = flow.app.has(App::TLS);
    let after = |event: &&Event| event.stamp >= first.stamp;
    if let Some(reset) = flow.events_of(EventKind::Rst, false).find(after) {
        let (code, what) = match hello {
            true => (Code::HelloReset, "the ClientHello"),
            false if flow.app.has(App::HTTP) => (Code::RequestReset, "the HTTP request"),
            false => (Code::SynAckReset, "the first data"),
        };
        let wait = reset.stamp.time.since(first.stamp.time);
        return failed(
            code,
            Grade::C,
            [*first, reset],
            format!("RST {} after {what}", seconds(wait)),
        );
    }
    let given_up = flow.events_of(EventKind::Rst, true).next().is_some();
    if let Some(fin) = flow.events_of(EventKind::Fin, false).find(after) {
        let asked_first = flow
            .events_of(EventKind::Fin, true)
            .next()
            .is_some_and(|own| own.stamp < fin.stamp);
        return match hello && !asked_first && !given_up {
            true => failed(
                Code::HelloFin,
                Grade::C,
                [*first, fin],
                "FIN answers the ClientHello".to_owned(),
            ),
            false => Went::Open(Doubt::GivenUp),
        };
    }
    let again: Vec<&Event> = data
        .iter()
        .copied()
        .filter(|event| event.sequence == first.sequence)
        .collect();
    let waited = flow.span.1.time.since(first.stamp.time);
    let enough =
        again.len() >= 3 && waited >= Duration::from_secs(1) || waited >= Duration::from_secs(5);
    if !enough {
        let near_end = end.since(flow.span.1.time) < TAIL;
        return Went::Open(if near_end && !given_up {
            Doubt::CaptureEnd
        } else {
            Doubt::GivenUp
        });
    }
    let code = if hello {
        Code::HelloSilent
    } else {
        Code::PostAckSilent
    };
    let what = if hello {
        "the ClientHello"
    } else {
        "the first data"
    };
    let times = if again.len() > 1 {
        format!("{what} was sent {} times", again.len())
    } else {
        format!("{what} was sent")
    };
    failed(
        code,
        Grade::C,
        again,
        format!("{times}, no data came back within {}", seconds(waited)),
    )
}

fn udp(flow: &Flow, end: CaptureTime) -> Went {
    if flow.back.packets > 0 {
        return Went::Succeeded;
    }
    if let Some(mut evidence) = icmp(
        flow,
        Code::UdpProhibited,
        Code::UdpUnreachable,
        Code::UdpUnreachable,
    ) {
        if evidence.code == Code::UdpUnreachable {
            evidence.grade = Grade::C; // a closed UDP port is told by ICMP, so a filter is only one cause
        }
        return Went::Failed(evidence);
    }
    let answers = flow.app.has(App::DNS)
        || flow.app.has(App::NTP)
        || flow.app.has(App::QUIC)
        || matches!(flow.responder.port, 53 | 123);
    if !answers {
        return Went::Sent;
    }
    let waited = end.since(flow.span.1.time);
    if flow.out.packets < 2 && waited < TAIL {
        return Went::Open(Doubt::CaptureEnd);
    }
    let (first, last) = flow.span;
    let stamps = if first == last {
        vec![first]
    } else {
        vec![first, last]
    };
    let sent = match flow.out.packets {
        1 => "1 datagram".to_owned(),
        count => format!("{count} datagrams"),
    };
    let words = format!("{sent} sent, nothing came back");
    Went::Failed(Evidence {
        code: Code::UdpSilent,
        grade: Grade::C,
        stamps,
        words,
        by: None,
        control: None,
    })
}

/// ICMP errors that quote the initiator's packets (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1).
fn icmp(flow: &Flow, prohibited: Code, port: Code, unreachable: Code) -> Option<Evidence> {
    let quoted_is_ours = |event: &&Event| {
        // A quoted sequence number that the initiator never sent: forged, or of another connection.
        let Some(detail) = event.icmp else {
            return false;
        };
        flow.transport != Transport::Tcp || !detail.quotes_sequence || sent(flow, event.sequence)
    };
    let mut best: Option<Evidence> = None;
    for event in flow
        .events_of(EventKind::IcmpError, true)
        .filter(quoted_is_ours)
    {
        let Some(detail) = event.icmp else { continue };
        let (code, grade, what) = match (detail.v6, detail.kind, detail.code) {
            (false, 3, 9 | 10 | 13) | (true, 1, 1 | 5 | 6) => {
                (prohibited, Grade::A, "administratively prohibited")
            }
            (false, 3, 3) | (true, 1, 4) => (port, Grade::B, "port unreachable"),
            (false, 3, 4) | (true, 2, _) => continue, // "fragmentation needed" is path MTU discovery at work
            (false, 3 | 11, _) | (true, 1 | 3, _) => (unreachable, Grade::C, "unreachable"),
            _ => continue,
        };
        let version = if detail.v6 { "ICMPv6" } else { "ICMP" };
        let words = format!(
            "{version} type {} code {} ({what}) from {}",
            detail.kind, detail.code, detail.from
        );
        let evidence = Evidence {
            code,
            grade,
            stamps: vec![event.stamp],
            words,
            by: Some(detail.from),
            control: None,
        };
        if best.as_ref().is_none_or(|best| evidence.grade < best.grade) {
            best = Some(evidence);
        }
    }
    best
}

/// Whether the initiator sent something at a sequence number, as far as kept packets and the range tell.
fn sent(flow: &Flow, sequence: u32) -> bool {
    let starts: Vec<u32> = flow
        .events
        .iter()
        .filter(|e| e.kind != EventKind::IcmpError)
        .map(|e| e.sequence)
        .collect();
    let kept = flow
        .events_of(EventKind::Syn, true)
        .chain(flow.events_of(EventKind::Data, true));
    let first = kept
        .map(|event| event.sequence)
        .min_by_key(|s| s.wrapping_sub(starts[0]));
    match (first, flow.out.next_sequence()) {
        (Some(first), Some(next)) => sequence.wrapping_sub(first) <= next.wrapping_sub(first),
        _ => true, // nothing of the initiator was captured: the quote is all there is
    }
}

fn proxy_refusal(flow: &Flow, end: CaptureTime) -> Option<Evidence> {
    let connect = flow
        .names
        .iter()
        .find(|name| name.source == NameSource::HttpConnect)?;
    let statuses: Vec<(Stamp, u16)> = statuses(flow)
        .filter(|(stamp, _)| *stamp >= connect.at)
        .collect();
    if statuses
        .iter()
        .any(|(_, status)| (200..300).contains(status))
    {
        return None;
    }
    // A hello through the tunnel: the proxy let it through, whatever of its answers is missing.
    let tunnelled = flow
        .facts
        .iter()
        .any(|(_, own, fact)| *own && matches!(fact, StreamFact::ClientHello { .. }));
    if tunnelled {
        return None;
    }
    let (stamp, status) = *statuses.last()?;
    let (code, grade) = match status {
        // The first 407 is only the challenge: the client answers it in a moment, if the capture goes on.
        407 if end.since(flow.span.1.time) < TAIL => (Code::ProxyRefused, Grade::C),
        403 | 407 => (Code::ProxyRefused, Grade::B),
        502..=504 => (Code::ProxyFailed, Grade::C),
        400.. => (Code::ProxyRefused, Grade::C),
        _ => return None,
    };
    let words = format!("the proxy answers CONNECT with status {status}");
    Some(Evidence {
        code,
        grade,
        stamps: vec![connect.at, stamp],
        words,
        by: Some(flow.responder.ip),
        control: None,
    })
}

/// The answers of a forward proxy to requests that it passes on itself: all of them refusals. The origin may have
/// given a 403 too, so this is a failure whose author cannot be told.
pub(super) fn refused_behind_proxy(flow: &Flow) -> Option<Evidence> {
    let all: Vec<(Stamp, u16)> = statuses(flow).collect();
    let (stamp, status) = *all.last()?;
    let refused = |(_, status): &(Stamp, u16)| matches!(status, 403 | 407 | 502..=504);
    all.iter().all(refused).then(|| Evidence {
        code: if status < 500 {
            Code::ProxyRefused
        } else {
            Code::ProxyFailed
        },
        grade: Grade::C,
        stamps: vec![stamp],
        words: format!("the proxy answers with status {status}"),
        by: Some(flow.responder.ip),
        control: None,
    })
}

fn http_block(flow: &Flow) -> Option<Evidence> {
    let (stamp, status) = statuses(flow).find(|(_, status)| matches!(status, 451 | 511))?;
    let words = format!("HTTP status {status}");
    Some(Evidence {
        code: Code::HttpBlocked,
        grade: Grade::B,
        stamps: vec![stamp],
        words,
        by: None,
        control: None,
    })
}

fn statuses(flow: &Flow) -> impl Iterator<Item = (Stamp, u16)> + '_ {
    flow.facts
        .iter()
        .filter_map(|(stamp, by_initiator, fact)| match fact {
            StreamFact::HttpStatus { status } if !by_initiator => Some((*stamp, *status)),
            _ => None,
        })
}

/// Alerts in clear that end a handshake (RFC 8446 section 6.2).
fn alert(flow: &Flow) -> Option<Evidence> {
    let server_spoke = flow
        .facts
        .iter()
        .any(|(_, own, fact)| !own && matches!(fact, StreamFact::ServerHello { .. }));
    flow.facts.iter().find_map(|(stamp, by_initiator, fact)| {
        let StreamFact::Alert {
            level: 2,
            description,
        } = fact
        else {
            return None;
        };
        let (code, grade, who) = match (by_initiator, description) {
            (false, 49) if !server_spoke => (Code::AlertServer, Grade::B, "the server side"),
            (false, _) if !server_spoke => (Code::AlertServer, Grade::C, "the server side"),
            (true, 42 | 46 | 48) => (Code::AlertClient, Grade::B, "the client"),
            _ => return None,
        };
        let words = format!("{who} ends the handshake with alert {description}");
        Some(Evidence {
            code,
            grade,
            stamps: vec![*stamp],
            words,
            by: None,
            control: None,
        })
    })
}

/// Events that are no copies of each other.
fn distinct<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<&'a Event> {
    let mut out: Vec<&Event> = Vec::new();
    for event in events {
        let copy = |seen: &&Event| {
            seen.sequence == event.sequence && event.stamp.time.since(seen.stamp.time) <= COPY
        };
        if !out.iter().any(copy) {
            out.push(event);
        }
    }
    out
}

fn failed<'a>(
    code: Code,
    grade: Grade,
    events: impl IntoIterator<Item = &'a Event>,
    words: String,
) -> Went {
    let stamps: BTreeSet<Stamp> = events.into_iter().map(|event| event.stamp).collect();
    let stamps = stamps.into_iter().collect();
    Went::Failed(Evidence {
        code,
        grade,
        stamps,
        words,
        by: None,
        control: None,
    })
}

/// A duration for people: `3.1 s`, `12 ms`.
#[must_use]
pub(super) fn seconds(duration: Duration) -> String {
    if duration >= Duration::from_secs(1) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

/// The stage at which a flow was stopped: that of its evidence, but datagrams to 443 are QUIC.
#[must_use]
pub(super) fn stage(flow: &Flow, evidence: &Evidence) -> Stage {
    match evidence.code.stage() {
        Stage::Udp if flow.app.has(App::QUIC) => Stage::Quic,
        stage => stage,
    }
}
