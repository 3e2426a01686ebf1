//! The site as conditions ask about it: as a whole, or as the hosts of one flow see it.

use std::net::IpAddr;

use jiff::civil::Date;

use super::{Circumstances, FeatureIndex, Profile, RoleIndex, Truth, Version, VersionRange};

/// What conditions are asked against.
pub(super) struct View<'a> {
    pub(super) profile: &'a Profile,
    pub(super) hosts: Option<[IpAddr; 2]>,
}

impl View<'_> {
    /// The versions that count: the hosts' own, else the site's, else those of all hosts, which is not sure.
    fn versions<'a>(&'a self, of: &'a str) -> (Vec<&'a Version>, bool) {
        let profile = self.profile;
        let own = |host: &IpAddr| profile.host_versions.get(host).and_then(|v| v.get(of));
        if let Some(version) = self.hosts.iter().flatten().find_map(own) {
            return (vec![version], true);
        }
        let all = profile.host_versions.values().filter_map(|v| v.get(of));
        match (profile.versions.get(of), self.hosts) {
            (Some(version), Some(_)) => (vec![version], true),
            (Some(version), None) => (std::iter::once(version).chain(all).collect(), true),
            (None, _) => (all.collect(), false),
        }
    }
}

impl Circumstances for View<'_> {
    fn feature(&self, feature: FeatureIndex) -> Truth {
        self.profile
            .features
            .get(feature.index())
            .copied()
            .unwrap_or(Truth::Unknown)
    }

    fn component(&self, role: RoleIndex) -> Truth {
        if self.profile.default {
            Truth::Unknown
        } else {
            Truth::from(self.profile.bound.contains(role))
        }
    }

    /// One version that fits is enough, since a fleet mixes them; none known is unknown.
    fn version(&self, of: &str, range: &VersionRange) -> Truth {
        let (versions, sure) = self.versions(of);
        let any = versions
            .iter()
            .map(|v| range.contains(v))
            .fold(Truth::Off, Truth::or);
        if sure || any == Truth::On {
            any
        } else {
            Truth::Unknown
        }
    }

    fn created_before(&self, day: Date) -> Truth {
        self.profile
            .account_created
            .map_or(Truth::Unknown, |created| Truth::from(created < day))
    }
}
