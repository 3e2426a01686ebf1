//! What nearly all frames are, read at once: a whole TCP segment in IPv4 without options, in Ethernet without tags.
//!
//! All else, and whatever is odd about such a frame, is left to the walk over layers, which reads these frames the
//! same: a test compares the two.

use std::net::{IpAddr, Ipv4Addr};

use super::{Packet, Segment, TcpFlags, TcpSegment, tcp};

pub(super) const ETHERNET: u16 = 1;
const ETHERNET_BYTES: usize = 14;
const IP_BYTES: usize = 20;
const TCP_BYTES: usize = 20;

/// Where the parts of such a frame are.
pub(super) struct Common<'a> {
    headers: &'a [u8; ETHERNET_BYTES + IP_BYTES + TCP_BYTES],
    /// Options of TCP.
    options: &'a [u8],
    /// What was captured of TCP's payload.
    payload: &'a [u8],
    /// Length of the IP packet.
    total: usize,
}

/// Finds the parts of such a frame; `None` where it is none.
#[inline]
pub(super) fn tcp_in_ethernet(
    link_type: u16,
    bytes: &[u8],
    wire_length: u32,
) -> Option<Common<'_>> {
    let headers: &[u8; ETHERNET_BYTES + IP_BYTES + TCP_BYTES] = bytes.first_chunk()?;
    let [dst0, _, dst2, dst3, dst4, _, ..] = headers;
    let ip: &[u8; IP_BYTES] = headers[ETHERNET_BYTES..].first_chunk()?;
    let total = usize::from(u16::from_be_bytes([ip[2], ip[3]]));
    let wire = bytes.len().max(wire_length as usize) - ETHERNET_BYTES;
    let header = usize::from(headers[ETHERNET_BYTES + IP_BYTES + 12] >> 4) * 4;
    let captured = bytes.len().min(ETHERNET_BYTES + total);
    let start = ETHERNET_BYTES + IP_BYTES + header;
    let sound = link_type == ETHERNET
        && [headers[12], headers[13]] == [8, 0]
        // Cisco ISL puts its own header before the frame.
        && !(matches!(dst0, 1 | 3) && [dst2, dst3, dst4] == [&0x0c, &0, &0])
        && ip[0] == 0x45
        && ip[9] == 6
        // Neither more fragments nor an offset.
        && [ip[6] & 0x3f, ip[7]] == [0, 0]
        && total <= wire
        && header >= TCP_BYTES
        && start <= captured;
    sound.then(|| Common {
        headers,
        options: &bytes[ETHERNET_BYTES + IP_BYTES + TCP_BYTES..start],
        payload: &bytes[start..captured],
        total,
    })
}

impl<'a> Common<'a> {
    /// The packet.
    #[inline]
    pub(super) fn packet(&self) -> Packet<'a> {
        let headers = self.headers;
        let be16 = |at: usize| u16::from_be_bytes([headers[at], headers[at + 1]]);
        let be32 = |at: usize| {
            let bytes = [
                headers[at],
                headers[at + 1],
                headers[at + 2],
                headers[at + 3],
            ];
            u32::from_be_bytes(bytes)
        };
        let address = |at: usize| IpAddr::V4(Ipv4Addr::from_bits(be32(at)));
        let (ip, tcp) = (ETHERNET_BYTES, ETHERNET_BYTES + IP_BYTES);
        let flags = TcpFlags(headers[tcp + 13]);
        let segment = TcpSegment {
            source_port: be16(tcp),
            destination_port: be16(tcp + 2),
            sequence: be32(tcp + 4),
            acknowledgment: be32(tcp + 8),
            flags,
            window: be16(tcp + 14),
            timestamps: tcp::timestamps(self.options),
            multipath: tcp::paths(flags, self.options),
            payload_length: (self.total - IP_BYTES - TCP_BYTES - self.options.len()) as u32,
            payload: self.payload,
        };
        Packet {
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
            source: address(ip + 12),
            destination: address(ip + 16),
            ttl: headers[ip + 8],
            ip_id: be16(ip + 4),
            ip_length: self.total as u32,
            segment: Segment::Tcp(segment),
            fragment: None,
            stop: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Decoded, decode_any};
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
        assert_eq!(
            format!("{:?}", Decoded::Packet(fast.packet())),
            format!("{slow:?}")
        );
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
