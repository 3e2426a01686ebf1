//! What a server answers in the clear: hello, certificate (up to TLS 1.2), alerts.

use std::borrow::Cow;

use tls_parser::parse_tls_handshake_server_hello;

use super::extension::{self, Extensions};
use super::record::{ALERT, HANDSHAKE};
use super::{Certificate, records};

/// The most handshake bytes of a server that are joined; chains of certificates stay far below.
const MAX_FLIGHT: usize = 1 << 17;
/// Random of a server hello that asks for another client hello (RFC 8446 section 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8,
    0x91, //
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The opening of a server's direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFlight {
    /// The server hello. One that asks for another client hello ends what is read.
    pub hello: Option<ServerHello>,
    /// The server's own certificate; TLS 1.3 encrypts it.
    pub certificate: Option<Certificate>,
    /// The alert that the bytes start with.
    pub alert: Option<Alert>,
    /// Whether encrypted records follow: the handshake went on.
    pub encrypted: bool,
    /// Whether a message that could still tell something is not whole yet.
    pub needs_more: bool,
    /// Bytes of the records that were read: up to the one with the certificate or the end of the flight, or an alert
    /// that nothing precedes.
    pub length: usize,
}

/// What a server chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerHello {
    /// The version in force: that of the extension where there is one, else of the hello.
    pub version: u16,
    /// Cipher suite.
    pub cipher_suite: u16,
    /// Protocol chosen, where it is told in the clear (up to TLS 1.2).
    pub alpn: Option<String>,
    /// Whether it asks the client for another hello (RFC 8446 section 4.1.4).
    pub retry: bool,
}

/// An alert (RFC 8446 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alert {
    /// 1 warning, 2 fatal.
    pub level: u8,
    /// 0 close notify, 40 handshake failure, 48 unknown CA, 49 access denied, 112 unrecognized name, ...
    pub description: u8,
}

/// Reads what a direction opens with when its peer opened with a client hello; alerts of clients are read too. `prefix`
/// is contiguous from the stream's first byte. `None` where it does not start with a TLS record.
#[must_use]
pub fn read_server_flight(prefix: &[u8]) -> Option<ServerFlight> {
    let mut flight = ServerFlight {
        needs_more: true,
        ..ServerFlight::default()
    };
    let mut messages = Messages::default();
    let mut any = false;
    for record in records(prefix) {
        any = true;
        match record.kind {
            HANDSHAKE if messages.bytes.len() < MAX_FLIGHT => {
                messages.add(record.payload);
                let complete = messages.read(&mut flight);
                // The rest of a record that is not all there yet belongs to it.
                flight.length += 5 + usize::from(record.length);
                flight.needs_more = !complete;
                if complete {
                    break;
                }
            }
            ALERT if record.length == 2 && flight.length == 0 => {
                if let [level, description] = *record.payload {
                    flight.alert = Some(Alert { level, description });
                    flight.length = 7;
                    flight.needs_more = false;
                }
                break;
            }
            kind => {
                flight.encrypted = kind != ALERT;
                flight.needs_more = false;
                break;
            }
        }
    }
    flight.needs_more &= messages.bytes.len() < MAX_FLIGHT;
    any.then_some(flight)
}

/// The handshake messages of records, and how far they have been read.
#[derive(Default)]
struct Messages<'a> {
    bytes: Cow<'a, [u8]>,
    at: usize,
}

impl<'a> Messages<'a> {
    fn add(&mut self, payload: &'a [u8]) {
        if self.bytes.is_empty() {
            self.bytes = Cow::Borrowed(payload);
        } else {
            self.bytes.to_mut().extend_from_slice(payload);
        }
    }

    /// Reads the messages that are whole by now; whether the certificate, or the end of the flight, was among them.
    fn read(&mut self, flight: &mut ServerFlight) -> bool {
        const SERVER_HELLO: u8 = 2;
        const CERTIFICATE: u8 = 11;
        const DONE: u8 = 14;
        while let Some([kind, a, b, c, after @ ..]) = self.bytes.get(self.at..) {
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let Some(body) = after.get(..length) else {
                break;
            };
            self.at += 4 + length;
            match *kind {
                SERVER_HELLO => {
                    flight.hello = server_hello(body);
                    // The client speaks next.
                    if flight.hello.as_ref().is_some_and(|hello| hello.retry) {
                        return true;
                    }
                }
                CERTIFICATE => {
                    flight.certificate = leaf(body).and_then(Certificate::read);
                    return true;
                }
                DONE => return true,
                _ => {}
            }
        }
        false
    }
}

fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let (_, contents) = parse_tls_handshake_server_hello(body).ok()?;
    let mut hello = ServerHello {
        version: contents.version.0,
        cipher_suite: contents.cipher.0,
        alpn: None,
        retry: contents.random == RETRY.as_slice(),
    };
    let whole = contents.ext.unwrap_or_default();
    for (kind, content) in Extensions::list(whole) {
        match (kind, content) {
            (extension::SUPPORTED_VERSIONS, [high, low]) => {
                hello.version = u16::from_be_bytes([*high, *low])
            }
            (extension::ALPN, _) => hello.alpn = extension::protocols(content).into_iter().next(),
            _ => {}
        }
    }
    Some(hello)
}

/// The first certificate of a chain (RFC 5246 section 7.4.2): lengths of 3 bytes, for the list and for each.
fn leaf(body: &[u8]) -> Option<&[u8]> {
    let [_, _, _, a, b, c, rest @ ..] = body else {
        return None;
    };
    rest.get(..u32::from_be_bytes([0, *a, *b, *c]) as usize)
}
