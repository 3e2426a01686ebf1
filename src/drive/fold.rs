//! Inputs to one observation, on any number of threads.
//!
//! One thread reads batches while the others absorb those read before, each batch into an observation of its own;
//! these merge in the order of the batches. By the laws of [`Merge`] the number of threads leaves no trace.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::point::Point;
use crate::decode::decode;
use crate::model::{FrameId, Merge, Stamp, TimeSpan};
use crate::observe::{Observation, Sighting};
use crate::source::{
    Batch, BatchLimits, Damage, Frame, FrameSource, Input, Interface, Loss, SourceError,
};

/// How far reading has come, for a display; other threads may look at it at any time.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Bytes read of the inputs as they are stored.
    pub bytes: Arc<AtomicU64>,
    /// Frames read.
    pub frames: Arc<AtomicU64>,
}

/// What became of one input.
#[derive(Clone, Debug)]
pub struct InputReport {
    /// What was read.
    pub input: Input,
    /// Frames read.
    pub frames: u64,
    /// From the first to the last of their times; empty without frames.
    pub span: TimeSpan,
    /// What was damaged.
    pub damage: Vec<Damage>,
    /// What the capture says was lost.
    pub loss: Loss,
    /// Interfaces described.
    pub interfaces: Vec<Interface>,
    /// SHA-256 of the input as it is stored, in hexadecimal digits; `None` where it was not worked out.
    pub sha256: Option<String>,
}

/// Everything read.
#[derive(Debug, Default)]
pub struct Observed {
    /// The evidence.
    pub observation: Observation,
    /// What became of each input, in order.
    pub inputs: Vec<InputReport>,
    /// Inputs that could not be opened.
    pub failures: Vec<SourceError>,
}

/// Reads all inputs. `threads` is how many batches are absorbed at once; 0 counts as 1.
///
/// Inputs that cannot be opened are told in [`Observed::failures`]; the others are read all the same.
#[must_use]
pub fn observe(inputs: &[Input], threads: usize, progress: &Progress) -> Observed {
    observe_at(inputs, &Point::Everywhere, threads, progress)
}

/// As [`observe`], but only what was captured at a point; other frames are set aside and counted as such.
#[must_use]
pub fn observe_at(
    inputs: &[Input],
    point: &Point,
    threads: usize,
    progress: &Progress,
) -> Observed {
    let mut observed = Observed::default();
    for (ordinal, input) in inputs.iter().enumerate() {
        let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
        match crate::source::open_counting(&input.path, Arc::clone(&progress.bytes)) {
            Ok(mut source) => {
                let report = read(
                    &mut source,
                    input,
                    (ordinal, point),
                    threads.max(1),
                    progress,
                    &mut observed.observation,
                );
                observed.inputs.push(report);
            }
            Err(error) => observed.failures.push(error),
        }
    }
    observed
}

fn read(
    source: &mut (impl FrameSource + Send),
    input: &Input,
    (ordinal, point): (u32, &Point),
    threads: usize,
    progress: &Progress,
    whole: &mut Observation,
) -> InputReport {
    let mut ready = Batches::new(threads);
    let mut next = Batches::new(threads);
    let mut frames = 0;
    let mut span = TimeSpan::default();
    let mut chunk = 0;
    ready.fill(source);
    while ready.used > 0 {
        let batches = &ready.batches[..ready.used];
        // Described before their frames, so known of all that were read by now.
        let elsewhere = point.elsewhere(source.interfaces());
        let ((), partials) = rayon::join(
            || next.fill(source),
            || absorb_all(batches, &elsewhere, (ordinal, chunk), threads),
        );
        for (partial, batch) in partials.into_iter().zip(batches) {
            whole.merge(partial);
            frames += batch.len() as u64;
            span.merge(batch_span(batch));
        }
        chunk += u32::try_from(ready.used).unwrap_or(0);
        progress.frames.fetch_add(
            batches.iter().map(|b| b.len() as u64).sum(),
            Ordering::Relaxed,
        );
        std::mem::swap(&mut ready, &mut next);
    }
    let loss = source.loss();
    whole.note_lost(loss.interface + loss.kernel + loss.own);
    InputReport {
        input: input.clone(),
        frames,
        span,
        damage: source.damage().to_vec(),
        loss,
        interfaces: source.interfaces().to_vec(),
        sha256: None,
    }
}

fn absorb_all(
    batches: &[Batch],
    elsewhere: &[bool],
    (input, first_chunk): (u32, u32),
    threads: usize,
) -> Vec<Observation> {
    let one = |(i, batch): (usize, &Batch)| {
        absorb_but(
            batch,
            elsewhere,
            input,
            first_chunk.saturating_add(u32::try_from(i).unwrap_or(u32::MAX)),
        )
    };
    if threads == 1 {
        batches.iter().enumerate().map(one).collect()
    } else {
        batches.par_iter().enumerate().map(one).collect()
    }
}

/// One chunk to its observation, as an input of that one chunk.
#[must_use]
pub fn absorb(batch: &Batch, input: u32, chunk: u32) -> Observation {
    absorb_but(batch, &[], input, chunk)
}

/// Absorbs a batch in the order of time, so that disorder within it leaves no trace.
fn absorb_but(batch: &Batch, elsewhere: &[bool], input: u32, chunk: u32) -> Observation {
    let mut observation = Observation::default();
    observation.note_chunk(input, chunk);
    let mut take = |index: usize, frame: &Frame<'_>| {
        let frame_id = FrameId::new(input, chunk, u32::try_from(index).unwrap_or(u32::MAX));
        let sighting = Sighting {
            stamp: Stamp {
                time: frame.time,
                frame: frame_id,
            },
            captured_length: u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX),
            wire_length: frame.wire_length,
        };
        let place = frame.interface as usize;
        if elsewhere.get(place).copied().unwrap_or(false) {
            observation.pass_by(sighting);
            return;
        }
        observation.absorb(
            sighting,
            &decode(frame.link_type.0, frame.bytes, frame.wire_length),
        );
    };
    let in_order = batch
        .frames()
        .zip(batch.frames().skip(1))
        .all(|(a, b)| a.time <= b.time);
    if in_order {
        batch
            .frames()
            .enumerate()
            .for_each(|(i, frame)| take(i, &frame));
    } else {
        let mut frames: Vec<(usize, Frame<'_>)> = batch.frames().enumerate().collect();
        frames.sort_by_key(|(_, frame)| frame.time);
        frames.iter().for_each(|(i, frame)| take(*i, frame));
    }
    observation
}

fn batch_span(batch: &Batch) -> TimeSpan {
    let mut span = TimeSpan::default();
    batch
        .frames()
        .for_each(|frame| span.merge(TimeSpan::at(frame.time)));
    span
}

/// Batches whose buffers go round.
struct Batches {
    batches: Vec<Batch>,
    used: usize,
}

impl Batches {
    fn new(count: usize) -> Self {
        Self {
            batches: vec![Batch::default(); count],
            used: 0,
        }
    }

    fn fill(&mut self, source: &mut impl FrameSource) {
        self.used = 0;
        for batch in &mut self.batches {
            if batch.fill(source, BatchLimits::default()) == 0 {
                break;
            }
            self.used += 1;
        }
    }
}
