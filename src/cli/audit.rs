//! `pktaudit audit`: the whole way from captures to reports.

use std::path::Path;

use super::args::{AuditCommand, Common, Format};
use super::exit::Exit;
use super::plan::{Plan, plan};
use super::{input, output, points, seeds};
use crate::judge::judge_between;
use crate::observe::{Capture, attribute_with};
use crate::report::{
    Audit, InputSummary, Report, write_directory, write_findings_csv, write_human, write_json,
    write_ndjson,
};

pub(super) fn run(command: &AuditCommand, common: &Common) -> anyhow::Result<Exit> {
    let plan = plan(&command.choices, common)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let Some(points) = points::read(&command.captures.captures, &command.outside, common)? else {
        return Ok(Exit::NotAudited);
    };
    let own_files = points.own_files();
    let (observed, outside) = (points.inside, points.outside);
    let mut inputs = input::summaries(&observed.inputs, &observed.failures);
    inputs.extend(own_files);
    let outside = outside.map(|outside| attribute_with(outside.observation, &seeds));
    let sighted = Sighted {
        capture: attribute_with(observed.observation, &seeds),
        outside,
    };
    report(&sighted, &inputs, &plan, command.out.as_deref(), common)
}

/// What was seen, at one point or at two.
pub(super) struct Sighted {
    pub(super) capture: Capture,
    pub(super) outside: Option<Capture>,
}

/// From flows to verdicts and reports.
pub(super) fn report(
    sighted: &Sighted,
    inputs: &[InputSummary],
    plan: &Plan,
    out: Option<&Path>,
    common: &Common,
) -> anyhow::Result<Exit> {
    let Sighted { capture, outside } = sighted;
    let judgement = judge_between(capture, outside.as_ref(), &plan.rules, &plan.profile);
    let report = Report::new(&Audit {
        capture,
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
    Ok(match report.exit() {
        0 => Exit::Clean,
        1 => Exit::Findings,
        _ => Exit::NotAudited,
    })
}
