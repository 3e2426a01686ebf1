//! Frames written byte by byte, layer by layer.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;

const ETHERNET: u16 = 1;
const MACS: [u8; 12] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];

fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&MACS[..], &ether_type.to_be_bytes(), payload].concat()
}

fn ipv4_with(protocol: u8, place: u16, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = (20 + options.len() + payload.len()) as u16;
    let mut header = vec![0x45 + (options.len() / 4) as u8, 0];
    header.extend(total.to_be_bytes());
    header.extend([0xab, 0xcd]);
    header.extend(place.to_be_bytes());
    header.extend([64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2]);
    [&header, options, payload].concat()
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(protocol, 0x4000, &[], payload)
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = vec![0x60, 0, 0, 0];
    header.extend((payload.len() as u16).to_be_bytes());
    header.extend([next, 63]);
    header.extend(
        "2001:db8::1"
            .parse::<std::net::Ipv6Addr>()
            .unwrap()
            .octets(),
    );
    header.extend(
        "2001:db8::2"
            .parse::<std::net::Ipv6Addr>()
            .unwrap()
            .octets(),
    );
    [&header, payload].concat()
}

fn tcp(options: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut header = vec![0xc0, 0, 0x01, 0xbb, 0, 0, 0, 7, 0, 0, 0, 9];
    header.extend([0x50 + options.len() as u8 * 4, 0x18, 0x20, 0, 0, 0, 0, 0]);
    [&header, options, payload].concat()
}

fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    let ports = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    [
        &ports,
        &(payload.len() as u16 + 8).to_be_bytes()[..],
        &[0, 0],
        payload,
    ]
    .concat()
}

fn dns() -> Vec<u8> {
    ipv4(17, &udp(5000, 53, b"query"))
}

fn decoded(link_type: u16, bytes: &[u8]) -> Packet<'_> {
    match decode(link_type, bytes, bytes.len() as u32) {
        Decoded::Packet(packet) => packet,
        Decoded::SetAside(stop) => panic!("{stop:?}"),
    }
}

fn set_aside(link_type: u16, bytes: &[u8]) -> Stop {
    match decode(link_type, bytes, bytes.len() as u32) {
        Decoded::SetAside(stop) => stop,
        Decoded::Packet(packet) => panic!("{packet:?}"),
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn tcp_of<'a>(packet: &Packet<'a>) -> TcpSegment<'a> {
    match packet.segment {
        Segment::Tcp(segment) => segment,
        ref other => panic!("{other:?}"),
    }
}

fn udp_of<'a>(packet: &Packet<'a>) -> UdpDatagram<'a> {
    match packet.segment {
        Segment::Udp(datagram) => datagram,
        ref other => panic!("{other:?}"),
    }
}

fn icmp_of<'a>(packet: &Packet<'a>) -> IcmpMessage<'a> {
    match packet.segment {
        Segment::Icmp(message) => message,
        ref other => panic!("{other:?}"),
    }
}

/// Whether the DNS datagram of [`dns`] came out, with these tunnels.
#[track_caller]
fn assert_dns(link_type: u16, bytes: &[u8], tunnels: &[(&str, u32)]) {
    let packet = decoded(link_type, bytes);
    assert_eq!(
        (packet.source, packet.destination),
        (address("192.0.2.1"), address("198.51.100.2"))
    );
    let datagram = udp_of(&packet);
    assert_eq!(
        (
            datagram.source_port,
            datagram.destination_port,
            datagram.payload
        ),
        (5000, 53, &b"query"[..])
    );
    assert_eq!(packet.stop, None);
    let found: Vec<_> = packet
        .tunnels
        .iter()
        .map(|tunnel| (tunnel.kind.as_str(), tunnel.id))
        .collect();
    assert_eq!(found, tunnels);
}

#[test]
fn a_tcp_segment_is_told_with_all_its_fields() {
    let timestamps = [1, 1, 8, 10, 0, 0, 1, 0, 0, 0, 2, 0];
    let mut frame = ethernet(0x0800, &ipv4(6, &tcp(&timestamps, b"data")));
    frame.extend([0; 6]);
    let packet = decoded(ETHERNET, &frame);
    assert_eq!(
        (packet.source, packet.destination),
        (address("192.0.2.1"), address("198.51.100.2"))
    );
    assert_eq!(
        (packet.ttl, packet.ip_id, packet.ip_length, packet.stop),
        (64, 0xabcd, 56, None)
    );
    let segment = tcp_of(&packet);
    assert_eq!(
        (segment.source_port, segment.destination_port),
        (0xc000, 443)
    );
    assert_eq!(
        (segment.sequence, segment.acknowledgment, segment.window),
        (7, 9, 0x2000)
    );
    assert!(segment.flags.has(TcpFlags::ACK | TcpFlags::PSH) && !segment.flags.has(TcpFlags::SYN));
    assert_eq!(segment.timestamps, Some((256, 512)));
    assert_eq!(
        (segment.payload, segment.payload_length),
        (&b"data"[..], 4),
        "padding is no payload"
    );
}

#[test]
fn link_layers_lead_to_the_packet() {
    let ip = dns();
    let llc = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ip[..]].concat();
    let wlan =
        |control: [u8; 2], header: usize| [&control[..], &vec![0; header - 2], &llc].concat();
    let cooked =
        |end: [u8; 2]| [&[0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0], &end[..], &ip].concat();
    let frames: Vec<(u16, Vec<u8>)> = vec![
        (0, [&[2, 0, 0, 0], &ip[..]].concat()),
        (0, [&[0, 0, 0, 2], &ip[..]].concat()),
        (108, [&[0, 0, 0, 2], &ip[..]].concat()),
        (1, ethernet(llc.len() as u16, &llc)),
        (6, [&[0, 0x40], &MACS[..], &llc].concat()),
        (9, [&[0xff, 3, 0, 0x21], &ip[..]].concat()),
        (9, [&[0x21], &ip[..]].concat()),
        (10, [&[0x50], &MACS[..], &llc].concat()),
        (12, ip.clone()),
        (101, ip.clone()),
        (228, ip.clone()),
        (50, [&[0x0f, 0, 8, 0], &ip[..]].concat()),
        (104, [&[0x0f, 0, 8, 0], &ip[..]].concat()),
        (105, wlan([0x08, 0x01], 24)),
        (105, wlan([0x88, 0x03], 32)),
        (107, [&[0x18, 0x41, 3, 0xcc], &ip[..]].concat()),
        (107, [&[0x18, 0x41, 8, 0], &ip[..]].concat()),
        (
            107,
            [&[0x18, 0x41, 3, 0, 0x80, 0, 0, 0, 8, 0], &ip[..]].concat(),
        ),
        (113, cooked([8, 0])),
        (
            127,
            [&[0, 0, 9, 0, 2, 0, 0, 0, 0x20], &wlan([0x88, 0x02], 28)[..]].concat(),
        ),
        (
            192,
            [&[0, 0, 8, 0, 105, 0, 0, 0], &wlan([0x08, 0x01], 24)[..]].concat(),
        ),
        (226, [&[1; 24], &ip[..]].concat()),
        (
            239,
            [
                &[2, 0, 0, 0, 5, 0, 1, 0, 9, 0, 0, 0][..],
                &[20, 0, 3, 0][..],
                &[0; 16][..],
                &[34 + 3, 0, 9, 0][..],
                &ip[..],
            ]
            .concat(),
        ),
        (
            258,
            [&[12, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0], &ip[..]].concat(),
        ),
        // pf's log: of old systems 61 padded to 64, of FreeBSD since 14 69 padded to 72, of OpenBSD 100.
        (117, [&[61, 2], &[0; 62][..], &ip].concat()),
        (117, [&[69, 2], &[0; 70][..], &ip].concat()),
        (117, [&[100, 24], &[0; 98][..], &ip].concat()),
        (109, [&[2, 0, 0, 0], &[7; 8][..], &ip].concat()),
        (166, [&[0, 3, 0, 0x21], &ip[..]].concat()),
        (166, [&[1, 3, 0x21], &ip[..]].concat()),
        (242, [&[8, 0, 0, 0], &ip[..]].concat()),
        (242, [&[0xfe; 40], &[8, 0, 0, 0][..], &ip].concat()),
        (136, [b"MGC\x00", &[0x47; 8][..], &ip].concat()),
        (167, [b"MGC\x01", &ethernet(0x0800, &ip)[..]].concat()),
        (168, [b"MGC\x01\x08\x00", &ip[..]].concat()),
        (178, [b"MGC\x01", &ethernet(0x0800, &ip)[..]].concat()),
        (
            178,
            [
                b"MGC\x80\x00\x06\x01\x01\x0e\x02\x01\x01",
                &ethernet(0x0800, &ip)[..],
            ]
            .concat(),
        ),
        (178, [b"MGC\x02\x02\x00\x00\x00", &ip[..]].concat()),
        (179, [b"MGC\x00\xff\x03\x00\x21", &ip[..]].concat()),
        (180, [b"MGC\x00\x18\x41\x03\xcc", &ip[..]].concat()),
        (181, [b"MGC\x00\x0f\x00\x08\x00", &ip[..]].concat()),
        (183, [b"MGC\x01", &[0; 18][..], &ip].concat()),
        (
            197,
            erf(2, &[], &[&[0, 0], &ethernet(0x0800, &ip)[..]].concat()),
        ),
        (
            197,
            erf(
                0x8b,
                &[0x83, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0, 2],
                &[&[0, 0], &ethernet(0x0800, &ip)[..]].concat(),
            ),
        ),
        (197, erf(1, &[], &[&[0xff, 3, 0, 0x21], &ip[..]].concat())),
        (
            197,
            erf(5, &[], &[&[0, 0, 0, 9, 0x0f, 0, 8, 0], &ip[..]].concat()),
        ),
        (197, erf(22, &[], &ip)),
        (281, [&MACS[..], &[0, 0, 0, 8, 8, 0], &ip].concat()),
        (282, [&[0, 0, 0, 8], &ethernet(0x0800, &ip)[..]].concat()),
        (284, [&MACS[..], &[0xc0, 0x18, 0, 0, 8, 0], &ip].concat()),
        (
            285,
            [&MACS[..], &[0xda, 0xda, 0, 0, 0xc0, 0x18, 0, 0, 8, 0], &ip].concat(),
        ),
        (
            1,
            [&MACS[..], &[0xda, 0xda, 0, 0, 0xc0, 0x18, 0, 0, 8, 0], &ip].concat(),
        ),
        (
            1,
            ethernet(
                0xd28b,
                &[&[0, 1, 0, 0x10], &[0; 8][..], &[8, 0], &ip].concat(),
            ),
        ),
        (
            1,
            ethernet(
                0xd28b,
                &[&[0, 1, 1, 0x20], &[0; 6][..], &[8, 0], &ip].concat(),
            ),
        ),
        (
            1,
            ethernet(0x892f, &[&[0, 60, 0, 1, 8, 0], &ip[..]].concat()),
        ),
        (
            276,
            [
                &[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0],
                &ip[..],
            ]
            .concat(),
        ),
    ];
    for (link_type, frame) in frames {
        assert_dns(link_type, &frame, &[]);
        for length in 0..frame.len() {
            if let Decoded::Packet(packet) = decode(link_type, &frame[..length], frame.len() as u32)
            {
                assert_eq!(
                    packet.destination,
                    address("198.51.100.2"),
                    "link {link_type}, cut at {length}"
                );
            }
        }
    }
}

/// A record of Endace's format with these extension headers.
fn erf(kind: u8, extensions: &[u8], frame: &[u8]) -> Vec<u8> {
    let record = (16 + extensions.len() + frame.len()) as u16;
    [
        &[0, 0, 0, 0x80, 1, 0, 0, 0, kind, 4],
        &record.to_be_bytes()[..],
        &[0, 0, 0, 90],
        extensions,
        frame,
    ]
    .concat()
}

#[test]
fn headers_that_cannot_be_are_set_aside() {
    let ip = dns();
    let malformed = |link_type, frame: &[u8]| {
        let stop = set_aside(link_type, frame);
        assert!(matches!(stop.reason, StopReason::Malformed(_)), "{stop:?}");
    };
    malformed(117, &[&[8, 2], &[0; 6][..], &ip].concat());
    malformed(178, &[b"MGX\x01", &ethernet(0x0800, &ip)[..]].concat());
    malformed(197, &erf(0x82, &[0x83; 136], &[0; 40]));
    let not_ip = |link_type, frame: &[u8], number| {
        assert_eq!(
            set_aside(link_type, frame).reason,
            StopReason::NotIp(number)
        );
    };
    not_ip(197, &erf(21, &[], &[0; 40]), 21);
    not_ip(1, &ethernet(0xd28b, &[0, 1, 0, 0x33, 0, 0]), 0x33);
    let tagged = [&MACS[..], &[0x20, 0x18, 0x60, 7, 8, 0], &ip].concat();
    assert_eq!(decoded(284, &tagged).vlans.as_slice(), [7]);
}

#[test]
fn tags_are_stepped_over_and_vlans_noted() {
    let ip = dns();
    let single = ethernet(0x8100, &[&[0x60, 5, 8, 0], &ip[..]].concat());
    assert_eq!(decoded(ETHERNET, &single).vlans.as_slice(), [5]);
    let stacked = ethernet(0x88a8, &[&[0, 9, 0x81, 0, 0, 5, 8, 0], &ip[..]].concat());
    assert_eq!(decoded(ETHERNET, &stacked).vlans.as_slice(), [9, 5]);
    let five = ethernet(
        0x8100,
        &[[0, 1, 0x81, 0].repeat(5), vec![0, 2, 8, 0], ip.clone()].concat(),
    );
    assert_eq!(decoded(ETHERNET, &five).vlans.as_slice(), [1; 4]);

    assert_dns(
        ETHERNET,
        &ethernet(0x8926, &[&[0, 0, 0, 0, 8, 0], &ip[..]].concat()),
        &[],
    );
    assert_dns(
        ETHERNET,
        &ethernet(0x893f, &[&[0, 0, 0, 0, 0, 0, 8, 0], &ip[..]].concat()),
        &[],
    );
    assert_dns(
        ETHERNET,
        &ethernet(0x8909, &[&[1, 1, 0, 1, 0, 7, 8, 0], &ip[..]].concat()),
        &[],
    );
    assert_dns(
        ETHERNET,
        &ethernet(
            0x88e5,
            &[&[0, 0, 0, 0, 0, 1, 8, 0], &ip[..], &[0; 16]].concat(),
        ),
        &[],
    );
    assert_eq!(
        set_aside(ETHERNET, &ethernet(0x88e5, &[0x0c; 60])).reason,
        StopReason::NotIp(0x88e5)
    );
}

#[test]
fn frames_inside_frames_are_walked() {
    let ip = dns();
    let inner = ethernet(0x0800, &ip);
    let cases: Vec<(u16, Vec<u8>, (&'static str, u32))> = vec![
        (
            0x88e7,
            [&[0, 0, 1, 2], &inner[..]].concat(),
            ("802.1ah", 258),
        ),
        (
            0x8903,
            [&[0x00, 0x40], &inner[..]].concat(),
            ("fabricpath", 1),
        ),
        (
            0x22f3,
            [&[0x00, 0x40, 0, 1, 0, 2, 9, 9, 9, 9], &inner[..]].concat(),
            ("trill", 0),
        ),
        (
            0x8864,
            [&[0x11, 0, 0, 3, 0, ip.len() as u8 + 2, 0, 0x21], &ip[..]].concat(),
            ("pppoe", 3),
        ),
        (0x8847, [&[0, 1, 0x01, 64], &ip[..]].concat(), ("mpls", 16)),
        (
            0x8847,
            [&[0, 1, 0x01, 64, 0, 0, 0, 0], &inner[..]].concat(),
            ("mpls", 16),
        ),
        (
            0x894f,
            [&[0, 2, 1, 3, 0, 0, 7, 255], &inner[..]].concat(),
            ("nsh", 7),
        ),
    ];
    for (ether_type, payload, tunnel) in cases {
        assert_dns(ETHERNET, &ethernet(ether_type, &payload), &[tunnel]);
    }
}

#[test]
fn tunnels_are_walked_to_the_innermost_packet() {
    let ip = dns();
    let inner = ethernet(0x0800, &ip);
    let in_udp = |port: u16, header: &[u8], payload: &[u8]| {
        ipv4(17, &udp(40000, port, &[header, payload].concat()))
    };
    let in_gre = |header: &[u8], payload: &[u8]| ipv4(47, &[header, payload].concat());
    let gtp_length = ip.len() as u8;
    let l2tp_length = ip.len() as u8 + 12;
    let pptp_length = ip.len() as u8 + 4;
    let cases: Vec<(Vec<u8>, &'static str, u32)> = vec![
        (ipv4(4, &ip), "ip-in-ip", 0),
        (ipv6(4, &ip), "ip-in-ip", 0),
        (ipv4(97, &[&[0x30, 0], &inner[..]].concat()), "etherip", 0),
        (in_gre(&[0, 0, 8, 0], &ip), "gre", 0),
        (
            in_gre(&[0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 1], &ip),
            "gre",
            6,
        ),
        (
            in_gre(&[0x40, 0, 8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 9, 0, 0, 0, 0], &ip),
            "gre",
            0,
        ),
        (
            in_gre(&[0x20, 0, 0x65, 0x58, 0, 0, 9, 1], &inner),
            "gre",
            0x901,
        ),
        (
            in_gre(
                &[
                    0x30,
                    0x81,
                    0x88,
                    0x0b,
                    0,
                    pptp_length,
                    0,
                    8,
                    0,
                    0,
                    0,
                    1,
                    0,
                    0,
                    0,
                    1,
                    0xff,
                    3,
                    0,
                    0x21,
                ],
                &ip,
            ),
            "pptp",
            8,
        ),
        (
            in_udp(4789, &[8, 0, 0, 0, 0, 1, 2, 0], &inner),
            "vxlan",
            258,
        ),
        (
            in_udp(8472, &[8, 0, 0, 0, 0, 1, 2, 0], &inner),
            "vxlan",
            258,
        ),
        (
            in_udp(4790, &[0x0c, 0, 0, 1, 0, 1, 2, 0], &ip),
            "vxlan-gpe",
            258,
        ),
        (
            in_udp(6081, &[1, 0, 0x65, 0x58, 0, 1, 2, 0, 9, 9, 9, 9], &inner),
            "geneve",
            258,
        ),
        (in_udp(6081, &[0, 0, 8, 0, 0, 1, 2, 0], &ip), "geneve", 258),
        (in_udp(37008, &[1, 0, 0, 1, 1], &inner), "tzsp", 0),
        (
            in_udp(37008, &[1, 0, 0, 1, 0, 10, 1, 9, 1], &inner),
            "tzsp",
            0,
        ),
        (in_udp(30030, &[0, 0, 0, 1, 0, 0, 0, 7], &ip), "jmirror", 7),
        (
            in_udp(30030, &[0, 0, 0, 1, 0, 0, 0, 7], &inner),
            "jmirror",
            7,
        ),
        (
            in_udp(30030, &[0, 0, 0, 1, 0, 0, 0, 7, 0xff, 3, 0, 0x21], &ip),
            "jmirror",
            7,
        ),
        (in_udp(4341, &[0xc0, 0, 0, 1, 0, 0, 0, 1], &ip), "lisp", 0),
        (in_udp(6080, &[], &ip), "gue", 0),
        (in_udp(6080, &[1, 4, 0, 0, 9, 9, 9, 9], &ip), "gue", 0),
        (in_udp(7932, &[7; 12], &inner), "hp-erm", 0),
        (
            in_udp(
                5555,
                &[
                    &[7; 16],
                    &[8, 1][..],
                    &[0; 22],
                    &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
                ]
                .concat(),
                &ip,
            ),
            "aruba-erm",
            0,
        ),
        (in_udp(4341, &[0x88, 0, 0, 1, 0, 0, 9, 1], &ip), "lisp", 9),
        (
            in_udp(2152, &[0x30, 255, 0, gtp_length, 0, 0, 0, 5], &ip),
            "gtp",
            5,
        ),
        (
            in_udp(
                2152,
                &[
                    0x34,
                    255,
                    0,
                    gtp_length + 8,
                    0,
                    0,
                    0,
                    5,
                    0,
                    0,
                    0,
                    0x85,
                    1,
                    0,
                    0,
                    0,
                ],
                &ip,
            ),
            "gtp",
            5,
        ),
        (
            in_udp(1701, &[0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21], &ip),
            "l2tp",
            0x1_0002,
        ),
        (
            in_udp(
                1701,
                &[0x40, 2, 0, l2tp_length, 0, 1, 0, 2, 0xff, 3, 0, 0x21],
                &ip,
            ),
            "l2tp",
            0x1_0002,
        ),
        (
            in_udp(1701, &[0, 3, 0, 0, 0, 0, 0, 7, 1, 2, 3, 4], &inner),
            "l2tpv3",
            7,
        ),
        (in_udp(4754, &[0, 0, 8, 0], &ip), "gre", 0),
        (
            in_udp(5247, &[0, 0x10, 0, 0, 0, 0, 0, 0], &inner),
            "capwap",
            0,
        ),
    ];
    for (packet, kind, id) in cases {
        assert_dns(101, &packet, &[(kind, id)]);
        for length in 0..packet.len() {
            let _ = decode(101, &packet[..length], packet.len() as u32);
        }
    }
    let erspan = in_gre(
        &[
            0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0x04, 9, 0, 0, 0, 0,
        ],
        &inner,
    );
    assert_dns(101, &erspan, &[("gre", 0), ("erspan", 9)]);
    let erspan_1 = in_gre(&[0, 0, 0x88, 0xbe], &inner);
    assert_dns(101, &erspan_1, &[("gre", 0), ("erspan", 0)]);
    let header = [
        0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        0, 0,
    ];
    assert_dns(101, &in_gre(&header, &inner), &[("gre", 0), ("erspan", 9)]);
    let twice = in_udp(
        4789,
        &[8, 0, 0, 0, 0, 0, 1, 0],
        &ethernet(0x0800, &in_gre(&[0, 0, 8, 0], &ip)),
    );
    assert_dns(101, &twice, &[("vxlan", 1), ("gre", 0)]);
}

#[test]
fn teredo_is_told_only_with_a_sound_packet() {
    let inner = ipv6(17, &udp(1, 2, b"x"));
    let authentication = [0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    let origin = [0, 0, 1, 2, 3, 4, 5, 6];
    let plain = ipv4(17, &udp(3544, 50000, &inner));
    assert_eq!(decoded(101, &plain).destination, address("2001:db8::2"));
    let dressed = ipv4(
        17,
        &udp(
            50000,
            3544,
            &[&authentication[..], &origin, &inner].concat(),
        ),
    );
    assert_eq!(decoded(101, &dressed).tunnels[0].kind.as_str(), "teredo");
    let false_length = ipv4(17, &udp(50000, 3544, &inner[..inner.len() - 1]));
    assert_eq!(udp_of(&decoded(101, &false_length)).destination_port, 3544);
}

#[test]
fn what_only_uses_a_tunnels_port_stays_udp() {
    for port in [
        4789, 8472, 4790, 6081, 2152, 3544, 1701, 4754, 5247, 6635, 37008, 30030, 4341, 6080, 7932,
        5555,
    ] {
        for payload in [
            &b"\x12\x34\x01\x00 a DNS query perhaps, from a source port by chance"[..],
            b"",
            &[0; 64],
            &[0x45; 64],
        ] {
            let bytes = ethernet(
                0x8100,
                &[&[0, 5, 8, 0], &ipv4(17, &udp(port, port, payload))[..]].concat(),
            );
            let packet = decoded(ETHERNET, &bytes);
            assert_eq!(udp_of(&packet).payload, payload, "port {port}");
            assert_eq!(
                (packet.vlans.as_slice(), packet.tunnels.len()),
                (&[5][..], 0)
            );
        }
    }
    let arp_in_gre = decoded(101, &ipv4(47, &[0, 0, 8, 6, 0, 1]))
        .segment
        .protocol();
    assert_eq!(arp_in_gre, 47);
}

#[test]
fn nesting_ends() {
    let mut bytes = dns();
    for _ in 0..40 {
        bytes = ipv4(4, &bytes);
    }
    let packet = decoded(101, &bytes);
    assert_eq!((packet.segment.protocol(), packet.tunnels.len()), (4, 4));
    assert_eq!(packet.stop.unwrap().reason, StopReason::TooDeep);
    let mut bytes = dns();
    for _ in 0..30 {
        bytes = ipv4(4, &bytes);
    }
    let packet = decoded(101, &bytes);
    assert_eq!((packet.segment.protocol(), packet.stop), (17, None));
    let tags = ethernet(0x8100, &[0, 1, 0x81, 0].repeat(100));
    assert_eq!(set_aside(ETHERNET, &tags).reason, StopReason::TooDeep);
    let options = ipv6(
        60,
        &[
            &[60, 0, 0, 0, 0, 0, 0, 0].repeat(40)[..],
            &[17, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat(),
    );
    assert_eq!(
        decoded(101, &options).stop.unwrap().reason,
        StopReason::Malformed("too many extension headers")
    );
}

#[test]
fn extension_headers_lead_to_the_segment() {
    let headers = [
        &[43, 0, 0, 0, 0, 0, 0, 0][..],
        &[60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[51, 0, 0, 0, 0, 0, 0, 0],
        &[
            44, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        &[17, 0, 0, 0, 0, 0, 0, 9],
    ]
    .concat();
    let bytes = ipv6(0, &[&headers[..], &udp(1, 2, b"x")].concat());
    let packet = decoded(101, &bytes);
    assert_eq!(
        (
            udp_of(&packet).destination_port,
            &packet.fragment,
            packet.ttl
        ),
        (2, &None, 63)
    );
    let none = ipv6(59, b"");
    assert_eq!(decoded(101, &none).segment.protocol(), 59);
    let cut = ipv6(60, &[17, 9, 0, 0, 0, 0, 0, 0]);
    assert!(decoded(101, &cut).stop.is_some());
}

#[test]
fn fragments_keep_what_rejoining_needs() {
    let whole = udp(4000, 53, &[7; 24]);
    let (start, end) = whole.split_at(16);
    let (first, last) = (
        ipv4_with(17, 0x2000, &[], start),
        ipv4_with(17, 2, &[], end),
    );
    let first = decoded(101, &first);
    assert_eq!(
        (
            udp_of(&first).destination_port,
            udp_of(&first).payload_length,
            first.stop
        ),
        (53, 8, None)
    );
    let part = first.fragment.unwrap();
    assert_eq!(
        (part.id, part.offset, part.more, part.payload),
        (0xabcd, 0, true, start)
    );
    let last = decoded(101, &last);
    let Segment::Fragment(rest) = last.segment else {
        panic!("{last:?}")
    };
    assert_eq!(
        (rest.protocol, rest.offset, rest.more, rest.payload),
        (17, 16, false, end)
    );
    let rejoined = decode_rejoined(&first, &whole);
    assert_eq!(
        (udp_of(&rejoined).payload, &rejoined.fragment),
        (&[7; 24][..], &None)
    );

    let v6 = ipv6(44, &[&[17, 0, 0, 1, 0, 0, 0, 5], start].concat());
    let part = decoded(101, &v6).fragment.unwrap();
    assert_eq!((part.id, part.more, part.payload), (5, true, start));
    let v6 = ipv6(44, &[&[17, 0, 0, 16, 0, 0, 0, 5], end].concat());
    assert!(matches!(
        decoded(101, &v6).segment,
        Segment::Fragment(Fragment {
            offset: 16,
            more: false,
            ..
        })
    ));
}

#[test]
fn lengths_that_lie_are_bounded_and_told() {
    let mut offload = ipv4(6, &tcp(&[], &[1; 3000]));
    offload[2..4].fill(0);
    assert_eq!(
        (
            tcp_of(&decoded(101, &offload)).payload_length,
            decoded(101, &offload).ip_length
        ),
        (3000, 3040)
    );

    let mut long = ipv4(17, &udp(1, 2, b"abc"));
    long[3] = 200;
    let packet = decoded(101, &long);
    assert_eq!(
        (udp_of(&packet).payload, packet.ip_length),
        (&b"abc"[..], 31)
    );
    assert_eq!(
        packet.stop.unwrap().reason,
        StopReason::Malformed("total length beyond the frame")
    );

    let mut short = ipv4(17, &udp(1, 2, b"abc"));
    short[3] = 10;
    assert!(decoded(101, &short).stop.is_some());
    let mut header = dns();
    header[0] = 0x44;
    assert_eq!(
        set_aside(101, &header).reason,
        StopReason::Malformed("header length below 5")
    );
    let mut version = dns();
    version[0] = 0x25;
    assert_eq!(set_aside(101, &version).layer, "ip");

    for (length, payload, told) in [
        (0, &b"abc"[..], false),
        (5, b"", true),
        (10, b"ab", false),
        (99, b"abc", true),
    ] {
        let mut datagram = udp(1, 2, b"abc");
        datagram[5] = length;
        let bytes = ipv4(17, &datagram);
        let packet = decoded(101, &bytes);
        assert_eq!(
            (udp_of(&packet).payload, packet.stop.is_some()),
            (payload, told),
            "length {length}"
        );
    }
    let mut offset = ipv4(6, &tcp(&[], b"abc"));
    offset[32] = 0x40;
    let packet = decoded(101, &offset);
    assert_eq!(
        (
            tcp_of(&packet).destination_port,
            tcp_of(&packet).payload_length
        ),
        (443, 0)
    );
    assert!(packet.stop.is_some());
}

#[test]
fn a_cut_frame_keeps_its_ports() {
    let frame = ethernet(0x0800, &ipv4(6, &tcp(&[], &[5; 100])));
    for length in 0..frame.len() {
        match decode(ETHERNET, &frame[..length], frame.len() as u32) {
            Decoded::SetAside(stop) => {
                assert!(length < 34, "set aside at {length}");
                assert!(matches!(stop.reason, StopReason::Truncated { .. }));
            }
            Decoded::Packet(packet) if length < 38 => {
                assert!(packet.stop.is_some());
                assert!(matches!(packet.segment, Segment::Other { protocol: 6, .. }));
            }
            Decoded::Packet(packet) => {
                let segment = tcp_of(&packet);
                assert_eq!(
                    (segment.source_port, segment.destination_port),
                    (0xc000, 443)
                );
                assert_eq!(
                    (segment.payload_length, segment.payload.len()),
                    match length {
                        0..47 => (0, 0),
                        _ => (100, length.saturating_sub(54)),
                    }
                );
                assert_eq!(packet.stop.is_some(), length < 54);
            }
        }
    }
}

#[test]
fn frames_without_ip_are_set_aside_with_their_number() {
    assert_eq!(
        set_aside(ETHERNET, &ethernet(0x0806, &[0; 46])).reason,
        StopReason::NotIp(0x0806)
    );
    assert_eq!(
        set_aside(ETHERNET, &ethernet(38, &[0x42, 0x42, 3, 0, 0])).reason,
        StopReason::NotIp(0x42)
    );
    assert_eq!(
        set_aside(9, &[0xc0, 0x21, 1, 1]).reason,
        StopReason::NotIp(0xc021)
    );
    assert_eq!(
        set_aside(9999, &[0; 40]).reason,
        StopReason::UnknownLink(9999)
    );
    let stop = set_aside(ETHERNET, &MACS[..10]);
    assert_eq!(
        (stop.layer, stop.reason),
        (
            "ethernet",
            StopReason::Truncated {
                wanted: 14,
                had: 10
            }
        )
    );
    assert_eq!(set_aside(ETHERNET, &ethernet(0x8100, &[0])).offset, 14);
}

#[test]
fn a_log_record_without_a_time_is_told() {
    let bytes = [&[2, 0, 0, 5, 37, 0, 9, 0], &dns()[..]].concat();
    let stop = decoded(239, &bytes).stop.unwrap();
    assert_eq!((stop.layer, stop.reason), ("nflog", StopReason::Untimed));
}

#[test]
fn links_are_named_where_they_are_not_decoded() {
    for number in crate::model::named_links() {
        let reason = set_aside(number, &[0; 64]).reason;
        assert_eq!(reason, StopReason::UnknownLink(number));
    }
}

#[test]
fn an_unknown_header_hides_a_packet_only_where_one_is_there() {
    let mut ip = dns();
    let words = ip[..20]
        .chunks(2)
        .map(|w| u32::from(w[0]) << 8 | u32::from(w[1]));
    let sum: u32 = words.sum();
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    ip[10..12].copy_from_slice(&checksum.to_be_bytes());
    let hiding = ethernet(0x88b5, &[b"header\x08\x00", &ip[..]].concat());
    let stop = set_aside(ETHERNET, &hiding);
    assert_eq!(
        (stop.layer, stop.reason),
        ("hiding", StopReason::NotIp(0x88b5))
    );
    ip[11] ^= 1;
    let noise = ethernet(0x88b5, &[b"header\x08\x00", &ip[..]].concat());
    assert_eq!(set_aside(ETHERNET, &noise).layer, "ethertype");
}

#[test]
fn errors_quote_who_is_told() {
    let syn = ipv4(6, &tcp(&[], b""));
    let bytes = ipv4(1, &[&[3, 13, 0, 0, 0, 0, 0, 0], &syn[..28]].concat());
    let message = icmp_of(&decoded(101, &bytes));
    assert_eq!((message.v6, message.kind, message.code), (false, 3, 13));
    let quoted = Quoted {
        source: address("192.0.2.1"),
        destination: address("198.51.100.2"),
        protocol: 6,
        source_port: 0xc000,
        destination_port: 443,
        sequence: Some(7),
    };
    assert_eq!(message.quoted, Some(quoted));

    for length in 20..28 {
        let bytes = ipv4(1, &[&[3, 13, 0, 0, 0, 0, 0, 0], &syn[..length]].concat());
        let quoted = icmp_of(&decoded(101, &bytes)).quoted.unwrap();
        assert_eq!(
            (quoted.destination_port, quoted.sequence),
            (if length < 24 { 0 } else { 443 }, None)
        );
    }
    let later = ipv4_with(6, 3, &[], &[9; 20]);
    let bytes = ipv4(1, &[&[11, 1, 0, 0, 0, 0, 0, 0], &later[..]].concat());
    assert_eq!(
        icmp_of(&decoded(101, &bytes)).quoted.unwrap().source_port,
        0
    );

    let hops = [
        &[60, 0, 0, 0, 0, 0, 0, 0][..],
        &[17, 0, 0, 0, 0, 0, 0, 0],
        &udp(7, 443, b""),
    ]
    .concat();
    let bytes = ipv6(
        58,
        &[&[1, 1, 0, 0, 0, 0, 0, 0], &ipv6(0, &hops)[..]].concat(),
    );
    let message = icmp_of(&decoded(101, &bytes));
    let quoted = message.quoted.unwrap();
    assert!(message.v6);
    assert_eq!(
        (quoted.protocol, quoted.source_port, quoted.destination_port),
        (17, 7, 443)
    );
}

#[test]
fn echo_messages_have_an_identifier_and_quote_nothing() {
    let echo = ipv4(1, &[8, 0, 0, 0, 0x12, 0x34, 0, 1, b'x']);
    let message = icmp_of(&decoded(101, &echo));
    assert_eq!(
        (message.id, message.quoted, message.payload),
        (0x1234, None, &b"x"[..])
    );
    let echo = ipv6(58, &[129, 0, 0, 0, 0x12, 0x34, 0, 1]);
    assert_eq!(icmp_of(&decoded(101, &echo)).id, 0x1234);
}

#[test]
fn other_protocols_with_ports_tell_them() {
    for protocol in [33, 132, 136] {
        let bytes = ipv4(protocol, &[0, 1, 0, 2, 9]);
        let packet = decoded(101, &bytes);
        assert!(matches!(
            packet.segment,
            Segment::Other {
                source_port: 1,
                destination_port: 2,
                ..
            }
        ));
        assert_eq!(packet.segment.protocol(), protocol);
    }
    let authenticated = ipv4(
        51,
        &[
            &[17, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0; 12],
            &udp(3, 4, b"")[..],
        ]
        .concat(),
    );
    assert_eq!(udp_of(&decoded(101, &authenticated)).destination_port, 4);
}

proptest! {
    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), link_type in 0_u16..300) {
        if let Decoded::SetAside(stop) = decode(link_type, &bytes, 0) {
            prop_assert!(stop.offset as usize <= bytes.len());
        }
    }

    #[test]
    fn mutated_frames_are_survived(
        places in proptest::collection::vec((0_usize..160, any::<u8>()), 1..6),
        length in 0_usize..200,
    ) {
        let inner = ethernet(0x0800, &ipv4(6, &tcp(&[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2], b"x")));
        let vxlan = udp(9, 4789, &[&[8, 0, 0, 0, 0, 0, 1, 0], &inner[..]].concat());
        let extended = ipv6(0, &[&[17, 0, 0, 0, 0, 0, 0, 0], &vxlan[..]].concat());
        let mut bytes = ethernet(0x8100, &[&[0, 5, 0x86, 0xdd], &extended[..]].concat());
        for (at, byte) in places {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(length);
        match decode(ETHERNET, &bytes, 200) {
            Decoded::SetAside(stop) => prop_assert!(stop.offset as usize <= bytes.len()),
            Decoded::Packet(packet) => {
                prop_assert!(packet.ip_length <= 200);
                if let Segment::Tcp(segment) = packet.segment {
                    prop_assert!(segment.payload.len() <= segment.payload_length as usize);
                }
                if let Segment::Udp(datagram) = packet.segment {
                    prop_assert!(datagram.payload.len() <= datagram.payload_length as usize);
                }
            }
        }
    }
}
