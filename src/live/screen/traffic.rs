//! Unexpected traffic and whatever else packets show, newest first.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::Screen;
use super::checklist::{around, padded};
use super::ink::{Ink, severity};
use crate::live::event::clock_time;
use crate::report::text::{shorten, visible, width};

const CODE: usize = 17;
const WHO: usize = 15;

/// The lines that fit, so that the cursor is among them.
pub(super) fn lines(
    screen: &Screen,
    columns: usize,
    height: usize,
    focused: bool,
) -> Vec<Line<'static>> {
    let sights = screen.sights();
    let cursor = screen.sight_place(&sights);
    let mut lines = Vec::new();
    for (place, sight) in sights.iter().enumerate() {
        let time = sight
            .span
            .map_or(String::new(), |(first, _)| clock_time(first));
        let head = format!(
            "{time:<12} {} {} ",
            padded(sight.code.as_str(), CODE),
            padded(&visible(&sight.who()), WHO)
        );
        let room = columns.saturating_sub(width(&head));
        let words = format!("{}  {}", sight.whom(), sight.message);
        let words = shorten(&visible(&words), room).into_owned();
        let ink = severity(sight.severity).style(screen.color);
        let mut line = Line::from(vec![Span::styled(head, ink), Span::raw(words)]);
        if focused && place == cursor {
            line = line.patch_style(Style::new().add_modifier(Modifier::REVERSED));
        }
        lines.push(line);
    }
    if lines.is_empty() {
        let words = match screen.board.sights.is_empty() {
            true => "none so far",
            false => "none matches the filter",
        };
        lines.push(Line::styled(words, Ink::Quiet.style(screen.color)));
    }
    around(lines, cursor, height)
}
