//! Which requirements a flow falls under, by the names that may be its own.

use std::net::IpAddr;
use std::sync::Arc;

use thin_vec::{ThinVec, thin_vec};

use super::hosts::Hosts;
use super::interception::certified_names;
use super::outer_names::{Hidden, OuterNames};
use super::shade::{Applications, Shade, Shades, is_older};
use super::whole::WholeFacts;
use crate::model::{CaptureTime, Fqdn, Transport};
use crate::observe::{Asking, Capture, Exchange, Flow, Host, Name, NameSource, StreamFact};
use crate::rules::{Denied, Fit, Miss, Profile, RequirementIndex, RuleSet, Scratch, Subject};

/// Whom a flow aims at, as far as packets tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowTarget {
    /// Names that the aim may have. One that the initiator said stands alone; DNS answers may give several: "A or B".
    pub names: ThinVec<Fqdn>,
    /// Where the first name was taken from.
    pub source: Option<NameSource>,
    /// The port aimed at; behind a proxy that of the CONNECT target.
    pub port: u16,
    /// Whether the flow goes to a forward proxy, so that the responder's address is not the aim's.
    pub proxied: bool,
    /// The address that a forward proxy is asked for, where it is.
    pub address: Option<IpAddr>,
    /// Names that may stand in an encrypted hello, where the name in clear is an outer one.
    pub inner: ThinVec<Fqdn>,
}

/// What the requirements say of a flow.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Requirements that cover it, ascending.
    pub covers: Arc<[RequirementIndex]>,
    /// Where nothing covers it: requirements whose destination fits, but something else does not.
    pub misses: ThinVec<Miss>,
    /// Negative facts that it contradicts.
    pub denied: ThinVec<Denied>,
    /// The DNS answers of the address would be covered, but the name that the initiator said is not: the names.
    pub contradicted: ThinVec<Fqdn>,
    /// Where the flow goes through a proxy: requirements that are about the way to it, ascending.
    pub ways: ThinVec<RequirementIndex>,
    /// Those of `covers` that it falls under without proof, ascending, each with the reason.
    pub shades: Shades,
    /// Where several names may be the flow's and not all are covered alike: each with what covers it.
    pub by_name: ThinVec<(Fqdn, Arc<[RequirementIndex]>)>,
    /// Whether the hello is encrypted and the name in clear an outer one: whether that is proved.
    pub outer: Option<bool>,
}

/// What does not change from flow to flow.
pub(super) struct Ground<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) hosts: &'a Hosts,
    pub(super) applications: Applications,
    pub(super) outer_names: OuterNames<'a>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(
        capture: &Capture,
        (whole, rules): (&'a WholeFacts<'_>, &'a RuleSet),
        hosts: &'a Hosts,
    ) -> Self {
        Self {
            rules,
            hosts,
            applications: Applications::of(rules),
            outer_names: OuterNames::of(&capture.flows, &whole.outer),
        }
    }
}

/// Whom a flow aims at; where it has several aims, the first.
#[must_use]
pub fn aim(flow: &Flow, profile: &Profile) -> FlowTarget {
    let first = tries(flow, profile).into_iter().next();
    first.map_or_else(|| aim_by_names(flow, profile), |part| part.aim)
}

/// What a flow's initiator asked of one aim in clear.
#[derive(Clone, Debug)]
pub(super) struct Try<'a> {
    /// Whom.
    pub(super) aim: FlowTarget,
    /// How and what, ascending; of a tunnel only the request that counts, which is the last.
    pub(super) asked: ThinVec<&'a Exchange>,
}

/// The aims of a flow, in the order in which they were first asked for: a kept-alive connection may have several. Empty
/// where nothing was asked for in clear that tells whom it is for.
#[must_use]
pub(super) fn tries<'a>(flow: &'a Flow, profile: &Profile) -> ThinVec<Try<'a>> {
    let mut out: ThinVec<Try<'_>> = ThinVec::new();
    if flow.exchanges.is_empty() {
        return out;
    }
    let to_proxy = profile.is_proxy(flow.responder.ip, flow.responder.port);
    for exchange in &flow.exchanges {
        let Some(aim) = aim_of(flow, exchange, to_proxy) else {
            continue;
        };
        let same = |of: &&mut Try<'_>| {
            of.aim.port == aim.port
                && of.aim.address == aim.address
                && of.aim.names.first() == aim.names.first()
        };
        match out.iter_mut().find(same) {
            // A refusal that was followed by another request on the same connection was only a challenge.
            Some(known) if exchange.how.is_tunnel() => known.asked = thin_vec![exchange],
            Some(known) => known.asked.push(exchange),
            None => out.push(Try {
                aim,
                asked: thin_vec![exchange],
            }),
        }
        let granted = exchange
            .answer
            .as_ref()
            .is_some_and(|(_, answer)| answer.grants());
        if exchange.how.is_tunnel() && granted && exchange.tunnel.is_none() {
            break; // what follows goes through the tunnel
        }
    }
    out
}

/// Whom a request is for; `None` where it does not tell.
fn aim_of(flow: &Flow, exchange: &Exchange, to_proxy: bool) -> Option<FlowTarget> {
    let tunnel = exchange.how.is_tunnel();
    let proxied = tunnel || to_proxy || exchange.how == Asking::Absolute;
    let source = if tunnel {
        NameSource::HttpConnect
    } else {
        NameSource::HttpHost
    };
    let port = match (proxied, exchange.port) {
        (true, 0) if tunnel => 443,
        (true, 0) => 80,
        (true, port) => port,
        (false, _) => flow.responder.port,
    };
    let address = exchange.address().filter(|_| proxied);
    let (names, source) = match (&exchange.host, address) {
        // The target decides what the proxy does; the name inside is only what the far end sees.
        (Some(Host::Name(name)), _) => (thin_vec![name.clone()], Some(source)),
        (_, Some(_)) => {
            let inner = flow.said_names().find(|name| {
                tunnel && name.source == NameSource::TlsSni && name.at >= exchange.asked
            });
            match inner {
                Some(name) => (thin_vec![name.fqdn.clone()], Some(name.source)),
                None => {
                    let source = (!exchange.names.is_empty()).then_some(NameSource::DnsAnswer);
                    (exchange.names.clone(), source)
                }
            }
        }
        _ => return None,
    };
    Some(FlowTarget {
        names,
        source,
        port,
        proxied,
        address,
        inner: ThinVec::new(),
    })
}

/// Whom a flow aims at that asks for nothing in clear.
pub(super) fn aim_by_names(flow: &Flow, profile: &Profile) -> FlowTarget {
    let to_proxy = profile.is_proxy(flow.responder.ip, flow.responder.port);
    if let Some(said) = aim_as_said(flow, to_proxy) {
        return said;
    }
    let of_responder = |names, source| FlowTarget {
        names,
        source,
        port: flow.responder.port,
        proxied: false,
        address: None,
        inner: ThinVec::new(),
    };
    let lead = flow.names.iter();
    let lead = lead.filter(|name| name.source == NameSource::PathOf);
    let lead: ThinVec<Fqdn> = lead.map(|name| name.fqdn.clone()).collect();
    if !lead.is_empty() {
        return of_responder(lead, Some(NameSource::PathOf));
    }
    let answers = flow
        .names
        .iter()
        .filter(|name| matches!(name.source, NameSource::DnsAnswer | NameSource::Seed))
        // What another client was told long ago says nothing of where this one goes.
        .filter(|name| name.same_client || !name.stale);
    // What was told in advance counts only where no answer was seen, so all of them have one source.
    let mut source = answers.clone().map(|name| name.source).min();
    let mut names: ThinVec<Fqdn> = answers.map(|name| name.fqdn.clone()).collect();
    if names.is_empty() {
        names = certified_names(flow);
        source = (!names.is_empty()).then_some(NameSource::TlsCertificate);
    }
    of_responder(names, source)
}

/// Whom a flow aims at by what its initiator said: HTTP/2 in clear, and what stood in bytes whose request is not whole.
fn aim_as_said(flow: &Flow, to_proxy: bool) -> Option<FlowTarget> {
    let connect = |name: &&Name| name.source == NameSource::HttpConnect;
    let connect = flow.said_names().find(connect);
    let first = connect.or_else(|| flow.said_names().next())?;
    let mut names = ThinVec::new();
    for name in flow.said_names().filter(|name| name.source == first.source) {
        if !names.contains(&name.fqdn) {
            names.push(name.fqdn.clone());
        }
    }
    let in_clear = matches!(first.source, NameSource::HttpHost | NameSource::HttpConnect);
    Some(FlowTarget {
        names,
        source: Some(first.source),
        port: match (first.source, first.port) {
            (NameSource::HttpConnect, 0) => 443,
            (NameSource::HttpConnect, port) => port,
            (NameSource::HttpHost, 0) if to_proxy => 80,
            (NameSource::HttpHost, port) if to_proxy => port,
            // Of TLS to the proxy itself the name is the proxy's, and so is the port.
            _ => flow.responder.port,
        },
        proxied: connect.is_some() || to_proxy && in_clear,
        address: None,
        inner: ThinVec::new(),
    })
}

/// What the requirements say of a flow with this aim.
#[must_use]
pub(super) fn cover(
    flow: &Flow,
    aim: &mut FlowTarget,
    asked: &[&Exchange],
    ground: &Ground<'_>,
    scratch: &mut Scratch,
) -> Coverage {
    let rules = ground.rules;
    let hidden = ground.outer_names.hidden(flow, aim, rules.profile());
    let names: Vec<&Fqdn> = aim.names.iter().collect();
    let untold = ground.hosts.untold(flow.responder.ip);
    let untold = untold.filter(|_| !aim.proxied);
    let subject = Subject {
        initiator: ground.hosts.host(flow.initiator.ip),
        responder: responder(flow, aim, untold, ground),
        port: aim.port,
        transport: flow.transport,
        names: &names,
        path: path(flow, asked),
        time: flow.span.0.time,
    };
    let Fit {
        covers,
        misses,
        denied,
    } = rules.fit(&subject, scratch);
    let (covers, ways) = match aim.proxied {
        true => with_ways(covers, &to_proxy(flow, rules, scratch), rules),
        false => (covers, ThinVec::new()),
    };
    let said = aim.source.is_some_and(NameSource::is_said_by_initiator);
    let contradicted = match said && covers.is_empty() && !aim.proxied && hidden.is_none() {
        true => other_answers(flow, aim)
            .filter(|name| {
                let names: &[&Fqdn] = &[name];
                let other = rules.fit(&Subject { names, ..subject }, scratch);
                !other.covers.is_empty()
            })
            .cloned()
            .collect(),
        false => ThinVec::new(),
    };
    let mut coverage = Coverage {
        covers,
        misses,
        denied,
        contradicted,
        ways,
        outer: hidden.as_ref().map(|hidden| hidden.proved),
        ..Coverage::default()
    };
    coverage.shade_doubtful(flow, aim, hidden.as_ref(), &subject, ground, scratch);
    if let Some(hidden) = hidden {
        aim.inner = hidden.inner;
    }
    coverage
}

/// The address that a flow is for, as requirements have it; none is known of what goes through a proxy by name.
fn responder(flow: &Flow, aim: &FlowTarget, untold: Option<IpAddr>, ground: &Ground<'_>) -> IpAddr {
    match (aim.proxied, aim.address) {
        (true, Some(address)) => address,
        (true, None) => IpAddr::from([0, 0, 0, 0]),
        (false, _) => untold.unwrap_or_else(|| ground.hosts.destination(flow.responder.ip)),
    }
}

/// The path that was asked for in clear.
fn path<'a>(flow: &'a Flow, asked: &[&'a Exchange]) -> Option<&'a str> {
    match asked.first() {
        Some(asked) => Some(asked.path.as_str()).filter(|path| !path.is_empty()),
        None => flow.facts.iter().find_map(|(_, own, fact)| match fact {
            StreamFact::HttpPath { path } if *own => Some(path.as_str()),
            _ => None,
        }),
    }
}

/// Names that DNS gave the initiator for the responder, other than those of the aim.
fn other_answers<'a>(flow: &'a Flow, aim: &'a FlowTarget) -> impl Iterator<Item = &'a Fqdn> {
    let answers = flow
        .names
        .iter()
        .filter(|name| name.source == NameSource::DnsAnswer && !name.stale);
    answers
        .filter(|name| name.same_client && !aim.names.contains(&name.fqdn))
        .map(|name| &name.fqdn)
}

/// What covers a flow through a proxy, with what lists the proxy itself; and the rest of what is about the way to it.
fn with_ways(
    mut covers: Arc<[RequirementIndex]>,
    to_proxy: &[RequirementIndex],
    rules: &RuleSet,
) -> (Arc<[RequirementIndex]>, ThinVec<RequirementIndex>) {
    let mut ways = ThinVec::new();
    for way in to_proxy {
        if rules.requirements()[way.index()].forward_proxy {
            covers = with(&covers, *way);
        } else {
            ways.push(*way);
        }
    }
    (covers, ways)
}

impl Coverage {
    /// Says of which requirements it is not certain that the flow is for them.
    fn shade_doubtful(
        &mut self,
        flow: &Flow,
        aim: &FlowTarget,
        hidden: Option<&Hidden>,
        subject: &Subject<'_>,
        ground: &Ground<'_>,
        scratch: &mut Scratch,
    ) {
        let rules = ground.rules;
        let said = aim.source.is_some_and(NameSource::is_said_by_initiator);
        if let Some(hidden) = hidden {
            let inside: Vec<&Fqdn> = hidden.inner.iter().collect();
            if !inside.is_empty() {
                let names = &inside[..];
                let fit = rules.fit(&Subject { names, ..*subject }, scratch);
                self.cover_inside(&fit.covers);
            }
        } else if !said && !self.covers.is_empty() && (aim.names.len() > 1 || is_older(flow)) {
            let one = |names: &[&Fqdn]| rules.fit(&Subject { names, ..*subject }, scratch);
            self.shade_by_name(flow, subject.names, one);
        }
        self.shade_by_application(flow, aim, &ground.applications);
        if !aim.proxied && ground.hosts.untold(flow.responder.ip).is_some() {
            let responder = flow.responder.ip;
            let told = rules.fit(
                &Subject {
                    responder,
                    ..*subject
                },
                scratch,
            );
            self.shade_all_but(&told.covers, Shade::UntoldTranslation);
        }
        if ground.hosts.is_guessed(flow.initiator.ip) {
            self.shade_all_but(&[], Shade::GuessedHost);
        }
    }

    /// Requirements that only the names inside of an encrypted hello would fall under.
    fn cover_inside(&mut self, inside: &[RequirementIndex]) {
        let fresh = inside
            .iter()
            .filter(|r| self.covers.binary_search(r).is_err());
        let fresh: Vec<RequirementIndex> = fresh.copied().collect();
        if fresh.is_empty() {
            return;
        }
        let mut all: Vec<RequirementIndex> = self.covers.iter().chain(&fresh).copied().collect();
        all.sort_unstable();
        self.covers = all.into();
        self.misses = ThinVec::new();
        for requirement in fresh {
            self.shade(requirement, Shade::EncryptedHello);
        }
    }

    /// Requirements that a flow without a name of its own falls under by DNS answers alone: where it is older than
    /// they are, or where not all of its names are theirs.
    fn shade_by_name(
        &mut self,
        flow: &Flow,
        names: &[&Fqdn],
        mut ask: impl FnMut(&[&Fqdn]) -> Fit,
    ) {
        let by_address = ask(&[]).covers;
        let open = || {
            self.covers
                .iter()
                .filter(|r| by_address.binary_search(r).is_err())
        };
        if is_older(flow) {
            let open: Vec<RequirementIndex> = open().copied().collect();
            open.into_iter()
                .for_each(|requirement| self.shade(requirement, Shade::OlderThanCapture));
            return;
        }
        // A name that is listed for other ports alone is not what the flow is for.
        let listed = |fit: &Fit| fit.covers.is_empty() && !fit.misses.is_empty();
        let fits: Vec<Fit> = names.iter().map(|name| ask(&[name])).collect();
        let fits: Vec<Fit> = fits.into_iter().filter(|fit| !listed(fit)).collect();
        let of_all =
            |r: &RequirementIndex| fits.iter().all(|fit| fit.covers.binary_search(r).is_ok());
        let open: Vec<RequirementIndex> = open().filter(|r| !of_all(r)).copied().collect();
        if !open.is_empty() {
            let of = |name: &&Fqdn| ((*name).clone(), ask(&[*name]).covers);
            self.by_name = names.iter().map(of).collect();
        }
        open.into_iter()
            .for_each(|requirement| self.shade(requirement, Shade::OneOfSeveral));
    }

    /// What covers one of several names.
    pub(super) fn of_name(&self, name: &Fqdn) -> Vec<RequirementIndex> {
        let of = self.by_name.iter().find(|(known, _)| known == name);
        of.map_or(Vec::new(), |(_, covers)| covers.to_vec())
    }

    fn shade_by_application(&mut self, flow: &Flow, aim: &FlowTarget, applications: &Applications) {
        let covers = Arc::clone(&self.covers);
        for requirement in covers.iter() {
            if let Some(spoken) = applications.contradicted(flow, aim, *requirement) {
                self.shade(*requirement, Shade::OtherApplication(spoken));
            }
        }
    }

    /// All that covers it but some.
    fn shade_all_but(&mut self, certain: &[RequirementIndex], shade: Shade) {
        let covers = Arc::clone(&self.covers);
        let open = covers.iter().filter(|r| certain.binary_search(r).is_err());
        open.for_each(|requirement| self.shade(*requirement, shade));
    }

    /// The worst reason stands.
    fn shade(&mut self, requirement: RequirementIndex, shade: Shade) {
        match self.shades.binary_search_by_key(&requirement, |(r, _)| *r) {
            Ok(place) => self.shades[place].1 = self.shades[place].1.min(shade),
            Err(place) => self.shades.insert(place, (requirement, shade)),
        }
    }

    /// Whether no requirement that the flow falls under is proved by it.
    #[must_use]
    pub fn is_all_shade(&self) -> bool {
        !self.covers.is_empty() && self.shades.len() == self.covers.len()
    }
}

/// Requirements that cover the way to the proxy that a flow goes through, by its address and the names that DNS gives it.
fn to_proxy(flow: &Flow, rules: &RuleSet, scratch: &mut Scratch) -> Arc<[RequirementIndex]> {
    let answers = flow
        .names
        .iter()
        .filter(|name| name.source == NameSource::DnsAnswer && (name.same_client || !name.stale));
    let names: Vec<&Fqdn> = answers.map(|name| &name.fqdn).collect();
    let subject = Subject {
        initiator: flow.initiator.ip,
        responder: flow.responder.ip,
        port: flow.responder.port,
        transport: flow.transport,
        names: &names,
        path: None,
        time: flow.span.0.time,
    };
    rules.fit(&subject, scratch).covers
}

fn with(covers: &[RequirementIndex], more: RequirementIndex) -> Arc<[RequirementIndex]> {
    let mut all = covers.to_vec();
    all.push(more);
    all.sort_unstable();
    all.dedup();
    all.into()
}

/// Whether some requirement lists a host for this initiator, on whatever port.
#[must_use]
pub(super) fn is_listed(
    initiator: IpAddr,
    host: &Host,
    time: CaptureTime,
    rules: &RuleSet,
    scratch: &mut Scratch,
) -> bool {
    let (names, responder) = match host {
        Host::Name(name) => (thin_vec![name], IpAddr::from([0, 0, 0, 0])),
        Host::Address(address) => (ThinVec::new(), *address),
    };
    let names: Vec<&Fqdn> = names.into_iter().collect();
    let subject = Subject {
        initiator,
        responder,
        port: 0,
        transport: Transport::Tcp,
        names: &names,
        path: None,
        time,
    };
    !rules.covering_on_any_port(&subject, scratch).is_empty()
}

/// Requirements whose destination is this name, for this initiator, whatever the port: what a lookup is for.
#[must_use]
pub(super) fn wanted_by_name(
    initiator: IpAddr,
    name: &Fqdn,
    time: CaptureTime,
    rules: &RuleSet,
    scratch: &mut Scratch,
) -> Arc<[RequirementIndex]> {
    let subject = Subject {
        initiator,
        responder: IpAddr::from([0, 0, 0, 0]),
        port: 0,
        transport: Transport::Tcp,
        names: &[name],
        path: None,
        time,
    };
    rules.covering_on_any_port(&subject, scratch)
}
