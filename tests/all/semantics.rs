//! What each kind of requirement means, from text scenarios through the built program.

use serde_json::Value;

use super::harness::{folder, pktaudit, write};
use super::traffic::Traffic;

/// Hosts of the scenarios.
const AGENT: &str = "10.0.0.5";
const OTHER: &str = "10.0.0.6";
const RELAY: &str = "10.0.0.7";
const DNS: &str = "10.0.0.53";
const SIEM: &str = "10.0.0.51";
const SERVER: &str = "203.0.113.10";

/// An audit of a scenario.
struct Audited(Value);

/// Audits a scenario at a site under the shipped rules.
fn audit(site: &str, traffic: &Traffic) -> Audited {
    audit_with(site, traffic, None, &[])
}

fn audit_with(site: &str, traffic: &Traffic, rules: Option<&str>, more: &[&str]) -> Audited {
    let folder = folder();
    let roles = format!(
        "[roles]\nagent = [\"{AGENT}\", \"{OTHER}\"]\nrelay = [\"{RELAY}\"]\ndns-server = [\"{DNS}\"]\nsiem-server = [\"{SIEM}\"]\n"
    );
    let site = match rules {
        None => format!("{site}\n{roles}"),
        Some(_) => format!("[roles]\nagent = [\"{AGENT}\", \"{OTHER}\"]\n{site}"),
    };
    let site = write(&folder, "site.toml", site);
    let capture = write(&folder, "capture", traffic.capture().to_bytes());
    let mut arguments = vec!["audit", "--format", "json", "--site", &site, &capture];
    let rules = rules.map(|text| write(&folder, "example.toml", text));
    if let Some(rules) = &rules {
        arguments.extend(["--rules", rules]);
    }
    arguments.extend(more);
    let ran = pktaudit(&arguments).run();
    assert!(ran.status < 2, "{}", ran.stderr);
    Audited(ran.json())
}

impl Audited {
    /// `code target:port` of every finding but for what was never seen, sorted.
    fn findings(&self) -> Vec<String> {
        let list = self.0["findings"].as_array().unwrap().iter();
        let mut out: Vec<String> = list
            .filter(|finding| finding["code"] != "never-seen")
            .map(|finding| {
                let word = |field: &str| finding[field].as_str().unwrap().to_owned();
                let port = finding["port"]
                    .as_u64()
                    .map_or(String::new(), |p| format!(":{p}"));
                format!("{} {}{port}", word("code"), word("target"))
            })
            .collect();
        out.sort();
        out
    }

    /// Codes of the findings about one initiator.
    fn codes_of(&self, initiator: &str) -> Vec<&str> {
        let list = self.0["findings"].as_array().unwrap().iter();
        list.filter(|finding| finding["initiator"] == initiator)
            .map(|finding| finding["code"].as_str().unwrap())
            .collect()
    }

    /// Requirements whose absence is a finding.
    fn missed(&self) -> Vec<&str> {
        let list = self.0["findings"].as_array().unwrap().iter();
        list.filter(|finding| finding["code"] == "never-seen")
            .flat_map(|finding| finding["requirements"].as_array().unwrap())
            .map(|id| id.as_str().unwrap())
            .collect()
    }

    /// What became of a requirement, with the reason where there is one.
    #[track_caller]
    fn requirement(&self, id: &str) -> String {
        let list = self.0["requirements"].as_array().unwrap();
        let row = list.iter().find(|row| row["id"] == id);
        let row = row.unwrap_or_else(|| panic!("there is no {id}"));
        row["outcome"].as_str().unwrap().to_owned()
    }

    /// The sentence of the finding about a target.
    #[track_caller]
    fn message(&self, target: &str) -> &str {
        let list = self.0["findings"].as_array().unwrap();
        let found = list.iter().find(|finding| finding["target"] == target);
        let found = found.unwrap_or_else(|| panic!("nothing about {target} in {list:#?}"));
        found["message"].as_str().unwrap()
    }
}

/// A site of one shipped document in the US region.
fn site_of(document: &str) -> String {
    format!("[site]\nregion = \"us-1\"\ndocuments = [\"{document}\"]\n")
}

#[test]
fn a_network_as_source_is_tested_against_who_opened() {
    let traffic = Traffic::new()
        .tls("3.140.136.230", AGENT, 4118, None)
        .tls("3.140.137.230", AGENT, 4118, None)
        .tls("3.69.198.70", AGENT, 4118, None)
        .tls(AGENT, "3.140.136.230", 4118, None);
    let mode = "[features]\n\"communication/bidirectional\" = true\n";
    let site = format!("{}{mode}", site_of("server-workload-protection"));
    let audited = audit(&site, &traffic);
    let requirement =
        |region| audited.requirement(&format!("server-workload-protection/p06-agent-{region}"));
    assert_eq!(requirement("usa"), "satisfied");
    assert_eq!(requirement("germany"), "not_active");
    assert!(audited.codes_of("3.140.136.230").is_empty());
    let stranger = audited.codes_of("3.140.137.230");
    assert_eq!(stranger.len(), 1, "one bit beyond the /27: {stranger:?}");
    let other_region = audited.codes_of("3.69.198.70");
    assert_eq!(other_region.len(), 1, "{other_region:?}");
    let outbound = audited.codes_of(AGENT);
    assert_eq!(
        outbound.len(),
        1,
        "the subnet is a source, no destination: {outbound:?}"
    );
}

#[test]
fn an_address_past_its_day_is_expired() {
    // Scenarios are of 2026-01-01; the list ended on 2022-12-31.
    let traffic = Traffic::new().tls(AGENT, "34.192.145.157", 443, None);
    let site = site_of("workload-security-ja");
    let audited = audit(&site, &traffic);
    assert_eq!(audited.findings(), ["expired 34.192.145.157:443"]);
    assert!(audited.message("34.192.145.157").contains("2022-12-31"));
    let then = audit_with(&site, &traffic, None, &["--as-of", "2022-06-01"]);
    assert_eq!(then.findings(), [""; 0]);
    let last_day = audit_with(&site, &traffic, None, &["--as-of", "2022-12-31"]);
    assert_eq!(last_day.findings(), [""; 0], "the last day belongs to it");
    // An account younger than the list never had a use for it.
    let young = format!("{site}account-created = \"2021-05-01\"\n");
    let young = audit_with(&young, &traffic, None, &["--as-of", "2022-06-01"]);
    assert_eq!(young.findings(), ["switched-off 34.192.145.157:443"]);
}

#[test]
fn dns_over_tcp_is_as_each_page_says() {
    let name = "agents.deepsecurity.trendmicro.com";
    let over_tcp = Traffic::new().lookup_over_tcp(AGENT, DNS, name, [203, 0, 113, 10]);
    let over_udp = Traffic::new().lookup(AGENT, DNS, name, [203, 0, 113, 10]);
    for (document, row, tcp) in [
        ("workload-security-ja", "a02", true),
        ("workload-security-en", "p07", false),
        ("server-workload-protection", "p07", false),
    ] {
        let id = format!("{document}/{row}");
        let audited = audit(&site_of(document), &over_udp);
        assert_eq!(audited.requirement(&id), "satisfied", "{document}");
        assert_eq!(audited.findings(), [""; 0], "{document}");
        let audited = audit(&site_of(document), &over_tcp);
        assert_eq!(audited.requirement(&id) == "satisfied", tcp, "{document}");
        assert_eq!(
            audited.findings().is_empty(),
            tcp,
            "{document}: {:?}",
            audited.findings()
        );
    }
}

#[test]
fn the_agents_own_port_between_two_hosts_is_forbidden() {
    let traffic = Traffic::new().tcp(AGENT, RELAY, 4123, &[b"hello"], &[b"hello"]);
    // No relay: whatever listens there, it is not the relay's own port.
    let elsewhere = Traffic::new().tcp(AGENT, OTHER, 4123, &[b"hello"], &[b"hello"]);
    for document in [
        "workload-security-ja",
        "workload-security-en",
        "server-workload-protection",
    ] {
        let audited = audit(&site_of(document), &traffic);
        assert_eq!(
            audited.findings(),
            [format!("forbidden {RELAY}:4123")],
            "{document}"
        );
        let elsewhere = audit(&site_of(document), &elsewhere).findings();
        assert_eq!(elsewhere, [format!("unnamed {OTHER}:4123")], "{document}");
    }
}

#[test]
fn a_region_that_is_not_the_sites_is_switched_off() {
    let traffic = Traffic::new()
        .tls(
            AGENT,
            SERVER,
            443,
            Some("agent-001.workload.us-1.cloudone.trendmicro.com"),
        )
        .tls(
            AGENT,
            SERVER,
            443,
            Some("workload.us-1.cloudone.trendmicro.com"),
        )
        .tls(
            AGENT,
            SERVER,
            443,
            Some("agent-001.workload.de-1.cloudone.trendmicro.com"),
        )
        .tls(
            AGENT,
            SERVER,
            443,
            Some("agent-001.workload.xx-9.cloudone.trendmicro.com"),
        );
    let audited = audit(&site_of("workload-security-en"), &traffic);
    assert_eq!(
        audited.findings(),
        [
            "list-gap agent-001.workload.xx-9.cloudone.trendmicro.com:443",
            "switched-off agent-001.workload.de-1.cloudone.trendmicro.com:443",
        ],
        "the star has no dot, so the bare parent is covered, too"
    );
    let message = audited.message("agent-001.workload.de-1.cloudone.trendmicro.com");
    assert!(message.contains("germany"), "{message}");
    // Without a region every known one will do.
    let audited = audit("[site]\ndocuments = [\"workload-security-en\"]\n", &traffic);
    assert_eq!(
        audited.findings(),
        ["list-gap agent-001.workload.xx-9.cloudone.trendmicro.com:443"]
    );
}

#[test]
fn a_moved_port_replaces_the_pages() {
    let traffic = Traffic::new()
        .tls(AGENT, RELAY, 14122, None)
        .tls(OTHER, RELAY, 4122, None);
    let plain = audit(&site_of("workload-security-ja"), &traffic);
    assert_eq!(plain.findings(), [format!("wrong-port {RELAY}:14122")]);
    let moved = "[ports]\n\"workload-security-ja/a13\" = [14122]\n\"workload-security-ja/r02\" = [14122]\n\"workload-security-ja/r08\" = [14122]\n";
    let site = format!("{}{moved}", site_of("workload-security-ja"));
    let audited = audit(&site, &traffic);
    assert_eq!(audited.findings(), [format!("wrong-port {RELAY}:4122")]);
    assert_eq!(audited.requirement("workload-security-ja/a13"), "satisfied");
}

#[test]
fn a_name_that_contradicts_dns_is_not_rescued_by_it() {
    let listed = "files.trendmicro.com";
    let traffic = Traffic::new()
        .lookup(AGENT, DNS, listed, [203, 0, 113, 10])
        .tls(AGENT, SERVER, 443, Some("tunnel.example.net"));
    let audited = audit(&site_of("workload-security-ja"), &traffic);
    assert_eq!(
        audited.findings(),
        ["name-contradicted tunnel.example.net:443"]
    );
    assert!(audited.message("tunnel.example.net").contains(listed));
    assert!(!audited.message("tunnel.example.net").contains("ECH"));
    // Behind an encrypted part the name that can be read may be an outer one only.
    let traffic = Traffic::new()
        .lookup(AGENT, DNS, listed, [203, 0, 113, 10])
        .tls_with_ech(AGENT, SERVER, 443, "tunnel.example.net");
    let audited = audit(&site_of("workload-security-ja"), &traffic);
    assert_eq!(
        audited.findings(),
        ["encrypted-hello tunnel.example.net:443"]
    );
    assert!(audited.message("tunnel.example.net").contains("ECH"));
    // Without a name of its own the flow has the one that DNS gave.
    let traffic = Traffic::new()
        .lookup(AGENT, DNS, listed, [203, 0, 113, 10])
        .tls(AGENT, SERVER, 443, None);
    let audited = audit(&site_of("workload-security-ja"), &traffic);
    assert_eq!(audited.findings(), [""; 0]);
    assert_eq!(
        audited.requirement("workload-security-ja/u03-files"),
        "satisfied"
    );
    // An answer to somebody else, for somewhere else, is no name.
    let audited = audit(
        &site_of("workload-security-ja"),
        &Traffic::new().tls(AGENT, SERVER, 443, None),
    );
    assert_eq!(audited.findings(), [format!("unnamed {SERVER}:443")]);
}

#[test]
fn sinkhole_answers_name_nothing() {
    for sinkhole in [[0, 0, 0, 0], [127, 0, 0, 1], [127, 9, 9, 9]] {
        let address = sinkhole.map(|byte| byte.to_string()).join(".");
        let traffic = Traffic::new()
            .lookup(
                AGENT,
                DNS,
                "agents.deepsecurity.trendmicro.com",
                [203, 0, 113, 10],
            )
            .tls(
                AGENT,
                SERVER,
                443,
                Some("agents.deepsecurity.trendmicro.com"),
            )
            .lookup(AGENT, DNS, "files.trendmicro.com", sinkhole)
            .tls(AGENT, &address, 443, None);
        let folder = folder();
        let capture = write(&folder, "capture", traffic.capture().to_bytes());
        let flows = pktaudit(["flows", "--format", "ndjson", &capture])
            .exits(0)
            .lines();
        let sunk: Vec<&Value> = flows
            .iter()
            .filter(|f| f["responder"]["ip"] == address.as_str())
            .collect();
        assert_eq!(sunk.len(), 1);
        assert_eq!(sunk[0]["names"], Value::Array(Vec::new()), "{address}");
        let audited = audit(&site_of("workload-security-ja"), &traffic);
        let findings = audited.findings();
        assert!(
            findings.contains(&"blocked files.trendmicro.com".to_owned()),
            "{findings:?}"
        );
        assert_ne!(
            audited.requirement("workload-security-ja/u03-files"),
            "satisfied"
        );
    }
}

/// A page of our own: what the shipped ones have only together with much else.
const EXAMPLE: &str = r#"
format = 1
[document]
id = "example"
vendor = "Example"
page = "Example ports"
vendor-domains = ["example.com"]
[roles.agent]
about = "host with the agent"
[features]
scan = { component = "agent", default = "unknown" }
[[group]]
id = "recaptcha"
kind = "one-of"
[[group]]
id = "reputation"
kind = "instead-of"
about = "cloud or local reputation"
[[requirement]]
id = "wild"
from = ["agent"]
to = ["*.w.example.com"]
ports = [443]
transport = "tcp"
need = "optional"
[[requirement]]
id = "one"
from = ["agent"]
to = ["one.example.com"]
ports = [443]
transport = "tcp"
any-of = "recaptcha/one"
[[requirement]]
id = "two"
from = ["agent"]
to = ["two.example.com"]
ports = [443]
transport = "tcp"
any-of = "recaptcha/two"
[[requirement]]
id = "cloud"
from = ["agent"]
to = ["cloud.example.com"]
ports = [443]
transport = "tcp"
any-of = "reputation/cloud"
[[requirement]]
id = "local"
from = ["agent"]
to = ["local.example.com"]
ports = [443]
transport = "tcp"
any-of = "reputation/local"
[[requirement]]
id = "new"
from = ["agent"]
to = ["new.example.com"]
ports = [443]
transport = "tcp"
when = [{ version = { of = "agent", from = "20.0 build 1541" } }]
[[requirement]]
id = "old"
from = ["agent"]
to = ["old.example.com"]
ports = [443]
transport = "tcp"
when = [{ version = { of = "agent", until = "20.0.0-1540" } }]
[[requirement]]
id = "scan"
from = ["agent"]
to = ["scan.example.com"]
ports = [443]
transport = "tcp"
when = [{ feature = "scan" }]
"#;

/// Versions and the feature of the example said, so that each test sees only what it is about.
const QUIET: &str = "[features]\nscan = false\n";

fn visits(names: &[&str]) -> Traffic {
    names.iter().fold(Traffic::new(), |traffic, name| {
        traffic.tls(AGENT, SERVER, 443, Some(name))
    })
}

fn example(site: &str, traffic: &Traffic) -> Audited {
    audit_with(site, traffic, Some(EXAMPLE), &[])
}

#[test]
fn a_wildcard_with_a_dot_does_not_cover_its_parent() {
    let traffic = visits(&[
        "a.w.example.com",
        "A.B.W.EXAMPLE.COM",
        "w.example.com",
        "aw.example.com",
        "a.w.example.com.evil.net",
    ]);
    assert_eq!(
        example(QUIET, &traffic).findings(),
        [
            "list-gap aw.example.com:443",
            "list-gap w.example.com:443",
            "unexpected-name a.w.example.com.evil.net:443",
        ]
    );
}

#[test]
fn one_of_a_group_is_enough_and_none_is_one_absence() {
    for seen in ["one.example.com", "two.example.com"] {
        let audited = example(QUIET, &visits(&[seen, "cloud.example.com"]));
        let missed = audited.missed();
        assert!(
            !missed.contains(&"example/one") && !missed.contains(&"example/two"),
            "{missed:?}"
        );
        assert_eq!(audited.findings(), [""; 0]);
    }
    let audited = example(QUIET, &visits(&["cloud.example.com"]));
    let missed = audited.missed();
    let of_group: Vec<_> = missed
        .iter()
        .filter(|id| ["example/one", "example/two"].contains(id))
        .collect();
    assert_eq!(of_group.len(), 1, "{missed:?}");
}

#[test]
fn exclusive_alternatives_that_are_both_used_are_told() {
    let one = example(QUIET, &visits(&["one.example.com", "local.example.com"]));
    assert_eq!(one.findings(), [""; 0]);
    assert!(
        !one.missed().contains(&"example/cloud"),
        "{:?}",
        one.missed()
    );
    let both = example(QUIET, &visits(&["local.example.com", "cloud.example.com"]));
    let findings = both.findings();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("both-alternatives"), "{findings:?}");
}

#[test]
fn versions_are_judged_for_each_host() {
    let site = format!(
        "{QUIET}[versions]\nagent = \"20.0.0-1559\"\n[[host]]\naddress = \"{OTHER}\"\nversions = {{ agent = \"20.0 build 1500\" }}\n"
    );
    let traffic = Traffic::new()
        .tls(AGENT, SERVER, 443, Some("new.example.com"))
        .tls(OTHER, SERVER, 443, Some("old.example.com"));
    let audited = example(&site, &traffic);
    assert_eq!(audited.findings(), [""; 0]);
    assert_eq!(audited.requirement("example/new"), "satisfied");
    assert_eq!(audited.requirement("example/old"), "satisfied");
    let swapped = Traffic::new()
        .tls(OTHER, SERVER, 443, Some("new.example.com"))
        .tls(AGENT, SERVER, 443, Some("old.example.com"));
    assert_eq!(
        example(&site, &swapped).findings(),
        [
            "switched-off new.example.com:443",
            "switched-off old.example.com:443"
        ]
    );
}

#[test]
fn an_unknown_feature_allows_but_demands_nothing() {
    let used = visits(&["scan.example.com", "one.example.com", "cloud.example.com"]);
    let unused = visits(&["one.example.com", "cloud.example.com"]);
    let (on, off) = ("[features]\nscan = true\n", QUIET);
    let missed = |site: &str| example(site, &unused).missed().contains(&"example/scan");
    assert_eq!(example("", &used).findings(), [""; 0]);
    assert!(!missed(""), "nobody said that it is used");
    assert_eq!(example(on, &used).findings(), [""; 0]);
    assert!(missed(on), "it is used, so its absence tells something");
    assert_eq!(
        example(off, &used).findings(),
        ["switched-off scan.example.com:443"]
    );
    assert!(!missed(off));
    let message = example(off, &used);
    assert!(message.message("scan.example.com").contains("scan"));
}

#[test]
fn who_opened_decides_and_not_the_port() {
    // The server's port is the higher one, and the agent's source port is one that is listed.
    let relay = Traffic::new().tls(AGENT, RELAY, 4122, None);
    let audited = audit(&site_of("workload-security-ja"), &relay);
    assert_eq!(audited.findings(), [""; 0]);
    let reversed = Traffic::new().tls(RELAY, AGENT, 4122, None);
    let audited = audit(&site_of("workload-security-ja"), &reversed);
    assert_eq!(audited.findings().len(), 1, "{:?}", audited.findings());
}

#[test]
fn a_relay_is_an_agent() {
    let traffic = Traffic::new()
        .lookup(
            RELAY,
            DNS,
            "agents.deepsecurity.trendmicro.com",
            [203, 0, 113, 10],
        )
        .tls(
            RELAY,
            SERVER,
            443,
            Some("agents.deepsecurity.trendmicro.com"),
        )
        .datagram(RELAY, SIEM, 514, "<134>Jan  1 00:00:00 relay agent: hello");
    let audited = audit(&site_of("workload-security-ja"), &traffic);
    assert_eq!(audited.findings(), [""; 0]);
    for id in ["a02", "a08", "a10", "u01-agents"] {
        let id = format!("workload-security-ja/{id}");
        assert_eq!(audited.requirement(&id), "satisfied", "{id}");
    }
}

#[test]
fn a_network_may_call_a_host_that_opens_nothing_itself() {
    let traffic = Traffic::new().tls("3.140.136.230", SIEM, 6514, None).tls(
        "3.140.137.230",
        SIEM,
        6514,
        None,
    );
    let audited = audit(&site_of("server-workload-protection"), &traffic);
    assert_eq!(
        audited.requirement("server-workload-protection/p05-usa"),
        "satisfied"
    );
    assert!(audited.codes_of("3.140.136.230").is_empty());
    assert_eq!(audited.codes_of("3.140.137.230").len(), 1);
}

#[test]
fn another_regions_subnet_is_told_as_such() {
    let traffic = Traffic::new().tls("3.69.198.70", AGENT, 4118, None);
    let mode = "[features]\n\"communication/bidirectional\" = true\n";
    let site = format!("{}{mode}", site_of("server-workload-protection"));
    let audited = audit(&site, &traffic);
    assert_eq!(audited.codes_of("3.69.198.70"), ["switched-off"]);
    assert!(audited.message(AGENT).contains("germany"));
}
