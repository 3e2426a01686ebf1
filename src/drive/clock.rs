//! Whether the clock that stamped an input's frames was set back on the way.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::decode::device::NFLOG;
use crate::model::{CaptureTime, Merge, TimeSpan};
use crate::source::{Batch, SetBack};

/// Frames of one interface come in another order by less: several queues, a log's buffer.
const DISORDER: Duration = Duration::from_millis(50);

/// The clocks of one input's interfaces. What is cut apart or joined from several captures tells less, or what no clock did:
/// only within one input a frame is known to come after another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clocks {
    /// The earliest and the latest time of each interface, by its ordinal.
    interfaces: Vec<TimeSpan>,
    set_back: SetBack,
}

impl Clocks {
    /// Takes the frames of a part of a batch, in the order in which they lie in the input.
    pub(super) fn watch(&mut self, batch: &Batch, part: Range<usize>) {
        const MOST: usize = 65_536;
        for (time, interface, link_type) in batch.times_of(part) {
            let place = interface as usize;
            // Netfilter's log has times of two kinds; without a time there is no order.
            let untold = link_type.0 == NFLOG || time == CaptureTime::default();
            if untold || place >= MOST {
                continue;
            }
            if place >= self.interfaces.len() {
                self.interfaces.resize(place + 1, TimeSpan::default());
            }
            let known = &mut self.interfaces[place];
            known.first = known.first.min(time);
            if time >= known.last {
                known.last = time;
                continue;
            }
            let back = known.last.since(time);
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
        let says_nothing = self.back_in(next) <= DISORDER;
        if says_nothing {
            self.go_on_with(next);
        }
        says_nothing
    }

    /// By how much an interface's earliest time in the part that follows lies before its latest one in this; the most.
    fn back_in(&self, next: &Self) -> Duration {
        let both = self.interfaces.iter().zip(&next.interfaces);
        let back = both.map(|(mine, theirs)| mine.last.since(theirs.first));
        back.max().unwrap_or_default()
    }

    /// As [`Self::join`], of frames that are not at hand any more: where this part says something of them, it is said of the
    /// earliest one alone, since nobody knows of how many more.
    pub(super) fn join_at_least(&mut self, next: &Self) {
        if self.join(next) {
            return;
        }
        let most = u64::try_from(self.back_in(next).as_nanos()).unwrap_or(u64::MAX);
        // The earliest may be one of those that the part itself counts.
        let frames = u64::from(next.set_back.frames == 0);
        self.take_set_back(SetBack { frames, most });
        self.go_on_with(next);
    }

    /// Takes what a part that follows was seen to say by itself.
    fn go_on_with(&mut self, next: &Self) {
        let size = self.interfaces.len().max(next.interfaces.len());
        self.interfaces.resize(size, TimeSpan::default());
        for (known, later) in self.interfaces.iter_mut().zip(&next.interfaces) {
            known.merge(*later);
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
