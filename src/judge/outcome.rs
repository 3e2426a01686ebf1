//! What became of an intent or a flow, in one word.

use super::evidence::Grade;
use crate::model::words;
use crate::wording::{SaidTemplate, word};

words! {
    /// What became of an intent or a flow.
    pub enum Outcome {
        /// Stopped, and a device said so.
        BlockedConfirmed = "blocked_confirmed",
        /// Stopped, by a strong pattern with a control.
        BlockedLikely = "blocked_likely",
        /// Failed; who did it cannot be told.
        FailedUnattributed = "failed_unattributed",
        /// It cannot be told how it went.
        Inconclusive = "inconclusive",
        /// The aim was reached, but one way to it always fails, or each of its connections stalls later.
        Degraded = "degraded",
        /// The aim was reached after failures.
        OkAfterRetry = "ok_after_retry",
        /// The aim was reached.
        Ok = "ok",
        /// Another attempt was faster.
        RaceLost = "race_lost",
        /// No active requirement covers it.
        Unexpected = "unexpected",
        /// No requirement by address covers it, and it has no name.
        Unnamed = "unnamed",
        /// Not audited.
        OutOfScope = "out_of_scope",
    }
}

impl Outcome {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::BlockedConfirmed => word!(outcome_blocked_confirmed, "blocked confirmed"),
            Self::BlockedLikely => word!(outcome_blocked_likely, "blocked likely"),
            Self::FailedUnattributed => word!(outcome_failed_unattributed, "failed unattributed"),
            Self::Inconclusive => word!(outcome_inconclusive, "inconclusive"),
            Self::Degraded => word!(outcome_degraded, "degraded"),
            Self::OkAfterRetry => word!(outcome_ok_after_retry, "ok after retry"),
            Self::Ok => word!(outcome_ok, "ok"),
            Self::RaceLost => word!(outcome_race_lost, "race lost"),
            Self::Unexpected => word!(outcome_unexpected, "unexpected"),
            Self::Unnamed => word!(outcome_unnamed, "unnamed"),
            Self::OutOfScope => word!(outcome_out_of_scope, "out of scope"),
        }
    }

    /// What evidence of a grade makes of a failure: a pattern that other causes make too is never a block.
    #[must_use]
    pub const fn of_failure(grade: Grade) -> Self {
        match grade {
            Grade::A => Self::BlockedConfirmed,
            Grade::B => Self::BlockedLikely,
            Grade::C => Self::FailedUnattributed,
        }
    }

    /// Whether it says that something was stopped.
    #[must_use]
    pub const fn is_blocked(self) -> bool {
        matches!(self, Self::BlockedConfirmed | Self::BlockedLikely)
    }

    /// Whether it failed, whoever did that.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        self.is_blocked() || matches!(self, Self::FailedUnattributed)
    }

    /// Whether the aim was reached.
    #[must_use]
    pub const fn is_reached(self) -> bool {
        matches!(self, Self::Ok | Self::OkAfterRetry | Self::Degraded)
    }
}
