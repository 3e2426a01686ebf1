//! QUIC (RFC 9000, RFC 9369, drafts from 22 on, Google's last ones): long headers, and what Initial packets say.
//!
//! Initial packets are encrypted with keys that anybody can derive from the client's first destination connection id
//! (RFC 9001 section 5.2), so the client hello in them can be read.

mod frame;
mod google;
mod header;
mod keys;
mod open;
#[cfg(test)]
pub(crate) mod tests;

pub use frame::{CryptoFrame, join};
pub use google::read_google_hello;
pub use header::{LongHeader, PacketKind, packets};
pub use keys::Sender;
pub use open::{Initial, open_initial};

/// What a packet says once its protection is taken off, as fuzzing asks: no change of bytes gets through that.
#[cfg(feature = "cli")]
pub(crate) fn read_payload(payload: &[u8], google: bool) -> Initial {
    let mut initial = Initial::default();
    frame::read(payload, google, &mut initial);
    initial
}

/// Whether keys can be derived for a version, so that its Initial packets can be read.
#[must_use]
pub const fn is_known_version(version: u32) -> bool {
    keys::is_known(version)
}

/// Whether a version is a number that says nothing but that the client will not speak it (RFC 9000 section 15).
#[must_use]
pub const fn is_reserved_version(version: u32) -> bool {
    version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// Whether a UDP payload starts with a long header of a version that is known here; cheap.
#[must_use]
pub fn starts_quic(datagram: &[u8]) -> bool {
    packets(datagram).next().is_some_and(|packet| {
        keys::is_known(packet.version) || packet.kind == PacketKind::VersionNegotiation
    })
}
