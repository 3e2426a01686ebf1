//! Findings about rows whose host was reached: not with TLS as the row asks, or by an entry that is doubtful.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Case;
use super::finding::{Finding, FindingCode};
use super::row_facts::{Shortfall, may_be_in_clear, shortfall};
use crate::model::Fqdn;
use crate::rules::{Destination, RequirementIndex, RuleSet};
use crate::wording::{Phrase, phrase, word};

/// Intents that reached a host of a row for TLS by something else. One finding an intent.
pub(super) fn in_clear(case: &Case<'_>, out: &mut Vec<Finding>) {
    for (place, intent) in case.intents.iter().enumerate() {
        if !intent.outcome.is_reached() || !may_be_in_clear(intent, case.capture) {
            continue;
        }
        let mut worst: Option<Shortfall> = None;
        let mut rows = Vec::new();
        for at in intent.requirements.iter() {
            let row = case.rules.library().requirement(*at);
            let owed = row.and_then(|row| shortfall(row, intent, case.capture, case.flows));
            if let Some(owed) = owed.filter(|owed| *owed != Shortfall::PathHidden) {
                worst = worst.max(Some(owed));
                rows.push(*at);
            }
        }
        let Some(worst) = worst else { continue };
        out.push(Finding {
            outcome: Some(intent.outcome),
            initiator: Some(intent.initiator),
            port: intent.port,
            transport: Some(intent.transport),
            message: worst.words().into(),
            advice: word!(
                do_find_plain,
                "find out what speaks there, and why in clear"
            )
            .into(),
            requirements: rows,
            intents: vec![place],
            flows: intent.attempts.to_vec(),
            span: Some(intent.span),
            ..Finding::new(FindingCode::NotTls, target(intent))
        });
    }
}

fn target(intent: &super::Intent) -> String {
    let address = || intent.addresses.first().map(IpAddr::to_string);
    let name = intent.fqdn.as_ref().map(ToString::to_string);
    name.or_else(address).unwrap_or_default()
}

/// Intents that only an entry covers that is doubtful. One finding a requirement and host.
pub(super) fn doubtful(case: &Case<'_>, out: &mut Vec<Finding>) {
    let mut told: BTreeMap<(RequirementIndex, IpAddr), Vec<usize>> = BTreeMap::new();
    for (place, intent) in case.intents.iter().enumerate() {
        for at in intent.requirements.iter() {
            if doubt(*at, intent.fqdn.as_ref(), case.rules).is_some() {
                told.entry((*at, intent.initiator)).or_default().push(place);
            }
        }
    }
    for ((at, initiator), places) in told {
        let intents = || places.iter().filter_map(|place| case.intents.get(*place));
        let Some(first) = intents().next() else {
            continue;
        };
        let why = doubt(at, first.fqdn.as_ref(), case.rules).unwrap_or_default();
        let starts = intents().map(|intent| intent.span.0);
        let ends = intents().map(|intent| intent.span.1);
        out.push(Finding {
            outcome: Some(first.outcome),
            initiator: Some(initiator),
            port: first.port,
            transport: Some(first.transport),
            message: phrase!(
                entry_doubtful,
                "the page lists it, but the entry is doubtful: {why}",
                why
            ),
            advice: word!(
                do_ask_name,
                "ask the vendor whether the name is right, and who owns its domain"
            )
            .into(),
            requirements: vec![at],
            flows: intents()
                .flat_map(|intent| intent.attempts.iter().copied())
                .collect(),
            span: starts.min().zip(ends.max()),
            intents: places.clone(),
            ..Finding::new(FindingCode::DoubtfulEntry, target(first))
        });
    }
}

fn doubt<'a>(at: RequirementIndex, name: Option<&Fqdn>, rules: &'a RuleSet) -> Option<&'a str> {
    let row = rules.library().requirement(at)?;
    let name = name?;
    let fits = |target: &crate::rules::Target| match target {
        crate::rules::Target::Name(pattern) => pattern.matches(name.as_str()),
        _ => false,
    };
    let entry = row.to.iter().find(|to| fits(&to.target))?;
    entry.doubtful.as_deref()
}

/// Entries that are doubtful, by the name that each is probably meant to be; of several the first. Gathered once, since it is
/// asked for each name that no row covers.
#[derive(Debug)]
pub(super) struct Twins<'a>(BTreeMap<&'a Fqdn, (RequirementIndex, &'a Destination)>);

impl<'a> Twins<'a> {
    pub(super) fn of(rules: &'a RuleSet) -> Self {
        let mut twins = BTreeMap::new();
        for (place, row) in (0..).zip(rules.requirements()) {
            for entry in &row.to {
                if let Some(name) = &entry.twin {
                    let at = (RequirementIndex::new(place), entry);
                    twins.entry(name).or_insert(at);
                }
            }
        }
        Self(twins)
    }

    /// The doubtful entry that a name is probably the right form of, with what to say of it.
    pub(super) fn twin(&self, name: &Fqdn) -> Option<(RequirementIndex, Phrase)> {
        let (place, entry) = self.0.get(name)?;
        let listed = match &entry.target {
            crate::rules::Target::Name(pattern) => pattern.to_string(),
            _ => return None,
        };
        let why = entry.doubtful.as_deref().map_or_else(
            || Phrase::from(word!(entry_differs, "it differs from its siblings")),
            Phrase::from,
        );
        let words = phrase!(
            twin_of_doubtful,
            "on no list; the page prints {listed} in its place, which is doubtful: {why}",
            listed,
            why
        );
        Some((*place, words))
    }
}
