//! Frames that were lost before they were captured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Frames lost before they were captured, by who lost them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Loss {
    /// The interface.
    pub interface: u64,
    /// The kernel or capture engine.
    pub kernel: u64,
    /// This program, capturing live.
    pub own: u64,
}

impl Loss {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.interface
            .saturating_add(self.kernel)
            .saturating_add(self.own)
    }

    /// What was lost after `earlier` was counted.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            interface: self.interface.saturating_sub(earlier.interface),
            kernel: self.kernel.saturating_sub(earlier.kernel),
            own: self.own.saturating_sub(earlier.own),
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            interface: self.interface.saturating_add(other.interface),
            kernel: self.kernel.saturating_add(other.kernel),
            own: self.own.saturating_add(other.own),
        }
    }
}
