//! What the flows and lookups of a share tell of requirements, beside its intents: who was there, and what was asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::HashSet;
use rayon::prelude::*;

use super::absence::{SharedConnections, other_way};
use super::coverage::wanted_by_name;
use super::flow_verdict::FlowVerdict;
use super::intent::Intent;
use super::lookup::Lookups;
use super::row_facts::RowTally;
use super::scope::OutOfScope;
use super::share::JudgedShare;
use crate::model::{CaptureTime, Fqdn, Merge, Transport};
use crate::observe::App;
use crate::rules::{Requirement, RequirementIndex, RoleSet, RuleSet, Scratch, Source, Via};

/// What the flows and lookups of a share tell of requirements beside its intents. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RequirementTally {
    /// Hosts that sent something.
    pub(super) senders: BTreeSet<IpAddr>,
    /// Of these: those of which more is there than samples of packets.
    pub(super) captured: BTreeSet<IpAddr>,
    /// Of these: those that asked behind an encrypted connection to a proxy.
    pub(super) hidden: BTreeSet<IpAddr>,
    /// Requirements whose name server was asked in another way.
    pub(super) other_way: BTreeSet<RequirementIndex>,
    pub(super) shared: SharedConnections,
    /// What rows ask for besides being reached.
    pub(super) rows: RowTally,
}

impl RequirementTally {
    pub(super) fn of(share: &JudgedShare<'_>, intents: &[Intent], rules: &RuleSet) -> Self {
        let flows = &share.flows;
        let behind = || {
            let hidden = flows.iter();
            senders(hidden.filter(|v| v.out_of_scope == Some(OutOfScope::HiddenByProxy)))
        };
        let captured = || {
            let captured = share.share.capture().flows.iter().zip(flows);
            let captured =
                captured.filter(|(flow, _)| !flow.is_sampled() && !flow.app.has(App::SFLOW));
            senders(captured.map(|(_, verdict)| verdict))
        };
        let ((hidden, shared, rows), (all, captured)) = rayon::join(
            || {
                let rows = RowTally::of(share, intents, rules);
                (behind(), SharedConnections::of(share, rules), rows)
            },
            || (senders(flows.iter()), captured()),
        );
        Self {
            senders: all,
            captured,
            hidden,
            other_way: other_way(flows),
            shared,
            rows,
        }
    }
}

impl Merge for RequirementTally {
    fn merge(&mut self, other: Self) {
        self.senders.extend(other.senders);
        self.captured.extend(other.captured);
        self.hidden.extend(other.hidden);
        self.other_way.extend(other.other_way);
        self.shared.merge(other.shared);
        self.rows.merge(other.rows);
    }
}

/// Who sent some flows.
fn senders<'a>(flows: impl Iterator<Item = &'a FlowVerdict>) -> BTreeSet<IpAddr> {
    // There are few of them beside the flows.
    let senders: HashSet<IpAddr> = flows.map(|flow| flow.host).collect();
    senders.into_iter().map(|ip| ip.to_canonical()).collect()
}

/// Names that some host asked for, and whether it was given an address of use, by requirement. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ResolvedNames<'a>(BTreeMap<RequirementIndex, BTreeSet<(bool, &'a Fqdn)>>);

impl<'a> ResolvedNames<'a> {
    /// Those of a requirement, ascending.
    pub(super) fn of_row(
        &self,
        requirement: RequirementIndex,
    ) -> impl Iterator<Item = &(bool, &'a Fqdn)> {
        self.0.get(&requirement).into_iter().flatten()
    }

    /// The names that a share's lookups for `unseen` requirements can be for.
    pub(super) fn of(lookups: &'a Lookups, rules: &RuleSet, unseen: &[bool]) -> Self {
        let asked: Vec<(IpAddr, &Fqdn, bool, CaptureTime)> = lookups
            .iter()
            .filter_map(|(client, name, lookup)| {
                let at = lookup.resolved_at.or(lookup.stamps.first().copied())?;
                Some((client, name, lookup.resolved_at.is_some(), at.time))
            })
            .collect();
        let found = asked
            .par_iter()
            .with_min_len(Scratch::stretch(asked.len()))
            .fold(
                || (Scratch::default(), Self::default()),
                |(mut scratch, mut out), (client, name, had, at)| {
                    let wanted = wanted_by_name(*client, name, *at, rules, &mut scratch);
                    let wanted = wanted
                        .iter()
                        .filter(|wanted| unseen.get(wanted.index()) == Some(&true));
                    for requirement in wanted {
                        let names = out.0.entry(*requirement).or_default();
                        names.insert((*had, *name));
                    }
                    (scratch, out)
                },
            );
        found
            .map(|(_, out)| out)
            .reduce(Self::default, |mut out, other| {
                out.merge(other);
                out
            })
    }
}

impl Merge for ResolvedNames<'_> {
    fn merge(&mut self, other: Self) {
        for (requirement, names) in other.0 {
            self.0.entry(requirement).or_default().extend(names);
        }
    }
}

/// Who sent something, as far as requirements ask for it.
pub(super) struct Present {
    initiators: BTreeSet<IpAddr>,
    roles: RoleSet,
    audited: bool,
}

impl Present {
    pub(super) fn of(initiators: BTreeSet<IpAddr>, rules: &RuleSet) -> Self {
        let mut roles = RoleSet::default();
        for ip in &initiators {
            roles.extend(&rules.profile().roles_of(*ip));
        }
        let audited = initiators.iter().any(|ip| rules.profile().is_audited(*ip));
        Self {
            initiators,
            roles,
            audited,
        }
    }

    /// Whether one of the hosts may have gone to where a requirement wants it by way of a proxy.
    pub(super) fn may_hide(&self, requirement: RequirementIndex, rules: &RuleSet) -> bool {
        let row = rules.library().requirement(requirement);
        let outside = || {
            let to = rules.destinations(requirement);
            to.iter()
                .any(|to| !matches!(to, Via::Role { .. } | Via::Localhost))
        };
        !self.initiators.is_empty()
            && row.is_some_and(|row| {
                row.transport.contains(&Transport::Tcp) && self.may_initiate(row)
            })
            && outside()
    }

    /// Whether some host that may open the requirement's flows sent anything.
    pub(super) fn may_initiate(&self, row: &Requirement) -> bool {
        row.from.iter().any(|source| match source {
            Source::Any => self.audited,
            Source::Role(role) => self.roles.contains(*role),
            Source::Network(network) => self
                .initiators
                .range(network.network()..=network.broadcast())
                .next()
                .is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn what_shares_tell_of_requirements_merges_in_any_order() {
        let row = RequirementIndex::new;
        let tally = |host: u8| RequirementTally {
            senders: [IpAddr::from([10, 0, 0, host])].into(),
            other_way: [row(u32::from(host) % 2)].into(),
            ..RequirementTally::default()
        };
        hold(&[tally(1), tally(2), tally(3)]);
        let names = [
            Fqdn::parse("a.test").unwrap(),
            Fqdn::parse("b.test").unwrap(),
        ];
        let resolved =
            |place: usize, had| ResolvedNames([(row(1), [(had, &names[place])].into())].into());
        hold(&[resolved(0, true), resolved(1, false), resolved(0, false)]);
    }
}
