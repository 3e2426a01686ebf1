//! Two sets of requirements: what must be opened, what may be closed, what changes.
//!
//! Compared is what a firewall lets through (destination, port, transport, source, region), so a row that moved, was
//! renumbered or stands twice is no change.
//!
//! | file | what |
//! |---|---|
//! | `opening` | requirements to openings |
//! | `cover` | whether a wildcard or network of the other side covers a destination |
//! | `used` | which of the closed ones a report saw in use, and by whom |

mod cover;
mod opening;
#[cfg(test)]
mod tests;
mod used;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::rules::Library;
use cover::WideOpenings;
use opening::{Facts, OpenDestination, Way};

pub(crate) use opening::Openings;
pub(crate) use used::mark_used;

/// What is to be done about a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Action {
    /// New, and nothing of before covers it.
    Open,
    /// Before and after differ in port, transport, source or region, and something is to be opened.
    Change,
    /// Gone, wholly or in part.
    Close,
    /// New, but a wildcard or network of before covers it already.
    Covered,
    /// Nothing to be opened or closed: when or whether it is needed has changed.
    Note,
}

impl Action {
    /// As it is written.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Change => "change",
            Self::Close => "close",
            Self::Covered => "covered",
            Self::Note => "note",
        }
    }

    /// Whether a firewall must be opened for it.
    #[must_use]
    pub(crate) const fn opens(self) -> bool {
        matches!(self, Self::Open | Self::Change)
    }
}

/// One destination that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// What is to be done.
    pub(crate) action: Action,
    /// `name`, `wildcard`, `address`, `network` or `role`.
    pub(crate) kind: &'static str,
    /// The destination as rule files write it.
    pub(crate) destination: String,
    /// What was let through and is not to be any more: `443/tcp from agent in japan`.
    pub(crate) was: Vec<String>,
    /// What is to be let through from now on.
    pub(crate) now: Vec<String>,
    /// What it is for, as the newer side says where it has it.
    pub(crate) service: String,
    /// What of the other side covers it still, or already.
    pub(crate) covered_by: Option<String>,
    /// What else differs, for notes.
    pub(crate) about: Vec<String>,
    /// Where it stood: `document: table, row, line 12`.
    pub(crate) old_cite: Option<String>,
    /// Where it stands.
    pub(crate) new_cite: Option<String>,
    /// Whether the report that was given has seen it in use; absent where none was given or nothing is closed.
    pub(crate) used: Option<Used>,
}

/// The use of a destination that is to be closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Used {
    /// Flows.
    pub(crate) flows: u64,
    /// Who opened them, ascending; at most [`MOST_HOSTS`].
    pub(crate) hosts: BTreeSet<std::net::IpAddr>,
    /// Hosts beyond those.
    pub(crate) more_hosts: bool,
    /// Start of the first flow.
    pub(crate) first: Option<String>,
    /// End of the last one.
    pub(crate) last: Option<String>,
}

/// The most hosts that are named for one destination.
pub(crate) const MOST_HOSTS: usize = 64;

/// All that differs.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Difference {
    /// What the older side is called.
    pub(crate) old: String,
    /// What the newer side is called.
    pub(crate) new: String,
    /// Ascending by action and destination.
    pub(crate) changes: Vec<Change>,
    /// Openings that both have.
    pub(crate) same: usize,
    #[serde(skip)]
    old_rows: BTreeMap<String, String>,
}

impl Difference {
    /// Whether something must be opened.
    #[must_use]
    pub(crate) fn opens(&self) -> bool {
        self.changes.iter().any(|change| change.action.opens())
    }

    /// How many changes of a kind there are.
    #[must_use]
    pub(crate) fn count(&self, action: Action) -> usize {
        self.changes
            .iter()
            .filter(|change| change.action == action)
            .count()
    }
}

/// One of two sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    /// What it is called.
    pub(crate) name: &'a str,
    /// Its requirements, with those of other documents that they refer to.
    pub(crate) library: &'a Library,
    /// The files whose documents are compared; all where none is named.
    pub(crate) files: &'a [String],
}

/// Compares two sets. Its cost grows with their sizes, not with their product.
#[must_use]
pub(crate) fn diff(before: Openings, after: &Openings) -> Difference {
    let covers = (WideOpenings::of(&before), WideOpenings::of(after));
    let mut changes = Vec::new();
    let mut same = 0;
    let all: BTreeSet<&OpenDestination> = before.all.keys().chain(after.all.keys()).collect();
    for destination in all {
        let (was, now) = (before.ways(destination), after.ways(destination));
        let (gone, fresh) = (missing(was, now), missing(now, was));
        same += was.len() - gone.len();
        let about = facts(was, now);
        if gone.is_empty() && fresh.is_empty() && about.is_empty() {
            continue;
        }
        let already = covers.0.of_all(destination, &fresh);
        let action = action(was, &gone, &fresh, already.is_some());
        let place = |side: &[(Way, Facts)]| side.first().map(|(_, facts)| facts.cite.to_string());
        let service = now
            .iter()
            .chain(was)
            .map(|(_, facts)| &facts.service)
            .next();
        changes.push(Change {
            action,
            kind: destination.kind,
            destination: destination.text.clone(),
            was: opening::in_words(&gone),
            now: opening::in_words(&fresh),
            service: service.map_or(String::new(), ToString::to_string),
            covered_by: match action {
                Action::Close => covers.1.of_all(destination, &gone),
                _ => already,
            },
            about,
            old_cite: place(was),
            new_cite: place(now),
            used: None,
        });
    }
    changes.sort_by(|a, b| (a.action, &a.destination).cmp(&(b.action, &b.destination)));
    Difference {
        old: before.name.clone(),
        new: after.name.clone(),
        changes,
        same,
        old_rows: before.rows,
    }
}

/// Ways of one side that the other has not.
fn missing<'w>(side: &'w [(Way, Facts)], other: &[(Way, Facts)]) -> Vec<&'w Way> {
    let ways = side.iter().map(|(way, _)| way);
    ways.filter(|way| other.binary_search_by(|(known, _)| known.cmp(way)).is_err())
        .collect()
}

/// What is to be done about ways that are gone, and others that are new and may be covered already.
fn action(was: &[(Way, Facts)], gone: &[&Way], fresh: &[&Way], covered: bool) -> Action {
    // Open before in all regions and now in one: nothing is to be opened.
    let narrowed = fresh
        .iter()
        .all(|way| was.iter().any(|(old, _)| cover::reaches(old, way)));
    match (gone.is_empty(), fresh.is_empty()) {
        (true, true) => Action::Note,
        (false, false) if narrowed => Action::Close,
        (_, false) if covered => Action::Covered,
        (true, false) => Action::Open,
        (false, false) => Action::Change,
        (false, true) => Action::Close,
    }
}

/// What differs in ways that both sides have: need, conditions, days.
fn facts(was: &[(Way, Facts)], now: &[(Way, Facts)]) -> Vec<String> {
    let mut out = BTreeSet::new();
    for (way, before) in was {
        let Ok(at) = now.binary_search_by(|(known, _)| known.cmp(way)) else {
            continue;
        };
        let after = &now[at].1;
        let pairs = [
            ("need", &before.need, &after.need),
            ("when", &before.when, &after.when),
            ("valid", &before.valid, &after.valid),
            ("path", &before.path, &after.path),
        ];
        for (what, a, b) in pairs {
            if a != b {
                let shown = |text: &str| {
                    if text.is_empty() {
                        "none".to_owned()
                    } else {
                        text.to_owned()
                    }
                };
                out.insert(format!("{what}: {} -> {}", shown(a), shown(b)));
            }
        }
    }
    out.into_iter().collect()
}
