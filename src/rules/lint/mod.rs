//! What a list may say and likely does not mean: rows that others cover, pages that disagree, names that look like others,
//! addresses that are nobody's, and what the world says against it.
//!
//! Only for files that were checked; nothing of this keeps a list from being used.

mod addresses;
mod dates;
mod lookalike;
mod overlap;
mod pages;
#[cfg(test)]
mod tests;
mod width;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;

use super::check::{Written, written};
use super::problem::{Problem, Problems, SourceText};
use super::{Destination, Library, Requirement, RuleText};

/// What is known besides the lists.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The day on which rows are looked at.
    pub today: Option<Date>,
    /// Names with the addresses that they had; empty = nobody looked.
    pub addresses: BTreeMap<String, BTreeSet<IpAddr>>,
}

/// Where a row and its destinations stand.
struct Place {
    source: Arc<SourceText>,
    id: Range<usize>,
    to: Vec<Range<usize>>,
}

/// A destination with its row and its place.
struct Item<'a> {
    row: &'a Requirement,
    destination: &'a Destination,
    source: &'a Arc<SourceText>,
    span: Range<usize>,
}

/// A library with the places of its rows.
struct Lists<'a> {
    library: &'a Library,
    facts: &'a Facts,
    places: BTreeMap<String, Place>,
}

/// Looks at files that were checked to this library. Warnings and notes, ascending by file and place.
#[must_use]
pub fn lint(texts: &[RuleText], library: &Library, facts: &Facts) -> Vec<Problem> {
    let lists = Lists {
        library,
        facts,
        places: written(texts).into_iter().flat_map(places).collect(),
    };
    let items = lists.items();
    let mut problems = Problems::default();
    overlap::overlaps(&lists, &items, &mut problems);
    overlap::denied(&lists, &items, &mut problems);
    pages::disagree(&lists, &items, &mut problems);
    width::too_wide(&items, &mut problems);
    addresses::addresses(&lists, &items, &mut problems);
    dates::ended(&lists, &mut problems);
    lookalike::lookalikes(&lists, &items, &mut problems);
    problems.finish()
}

fn places(file: Written) -> Vec<(String, Place)> {
    let document = file.file.document.id.value.clone();
    let rows = file.rows.iter().flatten().map(|row| {
        let to = row.to.entries(&row.to.span).map(|(_, span)| span);
        let place = Place {
            source: Arc::clone(&file.source),
            id: row.id.span.clone(),
            to: to.collect(),
        };
        (format!("{document}/{}", row.id.value), place)
    });
    rows.collect()
}

impl<'a> Lists<'a> {
    fn place(&self, row: &Requirement) -> Option<&Place> {
        self.places.get(&row.row_id)
    }

    fn items(&'a self) -> Vec<Item<'a>> {
        let mut out = Vec::new();
        for row in &self.library.requirements {
            let Some(place) = self.place(row) else {
                continue;
            };
            // One of several rows that a row was expanded to: its number is in its id.
            let first = row
                .id
                .strip_prefix(row.row_id.as_str())
                .and_then(|rest| rest.strip_prefix('-'));
            let first = first
                .and_then(|number| number.parse::<usize>().ok())
                .map_or(0, |number| number.saturating_sub(1));
            for (at, destination) in row.to.iter().enumerate() {
                let span = place.to.get(first + at).unwrap_or(&place.id).clone();
                out.push(Item {
                    row,
                    destination,
                    source: &place.source,
                    span,
                });
            }
        }
        out
    }

    /// Who publishes the page of a row.
    fn vendor(&self, row: &Requirement) -> &str {
        self.library
            .document(row.document)
            .map_or("", |document| &document.vendor)
    }
}

/// The id of a row without its document.
fn short(row: &Requirement) -> &str {
    row.id.split_once('/').map_or(row.id.as_str(), |(_, id)| id)
}
