//! SHA-256 of the inputs, worked out while they are read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Observed;
use crate::source::{Input, InputPath};

/// Runs `observe` and meanwhile, on a thread of its own, works out the SHA-256 of each input that can be read again,
/// as it is stored; each is put into the input's report. What is read twice comes from the disk once, as long as
/// memory holds what one of the two is ahead.
pub fn with_digests(inputs: &[Input], observe: impl FnOnce() -> Observed) -> Observed {
    std::thread::scope(|scope| {
        let digests = scope.spawn(|| inputs.iter().map(digest).collect::<Vec<_>>());
        let mut observed = observe();
        let digests = digests.join().unwrap_or_default();
        for report in &mut observed.inputs {
            let place = inputs
                .iter()
                .position(|input| input.path == report.input.path);
            report.sha256 = place.and_then(|place| digests.get(place).cloned().flatten());
        }
        observed
    })
}

/// An input that cannot be read is told by who reads its packets.
fn digest(input: &Input) -> Option<String> {
    match &input.path {
        InputPath::File(path) if input.path.can_be_read_again() => digest_of(path).ok(),
        _ => None,
    }
}

/// SHA-256 of a file in lower-case hexadecimal digits.
///
/// # Errors
/// Where the file cannot be read.
pub fn digest_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hash.update(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_digest_that_sha256sum_prints() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(
            digest_of(&path).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(digest_of(&folder.path().join("none")).is_err());
    }
}
