//! Requirements in words, and the questions that only the whole set of them answers.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Transport;
use crate::rules::{Mismatch, RequirementIndex, RuleSet, Target, Via};
use crate::wording::Phrase;

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
pub(super) fn misfits(list: &[Mismatch]) -> Phrase {
    Phrase::list(list.iter().map(Mismatch::words))
}

/// Roles that requirements name as destination, by the ports on which they do.
#[derive(Debug, Default)]
pub(super) struct RolePorts<'a> {
    by_port: BTreeMap<(u16, Transport), BTreeSet<&'a str>>,
}

impl<'a> RolePorts<'a> {
    /// Looks through all requirements once. Ranges of ports are left out: they say little about a role.
    pub(super) fn of(rules: &'a RuleSet) -> Self {
        let mut by_port: BTreeMap<(u16, Transport), BTreeSet<&str>> = BTreeMap::new();
        for row in rules.requirements().iter().filter(|row| !row.deny) {
            for to in &row.to {
                let Target::Role(role) = to.target else {
                    continue;
                };
                let single = row
                    .ports
                    .ranges()
                    .iter()
                    .filter(|(first, last)| first == last);
                for (port, _) in single {
                    for transport in &row.transport {
                        let roles = by_port.entry((*port, *transport)).or_default();
                        roles.insert(rules.library().role_name(role));
                    }
                }
            }
        }
        Self { by_port }
    }

    /// The roles that requirements name on a port.
    pub(super) fn on(&self, port: u16, transport: Transport) -> Vec<&'a str> {
        self.by_port
            .get(&(port, transport))
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }
}
