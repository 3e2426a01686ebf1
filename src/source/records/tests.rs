use super::super::byte_order::ByteOrder;
use super::super::samples::Bytes;
use super::super::samples::drain;
use super::*;

fn snoop_header(link: u32) -> Bytes {
    Bytes::new(ByteOrder::Big)
        .raw(Snoop::MAGIC)
        .u32(2)
        .u32(link)
}

fn snoop_record(file: Bytes, captured: &[u8], record: u32, drops: u32) -> Bytes {
    let length = captured.len() as u32;
    let file = file.u32(1500).u32(length).u32(record).u32(drops);
    file.u32(7).u32(9).raw(captured)
}

#[test]
fn snoop_tells_its_times_lengths_and_drops() {
    let file = snoop_record(snoop_header(4), b"abcd", 28, 3);
    let file = snoop_record(file, b"efgh", 28, 5);
    let mut reader = RecordReader::<_, Snoop>::with_capacity(&file.bytes[..], 64);
    let frames = drain(&mut reader);
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0].time.as_nanos(), 7_000_009_000);
    assert_eq!(
        (frames[0].wire_length, &frames[0].bytes[..]),
        (1500, &b"abcd"[..])
    );
    assert_eq!(
        reader.loss().interface,
        5,
        "the count goes on, it does not start again"
    );
    assert_eq!(reader.damage(), []);
}

#[test]
fn a_record_that_is_shorter_than_its_frame_ends_the_reading() {
    let file = snoop_record(snoop_header(4), b"abcd", 28, 0);
    let file = snoop_record(file, b"efgh", 26, 0);
    let mut reader = RecordReader::<_, Snoop>::with_capacity(&file.bytes[..], 64);
    assert_eq!(drain(&mut reader).len(), 1);
    assert_eq!(
        reader.damage()[0].what,
        "record of 26 bytes with a frame of 4 bytes"
    );
    assert_eq!(
        (reader.damage()[0].offset, reader.damage()[0].fatal),
        (44, true)
    );
    assert!(reader.next_frame().is_none());
    assert_eq!(reader.damage().len(), 1, "told once");
}

#[test]
fn links_and_versions_that_are_not_known_are_told() {
    let file = snoop_record(snoop_header(77), b"abcd", 28, 0);
    let mut reader = RecordReader::<_, Snoop>::with_capacity(&file.bytes[..], 64);
    assert_eq!(drain(&mut reader)[0].link_type, UNKNOWN_LINK);
    let old = Bytes::new(ByteOrder::Big).raw(Snoop::MAGIC).u32(1).u32(4);
    let mut reader = RecordReader::<_, Snoop>::with_capacity(&old.bytes[..], 64);
    assert!(drain(&mut reader).is_empty());
    assert_eq!(
        reader.damage()[0].what,
        "snoop of version 1, where 2 is known"
    );
}

/// A Network Monitor file of version 2.0 with one frame, whose table tells `told` of them.
fn network_monitor(told: u32) -> Vec<u8> {
    let mut file = Bytes::new(ByteOrder::Little).raw(b"GMBU\0\x02").u16(1);
    for field in [2024, 2, 4, 29, 12, 0, 1, 500] {
        file = file.u16(field);
    }
    let mut file = file.u32(148).u32(told * 4);
    file.bytes.resize(128, 0);
    file.u64(250_000).u32(4).u32(4).raw(b"abcd").u32(128).bytes
}

#[test]
fn network_monitor_counts_from_the_start_that_its_header_tells() {
    let file = network_monitor(1);
    let mut reader = RecordReader::<_, NetworkMonitor>::with_capacity(&file[..], 64);
    let frames = drain(&mut reader);
    // 2024-02-29 12:00:01.75
    assert_eq!(frames[0].time.as_nanos(), 1_709_208_001_750_000_000);
    assert_eq!(frames[0].bytes, b"abcd");
    assert_eq!(reader.damage(), []);
    assert!(reader.next_frame().is_none());
}

#[test]
fn network_monitor_is_held_to_its_frame_table() {
    let what = |file: &[u8]| {
        let mut reader = RecordReader::<_, NetworkMonitor>::with_capacity(file, 64);
        let frames = drain(&mut reader).len();
        (frames, reader.damage()[0].what.clone())
    };
    let few = "1 frames, where the frame table has 3".to_owned();
    assert_eq!(what(&network_monitor(3)), (1, few));
    let cut = "the file ends at byte 128, but its frames go on up to byte 148".to_owned();
    assert_eq!(what(&network_monitor(1)[..128]), (0, cut));
}

#[test]
fn only_a_chain_of_records_is_endaces() {
    let record = |length: u16, seconds: u32| {
        let file = Bytes::new(ByteOrder::Little)
            .u32(0)
            .u32(seconds)
            .raw(&[2, 4]);
        let file = file.raw(&length.to_be_bytes()).raw(&[0, 0, 0, 60]);
        file.raw(&vec![0; usize::from(length) - 16]).bytes
    };
    let one = record(72, 1_700_000_000);
    assert!(Erf::recognises(&one));
    assert!(Erf::recognises(&[&one[..], &one[..20]].concat()));
    assert!(
        !Erf::recognises(&one[..40]),
        "the first record must be whole"
    );
    assert!(!Erf::recognises(&record(72, 1000)), "a time of 1970");
    let later = record(72, 1_710_000_000);
    assert!(
        !Erf::recognises(&[&one[..], &later].concat()),
        "months apart"
    );
    assert!(!Erf::recognises(b"text of any kind is no record at all\n"));
    assert!(!Erf::recognises(&[]));
}
