//! Zeek's words for how a connection went, each beside one that only looks so.

use std::time::Duration;

use pktaudit::source::OwnedFrame;

use super::capture::Capture;
use super::harness::{folder, pktaudit, write};
use super::verdicts::{address, hex, message};

const CLIENT: &str = "10.0.0.5:40000";
const SERVER: &str = "203.0.113.10:443";

/// The states of all flows of packets a tenth of a second apart, `>` from the client and `<` from the server.
fn states(packets: &[&str]) -> Vec<String> {
    let mut script = String::new();
    for (number, packet) in packets.iter().enumerate() {
        let (from, what) = packet.split_once(' ').unwrap();
        let (source, destination) = match from {
            ">" => (CLIENT, SERVER),
            _ => (SERVER, CLIENT),
        };
        let (seconds, tenth) = (number / 10, number % 10);
        script += &format!("{seconds}.{tenth} {source} > {destination} tcp {what}\n");
    }
    of_script(&script)
}

fn of_script(script: &str) -> Vec<String> {
    let folder = folder();
    let path = write(&folder, "capture", Capture::scripted(script).to_bytes());
    let report = pktaudit(["audit", "--format", "json", &path]).run().json();
    let flows = report["flows"].as_array().unwrap().iter();
    flows
        .map(|flow| flow["conn_state"].as_str().unwrap().to_owned())
        .collect()
}

const SYN: &str = "> S seq=1000";
const SYN_ACK: &str = "< SA seq=5000 ack=1001";
const ACK: &str = "> A seq=1001 ack=5001";
const ASKS: &str = "> PA seq=1001 ack=5001 hex:6869";
const ANSWERS: &str = "< PA seq=5001 ack=1003 hex:6869";

#[test]
fn the_first_reset_decides_who_aborted() {
    let open = [SYN, SYN_ACK, ACK, ASKS, ANSWERS];
    let with = |rest: &[&str]| states(&[&open[..], rest].concat());
    let (own, theirs) = ("> R seq=1003", "< R seq=5003");
    assert_eq!(with(&[own, theirs]), ["RSTO"]);
    assert_eq!(with(&[theirs, own]), ["RSTR"]);
    assert_eq!(with(&[own]), ["RSTO"]);
    assert_eq!(with(&[theirs]), ["RSTR"]);
}

#[test]
fn nothing_is_rejected_that_was_not_asked() {
    let refusal = "< RA seq=0 ack=1001";
    assert_eq!(states(&[SYN, refusal]), ["REJ"]);
    let later = states(&["> A seq=1001 ack=5001", "< R seq=5001"]);
    assert_eq!(later.len(), 1);
    assert_ne!(later, ["REJ"]);
}

#[test]
fn an_opening_whose_syn_was_not_captured() {
    let (fin, answer) = ("> FA seq=1003 ack=5003", "< FA seq=5003 ack=1004");
    assert_eq!(states(&[SYN_ACK, ACK, ASKS, ANSWERS]), ["S1"]);
    assert_eq!(states(&[SYN_ACK, ACK, ASKS, ANSWERS, fin, answer]), ["SF"]);
    // Nobody took it.
    assert_eq!(states(&[SYN_ACK]), ["OTH"]);
    assert_eq!(states(&[SYN_ACK, "> R seq=1001"]), ["RSTO"]);
}

#[test]
fn a_reset_after_both_have_closed_is_an_echo() {
    let open = [SYN, SYN_ACK, ACK, ASKS, ANSWERS];
    let (fin, answer) = ("> FA seq=1003 ack=5003", "< FA seq=5003 ack=1004");
    let with = |rest: &[&str]| states(&[&open[..], rest].concat());
    assert_eq!(with(&[fin, answer, "> R seq=1004"]), ["SF"]);
    assert_eq!(with(&[fin, answer, "< R seq=5004"]), ["SF"]);
    // Only one side has.
    assert_eq!(with(&[fin, "< R seq=5003"]), ["RSTR"]);
    assert_eq!(with(&[answer, "> R seq=1003"]), ["RSTO"]);
}

/// A frame of IPv4 in Ethernet as two fragments, the second from byte `at` of what IP carries.
fn fragments(frame: &OwnedFrame, at: usize) -> [OwnedFrame; 2] {
    const ETHERNET: usize = 14;
    const IP: usize = 20;
    let part = |start: usize, end: usize, flags: usize| {
        let mut bytes = frame.bytes[..ETHERNET + IP].to_vec();
        bytes.extend(&frame.bytes[ETHERNET + IP + start..ETHERNET + IP + end]);
        let place = u16::try_from((flags << 13) | (start / 8)).unwrap();
        let length = u16::try_from(IP + end - start).unwrap();
        bytes[ETHERNET + 2..ETHERNET + 4].copy_from_slice(&length.to_be_bytes());
        bytes[ETHERNET + 6..ETHERNET + 8].copy_from_slice(&place.to_be_bytes());
        OwnedFrame {
            wire_length: u32::try_from(bytes.len()).unwrap(),
            bytes,
            ..frame.clone()
        }
    };
    let all = frame.bytes.len() - ETHERNET - IP;
    [part(0, at, 1), part(at, all, 0)]
}

#[test]
fn a_datagram_in_fragments_opens_the_flow_at_its_first_one() {
    let (one, other) = ("10.0.0.5:5000", "10.0.0.9:6000");
    let opener = |millis: u64| {
        let script = format!(
            "0.1 {one} > {other} udp ip_id=7 fill:64\n0.2 {other} > {one} udp fill:64\n0.3 {one} > {other} udp ip_id=8 fill:64\n"
        );
        let capture = Capture::scripted(&script);
        let [first, mut rest] = fragments(&capture.frames[0], 40);
        // The rest comes when the other side has spoken.
        rest.time = rest.time.plus(Duration::from_millis(150));
        let mut answer = capture.frames[1].clone();
        answer.time = first.time.plus(Duration::from_millis(millis));
        let mut frames = vec![first, rest, answer, capture.frames[2].clone()];
        if millis == 0 {
            frames[0].time = frames[0].time.plus(Duration::from_millis(10));
        }
        frames.sort_by_key(|frame| frame.time);
        let folder = folder();
        let path = write(&folder, "capture", capture.with(frames).to_bytes());
        let report = pktaudit(["audit", "--format", "json", &path]).run().json();
        let flow = &report["flows"][0];
        assert_eq!(flow["conn_state"], "SF");
        flow["initiator"]["ip"].as_str().unwrap().to_owned()
    };
    assert_eq!(opener(100), "10.0.0.5");
    // The other side spoke before it.
    assert_eq!(opener(0), "10.0.0.9");
}

/// A name that is looked up, the connection to it, and the clock set back 40 seconds between the two: what is said of the
/// connection, read as one file and as two.
fn across_the_step(answer: &str) -> [(String, String, String); 2] {
    let query = hex(&message(7, "a.acme.com", 0x0100, [0; 3], &[]));
    let before = format!(
        "1.0 {CLIENT} > {SERVER} tcp S seq=1\n1.1 {SERVER} > {CLIENT} tcp RA seq=0 ack=2\n\
         100.0 10.0.0.5:41000 > 10.0.0.53:53 udp hex:{query}\n100.1 10.0.0.53:53 > 10.0.0.5:41000 udp hex:{answer}\n\
         100.2 10.0.0.5:40001 > {SERVER} tcp S seq=1000\n100.3 {SERVER} > 10.0.0.5:40001 tcp SA seq=5000 ack=1001\n\
         100.4 10.0.0.5:40001 > {SERVER} tcp A seq=1001 ack=5001\n"
    );
    let behind = format!(
        "60.5 10.0.0.5:40001 > {SERVER} tcp PA seq=1001 ack=5001 hex:6869\n\
         60.6 {SERVER} > 10.0.0.5:40001 tcp PA seq=5001 ack=1003 hex:6869\n\
         61.0 10.0.0.5:40002 > {SERVER} tcp S seq=2000\n61.1 {SERVER} > 10.0.0.5:40002 tcp SA seq=7000 ack=2001\n\
         61.2 10.0.0.5:40002 > {SERVER} tcp A seq=2001 ack=7001\n"
    );
    let folder = folder();
    let file = |name, script: &str| write(&folder, name, Capture::scripted(script).to_bytes());
    let whole = file("whole", &(before.clone() + &behind));
    let (one, other) = (file("one", &before), file("other", &behind));
    let said = |files: &[&str]| {
        let arguments = [&["audit", "--format", "json"], files].concat();
        let report = pktaudit(arguments).run().json();
        let flows = report["flows"].as_array().unwrap().iter();
        let mut flows: Vec<String> = flows
            .filter(|flow| flow["responder"]["port"] == 443)
            .map(|flow| {
                let names: Vec<&str> = flow["names"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|name| {
                        name["fqdn"]
                            .as_str()
                            .or(name["name"].as_str())
                            .unwrap_or("?")
                    })
                    .collect();
                format!(
                    "{} {} {names:?}",
                    flow["initiator"]["port"], flow["conn_state"]
                )
            })
            .collect();
        flows.sort();
        assert_eq!(flows.len(), 3, "{flows:#?}");
        (flows[0].clone(), flows[1].clone(), flows[2].clone())
    };
    [said(&[&whole]), said(&[&other, &one])]
}

#[test]
fn a_clock_that_is_set_back_keeps_flows_and_names_together() {
    let answer = |ip| hex(&message(7, "a.acme.com", 0x8180, [1, 0, 0], &address(ip)));
    let [whole, cut] = across_the_step(&answer([203, 0, 113, 10]));
    assert_eq!(whole, cut);
    assert_eq!(whole.1, "40001 \"S1\" [\"a.acme.com\"]");
    assert_eq!(whole.2, "40002 \"S1\" [\"a.acme.com\"]");
    let [whole, cut] = across_the_step(&answer([203, 0, 113, 99]));
    assert_eq!(whole, cut);
    assert_eq!(whole.2, "40002 \"S1\" []");
}
