//! Aligned columns.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};
use std::io::Write;
use std::ops::Range;

use rayon::prelude::*;

use super::look::{Ink, Look};
use crate::report::ReportError;
use crate::report::pieces::in_pieces;
use crate::report::text::{fits, visible, width, wrap};

/// So many rows are worth a thread.
const SOME: usize = 1024;

/// A row of untrusted cells, in one text.
#[derive(Clone, Debug)]
pub(crate) struct TextRow<const N: usize> {
    text: String,
    /// Where in the text each cell ends.
    ends: [usize; N],
    /// Cells so far.
    count: usize,
    /// Whether only the widths of all cells but the last are looked at.
    measured: bool,
    ink: Ink,
}

impl<const N: usize> Default for TextRow<N> {
    fn default() -> Self {
        Self {
            text: String::new(),
            ends: [0; N],
            count: 0,
            measured: false,
            ink: Ink::Plain,
        }
    }
}

impl<const N: usize> TextRow<N> {
    /// Puts the next cell in, made harmless.
    pub(crate) fn cell(&mut self, content: impl Display) {
        let start = self.text.len();
        // Writing to text fails only where the content says so, which then has nothing to show.
        let _ = write!(self.text, "{content}");
        self.close(start);
    }

    /// Ends the cell that begins at `start`.
    fn close(&mut self, start: usize) {
        if let Cow::Owned(harmless) = visible(&self.text[start..]) {
            self.text.truncate(start);
            self.text.push_str(&harmless);
        }
        if let Some(end) = self.ends.get_mut(self.count) {
            *end = self.text.len();
            self.count += 1;
        }
    }

    /// As [`Self::cell`], with a part of the content only: the whole where it has not got as many bytes.
    pub(crate) fn part(&mut self, content: impl Display, part: Range<usize>) {
        let start = self.text.len();
        let _ = write!(self.text, "{content}");
        let (from, to) = (start + part.start, start + part.end);
        if self.text.get(from..to).is_some() {
            self.text.truncate(to);
            self.text.replace_range(start..from, "");
        }
        self.close(start);
    }

    /// Whether the last cell is wanted: no width hangs on it.
    pub(crate) const fn wants_last(&self) -> bool {
        !self.measured
    }

    fn clear(&mut self) {
        self.text.clear();
        (self.count, self.ink) = (0, Ink::Plain);
    }

    fn at(&self, column: usize) -> &str {
        let end = |column: usize| {
            self.ends
                .get(column)
                .copied()
                .filter(|_| column < self.count)
        };
        let start = column.checked_sub(1).and_then(end).unwrap_or(0);
        self.text
            .get(start..end(column).unwrap_or(start))
            .unwrap_or("")
    }
}

/// How columns stand. The last one is wrapped, the others are shown whole: a name that is cut is no name.
#[derive(Clone, Debug)]
pub(crate) struct TableColumns<const N: usize> {
    header: [&'static str; N],
    right: [bool; N],
}

impl<const N: usize> TableColumns<N> {
    pub(crate) const fn new(header: [&'static str; N]) -> Self {
        Self {
            header,
            right: [false; N],
        }
    }

    pub(crate) fn right_aligned(&mut self, column: usize) -> &mut Self {
        if let Some(right) = self.right.get_mut(column) {
            *right = true;
        }
        self
    }

    /// Writes `count` rows, each of which `fill` makes when it is wanted, twice, so that none has to be held: a capture has
    /// millions of flows.
    pub(crate) fn write(
        &self,
        count: usize,
        fill: impl Fn(usize, &mut TextRow<N>) + Sync,
        look: &Look,
        out: &mut impl Write,
    ) -> Result<(), ReportError> {
        let widths = self.widths(count, &fill);
        let mut header = TextRow {
            ink: Ink::Faint,
            ..TextRow::default()
        };
        self.header.iter().for_each(|name| header.cell(name));
        let (mut line, mut lines) = (String::new(), String::new());
        self.lines(&header, &widths, look, &mut line, &mut lines);
        out.write_all(lines.as_bytes())?;
        let some = |rows: Range<usize>| {
            let (mut line, mut lines) = (String::new(), String::new());
            let mut row = TextRow::default();
            for place in rows {
                row.clear();
                fill(place, &mut row);
                self.lines(&row, &widths, look, &mut line, &mut lines);
            }
            Ok(lines.into_bytes())
        };
        in_pieces(count, SOME, some, |lines| Ok(out.write_all(lines)?))
    }

    fn widths(&self, count: usize, fill: &(impl Fn(usize, &mut TextRow<N>) + Sync)) -> [usize; N] {
        let of_some = |rows: Range<usize>| {
            let mut widths = [0; N];
            let mut row = TextRow {
                measured: self.right.last() != Some(&true),
                ..TextRow::default()
            };
            for place in rows {
                row.clear();
                fill(place, &mut row);
                for (column, known) in widths.iter_mut().enumerate() {
                    *known = width(row.at(column)).max(*known);
                }
            }
            widths
        };
        let wider = |a: [usize; N], b: [usize; N]| std::array::from_fn(|i| a[i].max(b[i]));
        let rows = match count <= SOME {
            true => of_some(0..count),
            false => (0..count.div_ceil(SOME))
                .into_par_iter()
                .map(|some| of_some(some * SOME..count.min((some + 1) * SOME)))
                .reduce(|| [0; N], wider),
        };
        wider(self.header.map(width), rows)
    }

    /// The lines of a row, of which `line` is put together.
    fn lines(
        &self,
        row: &TextRow<N>,
        widths: &[usize; N],
        look: &Look,
        line: &mut String,
        out: &mut String,
    ) {
        let last = N.saturating_sub(1);
        line.clear();
        blanks(line, 2);
        for (column, wide) in widths.iter().enumerate().take(last) {
            let cell = row.at(column);
            let room = wide.saturating_sub(width(cell));
            let (before, behind) = match self.right[column] {
                true => (room, 0),
                false => (0, room),
            };
            blanks(line, before);
            line.push_str(cell);
            blanks(line, behind + 2);
        }
        let indent = 2 + widths.iter().take(last).map(|wide| wide + 2).sum::<usize>();
        let text = row.at(last);
        // Where nearly no room is left the last column stands on lines of its own.
        let room = look.width.saturating_sub(indent);
        if room < 24 && width(text) > room {
            end_line(line, row.ink, look, out);
            for text in wrap(text, look.width.saturating_sub(6)) {
                blanks(out, 6);
                end_line(&text, row.ink, look, out);
            }
            return;
        }
        if self.right.last() == Some(&true) {
            let wide = widths.last().copied().unwrap_or_default();
            blanks(line, wide.saturating_sub(width(text)));
        }
        if fits(text, room.max(8)) {
            line.push_str(text);
            return end_line(line, row.ink, look, out);
        }
        for (place, text) in wrap(text, room.max(8)).iter().enumerate() {
            if place > 0 {
                line.clear();
                blanks(line, indent);
            }
            line.push_str(text);
            end_line(line, row.ink, look, out);
        }
    }
}

fn blanks(out: &mut String, mut count: usize) {
    const SOME: &str = "                                ";
    while let Some(rest) = count.checked_sub(SOME.len()) {
        out.push_str(SOME);
        count = rest;
    }
    out.push_str(&SOME[..count]);
}

/// Writes a line in a colour, without the blanks at its end.
fn end_line(line: &str, ink: Ink, look: &Look, out: &mut String) {
    let line = line.trim_end();
    let marks = look.marks(ink).filter(|_| !line.is_empty());
    let (before, behind) = marks.unwrap_or_default();
    for part in [before, line, behind, "\n"] {
        out.push_str(part);
    }
}

/// A few rows, each put in as it comes.
#[derive(Clone, Debug)]
pub(crate) struct Table<const N: usize> {
    columns: TableColumns<N>,
    rows: Vec<TextRow<N>>,
}

impl<const N: usize> Table<N> {
    pub(crate) const fn new(header: [&'static str; N]) -> Self {
        Self {
            columns: TableColumns::new(header),
            rows: Vec::new(),
        }
    }

    pub(crate) fn right_aligned(&mut self, column: usize) -> &mut Self {
        self.columns.right_aligned(column);
        self
    }

    /// A row of untrusted cells.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.painted(cells, Ink::Plain);
    }

    /// A row in a colour.
    pub(super) fn painted(&mut self, cells: [String; N], ink: Ink) {
        let mut row = TextRow {
            ink,
            ..TextRow::default()
        };
        cells.iter().for_each(|cell| row.cell(cell));
        self.rows.push(row);
    }

    pub(crate) fn write(&self, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
        let fill = |place: usize, row: &mut TextRow<N>| {
            if let Some(known) = self.rows.get(place) {
                row.clone_from(known);
            }
        };
        self.columns.write(self.rows.len(), fill, look, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn very_many_rows_are_the_same_as_some_after_another() {
        let cell = |place: usize| "x".repeat(place % 7 + place / 1500);
        let columns = TableColumns::new(["a", "b"]);
        let mut all = Vec::new();
        let fill = |place: usize, row: &mut TextRow<2>| {
            row.cell(cell(place));
            row.cell(place);
        };
        columns
            .write(3 * SOME + 5, fill, &Look::default(), &mut all)
            .unwrap();
        let text = String::from_utf8(all).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("  a         b"));
        for place in 0..3 * SOME + 5 {
            let line = format!("  {:8}  {place}", cell(place));
            assert_eq!(lines.next(), Some(line.as_str()));
        }
        assert_eq!(lines.next(), None);
    }
}
