//! Exit statuses.

use std::process::{ExitCode, Termination};

use crate::report::Report;

/// What a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing to report.
    Clean,
    /// Findings.
    Findings,
    /// The command that was run while capturing failed.
    #[cfg(feature = "live")]
    CommandFailed,
    /// The audit could not be made, or only in part.
    NotAudited,
}

impl Exit {
    /// What a report calls for.
    #[must_use]
    pub(super) fn of(report: &Report<'_>) -> Self {
        match report.exit() {
            0 => Self::Clean,
            1 => Self::Findings,
            _ => Self::NotAudited,
        }
    }

    /// The number for the system.
    pub(super) const fn status(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            #[cfg(feature = "live")]
            Self::CommandFailed => 3,
            Self::NotAudited => 2,
        }
    }

    /// The worse of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.status())
    }
}
