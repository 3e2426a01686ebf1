//! Whether a wildcard or network of one side covers a destination of the other, by the same way.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::opening::{Facts, OpenDestination, Openings, Way};

/// The wildcards and networks of a side.
pub(super) struct WideOpenings<'a> {
    all: &'a BTreeMap<OpenDestination, Vec<(Way, Facts)>>,
}

impl<'a> WideOpenings<'a> {
    pub(super) fn of(openings: &'a Openings) -> Self {
        Self { all: &openings.all }
    }

    /// What covers a destination by all of these ways; `None` without ways.
    pub(super) fn of_all(&self, destination: &OpenDestination, ways: &[&Way]) -> Option<String> {
        if ways.is_empty() {
            return None;
        }
        let covers = |wider: &OpenDestination| {
            let open = self.all.get(wider)?;
            ways.iter()
                .all(|way| !way.deny && open.iter().any(|(wide, _)| reaches(wide, way)))
                .then(|| wider.text.clone())
        };
        match destination.kind {
            "name" => wider_names(&destination.text).iter().find_map(covers),
            "wildcard" => {
                let below = destination.text.strip_prefix("*.")?;
                (!below.contains(['*', '<'])).then(|| wider_names(below).iter().find_map(covers))?
            }
            "address" | "network" => wider_networks(&destination.text).iter().find_map(covers),
            _ => None,
        }
    }
}

/// Whether one way lets through what another asks for.
pub(super) fn reaches(wide: &Way, way: &Way) -> bool {
    let source = &*wide.source == "any" || wide.source == way.source;
    let region = &*wide.region == "all" || wide.region == way.region;
    let transport = wide.transport.is_empty() || wide.transport == way.transport;
    let ports = wide.ports.0 <= way.ports.0 && way.ports.1 <= wide.ports.1;
    source && region && transport && ports && !wide.deny
}

/// The wildcards that cover a name: one for each label, with and without a dot.
fn wider_names(name: &str) -> Vec<OpenDestination> {
    let mut out = Vec::new();
    let wildcard = |text: String| OpenDestination {
        text,
        kind: "wildcard",
    };
    out.push(wildcard(format!("*{name}")));
    let mut rest = name;
    while let Some((_, below)) = rest.split_once('.') {
        out.push(wildcard(format!("*.{below}")));
        out.push(wildcard(format!("*{below}")));
        rest = below;
    }
    out
}

/// The networks that hold a network.
fn wider_networks(text: &str) -> Vec<OpenDestination> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    let Ok(network) = network else {
        return Vec::new();
    };
    let mut out = Vec::new();
    let mut at = network;
    while let Some(wider) = at.supernet() {
        out.push(OpenDestination {
            text: wider.to_string(),
            kind: "network",
        });
        at = wider;
    }
    out
}
