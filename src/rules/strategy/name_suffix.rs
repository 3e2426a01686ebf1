//! `*.x` and `*x`: hash probes at the borders where such a pattern can begin.

use hashbrown::HashMap;

use super::Legs;

/// Legs by suffix.
#[derive(Debug, Default)]
pub(in crate::rules) struct NameSuffixes {
    /// `*.x` by `x`.
    below: HashMap<Box<str>, Legs>,
    /// `*x` by `x`.
    ending: HashMap<Box<str>, Legs>,
    /// Lengths of the keys of `ending`, ascending; at most 253, mostly a handful.
    lengths: Vec<usize>,
}

impl NameSuffixes {
    /// `*.suffix`
    pub(in crate::rules) fn insert_below(&mut self, suffix: &str, leg: u32) {
        self.below.entry(suffix.into()).or_default().push(leg);
    }

    /// `*suffix`
    pub(in crate::rules) fn insert_ending(&mut self, suffix: &str, leg: u32) {
        self.ending.entry(suffix.into()).or_default().push(leg);
        if let Err(place) = self.lengths.binary_search(&suffix.len()) {
            self.lengths.insert(place, suffix.len());
        }
    }

    /// Calls `take` with the legs of every suffix pattern that covers the name.
    pub(in crate::rules) fn each(&self, name: &str, mut take: impl FnMut(&[u32])) {
        if !self.below.is_empty() {
            // A label must stand before the dot, so a dot at the very start is no border.
            for (dot, _) in name.match_indices('.').filter(|(dot, _)| *dot > 0) {
                if let Some(legs) = self.below.get(&name[dot + 1..]) {
                    take(legs);
                }
            }
        }
        for length in self.lengths.iter().take_while(|l| **l <= name.len()) {
            if let Some(legs) = name
                .get(name.len() - length..)
                .and_then(|suffix| self.ending.get(suffix))
            {
                take(legs);
            }
        }
    }
}
