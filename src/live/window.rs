//! Batches of all interfaces as one, in the order of time.

use crate::source::{Batch, Frame};

/// What came since the last window was closed.
#[derive(Debug, Default)]
pub(super) struct Window {
    batches: Vec<Batch>,
    bytes: usize,
    frames: usize,
}

impl Window {
    /// Adds a batch.
    pub(super) fn push(&mut self, batch: Batch) {
        self.bytes += batch.captured_bytes();
        self.frames += batch.len();
        self.batches.push(batch);
    }

    /// Captured bytes in it.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Frames in it.
    pub(super) fn frames(&self) -> usize {
        self.frames
    }

    /// Whether nothing came.
    pub(super) fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// All frames as one batch, ascending in time, those of one time as they came; the window is empty then. Also
    /// gives the batches that were copied from.
    pub(super) fn close(&mut self) -> (Batch, Vec<Batch>) {
        let mut batches = std::mem::take(&mut self.batches);
        (self.bytes, self.frames) = (0, 0);
        if batches.len() == 1
            && let Some(only) = batches.pop()
        {
            if is_in_order(&only) {
                return (only, batches);
            }
            batches.push(only);
        }
        let mut frames: Vec<Frame<'_>> = batches.iter().flat_map(Batch::frames).collect();
        frames.sort_by_key(|frame| frame.time);
        let mut whole = Batch::default();
        frames.into_iter().for_each(|frame| whole.push(frame));
        (whole, batches)
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
    use crate::model::CaptureTime;
    use crate::source::LinkType;

    fn batch(interface: u32, times: &[i64]) -> Batch {
        let mut batch = Batch::default();
        for time in times {
            batch.push(Frame {
                time: CaptureTime::from_nanos(*time),
                link_type: LinkType::ETHERNET,
                interface,
                wire_length: 60,
                bytes: &time.to_le_bytes(),
            });
        }
        batch
    }

    #[test]
    fn frames_of_all_interfaces_come_in_the_order_of_time() {
        let mut window = Window::default();
        window.push(batch(0, &[1, 4, 9]));
        window.push(batch(1, &[2, 4, 5]));
        assert_eq!((window.frames(), window.bytes()), (6, 48));
        let (whole, spare) = window.close();
        let frames: Vec<_> = whole
            .frames()
            .map(|f| (f.time.as_nanos(), f.interface, f.bytes[0]))
            .collect();
        assert_eq!(
            frames,
            [(1, 0, 1), (2, 1, 2), (4, 0, 4), (4, 1, 4), (5, 1, 5), (9, 0, 9)]
        );
        assert!(window.is_empty() && spare.len() == 2);
    }

    #[test]
    fn one_batch_in_order_is_handed_on_as_it_is() {
        let mut window = Window::default();
        window.push(batch(0, &[1, 2, 2]));
        let (whole, spare) = window.close();
        assert_eq!(whole, batch(0, &[1, 2, 2]));
        assert!(spare.is_empty());
        window.push(batch(0, &[3, 1]));
        assert_eq!(window.close().0, batch(0, &[1, 3]));
    }
}
