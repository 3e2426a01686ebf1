//! Which traffic does no active requirement cover, and how near did it miss one?

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Case;
use super::attempt::AttemptOutcome;
use super::census::{NameWay, is_tls_proxy};
use super::evidence::Evidence;
use super::finding::{Finding, FindingCode};
use super::flow_verdict::FlowVerdict;
use super::hidden_names::own_resolver;
use super::intent::Outcome;
use super::nameless::Nameless;
use super::row_facts::was_let_in;
use super::rows;
use super::shade::is_older;
use crate::model::{Fqdn, Transport};
use crate::observe::{Flow, FlowId, NameSource};
use crate::rules::{Mismatch, Miss, RequirementIndex};

/// Flows that a page says must not be. One finding a pair of hosts, port and requirement.
pub(super) fn forbidden(case: &Case<'_>, out: &mut Vec<Finding>) {
    let mut groups: BTreeMap<(RequirementIndex, IpAddr, IpAddr, u16), Vec<FlowId>> =
        BTreeMap::new();
    for (id, flow, verdict) in audited(case) {
        for denied in &verdict.coverage.denied {
            let key = (
                denied.requirement,
                flow.initiator.ip,
                flow.responder.ip,
                flow.responder.port,
            );
            // Refused and silent is closed as asked.
            if was_let_in(flow) {
                groups.entry(key).or_default().push(id);
            }
        }
    }
    for ((requirement, initiator, responder, port), flows) in groups {
        let hint = case
            .rules
            .library()
            .requirement(requirement)
            .and_then(|r| r.hint.clone());
        out.push(Finding {
            initiator: Some(initiator),
            port: Some(port),
            transport: flows
                .first()
                .and_then(|id| case.capture.flow(*id))
                .map(|flow| flow.transport),
            message: hint.unwrap_or_else(|| "the page says that this must stay closed".to_owned()),
            advice: "close it, or tell the site file that it is meant to be open".to_owned(),
            requirements: vec![requirement],
            span: case.span(&flows),
            flows,
            ..Finding::new(FindingCode::Forbidden, responder.to_string())
        });
    }
}

/// Audited flows that nothing covers. One finding an initiator, target and port.
pub(super) fn unexpected(case: &Case<'_>, out: &mut Vec<Finding>) {
    type FindingKey = (FindingCode, IpAddr, String, u16, Transport);
    let mut groups: BTreeMap<FindingKey, (Vec<usize>, Vec<FlowId>)> = BTreeMap::new();
    for (i, intent) in case.intents.iter().enumerate() {
        if !matches!(intent.outcome, Outcome::Unexpected | Outcome::Unnamed) {
            continue;
        }
        for id in &intent.attempts {
            let (Some(flow), Some(verdict)) =
                (case.capture.flow(*id), case.flows.get(id.0 as usize))
            else {
                continue;
            };
            if !verdict.coverage.denied.is_empty()
                || own_resolver(verdict).is_some()
                || is_tls_proxy(flow, verdict)
            {
                continue; // told as forbidden, closed as asked, DNS by another way, or as what hides names
            }
            let verdict = verdict.part(intent.fqdn.as_ref(), intent.port);
            let mut code = classify(verdict, case);
            if code == FindingCode::Unnamed && flow.is_sampled() {
                continue; // what names it may not be among the samples
            }
            let suspect = case.census.suspect_at(verdict.host, flow.responder);
            if suspect.is_some() && is_on_no_list(code) {
                code = FindingCode::HidesNames;
            }
            let target = match verdict.aim.names.first() {
                Some(name) => name.to_string(),
                None => flow.responder.ip.to_string(),
            };
            let key = (code, verdict.host, target, verdict.aim.port, flow.transport);
            let (intents, flows) = groups.entry(key).or_default();
            intents.push(i);
            flows.push(*id);
        }
    }
    let roles = rows::RolePorts::of(case.rules);
    for ((code, initiator, target, port, transport), (mut intents, flows)) in groups {
        intents.dedup();
        let of = intents.first().map(|i| &case.intents[*i]);
        let part = |id: &FlowId| {
            let verdict = case.flows.get(id.0 as usize)?;
            Some(of.map_or(verdict, |of| verdict.part(of.fqdn.as_ref(), of.port)))
        };
        let Some(verdict) = flows.first().and_then(part) else {
            continue;
        };
        let parts: Vec<&FlowVerdict> = flows.iter().filter_map(part).collect();
        let (mut message, requirements) = nearest_miss(code, verdict, case);
        let listed = roles.on(port, transport);
        // On 80 and 443 nearly every role listens: to name them all would say nothing.
        if requirements.is_empty() && (1..=2).contains(&listed.len()) {
            let listed = listed.join(", ");
            message.push_str(&format!(
                "; on this port the pages list hosts in role {listed}"
            ));
        }
        let encrypted = |id: &FlowId| {
            let flow = case.capture.flow(*id);
            flow.is_some_and(Flow::has_encrypted_hello)
        };
        if code == FindingCode::NameContradicted && flows.iter().any(encrypted) {
            message.push_str(
                "; the handshake has an encrypted part (ECH), so the name in clear may be an outer one only",
            );
        }
        let nameless = (code == FindingCode::Unnamed).then(|| {
            let flows = flows.iter().filter_map(|id| case.capture.flow(*id));
            Nameless::of(flows, case.rules.profile().is_audited(initiator))
        });
        if let Some(what) = nameless.as_ref().and_then(Nameless::words) {
            message.insert_str(0, &format!("{what}: "));
        }
        if code == FindingCode::Unnamed
            && let Some(name) = flows.first().and_then(|id| old_name(case, *id))
        {
            message.push_str(&format!(
                "; an old DNS answer of another client gave this address for {name}, which proves nothing"
            ));
        }
        if code == FindingCode::Unnamed
            && let Some(name) = flows.first().and_then(|id| unproved_name(case, *id))
        {
            message.push_str(&format!(
                "; its certificate has the name {name}, which proves nothing: no public authority signed it, or it has names of several owners"
            ));
        }
        if !case.rules.profile().is_audited(initiator) {
            message.push_str("; opened from outside");
        }
        if let Some(dns) = verdict.dns {
            message.push_str(&format!(
                "; it is {dns}: what the host asks there is not visible"
            ));
        }
        let suspect = suspect(code, case, initiator, &flows);
        if let Some((what, _)) = &suspect {
            message.push_str(what);
        }
        let failure = failed(&parts).then(|| failure(case, &flows)).flatten();
        if let Some(evidence) = &failure {
            message.push_str(&format!("; it did not get through: {}", evidence.words));
        }
        let hidden = (code == FindingCode::Unnamed)
            .then(|| hidden(case, initiator, &flows))
            .flatten();
        if let Some(why) = &hidden {
            message.push_str("; ");
            message.push_str(why);
        }
        out.push(Finding {
            outcome: intents.first().map(|i| case.intents[*i].outcome),
            initiator: Some(initiator),
            port: Some(port),
            transport: Some(transport),
            message,
            advice: match (&hidden, nameless) {
                _ if suspect.is_some() => suspect.map_or_else(String::new, |(_, advice)| advice),
                // Those are given by address: no name of theirs is hidden.
                (_, Some(nameless)) if nameless.words().is_some() => nameless.advice().to_owned(),
                (Some(_), _) => HIDDEN.to_owned(),
                (None, Some(nameless)) => nameless.advice().to_owned(),
                (None, None) => advice(code).to_owned(),
            },
            evidence: failure.into_iter().collect(),
            requirements,
            intents,
            span: case.span(&flows),
            flows,
            ..Finding::new(code, target)
        });
    }
}

/// The name that only another client was told long ago.
fn old_name<'a>(case: &Case<'a>, id: FlowId) -> Option<&'a Fqdn> {
    let names = &case.capture.flow(id)?.names;
    let old = |name: &&crate::observe::Name| {
        name.source == NameSource::DnsAnswer && name.stale && !name.same_client
    };
    names.iter().find(old).map(|name| &name.fqdn)
}

/// What to do where a name is hidden.
const HIDDEN: &str = "tell the names with --dns-seed, look into the resolver's log, or switch hidden DNS off on the host for the test";

/// Why a flow has no name, where more than a lookup that was not captured is known.
fn hidden(case: &Case<'_>, host: IpAddr, flows: &[FlowId]) -> Option<String> {
    let mut all = flows.iter().filter_map(|id| case.capture.flow(*id));
    if all.clone().all(is_older) && all.next().is_some() {
        return Some(
            "it was opened before the capture began, and so its name was asked".to_owned(),
        );
    }
    let (way, to) = case.census.hides_lookups_of(host)?;
    Some(format!(
        "its name is unknown because {} hides it ({to})",
        way.words()
    ))
}

/// Whether nothing at all is known of the destination.
const fn is_on_no_list(code: FindingCode) -> bool {
    matches!(code, FindingCode::UnexpectedName | FindingCode::Unnamed)
}

/// What a server seems to be that hides names, and what to do about that.
fn suspect(
    code: FindingCode,
    case: &Case<'_>,
    host: IpAddr,
    flows: &[FlowId],
) -> Option<(String, String)> {
    let flow = case.capture.flow(*flows.first()?)?;
    let server = flow.responder;
    let way = case.census.suspect_at(host, server);
    Some(match way.filter(|_| code == FindingCode::HidesNames)? {
        NameWay::LikelyProxy => (
            "; all connections of the host go there over TLS, as to a proxy: what is behind it is not visible".to_owned(),
            format!("if it is the site's proxy, say addresses = [\"{server}\"] under [proxies] in the site file; else find the program"),
        ),
        _ => (
            "; connections to names that nobody asked for in clear are opened while it is spoken to, as behind a resolver: what is asked there is not visible".to_owned(),
            format!("if it is a resolver over HTTPS, say https-resolvers = [\"{}\"] under [dns] in the site file; else find the program", server.ip),
        ),
    })
}

/// The best evidence of what stopped the flows.
fn failure(case: &Case<'_>, flows: &[FlowId]) -> Option<Evidence> {
    let verdicts = flows.iter().filter_map(|id| case.flows.get(id.0 as usize));
    let failures = verdicts.filter_map(|verdict| match &verdict.went {
        AttemptOutcome::Failed(evidence) => Some(&**evidence),
        _ => None,
    });
    failures
        .min_by_key(|e| (e.grade, e.code, e.stamps.clone()))
        .cloned()
}

/// A name in a certificate that does not vouch for it.
fn unproved_name<'a>(case: &Case<'a>, id: FlowId) -> Option<&'a Fqdn> {
    let mut names = case.capture.flow(id)?.names.iter();
    let name = names.find(|name| name.source == NameSource::TlsCertificate);
    name.map(|name| &name.fqdn)
}

/// Whether none of the flows reached anything, as far as can be told.
fn failed(parts: &[&FlowVerdict]) -> bool {
    let went = parts.iter().map(|part| &part.went);
    went.clone().count() > 0
        && went
            .clone()
            .all(|went| matches!(went, AttemptOutcome::Failed(_)))
}

fn audited<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (FlowId, &'a Flow, &'a FlowVerdict)> {
    let ids = (0..).map(FlowId);
    let all = ids.zip(&case.capture.flows).zip(case.flows);
    all.filter(|(_, verdict)| verdict.out_of_scope.is_none())
        .map(|((id, flow), verdict)| (id, flow, verdict))
}

fn classify(verdict: &FlowVerdict, case: &Case<'_>) -> FindingCode {
    if !verdict.coverage.contradicted.is_empty() {
        return FindingCode::NameContradicted;
    }
    let nearest = verdict
        .coverage
        .misses
        .iter()
        .map(|miss| nearness(&miss.misfits))
        .min();
    match nearest {
        Some((.., code)) => code,
        None => match verdict.aim.names.first() {
            None => FindingCode::Unnamed,
            Some(name) if case.rules.nearest_by_vendor_domain(name).is_some() => {
                FindingCode::ListGap
            }
            Some(_) => FindingCode::UnexpectedName,
        },
    }
}

/// How near a miss is: fewer misfits first; of equally many, one that only a date keeps off, then one that a switch or a
/// region does, then another path, another port than we assume, another port than the page states, then one for other
/// sources, and last one of a document that the site does not use.
fn nearness(misfits: &[Mismatch]) -> (usize, u8, FindingCode) {
    let nearest = misfits.iter().map(|misfit| match misfit {
        Mismatch::Expired { .. } | Mismatch::NotYetValid { .. } => (0, FindingCode::Expired),
        Mismatch::Inactive { .. } | Mismatch::Region { .. } => (1, FindingCode::SwitchedOff),
        Mismatch::Path { .. } => (2, FindingCode::WrongPath),
        Mismatch::Port { stated: false, .. } | Mismatch::Transport { stated: false, .. } => {
            (3, FindingCode::PortUnstated)
        }
        Mismatch::Source { .. } => (5, FindingCode::WrongRole),
        Mismatch::DocumentNotInForce { .. } => (6, FindingCode::SwitchedOff),
        _ => (4, FindingCode::WrongPort),
    });
    let (rank, code) = nearest.max().unwrap_or((7, FindingCode::UnexpectedName));
    (misfits.len(), rank, code)
}

fn nearest_miss(
    code: FindingCode,
    verdict: &FlowVerdict,
    case: &Case<'_>,
) -> (String, Vec<RequirementIndex>) {
    let coverage = &verdict.coverage;
    if code == FindingCode::NameContradicted {
        let names: Vec<String> = coverage
            .contradicted
            .iter()
            .map(ToString::to_string)
            .collect();
        return (
            format!(
                "DNS gave this address for {}, but the handshake asks for another name",
                names.join(", ")
            ),
            Vec::new(),
        );
    }
    let Some(nearest) = coverage
        .misses
        .iter()
        .map(|miss| nearness(&miss.misfits))
        .min()
    else {
        let domain = verdict
            .aim
            .names
            .first()
            .and_then(|name| case.rules.nearest_by_vendor_domain(name))
            .unwrap_or_default();
        if let Some((id, words)) = verdict
            .aim
            .names
            .first()
            .and_then(|name| super::row_findings::twin(name, case.rules))
        {
            return (words, vec![id]);
        }
        return match (code, domain.is_empty()) {
            (FindingCode::Unnamed, _) => (
                "no name is known for it, and no requirement lists its address".to_owned(),
                Vec::new(),
            ),
            (_, false) => (
                format!(
                    "under a domain that {} lists names of, but itself on no list",
                    domain.join(", ")
                ),
                Vec::new(),
            ),
            (_, true) => {
                let name = verdict.aim.names.first();
                let elsewhere = name.map(|name| case.rules.listed_where_not_in_force(name));
                let words = match elsewhere.filter(|ids| !ids.is_empty()) {
                    Some(ids) => format!(
                        "on no list that is in force; {} lists it, for other hosts than this",
                        ids.join(", ")
                    ),
                    None => "on no list".to_owned(),
                };
                (words, Vec::new())
            }
        };
    };
    let near: Vec<_> = coverage
        .misses
        .iter()
        .filter(|miss| nearness(&miss.misfits) == nearest)
        .collect();
    let mut words: Vec<String> = near
        .iter()
        .map(|miss| rows::misfits(&miss.misfits))
        .collect();
    words.sort();
    words.dedup();
    words.truncate(3);
    let words = if code == FindingCode::PortUnstated {
        unstated(&near)
    } else {
        words.join("; or ")
    };
    (words, near.iter().map(|miss| miss.requirement).collect())
}

/// What is said where a page states no port, or no transport.
fn unstated(near: &[&Miss]) -> String {
    let misfits = || near.iter().flat_map(|miss| &miss.misfits);
    let ports = misfits().find_map(|misfit| match misfit {
        Mismatch::Port { listed, .. } => Some(listed.to_string()),
        _ => None,
    });
    match ports {
        Some(ports) => format!("the page states no port for it; {ports} is our assumption"),
        None => {
            "the page states no transport for it; what we take for it is an assumption".to_owned()
        }
    }
}

const fn advice(code: FindingCode) -> &'static str {
    match code {
        FindingCode::NameContradicted => {
            "find out what the program really talks to; the address alone proves nothing"
        }
        FindingCode::WrongPort => {
            "find out why this port is used; where the site moved it, say so under [ports] in the site file"
        }
        FindingCode::WrongPath => {
            "find out what asks for this path; the page lists others of this host only"
        }
        FindingCode::PortUnstated => {
            "ask the vendor which ports the service uses; a requirement of your own can state them"
        }
        FindingCode::WrongRole => {
            "give the host its role in the site file, or find out why it does this"
        }
        FindingCode::SwitchedOff => {
            "switch the feature, region or document on in the site file, or stop the traffic"
        }
        FindingCode::Expired => {
            "bring the host's configuration up to date: the entry is no longer valid and may belong to others"
        }
        FindingCode::ListGap => "ask the vendor whether the list lacks it, before it is allowed",
        _ => {
            "find the program; allow it by a requirement of your own, ignore it in the site file, or stop it"
        }
    }
}
