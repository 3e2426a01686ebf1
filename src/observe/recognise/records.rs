//! The records of TLS behind the hellos: which steps of the handshake they are, as far as headers show it.

use super::super::handshake::{MAX_RECORDS, MAX_SEALED, TlsStep};
use super::super::stream::StreamFact;
use super::{Listener, Recognition};
use crate::decode::tls;
use crate::model::Stamp;

const HEADER: usize = 5;
/// Enough of a record to know a hello: header, type, length, version.
const HELLO: usize = HEADER + 6;

impl Listener<'_> {
    /// Marks a ClientHello and goes on behind it.
    pub(super) fn after_hello(
        &mut self,
        stamp: Stamp,
        bytes: &[u8],
        hello: &tls::ClientHello,
    ) -> Recognition {
        let length = span(bytes, hello.hello_length as usize);
        self.mark(stamp, TlsStep::ClientHello, length);
        if !hello.whole {
            return Recognition::Done;
        }
        self.walk.on = true;
        Recognition::Took(u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// Marks a ServerHello. Behind that of TLS 1.3 nothing in the server's records tells one step from another.
    pub(super) fn server_step(&mut self, stamp: Stamp, flight: &tls::ServerFlight) {
        let Some(hello) = &flight.hello else {
            return;
        };
        let step = match hello.retry {
            true => TlsStep::Retry,
            false => TlsStep::ServerHello(hello.version),
        };
        self.mark(stamp, step, flight.length);
        self.walk.on = hello.retry || hello.version < 0x0304;
    }

    /// One record behind a hello.
    pub(super) fn tls_record(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        let [kind @ 20..=24, 3, _, high, low, ..] = *bytes else {
            let may_be = bytes.len() < HEADER && matches!(bytes, [20..=24] | [20..=24, 3, ..]);
            return match may_be {
                true => self.wants_more(bytes, HEADER - bytes.len()),
                false => Recognition::Done,
            };
        };
        let length = HEADER + usize::from(u16::from_be_bytes([high, low]));
        let changed = self.walk.changed;
        match kind {
            // A hello again, or the server's flight.
            22 if bytes.len() < HELLO && length >= HELLO => {
                return self.wants_more(bytes, HELLO - bytes.len());
            }
            22 if matches!(bytes.get(HEADER..HELLO), Some([1 | 2, 0, _, _, 3, 0..=4])) => {
                self.walk.on = false;
                return self.handshake(stamp, bytes);
            }
            22 if !changed => self.mark(stamp, TlsStep::KeyExchange, length),
            20 => {
                self.walk.changed = true;
                self.mark(stamp, TlsStep::CipherChange, length);
            }
            21 if bytes.len() < length && length == HEADER + 2 => {
                return self.wants_more(bytes, length - bytes.len());
            }
            21 => {
                self.clear_alert(stamp, bytes);
                self.mark(stamp, TlsStep::Alert, length);
            }
            _ => {
                self.walk.sealed += 1;
                let step = match kind {
                    22 => TlsStep::Finished,
                    _ => TlsStep::Data,
                };
                self.mark(stamp, step, length);
            }
        }
        self.walk.records += 1;
        if self.walk.sealed >= MAX_SEALED || self.walk.records >= MAX_RECORDS {
            return Recognition::Done;
        }
        Recognition::Took(u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// What an alert in clear says (RFC 8446 section 6): its record has 2 bytes.
    fn clear_alert(&mut self, stamp: Stamp, bytes: &[u8]) {
        if let [21, 3, _, 0, 2, level @ 1..=2, description, ..] = *bytes {
            self.fact(stamp, StreamFact::Alert { level, description });
        }
    }
}

/// How many bytes of a stream the records take that carry the first `message` handshake bytes.
fn span(bytes: &[u8], message: usize) -> usize {
    let (mut taken, mut carried) = (0, 0);
    for record in tls::records(bytes) {
        if carried >= message {
            break;
        }
        carried += usize::from(record.length);
        taken += HEADER + usize::from(record.length);
    }
    // The form of SSL 2 has no records: two bytes of length.
    if taken == 0 { message + 2 } else { taken }
}
