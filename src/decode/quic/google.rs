//! Google's handshake before TLS: messages of tags, in the clear up to Q046, in CRYPTO frames in Q050.

use crate::decode::tls::ClientHello;
use crate::model::Fqdn;

/// How far into a packet the message may start: behind the header and the stream frame's own.
const MAX_START: usize = 64;
/// The most tags of a message.
const MAX_TAGS: usize = 128;

/// Reads the server name out of a client hello of Google's own handshake. `bytes` is a UDP payload of the versions up
/// to Q046, or the joined CRYPTO frames of Q050.
#[must_use]
pub fn read_google_hello(bytes: &[u8]) -> Option<ClientHello> {
    const CLIENT_HELLO: &[u8] = b"CHLO";
    const SERVER_NAME: &[u8] = b"SNI\0";
    let window = bytes.get(..bytes.len().min(MAX_START + CLIENT_HELLO.len()))?;
    let at = window
        .windows(CLIENT_HELLO.len())
        .position(|window| window == CLIENT_HELLO)?;
    let message = bytes.get(at..)?;
    // The number of tags, little-endian; each is followed by the offset where its value ends.
    let [_, _, _, _, low, high, _, _, rest @ ..] = message else {
        return None;
    };
    let count = usize::from(u16::from_le_bytes([*low, *high]));
    if count > MAX_TAGS {
        return None;
    }
    let (tags, values) = rest.split_at_checked(count * 8)?;
    let mut start = 0;
    for tag in tags.chunks_exact(8) {
        let (name, end) = tag.split_at(4);
        let end = u32::from_le_bytes(*end.first_chunk()?) as usize;
        if name == SERVER_NAME {
            let server_name = Fqdn::from_packet(values.get(start..end)?);
            let hello_length = message.len() as u32;
            return Some(ClientHello {
                server_name,
                hello_length,
                whole: true,
                ..ClientHello::default()
            });
        }
        start = end;
    }
    Some(ClientHello {
        complete: true,
        whole: true,
        ..ClientHello::default()
    })
}
