//! How a connection went, in the words of Zeek's `conn.log`: `conn_state` and `history`
//! (<https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html>).

use smallvec::SmallVec;

use super::run::{EventKind, FlowRecord};
use crate::model::{Side, Stamp, Transport, words};

words! {
    /// Zeek's `conn_state`.
    pub enum ConnState {
        /// Attempt seen, no reply.
        S0 = "S0",
        /// Established, not ended.
        S1 = "S1",
        /// Established, the originator asked to close, no reply to that.
        S2 = "S2",
        /// Established, the responder asked to close, no reply to that.
        S3 = "S3",
        /// Established and ended as it should; UDP: both sides spoke.
        SF = "SF",
        /// Attempt rejected.
        Rej = "REJ",
        /// Established, the originator aborted.
        Rsto = "RSTO",
        /// The responder aborted.
        Rstr = "RSTR",
        /// SYN, then RST from the originator; no SYN-ACK seen.
        Rstos0 = "RSTOS0",
        /// SYN-ACK, then RST from the responder; no SYN seen.
        Rstrh = "RSTRH",
        /// SYN, then FIN from the originator; no SYN-ACK seen.
        Sh = "SH",
        /// SYN-ACK, then FIN from the responder; no SYN seen. UDP: only the responder spoke.
        Shr = "SHR",
        /// No opening seen.
        Oth = "OTH",
    }
}

/// Where one endpoint of a TCP connection ended, in Zeek's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnEndpoint {
    Inactive,
    Partial,
    SynSent,
    SynAckSent,
    Established,
    Closed,
    Reset,
}

/// The state of a run whose initiator is `originator`.
#[must_use]
pub(super) fn conn_state(run: &FlowRecord, originator: Side, transport: Transport) -> ConnState {
    let responder = originator.other();
    match transport {
        Transport::Tcp => tcp_state(run, originator),
        _ => match (
            run.sides[originator.index()].packets > 0,
            run.sides[responder.index()].packets > 0,
        ) {
            (true, true) => ConnState::SF,
            (true, false) => ConnState::S0,
            (false, true) => ConnState::Shr,
            (false, false) => ConnState::Oth,
        },
    }
}

fn tcp_state(run: &FlowRecord, originator: Side) -> ConnState {
    let responder = originator.other();
    let (orig, resp) = (endpoint(run, originator), endpoint(run, responder));
    let quiet = |state| matches!(state, ConnEndpoint::Inactive | ConnEndpoint::Partial);
    let no_payload = run.sides.iter().all(|side| side.payload_bytes == 0);
    let asked = run.has(EventKind::Syn, originator);
    let answered = run.has(EventKind::SynAck, responder);
    let first_reset = |side| {
        run.events_of(EventKind::Rst, side)
            .next()
            .map(|reset| reset.stamp)
    };
    match (orig, resp) {
        (ConnEndpoint::SynSent, ConnEndpoint::Reset) if !answered => ConnState::Rej,
        (ConnEndpoint::Reset, ConnEndpoint::Reset) if asked && no_payload && !answered => {
            ConnState::Rej
        }
        // Whoever aborted first did; the other only answers.
        (ConnEndpoint::Reset, ConnEndpoint::Reset)
            if first_reset(originator) < first_reset(responder) =>
        {
            ConnState::Rsto
        }
        (orig, ConnEndpoint::Reset) if quiet(orig) => ConnState::Rstrh,
        (_, ConnEndpoint::Reset) => ConnState::Rstr,
        (ConnEndpoint::Reset, resp) if quiet(resp) => ConnState::Rstos0,
        (ConnEndpoint::Reset, _) => ConnState::Rsto,
        (ConnEndpoint::Closed, ConnEndpoint::Closed) => ConnState::SF,
        (ConnEndpoint::Closed, resp) if quiet(resp) => ConnState::Sh,
        (ConnEndpoint::Closed, _) => ConnState::S2,
        (orig, ConnEndpoint::Closed) if quiet(orig) => ConnState::Shr,
        (_, ConnEndpoint::Closed) => ConnState::S3,
        (ConnEndpoint::SynSent, ConnEndpoint::Inactive) => ConnState::S0,
        (ConnEndpoint::Established, ConnEndpoint::Established) => ConnState::S1,
        _ => ConnState::Oth,
    }
}

/// What a side's packets say of it. A handshake is complete once SYN and SYN-ACK were seen, as Zeek has it; where the SYN
/// was not captured, once the SYN-ACK was acknowledged or spoken on.
fn endpoint(run: &FlowRecord, side: Side) -> ConnEndpoint {
    let other = side.other();
    let (syn, syn_ack) = (
        run.has(EventKind::Syn, side),
        run.has(EventKind::SynAck, side),
    );
    if reset(run, side) {
        return ConnEndpoint::Reset;
    }
    if run.has(EventKind::Fin, side) {
        return ConnEndpoint::Closed;
    }
    let takes = |side| {
        let kinds = [EventKind::Syn, EventKind::Ack, EventKind::Data];
        kinds.into_iter().any(|kind| run.has(kind, side))
    };
    let established = run.has(EventKind::SynAck, other) && takes(side) || syn_ack && takes(other);
    if established {
        ConnEndpoint::Established
    } else if syn {
        ConnEndpoint::SynSent
    } else if syn_ack {
        ConnEndpoint::SynAckSent
    } else if run.sides[side.index()].packets > 0 {
        ConnEndpoint::Partial
    } else {
        ConnEndpoint::Inactive
    }
}

/// Whether the side aborted: a RST that is more than an echo after both sides have closed.
fn reset(run: &FlowRecord, side: Side) -> bool {
    let Some(reset) = run.events_of(EventKind::Rst, side).next() else {
        return false;
    };
    let closed = |side| {
        run.events_of(EventKind::Fin, side)
            .next()
            .is_some_and(|fin| fin.stamp < reset.stamp)
    };
    !(closed(side) && closed(side.other()))
}

/// Zeek's `history`: a letter at the first packet of each kind, upper case for the originator.
///
/// There are six kinds, each of two sides. Each flow has one, so it lies in the flow itself, with zeros behind the letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History([u8; 12]);

impl History {
    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let letters = self.0.split(|letter| *letter == 0).next();
        letters.map_or("", |letters| str::from_utf8(letters).unwrap_or(""))
    }
}

/// Of letters; what is not ASCII, and what comes behind the twelfth, is left out.
impl FromIterator<char> for History {
    fn from_iter<I: IntoIterator<Item = char>>(letters: I) -> Self {
        let mut history = Self::default();
        let letters = letters
            .into_iter()
            .filter_map(|letter| u8::try_from(letter).ok());
        let letters = letters.filter(u8::is_ascii_graphic);
        let places = history.0.iter_mut().zip(letters);
        places.for_each(|(place, letter)| *place = letter);
        history
    }
}

/// The history of a run.
#[must_use]
pub(super) fn history(run: &FlowRecord, originator: Side, transport: Transport) -> History {
    let mut first: SmallVec<[(Stamp, char); 12]> = SmallVec::new();
    let mut note = |stamp: Option<Stamp>, side: Side, letter: char| {
        if let Some(stamp) = stamp {
            let letter = if side == originator {
                letter.to_ascii_uppercase()
            } else {
                letter
            };
            first.push((stamp, letter));
        }
    };
    for side in [originator, originator.other()] {
        if transport == Transport::Tcp {
            for (kind, letter) in [
                (EventKind::Syn, 's'),
                (EventKind::SynAck, 'h'),
                (EventKind::Ack, 'a'),
                (EventKind::Data, 'd'),
                (EventKind::Fin, 'f'),
                (EventKind::Rst, 'r'),
            ] {
                note(
                    run.events_of(kind, side).next().map(|event| event.stamp),
                    side,
                    letter,
                );
            }
        } else {
            note(
                run.sides[side.index()].span().map(|(start, _)| start),
                side,
                'd',
            );
        }
    }
    // A data packet that also closes counts as data first.
    first.sort_by_key(|(stamp, letter)| (*stamp, !letter.eq_ignore_ascii_case(&'d')));
    first.into_iter().map(|(_, letter)| letter).collect()
}
