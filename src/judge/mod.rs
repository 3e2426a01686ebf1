//! Evidence against requirements: one question a file, and the list of them in report order.

mod absence;
mod alike;
mod attempt;
mod audited;
mod blocked;
mod census;
mod clock;
mod control;
mod coverage;
mod encrypted_dns;
mod evidence;
mod explain;
mod finding;
mod flow_verdict;
mod hidden_names;
mod hosts;
mod intent;
mod intercepted;
mod interception;
mod lookup;
mod lookup_failure;
mod lookup_intent;
mod nameless;
mod needs;
mod other_address;
mod outcome;
mod outer_names;
mod requirement_verdict;
mod resolvers;
mod row_facts;
mod row_findings;
mod rows;
mod scope;
mod shade;
mod silence;
mod source_ports;
mod trust;
mod two_point;
mod unexpected;
mod unread;
mod unseen;

use std::collections::BTreeMap;
use std::net::IpAddr;

use rayon::prelude::*;

use crate::model::Stamp;
use crate::observe::{Capture, FlowId};
use crate::rules::{RequirementIndex, RuleSet};

pub use attempt::{AttemptOutcome, InconclusiveReason};
pub use coverage::{Coverage, FlowTarget, aim};
pub use encrypted_dns::EncryptedDns;
pub use evidence::{Code, Evidence, Grade, Stage};
pub use explain::explain as explain_evidence;
pub use finding::{Finding, FindingCode, Severity};
pub use flow_verdict::FlowVerdict;
pub use intent::Intent;
pub use lookup::{Lookup, Lookups};
pub use needs::{Needs, NoNeed, needs, no_need};
pub use outcome::Outcome;
pub use requirement_verdict::{NotSeen, RequirementStatus, RequirementVerdict, StatusKind};
pub use scope::OutOfScope;
pub use shade::{Shade, Shades};
pub use trust::{Trust, trust};
pub use unread::unread;

pub use census::{Census, NameWay, WayTotal};
use hosts::Hosts;
use two_point::Outside;

/// Everything that can be said of a capture under a set of rules.
#[derive(Debug)]
pub struct Judgement {
    /// In the order of [`Capture::flows`].
    pub flows: Vec<FlowVerdict>,
    /// Ascending by start.
    pub intents: Vec<Intent>,
    /// Ascending by requirement id.
    pub requirements: Vec<RequirementVerdict>,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// Requirements that had to be seen and were, but how they went cannot be told, ascending.
    pub unclear: Vec<RequirementIndex>,
    /// How far the capture can be trusted.
    pub trust: Trust,
    /// How hosts have their names.
    pub census: Census,
    /// Addresses that flows go to under a prefix of translation (NAT64), with the IPv4 address that each stands for: rows
    /// are held against these.
    pub translated: BTreeMap<IpAddr, IpAddr>,
}

/// What a question may look at.
pub(crate) struct Case<'a> {
    pub(crate) capture: &'a Capture,
    pub(crate) lookups: &'a Lookups,
    pub(crate) rules: &'a RuleSet,
    pub(crate) flows: &'a [FlowVerdict],
    pub(crate) intents: &'a [Intent],
    pub(crate) requirements: &'a [RequirementVerdict],
    pub(crate) census: &'a Census,
}

impl Case<'_> {
    /// From the first to the last packet of some flows; `None` of none.
    fn span(&self, flows: &[FlowId]) -> Option<(Stamp, Stamp)> {
        let spans = || {
            let flows = flows.iter().filter_map(|id| self.capture.flow(*id));
            flows.map(|flow| flow.span)
        };
        Some((
            spans().map(|(first, _)| first).min()?,
            spans().map(|(_, last)| last).max()?,
        ))
    }
}

/// The questions, in report order. Each adds its findings.
const QUESTIONS: &[fn(&Case<'_>, &mut Vec<Finding>)] = &[
    audited::warn,
    blocked::blocked,
    blocked::degraded,
    blocked::recovered,
    intercepted::intercepted,
    other_address::other_addresses,
    hidden_names::encrypted_dns,
    hidden_names::encrypted_hello,
    hidden_names::other_application,
    unexpected::forbidden,
    unexpected::unexpected,
    row_findings::in_clear,
    row_findings::doubtful,
    unseen::never_seen,
    unseen::both_alternatives,
];

/// Judges a capture.
#[must_use]
pub fn judge(capture: &Capture, rules: &RuleSet) -> Judgement {
    judge_between(capture, None, rules)
}

/// Judges a capture, with what was seen at the same time at an outer point of the path: what enters on the inner side
/// and does not come out on the outer one was stopped between them.
#[must_use]
pub fn judge_between(capture: &Capture, outside: Option<&Capture>, rules: &RuleSet) -> Judgement {
    let outside = outside.map(|outside| Outside::of(capture, outside));
    let (mut trust, hosts) = rayon::join(|| trust::trust(capture), || Hosts::of(capture, rules));
    if let Some(outside) = &outside {
        trust.notes.push(outside.note());
    }
    trust.notes.extend(hosts.notes(capture));
    let (flows, lookups) = rayon::join(
        || flow_verdict::flow_verdicts(capture, rules, &trust, outside.as_ref(), &hosts),
        || Lookups::of(&capture.dns, capture.end(), &trust, &hosts),
    );
    let (intents, census) = rayon::join(
        || intent::intents(capture, &flows, &lookups, rules),
        || Census::of(capture, &flows, &hosts, rules),
    );
    let mut requirements = requirement_verdict::requirement_verdicts(
        capture, &flows, &intents, &lookups, rules, &census,
    );
    row_facts::settle(&mut requirements, capture, &flows, &intents, rules);
    let case = Case {
        capture,
        lookups: &lookups,
        rules,
        flows: &flows,
        intents: &intents,
        requirements: &requirements,
        census: &census,
    };
    let answers = QUESTIONS.par_iter().with_max_len(1).map(|question| {
        let mut findings = Vec::new();
        question(&case, &mut findings);
        findings
    });
    let mut findings: Vec<Finding> = answers.flatten_iter().collect();
    findings.par_sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    let unclear = audited::unclear(&requirements, rules);
    Judgement {
        unclear,
        flows,
        intents,
        requirements,
        findings,
        trust,
        census,
        translated: hosts.translated(capture),
    }
}
