//! `pktaudit extract`, and the `evidence.pcapng` of `--out`: the packets that findings name.

use std::io::{self, IsTerminal};
use std::path::Path;

use anyhow::bail;

use super::args::{Common, ExtractCommand};
use super::exit::Exit;
use super::outputs::Inputs;
use super::plan::{fitted, plan};
use super::{output, points, seeds};
use crate::audit::{Read, with_report};
use crate::drive::{Conversations, Extracted, Wanted, extract};
use crate::model::{Merge as _, TimeSpan};
use crate::observe::{Capture, FlowId};
use crate::report::{AsideFiles, FindingView, Report, write_whole};
use crate::source::Input;

pub(super) fn run(command: &ExtractCommand, common: &Common) -> anyhow::Result<Exit> {
    if command.out.is_none() && io::stdout().is_terminal() {
        bail!("a pcapng file is no text for a terminal; --out FILE or > FILE takes it");
    }
    let plan = plan(&command.choices.selection(), common)?;
    let seeds = seeds::read(&command.names.seeds, common)?;
    let captures = command.captures.resolve().inputs;
    if let Some(path) = &command.out {
        let (choices, names) = (&command.choices, &command.names);
        Inputs::of_audit(&captures, &command.outside, choices, names).allow_file("--out", path)?;
    }
    let Some(points) = points::read(&command.captures, &command.outside, false, common)? else {
        return Ok(Exit::NotAudited);
    };
    let Read {
        captures: points,
        inputs,
    } = points.named(&seeds);
    let capture = &points.inside;
    let plan = fitted(plan, capture, &command.choices.selection(), common)?;
    with_report(&points, (&inputs, &[]), &plan, |report| {
        let picked = pick(report, &command.findings)?;
        let wanted = wanted(report, Some(&picked));
        let flows = if command.flows {
            flows_of(&picked, capture)
        } else {
            Conversations::default()
        };
        let extracted = match &command.out {
            Some(path) => to_file(&captures, &wanted, &flows, capture, path)?,
            None => {
                let mut extracted = Extracted::default();
                output::to_stdout(|out| {
                    extracted = extract(&captures, &wanted, &flows, &capture.numbering, out)?;
                    Ok(())
                })?;
                extracted
            }
        };
        tell(&extracted);
        let omitted: usize = picked.iter().map(|finding| finding.frames_omitted).sum();
        let more = match omitted {
            0 => String::new(),
            _ => format!("; {omitted} more show the same and are not listed"),
        };
        let packets = output::counted(extracted.written, "packet");
        output::note(common, &format!("{packets} written{more}"));
        let whole = extracted.missing.is_empty() && report.summary.incomplete.is_empty();
        Ok(if whole { Exit::Clean } else { Exit::NotAudited })
    })
}

/// The findings with these ids, or with these beginnings of ids.
fn pick<'r>(report: &'r Report<'_>, ids: &[String]) -> anyhow::Result<Vec<&'r FindingView<'r>>> {
    if report.findings.is_empty() {
        bail!("there is no finding in these captures");
    }
    let mut picked = Vec::new();
    for id in ids {
        let exact = report.findings.iter().find(|finding| finding.id == *id);
        let begun = report
            .findings
            .iter()
            .filter(|finding| finding.id.starts_with(id.as_str()));
        let found: Vec<&FindingView<'_>> = exact.map_or_else(|| begun.collect(), |one| vec![one]);
        if found.is_empty() {
            let known: Vec<&str> = report
                .findings
                .iter()
                .take(8)
                .map(|f| f.id.as_str())
                .collect();
            let more = report.findings.len().saturating_sub(known.len());
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            bail!(
                "there is no finding {id}; there are {}{more}",
                known.join(", ")
            );
        }
        picked.extend(found);
    }
    if ids.is_empty() {
        picked.extend(&report.findings);
    }
    Ok(picked)
}

/// Writes the packets of all findings of a report.
pub(super) fn evidence(
    report: &Report<'_>,
    capture: &Capture,
    captures: &[Input],
    path: &Path,
) -> anyhow::Result<()> {
    let none = Conversations::default();
    let extracted = to_file(captures, &wanted(report, None), &none, capture, path)?;
    tell(&extracted);
    Ok(())
}

/// The same, beside the place where they are to appear.
pub(super) fn evidence_aside(
    report: &Report<'_>,
    capture: &Capture,
    captures: &[Input],
    path: &Path,
) -> anyhow::Result<AsideFiles> {
    let (none, wanted) = (Conversations::default(), wanted(report, None));
    let mut extracted = Extracted::default();
    let aside = AsideFiles::of(path, |out| {
        extracted = extract(captures, &wanted, &none, &capture.numbering, out)?;
        Ok(())
    })?;
    tell(&extracted);
    Ok(aside)
}

fn wanted(report: &Report<'_>, picked: Option<&[&FindingView]>) -> Vec<Wanted> {
    let marked = report.marked_frames(picked).into_iter();
    marked
        .map(|frame| Wanted {
            stamp: frame.stamp,
            comments: frame.comments,
        })
        .collect()
}

/// The flows of some findings, to the last ICMP error that quotes them.
fn flows_of(picked: &[&FindingView], capture: &Capture) -> Conversations {
    let mut flows = Conversations::default();
    let places = picked.iter().flat_map(|finding| &finding.flows);
    for flow in places.filter_map(|place| capture.flow(FlowId(*place))) {
        let mut span = TimeSpan::at(flow.span.0.time);
        span.merge(TimeSpan::at(flow.span.1.time));
        let events = flow.events.iter();
        events.for_each(|event| span.merge(TimeSpan::at(event.stamp.time)));
        flows.add(flow.initiator, flow.responder, flow.transport, span);
    }
    flows
}

fn to_file(
    captures: &[Input],
    wanted: &[Wanted],
    flows: &Conversations,
    capture: &Capture,
    path: &Path,
) -> anyhow::Result<Extracted> {
    let mut extracted = Extracted::default();
    write_whole(path, |out| {
        extracted = extract(captures, wanted, flows, &capture.numbering, out)?;
        Ok(())
    })?;
    Ok(extracted)
}

fn tell(extracted: &Extracted) {
    for (count, why) in &extracted.missing {
        let packets = output::counted(*count, "packet");
        output::complain(&format!(
            "{why}; {packets} of the findings could not be copied"
        ));
    }
}
