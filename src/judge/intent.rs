//! Attempts rolled up to intents: one initiator, one aim, one port, close in time.

use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use foldhash::HashMap;
use rayon::prelude::*;
use thin_vec::ThinVec;

use super::attempt::{AttemptOutcome, InconclusiveReason, stage};
use super::census::is_unreached_proxy;
use super::evidence::{Code, Evidence, Grade, Stage};
use super::flow_verdict::FlowVerdict;
use super::last_tries::last_run;
use super::lookup::Lookups;
use super::lookup_intent::{failed_lookups, other_addresses};
use super::resolvers::ONE_TRY;
use super::shade::{Shade, Shades};
use crate::model::{CaptureTime, Fqdn, Share, Stamp, Transport, words};
use crate::observe::{App, Capture, EventKind, Flow, FlowId, NameSource};
use crate::rules::{RequirementIndex, RuleSet};

/// Attempts farther apart than this are intents of their own.
const CLOSE: Duration = Duration::from_secs(30);

/// Attempts that start this close together race each other (RFC 8305).
const RACE: Duration = Duration::from_secs(2);

words! {
    /// What became of an intent or a flow.
    pub enum Outcome {
        /// Stopped, and a device said so.
        BlockedConfirmed = "blocked_confirmed",
        /// Stopped, by a strong pattern with a control.
        BlockedLikely = "blocked_likely",
        /// Failed; who did it cannot be told.
        FailedUnattributed = "failed_unattributed",
        /// It cannot be told how it went.
        Inconclusive = "inconclusive",
        /// The aim was reached, but one way to it always fails, or each of its connections stalls later.
        Degraded = "degraded",
        /// The aim was reached after failures.
        OkAfterRetry = "ok_after_retry",
        /// The aim was reached.
        Ok = "ok",
        /// Another attempt was faster.
        RaceLost = "race_lost",
        /// No active requirement covers it.
        Unexpected = "unexpected",
        /// No requirement by address covers it, and it has no name.
        Unnamed = "unnamed",
        /// Not audited.
        OutOfScope = "out_of_scope",
    }
}

impl Outcome {
    /// What evidence of a grade makes of a failure: a pattern that other causes make too is never a block.
    #[must_use]
    pub const fn of_failure(grade: Grade) -> Self {
        match grade {
            Grade::A => Self::BlockedConfirmed,
            Grade::B => Self::BlockedLikely,
            Grade::C => Self::FailedUnattributed,
        }
    }

    /// Whether it says that something was stopped.
    #[must_use]
    pub const fn is_blocked(self) -> bool {
        matches!(self, Self::BlockedConfirmed | Self::BlockedLikely)
    }

    /// Whether it failed, whoever did that.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        self.is_blocked() || matches!(self, Self::FailedUnattributed)
    }

    /// Whether the aim was reached.
    #[must_use]
    pub const fn is_reached(self) -> bool {
        matches!(self, Self::Ok | Self::OkAfterRetry | Self::Degraded)
    }
}

/// One initiator's wish to reach one aim.
#[derive(Clone, Debug)]
pub struct Intent {
    /// Who.
    pub initiator: IpAddr,
    /// The aim's name, where it has one.
    pub fqdn: Option<Fqdn>,
    /// Other names that the aim may have instead, by DNS.
    pub or_names: ThinVec<Fqdn>,
    /// Where the name was taken from; `None` without a name and for lookups that led to no attempt.
    pub source: Option<NameSource>,
    /// Addresses tried, ascending.
    pub addresses: ThinVec<IpAddr>,
    /// Port, `None` where it came to no attempt.
    pub port: Option<u16>,
    /// Transport of the first attempt.
    pub transport: Transport,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it was stopped, if it was.
    pub stage: Option<Stage>,
    /// How sure that is.
    pub confidence: Option<Grade>,
    /// What shows it.
    pub evidence: ThinVec<Evidence>,
    /// Why it cannot be told.
    pub doubt: Option<InconclusiveReason>,
    /// When the aim was last reached, where it was stopped after that and never reached again.
    pub reached_until: Option<CaptureTime>,
    /// Requirements that cover it, ascending.
    pub requirements: Arc<[RequirementIndex]>,
    /// Those of them that no attempt is certain to be for.
    pub shades: Shades,
    /// Whether the name is one that stands in clear for others, in encrypted hellos.
    pub outer: Option<bool>,
    /// Its attempts, ascending.
    pub attempts: ThinVec<FlowId>,
    /// First and last frame.
    pub span: (Stamp, Stamp),
}

impl Intent {
    /// Whether it is made of tries that were stopped for the port that they came from.
    pub(super) fn is_of_source_port(&self) -> bool {
        let best = self.evidence.first();
        best.is_some_and(|evidence| evidence.code == Code::SourcePort)
    }
}

/// Initiator, name, address where there is no name, port, how a requirement covers it: what nothing covers must not
/// hide behind what something does, nor what something may cover behind what it does; and the transport, where what
/// covers it asks for that one alone, or it is DNS, of which TCP and UDP are two ways; and whether it is stopped for the
/// port that it comes from: what works from other ports does not take that away.
type IntentKey<'a> = (
    IpAddr,
    Option<&'a Fqdn>,
    Option<IpAddr>,
    u16,
    Covered,
    Option<Transport>,
    bool,
);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Covered {
    No,
    Perhaps,
    Yes,
}

/// Rolls attempts and lookups up to intents, ascending by start.
#[must_use]
pub(super) fn intents(
    capture: &Capture,
    verdicts: &[FlowVerdict],
    lookups: &Lookups,
    rules: &RuleSet,
) -> Vec<Intent> {
    let groups = groups(capture, verdicts, rules);
    let rolled_up: Vec<Vec<Intent>> = groups
        .par_iter()
        .with_min_len(64)
        .map(|(key, flows)| {
            let close = close_in_time(flows, capture).into_iter();
            let mut intents: Vec<Intent> = close
                .map(|close| {
                    let mut intent = roll_up(key, close, capture, verdicts);
                    other_addresses(&mut intent, lookups);
                    intent
                })
                .collect();
            forgive_earlier(&mut intents);
            intents
        })
        .collect();
    let mut out = Vec::with_capacity(rolled_up.iter().map(Vec::len).sum());
    out.extend(rolled_up.into_iter().flatten());
    forgive_other_family(&mut out, capture);
    failed_lookups(capture, verdicts, lookups, rules, &mut out);
    out.par_sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    out
}

/// The audited flows by what they have in common, ascending by that; those of one group ascending.
fn groups<'a>(
    capture: &'a Capture,
    verdicts: &'a [FlowVerdict],
    rules: &RuleSet,
) -> Vec<(IntentKey<'a>, Vec<FlowId>)> {
    // Flows of one initiator are grouped by one thread.
    let of_share = |share: Share| {
        let flows = capture.flows.iter().zip(verdicts).zip((0..).map(FlowId));
        groups_of(
            flows.filter(|((_, verdict), _)| {
                verdict.out_of_scope.is_none() && share.has(&verdict.host)
            }),
            rules,
        )
    };
    let mut groups: Vec<_> = Share::each(of_share).collect();
    groups.par_sort_unstable_by_key(|(key, _)| *key);
    groups
}

/// Flows by what they have in common, in no order; those of one group as they come.
fn groups_of<'a>(
    flows: impl Iterator<Item = ((&'a Flow, &'a FlowVerdict), FlowId)>,
    rules: &RuleSet,
) -> Vec<(IntentKey<'a>, Vec<FlowId>)> {
    let mut places: HashMap<IntentKey<'_>, usize> = HashMap::default();
    let mut groups: Vec<(IntentKey<'_>, Vec<FlowId>)> = Vec::new();
    let tries =
        flows.flat_map(|((flow, verdict), id)| verdict.parts().map(move |part| ((flow, part), id)));
    for ((flow, verdict), id) in tries {
        let name = verdict.aim.names.first();
        let own = verdict.aim.address.unwrap_or(flow.responder.ip);
        let address = name.is_none().then_some(own);
        let coverage = &verdict.coverage;
        let covered = match coverage.covers.is_empty() {
            true => Covered::No,
            false if coverage.is_all_shade() => Covered::Perhaps,
            false => Covered::Yes,
        };
        let port = verdict.aim.port;
        let over_tcp = port == 53 && flow.transport == Transport::Tcp;
        let alone = match over_tcp {
            true => Some(Transport::Tcp),
            false => only_transport(&coverage.covers, rules),
        };
        let by_source = is_of_source_port(&verdict.went);
        let key = (verdict.host, name, address, port, covered, alone, by_source);
        match places.entry(key) {
            // Two aims of one flow may have the same first name.
            Entry::Occupied(place) if groups[*place.get()].1.last() == Some(&id) => {}
            Entry::Occupied(place) => groups[*place.get()].1.push(id),
            Entry::Vacant(place) => {
                place.insert(groups.len());
                groups.push((key, vec![id]));
            }
        }
    }
    groups
}

/// Whether a flow was stopped for the port that it comes from.
fn is_of_source_port(went: &AttemptOutcome) -> bool {
    matches!(went, AttemptOutcome::Failed(evidence) if evidence.code == Code::SourcePort)
}

/// The transport, where all of some requirements ask for one alone: each is then a need of its own, whatever else
/// reaches the name.
fn only_transport(covers: &[RequirementIndex], rules: &RuleSet) -> Option<Transport> {
    let mut only = None;
    for requirement in covers {
        let row = rules.library().requirement(*requirement)?;
        match row.transport[..] {
            [one] if only.is_none_or(|only| only == one) => only = Some(one),
            _ => return None,
        }
    }
    only
}

type SortKey<'a> = (
    CaptureTime,
    IpAddr,
    Option<&'a Fqdn>,
    &'a [IpAddr],
    Option<u16>,
    Transport,
);

fn sort_key(intent: &Intent) -> SortKey<'_> {
    (
        intent.span.0.time,
        intent.initiator,
        intent.fqdn.as_ref(),
        &intent.addresses,
        intent.port,
        intent.transport,
    )
}

/// Cuts a list of flows, ascending by start, where they lie farther apart than [`CLOSE`].
fn close_in_time<'a>(flows: &'a [FlowId], capture: &Capture) -> Vec<&'a [FlowId]> {
    let mut out = Vec::new();
    let (mut start, mut end) = (0, None);
    for (i, id) in flows.iter().enumerate() {
        let Some(flow) = capture.flow(*id) else {
            continue;
        };
        if end.is_some_and(|end| flow.span.0.time.since(end) > CLOSE) {
            out.push(&flows[start..i]);
            start = i;
        }
        end = end.max(Some(flow.span.1.time));
    }
    out.push(&flows[start..]);
    out
}

fn roll_up(
    key: &IntentKey<'_>,
    flows: &[FlowId],
    capture: &Capture,
    verdicts: &[FlowVerdict],
) -> Intent {
    let (initiator, fqdn, _, port, ..) = key;
    let tries: Vec<(&Flow, &FlowVerdict)> = flows
        .iter()
        .filter_map(|id| {
            let verdict = verdicts.get(id.0 as usize)?;
            Some((capture.flow(*id)?, verdict.part(*fqdn, Some(*port))))
        })
        .collect();
    let requirements = requirements(&tries);
    let mut addresses: ThinVec<IpAddr> = tries.iter().map(|(flow, _)| flow.responder.ip).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let start = tries
        .iter()
        .map(|(flow, _)| flow.span.0)
        .min()
        .unwrap_or_default();
    let end = tries
        .iter()
        .map(|(flow, _)| flow.span.1)
        .max()
        .unwrap_or_default();
    let first = tries.first();
    let mut or_names: ThinVec<Fqdn> = tries
        .iter()
        .flat_map(|(_, v)| v.aim.names.iter().skip(1).chain(&v.aim.inner).cloned())
        .collect();
    or_names.sort();
    or_names.dedup();
    let mut intent = Intent {
        initiator: *initiator,
        fqdn: fqdn.cloned(),
        or_names,
        source: first.and_then(|(_, v)| v.aim.source),
        addresses,
        port: Some(*port),
        transport: first.map_or(Transport::Tcp, |(flow, _)| flow.transport),
        outcome: Outcome::Ok,
        stage: None,
        confidence: None,
        evidence: ThinVec::new(),
        doubt: None,
        reached_until: None,
        shades: shades(&requirements, &tries),
        outer: tries.iter().filter_map(|(_, v)| v.coverage.outer).max(),
        requirements,
        attempts: flows.into(),
        span: (start, end),
    };
    settle(&mut intent, &tries);
    let all_shade =
        !intent.requirements.is_empty() && intent.shades.len() == intent.requirements.len();
    if let (true, true, Some((_, shade))) = (
        all_shade,
        intent.outcome.is_reached(),
        intent.shades.first(),
    ) {
        intent.outcome = Outcome::Inconclusive;
        intent.doubt = Some(shade.doubt());
    }
    // That something is stopped is certain, but not that it is a host's of the site.
    let guessed = |(_, shade): &(RequirementIndex, Shade)| *shade == Shade::GuessedHost;
    if intent.outcome.is_blocked() && intent.shades.iter().any(guessed) {
        intent.outcome = Outcome::FailedUnattributed;
    }
    let unreached_proxy = || tries.iter().all(|(_, verdict)| is_unreached_proxy(verdict));
    if intent.requirements.is_empty() && !unreached_proxy() {
        intent.outcome =
            if intent.fqdn.is_some() || tries.iter().any(|(_, v)| !v.coverage.misses.is_empty()) {
                Outcome::Unexpected
            } else {
                Outcome::Unnamed
            };
    }
    intent
}

/// Requirements that none of the attempts is certain to be for, with the first reason.
fn shades(requirements: &[RequirementIndex], tries: &[(&Flow, &FlowVerdict)]) -> Shades {
    let mut out = Shades::new();
    if tries.iter().all(|(_, v)| v.coverage.shades.is_empty()) {
        return out;
    }
    for requirement in requirements {
        let of = tries.iter().filter_map(|(_, v)| {
            v.coverage.covers.binary_search(requirement).ok()?;
            let shades = &v.coverage.shades;
            Some(
                shades
                    .iter()
                    .find(|(r, _)| r == requirement)
                    .map(|(_, shade)| *shade),
            )
        });
        let of: Option<Vec<Shade>> = of.collect();
        if let Some(worst) = of.and_then(|of| of.into_iter().min()) {
            out.push((*requirement, worst));
        }
    }
    out
}

/// What covers any of the attempts, ascending. Nearly always they have one list among them.
fn requirements(tries: &[(&Flow, &FlowVerdict)]) -> Arc<[RequirementIndex]> {
    let lists = tries.iter().map(|(_, verdict)| &verdict.coverage.covers);
    let mut lists: Vec<&Arc<[RequirementIndex]>> = lists.collect();
    lists.dedup_by(|a, b| Arc::ptr_eq(a, b));
    if let [only] = lists[..] {
        return Arc::clone(only);
    }
    let mut all: Vec<RequirementIndex> = lists
        .into_iter()
        .flat_map(|list| list.iter().copied())
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into()
}

/// The outcome of an intent from those of its attempts: the last tries decide, and of these the best evidence.
fn settle(intent: &mut Intent, tries: &[(&Flow, &FlowVerdict)]) {
    let reached = |verdict: &FlowVerdict| {
        matches!(
            verdict.went,
            AttemptOutcome::Succeeded | AttemptOutcome::Sent
        )
    };
    if tries
        .iter()
        .all(|(_, verdict)| reached(verdict) && verdict.beside.is_empty())
    {
        intent.outcome = Outcome::Ok;
        return;
    }
    let success = tries
        .iter()
        .filter(|(_, v)| reached(v))
        .map(|(flow, _)| flow.span.0)
        .min();
    let failures: Vec<(&Flow, &Evidence)> = tries
        .iter()
        .filter_map(|(flow, verdict)| match &verdict.went {
            AttemptOutcome::Failed(evidence) => Some((*flow, &**evidence)),
            _ => None,
        })
        .collect();
    let beside = tries.iter().flat_map(|(_, verdict)| &verdict.beside);
    let mut evidence: ThinVec<Evidence> = failures
        .iter()
        .map(|(_, evidence)| *evidence)
        .chain(beside)
        .cloned()
        .collect();
    join_datagrams(&mut evidence);
    evidence.sort_by(|a, b| (a.grade, a.code, &a.stamps).cmp(&(b.grade, b.code, &b.stamps)));
    let run = success.and_then(|_| last_run(tries, |flow| is_other_way(flow, tries)));
    let run = run.as_ref();
    if let Some(stopped) = run.filter(|run| run.to_the_end) {
        let failures = &stopped.failures;
        intent.reached_until = Some(stopped.until);
        evidence = failures.iter().map(|(_, e)| (*e).clone()).collect();
        join_datagrams(&mut evidence);
        evidence.sort_by(|a, b| (a.grade, a.code, &a.stamps).cmp(&(b.grade, b.code, &b.stamps)));
        fail(intent, evidence, failures);
        return;
    }
    if let Some(success) = success {
        intent.outcome = match failures.iter().map(|(flow, _)| *flow).collect::<Vec<_>>() {
            failed if failed.is_empty() && all_stall(tries) => Outcome::Degraded,
            failed if failed.is_empty() => Outcome::Ok,
            failed if failed.iter().all(|flow| is_other_way(flow, tries)) => Outcome::Degraded,
            failed if failed.iter().any(|flow| flow.span.0 < success) => Outcome::OkAfterRetry,
            _ if run.is_some_and(|run| run.is_over) => Outcome::OkAfterRetry,
            _ => Outcome::Ok,
        };
        intent.evidence = evidence;
        return;
    }
    both_ways(&mut evidence);
    // What stands beside a flow that reached its aim comes with a success, so here is a failure if there is anything.
    if evidence.is_empty() {
        intent.outcome = Outcome::Inconclusive;
        intent.doubt = tries.iter().find_map(|(_, verdict)| match verdict.went {
            AttemptOutcome::Open(doubt) => Some(doubt),
            _ => None,
        });
        return;
    }
    fail(intent, evidence, &failures);
}

/// Whether each of several connections that reached the aim came to a stall later: what is wanted of it is never had to
/// the end. A RST may be a server's way to close.
fn all_stall(tries: &[(&Flow, &FlowVerdict)]) -> bool {
    let stalls = |(flow, verdict): &(&Flow, &FlowVerdict)| {
        let late = |evidence: &Evidence| evidence.code == Code::LateStop;
        let first = |kind, own| flow.events_of(kind, own).next().map(|event| event.stamp);
        let own = first(EventKind::Fin, true);
        let reset =
            first(EventKind::Rst, false).is_some_and(|reset| own.is_none_or(|own| reset < own));
        verdict.beside.iter().any(late) && !reset
    };
    tries.len() >= 2 && tries.iter().all(stalls)
}

/// The best evidence, which is the first, says what an intent failed of, and the flow that it is of says where.
fn fail(intent: &mut Intent, evidence: ThinVec<Evidence>, failures: &[(&Flow, &Evidence)]) {
    let Some(best) = evidence.first() else {
        return;
    };
    let shown = |flow: &&Flow| {
        best.stamps
            .iter()
            .any(|stamp| flow.span.0 <= *stamp && *stamp <= flow.span.1)
    };
    let flow = failures.iter().map(|(flow, _)| *flow).find(shown);
    intent.outcome = Outcome::of_failure(best.grade);
    intent.stage = Some(flow.map_or(best.code.stage(), |flow| stage(flow, best)));
    intent.confidence = Some(best.grade);
    intent.evidence = evidence;
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
    joined.words = format!("{tries} tries over UDP, nothing came back");
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
        quic.words.push_str(", and TCP fails too");
    }
    evidence.sort_by(|a, b| (a.grade, a.code, &a.stamps).cmp(&(b.grade, b.code, &b.stamps)));
}

/// Whether a failed flow went another way than one that reached the aim: the other IP family, or QUIC beside TCP.
fn is_other_way(flow: &Flow, tries: &[(&Flow, &FlowVerdict)]) -> bool {
    let quic = flow.app.has(App::QUIC);
    let same_way = |other: &Flow| {
        flow.responder.ip.is_ipv4() == other.responder.ip.is_ipv4()
            && quic == other.app.has(App::QUIC)
    };
    let mut reached = tries.iter().filter(|(_, verdict)| {
        matches!(
            verdict.went,
            AttemptOutcome::Succeeded | AttemptOutcome::Sent
        )
    });
    // A further path of a connection that goes on is another way too.
    flow.joins.is_some() || reached.all(|(other, _)| !same_way(other))
}

/// A failure that the same initiator later got over is no block any more: the aim was reached after a retry. One that
/// it did not get over says when the aim was last reached.
fn forgive_earlier(same_key: &mut [Intent]) {
    let mut reached_later = false;
    for intent in same_key.iter_mut().rev() {
        let failed = intent.outcome.is_blocked() || intent.outcome == Outcome::FailedUnattributed;
        let reached = intent.outcome.is_reached() || intent.reached_until.is_some();
        if failed && reached_later {
            intent.outcome = Outcome::OkAfterRetry;
            intent.reached_until = None;
        }
        reached_later |= reached;
    }
    let mut last = None;
    for intent in same_key {
        let failed = intent.outcome.is_blocked() || intent.outcome == Outcome::FailedUnattributed;
        if failed {
            intent.reached_until = intent.reached_until.or(last);
        } else if intent.outcome.is_reached() {
            last = Some(intent.span.1.time);
        }
    }
}

/// A host's IPv4 and IPv6 addresses are two initiators in packets. Where the same name and port was reached over the
/// other family from the moment that this one failed, the failed family is a way that does not work, no block. Where
/// nothing of it is known but a SYN, it has lost the race, whether or not an answer would still have come.
fn forgive_other_family(intents: &mut [Intent], capture: &Capture) {
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
    let failed = intent.outcome.is_blocked() || intent.outcome == Outcome::FailedUnattributed;
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
