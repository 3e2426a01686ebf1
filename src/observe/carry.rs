//! What goes on beyond a moment, so that a capture of days can be reported in periods: flows that are not over, and
//! names that may still be in use. All else is left behind, which bounds memory.

use std::collections::BTreeSet;
use std::time::Duration;

use super::dns_log::{DnsFacts, DnsSeen};
use super::run::{EventKind, Run};
use super::{Observation, names};
use crate::model::{CaptureTime, FlowKey, FrameId, Side, Transport};

/// Late packets of a connection that has ended may come for so long.
const AFTERMATH: Duration = Duration::from_secs(10);
/// As long as an idle gap of [`super::flow_table`]: then the next packet is another flow.
const DATAGRAMS: Duration = Duration::from_secs(60);
/// A SYN without an answer is tried again for so long.
const OPENING: Duration = Duration::from_secs(300);
/// An open connection that was silent for longer is given up: heartbeats come more often.
const CONNECTION: Duration = Duration::from_secs(2 * 3600);
/// The longest that a name is kept, whatever its TTL.
const NAME: Duration = Duration::from_secs(24 * 3600);
/// A question waits for its answer for so long.
const QUESTION: Duration = Duration::from_secs(30);
/// The most flows and the most DNS messages that go on: the latest.
const MOST: usize = 200_000;

impl Observation {
    /// What goes on when this observation ends here. Frames keep their numbers; none is counted again.
    #[must_use]
    pub fn carry(&self) -> Self {
        let mut whole = self.clone();
        whole.settle(true);
        let end = whole.chunks.span().last;
        whole
            .flows
            .keep_latest(MOST, |key, run| goes_on(key, run, end));
        whole.dns.keep_latest(MOST, |seen| is_of_use(seen, end));
        let mut named = BTreeSet::new();
        let mut note = |frame: &mut FrameId| {
            named.insert(frame.chunk());
        };
        whole.flows.for_each_frame(&mut note);
        whole.dns.for_each_frame(&mut note);
        Self {
            chunks: whole.chunks.compressed(&named),
            flows: whole.flows,
            dns: whole.dns,
            ..Self::default()
        }
    }
}

fn goes_on(key: FlowKey, run: &Run, end: CaptureTime) -> bool {
    let silent = end.since(run.span.1.time);
    let most = match key.transport() {
        Transport::Tcp if is_over(run) => AFTERMATH,
        Transport::Tcp if run.sides.iter().all(|side| side.packets > 0) => CONNECTION,
        Transport::Tcp => OPENING,
        _ => DATAGRAMS,
    };
    silent <= most
}

/// Reset, or ended by both sides.
fn is_over(run: &Run) -> bool {
    let has = |kind, side| {
        let mut events = run.events.iter();
        events.any(|event| event.kind == kind && event.side == side)
    };
    let sides = [Side::Low, Side::High];
    sides.iter().any(|side| has(EventKind::Rst, *side))
        || sides.iter().all(|side| has(EventKind::Fin, *side))
}

fn is_of_use(seen: &DnsSeen, end: CaptureTime) -> bool {
    let age = end.since(seen.stamp.time);
    age <= if seen.facts.response {
        lifetime(&seen.facts).min(NAME)
    } else {
        QUESTION
    }
}

/// How long an answer may be in use: as long as the record that lives longest.
fn lifetime(facts: &DnsFacts) -> Duration {
    let longest = facts.records.iter().map(|record| record.ttl).max();
    Duration::from_secs(longest.unwrap_or(0).into()) + names::SLACK
}
