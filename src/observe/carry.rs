//! What goes on beyond a moment, so that a capture of days can be reported in periods: flows that are not over, and
//! names that may still be in use. All else is left behind, which bounds memory.

use std::collections::BTreeSet;
use std::time::Duration;

use super::dns_log::{DnsFacts, DnsSeen};
use super::run::{EventKind, FlowRecord};
use super::{Bound, Observation, names};
use crate::model::{CaptureTime, FrameId, Merge, Side, Transport};

/// Late packets of a connection that has ended may come for so long.
const AFTERMATH: Duration = Duration::from_secs(10);
/// As long as an idle gap of [`super::flow_table`]: then the next packet is another flow.
const DATAGRAMS: Duration = Duration::from_secs(60);
/// A SYN without an answer is tried again for so long.
const OPENING: Duration = Duration::from_secs(300);
/// A question waits for its answer for so long.
const QUESTION: Duration = Duration::from_secs(30);

/// How much goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarryLimits {
    /// The most flows, and the most DNS messages: the latest. What is cut away is counted in the tally.
    pub most: usize,
    /// An open connection that was silent for longer is given up.
    pub connection: Duration,
    /// The longest that a name is kept, whatever its TTL.
    pub name: Duration,
}

impl Default for CarryLimits {
    /// Heartbeats come more often than every two hours, and few names live longer than a day.
    fn default() -> Self {
        Self {
            most: 200_000,
            connection: Duration::from_secs(2 * 3600),
            name: Duration::from_secs(24 * 3600),
        }
    }
}

impl Observation {
    /// What goes on when this observation ends here. Frames keep their numbers; none is counted again.
    #[must_use]
    pub fn carry(&mut self, limits: CarryLimits) -> Self {
        let end = self.chunks.span().last;
        self.going_on(end, limits)
    }

    /// Lets go of what was over when the next period began, where this is what went on from the one before and nothing more.
    pub fn begin(&mut self, at: CaptureTime, limits: CarryLimits) {
        let end = self.chunks.span().last.max(at);
        let going_on = self.going_on(end, limits);
        let told = std::mem::replace(self, going_on).tally;
        self.tally.merge(told);
    }

    /// What goes on at a moment.
    fn going_on(&mut self, end: CaptureTime, limits: CarryLimits) -> Self {
        self.settle(true);
        let (flows, cut_flows) = self
            .flows
            .latest(limits.most, |run| goes_on(run, end, limits));
        let (dns, cut_messages) = self
            .dns
            .latest(limits.most, |seen| is_of_use(seen, end, limits));
        let notes = self.notes.of(|key| flows.has(key));
        let mut going_on = Self {
            flows,
            notes,
            dns,
            links: self.links.clone(),
            ..Self::default()
        };
        let named = going_on.named_chunks();
        going_on.chunks = self.chunks.compressed(&named);
        let tally = &mut going_on.tally;
        tally.cut(Bound::PeriodFlows, cut_flows);
        tally.cut(Bound::PeriodDnsMessages, cut_messages);
        going_on
    }

    /// Ordinals of the inputs in which frames lie that something in here names.
    #[must_use]
    pub fn named_inputs(&mut self) -> BTreeSet<u32> {
        let chunks = self.named_chunks();
        chunks.into_iter().map(|(input, _)| input).collect()
    }

    /// How many flows and DNS messages are in here, those of packets that are held back not counted: what memory
    /// grows with.
    #[must_use]
    pub fn weight(&self) -> u64 {
        let logged = self.logged.as_ref().map_or(0, |logged| logged.weight());
        (self.flows.len() + self.dns.len()) as u64 + logged
    }

    fn named_chunks(&mut self) -> BTreeSet<(u32, u32)> {
        let mut named = BTreeSet::new();
        let mut note = |frame: &mut FrameId| {
            named.insert(frame.chunk());
        };
        self.flows.for_each_frame(&mut note);
        self.notes.for_each_frame(&mut note);
        self.dns.for_each_frame(&mut note);
        named
    }
}

fn goes_on(run: &FlowRecord, end: CaptureTime, limits: CarryLimits) -> bool {
    let silent = end.since(run.span.1.time);
    let most = match run.key.transport() {
        Transport::Tcp if is_over(run) => AFTERMATH,
        Transport::Tcp if run.sides.iter().all(|side| side.packets > 0) => limits.connection,
        Transport::Tcp => OPENING,
        _ => DATAGRAMS,
    };
    silent <= most.min(limits.connection)
}

/// Reset, or ended by both sides.
fn is_over(run: &FlowRecord) -> bool {
    let has = |kind, side| {
        let mut events = run.events.iter();
        events.any(|event| event.is(kind, side))
    };
    let sides = [Side::Low, Side::High];
    sides.iter().any(|side| has(EventKind::Rst, *side))
        || sides.iter().all(|side| has(EventKind::Fin, *side))
}

fn is_of_use(seen: &DnsSeen, end: CaptureTime, limits: CarryLimits) -> bool {
    let age = end.since(seen.stamp.time);
    age <= if seen.facts.response {
        lifetime(&seen.facts).min(limits.name)
    } else {
        QUESTION
    }
}

/// How long an answer may be in use: as long as the record that lives longest.
fn lifetime(facts: &DnsFacts) -> Duration {
    let longest = facts.records.iter().map(|record| record.ttl).max();
    Duration::from_secs(longest.unwrap_or(0).into()) + names::SLACK
}
