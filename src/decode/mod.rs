//! Bytes to facts; pure, stateless, no heap on the header path.
//!
//! [`decode`] walks link layers, tunnels, IP and transport of one frame, keeps all it could read, and notes where it
//! stopped. The readers of application bytes ([`dns`], [`tls`], [`http`], [`quic`], [`preamble`]) are called by the observe room only for
//! flows that can still yield a name.

use std::net::IpAddr;

mod common;
pub mod device;
pub mod dns;
pub mod http;
mod icmp;
mod ip;
mod link;
mod multipath;
pub mod preamble;
pub mod quic;
pub mod sflow;
mod span;
mod tcp;
#[cfg(test)]
mod tests;
pub mod tls;
mod tunnel;
mod udp;

pub use ip::hides_packet;
pub use multipath::Multipath;

use span::{Span, Walk};

use crate::model::{Tunnel, TunnelKind};

/// Decodes one frame down to its innermost IP packet.
///
/// `link_type` is a LINKTYPE_ value, `bytes` what was captured, first byte of the link layer first, `wire_length` the
/// frame's length on the wire (a value below `bytes.len()` is taken for `bytes.len()`). The cost is bounded: at most
/// [`MAX_LAYERS`] layers are entered, and nothing is allocated.
#[must_use]
pub fn decode(link_type: u16, bytes: &[u8], wire_length: u32) -> Decoded<'_> {
    match common::tcp_in_ethernet(link_type, bytes, wire_length) {
        Some(common) => Decoded::Packet(common.packet()),
        None => decode_any(link_type, bytes, wire_length),
    }
}

/// Walks layer by layer.
fn decode_any(link_type: u16, bytes: &[u8], wire_length: u32) -> Decoded<'_> {
    let mut walk = Walk::default();
    match link::frame(link_type, Span::frame(bytes, wire_length), &mut walk) {
        Ok(mut packet) => {
            let plain = link_type == common::ETHERNET && packet.tunnels.is_empty();
            let mac = bytes.get(6..12).filter(|_| plain);
            packet.source_mac = mac.and_then(|mac| mac.try_into().ok()).unwrap_or_default();
            Decoded::Packet(packet)
        }
        Err(stop) => Decoded::SetAside(stop),
    }
}

/// Decodes the rejoined payload of a fragmented packet as if it had come whole.
///
/// `first` is the packet of its first fragment (the one with [`Packet::fragment`]), `payload` the bytes after the IP
/// headers, fragment header included. Tunnels in the payload are walked. Offsets of stops count from `payload`.
#[must_use]
pub fn decode_rejoined<'a>(first: &Packet<'_>, payload: &'a [u8]) -> Packet<'a> {
    let mut walk = Walk {
        vlans: first.vlans.clone(),
        tunnels: first.tunnels.clone(),
        carriers: first.carriers.clone(),
        ..Walk::default()
    };
    let protocol = first
        .fragment
        .map_or(first.segment.protocol(), |fragment| fragment.protocol);
    ip::rejoined(first, protocol, Span::frame(payload, 0), &mut walk)
}

/// The innermost packet, or why there is none.
type Found<'a> = Result<Packet<'a>, Stop>;

/// The most layers of one frame that are entered; more is hostile nesting.
pub const MAX_LAYERS: u8 = 32;

/// One decoded packet: the innermost IP packet of a frame.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// VLAN ids, outermost first.
    pub vlans: Vlans,
    /// Tunnels that the packet came in, outermost first.
    pub tunnels: Tunnels,
    /// UDP datagrams that carried the packet, outermost first: flows of their own to whoever filters between the
    /// tunnel's ends.
    pub carriers: Carriers,
    /// Source MAC address on the captured link itself, where that is Ethernet and the packet came in no tunnel; else
    /// all zero, which is no card's.
    pub source_mac: [u8; 6],
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification (IPv6: 0).
    pub ip_id: u16,
    /// Bytes of the IP packet on the wire, header included, as its length field says (bounded by the frame's wire
    /// length where the field is 0 or says more: segmentation offload, jumbograms).
    pub ip_length: u32,
    /// What IP carries.
    pub segment: Segment<'a>,
    /// The first fragment of a fragmented packet: `segment` is then read from this part alone, and
    /// [`decode_rejoined`] reads the whole. Other fragments are [`Segment::Fragment`].
    pub fragment: Option<Fragment<'a>>,
    /// Where decoding stopped short, if it did: a header was cut or contradicts itself. A cut payload is no stop:
    /// there `payload` is shorter than `payload_length`.
    pub stop: Option<Stop>,
}

/// What an IP packet carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Segment<'a> {
    /// TCP.
    Tcp(TcpSegment<'a>),
    /// UDP.
    Udp(UdpDatagram<'a>),
    /// ICMP or ICMPv6.
    Icmp(IcmpMessage<'a>),
    /// Any other protocol, with ports where it has them (SCTP, DCCP, UDP-Lite), else 0.
    Other {
        /// The IP protocol number.
        protocol: u8,
        /// Source port or 0.
        source_port: u16,
        /// Destination port or 0.
        destination_port: u16,
        /// Bytes after the IP header.
        payload: &'a [u8],
    },
    /// A fragment other than the first: it has no ports. `payload` are its bytes after the IP headers.
    Fragment(Fragment<'a>),
}

impl Segment<'_> {
    /// The IP protocol number.
    #[must_use]
    pub const fn protocol(&self) -> u8 {
        match self {
            Self::Tcp(_) => 6,
            Self::Udp(_) => 17,
            Self::Icmp(message) if message.v6 => 58,
            Self::Icmp(_) => 1,
            Self::Other { protocol, .. } => *protocol,
            Self::Fragment(fragment) => fragment.protocol,
        }
    }
}

/// A part of a fragmented IP packet (RFC 791, RFC 8200 section 4.5), also told beside a first fragment's segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// The protocol of the whole.
    pub protocol: u8,
    /// Identification: 16 bits in IPv4, 32 in IPv6.
    pub id: u32,
    /// Offset of `payload` in the whole's payload, in bytes.
    pub offset: u32,
    /// Whether more fragments follow.
    pub more: bool,
    /// The fragment's bytes.
    pub payload: &'a [u8],
}

/// A TCP header's facts (RFC 9293 section 3.1) and its payload.
#[derive(Clone, Copy, Debug)]
pub struct TcpSegment<'a> {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number; meaningful with [`TcpFlags::ACK`].
    pub acknowledgment: u32,
    /// Flags.
    pub flags: TcpFlags,
    /// Window as sent, unscaled.
    pub window: u16,
    /// Whether a timestamps option is there (RFC 7323).
    pub timestamps: Option<(u32, u32)>,
    /// Of a segment with SYN: what it says of Multipath TCP.
    pub multipath: Option<Multipath>,
    /// Payload bytes on the wire, as the IP length says; Ethernet padding is not counted.
    pub payload_length: u32,
    /// The captured part of the payload; shorter than `payload_length` where a snaplen cut it.
    pub payload: &'a [u8],
}

/// TCP flags, the low byte of the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from the sender.
    pub const FIN: u8 = 0x01;
    /// Synchronise sequence numbers.
    pub const SYN: u8 = 0x02;
    /// Reset.
    pub const RST: u8 = 0x04;
    /// Push.
    pub const PSH: u8 = 0x08;
    /// Acknowledgement field is meaningful.
    pub const ACK: u8 = 0x10;
    /// Urgent pointer is meaningful.
    pub const URG: u8 = 0x20;

    /// Whether all bits of `mask` are set.
    #[must_use]
    pub const fn has(self, mask: u8) -> bool {
        self.0 & mask == mask
    }
}

/// A UDP header's facts (RFC 768) and its payload.
#[derive(Clone, Copy, Debug)]
pub struct UdpDatagram<'a> {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Payload bytes on the wire.
    pub payload_length: u32,
    /// The captured part of the payload.
    pub payload: &'a [u8],
}

/// An ICMP or ICMPv6 message (RFC 792, RFC 4443).
#[derive(Clone, Copy, Debug)]
pub struct IcmpMessage<'a> {
    /// Whether this is ICMPv6.
    pub v6: bool,
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Identifier of echo messages, else 0.
    pub id: u16,
    /// The packet that an error quotes, as far as it is quoted.
    pub quoted: Option<Quoted>,
    /// Bytes after the 8-byte header.
    pub payload: &'a [u8],
}

/// The start of a packet that an ICMP error quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Source of the quoted packet: who is told of the error.
    pub source: IpAddr,
    /// Destination of the quoted packet.
    pub destination: IpAddr,
    /// IP protocol of the quoted packet.
    pub protocol: u8,
    /// Source port, 0 where it is not quoted or there is none.
    pub source_port: u16,
    /// Destination port, 0 where it is not quoted or there is none.
    pub destination_port: u16,
    /// TCP sequence number, where it is quoted.
    pub sequence: Option<u32>,
}

/// Why and where decoding a frame stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stop {
    /// The layer that could not be read: `ethernet`, `vlan`, `ipv4`, `tcp`, ...
    pub layer: &'static str,
    /// Why.
    pub reason: StopReason,
    /// Offset in the frame of the layer's first byte.
    pub offset: u32,
}

/// Why decoding stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// Fewer bytes captured than the layer needs.
    Truncated {
        /// Bytes wanted.
        wanted: u32,
        /// Bytes there.
        had: u32,
    },
    /// The bytes contradict the format.
    Malformed(&'static str),
    /// A sound frame that carries no IP packet: ARP, LLDP, STP, ... with its EtherType, or LLC SAP or PPP protocol.
    NotIp(u16),
    /// A link type that is not decoded.
    UnknownLink(u16),
    /// A record without the packet's own time: the packet is whole, the record's time is that of a buffer.
    Untimed,
    /// More layers than are walked (hostile nesting).
    TooDeep,
}

/// What became of a frame: either way it is counted, so that nothing vanishes.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box would allocate for every frame"
)]
#[non_exhaustive]
pub enum Decoded<'a> {
    /// An IP packet was found.
    Packet(Packet<'a>),
    /// No IP packet could be read.
    SetAside(Stop),
}

/// VLAN ids of a frame, outermost first; at most 4 are kept.
pub type Vlans = smallvec::SmallVec<[u16; 4]>;

/// Tunnels of a frame, outermost first; at most 4 are kept.
pub type Tunnels = smallvec::SmallVec<[Tunnel; 4]>;

/// UDP datagrams around a packet, outermost first. Only tunnels in tunnels make it allocate.
pub type Carriers = smallvec::SmallVec<[Carrier; 1]>;

/// The headers of a UDP datagram in which a tunnel carries a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The tunnel.
    pub kind: TunnelKind,
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// TTL or hop limit.
    pub ttl: u8,
    /// Bytes of the IP packet on the wire, header included.
    pub ip_length: u32,
    /// Payload bytes on the wire.
    pub payload_length: u32,
    /// How many of [`Packet::vlans`] lie outside of it.
    pub vlans: u8,
    /// How many of [`Packet::tunnels`] lie outside of it.
    pub tunnels: u8,
}
