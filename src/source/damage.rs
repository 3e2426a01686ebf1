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

    /// A place that was skipped.
    pub(super) fn skipped(&mut self, offset: u64, what: impl Into<String>) {
        let fatal = false;
        if self.places.len() < Self::KEPT {
            self.places.push(Damage {
                offset,
                fatal,
                what: what.into(),
            });
            return;
        }
        self.uncounted += 1;
        let what = format!(
            "{} more damaged places follow, the first of them here",
            self.uncounted
        );
        match self.places.get_mut(Self::KEPT) {
            Some(more) => more.what = what,
            None => self.places.push(Damage {
                offset,
                fatal,
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
}
