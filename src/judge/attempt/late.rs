//! What cut off a connection after data had flowed. Told beside the outcome; never a block.

use std::time::Duration;

use super::super::evidence::{Code, Evidence, Grade};
use super::{TAIL, seconds};
use crate::model::{CaptureTime, Transport};
use crate::observe::{EventKind, Flow};

/// How long what the initiator says is unanswered before that counts as a stall.
const STALL: Duration = Duration::from_secs(5);

/// A RST from the responder's side, or a stall, while the initiator had said something that was not acknowledged.
/// `end` is when the capture ends.
#[must_use]
pub(in super::super) fn late(flow: &Flow, end: CaptureTime) -> Option<Evidence> {
    let fin = |own| flow.events_of(EventKind::Fin, own).next().is_some();
    if flow.transport != Transport::Tcp || flow.back.payload_bytes == 0 || fin(true) || fin(false) {
        return None;
    }
    let (said, heard) = (flow.out.next_sequence()?, flow.back.highest_ack()?);
    let unheard = said.wrapping_sub(heard);
    if !(1..1 << 31).contains(&unheard) {
        return None;
    }
    let unheard = format!("{unheard} bytes of the initiator's were not acknowledged");
    if let Some(reset) = flow.events_of(EventKind::Rst, false).next() {
        let words = format!("RST after data had flowed; {unheard}");
        return Some(Evidence::new(
            Code::LateStop,
            Grade::C,
            [reset.stamp],
            words,
        ));
    }
    let ((_, own), (_, other)) = (flow.out.span?, flow.back.span?);
    let waited = own.time.since(other.time);
    let given_up = flow.events_of(EventKind::Rst, true).next().is_some();
    (waited >= STALL && (given_up || end.since(own.time) >= TAIL)).then(|| {
        let words = format!(
            "nothing came back for {} after data had flowed; {unheard}",
            seconds(waited)
        );
        Evidence::new(Code::LateStop, Grade::C, [other, own], words)
    })
}
