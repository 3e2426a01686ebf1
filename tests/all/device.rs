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
