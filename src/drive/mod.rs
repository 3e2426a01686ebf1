//! One fold, run anywhere: inputs to partial observations to one whole.

mod digest;
mod extract;
mod fold;
mod partial;

pub use digest::{digest_of, with_digests};
pub use extract::{Extracted, Missing, Wanted, extract};
pub use fold::{InputReport, Observed, Progress, observe};
pub use partial::{Partial, PartialError};
