//! The laws of observing on frames of any kind: however they are cut, and merged in whatever order, the flows are the same.
//!
//! Left out is what the laws cannot hold for, since what was read is let go:
//!
//! * Bytes of a stream that are sent again as others, fragments of one packet that contradict one another, and an IP id used
//!   again while parts of a packet may wait: what is read, and out of which parts, depends on what is there first.
//! * Segments that go on with a connection behind another opening of its ports, and an opening behind what was sent.
//! * Parts that reach back into the time of another part; frames are put into the order of time. What one part takes for one
//!   run, the opening in the other would have cut; and copies of a mirror port are known again at the ends of a part only.
//! * Each direction in a file of its own: that is left to the tests on samples, since it holds where both directions agree.
//!   An answer to a SYN that nobody sent is a connection of its own, and which of the two goes on only both together tell.

use super::contradictions::contradict;
use super::frames::frames;
use crate::observing::{Dice, cut_anywhere};

/// Cuts that are tried of one input.
const ROUNDS: usize = 4;

pub(crate) fn laws(bytes: &[u8]) {
    let mut frames = frames(bytes);
    frames.sort_by_key(|frame| frame.time);
    if contradict(&frames) {
        return;
    }
    let mut dice = Dice::of(bytes);
    if let Err(what) = cut_anywhere(&frames, &mut dice, ROUNDS) {
        panic!("{what}");
    }
}
