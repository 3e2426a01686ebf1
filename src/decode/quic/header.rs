//! Long headers (RFC 8999, RFC 9000 section 17.2) and the packets of a datagram.

/// The most bytes of a connection id that any version in use has.
const MAX_CONNECTION_ID: usize = 20;
const VERSION_2: u32 = 0x6b33_43cf;
const VERSION_2_DRAFT: u32 = 0x709a_50c4;

/// What a packet with a long header is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PacketKind {
    /// First packets of either side.
    Initial,
    /// Early data.
    ZeroRtt,
    /// The rest of the handshake.
    Handshake,
    /// A server wants the client to come again with a token.
    Retry,
    /// A server does not speak the client's version.
    VersionNegotiation,
}

/// A packet with a long header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongHeader<'a> {
    /// What it is.
    pub kind: PacketKind,
    /// Version; 0 in version negotiation.
    pub version: u32,
    /// Destination connection id.
    pub destination: &'a [u8],
    /// Source connection id.
    pub source: &'a [u8],
    /// The token of an Initial or Retry packet.
    pub token: &'a [u8],
    /// The whole packet, from its first byte; cut where the capture is.
    pub(super) packet: &'a [u8],
    /// Offset in `packet` of the packet number; 0 where there is none.
    pub(super) number_at: usize,
    /// Whether all of the packet was captured.
    pub(super) whole: bool,
}

impl<'a> LongHeader<'a> {
    /// The packet's bytes, from its first one on.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.packet
    }
}

/// The packets with long headers that a datagram starts with, in their order. Ends at one with a short header, at
/// padding, and behind one that is cut.
pub fn packets(datagram: &[u8]) -> impl Iterator<Item = LongHeader<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let (header, after) = split(rest)?;
        rest = after;
        Some(header)
    })
}

fn split(bytes: &[u8]) -> Option<(LongHeader<'_>, &[u8])> {
    const LONG: u8 = 0x80;
    let mut reader = Reader { bytes, at: 0 };
    let first = reader.byte().filter(|first| first & LONG != 0)?;
    let version = u32::from_be_bytes(*reader.take(4)?.first_chunk()?);
    let destination = reader.connection_id()?;
    let source = reader.connection_id()?;
    let kind = kind(first, version);
    let mut header = LongHeader {
        kind,
        version,
        destination,
        source,
        token: &[],
        packet: bytes,
        number_at: 0,
        whole: true,
    };
    match kind {
        PacketKind::VersionNegotiation => return Some((header, &[])),
        PacketKind::Retry => {
            // The last 16 bytes are the integrity tag.
            let token = reader.rest();
            header.token = token.get(..token.len().saturating_sub(16))?;
            return Some((header, &[]));
        }
        PacketKind::Initial => {
            let length = usize::try_from(reader.integer()?).ok()?;
            header.token = reader.take(length)?;
        }
        PacketKind::ZeroRtt | PacketKind::Handshake => {}
    }
    let length = usize::try_from(reader.integer()?).ok()?;
    header.number_at = reader.at;
    let end = reader.at.checked_add(length)?;
    header.whole = end <= bytes.len();
    let (packet, rest) = bytes.split_at(end.min(bytes.len()));
    header.packet = packet;
    Some((header, rest))
}

/// The type bits mean something else in version 2 (RFC 9369 section 3.2).
const fn kind(first: u8, version: u32) -> PacketKind {
    if version == 0 {
        return PacketKind::VersionNegotiation;
    }
    let bits = first >> 4 & 0x03;
    let bits = match version {
        VERSION_2 | VERSION_2_DRAFT => bits.wrapping_sub(1) & 0x03,
        _ => bits,
    };
    match bits {
        0 => PacketKind::Initial,
        1 => PacketKind::ZeroRtt,
        2 => PacketKind::Handshake,
        _ => PacketKind::Retry,
    }
}

/// A cursor over a packet or its frames.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).and_then(|bytes| bytes.first().copied())
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let bytes = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    /// An integer of variable length (RFC 9000 section 16).
    pub(super) fn integer(&mut self) -> Option<u64> {
        let first = self.byte()?;
        let more = self.take((1 << (first >> 6)) - 1)?;
        Some(more.iter().fold(u64::from(first & 0x3f), |value, byte| {
            value << 8 | u64::from(*byte)
        }))
    }

    fn connection_id(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?);
        if length > MAX_CONNECTION_ID {
            None
        } else {
            self.take(length)
        }
    }
}
