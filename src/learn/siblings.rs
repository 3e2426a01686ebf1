//! Names that are alike become a wildcard, where enough of them show it.
//!
//! Two ways: labels that differ in their digits only (`agent-001`, `agent-023`: `agent-*`), and names side by side under a
//! parent that lies below a registrable domain. Never more than that: what is directly under a registrable domain, or under
//! a suffix where anybody can have names, stays as it was seen.

use std::collections::BTreeMap;

use super::rows::DraftRow;
use crate::model::PortSet;
use crate::model::Transport;

/// Names that differ in digits only.
const ALIKE: usize = 4;

/// Names side by side.
const SIDE_BY_SIDE: usize = 5;

/// Rows with names put together.
pub(super) fn generalised(rows: Vec<DraftRow>) -> Vec<DraftRow> {
    let rows = merged(rows, ALIKE, digits_as_stars);
    merged(rows, SIDE_BY_SIDE, below_parent)
}

/// What rows must share besides the wildcard.
type SiblingKey = (super::rows::From, Option<Transport>, PortSet, String);

fn merged(
    rows: Vec<DraftRow>,
    enough: usize,
    wildcard: fn(&str) -> Option<String>,
) -> Vec<DraftRow> {
    let mut groups: BTreeMap<SiblingKey, Vec<DraftRow>> = BTreeMap::new();
    let mut out = Vec::new();
    for row in rows {
        // What was only asked for shows no sibling.
        match wildcard(&row.to).filter(|_| row.transport.is_some()) {
            Some(wildcard) => groups
                .entry((row.from.clone(), row.transport, row.ports.clone(), wildcard))
                .or_default()
                .push(row),
            None => out.push(row),
        }
    }
    for ((.., wildcard), members) in groups {
        let names: usize = members.iter().map(|row| row.names.len().max(1)).sum();
        if names < enough {
            out.extend(members);
            continue;
        }
        out.extend(put_together(wildcard, members));
    }
    out.sort();
    out
}

fn put_together(wildcard: String, members: Vec<DraftRow>) -> Option<DraftRow> {
    let mut all = members.into_iter();
    let mut row = all.next()?;
    let mut names = own_names(&row);
    for other in all {
        names.extend(own_names(&other));
        row.evidence.add(&other.evidence);
        row.part = row.part.min(other.part);
    }
    if row.evidence.flows > 1 {
        row.part = super::rows::DraftPart::Seen;
    }
    names.sort();
    row.names = names;
    row.to = wildcard;
    Some(row)
}

fn own_names(row: &DraftRow) -> Vec<String> {
    match row.names.is_empty() {
        true => vec![row.to.clone()],
        false => row.names.clone(),
    }
}

/// `agent-*.x` of `agent-023.x`; `None` where the first label has no digits, or nothing beside them.
fn digits_as_stars(name: &str) -> Option<String> {
    let (label, parent) = below_domain(name)?;
    if label.contains('*') || !label.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut out = String::new();
    for c in label.chars() {
        match c.is_ascii_digit() {
            true if out.ends_with('*') => {}
            true => out.push('*'),
            false => out.push(c),
        }
    }
    (out != "*").then(|| format!("{out}.{parent}"))
}

/// `*.x` of `a.x`, where `x` lies below a registrable domain.
fn below_parent(name: &str) -> Option<String> {
    let (_, parent) = below_domain(name)?;
    let domain = psl::domain_str(parent)?;
    (domain != parent).then(|| format!("*.{parent}"))
}

/// First label and the rest, which holds a registrable domain.
fn below_domain(name: &str) -> Option<(&str, &str)> {
    let (label, parent) = name.split_once('.')?;
    let is_name = name.parse::<std::net::IpAddr>().is_err() && !name.contains(':');
    (is_name && psl::domain_str(parent).is_some()).then_some((label, parent))
}
