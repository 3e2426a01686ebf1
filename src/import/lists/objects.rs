//! JSON objects whose keys say what they hold, as headers of columns do:
//! `{"hostname": "a.acme.example", "ports": [443], "purpose": "Updates"}`.

use serde_json::{Map, Value};

use super::super::columns::{self, ColumnKind};
use super::super::endpoint::{self, WordReading};
use super::super::vocabulary::{self, RegionWord};
use super::mapping::{Cells, WORDS};
use super::scalar;

/// What the objects and keys around say of those within.
#[derive(Clone, Copy, Default)]
pub(super) struct Around<'v> {
    region: Option<&'v str>,
    name: Option<&'v str>,
}

impl<'v> Around<'v> {
    /// The same for what is within a key.
    pub(super) fn within_key(self, key: &'v str) -> Self {
        match is_region(key) {
            true => Self {
                region: Some(key),
                ..self
            },
            false if matches!(kind(key), ColumnKind::Endpoints) => self,
            false => Self {
                name: Some(key),
                ..self
            },
        }
    }

    /// The same for what is within an object: `{"name": "eu", "endpoints": [...]}`.
    pub(super) fn within(self, map: &'v Map<String, Value>) -> Self {
        let mut out = self;
        for (key, value) in map {
            let Value::String(text) = value else { continue };
            match kind(key) {
                ColumnKind::Region => out.region = Some(text),
                ColumnKind::Service if is_region(text) => out.region = Some(text),
                ColumnKind::Service => out.name = Some(text),
                _ => {}
            }
        }
        out
    }
}

/// The object as a row of a table, with the keys that say nothing that is known; `None` where it is none: without an
/// endpoint, or with nothing said of it.
pub(super) fn row<'v>(
    map: &'v Map<String, Value>,
    around: Around<'v>,
) -> Option<(Cells, Vec<&'v str>)> {
    let mut cells: Cells = vec![Vec::new(); WORDS.len()];
    let mut unknown = Vec::new();
    let around = around.within(map);
    for (key, value) in map {
        let texts = texts(value);
        let column = match kind(key) {
            ColumnKind::Endpoints if texts.iter().any(|text| is_endpoint(text)) => "name",
            ColumnKind::Ports => "port",
            ColumnKind::Protocol => "protocol",
            ColumnKind::Service => "service",
            ColumnKind::Source => "source",
            ColumnKind::Direction => "direction",
            ColumnKind::Region => "region",
            ColumnKind::Need => "required",
            ColumnKind::Notes => "notes",
            _ => {
                unknown.push(key.as_str());
                continue;
            }
        };
        let transport = match (column, columns::transport_in(&words(key))) {
            ("port", Some(transport)) => format!("/{transport}"),
            _ => String::new(),
        };
        let told = texts.into_iter().map(|text| match (column, text.as_str()) {
            ("required", "true") => "required".to_owned(),
            ("required", "false") => "optional".to_owned(),
            ("service", text) if is_region(text) => String::new(),
            (_, text) => format!("{text}{transport}"),
        });
        cell(&mut cells, column).extend(told.filter(|text| !text.is_empty()));
    }
    let has = |word: &str| !cells[place(word)].is_empty();
    let says = ["port", "protocol", "service", "notes"];
    if !has("name") || !says.iter().any(|word| has(word)) {
        return None;
    }
    for (word, otherwise) in [("service", around.name), ("region", around.region)] {
        if !has_any(&cells, word) {
            cell(&mut cells, word).extend(otherwise.map(str::to_owned));
        }
    }
    Some((cells, unknown))
}

fn has_any(cells: &Cells, word: &str) -> bool {
    !cells[place(word)].is_empty()
}

fn cell<'c>(cells: &'c mut Cells, word: &str) -> &'c mut Vec<String> {
    &mut cells[place(word)]
}

fn place(word: &str) -> usize {
    WORDS
        .iter()
        .position(|one| *one == word)
        .unwrap_or_default()
}

fn is_region(text: &str) -> bool {
    matches!(vocabulary::region(text), Some(RegionWord::One(_)))
}

fn is_endpoint(text: &str) -> bool {
    matches!(endpoint::read(text.trim()), WordReading::Endpoints(_))
}

/// What a key holds, by its words.
fn kind(key: &str) -> ColumnKind {
    columns::by_header(&words(key))
}

/// `tcpPorts`, `tcp_ports` and `tcp-ports` as words.
fn words(key: &str) -> String {
    let mut out = String::new();
    let mut small = false;
    for c in key.chars() {
        if c.is_uppercase() && small {
            out.push(' ');
        }
        small = c.is_lowercase();
        out.push(if matches!(c, '_' | '-') { ' ' } else { c });
    }
    out
}

/// A text, number or truth value, or a list of them.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().filter_map(scalar).collect(),
        other => scalar(other).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(value: &Value) -> Option<String> {
        let (cells, unknown) = row(value.as_object()?, Around::default().within_key("agent"))?;
        let cells = WORDS.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
        let cells: Vec<String> = cells
            .map(|(word, cell)| format!("{word}={}", cell.join("+")))
            .collect();
        Some(format!("{} ?{}", cells.join(" "), unknown.join("+")))
    }

    #[test]
    fn keys_are_read_as_headers_are() {
        assert_eq!(
            told(&json!({"hostName": "a.x.example", "tcpPorts": [443, 8443], "use case": "Sync", "beta": true})).as_deref(),
            Some("service=Sync name=a.x.example port=443/tcp+8443/tcp ?beta")
        );
        assert_eq!(
            told(&json!({"hosts": ["a.x.example"], "port": 443, "required": false})).as_deref(),
            Some("service=agent name=a.x.example port=443 required=optional ?")
        );
        for none in [
            json!({"addresses": ["192.0.2.0/24"], "updated": "2026-01-01"}),
            json!({"host": "no endpoint", "port": 443}),
            json!({"port": 443, "purpose": "Sync"}),
        ] {
            assert_eq!(told(&none), None, "{none}");
        }
    }
}
