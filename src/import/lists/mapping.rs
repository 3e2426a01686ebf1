//! Any other JSON or CSV, by a small file that says which key or column is what.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::super::draft::{ImportDraft, Leftover};
use super::super::page::{Cell, PageLine, PageRow, PageTable};
use super::super::pages::has_known_header;
use super::super::rows::{self, Context};
use super::{MOST_TOLD, left, scalar};

/// Why a mapping file or what it maps cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MappingError {
    /// It is no TOML, or has keys that are not known.
    #[error("the mapping file: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    /// Nothing is where it says that the rows are.
    #[error("the mapping file says that the rows are under `{0}`, and no list is there")]
    NoRows(String),
    /// It says neither where names nor where addresses are.
    #[error("the mapping file names no key for `name` and none for `address`")]
    NoEndpoints,
    /// A CSV that cannot be read.
    #[error("{0}")]
    Csv(#[from] csv::Error),
}

/// A key, or several that are read together.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum MappingKeys {
    One(String),
    Many(Vec<String>),
}

/// A mapping file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Mapping {
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    product: String,
    /// JSON: keys to the list of rows, joined by dots; `*` is every key. Absent: the whole is the list.
    #[serde(default)]
    rows: String,
    /// CSV: what stands between columns.
    delimiter: Option<char>,
    /// CSV: the columns, where the file has no header.
    #[serde(default)]
    columns: Vec<String>,
    name: Option<MappingKeys>,
    address: Option<MappingKeys>,
    port: Option<MappingKeys>,
    protocol: Option<MappingKeys>,
    service: Option<MappingKeys>,
    region: Option<MappingKeys>,
    source: Option<MappingKeys>,
    destination: Option<MappingKeys>,
    direction: Option<MappingKeys>,
    required: Option<MappingKeys>,
    notes: Option<MappingKeys>,
    /// Values where the rows have none, by the words above: `port = "443"`.
    #[serde(default)]
    defaults: BTreeMap<String, String>,
}

/// Headers of the tables that come of it, in the order of [`Mapping::keys`].
const HEADER: [&str; 11] = [
    "Service",
    "Source",
    "FQDN",
    "IP address",
    "Destination",
    "Port",
    "Protocol",
    "Direction",
    "Region",
    "Required",
    "Notes",
];
/// The same as mapping files call them.
pub(super) const WORDS: [&str; 11] = [
    "service",
    "source",
    "name",
    "address",
    "destination",
    "port",
    "protocol",
    "direction",
    "region",
    "required",
    "notes",
];

impl Mapping {
    fn read(text: &str) -> Result<Self, MappingError> {
        let mapping: Self = toml::from_str(text).map_err(Box::new)?;
        match mapping.name.is_none() && mapping.address.is_none() {
            true => Err(MappingError::NoEndpoints),
            false => Ok(mapping),
        }
    }

    fn keys(&self) -> [Vec<&str>; 11] {
        [
            &self.service,
            &self.source,
            &self.name,
            &self.address,
            &self.destination,
            &self.port,
            &self.protocol,
            &self.direction,
            &self.region,
            &self.required,
            &self.notes,
        ]
        .map(|keys| match keys {
            Some(MappingKeys::One(key)) => vec![key.as_str()],
            Some(MappingKeys::Many(keys)) => keys.iter().map(String::as_str).collect(),
            None => Vec::new(),
        })
    }
}

/// Reads JSON or CSV as a mapping file says.
pub(in crate::import) fn read_mapped(
    mapping: &str,
    text: &str,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> Result<(), MappingError> {
    let mapping = Mapping::read(mapping)?;
    draft.vendor.clone_from(&mapping.vendor);
    draft.product.clone_from(&mapping.product);
    match serde_json::from_str::<Value>(text) {
        Ok(value) => mapped_json(&mapping, &value, draft, rest),
        Err(_) => mapped_csv(&mapping, text, draft, rest),
    }
}

fn mapped_json(
    mapping: &Mapping,
    value: &Value,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> Result<(), MappingError> {
    let mut found = Vec::new();
    follow(value, &mapping.rows, String::new(), &mut found);
    if found.is_empty() {
        return Err(MappingError::NoRows(mapping.rows.clone()));
    }
    let keys = mapping.keys();
    let mut all = Vec::new();
    for (path, list) in found {
        for (at, one) in list.iter().enumerate() {
            // A list of plain texts: each is its own name.
            let cells = keys.iter().zip(WORDS).map(|(keys, word)| {
                let mut texts: Vec<String> = keys
                    .iter()
                    .flat_map(|key| at_key(one, key, &path))
                    .collect();
                texts.extend(
                    mapping
                        .defaults
                        .get(word)
                        .filter(|_| texts.is_empty())
                        .cloned(),
                );
                texts
            });
            all.push((0_u32, format!("{path}[{at}]"), cells.collect::<Vec<_>>()));
        }
    }
    table(all, mapping.rows.as_str(), draft, rest);
    Ok(())
}

/// The lists at a path of keys.
fn follow<'v>(value: &'v Value, path: &str, walked: String, out: &mut Vec<(String, &'v [Value])>) {
    let (key, below) = path.split_once('.').unwrap_or((path, ""));
    if key.is_empty() {
        match value {
            Value::Array(list) => out.push((walked, list)),
            Value::Object(map) if path.is_empty() && !walked.is_empty() => {
                let lists = map.values().filter_map(Value::as_array);
                out.extend(lists.map(|list| (walked.clone(), list.as_slice())));
            }
            _ => {}
        }
        return;
    }
    let step = |name: &str| match walked.is_empty() {
        true => name.to_owned(),
        false => format!("{walked}.{name}"),
    };
    match value {
        Value::Object(map) if key == "*" => {
            for (name, inner) in map {
                follow(inner, below, step(name), out);
            }
        }
        Value::Object(map) => {
            if let Some(inner) = map.get(key) {
                follow(inner, below, step(key), out);
            }
        }
        Value::Array(list) => {
            for inner in list {
                follow(inner, path, walked.clone(), out);
            }
        }
        _ => {}
    }
}

/// The texts at a key of a row: `a.b` goes down, `.` is the row itself, `@` the keys that led to it.
fn at_key(row: &Value, key: &str, path: &str) -> Vec<String> {
    if key == "@" {
        return vec![path.rsplit('.').next().unwrap_or(path).to_owned()];
    }
    let mut values = vec![row];
    for step in key.split('.').filter(|step| !step.is_empty()) {
        values = values
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(list) => list
                    .iter()
                    .filter_map(|one| one.get(step))
                    .collect::<Vec<_>>(),
                other => other.get(step).into_iter().collect(),
            })
            .collect();
    }
    let texts = values.into_iter().flat_map(|value| match value {
        Value::Array(list) => list.iter().filter_map(scalar).collect::<Vec<_>>(),
        other => scalar(other).into_iter().collect(),
    });
    texts.filter(|text| !text.trim().is_empty()).collect()
}

fn reader(text: &str, delimiter: u8, header: bool) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(header)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes())
}

fn mapped_csv(
    mapping: &Mapping,
    text: &str,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> Result<(), MappingError> {
    let delimiter = mapping
        .delimiter
        .and_then(|c| u8::try_from(c).ok())
        .unwrap_or_else(|| delimiter(text));
    let mut reader = reader(text, delimiter, mapping.columns.is_empty());
    let columns: Vec<String> = match mapping.columns.is_empty() {
        true => reader
            .headers()?
            .iter()
            .map(|h| h.trim().to_owned())
            .collect(),
        false => mapping.columns.clone(),
    };
    let keys = mapping.keys();
    let places: Vec<Vec<usize>> = keys
        .iter()
        .map(|keys| {
            keys.iter()
                .filter_map(|key| columns.iter().position(|c| c == key))
                .collect()
        })
        .collect();
    if places[2].is_empty() && places[3].is_empty() {
        return Err(MappingError::NoEndpoints);
    }
    let mut all = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record
            .position()
            .map_or(0, |place| u32::try_from(place.line()).unwrap_or(u32::MAX));
        let cells = places.iter().zip(WORDS).map(|(places, word)| {
            let mut texts: Vec<String> = places
                .iter()
                .filter_map(|at| record.get(*at))
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .collect();
            texts.extend(
                mapping
                    .defaults
                    .get(word)
                    .filter(|_| texts.is_empty())
                    .cloned(),
            );
            texts
        });
        all.push((line, String::new(), cells.collect()));
    }
    table(all, "rows", draft, rest);
    Ok(())
}

/// A row: its line, its path, and the texts of each cell.
pub(super) type Mapped = (u32, String, Cells);

/// The texts of a row, in the order of [`WORDS`].
pub(super) type Cells = Vec<Vec<String>>;

/// Rows as a table, which is then read as those of pages are.
pub(super) fn table(
    all: Vec<Mapped>,
    name: &str,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) {
    let paths: Vec<String> = all.iter().map(|(_, path, _)| path.clone()).collect();
    let rows = all.into_iter().enumerate().map(|(at, (line, _, cells))| {
        let number = at + 1;
        let cells = cells.into_iter().enumerate().map(|(column, texts)| {
            let lines = texts
                .iter()
                .flat_map(|text| text.lines())
                .filter_map(|text| PageLine::new(text, line));
            Arc::new(Cell {
                row: number,
                column,
                lines: lines.collect(),
            })
        });
        PageRow {
            number,
            line,
            section: None,
            cells: cells.collect(),
        }
    });
    let table = PageTable {
        caption: None,
        header: HEADER.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    };
    let heading = if name.is_empty() { "rows" } else { name };
    take(&table.without_empty_columns(), heading, &paths, draft, rest);
}

fn take(
    table: &PageTable,
    heading: &str,
    paths: &[String],
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) {
    let outcome = rows::read(&Context {
        table,
        number: 1,
        heading,
        intro: "",
        region: None,
        traffic: None,
    });
    let named = |row: &str| {
        let number: usize = row.split(':').next()?.parse().ok()?;
        paths
            .get(number.checked_sub(1)?)
            .filter(|path| !path.is_empty())
            .cloned()
    };
    for mut entry in outcome.entries {
        if let Some(path) = named(&entry.place.row) {
            entry.place.row = path;
        }
        draft.entries.push(entry);
    }
    rest.extend(outcome.rest.into_iter().map(|mut one| {
        if let Some(path) = named(&one.row) {
            one.row = path;
        }
        one
    }));
}

/// The sign that the first lines have most of.
fn delimiter(text: &str) -> u8 {
    let head: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .take(5)
        .collect();
    let count = |sign: char| {
        head.iter()
            .map(|line| line.matches(sign).count())
            .sum::<usize>()
    };
    let best = [',', ';', '\t'].into_iter().max_by_key(|sign| count(*sign));
    best.and_then(|sign| u8::try_from(sign).ok())
        .unwrap_or(b',')
}

/// Whether a text is CSV whose header is known, or a geofeed.
pub(in crate::import) fn is_csv(text: &str) -> bool {
    let Some(first) = text
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with('#'))
    else {
        return false;
    };
    let sign = char::from(delimiter(text));
    if sign == '\t' || first.contains('|') || first.matches(sign).count() == 0 {
        return false;
    }
    let fields: Vec<String> = first
        .split(sign)
        .map(|field| field.trim().trim_matches('"').to_owned())
        .collect();
    is_geofeed(&fields)
        || (fields.iter().all(|field| field.len() <= 60) && has_known_header(&fields))
}

/// RFC 8805: prefix, country, region, city, postal code.
fn is_geofeed(fields: &[String]) -> bool {
    let country = fields
        .get(1)
        .is_some_and(|field| field.len() == 2 || field.is_empty());
    fields.len() >= 3
        && fields.len() <= 6
        && country
        && fields[0].contains('/')
        && fields[0].parse::<ipnet::IpNet>().is_ok()
}

/// Reads CSV whose header says what its columns are.
pub(in crate::import) fn read_csv(
    text: &str,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) -> Result<(), MappingError> {
    let delimiter = delimiter(text);
    let mut lines = text.lines();
    let first = lines.find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let fields = first.unwrap_or_default().split(char::from(delimiter));
    let fields: Vec<String> = fields.map(|field| field.trim().to_owned()).collect();
    let geofeed = is_geofeed(&fields);
    let mut reader = reader(text, delimiter, !geofeed);
    let header: Vec<String> = match geofeed {
        true => ["IP address", "Region", "Notes", "Notes", "Notes", "Notes"].map(str::to_owned)
            [..fields.len()]
            .to_vec(),
        false => reader
            .headers()?
            .iter()
            .map(|h| h.trim().to_owned())
            .collect(),
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => rows.push(csv_row(&record, rows.len() + 1, header.len(), rest)),
            Err(error) => {
                let line = error.position().map_or(0, |p| p.line());
                rest.push(left(&format!("line {line}"), "", &error.to_string()));
            }
        }
    }
    let table = PageTable {
        caption: None,
        header,
        rows,
    };
    let from = draft.entries.len();
    let name = if geofeed { "geofeed" } else { "rows" };
    take(&table, name, &[], draft, rest);
    if geofeed {
        draft.notes.push(
            "a geofeed tells where addresses are, and is no list of what to allow".to_owned(),
        );
        for entry in &mut draft.entries[from..] {
            entry.must_see = false;
            entry.need = crate::rules::Need::Optional;
        }
    }
    Ok(())
}

/// A record as the row of a table of so many columns.
fn csv_row(
    record: &csv::StringRecord,
    number: usize,
    columns: usize,
    rest: &mut Vec<Leftover>,
) -> PageRow {
    let line = record
        .position()
        .map_or(0, |place| u32::try_from(place.line()).unwrap_or(u32::MAX));
    let cells = (0..columns).map(|column| {
        let lines = record.get(column).unwrap_or_default().lines();
        Arc::new(Cell {
            row: number,
            column,
            lines: lines.filter_map(|text| PageLine::new(text, line)).collect(),
        })
    });
    let why = "a field beyond the columns of the header";
    let beyond = record.iter().skip(columns);
    let mut beyond = beyond.filter(|field| !field.trim().is_empty());
    let place = format!("line {line}");
    for field in beyond.by_ref().take(MOST_TOLD) {
        rest.push(left(&place, field, why));
    }
    let more = beyond.count();
    if more > 0 {
        rest.push(left(&place, &format!("{more} more"), why));
    }
    PageRow {
        number,
        line,
        section: None,
        cells: cells.collect(),
    }
}
