//! One long input in parts, each read and absorbed by a thread of its own; they are joined in their order.

use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use super::fold::{Absorber, Progress, Reading};
use crate::observe::Observation;
use crate::source::{Batch, BatchLimits, FrameSource, Input, InputRecord, PcapPart, PcapParts};

/// A part that was read: what was absorbed of it, and its reader behind the last frame.
pub(super) struct ReadPart<'a> {
    start: u64,
    pub(super) absorber: Absorber<'a>,
    pub(super) reader: PcapPart,
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
    let parts = PcapParts::of(&input.path, threads, reading.part_bytes)?;
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
    parts: &PcapParts,
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
        if !whole.reader.damage().is_empty() {
            break;
        }
        let start = whole.reader.offset();
        let next = match next.start == start {
            true => next,
            false => read_part(parts, part, start, input, (ordinal, reading), progress).ok()?,
        };
        if !whole.absorber.clocks.join(&next.absorber.clocks) {
            let again = parts.open(part, start, Arc::default()).ok()?;
            watch(again, &mut whole.absorber);
        }
        whole.absorber.join(next.absorber);
        whole.reader = next.reader;
    }
    Some(whole.absorber.finish(&whole.reader, input, reading.chosen))
}

/// Reads one part from a record on.
pub(super) fn read_part<'a>(
    parts: &PcapParts,
    part: usize,
    start: u64,
    input: &Input,
    (ordinal, reading): (u32, Reading<'_>),
    progress: &'a Progress,
) -> io::Result<ReadPart<'a>> {
    let mut reader = parts.open(part, start, Arc::clone(&progress.bytes))?;
    let others = reading.chosen.others(reader.interfaces());
    let mut batch = Batch::default();
    let mut count = batch.fill(&mut reader, BatchLimits::default());
    let mut absorber = Absorber::at((ordinal, batch.slice()), reading.chosen, progress);
    absorber.dropped = input.dropped;
    while count > 0 {
        absorber.absorb(&batch, 0..count, &others);
        count = batch.fill(&mut reader, BatchLimits::default());
    }
    Ok(ReadPart {
        start,
        absorber,
        reader,
    })
}

/// Watches the clocks of a part as those before it leave them.
fn watch(mut part: PcapPart, absorber: &mut Absorber<'_>) {
    let mut batch = Batch::default();
    while batch.fill(&mut part, BatchLimits::default()) > 0 {
        absorber.clocks.watch(&batch, 0..batch.len());
    }
}
