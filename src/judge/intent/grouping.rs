//! Flows by what makes them attempts at one aim.

use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::HashMap;
use rayon::prelude::*;

use super::super::attempt::AttemptOutcome;
use super::super::evidence::Code;
use super::super::flow_verdict::FlowVerdict;
use crate::model::{Fqdn, Share, Transport};
use crate::observe::{Capture, Flow, FlowId};
use crate::rules::{RequirementIndex, RuleSet};

/// Attempts farther apart than this are intents of their own.
const CLOSE: Duration = Duration::from_secs(30);

/// What the attempts of an intent have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct IntentKey<'a> {
    /// Who.
    pub(super) initiator: IpAddr,
    /// The aim's name, where it has one.
    pub(super) fqdn: Option<&'a Fqdn>,
    /// Where to, where there is no name.
    address: Option<IpAddr>,
    /// The aim's port.
    pub(super) port: u16,
    /// What nothing covers must not hide behind what something does, nor what something may cover behind what it does.
    covered: Covered,
    /// The transport, where what covers it asks for that one alone, or it is DNS, of which TCP and UDP are two ways.
    alone: Option<Transport>,
    /// Stopped for the port that it comes from: what works from other ports does not take that away.
    by_source: bool,
}

impl<'a> IntentKey<'a> {
    fn of(flow: &Flow, verdict: &'a FlowVerdict, rules: &RuleSet) -> Self {
        let aim = &verdict.aim;
        let fqdn = aim.names.first();
        let own = aim.address.unwrap_or(flow.responder.ip);
        let coverage = &verdict.coverage;
        let over_tcp = aim.port == 53 && flow.transport == Transport::Tcp;
        Self {
            initiator: verdict.host,
            fqdn,
            address: fqdn.is_none().then_some(own),
            port: aim.port,
            covered: match coverage.covers.is_empty() {
                true => Covered::No,
                false if coverage.is_all_shade() => Covered::Perhaps,
                false => Covered::Yes,
            },
            alone: match over_tcp {
                true => Some(Transport::Tcp),
                false => only_transport(&coverage.covers, rules),
            },
            by_source: matches!(
                &verdict.went,
                AttemptOutcome::Failed(evidence) if evidence.code == Code::SourcePort
            ),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Covered {
    No,
    Perhaps,
    Yes,
}

/// The audited flows by what they have in common, ascending by that; those of one group ascending.
pub(super) fn groups<'a>(
    capture: &'a Capture,
    verdicts: &'a [FlowVerdict],
    rules: &RuleSet,
) -> Vec<(IntentKey<'a>, Vec<FlowId>)> {
    // Flows of one initiator are grouped by one thread.
    let of_share = |share: Share| {
        let flows = capture.flows.iter().zip(verdicts).zip((0..).map(FlowId));
        groups_of(
            flows.filter(|((_, verdict), _)| {
                verdict.out_of_scope.is_none() && share.has(&verdict.host)
            }),
            rules,
        )
    };
    let mut groups: Vec<_> = Share::each(of_share).collect();
    groups.par_sort_unstable_by_key(|(key, _)| *key);
    groups
}

/// Flows by what they have in common, in no order; those of one group as they come.
fn groups_of<'a>(
    flows: impl Iterator<Item = ((&'a Flow, &'a FlowVerdict), FlowId)>,
    rules: &RuleSet,
) -> Vec<(IntentKey<'a>, Vec<FlowId>)> {
    let mut places: HashMap<IntentKey<'_>, usize> = HashMap::default();
    let mut groups: Vec<(IntentKey<'_>, Vec<FlowId>)> = Vec::new();
    let tries =
        flows.flat_map(|((flow, verdict), id)| verdict.parts().map(move |part| ((flow, part), id)));
    for ((flow, verdict), id) in tries {
        let key = IntentKey::of(flow, verdict, rules);
        match places.entry(key) {
            // Two aims of one flow may have the same first name.
            Entry::Occupied(place) if groups[*place.get()].1.last() == Some(&id) => {}
            Entry::Occupied(place) => groups[*place.get()].1.push(id),
            Entry::Vacant(place) => {
                place.insert(groups.len());
                groups.push((key, vec![id]));
            }
        }
    }
    groups
}

/// The transport, where all of some requirements ask for one alone: each is then a need of its own, whatever else
/// reaches the name.
fn only_transport(covers: &[RequirementIndex], rules: &RuleSet) -> Option<Transport> {
    let mut only = None;
    for requirement in covers {
        let row = rules.library().requirement(*requirement)?;
        match row.transport[..] {
            [one] if only.is_none_or(|only| only == one) => only = Some(one),
            _ => return None,
        }
    }
    only
}

/// Cuts a list of flows, ascending by start, where they lie farther apart than [`CLOSE`].
pub(super) fn close_in_time<'a>(flows: &'a [FlowId], capture: &Capture) -> Vec<&'a [FlowId]> {
    let mut out = Vec::new();
    let (mut start, mut end) = (0, None);
    for (i, id) in flows.iter().enumerate() {
        let Some(flow) = capture.flow(*id) else {
            continue;
        };
        if end.is_some_and(|end| flow.span.0.time.since(end) > CLOSE) {
            out.push(&flows[start..i]);
            start = i;
        }
        end = end.max(Some(flow.span.1.time));
    }
    out.push(&flows[start..]);
    out
}
