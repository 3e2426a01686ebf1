//! A batch of frames that are told apart by lane, so that several threads absorb it side by side.

use std::ops::Range;

use crate::decode::lane;
use crate::model::Lane;
use crate::source::{Batch, BatchLimits, FrameSource};

/// Consecutive frames of one source, and in which lane each of them is.
#[derive(Debug, Default)]
pub(super) struct LanedBatch {
    batch: Batch,
    /// The place in the batch and the lane of each frame, in the order of time.
    glances: Vec<(u32, Lane)>,
}

impl LanedBatch {
    /// Replaces what is in it by the next frames of a source. Gives the number of frames: 0 is the end of the source.
    pub(super) fn fill<S: FrameSource + ?Sized>(&mut self, source: &mut S) -> usize {
        let count = self.batch.fill(source, BatchLimits::default());
        self.glances.clear();
        let glances = self.batch.frames_by_time().map(|(place, frame)| {
            // A batch has fewer frames than 2^24.
            (place as u32, lane(frame.link_type.0, frame.bytes))
        });
        self.glances.extend(glances);
        count
    }

    /// The frames.
    pub(super) const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The frames of some lanes in the order of their times: place in the batch, and lane. In this order the bytes of a
    /// batch are come by one after another, which is quicker than lane by lane.
    pub(super) fn of(&self, lanes: Range<usize>) -> impl Iterator<Item = (usize, Lane)> {
        let all = self.glances.iter();
        let told = all.map(|(place, lane)| (*place as usize, *lane));
        told.filter(move |(_, lane)| lanes.contains(&lane.index()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::PcapReader;

    /// A little-endian pcap of raw IPv4: UDP from the ports given, in times that go backwards.
    fn capture(ports: &[u16]) -> Vec<u8> {
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        file.extend([0; 8]);
        file.extend(65_535_u32.to_le_bytes());
        file.extend(101_u32.to_le_bytes());
        for (place, port) in ports.iter().enumerate() {
            let mut packet = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0];
            packet.extend([10, 0, 0, 1, 192, 0, 2, 1]);
            packet.extend(port.to_be_bytes());
            packet.extend([0, 123, 0, 8, 0, 0]);
            let time = 1_000 - place as u32;
            file.extend(time.to_le_bytes());
            file.extend(0_u32.to_le_bytes());
            file.extend([28_u32.to_le_bytes(), 28_u32.to_le_bytes()].as_flattened());
            file.extend(packet);
        }
        file
    }

    #[test]
    fn each_frame_is_in_one_lane_in_the_order_of_time() {
        let ports: Vec<u16> = (0..400).map(|n| 40_000 + n % 50).collect();
        let file = capture(&ports);
        let mut laned = LanedBatch::default();
        assert_eq!(laned.fill(&mut PcapReader::new(&file[..])), 400);
        let mut all = Vec::new();
        let mut used = 0;
        for lane in 0..Lane::COUNT {
            let places: Vec<usize> = laned.of(lane..lane + 1).map(|(place, _)| place).collect();
            used += usize::from(!places.is_empty());
            let backwards = places.is_sorted_by(|a, b| a > b);
            assert!(backwards, "later in the file is earlier in time");
            all.extend(places);
        }
        all.sort_unstable();
        assert!(all.into_iter().eq(0..400));
        assert!(used > Lane::COUNT / 2, "{used}");
    }
}
