//! Roles by address.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::PrefixMap;

use super::{RoleIndex, RoleSet};

/// Roles by address: the value of a prefix has the roles of all shorter prefixes that cover it, so that the longest
/// match is the whole answer.
#[derive(Clone, Debug, Default)]
pub(super) struct ByAddress {
    v4: PrefixMap<Ipv4Net, RoleSet>,
    v6: PrefixMap<Ipv6Net, RoleSet>,
}

impl ByAddress {
    pub(super) fn new(addresses: &[(RoleIndex, IpNet)], is_a: &[RoleSet]) -> Self {
        let mut sorted: Vec<_> = addresses.iter().collect();
        sorted.sort_by_key(|(role, network)| (network.prefix_len(), *network, *role));
        let mut out = Self::default();
        for (role, network) in sorted {
            let mut roles = match network {
                IpNet::V4(n) => out.v4.get_lpm(n).map(|(_, r)| r.clone()),
                IpNet::V6(n) => out.v6.get_lpm(n).map(|(_, r)| r.clone()),
            }
            .unwrap_or_default();
            is_a.get(role.index())
                .into_iter()
                .for_each(|set| roles.extend(set));
            match network {
                IpNet::V4(n) => drop(out.v4.insert(*n, roles)),
                IpNet::V6(n) => drop(out.v6.insert(*n, roles)),
            }
        }
        out
    }

    pub(super) fn roles(&self, ip: IpAddr) -> Option<&RoleSet> {
        match ip {
            IpAddr::V4(ip) => self.v4.get_lpm(&Ipv4Net::from(ip)).map(|(_, r)| r),
            IpAddr::V6(ip) => self.v6.get_lpm(&Ipv6Net::from(ip)).map(|(_, r)| r),
        }
    }
}
