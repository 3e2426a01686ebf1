//! Attempts rolled up to intents: one initiator, one aim, one port, close in time.

mod grouping;
mod happy_eyeballs;
mod last_tries;
mod retries;
mod roll_up;
mod settle;

use std::net::IpAddr;
use std::sync::Arc;

use rayon::prelude::*;
use thin_vec::ThinVec;

use happy_eyeballs::{ReachedAims, Unreached, UnreachedAims};

use super::attempt::InconclusiveReason;
use super::evidence::{Code, Evidence, Grade, Stage};
use super::flow_verdict::FlowVerdict;
use super::lookup::Lookups;
use super::lookup_intent::{failed_lookups, other_addresses};
use super::outcome::Outcome;
use super::shade::Shades;
use super::share::HostShare;
use super::whole::{WholeFacts, merged};
use crate::model::{CaptureTime, Fqdn, Stamp, Transport, arrange};
use crate::observe::{Capture, Flow, FlowId, NameSource};
use crate::rules::{RequirementIndex, RuleSet};

/// One initiator's wish to reach one aim.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Who.
    pub initiator: IpAddr,
    /// The aim's name, where it has one.
    pub fqdn: Option<Fqdn>,
    /// Other names that the aim may have instead, by DNS.
    pub or_names: ThinVec<Fqdn>,
    /// Where the name was taken from; `None` without a name and for lookups that led to no attempt.
    pub source: Option<NameSource>,
    /// Addresses tried, ascending.
    pub addresses: ThinVec<IpAddr>,
    /// Port, `None` where it came to no attempt.
    pub port: Option<u16>,
    /// Transport of the first attempt.
    pub transport: Transport,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it was stopped, if it was.
    pub stage: Option<Stage>,
    /// How sure that is.
    pub confidence: Option<Grade>,
    /// What shows it.
    pub evidence: ThinVec<Evidence>,
    /// Why it cannot be told.
    pub doubt: Option<InconclusiveReason>,
    /// When the aim was last reached, where it was stopped after that and never reached again.
    pub reached_until: Option<CaptureTime>,
    /// Requirements that cover it, ascending.
    pub requirements: Arc<[RequirementIndex]>,
    /// Those of them that no attempt is certain to be for.
    pub shades: Shades,
    /// Whether the name is one that stands in clear for others, in encrypted hellos.
    pub outer: Option<bool>,
    /// Its attempts, ascending.
    pub attempts: ThinVec<FlowId>,
    /// First and last frame.
    pub span: (Stamp, Stamp),
    /// Whether nothing is known of it but that it was sent.
    pub sent_only: bool,
}

impl Intent {
    /// Whether it is made of tries that were stopped for the port that they came from.
    pub(super) fn is_of_source_port(&self) -> bool {
        let best = self.evidence.first();
        best.is_some_and(|evidence| evidence.code == Code::SourcePort)
    }
}

/// A flow as an attempt at one of its aims.
type Attempt<'a> = (&'a Flow, &'a FlowVerdict);

/// Rolls attempts and lookups up to intents, share by share, ascending by start.
#[must_use]
pub(super) fn intents(
    shares: &[HostShare<'_>],
    (verdicts, lookups): (&[Vec<FlowVerdict>], &[Lookups]),
    (whole, rules): (&WholeFacts<'_>, &RuleSet),
) -> Vec<Vec<Intent>> {
    let told = || shares.iter().zip(verdicts).zip(lookups);
    let rolled_up = told().map(|((share, verdicts), lookups)| {
        let intents = of_flows(share.capture, verdicts, lookups, rules);
        let unreached = happy_eyeballs::unreached(&intents, share.capture);
        (intents, unreached)
    });
    let rolled_up: Vec<(Vec<Intent>, Unreached)> = rolled_up.collect();
    let unreached = merged(&rolled_up, |(intents, unreached)| {
        let unreached = unreached.iter();
        UnreachedAims::of(unreached.filter_map(|(place, _)| intents.get(*place)))
    });
    let reached = merged(&rolled_up, |(intents, _)| {
        ReachedAims::of(intents, &unreached)
    });
    let each = told().zip(rolled_up);
    each.map(|(((share, verdicts), lookups), (mut intents, unreached))| {
        happy_eyeballs::forgive_other_family(&mut intents, unreached, &reached);
        let asked = (lookups, whole.over_ipv6);
        let failed = failed_lookups(share.capture, verdicts, asked, rules, &intents);
        intents.extend(failed);
        by_start(intents)
    })
    .collect()
}

/// The intents of a share's flows, by what they aim at.
fn of_flows(
    capture: &Capture,
    verdicts: &[FlowVerdict],
    lookups: &Lookups,
    rules: &RuleSet,
) -> Vec<Intent> {
    let groups = grouping::groups(capture, verdicts, rules);
    let rolled_up: Vec<Vec<Intent>> = groups
        .par_iter()
        .with_min_len(64)
        .map(|(key, flows)| {
            let close = grouping::close_in_time(flows, capture).into_iter();
            let mut intents: Vec<Intent> = close
                .map(|close| {
                    let mut intent = roll_up::roll_up(key, close, capture, verdicts);
                    other_addresses(&mut intent, lookups);
                    intent
                })
                .collect();
            retries::forgive_earlier(&mut intents);
            intents
        })
        .collect();
    let mut out = Vec::with_capacity(rolled_up.iter().map(Vec::len).sum());
    out.extend(rolled_up.into_iter().flatten());
    out
}

/// Intents ascending by start. Their places are sorted, since they themselves are large.
fn by_start(mut intents: Vec<Intent>) -> Vec<Intent> {
    let starts = intents.iter().map(|intent| intent.span.0.time);
    let mut order: Vec<(CaptureTime, usize)> = starts.zip(0..).collect();
    let key = |place: usize| sort_key(&intents[place]);
    order.par_sort_unstable_by(|(start, a), (other, b)| {
        let same_start = || key(*a).cmp(&key(*b)).then(a.cmp(b));
        start.cmp(other).then_with(same_start)
    });
    arrange(
        &mut intents,
        order.into_iter().map(|(_, place)| place).collect(),
    );
    intents
}

pub(super) type SortKey<'a> = (
    CaptureTime,
    IpAddr,
    Option<&'a Fqdn>,
    &'a [IpAddr],
    Option<u16>,
    Transport,
);

/// In which order intents are told.
pub(super) fn sort_key(intent: &Intent) -> SortKey<'_> {
    (
        intent.span.0.time,
        intent.initiator,
        intent.fqdn.as_ref(),
        &intent.addresses,
        intent.port,
        intent.transport,
    )
}
