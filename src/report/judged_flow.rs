//! A flow with what is said of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::flows::FlowView;
use super::schema;
use super::view::{word, word_or_null};
use crate::judge::{
    AttemptOutcome, Evidence, FlowVerdict, Grade, InconclusiveReason, Intent, Outcome, Stage,
};
use crate::observe::{Capture, Flow};
use crate::rules::{RequirementIndex, RuleSet};
use crate::wording::Phrase;

/// A flow and its verdict.
#[derive(Clone, Debug, JsonSchema, Serialize)]
pub struct JudgedFlow<'a> {
    /// Its place in the list, as `flows` and `attempts` of other objects give it.
    pub id: usize,
    /// What was seen.
    #[serde(flatten)]
    pub flow: FlowView<'a>,
    /// What became of it.
    #[serde(serialize_with = "word")]
    #[schemars(schema_with = "schema::outcome")]
    pub outcome: FlowOutcome,
    /// Where it was stopped.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::stage_or_null")]
    pub stage: Option<Stage>,
    /// How sure that is.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::grade_or_null")]
    pub confidence: Option<Grade>,
    /// Code of what shows it.
    #[serde(serialize_with = "word_or_null")]
    #[schemars(schema_with = "schema::evidence_code_or_null")]
    pub evidence: Option<crate::judge::Code>,
    /// The same in words; also why it is not audited, or why it cannot be told.
    pub reason: Option<Cow<'a, Phrase>>,
    /// Ids of the requirements that cover it, ascending.
    pub requirements: Vec<&'a str>,
    /// Place in `intents`.
    pub intent: Option<u32>,
    /// The requirements of `requirements`, in a list that flows share.
    #[serde(skip)]
    pub(super) covers: &'a Arc<[RequirementIndex]>,
}

/// What became of a flow: the words of [`Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowOutcome(pub Outcome);

impl fmt::Display for FlowOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'a> JudgedFlow<'a> {
    pub(super) fn new(
        id: usize,
        flow: &'a Flow,
        verdict: &'a FlowVerdict,
        intent: Option<(u32, &'a Intent)>,
        capture: &Capture,
        rules: &'a RuleSet,
    ) -> Self {
        let failure = match &verdict.went {
            AttemptOutcome::Failed(evidence) if verdict.out_of_scope.is_none() => Some(&**evidence),
            _ => None,
        };
        let covers = verdict.coverage.covers.iter();
        let library = rules.library();
        let ids = covers.filter_map(|cover| library.requirement(*cover));
        let intent_view = intent.map(|(_, intent)| intent);
        Self {
            id,
            flow: FlowView::new(flow, capture),
            outcome: FlowOutcome(outcome(verdict, intent_view)),
            stage: failure.map(|e| intent_view.and_then(|i| i.stage).unwrap_or(e.code.stage())),
            confidence: failure.map(|evidence| evidence.grade),
            evidence: failure.map(|evidence| evidence.code),
            reason: reason(verdict, failure),
            requirements: ids.map(|row| row.id.as_str()).collect(),
            intent: intent.map(|(place, _)| place),
            covers: &verdict.coverage.covers,
        }
    }
}

/// The outcome of a flow by itself; only who lost a race is told by the intent.
pub(super) fn outcome(verdict: &FlowVerdict, intent: Option<&Intent>) -> Outcome {
    if verdict.out_of_scope.is_some() {
        return Outcome::OutOfScope;
    }
    if verdict.coverage.covers.is_empty() {
        return match intent.map(|intent| intent.outcome) {
            Some(outcome @ (Outcome::Unexpected | Outcome::Unnamed)) => outcome,
            _ if verdict.aim.names.is_empty() && verdict.coverage.misses.is_empty() => {
                Outcome::Unnamed
            }
            _ => Outcome::Unexpected,
        };
    }
    match &verdict.went {
        AttemptOutcome::Succeeded | AttemptOutcome::Sent => Outcome::Ok,
        AttemptOutcome::Failed(evidence) => match evidence.grade {
            Grade::A => Outcome::BlockedConfirmed,
            Grade::B => Outcome::BlockedLikely,
            Grade::C => Outcome::FailedUnattributed,
        },
        AttemptOutcome::Open(InconclusiveReason::NothingSaid | InconclusiveReason::GivenUp)
            if intent.is_some_and(|intent| intent.outcome.is_reached()) =>
        {
            Outcome::RaceLost
        }
        AttemptOutcome::Open(_) => Outcome::Inconclusive,
    }
}

fn reason<'a>(verdict: &'a FlowVerdict, failure: Option<&'a Evidence>) -> Option<Cow<'a, Phrase>> {
    if let Some(why) = &verdict.out_of_scope {
        return Some(Cow::Owned(why.words()));
    }
    match (&verdict.went, failure) {
        (_, Some(evidence)) => Some(Cow::Borrowed(&evidence.words)),
        (AttemptOutcome::Open(doubt), None) => Some(Cow::Owned(doubt.words().into())),
        _ => None,
    }
}
