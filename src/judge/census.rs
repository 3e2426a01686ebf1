//! How hosts have their names, and where packets do not show them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use foldhash::{HashMap, HashSet};

use super::attempt::AttemptOutcome;
use super::encrypted_dns::EncryptedDns;
use super::evidence::Stage;
use super::flow_verdict::FlowVerdict;
use super::hosts::Hosts;
use super::scope::OutOfScope;
use super::shade::{Shade, is_older};
use super::whole::AskedNames;
use crate::model::{CaptureTime, Endpoint, Merge, PortSet, Transport, words};
use crate::observe::{App, Capture, Flow, NameSource};
use crate::rules::{Requirement, RuleSet, Source, Target};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

/// The most names of responders that are kept of one way: the lowest.
const MOST_RESPONDERS: usize = 4;

/// So many connections must go to one place before that place is suspected to be a proxy.
const ALL_TO_ONE: usize = 3;

words! {
    /// A way to have names, or to hide them.
    pub enum NameWay {
        /// Lookups in clear, to name servers that a requirement covers.
        Dns = "dns",
        /// Lookups in clear, to other name servers.
        DnsElsewhere = "dns_elsewhere",
        /// DNS over TLS.
        DnsOverTls = "dns_over_tls",
        /// DNS over QUIC.
        DnsOverQuic = "dns_over_quic",
        /// DNS over HTTPS, to a resolver that is known, told, or the site's own.
        DnsOverHttps = "dns_over_https",
        /// A server over TLS after whose answers connections go to names that nobody asked for in clear.
        LikelyDnsOverHttps = "likely_dns_over_https",
        /// TLS to a proxy: what is behind it is not visible.
        TlsProxy = "tls_proxy",
        /// A proxy of the site that is not reached: what is meant for it never shows.
        UnreachedProxy = "unreached_proxy",
        /// Everything that a host says goes over TLS to one server that is on no list.
        LikelyProxy = "likely_proxy",
        /// TLS or QUIC whose hello names no server, at an address that has no name.
        NamelessTls = "tls_without_name",
        /// An encrypted hello, the name in clear being an outer one.
        EncryptedHello = "encrypted_hello",
        /// Connections from before the capture, which say no name any more.
        OlderThanCapture = "older_than_capture",
        /// Connections to names, in a capture without a single lookup.
        NoLookupSeen = "no_lookup_seen",
    }
}

impl NameWay {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::Dns => word!(way_dns, "DNS in clear"),
            Self::DnsElsewhere => {
                word!(way_dns_elsewhere, "DNS in clear to name servers on no list")
            }
            Self::DnsOverTls => word!(way_dot, "DNS over TLS"),
            Self::DnsOverQuic => word!(way_doq, "DNS over QUIC"),
            Self::DnsOverHttps => word!(way_doh, "DNS over HTTPS"),
            Self::LikelyDnsOverHttps => {
                word!(way_likely_doh, "what looks like DNS over HTTPS")
            }
            Self::TlsProxy => word!(way_tls_proxy, "a proxy over TLS"),
            Self::UnreachedProxy => word!(
                way_unreached_proxy,
                "a proxy of the site that it does not reach"
            ),
            Self::LikelyProxy => word!(
                way_likely_proxy,
                "one server over TLS, as if it were a proxy"
            ),
            Self::NamelessTls => word!(way_nameless_tls, "TLS without a name"),
            Self::EncryptedHello => word!(way_ech, "encrypted hellos (ECH)"),
            Self::OlderThanCapture => word!(way_older, "connections from before the capture"),
            Self::NoLookupSeen => word!(
                way_no_lookup,
                "connections without any lookup in the capture"
            ),
        }
    }

    /// Whether names that a host has so are not visible, or may not be. Of connections that say a name nothing is hidden
    /// but what was asked for and not tried.
    #[must_use]
    pub const fn hides(self) -> bool {
        !matches!(self, Self::Dns | Self::DnsElsewhere | Self::NoLookupSeen)
    }

    /// Whether it hides what is asked for, and not only single connections.
    const fn hides_lookups(self) -> bool {
        !matches!(
            self,
            Self::Dns
                | Self::DnsElsewhere
                | Self::NamelessTls
                | Self::EncryptedHello
                | Self::OlderThanCapture
        )
    }

    const fn of(dns: EncryptedDns) -> Self {
        match dns {
            EncryptedDns::Tls => Self::DnsOverTls,
            EncryptedDns::Quic => Self::DnsOverQuic,
            EncryptedDns::Https => Self::DnsOverHttps,
        }
    }
}

/// How often a way was gone, and to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// Lookups, or connections.
    pub count: u64,
    /// Names of responders, or addresses where they have none: the lowest.
    pub responders: BTreeSet<String>,
    /// Ports and transports of connections that may be for any name.
    ports: BTreeSet<(u16, Transport)>,
}

/// How the site's hosts have their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// By host and way.
    pub hosts: BTreeMap<IpAddr, BTreeMap<NameWay, Gone>>,
    /// By host: the servers of which only its whole traffic shows what they are.
    suspects: BTreeMap<(IpAddr, Endpoint), NameWay>,
}

impl Census {
    /// Counts all lookups and flows of the audited hosts of a share. `asked_names` are those
    /// that all hosts of the capture asked for.
    pub(super) fn of(
        capture: &Capture,
        flows: &[FlowVerdict],
        hosts: &Hosts,
        asked_names: &AskedNames<'_>,
        rules: &RuleSet,
    ) -> Self {
        let mut census = Self::default();
        let audited = || {
            let all = capture.flows.iter().zip(flows);
            all.filter(|(_, v)| {
                let seen = matches!(v.out_of_scope, None | Some(OutOfScope::HiddenByProxy));
                seen && rules.profile().is_audited(v.host)
            })
        };
        let by_name = NamedPorts::of(rules);
        let mut unheard_dns = Vec::new();
        let mut servers: HashSet<(IpAddr, IpAddr)> = HashSet::default();
        for (flow, verdict) in audited() {
            if flow.app.has(App::DNS) && !verdict.coverage.covers.is_empty() {
                servers.insert((verdict.host, flow.responder.ip));
            }
            let unheard =
                flow.back.packets == 0 || matches!(verdict.went, AttemptOutcome::Failed(_));
            if let (Some(dns), true) = (verdict.dns, unheard) {
                unheard_dns.push((flow, verdict, NameWay::of(dns)));
            } else if let Some(way) = way(flow, verdict, &by_name) {
                // What may be inside is known by DNS, and covered.
                let told = way == NameWay::EncryptedHello && !verdict.aim.inner.is_empty();
                let open = !way.hides_lookups() && !told;
                census.note(verdict.host, way, flow, verdict, open);
            }
        }
        let mut asked: HashMap<(IpAddr, IpAddr), u64> = HashMap::default();
        for transaction in &capture.dns {
            let client = hosts.host(transaction.client.ip);
            if transaction.server.port != 53 || !rules.profile().is_audited(client) {
                continue;
            }
            *asked.entry((client, transaction.server.ip)).or_default() += 1;
        }
        for ((client, server), count) in asked {
            let way = match servers.contains(&(client, server)) {
                true => NameWay::Dns,
                false => NameWay::DnsElsewhere,
            };
            let gone = census.gone(client, way);
            gone.count += count;
            gone.to(&server.to_string());
        }
        // A way that fails hides nothing of a host that has another; of one that has none, what it would have asked.
        for (flow, verdict, way) in unheard_dns {
            if !census.asks(verdict.host) {
                census.note(verdict.host, way, flow, verdict, false);
            }
        }
        census.suspect(capture, asked_names, audited().collect());
        census
    }

    /// Whether a host asks DNS in clear.
    pub(super) fn asks(&self, host: IpAddr) -> bool {
        let ways = self.hosts.get(&host);
        ways.is_some_and(|ways| {
            ways.contains_key(&NameWay::Dns) || ways.contains_key(&NameWay::DnsElsewhere)
        })
    }

    fn gone(&mut self, host: IpAddr, way: NameWay) -> &mut Gone {
        self.hosts.entry(host).or_default().entry(way).or_default()
    }

    fn note(&mut self, host: IpAddr, way: NameWay, flow: &Flow, verdict: &FlowVerdict, open: bool) {
        let gone = self.gone(host, way);
        gone.count += 1;
        match flow.said_names().next() {
            Some(name) => gone.to(name.fqdn.as_str()),
            None => gone.to(&flow.responder.ip.to_string()),
        }
        if open {
            gone.ports.insert((verdict.aim.port, flow.transport));
        }
    }

    /// What only the whole of a host's traffic shows.
    fn suspect(
        &mut self,
        capture: &Capture,
        asked: &AskedNames<'_>,
        audited: Vec<(&Flow, &FlowVerdict)>,
    ) {
        let mut by_host: BTreeMap<IpAddr, Vec<(&Flow, &FlowVerdict)>> = BTreeMap::new();
        for (flow, verdict) in audited {
            let connects = matches!(flow.transport, Transport::Tcp) || flow.app.has(App::QUIC);
            if connects && !flow.app.has(App::DNS) {
                by_host
                    .entry(verdict.host)
                    .or_default()
                    .push((flow, verdict));
            }
        }
        for (host, flows) in by_host {
            let known = self.hosts.get(&host);
            if known.is_some_and(|ways| ways.keys().any(|way| way.hides_lookups())) {
                continue;
            }
            // A proxy in clear is told the names.
            let named = |(flow, verdict): &&(&Flow, &FlowVerdict)| {
                let said = flow.said_names().next();
                said.is_some_and(|name| name.source != NameSource::HttpConnect)
                    && !verdict.aim.proxied
            };
            if asked.is_empty() {
                for (flow, verdict) in flows.iter().filter(named) {
                    self.note(host, NameWay::NoLookupSeen, flow, verdict, false);
                }
            } else if let Some((flow, verdict, count)) = only_server(&flows)
                .filter(|(flow, verdict, _)| asks_no_other(capture, flow, verdict))
            {
                self.note(host, NameWay::LikelyProxy, flow, verdict, false);
                let at = (host, flow.responder);
                self.suspects.insert(at, NameWay::LikelyProxy);
                self.gone(host, NameWay::LikelyProxy).count = count;
            } else if let Some((flow, verdict)) = likely_resolver(&flows, asked) {
                self.note(host, NameWay::LikelyDnsOverHttps, flow, verdict, false);
                let at = (host, flow.responder);
                self.suspects.insert(at, NameWay::LikelyDnsOverHttps);
            }
        }
    }

    /// Why a requirement's names may be there without being seen: a host that may open its flows, and the way.
    pub(super) fn hides(
        &self,
        row: &Requirement,
        rules: &RuleSet,
    ) -> Option<(IpAddr, NameWay, &Gone)> {
        let ports = |gone: &Gone| {
            gone.ports.iter().any(|(port, transport)| {
                (row.ports.is_empty() || row.ports.contains(*port))
                    && (row.transport.is_empty() || row.transport.contains(transport))
            })
        };
        let hosts = self
            .hosts
            .iter()
            .filter(|(host, _)| may_open(**host, row, rules));
        let mut ways =
            hosts.flat_map(|(host, ways)| ways.iter().map(|(way, gone)| (*host, *way, gone)));
        ways.find(|(_, way, gone)| way.hides_lookups() || way.hides() && ports(gone))
    }

    /// The way by which what a host asks is hidden, and to whom it goes.
    pub(super) fn hides_lookups_of(&self, host: IpAddr) -> Option<(NameWay, String)> {
        let mut ways = self.hosts.get(&host)?.iter();
        let (way, gone) = ways.find(|(way, _)| way.hides_lookups())?;
        let to: Vec<&str> = gone.responders.iter().map(String::as_str).collect();
        Some((*way, to.join(", ")))
    }

    /// What a server on no list seems to be to a host, where that would hide its names.
    pub(super) fn suspect_at(&self, host: IpAddr, server: Endpoint) -> Option<NameWay> {
        self.suspects.get(&(host, server)).copied()
    }

    /// Hosts whose names are hidden, with the ways, ascending.
    pub fn hidden(&self) -> impl Iterator<Item = (IpAddr, Vec<NameWay>)> {
        self.hosts.iter().filter_map(|(host, ways)| {
            let ways: Vec<NameWay> = ways.keys().copied().filter(|way| way.hides()).collect();
            (!ways.is_empty()).then_some((*host, ways))
        })
    }

    /// The ways that were gone, over all hosts, in the order of the report.
    #[must_use]
    pub fn totals(&self) -> Vec<(NameWay, WayTotal<'_>)> {
        let mut totals: Vec<(NameWay, WayTotal<'_>)> = NameWay::ALL
            .iter()
            .map(|way| (*way, WayTotal::default()))
            .collect();
        for (way, gone) in self.hosts.values().flatten() {
            if let Some((_, total)) = totals.iter_mut().find(|(known, _)| known == way) {
                total.add(gone);
            }
        }
        totals
            .into_iter()
            .filter(|(_, total)| total.count > 0)
            .collect()
    }

    /// In one sentence; `None` where no name was had in any way.
    #[must_use]
    pub fn words(&self) -> Option<Phrase> {
        let mut parts = Vec::new();
        for (way, total) in self.totals() {
            let WayTotal {
                count,
                hosts,
                responders,
            } = total;
            let lookups = matches!(way, NameWay::Dns | NameWay::DnsElsewhere);
            let what = match (lookups, count) {
                (true, 1) => word!(way_one_lookup, "1 lookup").into(),
                (true, _) => phrase!(way_lookups, "{count} lookups", count),
                (false, 1) => word!(way_one_connection, "1 connection").into(),
                (false, _) => phrase!(way_connections, "{count} connections", count),
            };
            let (way, to) = (
                way.words(),
                responders.into_iter().collect::<Vec<_>>().join(", "),
            );
            parts.push(match hosts {
                0 | 1 => phrase!(way_gone, "{way}: {what} to {to}", way, what, to),
                _ => phrase!(
                    way_gone_by_hosts,
                    "{way}: {what} of {hosts} hosts to {to}",
                    way,
                    what,
                    hosts,
                    to
                ),
            });
        }
        let hidden = self.hidden().count();
        if hidden > 0 {
            let all = self.hosts.len();
            parts.push(phrase!(
                names_hidden_hosts,
                "names are hidden for {hidden} of {all} hosts",
                hidden,
                all
            ));
        }
        parts.into_iter().reduce(|all, next| all.then(&next))
    }
}

/// Each host's ways are told by one share. Merges by union and sum.
impl Merge for Census {
    fn merge(&mut self, other: Self) {
        for (host, ways) in other.hosts {
            for (way, gone) in ways {
                let known = self.gone(host, way);
                known.count += gone.count;
                gone.responders.iter().for_each(|to| known.to(to));
                known.ports.extend(gone.ports);
            }
        }
        self.suspects.extend(other.suspects);
    }
}

/// A way over all hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WayTotal<'a> {
    /// Lookups, or connections.
    pub count: u64,
    /// How many hosts went it.
    pub hosts: usize,
    /// Names of responders, or addresses where they have none: the lowest.
    pub responders: BTreeSet<&'a str>,
}

impl<'a> WayTotal<'a> {
    fn add(&mut self, gone: &'a Gone) {
        self.count += gone.count;
        self.hosts += 1;
        for responder in &gone.responders {
            self.responders.insert(responder);
            if self.responders.len() > MOST_RESPONDERS {
                self.responders.pop_last();
            }
        }
    }
}

impl Gone {
    fn to(&mut self, responder: &str) {
        if self.responders.contains(responder) {
            return;
        }
        self.responders.insert(responder.to_owned());
        if self.responders.len() > MOST_RESPONDERS {
            self.responders.pop_last();
        }
    }
}

fn may_open(host: IpAddr, row: &Requirement, rules: &RuleSet) -> bool {
    row.from.iter().any(|source| match source {
        Source::Any => true,
        Source::Role(role) => rules.profile().roles_of(host).contains(*role),
        Source::Network(network) => network.contains(&host.to_canonical()),
    })
}

/// Whether a flow is TLS to a proxy of the site: what is behind it is not visible.
pub(super) fn is_tls_proxy(flow: &Flow, verdict: &FlowVerdict) -> bool {
    let mut names = flow.names.iter();
    let tunnel = names.any(|name| name.source == NameSource::HttpConnect);
    verdict.to_proxy && flow.app.has(App::TLS) && !tunnel && !flow.app.has(App::HTTP)
}

/// Whether a flow is to a proxy of the site, and failed before anything could be asked for. What the proxy says to a request
/// that was not captured is another matter.
pub(super) fn is_unreached_proxy(verdict: &FlowVerdict) -> bool {
    // Of a proxy over TLS its own handshake goes before.
    let before = |stage| matches!(stage, Stage::Connect | Stage::Tls);
    let unconnected = matches!(&verdict.went, AttemptOutcome::Failed(e) if before(e.code.stage()));
    verdict.to_proxy && !verdict.aim.proxied && unconnected
}

/// Where requirements list names: ports and transports, of which many rows have the same. Whatever goes elsewhere without saying a name may have none: many protocols go by
/// address alone.
struct NamedPorts<'a>(BTreeSet<(&'a PortSet, &'a [Transport])>);

impl<'a> NamedPorts<'a> {
    fn of(rules: &'a RuleSet) -> Self {
        let rows = rules.requirements().iter();
        let named = rows.filter(|row| {
            let mut to = row.to.iter();
            to.any(|to| matches!(to.target, Target::Name(_) | Target::Template(_)))
        });
        Self(named.map(|row| (&row.ports, &row.transport[..])).collect())
    }

    /// Whether a flow may have a name: it speaks what is asked for by name, or goes where a requirement lists names.
    fn may_name(&self, flow: &Flow) -> bool {
        let apps = [App::TLS, App::QUIC, App::HTTP, App::HTTP2];
        apps.into_iter().any(|app| flow.app.has(app))
            || self.0.iter().any(|(ports, transports)| {
                (ports.is_empty() || ports.contains(flow.responder.port))
                    && (transports.is_empty() || transports.contains(&flow.transport))
            })
    }
}

/// The way that a flow is by itself.
fn way(flow: &Flow, verdict: &FlowVerdict, by_name: &NamedPorts<'_>) -> Option<NameWay> {
    let encrypted = flow.app.has(App::TLS) || flow.app.has(App::QUIC);
    if let Some(dns) = verdict.dns {
        return Some(NameWay::of(dns));
    }
    if is_unreached_proxy(verdict) {
        return Some(NameWay::UnreachedProxy);
    }
    if is_tls_proxy(flow, verdict) {
        return Some(NameWay::TlsProxy);
    }
    // That there is an encrypted part says nothing by itself: browsers send random bytes where they have no key.
    let inner = !verdict.aim.inner.is_empty();
    let outer = verdict.coverage.outer == Some(true) || inner;
    if outer && !inner {
        return Some(NameWay::EncryptedHello);
    }
    // Whatever the name is, nothing else can be its own.
    let hides = |(_, shade): &(_, Shade)| shade.is_of_name();
    if !verdict.coverage.covers.is_empty() && !verdict.coverage.shades.iter().any(hides) {
        return None;
    }
    if is_older(flow) {
        return by_name.may_name(flow).then_some(NameWay::OlderThanCapture);
    }
    if outer {
        return Some(NameWay::EncryptedHello);
    }
    (encrypted && verdict.aim.names.is_empty()).then_some(NameWay::NamelessTls)
}

/// The one server to which all connections of a host go over TLS, where it is on no list; and how many. A proxy that is
/// called so needs but one: HTTP/2 and HTTP/3 carry all tunnels in it.
fn only_server<'a>(
    flows: &[(&'a Flow, &'a FlowVerdict)],
) -> Option<(&'a Flow, &'a FlowVerdict, u64)> {
    let (first, verdict) = flows.first()?;
    let same = |(flow, v): &(&Flow, &FlowVerdict)| {
        let encrypted = flow.app.has(App::TLS) || flow.app.has(App::QUIC);
        flow.responder == first.responder && encrypted && v.coverage.covers.is_empty()
    };
    let called = verdict
        .aim
        .names
        .first()
        .is_some_and(|name| has_label(name.as_str(), &["proxy", "webproxy", "squid"]));
    let wanted = if called { 1 } else { ALL_TO_ONE };
    (flows.len() >= wanted && flows.iter().all(same)).then_some((
        *first,
        *verdict,
        flows.len() as u64,
    ))
}

/// Whether the host of a flow asks DNS for the server's name and for no other: a proxy resolves the others. Of one that
/// asks for nothing, names are known in another way.
fn asks_no_other(capture: &Capture, flow: &Flow, verdict: &FlowVerdict) -> bool {
    let server = verdict.aim.names.first();
    let own = capture.dns.iter();
    let own = own.filter(|asked| asked.client.ip == flow.initiator.ip);
    let mut own = own.filter_map(|asked| asked.query.as_ref()).peekable();
    (own.peek().is_some() || server.is_none()) && own.all(|name| Some(name) == server)
}

/// A server over TLS, on no list, that is spoken to while connections are opened to names that nobody asked for in
/// clear: at least two of them, each soon after the server said something.
fn likely_resolver<'a>(
    flows: &[(&'a Flow, &'a FlowVerdict)],
    asked: &AskedNames<'_>,
) -> Option<(&'a Flow, &'a FlowVerdict)> {
    let mut unasked: Vec<(CaptureTime, IpAddr)> = flows
        .iter()
        .filter(|(flow, _)| flow.opened)
        .filter(|(flow, _)| {
            let said = flow.said_names().next();
            said.is_some_and(|name| !asked.has(name.fqdn.as_str()))
        })
        .map(|(flow, _)| (flow.span.0.time, flow.responder.ip))
        .collect();
    unasked.sort_unstable();
    let targets: BTreeSet<IpAddr> = unasked.iter().map(|(_, ip)| *ip).collect();
    let speaks = |name: &str| has_label(name, &["doh", "dns", "resolver"]);
    let served = |flow: &Flow, wanted: usize| {
        let (from, to) = (flow.span.0.time, flow.span.1.time);
        let from = unasked.partition_point(|(at, _)| *at <= from);
        let during = unasked[from..].iter().take_while(|(at, _)| *at <= to);
        let mut served = BTreeSet::new();
        during
            .map(|(_, ip)| served.insert(*ip))
            .filter(|new| *new)
            .nth(wanted - 1)
            .is_some()
    };
    flows.iter().copied().find(|(flow, verdict)| {
        let said = flow.said_names().next().map(|name| name.fqdn.as_str());
        flow.app.has(App::TLS)
            && verdict.coverage.covers.is_empty()
            && !targets.contains(&flow.responder.ip)
            && said.is_none_or(|name| asked.has(name))
            && served(flow, if said.is_some_and(speaks) { 1 } else { 3 })
    })
}

/// Whether one of a name's labels is one of some words.
fn has_label(name: &str, words: &[&str]) -> bool {
    name.split('.').any(|label| words.contains(&label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn the_censuses_of_shares_merge_in_any_order() {
        let census = |host: u8, servers: std::ops::Range<u8>| {
            let mut census = Census::default();
            let gone = census.gone([10, 0, 0, host].into(), NameWay::Dns);
            gone.count = 3;
            servers.for_each(|server| gone.to(&format!("192.0.2.{server}")));
            census
        };
        // More servers than are kept.
        hold(&[census(1, 0..3), census(2, 0..4), census(1, 2..6)]);
    }
}
