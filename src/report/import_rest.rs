//! What an import did not understand, as a table.

use std::io::Write;

use super::ReportError;
use super::csv::CsvTable;
use crate::import::Leftover;

/// Columns of the table, in order.
const COLUMNS: [&str; 6] = ["line", "table", "row", "column", "text", "why"];

/// One row a cell or sentence that was not understood (RFC 4180).
///
/// # Errors
/// Those of the writer.
pub(crate) fn write_import_rest(rest: &[Leftover], out: impl Write) -> Result<(), ReportError> {
    let mut table = CsvTable::new(out, &COLUMNS)?;
    for one in rest {
        let line = match one.line {
            0 => String::new(),
            line => line.to_string(),
        };
        table.row([
            line,
            one.table.clone(),
            one.row.clone(),
            one.column.clone(),
            one.text.clone(),
            one.why.clone(),
        ])?;
    }
    table.finish()
}
