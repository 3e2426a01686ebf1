//! Two audits side by side: what works now, what broke, what came and what went.
//!
//! An aim is who tried to reach which name (else which addresses) on which port. It is as its last try that can be
//! told says: reached, or stopped. A lookup that was stopped stands for all ports of its name.

mod run;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::Serialize;

use crate::judge::{FindingCode, StatusKind};
use crate::model::words;
use crate::report::Counts;
pub use run::{AuditDigest, RunError};
use run::{RunFinding, RunIntent};
pub use write::write_comparison;

macro_rules! changes {
    ($($variant:ident $text:literal $worse:literal $about:literal,)*) => {
        words! {
            /// What kind of difference, in the order in which they are told.
            pub enum ChangeKind {
                $(#[doc = $about] $variant = $text,)*
            }
        }

        impl ChangeKind {
            /// Whether it is a change for the worse.
            #[must_use]
            pub const fn is_worse(self) -> bool {
                match self { $(Self::$variant => $worse,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

changes! {
    Broke "broke" true "was reached, and is stopped or fails now",
    NewlyStopped "newly-stopped" true "was not tried, and is stopped or fails now",
    RequirementLost "requirement-lost" true "a requirement that is blocked or fails, and was not before",
    NewlyIntercepted "newly-intercepted" true "TLS to a listed destination is opened by something on the path, and was not before",
    NewUnexpected "new-unexpected" true "traffic that no requirement covers, and that was not there before",
    NowWorks "now-works" false "was stopped or failed, and is reached now",
    RequirementMet "requirement-met" false "a requirement that was blocked or failed, and is satisfied now",
    NotIntercepted "not-intercepted" false "TLS to a listed destination was opened by something on the path, and is not any more",
    GoneUnexpected "gone-unexpected" false "traffic that no requirement covers, and that is not there any more",
    StillStopped "still-stopped" false "was stopped or failed, and still is",
    NotTriedAgain "not-tried-again" false "was stopped or failed, and was not tried again, so nothing can be told",
    RequirementChanged "requirement-changed" false "a requirement that fared otherwise before",
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What kind.
    #[serde(serialize_with = "crate::report::word")]
    pub change: ChangeKind,
    /// Whether it is a change for the worse.
    pub worse: bool,
    /// Who; null of a requirement.
    pub initiator: Option<IpAddr>,
    /// The name, else the addresses; of a requirement its id.
    pub target: String,
    /// Responder port.
    pub port: Option<u16>,
    /// Transport.
    pub transport: Option<String>,
    /// How it was; null where it was not there.
    pub before: Option<String>,
    /// How it is; null where it is not there.
    pub after: Option<String>,
    /// Codes of what shows that it was or is stopped; of unexpected traffic the finding's code.
    pub evidence: Vec<String>,
    /// Ids of requirements that cover it.
    pub requirements: Vec<String>,
    /// Of unexpected traffic: the finding's id.
    pub finding: Option<String>,
}

/// Two audits compared.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// What was compared.
    pub before: Side,
    /// With what.
    pub after: Side,
    /// Whether anything got worse.
    pub worse: bool,
    /// 0 nothing got worse, 1 something did, 2 one of the two audits is only a part of one.
    pub exit: u8,
    /// Changes by kind, zeros included.
    pub counts: Counts<ChangeKind>,
    /// By kind, then who, what, port.
    pub changes: Vec<Change>,
}

/// One side of a comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// As it was named.
    pub path: String,
    /// First time.
    pub first: Option<String>,
    /// Last time.
    pub last: Option<String>,
    /// Why the audit is only a part of one.
    pub incomplete: Vec<String>,
}

/// Compares two audits, each with what to call it.
#[must_use]
pub fn compare(before: (&str, &AuditDigest), after: (&str, &AuditDigest)) -> Comparison {
    let mut changes = aims(before.1, after.1);
    changes.extend(requirements(before.1, after.1));
    changes.extend(findings(before.1, after.1));
    changes.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut counts = Counts::of_all(ChangeKind::ALL);
    changes.iter().for_each(|change| counts.add(&change.change));
    let worse = changes.iter().any(|change| change.worse);
    let in_part = [before.1, after.1]
        .iter()
        .any(|run| !run.summary.incomplete.is_empty());
    Comparison {
        before: Side::of(before),
        after: Side::of(after),
        worse,
        exit: if in_part { 2 } else { u8::from(worse) },
        counts,
        changes,
    }
}

fn key(change: &Change) -> (ChangeKind, Option<IpAddr>, &str, Option<u16>, Option<&str>) {
    (
        change.change,
        change.initiator,
        &change.target,
        change.port,
        change.transport.as_deref(),
    )
}

impl Side {
    fn of((path, run): (&str, &AuditDigest)) -> Self {
        let span = run.capture.span.as_ref();
        Self {
            path: path.to_owned(),
            first: span.map(|span| span.first.clone()),
            last: span.map(|span| span.last.clone()),
            incomplete: run.summary.incomplete.clone(),
        }
    }
}

/// Port and transport; no port where only the lookup was seen.
type Door = (Option<u16>, String);
/// The last try that can be told, by aim.
type Aims<'r> = BTreeMap<(IpAddr, String), BTreeMap<Door, &'r RunIntent>>;

fn last_tries(run: &AuditDigest) -> Aims<'_> {
    let mut out = Aims::new();
    for intent in run
        .intents
        .iter()
        .filter(|intent| reached(intent).is_some())
    {
        let target = intent.fqdn.clone().unwrap_or_else(|| {
            let addresses: Vec<String> = intent.addresses.iter().map(ToString::to_string).collect();
            addresses.join(" ")
        });
        let transport = if intent.port.is_some() {
            intent.transport.clone()
        } else {
            String::new()
        };
        let doors = out.entry((intent.initiator, target)).or_default();
        let known = doors.entry((intent.port, transport)).or_insert(intent);
        if known.first <= intent.first {
            *known = intent;
        }
    }
    out
}

/// Whether the aim was reached; `None` where it was not audited or cannot be told.
fn reached(intent: &RunIntent) -> Option<bool> {
    match intent.outcome {
        outcome if outcome.is_reached() => Some(true),
        outcome if outcome.is_failure() => Some(false),
        _ => None,
    }
}

fn aims(before: &AuditDigest, after: &AuditDigest) -> Vec<Change> {
    let (before, after) = (last_tries(before), last_tries(after));
    let none = BTreeMap::new();
    let aims: BTreeSet<&(IpAddr, String)> = before.keys().chain(after.keys()).collect();
    let mut out = Vec::new();
    for aim in aims {
        let was = before.get(aim).unwrap_or(&none);
        let is = after.get(aim).unwrap_or(&none);
        let all: BTreeSet<&Door> = was.keys().chain(is.keys()).collect();
        let ported = all.iter().any(|(port, _)| port.is_some());
        for door in all
            .into_iter()
            .filter(|(port, _)| port.is_some() || !ported)
        {
            let (was, is) = (at(was, door), at(is, door));
            if let Some(kind) = difference(was, is) {
                out.push(change_of(kind, aim, door, was, is));
            }
        }
    }
    out
}

/// How a port fared; where it was never tried, how the lookup of its name did.
fn at<'r>(doors: &BTreeMap<Door, &'r RunIntent>, door: &Door) -> Option<&'r RunIntent> {
    let lookup = || {
        doors
            .get(&(None, String::new()))
            .filter(|intent| reached(intent) == Some(false))
    };
    doors.get(door).or_else(lookup).copied()
}

fn difference(was: Option<&RunIntent>, is: Option<&RunIntent>) -> Option<ChangeKind> {
    match (was.and_then(reached), is.and_then(reached)) {
        (Some(false), Some(true)) => Some(ChangeKind::NowWorks),
        (Some(true), Some(false)) => Some(ChangeKind::Broke),
        (None, Some(false)) => Some(ChangeKind::NewlyStopped),
        (Some(false), Some(false)) => Some(ChangeKind::StillStopped),
        (Some(false), None) => Some(ChangeKind::NotTriedAgain),
        (Some(true), Some(true) | None) | (None, Some(true) | None) => None,
    }
}

fn change_of(
    kind: ChangeKind,
    (initiator, target): &(IpAddr, String),
    (port, transport): &Door,
    was: Option<&RunIntent>,
    is: Option<&RunIntent>,
) -> Change {
    let words = |intent: &RunIntent| match &intent.stage {
        Some(stage) => format!("{} at {stage}", intent.outcome),
        None => intent.outcome.to_string(),
    };
    let shown = is.filter(|intent| reached(intent) == Some(false)).or(was);
    Change {
        change: kind,
        worse: kind.is_worse(),
        initiator: Some(*initiator),
        target: target.clone(),
        port: *port,
        transport: (!transport.is_empty()).then(|| transport.clone()),
        before: was.map(words),
        after: is.map(words),
        evidence: shown.map_or(Vec::new(), |intent| {
            intent.evidence.iter().map(ToString::to_string).collect()
        }),
        requirements: is
            .or(was)
            .map_or(Vec::new(), |intent| intent.requirements.clone()),
        finding: None,
    }
}

fn requirements(before: &AuditDigest, after: &AuditDigest) -> Vec<Change> {
    let by_id = |run: &'_ AuditDigest| -> BTreeMap<String, (StatusKind, String)> {
        let rows = run.requirements.iter().map(|row| {
            let words = match &row.reason {
                Some(reason) if row.outcome != StatusKind::NotActive => {
                    format!("{}: {reason}", row.outcome)
                }
                _ => row.outcome.to_string(),
            };
            (row.id.clone(), (row.outcome, words))
        });
        rows.collect()
    };
    let (was, is) = (by_id(before), by_id(after));
    let ids: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let mut out = Vec::new();
    for id in ids {
        let (was, is) = (was.get(id), is.get(id));
        let outcome = |row: Option<&(StatusKind, String)>| row.map(|(outcome, _)| *outcome);
        let (old, new) = (outcome(was), outcome(is));
        if old == new {
            continue;
        }
        let broken = |outcome: Option<StatusKind>| outcome.is_some_and(StatusKind::is_broken);
        let kind = match new {
            Some(StatusKind::Satisfied) if broken(old) => ChangeKind::RequirementMet,
            _ if broken(new) && !broken(old) => ChangeKind::RequirementLost,
            _ => ChangeKind::RequirementChanged,
        };
        let service = after.requirements.iter().chain(&before.requirements);
        let service = service
            .filter(|row| row.id == *id)
            .map(|row| row.service.clone())
            .next();
        out.push(Change {
            change: kind,
            worse: kind.is_worse(),
            initiator: None,
            target: match service {
                Some(service) if !service.is_empty() => format!("{id} ({service})"),
                _ => id.clone(),
            },
            port: None,
            transport: None,
            before: was.map(|(_, words)| words.clone()),
            after: is.map(|(_, words)| words.clone()),
            evidence: Vec::new(),
            requirements: vec![id.clone()],
            finding: None,
        });
    }
    out
}

/// What a finding that is there in one audit only is told as: new, and gone. `None` where the change of an intent or a
/// requirement tells it.
fn told_as(finding: &RunFinding) -> Option<(ChangeKind, ChangeKind)> {
    match finding.code {
        FindingCode::Intercepted => {
            Some((ChangeKind::NewlyIntercepted, ChangeKind::NotIntercepted))
        }
        code if !code.is_uncovered() => None,
        _ => Some((ChangeKind::NewUnexpected, ChangeKind::GoneUnexpected)),
    }
}

fn findings(before: &AuditDigest, after: &AuditDigest) -> Vec<Change> {
    let by_id = |run: &'_ AuditDigest| -> BTreeMap<String, RunFinding> {
        let findings = run.findings.iter();
        findings
            .map(|finding| (finding.id.clone(), finding.clone()))
            .collect()
    };
    let (was, is) = (by_id(before), by_id(after));
    let new = is.iter().filter(|(id, _)| !was.contains_key(*id));
    let gone = was.iter().filter(|(id, _)| !is.contains_key(*id));
    let new = new.filter_map(|(_, finding)| Some((told_as(finding)?.0, finding)));
    let gone = gone.filter_map(|(_, finding)| Some((told_as(finding)?.1, finding)));
    new.chain(gone)
        .map(|(kind, finding)| {
            let words = Some(format!("{}: {}", finding.code, finding.message));
            let (before, after) = match kind {
                ChangeKind::NewUnexpected | ChangeKind::NewlyIntercepted => (None, words),
                _ => (words, None),
            };
            Change {
                change: kind,
                worse: kind.is_worse(),
                initiator: finding.initiator,
                target: finding.target.clone(),
                port: finding.port,
                transport: finding.transport.clone(),
                before,
                after,
                evidence: vec![finding.code.to_string()],
                requirements: finding.requirements.clone(),
                finding: Some(finding.id.clone()),
            }
        })
        .collect()
}
