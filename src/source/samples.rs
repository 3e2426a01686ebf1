//! Small capture files made by hand, for the tests of this room.

use super::FrameSource;
use super::OwnedFrame;
use super::byte_order::ByteOrder;

/// Bytes of a capture file in one byte order.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    pub(super) order: ByteOrder,
    pub(super) bytes: Vec<u8>,
}

impl Bytes {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self {
            order,
            bytes: Vec::new(),
        }
    }

    pub(super) fn u16(mut self, value: u16) -> Self {
        self.bytes.extend(match self.order {
            ByteOrder::Little => value.to_le_bytes(),
            ByteOrder::Big => value.to_be_bytes(),
        });
        self
    }

    pub(super) fn u32(mut self, value: u32) -> Self {
        self.bytes.extend(match self.order {
            ByteOrder::Little => value.to_le_bytes(),
            ByteOrder::Big => value.to_be_bytes(),
        });
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.bytes.extend(match self.order {
            ByteOrder::Little => value.to_le_bytes(),
            ByteOrder::Big => value.to_be_bytes(),
        });
        self
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// A pcap file header.
    pub(super) fn pcap_header(self, magic: u32, version: (u16, u16), network: u32) -> Self {
        self.u32(magic)
            .u16(version.0)
            .u16(version.1)
            .u32(0)
            .u32(0)
            .u32(65535)
            .u32(network)
    }

    /// A pcap record of `wire` bytes on the wire.
    pub(super) fn record(self, seconds: u32, fraction: u32, data: &[u8], wire: u32) -> Self {
        self.u32(seconds)
            .u32(fraction)
            .u32(data.len() as u32)
            .u32(wire)
            .raw(data)
    }

    /// A pcapng block round a body, which is padded.
    pub(super) fn block(self, kind: u32, body: &[u8]) -> Self {
        let padding = body.len().next_multiple_of(4) - body.len();
        let length = (12 + body.len() + padding) as u32;
        self.u32(kind)
            .u32(length)
            .raw(body)
            .raw(&vec![0; padding])
            .u32(length)
    }

    /// A pcapng section header with an unknown section length.
    pub(super) fn section(self) -> Self {
        let body = Self::new(self.order)
            .u32(0x1a2b_3c4d)
            .u16(1)
            .u16(0)
            .u64(u64::MAX);
        self.block(0x0a0d_0d0a, &body.bytes)
    }

    /// An interface description; options as they are written.
    pub(super) fn interface(self, link_type: u16, snaplen: u32, options: &[u8]) -> Self {
        let body = Self::new(self.order)
            .u16(link_type)
            .u16(0)
            .u32(snaplen)
            .raw(options);
        self.block(1, &body.bytes)
    }

    /// An option with its padding.
    pub(super) fn option(self, code: u16, value: &[u8]) -> Self {
        let padding = value.len().next_multiple_of(4) - value.len();
        self.u16(code)
            .u16(value.len() as u16)
            .raw(value)
            .raw(&vec![0; padding])
    }

    /// An enhanced packet block.
    pub(super) fn packet(self, interface: u32, ticks: u64, data: &[u8], wire: u32) -> Self {
        self.packet_with(interface, ticks, data, wire, &[])
    }

    /// An enhanced packet block with options as they are written.
    pub(super) fn packet_with(
        self,
        interface: u32,
        ticks: u64,
        data: &[u8],
        wire: u32,
        options: &[u8],
    ) -> Self {
        let (high, low) = ((ticks >> 32) as u32, ticks as u32);
        let padding = vec![0; data.len().next_multiple_of(4) - data.len()];
        let body = Self::new(self.order)
            .u32(interface)
            .u32(high)
            .u32(low)
            .u32(data.len() as u32);
        self.block(
            6,
            &body.u32(wire).raw(data).raw(&padding).raw(options).bytes,
        )
    }
}

/// A microsecond pcap of three frames, little-endian, and the offset at which each record ends.
pub(super) fn small_pcap() -> (Vec<u8>, [usize; 3]) {
    let file = Bytes::new(ByteOrder::Little).pcap_header(0xa1b2_c3d4, (2, 4), 1);
    let one = file.record(1, 5, b"first", 5);
    let two = one.clone().record(2, 6, b"", 0);
    let three = two.clone().record(3, 7, b"third, cut", 1500);
    let ends = [one.bytes.len(), two.bytes.len(), three.bytes.len()];
    (three.bytes, ends)
}

/// All frames of a source.
pub(super) fn drain<S: FrameSource + ?Sized>(source: &mut S) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    while let Some(frame) = source.next_frame() {
        frames.push(OwnedFrame::from(frame));
    }
    frames
}
