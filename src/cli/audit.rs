//! `pktaudit audit`: the whole way from captures to reports.

use std::ffi::OsString;
use std::path::Path;

use super::args::{AuditCommand, Common, Format, Names};
use super::exit::Exit;
use super::input::Digests;
use super::plan::{Plan, plan};
use super::{extract, input, output, points, seeds};
use crate::judge::judge_between;
use crate::observe::{Capture, attribute_with};
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
    let Some((sighted, inputs, captures)) =
        sight(captures, &command.outside, &command.names, digests, common)?
    else {
        return Ok(Exit::NotAudited);
    };
    let out = command.out.as_deref();
    report(&sighted, &inputs, &captures, &plan, out, common)
}

/// What was seen, at one point or at two.
pub(super) struct Sighted {
    pub(super) capture: Capture,
    pub(super) outside: Option<Capture>,
}

/// Reads captures to named flows; what became of each input beside, and the inputs by ordinal. `None` where nothing can be
/// read at all.
pub(super) fn sight(
    captures: &[OsString],
    outside: &[OsString],
    names: &Names,
    digests: Digests,
    common: &Common,
) -> anyhow::Result<Option<(Sighted, Vec<InputSummary>, Vec<Input>)>> {
    let seeds = seeds::read(&names.seeds, common)?;
    let Some(points) = points::read(captures, outside, digests, common)? else {
        return Ok(None);
    };
    let own_files = points.own_files();
    let (observed, captures) = points.inside;
    let mut inputs = input::summaries(&observed.inputs, &observed.failures);
    inputs.extend(own_files);
    let outside = points.outside;
    let sighted = Sighted {
        capture: attribute_with(observed.observation, &seeds),
        outside: outside.map(|outside| attribute_with(outside.observation, &seeds)),
    };
    Ok(Some((sighted, inputs, captures)))
}

/// From flows to verdicts and reports. `captures` are the inputs by ordinal, from which the packets of the findings are
/// copied.
pub(super) fn report(
    sighted: &Sighted,
    inputs: &[InputSummary],
    captures: &[Input],
    plan: &Plan,
    out: Option<&Path>,
    common: &Common,
) -> anyhow::Result<Exit> {
    with_report(sighted, inputs, plan, |report, capture| {
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

/// From flows to a judged capture, lent to `then`.
pub(super) fn with_report<T>(
    sighted: &Sighted,
    inputs: &[InputSummary],
    plan: &Plan,
    then: impl FnOnce(&Report<'_>, &Capture) -> T,
) -> T {
    let Sighted { capture, outside } = sighted;
    let judgement = judge_between(capture, outside.as_ref(), &plan.rules, &plan.profile);
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
    });
    then(&report, capture)
}
