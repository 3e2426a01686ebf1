//! A whole capture, ready to be judged.

use super::chunks::Numbering;
use super::dns_log::DnsTransaction;
use super::flow::{Flow, FlowId};
use super::{Chunks, Links, Tally};
use crate::model::{BoxedList, CaptureTime, Stamp, TimeSpan};

/// A whole capture, ready to be judged.
#[derive(Debug)]
pub struct Capture {
    /// Ascending by start, then endpoints.
    pub flows: BoxedList<Flow>,
    /// Ascending by time.
    pub dns: BoxedList<DnsTransaction>,
    /// Frames by what became of them.
    pub tally: Tally,
    /// Who has which MAC address on the captured link.
    pub links: Links,
    /// Chunks read.
    pub chunks: Chunks,
    /// Frame numbers.
    pub numbering: Numbering,
    /// From the first to the last frame.
    pub span: TimeSpan,
}

impl Capture {
    /// A frame's number over all inputs, 1-based.
    #[must_use]
    pub fn number(&self, stamp: Stamp) -> u64 {
        self.numbering.number(stamp.frame)
    }

    /// The flow with an id.
    #[must_use]
    pub fn flow(&self, id: FlowId) -> Option<&Flow> {
        self.flows.get(id.0 as usize)
    }

    /// When the first frame was captured.
    #[must_use]
    pub const fn start(&self) -> CaptureTime {
        self.span.first
    }

    /// When the last frame was captured.
    #[must_use]
    pub const fn end(&self) -> CaptureTime {
        self.span.last
    }
}
