//! Records (RFC 8446 section 5.1) and the handshake bytes in them.

use std::borrow::Cow;

use super::MAX_HELLO;

/// The longest record: 2^14 bytes and what encryption may add in TLS 1.2.
const MAX_RECORD: usize = (1 << 14) + 2048;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;

/// One record of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsRecord<'a> {
    /// Content type: 20 change cipher spec, 21 alert, 22 handshake, 23 application data, 24 heartbeat.
    pub kind: u8,
    /// Version in the record header; it says little.
    pub version: u16,
    /// Length of the payload as the header says.
    pub length: u16,
    /// The payload as far as it is there.
    pub payload: &'a [u8],
}

impl TlsRecord<'_> {
    /// Whether all of the payload is there.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.payload.len() == self.length as usize
    }
}

/// The records of a stream's bytes, from a record's first byte on; ends at the first thing that is no record, and
/// after a record that is cut.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = TlsRecord<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (record, after) = split(rest)?;
        rest = after;
        Some(record)
    })
}

fn split(bytes: &[u8]) -> Option<(TlsRecord<'_>, &[u8])> {
    let ([kind @ 20..=24, 3, minor @ 0..=4, high, low], rest) = bytes.split_first_chunk()? else {
        return None;
    };
    let length = u16::from_be_bytes([*high, *low]);
    if usize::from(length) > MAX_RECORD {
        return None;
    }
    let (payload, rest) = rest.split_at(rest.len().min(usize::from(length)));
    Some((
        TlsRecord {
            kind: *kind,
            version: 0x0300 | u16::from(*minor),
            length,
            payload,
        },
        rest,
    ))
}

/// The handshake bytes of a stream's first records.
pub(super) enum Handshake<'a> {
    /// The stream does not start with a handshake record.
    NotTls,
    /// It does, but is wrong.
    Malformed(&'static str),
    /// The bytes of the first handshake message, perhaps not all, perhaps more.
    Joined {
        bytes: Cow<'a, [u8]>,
        /// Whether something other than a handshake record follows, so that no more bytes can come.
        ended: bool,
    },
}

/// Joins the payloads of handshake records until the first message is whole, the bytes end, or another record comes.
pub(super) fn join_handshake(prefix: &[u8]) -> Handshake<'_> {
    if !may_start_handshake(prefix) {
        return Handshake::NotTls;
    }
    let mut joined: Cow<'_, [u8]> = Cow::Borrowed(&[]);
    let mut rest = prefix;
    while rest.len() >= 5 {
        let (record, after) = match split(rest) {
            Some((record, after)) if record.kind == HANDSHAKE => (record, after),
            Some(_) => {
                return Handshake::Joined {
                    bytes: joined,
                    ended: true,
                };
            }
            None if joined.is_empty() => return Handshake::Malformed("record longer than allowed"),
            None => {
                return Handshake::Joined {
                    bytes: joined,
                    ended: true,
                };
            }
        };
        if joined.is_empty() {
            joined = Cow::Borrowed(record.payload);
        } else {
            joined.to_mut().extend_from_slice(record.payload);
        }
        rest = after;
        if first_message_is_whole(&joined) || joined.len() > MAX_HELLO + 4 {
            break;
        }
    }
    Handshake::Joined {
        bytes: joined,
        ended: false,
    }
}

/// Whether the bytes, however few, can start a handshake record.
fn may_start_handshake(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [] | [HANDSHAKE] | [HANDSHAKE, 3] | [HANDSHAKE, 3, 0..=4, ..]
    )
}

fn first_message_is_whole(bytes: &[u8]) -> bool {
    match bytes {
        [_, a, b, c, body @ ..] => body.len() >= u32::from_be_bytes([0, *a, *b, *c]) as usize,
        _ => false,
    }
}
