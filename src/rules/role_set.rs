//! Sets of roles.

use smallvec::SmallVec;

use super::RoleIndex;

/// A set of roles of one [`super::Library`], as bits; up to 128 roles without heap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoleSet(SmallVec<[u64; 2]>);

impl RoleSet {
    /// The set of some roles.
    #[must_use]
    pub fn of(roles: impl IntoIterator<Item = RoleIndex>) -> Self {
        let mut set = Self::default();
        roles.into_iter().for_each(|role| set.insert(role));
        set
    }

    /// Puts a role in.
    pub fn insert(&mut self, role: RoleIndex) {
        let word = role.index() / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (role.index() % 64);
    }

    /// Puts all of another set in.
    pub fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    /// Whether a role is in it.
    #[must_use]
    pub fn contains(&self, role: RoleIndex) -> bool {
        self.0
            .get(role.index() / 64)
            .is_some_and(|word| word & (1 << (role.index() % 64)) != 0)
    }

    /// Whether a role is in both.
    #[must_use]
    pub fn intersects(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    /// Whether there is none in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// The roles, ascending.
    pub fn iter(&self) -> impl Iterator<Item = RoleIndex> + '_ {
        self.0.iter().enumerate().flat_map(|(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(RoleIndex::at(place * 64 + bit))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_any_number_of_roles() {
        let role = RoleIndex::new;
        let mut set = RoleSet::of([role(3), role(200)]);
        assert!(set.contains(role(200)) && !set.contains(role(64)) && !set.contains(role(5000)));
        set.extend(&RoleSet::of([role(64)]));
        assert_eq!(
            set.iter().map(RoleIndex::index).collect::<Vec<_>>(),
            [3, 64, 200]
        );
        assert!(
            set.intersects(&RoleSet::of([role(64)])) && !set.intersects(&RoleSet::of([role(65)]))
        );
        assert!(RoleSet::default().is_empty() && !set.is_empty());
    }
}
