//! `pktaudit audit`: the whole way from captures to reports.

use std::io::BufWriter;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread::Builder;

use super::args::{AuditCommand, Choices, Common, Format};
use super::exit::Exit;
use super::outputs::{EVIDENCE, Inputs};
use super::pager::Printout;
use super::plan::{fitted, plan};
use super::stages::Stages;
use super::{extract, output, points, seeds};
use crate::audit::{Period, Plan, Read, attribute_points, with_report};
use crate::observe::{Capture, Seed};
use crate::report::text::visible;
use crate::report::{
    AsideFiles, Report, make_directory, write_directory, write_findings_csv, write_human,
    write_json, write_junit, write_ndjson, write_sarif,
};
use crate::source::{Input, InputPath};
use crate::wording::Language;

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<Exit> {
    let captures = command.captures.resolve().inputs;
    let (choices, names) = (&command.choices, &command.names);
    Inputs::of_audit(&captures, &command.outside, choices, names)
        .allow_set(command.out.as_deref())?;
    let plan = plan(&command.choices.selection(), common)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let digests = command.out.is_some() || common.format.is_for_record();
    let paths = &command.captures;
    let Some(points) = points::read(paths, &command.outside, digests, common)? else {
        return Ok(Exit::NotAudited);
    };
    let stages = Stages::new(common);
    stages.begin("putting names to flows");
    let read = points.named(&seeds);
    drop(stages);
    let to = Destination {
        folder: command.out.as_deref(),
        evidence: None,
        paged: true,
        language: command.said_in.language(),
    };
    conclude(read, &captures, plan, choices, to, common)
}

/// Judges what was read by the rules that it fits, and writes the reports.
pub(super) fn conclude(
    read: Read,
    captures: &[Input],
    plan: Plan,
    choices: &Choices,
    to: Destination<'_>,
    common: &Common,
) -> anyhow::Result<Exit> {
    let plan = fitted(plan, &read.captures.inside, &choices.selection(), common)?;
    let exit = report(&read, captures, &plan, to, common);
    // The process ends: taking millions of small lists apart would only take time.
    std::mem::forget((read, plan));
    exit
}

/// Where reports go besides standard output.
#[derive(Clone, Copy, Default)]
pub(super) struct Destination<'a> {
    /// The report set, with the packets of the findings where there are captures to copy them from.
    pub(super) folder: Option<&'a Path>,
    /// The packets of the findings alone.
    pub(super) evidence: Option<&'a Path>,
    /// Whether what is printed is for somebody who waits for it, so that a pager may show it.
    pub(super) paged: bool,
    /// In which language people read them.
    pub(super) language: Language,
}

/// From flows to verdicts and reports. `captures` are the inputs by ordinal, from which the packets of the findings
/// are copied.
pub(super) fn report(
    read: &Read,
    captures: &[Input],
    plan: &Plan,
    to: Destination<'_>,
    common: &Common,
) -> anyhow::Result<Exit> {
    anyhow::ensure!(common.format != Format::Markdown, output::ONLY_DIFF);
    let stages = Stages::new(common);
    stages.begin(format!(
        "judging {}",
        output::counted(read.captures.inside.flows.len() as u64, "flow")
    ));
    with_report(&read.captures, (&read.inputs, captures), plan, |report| {
        // Where a set cannot be written, the report is printed all the same: what was captured live cannot be read again.
        if let Some(folder) = to.folder {
            let folder = folder.display().to_string();
            stages.begin(format!("writing {}", visible(&folder)));
        }
        let written = write_set(report, &read.captures.inside, captures, to);
        stages.end();
        for path in written.iter().flatten() {
            output::note(common, &format!("wrote {}", path.display()));
        }
        let look = output::look_in(to.language, common);
        let print = |out: &mut BufWriter<Printout>| match common.format {
            Format::Human => write_human(report, &look, out),
            Format::Json => write_json(report, out),
            Format::Ndjson => write_ndjson(report, out),
            Format::Csv => write_findings_csv(report, out),
            Format::Sarif => write_sarif(report, out),
            Format::Junit => write_junit(report, out),
            // Refused above.
            Format::Markdown => Ok(()),
        };
        let printed = match to.paged {
            true => output::to_reader(common, print),
            false => output::to_stdout(print),
        };
        written.and(printed)?;
        Ok(Exit::of(report))
    })
}

/// Judges a period that is over, writes its report set and lends the report to `then`. `captures` are the inputs of all
/// periods by ordinal.
pub(super) fn report_period(
    period: Period,
    (plan, seeds): (&Plan, &[Seed]),
    captures: &[Input],
    to: Destination<'_>,
    then: impl FnOnce(&Report<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    let seen = attribute_points(period.seen, seeds);
    with_report(&seen, (&period.inputs, captures), plan, |report| {
        write_set(report, &seen.inside, captures, to)?;
        then(report)?;
        Ok(Exit::of(report))
    })
}

/// Writes what goes into files; gives their paths. The captures are read again, for the packets of the findings, while
/// reports are put into words.
fn write_set(
    report: &Report<'_>,
    capture: &Capture,
    captures: &[Input],
    to: Destination<'_>,
) -> anyhow::Result<Vec<PathBuf>> {
    let is_kept = |input: &Input| !matches!(input.path, InputPath::Interfaces(_));
    let beside = to.folder.filter(|_| captures.iter().any(is_kept));
    let beside = beside.map(|folder| folder.join(EVIDENCE));
    let copy = || {
        let aside = |path: &PathBuf| extract::evidence_aside(report, capture, captures, path);
        let aside = beside.as_ref().map(aside).transpose()?;
        if let Some(path) = to.evidence {
            extract::evidence(report, capture, captures, path)?;
        }
        anyhow::Ok(aside)
    };
    to.folder.map_or(Ok(()), make_directory)?;
    let (set, copied) = std::thread::scope(|scope| {
        let beside = Builder::new().spawn_scoped(scope, copy);
        let set = to
            .folder
            .map(|folder| write_directory(report, folder, to.language));
        let copied = match beside {
            Ok(beside) => beside.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // The system gives no more threads.
            Err(_) => copy(),
        };
        (set.transpose(), copied)
    });
    // Nothing of a set appears before all of it is written.
    let files = [set?, copied?].into_iter().flatten();
    let written = files.reduce(AsideFiles::and).map(AsideFiles::appear);
    let mut written = written.transpose()?.unwrap_or_default();
    written.extend(to.evidence.map(Path::to_path_buf));
    Ok(written)
}
