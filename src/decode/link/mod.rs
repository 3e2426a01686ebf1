//! Link layers: from a frame's first byte to the IP packet in it, by LINKTYPE, then by EtherType.

mod cooked;
mod ethernet;
mod firewall;
mod label;
mod llc;
mod record;
mod serial;
mod switch_tag;
mod tag;
mod wireless;

pub(super) use ethernet::frame as ethernet_frame;
pub(super) use label::{mpls, service_header};
pub(super) use serial::ppp;
pub(super) use wireless::tunnelled_wlan;

use super::span::{Span, Walk};
use super::{Found, Stop, StopReason, ip};
use crate::model::HIDING;

/// Reads a frame of the given LINKTYPE_ value (<https://www.tcpdump.org/linktypes.html>).
pub(super) fn frame<'a>(link_type: u16, span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    if link_type == 1 {
        return ethernet::frame(span, walk);
    }
    // Some headers name the link type of what follows, which may be such a header again.
    walk.enter(span, "link")?;
    match link_type {
        12 | 14 | 101 | 228 | 229 => ip::packet(span, walk),
        0 | 108 => cooked::null(span, walk),
        113 => cooked::linux_cooked(span, walk),
        276 => cooked::linux_cooked_v2(span, walk),
        226 => cooked::ipnet(span, walk),
        239 => cooked::nflog(span, walk),
        258 => cooked::pktap(span, walk),
        192 => cooked::per_packet_information(span, walk),
        6 => ethernet::token_ring(span, walk),
        10 => ethernet::fddi(span, walk),
        // Captures of a network analyser: 4 bytes of its own, and the preamble in the second kind.
        240 => ethernet::frame(span.skip(4, "netanalyzer")?, walk),
        241 => ethernet::frame(span.skip(12, "netanalyzer")?, walk),
        274 => ethernet::frame(span.skip(8, "ethernet preamble")?, walk),
        9 => serial::ppp(span, walk),
        50 => serial::ppp_or_cisco(span, walk),
        51 => serial::pppoe(span, walk),
        104 => serial::cisco_hdlc(span, walk),
        107 => serial::frame_relay(span, walk),
        // The same with one byte for the direction in front.
        204 => serial::ppp(span.skip(1, "direction")?, walk),
        205 => serial::cisco_hdlc(span.skip(1, "direction")?, walk),
        206 => serial::frame_relay(span.skip(1, "direction")?, walk),
        105 => wireless::wlan(span, walk, 0),
        119 => wireless::prism(span, walk),
        127 => wireless::radiotap(span, walk),
        163 => wireless::avs(span, walk),
        219 => label::mpls(span, walk),
        117 => firewall::pflog(span, walk),
        109 => firewall::enc(span, walk),
        136 | 164 | 167 | 168 | 178..=181 | 183 => firewall::juniper(link_type, span, walk),
        197 => record::erf(span, walk),
        281 => switch_tag::broadcom(span, walk),
        282 => ethernet::frame(span.skip(4, "switch tag")?, walk),
        284 => switch_tag::marvell(span, walk),
        285 => switch_tag::marvell_with_type(span, walk),
        166 => serial::ppp_of_daemon(span, walk),
        242 => ethernet::infiniband(span, walk),
        _ => Err(unknown(link_type, span)),
    }
}

/// The stop at a link type that is not decoded.
#[cold]
fn unknown(link_type: u16, span: Span<'_>) -> Stop {
    Stop {
        layer: "link",
        reason: StopReason::UnknownLink(link_type),
        offset: span.offset,
    }
}

/// Reads what follows an EtherType.
pub(super) fn ether_type<'a>(number: u16, span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    match number {
        0x0800 | 0x86dd => return ip::packet(span, walk),
        // Below 0x0600 it is the length of an IEEE 802.3 frame.
        0..0x0600 => return llc::frame(span.limit(u32::from(number)), walk),
        _ => walk.enter(span, "ethertype")?,
    }
    match number {
        0x8100 | 0x88a8 | 0x9100 | 0x9200 | 0x9300 => tag::vlan(span, walk),
        0x8847 | 0x8848 => label::mpls(span, walk),
        0x894f => label::service_header(span, walk),
        0x8864 => serial::pppoe(span, walk),
        0x880b => serial::ppp(span, walk),
        0x6558 => ethernet::frame(span, walk),
        0x88e5 => tag::macsec(span, walk),
        0x88e7 => tag::backbone(span, walk),
        0x8903 => tag::fabric_path(span, walk),
        0x8909 => tag::cisco_metadata(span, walk),
        0x8926 => tag::virtual_interface(span, walk),
        0x893f => tag::bridge_port_extension(span, walk),
        0x22f3 => tag::trill(span, walk),
        0xd28b => tag::arista(span, walk),
        0x892f => tag::ring_redundancy(span, walk),
        0xdada => switch_tag::marvell_behind_type(span, walk),
        // A tap's or a switch's own header that is not known is no ARP: what lies behind it is missing.
        _ if ip::hides_packet(span.bytes, span.wire) => Err(span.not_ip(HIDING, number)),
        // Jumbo frames of LLC, and IEEE 802.2 behind an OUI extended EtherType, are too rare to be told from others.
        _ => Err(span.not_ip("ethertype", number)),
    }
}
