//! Tunnels in IP and in UDP.
//!
//! A tunnel is one only if a sound packet comes out of it. Else the packet at hand stays what it is, so a port number
//! alone never hides a flow.

mod capwap;
mod erspan;
mod gre;
mod gtp;
mod l2tp;
mod mirror;
mod teredo;
mod vxlan;

use super::span::{Span, Walk};
use super::{Carrier, Found, Packet, Stop, StopReason, ip, link};
use crate::model::TunnelKind;

type TunnelReader<'a> = fn(Span<'a>, &mut Walk) -> Found<'a>;

/// The packet inside what an IP packet of that protocol carries. On `None` the walk is as it was.
pub(super) fn in_ip<'a>(protocol: u8, span: Span<'a>, walk: &mut Walk) -> Option<Packet<'a>> {
    let reader: Option<TunnelReader<'a>> = match protocol {
        // IP in IP (RFC 2003, and its forerunner 94), IPv6 in IP (RFC 4213).
        4 | 41 | 94 => Some(ip_in_ip),
        47 => Some(gre::packet),
        97 => Some(ethernet_in_ip),
        115 => Some(l2tp::version_3_in_ip),
        137 => Some(link::mpls),
        _ => None,
    };
    attempt(reader?, span, walk, |_| true)
}

/// The packet inside a UDP payload, by source and destination port. On `None` the walk is as it was. Of `carrier`, what depends on the walk is
/// filled in here.
#[inline]
pub(super) fn in_udp<'a>(
    ports: (u16, u16),
    carrier: impl FnOnce(TunnelKind) -> Carrier,
    span: Span<'a>,
    walk: &mut Walk,
) -> Option<Packet<'a>> {
    let (kind, reader): (_, TunnelReader<'a>) = match ports {
        (_, 4789 | 8472) => (TunnelKind::Vxlan, vxlan::packet),
        (_, 4790) => (TunnelKind::VxlanGpe, vxlan::generic),
        (_, 6081) => (TunnelKind::Geneve, vxlan::geneve),
        (2152, _) | (_, 2152) => (TunnelKind::Gtp, gtp::packet),
        (3544, _) | (_, 3544) => (TunnelKind::Teredo, teredo::packet),
        (_, 4754) => (TunnelKind::Gre, gre::packet),
        (5247, _) | (_, 5247) => (TunnelKind::Capwap, capwap::packet),
        (1701, _) | (_, 1701) => (TunnelKind::L2tp, l2tp::in_udp),
        (_, 6635) => (TunnelKind::Mpls, link::mpls),
        (_, 37008) => (TunnelKind::Tzsp, mirror::tzsp),
        (_, 30030) => (TunnelKind::JMirror, mirror::juniper),
        (_, 4341) => (TunnelKind::Lisp, mirror::lisp),
        (_, 6080) => (TunnelKind::Gue, mirror::generic),
        (_, 7932) => (TunnelKind::HpErm, mirror::hp),
        (_, 5555) => (TunnelKind::ArubaErm, mirror::aruba),
        // Peers and relays use any port.
        _ if teredo::is_certain(span.bytes) => (TunnelKind::Teredo, teredo::packet),
        _ => return None,
    };
    carried(carrier(kind), reader, span, walk)
}

#[cold]
fn carried<'a>(
    carrier: Carrier,
    reader: TunnelReader<'a>,
    span: Span<'a>,
    walk: &mut Walk,
) -> Option<Packet<'a>> {
    let carriers = walk.carriers.len();
    walk.carriers.push(Carrier {
        vlans: walk.vlans.len() as u8,
        tunnels: walk.tunnels.len() as u8,
        ..carrier
    });
    let inner = attempt(reader, span, walk, is_sound);
    if inner.is_none() {
        walk.carriers.truncate(carriers);
    }
    inner
}

/// Runs a reader; unless a packet that suits comes out, the walk is put back to what it was.
#[cold]
fn attempt<'a>(
    read: TunnelReader<'a>,
    span: Span<'a>,
    walk: &mut Walk,
    suits: fn(&Packet<'a>) -> bool,
) -> Option<Packet<'a>> {
    let before = walk.clone();
    let read = read(span, walk);
    let deep = read.as_ref().err().copied();
    let deep = deep.filter(|stop| stop.reason == StopReason::TooDeep);
    let packet = read.ok().filter(suits);
    if packet.is_none() {
        *walk = before;
        walk.too_deep = deep;
    }
    packet
}

/// A cut packet is sound as far as it goes; one that contradicts itself is likely no packet at all.
fn is_sound(packet: &Packet<'_>) -> bool {
    packet
        .stop
        .is_none_or(|stop| !matches!(stop.reason, StopReason::Malformed(_)))
}

fn ip_in_ip<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    let v6 = span.byte(0, "ip-in-ip")? >> 4 == 6;
    let kind = if v6 {
        TunnelKind::Ipv6InIp
    } else {
        TunnelKind::IpInIp
    };
    walk.tunnel(kind, 0);
    ip::packet(span, walk)
}

/// EtherIP (RFC 3378): version 3, then a frame.
fn ethernet_in_ip<'a>(span: Span<'a>, walk: &mut Walk) -> Found<'a> {
    const LAYER: &str = "etherip";
    let (header, frame) = span.header::<2>(LAYER)?;
    if header[0] >> 4 != 3 {
        return Err(span.malformed(LAYER, "version is not 3"));
    }
    walk.tunnel(TunnelKind::EtherIp, 0);
    link::ethernet_frame(frame, walk)
}
