//! The packets that `--write` keeps: pcapng files, one after another, each whole at every moment up to its last block.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tempfile::TempPath;

use crate::model::{CaptureTime, Loss};
use crate::report::beside;
use crate::source::{Batch, Interface, PcapngWriter};

/// When to go on in another file. Without any, there is one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Once the next window would make a file larger than this.
    pub bytes: Option<u64>,
    /// Once a file's frames span this time.
    pub time: Option<Duration>,
}

impl Rotation {
    const fn is_none(self) -> bool {
        self.bytes.is_none() && self.time.is_none()
    }
}

/// Where and how packets are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepOptions {
    /// The file; of several files the name with `_00001` and so on before its extension.
    pub path: PathBuf,
    /// When to go on in another file.
    pub rotation: Rotation,
    /// A number in the name even where no rotation is asked for: periods are files of their own.
    pub numbered: bool,
}

/// A writer that is flushed at block borders only.
type Writer = PcapngWriter<BufWriter<File>>;

/// Writes windows to files.
pub(super) struct Keep {
    options: KeepOptions,
    interfaces: Vec<Interface>,
    current: Option<CurrentFile>,
    files: u32,
    /// What was lost up to the last file's end.
    told: Loss,
    /// Files that are whole and on their way to the disk, which may take seconds: packets do not wait for that.
    settling: Vec<JoinHandle<io::Result<()>>>,
}

struct CurrentFile {
    path: PathBuf,
    writer: Writer,
    first: Option<CaptureTime>,
}

impl Keep {
    /// Opens the first file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub(super) fn open(options: KeepOptions, interfaces: Vec<Interface>) -> io::Result<Self> {
        let mut keep = Self {
            options,
            interfaces,
            current: None,
            files: 0,
            told: Loss::default(),
            settling: Vec::new(),
        };
        keep.start()?;
        Ok(keep)
    }

    /// The file that is written to.
    pub(super) fn path(&self) -> Option<&Path> {
        self.current.as_ref().map(|current| current.path.as_path())
    }

    /// Whether a window has to go into another file.
    pub(super) fn is_full_for(&self, batch: &Batch) -> bool {
        let Some(current) = self.current.as_ref().filter(|c| c.writer.frames() > 0) else {
            return false;
        };
        let more = batch.captured_bytes() as u64 + 36 * batch.len() as u64;
        let rotation = self.options.rotation;
        let large = rotation
            .bytes
            .is_some_and(|most| current.writer.bytes() + more > most);
        let last = batch.span().last;
        let span = current.first.map(|first| last.since(first));
        let long = rotation
            .time
            .zip(span)
            .is_some_and(|(most, span)| span > most);
        large || long
    }

    /// Ends the file with what was lost since the one before it, and starts the next one.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn rotate(&mut self, lost: Loss) -> io::Result<()> {
        for settled in self.settling.extract_if(.., |thread| thread.is_finished()) {
            outcome(settled)?;
        }
        if let Some(file) = self.end(lost)? {
            let settle = move || file.sync_all();
            let thread = Builder::new().name("settle".to_owned()).spawn(settle)?;
            self.settling.push(thread);
        }
        self.start()
    }

    /// Writes a window; what the system has then is whole records.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn write(&mut self, batch: &Batch) -> io::Result<()> {
        let Some(current) = self.current.as_mut() else {
            return Ok(());
        };
        for frame in batch.frames() {
            current.first.get_or_insert(frame.time);
            current.writer.write(&frame, None)?;
        }
        current.writer.flush()
    }

    /// Ends the last file, and waits until all are on the disk. `lost` counts from the start of the capture.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn finish(&mut self, lost: Loss) -> io::Result<()> {
        if let Some(file) = self.end(lost)? {
            file.sync_all()?;
        }
        self.settling.drain(..).try_for_each(outcome)
    }

    fn end(&mut self, lost: Loss) -> io::Result<Option<File>> {
        let Some(current) = self.current.take() else {
            return Ok(None);
        };
        let since = lost.since(self.told);
        self.told = lost;
        let file = current.writer.finish(since)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Some(file))
    }

    fn start(&mut self) -> io::Result<()> {
        self.files += 1;
        // A file that nobody foresaw must not take the first one's place.
        let numbered = self.options.numbered || !self.options.rotation.is_none() || self.files > 1;
        let path = if numbered {
            numbered_path(&self.options.path, self.files)
        } else {
            self.options.path.clone()
        };
        let (file, aside) = begin(&path)?;
        let mut writer = PcapngWriter::new(BufWriter::with_capacity(1 << 18, file))?;
        for (interface, source) in self.interfaces.iter().zip(0..) {
            writer.describe(source, interface)?;
        }
        writer.flush()?;
        if let Some(aside) = aside {
            aside.persist(&path).map_err(|failed| failed.error)?;
        }
        self.current = Some(CurrentFile {
            path,
            writer,
            first: None,
        });
        Ok(())
    }
}

/// A new file, and the name that it has until it is a capture: one without a header is none. A device or a pipe is written
/// to as it is.
fn begin(path: &Path) -> io::Result<(File, Option<TempPath>)> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Ok((File::create(path)?, None));
    }
    let (file, aside) = beside(path, |aside| File::create_new(aside))?.into_parts();
    Ok((file, Some(aside)))
}

fn outcome(settled: JoinHandle<io::Result<()>>) -> io::Result<()> {
    settled.join().unwrap_or_else(|_| {
        Err(io::Error::other(
            "the thread that waits for the disk failed",
        ))
    })
}

/// `kept.pcapng` to `kept_00002.pcapng`.
#[must_use]
pub fn numbered_path(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}_{number:05}.{}", extension.to_string_lossy()),
        None => format!("{stem}_{number:05}"),
    };
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Frame, FrameNote, FrameSource, InputPath, LinkType, open};

    fn batch(times: &[i64]) -> Batch {
        let mut batch = Batch::default();
        for seconds in times {
            batch.push(Frame {
                note: FrameNote::default(),
                time: CaptureTime::from_secs_nanos(*seconds, 0),
                link_type: LinkType::ETHERNET,
                interface: 1,
                wire_length: 100,
                bytes: &[7; 100],
            });
        }
        batch
    }

    fn interface(name: &str) -> Interface {
        Interface {
            name: name.to_owned(),
            link_type: LinkType::ETHERNET,
            ..Interface::default()
        }
    }

    fn lost(kernel: u64) -> Loss {
        Loss {
            kernel,
            ..Loss::default()
        }
    }

    #[test]
    fn files_go_round_by_size_and_tell_their_own_losses() {
        let folder = tempfile::tempdir().unwrap();
        let options = KeepOptions {
            path: folder.path().join("kept.pcapng"),
            rotation: Rotation {
                bytes: Some(1000),
                time: None,
            },
            numbered: false,
        };
        let mut keep = Keep::open(options, vec![interface("eth0"), interface("eth1")]).unwrap();
        let mut paths = Vec::new();
        for window in 0..4 {
            let batch = batch(&[window, window, window, window]);
            if keep.is_full_for(&batch) {
                keep.rotate(lost(window as u64)).unwrap();
            }
            keep.write(&batch).unwrap();
            paths.push(keep.path().unwrap().to_owned());
        }
        keep.finish(lost(5)).unwrap();
        paths.dedup();
        let told: Vec<_> = paths
            .iter()
            .map(|path| {
                let mut source = open(&InputPath::File(path.clone())).unwrap();
                let mut frames = 0;
                while let Some(frame) = source.next_frame() {
                    assert_eq!(frame.interface, 1);
                    frames += 1;
                }
                assert!(source.damage().is_empty());
                assert_eq!(source.interfaces()[1].name, "eth1");
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, frames, source.loss().kernel)
            })
            .collect();
        let told: Vec<_> = told.iter().map(|(n, f, l)| (n.as_str(), *f, *l)).collect();
        assert_eq!(
            told,
            [
                ("kept_00001.pcapng", 4, 1),
                ("kept_00002.pcapng", 4, 1),
                ("kept_00003.pcapng", 4, 1),
                ("kept_00004.pcapng", 4, 2),
            ]
        );
    }

    #[test]
    fn files_go_round_by_time() {
        let folder = tempfile::tempdir().unwrap();
        let options = KeepOptions {
            path: folder.path().join("kept"),
            rotation: Rotation {
                bytes: None,
                time: Some(Duration::from_secs(10)),
            },
            numbered: false,
        };
        let mut keep = Keep::open(options, vec![interface("eth0")]).unwrap();
        keep.write(&batch(&[100])).unwrap();
        assert!(!keep.is_full_for(&batch(&[110])));
        assert!(keep.is_full_for(&batch(&[110, 111])));
        keep.rotate(Loss::default()).unwrap();
        assert_eq!(keep.path().unwrap(), folder.path().join("kept_00002"));
        assert!(
            !keep.is_full_for(&batch(&[500])),
            "an empty file is never full"
        );
    }
}
