//! Which traffic that a requirement covers was stopped, where, and by what evidence?

use super::Case;
use super::census::is_unreached_proxy;
use super::evidence::{Code, Grade, Stage};
use super::finding::{Finding, FindingCode};
use super::intent::Intent;
use super::outcome::Outcome;
use crate::observe::FlowId;
use crate::wording::{Phrase, phrase, word};

/// One finding for each intent that was blocked or failed.
pub(super) fn blocked(case: &Case<'_>, out: &mut Vec<Finding>) {
    for (i, intent) in case.intents.iter().enumerate() {
        let code = match intent.outcome {
            Outcome::BlockedConfirmed | Outcome::BlockedLikely => FindingCode::Blocked,
            Outcome::FailedUnattributed => FindingCode::Failed,
            _ => continue,
        };
        let mut finding = about(code, i, intent);
        let best = intent.evidence.first();
        let shown = best.map_or(Phrase::default(), |evidence| evidence.words.clone());
        finding.message = match (intent.outcome, intent.stage) {
            (Outcome::BlockedConfirmed, Some(stage)) => {
                phrase!(stopped_at, "stopped at {stage}: {shown}", stage, shown)
            }
            (Outcome::BlockedLikely, Some(stage)) => {
                phrase!(
                    likely_stopped_at,
                    "likely stopped at {stage}: {shown}",
                    stage,
                    shown
                )
            }
            (_, Some(stage)) => phrase!(failed_at, "failed at {stage}: {shown}", stage, shown),
            _ => shown,
        };
        if is_to_proxy(intent, case) {
            let what = &finding.message;
            finding.message = phrase!(
                at_own_proxy,
                "the site's own proxy, before anything was asked of it: {what}",
                what
            );
        }
        if let Some(control) = best.and_then(|evidence| evidence.control.as_ref()) {
            finding.message = finding.message.then(control);
        }
        if let Some(until) = intent.reached_until {
            finding.message =
                finding
                    .message
                    .then(phrase!(reached_until, "reached until {until}", until));
        }
        finding.advice = advice(intent, &finding.target);
        out.push(finding);
    }
}

/// Whether all that was tried was to reach a proxy of the site.
fn is_to_proxy(intent: &Intent, case: &Case<'_>) -> bool {
    let mut flows = intent.attempts.iter();
    let verdict = |id: &FlowId| case.flows.get(id.0 as usize);
    !intent.attempts.is_empty() && flows.all(|id| verdict(id).is_some_and(is_unreached_proxy))
}

/// One finding for each intent that reached its aim although one way to it fails.
pub(super) fn degraded(case: &Case<'_>, out: &mut Vec<Finding>) {
    for (i, intent) in case
        .intents
        .iter()
        .enumerate()
        .filter(|(_, intent)| intent.outcome == Outcome::Degraded)
    {
        let mut finding = about(FindingCode::Degraded, i, intent);
        let best = intent.evidence.first();
        let shown = best.map_or(Phrase::default(), |evidence| evidence.words.clone());
        let late = intent.evidence.first().map(|evidence| evidence.code) == Some(Code::LateStop);
        (finding.message, finding.advice) = if late {
            (
                phrase!(reached_but_stalls, "reached, but each of its connections stalls later: {shown}", shown),
                word!(do_see_stalls, "look at what stops connections that are under way: content filters, limits on sessions or bytes, path MTU").into(),
            )
        } else {
            (
                phrase!(
                    reached_but_one_way_fails,
                    "reached, but another way to it fails: {shown}",
                    shown
                ),
                word!(
                    do_open_other_way,
                    "open the failing way too, or take its addresses out of DNS"
                )
                .into(),
            )
        };
        out.push(finding);
    }
}

/// One finding for each intent that was stopped at first, as the evidence says, and reached later by the same host: the
/// path changed in between.
pub(super) fn recovered(case: &Case<'_>, out: &mut Vec<Finding>) {
    for (i, intent) in case.intents.iter().enumerate() {
        let best = intent.evidence.first();
        let Some(shown) = best.filter(|evidence| evidence.grade < Grade::C) else {
            continue;
        };
        if intent.outcome != Outcome::OkAfterRetry || intent.requirements.is_empty() {
            continue;
        }
        let mut finding = about(FindingCode::Recovered, i, intent);
        let (stage, words) = (shown.code.stage(), &shown.words);
        finding.message = match shown.stamps.last() {
            Some(last) => {
                let last = last.time;
                phrase!(
                    recovered_after,
                    "stopped at {stage} until {last}, and reached later: {words}",
                    stage,
                    last,
                    words
                )
            }
            None => phrase!(
                recovered_later,
                "stopped at {stage}, and reached later: {words}",
                stage,
                words
            ),
        };
        finding.advice = word!(do_see_change, "see what was changed on the path in between").into();
        out.push(finding);
    }
}

fn about(code: FindingCode, place: usize, intent: &Intent) -> Finding {
    let target = match (&intent.fqdn, intent.addresses.first()) {
        (Some(name), _) => name.to_string(),
        (None, Some(address)) => address.to_string(),
        (None, None) => String::new(),
    };
    Finding {
        outcome: Some(intent.outcome),
        stage: intent.stage,
        confidence: intent.confidence,
        initiator: Some(intent.initiator),
        port: intent.port,
        transport: Some(intent.transport),
        evidence: intent.evidence.to_vec(),
        requirements: intent.requirements.to_vec(),
        flows: intent.attempts.to_vec(),
        intents: vec![place],
        span: Some(intent.span),
        ..Finding::new(code, target)
    }
}

/// What to do, by the evidence. Never which rule of a firewall did it: packets do not say that.
fn advice(intent: &Intent, target: &str) -> Phrase {
    let from = intent.initiator;
    let transport = intent.transport;
    let port = intent.port.map_or(Phrase::default(), |port| {
        phrase!(of_port, " port {port}/{transport}", port, transport)
    });
    let by = intent.evidence.iter().find_map(|evidence| evidence.by);
    match intent.evidence.first().map(|evidence| evidence.code) {
        _ if intent.evidence.first().is_some_and(|shown| shown.login) => {
            phrase!(
                do_give_login,
                "give the agent on {from} a login that the proxy takes, or exempt {target} from it",
                from,
                target
            )
        }
        // What fits other causes as well is no reason to open anything.
        Some(Code::ProxyRefused | Code::ProxyFailed | Code::ProxySilent)
            if intent.confidence == Some(Grade::C) =>
        {
            phrase!(
                do_see_proxy_log,
                "look into the log of the proxy: whether it lets {from} reach {target}{port}, and gets there itself",
                from,
                target,
                port
            )
        }
        _ if intent.confidence == Some(Grade::C) => {
            phrase!(
                do_see_path,
                "look at the path from {from} to {target}{port}, and whether the server is up",
                from,
                target,
                port
            )
        }
        Some(Code::FirewallPf | Code::FirewallNetfilter | Code::FirewallChain | Code::DropFile) => {
            phrase!(
                do_allow_by_named_rule,
                "allow {from} to {target}{port} on the device that says so, by the rule that it names",
                from,
                target,
                port
            )
        }
        Some(Code::HostXdp | Code::HostWindows) => {
            phrase!(
                do_allow_on_host,
                "allow {from} to {target}{port} on the capturing host itself",
                from,
                target,
                port
            )
        }
        Some(Code::TwoPoint) => {
            phrase!(
                do_allow_between_points,
                "allow {from} to {target}{port} on the device between the two points",
                from,
                target,
                port
            )
        }
        Some(Code::SynSilent | Code::SynResetFast | Code::IcmpPort | Code::UdpSilent) => {
            phrase!(
                do_allow_in_firewalls,
                "allow {from} to {target}{port} in the firewalls on the path",
                from,
                target,
                port
            )
        }
        Some(Code::SourcePort) => {
            phrase!(
                do_allow_any_source_port,
                "allow {from} to {target}{port} from whatever source port, in the firewalls on the path",
                from,
                target,
                port
            )
        }
        Some(Code::IcmpProhibited | Code::UdpProhibited) => match by {
            Some(by) => {
                phrase!(
                    do_allow_on_device,
                    "allow {from} to {target}{port} on the device {by}, which refuses it",
                    from,
                    target,
                    port,
                    by
                )
            }
            None => phrase!(
                do_allow,
                "allow {from} to {target}{port}",
                from,
                target,
                port
            ),
        },
        Some(
            Code::HelloReset
            | Code::HelloSilent
            | Code::HelloFin
            | Code::HandshakeSilent
            | Code::HandshakeCut
            | Code::ResetInjected
            | Code::PlainAnswer,
        ) => {
            phrase!(
                do_allow_name,
                "allow the name {target} in what filters by TLS names (web filter, application control)",
                target
            )
        }
        Some(Code::AlertClient | Code::IssuerSubstituted) => {
            phrase!(
                do_exempt,
                "exempt {target} from TLS inspection, or give the agent the inspecting CA",
                target
            )
        }
        Some(code) if code.stage() == Stage::Dns => match by {
            Some(by) => phrase!(
                do_let_resolver_by,
                "let the resolver {by} answer for {target}",
                by,
                target
            ),
            None => phrase!(
                do_let_resolver,
                "let the resolver answer for {target}",
                target
            ),
        },
        Some(Code::ProxyRefused) => {
            phrase!(
                do_allow_on_proxy,
                "allow {target}{port} on the proxy",
                target,
                port
            )
        }
        Some(Code::ProxyFailed) => phrase!(
            do_let_proxy_reach,
            "allow the proxy itself to reach {target}{port}",
            target,
            port
        ),
        Some(Code::HttpBlocked) => {
            phrase!(
                do_allow_in_web_filter,
                "allow {target} in the web filter",
                target
            )
        }
        _ => {
            phrase!(
                do_see_path,
                "look at the path from {from} to {target}{port}, and whether the server is up",
                from,
                target,
                port
            )
        }
    }
}
