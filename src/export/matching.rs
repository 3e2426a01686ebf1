//! Name patterns as regular expressions: POSIX extended, PCRE and RE2 read them alike.

use crate::rules::{NamePattern, PatternKind};

/// The expression, with both ends; names are expected in lower case.
pub(super) fn expression(name: &NamePattern) -> String {
    let text = name.as_str();
    match name.kind() {
        PatternKind::Exact => format!("^{}$", escaped(text)),
        PatternKind::SubdomainsOf => format!("^.+{}$", escaped(&text[1..])),
        PatternKind::EndingWith => format!("{}$", escaped(&text[1..])),
        PatternKind::Labels => labels(text),
    }
}

/// Only what leads may span dots; inside a label a star is a run of what a label has.
fn labels(text: &str) -> String {
    let (lead, rest) = match text.strip_prefix("*.") {
        Some(rest) => ("^.+\\.", rest),
        None if text.starts_with('*') => ("", &text[1..]),
        None => ("^", text),
    };
    let label = |label: &str| match label {
        "*" | "<region>" => "[^.]+".to_owned(),
        label => escaped(label)
            .replace("<region>", "[^.]+")
            .replace('*', "[^.]*"),
    };
    let rest: Vec<String> = rest.split('.').map(label).collect();
    format!("{lead}{}$", rest.join("\\."))
}

/// Dots are the only characters of a name that mean something else.
fn escaped(text: &str) -> String {
    text.replace('.', "\\.")
}
