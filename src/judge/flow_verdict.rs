//! Everything that is said of one flow: scope, aim, coverage and how it went.

use std::net::IpAddr;

use foldhash::HashMap;
use rayon::prelude::*;
use thin_vec::ThinVec;

use super::attempt::{
    Asked, AttemptOutcome, InconclusiveReason, answers, late, tunnel, went, without_times,
};
use super::control::Controls;
use super::coverage::{Coverage, FlowTarget, Ground, Try, aim_by_names, cover, is_listed, tries};
use super::encrypted_dns::{EncryptedDns, as_plain_dns, encrypted_dns};
use super::evidence::{Code, Evidence, Grade};
use super::nearby::{FailedEnds, JudgedTry, Nearby, OwnTries};
use super::scope::{OutOfScope, out_of_scope};
use super::shade::Shade;
use super::share::HostShare;
use super::trust::Trust;
use super::two_point::Outside;
use super::whole::{WholeFacts, merged};
use crate::model::{CaptureTime, Fqdn, Transport};
use crate::observe::{App, Capture, EventKind, Exchange, Flow, NameSource};
use crate::rules::{RequirementIndex, RuleSet, Scratch, Subject};

/// What is said of one flow.
#[derive(Clone, Debug)]
pub struct FlowVerdict {
    /// Why it is not audited; `None` where it is.
    pub out_of_scope: Option<OutOfScope>,
    /// The host that its initiator is: the site's own address for it, where it has others.
    pub host: IpAddr,
    /// Whether it goes to a forward proxy of the site.
    pub to_proxy: bool,
    /// How DNS is hidden in it, where it is DNS that is.
    pub dns: Option<EncryptedDns>,
    /// Whom it aims at.
    pub aim: FlowTarget,
    /// What the requirements say of it.
    pub coverage: Coverage,
    /// How it went.
    pub went: AttemptOutcome,
    /// What is to be told beside it and changes nothing: what cut it off late, who opens its TLS.
    pub beside: ThinVec<Evidence>,
    /// What was asked of other aims on the same connection, as kept-alive connections to a proxy carry it.
    pub more: ThinVec<FlowVerdict>,
}

impl FlowVerdict {
    /// What is said of each aim of the flow, this one first.
    pub fn parts(&self) -> impl Iterator<Item = &Self> + Clone {
        std::iter::once(self).chain(&self.more)
    }

    /// What is said of the flow as a try to reach the aim of this name and port; of its first aim where it has no such.
    #[must_use]
    pub fn part(&self, name: Option<&Fqdn>, port: Option<u16>) -> &Self {
        let fits = |part: &&Self| part.aim.names.first() == name && Some(part.aim.port) == port;
        self.more.iter().find(fits).unwrap_or(self)
    }
}

/// Judges all flows of some shares, in parallel; each share's in the order of [`Capture::flows`].
#[must_use]
pub(super) fn flow_verdicts(
    shares: &[HostShare<'_>],
    (whole, rules): (&WholeFacts<'_>, &RuleSet),
    outside: Option<&Outside<'_>>,
) -> Vec<Vec<FlowVerdict>> {
    let by_packets = |share: &HostShare<'_>| by_themselves(share, (whole, rules));
    let mut verdicts: Vec<Vec<FlowVerdict>> = shares.iter().map(by_packets).collect();
    let (nearby, own) = beside(shares, &verdicts, rules);
    for ((share, verdicts), own) in shares.iter().zip(&mut verdicts).zip(own) {
        let nearby = &nearby;
        let controls = Controls { nearby, own };
        settle_all(share, verdicts, &controls, (whole, outside));
    }
    verdicts
}

/// What is said of a share's flows by their own packets.
fn by_themselves(share: &HostShare<'_>, known: (&WholeFacts<'_>, &RuleSet)) -> Vec<FlowVerdict> {
    let capture = share.capture;
    let ground = Ground::of(capture, known, &share.hosts);
    let end = capture.end();
    let mut verdicts: Vec<FlowVerdict> = capture
        .flows
        .par_iter()
        .with_min_len(Scratch::stretch(capture.flows.len()))
        .map_init(Scratch::default, |scratch, flow| {
            by_itself(flow, (&ground, end), scratch)
        })
        .collect();
    latest_claims(capture, &mut verdicts);
    verdicts
}

/// What works beside what failed: of all shares, and of the hosts of each.
fn beside(
    shares: &[HostShare<'_>],
    verdicts: &[Vec<FlowVerdict>],
    rules: &RuleSet,
) -> (Nearby, Vec<OwnTries>) {
    let judged = |place: usize| {
        let (share, verdicts) = (&shares[place], &verdicts[place]);
        share.capture.flows.iter().zip(verdicts)
    };
    let tries = |place: usize| {
        let judged = judged(place);
        let parts =
            judged.flat_map(|(flow, verdict)| verdict.parts().map(move |part| (flow, part)));
        parts.collect()
    };
    let tries: Vec<(usize, Vec<JudgedTry<'_>>)> = (0..shares.len())
        .map(|place| (place, tries(place)))
        .collect();
    let failed = merged(&tries, |(_, tries)| FailedEnds::of(tries));
    let nearby = || {
        merged(&tries, |(place, tries)| {
            let mut nearby = Nearby::of(tries, &failed, rules);
            nearby.note_one_way(judged(*place), &failed);
            nearby
        })
    };
    let own = || {
        tries
            .par_iter()
            .map(|(_, tries)| OwnTries::of(tries))
            .collect()
    };
    rayon::join(nearby, own)
}

/// Settles how the flows of a share went.
fn settle_all(
    share: &HostShare<'_>,
    verdicts: &mut [FlowVerdict],
    controls: &Controls<'_>,
    (whole, outside): (&WholeFacts<'_>, Option<&Outside<'_>>),
) {
    let (trust, end) = (&whole.trust, share.capture.end());
    let flows = share.capture.flows.par_iter();
    let all = flows.zip(verdicts).with_min_len(512);
    all.for_each(|(flow, verdict)| {
        // Sent but once or twice to a server whose answers to others are proved, and do not pass the tap.
        if matches!(&verdict.went, AttemptOutcome::Failed(evidence) if evidence.code == Code::QuicSilent)
            && flow.out.packets < 3
            && controls.nearby.is_one_way(flow.responder.ip)
        {
            verdict.went = AttemptOutcome::Open(InconclusiveReason::OneWay);
        }
        settle(flow, verdict, controls, trust);
        let more = verdict.more.iter_mut();
        more.for_each(|part| settle(flow, part, controls, trust));
        if let Some(outside) = outside {
            outside.compare(flow, &mut verdict.went);
        }
        if verdict.went == AttemptOutcome::Succeeded {
            let beside = [late(flow, end), controls.intercepted(flow, false)];
            verdict.beside = beside.into_iter().flatten().collect();
        }
    });
}

/// What is said of a flow by its own packets, with each of its aims.
fn by_itself(
    flow: &Flow,
    context: (&Ground<'_>, CaptureTime),
    scratch: &mut Scratch,
) -> FlowVerdict {
    let (ground, _) = context;
    let profile = ground.rules.profile();
    let mut parts = tries(flow, profile).into_iter();
    let first = parts.next().unwrap_or_else(|| {
        let mut aim = aim_by_names(flow, profile);
        if aim.names.is_empty() {
            aim.names = ground.hosts.names(flow);
            aim.source = (!aim.names.is_empty()).then_some(NameSource::DnsAnswer);
        }
        let asked = ThinVec::new();
        Try { aim, asked }
    });
    let mut verdict = verdict(flow, first, context, scratch);
    if verdict.out_of_scope.is_none() {
        let more = parts.map(|part| self::verdict(flow, part, context, scratch));
        verdict.more = more.collect();
    }
    verdict
}

/// Whether all that covers a flow wants datagrams and nothing else.
fn only_datagrams(coverage: &Coverage, rules: &RuleSet) -> bool {
    let covers = coverage.covers.iter();
    let all = rules.requirements();
    let mut wanted = covers.map(|index| all.get(index.index()).map(|row| &row.transport[..]));
    !coverage.covers.is_empty() && wanted.all(|wanted| wanted == Some(&[Transport::Udp]))
}

/// Whether what a flow says or what covers it is syslog (RFC 5426, RFC 6587), which has no answers, so that sent and not
/// refused is all that packets can show of it.
fn has_no_answers(flow: &Flow, coverage: &Coverage, rules: &RuleSet) -> bool {
    let syslog = |index: &RequirementIndex| {
        let row = rules.library().requirement(*index);
        row.is_some_and(|row| row.app.iter().any(|app| app == "syslog"))
    };
    flow.app.has(App::SYSLOG) || coverage.covers.iter().any(syslog)
}

/// Whether the responder acknowledged all that was sent to it in clear.
fn took_all(flow: &Flow) -> bool {
    let all = flow.out.next_sequence();
    !flow.app.has(App::TLS) && all.is_some() && flow.back.highest_ack() == all
}

/// What is said of a flow as a try to reach one aim, by its own packets.
fn verdict(
    flow: &Flow,
    Try { mut aim, asked }: Try<'_>,
    (ground, end): (&Ground<'_>, CaptureTime),
    scratch: &mut Scratch,
) -> FlowVerdict {
    let rules = ground.rules;
    let profile = rules.profile();
    let host = ground.hosts.host(flow.initiator.ip);
    let names: Vec<&Fqdn> = aim.names.iter().collect();
    let subject = Subject {
        initiator: host,
        responder: flow.responder.ip,
        port: flow.responder.port,
        transport: flow.transport,
        names: &names,
        path: None,
        time: flow.span.0.time,
    };
    let mut out_of_scope = out_of_scope(flow, &subject, profile, rules.library());
    let mut coverage = if out_of_scope.is_some() {
        Coverage::default()
    } else {
        cover(flow, &mut aim, &asked, ground, scratch)
    };
    let dns = match out_of_scope.is_some() {
        true => None,
        false => hidden_dns(flow, &aim, host, &mut coverage, rules, scratch),
    };
    let went = by_packets(flow, &aim, &asked, &coverage, (rules, end), scratch);
    let to_proxy = profile.is_proxy(flow.responder.ip, flow.responder.port);
    if out_of_scope.is_none()
        && coverage.covers.is_empty()
        && coverage.denied.is_empty()
        && !aim.proxied
        && went == AttemptOutcome::Succeeded
        && to_proxy
    {
        out_of_scope = Some(OutOfScope::HiddenByProxy);
    }
    FlowVerdict {
        out_of_scope,
        host,
        to_proxy,
        dns,
        aim,
        coverage,
        went,
        beside: ThinVec::new(),
        more: ThinVec::new(),
    }
}

/// How a try went, with what its aim and what covers it make of its packets.
fn by_packets(
    flow: &Flow,
    aim: &FlowTarget,
    asked: &[&Exchange],
    coverage: &Coverage,
    (rules, end): (&RuleSet, CaptureTime),
    scratch: &mut Scratch,
) -> AttemptOutcome {
    let asked = asked_went(flow, aim, asked, (rules, end), scratch);
    match asked.unwrap_or_else(|| went(flow, end)) {
        AttemptOutcome::Failed(mut evidence)
            if evidence.code == Code::QuicIcmp && !only_datagrams(coverage, rules) =>
        {
            // Clients of QUIC have TCP to go on with, so what is said of that counts where it would do.
            evidence.grade = Grade::C;
            AttemptOutcome::Failed(evidence)
        }
        AttemptOutcome::Open(InconclusiveReason::KeyRefused)
            if coverage.outer.is_none() && !aim.proxied =>
        {
            // Random bytes for a key (GREASE): the name in clear is the one that was asked for, and its handshake is
            // whole.
            AttemptOutcome::Succeeded
        }
        AttemptOutcome::Sent
            if flow.transport == Transport::Udp
                && !coverage.covers.is_empty()
                && !has_no_answers(flow, coverage, rules) =>
        {
            AttemptOutcome::Open(InconclusiveReason::Unanswered)
        }
        AttemptOutcome::Failed(evidence)
            if evidence.code == Code::PostAckSilent
                && has_no_answers(flow, coverage, rules)
                && took_all(flow) =>
        {
            AttemptOutcome::Sent
        }
        went => went,
    }
}

/// How it went by what was asked in clear and answered; `None` where the flow itself has to tell.
fn asked_went(
    flow: &Flow,
    aim: &FlowTarget,
    asked: &[&Exchange],
    (rules, end): (&RuleSet, CaptureTime),
    scratch: &mut Scratch,
) -> Option<AttemptOutcome> {
    let last = asked.last()?;
    let (initiator, at) = (flow.initiator.ip, flow.span.0.time);
    let of = |proxied| Asked {
        name: aim.names.first(),
        proxied,
        end,
    };
    let mut listed = |host: &_| is_listed(initiator, host, at, rules, scratch);
    if last.how.is_tunnel() {
        let inside = flow.exchanges.iter();
        let inside = inside.filter(|exchange| exchange.asked > last.asked);
        let through = tunnel(flow, last, end);
        return through.or_else(|| answers(flow, inside, of(false), listed));
    }
    answers(flow, asked.iter().copied(), of(aim.proxied), &mut listed)
}

/// Settles grades by what works nearby.
fn settle(flow: &Flow, verdict: &mut FlowVerdict, controls: &Controls<'_>, trust: &Trust) {
    verdict.went = match std::mem::replace(&mut verdict.went, AttemptOutcome::Succeeded) {
        // Nothing comes back in all of the capture: that these do not proves nothing. A SYN that is sent again does.
        AttemptOutcome::Failed(evidence)
            if trust.one_way && matches!(evidence.code, Code::UdpSilent | Code::QuicSilent) =>
        {
            AttemptOutcome::Open(InconclusiveReason::OneWay)
        }
        AttemptOutcome::Open(InconclusiveReason::CaptureEnd | InconclusiveReason::OneWay)
            if trust.one_time =>
        {
            without_times(flow)
        }
        AttemptOutcome::Failed(evidence) => {
            let mut evidence = controls.settle(flow, &verdict.aim, *evidence);
            trust.lower(&mut evidence);
            let reset = match evidence.code {
                // In the middle of a handshake it answers no hello.
                Code::ResetInjected if flow.app.has(App::TLS) => {
                    let reset = flow.events_of(EventKind::Rst, false).next();
                    let begun = flow.tls.iter().any(|mark| {
                        mark.side != flow.initiator_side
                            && reset.is_some_and(|reset| mark.stamp < reset.stamp)
                    });
                    (!begun).then_some(Code::HelloReset)
                }
                Code::ResetInjected if flow.app.has(App::HTTP) => Some(Code::RequestReset),
                _ => None,
            };
            if let Some(code) = reset {
                // Whoever made it, it is a RST in answer to a ClientHello or a request too.
                let reset = Evidence {
                    code,
                    grade: Grade::C,
                    control: None,
                    ..evidence.clone()
                };
                let mut reset = controls.settle(flow, &verdict.aim, reset);
                // What it is by its TTL is said already.
                if reset.grade == Grade::C || reset.code != code {
                    (reset.code, reset.grade) = (code, evidence.grade.max(Grade::B));
                    reset.words.clone_from(&evidence.words);
                    reset.control.clone_from(&evidence.control);
                }
                trust.lower(&mut reset);
                verdict.beside.push(reset);
            }
            if evidence.code == Code::AlertClient {
                verdict.beside.extend(controls.intercepted(flow, true));
            }
            AttemptOutcome::failed(evidence)
        }
        went => went,
    };
}

/// How DNS is hidden in a flow. Where it goes to a name server of the site and the site says that this stands for DNS
/// in clear, the flow falls under what asks for that.
fn hidden_dns(
    flow: &Flow,
    aim: &FlowTarget,
    host: IpAddr,
    coverage: &mut Coverage,
    rules: &RuleSet,
    scratch: &mut Scratch,
) -> Option<EncryptedDns> {
    let profile = rules.profile();
    let known = encrypted_dns(flow, aim, profile);
    let may_be = !coverage.covers.is_empty() || profile.is_default() || aim.proxied;
    let https = flow.responder.port == 443 && (flow.app.has(App::TLS) || flow.app.has(App::QUIC));
    if may_be || known.is_none() && !https {
        return known;
    }
    let plain = as_plain_dns(flow, host, rules, scratch);
    if plain.is_empty() {
        return known;
    }
    if profile.hidden().encrypted_dns {
        coverage.covers = plain;
        coverage.misses = ThinVec::new();
    }
    known.or(Some(EncryptedDns::Https))
}

/// Of several names that an address has, one that was asked for last, when each of the others had got a flow of its
/// own before, is what the next flow is for.
fn latest_claims(capture: &Capture, verdicts: &mut [FlowVerdict]) {
    let unsure = |v: &FlowVerdict| {
        v.coverage
            .shades
            .iter()
            .any(|(_, shade)| *shade == Shade::OneOfSeveral)
    };
    if !verdicts.iter().any(unsure) {
        return;
    }
    let mut starts: HashMap<(IpAddr, IpAddr), Vec<CaptureTime>> = HashMap::default();
    for (flow, verdict) in capture.flows.iter().zip(verdicts.iter()) {
        let key = (verdict.host, flow.responder.ip);
        starts.entry(key).or_default().push(flow.span.0.time);
    }
    for (flow, verdict) in capture.flows.iter().zip(verdicts) {
        if !unsure(verdict) {
            continue;
        }
        let answers = flow
            .names
            .iter()
            .filter(|n| n.source == NameSource::DnsAnswer);
        let mut asked: Vec<(CaptureTime, &Fqdn)> = answers.map(|n| (n.at.time, &n.fqdn)).collect();
        asked.sort_unstable();
        let Some(((last, newest), others)) = asked.split_last() else {
            continue;
        };
        let starts = starts.get(&(verdict.host, flow.responder.ip));
        let claimed = |(at, _): &(CaptureTime, &Fqdn)| {
            starts.is_some_and(|all| all.iter().any(|start| at <= start && start < last))
        };
        if !others.is_empty() && others.iter().all(claimed) {
            let own: Vec<RequirementIndex> = verdict.coverage.of_name(newest);
            verdict.coverage.shades.retain(|(requirement, shade)| {
                *shade != Shade::OneOfSeveral || !own.contains(requirement)
            });
        }
    }
}
