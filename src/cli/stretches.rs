//! `pktaudit audit --every` and `--max-flows`: captures of any length, in periods of which each has a report set.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use serde::Serialize;

use super::args::{AuditCommand, Common, Format};
use super::audit::{Sighted, with_report};
use super::exit::Exit;
use super::folders::Folders;
use super::plan::{Plan, plan};
use super::{extract, input, output, seeds};
use crate::drive::{PeriodLimits, Progress, Stretch, digest_of, observe_in_periods};
use crate::judge::Severity;
use crate::model::CaptureTime;
use crate::observe::Seed;
use crate::report::{Report, make_directory, write_directory};
use crate::source::{Input, InputPath, SourceError};

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<Exit> {
    if !matches!(common.format, Format::Human | Format::Ndjson) {
        bail!(
            "--every and --max-flows write several reports, which are in --out; --format can be human or ndjson, for one line a period"
        );
    }
    let Some(out) = command.out.as_deref() else {
        bail!("--every and --max-flows need --out");
    };
    let plan = plan(&command.choices, common)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let inputs = input::resolved(&command.captures.captures, common);
    if inputs.inputs.is_empty() {
        return Ok(Exit::NotAudited);
    }
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
            ended,
            mut failures,
            early,
        } = stretch;
        failures.append(&mut self.problems);
        let (ordinals, mut inputs): (Vec<u32>, Vec<_>) = inputs.into_iter().unzip();
        input::tell(&failures, &inputs);
        // Of an input that goes on, the digest of all of it would say nothing yet.
        let (sighted, digests) = std::thread::scope(|scope| {
            let ended = ended.iter().filter_map(|ordinal| {
                let input = self.captures.get(*ordinal as usize)?;
                Some((*ordinal, input))
            });
            let digests = scope.spawn(move || -> BTreeMap<u32, String> {
                ended
                    .filter_map(|(ordinal, input)| Some((ordinal, digest(input)?)))
                    .collect()
            });
            let sighted = Sighted::of(observation, None, self.seeds);
            (sighted, digests.join().unwrap_or_default())
        });
        for (ordinal, report) in ordinals.iter().zip(&mut inputs) {
            report.sha256 = digests.get(ordinal).cloned();
        }
        let summaries = input::summaries(&inputs, &failures);
        let first = summaries.iter().filter_map(|input| input.first).min();
        let folder = self.folders.next(self.out, first);
        let exit = with_report(&sighted, &summaries, self.plan, |report| {
            make_directory(&folder)?;
            write_directory(report, &folder)?;
            let evidence = folder.join("evidence.pcapng");
            extract::evidence(report, &sighted.capture, self.captures, &evidence)?;
            self.tell(report, &folder, early)?;
            anyhow::Ok(report.exit())
        })?;
        self.worst = self.worst.and(match exit {
            0 => Exit::Clean,
            1 => Exit::Findings,
            _ => Exit::NotAudited,
        });
        Ok(())
    }

    fn tell(&self, report: &Report<'_>, folder: &Path, early: bool) -> anyhow::Result<()> {
        let span = report.capture.span;
        let counts = report.summary.findings.0.iter();
        let findings: BTreeMap<String, u64> = counts
            .map(|(severity, count)| (severity.to_string(), *count))
            .collect();
        let folder = folder.display().to_string();
        let text = |time: CaptureTime| time.to_string();
        let line = Line {
            kind: "period",
            folder: &folder,
            first: span.map(|span| text(span.first)),
            last: span.map(|span| text(span.last)),
            flows: report.summary.flows,
            findings,
            exit: report.exit(),
            early,
        };
        output::to_stdout(|out| {
            match self.common.format {
                Format::Ndjson => {
                    serde_json::to_writer(&mut *out, &line)?;
                    writeln!(out)?;
                }
                _ => writeln!(
                    out,
                    "{}  {}  {} high, {} medium, {} low{}",
                    folder.escape_debug(),
                    output::counted(line.flows, "flow"),
                    count(&line, Severity::High),
                    count(&line, Severity::Medium),
                    count(&line, Severity::Low),
                    if early { "  (--max-flows)" } else { "" },
                )?,
            }
            Ok(())
        })
    }
}

fn count(line: &Line<'_>, severity: Severity) -> u64 {
    let count = line.findings.get(&severity.to_string());
    count.copied().unwrap_or(0)
}

fn digest(input: &Input) -> Option<String> {
    match &input.path {
        InputPath::File(path) if input.path.can_be_read_again() => digest_of(path).ok(),
        _ => None,
    }
}
