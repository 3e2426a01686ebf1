use proptest::prelude::*;

use super::super::samples::Bytes;
use super::super::samples::drain;
use super::super::samples::small_pcap;
use super::*;

fn nanos(file: &[u8]) -> Vec<i64> {
    drain(&mut PcapReader::new(file))
        .iter()
        .map(|frame| frame.time.as_nanos())
        .collect()
}

#[test]
fn all_kinds_and_both_byte_orders_are_read() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for (magic, time) in [(0xa1b2_c3d4, 7_000_009_000), (0xa1b2_3c4d, 7_000_000_009)] {
            let file = Bytes::new(order)
                .pcap_header(magic, (2, 4), 113)
                .record(7, 9, b"abc", 60);
            assert!(PcapReader::<&[u8]>::recognises(&file.bytes[..4]));
            let mut reader = PcapReader::new(&file.bytes[..]);
            let frames = drain(&mut reader);
            assert_eq!(frames.len(), 1);
            assert_eq!(frames[0].time.as_nanos(), time);
            assert_eq!(frames[0].link_type, LinkType(113));
            assert_eq!(
                (frames[0].wire_length, &frames[0].bytes[..]),
                (60, &b"abc"[..])
            );
            assert_eq!(reader.damage(), []);
        }
    }
}

#[test]
fn modified_records_have_longer_headers() {
    let file = Bytes::new(ByteOrder::Little).pcap_header(0xa1b2_cd34, (2, 4), 1);
    let record = |file: Bytes| {
        file.u32(1)
            .u32(2)
            .u32(3)
            .u32(3)
            .u32(9)
            .u16(0)
            .raw(&[4, 0])
            .raw(b"abc")
    };
    let frames = drain(&mut PcapReader::new(&record(record(file)).bytes[..]));
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[1].bytes, b"abc");
}

#[test]
fn old_versions_swap_the_lengths() {
    for (version, first, second) in [
        ((2, 2), 9, 3),
        ((2, 3), 9, 3),
        ((2, 3), 3, 9),
        ((543, 0), 9, 3),
    ] {
        let file = Bytes::new(ByteOrder::Big).pcap_header(0xa1b2_c3d4, version, 1);
        let file = file.u32(1).u32(2).u32(first).u32(second).raw(b"abc");
        let frames = drain(&mut PcapReader::new(&file.bytes[..]));
        assert_eq!(frames.len(), 1, "{version:?}");
        assert_eq!(
            (frames[0].wire_length, &frames[0].bytes[..]),
            (9, &b"abc"[..])
        );
    }
}

#[test]
fn link_types_are_read_without_the_check_sequence_flags() {
    let file = Bytes::new(ByteOrder::Little).pcap_header(0xa1b2_c3d4, (2, 4), 0x4400_0001);
    let frames = drain(&mut PcapReader::new(&file.record(1, 1, b"x", 1).bytes[..]));
    assert_eq!(frames[0].link_type, LinkType::ETHERNET);
}

#[test]
fn odd_records_that_still_make_sense_are_lent() {
    let file = Bytes::new(ByteOrder::Little).pcap_header(0xa1b2_c3d4, (2, 4), 1);
    let long = vec![7; 200_000];
    let file = file
        .record(1, 2_500_000, b"abcdef", 2)
        .record(2, 0, &long, 200_000);
    let mut reader = PcapReader::new(&file.bytes[..]);
    let frames = drain(&mut reader);
    assert_eq!(frames[0].time.as_nanos(), 3_500_000_000);
    assert_eq!(frames[0].wire_length, 6, "never less than was captured");
    assert_eq!(
        frames[1].bytes.len(),
        200_000,
        "longer than the snaplen of 65535"
    );
    assert_eq!(reader.damage(), []);
}

#[test]
fn a_senseless_length_stops_with_its_offset() {
    let (mut file, ends) = small_pcap();
    file[ends[1] + 8..ends[1] + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut reader = PcapReader::new(&file[..]);
    assert_eq!(drain(&mut reader).len(), 2);
    let what = "record of 4294967295 bytes, where at most 262144 make sense".to_owned();
    assert_eq!(
        reader.damage(),
        [Damage {
            offset: ends[1] as u64,
            fatal: true,
            what
        }]
    );
    assert!(reader.next_frame().is_none());
    assert_eq!(reader.damage().len(), 1, "told once");
}

#[test]
fn every_prefix_lends_its_whole_records_and_tells_the_cut() {
    let (file, ends) = small_pcap();
    for length in 0..=file.len() {
        let mut reader = PcapReader::new(&file[..length]);
        let frames = drain(&mut reader);
        let whole = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(frames.len(), whole, "prefix of {length}");
        if length == FILE_HEADER_BYTES || ends.contains(&length) {
            assert_eq!(reader.damage(), [], "prefix of {length}");
            continue;
        }
        let last_end = ends.iter().rev().find(|end| **end <= length);
        let start = last_end
            .copied()
            .unwrap_or(if length < 24 { 0 } else { 24 });
        assert_eq!(reader.damage().len(), 1, "prefix of {length}");
        assert_eq!(
            reader.damage()[0].offset,
            start as u64,
            "prefix of {length}"
        );
        assert!(reader.damage()[0].fatal);
    }
}

#[test]
fn the_cut_is_told_in_words() {
    let (file, ends) = small_pcap();
    let what = |length: usize| {
        let mut reader = PcapReader::new(&file[..length]);
        drain(&mut reader);
        reader.damage()[0].what.clone()
    };
    assert_eq!(what(0), "no pcap file header");
    assert_eq!(
        what(10),
        "file header of which only 10 bytes of 24 are there"
    );
    assert_eq!(
        what(ends[1] + 3),
        "record header of which only 3 bytes are there"
    );
    assert_eq!(
        what(ends[2] - 4),
        "record of 10 bytes, but the file ends after 6 of them"
    );
}

#[test]
fn a_failing_reader_is_told_after_the_frames() {
    let (file, ends) = small_pcap();
    let failing = file[..ends[1]].chain(Failing);
    let mut reader = PcapReader::new(failing);
    assert_eq!(drain(&mut reader).len(), 2);
    assert_eq!(reader.damage()[0].what, "reading failed: disk on fire");
    assert_eq!(reader.damage()[0].offset, ends[1] as u64);
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("disk on fire"))
    }
}

proptest! {
    #[test]
    fn mutations_never_panic_and_never_lend_more_than_was_there(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        capacity in 1_usize..200,
    ) {
        let (mut file, _) = small_pcap();
        for (place, value) in changes {
            let place = place.index(file.len());
            file[place] = value;
        }
        let frames = drain(&mut PcapReader::with_capacity(&file[..], capacity));
        let lent: usize = frames.iter().map(|frame| frame.bytes.len() + 16).sum();
        prop_assert!(lent + 24 <= file.len() || frames.is_empty());
    }

    #[test]
    fn times_are_those_of_the_file(seconds: u32, fraction in 0_u32..1_000_000) {
        let file = Bytes::new(ByteOrder::Little).pcap_header(0xa1b2_c3d4, (2, 4), 1);
        let file = file.record(seconds, fraction, b"", 0);
        let wanted = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * 1000;
        prop_assert_eq!(nanos(&file.bytes), vec![wanted]);
    }
}
