//! Whether times can be believed: packets of a connection that are earlier than its opening show that they cannot.
//!
//! A clock was set back, or clocks of several captures differ. It is told by what packets say of their order themselves, so
//! that captures cut apart or joined in any order tell the same.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{CaptureTime, Endpoint, Transport};
use crate::observe::{Capture, Event, EventKind, Flow};

/// Waiting is told from this on, so clocks that differ by less prove no waiting wrong.
const APART: Duration = Duration::from_secs(1);
/// Sequence numbers by which a connection may go on behind what was captured of it.
const BEYOND: u32 = 1 << 20;

/// TCP connections of which packets are earlier than their opening: how many, and by how much at the most. `None` without.
pub(super) fn set_back(capture: &Capture) -> Option<(u64, Duration)> {
    let tcp = || {
        let flows = capture.flows.iter();
        flows.filter(|flow| flow.transport == Transport::Tcp)
    };
    let mut unopened: BTreeMap<(Endpoint, Endpoint), Vec<&Flow>> = BTreeMap::new();
    for flow in tcp().filter(|flow| !flow.opened) {
        unopened.entry(ends(flow)).or_default().push(flow);
    }
    let mut found: Option<(u64, Duration)> = None;
    for flow in tcp().filter(|flow| flow.opened) {
        let parts = match unopened.is_empty() {
            true => None,
            false => unopened.get(&ends(flow)),
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
            let (flows, most) = found.unwrap_or_default();
            found = Some((flows + 1, most.max(by)));
        }
    }
    found
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
