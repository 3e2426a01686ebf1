//! Destinations that are told by who the responder is and not by a name or address in the rule: roles, anything,
//! the host itself. By port, since that is what tells such rules apart.

use hashbrown::HashMap;

use super::Legs;
use crate::model::PortSet;

/// A range wider than this is looked at for every port, instead of standing under each of its ports.
const WIDE: usize = 64;

/// Legs by destination class and port.
#[derive(Debug, Default)]
pub(in crate::rules) struct Services {
    by_port: HashMap<(u32, u16), Legs>,
    /// Any port, or wide ranges.
    wide: HashMap<u32, Vec<u32>>,
    all: HashMap<u32, Vec<u32>>,
}

impl Services {
    /// Adds a leg for some ports (empty = any) of a class of destinations.
    pub(in crate::rules) fn insert(&mut self, class: u32, ports: &PortSet, leg: u32) {
        self.all.entry(class).or_default().push(leg);
        let count: usize = ports
            .ranges()
            .iter()
            .map(|(a, b)| usize::from(b - a) + 1)
            .sum();
        if count == 0 || count > WIDE {
            self.wide.entry(class).or_default().push(leg);
            return;
        }
        for port in ports.ranges().iter().flat_map(|(a, b)| *a..=*b) {
            self.by_port.entry((class, port)).or_default().push(leg);
        }
    }

    /// Calls `take` with the legs of a class that may take a port.
    pub(in crate::rules) fn each(&self, class: u32, port: u16, mut take: impl FnMut(&[u32])) {
        if let Some(legs) = self.by_port.get(&(class, port)) {
            take(legs);
        }
        if let Some(legs) = self.wide.get(&class) {
            take(legs);
        }
    }

    /// All legs of a class, whatever the port, ascending.
    pub(in crate::rules) fn all(&self, class: u32) -> &[u32] {
        self.all.get(&class).map_or(&[], |legs| legs)
    }
}
