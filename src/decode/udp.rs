//! UDP headers (RFC 768), and the ports of protocols that lay them out as UDP does.

use etherparse::UdpHeaderSlice;

use super::span::Span;
use super::{Segment, Stop, UdpDatagram};

const LAYER: &str = "udp";

/// Reads a UDP header and its payload from what an IP packet carries.
///
/// The payload ends where the length field says, or with the IP packet if that is earlier; a length of 0 means "to the
/// end of the packet" (RFC 2675 section 4, segmentation offload). `part` says that this is a first fragment, where
/// the field may say more than is here.
pub(super) fn datagram(span: Span<'_>, part: bool) -> (Segment<'_>, Option<Stop>) {
    let Ok(header) = UdpHeaderSlice::from_slice(span.bytes) else {
        return partial(span);
    };
    let (length, mut stop) = match u32::from(header.length()) {
        0 => (span.wire, None),
        length @ 1..8 => (8, Some((length, "length below 8"))),
        length if length > span.wire && !part => {
            (span.wire, Some((length, "length beyond the packet")))
        }
        length => (length.min(span.wire), None),
    };
    let payload = &span.bytes[8..span.bytes.len().min(length as usize).max(8)];
    let segment = UdpDatagram {
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        payload_length: length.saturating_sub(8),
        payload,
    };
    (
        Segment::Udp(segment),
        stop.take().map(|(_, what)| span.malformed(LAYER, what)),
    )
}

/// The payload of a datagram, with its place in the frame; `span` is the datagram's own.
pub(super) fn payload_span<'a>(span: Span<'a>, datagram: &UdpDatagram<'a>) -> Span<'a> {
    Span {
        bytes: datagram.payload,
        wire: datagram.payload_length,
        offset: span.offset.saturating_add(8),
    }
}

/// The ports of a protocol whose header starts with them (UDP-Lite, SCTP, DCCP).
pub(super) fn ports_first<'a>(
    span: Span<'a>,
    protocol: u8,
    layer: &'static str,
) -> (Segment<'a>, Option<Stop>) {
    let (ports, stop) = match span.bytes {
        [a, b, c, d, ..] => (
            [u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])],
            None,
        ),
        _ => ([0, 0], Some(span.truncated(layer, 4))),
    };
    let [source_port, destination_port] = ports;
    (
        Segment::Other {
            protocol,
            source_port,
            destination_port,
            payload: span.bytes,
        },
        stop,
    )
}

#[cold]
fn partial(span: Span<'_>) -> (Segment<'_>, Option<Stop>) {
    let stop = Some(span.truncated(LAYER, 8));
    let [a, b, c, d, length @ ..] = span.bytes else {
        let segment = Segment::Other {
            protocol: 17,
            source_port: 0,
            destination_port: 0,
            payload: span.bytes,
        };
        return (segment, stop);
    };
    let length = match length {
        [high, low, ..] => u32::from(u16::from_be_bytes([*high, *low])).min(span.wire),
        _ => span.wire,
    };
    let segment = UdpDatagram {
        source_port: u16::from_be_bytes([*a, *b]),
        destination_port: u16::from_be_bytes([*c, *d]),
        payload_length: length.saturating_sub(8),
        payload: &[],
    };
    (Segment::Udp(segment), stop)
}
