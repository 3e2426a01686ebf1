//! Multipath TCP (RFC 8684): which connections are further paths of another one, as the options of SYNs say.

use sha2::{Digest, Sha256};

/// What a SYN, or its answer, says of Multipath TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Multipath {
    /// The sender opens a connection of several paths, or agrees to, with its key (section 3.1).
    Capable {
        /// By which later paths name the connection to the sender: the first 32 bits of the key's SHA-256.
        token: u32,
    },
    /// The sender wants to join a connection of the receiver's (section 3.2).
    Join {
        /// The receiver's token of it.
        token: u32,
    },
    /// The sender agrees to a join (section 3.2).
    Joined,
}

/// Reads the option from those of a segment with SYN; `None` without one, and of version 0, whose tokens are other ones.
#[must_use]
pub(super) fn read(options: &[u8]) -> Option<Multipath> {
    const END: u8 = 0;
    const NO_OPERATION: u8 = 1;
    const MULTIPATH: u8 = 30;
    const VERSION: u8 = 1;
    const JOIN: u8 = 0x10;
    let mut rest = options;
    loop {
        rest = match *rest {
            [] | [END, ..] => return None,
            [NO_OPERATION, ref after @ ..] => after,
            [MULTIPATH, 12, VERSION, _, ref key @ ..] => {
                let [a, b, c, d, ..] = Sha256::digest(key.first_chunk::<8>()?)[..] else {
                    return None;
                };
                let token = u32::from_be_bytes([a, b, c, d]);
                return Some(Multipath::Capable { token });
            }
            [MULTIPATH, 12, kind, _, a, b, c, d, ..] if kind & 0xf0 == JOIN => {
                let token = u32::from_be_bytes([a, b, c, d]);
                return Some(Multipath::Join { token });
            }
            [MULTIPATH, 16, kind, ..] if kind & 0xf0 == JOIN => return Some(Multipath::Joined),
            [_, length, ..] if length >= 2 => rest.get(usize::from(length)..)?,
            _ => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_kernel() {
        let key = [1, 2, 3, 4, 5, 6, 7, 8];
        let capable = [&[2, 4, 5, 180, 1, 30, 12, 1, 0x01][..], &key].concat();
        // printf '\x01\x02\x03\x04\x05\x06\x07\x08' | sha256sum
        let token = 0x6684_0dda;
        assert_eq!(read(&capable), Some(Multipath::Capable { token }));
        let join = [1, 1, 30, 12, 0x10, 2, 0x66, 0x84, 0x0d, 0xda, 9, 9, 9, 9];
        assert_eq!(read(&join), Some(Multipath::Join { token }));
        let joined = [30, 16, 0x11, 1, 7, 7, 7, 7, 7, 7, 7, 7, 9, 9, 9, 9];
        assert_eq!(read(&joined), Some(Multipath::Joined));
    }

    #[test]
    fn what_says_nothing() {
        // A SYN of version 1 has no key yet; one of version 0 has.
        assert_eq!(read(&[30, 4, 1, 1]), None);
        assert_eq!(read(&[30, 12, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8]), None);
        for cut in 0..12 {
            let _ = read(&[30, 12, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8][..cut]);
            assert_eq!(read(&[30, 12, 0x10, 1, 1, 2, 3][..cut.min(7)]), None);
        }
        assert_eq!(read(&[30, 0, 30, 1]), None);
    }
}
