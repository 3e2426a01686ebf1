//! One of two points of a path: interfaces that lie inside or outside of what may stop traffic.

use crate::decode::device::interface_in;
use crate::source::{Frame, Interface};

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
    /// Which frames are elsewhere, where interfaces are described so.
    pub(super) fn elsewhere(&self, interfaces: &[Interface]) -> Elsewhere {
        let named = |names: &[String], interface: &Interface| names.contains(&interface.name);
        let all = interfaces.iter();
        match self {
            Self::Everywhere => Elsewhere::default(),
            Self::At(names) => Elsewhere {
                interfaces: all.map(|interface| !named(names, interface)).collect(),
                named: Some((false, names.clone())),
            },
            Self::NotAt(names) => Elsewhere {
                interfaces: all.map(|interface| named(names, interface)).collect(),
                named: Some((true, names.clone())),
            },
        }
    }
}

/// Which frames are those of another point: by the interface that captured them, or by the one that they name themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Elsewhere {
    interfaces: Vec<bool>,
    /// Whether frames that name one of these interfaces are elsewhere, or the others.
    named: Option<(bool, Vec<String>)>,
}

impl Elsewhere {
    /// By the ordinals of interfaces alone; an empty list where none is elsewhere.
    pub(super) fn by_ordinal(interfaces: &[bool]) -> Self {
        Self {
            interfaces: interfaces.to_vec(),
            named: None,
        }
    }

    #[inline]
    pub(super) fn has(&self, frame: &Frame<'_>) -> bool {
        let by_ordinal = || self.interfaces.get(frame.interface as usize);
        match &self.named {
            Some((those, names)) => match interface_in(frame.link_type.0, frame.bytes) {
                Some(name) => names.contains(&name) == *those,
                None => by_ordinal().copied().unwrap_or(!those),
            },
            None => by_ordinal().copied().unwrap_or(false),
        }
    }
}
