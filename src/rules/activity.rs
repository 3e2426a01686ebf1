//! Where requirements stand at a site before any packet is looked at.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::check::can_be_missed;
use super::compile::{Leg, RowPart, Test};
use super::profile::RegionChoice;
use super::{
    Condition, DocumentIndex, Mismatch, Requirement, RequirementIndex, RoleIndex, RuleSet, Source,
    Truth, Via,
};
use crate::model::{CaptureTime, Fqdn};

/// Where a requirement stands at this site before any packet is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Activity {
    /// It counts.
    On,
    /// It does not: what keeps it off.
    Off(String),
    /// The site does not use its document: the document's id.
    NotInForce(String),
    /// The site does not say: which condition.
    Unknown(String),
    /// A role that it needs is bound to no address: the role's name.
    NotAuditable(String),
    /// It has no destination: a remark of the page, or a row whose names are lost.
    NoDestination,
    /// Its names are known for these regions only, and the site is in none of them.
    NoNames(Vec<String>),
    /// It was valid until this day.
    Ended(Date),
    /// It is valid from this day.
    NotBegun(Date),
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
            return Activity::NotInForce(document.id.clone());
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
        if self.own_legs(requirement).is_empty() {
            return Activity::NoDestination;
        }
        if let Some(why) = self.without_names(requirement) {
            return why;
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

    /// Whether a requirement is of a region of the site, or of none.
    #[must_use]
    pub fn is_in_region(&self, requirement: RequirementIndex) -> bool {
        let rule = self.rules.get(requirement.index());
        rule.is_some_and(|rule| rule.in_region)
    }

    /// Where a requirement stands at this site between two moments.
    #[must_use]
    pub fn activity_between(
        &self,
        requirement: RequirementIndex,
        first: CaptureTime,
        last: CaptureTime,
    ) -> Activity {
        let activity = self.activity(requirement);
        if matches!(
            activity,
            Activity::Off(_) | Activity::NotInForce(_) | Activity::NoNames(_)
        ) {
            return activity;
        }
        let at_both = |time| self.invalid_at(requirement, time);
        match (at_both(first), at_both(last)) {
            (Some(Mismatch::Expired { until }), _) => Activity::Ended(until),
            (_, Some(Mismatch::NotYetValid { from })) => Activity::NotBegun(from),
            _ => activity,
        }
    }

    /// The destinations of a requirement, one after the other.
    pub(super) fn own_legs(&self, requirement: RequirementIndex) -> &[Leg] {
        let from = |at| self.legs.partition_point(|leg| leg.requirement < at);
        let next = RequirementIndex::at(requirement.index() + 1);
        &self.legs[from(requirement)..from(next)]
    }

    /// Whether a destination's region is one of the site's.
    pub(super) fn is_of_region(&self, leg: &Leg) -> bool {
        let Some(region) = leg.region else {
            return true;
        };
        let document = self.library.requirements[leg.row.index()].document;
        match self.profile.region_choice(document) {
            RegionChoice::All => true,
            RegionChoice::Some(chosen) => chosen.contains(&region),
        }
    }

    /// Why none of a requirement's destinations counts: all of its names are another region's, or switched off with the
    /// rows that list them. `None` where one counts, or none is a name.
    fn without_names(&self, requirement: RequirementIndex) -> Option<Activity> {
        let (mut regions, mut conditions) = (BTreeSet::new(), BTreeSet::new());
        for leg in self.own_legs(requirement) {
            match &leg.test {
                // A role that the site does not bind gives no destination.
                Test::Role(role) if !self.profile.is_bound(*role) => continue,
                Test::Name(_) | Test::Network(_) => {}
                _ => return None,
            }
            let off = self.switched_off(leg);
            if !self.is_of_region(leg) {
                let document = self.library.requirements[leg.row.index()].document;
                let known = &self.library.documents[document.index()].regions;
                regions.extend(
                    leg.region
                        .and_then(|at| known.get(at))
                        .map(|r| r.name.clone()),
                );
            } else if off.is_empty() {
                return None;
            } else {
                conditions.extend(off);
            }
        }
        match (conditions.is_empty(), regions.is_empty()) {
            (false, _) => {
                let texts: Vec<String> = conditions.into_iter().collect();
                Some(Activity::Off(texts.join(" or ")))
            }
            (true, false) => Some(Activity::NoNames(regions.into_iter().collect())),
            (true, true) => None,
        }
    }

    /// The conditions that keep the rows of a destination off for the site as a whole; none where it may count.
    pub(super) fn switched_off(&self, leg: &Leg) -> Vec<String> {
        let whole = self.profile.whole();
        let behind = self.parts_of(leg).skip(1);
        let rows = behind.filter_map(|(at, part)| Some((self.library.requirement(at)?, part)));
        let mut out = Vec::new();
        for (row, part) in rows {
            let document = &self.library.documents[row.document.index()];
            if part != RowPart::Names && !self.profile.is_in_force(row.document) {
                out.push(format!("document {}", document.id));
            }
            let of_document = document.when.iter().filter(|_| part != RowPart::Names);
            let off = of_document
                .chain(&row.when)
                .filter(|c| c.evaluate(&whole) == Truth::Off);
            out.extend(off.map(Condition::to_string));
        }
        out
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
    pub fn invalid_at(&self, requirement: RequirementIndex, time: CaptureTime) -> Option<Mismatch> {
        let rule = self.rules.get(requirement.index())?;
        let valid = self.library.requirement(requirement)?.valid;
        let time = self.profile.judged_at(time);
        match (time < rule.valid.0, time > rule.valid.1) {
            (true, _) => valid.from.map(|from| Mismatch::NotYetValid { from }),
            (_, true) => valid.until.map(|until| Mismatch::Expired { until }),
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

    /// The vendor in whose own domains the name lies, or who lists it as no third party's: the first of several.
    #[must_use]
    pub fn vendor_of(&self, fqdn: &Fqdn) -> Option<&str> {
        let own = self.vendor_domains.get(fqdn.registrable()?);
        let mut documents: Vec<DocumentIndex> = own.cloned().unwrap_or_default();
        if documents.is_empty() {
            self.legs_by_name(fqdn.as_str(), |leg| {
                let row = self.legs.get(leg as usize).map(|leg| leg.requirement);
                let row = row.and_then(|row| self.library.requirement(row));
                let row = row.filter(|row| !row.to.iter().any(|to| to.shared_host));
                documents.extend(row.map(|row| row.document));
            });
        }
        let documents = documents.iter().filter_map(|d| self.library.document(*d));
        documents.map(|document| document.vendor.as_str()).min()
    }

    /// The ids of documents that list a name and are not in force, where none that is lists it; each once, ascending.
    #[must_use]
    pub fn listed_where_not_in_force(&self, fqdn: &Fqdn) -> Vec<&str> {
        let (mut documents, mut in_force) = (BTreeSet::new(), false);
        self.legs_by_name(fqdn.as_str(), |leg| {
            let Some(leg) = self.legs.get(leg as usize) else {
                return;
            };
            let document = self.library.requirements[leg.row.index()].document;
            in_force |= self.profile.is_in_force(document);
            documents.insert(document);
        });
        let ids = documents
            .into_iter()
            .filter_map(|at| self.library.document(at));
        let ids = ids.map(|document| document.id.as_str());
        if in_force { Vec::new() } else { ids.collect() }
    }

    /// The names, networks and roles that a requirement's destinations stand for at this site, those of its regions only,
    /// roles and references followed; in the order of the file, each name once.
    #[must_use]
    pub fn destinations(&self, requirement: RequirementIndex) -> Vec<Via> {
        let mut told = BTreeSet::new();
        let own = self
            .own_legs(requirement)
            .iter()
            .filter(|leg| self.is_of_region(leg));
        let own = own.filter(|leg| match &leg.test {
            Test::Name(pattern) => told.insert(pattern.text()),
            _ => true,
        });
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
        // Networks that other rows print for a source are enough to know it by.
        let known = self
            .rules
            .get(at.index())
            .is_some_and(|rule| !rule.networks.is_empty());
        if let Some(role) = sources
            .filter(|list| !known && list.iter().all(unbound))
            .and_then(|list| list.first().copied())
        {
            return Some(role);
        }
        let mut first = None;
        for leg in self.own_legs(at) {
            match leg.test {
                Test::Role(role) if unbound(&role) => first = first.or(Some(role)),
                _ => return None,
            }
        }
        first
    }
}
