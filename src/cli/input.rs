//! Captures named on the command line to one observation, with a progress line while it works.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::args::{Captures, Common};
use super::output;
use super::stages::Stages;
use crate::drive::{
    FrameChoice, Observed, Partial, Point, Progress, Reading, SliceChoice, observe_at,
};
use crate::source::{FileParts, Input, InputRecord, Inputs, SourceError};

/// Reads all captures. What cannot be read is told at once; `None` where nothing can be read at all.
pub(super) fn read(captures: &Captures, digests: bool, common: &Common) -> Option<Observed> {
    read_at(captures, Point::Everywhere, digests, common)
}

/// As [`read`], but only what was captured at a point.
pub(super) fn read_at(
    captures: &Captures,
    point: Point,
    digests: bool,
    common: &Common,
) -> Option<Observed> {
    let inputs = resolved(captures, common);
    if inputs.inputs.is_empty() {
        return None;
    }
    let mut observed = fold(&inputs.inputs, &captures.chosen(point), digests, common);
    tell(&observed.inputs);
    let untaken = inputs.problems.iter().map(InputRecord::unread);
    observed.inputs.extend(untaken);
    Some(observed)
}

/// The inputs that captures on the command line stand for. What is wrong with them is told.
pub(super) fn resolved(captures: &Captures, common: &Common) -> Inputs {
    let inputs = captures.resolve();
    for problem in &inputs.problems {
        output::complain(&problem.to_string());
    }
    for skipped in inputs.skipped.iter().filter(|_| common.verbose) {
        output::note(common, &format!("skipped: {skipped}"));
    }
    if !common.verbose && !inputs.skipped.is_empty() {
        output::note(
            common,
            &format!(
                "{} (-v lists them)",
                match inputs.skipped.len() {
                    1 => "1 file is no capture and was skipped".to_owned(),
                    count => format!("{count} files are no captures and were skipped"),
                }
            ),
        );
    }
    inputs
}

/// Tells what could not be opened and what was damaged.
pub(super) fn tell(inputs: &[InputRecord]) {
    for input in inputs {
        for fault in input.faults() {
            output::complain(&format!("{}: {fault}", input.input.path));
        }
    }
}

/// Reads captures once more, at another point; what is wrong with them was told before.
pub(super) fn read_quietly(captures: &Captures, point: Point, common: &Common) -> Observed {
    fold(
        &captures.resolve().inputs,
        &captures.chosen(point),
        false,
        common,
    )
}

/// Reads inputs at the point that is chosen, with their digests.
pub(super) fn read_all(inputs: &[Input], chosen: &FrameChoice, common: &Common) -> Observed {
    fold(inputs, chosen, true, common)
}

fn fold(inputs: &[Input], chosen: &FrameChoice, digests: bool, common: &Common) -> Observed {
    let progress = Progress::default();
    let reading = reading(chosen, digests, common);
    watched(common, inputs, &progress, || {
        observe_at(inputs, reading, &progress)
    })
}

/// Reads one slice of an input; with the digest of all of it where one is wanted.
pub(super) fn read_slice(
    input: &Input,
    slice: SliceChoice,
    (captures, digests): (&Captures, bool),
    common: &Common,
) -> Result<Partial, SourceError> {
    let progress = Progress::default();
    let chosen = captures.chosen(Point::Everywhere);
    let reading = reading(&chosen, digests, common);
    watched(common, std::slice::from_ref(input), &progress, || {
        Partial::of_slice(input, slice, reading, &progress)
    })
}

fn reading<'a>(chosen: &'a FrameChoice, digests: bool, common: &Common) -> Reading<'a> {
    Reading {
        chosen,
        threads: threads(common),
        digests,
        part_bytes: FileParts::LEAST_BYTES,
    }
}

/// No machine works faster with more threads than this; each has a stack of its own, and memory for them ends.
const MOST_THREADS: usize = 256;

/// How many threads to work with.
pub(super) fn threads(common: &Common) -> usize {
    match common.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads.min(MOST_THREADS),
    }
}

/// Works while a line on the terminal says how far it is. Nothing is shown for the first half second.
pub(super) fn watched<T>(
    common: &Common,
    inputs: &[Input],
    progress: &Progress,
    work: impl FnOnce() -> T,
) -> T {
    let total: Option<u64> = inputs.iter().map(|input| input.stored_bytes).sum();
    let stages = Stages::new(common);
    let progress = progress.clone();
    stages.begin_told(move |took| how_far(total, &progress, took));
    work()
}

/// How far reading has come of so many bytes, after such a time.
fn how_far(total: Option<u64>, progress: &Progress, took: Duration) -> String {
    let elapsed = took.as_secs_f64();
    let bytes = progress.bytes.load(Ordering::Relaxed);
    let frames = progress.frames.load(Ordering::Relaxed);
    let rate = frames as f64 / elapsed / 1e6;
    let left = total.filter(|_| bytes > 0).map_or(String::new(), |total| {
        let left = elapsed * (total.saturating_sub(bytes)) as f64 / bytes as f64;
        format!(" of {} MB, {left:.0} s left", total / 1_000_000)
    });
    format!(
        "{} MB{left}, {frames} packets, {rate:.1} M/s",
        bytes / 1_000_000
    )
}
