//! Classic pcap: a file header, then records (draft-ietf-opsawg-pcap), with the variants that are met in practice.
//!
//! Read are microsecond and nanosecond files, both byte orders, the modified format of Alexey Kuznetzov (longer
//! record headers), files of libpcap before 0.4, where the two lengths of a record are swapped, and those that look
//! like common ones and are not ([`variant`]): of AIX, of Nokia's firewalls, of Red Hat 6.1 and SuSE 6.3.

mod variant;

use std::io::Read;

use super::Batch;
use super::BatchLimits;
use super::Damage;
use super::Frame;
use super::FrameNote;
use super::FrameSource;
use super::LinkType;
use super::Loss;
use super::batch::FrameFacts;
use super::byte_order::ByteOrder;
use super::damage::DamageLog;
use super::slices::Slices;
use super::true_time::true_time;
use super::window::Window;
use crate::model::CaptureTime;
use crate::model::FrameId;

/// The most bytes that a record may hold; what says more is damage. This is libpcap's own bound on snaplens.
pub(super) const MAX_RECORD_BYTES: u32 = 256 * 1024;
const FILE_HEADER_BYTES: usize = 24;

/// Reads classic pcap from any reader.
#[derive(Debug)]
pub struct PcapReader<R> {
    window: Window<R>,
    slices: Slices,
    /// No record is read that begins at this offset or behind it.
    end: u64,
    layout: Option<Layout>,
    /// Whether the first records were looked at: not before the first frame is wanted, so that opening waits for none.
    settled: bool,
    damage: DamageLog,
}

/// What the file header says about the records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    order: ByteOrder,
    nanos_per_tick: i64,
    header_bytes: usize,
    lengths: Lengths,
    link_type: LinkType,
}

/// In which order a record gives its lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    /// Captured, then wire: since version 2.4.
    CapturedFirst,
    /// Wire, then captured: before version 2.3.
    WireFirst,
    /// Version 2.3 had both: the smaller one is the captured one.
    SmallerIsCaptured,
}

/// A record header with its fields in host order.
#[derive(Clone, Copy, Debug)]
struct PcapRecord {
    time: CaptureTime,
    captured: u32,
    wire: u32,
}

impl<R: Read> PcapReader<R> {
    /// Whether bytes start like a file that this reader reads; four are enough to tell.
    #[must_use]
    pub fn recognises(start: &[u8]) -> bool {
        magic(start).is_some()
    }

    /// A reader at the start of a file. A damaged file header is told as damage, and there are no frames then.
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self::with_capacity(reader, Window::<R>::CAPACITY)
    }

    /// As [`Self::new`], reading `capacity` bytes at once: a small one makes a peek cheap.
    #[must_use]
    pub fn with_capacity(reader: R, capacity: usize) -> Self {
        let mut window = Window::new(reader, capacity);
        let mut damage = DamageLog::default();
        let layout = match Layout::parse(window.request(FILE_HEADER_BYTES)) {
            Ok(layout) => {
                window.take(FILE_HEADER_BYTES);
                Some(layout)
            }
            Err(what) => {
                damage.stopped(0, window.explain(what));
                None
            }
        };
        Self {
            window,
            slices: Slices::default(),
            end: u64::MAX,
            layout,
            settled: false,
            damage,
        }
    }

    /// As [`Self::with_capacity`], with batches that tell their slices.
    pub(super) fn in_slices(reader: R, capacity: usize, slices: Slices) -> Self {
        Self {
            slices,
            ..Self::with_capacity(reader, capacity)
        }
    }

    /// A reader of records up to the first that begins at `end` or behind it, from where a window stands.
    pub(super) const fn at(window: Window<R>, layout: Layout, slices: Slices, end: u64) -> Self {
        Self {
            window,
            slices,
            end,
            layout: Some(layout),
            settled: true,
            damage: DamageLog::new(),
        }
    }

    /// Where the next record begins.
    pub(super) fn offset(&self) -> u64 {
        self.window.offset()
    }

    /// Where the first record begins, and when it was captured.
    pub(super) fn first_record(&mut self) -> Option<(u64, CaptureTime)> {
        let layout = self.layout()?;
        let start = self.window.offset();
        let first = layout.record(self.window.request(layout.header_bytes))?;
        Some((start, first.time))
    }

    /// The layout of the records, once it is known for good.
    #[inline]
    pub(super) fn layout(&mut self) -> Option<Layout> {
        if !self.settled {
            self.settled = true;
            self.layout = self
                .layout
                .map(|layout| variant::settled(layout, &mut self.window));
        }
        self.layout
    }

    /// The length of the next record's data once its header has been passed over and all of it is in the window.
    fn next_record(&mut self, layout: Layout) -> Option<PcapRecord> {
        let header = self.window.request(layout.header_bytes);
        let had = header.len();
        if had < layout.header_bytes {
            if had > 0 {
                self.stop(format!("record header of which only {had} bytes are there"));
            } else if self.window.failed() {
                self.stop("reading failed".to_owned());
            }
            return None;
        }
        let record = layout.record(header)?;
        if record.captured > MAX_RECORD_BYTES {
            self.stop(format!(
                "record of {} bytes, where at most {MAX_RECORD_BYTES} make sense",
                record.captured
            ));
            return None;
        }
        let whole = layout.header_bytes + record.captured as usize;
        let had = self.window.request(whole).len();
        if had < whole {
            let had = had - layout.header_bytes;
            let wanted = record.captured;
            self.stop(format!(
                "record of {wanted} bytes, but the file ends after {had} of them"
            ));
            return None;
        }
        self.window.take(layout.header_bytes);
        Some(record)
    }

    #[cold]
    fn stop(&mut self, what: String) {
        let what = self.window.explain(what);
        self.damage.stopped(self.window.offset(), what);
        self.layout = None;
    }
}

impl<R: Read> FrameSource for PcapReader<R> {
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        let layout = self.layout()?;
        if self.window.offset() >= self.end {
            return None;
        }
        let record = self.next_record(layout)?;
        let bytes = self.window.take(record.captured as usize);
        Some(Frame {
            note: FrameNote::default(),
            time: true_time(layout.link_type, bytes, record.time),
            link_type: layout.link_type,
            interface: 0,
            wire_length: record.wire.max(record.captured),
            bytes,
        })
    }

    fn fill(&mut self, batch: &mut Batch, limits: BatchLimits) -> usize {
        batch.forget();
        let most = limits.frames.min(FrameId::MAX_FRAMES as usize);
        self.window.read_full(limits.bytes);
        let Some(layout) = self.layout() else {
            return 0;
        };
        let offset = self.window.offset();
        if offset >= self.end {
            return 0;
        }
        let (slice, border) = self.slices.around(offset);
        batch.set_slice(slice);
        let room = limits.bytes.max(1);
        let place = self.window.place();
        let there = self.window.there();
        // The last record may reach over the border: it begins before it.
        let ahead = usize::try_from(border.min(self.end) - offset).unwrap_or(usize::MAX);
        let mut at = 0;
        while at < ahead && batch.len() < most && batch.captured_bytes() < room {
            let Some((record, end)) = layout.whole_record(&there[at..]) else {
                break;
            };
            let captured = record.captured as usize;
            let bytes = &there[at + end - captured..at + end];
            let facts = layout.facts(record, bytes);
            batch.note(facts, place + at + end - captured, captured);
            at += end;
        }
        self.window.take(at);
        if batch.is_empty()
            && most > 0
            && let Some(record) = self.next_record(layout)
        {
            // A record longer than what is read at once.
            let captured = record.captured as usize;
            let bytes = self.window.there().get(..captured).unwrap_or_default();
            let facts = layout.facts(record, bytes);
            batch.note(facts, self.window.place(), captured);
            self.window.take(captured);
        }
        self.window.hand_over(|buffer| batch.swap_buffer(buffer));
        batch.len()
    }

    fn damage(&self) -> &[Damage] {
        self.damage.places()
    }

    fn loss(&self) -> Loss {
        Loss::default()
    }
}

impl Layout {
    fn parse(header: &[u8]) -> Result<Self, String> {
        let (order, kind) = magic(header).ok_or("no pcap file header")?;
        if header.len() < FILE_HEADER_BYTES {
            let had = header.len();
            return Err(format!(
                "file header of which only {had} bytes of {FILE_HEADER_BYTES} are there"
            ));
        }
        let network = order.u32_at(header, 20);
        let version = (order.u16_at(header, 4), order.u16_at(header, 6));
        let aix = variant::of_aix(version, network);
        let lengths = match version {
            // Which of its two lengths comes first is not told.
            _ if aix.is_some() => Lengths::SmallerIsCaptured,
            (2, 0..=2) | (543, _) => Lengths::WireFirst,
            (2, 3) => Lengths::SmallerIsCaptured,
            _ => Lengths::CapturedFirst,
        };
        let nanoseconds = kind == FileKind::Nanoseconds || aix.is_some();
        Ok(Self {
            order,
            nanos_per_tick: if nanoseconds { 1 } else { 1000 },
            header_bytes: if kind == FileKind::Modified { 24 } else { 16 },
            lengths,
            link_type: aix.unwrap_or_else(|| variant::link_type(network)),
        })
    }

    /// The record at the start of some bytes and where it ends, if it is sound and all there.
    #[inline]
    fn whole_record(&self, bytes: &[u8]) -> Option<(PcapRecord, usize)> {
        let record = self.record(bytes)?;
        let end = self.header_bytes + record.captured as usize;
        (record.captured <= MAX_RECORD_BYTES && end <= bytes.len()).then_some((record, end))
    }

    /// Whether bytes start with so many records that follow each other and make sense, near a time in nanoseconds.
    pub(super) fn starts_chain(&self, bytes: &[u8], count: usize, near: i64) -> bool {
        /// More than lies between two packets of a capture: ten years.
        const NEAR_NANOS: u64 = 10 * 366 * 24 * 3600 * 1_000_000_000;
        let mut rest = bytes;
        for _ in 0..count {
            let Some((record, end)) = self.whole_record(rest) else {
                return false;
            };
            let sound = (1..=record.wire).contains(&record.captured)
                && record.time.as_nanos().abs_diff(near) < NEAR_NANOS;
            if !sound {
                return false;
            }
            rest = &rest[end..];
        }
        true
    }

    #[inline]
    fn facts(&self, record: PcapRecord, bytes: &[u8]) -> FrameFacts {
        FrameFacts {
            note: FrameNote::default(),
            time: true_time(self.link_type, bytes, record.time),
            link_type: self.link_type,
            interface: 0,
            wire_length: record.wire.max(record.captured),
        }
    }

    /// The record whose header, of at least `header_bytes`, is given.
    #[inline]
    fn record(&self, header: &[u8]) -> Option<PcapRecord> {
        let fields: &[u8; 16] = header.first_chunk()?;
        let field = |at| self.order.u32_at(fields, at);
        let ticks = i64::from(field(4)) * self.nanos_per_tick;
        let (first, second) = (field(8), field(12));
        let (captured, wire) = match self.lengths {
            Lengths::CapturedFirst => (first, second),
            Lengths::WireFirst => (second, first),
            Lengths::SmallerIsCaptured => (first.min(second), first.max(second)),
        };
        let time = CaptureTime::from_secs_nanos(i64::from(field(0)), ticks);
        Some(PcapRecord {
            time,
            captured,
            wire,
        })
    }
}

/// What the first four bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    Microseconds,
    Nanoseconds,
    Modified,
}

/// Byte order and kind of a file that starts so.
fn magic(start: &[u8]) -> Option<(ByteOrder, FileKind)> {
    let first: [u8; 4] = *start.first_chunk()?;
    let kind = |magic| match magic {
        0xa1b2_c3d4 => Some(FileKind::Microseconds),
        0xa1b2_3c4d => Some(FileKind::Nanoseconds),
        0xa1b2_cd34 => Some(FileKind::Modified),
        _ => None,
    };
    let little = kind(u32::from_le_bytes(first)).map(|kind| (ByteOrder::Little, kind));
    little.or_else(|| kind(u32::from_be_bytes(first)).map(|kind| (ByteOrder::Big, kind)))
}

#[cfg(test)]
mod tests;
