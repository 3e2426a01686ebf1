//! Tags that a switch chip puts into frames on the way to the processor, as Linux' DSA devices show them.

use super::super::span::{Span, Walk};
use super::{Found, ether_type};

const LAYER: &str = "switch tag";
/// Destination and source.
const ADDRESSES: usize = 12;

/// A frame with Marvell's DSA tag behind its addresses: in it the VLAN where the frame came with one
/// (tcpdump's `print-dsa.c`).
pub(super) fn marvell<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    marvell_tag(span.skip(ADDRESSES, LAYER)?, walk)
}

/// As [`marvell`], behind an EtherType that the chip was told and two bytes of 0.
pub(super) fn marvell_with_type<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    marvell_tag(span.skip(ADDRESSES + 4, LAYER)?, walk)
}

/// What follows the EtherType of such a tag in a frame that is told as plain Ethernet.
pub(super) fn marvell_behind_type<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    marvell_tag(span.skip(2, LAYER)?, walk)
}

fn marvell_tag<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const TAGGED: u8 = 0x20;
    let (tag, rest) = span.header::<4>(LAYER)?;
    if tag[0] & TAGGED != 0 {
        walk.vlan(u16::from_be_bytes([tag[2], tag[3]]) & 0x0fff);
    }
    typed(rest, walk)
}

/// A frame with Broadcom's tag of four bytes behind its addresses.
pub(super) fn broadcom<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    typed(span.skip(ADDRESSES + 4, LAYER)?, walk)
}

fn typed<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let (number, payload) = span.header::<2>(LAYER)?;
    ether_type(u16::from_be_bytes(*number), payload, walk)
}
