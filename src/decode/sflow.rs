//! Samples of frames in a datagram of sFlow version 5 (<https://sflow.org/sflow_version_5.txt>).
//!
//! All numbers are big-endian words of four bytes, and everything is padded to them. A switch takes one packet of so many,
//! by chance, and sends its first bytes; so what is not among the samples is not missing.

use super::Decoded;
use crate::model::{Tunnel, TunnelKind};

/// The start of a frame that an agent sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample<'a> {
    /// What its first byte starts, a LINKTYPE_ value.
    pub link_type: u16,
    /// The frame's length on the wire, without what the agent took off its end.
    pub wire_length: u32,
    /// As much of it as the agent sent.
    pub bytes: &'a [u8],
    /// It is one of about so many.
    pub one_in: u32,
}

impl<'a> Sample<'a> {
    /// As [`super::decode`]; the packet is one that came in a tunnel of this kind.
    #[must_use]
    pub fn decode(self) -> Decoded<'a> {
        let mut decoded = super::decode(self.link_type, self.bytes, self.wire_length);
        if let Decoded::Packet(packet) = &mut decoded {
            let tunnel = Tunnel {
                kind: TunnelKind::Sflow,
                id: self.one_in,
            };
            packet.tunnels.insert(0, tunnel);
            packet.source_mac = [0; 6];
        }
        decoded
    }
}

/// Whether a UDP payload is such a datagram: version 5, then the agent's address with its kind.
#[must_use]
pub fn is_datagram(payload: &[u8]) -> bool {
    matches!(payload, [0, 0, 0, 5, 0, 0, 0, 1 | 2, ..])
}

/// The samples of raw packet headers in a UDP payload, in their order, up to the first place that makes no sense; none where
/// it is no datagram of sFlow. Counters and records of other kinds are passed over. The cost grows with the payload alone.
pub fn samples(payload: &[u8]) -> impl Iterator<Item = Sample<'_>> {
    let body = datagram(payload).unwrap_or_default();
    items(body).flat_map(|(format, sample)| of_flow(format, sample))
}

/// What follows the header: samples.
fn datagram(payload: &[u8]) -> Option<&[u8]> {
    if !is_datagram(payload) {
        return None;
    }
    let address = if payload.get(7) == Some(&1) { 4 } else { 16 };
    // Version and kind of address; then sub-agent, sequence number, uptime, and how many samples.
    payload.get(8 + address + 16..)
}

/// The records of a sample, where it is one of packets.
fn of_flow(format: u32, sample: &[u8]) -> impl Iterator<Item = Sample<'_>> {
    const FLOW: u32 = 1;
    const EXPANDED_FLOW: u32 = 3;
    let (rate_at, records_at) = match format {
        FLOW => (8, 32),
        EXPANDED_FLOW => (12, 44),
        _ => (0, sample.len()),
    };
    let one_in = word(sample, rate_at).unwrap_or_default().max(1);
    let records = items(sample.get(records_at..).unwrap_or_default());
    records.filter_map(move |(format, record)| raw_header(format, record, one_in))
}

/// Protocol, length on the wire, bytes taken off its end, length of what is here, and that.
fn raw_header(format: u32, record: &[u8], one_in: u32) -> Option<Sample<'_>> {
    const RAW_HEADER: u32 = 1;
    if format != RAW_HEADER {
        return None;
    }
    let link_type = match word(record, 0)? {
        1 => 1,
        7 => 9,
        11 | 12 => 101,
        13 => 219,
        _ => return None,
    };
    let length = usize::try_from(word(record, 12)?).ok()?;
    Some(Sample {
        link_type,
        wire_length: word(record, 4)?.saturating_sub(word(record, 8)?),
        bytes: record.get(16..)?.get(..length)?,
        one_in,
    })
}

/// Things that follow each other, each with its kind and its length.
fn items(mut bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let kind = word(bytes, 0)?;
        let length = usize::try_from(word(bytes, 4)?).ok()?;
        let item = bytes.get(8..)?.get(..length)?;
        bytes = bytes.get(8 + length.next_multiple_of(4)..).unwrap_or(&[]);
        Some((kind, item))
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
    }

    fn item(kind: u32, mut body: Vec<u8>) -> Vec<u8> {
        let head = words(&[kind, body.len() as u32]);
        body.resize(body.len().next_multiple_of(4), 0);
        [head, body].concat()
    }

    /// Counters; a flow sample with a record of a switch and a frame; an expanded one with an IPv4 packet.
    fn rich() -> Vec<u8> {
        let frame = [words(&[1, 1518, 4, 6]), b"frame!".to_vec()].concat();
        let packet = [words(&[11, 40, 0, 5]), b"ipv4.".to_vec()].concat();
        let flow = [
            words(&[7, 3, 512, 9000, 0, 3, 4, 2]),
            item(1001, words(&[1, 0, 2, 0])),
            item(1, frame),
        ];
        let expanded = [
            words(&[8, 0, 3, 1024, 9000, 0, 0, 3, 0, 4, 1]),
            item(1, packet),
        ];
        [
            words(&[5, 1, 0x0a00_0001, 0, 42, 1000, 3]),
            item(2, words(&[1, 2, 3])),
            item(1, flow.concat()),
            item(3, expanded.concat()),
        ]
        .concat()
    }

    #[test]
    fn frames_and_their_rates_are_found() {
        let datagram = rich();
        let all: Vec<Sample<'_>> = samples(&datagram).collect();
        let frame = Sample {
            link_type: 1,
            wire_length: 1514,
            bytes: b"frame!",
            one_in: 512,
        };
        let packet = Sample {
            link_type: 101,
            wire_length: 40,
            bytes: b"ipv4.",
            one_in: 1024,
        };
        assert_eq!(all, [frame, packet]);
        for length in 0..datagram.len() {
            assert!(samples(&datagram[..length]).count() <= 2);
        }
        assert_eq!(samples(&datagram[4..]).count(), 0);
    }

    proptest! {
        #[test]
        fn nothing_hostile_gives_more_than_there_is(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        ) {
            let mut datagram = rich();
            for (place, value) in changes {
                let place = place.index(datagram.len());
                datagram[place] = value;
            }
            let lent: usize = samples(&datagram).map(|sample| sample.bytes.len() + 16).sum();
            prop_assert!(lent <= datagram.len());
        }
    }
}
