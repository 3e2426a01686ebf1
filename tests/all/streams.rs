//! Tunnels that are streams of one HTTP/2 connection to a proxy in clear: each is a try of its own. Hits, and their
//! innocent twins.

use serde_json::Value;

use super::hidden_names::{asked, of};
use super::verdicts::{Packets, RULES, SITE, hex};

const PROXY: &str = "10.0.0.80:3128";
const CLIENT: &str = "10.0.0.5:40000";

/// A frame (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![
        0,
        0,
        u8::try_from(payload.len()).unwrap(),
        kind,
        flags,
        0,
        0,
        0,
        stream,
    ];
    out.extend(payload);
    out
}

/// A request for a tunnel, every header said in full and taken into the table.
fn connect(stream: u8, target: &str) -> Vec<u8> {
    let mut block = b"\x42\x07CONNECT\x41".to_vec();
    block.push(u8::try_from(target.len()).unwrap());
    block.extend(target.bytes());
    frame(1, 4, stream, &block)
}

/// An answer with a status that is said in full.
fn status(stream: u8, status: &str) -> Vec<u8> {
    let mut block = vec![0x48, 3];
    block.extend(status.bytes());
    frame(1, 4, stream, &block)
}

/// What is told of a connection on which both sides take turns.
fn told(turns: &[(bool, Vec<u8>)]) -> Value {
    let mut packets = asked(Packets::new(), 0, "proxy.test")
        .at(100, CLIENT, PROXY, "tcp S seq=1000")
        .at(120, PROXY, CLIENT, "tcp SA seq=5000 ack=1001 ttl=63")
        .at(121, CLIENT, PROXY, "tcp A seq=1001 ack=5001");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = frame(4, 0, 0, &[]);
    let open = [
        (true, [&preface[..], &settings].concat()),
        (false, settings.clone()),
    ];
    let (mut own, mut back) = (1001, 5001);
    for (at, (from_client, bytes)) in (0_u64..).zip(open.iter().chain(turns)) {
        let data = hex(bytes);
        let (from, to, seq, ack) = match from_client {
            true => (CLIENT, PROXY, own, back),
            false => (PROXY, CLIENT, back, own),
        };
        let line = format!("tcp PA seq={seq} ack={ack} ttl=64 hex:{data}");
        packets = packets.at(200 + 50 * at, from, to, &line);
        match from_client {
            true => own += bytes.len(),
            false => back += bytes.len(),
        }
    }
    // The client waits, and ends it.
    let end = format!("tcp FA seq={own} ack={back}");
    let last = format!("tcp A seq={back} ack={own} ttl=64");
    let bye = format!("tcp FA seq={back} ack={} ttl=64", own + 1);
    packets
        .at(9_000, PROXY, CLIENT, &last)
        .at(20_000, CLIENT, PROXY, &end)
        .at(20_010, PROXY, CLIENT, &bye)
        .audited_under(&RULES.replace("\"*.acme.com\"", "\"b.acme.com\""), SITE)
}

/// How it went with the first row, and with what evidence.
fn first(report: &Value) -> (&str, Vec<&str>) {
    let intents = report["intents"].as_array().unwrap();
    let intent = intents.iter().find(|i| i["fqdn"] == "a.acme.com").unwrap();
    let evidence = intent["evidence"].as_array().unwrap().iter();
    (
        intent["outcome"].as_str().unwrap(),
        evidence.filter_map(Value::as_str).collect(),
    )
}

#[test]
fn each_stream_is_a_try() {
    let a = (true, connect(1, "a.acme.com:443"));
    let b = (true, connect(3, "b.acme.com:443"));
    let inside = |stream| (true, frame(0, 0, stream, b"hello"));
    let page = |stream| (false, frame(0, 0, stream, b"page"));
    let ok = |stream| (false, status(stream, "200"));
    let report = told(&[
        a.clone(),
        b.clone(),
        (false, status(3, "403")),
        ok(1),
        inside(1),
        page(1),
    ]);
    assert_eq!(first(&report), ("ok", vec![]));
    assert_eq!(of(&report, "manager").0, "satisfied");
    assert_eq!(of(&report, "others").0, "blocked");
    let both = told(&[
        a.clone(),
        b,
        ok(3),
        ok(1),
        inside(1),
        inside(3),
        page(3),
        page(1),
    ]);
    assert_eq!(of(&both, "others").0, "satisfied");
    assert_eq!(of(&both, "manager").0, "satisfied");
    // The second request and answer are references to the first.
    let again = frame(1, 4, 3, b"\xbf\x41\x0eb.acme.com:443");
    let denied = told(&[
        a.clone(),
        (false, status(1, "403")),
        (true, again),
        (false, frame(1, 4, 3, &[0xbe])),
    ]);
    assert_eq!(of(&denied, "manager").0, "blocked");
    assert_eq!(of(&denied, "others").0, "blocked");
}

#[test]
fn what_is_granted_is_not_yet_reached() {
    let a = (true, connect(1, "a.acme.com:443"));
    let ok = (false, status(1, "200"));
    let inside = (true, frame(0, 0, 1, b"hello"));
    let reset = |code: u8| (false, frame(3, 0, 1, &[0, 0, 0, code]));
    let alert = (false, frame(0, 0, 1, &[0x15, 3, 3, 0, 2, 2, 40]));
    let unread = (false, frame(1, 4, 1, &[0xbe]));
    for (turns, outcome, code) in [
        (vec![ok.clone()], "inconclusive", None),
        (
            vec![ok.clone(), inside.clone()],
            "failed_unattributed",
            Some("T-POSTACK"),
        ),
        (
            vec![ok.clone(), inside.clone(), alert],
            "failed_unattributed",
            Some("L-ALERT-S"),
        ),
        (vec![reset(10)], "failed_unattributed", Some("H-GATEWAY")),
        (vec![reset(7)], "failed_unattributed", Some("H-SILENT")),
        (vec![], "failed_unattributed", Some("H-SILENT")),
        (
            vec![(false, status(1, "407"))],
            "blocked_likely",
            Some("H-CONNECT"),
        ),
        (vec![unread], "inconclusive", None),
    ] {
        let turns = [vec![a.clone()], turns].concat();
        let report = told(&turns);
        let (was, evidence) = first(&report);
        assert_eq!(
            (was, evidence.first().copied()),
            (outcome, code),
            "{turns:?}"
        );
    }
}
