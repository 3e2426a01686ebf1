//! Requirements to openings: what a firewall lets through for them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::Side;
use crate::model::Transport;
use crate::rules::{Library, ListedRequirement, Requirement, Source, Target};

/// A destination, whichever row names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OpenDestination {
    pub(super) text: String,
    pub(super) kind: &'static str,
}

/// One way through to a destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub(super) source: Arc<str>,
    pub(super) region: Arc<str>,
    pub(super) transport: Arc<str>,
    /// First and last port; 0 to 65535 where every port is meant.
    pub(super) ports: (u16, u16),
    /// A row that forbids it.
    pub(super) deny: bool,
}

/// What the rows of a way say besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) service: Arc<str>,
    pub(super) need: Arc<str>,
    pub(super) when: Arc<str>,
    pub(super) valid: Arc<str>,
    pub(super) path: Arc<str>,
    pub(super) cite: Arc<str>,
}

/// Words that many rows share, each kept once.
#[derive(Default)]
struct SharedWords(HashSet<Arc<str>>);

impl SharedWords {
    fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let kept: Arc<str> = text.into();
        self.0.insert(Arc::clone(&kept));
        kept
    }
}

/// What a side lets through; its library is not needed any more.
#[derive(Debug, Default)]
pub(crate) struct Openings {
    pub(super) name: String,
    /// The ways of a destination ascend; most have one.
    pub(super) all: BTreeMap<OpenDestination, Vec<(Way, Facts)>>,
    /// Ids of rows to a role, with the role: a report names rows, and not what they go to.
    pub(super) rows: BTreeMap<String, String>,
}

impl Openings {
    /// Reads a side.
    #[must_use]
    pub(crate) fn of(side: &Side<'_>) -> Self {
        let mut out = Self {
            name: side.name.to_owned(),
            ..Self::default()
        };
        let mut words = SharedWords::default();
        let named = |requirement: &&Requirement| {
            let document = side.library.document(requirement.document);
            side.files.is_empty() || document.is_some_and(|d| side.files.contains(&d.file))
        };
        for requirement in side.library.requirements.iter().filter(named) {
            out.add(requirement, side.library, &mut words);
        }
        out
    }

    /// The ways of a destination, ascending; none where it is not open.
    pub(super) fn ways(&self, destination: &OpenDestination) -> &[(Way, Facts)] {
        self.all.get(destination).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, requirement: &Requirement, library: &Library, words: &mut SharedWords) {
        // A remark of a page lets nothing through.
        if requirement.to.is_empty() {
            return;
        }
        let listed = requirement.listed(library);
        let ways = ways(requirement, &listed, library, words);
        let common = facts(&listed, words);
        for destination in &requirement.to {
            let (text, kind) = match &destination.target {
                Target::Name(name) if name.as_str().contains('*') => (name.to_string(), "wildcard"),
                Target::Name(name) => (name.to_string(), "name"),
                Target::Template(template) => (template.as_str().to_owned(), "wildcard"),
                Target::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                    (network.addr().to_string(), "address")
                }
                Target::Network(network) => (network.to_string(), "network"),
                Target::Role(role) => (library.role_name(*role).to_owned(), "role"),
                Target::Any => ("any".to_owned(), "any"),
                Target::Localhost => ("localhost".to_owned(), "localhost"),
            };
            if kind == "role" {
                self.rows.insert(requirement.id.clone(), text.clone());
            }
            let facts = Facts {
                path: words.keep(destination.path.as_deref().unwrap_or_default()),
                ..common.clone()
            };
            let all = self.all.entry(OpenDestination { text, kind }).or_default();
            // Most destinations have one way, and there may be very many of them.
            all.reserve_exact(ways.len());
            for way in &ways {
                match all.binary_search_by(|(known, _)| known.cmp(way)) {
                    Ok(at) => all[at].1.join(&facts),
                    Err(at) => all.insert(at, (way.clone(), facts.clone())),
                }
            }
        }
    }
}

impl Facts {
    /// Rows of one way: the strictest need counts, conditions and paths of all are named.
    fn join(&mut self, other: &Self) {
        let rank = |need: &str| {
            ["required", "conditional", "optional"]
                .iter()
                .position(|n| *n == need)
        };
        if rank(&other.need) < rank(&self.need) {
            self.need = Arc::clone(&other.need);
        }
        for (own, other) in [(&mut self.when, &other.when), (&mut self.path, &other.path)] {
            // Sorted, so that the order of rows does not show.
            let mut all: Vec<&str> = own
                .split(" | ")
                .chain(other.split(" | "))
                .filter(|t| !t.is_empty())
                .collect();
            all.sort_unstable();
            all.dedup();
            if own != other {
                *own = all.join(" | ").into();
            }
        }
        if other.service < self.service {
            self.service = Arc::clone(&other.service);
        }
    }
}

fn facts(listed: &ListedRequirement<'_>, words: &mut SharedWords) -> Facts {
    let cite = &listed.cite;
    let line = cite
        .line
        .map_or(String::new(), |line| format!(", line {line}"));
    let days =
        [listed.valid.from.clone(), listed.valid.until.clone()].map(Option::unwrap_or_default);
    let need = serde_json::to_value(listed.need).ok();
    let need = need
        .as_ref()
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let valid = match days.iter().all(String::is_empty) {
        true => String::new(),
        false => days.join(" to "),
    };
    Facts {
        service: words.keep(listed.service),
        need: words.keep(need),
        when: words.keep(&listed.when.join(" and ")),
        valid: words.keep(&valid),
        path: words.keep(""),
        cite: format!("{}: {}, {}{line}", listed.document, cite.table, cite.row).into(),
    }
}

fn ways(
    requirement: &Requirement,
    listed: &ListedRequirement<'_>,
    library: &Library,
    words: &mut SharedWords,
) -> Vec<Way> {
    let document = library.document(requirement.document);
    let mut sources: Vec<String> = requirement
        .from
        .iter()
        .map(|source| match source {
            // A source that the page does not state is nobody's change.
            _ if !requirement.from_stated => "any".to_owned(),
            Source::Any => "any".to_owned(),
            Source::Role(role) => library.role_name(*role).to_owned(),
            Source::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().to_string()
            }
            Source::Network(network) => network.to_string(),
        })
        .collect();
    sources.sort_unstable();
    sources.dedup();
    let unstated = document.map(|document| &document.unstated_ports);
    let mut ports: Vec<(u16, u16)> = match requirement.ports.is_empty() {
        false => requirement.ports.ranges().to_vec(),
        true => unstated
            .map(|set| set.ranges().to_vec())
            .unwrap_or_default(),
    };
    if ports.is_empty() {
        ports.push((0, u16::MAX));
    }
    let stated = match requirement.transport.is_empty() {
        false => requirement.transport.as_slice(),
        true => document.map_or(&[][..], |document| document.unstated_transport.as_slice()),
    };
    let mut transports: Vec<String> = stated.iter().map(|t| shown(*t)).collect();
    if transports.is_empty() {
        transports.push(String::new());
    }
    let mut out = Vec::new();
    for source in &sources {
        for region in &listed.region {
            for transport in &transports {
                out.extend(ports.iter().map(|ports| Way {
                    source: words.keep(source),
                    region: words.keep(region),
                    transport: words.keep(transport),
                    ports: *ports,
                    deny: requirement.deny,
                }));
            }
        }
    }
    out
}

fn shown(transport: Transport) -> String {
    transport.to_string().to_lowercase()
}

/// Ways in words, those that differ in ports only together: `80,443/tcp from agent in japan`.
pub(super) fn in_words(ways: &[&Way]) -> Vec<String> {
    let mut grouped: BTreeMap<(&str, &str, &str, bool), Vec<String>> = BTreeMap::new();
    for way in ways {
        let ports = match way.ports {
            (0, u16::MAX) => "any port".to_owned(),
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        };
        let key = (&*way.source, &*way.region, &*way.transport, way.deny);
        grouped.entry(key).or_default().push(ports);
    }
    let words = grouped
        .into_iter()
        .map(|((source, region, transport, deny), ports)| {
            let slash = if transport.is_empty() {
                String::new()
            } else {
                format!("/{transport}")
            };
            let from = if source == "any" {
                String::new()
            } else {
                format!(" from {source}")
            };
            let place = if region == "all" {
                String::new()
            } else {
                format!(" in {region}")
            };
            let denied = if deny { "forbidden: " } else { "" };
            format!("{denied}{}{slash}{from}{place}", ports.join(","))
        });
    words.collect()
}
