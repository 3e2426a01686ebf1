//! Files that appear whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread::Builder;

use super::aside::{AsideFile, FolderLock};
use super::{
    Report, ReportError, write_findings_csv, write_flows_csv, write_html, write_json,
    write_requirements_csv,
};

type Write1 = fn(&Report<'_>, &mut BufWriter<File>) -> Result<(), ReportError>;

/// The files of a report directory that this room writes.
const FILES: [(&str, Write1); 5] = [
    ("findings.csv", |report, out| {
        write_findings_csv(report, out)
    }),
    ("requirements.csv", |report, out| {
        write_requirements_csv(report, out)
    }),
    ("flows.csv", |report, out| write_flows_csv(report, out)),
    ("report.json", |report, out| write_json(report, out)),
    ("report.html", |report, out| write_html(report, out)),
];

/// The files that [`write_directory`] writes into a directory.
pub fn directory_files(directory: &Path) -> impl Iterator<Item = PathBuf> {
    FILES.into_iter().map(|(name, _)| directory.join(name))
}

/// Makes a directory for reports where it is not there.
///
/// # Errors
/// Where it cannot be made.
pub fn make_directory(directory: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(directory).map_err(|source| ReportError::File {
        path: directory.to_owned(),
        source,
    })
}

/// Writes `findings.csv`, `requirements.csv`, `flows.csv`, `report.json` and `report.html` beside their places in a directory,
/// which is made where it is not there. They are in the order of these names.
///
/// # Errors
/// The first file that could not be written. Then none of them appears, and those that were there are as they were.
pub fn write_directory(report: &Report<'_>, directory: &Path) -> Result<AsideFiles, ReportError> {
    make_directory(directory)?;
    let aside = |(name, write): (&str, Write1)| {
        AsideFile::write(&directory.join(name), |out| write(report, out))
    };
    // All are written at once: while one waits for the disk, another is put into words. Where the system gives no more
    // threads, one after the other.
    let files: Result<_, _> = std::thread::scope(|scope| {
        let start = |file| {
            let beside = Builder::new().spawn_scoped(scope, move || aside(file));
            beside.map_err(|_| aside(file))
        };
        let writers: Vec<_> = FILES.into_iter().map(start).collect();
        let written = writers.into_iter().map(|writer| match writer {
            Ok(beside) => beside.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(here) => here,
        });
        written.collect()
    });
    files.map(AsideFiles)
}

/// Whole files beside the places where they are to appear, which nobody takes for reports; gone again where they never do.
#[must_use = "they appear only when they are told to"]
pub struct AsideFiles(Vec<AsideFile>);

impl AsideFiles {
    /// Writes one. Other than [`write_whole`] does, it takes the place of whatever is there.
    ///
    /// # Errors
    /// Those of `write` and of the file system, with the path.
    pub fn of(
        path: &Path,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<(), ReportError>,
    ) -> Result<Self, ReportError> {
        Ok(Self(vec![AsideFile::write(path, write)?]))
    }

    /// These and then others.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Puts each in its place, so that a reader never sees half of one; gives the places. Of two runs that put theirs into one
    /// folder at once, one waits for the other, so that the files are of one run in the end.
    ///
    /// # Errors
    /// The first one that could not be put there, such as where a folder has its name.
    pub fn appear(self) -> Result<Vec<PathBuf>, ReportError> {
        let folders: BTreeSet<&Path> = self.0.iter().filter_map(AsideFile::folder).collect();
        let _alone: Vec<FolderLock> = folders.into_iter().filter_map(FolderLock::wait).collect();
        self.0.into_iter().map(AsideFile::appear).collect()
    }
}

/// Writes a file that appears under its name only when `write` has ended well and the bytes are on the disk.
///
/// # Errors
/// Those of `write` and of the file system, with the path; then the name is as it was before.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    // A device or a pipe is written to; a file that took its place would break it for everybody.
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let failed = |source| ReportError::File {
            path: path.to_owned(),
            source,
        };
        let file = fs::OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(failed)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        return write(&mut out)
            .map_err(ReportError::into_io)
            .and_then(|()| out.flush())
            .map_err(failed);
    }
    AsideFile::write(path, write)?.appear().map(drop)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_file_that_fails_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let failed = write_whole(&path, |out| {
            out.write_all(&[b'x'; 100_000])?;
            Err(io::Error::other("disk full").into())
        });
        assert!(
            failed
                .unwrap_err()
                .to_string()
                .contains("report.json: disk full")
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_whole(&path, |out| Ok(out.write_all(b"new")?)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn while_another_run_puts_its_files_there_none_appears() {
        use std::sync::mpsc::{RecvTimeoutError, channel};
        use std::time::Duration;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let other = FolderLock::wait(folder.path()).unwrap();
        let files = AsideFiles::of(&path, |out| Ok(out.write_all(b"whole")?)).unwrap();
        let (appeared, appears) = channel();
        let waiting = std::thread::spawn(move || appeared.send(files.appear().unwrap()));
        let early = appears.recv_timeout(Duration::from_millis(200));
        assert_eq!(early, Err(RecvTimeoutError::Timeout));
        assert!(!path.exists());
        drop(other);
        assert_eq!(appears.recv().unwrap(), std::slice::from_ref(&path));
        waiting.join().unwrap().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_link_in_the_way_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, path) = (
            folder.path().join("victim"),
            folder.path().join("findings.csv"),
        );
        fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        write_whole(&path, |out| Ok(out.write_all(b"rows")?)).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(fs::read_to_string(&path).unwrap(), "rows");
    }
}
