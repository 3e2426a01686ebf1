//! HTML to marks, by html5ever's tokenizer: it takes every page that a browser takes, and tells lines.

use std::cell::RefCell;

use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};

use super::marks::{Element, MarkKind, PageMark};

/// The most rows or columns that a cell may span; browsers stop at 1000 columns too.
const MOST_SPANNED: u16 = 1000;

/// Reads HTML, or a piece of it; its first line is `first_line`.
pub(super) fn marks(html: &str, first_line: u32) -> Vec<PageMark> {
    let sink = Sink {
        marks: RefCell::new(Vec::new()),
        first_line,
    };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(html));
    while let TokenizerResult::Script(()) = tokenizer.feed(&queue) {}
    tokenizer.end();
    tokenizer.sink.marks.into_inner()
}

struct Sink {
    marks: RefCell<Vec<PageMark>>,
    first_line: u32,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<()> {
        let line = u32::try_from(line_number)
            .unwrap_or(u32::MAX)
            .saturating_add(self.first_line)
            .saturating_sub(1);
        match token {
            Token::CharacterTokens(text) => self.text(&text, line),
            Token::TagToken(tag) => return self.tag(&tag, line),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Sink {
    /// A run of text ends on the line that it is told with; it may begin lines before.
    fn text(&self, text: &str, line: u32) {
        let breaks = u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX);
        let mut at = line.saturating_sub(breaks).max(self.first_line);
        let mut marks = self.marks.borrow_mut();
        for piece in text.split_inclusive('\n') {
            // Runs are told in pieces; pieces of one line belong together.
            match marks.last_mut() {
                Some(PageMark {
                    line,
                    kind: MarkKind::Text(last),
                }) if *line == at => last.push_str(piece),
                _ => marks.push(PageMark {
                    line: at,
                    kind: MarkKind::Text(piece.to_owned()),
                }),
            }
            at += u32::from(piece.ends_with('\n'));
        }
    }

    fn tag(&self, tag: &Tag, line: u32) -> TokenSinkResult<()> {
        let opens = tag.kind == TagKind::StartTag;
        match element(tag) {
            Some(element) => {
                let kind = match (opens, element) {
                    (true, _) | (false, Element::Break) => MarkKind::Open(element),
                    (false, _) => MarkKind::Close(element),
                };
                self.marks.borrow_mut().push(PageMark { line, kind });
            }
            None if opens && is_placeholder(&tag.name) => {
                self.text(&format!("<{}>", tag.name), line);
            }
            None => {}
        }
        // What is inside these is no HTML; a tree builder would say so.
        match &*tag.name {
            "script" if opens => TokenSinkResult::RawData(states::RawKind::ScriptData),
            "style" | "noframes" | "iframe" if opens => {
                TokenSinkResult::RawData(states::RawKind::Rawtext)
            }
            "title" | "textarea" if opens => TokenSinkResult::RawData(states::RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

fn element(tag: &Tag) -> Option<Element> {
    let span = |name: &str| {
        let value = tag.attrs.iter().find(|a| &*a.name.local == name)?;
        value.value.trim().parse::<u16>().ok()
    };
    Some(match &*tag.name {
        "h1" => Element::Heading(1),
        "h2" => Element::Heading(2),
        "h3" => Element::Heading(3),
        "h4" => Element::Heading(4),
        "h5" => Element::Heading(5),
        "h6" => Element::Heading(6),
        "table" => Element::Table,
        "thead" => Element::Head,
        "caption" | "figcaption" => Element::Caption,
        "tr" => Element::Row,
        name @ ("td" | "th") => Element::Cell {
            header: name == "th",
            rows: span("rowspan").unwrap_or(1).clamp(1, MOST_SPANNED),
            columns: span("colspan").unwrap_or(1).clamp(1, MOST_SPANNED),
        },
        "ul" | "ol" | "menu" | "dl" => Element::List,
        "li" => Element::Item,
        "dt" => Element::Term,
        "dd" => Element::Definition,
        "p" | "div" | "section" | "article" | "main" | "aside" | "details" | "summary"
        | "blockquote" | "form" | "tbody" | "tfoot" => Element::Block,
        "br" | "hr" => Element::Break,
        "b" | "strong" => Element::Strong,
        "s" | "del" | "strike" => Element::Struck,
        "pre" | "kbd" | "samp" => Element::Code,
        "script" | "style" | "template" | "svg" | "nav" | "noscript" | "select" | "textarea"
        | "head" | "title" | "iframe" | "math" | "footer" => Element::Hidden,
        _ => return None,
    })
}

/// `<region>` in a host name, which HTML takes for an element.
fn is_placeholder(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "region",
        "tenant",
        "account",
        "customer",
        "domain",
        "name",
        "id",
        "env",
        "environment",
        "cluster",
        "org",
        "organization",
        "company",
        "subdomain",
        "cloud",
        "site",
        "prefix",
    ];
    WORDS.iter().any(|word| {
        name == *word
            || name
                .strip_suffix(word)
                .is_some_and(|rest| rest.ends_with(['-', '_']))
            || name
                .strip_prefix(word)
                .is_some_and(|rest| rest.starts_with(['-', '_']))
    }) || name.starts_with("your")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(html: &str) -> Vec<(u32, String)> {
        let marks = marks(html, 1).into_iter();
        marks
            .filter_map(|mark| match mark.kind {
                MarkKind::Text(text) if !text.trim().is_empty() => {
                    Some((mark.line, text.trim().to_owned()))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn lines_entities_and_placeholders() {
        let html =
            "<p>a &amp; b</p>\n<td>\n  x.<region>.test\n</td>\n<script>if (a<b) '<td>'</script>c";
        let found = texts(html);
        assert_eq!(found[0], (1, "a & b".to_owned()));
        assert_eq!(found[1], (3, "x.<region>.test".to_owned()));
        assert_eq!(found.last().unwrap(), &(5, "c".to_owned()));
    }

    #[test]
    fn spans_are_bounded_and_broken_pages_read() {
        let marks = marks(
            "<td rowspan=99999999><td colspan='70000'><td rowspan=0>< <<td",
            7,
        );
        let cells: Vec<_> = marks
            .iter()
            .filter_map(|mark| match mark.kind {
                MarkKind::Open(Element::Cell { rows, columns, .. }) => Some((rows, columns)),
                _ => None,
            })
            .collect();
        assert_eq!(cells, [(1, 1), (1, 1), (1, 1)]);
        assert!(marks.iter().all(|mark| mark.line == 7));
    }
}
