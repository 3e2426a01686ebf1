//! Where a frame lies: which input, which chunk of it, which place in the chunk.

use serde::{Deserialize, Serialize};

use super::{CaptureTime, Merge};

/// A frame's place: input ordinal (20 bits), chunk ordinal within the input (20 bits), index in the chunk (24 bits).
///
/// Ordered as the frames lie in the inputs. The number that a person sees (1-based, as Wireshark counts) is worked
/// out once all chunks' frame counts are known, so that chunks can be read by many threads.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct FrameId(u64);

impl FrameId {
    /// Inputs that can be told apart.
    pub const MAX_INPUTS: u64 = 1 << 20;
    /// Chunks that an input can have.
    pub const MAX_CHUNKS: u64 = 1 << 20;
    /// Frames that a chunk can have.
    pub const MAX_FRAMES: u64 = 1 << 24;

    /// Puts a place together; each part is cut to its bits.
    #[must_use]
    pub const fn new(input: u32, chunk: u32, index: u32) -> Self {
        Self(
            ((input as u64 & (Self::MAX_INPUTS - 1)) << 44)
                | ((chunk as u64 & (Self::MAX_CHUNKS - 1)) << 24)
                | (index as u64 & (Self::MAX_FRAMES - 1)),
        )
    }

    /// The input's ordinal and the chunk's ordinal within it.
    #[must_use]
    pub const fn chunk(self) -> (u32, u32) {
        (
            (self.0 >> 44) as u32,
            ((self.0 >> 24) & (Self::MAX_CHUNKS - 1)) as u32,
        )
    }

    /// The place within the chunk, 0-based.
    #[must_use]
    pub const fn index(self) -> u32 {
        (self.0 & (Self::MAX_FRAMES - 1)) as u32
    }

    /// The packed form, for writing partial files.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// From the packed form.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

/// When and where something was seen. Ordered by time, then by place.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Stamp {
    /// When, as the capture says.
    pub time: CaptureTime,
    /// In which frame.
    pub frame: FrameId,
}

/// The earlier of two sightings, where there may be none yet.
impl Merge for Option<Stamp> {
    fn merge(&mut self, other: Self) {
        *self = match (*self, other) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_parts_and_order() {
        let id = FrameId::new(3, 70_000, 9_000_000);
        assert_eq!(id.chunk(), (3, 70_000));
        assert_eq!(id.index(), 9_000_000);
        assert_eq!(FrameId::from_bits(id.to_bits()), id);
        assert!(FrameId::new(0, 5, 9) < FrameId::new(0, 6, 0));
        assert!(FrameId::new(0, 6, 0) < FrameId::new(1, 0, 0));
    }
}
