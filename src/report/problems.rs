//! What is wrong with rule files, as data.

use std::io::Write;

use serde::Serialize;

use super::ReportError;
use super::csv::CsvTable;
use crate::rules::Problem;

/// Columns of the table, in order; keys of the objects.
const COLUMNS: [&str; 7] = [
    "code", "severity", "file", "line", "column", "message", "hint",
];

#[derive(Serialize)]
struct ProblemRow<'p> {
    code: &'static str,
    severity: String,
    file: &'p str,
    line: usize,
    column: usize,
    message: &'p str,
    hint: Option<&'p str>,
}

impl<'p> ProblemRow<'p> {
    fn of(problem: &'p Problem) -> Self {
        Self {
            code: problem.code,
            severity: problem.severity.to_string(),
            file: &problem.file,
            line: problem.line,
            column: problem.column,
            message: &problem.message,
            hint: problem.hint.as_deref(),
        }
    }
}

/// A list of objects, one for each problem.
///
/// # Errors
/// Those of the writer.
pub fn write_problems_json(problems: &[Problem], mut out: impl Write) -> Result<(), ReportError> {
    let rows: Vec<ProblemRow<'_>> = problems.iter().map(ProblemRow::of).collect();
    serde_json::to_writer_pretty(&mut out, &rows)?;
    Ok(out.write_all(b"\n")?)
}

/// An object a line.
///
/// # Errors
/// Those of the writer.
pub fn write_problems_ndjson(problems: &[Problem], mut out: impl Write) -> Result<(), ReportError> {
    for problem in problems {
        serde_json::to_writer(&mut out, &ProblemRow::of(problem))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A row a problem (RFC 4180).
///
/// # Errors
/// Those of the writer.
pub fn write_problems_csv(problems: &[Problem], out: impl Write) -> Result<(), ReportError> {
    let mut table = CsvTable::new(out, &COLUMNS)?;
    for row in problems.iter().map(ProblemRow::of) {
        table.row([
            row.code.to_owned(),
            row.severity,
            row.file.to_owned(),
            row.line.to_string(),
            row.column.to_string(),
            row.message.to_owned(),
            row.hint.unwrap_or_default().to_owned(),
        ])?;
    }
    table.finish()
}
