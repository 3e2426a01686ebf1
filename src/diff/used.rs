//! Which of the destinations that may be closed a report saw in use, and by whom.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use super::{Action, Change, Difference, MOST_HOSTS, Used};
use crate::rules::NamePattern;

/// Why a report cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UseError {
    /// Not the JSON of a report.
    #[error("is no report.json of pktaudit: {0}")]
    NotAReport(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct ReportFlows {
    flows: Vec<ReportedFlow>,
}

#[derive(Deserialize)]
struct ReportedFlow {
    start: String,
    end: String,
    initiator: FlowEnd,
    responder: FlowEnd,
    #[serde(default)]
    names: Vec<UsedName>,
    #[serde(default)]
    requirements: Vec<String>,
}

#[derive(Deserialize)]
struct FlowEnd {
    ip: IpAddr,
}

#[derive(Deserialize)]
struct UsedName {
    fqdn: String,
}

/// Puts to each change that closes something how the flows of a report used it. A flow counts by its name, or its
/// responder's address; a role by the ids of its rows, so the report must be of the older rules.
///
/// # Errors
/// Where it is no report.
pub(crate) fn mark_used(difference: &mut Difference, report: impl Read) -> Result<(), UseError> {
    let report: ReportFlows = serde_json::from_reader(report)?;
    let index = Index::of(difference);
    for change in difference.changes.iter_mut().filter(|c| closes(c)) {
        change.used = Some(Used::default());
    }
    for flow in &report.flows {
        let mut hits = index.find(flow, &difference.old_rows);
        hits.sort_unstable();
        hits.dedup();
        for at in hits {
            if let Some(used) = difference.changes.get_mut(at).and_then(|c| c.used.as_mut()) {
                used.take(flow);
            }
        }
    }
    Ok(())
}

fn closes(change: &Change) -> bool {
    matches!(
        change.action,
        Action::Close | Action::Change | Action::Covered
    ) && !change.was.is_empty()
}

/// Places of changes by what they are about.
#[derive(Default)]
struct Index {
    names: BTreeMap<String, usize>,
    patterns: Vec<(NamePattern, usize)>,
    networks: BTreeMap<IpNet, usize>,
    roles: BTreeMap<String, usize>,
}

impl Index {
    fn of(difference: &Difference) -> Self {
        let mut out = Self::default();
        for (at, change) in difference
            .changes
            .iter()
            .enumerate()
            .filter(|(_, c)| closes(c))
        {
            let text = change.destination.as_str();
            match change.kind {
                "name" => drop(out.names.insert(text.to_owned(), at)),
                "wildcard" => {
                    let any = text.replace("<region>", "*");
                    out.patterns
                        .extend(NamePattern::parse(&any).ok().map(|pattern| (pattern, at)));
                }
                "role" => drop(out.roles.insert(text.to_owned(), at)),
                _ => {
                    let network = text
                        .parse::<IpNet>()
                        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
                    out.networks
                        .extend(network.ok().map(|network| (network, at)));
                }
            }
        }
        out
    }

    fn find(&self, flow: &ReportedFlow, rows: &BTreeMap<String, String>) -> Vec<usize> {
        let mut out = Vec::new();
        for name in &flow.names {
            out.extend(self.names.get(&name.fqdn));
            let fitting = self
                .patterns
                .iter()
                .filter(|(pattern, _)| pattern.matches(&name.fqdn));
            out.extend(fitting.map(|(_, at)| *at));
        }
        let mut network = Some(IpNet::from(flow.responder.ip));
        while let Some(at) = network.filter(|_| !self.networks.is_empty()) {
            out.extend(self.networks.get(&at));
            network = at.supernet();
        }
        for row in &flow.requirements {
            out.extend(rows.get(row).and_then(|role| self.roles.get(role)));
        }
        out
    }
}

impl Used {
    fn take(&mut self, flow: &ReportedFlow) {
        self.flows += 1;
        self.hosts.insert(flow.initiator.ip);
        if self.hosts.len() > MOST_HOSTS {
            // The smallest stay, whatever the order of flows is.
            self.hosts.pop_last();
            self.more_hosts = true;
        }
        // RFC 3339 in UTC sorts as text.
        self.first = Some(
            self.first
                .take()
                .map_or(flow.start.clone(), |first| first.min(flow.start.clone())),
        );
        self.last = Some(
            self.last
                .take()
                .map_or(flow.end.clone(), |last| last.max(flow.end.clone())),
        );
    }
}
