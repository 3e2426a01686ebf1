//! A draft held against the capture that it was made of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::rows::{DraftPart, DraftRow, is_unexpected};
use crate::judge::{Intent, Judgement, Outcome, judge};
use crate::observe::Capture;
use crate::rules::{Choices, Profile, RuleSet, RuleText, check, check_site};

/// A capture judged under a draft.
pub(super) struct Trial {
    judgement: Judgement,
    rules: RuleSet,
}

impl Trial {
    /// `None` where the draft, or the site file, cannot be read, which is a fault of ours.
    pub(super) fn of(capture: &Capture, rules: &str, site: Option<&str>) -> Option<Self> {
        let text = |name: &str, text: &str| RuleText {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let (library, _) = check(&[text("learned.toml", rules)]).ok()?;
        let site = match site {
            Some(site) => Some(check_site(&text("site.toml", site), &library).ok()?.0),
            None => None,
        };
        let profile = Profile::new(&library, site.as_ref(), &Choices::default()).ok()?;
        let rules = RuleSet::compile(library, &profile);
        let judgement = judge(capture, &rules);
        Some(Self { judgement, rules })
    }

    pub(super) fn intents(&self) -> impl Iterator<Item = &Intent> {
        self.judgement
            .intents
            .iter()
            .filter(|intent| intent.outcome != Outcome::OutOfScope)
    }

    /// Where a nameless aim was to be reached: what a proxy was asked for, where one was, else who was addressed.
    pub(super) fn addresses(&self, intent: &Intent) -> BTreeSet<IpAddr> {
        let verdicts = intent
            .attempts
            .iter()
            .filter_map(|id| self.judgement.flows.get(id.0 as usize));
        let asked = verdicts.filter_map(|verdict| verdict.part(None, intent.port).aim.address);
        let asked: BTreeSet<IpAddr> = asked.collect();
        let all = match asked.is_empty() {
            true => intent.addresses.iter().copied().collect(),
            false => asked,
        };
        let behind = |ip: IpAddr| self.judgement.translated.get(&ip).copied();
        all.into_iter().map(|ip| behind(ip).unwrap_or(ip)).collect()
    }

    pub(super) fn unexpected(&self) -> usize {
        self.intents()
            .filter(|intent| is_unexpected(intent))
            .count()
    }

    pub(super) fn audited_flows(&self) -> usize {
        self.judgement
            .flows
            .iter()
            .filter(|verdict| verdict.out_of_scope.is_none())
            .count()
    }
}

/// Says of each row whether it was ever reached, and if not, what is known of it.
pub(super) fn settle(list: &mut [DraftRow], trial: &Trial) {
    let mut by_row: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
    for intent in trial.intents() {
        for requirement in intent.requirements.iter() {
            let row = trial.rules.library().requirement(*requirement);
            let id = row.and_then(|row| row.id.split_once('/')).map(|(_, id)| id);
            by_row
                .entry(id.unwrap_or_default())
                .or_default()
                .push(intent.outcome);
        }
    }
    for row in list {
        let outcomes = by_row.get(row.id.as_str()).map_or(&[][..], Vec::as_slice);
        let reached = outcomes.iter().any(|outcome| outcome.is_reached());
        // `Outcome` goes from the worst on.
        let worst = outcomes.iter().min().copied();
        row.outcome = worst
            .filter(|worst| {
                !reached && (worst.is_blocked() || *worst == Outcome::FailedUnattributed)
            })
            .map(Outcome::as_str);
        if row.outcome.is_some() {
            row.part = DraftPart::Blocked;
        }
    }
}
