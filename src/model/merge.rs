//! The contract of everything that is gathered in parts.

/// Evidence that can be gathered in parts and put together.
///
/// Laws, each a property test where a type implements it: `Default` is the identity; `merge` is associative and
/// commutative. Nothing may depend on which part was merged first.
pub trait Merge: Default {
    /// Takes all of `other` into `self`.
    fn merge(&mut self, other: Self);
}

#[cfg(test)]
pub(crate) mod laws {
    use std::fmt::Debug;

    use super::Merge;

    /// Holds some parts to the laws.
    #[track_caller]
    pub(crate) fn hold<T: Merge + Clone + PartialEq + Debug>(parts: &[T; 3]) {
        let [a, b, c] = parts;
        let of = |one: &T, other: &T| {
            let mut one = one.clone();
            one.merge(other.clone());
            one
        };
        for part in parts {
            assert_eq!(of(&T::default(), part), *part, "the identity before");
            assert_eq!(of(part, &T::default()), *part, "the identity behind");
        }
        assert_eq!(of(a, b), of(b, a), "commutative");
        assert_eq!(of(&of(a, b), c), of(a, &of(b, c)), "associative");
        assert_eq!(of(&of(a, c), b), of(a, &of(b, c)), "in another order");
    }
}
