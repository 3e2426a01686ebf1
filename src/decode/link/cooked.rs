//! Headers that a capturing system makes up: Linux cooked, loopback, netfilter log, packet tap and their like.

use super::super::ip;
use super::super::span::{Span, Walk};
use super::{Found, ether_type, frame, llc};

/// Linux cooked v1: packet type, hardware type, address, protocol.
pub(super) fn linux_cooked<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, payload) = span.header::<16>("linux cooked")?;
    let hardware = u16::from_be_bytes([header[2], header[3]]);
    cooked_protocol(
        u16::from_be_bytes([header[14], header[15]]),
        hardware,
        span,
        payload,
        walk,
    )
}

/// Linux cooked v2: protocol, interface, hardware type, packet type, address.
pub(super) fn linux_cooked_v2<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, payload) = span.header::<20>("linux cooked")?;
    let hardware = u16::from_be_bytes([header[8], header[9]]);
    cooked_protocol(
        u16::from_be_bytes([header[0], header[1]]),
        hardware,
        span,
        payload,
        walk,
    )
}

fn cooked_protocol<'a>(
    protocol: u16,
    hardware: u16,
    span: Span<'a>,
    payload: Span<'a>,
    walk: &mut Walk,
) -> Found<'a> {
    const NETLINK: u16 = 824;
    const RAW_802_2: u16 = 4;
    match protocol {
        _ if hardware == NETLINK => Err(span.not_ip("linux cooked", protocol)),
        0x0600.. => ether_type(protocol, payload, walk),
        RAW_802_2 => llc::frame(payload, walk),
        _ => Err(span.not_ip("linux cooked", protocol)),
    }
}

/// BSD loopback: an address family in the byte order of the capturing host, which its size tells, or of the network.
pub(super) fn null<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (family, payload) = span.header::<4>("loopback")?;
    let family = u32::from_le_bytes(*family).min(u32::from_be_bytes(*family));
    match u16::try_from(family).unwrap_or(u16::MAX) {
        // AF_INET is 2 everywhere; AF_INET6 is 10, 23, 24, 28 or 30.
        2 | 10 | 23 | 24 | 28 | 30 => ip::packet(payload, walk),
        number @ 0x0600..=0xfffe => ether_type(number, payload, walk),
        number => Err(span.not_ip("loopback", number)),
    }
}

/// Solaris ipnet: version, family, hook type, length, interfaces, zones.
pub(super) fn ipnet<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    ip::packet(span.skip(24, "ipnet")?, walk)
}

/// Linux netfilter log: family, version, resource, then attributes in the byte order of the capturing host.
pub(super) fn nflog<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "nflog";
    const PAYLOAD: u16 = 9;
    const TIMESTAMP: u16 = 3;
    const MOST_ATTRIBUTES: usize = 64;
    let (header, mut rest) = span.header::<4>(LAYER)?;
    if !matches!(header[0], 2 | 10) {
        return Err(span.not_ip(LAYER, u16::from(header[0])));
    }
    let mut timed = false;
    for _ in 0..MOST_ATTRIBUTES {
        let (attribute, value) = rest.header::<4>(LAYER)?;
        let (length, kind) = attribute.split_at(2);
        let number = |bytes: &[u8], little: bool| match bytes {
            [a, b] if little => u16::from_le_bytes([*a, *b]),
            [a, b] => u16::from_be_bytes([*a, *b]),
            _ => 0,
        };
        // Attribute numbers are small, so the byte order shows.
        let little = number(kind, true) < 256;
        let length = u32::from(number(length, little));
        if length < 4 {
            return Err(rest.malformed(LAYER, "attribute length below 4"));
        }
        timed |= number(kind, little) == TIMESTAMP;
        if number(kind, little) == PAYLOAD {
            let mut packet = ip::packet(value.limit(length - 4), walk)?;
            if !timed {
                packet.stop = packet.stop.or(Some(span.untimed(LAYER)));
            }
            return Ok(packet);
        }
        rest = rest.skip(length.next_multiple_of(4) as usize, LAYER)?;
    }
    Err(rest.malformed(LAYER, "too many attributes"))
}

/// Apple packet tap: header length and link type, little-endian, then that link's frame.
pub(super) fn pktap<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "pktap";
    let (header, _) = span.header::<12>(LAYER)?;
    let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    let link_type = u16::from_le_bytes([header[8], header[9]]);
    if length < 12 {
        return Err(span.malformed(LAYER, "header length below 12"));
    }
    frame(link_type, span.skip(length as usize, LAYER)?, walk)
}

/// Per-packet information: version, flags, header length and link type, little-endian, then that link's frame.
pub(super) fn per_packet_information<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "ppi";
    let (header, _) = span.header::<8>(LAYER)?;
    let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
    let link_type = u16::from_le_bytes([header[4], header[5]]);
    if length < 8 {
        return Err(span.malformed(LAYER, "header length below 8"));
    }
    frame(link_type, span.skip(length, LAYER)?, walk)
}
