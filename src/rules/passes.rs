//! What a requirement lets pass at a site: the compiled destinations, each with its sources, ports and transports.

use std::net::IpAddr;

use ipnet::IpNet;

use super::compile::{Leg, RowPart, Test, ports, transports};
use super::{NamePattern, RequirementIndex, RoleIndex, RuleSet, Source, Truth};
use crate::model::{PortSet, Transport};

/// One thing that a requirement lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Who may open it.
    pub initiators: Initiators,
    /// Where to.
    pub aim: Aim,
    /// Path with its query, where the page names one.
    pub path: Option<String>,
    /// Destination ports, with the site's and the document's put in; empty = any.
    pub ports: PortSet,
    /// Transports; empty = any.
    pub transports: Vec<Transport>,
    /// Conditions of the rows behind it that the site says nothing of, in words, each once.
    pub unsure: Vec<String>,
}

/// Who may open a flow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Initiators {
    /// Anybody.
    Any,
    /// Hosts of these networks, ascending; nobody where there are none.
    Networks(Vec<IpNet>),
}

/// Where a flow may go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aim {
    /// A name, or names under a wildcard.
    Name(NamePattern),
    /// An address or network.
    Network(IpNet),
    /// Anywhere.
    Anywhere,
    /// A host of the site in a role that the site binds to no address.
    Unbound(RoleIndex),
}

impl RuleSet {
    /// What a requirement lets pass at this site, region and switches heeded, in the order of its file. Nothing for a
    /// negative fact and for what stays within a host. Whether the requirement itself is active, and its days, are
    /// [`RuleSet::activity_between`]'s to say.
    #[must_use]
    pub fn passes(&self, requirement: RequirementIndex) -> Vec<Pass> {
        let denies = self
            .rules
            .get(requirement.index())
            .is_none_or(|rule| rule.deny);
        let legs = self.own_legs(requirement).iter().filter(|leg| {
            !denies
                && self.is_of_region(leg)
                && self.switched_off(leg).is_empty()
                && self.is_in(leg)
        });
        legs.flat_map(|leg| self.passes_of(leg)).collect()
    }

    /// Whether the rows behind a destination are in force for the site's region, as far as that matters to it.
    fn is_in(&self, leg: &Leg) -> bool {
        self.parts_of(leg).all(|(at, part)| {
            let rule = self.rules.get(at.index());
            part == RowPart::Names || rule.is_some_and(|rule| rule.in_force && rule.in_region)
        })
    }

    fn passes_of(&self, leg: &Leg) -> Vec<Pass> {
        let aims = match &leg.test {
            Test::Name(pattern) => vec![Aim::Name(pattern.clone())],
            Test::Network(network) => vec![Aim::Network(*network)],
            Test::Role(role) => self.aims_of_role(*role),
            Test::Any => vec![Aim::Anywhere],
            Test::Localhost => Vec::new(),
        };
        let of_row = self
            .library
            .requirement(leg.row)
            .and_then(|row| row.to.get(leg.destination as usize));
        let path = of_row.and_then(|to| match (&to.path, &to.query) {
            (path, Some(query)) => Some(format!("{}?{query}", path.as_deref().unwrap_or("/"))),
            (path, None) => path.clone().filter(|path| path != "/"),
        });
        let pass = |aim| Pass {
            initiators: self.initiators_of(leg),
            aim,
            path: path.clone(),
            ports: ports(&self.rules, leg).clone(),
            transports: transports(&self.rules, leg).to_vec(),
            unsure: self.unsure(leg),
        };
        aims.into_iter().map(pass).collect()
    }

    fn aims_of_role(&self, role: RoleIndex) -> Vec<Aim> {
        let bound: Vec<Aim> = self.profile.addresses_of(role).map(Aim::Network).collect();
        let outside = self
            .library
            .roles
            .get(role.index())
            .is_some_and(|role| role.external);
        // The names of a role are destinations of their own.
        match bound.is_empty() && !outside && self.profile.names_of(role).next().is_none() {
            true => vec![Aim::Unbound(role)],
            false => bound,
        }
    }

    /// Who fits the sources of all rows behind a destination whose sources count.
    fn initiators_of(&self, leg: &Leg) -> Initiators {
        let sourced = self
            .parts_of(leg)
            .filter(|(_, part)| *part == RowPart::WithSource);
        sourced
            .map(|(at, _)| self.initiators(at))
            .fold(Initiators::Any, Initiators::and)
    }

    fn initiators(&self, at: RequirementIndex) -> Initiators {
        let (Some(rule), Some(row)) = (self.rules.get(at.index()), self.library.requirement(at))
        else {
            return Initiators::Networks(Vec::new());
        };
        // Its own, and those that other rows print for a role.
        let mut networks = rule.networks.clone();
        for source in &row.from {
            let Source::Role(role) = source else { continue };
            // Without a site any private host is in every role of the site's own.
            let outside = self
                .library
                .roles
                .get(role.index())
                .is_some_and(|role| role.external);
            if self.profile.is_default() && !outside {
                return Initiators::Any;
            }
            networks.extend(self.profile.addresses_of(*role));
        }
        match rule.any_source {
            true => Initiators::Any,
            false => Initiators::of(networks),
        }
    }

    fn unsure(&self, leg: &Leg) -> Vec<String> {
        let whole = self.profile.whole();
        let mut texts = Vec::new();
        for (at, part) in self.parts_of(leg) {
            let Some(row) = self.library.requirement(at) else {
                continue;
            };
            let document = self
                .library
                .document(row.document)
                .map_or(&[][..], |d| &d.when);
            let document = document.iter().filter(|_| part != RowPart::Names);
            let open = document
                .chain(&row.when)
                .filter(|c| c.evaluate(&whole) == Truth::Unknown);
            texts.extend(open.map(ToString::to_string));
        }
        texts.sort();
        texts.dedup();
        texts
    }
}

impl Initiators {
    fn of(mut networks: Vec<IpNet>) -> Self {
        networks.sort();
        networks.dedup();
        Self::Networks(networks)
    }

    /// Those in both.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any, other) | (other, Self::Any) => other,
            (Self::Networks(a), Self::Networks(b)) => {
                let both = a
                    .iter()
                    .flat_map(|a| b.iter().filter_map(|b| narrower(*a, *b)));
                Self::of(both.collect())
            }
        }
    }

    /// Whether an address is one of them.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Networks(networks) => networks.iter().any(|network| network.contains(&ip)),
        }
    }
}

/// The narrower of two networks that meet.
fn narrower(a: IpNet, b: IpNet) -> Option<IpNet> {
    if a.contains(&b) {
        Some(b)
    } else {
        b.contains(&a).then_some(a)
    }
}
