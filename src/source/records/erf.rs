//! Endace's extensible record format in a file of its own: records without a file header.

use std::ops::Range;

use super::super::FrameNote;
use super::super::LinkType;
use super::super::batch::FrameFacts;
use super::super::byte_order::ByteOrder::Big;
use super::super::byte_order::ByteOrder::Little;
use super::Format;
use crate::model::CaptureTime;

/// `LINKTYPE_ERF`: frames keep their record, so that one decoder reads them here and in pcap.
const LINK_TYPE: LinkType = LinkType(197);
/// The highest type of a record but for padding.
const LAST_TYPE: u8 = 27;
const PADDING: u8 = 48;
/// Records that are looked at to know the format by.
const LOOKED_AT: usize = 20;
/// Records of one file lie this far apart at most, as Wireshark has it: a week.
const WEEK: u64 = 7 * 24 * 3600;

/// Bytes of a record's header, without extension headers.
const HEADER: usize = 16;

/// An ERF file.
#[derive(Debug)]
pub(in crate::source) struct Erf;

impl Erf {
    /// Bytes at a file's start that tell the format.
    pub(in crate::source) const LOOKED_AT: usize = 128 * 1024;

    /// Whether bytes are the start of such a file. There is no magic, so all records up to the bound must make sense,
    /// the first of them whole.
    pub(in crate::source) fn recognises(start: &[u8]) -> bool {
        let (mut rest, mut before) = (start, None);
        for number in 0..LOOKED_AT {
            let Some(header) = rest.get(..HEADER) else {
                return number > 0;
            };
            let length = usize::from(Big.u16_at(header, 10));
            let seconds = u64::from(Little.u32_at(header, 4));
            let near = before.is_none_or(|before: u64| before.abs_diff(seconds) <= WEEK);
            if !makes_sense(header, length, seconds) || !near {
                return false;
            }
            let Some(after) = rest.get(length..) else {
                return number > 0;
            };
            (rest, before) = (after, Some(seconds));
            if rest.is_empty() {
                return true;
            }
        }
        true
    }
}

/// Whether a record can be one: a known type, a time after 1990, and no more captured than was on the wire.
fn makes_sense(header: &[u8], length: usize, seconds: u64) -> bool {
    const SINCE_1990: u64 = 631_152_000;
    let kind = header[8] & 0x7f;
    if kind == PADDING {
        return length >= HEADER;
    }
    let wire = usize::from(Big.u16_at(header, 14));
    // Extension headers, the bytes before the frame, and padding to a multiple of 8.
    let slack = HEADER + 16 * 8 + 16;
    (1..=LAST_TYPE).contains(&kind)
        && length >= HEADER
        && seconds >= SINCE_1990
        && (kind == LAST_TYPE || wire > 0 && length <= wire + slack)
}

impl Format for Erf {
    const FILE_HEADER: usize = 0;

    fn start(_header: &[u8]) -> Result<Self, String> {
        Ok(Self)
    }

    fn header(&self) -> usize {
        HEADER
    }

    fn length(&self, header: &[u8]) -> Result<usize, String> {
        let length = usize::from(Big.u16_at(header, 10));
        if length < HEADER {
            return Err(format!("record of {length} bytes, shorter than its header"));
        }
        Ok(length)
    }

    fn frame(&mut self, record: &[u8]) -> Result<Option<(FrameFacts, Range<usize>)>, String> {
        const META: u8 = 27;
        let kind = record.get(8).copied().unwrap_or_default() & 0x7f;
        if matches!(kind, PADDING | META) {
            return Ok(None);
        }
        let seconds = i64::from(Little.u32_at(record, 4));
        // A binary fraction of a second.
        let nanos = (u64::from(Little.u32_at(record, 0)) * 1_000_000_000) >> 32;
        let facts = FrameFacts {
            note: FrameNote::default(),
            time: CaptureTime::from_secs_nanos(seconds, nanos.cast_signed()),
            link_type: LINK_TYPE,
            interface: u32::from(record.get(9).copied().unwrap_or_default() & 3),
            wire_length: wire_length(record),
        };
        Ok(Some((facts, 0..record.len())))
    }
}

/// The frame's length on the wire with what the record puts before it.
fn wire_length(record: &[u8]) -> u32 {
    let mut headers = HEADER;
    let mut more = record.get(8).is_some_and(|kind| kind & 0x80 != 0);
    while more && headers < record.len() {
        more = record[headers] & 0x80 != 0;
        headers += 8;
    }
    let alignment = match record.get(8).map(|kind| kind & 0x7f) {
        Some(2 | 11 | 16 | 20) => 2,
        _ => 0,
    };
    u32::from(Big.u16_at(record, 14)) + (headers + alignment) as u32
}
