//! What others read of an audit: JSON under its schema, comparisons, and what a package installs.

use std::fs;

use pktaudit::model::CaptureTime;
use serde_json::Value;

use super::harness::{Sample, folder, for_each_sample, pktaudit, project, same, write};
use super::traffic::Traffic;

fn schema() -> Value {
    let text = fs::read_to_string(project("schema/report.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_report_is_as_its_schema_says() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for_each_sample(|sample| {
        let report = sample.report();
        let first = validator.iter_errors(&report).next();
        first.map_or(Ok(()), |error| {
            Err(format!("{error} at {}", error.instance_path()))
        })
    });
}

#[test]
fn a_report_says_what_it_was_made_of() {
    let sample = Sample::named("blocked-rst");
    let mut arguments = sample.audit("json");
    arguments.push(sample.capture.display().to_string());
    let run = || pktaudit(&arguments).exits(1);
    let report = run().json();
    let input = &report["capture"]["inputs"][0];
    assert_eq!(input["bytes"], fs::metadata(&sample.capture).unwrap().len());
    let digest = |path: &std::path::Path| pktaudit::source::digest_of(path).unwrap();
    assert_eq!(input["sha256"], digest(&sample.capture));
    assert_eq!(report["summary"]["site_sha256"], digest(&sample.site));
    assert!(
        report["rules"]
            .as_array()
            .unwrap()
            .iter()
            .all(|rule| rule["sha256"].is_string())
    );
    assert_eq!(run().stdout, run().stdout, "equal input, equal bytes");
}

#[test]
fn a_partial_file_keeps_the_digest_of_its_input() {
    let sample = Sample::named("blocked-rst");
    let place = folder();
    let partial = place.path().join("a.part").display().to_string();
    let capture = sample.capture.display().to_string();
    pktaudit(["observe", "--partial", &partial, &capture]).exits(0);
    let site = sample.site.display().to_string();
    let judged = pktaudit(["judge", "--format", "json", "--site", &site, &partial]).exits(1);
    let mut arguments = sample.audit("json");
    arguments.push(capture);
    assert_eq!(judged.stdout, pktaudit(&arguments).exits(1).stdout);
}

#[test]
fn captures_that_contradict_each_other_are_told_alike_in_any_order() {
    // The same connection, packet for packet at the same time, with other bytes in it; within a millisecond, where copies of
    // packets are looked for.
    let whole: [&[u8]; 2] = [
        b"GET /../a/b/../",
        b"c/./d.html HTTP/1.0\r\nHost: a.example.com\r\n\r\n",
    ];
    let other: [&[u8]; 2] = [
        b"POST /one HTTP/1.0\r\nHost: b.example.com\r\n\r\n",
        b"POST /self HTTP/1.0\r\nHost: b.example.com\r\n\r\n",
    ];
    let third: [&[u8]; 2] = [b"PUT /", b" HTTP/1.1\r\nHost: c.example.com\r\n\r\n"];
    let place = folder();
    let captures = [("a.pcap", whole), ("b.pcap", other), ("c.pcap", third)];
    let captures = captures.map(|(name, said)| {
        let traffic = Traffic::new().tcp("10.0.0.5", "198.51.100.7", 80, &said, &[b"", b""]);
        let mut capture = traffic.capture();
        // Nothing of the answers and the end.
        let kept = [0, 1, 2, 3, 5].map(|at: usize| capture.frames[at].clone());
        capture = capture.with(kept);
        let begin = capture.frames[0].time.as_nanos();
        for (at, frame) in (0..).zip(&mut capture.frames) {
            frame.time = CaptureTime::from_nanos(begin + at * 1_000);
        }
        write(&place, name, capture.to_bytes())
    });
    let partials = captures.each_ref().map(|capture| {
        let partial = format!("{capture}.part");
        pktaudit(["observe", "--partial", &partial, capture]).exits(0);
        partial
    });
    let [a, b, c] = &captures;
    let wanted = pktaudit(["audit", "--format", "json", a, b, c])
        .run()
        .stdout;
    let [a, b, c] = &partials;
    for [first, second, third] in [[a, b, c], [b, a, c], [c, a, b], [b, c, a]] {
        let judge = ["judge", "--format", "json"];
        let judged = pktaudit(judge.iter().chain(&[&**first, second, third])).run();
        same("judged", &wanted, &judged.stdout).unwrap();
        let merged = place.path().join("merged.part").display().to_string();
        pktaudit(["merge", "--partial", &merged, first, second]).exits(0);
        let judged = pktaudit(judge.iter().chain(&[&*merged, third])).run();
        same("merged, then judged", &wanted, &judged.stdout).unwrap();
    }
}

#[test]
fn a_rule_that_was_opened_is_told_and_one_that_was_closed() {
    let (shut, open) = (
        Sample::named("blocked-syn-dropped"),
        Sample::named("activation-ok"),
    );
    let site = shut.site.display().to_string();
    let place = folder();
    let out = place.path().join("shut");
    let captures = [&shut, &open].map(|sample| sample.capture.display().to_string());
    pktaudit([
        "audit",
        "--site",
        &site,
        "--out",
        &out.display().to_string(),
        &captures[0],
    ])
    .exits(1);
    let folder = out.display().to_string();
    let report = out.join("report.json").display().to_string();
    let compare = |before: &str, after: &str, status| {
        let all = [
            "compare", "--format", "json", "--site", &site, before, after,
        ];
        let told = pktaudit(all).exits(status).json();
        let changes = told["changes"].as_array().unwrap().iter();
        let word = |change: &Value, field: &str| change[field].as_str().unwrap().to_owned();
        let aims = changes.filter(|change| change["initiator"].is_string());
        aims.map(|change| (word(change, "change"), word(change, "target")))
            .collect::<Vec<_>>()
    };
    let aim = "dsaas.url.trendmicro.com".to_owned();
    for before in [&folder, &report, &captures[0]] {
        let told = compare(before, &captures[1], 0);
        assert_eq!(told, [("now-works".to_owned(), aim.clone())], "{before}");
    }
    let told = compare(&captures[1], &report, 1);
    assert_eq!(told, [("broke".to_owned(), aim.clone())]);
    let told = compare(&report, &captures[0], 0);
    assert_eq!(told, [("still-stopped".to_owned(), aim)]);
    pktaudit(["compare", &report, "missing.pcap"]).exits(2);
}

#[test]
fn formats_of_audits_are_refused_elsewhere() {
    let capture = Sample::named("blocked-rst").capture.display().to_string();
    for arguments in [
        vec!["flows", "--format", "sarif", &capture],
        vec!["rules", "list", "--format", "junit"],
        vec!["compare", "--format", "sarif", &capture, &capture],
    ] {
        pktaudit(arguments)
            .exits(2)
            .complains_of(&["for audit and judge only"]);
    }
}

#[test]
fn pages_and_completions_are_made_for_every_command() {
    let place = folder();
    let pages = place.path().display().to_string();
    pktaudit(["man", "--dir", &pages]).exits(0);
    for page in [
        "pktaudit.1",
        "pktaudit-audit.1",
        "pktaudit-rules-list.1",
        "pktaudit-compare.1",
    ] {
        let text = fs::read_to_string(place.path().join(page)).unwrap();
        assert!(text.contains(".TH ") && text.contains("SYNOPSIS"), "{page}");
    }
    assert_eq!(
        pktaudit(["man", "rules", "list"]).exits(0).stdout,
        fs::read_to_string(place.path().join("pktaudit-rules-list.1")).unwrap()
    );
    pktaudit(["man", "nothing"])
        .exits(2)
        .complains_of(&["no command nothing"]);
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = pktaudit(["completions", shell]).exits(0).stdout;
        assert!(
            script.contains("pktaudit") && script.contains("compare"),
            "{shell}"
        );
    }
    let version = pktaudit(["--version"]).exits(0).stdout;
    assert!(
        version.starts_with(&format!("pktaudit {}", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
}
