//! Where frames come from: capture files of any format and compression, folders of them, standard input, interfaces.
//!
//! A [`FrameSource`] lends one [`Frame`] after another. Damage never hides what came before it: it is told once the
//! readable frames have been lent, with its byte offset.
//!
//! [`resolve`] turns arguments into inputs, [`open()`] an input into a source, [`Batch`] carries frames to other threads.
//! Live capture is no source, since a quiet interface has not ended; it fills batches as well.
//!
//! ```
//! use pktaudit::source::{FrameSource, Script};
//!
//! let mut script = Script::parse("0.5 10.0.0.5:40000 > 10.0.0.53:53 udp hex:0a0b").unwrap();
//! let frame = script.next_frame().unwrap();
//! assert_eq!(frame.bytes.len(), 14 + 20 + 8 + 2);
//! assert!(script.next_frame().is_none() && script.damage().is_empty());
//! ```

mod batch;
mod byte_order;
mod compression;
mod damage;
mod digest;
mod filter;
mod input_record;
mod inputs;
#[cfg(feature = "live")]
pub mod live;
mod looks_like;
mod open;
mod parts;
mod pcap;
mod pcapng;
mod records;
#[cfg(test)]
mod samples;
pub mod scripted;
mod slices;
mod true_time;
mod window;
mod write;

pub use batch::Batch;
pub use batch::BatchLimits;
pub use compression::Compression;
pub use digest::Digest;
pub use digest::digest_of;
pub(crate) use filter::CompiledFilter;
pub use filter::{Filter, FilterError};
pub use input_record::{InputRecord, SetBack};
pub use inputs::Input;
pub use inputs::Inputs;
pub use inputs::resolve;
pub use inputs::resolve_beside;
pub use open::InputPath;
pub use open::OpenSource;
pub use open::SourceError;
pub use open::open;
pub use open::open_counting;
pub use open::open_reader;
pub(crate) use parts::TellsLoss;
pub use parts::{FilePart, FileParts};
pub use pcap::PcapReader;
pub use pcapng::PcapngReader;
pub use scripted::Script;
pub use scripted::ScriptError;
pub use write::PcapngWriter;

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::{CaptureTime, FrameId, Loss, words};

/// A link-layer header type as capture files number them (LINKTYPE_ values of <https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Ethernet, `LINKTYPE_ETHERNET`.
    pub const ETHERNET: Self = Self(1);
    /// Bare IPv4 or IPv6 packets, `LINKTYPE_RAW`.
    pub const RAW: Self = Self(101);
}

/// One frame as it was captured. The bytes are lent until the next call.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When, as the capture says; frames of a format without times have time 0. Of netfilter's log it is the time that
    /// the kernel put into the record, where it did: the record's own is late.
    pub time: CaptureTime,
    /// What the first byte starts.
    pub link_type: LinkType,
    /// The interface's ordinal within the input, in the order of their descriptions over all sections; 0 in pcap.
    pub interface: u32,
    /// Length on the wire in bytes; more than `bytes.len()` where a snaplen cut the frame.
    pub wire_length: u32,
    /// What the file says beside it.
    pub note: FrameNote,
    /// What was captured.
    pub bytes: &'a [u8],
}

/// What a file says of a frame beside its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameNote {
    /// What the capturing host says became of the packet.
    pub verdict: PacketVerdict,
    /// A mark of the number by which the capturing device knows one packet at several places within it (`epb_packetid`);
    /// 0 where it gives none.
    pub packet_mark: u16,
    /// Which way it went through the interface (`epb_flags`).
    pub direction: Option<FrameDirection>,
}

words! {
    /// Which way a frame went through the interface that captured it, seen from the capturing device.
    pub enum FrameDirection {
        /// It came in.
        Inbound = "inbound",
        /// It went out.
        Outbound = "outbound",
    }
}

/// What became of a packet, as a pcapng file says beside it (`epb_verdict`, option 7 of the enhanced packet block).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PacketVerdict {
    /// Nothing is said.
    #[default]
    Untold,
    /// The return code of an XDP program (kind 2: `linux/bpf.h`), as far as it is below 256.
    Xdp(u8),
    /// Dropped by Windows: `etl2pcapng` writes the code 1 of kind 2 for that.
    DroppedByWindows,
}

/// Lends frames in the order in which they lie in the input.
pub trait FrameSource {
    /// The next frame; `None` at the end, also at an end made by damage (see [`FrameSource::damage`]).
    fn next_frame(&mut self) -> Option<Frame<'_>>;

    /// Replaces what is in a batch by the next frames, as [`Batch::fill`] says. Readers that hold many frames at once
    /// hand their buffer over instead of copying.
    fn fill(&mut self, batch: &mut Batch, limits: BatchLimits) -> usize {
        batch.clear();
        let most = limits.frames.min(FrameId::MAX_FRAMES as usize);
        while batch.len() < most && batch.captured_bytes() < limits.bytes.max(1) {
            match self.next_frame() {
                Some(frame) => batch.push(frame),
                None => break,
            }
        }
        batch.len()
    }

    /// What was damaged, in the order found. Complete once [`FrameSource::next_frame`] gave `None`.
    fn damage(&self) -> &[Damage];

    /// What the capture itself says was lost (pcapng interface statistics, live counters), as known so far.
    fn loss(&self) -> Loss;

    /// What the capture says beside its packets, as known so far.
    fn beside(&self) -> Beside {
        Beside::default()
    }

    /// The interfaces described so far, indexed by [`Frame::interface`]; empty where the format has no descriptions.
    fn interfaces(&self) -> &[Interface] {
        &[]
    }
}

/// A boxed source is a source.
impl<S: FrameSource + ?Sized> FrameSource for Box<S> {
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        (**self).next_frame()
    }

    fn fill(&mut self, batch: &mut Batch, limits: BatchLimits) -> usize {
        (**self).fill(batch, limits)
    }

    fn damage(&self) -> &[Damage] {
        (**self).damage()
    }

    fn loss(&self) -> Loss {
        (**self).loss()
    }

    fn beside(&self) -> Beside {
        (**self).beside()
    }

    fn interfaces(&self) -> &[Interface] {
        (**self).interfaces()
    }
}

/// A frame that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedFrame {
    /// When, as the capture says.
    pub time: CaptureTime,
    /// What the first byte starts.
    pub link_type: LinkType,
    /// The interface's ordinal, as in [`Frame::interface`].
    pub interface: u32,
    /// Length on the wire in bytes, as in [`Frame::wire_length`].
    pub wire_length: u32,
    /// What was captured.
    pub bytes: Vec<u8>,
}

impl OwnedFrame {
    /// The same frame, lent.
    #[must_use]
    pub fn as_frame(&self) -> Frame<'_> {
        Frame {
            time: self.time,
            link_type: self.link_type,
            interface: self.interface,
            wire_length: self.wire_length,
            note: FrameNote::default(),
            bytes: &self.bytes,
        }
    }
}

impl From<Frame<'_>> for OwnedFrame {
    fn from(frame: Frame<'_>) -> Self {
        Self {
            time: frame.time,
            link_type: frame.link_type,
            interface: frame.interface,
            wire_length: frame.wire_length,
            bytes: frame.bytes.to_vec(),
        }
    }
}

/// An interface as a pcapng file describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// `if_name`, such as `eth0`; empty where it is not told. At most 256 bytes are kept. Hostile: escape it.
    pub name: String,
    /// `if_description`; empty where it is not told. At most 256 bytes are kept. Hostile: escape it.
    pub description: String,
    /// What its frames start with.
    pub link_type: LinkType,
    /// The most bytes captured of a frame; 0 where there is no limit.
    pub snaplen: u32,
}

/// A place in an input that could not be read as its format wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// Offset in bytes of the record or block at fault, in the decompressed stream.
    pub offset: u64,
    /// Whether reading had to stop there (false: the place was skipped and reading went on).
    pub fatal: bool,
    /// What is wrong, for people: "record of 1514 bytes, but the file ends after 200 of them".
    pub what: String,
}

/// What a capture says beside its packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Frames that have no time.
    pub untimed: u64,
    /// Frames that came with an error of the link.
    pub link_errors: u64,
    /// Blocks with secrets for decryption, which are not used.
    pub secrets: u64,
    /// Filters of the capture, as pcap writes them. At most 256 bytes of each are kept. Hostile: escape them.
    pub filters: BTreeSet<String>,
    /// What was written to sections and interfaces. At most 256 bytes of each are kept. Hostile: escape them.
    pub comments: BTreeSet<String>,
    /// Addresses with their names, as the capturing host resolved them. Hostile.
    pub names: Vec<(IpAddr, String)>,
}
