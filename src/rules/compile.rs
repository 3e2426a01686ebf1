//! Library and profile to an immutable matcher.

use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;

use super::candidate::FoundLeg;
use super::known::Dependence;
use super::profile::RegionChoice;
use super::strategy::{ExactNames, NameSuffixes, Networks, OddPatterns, Services};
use super::{
    Condition, DocumentIndex, Group, Library, NamePattern, PatternKind, Profile, RefersAs, Region,
    Requirement, RequirementIndex, RoleIndex, RoleSet, Source, Subject, Target, Truth, Via,
};
use crate::model::{CaptureTime, PortSet, Transport};

/// Class of destinations in `Services` besides the roles' own numbers.
pub(super) const ANY: u32 = u32::MAX;
pub(super) const LOCALHOST: u32 = u32::MAX - 1;

/// All requirements compiled for a profile. Immutable; workers share it, each with a [`super::Scratch`] of its own.
#[derive(Debug)]
pub struct RuleSet {
    pub(super) library: Arc<Library>,
    pub(super) profile: Profile,
    pub(super) rules: Vec<Rule>,
    pub(super) legs: Vec<Leg>,
    pub(super) exact: ExactNames,
    pub(super) suffixes: NameSuffixes,
    pub(super) odd: OddPatterns,
    pub(super) networks: Networks,
    pub(super) services: Services,
    pub(super) vendor_domains: BTreeMap<String, Vec<DocumentIndex>>,
    pub(super) depends: Dependence,
}

/// A requirement as the matcher needs it.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) roles: RoleSet,
    pub(super) networks: Vec<IpNet>,
    pub(super) any_source: bool,
    /// Ports with override or assumption put in; empty = any.
    pub(super) ports: PortSet,
    pub(super) transport: Vec<Transport>,
    /// The requirement states ports, or the site does, so that a reference does not change them.
    pub(super) own_ports: bool,
    pub(super) own_transport: bool,
    pub(super) in_force: bool,
    pub(super) in_region: bool,
    /// `None` where it differs from host to host.
    pub(super) truth: Option<Truth>,
    /// As above, without what holds for its whole document.
    pub(super) own_truth: Option<Truth>,
    pub(super) valid: (CaptureTime, CaptureTime),
    pub(super) deny: bool,
    /// Of a row to localhost: the role that it is about.
    pub(super) on: Option<RoleIndex>,
}

/// One destination of one requirement, with roles and references followed.
#[derive(Debug)]
pub(super) struct Leg {
    /// Who is credited.
    pub(super) requirement: RequirementIndex,
    /// Whose ports and transport count: the same, or the one referred to.
    pub(super) owner: RequirementIndex,
    /// Whose destination it is, and which.
    pub(super) row: RequirementIndex,
    pub(super) destination: u32,
    /// Filled in for this region of the row's document.
    pub(super) region: Option<usize>,
    pub(super) test: Test,
}

#[derive(Debug)]
pub(super) enum Test {
    Name(NamePattern),
    Network(IpNet),
    Role(RoleIndex),
    Any,
    Localhost,
}

impl RuleSet {
    /// Compiles a library for a profile that was made from it.
    #[must_use]
    pub fn compile(library: impl Into<Arc<Library>>, profile: &Profile) -> Self {
        let library = library.into();
        let rules = library
            .requirements
            .iter()
            .enumerate()
            .map(|(i, r)| Rule::new(RequirementIndex::at(i), r, &library, profile));
        let rules: Vec<Rule> = rules.collect();
        let valid = rules.iter().map(|rule| rule.valid);
        let depends = Dependence::of(&library, profile, valid);
        let mut vendor_domains: BTreeMap<String, Vec<DocumentIndex>> = BTreeMap::new();
        for (at, document) in library.documents.iter().enumerate() {
            for domain in &document.vendor_domains {
                vendor_domains
                    .entry(domain.clone())
                    .or_default()
                    .push(DocumentIndex::at(at));
            }
        }
        let mut set = Self {
            rules,
            legs: Vec::new(),
            exact: ExactNames::default(),
            suffixes: NameSuffixes::default(),
            odd: OddPatterns::default(),
            networks: Networks::default(),
            services: Services::default(),
            vendor_domains,
            depends,
            profile: profile.clone(),
            library: Arc::clone(&library),
        };
        for at in (0..library.requirements.len()).map(RequirementIndex::at) {
            set.add_requirement(at);
        }
        set
    }

    /// The requirements, ascending by id; a [`RequirementIndex`] is a place in this list.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.library.requirements
    }

    /// The groups, ascending by id.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.library.groups
    }

    /// What was compiled.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// What it was compiled for.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    fn add_requirement(&mut self, at: RequirementIndex) {
        let library = Arc::clone(&self.library);
        self.add_destinations(at, at, &library);
        for owner in &library.requirements[at.index()].refers_to {
            self.add_destinations(at, *owner, &library);
        }
    }

    fn add_destinations(
        &mut self,
        requirement: RequirementIndex,
        owner: RequirementIndex,
        library: &Library,
    ) {
        let row = &library.requirements[owner.index()];
        for (place, destination) in row.to.iter().enumerate() {
            let ids = LegIds {
                requirement,
                owner,
                row: owner,
                destination: place,
            };
            if let Target::Role(role) = destination.target {
                self.add_role(&ids, role, library);
            }
            self.add_target(&ids, &destination.target, library);
        }
    }

    /// Names of a role: those that the site gives it, and the destinations of the rows that bind it.
    fn add_role(&mut self, ids: &LegIds, role: RoleIndex, library: &Library) {
        let names: Vec<NamePattern> = self.profile.names_of(role).cloned().collect();
        for name in names {
            self.push(ids, None, Test::Name(name));
        }
        let document = &library.documents[library.requirements[ids.owner.index()].document.index()];
        let rows = document
            .names_from
            .iter()
            .filter(|(r, _)| *r == role)
            .flat_map(|(_, rows)| rows);
        for row in rows {
            for (place, destination) in library.requirements[row.index()].to.iter().enumerate() {
                if !matches!(
                    destination.target,
                    Target::Role(_) | Target::Any | Target::Localhost
                ) {
                    let ids = LegIds {
                        row: *row,
                        destination: place,
                        ..*ids
                    };
                    self.add_target(&ids, &destination.target, library);
                }
            }
        }
    }

    fn add_target(&mut self, ids: &LegIds, target: &Target, library: &Library) {
        match target {
            Target::Name(name) => {
                let region = self
                    .is_joined(ids)
                    .then(|| region_of(name, ids.row, library))
                    .flatten();
                self.push(ids, region, Test::Name(name.clone()));
            }
            Target::Network(network) => self.push(ids, None, Test::Network(*network)),
            Target::Role(role) => self.push(ids, None, Test::Role(*role)),
            Target::Any => self.push(ids, None, Test::Any),
            Target::Localhost => self.push(ids, None, Test::Localhost),
            Target::Template(template) => {
                let document =
                    &library.documents[library.requirements[ids.row.index()].document.index()];
                let regions = &document.regions;
                if regions.is_empty() || !regions.iter().all(Region::has_label) {
                    self.push(ids, None, Test::Name(template.any_region()));
                }
                let labelled = regions.iter().enumerate().filter(|(_, r)| r.has_label());
                for (region, known) in labelled {
                    if let Ok(name) = template.fill(&known.label) {
                        self.push(ids, Some(region), Test::Name(name));
                    }
                }
            }
        }
    }

    fn push(&mut self, ids: &LegIds, region: Option<usize>, test: Test) {
        let leg = u32::try_from(self.legs.len()).unwrap_or(u32::MAX);
        let place = u32::try_from(ids.destination).unwrap_or(u32::MAX);
        let built = Leg {
            requirement: ids.requirement,
            owner: ids.owner,
            row: ids.row,
            destination: place,
            region,
            test,
        };
        match &built.test {
            Test::Name(name) => match name.kind() {
                PatternKind::Exact => self.exact.insert(name.text(), leg),
                PatternKind::SubdomainsOf => self.suffixes.insert_below(name.suffix(), leg),
                PatternKind::EndingWith => self.suffixes.insert_ending(name.suffix(), leg),
                PatternKind::Labels => self.odd.insert(name.clone(), leg),
            },
            Test::Network(network) => self.networks.insert(*network, leg),
            Test::Role(role) => {
                self.services
                    .insert(role.index() as u32, ports(&self.rules, &built), leg)
            }
            Test::Any => self.services.insert(ANY, ports(&self.rules, &built), leg),
            Test::Localhost => self
                .services
                .insert(LOCALHOST, ports(&self.rules, &built), leg),
        }
        self.legs.push(built);
    }

    /// Whether a destination is taken from a row that itself does not count.
    fn is_joined(&self, ids: &LegIds) -> bool {
        let parts = parts(ids.requirement, ids.owner, ids.row, &self.library);
        parts.last().is_some_and(|(_, part)| part != RowPart::Whole)
    }

    /// The rows behind a leg, each once, with what of them counts: the requirement, the one that it refers to, and the
    /// one whose destination it is.
    pub(super) fn parts_of(
        &self,
        leg: &Leg,
    ) -> impl Iterator<Item = (RequirementIndex, RowPart)> + use<> {
        parts(leg.requirement, leg.owner, leg.row, &self.library)
    }

    pub(super) fn legs_by_name(&self, name: &str, mut take: impl FnMut(u32)) {
        self.exact.find(name).iter().for_each(|leg| take(*leg));
        self.suffixes
            .each(name, |legs| legs.iter().for_each(|leg| take(*leg)));
        self.odd.each(name, &mut take);
    }

    pub(super) fn states_ports(&self, leg: &Leg) -> bool {
        let own = |at: RequirementIndex| self.rules.get(at.index()).is_some_and(|r| r.own_ports);
        own(leg.requirement) || own(leg.owner)
    }
}

#[derive(Clone, Copy)]
struct LegIds {
    requirement: RequirementIndex,
    owner: RequirementIndex,
    row: RequirementIndex,
    destination: usize,
}

/// What of a row behind a leg counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowPart {
    /// All of it but its source.
    Whole,
    /// All of it.
    WithSource,
    /// Its names and its own switches: whether its document is in force, for which region and for how long, does not
    /// matter to the row that takes its names.
    Names,
}

fn parts(
    requirement: RequirementIndex,
    owner: RequirementIndex,
    row: RequirementIndex,
    library: &Library,
) -> impl Iterator<Item = (RequirementIndex, RowPart)> + use<> {
    let of = |at: RequirementIndex| &library.requirements[at.index()];
    let referred = match of(requirement).refers_as {
        RefersAs::Rows => RowPart::WithSource,
        RefersAs::Destinations => RowPart::Names,
    };
    let joined = match of(owner).document == of(row).document {
        true if owner == requirement => RowPart::Whole,
        true => referred,
        false => RowPart::Names,
    };
    let owner_part = (owner != requirement).then_some((owner, referred));
    let row_part = (row != requirement && row != owner).then_some((row, joined));
    std::iter::once((requirement, RowPart::WithSource))
        .chain(owner_part)
        .chain(row_part)
}

/// The region of its row's document that a name has as a label, where the row is for that region.
fn region_of(name: &NamePattern, row: RequirementIndex, library: &Library) -> Option<usize> {
    let row = &library.requirements[row.index()];
    let regions = &library.documents[row.document.index()].regions;
    let has = |at: &&usize| {
        let label = regions.get(**at).map(|region| region.label.as_str());
        name.as_str().split('.').any(|part| Some(part) == label)
    };
    row.region.iter().find(has).copied()
}

impl Leg {
    pub(super) fn via(&self, subject: &Subject<'_>, found: &FoundLeg) -> Via {
        match &self.test {
            Test::Name(pattern) => match subject.names.get(found.name as usize) {
                Some(name) => Via::Name {
                    fqdn: (*name).clone(),
                    pattern: pattern.text(),
                },
                None => Via::Any,
            },
            Test::Network(prefix) => Via::Address { prefix: *prefix },
            Test::Role(role) => Via::Role { role: *role },
            Test::Any => Via::Any,
            Test::Localhost => Via::Localhost,
        }
    }
}

impl Rule {
    fn new(at: RequirementIndex, row: &Requirement, library: &Library, profile: &Profile) -> Self {
        let document = &library.documents[row.document.index()];
        let conditions = || document.when.iter().chain(&row.when);
        let whole = profile.whole();
        let truth = |conditions: &mut dyn Iterator<Item = &Condition>| {
            let (mut all, mut per_host) = (Truth::On, false);
            for condition in conditions {
                all = all.and(condition.evaluate(&whole));
                per_host |= condition.is_per_host();
            }
            (!per_host).then_some(all)
        };
        let of_proxies = profile.ports_of_proxies();
        let proxy = is_to_proxy(row, library);
        let open = proxy && (row.ports.is_empty() || row.example_port);
        let moved = profile.port_override(at).or(open.then_some(&of_proxies));
        let in_region = is_in_region(row, library, profile);
        Self {
            roles: RoleSet::of(row.from.iter().filter_map(|s| {
                if let Source::Role(r) = s {
                    Some(*r)
                } else {
                    None
                }
            })),
            networks: networks(row, library, profile),
            any_source: row.from.contains(&Source::Any),
            ports: moved
                .unwrap_or(if row.ports.is_empty() {
                    &document.unstated_ports
                } else {
                    &row.ports
                })
                .clone(),
            transport: if row.transport.is_empty() {
                document.unstated_transport.clone()
            } else {
                row.transport.clone()
            },
            own_ports: moved.is_some() || !row.ports.is_empty(),
            own_transport: !row.transport.is_empty(),
            in_force: profile.is_in_force(row.document),
            in_region,
            truth: truth(&mut conditions()),
            own_truth: truth(&mut row.when.iter()),
            valid: row.valid.bounds(),
            deny: row.deny,
            on: row.on,
        }
    }
}

/// Whether a row is of a region of the site, or of none.
fn is_in_region(row: &Requirement, library: &Library, profile: &Profile) -> bool {
    match profile.region_choice(row.document) {
        RegionChoice::All => true,
        // A page that prints some regions is not about those only, unless it says so.
        RegionChoice::Some(chosen) if row.region.is_empty() => {
            let document = &library.documents[row.document.index()];
            !chosen.is_empty() || document.region_scope.is_empty()
        }
        RegionChoice::Some(chosen) => row.region.iter().any(|r| chosen.contains(r)),
    }
}

/// The networks that may open a row's flows: its own, and those that rows of the site's regions print for a role of it.
fn networks(row: &Requirement, library: &Library, profile: &Profile) -> Vec<IpNet> {
    let document = &library.documents[row.document.index()];
    let mut out: Vec<IpNet> = Vec::new();
    for source in &row.from {
        match source {
            Source::Network(network) => out.push(*network),
            Source::Any => {}
            Source::Role(role) => {
                let bound = document.networks_from.iter().filter(|(r, _)| r == role);
                let rows = bound.flat_map(|(_, rows)| rows);
                let rows = rows.map(|at| &library.requirements[at.index()]);
                let rows = rows.filter(|row| is_in_region(row, library, profile));
                out.extend(rows.flat_map(|row| &row.from).filter_map(|s| match s {
                    Source::Network(network) => Some(*network),
                    _ => None,
                }));
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}

/// Whether all destinations are the site's own forward proxy.
fn is_to_proxy(row: &Requirement, library: &Library) -> bool {
    let proxy = library.role("web-proxy").map(Target::Role);
    !row.to.is_empty() && row.to.iter().all(|to| Some(&to.target) == proxy.as_ref())
}

/// The ports that count for a leg: the requirement's own, else those of the one it refers to.
pub(super) fn ports<'a>(rules: &'a [Rule], leg: &Leg) -> &'a PortSet {
    let own = &rules[leg.requirement.index()];
    if own.own_ports {
        &own.ports
    } else {
        &rules[leg.owner.index()].ports
    }
}

pub(super) fn transports<'a>(rules: &'a [Rule], leg: &Leg) -> &'a [Transport] {
    let own = &rules[leg.requirement.index()];
    if own.own_transport {
        &own.transport
    } else {
        &rules[leg.owner.index()].transport
    }
}
