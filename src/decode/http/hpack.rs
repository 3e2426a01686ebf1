//! Header compression of HTTP/2 (RFC 7541), as far as a listener needs it: what a few headers say.
//!
//! The crates that decode HPACK keep their table to themselves; ours has to go into partial files and over the borders of
//! periods, and has to go on where a block was not seen.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::huffman;

/// The longest value that is kept.
const MAX_VALUE: usize = 1024;
/// The longest string that is decoded: more than a frame can hold.
const MAX_STRING: usize = 32 * 1024;
/// What an entry takes besides its strings (RFC 7541 section 4.1).
const OVERHEAD: usize = 32;
/// The size that both sides begin with (RFC 9113 section 6.5.2).
const FIRST_LIMIT: usize = 4096;
/// The largest size that is followed.
const MAX_LIMIT: usize = 64 * 1024;

/// Headers that are of use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Field {
    /// `:authority`.
    Authority,
    /// `:method`.
    Method,
    /// `:path`.
    Path,
    /// `:status`.
    Status,
    /// `host`.
    Host,
    /// Any other.
    Other,
}

impl Field {
    fn of(name: &[u8]) -> Self {
        match name {
            b":authority" => Self::Authority,
            b":method" => Self::Method,
            b":path" => Self::Path,
            b":status" => Self::Status,
            b"host" => Self::Host,
            _ => Self::Other,
        }
    }
}

/// What one side of a connection said before and may refer to: the dynamic table (RFC 7541 section 2.3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderTable {
    /// The newest first.
    entries: VecDeque<HeaderEntry>,
    size: usize,
    limit: usize,
}

impl Default for HeaderTable {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            limit: FIRST_LIMIT,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct HeaderEntry {
    field: Field,
    name_length: usize,
    /// Empty of other fields.
    value: Vec<u8>,
    size: usize,
}

/// A header's name.
#[derive(Clone, Copy)]
struct HeaderName {
    field: Field,
    length: usize,
}

impl HeaderTable {
    /// Gives each header of a block that is of use to `tell`: without a value where it refers to what was not seen.
    /// Returns whether all of it could be read.
    pub(super) fn read(
        &mut self,
        block: &[u8],
        mut tell: impl FnMut(Field, Option<&[u8]>),
    ) -> bool {
        let mut reader = HpackReader { rest: block };
        let mut whole = true;
        while !reader.rest.is_empty() {
            let Some(read) = self.header(&mut reader, &mut tell) else {
                self.forget();
                return false;
            };
            whole &= read;
        }
        whole
    }

    /// What is referred to from now on was not all seen. What is said from now on stands before it.
    pub fn forget(&mut self) {
        self.entries.clear();
        self.size = 0;
    }

    /// One header (RFC 7541 section 6), and whether what it refers to is known; `None` where it is none.
    fn header(
        &mut self,
        reader: &mut HpackReader<'_>,
        tell: &mut impl FnMut(Field, Option<&[u8]>),
    ) -> Option<bool> {
        let first = *reader.rest.first()?;
        let (prefix, added) = match first {
            0x80.. => {
                let number = reader.integer(7)?;
                return Some(self.indexed(number, tell));
            }
            0x40.. => (6, true),
            0x20.. => {
                let limit = reader.integer(5)?;
                self.limit = limit.min(MAX_LIMIT);
                self.evict();
                return Some(true);
            }
            _ => (4, false),
        };
        let name = match reader.integer(prefix)? {
            0 => {
                let name = reader.string()?;
                Some(HeaderName {
                    field: Field::of(&name),
                    length: name.len(),
                })
            }
            number => self.name(number),
        };
        let value = reader.string()?;
        let kept = value.get(..MAX_VALUE).unwrap_or(&value);
        match name {
            Some(name) if name.field != Field::Other => tell(name.field, Some(kept)),
            _ => {}
        }
        if added {
            let name = name.unwrap_or(HeaderName {
                field: Field::Other,
                length: 0,
            });
            self.add(name, kept, value.len());
        }
        Some(name.is_some())
    }

    fn indexed(&self, number: usize, tell: &mut impl FnMut(Field, Option<&[u8]>)) -> bool {
        if let Some((name, value)) = number.checked_sub(1).and_then(|at| STATIC.get(at)) {
            match Field::of(name.as_bytes()) {
                Field::Other => {}
                field => tell(field, Some(value.as_bytes())),
            }
            return true;
        }
        let Some(entry) = self.entry(number) else {
            return false;
        };
        if entry.field != Field::Other {
            tell(entry.field, Some(&entry.value));
        }
        true
    }

    fn entry(&self, number: usize) -> Option<&HeaderEntry> {
        self.entries.get(number.checked_sub(STATIC.len() + 1)?)
    }

    fn name(&self, number: usize) -> Option<HeaderName> {
        if let Some((name, _)) = number.checked_sub(1).and_then(|at| STATIC.get(at)) {
            return Some(HeaderName {
                field: Field::of(name.as_bytes()),
                length: name.len(),
            });
        }
        let entry = self.entry(number)?;
        Some(HeaderName {
            field: entry.field,
            length: entry.name_length,
        })
    }

    fn add(&mut self, name: HeaderName, value: &[u8], length: usize) {
        let value = match name.field {
            Field::Other => Vec::new(),
            _ => value.to_vec(),
        };
        let size = name.length + length + OVERHEAD;
        self.entries.push_front(HeaderEntry {
            field: name.field,
            name_length: name.length,
            value,
            size,
        });
        self.size += size;
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.limit {
            let Some(oldest) = self.entries.pop_back() else {
                return;
            };
            self.size -= oldest.size;
        }
    }
}

struct HpackReader<'a> {
    rest: &'a [u8],
}

impl HpackReader<'_> {
    /// An integer whose first byte has `prefix` bits of it (RFC 7541 section 5.1).
    fn integer(&mut self, prefix: u32) -> Option<usize> {
        let (first, mut rest) = self.rest.split_first()?;
        let mask = (1_usize << prefix) - 1;
        let mut value = usize::from(*first) & mask;
        if value == mask {
            for shift in [0, 7, 14, 21] {
                let (byte, after) = rest.split_first()?;
                rest = after;
                value += usize::from(byte & 0x7f) << shift;
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

    /// A string (RFC 7541 section 5.2).
    fn string(&mut self) -> Option<Vec<u8>> {
        let coded = self.rest.first()? & 0x80 != 0;
        let length = self.integer(7)?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        match coded {
            true => huffman::decode(bytes, MAX_STRING),
            false => Some(bytes.to_vec()),
        }
    }
}

/// Headers that have numbers without being said first (RFC 7541 appendix A).
#[rustfmt::skip]
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(table: &mut HeaderTable, block: &[u8]) -> (Vec<String>, bool) {
        let mut out = Vec::new();
        let whole = table.read(block, |_, value| {
            out.push(String::from_utf8_lossy(value.unwrap_or(b"?")).into_owned());
        });
        (out, whole)
    }

    #[test]
    fn what_was_said_is_referred_to() {
        // RFC 7541 appendix C.6: answers in Huffman code, a table of 256 bytes.
        let mut table = HeaderTable {
            limit: 256,
            ..HeaderTable::default()
        };
        let first = b"\x48\x82\x64\x02\x58\x85\xae\xc3\x77\x1a\x4b\x61\x96\xd0\x7a\xbe\x94\x10\x54\xd4\x44\xa8\x20\x05\x95\x04\x0b\x81\x66\xe0\x82\xa6\x2d\x1b\xff\x6e\x91\x9d\x29\xad\x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\xae\x43\xd3";
        assert_eq!(told(&mut table, first), (vec!["302".to_owned()], true));
        assert_eq!(table.size, 222);
        // The second one pushes the first status out.
        let second = b"\x48\x83\x64\x0e\xff\xc1\xc0\xbf";
        assert_eq!(told(&mut table, second), (vec!["307".to_owned()], true));
        assert_eq!((table.size, table.entries.len()), (222, 4));
        // Of what is not there nothing is told, and the rest is read.
        assert_eq!(
            told(&mut table, &[0xff, 0x20, 0x88]),
            (vec!["200".to_owned()], false)
        );
    }

    #[test]
    fn what_follows_a_lost_block_is_known_again() {
        let mut table = HeaderTable::default();
        table.forget();
        let deny = b"\x48\x03403";
        assert_eq!(told(&mut table, deny), (vec!["403".to_owned()], true));
        assert_eq!(told(&mut table, &[0xbe]), (vec!["403".to_owned()], true));
        assert_eq!(told(&mut table, &[0xbf]), (vec![], false));
        // A smaller table keeps nothing.
        assert_eq!(told(&mut table, &[0x20, 0xbe]), (vec![], false));
    }

    proptest! {
        #[test]
        fn a_table_stays_in_its_bounds(blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..60)) {
            let mut table = HeaderTable::default();
            for block in blocks {
                let _ = table.read(&block, |_, _| {});
                prop_assert!(table.size <= table.limit && table.limit <= MAX_LIMIT);
                prop_assert_eq!(table.size, table.entries.iter().map(|entry| entry.size).sum::<usize>());
            }
        }
    }
}
