//! Outputs that can be told to be wrong before anything is read: inputs, which are never written to, and what cannot be
//! written at all, since nobody wants to hear so after hours of reading.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use same_file::is_same_file;

use super::args::{Choices, Names};
use super::points::is_capture;
use crate::audit::without_plus;
use crate::report::directory_files;
use crate::source::{Input, InputPath};

/// The file of a report set that holds the packets of its findings.
pub(super) const EVIDENCE: &str = "evidence.pcapng";

/// The files that a command reads.
#[derive(Default)]
pub(super) struct Inputs(Vec<PathBuf>);

impl Inputs {
    /// Captures.
    pub(super) fn of(captures: &[Input]) -> Self {
        let files = captures.iter().filter_map(|input| match &input.path {
            InputPath::File(path) => Some(path.clone()),
            InputPath::Stdin | InputPath::Interfaces(_) => None,
        });
        Self(files.collect())
    }

    /// All that an audit reads; what lies outside only where it is a file.
    pub(super) fn of_audit(
        captures: &[Input],
        outside: &[OsString],
        choices: &Choices,
        names: &Names,
    ) -> Self {
        let outside = outside.iter().filter(|what| is_capture(what));
        Self::of(captures).and_choices(choices, names).and(outside)
    }

    /// Any other files besides.
    pub(super) fn and(mut self, files: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        self.0.extend(files.into_iter().map(Into::into));
        self
    }

    /// The files besides that choose what is audited.
    pub(super) fn and_choices(self, choices: &Choices, names: &Names) -> Self {
        self.and(&choices.site)
            .and(choices.rules.iter().map(without_plus))
            .and(&names.seeds)
    }

    /// Refuses a file that is to be written and is one of these, by whatever name or link, or cannot be written.
    ///
    /// # Errors
    /// With what to do instead.
    pub(super) fn allow_file(&self, flag: &str, path: &Path) -> anyhow::Result<()> {
        self.refuse(flag, path)?;
        let there = fs::metadata(path);
        // A device or a pipe is written to in its place.
        if there.is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        writable(folder).with_context(|| format!("{flag} {}: cannot be written", path.display()))
    }

    /// The same of a folder that is to be filled: what is in it would be taken for a part of the work.
    ///
    /// # Errors
    /// With what to do instead.
    pub(super) fn allow_new_folder(&self, flag: &str, folder: &Path) -> anyhow::Result<()> {
        self.refuse(flag, folder)?;
        let shown = folder.display();
        if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("{flag} {shown}: there is something in it; name a new folder");
        }
        writable(folder).with_context(|| format!("{flag} {shown}: cannot be written"))
    }

    /// The same of the files of a report set.
    ///
    /// # Errors
    /// With what to do instead.
    pub(super) fn allow_set(&self, folder: Option<&Path>) -> anyhow::Result<()> {
        let Some(folder) = folder else {
            return Ok(());
        };
        for path in directory_files(folder).chain([folder.join(EVIDENCE)]) {
            self.refuse("--out", &path)?;
        }
        writable(folder).with_context(|| format!("--out {}: cannot be written", folder.display()))
    }

    fn refuse(&self, flag: &str, path: &Path) -> anyhow::Result<()> {
        // What is not there yet is no input.
        if !path.is_file() {
            return Ok(());
        }
        let same = |input: &&PathBuf| is_same_file(input, path).unwrap_or(false);
        if let Some(input) = self.0.iter().find(same) {
            bail!(
                "{flag} would write {}, which is the input {}: inputs are never written to; name another place",
                path.display(),
                input.display()
            );
        }
        Ok(())
    }
}

/// Tries whether a folder takes files, or, where it is not there yet, the nearest one above it that is.
pub(super) fn writable(folder: &Path) -> io::Result<()> {
    let there = |folder: &&Path| folder.as_os_str().is_empty() || folder.exists();
    let nearest = folder.ancestors().find(there).unwrap_or(Path::new("."));
    let nearest = match nearest.as_os_str().is_empty() {
        true => Path::new("."),
        false => nearest,
    };
    // Without a name where the system can do that: nothing is left whenever the program is killed.
    tempfile::tempfile_in(nearest).map(drop)
}
