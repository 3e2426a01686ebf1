//! Client hellos (RFC 8446 section 4.1.2), whole or cut.

use crate::model::Fqdn;

use super::extension::{self, Extensions};
use super::{HelloRead, MAX_HELLO};

/// What a client says when it opens a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// Server name (RFC 6066 section 3). With [`Self::ech`] it is that of the provider, not of the service.
    pub server_name: Option<Fqdn>,
    /// Protocols offered (RFC 7301), in the client's order; bytes that are no UTF-8 replaced.
    pub alpn: Vec<String>,
    /// Version in the hello itself: 0x0303 for TLS 1.2 and 1.3, 0xfefd for DTLS 1.2.
    pub legacy_version: u16,
    /// Versions of the extension, in the client's order, GREASE (RFC 8701) left out.
    pub supported_versions: Vec<u16>,
    /// Whether the true hello is encrypted: ECH (0xfe0d, real or GREASE) or its forerunner ESNI (0xffce).
    pub ech: bool,
    /// What the hello calls the key that it is encrypted with (RFC 9849 section 5: `config_id`); GREASE has any.
    pub ech_key: Option<u8>,
    /// Client random; retransmissions and copies of one hello share it.
    pub random: [u8; 32],
    /// Session id, at most 32 bytes unless the client does not keep to the rules.
    pub session_id: Vec<u8>,
    /// How many cipher suites are offered.
    pub cipher_suites: u16,
    /// Bytes of the handshake message, its header included.
    pub hello_length: u32,
    /// Whether all extensions were there to be read.
    pub complete: bool,
    /// Whether all bytes of the message were there, so that more bytes can tell nothing more.
    pub whole: bool,
}

impl ClientHello {
    /// The highest version offered: of the extension, else the hello's own.
    #[must_use]
    pub fn highest_version(&self) -> u16 {
        let offered = self.supported_versions.iter().copied().max();
        offered.unwrap_or(self.legacy_version)
    }
}

/// How a hello is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// TLS and QUIC.
    Stream,
    /// DTLS: a cookie follows the session id.
    Datagram,
}

/// Reads a hello's body, of which `body` holds the first bytes and perhaps more, and which has `length` bytes.
pub(super) fn read_body(body: &[u8], length: usize, form: Form) -> HelloRead {
    if length > MAX_HELLO {
        return HelloRead::Malformed("hello longer than 65,536 bytes");
    }
    let whole = body.len() >= length;
    let body = body.get(..length).unwrap_or(body);
    let mut hello = ClientHello {
        hello_length: length as u32 + 4,
        whole,
        ..ClientHello::default()
    };
    let fixed = read_fixed(&mut hello, body, form);
    if let Some(extensions) = fixed {
        hello.complete = read_extensions(&mut hello, extensions, whole);
    }
    match (whole, fixed) {
        (true, None) => HelloRead::Malformed("hello shorter than its fields"),
        (true, Some(_)) => HelloRead::Hello(Box::new(hello)),
        (false, _) if hello.server_name.is_some() => HelloRead::Hello(Box::new(hello)),
        (false, _) => HelloRead::NeedMore(length - body.len()),
    }
}

/// Reads all before the extensions; returns what follows, `None` where the bytes end before that.
fn read_fixed<'a>(hello: &mut ClientHello, body: &'a [u8], form: Form) -> Option<&'a [u8]> {
    let (version, rest) = body.split_first_chunk()?;
    hello.legacy_version = u16::from_be_bytes(*version);
    let (random, rest) = rest.split_first_chunk()?;
    hello.random = *random;
    let (session_id, mut rest) = extension::short_vector(rest)?;
    hello.session_id = session_id.to_vec();
    if form == Form::Datagram {
        (_, rest) = extension::short_vector(rest)?;
    }
    let (cipher_suites, rest) = extension::vector(rest)?;
    hello.cipher_suites = (cipher_suites.len() / 2) as u16;
    let (_compression, rest) = extension::short_vector(rest)?;
    Some(rest)
}

/// Reads the extensions; returns whether all of them were there and sound.
fn read_extensions(hello: &mut ClientHello, bytes: &[u8], whole: bool) -> bool {
    if bytes.is_empty() {
        return whole;
    }
    let mut extensions = Extensions::of(bytes);
    for (kind, content) in extensions.by_ref() {
        match kind {
            extension::SERVER_NAME if hello.server_name.is_none() => {
                hello.server_name = extension::server_name(content);
            }
            extension::ALPN => hello.alpn = extension::protocols(content),
            extension::SUPPORTED_VERSIONS => {
                hello.supported_versions = extension::versions(content)
            }
            extension::ENCRYPTED_HELLO => {
                hello.ech = true;
                hello.ech_key = extension::encrypted_hello_key(content);
            }
            extension::ENCRYPTED_SERVER_NAME => hello.ech = true,
            _ => {}
        }
    }
    extensions.ended_well()
}

/// Reads a hello in the form of SSL 2 (RFC 5246 appendix E.2); `None` where the bytes are none.
pub(super) fn read_version_2(prefix: &[u8]) -> Option<HelloRead> {
    const CLIENT_HELLO: u8 = 1;
    let [high, low, CLIENT_HELLO, major, minor, ..] = prefix else {
        return None;
    };
    if high & 0x80 == 0 || !matches!((major, minor), (0, 2) | (3, 0..=4)) {
        return None;
    }
    let length = usize::from(u16::from_be_bytes([high & 0x7f, *low]));
    let Some((lengths, rest)) = prefix
        .get(5..)
        .and_then(|rest| rest.split_first_chunk::<6>())
    else {
        return Some(HelloRead::NeedMore(11 - prefix.len()));
    };
    let [ciphers, session, challenge] =
        [0, 2, 4].map(|at| usize::from(u16::from_be_bytes([lengths[at], lengths[at + 1]])));
    if 9 + ciphers + session + challenge != length || !ciphers.is_multiple_of(3) || challenge > 32 {
        return None;
    }
    let Some(fields) = rest.get(..ciphers + session + challenge) else {
        return Some(HelloRead::NeedMore(length + 2 - prefix.len()));
    };
    let (session_id, challenge) = fields[ciphers..].split_at(session);
    let mut random = [0; 32];
    random[32 - challenge.len()..].copy_from_slice(challenge);
    Some(HelloRead::Hello(Box::new(ClientHello {
        legacy_version: u16::from_be_bytes([*major, *minor]),
        random,
        session_id: session_id.to_vec(),
        cipher_suites: (ciphers / 3) as u16,
        hello_length: length as u32,
        complete: true,
        whole: true,
        ..ClientHello::default()
    })))
}
