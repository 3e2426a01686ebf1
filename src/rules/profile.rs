//! The site as requirements see it: roles of addresses, features, versions, regions, and what is in force.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr as _;

use ipnet::IpNet;
use jiff::civil::Date;

use super::by_address::ByAddress;
use super::problem::{Problem, Problems, SourceText, did_you_mean};
use super::requirement::canonical;
use super::view::View;
use super::{
    DocumentIndex, FeatureIndex, Hidden, Ignore, Library, NamePattern, Proxy, Region,
    RequirementIndex, RoleIndex, RoleSet, Site, Source, Subject, Truth, Version, code,
};
use crate::model::{CaptureTime, PortSet};

/// What the command line says; it goes before the site file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Regions; empty = as the site file says.
    pub regions: Vec<String>,
    /// Features that are on.
    pub features_on: Vec<String>,
    /// Features that are off.
    pub features_off: Vec<String>,
    /// Day on which dated requirements are judged.
    pub as_of: Option<Date>,
}

/// Which regions of a document the site is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RegionChoice {
    /// All of them: the site names none, or the document knows none.
    All,
    /// These places in the document's regions; may be empty.
    Some(Vec<usize>),
}

/// The site's choices, checked against a library. Immutable.
#[derive(Clone, Debug)]
pub struct Profile {
    by_address: ByAddress,
    /// Roles that a private address is in by default.
    inside: RoleSet,
    /// Roles that open flows from the site.
    opening: RoleSet,
    pub(super) bound: RoleSet,
    addresses: Vec<(RoleIndex, IpNet)>,
    names: Vec<(RoleIndex, NamePattern)>,
    is_a: Vec<RoleSet>,
    pub(super) default: bool,
    site_name: String,
    regions: Vec<RegionChoice>,
    region_words: Vec<String>,
    in_force: Vec<bool>,
    pub(super) features: Vec<Truth>,
    pub(super) versions: BTreeMap<String, Version>,
    pub(super) host_versions: BTreeMap<IpAddr, BTreeMap<String, Version>>,
    host_names: BTreeMap<IpAddr, String>,
    pub(super) account_created: Option<Date>,
    as_of: Option<CaptureTime>,
    ports: BTreeMap<RequirementIndex, PortSet>,
    proxies: Vec<Proxy>,
    hidden: Hidden,
    ignores: Vec<Ignore>,
    /// Whose lookups the pages in force speak of; `None` where they speak of everybody's.
    looks_up: Option<RoleSet>,
    problems: Vec<Problem>,
}

impl Profile {
    /// Puts library, site and command line together. Without a site, or with one that gives no role an address, every
    /// private address is in every role but those of outside services and those that only a site can fill.
    ///
    /// # Errors
    /// Regions and features of `choices` that nobody knows, or that are both on and off.
    pub fn new(
        library: &Library,
        site: Option<&Site>,
        choices: &Choices,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let nothing = Site::default();
        let site = site.unwrap_or(&nothing);
        let region_words = chosen_regions(library, site, choices, &mut problems);
        let features = chosen_features(library, site, choices, &mut problems);
        if problems.has_errors() {
            return Err(problems.finish());
        }
        let is_a: Vec<RoleSet> = library.roles.iter().map(|r| r.is_a.clone()).collect();
        let in_force = |at: usize| {
            site.documents
                .as_ref()
                .is_none_or(|list| list.contains(&DocumentIndex::at(at)))
        };
        let as_of = choices.as_of.or(site.as_of);
        let mut profile = Self {
            by_address: ByAddress::new(&site.addresses, &is_a),
            inside: inside(library),
            opening: opening_roles(library),
            bound: bound(site, &is_a),
            addresses: site.addresses.clone(),
            names: site.names.clone(),
            is_a,
            default: site.addresses.is_empty(),
            site_name: site.name.clone(),
            regions: library
                .documents
                .iter()
                .map(|d| choose(&d.regions, &region_words, library))
                .collect(),
            region_words,
            in_force: (0..library.documents.len()).map(in_force).collect(),
            features,
            versions: site.versions.clone(),
            host_versions: site.host_versions.clone(),
            host_names: site.host_names.clone(),
            account_created: site.account_created,
            as_of: as_of.map(noon),
            ports: moved_ports(library, site),
            proxies: proxies(library, site),
            hidden: site.hidden.clone(),
            ignores: site.ignores.clone(),
            looks_up: None,
            problems: Vec::new(),
        };
        profile.scope_regions(library);
        profile.looks_up = profile.finds_lookups(library);
        profile.note_expired(library, as_of, &mut problems);
        profile.problems = problems.finish();
        Ok(profile)
    }

    /// The roles that an address is in, with those that they inherit from. One trie walk; empty where the address is in none.
    #[must_use]
    pub fn roles_of(&self, ip: IpAddr) -> RoleSet {
        self.roles_at(ip).cloned().unwrap_or_default()
    }

    pub(super) fn roles_at(&self, ip: IpAddr) -> Option<&RoleSet> {
        let ip = canonical(ip);
        if self.default {
            return is_private(ip).then_some(&self.inside);
        }
        self.by_address.roles(ip)
    }

    /// Whether flows of this address are the audit's business: it is in a role that opens flows from the site. Where the
    /// rules name nobody who opens them, that is every private address that the site has not put in a role.
    #[must_use]
    pub fn is_audited(&self, ip: IpAddr) -> bool {
        let ip = canonical(ip);
        if self.default {
            return is_private(ip);
        }
        match self.roles_at(ip) {
            Some(roles) if !roles.is_empty() => roles.intersects(&self.opening),
            _ => self.opening.is_empty() && is_private(ip),
        }
    }

    /// Whether no role has an address, so that every private address is audited as every role.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.default
    }

    /// The site's name; empty where none was given.
    #[must_use]
    pub fn site_name(&self) -> &str {
        &self.site_name
    }

    /// The chosen regions as the person wrote them; empty = every region.
    #[must_use]
    pub fn regions(&self) -> &[String] {
        &self.region_words
    }

    /// What the site calls a host.
    #[must_use]
    pub fn host_name(&self, ip: IpAddr) -> Option<&str> {
        self.host_names.get(&canonical(ip)).map(String::as_str)
    }

    /// The web proxies, from `[proxies]` and from the role `web-proxy`.
    #[must_use]
    pub fn proxies(&self) -> &[Proxy] {
        &self.proxies
    }

    /// Whether an address and port are a web proxy's.
    #[must_use]
    pub fn is_proxy(&self, ip: IpAddr, port: u16) -> bool {
        let ip = canonical(ip);
        self.proxies
            .iter()
            .any(|p| p.network.contains(&ip) && p.port.is_none_or(|p| p == port))
    }

    fn finds_lookups(&self, library: &Library) -> Option<RoleSet> {
        let server = library.role("dns-server").map(super::Target::Role)?;
        let rows = library
            .requirements
            .iter()
            .filter(|row| self.is_in_force(row.document));
        let rows = rows.filter(|row| row.to.iter().any(|to| to.target == server));
        let sources: Option<Vec<RoleIndex>> = rows
            .flat_map(|row| &row.from)
            .map(|source| match source {
                Source::Role(role) => Some(*role),
                Source::Any | Source::Network(_) => None,
            })
            .collect();
        Some(RoleSet::of(sources?))
    }

    /// Whether lookups of a host at an address are only how the names of the pages in force are had: it is the site's own
    /// name server, and none of the pages says a word of lookups for any role of the host.
    #[must_use]
    pub fn is_silent_on_lookups(&self, library: &Library, from: IpAddr, to: IpAddr) -> bool {
        let (Some(listed), false) = (&self.looks_up, self.default) else {
            return false;
        };
        let is_server = || {
            let role = library.role("dns-server");
            role.is_some_and(|role| self.roles_at(to).is_some_and(|roles| roles.contains(role)))
        };
        let is_listed = || {
            let roles = self.roles_at(from);
            roles.is_some_and(|roles| roles.intersects(listed))
        };
        is_server() && !is_listed()
    }

    /// The ports of the web proxies; empty = any.
    pub(super) fn ports_of_proxies(&self) -> PortSet {
        let ports: Option<Vec<u16>> = self.proxies.iter().map(|proxy| proxy.port).collect();
        PortSet::from_ports(ports.unwrap_or_default())
    }

    /// What the site says of names that packets do not show.
    #[must_use]
    pub const fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// Why the site wants this traffic left out; `None` where it does not.
    #[must_use]
    pub fn ignored(&self, subject: &Subject<'_>) -> Option<&str> {
        self.ignores
            .iter()
            .find(|ignore| ignore.fits(subject))
            .map(|ignore| ignore.about.as_str())
    }

    /// The addresses bound to a role or to one that inherits from it, in the site file's order. Empty in the default profile.
    pub fn addresses_of(&self, role: RoleIndex) -> impl Iterator<Item = IpNet> + '_ {
        let is = move |r: &RoleIndex| {
            self.is_a
                .get(r.index())
                .is_some_and(|set| set.contains(role))
        };
        self.addresses
            .iter()
            .filter(move |(r, _)| is(r))
            .map(|(_, network)| *network)
    }

    /// Single addresses that roles are bound to, which open flows from the site.
    pub fn hosts(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let networks = self.addresses.iter().map(|(_, network)| *network);
        let single = networks.filter(|n| n.prefix_len() == n.max_prefix_len());
        let addresses = single.map(|network| network.addr());
        addresses.filter(|ip| self.is_audited(*ip))
    }

    /// The names bound to a role, or to one that inherits from it.
    pub(super) fn names_of(&self, role: RoleIndex) -> impl Iterator<Item = &NamePattern> + '_ {
        let is = move |r: &RoleIndex| {
            self.is_a
                .get(r.index())
                .is_some_and(|set| set.contains(role))
        };
        self.names
            .iter()
            .filter(move |(r, _)| is(r))
            .map(|(_, name)| name)
    }

    /// Whether a role has an address or a name; in the default profile every role of the site's hosts has.
    #[must_use]
    pub fn is_bound(&self, role: RoleIndex) -> bool {
        self.bound.contains(role) || (self.default && self.inside.contains(role))
    }

    /// Whether a document is in force.
    #[must_use]
    pub fn is_in_force(&self, document: DocumentIndex) -> bool {
        self.in_force
            .get(document.index())
            .copied()
            .unwrap_or(false)
    }

    /// Notes on how choices and requirements go together: requirements that are past their date.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The time against which validity is judged: the as-of date, else the packet's.
    pub(super) fn judged_at(&self, packet: CaptureTime) -> CaptureTime {
        self.as_of.unwrap_or(packet)
    }

    pub(super) fn region_choice(&self, document: DocumentIndex) -> &RegionChoice {
        self.regions
            .get(document.index())
            .unwrap_or(&RegionChoice::All)
    }

    pub(super) fn port_override(&self, requirement: RequirementIndex) -> Option<&PortSet> {
        self.ports.get(&requirement)
    }

    /// The site as a whole.
    pub(super) const fn whole(&self) -> View<'_> {
        View {
            profile: self,
            hosts: None,
        }
    }

    /// The site as the two hosts of a flow see it: their own versions go before the site's.
    pub(super) fn seen_by(&self, initiator: IpAddr, responder: IpAddr) -> View<'_> {
        View {
            profile: self,
            hosts: Some([canonical(initiator), canonical(responder)]),
        }
    }

    /// A page about some regions is not about a site in none of them.
    fn scope_regions(&mut self, library: &Library) {
        for (choice, document) in self.regions.iter_mut().zip(&library.documents) {
            if document.region_scope.is_empty() {
                continue;
            }
            let within = |at: &usize| document.region_scope.contains(at);
            *choice = match choice {
                RegionChoice::All => RegionChoice::Some(document.region_scope.clone()),
                RegionChoice::Some(places) => {
                    RegionChoice::Some(places.iter().copied().filter(within).collect())
                }
            };
        }
    }

    fn note_expired(&self, library: &Library, as_of: Option<Date>, problems: &mut Problems) {
        let Some(day) = as_of else { return };
        let mut expired: BTreeMap<(DocumentIndex, Date), usize> = BTreeMap::new();
        for requirement in &library.requirements {
            if let Some(until) = requirement.valid.until.filter(|u| *u < day) {
                *expired.entry((requirement.document, until)).or_default() += 1;
            }
        }
        let source = SourceText::new("as-of date", &day.to_string());
        for ((document, until), count) in expired {
            let id = library.document(document).map_or("", |d| &d.id);
            let message = format!("{count} requirements of `{id}` expired on {until}");
            problems.note(
                &source,
                code::EXPIRED_REQUIREMENT,
                0..source.text.len(),
                message,
                None,
            );
        }
    }
}

impl Hidden {
    /// Whether the site tells of a resolver over HTTPS at this address or under this name.
    #[must_use]
    pub fn is_https_resolver(&self, ip: IpAddr, name: Option<&str>) -> bool {
        let ip = canonical(ip);
        self.resolver_networks.iter().any(|n| n.contains(&ip))
            || name.is_some_and(|name| self.resolver_names.iter().any(|p| p.matches(name)))
    }

    /// Whether the site tells of a name that it stands in clear for others.
    #[must_use]
    pub fn is_outer_name(&self, name: &str) -> bool {
        self.outer_names.iter().any(|p| p.matches(name))
    }
}

impl Ignore {
    fn fits(&self, subject: &Subject<'_>) -> bool {
        let within = |list: &[IpNet], ip: IpAddr| list.iter().any(|n| n.contains(&canonical(ip)));
        let to_open = self.to_networks.is_empty() && self.to_names.is_empty();
        let named = || {
            subject
                .names
                .iter()
                .any(|name| self.to_names.iter().any(|p| p.matches(name.as_str())))
        };
        (self.from.is_empty() || within(&self.from, subject.initiator))
            && (to_open || within(&self.to_networks, subject.responder) || named())
            && (self.ports.is_empty() || self.ports.contains(subject.port))
            && (self.transport.is_empty() || self.transport.contains(&subject.transport))
    }
}

/// RFC 1918, carrier-grade NAT (RFC 6598), loopback, link-local, and unique local addresses (RFC 4193).
#[must_use]
pub fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// The roles that the site gives addresses or names, with those that they inherit from.
fn bound(site: &Site, is_a: &[RoleSet]) -> RoleSet {
    let addresses = site.addresses.iter().map(|(role, _)| role);
    let names = site.names.iter().map(|(role, _)| role);
    let mut bound = RoleSet::default();
    for set in addresses
        .chain(names)
        .filter_map(|role| is_a.get(role.index()))
    {
        bound.extend(set);
    }
    bound
}

/// The roles that hosts of a site may be in without being told.
fn inside(library: &Library) -> RoleSet {
    let roles = library.roles.iter().enumerate();
    let inside = roles.filter(|(_, role)| !role.external && !role.placeholder);
    RoleSet::of(inside.map(|(at, _)| RoleIndex::at(at)))
}

/// Roles from which requirements start that do not come from outside.
fn opening_roles(library: &Library) -> RoleSet {
    let outward = library
        .requirements
        .iter()
        .filter(|r| r.direction != super::Direction::Inbound);
    let roles = outward.flat_map(|r| &r.from).filter_map(|s| match s {
        Source::Role(role) => Some(*role),
        _ => None,
    });
    RoleSet::of(roles.filter(|r| library.roles.get(r.index()).is_some_and(|r| !r.external)))
}

fn chosen_regions(
    library: &Library,
    site: &Site,
    choices: &Choices,
    problems: &mut Problems,
) -> Vec<String> {
    if choices.regions.is_empty() {
        return site.regions.clone().unwrap_or_default();
    }
    if choices
        .regions
        .iter()
        .any(|w| w.eq_ignore_ascii_case("all"))
    {
        return Vec::new();
    }
    let known = library.region_words();
    for word in &choices.regions {
        if !known.iter().any(|k| k.eq_ignore_ascii_case(word)) {
            let source = SourceText::new("command line", &format!("--region {word}"));
            let hint = did_you_mean(word, known.iter().copied())
                .or_else(|| Some(format!("known: {}", known.join(", "))));
            problems.error(
                &source,
                code::UNKNOWN_REGION,
                9..source.text.len(),
                format!("no document knows the region `{word}`"),
                hint,
            );
        }
    }
    choices.regions.clone()
}

fn chosen_features(
    library: &Library,
    site: &Site,
    choices: &Choices,
    problems: &mut Problems,
) -> Vec<Truth> {
    let mut features: Vec<Truth> = library.features.iter().map(|f| f.default).collect();
    let mut set = |feature: FeatureIndex, on: bool| {
        if let Some(slot) = features.get_mut(feature.index()) {
            *slot = Truth::from(on);
        }
    };
    site.features
        .iter()
        .for_each(|(feature, on)| set(*feature, *on));
    for (list, on, flag) in [
        (&choices.features_on, true, "--feature "),
        (&choices.features_off, false, "--no-feature "),
    ] {
        for key in list {
            let source = SourceText::new("command line", &format!("{flag}{key}"));
            let span = flag.len()..source.text.len();
            match library.feature(key) {
                Some(_) if on && choices.features_off.contains(key) => {
                    problems.error(
                        &source,
                        code::CONTRADICTION,
                        span,
                        format!("`{key}` is both on and off"),
                        None,
                    );
                }
                Some(feature) => set(feature, on),
                None => {
                    let known = || library.features.iter().map(|f| f.key.as_str());
                    let hint = did_you_mean(key, known());
                    problems.error(
                        &source,
                        code::UNKNOWN_FEATURE,
                        span,
                        format!("no document knows the feature `{key}`"),
                        hint,
                    );
                }
            }
        }
    }
    features
}

/// A document's regions that the words mean. Words of other documents help: where a region there is called both
/// `us-1` and `usa`, `us-1` also means this document's `usa`.
fn choose(regions: &[Region], words: &[String], library: &Library) -> RegionChoice {
    if words.is_empty() || regions.is_empty() {
        return RegionChoice::All;
    }
    let direct: Vec<usize> = (0..regions.len())
        .filter(|i| words.iter().any(|w| regions[*i].is_called(w)))
        .collect();
    if !direct.is_empty() {
        return RegionChoice::Some(direct);
    }
    let elsewhere = library
        .documents
        .iter()
        .flat_map(|d| &d.regions)
        .filter(|r| words.iter().any(|w| r.is_called(w)));
    let synonyms: Vec<&str> = elsewhere.flat_map(Region::words).collect();
    RegionChoice::Some(
        (0..regions.len())
            .filter(|i| synonyms.iter().any(|w| regions[*i].is_called(w)))
            .collect(),
    )
}

fn proxies(library: &Library, site: &Site) -> Vec<Proxy> {
    let role = library.role("web-proxy");
    let bound = site
        .addresses
        .iter()
        .filter(|(r, _)| Some(*r) == role)
        .map(|(_, network)| *network);
    let mut out: Vec<Proxy> = site.proxies.clone();
    out.extend(
        bound
            .filter(|n| !site.proxies.iter().any(|p| p.network == *n))
            .map(|network| Proxy {
                network,
                port: None,
            }),
    );
    out
}

/// The ports that the site moves. The same flow told by other rows moves with it, and so does the row of the same page
/// that says when the port stays closed, where the site says nothing else of them.
fn moved_ports(library: &Library, site: &Site) -> BTreeMap<RequirementIndex, PortSet> {
    let mut moved: BTreeMap<RequirementIndex, PortSet> = BTreeMap::new();
    for (at, ports) in &site.ports {
        let Some(row) = library.requirement(*at) else {
            continue;
        };
        let same_flow = library
            .groups
            .iter()
            .filter(|group| group.kind == super::GroupKind::SameFlow)
            .filter(|group| group.members.iter().any(|m| m.requirement == *at))
            .flat_map(|group| group.members.iter().map(|m| m.requirement));
        let closed = (0..).zip(&library.requirements).filter(|(_, other)| {
            let to = |row: &super::Requirement| row.to.first().map(|to| to.target.clone());
            other.deny && other.document == row.document && to(other) == to(row)
        });
        let closed = closed.map(|(place, _)| RequirementIndex::new(place));
        for twin in same_flow.chain(closed) {
            if library
                .requirement(twin)
                .is_some_and(|twin| twin.ports == row.ports)
            {
                moved.insert(twin, ports.clone());
            }
        }
    }
    moved.extend(site.ports.iter().cloned());
    moved
}

/// The middle of a day in UTC: any moment of it would do, since validity is told by whole days.
fn noon(day: Date) -> CaptureTime {
    let nanos =
        jiff::Timestamp::from_str(&format!("{day}T12:00:00Z")).map(jiff::Timestamp::as_nanosecond);
    CaptureTime::from_nanos(
        nanos
            .ok()
            .and_then(|n| i64::try_from(n).ok())
            .unwrap_or(i64::MAX),
    )
}
