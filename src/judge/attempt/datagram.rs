//! UDP flows: requests of protocols that answer, and those that never do.

use std::time::Duration;

use super::super::evidence::{Code, Evidence, Grade};
use super::super::resolvers::ONE_TRY;
use super::{AttemptOutcome, InconclusiveReason, TAIL, icmp, seconds};
use crate::model::CaptureTime;
use crate::observe::{App, Flow, StreamFact};
use crate::wording::{phrase, word};

pub(super) fn went(flow: &Flow, end: CaptureTime) -> AttemptOutcome {
    let quic = flow.app.has(App::QUIC);
    if quic && let Some(evidence) = closed(flow) {
        return AttemptOutcome::failed(evidence);
    }
    if flow.back.packets > 0 {
        let open = quic.then(|| unfinished(flow, end)).flatten();
        return open.unwrap_or(AttemptOutcome::Succeeded);
    }
    let heard = |(_, own, fact): &(_, bool, _)| *own && *fact == StreamFact::HeardUnseen;
    if quic && flow.facts.iter().any(heard) {
        // The way back does not pass the tap.
        return AttemptOutcome::Open(InconclusiveReason::OneWay);
    }
    let codes = if quic {
        icmp::Codes {
            prohibited: Code::QuicIcmp,
            port: Code::QuicIcmp,
            unreachable: Code::QuicIcmp,
        }
    } else {
        icmp::Codes {
            prohibited: Code::UdpProhibited,
            port: Code::UdpUnreachable,
            unreachable: Code::UdpUnreachable,
        }
    };
    if let Some(mut evidence) = icmp::icmp(flow, codes) {
        // A closed UDP port is told by ICMP, so a filter is only one cause.
        if evidence.grade == Grade::B {
            evidence.grade = Grade::C;
        }
        return AttemptOutcome::failed(evidence);
    }
    let answers = quic
        || flow.app.has(App::DNS)
        || flow.app.has(App::NTP)
        || matches!(flow.responder.port, 53 | 123);
    if !answers {
        return AttemptOutcome::Sent;
    }
    let waited = end.since(flow.span.1.time);
    let enough = if quic { 3 } else { 2 };
    // What is sent in one moment is one try: A and AAAA from one port, to a resolver that may be slow.
    let burst = !quic && flow.span.1.time.since(flow.span.0.time) < ONE_TRY;
    if (flow.out.packets < enough || burst) && waited < TAIL {
        return AttemptOutcome::Open(InconclusiveReason::CaptureEnd);
    }
    let (first, last) = flow.span;
    let (code, what) = match quic {
        true => (
            Code::QuicSilent,
            word!(quic_datagrams, "datagrams with QUIC"),
        ),
        false => (Code::UdpSilent, word!(plain_datagrams, "datagrams")),
    };
    let sent = match flow.out.packets {
        1 => word!(one_datagram_sent, "1 datagram was sent").into(),
        packets => phrase!(datagrams_sent, "{packets} {what} were sent", packets, what),
    };
    let words = phrase!(datagrams_unanswered, "{sent}, nothing came back", sent);
    AttemptOutcome::failed(Evidence::new(code, Grade::C, [first, last], words))
}

/// A handshake that was answered and did not come to its end; `None` where nothing says so.
fn unfinished(flow: &Flow, end: CaptureTime) -> Option<AttemptOutcome> {
    /// The client's part takes so long before that counts.
    const STALL: Duration = Duration::from_secs(2);
    let open = |(_, own, fact): &&(_, bool, _)| *own && *fact == StreamFact::QuicUnfinished;
    let (asked, ..) = flow.facts.iter().find(open)?;
    let (_, last) = flow.out.span()?;
    let waited = last.time.since(asked.time);
    if waited < STALL {
        // Clients stop here that have TCP, or that do not like the certificate: they say so under the new keys.
        let doubt = match end.since(flow.span.1.time) < TAIL {
            true => InconclusiveReason::CaptureEnd,
            false => InconclusiveReason::GivenUp,
        };
        return Some(AttemptOutcome::Open(doubt));
    }
    let words = phrase!(
        quic_goes_on,
        "the server answers the QUIC handshake, and the client goes on for {waited} without its end",
        waited = seconds(waited)
    );
    let stamps = [*asked, last];
    Some(AttemptOutcome::failed(Evidence::new(
        Code::QuicHalf,
        Grade::C,
        stamps,
        words,
    )))
}

/// The server side closes the handshake in an Initial packet.
fn closed(flow: &Flow) -> Option<Evidence> {
    flow.facts.iter().find_map(|(stamp, own, fact)| match fact {
        StreamFact::Alert { description, .. } if !own => {
            let words = phrase!(
                quic_closed_by_alert,
                "the server side closes the QUIC handshake with alert {description}",
                description
            );
            let evidence = Evidence::new(Code::QuicClosed, Grade::C, [flow.span.0, *stamp], words);
            Some(evidence)
        }
        _ => None,
    })
}
