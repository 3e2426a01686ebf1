//! What answers the first thing that the initiator says.

use std::time::Duration;

use super::super::evidence::{Code, Evidence, Grade};
use super::http::statuses;
use super::{Doubt, TAIL, Went, distinct, failed, said_until, seconds};
use crate::model::{CaptureTime, Stamp};
use crate::observe::{App, Event, EventKind, Flow, NameSource, StreamFact};

/// Connected, the initiator said something, and the responder said nothing.
pub(super) fn after_request(flow: &Flow, end: CaptureTime) -> Went {
    let data = distinct(flow.events_of(EventKind::Data, true));
    let Some(first) = data.first() else {
        return Went::Open(Doubt::Midstream);
    };
    let hello = flow.app.has(App::TLS);
    let nameless = hello && says_no_name(flow);
    let after = |event: &&Event| event.stamp >= first.stamp;
    if let Some(reset) = flow.events_of(EventKind::Rst, false).find(after) {
        let (code, what) = match hello {
            true if nameless => (Code::HelloWithoutName, "a ClientHello without a name"),
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
                if nameless {
                    Code::HelloWithoutName
                } else {
                    Code::HelloFin
                },
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
    let (code, what) = match hello {
        true if nameless => (Code::HelloWithoutName, "a ClientHello without a name"),
        true => (Code::HelloSilent, "the ClientHello"),
        false => (Code::PostAckSilent, "the first data"),
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

/// Whether the hello names no server.
fn says_no_name(flow: &Flow) -> bool {
    flow.facts
        .iter()
        .any(|(_, own, fact)| *own && matches!(fact, StreamFact::ClientHello { named: false, .. }))
}

/// When the initiator's ClientHello was seen, and whether a ServerHello was.
fn hellos(flow: &Flow) -> (Option<Stamp>, Option<(Stamp, u16)>) {
    let (mut client, mut server) = (None, None);
    for (stamp, own, fact) in &flow.facts {
        match fact {
            StreamFact::ClientHello { .. } if *own => client = client.or(Some(*stamp)),
            StreamFact::ServerHello { version } if !own => {
                server = server.or(Some((*stamp, *version)));
            }
            _ => {}
        }
    }
    (client, server)
}

/// HTTP in clear answers the hello. Behind a proxy or STARTTLS the answers in clear come before it.
pub(super) fn plain_answer(flow: &Flow) -> Option<Evidence> {
    let (Some(hello), None) = hellos(flow) else {
        return None;
    };
    if flow
        .names
        .iter()
        .any(|name| name.source == NameSource::HttpConnect)
    {
        return None;
    }
    let (stamp, status) = statuses(flow).find(|(stamp, _)| *stamp > hello)?;
    // What web servers without TLS say to bytes that are no request.
    let grade = if status == 400 { Grade::C } else { Grade::A };
    let words = format!("HTTP status {status} in clear answers the ClientHello");
    Some(Evidence::new(
        Code::PlainAnswer,
        grade,
        [hello, stamp],
        words,
    ))
}

/// Alerts that end a handshake (RFC 8446 section 6.2).
pub(super) fn alert(flow: &Flow) -> Option<Evidence> {
    clear_alert(flow).or_else(|| hidden_alert(flow))
}

fn clear_alert(flow: &Flow) -> Option<Evidence> {
    let (_, server) = hellos(flow);
    flow.facts.iter().find_map(|(stamp, by_initiator, fact)| {
        let StreamFact::Alert {
            level: 2,
            description,
        } = fact
        else {
            return None;
        };
        let (code, grade, who) = match (by_initiator, description) {
            (false, 49) if server.is_none() => (Code::AlertServer, Grade::B, "the server side"),
            (false, _) if server.is_none() => (Code::AlertServer, Grade::C, "the server side"),
            (true, 42 | 46 | 48) => (Code::AlertClient, Grade::B, "the client"),
            // Expired, revoked, unsupported, wrong in itself: as likely the server's or the client's own fault.
            (true, _) if server.is_some() && !finished(flow) => {
                (Code::AlertClient, Grade::C, "the client")
            }
            _ => return None,
        };
        let words = format!("{who} ends the handshake with alert {description}");
        Some(Evidence::new(code, grade, [*stamp], words))
    })
}

/// Whether the handshake went on after the server's flight: a later alert has another cause.
fn finished(flow: &Flow) -> bool {
    const ALERT_RECORD: u64 = 7;
    let said: u64 = flow
        .events_of(EventKind::Data, true)
        .skip(1)
        .map(|event| u64::from(event.length))
        .sum();
    said > ALERT_RECORD
}

/// In TLS 1.3 the client's alert is encrypted: all that it sends after the server's flight is one record of an alert's
/// size (2 bytes, type and tag: 19, behind a header of 5), with or without the 6 bytes of ChangeCipherSpec before it.
fn hidden_alert(flow: &Flow) -> Option<Evidence> {
    const ALERT: u32 = 24;
    const WITH_CHANGE_CIPHER_SPEC: u32 = 30;
    let (Some(_), Some((server, 0x0304))) = hellos(flow) else {
        return None;
    };
    // Only of a connection that was seen from its start and to its end.
    flow.events_of(EventKind::SynAck, false).next()?;
    let fin = flow.events_of(EventKind::Fin, true).next();
    let ended = fin.or_else(|| flow.events_of(EventKind::Rst, true).next())?;
    let end = match fin {
        Some(fin) => fin.sequence.wrapping_add(fin.length),
        None => flow.out.next_sequence()?,
    };
    let after = end.wrapping_sub(said_until(flow, server)?);
    let last = flow.events_of(EventKind::Data, true).last()?;
    matches!(after, ALERT | WITH_CHANGE_CIPHER_SPEC).then(|| {
        let words =
            "the client answers the server's flight with a record of an alert's size and ends"
                .to_owned();
        Evidence::new(
            Code::AlertClient,
            Grade::B,
            [server, last.stamp, ended.stamp],
            words,
        )
    })
}
