//! Tables of AsciiDoc, which Red Hat's pages are written in: `|===`, one `|` before each cell, headings with `=`.

use std::sync::Arc;

use super::super::page::{Block, Cell, Page, PageLine, PageRow, PageTable};

/// What opens and closes a table.
const FENCE: &str = "|===";

/// Whether the text has such a table.
pub(super) fn is_there(text: &str) -> bool {
    text.lines().any(|line| line.trim() == FENCE)
}

/// Reads a page.
pub(super) fn page(text: &str) -> Page {
    let mut page = Page::default();
    let mut table: Option<Open> = None;
    let mut caption = None;
    for (number, raw) in super::lines(text) {
        let line = raw.trim();
        match &mut table {
            Some(open) if line == FENCE => {
                page.blocks.push(Block::Table(open.finish(caption.take())));
                table = None;
            }
            Some(open) => open.line(number, line),
            None if line == FENCE => table = Some(Open::default()),
            None => {
                if let Some(title) = line
                    .strip_prefix('.')
                    .filter(|t| !t.starts_with(['.', ' ']) && !t.is_empty())
                {
                    caption = Some(title.to_owned());
                } else {
                    page.blocks.extend(outside(number, line));
                }
            }
        }
    }
    // A table that was never closed is read as far as it goes.
    if let Some(mut open) = table {
        page.blocks.push(Block::Table(open.finish(caption)));
    }
    page
}

fn outside(number: u32, line: &str) -> Option<Block> {
    let level = line.chars().take_while(|c| *c == '=').count();
    if level > 0 && line[level..].starts_with(' ') {
        let heading = PageLine::new(&line[level..], number)?;
        return Some(Block::Heading(
            u8::try_from(level.min(6)).unwrap_or(6),
            heading,
        ));
    }
    let note = [
        "[",
        "//",
        "ifdef::",
        "ifndef::",
        "endif::",
        "include::",
        ":",
        "--",
        "+",
        "====",
    ];
    if note.iter().any(|start| line.starts_with(start)) {
        return None;
    }
    if let Some(item) = line.strip_prefix("* ").or_else(|| line.strip_prefix(". ")) {
        let line = PageLine::new(&plain(item), number)?;
        return Some(Block::Item(PageLine { depth: 1, ..line }));
    }
    PageLine::new(&plain(line), number).map(Block::Paragraph)
}

/// Without the signs of code, bold text and escapes.
fn plain(text: &str) -> String {
    text.replace(['`', '\\'], "")
        .replace("{nbsp}", " ")
        .replace("pass:[", "")
        .replace("link:", "")
}

/// A table that is being read.
#[derive(Default)]
struct Open {
    cells: Vec<Vec<PageLine>>,
    /// Cells of the first line: as many as there are columns.
    columns: Option<usize>,
}

impl Open {
    fn line(&mut self, number: u32, line: &str) {
        if line.is_empty()
            || line.starts_with("//")
            || line.starts_with("ifdef::")
            || line.starts_with("endif::")
        {
            return;
        }
        let before = self.cells.len();
        let mut pieces = line.split('|');
        let first = pieces.next().unwrap_or_default();
        // `a|`, `2+|` and the like say how the cell is to be set.
        let is_format = |text: &str| {
            text.len() <= 5
                && text
                    .chars()
                    .all(|c| c.is_ascii_digit() || "amhlesd.+^<>*".contains(c))
        };
        if !is_format(first.trim()) || !line.contains('|') {
            self.add(first, number);
        }
        for piece in pieces {
            self.cells.push(Vec::new());
            let format = piece.rsplit(' ').next().filter(|last| {
                is_format(last)
                    && !last.is_empty()
                    && piece.contains(' ')
                    && last.contains(|c: char| c.is_ascii_alphabetic() || c == '+')
            });
            let text = format.map_or(piece, |format| {
                piece.trim_end().strip_suffix(format).unwrap_or(piece)
            });
            self.add(text, number);
        }
        if self.columns.is_none() && self.cells.len() > before {
            self.columns = Some(self.cells.len());
        }
    }

    fn add(&mut self, text: &str, number: u32) {
        if let (Some(cell), Some(line)) =
            (self.cells.last_mut(), PageLine::new(&plain(text), number))
        {
            cell.push(line);
        }
    }

    fn finish(&mut self, caption: Option<String>) -> PageTable {
        let columns = self.columns.unwrap_or(1).max(1);
        let mut rows = self.cells.chunks(columns);
        let header = rows.next().unwrap_or_default();
        let text = |cell: &Vec<PageLine>| {
            cell.iter()
                .map(|line| line.text.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let header = header.iter().map(text).collect();
        let rows = rows.enumerate().map(|(at, cells)| {
            let number = at + 1;
            let line = cells
                .iter()
                .flatten()
                .map(|line| line.line)
                .next()
                .unwrap_or(0);
            let mut cells: Vec<Arc<Cell>> = cells
                .iter()
                .enumerate()
                .map(|(column, lines)| {
                    Arc::new(Cell {
                        row: number,
                        column,
                        lines: lines.clone(),
                    })
                })
                .collect();
            cells.resize_with(columns, Arc::default);
            PageRow {
                number,
                line,
                section: None,
                cells,
            }
        });
        PageTable {
            caption,
            header,
            rows: rows.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_on_lines_of_their_own_and_on_one() {
        let page = page(
            "= Title\n\n.Hosts\n[cols=\"3,2,4\",options=\"header\"]\n|===\n|URL | Port | Function\n\n|`registry.example.com`\n|443, 80\n\
             |Core images\n\n|`cdn0[1-3].example.com` |443 |Content\n|===\n\nMore.\n",
        );
        let Some(Block::Table(table)) = page.blocks.iter().find(|b| matches!(b, Block::Table(_)))
        else {
            panic!("no table");
        };
        assert_eq!(table.header, ["URL", "Port", "Function"]);
        assert_eq!(table.caption.as_deref(), Some("Hosts"));
        let rows: Vec<Vec<String>> = table
            .rows
            .iter()
            .map(|r| r.cells.iter().map(|c| c.text()).collect())
            .collect();
        assert_eq!(
            rows,
            [
                ["registry.example.com", "443, 80", "Core images"],
                ["cdn0[1-3].example.com", "443", "Content"]
            ]
        );
        assert_eq!(table.rows[0].line, 8);
    }
}
