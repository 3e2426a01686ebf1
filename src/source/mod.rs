//! Where frames come from: capture files of any format and compression, folders of them, standard input, interfaces.
//!
//! A [`FrameSource`] lends one [`Frame`] after another. Damage never hides what came before it: it is told once the
//! readable frames have been lent, with its byte offset.

use crate::model::CaptureTime;

/// A link-layer header type as capture files number them (LINKTYPE_ values of <https://www.tcpdump.org/linktypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

/// One frame as it was captured. The bytes are lent until the next call.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// When, as the capture says; frames of a format without times have time 0.
    pub time: CaptureTime,
    /// What the first byte starts.
    pub link_type: LinkType,
    /// The interface's ordinal within the input, in the order of their descriptions over all sections; 0 in pcap.
    pub interface: u32,
    /// Length on the wire in bytes; more than `bytes.len()` where a snaplen cut the frame.
    pub wire_length: u32,
    /// What was captured.
    pub bytes: &'a [u8],
}

/// Lends frames in the order in which they lie in the input.
pub trait FrameSource {
    /// The next frame; `None` at the end, also at an end made by damage (see [`FrameSource::damage`]).
    fn next_frame(&mut self) -> Option<Frame<'_>>;

    /// What was damaged, in the order found. Complete once [`FrameSource::next_frame`] gave `None`.
    fn damage(&self) -> &[Damage];

    /// What the capture itself says was lost (pcapng interface statistics, live counters), as known so far.
    fn loss(&self) -> Loss;
}

/// A place in an input that could not be read as its format wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Offset in bytes of the record or block at fault, in the decompressed stream.
    pub offset: u64,
    /// Whether reading had to stop there (false: the place was skipped and reading went on).
    pub fatal: bool,
    /// What is wrong, for people: "record of 1514 bytes, but the file ends after 200 of them".
    pub what: String,
}

/// Frames lost before they reached the file, by who lost them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Dropped by the interface.
    pub interface: u64,
    /// Dropped by the kernel or capture engine for want of buffer.
    pub kernel: u64,
    /// Dropped by pktaudit itself (live only).
    pub own: u64,
}
