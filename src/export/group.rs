//! Entries that differ in their destination only become one rule with one set.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::say::{SaidEntry, To};
use super::target::Word;
use crate::model::{PortSet, Transport};
use crate::report::text::visible;
use crate::rules::Initiators;

/// A rule: from, to any of these, on any of these ports.
#[derive(Clone, Debug)]
pub(super) struct AimGroup<'t> {
    pub(super) initiators: &'t Initiators,
    pub(super) ports: &'t PortSet,
    pub(super) transports: &'t [Transport],
    pub(super) apps: &'t [String],
    /// Goes anywhere; the lists are empty then.
    pub(super) anywhere: bool,
    /// Each once, ascending.
    pub(super) words: Vec<Word>,
    /// Merged: none holds another, and neighbours are one.
    pub(super) v4: Vec<Ipv4Net>,
    /// As above.
    pub(super) v6: Vec<Ipv6Net>,
    /// Ids, ascending.
    pub(super) requirements: BTreeSet<&'t str>,
}

/// The entries by all that they share. What goes anywhere is a group of its own.
pub(super) fn groups<'t>(said: &'t [SaidEntry<'t>]) -> Vec<AimGroup<'t>> {
    let mut out: Vec<AimGroup<'t>> = Vec::new();
    for one in said {
        let anywhere = one.to == To::Anywhere;
        let entry = one.entry;
        let same = |group: &&mut AimGroup<'t>| {
            *group.initiators == entry.initiators
                && *group.ports == entry.ports
                && group.transports == entry.transports
                && group.apps == entry.apps
                && group.anywhere == anywhere
        };
        // The table is in the order of what groups share, so a group is among the last two.
        let group = match out.iter_mut().rev().take(2).find(same) {
            Some(group) => group,
            None => {
                out.push(AimGroup {
                    initiators: &entry.initiators,
                    ports: &entry.ports,
                    transports: &entry.transports,
                    apps: &entry.apps,
                    anywhere,
                    words: Vec::new(),
                    v4: Vec::new(),
                    v6: Vec::new(),
                    requirements: BTreeSet::new(),
                });
                let last = out.len() - 1;
                &mut out[last]
            }
        };
        group
            .requirements
            .extend(entry.requirements.iter().map(String::as_str));
        match &one.to {
            To::Words(words) => group.words.extend(words.iter().cloned()),
            To::Networks(networks) => networks.iter().for_each(|network| match network {
                IpNet::V4(network) => group.v4.push(*network),
                IpNet::V6(network) => group.v6.push(*network),
            }),
            To::Anywhere => {}
        }
    }
    for group in &mut out {
        group.words.sort();
        group.words.dedup();
        group.v4 = Ipv4Net::aggregate(&group.v4);
        group.v6 = Ipv6Net::aggregate(&group.v6);
    }
    out
}

impl AimGroup<'_> {
    /// Networks of both families, merged.
    pub(super) fn networks(&self) -> impl Iterator<Item = IpNet> + '_ {
        let v4 = self.v4.iter().map(|network| IpNet::V4(*network));
        v4.chain(self.v6.iter().map(|network| IpNet::V6(*network)))
    }

    /// Networks of the initiators, merged; `None` for anybody.
    pub(super) fn sources(&self) -> Option<Vec<IpNet>> {
        match self.initiators {
            Initiators::Any => None,
            Initiators::Networks(networks) => Some(IpNet::aggregate(networks)),
        }
    }

    /// The transports as words; where the page says none, those that have ports, or `None` for all where it names no port.
    pub(super) fn protocols(&self) -> Option<Vec<Transport>> {
        match (self.transports.is_empty(), self.ports.is_empty()) {
            (false, _) => Some(self.transports.to_vec()),
            (true, false) => Some(vec![Transport::Tcp, Transport::Udp]),
            (true, true) => None,
        }
    }

    /// Its ids for a comment of at most so many characters: whole ones, and how many more there are.
    pub(super) fn because(&self, most: usize) -> String {
        let mut out = String::new();
        let ids = self
            .requirements
            .iter()
            .map(|id| visible(id).replace(['"', ';', '\\'], " "));
        for (place, id) in ids.enumerate() {
            let more = self.requirements.len() - place;
            // Room for the words that say how many are left out.
            if out.len() + id.len() + 16 > most {
                let _ = write!(out, "{}{more} more", if place == 0 { "" } else { " and " });
                break;
            }
            let _ = write!(out, "{}{id}", if place == 0 { "" } else { " " });
        }
        out
    }
}

/// Ports joined, ranges with this between their ends.
pub(super) fn ports_as(ports: &PortSet, to: &str, comma: &str) -> String {
    let text = |(a, b): &(u16, u16)| {
        if a == b {
            a.to_string()
        } else {
            format!("{a}{to}{b}")
        }
    };
    let texts: Vec<String> = ports.ranges().iter().map(text).collect();
    texts.join(comma)
}
