//! Frames that routers, switches and access points send to a collector in UDP; and LISP and GUE.

use super::super::span::{Span, Walk};
use super::super::{ip, link};
use super::Found;
use crate::model::TunnelKind;

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
    walk.tunnel(TunnelKind::Tzsp, 0);
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
        TunnelKind::JMirror,
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
    walk.tunnel(TunnelKind::Lisp, instance);
    ip::packet(rest, walk)
}

/// HP's encapsulated remote mirroring (Wireshark's `packet-hp-erm.c`): 12 bytes, then a frame.
pub(super) fn hp<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "hp-erm";
    let frame = span.skip(12, LAYER)?;
    walk.tunnel(TunnelKind::HpErm, 0);
    link::ethernet_frame(frame, walk)
}

/// Aruba's access points (Wireshark's `packet-aruba-erm.c`): the header of a pcap record, then an 802.11 frame.
pub(super) fn aruba<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "aruba-erm";
    let frame = span.skip(16, LAYER)?;
    walk.tunnel(TunnelKind::ArubaErm, 0);
    link::tunnelled_wlan(frame, walk)
}

/// Generic UDP encapsulation (draft-ietf-intarea-gue): variant 0 with a header that numbers the protocol, variant 1
/// with the IP packet at once.
pub(super) fn generic<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "gue";
    const CONTROL: u8 = 0x20;
    let first = span.byte(0, LAYER)?;
    if first >> 6 == 1 {
        walk.tunnel(TunnelKind::Gue, 0);
        return ip::packet(span, walk);
    }
    let (header, rest) = span.header::<4>(LAYER)?;
    if first & 0xc0 != 0 || first & CONTROL != 0 {
        return Err(span.not_ip(LAYER, u16::from(first)));
    }
    let payload = rest.skip(usize::from(first & 0x1f) * 4, LAYER)?;
    walk.tunnel(TunnelKind::Gue, 0);
    match header[1] {
        4 | 41 => ip::packet(payload, walk),
        protocol => Err(span.not_ip(LAYER, u16::from(protocol))),
    }
}
