//! Numbers in the byte order of a capture file.

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// The lowest.
    Little,
    /// The highest.
    Big,
}

impl ByteOrder {
    /// The 16-bit number at an offset; 0 where `bytes` ends before it does.
    #[inline]
    pub(super) fn u16_at(self, bytes: &[u8], at: usize) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(field(bytes, at)),
            Self::Big => u16::from_be_bytes(field(bytes, at)),
        }
    }

    /// The 32-bit number at an offset; 0 where `bytes` ends before it does.
    #[inline]
    pub(super) fn u32_at(self, bytes: &[u8], at: usize) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(field(bytes, at)),
            Self::Big => u32::from_be_bytes(field(bytes, at)),
        }
    }

    /// The 64-bit number at an offset; 0 where `bytes` ends before it does.
    #[inline]
    pub(super) fn u64_at(self, bytes: &[u8], at: usize) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(field(bytes, at)),
            Self::Big => u64::from_be_bytes(field(bytes, at)),
        }
    }

    /// The time of pcapng: the high 32 bits come first in either byte order.
    #[inline]
    pub(super) fn split_u64_at(self, bytes: &[u8], at: usize) -> u64 {
        (u64::from(self.u32_at(bytes, at)) << 32) | u64::from(self.u32_at(bytes, at + 4))
    }
}

#[inline]
fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_are_read_and_the_end_is_never_passed() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        assert_eq!(ByteOrder::Little.u16_at(&bytes, 0), 0x0201);
        assert_eq!(ByteOrder::Big.u32_at(&bytes, 4), 0x0506_0708);
        assert_eq!(ByteOrder::Big.u64_at(&bytes, 0), 0x0102_0304_0506_0708);
        assert_eq!(
            ByteOrder::Little.split_u64_at(&bytes, 0),
            0x0403_0201_0807_0605
        );
        assert_eq!(ByteOrder::Little.u32_at(&bytes, 5), 0);
        assert_eq!(ByteOrder::Little.u32_at(&bytes, usize::MAX), 0);
    }
}
