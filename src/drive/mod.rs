//! One fold, run anywhere: inputs to partial observations to one whole.

mod extract;
mod fold;
mod partial;

pub use extract::{Extracted, Missing, Wanted, extract};
pub use fold::{InputReport, Observed, Progress, absorb, observe};
pub use partial::{Partial, PartialError};
