//! What the page says, in the language of the report, with the other one to turn to.
//!
//! Each text stands in the markup once, in the language of the report, so that the page is whole without its script. Where
//! the other language says something else, the element names a place in a list of these texts, which the script puts in its
//! stead: `data-w` for what is in an element, `data-w-NAME` for an attribute.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use foldhash::HashMap;
use maud::{Markup, Render, html};
use serde::Serialize;

use crate::report::text::{shorten, visible};
use crate::wording::{Language, Phrase, SaidTemplate, phrase, word};

/// The texts of a page.
pub(super) struct PageTexts {
    /// That of the report, and the other one.
    here: Language,
    there: Language,
    /// Texts of the other language by place, each once.
    places: RefCell<HashMap<String, u32>>,
}

/// A text on the page.
#[derive(Clone, Debug)]
pub(super) struct PageText<'t> {
    /// In the language of the report.
    pub(super) here: Cow<'t, str>,
    /// The place of the other language's, where that is another text.
    pub(super) place: Option<u32>,
}

impl Render for PageText<'_> {
    fn render_to(&self, buffer: &mut String) {
        match self.place {
            None => self.here.render_to(buffer),
            Some(place) => {
                let _ = write!(buffer, "<span data-w=\"{place}\">");
                self.here.render_to(buffer);
                buffer.push_str("</span>");
            }
        }
    }
}

impl PageTexts {
    pub(super) fn new(here: Language) -> Self {
        let there = match here {
            Language::English => Language::Japanese,
            Language::Japanese => Language::English,
        };
        Self {
            here,
            there,
            places: RefCell::default(),
        }
    }

    fn both<'t>(&self, here: Cow<'t, str>, there: &str) -> PageText<'t> {
        let place = (here != there).then(|| {
            let mut places = self.places.borrow_mut();
            let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
            let there = visible(there);
            match places.get(there.as_ref()) {
                Some(place) => *place,
                None => *places.entry(there.into_owned()).or_insert(next),
            }
        });
        PageText { here, place }
    }

    /// A text without gaps.
    pub(super) fn word(&self, word: &'static SaidTemplate) -> PageText<'static> {
        self.both(self.here.word(word).into(), self.there.word(word))
    }

    /// A name of something that has dashes in it, with blanks instead.
    pub(super) fn spaced(&self, word: &'static SaidTemplate) -> PageText<'static> {
        let said = |language: Language| language.word(word).replace('-', " ");
        self.both(said(self.here).into(), &said(self.there))
    }

    /// A phrase.
    pub(super) fn say<'p>(&self, phrase: &'p Phrase) -> PageText<'p> {
        self.both(self.here.say(phrase), &self.there.say(phrase))
    }

    /// A phrase that is made for the page alone.
    pub(super) fn said(&self, phrase: &Phrase) -> PageText<'static> {
        let PageText { here, place } = self.say(phrase);
        PageText {
            here: here.into_owned().into(),
            place,
        }
    }

    /// A phrase cut to so many cells; the second is the whole of it, where something was cut.
    pub(super) fn short(
        &self,
        phrase: &Phrase,
        most: usize,
    ) -> (PageText<'static>, Option<PageText<'static>>) {
        let (here, there) = (self.here.say(phrase), self.there.say(phrase));
        let (here, there) = (visible(&here), visible(&there));
        let cut = |text: &str| shorten(text, most).into_owned();
        let short = self.both(cut(&here).into(), &cut(&there));
        let is_cut = short.here != here || cut(&there) != there;
        (short, is_cut.then(|| self.said(phrase)))
    }

    /// A row of a list of facts.
    pub(super) fn fact(&self, label: &'static SaidTemplate, value: impl Render) -> Markup {
        let label = self.word(label);
        html! { dt data-w=[label.place] { (label.here) } dd { (value) } }
    }

    /// A row of a list of facts that is a phrase.
    pub(super) fn fact_said(&self, label: &'static SaidTemplate, value: &Phrase) -> Markup {
        self.fact(label, self.say(value))
    }

    /// The heading of a column.
    pub(super) fn column(&self, word: &'static SaidTemplate) -> Markup {
        let label = self.word(word);
        html! { th data-w=[label.place] { (label.here) } }
    }

    /// Buttons for the languages, of use only with the script.
    pub(super) fn switch(&self) -> Markup {
        let label = self.word(word!(page_language, "Language"));
        html! {
            div id="languages" class="only-script no-print" role="group" aria-label=(label.here)
                data-w-aria-label=[label.place]
            {
                @for language in Language::ALL {
                    button type="button" lang=(language.tag()) data-language=(language.tag())
                        aria-pressed=(if *language == self.here { "true" } else { "false" })
                    { (language.name()) }
                }
            }
        }
    }

    /// What the script needs to turn the page to the other language.
    pub(super) fn into_data(self) -> PageLanguages {
        let mut places: Vec<(String, u32)> = self.places.into_inner().into_iter().collect();
        places.sort_unstable_by_key(|(_, place)| *place);
        let said = |text: &Phrase| {
            let languages = Language::ALL.iter();
            languages.map(|l| l.say(text).into_owned()).collect()
        };
        PageLanguages {
            here: self.here.tag(),
            there: places.into_iter().map(|(text, _)| text).collect(),
            script: script_texts()
                .iter()
                .map(|(name, text)| (*name, said(text)))
                .collect(),
        }
    }
}

/// The texts of the other language, and those that the script itself puts on the page.
#[derive(Debug, Serialize)]
pub(super) struct PageLanguages {
    here: &'static str,
    there: Vec<String>,
    /// By name, in the order of [`Language::ALL`].
    script: BTreeMap<&'static str, Vec<String>>,
}

/// What the script puts on the page itself, by the names by which it asks for it. It fills what stands in braces.
fn script_texts() -> [(&'static str, Phrase); 23] {
    [
        ("start", word!(column_start, "start").into()),
        ("initiator", word!(column_initiator, "initiator").into()),
        ("responder", word!(column_responder, "responder").into()),
        ("name", word!(column_name, "name").into()),
        ("outcome", word!(column_outcome, "outcome").into()),
        ("app", word!(column_app, "app").into()),
        ("state", word!(column_state, "state").into()),
        ("sent", word!(column_sent, "sent").into()),
        ("received", word!(column_received, "received").into()),
        ("flow", word!(label_flow, "flow").into()),
        ("lasted", word!(label_lasted, "lasted").into()),
        ("carries", word!(label_carries, "carries").into()),
        ("reason", word!(label_reason, "reason").into()),
        (
            "requirements",
            word!(column_requirements, "requirements").into(),
        ),
        ("frames", word!(label_frames, "frames").into()),
        ("finding", word!(label_finding, "finding").into()),
        (
            "name_by",
            phrase!(
                name_by_source,
                "{name}, by {source}",
                name = "{name}",
                source = "{source}"
            ),
        ),
        (
            "bytes",
            phrase!(
                bytes_in_packets,
                "{bytes} bytes in {packets} packets",
                bytes = "{bytes}",
                packets = "{packets}"
            ),
        ),
        (
            "from_to",
            phrase!(
                from_to,
                "{first} to {last}",
                first = "{first}",
                last = "{last}"
            ),
        ),
        (
            "shown_of",
            phrase!(
                shown_of_all,
                "{shown} of {all}",
                shown = "{shown}",
                all = "{all}"
            ),
        ),
        (
            "left_out",
            phrase!(
                flows_only_in_csv,
                "{count} flows are only in flows.csv.",
                count = "{count}"
            ),
        ),
        (
            "of_finding",
            phrase!(
                flows_of_finding,
                "Flows of {finding}; Clear shows all.",
                finding = "{finding}"
            ),
        ),
        ("utc", phrase!(time_utc, "{time} UTC", time = "{time}")),
    ]
}
