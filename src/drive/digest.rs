//! SHA-256 of the inputs, worked out while they are read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::InputReport;
use crate::source::{Input, InputPath};

/// SHA-256 of inputs as they are stored, in lower-case hexadecimal digits.
#[derive(Clone, Debug, Default)]
pub struct Digests(Vec<(InputPath, String)>);

impl Digests {
    /// Puts the digests into the reports of their inputs.
    pub fn tell(&self, inputs: &mut [InputReport]) {
        for report in inputs {
            let known = self.0.iter().find(|(path, _)| *path == report.input.path);
            report.sha256 = known.map(|(_, digest)| digest.clone());
        }
    }
}

/// Does some work and meanwhile, on a thread of its own, works out the digests of inputs; those that cannot be read
/// again (standard input, pipes) have none. Where the work reads the inputs too, they come from the disk once, as long
/// as memory holds what one of the two is ahead.
pub fn with_digests<T>(inputs: &[Input], work: impl FnOnce() -> T) -> (T, Digests) {
    std::thread::scope(|scope| {
        let of = |input: &Input| Some((input.path.clone(), digest(input)?));
        let digests = scope.spawn(move || inputs.iter().filter_map(of).collect());
        let done = work();
        (done, Digests(digests.join().unwrap_or_default()))
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
