//! The contract of everything that is gathered in parts.

/// Evidence that can be gathered in parts and put together.
///
/// Laws, each a property test where a type implements it: `Default` is the identity; `merge` is associative and
/// commutative. Nothing may depend on which part was merged first.
pub trait Merge: Default {
    /// Takes all of `other` into `self`.
    fn merge(&mut self, other: Self);
}
