//! Ways to one aim that race each other (RFC 8305): IPv4 and IPv6, QUIC and TCP.

use std::time::Duration;

use foldhash::HashMap;

use super::super::attempt::InconclusiveReason;
use super::super::evidence::Stage;
use super::super::outcome::Outcome;
use super::{Attempt, Intent};
use crate::model::{CaptureTime, Fqdn, Transport};
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

/// A host's IPv4 and IPv6 addresses are two initiators in packets. Where the same name and port was reached over the
/// other family from the moment that this one failed, the failed family is a way that does not work, no block. Where
/// nothing of it is known but a SYN, it has lost the race, whether or not an answer would still have come.
pub(super) fn forgive_other_family(intents: &mut [Intent], capture: &Capture) {
    fn aim(intent: &Intent) -> Option<(&Fqdn, Option<u16>)> {
        Some((intent.fqdn.as_ref()?, intent.port))
    }
    let unreached: Vec<(usize, Outcome)> = intents
        .iter()
        .enumerate()
        .filter_map(|(place, intent)| Some((place, as_way(intent, capture)?)))
        .collect();
    if unreached.is_empty() {
        return;
    }
    let wanted = unreached
        .iter()
        .filter_map(|(place, _)| aim(&intents[*place]));
    let mut reached: HashMap<_, Vec<(CaptureTime, bool)>> =
        wanted.map(|aim| (aim, Vec::new())).collect();
    for intent in intents.iter().filter(|intent| intent.outcome.is_reached()) {
        if let Some(reached) = aim(intent).and_then(|aim| reached.get_mut(&aim)) {
            reached.push((intent.span.0.time, intent.initiator.is_ipv4()));
        }
    }
    let raced = |intent: &Intent| {
        // Where it was reached before, what counts is when it was no more.
        let stopped = intent
            .evidence
            .first()
            .and_then(|shown| shown.stamps.first());
        let stopped = stopped.filter(|_| intent.reached_until.is_some());
        let start = stopped.map_or(intent.span.0.time, |stamp| stamp.time);
        let family = intent.initiator.is_ipv4();
        let reached = aim(intent).and_then(|aim| reached.get(&aim));
        reached.is_some_and(|all| {
            all.iter()
                .any(|(at, v4)| *v4 != family && at.since(start).max(start.since(*at)) <= RACE)
        })
    };
    let forgiven: Vec<(usize, Outcome)> = unreached
        .into_iter()
        .filter(|(place, _)| raced(&intents[*place]))
        .collect();
    for (place, outcome) in forgiven {
        intents[place].outcome = outcome;
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
