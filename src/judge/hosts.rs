//! One host, several addresses: rotating ones, a link-local one towards the resolver, those of address translation.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::{HashMap, HashSet};
use ipnet::{IpNet, Ipv6Net};

use thin_vec::ThinVec;

use crate::model::{Fqdn, Stamp, Transport};
use crate::observe::{Capture, DnsData, Flow, Mac};
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

/// The prefix that needs no telling (RFC 6052 section 2.1).
const WELL_KNOWN: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

impl Hosts {
    pub(super) fn of(capture: &Capture, rules: &RuleSet) -> Self {
        let profile = rules.profile();
        let mut hosts = Self {
            same: same(capture, profile),
            guessed: HashMap::default(),
            prefixes: prefixes(capture, profile),
            untold: HashMap::default(),
            names: HashMap::default(),
        };
        hosts.untold = untold(capture, &hosts.prefixes, rules);
        let is_translated = |ip| hosts.destination(ip) != ip || hosts.untold(ip).is_some();
        let (certain, guessed) = translating(capture, profile, is_translated);
        for (ip, host) in certain.into_iter().chain(guessed.clone()) {
            hosts.same.entry(ip).or_insert(host);
        }
        hosts.guessed = guessed;
        let names = names(capture, &hosts);
        hosts.names = names;
        hosts
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

    /// In words, for the head of the report.
    pub(super) fn notes(&self, capture: &Capture) -> Vec<Phrase> {
        let mut others: BTreeMap<IpAddr, BTreeSet<IpAddr>> = BTreeMap::new();
        // Neighbour discovery alone is nothing to tell of.
        let flows = capture.flows.iter();
        let talks = flows.filter(|flow| flow.transport != Transport::Icmpv6);
        for ip in talks.map(|flow| flow.initiator.ip) {
            if let Some(host) = self.same.get(&ip) {
                others.entry(*host).or_default().insert(ip);
            }
        }
        let list = |all: &BTreeSet<IpAddr>| {
            let more = all.len().saturating_sub(3);
            let some: Vec<String> = all.iter().take(3).map(ToString::to_string).collect();
            Phrase::from(some.join(", ")).and_more(more)
        };
        let told = others.iter().take(5).map(|(host, all)| {
            let why = match all.iter().any(|ip| self.is_guessed(*ip)) {
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
        let found: BTreeSet<(IpAddr, IpAddr)> =
            self.untold.iter().map(|(ip, v4)| (*ip, *v4)).collect();
        found.into_iter().take(3).filter_map(|(ip, v4)| {
            let prefix = IpNet::new(ip, 96).ok()?.trunc();
            Some(phrase!(translation_untold, "{ip} ends with {v4}, which a requirement lists: where that is address translation, say nat64 = [\"{prefix}\"] under [dns] in the site file", ip, v4, prefix))
        })
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

/// Addresses that no list has and no network card ties to a host, but that can hardly be anything else than the one by
/// which a host reaches IPv4 (RFC 6877 section 6.3): they speak to addresses of translation alone, and are the only such
/// ones in the /64 of the only host there. A host that shows itself elsewhere with a card that is not theirs is another
/// machine; one with the same card is the same machine, which is certain.
fn translating(
    capture: &Capture,
    profile: &Profile,
    is_translated: impl Fn(IpAddr) -> bool,
) -> (HashMap<IpAddr, IpAddr>, HashMap<IpAddr, IpAddr>) {
    let (mut certain, mut guessed) = (HashMap::default(), HashMap::default());
    if profile.is_default() {
        return (certain, guessed);
    }
    let mut hosts: BTreeMap<u128, Vec<IpAddr>> = BTreeMap::new();
    for host in profile.hosts() {
        if let IpAddr::V6(v6) = host {
            hosts.entry(u128::from(v6) >> 64).or_default().push(host);
        }
    }
    if hosts.is_empty() {
        return (certain, guessed);
    }
    // By network: who speaks to addresses of translation alone.
    let mut speakers: BTreeMap<(u128, IpAddr), bool> = BTreeMap::new();
    for flow in &capture.flows {
        let IpAddr::V6(v6) = flow.initiator.ip else {
            continue;
        };
        let network = u128::from(v6) >> 64;
        let talks = matches!(flow.transport, Transport::Tcp | Transport::Udp);
        if talks && hosts.contains_key(&network) && !profile.is_audited(v6.into()) {
            let alone = speakers.entry((network, v6.into())).or_insert(true);
            *alone &= is_translated(flow.responder.ip);
        }
    }
    let present: BTreeSet<IpAddr> = capture.flows.iter().map(|flow| flow.initiator.ip).collect();
    for ((network, ip), _) in speakers.iter().filter(|(_, alone)| **alone) {
        let Some(hosts) = hosts.get(network) else {
            continue;
        };
        let cards = |ip| [capture.links.of(ip), capture.links.behind(ip)].concat();
        let own = cards(*ip);
        let same = |host: &&IpAddr| match (capture.links.of(**host), &own[..]) {
            ([one], [other]) => one == other,
            _ => false,
        };
        let others = speakers.keys().filter(|(of, _)| of == network).count();
        match (hosts.iter().find(same), &hosts[..]) {
            (Some(host), _) => {
                certain.insert(*ip, *host);
            }
            (None, [host]) if others == 1 && !present.contains(host) => {
                guessed.insert(*ip, *host);
            }
            _ => {}
        }
    }
    (certain, guessed)
}

/// Addresses that the site does not know, by the one that it knows their network card by. A second IPv4 address may
/// be another job of the host, and is left as it is.
fn same(capture: &Capture, profile: &Profile) -> HashMap<IpAddr, IpAddr> {
    let mut out = HashMap::default();
    if profile.is_default() {
        return out;
    }
    let mut cards: BTreeMap<Mac, BTreeSet<IpAddr>> = BTreeMap::new();
    for (ip, macs) in capture.links.iter() {
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

/// Prefixes of translation: the well-known one, the site's, and what the capture tells: answers for a name that has no
/// IPv6 address, made by a resolver that translates (RFC 7050), and connections to IPv6 addresses that no answer gave,
/// but that end with the IPv4 address that one gave to the same client.
fn prefixes(capture: &Capture, profile: &Profile) -> Vec<Ipv6Net> {
    let mut out: Vec<Ipv6Net> = profile.hidden().nat64.clone();
    out.extend(Ipv6Net::new(WELL_KNOWN, 96));
    let asked = |name: &Option<Fqdn>| name.as_ref().is_some_and(|n| n.as_str() == "ipv4only.arpa");
    for transaction in capture.dns.iter().filter(|t| asked(&t.query)) {
        let records = transaction
            .answers
            .iter()
            .flat_map(|(_, facts)| &facts.records);
        for record in records.filter(|record| record.is_answer()) {
            if let DnsData::Address(IpAddr::V6(ip)) = record.data {
                out.extend(discovered(ip));
            }
        }
    }
    out.extend(followed(capture));
    out.sort();
    out.dedup();
    out
}

/// Prefixes of addresses that end with an IPv4 address which DNS gave to the client that goes there.
fn followed(capture: &Capture) -> Vec<Ipv6Net> {
    let mut given: HashSet<(IpAddr, Ipv4Addr)> = HashSet::default();
    let mut native: HashSet<Ipv6Addr> = HashSet::default();
    for transaction in capture.dns.iter().filter(|t| t.client.ip.is_ipv6()) {
        for (address, ..) in transaction.named() {
            match address {
                IpAddr::V4(v4) => _ = given.insert((transaction.client.ip, v4)),
                IpAddr::V6(v6) => _ = native.insert(v6),
            }
        }
    }
    if given.is_empty() {
        return Vec::new();
    }
    let reached = capture
        .flows
        .iter()
        .filter_map(|flow| match flow.responder.ip {
            IpAddr::V6(ip)
                if flow.opened && ip.octets()[8..12] == [0; 4] && !native.contains(&ip) =>
            {
                let v4 = embedded(ip, 96);
                let known = ip.to_ipv4().is_none() && given.contains(&(flow.initiator.ip, v4));
                known.then(|| Ipv6Net::new(ip, 96).ok()).flatten()
            }
            _ => None,
        });
    reached.map(|prefix| prefix.trunc()).collect()
}

/// The prefix under which 192.0.0.170 or 192.0.0.171 stands in an address (RFC 7050 section 3).
fn discovered(ip: Ipv6Addr) -> Option<Ipv6Net> {
    let known = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];
    let length = [96, 64, 56, 48, 40, 32]
        .into_iter()
        .find(|length| known.contains(&embedded(ip, *length)))?;
    Ipv6Net::new(ip, length).ok().map(|net| net.trunc())
}

/// The IPv4 address behind a prefix (RFC 6052 section 2.2): the ninth byte is left out.
fn embedded(ip: Ipv6Addr, length: u8) -> Ipv4Addr {
    let octets = ip.octets();
    let start = usize::from(length / 8);
    let mut bytes = (start..16).filter(|at| *at != 8 || length == 96);
    let mut next = || bytes.next().map_or(0, |at| octets[at]);
    Ipv4Addr::new(next(), next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_where_rfc_6052_puts_them() {
        // The examples of RFC 6052 section 2.4.
        for (text, length) in [
            ("2001:db8:c000:221::", 32),
            ("2001:db8:1c0:2:21::", 40),
            ("2001:db8:122:c000:2:2100::", 48),
            ("2001:db8:122:3c0:0:221::", 56),
            ("2001:db8:122:344:c0:2:2100::", 64),
            ("2001:db8:122:344::192.0.2.33", 96),
            ("64:ff9b::192.0.2.33", 96),
        ] {
            let ip: Ipv6Addr = text.parse().unwrap();
            assert_eq!(embedded(ip, length), Ipv4Addr::new(192, 0, 2, 33), "{text}");
        }
    }

    #[test]
    fn a_resolver_tells_its_prefix() {
        let of = |text: &str| discovered(text.parse().unwrap()).map(|net| net.to_string());
        assert_eq!(of("64:ff9b::192.0.0.170").as_deref(), Some("64:ff9b::/96"));
        assert_eq!(of("fd77:64::c000:ab").as_deref(), Some("fd77:64::/96"));
        assert_eq!(
            of("2001:db8:122:344:c0:0:aa00::").as_deref(),
            Some("2001:db8:122:344::/64")
        );
        assert_eq!(of("fd77:64::c000:ac"), None);
    }
}
