//! Opening bytes of one TCP direction, keyed by sequence number, kept only as long as they may still say something.
//!
//! Bytes are kept from the start of the direction, and from any segment that starts something which goes on in later
//! segments. Where the start has not been seen (another part of the capture holds it), the lowest bytes are kept, so
//! that the part with the start finds its continuation when the two merge.

use serde::{Deserialize, Serialize};

use super::handshake::Walk;
use super::run::is_after;
use crate::decode::http::hpack::HeaderTable;
use crate::model::{FrameId, Stamp};

/// The most bytes kept from the start of a direction, or from the start of an item.
pub(super) const WINDOW: u32 = 64 * 1024;

/// The most bytes kept of a direction whose start was not seen.
const LOOSE: usize = 24 * 1024;

/// The most pieces kept: a bound against floods of tiny segments.
const MAX_PIECES: usize = 256;

/// The most things kept that started within the stream and want more bytes.
const MAX_PENDING: usize = 4;

/// The most lines and tags before what matters.
const MAX_STEPS: u32 = 64;

/// Bytes at a place in the sequence space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Piece {
    sequence: u32,
    stamp: Stamp,
    bytes: Vec<u8>,
    /// Whether the capture cut the segment, so that its next bytes will not come.
    cut: bool,
}

/// Bytes in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// When the first of them was seen.
    pub(super) stamp: Stamp,
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Whether no more can follow: the capture cut the last of them.
    pub(super) ends: bool,
}

/// A place where something started that needs more bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Pending {
    /// Sequence number of its first byte.
    pub(super) start: u32,
    /// Bytes wanted before it is worth another look.
    pub(super) wanted: u32,
}

/// Something that a stream said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StreamFact {
    /// A TLS ClientHello.
    ClientHello {
        /// Whether the name in it is only the outer name of an encrypted one.
        encrypted: bool,
        /// What it calls the key of the encrypted one, where it has an outer name or looks so.
        key_id: Option<u8>,
        /// Application protocols offered.
        alpn: Vec<String>,
        /// Highest version offered, as on the wire (0x0304 = TLS 1.3).
        version: u16,
        /// The first 8 bytes of the client random, big-endian: they know the hello again behind address translation.
        random: u64,
        /// Whether it has a server name.
        named: bool,
    },
    /// A TLS ServerHello with the version chosen.
    ServerHello {
        /// As on the wire.
        version: u16,
        /// Whether HTTP/2 is chosen in clear, as up to TLS 1.2.
        http2: bool,
    },
    /// A leaf certificate in clear.
    Certificate {
        /// Common name of the issuer, else its organisation.
        issuer: String,
        /// Organisation of the issuer, empty without one.
        organization: String,
        /// Whether the certificate names itself as its issuer.
        self_issued: bool,
    },
    /// A TLS alert in clear.
    Alert {
        /// 1 warning, 2 fatal.
        level: u8,
        /// RFC 8446 section 6.
        description: u8,
    },
    /// An HTTP request's path, as sent in clear.
    HttpPath {
        /// Path with query.
        path: String,
    },
    /// The status of an HTTP response.
    HttpStatus {
        /// Three digits.
        status: u16,
    },
    /// An HTTP response is the page by which a product says that it blocks.
    BlockPage {
        /// What knows the page.
        mark: String,
    },
    /// A login to LDAP in clear.
    LdapBind,
    /// Packets that a client of QUIC sends only once it has heard the server, of which nothing was captured.
    HeardUnseen,
    /// A client of QUIC has heard the server, or asked it, and nothing shows that the handshake came to its end: no packet
    /// of the server's that it sends only then, behind the client's part.
    QuicUnfinished,
}

/// Opening bytes of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stream {
    /// Sequence number of the next byte of the opening that was not understood yet.
    next: Option<u32>,
    /// Where the direction starts, as the opening says whose bytes `next` follows; 0 without one.
    start: u32,
    /// Bytes from `next` on that are wanted before it is worth another look.
    wanted: u32,
    /// How many lines and tags of preambles lie before `next`.
    steps: u32,
    /// What headers may refer to, where HTTP/2 was agreed on before `next`.
    pub(super) http2: Option<Box<HeaderTable>>,
    /// The records of TLS before `next`.
    pub(super) walk: Walk,
    /// Whether the opening has said all that it can.
    finished: bool,
    pending: Vec<Pending>,
    pieces: Vec<Piece>,
}

impl Stream {
    /// Notes where the direction starts.
    pub(super) fn start_at(&mut self, sequence: u32) {
        if self.next.is_none() {
            (self.next, self.start) = (Some(sequence), sequence);
            self.drop_unwanted();
        }
    }

    /// Sequence number of the next byte of the opening that was not understood yet; 0 where that is not known.
    pub(super) fn place(&self) -> u32 {
        self.next.unwrap_or(0)
    }

    /// Whether nothing is kept and the opening is understood from a segment that starts at `sequence`.
    pub(super) fn is_next(&self, sequence: u32) -> bool {
        !self.finished && self.next == Some(sequence) && self.pieces.is_empty()
    }

    /// Whether what starts at `sequence` lies before the first byte of the opening that was not understood: it was read, or, a
    /// little before the start, is nothing. What is far from there belongs to another opening, of which the ports are used
    /// again or which somebody made up.
    pub(super) fn is_past(&self, sequence: u32) -> bool {
        let earliest = self.start.wrapping_sub(WINDOW);
        self.next
            .is_some_and(|next| is_after(next, sequence) && !is_after(earliest, sequence))
    }

    /// Whether the opening has said all that it can.
    pub(super) const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether the opening has said all that it can and nothing else is expected.
    pub(super) const fn is_settled(&self) -> bool {
        self.finished && self.pending.is_empty() && self.pieces.is_empty()
    }

    /// Whether as many pieces as ever are kept wait for bytes in between: what came with more of them is gone.
    pub(super) fn is_full(&self) -> bool {
        let waits = !self.finished && self.next.is_some() || !self.pending.is_empty();
        waits && self.pieces.len() >= MAX_PIECES
    }

    /// Keeps a segment's bytes as far as they may still say something.
    pub(super) fn keep(&mut self, sequence: u32, stamp: Stamp, bytes: &[u8], cut: bool) {
        if bytes.is_empty() || !self.wants(sequence, bytes.len()) {
            return;
        }
        let piece = Piece {
            sequence,
            stamp,
            bytes: bytes[..bytes.len().min(WINDOW as usize)].to_vec(),
            cut,
        };
        self.put(piece);
        self.bound();
    }

    /// The opening's bytes in one row from the first that was not understood; `None` where there are too few to be
    /// worth a look. `last` says that no more will come, so that any are.
    pub(super) fn opening(&self, last: bool) -> Option<Row> {
        if self.finished {
            return None;
        }
        let wanted = if last { 1 } else { self.wanted.max(1) };
        let row = self.assemble(self.next?)?;
        (row.bytes.len() >= wanted as usize || row.ends).then_some(row)
    }

    /// The opening wants more bytes than lie in a row.
    pub(super) fn want(&mut self, bytes: u32) {
        self.wanted = bytes;
    }

    /// The opening's next `bytes` are understood.
    pub(super) fn advance(&mut self, bytes: u32) {
        self.next = self.next.map(|next| next.wrapping_add(bytes));
        self.wanted = 0;
        self.drop_unwanted();
    }

    /// The opening's next `bytes` are a line or the like, of which there may be some before what matters, not many.
    pub(super) fn step(&mut self, bytes: u32) {
        self.advance(bytes);
        self.steps += 1;
        if self.steps >= MAX_STEPS {
            self.finish();
        }
    }

    /// The opening has said all that it can.
    pub(super) fn finish(&mut self) {
        self.finished = true;
        self.drop_unwanted();
    }

    /// Something starts at `start` and wants more bytes than its segment has.
    pub(super) fn expect(&mut self, pending: Pending, stamp: Stamp, bytes: &[u8]) {
        if self.pending.len() >= MAX_PENDING {
            return;
        }
        if !self.pending.iter().any(|p| p.start == pending.start) {
            self.pending.push(pending);
            self.pending.sort_unstable();
        }
        self.keep(pending.start, stamp, bytes, false);
    }

    /// What was expected and has got its bytes, or, where no more will come, `last` some of them.
    pub(super) fn arrived(&self, last: bool) -> Option<(Pending, Row)> {
        self.pending.iter().find_map(|pending| {
            let row = self.assemble(pending.start)?;
            let enough = last || row.ends || row.bytes.len() >= pending.wanted as usize;
            enough.then_some((*pending, row))
        })
    }

    /// An expected item wants still more.
    pub(super) fn expect_more(&mut self, start: u32, wanted: u32) {
        match self.pending.iter_mut().find(|p| p.start == start) {
            Some(pending) if wanted > pending.wanted => pending.wanted = wanted,
            _ => self.settle(start),
        }
    }

    /// An expected item is read, or turned out to be none.
    pub(super) fn settle(&mut self, start: u32) {
        self.pending.retain(|p| p.start != start);
        self.drop_unwanted();
    }

    /// Takes all of another part of the same direction.
    pub(super) fn merge(&mut self, other: Self) {
        self.finished |= other.finished;
        let mine_is_further = match (self.next, other.next) {
            (Some(mine), Some(theirs)) => !is_after(theirs, mine),
            (mine, _) => mine.is_some(),
        };
        if !mine_is_further {
            (self.next, self.start, self.steps) = (other.next, other.start, other.steps);
            (self.http2, self.walk) = (other.http2, other.walk);
        }
        self.wanted = 0;
        for pending in other.pending {
            if !self.pending.iter().any(|p| p.start == pending.start) {
                self.pending.push(pending);
            }
        }
        self.pending.sort_unstable();
        self.pending.truncate(MAX_PENDING);
        other.pieces.into_iter().for_each(|piece| self.put(piece));
        self.drop_unwanted();
        self.bound();
    }

    /// The bytes that are kept: sequence number, length, when.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (u32, u32, Stamp)> {
        self.pieces.iter().map(|piece| {
            let length = u32::try_from(piece.bytes.len()).unwrap_or(u32::MAX);
            (piece.sequence, length, piece.stamp)
        })
    }

    /// Lets every frame's place be rewritten.
    pub(super) fn for_each_frame(&mut self, rewrite: &mut impl FnMut(&mut FrameId)) {
        self.pieces
            .iter_mut()
            .for_each(|piece| rewrite(&mut piece.stamp.frame));
    }

    /// Whether nothing is in it that another part could need.
    #[cfg(test)]
    pub(super) fn is_bare(&self) -> bool {
        self.pieces.is_empty() && self.pending.is_empty()
    }

    fn wants(&self, sequence: u32, length: usize) -> bool {
        let end = sequence.wrapping_add(u32::try_from(length).unwrap_or(u32::MAX));
        let overlaps =
            |start: u32| is_after(end, start) && !is_after(sequence, start.wrapping_add(WINDOW));
        match self.next {
            None if !self.finished => true,
            Some(next) if !self.finished && overlaps(next) => true,
            _ => self.pending.iter().any(|p| overlaps(p.start)),
        }
    }

    fn put(&mut self, piece: Piece) {
        let anchor = self.anchor(piece.sequence);
        let key = |p: &Piece| (p.sequence.wrapping_sub(anchor) as i32, p.stamp);
        let same = self
            .pieces
            .iter()
            .position(|p| p.sequence == piece.sequence && p.bytes == piece.bytes);
        if let Some(i) = same {
            if self.pieces[i].stamp <= piece.stamp {
                return;
            }
            self.pieces.remove(i);
        }
        let place = self
            .pieces
            .partition_point(|p| (key(p), &p.bytes) < (key(&piece), &piece.bytes));
        self.pieces.insert(place, piece);
    }

    /// A sequence number near all pieces, so that they can be ordered across the wrap.
    fn anchor(&self, fallback: u32) -> u32 {
        self.pieces.first().map_or(fallback, |p| p.sequence)
    }

    fn drop_unwanted(&mut self) {
        if self.pieces.is_empty() {
            return;
        }
        let pieces = std::mem::take(&mut self.pieces);
        self.pieces = pieces
            .into_iter()
            .filter(|p| self.wants(p.sequence, p.bytes.len()))
            .collect();
    }

    fn bound(&mut self) {
        self.pieces.truncate(MAX_PIECES);
        if self.next.is_some() || !self.pending.is_empty() {
            return;
        }
        let mut total = 0;
        let keep = self.pieces.iter().take_while(|p| {
            let fits = total < LOOSE;
            total += p.bytes.len();
            fits
        });
        let keep = keep.count();
        self.pieces.truncate(keep);
    }

    /// The bytes in a row from `start`; `None` without any.
    fn assemble(&self, start: u32) -> Option<Row> {
        let mut bytes: Vec<u8> = Vec::new();
        // Several pieces may hold the first byte: it was seen when the earliest of them was, whichever is read.
        let holds_first = |piece: &&Piece| {
            let behind = start.wrapping_sub(piece.sequence);
            behind < 1 << 31 && (behind as usize) < piece.bytes.len()
        };
        let first = self.pieces.iter().filter(holds_first);
        let first = first.map(|piece| piece.stamp).min();
        let mut ends = false;
        for piece in &self.pieces {
            let at = start.wrapping_add(bytes.len() as u32);
            let behind = at.wrapping_sub(piece.sequence);
            if behind > 1 << 31 {
                break; // the piece starts after the gap
            }
            if let Some(fresh) = piece.bytes.get(behind as usize..).filter(|f| !f.is_empty()) {
                ends = piece.cut;
                bytes.extend_from_slice(fresh);
            }
            if bytes.len() >= WINDOW as usize {
                break;
            }
        }
        first.map(|stamp| Row { stamp, bytes, ends })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CaptureTime;

    fn stamp(n: i64) -> Stamp {
        Stamp {
            time: CaptureTime::from_nanos(n),
            frame: FrameId::new(0, 0, n as u32),
        }
    }

    fn opening(stream: &Stream) -> Option<(Stamp, Vec<u8>)> {
        stream.opening(false).map(|row| (row.stamp, row.bytes))
    }

    #[test]
    fn an_opening_is_put_together_from_any_order_and_overlap() {
        let mut stream = Stream::default();
        stream.keep(105, stamp(3), b"fghij", false);
        stream.start_at(100);
        stream.keep(100, stamp(5), b"abc", false);
        assert_eq!(opening(&stream), Some((stamp(5), b"abc".to_vec())));
        stream.keep(102, stamp(6), b"cdefg", false);
        assert_eq!(opening(&stream), Some((stamp(5), b"abcdefghij".to_vec())));
        stream.advance(8);
        assert_eq!(opening(&stream), Some((stamp(3), b"ij".to_vec())));
        stream.finish();
        assert!(stream.is_bare());
    }

    #[test]
    fn it_works_across_the_wrap_of_sequence_numbers() {
        let mut stream = Stream::default();
        stream.start_at(u32::MAX - 1);
        stream.keep(2, stamp(2), b"ef", false);
        stream.keep(u32::MAX - 1, stamp(1), b"abcd", false);
        assert_eq!(opening(&stream), Some((stamp(1), b"abcdef".to_vec())));
    }

    #[test]
    fn parts_merge_in_either_order() {
        let part = |start: Option<u32>, pieces: &[(u32, &[u8])]| {
            let mut stream = Stream::default();
            if let Some(start) = start {
                stream.start_at(start);
            }
            pieces
                .iter()
                .enumerate()
                .for_each(|(i, (seq, bytes))| stream.keep(*seq, stamp(i as i64), bytes, false));
            stream
        };
        let (a, b) = (
            part(Some(10), &[(10, b"ab")]),
            part(None, &[(12, b"cd"), (14, b"ef")]),
        );
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(b);
        ba.merge(a);
        assert_eq!(opening(&ab).map(|o| o.1), Some(b"abcdef".to_vec()));
        assert_eq!(opening(&ba).map(|o| o.1), Some(b"abcdef".to_vec()));
    }

    #[test]
    fn what_was_read_is_past_and_what_another_opening_says_is_not() {
        let mut read = Stream::default();
        read.start_at(1000);
        read.keep(1000, stamp(1), b"abcdef", false);
        read.advance(6);
        assert!(read.is_past(1000) && read.is_past(1005) && read.is_past(990));
        assert!(!read.is_past(1006) && !read.is_past(9000));
        // Two answers to one SYN, of which one is made up.
        let mut other = Stream::default();
        other.start_at(100_000_000);
        other.merge(read);
        assert!(!other.is_past(1000));
    }

    #[test]
    fn what_is_expected_keeps_only_its_own_window() {
        let mut stream = Stream::default();
        stream.start_at(0);
        stream.finish();
        stream.keep(500, stamp(0), b"not wanted", false);
        assert!(stream.is_bare());
        stream.expect(
            Pending {
                start: 1000,
                wanted: 6,
            },
            stamp(1),
            b"abc",
        );
        assert_eq!(stream.arrived(false), None);
        stream.keep(1003, stamp(2), b"def", false);
        let (pending, row) = stream.arrived(false).unwrap();
        assert_eq!(
            (pending.start, row.stamp, row.bytes.as_slice()),
            (1000, stamp(1), b"abcdef".as_slice())
        );
        stream.settle(1000);
        assert!(stream.is_bare());
    }

    #[test]
    fn floods_of_tiny_segments_are_bounded() {
        let mut stream = Stream::default();
        stream.start_at(0);
        for i in 0..10_000_u32 {
            stream.keep(i * 2 + 1, stamp(i64::from(i)), b"x", false);
        }
        assert!(stream.pieces.len() <= MAX_PIECES);
        assert!(stream.is_full());
        // Of bytes without a gap nothing is cut away, and where the start is not there nothing can be told.
        let mut whole = Stream::default();
        whole.keep(1, stamp(0), b"x", false);
        assert!(!whole.is_full());
    }
}
