//! `flows.csv`: one flow a row, ascending by start.

use std::collections::HashMap;
use std::io::Write;

use super::whereabouts::{file, roles};
use super::{Column, CsvTable};
use crate::observe::FlowId;
use crate::report::pieces::{MANY, in_pieces};
use crate::report::{JudgedFlow, Report, ReportError};

/// Columns of `flows.csv`; `flows --format csv` prints those up to `last_frame`.
pub const FLOW_COLUMNS: &[Column] = &[
    ("start", "time", "first packet"),
    ("end", "time", "last packet"),
    ("initiator", "text", "address of who opened"),
    (
        "initiator_port",
        "number",
        "its port; empty where the transport has none",
    ),
    ("responder", "text", "address of who was addressed"),
    (
        "responder_port",
        "number",
        "its port; empty where the transport has none",
    ),
    ("transport", "word", "`tcp`, `udp`, `icmp`, ..."),
    ("app", "word", "application, told by content"),
    ("conn_state", "word", "Zeek's state"),
    ("history", "text", "Zeek's history"),
    ("packets_out", "number", "packets that the initiator sent"),
    ("packets_in", "number", "packets that came back"),
    (
        "bytes_out",
        "number",
        "bytes of IP packets that the initiator sent",
    ),
    ("bytes_in", "number", "bytes of IP packets that came back"),
    ("name", "text", "best name"),
    ("name_source", "word", "where it was taken from"),
    ("names", "list", "all names, best source first"),
    ("vlan", "list", "VLAN tags, outermost first"),
    (
        "tunnel",
        "list",
        "tunnels, outermost first, such as `vxlan:2000`",
    ),
    (
        "first_frame",
        "number",
        "frame of the first packet, counted through all inputs",
    ),
    ("last_frame", "number", "frame of the last packet"),
    ("outcome", "word", "what became of it"),
    ("stage", "word", "where it was stopped"),
    ("confidence", "word", "grade of the evidence: `A`, `B`, `C`"),
    ("evidence", "word", "code of what shows it"),
    (
        "reason",
        "text",
        "the same in words; also why it is not audited, or cannot be told",
    ),
    (
        "requirements",
        "list",
        "ids of the requirements that cover it",
    ),
    ("file", "text", "the input with its first packet"),
    (
        "initiator_roles",
        "list",
        "roles of the initiator by the site file",
    ),
    (
        "responder_roles",
        "list",
        "roles of the responder by the site file",
    ),
    ("findings", "list", "ids of the findings that it belongs to"),
];

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
    CsvTable::documented(&mut out, FLOW_COLUMNS)?.finish()?;
    let rows = |places| {
        let mut bytes = Vec::new();
        let mut table = CsvTable::go_on(&mut bytes);
        for judged in report.flows_at(places) {
            row(report, &judged, &findings, &mut table)?;
        }
        table.finish()?;
        Ok(bytes)
    };
    in_pieces(report.flows_len(), MANY, rows, |rows| {
        Ok(out.write_all(rows)?)
    })?;
    Ok(out.flush()?)
}

fn row<W: Write>(
    report: &Report<'_>,
    judged: &JudgedFlow<'_>,
    findings: &HashMap<u32, Vec<&str>>,
    table: &mut CsvTable<W>,
) -> Result<(), ReportError> {
    let id = FlowId(u32::try_from(judged.id).unwrap_or(u32::MAX));
    let first = report.audit.capture.flow(id).map(|flow| flow.span.0);
    judged.flow.cells(table)?;
    table.cell(judged.outcome)?;
    table.cell_or_empty(judged.stage)?;
    table.cell_or_empty(judged.confidence)?;
    table.cell_or_empty(judged.evidence)?;
    table.text(judged.reason.as_deref().unwrap_or_default())?;
    table.words(&judged.requirements)?;
    table.text(first.map_or("", |stamp| file(report, stamp)))?;
    table.words(roles(report, judged.flow.initiator.ip))?;
    table.words(roles(report, judged.flow.responder.ip))?;
    table.words(findings.get(&id.0).into_iter().flatten())?;
    table.end_row()
}
