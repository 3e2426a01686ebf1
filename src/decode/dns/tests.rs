//! Messages written byte by byte.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;

/// Builds a message: header first, then questions and records in order.
struct Builder(Vec<u8>);

impl Builder {
    fn new(flags: u16, counts: [u16; 4]) -> Self {
        let mut bytes = vec![0x12, 0x34];
        bytes.extend(flags.to_be_bytes());
        counts
            .iter()
            .for_each(|count| bytes.extend(count.to_be_bytes()));
        Self(bytes)
    }

    fn name(mut self, dotted: &str) -> Self {
        for label in dotted.split('.').filter(|label| !label.is_empty()) {
            self.0.push(label.len() as u8);
            self.0.extend(label.as_bytes());
        }
        self.0.push(0);
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn question(self, dotted: &str, kind: u16) -> Self {
        self.name(dotted).bytes(&kind.to_be_bytes()).bytes(&[0, 1])
    }

    /// A record whose owner is the first question's name.
    fn record(self, kind: u16, data: &[u8]) -> Self {
        self.bytes(&[0xc0, 12]).fixed(kind, 1, 300, data)
    }

    fn fixed(self, kind: u16, class: u16, ttl: u32, data: &[u8]) -> Self {
        self.bytes(&kind.to_be_bytes())
            .bytes(&class.to_be_bytes())
            .bytes(&ttl.to_be_bytes())
            .bytes(&(data.len() as u16).to_be_bytes())
            .bytes(data)
    }
}

fn fqdn(text: &str) -> Option<Fqdn> {
    Some(Fqdn::parse(text).unwrap())
}

fn alias_answer() -> Vec<u8> {
    Builder::new(0x8180, [1, 3, 0, 1])
        .question("www.Example.com", 1)
        .record(5, b"\x04edge\x03cdn\xc0\x10")
        .bytes(&[0xc0, 45])
        .fixed(1, 1, 60, &[192, 0, 2, 7])
        .bytes(&[0xc0, 45])
        .fixed(
            28,
            0x8001,
            60,
            &"2001:db8::7"
                .parse::<std::net::Ipv6Addr>()
                .unwrap()
                .octets(),
        )
        .bytes(&[0])
        .fixed(
            41,
            1232,
            0x0100_0000,
            b"\x00\x0f\x00\x09\x00\x0fblocked\x00\x0a\x00\x02hi",
        )
        .0
}

#[test]
fn an_alias_chain_is_read_with_its_addresses() {
    let message = Message::read(&alias_answer()).unwrap();
    assert_eq!(message.stop, None);
    assert_eq!(
        (message.id, message.response, message.opcode),
        (0x1234, true, 0)
    );
    assert_eq!(
        message.questions,
        [Question {
            name: fqdn("www.example.com"),
            kind: 1,
            class: 1
        }]
    );
    let data: Vec<_> = message
        .section(Section::Answer)
        .map(|record| record.data.to_string())
        .collect();
    assert_eq!(data, ["edge.cdn.example.com", "192.0.2.7", "2001:db8::7"]);
    assert_eq!(message.records[2].name, fqdn("edge.cdn.example.com"));
    assert_eq!((message.records[2].class, message.records[2].ttl), (1, 60));
}

#[test]
fn extended_errors_and_codes_come_out_of_the_options() {
    let message = Message::read(&alias_answer()).unwrap();
    assert_eq!(message.ede, [(15, "blocked".to_owned())]);
    assert_eq!(message.rcode, 16);
    assert_eq!(rcode_name(message.rcode), "BADVERS");
    assert_eq!(rcode_name(3), "NXDOMAIN");
    assert_eq!(rcode_name(4000), "RCODE4000");
}

#[test]
fn types_have_their_registered_names() {
    let names = [1, 28, 65, 64, 5, 123].map(|kind| type_name(kind).into_owned());
    assert_eq!(names, ["A", "AAAA", "HTTPS", "SVCB", "CNAME", "TYPE123"]);
}

#[test]
fn service_bindings_tell_alpn_port_hints_and_encrypted_hello() {
    let data = [
        &b"\x00\x01\x00\x00\x01\x00\x06\x02h2\x02h3\x00\x03\x00\x02\x20\xfb\x00\x04\x00\x08"[..],
        &[192, 0, 2, 1, 192, 0, 2, 2],
        b"\x00\x05\x00\x02ab\x00\x06\x00\x10",
        &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ]
    .concat();
    let bytes = Builder::new(0x8180, [1, 1, 0, 0])
        .question("x.example", 65)
        .record(65, &data)
        .0;
    let message = Message::read(&bytes).unwrap();
    let RecordData::Binding(binding) = &message.records[0].data else {
        panic!("{message:?}")
    };
    assert_eq!(
        (binding.priority, &binding.target, binding.port),
        (1, &None, Some(8443))
    );
    assert_eq!(binding.alpn, ["h2", "h3"]);
    let hints: Vec<IpAddr> = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
        .map(|a| a.parse().unwrap())
        .into();
    assert_eq!(binding.addresses, hints);
    assert!(binding.ech);
    assert_eq!(
        binding.to_string(),
        "1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 ipv4hint=192.0.2.2 ipv6hint=2001:db8::1 ech"
    );
}

#[test]
fn other_types_are_read_each_in_its_own_way() {
    let bytes = Builder::new(0x8400, [0, 6, 0, 0])
        .name("a.b")
        .fixed(15, 1, 1, b"\x00\x0a\x02mx\xc0\x0c")
        .name("_s._tcp.b")
        .fixed(33, 1, 1, b"\x00\x01\x00\x02\x01\xbb\x01t\xc0\x0e")
        .name("a.b")
        .fixed(16, 1, 1, b"\x02hi\x03you")
        .name("b")
        .fixed(
            6,
            1,
            1,
            b"\x02ns\x00\x02me\x00\x00\x00\x00\x05................",
        )
        .name("b")
        .fixed(2, 1, 1, b"\x00")
        .name("b")
        .fixed(46, 1, 1, b"signature")
        .0;
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.stop, None);
    assert!(message.authoritative);
    let data: Vec<_> = message
        .records
        .iter()
        .map(|record| record.data.to_string())
        .collect();
    assert_eq!(
        data,
        ["10 mx.a.b", "1 2 443 t.b", "hi you", "ns me 5", ".", ""]
    );
}

#[test]
fn an_unreadable_record_does_not_hide_the_others() {
    let bytes = Builder::new(0x8180, [1, 3, 0, 0])
        .question("x.example", 1)
        .record(1, &[1, 2, 3])
        .record(5, b"\xc0\xff")
        .record(1, &[192, 0, 2, 9])
        .0;
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.stop, None);
    assert_eq!(
        message.records[0].data,
        RecordData::Unreadable("address of a wrong length")
    );
    assert_eq!(message.records[1].data, RecordData::Unreadable("name cut"));
    assert_eq!(message.records[2].data.to_string(), "192.0.2.9");
}

#[test]
fn every_cut_message_yields_what_came_before_the_cut() {
    let whole = alias_answer();
    for length in 0..whole.len() {
        let Some(message) = Message::read(&whole[..length]) else {
            assert!(length < 12);
            continue;
        };
        let stop = message.stop.unwrap();
        assert!(stop.offset as usize <= length);
        assert_eq!(
            message.records.len(),
            [56, 72, 100].iter().filter(|end| length >= **end).count()
        );
    }
}

#[test]
fn pointers_that_never_end_are_left_soon() {
    let looped = Builder::new(0x8180, [1, 0, 0, 0])
        .bytes(&[0xc0, 12, 0, 1, 0, 1])
        .0;
    let message = Message::read(&looped).unwrap();
    assert_eq!(
        message.stop,
        Some(MessageStop {
            offset: 12,
            what: "more than 64 pointers in a name"
        })
    );
    let long = Builder::new(0x8180, [1, 0, 0, 0])
        .question(&["a"; 128].join("."), 1)
        .0;
    assert_eq!(
        Message::read(&long).unwrap().stop.unwrap().what,
        "name longer than 255 bytes"
    );
    let longest = Builder::new(0x0100, [1, 0, 0, 0])
        .question(&["a"; 127].join("."), 1)
        .0;
    assert_eq!(Message::read(&longest).unwrap().stop, None);
}

#[test]
fn a_long_chain_of_pointers_costs_little() {
    let mut bytes = Builder::new(0x8180, [u16::MAX, 0, 0, 0]).question("a", 1).0;
    for at in (12..0x3ff0_u16).step_by(6) {
        bytes.extend((0xc000 | at).to_be_bytes());
        bytes.extend([0, 1, 0, 1]);
    }
    let message = Message::read(&bytes).unwrap();
    assert!(message.questions.len() > 1);
}

#[test]
fn odd_labels_stay_apart_from_the_dots_between_them() {
    let bytes = Builder::new(0x8400, [1, 0, 0, 0])
        .bytes(b"\x05a.b\\\xff\x05local\0\0\x0c\x80\x01")
        .0;
    let message = Message::read(&bytes).unwrap();
    assert_eq!(
        message.questions[0].name.as_ref().unwrap().as_str(),
        "a\\.b\\\\\\255.local"
    );
    assert_eq!(message.questions[0].class, 1);
}

#[test]
fn messages_of_a_stream_are_split_by_their_lengths() {
    let bytes = [&[0, 2][..], b"ab", &[0, 0], &[0, 5], b"cde"].concat();
    let mut messages = split_tcp(&bytes);
    let whole: Vec<_> = messages.by_ref().collect();
    assert_eq!(whole, [&b"ab"[..], b""]);
    assert_eq!((messages.wanted(), messages.begun()), (2, &b"cde"[..]));
    assert_eq!(split_tcp(&[0]).wanted(), 1);
    assert_eq!(split_tcp(&[]).wanted(), 0);
}

#[test]
fn dns_is_told_from_other_bytes() {
    let query = Builder::new(0x0100, [1, 0, 0, 0])
        .question("www.example.com", 65)
        .0;
    assert!(looks_like_dns(&query));
    assert!(looks_like_dns(&alias_answer()));
    let root = Builder::new(0x0000, [1, 0, 0, 1])
        .question("", 2)
        .bytes(&[0])
        .fixed(41, 1232, 0, b"")
        .0;
    assert!(looks_like_dns(&root));
    let trailing = [&query[..], b"!"].concat();
    assert!(!looks_like_dns(&trailing));
    for length in 0..query.len() {
        assert!(!looks_like_dns(&query[..length]));
    }
    assert!(!looks_like_dns(
        b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
    ));
    assert!(!looks_like_dns(&[0; 64]));
    assert!(!looks_like_dns(
        b"\x16\x03\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01"
    ));
}

#[test]
fn the_second_opinion_agrees_on_addresses() {
    let bytes = alias_answer();
    let theirs = dns_parser::Packet::parse(&bytes).unwrap();
    let theirs: Vec<_> = theirs
        .answers
        .iter()
        .filter_map(|answer| match &answer.data {
            dns_parser::RData::A(address) => Some((answer.name.to_string(), IpAddr::V4(address.0))),
            dns_parser::RData::AAAA(address) => {
                Some((answer.name.to_string(), IpAddr::V6(address.0)))
            }
            _ => None,
        })
        .collect();
    let message = Message::read(&bytes).unwrap();
    let ours: Vec<_> = message
        .records
        .iter()
        .filter_map(|record| match record.data {
            RecordData::Address(address) => Some((record.name.clone().unwrap(), address)),
            _ => None,
        })
        .collect();
    assert_eq!(ours.len(), 2);
    for ((our_name, our_address), (their_name, their_address)) in ours.iter().zip(&theirs) {
        assert_eq!(
            (our_name.as_str(), our_address),
            (their_name.to_ascii_lowercase().as_str(), their_address)
        );
    }
}

/// Our walker gives up after 64 pointers, the other parser does not.
#[test]
fn the_second_opinion_is_asked_where_nothing_could_be_read() {
    let mut bytes = Builder::new(0x8180, [1, 1, 0, 0]).0;
    // The question's name is a pointer over 70 pointers that lie in the answer's data.
    let data_at = 12 + 6 + 12;
    bytes.extend([0xc0, data_at as u8 + 140, 0, 1, 0, 1]);
    let mut chain = vec![1, b'x', 0, 0];
    for hop in 0..70_u8 {
        let target = if hop == 0 {
            data_at as u8
        } else {
            data_at as u8 + 2 + hop * 2
        };
        chain.extend([0xc0, target]);
    }
    bytes.extend([
        0xc0,
        data_at as u8,
        0,
        10,
        0,
        1,
        0,
        0,
        0,
        1,
        0,
        chain.len() as u8,
    ]);
    bytes.extend(chain);
    let message = Message::read(&bytes).unwrap();
    assert_eq!(
        message.stop.unwrap().what,
        "more than 64 pointers in a name"
    );
    let theirs = dns_parser::Packet::parse(&bytes)
        .map(|packet| packet.questions.len())
        .unwrap_or(0);
    assert_eq!((message.questions.len(), theirs), (1, 1));
}

proptest! {
    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = looks_like_dns(&bytes);
        if let Some(message) = Message::read(&bytes) {
            prop_assert!(message.questions.len() * 5 <= bytes.len());
            prop_assert!(message.records.len() * 11 <= bytes.len());
        }
        prop_assert!(split_tcp(&bytes).count() * 2 <= bytes.len());
    }

    #[test]
    fn mutated_messages_are_survived(at in 0_usize..200, byte in any::<u8>(), length in 0_usize..200) {
        let mut bytes = alias_answer();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        bytes.truncate(length);
        let _ = looks_like_dns(&bytes);
        if let Some(message) = Message::read(&bytes) {
            for record in &message.records {
                prop_assert!(record.data.to_string().len() < 4096);
            }
        }
    }
}
