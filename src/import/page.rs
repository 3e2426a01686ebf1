//! A page as all readers see it: headings, paragraphs, list items and tables, whatever it was written in.

use std::sync::Arc;

/// The most columns of a table; what is beyond is left out and told.
pub(super) const MOST_COLUMNS: usize = 64;

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What is on it, in its order.
    pub(super) blocks: Vec<Block>,
    /// What its reader had to leave out: line and reason.
    pub(super) lost: Vec<(u32, String)>,
}

/// A part of a page.
#[derive(Debug)]
pub(super) enum Block {
    /// Level 1 to 6; 7 for a line that only looks like a heading.
    Heading(u8, PageLine),
    /// Running text.
    Paragraph(PageLine),
    /// An item of a list outside of tables.
    Item(PageLine),
    /// Commands and their output.
    Code(PageLine),
    /// A table.
    Table(PageTable),
}

/// A line of text as a reader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageLine {
    /// White space collapsed, none at the ends; never empty.
    pub(super) text: String,
    /// Line of the source, counted from 1.
    pub(super) line: u32,
    /// How deep in lists; 0 outside of them.
    pub(super) depth: u8,
    /// Struck out on the page.
    pub(super) struck: bool,
}

/// A table, with spans filled in: every row has a cell for every column.
#[derive(Clone, Debug, Default)]
pub(super) struct PageTable {
    /// What it says of itself.
    pub(super) caption: Option<String>,
    /// A header for each column; empty where there is none.
    pub(super) header: Vec<String>,
    /// The rows below the header.
    pub(super) rows: Vec<PageRow>,
}

/// A row.
#[derive(Clone, Debug, Default)]
pub(super) struct PageRow {
    /// Counted from 1, headers not counted.
    pub(super) number: usize,
    /// Line on which it begins.
    pub(super) line: u32,
    /// A line across all columns that stood above it.
    pub(super) section: Option<String>,
    /// As many as the table has columns.
    pub(super) cells: Vec<Arc<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// The row in which it begins; rows that it spans share it.
    pub(super) row: usize,
    /// The column in which it begins, from 0.
    pub(super) column: usize,
    /// What is in it.
    pub(super) lines: Vec<PageLine>,
}

impl PageTable {
    /// Without the columns in which no row has anything, for readers that do not know the page's columns.
    pub(super) fn without_empty_columns(mut self) -> Self {
        let used: Vec<bool> = (0..self.header.len())
            .map(|at| {
                let mut rows = self.rows.iter();
                rows.any(|row| row.cells.get(at).is_some_and(|cell| !cell.lines.is_empty()))
            })
            .collect();
        let kept: Vec<usize> = (0..used.len()).filter(|at| used[*at]).collect();
        for row in &mut self.rows {
            let cells = kept.iter().enumerate().filter_map(|(to, from)| {
                let cell = row.cells.get(*from)?;
                let mut cell = Cell::clone(cell);
                cell.column = to;
                Some(Arc::new(cell))
            });
            row.cells = cells.collect();
        }
        self.header = kept.iter().map(|at| self.header[*at].clone()).collect();
        self
    }
}

impl Cell {
    /// All of it as one text.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for line in &self.lines {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(&line.text);
        }
        out
    }

    /// Where it stands, or where the row does if nothing is in it.
    pub(super) fn line(&self) -> Option<u32> {
        self.lines.first().map(|line| line.line)
    }
}

impl PageLine {
    /// A line with white space collapsed; `None` if nothing is left.
    pub(super) fn new(text: &str, line: u32) -> Option<Self> {
        let text = collapse(text);
        (!text.is_empty()).then_some(Self {
            text,
            line,
            depth: 0,
            struck: false,
        })
    }
}

/// Every run of white space as one blank, none at the ends; characters without width are dropped.
pub(super) fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let seen = |c: &char| {
        !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{202a}'..='\u{202e}')
            && (!c.is_control() || c.is_whitespace())
    };
    for c in text.chars().filter(seen) {
        match c.is_whitespace() {
            true if out.is_empty() || out.ends_with(' ') => {}
            true => out.push(' '),
            false => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}
