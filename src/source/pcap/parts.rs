//! A long file in parts that threads read side by side, each from a record that begins a slice.
//!
//! Nothing marks where a pcap record begins, so that each start but the first is a guess: a chain of records that make
//! sense. Whoever reads the part before it comes to the true one ([`PcapPart::offset`]), and reads the part again from
//! there where they differ; a guess costs time and never a frame.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::super::damage::DamageLog;
use super::super::digest::digest_of;
use super::super::open::{Counted, InputPath};
use super::super::window::Window;
use super::super::{Batch, BatchLimits, Damage, Frame, FrameSource, Loss};
use super::{Layout, MAX_RECORD_BYTES, PcapReader, Slices};

/// So many records that follow each other and make sense are taken for some.
const CHAIN: usize = 8;
/// Bytes that are looked at: the longest record, and as much again for the chain behind it.
const LOOKED_AT: u64 = 4 * MAX_RECORD_BYTES as u64;
/// More than lies between two packets of a capture: ten years.
const NEAR_NANOS: u64 = 10 * 366 * 24 * 3600 * 1_000_000_000;

/// One part of a pcap file.
#[derive(Debug)]
pub struct PcapPart(PcapReader<Counted<File>>);

/// A pcap file in parts.
#[derive(Clone, Debug)]
pub struct PcapParts {
    path: PathBuf,
    layout: Layout,
    slices: Slices,
    /// Where each part begins, as it seems, and the border of the slice that it begins with.
    starts: Vec<(u64, u64)>,
}

impl PcapParts {
    /// So many bytes of a file are worth a thread of its own.
    pub const LEAST_BYTES: u64 = 16 << 20;

    /// A file in at most so many parts, of at least `least` bytes; `None` where it is no plain pcap file, or too short for two.
    #[must_use]
    pub fn of(path: &InputPath, most: usize, least: u64) -> Option<Self> {
        let InputPath::File(path) = path else {
            return None;
        };
        let mut records = RecordStarts::of(File::open(path).ok()?, least)?;
        let parts = records.count.min(most as u64);
        if parts < 2 {
            return None;
        }
        let starts = (0..parts).filter_map(|part| records.start(part, parts));
        let starts = starts.collect();
        Some(records.parts(path.clone(), starts))
    }

    /// The part of a file from its `index`th piece of `of` on, from 0, and up to the next one, as its only part; it has none
    /// where no record seems to begin in that piece. `None` where the file is no plain pcap file.
    #[must_use]
    pub fn piece(path: &InputPath, (index, of): (u32, u32), least: u64) -> Option<Self> {
        let InputPath::File(path) = path else {
            return None;
        };
        let mut records = RecordStarts::of(File::open(path).ok()?, least)?;
        let pieces = u64::from(of).min(records.count);
        let mut starts = Vec::new();
        if let Some(start) = records.start(u64::from(index), pieces) {
            let mut behind = u64::from(index) + 1..pieces;
            starts.push(start);
            starts.extend(behind.find_map(|piece| records.start(piece, pieces)));
        }
        Some(records.parts(path.clone(), starts))
    }

    /// Where each part begins, as it seems; the first one's is sure.
    pub fn starts(&self) -> impl ExactSizeIterator<Item = u64> {
        self.starts.iter().map(|(start, _)| *start)
    }

    /// A part from the record at `start` on, up to the first record of the part behind it. `read` counts bytes.
    ///
    /// # Errors
    /// Where the file cannot be opened any more.
    pub fn open(&self, part: usize, start: u64, read: Arc<AtomicU64>) -> io::Result<PcapPart> {
        let mut reader = File::open(&self.path)?;
        reader.seek(SeekFrom::Start(start))?;
        let next = self.starts.get(part + 1);
        let counted = Counted { reader, read };
        Ok(PcapPart(PcapReader {
            window: Window::at(start, counted, Window::<File>::CAPACITY),
            slices: self.slices,
            end: next.map_or(u64::MAX, |(_, border)| *border),
            layout: Some(self.layout),
            settled: true,
            damage: DamageLog::default(),
        }))
    }
}

impl PcapParts {
    /// The SHA-256 of the whole file, in hex.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn digest(&self) -> io::Result<String> {
        digest_of(&self.path)
    }
}

impl PcapPart {
    /// Where the next record begins: behind the last frame of a part, the true start of the part behind it.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.0.window.offset()
    }
}

impl FrameSource for PcapPart {
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        self.0.next_frame()
    }

    fn fill(&mut self, batch: &mut Batch, limits: BatchLimits) -> usize {
        self.0.fill(batch, limits)
    }

    fn damage(&self) -> &[Damage] {
        self.0.damage()
    }

    fn loss(&self) -> Loss {
        self.0.loss()
    }
}

/// What has to be known of a pcap file to find the starts of its parts.
struct RecordStarts {
    file: File,
    layout: Layout,
    slices: Slices,
    /// How many slices it has.
    count: u64,
    /// Where its first record begins, and when.
    first: (u64, i64),
}

impl RecordStarts {
    /// That of a plain file with a record in it.
    fn of(file: File, least: u64) -> Option<Self> {
        let size = file.metadata().ok().filter(|found| found.is_file())?.len();
        let slices = Slices::of(size, least);
        let mut head = PcapReader::with_capacity(&file, LOOKED_AT as usize);
        let layout = head.layout()?;
        let start = head.window.offset();
        let first = layout.record(head.window.request(layout.header_bytes))?;
        Some(Self {
            layout,
            slices,
            count: size.div_ceil(slices.bytes),
            first: (start, first.time.as_nanos()),
            file,
        })
    }

    /// Where a part of so many seems to begin, and the border of its slice.
    fn start(&mut self, part: u64, parts: u64) -> Option<(u64, u64)> {
        let (first, near) = self.first;
        if part == 0 {
            return Some((first, 0));
        }
        let slice = part.checked_mul(self.count)? / parts;
        let border = (part < parts).then_some(slice * self.slices.bytes)?;
        let start = record_at(&mut self.file, border, &self.layout, near)?;
        Some((start, border))
    }

    fn parts(self, path: PathBuf, starts: Vec<(u64, u64)>) -> PcapParts {
        PcapParts {
            path,
            layout: self.layout,
            slices: self.slices,
            starts,
        }
    }
}

/// The offset of the first record at a border or behind it, as it seems.
fn record_at(file: &mut File, border: u64, layout: &Layout, near: i64) -> Option<u64> {
    file.seek(SeekFrom::Start(border)).ok()?;
    let mut bytes = Vec::new();
    file.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
    let longest = MAX_RECORD_BYTES as usize + layout.header_bytes;
    let places = 0..bytes.len().min(longest + 1);
    let mut found = places.filter(|place| starts_chain(&bytes[*place..], layout, near));
    found.next().map(|place| border + place as u64)
}

/// Whether bytes start with records that follow each other and make sense.
fn starts_chain(bytes: &[u8], layout: &Layout, near: i64) -> bool {
    let mut rest = bytes;
    for _ in 0..CHAIN {
        let Some((record, end)) = layout.whole_record(rest) else {
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
