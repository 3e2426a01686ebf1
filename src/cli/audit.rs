//! `pktaudit audit`: the whole way from captures to reports.

use std::path::Path;

use super::args::{AuditCommand, Common, Format};
use super::exit::Exit;
use super::plan::{Plan, plan};
use super::{input, output};
use crate::judge::judge;
use crate::observe::{Observation, attribute};
use crate::report::{
    Audit, InputSummary, Report, write_directory, write_findings_csv, write_human, write_json,
    write_ndjson,
};

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<Exit> {
    let plan = plan(&command.choices, common)?;
    let Some(observed) = input::read(&command.captures.captures, common) else {
        return Ok(Exit::NotAudited);
    };
    let inputs = input::summaries(&observed.inputs, &observed.failures);
    report(
        observed.observation,
        &inputs,
        &plan,
        command.out.as_deref(),
        common,
    )
}

/// From a merged observation to verdicts and reports.
pub(super) fn report(
    observation: Observation,
    inputs: &[InputSummary],
    plan: &Plan,
    out: Option<&Path>,
    common: &Common,
) -> anyhow::Result<Exit> {
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
    if let Some(directory) = out {
        for path in write_directory(&report, directory)? {
            output::note(common, &format!("wrote {}", path.display()));
        }
    }
    let look = output::look(common);
    output::to_stdout(|out| match common.format {
        Format::Human => write_human(&report, &look, out),
        Format::Json => write_json(&report, out),
        Format::Ndjson => write_ndjson(&report, out),
        Format::Csv => write_findings_csv(&report, out),
    })?;
    let exit = match report.exit() {
        0 => Exit::Clean,
        1 => Exit::Findings,
        _ => Exit::NotAudited,
    };
    // The process ends: taking millions of small lists apart would only take time.
    std::mem::forget(report);
    std::mem::forget(judgement);
    std::mem::forget(capture);
    Ok(exit)
}
