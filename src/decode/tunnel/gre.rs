//! Generic routing encapsulation (RFC 2784, RFC 2890), with routing (RFC 1701), as PPTP (RFC 2637) and NVGRE (RFC 7637)
//! use it, and as Cisco's WCCP and Aruba's access points bend it.

use super::super::span::{Span, Walk};
use super::super::{ip, link};
use super::{Found, erspan};
use crate::model::TunnelKind;

const LAYER: &str = "gre";
const CHECKSUM: u8 = 0x80;
const ROUTING: u8 = 0x40;
const KEY: u8 = 0x20;
const SEQUENCE: u8 = 0x10;
/// In the second byte, of version 1 only.
const ACKNOWLEDGMENT: u8 = 0x80;

pub(super) fn packet<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (header, mut rest) = span.header::<4>(LAYER)?;
    let [flags, version, ..] = *header;
    let protocol = u16::from_be_bytes([header[2], header[3]]);
    if version & 0x07 > 1 {
        return Err(span.malformed(LAYER, "version above 1"));
    }
    if flags & (CHECKSUM | ROUTING) != 0 {
        rest = rest.skip(4, LAYER)?;
    }
    let mut key = 0;
    if flags & KEY != 0 {
        let (bytes, after) = rest.header::<4>(LAYER)?;
        (key, rest) = (u32::from_be_bytes(*bytes), after);
    }
    let sequenced = flags & SEQUENCE != 0;
    if sequenced {
        rest = rest.skip(4, LAYER)?;
    }
    if version & 0x07 == 1 {
        return point_to_point(span, protocol, key, version, rest, walk);
    }
    if flags & ROUTING != 0 {
        rest = after_routes(rest)?;
    }
    walk.tunnel(TunnelKind::Gre, key);
    match protocol {
        0x88be if sequenced => erspan::version_2(rest, walk),
        // Without a sequence number it is ERSPAN of type I: the frame alone.
        0x88be => erspan::version_1(rest, walk),
        0x22eb => erspan::version_3(rest, walk),
        0x883e => web_cache(rest, walk),
        // Access points of Aruba, which count through these numbers.
        0x8200..=0x837f | 0x9000 => link::tunnelled_wlan(rest, walk),
        _ => link::ether_type(protocol, rest, walk),
    }
}

/// PPTP: the key is the payload's length and the call.
fn point_to_point<'a>(
    span: Span<'a>,
    protocol: u16,
    key: u32,
    version: u8,
    rest: Span<'a>,
    walk: &mut Walk,
) -> Found<'a> {
    if protocol != 0x880b {
        return Err(span.not_ip(LAYER, protocol));
    }
    let rest = if version & ACKNOWLEDGMENT == 0 {
        rest
    } else {
        rest.skip(4, LAYER)?
    };
    walk.tunnel(TunnelKind::Pptp, key & 0xffff);
    link::ppp(rest.limit(key >> 16), walk)
}

/// Source route entries: family, offset, length; one of length 0 ends them.
fn after_routes(span: Span<'_>) -> Result<Span<'_>, super::Stop> {
    let mut rest = span;
    loop {
        let (entry, after) = rest.header::<4>(LAYER)?;
        rest = after.skip(usize::from(entry[3]), LAYER)?;
        if entry[3] == 0 {
            return Ok(rest);
        }
    }
}

/// WCCP: version 2 puts a redirect header of 4 bytes before the packet.
fn web_cache<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    match span.byte(0, LAYER)? >> 4 {
        4 | 6 => ip::packet(span, walk),
        _ => ip::packet(span.skip(4, LAYER)?, walk),
    }
}
