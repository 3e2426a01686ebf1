//! What rows ask for besides being reached: that a port stays closed, that TLS is spoken, that a path is the one listed;
//! and which rows are about the way to a proxy.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::attempt::AttemptOutcome;
use super::flow_verdict::FlowVerdict;
use super::intent::Intent;
use super::requirement_verdict::{NotSeen, RequirementStatus, RequirementVerdict};
use super::share::JudgedShare;
use crate::model::{Merge, Transport};
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

/// What the flows of a share tell of what rows ask for besides being reached. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RowTally {
    /// Rows that forbid something: those where it was let in, and those where it was tried and not let in.
    broken: BTreeSet<RequirementIndex>,
    kept: BTreeSet<RequirementIndex>,
    /// Rows about the way to a proxy that was gone: whom the proxy answered.
    ways: BTreeMap<RequirementIndex, BTreeSet<IpAddr>>,
    /// Rows that were reached: the worst that is owed to them; `None` where an intent owes nothing.
    owed: BTreeMap<RequirementIndex, Option<Shortfall>>,
}

impl RowTally {
    pub(super) fn of(share: &JudgedShare<'_>, intents: &[Intent], rules: &RuleSet) -> Self {
        let capture = share.share.capture();
        let mut tally = Self::default();
        for (flow, verdict) in capture.flows.iter().zip(&share.flows) {
            for denied in &verdict.coverage.denied {
                let of = match was_let_in(flow) {
                    true => &mut tally.broken,
                    false => &mut tally.kept,
                };
                of.insert(denied.requirement);
            }
            for way in &verdict.coverage.ways {
                let by = tally.ways.entry(*way).or_default();
                if flow.back.payload_bytes > 0 {
                    by.insert(flow.initiator.ip);
                }
            }
        }
        tally.owed = owed(intents, capture, &share.flows, rules);
        tally
    }

    /// Puts into the verdicts on all requirements what rows ask for besides being reached.
    pub(super) fn settle(self, verdicts: &mut [RequirementVerdict], rules: &RuleSet) {
        self.forbid(verdicts, rules);
        for (requirement, by) in self.ways {
            if let Some(verdict) = verdicts.get_mut(requirement.index()) {
                open_way(verdict, by);
            }
        }
        for (requirement, owed) in self.owed {
            if let (Some(verdict), Some(_)) = (verdicts.get_mut(requirement.index()), owed)
                && verdict.standing == RequirementStatus::Satisfied
            {
                verdict.standing = RequirementStatus::Inconclusive;
                verdict.shortfall = owed;
            }
        }
    }

    /// A port that has to stay closed was open where a SYN was answered by SYN-ACK; refused and silent is closed as asked.
    fn forbid(&self, verdicts: &mut [RequirementVerdict], rules: &RuleSet) {
        for verdict in verdicts {
            let at = verdict.requirement;
            let negative = rules.library().requirement(at).is_some_and(|row| row.deny);
            if !negative || matches!(verdict.standing, RequirementStatus::NotActive(_)) {
                continue;
            }
            verdict.standing = if self.broken.contains(&at) {
                RequirementStatus::Violated
            } else if self.kept.contains(&at) {
                RequirementStatus::NotSeen(NotSeen::ClosedAsAsked)
            } else {
                RequirementStatus::NotSeen(NotSeen::NothingForbidden)
            };
        }
    }
}

impl Merge for RowTally {
    fn merge(&mut self, other: Self) {
        self.broken.extend(other.broken);
        self.kept.extend(other.kept);
        for (way, by) in other.ways {
            self.ways.entry(way).or_default().extend(by);
        }
        for (requirement, owed) in other.owed {
            let known = self.owed.entry(requirement).or_insert(owed);
            *known = worse(*known, owed);
        }
    }
}

/// A proxy that answers shows that the way to it works, whatever lies behind.
fn open_way(verdict: &mut RequirementVerdict, by: BTreeSet<IpAddr>) {
    if !by.is_empty() && matches!(verdict.standing, RequirementStatus::NotSeen(_)) {
        verdict.standing = RequirementStatus::Satisfied;
        verdict.reached_by = by.into_iter().collect();
    }
}

/// The worse of what two owe; where one owes nothing, nothing.
fn worse(one: Option<Shortfall>, other: Option<Shortfall>) -> Option<Shortfall> {
    Some(one?.max(other?))
}

/// What the intents that reached their aims owe to rows.
fn owed(
    intents: &[Intent],
    capture: &Capture,
    flows: &[FlowVerdict],
    rules: &RuleSet,
) -> BTreeMap<RequirementIndex, Option<Shortfall>> {
    let mut by_row: Vec<Option<Option<Shortfall>>> = vec![None; rules.requirements().len()];
    for intent in intents.iter().filter(|intent| intent.outcome.is_reached()) {
        for at in intent.requirements.iter() {
            // Nearly all owe nothing, and then no other has to be looked at.
            let Some(known) = by_row.get_mut(at.index()).filter(|of| **of != Some(None)) else {
                continue;
            };
            let Some(row) = rules.library().requirement(*at) else {
                continue;
            };
            let owed = shortfall(row, intent, capture, flows);
            *known = Some(known.map_or(owed, |known| worse(known, owed)));
        }
    }
    let rows = (0..).map(RequirementIndex::new).zip(by_row);
    rows.filter_map(|(row, owed)| Some((row, owed?))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn what_shares_tell_of_rows_merges_in_any_order() {
        let row = RequirementIndex::new;
        let tally = |owed: Option<Shortfall>, by: u8| RowTally {
            broken: [row(u32::from(by))].into(),
            kept: [row(7)].into(),
            ways: [(row(8), [IpAddr::from([10, 0, 0, by])].into())].into(),
            owed: [(row(9), owed)].into(),
        };
        let (worse, bad) = (Some(Shortfall::NotTls), Some(Shortfall::PathHidden));
        hold(&[tally(worse, 1), tally(bad, 2), tally(None, 3)]);
        hold(&[tally(bad, 1), tally(worse, 1), tally(bad, 3)]);
        // An intent that owes nothing is enough, in whatever share.
        let mut whole = tally(worse, 1);
        whole.merge(tally(None, 2));
        assert_eq!(whole.owed[&row(9)], None);
    }
}
