//! TLS handshakes (RFC 8446, RFC 5246) as far as they go in the clear: client hello, server flight, alerts; DTLS hellos.

mod certificate;
mod datagram;
mod extension;
mod hello;
mod record;
mod server;
#[cfg(test)]
mod tests;

pub use certificate::Certificate;
pub use datagram::read_datagram_hello;
pub use hello::ClientHello;
pub use record::{TlsRecord, records};
pub use server::{Alert, ServerFlight, ServerHello, read_server_flight};

use hello::Form;
use record::{Handshake, join_handshake};

/// The longest client hello that is read, in bytes; post-quantum hellos stay below 20,000.
pub const MAX_HELLO: usize = 1 << 16;

/// What the opening bytes of a client are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HelloRead {
    /// Not the opening of a TLS client.
    NotTls,
    /// It may be a client hello, but at least so many more bytes are needed to tell, or to reach its server name.
    NeedMore(usize),
    /// A client hello; cut short where [`ClientHello::complete`] is false.
    Hello(Box<ClientHello>),
    /// It starts as TLS does and contradicts itself further on.
    Malformed(&'static str),
}

/// Reads the client hello at the start of a TCP direction. `prefix` is contiguous from the stream's first byte.
///
/// The hello may lie in any number of records. Where it is not whole but its server name is there, what is there is
/// returned. The cost is linear in the bytes looked at, at most [`MAX_HELLO`] and their record headers.
#[must_use]
pub fn read_hello(prefix: &[u8]) -> HelloRead {
    if let Some(read) = hello::read_version_2(prefix) {
        return read;
    }
    match join_handshake(prefix) {
        Handshake::NotTls => HelloRead::NotTls,
        Handshake::Malformed(what) => HelloRead::Malformed(what),
        Handshake::Joined { bytes, ended } => match read_handshake_hello(&bytes) {
            HelloRead::NeedMore(_) if ended => {
                HelloRead::Malformed("other record inside the hello")
            }
            read => read,
        },
    }
}

/// Reads a client hello from handshake bytes without records, as QUIC carries them in its CRYPTO frames.
#[must_use]
pub fn read_handshake_hello(prefix: &[u8]) -> HelloRead {
    const CLIENT_HELLO: u8 = 1;
    let [kind, a, b, c, body @ ..] = prefix else {
        return match prefix {
            [] | [CLIENT_HELLO, ..] => HelloRead::NeedMore(4 - prefix.len()),
            _ => HelloRead::NotTls,
        };
    };
    if *kind != CLIENT_HELLO {
        return HelloRead::NotTls;
    }
    let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
    hello::read_body(body, length, Form::Stream)
}

/// Whether a TCP payload starts with what looks like a client hello; cheap, for finding one behind STARTTLS, a proxy's
/// reply, or the start of a capture.
#[must_use]
pub const fn starts_hello(bytes: &[u8]) -> bool {
    matches!(bytes, [0x16, 0x03, 0x00..=0x04, _, _, 0x01, 0x00, ..])
}
