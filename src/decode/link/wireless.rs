//! IEEE 802.11 data frames, bare or behind a receiver's header.

use super::super::span::{Span, Walk};
use super::{Found, llc};

const LAYER: &str = "802.11";

/// An 802.11 frame; `align` is 4 where the receiver padded the header to a multiple of 4, else 0.
pub(in crate::decode) fn wlan<'a>(span: Span<'a>, walk: &mut Walk, align: usize) -> Found<'a> {
    let (control, _) = span.header::<2>(LAYER)?;
    data_frame(*control, span, walk, align)
}

/// An 802.11 frame from an access point's tunnel; some of Cisco's swap the bytes of its frame control.
pub(in crate::decode) fn tunnelled_wlan<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let ([first, second], _) = span.header::<2>(LAYER)?;
    let is_data = |kind: u8| kind & 0x0f == 0x08;
    let swapped = is_data(*second) && !is_data(*first);
    data_frame(
        if swapped {
            [*second, *first]
        } else {
            [*first, *second]
        },
        span,
        walk,
        0,
    )
}

/// A frame of that frame control: type and subtype, flags.
fn data_frame<'a>(control: [u8; 2], span: Span<'a>, walk: &mut Walk, align: usize) -> Found<'a> {
    let [kind, flags] = control;
    let (data, with_payload) = (kind & 0x0c == 0x08, kind & 0x40 == 0);
    let (quality, encrypted, ordered) = (kind & 0x80 != 0, flags & 0x40 != 0, flags & 0x80 != 0);
    if !data || !with_payload || encrypted {
        return Err(span.not_ip(LAYER, u16::from_be_bytes(control)));
    }
    let four_addresses = flags & 0x03 == 0x03;
    let mut length = if four_addresses { 30 } else { 24 };
    let mut aggregated = false;
    if quality {
        aggregated = span.byte(length, LAYER)? & 0x80 != 0;
        length += if ordered { 6 } else { 2 };
    }
    if align != 0 {
        length = length.next_multiple_of(align);
    }
    let mut payload = span.skip(length, LAYER)?;
    if aggregated {
        // Destination, source and length of the first part; the others share its direction and are left.
        let (part, rest) = payload.header::<14>(LAYER)?;
        payload = rest.limit(u32::from(u16::from_be_bytes([part[12], part[13]])));
    }
    llc::frame(payload, walk)
}

/// Radiotap: version, padding, length, bitmaps of fields, all little-endian.
pub(super) fn radiotap<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "radiotap";
    const TIME: u32 = 1;
    const FLAGS: u32 = 2;
    const PADDED: u8 = 0x20;
    let (header, rest) = span.header::<8>(LAYER)?;
    let length = usize::from(u16::from_le_bytes([header[2], header[3]]));
    if length < 8 {
        return Err(span.malformed(LAYER, "header length below 8"));
    }
    let inner = span.skip(length, LAYER)?;
    let present = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    let mut more = present & 0x8000_0000 != 0;
    let (mut at, mut fields) = (8, rest);
    while more && at + 4 <= length {
        let (bitmap, after) = fields.header::<4>(LAYER)?;
        (more, fields, at) = (bitmap[3] & 0x80 != 0, after, at + 4);
    }
    if present & TIME != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    let flags = if present & FLAGS != 0 && at < length {
        span.byte(at, LAYER)?
    } else {
        0
    };
    wlan(inner, walk, if flags & PADDED == 0 { 0 } else { 4 })
}

/// Prism: 144 bytes, or an AVS header in its place.
pub(super) fn prism<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    match span.header::<4>("prism")?.0 {
        [0x80, 0x21, 0x10, _] => avs(span, walk),
        _ => wlan(span.skip(144, "prism")?, walk, 0),
    }
}

/// AVS: version and header length, big-endian.
pub(super) fn avs<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "avs";
    let (header, _) = span.header::<8>(LAYER)?;
    let length = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
    if length < 8 {
        return Err(span.malformed(LAYER, "header length below 8"));
    }
    wlan(span.skip(length as usize, LAYER)?, walk, 0)
}
