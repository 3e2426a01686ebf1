//! Lists of objects with a network each: AWS, Google, Oracle, Atlassian.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::draft::{ImportDraft, Leftover, Place};
use super::{endpoints, left, ranges, region, scalar, sources, texts};

/// Networks by what groups them: service, region, and whether they are sources.
type Groups<'a> = BTreeMap<(String, String, bool), Vec<&'a str>>;

/// Reads the list, if it is one of these.
pub(super) fn read(
    value: &Value,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> Option<&'static str> {
    let mut groups = Groups::new();
    let words = prefixes(value, &mut groups, rest)
        .or_else(|| oracle(value, &mut groups, rest))
        .or_else(|| items(value, &mut groups, rest))?;
    for ((service, place, inward), networks) in groups {
        let count = networks.len();
        let name = [service.as_str(), place.as_str()].join(" ");
        let to = endpoints(networks, name.trim(), rest);
        if to.is_empty() {
            continue;
        }
        let cite = Place {
            table: "prefixes".to_owned(),
            row: format!("{}: {count}", name.trim()),
            line: None,
        };
        let title = if service.is_empty() {
            words
        } else {
            service.as_str()
        };
        let mut entry = ranges(title, title, to, cite);
        if !place.is_empty() {
            entry.regions = region(&place);
        }
        draft
            .entries
            .push(if inward { sources(entry) } else { entry });
    }
    Some(words)
}

/// AWS (`ip_prefix`, `ipv6_prefix`) and Google (`ipv4Prefix`, `ipv6Prefix`).
fn prefixes<'a>(
    value: &'a Value,
    groups: &mut Groups<'a>,
    rest: &mut Vec<Leftover>,
) -> Option<&'static str> {
    let lists = ["prefixes", "ipv6_prefixes"];
    let all: Vec<(&str, &Vec<Value>)> = lists
        .iter()
        .filter_map(|key| Some((*key, value.get(*key)?.as_array()?)))
        .collect();
    let keys = ["ip_prefix", "ipv6_prefix", "ipv4Prefix", "ipv6Prefix"];
    let fits = |one: &Value| keys.iter().any(|key| one.get(*key).is_some());
    if !all.iter().any(|(_, list)| list.iter().any(fits)) {
        return None;
    }
    let mut google = false;
    for (name, list) in all {
        for (at, one) in list.iter().enumerate() {
            let Some(network) = keys.iter().find_map(|key| one.get(*key)?.as_str()) else {
                rest.push(left(
                    &format!("{name}[{at}]"),
                    &one.to_string(),
                    "no prefix in it",
                ));
                continue;
            };
            google |= one.get("ipv4Prefix").is_some();
            let word = |key: &str| {
                one.get(key)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let place = [word("region"), word("scope")].concat();
            let key = (word("service"), place, false);
            groups.entry(key).or_default().push(network);
        }
    }
    Some(if google {
        "the ranges of Google"
    } else {
        "the ranges of AWS"
    })
}

/// `regions[] {region, cidrs[] {cidr, tags[]}}`.
fn oracle<'a>(
    value: &'a Value,
    groups: &mut Groups<'a>,
    rest: &mut Vec<Leftover>,
) -> Option<&'static str> {
    let regions = value.get("regions")?.as_array()?;
    if !regions.iter().any(|one| one.get("cidrs").is_some()) {
        return None;
    }
    for (at, one) in regions.iter().enumerate() {
        let place = one.get("region").and_then(scalar).unwrap_or_default();
        let Some(cidrs) = one.get("cidrs").and_then(Value::as_array) else {
            rest.push(left(&format!("regions[{at}]"), &place, "no `cidrs` in it"));
            continue;
        };
        for cidr in cidrs {
            let tags = texts(cidr.get("tags")).join(" ");
            match cidr.get("cidr").and_then(Value::as_str) {
                Some(network) => groups
                    .entry((tags, place.clone(), false))
                    .or_default()
                    .push(network),
                None => rest.push(left(
                    &format!("regions[{at}]"),
                    &cidr.to_string(),
                    "no `cidr` in it",
                )),
            }
        }
    }
    Some("the ranges of Oracle's cloud")
}

/// Atlassian: `items[] {cidr, region[], product[], direction[]}`; directions are the vendor's: its egress calls the site.
fn items<'a>(
    value: &'a Value,
    groups: &mut Groups<'a>,
    rest: &mut Vec<Leftover>,
) -> Option<&'static str> {
    let items = value.get("items")?.as_array()?;
    if !items
        .iter()
        .any(|one| one.get("cidr").is_some() && one.get("direction").is_some())
    {
        return None;
    }
    for (at, one) in items.iter().enumerate() {
        let Some(network) = one.get("cidr").and_then(Value::as_str) else {
            rest.push(left(
                &format!("items[{at}]"),
                &one.to_string(),
                "no `cidr` in it",
            ));
            continue;
        };
        let product = texts(one.get("product")).join(" ");
        let regions = texts(one.get("region"));
        let place = match regions.as_slice() {
            [one] => (*one).to_owned(),
            _ => String::new(),
        };
        let directions = texts(one.get("direction"));
        for inward in [false, true] {
            let word = if inward { "egress" } else { "ingress" };
            if directions.contains(&word) {
                groups
                    .entry((product.clone(), place.clone(), inward))
                    .or_default()
                    .push(network);
            }
        }
        if directions.is_empty() {
            rest.push(left(
                &format!("items[{at}]"),
                network,
                "no direction: it may be a source",
            ));
        }
    }
    Some("the ranges of Atlassian")
}
