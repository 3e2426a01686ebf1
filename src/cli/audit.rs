//! `pktaudit audit`: the whole way from captures to reports.

use std::path::Path;

use super::args::{AuditCommand, Common, Format};
use super::exit::Exit;
use super::input::Digests;
use super::plan::{Plan, plan};
use super::{extract, input, output};
use crate::judge::judge;
use crate::observe::{Capture, Observation, attribute};
use crate::report::{
    Audit, InputSummary, Report, write_directory, write_findings_csv, write_human, write_json,
    write_junit, write_ndjson, write_sarif,
};
use crate::source::Input;

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<Exit> {
    let plan = plan(&command.choices, common)?;
    let digests = match (&command.out, common.format) {
        (None, Format::Human | Format::Csv | Format::Junit) => Digests::LeftOut,
        _ => Digests::WorkedOut,
    };
    let captures = &command.captures.captures;
    let Some((observed, captures)) = input::read_with_inputs(captures, digests, common) else {
        return Ok(Exit::NotAudited);
    };
    let inputs = input::summaries(&observed.inputs, &observed.failures);
    report(
        observed.observation,
        &inputs,
        &captures,
        &plan,
        command.out.as_deref(),
        common,
    )
}

/// From a merged observation to verdicts and reports. `captures` are the inputs by ordinal, from which the packets of
/// the findings are copied.
pub(super) fn report(
    observation: Observation,
    inputs: &[InputSummary],
    captures: &[Input],
    plan: &Plan,
    out: Option<&Path>,
    common: &Common,
) -> anyhow::Result<Exit> {
    with_report(observation, inputs, plan, |report, capture| {
        if let Some(directory) = out {
            let mut written = write_directory(report, directory)?;
            let evidence = directory.join("evidence.pcapng");
            extract::evidence(report, capture, captures, &evidence)?;
            written.push(evidence);
            for path in written {
                output::note(common, &format!("wrote {}", path.display()));
            }
        }
        let look = output::look(common);
        output::to_stdout(|out| match common.format {
            Format::Human => write_human(report, &look, out),
            Format::Json => write_json(report, out),
            Format::Ndjson => write_ndjson(report, out),
            Format::Csv => write_findings_csv(report, out),
            Format::Sarif => write_sarif(report, out),
            Format::Junit => write_junit(report, out),
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
        commit: Some(env!("PKTAUDIT_COMMIT")).filter(|commit| !commit.is_empty()),
        site_sha256: plan.site_sha256.as_deref(),
        arguments: &plan.arguments,
        as_of: plan.as_of.as_deref(),
    });
    then(&report, &capture)
}
