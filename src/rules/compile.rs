//! Library and profile to an immutable matcher.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::candidate::{Found, Misfits};
use super::check::can_be_missed;
use super::profile::RegionChoice;
use super::requirement::{PathFit, canonical};
use super::strategy::{ExactNames, NameSuffixes, Networks, OddPatterns, Services};
use super::{
    Assessment, Condition, Cover, Denied, DocumentIndex, Group, Library, Misfit, Miss, NamePattern, PatternKind, Profile,
    Requirement, RequirementIndex, RoleIndex, RoleSet, Scratch, Source, Subject, Target, Truth, Via,
};
use crate::model::{CaptureTime, Fqdn, PortSet, Transport};

/// The most requirements of one role that are looked at for near misses.
const MOST_ROLE_MISSES: usize = 64;

/// Class of destinations in [`Services`] besides the roles' own numbers.
const ANY: u32 = u32::MAX;
const LOCALHOST: u32 = u32::MAX - 1;

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

/// All requirements compiled for a profile. Immutable; workers share it, each with a [`Scratch`] of its own.
#[derive(Debug)]
pub struct RuleSet {
    library: Arc<Library>,
    profile: Profile,
    rules: Vec<Rule>,
    legs: Vec<Leg>,
    exact: ExactNames,
    suffixes: NameSuffixes,
    odd: OddPatterns,
    networks: Networks,
    services: Services,
    vendor_domains: BTreeMap<String, Vec<DocumentIndex>>,
}

/// A requirement as the matcher needs it.
#[derive(Debug)]
struct Rule {
    roles: RoleSet,
    networks: Vec<IpNet>,
    any_source: bool,
    /// Ports with override or assumption put in; empty = any.
    ports: PortSet,
    transport: Vec<Transport>,
    /// The requirement states ports, or the site does, so that a reference does not change them.
    own_ports: bool,
    own_transport: bool,
    in_force: bool,
    in_region: bool,
    /// `None` where it differs from host to host.
    truth: Option<Truth>,
    valid: (CaptureTime, CaptureTime),
    deny: bool,
}

/// One destination of one requirement, with roles and references followed.
#[derive(Debug)]
struct Leg {
    /// Who is credited.
    requirement: RequirementIndex,
    /// Whose ports and transport count: the same, or the one referred to.
    owner: RequirementIndex,
    /// Whose destination it is, and which.
    row: RequirementIndex,
    destination: u32,
    /// Filled in for this region of the row's document.
    region: Option<usize>,
    test: Test,
}

#[derive(Debug)]
enum Test {
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
        let rules = library.requirements.iter().enumerate().map(|(i, r)| Rule::new(RequirementIndex::at(i), r, &library, profile));
        let mut vendor_domains: BTreeMap<String, Vec<DocumentIndex>> = BTreeMap::new();
        for (at, document) in library.documents.iter().enumerate() {
            for domain in &document.vendor_domains {
                vendor_domains.entry(domain.clone()).or_default().push(DocumentIndex::at(at));
            }
        }
        let mut set = Self {
            rules: rules.collect(),
            legs: Vec::new(),
            exact: ExactNames::default(),
            suffixes: NameSuffixes::default(),
            odd: OddPatterns::default(),
            networks: Networks::default(),
            services: Services::default(),
            vendor_domains,
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

    /// Which requirements cover a subject, and which nearly do. Costs some hash probes for each label of each name, two
    /// trie walks, and then only what the requirements cost whose destination fits.
    #[must_use]
    pub fn assess(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> Assessment {
        let unlisted_misses = self.gather(subject, scratch);
        scratch.found.sort_unstable_by_key(Found::order);
        scratch.found.dedup_by_key(|found| found.requirement);
        let mut out = Assessment { unlisted_misses, ..Assessment::default() };
        for found in &scratch.found {
            let Some(leg) = self.legs.get(found.leg as usize) else { continue };
            let Some(rule) = self.rules.get(leg.requirement.index()) else { continue };
            let (requirement, fits) = (leg.requirement, found.misfits.is_empty());
            if rule.deny {
                if fits {
                    let via = leg.via(subject, found);
                    out.denied.push(Denied { requirement, via, certain: found.truth == Truth::On });
                }
            } else if fits {
                out.covers.push(Cover {
                    requirement,
                    via: leg.via(subject, found),
                    path_unobserved: found.path_unobserved,
                    port_unstated: !self.states_ports(leg),
                    condition: found.truth,
                });
            } else {
                out.misses.push(Miss { requirement, via: leg.via(subject, found), misfits: self.misfits(leg, found.misfits) });
            }
        }
        out
    }

    /// Where a requirement stands at this site.
    #[must_use]
    pub fn activity(&self, requirement: RequirementIndex) -> Activity {
        let (Some(rule), Some(row)) = (self.rules.get(requirement.index()), self.library.requirement(requirement)) else {
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
        let truth = conditions().map(|c| c.evaluate(&whole)).fold(Truth::On, Truth::and);
        let deciding = |wanted: Truth| {
            let texts: Vec<String> = conditions().filter(|c| c.evaluate(&whole) == wanted).map(Condition::to_string).collect();
            texts.join(" and ")
        };
        if truth == Truth::Off {
            return Activity::Off(deciding(Truth::Off));
        }
        let start = self.legs.partition_point(|leg| leg.requirement < requirement);
        if self.legs.get(start).is_none_or(|leg| leg.requirement != requirement) {
            return Activity::NotAuditable("no destination".to_owned());
        }
        match self.unbound_role(requirement, row) {
            Some(role) if self.library.roles[role.index()].optional && !self.profile.is_default() => {
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
        self.library.requirement(requirement).is_some_and(can_be_missed) && self.activity(requirement) == Activity::On
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
        let ids = documents.iter().filter_map(|d| self.library.document(*d)).map(|d| d.id.as_str());
        (!covered).then(|| ids.collect())
    }

    /// The names, networks and roles that a requirement's destinations stand for at this site, regions filled in, roles
    /// and references followed; in the order of the file.
    #[must_use]
    pub fn destinations(&self, requirement: RequirementIndex) -> Vec<Via> {
        let start = self.legs.partition_point(|leg| leg.requirement < requirement);
        let own = self.legs[start..].iter().take_while(|leg| leg.requirement == requirement);
        own.filter_map(|leg| match &leg.test {
            Test::Name(pattern) => {
                let fqdn = Fqdn::from_packet(pattern.as_str().as_bytes())?;
                Some(Via::Name { fqdn, pattern: pattern.text() })
            }
            Test::Network(prefix) => Some(Via::Address { prefix: *prefix }),
            Test::Role(role) => Some(Via::Role { role: *role }),
            Test::Any => Some(Via::Any),
            Test::Localhost => Some(Via::Localhost),
        })
        .collect()
    }

    fn add_requirement(&mut self, at: RequirementIndex) {
        let library = Arc::clone(&self.library);
        self.add_destinations(at, at, &library);
        for owner in &library.requirements[at.index()].refers_to {
            self.add_destinations(at, *owner, &library);
        }
    }

    fn add_destinations(&mut self, requirement: RequirementIndex, owner: RequirementIndex, library: &Library) {
        let row = &library.requirements[owner.index()];
        for (place, destination) in row.to.iter().enumerate() {
            let ids = LegIds { requirement, owner, row: owner, destination: place };
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
        let rows = document.names_from.iter().filter(|(r, _)| *r == role).flat_map(|(_, rows)| rows);
        for row in rows {
            for (place, destination) in library.requirements[row.index()].to.iter().enumerate() {
                if !matches!(destination.target, Target::Role(_) | Target::Any | Target::Localhost) {
                    let ids = LegIds { row: *row, destination: place, ..*ids };
                    self.add_target(&ids, &destination.target, library);
                }
            }
        }
    }

    fn add_target(&mut self, ids: &LegIds, target: &Target, library: &Library) {
        match target {
            Target::Name(name) => self.push(ids, None, Test::Name(name.clone())),
            Target::Network(network) => self.push(ids, None, Test::Network(*network)),
            Target::Role(role) => self.push(ids, None, Test::Role(*role)),
            Target::Any => self.push(ids, None, Test::Any),
            Target::Localhost => self.push(ids, None, Test::Localhost),
            Target::Template(template) => {
                let document = &library.documents[library.requirements[ids.row.index()].document.index()];
                if document.regions.is_empty() {
                    self.push(ids, None, Test::Name(template.any_region()));
                }
                for (region, known) in document.regions.iter().enumerate() {
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
        let built = Leg { requirement: ids.requirement, owner: ids.owner, row: ids.row, destination: place, region, test };
        match &built.test {
            Test::Name(name) => match name.kind() {
                PatternKind::Exact => self.exact.insert(name.text(), leg),
                PatternKind::SubdomainsOf => self.suffixes.insert_below(name.suffix(), leg),
                PatternKind::EndingWith => self.suffixes.insert_ending(name.suffix(), leg),
                PatternKind::Labels => self.odd.insert(name.clone(), leg),
            },
            Test::Network(network) => self.networks.insert(*network, leg),
            Test::Role(role) => self.services.insert(role.index() as u32, ports(&self.rules, &built), leg),
            Test::Any => self.services.insert(ANY, ports(&self.rules, &built), leg),
            Test::Localhost => self.services.insert(LOCALHOST, ports(&self.rules, &built), leg),
        }
        self.legs.push(built);
    }

    fn legs_by_name(&self, name: &str, mut take: impl FnMut(u32)) {
        self.exact.find(name).iter().for_each(|leg| take(*leg));
        self.suffixes.each(name, |legs| legs.iter().for_each(|leg| take(*leg)));
        self.odd.each(name, &mut take);
    }

    /// Fills `scratch.found` with every leg whose destination fits; returns how many role legs were left out.
    fn gather(&self, subject: &Subject<'_>, scratch: &mut Scratch) -> usize {
        scratch.found.clear();
        let initiator_roles = self.profile.roles_at(subject.initiator);
        let responder = canonical(subject.responder);
        let look = Look { set: self, subject, initiator_roles, initiator: canonical(subject.initiator), responder };
        let found = &mut scratch.found;
        for (place, name) in subject.names.iter().enumerate() {
            self.legs_by_name(name.as_str(), |leg| found.extend(look.at(leg, place)));
        }
        self.networks.each(responder, |legs| found.extend(legs.iter().filter_map(|leg| look.at(*leg, 0))));
        for class in [ANY, LOCALHOST] {
            self.services.each(class, subject.port, |legs| found.extend(legs.iter().filter_map(|leg| look.at(*leg, 0))));
        }
        let mut unlisted = 0;
        for role in self.profile.roles_at(responder).into_iter().flat_map(RoleSet::iter) {
            let class = role.index() as u32;
            self.services.each(class, subject.port, |legs| found.extend(legs.iter().filter_map(|leg| look.at(*leg, 0))));
            // In the default profile every host is in every role, so a miss by role says nothing.
            if !self.profile.is_default() {
                let all = self.services.all(class);
                unlisted += all.len().saturating_sub(MOST_ROLE_MISSES);
                found.extend(all.iter().take(MOST_ROLE_MISSES).filter_map(|leg| look.at(*leg, 0)));
            }
        }
        unlisted
    }

    fn states_ports(&self, leg: &Leg) -> bool {
        let own = |at: RequirementIndex| self.rules.get(at.index()).is_some_and(|r| r.own_ports);
        own(leg.requirement) || own(leg.owner)
    }

    fn misfits(&self, leg: &Leg, bits: Misfits) -> Vec<Misfit> {
        let library = &self.library;
        let row = &library.requirements[leg.requirement.index()];
        let kinds: [(u16, &dyn Fn() -> Option<Misfit>); 10] = [
            (Misfits::DOCUMENT, &|| {
                let document = library.documents[row.document.index()].id.clone();
                Some(Misfit::DocumentNotInForce { document })
            }),
            (Misfits::REGION, &|| Some(Misfit::Region { listed: self.leg_regions(leg) })),
            (Misfits::INACTIVE, &|| Some(Misfit::Inactive { condition: self.condition_texts(leg) })),
            (Misfits::EXPIRED, &|| self.leg_rows(leg).find_map(|r| r.valid.until).map(|until| Misfit::Expired { until })),
            (Misfits::NOT_YET, &|| self.leg_rows(leg).find_map(|r| r.valid.from).map(|from| Misfit::NotYetValid { from })),
            (Misfits::SOURCE, &|| Some(Misfit::Source { wanted: sources(row, library) })),
            (Misfits::DESTINATION, &|| Some(Misfit::Destination { wanted: "localhost".to_owned() })),
            (Misfits::PORT, &|| Some(Misfit::Port { listed: ports(&self.rules, leg).clone(), stated: self.states_ports(leg) })),
            (Misfits::TRANSPORT, &|| {
                let stated = self.leg_rows(leg).any(|r| !r.transport.is_empty());
                Some(Misfit::Transport { listed: transports(&self.rules, leg).to_vec(), stated })
            }),
            (Misfits::PATH, &|| {
                let destination = library.requirements[leg.row.index()].to.get(leg.destination as usize)?;
                let query = destination.query.as_ref().map(|q| format!("?{q}")).unwrap_or_default();
                Some(Misfit::Path { listed: format!("{}{query}", destination.path.as_deref().unwrap_or("/")) })
            }),
        ];
        kinds.iter().filter(|(kind, _)| bits.has(*kind)).filter_map(|(_, misfit)| misfit()).collect()
    }

    /// The requirement, the one it refers to, and the one whose destination it is: each once.
    fn leg_rows<'a>(&'a self, leg: &'a Leg) -> impl Iterator<Item = &'a Requirement> {
        leg.rows().filter_map(|at| self.library.requirement(at))
    }

    fn leg_regions(&self, leg: &Leg) -> Vec<String> {
        if let Some(region) = leg.region {
            let document = self.library.requirements[leg.row.index()].document;
            return self.library.documents[document.index()].regions.get(region).map(|r| r.name.clone()).into_iter().collect();
        }
        let outside = leg.rows().find(|at| self.rules.get(at.index()).is_some_and(|r| !r.in_region));
        outside.and_then(|at| self.library.requirement(at)).map(|row| self.region_names(row)).unwrap_or_default()
    }

    /// Regions of a row, or of its page where the row has none of its own.
    fn region_names(&self, row: &Requirement) -> Vec<String> {
        let document = &self.library.documents[row.document.index()];
        let places = if row.region.is_empty() { &document.region_scope } else { &row.region };
        let name = |at: &usize| document.regions.get(*at).map(|r| r.name.clone());
        if places.is_empty() { document.regions.iter().map(|r| r.name.clone()).collect() } else { places.iter().filter_map(name).collect() }
    }

    /// The conditions of a leg that do not hold for the site as a whole; all of them where that depends on the host.
    fn condition_texts(&self, leg: &Leg) -> String {
        let whole = self.profile.whole();
        let all: Vec<&Condition> = self.leg_rows(leg).flat_map(|r| self.library.documents[r.document.index()].when.iter().chain(&r.when)).collect();
        let mut texts: Vec<String> = all.iter().filter(|c| c.evaluate(&whole) == Truth::Off).map(|c| c.to_string()).collect();
        if texts.is_empty() {
            texts = all.iter().filter(|c| c.is_per_host()).map(|c| c.to_string()).collect();
        }
        texts.dedup();
        texts.join(" and ")
    }

    /// A role without which the requirement cannot be audited: all of its sources are unbound roles, or all of its
    /// destinations are.
    fn unbound_role(&self, at: RequirementIndex, row: &Requirement) -> Option<RoleIndex> {
        let unbound = |role: &RoleIndex| !self.profile.is_bound(*role);
        let sources: Option<Vec<RoleIndex>> = row.from.iter().map(|s| if let Source::Role(r) = s { Some(*r) } else { None }).collect();
        if let Some(role) = sources.filter(|list| list.iter().all(unbound)).and_then(|list| list.first().copied()) {
            return Some(role);
        }
        let start = self.legs.partition_point(|leg| leg.requirement < at);
        let mut first = None;
        for leg in self.legs[start..].iter().take_while(|leg| leg.requirement == at) {
            match leg.test {
                Test::Role(role) if unbound(&role) => first = first.or(Some(role)),
                _ => return None,
            }
        }
        first
    }
}

#[derive(Clone, Copy)]
struct LegIds {
    requirement: RequirementIndex,
    owner: RequirementIndex,
    row: RequirementIndex,
    destination: usize,
}

impl Leg {
    fn rows(&self) -> impl Iterator<Item = RequirementIndex> {
        let owner = Some(self.owner).filter(|o| *o != self.requirement);
        let row = Some(self.row).filter(|r| *r != self.requirement && *r != self.owner);
        std::iter::once(self.requirement).chain(owner).chain(row)
    }

    fn via(&self, subject: &Subject<'_>, found: &Found) -> Via {
        match &self.test {
            Test::Name(pattern) => match subject.names.get(found.name as usize) {
                Some(name) => Via::Name { fqdn: (*name).clone(), pattern: pattern.text() },
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
        let truth = || conditions().map(|c| c.evaluate(&whole)).fold(Truth::On, Truth::and);
        let moved = profile.port_override(at);
        let in_region = match profile.region_choice(row.document) {
            RegionChoice::All => true,
            RegionChoice::Some(chosen) if row.region.is_empty() => !chosen.is_empty(),
            RegionChoice::Some(chosen) => row.region.iter().any(|r| chosen.contains(r)),
        };
        Self {
            roles: RoleSet::of(row.from.iter().filter_map(|s| if let Source::Role(r) = s { Some(*r) } else { None })),
            networks: row.from.iter().filter_map(|s| if let Source::Network(n) = s { Some(*n) } else { None }).collect(),
            any_source: row.from.contains(&Source::Any),
            ports: moved.unwrap_or(if row.ports.is_empty() { &document.unstated_ports } else { &row.ports }).clone(),
            transport: if row.transport.is_empty() { document.unstated_transport.clone() } else { row.transport.clone() },
            own_ports: moved.is_some() || !row.ports.is_empty(),
            own_transport: !row.transport.is_empty(),
            in_force: profile.is_in_force(row.document),
            in_region,
            truth: if conditions().any(Condition::is_per_host) { None } else { Some(truth()) },
            valid: row.valid.bounds(),
            deny: row.deny,
        }
    }
}

/// The ports that count for a leg: the requirement's own, else those of the one it refers to.
fn ports<'a>(rules: &'a [Rule], leg: &Leg) -> &'a PortSet {
    let own = &rules[leg.requirement.index()];
    if own.own_ports { &own.ports } else { &rules[leg.owner.index()].ports }
}

fn transports<'a>(rules: &'a [Rule], leg: &Leg) -> &'a [Transport] {
    let own = &rules[leg.requirement.index()];
    if own.own_transport { &own.transport } else { &rules[leg.owner.index()].transport }
}

fn sources(row: &Requirement, library: &Library) -> Vec<String> {
    let text = |source: &Source| match source {
        Source::Any => "any host".to_owned(),
        Source::Role(role) => library.role_name(*role).to_owned(),
        Source::Network(network) => network.to_string(),
    };
    row.from.iter().map(text).collect()
}

/// One subject being looked at.
struct Look<'a> {
    set: &'a RuleSet,
    subject: &'a Subject<'a>,
    initiator_roles: Option<&'a RoleSet>,
    initiator: IpAddr,
    responder: IpAddr,
}

impl Look<'_> {
    /// How a leg fits whose destination does.
    fn at(&self, place: u32, name: usize) -> Option<Found> {
        let leg = self.set.legs.get(place as usize)?;
        let rule = self.set.rules.get(leg.requirement.index())?;
        let mut misfits = Misfits::default();
        let ports = ports(&self.set.rules, leg);
        misfits.set(Misfits::PORT, !ports.is_empty() && !ports.contains(self.subject.port));
        let transport = transports(&self.set.rules, leg);
        misfits.set(Misfits::TRANSPORT, !transport.is_empty() && !transport.contains(&self.subject.transport));
        misfits.set(Misfits::SOURCE, !self.source_fits(rule));
        let mut truth = Truth::On;
        for at in leg.rows() {
            truth = truth.and(self.row_fits(at, &mut misfits)?);
        }
        misfits.set(Misfits::INACTIVE, truth == Truth::Off);
        if let Some(region) = leg.region {
            let document = self.set.library.requirement(leg.row)?.document;
            let choice = self.set.profile.region_choice(document);
            misfits.set(Misfits::REGION, matches!(choice, RegionChoice::Some(chosen) if !chosen.contains(&region)));
        }
        let destination = self.set.library.requirement(leg.row)?.to.get(leg.destination as usize)?;
        let path = destination.fits_path(self.subject.path);
        misfits.set(Misfits::PATH, path == PathFit::Differs);
        let rank = match leg.test {
            Test::Name(_) => 0,
            Test::Network(_) => 1,
            Test::Role(_) => 2,
            Test::Any => 3,
            Test::Localhost => {
                let within = self.responder.is_loopback() || self.initiator == self.responder;
                misfits.set(Misfits::DESTINATION, within == rule.deny);
                4
            }
        };
        Some(Found {
            requirement: leg.requirement.index() as u32,
            misfits,
            rank,
            leg: place,
            name: name as u32,
            path_unobserved: path == PathFit::NotObservable,
            truth,
        })
    }

    /// Document, region, dates and condition of one of a leg's rows.
    fn row_fits(&self, at: RequirementIndex, misfits: &mut Misfits) -> Option<Truth> {
        let rule = self.set.rules.get(at.index())?;
        misfits.set(Misfits::DOCUMENT, !rule.in_force);
        misfits.set(Misfits::REGION, !rule.in_region);
        let time = self.set.profile.judged_at(self.subject.time);
        misfits.set(Misfits::NOT_YET, time < rule.valid.0);
        misfits.set(Misfits::EXPIRED, time > rule.valid.1);
        Some(rule.truth.unwrap_or_else(|| {
            let Some(row) = self.set.library.requirement(at) else { return Truth::Off };
            let view = self.set.profile.seen_by(self.subject.initiator, self.subject.responder);
            let document = Condition::evaluate_all(&self.set.library.documents[row.document.index()].when, &view);
            document.and(Condition::evaluate_all(&row.when, &view))
        }))
    }

    fn source_fits(&self, rule: &Rule) -> bool {
        rule.any_source
            || self.initiator_roles.is_some_and(|roles| roles.intersects(&rule.roles))
            || rule.networks.iter().any(|network| network.contains(&self.initiator))
    }
}
