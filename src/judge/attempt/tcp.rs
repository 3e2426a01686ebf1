//! A TCP flow from its opening to its first answer.

use std::time::Duration;

use super::super::evidence::Code;
use super::{AttemptOutcome, InconclusiveReason, connect, failed, handshake, http, icmp, reset};
use crate::judge::evidence::Grade;
use crate::model::{CaptureTime, Stamp};
use crate::observe::{EventKind, Flow};
use crate::wording::word;

pub(super) fn went(flow: &Flow, end: CaptureTime) -> AttemptOutcome {
    if flow.back.payload_bytes > 0 && flow.out.packets == 0 {
        // What the initiator made of it, and asked for, nothing tells.
        return AttemptOutcome::Open(InconclusiveReason::OneWay);
    }
    if let Some(evidence) = handshake::plain_answer(flow)
        .or_else(|| handshake::alert(flow))
        .or_else(|| http::http_block(flow))
        .or_else(|| reset::injected(flow))
    {
        return AttemptOutcome::failed(evidence);
    }
    if let Some(went) = handshake::judge(flow, flow.span.0, end) {
        return went;
    }
    if flow.back.payload_bytes > 0 {
        return match !flow.opened && is_sent_away(flow) {
            true => AttemptOutcome::Open(InconclusiveReason::Midstream),
            false => AttemptOutcome::Succeeded,
        };
    }
    if flow.back.packets == 0
        && let Some(since) = connect::went_on(flow)
        && flow
            .events_of(EventKind::IcmpError, true)
            .all(|error| error.stamp < since)
    {
        // It was answered after all, where the tap is not.
        return AttemptOutcome::Open(InconclusiveReason::OneWay);
    }
    let codes = icmp::Codes {
        prohibited: Code::IcmpProhibited,
        port: Code::IcmpPort,
        unreachable: Code::IcmpUnreachable,
    };
    if let Some(evidence) = icmp::icmp(flow, codes) {
        return AttemptOutcome::failed(evidence);
    }
    let connected = flow.events_of(EventKind::SynAck, false).next().is_some();
    if connected {
        return connected_without_answer(flow, end);
    }
    if !flow.opened {
        return AttemptOutcome::Open(match flow.back.packets {
            0 => InconclusiveReason::OneWay,
            _ => InconclusiveReason::Midstream,
        });
    }
    if let Some(reset) = flow.events_of(EventKind::Rst, false).next() {
        let syn = flow.events_of(EventKind::Syn, true).next();
        let words = word!(rst_answers_syn, "RST answers the SYN").into();
        let events = syn.into_iter().chain([reset]);
        return failed(Code::SynReset, Grade::C, events, words);
    }
    connect::syn_only(flow, end)
}

fn connected_without_answer(flow: &Flow, end: CaptureTime) -> AttemptOutcome {
    if answered_unseen(flow) {
        return AttemptOutcome::Open(InconclusiveReason::FramesMissing);
    }
    let stopped = connect::answer_lost(flow, end).or_else(|| connect::takes_nothing(flow, end));
    stopped.unwrap_or_else(|| match flow.out.payload_bytes > 0 {
        true => handshake::after_request(flow, end),
        false => connect::after_handshake(flow),
    })
}

/// Whether the initiator answers what the responder says with RST and acknowledges none of it: the end of a connection
/// of which the capture has no more, and no answer that was of use.
fn is_sent_away(flow: &Flow) -> bool {
    let Some(said) = flow.events_of(EventKind::Data, false).next() else {
        return false;
    };
    let mut resets = flow.events_of(EventKind::Rst, true);
    let heard = flow.out.highest_ack();
    resets.any(|reset| reset.stamp > said.stamp)
        && heard.is_none_or(|heard| heard.wrapping_sub(said.sequence).wrapping_sub(1) >= 1 << 31)
}

/// Whether the responder said something that was not captured: the initiator acknowledges it, or the responder's own
/// sequence numbers are past it.
fn answered_unseen(flow: &Flow) -> bool {
    let Some(syn_ack) = flow.events_of(EventKind::SynAck, false).next() else {
        return false;
    };
    let silent = syn_ack.sequence.wrapping_add(1);
    let past = |number: u32| number != 0 && (1..1 << 31).contains(&number.wrapping_sub(silent));
    // A FIN takes a number too: what is acknowledged, and said by itself, behind it is one higher.
    let fin = flow.events_of(EventKind::Fin, false).next();
    let behind_fin = fin.map(|fin| fin.sequence.wrapping_add(fin.length).wrapping_add(1));
    let without_fin = |number: u32| number.wrapping_sub(u32::from(Some(number) == behind_fin));
    let acknowledged = flow.out.highest_ack().map(without_fin);
    // Resets do not count: those that are made on the path may be ahead of the server on purpose.
    let ends = [EventKind::Fin, EventKind::Ack].map(|kind| {
        let mut events = flow.events_of(kind, false);
        events.next().map(|event| without_fin(event.sequence))
    });
    acknowledged
        .into_iter()
        .chain(ends.into_iter().flatten())
        .any(past)
}

/// How long the responder took to answer the SYN, and how long the SYN was refused after: the first of each kind.
/// Repeated SYNs say nothing, since it cannot be told which of them was answered.
#[must_use]
pub(in super::super) fn answer_times(flow: &Flow) -> (Option<Duration>, Option<Duration>) {
    let mut syns = flow.events_of(EventKind::Syn, true);
    let (Some(syn), None) = (syns.next(), syns.next()) else {
        return (None, None);
    };
    let after = |kind| {
        let event = flow.events_of(kind, false).next()?;
        (event.stamp >= syn.stamp).then(|| event.stamp.time.since(syn.stamp.time))
    };
    (after(EventKind::SynAck), after(EventKind::Rst))
}

/// The sequence number behind what the initiator had said up to a moment, as far as kept packets tell.
#[must_use]
pub(in super::super) fn said_until(flow: &Flow, stamp: Stamp) -> Option<u32> {
    let said = flow.events_of(EventKind::Data, true);
    let said = said.filter(|event| event.stamp <= stamp);
    let first = flow.events_of(EventKind::Data, true).next()?.sequence;
    said.map(|event| event.sequence.wrapping_add(event.length))
        .max_by_key(|end| end.wrapping_sub(first))
}
