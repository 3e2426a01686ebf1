//! One fold, run anywhere: inputs to partial observations to one whole.

mod fold;
mod partial;

pub use fold::{InputReport, Observed, Progress, absorb, observe};
pub use partial::{Partial, PartialError};
