//! CAPWAP data messages (RFC 5415 section 4.3) between access points and their controller.

use super::super::link;
use super::super::span::{Span, Walk};
use super::Found;
use crate::model::TunnelKind;

const LAYER: &str = "capwap";

/// Preamble, header with its length in words, then an 802.11 or Ethernet frame. Parts of messages that were cut by
/// CAPWAP itself are not rejoined.
pub(super) fn packet<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const NATIVE: u8 = 0x01;
    const FRAGMENT: u8 = 0x80;
    const KEEP_ALIVE: u8 = 0x08;
    let (header, _) = span.header::<8>(LAYER)?;
    let length = usize::from(header[1] >> 3) * 4;
    if header[0] != 0 || header[3] & (FRAGMENT | KEEP_ALIVE) != 0 || length < 8 {
        return Err(span.malformed(LAYER, "no whole data message in the clear"));
    }
    let frame = span.skip(length, LAYER)?;
    walk.tunnel(TunnelKind::Capwap, 0);
    if header[2] & NATIVE == 0 {
        return link::ethernet_frame(frame, walk);
    }
    link::tunnelled_wlan(frame, walk)
}
