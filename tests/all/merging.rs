//! The laws of observing: how a capture is cut, in which order its parts merge, whether each direction lies in a file
//! of its own, and whether a mirror port sent every frame twice, leave no trace in flows and DNS transactions.
//!
//! Run on the shipped samples and on written traffic; `PKTAUDIT_CAPTURES` names a folder whose captures are gone
//! through as well.

use std::fs;
use std::path::{Path, PathBuf};

use pktaudit::decode::{Decoded, decode};
use pktaudit::model::{CaptureTime, FrameId, Merge, Stamp};
use pktaudit::observe::codec::Written;
use pktaudit::observe::{Capture, Observation, Sighting, attribute};
use pktaudit::source::{FrameSource, InputPath, OwnedFrame, Script, open};

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

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

/// Absorbs frames as the fold does: in the order of time within the part.
fn observe(part: u32, frames: &[OwnedFrame]) -> Observation {
    let mut observation = Observation::default();
    observation.note_chunk(part, 0);
    let mut order: Vec<usize> = (0..frames.len()).collect();
    order.sort_by_key(|i| frames[*i].time);
    for i in order {
        let frame = &frames[i];
        let sighting = Sighting {
            stamp: Stamp {
                time: frame.time,
                frame: FrameId::new(part, 0, i as u32),
            },
            captured_length: frame.bytes.len() as u32,
            wire_length: frame.wire_length,
            packet_mark: 0,
        };
        let decoded = decode(frame.link_type.0, &frame.bytes, frame.wire_length);
        observation.absorb(sighting, &decoded);
    }
    observation
}

/// Merges parts two by two in an order of chance, now and then by way of their written form.
fn merge_in_any_order(mut parts: Vec<Observation>, dice: &mut Dice) -> Observation {
    while parts.len() > 1 {
        let one = parts.swap_remove(dice.roll(parts.len()));
        let at = dice.roll(parts.len());
        let mut other = std::mem::take(&mut parts[at]);
        if dice.roll(3) == 0 {
            other = Observation::from(Written::from(other));
        }
        other.merge(one);
        parts[at] = other;
    }
    parts.pop().unwrap_or_default()
}

/// Flows and transactions as text, places of frames as numbers over all parts, or left out.
fn render(capture: &Capture, places: bool) -> Vec<String> {
    let flows = capture.flows.iter().map(|flow| format!("{flow:?}"));
    let dns = capture.dns.iter().map(|dns| format!("{dns:?}"));
    let mut out: Vec<String> = flows
        .chain(dns)
        .map(|text| number(&text, capture, places))
        .collect();
    if !places {
        out.sort();
    }
    out
}

fn number(text: &str, capture: &Capture, places: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("FrameId(") {
        let (before, after) = rest.split_at(at + "FrameId(".len());
        let end = after.find(')').unwrap();
        out.push_str(before);
        if places {
            let id = FrameId::from_bits(after[..end].parse().unwrap());
            out.push_str(&capture.numbering.number(id).to_string());
        }
        rest = &after[end..];
    }
    out + rest
}

/// The first difference, with what it lies in.
fn difference(whole: &[String], parts: &[String]) -> Option<String> {
    let first = (0..whole.len().max(parts.len())).find(|i| whole.get(*i) != parts.get(*i))?;
    let show = |list: &[String]| {
        let text = list.get(first).cloned().unwrap_or_default();
        text.chars().take(6000).collect::<String>()
    };
    Some(format!(
        "{} and {} items, the {first}th:\n  whole {}\n  parts {}",
        whole.len(),
        parts.len(),
        show(whole),
        show(parts)
    ))
}

fn cut_anywhere(frames: &[OwnedFrame], dice: &mut Dice, rounds: usize) -> Result<(), String> {
    let whole = render(&attribute(observe(0, frames)), true);
    for round in 0..rounds {
        let cuts = if round % 2 == 0 { 1 } else { 1 + dice.roll(5) };
        let mut at: Vec<usize> = (0..cuts).map(|_| dice.roll(frames.len() + 1)).collect();
        at.extend([0, frames.len()]);
        at.sort_unstable();
        let parts: Vec<Observation> = at
            .windows(2)
            .enumerate()
            .map(|(part, ends)| observe(part as u32, &frames[ends[0]..ends[1]]))
            .collect();
        let merged = attribute(merge_in_any_order(parts, dice));
        if let Some(difference) = difference(&whole, &render(&merged, true)) {
            return Err(format!("cut at {at:?}: {difference}"));
        }
    }
    Ok(())
}

fn sides_apart(frames: &[OwnedFrame], dice: &mut Dice) -> Result<(), String> {
    let whole = render(&attribute(observe(0, frames)), false);
    let is_low =
        |frame: &OwnedFrame| match decode(frame.link_type.0, &frame.bytes, frame.wire_length) {
            Decoded::Packet(packet) => packet.source <= packet.destination,
            _ => true,
        };
    let (low, high): (Vec<_>, Vec<_>) = frames.iter().cloned().partition(is_low);
    let parts = vec![observe(0, &low), observe(1, &high)];
    let merged = attribute(merge_in_any_order(parts, dice));
    match difference(&whole, &render(&merged, false)) {
        Some(difference) => Err(format!("sides apart: {difference}")),
        None => Ok(()),
    }
}

fn times_differ(frames: &[OwnedFrame]) -> bool {
    let mut times: Vec<_> = frames.iter().map(|frame| frame.time).collect();
    times.sort_unstable();
    times.windows(2).all(|pair| pair[0] != pair[1])
}

fn captures_in(folder: &Path, out: &mut Vec<PathBuf>) {
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
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
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
    holds_for_all(|frames, dice| cut_anywhere(frames, dice, 20));
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
    let mut dice = Dice(0x5851_f42d_4c95_7f2d);
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
    // Datagrams with a gap that makes two flows of them, and one in between that makes one.
    r#"
0 10.0.0.5:40000 > 10.9.0.1:514 udp "<13>a"
50 10.0.0.5:40000 > 10.9.0.1:514 udp "<13>b"
100 10.0.0.5:40000 > 10.9.0.1:514 udp "<13>c"
300 10.0.0.5:40000 > 10.9.0.1:514 udp "<13>d"
"#,
];
