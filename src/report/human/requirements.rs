//! How the requirements fared, by document and service.

use std::collections::BTreeMap;
use std::io::Write;

use super::look::{Ink, Look, grouped};
use super::table::Table;
use super::title;
use crate::judge::StatusKind;
use crate::report::{Report, ReportError};
use crate::wording::{SaidTemplate, word};

/// Columns in the order in which a person wants them.
const COLUMNS: [(StatusKind, &SaidTemplate); StatusKind::ALL.len()] = [
    (StatusKind::Satisfied, StatusKind::Satisfied.words()),
    (StatusKind::Violated, StatusKind::Violated.words()),
    (StatusKind::Blocked, StatusKind::Blocked.words()),
    (StatusKind::Failed, StatusKind::Failed.words()),
    (StatusKind::Inconclusive, StatusKind::Inconclusive.words()),
    (StatusKind::NotSeen, StatusKind::NotSeen.words()),
    (StatusKind::NotActive, word!(column_off, "off")),
];

/// Counts by status.
type StatusCounts = BTreeMap<StatusKind, u64>;
/// Counts of a document, and of its services.
type Documents<'r> = BTreeMap<&'r str, (StatusCounts, BTreeMap<&'r str, StatusCounts>)>;

pub(super) fn write(
    report: &Report<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    if report.requirements.is_empty() {
        return Ok(());
    }
    let requirements = look.word(word!(title_requirements, "Requirements"));
    title(requirements, Ink::Strong, look, out)?;
    let mut documents = Documents::new();
    for requirement in &report.requirements {
        let status = requirement.outcome.kind();
        let (whole, services) = documents.entry(requirement.listed.document).or_default();
        *whole.entry(status).or_default() += 1;
        *services
            .entry(requirement.listed.service)
            .or_default()
            .entry(status)
            .or_default() += 1;
    }
    if report.summary.requirements.of(&StatusKind::Inconclusive) > 0 {
        table::<7>(&COLUMNS, &documents, look, out)?;
    } else {
        // The word is long and the column seldom needed.
        let columns: Vec<_> = COLUMNS
            .into_iter()
            .filter(|(status, _)| *status != StatusKind::Inconclusive)
            .collect();
        table::<6>(&columns, &documents, look, out)?;
    }
    no_need(report, look, out)
}

/// How many need no traffic, and why, in one line.
fn no_need(report: &Report<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    match report.summary.no_need() {
        Some(text) => {
            let label = look.word(word!(label_no_need, "no need"));
            look.labelled(out, label, Ink::Faint, &look.say(&text))
        }
        None => Ok(()),
    }
}

/// `N` is one more than there are columns of counts.
fn table<const N: usize>(
    columns: &[(StatusKind, &'static SaidTemplate)],
    documents: &Documents<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let column = |i: usize| columns.get(i.wrapping_sub(1)).copied();
    let cells = |name: &str, row: &StatusCounts| -> [String; N] {
        std::array::from_fn(|i| match column(i) {
            Some((status, _)) => row
                .get(&status)
                .map_or_else(|| "-".to_owned(), |count| grouped(*count)),
            None => name.to_owned(),
        })
    };
    let mut table = Table::new(std::array::from_fn(|i| {
        look.word(column(i).map_or(word!(column_document, "document"), |(_, header)| header))
    }));
    for column in 1..N {
        table.right_aligned(column);
    }
    for (document, (whole, services)) in documents {
        table.painted(cells(document, whole), ink(whole, Ink::Strong));
        for (service, row) in services {
            let wrong = row.keys().any(|status| status.is_broken());
            if look.all || wrong {
                table.painted(cells(&format!("  {service}"), row), ink(row, Ink::Plain));
            }
        }
    }
    table.write(look, out)?;
    Ok(())
}

fn ink(row: &StatusCounts, otherwise: Ink) -> Ink {
    if row.contains_key(&StatusKind::Blocked) {
        Ink::Bad
    } else if row.contains_key(&StatusKind::Failed) {
        Ink::Warn
    } else {
        otherwise
    }
}
