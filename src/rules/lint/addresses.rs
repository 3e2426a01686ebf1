//! Addresses that are nobody's, that listed names have, and names that have none.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::code;
use super::super::problem::Problems;
use super::super::{Direction, PatternKind, Target, is_private};
use super::{Item, Lists, short};

/// The most names that are told with an address.
const NAMED: usize = 3;

pub(super) fn addresses(lists: &Lists<'_>, items: &[Item<'_>], problems: &mut Problems) {
    nobodys(items, problems);
    if lists.facts.addresses.is_empty() {
        return;
    }
    let by_address = names_by_address(lists, items, problems);
    for item in items {
        let Target::Network(network) = &item.destination.target else {
            continue;
        };
        let (from, to) = (network.network(), network.broadcast());
        let names: BTreeSet<&str> = by_address
            .range(from..=to)
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        if names.is_empty() {
            continue;
        }
        let first: Vec<&str> = names.iter().take(NAMED).copied().collect();
        let more = match names.len() - first.len() {
            0 => String::new(),
            more => format!(" and {more} more names"),
        };
        let message = format!(
            "`{network}` of `{}` holds addresses of {}{more}, which are listed by name",
            short(item.row),
            first.join(", ")
        );
        let hint =
            "a name is followed where it goes; an address beside it is one of today".to_owned();
        problems.note(
            item.source,
            code::ADDRESS_OF_NAME,
            item.span.clone(),
            message,
            hint,
        );
    }
}

/// The whole names that are listed, by the addresses that are known of them; those without any are told.
fn names_by_address<'a>(
    lists: &Lists<'a>,
    items: &[Item<'_>],
    problems: &mut Problems,
) -> BTreeMap<IpAddr, BTreeSet<&'a str>> {
    let mut by_address: BTreeMap<IpAddr, BTreeSet<&str>> = BTreeMap::new();
    for item in items {
        let name = match &item.destination.target {
            Target::Name(name) if name.kind() == PatternKind::Exact => name,
            _ => continue,
        };
        match lists.facts.addresses.get_key_value(name.as_str()) {
            Some((name, addresses)) => {
                for ip in addresses {
                    let names = by_address.entry(ip.to_canonical()).or_default();
                    names.insert(name.as_str());
                }
            }
            None if item.row.deny => {}
            None => {
                let message = format!("--dns-seed has no address for `{name}`");
                problems.warning(
                    item.source,
                    code::NEVER_RESOLVED,
                    item.span.clone(),
                    message,
                    None,
                );
            }
        }
    }
    by_address
}

fn nobodys(items: &[Item<'_>], problems: &mut Problems) {
    for item in items
        .iter()
        .filter(|item| item.row.direction == Direction::Outbound && !item.row.deny)
    {
        let Target::Network(network) = &item.destination.target else {
            continue;
        };
        if let Some(what) = reserved(network.addr()).filter(|_| network.prefix_len() > 0) {
            let message = format!("`{network}` is {what}: nobody's on the Internet");
            problems.warning(
                item.source,
                code::PRIVATE_ADDRESS,
                item.span.clone(),
                message,
                "hosts of the site are a role, and the site file gives it addresses".to_owned(),
            );
        }
    }
}

/// What an address is that is no server's on the Internet (RFC 6890).
fn reserved(ip: IpAddr) -> Option<&'static str> {
    match ip {
        _ if is_private(ip) => Some("a private address"),
        _ if ip.is_multicast() => Some("a multicast address"),
        _ if ip.is_unspecified() => Some("no address"),
        IpAddr::V4(ip) if ip.octets()[0] == 0 || ip.octets()[0] >= 240 => {
            Some("a reserved address")
        }
        _ => None,
    }
}
