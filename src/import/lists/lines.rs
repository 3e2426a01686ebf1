//! Lists of names and networks, one a line, with comments: external dynamic lists, text mirrors of published ranges.

use super::super::draft::{DraftDestination, DraftEntry, ImportDraft, Leftover, Place};
use super::super::line;
use super::super::page::collapse;
use crate::rules::Need;

/// How many lines are looked at to tell the kind.
const LOOKED_AT: usize = 2000;

/// Whether nearly all lines are an endpoint and nothing else.
pub(in crate::import) fn is_list(text: &str) -> bool {
    let (mut lines, mut fitting, mut items) = (0_usize, 0_usize, 0_usize);
    for raw in text.lines().take(LOOKED_AT) {
        let (entry, _) = split_comment(raw);
        if entry.is_empty() {
            continue;
        }
        lines += 1;
        let short = entry.split_whitespace().count() <= 3
            && !entry.contains('|')
            && entry.matches(',').count() < 2;
        let fits = short && !line::read(entry).found.is_empty();
        fitting += usize::from(fits);
        items += usize::from(
            fits && ["- ", "* ", "+ "]
                .iter()
                .any(|sign| entry.starts_with(sign)),
        );
    }
    // Items under sentences are a page, however few the sentences are.
    let page = fitting < lines && items * 2 > fitting;
    lines > 0 && fitting * 10 >= lines * 8 && !page
}

/// Reads the list; a comment line opens a row of its own.
pub(in crate::import) fn read(
    text: &str,
    name: &str,
    draft: &mut ImportDraft,
    rest: &mut Vec<Leftover>,
) {
    let mut section = name.to_owned();
    let mut open = entry(&section, 1);
    for (at, raw) in text.lines().enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let (word, comment) = split_comment(raw);
        if word.is_empty() {
            if !comment.is_empty() && !open.to.is_empty() {
                finish(open, draft);
                open = entry(&section, number);
            }
            // The last line of a block of comments is nearest to what follows.
            if !comment.is_empty() && comment.chars().count() <= 60 {
                section = comment;
                open.service.clone_from(&section);
            }
            continue;
        }
        let mut reading = line::read(word);
        if reading.found.is_empty() || reading.prose {
            rest.push(Leftover {
                line: number,
                table: section.clone(),
                row: String::new(),
                column: String::new(),
                text: collapse(word),
                why: reading
                    .wrong
                    .pop()
                    .unwrap_or_else(|| "no name, address or network".to_owned()),
            });
            continue;
        }
        for (_, mut endpoint) in reading.found {
            if endpoint.note.is_none() && !comment.is_empty() {
                endpoint.note = Some(comment.clone());
            }
            let ported = endpoint.ports.is_some() || endpoint.scheme.is_some();
            let to = DraftDestination {
                endpoint,
                line: number,
            };
            if open.to.is_empty() {
                open.place.line = Some(number);
            }
            match ported {
                true => draft.entries.push(with_port(&section, to)),
                false => open.to.push(to),
            }
        }
    }
    finish(open, draft);
}

fn entry(section: &str, line: u32) -> DraftEntry {
    DraftEntry {
        service: section.to_owned(),
        need: Need::Required,
        must_see: true,
        place: Place {
            table: section.to_owned(),
            row: "list".to_owned(),
            line: Some(line),
        },
        ..DraftEntry::default()
    }
}

/// An entry that states its port or scheme is a row of its own.
fn with_port(section: &str, to: DraftDestination) -> DraftEntry {
    let mut entry = entry(section, to.line);
    match (to.endpoint.ports, to.endpoint.scheme.as_deref()) {
        (Some((first, last)), _) => entry.traffic.ports.push(super::super::traffic::Ports {
            first,
            last,
            tcp: false,
            udp: false,
        }),
        (None, Some(scheme)) => {
            entry.traffic = super::super::traffic::read(scheme).unwrap_or_default()
        }
        (None, None) => {}
    }
    entry.to.push(to);
    entry
}

fn finish(mut entry: DraftEntry, draft: &mut ImportDraft) {
    if !entry.to.is_empty() {
        entry.pool = entry.to.len() > 1;
        draft.entries.push(entry);
    }
}

/// The entry, and what follows `#`, `;` or `//`.
fn split_comment(raw: &str) -> (&str, String) {
    let raw = raw.trim();
    let at = raw
        .char_indices()
        .find(|(at, c)| match c {
            '#' | ';' | '!' => *at == 0 || raw[..*at].ends_with([' ', '\t']),
            '/' => raw[*at..].starts_with("//") && (*at == 0 || raw[..*at].ends_with([' ', '\t'])),
            _ => false,
        })
        .map(|(at, _)| at);
    match at {
        Some(at) => {
            let comment = raw[at..].trim_start_matches(['#', ';', '/', '!', '-', '=', ' ']);
            (
                raw[..at].trim(),
                collapse(comment.trim_end_matches(['#', '-', '=', ' '])),
            )
        }
        None => (raw, String::new()),
    }
}
