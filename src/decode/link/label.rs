//! MPLS label stacks (RFC 3032) and network service headers (RFC 8300).

use super::super::ip;
use super::super::span::{Span, Walk};
use super::{Found, ethernet};
use crate::model::TunnelKind;

/// A label stack and what it carries. The stack does not name it, so its first bytes decide: an IP packet by version
/// and header length, else a pseudowire's Ethernet frame, behind a control word if the first nibble is 0 (RFC 4448).
pub(in crate::decode) fn mpls<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let mut payload = span;
    loop {
        walk.enter(payload, "mpls")?;
        let (entry, rest) = payload.header::<4>("mpls")?;
        walk.tunnel(
            TunnelKind::Mpls,
            u32::from_be_bytes([0, entry[0], entry[1], entry[2]]) >> 4,
        );
        payload = rest;
        if entry[2] & 1 != 0 {
            break;
        }
    }
    match payload.bytes {
        [0x45..=0x4f, ..] if plausible_v4(payload) => ip::packet(payload, walk),
        [0x60..=0x6f, ..] if plausible_v6(payload) => ip::packet(payload, walk),
        [0x00..=0x0f, ..] => ethernet::frame(payload.skip(4, "mpls")?, walk),
        _ => ethernet::frame(payload, walk),
    }
}

/// A MAC address may start with 4 too; a total length that fits tells the packet.
fn plausible_v4(span: Span<'_>) -> bool {
    match span.bytes {
        [_, _, high, low, ..] => {
            let total = u32::from(u16::from_be_bytes([*high, *low]));
            total == 0 || (20..=span.wire).contains(&total)
        }
        _ => true,
    }
}

fn plausible_v6(span: Span<'_>) -> bool {
    match span.bytes {
        [_, _, _, _, high, low, ..] => {
            u32::from(u16::from_be_bytes([*high, *low])) + 40 <= span.wire
        }
        _ => true,
    }
}

/// A network service header: length in words, what follows, service path.
pub(in crate::decode) fn service_header<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "nsh";
    walk.enter(span, LAYER)?;
    let (header, _) = span.header::<8>(LAYER)?;
    let length = usize::from(header[1] & 0x3f) * 4;
    if length < 8 {
        return Err(span.malformed(LAYER, "length below 8"));
    }
    let payload = span.skip(length, LAYER)?;
    walk.tunnel(
        TunnelKind::Nsh,
        u32::from_be_bytes([0, header[4], header[5], header[6]]),
    );
    match header[3] {
        1 | 2 => ip::packet(payload, walk),
        3 => ethernet::frame(payload, walk),
        4 => service_header(payload, walk),
        5 => mpls(payload, walk),
        next => Err(span.not_ip(LAYER, u16::from(next))),
    }
}
