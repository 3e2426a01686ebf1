//! One pcapng interface: its description, clock and losses.

use super::super::FrameDirection;
use super::super::FrameNote;
use super::super::Interface;
use super::super::LinkType;
use super::super::Loss;
use super::super::PacketVerdict;
use super::super::parts::TellsLoss;
use super::block::Block;
use super::block::PacketFields;
use crate::model::CaptureTime;

/// The most bytes of a name or description that are kept.
const MAX_TEXT_BYTES: usize = 256;

/// What is kept of an interface for reading its packets.
#[derive(Clone, Debug)]
pub(super) struct InterfaceState {
    /// What its frames start with.
    pub(super) link_type: LinkType,
    snaplen: u32,
    clock: InterfaceClock,
    offset_nanos: i128,
    /// The highest counters of its statistics blocks: dropped by the interface, by the system.
    statistics: Option<(u64, u64)>,
    /// The sum of the drop counts that its packets carry.
    drops: u64,
    /// The filter that its packets passed.
    pub(super) filter: Option<String>,
    /// Frames that came with an error of the link.
    pub(super) link_errors: u64,
}

/// How ticks become nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InterfaceClock {
    /// Nanoseconds in a tick.
    Times(u64),
    /// Ticks in a nanosecond; 0 where they are more than can be told.
    Divided(u128),
    /// Ticks in a second, as a power of two.
    Binary(u32),
}

impl InterfaceState {
    /// The interface that a block describes. It is always given; the result tells what of it could not be read.
    pub(super) fn describe(block: &Block<'_>) -> (Self, Interface, Result<(), String>) {
        let link_type = LinkType(block.u16_at(8).unwrap_or(u16::MAX));
        let snaplen = block.u32_at(12).unwrap_or(0);
        let mut state = Self {
            link_type,
            snaplen,
            clock: InterfaceClock::Times(1000),
            offset_nanos: 0,
            statistics: None,
            drops: 0,
            filter: None,
            link_errors: 0,
        };
        let mut interface = Interface {
            link_type,
            snaplen,
            ..Interface::default()
        };
        if block.u32_at(12).is_none() {
            return (
                state,
                interface,
                Err("interface description too short for its fields".to_owned()),
            );
        }
        let mut options = block.options(16);
        for (code, value) in options.by_ref() {
            match (code, value) {
                (2, name) => interface.name = text(name),
                (3, description) => interface.description = text(description),
                // 0: as pcap writes it.
                (11, [0, filter @ ..]) if !filter.is_empty() => state.filter = Some(text(filter)),
                (9, &[resolution]) => state.clock = InterfaceClock::from_resolution(resolution),
                (14, seconds) => {
                    let seconds = block.number(seconds).unwrap_or(0).cast_signed();
                    state.offset_nanos = i128::from(seconds) * 1_000_000_000;
                }
                _ => {}
            }
        }
        let result = match options.broken() {
            true => Err("interface description with an option longer than the block".to_owned()),
            false => Ok(()),
        };
        (state, interface, result)
    }

    /// The time of a tick count; saturates at the ends of [`CaptureTime`].
    #[inline]
    pub(super) fn time(&self, ticks: u64) -> CaptureTime {
        if let (InterfaceClock::Times(factor), 0) = (self.clock, self.offset_nanos)
            && let Some(nanos) = ticks.checked_mul(factor)
            && let Ok(nanos) = i64::try_from(nanos)
        {
            return CaptureTime::from_nanos(nanos);
        }
        self.odd_time(ticks)
    }

    /// The captured length of a simple packet, which only the snaplen and the block's size tell.
    pub(super) fn captured_of(&self, wire: u32, room: u32) -> u32 {
        let limit = if self.snaplen == 0 {
            u32::MAX
        } else {
            self.snaplen
        };
        wire.min(limit).min(room)
    }

    /// Takes the drop counters of a statistics block.
    pub(super) fn take_statistics(&mut self, block: &Block<'_>) -> Result<(), String> {
        let (mut interface, mut system) = self.statistics.unwrap_or_default();
        let mut options = block.options(20);
        for (code, value) in options.by_ref() {
            match (code, block.number(value)) {
                (5, Some(count)) => interface = interface.max(count),
                (7, Some(count)) => system = system.max(count),
                _ => {}
            }
        }
        self.statistics = Some((interface, system));
        match options.broken() {
            true => Err("interface statistics with an option longer than the block".to_owned()),
            false => Ok(()),
        }
    }

    /// Takes what options of the enhanced block say: the drop count (option 4; a field of the obsolete block), errors of the
    /// link (the upper half of option 2). Given are the verdict (option 7), a mark of the packet's number (option 5), the
    /// direction (the lowest bits of option 2), and comments (option 1).
    #[inline]
    pub(super) fn take_options(
        &mut self,
        block: &Block<'_>,
        fields: &PacketFields,
        data_end: usize,
    ) -> (FrameNote, Vec<String>) {
        let (mut note, mut comments) = (FrameNote::default(), Vec::new());
        self.drops = self.drops.saturating_add(u64::from(fields.drops));
        let options_start = data_end.next_multiple_of(4);
        if fields.ticks.is_some() && block.u32_at(options_start).is_some() {
            for (code, value) in block.options(options_start) {
                match (code, value) {
                    (4, _) => {
                        let count = block.number(value).unwrap_or(0);
                        self.drops = self.drops.saturating_add(count);
                    }
                    (1, text) => note_comment(text, &mut comments),
                    (2, &[a, b, c, d]) => {
                        // The lower half is not zero as a rule, the upper one is.
                        let (way, errors) = match block.is_little() {
                            true => (a, [c, d]),
                            false => (d, [a, b]),
                        };
                        self.link_errors += u64::from(errors != [0, 0]);
                        note.direction = match way & 3 {
                            1 => Some(FrameDirection::Inbound),
                            2 => Some(FrameDirection::Outbound),
                            _ => None,
                        };
                    }
                    (5, value) => note.packet_mark = block.number(value).map_or(0, mark_of),
                    // Kind 2 is that of XDP.
                    (7, [2, code @ ..]) => {
                        if let Some(code) = block.number(code).and_then(|n| u8::try_from(n).ok()) {
                            note.verdict = PacketVerdict::Xdp(code);
                        }
                    }
                    _ => {}
                }
            }
        }
        (note, comments)
    }

    /// The same interface, of whose packets nothing was read yet.
    pub(super) fn anew(&self) -> Self {
        Self {
            statistics: None,
            drops: 0,
            link_errors: 0,
            ..self.clone()
        }
    }

    /// Takes what was counted in the part of the file that follows.
    pub(super) fn follow(&mut self, next: &Self) {
        let both = |a: (u64, u64), b: (u64, u64)| (a.0.max(b.0), a.1.max(b.1));
        self.statistics = match (self.statistics, next.statistics) {
            (Some(mine), Some(theirs)) => Some(both(mine, theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.drops = self.drops.saturating_add(next.drops);
        self.link_errors = self.link_errors.saturating_add(next.link_errors);
    }

    /// By what it tells loss: counts of its packets, and its statistics, which count all of it and go before them.
    pub(super) const fn tells_loss(&self) -> TellsLoss {
        TellsLoss {
            by_packets: self.drops > 0,
            has_statistics: self.statistics.is_some(),
            by_statistics: matches!(self.statistics, Some((interface, system)) if interface > 0 || system > 0),
        }
    }

    /// Adds what this interface lost. Its statistics count all of it; only without them do the packets' counts tell.
    pub(super) fn add_loss(&self, loss: &mut Loss) {
        let (interface, system) = self.statistics.unwrap_or((self.drops, 0));
        loss.interface = loss.interface.saturating_add(interface);
        loss.kernel = loss.kernel.saturating_add(system);
    }

    #[cold]
    fn odd_time(&self, ticks: u64) -> CaptureTime {
        let ticks = u128::from(ticks);
        let nanos = match self.clock {
            InterfaceClock::Times(factor) => ticks.saturating_mul(u128::from(factor)),
            InterfaceClock::Divided(divisor) => ticks.checked_div(divisor).unwrap_or(0),
            InterfaceClock::Binary(power) => {
                (ticks * 1_000_000_000).checked_shr(power).unwrap_or(0)
            }
        };
        let nanos = i128::try_from(nanos)
            .unwrap_or(i128::MAX)
            .saturating_add(self.offset_nanos);
        let bounded = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        CaptureTime::from_nanos(i64::try_from(bounded).unwrap_or(i64::MAX))
    }
}

impl InterfaceClock {
    /// From the value of `if_tsresol`: a negative power of 10, or of 2 where the highest bit is set.
    fn from_resolution(value: u8) -> Self {
        let power = u32::from(value & 0x7f);
        if value & 0x80 != 0 {
            Self::Binary(power)
        } else if power <= 9 {
            Self::Times(10_u64.pow(9 - power))
        } else {
            Self::Divided(10_u128.checked_pow(power - 9).unwrap_or(0))
        }
    }
}

/// A mark of a packet's number: never one of the small numbers, which stand for other things.
const fn mark_of(number: u64) -> u16 {
    const LOWEST: u64 = 0x100;
    (LOWEST + number % (0x1_0000 - LOWEST)) as u16
}

/// The most comments on one packet that are kept.
const MAX_COMMENTS: usize = 4;

#[cold]
fn note_comment(value: &[u8], comments: &mut Vec<String>) {
    let comment = text(value);
    if comments.len() < MAX_COMMENTS && !comment.trim().is_empty() {
        comments.push(comment);
    }
}

/// An option's text: UTF-8 with what is none replaced, up to the first NUL, cut at the bound.
pub(super) fn text(value: &[u8]) -> String {
    let value = &value[..value.len().min(MAX_TEXT_BYTES)];
    let value = value.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(clock: InterfaceClock, offset_seconds: i128) -> InterfaceState {
        InterfaceState {
            link_type: LinkType::ETHERNET,
            snaplen: 0,
            clock,
            offset_nanos: offset_seconds * 1_000_000_000,
            statistics: None,
            drops: 0,
            filter: None,
            link_errors: 0,
        }
    }

    #[test]
    fn every_resolution_gives_a_time() {
        let nanos = |resolution, ticks| {
            state(InterfaceClock::from_resolution(resolution), 0)
                .time(ticks)
                .as_nanos()
        };
        assert_eq!(nanos(6, 1_500_000), 1_500_000_000);
        assert_eq!(nanos(0, 3), 3_000_000_000);
        assert_eq!(nanos(9, 7), 7);
        assert_eq!(nanos(12, 7_999), 7);
        assert_eq!(nanos(0x80 | 10, 1536), 1_500_000_000);
        assert_eq!(nanos(0x80 | 63, 1 << 62), 500_000_000);
        assert_eq!(nanos(0, u64::MAX), i64::MAX);
        for resolution in 0..=u8::MAX {
            assert!(nanos(resolution, u64::MAX) >= nanos(resolution, 1));
        }
    }

    #[test]
    fn offsets_move_times_both_ways() {
        let clock = InterfaceClock::from_resolution(6);
        assert_eq!(state(clock, 10).time(1).as_nanos(), 10_000_001_000);
        assert_eq!(state(clock, -10).time(1).as_nanos(), -9_999_999_000);
        assert_eq!(state(clock, i128::from(i64::MIN)).time(1), CaptureTime::MIN);
    }

    #[test]
    fn texts_are_bounded_and_harmless_to_strings() {
        assert_eq!(text(b"eth0\0junk"), "eth0");
        assert_eq!(text(&[0xff; 4]), "\u{fffd}".repeat(4));
        assert_eq!(text(&[b'a'; 5000]).len(), 256);
    }
}
