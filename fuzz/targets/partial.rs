//! Partial files: bodies of any bytes under a right digest, since a wrong one is refused before anything is read.

use pktaudit::drive::Partial;
use pktaudit::observe::attribute;
use pktaudit::observe::codec::FORMAT;
use sha2::{Digest as _, Sha256};

pub(crate) fn partial(body: &[u8]) {
    let _ = Partial::read_all([body]);
    let file = in_file(body);
    let Ok(read) = Partial::read_all([file.as_slice()]) else {
        return;
    };
    // Lists of a made-up file may contradict one another, so they need not be written as they were read.
    let written = bytes_of(read);
    let read_again = || match Partial::read_all([written.as_slice()]) {
        Ok(read) => read,
        Err((_, error)) => panic!("what was written is refused: {error}"),
    };
    let _ = bytes_of(read_again());
    let _ = Partial::read_all([written.as_slice(), file.as_slice()]);
    let _ = attribute(read_again().observation);
}

/// A body with what stands before and behind it.
pub(crate) fn in_file(body: &[u8]) -> Vec<u8> {
    let digest = Sha256::digest(body);
    [b"pktaudit", &FORMAT.to_le_bytes()[..], body, &digest].concat()
}

fn bytes_of(partial: Partial) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Err(error) = partial.write(&mut bytes) {
        panic!("cannot be written: {error}");
    }
    bytes
}
