//! Published machine lists, told by their keys.
//!
//! | file | lists |
//! |---|---|
//! | `microsoft` | Microsoft 365 endpoints (`urls`, `ips`, `tcpPorts`), Azure service tags |
//! | `clouds` | AWS, Google, Oracle, Atlassian: objects with a network each |
//! | `keyed` | GitHub, Fastly, Zscaler, Datadog, Okta and the like: lists of texts under keys |
//! | `objects` | objects whose keys say what they hold, as columns do |
//! | `lines` | names and networks one a line |
//! | `places` | on which lines of JSON entries stand |
//! | `minus` | networks of another list, taken out |
//! | `mapping` | any other JSON or CSV, by a small file that says which key is what |
//!
//! Ranges of clouds state no port and name nothing: they say that an address belongs to somebody, so their rows are
//! optional and nobody misses them. Lists of where a service calls from are sources, kept apart from destinations.

mod clouds;
mod keyed;
mod lines;
mod mapping;
mod microsoft;
mod minus;
mod objects;
mod places;

use serde_json::Value;

use super::draft::{DraftDestination, DraftEntry, DraftParty, ImportDraft, Leftover, Place};
use super::endpoint::{self, ListedEndpoint, WordReading};
use super::vocabulary;
use crate::rules::{Direction, Need};

pub(super) use lines::{is_list, read as read_lines};
pub(crate) use mapping::MappingError;
pub(super) use mapping::{is_csv, read_csv, read_mapped};
pub(super) use minus::take_out;

/// The most leftovers that one key is told with; of more the number is.
const MOST_TOLD: usize = 1000;

/// Reads JSON; the words say what it was taken for.
pub(super) fn read_json(
    text: &str,
    value: &Value,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> &'static str {
    for key in [
        "syncToken",
        "changeNumber",
        "creationTime",
        "createDate",
        "creationDate",
        "last_updated_timestamp",
        "version",
        "modified",
        "versionId",
    ] {
        if let Some(text) = value.get(key).and_then(scalar) {
            draft.notes.push(format!("{key} as published: {text}"));
        }
    }
    let words = microsoft::endpoints(value, draft, rest)
        .or_else(|| microsoft::service_tags(value, draft, rest))
        .or_else(|| clouds::read(value, draft, rest))
        .unwrap_or_else(|| keyed::read(value, draft, rest));
    places::cite(text, draft);
    words
}

/// A text, number or truth value as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The texts of a list, or the one text.
fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Endpoints of texts; what is none is told under its key.
fn endpoints<'a>(
    all: impl IntoIterator<Item = &'a str>,
    key: &str,
    rest: &mut Vec<Leftover>,
) -> Vec<DraftDestination> {
    let mut out = Vec::new();
    let mut wrong = 0_usize;
    for text in all {
        let why = match endpoint::read(text.trim()) {
            WordReading::Endpoints(found) => {
                out.extend(found.into_iter().map(plain));
                continue;
            }
            WordReading::Wrong(why) => why,
            WordReading::Word => "no name, address or network".to_owned(),
        };
        wrong += 1;
        if wrong <= MOST_TOLD {
            rest.push(left(key, text, &why));
        }
    }
    if wrong > MOST_TOLD {
        rest.push(left(
            key,
            &format!("{} more", wrong - MOST_TOLD),
            "no name, address or network",
        ));
    }
    out
}

fn plain(endpoint: ListedEndpoint) -> DraftDestination {
    DraftDestination { endpoint, line: 0 }
}

fn left(key: &str, text: &str, why: &str) -> Leftover {
    Leftover {
        line: 0,
        table: String::new(),
        row: key.to_owned(),
        column: String::new(),
        text: text.to_owned(),
        why: why.to_owned(),
    }
}

/// A row of ranges: they belong to somebody, and nobody misses them.
fn ranges(service: &str, key: &str, to: Vec<DraftDestination>, place: Place) -> DraftEntry {
    DraftEntry {
        key: Some(key.to_owned()),
        service: service.to_owned(),
        pool: to.len() > 1,
        to,
        need: Need::Optional,
        must_see: false,
        hints: vec![
            "a published range: it tells whose an address is, and names no service by itself"
                .to_owned(),
        ],
        place,
        ..DraftEntry::default()
    }
}

/// The same, as sources of calls into the site.
fn sources(entry: DraftEntry) -> DraftEntry {
    let receiver = DraftParty {
        text: "hosts of the site that take calls from published sources".to_owned(),
        role: "inbound-receiver".to_owned(),
        optional: true,
    };
    DraftEntry {
        networks: entry.to.iter().map(|to| to.endpoint.host.clone()).collect(),
        to: Vec::new(),
        roles: vec![receiver],
        direction: Direction::Inbound,
        pool: false,
        hints: vec!["sources of calls into the site, no destinations".to_owned()],
        ..entry
    }
}

/// Whether a key speaks of where calls come from.
fn speaks_of_sources(key: &str) -> bool {
    let lower = key.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().any(|word| {
        matches!(
            word,
            "hooks"
                | "webhook"
                | "webhooks"
                | "egress"
                | "outbound"
                | "actions"
                | "importer"
                | "synthetics"
                | "runners"
                | "crawler"
                | "crawlers"
                | "bots"
                | "probes"
                | "callbacks"
                | "workflows"
                | "dependabot"
                | "codespaces"
        )
    })
}

fn region(text: &str) -> Vec<String> {
    match vocabulary::region(text) {
        Some(vocabulary::RegionWord::All) => Vec::new(),
        Some(vocabulary::RegionWord::One(region)) => vec![region],
        None => Some(vocabulary::slug(text))
            .filter(|slug| !slug.is_empty())
            .into_iter()
            .collect(),
    }
}
