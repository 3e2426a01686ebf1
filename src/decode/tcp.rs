//! TCP headers (RFC 9293 section 3.1).

use etherparse::TcpHeaderSlice;

use super::multipath::{self, Multipath};
use super::span::Span;
use super::{Segment, Stop, TcpFlags, TcpSegment};

const LAYER: &str = "tcp";

/// Reads a TCP header and its payload from what an IP packet carries.
///
/// A header cut or contradicting itself yields what could be read, and the stop: the ports if 4 bytes are there, each
/// further field if its bytes are there, else 0, of the window the largest; the payload is then empty.
pub(super) fn segment(span: Span<'_>) -> (Segment<'_>, Option<Stop>) {
    let Ok(header) = TcpHeaderSlice::from_slice(span.bytes) else {
        return partial(span);
    };
    let length = header.slice().len();
    let payload = &span.bytes[length..];
    let segment = TcpSegment {
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        sequence: header.sequence_number(),
        acknowledgment: header.acknowledgment_number(),
        flags: TcpFlags(span.bytes[13]),
        window: header.window_size(),
        timestamps: timestamps(&span.bytes[20..length]),
        multipath: paths(TcpFlags(span.bytes[13]), &span.bytes[20..length]),
        payload_length: span.wire.saturating_sub(length as u32),
        payload,
    };
    (Segment::Tcp(segment), None)
}

#[cold]
fn partial(span: Span<'_>) -> (Segment<'_>, Option<Stop>) {
    let bytes = span.bytes;
    let be16 = |at: usize| {
        bytes
            .get(at..at + 2)
            .map(|b| u16::from_be_bytes([b[0], b[1]]))
    };
    let be32 = |at: usize| {
        bytes
            .get(at..at + 4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    };
    let data_offset = bytes.get(12).map_or(5, |b| b >> 4);
    let stop = if data_offset < 5 {
        span.malformed(LAYER, "data offset below 5")
    } else if bytes.len() > 12 && u32::from(data_offset) * 4 > span.wire {
        span.malformed(LAYER, "data offset beyond the packet")
    } else {
        span.truncated(LAYER, usize::from(data_offset) * 4)
    };
    let (Some(source_port), Some(destination_port)) = (be16(0), be16(2)) else {
        let segment = Segment::Other {
            protocol: 6,
            source_port: 0,
            destination_port: 0,
            payload: bytes,
        };
        return (segment, Some(stop));
    };
    let payload_length = match data_offset {
        0..5 => 0,
        words => span.wire.saturating_sub(u32::from(words) * 4),
    };
    let segment = TcpSegment {
        source_port,
        destination_port,
        sequence: be32(4).unwrap_or(0),
        acknowledgment: be32(8).unwrap_or(0),
        flags: TcpFlags(bytes.get(13).copied().unwrap_or(0)),
        // What is not known must not look like a closed window.
        window: be16(14).unwrap_or(u16::MAX),
        timestamps: bytes.get(20..).and_then(timestamps),
        multipath: None,
        payload_length: if bytes.len() > 12 { payload_length } else { 0 },
        payload: &[],
    };
    (Segment::Tcp(segment), Some(stop))
}

/// What the options of a SYN say of Multipath TCP.
pub(super) fn paths(flags: TcpFlags, options: &[u8]) -> Option<Multipath> {
    flags
        .has(TcpFlags::SYN)
        .then(|| multipath::read(options))
        .flatten()
}

/// The timestamps option (RFC 7323 section 3.2): value and echo reply.
pub(super) fn timestamps(options: &[u8]) -> Option<(u32, u32)> {
    // As nearly all send it: two bytes of padding, then the option.
    if let [1, 1, 8, 10, a, b, c, d, e, f, g, h, ..] = *options {
        return Some((
            u32::from_be_bytes([a, b, c, d]),
            u32::from_be_bytes([e, f, g, h]),
        ));
    }
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    const TIMESTAMPS: u8 = 8;
    let mut rest = options;
    loop {
        rest = match *rest {
            [] | [END, ..] => return None,
            [NO_OPERATION, ref after @ ..] => after,
            [TIMESTAMPS, 10, a, b, c, d, e, f, g, h, ..] => {
                return Some((
                    u32::from_be_bytes([a, b, c, d]),
                    u32::from_be_bytes([e, f, g, h]),
                ));
            }
            [_, length, ..] if length >= 2 => rest.get(usize::from(length)..)?,
            _ => return None,
        };
    }
}
