//! Batches of all interfaces as one, in the order of time.

use std::time::Duration;

use crate::model::{CaptureTime, FrameId};
use crate::source::{Batch, Frame};

/// How long frames may wait for others of the same window.
const WAIT: Duration = Duration::from_millis(100);
/// Captured bytes of a window that is full. Each window costs something at its borders, where copies are looked for
/// anew: with 4 MiB, of frames of 1,500 bytes one in eleven is held back for that.
const FULL: usize = 16 << 20;
/// The kernel hands frames over within 100 ms, each interface's by themselves. Of several interfaces, frames newer
/// than this wait for what the others may still bring.
const HOLD: Duration = Duration::from_millis(200);
/// Frames are not held any more where they are so many windows.
const MOST_HELD: usize = 2;

/// What came since the last window was closed.
#[derive(Debug)]
pub(super) struct Window {
    batches: Vec<Batch>,
    bytes: usize,
    frames: usize,
    /// When the first and the last batch came, by a steady clock.
    came: Option<(Duration, Duration)>,
    latest: CaptureTime,
    hold: bool,
}

impl Window {
    /// An empty window; of `interfaces` that their frames come from.
    pub(super) fn new(interfaces: usize) -> Self {
        Self {
            batches: Vec::new(),
            bytes: 0,
            frames: 0,
            came: None,
            latest: CaptureTime::MIN,
            hold: interfaces > 1,
        }
    }

    /// Adds a batch.
    pub(super) fn push(&mut self, batch: Batch, now: Duration) {
        self.bytes += batch.captured_bytes();
        self.frames += batch.len();
        self.came = Some((self.came.map_or(now, |(first, _)| first), now));
        self.latest = self.latest.max(batch.span().last);
        self.batches.push(batch);
    }

    /// Whether frames have waited long enough, or are many enough.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        let waited = self
            .came
            .is_some_and(|(first, _)| now.saturating_sub(first) >= WAIT);
        waited || self.bytes >= FULL || self.frames as u64 >= FrameId::MAX_FRAMES / 2
    }

    /// Frames as one batch, ascending in time, those of one time as they came: `all`, or those that nothing earlier
    /// can come for. Also gives the batches that were copied from. `None` where there is no frame.
    pub(super) fn close(&mut self, now: Duration, all: bool) -> Option<(Batch, Vec<Batch>)> {
        let (_, last) = self.came?;
        let quiet = now.saturating_sub(last) >= HOLD;
        let many = self.bytes >= MOST_HELD * FULL || self.frames as u64 >= FrameId::MAX_FRAMES / 2;
        let everything = all || !self.hold || quiet || many;
        let until = if everything {
            CaptureTime::MAX
        } else {
            self.latest.minus(HOLD)
        };
        let mut batches = std::mem::take(&mut self.batches);
        (self.bytes, self.frames, self.came) = (0, 0, None);
        if everything && batches.len() == 1 && batches.first().is_some_and(is_in_order) {
            return batches.pop().map(|only| (only, batches));
        }
        let mut frames: Vec<Frame<'_>> = batches.iter().flat_map(Batch::frames).collect();
        frames.sort_by_key(|frame| frame.time);
        let end = frames.partition_point(|frame| frame.time <= until);
        let (mut whole, mut rest) = (Batch::default(), Batch::default());
        for (place, frame) in frames.into_iter().enumerate() {
            if place < end {
                whole.push(frame)
            } else {
                rest.push(frame)
            }
        }
        if !rest.is_empty() {
            self.push(rest, last);
        }
        (!whole.is_empty()).then_some((whole, batches))
    }
}

fn is_in_order(batch: &Batch) -> bool {
    batch
        .frames()
        .zip(batch.frames().skip(1))
        .all(|(a, b)| a.time <= b.time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FrameNote, LinkType};

    fn batch(interface: u32, millis: &[i64]) -> Batch {
        let mut batch = Batch::default();
        for millis in millis {
            batch.push(Frame {
                note: FrameNote::default(),
                time: CaptureTime::from_nanos(millis * 1_000_000),
                link_type: LinkType::ETHERNET,
                interface,
                wire_length: 60,
                bytes: &millis.to_le_bytes(),
            });
        }
        batch
    }

    fn told(batch: &Batch) -> Vec<(i64, u32)> {
        let frames = batch.frames();
        frames
            .map(|f| (f.time.as_nanos() / 1_000_000, f.interface))
            .collect()
    }

    #[test]
    fn frames_of_all_interfaces_come_in_the_order_of_time() {
        let now = Duration::from_secs(5);
        let mut window = Window::new(2);
        assert!(window.close(now, true).is_none());
        window.push(batch(0, &[1, 4, 900]), now);
        window.push(batch(1, &[2, 4, 5]), now);
        assert!(!window.is_due(now) && window.is_due(now + WAIT));
        let (whole, spare) = window.close(now, false).unwrap();
        assert_eq!(told(&whole), [(1, 0), (2, 1), (4, 0), (4, 1), (5, 1)]);
        assert_eq!(spare.len(), 2);
        window.push(batch(1, &[899, 901]), now);
        assert!(
            window.close(now, false).is_none(),
            "the other may bring more"
        );
        let (whole, _) = window.close(now + HOLD, false).unwrap();
        assert_eq!(told(&whole), [(899, 1), (900, 0), (901, 1)]);
        assert!(window.close(now, true).is_none());
    }

    #[test]
    fn one_batch_in_order_is_handed_on_as_it_is() {
        let now = Duration::from_secs(5);
        let mut window = Window::new(1);
        window.push(batch(0, &[1, 2, 2]), now);
        let (whole, spare) = window.close(now, false).unwrap();
        assert_eq!(told(&whole), [(1, 0), (2, 0), (2, 0)]);
        assert!(spare.is_empty());
        window.push(batch(0, &[3, 1]), now);
        assert_eq!(told(&window.close(now, false).unwrap().0), [(1, 0), (3, 0)]);
    }

    #[test]
    fn too_much_is_not_held() {
        let now = Duration::from_secs(5);
        let mut window = Window::new(2);
        let mut large = Batch::default();
        large.push(Frame {
            note: FrameNote::default(),
            time: CaptureTime::from_nanos(1),
            link_type: LinkType::ETHERNET,
            interface: 0,
            wire_length: 0,
            bytes: &vec![0; MOST_HELD * FULL],
        });
        window.push(large, now);
        assert!(window.is_due(now) && window.close(now, false).is_some());
    }
}
