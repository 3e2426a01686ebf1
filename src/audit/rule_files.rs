//! Where rules are read from: files, folders of them, and the sets that are shipped.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::plan::PlanError;
use crate::rules::{self, Chosen, RuleText, SetChoice, ShippedSet};
use crate::source::{InputPath, open};

/// The most bytes of a rule file or a site file: some 300,000 requirements. Reading takes up to 33 times as much memory.
const MOST_BYTES: u64 = 64 << 20;

/// Reads rule files: the first shipped set where none is named. A `+` before a path adds it to that set, and `@NAME` is a
/// shipped set.
///
/// # Errors
/// A file that cannot be read, and a set that is not shipped.
pub fn texts(paths: &[OsString]) -> Result<Vec<RuleText>, PlanError> {
    let mut texts = Vec::new();
    if paths.iter().all(is_added) {
        texts.extend(rules::embedded());
    }
    for path in paths {
        match set_name(path) {
            Some(name) => texts.extend(shipped_texts(&name)?),
            None => texts.extend(rule_texts(Path::new(&without_plus(path)))?),
        }
    }
    Ok(texts)
}

/// The texts of the rules that are no shipped set.
pub(super) fn own_texts(paths: &[OsString]) -> Result<Vec<RuleText>, PlanError> {
    let mut texts = Vec::new();
    for path in paths.iter().filter(|path| set_name(path).is_none()) {
        texts.extend(rule_texts(Path::new(&without_plus(path)))?);
    }
    Ok(texts)
}

/// The texts of a shipped set by its name.
///
/// # Errors
/// Where there is none of that name.
pub fn shipped_texts(name: &str) -> Result<Vec<RuleText>, PlanError> {
    Ok(named_set(name)?.texts())
}

/// Reads a rule file, or all of a folder (`*.toml`) in the order of their names.
///
/// # Errors
/// What cannot be read, and a folder without any.
pub fn rule_texts(path: &Path) -> Result<Vec<RuleText>, PlanError> {
    let files = match path.is_dir() {
        true => toml_files(path)?,
        false => vec![path.to_owned()],
    };
    let read = files.into_iter().map(|file| {
        let text = text_of(&file).map_err(|source| PlanError::Unreadable {
            path: file.clone(),
            wanted: " as a rule file (TOML, UTF-8)",
            source,
        })?;
        let name = file.display().to_string();
        Ok(RuleText { name, text })
    });
    read.collect()
}

/// The rules as named, and where none is but additions, those shipped sets besides whose documents a site file names; the
/// names of these follow.
///
/// # Errors
/// A site file that cannot be read.
pub fn with_sets_of_site(
    paths: &[OsString],
    site: Option<&Path>,
) -> Result<(Vec<OsString>, Vec<&'static str>), PlanError> {
    let mut paths = paths.to_vec();
    let mut added = Vec::new();
    let Some(site) = site.filter(|_| paths.iter().all(is_added)) else {
        return Ok((paths, added));
    };
    for set in rules::sets_named_by_site(&site_text(site)?) {
        let path = OsString::from(format!("+@{}", set.name));
        if !paths.contains(&path) {
            paths.push(path);
            added.push(set.name);
        }
    }
    Ok((paths, added))
}

/// The shipped sets that paths and a site file name; the first of all where paths name nothing but additions.
pub(super) fn named_sets(
    paths: &[OsString],
    site: Option<&Path>,
) -> Result<Vec<SetChoice>, PlanError> {
    let mut out: Vec<SetChoice> = Vec::new();
    let mut add = |set: &'static ShippedSet, chosen: Chosen| {
        if !out.iter().any(|known| known.set.name == set.name) {
            out.push(SetChoice { set, chosen });
        }
    };
    let added = paths.iter().all(is_added);
    if let (true, Some(first)) = (added, rules::SHIPPED_SETS.first()) {
        add(first, Chosen::Default);
    }
    for name in paths.iter().filter_map(set_name) {
        add(named_set(&name)?, Chosen::Named);
    }
    if let (true, Some(site)) = (added, site) {
        for set in rules::sets_named_by_site(&site_text(site)?) {
            add(set, Chosen::BySite);
        }
    }
    Ok(out)
}

/// The text of a file, of which no more than [`MOST_BYTES`] are read, whatever size it says that it has.
fn text_of(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let read = File::open(path)?
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > MOST_BYTES {
        let megabytes = MOST_BYTES >> 20;
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {megabytes} MiB, the most that is read of such a file"),
        ));
    }
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The text of a site file.
pub(super) fn site_text(path: &Path) -> Result<String, PlanError> {
    text_of(path).map_err(|source| {
        // Captures may have any size.
        let no_text = matches!(
            source.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge
        );
        match no_text && open(&InputPath::File(path.to_owned())).is_ok() {
            true => PlanError::OtherKind {
                name: path.display().to_string(),
                is: "a capture",
                wanted: "a site file",
                instead: "captures need no flag",
            },
            false => PlanError::unreadable(path, source),
        }
    })
}

/// Whether a path is in addition to the first shipped set.
fn is_added(path: &OsString) -> bool {
    path.to_string_lossy().starts_with('+')
}

/// The path or set that is named, without the sign that it is an addition.
pub(crate) fn without_plus(path: &OsString) -> OsString {
    let text = path.to_string_lossy();
    let bare = text.strip_prefix('+').map(OsStr::new);
    bare.unwrap_or(path).to_owned()
}

/// The set that `@NAME` or `+@NAME` names.
fn set_name(path: &OsString) -> Option<String> {
    let text = path.to_string_lossy();
    let name = text.strip_prefix('+').unwrap_or(&text).strip_prefix('@')?;
    Some(name.to_owned())
}

fn named_set(name: &str) -> Result<&'static ShippedSet, PlanError> {
    rules::shipped_set(name).ok_or_else(|| PlanError::NoSuchSet(name.to_owned()))
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, PlanError> {
    let unreadable = |source| PlanError::unreadable(folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(PlanError::NoRules(folder.to_owned())),
        false => Ok(files),
    }
}
