//! The site file: which addresses play which roles, and what the site has switched on.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};
use jiff::civil::Date;

use super::check::{Values, transports};
use super::problem::{Problem, Problems, SourceText, did_you_mean};
use super::read::Sections;
use super::requirement::canonical;
use super::site_file::{HostText, IgnoreText, SiteFile};
use super::syntax::{OneOrMany, Placed, PortText};
use super::{
    Condition, DocumentIndex, FeatureIndex, Library, NamePattern, RequirementIndex, RoleIndex,
    RuleText, Target, Version, code,
};
use crate::model::{PortSet, Transport};

/// A checked site file.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// The site's name.
    pub name: String,
    /// Region words, known to at least one document; `None` = every region.
    pub regions: Option<Vec<String>>,
    /// Documents in force; `None` = all.
    pub documents: Option<Vec<DocumentIndex>>,
    /// Day on which dated requirements are judged.
    pub as_of: Option<Date>,
    /// Day on which the vendor account was made.
    pub account_created: Option<Date>,
    /// Addresses by role.
    pub addresses: Vec<(RoleIndex, IpNet)>,
    /// Names by role.
    pub names: Vec<(RoleIndex, NamePattern)>,
    /// Switches.
    pub features: Vec<(FeatureIndex, bool)>,
    /// Versions of the site as a whole.
    pub versions: BTreeMap<String, Version>,
    /// Versions of single hosts.
    pub host_versions: BTreeMap<IpAddr, BTreeMap<String, Version>>,
    /// Names that people gave to hosts.
    pub host_names: BTreeMap<IpAddr, String>,
    /// Ports that replace those of a requirement.
    pub ports: Vec<(RequirementIndex, PortSet)>,
    /// Web proxies.
    pub proxies: Vec<Proxy>,
    /// What the site says of DNS that is not in clear.
    pub hidden: Hidden,
    /// Traffic to leave out.
    pub ignores: Vec<Ignore>,
}

/// What the site says of names that packets do not show.
#[derive(Clone, Debug, Default)]
pub struct Hidden {
    /// Whether DNS over TLS, HTTPS or QUIC to its own name servers stands for plain DNS.
    pub encrypted_dns: bool,
    /// Resolvers over HTTPS by address.
    pub resolver_networks: Vec<IpNet>,
    /// Resolvers over HTTPS by name.
    pub resolver_names: Vec<NamePattern>,
    /// Prefixes of address translation from IPv6 to IPv4.
    pub nat64: Vec<Ipv6Net>,
    /// Outer names of encrypted hellos.
    pub outer_names: Vec<NamePattern>,
}

/// A web proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address or addresses.
    pub network: IpNet,
    /// Its port; `None` = any.
    pub port: Option<u16>,
}

/// Traffic to leave out; an empty list leaves its part open.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    /// Why.
    pub about: String,
    /// Initiators.
    pub from: Vec<IpNet>,
    /// Responders' addresses.
    pub to_networks: Vec<IpNet>,
    /// Responders' names.
    pub to_names: Vec<NamePattern>,
    /// Destination ports.
    pub ports: PortSet,
    /// Transports.
    pub transport: Vec<Transport>,
}

/// Checks a site file against a library. Beside the site come warnings and notes, ascending by place.
///
/// # Errors
/// All problems of the file, where one of them is an error.
pub fn check_site(
    text: &RuleText,
    library: &Library,
) -> Result<(Site, Vec<Problem>), Vec<Problem>> {
    let mut problems = Problems::default();
    let source = SourceText::new(&text.name, &text.text);
    let site = Sections::parse(&source.text, &source, &mut problems).and_then(|mut sections| {
        let host = sections.list("host", &source, &mut problems);
        let ignore = sections.list("ignore", &source, &mut problems);
        let rest: SiteFile = sections.rest(&source, &mut problems)?;
        let file = SiteFile {
            host,
            ignore,
            ..rest
        };
        let roles = role_words(library);
        let features = library
            .features
            .iter()
            .enumerate()
            .map(|(i, f)| (f.key.clone(), FeatureIndex::at(i)))
            .collect();
        let values = Values {
            source: &source,
            problems: &mut problems,
            roles: &roles,
            features: &features,
        };
        Some(Checker { library, values }.site(&file))
    });
    match site {
        Some(site) if !problems.has_errors() => Ok((site, problems.finish())),
        _ => Err(problems.finish()),
    }
}

fn role_words(library: &Library) -> BTreeMap<String, RoleIndex> {
    let roles = library.roles.iter().enumerate();
    let names = roles.flat_map(|(i, r)| {
        std::iter::once(&r.name)
            .chain(&r.aliases)
            .map(move |w| (w.clone(), RoleIndex::at(i)))
    });
    names.collect()
}

struct Checker<'a, 'v> {
    library: &'a Library,
    values: Values<'v>,
}

impl Checker<'_, '_> {
    fn site(mut self, file: &SiteFile) -> Site {
        let mut site = Site {
            name: file.site.name.clone(),
            regions: file
                .site
                .region
                .as_ref()
                .and_then(|words| self.regions(words)),
            documents: file
                .site
                .documents
                .as_ref()
                .map(|words| self.documents(words)),
            as_of: file.site.as_of.as_ref().and_then(|d| self.values.date(d)),
            account_created: file
                .site
                .account_created
                .as_ref()
                .and_then(|d| self.values.date(d)),
            versions: self.versions(&file.versions),
            ..Site::default()
        };
        for (role, hosts) in &file.roles {
            self.bind(role, hosts, &mut site);
        }
        for (key, on) in &file.features {
            site.features
                .extend(self.values.feature(key, &key.span).map(|f| (f, *on)));
        }
        for host in &file.host {
            self.host(host, &mut site);
        }
        for (id, ports) in &file.ports {
            self.ports(id, ports, &mut site);
        }
        for proxy in &file.proxies.addresses {
            site.proxies.extend(self.proxy(proxy));
        }
        self.hidden(file, &mut site.hidden);
        for ignore in &file.ignore {
            site.ignores.extend(self.ignore(ignore));
        }
        self.unbound(&site);
        site
    }

    fn regions(&mut self, words: &Placed<OneOrMany<String>>) -> Option<Vec<String>> {
        let known = self.library.region_words();
        let mut out = Vec::new();
        for (word, span) in words.entries(&words.span) {
            if word.eq_ignore_ascii_case("all") {
                return None;
            }
            if known.iter().any(|k| k.eq_ignore_ascii_case(word)) {
                out.push(word.clone());
            } else {
                let hint = did_you_mean(word, known.iter().copied())
                    .or_else(|| Some(format!("known: {}", known.join(", "))));
                self.values.error(
                    code::UNKNOWN_REGION,
                    &span,
                    format!("no document knows the region `{word}`"),
                    hint,
                );
            }
        }
        Some(out).filter(|o| !o.is_empty())
    }

    fn documents(&mut self, words: &Placed<OneOrMany<String>>) -> Vec<DocumentIndex> {
        let mut out = Vec::new();
        for (word, span) in words.entries(&words.span) {
            match self.library.documents.iter().position(|d| d.id == *word) {
                Some(at) => out.push(DocumentIndex::at(at)),
                None => {
                    let hint =
                        did_you_mean(word, self.library.documents.iter().map(|d| d.id.as_str()));
                    self.values.error(
                        code::UNKNOWN_DOCUMENT,
                        &span,
                        format!("the document `{word}` is not loaded"),
                        hint,
                    );
                }
            }
        }
        out
    }

    fn role(&mut self, word: &Placed<String>) -> Option<RoleIndex> {
        let role = self.values.role(word, &word.span)?;
        let name = self.library.role_name(role);
        if name != word.value {
            let message = format!("`{}` is the role `{name}`", word.value);
            self.values.problems.note(
                self.values.source,
                code::ALIAS_USED,
                word.span.clone(),
                message,
                None,
            );
        }
        Some(role)
    }

    fn bind(&mut self, word: &Placed<String>, hosts: &Placed<OneOrMany<String>>, site: &mut Site) {
        let Some(role) = self.role(word) else { return };
        for (host, span) in hosts.entries(&hosts.span) {
            match self.values.host(host, &span) {
                Some(Target::Network(network)) => site.addresses.push((role, network)),
                Some(Target::Name(name)) => site.names.push((role, name)),
                Some(_) => self.placeholder(&span),
                None => {}
            }
        }
    }

    fn versions(
        &mut self,
        texts: &BTreeMap<Placed<String>, Placed<String>>,
    ) -> BTreeMap<String, Version> {
        let known = version_components(self.library);
        let mut out = BTreeMap::new();
        for (of, version) in texts {
            if !known.contains(&of.as_str()) {
                let hint = did_you_mean(of, known.iter().copied())
                    .or_else(|| Some(format!("asked for: {}", known.join(", "))));
                self.values.warning(
                    code::UNKNOWN_COMPONENT,
                    &of.span,
                    format!("no requirement asks for the version of `{}`", of.value),
                    hint,
                );
            }
            if let Some(version) = self.values.version(version) {
                out.insert(of.value.clone(), version);
            }
        }
        out
    }

    fn host(&mut self, text: &HostText, site: &mut Site) {
        let Some(network) = self.values.network(&text.address, &text.address.span) else {
            return;
        };
        if network.prefix_len() != network.max_prefix_len() {
            let message = format!(
                "`{}` is a network, and a host has one address",
                text.address.value
            );
            self.values
                .error(code::BAD_ADDRESS, &text.address.span, message, None);
            return;
        }
        for role in &text.roles {
            site.addresses.extend(self.role(role).map(|r| (r, network)));
        }
        let address = canonical(network.addr());
        let versions = self.versions(&text.versions);
        site.host_versions
            .entry(address)
            .or_default()
            .extend(versions);
        if !text.name.is_empty() {
            site.host_names.insert(address, text.name.clone());
        }
    }

    fn ports(&mut self, id: &Placed<String>, ports: &Placed<OneOrMany<PortText>>, site: &mut Site) {
        let rows: Vec<_> = self.library.rows(id).collect();
        if rows.is_empty() {
            let hint = did_you_mean(id, self.library.requirements.iter().map(|r| r.id.as_str()));
            self.values.error(
                code::UNKNOWN_REQUIREMENT,
                &id.span,
                format!("the requirement `{}` is not loaded", id.value),
                hint,
            );
        }
        if ports.is_empty() {
            self.values.error(
                code::BAD_PORT,
                &ports.span,
                "an override needs at least one port",
                None,
            );
            return;
        }
        let set = self.values.ports(ports);
        if rows.iter().any(|r| {
            self.library
                .requirement(*r)
                .is_some_and(|r| !r.configurable_port)
        }) {
            let message = format!(
                "the page does not say that the port of `{}` can be changed",
                id.value
            );
            self.values
                .warning(code::PORT_NOT_CONFIGURABLE, &id.span, message, None);
        }
        site.ports
            .extend(rows.into_iter().map(|row| (row, set.clone())));
    }

    fn proxy(&mut self, text: &Placed<String>) -> Option<Proxy> {
        if let Ok(with_port) = text.parse::<std::net::SocketAddr>() {
            let network = IpNet::from(canonical(with_port.ip()));
            return Some(Proxy {
                network,
                port: Some(with_port.port()).filter(|p| *p > 0),
            });
        }
        self.values.network(text, &text.span).map(|network| Proxy {
            network,
            port: None,
        })
    }

    fn hidden(&mut self, file: &SiteFile, hidden: &mut Hidden) {
        hidden.encrypted_dns = file.dns.encrypted;
        for resolver in &file.dns.https_resolvers {
            match self.values.host(resolver, &resolver.span) {
                Some(Target::Network(network)) => hidden.resolver_networks.push(network),
                Some(Target::Name(name)) => hidden.resolver_names.push(name),
                Some(_) => self.placeholder(&resolver.span),
                None => {}
            }
        }
        for prefix in &file.dns.nat64 {
            match self.values.network(prefix, &prefix.span) {
                Some(IpNet::V6(network)) if is_translation_prefix(network.prefix_len()) => {
                    hidden.nat64.push(network);
                }
                Some(_) => {
                    let message = format!(
                        "`{}` is no prefix that IPv4 addresses stand under",
                        prefix.value
                    );
                    let hint = "an IPv6 network of /32, /40, /48, /56, /64 or /96 (RFC 6052), such as 64:ff9b::/96";
                    self.values
                        .error(code::BAD_ADDRESS, &prefix.span, message, hint.to_owned());
                }
                None => {}
            }
        }
        for name in &file.ech.outer_names {
            match self.values.host(name, &name.span) {
                Some(Target::Name(pattern)) => hidden.outer_names.push(pattern),
                Some(Target::Network(_)) => {
                    let message = format!(
                        "`{}` is an address, and an outer name is a name",
                        name.value
                    );
                    self.values
                        .error(code::BAD_ADDRESS, &name.span, message, None);
                }
                Some(_) => self.placeholder(&name.span),
                None => {}
            }
        }
    }

    fn placeholder(&mut self, span: &std::ops::Range<usize>) {
        let message = "a site file names its own hosts: no placeholder can stand here";
        self.values.error(code::BAD_WILDCARD, span, message, None);
    }

    fn ignore(&mut self, text: &Placed<IgnoreText>) -> Option<Ignore> {
        let mut ignore = Ignore {
            about: text.about.value.clone(),
            ..Ignore::default()
        };
        if let Some(from) = &text.from {
            for (network, span) in from.entries(&from.span) {
                ignore.from.extend(self.values.network(network, &span));
            }
        }
        if let Some(to) = &text.to {
            for (host, span) in to.entries(&to.span) {
                match self.values.host(host, &span) {
                    Some(Target::Network(network)) => ignore.to_networks.push(network),
                    Some(Target::Name(name)) => ignore.to_names.push(name),
                    _ => {}
                }
            }
        }
        ignore.ports = text
            .port
            .as_ref()
            .map(|p| self.values.ports(p))
            .unwrap_or_default();
        ignore.transport = text.transport.as_ref().map(transports).unwrap_or_default();
        if text.from.is_none()
            && text.to.is_none()
            && text.port.is_none()
            && text.transport.is_none()
        {
            self.values.error(
                code::MISSING_KEY,
                &text.span,
                "this would leave out all traffic",
                "give `from`, `to`, `port` or `transport`".to_owned(),
            );
            return None;
        }
        Some(ignore)
    }

    /// Notes what only the site can bind and does not.
    fn unbound(&mut self, site: &Site) {
        let start = 0..0;
        // After an address that could not be read, "nothing" would be the wrong word.
        if site.addresses.is_empty() && !self.values.problems.has_errors() {
            let message = "no role has an address: the file says of no host what it is";
            self.values.warning(
                code::SITE_BINDS_NOTHING,
                &start,
                message,
                "add [roles], for example agent = [\"10.0.0.0/8\"]; without a site file every private address is audited as every role".to_owned(),
            );
        }
        for (at, role) in self
            .library
            .roles
            .iter()
            .enumerate()
            .filter(|(_, r)| r.placeholder)
        {
            let bound = site
                .names
                .iter()
                .map(|(r, _)| r)
                .chain(site.addresses.iter().map(|(r, _)| r))
                .any(|r| r.index() == at);
            if !bound {
                let message = format!(
                    "the placeholder role `{}` is not bound: its requirements cannot be audited",
                    role.name
                );
                self.values.problems.note(
                    self.values.source,
                    code::PLACEHOLDER_UNBOUND,
                    start.clone(),
                    message,
                    None,
                );
            }
        }
    }
}

/// Lengths of prefixes under which IPv4 addresses stand (RFC 6052 section 2.2).
const fn is_translation_prefix(length: u8) -> bool {
    matches!(length, 32 | 40 | 48 | 56 | 64 | 96)
}

/// What conditions ask the version of, ascending.
fn version_components(library: &Library) -> Vec<&str> {
    fn gather<'a>(condition: &'a Condition, out: &mut Vec<&'a str>) {
        match condition {
            Condition::Version { of, .. } => out.push(of),
            Condition::Any(list) | Condition::All(list) => list.iter().for_each(|c| gather(c, out)),
            Condition::Not(inner) => gather(inner, out),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for condition in library
        .documents
        .iter()
        .flat_map(|d| &d.when)
        .chain(library.requirements.iter().flat_map(|r| &r.when))
    {
        gather(condition, &mut out);
    }
    out.sort_unstable();
    out.dedup();
    out
}
