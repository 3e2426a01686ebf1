//! Two points of one path: what passes the inner one and not the outer one was stopped between them.
//!
//! A flow is known again at the other point by what address translation leaves alone: the initial sequence number, the
//! random of the ClientHello, else its endpoints; of datagrams, the responder and the time.

use std::net::IpAddr;
use std::time::Duration;

use foldhash::{HashMap, HashSet};

use super::attempt::{AttemptOutcome, InconclusiveReason};
use super::evidence::{Code, Evidence, Grade};
use super::nearby::neighbourhood;
use crate::model::{CaptureTime, Endpoint, Transport};
use crate::observe::{Capture, Event, EventKind, Flow, StreamFact};
use crate::rules::is_private;
use crate::wording::{Phrase, phrase, word};

/// How far the clocks of two points, and the way between them, may be apart.
const APART: Duration = Duration::from_secs(2);
/// How near in time the outer point must have heard another flow.
const NEAR: Duration = Duration::from_secs(60);

/// What the outer point saw.
#[derive(Debug)]
pub(super) struct Outside<'a> {
    capture: &'a Capture,
    by_isn: HashMap<(u32, Endpoint), Vec<usize>>,
    by_random: HashMap<u64, Vec<usize>>,
    datagrams: HashMap<Endpoint, Vec<CaptureTime>>,
    /// When TCP flows, and others, that both points saw began, ascending: proof that what passes is seen outside.
    known_again: [Vec<CaptureTime>; 2],
    /// Where they went: neighbourhoods, and whether any was beyond private addresses.
    reached: HashSet<IpAddr>,
    reached_public: bool,
}

impl<'a> Outside<'a> {
    /// Indexes the flows of the outer point and counts those of the inner one that are there too.
    pub(super) fn of<'i>(inside: impl Iterator<Item = &'i Flow>, outside: &'a Capture) -> Self {
        let mut all = Self {
            capture: outside,
            by_isn: HashMap::default(),
            by_random: HashMap::default(),
            datagrams: HashMap::default(),
            known_again: Default::default(),
            reached: HashSet::default(),
            reached_public: false,
        };
        for (i, flow) in outside.flows.iter().enumerate() {
            if flow.transport == Transport::Udp {
                let times = all.datagrams.entry(flow.responder).or_default();
                times.extend([flow.span.0.time, flow.span.1.time]);
            }
            let syns: HashSet<u32> = flow
                .events_of(EventKind::Syn, true)
                .map(|e| e.sequence)
                .collect();
            for isn in syns {
                all.by_isn.entry((isn, flow.responder)).or_default().push(i);
            }
            for random in randoms(flow) {
                all.by_random.entry(random).or_default().push(i);
            }
        }
        let known_again: Vec<&Flow> = inside.filter(|flow| all.has(flow)).collect();
        for flow in known_again {
            all.known_again[usize::from(flow.transport != Transport::Tcp)].push(flow.span.0.time);
            all.reached.insert(neighbourhood(flow.responder.ip));
            all.reached_public |= !is_private(flow.responder.ip);
        }
        all
    }

    /// What the head of the report says of it.
    pub(super) fn note(&self) -> Phrase {
        match self.known_again.iter().map(Vec::len).sum() {
            0_usize => word!(points_nothing, "no flow of the inner point was seen at the outer one: nothing can be concluded from the two").into(),
            both => phrase!(points_both, "{both} flows were seen at the inner and at the outer point", both),
        }
    }

    /// Whether the outer point saw a flow of the inner one.
    fn has(&self, flow: &Flow) -> bool {
        if flow.transport == Transport::Udp {
            let times = self.datagrams.get(&flow.responder);
            let (first, last) = (flow.span.0.time, flow.span.1.time);
            return times.is_some_and(|times| {
                times
                    .iter()
                    .any(|at| first.since(*at).max(at.since(last)) <= APART)
            });
        }
        self.find(flow).is_some()
    }

    /// The flow of the outer point that is this one of the inner point.
    fn find(&self, flow: &Flow) -> Option<&'a Flow> {
        let near = |i: &&usize| {
            self.capture.flows.get(**i).is_some_and(|other| {
                let (a, b) = (flow.span.0.time, other.span.0.time);
                a.since(b).max(b.since(a)) <= APART
            })
        };
        let by_isn = flow.events_of(EventKind::Syn, true).find_map(|syn| {
            let found = self.by_isn.get(&(syn.sequence, flow.responder))?;
            found.iter().find(near)
        });
        let by_random =
            || randoms(flow).find_map(|random| self.by_random.get(&random)?.iter().find(near));
        let place = by_isn.or_else(by_random)?;
        self.capture.flows.get(*place)
    }

    /// Whether silence at the outer point proves something of a flow: whether it heard others at about that time, and
    /// others that go where this one does, so that nothing in between was meant to take it.
    fn hears(&self, flow: &Flow, known_again: &[CaptureTime]) -> bool {
        let at = flow.span.0.time;
        let near = |other: &CaptureTime| at.since(*other).max(other.since(at)) <= NEAR;
        let same_way = self.reached.contains(&neighbourhood(flow.responder.ip))
            || self.reached_public && !is_private(flow.responder.ip);
        same_way && known_again.iter().any(near) && self.capture.end().since(at) > APART
    }

    /// Settles how a flow of the inner point went by what the outer one saw of it.
    pub(super) fn compare(&self, flow: &Flow, went: &mut AttemptOutcome) {
        let unclear = match went {
            AttemptOutcome::Succeeded | AttemptOutcome::Sent => return,
            AttemptOutcome::Failed(_) => false,
            AttemptOutcome::Open(doubt) => {
                if !matches!(
                    doubt,
                    InconclusiveReason::CaptureEnd | InconclusiveReason::GivenUp
                ) {
                    return;
                }
                true
            }
        };
        let known_again = &self.known_again[usize::from(flow.transport != Transport::Tcp)];
        let hears = self.hears(flow, known_again);
        let proof = match self.find(flow) {
            Some(other) => stopped_later(flow, other),
            None if flow.transport == Transport::Udp && self.has(flow) => None,
            None if !hears || flow.out.packets == 0 => None,
            None => Some(
                word!(
                    points_nothing_out,
                    "nothing of it came out at the outer point"
                )
                .into(),
            ),
        };
        match (proof, went) {
            // A device has said that it did it: the second point only agrees.
            (Some(words), AttemptOutcome::Failed(evidence)) if evidence.grade == Grade::A => {
                evidence.words = evidence.words.then(&words);
            }
            (Some(words), went) => stopped_between(flow, went, words, known_again.len()),
            (None, AttemptOutcome::Failed(evidence)) if !unclear && self.has(flow) => {
                // What lies between the points is not to blame; a server that is down may be.
                if evidence.grade == Grade::B && evidence.code == Code::SynSilent {
                    evidence.grade = Grade::C;
                }
                let behind = word!(
                    points_came_out,
                    "it came out at the outer point, so what stopped it lies behind that"
                );
                evidence.words = evidence.words.then(behind);
            }
            _ => {}
        }
    }
}

/// Puts it down to what lies between the points, which `passing` others passed.
fn stopped_between(flow: &Flow, went: &mut AttemptOutcome, words: Phrase, passing: usize) {
    let mut evidence = match std::mem::replace(went, AttemptOutcome::Succeeded) {
        AttemptOutcome::Failed(evidence) => evidence,
        _ => {
            let bare = Evidence::new(Code::TwoPoint, Grade::A, [flow.span.0], Phrase::default());
            Box::new(bare)
        }
    };
    evidence.words = match evidence.words.as_str() {
        "" => words,
        _ => evidence.words.then(&words),
    };
    evidence.control = Some(match passing {
        1 => word!(
            points_other_passed,
            "1 other flow passed both points: it was stopped between them"
        )
        .into(),
        _ => phrase!(
            points_others_passed,
            "{passing} other flows passed both points: it was stopped between them",
            passing
        ),
    });
    evidence.code = Code::TwoPoint;
    evidence.grade = Grade::A;
    *went = AttemptOutcome::Failed(evidence);
}

/// How far a flow came that both points saw and that failed at the inner one; `None` where they saw the same.
fn stopped_later(inner: &Flow, outer: &Flow) -> Option<Phrase> {
    let first = |flow: &Flow, kind, own| flow.events_of(kind, own).next().is_some();
    let answered = |flow: &Flow| first(flow, EventKind::SynAck, false);
    if answered(outer) && !answered(inner) {
        return Some(
            word!(
                points_syn_ack_outer,
                "the SYN-ACK was seen at the outer point only"
            )
            .into(),
        );
    }
    if inner.out.payload_bytes > 0 && outer.out.payload_bytes == 0 {
        return Some(
            word!(
                points_said_inner,
                "what the initiator said was seen at the inner point only"
            )
            .into(),
        );
    }
    if outer.back.payload_bytes > 0 && inner.back.payload_bytes == 0 {
        return Some(
            word!(
                points_answer_outer,
                "the server's answer was seen at the outer point only"
            )
            .into(),
        );
    }
    let resets = |flow: &Flow| -> HashSet<u32> {
        let resets = flow.events_of(EventKind::Rst, false);
        resets.map(|event: &Event| event.sequence).collect()
    };
    let made_between = !resets(inner).is_empty() && resets(outer).is_empty();
    made_between.then(|| word!(points_rst_inner, "the RST was seen at the inner point only").into())
}

/// Randoms of the ClientHellos in a flow.
fn randoms(flow: &Flow) -> impl Iterator<Item = u64> + '_ {
    flow.facts.iter().filter_map(|(_, own, fact)| match fact {
        StreamFact::ClientHello { random, .. } if *own && *random != 0 => Some(*random),
        _ => None,
    })
}
