//! How far a TLS handshake came, as far as packets show it.

use crate::model::Stamp;
use crate::observe::{Event, EventKind, Flow, TlsMark, TlsStep};

/// The smallest record that a Finished of TLS 1.3 fits in: header, message (RFC 8446 section 4.4.4), type, tag.
const FINISHED: u32 = 5 + 4 + 32 + 1 + 16;
/// The smallest answer of a client up to TLS 1.2: ChangeCipherSpec and Finished behind their headers.
const CHANGED: u32 = 6 + 5 + 16;

/// The steps of one handshake, from the client's hello on.
#[derive(Debug)]
pub(super) struct Ladder {
    /// The first ClientHello.
    pub(super) hello: TlsMark,
    /// The server asks for another one.
    pub(super) retry: Option<TlsMark>,
    /// The other one.
    pub(super) second: Option<TlsMark>,
    /// The ServerHello.
    pub(super) server: Option<TlsMark>,
    /// The version that it chooses.
    pub(super) version: u16,
    /// What the client says behind its last hello.
    pub(super) answers: Vec<TlsMark>,
    /// Whether the client said something encrypted before the server had answered.
    pub(super) early: bool,
    /// Whether the server changed its keys (up to TLS 1.2), or sent data with them.
    changed_back: bool,
    /// Whether the server sent application data (up to TLS 1.2).
    data_back: bool,
    /// Sequence number behind the last byte that the client said.
    client_end: u32,
    /// Sequence number behind the last byte that the server said.
    pub(super) server_end: Option<u32>,
    /// What the client had acknowledged when it said hello: where the server's answer starts.
    pub(super) base: Option<u32>,
}

/// How far `a` lies behind `b`, 0 where it does not.
pub(super) const fn behind(a: u32, b: u32) -> u32 {
    let length = a.wrapping_sub(b);
    if length < 1 << 31 { length } else { 0 }
}

impl Ladder {
    /// The handshake that begins with the first ClientHello at or after `since`; `None` without one.
    pub(super) fn of(flow: &Flow, since: Stamp) -> Option<Self> {
        let own = |mark: &&TlsMark| mark.side == flow.initiator_side;
        let marks = || flow.tls.iter().filter(|mark| mark.stamp >= since);
        let client = || marks().filter(own);
        let server = || marks().filter(|mark| mark.side != flow.initiator_side);
        let hello = *client().find(|mark| mark.step == TlsStep::ClientHello)?;
        let after = |mark: &&TlsMark| mark.stamp >= hello.stamp;
        let retry = server().filter(after).find(|m| m.step == TlsStep::Retry);
        let second = client()
            .find(|mark| mark.step == TlsStep::ClientHello && behind(mark.start, hello.start) > 0);
        let chosen = server().filter(after).find_map(|mark| match mark.step {
            TlsStep::ServerHello(version) => Some((*mark, version)),
            _ => None,
        });
        let last = second.map_or(hello, |second| *second);
        let answers: Vec<TlsMark> = client()
            .filter(|mark| mark.start.wrapping_sub(last.end) < 1 << 31)
            .copied()
            .collect();
        let early = answers.iter().any(|mark| {
            mark.step == TlsStep::Data && chosen.is_none_or(|(server, _)| mark.stamp < server.stamp)
        });
        let back = |step: TlsStep| server().filter(after).any(|mark| mark.step == step);
        Some(Self {
            hello,
            retry: retry.copied(),
            second: second.copied(),
            server: chosen.map(|(mark, _)| mark),
            version: chosen.map_or(0, |(_, version)| version),
            answers,
            early,
            changed_back: back(TlsStep::CipherChange) || back(TlsStep::Finished),
            data_back: back(TlsStep::Data),
            client_end: client_end(flow).unwrap_or(last.end),
            server_end: server_end(flow),
            base: data_at(flow, hello.start).map(|event| event.acknowledgment),
        })
    }

    /// The ClientHello that the server has to answer.
    pub(super) fn last_hello(&self) -> TlsMark {
        self.second.unwrap_or(self.hello)
    }

    /// How many bytes the client said behind its last hello.
    pub(super) fn said(&self) -> u32 {
        behind(self.client_end, self.last_hello().end)
    }

    /// Whether the last byte that the client said is part of a record that began before a moment.
    pub(super) fn said_all_before(&self, moment: Stamp) -> bool {
        let earlier = self.answers.iter().filter(|mark| mark.stamp < moment);
        let mut ends = earlier.map(|mark| behind(self.client_end, mark.end));
        ends.any(|more| more == 0)
    }

    /// Whether all of the client's side of the handshake is there: the key exchange of TLS 1.2, Finished of TLS 1.3.
    pub(super) fn client_is_through(&self) -> bool {
        match self.version {
            0x0304 => {
                self.said() >= FINISHED
                    || self.answers.iter().any(|mark| {
                        mark.step == TlsStep::Data && behind(mark.end, mark.start) >= FINISHED
                    })
            }
            _ => self.said() >= CHANGED,
        }
    }

    /// Whether the handshake is over for both sides, as far as packets tell.
    pub(super) fn is_over(&self, flow: &Flow) -> bool {
        let server = match self.version {
            0x0304 => true,
            _ => self.changed_back || self.data_back || self.answered_on(flow),
        };
        self.client_is_through() && server
    }

    /// Whether the server said more after the client's answer: records of it may be missing.
    fn answered_on(&self, flow: &Flow) -> bool {
        let answer = self.answers.first();
        let event = answer.and_then(|answer| data_at(flow, answer.start));
        matches!((event, self.server_end), (Some(event), Some(end))
            if behind(end, event.acknowledgment) > 0)
    }

    /// Whether anything but the handshake was said by the client: data, or the alert that closes in good order.
    pub(super) fn used(&self) -> bool {
        if self.version < 0x0304 && self.data_back {
            return true;
        }
        let handshake = match self.version {
            0x0304 => self.answers.iter().find(|m| m.step == TlsStep::Data),
            _ => self.answers.iter().find(|m| m.step == TlsStep::Finished),
        };
        // Where the records are not there to be read, nothing says that it was not.
        handshake.is_none_or(|finished| behind(self.client_end, finished.end) > 0)
    }

    /// Bytes that the server said and the client never acknowledged.
    pub(super) fn unheard(&self, flow: &Flow) -> u32 {
        match (self.server_end, flow.out.highest_ack()) {
            (Some(end), Some(heard)) => behind(end, heard),
            _ => 0,
        }
    }
}

/// The first packet with data that covers a place of the initiator's.
pub(super) fn data_at(flow: &Flow, place: u32) -> Option<&Event> {
    flow.events_of(EventKind::Data, true)
        .find(|event| place.wrapping_sub(event.sequence) < event.length)
}

fn client_end(flow: &Flow) -> Option<u32> {
    match flow.events_of(EventKind::Fin, true).next() {
        Some(fin) => Some(fin.sequence.wrapping_add(fin.length)),
        None => flow.out.next_sequence(),
    }
}

/// Behind the last byte that the responder said; resets may carry any sequence number.
fn server_end(flow: &Flow) -> Option<u32> {
    if let Some(fin) = flow.events_of(EventKind::Fin, false).next() {
        return Some(fin.sequence.wrapping_add(fin.length));
    }
    if flow.events_of(EventKind::Rst, false).next().is_none() {
        return flow.back.next_sequence();
    }
    let first = flow.events_of(EventKind::Data, false).next()?.sequence;
    let ends = flow.events_of(EventKind::Data, false);
    ends.map(|event| event.sequence.wrapping_add(event.length))
        .max_by_key(|end| end.wrapping_sub(first))
}
