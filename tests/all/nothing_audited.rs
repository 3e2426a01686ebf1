//! An audit of nothing is no good news, in any format.

use std::fs;

use super::harness::{Ran, folder, pktaudit, write};
use super::traffic::Traffic;

const RULES: &str = r#"
format = 1
[document]
id = "acme"
vendor = "Acme"
product = "Agent"
page = "Ports of the agent"
language = "en"
[roles.agent]
about = "host running the agent"
[features]
relay = { about = "relays", default = "unknown" }
[[requirement]]
id = "portal"
service = "portal"
from = ["agent"]
to = ["portal.acme.example"]
ports = [443]
transport = ["tcp"]
direction = "outbound"
need = "required"
cite = { table = "1", row = "1", line = 1 }
WHEN
"#;

const FORMATS: [&str; 6] = ["human", "json", "ndjson", "csv", "sarif", "junit"];

fn audit(agent: &str, when: &str, traffic: &Traffic, format: &str) -> Ran {
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES.replace("WHEN", when));
    let site = format!("[roles]\nagent = [\"{agent}\"]\n[features]\nrelay = false\n");
    let site = write(&folder, "site.toml", site);
    let capture = write(&folder, "capture.pcap", traffic.capture().to_bytes());
    pktaudit([
        "audit", "--format", format, "--rules", &rules, "--site", &site, &capture,
    ])
    .run()
}

/// The page for browsers.
fn page(agent: &str, when: &str, traffic: &Traffic) -> String {
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES.replace("WHEN", when));
    let site = format!("[roles]\nagent = [\"{agent}\"]\n[features]\nrelay = false\n");
    let site = write(&folder, "site.toml", site);
    let capture = write(&folder, "capture.pcap", traffic.capture().to_bytes());
    let out = folder.path().join("out").display().to_string();
    pktaudit([
        "audit", "--out", &out, "--rules", &rules, "--site", &site, &capture,
    ])
    .exits(2);
    fs::read_to_string(format!("{out}/report.html")).unwrap()
}

fn portal() -> Traffic {
    Traffic::new().tls(
        "10.20.0.5",
        "203.0.113.10",
        443,
        Some("portal.acme.example"),
    )
}

/// Every format says so, and the first line for people does.
#[track_caller]
fn is_told(agent: &str, when: &str, traffic: &Traffic, words: &[&str]) {
    for format in FORMATS {
        let ran = audit(agent, when, traffic, format);
        assert_eq!(ran.status, 2, "{format}: {}", ran.stdout);
        for part in words {
            assert!(
                ran.stdout.contains(part),
                "{format}: no `{part}` in {}",
                ran.stdout
            );
        }
    }
    let page = page(agent, when, traffic);
    for part in words {
        assert!(
            page.contains(&part.replace('"', "&quot;")),
            "html: no `{part}`"
        );
    }
    let human = audit(agent, when, traffic, "human").stdout;
    let first = human.lines().nth(3).unwrap_or_default();
    assert!(first.starts_with("nothing was audited"), "{human}");
    let csv = audit(agent, when, traffic, "csv").stdout;
    let first = csv.lines().nth(1).unwrap_or_default();
    assert!(first.contains("nothing-audited"), "{csv}");
}

#[test]
fn a_site_file_that_fits_no_host_is_told_with_those_that_were_seen() {
    let words = ["no flow begins in 10.99.0.0/24; hosts seen: 10.20.0.5 (1 flow)"];
    is_told("10.99.0.0/24", "", &portal(), &words);
}

#[test]
fn an_empty_capture_is_told() {
    let words = ["nothing was audited: there is no frame"];
    is_told("10.20.0.0/24", "", &Traffic::new(), &words);
}

#[test]
fn requirements_that_are_all_off_are_told() {
    let off = "when = [{ feature = \"relay\" }]";
    is_told(
        "10.20.0.0/24",
        off,
        &portal(),
        &["no requirement is active at this site"],
    );
}

#[test]
fn an_audit_of_something_is_none_of_nothing() {
    let ran = audit("10.20.0.0/24", "", &portal(), "human");
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    assert!(
        !ran.stdout.contains("nothing was audited"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_host_that_opens_nothing_may_still_be_called() {
    let called = Traffic::new().tls("192.0.2.9", "10.20.0.5", 443, None);
    let ran = audit("10.20.0.0/24", "", &called, "human");
    assert_eq!(ran.status, 1, "{}", ran.stdout);
}

#[test]
fn where_no_host_opened_a_flow_none_is_left_out() {
    let folder = folder();
    let traffic = Traffic::new().tls("198.51.100.5", "203.0.113.10", 443, Some("a.example"));
    let capture = write(&folder, "capture.pcap", traffic.capture().to_bytes());
    let why = |arguments: &[&str]| {
        let all = ["audit", "--format", "json", &capture].into_iter();
        let report = pktaudit(all.chain(arguments.iter().copied())).run().json();
        report["summary"]["nothing_audited"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let told = why(&[]);
    assert!(
        told.contains("no flow begins at a private address; hosts seen: 198.51.100.5"),
        "{told}"
    );
    // Those of the site are named, and what they do among themselves is left out for a reason.
    let own = Traffic::new().tls("127.0.0.1", "127.0.0.1", 443, None);
    let capture = write(&folder, "own.pcap", own.capture().to_bytes());
    let report = pktaudit(["audit", "--format", "json", &capture])
        .run()
        .json();
    let told = report["summary"]["nothing_audited"].as_str().unwrap();
    assert!(
        told.contains("are left out (") && told.contains("loopback"),
        "{told}"
    );
}

/// Rows that name nobody hold for every host: a site file that binds other roles alone does not leave all hosts out.
#[test]
fn rows_without_a_source_are_audited_for_every_private_address() {
    let folder = folder();
    let rules = RULES
        .replace("WHEN", "")
        .replace("from = [\"agent\"]", "from-stated = false");
    let rules = write(&folder, "acme.toml", rules);
    let site = write(&folder, "site.toml", "[roles]\nagent = [\"10.20.0.53\"]\n");
    let capture = portal().tls(
        "10.20.0.53",
        "203.0.113.11",
        443,
        Some("other.acme.example"),
    );
    let capture = write(&folder, "capture.pcap", capture.capture().to_bytes());
    let arguments = [
        "audit", "--format", "json", "--rules", &rules, "--site", &site, &capture,
    ];
    let report = pktaudit(arguments).exits(0).json();
    assert_eq!(
        report["summary"]["flows_audited"], 1,
        "{}",
        report["summary"]
    );
    assert_eq!(report["requirements"][0]["outcome"], "satisfied");
}
