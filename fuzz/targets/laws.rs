//! The laws of observing on frames of any kind: however they are cut, and merged in whatever order, the flows are the same.
//!
//! Left out is what the laws cannot hold for, since bytes that were read are not kept: bytes of a stream that are sent again
//! as others, and fragments of one packet that contradict one another. Which of them is read depends on what is there first.
//!
//! Nor for segments that go on with a connection of whose ports another one was opened in between: they belong to the last
//! one that is there. Nor can they hold where TCP goes back in time from one part to the next: what one part takes for one run, since no opening
//! lies in between, the opening in another part would have cut. Frames with TCP are therefore put into the order of time.
//!
//! That each direction may lie in a file of its own is left to the tests on samples: it holds where both directions agree.
//! An answer to a SYN that nobody sent is a connection of its own beside it, and which of the two goes on is known only to
//! whoever sees both; and a lookup that stands before a flow in one file names it, though a clock was set back in between.

use pktaudit::decode::{Decoded, Packet, Segment, decode};
use pktaudit::source::OwnedFrame;

use super::contradictions::contradict;
use super::frames::frames;
use crate::observing::{Dice, cut_anywhere};

/// Cuts that are tried of one input.
const ROUNDS: usize = 4;

pub(crate) fn laws(bytes: &[u8]) {
    let mut frames = frames(bytes);
    if frames.iter().any(has_tcp) {
        frames.sort_by_key(|frame| frame.time);
    }
    if contradict(&frames) {
        return;
    }
    let mut dice = Dice::of(bytes);
    if let Err(what) = cut_anywhere(&frames, &mut dice, ROUNDS) {
        panic!("{what}");
    }
}

fn has_tcp(frame: &OwnedFrame) -> bool {
    let decoded = decode(frame.link_type.0, &frame.bytes, frame.wire_length);
    matches!(
        decoded,
        Decoded::Packet(Packet {
            segment: Segment::Tcp(_),
            ..
        })
    )
}
