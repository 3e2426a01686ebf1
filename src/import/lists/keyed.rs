//! Lists of texts under keys, of any depth: GitHub `meta`, Fastly, Zscaler, Datadog, Okta, and whatever is alike.

use serde_json::Value;

use super::super::draft::{ImportDraft, Leftover, Place};
use super::super::endpoint::{self, WordReading};
use super::mapping::{self, Mapped};
use super::objects::{self, Around};
use super::{endpoints, left, ranges, scalar, sources, speaks_of_sources};
use crate::rules::Need;

/// How deep keys are followed.
const MOST_DEEP: usize = 16;

/// Keys that tell of the list itself.
const ABOUT: &[&str] = &[
    "syncToken",
    "changeNumber",
    "creationTime",
    "createDate",
    "creationDate",
    "last_updated_timestamp",
    "version",
    "modified",
    "cloud",
    "cloudName",
    "type",
    "versionId",
];

/// Reads the list.
pub(super) fn read(
    value: &Value,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> &'static str {
    let github = value.get("verifiable_password_authentication").is_some()
        || value.get("ssh_key_fingerprints").is_some();
    if github {
        "GitHub".clone_into(&mut draft.vendor);
    }
    let mut rows = Vec::new();
    walk(
        value,
        &mut Vec::new(),
        Around::default(),
        &mut KeyedField {
            draft,
            rest,
            rows: &mut rows,
        },
    );
    if !rows.is_empty() {
        mapping::table(rows, "rows", draft, rest);
    }
    if github {
        "GitHub's meta list"
    } else {
        "JSON with lists under keys"
    }
}

/// Where what is found goes.
struct KeyedField<'f> {
    draft: &'f mut ImportDraft,
    rest: &'f mut Vec<Leftover>,
    /// Objects that are rows by themselves.
    rows: &'f mut Vec<Mapped>,
}

fn walk<'v>(
    value: &'v Value,
    path: &mut Vec<&'v str>,
    around: Around<'v>,
    found: &mut KeyedField<'_>,
) {
    let key = path.join(".");
    match value {
        _ if path.len() > MOST_DEEP => found.rest.push(left(&key, "", "keys go too deep")),
        Value::Object(map) => {
            let known = objects::row(map, around);
            let inside = around.within(map);
            for (name, inner) in map {
                if known
                    .as_ref()
                    .is_some_and(|(_, unknown)| !unknown.contains(&name.as_str()))
                {
                    continue;
                }
                path.push(name);
                walk(inner, path, inside.within_key(name), found);
                path.pop();
            }
            found.rows.extend(known.map(|(cells, _)| (0, key, cells)));
        }
        Value::Array(list) if list.iter().any(Value::is_string) => {
            take(list, &key, found.draft, found.rest);
        }
        Value::Array(list) => {
            for inner in list {
                walk(inner, path, around, found);
            }
        }
        other => {
            let last = path.last().copied().unwrap_or_default();
            if let Some(text) = scalar(other).filter(|_| !ABOUT.contains(&last)) {
                found
                    .rest
                    .push(left(&key, &text, "a value by itself, in no list"));
            }
        }
    }
}

/// One list of texts is one row.
fn take(list: &[Value], key: &str, draft: &mut ImportDraft, rest: &mut Vec<Leftover>) {
    let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    for other in list.iter().filter(|one| !one.is_string()) {
        rest.push(left(key, &other.to_string(), "no text in a list of texts"));
    }
    // A list of keys or fingerprints is told once and not text by text.
    if !texts
        .iter()
        .any(|text| matches!(endpoint::read(text.trim()), WordReading::Endpoints(_)))
    {
        rest.push(left(
            key,
            &format!("{} texts", texts.len()),
            "no name, address or network among them",
        ));
        return;
    }
    let to = endpoints(texts, key, rest);
    let networks = to.iter().all(|to| to.endpoint.is_address);
    let place = Place {
        table: key.split('.').next().unwrap_or_default().to_owned(),
        row: format!("{key}: {}", to.len()),
        line: None,
    };
    let mut entry = ranges(key, key, to, place);
    if networks && speaks_of_sources(key) {
        entry = sources(entry);
    } else if !networks {
        // Names are destinations; that they are listed together does not make them one need each.
        entry.need = Need::Optional;
        entry.hints = vec![format!("listed under {key}")];
    }
    draft.entries.push(entry);
}
