//! Closed receive windows (RFC 9293 section 3.8.6): rare, and kept apart for that.

use serde::{Deserialize, Serialize};

use crate::model::{FrameId, Stamp};

/// Packets of one side that close its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedWindow {
    /// The earliest one.
    pub first: Stamp,
    /// The latest one.
    pub last: Stamp,
    /// How many.
    pub packets: u64,
}

impl ClosedWindow {
    pub(super) const fn at(stamp: Stamp) -> Self {
        Self {
            first: stamp,
            last: stamp,
            packets: 1,
        }
    }

    /// Lets the frames' places be rewritten.
    pub(super) fn for_each_frame(&mut self, mut rewrite: impl FnMut(&mut FrameId)) {
        rewrite(&mut self.first.frame);
        rewrite(&mut self.last.frame);
    }
}

impl ClosedWindow {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            packets: self.packets + other.packets,
        }
    }
}
