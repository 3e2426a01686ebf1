//! Further paths of a connection (Multipath TCP, RFC 8684), beside connections that only look so.

use serde_json::Value;

use super::traffic::{client_hello, record};
use super::verdicts::{Packets, address, hex, said};

const NAME: &str = "a.acme.com";
const CLIENT: &str = "10.0.0.5:40000";
const SERVER: &str = "203.0.113.10:443";
const PATH: &str = "10.0.0.5:40001";
const OTHER: &str = "198.51.100.99:443";
/// The server's key, and what it makes of it: the first four bytes of the key's SHA-256.
const CAPABLE: &str = "options:1e0c01010102030405060708";
const JOIN: &str = "options:1e0c100266840dda09090909";
const STRANGE: &str = "options:1e0c100211223344a9a9a9a9";
const JOINED: &str = "options:1e1010010707070707070707c9c9c9c9";

/// A connection of several paths, on which the server answers to the end.
fn opened() -> Packets {
    let hello = record(0x16, &client_hello(Some(NAME), false));
    let said = format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&hello));
    let next = 1001 + hello.len();
    let syn_ack = format!("tcp SA seq=5000 ack=1001 {CAPABLE}");
    let flight = [
        record(
            0x16,
            &[&[2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0x13, 1, 0]].concat(),
        ),
        record(0x14, &[1]),
        record(0x16, &[8; 40]),
    ]
    .concat();
    let answer = format!("tcp PA seq=5001 ack={next} hex:{}", hex(&flight));
    let back = 5001 + flight.len();
    let done = [
        record(0x14, &[1]),
        record(0x16, &[8; 40]),
        record(0x17, &[7; 90]),
    ]
    .concat();
    let last = format!("tcp PA seq={next} ack={back} hex:{}", hex(&done));
    let data = hex(&record(0x17, &[7; 90]));
    let end = next + done.len();
    let served = format!("tcp PA seq={back} ack={end} hex:{data}");
    Packets::new()
        .lookup(0, NAME, 0x8180, [1, 0, 0], &address([203, 0, 113, 10]))
        .at(100, CLIENT, SERVER, "tcp S seq=1000 options:1e040101")
        .at(120, SERVER, CLIENT, &syn_ack)
        .at(121, CLIENT, SERVER, "tcp A seq=1001 ack=5001")
        .at(122, CLIENT, SERVER, &said)
        .at(143, SERVER, CLIENT, &answer)
        .at(150, CLIENT, SERVER, &last)
        .at(171, SERVER, CLIENT, &served)
}

fn joins(option: &str) -> Packets {
    let syn = format!("tcp S seq=2000 {option}");
    opened().at(200, PATH, OTHER, &syn)
}

fn answered(packets: Packets, option: &str) -> Value {
    let answer = format!("tcp SA seq=7000 ack=2001 {option}");
    packets
        .at(220, OTHER, PATH, &answer)
        .at(221, PATH, OTHER, "tcp A seq=2001 ack=7001")
        .at(
            230,
            PATH,
            OTHER,
            "tcp PA seq=2001 ack=7001 hex:1703030001aa",
        )
        .at(
            250,
            OTHER,
            PATH,
            "tcp PA seq=7001 ack=2007 hex:1703030001aa",
        )
        .audited()
}

fn silent(mut packets: Packets, option: &str) -> Value {
    for millis in [1200, 3200, 7200] {
        packets = packets.at(millis, PATH, OTHER, &format!("tcp S seq=2000 {option}"));
    }
    packets.audited()
}

fn about(report: &Value, ip: &str) -> Vec<(String, String)> {
    let intents = report["intents"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    intents
        .filter(|intent| {
            intent["addresses"]
                .as_array()
                .unwrap()
                .iter()
                .any(|a| a == ip)
        })
        .map(|intent| (word(&intent["fqdn"]), word(&intent["outcome"])))
        .collect()
}

fn pair(name: &str, outcome: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), outcome.to_owned())]
}

#[test]
fn a_further_path_belongs_to_its_connection() {
    let report = answered(joins(JOIN), JOINED);
    assert_eq!(about(&report, "198.51.100.99"), pair(NAME, "ok"));
    let flows = report["flows"].to_string();
    assert!(flows.contains("mptcp_join"), "{flows}");
    // The token of nobody: a connection by itself.
    let strange = answered(joins(STRANGE), JOINED);
    assert_eq!(about(&strange, "198.51.100.99")[0].0, "-");
    // Who answers does not know the connection.
    let alone = answered(joins(JOIN), "");
    assert_eq!(about(&alone, "198.51.100.99")[0].0, "-");
}

#[test]
fn a_further_path_that_fails_stops_nothing() {
    let report = silent(joins(JOIN), JOIN);
    assert_eq!(said(&report, NAME)[0], "degraded");
    // Without the token it is a failure of its own.
    let strange = silent(joins(STRANGE), STRANGE);
    assert_eq!(said(&strange, NAME)[0], "ok");
}
