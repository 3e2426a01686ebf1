//! Address translation (NAT64): under which prefixes IPv4 addresses stand in IPv6 ones, as captures tell it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::HashSet;
use ipnet::Ipv6Net;

use crate::model::{Fqdn, Merge};
use crate::observe::{Capture, DnsData};
use crate::rules::Profile;

/// The prefix that needs no telling (RFC 6052 section 2.1).
const WELL_KNOWN: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

/// What a capture tells of address translation: answers for a name that has no IPv6 address, made by a resolver that
/// translates (RFC 7050), and connections to IPv6 addresses that no answer gave, but that end with the IPv4 address that one
/// gave to the same client. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TranslationFacts {
    /// Prefixes that resolvers tell.
    discovered: BTreeSet<Ipv6Net>,
    /// Destinations of clients to which DNS gave the IPv4 address at their end.
    followed: HashSet<Ipv6Addr>,
    /// Addresses of their form that some answer gave.
    native: HashSet<Ipv6Addr>,
}

impl TranslationFacts {
    pub(super) fn of(capture: &Capture) -> Self {
        let mut facts = Self::default();
        let asked = |name: &Option<Fqdn>| {
            let name = name.as_ref();
            name.is_some_and(|name| name.as_str() == "ipv4only.arpa")
        };
        for transaction in capture.dns.iter().filter(|t| asked(&t.query)) {
            let records = transaction
                .answers
                .iter()
                .flat_map(|(_, facts)| &facts.records);
            for record in records.filter(|record| record.is_answer()) {
                if let DnsData::Address(IpAddr::V6(ip)) = record.data {
                    facts.discovered.extend(discovered(ip));
                }
            }
        }
        facts.follow(capture);
        facts
    }

    fn follow(&mut self, capture: &Capture) {
        let mut given: HashSet<(IpAddr, Ipv4Addr)> = HashSet::default();
        for transaction in capture.dns.iter().filter(|t| t.client.ip.is_ipv6()) {
            for (address, ..) in transaction.named() {
                match address {
                    IpAddr::V4(v4) => _ = given.insert((transaction.client.ip, v4)),
                    IpAddr::V6(v6) if has_form(v6) => _ = self.native.insert(v6),
                    IpAddr::V6(_) => {}
                }
            }
        }
        if given.is_empty() {
            return;
        }
        for flow in capture.flows.iter().filter(|flow| flow.opened) {
            if let IpAddr::V6(ip) = flow.responder.ip
                && has_form(ip)
                && ip.to_ipv4().is_none()
                && given.contains(&(flow.initiator.ip, embedded(ip, 96)))
            {
                self.followed.insert(ip);
            }
        }
    }

    /// Prefixes of translation, ascending: the well-known one, the site's, and those that the capture tells.
    pub(super) fn prefixes(&self, profile: &Profile) -> Vec<Ipv6Net> {
        let mut out: Vec<Ipv6Net> = profile.hidden().nat64.clone();
        out.extend(Ipv6Net::new(WELL_KNOWN, 96));
        out.extend(&self.discovered);
        let followed = self.followed.difference(&self.native);
        let followed = followed.filter_map(|ip| Ipv6Net::new(*ip, 96).ok());
        out.extend(followed.map(|prefix| prefix.trunc()));
        out.sort();
        out.dedup();
        out
    }
}

impl Merge for TranslationFacts {
    fn merge(&mut self, other: Self) {
        self.discovered.extend(other.discovered);
        self.followed.extend(other.followed);
        self.native.extend(other.native);
    }
}

/// Whether an address may end with an IPv4 one.
fn has_form(ip: Ipv6Addr) -> bool {
    ip.octets()[8..12] == [0; 4]
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
pub(super) fn embedded(ip: Ipv6Addr, length: u8) -> Ipv4Addr {
    let octets = ip.octets();
    let start = usize::from(length / 8);
    let mut bytes = (start..16).filter(|at| *at != 8 || length == 96);
    let mut next = || bytes.next().map_or(0, |at| octets[at]);
    Ipv4Addr::new(next(), next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

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

    #[test]
    fn what_another_share_was_told_is_native() {
        let ip: Ipv6Addr = "2001:db8::c000:201".parse().unwrap();
        let followed = TranslationFacts {
            followed: [ip].into_iter().collect(),
            ..TranslationFacts::default()
        };
        let native = TranslationFacts {
            native: [ip].into_iter().collect(),
            ..TranslationFacts::default()
        };
        let discovered = TranslationFacts {
            discovered: discovered("64:ff9b::192.0.0.170".parse().unwrap())
                .into_iter()
                .collect(),
            ..TranslationFacts::default()
        };
        hold(&[followed, native, discovered]);
    }
}
