//! What works where something failed: facts of all shares of a capture, and what the hosts of one share tried besides.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use foldhash::{HashMap, HashSet};

use super::alike::Alike;
use super::attempt::{AttemptOutcome, InconclusiveReason, answer_times};
use super::coverage::FlowTarget;
use super::evidence::Code;
use super::flow_verdict::FlowVerdict;
use super::interception::Issuers;
use super::silence::{Silences, SilentPort, SilentPorts, silent_port};
use super::source_ports::SourcePorts;
use crate::model::{Fqdn, Merge, Transport};
use crate::observe::{EventKind, Flow, NameSource};
use crate::rules::{RuleSet, is_private};

/// A flow as a try to reach one of its aims.
pub(super) type JudgedTry<'a> = (&'a Flow, &'a FlowVerdict);

/// Between whom something failed: nearly all succeed, and nobody asks what works beside them. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FailedEnds {
    servers: HashSet<IpAddr>,
    neighbourhoods: HashSet<IpAddr>,
    /// Where a SYN met silence.
    silent: HashSet<SilentPort>,
    /// Whether every server is of interest: what refuses a certificate may be nearer than any.
    all_servers: bool,
}

impl FailedEnds {
    pub(super) fn of(tries: &[JudgedTry<'_>]) -> Self {
        let mut failed = Self::default();
        for (flow, verdict) in tries {
            if let AttemptOutcome::Failed(evidence) = &verdict.went {
                let server = flow.responder.ip;
                failed.servers.insert(server);
                failed.neighbourhoods.insert(neighbourhood(server));
                failed.silent.extend(silent_port(flow, &verdict.went));
                failed.all_servers |= evidence.code == Code::AlertClient;
            }
        }
        failed
    }
}

impl Merge for FailedEnds {
    fn merge(&mut self, other: Self) {
        self.servers.extend(other.servers);
        self.neighbourhoods.extend(other.neighbourhoods);
        self.silent.extend(other.silent);
        self.all_servers |= other.all_servers;
    }
}

/// What works at the servers where something failed, and what is known of them: of all hosts of a capture, indexed by what an
/// attempt can be compared with. Bounded by what failed. Merges by union and minimum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Nearby {
    /// By responder address, of those where something failed: port, initiator and said name of what succeeded.
    pub(super) by_responder: HashMap<IpAddr, BTreeSet<(u16, IpAddr, Option<Fqdn>)>>,
    /// By port and responder, of those where something failed: whom it answered over UDP.
    pub(super) udp: HashMap<(u16, IpAddr), BTreeSet<IpAddr>>,
    /// TTLs of SYN-ACKs by responder, of the neighbourhoods in which something failed; of all where a client refused a
    /// certificate.
    pub(super) ttl: HashMap<IpAddr, BTreeSet<u8>>,
    /// The same by neighbourhood, and whether several SYN-ACKs had that one.
    pub(super) near_ttl: HashMap<IpAddr, BTreeMap<u8, bool>>,
    /// The shortest time to a SYN-ACK, by responder's neighbourhood, of those in which something failed.
    pub(super) soonest: HashMap<IpAddr, Duration>,
    /// Who signs certificates.
    pub(super) issuers: Issuers,
    /// Names in vendors' own domains that were asked for at addresses of the site.
    pub(super) vendors: HashSet<Fqdn>,
    /// Proxies, by the site file or by what was asked of them.
    pub(super) proxies: HashSet<IpAddr>,
    /// Servers where something failed and of which only one direction was heard in some flow.
    one_way: HashSet<IpAddr>,
    /// Tries where a SYN met silence.
    pub(super) silent: SilentPorts,
}

impl Nearby {
    /// What some tries tell, each flow once for each of its aims, the first one first.
    pub(super) fn of(tries: &[JudgedTry<'_>], failed: &FailedEnds, rules: &RuleSet) -> Self {
        let flows = || tries.iter().map(|(flow, _)| *flow);
        let (issuers, rest) = rayon::join(
            || Issuers::of(flows(), rules),
            || Self::without_issuers(tries, failed, rules),
        );
        Self { issuers, ..rest }
    }

    fn without_issuers(tries: &[JudgedTry<'_>], failed: &FailedEnds, rules: &RuleSet) -> Self {
        let mut all = Self::default();
        if failed.servers.is_empty() {
            return all;
        }
        for (flow, verdict) in tries {
            let responder = flow.responder.ip;
            if matches!(&verdict.went, AttemptOutcome::Failed(e) if e.code == Code::AlertClient)
                && is_private(responder)
            {
                let said = flow.said_names().map(|name| &name.fqdn);
                let vendors = said.filter(|name| rules.vendor_of(name).is_some());
                all.vendors.extend(vendors.cloned());
            }
            if verdict.to_proxy || flow.exchanges.iter().any(|asked| asked.how.is_tunnel()) {
                all.proxies.insert(responder);
            }
            let near = neighbourhood(responder);
            if failed.all_servers || failed.neighbourhoods.contains(&near) {
                all.note_answers(flow, near);
            }
            all.silent.note(flow, &failed.silent);
            if failed.servers.contains(&responder) {
                all.note_server(flow, verdict);
            }
        }
        all.silent.arrange();
        all
    }

    /// Takes how a flow went to a server where something failed.
    fn note_server(&mut self, flow: &Flow, verdict: &FlowVerdict) {
        let (initiator, responder) = (flow.initiator.ip, flow.responder.ip);
        let port = flow.responder.port;
        if verdict.went != AttemptOutcome::Succeeded {
            return;
        }
        if flow.transport == Transport::Udp {
            let answered = self.udp.entry((port, responder)).or_default();
            answered.insert(initiator);
            return;
        }
        let name = said_name(flow, &verdict.aim).cloned();
        let served = self.by_responder.entry(responder).or_default();
        served.insert((port, initiator, name));
    }

    /// Takes which servers were heard in one direction only, where something else failed.
    pub(super) fn note_one_way<'a>(
        &mut self,
        judged: impl Iterator<Item = JudgedTry<'a>>,
        failed: &FailedEnds,
    ) {
        let one_way = judged
            .filter(|(_, verdict)| verdict.went == AttemptOutcome::Open(InconclusiveReason::OneWay))
            .map(|(flow, _)| flow.responder.ip);
        self.one_way
            .extend(one_way.filter(|server| failed.servers.contains(server)));
    }

    /// Takes what a flow tells of how far away its responder and the neighbours are.
    fn note_answers(&mut self, flow: &Flow, near: IpAddr) {
        for event in flow.events_of(EventKind::SynAck, false) {
            let ttls = self.ttl.entry(flow.responder.ip).or_default();
            ttls.insert(event.ttl);
            let of_near = self.near_ttl.entry(near).or_default();
            of_near
                .entry(event.ttl)
                .and_modify(|several| *several = true)
                .or_insert(false);
        }
        if let (Some(took), _) = answer_times(flow) {
            let soonest = self.soonest.entry(near).or_insert(took);
            *soonest = took.min(*soonest);
        }
    }

    /// Whether answers of a server where something failed are sure not to pass the tap.
    pub(super) fn is_one_way(&self, server: IpAddr) -> bool {
        !self.one_way.is_empty() && self.one_way.contains(&server)
    }

    /// Whether several SYN-ACKs of a neighbourhood had one TTL.
    pub(super) fn is_steady(&self, near: IpAddr) -> bool {
        let ttls = self.near_ttl.get(&near);
        ttls.is_some_and(|ttls| ttls.values().any(|several| *several))
    }
}

impl Merge for Nearby {
    fn merge(&mut self, other: Self) {
        for (server, served) in other.by_responder {
            self.by_responder.entry(server).or_default().extend(served);
        }
        for (service, answered) in other.udp {
            self.udp.entry(service).or_default().extend(answered);
        }
        for (server, ttls) in other.ttl {
            self.ttl.entry(server).or_default().extend(ttls);
        }
        for (near, ttls) in other.near_ttl {
            let known = self.near_ttl.entry(near).or_default();
            for (ttl, several) in ttls {
                known
                    .entry(ttl)
                    .and_modify(|known| *known = true)
                    .or_insert(several);
            }
        }
        for (near, took) in other.soonest {
            let soonest = self.soonest.entry(near).or_insert(took);
            *soonest = took.min(*soonest);
        }
        self.issuers.merge(other.issuers);
        self.vendors.extend(other.vendors);
        self.proxies.extend(other.proxies);
        self.one_way.extend(other.one_way);
        self.silent.merge(other.silent);
    }
}

/// What else the hosts of a share tried, of those whose tries failed.
#[derive(Debug)]
pub(super) struct OwnTries {
    /// By initiator and port, of those where something failed: responders that answered over TCP, and over UDP.
    pub(super) answered: HashMap<(IpAddr, u16), [BTreeSet<IpAddr>; 2]>,
    /// What else explains silence.
    pub(super) silences: Silences,
    /// What dies by the port that it comes from.
    pub(super) source_ports: SourcePorts,
    /// Names that are stopped in one way at several places.
    pub(super) alike: Alike,
}

impl OwnTries {
    pub(super) fn of(tries: &[JudgedTry<'_>]) -> Self {
        let all = || tries.iter().copied();
        let went = || all().map(|(flow, verdict)| (flow, &verdict.went));
        Self {
            answered: answered(tries),
            silences: Silences::of(went()),
            source_ports: SourcePorts::of(went()),
            alike: Alike::of(all()),
        }
    }
}

/// Who answered those whose tries at a port failed elsewhere.
fn answered(tries: &[JudgedTry<'_>]) -> HashMap<(IpAddr, u16), [BTreeSet<IpAddr>; 2]> {
    let client = |flow: &Flow| (flow.initiator.ip, flow.responder.port);
    let failed = tries.iter();
    let failed = failed.filter(|(_, verdict)| matches!(verdict.went, AttemptOutcome::Failed(_)));
    let mut answered: HashMap<_, [BTreeSet<IpAddr>; 2]> = failed
        .map(|(flow, _)| (client(flow), Default::default()))
        .collect();
    if answered.is_empty() {
        return answered;
    }
    let reached = tries.iter();
    let reached = reached.filter(|(_, verdict)| verdict.went == AttemptOutcome::Succeeded);
    for (flow, _) in reached {
        if let Some(by) = answered.get_mut(&client(flow)) {
            by[usize::from(flow.transport == Transport::Udp)].insert(flow.responder.ip);
        }
    }
    answered
}

/// The name that the initiator said in a flow with this aim.
pub(super) fn said_name<'a>(flow: &'a Flow, aim: &'a FlowTarget) -> Option<&'a Fqdn> {
    let own = aim.source.is_some_and(NameSource::is_said_by_initiator);
    let said = || flow.said_names().next().map(|name| &name.fqdn);
    aim.names.first().filter(|_| own).or_else(said)
}

/// The /24 or /48 of an address: what is likely to lie behind the same hops.
pub(super) fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    fn ip(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn ends_of_failures_merge_in_any_order() {
        let failed = |server, all_servers| FailedEnds {
            servers: [ip(server), ip(9)].into_iter().collect(),
            silent: [(ip(server), 443)].into_iter().collect(),
            all_servers,
            ..FailedEnds::default()
        };
        hold(&[failed(1, false), failed(2, true), failed(1, false)]);
    }

    #[test]
    fn what_works_nearby_merges_in_any_order() {
        let nearby = |client, ttl, millis| Nearby {
            by_responder: [(ip(9), [(443, ip(client), None)].into())]
                .into_iter()
                .collect(),
            udp: [((53, ip(9)), [ip(client)].into())].into_iter().collect(),
            ttl: [(ip(9), [ttl].into())].into_iter().collect(),
            near_ttl: [(ip(0), [(ttl, false)].into())].into_iter().collect(),
            soonest: [(ip(0), Duration::from_millis(millis))]
                .into_iter()
                .collect(),
            ..Nearby::default()
        };
        let parts = [nearby(1, 57, 20), nearby(2, 60, 10), nearby(3, 57, 30)];
        hold(&parts);
        // One answer in each of two shares are two with one TTL.
        let [mut one, other, another] = parts;
        one.merge(other);
        assert!(!one.is_steady(ip(0)));
        one.merge(another);
        assert!(one.is_steady(ip(0)));
    }
}
