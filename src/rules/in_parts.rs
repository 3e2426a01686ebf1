//! Long rule files, read part by part.

use std::ops::Range;

use rayon::prelude::*;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::problem::SourceText;

/// From so many bytes on a file's long list is read in parts.
const LONG: usize = 256 * 1024;
/// So many bytes are one part, or one entry that is longer.
const PART: usize = 64 * 1024;

/// The entries of `[[name]]` of a long file, part by part, and the text without them, in which all else has its place.
///
/// Parsing keeps some sixty times the size of the text, so parts are parsed one by one, and by all threads: of 100,000
/// rows (22 MB), `rules check` takes 3.8 s and 355 MB on two busy cores, and 5.7 s and 775 MB without. `None` for short
/// files, and where anything at all is not as it should be: reading the file as a whole tells what, and where.
pub(super) fn read_in_parts<T: DeserializeOwned + Send>(
    name: &str,
    source: &SourceText,
) -> Option<(Vec<Vec<T>>, String)> {
    let text = source.text.as_str();
    // In strings of several lines anything may stand at the start of one.
    if text.len() < LONG || text.contains("\"\"\"") || text.contains("'''") {
        return None;
    }
    let parts = parts(name, text);
    let read: Vec<Option<Vec<T>>> = parts
        .par_iter()
        .map(|part| read_part(name, text, part.clone()))
        .collect();
    let mut rest = String::with_capacity(text.len());
    for part in &parts {
        rest.push_str(text.get(rest.len()..part.start)?);
        rest.extend(std::iter::repeat_n(' ', part.len()));
    }
    rest.push_str(text.get(rest.len()..)?);
    let list: Option<Vec<Vec<T>>> = read.into_iter().collect();
    Some((list?, rest))
}

/// Where entries of `[[name]]` stand, some in a part. Each begins with its heading, and ends before that of another
/// table which is not its own.
fn parts(name: &str, text: &str) -> Vec<Range<usize>> {
    let (entry, own) = (format!("[[{name}]]"), format!("{name}."));
    let mut parts: Vec<Range<usize>> = Vec::new();
    let (mut at, mut inside) = (0, false);
    for line in text.split_inclusive('\n') {
        let heading = line.trim_start();
        let starts = heading.starts_with(&entry);
        if starts {
            match parts.last_mut() {
                Some(part) if inside && part.len() < PART => {}
                _ => parts.push(at..at),
            }
            inside = true;
        } else if heading.starts_with('[') && !heading.trim_start_matches('[').starts_with(&own) {
            inside = false;
        }
        at += line.len();
        if let (true, Some(part)) = (inside, parts.last_mut()) {
            part.end = at;
        }
    }
    parts
}

/// The entries of a part; `None` where it has anything else, or one cannot be read.
fn read_part<T: DeserializeOwned>(name: &str, text: &str, part: Range<usize>) -> Option<Vec<T>> {
    let mut table = DeTable::parse(text.get(part.clone())?).ok()?.into_inner();
    let (_, value) = table.remove_entry(name)?;
    let DeValue::Array(list) = value.into_inner() else {
        return None;
    };
    if !table.is_empty() {
        return None;
    }
    let read = |entry| T::deserialize(ValueDeserializer::from(moved(entry, part.start))).ok();
    list.into_iter().map(read).collect()
}

/// A value with its places so many bytes further on.
fn moved(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let place = |span: Range<usize>| span.start + by..span.end + by;
    let span = place(value.span());
    let value = match value.into_inner() {
        DeValue::Array(list) => {
            DeValue::Array(list.into_iter().map(|item| moved(item, by)).collect())
        }
        DeValue::Table(table) => {
            let entries = table.into_iter().map(|(key, value)| {
                let key = Spanned::new(place(key.span()), key.into_inner());
                (key, moved(value, by))
            });
            DeValue::Table(entries.collect())
        }
        other => other,
    };
    Spanned::new(span, value)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::problem::Problems;
    use super::super::read::Sections;
    use super::super::syntax::RequirementText;
    use super::*;

    /// A long file of entries like these, each with its number; and what is read of it as a whole.
    fn long(
        entry: &str,
        count: usize,
        rest: &str,
    ) -> (Arc<SourceText>, Option<Vec<RequirementText>>) {
        let entries: String = (0..count)
            .map(|i| entry.replace('N', &i.to_string()))
            .collect();
        let source = SourceText::new("t.toml", &format!("format = 1\n{entries}{rest}"));
        assert!(source.text.len() > LONG);
        let mut problems = Problems::default();
        let whole = Sections::parse(&source.text, &source, &mut problems)
            .map(|mut sections| sections.list("requirement", &source, &mut problems));
        (source, whole)
    }

    const ENTRY: &str = "# a comment\n[[requirement]]\nid = \"rN\"\nto = [\n  \"hN.example.com\",\n]\n[requirement.cite]\nrow = \"[[requirement]]\"\n[roles.aN]\n";

    #[test]
    fn parts_say_what_the_whole_says_with_its_places() {
        let (source, whole) = long(ENTRY, 4_000, "[roles.last]\n");
        let (parts, rest) = read_in_parts::<RequirementText>("requirement", &source).unwrap();
        let parts: Vec<RequirementText> = parts.into_iter().flatten().collect();
        let whole = whole.unwrap();
        assert_eq!(parts.len(), 4_000);
        assert_eq!(format!("{parts:?}"), format!("{whole:?}"));
        assert_eq!(rest.len(), source.text.len());
        let table = DeTable::parse(&rest).unwrap().into_inner();
        assert!(!table.contains_key("requirement"));
        let DeValue::Table(roles) = table["roles"].get_ref() else {
            panic!("roles are a table")
        };
        assert_eq!(roles.len(), 4_001);
        let (last, _) = roles.get_key_value("last").unwrap();
        assert_eq!(&source.text[last.span()], "last");
    }

    #[test]
    fn what_is_not_as_it_should_be_is_left_to_the_whole() {
        let in_parts = |rest: &str| {
            let (source, _) = long(ENTRY, 4_000, rest);
            read_in_parts::<RequirementText>("requirement", &source).is_some()
        };
        assert!(in_parts(""));
        assert!(!in_parts("[[requirement]]\nid = 5\n"));
        assert!(!in_parts("[[requirement]]\nid = \n"));
        assert!(!in_parts("[[requirement]]\nid = \"a\"\nbogus = 1\n"));
        assert!(!in_parts("[[requirement]]\nto = [\n[\"a\"],\n]\n"));
        assert!(!in_parts("[x]\ny = \"\"\"\n[[requirement]]\n\"\"\"\n"));
    }
}
