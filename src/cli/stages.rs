//! What is being done, on the terminal: a line while a stage takes longer than a moment, taken away when it is over.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::args::Common;

/// How long a stage takes before it is told, and how often it is told anew.
const MOMENT: Duration = Duration::from_millis(500);

/// The stages of a command. Nothing is shown with `--quiet`, or where standard error is no terminal.
pub(super) struct Stages {
    board: Arc<Board>,
    watcher: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Board {
    now: Mutex<StageNow>,
    changed: Condvar,
}

/// What is said of a stage that has taken so long.
type Words = Box<dyn Fn(Duration) -> String + Send>;

#[derive(Default)]
struct StageNow {
    /// What is said of what is being done, and since when it is; `None` between stages.
    stage: Option<(Words, Instant)>,
    /// Whether the line stands on the terminal.
    shown: bool,
    over: bool,
}

impl StageNow {
    fn show(&mut self, out: &mut impl Write) {
        let Some((words, since)) = &self.stage else {
            return;
        };
        let took = since.elapsed();
        if took >= MOMENT {
            let _ = write!(out, "\r\x1b[K{}", words(took));
            self.shown = true;
        }
    }

    fn take_away(&mut self, out: &mut impl Write) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(out, "\r\x1b[K");
        }
    }
}

impl Stages {
    /// Those of a command that is beginning.
    pub(super) fn new(common: &Common) -> Self {
        let board = Arc::<Board>::default();
        let told = !common.quiet && io::stderr().is_terminal();
        let watched = Arc::clone(&board);
        // Without a thread for it nothing is shown.
        let watcher = told.then(|| Builder::new().spawn(move || watched.watch()).ok());
        Self {
            board,
            watcher: watcher.flatten(),
        }
    }

    /// Begins a stage, of which it is told how long it takes; the one before it is over.
    pub(super) fn begin(&self, words: impl Into<String>) {
        let words = words.into();
        self.begin_told(move |took| format!("{words}, {} s", took.as_secs()));
    }

    /// Begins a stage of which something is told anew each time; the one before it is over.
    pub(super) fn begin_told(&self, words: impl Fn(Duration) -> String + Send + 'static) {
        self.board
            .set(|now| now.stage = Some((Box::new(words), Instant::now())));
    }

    /// Ends a stage before something is printed: the line is gone when this is.
    pub(super) fn end(&self) {
        self.board.set(|now| now.stage = None);
    }
}

impl Drop for Stages {
    fn drop(&mut self) {
        self.board.set(|now| (now.stage, now.over) = (None, true));
        if let Some(watcher) = self.watcher.take() {
            let _ = watcher.join();
        }
    }
}

impl Board {
    fn set(&self, change: impl FnOnce(&mut StageNow)) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.take_away(&mut io::stderr());
        change(&mut now);
        self.changed.notify_all();
    }

    fn watch(&self) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        while !now.over {
            let waited = self.changed.wait_timeout(now, MOMENT);
            now = waited.unwrap_or_else(PoisonError::into_inner).0;
            now.show(&mut io::stderr());
        }
        now.take_away(&mut io::stderr());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_told_once_it_takes_a_while_and_taken_away_when_it_is_over() {
        let mut now = StageNow::default();
        let mut out = Vec::new();
        now.show(&mut out);
        let words = |took: Duration| format!("judging 5 flows, {} s", took.as_secs());
        now.stage = Some((Box::new(words), Instant::now()));
        now.show(&mut out);
        now.take_away(&mut out);
        assert!(out.is_empty());
        let earlier = Instant::now().checked_sub(Duration::from_secs(3)).unwrap();
        now.stage = Some((Box::new(words), earlier));
        now.show(&mut out);
        assert_eq!(out, b"\r\x1b[Kjudging 5 flows, 3 s");
        now.take_away(&mut out);
        now.take_away(&mut out);
        assert_eq!(out, b"\r\x1b[Kjudging 5 flows, 3 s\r\x1b[K");
    }
}
