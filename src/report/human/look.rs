//! How text looks on a terminal: width, colours, wrapped lines.

use std::borrow::Cow;
use std::io::Write;

use crate::report::ReportError;
use crate::report::text::{visible, width, wrap, wrap_japanese};
use crate::wording::{Language, Phrase, SaidTemplate, phrase};

/// Whether colours are used. Who calls has looked at the terminal, at `--color` and at `NO_COLOR`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Paint {
    /// ANSI colours.
    Color,
    /// Plain text.
    #[default]
    Plain,
}

/// How a person wants to see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Colours or none.
    pub paint: Paint,
    /// Terminal cells in a line.
    pub width: usize,
    /// Show everything, not only the first of many.
    pub all: bool,
    /// Show one line a finding and no more.
    pub quiet: bool,
    /// In which language.
    pub language: Language,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            paint: Paint::Plain,
            width: 100,
            all: false,
            quiet: false,
            language: Language::English,
        }
    }
}

/// What a piece of text says, as a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Bad,
    Warn,
    Good,
    Strong,
    Faint,
    Plain,
}

impl Look {
    /// The text in a colour. It must be harmless already.
    pub(crate) fn ink(&self, ink: Ink, text: &str) -> String {
        let (before, behind) = self
            .marks(ink)
            .filter(|_| !text.is_empty())
            .unwrap_or_default();
        format!("{before}{text}{behind}")
    }

    /// A text without gaps, in the reader's language.
    pub(crate) fn word(&self, word: &'static SaidTemplate) -> &'static str {
        self.language.word(word)
    }

    /// A phrase in the reader's language. Not harmless yet.
    pub(crate) fn say<'p>(&self, phrase: &'p Phrase) -> Cow<'p, str> {
        self.language.say(phrase)
    }

    /// The text in lines of at most `room` cells, broken as the language does.
    pub(crate) fn wrapped(&self, text: &str, room: usize) -> Vec<String> {
        match self.language {
            Language::Japanese => wrap_japanese(text, room),
            _ => wrap(text, room),
        }
    }

    /// What stands before and behind text in a colour, where it has one.
    pub(super) fn marks(&self, ink: Ink) -> Option<(&'static str, &'static str)> {
        let before = match ink {
            _ if self.paint == Paint::Plain => return None,
            Ink::Bad => "\x1b[1;31m",
            Ink::Warn => "\x1b[33m",
            Ink::Good => "\x1b[32m",
            Ink::Strong => "\x1b[1m",
            Ink::Faint => "\x1b[2m",
            Ink::Plain => return None,
        };
        Some((before, "\x1b[0m"))
    }

    /// A line or more: a label in a column of its own, and untrusted text wrapped beside it.
    pub(crate) fn labelled(
        &self,
        out: &mut impl Write,
        label: &str,
        ink: Ink,
        text: &str,
    ) -> Result<(), ReportError> {
        const LABEL: usize = 14;
        let room = self.width.clamp(40, 160).saturating_sub(LABEL);
        let faint = self.ink(Ink::Faint, label);
        let pad = LABEL.saturating_sub(4 + width(label));
        for (i, line) in self.wrapped(&visible(text), room).iter().enumerate() {
            let line = self.ink(ink, line);
            match i {
                0 => writeln!(out, "    {faint}{}{line}", " ".repeat(pad))?,
                _ => writeln!(out, "{}{line}", " ".repeat(LABEL))?,
            }
        }
        Ok(())
    }
}

/// A number with a comma at the thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 flow`, `2 flows`.
pub(crate) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(number))
}

/// Frame numbers for people: the first few, and how many more.
pub(super) fn frames(list: &[u64], omitted: usize) -> Phrase {
    const SHOWN: usize = 6;
    let shown: Vec<String> = list.iter().take(SHOWN).map(u64::to_string).collect();
    let more = list.len().saturating_sub(SHOWN) + omitted;
    let frames = shown.join(", ");
    match (shown.len(), more) {
        (0, _) => Phrase::default(),
        (1, 0) => phrase!(frame_number, "frame {frames}", frames),
        (_, 0) => phrase!(frame_numbers, "frames {frames}", frames),
        _ => phrase!(
            frame_numbers_and_more,
            "frames {frames} and {more} more",
            frames,
            more
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "flow"), "1 flow");
        assert_eq!(frames(&[3], 0), "frame 3");
        assert_eq!(
            frames(&[1, 2, 3, 4, 5, 6, 7], 2),
            "frames 1, 2, 3, 4, 5, 6 and 3 more"
        );
    }
}
