//! Vendors' pages and published lists to draft rule files.
//!
//! ```text
//! bytes -> text -> marks -> page -> rows -> draft -> rule file
//!                  (HTML,    (headings, lists,          \-> what was not understood, with its place
//!                  Markdown)  tables with cells)
//! ```
//!
//! | file | what |
//! |---|---|
//! | `text`, `kind` | encodings; what a source is, told by content |
//! | `marks`, `html`, `markdown`, `build`, `page` | pages with markup, to tables and lists |
//! | `flat` | pages as text, as copying from a browser leaves them |
//! | `lists` | published machine lists: JSON, CSV, one entry a line |
//! | `columns`, `rows`, `cells`, `line` | what columns, rows, cells and lines say |
//! | `endpoint`, `traffic`, `parties`, `vocabulary` | words: names and addresses, ports and protocols, roles, regions |
//! | `scope` | the title of a page, and the regions that it is of |
//! | `draft`, `ids`, `write` | the rule file in the making |
//! | `against` | an existing rule file, renewed |
//!
//! Nothing is dropped: what is not taken is a [`Leftover`]. Nothing is invented: a name in prose, in a command or behind
//! a link to read is none, and what is a guess says so.

mod against;
mod build;
mod cells;
mod columns;
mod draft;
mod endpoint;
mod flat;
mod html;
mod ids;
mod kind;
mod line;
mod lists;
mod markdown;
mod marks;
mod page;
mod pages;
mod parties;
mod prose;
mod rows;
mod scope;
mod text;
mod traffic;
mod vocabulary;
mod write;

pub(crate) use draft::Leftover;
pub(crate) use lists::MappingError;

use draft::{DraftEntry, ImportDraft};
use kind::SourceKind;

/// The most bytes of a source.
pub(crate) const MOST_BYTES: usize = 128 << 20;

/// What is imported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ImportSource<'a> {
    /// Its name as shown; the document's id is made of it where none is chosen.
    pub(crate) name: &'a str,
    /// What is in it.
    pub(crate) bytes: &'a [u8],
}

/// What a user chose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The document's id.
    pub(crate) id: Option<String>,
    /// Ports to assume where the source states none.
    pub(crate) ports: Vec<String>,
    /// The text of a mapping file: which key or column of JSON or CSV is what.
    pub(crate) mapping: Option<String>,
    /// The text of an existing rule file, of which as much as possible is kept.
    pub(crate) against: Option<String>,
    /// Another list, whose networks and names are taken out.
    pub(crate) minus: Option<Vec<u8>>,
}

/// A rule file, and what did not become part of it.
#[derive(Clone, Debug)]
pub(crate) struct Imported {
    /// The rule file.
    pub(crate) text: String,
    /// What was not understood, in the source's order.
    pub(crate) rest: Vec<Leftover>,
    /// What the source was taken for, and what had to be done to read it.
    pub(crate) notes: Vec<String>,
    /// Rows taken.
    pub(crate) rows: usize,
    /// Names, addresses and networks in them.
    pub(crate) endpoints: usize,
}

/// Why nothing could be imported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// Larger than [`MOST_BYTES`].
    #[error("{0} bytes are more than can be imported; the most is {MOST_BYTES}")]
    TooLarge(usize),
    /// JSON that breaks off or is none, with line and column.
    #[error("it starts as JSON does, and is none: {0}")]
    Json(serde_json::Error),
    /// A mapping file that cannot be used.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The existing rule file is none.
    #[error("the existing rule file: {0}")]
    Against(Box<toml::de::Error>),
    /// No row was understood.
    #[error("no requirement was found in it: {0}")]
    Nothing(String),
}

/// Reads a source and writes a draft of a rule file.
///
/// # Errors
/// Where it is too large, or nothing of it was understood.
pub(crate) fn import(
    source: &ImportSource<'_>,
    options: &Options,
) -> Result<Imported, ImportError> {
    if source.bytes.len() > MOST_BYTES {
        return Err(ImportError::TooLarge(source.bytes.len()));
    }
    let mut notes = Vec::new();
    let mut rest = Vec::new();
    let stem = stem(source.name);
    let ReadSource {
        text: source_text,
        mut draft,
        taken_for,
        note,
    } = read(source, options.mapping.as_deref(), &mut rest)?;
    notes.extend(note);
    notes.push(format!("taken for {taken_for}"));
    if draft.entries.is_empty() {
        let words = match rest.len() {
            0 => "it has no table and no list of names or addresses".to_owned(),
            n => format!("{n} cells or lines were not understood"),
        };
        return Err(ImportError::Nothing(words));
    }
    if let Some(bytes) = &options.minus {
        notes.push(minus(bytes, &mut draft)?);
    }
    settle(&mut draft, stem, options, &source_text);
    rest.sort_by_key(|one| one.line);
    let rows = draft.entries.len();
    let each = |entry: &DraftEntry| entry.to.len() + entry.networks.len();
    let endpoints = draft.entries.iter().map(each).sum();
    let text = match &options.against {
        None => write::write(&draft),
        Some(existing) => {
            let renewed = against::renew(existing, draft)
                .map_err(|error| ImportError::Against(Box::new(error)))?;
            notes.extend(renewed.changes);
            renewed.text
        }
    };
    Ok(Imported {
        text,
        rest,
        notes,
        rows,
        endpoints,
    })
}

/// A source that was read.
struct ReadSource {
    text: String,
    draft: ImportDraft,
    taken_for: &'static str,
    /// What had to be done to read it.
    note: Option<String>,
}

fn read(
    source: &ImportSource<'_>,
    mapping: Option<&str>,
    rest: &mut Vec<Leftover>,
) -> Result<ReadSource, ImportError> {
    let decoded = text::decode(source.bytes);
    let mut draft = ImportDraft::default();
    let kind = kind::tell(&decoded.text);
    let mut taken_for = kind.words();
    match kind {
        _ if mapping.is_some() => {
            taken_for = "what the mapping file says";
            lists::read_mapped(mapping.unwrap_or_default(), &decoded.text, &mut draft, rest)?;
        }
        SourceKind::Json => {
            let value = serde_json::from_str(&decoded.text).map_err(ImportError::Json)?;
            taken_for = lists::read_json(&decoded.text, &value, &mut draft, rest);
        }
        SourceKind::Csv => lists::read_csv(&decoded.text, &mut draft, rest)?,
        SourceKind::Lines => lists::read_lines(&decoded.text, stem(source.name), &mut draft, rest),
        SourceKind::Html => {
            let page = build::page(html::marks(&decoded.text, 1));
            pages::read(page, &mut draft, rest);
        }
        SourceKind::Flat => pages::read(flat::page(&decoded.text), &mut draft, rest),
        SourceKind::Markdown => {
            let page = build::page(markdown::marks(&decoded.text));
            pages::read(page, &mut draft, rest);
        }
    }
    Ok(ReadSource {
        text: decoded.text,
        draft,
        taken_for,
        note: decoded.note,
    })
}

/// Takes out what another list has; tells how much.
fn minus(bytes: &[u8], draft: &mut ImportDraft) -> Result<String, ImportError> {
    if bytes.len() > MOST_BYTES {
        return Err(ImportError::TooLarge(bytes.len()));
    }
    let other = ImportSource {
        name: "minus",
        bytes,
    };
    let other = read(&other, None, &mut Vec::new())?.draft;
    let changed = lists::take_out(&other, draft);
    if draft.entries.is_empty() {
        let words = "all of it is in the other list".to_owned();
        return Err(ImportError::Nothing(words));
    }
    Ok(format!(
        "rows that another list was taken out of: {changed}"
    ))
}

/// The name of a file without folders and ending.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// Defaults where the source is silent.
fn settle(draft: &mut ImportDraft, stem: &str, options: &Options, text: &str) {
    if let Some(id) = &options.id {
        draft.id.clone_from(id);
    }
    if draft.id.is_empty() {
        draft.id = vocabulary::slug(stem);
    }
    if draft.id.is_empty() {
        "imported".clone_into(&mut draft.id);
    }
    let title = scope::title(text);
    scope::settle(draft, title.as_deref());
    if draft.page.is_empty() {
        draft.page = title.unwrap_or_else(|| stem.to_owned());
    }
    if draft.language.is_empty() {
        draft.language = language(text).to_owned();
    }
    settle_ports(draft, options);
    let count = |which: fn(&&DraftEntry) -> bool| draft.entries.iter().filter(which).count();
    let callers = count(|entry| !entry.networks.is_empty());
    let silent = count(|entry| entry.sources.is_empty() && entry.networks.is_empty());
    if callers > 0 {
        draft.notes.push(format!(
            "rows of sources of calls into the site, which are no destinations: {callers}"
        ));
    }
    if silent > 0 {
        draft.notes.push(format!(
            "rows that state no source: {silent}; they hold for every host of the site"
        ));
    }
}

fn language(text: &str) -> &'static str {
    let kana = |c: &char| ('\u{3040}'..='\u{30ff}').contains(c);
    match text.chars().take(200_000).filter(kana).count() {
        0..=20 => "en",
        _ => "ja",
    }
}

fn settle_ports(draft: &mut ImportDraft, options: &Options) {
    let unstated = draft.entries.iter().filter(|entry| {
        let traffic = &entry.traffic;
        traffic.ports.is_empty()
            && traffic.implied().is_empty()
            && !traffic.any
            && !traffic.none
            && entry.needs_of.is_none()
    });
    let unstated = unstated.count();
    if unstated > 0 && draft.unstated_ports.is_empty() {
        draft.unstated_ports = match options.ports.is_empty() {
            true => vec!["443".to_owned()],
            false => options.ports.clone(),
        };
        draft.unstated_transport = vec!["tcp".to_owned()];
        let how = if options.ports.is_empty() {
            "assumed"
        } else {
            "chosen at the import"
        };
        draft.notes.push(format!(
            "rows that state no port: {unstated}; {} over TCP is {how}",
            draft.unstated_ports.join(", ")
        ));
    }
}
