//! Which frames a reader is told to look at.

use crate::model::Stamp;

/// The most frame numbers listed of one thing; what is beyond is counted.
const MOST_FRAMES: usize = 64;

/// Frames to look at, ascending by number, and how many more there are. Evidence goes before the rest: the first
/// frames of flows, and where there is neither, those of the span.
pub(super) fn looked_at(
    proof: impl Iterator<Item = Stamp>,
    firsts: impl Iterator<Item = Stamp>,
    span: Option<(Stamp, Stamp)>,
) -> (Vec<Stamp>, usize) {
    let mut stamps = ascending(proof.collect());
    let mut rest = ascending(firsts.collect());
    if stamps.is_empty() && rest.is_empty() {
        rest = ascending(span.map_or(Vec::new(), |(first, last)| vec![first, last]));
    }
    let known = |stamp: &Stamp| {
        let place = stamps.binary_search_by_key(&stamp.frame, |known| known.frame);
        place.is_ok()
    };
    rest.retain(|stamp| !known(stamp));
    let total = stamps.len() + rest.len();
    stamps.truncate(MOST_FRAMES);
    let room = MOST_FRAMES - stamps.len();
    stamps.extend(rest.into_iter().take(room));
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
    use super::super::sample::stamp;
    use super::*;

    #[test]
    fn evidence_goes_before_the_rest_and_what_does_not_fit_is_counted() {
        let of = |frames: std::ops::Range<u32>| frames.rev().map(stamp);
        let (frames, omitted) = looked_at(of(50..100), of(0..60), None);
        assert_eq!(omitted, 36);
        let wanted: Vec<Stamp> = (0..14).chain(50..100).map(stamp).collect();
        assert_eq!(frames, wanted);
        let span = Some((stamp(1), stamp(9)));
        assert_eq!(looked_at(of(0..0), of(0..0), span).0, [stamp(1), stamp(9)]);
        assert_eq!(looked_at(of(0..0), of(3..4), span).0, [stamp(3)]);
    }
}
