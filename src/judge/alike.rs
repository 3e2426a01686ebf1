//! One name stopped in one way at addresses that have nothing to do with each other.
//!
//! A front that routes by name and cannot pass a name on ends its connections too, and may stand at several addresses of
//! its owner's network. So the addresses count by network, each only where this client reaches another name, and a RST or
//! FIN only with the TTL that it has at the other ones: servers in different networks are not equally far away as a rule,
//! and a device on the path is.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::HashMap;

use super::attempt::AttemptOutcome;
use super::evidence::Code;
use super::flow_verdict::FlowVerdict;
use super::nearby::neighbourhood;
use crate::model::Fqdn;
use crate::observe::{EventKind, Flow};
use crate::rules::is_private;
use crate::wording::{Phrase, phrase};

/// Who was stopped: client, port, name, and how.
type Stopped = (IpAddr, u16, Fqdn, Code);

/// An address, or its neighbourhood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum FlowPlace {
    At(IpAddr),
    Near(IpAddr),
}

/// Where names were stopped, and where others work.
#[derive(Debug, Default)]
pub(super) struct Alike {
    /// The addresses, and the TTL of what ended the connection there, 0 of silence.
    stopped: HashMap<Stopped, BTreeSet<(IpAddr, u8)>>,
    /// By place, port and client: two names that work there, the smallest ones.
    works: HashMap<(FlowPlace, u16, IpAddr), BTreeSet<Fqdn>>,
}

impl Alike {
    #[must_use]
    pub(super) fn of<'a>(flows: impl Iterator<Item = (&'a Flow, &'a FlowVerdict)> + Clone) -> Self {
        let mut all = Self::default();
        for (flow, verdict) in flows.clone() {
            let AttemptOutcome::Failed(evidence) = &verdict.went else {
                continue;
            };
            if verdict.aim.proxied || is_private(flow.responder.ip) {
                continue;
            }
            if let Some((stopped, ttl)) = stopped(flow, evidence.code) {
                let places = all.stopped.entry(stopped).or_default();
                places.insert((flow.responder.ip, ttl));
            }
        }
        all.stopped
            .retain(|_, places| networks(places.iter().map(|(ip, _)| *ip)) > 1);
        if all.stopped.is_empty() {
            return all;
        }
        for (flow, _) in flows.filter(|(_, verdict)| verdict.went == AttemptOutcome::Succeeded) {
            let Some(name) = flow.said_names().next().map(|name| &name.fqdn) else {
                continue;
            };
            let (client, port) = (flow.initiator.ip, flow.responder.port);
            for code in CODES {
                all.stopped.remove(&(client, port, name.clone(), code));
            }
            let ip = flow.responder.ip;
            for place in [FlowPlace::At(ip), FlowPlace::Near(neighbourhood(ip))] {
                let names = all.works.entry((place, port, client)).or_default();
                names.insert(name.clone());
                if names.len() > 2 {
                    names.pop_last();
                }
            }
        }
        all
    }

    /// Whether what stopped a flow stopped its name alike at addresses of other networks, beside other names that work;
    /// in words.
    #[must_use]
    pub(super) fn control(&self, flow: &Flow, code: Code) -> Option<Phrase> {
        let (key, ttl) = stopped(flow, code)?;
        let (client, port, name, _) = &key;
        let others_work = |ip: IpAddr| {
            // A server that is down ends connections as a front does; bytes that nobody acknowledges are nobody's.
            let place = match code {
                Code::HelloSilent => FlowPlace::Near(neighbourhood(ip)),
                _ => FlowPlace::At(ip),
            };
            let names = self.works.get(&(place, *port, *client));
            names.is_some_and(|names| names.iter().any(|other| other != name))
        };
        if !others_work(flow.responder.ip) {
            return None;
        }
        let places = self.stopped.get(&key)?.iter();
        let alike = places.filter(|(ip, other)| *other == ttl && others_work(*ip));
        let alike: BTreeSet<IpAddr> = alike.map(|(ip, _)| *ip).collect();
        (networks(alike.iter().copied()) > 1).then(|| {
            phrase!(name_stopped_alike, "this name is stopped alike at {alike} addresses of different networks, where other names work: a filter on names", alike = alike.len())
        })
    }
}

const CODES: [Code; 3] = [Code::HelloReset, Code::HelloFin, Code::HelloSilent];

fn stopped(flow: &Flow, code: Code) -> Option<(Stopped, u8)> {
    let ttl = match code {
        Code::HelloReset => flow.events_of(EventKind::Rst, false).next()?.ttl,
        Code::HelloFin => flow.events_of(EventKind::Fin, false).next()?.ttl,
        Code::HelloSilent => 0,
        _ => return None,
    };
    let name = flow.said_names().next()?.fqdn.clone();
    Some(((flow.initiator.ip, flow.responder.port, name, code), ttl))
}

/// In how many networks addresses lie, by their first 16 bits, of IPv6 by 32: what one owner has as a rule.
fn networks(addresses: impl Iterator<Item = IpAddr>) -> usize {
    let network = |ip| match ip {
        IpAddr::V4(ip) => (true, u32::from(ip) >> 16),
        IpAddr::V6(ip) => {
            let [high, low, ..] = ip.segments();
            (false, u32::from(high) << 16 | u32::from(low))
        }
    };
    addresses.map(network).collect::<BTreeSet<_>>().len()
}
