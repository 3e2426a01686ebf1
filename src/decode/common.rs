//! What nearly all frames are, read at once: a whole TCP segment in IPv4 without options, in Ethernet without tags.
//!
//! All else, and whatever is odd about such a frame, is left to the walk over layers, which reads these frames the
//! same: a test compares the two.

use std::net::{IpAddr, Ipv4Addr};

use super::{Decoded, Packet, Segment, TcpFlags, TcpSegment, tcp};

pub(super) const ETHERNET: u16 = 1;
const ETHERNET_BYTES: usize = 14;
const IP_BYTES: usize = 20;
const TCP_BYTES: usize = 20;

/// The packet of such a frame; `None` where it is none.
#[inline]
pub(super) fn tcp_in_ethernet(
    link_type: u16,
    bytes: &[u8],
    wire_length: u32,
) -> Option<Decoded<'_>> {
    let headers: &[u8; ETHERNET_BYTES + IP_BYTES + TCP_BYTES] = bytes.first_chunk()?;
    let [dst0, _, dst2, dst3, dst4, _, ..] = headers;
    let ip: &[u8; IP_BYTES] = headers[ETHERNET_BYTES..].first_chunk()?;
    let header: &[u8; TCP_BYTES] = headers[ETHERNET_BYTES + IP_BYTES..].first_chunk()?;
    let total = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let wire = bytes.len().max(wire_length as usize) - ETHERNET_BYTES;
    let options = usize::from(header[12] >> 4) * 4;
    let captured = bytes.len().min(ETHERNET_BYTES + total);
    let sound = link_type == ETHERNET
        && [headers[12], headers[13]] == [8, 0]
        // Cisco ISL puts its own header before the frame.
        && !(matches!(dst0, 1 | 3) && [dst2, dst3, dst4] == [&0x0c, &0, &0])
        && ip[0] == 0x45
        && ip[9] == 6
        // Neither more fragments nor an offset.
        && [ip[6] & 0x3f, ip[7]] == [0, 0]
        && total <= wire
        && options >= TCP_BYTES
        && ETHERNET_BYTES + IP_BYTES + options <= captured;
    if !sound {
        return None;
    }
    let address = |at: usize| IpAddr::V4(Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]));
    let be16 = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let be32 = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let start = ETHERNET_BYTES + IP_BYTES + options;
    let segment = TcpSegment {
        source_port: be16(0),
        destination_port: be16(2),
        sequence: be32(4),
        acknowledgment: be32(8),
        flags: TcpFlags(header[13]),
        window: be16(14),
        timestamps: tcp::timestamps(&bytes[ETHERNET_BYTES + IP_BYTES + TCP_BYTES..start]),
        multipath: tcp::paths(
            TcpFlags(header[13]),
            &bytes[ETHERNET_BYTES + IP_BYTES + TCP_BYTES..start],
        ),
        payload_length: (total - IP_BYTES - options) as u32,
        payload: &bytes[start..captured],
    };
    Some(Decoded::Packet(Packet {
        vlans: Default::default(),
        tunnels: Default::default(),
        carriers: Default::default(),
        source_mac: [
            headers[6],
            headers[7],
            headers[8],
            headers[9],
            headers[10],
            headers[11],
        ],
        source: address(12),
        destination: address(16),
        ttl: ip[8],
        ip_id: u16::from_be_bytes([ip[4], ip[5]]),
        ip_length: total as u32,
        segment: Segment::Tcp(segment),
        fragment: None,
        stop: None,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::decode_any;
    use super::*;

    fn frame(payload: usize) -> Vec<u8> {
        let mut frame = vec![2; 12];
        frame.extend([8, 0]);
        let total = (IP_BYTES + TCP_BYTES + 12 + payload) as u16;
        frame.extend([0x45, 0]);
        frame.extend(total.to_be_bytes());
        frame.extend([0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 5, 192, 0, 2, 1]);
        frame.extend([
            0x9c, 0x40, 1, 187, 0, 0, 0, 9, 0, 0, 0, 7, 0x80, 0x18, 0, 9, 0, 0, 0, 0,
        ]);
        frame.extend([1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]);
        frame.extend(vec![b'x'; payload]);
        frame
    }

    fn same(bytes: &[u8], wire_length: u32) -> bool {
        let Some(fast) = tcp_in_ethernet(1, bytes, wire_length) else {
            return false;
        };
        let slow = decode_any(1, bytes, wire_length);
        assert_eq!(format!("{fast:?}"), format!("{slow:?}"));
        true
    }

    #[test]
    fn the_common_frame_is_read_at_once() {
        assert!(same(&frame(100), 0));
        assert!(same(&frame(100), 2000));
        let mut padded = frame(0);
        padded.extend([0; 6]);
        assert!(same(&padded, 0));
        assert!(!same(&frame(100)[..60], 166), "cut in its options");
        assert!(same(&frame(100)[..80], 166), "cut in its payload");
    }

    proptest! {
        #[test]
        fn whatever_is_read_at_once_is_what_the_walk_reads(
            payload in 0_usize..40,
            cut in 0_usize..120,
            wire in 0_u32..200,
            changes in proptest::collection::vec((0_usize..80, any::<u8>()), 0..4),
        ) {
            let mut bytes = frame(payload);
            for (at, byte) in changes {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            bytes.truncate(cut.max(20));
            same(&bytes, wire);
        }
    }
}
