//! Mirrored frames in GRE (draft-foschiano-erspan).

use super::super::link;
use super::super::span::{Span, Walk};
use super::Found;
use crate::model::TunnelKind;

const LAYER: &str = "erspan";

/// Type I: no header of its own.
pub(super) fn version_1<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    walk.tunnel(TunnelKind::Erspan, 0);
    link::ethernet_frame(span, walk)
}

/// Type II: version and VLAN, session, index.
pub(super) fn version_2<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, frame) = span.header::<8>(LAYER)?;
    walk.tunnel(TunnelKind::Erspan, session(header[2], header[3]));
    link::ethernet_frame(frame, walk)
}

/// Type III: with a timestamp, a frame type, and a platform's own 8 bytes if its flag is set.
pub(super) fn version_3<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const ETHERNET: u8 = 0;
    const IP: u8 = 2;
    let (header, rest) = span.header::<12>(LAYER)?;
    let payload = if header[11] & 1 == 0 {
        rest
    } else {
        rest.skip(8, LAYER)?
    };
    walk.tunnel(TunnelKind::Erspan, session(header[2], header[3]));
    match header[10] >> 2 & 0x1f {
        ETHERNET => link::ethernet_frame(payload, walk),
        IP => super::ip::packet(payload, walk),
        kind => Err(span.not_ip(LAYER, u16::from(kind))),
    }
}

fn session(high: u8, low: u8) -> u32 {
    u32::from(u16::from_be_bytes([high, low]) & 0x03ff)
}
