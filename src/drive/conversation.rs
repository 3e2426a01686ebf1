//! Packets of flows, told by their 5-tuple and time.

use std::collections::HashMap;

use crate::decode::{Decoded, Packet, Segment, decode};
use crate::model::{Endpoint, FlowKey, Merge as _, TimeSpan, Transport};
use crate::source::Frame;

/// Some flows, each with the time in which its packets lie. Empty: no packet belongs to it.
#[derive(Clone, Debug, Default)]
pub struct Conversations {
    by_key: HashMap<FlowKey, Vec<TimeSpan>>,
    span: TimeSpan,
}

impl Conversations {
    /// Adds a flow.
    pub fn add(&mut self, from: Endpoint, to: Endpoint, transport: Transport, span: TimeSpan) {
        let (key, _) = FlowKey::of(from, to, transport);
        self.by_key.entry(key).or_default().push(span);
        self.span.merge(span);
    }

    /// Whether no flow was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Whether a frame holds a packet of one of the flows, or an ICMP error that quotes one. IP fragments other than
    /// the first have no ports and belong to none.
    #[must_use]
    pub fn holds(&self, frame: &Frame<'_>) -> bool {
        if frame.time < self.span.first || self.span.last < frame.time {
            return false;
        }
        let Decoded::Packet(packet) = decode(frame.link_type.0, frame.bytes, frame.wire_length)
        else {
            return false;
        };
        keys(&packet).into_iter().flatten().any(|key| {
            let spans = self.by_key.get(&key).into_iter().flatten();
            spans
                .into_iter()
                .any(|span| span.first <= frame.time && frame.time <= span.last)
        })
    }
}

/// The packet's own flow, and the one that it quotes.
fn keys(packet: &Packet<'_>) -> [Option<FlowKey>; 2] {
    let key = |ports: (u16, u16), transport| {
        let from = Endpoint::new(packet.source, ports.0);
        let to = Endpoint::new(packet.destination, ports.1);
        Some(FlowKey::of(from, to, transport).0)
    };
    match &packet.segment {
        Segment::Tcp(tcp) => [
            key((tcp.source_port, tcp.destination_port), Transport::Tcp),
            None,
        ],
        Segment::Udp(udp) => [
            key((udp.source_port, udp.destination_port), Transport::Udp),
            None,
        ],
        Segment::Icmp(message) => {
            let transport = if message.v6 {
                Transport::Icmpv6
            } else {
                Transport::Icmp
            };
            let quoted = message.quoted.as_ref().map(|quoted| {
                let from = Endpoint::new(quoted.source, quoted.source_port);
                let to = Endpoint::new(quoted.destination, quoted.destination_port);
                FlowKey::of(from, to, Transport::from_protocol(quoted.protocol)).0
            });
            [key((message.id, message.id), transport), quoted]
        }
        Segment::Other {
            protocol,
            source_port,
            destination_port,
            ..
        } => [
            key(
                (*source_port, *destination_port),
                Transport::from_protocol(*protocol),
            ),
            None,
        ],
        Segment::Fragment(_) => [None, None],
    }
}
