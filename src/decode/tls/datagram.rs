//! DTLS (RFC 6347, RFC 9147): the client hello of one datagram.

use super::hello::{self, Form};
use super::{HelloRead, MAX_HELLO};

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// A part of a handshake message.
struct HandshakePart<'a> {
    message_length: usize,
    offset: usize,
    bytes: &'a [u8],
}

/// Reads the client hello in a UDP payload; its fragments may lie in any order in any number of records of the
/// datagram. Fragments in other datagrams are not joined: [`HelloRead::NeedMore`] says that they are needed.
#[must_use]
pub fn read_datagram_hello(datagram: &[u8]) -> HelloRead {
    let mut parts: Vec<HandshakePart<'_>> = Vec::new();
    let mut rest = datagram;
    while let Some((payload, after)) = record(rest) {
        hello_parts(payload, &mut parts);
        rest = after;
    }
    let Some(length) = parts.first().map(|part| part.message_length) else {
        return HelloRead::NotTls;
    };
    if length > MAX_HELLO {
        return HelloRead::Malformed("hello longer than 65,536 bytes");
    }
    parts.sort_by_key(|part| part.offset);
    let mut body: Vec<u8> = Vec::with_capacity(length.min(datagram.len()));
    for part in &parts {
        let known = body.len().saturating_sub(part.offset);
        if part.offset > body.len() {
            break;
        }
        body.extend_from_slice(part.bytes.get(known..).unwrap_or(&[]));
    }
    hello::read_body(&body, length, Form::Datagram)
}

/// Splits the first record of epoch 0 off: type, version, epoch, sequence number, length. A cut one yields what is
/// there.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<13>()?;
    let [HANDSHAKE, major, minor, 0, 0, .., high, low] = header else {
        return None;
    };
    // 1.0, 1.2, and the number that came before the standard.
    if !matches!((major, minor), (0xfe, 0xff | 0xfd) | (0x01, 0x00)) {
        return None;
    }
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    Some(rest.split_at(rest.len().min(length)))
}

/// Adds the parts of a client hello in a record: type, length, message number, fragment offset and length.
fn hello_parts<'a>(payload: &'a [u8], parts: &mut Vec<HandshakePart<'a>>) {
    let mut rest = payload;
    while let Some((header, after)) = rest.split_first_chunk::<12>() {
        let be24 = |at: usize| {
            u32::from_be_bytes([0, header[at], header[at + 1], header[at + 2]]) as usize
        };
        let (message_length, offset, length) = (be24(1), be24(6), be24(9));
        if header[0] != CLIENT_HELLO || offset + length > message_length {
            return;
        }
        let (bytes, next) = after.split_at(after.len().min(length));
        parts.push(HandshakePart {
            message_length,
            offset,
            bytes,
        });
        rest = next;
    }
}
