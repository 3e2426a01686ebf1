//! Tables whose columns are aligned with blanks, as documents for paper and terminals have them: made into ones with tabs.

use std::borrow::Cow;

use super::super::pages::has_known_header;

/// The fewest columns; two words far apart are chance.
const FEWEST: usize = 3;

/// A text between blanks, with the column in characters where it begins.
type CellPart<'t> = (usize, &'t str);

/// The text with tabs between the cells of such tables; lines stay where they are.
pub(super) fn with_tabs(text: &str) -> Cow<'_, str> {
    if !text.lines().any(|line| header(line).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut columns: Vec<usize> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let rows = |next: Option<&&str>| next.is_some_and(|next| parts(next).len() >= FEWEST - 1);
        if line.trim().is_empty() {
            columns.clear();
        } else if let Some(starts) = header(line).filter(|_| rows(lines.peek())) {
            columns = starts;
        }
        match columns.is_empty() {
            true => out.push_str(line),
            false => out.push_str(&cells(line, &columns).join("\t")),
        }
        out.push('\n');
    }
    Cow::Owned(out)
}

/// Where the columns of a header begin.
fn header(line: &str) -> Option<Vec<usize>> {
    if line.contains(['\t', '|']) {
        return None;
    }
    let parts = parts(line);
    let texts: Vec<String> = parts.iter().map(|(_, text)| (*text).to_owned()).collect();
    let fits = texts.len() >= FEWEST
        && texts.iter().all(|text| text.chars().count() <= 40)
        && has_known_header(&texts);
    fits.then(|| parts.iter().map(|(at, _)| *at).collect())
}

/// What stands between runs of two blanks and more.
fn parts(line: &str) -> Vec<CellPart<'_>> {
    let mut out: Vec<CellPart<'_>> = Vec::new();
    let (mut begun, mut column, mut blanks) = (None, 0, 0);
    for (at, c) in line.char_indices() {
        if c == ' ' {
            blanks += 1;
        } else {
            if blanks >= 2
                && let Some((start, from)) = begun.take()
            {
                out.push((start, line[from..at].trim_end()));
            }
            begun.get_or_insert((column, at));
            blanks = 0;
        }
        column += 1;
    }
    if let Some((start, from)) = begun {
        out.push((start, line[from..].trim_end()));
    }
    out
}

/// The cells of a row, one for each column; a part belongs to the last column that begins before it ends its blanks.
fn cells(line: &str, columns: &[usize]) -> Vec<String> {
    let mut out = vec![String::new(); columns.len()];
    for (start, text) in parts(line) {
        let column = columns.partition_point(|begin| *begin <= start + 1);
        let Some(cell) = out.get_mut(column.saturating_sub(1)) else {
            continue;
        };
        if !cell.is_empty() {
            cell.push(' ');
        }
        cell.push_str(text);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_where_the_header_has_them() {
        let text = "Ports\n\nHost                 Port      Protocol  Purpose\na.example.com        443       TCP       Web and  more\n\
                    b.example.com                            Time\n\nwords  and  words  here\n";
        assert_eq!(
            with_tabs(text),
            "Ports\n\nHost\tPort\tProtocol\tPurpose\na.example.com\t443\tTCP\tWeb and more\nb.example.com\t\t\tTime\n\nwords  and  words  here\n"
        );
        for text in [
            "Host   Port   Protocol\n\nfar below\n",
            "送信元  送信先\nエージェント\n",
            "one  two  three\nfour  five  six\n",
        ] {
            assert_eq!(with_tabs(text).trim_end(), text.trim_end());
        }
    }
}
