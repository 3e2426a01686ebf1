//! Captures of any length in periods: inputs are read side by side in the order of time, each as far as the others have
//! come. A period ends where the next frame lies in another one, or where it has grown too large.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::period::{OpenPeriod, Period};
use crate::drive::{Absorber, FrameChoice, Others, Progress, beside, digest_of_all};
use crate::model::{CaptureTime, TwoPoint};
use crate::observe::{CarryLimits, Observation};
use crate::source::{
    Batch, BatchLimits, Digest, FileParts, FrameSource, Input, InputRecord, OpenSource,
    open_counting,
};

/// Where a period ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct PeriodLimits {
    /// At each multiple of this time since the start of 1970 in UTC, so that hours and days are those of the clock.
    pub every: Option<Duration>,
    /// As soon as more flows and DNS messages than this were seen in it.
    pub most: Option<u64>,
    /// Whether each is of its own frames alone: nothing goes on into the next.
    pub apart: bool,
}

/// Reads inputs and hands out one period after another; the last one too, also where nothing was read at all.
///
/// # Errors
/// Those of `take`, at which reading ends.
pub fn observe_in_periods<E>(
    inputs: &[Input],
    limits: PeriodLimits,
    (chosen, threads): (&FrameChoice, usize),
    progress: &Progress,
    take: impl FnMut(Period) -> Result<(), E>,
) -> Result<(), E> {
    let mut waiting: Vec<(u32, &Input)> = (0..).zip(inputs).collect();
    waiting.reverse();
    let mut reading = PeriodReading {
        waiting,
        running: Vec::new(),
        now: None,
        open: OpenPeriod::new(
            TwoPoint::default(),
            limits.most,
            (!limits.apart).then(CarryLimits::default),
        ),
        records: Vec::new(),
        ended: Vec::new(),
        ended_weight: 0,
        began: false,
        chosen,
        threads,
        progress,
        take,
    };
    while let Some((place, next)) = reading.next() {
        // Frames that are not looked at begin no period of their own.
        let every = limits.every.filter(|_| !chosen.is_over(next));
        if reading.now.as_ref().is_some_and(|now| next > *now.end()) {
            if every.is_some() {
                reading.hand_over(false)?;
            }
            reading.now = None;
        }
        if reading.now.is_none() {
            reading.now = every.map(|every| period_around(chosen.not_before(next), every));
            if let Some(now) = &reading.now {
                reading.open.begin(*now.start());
            }
        }
        reading.absorb(place);
        if reading.open.is_full(reading.weight()) {
            reading.hand_over(true)?;
        }
    }
    reading.finish()
}

/// The period in which a time lies, from its first moment to its last one: behind the last time of all there is none.
fn period_around(time: CaptureTime, every: Duration) -> RangeInclusive<CaptureTime> {
    let every = i64::try_from(every.as_nanos()).unwrap_or(i64::MAX).max(1);
    let start = time.as_nanos().div_euclid(every).saturating_mul(every);
    let last = start.saturating_add(every - 1);
    CaptureTime::from_nanos(start)..=CaptureTime::from_nanos(last)
}

struct PeriodReading<'a, F> {
    /// Inputs that were not opened yet, the next one last.
    waiting: Vec<(u32, &'a Input)>,
    running: Vec<Running<'a>>,
    /// When the period begins and ends by the clock.
    now: Option<RangeInclusive<CaptureTime>>,
    /// What came over from the period before.
    open: OpenPeriod,
    /// Inputs that are at their end, by their ordinals.
    records: Vec<(u32, InputRecord)>,
    /// What was seen of them in this period. They are put together in their order once it is over: where captures
    /// contradict each other the first counts.
    ended: Vec<(u32, Observation)>,
    /// Flows and DNS messages of those.
    ended_weight: u64,
    /// Whether a period was handed out.
    began: bool,
    chosen: &'a FrameChoice,
    threads: usize,
    progress: &'a Progress,
    take: F,
}

/// An input that is being read.
struct Running<'a> {
    ordinal: u32,
    input: &'a Input,
    source: OpenSource,
    digest: Digest,
    batch: Batch,
    /// Frames of the batch that were absorbed.
    done: usize,
    /// Frames of the periods before this one.
    before: u64,
    /// Room for the next batch, and whether it is filled.
    spare: Batch,
    ahead: bool,
    /// What was absorbed in this period.
    absorber: Absorber<'a>,
}

impl<'a, F, E> PeriodReading<'a, F>
where
    F: FnMut(Period) -> Result<(), E>,
{
    /// The input whose next frame is the earliest, and its time.
    fn next(&mut self) -> Option<(usize, CaptureTime)> {
        loop {
            let running = self.running.iter().enumerate();
            let next = running
                .filter_map(|(place, running)| Some((place, running.next_time()?)))
                .min_by_key(|(_, time)| *time);
            // Those that begin before it come first; of which that is not known, come when all others are read.
            let due = self.waiting.last().is_some_and(|(_, input)| {
                next.is_none_or(|(_, time)| input.first_time.is_some_and(|first| first <= time))
            });
            match self.waiting.pop_if(|_| due) {
                Some((ordinal, input)) => self.open(ordinal, input),
                None => return next,
            }
        }
    }

    fn open(&mut self, ordinal: u32, input: &'a Input) {
        let (bytes, digest) = (Arc::clone(&self.progress.bytes), Digest::default());
        let source = match open_counting(&input.path, bytes, Some(&digest), FileParts::LEAST_BYTES)
        {
            Ok(source) => source,
            Err(error) => return self.records.push((ordinal, InputRecord::unread(&error))),
        };
        let mut running = Running {
            ordinal,
            input,
            source,
            digest,
            batch: Batch::default(),
            done: 0,
            before: 0,
            spare: Batch::default(),
            ahead: false,
            absorber: Absorber::new(ordinal, self.chosen, self.progress),
        };
        running.absorber.observation.note_chunk(ordinal, 0);
        running.refill();
        self.settle(running);
    }

    /// Absorbs what an input has in its batch, as far as it lies in this period.
    fn absorb(&mut self, place: usize) {
        let mut running = self.running.swap_remove(place);
        let others = self.chosen.others(running.source.interfaces());
        let last = self.now.as_ref().map(|now| *now.end());
        running.absorb(last, &others, self.threads > 1);
        self.settle(running);
    }

    /// Goes on with an input, or ends it where it has no more frames.
    fn settle(&mut self, running: Running<'a>) {
        if running.next_time().is_some() {
            self.running.push(running);
            return;
        }
        let loss = running.source.loss();
        let said = beside(running.source.beside(), self.chosen);
        let mut record = InputRecord {
            damage: running.source.damage().to_vec(),
            loss,
            ..running.record()
        };
        record.sha256 = digest_of_all(&running.digest, &record);
        self.records.push((running.ordinal, record));
        let mut observation = running.absorber.observation;
        observation.note_lost(loss.total());
        observation.note_beside(said);
        self.ended_weight += observation.weight();
        self.ended.push((running.ordinal, observation));
    }

    /// What is not merged into the period yet.
    fn weight(&self) -> u64 {
        let running = self.running.iter();
        let running = running.map(|running| running.absorber.observation.weight());
        self.ended_weight + running.sum::<u64>()
    }

    /// Ends the last period, unless the one before it ended just there.
    fn finish(&mut self) -> Result<(), E> {
        if !self.records.is_empty() || !self.began {
            self.hand_over(false)?;
        }
        Ok(())
    }

    /// Ends the period; `early`, where it has grown too large.
    fn hand_over(&mut self, early: bool) -> Result<(), E> {
        self.began = true;
        let mut records = std::mem::take(&mut self.records);
        let mut seen = std::mem::take(&mut self.ended);
        self.ended_weight = 0;
        // Those that were opened and begin behind the border have nothing to give yet.
        let begun = self.running.iter_mut();
        for running in begun.filter(|running| running.absorber.frames > 0) {
            records.push((running.ordinal, running.record()));
            running.before += running.absorber.frames;
            seen.push((running.ordinal, running.absorber.take()));
        }
        seen.sort_by_key(|(ordinal, _)| *ordinal);
        for (_, seen) in seen {
            self.open.merge(TwoPoint::alone(seen));
        }
        records.sort_by_key(|(ordinal, _)| *ordinal);
        let records = records.into_iter().map(|(_, record)| record).collect();
        (self.take)(Period {
            from: self.now.as_ref().map(|now| *now.start()),
            ..self.open.end(records, early)
        })
    }
}

impl Running<'_> {
    /// The time of the next frame; `None` at the end.
    fn next_time(&self) -> Option<CaptureTime> {
        self.batch.time_at(self.done)
    }

    /// Takes the next batch, which may be there already.
    fn refill(&mut self) {
        if !std::mem::take(&mut self.ahead) {
            self.spare.fill(&mut self.source, BatchLimits::default());
        }
        std::mem::swap(&mut self.batch, &mut self.spare);
        self.done = 0;
    }

    /// Absorbs frames of the batch up to the first one that lies beyond the period's last moment, while the next batch is read
    /// where there are threads for it.
    fn absorb(&mut self, last: Option<CaptureTime>, others: &Others, beside: bool) {
        let beyond = |place: &usize| {
            let time = self.batch.time_at(*place);
            last.is_some_and(|last| time.is_some_and(|time| time > last))
        };
        let whole = last.is_none_or(|last| self.batch.span().last <= last);
        let until = match whole {
            true => self.batch.len(),
            false => (self.done..self.batch.len())
                .find(beyond)
                .unwrap_or(self.batch.len()),
        };
        let (batch, part) = (&self.batch, self.done..until);
        let absorber = &mut self.absorber;
        let absorb = || absorber.absorb(batch, part, others);
        if beside && !self.ahead {
            let (spare, source) = (&mut self.spare, &mut self.source);
            rayon::join(absorb, || spare.fill(source, BatchLimits::default()));
            self.ahead = true;
        } else {
            absorb();
        }
        self.done = until;
        if self.done == self.batch.len() {
            self.refill();
        }
    }

    /// What was read in this period so far.
    fn record(&self) -> InputRecord {
        InputRecord {
            interfaces: self.source.interfaces().to_vec(),
            frames_before: self.before,
            ..self.absorber.record(self.input)
        }
    }
}
