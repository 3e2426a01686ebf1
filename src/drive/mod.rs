//! One fold, run anywhere: inputs to partial observations to one whole.

mod choice;
mod clock;
mod conversation;
mod extract;
mod fold;
mod partial;
mod parts;
mod point;
mod slice;
mod two_points;

pub use choice::FrameChoice;
pub(crate) use choice::Others;
pub use conversation::Conversations;
pub use extract::{Extracted, MissingFrames, Wanted, extract};
pub(crate) use fold::{Absorber, beside, digest_of_all};
pub use fold::{Observed, Progress, Reading, absorb, observe, observe_at};
pub use partial::{Partial, PartialError};
pub use point::Point;
pub use slice::SliceChoice;
pub use two_points::{interfaces_in, two_points};
