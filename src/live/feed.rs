//! What live frames come from, and the thread that waits for them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::queue::Sender;
use crate::model::Loss;
use crate::source::live::{LiveCapture, LiveError};
use crate::source::{Batch, BatchLimits, LinkType};

/// The machine's steady clock, handed in so that tests can run without waiting.
pub type Clock = fn() -> Instant;

/// How long a thread waits for frames before it looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(50);
/// How often the counts of lost frames are asked for.
const LOSS_EVERY: Duration = Duration::from_millis(250);
/// When capture ends, the kernel may hold a block back for 100 ms; so long frames are still taken.
const DRAIN: Duration = Duration::from_millis(250);

/// What a wait for frames ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Polled {
    /// Frames are in the batch.
    Frames,
    /// None came within the time.
    Quiet,
    /// No more will come: the end of what is not an interface.
    Ended,
}

/// Where live frames come from: an interface, or something that stands in for one.
pub trait Feed: Send {
    /// The name to show.
    fn name(&self) -> &str;

    /// What its frames start with.
    fn link_type(&self) -> LinkType;

    /// Waits for frames and replaces what is in the batch by them.
    ///
    /// # Errors
    /// Where no more can come, as when the interface was deleted; in words.
    fn poll(
        &mut self,
        timeout: Duration,
        batch: &mut Batch,
        limits: BatchLimits,
    ) -> Result<Polled, String>;

    /// What was lost since the start, as far as it can be told; `None` where it cannot be told any more.
    fn loss(&mut self) -> Option<Loss>;
}

impl Feed for LiveCapture {
    fn name(&self) -> &str {
        self.interface()
    }

    fn link_type(&self) -> LinkType {
        Self::link_type(self)
    }

    fn poll(
        &mut self,
        timeout: Duration,
        batch: &mut Batch,
        limits: BatchLimits,
    ) -> Result<Polled, String> {
        match Self::poll(self, timeout, batch, limits) {
            Ok(0) => Ok(Polled::Quiet),
            Ok(_) => Ok(Polled::Frames),
            Err(LiveError::NoSuchInterface { .. }) => Err("the interface is gone".to_owned()),
            Err(LiveError::Failed { reason, .. }) => Err(reason),
            Err(error) => Err(error.to_string()),
        }
    }

    fn loss(&mut self) -> Option<Loss> {
        Self::loss(self).ok()
    }
}

/// One interface's counts, as its thread tells them; others may look at any time.
#[derive(Debug, Default)]
pub struct LiveInterface {
    /// Its name.
    pub name: String,
    /// Frames captured, dropped ones not counted.
    pub frames: AtomicU64,
    /// Their bytes.
    pub bytes: AtomicU64,
    lost_by_interface: AtomicU64,
    lost_by_kernel: AtomicU64,
    lost_by_us: AtomicU64,
    ended: Mutex<Option<String>>,
}

impl LiveInterface {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Frames lost since the start, by who lost them.
    #[must_use]
    pub fn loss(&self) -> Loss {
        Loss {
            interface: self.lost_by_interface.load(Ordering::Relaxed),
            kernel: self.lost_by_kernel.load(Ordering::Relaxed),
            own: self.lost_by_us.load(Ordering::Relaxed),
        }
    }

    /// Why nothing more comes from it, where that was not asked for.
    #[must_use]
    pub fn ended(&self) -> Option<String> {
        self.ended
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    fn note_loss(&self, feed: &mut dyn Feed) {
        if let Some(loss) = feed.loss() {
            self.lost_by_interface
                .store(loss.interface, Ordering::Relaxed);
            self.lost_by_kernel.store(loss.kernel, Ordering::Relaxed);
        }
    }

    fn end(&self, why: String) {
        *self
            .ended
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(why);
    }
}

/// Takes frames until told to stop, or until none can come any more. What the queue has no room for is dropped and
/// counted: the kernel's own buffer then still empties, so that its counts tell of the kernel alone.
pub(super) fn capture(
    mut feed: Box<dyn Feed>,
    interface: &LiveInterface,
    queue: &Sender,
    stop: &AtomicBool,
    clock: Clock,
) {
    let mut next_loss = clock();
    let mut drained = None;
    loop {
        let mut batch = queue.spare();
        let stopping = stop.load(Ordering::Acquire);
        if stopping && drained.is_some_and(|since| clock().duration_since(since) >= DRAIN) {
            break;
        }
        if stopping {
            drained.get_or_insert_with(clock);
        }
        match feed.poll(PATIENCE, &mut batch, queue.batch_limits()) {
            Ok(Polled::Frames) => send(batch, interface, queue),
            Ok(Polled::Quiet) if stopping && drained_enough(drained, clock) => break,
            Ok(Polled::Quiet) => queue.give_back(batch),
            Ok(Polled::Ended) => break,
            Err(why) => {
                interface.end(why);
                break;
            }
        }
        if clock() >= next_loss {
            interface.note_loss(&mut *feed);
            next_loss = clock() + LOSS_EVERY;
        }
    }
    interface.note_loss(&mut *feed);
}

/// Two quiet waits are longer than the kernel holds a block back.
fn drained_enough(since: Option<Instant>, clock: Clock) -> bool {
    since.is_some_and(|since| clock().duration_since(since) >= DRAIN / 2)
}

fn send(batch: Batch, interface: &LiveInterface, queue: &Sender) {
    let frames = batch.len() as u64;
    let bytes: u64 = batch.frames().map(|f| u64::from(f.wire_length)).sum();
    if queue.offer(batch) {
        interface.frames.fetch_add(frames, Ordering::Relaxed);
        interface.bytes.fetch_add(bytes, Ordering::Relaxed);
    } else {
        interface.lost_by_us.fetch_add(frames, Ordering::Relaxed);
    }
}
