//! Frames copied into one buffer, so that they can be handed to another thread.

use super::Frame;
use super::FrameSource;
use super::LinkType;
use crate::model::CaptureTime;
use crate::model::FrameId;

/// Consecutive frames of one source that own their bytes. Buffers are kept when it is filled again, so that a batch
/// that goes round allocates nothing per frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
    records: Vec<Record>,
}

/// Where a batch is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Captured bytes; the frame that reaches them is the last one, so a batch holds up to one frame more.
    pub bytes: usize,
    /// Frames, at most [`FrameId::MAX_FRAMES`].
    pub frames: usize,
}

impl Default for BatchLimits {
    /// 4 MiB: large enough that handing over costs nothing, small enough that some fit the cache.
    fn default() -> Self {
        Self {
            bytes: 4 * 1024 * 1024,
            frames: FrameId::MAX_FRAMES as usize,
        }
    }
}

/// A frame but its bytes, which end where they end in the buffer and start where the record before ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    time: CaptureTime,
    end: usize,
    wire_length: u32,
    interface: u32,
    link_type: LinkType,
}

impl Batch {
    /// Replaces what is in it by the next frames of a source, up to the limits. Gives the number of frames: 0 is the
    /// end of the source (or a limit of 0 frames).
    ///
    /// Where batches end depends on the frames alone, so the same source gives the same batches each time.
    pub fn fill<S: FrameSource + ?Sized>(&mut self, source: &mut S, limits: BatchLimits) -> usize {
        self.clear();
        let most = limits.frames.min(FrameId::MAX_FRAMES as usize);
        while self.records.len() < most && self.bytes.len() < limits.bytes.max(1) {
            match source.next_frame() {
                Some(frame) => self.push(frame),
                None => break,
            }
        }
        self.records.len()
    }

    /// Adds a copy of a frame. The caller minds the limits.
    #[inline]
    pub fn push(&mut self, frame: Frame<'_>) {
        self.bytes.extend_from_slice(frame.bytes);
        self.records.push(Record {
            time: frame.time,
            end: self.bytes.len(),
            wire_length: frame.wire_length,
            interface: frame.interface,
            link_type: frame.link_type,
        });
    }

    /// Takes all frames out and keeps the buffers.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }

    /// The frames in their order: a frame's position here is the index of its [`FrameId`].
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        let mut start = 0;
        self.records.iter().map(move |record| {
            let bytes = self.bytes.get(start..record.end).unwrap_or_default();
            start = record.end;
            Frame {
                time: record.time,
                link_type: record.link_type,
                interface: record.interface,
                wire_length: record.wire_length,
                bytes,
            }
        })
    }

    /// Time of the last frame.
    #[must_use]
    pub fn last_time(&self) -> Option<CaptureTime> {
        self.records.last().map(|record| record.time)
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
        self.bytes.len()
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
    }

    #[test]
    fn a_batch_that_is_filled_again_keeps_its_buffers() {
        let file = capture();
        let mut batch = Batch::default();
        batch.fill(&mut PcapReader::new(&file[..]), BatchLimits::default());
        let before = (batch.bytes.as_ptr(), batch.records.as_ptr());
        batch.fill(&mut PcapReader::new(&file[..]), BatchLimits::default());
        assert_eq!((batch.bytes.as_ptr(), batch.records.as_ptr()), before);
    }
}
