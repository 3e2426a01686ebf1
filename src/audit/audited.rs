//! Captures judged by a plan.

use super::plan::Plan;
use super::read::Read;
use crate::judge::{Judgement, judge_between};
use crate::model::TwoPoint;
use crate::observe::Capture;
use crate::report::{Audit, Report};
use crate::source::{Input, InputRecord};

/// Captures with the verdicts on them.
#[derive(Debug)]
pub struct Audited<'a> {
    captures: &'a TwoPoint<Capture>,
    inputs: &'a [InputRecord],
    all_inputs: &'a [Input],
    plan: &'a Plan,
    judgement: Judgement,
}

impl<'a> Audited<'a> {
    /// Judges what was read.
    #[must_use]
    pub fn new(read: &'a Read, plan: &'a Plan) -> Self {
        Self::of(&read.captures, &read.inputs, plan)
    }

    /// Judges captures, of whose inputs this is told.
    #[must_use]
    pub fn of(captures: &'a TwoPoint<Capture>, inputs: &'a [InputRecord], plan: &'a Plan) -> Self {
        let outside = captures.outside.as_ref();
        Self {
            captures,
            inputs,
            all_inputs: &[],
            plan,
            judgement: judge_between(&captures.inside, outside, &plan.rules),
        }
    }

    /// The verdicts.
    #[must_use]
    pub const fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    /// All that is told of them: findings, requirements, flows, and what may hinder judging.
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        let plan = self.plan;
        Report::new(&Audit {
            capture: &self.captures.inside,
            judgement: &self.judgement,
            rules: &plan.rules,
            inputs: self.inputs,
            all_inputs: self.all_inputs,
            version: env!("CARGO_PKG_VERSION"),
            commit: Some(env!("PKTAUDIT_COMMIT")).filter(|commit| !commit.is_empty()),
            site_sha256: plan.site_sha256.as_deref(),
            arguments: &plan.arguments,
            as_of: plan.as_of.as_deref(),
            sets: &plan.sets,
        })
    }
}

/// From flows to verdicts and their report, lent to `then`. What it was made of is taken apart by another thread: there are
/// millions of small lists, and neither the next period nor the end of the process waits for them. `all_inputs` are those of
/// all periods by ordinal; where there are none, `inputs` are.
pub fn with_report<T>(
    captures: &TwoPoint<Capture>,
    (inputs, all_inputs): (&[InputRecord], &[Input]),
    plan: &Plan,
    then: impl FnOnce(&Report<'_>) -> T,
) -> T {
    let audited = Audited {
        all_inputs,
        ..Audited::of(captures, inputs, plan)
    };
    let report = audited.report();
    let done = then(&report);
    drop(report);
    let Audited { judgement, .. } = audited;
    rayon::spawn(|| drop(judgement));
    done
}
