//! A bounded list of damage, so that a hostile file cannot fill the memory with complaints.

use super::Damage;

/// Damage in the order found. The first [`DamageLog::KEPT`] places are kept in full, further ones only counted; what
/// ended the reading is always told.
#[derive(Debug, Default)]
pub(super) struct DamageLog {
    places: Vec<Damage>,
    uncounted: u64,
}

impl DamageLog {
    /// Places that are kept in full.
    const KEPT: usize = 100;

    /// Without any.
    pub(super) const fn new() -> Self {
        Self {
            places: Vec::new(),
            uncounted: 0,
        }
    }

    /// Takes what was found in the part that follows.
    pub(super) fn append(&mut self, next: Self) {
        for (place, found) in next.places.into_iter().enumerate() {
            match found.fatal {
                true => self.places.push(found),
                false if place == Self::KEPT => self.count(found.offset, next.uncounted),
                false => self.skipped(found.offset, found.what),
            }
        }
    }

    /// A place that was skipped.
    pub(super) fn skipped(&mut self, offset: u64, what: impl Into<String>) {
        if self.places.len() < Self::KEPT {
            self.places.push(Damage {
                offset,
                fatal: false,
                what: what.into(),
            });
            return;
        }
        self.count(offset, 1);
    }

    /// Counts places that are not kept in full, from the first of them on.
    fn count(&mut self, offset: u64, more: u64) {
        self.uncounted += more;
        let what = format!(
            "{} more damaged places follow, the first of them here",
            self.uncounted
        );
        match self.places.get_mut(Self::KEPT) {
            Some(known) => known.what = what,
            None => self.places.push(Damage {
                offset,
                fatal: false,
                what,
            }),
        }
    }

    /// The place where reading had to stop.
    pub(super) fn stopped(&mut self, offset: u64, what: impl Into<String>) {
        self.places.push(Damage {
            offset,
            fatal: true,
            what: what.into(),
        });
    }

    /// All of it.
    pub(super) fn places(&self) -> &[Damage] {
        &self.places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_bounded_and_the_end_is_always_told() {
        let mut log = DamageLog::default();
        for offset in 0..1_000_000 {
            log.skipped(offset, "x");
        }
        log.stopped(2_000_000, "the end");
        assert_eq!(log.places().len(), DamageLog::KEPT + 2);
        assert_eq!(log.places()[100].offset, 100);
        assert_eq!(
            log.places()[100].what,
            "999900 more damaged places follow, the first of them here"
        );
        assert!(log.places()[101].fatal);
    }

    #[test]
    fn parts_that_follow_each_other_tell_what_one_piece_tells() {
        for (of_first, of_second) in [
            (0, 3),
            (3, 0),
            (99, 2),
            (60, 500),
            (500, 60),
            (0, 500),
            (300, 300),
        ] {
            let mut whole = DamageLog::default();
            let mut parts = [DamageLog::default(), DamageLog::default()];
            for place in 0..of_first + of_second {
                whole.skipped(place, format!("{place}"));
                parts[usize::from(place >= of_first)].skipped(place, format!("{place}"));
            }
            whole.stopped(10_000, "the end");
            parts[1].stopped(10_000, "the end");
            let [mut first, second] = parts;
            first.append(second);
            assert_eq!(first.places(), whole.places(), "{of_first} and {of_second}");
        }
    }
}
