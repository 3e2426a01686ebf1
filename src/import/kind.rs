//! What a source is, told by content.

/// A kind of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    Html,
    Markdown,
    /// Text without markup.
    Flat,
    Json,
    Csv,
    /// Names and networks, one a line.
    Lines,
}

impl SourceKind {
    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Html => "HTML",
            Self::Markdown => "Markdown",
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Lines => "a list of one entry a line",
            Self::Flat => "text without markup",
        }
    }
}

/// How much of a source is looked at.
const LOOKED_AT: usize = 1 << 20;

/// Tells what a text is.
pub(super) fn tell(text: &str) -> SourceKind {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = &text[..end];
    let lower = head.trim_start().to_ascii_lowercase();
    let starts = [
        "<!doctype html",
        "<html",
        "<body",
        "<head",
        "<table",
        "<div",
        "<!--",
        "<?xml",
        "<h1",
        "<h2",
        "<dl",
        "<ul",
        "<ol",
        "<p>",
        "<section",
        "<article",
        "<main",
    ];
    if starts.iter().any(|start| lower.starts_with(start)) {
        return SourceKind::Html;
    }
    if lower.starts_with('{')
        || (lower.starts_with('[') && !lower.starts_with("[cols") && !lower.starts_with("[["))
    {
        return SourceKind::Json;
    }
    if super::lists::is_csv(head) {
        return SourceKind::Csv;
    }
    if super::lists::is_list(head) {
        return SourceKind::Lines;
    }
    if head.lines().any(|line| line.trim() == "|===") {
        return SourceKind::Flat;
    }
    match has_markdown(head) || lower.contains("<td") || lower.contains("<li") {
        true => SourceKind::Markdown,
        false => SourceKind::Flat,
    }
}

/// Signs that only Markdown has: a line below a table's header, headings, items, bold lines, fences, code in a line.
fn has_markdown(text: &str) -> bool {
    let mut signs = 0_usize;
    // A block of metadata has items too, and copies of pages keep it.
    let body = text
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(text, |(_, body)| body);
    for line in body.lines().take(20_000) {
        let line = line.trim();
        let below_header = line.len() >= 3
            && line.contains('-')
            && line.contains('|')
            && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '));
        if below_header {
            return true;
        }
        let heading = line.starts_with('#') && line.trim_start_matches('#').starts_with(' ');
        let item = (line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ "))
            && line.len() < 200;
        let bold = line.len() > 4 && line.starts_with("**") && line.ends_with("**");
        let code = line.matches('`').count() >= 2;
        signs += usize::from(heading || item || bold || code);
    }
    signs >= 2
}
