//! Links between two ends: PPP, PPPoE, Cisco HDLC, frame relay.

use super::super::ip;
use super::super::span::{Span, Walk};
use super::{Found, ether_type, label, llc};
use crate::model::TunnelKind;

/// PPP (RFC 1661), with or without address and control, the protocol in one byte or two.
pub(in crate::decode) fn ppp<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "ppp";
    let span = if span.bytes.starts_with(&[0xff, 0x03]) {
        span.skip(2, LAYER)?
    } else {
        span
    };
    let first = span.byte(0, LAYER)?;
    // An odd first byte is the end of the number: its high byte 0 was left out (RFC 1661 section 6.5).
    let (protocol, payload) = if first & 1 != 0 {
        (u16::from(first), span.skip(1, LAYER)?)
    } else {
        (span.be16(0, LAYER)?, span.skip(2, LAYER)?)
    };
    match protocol {
        0x0021 | 0x0057 => ip::packet(payload, walk),
        0x0281 | 0x0283 => label::mpls(payload, walk),
        _ => Err(span.not_ip(LAYER, protocol)),
    }
}

/// PPP as Linux' pppd shows it: the direction, 0 or 1, stands in the place of the address.
pub(super) fn ppp_of_daemon<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    match span.bytes {
        [0 | 1, 0x03, ..] => ppp(span.skip(2, "ppp")?, walk),
        _ => ppp(span, walk),
    }
}

/// PPP in HDLC framing, or Cisco HDLC, told by the first byte.
pub(super) fn ppp_or_cisco<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    match span.byte(0, "hdlc")? {
        0x0f | 0x8f => cisco_hdlc(span, walk),
        _ => ppp(span, walk),
    }
}

/// Cisco HDLC: address, control, EtherType.
pub(super) fn cisco_hdlc<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, payload) = span.header::<4>("c-hdlc")?;
    match u16::from_be_bytes([header[2], header[3]]) {
        number @ 0x0600.. => ether_type(number, payload, walk),
        number => Err(span.not_ip("c-hdlc", number)),
    }
}

/// A PPPoE session (RFC 2516): version and type, code, session, length, then PPP without address and control.
pub(super) fn pppoe<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, payload) = span.header::<6>("pppoe")?;
    if header[0] != 0x11 {
        return Err(span.malformed("pppoe", "version or type is not 1"));
    }
    walk.tunnel(
        TunnelKind::Pppoe,
        u32::from(u16::from_be_bytes([header[2], header[3]])),
    );
    let length = u32::from(u16::from_be_bytes([header[4], header[5]]));
    ppp(payload.limit(length), walk)
}

/// Frame relay (RFC 2427): an address of 2 to 4 bytes, then NLPID, or an EtherType as Cisco does.
pub(super) fn frame_relay<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "frame relay";
    const UNNUMBERED: u8 = 0x03;
    let Some(last) = span.bytes.iter().take(4).position(|byte| byte & 1 != 0) else {
        return Err(span.malformed(LAYER, "address without an end"));
    };
    let after = span.skip(last + 1, LAYER)?;
    if after.byte(0, LAYER)? != UNNUMBERED {
        let (number, payload) = after.header::<2>(LAYER)?;
        return ether_type(u16::from_be_bytes(*number).max(0x0600), payload, walk);
    }
    let padded = after.byte(1, LAYER)? == 0;
    let payload = after.skip(if padded { 2 } else { 1 }, LAYER)?;
    let (number, payload) = payload.header::<1>(LAYER)?;
    match number {
        [0xcc | 0x8e] => ip::packet(payload, walk),
        [0x80] => llc::snap(payload, walk),
        [number] => Err(span.not_ip(LAYER, u16::from(*number))),
    }
}
