//! What reports say to people, in English and in other languages.
//!
//! The English stands where it is said: `word!(id, "text")` is a text without gaps, `phrase!(id, "text {gap}", gap)` one with
//! what fills them. So whoever reads why something is a finding reads its words there, and English costs nothing more than
//! putting it together. Other languages are had by the same ids from a catalogue in the format of Project Fluent, `ja.ftl`
//! beside this file. `en.ftl` is what translators start from: a test holds it to the source word by word, and each other
//! catalogue to it, message by message and gap by gap.
//!
//! What fills a gap is a name or a number, which stays as it is in every language, or a phrase of its own, which does not.
//! None of it is made harmless here: who writes it to a terminal or a page does that to the whole, in every language alike.

/// Makes what says something a text for machines, which read English; `$english` gives it.
macro_rules! read_in_english {
    ($said:ty, $english:path) => {
        impl serde::Serialize for $said {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($english(self))
            }
        }

        impl schemars::JsonSchema for $said {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                String::schema_name()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                String::json_schema(generator)
            }
        }
    };
}

mod catalogue;
mod part;
mod phrase;

use std::borrow::Cow;

pub use part::SaidPart;
pub use phrase::{Phrase, PhraseText};
pub(crate) use phrase::{phrase, word};

/// The English catalogue, from which others are translated.
pub const ENGLISH_CATALOGUE: &str = include_str!("en.ftl");
/// The Japanese catalogue.
pub const JAPANESE_CATALOGUE: &str = include_str!("ja.ftl");

/// In which language reports for people are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// As the machine-readable formats are written, always.
    #[default]
    English,
    /// Japanese.
    Japanese,
}

impl Language {
    /// All, in the order in which they are offered.
    pub const ALL: &'static [Self] = &[Self::English, Self::Japanese];

    /// Its tag (BCP 47).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Japanese => "ja",
        }
    }

    /// What it calls itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Japanese => "日本語",
        }
    }

    /// That of a locale's name as in `LANG`: `ja`, `ja_JP.UTF-8`; English for all others.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        let end = locale.find(['_', '.', '@', '-']).unwrap_or(locale.len());
        let known = Self::ALL.iter().copied();
        let mut fits = known.filter(|language| locale[..end].eq_ignore_ascii_case(language.tag()));
        fits.next().unwrap_or_default()
    }

    /// A text without gaps. Looked up once for each text and not put together: cheap.
    #[must_use]
    pub fn word(self, word: &'static SaidTemplate) -> &'static str {
        match self {
            Self::English => word.english,
            Self::Japanese => catalogue::japanese().word(word),
        }
    }

    /// A phrase. English is there already; every other language is put together anew, in some microseconds.
    #[must_use]
    pub fn say(self, phrase: &Phrase) -> Cow<'_, str> {
        self.say_with(phrase, &|gap| Cow::Borrowed(gap))
    }

    /// As [`Self::say`], with what stays the same in every language put in anew by `fill`.
    #[must_use]
    pub fn say_with<'p>(
        self,
        phrase: &'p Phrase,
        fill: &dyn Fn(&'p str) -> Cow<'p, str>,
    ) -> Cow<'p, str> {
        match self {
            Self::English => phrase.in_english(fill),
            Self::Japanese => phrase.said_by(catalogue::japanese(), fill),
        }
    }
}

/// A text with gaps, and its id in the catalogues. Made by `word!` and `phrase!` alone, which the tests read.
#[derive(Debug, PartialEq, Eq)]
pub struct SaidTemplate {
    pub(crate) id: &'static str,
    pub(crate) english: &'static str,
    /// What its gaps are called, in the order in which English has them; each once.
    pub(crate) gaps: &'static [&'static str],
}

impl SaidTemplate {
    /// Refused by the compiler where the gaps of the text are not these, in this order.
    pub(crate) const fn new(
        id: &'static str,
        english: &'static str,
        gaps: &'static [&'static str],
    ) -> Self {
        assert!(
            has_gaps(english.as_bytes(), gaps),
            "the text has other gaps"
        );
        Self { id, english, gaps }
    }

    /// Its id in the catalogues.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// The English, with `{gap}` for each gap.
    #[must_use]
    pub const fn english(&self) -> &'static str {
        self.english
    }
}

/// Whether a text has just these gaps, in this order. Other braces it cannot have.
const fn has_gaps(text: &[u8], gaps: &[&str]) -> bool {
    let (mut at, mut gap) = (0, 0);
    while at < text.len() {
        match text[at] {
            b'}' => return false,
            b'{' if gap == gaps.len() => return false,
            b'{' => {
                let name = gaps[gap].as_bytes();
                let mut place = 0;
                at += 1;
                while place < name.len() {
                    if at >= text.len() || text[at] != name[place] {
                        return false;
                    }
                    (at, place) = (at + 1, place + 1);
                }
                if at >= text.len() || text[at] != b'}' {
                    return false;
                }
                gap += 1;
            }
            _ => {}
        }
        at += 1;
    }
    gap == gaps.len()
}

impl std::ops::Deref for SaidTemplate {
    type Target = str;

    /// The English.
    fn deref(&self) -> &str {
        self.english
    }
}

impl std::fmt::Display for SaidTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.english.fmt(f)
    }
}

read_in_english!(SaidTemplate, SaidTemplate::english);

#[cfg(test)]
mod tests;
