//! `--dns-seed`: names told before the capture began.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context;

use super::args::Common;
use super::output;
use crate::drive::{Progress, observe};
use crate::observe::{Seed, read_seeds, seeds_of};
use crate::source::{SourceError, resolve};

/// The largest text read: a hosts file that blocks half the world has some 10 MB.
const MAX_TEXT: u64 = 64 << 20;

/// Reads all seed files: captures, of which the DNS answers count, and texts. Lines that are neither are told.
///
/// # Errors
/// The first file that cannot be read.
pub(super) fn read(paths: &[OsString], common: &Common) -> anyhow::Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    for path in paths {
        seeds.extend(read_one(path, common)?);
    }
    seeds.sort();
    seeds.dedup();
    Ok(seeds)
}

fn read_one(path: &OsString, common: &Common) -> anyhow::Result<Vec<Seed>> {
    let inputs = resolve(std::slice::from_ref(path));
    let threads = super::input::threads(common);
    let observed = observe(&inputs.inputs, threads, &Progress::default());
    let mut failures = inputs.problems.into_iter().chain(observed.failures);
    match failures.next() {
        None if inputs.inputs.is_empty() => {
            anyhow::bail!("--dns-seed {}: holds no capture", path.display())
        }
        None => Ok(seeds_of(observed.observation)),
        Some(SourceError::NotACapture { .. }) => text(Path::new(path), common),
        Some(error) => Err(anyhow::Error::new(error).context("--dns-seed")),
    }
}

fn text(path: &Path, common: &Common) -> anyhow::Result<Vec<Seed>> {
    let unreadable = || format!("--dns-seed {}: cannot be read", path.display());
    let size = std::fs::metadata(path).with_context(unreadable)?.len();
    anyhow::ensure!(
        size <= MAX_TEXT,
        "--dns-seed {}: has {size} bytes; texts of up to {MAX_TEXT} are read",
        path.display()
    );
    let bytes = std::fs::read(path).with_context(unreadable)?;
    let read = read_seeds(&String::from_utf8_lossy(&bytes));
    anyhow::ensure!(
        !read.seeds.is_empty() || read.not_read.is_empty(),
        "--dns-seed {}: is neither a capture nor a hosts file nor the output of dig",
        path.display()
    );
    if let Some(first) = read.not_read.first() {
        let more = match read.not_read.len() {
            1 => String::new(),
            count => format!(" and {} more lines", count - 1),
        };
        let path = path.display();
        output::note(
            common,
            &format!("--dns-seed {path}: line {first}{more} could not be read"),
        );
    }
    Ok(read.seeds)
}
