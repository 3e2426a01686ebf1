//! What the device that decides says itself: records of its log beside a capture, words of the capturing host, files of
//! nothing but drops.

use std::time::Duration;

use pktaudit::source::{LinkType, OwnedFrame};
use serde_json::Value;

use super::capture::Capture;
use super::harness::{folder, pktaudit, write};
use super::verdicts::{Packets, RULES, SITE, address, said};

const SERVER: &str = "203.0.113.7:443";
/// Ten bytes.
const DATA: &str = "41414141414141414141";

/// Another host reaches the server, then the client's SYNs die: a rule on the source, by the pattern.
fn stopped() -> Capture {
    let client = "10.0.0.5:50000";
    let other = "10.0.0.6:50000";
    let script = Packets::new()
        .lookup(
            0,
            "a.acme.com",
            0x8180,
            [1, 0, 0],
            &address([203, 0, 113, 7]),
        )
        .at(500, other, SERVER, "tcp S seq=1")
        .at(520, SERVER, other, "tcp SA seq=7 ack=2")
        .at(521, other, SERVER, "tcp A seq=2 ack=8")
        .at(
            530,
            other,
            SERVER,
            &format!("tcp PA seq=2 ack=8 hex:{DATA}"),
        )
        .at(
            550,
            SERVER,
            other,
            &format!("tcp PA seq=8 ack=12 hex:{DATA}"),
        )
        .at(1_000, client, SERVER, "tcp S seq=900")
        .at(2_000, client, SERVER, "tcp S seq=900")
        .at(4_000, client, SERVER, "tcp S seq=900")
        .at(60_000, "10.0.0.6:5000", "198.18.0.1:9", "udp hex:00")
        .at(60_010, "198.18.0.1:9", "10.0.0.6:5000", "udp hex:00");
    Capture::scripted(&script.into_text())
}

/// The client's SYNs as a device's log holds them: the header before the packet, `late` behind the capture.
fn log(of: &Capture, link_type: u16, header: &[u8], late: Duration) -> Capture {
    let syns = of.frames.iter().filter(|frame| {
        let ports = frame.bytes.get(34..38);
        ports == Some(&[0xc3, 0x50, 0x01, 0xbb]) && frame.bytes.get(29) == Some(&5)
    });
    let record = |frame: &OwnedFrame| OwnedFrame {
        link_type: LinkType(link_type),
        bytes: [header, &frame.bytes[14..]].concat(),
        wire_length: frame.wire_length - 14 + header.len() as u32,
        time: frame.time.plus(late),
        ..frame.clone()
    };
    let records: Vec<OwnedFrame> = syns.map(record).collect();
    assert_eq!(records.len(), 3);
    of.with(records)
}

/// As OpenBSD writes it; 100 bytes, action, rule 5 on em0.
fn pf(action: u8) -> Vec<u8> {
    let mut header = vec![100, 2, action, 0];
    header.extend(*b"em0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    header.extend([0; 16]);
    header.extend(5_u32.to_be_bytes());
    header.extend(u32::MAX.to_be_bytes());
    header.resize(100, 0);
    header
}

/// As Linux writes it: hook forward, a prefix of eight bytes, then the packet of 40 bytes.
fn netfilter(prefix: &[u8; 8]) -> Vec<u8> {
    let mut header = vec![2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 2, 0, 12, 0, 10, 0];
    header.extend(prefix);
    header.extend([44, 0, 9, 0]);
    header
}

fn audited(captures: &[&Capture], dropped: &[&Capture]) -> Value {
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES);
    let site = write(&folder, "site.toml", SITE);
    let mut arguments: Vec<String> = [
        "audit", "--format", "json", "--rules", &rules, "--site", &site,
    ]
    .map(str::to_owned)
    .to_vec();
    for (number, capture) in captures.iter().enumerate() {
        arguments.push(write(&folder, &format!("c{number}"), capture.to_bytes()));
    }
    for (number, capture) in dropped.iter().enumerate() {
        arguments.push("--dropped".to_owned());
        arguments.push(write(&folder, &format!("d{number}"), capture.to_bytes()));
    }
    pktaudit(&arguments).run().json()
}

#[test]
fn without_a_devices_word_it_is_a_pattern() {
    let report = audited(&[&stopped()], &[]);
    assert_eq!(
        said(&report, "a.acme.com"),
        ["blocked_likely", "connect", "B", "T-SYN0"]
    );
}

#[test]
fn pf_says_which_rule_dropped_it() {
    let capture = stopped();
    let log = log(&capture, 117, &pf(1), Duration::from_micros(30));
    for order in [[&capture, &log], [&log, &capture]] {
        let report = audited(&order, &[]);
        assert_eq!(
            said(&report, "a.acme.com"),
            ["blocked_confirmed", "connect", "A", "F-PFLOG"]
        );
        assert!(
            report
                .to_string()
                .contains("pf stopped it by rule 5 on em0"),
            "{report:#}"
        );
    }
}

#[test]
fn a_pass_of_pf_takes_the_block_away() {
    let capture = stopped();
    let log = log(&capture, 117, &pf(0), Duration::from_micros(30));
    let report = audited(&[&capture, &log], &[]);
    assert_eq!(
        said(&report, "a.acme.com"),
        ["failed_unattributed", "connect", "C", "T-SYN0"]
    );
}

#[test]
fn a_log_of_netfilter_says_what_its_rules_author_wrote() {
    let capture = stopped();
    // Its records are up to a second late.
    let late = Duration::from_secs(1);
    let denied = log(&capture, 239, &netfilter(b"FW DENY\0"), late);
    let report = audited(&[&capture, &denied], &[]);
    assert_eq!(
        said(&report, "a.acme.com"),
        ["blocked_confirmed", "connect", "A", "F-NFLOG"]
    );
    let noted = log(&capture, 239, &netfilter(b"FW NEW \0"), late);
    let report = audited(&[&capture, &noted], &[]);
    assert_eq!(
        said(&report, "a.acme.com"),
        ["blocked_likely", "connect", "B", "T-SYN0"]
    );
    let passed = log(&capture, 239, &netfilter(b"FW PASS\0"), late);
    let report = audited(&[&capture, &passed], &[]);
    assert_eq!(
        said(&report, "a.acme.com"),
        ["failed_unattributed", "connect", "C", "T-SYN0"]
    );
}

#[test]
fn what_a_log_does_not_hold_is_not_missing() {
    let capture = stopped();
    let log = log(&capture, 117, &pf(0), Duration::ZERO);
    let report = audited(&[&log], &[]);
    let [outcome, _, _, evidence] = said(&report, "203.0.113.7");
    assert!(
        ["inconclusive", "unnamed"].contains(&outcome.as_str()),
        "{outcome}"
    );
    assert_eq!(evidence, "-");
}

#[test]
fn devices_drop_stray_packets_of_connections_that_work() {
    let capture = stopped();
    let (client, other) = ("10.0.0.5:50000", "10.0.0.6:5000");
    let working = Packets::new()
        .lookup(
            0,
            "a.acme.com",
            0x8180,
            [1, 0, 0],
            &address([203, 0, 113, 7]),
        )
        .at(1_000, client, SERVER, "tcp S seq=900")
        .at(1_020, SERVER, client, "tcp SA seq=7 ack=901")
        .at(1_021, client, SERVER, "tcp A seq=901 ack=8")
        .at(
            1_030,
            client,
            SERVER,
            &format!("tcp PA seq=901 ack=8 hex:{DATA}"),
        )
        .at(
            1_050,
            SERVER,
            client,
            &format!("tcp PA seq=8 ack=911 hex:{DATA}"),
        )
        .at(60_000, other, "198.18.0.1:9", "udp hex:00")
        .at(60_010, "198.18.0.1:9", other, "udp hex:00");
    let working = Capture::scripted(&working.into_text());
    let without = said(&audited(&[&working], &[]), "a.acme.com");
    let log = log(&capture, 117, &pf(1), Duration::ZERO);
    assert_eq!(
        said(&audited(&[&working, &log], &[]), "a.acme.com"),
        without
    );
    assert_ne!(without[0], "blocked_confirmed");
}

#[test]
fn a_file_of_drops_says_it_of_all_that_it_holds() {
    let capture = stopped();
    let frames = capture
        .frames
        .iter()
        .filter(|frame| frame.bytes.get(29) == Some(&5));
    let tcp = frames.filter(|frame| frame.bytes.get(23) == Some(&6));
    let drops = capture.with(tcp.cloned());
    let report = audited(&[&capture], &[&drops]);
    assert_eq!(
        said(&report, "a.acme.com"),
        ["blocked_confirmed", "connect", "A", "F-DROPFILE"]
    );
}

/// A packet block with its verdict option: kind 2, a code.
fn with_verdict(capture: &Capture, application: &str, code: u64) -> Vec<u8> {
    let block = |kind: u32, mut body: Vec<u8>| {
        body.resize(body.len().next_multiple_of(4), 0);
        let length = body.len() as u32 + 12;
        [
            &kind.to_le_bytes()[..],
            &length.to_le_bytes(),
            &body,
            &length.to_le_bytes(),
        ]
        .concat()
    };
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0]);
    section.extend(u64::MAX.to_le_bytes());
    section.extend([4, 0, application.len() as u8, 0]);
    section.extend(application.bytes());
    section.resize(section.len().next_multiple_of(4), 0);
    section.extend([0; 4]);
    let mut out = block(0x0a0d_0d0a, section);
    out.extend(block(1, vec![1, 0, 0, 0, 0, 0, 4, 0]));
    for frame in &capture.frames {
        let micros = frame.time.as_nanos() / 1000;
        let length = frame.bytes.len() as u32;
        let mut body = 0_u32.to_le_bytes().to_vec();
        body.extend(((micros >> 32) as u32).to_le_bytes());
        body.extend((micros as u32).to_le_bytes());
        body.extend(length.to_le_bytes());
        body.extend(frame.wire_length.to_le_bytes());
        body.extend(&frame.bytes);
        body.resize(body.len().next_multiple_of(4), 0);
        let is_dropped =
            frame.bytes.get(34..36) == Some(&[0xc3, 0x50]) && frame.bytes.get(29) == Some(&5);
        if is_dropped {
            body.extend([7, 0, 9, 0, 2]);
            body.extend(code.to_le_bytes());
            body.extend([0; 3]);
            body.extend([0; 4]);
        }
        out.extend(block(6, body));
    }
    out
}

#[test]
fn the_capturing_host_says_that_it_dropped_it() {
    let capture = stopped();
    let cases = [
        ("xdpdump", 1, "F-XDP", "blocked_confirmed"),
        ("xdpdump", 0, "F-XDP", "blocked_confirmed"),
        // It left by another interface: what becomes of it then is not known.
        ("xdpdump", 4, "T-SYN0", "failed_unattributed"),
        ("etl2pcapng", 1, "F-WINDOWS", "blocked_confirmed"),
    ];
    for (application, code, evidence, outcome) in cases {
        let folder = folder();
        let rules = write(&folder, "acme.toml", RULES);
        let site = write(&folder, "site.toml", SITE);
        let file = write(&folder, "c", with_verdict(&capture, application, code));
        let arguments = [
            "audit", "--format", "json", "--rules", &rules, "--site", &site, &file,
        ];
        let report = pktaudit(arguments).run().json();
        let said = said(&report, "a.acme.com");
        assert_eq!(
            (said[0].as_str(), said[3].as_str()),
            (outcome, evidence),
            "{application} {code}"
        );
    }
}
