//! Failures that the same initiator got over later, and those that it did not.

use super::super::outcome::Outcome;
use super::Intent;

/// A failure that the same initiator later got over is no block any more: the aim was reached after a retry. One that
/// it did not get over says when the aim was last reached.
pub(super) fn forgive_earlier(same_key: &mut [Intent]) {
    let mut reached_later = false;
    for intent in same_key.iter_mut().rev() {
        let failed = intent.outcome.is_failure();
        let reached = intent.outcome.is_reached() || intent.reached_until.is_some();
        if failed && reached_later {
            intent.outcome = Outcome::OkAfterRetry;
            intent.reached_until = None;
        }
        reached_later |= reached;
    }
    let mut last = None;
    for intent in same_key {
        let failed = intent.outcome.is_failure();
        if failed {
            intent.reached_until = intent.reached_until.or(last);
        } else if intent.outcome.is_reached() {
            last = Some(intent.span.1.time);
        }
    }
}
