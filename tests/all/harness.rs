//! Runs the built program as on a bare machine, and finds the shipped samples.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use tempfile::TempDir;

/// A run of the program that is being put together.
pub(crate) struct Run {
    command: Command,
    input: Vec<u8>,
}

/// What a run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The exit status; -1 where a signal ended it.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// The program with these arguments, in an environment that says nothing but how wide the terminal is.
pub(crate) fn pktaudit<I>(arguments: I) -> Run
where
    I: IntoIterator,
    I::Item: AsRef<std::ffi::OsStr>,
{
    let mut command = Command::new(program());
    command
        .args(arguments)
        .env_clear()
        .env("COLUMNS", "100")
        .env("LC_ALL", "C");
    Run {
        command,
        input: Vec::new(),
    }
}

/// Where the program lies.
pub(crate) fn program() -> &'static str {
    env!("CARGO_BIN_EXE_pktaudit")
}

/// A path of the project.
pub(crate) fn project(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The Rust files of a folder of the project, and of folders in it.
pub(crate) fn rust_files(folder: &str) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![project(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "{folder} has no Rust files");
    files
}

impl Run {
    /// Works in this folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// One more variable of the environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// What standard input holds.
    pub(crate) fn input(mut self, bytes: &[u8]) -> Self {
        self.input = bytes.to_vec();
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Ran {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        let output = std::thread::scope(|scope| {
            // A program that does not read its input closes the pipe, which is its right.
            scope.spawn(move || drop(stdin.write_all(&input)));
            child.wait_with_output().unwrap()
        });
        Ran::from(output)
    }

    /// Runs it and wants this exit status.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Ran {
        let ran = self.run();
        assert_eq!(ran.status, status, "{}\n{}", ran.stderr, ran.stdout);
        ran
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.stdout, self.stderr))
    }

    /// Standard output as one JSON document a line.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }

    /// Standard error holds all of these words.
    #[track_caller]
    pub(crate) fn complains_of(&self, words: &[&str]) {
        for word in words {
            assert!(
                self.stderr.contains(word),
                "`{word}` is not in:\n{}",
                self.stderr
            );
        }
    }
}

/// A shipped sample.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Its folder's name.
    pub(crate) name: String,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Its capture.
    pub(crate) capture: PathBuf,
    /// Its site file.
    pub(crate) site: PathBuf,
}

impl Sample {
    /// One of the shipped samples.
    #[track_caller]
    pub(crate) fn named(name: &str) -> Self {
        let found = samples().into_iter().find(|sample| sample.name == name);
        found.unwrap_or_else(|| panic!("there is no sample {name}"))
    }

    /// Arguments that audit this sample's site; captures are to follow.
    pub(crate) fn audit(&self, format: &str) -> Vec<String> {
        let site = self.site.display().to_string();
        let mut arguments = ["audit", "--format", format, "--site", &site]
            .map(str::to_owned)
            .to_vec();
        if let Some(rules) = self.rules() {
            arguments.extend(["--rules".to_owned(), rules.display().to_string()]);
        }
        arguments
    }

    /// Arguments that name its outer point, where it has one: an interface of the capture or a file beside it. They are
    /// apart, since rewritten captures have no names of interfaces.
    pub(crate) fn outside(&self) -> Vec<String> {
        let file = self.folder.join("outside.pcap");
        let point = match self.capture.extension() {
            _ if file.is_file() => file.display().to_string(),
            Some(extension) if extension == "pcapng" => "wan0".to_owned(),
            _ => return Vec::new(),
        };
        vec!["--outside".to_owned(), point]
    }

    /// What is told of it, at both points where it has two, as JSON. The program is asked once, whoever else wants to know.
    pub(crate) fn report(&self) -> Arc<Value> {
        static REPORTS: Kept<Arc<Value>> = Kept::new();
        REPORTS.of(self, || {
            let mut arguments = self.audit("json");
            arguments.extend(self.outside());
            arguments.push(self.capture.display().to_string());
            Arc::new(pktaudit(&arguments).run().json())
        })
    }

    /// Its own rules, where it is not audited by the shipped ones.
    pub(crate) fn rules(&self) -> Option<PathBuf> {
        let rules = self.folder.join("rules.toml");
        rules.is_file().then_some(rules)
    }
}

/// What is made once for each sample, whoever asks first; others who ask meanwhile wait.
pub(crate) struct Kept<T>(Mutex<BTreeMap<String, Arc<OnceLock<T>>>>);

impl<T: Clone> Kept<T> {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// What there is of a sample, or else is made now.
    pub(crate) fn of(&self, sample: &Sample, make: impl FnOnce() -> T) -> T {
        let mut all = self.0.lock().unwrap();
        let own = Arc::clone(all.entry(sample.name.clone()).or_default());
        drop(all);
        own.get_or_init(make).clone()
    }
}

/// All folders of `samples/` that hold a capture, by name.
pub(crate) fn samples() -> Vec<Sample> {
    let folders = fs::read_dir(project("samples")).unwrap();
    let mut samples: Vec<Sample> = folders
        .filter_map(|entry| {
            let folder = entry.unwrap().path();
            let captures = ["capture.pcap", "capture.pcapng"].map(|name| folder.join(name));
            let capture = captures.into_iter().find(|path| path.is_file())?;
            let name = folder.file_name()?.to_str()?.to_owned();
            let site = folder.join("site.toml");
            Some(Sample {
                name,
                folder,
                capture,
                site,
            })
        })
        .collect();
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(samples.len() >= 25, "only {} samples", samples.len());
    samples
}

/// A folder of a test's own, gone with it.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file into a folder and gives its path as a word for the command line.
pub(crate) fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Asks a question of every sample, on all processors, and tells all that went wrong at once.
#[track_caller]
pub(crate) fn for_each_sample(question: impl Fn(&Sample) -> Result<(), String> + Sync) {
    for_each_of(samples(), question);
}

/// The same of some samples.
#[track_caller]
pub(crate) fn for_each_of(
    samples: Vec<Sample>,
    question: impl Fn(&Sample) -> Result<(), String> + Sync,
) {
    use rayon::prelude::*;
    let answers: Vec<String> = samples
        .par_iter()
        .filter_map(|sample| {
            let wrong = question(sample).err()?;
            Some(format!("{}: {wrong}", sample.name))
        })
        .collect();
    assert!(answers.is_empty(), "\n{}", answers.join("\n"));
}

/// Nothing where two texts are equal; else the first lines in which they differ.
pub(crate) fn same(what: &str, wanted: &str, got: &str) -> Result<(), String> {
    if wanted == got {
        return Ok(());
    }
    let mut differing = wanted
        .lines()
        .zip(got.lines())
        .enumerate()
        .filter(|(_, (a, b))| a != b);
    let shown: Vec<String> = differing
        .by_ref()
        .take(4)
        .map(|(line, (a, b))| format!("  line {}:\n    - {a}\n    + {b}", line + 1))
        .collect();
    let (before, after) = (wanted.lines().count(), got.lines().count());
    Err(format!(
        "{what} differs ({before} lines, {after} lines)\n{}",
        shown.join("\n")
    ))
}
