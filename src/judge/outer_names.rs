//! Names that stand in clear for others in encrypted hellos, as HTTPS records tell them (RFC 9848).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use thin_vec::ThinVec;

use super::coverage::FlowTarget;
use crate::model::{BoxedList, Fqdn, Merge};
use crate::observe::{App, DnsData, DnsTransaction, Flow, NameSource};
use crate::rules::Profile;

/// The most inner names that a flow may have.
const MOST: usize = 16;

/// Outer names that need no telling: that of Cloudflare, for all that it serves
/// (developers.cloudflare.com/ssl/edge-certificates/ech).
const PUBLIC: &[&str] = &["cloudflare-ech.com"];

/// So many hellos of a host to one name, each with another key, have none: a key is the same for hours.
const RANDOM: usize = 3;

/// Outer names that HTTPS records tell, whoever asked, each with what they say of it. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OuterRecords(BTreeMap<Fqdn, Told>);

/// What is known of outer names.
#[derive(Debug)]
pub(super) struct OuterNames<'a> {
    told: &'a OuterRecords,
    /// Names in clear, by host, behind which there is no other: what is encrypted is random bytes (GREASE).
    random: BTreeSet<(IpAddr, Fqdn)>,
}

/// What HTTPS records say of an outer name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    /// The names that have these records.
    owners: BTreeSet<Fqdn>,
    /// What hellos call the keys.
    key_ids: BTreeSet<u8>,
}

/// What is known of an encrypted hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hidden {
    /// Names that may be inside; empty where nothing tells of any.
    pub(super) inner: ThinVec<Fqdn>,
    /// Whether a record, or the site, says that the name in clear is an outer one.
    pub(super) proved: bool,
}

impl OuterRecords {
    pub(super) fn of(transactions: &BoxedList<DnsTransaction>) -> Self {
        let mut out = Self::default();
        for transaction in transactions {
            let records = transaction
                .answers
                .iter()
                .flat_map(|(_, facts)| &facts.records);
            for record in records {
                let DnsData::Service(_, _, Some(outer)) = &record.data else {
                    continue;
                };
                let told = out.0.entry(outer.name.clone()).or_default();
                told.key_ids.extend(&outer.key_ids);
                // The name that was asked for is what a program wants; its record may stand at an alias.
                let owners = transaction.query.iter().chain(&record.name);
                told.owners.extend(owners.cloned());
            }
        }
        out
    }
}

impl Merge for OuterRecords {
    fn merge(&mut self, other: Self) {
        for (outer, told) in other.0 {
            let known = self.0.entry(outer).or_default();
            known.owners.extend(told.owners);
            known.key_ids.extend(told.key_ids);
        }
    }
}

impl<'a> OuterNames<'a> {
    /// Beside what records tell, what the hellos of a share's flows do.
    pub(super) fn of(flows: &BoxedList<Flow>, told: &'a OuterRecords) -> Self {
        let mut out = Self {
            told,
            random: BTreeSet::new(),
        };
        let mut keys: BTreeMap<(IpAddr, &Fqdn), Vec<u8>> = BTreeMap::new();
        let encrypted = |flow: &&Flow| flow.app.has(App::TLS) || flow.app.has(App::QUIC);
        for flow in flows.iter().filter(encrypted) {
            if let Some(id) = flow.key_ids().next()
                && let Some(name) = flow.said_names().next()
            {
                let of = keys.entry((flow.initiator.ip, &name.fqdn)).or_default();
                of.push(id);
            }
        }
        for ((host, name), mut ids) in keys {
            let hellos = ids.len();
            ids.sort_unstable();
            ids.dedup();
            if hellos >= RANDOM && ids.len() == hellos {
                out.random.insert((host, name.clone()));
            }
        }
        out
    }

    /// What a flow's encrypted hello may hide; `None` without one, and where the name in clear is what was asked for:
    /// then the extension is GREASE, or of the same name.
    pub(super) fn hidden(
        &self,
        flow: &Flow,
        aim: &FlowTarget,
        profile: &Profile,
    ) -> Option<Hidden> {
        let in_hello = matches!(aim.source, Some(NameSource::TlsSni | NameSource::QuicSni));
        let clear = aim.names.first().filter(|_| in_hello && !aim.proxied)?;
        if !flow.has_encrypted_hello() {
            return None;
        }
        let answers = || {
            let names = flow.names.iter();
            let fresh = names.filter(|n| n.source == NameSource::DnsAnswer && !n.stale);
            fresh.map(|name| &name.fqdn)
        };
        let told = self.told.0.get(clear);
        let known = told.is_some_and(|told| flow.key_ids().any(|id| told.key_ids.contains(&id)));
        let proved = told.is_some()
            || PUBLIC.contains(&clear.as_str())
            || profile.hidden().is_outer_name(clear.as_str());
        let own = answers().any(|name| name == clear);
        // Whoever goes to the outer name itself has no key for it, and sends another one.
        let itself = own && (!proved || told.is_some() && !known);
        let random = || self.random.contains(&(flow.initiator.ip, clear.clone()));
        if itself || !known && random() {
            return None;
        }
        let owners = told.map(|told| &told.owners);
        let owned = |name: &&Fqdn| owners.is_none_or(|owners| owners.contains(*name));
        let mut inner: ThinVec<Fqdn> = answers().filter(owned).cloned().collect();
        if inner.is_empty() {
            inner.extend(owners.into_iter().flatten().cloned());
        }
        inner.retain(|name| name != clear);
        inner.sort();
        inner.dedup();
        inner.truncate(MOST);
        // Whoever asked for the outer name itself, and for no inner one, means the outer one.
        (!(own && inner.is_empty())).then_some(Hidden { inner, proved })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn records_that_shares_hold_merge_in_any_order() {
        let name = |text: &str| Fqdn::parse(text).unwrap();
        let records = |owner: &str, key| {
            let told = Told {
                owners: [name(owner)].into(),
                key_ids: [key].into(),
            };
            OuterRecords([(name("outer.test"), told)].into())
        };
        hold(&[
            records("a.test", 1),
            records("b.test", 1),
            records("a.test", 2),
        ]);
    }
}
