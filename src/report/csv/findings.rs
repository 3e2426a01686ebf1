//! `findings.csv`: one finding a row, worst first.

use std::io::Write;

use super::whereabouts::{bytes, flows, frames_in_files, roles};
use super::{Column, CsvTable, distinct, sentences, text, words};
use crate::observe::FlowId;
use crate::report::view::{CiteView, DocumentView, FindingView};
use crate::report::{Report, ReportError};

/// Columns of `findings.csv`.
pub const FINDING_COLUMNS: &[Column] = &[
    ("severity", "word", "`high`, `medium`, `low`"),
    (
        "finding",
        "word",
        "the code; `pktaudit explain CODE` says more",
    ),
    ("outcome", "word", "what became of the intent"),
    ("stage", "word", "where it was stopped"),
    ("confidence", "word", "grade of the evidence: `A`, `B`, `C`"),
    ("initiator", "text", "address of who tried"),
    ("host", "text", "what the site file calls that host"),
    (
        "target",
        "text",
        "whom or what: the name, else the address, else the service",
    ),
    ("port", "number", "responder port"),
    ("transport", "word", "`tcp`, `udp`, ..."),
    ("message", "text", "the finding in one sentence"),
    ("advice", "text", "what to do about it"),
    ("evidence", "list", "codes of what shows it, best first"),
    (
        "evidence_details",
        "sentences",
        "the evidence in words, with grade and frame numbers",
    ),
    (
        "control",
        "text",
        "what works nearby and so tells the cause from others",
    ),
    ("first", "time", "first packet"),
    ("last", "time", "last packet"),
    ("attempts", "number", "flows that it is about"),
    (
        "frames",
        "list",
        "frame numbers to look at, counted through all inputs",
    ),
    (
        "frames_omitted",
        "number",
        "how many more such frames there are",
    ),
    (
        "requirements",
        "list",
        "ids of the requirements that it rests on",
    ),
    ("service", "sentences", "their services"),
    ("document", "sentences", "their documents"),
    ("page", "sentences", "the vendor pages"),
    ("table", "sentences", "tables or headings on these"),
    ("row", "sentences", "rows of these"),
    ("line", "sentences", "lines of the text copies, from 1"),
    (
        "entries",
        "sentences",
        "the page's own entries: those that fit what was tried, or the first of all",
    ),
    ("vendor", "sentences", "who publishes the pages"),
    ("product", "sentences", "the products"),
    ("rule_sha256", "sentences", "SHA-256 of the rule files"),
    (
        "id",
        "text",
        "the finding's name, the same in every run that finds the same thing",
    ),
    (
        "frames_in_files",
        "sentences",
        "the same frames as `file: numbers`, counted in each file by itself",
    ),
    (
        "initiator_roles",
        "list",
        "roles of the initiator by the site file",
    ),
    ("responders", "list", "addresses that were tried"),
    ("responder_roles", "list", "roles of these by the site file"),
    ("name", "text", "best name of the first flow"),
    ("name_source", "word", "where that name was taken from"),
    (
        "bytes_out",
        "number",
        "bytes of IP packets that the initiator sent in these flows",
    ),
    ("bytes_in", "number", "bytes of IP packets that came back"),
    (
        "comments",
        "sentences",
        "what was written to packets of these flows in the capture file, with the frame; it proves nothing",
    ),
];

/// Writes `findings.csv`: one finding a row, worst first.
///
/// # Errors
/// Those of the writer.
pub fn write_findings_csv(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut table = CsvTable::documented(out, FINDING_COLUMNS)?;
    for finding in &report.findings {
        table.row(cells(finding, report))?;
    }
    table.finish()
}

fn cells(finding: &FindingView<'_>, report: &Report<'_>) -> Vec<String> {
    let cites = |part: fn(&CiteView<'_>) -> String| sentences(finding.cites.iter().map(part));
    let document = |part: fn(&DocumentView) -> &String| {
        let documents = finding.cites.iter().filter_map(|cite| {
            let mut documents = report.rules.iter();
            documents.find(|document| document.id == cite.document)
        });
        sentences(documents.map(|document| part(document).clone()))
    };
    let details: Vec<String> = finding
        .evidence_details
        .iter()
        .map(|e| {
            format!(
                "{} ({}): {}, frames {}",
                e.code,
                e.grade,
                e.words,
                words(&e.frames)
            )
        })
        .collect();
    let flows = flows(report, finding.flows.iter().copied().map(FlowId));
    let responders = distinct(flows.iter().map(|flow| flow.responder.ip.to_string()));
    let responder_roles = flows
        .iter()
        .flat_map(|flow| roles(report, flow.responder.ip));
    let name = flows.first().and_then(|flow| flow.names.first());
    let [bytes_out, bytes_in] = bytes(&flows);
    vec![
        finding.severity.to_string(),
        finding.code.to_string(),
        text(finding.outcome.as_ref()),
        text(finding.stage.as_ref()),
        text(finding.confidence.as_ref()),
        text(finding.initiator.as_ref()),
        text(finding.host.as_ref()),
        finding.target.to_owned(),
        text(finding.port.as_ref()),
        text(finding.transport.as_ref()),
        finding.message.to_owned(),
        finding.advice.to_owned(),
        words(distinct(finding.evidence.iter().map(ToString::to_string))),
        details.join(" | "),
        text(finding.control.as_ref()),
        text(finding.span.map(|span| span.first).as_ref()),
        text(finding.span.map(|span| span.last).as_ref()),
        finding.flows.len().to_string(),
        words(&finding.frames),
        finding.frames_omitted.to_string(),
        words(&finding.requirements),
        cites(|cite| cite.service.to_owned()),
        cites(|cite| cite.document.to_owned()),
        cites(|cite| cite.page.to_owned()),
        cites(|cite| cite.table.to_owned()),
        cites(|cite| cite.row.to_owned()),
        cites(|cite| text(cite.line.as_ref())),
        cites(|cite| words(&cite.entries)),
        document(|document| &document.vendor),
        document(|document| &document.product),
        document(|document| &document.sha256),
        finding.id.clone(),
        frames_in_files(report, &finding.stamps),
        words(finding.initiator.map_or(Vec::new(), |ip| roles(report, ip))),
        words(responders),
        words(distinct(responder_roles)),
        text(name.map(|name| &name.fqdn)),
        text(name.map(|name| name.source).as_ref()),
        bytes_out.to_string(),
        bytes_in.to_string(),
        sentences(
            finding
                .comments
                .iter()
                .map(|comment| format!("frame {}: {}", comment.frame, comment.text)),
        ),
    ]
}
