//! Batches on their way from the capture threads, bounded in bytes. Their buffers go back and round again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use crate::source::{Batch, BatchLimits};

/// Buffers kept for reuse: more than this many are let go.
const SPARE: usize = 16;
/// A buffer that grew larger for one burst is let go.
const LARGEST_SPARE: usize = 4 << 20;
/// The most bytes that a batch takes at once: many small ones move on sooner than a large one.
const BATCH: usize = 2 << 20;

/// The end that batches go into; there may be many.
#[derive(Clone)]
pub(super) struct Sender {
    batches: mpsc::Sender<Batch>,
    spare: Arc<std::sync::Mutex<Vec<Batch>>>,
    waiting: Arc<AtomicUsize>,
    most: usize,
}

/// The end that batches come out of.
pub(super) struct Receiver {
    batches: mpsc::Receiver<Batch>,
    spare: Arc<std::sync::Mutex<Vec<Batch>>>,
    waiting: Arc<AtomicUsize>,
}

/// What waiting for a batch ended with.
pub(super) enum Received {
    Batch(Batch),
    Nothing,
    Ended,
}

/// A queue that holds up to `most` bytes of frames; a batch that is larger passes when the queue is empty.
pub(super) fn queue(most: usize) -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::channel();
    let spare = Arc::default();
    let waiting = Arc::default();
    (
        Sender {
            batches: sender,
            spare: Arc::clone(&spare),
            waiting: Arc::clone(&waiting),
            most,
        },
        Receiver {
            batches: receiver,
            spare,
            waiting,
        },
    )
}

/// What a batch takes: its bytes, and what is noted of each frame.
fn weight(batch: &Batch) -> usize {
    batch.captured_bytes() + 32 * batch.len()
}

impl Sender {
    /// An empty batch, used before where there is one.
    pub(super) fn spare(&self) -> Batch {
        let mut spare = self
            .spare
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        spare.pop().unwrap_or_default()
    }

    /// Takes back a batch that nothing came into.
    pub(super) fn give_back(&self, batch: Batch) {
        put_spare(&self.spare, batch);
    }

    /// Where a batch is full.
    pub(super) fn batch_limits(&self) -> BatchLimits {
        BatchLimits {
            bytes: BATCH.min(self.most.max(1)),
            ..BatchLimits::default()
        }
    }

    /// Puts a batch in; false where there is no room, or nobody takes it any more.
    pub(super) fn offer(&self, batch: Batch) -> bool {
        let weight = weight(&batch);
        let before = self.waiting.fetch_add(weight, Ordering::AcqRel);
        if before > 0 && before + weight > self.most {
            self.waiting.fetch_sub(weight, Ordering::AcqRel);
            self.give_back(batch);
            return false;
        }
        self.batches.send(batch).is_ok()
    }
}

impl Receiver {
    /// Waits for a batch.
    pub(super) fn take(&self, timeout: Duration) -> Received {
        match self.batches.recv_timeout(timeout) {
            Ok(batch) => {
                self.waiting.fetch_sub(weight(&batch), Ordering::AcqRel);
                Received::Batch(batch)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Received::Nothing,
            Err(mpsc::RecvTimeoutError::Disconnected) => Received::Ended,
        }
    }

    /// Gives a batch back that was worked through.
    pub(super) fn give_back(&self, batch: Batch) {
        put_spare(&self.spare, batch);
    }
}

fn put_spare(spare: &std::sync::Mutex<Vec<Batch>>, mut batch: Batch) {
    if batch.captured_bytes() > LARGEST_SPARE {
        return;
    }
    batch.clear();
    let mut spare = spare
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if spare.len() < SPARE {
        spare.push(batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CaptureTime;
    use crate::source::{Frame, FrameNote, LinkType};

    fn batch(bytes: usize) -> Batch {
        let mut batch = Batch::default();
        batch.push(Frame {
            note: FrameNote::default(),
            time: CaptureTime::from_nanos(1),
            link_type: LinkType::ETHERNET,
            interface: 0,
            wire_length: bytes as u32,
            bytes: &vec![0; bytes],
        });
        batch
    }

    #[test]
    fn what_has_no_room_is_refused_and_room_comes_back() {
        let (sender, receiver) = queue(1000);
        assert!(sender.offer(batch(2000)), "an empty queue takes anything");
        assert!(!sender.offer(batch(10)));
        let Received::Batch(taken) = receiver.take(Duration::ZERO) else {
            unreachable!("a batch waits")
        };
        receiver.give_back(taken);
        assert!(sender.offer(batch(400)) && sender.offer(batch(400)));
        assert!(!sender.offer(batch(400)));
        assert!(sender.spare().is_empty());
    }

    #[test]
    fn the_end_of_all_senders_is_the_end() {
        let (sender, receiver) = queue(1000);
        let other = sender.clone();
        assert!(matches!(receiver.take(Duration::ZERO), Received::Nothing));
        assert!(sender.offer(batch(1)));
        drop((sender, other));
        assert!(matches!(receiver.take(Duration::ZERO), Received::Batch(_)));
        assert!(matches!(receiver.take(Duration::ZERO), Received::Ended));
    }
}
