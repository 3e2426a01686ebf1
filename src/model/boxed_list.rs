//! Very many large items in an order.

use std::ops::{Index, IndexMut, Range};
use std::slice;

use rayon::prelude::*;

/// Very many large items in an order, each by itself in memory.
///
/// An item takes the memory that what it is made of leaves, and sorting moves none. In one piece, all items would be there
/// beside all that they are made of, and twice while the piece grows: a third of what naming takes at its peak.
#[derive(Clone, Debug)]
#[allow(clippy::vec_box, reason = "that is what it is")]
pub struct BoxedList<T>(Vec<Box<T>>);

impl<T> BoxedList<T> {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The item at a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&T> {
        self.0.get(place).map(AsRef::as_ref)
    }

    /// Puts one behind all others.
    pub(crate) fn push(&mut self, item: T) {
        self.0.push(Box::new(item));
    }

    /// One after the other.
    pub fn iter(&self) -> BoxedItems<'_, T> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Those at some places, all of which are there.
    pub(crate) fn at(&self, places: Range<usize>) -> BoxedItems<'_, T> {
        self.0[places].iter().map(AsRef::as_ref)
    }
}

impl<T: Sync> BoxedList<T> {
    /// By all threads.
    pub(crate) fn par_iter(&self) -> impl IndexedParallelIterator<Item = &T> {
        self.0.par_iter().map(AsRef::as_ref)
    }
}

impl<T: Send> BoxedList<T> {
    /// Brings them into the order of a key; those of one key stay as they are.
    pub(crate) fn sort_by_key<K: Ord>(&mut self, key: impl Fn(&T) -> K + Sync) {
        self.0.par_sort_by(|a, b| key(a).cmp(&key(b)));
    }
}

/// The items of a [`BoxedList`].
pub type BoxedItems<'a, T> = std::iter::Map<slice::Iter<'a, Box<T>>, fn(&'a Box<T>) -> &'a T>;

impl<'a, T> IntoIterator for &'a BoxedList<T> {
    type Item = &'a T;
    type IntoIter = BoxedItems<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The items, each still by itself.
impl<T> IntoIterator for BoxedList<T> {
    type Item = Box<T>;
    type IntoIter = std::vec::IntoIter<Box<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T> Index<usize> for BoxedList<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        &self.0[place]
    }
}

impl<T> IndexMut<usize> for BoxedList<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        &mut self.0[place]
    }
}

impl<T> Default for BoxedList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<T> for BoxedList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().map(Box::new).collect())
    }
}

impl<T: Send> FromParallelIterator<Box<T>> for BoxedList<T> {
    fn from_par_iter<I: IntoParallelIterator<Item = Box<T>>>(items: I) -> Self {
        Self(items.into_par_iter().collect())
    }
}
