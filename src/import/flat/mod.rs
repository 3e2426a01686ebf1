//! Pages as text: what copying from a browser leaves of them.
//!
//! | file | shape |
//! |---|---|
//! | `asciidoc` | tables of AsciiDoc |
//! | `aligned` | columns aligned with blanks |
//! | `grid` | tables drawn with `+---+` |
//! | `pipes` | cells between `|` or tabs, rows over several lines, cells lost to spans at the end of their row |
//! | `run_on` | a whole table on one line, without any mark between cells |
//! | `blocks` | a cell a line, with bullets and `key: value` lines |

mod aligned;
mod asciidoc;
mod blocks;
mod grid;
mod pipes;
mod port_items;
mod run_on;

use super::page::Page;

/// A line this long is no paragraph that a person has laid out.
const RUN_ON: usize = 600;

/// Reads a page of text.
pub(super) fn page(text: &str) -> Page {
    if asciidoc::is_there(text) {
        return asciidoc::page(text);
    }
    let with_pipes = grid::with_pipes(text);
    let with_tabs = aligned::with_tabs(&with_pipes);
    if pipes::is_there(&with_tabs) {
        return pipes::page(&with_tabs);
    }
    let long = text.lines().any(|line| line.chars().nth(RUN_ON).is_some());
    if long && run_on::is_there(text) {
        return run_on::page(text);
    }
    blocks::page(text)
}

/// The lines of a text below its block of metadata, with their numbers from 1.
fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let skipped = match text.strip_prefix("---\n") {
        Some(rest) => match rest.find("\n---\n") {
            Some(end) => rest[..end].matches('\n').count() + 3,
            None => 0,
        },
        None => 0,
    };
    let numbered = text.lines().enumerate().skip(skipped);
    numbered.map(|(at, line)| (u32::try_from(at + 1).unwrap_or(u32::MAX), line))
}
