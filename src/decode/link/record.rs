//! Endace's extensible record format: one record of a tap, in a file of its own or as a link type of pcap.

use super::super::ip;
use super::super::span::{Span, Walk};
use super::{Found, ethernet, llc, serial};

const LAYER: &str = "erf";
/// The most extension headers that are walked over, as in Wireshark.
const MAX_EXTENSIONS: usize = 16;

/// A record (ERF types reference guide, Wireshark's `packet-erf.c`): time, type, flags, record length, loss or colour,
/// wire length; extension headers of 8 bytes while the highest bit of the type says so; then the frame.
pub(super) fn erf<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const MORE: u8 = 0x80;
    let (header, mut rest) = span.header::<16>(LAYER)?;
    let kind = header[8] & !MORE;
    let mut more = header[8] & MORE != 0;
    for _ in 0..MAX_EXTENSIONS {
        if !more {
            break;
        }
        let (extension, after) = rest.header::<8>(LAYER)?;
        (more, rest) = (extension[0] & MORE != 0, after);
    }
    if more {
        return Err(span.malformed(LAYER, "too many extension headers"));
    }
    match kind {
        // Plain, coloured, both with a hash: two bytes for the alignment, then the frame.
        2 | 11 | 16 | 20 => ethernet::frame(rest.skip(2, LAYER)?, walk),
        1 | 10 | 15 | 19 => serial::ppp_or_cisco(rest, walk),
        // One channel of many: four bytes about it.
        5 | 17 => serial::ppp_or_cisco(rest.skip(4, LAYER)?, walk),
        // AAL5: the first cell's header.
        4 => llc::frame(rest.skip(4, LAYER)?, walk),
        22 | 23 => ip::packet(rest, walk),
        kind => Err(span.not_ip(LAYER, u16::from(kind))),
    }
}
