//! How the requirements fared, by document and service.

use std::collections::BTreeMap;
use std::io::Write;

use super::look::{Ink, Look, Table, grouped};
use super::title;
use crate::report::build::STANDINGS;
use crate::report::{Report, ReportError};

/// Columns in the order in which a person wants them.
const COLUMNS: [(&str, &str); 6] = [
    ("satisfied", "satisfied"),
    ("blocked", "blocked"),
    ("failed", "failed"),
    ("inconclusive", "unclear"),
    ("not_seen", "not seen"),
    ("not_active", "off"),
];

/// Counts by word of [`STANDINGS`].
type Row = BTreeMap<&'static str, u64>;

pub(super) fn write(
    report: &Report<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    if report.requirements.is_empty() {
        return Ok(());
    }
    title("Requirements", Ink::Strong, look, out)?;
    let mut documents: BTreeMap<&str, (Row, BTreeMap<&str, Row>)> = BTreeMap::new();
    for requirement in &report.requirements {
        let word = requirement.outcome.as_str();
        let (whole, services) = documents.entry(requirement.listed.document).or_default();
        *whole.entry(word).or_default() += 1;
        *services
            .entry(requirement.listed.service)
            .or_default()
            .entry(word)
            .or_default() += 1;
    }
    let headers = COLUMNS.map(|(_, header)| header);
    let [a, b, c, d, e, f] = headers;
    let mut table = Table::new(["document", a, b, c, d, e, f]);
    for column in 1..=COLUMNS.len() {
        table.right_aligned(column);
    }
    for (document, (whole, services)) in &documents {
        table.painted(cells(document, whole), ink(whole, Ink::Strong));
        for (service, row) in services {
            let wrong = row.contains_key("blocked") || row.contains_key("failed");
            if look.all || wrong {
                table.painted(cells(&format!("  {service}"), row), ink(row, Ink::Plain));
            }
        }
    }
    table.write(look, out)?;
    debug_assert_eq!(STANDINGS.len(), COLUMNS.len());
    Ok(())
}

fn cells(name: &str, row: &Row) -> [String; 7] {
    let count = |word: &str| {
        row.get(word)
            .map_or_else(|| "-".to_owned(), |count| grouped(*count))
    };
    let [a, b, c, d, e, f] = COLUMNS.map(|(word, _)| count(word));
    [name.to_owned(), a, b, c, d, e, f]
}

fn ink(row: &Row, otherwise: Ink) -> Ink {
    if row.contains_key("blocked") {
        Ink::Bad
    } else if row.contains_key("failed") {
        Ink::Warn
    } else {
        otherwise
    }
}
