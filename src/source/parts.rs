//! A long file in parts that threads read side by side, each from a record that begins a slice.
//!
//! Nothing marks where a record begins, so that each start but the first is a guess: a chain of records that make sense.
//! Whoever reads the part before it comes to the true one ([`FilePart::offset`]), and reads the part again from there where
//! they differ; a guess costs time and never a frame. Of pcapng it is a guess as well that what the file's head describes is
//! all that is described; where a part describes more, what is behind it is read again ([`FileParts::rest`]).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde::{Deserialize, Serialize};

use super::digest::digest_of;
use super::open::{Counted, InputPath};
use super::pcap::{Layout, MAX_RECORD_BYTES, PcapReader};
use super::pcapng::{Described, PcapngReader};
use super::slices::Slices;
use super::window::Window;
use super::{Batch, BatchLimits, Beside, Damage, Frame, FrameSource, Interface, Loss};

/// So many records that follow each other and make sense are taken for some.
const CHAIN: usize = 8;
/// Bytes that are looked at: the longest record, and as much again for the chain behind it.
const LOOKED_AT: u64 = 4 * MAX_RECORD_BYTES as u64;

/// Each part holds all interfaces that are described in the file's head: where there are more, it is read by one thread.
const MOST_INTERFACES: usize = 1024;
/// More than any record's header has, its options aside.
const MOST_HEADER_BYTES: usize = 64;

/// One part of a file.
#[derive(Debug)]
pub struct FilePart(PartReader);

#[derive(Debug)]
enum PartReader {
    Pcap(PcapReader<Counted<File>>),
    Pcapng(PcapngReader<Counted<File>>),
}

/// How records are read from the middle of a file.
#[derive(Clone, Debug)]
enum PartForm {
    Pcap(Layout),
    /// What the first records are described by.
    Pcapng(Box<Described>),
}

/// A pcap or pcapng file in parts.
#[derive(Clone, Debug)]
pub struct FileParts {
    path: PathBuf,
    form: PartForm,
    slices: Slices,
    /// Where each part begins, as it seems, and the border of the slice that it begins with.
    starts: Vec<(u64, u64)>,
}

/// By what a part of a file tells loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TellsLoss {
    /// Packets say how many were dropped before them.
    pub(crate) by_packets: bool,
    /// There are counts of a whole interface, which go before those.
    pub(crate) has_statistics: bool,
    /// Such counts that are not zero.
    pub(crate) by_statistics: bool,
}

impl TellsLoss {
    /// What either tells it by.
    pub(super) const fn or(self, other: Self) -> Self {
        Self {
            by_packets: self.by_packets || other.by_packets,
            has_statistics: self.has_statistics || other.has_statistics,
            by_statistics: self.by_statistics || other.by_statistics,
        }
    }
}

impl FileParts {
    /// So many bytes of a file are worth a thread of its own.
    pub const LEAST_BYTES: u64 = 16 << 20;

    /// A file in at most so many parts, of at least `least` bytes; `None` where it is no plain pcap or pcapng file, or too
    /// short for two.
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
    /// where no record seems to begin in that piece. `None` where the file is no plain pcap or pcapng file.
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
    pub fn open(&self, part: usize, start: u64, read: Arc<AtomicU64>) -> io::Result<FilePart> {
        let end = self
            .starts
            .get(part + 1)
            .map_or(u64::MAX, |(_, border)| *border);
        // All that stands before the first packet is read with it.
        let described = (start == 0).then(Described::default);
        self.part((start, end), described, read)
    }

    /// All that is behind a part, as what was described up to its end has it.
    ///
    /// # Errors
    /// Where the file cannot be opened any more.
    pub fn rest(&self, behind: &FilePart, read: Arc<AtomicU64>) -> io::Result<FilePart> {
        let described = match &behind.0 {
            PartReader::Pcap(_) => None,
            PartReader::Pcapng(reader) => Some(reader.described()),
        };
        self.part((behind.offset(), u64::MAX), described, read)
    }

    /// Whether what is behind a part is described by what the other parts are read by.
    #[must_use]
    pub fn go_by_what_is_described(&self, part: &FilePart) -> bool {
        match (&self.form, &part.0) {
            (PartForm::Pcapng(described), PartReader::Pcapng(reader)) => reader.goes_by(described),
            _ => true,
        }
    }

    /// The SHA-256 of the whole file, in hex.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn digest(&self) -> io::Result<String> {
        digest_of(&self.path)
    }

    /// From an offset up to the first record at another one or behind it; by what `described` says, where it is not what the
    /// file's head does.
    fn part(
        &self,
        (start, end): (u64, u64),
        described: Option<Described>,
        read: Arc<AtomicU64>,
    ) -> io::Result<FilePart> {
        let mut reader = File::open(&self.path)?;
        reader.seek(SeekFrom::Start(start))?;
        let counted = Counted { reader, read };
        let window = Window::at(start, counted, Window::<File>::CAPACITY);
        Ok(FilePart(match &self.form {
            PartForm::Pcap(layout) => {
                PartReader::Pcap(PcapReader::at(window, *layout, self.slices, end))
            }
            PartForm::Pcapng(known) => {
                let described = described.unwrap_or_else(|| Described::clone(known));
                PartReader::Pcapng(PcapngReader::at(window, described, self.slices, end))
            }
        }))
    }
}

impl FilePart {
    /// Where the next record begins: behind the last frame of a part, the true start of the part behind it.
    #[must_use]
    pub fn offset(&self) -> u64 {
        match &self.0 {
            PartReader::Pcap(reader) => reader.offset(),
            PartReader::Pcapng(reader) => reader.offset(),
        }
    }

    /// Whether reading had to stop in it.
    #[must_use]
    pub fn has_stopped(&self) -> bool {
        self.damage().iter().any(|damage| damage.fatal)
    }

    /// Takes what was read of the part that follows, and goes on where that one stands.
    pub fn follow(&mut self, next: Self) {
        match (&mut self.0, next.0) {
            (PartReader::Pcapng(reader), PartReader::Pcapng(next)) => reader.follow(next),
            // Of pcap there is nothing but frames and the place where reading had to stop, behind which nothing follows.
            (mine, next) => *mine = next,
        }
    }

    /// By what it tells loss.
    pub(crate) fn tells_loss(&self) -> TellsLoss {
        match &self.0 {
            PartReader::Pcap(_) => TellsLoss::default(),
            PartReader::Pcapng(reader) => reader.tells_loss(),
        }
    }

    fn source(&self) -> &dyn FrameSource {
        match &self.0 {
            PartReader::Pcap(reader) => reader,
            PartReader::Pcapng(reader) => reader,
        }
    }

    fn source_mut(&mut self) -> &mut dyn FrameSource {
        match &mut self.0 {
            PartReader::Pcap(reader) => reader,
            PartReader::Pcapng(reader) => reader,
        }
    }
}

impl FrameSource for FilePart {
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        self.source_mut().next_frame()
    }

    fn fill(&mut self, batch: &mut Batch, limits: BatchLimits) -> usize {
        self.source_mut().fill(batch, limits)
    }

    fn damage(&self) -> &[Damage] {
        self.source().damage()
    }

    fn loss(&self) -> Loss {
        self.source().loss()
    }

    fn beside(&self) -> Beside {
        self.source().beside()
    }

    fn interfaces(&self) -> &[Interface] {
        self.source().interfaces()
    }
}

/// What has to be known of a file to find the starts of its parts.
struct RecordStarts {
    file: File,
    form: PartForm,
    slices: Slices,
    /// How many slices it has.
    count: u64,
    /// Where reading begins.
    first: u64,
    /// When the first frame was captured, where that tells records from other bytes.
    near: i64,
}

impl RecordStarts {
    /// That of a plain file with a frame in it.
    fn of(file: File, least: u64) -> Option<Self> {
        let size = file.metadata().ok().filter(|found| found.is_file())?.len();
        let slices = Slices::of(size, least);
        let (form, first, near) = match magic(&file)? {
            magic if PcapReader::<&File>::recognises(&magic) => {
                let mut head = PcapReader::with_capacity(&file, LOOKED_AT as usize);
                let (first, time) = head.first_record()?;
                (PartForm::Pcap(head.layout()?), first, time.as_nanos())
            }
            magic if PcapngReader::<&File>::recognises(&magic) => {
                let mut head = PcapngReader::with_capacity(&file, LOOKED_AT as usize);
                // Some programs describe an interface only once a packet of it comes.
                let any = head.pass_to(LOOKED_AT);
                let few = head.interfaces().len() <= MOST_INTERFACES;
                let described = (any && few).then(|| Box::new(head.described()))?;
                (PartForm::Pcapng(described), 0, 0)
            }
            _ => return None,
        };
        Some(Self {
            form,
            slices,
            count: size.div_ceil(slices.bytes),
            first,
            near,
            file,
        })
    }

    /// Where a part of so many seems to begin, and the border of its slice.
    fn start(&mut self, part: u64, parts: u64) -> Option<(u64, u64)> {
        if part == 0 {
            return Some((self.first, 0));
        }
        let slice = part.checked_mul(self.count).filter(|_| part < parts)? / parts;
        let border = slice.checked_mul(self.slices.bytes)?;
        let start = self.record_at(border)?;
        Some((start, border))
    }

    fn parts(self, path: PathBuf, starts: Vec<(u64, u64)>) -> FileParts {
        FileParts {
            path,
            form: self.form,
            slices: self.slices,
            starts,
        }
    }

    /// The offset of the first record at a border or behind it, as it seems.
    fn record_at(&mut self, border: u64) -> Option<u64> {
        self.file.seek(SeekFrom::Start(border)).ok()?;
        let mut bytes = Vec::new();
        let file = &mut self.file;
        file.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
        let longest = MAX_RECORD_BYTES as usize + MOST_HEADER_BYTES;
        let mut places = 0..bytes.len().min(longest + 1);
        let place = places.find(|place| match &self.form {
            PartForm::Pcap(layout) => layout.starts_chain(&bytes[*place..], CHAIN, self.near),
            // All blocks are multiples of four bytes long.
            PartForm::Pcapng(described) => {
                (border + *place as u64).is_multiple_of(4)
                    && described.starts_chain(&bytes[*place..], CHAIN)
            }
        });
        Some(border + place? as u64)
    }
}

/// The first four bytes; reading goes on at the start.
fn magic(mut file: &File) -> Option<[u8; 4]> {
    let mut magic = [0; 4];
    file.read_exact(&mut magic).ok()?;
    file.seek(SeekFrom::Start(0)).ok()?;
    Some(magic)
}
