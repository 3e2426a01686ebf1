//! What fuzzing calls and no other room gives: no part of the library that anybody builds on.

use crate::decode::quic::{self, Initial};
use crate::import::{self, ImportError, ImportSource, Options};

/// What one import takes besides the source; each may be left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportBeside<'a> {
    /// The text of a mapping file.
    pub mapping: Option<&'a str>,
    /// The text of an existing rule file.
    pub against: Option<&'a str>,
    /// A list that is taken out.
    pub minus: Option<&'a [u8]>,
}

/// Imports a source of this name; gives the rule file that is drafted of it.
#[must_use]
pub fn import(name: &str, bytes: &[u8], beside: ImportBeside<'_>) -> Option<String> {
    let options = Options {
        mapping: beside.mapping.map(str::to_owned),
        against: beside.against.map(str::to_owned),
        minus: beside.minus.map(<[u8]>::to_vec),
        ..Options::default()
    };
    match import::import(&ImportSource { name, bytes }, &options) {
        Ok(imported) => Some(imported.text),
        Err(error) => told(&error),
    }
}

/// What the payload of a packet of QUIC says, its protection taken off; of Google's versions or of the others.
#[must_use]
pub fn quic_payload(payload: &[u8], google: bool) -> Initial {
    quic::read_payload(payload, google)
}

/// Errors are put into words as well.
fn told(error: &ImportError) -> Option<String> {
    debug_assert!(!error.to_string().is_empty());
    None
}
