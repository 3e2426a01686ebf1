//! ICMP (RFC 792) and ICMPv6 (RFC 4443) messages, and the packets that their errors quote.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::span::Span;
use super::{IcmpMessage, Quoted, Segment, Stop};

/// Reads an ICMP (`v6` false) or ICMPv6 message from what an IP packet carries.
pub(super) fn message(span: Span<'_>, v6: bool) -> (Segment<'_>, Option<Stop>) {
    let layer = if v6 { "icmpv6" } else { "icmp" };
    let [kind, code, rest @ ..] = span.bytes else {
        let protocol = if v6 { 58 } else { 1 };
        let segment = Segment::Other {
            protocol,
            source_port: 0,
            destination_port: 0,
            payload: span.bytes,
        };
        return (segment, Some(span.truncated(layer, 8)));
    };
    let (kind, code) = (*kind, *code);
    // A message needs only its checksum beyond type and code; what follows the first 8 bytes depends on the type.
    let stop = (rest.len() < 2).then(|| span.truncated(layer, 4));
    let payload = span.bytes.get(8..).unwrap_or(&[]);
    let id = match rest {
        [_, _, a, b, ..] if has_id(v6, kind) => u16::from_be_bytes([*a, *b]),
        _ => 0,
    };
    let quoted = if is_error(v6, kind) {
        quoted(payload)
    } else {
        None
    };
    (
        Segment::Icmp(IcmpMessage {
            v6,
            kind,
            code,
            id,
            quoted,
            payload,
        }),
        stop,
    )
}

/// Echo, timestamp, information and address mask messages carry an identifier.
const fn has_id(v6: bool, kind: u8) -> bool {
    if v6 {
        matches!(kind, 128 | 129)
    } else {
        matches!(kind, 0 | 8 | 13..=18)
    }
}

/// Unreachable, source quench, redirect, time exceeded, parameter problem; in ICMPv6 all below 128 are errors.
const fn is_error(v6: bool, kind: u8) -> bool {
    if v6 {
        matches!(kind, 1..=4)
    } else {
        matches!(kind, 3 | 4 | 5 | 11 | 12)
    }
}

/// The start of a packet, as far as it is there: the addresses at least.
///
/// The quoted total length is not trusted, since senders change it (RFC 1812 section 4.3.2.3) or cut the quote.
fn quoted(bytes: &[u8]) -> Option<Quoted> {
    match bytes.first()? >> 4 {
        4 => quoted_v4(bytes),
        6 => quoted_v6(bytes),
        _ => None,
    }
}

fn quoted_v4(bytes: &[u8]) -> Option<Quoted> {
    let header = bytes.first_chunk::<20>()?;
    let length = usize::from(header[0] & 0x0f) * 4;
    if length < 20 {
        return None;
    }
    let first = u16::from_be_bytes([header[6], header[7]]) & 0x1fff == 0;
    let mut rest = bytes.get(length..).unwrap_or(&[]);
    let mut protocol = header[9];
    if first && protocol == super::ip::AUTHENTICATION {
        (protocol, rest) = after_authentication(rest).unwrap_or((protocol, &[]));
    }
    Some(with_ports(
        IpAddr::V4(Ipv4Addr::new(
            header[12], header[13], header[14], header[15],
        )),
        IpAddr::V4(Ipv4Addr::new(
            header[16], header[17], header[18], header[19],
        )),
        protocol,
        if first { rest } else { &[] },
    ))
}

fn quoted_v6(bytes: &[u8]) -> Option<Quoted> {
    let (header, mut rest) = bytes.split_first_chunk::<40>()?;
    let address = |at: usize| -> Option<IpAddr> {
        let octets: [u8; 16] = header.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    };
    let (source, destination) = (address(8)?, address(24)?);
    let mut protocol = header[6];
    for _ in 0..super::ip::MAX_EXTENSIONS {
        let step = match protocol {
            0 | 43 | 60 => rest.get(1).map(|words| (usize::from(*words) + 1) * 8),
            44 => match rest {
                [_, _, high, low, ..] if u16::from_be_bytes([*high, *low]) & 0xfff8 != 0 => None,
                _ => Some(8),
            },
            super::ip::AUTHENTICATION => rest.get(1).map(|words| (usize::from(*words) + 2) * 4),
            _ => break,
        };
        let next = rest.first().copied();
        // Where the quote ends inside the extension headers, the protocol above stays the last one known.
        let (Some(next), Some(after)) = (next, step.and_then(|step| rest.get(step..))) else {
            if let (44, Some(next)) = (protocol, next) {
                protocol = next;
            }
            rest = &[];
            break;
        };
        (protocol, rest) = (next, after);
    }
    Some(with_ports(source, destination, protocol, rest))
}

fn after_authentication(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let [next, words, ..] = bytes else {
        return None;
    };
    Some((*next, bytes.get((usize::from(*words) + 2) * 4..)?))
}

/// Ports of TCP, UDP, UDP-Lite, SCTP and DCCP, and the sequence number of TCP, if the bytes reach that far.
fn with_ports(source: IpAddr, destination: IpAddr, protocol: u8, bytes: &[u8]) -> Quoted {
    let mut quoted = Quoted {
        source,
        destination,
        protocol,
        source_port: 0,
        destination_port: 0,
        sequence: None,
    };
    if !matches!(protocol, 6 | 17 | 33 | 132 | 136) {
        return quoted;
    }
    if let [a, b, c, d, rest @ ..] = bytes {
        quoted.source_port = u16::from_be_bytes([*a, *b]);
        quoted.destination_port = u16::from_be_bytes([*c, *d]);
        if let (6, Some(sequence)) = (protocol, rest.first_chunk::<4>()) {
            quoted.sequence = Some(u32::from_be_bytes(*sequence));
        }
    }
    quoted
}
