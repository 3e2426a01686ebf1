//! Markdown to marks, by pulldown-cmark: tables of pipes, lists, and the HTML that pages put between.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::html;
use super::marks::{Element, MarkKind, PageMark};

/// Reads Markdown with tables (GFM); a block of metadata at its start is left out.
pub(super) fn marks(text: &str) -> Vec<PageMark> {
    let starts = line_starts(text);
    let line_of =
        |at: usize| u32::try_from(starts.partition_point(|s| *s <= at)).unwrap_or(u32::MAX);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut marks = Vec::new();
    let mut header = false;
    // HTML comes line by line, but a tag may stand on two.
    let mut pending: Option<(u32, String)> = None;
    for (event, place) in Parser::new_ext(text, options).into_offset_iter() {
        let line = line_of(place.start);
        if let Event::Html(html) = &event {
            pending
                .get_or_insert_with(|| (line, String::new()))
                .1
                .push_str(html);
            continue;
        }
        if let Some((line, html)) = pending.take() {
            marks.extend(html::marks(&html, line));
        }
        let mut push = |kind| marks.push(PageMark { line, kind });
        match event {
            Event::Start(tag) => {
                header |= matches!(tag, Tag::TableHead);
                opening(&tag, header)
                    .iter()
                    .for_each(|e| push(MarkKind::Open(*e)));
            }
            Event::End(tag) => {
                closing(&tag, header)
                    .iter()
                    .for_each(|e| push(MarkKind::Close(*e)));
                header &= !matches!(tag, TagEnd::TableHead);
            }
            Event::Text(text) => {
                let mut at = line;
                for piece in text.split_inclusive('\n') {
                    marks.push(PageMark {
                        line: at,
                        kind: MarkKind::Text(piece.to_owned()),
                    });
                    at += u32::from(piece.ends_with('\n'));
                }
            }
            Event::Code(text) => push(MarkKind::Text(text.into_string())),
            Event::SoftBreak => push(MarkKind::Text("\n".to_owned())),
            Event::HardBreak | Event::Rule => push(MarkKind::Open(Element::Break)),
            Event::InlineHtml(html) => marks.extend(html::marks(&html, line)),
            _ => {}
        }
    }
    if let Some((line, html)) = pending {
        marks.extend(html::marks(&html, line));
    }
    marks
}

fn line_starts(text: &str) -> Vec<usize> {
    let after = text.match_indices('\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(after).collect()
}

fn opening(tag: &Tag<'_>, header: bool) -> Vec<Element> {
    element_of(&tag.to_end(), header)
}

fn closing(tag: &TagEnd, header: bool) -> Vec<Element> {
    let mut all = element_of(tag, header);
    all.reverse();
    all
}

fn element_of(tag: &TagEnd, header: bool) -> Vec<Element> {
    vec![match tag {
        TagEnd::Heading(level) => Element::Heading(*level as u8),
        TagEnd::Table => Element::Table,
        TagEnd::TableHead => return vec![Element::Head, Element::Row],
        TagEnd::TableRow => Element::Row,
        TagEnd::TableCell => Element::Cell {
            header,
            rows: 1,
            columns: 1,
        },
        TagEnd::List(_) => Element::List,
        TagEnd::Item => Element::Item,
        TagEnd::Paragraph | TagEnd::BlockQuote(_) => Element::Block,
        TagEnd::Strong => Element::Strong,
        TagEnd::Strikethrough => Element::Struck,
        TagEnd::CodeBlock => Element::Code,
        TagEnd::MetadataBlock(_) => Element::Hidden,
        _ => return Vec::new(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_and_html_come_out_alike() {
        let text = "# T\n\n| Host | Port |\n|---|---|\n| `a.test` | 443 |\n\n<table>\n<tr><td>b.test</td></tr>\n</table>\n";
        let marks = marks(text);
        let lines: Vec<_> = marks
            .iter()
            .filter_map(|mark| match &mark.kind {
                MarkKind::Text(text) if !text.trim().is_empty() => Some((mark.line, text.trim())),
                _ => None,
            })
            .collect();
        assert_eq!(
            lines,
            [
                (1, "T"),
                (3, "Host"),
                (3, "Port"),
                (5, "a.test"),
                (5, "443"),
                (8, "b.test")
            ]
        );
        let tables = marks
            .iter()
            .filter(|m| m.kind == MarkKind::Open(Element::Table));
        assert_eq!(tables.count(), 2);
    }
}
