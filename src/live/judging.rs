//! The whole so far, judged as often as it is cheap: three times a second at most, and a fifth of the time where it is
//! not quick.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::board::Snapshot;
use super::engine::{Judge, LiveCounts, OnPeriod, Update};
use super::event::{LiveEvent, LiveEventKind};
use super::feed::Clock;
use super::ledger::ChangeLog;
use crate::audit::{OpenPeriod, Period};
use crate::model::{CaptureTime, TwoPoint};
use crate::observe::Observation;
use crate::source::InputRecord;

/// How often at most.
const EVERY: Duration = Duration::from_millis(350);
/// How much longer the pause is than the judging, so that it takes a fifth of a processor at most.
const PAUSE: u32 = 4;
/// But as long as judging itself is this quick, no longer than this: then what a packet changes is told within a second.
const QUICK: Duration = Duration::from_millis(300);
const SHORT_PAUSE: Duration = Duration::from_millis(400);
/// How often it is looked whether anything is to do.
const TICK: Duration = Duration::from_millis(50);
/// The most events that wait for someone who does not read; those beyond are counted.
const MOST_WAITING: usize = 10_000;

/// Why a period ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// Its time is over.
    OnTime,
    /// It has more flows or DNS messages than may be kept.
    TooMuch,
    /// It has more windows than can be told apart.
    TooLong,
}

/// What nobody has taken yet.
#[derive(Default)]
pub(super) struct Waiting {
    board: Option<Arc<Snapshot>>,
    events: Vec<LiveEvent>,
    untold: u64,
}

/// What the absorbing thread hands over.
pub(super) struct Delta {
    /// Evidence of the windows since the last one.
    pub(super) seen: TwoPoint<Observation>,
    /// What was read in this period so far.
    pub(super) inputs: Vec<InputRecord>,
    /// What went wrong meanwhile.
    pub(super) troubles: Vec<String>,
    /// Whether the period ends here, and why.
    pub(super) ends: Option<Ends>,
}

/// The judging thread's state.
pub(super) struct Judging {
    pub(super) deltas: mpsc::Receiver<Delta>,
    pub(super) updates: mpsc::SyncSender<Update>,
    pub(super) counts: Arc<LiveCounts>,
    pub(super) judge: Judge,
    pub(super) on_period: OnPeriod,
    pub(super) clock: Clock,
    /// A period that has more flows than this is asked to end.
    pub(super) most_flows: u64,
    pub(super) end_period: Arc<AtomicBool>,
    /// Whether this period was asked to end already.
    pub(super) is_asked_to_end: bool,
    pub(super) open: OpenPeriod,
    /// What was read in it so far.
    pub(super) inputs: Vec<InputRecord>,
    pub(super) waiting: Waiting,
}

impl Judging {
    /// Works until the absorbing thread is done; gives the last period as it was then.
    pub(super) fn run(mut self) -> Period {
        let mut ledger = ChangeLog::default();
        let mut next = (self.clock)();
        let mut stale = true;
        let mut last_time = CaptureTime::default();
        loop {
            let mut events = Vec::new();
            match self.deltas.recv_timeout(TICK) {
                Ok(delta) => {
                    stale = true;
                    self.open.merge(delta.seen);
                    self.inputs = delta.inputs;
                    events.extend(delta.troubles.into_iter().map(|words| LiveEvent {
                        at: last_time,
                        kind: LiveEventKind::Trouble(words),
                    }));
                    if let Some(why) = delta.ends {
                        events.extend(self.tell_of_end(why, last_time));
                        self.end_period(&mut ledger, why);
                    } else if self.open.is_full(0) && !self.is_asked_to_end {
                        self.is_asked_to_end = true;
                        self.end_period.store(true, Ordering::Release);
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            events.extend(ledger.interfaces(last_time, &self.counts.interfaces));
            if stale && (self.clock)() >= next {
                let board = self.turn(&mut ledger, &mut events, &mut next, false);
                last_time = board.span.last;
                stale = false;
                self.tell(Some(board), events);
            } else {
                self.tell(None, events);
            }
        }
        let mut events = ledger.interfaces(last_time, &self.counts.interfaces);
        let board = self.turn(&mut ledger, &mut events, &mut next, true);
        self.tell_last(board, events);
        self.open.finish(self.inputs)
    }

    /// Judges the whole so far. It is copied for that: judging uses it up.
    fn turn(
        &mut self,
        ledger: &mut ChangeLog,
        events: &mut Vec<LiveEvent>,
        next: &mut Instant,
        is_last: bool,
    ) -> Arc<Snapshot> {
        let start = (self.clock)();
        let mut board = (self.judge)(self.open.seen().clone(), &self.inputs);
        events.extend(ledger.turn(&mut board, is_last));
        let end = (self.clock)();
        let took = end.duration_since(start);
        self.counts.note_judging(took);
        let pause = match took <= QUICK {
            true => SHORT_PAUSE.min(took * PAUSE),
            false => took * PAUSE,
        };
        *next = end + EVERY.saturating_sub(took).max(pause);
        Arc::new(board)
    }

    /// Hands the period over to be reported, and goes on with what crosses its end.
    fn end_period(&mut self, ledger: &mut ChangeLog, why: Ends) {
        self.is_asked_to_end = false;
        let inputs = std::mem::take(&mut self.inputs);
        (self.on_period)(self.open.end(inputs, why != Ends::OnTime));
        ledger.new_period();
    }

    /// A period that ends before its time does not do so silently.
    fn tell_of_end(&self, why: Ends, at: CaptureTime) -> Option<LiveEvent> {
        let words = match why {
            Ends::OnTime => return None,
            Ends::TooMuch => format!(
                "a period ends before its time: it has {} flows or DNS messages, and {} may be kept",
                self.open.seen().weight(),
                self.most_flows
            ),
            Ends::TooLong => {
                "a period ends before its time: no more moments can be told apart in it".to_owned()
            }
        };
        Some(LiveEvent {
            at,
            kind: LiveEventKind::Trouble(words),
        })
    }

    /// Hands over what is new with what waits since before. Where nobody takes it, the newest board and a bounded
    /// number of events wait on.
    fn tell(&mut self, board: Option<Arc<Snapshot>>, events: Vec<LiveEvent>) {
        let waiting = &mut self.waiting;
        waiting.board = board.or(waiting.board.take());
        let room = MOST_WAITING.saturating_sub(waiting.events.len());
        waiting.untold += events.len().saturating_sub(room) as u64;
        waiting.events.extend(events.into_iter().take(room));
        if waiting.board.is_none() && waiting.events.is_empty() {
            return;
        }
        let untold = waiting.untold;
        match self.updates.try_send(waiting.take()) {
            // The screen may be gone already; then nobody has to be told.
            Ok(()) | Err(mpsc::TrySendError::Disconnected(_)) => {}
            Err(mpsc::TrySendError::Full(update)) => {
                waiting.board = update.board;
                waiting.events = update.events;
                if untold > 0 {
                    // How many are not told is known only when the others are taken.
                    waiting.events.pop();
                    waiting.untold = untold;
                }
            }
        }
    }

    /// As [`Judging::tell`], but waits until it is taken.
    fn tell_last(&mut self, board: Arc<Snapshot>, events: Vec<LiveEvent>) {
        self.waiting.board = Some(board);
        self.waiting.events.extend(events);
        let _ = self.updates.send(self.waiting.take());
    }
}

impl Waiting {
    fn take(&mut self) -> Update {
        let mut events = std::mem::take(&mut self.events);
        let untold = std::mem::take(&mut self.untold);
        if let (Some(last), true) = (events.last(), untold > 0) {
            let words = format!("{untold} more events were not told, since nobody read them");
            events.push(LiveEvent {
                at: last.at,
                kind: LiveEventKind::Trouble(words),
            });
        }
        Update {
            board: self.board.take(),
            events,
        }
    }
}
