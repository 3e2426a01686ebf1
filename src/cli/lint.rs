//! `pktaudit rules lint`: what lists say and likely do not mean.

use anyhow::bail;

use super::args::{Common, Format, RulesLint};
use super::exit::Exit;
use super::{clock, output, plan, seeds};
use crate::audit::texts;
use crate::report;
use crate::rules::{self, Facts, ProblemSeverity};

/// Shows warnings and notes; warnings make it exit 1.
pub(super) fn run(command: &RulesLint, common: &Common) -> anyhow::Result<Exit> {
    if !matches!(
        common.format,
        Format::Human | Format::Json | Format::Ndjson | Format::Csv
    ) {
        bail!("rules lint writes human, json, ndjson or csv");
    }
    let paths: Vec<_> = command
        .paths
        .iter()
        .chain(&command.choices.rules)
        .cloned()
        .collect();
    let texts = texts(&paths)?;
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
        .filter(|problem| problem.severity < ProblemSeverity::Note || !common.quiet)
        .cloned()
        .collect();
    if common.format == Format::Human {
        plan::show(&shown, common);
        return plan::sum_up(&library, &problems);
    }
    output::to_reader(common, |out| match common.format {
        Format::Json => report::write_problems_json(&shown, out),
        Format::Ndjson => report::write_problems_ndjson(&shown, out),
        Format::Csv => report::write_problems_csv(&shown, out),
        _ => Ok(()),
    })?;
    Ok(plan::exit_of(&problems))
}

fn day(time: &str) -> Option<jiff::civil::Date> {
    time.get(..10)?.parse().ok()
}
