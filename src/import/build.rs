//! Marks to a page: what stands in which cell, spans filled in.

use std::sync::Arc;

use super::marks::{Element, MarkKind, PageMark};
use super::page::{Block, Cell, MOST_COLUMNS, Page, PageLine, PageRow, PageTable};

/// Tables deeper inside each other than this are read as text of the outer ones.
const MOST_NESTED: usize = 8;

/// Puts a page together.
pub(super) fn page(marks: Vec<PageMark>) -> Page {
    let mut builder = PageBuilder::default();
    for mark in marks {
        builder.take(mark);
    }
    builder.flush();
    while !builder.tables.is_empty() {
        builder.end_table();
    }
    builder.page
}

#[derive(Default)]
struct PageBuilder {
    page: Page,
    tables: Vec<TableBuilder>,
    text: String,
    line: u32,
    lists: u8,
    /// A definition is open, one deeper than its term; pages leave its end out.
    definition: bool,
    heading: Option<u8>,
    caption: bool,
    hidden: u32,
    struck: u32,
    code: u32,
    strong: u32,
    /// All text of the line so far is strong.
    all_strong: bool,
}

impl PageBuilder {
    fn take(&mut self, mark: PageMark) {
        if self.hidden > 0 && !is_hidden(&mark.kind) {
            return;
        }
        match mark.kind {
            MarkKind::Text(text) => self.text(&text, mark.line),
            MarkKind::Open(element) => self.open(element, mark.line),
            MarkKind::Close(element) => self.close(element),
        }
    }

    fn text(&mut self, text: &str, line: u32) {
        if self.text.trim().is_empty() && !text.trim().is_empty() {
            let before = text.len() - text.trim_start().len();
            let breaks = text[..before].matches('\n').count();
            self.line = line.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
            self.all_strong = true;
        }
        if !text.trim().is_empty() {
            self.all_strong &= self.strong > 0;
        }
        self.text.push_str(text);
        // Columns of text that was laid out by hand mean something; white space is collapsed later.
        if self.code > 0 && text.ends_with('\n') {
            self.flush();
        }
    }

    fn open(&mut self, element: Element, line: u32) {
        match element {
            Element::Strong => self.strong += 1,
            Element::Struck => {
                self.flush();
                self.struck += 1;
            }
            Element::Hidden => {
                self.flush();
                self.hidden += 1;
            }
            other => {
                self.flush();
                self.open_block(other, line);
            }
        }
    }

    fn open_block(&mut self, element: Element, line: u32) {
        match element {
            Element::Heading(level) => self.heading = Some(level),
            Element::Code => self.code += 1,
            Element::Caption => self.caption = true,
            Element::List => self.lists = self.lists.saturating_add(1),
            Element::Term => self.end_definition(),
            Element::Definition => {
                self.end_definition();
                self.lists = self.lists.saturating_add(1);
                self.definition = true;
            }
            Element::Item if self.lists == 0 => self.lists = 1,
            Element::Table if self.tables.len() < MOST_NESTED => {
                self.tables.push(TableBuilder::new(self.lists));
                self.lists = 0;
            }
            Element::Head => {
                if let Some(table) = self.tables.last_mut() {
                    table.in_head = true;
                }
            }
            Element::Row => {
                if let Some(table) = self.tables.last_mut() {
                    table.begin_row(line);
                }
            }
            Element::Cell {
                header,
                rows,
                columns,
            } => {
                self.lists = 0;
                self.heading = None;
                if let Some(table) = self.tables.last_mut() {
                    table.begin_cell(line, header, rows, columns);
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, element: Element) {
        match element {
            Element::Strong => self.strong = self.strong.saturating_sub(1),
            Element::Hidden => self.hidden = self.hidden.saturating_sub(1),
            other => {
                self.flush();
                self.close_block(other);
            }
        }
    }

    fn close_block(&mut self, element: Element) {
        match element {
            Element::Heading(_) => self.heading = None,
            Element::Struck => self.struck = self.struck.saturating_sub(1),
            Element::Code => self.code = self.code.saturating_sub(1),
            Element::Caption => self.caption = false,
            Element::Definition => self.end_definition(),
            Element::List => {
                self.end_definition();
                self.lists = self.lists.saturating_sub(1);
            }
            Element::Head => {
                if let Some(table) = self.tables.last_mut() {
                    table.end_row();
                    table.in_head = false;
                }
            }
            Element::Row => {
                if let Some(table) = self.tables.last_mut() {
                    table.end_row();
                }
            }
            Element::Cell { .. } => {
                if let Some(table) = self.tables.last_mut() {
                    table.end_cell();
                }
            }
            Element::Table => self.end_table(),
            _ => {}
        }
    }

    fn end_definition(&mut self) {
        if std::mem::take(&mut self.definition) {
            self.lists = self.lists.saturating_sub(1);
        }
    }

    /// Ends the line that is being read.
    fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        let Some(mut line) = PageLine::new(&text, self.line) else {
            return;
        };
        line.depth = self.lists;
        line.struck = self.struck > 0;
        if self.caption
            && let Some(table) = self.tables.last_mut()
        {
            table.table.caption = Some(line.text);
            return;
        }
        if let Some(table) = self.tables.last_mut() {
            table.line(line);
            return;
        }
        let block = match self.heading {
            Some(level) => Block::Heading(level, line),
            None if self.code > 0 => Block::Code(line),
            None if self.lists > 0 => Block::Item(line),
            None if self.all_strong && line.text.chars().count() < 120 => Block::Heading(7, line),
            None => Block::Paragraph(line),
        };
        self.page.blocks.push(block);
    }

    fn end_table(&mut self) {
        let Some(mut ended) = self.tables.pop() else {
            return;
        };
        ended.end_row();
        self.lists = ended.lists_around;
        for lost in ended.lost.drain(..) {
            self.page.lost.push(lost);
        }
        let table = ended.finish();
        if table.rows.is_empty() && table.header.iter().all(String::is_empty) {
            return;
        }
        self.page.blocks.push(Block::Table(table));
    }
}

fn is_hidden(kind: &MarkKind) -> bool {
    matches!(
        kind,
        MarkKind::Open(Element::Hidden) | MarkKind::Close(Element::Hidden)
    )
}

/// A cell that reaches into rows below.
struct ReachingCell {
    column: usize,
    columns: usize,
    rows_left: u16,
    cell: Arc<Cell>,
}

struct TableBuilder {
    table: PageTable,
    lists_around: u8,
    in_head: bool,
    /// The row being read: its cells with whether they are headers, and how many rows and columns they span.
    row: Option<RowBuilder>,
    spans: Vec<ReachingCell>,
    /// Rows of the head, as texts by column.
    head: Vec<Vec<String>>,
    section: Option<String>,
    columns: usize,
    rows: usize,
    lost: Vec<(u32, String)>,
}

struct RowBuilder {
    line: u32,
    cells: Vec<RawCell>,
    open: bool,
}

struct RawCell {
    header: bool,
    rows: u16,
    columns: u16,
    lines: Vec<PageLine>,
}

impl TableBuilder {
    fn new(lists_around: u8) -> Self {
        Self {
            table: PageTable::default(),
            lists_around,
            in_head: false,
            row: None,
            spans: Vec::new(),
            head: Vec::new(),
            section: None,
            columns: 0,
            rows: 0,
            lost: Vec::new(),
        }
    }

    fn begin_row(&mut self, line: u32) {
        self.end_row();
        self.row = Some(RowBuilder {
            line,
            cells: Vec::new(),
            open: false,
        });
    }

    fn begin_cell(&mut self, line: u32, header: bool, rows: u16, columns: u16) {
        if self.row.is_none() {
            self.begin_row(line);
        }
        if let Some(row) = &mut self.row {
            row.open = true;
            row.cells.push(RawCell {
                header,
                rows,
                columns,
                lines: Vec::new(),
            });
        }
    }

    fn end_cell(&mut self) {
        if let Some(row) = &mut self.row {
            row.open = false;
        }
    }

    /// Text between cells has no place in a table; it goes into the cell before it, as browsers' readers see it.
    fn line(&mut self, line: PageLine) {
        let last = self.row.as_mut().and_then(|row| row.cells.last_mut());
        match last {
            Some(cell) => cell.lines.push(line),
            None => self.lost.push((
                line.line,
                format!("text between the rows of a table: {}", line.text),
            )),
        }
    }

    fn end_row(&mut self) {
        let Some(row) = self.row.take() else { return };
        if row.cells.is_empty() {
            return;
        }
        let all_headers = row.cells.iter().all(|cell| cell.header);
        let is_head = self.in_head || (all_headers && self.rows == 0 && row.cells.len() > 1);
        let number = if is_head { 0 } else { self.rows + 1 };
        let alone = row.cells.len() == 1;
        let wide = row
            .cells
            .first()
            .map_or(0, |cell| usize::from(cell.columns));
        let (line, cells) = self.place(row, number);
        self.columns = self.columns.max(cells.len());
        if is_head {
            self.head
                .push(cells.iter().map(|cell| cell.text()).collect());
            return;
        }
        if alone && wide > 1 && wide >= self.columns {
            self.section = Some(cells[0].text()).filter(|text| !text.is_empty());
            return;
        }
        self.rows += 1;
        self.table.rows.push(PageRow {
            number,
            line,
            section: self.section.clone(),
            cells,
        });
    }

    /// Puts the row's own cells between those that reach into it.
    fn place(&mut self, row: RowBuilder, number: usize) -> (u32, Vec<Arc<Cell>>) {
        let mut cells: Vec<Option<Arc<Cell>>> = Vec::new();
        let put = |cells: &mut Vec<Option<Arc<Cell>>>, at: usize, cell: &Arc<Cell>| {
            if at < MOST_COLUMNS {
                if cells.len() <= at {
                    cells.resize(at + 1, None);
                }
                cells[at] = Some(Arc::clone(cell));
            }
        };
        for span in &mut self.spans {
            span.rows_left -= 1;
            for column in span.column..span.column + span.columns {
                put(&mut cells, column, &span.cell);
            }
        }
        self.spans.retain(|span| span.rows_left > 0);
        let mut at = 0;
        for raw in row.cells {
            while cells.get(at).is_some_and(Option::is_some) {
                at += 1;
            }
            if at >= MOST_COLUMNS {
                let line = raw.lines.first().map_or(row.line, |line| line.line);
                self.lost
                    .push((line, format!("a cell beyond column {MOST_COLUMNS}")));
                continue;
            }
            let columns = usize::from(raw.columns).min(MOST_COLUMNS - at);
            let cell = Arc::new(Cell {
                row: number,
                column: at,
                lines: raw.lines,
            });
            for column in at..at + columns {
                put(&mut cells, column, &cell);
            }
            if raw.rows > 1 {
                self.spans.push(ReachingCell {
                    column: at,
                    columns,
                    rows_left: raw.rows - 1,
                    cell,
                });
            }
            at += columns;
        }
        let empty = Arc::new(Cell {
            row: number,
            ..Cell::default()
        });
        let cells = cells.into_iter();
        (
            row.line,
            cells
                .map(|cell| cell.unwrap_or_else(|| Arc::clone(&empty)))
                .collect(),
        )
    }

    fn finish(mut self) -> PageTable {
        let columns = self.columns;
        let mut header = vec![String::new(); columns];
        for row in &self.head {
            for (at, text) in row.iter().enumerate() {
                // A header that spans rows is the same in each of them.
                if !text.is_empty() && !header[at].ends_with(text.as_str()) {
                    if !header[at].is_empty() {
                        header[at].push(' ');
                    }
                    header[at].push_str(text);
                }
            }
        }
        self.table.header = header;
        for row in &mut self.table.rows {
            row.cells.resize_with(columns, Arc::default);
        }
        self.table
    }
}

#[cfg(test)]
mod tests {
    use super::super::{html, markdown};
    use super::*;

    fn tables(html: &str) -> Vec<PageTable> {
        let blocks = page(html::marks(html, 1)).blocks.into_iter();
        blocks
            .filter_map(|block| match block {
                Block::Table(table) => Some(table),
                _ => None,
            })
            .collect()
    }

    fn texts(table: &PageTable) -> Vec<Vec<String>> {
        let rows = table.rows.iter();
        rows.map(|row| row.cells.iter().map(|cell| cell.text()).collect())
            .collect()
    }

    #[test]
    fn spans_are_filled_in() {
        let found = tables(
            "<table><tr><th>A<th>B<th>C<tr><td rowspan=2>a<td>b<td>c<tr><td colspan=2>d\
             <tr><td colspan=3>wide<tr><td>x<td>y</table>",
        );
        assert_eq!(found[0].header, ["A", "B", "C"]);
        assert_eq!(
            texts(&found[0]),
            [["a", "b", "c"], ["a", "d", "d"], ["x", "y", ""]]
        );
        assert_eq!(found[0].rows[2].section.as_deref(), Some("wide"));
        assert_eq!(found[0].rows[1].cells[0].row, 1);
    }

    #[test]
    fn lists_nest_and_tables_too() {
        let found = tables(
            "<table><tr><td><ul><li>one<ul><li>two</ul></ul><td><table><tr><td>in</table></table>",
        );
        assert_eq!(texts(&found[0]), [["in"]]);
        let lines = &found[1].rows[0].cells[0].lines;
        assert_eq!(
            lines
                .iter()
                .map(|l| (&*l.text, l.depth))
                .collect::<Vec<_>>(),
            [("one", 1), ("two", 2)]
        );
    }

    #[test]
    fn half_a_table_is_a_table() {
        let found = tables("<table><tr><th>Host</th><th>Port</th></tr><tr><td>a.test</td><td>44");
        assert_eq!(texts(&found[0]), [["a.test", "44"]]);
    }

    #[test]
    fn bold_lines_are_headings() {
        let page = page(markdown::marks("**Ports**\n\nsome **text**\n\n- item\n"));
        let kinds: Vec<_> = page
            .blocks
            .iter()
            .map(|block| match block {
                Block::Heading(level, line) => format!("h{level} {}", line.text),
                Block::Paragraph(line) => format!("p {}", line.text),
                Block::Item(line) => format!("i {}", line.text),
                _ => String::new(),
            })
            .collect();
        assert_eq!(kinds, ["h7 Ports", "p some text", "i item"]);
    }
}
