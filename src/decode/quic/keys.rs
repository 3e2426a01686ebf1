//! Keys of Initial packets (RFC 9001 section 5.2).

use ring::aead::{self, quic};
use ring::hkdf;

/// Who sent a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Sender {
    /// Who opened the connection.
    Client,
    /// Who was addressed.
    Server,
}

/// How a version derives its keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scheme {
    salt: &'static [u8; 20],
    key: &'static [u8],
    vector: &'static [u8],
    header: &'static [u8],
}

const fn scheme(salt: &'static [u8; 20]) -> Scheme {
    Scheme {
        salt,
        key: b"tls13 quic key",
        vector: b"tls13 quic iv",
        header: b"tls13 quic hp",
    }
}

const fn scheme_2(salt: &'static [u8; 20]) -> Scheme {
    Scheme {
        salt,
        key: b"tls13 quicv2 key",
        vector: b"tls13 quicv2 iv",
        header: b"tls13 quicv2 hp",
    }
}

const DRAFT_22: Scheme =
    scheme(b"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a");
const DRAFT_23: Scheme =
    scheme(b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02");
const DRAFT_29: Scheme =
    scheme(b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99");
const VERSION_1: Scheme =
    scheme(b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a");
const VERSION_2: Scheme =
    scheme_2(b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9");
const VERSION_2_DRAFT: Scheme =
    scheme_2(b"\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3");
const GOOGLE_Q050: Scheme =
    scheme(b"\x50\x45\x74\xef\xd0\x66\xfe\x2f\x9d\x94\x5c\xfc\xdb\xd3\xa7\xf0\xd3\xb5\x6b\x45");
const GOOGLE_T050: Scheme =
    scheme(b"\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10");
const GOOGLE_T051: Scheme =
    scheme(b"\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d");

/// The schemes to be tried for a version, likeliest first; none where the version is not known.
pub(super) const fn schemes(version: u32) -> &'static [Scheme] {
    match version {
        1 | 0xff00_0021 | 0xff00_0022 => &[VERSION_1],
        0x6b33_43cf => &[VERSION_2],
        0x709a_50c4 => &[VERSION_2_DRAFT],
        0xff00_0015 | 0xff00_0016 | 0xface_b001 => &[DRAFT_22],
        0xff00_0017..=0xff00_001c => &[DRAFT_23],
        0xff00_001d..=0xff00_0020 => &[DRAFT_29],
        // Facebook's mvfst tells no draft in its numbers.
        0xface_b000..=0xface_b0ff => &[DRAFT_23, VERSION_1, DRAFT_29],
        0x5130_3530 => &[GOOGLE_Q050],
        0x5430_3530 => &[GOOGLE_T050],
        0x5430_3531 => &[GOOGLE_T051],
        // Versions reserved to provoke negotiation (RFC 9000 section 15): the client used what it speaks.
        _ if version & 0x0f0f_0f0f == 0x0a0a_0a0a => &[VERSION_1, DRAFT_29],
        _ => &[],
    }
}

/// Whether keys can be derived for a version.
pub(super) const fn is_known(version: u32) -> bool {
    !schemes(version).is_empty()
}

/// Whether the version is one of Google's with frames of its own.
pub(super) const fn is_google(version: u32) -> bool {
    matches!(version, 0x5130_3530 | 0x5430_3530 | 0x5430_3531)
}

/// What opens one side's Initial packets.
pub(super) struct Keys {
    pub(super) packet: aead::LessSafeKey,
    pub(super) vector: [u8; 12],
    pub(super) header: quic::HeaderProtectionKey,
}

impl Keys {
    /// Derives the keys of a sender from the client's first destination connection id. `None` never comes in practice:
    /// all lengths are right.
    pub(super) fn derive(scheme: &Scheme, connection_id: &[u8], sender: Sender) -> Option<Self> {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, scheme.salt).extract(connection_id);
        let label: &[u8] = match sender {
            Sender::Client => b"tls13 client in",
            Sender::Server => b"tls13 server in",
        };
        let secret = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, &expand::<32>(&secret, label)?);
        let packet =
            aead::UnboundKey::new(&aead::AES_128_GCM, &expand::<16>(&secret, scheme.key)?).ok()?;
        let header = expand::<16>(&secret, scheme.header)?;
        Some(Self {
            packet: aead::LessSafeKey::new(packet),
            vector: expand(&secret, scheme.vector)?,
            header: quic::HeaderProtectionKey::new(&quic::AES_128, &header).ok()?,
        })
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Expand-Label (RFC 8446 section 7.1) with an empty context; `label` has its prefix.
fn expand<const N: usize>(secret: &hkdf::Prk, label: &[u8]) -> Option<[u8; N]> {
    let lengths = [
        (N as u16).to_be_bytes()[0],
        (N as u16).to_be_bytes()[1],
        label.len() as u8,
    ];
    let mut out = [0; N];
    secret
        .expand(&[&lengths, label, &[0]], Length(N))
        .ok()?
        .fill(&mut out)
        .ok()?;
    Some(out)
}
