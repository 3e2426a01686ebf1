//! Exact names: one hash probe.

use std::sync::Arc;

use hashbrown::HashMap;

use super::Legs;

/// Legs by exact name.
#[derive(Debug, Default)]
pub(in crate::rules) struct ExactNames(HashMap<Arc<str>, Legs>);

impl ExactNames {
    pub(in crate::rules) fn insert(&mut self, name: Arc<str>, leg: u32) {
        self.0.entry(name).or_default().push(leg);
    }

    /// The legs of a name.
    pub(in crate::rules) fn find(&self, name: &str) -> &[u32] {
        self.0.get(name).map_or(&[], |legs| legs)
    }
}
