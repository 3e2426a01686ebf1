//! Many frames at once, so that they can be handed to another thread.

use std::ops::Range;

use super::Frame;
use super::FrameNote;
use super::FrameSource;
use super::LinkType;
use crate::model::CaptureTime;
use crate::model::FrameId;
use crate::model::Merge;
use crate::model::TimeSpan;

/// Consecutive frames of one source that own their bytes. Buffers are kept when it is filled again, so that a batch
/// that goes round allocates nothing per frame.
///
/// Readers of files give a batch the buffer that they read into ([`FrameSource::fill`]), so that no frame is copied;
/// between the frames lie the headers of their records then.
#[derive(Clone, Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<BatchRecord>,
    captured: usize,
    span: TimeSpan,
    in_order: bool,
    slice: u32,
    /// What was written to frames, ascending by their positions.
    comments: Vec<(usize, String)>,
}

/// Where a batch is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Bytes: where frames are copied, those captured, and the frame that reaches them is the last one, so a batch
    /// holds up to one frame more; where a buffer is handed over, those of whole records.
    pub bytes: usize,
    /// Frames, at most [`FrameId::MAX_FRAMES`].
    pub frames: usize,
}

impl Default for BatchLimits {
    /// 1 MiB: large enough that handing over costs nothing, small enough that some fit the cache.
    fn default() -> Self {
        Self {
            bytes: 1024 * 1024,
            frames: FrameId::MAX_FRAMES as usize,
        }
    }
}

/// A frame but its bytes, with their place in the buffer.
#[derive(Clone, Copy, Debug)]
struct BatchRecord {
    time: CaptureTime,
    start: usize,
    captured: u32,
    wire_length: u32,
    interface: u32,
    link_type: LinkType,
    note: FrameNote,
}

/// A frame's facts beside its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameFacts {
    pub(super) time: CaptureTime,
    pub(super) link_type: LinkType,
    pub(super) interface: u32,
    pub(super) wire_length: u32,
    pub(super) note: FrameNote,
}

/// Batches are equal that hold equal frames, whatever lies between these in the buffer.
impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        let facts = |frame: Frame<'_>| {
            (
                frame.time,
                frame.link_type,
                frame.interface,
                frame.wire_length,
            )
        };
        let mut pairs = self.frames().zip(other.frames());
        self.len() == other.len() && pairs.all(|(a, b)| facts(a) == facts(b) && a.bytes == b.bytes)
    }
}

impl Eq for Batch {}

impl Default for Batch {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            records: Vec::new(),
            captured: 0,
            span: TimeSpan::default(),
            in_order: true,
            slice: 0,
            comments: Vec::new(),
        }
    }
}

impl Batch {
    /// Replaces what is in it by the next frames of a source, up to the limits. Gives the number of frames: 0 is the
    /// end of the source (or a limit of 0 frames).
    ///
    /// Where batches end depends on the frames alone, so the same source gives the same batches each time.
    pub fn fill<S: FrameSource + ?Sized>(&mut self, source: &mut S, limits: BatchLimits) -> usize {
        source.fill(self, limits)
    }

    /// Adds a copy of a frame. The caller minds the limits.
    #[inline]
    pub fn push(&mut self, frame: Frame<'_>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(frame.bytes);
        let facts = FrameFacts {
            time: frame.time,
            link_type: frame.link_type,
            interface: frame.interface,
            wire_length: frame.wire_length,
            note: frame.note,
        };
        self.note(facts, start, frame.bytes.len());
    }

    /// Adds a frame whose bytes will lie at a place of the buffer that [`Batch::swap_buffer`] brings.
    #[inline]
    pub(super) fn note(&mut self, facts: FrameFacts, start: usize, captured: usize) {
        self.in_order &= self.records.is_empty() || self.span.last <= facts.time;
        self.span.merge(TimeSpan::at(facts.time));
        self.captured += captured;
        self.records.push(BatchRecord {
            time: facts.time,
            start,
            captured: u32::try_from(captured).unwrap_or(u32::MAX),
            wire_length: facts.wire_length,
            interface: facts.interface,
            link_type: facts.link_type,
            note: facts.note,
        });
    }

    /// Adds what was written to the frame that was added last.
    #[inline]
    pub(super) fn note_comments(&mut self, comments: Vec<String>) {
        if let (false, Some(place)) = (comments.is_empty(), self.len().checked_sub(1)) {
            let comments = comments.into_iter().map(|comment| (place, comment));
            self.comments.extend(comments);
        }
    }

    /// Whether anything was written to any of its frames.
    #[must_use]
    pub fn has_comments(&self) -> bool {
        !self.comments.is_empty()
    }

    /// What people and programs wrote to the frame at a position (`opt_comment` of pcapng). At most four texts of 256 bytes.
    /// Hostile: escape them.
    pub fn comments_at(&self, place: usize) -> impl Iterator<Item = &str> {
        let start = self.comments.partition_point(|(at, _)| *at < place);
        let own = self.comments.get(start..).unwrap_or_default().iter();
        own.take_while(move |(at, _)| *at == place)
            .map(|(_, comment)| comment.as_str())
    }

    /// Gives the buffer in which all noted frames lie, and takes the one from before.
    pub(super) fn swap_buffer(&mut self, buffer: &mut Vec<u8>) {
        std::mem::swap(&mut self.bytes, buffer);
    }

    /// Takes all frames out and keeps the buffers.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.forget();
    }

    /// As [`Batch::clear`], but for the bytes, so that the buffer need not be filled with zeros again.
    pub(super) fn forget(&mut self) {
        self.records.clear();
        self.comments.clear();
        self.captured = 0;
        self.span = TimeSpan::default();
        self.in_order = true;
        self.slice = 0;
    }

    /// Says in which slice of the input its frames lie.
    pub(super) const fn set_slice(&mut self, slice: u32) {
        self.slice = slice;
    }

    /// The ordinal of the slice of the input in which all of its frames lie; 0 where an input is not told in slices.
    #[must_use]
    pub const fn slice(&self) -> u32 {
        self.slice
    }

    /// The frames in their order: a frame's position here is the index of its [`FrameId`].
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        self.records.iter().map(|record| self.frame(record))
    }

    /// The frames in the order of their times, those of one time in their order; each with its position.
    pub fn frames_by_time(&self) -> impl Iterator<Item = (usize, Frame<'_>)> {
        let mut order: Vec<usize> = Vec::new();
        if !self.in_order {
            order = (0..self.records.len()).collect();
            order.sort_by_key(|place| self.records[*place].time);
        }
        (0..self.records.len()).map(move |i| {
            let place = order.get(i).copied().unwrap_or(i);
            (place, self.frame(&self.records[place]))
        })
    }

    /// The time of the frame at a position.
    #[must_use]
    pub fn time_at(&self, place: usize) -> Option<CaptureTime> {
        self.records.get(place).map(|record| record.time)
    }

    /// The frames at some positions, but for their bytes: time, interface and link type, in their order.
    pub fn times_of(
        &self,
        part: Range<usize>,
    ) -> impl Iterator<Item = (CaptureTime, u32, LinkType)> {
        let records = self.records.get(part).unwrap_or_default().iter();
        records.map(|record| (record.time, record.interface, record.link_type))
    }

    /// From the earliest to the latest time.
    #[must_use]
    pub fn span(&self) -> TimeSpan {
        self.span
    }

    /// From the earliest to the latest time of the frames at some positions.
    #[must_use]
    pub fn span_of(&self, part: Range<usize>) -> TimeSpan {
        if part == (0..self.len()) {
            return self.span;
        }
        let mut span = TimeSpan::default();
        let records = self.records.get(part).unwrap_or_default();
        let times = records.iter().map(|record| TimeSpan::at(record.time));
        times.for_each(|time| span.merge(time));
        span
    }

    /// The latest time; `None` without frames.
    #[must_use]
    pub fn last_time(&self) -> Option<CaptureTime> {
        (!self.is_empty()).then_some(self.span.last)
    }

    /// Frames in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether no frame is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Captured bytes in it.
    #[must_use]
    pub fn captured_bytes(&self) -> usize {
        self.captured
    }

    #[inline]
    fn frame(&self, record: &BatchRecord) -> Frame<'_> {
        let end = record.start + record.captured as usize;
        Frame {
            time: record.time,
            link_type: record.link_type,
            interface: record.interface,
            wire_length: record.wire_length,
            note: record.note,
            bytes: self.bytes.get(record.start..end).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::OwnedFrame;
    use super::super::PcapReader;
    use super::super::byte_order::ByteOrder;
    use super::super::samples::Bytes;
    use super::super::samples::drain;
    use super::*;

    fn capture() -> Vec<u8> {
        let mut file = Bytes::new(ByteOrder::Little).pcap_header(0xa1b2_c3d4, (2, 4), 1);
        for n in 0..10_u32 {
            file = file.record(n, n, &vec![n as u8; n as usize * 3], 100);
        }
        file.bytes
    }

    fn in_batches(limits: BatchLimits) -> (Vec<OwnedFrame>, Vec<usize>) {
        let file = capture();
        let mut source = PcapReader::new(&file[..]);
        let (mut batch, mut frames, mut sizes) = (Batch::default(), Vec::new(), Vec::new());
        while batch.fill(&mut source, limits) > 0 {
            sizes.push(batch.len());
            assert_eq!(batch.frames().len(), batch.len());
            frames.extend(batch.frames().map(OwnedFrame::from));
        }
        assert!(batch.is_empty());
        (frames, sizes)
    }

    #[test]
    fn batches_hold_the_frames_of_the_source_whatever_the_limits() {
        let whole = drain(&mut PcapReader::new(&capture()[..]));
        assert_eq!(whole.len(), 10);
        let (frames, sizes) = in_batches(BatchLimits::default());
        assert_eq!((frames, sizes), (whole.clone(), vec![10]));
        let (frames, sizes) = in_batches(BatchLimits {
            bytes: 20,
            frames: 100,
        });
        assert_eq!((frames, sizes), (whole.clone(), vec![5, 2, 1, 1, 1]));
        let (frames, sizes) = in_batches(BatchLimits {
            bytes: 1 << 20,
            frames: 4,
        });
        assert_eq!((frames, sizes), (whole.clone(), vec![4, 4, 2]));
        let (frames, sizes) = in_batches(BatchLimits {
            bytes: 0,
            frames: 100,
        });
        assert_eq!(frames, whole);
        assert!(sizes.len() > 5, "a limit of no bytes still makes progress");
        let (frames, sizes) = in_batches(BatchLimits {
            bytes: usize::MAX,
            frames: 100,
        });
        assert_eq!((frames, sizes), (whole, vec![10]), "nor is no limit one");
    }

    #[test]
    fn a_batch_that_is_filled_again_keeps_its_buffers() {
        let file = capture();
        let mut reader = PcapReader::new(&file[..]);
        let one = BatchLimits {
            bytes: 1,
            frames: 1,
        };
        let mut batch = Batch::default();
        let mut buffers = Vec::new();
        while batch.fill(&mut reader, one) > 0 {
            buffers.push((batch.bytes.as_ptr(), batch.records.as_ptr()));
        }
        assert_eq!(buffers.len(), 10);
        assert_eq!(buffers[2..6], buffers[4..8], "two of them go round");
    }

    #[test]
    fn frames_come_in_the_order_of_their_times() {
        let mut batch = Batch::default();
        for (at, byte) in [(3, b'c'), (1, b'a'), (3, b'd'), (2, b'b')] {
            batch.push(Frame {
                note: FrameNote::default(),
                time: CaptureTime::from_nanos(at),
                link_type: LinkType::ETHERNET,
                interface: 0,
                wire_length: 1,
                bytes: &[byte],
            });
        }
        let by_time: Vec<(usize, &[u8])> = batch
            .frames_by_time()
            .map(|(place, frame)| (place, frame.bytes))
            .collect();
        let wanted: [(usize, &[u8]); 4] = [(1, b"a"), (3, b"b"), (0, b"c"), (2, b"d")];
        assert_eq!(by_time, wanted);
    }
}
