//! Packets sealed here, and the vectors of RFC 9001 appendix A and RFC 9369 appendix A.

use proptest::prelude::*;
use ring::aead;

use super::keys::{Keys, schemes};
use super::*;
use crate::decode::tls::{HelloRead, read_handshake_hello};

const CONNECTION_ID: [u8; 8] = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];

/// A version of each kind whose Initial packets look like those of version 1.
pub(crate) const VERSIONS: [u32; 7] = [
    1,
    0xff00_0022,
    0xff00_001d,
    0xff00_0017,
    0xface_b001,
    0xface_b002,
    0x1a2a_3a4a,
];

fn keys(version: u32, sender: Sender) -> Keys {
    Keys::derive(&schemes(version)[0], &CONNECTION_ID, sender).unwrap()
}

/// Seals frames into an Initial packet with a token of 3 bytes and a packet number of 2.
pub(crate) fn seal(version: u32, first: u8, sender: Sender, frames: &[u8]) -> Vec<u8> {
    let keys = keys(version, sender);
    let mut payload = frames.to_vec();
    payload.resize(frames.len().max(40), 0);
    let mut packet = vec![first | 0x01];
    packet.extend(version.to_be_bytes());
    packet.push(8);
    packet.extend(CONNECTION_ID);
    packet.extend([2, 0xaa, 0xbb, 3, 1, 2, 3]);
    let length = payload.len() + 2 + 16;
    packet.extend([0x40 | (length >> 8) as u8, length as u8]);
    let number_at = packet.len();
    packet.extend([0, 7]);

    let mut nonce = keys.vector;
    nonce[11] ^= 7;
    let nonce = aead::Nonce::assume_unique_for_key(nonce);
    keys.packet
        .seal_in_place_append_tag(nonce, aead::Aad::from(&packet), &mut payload)
        .unwrap();
    packet.extend(payload);
    let mask = keys
        .header
        .new_mask(&packet[number_at + 4..number_at + 20])
        .unwrap();
    packet[0] ^= mask[0] & 0x0f;
    packet[number_at] ^= mask[1];
    packet[number_at + 1] ^= mask[2];
    packet
}

pub(crate) fn crypto(offset: u8, bytes: &[u8]) -> Vec<u8> {
    [
        &[
            6,
            offset,
            0x40 | (bytes.len() >> 8) as u8,
            bytes.len() as u8,
        ],
        bytes,
    ]
    .concat()
}

fn only(datagram: &[u8]) -> LongHeader<'_> {
    packets(datagram).next().unwrap()
}

#[test]
fn keys_are_those_of_the_standards() {
    let client = keys(1, Sender::Client);
    assert_eq!(
        client.vector,
        *b"\xfa\x04\x4b\x2f\x42\xa3\xfd\x3b\x46\xfb\x25\x5c"
    );
    let sample = b"\xd1\xb1\xc9\x8d\xd7\x68\x9f\xb8\xec\x11\xd2\x42\xb1\x23\xdc\x9b";
    assert_eq!(
        client.header.new_mask(sample).unwrap(),
        *b"\x43\x7b\x9a\xec\x36"
    );
    let server = keys(1, Sender::Server);
    assert_eq!(
        server.vector,
        *b"\x0a\xc1\x49\x3c\xa1\x90\x58\x53\xb0\xbb\xa0\x3e"
    );
    let version_2 = keys(0x6b33_43cf, Sender::Client);
    assert_eq!(
        version_2.vector,
        *b"\x91\xf7\x3e\x23\x51\xd8\xfa\x91\x66\x0e\x90\x9f"
    );
}

#[test]
fn initial_packets_of_all_versions_open() {
    let frames = [
        &[1, 0][..],
        &crypto(0, b"hello"),
        &[2, 9, 0, 1, 0, 1, 1],
        &crypto(5, b" there"),
    ]
    .concat();
    for version in VERSIONS {
        let datagram = seal(version, 0xc0, Sender::Client, &frames);
        let initial = open_initial(&only(&datagram), &CONNECTION_ID, Sender::Client).unwrap();
        assert_eq!(
            (initial.number, initial.close),
            (7, None),
            "version {version:x}"
        );
        assert_eq!(join(&initial.crypto), b"hello there");
    }
    let datagram = seal(0x6b33_43cf, 0xd0, Sender::Server, &frames);
    let initial = open_initial(&only(&datagram), &CONNECTION_ID, Sender::Server).unwrap();
    assert_eq!(join(&initial.crypto), b"hello there");
    assert_eq!(
        open_initial(&only(&datagram), &CONNECTION_ID, Sender::Client),
        None
    );
    assert_eq!(
        open_initial(&only(&datagram), b"other", Sender::Server),
        None
    );
    let google = seal(
        0x5130_3530,
        0xc0,
        Sender::Client,
        &[&[7, 8, 0, 3][..], b"abc"].concat(),
    );
    let initial = open_initial(&only(&google), &CONNECTION_ID, Sender::Client).unwrap();
    assert_eq!(join(&initial.crypto), b"abc");
}

#[test]
fn every_cut_or_changed_packet_stays_closed() {
    let datagram = seal(1, 0xc0, Sender::Client, &crypto(0, b"hello"));
    for length in 0..datagram.len() {
        let cut = packets(&datagram[..length]).next();
        assert!(cut.is_none_or(|cut| open_initial(&cut, &CONNECTION_ID, Sender::Client).is_none()));
    }
    for at in 0..datagram.len() {
        let mut changed = datagram.clone();
        changed[at] ^= 0x04;
        let opened = packets(&changed)
            .next()
            .and_then(|cut| open_initial(&cut, &CONNECTION_ID, Sender::Client));
        assert_eq!(opened, None, "at {at}");
    }
}

#[test]
fn closing_tells_the_code() {
    let frames = [&[0x1c, 0x41, 0x28, 6, 0][..], &crypto(0, b"x")].concat();
    let datagram = seal(1, 0xc0, Sender::Server, &frames);
    let initial = open_initial(&only(&datagram), &CONNECTION_ID, Sender::Server).unwrap();
    assert_eq!((initial.close, initial.crypto.len()), (Some(0x128), 0));
}

#[test]
fn packets_of_a_datagram_are_told_apart() {
    let initial = seal(1, 0xc0, Sender::Client, &[1]);
    let early = [&[0xd0, 0, 0, 0, 1, 1, 9, 0, 2][..], b"ab"].concat();
    let handshake = [&[0xe0, 0, 0, 0, 1, 1, 9, 0, 2][..], b"ab"].concat();
    let datagram = [&initial[..], &early, &handshake, &[0x40, 1, 2, 3]].concat();
    let kinds: Vec<_> = packets(&datagram).map(|packet| packet.kind).collect();
    assert_eq!(
        kinds,
        [
            PacketKind::Initial,
            PacketKind::ZeroRtt,
            PacketKind::Handshake
        ]
    );
    let first = only(&datagram);
    assert_eq!(
        (first.destination, first.source, first.token),
        (&CONNECTION_ID[..], &[0xaa, 0xbb][..], &[1, 2, 3][..])
    );

    let retry = [&[0xf0, 0, 0, 0, 1, 0, 1, 5][..], b"token", &[0; 16]].concat();
    assert_eq!(
        (only(&retry).kind, only(&retry).token),
        (PacketKind::Retry, &b"token"[..])
    );
    let retry_2 = [&[0xc0, 0x6b, 0x33, 0x43, 0xcf, 0, 1, 5][..], &[0; 16]].concat();
    assert_eq!(only(&retry_2).kind, PacketKind::Retry);
    let negotiation = [0x80, 0, 0, 0, 0, 1, 1, 1, 2, 0, 0, 0, 1];
    assert_eq!(only(&negotiation).kind, PacketKind::VersionNegotiation);
    assert!(starts_quic(&initial) && starts_quic(&negotiation));
    assert!(!starts_quic(b"\xc0not quic, though the first bit is set"));
    assert!(!starts_quic(&[0x40; 30]) && !starts_quic(&[]));
}

#[test]
fn the_handshake_is_joined_in_any_order() {
    let frame = |offset: u64, bytes: &[u8]| CryptoFrame {
        offset,
        bytes: bytes.to_vec(),
    };
    let frames = [
        frame(6, b"ghij"),
        frame(0, b"abc"),
        frame(2, b"cdefg"),
        frame(2, b"c"),
        frame(12, b"mn"),
    ];
    assert_eq!(join(&frames), b"abcdefghij");
    assert_eq!(join(frames.iter().rev()), b"abcdefghij");
    assert_eq!(join(&[frame(1, b"x")]), b"");
    assert_eq!(join(&[frame(0, b"x"), frame(u64::MAX, b"y")]), b"x");
    assert_eq!(join(&[frame(0, &[1; 1 << 17])]).len(), 1 << 16);
    assert!(matches!(
        read_handshake_hello(&join(&frames)),
        HelloRead::NotTls
    ));
}

#[test]
fn google_hellos_tell_the_server_name() {
    let mut message =
        b"\xa0\x01CHLO\x02\0\0\0PAD\0\x04\0\0\0SNI\0\x11\0\0\0----WWW.example.c".to_vec();
    message.extend(b"om");
    let hello = read_google_hello(&message).unwrap();
    assert_eq!(hello.server_name.unwrap().as_str(), "www.example.c");
    for length in 0..message.len() - 2 {
        assert!(
            read_google_hello(&message[..length]).is_none_or(|hello| hello.server_name.is_none())
        );
    }
}

proptest! {
    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), version in 0_u32..3) {
        let long = [&[0xc3][..], &version.to_be_bytes(), &bytes].concat();
        for datagram in [&bytes, &long] {
            for packet in packets(datagram) {
                let _ = open_initial(&packet, packet.destination, Sender::Client);
            }
            let _ = (starts_quic(datagram), read_google_hello(datagram));
        }
    }

    #[test]
    fn random_frames_are_survived(frames in proptest::collection::vec(any::<u8>(), 0..300)) {
        for version in [1, 0x5130_3530] {
            let datagram = seal(version, 0xc0, Sender::Client, &frames);
            let initial = open_initial(&only(&datagram), &CONNECTION_ID, Sender::Client).unwrap();
            prop_assert!(join(&initial.crypto).len() <= frames.len());
        }
    }
}
