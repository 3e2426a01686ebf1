//! Partial files: the audit as map (`observe`), reduce (`merge`) and verdict (`judge`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fold::{Observed, Progress, Reading};
use super::slice::{SliceChoice, SlicesRead, read_slice};
use crate::model::{CaptureTime, Merge};
use crate::observe::codec::{FORMAT, Written};
use crate::observe::{CarryLimits, Observation};
use crate::source::{Input, InputPath, InputRecord, SourceError};

const MAGIC: [u8; 8] = *b"pktaudit";

/// What `observe` writes and `merge` and `judge` read.
#[derive(Debug, Default)]
pub struct Partial {
    /// The evidence.
    pub observation: Observation,
    /// The inputs that it was gathered from, in the order of their ordinals.
    pub inputs: Vec<InputRecord>,
    /// Those of which it has slices alone, by their ordinals.
    slices: BTreeMap<u32, SlicesRead>,
    /// Where it is of a period.
    period: Option<OfPeriod>,
}

/// Which period a partial file is of.
#[derive(Debug, Serialize, Deserialize)]
struct OfPeriod {
    every: Duration,
    /// When the first one begins that it has frames of; `None` where it has what goes on from others alone.
    first: Option<CaptureTime>,
    /// When the last one begins of which something is counted in it.
    last: CaptureTime,
    /// Ordinals of inputs of which no frame was read in it. Their frames may be named, and count for numbering.
    elsewhere: BTreeSet<u32>,
}

/// Why a partial file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartialError {
    /// Reading or writing failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not a partial file.
    #[error(
        "is no partial file of pktaudit; `pktaudit observe --partial FILE CAPTURE...` writes one"
    )]
    NotAPartial,
    /// Written by another version.
    #[error("has format {0}, this pktaudit reads format {FORMAT}; observe the captures again")]
    Version(u32),
    /// Cut or damaged.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// Partials of periods, and others or those of other periods.
    #[error("does not go with the others: {0}")]
    Apart(&'static str),
    /// A partial of a period that is over in another one.
    #[error(
        "is of a period that is over: what went on from it, or from a later one, is there already"
    )]
    Over,
    /// Two partials hold the same chunk of the same input.
    #[error("holds part {chunk} of {input} again; merging it would count its frames twice")]
    Twice {
        /// The input.
        input: String,
        /// The chunk's ordinal.
        chunk: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Body {
    inputs: Vec<InputRecord>,
    slices: BTreeMap<u32, SlicesRead>,
    period: Option<OfPeriod>,
    observation: Written,
}

impl From<Observed> for Partial {
    fn from(observed: Observed) -> Self {
        Self {
            observation: observed.observation,
            inputs: observed.inputs,
            ..Self::default()
        }
    }
}

impl Partial {
    /// What is in one slice of an input. A digest, where one is wanted, is that of the whole input.
    ///
    /// # Errors
    /// Where it cannot be read, or not in slices.
    pub fn of_slice(
        input: &Input,
        choice: SliceChoice,
        reading: Reading<'_>,
        progress: &Progress,
    ) -> Result<Self, SourceError> {
        let (observation, record, slice) = read_slice(input, choice, reading, progress)?;
        Ok(Self {
            observation,
            inputs: vec![record],
            slices: BTreeMap::from([(0, slice.into())]),
            period: None,
        })
    }

    /// What was seen in the period that begins at a time and lasts so long. `records` are of those of all `inputs` that have
    /// frames in it, in the same order.
    #[must_use]
    pub fn of_period(
        (begin, every): (CaptureTime, Duration),
        observation: Observation,
        records: Vec<InputRecord>,
        inputs: &[Input],
    ) -> Self {
        let mut records = records.into_iter().peekable();
        let mut elsewhere = BTreeSet::new();
        let all = (0..).zip(inputs).map(|(ordinal, input)| {
            let own = records.next_if(|record| record.input.path == input.path);
            own.unwrap_or_else(|| {
                elsewhere.insert(ordinal);
                InputRecord::of(input.clone())
            })
        });
        Self {
            inputs: all.collect(),
            observation,
            slices: BTreeMap::new(),
            period: Some(OfPeriod {
                every,
                first: Some(begin),
                last: begin,
                elsewhere,
            }),
        }
    }

    /// What goes on into the next period, where this is all that was seen in one and what went on from the one before.
    ///
    /// # Errors
    /// Why it is not, in words.
    pub fn carry(mut self, limits: CarryLimits) -> Result<Self, String> {
        if let Some((input, words)) = self.lacking().into_iter().next() {
            return Err(format!("{}: {words}", self.inputs[input].name()));
        }
        let Some(period) = self.period else {
            return Err("--carry is of partial files that `observe --every` writes".to_owned());
        };
        let inputs = self.inputs.into_iter().map(|record| record.input);
        let inputs: Vec<Input> = inputs.collect();
        let clock = (period.last, period.every);
        let carried = self.observation.carry(limits);
        let mut carried = Self::of_period(clock, carried, Vec::new(), &inputs);
        if let Some(period) = &mut carried.period {
            period.first = None;
        }
        Ok(carried)
    }

    /// Inputs of which frames of earlier periods are not there, by their places, and how many, in words.
    fn lacking(&self) -> Vec<(usize, String)> {
        let Some(period) = &self.period else {
            return Vec::new();
        };
        let mut counted: BTreeMap<u32, u64> = BTreeMap::new();
        for ((input, _), chunk) in self.observation.chunks().iter() {
            let sum = counted.entry(input).or_default();
            *sum = sum.saturating_add(chunk.frames);
        }
        let own = (0..).zip(&self.inputs);
        let own = own.filter(|(ordinal, _)| !period.elsewhere.contains(ordinal));
        own.filter_map(|(ordinal, record)| {
            let there = counted.get(&ordinal).copied().unwrap_or(0);
            let wanted = record.frames_before.saturating_add(record.frames);
            let missing = wanted.saturating_sub(there);
            let words = format!(
                "{missing} frames of earlier periods are not there: what `merge --carry` kept of the period before belongs to it"
            );
            (missing > 0).then_some((ordinal as usize, words))
        })
        .collect()
    }

    /// Whether it is of one period or of several, and so says nothing of a capture as a whole.
    #[must_use]
    pub const fn is_of_period(&self) -> bool {
        self.period.is_some()
    }

    /// All inputs by their ordinals, and what became of those that it has frames of.
    #[must_use]
    pub fn take_records(&mut self) -> (Vec<Input>, Vec<InputRecord>) {
        let records = std::mem::take(&mut self.inputs);
        let inputs = records.iter().map(|record| record.input.clone()).collect();
        let period = self.period.take();
        let elsewhere = period.map_or_else(BTreeSet::new, |period| period.elsewhere);
        let own = (0..)
            .zip(records)
            .filter(|(ordinal, _)| !elsewhere.contains(ordinal));
        (inputs, own.map(|(_, record)| record).collect())
    }

    /// Ends the putting together: what is missing of inputs that were read in slices is told with them.
    pub fn conclude(&mut self) {
        for (input, words) in self.lacking() {
            self.inputs[input].troubles.push(words);
        }
        for (ordinal, slices) in std::mem::take(&mut self.slices) {
            if let Some(record) = self.inputs.get_mut(ordinal as usize) {
                record.troubles.extend(slices.trouble());
                slices.settle(record);
            }
        }
    }

    /// Writes it: magic, format as little-endian `u32`, body, SHA-256 of the body.
    ///
    /// # Errors
    /// Where the writer fails.
    pub fn write(self, mut to: impl Write) -> Result<(), PartialError> {
        let body = Body {
            inputs: self.inputs,
            slices: self.slices,
            period: self.period,
            observation: self.observation.into(),
        };
        let bytes =
            postcard::to_stdvec(&body).map_err(|error| PartialError::Damaged(error.to_string()))?;
        to.write_all(&MAGIC)?;
        to.write_all(&FORMAT.to_le_bytes())?;
        to.write_all(&bytes)?;
        to.write_all(&Sha256::digest(&bytes))?;
        Ok(to.flush()?)
    }

    /// Reads all of `partials` and merges them. Their order does not matter.
    ///
    /// # Errors
    /// The first partial that cannot be used, by its place in the list.
    pub fn read_all<R: Read>(
        partials: impl IntoIterator<Item = R>,
    ) -> Result<Self, (usize, PartialError)> {
        let mut bodies = Vec::new();
        for (i, reader) in partials.into_iter().enumerate() {
            bodies.push(read(reader).map_err(|error| (i, error))?);
        }
        let (first, mut period) = together(&bodies)?;
        let order = order(&bodies);
        let mut whole = Self::default();
        whole.inputs.resize_with(order.len(), InputRecord::default);
        let mut elsewhere: BTreeSet<u32> = (0..).take(order.len()).collect();
        // What captures say against each other, one packet's place and time with two contents, is taken from the first: so
        // they are put together in the order of their frames, as in one run.
        let mut observations = Vec::with_capacity(bodies.len());
        for (i, mut body) in bodies.into_iter().enumerate() {
            let period = body.period.as_ref();
            let goes_on = period.is_some_and(|period| period.first.is_none());
            let ordinals = whole.take_inputs(&mut body, &order, &mut elsewhere);
            body.observation.renumber_inputs(&ordinals);
            let mut observation = Observation::from(body.observation);
            if let Some(first) = first.filter(|_| goes_on) {
                observation.begin(first, CarryLimits::default());
            }
            let first = observation.chunks().iter().next().map(|(place, _)| place);
            observations.push((first, i, observation));
        }
        observations.sort_by_key(|(first, i, _)| (*first, *i));
        for (_, i, observation) in observations {
            let known = whole.observation.chunks();
            if let Some((input, chunk)) = known.first_shared(observation.chunks()) {
                let input = whole.inputs[input as usize].input.path.to_string();
                return Err((i, PartialError::Twice { input, chunk }));
            }
            whole.observation.merge(observation);
        }
        if let Some(period) = &mut period {
            period.elsewhere = elsewhere;
        }
        whole.period = period;
        Ok(whole)
    }

    /// Takes what a partial says of its inputs; gives the ordinals that they have here. Those of which it has frames are
    /// not `elsewhere` any more.
    fn take_inputs(
        &mut self,
        body: &mut Body,
        order: &[Input],
        elsewhere: &mut BTreeSet<u32>,
    ) -> Vec<u32> {
        let inputs = std::mem::take(&mut body.inputs);
        let listed = body.period.take();
        let listed = listed.map_or_else(BTreeSet::new, |period| period.elsewhere);
        let mut ordinals = Vec::with_capacity(inputs.len());
        for (place, input) in (0..).zip(inputs) {
            let ordinal = ordinal(order, &input.input);
            ordinals.push(ordinal);
            let known = &mut self.inputs[ordinal as usize];
            if listed.contains(&place) {
                known.input = input.input;
                continue;
            }
            elsewhere.remove(&ordinal);
            if let Some(slices) = body.slices.remove(&place) {
                self.slices.entry(ordinal).or_default().join(slices);
                known.join(input);
            } else if known.frames == 0 {
                // What one part could not open, another could.
                *known = input;
            } else if input.is_read() {
                // Of another period.
                known.join(input);
            }
        }
        ordinals
    }
}

fn read(mut reader: impl Read) -> Result<Body, PartialError> {
    let mut head = [0; 12];
    reader
        .read_exact(&mut head)
        .map_err(|_| PartialError::NotAPartial)?;
    let (magic, format) = head.split_at(8);
    if magic != MAGIC {
        return Err(PartialError::NotAPartial);
    }
    let format = u32::from_le_bytes([format[0], format[1], format[2], format[3]]);
    if format != FORMAT {
        return Err(PartialError::Version(format));
    }
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    let damaged = |what: &str| PartialError::Damaged(what.to_owned());
    let split = bytes
        .len()
        .checked_sub(32)
        .ok_or_else(|| damaged("it ends too early"))?;
    let (body, digest) = bytes.split_at(split);
    if Sha256::digest(body).as_slice() != digest {
        return Err(damaged("its bytes are not those that were written"));
    }
    let body: Body = postcard::from_bytes(body).map_err(|error| damaged(&error.to_string()))?;
    let inputs = body.inputs.len();
    let listed = |ordinal: &u32| (*ordinal as usize) < inputs;
    match body.observation.is_of(inputs) && body.slices.keys().all(listed) {
        true => Ok(body),
        false => Err(damaged("it has frames of inputs that it does not list")),
    }
}

/// Whether partials can be put together: when the first period begins of which there are frames, and which periods it all is of.
fn together(
    bodies: &[Body],
) -> Result<(Option<CaptureTime>, Option<OfPeriod>), (usize, PartialError)> {
    let periods = || {
        let bodies = bodies.iter().enumerate();
        bodies.filter_map(|(place, body)| Some((place, body.period.as_ref()?)))
    };
    let Some((_, one)) = periods().next() else {
        return Ok((None, None));
    };
    let is_whole = |body: &Body| {
        let mut inputs = body.inputs.iter();
        body.period.is_none() && inputs.any(|input| input.frames > 0)
    };
    if let Some(place) = bodies.iter().position(is_whole) {
        let words = "it is of whole captures, they are of periods";
        return Err((place, PartialError::Apart(words)));
    }
    if let Some((place, _)) = periods().find(|(_, period)| period.every != one.every) {
        let words = "its periods have another length";
        return Err((place, PartialError::Apart(words)));
    }
    let over = periods().filter(|(_, period)| period.first.is_none());
    let over = over.map(|(_, period)| period.last).max();
    let is_over = |period: &OfPeriod| {
        let first = period.first;
        first.is_some_and(|first| over.is_some_and(|over| first <= over))
    };
    if let Some((place, _)) = periods().find(|(_, period)| is_over(period)) {
        return Err((place, PartialError::Over));
    }
    let first = periods().filter_map(|(_, period)| period.first).min();
    let last = periods().map(|(_, period)| period.last).max();
    let period = OfPeriod {
        every: one.every,
        first,
        last: last.unwrap_or(one.last),
        elsewhere: BTreeSet::new(),
    };
    Ok((first, Some(period)))
}

/// The inputs of all partials, each once, in the order in which one run over all of them would number them.
fn order(bodies: &[Body]) -> Vec<Input> {
    let records = bodies.iter().flat_map(|body| &body.inputs);
    let mut inputs: Vec<(bool, Input)> = records
        .map(|record| (!record.is_read(), record.input.clone()))
        .collect();
    inputs.sort_by(|(a_unread, a), (b_unread, b)| {
        let stdin = |input: &Input| input.path == InputPath::Stdin;
        let late = (stdin(a), a_unread).cmp(&(stdin(b), b_unread));
        late.then_with(|| a.order(b))
    });
    inputs.dedup_by(|(_, a), (_, b)| a.order(b).is_eq());
    inputs.into_iter().map(|(_, input)| input).collect()
}

fn ordinal(order: &[Input], input: &Input) -> u32 {
    let place = order.iter().position(|known| known.order(input).is_eq());
    u32::try_from(place.unwrap_or(order.len())).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A partial file of some inputs, with one chunk of the input of this ordinal.
    fn file(inputs: usize, ordinal: u32) -> Vec<u8> {
        let mut partial = Partial::default();
        partial.inputs.resize_with(inputs, InputRecord::default);
        partial.observation.note_chunk(ordinal, 0);
        let mut bytes = Vec::new();
        partial.write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn frames_of_inputs_that_are_not_listed_are_refused() {
        for (inputs, ordinal, sound) in [(1, 0, true), (1, 1, false), (0, 0, false), (0, 9, false)]
        {
            let file = file(inputs, ordinal);
            let read = Partial::read_all([&file[..]]);
            assert_eq!(read.is_ok(), sound, "{inputs} {ordinal}");
            // Twice the same file: there are words for it, whatever its ordinals are.
            let (_, error) = Partial::read_all([&file[..], &file[..]]).unwrap_err();
            assert!(!error.to_string().is_empty());
        }
    }
}
