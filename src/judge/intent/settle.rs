//! How an intent went, from how its attempts did: the last tries decide, and of these the best evidence.

use thin_vec::ThinVec;

use super::super::attempt::{AttemptOutcome, InconclusiveReason, stage};
use super::super::evidence::{Code, Evidence, Grade, Stage};
use super::super::outcome::Outcome;
use super::super::resolvers::ONE_TRY;
use super::Attempt;
use super::happy_eyeballs::is_other_way;
use super::last_tries::last_run;
use crate::model::{CaptureTime, Stamp};
use crate::observe::{EventKind, Flow};
use crate::wording::phrase;

/// How an intent went, and what shows it.
pub(super) struct Course {
    pub(super) outcome: Outcome,
    pub(super) stage: Option<Stage>,
    pub(super) confidence: Option<Grade>,
    pub(super) evidence: ThinVec<Evidence>,
    pub(super) doubt: Option<InconclusiveReason>,
    pub(super) reached_until: Option<CaptureTime>,
}

impl Course {
    const fn of(outcome: Outcome, evidence: ThinVec<Evidence>) -> Self {
        Self {
            outcome,
            stage: None,
            confidence: None,
            evidence,
            doubt: None,
            reached_until: None,
        }
    }
}

/// A flow that failed, and what shows it.
type FailedTry<'a> = (&'a Flow, &'a Evidence);

/// How an intent went by its attempts.
pub(super) fn settle(tries: &[Attempt<'_>]) -> Course {
    let plain = |(_, verdict): &Attempt<'_>| verdict.went.is_reached() && verdict.beside.is_empty();
    if tries.iter().all(plain) {
        return Course::of(Outcome::Ok, ThinVec::new());
    }
    let failures: Vec<FailedTry<'_>> = tries
        .iter()
        .filter_map(|(flow, verdict)| match &verdict.went {
            AttemptOutcome::Failed(evidence) => Some((*flow, &**evidence)),
            _ => None,
        })
        .collect();
    let beside = tries.iter().flat_map(|(_, verdict)| &verdict.beside);
    let failed = failures.iter().map(|(_, evidence)| *evidence);
    let evidence = in_order(failed.chain(beside));
    let reached = tries
        .iter()
        .filter(|(_, verdict)| verdict.went.is_reached());
    match reached.map(|(flow, _)| flow.span.0).min() {
        Some(success) => reached_once(tries, success, &failures, evidence),
        None => never_reached(tries, &failures, evidence),
    }
}

/// How it went where an attempt reached the aim, the first at `success`.
fn reached_once(
    tries: &[Attempt<'_>],
    success: Stamp,
    failures: &[FailedTry<'_>],
    evidence: ThinVec<Evidence>,
) -> Course {
    let run = last_run(tries, |flow| is_other_way(flow, tries));
    let run = run.as_ref();
    if let Some(stopped) = run.filter(|run| run.to_the_end) {
        let evidence = in_order(stopped.failures.iter().map(|(_, evidence)| *evidence));
        return Course {
            reached_until: Some(stopped.until),
            ..fail(evidence, &stopped.failures)
        };
    }
    let mut failed = failures.iter().map(|(flow, _)| *flow);
    let outcome = match failures.is_empty() {
        true if all_stall(tries) => Outcome::Degraded,
        true => Outcome::Ok,
        false if failed.clone().all(|flow| is_other_way(flow, tries)) => Outcome::Degraded,
        false if failed.any(|flow| flow.span.0 < success) => Outcome::OkAfterRetry,
        false if run.is_some_and(|run| run.is_over) => Outcome::OkAfterRetry,
        false => Outcome::Ok,
    };
    Course::of(outcome, evidence)
}

/// How it went where no attempt reached the aim.
fn never_reached(
    tries: &[Attempt<'_>],
    failures: &[FailedTry<'_>],
    mut evidence: ThinVec<Evidence>,
) -> Course {
    both_ways(&mut evidence);
    // What stands beside a flow that reached its aim comes with a success, so here is a failure if there is anything.
    if !evidence.is_empty() {
        return fail(evidence, failures);
    }
    let doubt = tries.iter().find_map(|(_, verdict)| match verdict.went {
        AttemptOutcome::Open(doubt) => Some(doubt),
        _ => None,
    });
    Course {
        doubt,
        ..Course::of(Outcome::Inconclusive, evidence)
    }
}

/// The best evidence, which is the first, says what an intent failed of, and the flow that it is of says where. Of
/// none, it is well.
fn fail(evidence: ThinVec<Evidence>, failures: &[FailedTry<'_>]) -> Course {
    let Some(best) = evidence.first() else {
        return Course::of(Outcome::Ok, evidence);
    };
    let shown = |flow: &&Flow| {
        best.stamps
            .iter()
            .any(|stamp| flow.span.0 <= *stamp && *stamp <= flow.span.1)
    };
    let flow = failures.iter().map(|(flow, _)| *flow).find(shown);
    Course {
        stage: Some(flow.map_or(best.code.stage(), |flow| stage(flow, best))),
        confidence: Some(best.grade),
        ..Course::of(Outcome::of_failure(best.grade), evidence)
    }
}

/// Evidence, the best first, and tries of datagrams as one.
fn in_order<'a>(evidence: impl Iterator<Item = &'a Evidence>) -> ThinVec<Evidence> {
    let mut evidence: ThinVec<Evidence> = evidence.cloned().collect();
    join_datagrams(&mut evidence);
    best_first(&mut evidence);
    evidence
}

fn best_first(evidence: &mut [Evidence]) {
    evidence.sort_by(|a, b| (a.grade, a.code, &a.stamps).cmp(&(b.grade, b.code, &b.stamps)));
}

/// Whether each of several connections that reached the aim came to a stall later: what is wanted of it is never had to
/// the end. A RST may be a server's way to close.
fn all_stall(tries: &[Attempt<'_>]) -> bool {
    let stalls = |(flow, verdict): &Attempt<'_>| {
        let late = |evidence: &Evidence| evidence.code == Code::LateStop;
        let first = |kind, own| flow.events_of(kind, own).next().map(|event| event.stamp);
        let own = first(EventKind::Fin, true);
        let reset =
            first(EventKind::Rst, false).is_some_and(|reset| own.is_none_or(|own| reset < own));
        verdict.beside.iter().any(late) && !reset
    };
    tries.len() >= 2 && tries.iter().all(stalls)
}

/// Tries of a datagram protocol come from a new port each time: several of one datagram are a repetition.
fn join_datagrams(evidence: &mut ThinVec<Evidence>) {
    let single =
        |e: &&Evidence| e.code == Code::UdpSilent && e.grade == Grade::C && e.control.is_some();
    // Those of one moment are one try: A and AAAA from a port each.
    let mut starts: Vec<CaptureTime> = evidence
        .iter()
        .filter(single)
        .filter_map(|e| Some(e.stamps.first()?.time))
        .collect();
    starts.sort_unstable();
    starts.dedup_by(|later, earlier| later.since(*earlier) < ONE_TRY);
    let tries = starts.len();
    let Some(place) = evidence
        .iter()
        .position(|e| single(&e))
        .filter(|_| tries > 1)
    else {
        return;
    };
    let mut stamps: Vec<Stamp> = evidence
        .iter()
        .filter(single)
        .flat_map(|e| e.stamps.clone())
        .collect();
    stamps.sort_unstable();
    stamps.dedup();
    let mut joined = evidence[place].clone();
    joined.grade = Grade::B;
    joined.stamps = stamps;
    joined.words = phrase!(
        udp_tries_unanswered,
        "{tries} tries over UDP, nothing came back",
        tries
    );
    evidence.retain(|e| !single(&e));
    evidence.insert(0, joined);
}

/// Where QUIC and TCP both fail, what is said of TCP says how sure it is.
fn both_ways(evidence: &mut [Evidence]) {
    let tcp = |e: &&Evidence| {
        matches!(e.code.stage(), Stage::Connect | Stage::Tls) && e.code != Code::QuicSilent
    };
    let Some(grade) = evidence.iter().filter(tcp).map(|e| e.grade).min() else {
        return;
    };
    let quic = |e: &&mut Evidence| matches!(e.code, Code::QuicSilent | Code::QuicIcmp);
    for quic in evidence.iter_mut().filter(quic) {
        if quic.code == Code::QuicSilent {
            quic.code = Code::QuicBoth;
        }
        quic.grade = grade;
        quic.words = phrase!(
            and_tcp_fails,
            "{words}, and TCP fails too",
            words = quic.words
        );
    }
    best_first(evidence);
}
