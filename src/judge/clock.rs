//! Whether times can be believed: packets of a connection that are earlier than its opening show that they cannot.
//!
//! A clock was set back, or clocks of several captures differ. It is told by what packets say of their order themselves, so
//! that captures cut apart or joined in any order tell the same.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{BoxedList, CaptureTime, Endpoint, Merge, Transport};
use crate::observe::{Event, EventKind, Flow};

/// Waiting is told from this on, so clocks that differ by less prove no waiting wrong.
const APART: Duration = Duration::from_secs(1);
/// Sequence numbers by which a connection may go on behind what was captured of it.
const BEYOND: u32 = 1 << 20;

/// TCP flows whose opening was not seen, by their endpoints: they may hold packets of a connection whose opening stands in
/// another flow. Merges by union.
#[derive(Clone, Debug, Default)]
pub(super) struct Unopened<'a>(BTreeMap<(Endpoint, Endpoint), Vec<&'a Flow>>);

impl<'a> Unopened<'a> {
    pub(super) fn of(flows: &'a BoxedList<Flow>) -> Self {
        let mut unopened: BTreeMap<(Endpoint, Endpoint), Vec<&Flow>> = BTreeMap::new();
        for flow in tcp(flows).filter(|flow| !flow.opened) {
            unopened.entry(ends(flow)).or_default().push(flow);
        }
        Self(unopened)
    }
}

impl Merge for Unopened<'_> {
    fn merge(&mut self, other: Self) {
        for (ends, flows) in other.0 {
            let known = self.0.entry(ends).or_default();
            known.extend(flows);
            known.sort_by_key(|flow| (flow.span, flow.initiator));
        }
    }
}

/// TCP connections of which packets are earlier than their opening. Merges by sum and maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EarlyPackets {
    connections: u64,
    most: Duration,
}

impl EarlyPackets {
    /// Those that open in some flows, beside all that are `unopened`.
    pub(super) fn of(flows: &BoxedList<Flow>, unopened: &Unopened<'_>) -> Self {
        let mut found = Self::default();
        for flow in tcp(flows).filter(|flow| flow.opened) {
            let parts = match unopened.0.is_empty() {
                true => None,
                false => unopened.0.get(&ends(flow)),
            };
            let parts = parts.into_iter().flatten().copied();
            let Some(opening) = Opening::of(flow) else {
                continue;
            };
            let by = parts
                .chain([flow])
                .filter_map(|part| opening.earliest_in(part));
            let by = by.map(|at| opening.at.since(at)).max();
            if let Some(by) = by.filter(|by| *by >= APART) {
                found.connections += 1;
                found.most = found.most.max(by);
            }
        }
        found
    }

    /// How many, and by how much at the most; `None` without.
    pub(super) fn told(self) -> Option<(u64, Duration)> {
        (self.connections > 0).then_some((self.connections, self.most))
    }
}

impl Merge for EarlyPackets {
    fn merge(&mut self, other: Self) {
        self.connections += other.connections;
        self.most = self.most.max(other.most);
    }
}

fn tcp(flows: &BoxedList<Flow>) -> impl Iterator<Item = &Flow> {
    let flows = flows.iter();
    flows.filter(|flow| flow.transport == Transport::Tcp)
}

fn ends(flow: &Flow) -> (Endpoint, Endpoint) {
    let (a, b) = (flow.initiator, flow.responder);
    (a.min(b), a.max(b))
}

/// How a connection opened.
struct Opening {
    initiator: Endpoint,
    at: CaptureTime,
    isn: u32,
    /// How many sequence numbers behind it are the initiator's own of this connection.
    length: u32,
}

impl Opening {
    fn of(flow: &Flow) -> Option<Self> {
        let syn = flow.events_of(EventKind::Syn, true).next()?;
        let next = flow.out.next_sequence()?;
        Some(Self {
            initiator: flow.initiator,
            at: syn.stamp.time,
            isn: syn.sequence,
            length: next.wrapping_sub(syn.sequence).saturating_add(BEYOND),
        })
    }

    /// The earliest packet that can only have come behind it.
    fn earliest_in(&self, flow: &Flow) -> Option<CaptureTime> {
        let own_first = flow.initiator == self.initiator;
        let comes_behind = |event: &&Event| {
            let number = match (event.side() == flow.initiator_side) == own_first {
                true => event.sequence,
                false => event.acknowledgment,
            };
            let kinds = matches!(
                event.kind(),
                EventKind::SynAck | EventKind::Ack | EventKind::Data | EventKind::Fin
            );
            kinds && (1..=self.length).contains(&number.wrapping_sub(self.isn))
        };
        let times = flow.events.iter().filter(comes_behind);
        times.map(|event| event.stamp.time).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn what_was_set_back_merges_in_any_order() {
        let set_back = |connections, seconds| EarlyPackets {
            connections,
            most: Duration::from_secs(seconds),
        };
        hold(&[set_back(3, 5), set_back(1, 60), set_back(2, 7)]);
    }
}
