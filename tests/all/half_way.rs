//! What is answered and does not come to its end, and what came to its end once and does not any more; each with a twin
//! that is innocent.

use std::time::Duration;

use serde_json::Value;

use super::capture::Capture;
use super::harness::{Sample, folder, pktaudit, write};
use super::proxies::{GRANTED, Talk, connect, get, hello, page};
use super::traffic::record;
use super::verdicts::{Packets, address, hex, message, said};
use super::way_back::quic_out;

const NAME: &str = "a.acme.com";
const SERVER: &str = "203.0.113.10:443";
const PROXY: &str = "10.0.0.80:3128";

fn resolved() -> Packets {
    Packets::new().lookup(0, NAME, 0x8180, [1, 0, 0], &address([203, 0, 113, 10]))
}

/// What is said over QUIC in a sample, where of each connection the server's first `heard` datagrams are left, and the
/// client sends its second one again after five seconds.
fn quic_said(heard: usize) -> String {
    let sample = Sample::named("quic-works");
    let capture = Capture::read(&sample.capture);
    let (mut own, mut other) = (0, 0);
    let mut frames = Vec::new();
    for frame in &capture.frames {
        match quic_out(frame) {
            Some(None) => {
                other += 1;
                if other <= heard {
                    frames.push(frame.clone());
                }
            }
            Some(Some(_)) => {
                own += 1;
                frames.push(frame.clone());
                if own == 2 {
                    let mut again = frame.clone();
                    again.time = again.time.plus(Duration::from_secs(5));
                    frames.push(again);
                }
            }
            None => frames.push(frame.clone()),
        }
    }
    frames.sort_by_key(|frame| frame.time);
    let folder = folder();
    let path = write(&folder, "capture", capture.with(frames).to_bytes());
    let beside = |name| sample.capture.with_file_name(name).display().to_string();
    let (rules, site) = (beside("rules.toml"), beside("site.toml"));
    let arguments = [
        "audit", "--format", "json", "--rules", &rules, "--site", &site, &path,
    ];
    let report = pktaudit(arguments).run().json();
    let intents = report["intents"].as_array().unwrap().iter();
    let mut quic = intents.filter(|intent| intent["transport"] == "udp" && intent["port"] == 443);
    let first = quic.next().unwrap();
    format!("{} {}", first["outcome"], first["evidence"]).replace('"', "")
}

#[test]
fn a_quic_handshake_that_is_answered_in_part_is_not_over() {
    assert_eq!(quic_said(1), "failed_unattributed [Q-HALF]");
    assert_eq!(quic_said(usize::MAX), "ok []");
}

#[test]
fn a_request_that_is_answered_by_a_close_is_not_served() {
    let asked = |packets| Talk::open(packets, 1_000, SERVER).ask(&get("/update", NAME));
    let closed = asked(resolved()).server_ends("FA").audited();
    let wanted = ["failed_unattributed", "http", "C", "H-FIN"];
    assert_eq!(said(&closed, NAME), wanted);
    let served = asked(resolved())
        .answer(&page("200 OK", "here"))
        .server_ends("FA");
    assert_eq!(said(&served.audited(), NAME)[0], "ok");
    // What is sent to others than web servers may want no answer.
    let told = Talk::open(resolved(), 1_000, SERVER).ask(b"<13>1 a line of a log\n");
    assert_eq!(
        said(&told.server_ends("FA").audited(), NAME)[0],
        "inconclusive"
    );
}

#[test]
fn an_answer_that_is_no_tls_ends_no_handshake() {
    let banner = b"220 mail.acme.com ESMTP Postfix, and what else a mail server says of itself\r\n";
    let greeted = Talk::open(resolved(), 1_000, SERVER)
        .ask(&hello(NAME))
        .answer(banner);
    let wanted = ["failed_unattributed", "tls", "C", "L-LEFT"];
    assert_eq!(said(&greeted.client_ends().audited(), NAME), wanted);
    // What the capture has only a part of, and the client goes on with.
    let cut = Talk::open(resolved(), 1_000, SERVER)
        .ask(&hello(NAME))
        .answer(&[7; 900])
        .ask(&record(0x17, &[7; 200]))
        .answer(&[7; 200]);
    assert_eq!(said(&cut.client_ends().audited(), NAME)[0], "ok");
}

#[test]
fn a_client_that_does_not_trust_what_comes_through_a_tunnel_is_no_inspection() {
    // A whole flight of the server's, and "unknown CA" by the client (RFC 8446 section 6.2).
    let flight = [
        record(
            0x16,
            &[&[2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0x13, 1, 0]].concat(),
        ),
        record(0x16, &[14, 0, 0, 0]),
    ]
    .concat();
    let alert = record(0x15, &[2, 48]);
    let refused = |talk: Talk| {
        let talk = talk.ask(&hello(NAME)).answer(&flight).ask(&alert);
        said(&talk.client_ends().audited(), NAME)
    };
    let tunnel = Talk::open(Packets::new(), 1_000, PROXY)
        .ask(&connect("a.acme.com:443"))
        .answer(GRANTED);
    let wanted = ["failed_unattributed", "tls", "C", "L-ALERT-C"];
    assert_eq!(refused(tunnel), wanted);
    // The vendor's name at an address inside of the site, without a proxy: somebody else serves it.
    let inside = Packets::new().lookup(0, NAME, 0x8180, [1, 0, 0], &address([10, 0, 0, 81]));
    let inside = Talk::open(inside, 1_000, "10.0.0.81:443");
    let wanted = ["blocked_likely", "tls", "B", "L-ALERT-C"];
    assert_eq!(refused(inside), wanted);
}

/// What is said of a client that does not trust a server of one TTL, where that of another name has another TTL.
fn distrusted(ttl: u8, other: u8) -> [String; 4] {
    let server = [
        record(
            0x16,
            &[&[2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0x13, 1, 0]].concat(),
        ),
        record(0x16, &[14, 0, 0, 0]),
    ]
    .concat();
    let elsewhere = "198.51.100.20:443";
    let talk = |packets: Packets, millis: u64, to: &str, ttl: u8, lines: &[(bool, Vec<u8>)]| {
        let client = format!("10.0.0.5:{}", 40_000 + millis / 1000);
        let (mut own, mut back, mut at) = (1001, 5001, millis + 30);
        let mut packets = packets
            .at(millis, &client, to, "tcp S seq=1000")
            .at(
                millis + 20,
                to,
                &client,
                &format!("tcp SA seq=5000 ack=1001 ttl={ttl}"),
            )
            .at(millis + 21, &client, to, "tcp A seq=1001 ack=5001");
        for (by_client, bytes) in lines {
            let bytes_hex = hex(bytes);
            packets = if *by_client {
                let what = format!("tcp PA seq={own} ack={back} hex:{bytes_hex}");
                own += bytes.len();
                packets.at(at, &client, to, &what)
            } else {
                let what = format!("tcp PA seq={back} ack={own} ttl={ttl} hex:{bytes_hex}");
                back += bytes.len();
                packets.at(at, to, &client, &what)
            };
            at += 20;
        }
        packets.at(at, &client, to, &format!("tcp FA seq={own} ack={back}"))
    };
    let packets = resolved().lookup(
        100,
        "b.acme.com",
        0x8180,
        [1, 0, 0],
        &address([198, 51, 100, 20]),
    );
    let finish = [
        record(0x14, &[1]),
        record(0x16, &[9; 40]),
        record(0x17, &[7; 90]),
    ]
    .concat();
    let works = [
        (true, hello("b.acme.com")),
        (false, server.clone()),
        (true, finish.clone()),
        (false, finish),
    ];
    let packets = talk(packets, 1_000, elsewhere, other, &works);
    let refuses = [
        (true, hello(NAME)),
        (false, server),
        (true, record(0x15, &[2, 48])),
    ];
    said(&talk(packets, 5_000, SERVER, ttl, &refuses).audited(), NAME)
}

#[test]
fn a_machine_that_is_far_nearer_than_all_servers_is_none() {
    let (blocked, failed) = ("blocked_likely", "failed_unattributed");
    // Two routers at most, and three more to all others.
    assert_eq!(distrusted(62, 59)[0], blocked);
    assert_eq!(distrusted(62, 60)[0], failed);
    assert_eq!(distrusted(61, 50)[0], failed);
    assert_eq!(distrusted(57, 57)[0], failed);
}

/// A download over plain HTTP of which the last part never comes, where `stalls`.
fn download(packets: Packets, millis: u64, stalls: bool) -> Packets {
    let talk = Talk::open(packets, millis, SERVER)
        .ask(&get("/update", NAME))
        .answer(&page("200 OK", &"x".repeat(500)));
    if !stalls {
        return talk.client_ends();
    }
    let client = format!("10.0.0.5:{}", 40_000 + millis / 1000);
    let mut packets = talk.server_says_no_more();
    let own = 1001 + get("/update", NAME).len();
    for after in [1_000, 2_000, 4_000, 8_000] {
        let what = format!("tcp FA seq={own} ack=5100");
        packets = packets.at(millis + after, &client, SERVER, &what);
    }
    // Somebody on the way had forgotten it.
    packets.at(millis + 9_000, SERVER, &client, "tcp R seq=5100 ttl=64")
}

#[test]
fn an_aim_of_which_every_connection_stalls_is_told() {
    let outcome = |stalls: [bool; 2]| {
        let packets = download(resolved(), 1_000, stalls[0]);
        let report = download(packets, 12_000, stalls[1]).audited();
        said(&report, NAME)
    };
    assert_eq!(outcome([true, true]), ["degraded", "-", "-", "M-LATE"]);
    assert_eq!(outcome([true, false])[0], "ok");
}

#[test]
fn a_proxy_that_is_not_reached_hides_what_was_meant_for_it() {
    let mut packets = Packets::new().lookup(
        0,
        "b.acme.com",
        0x8180,
        [1, 0, 0],
        &address([203, 0, 113, 11]),
    );
    for millis in [1_000, 2_000, 4_000, 8_000] {
        packets = packets.at(millis, "10.0.0.5:40000", PROXY, "tcp S seq=1000");
    }
    let report = packets.audited();
    let wanted = ["failed_unattributed", "connect", "C", "T-SYN0"];
    assert_eq!(said(&report, "10.0.0.80"), wanted);
    assert_eq!(why(&report), "names_hidden");
    let elsewhere = Packets::new().lookup(
        0,
        "b.acme.com",
        0x8180,
        [1, 0, 0],
        &address([203, 0, 113, 11]),
    );
    assert_eq!(why(&elsewhere.audited()), "never_resolved");
}

fn why(report: &Value) -> String {
    let rows = report["requirements"].as_array().unwrap().iter();
    let mut own = rows.filter(|row| row["id"] == "acme/manager");
    own.next().unwrap()["reason"]
        .as_str()
        .unwrap_or("-")
        .to_owned()
}

#[test]
fn a_name_that_is_denied_later_stops_although_one_family_never_had_an_address() {
    let (none, denied) = (0x8180, 0x8183);
    let ask = |packets: Packets, millis: u64, kind: u8, flags: u16, answers: &[u8]| {
        let counts = [u16::from(!answers.is_empty()), 0, 0];
        let mut query = message(7, NAME, 0x0100, [0; 3], &[]);
        let mut answer = message(7, NAME, flags, counts, answers);
        let place = query.len() - 3;
        (query[place], answer[place]) = (kind, kind);
        let client = format!("10.0.0.5:{}", 41_000 + millis % 20_000);
        let resolver = "10.0.0.53:53";
        packets
            .at(
                millis,
                &client,
                resolver,
                &format!("udp hex:{}", hex(&query)),
            )
            .at(
                millis + 10,
                resolver,
                &client,
                &format!("udp hex:{}", hex(&answer)),
            )
    };
    let (a, aaaa) = (1, 28);
    let mut packets = ask(Packets::new(), 0, a, none, &address([203, 0, 113, 10]));
    packets = ask(packets, 1, aaaa, none, &[]);
    packets = Talk::open(packets, 1_000, SERVER)
        .ask(&get("/update", NAME))
        .answer(&page("200 OK", "here"))
        .client_ends();
    let later = |flags: u16, answers: &[u8], packets: Packets| {
        let packets = ask(packets, 15_000, a, flags, answers);
        ask(packets, 15_001, aaaa, flags, &[]).audited()
    };
    let again = packets.clone();
    let report = later(denied, &[], packets);
    let intents = report["intents"].as_array().unwrap();
    let stopped = intents
        .iter()
        .find(|intent| intent["evidence"][0] == "D-NX");
    assert!(
        stopped.is_some_and(|stopped| !stopped["reached_until"].is_null()),
        "{report:#}"
    );
    let fine = later(none, &address([203, 0, 113, 10]), again);
    assert_eq!(said(&fine, NAME)[0], "ok");
}
