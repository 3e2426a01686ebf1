//! SHA-256 of inputs as they are stored, worked out while they are read, so that they come from the disk once.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::compression::Bytes;

/// How much is read at once of what nobody else reads.
const BUFFER: usize = 1 << 18;
/// From so many bytes on a thread of its own is worth its while.
const ALONE: u64 = 1 << 20;
/// So many pieces are under way to that thread.
const AHEAD: usize = 16;

/// The digest of an input that somebody else reads: lower-case hexadecimal digits.
#[derive(Clone, Default)]
pub struct Digest(Arc<Mutex<Option<Stored>>>);

impl Digest {
    /// The same bytes, which are taken note of as they are read.
    pub(super) fn of(&self, reader: Bytes) -> Bytes {
        *self.stored() = Some(Stored {
            reader,
            hash: Hash::Here(Sha256::new(), 0),
            left: Left::Some,
        });
        Box::new(Tap(self.clone()))
    }

    /// The digest of all bytes. Where they were not read to their end, the rest is read if `rest` says so; without,
    /// and where the input cannot be read, there is none.
    #[must_use]
    pub fn finish(&self, rest: bool) -> Option<String> {
        let mut stored = self.stored().take()?;
        if rest {
            let mut buffer = vec![0; BUFFER];
            while stored.left == Left::Some {
                // What went wrong is told by what is left; interruptions are tried again.
                let _ = stored.read(&mut buffer);
            }
        }
        (stored.left == Left::Nothing).then(|| stored.hash.finish())?
    }

    fn stored(&self) -> MutexGuard<'_, Option<Stored>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// SHA-256 of a file in lower-case hexadecimal digits.
///
/// # Errors
/// Where the file cannot be read.
pub fn digest_of(path: &Path) -> io::Result<String> {
    let digest = Digest::default();
    let reader = digest.of(Box::new(File::open(path)?));
    io::copy(
        &mut BufReader::with_capacity(BUFFER, reader),
        &mut io::sink(),
    )?;
    digest
        .finish(false)
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Reads what a [`Digest`] takes note of.
struct Tap(Digest);

impl Read for Tap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut *self.0.stored() {
            Some(stored) => stored.read(buffer),
            None => Ok(0),
        }
    }
}

struct Stored {
    reader: Bytes,
    hash: Hash,
    left: Left,
}

/// What is left to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Some,
    Nothing,
    Unreadable,
}

impl Stored {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buffer) {
            Ok(count) => {
                if count == 0 && !buffer.is_empty() {
                    self.left = Left::Nothing;
                }
                self.hash.take(buffer.get(..count).unwrap_or_default());
                Ok(count)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.left = Left::Unreadable;
                }
                Err(error)
            }
        }
    }
}

/// A hash in the making: of short inputs by whoever reads them, of long ones by a thread of its own, which gets copies
/// of the bytes and gives the room for them back.
enum Hash {
    Here(Sha256, u64),
    Beside {
        full: SyncSender<Vec<u8>>,
        empty: Receiver<Vec<u8>>,
        thread: JoinHandle<Sha256>,
    },
}

impl Hash {
    fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Here(hash, taken) => {
                hash.update(bytes);
                *taken += bytes.len() as u64;
                if *taken >= ALONE
                    && let Ok(beside) = Self::beside(hash.clone())
                {
                    *self = beside;
                }
            }
            Self::Beside { full, empty, .. } => {
                let mut room = empty.try_recv().unwrap_or_default();
                room.clear();
                room.extend_from_slice(bytes);
                // The thread hangs up only after this side has.
                let _ = full.send(room);
            }
        }
    }

    fn beside(mut hash: Sha256) -> io::Result<Self> {
        let (full, to_take) = sync_channel::<Vec<u8>>(AHEAD);
        let (taken, empty) = sync_channel(AHEAD);
        let thread = Builder::new().name("digest".to_owned()).spawn(move || {
            for bytes in to_take {
                hash.update(&bytes);
                // Where there is room enough already, this goes.
                let _ = taken.try_send(bytes);
            }
            hash
        })?;
        Ok(Self::Beside {
            full,
            empty,
            thread,
        })
    }

    fn finish(self) -> Option<String> {
        let hash = match self {
            Self::Here(hash, _) => hash,
            Self::Beside { full, thread, .. } => {
                drop(full);
                thread.join().ok()?
            }
        };
        Some(HEXLOWER.encode(&hash.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_has_the_digest_that_sha256sum_prints() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(digest_of(&path).unwrap(), ABC);
        assert!(digest_of(&folder.path().join("none")).is_err());
    }

    #[test]
    fn what_was_not_read_is_read_only_where_it_may_be() {
        let begun = || {
            let digest = Digest::default();
            let mut reader = digest.of(Box::new(&b"abc"[..]));
            reader.read_exact(&mut [0; 2]).unwrap();
            digest
        };
        assert_eq!(begun().finish(true).as_deref(), Some(ABC));
        assert_eq!(begun().finish(false), None);
        assert_eq!(Digest::default().finish(true), None);
    }

    #[test]
    fn what_cannot_be_read_has_no_digest() {
        struct Cut;
        impl Read for Cut {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("cable cut"))
            }
        }
        let digest = Digest::default();
        let reader = digest.of(Box::new(b"abc".chain(Cut)));
        assert_eq!(
            io::read_to_string(reader).unwrap_err().to_string(),
            "cable cut"
        );
        assert_eq!(digest.finish(true), None);
    }

    #[test]
    fn a_long_input_has_the_digest_of_its_bytes_at_once() {
        let bytes: Vec<u8> = (0..5_000_001_u32).map(|i| (i % 251) as u8).collect();
        let digest = Digest::default();
        let mut reader = digest.of(Box::new(io::Cursor::new(bytes.clone())));
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(read, bytes);
        let wanted = Hash::Here(Sha256::new_with_prefix(&bytes), 0).finish();
        assert_eq!(digest.finish(false), wanted);
    }
}
