//! One of two points of a path: interfaces that lie inside or outside of what may stop traffic.

use crate::source::Interface;

/// Which frames count, by the names of the interfaces that captured them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Point {
    /// All.
    #[default]
    Everywhere,
    /// Those of interfaces with one of these names.
    At(Vec<String>),
    /// Those of all other interfaces.
    NotAt(Vec<String>),
}

impl Point {
    /// Which interfaces are elsewhere, by their ordinal; an empty list where none is.
    pub(super) fn elsewhere(&self, interfaces: &[Interface]) -> Vec<bool> {
        let named = |names: &[String], interface: &Interface| names.contains(&interface.name);
        let all = interfaces.iter();
        match self {
            Self::Everywhere => Vec::new(),
            Self::At(names) => all.map(|interface| !named(names, interface)).collect(),
            Self::NotAt(names) => all.map(|interface| named(names, interface)).collect(),
        }
    }
}
