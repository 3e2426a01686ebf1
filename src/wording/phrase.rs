//! A phrase: its English, and of which parts it is made.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::ops::Deref;
use std::slice::Iter;
use std::sync::Arc;

use thin_vec::ThinVec;

use super::catalogue::Catalogue;
use super::{SaidPart, SaidTemplate};

/// A text without gaps, by its id: `word!(id, "text")`, or an id put together of literals.
macro_rules! word {
    ($id:ident, $english:literal) => {
        const { &$crate::wording::SaidTemplate::new(stringify!($id), $english, &[]) }
    };
    ($id:expr, $english:literal) => {
        const { &$crate::wording::SaidTemplate::new($id, $english, &[]) }
    };
}

/// A text with what fills its gaps: `phrase!(id, "text {gap}", gap)`, or `gap = value`. Gaps are named in the order in which
/// the text has them, each once; a test holds all phrases to that.
macro_rules! phrase {
    ($id:ident, $english:literal $(, $gap:ident $(= $value:expr)?)* $(,)?) => {
        $crate::wording::Phrase::new(
            const {
                &$crate::wording::SaidTemplate::new(stringify!($id), $english, &[$(stringify!($gap)),*])
            },
            &[$($crate::wording::phrase!(@ $gap $(, $value)?)),*],
        )
    };
    (@ $gap:ident) => { &$gap };
    (@ $gap:ident, $value:expr) => { &$value };
}

pub(crate) use {phrase, word};

/// What is said: English as text, and what it is made of, from which it is said in other languages. Reads as its English.
/// Copies share it: the same is said of a flow, of its intent and in a finding.
#[derive(Clone)]
pub struct Phrase(PhraseForm);

#[derive(Clone)]
enum PhraseForm {
    /// A text without gaps.
    Word(&'static SaidTemplate),
    /// Anything else.
    Made(Arc<MadePhrase>),
}

/// Nothing, in every language.
const NOTHING: &SaidTemplate = &SaidTemplate::new("", "", &[]);

#[derive(Clone)]
struct MadePhrase {
    text: Box<str>,
    /// `None` where the text is the same in every language.
    template: Option<&'static SaidTemplate>,
    /// What fills the gaps, in their order, each followed by what fills its own.
    filled: ThinVec<FilledGap>,
}

/// Where in the English text stands what fills a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FilledGap {
    /// `None` for what is the same in every language.
    template: Option<&'static SaidTemplate>,
    start: u32,
    end: u32,
}

/// A phrase that is being put together.
#[derive(Debug)]
pub struct PhraseText {
    text: String,
    filled: ThinVec<FilledGap>,
}

impl PhraseText {
    fn here(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    fn filled_from(&mut self, start: u32, template: Option<&'static SaidTemplate>) {
        let end = self.here();
        self.filled.push(FilledGap {
            template,
            start,
            end,
        });
    }

    /// A name or a number.
    pub(super) fn as_it_is(&mut self, part: fmt::Arguments<'_>) {
        let start = self.here();
        // Writing to text fails only where the part says so, which then has nothing to show.
        let _ = self.text.write_fmt(part);
        self.filled_from(start, None);
    }

    /// A text that is the same in every language.
    pub(super) fn text_as_it_is(&mut self, part: &str) {
        let start = self.here();
        self.text.push_str(part);
        self.filled_from(start, None);
    }

    pub(super) fn word(&mut self, word: &'static SaidTemplate) {
        let start = self.here();
        self.text.push_str(word.english);
        self.filled_from(start, Some(word));
    }

    pub(super) fn phrase(&mut self, part: &Phrase) {
        let part = match &part.0 {
            PhraseForm::Word(word) if word.english.is_empty() => return self.text_as_it_is(""),
            PhraseForm::Word(word) => return self.word(word),
            PhraseForm::Made(part) => part,
        };
        let start = self.here();
        self.text.push_str(&part.text);
        self.filled_from(start, part.template);
        let further = part.filled.iter().map(|gap| FilledGap {
            start: gap.start.saturating_add(start),
            end: gap.end.saturating_add(start),
            ..*gap
        });
        self.filled.extend(further);
    }
}

impl Phrase {
    /// A text with what fills its gaps, in their order.
    pub(crate) fn new(template: &'static SaidTemplate, parts: &[&dyn SaidPart]) -> Self {
        let mut said = PhraseText {
            text: String::with_capacity(template.english.len() + 16 * parts.len()),
            filled: ThinVec::with_capacity(parts.len()),
        };
        let mut parts = parts.iter();
        let mut rest = template.english;
        while let Some((before, behind)) = rest.split_once('{') {
            said.text.push_str(before);
            if let Some(part) = parts.next() {
                part.put(&mut said);
            }
            rest = behind.split_once('}').map_or("", |(_, behind)| behind);
        }
        said.text.push_str(rest);
        Self(PhraseForm::Made(Arc::new(MadePhrase {
            text: said.text.into(),
            template: Some(template),
            filled: said.filled,
        })))
    }

    /// The English.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            PhraseForm::Word(word) => word.english,
            PhraseForm::Made(made) => &made.text,
        }
    }

    /// Several, between commas; empty without any.
    pub(crate) fn list(parts: impl IntoIterator<Item = Self>) -> Self {
        let pair = |all: Self, next: Self| phrase!(list_pair, "{all}, {next}", all, next);
        parts.into_iter().reduce(pair).unwrap_or_default()
    }

    /// What is said after it.
    #[must_use]
    pub(crate) fn then(&self, next: impl SaidPart) -> Self {
        phrase!(said_then, "{first}; {next}", first = self, next)
    }

    /// With what it is in detail.
    #[must_use]
    pub(crate) fn about(&self, detail: impl SaidPart) -> Self {
        phrase!(said_about, "{what}: {detail}", what = self, detail)
    }

    /// Two together.
    pub(crate) fn both(one: Self, other: Self) -> Self {
        phrase!(one_and_other, "{one} and {other}", one, other)
    }

    /// A list with how many more there are than it has.
    #[must_use]
    pub(crate) fn and_more(self, more: usize) -> Self {
        match more {
            0 => self,
            _ => phrase!(list_and_more, "{list} and {more} more", list = self, more),
        }
    }

    /// With another word in the first gap that has the word `old`.
    #[must_use]
    pub(crate) fn turned(self, old: &'static SaidTemplate, new: &'static SaidTemplate) -> Self {
        let PhraseForm::Made(made) = &self.0 else {
            return self;
        };
        let mut gaps = made.filled.iter();
        let Some(place) = gaps.position(|gap| gap.template == Some(old)) else {
            return self;
        };
        let mut turned = MadePhrase::clone(made);
        let (start, end) = (turned.filled[place].start, turned.filled[place].end);
        let mut text = turned.text.into_string();
        text.replace_range(start as usize..end as usize, new.english);
        turned.text = text.into();
        let moved = |at: u32| match at >= end {
            true => at - (end - start) + new.english.len() as u32,
            false => at,
        };
        for gap in &mut turned.filled {
            (gap.start, gap.end) = (moved(gap.start), moved(gap.end));
        }
        turned.filled[place].template = Some(new);
        Self(PhraseForm::Made(Arc::new(turned)))
    }

    /// The English with what stays the same in every language put in anew.
    pub(super) fn in_english<'p>(&'p self, fill: &dyn Fn(&'p str) -> Cow<'p, str>) -> Cow<'p, str> {
        match &self.0 {
            PhraseForm::Word(word) => Cow::Borrowed(word.english),
            PhraseForm::Made(made) => made.in_english(fill),
        }
    }

    /// The phrase in the language of a catalogue.
    pub(super) fn said_by<'p>(
        &'p self,
        catalogue: &'static Catalogue,
        fill: &dyn Fn(&'p str) -> Cow<'p, str>,
    ) -> Cow<'p, str> {
        match &self.0 {
            PhraseForm::Word(word) => Cow::Borrowed(catalogue.word(word)),
            PhraseForm::Made(made) => {
                let whole = FilledGap {
                    template: made.template,
                    start: 0,
                    end: u32::MAX,
                };
                made.said(&whole, &mut made.filled.iter(), catalogue, fill)
            }
        }
    }
}

impl MadePhrase {
    fn in_english<'p>(&'p self, fill: &dyn Fn(&'p str) -> Cow<'p, str>) -> Cow<'p, str> {
        let leaf = |gap: &&FilledGap| gap.template.is_none();
        let mut out: Option<String> = None;
        let mut done = 0;
        if self.template.is_none() {
            return fill(&self.text);
        }
        for gap in self.filled.iter().filter(leaf) {
            let known = self.part(gap);
            let filled = fill(known);
            if filled != known {
                let out = out.get_or_insert_default();
                out.push_str(self.text.get(done..gap.start as usize).unwrap_or_default());
                out.push_str(&filled);
                done = gap.end as usize;
            }
        }
        match out {
            None => Cow::Borrowed(&self.text),
            Some(mut out) => {
                out.push_str(self.text.get(done..).unwrap_or_default());
                Cow::Owned(out)
            }
        }
    }

    fn part(&self, gap: &FilledGap) -> &str {
        let end = self.text.len().min(gap.end as usize);
        self.text.get(gap.start as usize..end).unwrap_or_default()
    }

    /// What fills a gap, whose own gaps are the next of `filled`.
    fn said<'p>(
        &'p self,
        gap: &FilledGap,
        filled: &mut Iter<'p, FilledGap>,
        catalogue: &'static Catalogue,
        fill: &dyn Fn(&'p str) -> Cow<'p, str>,
    ) -> Cow<'p, str> {
        let Some(template) = gap.template else {
            return fill(self.part(gap));
        };
        let mut own = Vec::with_capacity(template.gaps.len());
        for name in template.gaps {
            let Some(next) = filled.next() else { break };
            own.push((*name, self.said(next, filled, catalogue, fill)));
        }
        let said = catalogue.said(template, own);
        said.unwrap_or_else(|| Cow::Borrowed(self.part(gap)))
    }
}

impl Default for Phrase {
    /// Nothing.
    fn default() -> Self {
        NOTHING.into()
    }
}

impl From<&'static SaidTemplate> for Phrase {
    fn from(word: &'static SaidTemplate) -> Self {
        Self(PhraseForm::Word(word))
    }
}

impl From<String> for Phrase {
    /// The same in every language.
    fn from(text: String) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        Self(PhraseForm::Made(Arc::new(MadePhrase {
            text: text.into(),
            template: None,
            filled: ThinVec::new(),
        })))
    }
}

impl From<&str> for Phrase {
    /// The same in every language.
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Deref for Phrase {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

// Two that read the same are the same.
impl PartialEq for Phrase {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Phrase {}

impl PartialOrd for Phrase {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Phrase {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialEq<str> for Phrase {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Phrase {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

read_in_english!(Phrase, Phrase::as_str);

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::*;

    #[test]
    fn english_is_put_together_and_its_parts_are_found_again() {
        let inner = phrase!(list_pair, "{all}, {next}", all = 7_u64, next = "b\u{202e}");
        let whole = phrase!(said_then, "{first}; {next}", first = inner, next = "=x");
        assert_eq!(whole, "7, b\u{202e}; =x");
        let PhraseForm::Made(made) = &whole.0 else {
            panic!("{whole} has gaps");
        };
        let parts: Vec<&str> = made.filled.iter().map(|gap| made.part(gap)).collect();
        assert_eq!(parts, ["7, b\u{202e}", "7", "b\u{202e}", "=x"]);
        // No mark is put around what fills a gap.
        let said = Language::Japanese.say(&whole);
        assert_eq!(said, "7、b\u{202e}。=x");
        let other = |part| match part {
            "7" => Cow::Borrowed("8-9"),
            same => Cow::Borrowed(same),
        };
        assert_eq!(
            Language::English.say_with(&whole, &other),
            "8-9, b\u{202e}; =x"
        );
        assert_eq!(
            Language::Japanese.say_with(&whole, &other),
            "8-9、b\u{202e}。=x"
        );
    }

    #[test]
    fn a_word_is_turned_into_another_and_the_rest_stays() {
        let old = word!(said_rst, "RST");
        let new = word!(rst_with_other_ttl, "RST with another TTL than the server's");
        let made = phrase!(list_pair, "{all}, {next}", all = old, next = "RST");
        let turned = made.turned(old, new);
        assert_eq!(turned, "RST with another TTL than the server's, RST");
        assert_eq!(
            Language::Japanese.say(&turned),
            "サーバーと異なる TTL の RST、RST"
        );
        assert_eq!(turned.clone().turned(old, new), turned);
    }

    #[test]
    fn what_is_no_phrase_stays_as_it_is() {
        let name = Phrase::from("update.example.com");
        assert_eq!(Language::Japanese.say(&name), "update.example.com");
        assert_eq!(Language::English.say(&name), "update.example.com");
        assert_eq!(Phrase::list([]), "");
    }
}
