//! Captures of folders, each damaged in many ways and audited by the shipped rules: panics, slow ones and memory are told.
//!
//! `cargo run --release --example spoil -- FOLDER...`
//!
//! Each file of at most 20 MB is read as it is, with 20 random truncations, with bits flipped 20 times, and with a block of
//! itself put elsewhere 5 times. The same files are damaged in the same way in every run.

use std::cell::RefCell;
use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Cursor, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pktaudit::audit::{Audited, Plan, Selection};
use pktaudit::drive::absorb;
use pktaudit::model::{Merge as _, TwoPoint};
use pktaudit::observe::{Observation, attribute};
use pktaudit::report::write_json;
use pktaudit::source::{Batch, BatchLimits, InputPath, open_reader};

const MOST_BYTES: u64 = 20_000_000;
const SLOW: Duration = Duration::from_secs(2);

thread_local! {
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

fn main() -> Result<(), Box<dyn Error>> {
    let plan = Plan::read(&Selection::default())?;
    let mut paths = Vec::new();
    for folder in env::args_os().skip(1) {
        files_in(Path::new(&folder), &mut paths)?;
    }
    paths.sort();
    panic::set_hook(Box::new(|info| {
        SAID.with_borrow_mut(|said| *said = info.to_string());
    }));
    let mut out = io::stdout().lock();
    let mut all = Summary::default();
    for path in paths {
        let bytes = fs::read(&path)?;
        forget_peak();
        all.files += 1;
        for (what, spoilt) in spoilt(&path, &bytes) {
            let told = all.run(&plan, spoilt);
            if let Some(told) = told {
                writeln!(
                    out,
                    "{} ({} bytes), {what}: {told}",
                    path.display(),
                    bytes.len()
                )?;
            }
        }
        let peak = peak();
        if peak > all.peak.0 {
            all.peak = (peak, path);
        }
    }
    writeln!(
        out,
        "{} files, {} runs: {} panics, {} over {SLOW:?}, the longest {:?}; at most {} kB of memory, with {}",
        all.files,
        all.runs,
        all.panics,
        all.slow,
        all.longest,
        all.peak.0,
        all.peak.1.display()
    )?;
    Ok(())
}

/// What was seen of all.
#[derive(Default)]
struct Summary {
    files: u32,
    runs: u32,
    panics: u32,
    slow: u32,
    longest: Duration,
    /// In kB, and with which file.
    peak: (u64, PathBuf),
}

impl Summary {
    /// Audits some bytes; what is to be told of it.
    fn run(&mut self, plan: &Plan, bytes: Vec<u8>) -> Option<String> {
        let start = Instant::now();
        let ended = panic::catch_unwind(AssertUnwindSafe(|| audit(plan, bytes)));
        let took = start.elapsed();
        self.runs += 1;
        self.longest = self.longest.max(took);
        if ended.is_err() {
            self.panics += 1;
            return Some(format!("panic: {}", SAID.take()));
        }
        (took > SLOW).then(|| {
            self.slow += 1;
            format!("{took:?}")
        })
    }
}

/// The whole way: open, fill, absorb, attribute, judge, report.
fn audit(plan: &Plan, bytes: Vec<u8>) {
    let Ok(mut source) = open_reader(Cursor::new(bytes), &InputPath::Stdin) else {
        return;
    };
    let (mut batch, mut whole) = (Batch::default(), Observation::default());
    for chunk in 0.. {
        if batch.fill(&mut source, BatchLimits::default()) == 0 {
            break;
        }
        whole.merge(absorb(&batch, 0, chunk, &[]));
    }
    let seen = TwoPoint::alone(attribute(whole));
    let audited = Audited::of(&seen, &[], plan);
    let written = write_json(&audited.report(), io::sink());
    assert!(written.is_ok(), "{written:?}");
}

/// Every damaged form of a file, with words for it.
fn spoilt<'a>(path: &Path, bytes: &'a [u8]) -> impl Iterator<Item = (String, Vec<u8>)> + 'a {
    let mut dice = Dice::of(path);
    (0..46_u32).map(move |round| match round {
        0 => ("as it is".to_owned(), bytes.to_vec()),
        1..=20 => {
            let end = dice.roll(bytes.len() + 1);
            (format!("cut at {end}"), bytes[..end].to_vec())
        }
        21..=40 => {
            let mut spoilt = bytes.to_vec();
            let flips: Vec<usize> = (0..=dice.roll(8))
                .map(|_| dice.roll(8 * bytes.len()))
                .collect();
            for bit in &flips {
                if let Some(byte) = spoilt.get_mut(bit / 8) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            (format!("bits {flips:?} flipped"), spoilt)
        }
        _ => {
            let from = dice.roll(bytes.len() + 1);
            let length = dice.roll(4096).min(bytes.len() - from);
            let to = dice.roll(bytes.len() + 1);
            let (before, behind) = bytes.split_at(to);
            let block = &bytes[from..from + length];
            let what = format!("{length} bytes of {from} put before {to}");
            (what, [before, block, behind].concat())
        }
    })
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let mix = |seed: u64, byte: &u8| (seed ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(name.iter().fold(0xcbf2_9ce4_8422_2325, mix) | 1)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

fn files_in(folder: &Path, out: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = fs::metadata(&path)?;
        if found.is_dir() {
            files_in(&path, out)?;
        } else if found.len() <= MOST_BYTES {
            out.push(path);
        }
    }
    Ok(())
}

/// The most memory in kB since it was forgotten, where the system tells it.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.unwrap_or_default()
}

fn forget_peak() {
    // Not there on every system; then the peak is that of all files.
    let _ = fs::write("/proc/self/clear_refs", "5");
}
