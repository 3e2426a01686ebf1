//! L2TP: version 2 (RFC 2661) with PPP, version 3 (RFC 3931) with Ethernet or PPP.

use super::super::link;
use super::super::span::{Span, Walk};
use super::Found;
use crate::model::TunnelKind;

const LAYER: &str = "l2tp";
const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;

/// A data message over UDP; its version is in its first two bytes.
pub(super) fn in_udp<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let flags = span.be16(0, LAYER)?;
    if flags & CONTROL != 0 {
        return Err(span.not_ip(LAYER, flags));
    }
    match flags & 0x000f {
        2 => version_2(flags, span, walk),
        3 => session(span.skip(4, LAYER)?, walk),
        _ => Err(span.malformed(LAYER, "version is neither 2 nor 3")),
    }
}

/// Version 3 right in IP: session 0 is for control messages.
pub(super) fn version_3_in_ip<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    session(span, walk)
}

/// Flags, length if flagged, tunnel, session, sequence numbers if flagged, padding if flagged; then PPP.
fn version_2<'a>(flags: u16, span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let mut rest = span.skip(2, LAYER)?;
    if flags & LENGTH != 0 {
        let (length, after) = rest.header::<2>(LAYER)?;
        let length = u32::from(u16::from_be_bytes(*length));
        rest = after.limit(length.saturating_sub(4));
    }
    let (numbers, mut rest) = rest.header::<4>(LAYER)?;
    if flags & SEQUENCE != 0 {
        rest = rest.skip(4, LAYER)?;
    }
    if flags & OFFSET != 0 {
        let padding = usize::from(rest.be16(0, LAYER)?);
        rest = rest.skip(2 + padding, LAYER)?;
    }
    walk.tunnel(TunnelKind::L2tp, u32::from_be_bytes(*numbers));
    link::ppp(rest, walk)
}

/// Session, then a cookie of 0, 4 or 8 bytes and a sublayer of 0 or 4 that only the control messages tell: the first
/// length at which a frame or PPP with its address bytes carries IP is taken.
fn session<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (id, rest) = span.header::<4>(LAYER)?;
    let id = u32::from_be_bytes(*id);
    if id == 0 {
        return Err(span.not_ip(LAYER, 0));
    }
    walk.tunnel(TunnelKind::L2tpV3, id);
    for skipped in [0, 4, 8, 12] {
        let payload = rest.skip(skipped, LAYER)?;
        if payload.bytes.starts_with(&[0xff, 0x03]) {
            return link::ppp(payload, walk);
        }
        let ether_type = payload.be16(12, LAYER)?;
        let version = payload.byte(14, LAYER)?;
        if matches!(
            (ether_type, version),
            (0x0800, 0x45..=0x4f) | (0x86dd, 0x60..=0x6f) | (0x8100, _)
        ) {
            return link::ethernet_frame(payload, walk);
        }
    }
    Err(span.not_ip(LAYER, 3))
}
