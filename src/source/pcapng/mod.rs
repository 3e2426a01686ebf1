//! pcapng (draft-ietf-opsawg-pcapng): sections, interfaces and packets of different kinds in one file.
//!
//! Each section has its own byte order, each interface its own link type, snaplen and clock. Section lengths are not
//! used: blocks are read one after another until the next section header. A block whose two lengths agree is sound
//! outside, so what is wrong inside costs that block only; where they do not agree, reading stops.

mod block;
mod interface;

use std::collections::BTreeSet;
use std::io::Read;
use std::ops::Range;

use super::Batch;
use super::BatchLimits;
use super::Beside;
use super::Damage;
use super::Frame;
use super::FrameSource;
use super::Interface;
use super::Loss;
use super::PacketVerdict;
use super::batch::FrameFacts;
use super::byte_order::ByteOrder;
use super::damage::DamageLog;
use super::parts::TellsLoss;
use super::slices::Slices;
use super::true_time::true_time;
use super::window::Window;
use crate::model::CaptureTime;
use crate::model::FrameId;
use block::Block;
use block::Kind;
use interface::InterfaceState;

/// The section header's block type: a palindrome, so it reads the same in both byte orders.
const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// The most bytes that a block may have, as in Wireshark; what says more is damage.
const MAX_BLOCK_BYTES: u32 = 16 * 1024 * 1024;
/// The most names of addresses that are kept.
const MAX_NAMES: usize = 16_384;
/// The most comments on sections and interfaces that are kept.
const MAX_COMMENTS: usize = 64;
/// The most interfaces that are kept, over all sections.
const MAX_INTERFACES: usize = 65_536;

/// Reads pcapng from any reader.
#[derive(Debug)]
pub struct PcapngReader<R> {
    window: Window<R>,
    slices: Slices,
    /// No block is read that begins at this offset or behind it.
    end: u64,
    order: ByteOrder,
    /// All interfaces so far; those of the current section start at `section`.
    states: Vec<InterfaceState>,
    interfaces: Vec<Interface>,
    section: usize,
    /// Whether the section was made of a trace of Windows.
    of_windows: bool,
    stopped: bool,
    damage: DamageLog,
    beside: Beside,
}

/// What has been described before a block, by which it is read.
#[derive(Clone, Debug)]
pub(super) struct Described {
    order: ByteOrder,
    states: Vec<InterfaceState>,
    interfaces: Vec<Interface>,
    section: usize,
    of_windows: bool,
}

/// Nothing, as at the start of a file.
impl Default for Described {
    fn default() -> Self {
        Self {
            order: ByteOrder::Little,
            states: Vec::new(),
            interfaces: Vec::new(),
            section: 0,
            of_windows: false,
        }
    }
}

impl Described {
    /// Whether bytes start with so many blocks that follow each other, as this section has them.
    pub(super) fn starts_chain(&self, bytes: &[u8], count: usize) -> bool {
        let mut rest = bytes;
        (0..count).all(|_| {
            let length = block::whole(rest, self.order);
            length.is_some_and(|length| {
                rest = &rest[length..];
                true
            })
        })
    }
}

/// A packet found in a block that lies whole in the window.
struct Packet {
    facts: FrameFacts,
    /// Where its bytes lie in the block.
    data: Range<usize>,
    /// What people and programs wrote to it.
    comments: Vec<String>,
}

impl Packet {
    /// The verdict of a section that was made of a trace of Windows: `etl2pcapng` puts its own into that of XDP.
    fn of_windows(mut self, of_windows: bool) -> Self {
        let verdict = &mut self.facts.note.verdict;
        if of_windows && *verdict == PacketVerdict::Xdp(1) {
            *verdict = PacketVerdict::DroppedByWindows;
        }
        self
    }
}

impl<R: Read> PcapngReader<R> {
    /// Whether bytes start like a file that this reader reads; four are enough to tell.
    #[must_use]
    pub fn recognises(start: &[u8]) -> bool {
        start.starts_with(&SECTION_HEADER)
    }

    /// A reader at the start of a file. What is damaged there is told as damage, and there are no frames then.
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self::with_capacity(reader, Window::<R>::CAPACITY)
    }

    /// As [`Self::new`], reading `capacity` bytes at once: a small one makes a peek cheap.
    #[must_use]
    pub fn with_capacity(reader: R, capacity: usize) -> Self {
        Self::at(
            Window::new(reader, capacity),
            Described::default(),
            Slices::default(),
            u64::MAX,
        )
    }

    /// As [`Self::with_capacity`], with batches that tell their slices.
    pub(super) fn in_slices(reader: R, capacity: usize, slices: Slices) -> Self {
        Self {
            slices,
            ..Self::with_capacity(reader, capacity)
        }
    }

    /// A reader of blocks up to the first that begins at `end` or behind it, from where a window stands, to which all has been
    /// described that is.
    pub(super) fn at(window: Window<R>, described: Described, slices: Slices, end: u64) -> Self {
        Self {
            window,
            slices,
            end,
            order: described.order,
            states: described.states,
            interfaces: described.interfaces,
            section: described.section,
            of_windows: described.of_windows,
            stopped: false,
            damage: DamageLog::default(),
            beside: Beside::default(),
        }
    }

    /// What has been described so far, for reading from here on.
    pub(super) fn described(&self) -> Described {
        Described {
            order: self.order,
            states: self.states.iter().map(InterfaceState::anew).collect(),
            interfaces: self.interfaces.clone(),
            section: self.section,
            of_windows: self.of_windows,
        }
    }

    /// Whether that is all that has been described so far. Descriptions are added, and none is changed.
    pub(super) fn goes_by(&self, described: &Described) -> bool {
        let mine = (self.order, self.states.len(), self.section, self.of_windows);
        let theirs = described;
        mine == (
            theirs.order,
            theirs.states.len(),
            theirs.section,
            theirs.of_windows,
        )
    }

    /// Takes what the reader of the part that follows has read, and goes on where that one stands.
    pub(super) fn follow(&mut self, next: Self) {
        for (place, state) in next.states.into_iter().enumerate() {
            match self.states.get_mut(place) {
                Some(known) => known.follow(&state),
                None => self.states.push(state),
            }
        }
        self.window = next.window;
        self.end = next.end;
        self.order = next.order;
        self.interfaces = next.interfaces;
        self.section = next.section;
        self.of_windows = next.of_windows;
        self.stopped = next.stopped;
        self.damage.append(next.damage);
        let beside = &mut self.beside;
        beside.untimed += next.beside.untimed;
        beside.secrets += next.beside.secrets;
        beside.names.extend(next.beside.names);
        beside.names.truncate(MAX_NAMES);
        beside.comments.extend(next.beside.comments);
        bound(&mut beside.comments);
    }

    /// Where the next block begins.
    pub(super) fn offset(&self) -> u64 {
        self.window.offset()
    }

    /// By what its interfaces tell loss.
    pub(super) fn tells_loss(&self) -> TellsLoss {
        let each = self.states.iter().map(InterfaceState::tells_loss);
        each.fold(TellsLoss::default(), TellsLoss::or)
    }

    /// Passes over packets, up to the first block behind an offset; whether there was any packet.
    pub(super) fn pass_to(&mut self, offset: u64) -> bool {
        let mut any = false;
        while let Some((_, length)) = self.next_packet_while(|it| it.window.offset() < offset) {
            self.window.take(length);
            any = true;
        }
        any
    }

    /// Reads blocks up to the next packet. Its block is in the window and not passed over yet.
    fn next_packet(&mut self) -> Option<(Packet, usize)> {
        self.next_packet_while(|_| true)
    }

    /// As [`Self::next_packet`], as long as `goes_on` says so before each block.
    fn next_packet_while(&mut self, goes_on: impl Fn(&Self) -> bool) -> Option<(Packet, usize)> {
        while !self.stopped && self.window.offset() < self.end && goes_on(self) {
            let length = self.next_block()?;
            let offset = self.window.offset();
            let block = Block::new(self.window.request(length).get(..length)?, self.order);
            let found = match block.kind() {
                Kind::SectionHeader => {
                    self.section = self.states.len();
                    note_comments(&block, 24, &mut self.beside);
                    self.of_windows = block.is_of_windows();
                    block.check_section_header().map(|()| None)
                }
                Kind::InterfaceDescription => {
                    note_comments(&block, 16, &mut self.beside);
                    describe(&block, &mut self.states, &mut self.interfaces).map(|()| None)
                }
                Kind::InterfaceStatistics => {
                    count_loss(&block, &mut self.states[self.section..]).map(|()| None)
                }
                Kind::Packet(fields) => fields.and_then(|fields| {
                    self.beside.untimed += u64::from(fields.ticks.is_none());
                    let known = &mut self.states[self.section..];
                    let packet = packet(&block, &fields, known, self.section);
                    packet.map(|packet| Some(packet.of_windows(self.of_windows)))
                }),
                Kind::NameResolution => {
                    let room = MAX_NAMES.saturating_sub(self.beside.names.len());
                    self.beside.names.extend(block.names().take(room));
                    Ok(None)
                }
                Kind::Secrets => {
                    self.beside.secrets += 1;
                    Ok(None)
                }
                Kind::Other => Ok(None),
            };
            match found {
                Ok(Some(packet)) => return Some((packet, length)),
                Ok(None) => {}
                Err(what) => self.damage.skipped(offset, what),
            }
            self.window.take(length);
        }
        None
    }

    /// The length of the next block, once all of it lies in the window.
    fn next_block(&mut self) -> Option<usize> {
        let Some(&head) = self.window.request(12).first_chunk::<12>() else {
            return self.no_head();
        };
        let starts_section = head.starts_with(&SECTION_HEADER);
        if starts_section {
            match head.get(8..12) {
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => self.order = ByteOrder::Little,
                Some([0x1a, 0x2b, 0x3c, 0x4d]) => self.order = ByteOrder::Big,
                _ => return self.stop("section header without its byte-order magic".to_owned()),
            }
        } else if self.window.offset() == 0 {
            return self.stop("no pcapng section header".to_owned());
        }
        self.whole_block(self.order.u32_at(&head, 4))
    }

    /// The end of the file, or one that came too early.
    fn no_head<T>(&mut self) -> Option<T> {
        match self.window.request(12).len() {
            0 if !self.window.failed() => None,
            0 => self.stop("reading failed".to_owned()),
            had => self.stop(format!("block header of which only {had} bytes are there")),
        }
    }

    /// Checks a block's length against the bound, the file, and its repetition at the block's end.
    fn whole_block(&mut self, length: u32) -> Option<usize> {
        if length < 12 || !length.is_multiple_of(4) {
            return self.stop(format!("block length {length}, which no block can have"));
        }
        if length > MAX_BLOCK_BYTES {
            return self.stop(format!(
                "block of {length} bytes, where at most {MAX_BLOCK_BYTES} make sense"
            ));
        }
        let whole = length as usize;
        let bytes = self.window.request(whole);
        let had = bytes.len();
        if had < whole {
            return self.stop(format!(
                "block of {length} bytes, but the file ends after {had} of them"
            ));
        }
        let again = self.order.u32_at(bytes, whole - 4);
        if again != length {
            return self.stop(format!(
                "block length {length}, but {again} at the block's end"
            ));
        }
        Some(whole)
    }

    /// Whether the next block can be read without reading more, sound or not.
    fn is_whole(&self) -> bool {
        let there = self.window.there();
        let Some(head) = there.first_chunk::<12>() else {
            return false;
        };
        let order = match head {
            [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, 0x4d, ..] => ByteOrder::Little,
            [0x0a, 0x0d, 0x0d, 0x0a, _, _, _, _, 0x1a, ..] => ByteOrder::Big,
            _ => self.order,
        };
        let length = order.u32_at(head, 4);
        length > MAX_BLOCK_BYTES || there.len() >= length as usize
    }

    #[cold]
    fn stop<T>(&mut self, what: String) -> Option<T> {
        let what = self.window.explain(what);
        self.damage.stopped(self.window.offset(), what);
        self.stopped = true;
        None
    }
}

impl<R: Read> FrameSource for PcapngReader<R> {
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        let (packet, length) = self.next_packet()?;
        let bytes = self.window.take(length).get(packet.data)?;
        Some(Frame {
            time: packet.facts.time,
            link_type: packet.facts.link_type,
            interface: packet.facts.interface,
            wire_length: packet.facts.wire_length,
            note: packet.facts.note,
            bytes,
        })
    }

    fn fill(&mut self, batch: &mut Batch, limits: BatchLimits) -> usize {
        batch.forget();
        let most = limits.frames.min(FrameId::MAX_FRAMES as usize);
        self.window.read_full(limits.bytes);
        let mut border = 0;
        while batch.len() < most && batch.captured_bytes() < limits.bytes.max(1) {
            let first = batch.is_empty();
            let in_batch = |it: &Self| it.window.offset() < border && it.is_whole();
            let Some((packet, length)) = self.next_packet_while(|it| first || in_batch(it)) else {
                break;
            };
            if first {
                let (slice, behind) = self.slices.around(self.window.offset());
                batch.set_slice(slice);
                border = behind;
            }
            let start = self.window.place() + packet.data.start;
            batch.note(packet.facts, start, packet.data.len());
            batch.note_comments(packet.comments);
            self.window.take(length);
        }
        self.window.hand_over(|buffer| batch.swap_buffer(buffer));
        batch.len()
    }

    fn damage(&self) -> &[Damage] {
        self.damage.places()
    }

    /// Of each interface the highest count seen, summed: statistics blocks count from the start of the capture.
    fn loss(&self) -> Loss {
        let mut loss = Loss::default();
        for state in &self.states {
            state.add_loss(&mut loss);
        }
        loss
    }

    fn beside(&self) -> Beside {
        let filters = self.states.iter().filter_map(|state| state.filter.clone());
        Beside {
            link_errors: self.states.iter().map(|state| state.link_errors).sum(),
            filters: filters.collect(),
            ..self.beside.clone()
        }
    }

    fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
}

/// Takes what was written to a section or an interface.
fn note_comments(block: &Block<'_>, options: usize, beside: &mut Beside) {
    beside.comments.extend(block.comments(options));
    bound(&mut beside.comments);
}

/// Keeps the smallest, whatever came first.
fn bound(comments: &mut BTreeSet<String>) {
    while comments.len() > MAX_COMMENTS {
        comments.pop_last();
    }
}

/// Takes an interface description block in.
fn describe(
    block: &Block<'_>,
    states: &mut Vec<InterfaceState>,
    interfaces: &mut Vec<Interface>,
) -> Result<(), String> {
    // A description that cannot be read still takes its number, so that the packets of the others stay theirs.
    if states.len() >= MAX_INTERFACES {
        return Err(format!(
            "more than {MAX_INTERFACES} interfaces are described"
        ));
    }
    let (state, interface, result) = InterfaceState::describe(block);
    states.push(state);
    interfaces.push(interface);
    result
}

/// Takes the loss that an interface statistics block tells.
fn count_loss(block: &Block<'_>, known: &mut [InterfaceState]) -> Result<(), String> {
    let id = block
        .u32_at(8)
        .ok_or("interface statistics without an interface")?;
    let state = known
        .get_mut(id as usize)
        .ok_or_else(|| unknown_interface(id))?;
    state.take_statistics(block)
}

/// The packet of a block whose fields were read.
#[inline]
fn packet(
    block: &Block<'_>,
    fields: &block::PacketFields,
    known: &mut [InterfaceState],
    section: usize,
) -> Result<Packet, String> {
    let id = fields.interface;
    let state = known
        .get_mut(id as usize)
        .ok_or_else(|| unknown_interface(id))?;
    let captured = fields
        .captured
        .unwrap_or_else(|| state.captured_of(fields.wire, block.room_for_data()));
    let data = block.data(fields.data_offset, captured)?;
    let (note, comments) = state.take_options(block, fields, data.end);
    let time = fields
        .ticks
        .map_or_else(CaptureTime::default, |ticks| state.time(ticks));
    let facts = FrameFacts {
        time: true_time(state.link_type, block.bytes_at(&data), time),
        link_type: state.link_type,
        interface: u32::try_from(section)
            .unwrap_or(u32::MAX)
            .saturating_add(id),
        wire_length: fields.wire.max(captured),
        note,
    };
    Ok(Packet {
        facts,
        data,
        comments,
    })
}

#[cold]
fn unknown_interface(id: u32) -> String {
    format!("block of interface {id}, which this section does not describe")
}

#[cfg(test)]
mod tests;
