//! Teredo (RFC 4380): IPv6 in UDP, behind up to two indicators.

use super::super::ip;
use super::super::span::{Span, Walk};
use super::Found;
use crate::model::TunnelKind;

const LAYER: &str = "teredo";

/// Whether a UDP payload on any port is a Teredo packet with certainty: an IPv6 packet of the right length from or to
/// an address of Teredo's prefix (2001::/32), perhaps behind an origin indicator.
#[inline]
pub(super) fn is_certain(bytes: &[u8]) -> bool {
    match bytes {
        [0x60..=0x6f, ..] => is_teredo_packet(bytes),
        [0, 0, _, _, _, _, _, _, rest @ ..] => is_teredo_packet(rest),
        _ => false,
    }
}

fn is_teredo_packet(bytes: &[u8]) -> bool {
    const PREFIX: &[u8] = &[0x20, 0x01, 0, 0];
    let Some((header, rest)) = bytes.split_first_chunk::<40>() else {
        return false;
    };
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    header[0] >> 4 == 6
        && length <= rest.len()
        && (header[8..].starts_with(PREFIX) || header[24..].starts_with(PREFIX))
}

pub(super) fn packet<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let mut rest = span;
    // Authentication: lengths of client id and value, then those, a nonce and a confirmation byte.
    if rest.bytes.starts_with(&[0, 1]) {
        let (header, _) = rest.header::<4>(LAYER)?;
        rest = rest.skip(
            4 + usize::from(header[2]) + usize::from(header[3]) + 9,
            LAYER,
        )?;
    }
    // Origin: port and address.
    if rest.bytes.starts_with(&[0, 0]) {
        rest = rest.skip(8, LAYER)?;
    }
    let (header, _) = rest.header::<6>(LAYER)?;
    let length = u32::from(u16::from_be_bytes([header[4], header[5]])) + 40;
    // Trailers (RFC 6081) may follow the packet, so it may be shorter than the payload, never longer.
    if header[0] >> 4 != 6 || length > rest.wire {
        return Err(rest.malformed(LAYER, "no IPv6 packet"));
    }
    walk.tunnel(TunnelKind::Teredo, 0);
    ip::packet(rest.limit(length), walk)
}
