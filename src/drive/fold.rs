//! Inputs to one observation, on any number of threads.
//!
//! Each input becomes an observation of its own, several inputs at once; these merge in the order of the inputs. Of a
//! long input one thread reads, and decompresses, while another absorbs; a plain pcap or pcapng file is read by all of
//! them, each another part of it ([`parts`](super::parts)). By the laws of [`Merge`] the number of threads leaves no trace.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::Builder;

use rayon::prelude::*;

use super::choice::{FrameChoice, Others};
use super::clock::Clocks;
use super::parts::read_in_parts;
use crate::decode::{Decoded, Segment, TcpFlags, decode, device, sflow};
use crate::model::{Fqdn, FrameId, Merge, Stamp, TimeSpan};
use crate::observe::{BesideTally, DeviceWord, Observation, Sighting, Undecoded, is_sinkhole};
use crate::source::{
    Batch, BatchLimits, Beside, CompiledFilter, Digest, FileParts, Filter, Frame, FrameSource,
    Input, InputRecord, LinkType, PacketVerdict, SourceError, open_counting,
};

/// How far reading has come, for a display; other threads may look at it at any time.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Bytes read of the inputs as they are stored.
    pub bytes: Arc<AtomicU64>,
    /// Frames read.
    pub frames: Arc<AtomicU64>,
}

/// Everything read.
#[derive(Debug, Default)]
pub struct Observed {
    /// The evidence.
    pub observation: Observation,
    /// What became of each input, in order.
    pub inputs: Vec<InputRecord>,
    /// Why some of them could not be opened.
    pub failures: Vec<SourceError>,
}

/// Reads all inputs with up to `threads` threads; 0 counts as 1.
///
/// Inputs that cannot be opened are told in [`Observed::inputs`] too; the others are read all the same.
#[must_use]
pub fn observe(inputs: &[Input], threads: usize, progress: &Progress) -> Observed {
    let reading = Reading {
        chosen: &FrameChoice::default(),
        threads,
        digests: false,
        part_bytes: FileParts::LEAST_BYTES,
    };
    observe_at(inputs, reading, progress)
}

/// How inputs are read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// Which frames count; the others are set aside and counted as such.
    pub chosen: &'a FrameChoice,
    /// The most threads that read and absorb; 0 counts as 1.
    pub threads: usize,
    /// Whether the digests of inputs are worked out.
    pub digests: bool,
    /// Bytes of a plain file that are worth a thread of its own.
    pub part_bytes: u64,
}

/// As [`observe`], in a way that is told.
#[must_use]
pub fn observe_at(inputs: &[Input], reading: Reading<'_>, progress: &Progress) -> Observed {
    let threads = reading.threads.max(1);
    let mut observed = Observed::default();
    // What was read of each input and is not merged yet is bounded: so many of them at once.
    for (first, group) in (0..).step_by(threads).zip(inputs.chunks(threads)) {
        let one = |(place, input): (usize, &Input)| {
            let ordinal = u32::try_from(first + place).unwrap_or(u32::MAX);
            if group.len() == 1
                && let Some(read) = read_in_parts(input, (ordinal, reading), progress)
            {
                return Ok(read);
            }
            let digest = reading.digests.then(Digest::default);
            let bytes = Arc::clone(&progress.bytes);
            let mut source =
                open_counting(&input.path, bytes, digest.as_ref(), reading.part_bytes)?;
            let place = (ordinal, reading.chosen);
            let (observation, mut report) = read(&mut source, input, place, threads, progress);
            report.sha256 = digest.and_then(|digest| digest_of_all(&digest, &report));
            Ok((observation, report))
        };
        let read: Vec<Result<_, SourceError>> = if threads == 1 || group.len() == 1 {
            group.iter().enumerate().map(one).collect()
        } else {
            group.par_iter().enumerate().map(one).collect()
        };
        for result in read {
            match result {
                Ok((observation, report)) => {
                    observed.observation.merge(observation);
                    observed.inputs.push(report);
                }
                Err(error) => {
                    observed.inputs.push(InputRecord::unread(&error));
                    observed.failures.push(error);
                }
            }
        }
    }
    observed
}

/// The digest of an input that was read. Of damaged ones the rest is read where they can be read again; others may go on
/// for ever.
pub(crate) fn digest_of_all(digest: &Digest, report: &InputRecord) -> Option<String> {
    digest.finish(report.damage.is_empty() || report.input.path.can_be_read_again())
}

/// Reads one input to its end; with more than one thread, one of its own reads ahead where the input is long.
fn read(
    source: &mut (impl FrameSource + Send),
    input: &Input,
    (ordinal, chosen): (u32, &FrameChoice),
    threads: usize,
    progress: &Progress,
) -> (Observation, InputRecord) {
    let mut absorber = Absorber::new(ordinal, chosen, progress);
    absorber.dropped = input.dropped;
    let mut batch = Batch::default();
    let mut alone = 0;
    while (threads == 1 || alone < ALONE) && batch.fill(source, BatchLimits::default()) > 0 {
        let others = chosen.others(source.interfaces());
        absorber.absorb(&batch, 0..batch.len(), &others);
        alone += 1;
    }
    if !batch.is_empty() && !read_ahead(source, chosen, &mut batch, &mut absorber) {
        while batch.fill(source, BatchLimits::default()) > 0 {
            let others = chosen.others(source.interfaces());
            absorber.absorb(&batch, 0..batch.len(), &others);
        }
    }
    absorber.finish(source, input, chosen)
}

/// What a capture says beside its packets, as it is kept: names that are none are left out. What was left out of it counts as
/// filtered.
pub(crate) fn beside(beside: Beside, chosen: &FrameChoice) -> BesideTally {
    let names = beside.names.into_iter();
    let names = names.filter_map(|(ip, name)| Some((ip, Fqdn::parse(&name).ok()?)));
    BesideTally {
        untimed: beside.untimed,
        link_errors: beside.link_errors,
        secrets: beside.secrets,
        filters: beside.filters.into_iter().chain(chosen.filters()).collect(),
        comments: beside.comments,
        names: names.filter(|(ip, _)| !is_sinkhole(*ip)).collect(),
    }
}

/// So many batches of an input are read before a thread is worth its while.
const ALONE: usize = 4;
/// So many batches are under way between reading and absorbing.
const AHEAD: usize = 4;

/// Reads the rest of a source on a thread of its own, while this one absorbs. Batches go round, so memory is bounded.
/// Gives whether there was a thread to be had; else nothing was read.
fn read_ahead(
    source: &mut (impl FrameSource + Send),
    chosen: &FrameChoice,
    used: &mut Batch,
    absorber: &mut Absorber<'_>,
) -> bool {
    let (to_fill, empty) = sync_channel(AHEAD);
    let (filled, to_absorb) = sync_channel(AHEAD);
    for batch in std::iter::once(std::mem::take(used))
        .chain(std::iter::repeat_with(Batch::default))
        .take(AHEAD)
    {
        // There is room for all of them.
        let _ = to_fill.send(batch);
    }
    std::thread::scope(|scope| {
        let reading = Builder::new().spawn_scoped(scope, move || {
            while let Ok(mut batch) = empty.recv() {
                // The other side hangs up only after the last batch.
                if batch.fill(source, BatchLimits::default()) == 0 {
                    break;
                }
                // Interfaces are described before their frames, so those of this batch are known now.
                let others = chosen.others(source.interfaces());
                if filled.send((batch, others)).is_err() {
                    break;
                }
            }
        });
        while let Ok((batch, others)) = to_absorb.recv() {
            absorber.absorb(&batch, 0..batch.len(), &others);
            let _ = to_fill.send(batch);
        }
        reading.is_ok()
    })
}

/// Takes the batches of one input, in their order.
pub(crate) struct Absorber<'a> {
    pub(crate) observation: Observation,
    progress: &'a Progress,
    input: u32,
    /// Whether the input holds nothing but what a device dropped.
    pub(super) dropped: bool,
    chunk: u32,
    /// The slice of the input that it has come to: each begins a chunk.
    slice: u32,
    /// Frames of the chunk so far.
    index: usize,
    pub(crate) frames: u64,
    pub(super) span: TimeSpan,
    pub(super) clocks: Clocks,
    /// What frames have to pass to count.
    filter: Option<CompiledFilter>,
}

impl<'a> Absorber<'a> {
    pub(crate) fn new(input: u32, chosen: &FrameChoice, progress: &'a Progress) -> Self {
        Self {
            observation: Observation::default(),
            progress,
            input,
            dropped: false,
            chunk: 0,
            slice: 0,
            index: 0,
            frames: 0,
            span: TimeSpan::default(),
            clocks: Clocks::default(),
            filter: chosen.filter.as_ref().map(Filter::compiled),
        }
    }

    /// One for the part of an input that begins with a slice; its chunks are numbered as if all before had been read.
    pub(super) fn at(
        (input, slice): (u32, u32),
        chosen: &FrameChoice,
        progress: &'a Progress,
    ) -> Self {
        Self {
            chunk: slice,
            slice,
            ..Self::new(input, chosen, progress)
        }
    }

    /// Absorbs a part of a batch in the order of time, so that disorder within it leaves no trace. `others` are
    /// frames that do not count.
    pub(crate) fn absorb(&mut self, batch: &Batch, part: Range<usize>, others: &Others) {
        let count = part.len();
        let other_slice = std::mem::replace(&mut self.slice, batch.slice()) != batch.slice();
        if other_slice || self.index + count > FrameId::MAX_FRAMES as usize {
            self.next_chunk();
            // A slice may have no frame in it.
            self.chunk = self.chunk.max(self.slice);
        }
        let span = others.span_of(batch, part.clone());
        self.span.merge(span);
        self.clocks.watch(batch, part.clone());
        let chunk = (self.input, self.chunk);
        self.observation.count_frames(chunk, count as u64, span);
        let taker = Taker {
            batch,
            others,
            filter: self.filter.as_mut(),
            dropped: self.dropped,
            chunk,
            start: self.index,
            part,
        };
        taker.take(&mut self.observation);
        self.index += count;
        self.frames += count as u64;
        let frames = &self.progress.frames;
        frames.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// What was seen of an input that is read to its end, and its record.
    pub(super) fn finish<S: FrameSource>(
        self,
        source: &S,
        input: &Input,
        chosen: &FrameChoice,
    ) -> (Observation, InputRecord) {
        let loss = source.loss();
        let record = InputRecord {
            damage: source.damage().to_vec(),
            loss,
            interfaces: source.interfaces().to_vec(),
            ..self.record(input)
        };
        let mut observation = self.observation;
        observation.note_lost(loss.total());
        observation.note_beside(beside(source.beside(), chosen));
        (observation, record)
    }

    /// Takes what was absorbed of the part of the input that follows, but for its clocks.
    pub(super) fn join(&mut self, next: Self) {
        self.observation.join(next.observation);
        self.frames += next.frames;
        self.span.merge(next.span);
    }

    /// What was read of the input since the start, or since it was taken last.
    pub(crate) fn record(&self, input: &Input) -> InputRecord {
        InputRecord {
            frames: self.frames,
            span: self.span,
            set_back: self.clocks.set_back(),
            ..InputRecord::of(input.clone())
        }
    }

    /// Gives what was absorbed since the start, or since this was asked for last. Frames that follow are another chunk.
    pub(crate) fn take(&mut self) -> Observation {
        self.next_chunk();
        (self.frames, self.span) = (0, TimeSpan::default());
        std::mem::take(&mut self.observation)
    }

    fn next_chunk(&mut self) {
        self.chunk = self.chunk.saturating_add(1);
        self.index = 0;
    }
}

/// One batch to its observation, as a chunk of an input, whatever chunks come before or after it. `elsewhere` tells the
/// interfaces whose frames are passed by, as those of another point; an empty list passes none by.
#[must_use]
pub fn absorb(batch: &Batch, input: u32, chunk: u32, elsewhere: &[bool]) -> Observation {
    let mut observation = Observation::default();
    let chunk = (input, chunk);
    observation.count_frames(chunk, batch.len() as u64, batch.span());
    let taker = Taker {
        batch,
        others: &Others::of_interfaces(elsewhere),
        filter: None,
        dropped: false,
        chunk,
        start: 0,
        part: 0..batch.len(),
    };
    taker.take(&mut observation);
    observation
}

/// What the device that took a frame says of it.
#[inline]
fn word(frame: &Frame<'_>, dropped: bool) -> Option<DeviceWord> {
    match frame.note.verdict {
        _ if dropped => Some(DeviceWord::DropFile),
        PacketVerdict::Untold if !device::may_have_word(frame.link_type.0, frame.bytes) => None,
        PacketVerdict::Untold => device::device_word(frame.link_type.0, frame.bytes),
        PacketVerdict::Xdp(code) => Some(DeviceWord::Xdp(code.into())),
        PacketVerdict::DroppedByWindows => Some(DeviceWord::Windows),
    }
}

/// What a device put behind a reset, outside of the IP packet: what lies within comes from the sender.
#[inline]
fn behind_reset(frame: &Frame<'_>, decoded: &Decoded<'_>) -> Option<DeviceWord> {
    match decoded {
        Decoded::Packet(packet) if is_reset(&packet.segment) && packet.tunnels.is_empty() => {
            let end = 14 + 4 * packet.vlans.len() + packet.ip_length as usize;
            let ethernet = frame.link_type == LinkType::ETHERNET;
            device::reset_cause(frame.bytes.get(end..).filter(|_| ethernet)?)
        }
        _ => None,
    }
}

/// What a datagram to a collector of samples carries.
#[inline]
fn to_collector<'a>(decoded: &Decoded<'a>) -> Option<&'a [u8]> {
    const COLLECTOR: u16 = 6343;
    match decoded {
        Decoded::Packet(packet) => match &packet.segment {
            Segment::Udp(datagram) if datagram.destination_port == COLLECTOR => {
                Some(datagram.payload)
            }
            _ => None,
        },
        Decoded::SetAside(_) => None,
    }
}

#[inline]
fn is_reset(segment: &Segment<'_>) -> bool {
    matches!(segment, Segment::Tcp(segment) if segment.flags.has(TcpFlags::RST))
}

/// Takes frames of a part of a batch.
struct Taker<'a> {
    batch: &'a Batch,
    /// The frames that do not count.
    others: &'a Others,
    /// What the others have to pass.
    filter: Option<&'a mut CompiledFilter>,
    /// Whether a device dropped them all.
    dropped: bool,
    /// Input and chunk that the part belongs to.
    chunk: (u32, u32),
    /// The index in the chunk of the part's first frame.
    start: usize,
    part: Range<usize>,
}

impl Taker<'_> {
    /// Takes the frames of the part in the order of time.
    fn take(mut self, observation: &mut Observation) {
        for (place, frame) in self.batch.frames_by_time() {
            if !self.part.contains(&place) {
                continue;
            }
            let index = u32::try_from(self.start + place - self.part.start).unwrap_or(u32::MAX);
            let (input, chunk) = self.chunk;
            let sighting = Sighting {
                stamp: Stamp {
                    time: frame.time,
                    frame: FrameId::new(input, chunk, index),
                },
                captured_length: u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX),
                wire_length: frame.wire_length,
                packet_mark: frame.note.packet_mark,
            };
            let kept_back = |filter: &mut &mut CompiledFilter| !filter.lets_through(&frame);
            let why = self.others.why(&frame).or_else(|| {
                let kept_back = self.filter.as_mut().is_some_and(kept_back);
                kept_back.then_some(Undecoded::LeftOut)
            });
            if let Some(why) = why {
                observation.pass_by(sighting, why);
                continue;
            }
            let mut decoded = decode(frame.link_type.0, frame.bytes, frame.wire_length);
            if self.others.is_of_others(&decoded) {
                observation.pass_by(sighting, Undecoded::LeftOut);
                continue;
            }
            if self.batch.has_comments() {
                for comment in self.batch.comments_at(place) {
                    observation.note_comment(sighting.stamp, &decoded, comment);
                }
            }
            if let Some(payload) = to_collector(&decoded) {
                for sample in sflow::samples(payload) {
                    observation.absorb_sample(sighting.stamp, &sample.decode(), sample.one_in);
                }
            }
            match word(&frame, self.dropped).or_else(|| behind_reset(&frame, &decoded)) {
                None => observation.absorb_counted(sighting, &decoded),
                Some(word) => {
                    // What stands in the place of addresses is none.
                    if let (DeviceWord::Chain(_), Decoded::Packet(packet)) = (&word, &mut decoded) {
                        packet.source_mac = [0; 6];
                    }
                    observation.absorb_with_word(sighting, &decoded, word);
                }
            }
        }
    }
}
