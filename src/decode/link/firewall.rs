//! Headers that firewalls and routers put before the packets that they log: pf, enc, Junos.

use super::super::ip;
use super::super::span::{Span, Walk};
use super::{Found, ether_type, ethernet, serial};

/// pf's log (`struct pfloghdr` of OpenBSD, NetBSD, FreeBSD and macOS): the first byte is the header's length, which is
/// padded to a multiple of 4. Lengths of 61, 69 and 100 are met; the systems number address families differently, so
/// the packet's own version decides.
pub(super) fn pflog<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "pflog";
    /// Up to the rule's number, which all forms have.
    const SHORTEST: usize = 40;
    let length = usize::from(span.byte(0, LAYER)?).next_multiple_of(4);
    if length < SHORTEST {
        return Err(span.malformed(LAYER, "header length below 40"));
    }
    ip::packet(span.skip(length, LAYER)?, walk)
}

/// The inside of IPsec on BSD (`enc(4)`): address family, SPI and flags, then the packet in the clear.
pub(super) fn enc<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    ip::packet(span.skip(12, "enc")?, walk)
}

/// What follows Junos' own header and cookie.
#[derive(Clone, Copy)]
enum Inside {
    Ethernet,
    EtherType,
    Ppp,
    CiscoHdlc,
    FrameRelay,
    Ip,
}

/// Link type, bytes between the header and the frame, the frame (tcpdump's `print-juniper.c`, Wireshark's
/// `packet-juniper.c`).
const JUNIPER: [(u16, usize, Inside); 9] = [
    (136, 8, Inside::Ip),
    (164, 8, Inside::Ip),
    (167, 0, Inside::Ethernet),
    (168, 0, Inside::EtherType),
    (178, 0, Inside::Ethernet),
    (179, 0, Inside::Ppp),
    (180, 0, Inside::FrameRelay),
    (181, 0, Inside::CiscoHdlc),
    (183, 18, Inside::Ip),
];

/// Junos: `MGC`, flags, perhaps extensions with their length, then what the link type says. Without a link layer, four
/// bytes of address family come before the packet.
pub(super) fn juniper<'a>(link_type: u16, span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "juniper";
    const WITHOUT_LINK_LAYER: u8 = 0x02;
    const EXTENDED: u8 = 0x80;
    let (header, mut rest) = span.header::<4>(LAYER)?;
    if !header.starts_with(b"MGC") {
        return Err(span.malformed(LAYER, "no MGC in front"));
    }
    if header[3] & EXTENDED != 0 {
        let (length, after) = rest.header::<2>(LAYER)?;
        rest = after.skip(usize::from(u16::from_be_bytes(*length)), LAYER)?;
    }
    if header[3] & WITHOUT_LINK_LAYER != 0 {
        return ip::packet(rest.skip(4, LAYER)?, walk);
    }
    let known = JUNIPER.iter().find(|(number, ..)| *number == link_type);
    let Some((_, cookie, inside)) = known else {
        return Err(super::unknown(link_type, span));
    };
    let frame = rest.skip(*cookie, LAYER)?;
    match inside {
        Inside::Ethernet => ethernet::frame(frame, walk),
        Inside::EtherType => {
            let (number, payload) = frame.header::<2>(LAYER)?;
            ether_type(u16::from_be_bytes(*number), payload, walk)
        }
        Inside::Ppp => serial::ppp(frame, walk),
        Inside::CiscoHdlc => serial::cisco_hdlc(frame, walk),
        Inside::FrameRelay => serial::frame_relay(frame, walk),
        Inside::Ip => ip::packet(frame, walk),
    }
}
