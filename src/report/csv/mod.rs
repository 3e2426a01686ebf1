//! CSV (RFC 4180): flat rows that stand by themselves, for spreadsheets.
//!
//! UTF-8, a header line, CRLF at line ends, quotes where needed. Columns keep their names, meaning and order; new ones
//! come at the end. Lists stand in one cell, words separated by a blank, sentences by ` | `.
//!
//! No cell starts a formula: see [`super::text::cell`] for the mark that is put before such cells, and how to take it
//! off again.

mod findings;
mod flows;
mod requirements;
mod whereabouts;

use std::fmt::{Display, Write as _};
use std::io::Write;

use super::ReportError;
use super::text::cell;
pub use findings::{FINDING_COLUMNS, write_findings_csv};
pub use flows::{VERDICT_COLUMNS, write_flows_csv};
pub use requirements::{REQUIREMENT_COLUMNS, write_requirements_csv};
pub(super) use whereabouts::roles;

/// A column: its name, what its cells hold, and what that means.
///
/// Cells hold a `word` of a fixed list, `text`, a `number`, a `time` (RFC 3339, UTC, nanoseconds), `yes/no` (`true` or
/// `false`), a `list` of words, or `sentences`. Where there is nothing to say the cell is empty.
pub type Column = (&'static str, &'static str, &'static str);

/// Declares a table, column by column: its name, what its cells hold, what that means, and what writes the cell of a row. So
/// the header, what is documented and the cells cannot come apart.
macro_rules! columns {
    (
        $(#[$about:meta])*
        $visible:vis const $columns:ident;
        $(#[$about_cells:meta])*
        $visible_cells:vis fn $cells:ident($row:pat => $row_type:ty, $table:ident);
        $($name:literal $kind:literal $text:literal => $cell:expr;)+
    ) => {
        $(#[$about])*
        $visible const $columns: &[$crate::report::csv::Column] = &[$(($name, $kind, $text),)+];

        $(#[$about_cells])*
        $visible_cells fn $cells<W: ::std::io::Write>(
            $row: $row_type,
            $table: &mut $crate::report::csv::CsvTable<W>,
        ) -> Result<(), $crate::report::ReportError> {
            $($cell?;)+
            Ok(())
        }
    };
}

pub(super) use columns;

/// A table on its way to a writer.
pub(crate) struct CsvTable<W: Write> {
    writer: csv::Writer<W>,
    /// Room for the text of a cell.
    text: String,
}

impl<W: Write> CsvTable<W> {
    pub(crate) fn new<'c>(
        out: W,
        columns: impl IntoIterator<Item = &'c &'c str>,
    ) -> Result<Self, ReportError> {
        let mut table = Self::go_on(out);
        table.writer.write_record(columns)?;
        Ok(table)
    }

    /// More rows of a table whose columns are written.
    pub(in crate::report) fn go_on(out: W) -> Self {
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        let text = String::new();
        Self { writer, text }
    }

    /// Starts a table with documented columns.
    pub(crate) fn documented<'c>(
        out: W,
        columns: impl IntoIterator<Item = &'c Column>,
    ) -> Result<Self, ReportError> {
        Self::new(out, columns.into_iter().map(|(name, _, _)| name))
    }

    pub(crate) fn row<S: AsRef<str>>(
        &mut self,
        cells: impl IntoIterator<Item = S>,
    ) -> Result<(), ReportError> {
        for text in cells {
            self.text(text.as_ref())?;
        }
        self.end_row()
    }

    /// The next cell of a row that is written cell by cell: text as it is.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), ReportError> {
        Ok(self.writer.write_field(cell(text).as_bytes())?)
    }

    /// The next cell: something put into words.
    pub(crate) fn cell(&mut self, value: impl Display) -> Result<(), ReportError> {
        self.words([value])
    }

    /// The next cell: something put into words, or nothing.
    pub(crate) fn cell_or_empty(&mut self, value: Option<impl Display>) -> Result<(), ReportError> {
        match value {
            Some(value) => self.cell(value),
            None => self.text(""),
        }
    }

    /// The next cell: a list of words.
    pub(crate) fn words<T: Display>(
        &mut self,
        list: impl IntoIterator<Item = T>,
    ) -> Result<(), ReportError> {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        for (place, word) in list.into_iter().enumerate() {
            // Writing to a string does not fail.
            let _ = write!(text, "{}{word}", if place > 0 { " " } else { "" });
        }
        let done = self.text(&text);
        self.text = text;
        done
    }

    pub(crate) fn end_row(&mut self) -> Result<(), ReportError> {
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    pub(crate) fn finish(mut self) -> Result<(), ReportError> {
        Ok(self.writer.flush()?)
    }
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map_or(String::new(), ToString::to_string)
}

fn words<T: ToString>(list: impl IntoIterator<Item = T>) -> String {
    list.into_iter()
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn sentences(list: impl Iterator<Item = String>) -> String {
    distinct(list).join(" | ")
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
    use super::super::Report;
    use super::super::flows::FLOW_COLUMNS;
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
        assert!(of(1, "id").starts_with("blocked-"));
        assert_eq!(
            of(1, "frames_in_files"),
            "/tmp/a\\u{1b}[2J\\u{1b}]0;owned\\u{7}b.pcap: 3 4 5"
        );
        assert_eq!(of(1, "initiator_roles"), "agent");
        assert_eq!(of(1, "responders"), "203.0.113.5");
        assert_eq!(of(1, "name"), "update.example.com");
        assert_eq!(of(1, "name_source"), "tls_sni");
        assert_eq!((of(1, "bytes_out"), of(1, "bytes_in")), ("300", "240"));
    }

    #[test]
    fn every_flow_and_requirement_says_to_what_it_belongs() {
        let sample = sample();
        let report = sample.report();
        let table = |write: fn(&Report<'_>, &mut Vec<u8>) -> Result<(), ReportError>| {
            let mut bytes = Vec::new();
            write(&report, &mut bytes).unwrap();
            read(&bytes)
        };
        let of = |rows: &[Vec<String>], row: usize, column: &str| {
            let place = rows[0].iter().position(|name| name == column).unwrap();
            rows[row][place].clone()
        };
        let flows = table(|report, out| write_flows_csv(report, out));
        assert_eq!(of(&flows, 1, "findings"), report.findings[0].id);
        assert_eq!(of(&flows, 1, "initiator_roles"), "agent");
        assert_eq!(of(&flows, 1, "responder_roles"), "");
        assert!(of(&flows, 1, "file").ends_with(".pcap"));
        let rows = table(|report, out| write_requirements_csv(report, out));
        assert_eq!(of(&rows, 1, "attempts"), "2");
        assert_eq!(of(&rows, 1, "bytes_out"), "600");
        assert_eq!(of(&rows, 1, "first"), "2026-11-18T11:06:42.000000005Z");
        assert_eq!(of(&rows, 1, "findings").split(' ').count(), 2);
        assert_eq!(of(&rows, 2, "first"), "");
    }

    #[test]
    fn the_documented_columns_are_those_that_are_written() {
        let documents = include_str!("../../../docs/FORMATS.md");
        for (file, columns) in [
            ("findings.csv", [FINDING_COLUMNS, &[]]),
            ("requirements.csv", [REQUIREMENT_COLUMNS, &[]]),
            ("flows.csv", [FLOW_COLUMNS, VERDICT_COLUMNS]),
        ] {
            let rows: String = columns
                .into_iter()
                .flatten()
                .map(|(name, kind, about)| format!("| `{name}` | {kind} | {about} |\n"))
                .collect();
            let table = format!("### `{file}`\n\n| column | cells | what |\n|---|---|---|\n{rows}");
            assert!(
                documents.contains(&table),
                "docs/FORMATS.md is to have\n{table}"
            );
        }
    }
}
