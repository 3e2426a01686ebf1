//! A server that did not take the key of an encrypted hello (RFC 9849 section 6.1.6).

use crate::observe::{EventKind, Flow, StreamFact};

use super::said_until;

/// A record that ends TLS 1.3's handshake, with a digest of 32 or 48 bytes; ChangeCipherSpec may stand before it.
const FINISHED: [u32; 2] = [58, 74];
const CHANGE_CIPHER_SPEC: u32 = 6;
/// A record that holds an alert.
const ALERT: u32 = 24;

/// Whether the client ends its handshake with the outer name and then says, in a record of an alert's size and as its
/// last word, that it wanted the inner one: the connection serves only to bring the right key.
pub(super) fn key_refused(flow: &Flow) -> bool {
    if !flow.has_encrypted_hello() {
        return false;
    }
    let server = flow.facts.iter().find_map(|(stamp, own, fact)| {
        matches!(fact, StreamFact::ServerHello { version: 0x0304, .. } if !own).then_some(*stamp)
    });
    let fin = flow.events_of(EventKind::Fin, true).next();
    let end = match fin {
        Some(fin) => Some(fin.sequence.wrapping_add(fin.length)),
        None => flow
            .events_of(EventKind::Rst, true)
            .next()
            .and_then(|_| flow.out.next_sequence()),
    };
    let said = server.and_then(|server| said_until(flow, server));
    let (Some(said), Some(end)) = (said, end) else {
        return false;
    };
    let after = end.wrapping_sub(said);
    FINISHED
        .iter()
        .any(|finished| after == finished + ALERT || after == finished + ALERT + CHANGE_CIPHER_SPEC)
}
