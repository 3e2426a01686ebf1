//! One host, several addresses: rotating ones, a link-local one towards the resolver, those of address translation.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use foldhash::HashMap;
use ipnet::{IpNet, Ipv6Net};

use thin_vec::ThinVec;

use super::translation::embedded;
use super::whole::WholeFacts;
use crate::model::{Fqdn, Merge, Stamp, Transport};
use crate::observe::{Capture, Flow, Links, Mac};
use crate::rules::{Profile, RuleSet, Target};
use crate::wording::{Phrase, phrase, word};

/// What stands for what.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    same: HashMap<IpAddr, IpAddr>,
    /// Those of `same` that nothing proves.
    guessed: HashMap<IpAddr, IpAddr>,
    prefixes: Vec<Ipv6Net>,
    /// Addresses that may be of translation, with the IPv4 address at their end.
    untold: HashMap<IpAddr, IpAddr>,
    /// Names that DNS gave to a host for IPv4 addresses that it reaches by translation, ascending by time.
    names: HashMap<(IpAddr, IpAddr), Vec<(Stamp, Fqdn)>>,
}

impl Hosts {
    /// What is known without [`Speakers`]. Destinations and names are those of a share.
    pub(super) fn begun(capture: &Capture, whole: &WholeFacts<'_>, rules: &RuleSet) -> Self {
        let profile = rules.profile();
        let mut hosts = Self {
            same: same(&whole.head.links, profile),
            prefixes: whole.translation.prefixes(profile),
            ..Self::default()
        };
        hosts.untold = untold(capture, &hosts.prefixes, rules);
        hosts
    }

    /// The same with all speakers of the whole.
    #[must_use]
    pub(super) fn concluded(
        mut self,
        capture: &Capture,
        speakers: &Speakers,
        (whole, rules): (&WholeFacts<'_>, &RuleSet),
    ) -> Self {
        let (certain, guessed) = translating(speakers, &whole.head.links, rules.profile());
        for (ip, host) in certain.into_iter().chain(guessed.clone()) {
            self.same.entry(ip).or_insert(host);
        }
        self.guessed = guessed;
        let names = names(capture, &self);
        self.names = names;
        self
    }

    /// The names that DNS gave the initiator of a flow, before it, for the IPv4 address that its destination stands for;
    /// the newest first.
    pub(super) fn names(&self, flow: &Flow) -> ThinVec<Fqdn> {
        let mut out = ThinVec::new();
        if self.names.is_empty() {
            return out;
        }
        let key = (
            self.host(flow.initiator.ip),
            self.destination(flow.responder.ip),
        );
        let known = self.names.get(&key).into_iter().flatten().rev();
        for (_, name) in known.filter(|(at, _)| *at <= flow.span.0) {
            if !out.contains(name) {
                out.push(name.clone());
            }
        }
        out
    }

    /// Whether the site's host of an address is only guessed.
    #[inline]
    pub(super) fn is_guessed(&self, ip: IpAddr) -> bool {
        !self.guessed.is_empty() && self.guessed.contains_key(&ip)
    }

    /// The IPv4 address at the end of an IPv6 one that may be of translation, which nothing tells.
    #[inline]
    pub(super) fn untold(&self, ip: IpAddr) -> Option<IpAddr> {
        match self.untold.is_empty() {
            true => None,
            false => self.untold.get(&ip).copied(),
        }
    }

    /// The address that the site knows a host by; the same one where that is not another.
    #[inline]
    pub(super) fn host(&self, ip: IpAddr) -> IpAddr {
        match self.same.is_empty() {
            true => ip,
            false => self.same.get(&ip).copied().unwrap_or(ip),
        }
    }

    /// The IPv4 address that stands in an IPv6 one under a prefix of translation, else the address itself.
    #[inline]
    pub(super) fn destination(&self, ip: IpAddr) -> IpAddr {
        match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(v6) => {
                let prefix = self.prefixes.iter().find(|prefix| prefix.contains(&v6));
                prefix.map_or(ip, |prefix| embedded(v6, prefix.prefix_len()).into())
            }
        }
    }

    /// The addresses that flows go to which stand for others.
    pub(super) fn translated(&self, capture: &Capture) -> BTreeMap<IpAddr, IpAddr> {
        if self.prefixes.is_empty() {
            return BTreeMap::new();
        }
        let flows = capture.flows.iter().map(|flow| flow.responder.ip);
        let led = flows.map(|ip| (ip, self.destination(ip)));
        led.filter(|(ip, to)| ip != to).collect()
    }

    /// What a share tells for the head of the report.
    pub(super) fn noted(&self, capture: &Capture) -> NotedHosts {
        let mut noted = NotedHosts::default();
        // Neighbour discovery alone is nothing to tell of.
        let flows = capture.flows.iter();
        let talks = flows.filter(|flow| flow.transport != Transport::Icmpv6);
        for ip in talks.map(|flow| flow.initiator.ip) {
            if let Some(host) = self.same.get(&ip) {
                let others = noted.others.entry(*host).or_default();
                others.insert(ip, self.is_guessed(ip));
            }
        }
        let untold = self.untold.iter();
        noted.untold = untold.map(|(ip, v4)| (*ip, *v4)).collect();
        noted.bound();
        noted
    }
}

/// What the head of the report tells of hosts and translation. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NotedHosts {
    /// By host: the addresses that are taken for its own, and whether that is only guessed.
    others: BTreeMap<IpAddr, BTreeMap<IpAddr, bool>>,
    /// Addresses that may be of translation, with the IPv4 address at their end: the smallest.
    untold: BTreeSet<(IpAddr, IpAddr)>,
}

impl NotedHosts {
    /// The most addresses told that may be of translation.
    const UNTOLD: usize = 3;

    fn bound(&mut self) {
        while self.untold.len() > Self::UNTOLD {
            self.untold.pop_last();
        }
    }

    /// In words.
    pub(super) fn notes(&self) -> Vec<Phrase> {
        let list = |all: &BTreeMap<IpAddr, bool>| {
            let more = all.len().saturating_sub(3);
            let some: Vec<String> = all.keys().take(3).map(ToString::to_string).collect();
            Phrase::from(some.join(", ")).and_more(more)
        };
        let told = self.others.iter().take(5).map(|(host, all)| {
            let why = match all.values().any(|guessed| *guessed) {
                true => {
                    word!(same_host_perhaps, "perhaps: alone in its /64 it speaks to addresses of translation only, as a host's own for IPv4 (CLAT); if so, list it in the site file with the host's role")
                }
                false => word!(same_host_by_card, "packets of both come from one network card"),
            };
            phrase!(taken_for_host, "{all} is taken for {host}: {why}", all = list(all), host, why)
        });
        told.chain(self.notes_of_translation()).collect()
    }

    fn notes_of_translation(&self) -> impl Iterator<Item = Phrase> + use<> {
        let found = self.untold.clone().into_iter();
        found.filter_map(|(ip, v4)| {
            let prefix = IpNet::new(ip, 96).ok()?.trunc();
            Some(phrase!(translation_untold, "{ip} ends with {v4}, which a requirement lists: where that is address translation, say nat64 = [\"{prefix}\"] under [dns] in the site file", ip, v4, prefix))
        })
    }
}

impl Merge for NotedHosts {
    fn merge(&mut self, other: Self) {
        for (host, all) in other.others {
            let known = self.others.entry(host).or_default();
            for (ip, guessed) in all {
                *known.entry(ip).or_default() |= guessed;
            }
        }
        self.untold.extend(other.untold);
        self.bound();
    }
}

/// What DNS gave to hosts for the IPv4 addresses that they reach by translation.
fn names(capture: &Capture, hosts: &Hosts) -> HashMap<(IpAddr, IpAddr), Vec<(Stamp, Fqdn)>> {
    let mut wanted: HashMap<(IpAddr, IpAddr), Vec<(Stamp, Fqdn)>> = HashMap::default();
    for flow in capture.flows.iter().filter(|flow| flow.opened) {
        let to = hosts.destination(flow.responder.ip);
        if to != flow.responder.ip {
            wanted.insert((hosts.host(flow.initiator.ip), to), Vec::new());
        }
    }
    if wanted.is_empty() {
        return wanted;
    }
    for transaction in &capture.dns {
        let client = hosts.host(transaction.client.ip);
        for (address, name, at) in transaction.named() {
            if let Some(names) = wanted.get_mut(&(client, address)) {
                names.push((at, name.clone()));
            }
        }
    }
    wanted.retain(|_, names| !names.is_empty());
    wanted.values_mut().for_each(|names| names.sort_unstable());
    wanted
}

/// What looks like address translation that nobody told of: a flow to an IPv6 address that ends with an IPv4 address
/// which a requirement lists by itself.
fn untold(capture: &Capture, prefixes: &[Ipv6Net], rules: &RuleSet) -> HashMap<IpAddr, IpAddr> {
    let targets = rules.requirements().iter().flat_map(|row| &row.to);
    let listed: BTreeSet<Ipv4Addr> = targets
        .filter_map(|to| match to.target {
            Target::Network(IpNet::V4(network)) if network.prefix_len() == 32 => {
                Some(network.addr())
            }
            _ => None,
        })
        .collect();
    let mut found = HashMap::default();
    if listed.is_empty() {
        return found;
    }
    for flow in &capture.flows {
        if let IpAddr::V6(ip) = flow.responder.ip
            && ip.octets()[8..12] == [0; 4]
            && ip.to_ipv4().is_none()
            && !prefixes.iter().any(|prefix| prefix.contains(&ip))
            && listed.contains(&embedded(ip, 96))
        {
            found.insert(ip.into(), embedded(ip, 96).into());
        }
    }
    found
}

/// Who speaks in the /64 networks of the site's hosts. Merges by union and AND.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Speakers {
    /// By network, those that the site does not know: whether they speak to addresses of translation alone.
    alone: BTreeMap<(u128, IpAddr), bool>,
    /// The site's hosts that opened something.
    present: BTreeSet<IpAddr>,
}

impl Speakers {
    pub(super) fn of(capture: &Capture, begun: &Hosts, profile: &Profile) -> Self {
        let mut speakers = Self::default();
        let hosts = by_network(profile);
        if hosts.is_empty() {
            return speakers;
        }
        let is_translated = |ip| begun.destination(ip) != ip || begun.untold(ip).is_some();
        for flow in &capture.flows {
            let IpAddr::V6(v6) = flow.initiator.ip else {
                continue;
            };
            let network = u128::from(v6) >> 64;
            let Some(hosts) = hosts.get(&network) else {
                continue;
            };
            if hosts.contains(&v6.into()) {
                speakers.present.insert(v6.into());
            }
            let talks = matches!(flow.transport, Transport::Tcp | Transport::Udp);
            if talks && !profile.is_audited(v6.into()) {
                let alone = speakers.alone.entry((network, v6.into())).or_insert(true);
                *alone &= is_translated(flow.responder.ip);
            }
        }
        speakers
    }
}

impl Merge for Speakers {
    fn merge(&mut self, other: Self) {
        for (speaker, alone) in other.alone {
            *self.alone.entry(speaker).or_insert(true) &= alone;
        }
        self.present.extend(other.present);
    }
}

/// The site's hosts with an IPv6 address, by /64.
fn by_network(profile: &Profile) -> BTreeMap<u128, Vec<IpAddr>> {
    let mut hosts: BTreeMap<u128, Vec<IpAddr>> = BTreeMap::new();
    if profile.is_default() {
        return hosts;
    }
    for host in profile.hosts() {
        if let IpAddr::V6(v6) = host {
            hosts.entry(u128::from(v6) >> 64).or_default().push(host);
        }
    }
    hosts
}

/// Addresses that no list has and no network card ties to a host, but that can hardly be anything else than the one by
/// which a host reaches IPv4 (RFC 6877 section 6.3): they speak to addresses of translation alone, and are the only such
/// ones in the /64 of the only host there. A host that shows itself elsewhere with a card that is not theirs is another
/// machine; one with the same card is the same machine, which is certain.
fn translating(
    speakers: &Speakers,
    links: &Links,
    profile: &Profile,
) -> (HashMap<IpAddr, IpAddr>, HashMap<IpAddr, IpAddr>) {
    let (mut certain, mut guessed) = (HashMap::default(), HashMap::default());
    let by_network = by_network(profile);
    for ((network, ip), _) in speakers.alone.iter().filter(|(_, alone)| **alone) {
        let Some(hosts) = by_network.get(network) else {
            continue;
        };
        let cards = |ip| [links.of(ip), links.behind(ip)].concat();
        let own = cards(*ip);
        let same = |host: &&IpAddr| match (links.of(**host), &own[..]) {
            ([one], [other]) => one == other,
            _ => false,
        };
        let others = speakers.alone.keys();
        let others = others.filter(|(of, _)| of == network).count();
        match (hosts.iter().find(same), &hosts[..]) {
            (Some(host), _) => {
                certain.insert(*ip, *host);
            }
            (None, [host]) if others == 1 && !speakers.present.contains(host) => {
                guessed.insert(*ip, *host);
            }
            _ => {}
        }
    }
    (certain, guessed)
}

/// Addresses that the site does not know, by the one that it knows their network card by. A second IPv4 address may
/// be another job of the host, and is left as it is.
fn same(links: &Links, profile: &Profile) -> HashMap<IpAddr, IpAddr> {
    let mut out = HashMap::default();
    if profile.is_default() {
        return out;
    }
    let mut cards: BTreeMap<Mac, BTreeSet<IpAddr>> = BTreeMap::new();
    for (ip, macs) in links.iter() {
        // Who has several cards is behind something that answers for him.
        if let [mac] = macs {
            cards.entry(*mac).or_default().insert(ip);
        }
    }
    for addresses in cards.values() {
        let known = |ip: &&IpAddr| profile.is_audited(**ip);
        let v4 = addresses.iter().filter(|ip| ip.is_ipv4());
        // A card with several IPv4 addresses or networks is a router's or a proxy's.
        if v4.count() > 2 || networks(addresses) > 3 {
            continue;
        }
        let mut hosts = addresses.iter().filter(known);
        let Some(first) = hosts.next() else { continue };
        let v6 = addresses.iter().filter(known).find(|ip| ip.is_ipv6());
        for other in addresses.iter().filter(|ip| ip.is_ipv6()) {
            if !profile.is_audited(*other) {
                out.insert(*other, *v6.unwrap_or(first));
            }
        }
    }
    out
}

/// Networks of 64 bits that addresses lie in, the link itself left out.
fn networks(addresses: &BTreeSet<IpAddr>) -> usize {
    let of = addresses.iter().filter_map(|ip| match ip {
        IpAddr::V6(ip) if !ip.is_unicast_link_local() => Some(u128::from(*ip) >> 64),
        _ => None,
    });
    of.collect::<BTreeSet<u128>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    fn ip(last: u16) -> IpAddr {
        [0x2001, 0xdb8, 0, 0, 0, 0, 0, last].into()
    }

    #[test]
    fn what_shares_note_merges_in_any_order() {
        let noted = |host, own, guessed, untold: &[u16]| NotedHosts {
            others: [(ip(host), [(ip(own), guessed)].into())].into(),
            untold: untold.iter().map(|last| (ip(*last), ip(1))).collect(),
        };
        // More than are told.
        hold(&[
            noted(1, 2, false, &[4, 9]),
            noted(1, 2, true, &[3, 8]),
            noted(5, 6, false, &[7]),
        ]);
    }

    #[test]
    fn who_speaks_elsewhere_in_another_share_speaks_not_alone() {
        let speakers = |alone, host| Speakers {
            alone: [((1, ip(7)), alone), ((1, ip(host)), true)].into(),
            present: [ip(host)].into(),
        };
        let parts = [speakers(true, 1), speakers(false, 2), speakers(true, 1)];
        hold(&parts);
        let [mut one, other, _] = parts;
        one.merge(other);
        assert!(!one.alone[&(1, ip(7))]);
    }
}
