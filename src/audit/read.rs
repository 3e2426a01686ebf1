//! Captures under the names of their flows, and what became of each input.

use std::ffi::OsString;

use crate::drive::{Progress, observe};
use crate::model::TwoPoint;
use crate::observe::{Capture, Observation, Seed, attribute_with};
use crate::source::{InputRecord, resolve};

/// What was captured, at one point or at two.
#[derive(Debug)]
pub struct Read {
    /// The flows under their names.
    pub captures: TwoPoint<Capture>,
    /// What became of each input, in the order by which frames are numbered.
    pub inputs: Vec<InputRecord>,
}

impl Read {
    /// Reads captures, and those in folders, with as many threads as the machine has. What cannot be read is told in
    /// [`Self::inputs`], and makes the report's exit status 2.
    #[must_use]
    pub fn files(paths: &[OsString]) -> Self {
        let resolved = resolve(paths);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let observed = observe(&resolved.inputs, threads, &Progress::default());
        let mut inputs = observed.inputs;
        inputs.extend(resolved.problems.iter().map(InputRecord::unread));
        Self {
            captures: attribute_points(TwoPoint::alone(observed.observation), &[]),
            inputs,
        }
    }
}

/// Names the flows of what was seen at each point. `seeds` are names told before the capture began.
#[must_use]
pub fn attribute_points(seen: TwoPoint<Observation>, seeds: &[Seed]) -> TwoPoint<Capture> {
    seen.map(|observation| attribute_with(observation, seeds))
}
