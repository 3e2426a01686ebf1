//! Which lane a frame belongs to, by a glance at its plain headers.

use super::tunnel::is_tunnel_port;
use crate::model::Lane;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// The lane of a frame: that of the TCP or UDP flow that it belongs to, where headers without fragments, options of
/// IPv6 or tunnels say so; else [`Lane::COMMON`]. Evidence of one flow merges whatever lanes it was gathered in: this is
/// for speed alone, and no check of what it reads.
///
/// `link_type` is a LINKTYPE_ value, `bytes` what was captured.
#[inline]
#[must_use]
pub fn lane(link_type: u16, bytes: &[u8]) -> Lane {
    read(link_type, bytes).unwrap_or(Lane::COMMON)
}

#[inline]
fn read(link_type: u16, bytes: &[u8]) -> Option<Lane> {
    match link_type {
        1 => ethernet(bytes),
        // RAW, IPV4 and IPV6 of www.tcpdump.org/linktypes.html.
        12 | 14 | 101 | 228 | 229 => versioned(bytes),
        // NULL and LOOP.
        0 | 108 => versioned(bytes.get(4..)?),
        // LINUX_SLL and LINUX_SLL2.
        113 => network(u16_at(bytes, 14)?, bytes.get(16..)?),
        276 => network(u16_at(bytes, 0)?, bytes.get(20..)?),
        _ => None,
    }
}

#[inline]
fn ethernet(bytes: &[u8]) -> Option<Lane> {
    let mut at = 12;
    let mut kind = u16_at(bytes, at)?;
    // Two tags of IEEE 802.1Q at most.
    for _ in 0..2 {
        if !matches!(kind, 0x8100 | 0x88a8) {
            break;
        }
        at += 4;
        kind = u16_at(bytes, at)?;
    }
    network(kind, bytes.get(at + 2..)?)
}

fn versioned(bytes: &[u8]) -> Option<Lane> {
    match bytes.first()? >> 4 {
        4 => ipv4(bytes),
        6 => ipv6(bytes),
        _ => None,
    }
}

#[inline]
fn network(kind: u16, bytes: &[u8]) -> Option<Lane> {
    match kind {
        IPV4 => ipv4(bytes),
        IPV6 => ipv6(bytes),
        _ => None,
    }
}

#[inline]
fn ipv4(bytes: &[u8]) -> Option<Lane> {
    let (header, rest) = bytes.split_first_chunk::<20>()?;
    let words = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let address = |at: usize| u32::from(words(at)) << 16 | u32::from(words(at + 2));
    // More fragments, or not the first one (RFC 791 section 3.1).
    if words(6) & 0x3fff != 0 {
        return None;
    }
    let options = usize::from(header[0] & 15).checked_sub(5)? * 4;
    let ports = ports(header[9], rest.get(options..)?)?;
    Some(Lane::of_v4((address(12), address(16)), ports))
}

#[inline]
fn ipv6(bytes: &[u8]) -> Option<Lane> {
    let (header, rest) = bytes.split_first_chunk::<40>()?;
    let (_, addresses) = header.split_at(8);
    let (source, destination) = addresses.split_first_chunk::<16>()?;
    let destination = destination.first_chunk::<16>()?;
    let ports = ports(header[6], rest)?;
    let addresses = (
        u128::from_be_bytes(*source),
        u128::from_be_bytes(*destination),
    );
    Some(Lane::of_v6(addresses, ports))
}

#[inline]
fn ports(protocol: u8, bytes: &[u8]) -> Option<(u16, u16)> {
    let ports = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
    match protocol {
        TCP => Some(ports),
        UDP if !is_tunnel_port(ports.0, ports.1) => Some(ports),
        _ => None,
    }
}

#[inline]
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_be_bytes(*two))
}
