//! Opens a capture of any format and compression, told by its content, or says what it is instead.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};

use super::FrameSource;
use super::compression::Bytes;
use super::compression::Compression;
use super::compression::MAGIC_BYTES;
use super::digest::Digest;
use super::input_record::lossy;
use super::looks_like::looks_like;
use super::parts::FileParts;
use super::pcap::PcapReader;
use super::pcapng::PcapngReader;
use super::records::Erf;
use super::records::NetworkMonitor;
use super::records::RecordReader;
use super::records::Snoop;
use super::slices::Slices;
use super::window::Window;

/// Compressions one inside the other that are undone; what lies deeper is no honest capture.
const MAX_LAYERS: usize = 2;
/// Bytes of a file that is no capture that are looked at to say what it is.
const HINT_BYTES: usize = 512;
/// Bytes read at once by [`peek`].
const PEEK_BYTES: usize = 16 * 1024;

/// A source that may move to another thread.
pub type OpenSource = Box<dyn FrameSource + Send>;

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum InputPath {
    /// A file, as it was named or found.
    File(#[serde(serialize_with = "lossy")] PathBuf),
    /// Standard input, written `-`.
    Stdin,
    /// Interfaces that are captured from, by their names; no file is kept of it.
    Interfaces(String),
}

/// A file without a name.
impl Default for InputPath {
    fn default() -> Self {
        Self::File(PathBuf::new())
    }
}

impl InputPath {
    /// `-` is standard input, everything else a file. A file of that name is written `./-`.
    #[must_use]
    pub fn from_argument(argument: &OsStr) -> Self {
        if argument == "-" {
            Self::Stdin
        } else {
            Self::File(argument.into())
        }
    }

    /// Whether it gives the same bytes when it is opened again: neither standard input nor a pipe does.
    #[must_use]
    pub fn can_be_read_again(&self) -> bool {
        match self {
            Self::Stdin | Self::Interfaces(_) => false,
            // What is not there any more is told when it is opened.
            Self::File(path) => path.metadata().map_or(true, |found| found.is_file()),
        }
    }
}

/// The path with control characters made visible, for people.
impl fmt::Display for InputPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write_visibly(f, path),
            Self::Stdin => f.write_str("standard input"),
            Self::Interfaces(names) => f.write_str(names),
        }
    }
}

/// Why an input cannot be read. Each names the input.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing of that name.
    #[error("{path}: not found; is the path right, seen from the current folder?")]
    NotFound { path: InputPath },
    /// The system does not let this user read it.
    #[error("{path}: permission denied; may this user read it and pass its folders?")]
    PermissionDenied { path: InputPath },
    /// No bytes at all.
    #[error("{path}: is empty; even a capture without packets has a header")]
    Empty { path: InputPath },
    /// No capture of a format that is read, nor one of them compressed.
    #[error("{path}: is no pcap or pcapng file; it starts with {first_bytes}{hint}")]
    NotACapture {
        path: InputPath,
        /// The first bytes in hex, at most 8.
        first_bytes: String,
        /// What it looks like, as the end of a sentence; may be empty.
        hint: String,
    },
    /// Reading failed before anything could be read as a capture.
    #[error("{path}: cannot be read at byte {offset}: {error}")]
    Unreadable {
        path: InputPath,
        offset: u64,
        error: io::Error,
    },
    /// A folder where a file is wanted.
    #[error("{path}: is a folder; name the files in it")]
    Folder { path: InputPath },
    /// A folder in which no capture lies.
    #[error("{path}: no captures in this folder; {looked_at} files were looked at")]
    NoCaptures { path: InputPath, looked_at: usize },
    /// A pattern that matches nothing.
    #[error("{path}: no file matches this pattern")]
    NoMatch { path: InputPath },
    /// A pattern that cannot be read.
    #[error("{path}: not a pattern: {reason}")]
    Pattern { path: InputPath, reason: String },
    /// Only of files whose records lie one after another as they are a slice can be read by itself.
    #[error(
        "{path}: only a plain pcap or pcapng file with packets in it can be read in slices; read it without --slice"
    )]
    NotInSlices { path: InputPath },
    /// More inputs than frame numbers can tell apart.
    #[error("{count} inputs were named; {most} are the most in one run")]
    TooMany { count: usize, most: u64 },
}

impl SourceError {
    /// The error of a path that the system refused.
    pub(crate) fn refused(path: InputPath, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { path },
            io::ErrorKind::IsADirectory => Self::Folder { path },
            _ => Self::Unreadable {
                path,
                offset: 0,
                error,
            },
        }
    }

    /// The input, where it is about one.
    #[must_use]
    pub const fn path(&self) -> Option<&InputPath> {
        match self {
            Self::NotFound { path }
            | Self::PermissionDenied { path }
            | Self::Empty { path }
            | Self::NotACapture { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Folder { path }
            | Self::NoCaptures { path, .. }
            | Self::NoMatch { path }
            | Self::NotInSlices { path }
            | Self::Pattern { path, .. } => Some(path),
            Self::TooMany { .. } => None,
        }
    }

    /// What is wrong, without the input's name.
    #[must_use]
    pub fn reason(&self) -> String {
        let whole = self.to_string();
        let name = self.path().map(|path| format!("{path}: "));
        let rest = name.and_then(|name| whole.strip_prefix(&name).map(str::to_owned));
        rest.unwrap_or(whole)
    }
}

/// Opens an input.
///
/// # Errors
/// Where it is no readable capture. Damage further on is no error: the source tells it.
pub fn open(path: &InputPath) -> Result<OpenSource, SourceError> {
    open_counting(path, Arc::default(), None, FileParts::LEAST_BYTES)
}

/// As [`open`]; `read` counts the bytes read of the input as it is stored, for a progress display, and a digest is
/// made of them where one is wanted. Slices of a plain file have at least `slice_bytes`, as
/// [`FileParts`] has it.
///
/// # Errors
/// As [`open`].
pub fn open_counting(
    path: &InputPath,
    read: Arc<AtomicU64>,
    digest: Option<&Digest>,
    slice_bytes: u64,
) -> Result<OpenSource, SourceError> {
    let (reader, size) = raw(path)?;
    let counted: Bytes = Box::new(Counted { reader, read });
    let reader = match digest {
        Some(digest) => digest.of(counted),
        None => counted,
    };
    let slices = Slices::of(size, slice_bytes);
    start(reader, Window::<Bytes>::CAPACITY, slices).map_err(|problem| problem.of(path))
}

/// Opens what a reader gives; `path` is named in errors.
///
/// # Errors
/// As [`open`].
pub fn open_reader(
    reader: impl Read + Send + 'static,
    path: &InputPath,
) -> Result<OpenSource, SourceError> {
    let slices = Slices::default();
    start(Box::new(reader), Window::<Bytes>::CAPACITY, slices).map_err(|problem| problem.of(path))
}

/// Opens an input only to look at its start: little is read at once.
pub(super) fn peek(path: &InputPath) -> Result<OpenSource, SourceError> {
    start(raw(path)?.0, PEEK_BYTES, Slices::default()).map_err(|problem| problem.of(path))
}

/// The bytes of an input, and how many there are as far as that is known: 0 where it is not.
fn raw(path: &InputPath) -> Result<(Bytes, u64), SourceError> {
    match path {
        InputPath::Stdin => Ok((Box::new(io::stdin()), 0)),
        InputPath::Interfaces(_) => Err(SourceError::NotFound { path: path.clone() }),
        InputPath::File(file) => {
            let opened =
                File::open(file).map_err(|error| SourceError::refused(path.clone(), error))?;
            let size = opened.metadata().map_or(0, |found| found.len());
            Ok((Box::new(opened), size))
        }
    }
}

/// Why nothing could be started with some bytes.
enum StartProblem {
    Empty,
    NotACapture { first_bytes: String, hint: String },
    Unreadable { offset: u64, error: io::Error },
}

impl StartProblem {
    fn of(self, path: &InputPath) -> SourceError {
        let path = path.clone();
        match self {
            Self::Empty => SourceError::Empty { path },
            Self::NotACapture { first_bytes, hint } => SourceError::NotACapture {
                path,
                first_bytes,
                hint,
            },
            Self::Unreadable { offset: 0, error } => SourceError::refused(path, error),
            Self::Unreadable { offset, error } => SourceError::Unreadable {
                path,
                offset,
                error,
            },
        }
    }
}

/// `slices` are those of the bytes, where no compression is undone.
fn start(
    mut bytes: Bytes,
    capacity: usize,
    mut slices: Slices,
) -> Result<OpenSource, StartProblem> {
    let mut layers = 0;
    loop {
        let mut peeked = Peeked::new(bytes);
        let magic = peeked.see(MAGIC_BYTES);
        if PcapReader::<Bytes>::recognises(magic) {
            return Ok(Box::new(PcapReader::in_slices(peeked, capacity, slices)));
        }
        if PcapngReader::<Bytes>::recognises(magic) {
            return Ok(Box::new(PcapngReader::in_slices(peeked, capacity, slices)));
        }
        match Compression::recognise(magic) {
            Some(compression) if layers < MAX_LAYERS => {
                layers += 1;
                slices = Slices::default();
                bytes = compression
                    .decode(Box::new(peeked))
                    .map_err(|error| StartProblem::Unreadable { offset: 0, error })?;
            }
            _ => return other_format(peeked, capacity),
        }
    }
}

/// Formats beside pcap and pcapng, told by longer magics or, the last one, by the look of their records.
fn other_format(mut peeked: Peeked, capacity: usize) -> Result<OpenSource, StartProblem> {
    let head = peeked.see(HINT_BYTES);
    if head.starts_with(Snoop::MAGIC) {
        let reader = RecordReader::<_, Snoop>::with_capacity(peeked, capacity);
        return Ok(Box::new(reader));
    }
    if NetworkMonitor::MAGICS
        .iter()
        .any(|magic| head.starts_with(magic))
    {
        let reader = RecordReader::<_, NetworkMonitor>::with_capacity(peeked, capacity);
        return Ok(Box::new(reader));
    }
    if looks_like(head).is_none() && Erf::recognises(peeked.see(Erf::LOOKED_AT)) {
        let reader = RecordReader::<_, Erf>::with_capacity(peeked, capacity);
        return Ok(Box::new(reader));
    }
    Err(no_capture(peeked))
}

fn no_capture(mut peeked: Peeked) -> StartProblem {
    let offset = peeked.see(HINT_BYTES).len() as u64;
    if let Some(error) = peeked.error.take() {
        return StartProblem::Unreadable { offset, error };
    }
    let head = peeked.see(HINT_BYTES);
    let head = &head[..head.len().min(HINT_BYTES)];
    if head.is_empty() {
        return StartProblem::Empty;
    }
    let hex: Vec<String> = head
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let hint = looks_like(head)
        .map(|what| format!(": this looks like {what}"))
        .unwrap_or_default();
    StartProblem::NotACapture {
        first_bytes: hex.join(" "),
        hint,
    }
}

/// A reader whose first bytes were looked at and are given again.
struct Peeked {
    head: Vec<u8>,
    given: usize,
    error: Option<io::Error>,
    ended: bool,
    rest: Bytes,
}

impl Peeked {
    fn new(rest: Bytes) -> Self {
        Self {
            head: Vec::new(),
            given: 0,
            error: None,
            ended: false,
            rest,
        }
    }

    /// The first `count` bytes; fewer where the stream ends or fails before. Waits for no more than these.
    fn see(&mut self, count: usize) -> &[u8] {
        while self.head.len() < count && !self.ended {
            let had = self.head.len();
            self.head.resize(count, 0);
            let read = self.rest.read(&mut self.head[had..]);
            self.head
                .truncate(had + read.as_ref().map_or(0, |read| (*read).min(count - had)));
            match read {
                Ok(read) => self.ended = read == 0,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.error = Some(error);
                }
            }
        }
        &self.head
    }
}

impl Read for Peeked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut left = &self.head[self.given..];
        if !left.is_empty() {
            let count = left.read(buffer)?;
            self.given += count;
            return Ok(count);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None if self.ended => Ok(0),
            None => self.rest.read(buffer),
        }
    }
}

/// Counts what is read.
#[derive(Debug)]
pub(super) struct Counted<R> {
    pub(super) reader: R,
    pub(super) read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn write_visibly(f: &mut fmt::Formatter<'_>, path: &Path) -> fmt::Result {
    for c in path.to_string_lossy().chars() {
        if c.is_control() {
            write!(f, "{}", c.escape_default())?
        } else {
            write!(f, "{c}")?
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
