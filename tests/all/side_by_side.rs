//! One file that threads read side by side, each another part of it, shows what it shows when it is read through.
//!
//! Run on the shipped samples; `PKTAUDIT_CAPTURES` names a folder whose captures are gone through as well.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pktaudit::drive::{FrameChoice, Observed, Partial, Progress, Reading, observe_at};
use pktaudit::model::CaptureTime;
use pktaudit::observe::attribute;
use pktaudit::source::{FileParts, InputPath, digest_of, open, resolve};

use super::observing::{Dice, difference, render};

/// The pcap and pcapng files among the samples. What is a copy of a packet that lies far before it in the file is known where
/// both are in one part, and not where they are not: files in which interfaces follow each other are left out.
fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let is_pcap = |path: &PathBuf| {
        path.extension()
            .is_some_and(|end| end == "pcap" || end == "pcapng")
    };
    let mut folders = vec![folder];
    folders.extend(std::env::var_os("PKTAUDIT_CAPTURES").map(PathBuf::from));
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if is_pcap(&path) => found.push(path),
                false => {}
            }
        }
    }
    found.retain(|path| is_in_order(path));
    found.sort();
    found
}

/// Whether no frame is earlier than the one before it by more than packets of one moment may be.
fn is_in_order(path: &Path) -> bool {
    let mut source = open(&InputPath::File(path.to_owned())).unwrap();
    let mut latest = CaptureTime::MIN;
    while let Some(frame) = source.next_frame() {
        if latest.since(frame.time) > Duration::from_millis(50) {
            return path.extension().is_some_and(|end| end == "pcap");
        }
        latest = latest.max(frame.time);
    }
    true
}

fn read(path: &Path, threads: usize, part_bytes: u64) -> Observed {
    let inputs = resolve(&[OsString::from(path)]).inputs;
    let reading = Reading {
        chosen: &FrameChoice::default(),
        threads,
        digests: false,
        part_bytes,
    };
    observe_at(&inputs, reading, &Progress::default())
}

/// What is shown, and what is told of the input.
fn shown(observed: Observed) -> (Vec<String>, String) {
    let told = format!("{:?}", observed.inputs);
    let capture = attribute(observed.observation);
    let tally = format!("{told} {:?} {:?}", capture.tally, capture.span);
    (render(&capture, true), tally)
}

/// In how many parts a file is read.
fn parts(path: &Path, threads: usize, part_bytes: u64) -> usize {
    let path = InputPath::File(path.to_owned());
    FileParts::of(&path, threads, part_bytes).map_or(1, |parts| parts.starts().len())
}

/// The most parts in which it was read, where they all show the same; else the first difference.
pub(super) fn same_in_parts(path: &Path) -> Result<usize, String> {
    let what = path.display();
    let size = fs::metadata(path).unwrap().len();
    let (whole, told) = shown(read(path, 1, u64::MAX));
    let mut most = 1;
    for (threads, part_bytes) in [(2, size / 2), (3, size / 7), (16, size / 16), (5, 300)] {
        let (in_parts, told_in_parts) = shown(read(path, threads, part_bytes));
        let (alone, _) = shown(read(path, 1, part_bytes));
        if let Some(difference) = difference(&alone, &in_parts) {
            return Err(format!(
                "{what} in {threads} threads and in one, parts of {part_bytes}: {difference}"
            ));
        }
        if let Some(difference) = difference(&whole, &in_parts) {
            return Err(format!(
                "{what} in {threads} threads, parts of {part_bytes}: {difference}"
            ));
        }
        if told_in_parts != told {
            return Err(format!(
                "{what} in {threads} threads: {told_in_parts}, not {told}"
            ));
        }
        most = most.max(parts(path, threads, part_bytes));
    }
    Ok(most)
}

/// The slices of a file, each read by itself, written and put together in some order.
pub(super) fn in_slices(path: &Path, of: u32, part_bytes: u64) -> Observed {
    let input = resolve(&[OsString::from(path)]).inputs.remove(0);
    let slices = (1..=of).rev().map(|index| {
        let choice = format!("{index}/{of}").parse().unwrap();
        let reading = Reading {
            chosen: &FrameChoice::default(),
            threads: 1,
            digests: index == 2,
            part_bytes,
        };
        let partial = Partial::of_slice(&input, choice, reading, &Progress::default()).unwrap();
        bytes_of(partial)
    });
    // In two steps, as a tree of merges has it.
    let slices: Vec<Vec<u8>> = slices.collect();
    let (some, others) = slices.split_at(slices.len() / 2);
    let halves = [some, others].map(|half| bytes_of(put_together(half)));
    let mut whole = put_together(&halves);
    whole.conclude();
    Observed {
        observation: whole.observation,
        inputs: whole.inputs,
        failures: Vec::new(),
    }
}

fn bytes_of(partial: Partial) -> Vec<u8> {
    let mut bytes = Vec::new();
    partial.write(&mut bytes).unwrap();
    bytes
}

fn put_together(partials: &[Vec<u8>]) -> Partial {
    Partial::read_all(partials.iter().map(|bytes| &bytes[..])).unwrap()
}

/// Whether a file that is read in slices shows the same, or that it does not; else the difference.
pub(super) fn same_in_slices(path: &Path, of: u32, part_bytes: u64) -> Result<bool, String> {
    let what = path.display();
    let mut whole = read(path, 1, u64::MAX);
    let mut slices = in_slices(path, of, part_bytes);
    if !slices.inputs[0].troubles.is_empty() {
        return Ok(false);
    }
    // Behind damage nothing is read in one piece, and slices are.
    if !whole.inputs[0].damage.is_empty() {
        let told = &slices.inputs[0].damage;
        return match told.starts_with(&whole.inputs[0].damage) {
            true => Ok(false),
            false => Err(format!("{what}: {told:?}")),
        };
    }
    let digest = slices.inputs[0].sha256.take();
    assert_eq!(digest, digest_of(path).ok(), "{what}");
    // How many frames are earlier than one in a slice before is not known; by how much is.
    let set_back = slices.inputs[0].set_back;
    let known = whole.inputs[0].set_back;
    if set_back.most != known.most || set_back.frames > known.frames {
        return Err(format!("{what}: {set_back:?}, not {known:?}"));
    }
    slices.inputs[0].set_back = known;
    // These are not kept in partial files.
    whole.inputs[0].interfaces.clear();
    let ((whole, told), (in_slices, told_of_slices)) = (shown(whole), shown(slices));
    if let Some(difference) = difference(&whole, &in_slices) {
        return Err(format!("{what} in {of} slices: {difference}"));
    }
    match told_of_slices == told {
        true => Ok(true),
        false => Err(format!(
            "{what} in {of} slices: {told_of_slices}, not {told}"
        )),
    }
}

#[test]
fn samples_show_the_same_in_slices() {
    let (mut same, mut broken) = (0, Vec::new());
    for (path, (of, part_bytes)) in samples()
        .into_iter()
        .zip([(2, 300), (7, 100), (64, 50)].into_iter().cycle())
    {
        if !has_frames(&path) {
            continue;
        }
        match same_in_slices(&path, of, part_bytes) {
            Ok(is_same) => same += usize::from(is_same),
            Err(difference) => broken.push(difference),
        }
    }
    assert!(broken.is_empty(), "{}\n{}", broken.len(), broken.join("\n"));
    assert!(same > 150, "{same}");
}

fn has_frames(path: &Path) -> bool {
    read(path, 1, u64::MAX).inputs[0].frames > 0
}

#[test]
fn samples_show_the_same_in_parts() {
    let mut read_in_parts = 0;
    let mut broken = Vec::new();
    for path in samples() {
        match same_in_parts(&path) {
            Ok(most) => read_in_parts += usize::from(most > 2),
            Err(difference) => broken.push(difference),
        }
    }
    assert!(broken.is_empty(), "{}\n{}", broken.len(), broken.join("\n"));
    assert!(read_in_parts > 40, "{read_in_parts}");
}

/// A little-endian file header for raw IP.
fn header() -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    file.extend([0; 8]);
    file.extend(262_144_u32.to_le_bytes());
    file.extend(101_u32.to_le_bytes());
    file
}

fn record(seconds: u32, packet: &[u8]) -> Vec<u8> {
    let length = (packet.len() as u32).to_le_bytes();
    [
        &seconds.to_le_bytes()[..],
        &[0; 4],
        &length,
        &length,
        packet,
    ]
    .concat()
}

/// A UDP datagram between ports.
pub(super) fn datagram(ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let length = 28 + payload.len() as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 192, 0, 2, 1]);
    packet.extend(ports.0.to_be_bytes());
    packet.extend(ports.1.to_be_bytes());
    packet.extend((length - 20).to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(payload);
    packet
}

fn written(folder: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join("capture.pcap");
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_capture_that_is_carried_in_packets_is_not_taken_for_the_records_around_it() {
    let folder = tempfile::tempdir().unwrap();
    // A download of a capture: each packet carries whole records, of other ports.
    let within: Vec<u8> = (0..60_u16)
        .flat_map(|n| record(1_700_000_000, &datagram((20_000 + n, 9), b"inner")))
        .collect();
    let mut file = header();
    for n in 0..40 {
        file.extend(record(1_700_000_000 + n, &datagram((7, 7), &within)));
    }
    let path = written(&folder, &file);
    assert_eq!(same_in_parts(&path), Ok(16));
    let slices = in_slices(&path, 16, 1);
    let told = &slices.inputs[0].troubles;
    assert!(told[0].contains("read it in one piece"), "{told:?}");
    let capture = attribute(read(&path, 16, 1).observation);
    assert_eq!((capture.flows.len(), capture.tally.frames), (1, 40));
}

#[test]
fn damage_ends_the_capture_for_all_that_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = header();
    for n in 0..400 {
        file.extend(record(
            1_700_000_000 + n,
            &datagram((1000 + n as u16, 9), &[7; 100]),
        ));
    }
    let one = (file.len() - 24) / 400;
    for place in [0, 1, 150, 200, 399] {
        let mut damaged = file.clone();
        let length = 24 + place * one + 8;
        damaged[length..length + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let path = written(&folder, &damaged);
        same_in_parts(&path).unwrap();
        let observed = read(&path, 16, 1);
        let record = &observed.inputs[0];
        assert_eq!((record.frames, record.damage.len()), (place as u64, 1));
    }
    for cut in [1, 40, one * 200 + 3] {
        let path = written(&folder, &file[..file.len() - cut]);
        same_in_parts(&path).unwrap();
    }
}

#[test]
fn clocks_that_are_set_back_count_the_same_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice::new(99);
    for _ in 0..20 {
        let mut file = header();
        let mut now = 1_700_000_000_u32;
        for n in 0..300_u16 {
            now += 1;
            if dice.roll(60) == 0 {
                now -= 40;
            }
            file.extend(record(now, &datagram((1000 + n, 9), &[7; 30])));
        }
        let path = written(&folder, &file);
        assert_eq!(same_in_parts(&path), Ok(16));
        assert_eq!(same_in_slices(&path, 16, 1), Ok(true));
    }
}

#[test]
fn the_digest_is_that_of_the_file_however_it_is_read() {
    let path = samples()
        .into_iter()
        .max_by_key(|path| fs::metadata(path).unwrap().len());
    let inputs = resolve(&[OsString::from(path.unwrap())]).inputs;
    let digest = |threads| {
        let reading = Reading {
            chosen: &FrameChoice::default(),
            threads,
            digests: true,
            part_bytes: 1000,
        };
        let observed = observe_at(&inputs, reading, &Progress::default());
        observed.inputs[0].sha256.clone().unwrap()
    };
    let wanted = digest(1);
    assert_eq!(wanted.len(), 64);
    assert_eq!([2, 3, 8].map(digest), [&wanted; 3].map(Clone::clone));
}
