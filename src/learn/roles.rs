//! Who the hosts of a capture are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::rules::{Library, Profile, RoleIndex};

/// The role of all hosts where no site is known.
pub(super) const HOST: &str = "host";

/// Roles with their addresses; none where no site is known, and every private address is a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    roles: Vec<BoundRole>,
    proxies: Vec<String>,
}

#[derive(Clone, Debug)]
struct BoundRole {
    name: String,
    /// Roles that it is besides, itself left out.
    is_also: BTreeSet<String>,
    networks: Vec<IpNet>,
}

impl Roles {
    /// The roles to which a site binds addresses.
    #[must_use]
    pub(crate) fn of(library: &Library, profile: &Profile) -> Self {
        let numbered = (0u32..).map(RoleIndex::new).zip(&library.roles);
        let bound = numbered.map(|(index, role)| BoundRole {
            name: role.name.clone(),
            is_also: role
                .is_a
                .iter()
                .filter(|is| *is != index)
                .map(|is| library.role_name(is).to_owned())
                .collect(),
            networks: {
                let mut networks: Vec<IpNet> = profile.addresses_of(index).collect();
                networks.sort();
                networks.dedup();
                networks
            },
        });
        let proxies = profile
            .proxies()
            .iter()
            .map(|proxy| match (proxy.port, proxy.network) {
                (Some(port), IpNet::V4(network)) => format!("{}:{port}", network.addr()),
                (Some(port), IpNet::V6(network)) => format!("[{}]:{port}", network.addr()),
                (None, network) => network.addr().to_string(),
            });
        let mut proxies: Vec<String> = proxies.collect();
        proxies.sort();
        proxies.dedup();
        Self {
            roles: bound.filter(|bound| !bound.networks.is_empty()).collect(),
            proxies,
        }
    }

    /// Their names, in the order of the library; `host` where no site is known.
    pub(super) fn names(&self) -> Vec<&str> {
        match self.roles.is_empty() {
            true => vec![HOST],
            false => self.roles.iter().map(|role| role.name.as_str()).collect(),
        }
    }

    /// What a role is besides, of the roles that have addresses.
    pub(super) fn inherits(&self, name: &str) -> Vec<&str> {
        let role = self.roles.iter().find(|role| role.name == name);
        let also = role.into_iter().flat_map(|role| &role.is_also);
        also.map(String::as_str)
            .filter(|also| self.roles.iter().any(|role| role.name == *also))
            .collect()
    }

    /// The roles of an address that no other role of it stands for; none where it is no host of the site.
    pub(super) fn of_host(&self, ip: IpAddr) -> Vec<&str> {
        let ip = ip.to_canonical();
        if self.roles.is_empty() {
            return if crate::rules::is_private(ip) {
                vec![HOST]
            } else {
                Vec::new()
            };
        }
        let all: Vec<&BoundRole> = self
            .roles
            .iter()
            .filter(|role| role.networks.iter().any(|network| network.contains(&ip)))
            .collect();
        let stood_for = |name: &str| all.iter().any(|other| other.is_also.contains(name));
        all.iter()
            .map(|role| role.name.as_str())
            .filter(|name| !stood_for(name))
            .collect()
    }

    /// The role that stands for an address as a destination: the one with the fewest addresses.
    pub(super) fn of_destination(&self, ip: IpAddr) -> Option<&str> {
        let names = self.of_host(ip);
        let of = self
            .roles
            .iter()
            .filter(|role| names.contains(&role.name.as_str()));
        of.min_by_key(|role| (role.networks.len(), &role.name))
            .map(|role| role.name.as_str())
    }

    /// Without roles that are others of the set besides: the more general one stands for both.
    pub(super) fn fewest(&self, names: &BTreeSet<String>) -> Vec<String> {
        let covered = |name: &String| {
            let role = self.roles.iter().find(|role| role.name == *name);
            role.is_some_and(|role| role.is_also.iter().any(|also| names.contains(also)))
        };
        names
            .iter()
            .filter(|name| !covered(name))
            .cloned()
            .collect()
    }

    /// A site file that binds them; `None` where no site is known.
    pub(super) fn site_file(&self) -> Option<String> {
        if self.roles.is_empty() {
            return None;
        }
        let mut by_role: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for role in &self.roles {
            let texts = role.networks.iter().map(|network| {
                match network.prefix_len() == network.max_prefix_len() {
                    true => format!("\"{}\"", network.addr()),
                    false => format!("\"{network}\""),
                }
            });
            by_role.insert(&role.name, texts.collect());
        }
        let mut out = "# Binds the roles of the rule file that `rules learn` wrote.\n[site]\nname = \"learned\"\n\n[roles]\n".to_owned();
        for (name, networks) in by_role {
            let _ = writeln!(out, "{name} = [{}]", networks.join(", "));
        }
        if !self.proxies.is_empty() {
            let proxies: Vec<String> = self
                .proxies
                .iter()
                .map(|proxy| format!("\"{proxy}\""))
                .collect();
            let _ = write!(out, "\n[proxies]\naddresses = [{}]\n", proxies.join(", "));
        }
        Some(out)
    }
}
