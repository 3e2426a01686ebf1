//! `pktaudit audit --every` and `--max-flows`: captures of any length, in periods of which each has a report set.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use serde::Serialize;

use super::args::{AuditCommand, Common, Format};
use super::audit::{Destination, write_set};
use super::exit::Exit;
use super::folders::Folders;
use super::outputs::Inputs;
use super::plan::plan;
use super::{input, output, seeds};
use crate::audit::{Plan, attribute_points, summaries, with_report};
use crate::drive::{PeriodLimits, Progress, Stretch, observe_in_periods};
use crate::model::TwoPoint;
use crate::observe::Seed;
use crate::report::Report;
use crate::source::{Input, SourceError};

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
        problems: inputs.problems,
        out,
        folders: Folders::default(),
        common,
        worst: Exit::Clean,
    };
    let limits = PeriodLimits {
        every: command.every,
        most: command.max_flows,
    };
    let (progress, threads) = (Progress::default(), input::threads(common));
    input::watched(common, &inputs.inputs, &progress, || {
        observe_in_periods(&inputs.inputs, limits, threads, &progress, |stretch| {
            reporter.report(stretch)
        })
    })?;
    Ok(reporter.worst)
}

/// Makes the report set of each period as soon as it is over.
struct Reporter<'a> {
    plan: &'a Plan,
    seeds: &'a [Seed],
    captures: &'a [Input],
    /// Arguments that are no captures; told in the first report.
    problems: Vec<SourceError>,
    out: &'a Path,
    folders: Folders,
    common: &'a Common,
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
    fn report(&mut self, stretch: Stretch) -> anyhow::Result<()> {
        let Stretch {
            observation,
            inputs,
            mut failures,
            early,
        } = stretch;
        failures.append(&mut self.problems);
        input::tell(&failures, &inputs);
        let captures = attribute_points(TwoPoint::alone(observation), self.seeds);
        let summaries = summaries(&inputs, &failures);
        let first = summaries.iter().filter_map(|input| input.first).min();
        let folder = self.folders.next(self.out, first);
        let to = Destination {
            folder: Some(&folder),
            evidence: None,
        };
        let exit = with_report(&captures, &summaries, self.plan, |report| {
            write_set(report, &captures.inside, self.captures, to)?;
            self.tell(report, &folder, early)?;
            anyhow::Ok(Exit::of(report))
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
                    let findings: Vec<String> = counts()
                        .map(|(severity, count)| format!("{count} {severity}"))
                        .collect();
                    writeln!(
                        out,
                        "{}  {}  {}{}",
                        folder.escape_debug(),
                        output::counted(line.flows, "flow"),
                        findings.join(", "),
                        if early { "  (--max-flows)" } else { "" },
                    )?;
                }
            }
            Ok(())
        })
    }
}
