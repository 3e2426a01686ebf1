//! Pages of one vendor that state different ports for one name.

use std::collections::BTreeMap;

use super::super::code;
use super::super::problem::Problems;
use super::super::{DocumentIndex, Target};
use super::{Item, Lists};
use crate::model::PortSet;

/// What a page states for a name: its ports, and a destination that says so.
type Stated<'i> = BTreeMap<DocumentIndex, (Vec<(u16, u16)>, &'i Item<'i>)>;

pub(super) fn disagree(lists: &Lists<'_>, items: &[Item<'_>], problems: &mut Problems) {
    let mut by_name: BTreeMap<(&str, &str), Stated<'_>> = BTreeMap::new();
    for item in items
        .iter()
        .filter(|item| !item.row.deny && !item.row.ports.is_empty())
    {
        let (Target::Name(name), vendor) = (&item.destination.target, lists.vendor(item.row))
        else {
            continue;
        };
        if !vendor.is_empty() {
            let pages = by_name.entry((vendor, name.as_str())).or_default();
            let stated = pages
                .entry(item.row.document)
                .or_insert_with(|| (Vec::new(), item));
            stated.0.extend(item.row.ports.ranges());
        }
    }
    for ((_, name), pages) in by_name {
        let pages: Vec<(PortSet, &Item<'_>)> = pages
            .into_values()
            .map(|(ranges, item)| (PortSet::from_ranges(ranges), item))
            .collect();
        for pair in pages.windows(2) {
            let [(ports, first), (others, second)] = pair else {
                continue;
            };
            if ports != others {
                let message = format!(
                    "for `{name}` `{}` states {others}, and `{}` states {ports}",
                    second.row.id, first.row.id
                );
                problems.warning(
                    second.source,
                    code::PAGES_DISAGREE,
                    second.span.clone(),
                    message,
                    "a site file says which documents are in force".to_owned(),
                );
            }
        }
    }
}
