//! Findings about what packets do not show in clear: DNS by another way, encrypted hellos, other applications.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Case;
use super::attempt::AttemptOutcome;
use super::encrypted_dns::EncryptedDns;
use super::evidence::Evidence;
use super::finding::{Finding, FindingCode, Severity};
use super::flow_verdict::FlowVerdict;
use super::shade::Shade;
use crate::model::Transport;
use crate::observe::{Flow, FlowId};
use crate::rules::RequirementIndex;
use crate::wording::{phrase, word};

/// The most evidence that a finding shows.
const MOST_EVIDENCE: usize = 3;

/// Who, to whom, on which port, over what, and what is said of it.
type TalkKey<T> = (IpAddr, String, u16, Transport, T);

/// DNS to a name server of the site by another way than the page lists: no wrong port.
pub(super) fn encrypted_dns(case: &Case<'_>, out: &mut Vec<Finding>) {
    let of = |flow: &Flow, verdict: &FlowVerdict| {
        let dns = own_resolver(verdict)?;
        Some(key(flow, verdict, dns))
    };
    for ((host, target, port, transport, dns), flows) in grouped(case, of) {
        let misses = flows.iter().filter_map(|id| case.flows.get(id.0 as usize));
        let mut requirements: Vec<RequirementIndex> = misses
            .flat_map(|verdict| verdict.coverage.misses.iter().map(|miss| miss.requirement))
            .collect();
        requirements.sort_unstable();
        requirements.dedup();
        let mut evidence: Vec<Evidence> = Vec::new();
        for id in &flows {
            let failed = case.flows.get(id.0 as usize).map(|verdict| &verdict.went);
            if let Some(AttemptOutcome::Failed(shown)) = failed {
                evidence.push((**shown).clone());
            }
        }
        evidence.sort_by_key(|shown| (shown.grade, shown.code));
        // That some fail says nothing: clients try several at once.
        if evidence.len() < flows.len() {
            evidence.clear();
        }
        let message = match evidence.first() {
            None => phrase!(
                own_dns_hidden,
                "{dns} to a name server of the site, of which the page lists DNS in clear: what is asked is not visible",
                dns
            ),
            Some(shown) => {
                let shown = &shown.words;
                phrase!(
                    own_dns_fails,
                    "{dns} to a name server of the site, of which the page lists DNS in clear, fails each time: {shown}",
                    dns,
                    shown
                )
            }
        };
        evidence.truncate(MOST_EVIDENCE);
        // Nothing else answers the host.
        let alone = !evidence.is_empty() && !case.census.asks(host);
        out.push(Finding {
            initiator: Some(host),
            port: Some(port),
            transport: Some(transport),
            severity: if alone { Severity::Medium } else { Severity::Low },
            message,
            advice: word!(do_say_encrypted, "if that is how the site resolves, say encrypted = true under [dns] in the site file; else switch it off on the host").into(),
            evidence,
            requirements,
            span: case.span(&flows),
            flows,
            ..Finding::new(FindingCode::EncryptedDns, target)
        });
    }
}

/// How a flow hides DNS to a name server that a requirement covers in clear, where nothing covers it so.
pub(super) fn own_resolver(verdict: &FlowVerdict) -> Option<EncryptedDns> {
    let coverage = &verdict.coverage;
    let own = coverage.covers.is_empty() && !coverage.misses.is_empty();
    verdict.dns.filter(|_| own)
}

/// Names in clear that nothing proves to be outer ones, under which a listed name may have been tried.
pub(super) fn encrypted_hello(case: &Case<'_>, out: &mut Vec<Finding>) {
    let of = |flow: &Flow, verdict: &FlowVerdict| {
        let coverage = &verdict.coverage;
        let inside = coverage
            .shades
            .iter()
            .any(|(_, shade)| *shade == Shade::EncryptedHello);
        if coverage.outer != Some(false) || !inside {
            return None;
        }
        let inner: Vec<&str> = verdict.aim.inner.iter().map(|name| name.as_str()).collect();
        Some(key(flow, verdict, inner.join(", ")))
    };
    for ((host, target, port, transport, inner), flows) in grouped(case, of) {
        out.push(Finding {
            initiator: Some(host),
            port: Some(port),
            transport: Some(transport),
            message: phrase!(may_be_outer, "DNS gave this address for {inner}, and the hello has an encrypted part (ECH): {target} may be an outer name only, which no HTTPS record in the capture says", inner, target),
            advice: word!(do_say_outer, "if it is the outer name of the provider's ECH, say so with outer-names under [ech] in the site file; else find out what the program really talks to").into(),
            requirements: shaded(case, &flows),
            span: case.span(&flows),
            flows,
            ..Finding::new(FindingCode::EncryptedHello, target)
        });
    }
}

/// Flows that a requirement covers, but which speak another application than it lists.
pub(super) fn other_application(case: &Case<'_>, out: &mut Vec<Finding>) {
    let of = |flow: &Flow, verdict: &FlowVerdict| {
        let shades = verdict.coverage.shades.iter();
        let mut spoken = shades.filter_map(|(_, shade)| match shade {
            Shade::OtherApplication(spoken) => Some(*spoken),
            _ => None,
        });
        Some(key(flow, verdict, spoken.next()?))
    };
    for ((host, target, port, transport, spoken), flows) in grouped(case, of) {
        let requirements = shaded(case, &flows);
        let rows = requirements
            .iter()
            .filter_map(|r| case.rules.library().requirement(*r));
        let mut listed: Vec<&str> = rows
            .flat_map(|row| row.app.iter().map(String::as_str))
            .collect();
        listed.sort_unstable();
        listed.dedup();
        out.push(Finding {
            initiator: Some(host),
            port: Some(port),
            transport: Some(transport),
            message: phrase!(spoken_instead, "{spoken} is spoken there, where the page lists {listed}", spoken, listed = listed.join(", ")),
            advice: word!(do_find_application, "find out which program it is: a firewall that knows applications stops it, and it does not show that the listed one gets through").into(),
            requirements,
            span: case.span(&flows),
            flows,
            ..Finding::new(FindingCode::OtherApplication, target)
        });
    }
}

fn key<T>(flow: &Flow, verdict: &FlowVerdict, what: T) -> TalkKey<T> {
    let target = match verdict.aim.names.first() {
        Some(name) => name.to_string(),
        None => flow.responder.ip.to_string(),
    };
    (verdict.host, target, verdict.aim.port, flow.transport, what)
}

fn grouped<T: Ord>(
    case: &Case<'_>,
    of: impl Fn(&Flow, &FlowVerdict) -> Option<TalkKey<T>>,
) -> BTreeMap<TalkKey<T>, Vec<FlowId>> {
    let mut groups: BTreeMap<TalkKey<T>, Vec<FlowId>> = BTreeMap::new();
    let all = (0..)
        .map(FlowId)
        .zip(case.capture.flows.iter().zip(case.flows));
    for (id, (flow, verdict)) in all {
        if let Some(key) = of(flow, verdict) {
            groups.entry(key).or_default().push(id);
        }
    }
    groups
}

/// Requirements that some flows fall under without proof, ascending.
fn shaded(case: &Case<'_>, flows: &[FlowId]) -> Vec<RequirementIndex> {
    let verdicts = flows.iter().filter_map(|id| case.flows.get(id.0 as usize));
    let mut out: Vec<RequirementIndex> = verdicts
        .flat_map(|verdict| {
            verdict
                .coverage
                .shades
                .iter()
                .map(|(requirement, _)| *requirement)
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}
