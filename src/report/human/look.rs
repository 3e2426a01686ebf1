//! How text looks on a terminal: width, colours, wrapped lines, aligned columns.

use std::io::Write;

use crate::report::ReportError;
use crate::report::text::{visible, width, wrap};

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
}

impl Default for Look {
    fn default() -> Self {
        Self {
            paint: Paint::Plain,
            width: 100,
            all: false,
            quiet: false,
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
        let code = match ink {
            Ink::Bad => "1;31",
            Ink::Warn => "33",
            Ink::Good => "32",
            Ink::Strong => "1",
            Ink::Faint => "2",
            Ink::Plain => return text.to_owned(),
        };
        match self.paint {
            Paint::Color if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
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
        for (i, line) in wrap(&visible(text), room).iter().enumerate() {
            let line = self.ink(ink, line);
            match i {
                0 => writeln!(out, "    {faint}{}{line}", " ".repeat(pad))?,
                _ => writeln!(out, "{}{line}", " ".repeat(LABEL))?,
            }
        }
        Ok(())
    }
}

/// Aligned columns. The last one is wrapped, the others are shown whole: a name that is cut is no name.
pub(crate) struct Table<const N: usize> {
    header: [&'static str; N],
    right: [bool; N],
    rows: Vec<([String; N], Ink)>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(header: [&'static str; N]) -> Self {
        Self {
            header,
            right: [false; N],
            rows: Vec::new(),
        }
    }

    pub(crate) fn right_aligned(&mut self, column: usize) -> &mut Self {
        if let Some(right) = self.right.get_mut(column) {
            *right = true;
        }
        self
    }

    /// A row of untrusted cells.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.painted(cells, Ink::Plain);
    }

    /// A row in a colour.
    pub(super) fn painted(&mut self, cells: [String; N], ink: Ink) {
        self.rows
            .push((cells.map(|text| visible(&text).into_owned()), ink));
    }

    pub(crate) fn write(&self, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
        let mut widths: [usize; N] = self.header.map(width);
        for (cells, _) in &self.rows {
            for (cell, known) in cells.iter().zip(&mut widths) {
                *known = width(cell).max(*known);
            }
        }
        self.line(
            &self.header.map(ToOwned::to_owned),
            Ink::Faint,
            &widths,
            look,
            out,
        )?;
        self.rows
            .iter()
            .try_for_each(|(cells, ink)| self.line(cells, *ink, &widths, look, out))
    }

    fn line(
        &self,
        cells: &[String; N],
        ink: Ink,
        widths: &[usize; N],
        look: &Look,
        out: &mut impl Write,
    ) -> Result<(), ReportError> {
        let mut line = String::from("  ");
        let last = N.saturating_sub(1);
        for i in 0..last {
            let pad = " ".repeat(widths[i].saturating_sub(width(&cells[i])));
            if self.right[i] {
                line.push_str(&pad);
                line.push_str(&cells[i]);
            } else {
                line.push_str(&cells[i]);
                line.push_str(&pad);
            }
            line.push_str("  ");
        }
        let indent = width(&line);
        let Some(text) = cells.last() else {
            return Ok(());
        };
        if self.right.last() == Some(&true) {
            line.push_str(&" ".repeat(widths[last].saturating_sub(width(text))));
        }
        // Where nearly no room is left the last column stands on lines of its own.
        let room = look.width.saturating_sub(indent);
        if room < 24 && width(text) > room {
            writeln!(out, "{}", look.ink(ink, line.trim_end()))?;
            for text in wrap(text, look.width.saturating_sub(6)) {
                writeln!(out, "      {}", look.ink(ink, &text))?;
            }
            return Ok(());
        }
        for (i, text) in wrap(text, room.max(8)).into_iter().enumerate() {
            let start = if i == 0 {
                line.clone()
            } else {
                " ".repeat(indent)
            };
            writeln!(
                out,
                "{}",
                look.ink(ink, format!("{start}{text}").trim_end())
            )?;
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
pub(super) fn frames(list: &[u64], omitted: usize) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = list.iter().take(SHOWN).map(u64::to_string).collect();
    let more = list.len().saturating_sub(SHOWN) + omitted;
    match (shown.len(), more) {
        (0, _) => String::new(),
        (1, 0) => format!("frame {}", shown.join("")),
        (_, 0) => format!("frames {}", shown.join(", ")),
        _ => format!("frames {} and {more} more", shown.join(", ")),
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

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let mut table = Table::new(["who", "n", "what"]);
        table.right_aligned(1);
        table.row([
            "ポート".into(),
            "7".into(),
            "one two three four five six".into(),
        ]);
        table.row(["a\x1b[2Jb".into(), "12".into(), "x".into()]);
        let mut out = Vec::new();
        table
            .write(
                &Look {
                    width: 44,
                    ..Look::default()
                },
                &mut out,
            )
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "  who           n  what\n  ポート        7  one two three four five\n                   six\n  \
             a\\u{1b}[2Jb  12  x\n"
        );
    }
}
