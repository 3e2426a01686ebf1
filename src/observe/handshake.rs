//! Where the steps of a TLS handshake stand in the sequence space of their direction: enough to tell how far it came.

use serde::{Deserialize, Serialize};

use crate::model::{Side, Stamp};

/// A step of a TLS handshake that shows in the record layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TlsStep {
    /// A ClientHello; a client that was asked for another one sends two.
    ClientHello,
    /// A HelloRetryRequest (RFC 8446 section 4.1.4).
    Retry,
    /// A ServerHello that chooses this version.
    ServerHello(u16),
    /// Clear handshake messages of a client behind its hello: certificate, key exchange (up to TLS 1.2).
    KeyExchange,
    /// ChangeCipherSpec. TLS 1.3 sends it for the looks only.
    CipherChange,
    /// An encrypted handshake record (up to TLS 1.2).
    Finished,
    /// An alert, in clear or encrypted (up to TLS 1.2).
    Alert,
    /// Application data: in TLS 1.3 all that is encrypted, so the rest of the handshake too.
    Data,
}

/// A step and its place. Retransmissions share the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TlsMark {
    /// When its first byte was first seen.
    pub stamp: Stamp,
    /// Who sent it.
    pub side: Side,
    /// What.
    pub step: TlsStep,
    /// Sequence number of its first byte.
    pub start: u32,
    /// Sequence number behind its last byte, as its length says.
    pub end: u32,
}

/// The most steps kept of a flow: the earliest. A handshake with a retry has a dozen.
pub(super) const MAX_MARKS: usize = 24;

/// How many records of one side are looked at behind its hello.
pub(super) const MAX_RECORDS: u8 = 12;

/// How many encrypted records of one side are kept: Finished, data, and one more.
pub(super) const MAX_SEALED: u8 = 3;

/// How far a direction's records were followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Walk {
    /// Whether the direction speaks TLS by now.
    pub(super) on: bool,
    /// Whether a ChangeCipherSpec came.
    pub(super) changed: bool,
    /// Records looked at.
    pub(super) records: u8,
    /// Of these: encrypted ones.
    pub(super) sealed: u8,
}
