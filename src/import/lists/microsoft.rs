//! Microsoft's lists: the 365 endpoints web service, and Azure service tags.

use serde_json::Value;

use super::super::draft::{DraftEntry, ImportDraft, Leftover, Place};
use super::super::traffic::{self, Traffic};
use super::{endpoints as read_all, left, ranges, region, scalar, texts};
use crate::rules::Need;

/// The 365 endpoints: an array of sets, each with `urls` or `ips` and ports.
pub(super) fn endpoints(
    value: &Value,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> Option<&'static str> {
    let sets = value.as_array()?;
    let is_set = |set: &Value| {
        set.get("serviceArea").is_some() && (set.get("urls").is_some() || set.get("ips").is_some())
    };
    if !sets.iter().any(is_set) {
        return None;
    }
    "Microsoft".clone_into(&mut draft.vendor);
    "Microsoft 365".clone_into(&mut draft.product);
    draft.notes.push("names and addresses of a set are two ways to say one requirement: for proxies and for packet filters".to_owned());
    for (at, set) in sets.iter().enumerate() {
        match is_set(set) {
            true => draft
                .entries
                .extend(one_set(set, at, &mut draft.features, rest)),
            false => rest.push(left(
                &format!("[{at}]"),
                &set.to_string(),
                "no `urls`, `ips` and `serviceArea`",
            )),
        }
    }
    Some("the endpoints of Microsoft 365")
}

/// The keys of a set that are read.
const KNOWN: &[&str] = &[
    "id",
    "serviceArea",
    "serviceAreaDisplayName",
    "urls",
    "ips",
    "tcpPorts",
    "udpPorts",
    "expressRoute",
    "category",
    "required",
    "notes",
];

fn one_set(
    set: &Value,
    at: usize,
    features: &mut std::collections::BTreeMap<String, String>,
    rest: &mut Vec<Leftover>,
) -> Option<DraftEntry> {
    let written = |name: &str| set.get(name).and_then(scalar);
    let word = |name: &str| written(name).filter(|text| !text.is_empty());
    let id = written("id").unwrap_or_else(|| at.to_string());
    let key = format!("id {id}");
    for (name, value) in set.as_object()? {
        if !KNOWN.contains(&name.as_str()) {
            let text = format!("{name}: {value}");
            rest.push(left(&key, &text, "a key that is not known"));
        }
    }
    let urls = read_all(texts(set.get("urls")), &key, rest);
    let ips = read_all(texts(set.get("ips")), &key, rest);
    let to: Vec<_> = urls.into_iter().chain(ips).collect();
    if to.is_empty() {
        return None;
    }
    let traffic = ports_of(set, &key, rest);
    let area = word("serviceAreaDisplayName").or_else(|| word("serviceArea"));
    let area = area.unwrap_or_default();
    let notes = word("notes");
    let required = set.get("required").and_then(Value::as_bool).unwrap_or(true);
    let feature = (!required).then(|| format!("endpoint-set-{id}"));
    if let Some(feature) = &feature {
        let about = notes.clone();
        let about = about.unwrap_or_else(|| format!("{area}: the optional set {id}"));
        features.insert(feature.clone(), about);
    }
    let category = word("category").map(|category| match category.as_str() {
        "Optimize" => "category Optimize: not through a proxy".to_owned(),
        other => format!("category {other}"),
    });
    let short = word("serviceArea").unwrap_or_else(|| "set".to_owned());
    Some(DraftEntry {
        key: Some(format!("{short} {id}")),
        service: area,
        pool: to.len() > 1,
        to,
        traffic,
        need: match required {
            true => Need::Required,
            false => Need::Conditional,
        },
        feature,
        hints: notes.into_iter().chain(category).collect(),
        must_see: true,
        place: Place {
            table: "endpoints".to_owned(),
            row: key,
            line: None,
        },
        ..DraftEntry::default()
    })
}

fn ports_of(set: &Value, key: &str, rest: &mut Vec<Leftover>) -> Traffic {
    let mut told = Traffic::default();
    for (name, tcp) in [("tcpPorts", true), ("udpPorts", false)] {
        let Some(text) = set.get(name).and_then(scalar) else {
            continue;
        };
        let Some(ports) = traffic::read(&text) else {
            rest.push(left(key, &text, "no list of ports"));
            continue;
        };
        let ports = ports.ports.into_iter();
        told.ports.extend(ports.map(|p| traffic::Ports {
            tcp,
            udp: !tcp,
            ..p
        }));
    }
    told
}

/// Azure service tags: `values[]` with `properties.addressPrefixes[]`.
pub(super) fn service_tags(
    value: &Value,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> Option<&'static str> {
    let tags = value.get("values")?.as_array()?;
    let prefixes = |tag: &Value| tag.pointer("/properties/addressPrefixes").is_some();
    if !tags.iter().any(prefixes) {
        return None;
    }
    "Microsoft".clone_into(&mut draft.vendor);
    "Azure service tags".clone_into(&mut draft.product);
    draft.notes.push(
        "a tag and the same tag of a region are both listed: addresses stand in more than one row"
            .to_owned(),
    );
    for (at, tag) in tags.iter().enumerate() {
        let name = tag
            .get("name")
            .and_then(scalar)
            .unwrap_or_else(|| format!("values[{at}]"));
        let to = read_all(
            texts(tag.pointer("/properties/addressPrefixes")),
            &name,
            rest,
        );
        if to.is_empty() {
            rest.push(left(&name, "", "a tag without addresses"));
            continue;
        }
        let where_ = tag
            .pointer("/properties/region")
            .and_then(scalar)
            .unwrap_or_default();
        let place = Place {
            table: "values".to_owned(),
            row: name.clone(),
            line: None,
        };
        let mut entry = ranges(&name, &name, to, place);
        if !where_.is_empty() {
            entry.regions = region(&where_);
        }
        draft.entries.push(entry);
    }
    Some("Azure service tags")
}
