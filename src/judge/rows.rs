//! Questions to requirements that need both the rule set and the site.

use std::net::IpAddr;

use crate::model::Fqdn;
use crate::rules::{Misfit, RequirementIndex, RuleSet, Source, Via};

/// Whether a host may open flows that the requirement covers.
pub(super) fn may_initiate(rules: &RuleSet, requirement: RequirementIndex, ip: IpAddr) -> bool {
    let Some(row) = rules.library().requirement(requirement) else {
        return false;
    };
    row.from.iter().any(|source| match source {
        Source::Any => rules.profile().is_audited(ip),
        Source::Role(role) => rules.profile().roles_of(ip).contains(*role),
        Source::Network(network) => network.contains(&ip.to_canonical()),
    })
}

/// The patterns of names that the requirement's destinations stand for at this site.
pub(super) fn patterns(
    rules: &RuleSet,
    requirement: RequirementIndex,
) -> Vec<crate::rules::NamePattern> {
    let named = rules
        .destinations(requirement)
        .into_iter()
        .filter_map(|via| match via {
            Via::Name { pattern, .. } => crate::rules::NamePattern::parse(&pattern).ok(),
            _ => None,
        });
    named.collect()
}

/// Whether one of the patterns covers a name.
pub(super) fn covers(patterns: &[crate::rules::NamePattern], name: &Fqdn) -> bool {
    patterns
        .iter()
        .any(|pattern| pattern.matches(name.as_str()))
}

/// A requirement in a few words: its service and where it goes.
pub(super) fn summary(rules: &RuleSet, requirement: RequirementIndex) -> String {
    let Some(row) = rules.library().requirement(requirement) else {
        return String::new();
    };
    let to: Vec<String> = rules
        .destinations(requirement)
        .iter()
        .take(2)
        .map(|via| match via {
            Via::Name { pattern, .. } => pattern.to_string(),
            Via::Address { prefix } => prefix.to_string(),
            Via::Role { role } => rules.library().role_name(*role).to_owned(),
            Via::Any => "any".to_owned(),
            Via::Localhost => "localhost".to_owned(),
        })
        .collect();
    let more = rules.destinations(requirement).len().saturating_sub(2);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    if to.is_empty() {
        row.service.clone()
    } else {
        format!("{}: {}{more}", row.service, to.join(", "))
    }
}

/// Misfits in one phrase.
pub(super) fn misfits(list: &[Misfit]) -> String {
    list.iter()
        .map(Misfit::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
