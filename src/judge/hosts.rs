//! One host, several addresses: rotating ones, a link-local one towards the resolver, those of address translation.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::HashMap;
use ipnet::{IpNet, Ipv6Net};

use crate::model::{Fqdn, Transport};
use crate::observe::{Capture, DnsData, Mac};
use crate::rules::{Profile, RuleSet, Target};

/// What stands for what.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    same: HashMap<IpAddr, IpAddr>,
    prefixes: Vec<Ipv6Net>,
}

/// The prefix that needs no telling (RFC 6052 section 2.1).
const WELL_KNOWN: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

impl Hosts {
    pub(super) fn of(capture: &Capture, profile: &Profile) -> Self {
        Self {
            same: same(capture, profile),
            prefixes: prefixes(capture, profile),
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

    /// In words, for the head of the report.
    pub(super) fn notes(&self, capture: &Capture) -> Vec<String> {
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
            match more {
                0 => some.join(", "),
                _ => format!("{} and {more} more", some.join(", ")),
            }
        };
        let told = others.iter().take(5).map(|(host, all)| {
            format!(
                "{} is taken for {host}: packets of both come from one network card",
                list(all)
            )
        });
        told.collect()
    }
}

/// What looks like address translation that nobody told of: a flow to an IPv6 address that ends with an IPv4 address
/// which a requirement lists by itself. In words, for the head of the report.
pub(super) fn untold_translation(capture: &Capture, hosts: &Hosts, rules: &RuleSet) -> Vec<String> {
    let targets = rules.requirements().iter().flat_map(|row| &row.to);
    let listed: BTreeSet<Ipv4Addr> = targets
        .filter_map(|to| match to.target {
            Target::Network(IpNet::V4(network)) if network.prefix_len() == 32 => {
                Some(network.addr())
            }
            _ => None,
        })
        .collect();
    if listed.is_empty() {
        return Vec::new();
    }
    let mut found: BTreeSet<(Ipv6Addr, Ipv4Addr)> = BTreeSet::new();
    for flow in &capture.flows {
        if let IpAddr::V6(ip) = flow.responder.ip
            && ip.octets()[8..12] == [0; 4]
            && ip.to_ipv4().is_none()
            && hosts.destination(flow.responder.ip) == flow.responder.ip
            && listed.contains(&embedded(ip, 96))
        {
            found.insert((ip, embedded(ip, 96)));
        }
    }
    let told = found.into_iter().take(3).filter_map(|(ip, v4)| {
        let prefix = Ipv6Net::new(ip, 96).ok()?.trunc();
        Some(format!(
            "{ip} ends with {v4}, which a requirement lists: where that is address translation, say nat64 = [\"{prefix}\"] under [dns] in the site file"
        ))
    });
    told.collect()
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

/// Prefixes of translation: the well-known one, the site's, and what the capture tells (RFC 7050): answers for a name
/// that has no IPv6 address, made by a resolver that translates.
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
    out.sort();
    out.dedup();
    out
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
