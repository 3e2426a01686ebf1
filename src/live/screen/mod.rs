//! The screen: a checklist of requirements, unexpected traffic below it, and the details of the row under the cursor.
//!
//! State and drawing only: keys come in as [`Key`], time as a [`Duration`], and ratatui draws on whatever backend it
//! is given, so that tests need no terminal.

mod checklist;
mod detail;
mod draw;
mod help;
mod ink;
mod keys;
mod traffic;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use keys::{Action, Key};

use super::board::{FindingRow, Row, Snapshot};
use crate::judge::RequirementStatus;
use crate::model::Loss;

/// How much newer a measurement has to be for a rate to be told from it.
const RATE_OVER: Duration = Duration::from_secs(1);

/// Which list the keys move in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pane {
    #[default]
    Checklist,
    Traffic,
}

/// What the keys do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Browse,
    /// Letters go into the filter.
    Filter,
    Help,
}

/// Counts of the capture threads at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Since the start.
    pub elapsed: Duration,
    /// Frames captured.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames lost.
    pub loss: Loss,
}

/// Everything that the screen knows.
#[derive(Debug, Default)]
pub struct Screen {
    title: String,
    color: bool,
    board: Arc<Snapshot>,
    measure: Measure,
    /// What rates are told against.
    before: Measure,
    frames_per_second: u64,
    bits_per_second: u64,
    pane: Pane,
    mode: Mode,
    filter: String,
    /// The requirement under the cursor, by id.
    row: Option<String>,
    /// The finding under the cursor, by its words.
    sight: Option<String>,
    details: bool,
    /// Lines of the details that are scrolled away.
    scrolled: u16,
    /// What happened last, as a line.
    message: String,
    ending: bool,
}

impl Screen {
    /// An empty screen. `title` says what is captured for which site.
    #[must_use]
    pub fn new(title: String, color: bool) -> Self {
        Self {
            title,
            color,
            ..Self::default()
        }
    }

    /// Shows a newer board. The cursor stays on what it was on.
    pub fn update(&mut self, board: Arc<Snapshot>) {
        self.board = board;
    }

    /// Shows newer counts.
    pub fn measure(&mut self, now: Measure) {
        self.measure = now;
        let since = now.elapsed.saturating_sub(self.before.elapsed);
        if since >= RATE_OVER {
            let per_second = |count: u64| (count as f64 / since.as_secs_f64()).round() as u64;
            self.frames_per_second = per_second(now.frames.saturating_sub(self.before.frames));
            self.bits_per_second = per_second(8 * now.bytes.saturating_sub(self.before.bytes));
            self.before = now;
        }
    }

    /// Shows what happened last, in one line.
    pub fn say(&mut self, message: String) {
        self.message = message;
    }

    /// Says that the capture is coming to an end.
    pub fn end(&mut self) {
        self.ending = true;
    }

    /// Requirements that the filter lets through, in their order.
    fn rows(&self) -> Vec<&Row> {
        let wanted = self.filter.to_lowercase();
        let takes = |row: &&Row| {
            wanted.is_empty()
                || [&row.id, &row.service, &row.to]
                    .iter()
                    .any(|text| text.to_lowercase().contains(&wanted))
                || row.state().contains(&wanted)
        };
        let mut rows: Vec<&Row> = self.board.rows.iter().filter(takes).collect();
        // A service's rows stand together; within one they keep the order of the page. What goes wrong comes first,
        // then what has to be seen, so that the first lines are those to look at.
        let mut ranks: HashMap<(&str, &str), u8> = HashMap::new();
        for row in &rows {
            let rank = ranks.entry((&row.document, &row.service)).or_insert(2);
            *rank = (*rank).min(rank_of(row));
        }
        let rank = |row: &Row| {
            ranks
                .get(&(row.document.as_str(), row.service.as_str()))
                .copied()
        };
        rows.sort_by(|a, b| {
            (rank(a), &a.document, &a.service).cmp(&(rank(b), &b.document, &b.service))
        });
        rows
    }

    /// Findings that the filter lets through, newest first.
    fn sights(&self) -> Vec<&FindingRow> {
        let wanted = self.filter.to_lowercase();
        let takes = |sight: &&FindingRow| {
            wanted.is_empty()
                || [sight.who(), sight.whom(), sight.code.to_string()]
                    .iter()
                    .any(|text| text.to_lowercase().contains(&wanted))
        };
        self.board.sights.iter().filter(takes).collect()
    }

    /// Place of the cursor in the checklist.
    fn row_place(&self, rows: &[&Row]) -> usize {
        let wanted = self.row.as_deref();
        let found = rows.iter().position(|row| Some(row.id.as_str()) == wanted);
        found.unwrap_or(0)
    }

    /// Place of the cursor in the traffic.
    fn sight_place(&self, sights: &[&FindingRow]) -> usize {
        let wanted = self.sight.as_ref();
        let found = sights
            .iter()
            .position(|sight| Some(&name_of(sight)) == wanted);
        found.unwrap_or(0)
    }

    /// Moves the cursor by so many rows; stops at the ends.
    fn walk(&mut self, by: isize) {
        self.scrolled = 0;
        match self.pane {
            Pane::Checklist => {
                let rows = self.rows();
                let place = moved(self.row_place(&rows), by, rows.len());
                self.row = rows.get(place).map(|row| row.id.clone());
            }
            Pane::Traffic => {
                let sights = self.sights();
                let place = moved(self.sight_place(&sights), by, sights.len());
                self.sight = sights.get(place).map(|sight| name_of(sight));
            }
        }
    }
}

fn rank_of(row: &Row) -> u8 {
    match row.standing {
        RequirementStatus::Violated | RequirementStatus::Blocked | RequirementStatus::Failed => 0,
        _ if row.must_see => 1,
        _ => 2,
    }
}

fn moved(place: usize, by: isize, count: usize) -> usize {
    place.saturating_add_signed(by).min(count.saturating_sub(1))
}

/// What a finding is called, so that the cursor finds it again.
fn name_of(sight: &FindingRow) -> String {
    format!("{} {} {}", sight.code, sight.who(), sight.whom())
}

#[cfg(test)]
mod tests;
