//! A list without the networks of another one: Google's own services are `goog.json` without `cloud.json`.

use ipnet::IpNet;

use super::super::draft::{DraftDestination, ImportDraft};

/// Takes the networks of another list, and names that it has too, out of a draft; gives how many entries were changed.
/// Rows that have nothing left go.
pub(in crate::import) fn take_out(other: &ImportDraft, draft: &mut ImportDraft) -> usize {
    let other = OtherList::of(other);
    let mut changed = 0;
    for entry in &mut draft.entries {
        let to: Vec<DraftDestination> = entry.to.iter().flat_map(|to| other.left_of(to)).collect();
        let networks = entry
            .networks
            .iter()
            .flat_map(|network| other.left(network));
        let networks: Vec<String> = networks.collect();
        let hosts = |list: &[DraftDestination]| -> Vec<String> {
            list.iter().map(|to| to.endpoint.host.clone()).collect()
        };
        changed += usize::from(hosts(&to) != hosts(&entry.to) || networks != entry.networks);
        entry.pool = to.len() > 1 && (entry.pool || entry.to.len() == 1);
        (entry.to, entry.networks) = (to, networks);
    }
    let had = |entry: &super::super::draft::DraftEntry| {
        !entry.to.is_empty() || !entry.networks.is_empty() || !entry.roles.is_empty()
    };
    draft.entries.retain(had);
    changed
}

/// What the other list has.
struct OtherList<'a> {
    /// Ascending and apart.
    networks: Vec<IpNet>,
    /// Ascending.
    names: Vec<&'a str>,
}

impl<'a> OtherList<'a> {
    fn of(other: &'a ImportDraft) -> Self {
        let (mut networks, mut names) = (Vec::new(), Vec::new());
        for text in other.entries.iter().flat_map(|entry| {
            let named = entry.to.iter().map(|to| to.endpoint.host.as_str());
            named.chain(entry.networks.iter().map(String::as_str))
        }) {
            match network(text) {
                Some(network) => networks.push(network),
                None => names.push(text),
            }
        }
        names.sort_unstable();
        let networks = IpNet::aggregate(&networks);
        Self { networks, names }
    }

    /// What is left of a host or a network.
    fn left(&self, host: &str) -> Vec<String> {
        let Some(network) = network(host) else {
            return match self.names.binary_search(&host) {
                Ok(_) => Vec::new(),
                Err(_) => vec![host.to_owned()],
            };
        };
        // Ascending and apart, so those that overlap stand side by side.
        let before = |other: &IpNet| other.broadcast() < network.network();
        let first = self.networks.partition_point(before);
        let within = self.networks[first..]
            .iter()
            .take_while(|other| other.network() <= network.broadcast());
        let within: Vec<IpNet> = within.copied().collect();
        if within.is_empty() {
            return vec![host.to_owned()];
        }
        let parts = without(network, &within);
        parts.iter().map(ToString::to_string).collect()
    }

    fn left_of(&self, to: &DraftDestination) -> impl Iterator<Item = DraftDestination> {
        self.left(&to.endpoint.host).into_iter().map(move |host| {
            let mut part = to.clone();
            if part.endpoint.host != host {
                let printed = &mut part.endpoint.printed;
                printed.get_or_insert(to.endpoint.host.clone());
            }
            part.endpoint.host = host;
            part
        })
    }
}

fn network(text: &str) -> Option<IpNet> {
    let whole = text.parse::<IpNet>().ok();
    whole
        .or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
        .map(|network| network.trunc())
}

/// What is left of a network without some that overlap it, as the fewest networks.
fn without(network: IpNet, gone: &[IpNet]) -> Vec<IpNet> {
    let touching: Vec<IpNet> = gone
        .iter()
        .filter(|other| other.contains(&network) || network.contains(*other))
        .copied()
        .collect();
    if touching.is_empty() {
        return vec![network];
    }
    if touching.iter().any(|other| other.contains(&network)) {
        return Vec::new();
    }
    let halves = network.subnets(network.prefix_len() + 1);
    let halves = halves.into_iter().flatten();
    halves.flat_map(|half| without(half, &touching)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_are_the_fewest_networks() {
        let left = |network: &str, gone: &[&str]| {
            let gone: Vec<IpNet> = gone.iter().map(|text| text.parse().unwrap()).collect();
            let all = without(network.parse().unwrap(), &gone);
            all.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(left("10.0.0.0/8", &["11.0.0.0/8"]), "10.0.0.0/8");
        assert_eq!(left("10.0.0.0/8", &["10.0.0.0/8"]), "");
        assert_eq!(left("10.1.0.0/16", &["10.0.0.0/8"]), "");
        assert_eq!(
            left("192.0.2.0/24", &["192.0.2.64/26"]),
            "192.0.2.0/26 192.0.2.128/25"
        );
        assert_eq!(
            left("2001:db8::/32", &["2001:db8:8000::/34"]),
            "2001:db8::/33 2001:db8:c000::/34"
        );
    }
}
