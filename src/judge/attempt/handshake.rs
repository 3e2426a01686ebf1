//! What answers the first thing that the initiator says.

use std::time::Duration;

use super::super::evidence::{Code, Evidence, Grade};
use super::http::statuses;
use super::ladder::{Ladder, behind, data_at};
use super::{AttemptOutcome, InconclusiveReason, TAIL, distinct, said_until, seconds};
use crate::model::{CaptureTime, Stamp};
use crate::observe::{App, Event, EventKind, Flow, NameSource, StreamFact, TlsMark, TlsStep};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

/// A reset, in words.
pub(in super::super) const RESET: &SaidTemplate = word!(said_rst, "RST");

/// Connected, the initiator said something, and the responder said nothing.
pub(super) fn after_request(flow: &Flow, end: CaptureTime) -> AttemptOutcome {
    let Some(first) = flow.events_of(EventKind::Data, true).next() else {
        return AttemptOutcome::Open(InconclusiveReason::Midstream);
    };
    let (what, reset, closed, silent) = match flow.app.has(App::HTTP) {
        true => (
            word!(the_http_request, "the HTTP request"),
            Code::RequestReset,
            Some(Code::RequestFin),
            Code::PostAckSilent,
        ),
        false => (
            word!(the_first_data, "the first data"),
            Code::SynAckReset,
            None,
            Code::PostAckSilent,
        ),
    };
    let asked = Asked {
        what,
        plain: what,
        stamp: first.stamp,
        start: first.sequence,
        end: first.sequence.wrapping_add(first.length),
        reset,
        closed,
        silent,
    };
    unanswered(flow, &asked, end)
}

/// How the TLS handshake went that begins at or after `since`: at the start of the flow, or where a tunnel opened.
/// `None` where nothing is to be said against it: it came to its end, or what would tell is not in the capture.
pub(super) fn judge(flow: &Flow, since: Stamp, end: CaptureTime) -> Option<AttemptOutcome> {
    let ladder = Ladder::of(flow, since)?;
    if !speaks(flow, &ladder) {
        return None;
    }
    if ladder.early {
        // What was said before the answer hides what is said behind it, unless there is none.
        let answer = ladder
            .server
            .filter(|server| ladder.said_all_before(server.stamp))?;
        let refused = refused(flow, answer.stamp).map(AttemptOutcome::failed);
        return Some(refused.unwrap_or_else(|| stopped(flow, &ladder, end)));
    }
    if ladder.is_over(flow) {
        return after_end(flow, &ladder, end);
    }
    let hello = ladder.last_hello();
    let nothing_new =
        ladder.server.is_none() && (ladder.retry.is_none() || ladder.second.is_some());
    if let Some(server) = ladder.server {
        if let Some(evidence) = refused(flow, server.stamp) {
            return Some(AttemptOutcome::failed(evidence));
        }
    } else if nothing_new && said_since(flow, &ladder, &hello) == 0 {
        if unseen_since(flow, &ladder) {
            return Some(AttemptOutcome::Open(InconclusiveReason::FramesMissing));
        }
        return Some(unanswered(flow, &asked(flow, &ladder, hello), end));
    } else if nothing_new && heard_since(flow, &ladder) && !left_unsaid(flow, &ladder) {
        // Answers that are not there to be read.
        return None;
    }
    if let Some(evidence) = flight_lost(flow, &ladder, hello.stamp) {
        return Some(AttemptOutcome::failed(evidence));
    }
    if ladder.server.is_some()
        && ladder.client_is_through()
        && let Some(answer) = ladder.answers.first()
    {
        let asked = last_words(
            word!(the_key_exchange, "the client's key exchange"),
            answer,
            &ladder,
        );
        return Some(unanswered(flow, &asked, end));
    }
    Some(stopped(flow, &ladder, end))
}

/// Whether the client ends the connection and has said nothing behind its hello: whatever the answer was, be it cut off in
/// the capture or no TLS at all, the handshake has not come to its end.
fn left_unsaid(flow: &Flow, ladder: &Ladder) -> bool {
    let fin = flow.events_of(EventKind::Fin, true).next();
    fin.is_some() && ladder.said() == 0
}

/// Whether the hello is seen as part of a connection of which both directions are there.
fn speaks(flow: &Flow, ladder: &Ladder) -> bool {
    let opened = flow.events_of(EventKind::SynAck, false).next().is_some();
    flow.back.packets > 0 && (opened || ladder.server.is_some() || ladder.retry.is_some())
}

/// What the ClientHello that is to be answered asks for.
fn asked(flow: &Flow, ladder: &Ladder, hello: TlsMark) -> Asked {
    let (what, reset, closed, silent) = match ladder.second {
        Some(_) => (
            word!(
                second_hello,
                "the second ClientHello, which the server had asked for,"
            ),
            Code::HelloReset,
            Code::HelloFin,
            Code::HelloSilent,
        ),
        None if says_no_name(flow) => {
            let code = Code::HelloWithoutName;
            (
                word!(a_hello_without_name, "a ClientHello without a name"),
                code,
                code,
                code,
            )
        }
        None => (
            word!(the_client_hello, "the ClientHello"),
            Code::HelloReset,
            Code::HelloFin,
            Code::HelloSilent,
        ),
    };
    Asked {
        what,
        plain: match ladder.second {
            Some(_) => word!(
                second_hello_plain,
                "the second ClientHello, which the server had asked for"
            ),
            None => what,
        },
        stamp: hello.stamp,
        start: hello.start,
        end: hello.end,
        reset,
        closed: Some(closed),
        silent,
    }
}

/// What the client says behind its last hello, to end the handshake.
fn last_words(what: &'static SaidTemplate, answer: &TlsMark, ladder: &Ladder) -> Asked {
    Asked {
        what,
        plain: what,
        stamp: answer.stamp,
        start: answer.start,
        end: answer.start.wrapping_add(ladder.said()),
        reset: Code::HandshakeCut,
        closed: Some(Code::HandshakeCut),
        silent: Code::HandshakeSilent,
    }
}

/// Bytes that the responder said since the initiator sent a hello.
fn said_since(flow: &Flow, ladder: &Ladder, hello: &TlsMark) -> u32 {
    let base = data_at(flow, hello.start).map(|event| event.acknowledgment);
    match (base.or(ladder.base), ladder.server_end) {
        (Some(base), Some(end)) => behind(end, base),
        _ => flow.back.payload_bytes.try_into().unwrap_or(u32::MAX),
    }
}

/// Whether the initiator acknowledges an answer of which nothing was captured.
fn unseen_since(flow: &Flow, ladder: &Ladder) -> bool {
    let hello = ladder.last_hello();
    let base = data_at(flow, hello.start).map(|event| event.acknowledgment);
    let fin = u32::from(flow.events_of(EventKind::Fin, false).next().is_some());
    matches!((base.or(ladder.base), flow.out.highest_ack()), (Some(base), Some(heard))
        if behind(heard.wrapping_sub(fin), base) > 0)
}

/// Whether the initiator acknowledges anything since its hello.
fn heard_since(flow: &Flow, ladder: &Ladder) -> bool {
    ladder.base.is_none() || unseen_since(flow, ladder)
}

/// The server's part of the handshake is on the way and does not reach the client, however long it waits.
fn flight_lost(flow: &Flow, ladder: &Ladder, since: Stamp) -> Option<Evidence> {
    const WAITED: Duration = Duration::from_secs(3);
    let unheard = ladder.unheard(flow);
    let waited = flow.span.1.time.since(since.time);
    if unheard == 0 || waited < WAITED || ladder.client_is_through() {
        return None;
    }
    let heard = flow.out.highest_ack()?;
    let lost = flow
        .events_of(EventKind::Data, false)
        .find(|event| heard.wrapping_sub(event.sequence) < event.length);
    let segment = match lost {
        Some(lost) => phrase!(
            lost_segment,
            "a segment of {length} bytes, ",
            length = lost.length
        ),
        None => Phrase::default(),
    };
    let stamps = [Some(since), lost.map(|lost| lost.stamp), Some(flow.span.1)];
    let words = phrase!(
        flight_not_acknowledged,
        "{segment}{unheard} bytes in all of the server's part of the handshake are never acknowledged by the client within {waited}",
        segment,
        unheard,
        waited = seconds(waited)
    );
    Some(Evidence::new(
        Code::FlightLost,
        Grade::C,
        stamps.into_iter().flatten(),
        words,
    ))
}

/// A fatal alert in clear of the server's behind its ServerHello.
fn refused(flow: &Flow, since: Stamp) -> Option<Evidence> {
    flow.facts.iter().find_map(|(stamp, own, fact)| match fact {
        StreamFact::Alert {
            level: 2,
            description,
        } if !own && *stamp >= since => {
            let words = phrase!(
                server_alert,
                "the server side ends the handshake with alert {description}",
                description
            );
            Some(Evidence::new(Code::AlertServer, Grade::C, [*stamp], words))
        }
        _ => None,
    })
}

/// The handshake is not over, and the client has nothing to say: who ended it?
fn stopped(flow: &Flow, ladder: &Ladder, end: CaptureTime) -> AttemptOutcome {
    let hello = ladder.hello;
    let after = |event: &&Event| event.stamp >= hello.stamp;
    let first = |kind, own| flow.events_of(kind, own).find(after);
    let earliest = |own: bool| {
        let ends = [first(EventKind::Rst, own), first(EventKind::Fin, own)];
        ends.into_iter().flatten().min_by_key(|event| event.stamp)
    };
    let (own, other) = (earliest(true), earliest(false));
    let flight = ladder.server.or(ladder.retry).unwrap_or(hello);
    let answer = match ladder.server.or(ladder.retry) {
        Some(_) => word!(servers_hello, "hello"),
        None => word!(
            servers_answer,
            "answer, which is no hello as far as it is there to be read"
        ),
    };
    match (own, other) {
        (own, Some(other)) if own.is_none_or(|own| other.stamp < own.stamp) => {
            let how = match other.kind() {
                EventKind::Rst => RESET,
                _ => word!(said_fin, "FIN"),
            };
            let words = phrase!(
                handshake_cut,
                "{how} from the server's side {flight} after its {answer}, before the handshake was over",
                how,
                flight = seconds(other.stamp.time.since(flight.stamp.time)),
                answer
            );
            let stamps = [hello.stamp, flight.stamp, other.stamp];
            AttemptOutcome::failed(Evidence::new(Code::HandshakeCut, Grade::C, stamps, words))
        }
        (Some(own), _) => {
            let words = phrase!(
                handshake_left,
                "the client ends the connection {flight} after the server's {answer} and never sends Finished",
                flight = seconds(own.stamp.time.since(flight.stamp.time)),
                answer
            );
            let stamps = [hello.stamp, flight.stamp, own.stamp];
            AttemptOutcome::failed(Evidence::new(Code::HandshakeLeft, Grade::C, stamps, words))
        }
        _ if end.since(flow.span.1.time) < TAIL => {
            AttemptOutcome::Open(InconclusiveReason::CaptureEnd)
        }
        _ => AttemptOutcome::Open(InconclusiveReason::GivenUp),
    }
}

/// Both sides' last messages are there. A client that then leaves without a word has not used what it opened: some
/// that do not trust a certificate look at it only then.
fn after_end(flow: &Flow, ladder: &Ladder, end: CaptureTime) -> Option<AttemptOutcome> {
    let first = |kind, own| flow.events_of(kind, own).next().map(|event| event.stamp);
    let earliest = |own| {
        [first(EventKind::Rst, own), first(EventKind::Fin, own)]
            .into_iter()
            .flatten()
            .min()
    };
    // Finished that is sent again and again and never heard, whatever was sent along behind it.
    let heard = flow.back.highest_ack();
    if let Some(answer) = ladder.answers.first().filter(|answer| {
        heard.is_some_and(|heard| behind(heard, answer.start) == 0) && earliest(false).is_none()
    }) && ladder.version == 0x0304
        && !server_went_on(flow, answer)
    {
        let asked = last_words(
            word!(
                the_last_message,
                "the client's last message of the handshake"
            ),
            answer,
            ladder,
        );
        if let AttemptOutcome::Failed(evidence) = unanswered(flow, &asked, end) {
            return Some(AttemptOutcome::Failed(evidence));
        }
    }
    if ladder.used() {
        return None;
    }
    let own = earliest(true)?;
    earliest(false)
        .is_none_or(|other| own < other)
        .then_some(AttemptOutcome::Open(InconclusiveReason::GivenUp))
}

/// Whether the server said more once the client had given its last message.
fn server_went_on(flow: &Flow, answer: &TlsMark) -> bool {
    flow.events_of(EventKind::Data, false)
        .any(|event| event.stamp > answer.stamp)
        || flow
            .back
            .span()
            .is_some_and(|(_, last)| last > answer.stamp)
}

/// Something that the initiator said and that wants an answer.
struct Asked {
    what: &'static SaidTemplate,
    /// The same before other words.
    plain: &'static SaidTemplate,
    /// When it was first sent.
    stamp: Stamp,
    /// Its first sequence number, and the one behind its last.
    start: u32,
    end: u32,
    /// What a RST, a FIN and silence are called.
    reset: Code,
    closed: Option<Code>,
    silent: Code,
}

impl Asked {
    /// Whether a FIN or RST answers this: not where it acknowledges only what came before.
    fn is_answered_by(&self, event: &Event) -> bool {
        event.acknowledgment == 0 || behind(event.acknowledgment, self.start) > 0
    }
}

/// The initiator said something, and the responder said nothing since.
fn unanswered(flow: &Flow, asked: &Asked, end: CaptureTime) -> AttemptOutcome {
    let ends = |kind, own| flow.events_of(kind, own);
    let given_up = ends(EventKind::Rst, true)
        .chain(ends(EventKind::Fin, true))
        .map(|event| event.stamp)
        .filter(|stamp| *stamp >= asked.stamp)
        .min();
    let before = |event: &&Event| given_up.is_none_or(|gave_up| event.stamp < gave_up);
    let ended = ends(EventKind::Rst, false)
        .chain(ends(EventKind::Fin, false))
        .filter(before);
    if let Some(first) = ended.min_by_key(|event| event.stamp) {
        if first.stamp < asked.stamp || !asked.is_answered_by(first) {
            return too_early(flow, asked, first);
        }
        return match first.kind() {
            EventKind::Rst => {
                let wait = seconds(first.stamp.time.since(asked.stamp.time));
                let words = phrase!(
                    ended_after,
                    "{how} {wait} after {what}",
                    how = RESET,
                    wait,
                    what = asked.what
                );
                let stamps = [asked.stamp, first.stamp];
                AttemptOutcome::failed(Evidence::new(asked.reset, Grade::C, stamps, words))
            }
            _ => match asked.closed {
                Some(code) => {
                    let words = phrase!(fin_answers, "FIN answers {what}", what = asked.plain);
                    let stamps = [asked.stamp, first.stamp];
                    AttemptOutcome::failed(Evidence::new(code, Grade::C, stamps, words))
                }
                None => AttemptOutcome::Open(InconclusiveReason::GivenUp),
            },
        };
    }
    silent(flow, asked, given_up.is_some(), end)
}

/// The server's side ended the connection before it could have heard what was asked.
fn too_early(flow: &Flow, asked: &Asked, first: &Event) -> AttemptOutcome {
    let how = match first.kind() {
        EventKind::Rst => word!(connection_reset, "reset"),
        _ => word!(connection_closed, "closed"),
    };
    let connected = flow.events_of(EventKind::SynAck, false).next();
    let nothing_said = flow
        .events_of(EventKind::Data, true)
        .next()
        .is_some_and(|data| data.sequence == asked.start);
    let code = match nothing_said {
        true => Code::SynAckReset,
        false => asked.closed.unwrap_or(asked.reset),
    };
    let words = phrase!(
        ended_too_early,
        "{how} by the server's side before {what} could reach it",
        how,
        what = asked.plain
    );
    let stamps = connected.into_iter().map(|event| event.stamp);
    let stamps = stamps.chain([first.stamp]);
    AttemptOutcome::failed(Evidence::new(code, Grade::C, stamps, words))
}

/// Nothing came back. Likely stopped on the way where one small part is sent again and again and never acknowledged;
/// a control decides.
fn silent(flow: &Flow, asked: &Asked, given_up: bool, end: CaptureTime) -> AttemptOutcome {
    /// What every path carries (RFC 8200 section 5: 1280 bytes).
    const FITS: u32 = 1220;
    let heard = flow.back.highest_ack();
    let length = behind(asked.end, asked.start);
    // The part that is not acknowledged.
    let lost = heard
        .filter(|heard| heard.wrapping_sub(asked.start) < length)
        .unwrap_or(asked.start);
    let unheard = heard.is_none_or(|heard| behind(asked.end, heard) > 0);
    let data = flow.events_of(EventKind::Data, true);
    let again = distinct(data.filter(|event| {
        event.stamp >= asked.stamp && lost.wrapping_sub(event.sequence) < event.length
    }));
    let waited = flow.span.1.time.since(asked.stamp.time);
    let enough =
        again.len() >= 3 && waited >= Duration::from_secs(1) || waited >= Duration::from_secs(5);
    if !enough {
        let near_end = end.since(flow.span.1.time) < TAIL;
        return AttemptOutcome::Open(if near_end && !given_up {
            InconclusiveReason::CaptureEnd
        } else {
            InconclusiveReason::GivenUp
        });
    }
    let small = again.iter().all(|event| event.length <= FITS);
    let lost_again = unheard && small && again.len() >= 3;
    let grade = match asked.silent {
        Code::HelloSilent | Code::HandshakeSilent if lost_again => Grade::B,
        _ => Grade::C,
    };
    let words = match again.len() {
        0 | 1 => phrase!(was_sent, "{what} was sent", what = asked.what),
        times => phrase!(
            was_sent_times,
            "{what} was sent {times} times",
            what = asked.what,
            times
        ),
    };
    let waited = seconds(waited);
    let words = match unheard {
        true => phrase!(
            no_data_within,
            "{words}, no data came back within {waited}",
            words,
            waited
        ),
        false => phrase!(
            no_data_though_acknowledged,
            "{words}, no data came back within {waited}, although it was acknowledged",
            words,
            waited
        ),
    };
    let stamps = again.iter().map(|event| event.stamp).chain([asked.stamp]);
    AttemptOutcome::failed(Evidence::new(asked.silent, grade, stamps, words))
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
            StreamFact::ServerHello { version, .. } if !own => {
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
    let words = phrase!(
        plain_status_answers,
        "HTTP status {status} in clear answers the ClientHello",
        status
    );
    Some(Evidence::new(
        Code::PlainAnswer,
        grade,
        [hello, stamp],
        words,
    ))
}

/// Alerts that end a handshake (RFC 8446 section 6.2).
pub(super) fn alert(flow: &Flow) -> Option<Evidence> {
    if flow.facts.is_empty() {
        return None;
    }
    clear_alert(flow)
        .or_else(|| hidden_alert(flow))
        .or_else(|| refused_after_flight(flow))
}

fn clear_alert(flow: &Flow) -> Option<Evidence> {
    flow.facts.iter().find_map(|(stamp, by_initiator, fact)| {
        let StreamFact::Alert {
            level: 2,
            description,
        } = fact
        else {
            return None;
        };
        let (_, server) = hellos(flow);
        let (code, grade, who) = match (by_initiator, description) {
            (false, 49) if server.is_none() => (
                Code::AlertServer,
                Grade::B,
                word!(the_server_side, "the server side"),
            ),
            (false, _) if server.is_none() => (
                Code::AlertServer,
                Grade::C,
                word!(the_server_side, "the server side"),
            ),
            // Up to TLS 1.2 all is in clear until the server changes its cipher: it does not take what the client said.
            (false, _) if !server_changed_cipher(flow) => (
                Code::AlertServer,
                Grade::C,
                word!(
                    the_server_behind_flight,
                    "the server, behind the client's flight,"
                ),
            ),
            (true, 42 | 46 | 48) => (Code::AlertClient, Grade::B, word!(the_client, "the client")),
            // Expired, revoked, unsupported, wrong in itself: as likely the server's or the client's own fault.
            (true, _) if server.is_some() && !finished(flow) => {
                (Code::AlertClient, Grade::C, word!(the_client, "the client"))
            }
            _ => return None,
        };
        let words = phrase!(
            alert_by,
            "{who} ends the handshake with alert {description}",
            who,
            description
        );
        Some(Evidence::new(code, grade, [*stamp], words))
    })
}

fn server_changed_cipher(flow: &Flow) -> bool {
    let mut marks = flow.tls.iter();
    marks.any(|mark| {
        mark.side != flow.initiator_side
            && matches!(
                mark.step,
                TlsStep::CipherChange | TlsStep::Finished | TlsStep::Data
            )
    })
}

/// In TLS 1.3 a server that does not take the client's flight says so in a record of an alert's size, at once, and ends:
/// it is all that it says behind its own flight. One that closes later, or because the client did, has said goodbye.
fn refused_after_flight(flow: &Flow) -> Option<Evidence> {
    const ALERT: u32 = 24;
    const AT_ONCE: Duration = Duration::from_secs(1);
    let fin = flow.events_of(EventKind::Fin, false).next()?;
    let (Some(_), Some((server, 0x0304))) = hellos(flow) else {
        return None;
    };
    let mut said = flow.events_of(EventKind::Data, true);
    let flight = said.find(|event| event.stamp > server)?;
    let end = fin.sequence.wrapping_add(fin.length);
    let own = [EventKind::Fin, EventKind::Rst].map(|kind| flow.events_of(kind, true).next());
    let client_first = own.into_iter().flatten().any(|own| own.stamp < fin.stamp);
    let wait = fin.stamp.time.since(flight.stamp.time);
    let alert = end.wrapping_sub(flight.acknowledgment) == ALERT;
    (alert && !client_first && fin.stamp > flight.stamp && wait <= AT_ONCE).then(|| {
        let words = word!(
            server_answers_with_alert_size,
            "the server answers the client's flight with a record of an alert's size and ends"
        );
        Evidence::new(
            Code::AlertServer,
            Grade::C,
            [flight.stamp, fin.stamp],
            words.into(),
        )
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
    // Only of a connection that was seen from its start and to its end.
    flow.events_of(EventKind::SynAck, false).next()?;
    let fin = flow.events_of(EventKind::Fin, true).next();
    let ended = fin.or_else(|| flow.events_of(EventKind::Rst, true).next())?;
    let (Some(_), Some((server, 0x0304))) = hellos(flow) else {
        return None;
    };
    let end = match fin {
        Some(fin) => fin.sequence.wrapping_add(fin.length),
        None => flow.out.next_sequence()?,
    };
    let after = end.wrapping_sub(said_until(flow, server)?);
    let last = flow.events_of(EventKind::Data, true).last()?;
    matches!(after, ALERT | WITH_CHANGE_CIPHER_SPEC).then(|| {
        let words = word!(
            client_answers_with_alert_size,
            "the client answers the server's flight with a record of an alert's size and ends"
        )
        .into();
        Evidence::new(
            Code::AlertClient,
            Grade::B,
            [server, last.stamp, ended.stamp],
            words,
        )
    })
}
