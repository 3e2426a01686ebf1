//! Tags between a frame's addresses and what it carries, and headers that put a frame into a frame.

use super::super::span::{Span, Walk};
use super::{Found, ether_type, ethernet};
use crate::model::TunnelKind;

/// IEEE 802.1Q and 802.1ad: priority and VLAN id, EtherType.
pub(super) fn vlan<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (tag, payload) = span.header::<4>("vlan")?;
    walk.vlan(u16::from_be_bytes([tag[0], tag[1]]) & 0x0fff);
    ether_type(u16::from_be_bytes([tag[2], tag[3]]), payload, walk)
}

/// IEEE 802.1AE, where the payload is only authenticated: flags, short length, packet number, perhaps a channel id.
pub(super) fn macsec<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const ENCRYPTED: u8 = 0x0c;
    const CHANNEL: u8 = 0x20;
    let (tag, payload) = span.header::<6>("macsec")?;
    if tag[0] & ENCRYPTED != 0 {
        return Err(span.not_ip("macsec", 0x88e5));
    }
    let payload = payload.skip(if tag[0] & CHANNEL == 0 { 0 } else { 8 }, "macsec")?;
    let (number, payload) = payload.header::<2>("macsec")?;
    let check_value = 16;
    ether_type(
        u16::from_be_bytes(*number),
        payload.limit(payload.wire.saturating_sub(check_value)),
        walk,
    )
}

/// IEEE 802.1ah: the service instance, then the customer's frame.
pub(super) fn backbone<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (tag, inner) = span.header::<4>("802.1ah")?;
    walk.tunnel(
        TunnelKind::MacInMac,
        u32::from_be_bytes([0, tag[1], tag[2], tag[3]]),
    );
    ethernet::frame(inner, walk)
}

/// Cisco FabricPath: tree and time to live, then the customer's frame.
pub(super) fn fabric_path<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (tag, inner) = span.header::<2>("fabricpath")?;
    walk.tunnel(
        TunnelKind::FabricPath,
        u32::from(u16::from_be_bytes(*tag) >> 6),
    );
    ethernet::frame(inner, walk)
}

/// Cisco metadata: version, length, option, security group; EtherType.
pub(super) fn cisco_metadata<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (tag, payload) = span.header::<8>("cisco metadata")?;
    ether_type(u16::from_be_bytes([tag[6], tag[7]]), payload, walk)
}

/// VN-tag: virtual interfaces; EtherType.
pub(super) fn virtual_interface<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (tag, payload) = span.header::<6>("vn-tag")?;
    ether_type(u16::from_be_bytes([tag[4], tag[5]]), payload, walk)
}

/// The E-tag of IEEE 802.1BR: channels; EtherType.
pub(super) fn bridge_port_extension<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (tag, payload) = span.header::<8>("e-tag")?;
    ether_type(u16::from_be_bytes([tag[6], tag[7]]), payload, walk)
}

/// TRILL (RFC 6325 section 3): version, option length in words, hops, bridges, then the customer's frame.
pub(super) fn trill<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, rest) = span.header::<6>("trill")?;
    let options = usize::from((u16::from_be_bytes([header[0], header[1]]) >> 6) & 0x1f) * 4;
    walk.tunnel(TunnelKind::Trill, 0);
    ethernet::frame(rest.skip(options, "trill")?, walk)
}

/// Arista's header of tap aggregation (tcpdump's `print-arista.c`): kind and version, a time of 64 or 48 bits, EtherType.
pub(super) fn arista<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "arista";
    const TIME: u16 = 1;
    let (header, rest) = span.header::<4>(LAYER)?;
    let (kind, version) = (
        u16::from_be_bytes([header[0], header[1]]),
        u16::from_be_bytes([header[2], header[3]]),
    );
    // The high byte of the version says whether the time is TAI or UTC.
    let length = match (kind, version & 0x00ff) {
        (TIME, 0x10) => 8,
        (TIME, 0x20) => 6,
        _ => return Err(span.not_ip(LAYER, version)),
    };
    let (number, payload) = rest.skip(length, LAYER)?.header::<2>(LAYER)?;
    ether_type(u16::from_be_bytes(*number), payload, walk)
}

/// High-availability seamless redundancy (IEC 62439-3): path and size, sequence number, EtherType.
pub(super) fn ring_redundancy<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (tag, payload) = span.header::<6>("hsr")?;
    ether_type(u16::from_be_bytes([tag[4], tag[5]]), payload, walk)
}
