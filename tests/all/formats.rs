//! A small sample of each capture format, built byte by byte from its documented layout, against the table of
//! `docs/CAPTURES.md`: what is said to be read is read, whole and from every prefix.

use std::io::Cursor;

use proptest::prelude::*;

use pktaudit::decode::sflow::samples as samples_in;
use pktaudit::decode::{Decoded, Packet, Segment, decode};
use pktaudit::source::{FrameSource, InputPath, open_reader};

use super::harness::{folder, pktaudit, write};

/// Frames that each sample holds.
const FRAMES: usize = 3;
const PAGE: &str = include_str!("../../docs/CAPTURES.md");

/// A format's name as the page has it, and a sample.
struct Sample {
    name: &'static str,
    bytes: Vec<u8>,
}

/// A TCP opening in IPv4.
fn packet() -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 40, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0];
    packet.extend([10, 20, 0, 10, 198, 51, 100, 10]);
    packet.extend([
        0xb7, 0x60, 1, 187, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 2, 0xfa, 0xf0, 0, 0, 0, 0,
    ]);
    packet
}

fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let macs = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    [&macs[..], &ether_type.to_be_bytes(), payload].concat()
}

fn frame() -> Vec<u8> {
    ethernet(0x0800, &packet())
}

fn in_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let total = (28 + payload.len()) as u16;
    let mut ip = vec![0x45, 0];
    ip.extend(total.to_be_bytes());
    ip.extend([
        0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0x9c, 0x40,
    ]);
    ip.extend(port.to_be_bytes());
    ip.extend((8 + payload.len() as u16).to_be_bytes());
    ip.extend([0, 0]);
    ethernet(0x0800, &[&ip[..], payload].concat())
}

/// A datagram of sFlow with one sample of a frame, one of 512.
fn sampled(frame: &[u8]) -> Vec<u8> {
    let words =
        |numbers: &[u32]| -> Vec<u8> { numbers.iter().flat_map(|n| n.to_be_bytes()).collect() };
    let length = frame.len() as u32;
    let mut record = [words(&[1, length + 4, 4, length]), frame.to_vec()].concat();
    record.resize(record.len().next_multiple_of(4), 0);
    let sample = [
        words(&[7, 3, 512, 9000, 0, 3, 4, 1, 1, record.len() as u32]),
        record,
    ]
    .concat();
    let head = [5, 1, 0x0a00_0001, 0, 42, 1000, 1, 1, sample.len() as u32];
    [words(&head), sample].concat()
}

/// A pcap header, then the frame in records with `extra` behind the common fields of each.
fn pcap_of(magic: u32, version: u16, network: u32, extra: usize, frame: &[u8]) -> Vec<u8> {
    let mut file = magic.to_le_bytes().to_vec();
    file.extend(2_u16.to_le_bytes());
    file.extend(version.to_le_bytes());
    for field in [0, 0, 65535, network] {
        file.extend(u32::to_le_bytes(field));
    }
    for number in 0..FRAMES as u32 {
        let length = frame.len() as u32;
        for field in [1_700_000_000 + number, 5, length, length] {
            file.extend(field.to_le_bytes());
        }
        file.extend(vec![0; extra]);
        file.extend(frame);
    }
    file
}

fn pcap(link_type: u32, frame: &[u8]) -> Vec<u8> {
    pcap_of(0xa1b2_c3d4, 4, link_type, 0, frame)
}

/// snoop (RFC 1761): each record padded to a multiple of 4.
fn snoop(frame: &[u8]) -> Vec<u8> {
    let mut file = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
    for number in 0..FRAMES as u32 {
        let (length, padded) = (frame.len() as u32, frame.len().next_multiple_of(4));
        for field in [
            length,
            length,
            24 + padded as u32,
            0,
            1_700_000_000 + number,
            5,
        ] {
            file.extend(field.to_be_bytes());
        }
        file.extend(frame);
        file.extend(vec![0; padded - frame.len()]);
    }
    file
}

/// A record of Endace's format with an Ethernet frame.
fn erf_record(number: u32) -> Vec<u8> {
    let frame = [&[0, 0], &frame()[..], &[0; 6]].concat();
    let mut record = vec![0, 0, 0, 0x80];
    record.extend((1_700_000_000 + number).to_le_bytes());
    record.extend([2, 4]);
    record.extend((16 + frame.len() as u16).to_be_bytes());
    record.extend([0, 0, 0, 58]);
    record.extend(frame);
    record
}

/// Network Monitor: a header of 128 bytes, frames, the table of their offsets.
fn network_monitor(major: u8, minor: u8) -> Vec<u8> {
    let mut file = if major == 1 {
        b"RTSS".to_vec()
    } else {
        b"GMBU".to_vec()
    };
    file.extend([minor, major, 1, 0]);
    for field in [2026_u16, 11, 6, 28, 19, 30, 15, 250] {
        file.extend(field.to_le_bytes());
    }
    file.resize(128, 0);
    let (frame, mut table) = (frame(), Vec::new());
    let trailer: &[u8] = match minor {
        _ if major == 1 => &[],
        3 => &[
            1, 0, 0xff, 0xff, 0xff, 0xff, 0, 0x80, 0x3e, 0xd5, 0xde, 0xb1, 0x9d, 1, 0,
        ],
        1 => &[1, 0],
        _ => &[],
    };
    for _ in 0..FRAMES {
        table.extend((file.len() as u32).to_le_bytes());
        let length = frame.len() as u16;
        if major == 1 {
            file.extend([9, 0, 0, 0]);
            file.extend(length.to_le_bytes());
            file.extend(length.to_le_bytes());
        } else {
            file.extend([9, 0, 0, 0, 0, 0, 0, 0]);
            file.extend(u32::from(length).to_le_bytes());
            file.extend(u32::from(length).to_le_bytes());
        }
        file.extend(&frame);
        file.extend(trailer);
    }
    let start = file.len() as u32;
    file[24..28].copy_from_slice(&start.to_le_bytes());
    file[28..32].copy_from_slice(&(table.len() as u32).to_le_bytes());
    file.extend(table);
    file
}

/// A pflog header of this length, padded (OpenBSD's and FreeBSD's `if_pflog.h`).
fn pflog(length: u8) -> Vec<u8> {
    let mut header = vec![length, 2, 1, 0];
    header.extend(b"em0");
    header.resize(36, 0);
    header.extend([0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff]);
    header.resize(usize::from(length).next_multiple_of(4), 0);
    [header, packet()].concat()
}

fn samples() -> Vec<Sample> {
    let (ip, whole) = (packet(), frame());
    let behind = |header: &[u8]| [header, &ip[..]].concat();
    let around = |header: &[u8]| [header, &whole[..]].concat();
    let macs = &whole[..12];
    let tagged = |tag: &[u8]| [macs, tag, &[8, 0], &ip].concat();
    let nflog = behind(&[2, 0, 0, 5, 44, 0, 9, 0]);
    let erf: Vec<u8> = (0..FRAMES as u32).flat_map(erf_record).collect();
    let sample = |name, bytes| Sample { name, bytes };
    vec![
        sample("pcap, microseconds", pcap(1, &whole)),
        sample("pcap, nanoseconds", pcap_of(0xa1b2_3c4d, 4, 1, 0, &whole)),
        sample("pcap, modified", pcap_of(0xa1b2_cd34, 4, 1, 8, &whole)),
        sample("pcap of SuSE 6.3", pcap_of(0xa1b2_cd34, 4, 1, 12, &whole)),
        sample("pcap of Nokia IPSO", pcap_of(0xa1b2_c3d4, 4, 1, 4, &whole)),
        sample("pcap of Red Hat 6.1", pcap_of(0xa1b2_c3d4, 4, 1, 8, &whole)),
        sample("pcap of AIX", pcap_of(0xa1b2_c3d4, 2, 6, 0, &whole)),
        sample("pcap of a NetBSD class", pcap(0x0224_0002, &ip)),
        sample("snoop", snoop(&whole)),
        sample(
            "fw monitor",
            snoop(&[b"i1eth0\0\0\0\0\0\0\x08\0", &ip[..]].concat()),
        ),
        sample("ERF", erf),
        sample("ERF in pcap", pcap(197, &erf_record(0))),
        sample("Network Monitor 1", network_monitor(1, 1)),
        sample("Network Monitor 2", network_monitor(2, 0)),
        sample("Network Monitor 2.1", network_monitor(2, 1)),
        sample("Network Monitor 2.3", network_monitor(2, 3)),
        sample("pflog, 64 bytes", pcap(117, &pflog(61))),
        sample("pflog, 72 bytes", pcap(117, &pflog(69))),
        sample("pflog, 100 bytes", pcap(117, &pflog(100))),
        sample(
            "enc",
            pcap(109, &behind(&[2, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0])),
        ),
        sample("NFLOG", pcap(239, &nflog)),
        sample(
            "Juniper Ethernet",
            pcap(178, &around(b"MGC\x80\0\x06\x01\x01\x0e\x02\x01\x01")),
        ),
        sample("Juniper PPP", pcap(179, &behind(b"MGC\x01\xff\x03\0\x21"))),
        sample(
            "Juniper voice",
            pcap(183, &behind(&[&b"MGC\x01"[..], &[0; 18]].concat())),
        ),
        sample("PPP of pppd", pcap(166, &behind(&[0, 3, 0, 0x21]))),
        sample("IP over InfiniBand", pcap(242, &behind(&[8, 0, 0, 0]))),
        sample("DSA tag", pcap(284, &tagged(&[0xc0, 0x18, 0, 0]))),
        sample(
            "EDSA tag",
            pcap(285, &tagged(&[0xda, 0xda, 0, 0, 0xc0, 0x18, 0, 0])),
        ),
        sample("Broadcom tag", pcap(281, &tagged(&[0, 0, 0, 8]))),
        sample("Broadcom tag in front", pcap(282, &around(&[0, 0, 0, 8]))),
        sample(
            "Arista header",
            pcap(
                1,
                &ethernet(
                    0xd28b,
                    &behind(&[0, 1, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0]),
                ),
            ),
        ),
        sample(
            "HSR tag",
            pcap(1, &ethernet(0x892f, &behind(&[0, 60, 0, 1, 8, 0]))),
        ),
        sample(
            "F5 trailer",
            pcap(
                1,
                &[
                    &frame()[..],
                    &[0xf5, 0xde, 0xb0, 0xf5, 0, 20, 0, 1],
                    &[0, 1, 0, 1, 0, 12, 0, 4, 0, 0, 1, 0],
                ]
                .concat(),
            ),
        ),
        sample("TZSP", pcap(1, &in_udp(37008, &around(&[1, 0, 0, 1, 1])))),
        sample(
            "jmirror",
            pcap(1, &in_udp(30030, &behind(&[0, 0, 0, 1, 0, 0, 0, 7]))),
        ),
        sample("GUE", pcap(1, &in_udp(6080, &behind(&[0, 4, 0, 0])))),
        sample("HP ERM", pcap(1, &in_udp(7932, &around(&[0; 12])))),
        sample(
            "Aruba ERM",
            pcap(
                1,
                &in_udp(
                    5555,
                    &behind(
                        &[
                            &[0; 16],
                            &[8, 1][..],
                            &[0; 22],
                            &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
                        ]
                        .concat(),
                    ),
                ),
            ),
        ),
        sample(
            "LISP",
            pcap(1, &in_udp(4341, &behind(&[0xc0, 0, 0, 1, 0, 0, 0, 1]))),
        ),
        sample("sFlow", pcap(1, &in_udp(6343, &sampled(&frame())))),
    ]
}

fn is_opening(packet: &Packet<'_>) -> bool {
    packet.destination.to_string() == "198.51.100.10" && packet.segment.protocol() == 6
}

/// Frames and TCP openings in bytes, and whether anything was damaged.
fn read(bytes: Vec<u8>) -> (usize, usize, bool) {
    let path = InputPath::File("sample".into());
    let Ok(mut source) = open_reader(Cursor::new(bytes), &path) else {
        return (0, 0, true);
    };
    let (mut frames, mut openings) = (0, 0);
    while let Some(frame) = source.next_frame() {
        frames += 1;
        if let Decoded::Packet(packet) = decode(frame.link_type.0, frame.bytes, frame.wire_length) {
            openings += usize::from(is_opening(&packet));
            let Segment::Udp(datagram) = &packet.segment else {
                continue;
            };
            let inside = samples_in(datagram.payload).map(|sample| sample.decode());
            let inside = inside
                .filter(|inside| matches!(inside, Decoded::Packet(packet) if is_opening(packet)));
            openings += inside.count();
        }
    }
    (frames, openings, !source.damage().is_empty())
}

#[test]
fn each_format_of_the_page_is_read() {
    let mut rows: Vec<&str> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .collect();
    rows.retain(|row| !row.starts_with("format |") && !row.starts_with("---"));
    let mut named: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.split(" | ").next())
        .collect();
    for sample in samples() {
        assert_eq!(
            read(sample.bytes),
            (FRAMES, FRAMES, false),
            "{}",
            sample.name
        );
        let place = named.iter().position(|name| *name == sample.name);
        named.remove(place.unwrap_or_else(|| panic!("{} is not on the page", sample.name)));
    }
    assert!(named.is_empty(), "on the page without a sample: {named:?}");
}

#[test]
fn every_prefix_gives_its_whole_frames() {
    for sample in samples() {
        let mut before = 0;
        for length in 0..sample.bytes.len() {
            let (frames, openings, _) = read(sample.bytes[..length].to_vec());
            // Which record headers these have is told by the second one.
            if !sample.name.starts_with("pcap of") {
                assert!(frames >= before, "{} cut at {length}", sample.name);
                assert_eq!(frames, openings, "{} cut at {length}", sample.name);
            }
            before = frames;
        }
    }
}

/// The sample's packet with the checksum that makes it known behind any header.
fn packet_with_checksum() -> Vec<u8> {
    let mut packet = packet();
    let words = packet[..20].chunks(2);
    let sum: u32 = words
        .map(|word| u32::from(word[0]) << 8 | u32::from(word[1]))
        .sum();
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
    packet
}

/// A capture of the samples' packets and, behind them, frames of one more kind.
fn beside(more: &[u8]) -> Vec<u8> {
    let mut file = pcap(1, &frame());
    file.extend_from_slice(&pcap(1, more)[24..]);
    file
}

#[test]
fn what_is_not_read_for_its_format_is_named_and_no_success() {
    let folder = folder();
    let whole = ethernet(0x0800, &packet_with_checksum());
    let refused: [(&str, Vec<u8>, &[&str]); 5] = [
        (
            "atm",
            pcap(137, &packet()),
            &["3 frames of link type 137 (Juniper ATM1)"],
        ),
        (
            "private",
            pcap(150, &packet()),
            &["link type 150 (reserved for private use)"],
        ),
        (
            "hidden",
            beside(&ethernet(
                0x88b5,
                &[b"tapper\x08\x00", &packet_with_checksum()[..]].concat(),
            )),
            &["EtherType 0x88b5", "header that is not known"],
        ),
        (
            "mirror",
            beside(&in_udp(9999, &[b"ZZZZ", &whole[..]].concat())),
            &["3 datagrams to 192.0.2.2:9999", "mirrored frames"],
        ),
        (
            "sflow",
            beside(&in_udp(
                6343,
                &[0, 0, 0, 5, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0],
            )),
            &["sFlow samples", "prove no absence"],
        ),
    ];
    for (name, bytes, words) in refused {
        let file = write(&folder, &format!("{name}.pcap"), bytes);
        pktaudit(["flows", &file]).exits(2).complains_of(words);
        pktaudit(["audit", &file]).exits(2);
    }
    let lldp = ethernet(0x88cc, &[0; 46]);
    let arp = ethernet(0x0806, &[0; 28]);
    let stp = ethernet(38, &[0x42, 0x42, 3, 0, 0, 0, 0, 0, 0]);
    let secret = in_udp(9999, &[7; 90]);
    for (name, frame) in [
        ("lldp", lldp),
        ("arp", arp),
        ("stp", stp),
        ("secret", secret),
    ] {
        let file = write(&folder, &format!("{name}.pcap"), beside(&frame));
        pktaudit(["flows", &file]).exits(0);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
    ) {
        let samples = samples();
        let mut bytes = samples[which.index(samples.len())].bytes.clone();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let most = bytes.len();
        prop_assert!(read(bytes).0 <= most);
    }
}
