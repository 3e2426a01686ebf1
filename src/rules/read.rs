//! TOML to the written types, with every problem of a file and not only the first.
//!
//! Serde stops at its first error. So each section is read on its own, and where one fails, the entry at fault is
//! taken out, the problem noted, and the section read again.

use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::code;
use super::problem::{Problems, SourceText, did_you_mean};
use super::reference::{Key, key_at};

/// The most problems of one section; more than this is no rule file.
const MOST_RETRIES: usize = 30;

/// A file cut into what stands once and what stands in `[[lists]]`.
pub(super) struct Sections<'i> {
    text: &'i str,
    table: DeTable<'i>,
    span: Range<usize>,
}

impl<'i> Sections<'i> {
    /// Parses the text of a source, or what is left of it in its places; `None` where it is no TOML, all syntax errors
    /// noted.
    pub(super) fn parse(
        text: &'i str,
        source: &Arc<SourceText>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            problems.error(
                source,
                code::TOML_SYNTAX,
                error.span().unwrap_or(0..0),
                error.message(),
                None,
            );
        }
        let span = table.span();
        errors.is_empty().then(|| Self {
            text,
            table: table.into_inner(),
            span,
        })
    }

    /// Whether anything of that name is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// Takes `[[name]]` out and reads each entry; entries that cannot be read are left out, with their problems.
    pub(super) fn list<T: DeserializeOwned>(
        &mut self,
        name: &str,
        source: &Arc<SourceText>,
        problems: &mut Problems,
    ) -> Vec<T> {
        let Some((key, value)) = self.table.remove_entry(name) else {
            return Vec::new();
        };
        let DeValue::Array(list) = value.into_inner() else {
            let hint = format!("write [[{name}]] above each entry");
            problems.error(
                source,
                code::WRONG_TYPE,
                key.span(),
                format!("`{name}` is no list of tables"),
                hint,
            );
            return Vec::new();
        };
        // Reading takes an entry apart, and nearly always that is all that is needed.
        let count = list.len();
        let direct: Vec<T> = list
            .into_iter()
            .map_while(|entry| T::deserialize(ValueDeserializer::from(entry)).ok())
            .collect();
        if direct.len() == count {
            return direct;
        }
        let (again, _) = DeTable::parse_recoverable(self.text);
        match again.into_inner().remove(name).map(Spanned::into_inner) {
            Some(DeValue::Array(list)) => list
                .into_iter()
                .filter_map(|entry| read(entry, Some(name), source, problems))
                .collect(),
            _ => direct,
        }
    }

    /// Reads what is left as one table.
    pub(super) fn rest<T: DeserializeOwned>(
        self,
        source: &Arc<SourceText>,
        problems: &mut Problems,
    ) -> Option<T> {
        read(
            Spanned::new(self.span, DeValue::Table(self.table)),
            None,
            source,
            problems,
        )
    }
}

/// Reads an entry of a list, or the file's own table; values at fault are taken out and noted. `None` where it cannot be
/// read even so.
fn read<T: DeserializeOwned>(
    mut value: Spanned<DeValue<'_>>,
    list: Option<&str>,
    source: &Arc<SourceText>,
    problems: &mut Problems,
) -> Option<T> {
    for _ in 0..MOST_RETRIES {
        let error = match T::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        let span = error.span().unwrap_or_else(|| value.span());
        let mut path = Vec::new();
        keys_above(value.get_ref(), &span, &mut path);
        let key = key_at(list, &path);
        note(error.message(), key, span.clone(), source, problems);
        if error.message().contains("missing field") || !remove_at(value.get_mut(), &span) {
            return None;
        }
    }
    None
}

/// The keys under which a place stands, from the outermost on. False where it stands under none.
fn keys_above(value: &DeValue<'_>, place: &Range<usize>, out: &mut Vec<String>) -> bool {
    let holds =
        |span: Range<usize>| span.start <= place.start && place.end <= span.end && !span.is_empty();
    match value {
        DeValue::Table(table) => {
            for (key, inner) in table {
                out.push(key.get_ref().to_string());
                // Sub-tables have spans apart from their contents.
                if keys_above(inner.get_ref(), place, out) || holds(inner.span()) {
                    return true;
                }
                out.pop();
            }
            false
        }
        DeValue::Array(list) => {
            let mut inner = list.iter();
            inner.any(|entry| keys_above(entry.get_ref(), place, out) || holds(entry.span()))
        }
        _ => false,
    }
}

/// What stands there, in a person's words: of serde's "invalid type: string "x", expected ..".
fn found(message: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 6] = [
        ("string", "a text"),
        ("integer", "a number"),
        ("floating", "a number with a fraction"),
        ("boolean", "true or false"),
        ("map", "a table"),
        ("sequence", "a list"),
    ];
    let kind = message.strip_prefix("invalid type: ")?;
    let word = WORDS.iter().find(|(word, _)| kind.starts_with(word));
    word.map(|(_, what)| *what)
}

/// A value of another kind than its key takes.
fn wrong_type(message: &str, key: &Key, value: &str) -> (String, String) {
    // TOML has dates of its own, which come out as maps.
    let date = value.starts_with(|c: char| c.is_ascii_digit()) && value.contains('-');
    let here = match found(message) {
        _ if date => "; a day without quotes stands here".to_owned(),
        Some(what) => format!("; {what} stands here"),
        None => String::new(),
    };
    let text = format!("`{}` takes {}{here}", key.key, key.wants);
    let quotes = if date {
        "write dates between quotes; "
    } else {
        ""
    };
    (text, format!("{quotes}for example: {}", key.example))
}

fn note(
    message: &str,
    key: Option<&Key>,
    span: Range<usize>,
    source: &Arc<SourceText>,
    problems: &mut Problems,
) {
    if problems.is_full() {
        // It is counted; nobody reads what it says.
        return problems.error(source, code::UNKNOWN_KEY, span, "", None);
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let word = words.next().unwrap_or_default();
    // A date of TOML's own comes out as a map with a key of the reader's.
    let date = word.starts_with("$__toml");
    let (code, text, hint) = if let (true, Some(key)) = (date, key) {
        let (text, hint) = wrong_type(message, key, "2026-01-01");
        (code::WRONG_TYPE, text, Some(hint))
    } else if message.contains("unknown field") {
        let known: Vec<&str> = words.collect();
        let hint = did_you_mean(word, known.iter().copied())
            .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
        (
            code::UNKNOWN_KEY,
            format!("there is no key `{word}` here"),
            Some(hint),
        )
    } else if message.contains("unknown variant") {
        let known: Vec<&str> = words.collect();
        let hint = format!("one of: {}", known.join(", "));
        (
            code::UNKNOWN_VALUE,
            format!("`{word}` is not known here"),
            Some(did_you_mean(word, known.iter().copied()).unwrap_or(hint)),
        )
    } else if message.contains("missing field") {
        (
            code::MISSING_KEY,
            format!("the key `{word}` is missing"),
            None,
        )
    } else if let Some(key) = key {
        let value = source.text.get(span.clone()).unwrap_or_default();
        let (text, hint) = wrong_type(message, key, value);
        (code::WRONG_TYPE, text, Some(hint))
    } else {
        // TOML has dates of its own, which come out as maps here.
        let value = source.text.get(span.clone()).unwrap_or_default();
        let date = value.starts_with(|c: char| c.is_ascii_digit()) && value.contains('-');
        let hint = date.then(|| "write dates between quotes".to_owned());
        (code::WRONG_TYPE, message.to_owned(), hint)
    };
    problems.error(source, code, span, text, hint);
}

/// Takes out the innermost entry of a table or list that holds the place. False where there is none.
fn remove_at(value: &mut DeValue<'_>, place: &Range<usize>) -> bool {
    let holds =
        |span: Range<usize>| span.start <= place.start && place.end <= span.end && !span.is_empty();
    match value {
        DeValue::Table(table) => {
            let found = table
                .iter()
                .find(|(k, v)| holds(k.span()) || holds(v.span()))
                .map(|(k, _)| k.clone());
            // Dotted keys and sub-tables have spans apart from their contents, so look inside the others too.
            if let Some(key) = found {
                let inner = table
                    .get_mut(&key)
                    .is_some_and(|v| remove_at(v.get_mut(), place));
                return inner || table.remove(&key).is_some();
            }
            table.iter_mut().any(|(_, v)| remove_at(v.get_mut(), place))
        }
        DeValue::Array(list) => match list.iter().position(|v| holds(v.span())) {
            Some(at) => {
                let inner = list
                    .get_mut(at)
                    .is_some_and(|v| remove_at(v.get_mut(), place));
                if !inner {
                    *list = std::mem::replace(list, std::iter::empty().collect())
                        .into_iter()
                        .enumerate()
                        .filter(|(i, _)| *i != at)
                        .map(|(_, v)| v)
                        .collect();
                }
                true
            }
            None => list.iter_mut().any(|v| remove_at(v.get_mut(), place)),
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::syntax::{RequirementText, RuleFile};
    use super::*;

    fn codes(text: &str) -> Vec<(&'static str, usize)> {
        let source = SourceText::new("t.toml", text);
        let mut problems = Problems::default();
        if let Some(mut sections) = Sections::parse(&source.text, &source, &mut problems) {
            sections.list::<RequirementText>("requirement", &source, &mut problems);
            sections.rest::<RuleFile>(&source, &mut problems);
        }
        problems.finish().iter().map(|p| (p.code, p.line)).collect()
    }

    #[test]
    fn all_problems_of_a_file_are_found_at_once() {
        let text = "format = 1\nbogus = 2\n[document]\nid = \"d\"\nvendr = \"x\"\nvendor = 3\n\
                    [roles.a]\nabuot = 1\n[[requirement]]\nid = \"a\"\nporst = [1]\nneed = \"requird\"\n\
                    to = [{ host = \"x.example\", pth = 1 }]\n[[requirement]]\nservice = \"x\"\n[[requirement]]\nid = \"c\"\nports = { a = 1 }\n";
        let expected = [
            ("unknown-key", 2),
            ("unknown-key", 5),
            ("wrong-type", 6),
            ("unknown-key", 8),
            ("unknown-key", 11),
            ("unknown-value", 12),
            ("unknown-key", 13),
            ("missing-key", 14),
            ("wrong-type", 18),
        ];
        assert_eq!(codes(text), expected);
    }

    #[test]
    fn several_syntax_errors_are_found_at_once() {
        let found = codes("format = \n[document\nid = \"d\"\nx y\n");
        assert!(
            found.len() >= 2 && found.iter().all(|(c, _)| *c == "toml-syntax"),
            "{found:?}"
        );
    }

    #[test]
    fn hostile_depth_is_refused_and_not_followed() {
        let text = format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(codes(&text).iter().any(|(c, _)| *c == "toml-syntax"));
        let text = format!(
            "[[requirement]]\nid = \"a\"\nwhen = [{}{}]",
            "{ not = ".repeat(5_000),
            "}".repeat(5_000)
        );
        assert!(!codes(&text).is_empty());
    }
}
