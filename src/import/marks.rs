//! What HTML and Markdown have in common: elements that open and close, and text, each with its line.

/// One mark of a page, in the page's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PageMark {
    /// Line of the source, counted from 1.
    pub(super) line: u32,
    /// What it is.
    pub(super) kind: MarkKind,
}

/// What a mark is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MarkKind {
    /// An element begins.
    Open(Element),
    /// An element ends.
    Close(Element),
    /// Text as a reader sees it; entities are resolved.
    Text(String),
}

/// The elements that matter to tables of requirements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// Level 1 to 6.
    Heading(u8),
    Table,
    /// The rows of a table's head.
    Head,
    Caption,
    Row,
    /// A cell with the rows and columns that it spans, both at least 1.
    Cell {
        header: bool,
        rows: u16,
        columns: u16,
    },
    List,
    Item,
    /// What a list of definitions defines.
    Term,
    /// What it says of it: deeper than the term.
    Definition,
    /// Paragraph, division, definition: begins and ends a line.
    Block,
    /// Ends a line.
    Break,
    /// Bold, as pages write headings without heading tags.
    Strong,
    /// Struck out: no longer so.
    Struck,
    /// Commands and their output.
    Code,
    /// Nothing in it is read: scripts, styles, drawings, navigation.
    Hidden,
}
