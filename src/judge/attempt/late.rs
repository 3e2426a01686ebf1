//! What cut off a connection after data had flowed. Told beside the outcome; never a block.

use std::time::Duration;

use super::super::evidence::{Code, Evidence, Grade};
use super::{TAIL, seconds};
use crate::model::{CaptureTime, Transport};
use crate::observe::{EventKind, Flow};
use crate::wording::{Phrase, phrase};

/// How long what the initiator says is unanswered before that counts as a stall.
const STALL: Duration = Duration::from_secs(5);

/// A RST from the responder's side that no FIN announced, or a stall: what the initiator said last is neither
/// acknowledged nor answered. `end` is when the capture ends.
#[must_use]
pub(in super::super) fn late(flow: &Flow, end: CaptureTime) -> Option<Evidence> {
    let fin = |own| flow.events_of(EventKind::Fin, own).next();
    if flow.transport != Transport::Tcp || flow.back.payload_bytes == 0 || fin(false).is_some() {
        return None;
    }
    let unheard = flow
        .out
        .next_sequence()?
        .wrapping_sub(flow.back.highest_ack()?);
    let unheard = if (1..1 << 31).contains(&unheard) {
        unheard
    } else {
        0
    };
    if let Some(reset) = flow.events_of(EventKind::Rst, false).next() {
        // A RST that answers the initiator's own FIN or RST ends nothing.
        let own_end = fin(true).or_else(|| flow.events_of(EventKind::Rst, true).next());
        if let Some(own) = own_end.filter(|own| own.stamp < reset.stamp) {
            let waited = reset.stamp.time.since(own.stamp.time);
            return (unheard > 0 && waited >= STALL).then(|| {
                let words = phrase!(end_unanswered, "the initiator's end had no answer for {waited} after {payload_bytes} bytes{unheard}", waited = seconds(waited), payload_bytes = flow.back.payload_bytes, unheard = unacknowledged(unheard));
                let stamps = [own.stamp, reset.stamp];
                Evidence::new(Code::LateStop, Grade::C, stamps, words)
            });
        }
        let words = phrase!(
            rst_after_bytes,
            "RST after {payload_bytes} bytes had come back{unheard}",
            payload_bytes = flow.back.payload_bytes,
            unheard = unacknowledged(unheard)
        );
        return Some(Evidence::new(
            Code::LateStop,
            Grade::C,
            [reset.stamp],
            words,
        ));
    }
    let ((_, own), (_, other)) = (flow.out.span()?, flow.back.span()?);
    let waited = own.time.since(other.time);
    let given_up = flow.events_of(EventKind::Rst, true).next().is_some();
    // A FIN that is sent again and again waits for nothing but an answer.
    let repeated = fin(true).is_some_and(|fin| own.time.since(fin.stamp.time) >= STALL);
    let over = given_up || repeated || end.since(own.time) >= TAIL;
    (unheard > 0 && waited >= STALL && over).then(|| {
        let words = phrase!(
            stalled_after_bytes,
            "nothing came back for {waited} after {payload_bytes} bytes{unheard}",
            waited = seconds(waited),
            payload_bytes = flow.back.payload_bytes,
            unheard = unacknowledged(unheard)
        );
        Evidence::new(Code::LateStop, Grade::C, [other, own], words)
    })
}

fn unacknowledged(numbers: u32) -> Phrase {
    match numbers {
        0 => Phrase::default(),
        _ => phrase!(
            not_acknowledged,
            "; {numbers} of the initiator's sequence numbers were not acknowledged",
            numbers
        ),
    }
}
