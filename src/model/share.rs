//! Work split among threads by what its items have in common.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use rayon::prelude::*;

/// One thread's share of items: those whose hashes fall to it. What has one hash is in one share.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    number: u64,
    of: u64,
}

impl Share {
    /// What `work` makes of each share, one for each thread, in no order that says anything.
    pub fn each<T: Send, L: IntoIterator<Item = T>>(
        work: impl Fn(Self) -> L + Sync + Send,
    ) -> impl ParallelIterator<Item = T>
    where
        L::IntoIter: Send,
    {
        let of = rayon::current_num_threads() as u64;
        let shares = (0..of).into_par_iter();
        shares.flat_map_iter(move |number| work(Self { number, of }))
    }

    /// Whether what has this hash is in it.
    #[must_use]
    pub const fn has_hash(self, hash: u64) -> bool {
        hash % self.of == self.number
    }

    /// Whether what has this in common is in it.
    #[must_use]
    pub fn has(self, common: &impl Hash) -> bool {
        self.has_hash(FixedState::default().hash_one(common))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_in_one_share() {
        let mut all: Vec<u32> =
            Share::each(|share| (0..1000).filter(move |i| share.has(i))).collect();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
    }
}
