//! Where the slices of a file lie.

/// Where the slices of a file lie: each begins with the first record at its border or behind it. They depend on nothing but
/// the file's size, so that whoever reads it, and with however many threads, tells the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slices {
    pub(super) bytes: u64,
}

/// One for all.
impl Default for Slices {
    fn default() -> Self {
        Self { bytes: u64::MAX }
    }
}

impl Slices {
    /// Below [`MAX_FRAMES`](crate::model::FrameId::MAX_FRAMES) record headers.
    const MOST: u64 = 128 << 20;
    /// How many there are at most of a file that is not long.
    const COUNT: u64 = 16;

    /// Those of a file, each of at least `least` bytes. Of a file that is not long there are 2, 4, 8 or 16, so that threads
    /// get as many of them each.
    pub(super) fn of(file_bytes: u64, least: u64) -> Self {
        let most = (file_bytes / least.max(1)).clamp(1, Self::COUNT);
        match most.ilog2() {
            0 => Self::default(),
            log => Self {
                bytes: file_bytes.div_ceil(1 << log).min(Self::MOST),
            },
        }
    }

    /// The slice in which an offset lies, and where the next one begins.
    pub(super) fn around(self, offset: u64) -> (u32, u64) {
        let slice = offset / self.bytes;
        let border = (slice + 1).saturating_mul(self.bytes);
        // A reader gives no more bytes than fit into memory 2^32 times.
        (u32::try_from(slice).unwrap_or(u32::MAX), border)
    }
}
