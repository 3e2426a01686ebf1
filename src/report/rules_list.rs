//! Requirements as `pktaudit rules list` prints them for people and spreadsheets.

use std::io::Write;

use super::ReportError;
use super::csv::CsvTable;
use super::human::{Ink, Look, Table, counted};
use super::text::{shorten, visible};
use crate::rules::{Library, ListedRequirement, Party};

/// Columns of the CSV form.
const COLUMNS: [&str; 17] = [
    "id",
    "document",
    "service",
    "from",
    "to",
    "ports",
    "transport",
    "app",
    "direction",
    "region",
    "need",
    "when",
    "any_of",
    "valid_from",
    "valid_until",
    "cite",
    "line",
];

/// One row a requirement (RFC 4180); lists within a cell are joined by spaces.
///
/// # Errors
/// Those of the writer.
pub fn write_rules_csv(library: &Library, out: impl Write) -> Result<(), ReportError> {
    let mut table = CsvTable::new(out, &COLUMNS)?;
    for requirement in &library.requirements {
        let row = requirement.listed(library);
        table.row([
            row.id.to_owned(),
            row.document.to_owned(),
            row.service.to_owned(),
            parties(&row.from),
            parties(&row.to),
            row.ports.join(" "),
            row.transport.join(" "),
            row.app.join(" "),
            word(&row.direction),
            row.region.join(" "),
            word(&row.need),
            row.when.join(" and "),
            row.any_of.join(" "),
            row.valid.from.clone().unwrap_or_default(),
            row.valid.until.clone().unwrap_or_default(),
            format!("{} / {} / {}", row.cite.page, row.cite.table, row.cite.row),
            row.cite.line.map_or(String::new(), |line| line.to_string()),
        ])?;
    }
    table.finish()
}

/// A table a document, with one row a requirement.
///
/// # Errors
/// Those of the writer.
pub fn write_rules_human(
    library: &Library,
    look: &Look,
    mut out: impl Write,
) -> Result<(), ReportError> {
    let listed: Vec<_> = library
        .requirements
        .iter()
        .map(|row| row.listed(library))
        .collect();
    for (i, rows) in listed.chunk_by(|a, b| a.document == b.document).enumerate() {
        let Some(document) = rows.first().map(|row| row.document) else {
            continue;
        };
        if i > 0 {
            writeln!(out)?;
        }
        let count = counted(rows.len() as u64, "requirement");
        let heading = format!("{document}: {count}");
        writeln!(out, "{}", look.ink(Ink::Strong, &visible(&heading)))?;
        let mut table = Table::new(["row", "need", "port", "from", "to, and what for"]);
        for row in rows {
            let short = row.id.strip_prefix(document).unwrap_or(row.id);
            table.row([
                short.trim_start_matches('/').to_owned(),
                need(row),
                ports(row),
                shorten(&parties(&row.from), 18).into_owned(),
                format!("{} ({})", destinations(row), row.service),
            ]);
        }
        table.write(look, &mut out)?;
    }
    Ok(())
}

pub(super) fn parties(parties: &[Party<'_>]) -> String {
    let words = parties.iter().map(|party| match party.value.is_empty() {
        true => party.kind.to_owned(),
        false => party.value.clone(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn destinations(row: &ListedRequirement<'_>) -> String {
    match row.to.len() {
        0 => "-".to_owned(),
        1 => shorten(&parties(&row.to), 56).into_owned(),
        all => format!(
            "{} and {} more",
            shorten(&parties(&row.to[..1]), 44),
            all - 1
        ),
    }
}

fn ports(row: &ListedRequirement<'_>) -> String {
    match (row.ports.is_empty(), row.transport.is_empty()) {
        (true, _) => "not stated".to_owned(),
        (false, true) => row.ports.join(","),
        (false, false) => format!("{}/{}", row.ports.join(","), row.transport.join("+")),
    }
}

fn need(row: &ListedRequirement<'_>) -> String {
    if row.deny {
        "forbidden".to_owned()
    } else {
        word(&row.need)
    }
}

/// A word of an enum as it is written in JSON.
pub(super) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
