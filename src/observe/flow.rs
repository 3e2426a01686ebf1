//! A flow with everything that a capture says of it.

use thin_vec::ThinVec;

use super::app::App;
use super::comments::Comment;
use super::conn_state::{ConnState, History};
use super::device::DeviceSaid;
use super::exchange::Exchange;
use super::flow_name::Name;
use super::handshake::TlsMark;
use super::run::{Event, EventKind};
use super::side::SideEvidence;
use super::stream::StreamFact;
use super::window::ClosedWindow;
use crate::model::{Endpoint, Side, Stamp, Transport, Tunnel, TunnelKind};

/// A flow's place in [`super::Capture::flows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowId(pub u32);

/// A flow with everything that the capture says of it.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Who opened.
    pub initiator: Endpoint,
    /// Who was addressed.
    pub responder: Endpoint,
    /// What runs on IP.
    pub transport: Transport,
    /// Whether the opening was seen; otherwise the direction is inferred.
    pub opened: bool,
    /// First and last packet.
    pub span: (Stamp, Stamp),
    /// Zeek's state.
    pub conn_state: ConnState,
    /// Zeek's history.
    pub history: History,
    /// What the initiator sent.
    pub out: SideEvidence,
    /// What the responder sent.
    pub back: SideEvidence,
    /// Application, told by content.
    pub app: App,
    /// Names, best source first, then newest first.
    pub names: ThinVec<Name>,
    /// Packets kept one by one, ascending.
    pub events: ThinVec<Event>,
    /// Which [`Event::side`] is the initiator's.
    pub initiator_side: Side,
    /// What the streams said in clear, ascending: when, whether the initiator said it, what.
    pub facts: ThinVec<(Stamp, bool, StreamFact)>,
    /// Steps of TLS handshakes, ascending.
    pub tls: ThinVec<TlsMark>,
    /// What the initiator asked for in clear, request by request, ascending.
    pub exchanges: ThinVec<Exchange>,
    /// VLAN stacks.
    pub vlans: ThinVec<Vec<u16>>,
    /// Tunnel stacks.
    pub tunnels: ThinVec<Vec<Tunnel>>,
    /// The token by which this connection joins another one as a further path (RFC 8684 section 3.2).
    pub joins: Option<u32>,
    /// The token by which others join this one: the responder's.
    pub token: Option<u32>,
    /// Where the initiator, and the responder, closed its receive window.
    pub closed_windows: Option<Box<[Option<ClosedWindow>; 2]>>,
    /// What devices said of its packets, ascending.
    pub device: ThinVec<DeviceSaid>,
    /// Whether records of a device's log are all that there is of it: what is not there is not missing.
    pub only_logged: bool,
    /// What was written to its packets, ascending.
    pub comments: ThinVec<Comment>,
}

impl Flow {
    /// Kept packets of a kind, by whether the initiator sent them (of ICMP errors: whether they quote its packets).
    pub fn events_of(&self, kind: EventKind, by_initiator: bool) -> impl Iterator<Item = &Event> {
        let (side, sent) = match by_initiator {
            true => (self.initiator_side, &self.out),
            false => (self.initiator_side.other(), &self.back),
        };
        // Most kinds are not there, and are asked for again and again.
        let events = match sent.kinds & kind.bit() {
            0 => &[],
            _ => &self.events[..],
        };
        events.iter().filter(move |event| event.is(kind, side))
    }

    /// Whether samples of packets (sFlow) are all that there is of it.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        let kinds = self.tunnels.iter().filter_map(|stack| stack.first());
        self.only_logged
            && kinds
                .into_iter()
                .any(|outermost| outermost.kind == TunnelKind::Sflow)
    }

    /// Names that the initiator itself said in this flow.
    pub fn said_names(&self) -> impl Iterator<Item = &Name> {
        self.names
            .iter()
            .filter(|name| name.source.is_said_by_initiator())
    }

    /// The responder's closed window, where it did not open any more: RSTs, whose windows say nothing, aside.
    #[must_use]
    pub fn stays_closed(&self) -> Option<ClosedWindow> {
        let [_, closed] = **self.closed_windows.as_ref()?;
        let closed = closed?;
        let (_, last) = self.back.span()?;
        let reset = self.events_of(EventKind::Rst, false).next();
        let over = closed.last == last || reset.is_some_and(|reset| reset.stamp > closed.last);
        over.then_some(closed)
    }

    /// Whether the initiator sent a ClientHello with an encrypted part (ECH, real or not): then the name in clear may
    /// be an outer one only.
    #[must_use]
    pub fn has_encrypted_hello(&self) -> bool {
        let own = self.facts.iter().filter(|(_, own, _)| *own);
        own.map(|(.., fact)| fact).any(|fact| {
            matches!(
                fact,
                StreamFact::ClientHello {
                    encrypted: true,
                    ..
                }
            )
        })
    }

    /// What the initiator's hellos call the key that they are encrypted with.
    pub fn key_ids(&self) -> impl Iterator<Item = u8> {
        let own = self.facts.iter().filter(|(_, own, _)| *own);
        own.filter_map(|(.., fact)| match fact {
            StreamFact::ClientHello { key_id, .. } => *key_id,
            _ => None,
        })
    }

    /// The application's name, where the content told it.
    #[must_use]
    pub fn app_name(&self) -> Option<&'static str> {
        self.app.name()
    }
}
