//! snoop of Solaris (RFC 1761), which Check Point's `fw monitor` writes too.

use std::ops::Range;

use super::super::FrameNote;
use super::super::LinkType;
use super::super::Loss;
use super::super::batch::FrameFacts;
use super::super::byte_order::ByteOrder::Big;
use super::Format;
use super::UNKNOWN_LINK;
use crate::model::CaptureTime;

/// Bytes of a record's header.
const HEADER: usize = 24;

/// A snoop file.
#[derive(Debug)]
pub(in crate::source) struct Snoop {
    link_type: LinkType,
    drops: u64,
}

impl Snoop {
    /// The first bytes of such a file.
    pub(in crate::source) const MAGIC: &[u8] = b"snoop\0\0\0";
}

impl Format for Snoop {
    const FILE_HEADER: usize = 16;

    fn start(header: &[u8]) -> Result<Self, String> {
        let version = Big.u32_at(header, 8);
        if version != 2 {
            return Err(format!("snoop of version {version}, where 2 is known"));
        }
        Ok(Self {
            link_type: link_type(Big.u32_at(header, 12)),
            drops: 0,
        })
    }

    fn header(&self) -> usize {
        HEADER
    }

    /// Wire length, captured length, record length with padding, drops so far, seconds, microseconds.
    fn length(&self, header: &[u8]) -> Result<usize, String> {
        let (captured, record) = (Big.u32_at(header, 4), Big.u32_at(header, 8));
        if (record as usize) < HEADER || record as usize - HEADER < captured as usize {
            return Err(format!(
                "record of {record} bytes with a frame of {captured} bytes"
            ));
        }
        Ok(record as usize)
    }

    fn frame(&mut self, record: &[u8]) -> Result<Option<(FrameFacts, Range<usize>)>, String> {
        let captured = Big.u32_at(record, 4);
        self.drops = self.drops.max(u64::from(Big.u32_at(record, 12)));
        let seconds = i64::from(Big.u32_at(record, 16));
        let facts = FrameFacts {
            note: FrameNote::default(),
            time: CaptureTime::from_secs_nanos(seconds, i64::from(Big.u32_at(record, 20)) * 1000),
            link_type: self.link_type,
            interface: 0,
            wire_length: Big.u32_at(record, 0).max(captured),
        };
        Ok(Some((facts, HEADER..HEADER + captured as usize)))
    }

    fn loss(&self) -> Loss {
        Loss {
            interface: self.drops,
            ..Loss::default()
        }
    }
}

/// The datalink numbers of RFC 1761 and of Solaris' `dlpi.h` for which a link type exists.
fn link_type(number: u32) -> LinkType {
    match number {
        0 | 4 => LinkType::ETHERNET,
        2 => LinkType(6),
        8 => LinkType(10),
        26 => LinkType(242),
        _ => UNKNOWN_LINK,
    }
}
