use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::{FluentArgs, FluentValue};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, PatternElement};
use fluent_syntax::parser::parse;

use super::*;

/// The gaps of each message of a catalogue.
fn messages(catalogue: &'static str) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let read = parse(catalogue).unwrap();
    let mut all = BTreeMap::new();
    for entry in read.body {
        let Entry::Message(message) = entry else {
            assert!(!matches!(entry, Entry::Term(_) | Entry::Junk { .. }));
            continue;
        };
        let (id, value) = (message.id.name, message.value.unwrap());
        assert!(
            message.attributes.is_empty() && !value.elements.is_empty(),
            "{id}"
        );
        let gaps = value.elements.iter().filter_map(|element| match element {
            PatternElement::TextElement { .. } => None,
            PatternElement::Placeable { expression } => match expression {
                Expression::Inline(InlineExpression::StringLiteral { .. }) => None,
                Expression::Inline(InlineExpression::VariableReference { id }) => Some(id.name),
                // What is told apart by number stands in messages of its own.
                other => panic!("{id}: {other:?}"),
            },
        });
        assert!(all.insert(id, gaps.collect()).is_none(), "{id} twice");
    }
    assert!(all.len() > 900, "{}", all.len());
    all
}

#[test]
fn catalogues_have_the_same_messages_with_the_same_gaps() {
    assert_eq!(messages(ENGLISH_CATALOGUE), messages(JAPANESE_CATALOGUE));
}

#[test]
fn no_message_falls_back_and_no_mark_is_put_around_gaps() {
    for (id, gaps) in messages(ENGLISH_CATALOGUE) {
        let said = match gaps.is_empty() {
            true => catalogue::japanese().fixed(id).unwrap().to_owned(),
            false => {
                let mut args = FluentArgs::new();
                for gap in &gaps {
                    args.set(*gap, FluentValue::from("=1"));
                }
                catalogue::japanese().put_together(id, &args).unwrap()
            }
        };
        assert_eq!(said.matches("=1").count(), gaps.len(), "{id}: {said}");
        assert!(
            !said.contains(['{', '}', '\u{2068}', '\u{2069}']),
            "{id}: {said}"
        );
    }
}

#[test]
fn gaps_are_those_of_the_text() {
    assert!(has_gaps(b"a {one} b {two}", &["one", "two"]));
    assert!(has_gaps(b"a", &[]));
    for (text, gaps) in [
        (&b"a {one} b {two}"[..], &["two", "one"][..]),
        (b"a {one}", &[]),
        (b"a", &["one"]),
        (b"a {one", &["one"]),
        (b"a {one }", &["one"]),
        (b"a {on}", &["one"]),
        (b"a }", &[]),
        (b"{one} {one}", &["one"]),
    ] {
        assert!(!has_gaps(text, gaps), "{gaps:?}");
    }
}

#[test]
fn a_locale_is_told_by_its_language() {
    for locale in [
        "ja_JP.UTF-8",
        "ja",
        "ja_JP",
        "JA",
        "ja@x",
        "ja-JP",
        "ja.eucJP",
    ] {
        assert_eq!(Language::of_locale(locale), Language::Japanese, "{locale}");
    }
    for locale in ["", "C", "POSIX", "en_US.UTF-8", "jav_ID", "de_DE", "日本"] {
        assert_eq!(Language::of_locale(locale), Language::English, "{locale}");
    }
}
