//! `requirements.csv`: one requirement a row, ascending by id.

use std::collections::BTreeMap;
use std::io::Write;

use super::whereabouts::{bytes, flows, frames_in_files};
use super::{CsvTable, columns};
use crate::judge::Intent;
use crate::report::rules_list;
use crate::report::view::{DocumentView, RequirementView};
use crate::report::{Report, ReportError};

columns! {
    /// Columns of `requirements.csv`.
    pub const REQUIREMENT_COLUMNS;
    fn cells(row => &RequirementCells<'_>, table);
    "requirement" "text" "`document/row`" => table.text(row.view.listed.id);
    "document" "text" "the document's id" => table.text(row.view.listed.document);
    "service" "text" "what the flow is for" => table.text(row.view.listed.service);
    "from" "list" "who may open it" => table.text(&rules_list::parties(&row.view.listed.from));
    "to" "list" "where to" => table.text(&rules_list::parties(&row.view.listed.to));
    "ports" "list" "ports and ranges; empty where the page states none" => table.words(&row.view.listed.ports);
    "transport" "list" "transports; empty where the page states none" => table.words(&row.view.listed.transport);
    "region" "list" "regions, or `all`" => table.words(&row.view.listed.region);
    "need" "word" "`required`, `optional`, `conditional`" => table.text(&rules_list::word(&row.view.listed.need));
    "when" "sentences" "conditions" => table.text(&row.view.listed.when.join(" | "));
    "outcome" "word" "`satisfied`, `violated`, `blocked`, `failed`, `inconclusive`, `not_seen`, `not_active`" => table.cell(row.view.outcome.kind());
    "reason" "text" "why it was not seen, or the condition that keeps it off" => table.cell_or_empty(row.view.reason.as_ref());
    "message" "text" "the outcome as a sentence" => table.text(&row.view.message);
    "absence_counts" "yes/no" "whether its absence proves something" => table.cell(row.view.absence_counts);
    "excused_by" "text" "the group of which another member was seen" => table.cell_or_empty(row.view.excused_by.as_ref());
    "reached_by" "list" "hosts that reached the aim" => table.words(row.view.reached_by);
    "missed_by" "list" "hosts that tried and did not reach it" => table.words(&row.view.missed_by);
    "resolved" "list" "names that were resolved but never tried" => table.words(row.view.resolved);
    "intents" "number" "how often it was wanted" => table.cell(row.view.intents.len());
    "frames" "list" "frame numbers to look at, counted through all inputs" => table.words(&row.view.frames);
    "frames_omitted" "number" "how many more such frames there are" => table.cell(row.view.frames_omitted);
    "page" "text" "the vendor page" => table.text(row.view.listed.cite.page);
    "table" "text" "table or heading" => table.text(row.view.listed.cite.table);
    "row" "text" "row" => table.text(row.view.listed.cite.row);
    "line" "number" "line of the text copy, from 1" => table.cell_or_empty(row.view.listed.cite.line.as_ref());
    "valid_from" "text" "first day" => table.cell_or_empty(row.view.listed.valid.from.as_ref());
    "valid_until" "text" "last day" => table.cell_or_empty(row.view.listed.valid.until.as_ref());
    "doubtful" "sentences" "doubts about destinations" => table.text(&row.view.listed.doubtful.join(" | "));
    "vendor" "text" "who publishes the page" => table.text(row.document(|document| &document.vendor));
    "product" "text" "the product" => table.text(row.document(|document| &document.product));
    "rule_sha256" "text" "SHA-256 of the rule file" => table.text(row.document(|document| &document.sha256));
    "frames_in_files" "sentences" "the same frames as `file: numbers`, counted in each file by itself" => table.text(&frames_in_files(row.report, &row.view.stamps));
    "first" "time" "first packet of a try" => table.cell_or_empty(row.intents.iter().map(|intent| intent.span.0.time).min());
    "last" "time" "last packet of a try" => table.cell_or_empty(row.intents.iter().map(|intent| intent.span.1.time).max());
    "attempts" "number" "flows that tried" => table.cell(row.intents.iter().map(|intent| intent.attempts.len()).sum::<usize>());
    "bytes_out" "number" "bytes of IP packets that the initiators sent in these flows" => table.cell(row.bytes(0));
    "bytes_in" "number" "bytes of IP packets that came back" => table.cell(row.bytes(1));
    "findings" "list" "ids of the findings that rest on it" => table.words(row.findings);
}

/// Writes `requirements.csv`: one requirement a row, ascending by id.
///
/// # Errors
/// Those of the writer.
pub fn write_requirements_csv(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut findings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in &report.findings {
        for id in &finding.requirements {
            findings.entry(id).or_default().push(&finding.id);
        }
    }
    // Requirements share intents, some nearly all of them: what the flows of each carried is summed up once.
    let intents = report.audit.judgement.intents.iter();
    let carried: Vec<[u64; 2]> = intents
        .map(|intent| bytes(&flows(report, intent.attempts.iter().copied())))
        .collect();
    let mut table = CsvTable::documented(out, REQUIREMENT_COLUMNS)?;
    for requirement in &report.requirements {
        let ids = findings
            .get(requirement.listed.id)
            .map_or(&[][..], Vec::as_slice);
        let row = RequirementCells::of(requirement, ids, &carried, report);
        cells(&row, &mut table)?;
        table.end_row()?;
    }
    table.finish()
}

/// A requirement with what it is told of.
struct RequirementCells<'r> {
    report: &'r Report<'r>,
    view: &'r RequirementView<'r>,
    document: Option<&'r DocumentView>,
    intents: Vec<&'r Intent>,
    /// Ids of the findings that rest on it.
    findings: &'r [&'r str],
    /// Bytes out and in of all intents, by their places.
    carried: &'r [[u64; 2]],
}

impl<'r> RequirementCells<'r> {
    fn of(
        view: &'r RequirementView<'r>,
        findings: &'r [&'r str],
        carried: &'r [[u64; 2]],
        report: &'r Report<'r>,
    ) -> Self {
        let mut documents = report.rules.iter();
        let intents = view.intents.iter();
        let intents = intents.filter_map(|at| report.audit.judgement.intents.get(*at as usize));
        Self {
            report,
            view,
            document: documents.find(|document| document.id == view.listed.document),
            intents: intents.collect(),
            findings,
            carried,
        }
    }

    /// A part of its document.
    fn document(&self, part: fn(&DocumentView) -> &String) -> &str {
        self.document.map_or("", |document| part(document))
    }

    /// Bytes of its flows, one way.
    fn bytes(&self, way: usize) -> u64 {
        let places = self.view.intents.iter();
        let known = places.filter_map(|place| self.carried.get(*place as usize));
        known.map(|bytes| bytes[way]).sum()
    }
}
