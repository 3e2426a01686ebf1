//! The parts of the screen put together.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::ink::Ink;
use super::{Mode, Pane, Screen, checklist, detail, help, traffic};
use crate::judge::StatusKind;
use crate::report::grouped;
use crate::report::text::{shorten, visible, width};

/// From this width on the details stand beside the lists, and always.
const WIDE: u16 = 130;

impl Screen {
    /// Draws everything.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.width < 20 || area.height < 8 {
            frame.render_widget(Paragraph::new("too small"), area);
            return;
        }
        let [head, body, foot] = Layout::vertical([
            Constraint::Length(3),
            Constraint::Min(1),
            Constraint::Length(1),
        ])
        .areas(area);
        frame.render_widget(Paragraph::new(self.head(head.width)), head);
        self.body(body, frame);
        frame.render_widget(Paragraph::new(self.foot(foot.width)), foot);
        if self.mode == Mode::Help {
            self.overlay(body, frame);
        }
    }

    fn body(&self, area: Rect, frame: &mut Frame<'_>) {
        let wide = area.width >= WIDE;
        let (lists, details) = if wide {
            let [lists, details] =
                Layout::horizontal([Constraint::Percentage(62), Constraint::Fill(1)]).areas(area);
            (lists, Some(details))
        } else if self.details {
            let [lists, details] =
                Layout::vertical([Constraint::Fill(1), Constraint::Fill(1)]).areas(area);
            (lists, Some(details))
        } else {
            (area, None)
        };
        if self.details && !wide {
            // Too little room for both lists: the one with the cursor stays.
            match self.pane {
                Pane::Checklist => self.checklist(lists, frame),
                Pane::Traffic => self.traffic(lists, frame),
            }
        } else {
            let [upper, lower] =
                Layout::vertical([Constraint::Fill(2), Constraint::Fill(1)]).areas(lists);
            self.checklist(upper, frame);
            self.traffic(lower, frame);
        }
        if let Some(area) = details {
            self.detail(area, frame);
        }
    }

    fn checklist(&self, area: Rect, frame: &mut Frame<'_>) {
        let wanted = self.board.wanted().count();
        let all = self.board.rows.len();
        let title = match (all, wanted) {
            (0, _) => " Requirements ".to_owned(),
            _ if !self.board.has_begun() => format!(" Requirements ({all}) "),
            (_, 0) => format!(" Requirements ({all}), none left to be seen "),
            _ => format!(" Requirements ({all}), {wanted} left to be seen "),
        };
        let inner = self.framed(title, self.pane == Pane::Checklist, area, frame);
        let lines = checklist::lines(
            self,
            inner.width.into(),
            inner.height.into(),
            self.pane == Pane::Checklist,
        );
        frame.render_widget(Paragraph::new(lines), inner);
    }

    fn traffic(&self, area: Rect, frame: &mut Frame<'_>) {
        let more = match self.board.sights_omitted {
            0 => String::new(),
            more => format!(" and {more} older"),
        };
        let title = format!(" Findings in traffic ({}{more}) ", self.board.sights.len());
        let inner = self.framed(title, self.pane == Pane::Traffic, area, frame);
        let lines = traffic::lines(
            self,
            inner.width.into(),
            inner.height.into(),
            self.pane == Pane::Traffic,
        );
        frame.render_widget(Paragraph::new(lines), inner);
    }

    fn detail(&self, area: Rect, frame: &mut Frame<'_>) {
        let inner = self.framed(" Details ".to_owned(), false, area, frame);
        let lines = detail::lines(self, inner.width.into());
        let most = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_sub(inner.height);
        let text = Paragraph::new(lines).scroll((self.scrolled.min(most), 0));
        frame.render_widget(text, inner);
    }

    fn overlay(&self, area: Rect, frame: &mut Frame<'_>) {
        let lines = help::lines(self);
        let height = u16::try_from(lines.len())
            .unwrap_or(u16::MAX)
            .saturating_add(2);
        let area = Rect {
            width: area.width.min(90),
            height: area.height.min(height),
            ..area
        };
        frame.render_widget(Clear, area);
        let inner = self.framed(" Keys and marks ".to_owned(), true, area, frame);
        frame.render_widget(Paragraph::new(lines), inner);
    }

    /// Draws a frame and gives what is inside.
    fn framed(&self, title: String, focused: bool, area: Rect, frame: &mut Frame<'_>) -> Rect {
        let ink = if focused { Ink::Strong } else { Ink::Quiet };
        let block = Block::bordered()
            .title(title)
            .border_style(ink.style(self.color));
        let inner = block.inner(area);
        frame.render_widget(block, area);
        inner
    }

    fn head(&self, columns: u16) -> Vec<Line<'static>> {
        let columns = usize::from(columns);
        let seconds = self.measure.elapsed.as_secs();
        let elapsed = format!(
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
        let title = format!("pktaudit live   {}", visible(&self.title));
        let room = columns.saturating_sub(width(&elapsed) + 1);
        let title = shorten(&title, room).into_owned();
        let gap = " ".repeat(columns.saturating_sub(width(&title) + width(&elapsed)));
        let first = Line::from(vec![
            Span::styled(title, Ink::Strong.style(self.color)),
            Span::raw(gap),
            Span::raw(elapsed),
        ]);
        vec![first, self.states(columns), self.rates()]
    }

    fn states(&self, columns: usize) -> Line<'static> {
        let resolved = self.board.rows.iter().filter(|row| row.is_resolved());
        let resolved = resolved.count() as u64;
        let count = |kind: StatusKind| self.board.standings.of(&kind);
        let counts = [
            ("✔", Ink::Good, count(StatusKind::Satisfied), "satisfied"),
            ("✘", Ink::Bad, count(StatusKind::Blocked), "blocked"),
            ("!", Ink::Bad, count(StatusKind::Failed), "failed"),
            (
                "?",
                Ink::InconclusiveReason,
                count(StatusKind::Inconclusive),
                "unclear",
            ),
            ("~", Ink::Hint, resolved, "resolved"),
            (
                "·",
                Ink::Quiet,
                count(StatusKind::NotSeen) - resolved.min(count(StatusKind::NotSeen)),
                "untried",
            ),
        ];
        let gap = if columns < 100 { " " } else { "   " };
        let spans = counts.into_iter().map(|(mark, ink, count, words)| {
            let ink = if count == 0 { Ink::Quiet } else { ink };
            Span::styled(
                format!("{mark} {count} {words}{gap}"),
                ink.style(self.color),
            )
        });
        Line::from(spans.collect::<Vec<_>>())
    }

    fn rates(&self) -> Line<'static> {
        let loss = self.measure.loss;
        let lost = loss.interface + loss.kernel + loss.own;
        let told = format!(
            "{} frames  {}/s  {}  {} flows  ",
            grouped(self.measure.frames),
            grouped(self.frames_per_second),
            bits(self.bits_per_second),
            grouped(self.board.flows),
        );
        let (words, ink) = match lost {
            0 => ("no frame lost".to_owned(), Ink::Quiet),
            _ => (
                format!(
                    "LOST {} interface, {} kernel, {} pktaudit",
                    grouped(loss.interface),
                    grouped(loss.kernel),
                    grouped(loss.own)
                ),
                Ink::Bad,
            ),
        };
        Line::from(vec![
            Span::raw(told),
            Span::styled(words, ink.style(self.color)),
        ])
    }

    fn foot(&self, columns: u16) -> Line<'static> {
        let quiet = Ink::Quiet.style(self.color);
        let columns = usize::from(columns);
        if self.ending {
            return Line::styled(
                "ending, and writing the reports",
                Ink::Strong.style(self.color),
            );
        }
        if self.mode == Mode::Filter {
            return Line::raw(format!("/{}▏", visible(&self.filter)));
        }
        let keys = match self.filter.is_empty() {
            true => "↑↓ move  Tab list  Enter details  / filter  ? help  q end".to_owned(),
            false => format!("filter: {}  Esc clears  q end", visible(&self.filter)),
        };
        let room = columns.saturating_sub(width(&keys) + 3);
        if room < 20 || self.message.is_empty() {
            return Line::styled(keys, quiet);
        }
        let message = shorten(&visible(&self.message), room).into_owned();
        Line::from(vec![
            Span::styled(keys, quiet),
            Span::raw("   "),
            Span::raw(message),
        ])
    }
}

fn bits(per_second: u64) -> String {
    match per_second {
        0..10_000 => format!("{per_second} bit/s"),
        10_000..10_000_000 => format!("{} kbit/s", per_second / 1000),
        _ => format!("{} Mbit/s", grouped(per_second / 1_000_000)),
    }
}
