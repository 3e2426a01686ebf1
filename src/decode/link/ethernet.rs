//! Ethernet and the other LAN frames with two MAC addresses: token ring, FDDI.

use super::super::span::{Span, Walk};
use super::{Found, ether_type, llc};

/// Ethernet II or IEEE 802.3: destination, source, EtherType or length.
pub(in crate::decode) fn frame<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    walk.enter(span, "ethernet")?;
    let (header, payload) = span.header::<14>("ethernet")?;
    // Cisco ISL puts 26 bytes before the frame, and these group addresses in front.
    if matches!(header, [0x01 | 0x03, 0x00, 0x0c, 0x00, 0x00, ..]) {
        return inter_switch_link(span, walk);
    }
    ether_type(u16::from_be_bytes([header[12], header[13]]), payload, walk)
}

fn inter_switch_link<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, inner) = span.header::<26>("isl")?;
    walk.vlan(u16::from_be_bytes([header[20], header[21]]) >> 1);
    frame(inner, walk)
}

/// FDDI (ANSI X3.139): frame control, destination, source, then LLC.
pub(super) fn fddi<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, payload) = span.header::<13>("fddi")?;
    // Frame control 01xx.... is LLC; the rest is ring management.
    if header[0] & 0xc0 != 0x40 {
        return Err(span.not_ip("fddi", u16::from(header[0])));
    }
    llc::frame(payload, walk)
}

/// Token ring (IEEE 802.5): access control, frame control, destination, source, perhaps a route, then LLC.
pub(super) fn token_ring<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, payload) = span.header::<14>("token ring")?;
    if header[1] & 0xc0 != 0x40 {
        return Err(span.not_ip("token ring", u16::from(header[1])));
    }
    let routed = header[8] & 0x80 != 0;
    if !routed {
        return llc::frame(payload, walk);
    }
    let route = usize::from(payload.byte(0, "token ring")? & 0x1f);
    llc::frame(payload.skip(route, "token ring")?, walk)
}

/// IP over InfiniBand: EtherType and two bytes of 0 (RFC 4391 section 6), behind the two hardware addresses of 20 bytes
/// where the capture has them.
pub(super) fn infiniband<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "ipoib";
    const ADDRESSES: usize = 40;
    const NUMBERS: [u16; 3] = [0x0800, 0x0806, 0x86dd];
    let bare = span.be16(0, LAYER)?;
    let (number, payload) = if NUMBERS.contains(&bare) && span.be16(2, LAYER)? == 0 {
        (bare, span.skip(4, LAYER)?)
    } else {
        (
            span.be16(ADDRESSES, LAYER)?,
            span.skip(ADDRESSES + 4, LAYER)?,
        )
    };
    ether_type(number, payload, walk)
}
