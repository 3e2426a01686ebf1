//! What a frame, a ClientHello, a QUIC Initial and a DNS message cost, each beside the library calls it rests on.
//!
//! All bytes are built here. `cargo bench --bench observe`

#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]

use divan::{Bencher, black_box, counter::BytesCount};
use etherparse::{LaxSlicedPacket, PacketBuilder};
use pktaudit::decode::quic::{self, Sender};
use pktaudit::decode::tls::{self, HelloRead};
use pktaudit::decode::{Decoded, decode, dns};
use pktaudit::model::{CaptureTime, FrameId, Stamp};
use pktaudit::observe::{Observation, Sighting, attribute};
use ring::aead::{self, quic::HeaderProtectionKey};
use ring::hkdf;

fn main() {
    divan::main();
}

mod frame {
    use super::*;

    #[divan::bench]
    fn decode_to_tcp(bencher: Bencher<'_, '_>) {
        let frame = tcp_frame(40_000, 1, &[b'x'; 600]);
        bencher
            .counter(BytesCount::new(frame.len()))
            .bench(|| matches!(decode(1, black_box(&frame), 0), Decoded::Packet(_)));
    }

    #[divan::bench]
    fn beside_etherparse_lax(bencher: Bencher<'_, '_>) {
        let frame = tcp_frame(40_000, 1, &[b'x'; 600]);
        bencher
            .counter(BytesCount::new(frame.len()))
            .bench(|| LaxSlicedPacket::from_ethernet(black_box(&frame)).is_ok());
    }

    /// 20,000 frames of 1,000 connections, decoded, absorbed and made flows of.
    #[divan::bench(sample_count = 20)]
    fn observe_20_000(bencher: Bencher<'_, '_>) {
        let frames: Vec<Vec<u8>> = (0..20_000_u32)
            .map(|i| tcp_frame(10_000 + (i % 1000) as u16, 1 + i / 1000 * 600, &[b'x'; 600]))
            .collect();
        bencher.counter(frames.len()).bench(|| {
            let mut observation = Observation::default();
            for (i, frame) in frames.iter().enumerate() {
                let sighting = Sighting {
                    stamp: Stamp {
                        time: CaptureTime::from_nanos(i as i64 * 10_000),
                        frame: FrameId::new(0, 0, i as u32),
                    },
                    captured_length: frame.len() as u32,
                    wire_length: frame.len() as u32,
                    packet_mark: 0,
                };
                observation.absorb(sighting, &decode(1, frame, 0));
            }
            attribute(observation).flows.len()
        });
    }
}

mod client_hello {
    use super::*;

    #[divan::bench]
    fn read_hello(bencher: Bencher<'_, '_>) {
        let record = record(&client_hello());
        bencher.bench(|| matches!(tls::read_hello(black_box(&record)), HelloRead::Hello(_)));
    }

    #[divan::bench]
    fn beside_tls_parser(bencher: Bencher<'_, '_>) {
        use tls_parser::{TlsMessage, TlsMessageHandshake};
        let record = record(&client_hello());
        bencher.bench(|| {
            let (_, record) = tls_parser::parse_tls_plaintext(black_box(&record)).unwrap();
            record.msg.iter().any(|message| match message {
                TlsMessage::Handshake(TlsMessageHandshake::ClientHello(hello)) => {
                    hello.ext.is_some_and(|bytes| {
                        tls_parser::parse_tls_client_hello_extensions(bytes).is_ok()
                    })
                }
                _ => false,
            })
        });
    }
}

mod quic_initial {
    use super::*;

    #[divan::bench]
    fn open_and_read(bencher: Bencher<'_, '_>) {
        let datagram = initial(&client_hello());
        bencher.bench(|| {
            let packet = quic::packets(black_box(&datagram)).next().unwrap();
            let opened = quic::open_initial(&packet, packet.destination, Sender::Client).unwrap();
            let bytes = quic::join(&opened.crypto);
            matches!(tls::read_handshake_hello(&bytes), HelloRead::Hello(_))
        });
    }

    #[divan::bench]
    fn beside_ring_alone(bencher: Bencher<'_, '_>) {
        let datagram = initial(&client_hello());
        bencher.bench(|| {
            let keys = Keys::derive();
            let sample = &datagram[NUMBER_AT + 4..NUMBER_AT + 20];
            let mask = keys.header.new_mask(black_box(sample)).unwrap();
            let mut header = datagram[..NUMBER_AT + 4].to_vec();
            header[0] ^= mask[0] & 0x0f;
            for (byte, mask) in header[NUMBER_AT..].iter_mut().zip(&mask[1..]) {
                *byte ^= mask;
            }
            let mut payload = datagram[NUMBER_AT + 4..].to_vec();
            let nonce = aead::Nonce::assume_unique_for_key(keys.vector);
            keys.packet
                .open_in_place(nonce, aead::Aad::from(&header), &mut payload)
                .unwrap()
                .len()
        });
    }
}

mod dns_message {
    use super::*;

    #[divan::bench]
    fn read(bencher: Bencher<'_, '_>) {
        let message = dns_answer();
        bencher.bench(|| {
            dns::Message::read(black_box(&message))
                .unwrap()
                .records
                .len()
        });
    }

    #[divan::bench]
    fn beside_dns_parser(bencher: Bencher<'_, '_>) {
        let message = dns_answer();
        bencher.bench(|| {
            let packet = dns_parser::Packet::parse(black_box(&message)).unwrap();
            packet
                .answers
                .iter()
                .map(|a| a.name.to_string().len())
                .sum::<usize>()
        });
    }
}

fn tcp_frame(port: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
        .ipv4([10, 0, 0, 5], [203, 0, 113, 9], 64)
        .tcp(port, 443, sequence, 1024)
        .ack(1);
    let mut frame = Vec::new();
    builder.write(&mut frame, payload).unwrap();
    frame
}

fn vector(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [kind.to_be_bytes().to_vec(), vector(content)].concat()
}

fn client_hello() -> Vec<u8> {
    let name = [&[0][..], &vector(b"agents.deepsecurity.trendmicro.com")].concat();
    let extensions = [
        extension(0x0a0a, &[]),
        extension(0, &vector(&name)),
        extension(10, &vector(&[0, 29, 0, 23])),
        extension(13, &vector(&[4, 3, 8, 4])),
        extension(16, &vector(b"\x02h2\x08http/1.1")),
        extension(43, &[4, 3, 4, 3, 3]),
        extension(51, &vector(&[&[0, 29][..], &vector(&[7; 32])].concat())),
        extension(21, &[0; 180]),
    ]
    .concat();
    let body = [
        &[3, 3][..],
        &[9; 32],
        &[0],
        &vector(&[0x13; 34]),
        &[1, 0],
        &vector(&extensions),
    ]
    .concat();
    let length = (body.len() as u32).to_be_bytes();
    [&[1][..], &length[1..], &body].concat()
}

fn record(handshake: &[u8]) -> Vec<u8> {
    [&[22, 3, 1][..], &vector(handshake)].concat()
}

/// An answer with a chain of two aliases and two addresses.
fn dns_answer() -> Vec<u8> {
    let name = b"\x06agents\x0cdeepsecurity\x0atrendmicro\x03com\x00";
    let alias = b"\x04edge\x03cdn\x07example\x00";
    let record = |owner: &[u8], kind: u8, data: &[u8]| {
        let length = (data.len() as u16).to_be_bytes();
        [owner, &[0, kind, 0, 1, 0, 0, 1, 44], &length, data].concat()
    };
    [
        &[0x12, 0x34, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0][..],
        name,
        &[0, 1, 0, 1],
        &record(&[0xc0, 12], 5, alias),
        &record(alias, 1, &[203, 0, 113, 9]),
        &record(alias, 1, &[203, 0, 113, 10]),
    ]
    .concat()
}

const CONNECTION_ID: [u8; 8] = [0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
/// Behind flags, version, ids with their lengths, an empty token and a length of two bytes.
const NUMBER_AT: usize = 1 + 4 + 9 + 1 + 1 + 2;

/// A protected Initial packet of version 1 with packet number 0 in four bytes.
fn initial(handshake: &[u8]) -> Vec<u8> {
    let crypto = [
        &[6, 0][..],
        &(handshake.len() as u16 | 0x4000).to_be_bytes(),
        handshake,
    ]
    .concat();
    let mut payload = crypto;
    payload.resize(1162, 0);
    let length = ((4 + payload.len() + 16) as u16 | 0x4000).to_be_bytes();
    let mut header = [
        &[0xc3, 0, 0, 0, 1, 8][..],
        &CONNECTION_ID,
        &[0, 0],
        &length,
        &[0; 4],
    ]
    .concat();
    let keys = Keys::derive();
    let nonce = aead::Nonce::assume_unique_for_key(keys.vector);
    keys.packet
        .seal_in_place_append_tag(nonce, aead::Aad::from(&header), &mut payload)
        .unwrap();
    let mask = keys.header.new_mask(&payload[..16]).unwrap();
    header[0] ^= mask[0] & 0x0f;
    for (byte, mask) in header[NUMBER_AT..].iter_mut().zip(&mask[1..]) {
        *byte ^= mask;
    }
    [header, payload].concat()
}

/// The client's keys for [`CONNECTION_ID`] (RFC 9001 section 5.2).
struct Keys {
    packet: aead::LessSafeKey,
    vector: [u8; 12],
    header: HeaderProtectionKey,
}

impl Keys {
    fn derive() -> Self {
        const SALT: [u8; 20] = [
            0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
            0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
        ];
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, &SALT).extract(&CONNECTION_ID);
        let secret: [u8; 32] = expand(&secret, b"tls13 client in");
        let secret = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &secret);
        let key: [u8; 16] = expand(&secret, b"tls13 quic key");
        let header: [u8; 16] = expand(&secret, b"tls13 quic hp");
        let key = aead::UnboundKey::new(&aead::AES_128_GCM, &key).unwrap();
        Self {
            packet: aead::LessSafeKey::new(key),
            vector: expand(&secret, b"tls13 quic iv"),
            header: HeaderProtectionKey::new(&aead::quic::AES_128, &header).unwrap(),
        }
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(secret: &hkdf::Prk, label: &[u8]) -> [u8; N] {
    let lengths = [0, N as u8, label.len() as u8];
    let mut out = [0; N];
    let info = [&lengths[..], label, &[0]];
    secret
        .expand(&info, Length(N))
        .unwrap()
        .fill(&mut out)
        .unwrap();
    out
}
