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
mod nearby;
mod needs;
mod other_address;
mod outcome;
mod outer_names;
mod requirement_tally;
mod requirement_verdict;
mod resolvers;
mod row_facts;
mod row_findings;
mod rows;
mod scope;
mod shade;
mod share;
mod silence;
mod source_ports;
mod translation;
mod trust;
mod two_point;
mod unexpected;
mod unread;
mod unseen;
mod whole;

use std::collections::BTreeMap;
use std::net::IpAddr;

use rayon::prelude::*;

use crate::model::Stamp;
use crate::observe::{Capture, Flow, FlowId};
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
pub use share::CaptureShare;
pub use trust::Trust;
pub use unread::unread;

pub use census::{Census, NameWay, WayTotal};
use requirement_tally::RequirementTally;
use requirement_verdict::requirement_verdicts;
use share::{HostShare, JoinedIntents, JudgedShare};
use two_point::Outside;
use whole::{WholeFacts, merged};

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

/// What a question about hosts may look at: one share, with its own places.
pub(crate) struct Case<'a> {
    pub(crate) capture: &'a Capture,
    pub(crate) rules: &'a RuleSet,
    pub(crate) flows: &'a [FlowVerdict],
    pub(crate) intents: &'a [Intent],
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

/// What a question about all of a capture may look at.
pub(crate) struct WholeCase<'a> {
    shares: &'a [JudgedShare<'a>],
    whole: &'a WholeFacts<'a>,
    rules: &'a RuleSet,
    intents: &'a [Intent],
    requirements: &'a [RequirementVerdict],
}

impl WholeCase<'_> {
    /// All flows with what is said of them, share by share.
    fn judged(&self) -> impl Iterator<Item = (&Flow, &FlowVerdict)> {
        let shares = self.shares.iter();
        shares.flat_map(|share| share.share.capture().flows.iter().zip(&share.flows))
    }
}

/// The questions that are answered host by host, in report order. Each adds its findings.
const QUESTIONS: &[fn(&Case<'_>, &mut Vec<Finding>)] = &[
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
];

/// Those that only the whole answers.
const OF_WHOLE: &[fn(&WholeCase<'_>, &mut Vec<Finding>)] =
    &[audited::warn, unseen::never_seen, unseen::both_alternatives];

/// What some questions find, in their order.
fn answers<C: Sync>(questions: &[fn(&C, &mut Vec<Finding>)], case: &C) -> Vec<Finding> {
    let answers = questions.par_iter().with_max_len(1).map(|question| {
        let mut findings = Vec::new();
        question(case, &mut findings);
        findings
    });
    answers.flatten_iter().collect()
}

/// Judges a capture.
#[must_use]
pub fn judge(capture: &Capture, rules: &RuleSet) -> Judgement {
    judge_between(capture, None, rules)
}

/// Judges a capture, with what was seen at the same time at an outer point of the path: what enters on the inner side
/// and does not come out on the outer one was stopped between them.
#[must_use]
pub fn judge_between(capture: &Capture, outside: Option<&Capture>, rules: &RuleSet) -> Judgement {
    judge_shares((capture, outside), &[CaptureShare::whole(capture)], rules)
}

/// Judges all shares of a capture, of which `head` has what no host has: tally, links, times and numbers of frames. What is
/// said of a host rests on its own flows and lookups, which are of one share, and on what all shares tell, merged: so it is
/// the same whatever the shares are.
#[must_use]
pub fn judge_shares(
    (head, outside): (&Capture, Option<&Capture>),
    shares: &[CaptureShare<'_>],
    rules: &RuleSet,
) -> Judgement {
    let captures: Vec<&Capture> = shares.iter().map(|share| share.capture()).collect();
    let whole = WholeFacts::of(&captures, head);
    let known = (&whole, rules);
    let inside = captures.iter().flat_map(|capture| &capture.flows);
    let outside = outside.map(|outside| Outside::of(inside, outside));
    let hosted = HostShare::each(shares, known);
    let (flows, lookups) = rayon::join(
        || flow_verdict::flow_verdicts(&hosted, known, outside.as_ref()),
        || HostShare::lookups(&hosted, &whole),
    );
    let (intents, census) = rayon::join(
        || intent::intents(&hosted, (&flows, &lookups), known),
        || census_of(&hosted, &flows, known),
    );
    let mut notes = whole.trust.notes.clone();
    notes.extend(outside.iter().map(Outside::note));
    notes.extend(HostShare::notes(&hosted));
    let trust = Trust {
        notes,
        ..whole.trust.clone()
    };
    let judged = JudgedShare::each(shares, hosted, lookups, flows);
    let told = judged.iter().zip(intents).collect();
    let (intents, requirements, findings) = joined(told, &judged, &census, known);
    Judgement {
        unclear: audited::unclear(&requirements, rules),
        intents: intents.all,
        requirements,
        findings,
        trust,
        census,
        translated: JudgedShare::translated(&judged),
        flows: JudgedShare::join_flows(judged),
    }
}

/// How the hosts of all shares have their names.
fn census_of(
    shares: &[HostShare<'_>],
    flows: &[Vec<FlowVerdict>],
    (whole, rules): (&WholeFacts<'_>, &RuleSet),
) -> Census {
    let judged: Vec<(&HostShare<'_>, &Vec<FlowVerdict>)> = shares.iter().zip(flows).collect();
    merged(&judged, |(share, flows)| {
        Census::of(share.capture, flows, &share.hosts, &whole.asked, rules)
    })
}

/// From what is said of hosts to what is said of requirements, and the findings of both.
fn joined(
    told: Vec<(&JudgedShare<'_>, Vec<Intent>)>,
    shares: &[JudgedShare<'_>],
    census: &Census,
    known: (&WholeFacts<'_>, &RuleSet),
) -> (JoinedIntents, Vec<RequirementVerdict>, Vec<Finding>) {
    let (whole, rules) = known;
    let of_shares = || {
        let of_share = |(share, intents): &(&JudgedShare<'_>, Vec<Intent>)| {
            let case = Case {
                capture: share.share.capture(),
                rules,
                flows: &share.flows,
                intents,
                census,
            };
            answers(QUESTIONS, &case)
        };
        told.par_iter().map(of_share).collect::<Vec<_>>()
    };
    let tally = || {
        merged(&told, |(share, intents)| {
            RequirementTally::of(share, intents, rules)
        })
    };
    let (mut of_shares, tally) = rayon::join(of_shares, tally);
    let own = told.into_iter().map(|(_, intents)| intents).collect();
    let intents = JoinedIntents::of(shares, own);
    for (number, findings) in of_shares.iter_mut().enumerate() {
        intents.place(number, shares, findings);
    }
    let requirements = requirement_verdicts(shares, &intents.all, tally, known, census);
    let case = WholeCase {
        shares,
        whole,
        rules,
        intents: &intents.all,
        requirements: &requirements,
    };
    let mut findings = answers(OF_WHOLE, &case);
    findings.extend(of_shares.into_iter().flatten());
    findings.par_sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    (intents, requirements, findings)
}
