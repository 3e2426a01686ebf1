//! Everything that is said of one flow: scope, aim, coverage and how it went.

use rayon::prelude::*;
use thin_vec::ThinVec;

use super::attempt::{Doubt, Went, late, refused_behind_proxy, went, without_times};
use super::control::Controls;
use super::coverage::{Aim, Coverage, aim, cover};
use super::evidence::{Code, Evidence, Grade};
use super::scope::{OutOfScope, out_of_scope};
use super::trust::Trust;
use super::two_point::Outside;
use crate::model::{Fqdn, Transport};
use crate::observe::{App, Capture, EventKind, Flow, NameSource};
use crate::rules::{Profile, RuleSet, Scratch, Subject};

/// What is said of one flow.
#[derive(Clone, Debug)]
pub struct FlowVerdict {
    /// Why it is not audited; `None` where it is.
    pub out_of_scope: Option<OutOfScope>,
    /// Whom it aims at.
    pub aim: Aim,
    /// What the requirements say of it.
    pub coverage: Coverage,
    /// How it went.
    pub went: Went,
    /// What is to be told beside it and changes nothing: what cut it off late, who opens its TLS.
    pub beside: ThinVec<Evidence>,
}

/// Judges all flows, in parallel; in the order of [`Capture::flows`].
#[must_use]
pub(super) fn flow_verdicts(
    capture: &Capture,
    rules: &RuleSet,
    profile: &Profile,
    trust: &Trust,
    outside: Option<&Outside<'_>>,
) -> Vec<FlowVerdict> {
    let judge = |scratch: &mut Scratch, flow: &Flow| {
        let aim = aim(flow, profile);
        let names: Vec<&Fqdn> = aim.names.iter().collect();
        let subject = Subject {
            initiator: flow.initiator.ip,
            responder: flow.responder.ip,
            port: flow.responder.port,
            transport: flow.transport,
            names: &names,
            path: None,
            time: flow.span.0.time,
        };
        let out_of_scope = out_of_scope(flow, &subject, profile, rules.library());
        let coverage = if out_of_scope.is_some() {
            Coverage::default()
        } else {
            cover(flow, &aim, rules, scratch)
        };
        let went = match went(flow, capture.end()) {
            Went::Succeeded if aim.proxied && aim.source == Some(NameSource::HttpHost) => {
                refused_behind_proxy(flow).map_or(Went::Succeeded, Went::failed)
            }
            Went::Failed(mut evidence) if evidence.code == Code::QuicIcmp => {
                // Clients of QUIC have TCP to go on with, so what is said of that counts where it would do.
                if !only_datagrams(&coverage, rules) {
                    evidence.grade = Grade::C;
                }
                Went::Failed(evidence)
            }
            went => went,
        };
        FlowVerdict {
            out_of_scope,
            aim,
            coverage,
            went,
            beside: ThinVec::new(),
        }
    };
    let mut verdicts: Vec<FlowVerdict> = capture
        .flows
        .par_iter()
        .with_min_len(Scratch::stretch(capture.flows.len()))
        .map_init(Scratch::default, judge)
        .collect();
    let controls = Controls::of(
        capture
            .flows
            .iter()
            .zip(verdicts.iter().map(|verdict| &verdict.went)),
        rules,
    );
    let all = capture
        .flows
        .par_iter()
        .zip(&mut verdicts)
        .with_min_len(512);
    all.for_each(|(flow, verdict)| {
        verdict.went = match std::mem::replace(&mut verdict.went, Went::Succeeded) {
            // Nothing comes back in all of the capture: that these do not proves nothing. A SYN that is sent again does.
            Went::Failed(evidence)
                if trust.one_way && matches!(evidence.code, Code::UdpSilent | Code::QuicSilent) =>
            {
                Went::Open(Doubt::OneWay)
            }
            Went::Open(Doubt::CaptureEnd | Doubt::OneWay) if trust.one_time => without_times(flow),
            Went::Failed(evidence) => {
                let mut evidence = controls.settle(flow, *evidence);
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
                    let mut reset = controls.settle(flow, reset);
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
                Went::failed(evidence)
            }
            went => went,
        };
        if let Some(outside) = outside {
            outside.compare(flow, &mut verdict.went);
        }
        if verdict.went == Went::Succeeded {
            let beside = [late(flow, capture.end()), controls.intercepted(flow, false)];
            verdict.beside = beside.into_iter().flatten().collect();
        }
    });
    verdicts
}

/// Whether all that covers a flow wants datagrams and nothing else.
fn only_datagrams(coverage: &Coverage, rules: &RuleSet) -> bool {
    let covers = coverage.covers.iter();
    let all = rules.requirements();
    let mut wanted = covers.map(|index| all.get(index.index()).map(|row| &row.transport[..]));
    !coverage.covers.is_empty() && wanted.all(|wanted| wanted == Some(&[Transport::Udp]))
}
