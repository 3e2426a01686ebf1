//! Which shipped sets are in force where nobody names any: those that the capture fits; the report says which and why.

use serde_json::Value;
use tempfile::TempDir;

use super::capture::Capture;
use super::harness::{folder, pktaudit, write};
use super::traffic::Traffic;

const OPENSHIFT: [&str; 3] = ["quay.io", "cdn01.quay.io", "registry.redhat.io"];

/// Connections to each of some names.
fn connections(names: &[&str]) -> Capture {
    let mut traffic = Traffic::new();
    for (at, name) in names.iter().enumerate() {
        traffic = traffic.tls(
            "10.0.0.5",
            &format!("203.0.113.{}", at + 1),
            443,
            Some(name),
        );
    }
    traffic.capture()
}

/// `set why` of the documents in force.
fn taken(report: &Value) -> Vec<String> {
    let documents = report["rules"].as_array().unwrap().iter();
    let mut taken: Vec<String> = documents
        .filter(|document| document["in_force"] == true)
        .map(|document| {
            let word = |key: &str| document[key].as_str().unwrap_or("-").to_owned();
            format!("{} {}", word("set"), word("chosen"))
        })
        .collect();
    taken.sort();
    taken.dedup();
    taken
}

fn audited(folder: &TempDir, capture: &Capture, more: &[&str]) -> Value {
    let path = write(folder, "capture.pcap", capture.to_bytes());
    let arguments = ["audit", "--format", "json", &path];
    pktaudit(arguments.iter().chain(more)).run().json()
}

#[test]
fn a_capture_chooses_the_sets_that_it_fits() {
    let folder = folder();
    let report = audited(&folder, &connections(&OPENSHIFT), &[]);
    assert_eq!(taken(&report), ["openshift fits"]);
    assert_eq!(report["rules"][0]["why"], "the capture has 3 of its names");
    // What the other vendor's page asks for is nothing to this site.
    assert!(!report.to_string().contains("workload-security-en/"));
    let intents = report["intents"].as_array().unwrap();
    let known = |intent: &&Value| intent["requirements"][0].is_string();
    assert_eq!(intents.iter().filter(known).count(), 3, "{intents:#?}");
}

#[test]
fn two_names_are_no_reason_and_the_default_stays() {
    let folder = folder();
    let report = audited(&folder, &connections(&OPENSHIFT[..2]), &[]);
    assert_eq!(taken(&report), ["trend-micro default"]);
    let report = audited(&folder, &connections(&["www.example.com"]), &[]);
    assert_eq!(taken(&report), ["trend-micro default"]);
}

#[test]
fn a_site_keeps_its_own_and_is_told_of_no_others() {
    let folder = folder();
    let names = ["files.trendmicro.com", "quay.io", "cdn01.quay.io"];
    let report = audited(&folder, &connections(&names), &[]);
    assert_eq!(taken(&report), ["trend-micro default"]);
    let names = [&OPENSHIFT[..], &["files.trendmicro.com"]].concat();
    let report = audited(&folder, &connections(&names), &[]);
    assert_eq!(taken(&report), ["openshift fits", "trend-micro fits"]);
    // A site file may speak of the first set's roles.
    let site = write(
        &folder,
        "site.toml",
        "[site]\nname = \"x\"\n[roles]\nagent = [\"10.0.0.5\"]\n",
    );
    let report = audited(&folder, &connections(&OPENSHIFT), &["--site", &site]);
    assert_eq!(taken(&report), ["openshift fits", "trend-micro default"]);
}

#[test]
fn who_names_sets_gets_these_and_no_others() {
    let folder = folder();
    let capture = connections(&OPENSHIFT);
    let report = audited(&folder, &capture, &["--rules", "@trend-micro"]);
    assert_eq!(taken(&report), ["trend-micro named"]);
    let report = audited(&folder, &capture, &["--rules", "+@crowdstrike-falcon"]);
    assert_eq!(
        taken(&report),
        ["crowdstrike-falcon named", "trend-micro default"]
    );
    let site = write(
        &folder,
        "site.toml",
        "[site]\nname = \"x\"\ndocuments = [\"crowdstrike-falcon-sensor\"]\n[roles]\nfalcon-host = [\"10.0.0.5\"]\n",
    );
    let report = audited(&folder, &capture, &["--site", &site]);
    assert_eq!(taken(&report), ["crowdstrike-falcon site"]);
}

#[test]
fn parts_that_are_put_together_choose_as_the_whole_does() {
    let folder = folder();
    let capture = connections(&OPENSHIFT);
    let whole = audited(&folder, &capture, &[]);
    // One part alone would not fit.
    let middle = capture.frames.len() / 2;
    let mut partials = Vec::new();
    for (at, part) in capture.cut(&[middle]).iter().enumerate() {
        let path = write(&folder, &format!("{at}.pcap"), part.to_bytes());
        let partial = folder.path().join(format!("{at}.part"));
        let partial = partial.display().to_string();
        pktaudit(["observe", "--partial", &partial, &path]).exits(0);
        partials.push(partial);
    }
    for order in [[0, 1], [1, 0]] {
        let mut arguments = vec!["judge", "--format", "json"];
        arguments.extend(order.iter().map(|at| partials[*at].as_str()));
        let judged = pktaudit(&arguments).run().json();
        assert_eq!(judged["rules"], whole["rules"]);
        assert_eq!(judged["requirements"], whole["requirements"]);
    }
}

#[test]
fn every_format_says_why() {
    let folder = folder();
    let path = write(&folder, "c.pcap", connections(&OPENSHIFT).to_bytes());
    let out = folder.path().join("out");
    let out = out.display().to_string();
    let human = pktaudit(["audit", "--out", &out, &path]).run();
    let why = "the capture has 3 of its names";
    let words: Vec<&str> = human.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains(why), "{}", human.stdout);
    assert!(human.stderr.contains("@openshift"), "{}", human.stderr);
    for file in ["report.json", "report.html"] {
        let text = std::fs::read_to_string(folder.path().join("out").join(file)).unwrap();
        assert!(text.contains(why), "{file}");
    }
}
