//! Floods below TCP and UDP: fragments, extension headers, tunnels, ICMP errors.

use std::io;
use std::net::Ipv4Addr;

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, Ipv6Header};

use super::packets::{CLIENT, Packets, SERVER, ethernet, port, scattered, unbuilt};

const UDP: IpNumber = IpNumber(17);
const IP_IN_IP: IpNumber = IpNumber(4);
const GRE: IpNumber = IpNumber(47);
const ICMP: IpNumber = IpNumber(1);
/// UDP port of VXLAN (RFC 7348).
const VXLAN: u16 = 4789;

/// First fragments of as many packets, the rest of which never comes.
pub(crate) fn fragments(packets: &mut Packets, count: u64) -> io::Result<()> {
    let mut payload = [0; 256];
    for i in 0..count {
        packets.dice.fill(&mut payload[..16]);
        payload[4..6].copy_from_slice(&2000_u16.to_be_bytes());
        let mut header = header(UDP, scattered(i), SERVER, payload.len())?;
        header.identification = packets.dice.roll(1 << 16) as u16;
        header.more_fragments = true;
        packets.ipv4(&header, &payload)?;
    }
    Ok(())
}

/// Fragments of one packet that overlap in every way and leave eight bytes out.
pub(crate) fn holes(packets: &mut Packets, count: u64) -> io::Result<()> {
    let mut payload = [0; 1400];
    for i in 0..count {
        packets.dice.fill(&mut payload[8..32]);
        payload[..8].copy_from_slice(&[0x9c, 0x40, 0x13, 0x88, 0x05, 0x88, 0, 0]);
        let mut header = header(UDP, CLIENT, SERVER, payload.len())?;
        header.identification = 7;
        header.more_fragments = true;
        let (mut from, mut length) = (0, payload.len());
        if i % 100 == 1 {
            // A last one, behind the hole.
            (from, length) = (8, 8);
            header = self::header(UDP, CLIENT, SERVER, length)?;
            header.identification = 7;
            let behind = (payload.len() / 8 + 1) as u16;
            header.fragment_offset = IpFragOffset::try_new(behind).map_err(unbuilt)?;
        }
        packets.ipv4(&header, &payload[from..from + length])?;
    }
    Ok(())
}

/// Destination options behind each other, a hundred a packet, and a datagram.
pub(crate) fn extensions(packets: &mut Packets, count: u64) -> io::Result<()> {
    const OPTIONS: u8 = 60;
    for i in 0..count {
        // Every second packet has no more of them than are walked.
        let chain = [100, 12][(i % 2) as usize];
        let mut rest = Vec::new();
        for left in (0..chain).rev() {
            let next = if left == 0 { UDP.0 } else { OPTIONS };
            rest.extend([next, 0, 1, 4, 0, 0, 0, 0]);
        }
        for field in [port(i), 5000, 16, 0] {
            rest.extend(field.to_be_bytes());
        }
        rest.extend([0x55; 8]);
        let mut source = [0; 16];
        source[0] = 0xfd;
        packets.dice.fill(&mut source[8..]);
        let header = Ipv6Header {
            payload_length: rest.len() as u16,
            next_header: IpNumber(OPTIONS),
            hop_limit: 64,
            source,
            destination: [0xfd; 16],
            ..Ipv6Header::default()
        };
        let mut frame = ethernet(0x86dd);
        header.write(&mut frame)?;
        frame.extend(rest);
        packets.frame(&frame)?;
    }
    Ok(())
}

/// A datagram in eight tunnels (IP in IP, GRE and VXLAN by turns) between as many hosts; every tenth in forty.
pub(crate) fn tunnels(packets: &mut Packets, count: u64) -> io::Result<()> {
    for i in 0..count {
        let mut inner = datagram(port(i), 5000, &[0x55; 8]);
        let mut protocol = UDP;
        let deep = if i % 10 == 9 { 40 } else { 8 };
        for layer in 0..deep {
            let (source, destination) = (any(packets), any(packets));
            let packet = ip(protocol, source, destination, &inner)?;
            (protocol, inner) = match layer % 3 {
                0 => (UDP, vxlan(port(i), &packet)),
                1 => (IP_IN_IP, packet),
                _ => (GRE, [&[0, 0, 8, 0], &packet[..]].concat()),
            };
        }
        let packet = ip(protocol, any(packets), any(packets), &inner)?;
        let frame = [&ethernet(0x0800), &packet[..]].concat();
        packets.frame(&frame)?;
    }
    Ok(())
}

/// Errors from everywhere that quote SYNs of one host to everywhere.
pub(crate) fn errors(packets: &mut Packets, count: u64) -> io::Result<()> {
    for i in 0..count {
        let mut segment = Vec::new();
        for field in [port(i), 443] {
            segment.extend(field.to_be_bytes());
        }
        segment.extend((i as u32).to_be_bytes());
        let quoted = ip(IpNumber(6), CLIENT, scattered(i), &segment)?;
        // Communication administratively prohibited.
        let mut message = vec![3, 13, 0, 0, 0, 0, 0, 0];
        message.extend(quoted);
        let sum = checksum(&message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        let header = header(ICMP, any(packets), CLIENT, message.len())?;
        packets.ipv4(&header, &message)?;
    }
    Ok(())
}

fn any(packets: &mut Packets) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 | packets.dice.roll(1 << 24) as u32)
}

fn header(
    protocol: IpNumber,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    length: usize,
) -> io::Result<Ipv4Header> {
    let (source, destination) = (source.octets(), destination.octets());
    let length = u16::try_from(length).map_err(unbuilt)?;
    let mut header = Ipv4Header::new(length, 64, protocol, source, destination).map_err(unbuilt)?;
    header.dont_fragment = false;
    Ok(header)
}

fn ip(
    protocol: IpNumber,
    source: Ipv4Addr,
    destination: Ipv4Addr,
    payload: &[u8],
) -> io::Result<Vec<u8>> {
    let mut packet = Vec::new();
    header(protocol, source, destination, payload.len())?.write(&mut packet)?;
    packet.extend_from_slice(payload);
    Ok(packet)
}

/// A datagram without a checksum (RFC 768).
fn datagram(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() + 8) as u16;
    let mut datagram: Vec<u8> = [from, to, length, 0]
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .collect();
    datagram.extend_from_slice(payload);
    datagram
}

fn vxlan(from: u16, packet: &[u8]) -> Vec<u8> {
    let header = [8, 0, 0, 0, 0, 0, 1, 0];
    datagram(
        from,
        VXLAN,
        &[&header, &ethernet(0x0800)[..], packet].concat(),
    )
}

/// RFC 1071, of an even number of bytes or with a zero behind them.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2);
    let mut sum: u64 = words
        .map(|word| u64::from(word[0]) << 8 | word.get(1).map_or(0, |low| u64::from(*low)))
        .sum();
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
