//! Addresses: all prefixes that cover one, from two tries.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

use super::Legs;

/// Legs by network.
#[derive(Debug, Default)]
pub(in crate::rules) struct Networks {
    v4: PrefixMap<Ipv4Net, Legs>,
    v6: PrefixMap<Ipv6Net, Legs>,
}

impl Networks {
    pub(in crate::rules) fn insert(&mut self, network: IpNet, leg: u32) {
        match network {
            IpNet::V4(n) => self.v4.entry(n).or_default().push(leg),
            IpNet::V6(n) => self.v6.entry(n).or_default().push(leg),
        }
    }

    /// Calls `take` with the legs of every network that holds the address, shortest prefix first. The address must be
    /// canonical (no IPv4-mapped IPv6).
    pub(in crate::rules) fn each(&self, ip: IpAddr, mut take: impl FnMut(&[u32])) {
        match ip {
            IpAddr::V4(ip) => self
                .v4
                .cover_values(&Ipv4Net::from(ip))
                .for_each(|legs| take(legs)),
            IpAddr::V6(ip) => self
                .v6
                .cover_values(&Ipv6Net::from(ip))
                .for_each(|legs| take(legs)),
        }
    }
}
