//! Frames of Initial packets (RFC 9000 section 19), and joining the handshake out of them.

use serde::{Deserialize, Serialize};

use super::Initial;
use super::header::Reader;

/// The most bytes of a handshake that are joined.
const MAX_JOINED: usize = 1 << 16;
/// The most CRYPTO frames of one packet that are kept; some clients send dozens to keep middleboxes honest.
const MAX_CRYPTO_FRAMES: usize = 256;

/// A part of the handshake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CryptoFrame {
    /// Offset of its first byte in the handshake.
    pub offset: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Joins parts of the handshake, in any order, overlapping or not, to the prefix that has no gap; bytes beyond 65,536
/// are left out. [`crate::decode::tls::read_handshake_hello`] reads the result.
#[must_use]
pub fn join<'a>(frames: impl IntoIterator<Item = &'a CryptoFrame>) -> Vec<u8> {
    let mut sorted: Vec<&CryptoFrame> = frames.into_iter().collect();
    sorted.sort_unstable();
    let mut joined: Vec<u8> = Vec::new();
    for frame in sorted {
        let Ok(offset) = usize::try_from(frame.offset) else {
            break;
        };
        if offset > joined.len() || joined.len() >= MAX_JOINED {
            break;
        }
        joined.extend_from_slice(frame.bytes.get(joined.len() - offset..).unwrap_or(&[]));
    }
    joined.truncate(MAX_JOINED);
    joined
}

/// Reads the frames of a packet until one that has no place in it.
pub(super) fn read(payload: &[u8], google: bool, initial: &mut Initial) {
    let mut reader = Reader {
        bytes: payload,
        at: 0,
    };
    while let Some(kind) = reader.integer() {
        let read = if google {
            google_frame(kind, &mut reader, initial)
        } else {
            frame(kind, &mut reader, initial)
        };
        if read.is_none() {
            return;
        }
    }
}

fn frame(kind: u64, reader: &mut Reader<'_>, initial: &mut Initial) -> Option<()> {
    const PADDING: u64 = 0x00;
    const PING: u64 = 0x01;
    const ACK: u64 = 0x02;
    const ACK_WITH_COUNTS: u64 = 0x03;
    const CRYPTO: u64 = 0x06;
    const CLOSE: u64 = 0x1c;
    const CLOSE_BY_APPLICATION: u64 = 0x1d;
    match kind {
        PADDING | PING => Some(()),
        ACK | ACK_WITH_COUNTS => acknowledgment(kind == ACK_WITH_COUNTS, reader),
        CRYPTO => crypto(reader, initial),
        CLOSE | CLOSE_BY_APPLICATION => {
            initial.close = reader.integer();
            None
        }
        _ => None,
    }
}

/// Google's versions number frames in their own way.
fn google_frame(kind: u64, reader: &mut Reader<'_>, initial: &mut Initial) -> Option<()> {
    const PADDING: u64 = 0x00;
    const PING: u64 = 0x07;
    const CRYPTO: u64 = 0x08;
    match kind {
        PADDING | PING => Some(()),
        CRYPTO => crypto(reader, initial),
        _ => None,
    }
}

fn crypto(reader: &mut Reader<'_>, initial: &mut Initial) -> Option<()> {
    let offset = reader.integer()?;
    let length = usize::try_from(reader.integer()?).ok()?;
    let bytes = reader.take(length)?;
    if initial.crypto.len() == MAX_CRYPTO_FRAMES {
        return None;
    }
    initial.crypto.push(CryptoFrame {
        offset,
        bytes: bytes.to_vec(),
    });
    Some(())
}

/// Largest, delay, number of ranges, first range, ranges, perhaps three counts.
fn acknowledgment(counts: bool, reader: &mut Reader<'_>) -> Option<()> {
    let (_largest, _delay) = (reader.integer()?, reader.integer()?);
    let ranges = reader.integer()?;
    let _first = reader.integer()?;
    for _ in 0..ranges {
        let (_gap, _length) = (reader.integer()?, reader.integer()?);
    }
    for _ in 0..if counts { 3 } else { 0 } {
        reader.integer()?;
    }
    Some(())
}
