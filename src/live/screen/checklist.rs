//! The checklist: a heading for each service, its requirements below it.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use super::Screen;
use super::ink::{Ink, mark};
use crate::judge::RequirementStatus;
use crate::live::board::Row;
use crate::live::event::clock_time;
use crate::report::text::{shorten, visible, width};

/// Columns of a line before its free text.
const STATE: usize = 10;
const ID: usize = 12;
const TIME: usize = 12;

/// The lines that fit, so that the cursor is among them.
pub(super) fn lines(
    screen: &Screen,
    columns: usize,
    height: usize,
    focused: bool,
) -> Vec<Line<'static>> {
    let rows = screen.rows();
    let cursor = screen.row_place(&rows);
    let mut lines = Vec::new();
    let mut at_cursor = 0;
    let mut heading = None;
    for (place, row) in rows.iter().enumerate() {
        if heading != Some((&row.document, &row.service)) {
            heading = Some((&row.document, &row.service));
            let members = rows
                .iter()
                .filter(|other| other.document == row.document && other.service == row.service);
            lines.push(service_line(screen, row, members.copied(), columns));
        }
        if place == cursor {
            at_cursor = lines.len();
        }
        lines.push(row_line(screen, row, columns, focused && place == cursor));
    }
    if rows.is_empty() {
        let words = match screen.board.rows.is_empty() {
            true => "waiting for the first packet",
            false => "no requirement matches the filter",
        };
        lines.push(Line::styled(words, Ink::Quiet.style(screen.color)));
    }
    around(lines, at_cursor, height)
}

/// So many lines with the one at `place` among them, the heading above it too where it can be.
pub(super) fn around(lines: Vec<Line<'static>>, place: usize, height: usize) -> Vec<Line<'static>> {
    let last = lines.len().saturating_sub(height);
    let first = place.saturating_sub(height.saturating_sub(2)).min(last);
    lines.into_iter().skip(first).take(height).collect()
}

fn service_line<'r>(
    screen: &Screen,
    row: &Row,
    members: impl Iterator<Item = &'r Row>,
    columns: usize,
) -> Line<'static> {
    let (mut satisfied, mut all) = (0, 0);
    for member in members {
        all += 1;
        satisfied += usize::from(member.standing == RequirementStatus::Satisfied);
    }
    let counts = format!(" {satisfied}/{all} ");
    let name = visible(&row.service).into_owned();
    let document = format!("  {}", visible(&row.document));
    let room = columns.saturating_sub(width(&counts));
    let name = shorten(&name, room).into_owned();
    let document = shorten(&document, room.saturating_sub(width(&name))).into_owned();
    let ink = if satisfied == all {
        Ink::Good
    } else {
        Ink::Strong
    };
    Line::from(vec![
        Span::styled(counts, ink.style(screen.color)),
        Span::styled(name, Ink::Strong.style(screen.color)),
        Span::styled(document, Ink::Quiet.style(screen.color)),
    ])
}

fn row_line(screen: &Screen, row: &Row, columns: usize, selected: bool) -> Line<'static> {
    let (mark, ink) = mark(&row.standing);
    let id = row.id.rsplit('/').next().unwrap_or(&row.id);
    let time = match row.standing {
        RequirementStatus::Satisfied => row.first_success,
        _ => row.last,
    };
    let time = time.map(clock_time).unwrap_or_default();
    let words = match &row.standing {
        RequirementStatus::Satisfied
        | RequirementStatus::NotSeen(_)
        | RequirementStatus::NotActive(_) => row.to.clone(),
        _ => row.evidence.first().unwrap_or(&row.message).clone(),
    };
    let need = if row.must_see || row.is_settled() {
        " "
    } else {
        "o"
    };
    let head = format!(
        "  {mark} {:<STATE$}{need} {} {time:<TIME$} ",
        row.state(),
        padded(&visible(id), ID),
    );
    let room = columns.saturating_sub(width(&head));
    let words = shorten(&visible(&words), room).into_owned();
    let mut line = Line::from(vec![
        Span::styled(head, ink.style(screen.color)),
        Span::styled(
            words,
            if selected { Ink::Strong } else { ink }.style(screen.color),
        ),
    ]);
    if selected {
        line = line.patch_style(ratatui::style::Style::new().add_modifier(Modifier::REVERSED));
    }
    line
}

/// Exactly so many cells.
pub(super) fn padded(text: &str, cells: usize) -> String {
    let text = shorten(text, cells);
    let missing = cells.saturating_sub(width(&text));
    format!("{text}{}", " ".repeat(missing))
}
