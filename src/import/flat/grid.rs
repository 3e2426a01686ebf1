//! Tables drawn with `+---+` lines, as reStructuredText and terminals have them, written with `|` alone.

use std::borrow::Cow;

/// A line between rows; `=` stands below headers.
fn is_border(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 5
        && line.starts_with('+')
        && line.ends_with('+')
        && line.contains(['-', '='])
        && line.bytes().all(|b| matches!(b, b'+' | b'-' | b'=' | b':'))
}

/// The text with each row of such tables on one line, and blank lines for the rest, so that lines keep their numbers.
pub(super) fn with_pipes(text: &str) -> Cow<'_, str> {
    let borders: Vec<&str> = text.lines().filter(|line| is_border(line)).collect();
    if borders.len() < 2 {
        return Cow::Borrowed(text);
    }
    // Terminals draw lines around the table and below its header alone: a row is a line there.
    let between_rows = borders.len() > 3 || borders.iter().any(|line| line.contains('='));
    let mut out = String::with_capacity(text.len());
    let mut row = GridRow::default();
    let mut inside = false;
    for line in text.lines() {
        let trimmed = line.trim();
        let cells = inside && trimmed.starts_with('|') && trimmed.ends_with('|');
        if is_border(line) {
            row.end(&mut out);
            inside = true;
            out.push('\n');
        } else if cells {
            row.take(trimmed);
            if !between_rows {
                row.end(&mut out);
            }
        } else {
            row.end(&mut out);
            inside = false;
            out.push_str(line);
            out.push('\n');
        }
    }
    row.end(&mut out);
    Cow::Owned(out)
}

/// The lines of one row so far.
#[derive(Default)]
struct GridRow {
    cells: Vec<String>,
    lines: usize,
}

impl GridRow {
    fn take(&mut self, line: &str) {
        let inner = line.trim_matches('|');
        for (at, text) in inner.split('|').map(str::trim).enumerate() {
            match self.cells.get_mut(at) {
                Some(cell) if !text.is_empty() => {
                    cell.push(' ');
                    cell.push_str(text);
                }
                Some(_) => {}
                None => self.cells.push(text.to_owned()),
            }
        }
        self.lines += 1;
    }

    fn end(&mut self, out: &mut String) {
        if self.lines > 0 {
            out.push_str("| ");
            out.push_str(&self.cells.join(" | "));
            out.push_str(" |\n");
            (1..self.lines).for_each(|_| out.push('\n'));
        }
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_lines_and_lines_of_rows() {
        let drawn =
            "T\n+----+----+\n| a  | b  |\n+====+====+\n| c  | d  |\n|    | e  |\n+----+----+\nx\n";
        assert_eq!(with_pipes(drawn), "T\n\n| a | b |\n\n| c | d e |\n\n\nx\n");
        let terminal =
            "+----+----+\n| a  | b  |\n+----+----+\n| c  | d  |\n| e  | f  |\n+----+----+\n";
        assert_eq!(
            with_pipes(terminal),
            "\n| a | b |\n\n| c | d |\n| e | f |\n\n"
        );
        let none = "+-----+ is a line, | is none\n";
        assert_eq!(with_pipes(none), none);
    }
}
