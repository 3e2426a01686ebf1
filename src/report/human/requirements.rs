//! How the requirements fared, by document and service.

use std::collections::BTreeMap;
use std::io::Write;

use super::look::{Ink, Look, Table, grouped};
use super::title;
use crate::report::build::STANDINGS;
use crate::report::{Report, ReportError};

/// Columns in the order in which a person wants them.
const COLUMNS: [(&str, &str); 7] = [
    ("satisfied", "satisfied"),
    ("violated", "violated"),
    ("blocked", "blocked"),
    ("failed", "failed"),
    ("inconclusive", "inconclusive"),
    ("not_seen", "not seen"),
    ("not_active", "off"),
];

/// Counts by word of [`STANDINGS`].
type Row = BTreeMap<&'static str, u64>;
/// Counts of a document, and of its services.
type Documents<'r> = BTreeMap<&'r str, (Row, BTreeMap<&'r str, Row>)>;

pub(super) fn write(
    report: &Report<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    if report.requirements.is_empty() {
        return Ok(());
    }
    title("Requirements", Ink::Strong, look, out)?;
    let mut documents = Documents::new();
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
    if report.summary.requirements.of(&"inconclusive") > 0 {
        table::<7>(&COLUMNS, &documents, look, out)?;
    } else {
        // The word is long and the column seldom needed.
        let columns: Vec<_> = COLUMNS
            .into_iter()
            .filter(|(word, _)| *word != "inconclusive")
            .collect();
        table::<6>(&columns, &documents, look, out)?;
    }
    no_need(report, look, out)
}

/// How many need no traffic, and why, in one line.
fn no_need(report: &Report<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    match report.summary.no_need() {
        Some(text) => look.labelled(out, "no need", Ink::Faint, &text),
        None => Ok(()),
    }
}

/// `N` is one more than there are columns of counts.
fn table<const N: usize>(
    columns: &[(&'static str, &'static str)],
    documents: &Documents<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let column = |i: usize| columns.get(i.wrapping_sub(1)).copied();
    let cells = |name: &str, row: &Row| -> [String; N] {
        std::array::from_fn(|i| match column(i) {
            Some((word, _)) => row
                .get(word)
                .map_or_else(|| "-".to_owned(), |count| grouped(*count)),
            None => name.to_owned(),
        })
    };
    let mut table = Table::new(std::array::from_fn(|i| {
        column(i).map_or("document", |(_, header)| header)
    }));
    for column in 1..N {
        table.right_aligned(column);
    }
    for (document, (whole, services)) in documents {
        table.painted(cells(document, whole), ink(whole, Ink::Strong));
        for (service, row) in services {
            let wrong = row.contains_key("violated")
                || row.contains_key("blocked")
                || row.contains_key("failed");
            if look.all || wrong {
                table.painted(cells(&format!("  {service}"), row), ink(row, Ink::Plain));
            }
        }
    }
    table.write(look, out)?;
    debug_assert_eq!(STANDINGS.len(), COLUMNS.len());
    Ok(())
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
