//! Captures under the names of their flows, and what became of each input.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::Duration;

use crate::drive::{InputReport, Progress, SetBack, observe};
use crate::model::TwoPoint;
use crate::observe::{Capture, Observation, Seed, attribute_with};
use crate::report::InputSummary;
use crate::source::{Input, SourceError, resolve};

/// What was captured, at one point or at two.
#[derive(Debug)]
pub struct Read {
    /// The flows under their names.
    pub captures: TwoPoint<Capture>,
    /// What became of each input, in the order by which frames are numbered.
    pub inputs: Vec<InputSummary>,
}

impl Read {
    /// Reads captures, and those in folders, with as many threads as the machine has. What cannot be read is told in
    /// [`Self::inputs`], and makes the report's exit status 2.
    #[must_use]
    pub fn files(paths: &[OsString]) -> Self {
        let resolved = resolve(paths);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let observed = observe(&resolved.inputs, threads, &Progress::default());
        let mut failures = observed.failures;
        failures.extend(resolved.problems);
        let mut inputs = summaries(&observed.inputs, &failures);
        sort_summaries(&mut inputs, &resolved.inputs);
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

/// Inputs as the report tells them, those that could not be opened too.
#[must_use]
pub fn summaries(inputs: &[InputReport], failures: &[SourceError]) -> Vec<InputSummary> {
    let read = inputs.iter().map(|report| InputSummary {
        path: report.input.path.to_string(),
        bytes: report.input.stored_bytes,
        sha256: report.sha256.clone(),
        frames: report.frames,
        first: (report.frames > 0).then_some(report.span.first),
        last: (report.frames > 0).then_some(report.span.last),
        damage: report
            .damage
            .iter()
            .map(|damage| format!("at byte {}: {}", damage.offset, damage.what))
            .collect(),
        loss: report.loss,
        notes: set_back(report.set_back).into_iter().collect(),
    });
    let unread = failures.iter().map(|failure| InputSummary {
        path: failure.path().map(ToString::to_string).unwrap_or_default(),
        damage: vec![failure.reason()],
        ..InputSummary::default()
    });
    read.chain(unread).collect()
}

/// That a clock was set back, in words.
fn set_back(found: SetBack) -> Option<String> {
    let seconds = Duration::from_nanos(found.most).as_secs_f64();
    let frames = match found.frames {
        0 => return None,
        1 => "1 frame is".to_owned(),
        frames => format!("{frames} frames are"),
    };
    Some(format!(
        "{frames} earlier than one before in it, by up to {seconds:.1} s: its clock was set back, or several captures were joined"
    ))
}

/// Puts summaries into the order of the inputs, by which frames are numbered: those that could not be read keep their
/// places.
pub fn sort_summaries(summaries: &mut [InputSummary], inputs: &[Input]) {
    let paths = inputs.iter().map(|input| input.path.to_string());
    let places: HashMap<String, usize> = paths.zip(0..).collect();
    summaries.sort_by_key(|summary| places.get(&summary.path).copied().unwrap_or(usize::MAX));
}
