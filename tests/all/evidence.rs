//! `evidence.pcapng` and `extract`: just the packets that findings name, and why each is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pktaudit::source::OwnedFrame;
use serde_json::Value;

use super::capture::Capture;
use super::harness::{Sample, folder, for_each_sample, pktaudit, samples, write};

/// The comments of each packet, read block by block from a little-endian pcapng file.
pub(crate) fn comments(file: &[u8]) -> Vec<Vec<String>> {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let short = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
    let (mut out, mut block) = (Vec::new(), 0);
    while block < file.len() {
        let end = block + number(block + 4);
        if number(block) == 6 {
            let mut option = block + 28 + number(block + 20).next_multiple_of(4);
            let mut found = Vec::new();
            while option + 4 < end - 4 && short(option) != 0 {
                let length = short(option + 2);
                if short(option) == 1 {
                    let text = &file[option + 4..option + 4 + length];
                    found.push(String::from_utf8(text.to_vec()).unwrap());
                }
                option += 4 + length.next_multiple_of(4);
            }
            out.push(found);
        }
        block = end;
    }
    out
}

/// Which findings name each frame.
fn named(report: &Value) -> BTreeMap<u64, Vec<String>> {
    let mut out: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap() {
        for frame in finding["frames"].as_array().unwrap() {
            let ids = out.entry(frame.as_u64().unwrap()).or_default();
            ids.push(finding["id"].as_str().unwrap().to_owned());
        }
    }
    out
}

/// What of a frame must be as it was: not the number of its interface.
fn kept(frame: &OwnedFrame) -> (i64, u16, u32, &[u8]) {
    let link_type = frame.link_type.0;
    (
        frame.time.as_nanos(),
        link_type,
        frame.wire_length,
        &frame.bytes,
    )
}

fn is_evidence_of(report: &Value, originals: &[OwnedFrame], path: &Path) -> Result<(), String> {
    let copies = Capture::read(path).frames;
    let comments = comments(&fs::read(path).unwrap());
    let named = named(report);
    if copies.len() != named.len() || comments.len() != named.len() {
        return Err(format!(
            "{} packets for {} frames",
            copies.len(),
            named.len()
        ));
    }
    for ((copy, comments), (number, ids)) in copies.iter().zip(&comments).zip(&named) {
        let original = &originals[usize::try_from(*number).unwrap() - 1];
        if kept(copy) != kept(original) {
            return Err(format!("frame {number} is another one"));
        }
        let told: Vec<&str> = comments
            .iter()
            .filter_map(|text| Some(text.split_once(": ")?.0))
            .collect();
        if told != ids.iter().map(String::as_str).take(8).collect::<Vec<_>>() && ids.len() <= 8 {
            return Err(format!(
                "frame {number} is of {ids:?}, its comments tell {told:?}"
            ));
        }
    }
    Ok(())
}

fn out(sample: &Sample, captures: &[String]) -> (tempfile::TempDir, Value, String) {
    let place = folder();
    let mut arguments = sample.audit("human");
    arguments.extend(["--out".to_owned(), place.path().display().to_string()]);
    arguments.extend_from_slice(captures);
    let ran = pktaudit(&arguments).run();
    let report = fs::read(place.path().join("report.json")).unwrap();
    (place, serde_json::from_slice(&report).unwrap(), ran.stderr)
}

#[test]
fn every_sample_comes_with_just_the_packets_of_its_findings() {
    for_each_sample(|sample| {
        let (place, report, _) = out(sample, &[sample.capture.display().to_string()]);
        let originals = Capture::read(&sample.capture).frames;
        is_evidence_of(&report, &originals, &place.path().join("evidence.pcapng"))
    });
    assert!(samples().len() > 20);
}

#[test]
fn frame_numbers_hold_over_many_compressed_files() {
    let sample = Sample::named("blocked-syn-dropped");
    let whole = Capture::read(&sample.capture);
    let pieces = folder();
    let names = ["a.pcap", "b.pcap", "c.pcap"];
    let captures: Vec<String> = whole
        .cut(&[200, 430])
        .iter()
        .zip(names)
        .map(|(piece, name)| {
            write(
                &pieces,
                name,
                zstd::encode_all(&piece.to_bytes()[..], 1).unwrap(),
            )
        })
        .collect();
    let (place, report, _) = out(&sample, &captures);
    let path = place.path().join("evidence.pcapng");
    is_evidence_of(&report, &whole.frames, &path).unwrap();
    let all = comments(&fs::read(&path).unwrap());
    let last = all.last().unwrap().last().unwrap();
    let number = report["findings"][0]["frames"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .as_u64();
    let place_in_file = format!("frame {} of {}", number.unwrap() - 430, captures[2]);
    assert!(last.ends_with(&place_in_file), "{last}");
}

#[test]
fn what_cannot_be_read_twice_is_told_and_counted() {
    let sample = Sample::named("blocked-rst");
    let place = folder();
    let mut arguments = sample.audit("human");
    arguments.extend([
        "--out".to_owned(),
        place.path().display().to_string(),
        "-".to_owned(),
    ]);
    let ran = pktaudit(&arguments)
        .input(&fs::read(&sample.capture).unwrap())
        .exits(1);
    let report: Value =
        serde_json::from_slice(&fs::read(place.path().join("report.json")).unwrap()).unwrap();
    let count = named(&report).len();
    assert!(count > 1);
    ran.complains_of(&[
        "standard input: cannot be read a second time",
        &format!("{count} packets"),
    ]);
    assert_eq!(
        Capture::read(&place.path().join("evidence.pcapng"))
            .frames
            .len(),
        0
    );
}

#[test]
fn one_finding_is_extracted_by_its_id() {
    let sample = Sample::named("unexpected-traffic");
    let capture = sample.capture.display().to_string();
    let (_place, report, _) = out(&sample, std::slice::from_ref(&capture));
    let finding = &report["findings"][1];
    let file = folder();
    let path = file.path().join("why.pcapng").display().to_string();
    let site = sample.site.display().to_string();
    let id = finding["id"].as_str().unwrap();
    let extract = |id: &str| {
        pktaudit([
            "extract",
            "--site",
            &site,
            "--finding",
            id,
            "--out",
            &path,
            &capture,
        ])
    };
    extract(id).exits(0).complains_of(&["written"]);
    let wanted: Vec<&Value> = finding["frames"].as_array().unwrap().iter().collect();
    assert_eq!(Capture::read(Path::new(&path)).frames.len(), wanted.len());
    extract("no-such-finding")
        .exits(2)
        .complains_of(&["there is no finding no-such-finding", id]);
}

#[test]
fn the_whole_flows_of_a_finding_are_extracted_where_they_are_wanted() {
    let sample = Sample::named("blocked-after-hello");
    let capture = sample.capture.display().to_string();
    let (_place, report, _) = out(&sample, std::slice::from_ref(&capture));
    let finding = &report["findings"][0];
    let flows = finding["flows"].as_array().unwrap().iter();
    let packets = |flow: &Value| -> u64 {
        let flow = &report["flows"][usize::try_from(flow.as_u64().unwrap()).unwrap()];
        ["out", "in"]
            .iter()
            .map(|way| flow["packets"][way].as_u64().unwrap())
            .sum()
    };
    let wanted: u64 = flows.map(packets).sum();
    let named = finding["frames"].as_array().unwrap().len();
    assert!(wanted > named as u64);
    let file = folder();
    let path = file.path().join("all.pcapng");
    let (site, at) = (
        sample.site.display().to_string(),
        path.display().to_string(),
    );
    pktaudit([
        "extract",
        "--site",
        &site,
        "--flows",
        "--finding",
        "blocked",
        "--out",
        &at,
        &capture,
    ])
    .exits(0);
    let copies = Capture::read(&path).frames;
    assert_eq!(copies.len() as u64, wanted);
    let commented = comments(&fs::read(&path).unwrap());
    assert_eq!(
        commented.iter().filter(|list| !list.is_empty()).count(),
        named
    );
}
