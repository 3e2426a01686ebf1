//! Only what a report calls blocked: the aims that failed with evidence, against the entries that ask for them.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

use super::{Entry, Table};
use crate::rules::Aim;

/// What was blocked, as a `report.json` has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Missing {
    aims: Vec<Aimed>,
}

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MissingError {
    /// It is not what `audit --format json` writes.
    #[error("is no report.json: {0}")]
    NotAReport(#[from] serde_json::Error),
}

#[derive(Debug, Deserialize)]
struct ReportIntents {
    intents: Vec<Aimed>,
}

#[derive(Clone, Debug, Deserialize)]
struct Aimed {
    fqdn: Option<String>,
    #[serde(default)]
    addresses: Vec<IpAddr>,
    port: Option<u16>,
    transport: Option<String>,
    outcome: String,
    #[serde(default)]
    requirements: Vec<String>,
}

impl Missing {
    /// Reads a `report.json`.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn read(text: &str) -> Result<Self, MissingError> {
        let report: ReportIntents = serde_json::from_str(text)?;
        let blocked =
            |aim: &Aimed| matches!(aim.outcome.as_str(), "blocked_confirmed" | "blocked_likely");
        Ok(Self {
            aims: report.intents.into_iter().filter(blocked).collect(),
        })
    }

    /// Takes away all entries that were not blocked; what is not in force is no news then, and goes too.
    pub(crate) fn keep_only(&self, table: &mut Table) {
        table
            .entries
            .retain(|entry| self.aims.iter().any(|aim| aim.is_of(entry)));
        table.rest.retain(|rest| {
            self.aims
                .iter()
                .any(|aim| aim.requirements.contains(&rest.requirements))
        });
    }

    /// How many aims were blocked.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.aims.len()
    }
}

impl Aimed {
    fn is_of(&self, entry: &Entry) -> bool {
        let asked = entry
            .requirements
            .iter()
            .any(|id| self.requirements.contains(id));
        // A lookup that was stopped has neither port nor transport of what was meant to follow.
        let port = self
            .port
            .is_none_or(|port| entry.ports.is_empty() || entry.ports.contains(port));
        let same = |wanted: &String| {
            entry
                .transports
                .iter()
                .any(|one| one.to_string() == *wanted)
        };
        let transport = self
            .transport
            .as_ref()
            .is_none_or(|wanted| entry.transports.is_empty() || same(wanted));
        asked && port && transport && self.goes_to(&entry.aim)
    }

    fn goes_to(&self, aim: &Aim) -> bool {
        match aim {
            Aim::Name(pattern) => self
                .fqdn
                .as_deref()
                .is_some_and(|name| pattern.matches(name)),
            Aim::Network(network) => self.addresses.iter().any(|ip| contains(network, *ip)),
            Aim::Anywhere | Aim::Unbound(_) => true,
        }
    }
}

fn contains(network: &IpNet, ip: IpAddr) -> bool {
    network.contains(&ip.to_canonical())
}
