//! What flowed, as rows: who, where to, on which ports, with the evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::outcome::Trial;
use super::roles::Roles;
use crate::judge::{Intent, Outcome};
use crate::model::{CaptureTime, Fqdn, PortSet, Transport};
use crate::observe::Capture;
use crate::rules::NamePattern;

/// Ports of one address from this many on are ephemeral: given out by the moment, so that their range says more.
const EPHEMERAL: usize = 8;

/// Ports below are asked for, and never given out by the moment (RFC 6335 section 6).
const FIRST_EPHEMERAL: u16 = 1024;

/// Sources from outside from this many on are anybody.
const ANYBODY: usize = 8;

/// In which part of the file a row stands, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DraftPart {
    /// Seen, and more than once.
    #[default]
    Seen,
    /// One flow of one host.
    Once,
    /// Ports that change from flow to flow.
    Ephemeral,
    /// Never reached: stopped, or never answered.
    Blocked,
}

/// A row of the draft.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DraftRow {
    pub(super) part: DraftPart,
    pub(super) from: From,
    /// One name, wildcard, address or `role:NAME`.
    pub(super) to: String,
    /// `None` where only lookups are known.
    pub(super) transport: Option<Transport>,
    pub(super) ports: PortSet,
    /// Names that a wildcard was made of.
    pub(super) names: Vec<String>,
    pub(super) evidence: RowEvidence,
    /// What became of it, where it was never reached.
    pub(super) outcome: Option<&'static str>,
    /// Unique in the file.
    pub(super) id: String,
}

/// Who opens it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum From {
    /// Hosts in these roles.
    Roles(Vec<String>),
    /// Addresses outside; none for anybody.
    Outside(Vec<IpAddr>),
}

/// What shows a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowEvidence {
    pub(super) flows: usize,
    pub(super) lookups: usize,
    pub(super) hosts: BTreeSet<IpAddr>,
    pub(super) span: Option<(CaptureTime, CaptureTime)>,
    pub(super) apps: BTreeSet<&'static str>,
}

impl RowEvidence {
    pub(super) fn add(&mut self, other: &Self) {
        self.flows += other.flows;
        self.lookups += other.lookups;
        self.hosts.extend(&other.hosts);
        self.apps.extend(&other.apps);
        self.span = match (self.span, other.span) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (a, b) => a.or(b),
        };
    }
}

impl DraftRow {
    /// Whether two rows let the same pass.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (&self.from, &self.to, self.transport, &self.ports)
            == (&other.from, &other.to, other.transport, &other.ports)
    }
}

/// Who, where to, over what, port.
type LearntRowKey = (Option<BTreeSet<String>>, String, Option<Transport>, u16);

/// From outside, where to, over what, port.
type AimKey<'k> = (bool, &'k String, Option<Transport>, u16);

/// From outside, where to, over what, by which roles.
type RowKey<'k> = (bool, &'k String, Option<Transport>, BTreeSet<String>);

/// Rows on their way.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// By what tells flows apart; sources outside are put together.
    by_key: BTreeMap<LearntRowKey, RowEvidence>,
    /// Names that no rule file can hold.
    pub(super) unwritten: Vec<String>,
    /// Names that were asked for and never resolved, where nothing says that they were blocked.
    pub(super) never_resolved: Vec<String>,
}

impl Rows {
    /// What no row covers.
    pub(super) fn take_unexpected(&mut self, trial: &Trial, capture: &Capture, roles: &Roles) {
        for intent in trial.intents().filter(|intent| is_unexpected(intent)) {
            let seen = seen(intent, capture);
            for to in self.destinations(intent, trial, roles) {
                self.put(roles, intent, to, &seen);
            }
        }
    }

    /// What no row covers although its name has one: by its addresses.
    pub(super) fn take_addresses(&mut self, trial: &Trial, roles: &Roles) {
        for intent in trial
            .intents()
            .filter(|intent| is_unexpected(intent) && intent.fqdn.as_ref().is_some_and(is_writable))
        {
            for address in &intent.addresses {
                self.put(
                    roles,
                    intent,
                    address.to_canonical().to_string(),
                    &RowEvidence::default(),
                );
            }
        }
    }

    /// Names whose lookups all failed, by hosts of the site.
    pub(super) fn take_lookups(&mut self, capture: &Capture, roles: &Roles) {
        const ADDRESS_TYPES: [u16; 2] = [1, 28];
        let mut failed: BTreeMap<(&Fqdn, BTreeSet<String>), RowEvidence> = BTreeMap::new();
        let mut resolved: BTreeSet<&Fqdn> = BTreeSet::new();
        for lookup in capture
            .dns
            .iter()
            .filter(|lookup| ADDRESS_TYPES.contains(&lookup.query_type))
        {
            let (Some(name), Some(at)) = (&lookup.query, lookup.queries.first()) else {
                continue;
            };
            let inside = roles.of_host(lookup.client.ip);
            if lookup.tells_address() {
                resolved.insert(name);
            } else if !inside.is_empty() {
                let names = inside.iter().map(|name| (*name).to_owned()).collect();
                failed.entry((name, names)).or_default().add(&RowEvidence {
                    lookups: 1,
                    hosts: [lookup.client.ip].into(),
                    span: Some((at.time, at.time)),
                    ..RowEvidence::default()
                });
            }
        }
        for ((name, from), seen) in failed {
            let tried = self.by_key.keys().any(|(_, to, ..)| to == name.as_str());
            if !resolved.contains(name) && !tried && is_writable(name) {
                self.by_key
                    .insert((Some(from), name.to_string(), None, 0), seen);
            }
        }
    }

    fn destinations(&mut self, intent: &Intent, trial: &Trial, roles: &Roles) -> Vec<String> {
        let names = intent.fqdn.iter().chain(&intent.or_names);
        let (good, bad): (Vec<&Fqdn>, Vec<&Fqdn>) = names.partition(|name| is_writable(name));
        self.unwritten
            .extend(bad.into_iter().map(ToString::to_string));
        if !good.is_empty() {
            return good.into_iter().map(ToString::to_string).collect();
        }
        // Without a name, or with none that a rule file can hold, the addresses say where to.
        let addresses = trial.addresses(intent).into_iter();
        let texts = addresses.map(|address| match roles.of_destination(address) {
            Some(role) if role != super::roles::HOST => format!("role:{role}"),
            _ => address.to_canonical().to_string(),
        });
        texts.collect()
    }

    fn put(&mut self, roles: &Roles, intent: &Intent, to: String, seen: &RowEvidence) {
        let from: BTreeSet<String> = roles
            .of_host(intent.initiator)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let from = (!from.is_empty()).then_some(from);
        let key = (from, to, Some(intent.transport), intent.port.unwrap_or(0));
        self.by_key.entry(key).or_default().add(seen);
    }

    /// The rows: ports of one aim in one row, roles of one aim too.
    pub(super) fn list(&self) -> Vec<DraftRow> {
        let mut by_aim: BTreeMap<AimKey<'_>, (BTreeSet<String>, RowEvidence)> = BTreeMap::new();
        for ((from, to, transport, port), seen) in &self.by_key {
            let entry = by_aim
                .entry((from.is_none(), to, *transport, *port))
                .or_default();
            entry.0.extend(from.iter().flatten().cloned());
            entry.1.add(seen);
        }
        let mut by_ports: BTreeMap<RowKey<'_>, (BTreeSet<u16>, RowEvidence)> = BTreeMap::new();
        for ((outside, to, transport, port), (from, seen)) in by_aim {
            let entry = by_ports.entry((outside, to, transport, from)).or_default();
            entry.0.extend(Some(port).filter(|port| *port > 0));
            entry.1.add(&seen);
        }
        let rows = by_ports
            .into_iter()
            .map(|((outside, to, transport, from), (ports, seen))| {
                let (ports, ephemeral) = ranges(&ports);
                let from = match outside {
                    true if seen.hosts.len() < ANYBODY => {
                        From::Outside(seen.hosts.iter().map(|ip| ip.to_canonical()).collect())
                    }
                    true => From::Outside(Vec::new()),
                    false => From::Roles(from.into_iter().collect()),
                };
                DraftRow {
                    part: match (ephemeral, seen.flows) {
                        (true, _) => DraftPart::Ephemeral,
                        (false, 1) => DraftPart::Once,
                        (false, _) => DraftPart::Seen,
                    },
                    from,
                    to: to.clone(),
                    transport,
                    ports,
                    names: Vec::new(),
                    evidence: seen,
                    outcome: None,
                    id: String::new(),
                }
            });
        rows.collect()
    }
}

/// Many ports of one aim beyond the assigned ones become their range.
fn ranges(ports: &BTreeSet<u16>) -> (PortSet, bool) {
    let (assigned, given): (Vec<u16>, Vec<u16>) =
        ports.iter().partition(|port| **port < FIRST_EPHEMERAL);
    if given.len() < EPHEMERAL {
        return (PortSet::from_ports(ports.iter().copied()), false);
    }
    let assigned = assigned.into_iter().map(|port| (port, port));
    (
        PortSet::from_ranges(assigned.chain([(FIRST_EPHEMERAL, u16::MAX)])),
        true,
    )
}

/// Whether a rule file can hold a name: one with a dot that is a name as people write them.
fn is_writable(name: &Fqdn) -> bool {
    name.as_str().contains('.')
        && NamePattern::parse(name.as_str()).is_ok_and(|pattern| pattern.as_str() == name.as_str())
}

pub(super) fn is_unexpected(intent: &Intent) -> bool {
    matches!(intent.outcome, Outcome::Unexpected | Outcome::Unnamed)
}

fn seen(intent: &Intent, capture: &Capture) -> RowEvidence {
    let flows = intent.attempts.iter().filter_map(|id| capture.flow(*id));
    RowEvidence {
        flows: intent.attempts.len(),
        lookups: 0,
        hosts: [intent.initiator].into(),
        span: Some((intent.span.0.time, intent.span.1.time)),
        apps: flows.filter_map(|flow| flow.app.name()).collect(),
    }
}

/// Rows that only lookups show stay where the capture says that these were stopped; the others are listed.
pub(super) fn drop_idle_lookups(list: &mut Vec<DraftRow>, never_resolved: &mut Vec<String>) {
    list.retain(|row| {
        let idle = row.transport.is_none() && row.outcome.is_none();
        if idle {
            never_resolved.push(row.to.clone());
        }
        !idle
    });
    never_resolved.sort();
    never_resolved.dedup();
}
