//! HTTP/2 in the clear (RFC 9113): frames, and what their headers ask for and answer.

use super::Authority;
use super::hpack::{Field, HeaderTable};

/// What a client sends first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The longest frame whose content is looked at; longer ones are stepped over.
const MAX_FRAME: usize = 16 * 1024;

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Frame<'a> {
    /// Bytes of the frame with its header.
    pub length: usize,
    /// The stream that it belongs to; 0 is the connection.
    pub stream: u32,
    /// What it carries.
    pub content: Http2Content<'a>,
}

/// What a frame carries, as far as it is of use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Http2Content<'a> {
    /// A part of a body, padding left out.
    Data(&'a [u8]),
    /// A block of headers, padding and priority left out; and whether it is all there, not only its start.
    Headers(&'a [u8], bool),
    /// The stream ends early: the code (RFC 9113 section 7).
    Reset(u32),
    /// Headers that are not looked at: what later ones refer to may stand in them.
    Unread,
    /// Anything else.
    Other,
}

/// What is at the start of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    const END_HEADERS: u8 = 0x04;
    let Some((header, rest)) = bytes.split_first_chunk::<9>() else {
        return Http2Read::NeedMore(9 - bytes.len());
    };
    let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
    let (kind, flags) = (header[3], header[4]);
    if kind > LAST_KIND {
        return Http2Read::NotHttp2;
    }
    let wanted = matches!((kind, length), (0 | 1, ..=MAX_FRAME) | (3, 4));
    if wanted && rest.len() < length {
        return Http2Read::NeedMore(length - rest.len());
    }
    let content = match (kind, wanted, rest.get(..length)) {
        (0, true, Some(payload)) => unpadded(payload, flags).map(Http2Content::Data),
        (1, true, Some(payload)) => unpadded(payload, flags)
            .and_then(|payload| without_priority(payload, flags))
            .map(|block| Http2Content::Headers(block, flags & END_HEADERS != 0)),
        (3, true, Some([a, b, c, d])) => {
            Some(Http2Content::Reset(u32::from_be_bytes([*a, *b, *c, *d])))
        }
        // Too long, PUSH_PROMISE, CONTINUATION.
        (1 | 5 | 9, ..) => Some(Http2Content::Unread),
        _ => None,
    };
    Http2Read::Frame(Http2Frame {
        length: length + 9,
        stream: u32::from_be_bytes([header[5] & 0x7f, header[6], header[7], header[8]]),
        content: content.unwrap_or(Http2Content::Other),
    })
}

/// What a request or an answer says in its headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Http2Headers {
    /// `:authority`, else `host`.
    pub authority: Option<Authority>,
    /// `:path`, at most 1,024 bytes.
    pub path: Option<String>,
    /// Whether a method is said, so that this is a request.
    pub request: bool,
    /// Whether this is a request for a tunnel (RFC 9113 section 8.5).
    pub connect: bool,
    /// `:status`.
    pub status: Option<u16>,
    /// Whether something in it refers to what was not seen.
    pub in_part: bool,
}

/// Reads a block of headers as far as it can be, and takes into the table what it adds to that.
#[must_use]
pub fn read_headers(block: &[u8], table: &mut HeaderTable) -> Http2Headers {
    let mut headers = Http2Headers::default();
    let whole = table.read(block, |field, value| match (field, value) {
        (Field::Authority, Some(value)) => headers.authority = Authority::read(value),
        (Field::Host, Some(value)) if headers.authority.is_none() => {
            headers.authority = Authority::read(value);
        }
        (Field::Method, value) => {
            headers.request = true;
            headers.connect = value == Some(b"CONNECT");
        }
        (Field::Path, Some(value)) => {
            headers.path = Some(String::from_utf8_lossy(value).into_owned());
        }
        (Field::Status, Some(value)) => {
            let digits = std::str::from_utf8(value).ok();
            headers.status = digits.and_then(|digits| digits.parse().ok());
        }
        _ => {}
    });
    headers.in_part = !whole;
    headers
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
        let request = read_headers(&block, &mut HeaderTable::default());
        assert_eq!(request.authority, Authority::read(b"www.example.com"));
        assert_eq!(request.path.as_deref(), Some("/"));
        let plain = b"\x42\x07CONNECT\x00\x0a:authority\x0aa.test:443";
        let request = read_headers(plain, &mut HeaderTable::default());
        assert!(request.connect && request.request && !request.in_part);
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

    #[test]
    fn streams_end_early_and_parts_of_headers_are_told() {
        fn content(frame: &[u8]) -> (u32, Http2Content<'_>) {
            match read_frame(frame) {
                Http2Read::Frame(read) => (read.stream, read.content),
                other => panic!("{other:?}"),
            }
        }
        let reset = [0, 0, 4, 3, 0, 0x80, 0, 0, 5, 0, 0, 0, 10];
        assert_eq!(content(&reset), (5, Http2Content::Reset(10)));
        let whole = [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88];
        assert_eq!(content(&whole), (1, Http2Content::Headers(&[0x88], true)));
        let part = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0x88];
        assert_eq!(content(&part), (1, Http2Content::Headers(&[0x88], false)));
        let rest = [0, 0, 1, 9, 4, 0, 0, 0, 1, 0x88];
        assert_eq!(content(&rest), (1, Http2Content::Unread));
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_frame(&bytes);
            let mut table = HeaderTable::default();
            let _ = read_headers(&bytes, &mut table);
            let _ = read_headers(&bytes, &mut table);
        }
    }
}
