//! `pktaudit rules lint`: what lists say and likely do not mean.

use super::args::{Common, RulesLint};
use super::exit::Exit;
use super::{clock, plan, seeds};
use crate::rules::{self, Facts, Severity};

/// Shows warnings and notes; warnings make it exit 1.
pub(super) fn run(command: &RulesLint, common: &Common) -> anyhow::Result<Exit> {
    let paths: Vec<_> = command
        .paths
        .iter()
        .chain(&command.choices.rules)
        .cloned()
        .collect();
    let texts = plan::texts(&paths)?;
    let (library, mut problems) = plan::checked(&texts, common)?;
    let mut facts = Facts {
        today: command
            .choices
            .as_of
            .or_else(|| day(&clock::now().to_string())),
        ..Facts::default()
    };
    for seed in seeds::read(&command.names.seeds, common)? {
        facts
            .addresses
            .entry(seed.name.to_string())
            .or_default()
            .insert(seed.address);
    }
    problems.extend(rules::lint(&texts, &library, &facts));
    let shown: Vec<_> = problems
        .iter()
        .filter(|problem| problem.severity < Severity::Note || !common.quiet)
        .cloned()
        .collect();
    plan::show(&shown, common);
    plan::sum_up(&library, &problems)
}

fn day(time: &str) -> Option<jiff::civil::Date> {
    time.get(..10)?.parse().ok()
}
