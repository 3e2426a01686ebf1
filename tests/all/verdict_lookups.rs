//! Rows of `docs/VERDICTS.md` about lookups, packet by packet: each with a twin that is innocent.

use super::proxies::{Talk, hello};
use super::traffic::record;
use super::verdicts::{Packets, address, hex, message, said};

const NAME: &str = "a.acme.com";
const GOOD: [u8; 4] = [203, 0, 113, 10];
const SERVER: &str = "203.0.113.10:443";
const CLIENT: &str = "10.0.0.5:40000";
const RESOLVER: &str = "10.0.0.53:53";

/// An SOA record of a zone, given as labels, without its fields being of use.
fn soa(zone: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in zone.split('.') {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.bytes());
    }
    out.extend([0, 0, 6, 0, 1, 0, 0, 0, 60, 0, 22, 0, 0]);
    out.extend([0; 20]);
    out
}

/// An OPT record with an extended error.
fn extended_error(code: u8) -> Vec<u8> {
    vec![0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 6, 0, 15, 0, 2, 0, code]
}

/// An alias of the name in the question.
fn alias(target: &str) -> Vec<u8> {
    let mut name = Vec::new();
    for label in target.split('.') {
        name.push(u8::try_from(label.len()).unwrap());
        name.extend(label.bytes());
    }
    name.push(0);
    let mut out = vec![
        0xc0,
        12,
        0,
        5,
        0,
        1,
        0,
        0,
        0,
        60,
        0,
        u8::try_from(name.len()).unwrap(),
    ];
    out.extend(name);
    out
}

/// Another name of the vendor that resolves, as a control.
fn working() -> Packets {
    Packets::new().lookup(0, "b.acme.com", 0x8180, [1, 0, 0], &address(GOOD))
}

/// A connection that reaches an address.
fn reached(packets: Packets, millis: u64, port: u16) -> Packets {
    let client = format!("10.0.0.5:{port}");
    packets
        .at(millis, &client, SERVER, "tcp S seq=1000")
        .at(
            millis + 20,
            SERVER,
            &client,
            "tcp SA seq=5000 ack=1001 ttl=57",
        )
        .at(millis + 21, &client, SERVER, "tcp A seq=1001 ack=5001")
        .at(
            millis + 30,
            &client,
            SERVER,
            "tcp PA seq=1001 ack=5001 hex:6869",
        )
        .at(
            millis + 50,
            SERVER,
            &client,
            "tcp PA seq=5001 ack=1003 ttl=57 hex:6869",
        )
}

/// SYNs that nothing answers.
fn unanswered(mut packets: Packets, millis: u64, client: &str, server: &str) -> Packets {
    for later in [0, 1000, 3000, 7000] {
        packets = packets.at(millis + later, client, server, "tcp S seq=1000");
    }
    packets
}

#[test]
fn an_address_beside_an_extended_error_is_the_policys() {
    let answer = |code| [address(GOOD), extended_error(code)].concat();
    let audit = |code| {
        let packets = working().lookup(500, NAME, 0x8180, [1, 0, 1], &answer(code));
        reached(packets, 600, 40_000).audited()
    };
    let wanted = ["blocked_confirmed", "dns", "A", "D-EDE"];
    assert_eq!(said(&audit(4), NAME), wanted);
    // "Stale answer" is no policy.
    assert_eq!(said(&audit(3), NAME)[0], "ok");
}

#[test]
fn a_site_may_send_a_name_to_a_host_of_its_own() {
    let audit = |ip: [u8; 4], code| {
        let answer = [address(ip), extended_error(code)].concat();
        let packets = working().lookup(500, NAME, 0x8180, [1, 0, 1], &answer);
        let [a, b, c, d] = ip;
        let talk = Talk::open(packets, 1_000, &format!("{a}.{b}.{c}.{d}:443"));
        let data = record(0x17, &[7; 200]);
        let flight = [&[2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0x13, 1, 0]].concat();
        let finish = [record(0x14, &[1]), record(0x16, &[9; 40])].concat();
        let talk = talk.ask(&hello(NAME)).answer(&record(0x16, &flight));
        let talk = talk.ask(&finish).answer(&finish).ask(&data).answer(&data);
        said(&talk.client_ends().audited(), NAME)
    };
    assert_eq!(audit([10, 0, 0, 81], 4), ["ok", "-", "-", "D-EDE"]);
    let wanted = ["blocked_confirmed", "dns", "A", "D-EDE"];
    assert_eq!(audit([10, 0, 0, 81], 15), wanted);
    assert_eq!(audit(GOOD, 4), wanted);
}

#[test]
fn an_address_beside_the_soa_of_another_zone_is_the_policys() {
    let answer = |zone| [address(GOOD), soa(zone)].concat();
    let audit = |zone| {
        let packets = working().lookup(500, NAME, 0x8180, [1, 0, 1], &answer(zone));
        reached(packets, 600, 40_000).audited()
    };
    let wanted = ["blocked_likely", "dns", "B", "D-RPZ"];
    assert_eq!(said(&audit("rpz.corp.internal"), NAME), wanted);
    let plain = working().lookup(500, NAME, 0x8180, [1, 0, 0], &address(GOOD));
    assert_eq!(said(&reached(plain, 600, 40_000).audited(), NAME)[0], "ok");
}

#[test]
fn a_denial_that_the_zone_itself_could_not_send_is_a_policys() {
    let audit = |zone, counts| {
        let packets = working().lookup(500, NAME, 0x8183, counts, &soa(zone));
        said(&packets.audited(), NAME)
    };
    let policy = ["blocked_likely", "dns", "B", "D-RPZ"];
    assert_eq!(audit(NAME, [0, 1, 0]), policy);
    assert_eq!(audit("acme.com", [0, 0, 1]), policy);
    let gone = ["failed_unattributed", "dns", "C", "D-NX"];
    assert_eq!(audit("acme.com", [0, 1, 0]), gone);
}

#[test]
fn no_data_is_a_failure_and_without_the_zones_word_likely_a_policy() {
    let audit = |packets: Packets, counts, rest: &[u8]| {
        let packets = packets.lookup(500, NAME, 0x8180, counts, rest);
        said(&packets.audited(), NAME)
    };
    let likely = ["blocked_likely", "dns", "B", "D-NODATA"];
    assert_eq!(audit(working(), [0; 3], &[]), likely);
    let failed = ["failed_unattributed", "dns", "C", "D-NODATA"];
    assert_eq!(audit(working(), [0, 1, 0], &soa("acme.com")), failed);
    assert_eq!(audit(Packets::new(), [0; 3], &[]), failed);
}

#[test]
fn an_alias_without_an_address_is_a_failure() {
    let packets = || working().lookup(500, NAME, 0x8180, [1, 0, 0], &alias("t.cdn.net"));
    let failed = ["failed_unattributed", "dns", "C", "D-ALIAS"];
    assert_eq!(said(&packets().audited(), NAME), failed);
    // The target is asked for next, and leads to the name's flow.
    let followed = packets().lookup(
        520,
        "t.cdn.net",
        0x8180,
        [1, 0, 0],
        &address([203, 0, 113, 9]),
    );
    let report = unanswered(followed, 600, CLIENT, "203.0.113.9:443").audited();
    assert_eq!(said(&report, NAME)[3], "T-SYN0");
}

#[test]
fn cut_over_udp_and_stopped_over_tcp_is_stopped_at_dns() {
    let packets = || working().lookup(500, NAME, 0x8380, [0; 3], &[]);
    let report = unanswered(packets(), 520, CLIENT, RESOLVER).audited();
    let likely = ["blocked_likely", "dns", "B", "D-TRUNC"];
    assert_eq!(said(&report, NAME), likely);
    let requirements = report["requirements"].as_array().unwrap();
    let dns = requirements
        .iter()
        .find(|one| one["id"].as_str().unwrap().ends_with("/dns"));
    assert_eq!(dns.unwrap()["outcome"], "blocked");
    // Nobody asked over TCP: a failure only.
    let failed = ["failed_unattributed", "dns", "C", "D-TRUNC"];
    assert_eq!(said(&packets().audited(), NAME), failed);
}

#[test]
fn silence_on_one_zone_may_be_dead_servers() {
    let query = |name| format!("udp hex:{}", hex(&message(7, name, 0x0100, [0; 3], &[])));
    let mut packets = working();
    for millis in [500, 5_500, 10_500] {
        packets = packets.at(millis, CLIENT, RESOLVER, &query(NAME));
    }
    let failed = ["failed_unattributed", "dns", "C", "D-SILENT"];
    assert_eq!(said(&packets.audited(), NAME), failed);
    // Names of two owners, which another host gets.
    let mut packets = working();
    let other = "10.0.0.6:40000";
    for (place, name) in [NAME, "www.other.net"].into_iter().enumerate() {
        let client = format!("10.0.0.5:{}", 40_000 + place);
        for millis in [500, 5_500, 10_500] {
            packets = packets.at(millis, &client, RESOLVER, &query(name));
        }
        let answer = hex(&message(7, name, 0x8180, [1, 0, 0], &address(GOOD)));
        packets = packets.at(600, other, RESOLVER, &query(name)).at(
            610,
            RESOLVER,
            other,
            &format!("udp hex:{answer}"),
        );
    }
    let likely = ["blocked_likely", "dns", "B", "D-SILENT"];
    assert_eq!(said(&packets.audited(), NAME), likely);
}

#[test]
fn an_answer_from_elsewhere_is_none() {
    let query = format!("udp hex:{}", hex(&message(7, NAME, 0x0100, [0; 3], &[])));
    let answer = hex(&message(7, NAME, 0x8180, [1, 0, 0], &address(GOOD)));
    let audit = |from| {
        let answer = format!("udp hex:{answer}");
        working()
            .at(500, CLIENT, RESOLVER, &query)
            .at(510, from, CLIENT, &answer)
            .audited()
    };
    let failed = ["failed_unattributed", "dns", "C", "D-SILENT"];
    assert_eq!(said(&audit("10.0.0.54:53"), NAME), failed);
    let fine = audit(RESOLVER);
    assert!(
        fine["intents"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["fqdn"] != NAME)
    );
}

#[test]
fn a_query_at_the_end_is_an_intent_of_its_own() {
    let query = format!("udp hex:{}", hex(&message(7, NAME, 0x0100, [0; 3], &[])));
    let report = working().at(59_000, CLIENT, RESOLVER, &query).audited();
    assert_eq!(said(&report, NAME)[..2], ["inconclusive", "dns"]);
    let report = working().at(30_000, CLIENT, RESOLVER, &query).audited();
    let failed = ["failed_unattributed", "dns", "C", "D-SILENT"];
    assert_eq!(said(&report, NAME), failed);
}

#[test]
fn lookups_that_fail_later_count() {
    let packets = || {
        let first = working().lookup(500, NAME, 0x8180, [1, 0, 0], &address(GOOD));
        reached(first, 600, 40_000)
    };
    let outcomes = |packets: Packets| {
        let report = packets.audited();
        let intents = report["intents"].as_array().unwrap().iter();
        let own = intents.filter(|intent| intent["fqdn"] == NAME);
        own.map(|intent| intent["outcome"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let denied = packets().lookup(30_000, NAME, 0x8183, [0; 3], &[]);
    assert_eq!(outcomes(denied), ["ok", "blocked_likely"]);
    let again = packets().lookup(30_000, NAME, 0x8183, [0; 3], &[]).lookup(
        40_000,
        NAME,
        0x8180,
        [1, 0, 0],
        &address(GOOD),
    );
    let recovered = outcomes(reached(again, 40_100, 40_001));
    assert_eq!(recovered, ["ok", "ok_after_retry", "ok"]);
}

#[test]
fn a_name_denied_stays_denied_where_a_search_suffix_leads_elsewhere() {
    let hello = super::traffic::record(0x16, &super::traffic::client_hello(Some(NAME), false));
    let audit = |flags, counts, rest: &[u8]| {
        let packets = working().lookup(500, NAME, flags, counts, rest).lookup(
            520,
            "a.acme.com.corp.example",
            0x8180,
            [1, 0, 0],
            &address(GOOD),
        );
        let packets = packets
            .at(600, CLIENT, SERVER, "tcp S seq=1000")
            .at(620, SERVER, CLIENT, "tcp SA seq=5000 ack=1001 ttl=57")
            .at(621, CLIENT, SERVER, "tcp A seq=1001 ack=5001")
            .at(
                630,
                CLIENT,
                SERVER,
                &format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&hello)),
            );
        said(&packets.audited(), NAME)
    };
    let denied = ["blocked_likely", "dns", "B", "D-NX"];
    assert_eq!(audit(0x8183, [0; 3], &[]), denied);
    assert_ne!(audit(0x8180, [1, 0, 0], &address(GOOD)), denied);
}
