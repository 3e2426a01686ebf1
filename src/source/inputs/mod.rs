//! From the arguments of a command line to the inputs of a run: files, folders, patterns, standard input.
//!
//! The order of the arguments does not matter: inputs are sorted by the time of their first frame, then by path.

mod natural;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::FrameSource;
use super::open::InputPath;
use super::open::SourceError;
use super::open::peek;
use crate::model::CaptureTime;
use crate::model::FrameId;

/// The inputs of a run, in the order in which they are numbered.
#[derive(Debug, Default)]
pub struct Inputs {
    /// What is read: by time of the first frame (inputs without frames first, those that cannot be looked into last),
    /// then by path with digits compared as numbers, then by path as it is.
    pub inputs: Vec<Input>,
    /// Files in folders that are no captures, each with the reason, by path.
    pub skipped: Vec<SourceError>,
    /// What is wrong with arguments: they could not be found or are no captures.
    pub problems: Vec<SourceError>,
}

/// One input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Where it is.
    pub path: InputPath,
    /// When its first frame was captured; `None` where it has no frames or cannot be looked into before it is read.
    pub first_time: Option<CaptureTime>,
    /// How many bytes are stored, compressed or not; `None` where that is not known before it is read.
    pub stored_bytes: Option<u64>,
    /// Whether it holds nothing but what a device dropped, as its user says. Partial files know it of the frames.
    #[serde(skip)]
    pub dropped: bool,
}

/// Finds the inputs that arguments stand for. Each argument is a file, a folder (searched with its folders for files
/// that are captures by content), a pattern that the shell did not expand (`*`, `?`, `[..]`, `**`), or `-`. A file
/// that is reached twice, also through links, is taken once.
///
/// What is wrong with an argument is told in [`Inputs::problems`]; the others are found all the same.
pub fn resolve<S: AsRef<OsStr>>(arguments: &[S]) -> Inputs {
    let mut search = Search::default();
    for argument in arguments {
        match InputPath::from_argument(argument.as_ref()) {
            InputPath::Stdin => search.stdin = true,
            InputPath::File(path) => search.argument(&path),
            // Arguments name none.
            InputPath::Interfaces(_) => {}
        }
    }
    search.finish()
}

/// As [`resolve`], of captures and beside them of files that hold nothing but what a device dropped.
pub fn resolve_beside<S: AsRef<OsStr>>(captures: &[S], dropped: &[S]) -> Inputs {
    let all: Vec<&OsStr> = captures.iter().chain(dropped).map(AsRef::as_ref).collect();
    let mut inputs = resolve(&all);
    if !dropped.is_empty() {
        let marked = resolve(dropped).inputs;
        for input in &mut inputs.inputs {
            input.dropped = marked.iter().any(|marked| marked.path == input.path);
        }
    }
    inputs
}

impl Input {
    /// What it is called in reports. Hostile: escape it.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.path {
            InputPath::File(path) => path.display().to_string(),
            path => path.to_string(),
        }
    }

    /// Whether it is a file that was looked into and has no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stored_bytes.is_some() && self.first_time.is_none()
    }

    /// The order in which inputs are numbered: by the time of the first frame (without one first, standard input
    /// last), then by path with digits compared as numbers.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        match (&self.path, &other.path) {
            (InputPath::File(a), InputPath::File(b)) => self
                .first_time
                .cmp(&other.first_time)
                .then_with(|| natural::compare(a, b)),
            (a, b) => (*a == InputPath::Stdin).cmp(&(*b == InputPath::Stdin)),
        }
    }
}

/// How the first frame's time sorts an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Start {
    NoFrames,
    At(CaptureTime),
    Unknown,
}

/// A file that was found.
struct InputCandidate {
    /// The smallest of the paths by which it was reached, so that their order does not matter.
    path: PathBuf,
    /// Whether it was named (or matched a pattern) and did not just lie in a folder.
    named: bool,
}

/// A folder that was named.
struct Folder {
    path: PathBuf,
    /// Canonical paths of the files in it.
    files: Vec<PathBuf>,
    /// Whether a part of it could not be read: that is told, and that it holds no captures is not known.
    troubled: bool,
}

#[derive(Default)]
struct Search {
    stdin: bool,
    /// By canonical path.
    files: BTreeMap<PathBuf, InputCandidate>,
    folders: Vec<Folder>,
    problems: Vec<SourceError>,
}

impl Search {
    fn argument(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path),
            Ok(_) => drop(self.file(path, true)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_pattern(path) => {
                self.pattern(path);
            }
            Err(error) => self.problem(path, error),
        }
    }

    /// Takes a file in; gives the path that stands for it.
    fn file(&mut self, path: &Path, named: bool) -> PathBuf {
        // A pipe given as /dev/fd/N has no path of its own.
        let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let new = || InputCandidate {
            path: path.to_owned(),
            named,
        };
        let known = self.files.entry(canonical.clone()).or_insert_with(new);
        known.named |= named;
        if path < known.path.as_path() {
            path.clone_into(&mut known.path);
        }
        canonical
    }

    fn pattern(&mut self, pattern: &Path) {
        let path = InputPath::File(pattern.to_owned());
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let matches = match glob::glob_with(&pattern.to_string_lossy(), options) {
            Ok(matches) => matches,
            Err(error) => {
                let reason = format!("{} (at character {})", error.msg, error.pos);
                return self.problems.push(SourceError::Pattern { path, reason });
            }
        };
        let mut any = false;
        for found in matches {
            any = true;
            match found {
                Ok(found) if found.is_dir() => self.folder(&found),
                Ok(found) => drop(self.file(&found, true)),
                Err(error) => {
                    let folder = error.path().to_owned();
                    self.problem(&folder, error.into());
                }
            }
        }
        if !any {
            self.problems.push(SourceError::NoMatch { path });
        }
    }

    /// Takes the files in a folder and the folders in it. Links are followed, each folder is visited once.
    fn folder(&mut self, top: &Path) {
        let mut found = Vec::new();
        let problems_before = self.problems.len();
        let mut visited = BTreeSet::new();
        let mut waiting = vec![top.to_owned()];
        while let Some(folder) = waiting.pop() {
            if !visited.insert(fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone())) {
                continue;
            }
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.problem(&folder, error);
                    continue;
                }
            };
            for entry in entries {
                match entry.map(|entry| entry.path()) {
                    Ok(path) if path.is_dir() => waiting.push(path),
                    // Pipes and devices are not opened unless they are named: that could wait for ever.
                    Ok(path) if path.is_file() => found.push(self.file(&path, false)),
                    Ok(_) => {}
                    Err(error) => self.problem(&folder, error),
                }
            }
        }
        let troubled = self.problems.len() > problems_before;
        self.folders.push(Folder {
            path: top.to_owned(),
            files: found,
            troubled,
        });
    }

    fn problem(&mut self, path: &Path, error: io::Error) {
        self.problems.push(SourceError::refused(
            InputPath::File(path.to_owned()),
            error,
        ));
    }

    /// Looks into all files, sorts them, and tells the problems if there are any.
    fn finish(mut self) -> Inputs {
        let mut skipped = Vec::new();
        let mut found = self.look_into_all(&mut skipped);
        found.sort_by(|(path_a, start_a, _), (path_b, start_b, _)| {
            start_a
                .cmp(start_b)
                .then_with(|| natural::compare(path_a, path_b))
        });
        let mut inputs: Vec<Input> = found.into_iter().map(|(.., input)| input).collect();
        if self.stdin {
            inputs.push(Input {
                path: InputPath::Stdin,
                first_time: None,
                stored_bytes: None,
                dropped: false,
            });
        }
        let (count, most) = (inputs.len(), FrameId::MAX_INPUTS);
        if count as u64 > most {
            self.problems.push(SourceError::TooMany { count, most });
        }
        Inputs {
            inputs,
            skipped,
            problems: self.problems,
        }
    }

    /// The inputs with their canonical paths and starts, by path. Problems are kept, files that are no captures and
    /// were not named are skipped, folders without captures are problems.
    fn look_into_all(&mut self, skipped: &mut Vec<SourceError>) -> Vec<(PathBuf, Start, Input)> {
        let mut found = Vec::new();
        let mut no_captures = BTreeSet::new();
        for (canonical, candidate) in std::mem::take(&mut self.files) {
            match look_into(&candidate.path) {
                Ok((start, input)) => found.push((canonical, start, input)),
                Err(error) if !candidate.named && is_no_capture(&error) => {
                    no_captures.insert(canonical);
                    skipped.push(error);
                }
                Err(error) => self.problems.push(error),
            }
        }
        for Folder {
            path,
            files,
            troubled,
        } in &self.folders
        {
            if !troubled && files.iter().all(|file| no_captures.contains(file)) {
                let path = InputPath::File(path.clone());
                self.problems.push(SourceError::NoCaptures {
                    path,
                    looked_at: files.len(),
                });
            }
        }
        found
    }
}

/// The start of a file and the input that it makes.
fn look_into(path: &Path) -> Result<(Start, Input), SourceError> {
    let input = InputPath::File(path.to_owned());
    let metadata =
        fs::metadata(path).map_err(|error| SourceError::refused(input.clone(), error))?;
    if !metadata.is_file() {
        // What is looked at in a pipe is gone from it.
        let input = Input {
            path: input,
            first_time: None,
            stored_bytes: None,
            dropped: false,
        };
        return Ok((Start::Unknown, input));
    }
    let first_time = peek(&input)?.next_frame().map(|frame| frame.time);
    let start = first_time.map_or(Start::NoFrames, Start::At);
    Ok((
        start,
        Input {
            path: input,
            first_time,
            stored_bytes: Some(metadata.len()),
            dropped: false,
        },
    ))
}

/// Whether an error only says that a file is no capture: one found in a folder is passed over then.
fn is_no_capture(error: &SourceError) -> bool {
    match error {
        SourceError::NotACapture { .. } | SourceError::Empty { .. } => true,
        // A file that starts like a compressed one, but is not.
        SourceError::Unreadable { error, .. } => matches!(
            error.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
        ),
        _ => false,
    }
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

#[cfg(test)]
mod tests;
