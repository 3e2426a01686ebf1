//! A file that is written beside its place, and put there when it is whole.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::ReportError;

/// A whole file beside the place where it is to appear; gone again where it never does.
pub(super) struct AsideFile {
    aside: Aside,
    path: PathBuf,
}

/// What a file is until it appears.
enum Aside {
    /// One without a name, of which nothing is left when the program is killed.
    #[cfg(target_os = "linux")]
    Nameless(File),
    /// One with a name that nobody has and nobody takes for a report.
    Named(TempPath),
}

impl AsideFile {
    pub(super) fn write(
        path: &Path,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<(), ReportError>,
    ) -> Result<Self, ReportError> {
        let failed = |source| ReportError::File {
            path: path.to_owned(),
            source,
        };
        let (file, name) = create(path).map_err(failed)?;
        let mut out = BufWriter::with_capacity(1 << 16, file);
        write(&mut out)
            .map_err(ReportError::into_io)
            .and_then(|()| out.flush())
            .and_then(|()| out.get_ref().sync_all())
            .map_err(failed)?;
        let aside = match name {
            Some(name) => Aside::Named(name),
            #[cfg(target_os = "linux")]
            None => Aside::Nameless(
                out.into_inner()
                    .map_err(|error| failed(error.into_error()))?,
            ),
            #[cfg(not(target_os = "linux"))]
            None => return Err(failed(io::Error::other("no file name"))),
        };
        let path = path.to_owned();
        Ok(Self { aside, path })
    }

    /// Where it is to appear.
    pub(super) fn folder(&self) -> Option<&Path> {
        folder_of(&self.path)
    }

    /// Puts it in its place, which is given.
    pub(super) fn appear(self) -> Result<PathBuf, ReportError> {
        let Self { aside, path } = self;
        let named = match aside {
            Aside::Named(name) => Ok(name),
            #[cfg(target_os = "linux")]
            Aside::Nameless(file) => nameless::name(file, &path),
        };
        let appeared = named.and_then(|name| name.persist(&path).map_err(|failed| failed.error));
        match appeared {
            Ok(()) => Ok(path),
            Err(source) => Err(ReportError::File { path, source }),
        }
    }
}

/// The folder of a path that names a file in it.
fn folder_of(path: &Path) -> Option<&Path> {
    let folder = path.parent()?;
    Some(match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    })
}

/// While this is there, no other run puts files in their places in the folder. Where the file system has no such locks, files
/// appear all the same.
pub(super) struct FolderLock {
    #[cfg(target_os = "linux")]
    _open: File,
}

impl FolderLock {
    /// Waits until no other run has it, which takes as long as a few files are renamed.
    #[cfg(target_os = "linux")]
    pub(super) fn wait(folder: &Path) -> Option<Self> {
        use rustix::fs::{FlockOperation, flock};
        let open = File::open(folder).ok()?;
        flock(&open, FlockOperation::LockExclusive).ok()?;
        Some(Self { _open: open })
    }

    /// There is none.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn wait(_: &Path) -> Option<Self> {
        None
    }
}

/// A new file in the folder of `path`, and its name where it has one.
fn create(path: &Path) -> io::Result<(File, Option<TempPath>)> {
    #[cfg(target_os = "linux")]
    if let Some(file) = nameless::create(path) {
        return Ok((file, None));
    }
    // Opened here, since it becomes a file that others may read as far as the umask lets them. Never follows a link that
    // somebody put there.
    let (file, name) = beside(path, |aside| File::create_new(aside))?.into_parts();
    Ok((file, Some(name)))
}

/// Makes what has a hidden name beside `path` that nobody has.
pub(crate) fn beside<T>(
    path: &Path,
    make: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<NamedTempFile<T>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::other("no file name"));
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    tempfile::Builder::new()
        .prefix(&hidden)
        .suffix(".part")
        .make_in(folder, make)
}

/// Files without a name (open(2), O_TMPFILE).
#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Seek};
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, OFlags, linkat};
    use tempfile::TempPath;

    /// One in the folder of `path`. `None` where the file system has none, or the system would not let us name it, as after
    /// root became another user.
    pub(super) fn create(path: &Path) -> Option<File> {
        let folder = super::folder_of(path)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::TMPFILE.bits().cast_signed())
            .open(folder)
            .ok()?;
        path.file_name()?;
        place(&file).exists().then_some(file)
    }

    /// Gives it a name beside `path`.
    pub(super) fn name(mut file: File, path: &Path) -> io::Result<TempPath> {
        let link = |name: &Path| {
            Ok(linkat(
                CWD,
                place(&file),
                CWD,
                name,
                AtFlags::SYMLINK_FOLLOW,
            )?)
        };
        if let Ok(linked) = super::beside(path, link) {
            return Ok(linked.into_temp_path());
        }
        // Whatever forbids it: hours of reading are not to be in vain.
        let mut copy = super::beside(path, |name| File::create_new(name))?;
        file.rewind()?;
        io::copy(&mut file, copy.as_file_mut())?;
        copy.as_file().sync_all()?;
        Ok(copy.into_temp_path())
    }

    /// Where the system shows it.
    fn place(file: &File) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    /// What is in a folder.
    fn names(folder: &Path) -> Vec<OsString> {
        let files = fs::read_dir(folder).unwrap();
        files.map(|file| file.unwrap().file_name()).collect()
    }

    #[test]
    fn until_it_appears_nothing_is_there_that_a_kill_could_leave() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        if nameless::create(&path).is_none() {
            return; // This file system has no files without a name.
        }
        let aside = AsideFile::write(&path, |out| Ok(out.write_all(b"whole")?)).unwrap();
        assert!(names(folder.path()).is_empty());
        aside.appear().unwrap();
        assert_eq!(names(folder.path()), ["report.json"]);
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn where_it_may_not_be_named_it_is_copied() {
        let folders = [tempfile::tempdir(), tempfile::tempdir_in("/dev/shm")];
        let [Ok(one), Ok(elsewhere)] = folders else {
            return; // There is no other disk.
        };
        let Some(mut file) = nameless::create(&one.path().join("report.json")) else {
            return; // This file system has no files without a name.
        };
        file.write_all(b"whole").unwrap();
        // No file gets a name on another disk.
        let path = elsewhere.path().join("report.json");
        nameless::name(file, &path).unwrap().persist(&path).unwrap();
        assert_eq!(names(elsewhere.path()), ["report.json"]);
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }
}
