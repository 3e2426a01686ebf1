//! `flows.csv`: one flow a row, ascending by start.

use std::collections::HashMap;
use std::io::Write;

use super::whereabouts::{file, roles};
use super::{CsvTable, columns};
use crate::model::Stamp;
use crate::observe::FlowId;
use crate::report::flows::FLOW_COLUMNS;
use crate::report::pieces::{MANY, in_pieces};
use crate::report::{JudgedFlow, Report, ReportError};
use crate::wording::Phrase;

columns! {
    /// What `flows.csv` has beside the columns of `flows --format csv`.
    pub const VERDICT_COLUMNS;
    fn cells(row => &FlowCells<'_>, table);
    "outcome" "word" "what became of it" => table.cell(row.judged.outcome);
    "stage" "word" "where it was stopped" => table.cell_or_empty(row.judged.stage);
    "confidence" "word" "grade of the evidence: `A`, `B`, `C`" => table.cell_or_empty(row.judged.confidence);
    "evidence" "word" "code of what shows it" => table.cell_or_empty(row.judged.evidence);
    "reason" "text" "the same in words; also why it is not audited, or cannot be told" => table.text(row.judged.reason.as_deref().map_or("", Phrase::as_str));
    "requirements" "list" "ids of the requirements that cover it" => table.words(&row.judged.requirements);
    "file" "text" "the input with its first packet" => table.text(row.first.map_or("", |stamp| file(row.report, stamp)));
    "initiator_roles" "list" "roles of the initiator by the site file" => table.words(roles(row.report, row.judged.flow.initiator.ip));
    "responder_roles" "list" "roles of the responder by the site file" => table.words(roles(row.report, row.judged.flow.responder.ip));
    "findings" "list" "ids of the findings that it belongs to" => table.words(row.findings);
}

/// Writes `flows.csv`: one flow a row, ascending by start.
///
/// # Errors
/// Those of the writer.
pub fn write_flows_csv(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut findings: HashMap<u32, Vec<&str>> = HashMap::new();
    for finding in &report.findings {
        for flow in &finding.flows {
            findings.entry(*flow).or_default().push(&finding.id);
        }
    }
    let mut out = out;
    let columns = FLOW_COLUMNS.iter().chain(VERDICT_COLUMNS);
    CsvTable::documented(&mut out, columns)?.finish()?;
    let rows = |places| {
        let mut bytes = Vec::new();
        let mut table = CsvTable::go_on(&mut bytes);
        for judged in report.flows_at(places) {
            judged.flow.cells(&mut table)?;
            cells(&FlowCells::of(&judged, &findings, report), &mut table)?;
            table.end_row()?;
        }
        table.finish()?;
        Ok(bytes)
    };
    in_pieces(report.flows_len(), MANY, rows, |rows| {
        Ok(out.write_all(rows)?)
    })?;
    Ok(out.flush()?)
}

/// A flow with what is said of it.
struct FlowCells<'r> {
    report: &'r Report<'r>,
    judged: &'r JudgedFlow<'r>,
    /// Its first packet.
    first: Option<Stamp>,
    /// Ids of the findings that it belongs to.
    findings: &'r [&'r str],
}

impl<'r> FlowCells<'r> {
    fn of(
        judged: &'r JudgedFlow<'r>,
        findings: &'r HashMap<u32, Vec<&'r str>>,
        report: &'r Report<'r>,
    ) -> Self {
        let id = FlowId(u32::try_from(judged.id).unwrap_or(u32::MAX));
        Self {
            report,
            judged,
            first: report.audit.capture.flow(id).map(|flow| flow.span.0),
            findings: findings.get(&id.0).map_or(&[], Vec::as_slice),
        }
    }
}
