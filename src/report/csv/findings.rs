//! `findings.csv`: one finding a row, worst first.

use std::io::Write;

use super::whereabouts::{bytes, flows, frames_in_files, roles};
use super::{CsvTable, columns, distinct, sentences, text, words};
use crate::observe::{Flow, FlowId, Name};
use crate::report::view::{CiteView, CommentView, DocumentView, FindingView};
use crate::report::{Report, ReportError};

columns! {
    /// Columns of `findings.csv`.
    pub const FINDING_COLUMNS;
    fn cells(row => &FindingCells<'_>, table);
    "severity" "word" "`high`, `medium`, `low`" => table.cell(row.finding.severity);
    "finding" "word" "the code; `pktaudit explain CODE` says more" => table.cell(row.finding.code);
    "outcome" "word" "what became of the intent" => table.cell_or_empty(row.finding.outcome);
    "stage" "word" "where it was stopped" => table.cell_or_empty(row.finding.stage);
    "confidence" "word" "grade of the evidence: `A`, `B`, `C`" => table.cell_or_empty(row.finding.confidence);
    "initiator" "text" "address of who tried" => table.cell_or_empty(row.finding.initiator);
    "host" "text" "what the site file calls that host" => table.cell_or_empty(row.finding.host);
    "target" "text" "whom or what: the name, else the address, else the service" => table.text(row.finding.target);
    "port" "number" "responder port" => table.cell_or_empty(row.finding.port);
    "transport" "word" "`tcp`, `udp`, ..." => table.cell_or_empty(row.finding.transport);
    "message" "text" "the finding in one sentence" => table.text(row.finding.message);
    "advice" "text" "what to do about it" => table.text(row.finding.advice);
    "evidence" "list" "codes of what shows it, best first" => table.words(distinct(row.finding.evidence.iter().map(ToString::to_string)));
    "evidence_details" "sentences" "the evidence in words, with grade and frame numbers" => table.text(&details(row.finding));
    "control" "text" "what works nearby and so tells the cause from others" => table.cell_or_empty(row.finding.control);
    "first" "time" "first packet" => table.cell_or_empty(row.finding.span.map(|span| span.first));
    "last" "time" "last packet" => table.cell_or_empty(row.finding.span.map(|span| span.last));
    "attempts" "number" "flows that it is about" => table.cell(row.finding.flows.len());
    "frames" "list" "frame numbers to look at, counted through all inputs" => table.words(&row.finding.frames);
    "frames_omitted" "number" "how many more such frames there are" => table.cell(row.finding.frames_omitted);
    "requirements" "list" "ids of the requirements that it rests on" => table.words(&row.finding.requirements);
    "service" "sentences" "their services" => table.text(&row.cites(|cite| cite.service.to_owned()));
    "document" "sentences" "their documents" => table.text(&row.cites(|cite| cite.document.to_owned()));
    "page" "sentences" "the vendor pages" => table.text(&row.cites(|cite| cite.page.to_owned()));
    "table" "sentences" "tables or headings on these" => table.text(&row.cites(|cite| cite.table.to_owned()));
    "row" "sentences" "rows of these" => table.text(&row.cites(|cite| cite.row.to_owned()));
    "line" "sentences" "lines of the text copies, from 1" => table.text(&row.cites(|cite| text(cite.line.as_ref())));
    "entries" "sentences" "the page's own entries: those that fit what was tried, or the first of all" => table.text(&row.cites(|cite| words(&cite.entries)));
    "vendor" "sentences" "who publishes the pages" => table.text(&row.documents(|document| &document.vendor));
    "product" "sentences" "the products" => table.text(&row.documents(|document| &document.product));
    "rule_sha256" "sentences" "SHA-256 of the rule files" => table.text(&row.documents(|document| &document.sha256));
    "id" "text" "the finding's name, the same in every run that finds the same thing" => table.text(&row.finding.id);
    "frames_in_files" "sentences" "the same frames as `file: numbers`, counted in each file by itself" => table.text(&frames_in_files(row.report, &row.finding.stamps));
    "initiator_roles" "list" "roles of the initiator by the site file" => table.words(row.finding.initiator.map_or(Vec::new(), |ip| roles(row.report, ip)));
    "responders" "list" "addresses that were tried" => table.words(distinct(row.flows.iter().map(|flow| flow.responder.ip.to_string())));
    "responder_roles" "list" "roles of these by the site file" => table.words(row.responder_roles());
    "name" "text" "best name of the first flow" => table.cell_or_empty(row.name().map(|name| &name.fqdn));
    "name_source" "word" "where that name was taken from" => table.cell_or_empty(row.name().map(|name| name.source));
    "bytes_out" "number" "bytes of IP packets that the initiator sent in these flows" => table.cell(row.bytes[0]);
    "bytes_in" "number" "bytes of IP packets that came back" => table.cell(row.bytes[1]);
    "comments" "sentences" "what was written to packets of these flows in the capture file, with the frame; it proves nothing" => table.text(&sentences(row.finding.comments.iter().map(comment)));
}

/// Writes `findings.csv`: one finding a row, worst first.
///
/// # Errors
/// Those of the writer.
pub fn write_findings_csv(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut table = CsvTable::documented(out, FINDING_COLUMNS)?;
    for finding in &report.findings {
        cells(&FindingCells::of(finding, report), &mut table)?;
        table.end_row()?;
    }
    table.finish()
}

/// A finding with its flows.
struct FindingCells<'r> {
    report: &'r Report<'r>,
    finding: &'r FindingView<'r>,
    flows: Vec<&'r Flow>,
    /// Out and in.
    bytes: [u64; 2],
}

impl<'r> FindingCells<'r> {
    fn of(finding: &'r FindingView<'r>, report: &'r Report<'r>) -> Self {
        let flows = flows(report, finding.flows.iter().copied().map(FlowId));
        Self {
            report,
            finding,
            bytes: bytes(&flows),
            flows,
        }
    }

    /// A part of where its requirements stand.
    fn cites(&self, part: fn(&CiteView<'_>) -> String) -> String {
        sentences(self.finding.cites.iter().map(part))
    }

    /// A part of the documents of these.
    fn documents(&self, part: fn(&DocumentView) -> &String) -> String {
        let documents = self.finding.cites.iter().filter_map(|cite| {
            let mut documents = self.report.rules.iter();
            documents.find(|document| document.id == cite.document)
        });
        sentences(documents.map(|document| part(document).clone()))
    }

    /// The best name of the first flow.
    fn name(&self) -> Option<&'r Name> {
        self.flows.first().and_then(|flow| flow.names.first())
    }

    fn responder_roles(&self) -> Vec<String> {
        let flows = self.flows.iter();
        distinct(flows.flat_map(|flow| roles(self.report, flow.responder.ip)))
    }
}

/// The evidence in words.
fn details(finding: &FindingView<'_>) -> String {
    let details = finding.evidence_details.iter().map(|e| {
        let frames = words(&e.frames);
        format!("{} ({}): {}, frames {frames}", e.code, e.grade, e.words)
    });
    details.collect::<Vec<_>>().join(" | ")
}

fn comment(comment: &CommentView) -> String {
    format!("frame {}: {}", comment.frame, comment.text)
}
