//! What was seen at the point looked at and, where another lies outside of what may stop traffic, at that one.

use crate::drive::absorb;
use crate::model::TwoPoint;
use crate::observe::Observation;
use crate::source::Batch;

/// Which interfaces lie at which point.
#[derive(Clone, Debug, Default)]
pub(super) struct Points {
    /// Whether an interface, by its place among the feeds, lies at the outer point; empty where none does.
    outer: Vec<bool>,
    inner: Vec<bool>,
}

impl Points {
    /// `outside` are the names of those that lie at the outer point.
    pub(super) fn of(interfaces: &[&str], outside: &[String]) -> Self {
        if outside.is_empty() {
            return Self::default();
        }
        let is_outer = |name: &&str| outside.iter().any(|outer| outer == name);
        let outer: Vec<bool> = interfaces.iter().map(is_outer).collect();
        let inner = outer.iter().map(|outer| !outer).collect();
        Self { outer, inner }
    }

    /// Nothing seen yet.
    pub(super) fn nothing(&self) -> TwoPoint<Observation> {
        TwoPoint {
            inside: Observation::default(),
            outside: (!self.outer.is_empty()).then(Observation::default),
        }
    }

    /// Takes a window at each point: as when a file is read for one point and then for the other.
    pub(super) fn absorb(&self, batch: &Batch, input: u32, chunk: u32) -> TwoPoint<Observation> {
        TwoPoint {
            inside: absorb(batch, input, chunk, &self.outer),
            outside: (!self.outer.is_empty()).then(|| absorb(batch, input, chunk, &self.inner)),
        }
    }
}

impl TwoPoint<Observation> {
    /// Frames absorbed.
    pub(super) fn frames(&self) -> u64 {
        self.inside.chunks().frames()
    }

    /// Counts frames that were lost; which point they would have come from is not known.
    pub(super) fn note_lost(&mut self, frames: u64) {
        self.iter_mut().for_each(|seen| seen.note_lost(frames));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CaptureTime, Merge as _};
    use crate::observe::Undecoded;
    use crate::source::{Frame, FrameNote, LinkType};

    #[test]
    fn each_point_takes_the_frames_of_its_interfaces_and_counts_all() {
        let mut batch = Batch::default();
        for interface in [0, 1, 1] {
            batch.push(Frame {
                note: FrameNote::default(),
                time: CaptureTime::from_nanos(1),
                link_type: LinkType::ETHERNET,
                interface,
                wire_length: 60,
                bytes: &[0; 60],
            });
        }
        let apart = |seen: &Observation| {
            let tally = seen.tally();
            let elsewhere = tally
                .set_aside
                .get(&Undecoded::OtherPoint)
                .copied()
                .unwrap_or(0);
            (tally.frames, elsewhere)
        };
        let points = Points::of(&["lan0", "wan0"], &["wan0".to_owned()]);
        let mut seen = points.nothing();
        seen.merge(points.absorb(&batch, 0, 0));
        seen.note_lost(5);
        assert_eq!(apart(&seen.inside), (3, 2));
        let outside = seen.outside.as_ref().unwrap();
        assert_eq!(apart(outside), (3, 1));
        assert_eq!((seen.inside.tally().lost, outside.tally().lost), (5, 5));
        let one = Points::of(&["lan0", "wan0"], &[]).absorb(&batch, 0, 0);
        assert!(one.outside.is_none() && apart(&one.inside) == (3, 0));
    }
}
