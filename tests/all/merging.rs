//! The laws of observing: how a capture is cut, in which order its parts merge, whether each direction lies in a file
//! of its own, and whether a mirror port sent every frame twice, leave no trace in flows and DNS transactions.
//!
//! Run on the shipped samples and on written traffic; `PKTAUDIT_CAPTURES` names a folder whose captures are gone
//! through as well.

use std::fs;
use std::path::{Path, PathBuf};

use pktaudit::model::CaptureTime;
use pktaudit::observe::attribute;
use pktaudit::source::{FrameSource, InputPath, OwnedFrame, Script, open};

use super::observing::{
    Dice, cut_anywhere, difference, merge_in_any_order, observe, render, sides_apart, times_differ,
};

fn frames_of(source: &mut impl FrameSource) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    while let Some(frame) = source.next_frame() {
        frames.push(OwnedFrame {
            time: frame.time,
            link_type: frame.link_type,
            interface: frame.interface,
            wire_length: frame.wire_length,
            bytes: frame.bytes.to_vec(),
        });
    }
    frames
}

pub(super) fn captures_in(folder: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            captures_in(&path, out);
        } else if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains("pcap"))
        {
            out.push(path);
        }
    }
}

/// Captures to go through: name and frames.
fn captures() -> impl Iterator<Item = (PathBuf, Vec<OwnedFrame>)> {
    let mut paths = Vec::new();
    captures_in(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"),
        &mut paths,
    );
    assert!(paths.len() > 20, "the samples are gone");
    if let Some(folder) = std::env::var_os("PKTAUDIT_CAPTURES") {
        captures_in(Path::new(&folder), &mut paths);
    }
    paths.into_iter().filter_map(|path| {
        let mut source = open(&InputPath::File(path.clone())).ok()?;
        let frames = frames_of(&mut source);
        Some((path, frames))
    })
}

fn holds_for_all(law: impl Fn(&[OwnedFrame], &mut Dice) -> Result<(), String>) {
    let mut broken = Vec::new();
    for (path, frames) in captures() {
        let mut dice = Dice::new(0x9e37_79b9_7f4a_7c15);
        if let Err(what) = law(&frames, &mut dice) {
            broken.push(format!("{}: {what}", path.display()));
        }
    }
    assert!(
        broken.is_empty(),
        "{} broken\n{}",
        broken.len(),
        broken.join("\n")
    );
}

#[test]
fn a_capture_cut_anywhere_and_merged_in_any_order_is_the_same() {
    holds_for_all(|frames, dice| cut_anywhere(frames, dice, 12));
}

#[test]
fn each_direction_in_a_file_of_its_own_is_the_same() {
    // Frames of one time have no order once they lie in two files.
    holds_for_all(|frames, dice| {
        if times_differ(frames) {
            sides_apart(frames, dice)
        } else {
            Ok(())
        }
    });
}

/// Every frame again, `later` nanoseconds after.
fn doubled(frames: &[OwnedFrame], later: i64) -> Vec<OwnedFrame> {
    let mut all: Vec<OwnedFrame> = frames.to_vec();
    all.sort_by_key(|frame| frame.time);
    let copies: Vec<OwnedFrame> = all
        .iter()
        .map(|frame| OwnedFrame {
            time: CaptureTime::from_nanos(frame.time.as_nanos() + later),
            ..frame.clone()
        })
        .collect();
    all.extend(copies);
    all.sort_by_key(|frame| frame.time);
    all
}

fn copies_are_only_counted(
    frames: &[OwnedFrame],
    later: i64,
    dice: &mut Dice,
) -> Result<(), String> {
    let whole = attribute(observe(0, frames));
    let twice = doubled(frames, later);
    let at = dice.roll(twice.len() + 1);
    let parts = vec![observe(0, &twice[..at]), observe(1, &twice[at..])];
    let twice = attribute(merge_in_any_order(parts, dice));
    if let Some(difference) = difference(&render(&whole, false), &render(&twice, false)) {
        return Err(format!(
            "doubled {later} ns later, cut at {at}: {difference}"
        ));
    }
    let (copies, more) = (twice.tally.copies, whole.tally.decoded);
    if copies == whole.tally.copies + more {
        Ok(())
    } else {
        Err(format!("{copies} copies of {more} packets"))
    }
}

#[test]
fn every_frame_doubled_is_the_same_and_the_copies_are_counted() {
    holds_for_all(|frames, dice| copies_are_only_counted(frames, 0, dice));
}

#[test]
fn written_traffic_keeps_the_laws() {
    let mut dice = Dice::new(0x5851_f42d_4c95_7f2d);
    for text in TRAFFIC {
        let mut script = Script::parse(text).unwrap();
        let frames = frames_of(&mut script);
        cut_anywhere(&frames, &mut dice, 60).unwrap_or_else(|what| panic!("{what}\n{text}"));
        copies_are_only_counted(&frames, 20_000, &mut dice)
            .unwrap_or_else(|what| panic!("{what}\n{text}"));
        if times_differ(&frames) {
            sides_apart(&frames, &mut dice).unwrap_or_else(|what| panic!("{what}\n{text}"));
        }
    }
}

/// What is hard to get right: tuples used again, requests in pieces, retries, disorder.
const TRAFFIC: &[&str] = &[
    // The same ports again and again, refused each time, then accepted.
    r#"
0.000 10.0.0.5:40000 > 10.9.0.1:443 tcp S seq=1000
0.010 10.9.0.1:443 > 10.0.0.5:40000 tcp RA seq=0 ack=1001
2.000 10.0.0.5:40000 > 10.9.0.1:443 tcp S seq=70000
2.010 10.9.0.1:443 > 10.0.0.5:40000 tcp RA seq=0 ack=70001
4.000 10.0.0.5:40000 > 10.9.0.1:443 tcp S seq=150000
4.010 10.9.0.1:443 > 10.0.0.5:40000 tcp SA seq=9 ack=150001
4.020 10.0.0.5:40000 > 10.9.0.1:443 tcp A seq=150001 ack=10
4.030 10.0.0.5:40000 > 10.9.0.1:443 tcp FA seq=150001 ack=10
4.040 10.9.0.1:443 > 10.0.0.5:40000 tcp FA seq=10 ack=150002
4.050 10.0.0.5:40000 > 10.9.0.1:443 tcp A seq=150002 ack=11
"#,
    // A request in three pieces out of order and sent again, then another on the same connection.
    r#"
0.000 10.0.0.5:40000 > 10.9.0.1:80 tcp S seq=99
0.001 10.9.0.1:80 > 10.0.0.5:40000 tcp SA seq=9 ack=100
0.002 10.0.0.5:40000 > 10.9.0.1:80 tcp A seq=100 ack=10
0.003 10.0.0.5:40000 > 10.9.0.1:80 tcp PA seq=120 ack=10 "Host: a.exam"
0.004 10.0.0.5:40000 > 10.9.0.1:80 tcp PA seq=100 ack=10 "GET /path HTTP/1.1\r\n"
0.005 10.0.0.5:40000 > 10.9.0.1:80 tcp PA seq=132 ack=10 "ple\r\n\r\n"
0.006 10.0.0.5:40000 > 10.9.0.1:80 tcp PA seq=100 ack=10 "GET /path HTTP/1.1\r\n"
0.007 10.9.0.1:80 > 10.0.0.5:40000 tcp PA seq=10 ack=139 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
0.008 10.0.0.5:40000 > 10.9.0.1:80 tcp PA seq=139 ack=48 "GET /2 HTTP/1.1\r\nHost: b.example\r\n\r\nGET /3 HTTP/1.1\r\nHost: c."
0.009 10.0.0.5:40000 > 10.9.0.1:80 tcp PA seq=197 ack=48 "example\r\n\r\n"
"#,
    // A SYN that also ends, with data, behind a gap that a late segment closes: it starts no stream.
    r#"
0.000 10.0.0.5:40000 > 10.9.0.1:443 tcp S seq=99
0.010 10.9.0.1:443 > 10.0.0.5:40000 tcp SA seq=9 ack=100
0.020 10.0.0.5:40000 > 10.9.0.1:443 tcp PA seq=100 ack=10 hex:16030100410100003d030307070707070707070707070707070707070707070707070707070707070707070000021301010000120000000e000c000009612e6578616d706c65
0.030 10.0.0.5:40000 > 10.9.0.1:443 tcp SF seq=176 "x"
0.040 10.0.0.5:40000 > 10.9.0.1:443 tcp PA seq=170 ack=10 hex:140303000101
"#,
    // Datagrams with a gap that makes two flows of them, and one in between that makes one.
    r#"
0 10.0.0.5:40000 > 10.9.0.1:514 udp "<13>a"
50 10.0.0.5:40000 > 10.9.0.1:514 udp "<13>b"
100 10.0.0.5:40000 > 10.9.0.1:514 udp "<13>c"
300 10.0.0.5:40000 > 10.9.0.1:514 udp "<13>d"
"#,
];
