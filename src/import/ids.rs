//! Ids of requirements: words of the service, so that a new version of a page keeps them, and a number where two meet.

use std::collections::BTreeSet;

use super::draft::DraftEntry;
use super::vocabulary;

/// Ids given so far.
#[derive(Default)]
pub(super) struct Ids {
    taken: BTreeSet<String>,
    next: std::collections::BTreeMap<String, usize>,
}

impl Ids {
    /// Keeps an id from being given.
    pub(super) fn reserve(&mut self, id: &str) {
        self.taken.insert(id.to_owned());
    }

    /// An id that nobody has: `base`, or `base.2` and so on. A dash would meet the ids of expanded rows.
    pub(super) fn give(&mut self, base: &str) -> String {
        let next = self.next.entry(base.to_owned()).or_insert(1);
        loop {
            let id = match *next {
                1 => base.to_owned(),
                n => format!("{base}.{n}"),
            };
            *next += 1;
            if self.taken.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// The words of an entry's id, before it is made unique.
pub(super) fn base(entry: &DraftEntry) -> String {
    let words = entry.key.as_deref().unwrap_or(&entry.service);
    let mut id = vocabulary::slug(words);
    if id.is_empty() {
        id = entry
            .roles
            .first()
            .map_or(String::new(), |role| role.role.clone());
    }
    if id.is_empty() {
        "row".clone_into(&mut id);
    }
    if let [region] = entry.regions.as_slice()
        && !id.ends_with(region.as_str())
    {
        id = format!("{id}-{region}");
    }
    id
}
