use std::io::Write;

use super::super::InputPath;
use super::super::OwnedFrame;
use super::super::open_reader;
use super::super::samples::Bytes as Sample;
use super::super::samples::drain;
use super::super::samples::small_pcap;
use super::*;
use crate::source::byte_order::ByteOrder;

const ALL: [Compression; 3] = [Compression::Gzip, Compression::Zstd, Compression::Xz];

fn compress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zstd => zstd::encode_all(bytes, 1).unwrap(),
        Compression::Xz => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
    }
}

fn read(file: Vec<u8>) -> (Vec<OwnedFrame>, Vec<String>) {
    let mut source = open_reader(io::Cursor::new(file), &InputPath::Stdin).unwrap();
    let frames = drain(&mut source);
    (
        frames,
        source
            .damage()
            .iter()
            .map(|damage| damage.what.clone())
            .collect(),
    )
}

/// A capture whose frames do not compress, so that a cut takes some of them.
fn large_pcap() -> Vec<u8> {
    let mut file = Sample::new(ByteOrder::Little).pcap_header(0xa1b2_c3d4, (2, 4), 1);
    let mut state = 1_u32;
    for second in 0..500 {
        let data: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(1000)
        .collect();
        file = file.record(second, 0, &data, 1000);
    }
    file.bytes
}

#[test]
fn compressed_captures_read_as_the_plain_one() {
    let (plain, _) = small_pcap();
    let wanted = read(plain.clone());
    assert_eq!(wanted.0.len(), 3);
    for compression in ALL {
        let once = compress(compression, &plain);
        assert_eq!(Compression::recognise(&once), Some(compression));
        assert_eq!(read(once.clone()), wanted, "{compression}");
        for outer in ALL {
            assert_eq!(
                read(compress(outer, &once)),
                wanted,
                "{compression} in {outer}"
            );
        }
    }
}

#[test]
fn several_members_are_one_capture() {
    let (plain, _) = small_pcap();
    let wanted = read(plain.clone());
    for compression in ALL {
        let (front, back) = plain.split_at(50);
        let members = [
            compress(compression, front),
            compress(compression, b""),
            compress(compression, back),
        ];
        assert_eq!(read(members.concat()), wanted, "{compression}");
    }
}

#[test]
fn zstd_frames_to_skip_are_skipped_also_at_the_front() {
    let (plain, _) = small_pcap();
    let skip = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z'];
    let file = [&skip[..], &compress(Compression::Zstd, &plain), &skip].concat();
    assert_eq!(read(file), read(plain));
}

#[test]
fn padding_after_gzip_is_fine_and_anything_else_is_told() {
    let (plain, _) = small_pcap();
    let wanted = read(plain.clone());
    let mut file = compress(Compression::Gzip, &plain);
    file.extend([0; 1000]);
    assert_eq!(read(file.clone()), wanted);
    file.extend(b"junk");
    let (frames, damage) = read(file);
    assert_eq!(frames, wanted.0);
    assert_eq!(
        damage,
        ["reading failed: the gzip stream is damaged (what follows a member is no member)"]
    );
}

#[test]
fn a_cut_stream_gives_what_decompresses_and_tells_the_cut() {
    let plain = large_pcap();
    for compression in ALL {
        let whole = compress(compression, &plain);
        let (frames, damage) = read(whole[..whole.len() * 3 / 4].to_vec());
        assert!(
            (200..=400).contains(&frames.len()),
            "{compression}: {}",
            frames.len()
        );
        assert_eq!(damage.len(), 1);
        let end = format!("the {compression} stream is cut short");
        assert!(damage[0].ends_with(&end), "{compression}: {}", damage[0]);
    }
}

#[test]
fn a_cut_of_only_the_trailer_loses_no_frame_and_is_told() {
    let plain = large_pcap();
    for compression in ALL {
        let whole = compress(compression, &plain);
        let (frames, damage) = read(whole[..whole.len() - 2].to_vec());
        assert_eq!(damage.len(), 1, "{compression}");
        let least = if compression == Compression::Zstd {
            300
        } else {
            500
        };
        assert!(frames.len() >= least, "{compression}: {}", frames.len());
    }
}

#[test]
fn a_damaged_stream_gives_what_came_before() {
    let plain = large_pcap();
    for compression in ALL {
        let mut file = compress(compression, &plain);
        let half = file.len() / 2;
        for byte in &mut file[half..half + 2000] {
            *byte ^= 0x55;
        }
        let (frames, damage) = read(file);
        // Stored data may change and still decompress; the check at the end tells it then.
        assert_eq!(damage.len(), 1, "{compression}");
        assert!(frames.len() >= 100, "{compression}: {}", frames.len());
    }
}

#[test]
fn every_prefix_of_a_compressed_capture_is_read_or_refused() {
    let (plain, _) = small_pcap();
    for compression in ALL {
        let whole = compress(compression, &plain);
        for length in 0..whole.len() {
            let prefix = io::Cursor::new(whole[..length].to_vec());
            match open_reader(prefix, &InputPath::Stdin) {
                Ok(mut source) => {
                    drain(&mut source);
                    assert_eq!(
                        source.damage().len(),
                        1,
                        "{compression}, prefix of {length}"
                    );
                }
                Err(error) => assert!(error.to_string().starts_with("standard input: ")),
            }
        }
    }
}
