//! Attempts that have one aim to one intent.

use std::net::IpAddr;
use std::sync::Arc;

use thin_vec::ThinVec;

use super::super::attempt::AttemptOutcome;
use super::super::census::is_unreached_proxy;
use super::super::flow_verdict::FlowVerdict;
use super::super::outcome::Outcome;
use super::super::shade::{Shade, Shades};
use super::grouping::IntentKey;
use super::settle::settle;
use super::{Attempt, Intent};
use crate::model::{Fqdn, Stamp, Transport};
use crate::observe::{Capture, FlowId};
use crate::rules::RequirementIndex;

/// The intent of flows that are close in time and have a key in common.
pub(super) fn roll_up(
    key: &IntentKey<'_>,
    flows: &[FlowId],
    capture: &Capture,
    verdicts: &[FlowVerdict],
) -> Intent {
    let tries: Vec<Attempt<'_>> = flows
        .iter()
        .filter_map(|id| {
            let verdict = verdicts.get(id.0 as usize)?;
            Some((capture.flow(*id)?, verdict.part(key.fqdn, Some(key.port))))
        })
        .collect();
    let first = tries.first();
    let requirements = requirements(&tries);
    let settled = settle(&tries);
    let mut intent = Intent {
        initiator: key.initiator,
        fqdn: key.fqdn.cloned(),
        or_names: or_names(&tries),
        source: first.and_then(|(_, verdict)| verdict.aim.source),
        addresses: addresses(&tries),
        port: Some(key.port),
        transport: first.map_or(Transport::Tcp, |(flow, _)| flow.transport),
        outcome: settled.outcome,
        stage: settled.stage,
        confidence: settled.confidence,
        evidence: settled.evidence,
        doubt: settled.doubt,
        reached_until: settled.reached_until,
        shades: shades(&requirements, &tries),
        outer: tries.iter().filter_map(|(_, v)| v.coverage.outer).max(),
        requirements,
        attempts: flows.into(),
        span: span(&tries),
        sent_only: sent_only(flows, verdicts),
    };
    doubt_shades(&mut intent);
    let unreached_proxy = || tries.iter().all(|(_, verdict)| is_unreached_proxy(verdict));
    if intent.requirements.is_empty() && !unreached_proxy() {
        let misses = || tries.iter().any(|(_, v)| !v.coverage.misses.is_empty());
        intent.outcome = match intent.fqdn.is_some() || misses() {
            true => Outcome::Unexpected,
            false => Outcome::Unnamed,
        };
    }
    intent
}

/// Of what is not certain to be for a requirement, neither that it is reached nor that it is blocked is certain.
fn doubt_shades(intent: &mut Intent) {
    let all_shade =
        !intent.requirements.is_empty() && intent.shades.len() == intent.requirements.len();
    if let (true, true, Some((_, shade))) = (
        all_shade,
        intent.outcome.is_reached(),
        intent.shades.first(),
    ) {
        intent.outcome = Outcome::Inconclusive;
        intent.doubt = Some(shade.doubt());
    }
    // That something is stopped is certain, but not that it is a host's of the site.
    let guessed = |(_, shade): &(RequirementIndex, Shade)| *shade == Shade::GuessedHost;
    if intent.outcome.is_blocked() && intent.shades.iter().any(guessed) {
        intent.outcome = Outcome::FailedUnattributed;
    }
}

/// Whether nothing is known of some flows but that they were sent.
fn sent_only(flows: &[FlowId], verdicts: &[FlowVerdict]) -> bool {
    let sent = |id: &FlowId| {
        let verdict = verdicts.get(id.0 as usize);
        verdict.is_some_and(|verdict| verdict.went == AttemptOutcome::Sent)
    };
    !flows.is_empty() && flows.iter().all(sent)
}

/// Addresses tried, ascending.
fn addresses(tries: &[Attempt<'_>]) -> ThinVec<IpAddr> {
    let mut addresses: ThinVec<IpAddr> = tries.iter().map(|(flow, _)| flow.responder.ip).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// What else the aims may be by DNS, ascending.
fn or_names(tries: &[Attempt<'_>]) -> ThinVec<Fqdn> {
    let mut names: ThinVec<Fqdn> = tries
        .iter()
        .flat_map(|(_, v)| v.aim.names.iter().skip(1).chain(&v.aim.inner).cloned())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// From the first to the last packet.
fn span(tries: &[Attempt<'_>]) -> (Stamp, Stamp) {
    let first = tries.iter().map(|(flow, _)| flow.span.0).min();
    let last = tries.iter().map(|(flow, _)| flow.span.1).max();
    (first.unwrap_or_default(), last.unwrap_or_default())
}

/// Requirements that none of the attempts is certain to be for, with the first reason.
fn shades(requirements: &[RequirementIndex], tries: &[Attempt<'_>]) -> Shades {
    let mut out = Shades::new();
    if tries.iter().all(|(_, v)| v.coverage.shades.is_empty()) {
        return out;
    }
    for requirement in requirements {
        let of = tries.iter().filter_map(|(_, v)| {
            v.coverage.covers.binary_search(requirement).ok()?;
            let shades = &v.coverage.shades;
            Some(
                shades
                    .iter()
                    .find(|(r, _)| r == requirement)
                    .map(|(_, shade)| *shade),
            )
        });
        let of: Option<Vec<Shade>> = of.collect();
        if let Some(worst) = of.and_then(|of| of.into_iter().min()) {
            out.push((*requirement, worst));
        }
    }
    out
}

/// What covers any of the attempts, ascending. Nearly always they have one list among them.
fn requirements(tries: &[Attempt<'_>]) -> Arc<[RequirementIndex]> {
    let lists = tries.iter().map(|(_, verdict)| &verdict.coverage.covers);
    let mut lists: Vec<&Arc<[RequirementIndex]>> = lists.collect();
    lists.dedup_by(|a, b| Arc::ptr_eq(a, b));
    if let [only] = lists[..] {
        return Arc::clone(only);
    }
    let mut all: Vec<RequirementIndex> = lists
        .into_iter()
        .flat_map(|list| list.iter().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}
