//! What is said in a language other than English, by ids.

use std::borrow::Cow;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use foldhash::HashMap;
use unic_langid::LanguageIdentifier;

use super::{JAPANESE_CATALOGUE, Language, SaidTemplate};

/// The messages of a language.
pub(super) struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    /// Those without gaps, put together once.
    fixed: HashMap<String, String>,
}

pub(super) fn japanese() -> &'static Catalogue {
    static JAPANESE: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::read(Language::Japanese, JAPANESE_CATALOGUE));
    &JAPANESE
}

impl Catalogue {
    /// What cannot be read is not there, and is said in English; a test holds the catalogues to be whole.
    fn read(language: Language, text: &str) -> Self {
        let read = FluentResource::try_new(text.to_owned());
        let resource = read.unwrap_or_else(|(resource, _)| resource);
        let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let ids: Vec<String> = ids(text).map(ToOwned::to_owned).collect();
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        bundle.set_use_isolating(false);
        let _ = bundle.add_resource(resource);
        let mut fixed = HashMap::default();
        for id in ids {
            let Some(value) = bundle.get_message(&id).and_then(|message| message.value()) else {
                continue;
            };
            let mut errors = Vec::new();
            let said = bundle.format_pattern(value, None, &mut errors).into_owned();
            // One with gaps complains that nothing fills them.
            if errors.is_empty() {
                fixed.insert(id, said);
            }
        }
        Self { bundle, fixed }
    }

    /// A text without gaps.
    pub(super) fn word(&'static self, word: &'static SaidTemplate) -> &'static str {
        self.fixed(word.id).unwrap_or(word.english)
    }

    /// A text without gaps by its id.
    pub(super) fn fixed(&self, id: &str) -> Option<&str> {
        self.fixed.get(id).map(String::as_str)
    }

    /// A text with what fills its gaps; `None` where the catalogue does not have it.
    pub(super) fn said<'p>(
        &'static self,
        template: &SaidTemplate,
        filled: Vec<(&'static str, Cow<'p, str>)>,
    ) -> Option<Cow<'p, str>> {
        if filled.is_empty() {
            return self.fixed(template.id).map(Cow::Borrowed);
        }
        let mut args = FluentArgs::with_capacity(filled.len());
        for (gap, text) in filled {
            args.set(gap, text);
        }
        self.put_together(template.id, &args).map(Cow::Owned)
    }

    /// A text with gaps, by its id.
    pub(super) fn put_together(&self, id: &str, args: &FluentArgs<'_>) -> Option<String> {
        let value = self.bundle.get_message(id)?.value()?;
        let mut errors = Vec::new();
        let said = self.bundle.format_pattern(value, Some(args), &mut errors);
        errors.is_empty().then(|| said.into_owned())
    }
}

/// The ids of a catalogue: a message begins a line.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines();
    let begins = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic()));
    begins.filter_map(|line| Some(line.split_once(" =")?.0))
}
