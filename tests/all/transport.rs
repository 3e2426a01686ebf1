//! Connections that come to nothing in other ways than silence, packet by packet, each beside one that only looks so.

use std::fs;

use super::capture::Capture;
use super::harness::{Sample, folder, pktaudit, write};
use super::verdicts::{Packets, address, said};

const NAME: &str = "a.acme.com";
const CLIENT: &str = "10.0.0.5:40000";
const SERVER: &str = "203.0.113.10:443";

fn looked_up() -> Packets {
    Packets::new().lookup(0, NAME, 0x8180, [1, 0, 0], &address([203, 0, 113, 10]))
}

/// Another server answers the client: the path works.
fn path_works(packets: Packets) -> Packets {
    let (client, server) = ("10.0.0.5:39000", "203.0.113.20:443");
    packets
        .at(50, client, server, "tcp S seq=7")
        .at(51, server, client, "tcp SA seq=9 ack=8")
        .at(52, client, server, "tcp A seq=8 ack=10")
        .at(53, client, server, "tcp PA seq=8 ack=10 hex:6869")
        .at(54, server, client, "tcp PA seq=10 ack=10 hex:6869")
        .at(55, server, client, "tcp FA seq=12 ack=10")
        .at(56, client, server, "tcp FA seq=10 ack=13")
}

fn syns(mut packets: Packets) -> Packets {
    for (id, millis) in (1..).zip([100, 1100, 3100, 7100]) {
        packets = packets.at(
            millis,
            CLIENT,
            SERVER,
            &format!("tcp S seq=1000 ip_id={id}"),
        );
    }
    packets
}

#[test]
fn a_syn_ack_that_is_never_acknowledged_did_not_arrive() {
    let mut packets = looked_up();
    for millis in [100, 1100, 3100, 7100] {
        packets = packets.at(millis, CLIENT, SERVER, "tcp S seq=1000").at(
            millis + 20,
            SERVER,
            CLIENT,
            "tcp SA seq=5000 ack=1001",
        );
    }
    let lost = ["failed_unattributed", "connect", "C", "T-SAC-LOST"];
    assert_eq!(said(&packets.audited(), NAME), lost);
    // A scan: the client resets what it got.
    let packets = looked_up()
        .at(100, CLIENT, SERVER, "tcp S seq=1000")
        .at(1100, CLIENT, SERVER, "tcp S seq=1000")
        .at(1120, SERVER, CLIENT, "tcp SA seq=5000 ack=1001")
        .at(1121, CLIENT, SERVER, "tcp R seq=1001");
    assert_eq!(said(&packets.audited(), NAME)[0], "inconclusive");
    // Only packets with SYN were captured.
    let packets = looked_up().at(100, CLIENT, SERVER, "tcp S seq=1000").at(
        120,
        SERVER,
        CLIENT,
        "tcp SA seq=5000 ack=1001",
    );
    assert_eq!(said(&packets.audited(), NAME)[0], "inconclusive");
}

#[test]
fn an_ack_of_an_older_connection_answers_nothing() {
    let answered = |ack: &str| {
        let mut packets = looked_up();
        for millis in [100, 1100, 3100, 7100] {
            packets = packets.at(millis, CLIENT, SERVER, "tcp S seq=1000").at(
                millis + 20,
                SERVER,
                CLIENT,
                &format!("tcp A seq=5000 ack={ack}"),
            );
        }
        packets.audited()
    };
    let stale = ["failed_unattributed", "connect", "C", "T-ACK-OLD"];
    assert_eq!(said(&answered("900000"), NAME), stale);
    // It fits: the SYN-ACK before it was not captured.
    assert_eq!(said(&answered("1001"), NAME)[0], "inconclusive");
}

#[test]
fn a_window_that_stays_closed_takes_nothing() {
    let with_window = |last: u16| {
        let mut packets = looked_up()
            .at(100, CLIENT, SERVER, "tcp S seq=1000")
            .at(120, SERVER, CLIENT, "tcp SA seq=5000 ack=1001 window=0")
            .at(121, CLIENT, SERVER, "tcp A seq=1001 ack=5001");
        for millis in [500, 1500, 3500, 7500] {
            packets = packets
                .at(millis, CLIENT, SERVER, "tcp A seq=1000 ack=5001")
                .at(
                    millis + 20,
                    SERVER,
                    CLIENT,
                    "tcp A seq=5001 ack=1001 window=0",
                );
        }
        packets
            .at(
                9000,
                SERVER,
                CLIENT,
                &format!("tcp A seq=5001 ack=1001 window={last}"),
            )
            .at(9100, CLIENT, SERVER, "tcp R seq=1001")
            .audited()
    };
    let closed = ["failed_unattributed", "connect", "C", "T-WIN0"];
    assert_eq!(said(&with_window(0), NAME), closed);
    assert_eq!(said(&with_window(512), NAME)[0], "inconclusive");
}

#[test]
fn a_syn_with_data_is_a_syn() {
    let packets = path_works(looked_up())
        .at(100, CLIENT, SERVER, "tcp S seq=1000 hex:160301")
        .at(1100, CLIENT, SERVER, "tcp S seq=1000")
        .at(3100, CLIENT, SERVER, "tcp S seq=1000")
        .at(7100, CLIENT, SERVER, "tcp S seq=1000");
    let dropped = ["blocked_likely", "connect", "B", "T-SYN0"];
    assert_eq!(said(&packets.audited(), NAME), dropped);
    // It talks on: what it heard was not captured.
    let packets = path_works(looked_up())
        .at(100, CLIENT, SERVER, "tcp S seq=1000 hex:160301")
        .at(1100, CLIENT, SERVER, "tcp A seq=1004 ack=5001")
        .at(3100, CLIENT, SERVER, "tcp A seq=1004 ack=5001");
    assert_eq!(said(&packets.audited(), NAME)[0], "inconclusive");
}

#[test]
fn a_full_backlog_is_no_block() {
    let opened = |at: u64, packets: Packets, from: &str| {
        packets
            .at(at, from, SERVER, "tcp S seq=77")
            .at(at + 1, SERVER, from, "tcp SA seq=99 ack=78")
            .at(at + 2, from, SERVER, "tcp A seq=78 ack=100")
            .at(at + 3, from, SERVER, "tcp PA seq=78 ack=100 hex:6869")
    };
    let silent = |packets: Packets| said(&syns(path_works(packets)).audited(), NAME);
    let dropped = ["blocked_likely", "connect", "B", "T-SYN0"];
    assert_eq!(silent(looked_up()), dropped);
    // Another host came before, and its connection fills the backlog.
    let crowded = opened(20, looked_up(), "10.0.0.6:50000");
    assert_eq!(silent(crowded)[2], "C");
    // Another host is served while this one is not: a rule on the source.
    let ruled = opened(5000, looked_up(), "10.0.0.6:50000");
    let answer = "tcp PA seq=100 ack=80 hex:6869";
    let ruled = ruled.at(5100, SERVER, "10.0.0.6:50000", answer);
    assert_eq!(silent(ruled), dropped);
}

#[test]
fn an_answer_from_behind_a_translation_is_no_silence() {
    let answer = |ack: u32| {
        let mut packets = path_works(looked_up());
        for millis in [101, 1101] {
            packets = packets.at(
                millis,
                "10.0.0.9:443",
                CLIENT,
                &format!("tcp SA seq=1 ack={ack}"),
            );
        }
        said(&syns(packets).audited(), SERVER.split(':').next().unwrap())
    };
    assert_eq!(answer(1001)[..3], ["failed_unattributed", "connect", "C"]);
    assert_eq!(answer(4001)[..3], ["blocked_likely", "connect", "B"]);
}

#[test]
fn a_device_says_so_once_a_second() {
    let refused = |seconds: &[u64]| {
        let mut packets = path_works(looked_up());
        let mut line = 10;
        for (port, millis) in (45_000..).zip(seconds) {
            let client = format!("10.0.0.5:{port}");
            packets = packets
                .at(*millis, &client, "203.0.113.77:443", "tcp S seq=5")
                .at(
                    millis + 1,
                    "10.0.0.1",
                    "10.0.0.5",
                    &format!("icmp unreachable code=13 quoting {line}"),
                );
            line += 2;
        }
        let packets = packets.at(2000, CLIENT, SERVER, "tcp S seq=1000").at(
            3000,
            CLIENT,
            SERVER,
            "tcp S seq=1000",
        );
        said(&packets.audited(), NAME)
    };
    let blocked = ["blocked_likely", "connect", "B", "T-SYN0"];
    assert_eq!(refused(&[1990, 1992, 1994, 2990]), blocked);
    // The second SYN comes when the device would have said so again.
    assert_eq!(refused(&[1590, 1592, 1594])[2], "C");
}

#[test]
fn frames_of_one_time_are_told_as_that() {
    let script = |step: u64| {
        let mut lines = String::new();
        for id in 1..=6 {
            let millis = id * step;
            lines += &format!(
                "{}.{:03} {CLIENT} > {SERVER} tcp S seq=1000 ip_id={id}\n",
                millis / 1000,
                millis % 1000
            );
        }
        let folder = folder();
        let capture = write(&folder, "capture", Capture::scripted(&lines).to_bytes());
        pktaudit(["audit", "--format", "json", &capture])
            .run()
            .json()
    };
    let notes = |step| script(step)["capture"]["notes"].to_string();
    assert!(notes(0).contains("one and the same time"));
    assert!(!notes(1000).contains("one and the same time"));
}

#[test]
fn prohibited_where_only_datagrams_would_do() {
    let sample = Sample::named("quic-prohibited");
    let rules = fs::read_to_string(sample.rules().unwrap()).unwrap();
    let outcomes = |rules: &str| {
        let folder = folder();
        let rules = write(&folder, "rules.toml", rules);
        let site = sample.capture.with_file_name("site.toml");
        let (site, capture) = (
            site.display().to_string(),
            sample.capture.display().to_string(),
        );
        let arguments = [
            "audit", "--format", "json", "--rules", &rules, "--site", &site, &capture,
        ];
        let report = pktaudit(arguments).run().json();
        let intents = report["intents"].as_array().unwrap().iter();
        let quic = intents.filter(|intent| intent["evidence"][0] == "Q-ICMP");
        quic.map(|intent| {
            (
                intent["outcome"].to_string(),
                intent["confidence"].to_string(),
            )
        })
        .collect::<Vec<_>>()
    };
    let told = |outcome: &str, grade: &str| vec![(outcome.to_owned(), grade.to_owned())];
    // TCP would do, and does.
    assert_eq!(outcomes(&rules), told("\"degraded\"", "null"));
    let (before, reputation) = rules.rsplit_once("id = \"reputation\"").unwrap();
    let alone = reputation.replacen("[\"tcp\", \"udp\"]", "[\"udp\"]", 1);
    let rules = format!("{before}id = \"reputation\"{alone}");
    assert_eq!(outcomes(&rules), told("\"blocked_confirmed\"", "\"A\""));
}
