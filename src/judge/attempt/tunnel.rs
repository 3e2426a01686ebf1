//! A tunnel through a proxy: what the proxy says to the request for it, and what is said inside. That the proxy grants
//! it opens the next stage and proves nothing of what lies behind.

use std::time::Duration;

use super::super::evidence::{Code, Evidence, Grade};
use super::ladder::behind;
use super::{AttemptOutcome, InconclusiveReason, TAIL, seconds};
use crate::model::{CaptureTime, Stamp};
use crate::observe::{Answer, Asking, EventKind, Exchange, Flow, StreamFact};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

/// How long an answer is waited for before its absence counts.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the tunnel went that the initiator asked for; `None` where the flow itself has to tell, as of one that did not
/// even connect, of which one direction is missing, or where the far end answered inside.
pub(super) fn went(flow: &Flow, asked: &Exchange, end: CaptureTime) -> Option<AttemptOutcome> {
    if asked.tunnel.is_some() {
        return on_stream(flow, asked, end);
    }
    let hello = flow.facts.iter().find(|(stamp, own, fact)| {
        *own && *stamp >= asked.asked && matches!(fact, StreamFact::ClientHello { .. })
    });
    let hello = hello.map(|(stamp, ..)| *stamp);
    match &asked.answer {
        Some((_, answer)) if answer.grants() => through(flow, asked, hello, end),
        // Whoever says hello was let through, whatever of the proxy's answers is missing.
        _ if hello.is_some() => None,
        Some((stamp, answer)) => {
            refusal(flow, asked, (*stamp, answer), end).map(AttemptOutcome::failed)
        }
        None => unanswered(flow, asked, end),
    }
}

/// What the proxy's refusal says.
fn refusal(
    flow: &Flow,
    asked: &Exchange,
    (stamp, answer): (Stamp, &Answer),
    end: CaptureTime,
) -> Option<Evidence> {
    let what = match asked.how {
        Asking::Socks => word!(the_socks_request, "the SOCKS request"),
        _ => word!(the_connect, "CONNECT"),
    };
    let (code, grade, login, said) = match answer {
        Answer::Status { status, told } => {
            let told = told.as_deref();
            let denial = told.and_then(|told| told.denial.as_ref());
            let page = denial.map_or(Phrase::default(), |by| {
                phrase!(and_page_of, " and a page of {by}", by = by.by)
            });
            let (code, grade, login) = match status {
                // The first 407 is only the challenge: the client answers it in a moment, if the capture goes on.
                401 | 407 if end.since(flow.span.1.time) < TAIL => {
                    (Code::ProxyRefused, Grade::C, true)
                }
                401 | 407 => (Code::ProxyRefused, Grade::B, true),
                // Whatever the page says in detail, it is the proxy's own: behind it nobody was asked.
                _ if denial.is_some() => (Code::ProxyRefused, Grade::A, false),
                451 | 511 => (Code::ProxyRefused, Grade::A, false),
                403 => (Code::ProxyRefused, Grade::B, false),
                502..=504 => (Code::ProxyFailed, Grade::C, false),
                300.. => (Code::ProxyRefused, Grade::C, false),
                _ => return None,
            };
            (
                code,
                grade,
                login,
                phrase!(status_and_page, "status {status}{page}", status, page),
            )
        }
        Answer::Unread => return None,
        Answer::Socks5(reply) => {
            let (code, grade, meaning) = socks_5(*reply);
            (
                code,
                grade,
                false,
                phrase!(socks_reply, "reply {reply} ({meaning})", reply, meaning),
            )
        }
        Answer::Socks4(reply) => {
            let said = phrase!(
                socks_reply_rejected,
                "reply {reply} (rejected or failed)",
                reply
            );
            (Code::ProxyRefused, Grade::C, *reply > 91, said)
        }
        Answer::SocksLogin => {
            let said: Phrase = word!(socks_login_refused, "that the login will not do").into();
            (Code::ProxyRefused, Grade::B, true, said)
        }
    };
    Some(Evidence {
        by: Some(flow.responder.ip),
        login,
        ..Evidence::new(
            code,
            grade,
            [asked.asked, stamp],
            phrase!(
                proxy_answers,
                "the proxy answers {what} with {said}",
                what,
                said
            ),
        )
    })
}

/// What a reply of SOCKS 5 means (RFC 1928 section 6).
const fn socks_5(reply: u8) -> (Code, Grade, &'static SaidTemplate) {
    match reply {
        2 => (
            Code::ProxyRefused,
            Grade::A,
            word!(socks_not_allowed, "connection not allowed by its rule set"),
        ),
        3 => (
            Code::ProxyFailed,
            Grade::C,
            word!(socks_network, "network unreachable"),
        ),
        4 => (
            Code::ProxyFailed,
            Grade::C,
            word!(socks_host, "host unreachable"),
        ),
        5 => (
            Code::ProxyFailed,
            Grade::C,
            word!(socks_refused, "connection refused by the destination"),
        ),
        6 => (Code::ProxyFailed, Grade::C, word!(socks_ttl, "TTL expired")),
        7 => (
            Code::ProxyRefused,
            Grade::C,
            word!(socks_command, "command not supported"),
        ),
        8 => (
            Code::ProxyRefused,
            Grade::C,
            word!(socks_address, "address type not supported"),
        ),
        _ => (
            Code::ProxyFailed,
            Grade::C,
            word!(socks_failure, "general failure"),
        ),
    }
}

/// The proxy took the request and said nothing to it.
fn unanswered(flow: &Flow, asked: &Exchange, end: CaptureTime) -> Option<AttemptOutcome> {
    // The choice of a method and a login take four bytes of SOCKS; more is an answer that could not be read.
    let greeting = if asked.how == Asking::Socks { 4 } else { 0 };
    let heard = flow.back.highest_ack()?;
    let taken = heard.wrapping_sub(asked.ask_end) < 1 << 31;
    let syn_ack = flow.events_of(EventKind::SynAck, false).next()?;
    let said = behind(end_of(flow, false)?, syn_ack.sequence.wrapping_add(1));
    if !taken || said > greeting {
        return None;
    }
    let silence = TunnelSilence::after(flow, asked.asked)?;
    let what = match (silence.kind, asked.how) {
        (SilenceKind::Silent, Asking::Socks) => {
            word!(silent_to_socks, "says nothing to the SOCKS request")
        }
        (SilenceKind::Silent, _) => word!(silent_to_connect, "says nothing to CONNECT"),
        (_, Asking::Socks) => word!(
            closes_on_socks,
            "closes the connection without an answer to the SOCKS request"
        ),
        (..) => word!(
            closes_on_connect,
            "closes the connection without an answer to CONNECT"
        ),
    };
    let words = phrase!(
        proxy_does,
        "the proxy {what}{words}",
        what,
        words = silence.words()
    );
    Some(
        if silence.kind == SilenceKind::Silent && is_near_end(flow, end) {
            AttemptOutcome::Open(InconclusiveReason::CaptureEnd)
        } else {
            at_proxy(flow, Code::ProxySilent, silence.stamps, words)
        },
    )
}

/// Whether the capture ends before the wait for an answer does.
fn is_near_end(flow: &Flow, end: CaptureTime) -> bool {
    end.since(flow.span.1.time) < TAIL && !gave_up(flow)
}

/// The wait ended before it told anything.
fn unheard(flow: &Flow, end: CaptureTime) -> AttemptOutcome {
    AttemptOutcome::Open(match is_near_end(flow, end) {
        true => InconclusiveReason::CaptureEnd,
        false => InconclusiveReason::GivenUp,
    })
}

/// A failure behind which the proxy or what lies beyond it may be.
fn at_proxy(flow: &Flow, code: Code, stamps: Vec<Stamp>, words: Phrase) -> AttemptOutcome {
    AttemptOutcome::failed(Evidence {
        by: Some(flow.responder.ip),
        ..Evidence::new(code, Grade::C, stamps, words)
    })
}

/// The proxy granted it: what was said inside, and what came back.
fn through(
    flow: &Flow,
    asked: &Exchange,
    hello: Option<Stamp>,
    end: CaptureTime,
) -> Option<AttemptOutcome> {
    let granted = asked.answer_end?;
    if behind(end_of(flow, false)?, granted) > 0 {
        // What was answered inside is judged as of any other flow.
        return None;
    }
    if behind(end_of(flow, true)?, asked.ask_end) == 0 {
        return Some(AttemptOutcome::Open(InconclusiveReason::NothingSaid));
    }
    let since = hello.unwrap_or(asked.asked);
    let Some(silence) = TunnelSilence::after(flow, since) else {
        return Some(unheard(flow, end));
    };
    let (code, what) = match (hello, silence.kind) {
        (Some(_), SilenceKind::Reset) => (
            Code::HelloReset,
            word!(inside_rst, "RST answers the ClientHello"),
        ),
        (Some(_), SilenceKind::Closed) => (
            Code::HelloFin,
            word!(inside_fin, "FIN answers the ClientHello"),
        ),
        (Some(_), SilenceKind::Silent) => (
            Code::HelloSilent,
            word!(inside_hello_unanswered, "the ClientHello is not answered"),
        ),
        (None, SilenceKind::Silent) => (
            Code::PostAckSilent,
            word!(inside_unanswered, "what the client says is not answered"),
        ),
        (None, _) => (
            Code::PostAckSilent,
            word!(
                inside_ends,
                "the connection ends without an answer to what the client says"
            ),
        ),
    };
    let words = phrase!(
        inside_tunnel,
        "inside the tunnel that the proxy granted {what}{words}",
        what,
        words = silence.words()
    );
    Some(at_proxy(flow, code, silence.stamps, words))
}

/// How a tunnel went that is a stream of HTTP/2 (RFC 9113 section 8.5): others may go on beside it.
fn on_stream(flow: &Flow, asked: &Exchange, end: CaptureTime) -> Option<AttemptOutcome> {
    /// The proxy's own connection ended (RFC 9113 section 7).
    const CONNECT_ERROR: u32 = 10;
    let inside = asked.tunnel.as_deref()?;
    let failed = |code, stamps, words| at_proxy(flow, code, stamps, words);
    let granted = match &asked.answer {
        Some((_, answer)) if answer.grants() => true,
        Some((stamp, answer)) => {
            let refusal = refusal(flow, asked, (*stamp, answer), end);
            return Some(refusal.map_or(
                AttemptOutcome::Open(InconclusiveReason::FramesMissing),
                AttemptOutcome::failed,
            ));
        }
        None => false,
    };
    Some(match (inside.back, inside.reset) {
        (Some(back), _) if inside.alert => {
            let stamps = vec![inside.own.unwrap_or(asked.asked), back];
            let words = word!(
                inside_tunnel_alert,
                "inside the tunnel that the proxy granted a TLS alert answers"
            )
            .into();
            failed(Code::AlertServer, stamps, words)
        }
        // What stands behind an answer that was missed was let through all the same.
        (Some(_), _) => AttemptOutcome::Succeeded,
        (None, Some((stamp, CONNECT_ERROR))) => failed(
            Code::ProxyFailed,
            vec![asked.asked, stamp],
            word!(
                proxy_ends_stream,
                "the proxy ends the stream of CONNECT: its own connection failed"
            )
            .into(),
        ),
        (None, Some((stamp, code))) => failed(
            Code::ProxySilent,
            vec![asked.asked, stamp],
            phrase!(
                proxy_resets_stream,
                "the proxy resets the stream of CONNECT with code {code}",
                code
            ),
        ),
        (None, None) if granted && inside.own.is_none() => {
            AttemptOutcome::Open(InconclusiveReason::NothingSaid)
        }
        (None, None) => {
            let Some(silence) = TunnelSilence::after(flow, inside.own.unwrap_or(asked.asked))
            else {
                return Some(unheard(flow, end));
            };
            if silence.kind == SilenceKind::Silent && is_near_end(flow, end) {
                return Some(AttemptOutcome::Open(InconclusiveReason::CaptureEnd));
            }
            let (code, what) = match granted {
                true => (
                    Code::PostAckSilent,
                    word!(
                        inside_stream_unanswered,
                        "inside the tunnel that the proxy granted what the client says is not answered"
                    ),
                ),
                false => (
                    Code::ProxySilent,
                    word!(proxy_silent_to_connect, "the proxy says nothing to CONNECT"),
                ),
            };
            let words = phrase!(
                what_and_silence,
                "{what}{silence}",
                what,
                silence = silence.words()
            );
            failed(code, silence.stamps, words)
        }
    })
}

/// How the responder's side ended a wait, or that it did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SilenceKind {
    Reset,
    Closed,
    Silent,
}

/// What followed on something that was said and that nothing was said to.
struct TunnelSilence {
    kind: SilenceKind,
    waited: Duration,
    stamps: Vec<Stamp>,
}

impl TunnelSilence {
    /// After a moment; `None` where the initiator gave up, or the flow ended, before it counts.
    fn after(flow: &Flow, since: Stamp) -> Option<Self> {
        let ended = |kind, own| {
            let mut events = flow.events_of(kind, own);
            events
                .find(|event| event.stamp >= since)
                .map(|event| event.stamp)
        };
        let own = [EventKind::Fin, EventKind::Rst].map(|kind| ended(kind, true));
        let own = own.into_iter().flatten().min();
        let theirs = [
            (EventKind::Rst, SilenceKind::Reset),
            (EventKind::Fin, SilenceKind::Closed),
        ];
        let theirs = theirs.map(|(event, kind)| ended(event, false).map(|stamp| (stamp, kind)));
        let theirs = theirs.into_iter().flatten().min_by_key(|(stamp, _)| *stamp);
        let until = match (own, theirs) {
            // What answers the initiator's own end is no decision.
            (own, Some((stamp, kind))) if own.is_none_or(|own| stamp < own) => {
                let waited = stamp.time.since(since.time);
                return Some(Self {
                    kind,
                    waited,
                    stamps: vec![since, stamp],
                });
            }
            (Some(own), _) => own,
            _ => flow.span.1,
        };
        let waited = until.time.since(since.time);
        (waited >= PATIENCE).then(|| Self {
            kind: SilenceKind::Silent,
            waited,
            stamps: vec![since, until],
        })
    }

    fn words(&self) -> Phrase {
        match self.kind {
            SilenceKind::Reset => phrase!(
                silence_rst,
                ", by RST after {waited}",
                waited = seconds(self.waited)
            ),
            SilenceKind::Closed => phrase!(
                silence_fin,
                ", by FIN after {waited}",
                waited = seconds(self.waited)
            ),
            SilenceKind::Silent => {
                phrase!(
                    silence_within,
                    " within {waited}",
                    waited = seconds(self.waited)
                )
            }
        }
    }
}

fn gave_up(flow: &Flow) -> bool {
    let mut ends = [EventKind::Fin, EventKind::Rst].into_iter();
    ends.any(|kind| flow.events_of(kind, true).next().is_some())
}

/// Sequence number behind the last byte that a side said, as far as packets tell; resets may carry any number.
fn end_of(flow: &Flow, own: bool) -> Option<u32> {
    let side = if own { &flow.out } else { &flow.back };
    let fin = flow.events_of(EventKind::Fin, own).next();
    let reset = flow.events_of(EventKind::Rst, own).next();
    match (fin, reset) {
        (Some(fin), _) => Some(fin.sequence.wrapping_add(fin.length)),
        (None, None) => side.next_sequence(),
        (None, Some(_)) => {
            let events = [EventKind::Data, EventKind::SynAck, EventKind::Syn];
            let mut events = events.iter().flat_map(|kind| flow.events_of(*kind, own));
            let first = events.next()?.sequence;
            let all = [EventKind::Data, EventKind::Ack];
            let all = all.iter().flat_map(|kind| flow.events_of(*kind, own));
            let ends = all.map(|event| event.sequence.wrapping_add(event.length));
            ends.max_by_key(|end| end.wrapping_sub(first))
        }
    }
}
