//! The keys, and what the marks mean.

use ratatui::text::{Line, Span};

use super::Screen;
use super::ink::Ink;

const KEYS: &[(&str, &str)] = &[
    ("↑ ↓ j k", "one row; g G first and last; PgUp PgDn a page"),
    ("Tab", "between requirements and traffic"),
    (
        "Enter",
        "details: why, frames, what to open; PgUp PgDn scroll them",
    ),
    ("/", "filter both lists; Enter keeps it, Esc clears it"),
    (
        "q, Ctrl-C",
        "end the capture and write the reports; Ctrl-C again ends at once",
    ),
];

const MARKS: &[(&str, Ink, &str)] = &[
    ("✔", Ink::Good, "satisfied: reached, at the time shown"),
    ("✘", Ink::Bad, "blocked: something on the path stopped it"),
    ("!", Ink::Bad, "failed: who did it cannot be told"),
    (
        "?",
        Ink::InconclusiveReason,
        "unclear: what was seen so far does not tell",
    ),
    (
        "~",
        Ink::Hint,
        "resolved: DNS was asked for the name, nobody went there",
    ),
    (
        "·",
        Ink::Quiet,
        "not tried; `o`: its absence proves nothing",
    ),
];

pub(super) fn lines(screen: &Screen) -> Vec<Line<'static>> {
    let quiet = Ink::Strong.style(screen.color);
    let keys = KEYS.iter().map(|(key, about)| {
        Line::from(vec![
            Span::styled(format!(" {key:<11}"), quiet),
            Span::raw(*about),
        ])
    });
    let marks = MARKS.iter().map(|(mark, ink, about)| {
        Line::from(vec![
            Span::styled(format!(" {mark:<11}"), ink.style(screen.color)),
            Span::raw(*about),
        ])
    });
    let told = "Verdicts are provisional until the end. Times are of packets, in UTC.";
    keys.chain([Line::raw("")])
        .chain(marks)
        .chain([
            Line::raw(""),
            Line::styled(format!(" {told}"), Ink::Quiet.style(screen.color)),
        ])
        .collect()
}
