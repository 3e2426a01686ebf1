//! Hello extensions (RFC 8446 section 4.2): walked here, since `tls-parser` stops at the first bad one; their contents
//! are read by `tls-parser`.

use tls_parser::{TlsExtension, parse_tls_extension_alpn_content, parse_tls_extension_sni_content};

use crate::model::Fqdn;

pub(super) const SERVER_NAME: u16 = 0;
pub(super) const ALPN: u16 = 16;
pub(super) const SUPPORTED_VERSIONS: u16 = 43;
pub(super) const ENCRYPTED_HELLO: u16 = 0xfe0d;
pub(super) const ENCRYPTED_SERVER_NAME: u16 = 0xffce;

/// The whole extensions of a list, type and content, until the bytes end or one reaches beyond the list.
pub(super) struct Extensions<'a> {
    rest: &'a [u8],
    /// Whether the list is as long as its length says.
    whole: bool,
}

impl<'a> Extensions<'a> {
    /// The list that starts with its length.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let Some((length, rest)) = bytes.split_first_chunk() else {
            return Self {
                rest: &[],
                whole: false,
            };
        };
        let length = usize::from(u16::from_be_bytes(*length));
        match rest.get(..length) {
            Some(list) => Self {
                rest: list,
                whole: true,
            },
            None => Self { rest, whole: false },
        }
    }

    /// The list without its length.
    pub(super) const fn list(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            whole: true,
        }
    }

    /// Whether the list was there to its end and nothing is left over; to be asked after the last extension.
    pub(super) const fn ended_well(&self) -> bool {
        self.whole && self.rest.is_empty()
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, rest) = self.rest.split_first_chunk()?;
        let (content, rest) = vector(rest)?;
        self.rest = rest;
        Some((u16::from_be_bytes(*kind), content))
    }
}

/// Splits off what stands behind a length of one byte.
pub(super) fn short_vector(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

/// Splits off what stands behind a length of two bytes.
pub(super) fn vector(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// The first host name of the list (RFC 6066 section 3).
pub(super) fn server_name(content: &[u8]) -> Option<Fqdn> {
    const HOST_NAME: u8 = 0;
    let (_, TlsExtension::SNI(names)) = parse_tls_extension_sni_content(content).ok()? else {
        return None;
    };
    let (_, name) = names.into_iter().find(|(kind, _)| kind.0 == HOST_NAME)?;
    Fqdn::from_packet(name)
}

/// Protocol names (RFC 7301 section 3.1); those before an unsound one.
pub(super) fn protocols(content: &[u8]) -> Vec<String> {
    match parse_tls_extension_alpn_content(content) {
        Ok((_, TlsExtension::ALPN(names))) => names
            .into_iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// Versions of a client's list, GREASE left out.
pub(super) fn versions(content: &[u8]) -> Vec<u16> {
    let (list, _) = short_vector(content).unwrap_or_default();
    let (pairs, _) = list.as_chunks::<2>();
    let grease = |version: &u16| version & 0x0f0f == 0x0a0a;
    pairs
        .iter()
        .map(|pair| u16::from_be_bytes(*pair))
        .filter(|version| !grease(version))
        .collect()
}

/// The `config_id` of an outer hello's extension: behind its kind and two numbers of ciphers (RFC 9849 section 5).
pub(super) fn encrypted_hello_key(content: &[u8]) -> Option<u8> {
    match content {
        [0, _, _, _, _, id, ..] => Some(*id),
        _ => None,
    }
}
