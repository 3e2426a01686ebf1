//! The TCP handshake: from the SYN to the first data.

use std::time::Duration;

use super::super::evidence::{Code, Evidence, Grade};
use super::{AttemptOutcome, InconclusiveReason, TAIL, distinct, failed, seconds};
use crate::model::{CaptureTime, Stamp};
use crate::observe::{Event, EventKind, Flow};
use crate::wording::{Phrase, phrase, word};

/// How long a pattern lasts before it is more than a delay.
const LASTING: Duration = Duration::from_secs(3);

/// SYN sent, and no SYN-ACK came back.
pub(super) fn syn_only(flow: &Flow, end: CaptureTime) -> AttemptOutcome {
    if let Some(ack) = flow.events_of(EventKind::Ack, false).next() {
        return foreign_ack(flow, ack, end);
    }
    if flow.back.packets > 0 {
        return AttemptOutcome::Open(InconclusiveReason::FramesMissing);
    }
    let syns = distinct(flow.events_of(EventKind::Syn, true));
    let (Some(first), Some(last)) = (syns.first(), syns.last()) else {
        return AttemptOutcome::Open(InconclusiveReason::OneWay);
    };
    if went_on(flow).is_some() {
        // Acknowledging or talking without an answer in sight: the other direction takes another way.
        return AttemptOutcome::Open(InconclusiveReason::OneWay);
    }
    let gave_up = flow.events_of(EventKind::Rst, true).next().is_some()
        || flow.events_of(EventKind::Fin, true).next().is_some();
    if gave_up {
        return AttemptOutcome::Open(InconclusiveReason::GivenUp);
    }
    let over = last.stamp.time.since(first.stamp.time);
    let enough = is_enough(&syns);
    if !enough && end.since(last.stamp.time) < TAIL {
        return AttemptOutcome::Open(InconclusiveReason::CaptureEnd);
    }
    let grade = if enough { Grade::B } else { Grade::C };
    let times = times(&syns);
    let over = if syns.len() == 1 {
        Phrase::default()
    } else {
        phrase!(syns_over, " over {over}", over = seconds(over))
    };
    failed(
        Code::SynSilent,
        grade,
        syns.iter().copied(),
        phrase!(
            syn_unanswered,
            "SYN sent {times}{over}, nothing came back",
            times,
            over
        ),
    )
}

/// The first packet by which the initiator acknowledges something, or talks behind its SYN, which may carry data itself
/// (RFC 7413) from its own number on.
pub(super) fn went_on(flow: &Flow) -> Option<Stamp> {
    let syn = flow.events_of(EventKind::Syn, true).next()?;
    let data = flow.events_of(EventKind::Data, true);
    let data = data.filter(|data| data.sequence != syn.sequence);
    let all = flow.events_of(EventKind::Ack, true).chain(data);
    all.map(|event| event.stamp).min()
}

fn is_enough(syns: &[&Event]) -> bool {
    match syns {
        [first, .., last] => syns.len() >= 3 && last.stamp.time.since(first.stamp.time) >= LASTING,
        _ => false,
    }
}

fn times(syns: &[&Event]) -> Phrase {
    match syns.len() {
        1 => word!(once, "once").into(),
        times => phrase!(so_many_times, "{times} times", times),
    }
}

/// SYN answered by an ACK without SYN: of this connection where it fits, else of an older one of the same ports, as a
/// server answers that never heard of its end (RFC 9293 section 3.10.7.4).
fn foreign_ack(flow: &Flow, ack: &Event, end: CaptureTime) -> AttemptOutcome {
    let syns = distinct(flow.events_of(EventKind::Syn, true));
    let (Some(first), Some(last)) = (syns.first(), syns.last()) else {
        return AttemptOutcome::Open(InconclusiveReason::FramesMissing);
    };
    let fits = |number: u32| {
        let data = syns.iter().map(|syn| syn.length).max().unwrap_or(0);
        number.wrapping_sub(first.sequence.wrapping_add(1)) <= data
    };
    let went_on = flow
        .events_of(EventKind::Data, true)
        .any(|data| data.sequence != first.sequence);
    if fits(ack.acknowledgment) || flow.back.highest_ack().is_some_and(fits) || went_on {
        return AttemptOutcome::Open(InconclusiveReason::FramesMissing);
    }
    if !is_enough(&syns) && end.since(last.stamp.time) < TAIL {
        return AttemptOutcome::Open(InconclusiveReason::CaptureEnd);
    }
    let (times, packets) = (times(&syns), flow.back.packets);
    let acks = match packets {
        1 => word!(one_ack, "an ACK"),
        _ => word!(several_acks, "ACKs"),
    };
    failed(
        Code::ForeignAck,
        Grade::C,
        syns.iter().copied().chain([ack]),
        phrase!(
            syn_answered_by_old_ack,
            "SYN sent {times}, answered by {acks} of another connection: the server still has an older one with these ports",
            times,
            acks
        ),
    )
}

/// The SYN is answered, and what follows shows that the answer never got to the initiator: it sends the SYN again, or
/// the responder its SYN-ACK, and nothing is acknowledged.
pub(super) fn answer_lost(flow: &Flow, end: CaptureTime) -> Option<AttemptOutcome> {
    if flow.out.highest_ack().is_some() || flow.events_of(EventKind::Rst, true).next().is_some() {
        return None;
    }
    let syns = distinct(flow.events_of(EventKind::Syn, true));
    let answers = distinct(flow.events_of(EventKind::SynAck, false));
    let (first, last) = (answers.first()?, answers.last()?);
    let again = syns.iter().filter(|syn| syn.stamp > first.stamp).count();
    let repeated = last.stamp.time.since(first.stamp.time) >= Duration::from_secs(1);
    if syns.is_empty() || again == 0 && !repeated {
        return None;
    }
    if !is_enough(&syns) && end.since(flow.span.1.time) < TAIL {
        return Some(AttemptOutcome::Open(InconclusiveReason::CaptureEnd));
    }
    let words = phrase!(
        syn_ack_not_acknowledged,
        "SYN sent {syns}, answered by SYN-ACK, which was never acknowledged: the way back is stopped behind the tap, or the initiator drops it",
        syns = times(&syns)
    );
    let events = syns.iter().chain(&answers).copied();
    Some(failed(Code::SynAckLost, Grade::C, events, words))
}

/// Connected, and the responder's window is closed to the end.
pub(super) fn takes_nothing(flow: &Flow, end: CaptureTime) -> Option<AttemptOutcome> {
    let closed = flow.stays_closed()?;
    let lasted = flow.span.1.time.since(closed.first.time);
    if lasted < LASTING {
        let more_may_come = end.since(flow.span.1.time) < TAIL;
        return more_may_come.then_some(AttemptOutcome::Open(InconclusiveReason::CaptureEnd));
    }
    let words = phrase!(
        window_stayed_closed,
        "connected, and the responder's window stayed closed for {lasted}: it took nothing",
        lasted = seconds(lasted)
    );
    let stamps = [closed.first, closed.last];
    let evidence = Evidence::new(Code::ZeroWindow, Grade::C, stamps, words);
    Some(AttemptOutcome::failed(evidence))
}

/// SYNs of one opening in a capture whose frames all have one time: that they were sent again can be told, for how long
/// cannot.
pub(in super::super) fn without_times(flow: &Flow) -> AttemptOutcome {
    let syns: Vec<&Event> = flow.events_of(EventKind::Syn, true).collect();
    let nothing_else = flow.out.packets == syns.len() as u64 && flow.back.packets == 0;
    if syns.len() < 3 || !nothing_else {
        return AttemptOutcome::Open(InconclusiveReason::NoTimes);
    }
    let words = phrase!(
        syn_unanswered_without_times,
        "SYN sent {syns}, nothing came back; for how long cannot be told, since all frames have one and the same time",
        syns = times(&syns)
    );
    failed(Code::SynSilent, Grade::C, syns.iter().copied(), words)
}

/// Connected, and neither side said anything.
pub(super) fn after_handshake(flow: &Flow) -> AttemptOutcome {
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
            word!(rst_right_after_handshake, "RST right after the handshake").into(),
        ),
        _ => AttemptOutcome::Open(InconclusiveReason::NothingSaid),
    }
}
