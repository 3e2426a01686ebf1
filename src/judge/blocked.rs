//! Which traffic that a requirement covers was stopped, where, and by what evidence?

use super::Case;
use super::census::is_unreached_proxy;
use super::evidence::{Code, Grade, Stage};
use super::finding::{Finding, FindingCode};
use super::intent::Intent;
use super::outcome::Outcome;
use crate::observe::FlowId;

/// One finding for each intent that was blocked or failed.
pub(super) fn blocked(case: &Case<'_>, out: &mut Vec<Finding>) {
    for (i, intent) in case.intents.iter().enumerate() {
        let code = match intent.outcome {
            Outcome::BlockedConfirmed | Outcome::BlockedLikely => FindingCode::Blocked,
            Outcome::FailedUnattributed => FindingCode::Failed,
            _ => continue,
        };
        let mut finding = about(code, i, intent);
        let shown = intent
            .evidence
            .first()
            .map_or("", |evidence| &evidence.words);
        finding.message = match (intent.outcome, intent.stage) {
            (Outcome::BlockedConfirmed, Some(stage)) => format!("stopped at {stage}: {shown}"),
            (Outcome::BlockedLikely, Some(stage)) => format!("likely stopped at {stage}: {shown}"),
            (_, Some(stage)) => format!("failed at {stage}: {shown}"),
            _ => shown.to_owned(),
        };
        if is_to_proxy(intent, case) {
            let what = "the site's own proxy, before anything was asked of it: ";
            finding.message.insert_str(0, what);
        }
        if let Some(control) = intent
            .evidence
            .first()
            .and_then(|evidence| evidence.control.as_ref())
        {
            finding.message.push_str("; ");
            finding.message.push_str(control);
        }
        if let Some(until) = intent.reached_until {
            finding
                .message
                .push_str(&format!("; reached until {until}"));
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
        let shown = intent
            .evidence
            .first()
            .map_or("", |evidence| &evidence.words);
        let late = intent.evidence.first().map(|evidence| evidence.code) == Some(Code::LateStop);
        (finding.message, finding.advice) = if late {
            (
                format!("reached, but each of its connections stalls later: {shown}"),
                "look at what stops connections that are under way: content filters, limits on sessions or bytes, path MTU"
                    .to_owned(),
            )
        } else {
            (
                format!("reached, but another way to it fails: {shown}"),
                "open the failing way too, or take its addresses out of DNS".to_owned(),
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
        let last = shown
            .stamps
            .last()
            .map_or(String::new(), |stamp| format!(" until {}", stamp.time));
        finding.message = format!(
            "stopped at {}{last}, and reached later: {}",
            shown.code.stage(),
            shown.words
        );
        finding.advice = "see what was changed on the path in between".to_owned();
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
fn advice(intent: &Intent, target: &str) -> String {
    let from = intent.initiator;
    let port = intent.port.map_or(String::new(), |port| {
        format!(" port {port}/{}", intent.transport)
    });
    let by = intent.evidence.iter().find_map(|evidence| evidence.by);
    match intent.evidence.first().map(|evidence| evidence.code) {
        _ if intent.evidence.first().is_some_and(|shown| shown.login) => {
            format!(
                "give the agent on {from} a login that the proxy takes, or exempt {target} from it"
            )
        }
        // What fits other causes as well is no reason to open anything.
        Some(Code::ProxyRefused | Code::ProxyFailed | Code::ProxySilent)
            if intent.confidence == Some(Grade::C) =>
        {
            format!(
                "look into the log of the proxy: whether it lets {from} reach {target}{port}, and gets there itself"
            )
        }
        _ if intent.confidence == Some(Grade::C) => {
            format!("look at the path from {from} to {target}{port}, and whether the server is up")
        }
        Some(Code::FirewallPf | Code::FirewallNetfilter | Code::FirewallChain | Code::DropFile) => {
            format!(
                "allow {from} to {target}{port} on the device that says so, by the rule that it names"
            )
        }
        Some(Code::HostXdp | Code::HostWindows) => {
            format!("allow {from} to {target}{port} on the capturing host itself")
        }
        Some(Code::TwoPoint) => {
            format!("allow {from} to {target}{port} on the device between the two points")
        }
        Some(Code::SynSilent | Code::SynResetFast | Code::IcmpPort | Code::UdpSilent) => {
            format!("allow {from} to {target}{port} in the firewalls on the path")
        }
        Some(Code::SourcePort) => {
            format!(
                "allow {from} to {target}{port} from whatever source port, in the firewalls on the path"
            )
        }
        Some(Code::IcmpProhibited | Code::UdpProhibited) => match by {
            Some(by) => {
                format!("allow {from} to {target}{port} on the device {by}, which refuses it")
            }
            None => format!("allow {from} to {target}{port}"),
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
            format!(
                "allow the name {target} in what filters by TLS names (web filter, application control)"
            )
        }
        Some(Code::AlertClient | Code::IssuerSubstituted) => {
            format!("exempt {target} from TLS inspection, or give the agent the inspecting CA")
        }
        Some(code) if code.stage() == Stage::Dns => match by {
            Some(by) => format!("let the resolver {by} answer for {target}"),
            None => format!("let the resolver answer for {target}"),
        },
        Some(Code::ProxyRefused) => {
            format!("allow {target}{port} on the proxy")
        }
        Some(Code::ProxyFailed) => format!("allow the proxy itself to reach {target}{port}"),
        Some(Code::HttpBlocked) => format!("allow {target} in the web filter"),
        _ => {
            format!("look at the path from {from} to {target}{port}, and whether the server is up")
        }
    }
}
