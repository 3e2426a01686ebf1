//! The names in a certificate (RFC 5280).
//!
//! A walk over the DER of a leaf takes a hundred lines and borrows everything; a certificate parser brings some twenty
//! crates and checks what an audit does not ask.

use crate::model::Fqdn;

/// Whom a certificate names, and who issued it. Nothing is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Common name of the subject.
    pub subject: Option<String>,
    /// DNS names of the subject alternative name extension, in its order, wildcards as they are.
    pub names: Vec<Fqdn>,
    /// Common name of the issuer.
    pub issuer: Option<String>,
    /// Organisation of the issuer.
    pub issuer_organization: Option<String>,
    /// Whether issuer and subject are the same.
    pub self_issued: bool,
}

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const BMP_STRING: u8 = 0x1e;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const DNS_NAME: u8 = 0x82;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

impl Certificate {
    /// Reads a certificate's DER bytes; `None` where they do not reach the names. Extensions cut or wrong are left out.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = Der(der).enter(SEQUENCE)?;
        let mut body = certificate.enter(SEQUENCE)?;
        body.skip_if(VERSION);
        body.enter(INTEGER)?;
        let _signature_algorithm = body.enter(SEQUENCE)?;
        let issuer = body.enter(SEQUENCE)?;
        let _validity = body.enter(SEQUENCE)?;
        let subject = body.enter(SEQUENCE)?;
        let mut names = Vec::new();
        while let Some((tag, content)) = body.next() {
            if tag == EXTENSIONS {
                names = alternative_names(content).unwrap_or_default();
            }
        }
        Some(Self {
            subject: attribute(subject, COMMON_NAME),
            names,
            issuer: attribute(issuer, COMMON_NAME),
            issuer_organization: attribute(issuer, ORGANIZATION),
            self_issued: issuer.0 == subject.0,
        })
    }
}

/// The last attribute of that kind in a name, which is the most specific one.
fn attribute(name: Der<'_>, kind: &[u8]) -> Option<String> {
    let mut found = None;
    let mut sets = name;
    while let Some(mut set) = sets.enter(SET) {
        while let Some(mut pair) = set.enter(SEQUENCE) {
            let matches = pair
                .enter(OBJECT_IDENTIFIER)
                .is_some_and(|identifier| identifier.0 == kind);
            if let (true, Some((tag, value))) = (matches, pair.next()) {
                found = Some(text(tag, value));
            }
        }
    }
    found
}

fn text(tag: u8, value: &[u8]) -> String {
    if tag != BMP_STRING {
        return String::from_utf8_lossy(value).into_owned();
    }
    let (units, _) = value.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn alternative_names(content: &[u8]) -> Option<Vec<Fqdn>> {
    let mut extensions = Der(content).enter(SEQUENCE)?;
    while let Some(mut extension) = extensions.enter(SEQUENCE) {
        if extension.enter(OBJECT_IDENTIFIER)?.0 != ALTERNATIVE_NAME {
            continue;
        }
        extension.skip_if(BOOLEAN);
        let mut names = extension.enter(OCTET_STRING)?.enter(SEQUENCE)?;
        let dns = std::iter::from_fn(|| names.next()).filter(|(tag, _)| *tag == DNS_NAME);
        return Some(
            dns.filter_map(|(_, name)| Fqdn::from_packet(name))
                .collect(),
        );
    }
    None
}

/// What is left of a run of DER elements.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element: tag and content. Long tags and indefinite lengths, which DER certificates do not use in what
    /// is read here, end the run.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
                (
                    bytes
                        .iter()
                        .fold(0, |length, byte| length << 8 | usize::from(*byte)),
                    rest,
                )
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }

    /// Steps over the next element and into its content, if it has that tag; else stays.
    fn enter(&mut self, tag: u8) -> Option<Self> {
        let mut ahead = *self;
        let (found, content) = ahead.next()?;
        if found != tag {
            return None;
        }
        *self = ahead;
        Some(Self(content))
    }

    fn skip_if(&mut self, tag: u8) {
        let _skipped = self.enter(tag);
    }
}
