//! Law 8: a capture judged in shares by initiating host gives what it gives as a whole, byte by byte.
//!
//! Run on the shipped samples and on written traffic; `PKTAUDIT_CAPTURES` names a folder whose captures are gone
//! through as well.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use pktaudit::drive::{Progress, observe};
use pktaudit::judge::{CaptureShare, Judgement, judge, judge_shares};
use pktaudit::observe::{Capture, Flow, FlowId, attribute};
use pktaudit::report::{
    Audit, Look, Report, write_findings_csv, write_flows_csv, write_html, write_human, write_json,
    write_requirements_csv,
};
use pktaudit::rules::{Choices, Profile, RuleSet, RuleText, check, check_site};
use pktaudit::source::resolve;
use pktaudit::wording::Language;
use rayon::prelude::*;

use super::harness::{folder, for_each_sample, same, write};
use super::laws::{LIBRARY, rules_of};
use super::merging::captures_in;
use super::observing::Dice;
use super::traffic::{Traffic, client_hello, dns, record};
use super::verdicts::{RULES, hex};

/// How many shares captures are judged in.
const COUNTS: [usize; 4] = [1, 2, 7, 64];

#[test]
fn a_sample_in_shares_is_the_same_as_in_one() {
    for_each_sample(|sample| {
        let capture = read(&sample.capture.display().to_string())?;
        holds(&capture, &rules_of(sample))
    });
}

#[test]
fn other_captures_in_shares_are_the_same_as_in_one() {
    let Some(folder) = std::env::var_os("PKTAUDIT_CAPTURES") else {
        return;
    };
    let mut paths = Vec::new();
    captures_in(Path::new(&folder), &mut paths);
    let profile = Profile::new(&LIBRARY, None, &Choices::default()).unwrap();
    let rules = RuleSet::compile(LIBRARY.clone(), &profile);
    let broken = paths.par_iter().filter_map(|path| {
        // What cannot be read is no capture.
        let capture = read(&path.display().to_string()).ok()?;
        let wrong = holds(&capture, &rules).err()?;
        Some(format!("{}: {wrong}", path.display()))
    });
    let broken: Vec<String> = broken.collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Hosts that meet the same servers, resolvers and names, and fare differently there: what is said of one rests on what
/// became of others.
#[test]
fn written_traffic_in_shares_is_the_same_as_in_one() {
    let folder = folder();
    let rules = rules();
    for seed in 1..=100 {
        let mut dice = Dice::new(seed * 0x9e37_79b9);
        let written = written(&mut dice).capture();
        let file = write(&folder, "capture", written.to_bytes());
        let capture = read(&file).unwrap();
        holds(&capture, &rules).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    }
}

/// Chance does not write these: what a resolver is silent on to one host and gives to another, and a way of one family that
/// fails while another host's of the other family works.
#[test]
fn what_is_told_by_other_hosts_counts_in_shares() {
    let (resolver, address) = ("10.0.0.53", [203, 0, 113, 10]);
    let answered = |traffic: Traffic, host, name| traffic.lookup(host, resolver, name, address);
    // The shares stand in the order of addresses: once the first one tells it, once another one.
    for [one, other] in [["10.0.0.5", "10.0.0.6"], ["10.0.0.6", "10.0.0.5"]] {
        let mut traffic = answered(Traffic::new(), one, "works.test");
        for name in ["a.acme.com", "y.other.test"] {
            traffic = answered(unanswered(traffic, one, resolver, name), other, name);
        }
        tells("which others get", traffic);

        let (over_6, resolver_6) = ("[2001:db8:0:1::5]", "[2001:db8:0:1::53]");
        let traffic = answered(Traffic::new(), "10.0.0.5", "works.test");
        let traffic = answered(traffic, one, "a.acme.com")
            .lookup(over_6, resolver_6, "a.acme.com", address)
            .silent(over_6, "[64:ff9b::203.0.113.10]", 443)
            .tls(one, "203.0.113.10", 443, Some("a.acme.com"));
        tells("reached, but another way to it fails", traffic);
    }
}

/// It is told in words, and in shares too.
#[track_caller]
fn tells(words: &str, traffic: Traffic) {
    let traffic = traffic
        .wait(90)
        .lookup("10.0.0.7", "10.0.0.53", "end.test", [203, 0, 113, 99]);
    let (folder, rules) = (folder(), rules());
    let file = write(&folder, "capture", traffic.capture().to_bytes());
    let capture = read(&file).unwrap();
    let (_, findings) = &files(&capture, &judge(&capture, &rules), &rules)[0];
    assert!(findings.contains(words), "{findings}");
    holds(&capture, &rules).unwrap();
}

fn rules() -> RuleSet {
    let text = |name: &str, text: &str| RuleText {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let (library, _) = check(&[text("acme.toml", RULES)]).unwrap();
    let site = r#"[site]
name = "here"
documents = ["acme"]
[roles]
agent = ["10.0.0.5", "10.0.0.6", "10.0.0.7", "2001:db8:0:1::5", "2001:db8:0:2::7"]
dns-server = ["10.0.0.53", "10.0.0.54"]
"#;
    let (site, _) = check_site(&text("site.toml", site), &library).unwrap();
    let profile = Profile::new(&library, Some(&site), &Choices::default()).unwrap();
    RuleSet::compile(library, &profile)
}

const HOSTS: [&str; 5] = ["10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8", "10.0.0.9"];
const HOSTS_6: [&str; 4] = [
    "[2001:db8:0:1::5]",
    "[2001:db8:0:1::66]",
    "[2001:db8:0:2::7]",
    "[2001:db8:0:2::99]",
];
const SERVERS: [&str; 4] = ["203.0.113.10", "203.0.113.11", "198.51.100.9", "192.0.2.77"];
const SERVERS_6: [&str; 3] = [
    "[2001:db8:ff::1]",
    "[64:ff9b::203.0.113.10]",
    "[2001:db8:64::203.0.113.11]",
];
const NAMES: [&str; 5] = [
    "a.acme.com",
    "b.acme.com",
    "c.acme.com",
    "z.test",
    "y.other.test",
];

/// Some dozens of conversations.
fn written(dice: &mut Dice) -> Traffic {
    fn one<'a>(dice: &mut Dice, of: &[&'a str]) -> &'a str {
        of[dice.roll(of.len())]
    }
    let mut traffic = Traffic::new();
    let over_6 = dice.roll(2) == 0;
    // With all kinds at once hardly anything would be missed, and one clock that was set back hides nearly all else.
    let kinds: Vec<usize> = (0..1 + dice.roll(6)).map(|_| dice.roll(16)).collect();
    for _ in 0..4 + dice.roll(50) {
        let [hosts, servers, resolvers] = match over_6 && dice.roll(2) == 0 {
            true => [&HOSTS_6[..], &SERVERS_6, &["[2001:db8:0:1::53]"]],
            false => [
                &HOSTS[..],
                &SERVERS,
                &["10.0.0.53", "10.0.0.54", "192.0.2.53"],
            ],
        };
        let (host, server) = (one(dice, hosts), one(dice, servers));
        let resolver = one(dice, resolvers);
        let name = one(dice, &NAMES);
        let port = [443, 443, 8443][dice.roll(3)];
        let answer = [203, 0, 113, 10 + dice.roll(2) as u8];
        traffic = match kinds[dice.roll(kinds.len())] {
            0..=3 => traffic.tls(host, server, port, Some(name)),
            4 => traffic.tls(host, server, port, None),
            5 => traffic.silent(host, server, port),
            6 => traffic.refused(host, server, port),
            7 => traffic.lookup(host, resolver, name, answer),
            8 => traffic.denied(host, resolver, name),
            9 => unanswered(traffic, host, resolver, name),
            10 => stopped(traffic, (host, server, port), name, dice.roll(3)),
            11 => traffic.datagram(host, server, 123, "what time is it"),
            12 => traffic.exchange(host, server, 123, b"what time is it", b"noon, I think"),
            13 => set_back(traffic, host, server, port),
            14 => traffic.tls_with_ech(host, server, port, name),
            _ => traffic.tcp(
                host,
                server,
                80,
                &[b"GET / HTTP/1.1\r\nHost: a.acme.com\r\n\r\n"],
                &[b"HTTP/1.1 200 OK\r\n\r\n"],
            ),
        };
        if dice.roll(6) == 0 {
            traffic = traffic.wait(1 + dice.roll(40) as u32);
        }
    }
    // What is told of the last ones is not that the capture ends.
    traffic
        .wait(90)
        .lookup("10.0.0.5", "10.0.0.53", "end.test", [203, 0, 113, 99])
}

/// A query that is sent three times and not answered.
fn unanswered(mut traffic: Traffic, host: &str, resolver: &str, name: &str) -> Traffic {
    let (at, port) = traffic.next();
    let (from, to) = (format!("{host}:{port}"), format!("{resolver}:53"));
    let query = format!("udp hex:{}", hex(&dns(port, name, None)));
    for later in [0, 1000, 3000] {
        traffic.line(at + later, &from, &to, &query);
    }
    traffic
}

/// A connection whose hello is not answered, or by a RST with the server's TTL, or with another one.
fn stopped(
    mut traffic: Traffic,
    (host, server, port): (&str, &str, u16),
    name: &str,
    how: usize,
) -> Traffic {
    let (at, own) = traffic.next();
    let (from, to) = (format!("{host}:{own}"), format!("{server}:{port}"));
    let hello = record(0x16, &client_hello(Some(name), false));
    traffic.line(at, &from, &to, "tcp S seq=1000");
    traffic.line(at + 20, &to, &from, "tcp SA seq=5000 ack=1001 ttl=57");
    traffic.line(at + 21, &from, &to, "tcp A seq=1001 ack=5001");
    let hello = format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&hello));
    let times: &[u64] = match how {
        0 => &[25, 500, 1500, 4000],
        _ => &[25],
    };
    for later in times {
        traffic.line(at + later, &from, &to, &hello);
    }
    if how > 0 {
        let reset = format!("tcp R seq=5001 ttl={}", [57, 64][how - 1]);
        traffic.line(at + 27, &to, &from, &reset);
    }
    traffic
}

/// A connection of which the rest is a minute older than its opening.
fn set_back(mut traffic: Traffic, host: &str, server: &str, port: u16) -> Traffic {
    let (at, own) = traffic.next();
    let (from, to) = (format!("{host}:{own}"), format!("{server}:{port}"));
    let later = at + 150_000;
    traffic.line(later, &from, &to, "tcp S seq=1000");
    traffic.line(later + 2, &to, &from, "tcp SA seq=5000 ack=1001 ttl=57");
    traffic.line(later + 3, &from, &to, "tcp A seq=1001 ack=5001");
    // The server's part alone: whoever sends first in it is taken for the initiator.
    traffic.line(
        at,
        &to,
        &from,
        "tcp PA seq=5001 ack=1101 ttl=57 hex:00010203",
    );
    traffic.line(
        at + 5,
        &to,
        &from,
        "tcp PA seq=5005 ack=1101 ttl=57 hex:00010203",
    );
    traffic
}

/// Law 8 on one capture.
fn holds(capture: &Capture, rules: &RuleSet) -> Result<(), String> {
    let whole = files(capture, &judge(capture, rules), rules);
    for count in COUNTS {
        let shares = cut(capture, count);
        let shares: Vec<CaptureShare<'_>> = shares
            .iter()
            .map(|(share, places)| CaptureShare::new(share, places))
            .collect();
        let judgement = judge_shares((capture, None), &shares, rules);
        for ((name, whole), (_, joined)) in whole.iter().zip(files(capture, &judgement, rules)) {
            same(&format!("{name} in {count} shares"), whole, &joined)?;
        }
    }
    Ok(())
}

fn read(path: &str) -> Result<Capture, String> {
    let observed = observe(&resolve(&[path.to_owned()]).inputs, 1, &Progress::default());
    match observed.failures.first() {
        Some(failure) => Err(format!("{failure:?}")),
        None => Ok(attribute(observed.observation)),
    }
}

/// All that is written of a judgement.
fn files(capture: &Capture, judgement: &Judgement, rules: &RuleSet) -> Vec<(&'static str, String)> {
    let report = Report::new(&Audit {
        capture,
        judgement,
        rules,
        inputs: &[],
        all_inputs: &[],
        version: "",
        commit: None,
        site_sha256: None,
        arguments: &[],
        as_of: None,
        sets: &[],
    });
    let mut files = Vec::new();
    let mut put = |name, bytes: Vec<u8>| files.push((name, String::from_utf8(bytes).unwrap()));
    let mut out = Vec::new();
    write_findings_csv(&report, &mut out).unwrap();
    put("findings.csv", std::mem::take(&mut out));
    write_requirements_csv(&report, &mut out).unwrap();
    put("requirements.csv", std::mem::take(&mut out));
    write_flows_csv(&report, &mut out).unwrap();
    put("flows.csv", std::mem::take(&mut out));
    write_json(&report, &mut out).unwrap();
    put("report.json", std::mem::take(&mut out));
    write_html(&report, Language::English, &mut out).unwrap();
    put("report.html", std::mem::take(&mut out));
    write_human(&report, &Look::default(), &mut out).unwrap();
    put("standard output", std::mem::take(&mut out));
    files
}

/// A capture's shares by initiating host, each with the places of its flows.
fn cut(capture: &Capture, count: usize) -> Vec<(Capture, Vec<FlowId>)> {
    let hosts = hosts(capture);
    let of = |ip: &IpAddr, number: usize| hosts[ip] % count == number;
    let share = |number: usize| {
        let flows = capture.flows.iter().zip((0..).map(FlowId));
        let own: Vec<(&Flow, FlowId)> = flows
            .filter(|(flow, _)| of(&flow.initiator.ip, number))
            .collect();
        let asked = capture.dns.iter();
        let asked = asked.filter(|lookup| of(&lookup.client.ip, number));
        let share = Capture {
            flows: own.iter().map(|(flow, _)| (*flow).clone()).collect(),
            dns: asked.cloned().collect(),
            tally: capture.tally.clone(),
            links: capture.links.clone(),
            chunks: capture.chunks.clone(),
            numbering: capture.numbering.clone(),
            span: capture.span,
        };
        (share, own.into_iter().map(|(_, id)| id).collect())
    };
    (0..count).map(share).collect()
}

/// The number of the host that each address is of. Addresses of one network card are one host, but for a router's.
fn hosts(capture: &Capture) -> BTreeMap<IpAddr, usize> {
    let initiators = capture.flows.iter().map(|flow| flow.initiator.ip);
    let clients = capture.dns.iter().map(|lookup| lookup.client.ip);
    let all: BTreeSet<IpAddr> = initiators.chain(clients).collect();
    let mut of: BTreeMap<IpAddr, usize> = all.iter().copied().zip(0..).collect();
    let mut cards: BTreeMap<[u8; 6], Vec<IpAddr>> = BTreeMap::new();
    for ip in all {
        for card in [capture.links.of(ip), capture.links.behind(ip)].concat() {
            cards.entry(card).or_default().push(ip);
        }
    }
    let is_host = |same: &&Vec<IpAddr>| same.iter().filter(|ip| ip.is_ipv4()).count() <= 2;
    for same in cards.values().filter(is_host) {
        let numbers: BTreeSet<usize> = same.iter().map(|ip| of[ip]).collect();
        let first = numbers.first().copied();
        for number in of.values_mut().filter(|number| numbers.contains(number)) {
            *number = first.unwrap_or(*number);
        }
    }
    of
}
