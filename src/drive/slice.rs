//! One long file in slices that are read by themselves, on machines that know nothing of each other.
//!
//! Where a slice begins is a guess, as [`FileParts`] has it. Whoever puts the slices together holds each end against the
//! next start, and tells where they do not meet: nothing is counted twice or lost without a word.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::clock::Clocks;
use super::fold::{Progress, Reading};
use super::parts::read_part;
use crate::observe::Observation;
use crate::source::{FileParts, Input, InputRecord, SourceError, TellsLoss};

/// Which slice of how many is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceChoice {
    /// From 0.
    index: u32,
    of: u32,
}

/// `I/N`, where I counts from 1.
impl FromStr for SliceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a slice is written I/N, such as 3/8: the third of eight".to_owned();
        let (index, of) = text.split_once('/').ok_or_else(wrong)?;
        let index: u32 = index.parse().map_err(|_| wrong())?;
        let of: u32 = of.parse().map_err(|_| wrong())?;
        match index {
            0 => Err("slices count from 1".to_owned()),
            _ if index > of => Err(format!("there is no slice {index} of {of}")),
            _ => Ok(Self {
                index: index - 1,
                of,
            }),
        }
    }
}

impl fmt::Display for SliceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.of)
    }
}

/// What to do where slices do not fit together.
const IN_ONE_PIECE: &str = "read it in one piece, without --slice";

/// What was read of one slice of a file, so that the next can be held against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SliceRead {
    /// From 0.
    index: u32,
    of: u32,
    /// From the first record to behind the last one; `None` where no record begins in it.
    bytes: Option<(u64, u64)>,
    /// Whether reading had to stop in it.
    stopped: bool,
    /// Whether it describes interfaces that the slices behind it do not know.
    describes: bool,
    tells_loss: TellsLoss,
    clocks: Clocks,
}

/// Reads one slice of an input; its SHA-256 is of all of it.
///
/// # Errors
/// Where it cannot be read, or not in slices.
pub(super) fn read_slice(
    input: &Input,
    choice: SliceChoice,
    reading: Reading<'_>,
    progress: &Progress,
) -> Result<(Observation, InputRecord, SliceRead), SourceError> {
    let path = || input.path.clone();
    let place = (choice.index, choice.of);
    let parts = FileParts::piece(&input.path, place, reading.part_bytes)
        .ok_or_else(|| SourceError::NotInSlices { path: path() })?;
    let failed = |error| SourceError::refused(path(), error);
    let mut slice = SliceRead {
        index: choice.index,
        of: choice.of,
        bytes: None,
        stopped: false,
        describes: false,
        tells_loss: TellsLoss::default(),
        clocks: Clocks::default(),
    };
    let (observation, mut record) = match parts.starts().next() {
        None => (Observation::default(), InputRecord::of(input.clone())),
        Some(start) => {
            let part = read_part(&parts, 0, start, input, (0, reading), progress);
            let part = part.map_err(failed)?;
            slice.bytes = Some((start, part.reader.offset()));
            slice.stopped = part.reader.has_stopped();
            slice.describes = !parts.go_by_what_is_described(&part.reader);
            slice.tells_loss = part.reader.tells_loss();
            slice.clocks = part.absorber.clocks.clone();
            part.absorber.finish(&part.reader, input, reading.chosen)
        }
    };
    if reading.digests {
        record.sha256 = Some(parts.digest().map_err(failed)?);
    }
    Ok((observation, record, slice))
}

/// The slices of one input that were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SlicesRead(Vec<SliceRead>);

impl From<SliceRead> for SlicesRead {
    fn from(slice: SliceRead) -> Self {
        Self(vec![slice])
    }
}

impl SlicesRead {
    /// Takes those that another has of the same input.
    pub(super) fn join(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.sort_by_key(|slice| (slice.of, slice.index));
    }

    /// What is wrong with them together, where not all are there and meet; in words.
    pub(super) fn trouble(&self) -> Option<String> {
        let of = self.0.first().map(|slice| slice.of)?;
        if self.0.iter().any(|slice| slice.of != of) {
            return Some(
                "it was read in slices of two sizes, which do not fit together".to_owned(),
            );
        }
        let missing: Vec<u32> = (0..of).filter(|index| !self.has(*index)).collect();
        if let Some(first) = missing.first() {
            let words = match missing.len() {
                1 => format!("slice {}/{of} of it was not read", first + 1),
                count => format!(
                    "{count} slices of {of} were not read, the first of them {}/{of}",
                    first + 1
                ),
            };
            return Some(words);
        }
        let read = || self.0.iter().filter(|slice| slice.bytes.is_some());
        let pairs = || read().zip(read().skip(1));
        if let Some((slice, _)) = pairs().find(|(slice, _)| slice.describes) {
            let index = slice.index + 1;
            return Some(format!(
                "interfaces are described in slice {index}/{of} of it, which the slices behind it do not know; {IN_ONE_PIECE}"
            ));
        }
        if self.count_loss_twice() {
            return Some(format!(
                "loss is told in several slices of it, and only the whole tells of which packets; {IN_ONE_PIECE}"
            ));
        }
        let apart = pairs().find(|(before, after)| !before.meets(after));
        apart.map(|(before, after)| {
            let (index, end) = (after.index + 1, before.bytes.map_or(0, |(_, end)| end));
            format!("slice {index}/{of} of it does not begin where the one before ends, at byte {end}; {IN_ONE_PIECE}")
        })
    }

    /// The clocks of all of it, and what they tell once all of it is there.
    pub(super) fn settle(&self, record: &mut InputRecord) {
        let mut slices = self.0.iter();
        let Some(mut clocks) = slices.next().map(|slice| slice.clocks.clone()) else {
            return;
        };
        slices.for_each(|slice| clocks.join_at_least(&slice.clocks));
        record.set_back = clocks.set_back();
    }

    /// Whether what several slices tell of loss may be of the same packets: counts of a whole interface go before those of its
    /// packets, and the highest of them counts.
    fn count_loss_twice(&self) -> bool {
        let told = || self.0.iter().map(|slice| slice.tells_loss);
        let by_statistics = told().filter(|told| told.by_statistics).count();
        let masked = |place: usize| {
            let mut others = told().enumerate().filter(|(other, _)| *other != place);
            others.any(|(_, other)| other.has_statistics)
        };
        let mut each = told().enumerate();
        by_statistics > 1 || each.any(|(place, told)| told.by_packets && masked(place))
    }

    fn has(&self, index: u32) -> bool {
        self.0.iter().any(|slice| slice.index == index)
    }
}

impl SliceRead {
    /// Whether the next slice that was read begins behind this one. Behind damage nobody knows.
    fn meets(&self, next: &Self) -> bool {
        match (self.bytes, next.bytes) {
            (Some((_, end)), Some((start, _))) => self.stopped || end == start,
            _ => true,
        }
    }
}
