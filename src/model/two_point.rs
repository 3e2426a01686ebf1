//! What is there for one point of a path, or for two.

use super::Merge;

/// One thing for the point that is looked at and, where another lies outside of what may stop traffic, one for that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TwoPoint<T> {
    /// At the inner point, or at the only one.
    pub inside: T,
    /// At the outer point, where there is one.
    pub outside: Option<T>,
}

impl<T> TwoPoint<T> {
    /// At one point only.
    pub const fn alone(inside: T) -> Self {
        Self {
            inside,
            outside: None,
        }
    }

    /// What becomes of it at each point.
    pub fn map<U>(self, mut of: impl FnMut(T) -> U) -> TwoPoint<U> {
        TwoPoint {
            inside: of(self.inside),
            outside: self.outside.map(of),
        }
    }

    /// Each, to be changed: the inner one first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        std::iter::once(&mut self.inside).chain(&mut self.outside)
    }
}

impl<T: Merge> Merge for TwoPoint<T> {
    fn merge(&mut self, other: Self) {
        self.inside.merge(other.inside);
        match (&mut self.outside, other.outside) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }
}
