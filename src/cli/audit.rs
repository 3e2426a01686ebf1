//! `pktaudit audit`: the whole way from captures to reports.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};

use super::args::{AuditCommand, Common, Format};
use super::exit::Exit;
use super::plan::{Plan, plan};
use super::{extract, output, points, seeds};
use crate::judge::judge_between;
use crate::observe::{Capture, Observation, Seed, attribute_with};
use crate::report::{
    Audit, InputSummary, Report, make_directory, write_directory, write_findings_csv, write_human,
    write_json, write_junit, write_ndjson, write_sarif,
};
use crate::source::Input;

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<Exit> {
    let plan = plan(&command.choices, common)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let captures = command.captures.resolve().inputs;
    let digests = command.out.is_some() || common.format.is_for_record();
    let paths = &command.captures;
    let Some(points) = points::read(paths, &command.outside, digests, common)? else {
        return Ok(Exit::NotAudited);
    };
    let (sighted, inputs) = points.sighted(&captures, &seeds);
    let plan = plan.fitted(&sighted.capture, &command.choices, common)?;
    let to = Destination {
        folder: command.out.as_deref(),
        evidence: None,
    };
    let exit = report(&sighted, &inputs, &captures, &plan, to, common);
    // The process ends: taking millions of small lists apart would only take time.
    std::mem::forget((sighted, plan));
    exit
}

/// What was seen, at one point or at two.
pub(super) struct Sighted {
    pub(super) capture: Capture,
    pub(super) outside: Option<Capture>,
}

/// Where reports go besides standard output.
#[derive(Clone, Copy, Default)]
pub(super) struct Destination<'a> {
    /// The report set, with the packets of the findings where there are captures to copy them from.
    pub(super) folder: Option<&'a Path>,
    /// The packets of the findings alone.
    pub(super) evidence: Option<&'a Path>,
}

impl Sighted {
    /// Names the flows of what was read at each point.
    pub(super) fn of(inside: Observation, outside: Option<Observation>, seeds: &[Seed]) -> Self {
        Self {
            capture: attribute_with(inside, seeds),
            outside: outside.map(|outside| attribute_with(outside, seeds)),
        }
    }
}

/// From flows to verdicts and reports. `captures` are the inputs by ordinal, from which the packets of the findings
/// are copied.
pub(super) fn report(
    sighted: &Sighted,
    inputs: &[InputSummary],
    captures: &[Input],
    plan: &Plan,
    to: Destination<'_>,
    common: &Common,
) -> anyhow::Result<Exit> {
    with_report(sighted, inputs, plan, |report| {
        let written = write_set(report, &sighted.capture, captures, to)?;
        for path in written {
            output::note(common, &format!("wrote {}", path.display()));
        }
        let look = output::look(common);
        output::to_stdout(|out| match common.format {
            Format::Human => write_human(report, &look, out),
            Format::Json => write_json(report, out),
            Format::Ndjson => write_ndjson(report, out),
            Format::Csv => write_findings_csv(report, out),
            Format::Sarif => write_sarif(report, out),
            Format::Junit => write_junit(report, out),
            // Refused before anything is read.
            Format::Markdown => Ok(()),
        })?;
        Ok(Exit::of(report))
    })
}

/// Writes what goes into files; gives their paths. The captures are read again, for the packets of the findings, while
/// reports are put into words.
pub(super) fn write_set(
    report: &Report<'_>,
    capture: &Capture,
    captures: &[Input],
    to: Destination<'_>,
) -> anyhow::Result<Vec<PathBuf>> {
    let beside = to.folder.filter(|_| !captures.is_empty());
    let beside = beside.map(|folder| folder.join("evidence.pcapng"));
    let evidence: Vec<PathBuf> = beside
        .into_iter()
        .chain(to.evidence.map(Path::to_path_buf))
        .collect();
    let copy = || {
        let mut paths = evidence.iter();
        paths.try_for_each(|path| extract::evidence(report, capture, captures, path))
    };
    to.folder.map_or(Ok(()), make_directory)?;
    let (written, copied) = std::thread::scope(|scope| {
        let copied = scope.spawn(copy);
        let folder = to.folder.map(|folder| write_directory(report, folder));
        let copied = copied.join().unwrap_or_else(|panic| resume_unwind(panic));
        (folder.transpose(), copied)
    });
    let mut written = written?.unwrap_or_default();
    copied?;
    written.extend(evidence);
    Ok(written)
}

/// From flows to verdicts, lent to `then`.
pub(super) fn with_report<T>(
    sighted: &Sighted,
    inputs: &[InputSummary],
    plan: &Plan,
    then: impl FnOnce(&Report<'_>) -> T,
) -> T {
    let Sighted { capture, outside } = sighted;
    let judgement = judge_between(capture, outside.as_ref(), &plan.rules);
    let report = Report::new(&Audit {
        capture,
        judgement: &judgement,
        rules: &plan.rules,
        inputs,
        version: env!("CARGO_PKG_VERSION"),
        commit: Some(env!("PKTAUDIT_COMMIT")).filter(|commit| !commit.is_empty()),
        site_sha256: plan.site_sha256.as_deref(),
        arguments: &plan.arguments,
        as_of: plan.as_of.as_deref(),
        sets: &plan.sets,
    });
    let done = then(&report);
    drop(report);
    // Millions of small lists: neither the next period nor the end of the process waits until they are taken apart.
    rayon::spawn(|| drop(judgement));
    done
}
