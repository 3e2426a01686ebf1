//! `rules learn`: what it drafts from a capture covers that capture, and says what it rests on.

use std::fs;

use super::harness::{Sample, folder, pktaudit, project, samples, write};
use super::traffic::Traffic;

/// Learns from a sample, with its site's roles or without, and audits the sample by the draft. Gives the draft.
#[track_caller]
fn learned(sample: &Sample, by_role: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let capture = sample.capture.display().to_string();
    let site = sample.site.display().to_string();
    let (rules, site_out) = (path("learned.toml"), path("site.toml"));
    let mut learn = vec!["rules", "learn", "-q"];
    let own = sample.rules().map(|rules| rules.display().to_string());
    if by_role {
        learn.extend(["--site", &site, "--site-out", &site_out]);
        learn.extend(own.iter().flat_map(|own| ["--rules", own]));
    }
    learn.push(&capture);
    let draft = pktaudit(learn).run().stdout;
    fs::write(&rules, &draft).unwrap();
    let mut audit = vec!["audit", "-q", "--format", "json", "--rules", &rules];
    if by_role {
        audit.extend(["--site", &site_out]);
    }
    audit.push(&capture);
    let report = pktaudit(audit).run().json();
    let left: Vec<String> = report["intents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|intent| ["unexpected", "unnamed"].contains(&intent["outcome"].as_str().unwrap()))
        .map(ToString::to_string)
        .collect();
    assert!(
        left.is_empty(),
        "{} by role {by_role}: {left:?}\n{draft}",
        sample.name
    );
    draft
}

#[test]
fn a_draft_covers_the_capture_that_it_was_made_of() {
    for (number, sample) in samples().iter().enumerate() {
        let activation =
            sample.name.starts_with("activation") || sample.name.starts_with("exported");
        // Each with its roles or without.
        if activation || number % 2 == 0 {
            learned(sample, false);
        }
        if activation || number % 2 == 1 {
            learned(sample, true);
        }
    }
}

#[test]
fn rows_have_their_evidence_and_blocked_ones_stand_apart() {
    let draft = learned(&Sample::named("blocked-rst"), true);
    let blocked = draft.split("# --- Never reached").nth(1).unwrap();
    assert!(
        blocked.contains("to = \"dsaas.url.trendmicro.com\"") && blocked.contains("blocked_likely"),
        "{draft}"
    );
    assert_eq!(blocked.matches("[[requirement]]").count(), 1, "{draft}");
    assert!(
        draft.contains("to = \"role:dns-server\"") && draft.contains("from = \"agent\""),
        "{draft}"
    );
    assert_eq!(
        draft.matches("[[requirement]]").count(),
        draft.matches("\ncite = ").count()
    );
}

#[test]
fn names_whose_lookups_were_stopped_are_rows() {
    let draft = learned(&Sample::named("blocked-dns-extended-error"), true);
    let blocked = draft.split("# --- Never reached").nth(1).unwrap();
    assert!(
        blocked.contains("to = \"dsaas.url.trendmicro.com\"") && blocked.contains("lookup"),
        "{draft}"
    );
}

#[test]
fn what_is_no_capture_gives_no_draft() {
    let ran = pktaudit([
        "rules",
        "learn",
        &project("Cargo.toml").display().to_string(),
    ])
    .exits(2);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_name_that_no_rule_file_can_hold_is_a_row_by_address() {
    let folder = folder();
    let capture = Traffic::new()
        .tls("10.0.0.5", "10.9.0.2", 443, Some("localhost"))
        .tls("10.0.0.5", "203.0.113.7", 443, Some("a.example.com"))
        .capture();
    let capture = write(&folder, "c.pcap", capture.to_bytes());
    let learned = pktaudit(["rules", "learn", &capture]).exits(0);
    assert!(learned.stderr.contains("localhost"), "{}", learned.stderr);
    assert!(
        learned.stdout.contains("\"10.9.0.2\"") && !learned.stdout.contains("\"203.0.113.7\""),
        "{}",
        learned.stdout
    );
    let rules = write(&folder, "d.toml", &learned.stdout);
    let report = pktaudit(["audit", "--format", "json", "--rules", &rules, &capture])
        .run()
        .json();
    let outcomes: Vec<&str> = report["intents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|intent| intent["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes.len(), 2);
    assert!(!outcomes.contains(&"unexpected"), "{outcomes:?}");
}
