//! The evidence of one run: packets of one 5-tuple from one opening, or without one.
//!
//! Everything in here merges by sum, minimum, maximum, OR or bounded union. What a connection "was" is worked out
//! later from the whole.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::app::App;
use super::comments::Comment;
use super::device::DeviceNote;
use super::exchange::Talk;
use super::handshake::{MAX_MARKS, TlsMark};
use super::path::ConnectionIds;
use super::quic::QuicEvidence;
use super::side::{SideEvidence, Sizes, both};
use super::stream::{Stream, StreamFact};
use super::window::ClosedWindow;
use crate::decode::{Multipath, Packet};
use crate::model::{FlowKey, Fqdn, FrameId, Merge, Side, Stamp, Tunnel};

/// What identifies a TCP connection among those of one 5-tuple: who sent the SYN, with which sequence number.
/// A SYN-ACK tells the same of the other side by what it acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Opening {
    /// The side that opened.
    pub side: Side,
    /// Its initial sequence number.
    pub isn: u32,
}

impl Opening {
    /// Whether this is the opening that an answer acknowledges, where the SYN carried `data` bytes.
    #[must_use]
    pub(super) fn is_answered_as(self, answer: Self, data: u32) -> bool {
        self.side == answer.side && answer.isn.wrapping_sub(self.isn) <= data
    }

    /// The one that the other may be an answer to.
    fn first(self, other: Self) -> Self {
        if is_after(self.isn, other.isn) {
            other
        } else {
            self
        }
    }
}

/// The kinds of packets that are kept one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EventKind {
    /// SYN without ACK.
    Syn,
    /// SYN with ACK.
    SynAck,
    /// The first pure ACK.
    Ack,
    /// The first packets with payload.
    Data,
    /// FIN.
    Fin,
    /// RST.
    Rst,
    /// An ICMP error that quotes a packet of the side it is put to.
    IcmpError,
}

impl EventKind {
    /// How many of a kind are kept per side: the earliest ones. Enough to count retries and to see what comes first.
    const fn bound(self) -> usize {
        match self {
            Self::Syn => 8,
            Self::SynAck | Self::Rst | Self::IcmpError | Self::Data => 4,
            Self::Fin => 2,
            Self::Ack => 1,
        }
    }

    /// Its place in [`SideEvidence::kinds`].
    pub(super) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A packet that is kept by itself. There are a dozen for each flow, so what only few have lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Event {
    /// When and where.
    pub stamp: Stamp,
    pub(super) mark: EventMark,
    /// Sequence number; of an ICMP error the quoted one, 0 where none is quoted.
    pub sequence: u32,
    /// Acknowledgement number, 0 without the flag.
    pub acknowledgment: u32,
    /// Payload bytes.
    pub length: u32,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: u16,
    /// Of an ICMP error: type and code, and who sent it.
    pub icmp: Option<Box<IcmpDetail>>,
}

/// What an event is and which side it is put to, in one byte: with two an event would take 48 bytes and not 40.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(EventKind, Side)", into = "(EventKind, Side)")]
pub(super) struct EventMark(u8);

impl From<(EventKind, Side)> for EventMark {
    fn from((kind, side): (EventKind, Side)) -> Self {
        Self((kind as u8) << 1 | side as u8)
    }
}

impl From<EventMark> for (EventKind, Side) {
    fn from(mark: EventMark) -> Self {
        let kind = match mark.0 >> 1 {
            0 => EventKind::Syn,
            1 => EventKind::SynAck,
            2 => EventKind::Ack,
            3 => EventKind::Data,
            4 => EventKind::Fin,
            5 => EventKind::Rst,
            _ => EventKind::IcmpError,
        };
        let side = if mark.0 & 1 == 0 {
            Side::Low
        } else {
            Side::High
        };
        (kind, side)
    }
}

impl std::fmt::Debug for EventMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        <(EventKind, Side)>::from(*self).fmt(f)
    }
}

impl Event {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        <(EventKind, Side)>::from(self.mark).0
    }

    /// Who sent it; of an ICMP error, whose packet it quotes.
    #[must_use]
    pub fn side(&self) -> Side {
        <(EventKind, Side)>::from(self.mark).1
    }

    /// Whether it is of a kind and from a side.
    #[inline]
    #[must_use]
    pub fn is(&self, kind: EventKind, side: Side) -> bool {
        self.mark == EventMark::from((kind, side))
    }
}

/// What an ICMP error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IcmpDetail {
    /// Whether this is ICMPv6.
    pub v6: bool,
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Who sent the error: the device that says no.
    pub from: std::net::IpAddr,
    /// Whether it quotes a TCP sequence number (then it is in `sequence`).
    pub quotes_sequence: bool,
}

/// Where a name in a flow's own bytes stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum SaidBy {
    /// TLS ClientHello.
    TlsSni,
    /// QUIC Initial.
    QuicSni,
    /// HTTP Host or absolute URI.
    HttpHost,
    /// HTTP CONNECT target.
    HttpConnect,
    /// Server certificate.
    Certificate,
}

/// A name that stood in a flow's own bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct SaidName {
    /// When and where it was first said.
    pub stamp: Stamp,
    /// Where it stood.
    pub by: SaidBy,
    /// Who said it.
    pub side: Side,
    /// The name.
    pub fqdn: Fqdn,
    /// The port said with it, 0 where none was.
    pub port: u16,
}

/// What a stream said in clear: when and where it began, whether the higher side said it, and what. A flow has the same
/// list, which then says whether the initiator did.
pub(super) type TimedFact = (Stamp, bool, StreamFact);

/// What few flows have, kept out of the way of those that have it not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Extra {
    /// VLAN stacks that packets of the run came in.
    pub vlans: ThinVec<Vec<u16>>,
    /// Tunnel stacks that packets of the run came in: kind and number, outermost first.
    pub tunnels: ThinVec<Vec<Tunnel>>,
    /// Where a side closed its receive window.
    pub closed: [Option<ClosedWindow>; 2],
    /// What a side's SYN or SYN-ACK said of Multipath TCP.
    pub paths: [Paths; 2],
    /// What devices said of packets. Known once the whole is.
    #[serde(skip)]
    pub device: Vec<DeviceNote>,
    /// Whether records of a device's log are all that there is. Known once the whole is.
    #[serde(skip)]
    pub only_logged: bool,
    /// What was written to packets. Known once the whole is.
    #[serde(skip)]
    pub comments: Vec<Comment>,
}

impl Extra {
    /// Takes that of another run, but for what is known once the whole is.
    fn merge(&mut self, other: Self) {
        let closed = self.closed.iter_mut().zip(other.closed);
        closed.for_each(|(mine, theirs)| *mine = both(*mine, theirs, ClosedWindow::and));
        let paths = self.paths.iter_mut().zip(other.paths);
        paths.for_each(|(mine, theirs)| *mine = mine.and(theirs));
        let vlans = other.vlans.into_iter();
        vlans.for_each(|stack| note_stack(&mut self.vlans, stack));
        let tunnels = other.tunnels.into_iter();
        tunnels.for_each(|stack| note_stack(&mut self.tunnels, stack));
    }
}

/// What one side said of Multipath TCP (RFC 8684); of several the smallest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paths {
    /// The token of its own key, by which others join.
    pub token: Option<u32>,
    /// The token of the connection that it joins.
    pub joins: Option<u32>,
    /// It agreed to a join.
    pub joined: bool,
}

impl Paths {
    fn and(self, other: Self) -> Self {
        Self {
            token: both(self.token, other.token, u32::min),
            joins: both(self.joins, other.joins, u32::min),
            joined: self.joined | other.joined,
        }
    }
}

/// A run as lists have it: there are very many, they are moved about, and each is large.
pub(super) type KeptRun = Box<FlowRecord>;

/// Packets of one 5-tuple that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FlowRecord {
    /// The 5-tuple.
    pub key: FlowKey,
    /// The TCP opening, where it was seen.
    pub opening: Option<Opening>,
    /// Bytes that the SYN carried (RFC 7413); the answer acknowledges any part of them.
    pub syn_data: u32,
    /// The opening that the only packets in here answer, where it was not seen with them.
    pub hint: Option<Opening>,
    /// First and last packet or ICMP error.
    pub span: (Stamp, Stamp),
    /// What each side sent.
    pub sides: [SideEvidence; 2],
    /// Packets kept one by one, ascending.
    pub events: ThinVec<Event>,
    /// Names in the flow's own bytes, ascending.
    pub names: ThinVec<SaidName>,
    /// Applications told by content.
    pub app: App,
    /// Which sides spoke as only a client does (ClientHello, request, query) or to whom only a server answers.
    pub clients: [bool; 2],
    /// What the streams said in clear, ascending.
    pub facts: ThinVec<TimedFact>,
    /// Steps of TLS handshakes, ascending.
    pub tls: ThinVec<TlsMark>,
    /// Requests and answers one by one, if any.
    pub talk: Option<Box<Talk>>,
    /// Opening bytes and what was read from them, by side.
    pub streams: [Option<Box<Stream>>; 2],
    /// QUIC handshakes, if any.
    pub quic: Option<Box<QuicEvidence>>,
    /// Connection ids of QUIC, if any.
    pub ids: Option<Box<ConnectionIds>>,
    /// VLANs and tunnels, if any.
    pub extra: Option<Box<Extra>>,
    /// Whether items were dropped at a bound.
    pub cut: bool,
    /// Of which kinds of events from each side as many are kept as ever are; as far as it has been noticed.
    #[serde(skip)]
    full: [u8; 2],
    /// Whose stream has nothing to say any more, as far as it has been noticed: spares a look at the stream itself.
    #[serde(skip)]
    pub settled: [bool; 2],
}

impl FlowRecord {
    /// The most names kept of a run: the earliest.
    const MAX_NAMES: usize = 32;
    /// The most facts kept of a run: the earliest.
    const MAX_FACTS: usize = 16;
    /// The most VLAN or tunnel stacks kept of a run.
    const MAX_STACKS: usize = 4;

    /// A run without packets yet.
    #[must_use]
    pub(super) fn new(key: FlowKey, opening: Option<Opening>, stamp: Stamp) -> Self {
        Self {
            key,
            opening,
            syn_data: 0,
            hint: None,
            span: (stamp, stamp),
            sides: Default::default(),
            events: ThinVec::new(),
            names: ThinVec::new(),
            app: App::default(),
            clients: [false; 2],
            facts: ThinVec::new(),
            tls: ThinVec::new(),
            talk: None,
            streams: Default::default(),
            quic: None,
            ids: None,
            extra: None,
            cut: false,
            full: [0; 2],
            settled: [false; 2],
        }
    }

    /// Counts a packet.
    pub(super) fn count(&mut self, side: Side, stamp: Stamp, packet: &Packet<'_>, payload: u64) {
        let sizes = Sizes {
            ip_length: packet.ip_length,
            payload,
        };
        self.count_in(side, stamp, sizes, &packet.vlans, &packet.tunnels);
    }

    /// Counts a packet that came in some VLANs and tunnels.
    pub(super) fn count_in(
        &mut self,
        side: Side,
        stamp: Stamp,
        sizes: Sizes,
        vlans: &[u16],
        tunnels: &[Tunnel],
    ) {
        self.extend(stamp);
        self.sides[side.index()].count(stamp, sizes);
        if !vlans.is_empty() || !tunnels.is_empty() {
            self.note_layers(vlans, tunnels);
        }
    }

    /// Counts payload of a packet that was counted before without it.
    pub(super) fn count_rest(&mut self, side: Side, payload: u64) {
        let evidence = &mut self.sides[side.index()];
        evidence.bytes += payload;
        evidence.payload_bytes += payload;
    }

    /// Makes a side that has been counted begin no later than a moment.
    pub(super) fn begin(&mut self, side: Side, stamp: Stamp) {
        self.extend(stamp);
        let first = &mut self.sides[side.index()].ends.0;
        *first = stamp.min(*first);
    }

    /// Notes sequence space: what `side` has sent, from the first number up to the one before `sent.1`, and has
    /// acknowledged.
    pub(super) fn sequence(&mut self, side: Side, sent: (u32, u32), ack: Option<u32>) {
        self.sides[side.index()].note_numbers(sent, ack);
    }

    /// Notes a packet of `side` that closes its receive window.
    #[cold]
    pub(super) fn close_window(&mut self, side: Side, stamp: Stamp) {
        let closed = &mut self.extra.get_or_insert_default().closed[side.index()];
        *closed = both(*closed, Some(ClosedWindow::at(stamp)), ClosedWindow::and);
    }

    /// Notes what a side says of Multipath TCP.
    #[cold]
    pub(super) fn note_paths(&mut self, side: Side, said: Multipath) {
        let mut new = Paths::default();
        match said {
            Multipath::Capable { token } => new.token = Some(token),
            Multipath::Join { token } => new.joins = Some(token),
            Multipath::Joined => new.joined = true,
        }
        let paths = &mut self.extra.get_or_insert_default().paths[side.index()];
        *paths = paths.and(new);
    }

    /// How far a moment lies outside of the run, the earliest run first where several are as near.
    pub(super) fn away_from(&self, stamp: Stamp) -> (Duration, Stamp) {
        let (first, last) = self.span;
        let away = first
            .time
            .since(stamp.time)
            .max(stamp.time.since(last.time));
        (away, first)
    }

    /// Makes the span cover a moment.
    pub(super) fn extend(&mut self, stamp: Stamp) {
        // As with nearly all packets.
        if stamp > self.span.1 {
            self.span.1 = stamp;
        } else if stamp < self.span.0 {
            self.span.0 = stamp;
        }
    }

    /// Whether a packet that is later than all so far would not be kept by itself. Quick: may say no where it is so.
    #[inline]
    pub(super) const fn has_enough(&self, kind: EventKind, side: Side) -> bool {
        self.full[side.index()] & kind.bit() != 0
    }

    /// Keeps a packet by itself, unless there are enough earlier ones of its kind.
    pub(super) fn keep(&mut self, event: Event) {
        let (kind, side) = (event.kind(), event.side());
        let first_of_kind = self.sides[side.index()].kinds & kind.bit() == 0;
        if !first_of_kind && self.full_before(&event) {
            self.full[side.index()] |= kind.bit();
            return;
        }
        self.sides[side.index()].kinds |= kind.bit();
        insert(&mut self.events, event);
        self.trim_events(kind, side);
    }

    /// Keeps a name.
    pub(super) fn say(&mut self, name: SaidName) {
        let same = |n: &SaidName| {
            n.by == name.by && n.side == name.side && n.fqdn == name.fqdn && n.port == name.port
        };
        match self.names.iter().position(same) {
            Some(i) if self.names[i].stamp <= name.stamp => return,
            Some(i) => drop(self.names.remove(i)),
            None => {}
        }
        insert(&mut self.names, name);
        if self.names.len() > Self::MAX_NAMES {
            self.names.truncate(Self::MAX_NAMES);
            self.cut = true;
        }
    }

    /// Keeps what a stream said, the earliest of equal facts.
    pub(super) fn tell(&mut self, fact: TimedFact) {
        let same = |known: &TimedFact| (known.1, &known.2) == (fact.1, &fact.2);
        match self.facts.iter().position(same) {
            Some(i) if self.facts[i].0 <= fact.0 => return,
            Some(i) => drop(self.facts.remove(i)),
            None => {}
        }
        insert(&mut self.facts, fact);
        if self.facts.len() > Self::MAX_FACTS {
            self.facts.truncate(Self::MAX_FACTS);
            self.cut = true;
        }
    }

    /// Keeps a step of a TLS handshake, the earliest of equal ones.
    pub(super) fn mark(&mut self, mark: TlsMark) {
        let same = |m: &TlsMark| (m.side, m.step, m.start) == (mark.side, mark.step, mark.start);
        match self.tls.iter().position(same) {
            Some(i) if self.tls[i].stamp <= mark.stamp => {
                self.tls[i].end = self.tls[i].end.max(mark.end);
                return;
            }
            Some(i) => drop(self.tls.remove(i)),
            None => {}
        }
        insert(&mut self.tls, mark);
        self.tls.truncate(MAX_MARKS);
    }

    /// Whether packets less than `idle` after this run's end belong to it.
    #[must_use]
    pub(super) fn reaches(&self, stamp: Stamp, idle: Duration) -> bool {
        // In nanoseconds, which costs no division: asked for each packet.
        let silent = i128::from(stamp.time.as_nanos()) - i128::from(self.span.1.time.as_nanos());
        u128::try_from(silent).unwrap_or(0) <= idle.as_nanos()
    }

    /// Whether any side sent data. What has none may answer for a connection that its host still holds for open, when
    /// another one of these ports has begun.
    #[must_use]
    pub(super) fn has_payload(&self) -> bool {
        self.sides.iter().any(|side| side.payload_bytes > 0)
    }

    /// Whether a later part of the capture goes on in the sequence space where this run ends. Connections of one
    /// 5-tuple start far apart in it.
    #[must_use]
    pub(super) fn is_continued_by(&self, later: &Self) -> bool {
        self.sides.iter().zip(&later.sides).any(|(mine, theirs)| {
            matches!((mine.sent(), theirs.sent()), (Some(mine), Some(theirs))
                if mine.has(theirs.first()))
        })
    }

    /// As [`Self::is_continued_by`], of both sides at once.
    #[must_use]
    pub(super) fn is_gone_on_by(&self, later: &Self) -> bool {
        self.sides.iter().zip(&later.sides).all(|(mine, theirs)| {
            matches!((mine.sent(), theirs.sent()), (Some(mine), Some(theirs))
                if mine.has(theirs.first()))
        })
    }

    /// Whether both are of one opening, of which one may know only the answer.
    #[must_use]
    pub(super) fn opens_as(&self, other: &Self) -> bool {
        match (self.opening, other.opening) {
            (Some(mine), Some(theirs)) => {
                mine.is_answered_as(theirs, self.syn_data)
                    || theirs.is_answered_as(mine, other.syn_data)
            }
            _ => false,
        }
    }

    /// Whether the packets in here answer the opening of `other`, or the same one as its.
    #[must_use]
    pub(super) fn answers(&self, other: &Self) -> bool {
        match (self.hint, other.opening) {
            (Some(hint), Some(opening)) => opening.is_answered_as(hint, other.syn_data),
            (hint, None) => hint.is_some() && hint == other.hint,
            (None, _) => false,
        }
    }

    /// Takes all of another run of the same 5-tuple.
    pub(super) fn merge(&mut self, other: Self) {
        self.opening = match (self.opening, other.opening) {
            (Some(mine), Some(theirs)) if mine.side == theirs.side => Some(mine.first(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        self.syn_data = self.syn_data.max(other.syn_data);
        self.hint = self.hint.filter(|hint| other.hint == Some(*hint));
        self.span = (self.span.0.min(other.span.0), self.span.1.max(other.span.1));
        self.app.insert(other.app);
        self.cut |= other.cut;
        self.full = [0; 2];
        self.settled = [false; 2];
        let [low, high] = other.sides;
        self.sides[0].merge(low);
        self.sides[1].merge(high);
        for event in other.events {
            let (kind, side) = (event.kind(), event.side());
            insert(&mut self.events, event);
            self.trim_events(kind, side);
        }
        other.names.into_iter().for_each(|name| self.say(name));
        other.facts.into_iter().for_each(|fact| self.tell(fact));
        other.tls.into_iter().for_each(|mark| self.mark(mark));
        if let Some(talk) = other.talk {
            self.talk.get_or_insert_default().merge(*talk);
        }
        self.clients = [
            self.clients[0] | other.clients[0],
            self.clients[1] | other.clients[1],
        ];
        for streams in [&self.streams, &other.streams] {
            date_marks(&mut self.tls, streams);
        }
        for (mine, theirs) in self.streams.iter_mut().zip(other.streams) {
            match (mine.as_mut(), theirs) {
                (Some(mine), Some(theirs)) => mine.merge(*theirs),
                (None, theirs) => *mine = theirs,
                (Some(_), None) => {}
            }
        }
        self.quic.merge(other.quic);
        match (self.ids.as_mut(), other.ids) {
            (Some(mine), Some(theirs)) => mine.merge(*theirs),
            (None, theirs) => self.ids = theirs,
            (Some(_), None) => {}
        }
        if let Some(extra) = other.extra {
            self.extra.get_or_insert_default().merge(*extra);
        }
    }

    /// The kept packets of a kind from a side, earliest first.
    pub(super) fn events_of(&self, kind: EventKind, side: Side) -> impl Iterator<Item = &Event> {
        let events = match self.has(kind, side) {
            true => &self.events[..],
            false => &[],
        };
        events.iter().filter(move |event| event.is(kind, side))
    }

    /// Whether a packet of a kind came from a side.
    #[must_use]
    pub(super) fn has(&self, kind: EventKind, side: Side) -> bool {
        self.sides[side.index()].kinds & kind.bit() != 0
    }

    /// Lets every frame's place be rewritten, as when inputs get other ordinals.
    pub(super) fn for_each_frame(&mut self, mut rewrite: impl FnMut(&mut FrameId)) {
        rewrite(&mut self.span.0.frame);
        rewrite(&mut self.span.1.frame);
        for side in self.sides.iter_mut().filter(|side| side.packets > 0) {
            rewrite(&mut side.ends.0.frame);
            rewrite(&mut side.ends.1.frame);
        }
        self.events
            .iter_mut()
            .for_each(|event| rewrite(&mut event.stamp.frame));
        self.names
            .iter_mut()
            .for_each(|name| rewrite(&mut name.stamp.frame));
        self.facts
            .iter_mut()
            .for_each(|(stamp, ..)| rewrite(&mut stamp.frame));
        self.tls
            .iter_mut()
            .for_each(|mark| rewrite(&mut mark.stamp.frame));
        if let Some(talk) = &mut self.talk {
            talk.for_each_frame(&mut rewrite);
        }
        for stream in self.streams.iter_mut().flatten() {
            stream.for_each_frame(&mut rewrite);
        }
        if let Some(quic) = &mut self.quic {
            quic.for_each_frame(&mut rewrite);
        }
        if let Some(extra) = &mut self.extra {
            let closed = extra.closed.iter_mut().flatten();
            closed.for_each(|closed| closed.for_each_frame(&mut rewrite));
        }
        if let Some(ids) = &mut self.ids {
            ids.for_each_frame(&mut rewrite);
        }
    }

    fn full_before(&self, event: &Event) -> bool {
        let mut kept = self.events_of(event.kind(), event.side());
        kept.nth(event.kind().bound() - 1)
            .is_some_and(|last| last < event)
    }

    fn trim_events(&mut self, kind: EventKind, side: Side) {
        let mut last = None;
        let mut count = 0;
        for (i, event) in self.events.iter().enumerate() {
            if event.is(kind, side) {
                count += 1;
                last = Some(i);
            }
        }
        if let (true, Some(i)) = (count > kind.bound(), last) {
            self.events.remove(i);
        }
    }

    fn note_layers(&mut self, vlans: &[u16], tunnels: &[Tunnel]) {
        let extra = self.extra.get_or_insert_default();
        if !vlans.is_empty() && !extra.vlans.iter().any(|v| v[..] == *vlans) {
            note_stack(&mut extra.vlans, vlans.to_vec());
        }
        if !tunnels.is_empty() && !extra.tunnels.iter().any(|t| t[..] == *tunnels) {
            note_stack(&mut extra.tunnels, tunnels.to_vec());
        }
    }
}

/// Bytes that wait in a stream may be an earlier sight of what was read from a retransmission in another part.
fn date_marks(marks: &mut ThinVec<TlsMark>, streams: &[Option<Box<Stream>>; 2]) {
    for (side, stream) in [Side::Low, Side::High].into_iter().zip(streams) {
        let waiting = stream.iter().flat_map(|stream| stream.waiting());
        for (start, length, stamp) in waiting {
            let within = |mark: &&mut TlsMark| {
                mark.side == side && mark.start.wrapping_sub(start) < length && stamp < mark.stamp
            };
            marks
                .iter_mut()
                .filter(within)
                .for_each(|mark| mark.stamp = stamp);
        }
    }
    marks.sort_unstable();
}

/// Whether `a` lies after `b` in serial order (RFC 1982 section 3.2).
#[must_use]
pub(super) fn is_after(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < 1 << 31
}

/// Puts an item into its place in an ascending list, once.
fn insert<T: Ord>(list: &mut ThinVec<T>, item: T) {
    if list.len() == list.capacity() {
        // There are very many of these lists. Most stay short, the others are of some dozen items, and one alone has none to
        // spare.
        const MORE: usize = 128;
        let more = if list.is_empty() {
            1
        } else {
            (MORE / size_of::<T>()).max(1)
        };
        list.reserve_exact(more);
    }
    if list.last().is_none_or(|last| *last < item) {
        list.push(item);
    } else if let Err(place) = list.binary_search(&item) {
        list.insert(place, item);
    }
}

fn note_stack<T: Ord>(stacks: &mut ThinVec<Vec<T>>, stack: Vec<T>) {
    insert(stacks, stack);
    stacks.truncate(FlowRecord::MAX_STACKS);
}
