//! The whole so far, judged as often as it is cheap: twice a second at most, and a fifth of the time at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::board::Board;
use super::engine::{Counts, Judge, OnPeriod, Period, Update};
use super::event::{Event, EventKind};
use super::feed::Clock;
use super::ledger::Ledger;
use crate::model::{CaptureTime, Merge};
use crate::observe::Observation;
use crate::report::InputSummary;

/// How often at most.
const EVERY: Duration = Duration::from_millis(350);
/// How much longer the pause is than the judging, so that it takes a fifth of a processor at most.
const PAUSE: u32 = 4;
/// How often it is looked whether anything is to do.
const TICK: Duration = Duration::from_millis(50);

/// What the absorbing thread hands over.
pub(super) struct Delta {
    /// Evidence of the windows since the last one.
    pub(super) observation: Observation,
    /// What was read in this period so far.
    pub(super) inputs: Vec<InputSummary>,
    /// What went wrong meanwhile.
    pub(super) troubles: Vec<String>,
    /// Whether the period ends here.
    pub(super) ends_period: bool,
}

/// The judging thread's state.
pub(super) struct Judging {
    pub(super) deltas: mpsc::Receiver<Delta>,
    pub(super) updates: mpsc::Sender<Update>,
    pub(super) counts: Arc<Counts>,
    pub(super) judge: Judge,
    pub(super) on_period: OnPeriod,
    pub(super) clock: Clock,
    /// A period that has more flows than this is asked to end.
    pub(super) most_flows: u64,
    pub(super) end_period: Arc<AtomicBool>,
}

/// What is left when all is over.
pub(super) struct Whole {
    pub(super) observation: Observation,
    pub(super) inputs: Vec<InputSummary>,
}

impl Judging {
    /// Works until the absorbing thread is done; gives the last period as it was then.
    pub(super) fn run(mut self) -> Whole {
        let mut whole = Whole {
            observation: Observation::default(),
            inputs: Vec::new(),
        };
        let mut ledger = Ledger::default();
        let mut next = (self.clock)();
        let mut stale = true;
        let mut last_time = CaptureTime::default();
        loop {
            let mut events = Vec::new();
            match self.deltas.recv_timeout(TICK) {
                Ok(delta) => {
                    stale = true;
                    whole.observation.merge(delta.observation);
                    whole.inputs = delta.inputs;
                    events.extend(delta.troubles.into_iter().map(|words| Event {
                        at: last_time,
                        kind: EventKind::Trouble(words),
                    }));
                    if delta.ends_period {
                        self.end_period(&mut whole, &mut ledger);
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            events.extend(ledger.interfaces(last_time, &self.counts.interfaces));
            if stale && (self.clock)() >= next {
                let board = self.turn(&whole, &mut ledger, &mut events, &mut next, false);
                last_time = board.span.last;
                stale = false;
                self.tell(Some(board), events);
            } else if !events.is_empty() {
                self.tell(None, events);
            }
        }
        let mut events = ledger.interfaces(last_time, &self.counts.interfaces);
        let board = self.turn(&whole, &mut ledger, &mut events, &mut next, true);
        self.tell(Some(board), events);
        whole
    }

    /// Judges the whole so far. It is copied for that: judging uses it up.
    fn turn(
        &mut self,
        whole: &Whole,
        ledger: &mut Ledger,
        events: &mut Vec<Event>,
        next: &mut Instant,
        is_last: bool,
    ) -> Arc<Board> {
        let start = (self.clock)();
        let mut board = (self.judge)(whole.observation.clone(), &whole.inputs);
        events.extend(ledger.turn(&mut board, is_last));
        if board.flows > self.most_flows {
            self.end_period.store(true, Ordering::Release);
        }
        let end = (self.clock)();
        let took = end.duration_since(start);
        self.counts.note_judging(took);
        *next = end + EVERY.saturating_sub(took).max(took * PAUSE);
        Arc::new(board)
    }

    /// Hands the period over to be reported, and goes on with what crosses its end.
    fn end_period(&mut self, whole: &mut Whole, ledger: &mut Ledger) {
        let going_on = whole.observation.carry();
        let observation = std::mem::replace(&mut whole.observation, going_on);
        let inputs = std::mem::take(&mut whole.inputs);
        (self.on_period)(Period {
            observation,
            inputs,
        });
        ledger.new_period();
    }

    /// The screen may be gone already; then nobody has to be told.
    fn tell(&self, board: Option<Arc<Board>>, events: Vec<Event>) {
        let _ = self.updates.send(Update { board, events });
    }
}
