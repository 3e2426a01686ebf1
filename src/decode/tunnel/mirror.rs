//! Frames that routers send to a collector in UDP: TZSP, Juniper's packet mirroring; and LISP.

use super::super::span::{Span, Walk};
use super::super::{ip, link};
use super::Found;

/// TaZmen Sniffer Protocol, as MikroTik and wireless sensors stream (Wireshark's `packet-tzsp.c`): version, type, what
/// is inside, then tagged fields up to the end mark.
pub(super) fn tzsp<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "tzsp";
    const END: u8 = 1;
    const PADDING: u8 = 0;
    let (header, mut rest) = span.header::<4>(LAYER)?;
    // Received frames and frames to send; the other types keep the stream alive.
    if header[0] != 1 || header[1] > 1 {
        return Err(span.not_ip(LAYER, u16::from(header[1])));
    }
    loop {
        let (tag, after) = rest.header::<1>(LAYER)?;
        rest = after;
        match tag[0] {
            END => break,
            PADDING => {}
            _ => {
                let length = usize::from(rest.byte(0, LAYER)?);
                rest = rest.skip(1 + length, LAYER)?;
            }
        }
    }
    walk.tunnel(LAYER, 0);
    match u16::from_be_bytes([header[2], header[3]]) {
        1 => link::ethernet_frame(rest, walk),
        18 => link::tunnelled_wlan(rest, walk),
        kind => Err(span.not_ip(LAYER, kind)),
    }
}

/// Juniper's packet mirroring of subscribers (Wireshark's `packet-jmirror.c`): intercept and session, then an IP packet,
/// or a frame with its link layer.
pub(super) fn juniper<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "jmirror";
    let (header, rest) = span.header::<8>(LAYER)?;
    walk.tunnel(
        LAYER,
        u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
    );
    match rest.bytes {
        [0x45..=0x4f | 0x60..=0x6f, ..] => ip::packet(rest, walk),
        [0xff, 0x03, ..] => link::ppp(rest, walk),
        _ => link::ethernet_frame(rest, walk),
    }
}

/// LISP's data (RFC 9300 section 5.3): flags and nonce, locator bits, then the packet.
pub(super) fn lisp<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "lisp";
    let (header, rest) = span.header::<8>(LAYER)?;
    let instance = match header[0] & 0x08 {
        0 => 0,
        _ => u32::from_be_bytes([0, header[4], header[5], header[6]]),
    };
    walk.tunnel(LAYER, instance);
    ip::packet(rest, walk)
}
