//! All that is known of the row under the cursor: why, which frames, what to open.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::ink::{Ink, mark, severity};
use super::{Pane, Screen};
use crate::judge::{NotSeen, RequirementStatus};
use crate::live::board::{FindingRow, Row};
use crate::live::event::clock_time;
use crate::report::text::{visible, wrap};

/// Columns of the words at the left.
const LABEL: usize = 8;

/// The lines, wrapped to the columns there are.
pub(super) fn lines(screen: &Screen, columns: usize) -> Vec<Line<'static>> {
    let mut page = DetailPage {
        lines: Vec::new(),
        columns,
        color: screen.color,
    };
    match screen.pane {
        Pane::Checklist => {
            let rows = screen.rows();
            match rows.get(screen.row_place(&rows)) {
                Some(row) => requirement(row, &mut page),
                None => page.say("", "nothing is selected", Ink::Quiet),
            }
        }
        Pane::Traffic => {
            let sights = screen.sights();
            match sights.get(screen.sight_place(&sights)) {
                Some(sight) => finding(sight, &mut page),
                None => page.say("", "nothing is selected", Ink::Quiet),
            }
        }
    }
    page.lines
}

struct DetailPage {
    lines: Vec<Line<'static>>,
    columns: usize,
    color: bool,
}

impl DetailPage {
    /// A label at the left, the text wrapped beside it.
    fn say(&mut self, label: &str, text: &str, ink: Ink) {
        let room = self.columns.saturating_sub(LABEL + 1);
        for (i, part) in wrap(&visible(text), room).into_iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("{label:<LABEL$} "), Ink::Quiet.style(self.color)),
                Span::styled(part, ink.style(self.color)),
            ]));
        }
    }

    fn plain(&mut self, label: &str, text: &str) {
        let before = self.lines.len();
        self.say(label, text, Ink::Strong);
        for line in self.lines.iter_mut().skip(before) {
            if let Some(span) = line.spans.get_mut(1) {
                span.style = Style::new();
            }
        }
    }

    fn frames(&mut self, frames: &[u64], omitted: usize) {
        if frames.is_empty() {
            return;
        }
        let list: Vec<String> = frames.iter().map(u64::to_string).collect();
        let more = match omitted {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        self.plain("frames", &format!("{}{more}", list.join(" ")));
    }
}

fn requirement(row: &Row, page: &mut DetailPage) {
    let (mark, ink) = mark(&row.standing);
    page.say("", &format!("{}  {}", row.id, row.service), Ink::Strong);
    page.say(
        "state",
        &format!("{mark} {}: {}", row.state(), row.message),
        ink,
    );
    for (i, words) in row.advice.iter().enumerate() {
        page.say(if i == 0 { "do" } else { "" }, words, Ink::Hint);
    }
    if row.advice.is_empty() && !row.is_settled() {
        page.say("do", waiting(row), Ink::Hint);
    }
    for (i, words) in row.evidence.iter().enumerate() {
        page.plain(if i == 0 { "why" } else { "" }, words);
    }
    if !row.reached_by.is_empty() {
        page.say("reached", &addresses(&row.reached_by), Ink::Good);
    }
    if !row.missed_by.is_empty() {
        page.say("missed", &addresses(&row.missed_by), Ink::Bad);
    }
    if let Some(at) = row.first_success {
        page.plain("first", &format!("{} UTC", clock_time(at)));
    }
    page.frames(&row.frames, row.frames_omitted);
    if !row.resolved.is_empty() {
        page.plain("resolved", &row.resolved.join(", "));
    }
    page.plain("to", &row.to);
    page.plain("ports", &row.ports);
    page.say("cited", &row.cite, Ink::Quiet);
}

/// What to do about a requirement that nothing can be said of yet.
fn waiting(row: &Row) -> &'static str {
    match row.standing {
        RequirementStatus::NotSeen(NotSeen::ResolvedNeverTried) => {
            "the name was resolved: wait for the host to go there, or see what stops it before the tap"
        }
        RequirementStatus::NotSeen(NotSeen::NoInitiator) => {
            "no host in the source role has sent anything yet: start it, or bind the role in the site file"
        }
        RequirementStatus::NotSeen(_) if row.excused => "nothing: an alternative of it was seen",
        RequirementStatus::NotSeen(_) => "nothing yet: no host has tried it",
        _ => "wait: what was seen so far does not tell how it went",
    }
}

fn finding(sight: &FindingRow, page: &mut DetailPage) {
    let ink = severity(sight.severity);
    page.say("", &format!("{}: {}", sight.code, sight.code.about()), ink);
    page.plain("who", &format!("{} → {}", sight.who(), sight.whom()));
    if let Some((first, last)) = sight.span {
        let times = format!("{} to {} UTC", clock_time(first), clock_time(last));
        page.plain("when", &times);
    }
    page.plain("what", &sight.message);
    page.say("do", &sight.advice, Ink::Hint);
    page.frames(&sight.frames, sight.frames_omitted);
    for (i, words) in sight.evidence.iter().enumerate() {
        page.plain(if i == 0 { "why" } else { "" }, words);
    }
    for (i, words) in sight.cites.iter().enumerate() {
        page.say(if i == 0 { "cited" } else { "" }, words, Ink::Quiet);
    }
}

fn addresses(list: &[std::net::IpAddr]) -> String {
    const SHOWN: usize = 8;
    let mut words: Vec<String> = list.iter().take(SHOWN).map(ToString::to_string).collect();
    if list.len() > SHOWN {
        words.push(format!("and {} more", list.len() - SHOWN));
    }
    words.join(", ")
}
