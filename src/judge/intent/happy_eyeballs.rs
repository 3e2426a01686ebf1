//! Ways to one aim that race each other (RFC 8305): IPv4 and IPv6, QUIC and TCP.

use std::collections::BTreeSet;
use std::time::Duration;

use foldhash::{HashMap, HashSet};

use super::super::attempt::InconclusiveReason;
use super::super::evidence::Stage;
use super::super::outcome::Outcome;
use super::{Attempt, Intent};
use crate::model::{CaptureTime, Fqdn, Merge, Transport};
use crate::observe::{App, Capture, Flow};

/// Attempts that start this close together race each other.
const RACE: Duration = Duration::from_secs(2);

/// Whether a failed flow went another way than one that reached the aim: the other IP family, or QUIC beside TCP.
pub(super) fn is_other_way(flow: &Flow, tries: &[Attempt<'_>]) -> bool {
    let quic = flow.app.has(App::QUIC);
    let same_way = |other: &Flow| {
        flow.responder.ip.is_ipv4() == other.responder.ip.is_ipv4()
            && quic == other.app.has(App::QUIC)
    };
    let mut reached = tries
        .iter()
        .filter(|(_, verdict)| verdict.went.is_reached());
    // A further path of a connection that goes on is another way too.
    flow.joins.is_some() || reached.all(|(other, _)| !same_way(other))
}

/// An aim: name and port.
type NamedAim = (Fqdn, Option<u16>);

fn aim(intent: &Intent) -> Option<NamedAim> {
    Some((intent.fqdn.clone()?, intent.port))
}

/// Intents that did not reach their aim, by their places: what each is, if another way led there.
pub(super) type Unreached = Vec<(usize, Outcome)>;

/// Those of a share.
pub(super) fn unreached(intents: &[Intent], capture: &Capture) -> Unreached {
    intents
        .iter()
        .enumerate()
        .filter_map(|(place, intent)| Some((place, as_way(intent, capture)?)))
        .collect()
}

/// Aims that some host did not reach. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnreachedAims(HashSet<NamedAim>);

impl UnreachedAims {
    /// Of intents that did not.
    pub(super) fn of<'a>(unreached: impl Iterator<Item = &'a Intent>) -> Self {
        Self(unreached.filter_map(aim).collect())
    }
}

impl Merge for UnreachedAims {
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

/// Who reached the aims that some host did not: when that began, and whether over IPv4. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReachedAims(HashMap<NamedAim, BTreeSet<(CaptureTime, bool)>>);

impl ReachedAims {
    pub(super) fn of(intents: &[Intent], wanted: &UnreachedAims) -> Self {
        let mut all = Self::default();
        if wanted.0.is_empty() {
            return all;
        }
        for intent in intents.iter().filter(|intent| intent.outcome.is_reached()) {
            if let Some(aim) = aim(intent).filter(|aim| wanted.0.contains(aim)) {
                let reached = all.0.entry(aim).or_default();
                reached.insert((intent.span.0.time, intent.initiator.is_ipv4()));
            }
        }
        all
    }

    /// Whether another family's way to an intent's aim began about when this one failed.
    fn raced(&self, intent: &Intent) -> bool {
        // Where it was reached before, what counts is when it was no more.
        let stopped = intent
            .evidence
            .first()
            .and_then(|shown| shown.stamps.first());
        let stopped = stopped.filter(|_| intent.reached_until.is_some());
        let start = stopped.map_or(intent.span.0.time, |stamp| stamp.time);
        let family = intent.initiator.is_ipv4();
        let reached = aim(intent).and_then(|aim| self.0.get(&aim));
        reached.is_some_and(|all| {
            all.iter()
                .any(|(at, v4)| *v4 != family && at.since(start).max(start.since(*at)) <= RACE)
        })
    }
}

impl Merge for ReachedAims {
    fn merge(&mut self, other: Self) {
        for (aim, reached) in other.0 {
            self.0.entry(aim).or_default().extend(reached);
        }
    }
}

/// A host's IPv4 and IPv6 addresses are two initiators in packets. Where the same name and port was reached over the
/// other family from the moment that this one failed, the failed family is a way that does not work, no block. Where
/// nothing of it is known but a SYN, it has lost the race, whether or not an answer would still have come.
pub(super) fn forgive_other_family(
    intents: &mut [Intent],
    unreached: Unreached,
    reached: &ReachedAims,
) {
    for (place, outcome) in unreached {
        let intent = &mut intents[place];
        if reached.raced(intent) {
            intent.outcome = outcome;
        }
    }
}

/// What an intent that did not reach its aim is, if another way led there.
fn as_way(intent: &Intent, capture: &Capture) -> Option<Outcome> {
    let failed = intent.outcome.is_failure();
    let open = intent.outcome == Outcome::Inconclusive
        && intent.transport == Transport::Tcp
        && matches!(
            intent.doubt,
            Some(InconclusiveReason::CaptureEnd | InconclusiveReason::GivenUp)
        )
        && intent.attempts.iter().all(|flow| {
            let flow = capture.flow(*flow);
            flow.is_some_and(|flow| flow.out.packets > 0 && flow.back.packets == 0)
        });
    match (failed && intent.stage == Some(Stage::Connect), open) {
        (true, _) => Some(Outcome::Degraded),
        (false, true) => Some(Outcome::RaceLost),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn aims_of_shares_merge_in_any_order() {
        let aim = |name: &str| (Fqdn::parse(name).unwrap(), Some(443));
        let unreached =
            |names: &[&str]| UnreachedAims(names.iter().map(|name| aim(name)).collect());
        hold(&[
            unreached(&["a.test"]),
            unreached(&["a.test", "b.test"]),
            unreached(&[]),
        ]);
        let reached = |name, at, over_4| {
            let began = [(CaptureTime::from_nanos(at), over_4)].into();
            ReachedAims([(aim(name), began)].into_iter().collect())
        };
        hold(&[
            reached("a.test", 1, true),
            reached("a.test", 1, false),
            reached("b.test", 2, true),
        ]);
    }
}
