//! One fold, run anywhere: inputs to partial observations to one whole.

mod clock;
mod conversation;
mod extract;
mod fold;
mod partial;
mod periods;
mod point;
mod two_points;

pub use clock::SetBack;
pub use conversation::Conversations;
pub use extract::{Extracted, MissingFrames, Wanted, extract};
pub use fold::{InputReport, Observed, Progress, Reading, absorb, observe, observe_at};
pub use partial::{Partial, PartialError};
pub use periods::{PeriodLimits, Stretch, observe_in_periods};
pub use point::Point;
pub use two_points::{interfaces_in, two_points};
