//! Which chunks of which inputs a partial holds, so that none is counted twice and frames get their numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{CaptureTime, FrameId, Merge, Stamp, TimeSpan};

/// One chunk's frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkInfo {
    /// How many frames it has.
    pub frames: u64,
    /// From the first to the last of their times.
    pub span: TimeSpan,
}

/// Chunks by (input, chunk) ordinal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunks {
    /// Ascending.
    by_place: Vec<((u32, u32), ChunkInfo)>,
    /// When the period before ended, where there was one: nobody else knows when it is while nothing comes.
    since: Option<CaptureTime>,
}

impl Chunks {
    /// Counts a frame.
    #[inline]
    pub fn count(&mut self, stamp: Stamp) {
        let info = self.at(stamp.frame.chunk());
        info.frames += 1;
        info.span.merge(TimeSpan::at(stamp.time));
    }

    /// Counts frames of a chunk.
    pub(super) fn add(&mut self, place: (u32, u32), frames: ChunkInfo) {
        let info = self.at(place);
        info.frames = info.frames.saturating_add(frames.frames);
        info.span.merge(frames.span);
    }

    /// Notes a chunk, with or without frames.
    pub fn note(&mut self, input: u32, chunk: u32) {
        self.at((input, chunk));
    }

    /// Whether they ascend and are of the first `inputs` inputs. What is read from a file may be anything.
    #[must_use]
    pub(super) fn are_of(&self, inputs: usize) -> bool {
        let places = || self.by_place.iter().map(|(place, _)| *place);
        let known = |(input, _): (u32, u32)| (input as usize) < inputs;
        places().all(known) && places().is_sorted_by(|before, after| before < after)
    }

    /// The first chunk that both have: merging them would count its frames twice.
    #[must_use]
    pub fn first_shared(&self, other: &Self) -> Option<(u32, u32)> {
        let places = self.by_place.iter().map(|(place, _)| *place);
        places.into_iter().find(|place| other.place(*place).is_ok())
    }

    /// The times in a chunk that is in here; `None` too where it is of a period before, whose times are not known any more.
    #[must_use]
    pub(super) fn span_of(&self, place: (u32, u32)) -> Option<TimeSpan> {
        let at = self.place(place).ok()?;
        let (_, info) = self.by_place.get(at)?;
        let is_over = info.frames > 0 && info.span == TimeSpan::default();
        (!is_over).then_some(info.span)
    }

    /// All chunks, ascending.
    pub fn iter(&self) -> impl Iterator<Item = ((u32, u32), ChunkInfo)> + '_ {
        self.by_place.iter().copied()
    }

    /// The same numbering with fewer entries, for what follows: chunks that are not `named` are counted together with those
    /// behind them up to the next named one, or to the last one of their input, since more of it may still come. Of their
    /// times the end alone is known.
    #[must_use]
    pub(super) fn compressed(&self, named: &BTreeSet<(u32, u32)>) -> Self {
        let mut by_place: Vec<((u32, u32), ChunkInfo)> = Vec::new();
        let mut in_gap = false;
        let mut next = self.by_place.iter().skip(1);
        for (place, info) in &self.by_place {
            let is_last = next.next().is_none_or(|((input, _), _)| *input != place.0);
            let stays = is_last || named.contains(place);
            match by_place.last_mut().filter(|_| in_gap && !stays) {
                Some((_, gap)) => gap.frames = gap.frames.saturating_add(info.frames),
                None => {
                    let span = TimeSpan::default();
                    by_place.push((*place, ChunkInfo { span, ..*info }));
                }
            }
            in_gap = !stays;
        }
        let span = self.span();
        Self {
            by_place,
            since: (span.first <= span.last).then_some(span.last),
        }
    }

    /// Gives inputs other ordinals: `ordinals[old]` is the new one.
    pub(super) fn renumber_inputs(&mut self, ordinals: &[u32]) {
        for ((input, _), _) in &mut self.by_place {
            *input = ordinals.get(*input as usize).copied().unwrap_or(*input);
        }
        self.by_place.sort_unstable_by_key(|(place, _)| *place);
    }

    /// All frames.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.by_place.iter().map(|(_, info)| info.frames).sum()
    }

    /// From the first to the last frame's time. Where there is no frame it is when the period before ended, and empty where
    /// there was none either.
    #[must_use]
    pub fn span(&self) -> TimeSpan {
        let mut span = TimeSpan::default();
        self.by_place
            .iter()
            .for_each(|(_, info)| span.merge(info.span));
        match self.since {
            Some(since) if span.last < span.first => TimeSpan::at(since),
            _ => span,
        }
    }

    /// Numbers frames as a person counts them: 1-based, on through the inputs in their order.
    #[must_use]
    pub fn numbering(&self) -> Numbering {
        let mut next = 1;
        let mut first = BTreeMap::new();
        for (place, info) in &self.by_place {
            first.insert(*place, next);
            next = u64::saturating_add(next, info.frames);
        }
        Numbering { first }
    }

    /// The chunk with an ordinal; frames come from the last one as a rule.
    #[inline]
    fn at(&mut self, place: (u32, u32)) -> &mut ChunkInfo {
        let last = self.by_place.len().wrapping_sub(1);
        if self
            .by_place
            .get(last)
            .is_some_and(|known| known.0 == place)
        {
            return &mut self.by_place[last].1;
        }
        let at = self.place(place).unwrap_or_else(|at| {
            self.by_place.insert(at, (place, ChunkInfo::default()));
            at
        });
        &mut self.by_place[at].1
    }

    fn place(&self, place: (u32, u32)) -> Result<usize, usize> {
        self.by_place.binary_search_by_key(&place, |known| known.0)
    }
}

impl Merge for Chunks {
    /// Adds counts; the caller has made sure by [`Chunks::first_shared`] that no chunk is in both.
    fn merge(&mut self, other: Self) {
        for (place, info) in other.by_place {
            self.add(place, info);
        }
        self.since = self.since.max(other.since);
    }
}

/// Frame numbers, once all chunks are known.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    first: BTreeMap<(u32, u32), u64>,
}

impl Numbering {
    /// The frame's number over all inputs, 1-based; 0 for a frame of no known chunk.
    #[must_use]
    pub fn number(&self, frame: FrameId) -> u64 {
        self.first
            .get(&frame.chunk())
            .map_or(0, |first| first.saturating_add(frame.index().into()))
    }

    /// The input's ordinal and the frame's number within that input, 1-based.
    #[must_use]
    pub fn place(&self, frame: FrameId) -> (u32, u64) {
        let (input, _) = frame.chunk();
        let start = self
            .first
            .range((input, 0)..)
            .next()
            .map_or(1, |(_, first)| *first);
        (
            input,
            self.number(frame).saturating_add(1).saturating_sub(start),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_numbered_through_chunks_and_inputs() {
        let mut chunks = Chunks::default();
        for (input, chunk, index) in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 0, 1)] {
            let frame = FrameId::new(input, chunk, index);
            chunks.count(Stamp {
                time: CaptureTime::from_nanos(i64::from(index)),
                frame,
            });
        }
        let numbering = chunks.numbering();
        assert_eq!(numbering.number(FrameId::new(0, 1, 0)), 3);
        assert_eq!(numbering.number(FrameId::new(1, 0, 1)), 5);
        assert_eq!(numbering.place(FrameId::new(1, 0, 1)), (1, 2));
        assert_eq!(chunks.frames(), 5);
    }

    #[test]
    fn fewer_entries_number_the_same_frames() {
        let mut chunks = Chunks::default();
        for chunk in 0..10 {
            for index in 0..=chunk {
                let frame = FrameId::new(chunk / 5, chunk, index);
                let time = CaptureTime::from_nanos(i64::from(chunk));
                chunks.count(Stamp { time, frame });
            }
        }
        let named: BTreeSet<_> = [(0, 3), (1, 7)].into();
        let fewer = chunks.compressed(&named);
        assert_eq!(fewer.by_place.len(), 7);
        for frame in [(0, 3, 2), (1, 7, 0), (1, 9, 4)] {
            let frame = FrameId::new(frame.0, frame.1, frame.2);
            assert_eq!(
                fewer.numbering().number(frame),
                chunks.numbering().number(frame)
            );
            assert_eq!(
                fewer.numbering().place(frame),
                chunks.numbering().place(frame)
            );
        }
        assert_eq!(fewer.frames(), chunks.frames());
        assert_eq!(fewer.span(), TimeSpan::at(CaptureTime::from_nanos(9)));
    }

    #[test]
    fn a_shared_chunk_is_found() {
        let (mut a, mut b) = (Chunks::default(), Chunks::default());
        a.note(0, 3);
        b.note(0, 2);
        assert_eq!(a.first_shared(&b), None);
        b.note(0, 3);
        assert_eq!(a.first_shared(&b), Some((0, 3)));
    }
}
