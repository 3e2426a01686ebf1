//! What is told of names by more than one connection: proxies over TLS, likely proxies and resolvers, connections that
//! serve several names, keys of encrypted hellos that are not taken. Hits, and their innocent twins.

use serde_json::Value;

use super::harness::{Sample, folder, pktaudit, write};
use super::hidden_names::{asked, codes, https_record, of, server_hello, talk, ways};
use super::traffic::{client_hello, record};
use super::verdicts::{Packets, RULES, SITE, address, hex, said};

const SERVER: &str = "203.0.113.10:443";

/// A connection over TLS whose hello says a name: what is asked in it is answered.
pub(super) fn tls(
    packets: Packets,
    millis: u64,
    client: &str,
    server: &str,
    name: &str,
) -> Packets {
    let hello = record(0x16, &client_hello(Some(name), false));
    whole(
        packets,
        millis,
        [client, server],
        &hello,
        &server_hello(true),
    )
}

/// A connection over TLS to its end of use.
pub(super) fn whole(
    packets: Packets,
    millis: u64,
    [client, server]: [&str; 2],
    hello: &[u8],
    answer: &[u8],
) -> Packets {
    let mut flight = answer.to_vec();
    flight.extend(record(0x17, &[0; 400]));
    let mut own = record(0x14, &[1]);
    own.extend(record(0x17, &[0; 53]));
    own.extend(record(0x17, &[0; 90]));
    let (heard, sent) = (1001 + hello.len(), 5001 + flight.len());
    let end = heard + own.len();
    let page = hex(&record(0x17, &[0; 200]));
    let (own, last) = (
        hex(&own),
        format!("tcp PA seq={sent} ack={end} ttl=57 hex:{page}"),
    );
    talk(packets, millis, client, server, [hello, &flight])
        .at(
            millis + 60,
            client,
            server,
            &format!("tcp PA seq={heard} ack={sent} hex:{own}"),
        )
        .at(millis + 80, server, client, &last)
}

/// Rules whose second row is for one name, which is asked for.
fn two_names() -> String {
    RULES.replace("\"*.acme.com\"", "\"b.acme.com\"")
}

#[test]
fn behind_a_proxy_over_tls_nothing_is_never_resolved() {
    let to = |server: &str| {
        tls(
            Packets::new(),
            0,
            "10.0.0.5:40000",
            server,
            "proxy.corp.test",
        )
    };
    let report = to("10.0.0.80:3129").audited();
    assert_eq!(of(&report, "manager"), ("not_seen", "names_hidden"));
    assert_eq!(ways(&report), ["tls_proxy"]);
    assert!(!codes(&report).contains(&"unexpected-name"));
    // CONNECT in clear tells the name.
    let ask = b"CONNECT a.acme.com:443 HTTP/1.1\r\nHost: a.acme.com:443\r\n\r\n";
    let granted = b"HTTP/1.1 200 OK\r\n\r\n";
    let proxy = "10.0.0.80:3129";
    let clear = talk(Packets::new(), 0, "10.0.0.5:40000", proxy, [ask, granted]);
    assert!(ways(&clear.audited()).is_empty());
}

/// Connections to one server that is on no list, so many, and one to another server where that is wanted.
fn to_one(count: u16, name: &str, another: bool, also: &str) -> Value {
    let mut packets = asked(asked(Packets::new(), 0, name), 50, also);
    for i in 0..count {
        let client = format!("10.0.0.5:{}", 40_000 + i);
        let server = "203.0.113.10:8443";
        packets = tls(packets, 100 + 1000 * u64::from(i), &client, server, name);
    }
    if another {
        packets = tls(
            packets,
            9_000,
            "10.0.0.5:45000",
            "203.0.113.99:443",
            "z.test",
        );
    }
    packets.audited()
}

#[test]
fn who_says_all_to_one_server_may_have_a_proxy() {
    let told = |report: &Value| {
        let guess = codes(report).contains(&"hides-names");
        (guess, ways(report).contains(&"likely_proxy"))
    };
    let hit = to_one(3, "gate.corp.test", false, "gate.corp.test");
    assert_eq!(told(&hit), (true, true));
    assert_eq!(of(&hit, "manager"), ("not_seen", "names_hidden"));
    assert!(!codes(&hit).contains(&"unexpected-name"));
    // HTTP/2 needs one connection only; then the name has to say it.
    assert_eq!(
        told(&to_one(1, "proxy.corp.test", false, "proxy.corp.test")),
        (true, true)
    );
    // Too few, another server too, or another name that is asked for.
    let other = to_one(3, "gate.corp.test", false, "www.corp.test");
    assert_eq!(told(&other), (false, false));
    for miss in [
        to_one(2, "gate.corp.test", false, "gate.corp.test"),
        to_one(3, "gate.corp.test", true, "gate.corp.test"),
        to_one(1, "proxy.corp.test", true, "proxy.corp.test"),
    ] {
        assert_eq!(told(&miss), (false, false));
        assert_eq!(of(&miss, "manager"), ("not_seen", "never_resolved"));
        assert!(codes(&miss).contains(&"unexpected-name"));
    }
}

/// A connection to a server on no list that goes on while another to a name is opened; whether that is asked for too.
fn beside(server: &str, asks: bool) -> Value {
    let packets = asked(Packets::new(), 0, server);
    let (client, resolver) = ("10.0.0.5:40000", "198.51.100.53:443");
    let packets = tls(packets, 100, client, resolver, server);
    let packets = if asks {
        asked(packets, 500, "a.acme.com")
    } else {
        packets
    };
    tls(packets, 1000, "10.0.0.5:40001", SERVER, "a.acme.com")
        .at(2000, resolver, client, "tcp A seq=5007 ack=1150 ttl=57")
        .audited_under(&two_names(), SITE)
}

#[test]
fn connections_to_names_that_nobody_asked_for_may_have_a_resolver() {
    let hit = beside("dns.corp.test", false);
    assert!(ways(&hit).contains(&"likely_dns_over_https"));
    assert!(codes(&hit).contains(&"hides-names"));
    assert_eq!(of(&hit, "manager").0, "satisfied");
    assert_eq!(of(&hit, "others"), ("not_seen", "names_hidden"));
    // A name that was asked for, or a server that does not say what it is.
    for miss in [
        beside("dns.corp.test", true),
        beside("www.corp.test", false),
    ] {
        assert!(!ways(&miss).contains(&"likely_dns_over_https"));
        assert!(!codes(&miss).contains(&"hides-names"));
        assert_eq!(of(&miss, "others"), ("not_seen", "never_resolved"));
    }
}

/// A hello that offers a protocol.
fn offering(name: &str, protocol: &str) -> Vec<u8> {
    let mut hello = client_hello(Some(name), false);
    let length = u8::try_from(protocol.len()).unwrap();
    // RFC 7301 section 3.1.
    hello.extend([0, 16, 0, length + 3, 0, length + 1, length]);
    hello.extend(protocol.bytes());
    // Length of all extensions behind version, random, session, suites and compression; length of the message.
    let extensions = u16::try_from(hello.len() - 47).unwrap().to_be_bytes();
    hello[45..47].copy_from_slice(&extensions);
    let body = u16::try_from(hello.len() - 4).unwrap().to_be_bytes();
    hello[2..4].copy_from_slice(&body);
    record(0x16, &hello)
}

/// A connection to a name goes on while another is asked for, which has the same address, or another one.
fn second_name(hello: &[u8], answer: &[u8], second: [u8; 4], own: bool) -> Value {
    let packets = asked(Packets::new(), 0, "a.acme.com");
    let client = "10.0.0.5:40000";
    let packets = whole(packets, 100, [client, SERVER], hello, answer);
    let packets = packets.lookup(500, "b.acme.com", 0x8180, [1, 0, 0], &address(second));
    let packets = packets.at(2000, SERVER, client, "tcp A seq=5100 ack=1150 ttl=57");
    let packets = match own {
        true => tls(packets, 1000, "10.0.0.5:40001", SERVER, "b.acme.com"),
        false => packets,
    };
    packets.audited_under(&two_names(), SITE)
}

#[test]
fn a_second_name_may_go_over_the_connection_of_the_first() {
    let here = [203, 0, 113, 10];
    let hidden = server_hello(true);
    let shared = ("not_seen", "shared_connection");
    let hit = second_name(&offering("a.acme.com", "h2"), &hidden, here, false);
    assert_eq!(of(&hit, "others"), shared);
    // It may not: HTTP/1.1 offered, HTTP/1.1 chosen in clear, another address; and one of its own needs no other.
    let never = ("not_seen", "resolved_never_tried");
    let old = second_name(&offering("a.acme.com", "http/1.1"), &hidden, here, false);
    assert_eq!(of(&old, "others"), never);
    let clear = server_hello(false);
    let refused = second_name(&offering("a.acme.com", "h2"), &clear, here, false);
    assert_eq!(of(&refused, "others"), never);
    let elsewhere = second_name(
        &offering("a.acme.com", "h2"),
        &hidden,
        [203, 0, 113, 77],
        false,
    );
    assert_eq!(of(&elsewhere, "others"), never);
    let own = second_name(&offering("a.acme.com", "h2"), &hidden, here, true);
    assert_eq!(of(&own, "others").0, "satisfied");
}

/// An encrypted hello whose handshake the client ends with a last record of some bytes, and a second connection.
fn refused_key(outer: &str, last: usize, ech: bool, again: bool) -> Value {
    let client = "10.0.0.5:40000";
    let hello = record(0x16, &client_hello(Some(outer), ech));
    let mut flight = server_hello(true);
    flight.extend(record(0x17, &[0; 400]));
    let mut own = record(0x14, &[1]);
    own.extend(record(0x17, &[0; 53]));
    own.extend(record(0x17, &vec![0; last]));
    let (heard, sent) = (1001 + hello.len(), 5001 + flight.len());
    let end = heard + own.len();
    let mut records = address([203, 0, 113, 10]);
    records.extend(https_record("front.acme.com"));
    let packets = Packets::new().lookup(0, "a.acme.com", 0x8180, [2, 0, 0], &records);
    let packets = talk(packets, 100, client, SERVER, [&hello, &flight])
        .at(
            160,
            client,
            SERVER,
            &format!("tcp PA seq={heard} ack={sent} hex:{}", hex(&own)),
        )
        .at(161, client, SERVER, &format!("tcp FA seq={end} ack={sent}"))
        .at(
            181,
            SERVER,
            client,
            &format!("tcp FA seq={sent} ack={} ttl=57", end + 1),
        );
    let packets = match again {
        true => tls(packets, 300, "10.0.0.5:40001", SERVER, "a.acme.com"),
        false => packets,
    };
    packets.audited()
}

#[test]
fn a_key_that_is_not_taken_is_no_success() {
    // An alert of two bytes under TLS 1.3: 19 with its type and tag. The outer name is on the list too.
    let outer = "front.acme.com";
    let refused = refused_key(outer, 19, true, false);
    assert_eq!(said(&refused, outer)[0], "inconclusive");
    assert_eq!(of(&refused, "others").0, "inconclusive");
    assert_eq!(of(&refused, "manager").0, "inconclusive");
    // The retry is the attempt that counts.
    let again = refused_key(outer, 19, true, true);
    assert_eq!(of(&again, "manager").0, "satisfied");
    // A request stands behind the Finished, nothing was encrypted, or what was is random.
    for (name, last, ech) in [
        (outer, 90, true),
        (outer, 19, false),
        ("a.acme.com", 19, true),
    ] {
        let miss = refused_key(name, last, ech, false);
        assert_eq!(of(&miss, "others").0, "satisfied", "{name} {last} {ech}");
    }
}

/// What is told of encrypted hellos to a name at the vendor's address, with these keys; an HTTPS record names the first.
fn with_keys(name: &str, also: &str, keys: &[u8]) -> Value {
    let mut records = address([203, 0, 113, 10]);
    records.extend(https_record("front.acme.com"));
    let packets = Packets::new().lookup(0, "a.acme.com", 0x8180, [2, 0, 0], &records);
    let mut packets = asked(packets, 50, also);
    for (i, key) in (0_u16..).zip(keys) {
        let mut hello = client_hello(Some(name), true);
        let last = hello.len() - 16;
        hello[last..last + 6].copy_from_slice(&[0, 0, 1, 0, 1, *key]);
        let client = format!("10.0.0.5:{}", 40_000 + i);
        let hello = record(0x16, &hello);
        let at = 1000 * (1 + u64::from(i));
        packets = whole(packets, at, [&client, SERVER], &hello, &server_hello(true));
    }
    packets.audited()
}

#[test]
fn a_key_tells_an_encrypted_hello_from_random_bytes() {
    let inside = |report: &Value| of(report, "manager").0 == "inconclusive";
    let (outer, other) = ("front.acme.com", "z.acme.com");
    // The record's key is 7; a stale one is a key too.
    assert!(inside(&with_keys(outer, other, &[7])));
    assert!(inside(&with_keys(outer, other, &[9])));
    // Who asks for the outer name itself and has no key of the record goes there.
    assert!(inside(&with_keys(outer, outer, &[7])));
    assert!(!inside(&with_keys(outer, outer, &[9])));
    // A key is the same each time.
    assert!(inside(&with_keys(outer, other, &[9, 9, 9])));
    assert!(!inside(&with_keys(outer, other, &[9, 40, 130])));
}

#[test]
fn an_encrypted_part_alone_hides_nothing() {
    let hello = record(0x16, &client_hello(Some("a.acme.com"), true));
    let packets = asked(Packets::new(), 0, "www.test");
    let client = "10.0.0.5:40000";
    let report = whole(packets, 100, [client, SERVER], &hello, &server_hello(true)).audited();
    assert!(!ways(&report).contains(&"encrypted_hello"));
    let hello = record(0x16, &client_hello(Some("cloudflare-ech.com"), true));
    let packets = asked(Packets::new(), 0, "www.test");
    let report = whole(
        packets,
        100,
        [client, "203.0.113.20:443"],
        &hello,
        &server_hello(true),
    )
    .audited();
    assert!(ways(&report).contains(&"encrypted_hello"));
    assert_eq!(of(&report, "manager"), ("not_seen", "names_hidden"));
}

/// What is told of the drop in a sample, with names from elsewhere or without.
fn drop_told(sample: &str, seed: Option<&str>) -> (Vec<String>, Vec<String>) {
    let sample = Sample::named(sample);
    let mut arguments = sample.audit("json");
    let seeds = seed.iter();
    arguments.extend(seeds.flat_map(|seed| ["--dns-seed".to_owned(), (*seed).to_owned()]));
    arguments.push(sample.capture.display().to_string());
    let report = pktaudit(&arguments).run().json();
    let intents = report["intents"].as_array().unwrap().iter();
    let of_drop = |intent: &&Value| intent["addresses"][0] == "203.0.113.42";
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let told = intents.filter(of_drop).flat_map(|intent| {
        let evidence = &intent["evidence"][0];
        [
            &intent["fqdn"],
            &intent["outcome"],
            &intent["confidence"],
            evidence,
        ]
        .map(word)
    });
    let findings = report["findings"].as_array().unwrap().iter();
    let about = findings.filter(|finding| finding["target"] == "203.0.113.42");
    (
        told.collect(),
        about.map(|finding| word(&finding["message"])).collect(),
    )
}

#[test]
fn a_drop_behind_hidden_dns_is_told_by_address_and_with_seeds_as_with_plain_dns() {
    let name = "dsaas.url.trendmicro.com";
    let folder = folder();
    let hosts = write(&folder, "hosts", format!("203.0.113.42 {name}\n"));
    let (plain, _) = drop_told("plain-dns-and-drop", None);
    assert_eq!(plain, [name, "blocked_likely", "B", "T-SYN0"]);
    for (sample, way) in [
        ("hidden-by-doh", "DNS over HTTPS"),
        ("hidden-by-unbound", "DNS over TLS"),
    ] {
        let (told, messages) = drop_told(sample, None);
        assert_eq!(told[1], "unnamed", "{sample}");
        let why = format!("its name is unknown because {way} hides it");
        assert!(messages[0].contains(&why), "{messages:?}");
        let (seeded, messages) = drop_told(sample, Some(&hosts));
        assert_eq!((seeded, messages), (plain.clone(), Vec::new()), "{sample}");
    }
}

/// What a host at some address does towards an address of translation, beside others; told of a row for its IPv4 address.
fn translated(from: &str, beside: &[(&str, &str, u8)], nat64: bool) -> Value {
    let rules = RULES.replace("\"a.acme.com\", \"a.acme.internal\"", "\"203.0.113.10\"");
    let mut site = SITE.replace("\"10.0.0.6\"]", "\"10.0.0.6\", \"2001:db8::5\"]");
    if nat64 {
        site.push_str("[dns]\nnat64 = [\"2001:db8:64::/96\"]\n");
    }
    let mut packets = Packets::new();
    let also = [(from, "[2001:db8:64::cb00:710a]:443", 63)];
    for (i, (from, to, hops)) in (0_u64..).zip(also.iter().chain(beside)) {
        let from = format!("[{from}]:{}", 40_000 + i);
        let at = 1000 * i;
        packets = packets
            .at(at, &from, to, &format!("tcp S seq=1000 ttl={hops}"))
            .at(at + 20, to, &from, "tcp SA seq=5000 ack=1001 ttl=57")
            .at(
                at + 21,
                &from,
                to,
                &format!("tcp A seq=1001 ack=5001 ttl={hops}"),
            )
            .at(
                at + 30,
                &from,
                to,
                &format!("tcp PA seq=1001 ack=5001 ttl={hops} hex:7f0102"),
            )
            .at(
                at + 50,
                to,
                &from,
                "tcp PA seq=5001 ack=1004 ttl=57 hex:7f0102",
            );
    }
    packets.audited_under(&rules, &site)
}

#[test]
fn the_address_by_which_a_host_reaches_ipv4_is_its_own() {
    // The card is made of the last four bytes: this one has the host's.
    let (own, other) = ("2001:db8::1:0:5", "2001:db8::c1a7");
    let native = ("2001:db8::5", "[2001:db8:99::1]:443", 64);
    assert_eq!(
        of(&translated(own, &[native], true), "manager").0,
        "satisfied"
    );
    // Nothing tells the prefix, or ties the address to the host: it may be.
    assert_eq!(
        of(&translated(own, &[native], false), "manager").0,
        "inconclusive"
    );
    for nat64 in [true, false] {
        let guess = translated(other, &[], nat64);
        assert_eq!(of(&guess, "manager").0, "inconclusive");
        assert!(guess["capture"]["notes"].to_string().contains("CLAT"));
    }
    // The host shows itself with another card; the address speaks IPv6 too; another network; two such addresses.
    for (from, beside) in [
        (other, native),
        (other, (other, "[2001:db8:99::1]:443", 63)),
        (
            "2001:db8:0:7::c1a7",
            ("2001:db8:0:7::c1a7", "[2001:db8:64::cb00:710b]:443", 63),
        ),
        (
            other,
            ("2001:db8::c1a8", "[2001:db8:64::cb00:710a]:443", 63),
        ),
    ] {
        let miss = translated(from, &[beside], true);
        assert_eq!(of(&miss, "manager").0, "not_seen", "{from} {beside:?}");
        assert!(!miss["capture"]["notes"].to_string().contains("CLAT"));
    }
}

/// A hello to a server, and what comes instead of an answer: nothing, a reset, an alert.
fn refused_hello(server: &str, answer: &str) -> Value {
    let client = "10.0.0.5:40000";
    let hello = record(0x16, &client_hello(Some("gate.corp.test"), false));
    let heard = 1001 + hello.len();
    let mut packets = asked(Packets::new(), 0, "gate.corp.test")
        .at(100, client, server, "tcp S seq=1000")
        .at(120, server, client, "tcp SA seq=5000 ack=1001 ttl=63")
        .at(121, client, server, "tcp A seq=1001 ack=5001")
        .at(
            130,
            client,
            server,
            &format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&hello)),
        );
    if !answer.is_empty() {
        let line = answer.replace("HEARD", &heard.to_string());
        packets = packets.at(150, server, client, &line);
    }
    for wait in [330, 730, 1530, 3130, 6330]
        .into_iter()
        .filter(|_| answer.is_empty())
    {
        packets = packets.at(
            wait,
            client,
            server,
            &format!("tcp PA seq=1001 ack=5001 hex:{}", hex(&hello)),
        );
    }
    packets.audited()
}

#[test]
fn a_proxy_whose_tls_fails_is_the_proxys_own_failure() {
    let reset = "tcp RA seq=5001 ack=HEARD ttl=63";
    let alert = "tcp PA seq=5001 ack=HEARD ttl=63 hex:15030300020228";
    for answer in [reset, alert, ""] {
        let report = refused_hello("10.0.0.80:3129", answer);
        eprintln!("{:#}", report["findings"]);
        let intents = report["intents"].as_array().unwrap();
        let intent = intents
            .iter()
            .find(|i| i["addresses"][0] == "10.0.0.80")
            .unwrap();
        eprintln!("{intent:#}");
        assert!(!codes(&report).contains(&"unexpected-name"), "{answer}");
        assert_eq!(ways(&report), ["dns", "unreached_proxy"]);
        assert_eq!(of(&report, "manager"), ("not_seen", "names_hidden"));
        // A server that nobody calls a proxy.
        let other = refused_hello("10.0.0.81:3129", answer);
        assert!(codes(&other).contains(&"unexpected-name"), "{answer}");
        assert_eq!(of(&other, "manager"), ("not_seen", "never_resolved"));
    }
}
