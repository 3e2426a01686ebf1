//! Domain names: normalised when built, so never again.

use std::borrow::Borrow;
use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A domain name in the form in which names are compared: lower-case ASCII, no trailing dot, U-labels as A-labels.
///
/// [`Fqdn::parse`] is strict and for what people write; [`Fqdn::from_packet`] is lenient and for what peers send:
/// it keeps what it cannot make sense of, made visible, so that no name is lost and none can do harm.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fqdn(Arc<str>);

/// Why a text is no domain name (RFC 1035 section 2.3.4, RFC 5890).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FqdnError {
    /// Nothing in it.
    #[error("the name is empty")]
    Empty,
    /// More than 253 characters.
    #[error("the name has {0} characters; 253 are the most")]
    TooLong(usize),
    /// An empty label or one of more than 63 characters.
    #[error("the label `{0}` is empty or longer than 63 characters")]
    Label(String),
    /// A character that no host name has.
    #[error("`{0}` cannot stand in a domain name")]
    Character(char),
    /// Not convertible to A-labels.
    #[error("`{0}` cannot be written with A-labels")]
    Idna(String),
}

impl Fqdn {
    /// The most bytes of a name that [`Fqdn::from_packet`] keeps before escaping.
    pub const MAX_PACKET_BYTES: usize = 255;

    /// A name as people write it; strict.
    ///
    /// # Errors
    /// What RFC 1035 does not allow in a host name; `_` is let through since service names use it.
    pub fn parse(text: &str) -> Result<Self, FqdnError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(FqdnError::Empty);
        }
        let ascii = if text.is_ascii() {
            text.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(text).map_err(|_| FqdnError::Idna(text.to_owned()))?
        };
        if ascii.len() > 253 {
            return Err(FqdnError::TooLong(ascii.len()));
        }
        for label in ascii.split('.') {
            if label.is_empty() || label.len() > 63 {
                return Err(FqdnError::Label(label.to_owned()));
            }
            if let Some(c) = label
                .chars()
                .find(|c| !(c.is_ascii_alphanumeric() || *c == '-' || *c == '_'))
            {
                return Err(FqdnError::Character(c));
            }
        }
        Ok(Self(ascii.into()))
    }

    /// A name as a packet carries it, dots between labels; lenient. `None` where nothing is in it.
    ///
    /// Bytes that are no printable UTF-8 come out as `\DDD` (RFC 4343 section 2.1); valid U-labels as A-labels; what
    /// lies beyond [`Self::MAX_PACKET_BYTES`] is cut.
    #[must_use]
    pub fn from_packet(bytes: &[u8]) -> Option<Self> {
        let bytes = &bytes[..bytes.len().min(Self::MAX_PACKET_BYTES)];
        let bytes = bytes.strip_suffix(b".").unwrap_or(bytes);
        if bytes.is_empty() {
            return None;
        }
        if let Ok(text) = std::str::from_utf8(bytes) {
            if bytes.iter().all(|b| b.is_ascii_graphic() && *b != b'\\') {
                return Some(Self(text.to_ascii_lowercase().into()));
            }
            if let (false, Ok(ascii)) = (text.is_ascii(), idna::domain_to_ascii_strict(text)) {
                return Some(Self(ascii.into()));
            }
        }
        let mut visible = String::with_capacity(bytes.len() * 2);
        for &b in bytes {
            match b {
                b'\\' => visible.push_str("\\\\"),
                b if b.is_ascii_graphic() => visible.push(b.to_ascii_lowercase() as char),
                b => drop(write!(visible, "\\{b:03}")),
            }
        }
        Some(Self(visible.into()))
    }

    /// A name as DNS messages carry it, label by label; lenient as [`Self::from_packet`]. `None` is the root.
    ///
    /// A dot or backslash inside a label comes out as `\.` or `\\` (RFC 4343 section 2.1).
    #[must_use]
    pub fn from_labels<'a>(labels: impl Iterator<Item = &'a [u8]>) -> Option<Self> {
        let mut dotted = Vec::with_capacity(64);
        let mut plain = true;
        for label in labels {
            if !dotted.is_empty() {
                dotted.push(b'.');
            }
            for &byte in label {
                if matches!(byte, b'.' | b'\\') {
                    plain = false;
                    dotted.push(b'\\');
                }
                dotted.push(byte);
            }
        }
        if plain {
            return Self::from_packet(&dotted);
        }
        let mut visible = String::with_capacity(dotted.len() * 2);
        for &byte in dotted.iter().take(Self::MAX_PACKET_BYTES * 2) {
            match byte {
                byte if byte.is_ascii_graphic() => visible.push(byte.to_ascii_lowercase() as char),
                byte => drop(write!(visible, "\\{byte:03}")),
            }
        }
        Some(Self(visible.into()))
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels, leftmost first.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }

    /// The registrable domain (public suffix and one label), where there is one.
    #[must_use]
    pub fn registrable(&self) -> Option<&str> {
        psl::domain_str(&self.0)
    }
}

impl Borrow<str> for Fqdn {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fqdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Fqdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fqdn({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_dns_does() {
        assert_eq!(
            Fqdn::parse("WWW.Example.COM.").unwrap().as_str(),
            "www.example.com"
        );
        assert_eq!(
            Fqdn::parse("b\u{fc}cher.example").unwrap().as_str(),
            "xn--bcher-kva.example"
        );
        assert_eq!(
            Fqdn::from_packet(b"WWW.Example.COM.").unwrap(),
            Fqdn::parse("www.example.com").unwrap()
        );
        assert_eq!(
            Fqdn::from_packet("b\u{fc}cher.example".as_bytes())
                .unwrap()
                .as_str(),
            "xn--bcher-kva.example"
        );
    }

    #[test]
    fn strict_names_are_refused_with_the_reason() {
        assert_eq!(Fqdn::parse(""), Err(FqdnError::Empty));
        assert_eq!(Fqdn::parse("a..b"), Err(FqdnError::Label(String::new())));
        assert_eq!(Fqdn::parse("*.example.com"), Err(FqdnError::Character('*')));
        assert_eq!(Fqdn::parse("a b.example"), Err(FqdnError::Character(' ')));
        assert!(matches!(
            Fqdn::parse(&"a.".repeat(150)),
            Err(FqdnError::TooLong(_))
        ));
    }

    #[test]
    fn hostile_names_are_kept_and_made_harmless() {
        assert_eq!(
            Fqdn::from_packet(b"a\x1b[31m.b").unwrap().as_str(),
            "a\\027[31m.b"
        );
        assert_eq!(Fqdn::from_packet(b"a\xffb").unwrap().as_str(), "a\\255b");
        assert_eq!(Fqdn::from_packet(b""), None);
        assert_eq!(
            Fqdn::from_packet(&[b'a'; 4000]).unwrap().as_str().len(),
            255
        );
    }

    #[test]
    fn dots_inside_labels_do_not_part_them() {
        let labels = [&b"Tom. Lee"[..], b"_http", b"local"];
        assert_eq!(
            Fqdn::from_labels(labels.into_iter()).unwrap().as_str(),
            "tom\\.\\032lee._http.local"
        );
        let labels = [&b"WWW"[..], b"example", b"com"];
        assert_eq!(
            Fqdn::from_labels(labels.into_iter()),
            Fqdn::parse("www.example.com").ok()
        );
        assert_eq!(Fqdn::from_labels(std::iter::empty()), None);
    }

    #[test]
    fn registrable_domains_follow_the_public_suffix_list() {
        assert_eq!(
            Fqdn::parse("api-ni.xdr.example.co.jp")
                .unwrap()
                .registrable(),
            Some("example.co.jp")
        );
        assert_eq!(
            Fqdn::parse("a.b.example.com").unwrap().registrable(),
            Some("example.com")
        );
    }
}
