//! VXLAN (RFC 7348), its generic protocol extension, and GENEVE (RFC 8926).

use super::super::span::{Span, Walk};
use super::super::{ip, link};
use super::Found;
use crate::model::TunnelKind;

/// VXLAN: flags, network identifier, then a frame.
pub(super) fn packet<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "vxlan";
    const IDENTIFIER_IS_VALID: u8 = 0x08;
    let (header, frame) = span.header::<8>(LAYER)?;
    // Group policy sets more flags and fields; the last byte stays reserved in all forms.
    if header[0] & 0x7f != IDENTIFIER_IS_VALID || header[7] != 0 {
        return Err(span.malformed(LAYER, "flags"));
    }
    walk.tunnel(
        TunnelKind::Vxlan,
        u32::from_be_bytes([0, header[4], header[5], header[6]]),
    );
    link::ethernet_frame(frame, walk)
}

/// VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe): what follows is numbered.
pub(super) fn generic<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "vxlan-gpe";
    const NEXT_PROTOCOL: u8 = 0x04;
    let (header, payload) = span.header::<8>(LAYER)?;
    walk.tunnel(
        TunnelKind::VxlanGpe,
        u32::from_be_bytes([0, header[4], header[5], header[6]]),
    );
    let next = if header[0] & NEXT_PROTOCOL == 0 {
        3
    } else {
        header[3]
    };
    match next {
        1 | 2 => ip::packet(payload, walk),
        3 => link::ethernet_frame(payload, walk),
        4 => link::service_header(payload, walk),
        5 => link::mpls(payload, walk),
        next => Err(span.not_ip(LAYER, u16::from(next))),
    }
}

/// GENEVE: version and option length in words, flags, EtherType, network identifier, options.
pub(super) fn geneve<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "geneve";
    let (header, rest) = span.header::<8>(LAYER)?;
    if header[0] >> 6 != 0 {
        return Err(span.malformed(LAYER, "version is not 0"));
    }
    walk.tunnel(
        TunnelKind::Geneve,
        u32::from_be_bytes([0, header[4], header[5], header[6]]),
    );
    let payload = rest.skip(usize::from(header[0] & 0x3f) * 4, LAYER)?;
    link::ether_type(u16::from_be_bytes([header[2], header[3]]), payload, walk)
}
