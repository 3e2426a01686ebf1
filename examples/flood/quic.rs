//! A flood of QUIC Initials that open as the standard says, so that each costs what a real one does.

use std::io;

use ring::{aead, hkdf};

use super::packets::{CLIENT, Packets, SERVER, port};
use super::tcp::client_hello;

/// RFC 9001 section 5.2.
const SALT: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad,
    0xcc, 0xbb, 0x7f, 0x0a,
];

/// Initials of new connections, 64 for each pair of ports; every fourth does not open with the keys of its id.
pub(crate) fn initials(packets: &mut Packets, count: u64) -> io::Result<()> {
    for i in 0..count {
        let hello = client_hello(&format!("{}.example.com", packets.dice.label()));
        let mut id = [0; 8];
        packets.dice.fill(&mut id);
        let mut packet = seal(&id, &hello).ok_or_else(|| io::Error::other("not sealed"))?;
        if i % 4 == 3 {
            packet[6] ^= 1;
        }
        packets.udp((CLIENT, port(i / 64)), (SERVER, 443), &packet)?;
    }
    Ok(())
}

/// An Initial of version 1 with one CRYPTO frame, padded to 1,200 bytes.
fn seal(id: &[u8; 8], hello: &[u8]) -> Option<Vec<u8>> {
    let initial = hkdf::Salt::new(hkdf::HKDF_SHA256, &SALT).extract(id);
    let secret: [u8; 32] = expand(&initial, b"client in")?;
    let secret = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &secret);
    let key: [u8; 16] = expand(&secret, b"quic key")?;
    let mut nonce: [u8; 12] = expand(&secret, b"quic iv")?;
    let mask: [u8; 16] = expand(&secret, b"quic hp")?;

    let mut payload = vec![6, 0];
    payload.extend((hello.len() as u16 | 0x4000).to_be_bytes());
    payload.extend(hello);
    payload.resize(1162, 0);
    // Long header, version 1, ids of 8 and 0 bytes, no token, a length of two bytes, packet number 1 in two bytes.
    let mut packet = vec![0xc1, 0, 0, 0, 1, 8];
    packet.extend(id);
    packet.extend([0, 0]);
    packet.extend(((payload.len() as u16 + 18) | 0x4000).to_be_bytes());
    let number_at = packet.len();
    packet.extend([0, 1]);
    nonce[11] ^= 1;

    let key = aead::UnboundKey::new(&aead::AES_128_GCM, &key).ok()?;
    let nonce = aead::Nonce::assume_unique_for_key(nonce);
    aead::LessSafeKey::new(key)
        .seal_in_place_append_tag(nonce, aead::Aad::from(&packet), &mut payload)
        .ok()?;
    packet.extend(payload);
    let header = aead::quic::HeaderProtectionKey::new(&aead::quic::AES_128, &mask).ok()?;
    let mask = header
        .new_mask(packet.get(number_at + 4..number_at + 20)?)
        .ok()?;
    packet[0] ^= mask[0] & 0x0f;
    packet[number_at] ^= mask[1];
    packet[number_at + 1] ^= mask[2];
    Some(packet)
}

/// HKDF-Expand-Label without context (RFC 8446 section 7.1).
fn expand<const N: usize>(secret: &hkdf::Prk, label: &[u8]) -> Option<[u8; N]> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let head = [0, N as u8, 6 + label.len() as u8];
    let mut key = [0; N];
    secret
        .expand(&[&head, b"tls13 ", label, &[0]], Length(N))
        .ok()?
        .fill(&mut key)
        .ok()?;
    Some(key)
}
