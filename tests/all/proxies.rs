//! Proxies, SOCKS and requests in clear, packet by packet: what a proxy grants proves nothing of what lies behind it, and
//! each request is a try of its own.

use serde_json::Value;

use super::handshakes::{finished_13, flight_13};
use super::traffic::{client_hello, record};
use super::verdicts::{Packets, address, hex, said};

const PROXY: &str = "10.0.0.80:3128";
const SERVER: &str = "203.0.113.10:443";

/// One connection of the client's.
pub(crate) struct Talk {
    packets: Packets,
    client: String,
    server: String,
    millis: u64,
    own: usize,
    other: usize,
}

impl Talk {
    pub(crate) fn open(packets: Packets, millis: u64, server: &str) -> Self {
        let client = format!("10.0.0.5:{}", 40_000 + millis / 1000);
        let packets = packets
            .at(millis, &client, server, "tcp S seq=1000")
            .at(
                millis + 1,
                server,
                &client,
                "tcp SA seq=5000 ack=1001 ttl=64",
            )
            .at(millis + 2, &client, server, "tcp A seq=1001 ack=5001");
        Self {
            packets,
            client,
            server: server.to_owned(),
            millis: millis + 2,
            own: 1001,
            other: 5001,
        }
    }

    pub(crate) fn ask(mut self, bytes: &[u8]) -> Self {
        self.millis += 5;
        let what = format!(
            "tcp PA seq={} ack={} hex:{}",
            self.own,
            self.other,
            hex(bytes)
        );
        self.packets = self
            .packets
            .at(self.millis, &self.client, &self.server, &what);
        self.own += bytes.len();
        let what = format!("tcp A seq={} ack={} ttl=64", self.other, self.own);
        self.packets = self
            .packets
            .at(self.millis + 1, &self.server, &self.client, &what);
        self
    }

    pub(crate) fn answer(mut self, bytes: &[u8]) -> Self {
        self.millis += 5;
        let what = format!(
            "tcp PA seq={} ack={} ttl=64 hex:{}",
            self.other,
            self.own,
            hex(bytes)
        );
        self.packets = self
            .packets
            .at(self.millis, &self.server, &self.client, &what);
        self.other += bytes.len();
        let what = format!("tcp A seq={} ack={}", self.own, self.other);
        self.packets = self
            .packets
            .at(self.millis + 1, &self.client, &self.server, &what);
        self
    }

    pub(crate) fn wait(mut self, millis: u64) -> Self {
        self.millis += millis;
        self
    }

    pub(crate) fn server_ends(mut self, flags: &str) -> Packets {
        self.millis += 5;
        let what = format!("tcp {flags} seq={} ack={} ttl=64", self.other, self.own);
        self.packets = self
            .packets
            .at(self.millis, &self.server, &self.client, &what);
        self.packets
    }

    pub(crate) fn server_says_no_more(self) -> Packets {
        self.packets
    }

    pub(crate) fn client_ends(mut self) -> Packets {
        self.millis += 5;
        let what = format!("tcp FA seq={} ack={}", self.own, self.other);
        self.packets = self
            .packets
            .at(self.millis, &self.client, &self.server, &what);
        let what = format!("tcp FA seq={} ack={} ttl=64", self.other, self.own + 1);
        self.packets
            .at(self.millis + 1, &self.server, &self.client, &what)
    }
}

pub(crate) fn connect(to: &str) -> Vec<u8> {
    format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").into_bytes()
}

pub(crate) fn get(url: &str, host: &str) -> Vec<u8> {
    format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

pub(crate) fn page(head: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

pub(crate) fn hello(name: &str) -> Vec<u8> {
    record(0x16, &client_hello(Some(name), false))
}

pub(crate) const GRANTED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
const MANAGER: &str = "a.acme.com";

fn socks(reply: u8) -> Value {
    let mut request = vec![5, 1, 0, 3, 10];
    request.extend(b"a.acme.com\x01\xbb");
    Talk::open(Packets::new(), 0, "10.0.0.80:1080")
        .ask(&[5, 2, 0, 1])
        .answer(&[5, 0])
        .ask(&request)
        .answer(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0])
        .client_ends()
        .audited()
}

#[test]
fn socks_replies_say_who_refused() {
    let denied = ["blocked_confirmed", "proxy", "A", "H-CONNECT"];
    assert_eq!(said(&socks(2), MANAGER), denied);
    let unreachable = ["failed_unattributed", "proxy", "C", "H-GATEWAY"];
    for reply in [1, 3, 4, 5, 6] {
        assert_eq!(said(&socks(reply), MANAGER), unreachable);
    }
    let failed = ["failed_unattributed", "proxy", "C", "H-CONNECT"];
    assert_eq!(said(&socks(7), MANAGER), failed);
}

#[test]
fn a_granted_tunnel_proves_nothing() {
    let open = || {
        Talk::open(Packets::new(), 0, PROXY)
            .ask(&connect("a.acme.com:443"))
            .answer(GRANTED)
    };
    let report = open()
        .ask(&hello(MANAGER))
        .wait(9_000)
        .client_ends()
        .audited();
    let silent = ["failed_unattributed", "tls", "C", "L-SILENT"];
    assert_eq!(said(&report, MANAGER), silent);
    let report = open().ask(&hello(MANAGER)).server_ends("FA").audited();
    let closed = ["failed_unattributed", "tls", "C", "L-FIN"];
    assert_eq!(said(&report, MANAGER), closed);
    let report = open().ask(&hello(MANAGER)).server_ends("RA").audited();
    let reset = ["failed_unattributed", "tls", "C", "L-RST"];
    assert_eq!(said(&report, MANAGER), reset);
    // Nobody said anything inside.
    assert_eq!(
        said(&open().client_ends().audited(), MANAGER)[0],
        "inconclusive"
    );
    // Another protocol that is answered.
    let report = open()
        .ask(b"hello\n")
        .answer(b"hello yourself\n")
        .client_ends();
    assert_eq!(said(&report.audited(), MANAGER)[0], "ok");
}

#[test]
fn a_proxy_that_closes_without_an_answer_is_told() {
    let open = || Talk::open(Packets::new(), 0, PROXY).ask(&connect("a.acme.com:443"));
    let wanted = ["failed_unattributed", "proxy", "C", "H-SILENT"];
    assert_eq!(said(&open().server_ends("FA").audited(), MANAGER), wanted);
    assert_eq!(
        said(&open().wait(15_000).client_ends().audited(), MANAGER),
        wanted
    );
    // The client that leaves at once has not waited for it.
    assert_eq!(
        said(&open().client_ends().audited(), MANAGER)[0],
        "inconclusive"
    );
}

#[test]
fn a_wrong_login_at_the_proxy_is_a_login() {
    let ask = connect("a.acme.com:443");
    let first = Talk::open(Packets::new(), 0, PROXY)
        .ask(&ask)
        .answer(&page("407 Proxy Authentication Required", "log in"))
        .client_ends();
    let report = Talk::open(first, 1_000, PROXY)
        .ask(&ask)
        .answer(&page("401 Unauthorized", "wrong"))
        .client_ends()
        .audited();
    let wanted = ["blocked_likely", "proxy", "B", "H-CONNECT"];
    assert_eq!(said(&report, MANAGER), wanted);
    let advice = report["findings"][0]["advice"].as_str().unwrap();
    assert!(advice.contains("login"), "{advice}");
}

#[test]
fn the_words_of_a_proxys_own_page_are_its_policy() {
    let page = page(
        "403 Forbidden",
        "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n",
    );
    let report = Talk::open(Packets::new(), 0, PROXY)
        .ask(&connect("a.acme.com:443"))
        .answer(&page)
        .client_ends()
        .audited();
    let wanted = ["blocked_confirmed", "proxy", "A", "H-CONNECT"];
    assert_eq!(said(&report, MANAGER), wanted);
    // The same product stands in front of servers: there it is the server that denies.
    let report = direct(&[&page]);
    assert_eq!(said(&report, MANAGER)[0], "ok");
}

/// The server's answers to requests of the client, a connection each.
fn direct(answers: &[&[u8]]) -> Value {
    let mut packets =
        Packets::new().lookup(0, MANAGER, 0x8180, [1, 0, 0], &address([203, 0, 113, 10]));
    for (at, answer) in (1..).zip(answers) {
        packets = Talk::open(packets, at * 1_000, SERVER)
            .ask(&get("/update", MANAGER))
            .answer(answer)
            .client_ends();
    }
    packets.audited()
}

#[test]
fn a_page_of_denial_under_success_is_no_success() {
    let denied = page(
        "200 OK",
        "<html><head><title>e2guardian - page denied</title></head></html>",
    );
    let wanted = ["blocked_likely", "http", "B", "H-BLOCK"];
    assert_eq!(said(&direct(&[&denied]), MANAGER), wanted);
    let about = page(
        "200 OK",
        "<html><head><title>Filters</title></head>e2guardian and others</html>",
    );
    assert_eq!(said(&direct(&[&about]), MANAGER)[0], "ok");
}

#[test]
fn an_edge_of_the_vendors_may_say_no() {
    let squid = |via: &str| {
        let head = format!(
            "403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\nVia: 1.1 {via} (squid/6.6)"
        );
        direct(&[&page(&head, "<title>ERROR</title>")])
    };
    assert_eq!(said(&squid("edge7.acme.com"), MANAGER)[0], "ok");
    let wanted = ["blocked_confirmed", "http", "A", "H-BLOCK"];
    assert_eq!(said(&squid("filter.corp.example"), MANAGER), wanted);
}

#[test]
fn redirects_to_a_host_on_no_list_are_a_doubt() {
    let to = |url: &str| page(&format!("302 Found\r\nLocation: {url}"), "moved");
    let away = to("https://portal.example.net/login");
    assert_eq!(said(&direct(&[&away, &away]), MANAGER)[0], "inconclusive");
    for url in ["https://b.acme.com/x", "/other", "https://www.acme.com/"] {
        assert_eq!(said(&direct(&[&to(url)]), MANAGER)[0], "ok", "{url}");
    }
    let answer = page("200 OK", "here");
    assert_eq!(said(&direct(&[&away, &answer]), MANAGER)[0], "ok");
}

#[test]
fn each_request_of_a_kept_alive_connection_is_a_try() {
    let denied = page("403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0", "no");
    let served = page("200 OK", "yes");
    let report = Talk::open(Packets::new(), 0, PROXY)
        .ask(&get("http://a.acme.com:443/u", "a.acme.com:443"))
        .answer(&served)
        .ask(&get("http://b.acme.com:443/u", "b.acme.com:443"))
        .answer(&denied)
        .ask(&get("http://evil.example.net/x", "evil.example.net"))
        .answer(&served)
        .client_ends()
        .audited();
    assert_eq!(said(&report, MANAGER)[0], "ok");
    let wanted = ["blocked_confirmed", "http", "A", "H-BLOCK"];
    assert_eq!(said(&report, "b.acme.com"), wanted);
    assert_eq!(said(&report, "evil.example.net")[0], "unexpected");
}

#[test]
fn a_servers_own_refusal_behind_a_proxy_is_an_answer() {
    let answer = |head: &str| {
        Talk::open(Packets::new(), 0, PROXY)
            .ask(&get("http://a.acme.com:443/u", "a.acme.com:443"))
            .answer(&page(head, "no"))
            .client_ends()
            .audited()
    };
    let passed = answer("403 Forbidden\r\nServer: nginx\r\nVia: 1.1 px (squid/6.6)");
    assert_eq!(said(&passed, MANAGER)[0], "ok");
    let unclear = ["failed_unattributed", "proxy", "C", "H-CONNECT"];
    assert_eq!(
        said(&answer("403 Forbidden\r\nServer: nginx"), MANAGER),
        unclear
    );
}

#[test]
fn a_tunnel_to_an_address_takes_its_name_from_inside() {
    let report = Talk::open(Packets::new(), 0, PROXY)
        .ask(&connect("203.0.113.10:443"))
        .answer(GRANTED)
        .ask(&hello(MANAGER))
        .server_ends("FA")
        .audited();
    let wanted = ["failed_unattributed", "tls", "C", "L-FIN"];
    assert_eq!(said(&report, MANAGER), wanted);
    let port = &report["intents"][0]["port"];
    assert_eq!(port, 443);
}

#[test]
fn a_slash_is_no_name() {
    let report = Talk::open(Packets::new(), 0, SERVER)
        .ask(b"CONNECT / HTTP/1.1\r\n\r\n")
        .answer(&page("400 Bad Request", "no"))
        .client_ends()
        .audited();
    let names = report["intents"].as_array().unwrap().iter();
    assert!(
        names.clone().all(|intent| intent["fqdn"].is_null()),
        "{report:#}"
    );
}

#[test]
fn what_lies_behind_tls_to_the_proxy_is_neither_seen_nor_missed() {
    let hello = hello("proxy.corp.example");
    let report = Talk::open(Packets::new(), 0, "10.0.0.80:3129")
        .ask(&hello)
        .answer(&flight_13())
        .ask(&finished_13())
        .ask(&record(0x17, b"a request to the proxy, sealed"))
        .answer(&record(0x17, b"sealed"))
        .client_ends()
        .audited();
    let mut intents = report["intents"].as_array().unwrap().iter();
    assert!(
        intents.all(|intent| intent["initiator"] != "10.0.0.5"),
        "{report:#}"
    );
    let rows = report["requirements"].as_array().unwrap().iter();
    let manager = rows
        .clone()
        .find(|row| row["id"] == "acme/manager")
        .unwrap();
    assert_eq!(manager["reason"], "names_hidden");
    // No tunnel hides a lookup.
    let dns = rows.clone().find(|row| row["id"] == "acme/dns").unwrap();
    assert_eq!(dns["outcome"], "not_seen");
}
