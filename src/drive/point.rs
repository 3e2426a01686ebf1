//! One of two points of a path: interfaces, or ways through one, that lie inside or outside of what may stop traffic.

use crate::decode::device::interface_in;
use crate::source::{Frame, FrameDirection, Interface};

/// Which frames count, by the names of the interfaces that captured them; `inbound` and `outbound` name the ways through
/// one, as far as a file says them (pcapng).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
        let (names, named_are_elsewhere) = match self {
            Self::Everywhere => return Elsewhere::default(),
            Self::At(names) => (names, false),
            Self::NotAt(names) => (names, true),
        };
        let named = |interface: &Interface| names.contains(&interface.name);
        let directions = FrameDirection::ALL.iter().copied();
        Elsewhere {
            interfaces: interfaces.iter().map(named).collect(),
            directions: directions
                .filter(|way| names.iter().any(|name| name == way.as_str()))
                .collect(),
            names: names.clone(),
            others: !named_are_elsewhere,
        }
    }
}

/// Which frames are those of another point: by the interface that captured them, by the one that they name themselves, or
/// by the way that they went through it.
#[derive(Clone, Debug, Default)]
pub(super) struct Elsewhere {
    /// Whether an interface is named, by its ordinal.
    interfaces: Vec<bool>,
    /// Names of interfaces that frames may have themselves.
    names: Vec<String>,
    directions: Vec<FrameDirection>,
    /// Whether those that are not named are elsewhere, instead of those that are.
    others: bool,
}

impl Elsewhere {
    /// By the ordinals of interfaces alone; an empty list where none is elsewhere.
    pub(super) fn by_ordinal(interfaces: &[bool]) -> Self {
        Self {
            interfaces: interfaces.to_vec(),
            ..Self::default()
        }
    }

    /// Whether there can be any.
    pub(super) const fn any(&self) -> bool {
        self.others || !self.interfaces.is_empty() || !self.names.is_empty()
    }

    #[inline]
    pub(super) fn has(&self, frame: &Frame<'_>) -> bool {
        self.is_named(frame) != self.others
    }

    #[inline]
    fn is_named(&self, frame: &Frame<'_>) -> bool {
        let by_ordinal = || self.interfaces.get(frame.interface as usize);
        if self.names.is_empty() {
            return by_ordinal().copied().unwrap_or(false);
        }
        let way = frame.note.direction;
        if way.is_some_and(|way| self.directions.contains(&way)) {
            return true;
        }
        match interface_in(frame.link_type.0, frame.bytes) {
            Some(name) => self.names.contains(&name),
            None => by_ordinal().copied().unwrap_or(false),
        }
    }
}
