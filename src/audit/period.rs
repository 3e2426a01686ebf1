//! A capture in periods, from files or from interfaces: what is over is handed out and let go of, so that memory is bounded.
//! Flows that are not over and names that may still be in use go on into the next ([`Observation::carry`]).

use std::collections::BTreeSet;

use crate::model::{CaptureTime, Merge, TwoPoint};
use crate::observe::{CarryLimits, Observation};
use crate::source::InputRecord;

/// A part of a capture that is over.
#[derive(Debug)]
pub struct Period {
    /// What was seen in it, with what went on from the one before.
    pub seen: TwoPoint<Observation>,
    /// The inputs with frames in it, or which came to their end in it, in their order; frames and times are those of the
    /// period, digest, damage and losses stand where the input ends.
    pub inputs: Vec<InputRecord>,
    /// When it begins by the clock, where periods go by it.
    pub from: Option<CaptureTime>,
    /// Whether it had too much to keep, and ended before its time.
    pub early: bool,
    /// Inputs, by their ordinals since the start, that later periods may still name frames of.
    pub still_named: BTreeSet<u32>,
}

/// The period under way.
#[derive(Debug)]
pub struct OpenPeriod {
    seen: TwoPoint<Observation>,
    most: u64,
    /// How much goes on; `None` where whoever puts periods together sees to it.
    carry: Option<CarryLimits>,
}

impl OpenPeriod {
    /// The first one. `start` says whether there is one point or two, `most` how many flows and DNS messages may be kept.
    #[must_use]
    pub fn new(
        start: TwoPoint<Observation>,
        most: Option<u64>,
        carry: Option<CarryLimits>,
    ) -> Self {
        let most = most.unwrap_or(u64::MAX);
        // What goes on must leave room for what is new.
        let room = usize::try_from(most / 4).unwrap_or(usize::MAX);
        let carry = carry.map(|carry| CarryLimits {
            most: carry.most.min(room),
            ..carry
        });
        Self {
            seen: start,
            most,
            carry,
        }
    }

    /// Says when it begins, where that is known: what was over by then does not go on into it.
    pub fn begin(&mut self, at: CaptureTime) {
        if let Some(limits) = self.carry {
            self.seen.iter_mut().for_each(|seen| seen.begin(at, limits));
        }
    }

    /// What was seen so far.
    #[must_use]
    pub const fn seen(&self) -> &TwoPoint<Observation> {
        &self.seen
    }

    /// Adds what was seen meanwhile.
    pub fn merge(&mut self, seen: TwoPoint<Observation>) {
        self.seen.merge(seen);
    }

    /// Whether there is more than may be kept, with so many flows and DNS messages that are not merged yet.
    #[must_use]
    pub fn is_full(&self, beside: u64) -> bool {
        self.seen.weight().saturating_add(beside) > self.most
    }

    /// Ends it; what crosses its end begins the next one.
    pub fn end(&mut self, inputs: Vec<InputRecord>, early: bool) -> Period {
        let mut next = match self.carry {
            Some(limits) => self.seen.carry(limits),
            None => TwoPoint::default(),
        };
        let still_named = next.named_inputs();
        Period {
            seen: std::mem::replace(&mut self.seen, next),
            inputs,
            from: None,
            early,
            still_named,
        }
    }

    /// Ends it and all: there is none after it.
    #[must_use]
    pub fn finish(self, inputs: Vec<InputRecord>) -> Period {
        Period {
            seen: self.seen,
            inputs,
            from: None,
            early: false,
            still_named: BTreeSet::new(),
        }
    }
}

impl TwoPoint<Observation> {
    /// What memory grows with: flows and DNS messages.
    pub(crate) fn weight(&self) -> u64 {
        let outside = self.outside.as_ref().map_or(0, Observation::weight);
        self.inside.weight().max(outside)
    }

    fn carry(&mut self, limits: CarryLimits) -> Self {
        Self {
            inside: self.inside.carry(limits),
            outside: self.outside.as_mut().map(|seen| seen.carry(limits)),
        }
    }

    fn named_inputs(&mut self) -> BTreeSet<u32> {
        self.iter_mut()
            .flat_map(Observation::named_inputs)
            .collect()
    }
}
