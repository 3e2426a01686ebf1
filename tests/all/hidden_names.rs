//! Names that packets do not show, or show in another way: hits, and their innocent twins.

use serde_json::Value;

use super::traffic::{client_hello, record};
use super::verdicts::{Packets, RULES, SITE, address, hex, said};

const CLIENT: &str = "10.0.0.5:40000";
const SERVER: &str = "203.0.113.10:443";

/// Outcome and reason of a requirement.
#[track_caller]
pub(super) fn of<'r>(report: &'r Value, id: &str) -> (&'r str, &'r str) {
    let all = report["requirements"].as_array().unwrap();
    let row = all
        .iter()
        .find(|row| row["id"] == format!("acme/{id}"))
        .unwrap();
    (
        row["outcome"].as_str().unwrap(),
        row["reason"].as_str().unwrap_or("-"),
    )
}

pub(super) fn codes(report: &Value) -> Vec<&str> {
    let all = report["findings"].as_array().unwrap();
    all.iter().map(|f| f["code"].as_str().unwrap()).collect()
}

pub(super) fn ways(report: &Value) -> Vec<&str> {
    let all = report["capture"]["names"]["ways"].as_array().unwrap();
    all.iter().map(|way| way["way"].as_str().unwrap()).collect()
}

/// A lookup of the vendor's name at its address.
pub(super) fn asked(packets: Packets, millis: u64, name: &str) -> Packets {
    packets.lookup(millis, name, 0x8180, [1, 0, 0], &address([203, 0, 113, 10]))
}

/// A connection on which each side says something.
pub(super) fn talk(
    packets: Packets,
    millis: u64,
    client: &str,
    server: &str,
    said: [&[u8]; 2],
) -> Packets {
    let [asks, answers] = said.map(hex);
    let end = 1001 + said[0].len();
    packets
        .at(millis, client, server, "tcp S seq=1000")
        .at(
            millis + 20,
            server,
            client,
            "tcp SA seq=5000 ack=1001 ttl=57",
        )
        .at(millis + 21, client, server, "tcp A seq=1001 ack=5001")
        .at(
            millis + 30,
            client,
            server,
            &format!("tcp PA seq=1001 ack=5001 hex:{asks}"),
        )
        .at(
            millis + 50,
            server,
            client,
            &format!("tcp PA seq=5001 ack={end} ttl=57 hex:{answers}"),
        )
}

/// The vendor's rows, of which one asks for an application.
fn rules_with(app: &str) -> String {
    RULES.replacen(
        "transport = [\"tcp\"]\n",
        &format!("transport = [\"tcp\"]\napp = [\"{app}\"]\n"),
        1,
    )
}

/// An HTTPS record of the name in the question, whose keys are for hellos under an outer name (RFC 9848).
pub(super) fn https_record(outer: &str) -> Vec<u8> {
    let mut contents = vec![7, 0, 0x20, 0, 2, 1, 2, 0, 4, 0, 1, 0, 1, 64];
    contents.push(u8::try_from(outer.len()).unwrap());
    contents.extend(outer.bytes());
    contents.extend([0, 0]);
    let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let mut config = vec![0xfe, 0x0d];
    config.extend(length(&contents));
    config.extend(contents);
    let mut list = length(&config).to_vec();
    list.extend(config);
    let mut data = vec![0, 1, 0, 0, 5];
    data.extend(length(&list));
    data.extend(list);
    let mut out = vec![0xc0, 12, 0, 65, 0, 1, 0, 0, 0, 60];
    out.extend(length(&data));
    out.extend(data);
    out
}

/// What is told of a hello for another name at the vendor's address.
fn other_name(ech: bool, records: &[u8], count: u16, site: &str) -> Value {
    let hello = record(0x16, &client_hello(Some("front.cdn.test"), ech));
    let mut rest = address([203, 0, 113, 10]);
    rest.extend(records);
    let packets = Packets::new().lookup(0, "a.acme.com", 0x8180, [1 + count, 0, 0], &rest);
    talk(
        packets,
        100,
        CLIENT,
        SERVER,
        [&hello, b"\x16\x03\x03\x00\x01\x02"],
    )
    .audited_under(RULES, site)
}

#[test]
fn an_outer_name_is_no_contradiction() {
    let told = |report: &Value| {
        let codes = codes(report);
        ["name-contradicted", "encrypted-hello"].map(|code| codes.contains(&code))
    };
    let record = https_record("front.cdn.test");
    let proved = other_name(true, &record, 1, SITE);
    assert_eq!(told(&proved), [false, false]);
    assert_eq!(of(&proved, "manager").0, "inconclusive");
    let site = format!("{SITE}[ech]\nouter-names = [\"*.cdn.test\"]\n");
    let told_of = other_name(true, &[], 0, &site);
    assert_eq!(told(&told_of), [false, false]);
    // Nothing says that it is an outer name.
    assert_eq!(told(&other_name(true, &[], 0, SITE)), [false, true]);
    // A record of another outer name, or a hello that hides nothing.
    let other = https_record("other.cdn.test");
    assert_eq!(told(&other_name(true, &other, 1, SITE)), [false, true]);
    assert_eq!(told(&other_name(false, &record, 1, SITE)), [true, false]);
}

#[test]
fn what_is_spoken_is_held_against_the_row() {
    let rules = rules_with("ssh");
    let of_row = |rules: &str| {
        let packets = asked(Packets::new(), 0, "a.acme.com");
        let banner: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";
        talk(packets, 100, CLIENT, SERVER, [banner, banner]).audited_under(rules, SITE)
    };
    let https = of_row(&rules_with("https"));
    assert_eq!(of(&https, "manager").0, "inconclusive");
    assert!(codes(&https).contains(&"other-application"));
    let ssh = of_row(&rules);
    assert_eq!(of(&ssh, "manager").0, "satisfied");
    assert!(!codes(&ssh).contains(&"other-application"));
    // What is not known by content may be anything.
    let packets = asked(Packets::new(), 0, "a.acme.com");
    let unknown = talk(
        packets,
        100,
        CLIENT,
        SERVER,
        [b"\x7f\x01\x02", b"\x7f\x01\x02"],
    );
    let unknown = unknown.audited_under(&rules_with("https"), SITE);
    assert_eq!(of(&unknown, "manager").0, "satisfied");
}

#[test]
fn a_flow_without_a_name_is_for_one_of_those_of_its_address() {
    let bytes: [&[u8]; 2] = [b"\x7f\x01\x02", b"\x7f\x01\x02"];
    // The first row alone lists it: the other name is nobody's.
    let rules = RULES.replace("\"*.acme.com\"", "\"b.acme.com\"");
    let both = asked(asked(Packets::new(), 0, "a.acme.com"), 50, "b.acme.com");
    let both = talk(both, 100, CLIENT, SERVER, bytes).audited_under(&rules, SITE);
    assert_eq!(of(&both, "manager").0, "inconclusive");
    assert_eq!(of(&both, "others").0, "inconclusive");
    // A connection behind each lookup.
    let one = talk(
        asked(Packets::new(), 0, "a.acme.com"),
        100,
        CLIENT,
        SERVER,
        bytes,
    );
    let two = talk(
        asked(one, 500, "b.acme.com"),
        600,
        "10.0.0.5:40001",
        SERVER,
        bytes,
    );
    let two = two.audited_under(&rules, SITE);
    assert_eq!(of(&two, "manager").0, "satisfied");
    assert_eq!(of(&two, "others").0, "satisfied");
}

#[test]
fn a_connection_from_before_takes_no_later_name() {
    let rules = RULES.replace("\"*.acme.com\"", "\"b.acme.com\"");
    let old = |packets: Packets| {
        packets
            .at(
                1000,
                CLIENT,
                SERVER,
                "tcp PA seq=1001 ack=5001 hex:1703030001ff",
            )
            .at(
                1020,
                SERVER,
                CLIENT,
                "tcp PA seq=5001 ack=1007 ttl=57 hex:1703030001ff",
            )
    };
    let report = old(asked(Packets::new(), 0, "b.acme.com")).audited_under(&rules, SITE);
    assert_eq!(of(&report, "others").0, "inconclusive");
    assert_eq!(of(&report, "manager"), ("not_seen", "names_hidden"));
    assert!(ways(&report).contains(&"older_than_capture"));
    // What goes where no row lists a name may have none.
    let (client, server) = ("10.0.0.5:40009", "203.0.113.10:2404");
    let plain = asked(Packets::new(), 0, "b.acme.com")
        .at(
            1000,
            client,
            server,
            "tcp PA seq=1001 ack=5001 hex:680443000000",
        )
        .at(
            1020,
            server,
            client,
            "tcp PA seq=5001 ack=1007 ttl=57 hex:680483000000",
        );
    let plain = plain.audited_under(&rules, SITE);
    assert!(!ways(&plain).contains(&"older_than_capture"));
    assert_eq!(of(&plain, "manager"), ("not_seen", "never_resolved"));
    // Of one that was opened in the capture nothing is hidden.
    let bytes: [&[u8]; 2] = [b"\x7f\x01\x02", b"\x7f\x01\x02"];
    let fresh = talk(
        asked(Packets::new(), 0, "b.acme.com"),
        100,
        CLIENT,
        SERVER,
        bytes,
    );
    let fresh = fresh.audited_under(&rules, SITE);
    assert_eq!(of(&fresh, "others").0, "satisfied");
    assert_eq!(of(&fresh, "manager"), ("not_seen", "never_resolved"));
}

#[test]
fn dns_over_tls_to_the_sites_own_resolver_is_dns() {
    let dot = || {
        let hello = record(0x16, &client_hello(None, false));
        talk(
            Packets::new(),
            0,
            CLIENT,
            "10.0.0.53:853",
            [&hello, b"\x16\x03\x03\x00\x01\x02"],
        )
    };
    let report = dot().audited();
    assert_eq!(of(&report, "dns"), ("not_seen", "other_way"));
    assert_eq!(of(&report, "manager"), ("not_seen", "names_hidden"));
    assert!(codes(&report).contains(&"encrypted-dns") && !codes(&report).contains(&"wrong-port"));
    assert_eq!(ways(&report), ["dns_over_tls"]);
    let site = format!("{SITE}[dns]\nencrypted = true\n");
    let told = dot().audited_under(RULES, &site);
    assert!(!codes(&told).contains(&"encrypted-dns"));
    assert!(of(&told, "dns").0 != "not_seen");
    // Another port of the resolver is a wrong port.
    let hello = record(0x16, &client_hello(None, false));
    let other = talk(
        Packets::new(),
        0,
        CLIENT,
        "10.0.0.53:8853",
        [&hello, b"\x16\x03\x03\x00\x01\x02"],
    );
    assert!(codes(&other.audited()).contains(&"wrong-port"));
}

#[test]
fn an_address_row_is_reached_through_translation() {
    let rules = RULES.replace("\"a.acme.com\", \"a.acme.internal\"", "\"203.0.113.10\"");
    let site = SITE.replace("\"10.0.0.6\"]", "\"10.0.0.6\", \"2001:db8::5\"]");
    let told = format!("{site}[dns]\nnat64 = [\"2001:db8:64::/96\"]\n");
    let bytes: [&[u8]; 2] = [b"\x7f\x01\x02", b"\x7f\x01\x02"];
    let to = |server: &str, site: &str| {
        let packets = talk(Packets::new(), 0, "[2001:db8::5]:40000", server, bytes);
        packets.audited_under(&rules, site)
    };
    let mapped = to("[2001:db8:64::cb00:710a]:443", &told);
    assert_eq!(of(&mapped, "manager").0, "satisfied");
    let known = to("[64:ff9b::cb00:710a]:443", &site);
    assert_eq!(of(&known, "manager").0, "satisfied");
    let untold = to("[2001:db8:64::cb00:710a]:443", &site);
    assert_eq!(of(&untold, "manager").0, "inconclusive");
    // An address that ends with another IPv4 address.
    let other = to("[2001:db8:64::cb00:710b]:443", &site);
    assert_eq!(of(&other, "manager").0, "not_seen");
    let notes = untold["capture"]["notes"].as_array().unwrap();
    assert!(
        notes
            .iter()
            .any(|note| note.as_str().unwrap().contains("nat64")),
        "{notes:?}"
    );
}

/// A ServerHello of a version, in its record.
pub(super) fn server_hello(tls_1_3: bool) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([9; 32]);
    match tls_1_3 {
        true => body.extend([0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4]),
        false => body.extend([0, 0xc0, 0x2f, 0]),
    }
    let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
    message.extend(body);
    record(0x16, &message)
}

/// A handshake in which the client's flight is answered by some bytes and the server's end, after a while.
fn answered_flight(tls_1_3: bool, answer: &[u8], wait: u64) -> Value {
    let hello = record(0x16, &client_hello(Some("a.acme.com"), false));
    let mut flight = server_hello(tls_1_3);
    let mut own = Vec::new();
    if tls_1_3 {
        flight.extend(record(0x14, &[1]));
        flight.extend(record(0x17, &[0; 400]));
        own.extend(record(0x14, &[1]));
        own.extend(record(0x17, &[0; 53]));
    } else {
        own.extend(record(0x16, &[16, 0, 0, 1, 0]));
        own.extend(record(0x14, &[1]));
        own.extend(record(0x16, &[0; 40]));
    }
    let (heard, sent) = (1001 + hello.len(), 5001 + flight.len());
    let own_end = heard + own.len();
    let end = sent + answer.len();
    let line = |flags: &str, seq: usize, ack: usize, bytes: &[u8]| {
        format!("tcp {flags} seq={seq} ack={ack} ttl=57 hex:{}", hex(bytes))
    };
    let packets = asked(Packets::new(), 0, "a.acme.com");
    let packets = talk(packets, 100, CLIENT, SERVER, [&hello, &flight])
        .at(160, CLIENT, SERVER, &line("PA", heard, sent, &own))
        .at(
            160 + wait,
            SERVER,
            CLIENT,
            &line("PA", sent, own_end, answer),
        )
        .at(
            161 + wait,
            SERVER,
            CLIENT,
            &format!("tcp FA seq={end} ack={own_end} ttl=57"),
        )
        .at(
            162 + wait,
            CLIENT,
            SERVER,
            &format!("tcp FA seq={own_end} ack={}", end + 1),
        );
    packets.audited()
}

#[test]
fn a_server_that_does_not_take_the_clients_flight_has_refused() {
    let refused = ["failed_unattributed", "tls", "C", "L-ALERT-S"];
    let in_clear = answered_flight(false, &[0x15, 3, 3, 0, 2, 2, 40], 10);
    assert_eq!(said(&in_clear, "a.acme.com"), refused);
    let alert = record(0x17, &[0; 19]);
    let by_shape = answered_flight(true, &alert, 10);
    assert_eq!(said(&by_shape, "a.acme.com"), refused);
    // The same record much later is a goodbye; one that is longer is an answer.
    for report in [
        answered_flight(true, &alert, 30_000),
        answered_flight(true, &record(0x17, &[0; 80]), 10),
    ] {
        assert_ne!(said(&report, "a.acme.com")[3], "L-ALERT-S");
    }
}
