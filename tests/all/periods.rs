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
    let mut folders: Vec<PathBuf> = fs::read_dir(out)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    folders.sort();
    (ran, folders)
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
