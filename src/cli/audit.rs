//! `pktaudit audit`: the whole way from captures to reports.

use std::path::Path;

use super::args::{AuditCommand, Common, Format};
use super::exit::Exit;
use super::plan::{Plan, plan};
use super::{extract, input, output};
use crate::judge::judge;
use crate::observe::{Capture, Observation, attribute};
use crate::report::{
    Audit, InputSummary, Report, write_directory, write_findings_csv, write_human, write_json,
    write_ndjson,
};
use crate::source::Input;

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<Exit> {
    let plan = plan(&command.choices, common)?;
    let Some((observed, captures)) = input::read_with_inputs(&command.captures.captures, common)
    else {
        return Ok(Exit::NotAudited);
    };
    let inputs = input::summaries(&observed.inputs, &observed.failures);
    report(
        observed.observation,
        &inputs,
        &captures,
        &plan,
        Destination {
            folder: command.out.as_deref(),
            evidence: None,
        },
        common,
    )
}

/// Where reports go besides standard output.
#[derive(Clone, Copy, Default)]
pub(super) struct Destination<'a> {
    /// The report set, with the packets of the findings where there are captures to copy them from.
    pub(super) folder: Option<&'a Path>,
    /// The packets of the findings alone.
    pub(super) evidence: Option<&'a Path>,
}

/// From a merged observation to verdicts and reports. `captures` are the inputs by ordinal, from which the packets of
/// the findings are copied.
pub(super) fn report(
    observation: Observation,
    inputs: &[InputSummary],
    captures: &[Input],
    plan: &Plan,
    to: Destination<'_>,
    common: &Common,
) -> anyhow::Result<Exit> {
    with_report(observation, inputs, plan, |report, capture| {
        let mut written = match to.folder {
            Some(folder) => write_directory(report, folder)?,
            None => Vec::new(),
        };
        let beside = to.folder.filter(|_| !captures.is_empty());
        let beside = beside.map(|folder| folder.join("evidence.pcapng"));
        for evidence in beside.into_iter().chain(to.evidence.map(Path::to_path_buf)) {
            extract::evidence(report, capture, captures, &evidence)?;
            written.push(evidence);
        }
        for path in written {
            output::note(common, &format!("wrote {}", path.display()));
        }
        let look = output::look(common);
        output::to_stdout(|out| match common.format {
            Format::Human => write_human(report, &look, out),
            Format::Json => write_json(report, out),
            Format::Ndjson => write_ndjson(report, out),
            Format::Csv => write_findings_csv(report, out),
        })?;
        Ok(match report.exit() {
            0 => Exit::Clean,
            1 => Exit::Findings,
            _ => Exit::NotAudited,
        })
    })
}

/// From a merged observation to a judged capture, lent to `then`.
pub(super) fn with_report<T>(
    observation: Observation,
    inputs: &[InputSummary],
    plan: &Plan,
    then: impl FnOnce(&Report<'_>, &Capture) -> T,
) -> T {
    let capture = attribute(observation);
    let judgement = judge(&capture, &plan.rules, &plan.profile);
    let report = Report::new(&Audit {
        capture: &capture,
        judgement: &judgement,
        rules: &plan.rules,
        inputs,
        version: env!("CARGO_PKG_VERSION"),
        arguments: &plan.arguments,
        as_of: plan.as_of.as_deref(),
    });
    then(&report, &capture)
}
