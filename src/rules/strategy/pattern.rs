//! The odd rest: stars inside of a name, and templates that no region fills. Grouped by their literal end, so only
//! patterns that share it with the name are tried.

use hashbrown::HashMap;

use crate::rules::NamePattern;

/// Legs by pattern.
#[derive(Debug, Default)]
pub(in crate::rules) struct OddPatterns(HashMap<Box<str>, Vec<(NamePattern, u32)>>);

impl OddPatterns {
    pub(in crate::rules) fn insert(&mut self, pattern: NamePattern, leg: u32) {
        self.0
            .entry(pattern.literal_tail().into())
            .or_default()
            .push((pattern, leg));
    }

    /// Calls `take` with every leg whose pattern covers the name.
    pub(in crate::rules) fn each(&self, name: &str, mut take: impl FnMut(u32)) {
        if self.0.is_empty() {
            return;
        }
        let mut bucket = |tail: &str| {
            for (pattern, leg) in self.0.get(tail).into_iter().flatten() {
                if pattern.matches(name) {
                    take(*leg);
                }
            }
        };
        bucket("");
        name.match_indices('.')
            .for_each(|(dot, _)| bucket(&name[dot + 1..]));
    }
}
