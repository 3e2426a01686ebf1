//! One pcapng block: its kind, fields and options, all bounds-checked.

use std::net::IpAddr;
use std::ops::Range;

use super::super::byte_order::ByteOrder;
use super::interface::text;

/// A whole block, from its type to its second length; at least 12 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
}

/// What a block is for.
#[derive(Debug)]
pub(super) enum Kind {
    /// A section starts.
    SectionHeader,
    /// An interface is described.
    InterfaceDescription,
    /// Counters of an interface.
    InterfaceStatistics,
    /// A packet of any of the three kinds, or what is wrong with its fixed fields.
    Packet(Result<PacketFields, String>),
    /// Names of addresses.
    NameResolution,
    /// Secrets for decryption.
    Secrets,
    /// Custom and unknown blocks: nothing that the audit reads.
    Other,
}

/// The fixed fields of a packet block.
#[derive(Clone, Copy, Debug)]
pub(super) struct PacketFields {
    /// Interface within the section.
    pub(super) interface: u32,
    /// Time in ticks of the interface's clock; simple packets have none.
    pub(super) ticks: Option<u64>,
    /// Captured bytes; simple packets do not tell them.
    pub(super) captured: Option<u32>,
    /// Bytes on the wire.
    pub(super) wire: u32,
    /// Packets dropped since the packet before, of the obsolete packet block.
    pub(super) drops: u16,
    /// Where the packet's bytes start in the block.
    pub(super) data_offset: usize,
}

/// The length of the block at the start of some bytes, where all of it is there and both of its lengths agree. Of which kind it
/// is tells nothing: programs have kinds of their own.
pub(super) fn whole(bytes: &[u8], order: ByteOrder) -> Option<usize> {
    let head: &[u8; 8] = bytes.first_chunk()?;
    let length = order.u32_at(head, 4);
    let whole = usize::try_from(length).ok()?;
    let there = (12..=bytes.len()).contains(&whole) && length.is_multiple_of(4);
    (there && order.u32_at(bytes, whole - 4) == length).then_some(whole)
}

impl<'a> Block<'a> {
    /// A block of a section with this byte order.
    #[inline]
    pub(super) fn new(bytes: &'a [u8], order: ByteOrder) -> Self {
        Self { bytes, order }
    }

    /// What it is for.
    #[inline]
    pub(super) fn kind(&self) -> Kind {
        match self.order.u32_at(self.bytes, 0) {
            6 => Kind::Packet(self.enhanced_packet()),
            0x0a0d_0d0a => Kind::SectionHeader,
            1 => Kind::InterfaceDescription,
            2 => Kind::Packet(self.obsolete_packet()),
            3 => Kind::Packet(self.simple_packet()),
            5 => Kind::InterfaceStatistics,
            4 => Kind::NameResolution,
            10 => Kind::Secrets,
            _ => Kind::Other,
        }
    }

    /// Whether this reader knows the section's version; version 1.2 was written by some for 1.0.
    pub(super) fn check_section_header(&self) -> Result<(), String> {
        let major = self
            .u16_at(12)
            .ok_or("section header too short for a version")?;
        if major == 1 {
            return Ok(());
        }
        Err(format!(
            "section of pcapng version {major}, where 1 is known; it is read as if it were 1"
        ))
    }

    /// The 16-bit field at an offset, where it lies before the second length.
    #[inline]
    pub(super) fn u16_at(&self, at: usize) -> Option<u16> {
        (at + 2 <= self.end()).then(|| self.order.u16_at(self.bytes, at))
    }

    /// The 32-bit field at an offset, where it lies before the second length.
    #[inline]
    pub(super) fn u32_at(&self, at: usize) -> Option<u32> {
        (at + 4 <= self.end()).then(|| self.order.u32_at(self.bytes, at))
    }

    /// The most bytes that a simple packet in this block can have.
    pub(super) fn room_for_data(&self) -> u32 {
        u32::try_from(self.end().saturating_sub(12)).unwrap_or(u32::MAX)
    }

    /// Where a packet's bytes lie, if the block holds them.
    #[inline]
    pub(super) fn data(&self, offset: usize, captured: u32) -> Result<Range<usize>, String> {
        let end = offset.saturating_add(captured as usize);
        if end <= self.end() {
            return Ok(offset..end);
        }
        let room = self.end().saturating_sub(offset);
        Err(format!(
            "packet of {captured} bytes in a block that has room for {room}"
        ))
    }

    /// A packet's bytes, by the place that [`Self::data`] gave.
    #[inline]
    pub(super) fn bytes_at(&self, place: &Range<usize>) -> &'a [u8] {
        self.bytes.get(place.clone()).unwrap_or_default()
    }

    /// Whether a section header names a program or a system of Windows: options 3 (system) and 4 (application).
    pub(super) fn is_of_windows(&self) -> bool {
        self.options(24).any(|(code, value)| {
            let text = String::from_utf8_lossy(value).to_ascii_lowercase();
            matches!(code, 3 | 4) && (text.contains("windows") || text.contains("etl2pcapng"))
        })
    }

    /// The options from an offset on: code and value, up to the end mark or the first that does not fit.
    pub(super) fn options(&self, at: usize) -> Options<'a> {
        let bytes = self.bytes.get(at..self.end()).unwrap_or_default();
        Options {
            bytes,
            order: self.order,
            broken: false,
        }
    }

    /// The comments (option 1) among the options from an offset on, cut at the bound.
    pub(super) fn comments(&self, at: usize) -> impl Iterator<Item = String> + use<'a> {
        let comments = self.options(at).filter(|(code, _)| *code == 1);
        comments
            .map(|(_, value)| text(value))
            .filter(|comment| !comment.trim().is_empty())
    }

    /// Whether the section's numbers begin with their lowest byte.
    pub(super) fn is_little(&self) -> bool {
        self.order == ByteOrder::Little
    }

    /// The 64-bit number that an option's value is, if it has eight bytes.
    pub(super) fn number(&self, value: &[u8]) -> Option<u64> {
        (value.len() == 8).then(|| self.order.u64_at(value, 0))
    }

    /// Addresses and their names of a name resolution block: records like options, 1 for IPv4 and 2 for IPv6, each an address and
    /// names that end with NUL.
    pub(super) fn names(&self) -> impl Iterator<Item = (IpAddr, String)> + use<'a> {
        let records = self.options(8);
        records.flat_map(|(kind, value)| {
            let address = match kind {
                1 => value.first_chunk::<4>().map(|ip| (IpAddr::from(*ip), 4)),
                2 => value.first_chunk::<16>().map(|ip| (IpAddr::from(*ip), 16)),
                _ => None,
            };
            let named = address.map(|(ip, length)| {
                let names = value
                    .get(length..)
                    .unwrap_or_default()
                    .split(|byte| *byte == 0);
                let names = names.filter(|name| !name.is_empty() && name.len() < 256);
                names.map(move |name| (ip, String::from_utf8_lossy(name).into_owned()))
            });
            named.into_iter().flatten()
        })
    }

    /// Offset of the second length.
    #[inline]
    fn end(&self) -> usize {
        self.bytes.len().saturating_sub(4)
    }

    #[inline]
    fn enhanced_packet(&self) -> Result<PacketFields, String> {
        if self.end() < 28 {
            return Err("enhanced packet block too short for its fields".to_owned());
        }
        Ok(PacketFields {
            interface: self.order.u32_at(self.bytes, 8),
            ticks: Some(self.order.split_u64_at(self.bytes, 12)),
            captured: Some(self.order.u32_at(self.bytes, 20)),
            wire: self.order.u32_at(self.bytes, 24),
            drops: 0,
            data_offset: 28,
        })
    }

    fn obsolete_packet(&self) -> Result<PacketFields, String> {
        if self.end() < 28 {
            return Err("packet block too short for its fields".to_owned());
        }
        let drops = self.order.u16_at(self.bytes, 10);
        Ok(PacketFields {
            interface: u32::from(self.order.u16_at(self.bytes, 8)),
            ticks: Some(self.order.split_u64_at(self.bytes, 12)),
            captured: Some(self.order.u32_at(self.bytes, 20)),
            wire: self.order.u32_at(self.bytes, 24),
            // The highest number stands for "not known".
            drops: if drops == u16::MAX { 0 } else { drops },
            data_offset: 28,
        })
    }

    fn simple_packet(&self) -> Result<PacketFields, String> {
        let wire = self
            .u32_at(8)
            .ok_or("simple packet block too short for its field")?;
        Ok(PacketFields {
            interface: 0,
            ticks: None,
            captured: None,
            wire,
            drops: 0,
            data_offset: 12,
        })
    }
}

/// Options of a block, in their order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
    broken: bool,
}

impl Options<'_> {
    /// Whether the options ended with one that does not fit into the block. Known once they were walked through.
    pub(super) fn broken(&self) -> bool {
        self.broken
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (code, length) = match self.bytes.len() {
            0 => return None,
            1..4 => (1, usize::MAX),
            _ => (
                self.order.u16_at(self.bytes, 0),
                usize::from(self.order.u16_at(self.bytes, 2)),
            ),
        };
        if code == 0 {
            self.bytes = &[];
            return None;
        }
        let Some(value) = self.bytes.get(4..).and_then(|rest| rest.get(..length)) else {
            self.broken = true;
            self.bytes = &[];
            return None;
        };
        // The last option may lack its padding: there is nothing after it that could be read wrongly.
        let next = 4 + length.next_multiple_of(4);
        self.bytes = self.bytes.get(next..).unwrap_or_default();
        Some((code, value))
    }
}
