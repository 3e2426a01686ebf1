//! Was anything audited at all, and what that had to be seen could not be judged? An audit of nothing is no good news.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::WholeCase;
use super::finding::{Finding, FindingCode};
use super::requirement_verdict::{NotSeen, RequirementStatus, RequirementVerdict};
use super::row_facts::Shortfall;
use crate::observe::Flow;
use crate::rules::{GroupKind, RequirementIndex, RuleSet, Source};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

/// The most networks, hosts and reasons that are named.
const NAMED: usize = 5;

/// Why nothing was audited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NothingAudited {
    /// There is no frame.
    NoFrame,
    /// No frame holds a packet that belongs to a flow: how many frames, and why they were set aside.
    NoFlow(u64, Vec<(String, u64)>),
    /// No requirement is active: what keeps them off, the most frequent first.
    NoRequirement(Vec<(Phrase, u64)>),
    /// No flow begins at a host that a requirement is about.
    NoHost {
        /// Where such hosts would be; empty where every private address counts.
        networks: Vec<IpNet>,
        /// Hosts that opened flows, with how many, the most first.
        seen: Vec<(IpAddr, u64)>,
    },
    /// All flows of the site's hosts are left out: why, the most frequent first.
    LeftOut(Vec<(Phrase, u64)>),
}

impl NothingAudited {
    /// The stable word.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::NoFrame => "no_frame",
            Self::NoFlow(..) => "no_flow",
            Self::NoRequirement(_) => "no_requirement",
            Self::NoHost { .. } => "no_host",
            Self::LeftOut(_) => "left_out",
        }
    }

    const fn advice(&self) -> &'static SaidTemplate {
        match self {
            Self::NoFrame => {
                word!(
                    do_see_interface,
                    "see whether it is the right interface or file, and whether a capture filter keeps everything out"
                )
            }
            Self::NoFlow(..) => {
                word!(
                    do_see_tap,
                    "see whether the tap carries the hosts' traffic, in a link type and tunnel that pktaudit reads"
                )
            }
            Self::NoRequirement(_) => {
                word!(
                    do_see_site_file,
                    "see the site file's documents, region, features and roles; pktaudit rules list shows what keeps each off"
                )
            }
            Self::NoHost { networks, .. } if networks.is_empty() => {
                word!(
                    do_give_roles,
                    "give the hosts their roles in a site file; pktaudit site init writes a first one from this capture"
                )
            }
            Self::NoHost { .. } => {
                word!(
                    do_put_hosts,
                    "put the hosts that were seen under [roles] in the site file, or capture where those of the site file are"
                )
            }
            Self::LeftOut(_) => {
                word!(
                    do_see_ignore,
                    "see [[ignore]] in the site file, and whether it is the right interface"
                )
            }
        }
    }
}

impl NothingAudited {
    /// In words.
    fn words(&self) -> Phrase {
        let counted = |(why, n): (Phrase, u64)| phrase!(count_and_reason, "{n} {why}", n, why);
        let why = match self {
            Self::NoFrame => word!(nothing_no_frame, "there is no frame").into(),
            Self::NoFlow(frames, reasons) => {
                let what = phrase!(
                    nothing_no_flow,
                    "no packet of a flow in {frames} frames",
                    frames
                );
                let reasons = reasons
                    .iter()
                    .map(|(why, n)| phrase!(reason_and_count, "{why} {n}", why, n));
                listed(what, reasons)
            }
            Self::NoRequirement(reasons) => {
                let what = word!(
                    nothing_no_requirement,
                    "no requirement is active at this site"
                )
                .into();
                listed(what, reasons.iter().cloned().map(counted))
            }
            Self::NoHost { networks, seen } => {
                let begins = match networks.is_empty() {
                    true => word!(nothing_no_private, "no flow begins at a private address").into(),
                    false => {
                        let networks = some(networks.iter().map(|one| network(one).into()));
                        phrase!(
                            nothing_from_networks,
                            "no flow begins in {networks}",
                            networks
                        )
                    }
                };
                match seen.is_empty() {
                    true => begins.then(word!(nothing_no_host, "no host opened a flow")),
                    false => {
                        let seen = seen.iter().map(|(ip, flows)| match flows {
                            1 => phrase!(host_one_flow, "{ip} (1 flow)", ip),
                            _ => phrase!(host_flows, "{ip} ({flows} flows)", ip, flows),
                        });
                        begins.then(phrase!(hosts_seen, "hosts seen: {seen}", seen = some(seen)))
                    }
                }
            }
            Self::LeftOut(reasons) => {
                let what = word!(
                    nothing_left_out,
                    "all flows of the site's hosts are left out"
                )
                .into();
                listed(what, reasons.iter().cloned().map(counted))
            }
        };
        phrase!(nothing_audited, "nothing was audited: {why}", why)
    }
}

/// `10.0.0.0/24`, and a single address without its length.
fn network(network: &IpNet) -> String {
    match network.prefix_len() == network.max_prefix_len() {
        true => network.addr().to_string(),
        false => network.to_string(),
    }
}

/// The first few, and how many more.
fn some(all: impl ExactSizeIterator<Item = Phrase>) -> Phrase {
    let more = all.len().saturating_sub(NAMED);
    Phrase::list(all.take(NAMED)).and_more(more)
}

fn listed(what: Phrase, all: impl ExactSizeIterator<Item = Phrase>) -> Phrase {
    match all.len() {
        0 => what,
        _ => phrase!(what_with_list, "{what} ({list})", what, list = some(all)),
    }
}

/// Why nothing was audited; `None` where something was.
#[must_use]
pub(super) fn nothing_audited(case: &WholeCase<'_>) -> Option<NothingAudited> {
    let (tally, requirements) = (&case.whole.head.tally, case.requirements);
    if tally.frames == 0 && !case.whole.has_flows {
        return Some(NothingAudited::NoFrame);
    }
    if !case.whole.has_flows {
        let aside = tally.set_aside.iter();
        let reasons = most(aside.map(|(why, count)| (why.to_string(), *count)));
        return Some(NothingAudited::NoFlow(tally.frames, reasons));
    }
    let active = || {
        let active =
            |v: &&RequirementVerdict| !matches!(v.standing, RequirementStatus::NotActive(_));
        requirements.iter().filter(active)
    };
    if active().next().is_none() {
        let mut reasons: BTreeMap<Phrase, u64> = BTreeMap::new();
        for why in requirements.iter().filter_map(|v| v.standing.off()) {
            *reasons.entry(why.clone()).or_default() += 1;
        }
        return Some(NothingAudited::NoRequirement(most(reasons.into_iter())));
    }
    // A lookup is audited by what it asks for, whether its flow is or not.
    let of_lookups = |v: &RequirementVerdict| {
        !v.resolved.is_empty() || !matches!(v.standing, RequirementStatus::NotSeen(_))
    };
    if active().any(of_lookups) {
        return None;
    }
    no_host(case, active())
}

/// Why no flow is audited of the hosts that requirements are about; `None` where one is.
fn no_host<'a>(
    case: &WholeCase<'_>,
    mut active: impl Iterator<Item = &'a RequirementVerdict> + Clone,
) -> Option<NothingAudited> {
    let rules = case.rules;
    let networks = sources(active.clone(), rules);
    let nobody =
        active.all(|v| matches!(v.standing, RequirementStatus::NotSeen(NotSeen::NoInitiator)));
    let profile = rules.profile();
    // Who opens nothing itself may still be called.
    let is_host = |ip: IpAddr| match profile.is_default() {
        true => profile.is_audited(ip),
        false => networks.iter().any(|network| network.contains(&ip)),
    };
    let judged = || case.judged();
    let mut audited = judged().filter(|(_, verdict)| verdict.out_of_scope.is_none());
    let called = |flow: &Flow| is_host(flow.responder.ip.to_canonical());
    if audited.any(|(flow, _)| !nobody || called(flow)) {
        return None;
    }
    if !nobody {
        let mut reasons: BTreeMap<Phrase, u64> = BTreeMap::new();
        for (flow, verdict) in judged() {
            if let Some(why) = &verdict.out_of_scope
                && profile.is_audited(flow.initiator.ip)
            {
                *reasons.entry(why.words()).or_default() += 1;
            }
        }
        // Where none of these hosts opened a flow there is none to leave out.
        if !reasons.is_empty() {
            return Some(NothingAudited::LeftOut(most(reasons.into_iter())));
        }
    }
    let mut seen: BTreeMap<IpAddr, u64> = BTreeMap::new();
    for (flow, _) in judged() {
        *seen.entry(flow.initiator.ip.to_canonical()).or_default() += 1;
    }
    let anywhere = !nobody && profile.is_default();
    Some(NothingAudited::NoHost {
        networks: if anywhere { Vec::new() } else { networks },
        seen: most(seen.into_iter()),
    })
}

/// Where the hosts would be from which some requirements start, ascending.
fn sources<'a>(
    requirements: impl Iterator<Item = &'a RequirementVerdict>,
    rules: &RuleSet,
) -> Vec<IpNet> {
    let mut networks: BTreeSet<IpNet> = BTreeSet::new();
    let mut roles = BTreeSet::new();
    for verdict in requirements {
        let Some(row) = rules.library().requirement(verdict.requirement) else {
            continue;
        };
        for source in &row.from {
            match source {
                Source::Role(role) => {
                    roles.insert(*role);
                }
                Source::Network(network) => {
                    networks.insert(*network);
                }
                Source::Any => {}
            }
        }
    }
    for role in roles {
        networks.extend(rules.profile().addresses_of(role));
    }
    networks.into_iter().collect()
}

/// The most frequent first.
fn most<T: Ord, N: Ord + Copy>(counts: impl Iterator<Item = (T, N)>) -> Vec<(T, N)> {
    let mut all: Vec<(T, N)> = counts.collect();
    all.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    all
}

/// Requirements that had to be seen and were, but how they went cannot be told, ascending. Where another alternative
/// of the same need was reached, nothing is missing.
#[must_use]
pub(super) fn unclear(
    requirements: &[RequirementVerdict],
    rules: &RuleSet,
) -> Vec<RequirementIndex> {
    let satisfied = |at: RequirementIndex| {
        let verdict = requirements.get(at.index());
        verdict.is_some_and(|verdict| verdict.standing == RequirementStatus::Satisfied)
    };
    let unclear = requirements
        .iter()
        .filter(|v| v.must_see && v.standing == RequirementStatus::Inconclusive)
        // As far as packets can tell, all is well with these.
        .filter(|v| v.shortfall != Some(Shortfall::PathHidden));
    let mut unclear: Vec<RequirementIndex> = unclear.map(|v| v.requirement).collect();
    if unclear.is_empty() {
        return unclear;
    }
    for group in rules.groups() {
        let stands_in = !matches!(group.kind, GroupKind::SameFlow);
        if stands_in && group.members.iter().any(|m| satisfied(m.requirement)) {
            unclear.retain(|at| !group.members.iter().any(|m| m.requirement == *at));
        }
    }
    unclear
}

/// The warning that goes before everything else.
pub(super) fn warn(case: &WholeCase<'_>, out: &mut Vec<Finding>) {
    let nothing = nothing_audited(case);
    out.extend(nothing.map(|why| Finding {
        message: why.words(),
        advice: why.advice().into(),
        ..Finding::new(FindingCode::NothingAudited, why.as_str().to_owned())
    }));
}
