//! Hellos, flights and certificates written byte by byte.

use proptest::prelude::*;

use super::*;
use crate::model::Fqdn;

fn vector(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector(content)].concat()
}

fn server_name(name: &str) -> Vec<u8> {
    extension(0, &vector(&[&[0][..], &vector(name.as_bytes())].concat()))
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32).to_be_bytes()[1..], body].concat()
}

fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&[kind, 3, 1][..], &vector(payload)].concat()
}

fn hello_body(extensions: &[u8], cookie: Option<&[u8]>) -> Vec<u8> {
    let mut body = [&[3, 3][..], &[7; 32], &[4], b"sess"].concat();
    if let Some(cookie) = cookie {
        body.push(cookie.len() as u8);
        body.extend(cookie);
    }
    body.extend(vector(&[0x13, 1, 0x13, 2, 0x13, 3]));
    body.extend([1, 0]);
    body.extend(vector(extensions));
    body
}

fn extensions() -> Vec<u8> {
    [
        extension(0x1a1a, b"grease"),
        server_name("WWW.Example.com"),
        extension(16, &vector(b"\x02h2\x08http/1.1")),
        extension(43, b"\x06\x7a\x7a\x03\x04\x03\x03"),
        extension(0xfe0d, &[0; 40]),
        extension(21, &[0; 30]),
    ]
    .concat()
}

fn client_hello() -> Vec<u8> {
    message(1, &hello_body(&extensions(), None))
}

fn hello(read: HelloRead) -> ClientHello {
    match read {
        HelloRead::Hello(hello) => *hello,
        other => panic!("{other:?}"),
    }
}

fn fqdn(name: &str) -> Option<Fqdn> {
    Some(Fqdn::parse(name).unwrap())
}

#[test]
fn a_hello_tells_all_that_is_asked() {
    let bytes = record(22, &client_hello());
    let hello = hello(read_hello(&bytes));
    assert_eq!(
        hello,
        ClientHello {
            server_name: fqdn("www.example.com"),
            alpn: vec!["h2".to_owned(), "http/1.1".to_owned()],
            legacy_version: 0x0303,
            supported_versions: vec![0x0304, 0x0303],
            ech: true,
            ech_key: Some(0),
            random: [7; 32],
            session_id: b"sess".to_vec(),
            cipher_suites: 3,
            hello_length: client_hello().len() as u32,
            complete: true,
            whole: true,
        }
    );
    assert!(starts_hello(&bytes));
}

#[test]
fn a_hello_cut_into_records_anywhere_is_the_same_hello() {
    let whole = hello(read_hello(&record(22, &client_hello())));
    let message = client_hello();
    for at in 1..message.len() {
        let (first, second) = message.split_at(at);
        let bytes = [record(22, first), record(22, second)].concat();
        assert_eq!(hello(read_hello(&bytes)), whole, "cut at {at}");
    }
    let bytes: Vec<u8> = client_hello()
        .iter()
        .flat_map(|byte| record(22, &[*byte]))
        .collect();
    assert_eq!(hello(read_hello(&bytes)), whole);
}

#[test]
fn every_prefix_asks_for_more_until_the_name_is_there() {
    let bytes = record(22, &client_hello());
    let name_end = bytes
        .windows(15)
        .position(|window| window == b"WWW.Example.com")
        .unwrap()
        + 15;
    for length in 0..bytes.len() {
        match read_hello(&bytes[..length]) {
            HelloRead::NeedMore(more) => {
                assert!(length < name_end);
                assert!(
                    more >= 1 && length + more <= bytes.len(),
                    "{more} more at {length}"
                );
            }
            HelloRead::Hello(hello) => {
                assert!(length >= name_end);
                assert_eq!(
                    (hello.complete, hello.server_name),
                    (false, fqdn("www.example.com"))
                );
            }
            other => panic!("{other:?} at {length}"),
        }
    }
}

#[test]
fn a_bad_extension_does_not_hide_the_name() {
    let list = [
        extension(16, b"\xff\xffbroken"),
        server_name("a.example"),
        vec![0, 10, 0xff, 0xff],
    ]
    .concat();
    let hello = hello(read_handshake_hello(&message(1, &hello_body(&list, None))));
    assert_eq!(
        (hello.server_name, hello.complete),
        (fqdn("a.example"), false)
    );
    assert_eq!(hello.alpn, Vec::<String>::new());
}

#[test]
fn other_streams_are_no_hellos() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"SSH-2.0-x\r\n",
        &[0x16, 0x04, 1, 0, 5],
        &[0; 40],
    ] {
        assert_eq!(read_hello(bytes), HelloRead::NotTls);
        assert!(!starts_hello(bytes));
    }
    assert_eq!(
        read_hello(&record(22, &message(2, &[0; 40]))),
        HelloRead::NotTls
    );
    let broken = [record(22, &client_hello()[..20]), record(21, &[2, 40])].concat();
    assert_eq!(
        read_hello(&broken),
        HelloRead::Malformed("other record inside the hello")
    );
    let short = record(22, &message(1, &[3; 20]));
    assert_eq!(
        read_hello(&short),
        HelloRead::Malformed("hello shorter than its fields")
    );
    assert!(matches!(
        read_hello(&[0x16, 3, 1, 0xff, 0xff, 1]),
        HelloRead::Malformed(_)
    ));
    assert!(matches!(
        read_hello(&[0x16, 3, 1, 0, 9, 1, 0xff, 0, 0]),
        HelloRead::Malformed(_)
    ));
}

#[test]
fn hellos_of_old_are_known_as_tls() {
    let no_extensions = hello_body(&[], None);
    let body = &no_extensions[..no_extensions.len() - 2];
    let old = hello(read_hello(&record(22, &message(1, body))));
    assert_eq!((old.server_name, old.complete), (None, true));

    let mut version_2 = vec![0x80, 9 + 6 + 16, 1, 3, 1, 0, 6, 0, 0, 0, 16];
    version_2.extend([1, 0, 128, 0, 0, 4]);
    version_2.extend([5; 16]);
    let old = hello(read_hello(&version_2));
    assert_eq!(
        (
            old.legacy_version,
            old.cipher_suites,
            old.random[15],
            old.random[16]
        ),
        (0x0301, 2, 0, 5)
    );
    for length in 5..version_2.len() {
        let HelloRead::NeedMore(more) = read_hello(&version_2[..length]) else {
            panic!("at {length}")
        };
        assert!(length + more <= version_2.len());
    }
}

fn datagram(parts: &[(usize, &[u8])], length: usize) -> Vec<u8> {
    let be24 = |number: usize| (number as u32).to_be_bytes()[1..].to_vec();
    let mut bytes = Vec::new();
    for (offset, part) in parts {
        let header = [
            &[1][..],
            &be24(length),
            &[0, 0],
            &be24(*offset),
            &be24(part.len()),
        ]
        .concat();
        bytes.extend([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(vector(&[&header[..], part].concat()));
    }
    bytes
}

#[test]
fn hellos_of_datagrams_are_joined_from_their_fragments() {
    let body = hello_body(&extensions(), Some(b"cookie"));
    let whole = hello(read_datagram_hello(&datagram(&[(0, &body)], body.len())));
    assert_eq!(
        (&whole.server_name, whole.complete),
        (&fqdn("www.example.com"), true)
    );
    for at in 1..body.len() {
        let parts = [(at / 2, &body[at / 2..]), (0, &body[..at])];
        assert_eq!(
            hello(read_datagram_hello(&datagram(&parts, body.len()))),
            whole
        );
    }
    let first = datagram(&[(0, &body[..50])], body.len());
    assert_eq!(
        read_datagram_hello(&first),
        HelloRead::NeedMore(body.len() - 50)
    );
    assert_eq!(read_datagram_hello(b"\x16\xfe\xfd"), HelloRead::NotTls);
    assert_eq!(
        read_datagram_hello(&record(22, &client_hello())),
        HelloRead::NotTls
    );
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = if length < 128 {
        vec![tag, length as u8]
    } else {
        vec![tag, 0x82, (length >> 8) as u8, length as u8]
    };
    [header, content.to_vec()].concat()
}

fn name(attributes: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
    let sets = attributes.iter().flat_map(|(kind, tag, value)| {
        let pair = [der(6, kind), der(*tag, value)].concat();
        der(0x31, &der(0x30, &pair))
    });
    der(0x30, &sets.collect::<Vec<u8>>())
}

fn certificate() -> Vec<u8> {
    let names = [
        der(0x82, b"*.example.com"),
        der(0x87, &[192, 0, 2, 1]),
        der(0x82, b"example.com"),
    ]
    .concat();
    let other = der(
        0x30,
        &[der(6, &[0x55, 0x1d, 0x0f]), der(4, &[3, 2, 1, 6])].concat(),
    );
    let alternative = [
        der(6, &[0x55, 0x1d, 0x11]),
        der(1, &[0xff]),
        der(4, &der(0x30, &names)),
    ]
    .concat();
    let body = [
        der(0xa0, &der(2, &[2])),
        der(2, &[1, 2, 3]),
        der(0x30, &der(6, &[0x2a])),
        name(&[
            (&[0x55, 4, 10], 0x13, b"Acme"),
            (&[0x55, 4, 3], 0x1e, b"\0I\0n\0s\0p"),
        ]),
        der(0x30, &[]),
        name(&[(&[0x55, 4, 3], 0x0c, b"example.com")]),
        der(0x30, &[0; 200]),
        der(0xa3, &der(0x30, &[other, der(0x30, &alternative)].concat())),
    ]
    .concat();
    der(
        0x30,
        &[der(0x30, &body), der(0x30, &[]), der(3, &[0; 8])].concat(),
    )
}

#[test]
fn certificates_tell_subject_names_and_issuer() {
    let expected = Certificate {
        subject: Some("example.com".to_owned()),
        names: [b"*.example.com".as_slice(), b"example.com"]
            .map(|name| Fqdn::from_packet(name).unwrap())
            .into(),
        issuer: Some("Insp".to_owned()),
        issuer_organization: Some("Acme".to_owned()),
        self_issued: false,
    };
    assert_eq!(Certificate::read(&certificate()), Some(expected));
    for length in 0..certificate().len() {
        assert_eq!(Certificate::read(&certificate()[..length]), None);
    }
}

fn flight() -> Vec<u8> {
    let chosen = extension(16, &vector(b"\x02h2"));
    let hello = [
        &[3, 3][..],
        &[9; 32],
        &[0],
        &[0xc0, 0x2f],
        &[0],
        &vector(&chosen),
    ]
    .concat();
    let list = [
        &(certificate().len() as u32).to_be_bytes()[1..],
        &certificate(),
    ]
    .concat();
    let chain = [&(list.len() as u32).to_be_bytes()[1..], &list].concat();
    let messages = [message(2, &hello), message(11, &chain), message(14, &[])].concat();
    let (first, second) = messages.split_at(100);
    [record(22, first), record(22, second)].concat()
}

#[test]
fn a_server_flight_tells_version_and_certificate() {
    let read = read_server_flight(&flight()).unwrap();
    let hello = read.hello.unwrap();
    assert_eq!(
        (hello.version, hello.cipher_suite, hello.alpn.as_deref()),
        (0x0303, 0xc02f, Some("h2"))
    );
    assert_eq!(read.certificate, Certificate::read(&certificate()));
    assert_eq!(
        (read.alert, read.encrypted, read.needs_more, hello.retry),
        (None, false, false, false)
    );
    let without_done = read_server_flight(&flight()[..flight().len() - 4]).unwrap();
    assert_eq!(
        (without_done.needs_more, without_done.length),
        (false, flight().len()),
        "the certificate is there, its record goes on"
    );
    for length in 0..flight().len() - 20 {
        let cut = read_server_flight(&flight()[..length]);
        assert!(
            cut.is_none_or(|cut| cut.needs_more && cut.certificate.is_none()),
            "at {length}"
        );
    }
}

#[test]
fn version_1_3_is_told_by_its_extension_and_alerts_by_their_record() {
    let hello = [
        &[3, 3][..],
        &[9; 32],
        &[0],
        &[0x13, 1],
        &[0],
        &vector(&extension(43, &[3, 4])),
    ]
    .concat();
    let bytes = [
        record(22, &message(2, &hello)),
        record(20, &[1]),
        record(23, &[0; 60]),
    ]
    .concat();
    let read = read_server_flight(&bytes).unwrap();
    assert_eq!(read.hello.unwrap().version, 0x0304);
    assert_eq!((read.encrypted, read.needs_more), (true, false));

    let read = read_server_flight(&record(21, &[2, 112])).unwrap();
    assert_eq!(
        read.alert,
        Some(Alert {
            level: 2,
            description: 112
        })
    );
    assert!(!read.needs_more);
    assert_eq!(read_server_flight(b"HTTP/1.1 200 OK\r\n"), None);
}

proptest! {
    #[test]
    fn random_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), as_tls in any::<bool>()) {
        if as_tls {
            bytes.splice(0..0, [22, 3, 1, 1, 0, 1, 0, 0, 200]);
        }
        let _ = (read_hello(&bytes), read_handshake_hello(&bytes), read_datagram_hello(&bytes));
        let _ = (read_server_flight(&bytes), Certificate::read(&bytes));
        prop_assert!(records(&bytes).count() * 5 <= bytes.len());
    }

    #[test]
    fn mutated_bytes_are_survived(at in 0_usize..400, byte in any::<u8>()) {
        for mut bytes in [record(22, &client_hello()), flight(), certificate()] {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            if let HelloRead::NeedMore(more) = read_hello(&bytes) {
                prop_assert!(more >= 1);
            }
            let _ = (read_server_flight(&bytes), Certificate::read(&bytes));
        }
    }
}
