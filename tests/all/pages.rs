//! docs/PAGES.md: what each kind of row means, as cases. Each row of its tables is made into packets and audited.

use std::fs;

use serde_json::Value;

use super::harness::{folder, pktaudit, project, write};
use super::traffic::{Traffic, client_hello, record};

/// Hosts by the role that the table calls them by; the first five are always bound.
const HOSTS: &[(&str, &str)] = &[
    ("agent", "10.0.0.5"),
    ("agent2", "10.0.0.6"),
    ("relay", "10.0.0.7"),
    ("dns-server", "10.0.0.53"),
    ("ntp-server", "10.0.0.123"),
    ("relay2", "10.0.0.8"),
    ("stranger", "10.0.0.200"),
    ("siem-server", "10.0.0.51"),
    ("smart-protection-server", "10.0.0.80"),
    ("service-gateway", "10.0.0.60"),
    ("vcenter", "10.0.0.89"),
    ("active-directory", "10.0.0.88"),
    ("data-center-gateway", "10.0.0.40"),
    ("api-client", "10.0.0.70"),
    ("admin-computer", "10.0.0.90"),
    ("web-proxy", "10.0.0.81"),
    ("download-center-mirror", "10.0.0.99"),
    ("secure-access-client", "10.0.0.50"),
    ("endpoint-sensor-agent", "10.0.0.52"),
    ("private-access-connector", "10.0.0.61"),
    ("on-premises-gateway", "10.0.0.62"),
    ("virtual-network-sensor", "10.0.0.64"),
    ("deep-discovery-inspector", "10.0.0.65"),
];

const DOCUMENTS: [(&str, &str); 4] = [
    ("ja", "workload-security-ja"),
    ("en", "workload-security-en"),
    ("swp", "server-workload-protection"),
    ("vo", "vision-one-jp-cloud-extension"),
];

/// A row of the table.
struct Case {
    id: String,
    site: String,
    traffic: String,
    expected: String,
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(project("docs/PAGES.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| K"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 6, "{line}");
        Case {
            id: cells[0].to_owned(),
            site: cells[2].to_owned(),
            traffic: cells[3].to_owned(),
            expected: cells[4].to_owned(),
        }
    })
    .collect()
}

fn host(word: &str) -> Option<&'static str> {
    HOSTS
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, ip)| *ip)
}

fn in_full(short: &str) -> &'static str {
    DOCUMENTS.iter().find(|(s, _)| *s == short).unwrap().1
}

/// A site file from `ja us-1; with siem-server; smart-scan; !web-reputation; agent 20.0.1541; ports a13 14122`.
fn site(text: &str) -> (String, &'static str) {
    let mut parts = text.split(';').map(str::trim);
    let mut first = parts.next().unwrap().split(' ');
    let short = first.next().unwrap();
    let document = in_full(short);
    let region = first.next().unwrap_or("us-1");
    let mut documents = format!("\"{document}\"");
    let mut head = format!("[site]\nregion = \"{region}\"\n");
    let mut roles = String::from(
        "[roles]\nagent = [\"10.0.0.5\", \"10.0.0.6\"]\ndns-server = [\"10.0.0.53\"]\nntp-server = [\"10.0.0.123\"]\n",
    );
    let (mut features, mut versions, mut ports) = (String::new(), String::new(), String::new());
    let mut relays = "[\"10.0.0.7\"]";
    for part in parts {
        let words: Vec<&str> = part.split(' ').collect();
        match words[..] {
            ["with", ref list @ ..] => {
                for role in list {
                    let role = role.trim_matches(',');
                    match role {
                        "relay2" => relays = "[\"10.0.0.7\", \"10.0.0.8\"]",
                        _ => roles.push_str(&format!("{role} = [\"{}\"]\n", host(role).unwrap())),
                    }
                }
            }
            ["also", short] => documents.push_str(&format!(", \"{}\"", in_full(short))),
            ["named", role, name] => roles.push_str(&format!("{role} = [\"{name}\"]\n")),
            ["account", day] => head.push_str(&format!("account-created = \"{day}\"\n")),
            ["as-of", day] => head.push_str(&format!("as-of = \"{day}\"\n")),
            ["version", of, version] => versions.push_str(&format!("{of} = \"{version}\"\n")),
            ["ports", row, port] => {
                ports.push_str(&format!("\"{document}/{row}\" = [{port}]\n"));
            }
            ["no", feature] => features.push_str(&format!("\"{feature}\" = false\n")),
            [feature] => features.push_str(&format!("\"{feature}\" = true\n")),
            _ => panic!("{part}"),
        }
    }
    let text = format!(
        "{head}documents = [{documents}]\n{roles}relay = {relays}\n[features]\n{features}[versions]\n{versions}[ports]\n{ports}"
    );
    (text, document)
}

/// Packets from `agent > files.trendmicro.com:443 tls; relay > ntp-server:123 udp`.
fn packets(text: &str) -> Traffic {
    let mut traffic = Traffic::new();
    // Each name has one address.
    let mut names: Vec<&str> = Vec::new();
    for (number, step) in text.split(';').map(str::trim).enumerate() {
        if step == "nothing" {
            continue;
        }
        let (from, rest) = step.split_once(" > ").unwrap_or_else(|| panic!("{step}"));
        let from = host(from).unwrap_or(from);
        let (to, how) = rest.split_once(' ').unwrap();
        let (to, port) = to.rsplit_once(':').unwrap();
        let port: u16 = port.parse().unwrap();
        let address = host(to).or_else(|| to.parse::<std::net::IpAddr>().is_ok().then_some(to));
        if address.is_none() && !names.contains(&to) {
            names.push(to);
        }
        let place = names.iter().position(|name| *name == to);
        let octet = 10 + (place.unwrap_or(number) % 240) as u8;
        let server = address.map_or(format!("203.0.113.{octet}"), ToOwned::to_owned);
        let name = address.is_none().then_some(to);
        let mut words: Vec<&str> = how.split(' ').collect();
        let mut told = |word: &str| -> Option<u64> {
            let place = words.iter().position(|w| *w == word)?;
            let value = words[place + 1].parse().unwrap();
            words.drain(place..=place + 1);
            Some(value)
        };
        let (from_port, second) = (told("from").map(|port| port as u16), told("at"));
        let unasked = words.last() == Some(&"unasked");
        words.truncate(words.len() - usize::from(unasked));
        if let Some(name) = name.filter(|_| !unasked && words[0] != "denied") {
            traffic = traffic.lookup(from, "10.0.0.53", name, [203, 0, 113, octet]);
        }
        traffic = traffic.next_is(from_port, second);
        traffic = conversation(traffic, from, (&server, port, name), &words);
    }
    traffic
}

/// One conversation with a server (address, port, name).
fn conversation(
    traffic: Traffic,
    from: &str,
    (server, port, name): (&str, u16, Option<&str>),
    words: &[&str],
) -> Traffic {
    let ok: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let data = record(0x17, &[0xaa; 64]);
    // Behind a ClientHello: the server's flight, the client's Finished with a request, the answer.
    let flight = [Traffic::server_flight(), record(0x17, &[0xbb; 700])].concat();
    let finished = [data.clone(), record(0x17, &[0xcc; 90])].concat();
    match *words {
        ["tls"] => traffic.tls(from, server, port, name),
        ["raw"] => traffic.tcp(from, server, port, &[b"raw bytes"], &[b"more bytes"]),
        ["ntp"] => traffic.exchange(from, server, port, &ntp(3), &ntp(4)),
        ["udp"] => traffic.datagram(from, server, port, "datagram"),
        ["udp-answered"] => traffic.exchange(from, server, port, b"datagram", b"answer"),
        ["refused"] => traffic.refused(from, server, port),
        ["syn"] => traffic.syn(from, server, port),
        ["silent"] => traffic.silent(from, server, port),
        ["lookup"] => traffic,
        ["denied"] => traffic.denied(from, "10.0.0.53", name.unwrap()),
        ["wait", seconds] => traffic.wait(seconds.parse().unwrap()),
        ["dns"] => traffic.lookup(from, server, "x.example", [203, 0, 113, 200]),
        ["dns-tcp"] => traffic.lookup_over_tcp(from, server, "x.example", [203, 0, 113, 200]),
        ["http", path] => {
            let host = name.unwrap_or(server);
            let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            traffic.tcp(from, server, port, &[request.as_bytes()], &[ok])
        }
        ["absolute", url] => {
            let host = url.trim_start_matches("http://").split('/').next().unwrap();
            let request = format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            traffic.tcp(from, server, port, &[request.as_bytes()], &[ok])
        }
        ["connect", inner] => {
            let request = connect(inner);
            let hello = record(0x16, &client_hello(Some(inner), false));
            let established: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
            traffic.tcp(
                from,
                server,
                port,
                &[request.as_bytes(), &hello, &finished],
                &[established, &flight, &data],
            )
        }
        ["connect-denied", inner] => {
            let denied: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
            let request = connect(inner);
            traffic.tcp(from, server, port, &[request.as_bytes()], &[denied])
        }
        // LDAP (RFC 4511): an extended request for TLS (section 4.14) and TLS, or a bind as somebody (section 4.2).
        ["starttls"] => {
            let ask = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
            let yes = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
            let hello = record(0x16, &client_hello(name, false));
            let (out, back) = ([&ask[..], &hello, &finished], [&yes[..], &flight, &data]);
            traffic.tcp(from, server, port, &out, &back)
        }
        ["bind"] => {
            let ask = b"\x30\x11\x02\x01\x01\x60\x0c\x02\x01\x03\x04\x03cn=\x80\x02pw";
            let yes = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
            traffic.tcp(from, server, port, &[ask], &[yes])
        }
        ["anonymous-bind"] => {
            let ask = b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00";
            let yes = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00";
            traffic.tcp(from, server, port, &[ask], &[yes])
        }
        _ => panic!("{words:?}"),
    }
}

fn connect(inner: &str) -> String {
    format!("CONNECT {inner}:443 HTTP/1.1\r\nHost: {inner}:443\r\n\r\n")
}

/// An NTP packet (RFC 5905 section 7.3) of version 4 in a mode, with times that are not zero.
fn ntp(mode: u8) -> Vec<u8> {
    let mut out = vec![0x20 | mode, 2, 6, 0xec];
    out.extend([0x11; 44]);
    out
}

fn audit(case: &Case) -> (Value, &'static str) {
    let folder = folder();
    let (text, document) = site(&case.site);
    let site = write(&folder, "site.toml", text);
    let capture = write(
        &folder,
        "capture",
        packets(&case.traffic).capture().to_bytes(),
    );
    let ran = pktaudit(&["audit", "--format", "json", "--site", &site, &capture]).run();
    assert!(ran.stdout.starts_with("{"), "{}: {}", case.id, ran.stderr);
    (ran.json(), document)
}

/// What of the expected words is not so.
fn wrong(case: &Case) -> Vec<String> {
    let (report, document) = audit(case);
    let list = |key: &str| report[key].as_array().unwrap().clone();
    let codes: Vec<String> = list("findings")
        .iter()
        .map(|f| f["code"].as_str().unwrap().to_owned())
        .filter(|code| code != "never-seen")
        .collect();
    let missed: Vec<String> = list("findings")
        .iter()
        .filter(|f| f["code"] == "never-seen")
        .flat_map(|f| f["requirements"].as_array().unwrap().clone())
        .map(|id| id.as_str().unwrap().to_owned())
        .collect();
    // `p07` is of the first page, `swp/p07` of the one that is named.
    let full = |row: &str| match row.split_once('/') {
        Some((short, row)) => format!("{}/{row}", in_full(short)),
        None => format!("{document}/{row}"),
    };
    let outcome = |row: &str| {
        let id = full(row);
        let row = list("requirements").into_iter().find(|r| r["id"] == *id);
        row.map_or("no such row".to_owned(), |r| {
            r["outcome"].as_str().unwrap().to_owned()
        })
    };
    let mut out = Vec::new();
    for wish in case.expected.split(';').map(str::trim) {
        let words: Vec<&str> = wish.split(' ').collect();
        let holds = match words[..] {
            ["no", "finding"] => codes.is_empty(),
            ["finding", code] => codes.iter().any(|c| c == code),
            ["not", "finding", code] => codes.iter().all(|c| c != code),
            ["demanded", row] => missed.contains(&full(row)),
            ["not", "demanded", row] => !missed.contains(&full(row)),
            [row, word] => outcome(row) == word,
            _ => panic!("{wish}"),
        };
        if !holds {
            let rows: Vec<String> = list("requirements")
                .iter()
                .filter(|r| !matches!(r["outcome"].as_str(), Some("not_active" | "not_seen")))
                .map(|r| format!("{} {}", r["id"].as_str().unwrap(), r["outcome"]))
                .collect();
            out.push(format!(
                "{}: `{wish}` is not so: findings {codes:?}, rows {rows:?}",
                case.id
            ));
        }
    }
    out
}

#[test]
fn every_case_of_the_page_is_judged_as_it_says() {
    let cases = cases();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(4));
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().flat_map(wrong).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// 53 kinds, each with a hit, a near miss and a case in which it is off.
#[test]
fn every_kind_has_its_cases() {
    let ids: Vec<String> = cases().into_iter().map(|case| case.id).collect();
    for kind in 1..=53 {
        for of in ["hit", "near", "off"] {
            let id = format!("K{kind:02}-{of}");
            assert!(ids.contains(&id), "docs/PAGES.md lacks {id}");
        }
    }
}

/// What an audit of some traffic tells: findings with their targets, and the rows that are missed.
fn told(site: &str, steps: &[String]) -> Vec<String> {
    let case = Case {
        id: site.to_owned(),
        site: site.to_owned(),
        traffic: steps.join("; "),
        expected: String::new(),
    };
    let (report, document) = audit(&case);
    let mut told: Vec<String> = Vec::new();
    for finding in report["findings"].as_array().unwrap() {
        if finding["code"] != "never-seen" {
            told.push(format!("{} {}", finding["code"], finding["target"]));
            continue;
        }
        for id in finding["requirements"].as_array().unwrap() {
            let id = id.as_str().unwrap();
            told.push(id.trim_start_matches(&format!("{document}/")).to_owned());
        }
    }
    told.sort();
    told
}

/// For each page and region: the traffic of an activation, which ends without a finding about traffic and without a
/// demand among what it uses; the same with one service left out, which is then told and nothing else; and with one
/// service that the path drops, which is then told as stopped and nothing else.
#[test]
fn activations_end_all_green_and_one_service_left_out_is_told() {
    let activations = activations();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = activations
            .chunks(activations.len().div_ceil(4))
            .map(|part| {
                scope.spawn(move || part.iter().flat_map(wrong_activation).collect::<Vec<_>>())
            })
            .collect();
        let all = threads.into_iter();
        all.flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What of an activation is not told as it should be.
fn wrong_activation((short, region, site, steps): &Activation) -> Vec<String> {
    let site = format!("{short} {region}; {site}");
    let mut wrong = Vec::new();
    let check = |told: Vec<String>, wanted: &[String], what: &str| {
        let as_wanted = told == wanted;
        (!as_wanted).then(|| format!("{site} {what}: told {told:?}, to be told {wanted:?}"))
    };
    let all: Vec<String> = steps.iter().map(|(step, _)| step.clone()).collect();
    wrong.extend(check(told(&site, &all), &[], "whole"));
    for (at, (step, rows)) in steps.iter().enumerate() {
        let mut without = all.clone();
        without.remove(at);
        let rows = rows.split(' ').filter(|row| !row.is_empty());
        let rows: Vec<String> = rows.map(ToOwned::to_owned).collect();
        let what = format!("without `{step}`");
        wrong.extend(check(told(&site, &without), &rows, &what));
        // Where it is TCP, the path may drop it.
        let Some((to, _)) = step.split_once(" tls").or(step.split_once(" connect ")) else {
            continue;
        };
        let mut dropped = all.clone();
        dropped[at] = format!("{to} silent");
        let told = told(&site, &dropped);
        let name = to.split(" > ").nth(1).unwrap().rsplit_once(':').unwrap().0;
        let name = host(name).unwrap_or(name);
        let stopped = |word: &String| {
            *word == format!("\"blocked\" \"{name}\"") || *word == format!("\"failed\" \"{name}\"")
        };
        if told.len() != 1 || !stopped(&told[0]) {
            wrong.push(format!("{site} `{step}` dropped: told {told:?}"));
        }
    }
    wrong
}

type Step = (String, &'static str);
/// Page, region, the rest of the site, and the steps with what is told where one is left out.
type Activation = (&'static str, &'static str, &'static str, Vec<Step>);

/// The regions that pages know, with the labels of their names.
const REGIONS: [(&str, &str); 8] = [
    ("australia", "au-1"),
    ("canada", "ca-1"),
    ("germany", "de-1"),
    ("india", "in-1"),
    ("japan", "jp-1"),
    ("singapore", "sg-1"),
    ("uk", "gb-1"),
    ("us-1", "us-1"),
];

fn activations() -> Vec<Activation> {
    let mut out = Vec::new();
    for (region, label) in REGIONS {
        out.push(("ja", region, "version agent 20.0.1541", ja(region)));
        out.push(("en", region, "version agent 20.0.1541", en(label)));
        let names = "named server-workload-protection cloud.example; named smart-protection-network spn.example; named update-server update.example";
        out.push(("swp", region, names, swp()));
    }
    // The United Arab Emirates are on one page only; the others have no names for them.
    out.push(("ja", "uae", "version agent 20.0.1541", ja("uae")));
    let names = "named server-workload-protection cloud.example; named smart-protection-network spn.example; named update-server update.example";
    out.push(("swp", "uae", names, swp()));
    let mut en = en("");
    en.retain(|(step, _)| !step.contains("workload."));
    out.push(("en", "uae", "version agent 20.0.1541", en));
    let site = "with service-gateway, endpoint-sensor-agent, secure-access-client; service-gateway/cloud-service-extension; service-gateway/spn-proxy";
    out.push(("vo", "japan", site, vo()));
    out
}

fn steps(list: &[(&str, &'static str)]) -> Vec<Step> {
    list.iter()
        .map(|(step, rows)| ((*step).to_owned(), *rows))
        .collect()
}

fn ja(region: &str) -> Vec<Step> {
    let mut out = steps(&[
        ("agent > ntp-server:123 ntp", "a09"),
        ("agent > app.deepsecurity.trendmicro.com:443 tls", "u01-app"),
        (
            "agent > agents.deepsecurity.trendmicro.com:443 tls",
            "u01-agents",
        ),
        (
            "agent > dsmim.deepsecurity.trendmicro.com:443 tls",
            "u01-dsmim",
        ),
        (
            "agent > relay.deepsecurity.trendmicro.com:443 tls",
            "u01-relay",
        ),
        ("relay > files.trendmicro.com:443 tls", "r06 u03-files"),
        ("relay > iaus.trendmicro.com:443 tls", "r04 u11"),
        ("agent > dsaas.icrc.trendmicro.com:443 tls", "a03"),
        ("agent > relay:4122 tls", ""),
    ]);
    if region == "us-1" {
        let step = "agent > agent-001.workload.us-1.cloudone.trendmicro.com:443 tls";
        out.extend(steps(&[(step, "u01-wild")]));
    }
    out
}

fn en(label: &str) -> Vec<Step> {
    let mut out = steps(&[
        ("agent > ntp-server:123 ntp", "p08"),
        ("relay > files.trendmicro.com:443 tls", "p23 u03-files-1"),
        ("relay > iaus.trendmicro.com:443 tls", "p21 u04"),
        ("agent > dsaas.icrc.trendmicro.com:443 tls", "p12"),
        ("agent > relay:4122 tls", "p11"),
    ]);
    let step = format!("agent > agent-001.workload.{label}.cloudone.trendmicro.com:443 tls");
    out.push((step, "p10 u01-wild"));
    out
}

fn swp() -> Vec<Step> {
    steps(&[
        ("agent > ntp-server:123 ntp", "p08"),
        ("agent > cloud.example:443 tls", "p10"),
        ("agent > spn.example:443 tls", "p12"),
        ("agent > relay:4122 tls", "p11"),
        ("relay > update.example:443 tls", "p21"),
        ("relay > dns-server:53 dns", ""),
    ])
}

fn vo() -> Vec<Step> {
    steps(&[
        // Of a host that says nothing at all, nothing can be missed.
        ("endpoint-sensor-agent > dns-server:53 dns", ""),
        (
            "endpoint-sensor-agent > xlogr-ane1.xdr.trendmicro.com:443 tls",
            "es-01",
        ),
        (
            "secure-access-client > agent-jp-rel.ztna.trendmicro.com:443 tls",
            "ztsa-auth-01",
        ),
        (
            "secure-access-client > signin.v1.trendmicro.com:443 tls",
            "ztsa-auth-02",
        ),
        (
            "secure-access-client > tm.login.trendmicro.com:443 tls",
            "ztsa-auth-03",
        ),
        (
            "secure-access-client > iamservice.trendmicro.com:443 tls",
            "ztsa-auth-04",
        ),
        (
            "secure-access-client > www.gstatic.com:443 tls",
            "ztsa-recaptcha-01",
        ),
        (
            "secure-access-client > fonts.gstatic.com:443 tls",
            "ztsa-recaptcha-02",
        ),
        (
            "secure-access-client > www.recaptcha.net:443 tls",
            "ztsa-recaptcha-oneof-01",
        ),
        (
            "secure-access-client > auth.ztsa-iag.trendmicro.com:443 tls",
            "ztsa-ias-01",
        ),
        (
            "secure-access-client > pac.jp.ztsa-iag.trendmicro.com:443 tls",
            "ztsa-ias-02",
        ),
        (
            "secure-access-client > auth.jp.ztsa-iag.trendmicro.com:443 tls",
            "ztsa-ias-03",
        ),
        (
            "secure-access-client > proxy.ztsa-iag.trendmicro.com:443 connect a.example",
            "ztsa-iacg-01",
        ),
        (
            "secure-access-client > proxy.jp.ztsa-iag.trendmicro.com:443 connect b.example",
            "ztsa-iacg-02",
        ),
        (
            "service-gateway > sgi-iot.xdr.trendmicro.co.jp:443 tls",
            "sg-fw-01",
        ),
        (
            "service-gateway > api.xdr.trendmicro.co.jp:443 tls",
            "sg-fw-02",
        ),
        (
            "service-gateway > jp.services.trendmicro.com:443 tls",
            "sg-fw-03",
        ),
        (
            "service-gateway > ctapi.trendmicro.com:443 tls",
            "sg-spnproxy-on-01",
        ),
        (
            "service-gateway > sg-tmsps10-p.activeupdate.trendmicro.com:443 tls",
            "sg-spnproxy-on-02",
        ),
        (
            "service-gateway > activeupdate.trendmicro.com:443 tls",
            "sg-spnproxy-on-03",
        ),
    ])
}

/// Numbers that look random and are the same in each run (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        list[(self.0 >> 33) as usize % list.len()]
    }
}

const NAMES: &[&str] = &[
    "app.deepsecurity.trendmicro.com",
    "agents.deepsecurity.trendmicro.com",
    "agent-001.workload.us-1.cloudone.trendmicro.com",
    "agent-001.workload.jp-1.cloudone.trendmicro.com",
    "workload.us-1.cloudone.trendmicro.com",
    "gateway-control.workload.us-1.cloudone.trendmicro.com",
    "gateway.workload.us-1.cloudone.trendmicro.com",
    "files.trendmicro.com",
    "dsaas.icrc.trendmicro.com",
    "dsaas.url.trendmicro.com",
    "ds200-en.fbs25.trendmicro.com",
    "deepsecurity1000-en.fbs20.trendmicro.com",
    "iaus.trendmicro.com",
    "xlogr-ane1.xdr.trendmicro.com",
    "ctapi.trendmicro.com",
    "activeupdate.trendmicro.com",
    "sg-tmsps10-en.url.trendmicro.com",
    "www.google.com",
    "api-ni.xdr.trendmicro.com.jp",
    "nothing.trendmicro.com",
    "nothing.example",
];

/// What `rules explain` says covers a flow is what the audit holds it against, for 200 flows at four sites.
#[test]
fn explanations_and_audits_agree() {
    let hosts = [
        "agent",
        "relay",
        "api-client",
        "data-center-gateway",
        "service-gateway",
    ];
    let more = "with api-client, data-center-gateway, service-gateway; version agent 20.0.1541; no smart-scan";
    let mut numbers = Numbers(14);
    for short in ["ja us-1", "en japan", "swp us-1", "vo japan"] {
        let more = if short.starts_with("vo") {
            "with service-gateway; service-gateway/cloud-service-extension; no service-gateway/spn-proxy; service-gateway/local-active-update"
        } else if short.starts_with("ja") {
            "with api-client, data-center-gateway; version agent 20.0.1541; no smart-scan"
        } else if short.starts_with("swp") {
            "with api-client, data-center-gateway, service-gateway; named smart-protection-network files.trendmicro.com"
        } else {
            more
        };
        let mut flows: Vec<(&str, &str, &str)> = Vec::new();
        while flows.len() < 50 {
            let flow = (
                numbers.of(&hosts),
                numbers.of(NAMES),
                numbers.of(&["80", "443", "443", "8443"]),
            );
            if !flows.contains(&flow) {
                flows.push(flow);
            }
        }
        let steps: Vec<String> = flows
            .iter()
            .map(|(from, name, port)| format!("{from} > {name}:{port} tls"))
            .collect();
        let case = Case {
            id: short.to_owned(),
            site: format!("{short}; {more}; as-of 2026-11-28"),
            traffic: steps.join("; "),
            expected: String::new(),
        };
        let (report, _) = audit(&case);
        let folder = folder();
        let site = write(&folder, "site.toml", site(&case.site).0);
        for (from, name, port) in flows {
            let from = host(from).unwrap();
            let aim = format!("{name}:{port}/tcp");
            let ran = pktaudit(&["rules", "explain", "--site", &site, "--from", from, &aim]).run();
            let mut explained: Vec<&str> = ran
                .stdout
                .lines()
                .filter_map(|line| line.strip_prefix("  yes "))
                .map(str::trim)
                .collect();
            explained.sort_unstable();
            let intents = report["intents"].as_array().unwrap().iter();
            let of_flow = intents.filter(|intent| {
                intent["initiator"] == from
                    && intent["fqdn"] == name
                    && intent["port"]
                        .as_u64()
                        .is_some_and(|number| number.to_string() == port)
            });
            let mut audited: Vec<&str> = of_flow
                .flat_map(|intent| intent["requirements"].as_array().unwrap())
                .map(|id| id.as_str().unwrap())
                .collect();
            audited.sort_unstable();
            audited.dedup();
            // A host in no role of these pages is not audited, so nothing is said of it.
            if audited.is_empty() && !report["intents"].to_string().contains(from) {
                continue;
            }
            assert_eq!(explained, audited, "{short} {from} {aim}: {}", ran.stdout);
            let rows = report["requirements"].as_array().unwrap();
            for (id, counts) in counting(&ran.stdout) {
                let row = rows.iter().find(|row| row["id"] == id).unwrap();
                let off = row["outcome"] == "not_active";
                let used = row["intents"] != 0;
                assert!(
                    off != counts || used,
                    "{short} {aim} {id}: {row:#} {}",
                    ran.stdout
                );
            }
        }
    }
}

/// Rows of an explanation that says for sure whether they count at the site.
fn counting(explanation: &str) -> Vec<(&str, bool)> {
    let mut row = "";
    let mut out = Vec::new();
    for line in explanation.lines() {
        if let Some(id) = line.strip_prefix("  yes ").or(line.strip_prefix("  no  ")) {
            row = id.trim();
        } else if let Some((mark, _)) = line.split_once(" activity: ") {
            match mark.trim() {
                "\u{2713}" => out.push((row, true)),
                "\u{2717}" => out.push((row, false)),
                _ => {}
            }
        }
    }
    out
}

/// A name that is probably what a doubtful entry was meant to be points to it, and the entry says why it is doubtful.
#[test]
fn a_doubtful_entry_and_its_twin_tell_of_each_other() {
    let site = "vo japan; with service-gateway, virtual-network-sensor; service-gateway/cloud-service-extension";
    let finding = |name: &str| {
        let case = Case {
            id: name.to_owned(),
            site: site.to_owned(),
            traffic: format!("virtual-network-sensor > {name}:443 tls"),
            expected: String::new(),
        };
        let (report, _) = audit(&case);
        let all = report["findings"].as_array().unwrap().clone();
        let own = all.into_iter().find(|finding| finding["target"] == name);
        own.unwrap_or_else(|| panic!("{:#}", report["findings"]))
    };
    let row = serde_json::json!(["vision-one-jp-cloud-extension/ni-vns-05"]);
    let printed = finding("api-ni.xdr.trendmicro.com.jp");
    assert_eq!(printed["code"], "doubtful-entry");
    assert_eq!(printed["requirements"], row);
    assert!(
        printed["message"]
            .as_str()
            .unwrap()
            .contains("com.jp occurs once")
    );
    let twin = finding("api-ni.xdr.trendmicro.co.jp");
    assert_eq!(twin["code"], "list-gap");
    assert_eq!(twin["requirements"], row);
    let message = twin["message"].as_str().unwrap();
    assert!(
        message.contains("api-ni.xdr.trendmicro.com.jp in its place"),
        "{message}"
    );
    // A name beside both is nobody's twin.
    let other = finding("api-nj.xdr.trendmicro.co.jp");
    assert_eq!(other["code"], "list-gap");
    assert_eq!(other["requirements"], serde_json::json!([]));
}

/// Syslog has no answer, and the row that it satisfies says so.
#[test]
fn what_was_only_sent_is_told_as_that() {
    let note = |how: &str| {
        let case = Case {
            id: how.to_owned(),
            site: "swp us-1; with siem-server".to_owned(),
            traffic: format!("agent > siem-server:514 {how}"),
            expected: String::new(),
        };
        let (report, document) = audit(&case);
        let rows = report["requirements"].as_array().unwrap().clone();
        let id = format!("{document}/p09");
        let row = rows.into_iter().find(|row| row["id"] == *id).unwrap();
        assert_eq!(row["outcome"], "satisfied");
        row["message"].as_str().unwrap_or_default().to_owned()
    };
    assert!(note("udp").contains("no answers"), "{}", note("udp"));
    assert!(!note("udp-answered").contains("no answers"));
}

/// Who calls a relay and is not answered is an agent all the same, and the relay is only what it was taken for; a scan
/// makes no agents.
#[test]
fn first_site_files_take_who_calls_a_relay_for_an_agent() {
    let folder = folder();
    let draft = |steps: &str| {
        let capture = write(&folder, "capture", packets(steps).capture().to_bytes());
        pktaudit(&["site", "init", &capture]).run().stdout
    };
    let bound = |text: &str, role: &str| {
        let start = text.find(&format!("\n{role} = [\n"));
        let list = start.map(|at| text[at..].split_once(']').unwrap().0.to_owned());
        list.unwrap_or_default()
    };
    let text = draft("agent > relay:4122 silent");
    assert!(bound(&text, "agent").contains("10.0.0.5"), "{text}");
    assert!(!bound(&text, "relay").contains("10.0.0.7"), "{text}");
    assert!(text.contains("#   \"10.0.0.7\""), "{text}");
    let text = draft("agent > relay:4122 tls");
    assert!(bound(&text, "relay").contains("10.0.0.7"), "{text}");
    let text = draft("stranger > relay:4122 syn; stranger > agent:4122 syn");
    assert!(!bound(&text, "agent").contains("10.0.0.200"), "{text}");
}
