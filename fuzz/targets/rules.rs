//! Texts that people and vendors write: rule files, site files, pages to import.

use std::sync::LazyLock;

use pktaudit::fuzzing::{self, ImportBeside};
use pktaudit::rules::{
    self, Choices, Facts, Library, Problem, Profile, RuleSet, RuleText, check, check_site, lint,
};

/// The rules that are shipped first.
pub(crate) static SHIPPED: LazyLock<Library> = LazyLock::new(|| match check(&rules::embedded()) {
    Ok((library, _)) => library,
    Err(problems) => panic!("{problems:?}"),
});

pub(crate) fn rules(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let text = rule_text(text);
    match check(std::slice::from_ref(&text)) {
        Ok((library, warnings)) => {
            told(&warnings);
            compiled(&text, &library);
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            told(&problems);
        }
    }
}

pub(crate) fn site(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = rules::sets_named_by_site(text);
    match check_site(&rule_text(text), &SHIPPED) {
        Ok((site, warnings)) => {
            told(&warnings);
            match Profile::new(&SHIPPED, Some(&site), &Choices::default()) {
                Ok(profile) => told(profile.problems()),
                Err(problems) => told(&problems),
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            told(&problems);
        }
    }
}

/// A source; behind bytes 0xff, where they are there, a mapping, an existing rule file and a list that is taken out.
pub(crate) fn import(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == 0xff);
    let source = parts.next().unwrap_or_default();
    let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let (mapping, against) = (text(), text());
    let beside = ImportBeside {
        mapping: mapping.filter(|text| !text.is_empty()),
        against: against.filter(|text| !text.is_empty()),
        minus: parts.next(),
    };
    let Some(draft) = fuzzing::import("source.html", source, beside) else {
        return;
    };
    // What is written is TOML, and the same source renews it.
    let sound: Result<toml::Table, _> = draft.parse();
    assert!(sound.is_ok(), "{:?}\n{draft}", sound.err());
    if beside.against.is_none() {
        // It may be refused: what is a name by its form only, such as a word of program text, is told there.
        let _ = check(&[rule_text(&draft)]).map_err(|problems| told(&problems));
        let again = ImportBeside {
            against: Some(&draft),
            ..beside
        };
        let renewed = fuzzing::import("source.html", source, again);
        assert!(renewed.is_some(), "a draft cannot be renewed\n{draft}");
    }
}

fn rule_text(text: &str) -> RuleText {
    RuleText {
        name: "x.toml".into(),
        text: text.into(),
    }
}

/// Problems are put into words and drawn.
fn told(problems: &[Problem]) {
    for problem in problems {
        let _ = problem.lines();
    }
    let _ = rules::render_all(problems, false);
}

fn compiled(text: &RuleText, library: &Library) {
    told(&lint(
        std::slice::from_ref(text),
        library,
        &Facts::default(),
    ));
    if let Ok(profile) = Profile::new(library, None, &Choices::default()) {
        let set = RuleSet::compile(library.clone(), &profile);
        assert_eq!(set.requirements().len(), library.requirements.len());
    }
}
