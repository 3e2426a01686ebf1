//! Which requirements a flow falls under, by the names that may be its own.

use std::net::IpAddr;
use std::sync::Arc;

use thin_vec::{ThinVec, thin_vec};

use crate::model::{CaptureTime, Fqdn, Transport};
use crate::observe::{Flow, Name, NameSource, StreamFact};
use crate::rules::{Denied, Fit, Miss, Profile, RequirementIndex, RuleSet, Scratch, Subject};

/// Whom a flow aims at, as far as packets tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    /// Names that the aim may have. One that the initiator said stands alone; DNS answers may give several: "A or B".
    pub names: ThinVec<Fqdn>,
    /// Where the first name was taken from.
    pub source: Option<NameSource>,
    /// The port aimed at; behind a proxy that of the CONNECT target.
    pub port: u16,
    /// Whether the flow goes to a forward proxy, so that the responder's address is not the aim's.
    pub proxied: bool,
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
}

/// Whom a flow aims at.
#[must_use]
pub fn aim(flow: &Flow, profile: &Profile) -> Aim {
    let connect = flow
        .names
        .iter()
        .find(|name| name.source == NameSource::HttpConnect);
    let to_proxy = profile.is_proxy(flow.responder.ip, flow.responder.port);
    let said: Vec<&Name> = flow.said_names().collect();
    if let Some(connect) = connect {
        // The inner SNI, where there is one, is what the far end sees; the CONNECT target is what the proxy decides on.
        let port = if connect.port == 0 { 443 } else { connect.port };
        return Aim {
            names: thin_vec![connect.fqdn.clone()],
            source: Some(connect.source),
            port,
            proxied: true,
        };
    }
    if let Some(first) = said.first() {
        let mut names = ThinVec::new();
        for name in said.iter().filter(|name| name.source == first.source) {
            if !names.contains(&name.fqdn) {
                names.push(name.fqdn.clone());
            }
        }
        let port = match (to_proxy, first.port) {
            (true, 0) => 80,
            (true, port) => port,
            (false, _) => flow.responder.port,
        };
        return Aim {
            names,
            source: Some(first.source),
            port,
            proxied: to_proxy,
        };
    }
    let answers = flow
        .names
        .iter()
        .filter(|name| matches!(name.source, NameSource::DnsAnswer | NameSource::Seed))
        // What another client was told long ago says nothing of where this one goes.
        .filter(|name| name.same_client || !name.stale);
    let names: ThinVec<Fqdn> = answers.map(|name| name.fqdn.clone()).collect();
    let source = (!names.is_empty()).then_some(NameSource::DnsAnswer);
    Aim {
        names,
        source,
        port: flow.responder.port,
        proxied: false,
    }
}

/// What the requirements say of a flow with this aim.
#[must_use]
pub(super) fn cover(flow: &Flow, aim: &Aim, rules: &RuleSet, scratch: &mut Scratch) -> Coverage {
    let path = flow.facts.iter().find_map(|(_, own, fact)| match fact {
        StreamFact::HttpPath { path } if *own => Some(path.as_str()),
        _ => None,
    });
    let responder = if aim.proxied {
        IpAddr::from([0, 0, 0, 0])
    } else {
        flow.responder.ip
    };
    let mut ask = |names: &[&Fqdn]| {
        let subject = Subject {
            initiator: flow.initiator.ip,
            responder,
            port: aim.port,
            transport: flow.transport,
            names,
            path,
            time: flow.span.0.time,
        };
        rules.fit(&subject, scratch)
    };
    let names: Vec<&Fqdn> = aim.names.iter().collect();
    let Fit {
        covers,
        misses,
        denied,
    } = ask(&names);
    let mut ways = ThinVec::new();
    let mut covers = covers;
    if aim.proxied {
        for way in to_proxy(flow, rules, scratch).iter() {
            if rules.requirements()[way.index()].forward_proxy {
                covers = with(&covers, *way);
            } else {
                ways.push(*way);
            }
        }
    }
    let mut ask = |names: &[&Fqdn]| {
        let subject = Subject {
            initiator: flow.initiator.ip,
            responder,
            port: aim.port,
            transport: flow.transport,
            names,
            path,
            time: flow.span.0.time,
        };
        rules.fit(&subject, scratch)
    };
    let said = aim.source.is_some_and(NameSource::is_said_by_initiator);
    let mut contradicted = ThinVec::new();
    if said && covers.is_empty() && !aim.proxied {
        let answers = flow
            .names
            .iter()
            .filter(|name| name.source == NameSource::DnsAnswer && !name.stale);
        for name in answers.filter(|name| name.same_client && !aim.names.contains(&name.fqdn)) {
            if !ask(&[&name.fqdn]).covers.is_empty() {
                contradicted.push(name.fqdn.clone());
            }
        }
    }
    Coverage {
        covers,
        misses,
        denied,
        contradicted,
        ways,
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
