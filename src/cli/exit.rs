//! Exit statuses.

use std::process::{ExitCode, Termination};

/// What a run ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing to report.
    Clean,
    /// Findings.
    Findings,
    /// The audit could not be made, or only in part.
    NotAudited,
}

impl Exit {
    /// The worse of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::NotAudited => 2,
        })
    }
}
