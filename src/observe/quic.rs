//! Handshakes of QUIC connections: the parts of client hellos in Initial packets, put together in any order.
//!
//! Each connection is known by the version and the destination connection id that its keys come from. Packets that
//! no known connection opens are kept for a while: the packet that tells their keys may be in another part of the
//! capture. What a hello says is told when the whole is known ([`QuicEvidence::conclude`]), with the time of the
//! connection's first packet, so that no order and no cut leaves a trace.

use serde::{Deserialize, Serialize};

use crate::decode::quic::{self, CryptoFrame, Initial, LongHeader, PacketKind, Sender};
use crate::decode::tls::{self, ClientHello, HelloRead};
use crate::model::{FrameId, Merge, Side, Stamp};

/// The most connections kept of a run: those with the smallest ids.
const MAX_CONNECTIONS: usize = 8;
/// The most packets kept that no connection opens yet: the earliest.
const MAX_SEALED: usize = 4;
/// The most error codes kept: the earliest.
const MAX_CLOSED: usize = 4;
/// The most bytes of unread hello kept of a connection: the lowest.
const MAX_PIECES: usize = 32 * 1024;

/// What the Initial packets of a run say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QuicEvidence {
    /// Ascending by their keys.
    connections: Vec<Connection>,
    /// Ascending.
    sealed: Vec<Sealed>,
    /// What servers closed with in Initial packets, ascending, each code once with its earliest packet.
    closed: Vec<(Stamp, Side, u64)>,
    /// The earliest packet of each side that it sends only once it has heard the other.
    heard: [Option<Stamp>; 2],
    /// Whether there were more connections, or more packets without their keys, than are kept.
    cut: bool,
}

/// One client's handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Connection {
    key: ConnectionKey,
    /// The earliest Initial packet of it.
    first: Stamp,
    /// The hello, once it is whole, or that there is none.
    read: Option<Option<Hello>>,
    /// Ascending, without doubles; empty once the hello is whole.
    pieces: Vec<CryptoFrame>,
}

/// Who opened, in which version, and the id that the keys come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct ConnectionKey {
    client: Side,
    version: u32,
    id: Vec<u8>,
}

/// A packet whose keys are not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Sealed {
    stamp: Stamp,
    side: Side,
    bytes: Vec<u8>,
}

/// What is kept of a client hello.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) name: Option<crate::model::Fqdn>,
    pub(super) encrypted: bool,
    pub(super) key_id: Option<u8>,
    pub(super) alpn: Vec<String>,
    pub(super) version: u16,
    /// The first 8 bytes of the client random, big-endian.
    pub(super) random: u64,
}

impl From<&ClientHello> for Hello {
    fn from(hello: &ClientHello) -> Self {
        Self {
            name: hello.server_name.clone(),
            encrypted: hello.ech,
            key_id: hello.ech_key,
            alpn: hello.alpn.clone(),
            version: hello.highest_version(),
            random: hello
                .random
                .first_chunk()
                .map_or(0, |first| u64::from_be_bytes(*first)),
        }
    }
}

/// What came of a run's Initial packets.
#[derive(Debug, Default)]
pub(super) struct Concluded {
    /// When a connection began, who opened it, and what the hello says, where one could be read.
    pub(super) hellos: Vec<(Stamp, Side, Option<Hello>)>,
    /// Error codes in Initial packets: when, whose, which.
    pub(super) closed: Vec<(Stamp, Side, u64)>,
    /// Per client, a packet that shows that it had an answer, and since when its Initial packets wait for one.
    pub(super) heard: [Option<Heard>; 2],
    /// Whether there were more connections than are kept.
    pub(super) cut: bool,
}

/// What a client's own long headers say of answers to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    /// Its first Initial packet.
    pub(super) asked: Stamp,
    /// A packet that it sends only once it has heard the server.
    pub(super) shown: Option<Stamp>,
}

impl QuicEvidence {
    /// Takes the Initial packets of a datagram, and that there are such of later stages.
    pub(super) fn absorb(&mut self, side: Side, stamp: Stamp, datagram: &[u8]) {
        for packet in quic::packets(datagram) {
            // Its keys come from the other's handshake (RFC 9001 section 4.1.4).
            if packet.kind == PacketKind::Handshake && quic::is_known_version(packet.version) {
                self.note_heard(side, stamp);
            }
            if packet.kind == PacketKind::Initial
                && quic::is_known_version(packet.version)
                && !self.open(side, stamp, &packet)
            {
                self.seal(Sealed {
                    stamp,
                    side,
                    bytes: packet.bytes().to_vec(),
                });
            }
        }
    }

    /// Takes all of another part of the same run.
    pub(super) fn merge(&mut self, other: Self) {
        self.cut |= other.cut;
        for connection in other.connections {
            let place = self.connection(&connection.key, connection.first);
            if let Some(mine) = place.and_then(|i| self.connections.get_mut(i)) {
                mine.merge(connection);
            }
        }
        for (stamp, side, code) in other.closed {
            self.note_close(stamp, side, code);
        }
        for (side, heard) in [Side::Low, Side::High].into_iter().zip(other.heard) {
            if let Some(stamp) = heard {
                self.note_heard(side, stamp);
            }
        }
        other
            .sealed
            .into_iter()
            .for_each(|sealed| self.seal(sealed));
        self.reopen();
    }

    /// Everything that was read; hellos that are not whole as far as they go.
    pub(super) fn conclude(&self) -> Concluded {
        let mut hellos: Vec<_> = self
            .connections
            .iter()
            .map(|connection| {
                let hello = match &connection.read {
                    Some(read) => read.clone(),
                    None => match read(&connection.pieces) {
                        QuicLook::Whole(hello) | QuicLook::Part(hello) => Some(hello),
                        QuicLook::Wants | QuicLook::Nothing => None,
                    },
                };
                (connection.first, connection.key.client, hello)
            })
            .collect();
        hellos.sort_by_key(|(stamp, side, _)| (*stamp, *side));
        Concluded {
            hellos,
            closed: self.closed.clone(),
            heard: [Side::Low, Side::High].map(|side| self.heard_by(side)),
            cut: self.cut,
        }
    }

    fn heard_by(&self, client: Side) -> Option<Heard> {
        let own = || self.connections.iter().filter(|c| c.key.client == client);
        let asked = own().map(|connection| connection.first).min()?;
        // The same hello under another id: a Retry came between (RFC 9000 section 17.2.5.2).
        let again = own().filter_map(|connection| {
            let random = connection.random()?;
            let before = |c: &Connection| {
                c.random() == Some(random)
                    && c.key.id != connection.key.id
                    && c.first < connection.first
            };
            own().any(before).then_some(connection.first)
        });
        Some(Heard {
            asked,
            shown: self.heard[client.index()].into_iter().chain(again).min(),
        })
    }

    /// Lets every frame's place be rewritten.
    pub(super) fn for_each_frame(&mut self, rewrite: &mut impl FnMut(&mut FrameId)) {
        self.connections
            .iter_mut()
            .for_each(|connection| rewrite(&mut connection.first.frame));
        self.sealed
            .iter_mut()
            .for_each(|sealed| rewrite(&mut sealed.stamp.frame));
        self.closed
            .iter_mut()
            .for_each(|(stamp, ..)| rewrite(&mut stamp.frame));
        self.heard
            .iter_mut()
            .flatten()
            .for_each(|stamp| rewrite(&mut stamp.frame));
    }

    /// Opens a packet with the keys of its own id, or of a known connection; whether that went well.
    fn open(&mut self, side: Side, stamp: Stamp, packet: &LongHeader<'_>) -> bool {
        let own = ConnectionKey {
            client: side,
            version: packet.version,
            id: packet.destination.to_vec(),
        };
        if let Some(known) = self.connections.iter_mut().find(|c| c.key == own) {
            known.first = known.first.min(stamp);
            if known.read.is_none()
                && let Some(initial) = quic::open_initial(packet, &own.id, Sender::Client)
            {
                known.take(stamp, initial);
            }
            return true;
        }
        if let Some(initial) = quic::open_initial(packet, &own.id, Sender::Client) {
            if let Some(i) = self.connection(&own, stamp)
                && let Some(connection) = self.connections.get_mut(i)
            {
                connection.take(stamp, initial);
            }
            self.reopen();
            return true;
        }
        self.open_by_other_id(side, stamp, packet)
    }

    /// Ids change once the server has answered; the keys stay.
    fn open_by_other_id(&mut self, side: Side, stamp: Stamp, packet: &LongHeader<'_>) -> bool {
        for i in 0..self.connections.len() {
            let connection = &self.connections[i];
            let sender = if connection.key.client == side {
                Sender::Client
            } else {
                Sender::Server
            };
            let Some(initial) = quic::open_initial(packet, &connection.key.id, sender) else {
                continue;
            };
            if let Some(code) = initial.close {
                self.note_close(stamp, side, code);
            }
            if sender == Sender::Client {
                self.connections[i].take(stamp, initial);
                // The server chose the id that it goes to (RFC 9000 section 7.2).
                self.note_heard(side, stamp);
            }
            return true;
        }
        false
    }

    /// Tries the sealed packets again.
    fn reopen(&mut self) {
        for sealed in std::mem::take(&mut self.sealed) {
            let opened = quic::packets(&sealed.bytes)
                .next()
                .is_none_or(|packet| self.open_by_other_id(sealed.side, sealed.stamp, &packet));
            if !opened {
                self.seal(sealed);
            }
        }
    }

    fn seal(&mut self, sealed: Sealed) {
        if let Err(place) = self.sealed.binary_search(&sealed) {
            self.sealed.insert(place, sealed);
            self.cut |= self.sealed.len() > MAX_SEALED;
            self.sealed.truncate(MAX_SEALED);
        }
    }

    /// The place of a connection, made where it is new; `None` beyond the bound.
    fn connection(&mut self, key: &ConnectionKey, first: Stamp) -> Option<usize> {
        match self.connections.binary_search_by(|c| c.key.cmp(key)) {
            Ok(place) => Some(place),
            Err(place) if place >= MAX_CONNECTIONS => {
                self.cut = true;
                None
            }
            Err(place) => {
                let connection = Connection {
                    key: key.clone(),
                    first,
                    read: None,
                    pieces: Vec::new(),
                };
                self.connections.insert(place, connection);
                self.cut |= self.connections.len() > MAX_CONNECTIONS;
                self.connections.truncate(MAX_CONNECTIONS);
                Some(place)
            }
        }
    }

    fn note_heard(&mut self, side: Side, stamp: Stamp) {
        let known = &mut self.heard[side.index()];
        *known = Some(known.map_or(stamp, |known| known.min(stamp)));
    }

    fn note_close(&mut self, stamp: Stamp, side: Side, code: u64) {
        match self.closed.iter_mut().find(|c| (c.1, c.2) == (side, code)) {
            Some(known) => known.0 = known.0.min(stamp),
            None => self.closed.push((stamp, side, code)),
        }
        self.closed.sort_unstable();
        self.closed.truncate(MAX_CLOSED);
    }
}

impl Connection {
    /// Of the hello, where it is whole.
    fn random(&self) -> Option<u64> {
        let hello = self.read.as_ref()?.as_ref()?;
        (hello.random != 0).then_some(hello.random)
    }

    fn take(&mut self, stamp: Stamp, initial: Initial) {
        self.first = self.first.min(stamp);
        if self.read.is_none() {
            initial
                .crypto
                .into_iter()
                .for_each(|piece| self.keep(piece));
            self.look();
        }
    }

    fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        match (&self.read, other.read) {
            (Some(_), _) => {}
            (None, Some(read)) => {
                self.read = Some(read);
                self.pieces = Vec::new();
            }
            (None, None) => {
                other.pieces.into_iter().for_each(|piece| self.keep(piece));
                self.look();
            }
        }
    }

    fn keep(&mut self, piece: CryptoFrame) {
        if let Err(place) = self.pieces.binary_search(&piece) {
            self.pieces.insert(place, piece);
        }
        let mut total = 0;
        let fit = self.pieces.iter().take_while(|piece| {
            // What a piece costs besides its bytes counts too: there may be very many small ones.
            total += piece.bytes.len() + 64;
            total <= MAX_PIECES
        });
        let fit = fit.count();
        self.pieces.truncate(fit);
    }

    fn look(&mut self) {
        match read(&self.pieces) {
            QuicLook::Whole(hello) => self.read = Some(Some(hello)),
            QuicLook::Nothing => self.read = Some(None),
            QuicLook::Part(_) | QuicLook::Wants => return,
        }
        self.pieces = Vec::new();
    }
}

/// What joined pieces are.
enum QuicLook {
    Whole(Hello),
    /// The name is there, more may come.
    Part(Hello),
    Wants,
    Nothing,
}

fn read(pieces: &[CryptoFrame]) -> QuicLook {
    let bytes = quic::join(pieces);
    match tls::read_handshake_hello(&bytes) {
        HelloRead::Hello(hello) if hello.whole => QuicLook::Whole(Hello::from(&*hello)),
        HelloRead::Hello(hello) => QuicLook::Part(Hello::from(&*hello)),
        HelloRead::NeedMore(_) => QuicLook::Wants,
        // Google's handshake of before TLS.
        HelloRead::NotTls => match quic::read_google_hello(&bytes) {
            Some(hello) => QuicLook::Whole(Hello::from(&hello)),
            None if bytes.starts_with(b"CHLO") => QuicLook::Wants,
            None => QuicLook::Nothing,
        },
        HelloRead::Malformed(_) => QuicLook::Nothing,
    }
}

/// Most runs have none.
impl Merge for Option<Box<QuicEvidence>> {
    fn merge(&mut self, other: Self) {
        match (self.as_mut(), other) {
            (Some(mine), Some(theirs)) => mine.merge(*theirs),
            (None, theirs) => *self = theirs,
            (Some(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::quic::tests::{VERSIONS, crypto, seal};
    use crate::model::CaptureTime;

    fn stamp(n: u32) -> Stamp {
        Stamp {
            time: CaptureTime::from_nanos(i64::from(n)),
            frame: FrameId::new(0, 0, n),
        }
    }

    fn hello() -> Vec<u8> {
        let name = b"a.example";
        let list = [&[0, 0, name.len() as u8][..], name].concat();
        let list = [&[0, list.len() as u8][..], &list].concat();
        let extensions = [&[0, 0, 0, list.len() as u8][..], &list].concat();
        let body = [
            &[3, 3][..],
            &[9; 32],
            &[0, 0, 2, 0x13, 1, 1, 0, 0, extensions.len() as u8],
            &extensions,
        ]
        .concat();
        [&[1, 0, 0, body.len() as u8][..], &body].concat()
    }

    /// The hello in three packets, the last one sent again, and an answer that closes.
    fn packets() -> Vec<(Side, Vec<u8>)> {
        let hello = hello();
        let part = |start: usize, end: usize| {
            let frames = crypto(start as u8, &hello[start..end]);
            (Side::High, seal(1, 0xc0, Sender::Client, &frames))
        };
        let close = seal(1, 0xc0, Sender::Server, &[0x1c, 0x41, 0x28, 0, 0]);
        let end = hello.len();
        vec![
            part(0, 20),
            part(20, 50),
            part(50, end),
            part(50, end),
            (Side::Low, close),
        ]
    }

    fn told(evidence: &QuicEvidence) -> String {
        format!("{:?}", evidence.conclude())
    }

    #[test]
    fn a_hello_in_pieces_is_the_same_in_any_order_and_over_any_cut() {
        let packets = packets();
        let absorb = |places: &[usize]| {
            let mut evidence = QuicEvidence::default();
            for &i in places {
                let (side, bytes) = &packets[i];
                evidence.absorb(*side, stamp(i as u32), bytes);
            }
            evidence
        };
        let whole = told(&absorb(&[0, 1, 2, 3, 4]));
        assert!(
            whole.contains("a.example") && whole.contains("296"),
            "{whole}"
        );
        for order in [[4, 3, 2, 1, 0], [1, 4, 0, 3, 2], [2, 0, 4, 1, 3]] {
            assert_eq!(told(&absorb(&order)), whole);
            for cut in 0..=order.len() {
                let (first, second) = order.split_at(cut);
                let (mut one, mut other) = (absorb(second), absorb(first));
                one.merge(absorb(first));
                other.merge(absorb(second));
                assert_eq!((told(&one), told(&other)), (whole.clone(), whole.clone()));
            }
        }
    }

    #[test]
    fn floods_are_bounded() {
        let mut evidence = QuicEvidence::default();
        for i in 0..100_u32 {
            let mut packet = seal(1, 0xc0, Sender::Client, &[0]);
            packet[6] = i as u8; // another connection id: its keys do not open it
            evidence.absorb(Side::Low, stamp(i), &packet);
        }
        assert!(evidence.sealed.len() <= MAX_SEALED);
        assert!(evidence.conclude().cut, "what was left out is told");
    }

    #[test]
    fn more_connections_than_are_kept_are_told_in_any_order() {
        let versions = || VERSIONS.into_iter().chain([0x6b33_43cf]);
        let absorb = |sides: &[Side]| {
            let mut evidence = QuicEvidence::default();
            for (side, (n, version)) in sides.iter().zip((0..).zip(versions())) {
                let first = if version == 0x6b33_43cf { 0xd0 } else { 0xc0 };
                let packet = seal(version, first, Sender::Client, &crypto(0, b"hello"));
                evidence.absorb(*side, stamp(n), &packet);
            }
            evidence
        };
        let (low, high) = (absorb(&[Side::Low; 8]), absorb(&[Side::High]));
        assert!(!low.conclude().cut && !high.conclude().cut);
        for (mut one, other) in [(low.clone(), high.clone()), (high, low)] {
            one.merge(other);
            assert_eq!(one.connections.len(), MAX_CONNECTIONS);
            assert!(one.conclude().cut);
        }
    }
}
