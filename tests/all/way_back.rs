//! Captures that lack the way back: what the initiator sends proves that it was answered.

use std::time::Duration;

use pktaudit::decode::{Decoded, Segment, decode};
use pktaudit::source::OwnedFrame;

use super::capture::Capture;
use super::harness::{Sample, folder, pktaudit, write};
use super::verdicts::{Packets, address, said};

/// Whether a frame is a datagram with QUIC from the client, and its payload if so.
pub(crate) fn quic_out(frame: &OwnedFrame) -> Option<Option<Vec<u8>>> {
    let Decoded::Packet(packet) = decode(frame.link_type.0, &frame.bytes, frame.wire_length) else {
        return None;
    };
    match &packet.segment {
        Segment::Udp(datagram) if datagram.destination_port == 443 => {
            Some(Some(datagram.payload.to_vec()))
        }
        Segment::Udp(datagram) if datagram.source_port == 443 => Some(None),
        _ => None,
    }
}

/// What is said of the aim over QUIC when of its flow only the client's datagrams that are wanted are left, by their
/// number; the first one is sent again and again.
fn quic_said(wanted: impl Fn(usize, &[u8]) -> bool) -> (String, String) {
    let sample = Sample::named("quic-works");
    let capture = Capture::read(&sample.capture);
    let mut number = 0;
    let mut frames = Vec::new();
    for frame in &capture.frames {
        match quic_out(frame) {
            None => frames.push(frame.clone()),
            Some(None) => {}
            Some(Some(payload)) => {
                if wanted(number, &payload) {
                    frames.push(frame.clone());
                }
                if number == 0 {
                    for seconds in [1, 3, 20] {
                        let mut again = frame.clone();
                        again.time = again.time.plus(Duration::from_secs(seconds));
                        frames.push(again);
                    }
                }
                number += 1;
            }
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
    let mut own = intents.filter(|intent| {
        intent["attempts"].to_string().contains("203.0.113.42")
            || intent["addresses"].to_string().contains("203.0.113.42")
    });
    let intent = own.next().unwrap();
    let word = |key: &str| intent[key].as_str().unwrap_or("-").to_owned();
    (
        word("outcome"),
        intent["evidence"][0].as_str().unwrap_or("-").to_owned(),
    )
}

const LONG: u8 = 0x80;

#[test]
fn quic_that_goes_on_was_answered() {
    let inconclusive = ("inconclusive".to_owned(), "-".to_owned());
    let failed = ("failed_unattributed".to_owned(), "Q-DROP".to_owned());
    // Nothing but the first Initial, again and again.
    assert_eq!(quic_said(|number, _| number == 0), failed);
    // All of the client's, with one attempt that the server turned away after a single datagram.
    assert_eq!(quic_said(|_, _| true), inconclusive);
    // The same hello under an id of the server's: a Retry came between.
    assert_eq!(quic_said(|number, _| number < 2), inconclusive);
    // A Handshake packet alone.
    assert_eq!(quic_said(|number, _| matches!(number, 0 | 2)), inconclusive);
    // Packets with short headers alone.
    let short = |number: usize, payload: &[u8]| number == 0 || number < 8 && payload[0] & LONG == 0;
    assert_eq!(quic_said(short), inconclusive);
}

const NAME: &str = "a.acme.com";
const CLIENT: &str = "10.0.0.5:40000";
const SERVER: &str = "203.0.113.10:443";

fn opened() -> Packets {
    Packets::new()
        .lookup(0, NAME, 0x8180, [1, 0, 0], &address([203, 0, 113, 10]))
        .at(100, CLIENT, SERVER, "tcp S seq=1000 ip_id=1")
        .at(1100, CLIENT, SERVER, "tcp S seq=1000 ip_id=2")
        .at(3100, CLIENT, SERVER, "tcp S seq=1000 ip_id=3")
}

#[test]
fn tcp_that_goes_on_was_answered() {
    let outcome = |packets: Packets| said(&packets.audited(), NAME)[0].clone();
    let silent = opened().at(7100, CLIENT, SERVER, "tcp S seq=1000 ip_id=4");
    assert_eq!(outcome(silent), "failed_unattributed");
    let acknowledged = || opened().at(3120, CLIENT, SERVER, "tcp A seq=1001 ack=5001");
    assert_eq!(outcome(acknowledged()), "inconclusive");
    let spoken = acknowledged()
        .at(
            3121,
            CLIENT,
            SERVER,
            "tcp PA seq=1001 ack=5001 hex:1603010001",
        )
        .at(3150, CLIENT, SERVER, "tcp A seq=1006 ack=9000");
    assert_eq!(outcome(spoken), "inconclusive");
    // It closes, and all that it sends besides was lost by the tap.
    let closed = opened().at(3120, CLIENT, SERVER, "tcp FA seq=1501 ack=9000");
    assert_eq!(outcome(closed), "inconclusive");
    // A device refuses the first SYN for a moment; a later one is answered where the tap is not.
    let refused = |packets: Packets| {
        packets.at(
            101,
            "10.0.0.1",
            "10.0.0.5",
            "icmp unreachable code=1 quoting 3",
        )
    };
    assert_eq!(outcome(refused(opened())), "failed_unattributed");
    assert_eq!(outcome(refused(acknowledged())), "inconclusive");
}
