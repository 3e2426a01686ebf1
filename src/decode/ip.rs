//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers, and what they carry.

use std::net::IpAddr;

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::span::{Span, Walk};
use super::{Carrier, Fragment, Packet, Segment, Stop, UdpDatagram, icmp, tcp, tunnel, udp};
use crate::model::TunnelKind;

/// IP protocol number of the authentication header.
pub(super) const AUTHENTICATION: u8 = 51;
/// The most extension headers that are walked over.
pub(super) const MAX_EXTENSIONS: usize = 16;

/// What an IP header says of its packet.
#[derive(Clone, Copy, Debug)]
struct IpHeader {
    source: IpAddr,
    destination: IpAddr,
    ttl: u8,
    id: u16,
    length: u32,
}

/// Reads the IP packet at the start of `span`, of the version that its first nibble says.
pub(super) fn packet<'a>(span: Span<'a>, walk: &mut Walk) -> Result<Packet<'a>, Stop> {
    walk.enter(span, "ip")?;
    match span.byte(0, "ip")? >> 4 {
        4 => packet_v4(span, walk),
        6 => packet_v6(span, walk),
        _ => Err(span.malformed("ip", "version is neither 4 nor 6")),
    }
}

/// Whether an IPv4 packet lies behind an unknown header: at one of the first 64 bytes behind its EtherType, with a length
/// that fits and a header whose checksum is right. `wire` is the length on the wire. Nothing else has these by chance.
#[must_use]
pub fn hides_packet(bytes: &[u8], wire: u32) -> bool {
    /// Where the packet may start, and the EtherType and first byte that lead to it.
    const FURTHEST: usize = 64;
    const START: [u8; 3] = [0x08, 0x00, 0x45];
    let places = bytes.windows(START.len()).take(FURTHEST).enumerate();
    places.filter(|(_, at)| *at == START).any(|(place, _)| {
        is_whole_header(&bytes[place + 2..], wire.saturating_sub(place as u32 + 2))
    })
}

/// Whether bytes start with an IPv4 header without options whose checksum is right (RFC 791 section 3.1).
fn is_whole_header(bytes: &[u8], wire: u32) -> bool {
    let Some(header) = bytes.first_chunk::<20>() else {
        return false;
    };
    let total = u32::from(u16::from_be_bytes([header[2], header[3]]));
    let words = header
        .chunks_exact(2)
        .map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
    let sum: u32 = words.sum();
    (20..=wire).contains(&total) && (sum & 0xffff) + (sum >> 16) == 0xffff
}

/// Reads the whole payload of a packet that came in fragments.
pub(super) fn rejoined<'a>(
    first: &Packet<'_>,
    protocol: u8,
    span: Span<'a>,
    walk: &mut Walk,
) -> Packet<'a> {
    let header = IpHeader {
        source: first.source,
        destination: first.destination,
        ttl: first.ttl,
        id: first.ip_id,
        length: span.wire,
    };
    carried(&header, protocol, span, walk, None, None)
}

fn packet_v4<'a>(span: Span<'a>, walk: &mut Walk) -> Result<Packet<'a>, Stop> {
    const LAYER: &str = "ipv4";
    let Ok(slice) = Ipv4HeaderSlice::from_slice(span.bytes) else {
        return Err(match span.bytes {
            [first, ..] if first & 0x0f < 5 => span.malformed(LAYER, "header length below 5"),
            [first, ..] => span.truncated(LAYER, usize::from(first & 0x0f) * 4),
            [] => span.truncated(LAYER, 20),
        });
    };
    let header_length = slice.slice().len();
    let total = u32::from(slice.total_len());
    // A total length of 0 is what a capture sees before the network card cuts a large send into packets.
    let (length, stop) = match total {
        0 => (span.wire, None),
        total if (total as usize) < header_length => (
            header_length as u32,
            Some(span.malformed(LAYER, "total length below the header length")),
        ),
        total if total > span.wire => (
            span.wire,
            Some(span.malformed(LAYER, "total length beyond the frame")),
        ),
        total => (total, None),
    };
    let payload = span.limit(length).skip(header_length, LAYER)?;
    let header = IpHeader {
        source: IpAddr::V4(slice.source_addr()),
        destination: IpAddr::V4(slice.destination_addr()),
        ttl: slice.ttl(),
        id: slice.identification(),
        length,
    };
    let protocol = slice.protocol().0;
    let offset = u32::from(slice.fragments_offset().value()) * 8;
    if offset == 0 && !slice.more_fragments() {
        return Ok(carried(&header, protocol, payload, walk, None, stop));
    }
    let fragment = Fragment {
        protocol,
        id: u32::from(header.id),
        offset,
        more: slice.more_fragments(),
        payload: payload.bytes,
    };
    Ok(fragmented(&header, fragment, payload, walk, stop))
}

fn packet_v6<'a>(span: Span<'a>, walk: &mut Walk) -> Result<Packet<'a>, Stop> {
    const LAYER: &str = "ipv6";
    let Ok(slice) = Ipv6HeaderSlice::from_slice(span.bytes) else {
        return Err(span.truncated(LAYER, 40));
    };
    let said = u32::from(slice.payload_length()) + 40;
    // A payload length of 0 is that of a jumbogram (RFC 2675), of a large send before segmentation, or of a packet
    // that carries nothing.
    let (length, stop) = match said {
        40 if slice.next_header().0 == NO_NEXT_HEADER => (40, None),
        40 => (span.wire, None),
        said if said > span.wire => (
            span.wire,
            Some(span.malformed(LAYER, "payload length beyond the frame")),
        ),
        said => (said, None),
    };
    let header = IpHeader {
        source: IpAddr::V6(slice.source_addr()),
        destination: IpAddr::V6(slice.destination_addr()),
        ttl: slice.hop_limit(),
        id: 0,
        length,
    };
    let payload = span.limit(length).skip(40, LAYER)?;
    Ok(carried(
        &header,
        slice.next_header().0,
        payload,
        walk,
        None,
        stop,
    ))
}

const NO_NEXT_HEADER: u8 = 59;

/// A packet's part: the first one is read as far as it goes, others have no header of what they carry.
fn fragmented<'a>(
    header: &IpHeader,
    fragment: Fragment<'a>,
    payload: Span<'a>,
    walk: &mut Walk,
    stop: Option<Stop>,
) -> Packet<'a> {
    if fragment.offset == 0 {
        return carried(
            header,
            fragment.protocol,
            payload,
            walk,
            Some(fragment),
            stop,
        );
    }
    finish(
        header,
        walk,
        (Segment::Fragment(fragment), None),
        None,
        stop,
    )
}

/// Walks extension headers and tunnels and reads the segment. An earlier stop wins over a later one.
fn carried<'a>(
    header: &IpHeader,
    protocol: u8,
    span: Span<'a>,
    walk: &mut Walk,
    fragment: Option<Fragment<'a>>,
    stop: Option<Stop>,
) -> Packet<'a> {
    let whole = fragment.is_none();
    let read = match protocol {
        6 => tcp::segment(span),
        17 => {
            let read = udp::datagram(span, !whole);
            // What lies in a tunnel is not whole before the fragments are rejoined.
            if let (true, Segment::Udp(datagram)) = (whole, &read.0) {
                let payload = udp::payload_span(span, datagram);
                let ports = (datagram.source_port, datagram.destination_port);
                let carrier = |kind| carrier(kind, header, datagram);
                if let Some(inner) = tunnel::in_udp(ports, carrier, payload, walk) {
                    return inner;
                }
            }
            read
        }
        1 => icmp::message(span, false),
        58 => icmp::message(span, true),
        33 => udp::ports_first(span, protocol, "dccp"),
        132 => udp::ports_first(span, protocol, "sctp"),
        136 => udp::ports_first(span, protocol, "udp-lite"),
        0 | 43 | 44 | 60 | 135 | 139 | 140 | AUTHENTICATION => {
            return extended(header, protocol, span, walk, fragment, stop);
        }
        _ => {
            if let (true, Some(inner)) = (whole, tunnel::in_ip(protocol, span, walk)) {
                return inner;
            }
            other(protocol, span, None)
        }
    };
    finish(header, walk, read, fragment, stop)
}

/// Extension headers (RFC 8200 section 4), the authentication header in IPv4 too (RFC 4302).
fn extended<'a>(
    header: &IpHeader,
    protocol: u8,
    span: Span<'a>,
    walk: &mut Walk,
    fragment: Option<Fragment<'a>>,
    stop: Option<Stop>,
) -> Packet<'a> {
    const LAYER: &str = "extension header";
    let (mut protocol, mut span) = (protocol, span);
    for _ in 0..MAX_EXTENSIONS {
        let length = match (protocol, span.bytes) {
            (44, _) => return fragment_header(header, span, walk, fragment, stop),
            (AUTHENTICATION, [_, words, ..]) => (usize::from(*words) + 2) * 4,
            // Mobility, HIP and shim6 headers are extension headers by form; as a rule nothing follows them.
            (135 | 139 | 140, [NO_NEXT_HEADER, ..]) => break,
            (0 | 43 | 60 | 135 | 139 | 140, [_, words, ..]) => (usize::from(*words) + 1) * 8,
            (0 | 43 | 60 | 135 | 139 | 140 | AUTHENTICATION, _) => {
                let cut = Some(span.truncated(LAYER, 8));
                return finish(header, walk, other(protocol, span, cut), fragment, stop);
            }
            _ => return carried(header, protocol, span, walk, fragment, stop),
        };
        match (span.skip(length, LAYER), span.bytes.first()) {
            (Ok(rest), Some(next)) => (protocol, span) = (*next, rest),
            (Err(cut), _) => {
                return finish(
                    header,
                    walk,
                    other(protocol, span, Some(cut)),
                    fragment,
                    stop,
                );
            }
            (Ok(_), None) => break,
        }
    }
    let stop = stop.or_else(|| {
        let more = matches!(protocol, 0 | 43 | 60 | AUTHENTICATION);
        more.then(|| span.malformed(LAYER, "too many extension headers"))
    });
    finish(header, walk, other(protocol, span, None), fragment, stop)
}

/// The fragment header (RFC 8200 section 4.5). A fragment of a fragment is told as the inner one.
fn fragment_header<'a>(
    header: &IpHeader,
    span: Span<'a>,
    walk: &mut Walk,
    outer: Option<Fragment<'a>>,
    stop: Option<Stop>,
) -> Packet<'a> {
    const LAYER: &str = "ipv6 fragment header";
    let (bytes, payload) = match span.header::<8>(LAYER) {
        Ok(split) => split,
        Err(cut) => return finish(header, walk, other(44, span, Some(cut)), outer, stop),
    };
    if let Err(deep) = walk.enter(span, LAYER) {
        return finish(header, walk, other(44, span, Some(deep)), outer, stop);
    }
    let place = u16::from_be_bytes([bytes[2], bytes[3]]);
    let (offset, more) = (u32::from(place & 0xfff8), place & 1 != 0);
    let protocol = bytes[0];
    if offset == 0 && !more {
        // An atomic fragment (RFC 6946) is a whole packet.
        return carried(header, protocol, payload, walk, outer, stop);
    }
    let id = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    let fragment = Fragment {
        protocol,
        id,
        offset,
        more,
        payload: payload.bytes,
    };
    fragmented(header, fragment, payload, walk, stop)
}

fn carrier(kind: TunnelKind, header: &IpHeader, datagram: &UdpDatagram<'_>) -> Carrier {
    Carrier {
        kind,
        source: header.source,
        destination: header.destination,
        source_port: datagram.source_port,
        destination_port: datagram.destination_port,
        ttl: header.ttl,
        ip_length: header.length,
        payload_length: datagram.payload_length,
        vlans: 0,
        tunnels: 0,
    }
}

fn other<'a>(protocol: u8, span: Span<'a>, stop: Option<Stop>) -> (Segment<'a>, Option<Stop>) {
    (
        Segment::Other {
            protocol,
            source_port: 0,
            destination_port: 0,
            payload: span.bytes,
        },
        stop,
    )
}

fn finish<'a>(
    header: &IpHeader,
    walk: &mut Walk,
    (segment, later): (Segment<'a>, Option<Stop>),
    fragment: Option<Fragment<'a>>,
    stop: Option<Stop>,
) -> Packet<'a> {
    Packet {
        vlans: std::mem::take(&mut walk.vlans),
        tunnels: std::mem::take(&mut walk.tunnels),
        carriers: std::mem::take(&mut walk.carriers),
        source_mac: [0; 6],
        source: header.source,
        destination: header.destination,
        ttl: header.ttl,
        ip_id: header.id,
        ip_length: header.length,
        segment,
        fragment,
        stop: stop.or(later).or(walk.too_deep.take()),
    }
}
