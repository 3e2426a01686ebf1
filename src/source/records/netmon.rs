//! Microsoft Network Monitor, versions 1 and 2 (Network Monitor's help, Wireshark's `netmon.c`).
//!
//! The frame table at the end of the file is not needed: frames lie one behind the other from the file header up to the
//! first of the file's tables. It is used as a check of how many they were.

use std::ops::Range;

use super::super::FrameNote;
use super::super::LinkType;
use super::super::batch::FrameFacts;
use super::super::byte_order::ByteOrder::Little;
use super::Format;
use super::UNKNOWN_LINK;
use crate::model::CaptureTime;

/// A Network Monitor file.
#[derive(Debug)]
pub(in crate::source) struct NetworkMonitor {
    first_version: bool,
    network: u16,
    start: CaptureTime,
    /// Bytes behind a frame: its network, its process, its time.
    trailer: usize,
    /// Offset behind the last frame.
    end: u64,
    /// Frames that the table tells, and those read.
    told: u64,
    read: u64,
}

impl NetworkMonitor {
    /// The first bytes of such files, of version 1 and 2.
    pub(in crate::source) const MAGICS: [&[u8]; 2] = [b"RTSS", b"GMBU"];

    /// Wire length and captured length.
    fn lengths(&self, record: &[u8]) -> (u32, u32) {
        if self.first_version {
            let short = |at| u32::from(Little.u16_at(record, at));
            return (short(4), short(6));
        }
        (Little.u32_at(record, 8), Little.u32_at(record, 12))
    }

    /// The time of a record: that of its trailer where it has one, else the file's start and the time since.
    fn time(&self, record: &[u8], trailer: &[u8]) -> CaptureTime {
        const FROM_1601_TO_1970: i64 = 11_644_473_600;
        const TICKS: u64 = 10_000_000;
        if trailer.len() >= 15 {
            let ticks = Little.u64_at(trailer, 6);
            let seconds = (ticks / TICKS).cast_signed() - FROM_1601_TO_1970;
            return CaptureTime::from_secs_nanos(seconds, (ticks % TICKS).cast_signed() * 100);
        }
        let since = if self.first_version {
            i64::from(Little.u32_at(record, 0)).saturating_mul(1_000_000)
        } else {
            let micros = i64::try_from(Little.u64_at(record, 0)).unwrap_or(i64::MAX);
            micros.saturating_mul(1000)
        };
        CaptureTime::from_nanos(self.start.as_nanos().saturating_add(since))
    }
}

impl Format for NetworkMonitor {
    const FILE_HEADER: usize = 128;

    /// Magic, minor and major version, network, start as a SYSTEMTIME, then offset and length of each table.
    fn start(header: &[u8]) -> Result<Self, String> {
        let (minor, major) = (header[4], header[5]);
        if !matches!(major, 1 | 2) {
            return Err(format!(
                "Network Monitor file of version {major}.{minor}, where 1 and 2 are known"
            ));
        }
        let tables = [24, 32, 40, 48, 56].map(|at| u64::from(Little.u32_at(header, at)));
        let end = tables.into_iter().filter(|at| *at >= 128).min();
        Ok(Self {
            first_version: major == 1,
            network: Little.u16_at(header, 6),
            start: system_time(header),
            trailer: match (major, minor) {
                (1, _) | (_, 0) => 0,
                (_, 1) => 2,
                (_, 2) => 6,
                _ => 15,
            },
            end: end.ok_or("Network Monitor file without a frame table: it was never finished")?,
            told: u64::from(Little.u32_at(header, 28) / 4),
            read: 0,
        })
    }

    fn header(&self) -> usize {
        if self.first_version { 8 } else { 16 }
    }

    fn ends_at(&self, offset: u64) -> bool {
        offset >= self.end
    }

    fn check_end(&self, offset: u64) -> Result<(), String> {
        let (end, read, told) = (self.end, self.read, self.told);
        if offset < end {
            return Err(format!(
                "the file ends at byte {offset}, but its frames go on up to byte {end}"
            ));
        }
        if read != told {
            return Err(format!("{read} frames, where the frame table has {told}"));
        }
        Ok(())
    }

    fn length(&self, header: &[u8]) -> Result<usize, String> {
        let captured = self.lengths(header).1 as usize;
        Ok(captured.saturating_add(self.header() + self.trailer))
    }

    fn frame(&mut self, record: &[u8]) -> Result<Option<(FrameFacts, Range<usize>)>, String> {
        self.read += 1;
        let (wire, captured) = self.lengths(record);
        let place = self.header()..self.header() + captured as usize;
        let (bytes, trailer) = match (record.get(place.clone()), record.get(place.end..)) {
            (Some(bytes), Some(trailer)) => (bytes, trailer),
            _ => return Err("record shorter than its frame".to_owned()),
        };
        let network = match trailer.len() {
            0 | 1 => self.network,
            _ => Little.u16_at(trailer, 0),
        };
        let Some((link_type, before)) = link_of(network, bytes) else {
            return Ok(None);
        };
        let facts = FrameFacts {
            note: FrameNote::default(),
            time: self.time(record, trailer),
            link_type,
            interface: 0,
            wire_length: wire.max(captured).saturating_sub(before as u32),
        };
        Ok(Some((facts, place.start + before..place.end)))
    }
}

/// The link type of a network's number and the bytes before the frame; `None` for records that tell of the file, not of
/// packets.
fn link_of(network: u16, frame: &[u8]) -> Option<(LinkType, usize)> {
    const OF_PCAP: u16 = 0xe000;
    Some(match network {
        1 => (LinkType::ETHERNET, 0),
        2 => (LinkType(6), 0),
        3 => (LinkType(10), 0),
        // 802.11 behind the driver's facts: version, length.
        6 if frame.len() >= 3 => (
            LinkType(105),
            usize::from(Little.u16_at(frame, 1)).min(frame.len()),
        ),
        7..=9 => (LinkType::RAW, 0),
        // Events, network and payload descriptions, the resolver's cache, filters.
        0xffe0..=0xffff => return None,
        OF_PCAP..=0xffdf => (LinkType(network - OF_PCAP), 0),
        _ => (UNKNOWN_LINK, 0),
    })
}

/// A SYSTEMTIME at offset 8 (year, month, day of the week, day, hour, minute, second, milliseconds), taken for UTC: the
/// file does not tell its zone.
fn system_time(header: &[u8]) -> CaptureTime {
    let field = |at| i64::from(Little.u16_at(header, at));
    let (year, month, day) = (field(8), field(10).clamp(1, 12), field(14));
    // Days of the proleptic Gregorian calendar, with March as the first month.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let in_year = (153 * month + 2) / 5 + day - 1;
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let since_1970 = days + in_year - 719_468;
    let seconds = since_1970 * 86_400 + field(16) * 3600 + field(18) * 60 + field(20);
    CaptureTime::from_secs_nanos(seconds, field(22) * 1_000_000)
}
