//! Where requirements stand at a site before any packet is looked at.

use super::check::can_be_missed;
use super::compile::Test;
use super::{
    Condition, Misfit, Requirement, RequirementIndex, RoleIndex, RuleSet, Source, Truth, Via,
};
use crate::model::{CaptureTime, Fqdn};

/// Where a requirement stands at this site before any packet is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It counts.
    On,
    /// It does not: what keeps it off.
    Off(String),
    /// The site does not say: which condition.
    Unknown(String),
    /// A role that it needs is bound to no address: the role's name. Or the words `no destination`: a remark of the page,
    /// or a row whose names are lost.
    NotAuditable(String),
}

impl RuleSet {
    /// Where a requirement stands at this site.
    #[must_use]
    pub fn activity(&self, requirement: RequirementIndex) -> Activity {
        let (Some(rule), Some(row)) = (
            self.rules.get(requirement.index()),
            self.library.requirement(requirement),
        ) else {
            return Activity::Off("there is no such requirement".to_owned());
        };
        let document = &self.library.documents[row.document.index()];
        if !rule.in_force {
            return Activity::Off(format!("document {} is not in force", document.id));
        }
        if !rule.in_region {
            return Activity::Off(format!("region {}", self.region_names(row).join(", ")));
        }
        let conditions = || document.when.iter().chain(&row.when);
        let whole = self.profile.whole();
        let truth = conditions()
            .map(|c| c.evaluate(&whole))
            .fold(Truth::On, Truth::and);
        let deciding = |wanted: Truth| {
            let texts: Vec<String> = conditions()
                .filter(|c| c.evaluate(&whole) == wanted)
                .map(Condition::to_string)
                .collect();
            texts.join(" and ")
        };
        if truth == Truth::Off {
            return Activity::Off(deciding(Truth::Off));
        }
        let start = self
            .legs
            .partition_point(|leg| leg.requirement < requirement);
        if self
            .legs
            .get(start)
            .is_none_or(|leg| leg.requirement != requirement)
        {
            return Activity::NotAuditable("no destination".to_owned());
        }
        match self.unbound_role(requirement, row) {
            Some(role)
                if self.library.roles[role.index()].optional && !self.profile.is_default() =>
            {
                Activity::Off(format!("a host in role {}", self.library.role_name(role)))
            }
            Some(role) => Activity::NotAuditable(self.library.role_name(role).to_owned()),
            None if truth == Truth::Unknown => Activity::Unknown(deciding(Truth::Unknown)),
            None => Activity::On,
        }
    }

    /// Whether the absence of a requirement's traffic means something, before groups and dates are looked at: it is
    /// required or its condition is known to hold, and it can be audited.
    #[must_use]
    pub fn must_see(&self, requirement: RequirementIndex) -> bool {
        self.library
            .requirement(requirement)
            .is_some_and(can_be_missed)
            && self.activity(requirement) == Activity::On
    }

    /// Why a requirement is not valid at a time: expired or not yet valid.
    #[must_use]
    pub fn invalid_at(&self, requirement: RequirementIndex, time: CaptureTime) -> Option<Misfit> {
        let rule = self.rules.get(requirement.index())?;
        let valid = self.library.requirement(requirement)?.valid;
        let time = self.profile.judged_at(time);
        match (time < rule.valid.0, time > rule.valid.1) {
            (true, _) => valid.from.map(|from| Misfit::NotYetValid { from }),
            (_, true) => valid.until.map(|until| Misfit::Expired { until }),
            _ => None,
        }
    }

    /// The ids of documents whose vendor owns the name's registrable domain, where no pattern of any document covers
    /// the name: a gap in the list.
    #[must_use]
    pub fn nearest_by_vendor_domain(&self, fqdn: &Fqdn) -> Option<Vec<&str>> {
        let documents = self.vendor_domains.get(fqdn.registrable()?)?;
        let mut covered = false;
        self.legs_by_name(fqdn.as_str(), |_| covered = true);
        let ids = documents
            .iter()
            .filter_map(|d| self.library.document(*d))
            .map(|d| d.id.as_str());
        (!covered).then(|| ids.collect())
    }

    /// The names, networks and roles that a requirement's destinations stand for at this site, regions filled in, roles
    /// and references followed; in the order of the file.
    #[must_use]
    pub fn destinations(&self, requirement: RequirementIndex) -> Vec<Via> {
        let start = self
            .legs
            .partition_point(|leg| leg.requirement < requirement);
        let own = self.legs[start..]
            .iter()
            .take_while(|leg| leg.requirement == requirement);
        own.filter_map(|leg| match &leg.test {
            Test::Name(pattern) => {
                let fqdn = Fqdn::from_packet(pattern.as_str().as_bytes())?;
                Some(Via::Name {
                    fqdn,
                    pattern: pattern.text(),
                })
            }
            Test::Network(prefix) => Some(Via::Address { prefix: *prefix }),
            Test::Role(role) => Some(Via::Role { role: *role }),
            Test::Any => Some(Via::Any),
            Test::Localhost => Some(Via::Localhost),
        })
        .collect()
    }

    /// Regions of a row, or of its page where the row has none of its own.
    pub(super) fn region_names(&self, row: &Requirement) -> Vec<String> {
        let document = &self.library.documents[row.document.index()];
        let places = if row.region.is_empty() {
            &document.region_scope
        } else {
            &row.region
        };
        let name = |at: &usize| document.regions.get(*at).map(|r| r.name.clone());
        if places.is_empty() {
            document.regions.iter().map(|r| r.name.clone()).collect()
        } else {
            places.iter().filter_map(name).collect()
        }
    }

    /// A role without which the requirement cannot be audited: all of its sources are unbound roles, or all of its
    /// destinations are.
    fn unbound_role(&self, at: RequirementIndex, row: &Requirement) -> Option<RoleIndex> {
        let unbound = |role: &RoleIndex| !self.profile.is_bound(*role);
        let sources: Option<Vec<RoleIndex>> = row
            .from
            .iter()
            .map(|s| {
                if let Source::Role(r) = s {
                    Some(*r)
                } else {
                    None
                }
            })
            .collect();
        if let Some(role) = sources
            .filter(|list| list.iter().all(unbound))
            .and_then(|list| list.first().copied())
        {
            return Some(role);
        }
        let start = self.legs.partition_point(|leg| leg.requirement < at);
        let mut first = None;
        for leg in self.legs[start..]
            .iter()
            .take_while(|leg| leg.requirement == at)
        {
            match leg.test {
                Test::Role(role) if unbound(&role) => first = first.or(Some(role)),
                _ => return None,
            }
        }
        first
    }
}
