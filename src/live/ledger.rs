//! What was told already: boards to the events between them.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use super::board::{Row, Snapshot};
use super::event::{LiveEvent, LiveEventKind};
use super::feed::LiveInterface;
use crate::judge::{FindingCode, RequirementStatus, StatusKind};
use crate::model::Loss;
use crate::model::{CaptureTime, Transport};

/// How long an attempt under way takes nothing back: what was reached before stays so, and is not told as unclear.
const UNDER_WAY: Duration = Duration::from_secs(3);
/// The most findings that are remembered as told; beyond it the oldest boards' are forgotten and may be told again.
const MOST_TOLD: usize = 100_000;

type FindingKey = (
    FindingCode,
    Option<IpAddr>,
    String,
    Option<u16>,
    Option<Transport>,
);

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct ChangeLog {
    /// Standing by requirement.
    standings: HashMap<String, StatusKind>,
    /// First success by requirement, over all periods.
    successes: HashMap<String, CaptureTime>,
    findings: BTreeMap<FindingKey, ()>,
    lost: Loss,
    ended: Vec<String>,
    complete: bool,
}

impl ChangeLog {
    /// What is new on a board. First successes of earlier periods are put on it; unless it is the last board,
    /// attempts under way change nothing yet.
    pub(super) fn turn(&mut self, board: &mut Snapshot, is_last: bool) -> Vec<LiveEvent> {
        let mut events = Vec::new();
        let now = board.span.last;
        let mut back = 0;
        for row in &mut board.rows {
            if let Some(at) = row.first_success {
                let known = self.successes.entry(row.id.clone()).or_insert(at);
                *known = at.min(*known);
            }
            row.first_success = self.successes.get(&row.id).copied();
            let before = self.standings.get(&row.id).copied();
            let before = before.unwrap_or(StatusKind::NotSeen);
            if !is_last && is_under_way(row, now) {
                if before == StatusKind::Satisfied {
                    row.standing = RequirementStatus::Satisfied;
                    back += 1;
                }
                continue;
            }
            let status = row.standing.kind();
            self.standings.insert(row.id.clone(), status);
            if before != status {
                let at = match status {
                    StatusKind::Satisfied => row.last_aim.or(row.last),
                    _ => row.last,
                };
                events.push(LiveEvent {
                    at: at.unwrap_or(now),
                    kind: LiveEventKind::Requirement {
                        id: row.id.clone(),
                        service: row.service.clone(),
                        before,
                        now: status,
                        message: row.message.clone(),
                        frames: row.frames.clone(),
                    },
                });
            }
        }
        board.take_back(back);
        self.findings(board, &mut events);
        if board.is_complete() && !std::mem::replace(&mut self.complete, true) {
            events.push(LiveEvent {
                at: now,
                kind: LiveEventKind::Complete,
            });
        }
        events.sort_by_key(|event| event.at);
        events
    }

    /// What the interfaces tell anew.
    pub(super) fn interfaces(
        &mut self,
        at: CaptureTime,
        interfaces: &[LiveInterface],
    ) -> Vec<LiveEvent> {
        let mut events = Vec::new();
        let all = interfaces.iter().map(LiveInterface::loss);
        let lost = all.fold(Loss::default(), Loss::plus);
        if lost != self.lost {
            self.lost = lost;
            events.push(LiveEvent {
                at,
                kind: LiveEventKind::Lost(lost),
            });
        }
        for interface in interfaces {
            if let Some(why) = interface.ended()
                && !self.ended.contains(&interface.name)
            {
                self.ended.push(interface.name.clone());
                let name = interface.name.clone();
                let kind = LiveEventKind::Interface { name, why };
                events.push(LiveEvent { at, kind });
            }
        }
        events
    }

    /// A new period begins: what it finds is told again.
    pub(super) fn new_period(&mut self) {
        self.findings.clear();
        self.standings.clear();
    }

    fn findings(&mut self, board: &Snapshot, events: &mut Vec<LiveEvent>) {
        let mut now = BTreeMap::new();
        for sight in &board.sights {
            let (code, initiator, target, port, transport) = sight.key();
            let key = (code, initiator, target.to_owned(), port, transport);
            if self.findings.remove(&key).is_none() {
                events.push(LiveEvent {
                    at: sight.span.map_or(board.span.last, |(first, _)| first),
                    kind: LiveEventKind::Finding {
                        code,
                        severity: sight.severity,
                        initiator: sight.who(),
                        target: sight.whom(),
                        message: sight.message.clone(),
                        advice: sight.advice.clone(),
                        frames: sight.frames.clone(),
                    },
                });
            }
            now.insert(key, ());
        }
        // What fell off a board that is full still holds.
        if board.sights_omitted == 0 {
            for (code, initiator, target, port, _) in std::mem::take(&mut self.findings).into_keys()
            {
                let port = port.map_or(String::new(), |port| format!(":{port}"));
                events.push(LiveEvent {
                    at: board.span.last,
                    kind: LiveEventKind::Withdrawn {
                        code,
                        initiator: initiator.map_or(String::new(), |ip| ip.to_string()),
                        target: format!("{target}{port}"),
                    },
                });
            }
        } else if self.findings.len() + now.len() > MOST_TOLD {
            self.findings.clear();
        }
        self.findings.append(&mut now);
    }
}

/// Whether it is unclear only because something was tried a moment ago.
fn is_under_way(row: &Row, now: CaptureTime) -> bool {
    row.standing == RequirementStatus::Inconclusive
        && row.last.is_some_and(|last| now.since(last) < UNDER_WAY)
}
