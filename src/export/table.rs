//! What is in force at a site: one entry a destination, each once.

use std::collections::BTreeMap;
use std::fmt;

use super::{Extent, Rest};
use crate::model::{CaptureTime, PortSet, Transport};
use crate::report::text::visible;
use crate::rules::{
    Activity, Aim, Direction, Initiators, Library, Pass, Requirement, RequirementIndex, RuleSet,
    Source, no_names,
};

/// Traffic that is to be let through, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The requirements that ask for it, `document/id`, ascending.
    pub(crate) requirements: Vec<String>,
    /// What it is for, as the pages say; each once.
    pub(crate) services: Vec<String>,
    /// Roles of who opens it, in words.
    pub(crate) roles: Vec<String>,
    /// Who opens it.
    pub(crate) initiators: Initiators,
    /// Where to.
    pub(crate) aim: Aim,
    /// Path, where the page names one.
    pub(crate) path: Option<String>,
    /// Ports; empty = any.
    pub(crate) ports: PortSet,
    /// Transports, ascending; empty = any.
    pub(crate) transports: Vec<Transport>,
    /// Application protocols.
    pub(crate) apps: Vec<String>,
    /// Which way.
    pub(crate) direction: Direction,
    /// Conditions that the site says nothing of; last days.
    pub(crate) remarks: Vec<String>,
}

/// All entries of a site.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The entries, in the order of what tells them apart.
    pub(crate) entries: Vec<Entry>,
    /// Rows that are in force and give no entry, and rows that are not in force.
    pub(crate) rest: Vec<Rest>,
    /// Documents in force: id and SHA-256 of the rule file.
    pub(crate) documents: Vec<(String, String)>,
}

impl Table {
    /// What is in force at a moment.
    #[must_use]
    pub(crate) fn of(rules: &RuleSet, at: CaptureTime) -> Self {
        let library = rules.library();
        let mut by_key: BTreeMap<EntryKey, Entry> = BTreeMap::new();
        let mut table = Self::default();
        for (place, row) in (0u32..)
            .map(RequirementIndex::new)
            .zip(&library.requirements)
        {
            if let Some(rest) = out_of_force(&rules.activity_between(place, at, at), row) {
                table.rest.push(rest);
                continue;
            }
            if row.deny || row.direction == Direction::Local {
                let why = if row.deny {
                    "a negative row: nothing is let through for it"
                } else {
                    "stays within a host"
                };
                table.rest.push(Rest::row(&row.id, Extent::NoTraffic, why));
                continue;
            }
            for pass in rules.passes(place) {
                if let Some(rest) = unusable(&pass, row, library) {
                    table.rest.push(rest);
                    continue;
                }
                let entry = entry(pass, row, library);
                by_key
                    .entry(key(&entry))
                    .and_modify(|known| known.join(&entry))
                    .or_insert(entry);
            }
        }
        table.rest.sort();
        table.rest.dedup();
        table.entries = by_key.into_values().collect();
        let in_force = library.documents.iter().enumerate().filter(|(at, _)| {
            let at = crate::rules::DocumentIndex::new(u32::try_from(*at).unwrap_or(u32::MAX));
            rules.profile().is_in_force(at)
        });
        table.documents = in_force
            .map(|(_, document)| (document.id.clone(), document.sha256.clone()))
            .collect();
        table
    }
}

impl Entry {
    fn join(&mut self, other: &Self) {
        let put = |into: &mut Vec<String>, from: &[String]| {
            into.extend_from_slice(from);
            into.sort();
            into.dedup();
        };
        put(&mut self.requirements, &other.requirements);
        put(&mut self.services, &other.services);
        put(&mut self.roles, &other.roles);
        put(&mut self.remarks, &other.remarks);
    }

    /// Where it goes, in words.
    #[must_use]
    pub(crate) fn to(&self) -> String {
        aim_text(&self.aim)
    }

    /// Where it goes, with ports, path and transport: for people.
    #[must_use]
    pub(crate) fn flow(&self) -> String {
        let path = self.path.as_deref().unwrap_or("");
        let ports = if self.ports.is_empty() {
            String::new()
        } else {
            format!(":{}", self.ports)
        };
        let transports: Vec<String> = self.transports.iter().map(ToString::to_string).collect();
        let slash = if transports.is_empty() { "" } else { "/" };
        format!("{}{path}{ports}{slash}{}", self.to(), transports.join(","))
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services: Vec<_> = self
            .services
            .iter()
            .map(|service| visible(service))
            .collect();
        write!(
            f,
            "{}: {}",
            self.requirements.join(" "),
            services.join("; ")
        )
    }
}

fn aim_text(aim: &Aim) -> String {
    match aim {
        Aim::Name(name) => name.to_string(),
        Aim::Network(network) => network.to_string(),
        Aim::Anywhere => "any".to_owned(),
        Aim::Unbound(_) => String::new(),
    }
}

/// What tells entries apart, and their order.
type EntryKey = (
    Initiators,
    PortSet,
    Vec<Transport>,
    Vec<String>,
    u8,
    String,
    Option<String>,
);

fn key(entry: &Entry) -> EntryKey {
    (
        entry.initiators.clone(),
        entry.ports.clone(),
        entry.transports.clone(),
        entry.apps.clone(),
        entry.direction as u8,
        entry.to(),
        entry.path.clone(),
    )
}

fn entry(pass: Pass, row: &Requirement, library: &Library) -> Entry {
    let roles = row.from.iter().map(|source| match source {
        Source::Any => "any".to_owned(),
        Source::Role(role) => library.role_name(*role).to_owned(),
        Source::Network(network) => network.to_string(),
    });
    let mut roles: Vec<String> = roles.collect();
    roles.sort();
    roles.dedup();
    let mut transports = pass.transports;
    transports.sort_unstable();
    transports.dedup();
    let mut apps = row.app.clone();
    apps.sort();
    let unsure = pass
        .unsure
        .iter()
        .map(|condition| format!("only if {condition}"));
    let until = row.valid.until.map(|day| format!("until {day}"));
    Entry {
        requirements: vec![row.id.clone()],
        services: Some(row.service.clone())
            .filter(|service| !service.is_empty())
            .into_iter()
            .collect(),
        roles,
        initiators: pass.initiators,
        aim: pass.aim,
        path: pass.path,
        ports: pass.ports,
        transports,
        apps,
        direction: row.direction,
        remarks: unsure.chain(until).collect(),
    }
}

/// Why a row is not in force; `None` where it is, or may be.
fn out_of_force(activity: &Activity, row: &Requirement) -> Option<Rest> {
    let why = match activity {
        Activity::On | Activity::Unknown(_) => return None,
        Activity::NoDestination => {
            return Some(Rest::row(
                &row.id,
                Extent::NoTraffic,
                "the row has no destination: a remark, or its names are lost",
            ));
        }
        Activity::NotAuditable(role) => {
            let why = format!("the site file gives the role {role} no address");
            return Some(Rest::row(&row.id, Extent::NotSaid, &why));
        }
        Activity::Off(what) => format!("needs {what}"),
        Activity::NotInForce(document) => format!("document {document} is not in force"),
        Activity::NoNames(regions) => no_names(regions),
        Activity::Ended(day) => format!("ended on {day}"),
        Activity::NotBegun(day) => format!("begins on {day}"),
    };
    Some(Rest::row(&row.id, Extent::NotInForce, &why))
}

/// Why nobody can be let through by a pass of a row that is in force.
fn unusable(pass: &Pass, row: &Requirement, library: &Library) -> Option<Rest> {
    if let Aim::Unbound(role) = pass.aim {
        let why = format!(
            "the site file gives the role {} no address",
            library.role_name(role)
        );
        return Some(Rest::row(&row.id, Extent::NotSaid, &why));
    }
    let nobody = matches!(&pass.initiators, Initiators::Networks(networks) if networks.is_empty());
    nobody.then(|| Rest {
        to: aim_text(&pass.aim),
        ..Rest::row(
            &row.id,
            Extent::NotSaid,
            "the site file gives none of its sources an address",
        )
    })
}
