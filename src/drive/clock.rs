//! Whether the clock that stamped an input's frames was set back on the way.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decode::device::NFLOG;
use crate::model::CaptureTime;
use crate::source::{Batch, SetBack};

/// Frames of one interface come in another order by less: several queues, a log's buffer.
const DISORDER: Duration = Duration::from_millis(50);

/// The clocks of one input's interfaces. What is cut apart or joined from several captures tells less, or what no clock did:
/// only within one input a frame is known to come after another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clocks {
    /// The latest time of each interface, by its ordinal.
    latest: Vec<CaptureTime>,
    /// The earliest time of all frames, those left aside too.
    earliest: Option<CaptureTime>,
    set_back: SetBack,
}

impl Clocks {
    /// Takes the frames of a part of a batch, in the order in which they lie in the input.
    pub(super) fn watch(&mut self, batch: &Batch, part: Range<usize>) {
        const MOST: usize = 65_536;
        let earliest = batch.span_of(part.clone()).first;
        self.earliest = Some(self.earliest.map_or(earliest, |known| known.min(earliest)));
        for (time, interface, link_type) in batch.times_of(part) {
            let place = interface as usize;
            // Netfilter's log has times of two kinds; without a time there is no order.
            let untold = link_type.0 == NFLOG || time == CaptureTime::default();
            if untold || place >= MOST {
                continue;
            }
            if place >= self.latest.len() {
                self.latest.resize(place + 1, CaptureTime::MIN);
            }
            let latest = &mut self.latest[place];
            if time >= *latest {
                *latest = time;
                continue;
            }
            let back = latest.since(time);
            if back > DISORDER {
                self.set_back.frames += 1;
                let nanos = u64::try_from(back.as_nanos()).unwrap_or(u64::MAX);
                self.set_back.most = self.set_back.most.max(nanos);
            }
        }
    }

    /// Goes on with those of the part of the input that follows, which were watched by themselves. Gives whether it could: where
    /// this part may say something of that one's frames, these have to be watched again from here.
    #[must_use]
    pub(super) fn join(&mut self, next: &Self) -> bool {
        let says_nothing_of = |earliest: CaptureTime| {
            let mut latest = self.latest.iter();
            latest.all(|latest| latest.since(earliest) <= DISORDER)
        };
        if !next.earliest.is_none_or(says_nothing_of) {
            return false;
        }
        self.go_on_with(next);
        true
    }

    /// As [`Self::join`], of frames that are not at hand any more: where this part says something of them, it is said of the
    /// earliest one alone, since nobody knows of how many more.
    pub(super) fn join_at_least(&mut self, next: &Self) {
        if self.join(next) {
            return;
        }
        let latest = self.latest.iter().max().copied();
        if let (Some(latest), Some(earliest)) = (latest, next.earliest) {
            let most = u64::try_from(latest.since(earliest).as_nanos()).unwrap_or(u64::MAX);
            self.take_set_back(SetBack { frames: 1, most });
        }
        self.go_on_with(next);
    }

    /// Takes what a part that follows was seen to say by itself.
    fn go_on_with(&mut self, next: &Self) {
        let size = self.latest.len().max(next.latest.len());
        self.latest.resize(size, CaptureTime::MIN);
        for (latest, later) in self.latest.iter_mut().zip(&next.latest) {
            *latest = (*latest).max(*later);
        }
        self.take_set_back(next.set_back);
    }

    fn take_set_back(&mut self, other: SetBack) {
        self.set_back.frames += other.frames;
        self.set_back.most = self.set_back.most.max(other.most);
    }

    /// What was seen of it.
    pub(super) const fn set_back(&self) -> SetBack {
        self.set_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Frame, FrameNote, LinkType};

    fn watched(millis: &[(u32, i64)], cuts: usize) -> SetBack {
        let mut batch = Batch::default();
        for (interface, millis) in millis {
            batch.push(Frame {
                time: CaptureTime::from_nanos(1_000_000_000_000 + millis * 1_000_000),
                link_type: LinkType::ETHERNET,
                interface: *interface,
                wire_length: 60,
                note: FrameNote::default(),
                bytes: &[0; 60],
            });
        }
        let mut clocks = Clocks::default();
        clocks.watch(&batch, 0..cuts);
        clocks.watch(&batch, cuts..batch.len());
        clocks.set_back()
    }

    #[test]
    fn only_more_than_disorder_within_one_interface_is_a_clock_set_back() {
        for cut in 0..=3 {
            let back = watched(&[(0, 9_000), (0, 4_000), (0, 4_100)], cut);
            assert_eq!((back.frames, back.most), (2, 5_000_000_000));
            assert_eq!(
                watched(&[(0, 100), (0, 60), (0, 120)], cut),
                SetBack::default()
            );
            // Each interface has its own clock, and its own buffer.
            assert_eq!(
                watched(&[(0, 9_000), (1, 0), (0, 9_001)], cut),
                SetBack::default()
            );
        }
    }
}
