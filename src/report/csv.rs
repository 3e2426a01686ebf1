//! CSV (RFC 4180): flat rows that stand by themselves, for spreadsheets.
//!
//! UTF-8, a header line, CRLF at line ends, quotes where needed. Columns keep their names and order; new ones come at
//! the end. Lists stand in one cell, words separated by a blank, sentences by ` | `.
//!
//! No cell starts a formula: see [`super::text::cell`] for the mark that is put before such cells, and how to take it
//! off again.

use std::io::Write;

use super::pieces::in_pieces;
use super::text::cell;
use super::view::{CiteView, FindingView, RequirementView};
use super::{FlowView, Report, ReportError};

/// A table on its way to a writer.
pub(super) struct CsvTable<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> CsvTable<W> {
    pub(super) fn new(out: W, columns: &[&str]) -> Result<Self, ReportError> {
        let mut table = Self::go_on(out);
        table.writer.write_record(columns)?;
        Ok(table)
    }

    /// More rows of a table whose columns are written.
    fn go_on(out: W) -> Self {
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        Self { writer }
    }

    pub(super) fn row<S: AsRef<str>>(
        &mut self,
        cells: impl IntoIterator<Item = S>,
    ) -> Result<(), ReportError> {
        for text in cells {
            self.writer.write_field(cell(text.as_ref()).as_bytes())?;
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    pub(super) fn finish(mut self) -> Result<(), ReportError> {
        Ok(self.writer.flush()?)
    }
}

/// Columns of `findings.csv`.
const FINDING_COLUMNS: [&str; 30] = [
    "severity",
    "finding",
    "outcome",
    "stage",
    "confidence",
    "initiator",
    "host",
    "target",
    "port",
    "transport",
    "message",
    "advice",
    "evidence",
    "evidence_details",
    "control",
    "first",
    "last",
    "attempts",
    "frames",
    "frames_omitted",
    "requirements",
    "service",
    "document",
    "page",
    "table",
    "row",
    "line",
    "vendor",
    "product",
    "rule_sha256",
];

/// Writes `findings.csv`: one finding a row, worst first.
///
/// # Errors
/// Those of the writer.
pub fn write_findings_csv(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut table = CsvTable::new(out, &FINDING_COLUMNS)?;
    for finding in &report.findings {
        table.row(finding_cells(finding, report))?;
    }
    table.finish()
}

fn finding_cells(finding: &FindingView, report: &Report<'_>) -> Vec<String> {
    let cites =
        |part: fn(&CiteView) -> String| distinct(finding.cites.iter().map(part)).join(" | ");
    let document = |part: fn(&super::DocumentView) -> &String| {
        let documents = finding.cites.iter().filter_map(|cite| {
            report
                .rules
                .iter()
                .find(|document| document.id == cite.document)
        });
        distinct(documents.map(|document| part(document).clone())).join(" | ")
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
                numbers(&e.frames)
            )
        })
        .collect();
    vec![
        finding.severity.to_string(),
        finding.code.to_string(),
        text(finding.outcome.as_ref()),
        text(finding.stage.as_ref()),
        text(finding.confidence.as_ref()),
        text(finding.initiator.as_ref()),
        text(finding.host.as_ref()),
        finding.target.clone(),
        text(finding.port.as_ref()),
        text(finding.transport.as_ref()),
        finding.message.clone(),
        finding.advice.clone(),
        distinct(finding.evidence.iter().map(ToString::to_string)).join(" "),
        details.join(" | "),
        text(finding.control.as_ref()),
        text(finding.span.map(|span| span.first).as_ref()),
        text(finding.span.map(|span| span.last).as_ref()),
        finding.flows.len().to_string(),
        numbers(&finding.frames),
        finding.frames_omitted.to_string(),
        finding.requirements.join(" "),
        cites(|cite| cite.service.clone()),
        cites(|cite| cite.document.clone()),
        cites(|cite| cite.page.clone()),
        cites(|cite| cite.table.clone()),
        cites(|cite| cite.row.clone()),
        cites(|cite| text(cite.line.as_ref())),
        document(|document| &document.vendor),
        document(|document| &document.product),
        document(|document| &document.sha256),
    ]
}

/// Columns of `requirements.csv`.
const REQUIREMENT_COLUMNS: [&str; 31] = [
    "requirement",
    "document",
    "service",
    "from",
    "to",
    "ports",
    "transport",
    "region",
    "need",
    "when",
    "outcome",
    "reason",
    "message",
    "absence_counts",
    "excused_by",
    "reached_by",
    "missed_by",
    "resolved",
    "intents",
    "frames",
    "frames_omitted",
    "page",
    "table",
    "row",
    "line",
    "valid_from",
    "valid_until",
    "doubtful",
    "vendor",
    "product",
    "rule_sha256",
];

/// Writes `requirements.csv`: one requirement a row, ascending by id.
///
/// # Errors
/// Those of the writer.
pub fn write_requirements_csv(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut table = CsvTable::new(out, &REQUIREMENT_COLUMNS)?;
    for requirement in &report.requirements {
        table.row(requirement_cells(requirement, report))?;
    }
    table.finish()
}

fn requirement_cells(requirement: &RequirementView<'_>, report: &Report<'_>) -> Vec<String> {
    let listed = &requirement.listed;
    let document = report
        .rules
        .iter()
        .find(|document| document.id == listed.document);
    let document = |part: fn(&super::DocumentView) -> &String| {
        document.map_or(String::new(), |d| part(d).clone())
    };
    let all = |list: &[std::net::IpAddr]| {
        list.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    };
    vec![
        listed.id.to_owned(),
        listed.document.to_owned(),
        listed.service.to_owned(),
        super::rules_list::parties(&listed.from),
        super::rules_list::parties(&listed.to),
        listed.ports.join(" "),
        listed.transport.join(" "),
        listed.region.join(" "),
        super::rules_list::word(&listed.need),
        listed.when.join(" | "),
        requirement.outcome.as_str().to_owned(),
        text(requirement.reason.as_ref()),
        requirement.message.clone(),
        requirement.absence_counts.to_string(),
        text(requirement.excused_by.as_ref()),
        all(&requirement.reached_by),
        all(&requirement.missed_by),
        requirement.resolved.join(" "),
        requirement.intents.len().to_string(),
        numbers(&requirement.frames),
        requirement.frames_omitted.to_string(),
        listed.cite.page.to_owned(),
        listed.cite.table.to_owned(),
        listed.cite.row.to_owned(),
        text(listed.cite.line.as_ref()),
        text(listed.valid.from.as_ref()),
        text(listed.valid.until.as_ref()),
        listed.doubtful.join(" | "),
        document(|document| &document.vendor),
        document(|document| &document.product),
        document(|document| &document.sha256),
    ]
}

/// Columns of `flows.csv` after those of [`FlowView::COLUMNS`].
const VERDICT_COLUMNS: [&str; 6] = [
    "outcome",
    "stage",
    "confidence",
    "evidence",
    "reason",
    "requirements",
];

/// Writes `flows.csv`: one flow a row, ascending by start.
///
/// # Errors
/// Those of the writer.
pub fn write_flows_csv(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let columns: Vec<&str> = FlowView::COLUMNS
        .into_iter()
        .chain(VERDICT_COLUMNS)
        .collect();
    let mut out = out;
    CsvTable::new(&mut out, &columns)?.finish()?;
    let rows = |places| {
        let mut bytes = Vec::new();
        let mut table = CsvTable::go_on(&mut bytes);
        for judged in report.flows_at(places) {
            let mut cells = judged.flow.cells();
            cells.extend([
                judged.outcome.to_string(),
                text(judged.stage.as_ref()),
                text(judged.confidence.as_ref()),
                text(judged.evidence.as_ref()),
                text(judged.reason.as_ref()),
                judged.requirements.join(" "),
            ]);
            table.row(cells)?;
        }
        table.finish()?;
        Ok(bytes)
    };
    in_pieces(report.flows_len(), rows, |rows| Ok(out.write_all(rows)?))?;
    Ok(out.flush()?)
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map_or(String::new(), ToString::to_string)
}

fn numbers(list: &[u64]) -> String {
    list.iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

fn distinct(list: impl Iterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for item in list {
        if !item.is_empty() && !out.contains(&item) {
            out.push(item);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample::{HOSTILE, sample};
    use super::super::text::is_harmful;
    use super::*;

    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(bytes);
        reader
            .records()
            .map(|row| row.unwrap().iter().map(ToOwned::to_owned).collect())
            .collect()
    }

    #[test]
    fn every_row_is_whole_and_no_cell_does_harm() {
        let sample = sample();
        let report = sample.report();
        type Writer = fn(&Report<'_>, &mut Vec<u8>) -> Result<(), ReportError>;
        let writers: [Writer; 3] = [
            |report, out| write_findings_csv(report, out),
            |report, out| write_requirements_csv(report, out),
            |report, out| write_flows_csv(report, out),
        ];
        let counts = [
            report.findings.len(),
            report.requirements.len(),
            report.flows().count(),
        ];
        for (write, count) in writers.into_iter().zip(counts) {
            let mut bytes = Vec::new();
            write(&report, &mut bytes).unwrap();
            let rows = read(&bytes);
            assert_eq!(rows.len(), count + 1);
            for (row, text) in rows
                .iter()
                .flat_map(|row| row.iter().map(move |text| (row, text)))
            {
                assert_eq!(row.len(), rows[0].len());
                assert!(
                    !text.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{text:?}"
                );
                assert!(!text.chars().any(is_harmful), "{text:?}");
            }
            assert!(bytes.ends_with(b"\r\n"));
        }
    }

    #[test]
    fn a_finding_stands_by_itself() {
        let sample = sample();
        let mut bytes = Vec::new();
        write_findings_csv(&sample.report(), &mut bytes).unwrap();
        let rows = read(&bytes);
        let of = |row: usize, column: &str| {
            let place = rows[0].iter().position(|name| name == column).unwrap();
            rows[row][place].as_str()
        };
        assert_eq!(of(1, "finding"), "blocked");
        assert_eq!(of(1, "initiator"), "10.0.0.10");
        assert_eq!(of(1, "host"), "'-web");
        assert_eq!(of(1, "evidence"), "L-RST");
        assert_eq!(of(1, "frames"), "3 4 5");
        assert_eq!(of(1, "requirements"), "sample/a01");
        assert_eq!(of(1, "page"), "'=HYPERLINK(\"x\")");
        assert_eq!(of(1, "row"), "'@row");
        assert_eq!(of(1, "line"), "7");
        assert_eq!(of(1, "first"), "2026-11-18T11:06:42.000000005Z");
        assert_eq!(of(1, "rule_sha256").len(), 64);
        assert_eq!(of(3, "target"), format!("'{}", HOSTILE[0]));
    }
}
