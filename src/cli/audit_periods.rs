//! `pktaudit audit --every` and `--max-flows`: captures of any length, in periods of which each has a report set.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use serde::Serialize;

use super::args::{AuditCommand, Common, Format};
use super::audit::{Destination, report_period};
use super::exit::Exit;
use super::folders::{Folders, first_of};
use super::outputs::Inputs;
use super::plan::plan;
use super::{input, output, seeds};
use crate::audit::{Period, PeriodLimits, Plan, observe_in_periods};
use crate::drive::{Point, Progress};
use crate::observe::Seed;
use crate::report::Report;
use crate::source::{Input, InputRecord};
use crate::wording::{Language, Phrase, phrase, word};

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<Exit> {
    if !matches!(common.format, Format::Human | Format::Ndjson) {
        bail!(
            "--every and --max-flows write several reports, which are in --out; --format can be human or ndjson, for one line a period"
        );
    }
    let Some(out) = command.out.as_deref() else {
        bail!("--every and --max-flows need --out");
    };
    let plan = plan(&command.choices.selection(), common)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let inputs = input::resolved(&command.captures, common);
    if inputs.inputs.is_empty() {
        return Ok(Exit::NotAudited);
    }
    Inputs::of(&inputs.inputs)
        .and_choices(&command.choices, &command.names)
        .allow_set(Some(out))?;
    let mut reporter = Reporter {
        plan: &plan,
        seeds: &seeds,
        captures: &inputs.inputs,
        untaken: inputs.problems.iter().map(InputRecord::unread).collect(),
        out,
        folders: Folders::default(),
        common,
        language: command.said_in.language(),
        worst: Exit::Clean,
    };
    let limits = PeriodLimits {
        every: command.every,
        most: command.max_flows,
        apart: false,
    };
    let (progress, threads) = (Progress::default(), input::threads(common));
    let chosen = command.captures.chosen(Point::Everywhere);
    input::watched(common, &inputs.inputs, &progress, || {
        observe_in_periods(
            &inputs.inputs,
            limits,
            (&chosen, threads),
            &progress,
            |period| reporter.report(period),
        )
    })?;
    Ok(reporter.worst)
}

/// Makes the report set of each period as soon as it is over.
struct Reporter<'a> {
    plan: &'a Plan,
    seeds: &'a [Seed],
    captures: &'a [Input],
    /// Arguments that are no captures; told in the first report.
    untaken: Vec<InputRecord>,
    out: &'a Path,
    folders: Folders,
    common: &'a Common,
    language: Language,
    worst: Exit,
}

/// A period in one line.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    folder: &'a str,
    first: Option<String>,
    last: Option<String>,
    flows: u64,
    findings: BTreeMap<String, u64>,
    exit: u8,
    /// It had too many flows, and ended before its time.
    early: bool,
}

impl Reporter<'_> {
    fn report(&mut self, mut period: Period) -> anyhow::Result<()> {
        input::tell(&period.inputs);
        period.inputs.append(&mut self.untaken);
        let first = period.inputs.iter().filter_map(first_of).min();
        let (folder, early) = (self.folders.next(self.out, first), period.early);
        let to = Destination {
            folder: Some(&folder),
            evidence: None,
            paged: false,
            language: self.language,
        };
        let with = (self.plan, self.seeds);
        let exit = report_period(period, with, self.captures, to, |report| {
            self.tell(report, &folder, early)
        })?;
        self.worst = self.worst.and(exit);
        Ok(())
    }

    fn tell(&self, report: &Report<'_>, folder: &Path, early: bool) -> anyhow::Result<()> {
        let span = report.capture.span;
        let counts = || report.summary.findings.0.iter();
        let folder = folder.display().to_string();
        let line = Line {
            kind: "period",
            folder: &folder,
            first: span.map(|span| span.first.to_string()),
            last: span.map(|span| span.last.to_string()),
            flows: report.summary.flows,
            findings: counts()
                .map(|(severity, count)| (severity.to_string(), *count))
                .collect(),
            exit: report.exit(),
            early,
        };
        output::to_stdout(|out| {
            match self.common.format {
                Format::Ndjson => {
                    serde_json::to_writer(&mut *out, &line)?;
                    writeln!(out)?;
                }
                _ => {
                    let findings = counts().map(|(severity, count)| {
                        let what = severity.words();
                        phrase!(count_of_kind, "{count} {what}", count, what)
                    });
                    let flows = match line.flows {
                        1 => word!(count_1_flow, "1 flow").into(),
                        count => phrase!(count_flows, "{count} flows", count),
                    };
                    writeln!(
                        out,
                        "{}  {}  {}{}",
                        folder.escape_debug(),
                        self.language.say(&flows),
                        self.language.say(&Phrase::list(findings)),
                        if early { "  (--max-flows)" } else { "" },
                    )?;
                }
            }
            Ok(())
        })
    }
}
