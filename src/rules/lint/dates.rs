//! Rows that have ended.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::code;
use super::super::problem::Problems;
use super::super::{DocumentIndex, Requirement};
use super::{Lists, short};

pub(super) fn ended(lists: &Lists<'_>, problems: &mut Problems) {
    let Some(today) = lists.facts.today else {
        return;
    };
    let mut ended: BTreeMap<(DocumentIndex, Date), Vec<&Requirement>> = BTreeMap::new();
    for row in &lists.library.requirements {
        if let Some(until) = row.valid.until.filter(|until| *until < today) {
            ended.entry((row.document, until)).or_default().push(row);
        }
    }
    for ((_, until), rows) in ended {
        let Some((first, place)) = rows.first().and_then(|row| Some((*row, lists.place(row)?)))
        else {
            continue;
        };
        let message = match rows.len() {
            1 => format!("`{}` ended on {until}", short(first)),
            count => format!(
                "`{}` and {} more rows ended on {until}",
                short(first),
                count - 1
            ),
        };
        problems.warning(
            &place.source,
            code::EXPIRED_REQUIREMENT,
            place.id.clone(),
            message,
            None,
        );
    }
}
