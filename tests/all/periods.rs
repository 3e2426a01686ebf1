//! Audits in periods: each has a report set of its own, and what crosses a border is lost on neither side.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::capture::Capture;
use super::harness::{Ran, Sample, folder, for_each_sample, pktaudit, same, write};

const FILES: [&str; 6] = [
    "findings.csv",
    "requirements.csv",
    "flows.csv",
    "report.json",
    "report.html",
    "evidence.pcapng",
];

/// Audits in periods into `out`; gives the folders of the report sets, ascending.
fn in_periods(
    sample: &Sample,
    more: &[&str],
    out: &Path,
    captures: &[String],
) -> (Ran, Vec<PathBuf>) {
    let mut arguments = sample.audit("ndjson");
    arguments.extend(more.iter().map(ToString::to_string));
    arguments.extend(["--out".to_owned(), out.display().to_string()]);
    arguments.extend(captures.iter().cloned());
    let ran = pktaudit(&arguments).run();
    (ran, folders_in(out))
}

/// The folders of report sets, ascending; none where nothing was written.
fn folders_in(out: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(out)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    folders.sort();
    folders
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap()
}

fn frames_read(report: &Value) -> u64 {
    report["capture"]["frames"]["read"].as_u64().unwrap()
}

/// Flows by their ends, with the names that they have, as far as they have any.
fn named_flows(report: &Value) -> BTreeSet<(String, String)> {
    let flows = report["flows"].as_array().unwrap().iter();
    flows
        .flat_map(|flow| {
            let ends = format!("{} {}", flow["initiator"], flow["responder"]);
            let names = flow["names"].as_array().unwrap().iter();
            let names: Vec<_> = names
                .map(|name| (ends.clone(), name["fqdn"].to_string()))
                .collect();
            names
        })
        .collect()
}

#[test]
fn one_period_is_the_whole() {
    for_each_sample(|sample| {
        if !sample.outside().is_empty() {
            return Ok(());
        }
        let place = folder();
        let capture = [sample.capture.display().to_string()];
        let whole = place.path().join("whole");
        let mut arguments = sample.audit("human");
        arguments.extend(["--out".to_owned(), whole.display().to_string()]);
        arguments.extend(capture.clone());
        let ran = pktaudit(&arguments).run();
        let every = ["--every", "87600h", "--threads", "1"];
        let (periods, folders) = in_periods(sample, &every, &place.path().join("every"), &capture);
        let [only] = &folders[..] else {
            return Err(format!("{folders:?} {}", periods.stderr));
        };
        if ran.status != periods.status {
            return Err(format!("exit {} and {}", ran.status, periods.status));
        }
        for file in FILES {
            let text = |folder: &Path| fs::read(folder.join(file)).unwrap();
            if text(&whole) != text(only) {
                return Err(format!("{file} differs"));
            }
        }
        Ok(())
    });
}

#[test]
fn what_crosses_a_border_is_lost_on_neither_side() {
    let sample = Sample::named("activation-ok");
    let place = folder();
    let capture = [sample.capture.display().to_string()];
    let (_, whole) = in_periods(
        &sample,
        &["--every", "87600h"],
        &place.path().join("whole"),
        &capture,
    );
    let whole = report(&whole[0]);
    let (ran, folders) = in_periods(
        &sample,
        &["--every", "1s"],
        &place.path().join("every"),
        &capture,
    );
    assert!(folders.len() > 2, "{folders:?}");
    assert_eq!(ran.lines().len(), folders.len());
    assert_eq!(ran.stderr, "", "every frame of a finding is found again");
    let reports: Vec<Value> = folders.iter().map(|folder| report(folder)).collect();
    assert_eq!(
        reports.iter().map(frames_read).sum::<u64>(),
        frames_read(&whole)
    );
    let named: BTreeSet<_> = reports.iter().flat_map(named_flows).collect();
    assert_eq!(named, named_flows(&whole));
    for (line, report) in ran.lines().iter().zip(&reports) {
        assert_eq!(line["kind"], "period");
        assert_eq!(line["flows"], report["summary"]["flows"]);
        assert_eq!(line["exit"], report["summary"]["exit"]);
    }
    // Each is of its own time.
    let spans: Vec<[&str; 2]> = reports
        .iter()
        .map(|report| ["first", "last"].map(|end| report["capture"]["span"][end].as_str().unwrap()))
        .collect();
    assert!(spans.concat().is_sorted(), "{spans:?}");
    // Only where an input ends is it known whole.
    let digests: Vec<bool> = reports
        .iter()
        .map(|report| report["capture"]["inputs"][0]["sha256"].is_string())
        .collect();
    assert!(digests[..digests.len() - 1].iter().all(|known| !known) && digests[digests.len() - 1]);
}

#[test]
fn a_connection_that_goes_on_is_not_one_from_before_the_capture() {
    let sample = Sample::named("stopped-late-upload");
    let place = folder();
    let capture = [sample.capture.display().to_string()];
    let (_, folders) = in_periods(
        &sample,
        &["--every", "1s"],
        &place.path().join("every"),
        &capture,
    );
    let reports: Vec<Value> = folders.iter().map(|folder| report(folder)).collect();
    let mut periods: BTreeMap<String, usize> = BTreeMap::new();
    for report in &reports {
        for flow in report["flows"].as_array().unwrap() {
            if flow["transport"] == "tcp" {
                let ends = format!("{} {}", flow["initiator"], flow["responder"]);
                *periods.entry(ends).or_default() += 1;
            }
        }
        let ways = report["capture"]["names"]["ways"].as_array().unwrap();
        assert!(
            ways.iter().all(|way| way["way"] != "older_than_capture"),
            "{ways:?}"
        );
    }
    assert!(periods.values().any(|periods| *periods > 1), "{periods:?}");
}

#[test]
fn files_that_overlap_in_time_are_read_side_by_side() {
    let sample = Sample::named("blocked-rst");
    let place = folder();
    let one = [sample.capture.display().to_string()];
    let sides: Vec<String> = Capture::read(&sample.capture)
        .sides()
        .iter()
        .zip(["low.pcapng", "high.pcapng"])
        .map(|(side, name)| write(&place, name, side.to_pcapng()))
        .collect();
    let told = |more: &[&str], out: &str, captures: &[String]| -> Vec<(String, Vec<String>)> {
        let (_, folders) = in_periods(&sample, more, &place.path().join(out), captures);
        let of = |folder: &PathBuf| {
            let findings = report(folder)["findings"].as_array().unwrap().clone();
            let findings = findings
                .iter()
                .map(|f| format!("{} {}", f["id"], f["outcome"]));
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            (name, findings.collect())
        };
        folders.iter().map(of).collect()
    };
    let wanted = told(&["--every", "2s"], "one", &one);
    assert!(wanted.len() > 1 && wanted.iter().any(|(_, findings)| !findings.is_empty()));
    assert_eq!(told(&["--every", "2s"], "two", &sides), wanted);
    assert_eq!(
        told(&["--every", "2s", "--threads", "1"], "three", &sides),
        wanted
    );
}

#[test]
fn too_many_flows_end_a_period_and_that_is_told() {
    let sample = Sample::named("activation-ok");
    let place = folder();
    let capture = Capture::read(&sample.capture);
    let later = |times: u32| {
        capture.frames.iter().cloned().map(move |mut frame| {
            frame.time = frame.time.plus(times * std::time::Duration::from_secs(60));
            frame
        })
    };
    // The first few hundred packets of a file are held back, and weigh nothing yet.
    let parts: Vec<String> = ["a.pcapng", "b.pcapng", "c.pcapng"]
        .iter()
        .zip([0, 4, 8])
        .map(|(name, first)| {
            let part = capture.with((first..first + 4).flat_map(later));
            write(&place, name, part.to_pcapng())
        })
        .collect();
    let (ran, folders) = in_periods(
        &sample,
        &["--max-flows", "1"],
        &place.path().join("out"),
        &parts,
    );
    assert_eq!(folders.len(), parts.len(), "{folders:?}");
    assert!(ran.lines().iter().all(|line| line["early"] == true));
    let frames = folders.iter().map(|folder| frames_read(&report(folder)));
    assert_eq!(frames.sum::<u64>(), 12 * capture.frames.len() as u64);
}

#[test]
fn what_does_not_go_together_is_said() {
    let sample = Sample::named("activation-ok");
    let capture = sample.capture.display().to_string();
    let place = folder();
    let out = place.path().join("out").display().to_string();
    pktaudit(["audit", "--every", "1h", &capture])
        .exits(2)
        .complains_of(&["--out"]);
    pktaudit([
        "audit", "--every", "1h", "--out", &out, "--format", "csv", &capture,
    ])
    .exits(2)
    .complains_of(&["--every", "--format"]);
    pktaudit([
        "audit",
        "--every",
        "1h",
        "--out",
        &out,
        "--outside",
        "wan0",
        &capture,
    ])
    .exits(2)
    .complains_of(&["--outside"]);
    let none = place.path().join("none.pcap").display().to_string();
    pktaudit(["audit", "--every", "1h", "--out", &out, &none])
        .exits(2)
        .complains_of(&["none.pcap"]);
    same(
        "nothing is written",
        "",
        &if Path::new(&out).exists() {
            out.clone()
        } else {
            String::new()
        },
    )
    .unwrap();
}

/// What was kept of a connection in pieces, since more could have come between them, goes on as one.
#[test]
fn a_connection_is_counted_whole_in_each_period_that_it_goes_on_in() {
    let place = folder();
    let (client, server) = ("10.0.0.5:40000", "93.184.216.34:443");
    let mut script = format!(
        "0 {client} > {server} tcp S seq=1000\n0.01 {server} > {client} tcp SA seq=9 ack=1001\n0.02 {client} > {server} tcp A seq=1001 ack=10\n"
    );
    // A heartbeat now and then, and its answer; some packets in between were not captured.
    for beat in 1..20_u32 {
        let (at, sequence, answer) = (200 * beat, 1001 + 60 * beat, 10 + 40 * beat);
        script += &format!(
            "{at} {client} > {server} tcp PA seq={sequence} ack={answer} fill:30\n{at}.03 {server} > {client} tcp PA seq={answer} ack={} fill:20\n{at}.04 {client} > {server} tcp A seq={} ack={}\n",
            sequence + 30,
            sequence + 30,
            answer + 20
        );
    }
    let capture = Capture::scripted(&script);
    let file = write(&place, "capture.pcap", capture.to_bytes());
    let out = place.path().join("out");
    let every = out.display().to_string();
    pktaudit([
        "audit",
        "--no-site",
        "--every",
        "10m",
        "--out",
        &every,
        &file,
    ])
    .run();
    let folders = folders_in(&out);
    assert!(folders.len() > 5, "{folders:?}");
    let mut frames = 0;
    for folder in &folders {
        let report = report(folder);
        frames += frames_read(&report);
        let flows = report["flows"].as_array().unwrap();
        let [flow] = &flows[..] else {
            panic!("{} flows at {}", flows.len(), folder.display());
        };
        let packets = &flow["packets"];
        let counted = packets["out"].as_u64().unwrap() + packets["in"].as_u64().unwrap();
        assert_eq!(counted, frames, "{}", folder.display());
    }
    assert_eq!(frames, capture.frames.len() as u64);
}

/// Folders of partial files, one of each capture: the names of the periods, ascending, and what is in a period.
struct Apart(Vec<PathBuf>);

impl Apart {
    const NO_PACKETS: &str = "no-packets.part";

    fn periods(&self) -> BTreeSet<String> {
        let entries = self
            .0
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap());
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != Self::NO_PACKETS)
            .collect()
    }

    fn of(&self, period: &str) -> Vec<String> {
        let paths = self.0.iter().map(|folder| folder.join(period));
        paths
            .filter(|path| path.exists())
            .map(|path| path.display().to_string())
            .collect()
    }
}

#[test]
fn periods_of_captures_that_are_observed_apart_are_those_of_one_run() {
    let place = folder();
    let at = |name: &str| place.path().join(name).display().to_string();
    let sample = Sample::named("activation-ok");
    let whole = Capture::read(&sample.capture);
    let [low, high] = whole.sides();
    // Of each direction a capture; one that begins later; one without a frame; one that is none.
    let later = whole.with(whole.frames.iter().cloned().map(|mut frame| {
        frame.time = frame.time.plus(std::time::Duration::from_secs(3));
        frame
    }));
    let captures = [
        write(&place, "low.pcap", low.to_bytes()),
        write(&place, "high.pcap", high.to_bytes()),
        write(&place, "later.pcap", later.to_bytes()),
        write(&place, "empty.pcap", whole.with([]).to_bytes()),
        write(&place, "text.pcap", "no capture"),
    ];
    let wanted_at = place.path().join("wanted");
    let (_, wanted) = in_periods(&sample, &["--every", "2s"], &wanted_at, &captures);
    assert!(wanted.len() > 2, "{wanted:?}");
    // Whatever captures a period has frames of, the file of a flow is the one with its first packet.
    let times = [&low, &high, &later].map(|capture| {
        let frames = capture.frames.iter();
        frames
            .map(|frame| frame.time.to_string())
            .collect::<BTreeSet<_>>()
    });
    for folder in &wanted {
        let mut flows = csv::Reader::from_path(folder.join("flows.csv")).unwrap();
        let columns = flows.headers().unwrap().clone();
        let column = |name: &str| columns.iter().position(|known| known == name).unwrap();
        let (file, start) = (column("file"), column("start"));
        for flow in flows.records() {
            let flow = flow.unwrap();
            let place = captures.iter().position(|path| *path == flow[file]);
            assert!(times[place.unwrap()].contains(&flow[start]), "{flow:?}");
        }
    }

    let mut apart = Apart(Vec::new());
    for (number, capture) in captures.iter().enumerate() {
        let parts = at(&format!("parts-{number}"));
        let ran = pktaudit(["observe", "--every", "2s", "--partial", &parts, capture]).run();
        assert_eq!(
            ran.status,
            if number == 4 { 2 } else { 0 },
            "{}",
            ran.stderr
        );
        apart.0.push(parts.into());
    }

    let mut carried: Option<String> = None;
    for (period, wanted) in apart.periods().iter().zip(&wanted) {
        let mut parts = apart.of(period);
        if carried.is_none() {
            parts.extend(apart.of(Apart::NO_PACKETS));
        }
        parts.extend(carried.take());
        let out = at(&format!("judged-{period}"));
        let mut arguments = sample.audit("json");
        arguments[0] = "judge".to_owned();
        arguments.extend(["--out".to_owned(), out.clone()]);
        arguments.extend(parts.iter().cloned());
        pktaudit(&arguments).run();
        for file in FILES {
            let text = |folder: &Path| fs::read(folder.join(file)).unwrap();
            same(
                &format!("{file} of {period}"),
                &String::from_utf8_lossy(&text(wanted)),
                &String::from_utf8_lossy(&text(Path::new(&out))),
            )
            .unwrap();
        }
        let carry = at(&format!("carry-{period}"));
        let mut merge = ["merge", "--carry", "--partial", &carry]
            .map(str::to_owned)
            .to_vec();
        merge.append(&mut parts);
        pktaudit(&merge).exits(0);
        carried = Some(carry);
    }
    assert_eq!(apart.periods().len(), wanted.len());

    // What is counted already is not taken again, of whichever period, nor by other means.
    let last = carried.unwrap();
    let both = at("both");
    let merged = |partials: &[String]| {
        let mut merge = ["merge", "--partial", &both].map(str::to_owned).to_vec();
        merge.extend(partials.iter().cloned());
        pktaudit(&merge)
    };
    for period in apart.periods() {
        let again = [vec![last.clone()], apart.of(&period)].concat();
        merged(&again).exits(2).complains_of(&["is over"]);
    }
    let (whole, longer) = (at("whole"), at("longer"));
    pktaudit(["observe", "--partial", &whole, &captures[0]]).exits(0);
    pktaudit([
        "observe",
        "--every",
        "3s",
        "--partial",
        &longer,
        &captures[0],
    ])
    .exits(0);
    let longer = Apart(vec![longer.into()]);
    let later = apart.periods().into_iter().nth(1).unwrap();
    for (other, why) in [
        (whole, "whole captures"),
        (
            longer.of(&longer.periods().into_iter().next().unwrap())[0].clone(),
            "another length",
        ),
    ] {
        let pair = [vec![other], apart.of(&later)].concat();
        merged(&pair).exits(2).complains_of(&[why]);
    }
    // Nor is it passed over that what went on is not there.
    let alone = apart.of(&later);
    let mut judge = sample.audit("human");
    judge[0] = "judge".to_owned();
    judge.extend(alone.iter().cloned());
    pktaudit(&judge)
        .exits(2)
        .complains_of(&["earlier periods are not there"]);
    let carry = ["merge", "--carry", "--partial", &both].map(str::to_owned);
    pktaudit([&carry[..], &alone].concat())
        .exits(2)
        .complains_of(&["earlier periods are not there"]);

    // All periods together are one audit.
    let all: Vec<String> = apart
        .periods()
        .iter()
        .flat_map(|period| apart.of(period))
        .collect();
    let audited = |command: &str, inputs: &[String]| {
        let mut arguments = sample.audit("json");
        arguments[0] = command.to_owned();
        arguments.extend(inputs.iter().cloned());
        let report: Value = serde_json::from_str(&pktaudit(&arguments).run().stdout).unwrap();
        report["flows"].to_string()
    };
    same(
        "all together",
        &audited("audit", &captures[..3]),
        &audited("judge", &all),
    )
    .unwrap();
}

#[test]
fn partial_files_of_periods_lie_in_a_folder_of_their_own() {
    let place = folder();
    let sample = Sample::named("not-seen");
    let capture = sample.capture.display().to_string();
    let out = place.path().join("parts");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("2026-01-01T00-00-00Z.part"), "of another run").unwrap();
    let parts = out.display().to_string();
    pktaudit(["observe", "--every", "1h", "--partial", &parts, &capture])
        .exits(2)
        .complains_of(&["--partial", "new folder"]);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    let until = "2026-01-01T00:00:00Z";
    pktaudit([
        "observe",
        "--every",
        "1h",
        "--until",
        until,
        "--partial",
        &parts,
        &capture,
    ])
    .exits(2)
    .complains_of(&["--every", "--until"]);
}

#[test]
fn copies_in_another_capture_are_found_in_every_period() {
    let place = folder();
    let sample = Sample::named("loss-heavy");
    let capture = Capture::read(&sample.capture);
    let captures = ["one.pcap", "other.pcap"].map(|name| write(&place, name, capture.to_bytes()));
    let (_, whole) = in_periods(
        &sample,
        &["--every", "87600h"],
        &place.path().join("whole"),
        &captures,
    );
    let (_, folders) = in_periods(
        &sample,
        &["--every", "10s"],
        &place.path().join("every"),
        &captures,
    );
    let copies = |folder: &PathBuf| {
        report(folder)["capture"]["frames"]["copies"]
            .as_u64()
            .unwrap()
    };
    assert!(folders.len() > 3 && copies(&whole[0]) > 100);
    assert_eq!(folders.iter().map(copies).sum::<u64>(), copies(&whole[0]));
}

#[test]
fn the_last_moment_of_all_lies_in_a_period_and_what_is_over_is_not_told_again() {
    let place = folder();
    let (client, server) = ("10.0.0.5:40000", "93.184.216.34:443");
    let script = format!(
        "0 {client} > {server} tcp S seq=1000\n0.01 {server} > {client} tcp SA seq=9 ack=1001\n\
         0.02 {client} > {server} tcp FA seq=1001 ack=10\n0.03 {server} > {client} tcp FA seq=10 ack=1002\n\
         0.04 {client} > {server} tcp A seq=1002 ack=11\n40000 10.0.0.6:40001 > {server} tcp S seq=5\n"
    );
    let mut capture = Capture::scripted(&script);
    let mut last = capture.frames[5].clone();
    last.time = pktaudit::model::CaptureTime::MAX;
    capture.frames.push(last);
    // A pcapng file holds such a time, a pcap file does not.
    let file = write(&place, "capture.pcapng", capture.to_pcapng());
    let out = place.path().join("out");
    let words = out.display().to_string();
    pktaudit([
        "audit",
        "--no-site",
        "--every",
        "1h",
        "--out",
        &words,
        &file,
    ])
    .run();
    let folders = folders_in(&out);
    let flows = |folder: &PathBuf| report(folder)["flows"].as_array().unwrap().len();
    assert_eq!(folders.iter().map(flows).collect::<Vec<_>>(), [1, 1, 1]);
}
