//! HTTP/2 in the clear (RFC 9113): frames, and the names in request headers.
//!
//! Headers are read frame by frame without HPACK's dynamic table (RFC 7541 section 2.3.2): a name stands there in full
//! when it is first said, and later references to it tell nothing new.

use super::{Authority, huffman};

/// What a client sends first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The longest frame whose content is looked at; longer ones are stepped over.
const MAX_FRAME: usize = 16 * 1024;
/// The longest header value that is decoded.
const MAX_VALUE: usize = 1024;

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Frame<'a> {
    /// Bytes of the frame with its header.
    pub length: usize,
    /// What it carries.
    pub content: Http2Content<'a>,
}

/// What a frame carries, as far as it is of use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http2Content<'a> {
    /// A part of a body, padding left out.
    Data(&'a [u8]),
    /// A block of headers, padding and priority left out.
    Headers(&'a [u8]),
    /// Anything else.
    Other,
}

/// What is at the start of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Http2Read<'a> {
    /// No frame of HTTP/2.
    NotHttp2,
    /// At least so many more bytes are needed.
    NeedMore(usize),
    /// A frame. Of one that is only stepped over, not all bytes need be there.
    Frame(Http2Frame<'a>),
}

/// Whether a server opens with HTTP/2: an empty or small SETTINGS frame on stream 0.
#[must_use]
pub fn starts_server(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, length, 4, 0, 0, 0, 0, 0, ..] if length.is_multiple_of(6))
}

/// Reads the frame at the start of `bytes`.
#[must_use]
pub fn read_frame(bytes: &[u8]) -> Http2Read<'_> {
    const LAST_KIND: u8 = 0x10;
    let Some((header, rest)) = bytes.split_first_chunk::<9>() else {
        return Http2Read::NeedMore(9 - bytes.len());
    };
    let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
    let (kind, flags) = (header[3], header[4]);
    if kind > LAST_KIND {
        return Http2Read::NotHttp2;
    }
    let wanted = matches!(kind, 0 | 1) && length <= MAX_FRAME;
    if wanted && rest.len() < length {
        return Http2Read::NeedMore(length - rest.len());
    }
    let content = match (kind, wanted, rest.get(..length)) {
        (0, true, Some(payload)) => unpadded(payload, flags).map(Http2Content::Data),
        (1, true, Some(payload)) => unpadded(payload, flags)
            .and_then(|payload| without_priority(payload, flags))
            .map(Http2Content::Headers),
        _ => None,
    };
    Http2Read::Frame(Http2Frame {
        length: length + 9,
        content: content.unwrap_or(Http2Content::Other),
    })
}

/// The names and paths in a request's headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Http2Request {
    /// `:authority`, else `host`.
    pub authority: Option<Authority>,
    /// `:path`, at most 1,024 bytes.
    pub path: Option<String>,
    /// Whether this is a request for a tunnel.
    pub connect: bool,
}

/// Reads a block of headers as far as it can be without what was said before.
#[must_use]
pub fn read_headers(block: &[u8]) -> Http2Request {
    const AUTHORITY: u64 = 1;
    const METHOD: u64 = 2;
    const PATH: u64 = 4;
    const HOST: u64 = 38;
    let mut request = Http2Request::default();
    let mut reader = Reader { rest: block };
    while let Some((name, value)) = reader.field() {
        match (name, value) {
            (Name::Known(AUTHORITY), Some(value)) => request.authority = Authority::read(&value),
            (Name::Known(HOST), Some(value)) if request.authority.is_none() => {
                request.authority = Authority::read(&value);
            }
            (Name::Known(METHOD), Some(value)) => request.connect = value == b"CONNECT",
            // Numbers 4 and 5 are the paths `/` and `/index.html`.
            (Name::Known(PATH | 5), Some(value)) => {
                request.path = Some(String::from_utf8_lossy(&value).into_owned());
            }
            (Name::Known(PATH), None) => request.path = Some("/".to_owned()),
            (Name::Said(name), Some(value)) if name == b":authority" => {
                request.authority = Authority::read(&value);
            }
            _ => {}
        }
    }
    request
}

/// A header's name, by its number in the static or dynamic table, or as said.
enum Name {
    Known(u64),
    Said(Vec<u8>),
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// The next header (RFC 7541 section 6); without a value where the tables have it.
    fn field(&mut self) -> Option<(Name, Option<Vec<u8>>)> {
        loop {
            let first = *self.rest.first()?;
            let prefix = match first {
                0x80.. => return Some((Name::Known(self.integer(7)?), None)),
                0x40.. => 6,
                0x20.. => {
                    self.integer(5)?;
                    continue;
                }
                _ => 4,
            };
            let name = match self.integer(prefix)? {
                0 => Name::Said(self.string()?),
                number => Name::Known(number),
            };
            return Some((name, Some(self.string()?)));
        }
    }

    /// An integer whose first byte has `prefix` bits of it (RFC 7541 section 5.1).
    fn integer(&mut self, prefix: u32) -> Option<u64> {
        let (first, mut rest) = self.rest.split_first()?;
        let mask = (1_u64 << prefix) - 1;
        let mut value = u64::from(*first) & mask;
        if value == mask {
            for shift in [0, 7, 14, 21] {
                let (byte, after) = rest.split_first()?;
                rest = after;
                value += u64::from(byte & 0x7f) << shift;
                if byte & 0x80 == 0 {
                    self.rest = rest;
                    return Some(value);
                }
            }
            return None;
        }
        self.rest = rest;
        Some(value)
    }

    /// A string; empty where its code is wrong or it is too long to be of use.
    fn string(&mut self) -> Option<Vec<u8>> {
        let coded = self.rest.first()? & 0x80 != 0;
        let length = usize::try_from(self.integer(7)?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        if coded {
            Some(huffman::decode(bytes, MAX_VALUE).unwrap_or_default())
        } else {
            Some(bytes.get(..MAX_VALUE).unwrap_or(bytes).to_vec())
        }
    }
}

/// The payload of a DATA or HEADERS frame without its padding.
fn unpadded(payload: &[u8], flags: u8) -> Option<&[u8]> {
    const PADDED: u8 = 0x08;
    if flags & PADDED == 0 {
        return Some(payload);
    }
    let (padding, rest) = payload.split_first()?;
    rest.get(..rest.len().checked_sub(usize::from(*padding))?)
}

fn without_priority(payload: &[u8], flags: u8) -> Option<&[u8]> {
    const PRIORITY: u8 = 0x20;
    if flags & PRIORITY == 0 {
        Some(payload)
    } else {
        payload.get(5..)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_says_its_authority_and_path() {
        // RFC 7541 appendix C.4.1: GET, http, /, www.example.com in Huffman code.
        let block = [
            0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab,
            0x90, 0xf4, 0xff,
        ];
        let request = read_headers(&block);
        assert_eq!(request.authority, Authority::read(b"www.example.com"));
        assert_eq!(request.path.as_deref(), Some("/"));
        let plain = b"\x42\x07CONNECT\x00\x0a:authority\x0aa.test:443";
        let request = read_headers(plain);
        assert!(request.connect);
        assert_eq!(request.authority, Authority::read(b"a.test:443"));
    }

    #[test]
    fn frames_are_split_and_padding_is_left_out() {
        let frame = [0, 0, 6, 0, 0x08, 0, 0, 0, 1, 2, b'a', b'b', b'c', 0, 0];
        let Http2Read::Frame(read) = read_frame(&frame) else {
            panic!("no frame");
        };
        assert_eq!(read.length, frame.len());
        assert_eq!(read.content, Http2Content::Data(b"abc"));
        for cut in 0..frame.len() {
            assert_eq!(
                read_frame(&frame[..cut]),
                Http2Read::NeedMore(if cut < 9 { 9 - cut } else { frame.len() - cut })
            );
        }
        assert_eq!(read_frame(b"GET / HTTP/1.1\r\n"), Http2Read::NotHttp2);
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_frame(&bytes);
            let _ = read_headers(&bytes);
        }
    }
}
