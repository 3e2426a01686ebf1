//! Response policy zone: `rpz-passthru.` for what is let through, NXDOMAIN for the rest.
//!
//! A wildcard stops at the closest name that there is: once `a.x.example` is in the zone, `* CNAME .` says nothing about
//! `b.x.example`, `x.example` and `b.example`. So each name above an allowed one is denied itself, and what is below it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;

use super::{Job, WrittenList, text};
use crate::export::group::groups;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut allowed: BTreeSet<String> = BTreeSet::new();
    for group in groups(job.said) {
        allowed.extend(group.words.iter().map(|word| text(word).to_owned()));
    }
    // What stands below an allowed wildcard is allowed, also where a name of its own would hide the wildcard.
    let wild: HashSet<&str> = allowed
        .iter()
        .filter_map(|name| name.strip_prefix("*."))
        .collect();
    let policy = |name: &str| match is_below(name, &wild) {
        true => "rpz-passthru.",
        false => ".",
    };
    let mut records: BTreeMap<String, &str> = BTreeMap::from([("*".to_owned(), ".")]);
    for name in &allowed {
        let bare = name.strip_prefix("*.").unwrap_or(name);
        let above = bare.match_indices('.').map(|(dot, _)| &bare[dot + 1..]);
        for name in std::iter::once(bare).chain(above) {
            let below = format!("*.{name}");
            records.insert(name.to_owned(), policy(name));
            let policy = policy(&below);
            records.insert(below, policy);
        }
    }
    for name in &allowed {
        records.insert(name.clone(), "rpz-passthru.");
    }
    let mut out = job.head_comment();
    out.push_str(
        "$TTL 60\n@ SOA localhost. root.localhost. 1 3600 600 86400 60\n@ NS localhost.\n",
    );
    // What is asked of the reverse tree holds no name of a destination.
    out.push_str("*.in-addr.arpa CNAME rpz-passthru.\n*.ip6.arpa CNAME rpz-passthru.\n");
    for (name, policy) in records {
        let _ = writeln!(out, "{name} CNAME {policy}");
    }
    out.into()
}

/// Whether a name, or all below it, is below one of these.
fn is_below(name: &str, wild: &HashSet<&str>) -> bool {
    let (bare, all) = match name.strip_prefix("*.") {
        Some(bare) => (bare, true),
        None => (name, false),
    };
    let mut above = bare.match_indices('.').map(|(dot, _)| &bare[dot + 1..]);
    (all && wild.contains(bare)) || above.any(|name| wild.contains(name))
}
