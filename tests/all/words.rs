//! What the report calls things: words that the owner of a firewall can act on.

use serde_json::Value;

use super::capture::Capture;
use super::harness::{folder, pktaudit, write};
use super::traffic::{Traffic, client_hello, record};
use super::verdicts::{address, hex, message};

const RULES: &str = r#"format = 1
[document]
id = "acme"
vendor = "Acme"
product = "Acme Agent"
page = "Acme: hosts to allow"
language = "en"
[roles.agent]
about = "host running the agent"
[[requirement]]
id = "manager"
service = "Manager"
from = ["agent"]
to = ["a.acme.com"]
ports = [443]
transport = ["tcp"]
direction = "outbound"
need = "required"
cite = { table = "Hosts", row = "a", line = 2 }
[[requirement]]
id = "more"
service = "More"
from = ["agent"]
to = ["b.acme.com"]
ports = [443]
transport = ["tcp"]
direction = "outbound"
need = "optional"
cite = { table = "Hosts", row = "b", line = 3 }
"#;

const AGENT: &str = "agent = [\"10.0.0.5\"]";

/// The report of a scenario, in a format, where the site binds roles so; without a site file where it binds none.
fn told(capture: &Capture, roles: &str, format: &str) -> String {
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES);
    let site = format!("[site]\nname = \"here\"\ndocuments = [\"acme\"]\n[roles]\n{roles}\n");
    let site = write(&folder, "site.toml", site);
    let capture = write(&folder, "capture", capture.to_bytes());
    let mut arguments = vec!["audit", "--format", format, "--rules", &rules, &capture];
    if !roles.is_empty() {
        arguments.extend(["--site", &site]);
    }
    let ran = pktaudit(arguments).run();
    assert!(!ran.stdout.is_empty(), "{}", ran.stderr);
    ran.stdout
}

fn audited(capture: &Capture, roles: &str) -> Value {
    let text = told(capture, roles, "json");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {roles}: {text}"))
}

/// Message and advice of the only finding about a target.
#[track_caller]
fn said(report: &Value, target: &str) -> (String, String) {
    let findings = report["findings"].as_array().unwrap().iter();
    let about: Vec<&Value> = findings.filter(|f| f["target"] == target).collect();
    assert_eq!(about.len(), 1, "{:#?}", report["findings"]);
    let part = |name: &str| about[0][name].as_str().unwrap().to_owned();
    (part("message"), part("advice"))
}

fn both(server: &str, question: &[u8], answer: &[u8]) -> Capture {
    let client = "10.0.0.5:40000";
    Capture::scripted(&format!(
        "0.000 {client} > {server} udp hex:{}\n0.010 {server} > {client} udp hex:{}\n",
        hex(question),
        hex(answer)
    ))
}

#[test]
fn a_resolver_on_no_list_is_called_so() {
    let question = message(7, "www.example.org", 0x0100, [0; 3], &[]);
    let answer = message(
        7,
        "www.example.org",
        0x8180,
        [1, 0, 0],
        &address([192, 0, 2, 7]),
    );
    let report = audited(&both("198.51.100.53:53", &question, &answer), AGENT);
    let (message, advice) = said(&report, "198.51.100.53");
    assert!(message.starts_with("a resolver on no list"), "{message}");
    assert!(advice.contains("name server"), "{advice}");
    assert!(!advice.contains("start the capture earlier"), "{advice}");
    // The twin: the same port, another protocol.
    let report = audited(&both("198.51.100.53:5300", b"something", b"else"), AGENT);
    let (message, advice) = said(&report, "198.51.100.53");
    assert!(message.starts_with("no name is known for it"), "{message}");
    assert!(advice.contains("start the capture earlier"), "{advice}");
}

#[test]
fn a_time_server_on_no_list_is_called_so() {
    let question = [vec![0x23], vec![0; 47]].concat();
    let answer = [vec![0x24, 2, 6, 0xec], vec![1; 44]].concat();
    let report = audited(&both("198.51.100.123:123", &question, &answer), AGENT);
    let (message, advice) = said(&report, "198.51.100.123");
    assert!(message.starts_with("a time server on no list"), "{message}");
    assert!(advice.contains("DHCP"), "{advice}");
}

#[test]
fn loopback_is_out_of_scope_unless_a_role_lists_it() {
    for (client, server) in [
        ("127.0.0.1:40000", "127.0.0.2:8300"),
        ("[::1]:40000", "[::1]:8300"),
    ] {
        let script = format!(
            "0.000 {client} > {server} udp hex:00\n0.010 {server} > {client} udp hex:00\n\
             1.000 10.0.0.5:5000 > 198.18.0.1:9 udp hex:00\n1.010 198.18.0.1:9 > 10.0.0.5:5000 udp hex:00\n"
        );
        let capture = Capture::scripted(&script);
        let of_loopback = |roles: &str| {
            let report = audited(&capture, roles);
            let flows = report["flows"].as_array().unwrap();
            let flow = flows.iter().find(|flow| {
                let ip = flow["initiator"]["ip"].as_str().unwrap();
                ip.parse::<std::net::IpAddr>().unwrap().is_loopback()
            });
            let flow = flow.unwrap_or_else(|| panic!("{flows:#?}")).clone();
            (
                flow["outcome"].as_str().unwrap().to_owned(),
                flow.to_string(),
            )
        };
        for roles in [AGENT, ""] {
            let (outcome, flow) = of_loopback(roles);
            assert_eq!(outcome, "out_of_scope", "{roles}: {flow}");
            assert!(flow.contains("loopback"), "{flow}");
        }
        let listed = "agent = [\"10.0.0.5\", \"127.0.0.1\", \"::1\"]";
        assert_eq!(of_loopback(listed).0, "unnamed");
    }
}

#[test]
fn a_perfect_run_says_so_and_what_needs_no_traffic_is_one_line() {
    let reached = |name| {
        let traffic = Traffic::new();
        traffic
            .tls("10.0.0.5", "203.0.113.10", 443, Some(name))
            .capture()
    };
    let all = reached("a.acme.com");
    let text = told(&all, AGENT, "human");
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "everything that has to be seen was seen, and nothing else is to be told",
        "1 of 2 need no traffic: 1 optional",
    ] {
        assert!(flat.contains(part), "`{part}` is not in:\n{text}");
    }
    let report = audited(&all, AGENT);
    assert_eq!(report["summary"]["all_required_seen"], true);
    assert_eq!(report["summary"]["no_traffic_needed"]["optional"], 1);
    // The twin: only what is optional was seen.
    let other = reached("b.acme.com");
    let text = told(&other, AGENT, "human");
    assert!(!text.contains("everything that has to be seen"), "{text}");
    assert!(!text.contains("need no traffic"), "{text}");
}

/// A DER element (X.690) of up to 64 KiB.
fn der(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], &content].concat()
}

/// A name of one attribute each (RFC 5280 section 4.1.2.4): organisation and common name.
fn distinguished(organization: &str, common: &str) -> Vec<u8> {
    let attribute = |kind: u8, text: &str| {
        let identifier = der(6, &[&[0x55, 4, kind]]);
        der(
            0x31,
            &[&der(0x30, &[&identifier, &der(12, &[text.as_bytes()])])],
        )
    };
    der(0x30, &[&attribute(10, organization), &attribute(3, common)])
}

/// A Certificate message (RFC 5246 section 7.4.2) with one certificate for some names.
fn certificate(issuer: (&str, &str), names: &[&str]) -> Vec<u8> {
    let subject = distinguished("Acme", names[0]);
    let names: Vec<Vec<u8>> = names
        .iter()
        .map(|name| der(0x82, &[name.as_bytes()]))
        .collect();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let extension = der(
        0x30,
        &[
            &der(6, &[&[0x55, 0x1d, 0x11]]),
            &der(4, &[&der(0x30, &names)]),
        ],
    );
    let body = der(
        0x30,
        &[
            &der(0xa0, &[&der(2, &[&[2]])]),
            &der(2, &[&[1]]),
            &der(0x30, &[]),
            &distinguished(issuer.0, issuer.1),
            &der(0x30, &[]),
            &subject,
            &der(0x30, &[]),
            &der(0xa3, &[&der(0x30, &[&extension])]),
        ],
    );
    let one = der(0x30, &[&body, &der(0x30, &[]), &der(3, &[&[0, 1]])]);
    let sized = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length[1..], bytes].concat()
    };
    [&[11][..], &sized(&sized(&sized(&one)))].concat()
}

/// A ServerHello of TLS 1.2 (RFC 5246 section 7.4.1.3): no session, a cipher suite, no compression.
fn twelve() -> Vec<u8> {
    let body = [&[3, 3][..], &[9; 32], &[0, 0xc0, 0x2f, 0]].concat();
    [&[2, 0, 0, u8::try_from(body.len()).unwrap()][..], &body].concat()
}

/// The agent opens TLS 1.2 without a name in its hello, and all goes well.
fn nameless_tls(issuer: (&str, &str), names: &[&str]) -> Capture {
    let hello = record(0x16, &client_hello(None, false));
    let flight = [
        record(0x16, &twelve()),
        record(0x16, &certificate(issuer, names)),
        record(0x16, &[14, 0, 0, 0]),
    ]
    .concat();
    // ClientKeyExchange, ChangeCipherSpec and Finished; the server's two; data.
    let key = [&[16, 0, 0, 32][..], &[5; 32]].concat();
    let finished = [record(0x14, &[1]), record(0x16, &[7; 40])].concat();
    let own = [record(0x16, &key), finished.clone()].concat();
    let data = record(0x17, &[9; 60]);
    Traffic::new()
        .tcp(
            "10.0.0.5",
            "203.0.113.10",
            443,
            &[&hello, &own, &data],
            &[&flight, &finished, &data],
        )
        .capture()
}

#[test]
fn a_name_that_only_a_public_certificate_tells_is_used_and_said_to_be() {
    let outcome = |report: &Value| {
        let rows = report["requirements"].as_array().unwrap().iter();
        let row = rows
            .clone()
            .find(|row| row["id"] == "acme/manager")
            .unwrap();
        let part = |name: &str| row[name].as_str().unwrap().to_owned();
        (part("outcome"), part("message"))
    };
    let public = nameless_tls(("Let's Encrypt", "R11"), &["a.acme.com"]);
    let report = audited(&public, AGENT);
    let (standing, message) = outcome(&report);
    assert_eq!(standing, "satisfied", "{:#}", report["intents"]);
    assert!(message.contains("certificate alone"), "{message}");
    assert_eq!(report["intents"][0]["name_source"], "tls_certificate");
    // The twins: a private authority, the server itself, and names of several owners.
    for (issuer, names) in [
        (
            ("Acme Intelligent Proxy", "Gateway CA"),
            ["a.acme.com", "www.acme.com"],
        ),
        (("Acme", "a.acme.com"), ["a.acme.com", "www.acme.com"]),
        (("Let's Encrypt", "R11"), ["a.acme.com", "www.example.org"]),
    ] {
        let report = audited(&nameless_tls(issuer, &names), AGENT);
        assert_eq!(outcome(&report).0, "not_seen", "{issuer:?}");
        let (message, _) = said(&report, "203.0.113.10");
        assert!(message.contains("which proves nothing"), "{message}");
    }
}

#[test]
fn a_finding_has_the_addresses_and_the_pages_own_entry() {
    let elsewhere = Traffic::new()
        .tls("10.0.0.5", "203.0.113.10", 8443, Some("a.acme.com"))
        .tls("10.0.0.5", "203.0.113.11", 8443, Some("a.acme.com"))
        .capture();
    let report = audited(&elsewhere, AGENT);
    let findings = report["findings"].as_array().unwrap().iter();
    let wrong: Vec<&Value> = findings.filter(|f| f["code"] == "wrong-port").collect();
    assert_eq!(wrong.len(), 1, "{:#?}", report["findings"]);
    let addresses = serde_json::json!(["203.0.113.10", "203.0.113.11"]);
    assert_eq!(wrong[0]["addresses"], addresses);
    let entries = serde_json::json!(["a.acme.com"]);
    assert_eq!(wrong[0]["cites"][0]["entries"], entries);
}
