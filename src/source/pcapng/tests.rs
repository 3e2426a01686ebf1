use pcap_parser::Block as OtherBlock;
use pcap_parser::PcapBlockOwned;
use pcap_parser::traits::PcapReaderIterator;
use proptest::prelude::*;

use super::super::OwnedFrame;
use super::super::samples::Bytes;
use super::super::samples::drain;
use super::*;

const LITTLE: ByteOrder = ByteOrder::Little;

/// Two sections of different byte order; three interfaces with clocks of their own; all packet blocks; statistics.
fn rich() -> (Bytes, Vec<usize>) {
    let nanos = Bytes::new(LITTLE)
        .option(2, b"eth0")
        .option(3, b"uplink")
        .option(9, &[9])
        .option(0, b"");
    let mut ends = Vec::new();
    let mut file = Bytes::new(LITTLE);
    let steps: Vec<Box<dyn Fn(Bytes) -> Bytes>> = vec![
        Box::new(Bytes::section),
        Box::new(move |file| file.interface(1, 96, &nanos.bytes)),
        Box::new(|file| file.interface(101, 0, &[])),
        Box::new(|file| file.packet(0, 1_000_000_007, b"first", 60)),
        Box::new(|file| file.packet(1, 2_000_007, b"second", 6)),
        Box::new(|file| file.block(0x8000_0001, b"unknown")),
        Box::new(|file| file.block(3, &Bytes::new(LITTLE).u32(3).raw(b"sim").bytes)),
        Box::new(|file| {
            let body = Bytes::new(LITTLE)
                .u16(1)
                .u16(3)
                .u32(0)
                .u32(5)
                .u32(3)
                .u32(9)
                .raw(b"old");
            file.block(2, &body.bytes)
        }),
        Box::new(|file| {
            let body = Bytes::new(LITTLE)
                .u32(0)
                .u64(0)
                .option(5, &7_u64.to_le_bytes());
            file.block(5, &body.option(7, &9_u64.to_le_bytes()).bytes)
        }),
        Box::new(|mut file| {
            file.order = ByteOrder::Big;
            file.section()
        }),
        Box::new(|file| file.interface(113, 0, &[])),
        Box::new(|file| file.packet(0, 3_000_000, b"third", 5)),
    ];
    for step in steps {
        file = step(file);
        ends.push(file.bytes.len());
    }
    (file, ends)
}

fn read(file: &[u8]) -> (Vec<OwnedFrame>, PcapngReader<&[u8]>) {
    let mut reader = PcapngReader::new(file);
    (drain(&mut reader), reader)
}

fn messages(reader: &PcapngReader<&[u8]>) -> Vec<(u64, bool, String)> {
    reader
        .damage()
        .iter()
        .map(|d| (d.offset, d.fatal, d.what.clone()))
        .collect()
}

#[test]
fn sections_interfaces_and_all_packet_blocks_are_read() {
    let (file, _) = rich();
    let (frames, reader) = read(&file.bytes);
    let facts: Vec<_> = frames
        .iter()
        .map(|f| {
            (
                f.interface,
                f.link_type.0,
                f.time.as_nanos(),
                f.wire_length,
                &f.bytes[..],
            )
        })
        .collect();
    let wanted: Vec<(u32, u16, i64, u32, &[u8])> = vec![
        (0, 1, 1_000_000_007, 60, b"first"),
        (1, 101, 2_000_007_000, 6, b"second"),
        (0, 1, 0, 3, b"sim"),
        (1, 101, 5_000, 9, b"old"),
        (2, 113, 3_000_000_000, 5, b"third"),
    ];
    assert_eq!(facts, wanted);
    assert_eq!(reader.damage(), []);
    assert_eq!(
        reader.loss(),
        Loss {
            interface: 7 + 3,
            kernel: 9,
            own: 0
        }
    );
    let names: Vec<_> = reader
        .interfaces()
        .iter()
        .map(|i| (&i.name[..], &i.description[..]))
        .collect();
    assert_eq!(names, [("eth0", "uplink"), ("", ""), ("", "")]);
    assert_eq!(reader.interfaces()[0].snaplen, 96);
}

#[test]
fn every_prefix_lends_its_whole_packets_and_tells_the_cut() {
    let (file, ends) = rich();
    let (frames, _) = read(&file.bytes);
    for length in 0..file.bytes.len() {
        let (some, reader) = read(&file.bytes[..length]);
        assert_eq!(some, frames[..some.len()], "prefix of {length}");
        let last_end = ends
            .iter()
            .copied()
            .rfind(|end| *end <= length)
            .unwrap_or(0);
        assert_eq!(
            reader.damage().is_empty(),
            last_end == length,
            "prefix of {length}"
        );
        if let Some(damage) = reader.damage().first() {
            assert_eq!(
                (damage.offset, damage.fatal),
                (last_end as u64, true),
                "prefix of {length}"
            );
        }
    }
}

#[test]
fn a_damaged_block_of_sound_length_costs_only_itself() {
    let file = Bytes::new(LITTLE).section().interface(1, 0, &[]);
    let at = file.bytes.len() as u64;
    let file = file.packet(7, 1, b"whose", 5);
    let body = Bytes::new(LITTLE)
        .u32(0)
        .u32(0)
        .u32(0)
        .u32(4000)
        .u32(4000)
        .raw(b"few");
    let next = file.bytes.len() as u64;
    let file = file
        .block(6, &body.bytes)
        .block(6, b"tiny")
        .packet(0, 1, b"fine", 4);
    let (frames, reader) = read(&file.bytes);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].bytes, b"fine");
    let told = messages(&reader);
    assert_eq!(told.len(), 3);
    assert_eq!(
        told[0],
        (
            at,
            false,
            "block of interface 7, which this section does not describe".into()
        )
    );
    let what = "packet of 4000 bytes in a block that has room for 4";
    assert_eq!(told[1], (next, false, what.into()));
    assert_eq!(told[2].2, "enhanced packet block too short for its fields");
}

#[test]
fn a_broken_description_keeps_its_number() {
    let broken = Bytes::new(LITTLE).u16(2).u16(500).raw(b"eth");
    let file = Bytes::new(LITTLE)
        .section()
        .interface(1, 0, &broken.bytes)
        .interface(101, 0, &[]);
    let file = file.packet(1, 1, b"x", 1).packet(0, 1, b"y", 1);
    let (frames, reader) = read(&file.bytes);
    assert_eq!(
        frames.iter().map(|f| f.link_type.0).collect::<Vec<_>>(),
        [101, 1]
    );
    assert_eq!(
        messages(&reader)[0].2,
        "interface description with an option longer than the block"
    );
}

#[test]
fn lengths_that_no_block_can_have_stop() {
    let file = Bytes::new(LITTLE)
        .section()
        .interface(1, 0, &[])
        .packet(0, 1, b"fine", 4);
    let at = file.bytes.len() as u64;
    let told = |rest: &[u8]| {
        let bytes = [&file.bytes[..], rest].concat();
        let (frames, reader) = read(&bytes);
        assert_eq!(frames.len(), 1);
        let told = messages(&reader);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].0, told[0].1), (at, true));
        told[0].2.clone()
    };
    let block = |length: u32, again: u32| Bytes::new(LITTLE).u32(6).u32(length).u32(again).bytes;
    assert_eq!(
        told(&block(8, 8)),
        "block length 8, which no block can have"
    );
    assert_eq!(
        told(&block(13, 13)),
        "block length 13, which no block can have"
    );
    assert_eq!(
        told(&block(12, 16)),
        "block length 12, but 16 at the block's end"
    );
    assert_eq!(
        told(&block(400, 0)),
        "block of 400 bytes, but the file ends after 12 of them"
    );
    assert!(told(&block(u32::MAX - 3, 0)).starts_with("block of 4294967292 bytes, where at most"));
    let no_magic = [0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 1, 2, 3, 4];
    assert_eq!(
        told(&no_magic),
        "section header without its byte-order magic"
    );
}

#[test]
fn simple_packets_end_at_the_snaplen() {
    let body = Bytes::new(LITTLE).u32(1500).raw(b"abcdef\0\0");
    let file = Bytes::new(LITTLE)
        .section()
        .interface(1, 6, &[])
        .block(3, &body.bytes);
    let (frames, reader) = read(&file.bytes);
    assert_eq!(
        (frames[0].wire_length, &frames[0].bytes[..]),
        (1500, &b"abcdef"[..])
    );
    assert_eq!(reader.damage(), []);
}

#[test]
fn losses_are_the_highest_counts_of_each_interface() {
    let statistics = |file: Bytes, id: u32, received: u64, dropped: u64| {
        let body = Bytes::new(LITTLE)
            .u32(id)
            .u64(0)
            .option(4, &received.to_le_bytes());
        let body = body.option(5, &dropped.to_le_bytes()).option(0, b"");
        file.block(5, &body.bytes)
    };
    let drops = Bytes::new(LITTLE)
        .option(1, b"a comment")
        .option(4, &6_u64.to_le_bytes());
    let file = Bytes::new(LITTLE)
        .section()
        .interface(1, 0, &[])
        .interface(1, 0, &[]);
    let file = file.interface(1, 0, &[]);
    let file = statistics(statistics(statistics(file, 0, 90, 5), 1, 10, 2), 0, 99, 8);
    let file = file.packet_with(2, 1, b"abc", 3, &drops.bytes);
    // An interface whose statistics tell the drops does not count those of its packets again.
    let file = file.packet_with(1, 1, b"abc", 3, &drops.bytes);
    let (frames, reader) = read(&file.bytes);
    assert_eq!(frames.len(), 2);
    assert_eq!(
        reader.loss(),
        Loss {
            interface: 8 + 2 + 6,
            kernel: 0,
            own: 0
        }
    );
}

#[test]
fn hostile_numbers_of_interfaces_are_bounded() {
    let mut file = Bytes::new(LITTLE).section();
    for _ in 0..MAX_INTERFACES + 500 {
        file = file.interface(1, 0, &[]);
    }
    let file = file.packet(5, 1, b"x", 1);
    let (frames, reader) = read(&file.bytes);
    assert_eq!(frames.len(), 1);
    assert_eq!(reader.interfaces().len(), MAX_INTERFACES);
    assert!(reader.damage().len() <= 101);
}

/// The packets that pcap-parser finds: interface within the section and bytes.
fn second_opinion(file: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut packets = Vec::new();
    let Ok(mut reader) = pcap_parser::PcapNGReader::new(65536, file) else {
        return packets;
    };
    while let Ok((offset, block)) = reader.next() {
        match block {
            PcapBlockOwned::NG(OtherBlock::EnhancedPacket(p)) => {
                packets.push((p.if_id, p.data[..p.caplen as usize].to_vec()));
            }
            PcapBlockOwned::NG(OtherBlock::SimplePacket(p)) => {
                packets.push((0, p.data[..p.origlen as usize].to_vec()));
            }
            _ => {}
        }
        reader.consume(offset);
    }
    packets
}

proptest! {
    #[test]
    fn mutations_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        capacity in 1_usize..300,
    ) {
        let (file, _) = rich();
        let mut file = file.bytes;
        for (place, value) in changes {
            let place = place.index(file.len());
            file[place] = value;
        }
        let mut reader = PcapngReader::with_capacity(&file[..], capacity);
        let frames = drain(&mut reader);
        let lent: usize = frames.iter().map(|frame| frame.bytes.len() + 16).sum();
        prop_assert!(lent <= file.len());
        for damage in reader.damage() {
            prop_assert!(damage.offset <= file.len() as u64);
        }
    }

    #[test]
    fn another_parser_finds_the_same_packets(
        packets in prop::collection::vec((0_u32..3, prop::collection::vec(any::<u8>(), 0..40)), 0..20),
        big: bool,
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let mut file = Bytes::new(order).section();
        for link_type in [1, 101, 113] {
            file = file.interface(link_type, 0, &[]);
        }
        for (interface, data) in &packets {
            file = file.packet(*interface, 1, data, data.len() as u32);
        }
        let (frames, _) = read(&file.bytes);
        let ours: Vec<_> = frames.into_iter().map(|frame| (frame.interface, frame.bytes)).collect();
        prop_assert_eq!(&ours, &packets);
        prop_assert_eq!(second_opinion(&file.bytes), packets);
    }
}
