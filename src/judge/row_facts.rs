//! What rows ask for besides being reached: that a port stays closed, that TLS is spoken, that a path is the one listed;
//! and which rows are about the way to a proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::attempt::AttemptOutcome;
use super::flow_verdict::FlowVerdict;
use super::intent::Intent;
use super::requirement_verdict::{NotSeen, RequirementStatus, RequirementVerdict};
use crate::model::Transport;
use crate::observe::{App, Capture, EventKind, Flow, StreamFact};
use crate::rules::{Requirement, RequirementIndex, RuleSet};
use crate::wording::{SaidTemplate, word};

/// What a row asks for and was not had, although its host was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Shortfall {
    /// The row is about a path, and TLS hides it.
    PathHidden,
    /// The row asks for TLS, and HTTP in clear was spoken.
    HttpInClear,
    /// The row asks for TLS, and something else was spoken.
    NotTls,
    /// The row asks for STARTTLS, and the client logged in without it.
    BindInClear,
}

impl Shortfall {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::PathHidden => word!(short_path, "host reached, path not visible"),
            Self::HttpInClear => word!(
                short_http,
                "host reached, but by HTTP in clear, and the page asks for an encrypted protocol"
            ),
            Self::NotTls => word!(
                short_not_tls,
                "host reached, but what was spoken is no TLS, and the page asks for an encrypted protocol"
            ),
            Self::BindInClear => word!(
                short_bind,
                "host reached, but by a bind (a login to LDAP) in clear, and the page asks for STARTTLS before it"
            ),
        }
    }
}

/// Puts into the verdicts what rows ask for besides being reached.
pub(super) fn settle(
    verdicts: &mut [RequirementVerdict],
    capture: &Capture,
    flows: &[FlowVerdict],
    intents: &[Intent],
    rules: &RuleSet,
) {
    negative_facts(verdicts, capture, flows, rules);
    ways_to_proxies(verdicts, capture, flows);
    for verdict in verdicts {
        if verdict.standing != RequirementStatus::Satisfied {
            continue;
        }
        let Some(row) = rules.library().requirement(verdict.requirement) else {
            continue;
        };
        let reached = || {
            let of_row = verdict
                .intents
                .iter()
                .filter_map(|i| intents.get(*i as usize));
            of_row.filter(|intent| intent.outcome.is_reached())
        };
        if reached().next().is_none() {
            continue;
        }
        let all: Option<Vec<Shortfall>> = reached()
            .map(|intent| shortfall(row, intent, capture, flows))
            .collect();
        if let Some(worst) = all.and_then(|all| all.into_iter().max()) {
            verdict.standing = RequirementStatus::Inconclusive;
            verdict.shortfall = Some(worst);
        }
    }
}

/// What an intent that reached its aim still owes a row; `None` where nothing.
pub(super) fn shortfall(
    row: &Requirement,
    intent: &Intent,
    capture: &Capture,
    flows: &[FlowVerdict],
) -> Option<Shortfall> {
    let tries = intent
        .attempts
        .iter()
        .filter_map(|id| Some((capture.flow(*id)?, flows.get(id.0 as usize)?)))
        .map(|(flow, verdict)| (flow, verdict.part(intent.fqdn.as_ref(), intent.port)));
    let mut all = tries.filter(|(_, verdict)| matches!(verdict.went, AttemptOutcome::Succeeded));
    let first = all.next()?;
    let of = |(flow, verdict): (&Flow, &FlowVerdict)| {
        if verdict.aim.proxied {
            return None;
        }
        if let Some(clear) = spoken_in_clear(flow)
            && wants_tls(row, verdict.aim.port)
        {
            return Some(clear);
        }
        path_hidden(row, flow)
    };
    let starttls = row.app.iter().any(|app| app == "starttls");
    if starttls
        && all
            .clone()
            .chain([first])
            .any(|(flow, _)| binds_in_clear(flow))
    {
        // One that was done in clear is out, whatever others do.
        return Some(Shortfall::BindInClear);
    }
    let mut worst = of(first)?;
    for other in all {
        worst = worst.max(of(other)?);
    }
    Some(worst)
}

/// Whether anything of an intent was spoken in clear that a row may want encrypted.
pub(super) fn may_be_in_clear(intent: &Intent, capture: &Capture) -> bool {
    let mut flows = intent.attempts.iter().filter_map(|id| capture.flow(*id));
    flows.any(|flow| spoken_in_clear(flow).is_some() || binds_in_clear(flow))
}

/// Whether a row asks for an encrypted protocol on a port.
fn wants_tls(row: &Requirement, port: u16) -> bool {
    let encrypted = |app: &String| matches!(app.as_str(), "https" | "tls" | "syslog-tls" | "ldaps");
    if row.app.is_empty() {
        return false;
    }
    row.app.iter().all(encrypted) || (port == 443 && row.app.iter().any(|app| app == "https"))
}

/// What was spoken in clear on TCP; `None` where TLS was, or the beginning was not seen.
fn spoken_in_clear(flow: &Flow) -> Option<Shortfall> {
    if flow.transport != Transport::Tcp || flow.app.has(App::TLS) {
        return None;
    }
    if flow.app.has(App::HTTP) || flow.app.has(App::HTTP2) {
        return Some(Shortfall::HttpInClear);
    }
    // Without the very first bytes it cannot be told that there was no ClientHello.
    let syn = flow.events_of(EventKind::Syn, true).next()?;
    let first = flow.events_of(EventKind::Data, true).next()?;
    let whole = first.sequence == syn.sequence.wrapping_add(1) && first.length >= 6;
    (whole && flow.back.payload_bytes > 0).then_some(Shortfall::NotTls)
}

/// Whether the initiator logged in to LDAP before TLS, or without it.
fn binds_in_clear(flow: &Flow) -> bool {
    let bind = |(_, own, fact): &(_, bool, StreamFact)| *own && *fact == StreamFact::LdapBind;
    flow.transport == Transport::Tcp && flow.facts.iter().any(bind)
}

/// Whether a row is about paths only, and the flow shows none.
fn path_hidden(row: &Requirement, flow: &Flow) -> Option<Shortfall> {
    let has_path = |path: &Option<String>| path.as_deref().is_some_and(|path| path != "/");
    let about_paths = !row.to.is_empty() && row.to.iter().all(|to| has_path(&to.path));
    let hidden = flow.app.has(App::TLS) || flow.app.has(App::QUIC);
    (about_paths && hidden).then_some(Shortfall::PathHidden)
}

/// Whether the responder let the flow in: it answered the SYN, or sent something.
pub(super) fn was_let_in(flow: &Flow) -> bool {
    flow.events_of(EventKind::SynAck, false).next().is_some() || flow.back.payload_bytes > 0
}

/// A port that has to stay closed was open where a SYN was answered by SYN-ACK; refused and silent is closed as asked.
fn negative_facts(
    verdicts: &mut [RequirementVerdict],
    capture: &Capture,
    flows: &[FlowVerdict],
    rules: &RuleSet,
) {
    let (mut broken, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for (flow, verdict) in capture.flows.iter().zip(flows) {
        for denied in &verdict.coverage.denied {
            let of = if was_let_in(flow) {
                &mut broken
            } else {
                &mut kept
            };
            of.insert(denied.requirement);
        }
    }
    for verdict in verdicts {
        let at = verdict.requirement;
        let negative = rules.library().requirement(at).is_some_and(|row| row.deny);
        if !negative || matches!(verdict.standing, RequirementStatus::NotActive(_)) {
            continue;
        }
        verdict.standing = if broken.contains(&at) {
            RequirementStatus::Violated
        } else if kept.contains(&at) {
            RequirementStatus::NotSeen(NotSeen::ClosedAsAsked)
        } else {
            RequirementStatus::NotSeen(NotSeen::NothingForbidden)
        };
    }
}

/// A proxy that answers shows that the way to it works, whatever lies behind.
fn ways_to_proxies(verdicts: &mut [RequirementVerdict], capture: &Capture, flows: &[FlowVerdict]) {
    let mut ways: BTreeMap<RequirementIndex, BTreeSet<IpAddr>> = BTreeMap::new();
    for (flow, verdict) in capture.flows.iter().zip(flows) {
        for way in &verdict.coverage.ways {
            let by = ways.entry(*way).or_default();
            if flow.back.payload_bytes > 0 {
                by.insert(flow.initiator.ip);
            }
        }
    }
    for (requirement, by) in ways {
        let Some(verdict) = verdicts.get_mut(requirement.index()) else {
            continue;
        };
        if by.is_empty() || !matches!(verdict.standing, RequirementStatus::NotSeen(_)) {
            continue;
        }
        verdict.standing = RequirementStatus::Satisfied;
        verdict.reached_by = by.into_iter().collect();
    }
}
