//! Facts to mergeable evidence.
//!
//! An [`Observation`] absorbs decoded frames in any order and merges with others; [`attribute()`] turns the merged
//! whole into named flows. Nothing here decides what is good or bad: state, names and verdicts are derived from the
//! whole, so that one thread, many threads, many files and partial files all end the same.

mod app;
mod attribute;
mod capture;
mod carry;
mod chunks;
pub mod codec;
mod comments;
mod conn_state;
mod copies;
mod device;
mod direction;
mod dns_log;
mod exchange;
mod flow;
mod flow_name;
mod flow_table;
mod fragments;
mod handshake;
mod links;
mod mark;
mod names;
mod path;
mod quic;
mod recognise;
mod run;
mod seed;
mod side;
mod stream;
mod tally;
mod window;

use crate::decode::{Decoded, IcmpMessage, Packet, Segment, decode_rejoined};
use crate::model::{Endpoint, FlowKey, Merge, Side, Stamp, TimeSpan, Transport};

pub use app::App;
pub use attribute::{attribute, attribute_with};
pub use capture::Capture;
pub use carry::CarryLimits;
pub use chunks::{ChunkInfo, Chunks, Numbering};
pub use comments::Comment;
pub use conn_state::{ConnState, History};
pub use device::DeviceSaid;
// Words and verdicts of devices, which flows hold.
pub use crate::decode::device::{Chain, DeviceVerdict, DeviceWord};
pub use dns_log::{DnsData, DnsFacts, DnsLog, DnsRecord, DnsSection, DnsTransaction, Outer};
// Hosts and marks that exchanges hold.
pub use crate::decode::http::{Host, Says};
pub use exchange::{Answer, Asking, Exchange, Told};
pub use flow::{Flow, FlowId};
pub use flow_name::{Name, NameSource};
pub use handshake::{TlsMark, TlsStep};
pub use links::{Links, Mac};
pub use names::is_sinkhole;
pub use run::{Event, EventKind, IcmpDetail};
pub use seed::{Seed, SeedText, read_seeds, seeds_of};
pub use side::SideEvidence;
pub use stream::StreamFact;
pub use tally::{BesideTally, Bound, Sampled, Tally, Undecoded};
pub use window::ClosedWindow;

use comments::Comments;
use copies::{Copies, Held, Seen};
use device::Notes;
use flow_table::FlowTable;
use fragments::{Fragments, Whole};

/// What a capture, or a part of it, shows. Parts merge in any order to the same whole.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    flows: FlowTable,
    fragments: Fragments,
    copies: Copies,
    dns: DnsLog,
    tally: Tally,
    links: Links,
    chunks: Chunks,
    /// What devices said of packets.
    notes: Notes,
    /// What was written to packets.
    comments: Comments,
    /// What records of devices' logs hold, apart from what was captured.
    logged: Option<Box<Observation>>,
}

/// What is known of a frame besides its decoded layers.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    /// When and where.
    pub stamp: Stamp,
    /// Bytes captured.
    pub captured_length: u32,
    /// Bytes on the wire.
    pub wire_length: u32,
    /// A mark of the number that the capturing device gave the packet, 0 without one.
    pub packet_mark: u16,
}

impl Observation {
    /// Takes one decoded frame.
    pub fn absorb(&mut self, sighting: Sighting, decoded: &Decoded<'_>) {
        self.chunks.count(sighting.stamp);
        self.absorb_counted(sighting, decoded);
    }

    /// As [`Self::absorb`], of a frame that [`Self::count_frames`] has counted.
    pub fn absorb_counted(&mut self, sighting: Sighting, decoded: &Decoded<'_>) {
        match decoded {
            Decoded::SetAside(stop) => self.tally.set_aside(sighting, stop),
            Decoded::Packet(packet) => {
                self.tally.decoded(sighting, packet);
                self.take_at(sighting.stamp, packet, sighting.packet_mark);
            }
        }
    }

    /// Takes a decoded frame of which a device said something, and which [`Self::count_frames`] has counted.
    pub fn absorb_with_word(
        &mut self,
        sighting: Sighting,
        decoded: &Decoded<'_>,
        word: DeviceWord,
    ) {
        let packet = match decoded {
            Decoded::SetAside(stop) => {
                self.note_unread(&word);
                return self.tally.set_aside(sighting, stop);
            }
            Decoded::Packet(packet) => packet,
        };
        self.tally.decoded(sighting, packet);
        if packet.stop.is_some() {
            self.note_unread(&word);
        }
        let is_record = matches!(
            word,
            DeviceWord::Pf { .. } | DeviceWord::Netfilter { .. } | DeviceWord::DropFile
        );
        match is_record {
            true => {
                let logged = self.logged.get_or_insert_default();
                logged.take_noted(sighting, packet, word);
            }
            false => self.take_noted(sighting, packet, word),
        }
    }

    /// Takes a packet out of a frame's samples, each one of `one_in`: it is there, and what is not there is not missing.
    pub fn absorb_sample(&mut self, stamp: Stamp, decoded: &Decoded<'_>, one_in: u32) {
        if let Decoded::Packet(packet) = decoded {
            self.tally.sampled.merge(Sampled::one(one_in));
            let logged = self.logged.get_or_insert_default();
            logged.take_at(stamp, packet, 0);
        }
    }

    /// Takes what was written to a frame's packet.
    pub fn note_comment(&mut self, stamp: Stamp, decoded: &Decoded<'_>, text: &str) {
        if let Decoded::Packet(packet) = decoded {
            self.comments.add(stamp, packet, text);
        }
    }

    fn note_unread(&mut self, word: &DeviceWord) {
        if let DeviceWord::Chain(chain) = word {
            self.notes.unread |= chain.positions;
        }
    }

    /// Takes a packet, a copy or not, with a device's word on it.
    fn take_noted(&mut self, sighting: Sighting, packet: &Packet<'_>, word: DeviceWord) {
        let stamp = sighting.stamp;
        let place = match &word {
            DeviceWord::Chain(chain) => u16::from(chain.positions),
            _ => sighting.packet_mark,
        };
        self.take_at(stamp, packet, place);
        if let Some((key, note)) = device::on_packet(stamp, packet, word) {
            self.notes.add(key, note);
        }
    }

    /// Takes a frame that does not count, for a reason, and which [`Self::count_frames`] has counted.
    pub fn pass_by(&mut self, sighting: Sighting, why: Undecoded) {
        self.tally.pass_by(sighting, why);
    }

    /// Takes a packet unless it is a copy; one that may turn out to be one later is held back by itself. `place` tells copies
    /// within the capturing device, as [`Copies::see`] has it.
    #[inline]
    fn take_at(&mut self, stamp: Stamp, packet: &Packet<'_>, place: u16) {
        match self.copies.see(stamp, packet, place) {
            Seen::Copy => self.tally.copies += 1,
            Seen::Fresh => self.absorb_packet(stamp, packet),
            Seen::Early(sight) => {
                let mut alone = Self::default();
                alone.absorb_packet(stamp, packet);
                self.copies.hold(Held { sight, alone });
            }
        }
    }

    /// Takes the packets that were held back, as far as it is known by now whether they are copies, or `all`.
    fn settle(&mut self, all: bool) {
        let chunks = std::mem::take(&mut self.chunks);
        if let Some(logged) = &mut self.logged {
            logged.settle_in(all, &chunks);
        }
        self.settle_in(all, &chunks);
        self.chunks = chunks;
    }

    fn settle_in(&mut self, all: bool, chunks: &Chunks) {
        let settled = self.copies.settle(all, |chunk| chunks.span_of(chunk));
        self.tally.copies += settled.copies;
        for alone in settled.fresh {
            self.merge_evidence(alone);
        }
    }

    /// Takes what was seen in packets; whose frames they are is counted elsewhere.
    fn merge_evidence(&mut self, other: Self) {
        self.dns.merge(other.dns);
        self.flows.merge(other.flows, &mut self.dns);
        for whole in self.fragments.merge(other.fragments) {
            self.absorb_wholes(Some(Box::new(whole)));
        }
        self.tally.merge(other.tally);
        self.links.merge(other.links);
        if !other.notes.is_empty() {
            self.notes.merge(other.notes);
        }
        self.comments.merge(other.comments);
        self.copies.merge(other.copies);
        match (&mut self.logged, other.logged) {
            (Some(mine), Some(theirs)) => mine.merge_evidence(*theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }

    /// Counts frames that capturing lost before they could be taken.
    pub const fn note_lost(&mut self, frames: u64) {
        self.tally.lost += frames;
    }

    /// Takes what a capture says beside its packets.
    pub fn note_beside(&mut self, beside: BesideTally) {
        self.tally.beside.merge(beside);
    }

    /// Frames by what became of them.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Which chunks of which inputs are in here.
    #[must_use]
    pub const fn chunks(&self) -> &Chunks {
        &self.chunks
    }

    /// Counts frames of a chunk, each of which is absorbed or passed by.
    pub fn count_frames(&mut self, (input, chunk): (u32, u32), frames: u64, span: TimeSpan) {
        self.chunks.add((input, chunk), ChunkInfo { frames, span });
    }

    /// Bytes of a chunk boundary that the fold knows and no frame shows: a chunk without frames still is a chunk.
    pub fn note_chunk(&mut self, input: u32, chunk: u32) {
        self.chunks.note(input, chunk);
    }

    fn absorb_packet(&mut self, stamp: Stamp, packet: &Packet<'_>) {
        let whole = self.absorb_one(stamp, packet);
        self.absorb_wholes(whole);
    }

    /// Takes a packet; gives the one whose last fragment it is.
    fn absorb_one(&mut self, stamp: Stamp, packet: &Packet<'_>) -> Option<Box<Whole>> {
        self.links.absorb(packet);
        for carrier in &packet.carriers {
            let from = Endpoint::new(carrier.source, carrier.source_port);
            let to = Endpoint::new(carrier.destination, carrier.destination_port);
            let (key, side) = FlowKey::of(from, to, Transport::Udp);
            self.flows.absorb_carrier(key, side, stamp, carrier, packet);
        }
        let ends = |source_port, destination_port| {
            (
                Endpoint::new(packet.source, source_port),
                Endpoint::new(packet.destination, destination_port),
            )
        };
        match &packet.segment {
            Segment::Tcp(segment) => {
                let (from, to) = ends(segment.source_port, segment.destination_port);
                let (key, side) = FlowKey::of(from, to, Transport::Tcp);
                self.flows
                    .absorb_tcp(key, side, stamp, packet, segment, &mut self.dns);
            }
            Segment::Udp(datagram) => {
                let (from, to) = ends(datagram.source_port, datagram.destination_port);
                let (key, side) = FlowKey::of(from, to, Transport::Udp);
                self.flows
                    .absorb_udp(key, side, stamp, packet, datagram, &mut self.dns);
            }
            Segment::Icmp(message) => self.absorb_icmp(stamp, packet, message),
            Segment::Other {
                protocol,
                source_port,
                destination_port,
                payload,
            } => {
                let (from, to) = ends(*source_port, *destination_port);
                let (key, side) = FlowKey::of(from, to, Transport::from_protocol(*protocol));
                self.flows
                    .absorb_plain(key, side, stamp, packet, payload.len() as u64);
            }
            Segment::Fragment(_) => self.tally.fragment(),
        }
        self.fragments.take(stamp, packet)
    }

    /// Takes a packet whose fragments are all there. What it tunnels may be the last fragment of another one, and so on: one
    /// after another, since an attacker can make a chain of them that no stack would hold.
    fn absorb_wholes(&mut self, first: Option<Box<Whole>>) {
        let mut next = first;
        while let Some(whole) = next {
            next = self.absorb_whole(&whole);
        }
    }

    /// Takes one of them; gives the next. The first fragment was counted when it came; what it carries was read only as
    /// far as it went.
    fn absorb_whole(&mut self, whole: &Whole) -> Option<Box<Whole>> {
        let first = whole.first_packet();
        let packet = decode_rejoined(&first, &whole.payload);
        if packet.tunnels.len() > first.tunnels.len() {
            return self.absorb_one(whole.stamp, &packet);
        }
        let (key, side) = stream_of(&packet)?;
        self.flows
            .absorb_rest(key, side, whole, &packet, &mut self.dns);
        None
    }

    fn absorb_icmp(&mut self, stamp: Stamp, packet: &Packet<'_>, message: &IcmpMessage<'_>) {
        let transport = if message.v6 {
            Transport::Icmpv6
        } else {
            Transport::Icmp
        };
        let (from, to) = (
            Endpoint::new(packet.source, message.id),
            Endpoint::new(packet.destination, message.id),
        );
        let (key, side) = FlowKey::of(from, to, transport);
        self.flows
            .absorb_plain(key, side, stamp, packet, message.payload.len() as u64);
        if let Some(quoted) = &message.quoted {
            let from = Endpoint::new(quoted.source, quoted.source_port);
            let to = Endpoint::new(quoted.destination, quoted.destination_port);
            let (key, side) = FlowKey::of(from, to, Transport::from_protocol(quoted.protocol));
            self.flows
                .absorb_icmp_error(key, side, stamp, packet, message, quoted);
        }
    }
}

/// The TCP or UDP flow that a packet belongs to, and who of it sent the packet.
fn stream_of(packet: &Packet<'_>) -> Option<(FlowKey, Side)> {
    let (ports, transport) = match &packet.segment {
        Segment::Tcp(segment) => (
            (segment.source_port, segment.destination_port),
            Transport::Tcp,
        ),
        Segment::Udp(datagram) => (
            (datagram.source_port, datagram.destination_port),
            Transport::Udp,
        ),
        _ => return None,
    };
    let from = Endpoint::new(packet.source, ports.0);
    let to = Endpoint::new(packet.destination, ports.1);
    Some(FlowKey::of(from, to, transport))
}

impl Observation {
    /// Takes the part of an input that follows, as if it had been absorbed by this one: what is held back waits on.
    pub(crate) fn join(&mut self, mut next: Self) {
        self.chunks.merge(std::mem::take(&mut next.chunks));
        self.merge_evidence(next);
    }
}

#[cfg(test)]
impl Observation {
    /// Takes a whole raw IP packet as the frame at a place, 0.1 ms behind the one before it.
    fn absorb_raw(&mut self, at: u32, packet: &[u8]) {
        let length = u32::try_from(packet.len()).unwrap_or(u32::MAX);
        let sighting = Sighting {
            stamp: Stamp {
                time: crate::model::CaptureTime::from_nanos(i64::from(at) * 100_000),
                frame: crate::model::FrameId::new(0, 0, at),
            },
            captured_length: length,
            wire_length: length,
            packet_mark: 0,
        };
        self.absorb(sighting, &crate::decode::decode(101, packet, length));
    }
}

impl Merge for Observation {
    fn merge(&mut self, other: Self) {
        self.join(other);
        self.settle(false);
    }
}
