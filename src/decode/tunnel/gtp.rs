//! User packets of mobile networks: GTP-U version 1 (3GPP TS 29.281), and version 0.

use super::super::ip;
use super::super::span::{Span, Walk};
use super::Found;
use crate::model::TunnelKind;

const LAYER: &str = "gtp";
/// Message type of user packets.
const USER_PACKET: u8 = 0xff;
/// The most extension headers that are walked over.
const MAX_EXTENSIONS: usize = 16;

pub(super) fn packet<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const OPTIONAL_FIELDS: u8 = 0x07;
    const EXTENSION: u8 = 0x04;
    let (header, rest) = span.header::<8>(LAYER)?;
    let [flags, kind, high, low, tunnel @ ..] = *header;
    // Version 1 and protocol type GTP; the length counts from after these 8 bytes.
    if flags & 0xf0 != 0x30 || kind != USER_PACKET {
        return Err(span.malformed(LAYER, "no user packet"));
    }
    let mut payload = rest.limit(u32::from(u16::from_be_bytes([high, low])));
    walk.tunnel(TunnelKind::Gtp, u32::from_be_bytes(tunnel));
    if flags & OPTIONAL_FIELDS != 0 {
        let (fields, after) = payload.header::<4>(LAYER)?;
        payload = after;
        let mut next = if flags & EXTENSION == 0 { 0 } else { fields[3] };
        for _ in 0..MAX_EXTENSIONS {
            if next == 0 {
                break;
            }
            let length = usize::from(payload.byte(0, LAYER)?) * 4;
            if length == 0 {
                return Err(payload.malformed(LAYER, "extension header of length 0"));
            }
            next = payload.byte(length - 1, LAYER)?;
            payload = payload.skip(length, LAYER)?;
        }
    }
    ip::packet(payload, walk)
}
