//! Rows of `docs/VERDICTS.md` that no recording shows, as scenarios packet by packet.

use std::fmt::Write;

use serde_json::Value;

use super::capture::Capture;
use super::harness::{folder, pktaudit, write};
use super::traffic::{client_hello, record};

/// A list of one vendor: a server by TLS, a web server, a time server, a name server.
pub(crate) const RULES: &str = r#"format = 1
[document]
id = "acme"
vendor = "Acme"
product = "Acme Agent"
page = "Acme: hosts to allow"
language = "en"
[roles.agent]
about = "host running the agent"
[roles.dns-server]
about = "name server of the site"
[[requirement]]
id = "dns"
service = "DNS"
from = ["agent"]
to = ["role:dns-server"]
ports = [53]
transport = ["udp", "tcp"]
direction = "outbound"
need = "required"
cite = { table = "Ports", row = "53", line = 1 }
[[requirement]]
id = "manager"
service = "Manager"
from = ["agent"]
to = ["a.acme.com", "a.acme.internal"]
ports = [443]
transport = ["tcp"]
direction = "outbound"
need = "required"
cite = { table = "Hosts", row = "a", line = 2 }
[[requirement]]
id = "others"
service = "Others"
from = ["agent"]
to = ["*.acme.com"]
ports = [443]
transport = ["tcp"]
direction = "outbound"
need = "optional"
cite = { table = "Hosts", row = "all", line = 3 }
"#;

pub(crate) const SITE: &str = r#"[site]
name = "here"
documents = ["acme"]
[roles]
agent = ["10.0.0.5", "10.0.0.6"]
dns-server = ["10.0.0.53"]
[proxies]
addresses = ["10.0.0.80"]
"#;

const CLIENT: &str = "10.0.0.5:40000";
const RESOLVER: &str = "10.0.0.53:53";
const SERVER: &str = "203.0.113.10:443";

/// The packets of a scenario, line by line; the last one lies far behind, so that the capture's end hides nothing.
#[derive(Clone, Default)]
pub(crate) struct Packets(String);

impl Packets {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// One packet, `millis` after the start.
    pub(crate) fn at(mut self, millis: u64, from: &str, to: &str, what: &str) -> Self {
        let (seconds, rest) = (millis / 1000, millis % 1000);
        writeln!(self.0, "{seconds}.{rest:03} {from} > {to} {what}").unwrap();
        self
    }

    /// A query from a port, and its answer ten milliseconds later: flags and records behind the question.
    pub(crate) fn lookup(
        self,
        millis: u64,
        name: &str,
        flags: u16,
        counts: [u16; 3],
        rest: &[u8],
    ) -> Self {
        let id = u16::try_from(millis % 0xffff).unwrap();
        let client = format!("10.0.0.5:{}", 41_000 + millis % 1000);
        let query = hex(&message(id, name, 0x0100, [0; 3], &[]));
        let answer = hex(&message(id, name, flags, counts, rest));
        self.at(millis, &client, RESOLVER, &format!("udp hex:{query}"))
            .at(millis + 10, RESOLVER, &client, &format!("udp hex:{answer}"))
    }

    /// As the source room writes them.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// The report of an audit under the rules above.
    pub(crate) fn audited(self) -> Value {
        self.audited_under(RULES, SITE)
    }

    /// The report of an audit under other rules, or another site file.
    pub(crate) fn audited_under(self, rules: &str, site: &str) -> Value {
        // The other host talks to somebody, both ways: the tap hears both.
        let (other, elsewhere) = ("10.0.0.6:5000", "198.18.0.1:9");
        let script = self
            .at(60_000, other, elsewhere, "udp hex:00")
            .at(60_010, elsewhere, other, "udp hex:00")
            .0;
        let folder = folder();
        let rules = write(&folder, "acme.toml", rules);
        let site = write(&folder, "site.toml", site);
        let capture = write(&folder, "capture", Capture::scripted(&script).to_bytes());
        let arguments = [
            "audit", "--format", "json", "--rules", &rules, "--site", &site, &capture,
        ];
        pktaudit(arguments).run().json()
    }
}

/// The name of the manager is looked up, and has the address of the server.
pub(crate) fn looked_up() -> Packets {
    let answer = address([203, 0, 113, 10]);
    Packets::new().lookup(0, "a.acme.com", 0x8180, [1, 0, 0], &answer)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A DNS message about the A record of a name (RFC 1035 section 4.1).
pub(crate) fn message(id: u16, name: &str, flags: u16, counts: [u16; 3], rest: &[u8]) -> Vec<u8> {
    let head = [id, flags, 1, counts[0], counts[1], counts[2]];
    let mut out: Vec<u8> = head.into_iter().flat_map(u16::to_be_bytes).collect();
    for label in name.split('.') {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    out.extend(rest);
    out
}

/// An A record of the name in the question.
pub(crate) fn address(ip: [u8; 4]) -> Vec<u8> {
    let mut out = vec![0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
    out.extend(ip);
    out
}

/// The only intent of the client about a name (or an address): outcome, stage, grade, first code.
#[track_caller]
pub(crate) fn said(report: &Value, aim: &str) -> [String; 4] {
    let intents = report["intents"].as_array().unwrap().iter();
    let about = |intent: &&Value| {
        intent["fqdn"] == aim
            || intent["addresses"]
                .as_array()
                .unwrap()
                .iter()
                .any(|a| a == aim)
    };
    let own = intents.filter(|intent| intent["initiator"] == "10.0.0.5");
    let all: Vec<&Value> = own.filter(about).collect();
    let [intent] = all[..] else {
        panic!("{} intents about {aim}: {:#}", all.len(), report["intents"]);
    };
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    [
        word(&intent["outcome"]),
        word(&intent["stage"]),
        word(&intent["confidence"]),
        word(&intent["evidence"][0]),
    ]
}

#[test]
fn a_local_name_may_lead_nowhere_on_purpose() {
    let packets = Packets::new()
        .lookup(
            0,
            "a.acme.internal",
            0x8180,
            [1, 0, 0],
            &address([0, 0, 0, 0]),
        )
        .audited();
    let wanted = ["failed_unattributed", "dns", "C", "D-SINK"];
    assert_eq!(said(&packets, "a.acme.internal"), wanted);
    let packets = Packets::new()
        .lookup(0, "a.acme.com", 0x8180, [1, 0, 0], &address([0, 0, 0, 0]))
        .audited();
    let wanted = ["blocked_likely", "dns", "B", "D-SINK"];
    assert_eq!(said(&packets, "a.acme.com"), wanted);
}

#[test]
fn silence_without_a_control_is_no_block() {
    let query = format!(
        "udp hex:{}",
        hex(&message(7, "a.acme.com", 0x0100, [0; 3], &[]))
    );
    let mut packets = Packets::new();
    for millis in [0, 5_000, 10_000] {
        packets = packets.at(millis, CLIENT, RESOLVER, &query);
    }
    let report = packets.audited();
    let wanted = ["failed_unattributed", "dns", "C", "D-SILENT"];
    assert_eq!(said(&report, "a.acme.com"), wanted);
}

#[test]
fn two_answers_that_differ_are_forged() {
    let name = "a.acme.com";
    let query = format!("udp hex:{}", hex(&message(7, name, 0x0100, [0; 3], &[])));
    let answer = |ip| {
        let message = message(7, name, 0x8180, [1, 0, 0], &address(ip));
        format!("udp ttl=60 hex:{}", hex(&message))
    };
    let syn = |millis: u64, packets: Packets| {
        packets.at(millis, CLIENT, "198.51.100.66:443", "tcp S seq=1000")
    };
    let mut packets = Packets::new()
        .at(0, CLIENT, RESOLVER, &query)
        .at(10, RESOLVER, CLIENT, &answer([198, 51, 100, 66]))
        .at(30, RESOLVER, CLIENT, &answer([203, 0, 113, 10]));
    for millis in [100, 1100, 3100, 7100] {
        packets = syn(millis, packets);
    }
    let report = packets.audited();
    assert_eq!(
        said(&report, name),
        ["blocked_likely", "dns", "B", "D-INJECT"]
    );
}

#[test]
fn a_refusal_for_one_source_is_a_rule() {
    let (other, reset) = ("10.0.0.6:40000", "tcp RA seq=0 ack=1001 ttl=57");
    let report = looked_up()
        .at(100, CLIENT, SERVER, "tcp S seq=1000")
        .at(120, SERVER, CLIENT, reset)
        .at(200, other, SERVER, "tcp S seq=1000")
        .at(220, SERVER, other, "tcp SA seq=5000 ack=1001 ttl=57")
        .at(221, other, SERVER, "tcp A seq=1001 ack=5001")
        .at(230, other, SERVER, "tcp PA seq=1001 ack=5001 hex:6869")
        .at(
            250,
            SERVER,
            other,
            "tcp PA seq=5001 ack=1003 ttl=57 hex:6869",
        )
        .audited();
    let wanted = ["blocked_likely", "connect", "B", "T-RST"];
    assert_eq!(said(&report, "a.acme.com"), wanted);
}

#[test]
fn a_server_that_denies_access_says_so() {
    // Fatal alerts in answer to the ClientHello (RFC 8446 section 6.2).
    let report = |alert: u8| {
        let hello = record(0x16, &client_hello(Some("a.acme.com"), false));
        let end = 1001 + hello.len();
        let hello = hex(&hello);
        looked_up()
            .at(100, CLIENT, SERVER, "tcp S seq=1000")
            .at(120, SERVER, CLIENT, "tcp SA seq=5000 ack=1001 ttl=57")
            .at(121, CLIENT, SERVER, "tcp A seq=1001 ack=5001")
            .at(
                130,
                CLIENT,
                SERVER,
                &format!("tcp PA seq=1001 ack=5001 hex:{hello}"),
            )
            .at(
                150,
                SERVER,
                CLIENT,
                &format!("tcp PA seq=5001 ack={end} ttl=57 hex:150303000202{alert:02x}"),
            )
            .audited()
    };
    let denied = ["blocked_likely", "tls", "B", "L-ALERT-S"];
    assert_eq!(said(&report(49), "a.acme.com"), denied);
    let failed = ["failed_unattributed", "tls", "C", "L-ALERT-S"];
    assert_eq!(said(&report(40), "a.acme.com"), failed);
}

#[test]
fn other_refusals_of_a_proxy_are_failures() {
    let proxy = "10.0.0.80:3128";
    let ask = hex(b"CONNECT a.acme.com:443 HTTP/1.1\r\nHost: a.acme.com:443\r\n\r\n");
    let refuse = hex(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
    let end = 1001 + ask.len() / 2;
    let report = Packets::new()
        .at(100, CLIENT, proxy, "tcp S seq=1000")
        .at(120, proxy, CLIENT, "tcp SA seq=5000 ack=1001 ttl=64")
        .at(121, CLIENT, proxy, "tcp A seq=1001 ack=5001")
        .at(
            130,
            CLIENT,
            proxy,
            &format!("tcp PA seq=1001 ack=5001 hex:{ask}"),
        )
        .at(
            150,
            proxy,
            CLIENT,
            &format!("tcp PA seq=5001 ack={end} ttl=64 hex:{refuse}"),
        )
        .audited();
    let wanted = ["failed_unattributed", "proxy", "C", "H-CONNECT"];
    assert_eq!(said(&report, "a.acme.com"), wanted);
}

#[test]
fn a_close_after_the_hello_may_be_the_servers() {
    let hello = record(0x16, &client_hello(Some("a.acme.com"), false));
    let end = 1001 + hello.len();
    let report = looked_up()
        .at(100, CLIENT, SERVER, "tcp S seq=1000")
        .at(120, SERVER, CLIENT, "tcp SA seq=5000 ack=1001 ttl=57")
        .at(121, CLIENT, SERVER, "tcp A seq=1001 ack=5001")
        .at(
            130,
            CLIENT,
            SERVER,
            &format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&hello)),
        )
        .at(
            150,
            SERVER,
            CLIENT,
            &format!("tcp FA seq=5001 ack={end} ttl=57"),
        )
        .at(151, CLIENT, SERVER, &format!("tcp FA seq={end} ack=5002"))
        .at(
            171,
            SERVER,
            CLIENT,
            &format!("tcp A seq=5002 ack={} ttl=57", end + 1),
        )
        .audited();
    let wanted = ["failed_unattributed", "tls", "C", "L-FIN"];
    assert_eq!(said(&report, "a.acme.com"), wanted);
}

#[test]
fn a_zones_own_denial_stands_behind_what_a_cache_says_later() {
    let other = |packets: Packets| {
        packets.lookup(
            50,
            "b.acme.com",
            0x8180,
            [1, 0, 0],
            &address([203, 0, 113, 11]),
        )
    };
    // The SOA record of acme.com, which the question's name lies in.
    let mut soa = vec![0xc0, 14, 0, 6, 0, 1, 0, 0, 0, 60, 0, 22];
    soa.extend([0, 0]);
    soa.extend([0; 20]);
    let denied =
        |packets: Packets, millis: u64| packets.lookup(millis, "a.acme.com", 0x8183, [0; 3], &[]);
    let report = denied(other(Packets::new()), 100).audited();
    let wanted = ["blocked_likely", "dns", "B", "D-NX"];
    assert_eq!(said(&report, "a.acme.com"), wanted);
    let packets = other(Packets::new()).lookup(100, "a.acme.com", 0x8183, [0, 1, 0], &soa);
    let report = denied(packets, 5_000).audited();
    let wanted = ["failed_unattributed", "dns", "C", "D-NX"];
    assert_eq!(said(&report, "a.acme.com"), wanted);
}

#[test]
fn what_has_no_answers_has_none_over_tcp_either() {
    let rules = RULES.replace("ports = [443]", "ports = [443]\napp = [\"syslog\"]");
    let sent = |rules: &str, acknowledged: u32| {
        let report = looked_up()
            .at(100, CLIENT, SERVER, "tcp S seq=1000")
            .at(120, SERVER, CLIENT, "tcp SA seq=5000 ack=1001")
            .at(121, CLIENT, SERVER, "tcp A seq=1001 ack=5001")
            .at(
                122,
                CLIENT,
                SERVER,
                "tcp PA seq=1001 ack=5001 hex:3c33303e61",
            )
            .at(142, SERVER, CLIENT, "tcp A seq=5001 ack=1006")
            .at(
                30_000,
                CLIENT,
                SERVER,
                "tcp PA seq=1006 ack=5001 hex:3c33303e62",
            )
            .at(
                30_020,
                SERVER,
                CLIENT,
                &format!("tcp A seq=5001 ack={acknowledged}"),
            )
            .at(30_100, CLIENT, SERVER, "tcp FA seq=1011 ack=5001")
            .at(
                30_120,
                SERVER,
                CLIENT,
                &format!("tcp A seq=5001 ack={}", acknowledged + 1),
            )
            .audited_under(rules, SITE);
        said(&report, "a.acme.com")
    };
    let unanswered = ["failed_unattributed", "connect", "C", "T-POSTACK"];
    assert_eq!(sent(RULES, 1011), unanswered);
    assert_eq!(sent(&rules, 1011), ["ok", "-", "-", "-"]);
    // The second message was never acknowledged.
    assert_eq!(sent(&rules, 1006), unanswered);
}

#[test]
fn of_one_direction_nothing_is_told() {
    let report = looked_up()
        .at(120, SERVER, CLIENT, "tcp SA seq=5000 ack=1001")
        .at(
            141,
            SERVER,
            CLIENT,
            "tcp PA seq=5001 ack=1006 hex:16030300020e00",
        )
        .audited();
    assert_eq!(said(&report, "a.acme.com")[0], "inconclusive");
}
