//! One long input in parts, each read and absorbed by a thread of its own; they are joined in their order.

use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use super::fold::{Absorber, Progress, Reading};
use crate::observe::Observation;
use crate::source::{Batch, BatchLimits, FilePart, FileParts, FrameSource, Input, InputRecord};

/// A part that was read: what was absorbed of it, and its reader behind the last frame.
pub(super) struct ReadPart<'a> {
    start: u64,
    pub(super) absorber: Absorber<'a>,
    pub(super) reader: FilePart,
}

/// Reads an input with all threads, where it can be read in parts: what was seen of it, and its record. `None` where it
/// cannot; nothing is told of it then.
pub(super) fn read_in_parts(
    input: &Input,
    (ordinal, reading): (u32, Reading<'_>),
    progress: &Progress,
) -> Option<(Observation, InputRecord)> {
    // A digest takes a thread for itself: of two, one is left.
    let threads = reading.threads.saturating_sub(usize::from(reading.digests));
    let parts = FileParts::of(&input.path, threads, reading.part_bytes)?;
    let read = || read_parts(&parts, input, (ordinal, reading), progress);
    if !reading.digests {
        return read();
    }
    let (read, digest) = rayon::join(read, || parts.digest());
    let (observation, record) = read?;
    let sha256 = Some(digest.ok()?);
    Some((observation, InputRecord { sha256, ..record }))
}

fn read_parts(
    parts: &FileParts,
    input: &Input,
    (ordinal, reading): (u32, Reading<'_>),
    progress: &Progress,
) -> Option<(Observation, InputRecord)> {
    let starts: Vec<u64> = parts.starts().collect();
    let starts = starts.into_par_iter().enumerate().with_max_len(1);
    let read = |(part, start)| read_part(parts, part, start, input, (ordinal, reading), progress);
    let read: io::Result<Vec<ReadPart<'_>>> = starts.map(read).collect();
    let mut read = read.ok()?.into_iter();
    let mut whole = read.next()?;
    for (part, next) in (1..).zip(read) {
        // Nothing is read behind the place where reading has to stop.
        if whole.reader.has_stopped() {
            break;
        }
        let start = whole.reader.offset();
        let is_described = parts.go_by_what_is_described(&whole.reader);
        let open = |bytes| match is_described {
            true => parts.open(part, start, bytes),
            false => parts.rest(&whole.reader, bytes),
        };
        let next = match is_described && next.start == start {
            true => next,
            false => {
                let reader = open(Arc::clone(&progress.bytes)).ok()?;
                read_from(reader, input, (ordinal, reading), progress)
            }
        };
        if !whole.absorber.clocks.join(&next.absorber.clocks) {
            watch(open(Arc::default()).ok()?, &mut whole.absorber);
        }
        whole.absorber.join(next.absorber);
        whole.reader.follow(next.reader);
        if !is_described {
            break;
        }
    }
    Some(whole.absorber.finish(&whole.reader, input, reading.chosen))
}

/// Reads one part from a record on.
pub(super) fn read_part<'a>(
    parts: &FileParts,
    part: usize,
    start: u64,
    input: &Input,
    (ordinal, reading): (u32, Reading<'_>),
    progress: &'a Progress,
) -> io::Result<ReadPart<'a>> {
    let reader = parts.open(part, start, Arc::clone(&progress.bytes))?;
    Ok(read_from(reader, input, (ordinal, reading), progress))
}

/// Reads what a reader gives.
fn read_from<'a>(
    mut reader: FilePart,
    input: &Input,
    (ordinal, reading): (u32, Reading<'_>),
    progress: &'a Progress,
) -> ReadPart<'a> {
    let start = reader.offset();
    let mut batch = Batch::default();
    let mut count = batch.fill(&mut reader, BatchLimits::default());
    let mut absorber = Absorber::at((ordinal, batch.slice()), reading.chosen, progress);
    absorber.dropped = input.dropped;
    while count > 0 {
        // Interfaces are described before their frames, so those of this batch are known now.
        let others = reading.chosen.others(reader.interfaces());
        absorber.absorb(&batch, 0..count, &others);
        count = batch.fill(&mut reader, BatchLimits::default());
    }
    ReadPart {
        start,
        absorber,
        reader,
    }
}

/// Watches the clocks of a part as those before it leave them.
fn watch(mut part: FilePart, absorber: &mut Absorber<'_>) {
    let mut batch = Batch::default();
    while batch.fill(&mut part, BatchLimits::default()) > 0 {
        absorber.clocks.watch(&batch, 0..batch.len());
    }
}
