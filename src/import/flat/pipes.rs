//! Tables whose cells stand between `|` or tabs, without Markdown's line below the header.
//!
//! Browsers' text has a cell over several lines, ends each row with more than one `|`, and tells by their number how
//! many cells a span above has taken: a row whose signs are as many as the header's has lost its first cells; one with
//! fewer has cells that span to the right.

use std::sync::Arc;

use super::super::columns::{self, ColumnKind};
use super::super::page::{Block, Cell, Page, PageLine, PageRow, PageTable};
use super::super::pages::has_known_header;
use super::super::{line, traffic};

/// The longest line that can be a heading.
const HEADING: usize = 90;

/// The most lines that one row may take; what is longer is no row.
const MOST_LINES: usize = 5000;

/// Whether the text has a header of such a table.
pub(super) fn is_there(text: &str) -> bool {
    text.lines().any(|line| header(line).is_some())
}

/// Reads a page.
pub(super) fn page(text: &str) -> Page {
    let mut reader = PipeReader::default();
    for (number, line) in super::lines(text) {
        reader.line(number, line);
    }
    reader.end_table();
    reader.end_paragraph();
    reader.page
}

/// A header, and how its rows are written.
struct PipeHeader {
    texts: Vec<String>,
    /// Which columns are ports or protocols.
    typed: Vec<bool>,
    separator: char,
    /// Signs in the header's line.
    signs: usize,
    /// Rows end with more than one sign, and may go over lines.
    over_lines: bool,
}

fn header(line: &str) -> Option<PipeHeader> {
    // Wikis write headers between two signs and rows between one.
    let wiki = line.trim();
    let wiki = (wiki.starts_with("||") && wiki.ends_with("||")).then(|| wiki.replace("||", "|"));
    let line = wiki.as_deref().unwrap_or(line);
    let separator = if line.contains('|') { '|' } else { '\t' };
    if !line.contains(separator) {
        return None;
    }
    let inner = line.trim().trim_matches([separator, ' ']);
    let texts: Vec<String> = inner
        .split(separator)
        .map(|cell| cell.trim().to_owned())
        .collect();
    // Rows are many and headers few: a number alone is in no header, and looking for words takes time.
    let number = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let fits = texts.len() >= 2
        && !texts.iter().any(number)
        && texts.iter().all(|text| text.chars().count() <= 60)
        && has_known_header(&texts);
    fits.then(|| PipeHeader {
        typed: texts.iter().map(|text| is_typed(text)).collect(),
        signs: line.matches(separator).count(),
        over_lines: separator == '|' && trailing(line, separator) >= 2,
        texts,
        separator,
    })
}

/// Signs at the end of a line.
fn trailing(line: &str, separator: char) -> usize {
    let signs = line.chars().rev();
    let signs = signs.filter(|c| *c == separator || !c.is_whitespace());
    signs.take_while(|c| *c == separator).count()
}

#[derive(Default)]
struct PipeReader {
    page: Page,
    paragraph: Vec<(u32, String)>,
    table: Option<(PipeHeader, PageTable)>,
    /// Lines of the row that is being read.
    row: Vec<(u32, String)>,
    /// A full row ended; signs that follow belong to it.
    ended: bool,
}

impl PipeReader {
    fn line(&mut self, number: u32, line: &str) {
        // In a table, two words that could be headers are rather a row.
        let inside = self.table.is_some();
        if let Some(found) = header(line).filter(|found| !inside || found.texts.len() >= 3) {
            self.end_table();
            self.end_paragraph();
            let table = PageTable {
                header: found.texts.clone(),
                ..PageTable::default()
            };
            self.table = Some((found, table));
            self.ended = true;
            return;
        }
        let Some((header, _)) = &self.table else {
            self.text(number, line);
            return;
        };
        let separator = header.separator;
        if !header.over_lines {
            let columns = header.texts.len();
            self.one_line(number, line, separator, columns);
            return;
        }
        let only_signs =
            !line.trim().is_empty() && line.trim().chars().all(|c| c == separator || c == ' ');
        if self.ended && only_signs {
            return;
        }
        self.ended = false;
        self.row.push((number, line.to_owned()));
        let signs: usize = self
            .row
            .iter()
            .map(|(_, l)| l.matches(separator).count())
            .sum();
        let full = signs >= header.texts.len() && trailing(line, separator) >= 1;
        // A row over lines whose last line is a lone sign goes on with the signs of the next.
        if trailing(line, separator) >= 2 || (full && !only_signs) || self.row.len() > MOST_LINES {
            self.end_row();
            self.ended = true;
        }
    }

    /// A row a line, but for a last cell of several endpoints, whose other lines follow.
    fn one_line(&mut self, number: u32, line: &str, separator: char, columns: usize) {
        let count = |text: &str| text.split(separator).count();
        let begun: usize = self.row.iter().map(|(_, text)| count(text)).sum();
        let begun = begun - self.row.len().saturating_sub(1);
        let first = line.split(separator).next().unwrap_or_default();
        let goes_on = !self.row.is_empty()
            && is_endpoints(first)
            && is_endpoints(self.last_cell(separator))
            && begun + count(line) - 1 <= columns;
        match (line.contains(separator), goes_on) {
            (_, true) => self.row.push((number, line.to_owned())),
            (true, false) => {
                self.end_row();
                self.row.push((number, line.to_owned()));
            }
            (false, false) if line.trim().is_empty() => self.end_row(),
            (false, false) => {
                self.end_table();
                self.text(number, line);
            }
        }
        if begun > columns || self.row.len() > MOST_LINES {
            self.end_row();
        }
    }

    fn last_cell(&self, separator: char) -> &str {
        let last = self.row.last().map_or("", |(_, text)| text.as_str());
        last.rsplit(separator).next().unwrap_or_default()
    }

    /// Prose between tables: headings stand after a sentence that has ended.
    fn text(&mut self, number: u32, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            self.end_paragraph();
            return;
        }
        self.take_back_heading(number, line);
        let before = self.paragraph.last().map(|(_, text)| text.as_str());
        let fresh = before.is_none_or(|text| text.ends_with(['.', ':', '。', '|', '!']));
        let heading = fresh
            && line.chars().count() <= HEADING
            && !line.ends_with(['.', ',', ':', ';', ')', '。', '、'])
            && !line.contains(". ")
            && !line.contains(": ")
            && line.matches(['(', '（']).count() == line.matches([')', '）']).count()
            && line
                .chars()
                .next()
                .is_some_and(|c| c.is_uppercase() || !c.is_ascii());
        if heading {
            self.end_paragraph();
            if let Some(line) = PageLine::new(line, number) {
                self.page.blocks.push(Block::Heading(2, line));
            }
            return;
        }
        self.paragraph.push((number, line.to_owned()));
    }

    /// A heading right above a line that goes on in small letters was the beginning of its sentence.
    fn take_back_heading(&mut self, number: u32, line: &str) {
        let goes_on = line.starts_with(|c: char| c.is_lowercase());
        if !goes_on || !self.paragraph.is_empty() {
            return;
        }
        let above = self
            .page
            .blocks
            .pop_if(|block| matches!(block, Block::Heading(_, above) if above.line + 1 == number));
        if let Some(Block::Heading(_, above)) = above {
            self.paragraph.push((above.line, above.text));
        }
    }

    fn end_paragraph(&mut self) {
        let lines = std::mem::take(&mut self.paragraph);
        let Some((number, _)) = lines.first() else {
            return;
        };
        let text: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
        if let Some(line) = PageLine::new(&text.join(" "), *number) {
            self.page.blocks.push(Block::Paragraph(line));
        }
    }

    fn end_row(&mut self) {
        let lines = std::mem::take(&mut self.row);
        let Some((header, table)) = &mut self.table else {
            return;
        };
        let cells = cells(&lines, header);
        if cells.is_empty() {
            return;
        }
        let number = table.rows.len() + 1;
        let line = lines
            .iter()
            .find(|(_, text)| !text.trim().is_empty())
            .map_or(0, |(n, _)| *n);
        let signs: usize = lines
            .iter()
            .map(|(_, l)| l.matches(header.separator).count())
            .sum();
        let columns = header.texts.len();
        let lost = columns.saturating_sub(cells.len());
        // As many signs as the header has: the first cells are those of the row above.
        let from_above = match header.over_lines {
            true => signs >= header.signs,
            false => true,
        };
        let first = match from_above && fits_behind(&cells, lost, &header.typed) {
            true => lost,
            false => 0,
        };
        let mut row: Vec<Arc<Cell>> = Vec::new();
        for column in 0..first {
            let above = table.rows.last().and_then(|row| row.cells.get(column));
            row.push(above.map_or_else(Arc::default, Arc::clone));
        }
        for (at, lines) in cells.into_iter().enumerate().take(columns) {
            row.push(Arc::new(Cell {
                row: number,
                column: first + at,
                lines,
            }));
        }
        row.resize_with(columns, Arc::default);
        table.rows.push(PageRow {
            number,
            line,
            section: None,
            cells: row,
        });
    }

    /// What is left of a row that never ended is text below the table.
    fn end_table(&mut self) {
        if self.table.is_none() {
            return;
        }
        let separator = self
            .table
            .as_ref()
            .map_or('|', |(header, _)| header.separator);
        if self.row.iter().any(|(_, line)| line.contains(separator)) {
            self.end_row();
        }
        let below = std::mem::take(&mut self.row);
        if let Some((_, table)) = self.table.take() {
            self.page.blocks.push(Block::Table(table));
        }
        for (number, line) in below {
            self.text(number, &line);
        }
        self.end_paragraph();
    }
}

fn is_endpoints(text: &str) -> bool {
    let reading = line::read(text);
    !reading.found.is_empty() && !reading.prose
}

/// Whether the cells, moved to the right, stand under ports and protocols where they are such.
fn fits_behind(cells: &[Vec<PageLine>], lost: usize, typed: &[bool]) -> bool {
    let pairs = cells.iter().zip(&typed[lost.min(typed.len())..]);
    pairs
        .filter(|(cell, typed)| **typed && !cell.is_empty())
        .all(|(cell, _)| {
            let text: Vec<&str> = cell.iter().map(|line| line.text.as_str()).collect();
            traffic::read(&text.join(" ")).is_some()
        })
}

fn is_typed(header: &str) -> bool {
    matches!(
        columns::by_header(header),
        ColumnKind::Ports | ColumnKind::Protocol
    )
}

/// The cells of a row; signs at its end are no cells.
fn cells(lines: &[(u32, String)], header: &PipeHeader) -> Vec<Vec<PageLine>> {
    let mut cells: Vec<Vec<PageLine>> = vec![Vec::new()];
    for (number, text) in lines {
        for (at, piece) in text.split(header.separator).enumerate() {
            if at > 0 {
                cells.push(Vec::new());
            }
            if let (Some(line), Some(cell)) = (PageLine::new(piece, *number), cells.last_mut()) {
                cell.push(line);
            }
        }
    }
    let extra = match header.over_lines {
        // The header says how many signs stand behind a full row.
        true => {
            let behind = cells
                .iter()
                .rev()
                .take_while(|cell| cell.is_empty())
                .count();
            behind.min(cells.len().saturating_sub(1))
        }
        false => {
            if cells.first().is_some_and(Vec::is_empty) && header.signs > header.texts.len() {
                cells.remove(0);
            }
            let behind = cells.len().saturating_sub(header.texts.len());
            let empty = cells
                .iter()
                .rev()
                .take_while(|cell| cell.is_empty())
                .count();
            behind.min(empty)
        }
    };
    cells.truncate(cells.len() - extra);
    if cells.iter().all(Vec::is_empty) {
        cells.clear();
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let page = page(text);
        let tables = page.blocks.iter().filter_map(|block| match block {
            Block::Table(table) => Some(table),
            _ => None,
        });
        tables
            .flat_map(|table| &table.rows)
            .map(|row| row.cells.iter().map(|cell| cell.text()).collect())
            .collect()
    }

    #[test]
    fn cells_lost_to_spans_come_from_above() {
        let text = "Ports\nSource | Destination | Port | Protocol | |\n\
            Agents | DNS server | 53 | DNS over UDP | |\n\
            NTP server | 123 | NTP over UDP | ||\n\
            Cloud\n|\n443 | HTTPS over TCP | ||\n\
            80 | HTTP over TCP | |||\n\
            Relays | All that agents need | |||\n\
            Clients | Cloud | 443 | HTTPS over TCP |\nText below.\n";
        assert_eq!(
            rows(text),
            [
                ["Agents", "DNS server", "53", "DNS over UDP"],
                ["Agents", "NTP server", "123", "NTP over UDP"],
                ["Agents", "Cloud", "443", "HTTPS over TCP"],
                ["Agents", "Cloud", "80", "HTTP over TCP"],
                ["Relays", "All that agents need", "", ""],
                ["Clients", "Cloud", "443", "HTTPS over TCP"],
            ]
        );
    }

    #[test]
    fn cells_over_lines_and_lost_cells() {
        let text = "Source | Destination | Host FQDN | Protocols | ||\n\
            Agents | Cloud |\nFor you:\n*x.<region>.test ),\n|\nHTTPS\nHTTP\n|\n||\n\
            Center,\n|\n|\nHTTPS\n|\n|||\n";
        assert_eq!(
            rows(text),
            [
                [
                    "Agents",
                    "Cloud",
                    "For you: *x.<region>.test ),",
                    "HTTPS HTTP"
                ],
                ["Agents", "Center,", "", "HTTPS"],
            ]
        );
    }

    #[test]
    fn a_row_a_line_with_tabs_or_signs() {
        assert_eq!(
            rows("Host\tPort\tPurpose\na.test\t443\tUpdates\n\tb.test\t80\n\nText\n"),
            [["a.test", "443", "Updates"], ["", "b.test", "80"]]
        );
        assert_eq!(
            rows(
                "| Service | Host | Port |\n| Updates | a.test | 443 |\n| Licences | b.test | 443 |\n"
            ),
            [["Updates", "a.test", "443"], ["Licences", "b.test", "443"]]
        );
    }
}
