//! Names that are hidden in part: two ways beside each other, ways that fail, ways that were wrongly guessed.

use super::hidden_hosts::{tls, whole};
use super::hidden_names::{asked, codes, https_record, of, server_hello, talk, ways};
use super::traffic::{client_hello, record};
use super::verdicts::{Packets, RULES, SITE, address, hex, message};

const CLIENT: &str = "10.0.0.5:40000";
const SERVER: &str = "203.0.113.10:443";
const BYTES: [&[u8]; 2] = [b"\x7f\x01\x02", b"\x7f\x01\x02"];

fn two_names() -> String {
    RULES.replace("\"*.acme.com\"", "\"b.acme.com\"")
}

/// A SYN that nothing answers, sent again.
fn dropped(packets: Packets, millis: u64, client: &str, server: &str) -> Packets {
    let again = [0, 1000, 3000, 7000, 15_000].into_iter();
    again.fold(packets, |packets, after| {
        packets.at(millis + after, client, server, "tcp S seq=1000")
    })
}

#[test]
fn an_outer_and_an_inner_name_are_told_apart() {
    let hello = record(0x16, &client_hello(Some("b.acme.com"), true));
    let mut records = address([203, 0, 113, 10]);
    records.extend(https_record("b.acme.com"));
    let packets = Packets::new().lookup(0, "a.acme.com", 0x8180, [2, 0, 0], &records);
    let report = whole(packets, 100, [CLIENT, SERVER], &hello, &server_hello(true));
    let report = report.audited_under(&two_names(), SITE);
    assert_eq!(of(&report, "others").0, "satisfied");
    assert_eq!(of(&report, "manager").0, "inconclusive");
}

#[test]
fn a_retry_that_is_reset_is_what_counts() {
    let outer = "front.acme.com";
    let hello = record(0x16, &client_hello(Some(outer), true));
    let mut flight = server_hello(true);
    flight.extend(record(0x17, &[0; 400]));
    let mut own = record(0x14, &[1]);
    own.extend(record(0x17, &[0; 53]));
    own.extend(record(0x17, &[0; 19]));
    let (heard, sent) = (1001 + hello.len(), 5001 + flight.len());
    let end = heard + own.len();
    let mut records = address([203, 0, 113, 10]);
    records.extend(https_record(outer));
    let packets = Packets::new().lookup(0, "a.acme.com", 0x8180, [2, 0, 0], &records);
    let packets = talk(packets, 100, CLIENT, SERVER, [&hello, &flight])
        .at(
            160,
            CLIENT,
            SERVER,
            &format!("tcp PA seq={heard} ack={sent} hex:{}", hex(&own)),
        )
        .at(161, CLIENT, SERVER, &format!("tcp FA seq={end} ack={sent}"))
        .at(
            181,
            SERVER,
            CLIENT,
            &format!("tcp FA seq={sent} ack={} ttl=57", end + 1),
        );
    let again = record(0x16, &client_hello(Some("a.acme.com"), false));
    let client = "10.0.0.5:40001";
    let packets = packets
        .at(300, client, SERVER, "tcp S seq=1000")
        .at(320, SERVER, client, "tcp SA seq=5000 ack=1001 ttl=57")
        .at(321, client, SERVER, "tcp A seq=1001 ack=5001")
        .at(
            330,
            client,
            SERVER,
            &format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&again)),
        )
        .at(
            331,
            SERVER,
            client,
            &format!("tcp R seq=5001 ack={} ttl=62", 1001 + again.len()),
        );
    let report = packets.audited();
    assert!(["failed", "blocked"].contains(&of(&report, "manager").0));
}

#[test]
fn a_server_that_alone_says_its_banner_speaks_another_application() {
    let rules = RULES.replacen(
        "transport = [\"tcp\"]\n",
        "transport = [\"tcp\"]\napp = [\"https\"]\n",
        1,
    );
    let packets = asked(Packets::new(), 0, "a.acme.com")
        .at(100, CLIENT, SERVER, "tcp S seq=1000")
        .at(120, SERVER, CLIENT, "tcp SA seq=5000 ack=1001 ttl=57")
        .at(121, CLIENT, SERVER, "tcp A seq=1001 ack=5001")
        .at(
            140,
            SERVER,
            CLIENT,
            &format!(
                "tcp PA seq=5001 ack=1001 ttl=57 hex:{}",
                hex(b"SSH-2.0-OpenSSH_9.2\r\n")
            ),
        )
        .at(141, CLIENT, SERVER, "tcp A seq=1001 ack=5022")
        .at(9000, CLIENT, SERVER, "tcp FA seq=1001 ack=5022")
        .at(9020, SERVER, CLIENT, "tcp FA seq=5022 ack=1002 ttl=57");
    let report = packets.audited_under(&rules, SITE);
    assert_eq!(of(&report, "manager").0, "inconclusive");
}

#[test]
fn a_redirect_from_clear_to_tls_is_satisfied_by_tls() {
    let rules = RULES.replacen(
        "transport = [\"tcp\"]\n",
        "transport = [\"tcp\"]\napp = [\"https\"]\n",
        1,
    );
    let packets = asked(Packets::new(), 0, "a.acme.com");
    let ask: &[u8] = b"GET / HTTP/1.1\r\nHost: a.acme.com\r\n\r\n";
    let moved: &[u8] =
        b"HTTP/1.1 301 Moved\r\nLocation: https://a.acme.com/\r\nContent-Length: 0\r\n\r\n";
    let packets = talk(packets, 100, CLIENT, SERVER, [ask, moved]);
    let report = tls(packets, 1000, "10.0.0.5:40001", SERVER, "a.acme.com");
    let report = report.audited_under(&rules, SITE);
    assert_eq!(of(&report, "manager").0, "satisfied");
    assert!(!codes(&report).contains(&"other-application"));
}

#[test]
fn a_name_that_is_listed_for_another_port_is_not_meant() {
    let rules = two_names().replacen("ports = [443]", "ports = [8443]", 1);
    let packets = asked(asked(Packets::new(), 0, "a.acme.com"), 50, "b.acme.com");
    let report = talk(packets, 100, CLIENT, SERVER, BYTES).audited_under(&rules, SITE);
    assert_eq!(of(&report, "others").0, "satisfied");
}

#[test]
fn an_answer_alone_names_what_follows() {
    let answer = hex(&message(
        7,
        "a.acme.com",
        0x8180,
        [1, 0, 0],
        &address([203, 0, 113, 10]),
    ));
    let packets = Packets::new().at(
        0,
        "10.0.0.53:53",
        "10.0.0.5:41000",
        &format!("udp hex:{answer}"),
    );
    let report = talk(packets, 100, CLIENT, SERVER, BYTES).audited_under(&two_names(), SITE);
    assert_eq!(of(&report, "manager").0, "satisfied");
}

#[test]
fn a_lookup_long_ago_is_no_contradiction() {
    let packets = asked(Packets::new(), 0, "a.acme.com");
    let report = talk(packets, 7_200_000, CLIENT, SERVER, BYTES);
    let report = report.audited_under(&two_names(), SITE);
    assert!(!codes(&report).contains(&"name-contradicted"));
    assert!(["satisfied", "inconclusive"].contains(&of(&report, "manager").0));
}

#[test]
fn a_way_that_fails_hides_nothing() {
    let packets = asked(Packets::new(), 0, "a.acme.com");
    let packets = tls(packets, 100, CLIENT, SERVER, "a.acme.com");
    let report =
        dropped(packets, 1000, "10.0.0.5:40009", "10.0.0.53:853").audited_under(&two_names(), SITE);
    assert_eq!(of(&report, "manager").0, "satisfied");
    assert_eq!(of(&report, "dns").0, "satisfied");
    assert_eq!(of(&report, "others"), ("not_seen", "never_resolved"));
    assert!(!codes(&report).contains(&"wrong-port"));
    // Where nothing else is asked, what would have been does not show; and where it works, it hides.
    let alone = dropped(Packets::new(), 1000, "10.0.0.5:40009", "10.0.0.53:853");
    let alone = alone.audited_under(&two_names(), SITE);
    assert_eq!(of(&alone, "others"), ("not_seen", "names_hidden"));
    // It is told that it fails, and stands for no DNS.
    assert_eq!(of(&alone, "dns"), ("not_seen", "never_tried"));
    for (report, severity) in [(&report, "low"), (&alone, "medium")] {
        let mut findings = report["findings"].as_array().unwrap().iter();
        let finding = findings.find(|f| f["code"] == "encrypted-dns").unwrap();
        assert!(
            finding["message"]
                .as_str()
                .unwrap()
                .contains("fails each time")
        );
        assert_eq!(finding["severity"], severity);
        assert!(
            finding["evidence"]
                .as_array()
                .unwrap()
                .iter()
                .any(|code| code == "T-SYN0")
        );
    }
    let hello = record(0x16, &client_hello(None, false));
    let packets = tls(
        asked(Packets::new(), 0, "a.acme.com"),
        100,
        CLIENT,
        SERVER,
        "a.acme.com",
    );
    let works = whole(
        packets,
        1000,
        ["10.0.0.5:40009", "10.0.0.53:853"],
        &hello,
        &server_hello(true),
    );
    let works = works.audited_under(&two_names(), SITE);
    assert_eq!(of(&works, "others"), ("not_seen", "names_hidden"));
}

#[test]
fn tunnels_to_a_proxy_that_nobody_declared_are_read_as_well() {
    let proxy = "10.0.0.99:3128";
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec();
    let ask = [
        &preface[..],
        b"\x00\x00\x19\x01\x04\x00\x00\x00\x01\x42\x07CONNECT\x41\x0ea.acme.com:443",
    ]
    .concat();
    let grant = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88";
    let packets = talk(Packets::new(), 0, CLIENT, proxy, [&ask, grant]);
    let (own, back) = (1001 + ask.len(), 5001 + grant.len());
    let report = packets
        .at(
            80,
            CLIENT,
            proxy,
            &format!(
                "tcp PA seq={own} ack={back} hex:{}",
                hex(b"\x00\x00\x01\x00\x00\x00\x00\x00\x01\x16")
            ),
        )
        .at(
            99,
            proxy,
            CLIENT,
            &format!(
                "tcp PA seq={back} ack={} ttl=63 hex:{}",
                own + 10,
                hex(b"\x00\x00\x01\x00\x00\x00\x00\x00\x01\x16")
            ),
        )
        .audited_under(&two_names(), SITE);
    assert_eq!(of(&report, "manager").0, "satisfied");
    assert!(ways(&report).is_empty());
}

#[test]
fn a_row_is_hidden_only_from_who_may_open_it() {
    let dot = |client: &str| {
        let hello = record(0x16, &client_hello(None, false));
        let packets = asked(Packets::new(), 0, "www.test");
        whole(
            packets,
            100,
            [client, "10.0.0.53:853"],
            &hello,
            &server_hello(true),
        )
        .audited_under(&two_names(), SITE)
    };
    assert_eq!(
        of(&dot("10.0.0.6:40000"), "manager"),
        ("not_seen", "names_hidden")
    );
    assert_eq!(
        of(&dot("10.0.0.7:40000"), "manager"),
        ("not_seen", "never_resolved")
    );
}

#[test]
fn a_row_of_tcp_is_stopped_although_quic_works() {
    let rules = two_names()
        .replacen(
            "to = [\"a.acme.com\", \"a.acme.internal\"]",
            "to = [\"b.acme.com\"]",
            1,
        )
        .replacen("transport = [\"tcp\"]", "transport = [\"udp\"]", 1);
    let mut packets = asked(Packets::new(), 0, "b.acme.com");
    for at in [100, 200, 300] {
        let client = "10.0.0.5:40009";
        packets = packets
            .at(at, client, SERVER, "udp hex:4001020304050607")
            .at(at + 20, SERVER, client, "udp hex:4001020304050607");
    }
    // Two lines of the lookup and six of QUIC stand before: the frames that are quoted.
    for (at, syn) in [(400, 9), (1400, 11), (3400, 13)] {
        let said = format!("icmp unreachable code=13 quoting {syn}");
        packets = packets.at(at, CLIENT, SERVER, "tcp S seq=1000").at(
            at + 1,
            "10.0.0.1",
            "10.0.0.5",
            &said,
        );
    }
    let report = packets.audited_under(&rules, SITE);
    assert_eq!(of(&report, "manager").0, "satisfied");
    assert_eq!(of(&report, "others").0, "blocked");
}
