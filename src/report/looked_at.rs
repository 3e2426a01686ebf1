//! Which frames a reader is told to look at.

use rayon::prelude::*;

use crate::model::Stamp;
use crate::observe::{Flow, FlowId};

/// The most frame numbers listed of one thing; what is beyond is counted.
const MOST_FRAMES: usize = 64;

/// The first frames of flows, in the order of the frames, which requirements ask for that look at very many flows.
pub(super) struct Firsts {
    /// Ascending by frame, each once.
    stamps: Vec<Stamp>,
    /// By flow, the place of its own in there.
    place: Vec<u32>,
}

impl Firsts {
    pub(super) fn of(flows: &[Flow]) -> Self {
        let stamps = ascending(flows.iter().map(|flow| flow.span.0).collect());
        let place = |flow: &Flow| {
            let frame = flow.span.0.frame;
            let place = stamps.partition_point(|stamp| stamp.frame < frame);
            u32::try_from(place).unwrap_or(u32::MAX)
        };
        let place = flows.par_iter().with_min_len(1024).map(place).collect();
        Self { stamps, place }
    }

    /// As [`looked_at`], without a span.
    pub(super) fn looked_at(
        &self,
        proof: impl Iterator<Item = Stamp>,
        flows: impl Iterator<Item = FlowId> + Clone,
    ) -> (Vec<Stamp>, usize) {
        let places = flows.filter_map(|flow| self.place.get(flow.0 as usize));
        // Most requirements have few flows or none, and there may be very many of them: not a bit for each flow is
        // touched for these.
        let few = self.stamps.len() / 64;
        if places.clone().take(few + 1).count() <= few {
            let firsts = places.filter_map(|place| self.stamps.get(*place as usize));
            return looked_at(proof, firsts.copied(), None);
        }
        let stamps = ascending(proof.collect());
        let mut wanted = vec![0_u64; self.stamps.len().div_ceil(64)];
        for place in places {
            wanted[*place as usize / 64] |= 1 << (place % 64);
        }
        let place_of = |stamp: &Stamp| {
            self.stamps
                .binary_search_by_key(&stamp.frame, |first| first.frame)
        };
        for place in stamps.iter().filter_map(|stamp| place_of(stamp).ok()) {
            wanted[place / 64] &= !(1 << (place % 64));
        }
        let rest: usize = wanted.iter().map(|bits| bits.count_ones() as usize).sum();
        let places = (0..).step_by(64).zip(&wanted);
        let places = places.flat_map(|(start, bits)| ones(*bits).map(move |bit| start + bit));
        some_of(stamps, rest, places.map(|place| self.stamps[place]))
    }
}

/// The places of the bits that are set, ascending.
fn ones(bits: u64) -> impl Iterator<Item = usize> {
    let set = |bits: u64| Some(bits).filter(|bits| *bits != 0);
    let left = std::iter::successors(set(bits), move |bits| set(bits & (bits - 1)));
    left.map(|bits| bits.trailing_zeros() as usize)
}

/// Frames to look at, ascending by number, and how many more there are. Evidence goes before the rest: the first
/// frames of flows, and where there is neither, those of the span.
pub(super) fn looked_at(
    proof: impl Iterator<Item = Stamp>,
    firsts: impl Iterator<Item = Stamp>,
    span: Option<(Stamp, Stamp)>,
) -> (Vec<Stamp>, usize) {
    let stamps = ascending(proof.collect());
    let mut rest = ascending(firsts.collect());
    if stamps.is_empty() && rest.is_empty() {
        rest = ascending(span.map_or(Vec::new(), |(first, last)| vec![first, last]));
    }
    let known = |stamp: &Stamp| {
        let place = stamps.binary_search_by_key(&stamp.frame, |known| known.frame);
        place.is_ok()
    };
    rest.retain(|stamp| !known(stamp));
    some_of(stamps, rest.len(), rest.into_iter())
}

/// Evidence and then the rest, as many as are listed, ascending by frame; and how many more there are.
fn some_of(
    mut stamps: Vec<Stamp>,
    count: usize,
    rest: impl Iterator<Item = Stamp>,
) -> (Vec<Stamp>, usize) {
    let total = stamps.len() + count;
    stamps.truncate(MOST_FRAMES);
    let room = MOST_FRAMES - stamps.len();
    stamps.extend(rest.take(room));
    stamps.sort_unstable_by_key(|stamp| stamp.frame);
    let omitted = total - stamps.len();
    (stamps, omitted)
}

/// Ascending by frame, each frame once.
fn ascending(mut stamps: Vec<Stamp>) -> Vec<Stamp> {
    // Flows are ascending by time, and their lists mostly are: the stable sort goes on from that.
    stamps.sort_by_key(|stamp| stamp.frame);
    stamps.dedup_by_key(|stamp| stamp.frame);
    stamps
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::sample::{flow, stamp};
    use super::*;
    use crate::model::Transport;

    proptest! {
        #[test]
        fn many_flows_are_looked_at_as_few_are(
            begins in vec(0_u32..200, 1..200),
            wanted in prop_oneof![vec(0_u32..220, 0..4), vec(0_u32..220, 0..200)],
            proof in vec(0_u32..200, 0..80),
        ) {
            let flows: Vec<Flow> = begins
                .iter()
                .map(|at| flow("10.0.0.1", ("192.0.2.1", 443), Transport::Tcp, (*at, *at)))
                .collect();
            let proof = || proof.iter().map(|at| stamp(*at));
            let ids = || wanted.iter().map(|id| FlowId(*id));
            let firsts = ids().filter_map(|id| flows.get(id.0 as usize)).map(|flow| flow.span.0);
            let few = looked_at(proof(), firsts, None);
            prop_assert!(few.0.len() <= MOST_FRAMES && few.0.is_sorted_by_key(|stamp| stamp.frame));
            prop_assert_eq!(Firsts::of(&flows).looked_at(proof(), ids()), few);
        }
    }
}
