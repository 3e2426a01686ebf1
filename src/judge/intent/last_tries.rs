//! Did a host reach its aim and was then stopped to the end? Its last tries decide, not its first ones.

use super::super::attempt::AttemptOutcome;
use super::super::evidence::{Code, Evidence, Grade};
use super::Attempt;
use crate::model::{CaptureTime, Transport};
use crate::observe::{App, EventKind, Flow};

/// So many openings of one flow are a run of tries by themselves.
const OPENINGS: usize = 3;
/// So many flows that failed are one.
const FLOWS: usize = 2;

/// A run of failures between two successes, or after the last one.
pub(super) struct Run<'a> {
    /// When the aim was last reached before it.
    pub(super) until: CaptureTime,
    /// What failed, ascending.
    pub(super) failures: Vec<(&'a Flow, &'a Evidence)>,
    /// Nothing was reached after it.
    pub(super) to_the_end: bool,
    /// The aim was reached anew after it.
    pub(super) is_over: bool,
}

/// The last run of failures that began after a success, where they are enough to tell it from a chance. Attempts that
/// began beside a success are none: of several connections that a program opens at once, one may fail.
pub(super) fn last_run<'a>(
    tries: &[Attempt<'a>],
    is_other_way: impl Fn(&Flow) -> bool,
) -> Option<Run<'a>> {
    let mut reached: Vec<(CaptureTime, CaptureTime)> = tries
        .iter()
        .filter(|(_, verdict)| verdict.went.is_reached())
        .map(|(flow, _)| (flow.span.0.time, answered(flow)))
        .collect();
    reached.sort_unstable();
    let failures = || {
        let failed = tries
            .iter()
            .filter_map(|(flow, verdict)| match &verdict.went {
                AttemptOutcome::Failed(evidence) => Some((*flow, &**evidence)),
                _ => None,
            });
        // Of names that a resolver does not answer for, its answers for others say nothing: lookups are judged by name.
        let lookup = |flow: &Flow| flow.transport == Transport::Udp && flow.app.has(App::DNS);
        failed.filter(move |(flow, _)| !lookup(flow))
    };
    // From the last one on, back to the success before it.
    let failures = || failures().filter(|(flow, _)| !is_other_way(flow));
    let last = failures().map(|(flow, _)| flow.span.0.time).max()?;
    let (before, after): (Vec<_>, Vec<_>) = reached
        .into_iter()
        .partition(|(_, answered)| *answered <= last);
    let until = before.iter().map(|(_, answered)| *answered).max()?;
    let run: Vec<_> = failures()
        .filter(|(flow, _)| flow.span.0.time >= until)
        .collect();
    if !is_no_chance(&run) {
        return None;
    }
    let end = run.iter().map(|(flow, _)| flow.span.1.time).max()?;
    let goes_on = tries.iter().any(|(flow, verdict)| match verdict.went {
        AttemptOutcome::Failed(_) => false,
        // Only what went on at that address shows that it was still reached; a close does not.
        AttemptOutcome::Succeeded => last_said(flow).is_some_and(|at| at > end),
        AttemptOutcome::Sent => false,
        // It was answered, in whatever way.
        AttemptOutcome::Open(_) => flow.span.0.time >= until && flow.back.packets > 0,
    });
    Some(Run {
        until,
        failures: run,
        to_the_end: after.is_empty() && !goes_on,
        is_over: !after.is_empty(),
    })
}

/// Whether failures are more than one connection that went wrong.
fn is_no_chance(run: &[(&Flow, &Evidence)]) -> bool {
    let shown = |(flow, evidence): &(&Flow, &Evidence)| {
        evidence.grade < Grade::C
            || evidence.code == Code::SynSilent
                && flow.events_of(EventKind::Syn, true).count() >= OPENINGS
    };
    run.len() >= FLOWS || run.iter().any(shown)
}

/// When the responder first answered with content, or with anything; where no answer is due, when the flow began.
fn answered(flow: &Flow) -> CaptureTime {
    let data = flow.events_of(EventKind::Data, false).next();
    let data = data.map(|event| event.stamp);
    let any = flow.back.span().map(|(first, _)| first);
    data.or(any).unwrap_or(flow.span.0).time
}

/// When the responder was last heard of, where it did not close.
fn last_said(flow: &Flow) -> Option<CaptureTime> {
    let closed = [EventKind::Fin, EventKind::Rst];
    let closed = closed
        .iter()
        .any(|kind| flow.events_of(*kind, false).next().is_some());
    let heard = flow.back.span().filter(|_| !closed);
    heard.map(|(_, last)| last.time)
}
