//! The threads wired together: captures, queue, absorbing, judging.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::board::Snapshot;
use super::event::LiveEvent;
use super::feed::{Clock, Feed, LiveInterface, capture};
use super::judging::{Delta, Ends, Judging, Waiting};
use super::keep::{Keep, KeepOptions};
use super::queue::{Received, Receiver, Sender, queue};
use super::seen::Points;
use super::window::Window;
use crate::audit::{OpenPeriod, Period};
use crate::model::{FrameId, Loss, Merge, TwoPoint};
use crate::observe::{CarryLimits, Observation};
use crate::source::{self, Batch, Input, InputPath, InputRecord};

/// How long the absorbing thread waits before it looks at the clock.
const TICK: Duration = Duration::from_millis(30);

/// Windows of so many bytes are written while they are absorbed; for smaller ones a thread costs more than it saves.
const BESIDE: usize = 1 << 18;

/// So many updates may wait to be shown; then they are put together.
const UPDATES: usize = 64;

/// What is known so far to a board.
pub type Judge = Box<dyn FnMut(TwoPoint<Observation>, &[InputRecord]) -> Snapshot + Send>;
/// What to do with a period that is over; called on the judging thread, which is better not kept for long.
pub type OnPeriod = Box<dyn FnMut(Period) + Send>;

/// What a thread does: when there is more to do than processors can, some of it can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// Taking frames before they are lost.
    Packets,
    /// Saying what they mean.
    Verdicts,
}

/// How the engine runs.
pub struct EngineOptions {
    /// The most bytes of frames that may wait to be absorbed.
    pub queue_bytes: usize,
    /// Where to keep packets.
    pub keep: Option<KeepOptions>,
    /// A period ends after this time.
    pub every: Option<Duration>,
    /// A period ends as soon as it has more flows, or more DNS messages, than this: the bound on memory.
    pub most_flows: u64,
    /// What goes on from one period to the next.
    pub carry: CarryLimits,
    /// Names of the feeds that lie on the outer side of what may stop traffic.
    pub outside: Vec<String>,
    /// The machine's clock.
    pub clock: Clock,
    /// Called on each thread before it begins.
    pub prepare: fn(Work),
}

/// What is new.
#[derive(Clone, Debug)]
pub struct Update {
    /// What is known now; `None` where only events are told.
    pub board: Option<Arc<Snapshot>>,
    /// What changed, ascending in time.
    pub events: Vec<LiveEvent>,
}

/// The last period, and what there is to say of the end.
#[derive(Debug)]
pub struct Finished {
    /// The last period.
    pub last: Period,
    /// Interfaces that gave no more before they were told to stop, and why.
    pub ended: Vec<(String, String)>,
}

/// Counts that others may look at any time.
#[derive(Debug, Default)]
pub struct LiveCounts {
    /// By interface, in the order of the feeds.
    pub interfaces: Vec<LiveInterface>,
    judgings: AtomicU64,
    judging_nanos: AtomicU64,
}

/// A capture under way.
pub struct Engine {
    /// What is new, as it comes; ends when the capture has ended.
    pub updates: mpsc::Receiver<Update>,
    counts: Arc<LiveCounts>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    judging: JoinHandle<Period>,
}

impl LiveCounts {
    /// Lost frames of all interfaces.
    #[must_use]
    pub fn loss(&self) -> Loss {
        let all = self.interfaces.iter().map(LiveInterface::loss);
        all.fold(Loss::default(), Loss::plus)
    }

    /// How often was judged, and how long that took together.
    #[must_use]
    pub fn judging(&self) -> (u64, Duration) {
        let nanos = self.judging_nanos.load(Ordering::Relaxed);
        let times = self.judgings.load(Ordering::Relaxed);
        (times, Duration::from_nanos(nanos))
    }

    pub(super) fn note_judging(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.judgings.fetch_add(1, Ordering::Relaxed);
        self.judging_nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

impl Engine {
    /// Starts capturing.
    ///
    /// # Errors
    /// Where the file to keep packets in cannot be written, or no thread can be started.
    pub fn start(
        feeds: Vec<Box<dyn Feed>>,
        options: EngineOptions,
        judge: Judge,
        on_period: OnPeriod,
    ) -> io::Result<Self> {
        let described = described(&feeds);
        let keep = options.keep.clone();
        let keep = keep.map(|keep| Keep::open(keep, described.clone()));
        let keep = keep.transpose()?;
        let names: Vec<&str> = described.iter().map(|i| i.name.as_str()).collect();
        let shared = Shared::of(&names);
        let points = Points::of(&names, &options.outside);
        let start = points.nothing();
        let prepare = options.prepare;
        let (sender, receiver) = queue(options.queue_bytes);
        let (delta_sender, deltas) = mpsc::sync_channel(1);
        let (update_sender, updates) = mpsc::sync_channel(UPDATES);

        let mut threads = shared.capture_all(feeds, sender, &options)?;
        let absorbing = Absorbing::new(
            receiver,
            delta_sender,
            keep,
            &names,
            points,
            &options,
            &shared,
        );
        threads.push(spawn("absorb".to_owned(), prepare, Work::Packets, || {
            absorbing.run();
        })?);
        let judging = Judging {
            deltas,
            updates: update_sender,
            counts: Arc::clone(&shared.counts),
            judge,
            on_period,
            clock: options.clock,
            most_flows: options.most_flows,
            open: OpenPeriod::new(start, Some(options.most_flows), Some(options.carry)),
            inputs: Vec::new(),
            end_period: Arc::clone(&shared.end_period),
            is_asked_to_end: false,
            waiting: Waiting::default(),
        };
        let judging = spawn("judge".to_owned(), prepare, Work::Verdicts, || {
            judging.run()
        })?;
        let Shared { counts, stop, .. } = shared;
        Ok(Self {
            updates,
            counts,
            stop,
            threads,
            judging,
        })
    }

    /// Counts as they are now.
    #[must_use]
    pub fn counts(&self) -> Arc<LiveCounts> {
        Arc::clone(&self.counts)
    }

    /// Asks all threads to come to an end; what the kernel holds is still taken.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Stops, waits for the end and gives the last period.
    ///
    /// # Errors
    /// Where a thread failed: then nothing can be said.
    pub fn finish(self) -> Result<Finished, &'static str> {
        self.stop();
        // Nobody takes updates any more; nobody has to wait for that.
        drop(self.updates);
        let mut failed = false;
        for thread in self.threads {
            failed |= thread.join().is_err();
        }
        let last = self.judging.join().map_err(|_| "the judging failed")?;
        if failed {
            return Err("a capture thread failed");
        }
        let ended = self.counts.interfaces.iter();
        Ok(Finished {
            last,
            ended: ended
                .filter_map(|i| Some((i.name.clone(), i.ended()?)))
                .collect(),
        })
    }
}

/// What all threads look at.
struct Shared {
    counts: Arc<LiveCounts>,
    /// That the capture comes to its end.
    stop: Arc<AtomicBool>,
    /// That a period has grown too large.
    end_period: Arc<AtomicBool>,
}

impl Shared {
    fn of(names: &[&str]) -> Self {
        Self {
            counts: Arc::new(LiveCounts {
                interfaces: names.iter().map(|name| LiveInterface::new(name)).collect(),
                ..LiveCounts::default()
            }),
            stop: Arc::default(),
            end_period: Arc::default(),
        }
    }

    /// A thread for each feed. The queue ends when all of them have.
    fn capture_all(
        &self,
        feeds: Vec<Box<dyn Feed>>,
        sender: Sender,
        options: &EngineOptions,
    ) -> io::Result<Vec<JoinHandle<()>>> {
        let clock = options.clock;
        let threads = feeds.into_iter().enumerate().map(|(place, feed)| {
            let (counts, stop) = (Arc::clone(&self.counts), Arc::clone(&self.stop));
            let sender = sender.clone();
            let run = move || {
                if let Some(interface) = counts.interfaces.get(place) {
                    capture(feed, interface, &sender, &stop, clock);
                }
            };
            spawn(
                format!("capture-{place}"),
                options.prepare,
                Work::Packets,
                run,
            )
        });
        threads.collect()
    }
}

/// The feeds as a file of their packets describes them.
fn described(feeds: &[Box<dyn Feed>]) -> Vec<source::Interface> {
    let described = feeds.iter().map(|feed| source::Interface {
        name: feed.name().to_owned(),
        link_type: feed.link_type(),
        ..source::Interface::default()
    });
    described.collect()
}

fn spawn<T: Send + 'static>(
    name: String,
    prepare: fn(Work),
    work: Work,
    run: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    Builder::new().name(name).spawn(move || {
        prepare(work);
        run()
    })
}

/// The absorbing thread: queue to windows to files and evidence.
struct Absorbing {
    queue: Receiver,
    deltas: mpsc::SyncSender<Delta>,
    keep: Option<Keep>,
    /// What is captured from, where no packets are kept.
    name: String,
    counts: Arc<LiveCounts>,
    window: Window,
    /// Ordinals of the input and of the next chunk in it.
    input: u32,
    chunk: u32,
    /// Windows of this period.
    windows: u64,
    pending: TwoPoint<Observation>,
    points: Points,
    /// Inputs of this period; the last one is written to.
    inputs: Vec<InputRecord>,
    troubles: Vec<String>,
    /// What was lost before the current input, and what the evidence knows of.
    told_loss: Loss,
    noted_loss: Loss,
    every: Option<Duration>,
    most_flows: u64,
    began: Instant,
    period_began: Instant,
    end_period: Arc<AtomicBool>,
    clock: Clock,
}

impl Absorbing {
    fn new(
        queue: Receiver,
        deltas: mpsc::SyncSender<Delta>,
        keep: Option<Keep>,
        names: &[&str],
        points: Points,
        options: &EngineOptions,
        shared: &Shared,
    ) -> Self {
        let clock = options.clock;
        Self {
            queue,
            deltas,
            keep,
            name: names.join(", "),
            counts: Arc::clone(&shared.counts),
            window: Window::new(names.len()),
            input: 0,
            chunk: 0,
            windows: 0,
            pending: points.nothing(),
            points,
            inputs: Vec::new(),
            troubles: Vec::new(),
            told_loss: Loss::default(),
            noted_loss: Loss::default(),
            every: options.every,
            most_flows: options.most_flows,
            began: clock(),
            period_began: clock(),
            end_period: Arc::clone(&shared.end_period),
            clock,
        }
    }

    fn run(mut self) {
        self.start_input();
        loop {
            let received = self.queue.take(TICK);
            let now = (self.clock)().duration_since(self.began);
            let ended = matches!(received, Received::Ended);
            if let Received::Batch(batch) = received {
                self.window.push(batch, now);
            }
            let over = self.is_period_over();
            if ended || over.is_some() || self.window.is_due(now) {
                self.close_window(now, ended || over.is_some());
            }
            if ended {
                break;
            }
            if let Some(why) = over {
                self.next_period(why);
            } else {
                self.hand_over();
            }
        }
        self.end();
    }

    /// Keeps and absorbs what came.
    fn close_window(&mut self, now: Duration, all: bool) {
        let Some((batch, copied)) = self.window.close(now, all) else {
            return;
        };
        let full = self
            .keep
            .as_ref()
            .is_some_and(|keep| keep.is_full_for(&batch));
        if full {
            self.next_file();
        }
        let (input, chunk, keep) = (self.input, self.chunk, self.keep.as_mut());
        let points = &self.points;
        let (kept, seen) = both(
            batch.captured_bytes() >= BESIDE,
            || keep.map_or(Ok(()), |keep| keep.write(&batch)),
            || points.absorb(&batch, input, chunk),
        );
        if let Err(error) = kept {
            self.give_up_keeping(&error);
        }
        self.chunk += 1;
        self.windows += 1;
        self.pending.merge(seen);
        self.count(&batch);
        copied
            .into_iter()
            .chain([batch])
            .for_each(|batch| self.queue.give_back(batch));
    }

    fn count(&mut self, batch: &Batch) {
        if let Some(input) = self.inputs.last_mut() {
            input.frames += batch.len() as u64;
            input.span.merge(batch.span());
        }
    }

    /// Gives the judging thread what there is, unless it is still at the last one. Waits for it where it is a whole
    /// period behind: then frames are dropped and counted, and memory stays bounded.
    fn hand_over(&mut self) {
        self.note_loss();
        if self.pending.frames() == 0 && self.troubles.is_empty() {
            return;
        }
        let behind = self.pending.weight() > self.most_flows;
        let delta = self.delta(None);
        if behind {
            let _ = self.deltas.send(delta);
            return;
        }
        match self.deltas.try_send(delta) {
            Ok(()) | Err(mpsc::TrySendError::Disconnected(_)) => {}
            Err(mpsc::TrySendError::Full(delta)) => {
                self.pending = delta.seen;
                self.troubles = delta.troubles;
            }
        }
    }

    fn delta(&mut self, ends: Option<Ends>) -> Delta {
        Delta {
            seen: std::mem::replace(&mut self.pending, self.points.nothing()),
            inputs: self.inputs.clone(),
            troubles: std::mem::take(&mut self.troubles),
            ends,
        }
    }

    fn is_period_over(&self) -> Option<Ends> {
        let over = |every| (self.clock)().duration_since(self.period_began) >= every;
        if self.end_period.swap(false, Ordering::AcqRel) {
            return Some(Ends::TooMuch);
        }
        // A frame's place has so many bits for its chunk.
        if self.windows + 1 >= FrameId::MAX_CHUNKS {
            return Some(Ends::TooLong);
        }
        self.every.is_some_and(over).then_some(Ends::OnTime)
    }

    fn next_period(&mut self, why: Ends) {
        // Whatever this period was asked, the next one was not.
        self.end_period.store(false, Ordering::Release);
        self.finish_file(true);
        let delta = self.delta(Some(why));
        // Waits until the last one was taken: a period's end must not be lost.
        let _ = self.deltas.send(delta);
        self.period_began = (self.clock)();
        self.inputs.clear();
        self.input += 1;
        self.chunk = 0;
        self.windows = 0;
        self.start_input();
    }

    /// Goes on in another file of the same period.
    fn next_file(&mut self) {
        self.finish_file(true);
        self.input += 1;
        self.chunk = 0;
        self.start_input();
    }

    fn start_input(&mut self) {
        let kept = self.keep.as_ref().and_then(Keep::path);
        let path = match kept {
            Some(path) => InputPath::File(path.to_owned()),
            None => InputPath::Interfaces(self.name.clone()),
        };
        self.inputs.push(InputRecord::of(Input {
            path,
            ..Input::default()
        }));
    }

    /// Ends the file, and the input with it: what is lost from now on belongs to the next one.
    fn finish_file(&mut self, go_on: bool) {
        self.note_loss();
        let lost = self.noted_loss;
        self.told_loss = lost;
        let done = match (self.keep.as_mut(), go_on) {
            (None, _) => Ok(()),
            (Some(keep), true) => keep.rotate(lost),
            (Some(keep), false) => keep.finish(lost),
        };
        if let Err(error) = done {
            self.give_up_keeping(&error);
        }
    }

    /// The audit goes on without keeping packets; it says so.
    fn give_up_keeping(&mut self, error: &io::Error) {
        let words = format!("packets are not kept any more: {error}");
        self.troubles.push(words.clone());
        if let Some(input) = self.inputs.last_mut() {
            input.troubles.push(words);
        }
        self.keep = None;
    }

    fn note_loss(&mut self) {
        let all = self.counts.loss();
        let newly = all.since(self.noted_loss);
        self.noted_loss = all;
        self.pending.note_lost(newly.total());
        let lost = all.since(self.told_loss);
        if let Some(input) = self.inputs.last_mut() {
            input.loss = lost;
        }
    }

    fn end(mut self) {
        self.finish_file(false);
        for interface in &self.counts.interfaces {
            if let (Some(why), Some(input)) = (interface.ended(), self.inputs.last_mut()) {
                input.troubles.push(format!("{}: {why}", interface.name));
            }
        }
        let delta = self.delta(None);
        let _ = self.deltas.send(delta);
    }
}

/// Does both, at once where that is worth it. No pool of threads: whoever waits for the engine on one must not stop it.
fn both<A: Send, B>(
    beside: bool,
    first: impl FnOnce() -> A + Send,
    then: impl FnOnce() -> B,
) -> (A, B) {
    if !beside {
        return (first(), then());
    }
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let then = then();
        match first.join() {
            Ok(first) => (first, then),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
