//! IEEE 802.2 LLC and SNAP.

use super::super::ip;
use super::super::span::{Span, Walk};
use super::{Found, ether_type, ethernet};

/// A frame from its destination service access point on.
pub(super) fn frame<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    walk.enter(span, "llc")?;
    let (header, payload) = span.header::<3>("llc")?;
    match header {
        [0xaa, 0xaa | 0xab, 0x03] => snap(payload, walk),
        [0x06, 0x06, 0x03] => ip::packet(payload, walk),
        [destination, ..] => Err(span.not_ip("llc", u16::from(*destination))),
    }
}

/// What follows LLC's SNAP service access point: an organisation and its protocol number.
pub(super) fn snap<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, payload) = span.header::<5>("snap")?;
    let number = u16::from_be_bytes([header[3], header[4]]);
    match (header[..3].first_chunk(), number) {
        // RFC 1042, and the bridge tunnel encapsulation of IEEE 802.1H.
        (Some([0, 0, 0] | [0, 0, 0xf8]), 0x0600..) => ether_type(number, payload, walk),
        // Bridged Ethernet (RFC 2427), with and without the frame check sequence.
        (Some([0x00, 0x80, 0xc2]), 1 | 7) => ethernet::frame(payload, walk),
        _ => Err(span.not_ip("snap", number)),
    }
}
