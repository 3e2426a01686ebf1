//! Names that stand in clear for others in encrypted hellos, as HTTPS records tell them (RFC 9848).

use std::collections::{BTreeMap, BTreeSet};

use thin_vec::ThinVec;

use super::coverage::Aim;
use crate::model::Fqdn;
use crate::observe::{Capture, DnsData, Flow, NameSource};
use crate::rules::Profile;

/// The most inner names that a flow may have.
const MOST: usize = 16;

/// Outer names, each with the names whose records say so.
#[derive(Debug, Default)]
pub(super) struct OuterNames(BTreeMap<Fqdn, BTreeSet<Fqdn>>);

/// What is known of an encrypted hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hidden {
    /// Names that may be inside; empty where nothing tells of any.
    pub(super) inner: ThinVec<Fqdn>,
    /// Whether a record, or the site, says that the name in clear is an outer one.
    pub(super) proved: bool,
}

impl OuterNames {
    pub(super) fn of(capture: &Capture) -> Self {
        let mut out = Self::default();
        for transaction in &capture.dns {
            let records = transaction
                .answers
                .iter()
                .flat_map(|(_, facts)| &facts.records);
            for record in records {
                let DnsData::Service(_, _, Some(outer)) = &record.data else {
                    continue;
                };
                let owners = out.0.entry(outer.clone()).or_default();
                // The name that was asked for is what a program wants; its record may stand at an alias.
                owners.extend(transaction.query.iter().chain(&record.name).cloned());
            }
        }
        out
    }

    /// What a flow's encrypted hello may hide; `None` without one, and where the name in clear is what was asked for:
    /// then the extension is GREASE, or of the same name.
    pub(super) fn hidden(&self, flow: &Flow, aim: &Aim, profile: &Profile) -> Option<Hidden> {
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
        let owners = self.0.get(clear);
        let proved = owners.is_some() || profile.hidden().is_outer_name(clear.as_str());
        let own = answers().any(|name| name == clear);
        if own && !proved {
            return None;
        }
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
