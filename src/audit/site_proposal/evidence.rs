//! What a capture shows of who is in which role.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::judge::{FlowTarget, aim};
use crate::model::{Fqdn, Transport, is_group};
use crate::observe::{App, Capture, EventKind, Flow, NameSource};
use crate::report::counted;
use crate::rules::{
    Library, Requirement, RoleIndex, RuleSet, Scratch, Source, Subject, Target, Via,
};

/// Services that a role's name tells of by itself: role names or aliases, ports, and whether they answer over UDP.
const SERVICES: [(&[&str], &[u16], bool); 3] = [
    (&["dns-server"], &[53], true),
    (&["ntp-server"], &[123], true),
    (
        &["siem-server", "siem", "syslog-server"],
        &[514, 6514],
        false,
    ),
];

/// Ports that so many services use that one of them alone says nothing of a role.
const COMMON_PORTS: [u16; 6] = [22, 80, 443, 445, 8080, 8443];

/// Ports on which forward proxies listen as a rule.
const PROXY_PORTS: [u16; 8] = [1080, 3128, 3129, 3130, 8080, 8118, 8443, 8888];

/// Why a host is thought to be in a role.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// Flows that say so.
    pub(super) flows: u64,
    clients: BTreeSet<IpAddr>,
    services: BTreeSet<(u16, Transport)>,
    names: BTreeSet<Fqdn>,
    requirements: BTreeSet<String>,
    /// Names that a row of this role lists as they stand, not by a wildcard.
    exact: BTreeSet<Fqdn>,
    /// Roles from which the rows start that list it.
    from: BTreeSet<RoleIndex>,
    /// Whether it ever answered.
    answered: bool,
    first: Option<u64>,
    /// The address that is known to be in the role, where this one has its card.
    same_card: Option<IpAddr>,
}

impl Evidence {
    /// In words, with figures.
    pub(super) fn words(&self) -> String {
        let mut parts = vec![counted(self.flows, "flow")];
        if let Some(known) = self.same_card {
            parts.push(format!("from the same card (MAC address) as {known}"));
        }
        if !self.clients.is_empty() {
            parts.push(format!(
                "from {}",
                counted(self.clients.len() as u64, "host")
            ));
        }
        if !self.services.is_empty() {
            let services: Vec<String> = self
                .services
                .iter()
                .take(4)
                .map(|(p, t)| format!("{p}/{t}"))
                .collect();
            parts.push(format!("to {}", services.join(", ")));
        }
        if let Some(name) = self.names.first() {
            let more = self.names.len() - 1;
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            parts.push(format!("to listed names: {name}{more}"));
        }
        if let Some(requirement) = self.requirements.first() {
            let more = self.requirements.len() - 1;
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            parts.push(format!("[{requirement}{more}]"));
        }
        if let Some(first) = self.first {
            parts.push(format!("first frame {first}"));
        }
        parts.join(" ")
    }

    fn add(&mut self, flow: &Flow, capture: &Capture) {
        let number = capture.number(flow.span.0);
        self.flows += 1;
        self.first = Some(self.first.map_or(number, |first| first.min(number)));
    }

    fn service(&mut self, flow: &Flow, capture: &Capture) {
        self.add(flow, capture);
        self.clients.insert(flow.initiator.ip);
        self.services.insert((flow.responder.port, flow.transport));
    }
}

/// Hosts by role.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    /// Sure enough for a line.
    pub(super) sure: BTreeMap<RoleIndex, BTreeMap<IpAddr, Evidence>>,
    /// Good for a comment.
    pub(super) perhaps: BTreeMap<RoleIndex, BTreeMap<IpAddr, Evidence>>,
    /// Whether any host went to a listed name, and so has a role from which flows are opened.
    pub(super) any_source: bool,
    /// Forward proxies.
    pub(super) proxies: BTreeMap<SocketAddr, Evidence>,
}

type ByRole = BTreeMap<RoleIndex, Evidence>;

/// Who could be in which role, by the flows that rows match.
struct Hosts<'a> {
    capture: &'a Capture,
    library: &'a Library,
    sources: BTreeMap<IpAddr, ByRole>,
    servers: BTreeMap<(IpAddr, u16, Transport), ByRole>,
}

impl Hosts<'_> {
    /// Takes the rows that match a flow, which reached for `port`.
    fn take(&mut self, flow: &Flow, covers: &[(Via, &Requirement)], proxied: bool, port: u16) {
        // A flow counts once for a role, however many rows list it.
        let mut as_server: BTreeSet<RoleIndex> = BTreeSet::new();
        let mut as_source: BTreeSet<RoleIndex> = BTreeSet::new();
        for (via, row) in covers {
            match via {
                // On whatever port the site's own proxy listens: on most that tells of nobody.
                Via::Role { .. }
                    if (row.example_port || row.ports.is_empty())
                        && !PROXY_PORTS.contains(&port) => {}
                Via::Role { role } if is_meant(flow) && !proxied => {
                    let key = (flow.responder.ip, flow.responder.port, flow.transport);
                    let by_role = self.servers.entry(key).or_default();
                    let evidence = by_role.entry(*role).or_default();
                    evidence.requirements.insert(row.id.clone());
                    evidence.from.extend(inside(&row.from, self.library));
                    evidence.answered |= flow.back.packets > 0;
                    if as_server.insert(*role) {
                        evidence.service(flow, self.capture);
                    }
                    if !COMMON_PORTS.contains(&key.1) && !is_service(key.1) {
                        self.take_source(flow, row, None, &mut as_source);
                    }
                }
                Via::Name { fqdn, .. } => self.take_source(flow, row, Some(fqdn), &mut as_source),
                _ => {}
            }
        }
    }

    /// That the initiator of a flow did what a row says of its sources, to a name that the row lists.
    fn take_source(
        &mut self,
        flow: &Flow,
        row: &Requirement,
        name: Option<&Fqdn>,
        as_source: &mut BTreeSet<RoleIndex>,
    ) {
        for role in inside(&row.from, self.library) {
            let by_role = self.sources.entry(flow.initiator.ip).or_default();
            let evidence = by_role.entry(role).or_default();
            evidence.requirements.insert(row.id.clone());
            if let Some(fqdn) = name {
                if lists_exactly(row, fqdn) {
                    evidence.exact.insert(fqdn.clone());
                }
                evidence.names.insert(fqdn.clone());
            }
            if as_source.insert(role) {
                evidence.add(flow, self.capture);
            }
        }
    }
}

impl Sightings {
    /// Looks at every flow once. `rules` are compiled for the default profile, in which every private address is in
    /// every role, so that a match says which roles an end could have.
    pub(super) fn of(capture: &Capture, rules: &RuleSet) -> Self {
        let library = rules.library();
        let mut scratch = Scratch::default();
        let mut out = Self::default();
        let mut hosts = Hosts {
            capture,
            library,
            sources: BTreeMap::new(),
            servers: BTreeMap::new(),
        };
        for flow in capture
            .flows
            .iter()
            .filter(|flow| flow.transport.has_ports())
        {
            let proxied = out.proxy(flow, capture);
            if !proxied {
                out.known_service(flow, capture, library);
            }
            let aim = aim(flow, rules.profile());
            let covers = covers(flow, &aim, rules, &mut scratch);
            hosts.take(flow, &covers, proxied, aim.port);
        }
        let Hosts {
            sources, servers, ..
        } = hosts;
        out.any_source = !sources.is_empty();
        out.settle_sources(sources, library);
        out.settle_servers(servers, library);
        out.other_addresses(capture);
        out.perhaps.retain(|role, hosts| {
            let sure = out.sure.get(role);
            hosts.retain(|ip, _| sure.is_none_or(|sure| !sure.contains_key(ip)));
            !hosts.is_empty()
        });
        out
    }

    /// Other addresses of a host that opens flows are in its roles too, whatever they were used for.
    fn other_addresses(&mut self, capture: &Capture) {
        let cards = capture.links.same_card();
        if cards.is_empty() {
            return;
        }
        let mut opened: BTreeMap<IpAddr, Vec<&Flow>> = BTreeMap::new();
        for flow in capture
            .flows
            .iter()
            .filter(|f| cards.contains_key(&f.initiator.ip))
        {
            opened.entry(flow.initiator.ip).or_default().push(flow);
        }
        let placed = |ip: &IpAddr| self.sure.values().any(|hosts| hosts.contains_key(ip));
        let mut found: Vec<(RoleIndex, IpAddr, Evidence)> = Vec::new();
        for (role, hosts) in &self.sure {
            let hosts = hosts
                .iter()
                .filter(|(_, evidence)| !evidence.names.is_empty());
            for (known, _) in hosts {
                let others = cards.get(known).into_iter().flatten();
                for other in others.filter(|ip| !placed(ip)) {
                    let mut evidence = Evidence {
                        same_card: Some(*known),
                        ..Evidence::default()
                    };
                    let flows = opened.get(other).into_iter().flatten();
                    flows.for_each(|flow| evidence.add(flow, capture));
                    found.push((*role, *other, evidence));
                }
            }
        }
        for (role, ip, evidence) in found {
            self.sure.entry(role).or_default().insert(ip, evidence);
        }
    }

    /// Whether the flow goes to a forward proxy.
    fn proxy(&mut self, flow: &Flow, capture: &Capture) -> bool {
        let connect = flow
            .names
            .iter()
            .any(|name| name.source == NameSource::HttpConnect);
        let usual = matches!(flow.responder.port, 3128 | 8080) && flow.app.has(App::HTTP);
        if connect || usual {
            let at = SocketAddr::new(flow.responder.ip, flow.responder.port);
            self.proxies.entry(at).or_default().service(flow, capture);
        }
        connect || usual
    }

    /// Name, time and log servers are what they are also where they are no private addresses.
    fn known_service(&mut self, flow: &Flow, capture: &Capture, library: &Library) {
        let to = flow.responder;
        let known = SERVICES
            .iter()
            .find(|(_, ports, _)| ports.contains(&to.port));
        let Some((words, _, answers)) = known else {
            return;
        };
        let group = is_group(to.ip);
        if group || (*answers || flow.transport == Transport::Tcp) && flow.back.packets == 0 {
            return;
        }
        if let Some(role) = words.iter().find_map(|word| library.role(word)) {
            let hosts = self.sure.entry(role).or_default();
            hosts.entry(to.ip).or_default().service(flow, capture);
        }
    }

    /// A host is in the role of which it uses the most rows; where two are equal, in the more general one. The other
    /// roles are told as comments only where they have rows of their own.
    fn settle_sources(&mut self, sources: BTreeMap<IpAddr, ByRole>, library: &Library) {
        for (ip, roles) in sources {
            let general = |role: &RoleIndex| {
                library
                    .roles
                    .get(role.index())
                    .map_or(0, |r| r.is_a.iter().count())
            };
            let own: BTreeMap<RoleIndex, usize> = roles
                .keys()
                .map(|role| (*role, exclusive(*role, &roles, library)))
                .collect();
            let mut ranked: Vec<(RoleIndex, Evidence)> = roles.into_iter().collect();
            ranked.sort_by_key(|(role, e)| {
                (
                    std::cmp::Reverse(own.get(role).copied()),
                    std::cmp::Reverse(e.requirements.len()),
                    general(role),
                    *role,
                )
            });
            let mut ranked = ranked.into_iter();
            let Some((best, evidence)) = ranked.next() else {
                continue;
            };
            let used = evidence.requirements.clone();
            self.sure.entry(best).or_default().insert(ip, evidence);
            for (role, evidence) in ranked.filter(|(_, e)| !e.requirements.is_subset(&used)) {
                self.perhaps.entry(role).or_default().insert(ip, evidence);
            }
        }
    }

    /// A server is in a role for sure where its port is listed for one role only and is no port that all the world
    /// uses.
    fn settle_servers(
        &mut self,
        servers: BTreeMap<(IpAddr, u16, Transport), ByRole>,
        library: &Library,
    ) {
        let sources = self.sure.clone();
        for ((ip, port, _), roles) in servers {
            let sure = roles.len() == 1 && !COMMON_PORTS.contains(&port);
            for (role, evidence) in roles {
                if is_service(port) {
                    continue; // told by `known_service`
                }
                // Who never answered may be what it was taken for, or nobody at all.
                let sure = sure && evidence.answered;
                // Who is surely something else than the rows are for shows that it is not this.
                let stranger = |client: &IpAddr| {
                    let mut own = sources
                        .iter()
                        .filter(|(_, hosts)| hosts.contains_key(client));
                    let fits = |(role, _): (&RoleIndex, _)| {
                        let is_a = library.roles.get(role.index()).map(|role| &role.is_a);
                        is_a.is_some_and(|is_a| {
                            evidence.from.iter().any(|from| is_a.contains(*from))
                        })
                    };
                    own.clone().next().is_some() && !own.any(fits)
                };
                if !sure && !evidence.from.is_empty() && evidence.clients.iter().any(stranger) {
                    continue;
                }
                let list = if sure {
                    &mut self.sure
                } else {
                    &mut self.perhaps
                };
                let known = list.entry(role).or_default().entry(ip).or_default();
                known.flows += evidence.flows;
                known.clients.extend(&evidence.clients);
                known.services.extend(&evidence.services);
                known.requirements.extend(evidence.requirements);
                known.first = [known.first, evidence.first].into_iter().flatten().min();
            }
        }
    }
}

/// Whether a flow tells what its initiator took the responder for: it was answered, or on a port that few services use
/// its SYN was sent again, as a program does and a scan does not.
fn is_meant(flow: &Flow) -> bool {
    let port = flow.responder.port;
    let again = flow.transport == Transport::Tcp
        && !COMMON_PORTS.contains(&port)
        && !is_service(port)
        && flow.events_of(EventKind::Syn, true).count() > 1;
    flow.back.packets > 0 || again
}

fn is_service(port: u16) -> bool {
    SERVICES.iter().any(|(_, ports, _)| ports.contains(&port))
}

/// Whether a row prints a name as it stands.
fn lists_exactly(row: &Requirement, name: &Fqdn) -> bool {
    row.to.iter().any(|to| match &to.target {
        Target::Name(pattern) => pattern.as_str() == name.as_str(),
        _ => false,
    })
}

/// How many of the names that a role's rows print are printed for no unrelated role: they tell what a host is.
fn exclusive(role: RoleIndex, roles: &ByRole, library: &Library) -> usize {
    let is_a = |a: RoleIndex, b: RoleIndex| {
        library
            .roles
            .get(a.index())
            .is_some_and(|a| a.is_a.contains(b))
    };
    let strangers = || {
        roles
            .iter()
            .filter(move |(other, _)| !is_a(**other, role) && !is_a(role, **other))
    };
    let Some(own) = roles.get(&role) else {
        return 0;
    };
    let only = |name: &&Fqdn| !strangers().any(|(_, e)| e.exact.contains(*name));
    own.exact.iter().filter(only).count()
}

/// The rows that cover a flow, and by what.
fn covers<'r>(
    flow: &Flow,
    aim: &FlowTarget,
    rules: &'r RuleSet,
    scratch: &mut Scratch,
) -> Vec<(Via, &'r crate::rules::Requirement)> {
    let names: Vec<&Fqdn> = aim.names.iter().collect();
    let subject = Subject {
        initiator: flow.initiator.ip,
        responder: flow.responder.ip,
        port: aim.port,
        transport: flow.transport,
        names: &names,
        path: None,
        time: flow.span.0.time,
    };
    let covers = rules.assess(&subject, scratch).covers;
    let rows = covers
        .into_iter()
        .map(|cover| (cover.via, rules.library().requirement(cover.requirement)));
    rows.filter_map(|(via, row)| Some((via, row.filter(|row| !row.deny)?)))
        .collect()
}

/// Roles of the site that a row starts from.
fn inside<'a>(from: &'a [Source], library: &'a Library) -> impl Iterator<Item = RoleIndex> + 'a {
    from.iter().filter_map(|source| match source {
        Source::Role(role) if library.roles.get(role.index()).is_some_and(|r| !r.external) => {
            Some(*role)
        }
        _ => None,
    })
}
