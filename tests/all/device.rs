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

/// A lookup of the vendor's name at its address.
fn asked() -> Packets {
    Packets::new().lookup(
        0,
        "a.acme.com",
        0x8180,
        [1, 0, 0],
        &address([203, 0, 113, 7]),
    )
}

/// Another host reaches the server, then the client's SYNs die: a rule on the source, by the pattern.
fn stopped() -> Capture {
    let client = "10.0.0.5:50000";
    let other = "10.0.0.6:50000";
    let script = asked()
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
    let working = asked()
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

/// The capture as `fw monitor` writes it: each frame at the places that are told of it, some hundred microseconds apart.
fn monitored(capture: &Capture, places: impl Fn(&OwnedFrame) -> &'static str) -> Capture {
    let seen = capture.frames.iter().flat_map(|frame| {
        let out = frame.bytes.get(26) == Some(&10);
        places(frame).bytes().enumerate().map(move |(nth, place)| {
            let name: &[u8; 4] = match (matches!(place, b'i' | b'I'), out) {
                (true, true) | (false, false) => b"eth0",
                _ => b"eth1",
            };
            let header = [&[place, b'2'], &name[..], &[0; 6]].concat();
            OwnedFrame {
                bytes: [&header, &frame.bytes[12..]].concat(),
                time: frame.time.plus(Duration::from_micros(700) * nth as u32),
                ..frame.clone()
            }
        })
    });
    capture.with(seen)
}

/// Whether it is one of the client's SYNs.
fn is_syn_of_client(frame: &OwnedFrame) -> bool {
    frame.bytes.get(29) == Some(&5) && frame.bytes.get(34..38) == Some(&[0xc3, 0x50, 0x01, 0xbb])
}

#[test]
fn a_gateways_inbound_chain_took_it_and_gave_it_no_further() {
    let at_i = |frame: &OwnedFrame| if is_syn_of_client(frame) { "i" } else { "iIoO" };
    let capture = monitored(&stopped(), at_i);
    let report = audited(&[&capture], &[]);
    assert_eq!(
        said(&report, "a.acme.com"),
        ["blocked_confirmed", "connect", "A", "F-CHAIN"]
    );
    // Places of one packet are one packet.
    let copies = &report["capture"]["frames"]["copies"];
    assert_eq!(
        copies,
        &Value::from(3 * (stopped().frames.len() - 3)),
        "{report:#}"
    );
    let at_o = |frame: &OwnedFrame| {
        if is_syn_of_client(frame) {
            "iIo"
        } else {
            "iIoO"
        }
    };
    let report = audited(&[&monitored(&stopped(), at_o)], &[]);
    assert_eq!(said(&report, "a.acme.com")[3], "F-CHAIN");
    assert!(report.to_string().contains("outbound chain dropped it"));
}

#[test]
fn what_a_chain_does_not_show_is_no_drop_without_proof() {
    let at_i = |frame: &OwnedFrame| if is_syn_of_client(frame) { "i" } else { "iIoO" };
    // One place alone was recorded.
    let one_place = monitored(&stopped(), |_| "i");
    // It left the gateway: what stops it lies behind.
    let through = monitored(&stopped(), |_| "iIoO");
    // A frame at I was cut before its ports.
    let mut cut = monitored(&stopped(), at_i);
    let place = cut.frames.iter().position(|frame| frame.bytes[0] == b'I');
    cut.frames[place.unwrap()].bytes.truncate(30);
    // The file ends with it.
    let mut ends = monitored(&stopped(), at_i);
    let first = ends.frames.iter().position(is_syn_of_client).unwrap();
    ends.frames.truncate(first + 1);
    // Behind address translation it leaves from elsewhere.
    let mut translated = monitored(&stopped(), |_| "iIoO");
    for frame in translated
        .frames
        .iter_mut()
        .filter(|frame| frame.bytes[0] == b'O')
    {
        if is_syn_of_client(frame) {
            frame.bytes[26..30].copy_from_slice(&[192, 0, 2, 9]);
            frame.bytes[34..36].copy_from_slice(&[0x30, 0x39]);
        }
    }
    for (what, capture) in [
        ("one place", one_place),
        ("through", through),
        ("cut", cut),
        ("ends", ends),
        ("translated", translated),
    ] {
        let report = audited(&[&capture], &[]);
        let said = said(&report, "a.acme.com");
        assert_ne!(said[0], "blocked_confirmed", "{what}: {said:?}");
        assert_ne!(said[3], "F-CHAIN", "{what}: {said:?}");
        if what == "through" {
            assert_eq!(said, ["failed_unattributed", "connect", "C", "T-SYN0"]);
        }
    }
}

/// The trailer of a BIG-IP: low noise with the direction, medium noise with the cause of a reset.
fn trailer(ingress: bool, cause: &str) -> Vec<u8> {
    let block = |kind: u8, version: u8, body: &[u8]| {
        let length = (8 + body.len()) as u8;
        [&[0, 1, 0, kind, 0, length, 0, version], body].concat()
    };
    let low = block(1, 4, &[u8::from(ingress), 0, 1, 0]);
    let mut body = vec![0; 31];
    match cause {
        "" => body.push(0),
        _ => {
            body.push(9 + cause.len() as u8);
            body.extend([0; 9]);
            body.extend(cause.bytes());
        }
    }
    let blocks = [low, block(2, 4, &body)].concat();
    let length = (8 + blocks.len()) as u16;
    [
        &[0xf5, 0xde, 0xb0, 0xf5][..],
        &length.to_be_bytes(),
        &[0, 1],
        &blocks,
    ]
    .concat()
}

/// The server resets the client's SYN, with some bytes behind the packet.
fn reset_with(behind: &[u8]) -> Capture {
    let client = "10.0.0.5:50000";
    let script = asked()
        .at(1_000, client, SERVER, "tcp S seq=900")
        .at(1_020, SERVER, client, "tcp RA seq=0 ack=901")
        .at(60_000, "10.0.0.6:5000", "198.18.0.1:9", "udp hex:00")
        .at(60_010, "198.18.0.1:9", "10.0.0.6:5000", "udp hex:00");
    let mut capture = Capture::scripted(&script.into_text());
    let resets = capture.frames.iter_mut();
    for frame in resets.filter(|frame| frame.bytes.get(34..36) == Some(&[0x01, 0xbb])) {
        frame.bytes.extend(behind);
        frame.wire_length = frame.bytes.len() as u32;
    }
    capture
}

#[test]
fn a_load_balancer_says_why_it_reset() {
    let without = said(&audited(&[&reset_with(&[])], &[]), "a.acme.com");
    let report = audited(&[&reset_with(&trailer(false, "Denied by policy"))], &[]);
    assert_eq!(
        said(&report, "a.acme.com"),
        ["blocked_confirmed", "connect", "A", "F-RESET"]
    );
    assert!(report.to_string().contains("Denied by policy"));
    // Padding and a checksum may come first.
    let padded = [&[0; 10][..], &trailer(false, "Denied by policy")].concat();
    let report = audited(&[&reset_with(&padded)], &[]);
    assert_eq!(said(&report, "a.acme.com")[3], "F-RESET");
    let report = audited(
        &[&reset_with(&trailer(false, "No available pool member"))],
        &[],
    );
    assert_eq!(
        said(&report, "a.acme.com"),
        ["failed_unattributed", "connect", "C", "F-RESET"]
    );
    let cut = trailer(false, "Denied by policy");
    for behind in [
        trailer(false, ""),
        trailer(true, "Denied by policy"),
        trailer(false, "TCP RST from remote system"),
        cut[..cut.len() - 1].to_vec(),
        b"Denied by policy".to_vec(),
    ] {
        assert_eq!(
            said(&audited(&[&reset_with(&behind)], &[]), "a.acme.com"),
            without,
            "{behind:?}"
        );
    }
    for length in 0..cut.len() {
        let _ = pktaudit::decode::device::reset_cause(&cut[..length]);
    }
}

/// The capture as `tcpdump -i any` has it on a router: by interface 2 with its TTL, by interface 3 with one less.
fn on_any(capture: &Capture, comes_out: impl Fn(&OwnedFrame) -> bool) -> Capture {
    let seen = capture.frames.iter().flat_map(|frame| {
        let out = frame.bytes.get(26) == Some(&10);
        let (first, second) = if out { (2, 3) } else { (3, 2) };
        let on = move |index: u8, hops: u8| {
            let mut bytes = vec![8, 0, 0, 0, 0, 0, 0, index, 0, 1, 0, 6];
            bytes.extend([2, 0, 0, 0, 0, 1, 0, 0]);
            bytes.extend(&frame.bytes[14..]);
            bytes[28] -= hops;
            OwnedFrame {
                link_type: LinkType(276),
                time: frame.time.plus(Duration::from_micros(20) * u32::from(hops)),
                wire_length: bytes.len() as u32,
                bytes,
                ..frame.clone()
            }
        };
        let second = comes_out(frame).then(|| on(second, 1));
        std::iter::once(on(first, 0)).chain(second)
    });
    capture.with(seen)
}

#[test]
fn all_interfaces_of_a_router_in_one_file_are_two_points() {
    let capture = on_any(&stopped(), |frame| !is_syn_of_client(frame));
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES);
    let site = write(&folder, "site.toml", SITE);
    let file = write(&folder, "any.pcapng", capture.to_bytes());
    let run = |more: &[&str]| {
        let mut arguments = vec!["audit", "--format", "json", "--rules", &rules];
        arguments.extend(["--site", &site, &file]);
        arguments.extend(more);
        pktaudit(arguments).run()
    };
    let offered = run(&[]);
    assert!(
        offered.stderr.contains("--outside 3 tells"),
        "{}",
        offered.stderr
    );
    let proved = run(&["--outside", "3"]).json();
    assert_eq!(
        said(&proved, "a.acme.com"),
        ["blocked_confirmed", "connect", "A", "T-2POINT"]
    );
    let unknown = run(&["--outside", "9"]);
    assert!(
        unknown.stderr.contains("they name 2, 3"),
        "{}",
        unknown.stderr
    );
    // What comes out is not stopped between.
    let through = on_any(&stopped(), |_| true);
    let other = write(&folder, "through.pcapng", through.to_bytes());
    let mut arguments = vec![
        "audit", "--format", "json", "--rules", &rules, "--site", &site,
    ];
    arguments.extend([other.as_str(), "--outside", "3"]);
    let report = pktaudit(arguments).run().json();
    assert_ne!(said(&report, "a.acme.com")[0], "blocked_confirmed");
}

#[test]
fn a_log_on_the_outer_side_of_translation_is_of_the_same_flow() {
    let capture = stopped();
    let translated = |port: u16| {
        let mut log = log(&capture, 117, &pf(1), Duration::from_millis(2));
        for frame in &mut log.frames {
            frame.bytes[112..116].copy_from_slice(&[198, 51, 100, 1]);
            frame.bytes[120..122].copy_from_slice(&port.to_be_bytes());
        }
        log
    };
    for order in [
        [&capture, &translated(61_000)],
        [&translated(61_000), &capture],
    ] {
        let report = audited(&order, &[]);
        assert_eq!(
            said(&report, "a.acme.com"),
            ["blocked_confirmed", "connect", "A", "F-PFLOG"]
        );
    }
    // Another connection to the same place with the same sequence number and identification: it may be of either.
    let mut twin = capture.clone();
    let again = capture
        .frames
        .iter()
        .filter(|frame| is_syn_of_client(frame));
    let again: Vec<OwnedFrame> = again
        .map(|frame| {
            let mut frame = frame.clone();
            frame.bytes[29] = 7;
            frame.time = frame.time.plus(Duration::from_millis(5));
            frame
        })
        .collect();
    twin.frames.extend(again);
    let report = audited(&[&twin, &translated(61_000)], &[]);
    assert_ne!(said(&report, "a.acme.com")[3], "F-PFLOG");
    assert!(report.to_string().contains("device-words"), "{report:#}");
}

/// A pcapng block.
fn block(kind: u32, mut body: Vec<u8>) -> Vec<u8> {
    body.resize(body.len().next_multiple_of(4), 0);
    let length = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes()[..], &length, &body, &length].concat()
}

/// An option of a block, padded.
fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let length = value.len() as u16;
    let mut option = [&code.to_le_bytes()[..], &length.to_le_bytes(), value].concat();
    option.resize(option.len().next_multiple_of(4), 0);
    option
}

/// A section with one interface, which has some options.
fn section(options: &[u8]) -> Vec<u8> {
    let mut head = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    head.extend([1, 0, 0, 0]);
    head.extend(u64::MAX.to_le_bytes());
    let interface = [&[1, 0, 0, 0, 0, 0, 4, 0], options].concat();
    [block(0x0a0d_0d0a, head), block(1, interface)].concat()
}

/// An enhanced packet block with some options, `late` behind its time.
fn packet_block(frame: &OwnedFrame, options: &[u8], late: Duration) -> Vec<u8> {
    let micros = frame.time.plus(late).as_nanos() / 1000;
    let length = frame.bytes.len() as u32;
    let mut body = 0_u32.to_le_bytes().to_vec();
    body.extend(((micros >> 32) as u32).to_le_bytes());
    body.extend((micros as u32).to_le_bytes());
    body.extend(length.to_le_bytes());
    body.extend(frame.wire_length.to_le_bytes());
    body.extend(&frame.bytes);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    block(6, body)
}

fn packets(capture: &Capture, options: &[u8]) -> Vec<u8> {
    let all = capture.frames.iter();
    all.flat_map(|frame| packet_block(frame, options, Duration::ZERO))
        .collect()
}

fn audited_file(bytes: &[u8]) -> Value {
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES);
    let site = write(&folder, "site.toml", SITE);
    let file = write(&folder, "c.pcapng", bytes);
    let arguments = [
        "audit", "--format", "json", "--rules", &rules, "--site", &site, &file,
    ];
    pktaudit(arguments).run().json()
}

#[test]
fn frames_without_times_prove_nothing_by_time() {
    let capture = stopped();
    let mut file = section(&[]);
    for frame in &capture.frames {
        let length = frame.bytes.len() as u32;
        file.extend(block(3, [&length.to_le_bytes()[..], &frame.bytes].concat()));
    }
    let report = audited_file(&file);
    assert!(
        report.to_string().contains("frames have no time"),
        "{report:#}"
    );
    assert_ne!(said(&report, "a.acme.com")[0], "blocked_likely");
    let timed = audited_file(&[section(&[]), packets(&capture, &[])].concat());
    assert!(!timed.to_string().contains("frames have no time"));
    assert_eq!(said(&timed, "a.acme.com")[0], "blocked_likely");
}

#[test]
fn what_a_filter_of_the_capture_leaves_out_is_said() {
    let capture = stopped();
    for (filter, dns) in [
        ("tcp port 443", true),
        ("host 10.0.0.5 and not port 53", true),
        ("port 53 or port 443", false),
        ("host 10.0.0.5", false),
        ("sctp || tcp || udp", false),
        ("tcp", true),
        ("tcp dst port 443 or tcp src port 443", true),
        ("tcp port 443 or udp", false),
    ] {
        let filtered = section(&option(11, &[&[0], filter.as_bytes()].concat()));
        let report = audited_file(&[filtered, packets(&capture, &[])].concat()).to_string();
        assert!(
            report.contains(&format!("captured with the filter \\\"{filter}")),
            "{report}"
        );
        assert_eq!(report.contains("DNS cannot be judged"), dns, "{filter}");
    }
}

#[test]
fn names_that_a_file_holds_are_known_names() {
    let capture = stopped();
    let tcp = capture.frames.iter().filter(|frame| frame.bytes[23] == 6);
    let capture = capture.with(tcp.cloned().collect::<Vec<_>>());
    let record = [
        &[1, 0, 15, 0, 203, 0, 113, 7][..],
        b"a.acme.com\0\0\0\0\0\0",
    ]
    .concat();
    let names = block(4, record);
    let named = audited_file(&[section(&[]), names, packets(&capture, &[])].concat());
    assert_eq!(said(&named, "a.acme.com")[3], "T-SYN0");
    let without = audited_file(&[section(&[]), packets(&capture, &[])].concat());
    let [outcome, ..] = said(&without, "203.0.113.7");
    assert!(!outcome.starts_with("blocked"), "{outcome}");
}

#[test]
fn a_packet_that_a_device_numbers_is_one_packet_wherever_it_sees_it() {
    let capture = stopped();
    let copies = |first: u64, second: u64| {
        let mut file = section(&[]);
        for frame in &capture.frames {
            let id = |number: u64| option(5, &number.to_le_bytes());
            file.extend(packet_block(frame, &id(first), Duration::ZERO));
            if is_syn_of_client(frame) {
                let late = Duration::from_millis(50);
                file.extend(packet_block(frame, &id(second), late));
            }
        }
        audited_file(&file)["capture"]["frames"]["copies"].clone()
    };
    assert_eq!((copies(7, 7), copies(7, 8)), (3.into(), 0.into()));
}

#[test]
fn errors_of_the_link_and_secrets_are_counted_and_said() {
    let capture = stopped();
    let flags = option(2, &[1, 0, 0, 1]);
    let secrets = block(10, vec![0x4b, 0x53, 0x4c, 0x54, 0, 0, 0, 0]);
    let file = [section(&[]), secrets, packets(&capture, &flags)].concat();
    let report = audited_file(&file).to_string();
    assert!(
        report.contains("came with an error of the link"),
        "{report}"
    );
    assert!(report.contains("1 blocks of secrets"), "{report}");
    let sound = option(2, &[1, 0, 0, 0]);
    let report = audited_file(&[section(&[]), packets(&capture, &sound)].concat()).to_string();
    assert!(!report.contains("error of the link") && !report.contains("secrets"));
}

/// How hard a verdict is: what is called blocked, then what failed.
fn hardness(outcome: &str) -> u8 {
    match outcome {
        "blocked_confirmed" => 3,
        "blocked_likely" => 2,
        "failed_unattributed" => 1,
        _ => 0,
    }
}

#[test]
fn without_a_devices_file_nothing_is_harder_and_order_does_not_matter() {
    let capture = stopped();
    let alone = said(&audited(&[&capture], &[]), "a.acme.com");
    let late = Duration::from_secs(1);
    for (what, log) in [
        ("pf", log(&capture, 117, &pf(1), Duration::ZERO)),
        ("deny", log(&capture, 239, &netfilter(b"FW DENY\0"), late)),
        ("noted", log(&capture, 239, &netfilter(b"FW NEW \0"), late)),
    ] {
        let with = said(&audited(&[&capture, &log], &[]), "a.acme.com");
        assert_eq!(
            said(&audited(&[&log, &capture], &[]), "a.acme.com"),
            with,
            "{what}"
        );
        // Cut in two, the parts between each other.
        let parts = [capture.cut(&[8]), log.cut(&[1])].concat();
        let mixed = [&parts[2], &parts[1], &parts[0], &parts[3]];
        assert_eq!(said(&audited(&mixed, &[]), "a.acme.com"), with, "{what}");
        assert!(hardness(&alone[0]) <= hardness(&with[0]), "{what}");
    }
    // Of a gateway's own capture each file that is taken away leaves less.
    let at_i = |frame: &OwnedFrame| if is_syn_of_client(frame) { "i" } else { "iIoO" };
    let chain = monitored(&capture, at_i);
    let without = chain.with(chain.frames.iter().filter(|f| f.bytes[0] == b'i').cloned());
    let [more, less] = [&chain, &without].map(|c| said(&audited(&[c], &[]), "a.acme.com"));
    assert!(
        hardness(&less[0]) <= hardness(&more[0]),
        "{less:?} {more:?}"
    );
}

/// Bits of `epb_flags` for a frame that came in, and for one that went out.
const CAME_IN: [u8; 4] = [1, 0, 0, 0];
const WENT_OUT: [u8; 4] = [2, 0, 0, 0];

#[test]
fn ways_through_one_interface_are_two_points() {
    let capture = stopped();
    // A bridge's port: each frame comes in and goes out again, but for the client's SYNs.
    let file = |goes_out: &dyn Fn(&OwnedFrame) -> bool| {
        let mut file = section(&[]);
        for frame in &capture.frames {
            file.extend(packet_block(frame, &option(2, &CAME_IN), Duration::ZERO));
            if goes_out(frame) {
                let late = Duration::from_micros(30);
                file.extend(packet_block(frame, &option(2, &WENT_OUT), late));
            }
        }
        file
    };
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES);
    let site = write(&folder, "site.toml", SITE);
    let run = |bytes: &[u8], outside: &str| {
        let file = write(&folder, "c.pcapng", bytes);
        let arguments = ["audit", "--format", "json", "--rules", &rules];
        let more = ["--site", &site, &file, "--outside", outside];
        pktaudit(arguments.into_iter().chain(more)).run()
    };
    let dropped = file(&|frame| !is_syn_of_client(frame));
    assert_eq!(
        said(&run(&dropped, "outbound").json(), "a.acme.com"),
        ["blocked_confirmed", "connect", "A", "T-2POINT"]
    );
    let through = run(&file(&|_| true), "outbound").json();
    assert_ne!(said(&through, "a.acme.com")[0], "blocked_confirmed");
    let unknown = run(&dropped, "sideways");
    assert!(
        unknown.stderr.contains("they name inbound, outbound"),
        "{}",
        unknown.stderr
    );
    // Where no direction is said, there is none to name.
    let untold = [section(&[]), packets(&capture, &[])].concat();
    let untold = run(&untold, "outbound");
    assert!(
        untold.stderr.contains("no interface of that name"),
        "{}",
        untold.stderr
    );
}

#[test]
fn devices_that_a_log_or_pktap_names_are_two_points() {
    let capture = stopped();
    // As `tcpdump -i nflog` has it behind rules at prerouting and at postrouting: by device 2, then by device 3.
    let logged = |frame: &OwnedFrame, hook: u8, kind: u8, device: u8, hops: u8| {
        let mut bytes = vec![2, 0, 0, 5, 8, 0, 1, 0, 8, 0, hook, 0];
        bytes.extend([8, 0, kind, 0, 0, 0, 0, device]);
        let length = (4 + frame.bytes.len() - 14) as u16;
        bytes.extend(length.to_le_bytes());
        bytes.extend([9, 0]);
        bytes.extend(&frame.bytes[14..]);
        bytes[24 + 8] -= hops;
        (239, bytes)
    };
    let tapped = |frame: &OwnedFrame, name: &[u8; 3], hops: u8| {
        let mut bytes = vec![108, 0, 0, 0, 1, 0, 0, 0, 12, 0, 0, 0];
        bytes.extend(name);
        bytes.resize(108, 0);
        bytes.extend(&frame.bytes[14..]);
        bytes[108 + 8] -= hops;
        (258, bytes)
    };
    let twice = |goes_out: &dyn Fn(&OwnedFrame) -> bool, pktap: bool| {
        let mut all = Vec::new();
        for frame in &capture.frames {
            let out = frame.bytes.get(26) == Some(&10);
            for (number, hops) in [(0, 0), (1, 1)] {
                if number == 1 && !goes_out(frame) {
                    continue;
                }
                let outer = out == (number == 1);
                let (link_type, bytes) = match (pktap, number) {
                    (true, _) => tapped(frame, if outer { b"en1" } else { b"en0" }, hops),
                    (false, 0) => logged(frame, 0, 4, if outer { 3 } else { 2 }, hops),
                    (false, _) => logged(frame, 4, 5, if outer { 3 } else { 2 }, hops),
                };
                all.push(OwnedFrame {
                    link_type: LinkType(link_type),
                    wire_length: bytes.len() as u32,
                    bytes,
                    time: frame.time.plus(Duration::from_micros(20) * u32::from(hops)),
                    ..frame.clone()
                });
            }
        }
        capture.with(all)
    };
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES);
    let site = write(&folder, "site.toml", SITE);
    let run = |capture: &Capture, outside: &str| {
        let file = write(&folder, "c.pcap", capture.to_bytes());
        let arguments = ["audit", "--format", "json", "--rules", &rules];
        let more = ["--site", &site, &file, "--outside", outside];
        pktaudit(arguments.into_iter().chain(more)).run()
    };
    for (pktap, outside, named) in [(true, "en1", "en0, en1"), (false, "3", "2, 3")] {
        let stopped = run(&twice(&|frame| !is_syn_of_client(frame), pktap), outside).json();
        let through = run(&twice(&|_| true, pktap), outside).json();
        let [outcome, .., code] = said(&through, "a.acme.com");
        assert_ne!(outcome, "blocked_confirmed", "{outside} {code}");
        let elsewhere = stopped["capture"]["frames"]["set_aside_by_reason"]["other-point"].as_u64();
        assert!(elsewhere.is_some_and(|n| n > 0), "{outside}: {stopped:#}");
        if pktap {
            assert_eq!(
                said(&stopped, "a.acme.com"),
                ["blocked_confirmed", "connect", "A", "T-2POINT"]
            );
        } else {
            // A log holds only what a rule had logged, so what is not in it proves nothing.
            assert_ne!(said(&stopped, "a.acme.com")[0], "blocked_confirmed");
        }
        let unknown = run(&twice(&|_| true, pktap), "nine");
        assert!(unknown.stderr.contains(named), "{}", unknown.stderr);
    }
}

#[test]
fn an_interface_of_fw_monitor_is_a_point() {
    let capture = stopped();
    let chain = monitored(
        &capture,
        |frame| if is_syn_of_client(frame) { "i" } else { "iIoO" },
    );
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES);
    let site = write(&folder, "site.toml", SITE);
    let file = write(&folder, "c.pcap", chain.to_bytes());
    let arguments = [
        "audit", "--format", "json", "--rules", &rules, "--site", &site, &file,
    ];
    let ran = pktaudit(arguments.into_iter().chain(["--outside", "nine"])).run();
    let names = ran.stderr.split("they name ").nth(1).unwrap().trim();
    let outer = names.split(", ").last().unwrap();
    let report = pktaudit(arguments.into_iter().chain(["--outside", outer]))
        .run()
        .json();
    let elsewhere = report["capture"]["frames"]["set_aside_by_reason"]["other-point"].as_u64();
    assert!(elsewhere.is_some_and(|n| n > 0), "{names}: {report:#}");
}

#[test]
fn comments_are_shown_beside_findings_and_are_no_evidence() {
    let capture = stopped();
    let hostile = "=cmd|' /C calc'!A0 <script>alert(1)</script>\u{1b}[31m\u{202e}";
    let long = "x".repeat(5_000);
    let mut file = section(&option(1, b"made at the branch office"));
    for frame in &capture.frames {
        let said: Vec<u8> = match is_syn_of_client(frame) {
            true => [hostile, &long, "PID=4711", "PID=4711", "a", "b", "c"]
                .iter()
                .flat_map(|text| option(1, text.as_bytes()))
                .collect(),
            false => Vec::new(),
        };
        file.extend(packet_block(frame, &said, Duration::ZERO));
    }
    let folder = folder();
    let rules = write(&folder, "acme.toml", RULES);
    let site = write(&folder, "site.toml", SITE);
    let path = write(&folder, "c.pcapng", &file);
    let out = folder.path().join("out");
    let report = pktaudit([
        "audit",
        "--format",
        "json",
        "--rules",
        &rules,
        "--site",
        &site,
        "--out",
        out.to_str().unwrap(),
        &path,
    ])
    .run()
    .json();
    assert_eq!(said(&report, "a.acme.com")[0], "blocked_likely");
    let finding = &report["findings"][0];
    let comments = finding["comments"].as_array().unwrap();
    assert_eq!(comments.len(), 3, "{comments:#?}");
    assert!(comments.iter().any(|one| one["text"] == hostile));
    assert!(comments.iter().any(|one| one["text"] == "PID=4711"));
    assert!(
        comments
            .iter()
            .all(|one| one["text"].as_str().unwrap().len() <= 256)
    );
    let frames = finding["frames"].as_array().unwrap().iter();
    let first = frames.filter_map(Value::as_u64).min();
    assert_eq!(comments[0]["frame"].as_u64(), first);
    assert!(report.to_string().contains("made at the branch office"));
    let human = pktaudit([
        "audit", "--color", "never", "--rules", &rules, "--site", &site, &path,
    ])
    .run()
    .stdout;
    assert!(
        human.contains("PID=4711") && human.contains("made at the branch office"),
        "{human}"
    );
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(
        html.contains("PID=4711") && !html.contains("<script>alert"),
        "html"
    );
    let csv = std::fs::read_to_string(out.join("findings.csv")).unwrap();
    assert!(csv.contains("PID=4711"), "{csv}");
    for text in [&human, &html, &csv] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    }
    // What has none says none.
    let silent = audited_file(&[section(&[]), packets(&capture, &[])].concat());
    assert_eq!(silent["findings"][0]["comments"], Value::Array(Vec::new()));
    assert!(!silent.to_string().contains("a comment in the capture"));
}

/// Another host's connection to the vendor's name, then the client, whose SYNs die. It is asked for anew before.
fn stopped_later() -> Capture {
    let at_name = address([203, 0, 113, 7]);
    let other = "10.0.0.6:50000";
    let client = "10.0.0.5:50000";
    let script = Packets::new()
        .lookup(200_000, "a.acme.com", 0x8180, [1, 0, 0], &at_name)
        .at(200_500, other, SERVER, "tcp S seq=1")
        .at(200_520, SERVER, other, "tcp SA seq=7 ack=2")
        .at(200_521, other, SERVER, "tcp A seq=2 ack=8")
        .at(
            200_530,
            other,
            SERVER,
            &format!("tcp PA seq=2 ack=8 hex:{DATA}"),
        )
        .at(
            200_550,
            SERVER,
            other,
            &format!("tcp PA seq=8 ack=12 hex:{DATA}"),
        )
        .lookup(200_600, "a.acme.com", 0x8180, [1, 0, 0], &at_name)
        .at(201_000, client, SERVER, "tcp S seq=900")
        .at(202_000, client, SERVER, "tcp S seq=900")
        .at(204_000, client, SERVER, "tcp S seq=900")
        .at(260_000, "10.0.0.6:5000", "198.18.0.1:9", "udp hex:00")
        .at(260_010, "198.18.0.1:9", "10.0.0.6:5000", "udp hex:00");
    Capture::scripted(&script.into_text())
}

#[test]
fn a_clock_that_goes_back_is_said_and_proves_nothing() {
    let capture = stopped_later();
    let audit_of = |capture: &Capture| {
        let folder = folder();
        let rules = write(&folder, "acme.toml", RULES);
        let site = write(&folder, "site.toml", SITE);
        let file = write(&folder, "c.pcap", capture.to_bytes());
        let arguments = ["audit", "--rules", &rules, "--site", &site, &file];
        let run = |format: &str| pktaudit(arguments.into_iter().chain(["--format", format])).run();
        let human = run("human").stdout;
        (run("json").json(), human, run("sarif").stdout)
    };
    // Set back by 100 s in the middle of the other host's connection, so that its data are earlier than its opening.
    let back = Duration::from_secs(100);
    let from = |at: usize| {
        let frames = capture.frames.iter().enumerate();
        let moved = frames.map(|(nth, frame)| {
            let mut frame = frame.clone();
            if nth >= at {
                let nanos = frame.time.as_nanos() - back.as_nanos() as i64;
                frame.time = pktaudit::model::CaptureTime::from_nanos(nanos);
            }
            frame
        });
        capture.with(moved.collect::<Vec<_>>())
    };
    let set_back = from(5);
    let (report, human, sarif) = audit_of(&set_back);
    let [outcome, _, grade, code] = said(&report, "a.acme.com");
    assert_eq!(
        (&*outcome, &*grade, &*code),
        ("failed_unattributed", "C", "T-SYN0")
    );
    let words = "its clock was set back, or several captures were joined";
    for told in [
        &report.to_string(),
        &human.replace("\n              ", " "),
        &sarif,
    ] {
        assert!(told.contains(words), "{told}");
    }
    let why = "packets earlier than the opening";
    assert!(
        report["capture"]["notes"].to_string().contains(why),
        "{report:#}"
    );
    // Cut where it was set back, no file shows it, and the packets still do.
    let parts = set_back.cut(&[5]);
    let cut = audited(&[&parts[0], &parts[1]], &[]);
    assert_eq!(said(&cut, "a.acme.com")[0], "failed_unattributed");
    assert!(cut["capture"]["notes"].to_string().contains(why));
    assert!(!cut.to_string().contains(words));
    // Between connections nothing tells a clock from files that were joined: the file says so, and the rest stands.
    let (report, _, _) = audit_of(&from(7));
    assert_eq!(said(&report, "a.acme.com")[0], "blocked_likely");
    assert!(report.to_string().contains(words) && !report.to_string().contains(why));
    // Some milliseconds are disorder, which every capture of several queues has.
    let mut queues = capture.clone();
    queues.frames.swap(3, 4);
    let (report, human, _) = audit_of(&queues);
    assert_eq!(said(&report, "a.acme.com")[0], "blocked_likely");
    assert!(!human.contains(words) && !report.to_string().contains(words));
}

/// Numbers as sFlow has them.
fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// The frames as samples of a switch, one of so many, each in a datagram of its own to a collector.
fn sampled(capture: &Capture, one_in: u32, wanted: impl Fn(usize, &OwnedFrame) -> bool) -> Capture {
    let some = capture.frames.iter().enumerate();
    let some = some.filter(|(nth, frame)| wanted(*nth, frame));
    let datagrams = some.map(|(_, frame)| {
        let length = frame.bytes.len() as u32;
        let mut record = words(&[1, length + 4, 4, length]);
        record.extend(&frame.bytes);
        record.resize(record.len().next_multiple_of(4), 0);
        let mut sample = words(&[7, 3, one_in, 9000, 0, 3, 4, 1]);
        sample.extend(words(&[1, record.len() as u32]));
        sample.extend(record);
        let mut payload = words(&[5, 1, 0x0a00_00fe, 0, 42, 1000, 1]);
        payload.extend(words(&[1, sample.len() as u32]));
        payload.extend(sample);
        let bytes = datagram(([10, 0, 0, 254], 40_000), ([10, 0, 0, 99], 6343), &payload);
        OwnedFrame {
            wire_length: bytes.len() as u32,
            bytes,
            ..frame.clone()
        }
    });
    capture.with(datagrams.collect::<Vec<_>>())
}

/// A UDP datagram in IPv4 in Ethernet.
fn datagram(from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    bytes.extend((28 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 9, 0, 0, 64, 17, 0, 0]);
    bytes.extend(from.0);
    bytes.extend(to.0);
    bytes.extend(from.1.to_be_bytes());
    bytes.extend(to.1.to_be_bytes());
    bytes.extend((8 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 0]);
    bytes.extend(payload);
    bytes
}

#[test]
fn samples_of_a_switch_are_read_and_prove_no_absence() {
    let capture = stopped();
    let run = |captures: &[&Capture]| {
        let report = audited(captures, &[]);
        let incomplete = report["summary"]["incomplete"].to_string();
        (report, incomplete)
    };
    // The SYNs alone: three times nothing came back, among the samples.
    let syns = sampled(&capture, 512, |_, frame| is_syn_of_client(frame));
    let (report, incomplete) = run(&[&syns]);
    assert!(
        incomplete.contains("carry sFlow samples: samples prove no absence"),
        "{incomplete}"
    );
    assert!(
        report
            .to_string()
            .contains("3 packets are samples (sFlow), one of 512 each"),
        "{report:#}"
    );
    let flows = report["flows"].as_array().unwrap();
    let inner = flows
        .iter()
        .find(|flow| flow["responder"]["ip"] == "203.0.113.7")
        .unwrap();
    assert_eq!(inner["initiator"]["ip"], "10.0.0.5");
    let codes: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["code"])
        .collect();
    for code in ["never-seen", "blocked", "failed"] {
        assert!(!codes.iter().any(|known| *known == code), "{codes:?}");
    }
    let outcomes = report["summary"]["intents"].clone();
    for outcome in ["blocked_likely", "blocked_confirmed", "failed_unattributed"] {
        assert_eq!(outcomes[outcome], 0, "{outcomes}");
    }
    let unseen = report["requirements"].as_array().unwrap().iter();
    let unseen: Vec<&Value> = unseen
        .filter(|row| row["outcome"] == "not_seen")
        .map(|row| &row["reason"])
        .collect();
    assert!(
        unseen
            .iter()
            .all(|why| *why != "never_resolved" && *why != "never_tried"),
        "{unseen:?}"
    );
    // What is among them is there: a whole exchange is an exchange.
    let all = sampled(&capture, 1, |_, _| true);
    let (report, _) = run(&[&all]);
    let reached = report["flows"]
        .as_array()
        .unwrap()
        .iter()
        .any(|flow| flow["responder"]["ip"] == "203.0.113.7" && flow["outcome"] == "ok");
    assert!(reached, "{report:#}");
    // Beside the packets themselves they change nothing.
    let alone = said(&audited(&[&capture], &[]), "a.acme.com");
    for order in [[&capture, &syns], [&syns, &capture]] {
        assert_eq!(said(&run(&order).0, "a.acme.com"), alone);
    }
    // A reset among samples is no block either: what was before it may not have been sampled.
    let refused = Capture::scripted(
        &asked()
            .at(1_000, "10.0.0.5:50000", SERVER, "tcp S seq=900")
            .at(1_001, SERVER, "10.0.0.5:50000", "tcp RA seq=0 ack=901")
            .into_text(),
    );
    let (report, _) = run(&[&sampled(&refused, 64, |_, _| true)]);
    assert!(
        !report["findings"].to_string().contains("\"blocked"),
        "{report:#}"
    );
}

/// The frames as a mirror of a cloud sends them: in VXLAN, all to one target.
fn mirrored(capture: &Capture) -> Capture {
    let inside = capture.frames.iter().map(|frame| {
        let payload = [&[8, 0, 0, 0, 0, 0, 7, 0], &frame.bytes[..]].concat();
        let bytes = datagram(([172, 31, 0, 9], 65_000), ([172, 31, 0, 1], 4789), &payload);
        OwnedFrame {
            wire_length: bytes.len() as u32,
            bytes,
            ..frame.clone()
        }
    });
    capture.with(inside.collect::<Vec<_>>())
}

const MIRROR_RULES: &str = r#"
format = 1
[document]
id = "acme"
vendor = "Acme"
product = "Agent"
page = "Ports of the agent"
language = "en"
[roles.agent]
about = "host running the agent"
"#;

#[test]
fn what_mirrors_of_clouds_never_carry_is_not_missing() {
    let row = |id: &str, to: &str, port: u16, transport: &str| {
        format!(
            "[[requirement]]\nid = \"{id}\"\nservice = \"{id}\"\nfrom = [\"agent\"]\nto = [\"{to}\"]\nports = [{port}]\n\
             transport = [\"{transport}\"]\ndirection = \"outbound\"\nneed = \"required\"\ncite = {{ table = \"1\", row = \"1\", line = 1 }}\n"
        )
    };
    let rows = [
        row("time", "time.acme.com", 123, "udp"),
        row("metadata", "169.254.169.254", 80, "tcp"),
        row("dns", "any", 53, "udp"),
        row("web", "never.acme.com", 443, "tcp"),
        row("far", "198.51.100.0/24", 443, "tcp"),
    ];
    let folder = folder();
    let rules = write(
        &folder,
        "acme.toml",
        [MIRROR_RULES, &rows.concat()].concat(),
    );
    let site = write(&folder, "site.toml", "[roles]\nagent = [\"10.0.0.0/8\"]\n");
    let tcp = Capture::scripted(
        &Packets::new()
            .at(500, "10.0.0.6:50000", SERVER, "tcp S seq=1")
            .at(520, SERVER, "10.0.0.6:50000", "tcp SA seq=7 ack=2")
            .at(521, "10.0.0.6:50000", SERVER, "tcp A seq=2 ack=8")
            .at(9_000, "10.0.0.6:50000", SERVER, "tcp FA seq=2 ack=8")
            .into_text(),
    );
    let reasons = |capture: &Capture| {
        let file = write(&folder, "c.pcap", capture.to_bytes());
        let report = pktaudit([
            "audit", "--format", "json", "--rules", &rules, "--site", &site, &file,
        ])
        .run()
        .json();
        let rows = report["requirements"].as_array().unwrap().iter();
        let of = |id: &str| {
            let mut rows = rows.clone();
            let row = rows
                .find(|row| row["id"].as_str().unwrap().ends_with(id))
                .unwrap();
            row["reason"].as_str().unwrap_or_default().to_owned()
        };
        let told = report["findings"].as_array().unwrap().iter();
        let told = told.filter(|f| f["code"] == "never-seen").count();
        let words = report["requirements"]
            .to_string()
            .contains("this mirror never carries it");
        (
            ["time", "metadata", "dns", "web", "far"].map(of),
            told,
            words,
        )
    };
    let carried = [
        "not_carried",
        "not_carried",
        "not_carried",
        "never_resolved",
        "never_tried",
    ];
    let (in_mirror, told, words) = reasons(&mirrored(&tcp));
    assert_eq!(
        (in_mirror, told, words),
        (carried.map(str::to_owned), 2, true)
    );
    // On the wire itself they would be seen.
    let (on_wire, told, words) = reasons(&tcp);
    assert!(!on_wire.contains(&"not_carried".to_owned()), "{on_wire:?}");
    assert_eq!((told, words), (5, false));
    // A mirror that carries lookups would carry those of the row too.
    let lookup = asked()
        .at(9_000, "10.0.0.6:50000", SERVER, "tcp S seq=2")
        .into_text();
    let (with_lookups, ..) = reasons(&mirrored(&Capture::scripted(&lookup)));
    assert_eq!(with_lookups[0], "not_carried");
    assert_ne!(with_lookups[2], "not_carried", "{with_lookups:?}");
}

/// Datagrams of clients to a UDP service that nothing answers, with the DNS answer that names it.
fn silent_udp(clients: &[&str], payload: &str, ip_id: u16) -> Capture {
    let mut script = asked();
    for client in clients {
        for again in 0..3 {
            let what = format!("udp ip_id={ip_id} hex:{payload}");
            script = script.at(1_000 + again * 1_000, client, "203.0.113.7:5000", &what);
        }
    }
    let script = script
        .at(60_000, "10.0.0.6:5000", "198.18.0.1:9", "udp hex:00")
        .at(60_010, "198.18.0.1:9", "10.0.0.6:5000", "udp hex:00");
    Capture::scripted(&script.into_text())
}

/// The datagrams of a client as netfilter's log has them behind address translation, with what else became of them.
fn translated_log(of: &Capture, prefix: &[u8; 8], change: impl Fn(&mut OwnedFrame)) -> Capture {
    let sent = of.frames.iter().filter(|frame| {
        frame.bytes.get(29) == Some(&5) && frame.bytes.get(36..38) == Some(&[0x13, 0x88])
    });
    let records = sent.map(|frame| {
        let mut frame = frame.clone();
        frame.bytes[26..30].copy_from_slice(&[198, 51, 100, 1]);
        frame.bytes[34..36].copy_from_slice(&61_000_u16.to_be_bytes());
        change(&mut frame);
        let mut header = vec![2, 0, 0, 5, 8, 0, 1, 0, 8, 0, 2, 0, 12, 0, 10, 0];
        header.extend(prefix);
        header.extend((frame.bytes.len() as u16 - 14 + 4).to_le_bytes());
        header.extend([9, 0]);
        OwnedFrame {
            link_type: LinkType(239),
            bytes: [&header, &frame.bytes[14..]].concat(),
            wire_length: frame.wire_length - 14 + header.len() as u32,
            time: frame.time.plus(Duration::from_millis(900)),
            ..frame
        }
    });
    of.with(records.collect::<Vec<_>>())
}

#[test]
fn a_log_behind_translation_is_joined_with_datagrams_by_what_they_hold() {
    let row = "[[requirement]]\nid = \"udp\"\nservice = \"Push\"\nfrom = [\"agent\"]\nto = [\"a.acme.com\"]\nports = [5000]\n\
        transport = [\"udp\"]\ndirection = \"outbound\"\nneed = \"required\"\ncite = { table = \"Hosts\", row = \"u\", line = 4 }\n";
    let audited = |captures: [&Capture; 2]| {
        let folder = folder();
        let rules = write(&folder, "acme.toml", [RULES, row].concat());
        let site = write(&folder, "site.toml", SITE);
        let files = [0, 1].map(|n| write(&folder, &format!("c{n}"), captures[n].to_bytes()));
        let report = pktaudit([
            "audit", "--format", "json", "--rules", &rules, "--site", &site, &files[0], &files[1],
        ])
        .run()
        .json();
        let intents = report["intents"].as_array().unwrap().iter();
        let of_client =
            |intent: &&Value| intent["initiator"] == "10.0.0.5" && intent["port"] == 5000;
        let intent = intents.clone().find(of_client).unwrap();
        let said = intent["evidence"].to_string() + intent["outcome"].as_str().unwrap();
        (said, report)
    };
    let varied = "0102030405060708090a0b0c0d0e0f10";
    let same = "00000000000000000000000000000000";
    let client = ["10.0.0.5:50000"];
    let denied = "[\"F-NFLOG\"]blocked_confirmed";
    let nothing = |_: &mut OwnedFrame| {};
    for (payload, id) in [(varied, 0), (varied, 77), (same, 77)] {
        let capture = silent_udp(&client, payload, id);
        let log = translated_log(&capture, b"FW DENY\0", nothing);
        for order in [[&capture, &log], [&log, &capture]] {
            assert_eq!(audited(order).0, denied, "{payload} {id}");
        }
        let passed = translated_log(&capture, b"ACCEPT \0", nothing);
        assert_ne!(audited([&capture, &passed]).0, denied, "{payload} {id}");
    }
    // Not the same datagram: another payload, another server, too long ago, and of what always looks the same another
    // identification, or none.
    let other_payload = |frame: &mut OwnedFrame| frame.bytes[42] ^= 0xff;
    let other_server = |frame: &mut OwnedFrame| frame.bytes[33] ^= 0xff;
    let long_ago = |frame: &mut OwnedFrame| frame.time = frame.time.plus(Duration::from_secs(30));
    let other_id = |frame: &mut OwnedFrame| frame.bytes[19] ^= 0xff;
    type Change<'a> = (&'a str, u16, &'a dyn Fn(&mut OwnedFrame));
    let changes: [Change<'_>; 5] = [
        (varied, 77, &other_payload),
        (varied, 77, &other_server),
        (varied, 77, &long_ago),
        (same, 77, &other_id),
        (same, 0, &nothing),
    ];
    for (payload, id, change) in changes {
        let capture = silent_udp(&client, payload, id);
        let log = translated_log(&capture, b"FW DENY\0", change);
        let (said, report) = audited([&capture, &log]);
        assert!(
            !said.contains("F-NFLOG"),
            "{payload} {id}: {said} {report:#}"
        );
    }
    // It may be of either of two, and then it is of none.
    let two = silent_udp(&["10.0.0.5:50000", "10.0.0.6:50000"], varied, 0);
    let log = translated_log(&two, b"FW DENY\0", nothing);
    let (said, report) = audited([&two, &log]);
    assert!(!said.contains("F-NFLOG"), "{said}");
    assert!(
        report
            .to_string()
            .contains("may be of several flows behind address translation")
    );
}

#[test]
fn a_log_of_rules_does_not_say_that_its_queries_are_not_answered() {
    // Rules that log what opens a connection: the answers pass by state, and are in no log.
    let capture = asked();
    let capture = Capture::scripted(
        &capture
            .at(2_000, "10.0.0.5:50000", SERVER, "tcp S seq=900")
            .at(60_000, "10.0.0.5:50001", SERVER, "tcp S seq=1")
            .into_text(),
    );
    let opens = capture.frames.iter().filter(|frame| frame.bytes[29] == 5);
    let records = opens.map(|frame| OwnedFrame {
        link_type: LinkType(117),
        bytes: [&pf(0), &frame.bytes[14..]].concat(),
        wire_length: frame.wire_length - 14 + 100,
        ..frame.clone()
    });
    let log = capture.with(records.collect::<Vec<_>>());
    let report = audited(&[&log], &[]);
    let findings = report["findings"].as_array().unwrap();
    assert!(
        findings
            .iter()
            .all(|f| !["blocked", "failed"].contains(&f["code"].as_str().unwrap())),
        "{findings:#?}"
    );
    assert!(
        !report["intents"].to_string().contains("D-SILENT"),
        "{report:#}"
    );
    // A query that its rule drops is dropped.
    let records = capture
        .frames
        .iter()
        .filter(|frame| frame.bytes[29] == 5)
        .map(|frame| OwnedFrame {
            link_type: LinkType(117),
            bytes: [&pf(1), &frame.bytes[14..]].concat(),
            wire_length: frame.wire_length - 14 + 100,
            ..frame.clone()
        });
    let log = capture.with(records.collect::<Vec<_>>());
    let report = audited(&[&log], &[]);
    assert!(
        report["findings"].to_string().contains("F-PFLOG"),
        "{report:#}"
    );
}
