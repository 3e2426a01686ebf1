//! The TCP handshake: from the SYN to the first data.

use std::time::Duration;

use super::super::evidence::{Code, Grade};
use super::{Doubt, TAIL, Went, distinct, failed, seconds};
use crate::model::CaptureTime;
use crate::observe::{EventKind, Flow};

/// SYN sent, nothing that belongs to a handshake came back.
pub(super) fn syn_only(flow: &Flow, end: CaptureTime) -> Went {
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
pub(super) fn after_handshake(flow: &Flow) -> Went {
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
