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
use super::intent::Intent;
use super::nameless::Nameless;
use super::outcome::Outcome;
use super::row_facts::was_let_in;
use super::row_findings::Twins;
use super::rows;
use super::shade::is_older;
use crate::model::{Fqdn, Transport};
use crate::observe::{Flow, FlowId, NameSource};
use crate::rules::{Mismatch, Miss, RequirementIndex, RuleSet};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

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
            .and_then(|r| r.hint.clone().map(Phrase::from));
        out.push(Finding {
            initiator: Some(initiator),
            port: Some(port),
            transport: flows
                .first()
                .and_then(|id| case.capture.flow(*id))
                .map(|flow| flow.transport),
            message: hint.unwrap_or_else(|| {
                word!(must_stay_closed, "the page says that this must stay closed").into()
            }),
            advice: word!(
                do_close,
                "close it, or tell the site file that it is meant to be open"
            )
            .into(),
            requirements: vec![requirement],
            span: case.span(&flows),
            flows,
            ..Finding::new(FindingCode::Forbidden, responder.to_string())
        });
    }
}

/// Audited flows that nothing covers. One finding an initiator, target and port.
pub(super) fn unexpected(case: &Case<'_>, out: &mut Vec<Finding>) {
    let lists = Lists {
        roles: rows::RolePorts::of(case.rules),
        twins: Twins::of(case.rules),
    };
    let groups = groups(case).into_iter();
    out.extend(groups.filter_map(|(key, of)| uncovered(key, of, case, &lists)));
}

/// What all rows together tell of an aim that none of them covers.
struct Lists<'a> {
    roles: rows::RolePorts<'a>,
    twins: Twins<'a>,
}

/// What one finding is about: its code, the host, the target's name or address, the port and the transport.
type UncoveredKey = (FindingCode, IpAddr, String, u16, Transport);

/// Intents and flows of a finding, ascending.
#[derive(Default)]
struct Uncovered {
    intents: Vec<usize>,
    flows: Vec<FlowId>,
}

fn groups(case: &Case<'_>) -> BTreeMap<UncoveredKey, Uncovered> {
    let mut groups: BTreeMap<UncoveredKey, Uncovered> = BTreeMap::new();
    for (place, intent) in case.intents.iter().enumerate() {
        if !matches!(intent.outcome, Outcome::Unexpected | Outcome::Unnamed) {
            continue;
        }
        for id in &intent.attempts {
            if let Some(key) = finding_key(case, intent, *id) {
                let of = groups.entry(key).or_default();
                if of.intents.last() != Some(&place) {
                    of.intents.push(place);
                }
                of.flows.push(*id);
            }
        }
    }
    groups
}

/// What finding an attempt belongs to; `None` where it is told in another way.
fn finding_key(case: &Case<'_>, intent: &Intent, id: FlowId) -> Option<UncoveredKey> {
    let (flow, verdict) = (case.capture.flow(id)?, case.flows.get(id.0 as usize)?);
    if !verdict.coverage.denied.is_empty()
        || own_resolver(verdict).is_some()
        || is_tls_proxy(flow, verdict)
    {
        return None; // told as forbidden, closed as asked, DNS by another way, or as what hides names
    }
    let verdict = verdict.part(intent.fqdn.as_ref(), intent.port);
    let mut code = classify(verdict, case);
    if code == FindingCode::Unnamed && flow.is_sampled() {
        return None; // what names it may not be among the samples
    }
    let suspect = case.census.suspect_at(verdict.host, flow.responder);
    if suspect.is_some() && is_on_no_list(code) {
        code = FindingCode::HidesNames;
    }
    let target = match verdict.aim.names.first() {
        Some(name) => name.to_string(),
        None => flow.responder.ip.to_string(),
    };
    Some((code, verdict.host, target, verdict.aim.port, flow.transport))
}

fn uncovered(
    (code, host, target, port, transport): UncoveredKey,
    Uncovered { intents, flows }: Uncovered,
    case: &Case<'_>,
    lists: &Lists<'_>,
) -> Option<Finding> {
    let intent = case.intents.get(*intents.first()?)?;
    let part = |id: &FlowId| {
        let verdict = case.flows.get(id.0 as usize)?;
        Some(verdict.part(intent.fqdn.as_ref(), intent.port))
    };
    let verdict = flows.first().and_then(part)?;
    let parts: Vec<&FlowVerdict> = flows.iter().filter_map(part).collect();
    let (mut message, requirements) = nearest_miss(code, verdict, case, &lists.twins);
    let is_unnamed = code == FindingCode::Unnamed;
    let nameless = is_unnamed.then(|| {
        let flows = flows.iter().filter_map(|id| case.capture.flow(*id));
        Nameless::of(flows, case.rules.profile().is_audited(host))
    });
    if let Some(what) = nameless.as_ref().and_then(Nameless::words) {
        message = phrase!(server_and_miss, "{what}: {message}", what, message);
    }
    let suspect = suspect(code, case, host, &flows);
    let failure = failed(&parts).then(|| failure(case, &flows)).flatten();
    let hidden = is_unnamed.then(|| hidden(case, host, &flows)).flatten();
    let listed = match requirements.is_empty() {
        true => in_roles(&lists.roles, port, transport),
        false => None,
    };
    let stopped = failure.as_ref();
    let notes = beside(code, case, (host, verdict), &flows);
    let notes = [listed].into_iter().chain(notes).chain([
        suspect.as_ref().map(|(what, _)| Phrase::from(*what)),
        stopped.map(|evidence| {
            phrase!(
                did_not_get_through,
                "it did not get through: {words}",
                words = evidence.words
            )
        }),
        hidden.clone(),
    ]);
    for note in notes.flatten() {
        message = message.then(&note);
    }
    let advice = advice_on(code, suspect, nameless, hidden.is_some());
    Some(Finding {
        outcome: Some(intent.outcome),
        initiator: Some(host),
        port: Some(port),
        transport: Some(transport),
        message,
        advice,
        evidence: failure.into_iter().collect(),
        requirements,
        intents,
        span: case.span(&flows),
        flows,
        ..Finding::new(code, target)
    })
}

/// What is to be known beside it, of its names and of the host.
fn beside(
    code: FindingCode,
    case: &Case<'_>,
    (host, verdict): (IpAddr, &FlowVerdict),
    flows: &[FlowId],
) -> [Option<Phrase>; 5] {
    let unnamed = flows.first().filter(|_| code == FindingCode::Unnamed);
    let outside = !case.rules.profile().is_audited(host);
    [
        may_be_outer(code, case, flows),
        unnamed.and_then(|id| old_name(case, *id)),
        unnamed.and_then(|id| unproved_name(case, *id)),
        outside.then(|| word!(opened_from_outside, "opened from outside").into()),
        verdict.dns.map(|dns| {
            phrase!(
                dns_not_visible,
                "it is {dns}: what the host asks there is not visible",
                dns
            )
        }),
    ]
}

/// What to do about traffic that may be something else than it seems.
fn advice_on(
    code: FindingCode,
    suspect: Option<(&'static SaidTemplate, Phrase)>,
    nameless: Option<Nameless>,
    hidden: bool,
) -> Phrase {
    match (suspect, nameless) {
        (Some((_, advice)), _) => advice,
        // Those are given by address: no name of theirs is hidden.
        (None, Some(nameless)) if nameless.words().is_some() => nameless.advice().into(),
        (None, _) if hidden => HIDDEN.into(),
        (None, Some(nameless)) => nameless.advice().into(),
        (None, None) => advice(code).into(),
    }
}

/// The roles that pages list on a port.
fn in_roles(roles: &rows::RolePorts<'_>, port: u16, transport: Transport) -> Option<Phrase> {
    let listed = roles.on(port, transport);
    // On 80 and 443 nearly every role listens: to name them all would say nothing.
    (1..=2).contains(&listed.len()).then(|| {
        let listed = listed.join(", ");
        phrase!(
            listed_on_port,
            "on this port the pages list hosts in role {listed}",
            listed
        )
    })
}

/// That a name which DNS contradicts may stand for another.
fn may_be_outer(code: FindingCode, case: &Case<'_>, flows: &[FlowId]) -> Option<Phrase> {
    let encrypted = |id: &FlowId| {
        let flow = case.capture.flow(*id);
        flow.is_some_and(Flow::has_encrypted_hello)
    };
    (code == FindingCode::NameContradicted && flows.iter().any(encrypted)).then(|| {
        word!(clear_name_may_be_outer, "the handshake has an encrypted part (ECH), so the name in clear may be an outer one only").into()
    })
}

/// The name that only another client was told long ago.
fn old_name(case: &Case<'_>, id: FlowId) -> Option<Phrase> {
    let names = &case.capture.flow(id)?.names;
    let old = |name: &&crate::observe::Name| {
        name.source == NameSource::DnsAnswer && name.stale && !name.same_client
    };
    let name = &names.iter().find(old)?.fqdn;
    Some(phrase!(
        old_name,
        "an old DNS answer of another client gave this address for {name}, which proves nothing",
        name
    ))
}

/// What to do where a name is hidden.
const HIDDEN: &SaidTemplate = word!(
    do_tell_names,
    "tell the names with --dns-seed, look into the resolver's log, or switch hidden DNS off on the host for the test"
);

/// Why a flow has no name, where more than a lookup that was not captured is known.
fn hidden(case: &Case<'_>, host: IpAddr, flows: &[FlowId]) -> Option<Phrase> {
    let mut all = flows.iter().filter_map(|id| case.capture.flow(*id));
    if all.clone().all(is_older) && all.next().is_some() {
        return Some(
            word!(
                hidden_by_start,
                "it was opened before the capture began, and so its name was asked"
            )
            .into(),
        );
    }
    let (way, to) = case.census.hides_lookups_of(host)?;
    Some(phrase!(
        hidden_by_way,
        "its name is unknown because {words} hides it ({to})",
        words = way.words(),
        to
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
) -> Option<(&'static SaidTemplate, Phrase)> {
    let flow = case.capture.flow(*flows.first()?)?;
    let server = flow.responder;
    let way = case.census.suspect_at(host, server);
    Some(match way.filter(|_| code == FindingCode::HidesNames)? {
        NameWay::LikelyProxy => (
            word!(
                suspect_proxy,
                "all connections of the host go there over TLS, as to a proxy: what is behind it is not visible"
            ),
            phrase!(
                do_say_proxy,
                "if it is the site's proxy, say addresses = [\"{server}\"] under [proxies] in the site file; else find the program",
                server
            ),
        ),
        _ => (
            word!(
                suspect_resolver,
                "connections to names that nobody asked for in clear are opened while it is spoken to, as behind a resolver: what is asked there is not visible"
            ),
            phrase!(
                do_say_resolver,
                "if it is a resolver over HTTPS, say https-resolvers = [\"{ip}\"] under [dns] in the site file; else find the program",
                ip = server.ip
            ),
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
fn unproved_name(case: &Case<'_>, id: FlowId) -> Option<Phrase> {
    let mut names = case.capture.flow(id)?.names.iter();
    let name = &names
        .find(|name| name.source == NameSource::TlsCertificate)?
        .fqdn;
    Some(phrase!(
        unproved_name,
        "its certificate has the name {name}, which proves nothing: no public authority signed it, or it has names of several owners",
        name
    ))
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

/// How near traffic missed requirements, in words, and which.
fn nearest_miss(
    code: FindingCode,
    verdict: &FlowVerdict,
    case: &Case<'_>,
    twins: &Twins<'_>,
) -> (Phrase, Vec<RequirementIndex>) {
    let coverage = &verdict.coverage;
    if code == FindingCode::NameContradicted {
        let names = coverage.contradicted.iter();
        let names: Vec<String> = names.map(ToString::to_string).collect();
        let names = names.join(", ");
        let words = phrase!(
            dns_contradicted,
            "DNS gave this address for {names}, but the handshake asks for another name",
            names
        );
        return (words, Vec::new());
    }
    let misses = || coverage.misses.iter();
    let Some(nearest) = misses().map(|miss| nearness(&miss.misfits)).min() else {
        let name = verdict.aim.names.first();
        let twin = name.and_then(|name| twins.twin(name));
        return match twin {
            Some((id, words)) => (words, vec![id]),
            None => (on_no_list(code, name, case.rules), Vec::new()),
        };
    };
    let near: Vec<_> = misses()
        .filter(|miss| nearness(&miss.misfits) == nearest)
        .collect();
    let mut words: Vec<Phrase> = near
        .iter()
        .map(|miss| rows::misfits(&miss.misfits))
        .collect();
    words.sort();
    words.dedup();
    words.truncate(3);
    let words = if code == FindingCode::PortUnstated {
        unstated(&near)
    } else {
        words.into_iter().reduce(either).unwrap_or_default()
    };
    (words, near.iter().map(|miss| miss.requirement).collect())
}

fn either(one: Phrase, other: Phrase) -> Phrase {
    phrase!(either_or, "{one}; or {other}", one, other)
}

/// What is said of a name on no list, or of an address without a name.
fn on_no_list(code: FindingCode, name: Option<&Fqdn>, rules: &RuleSet) -> Phrase {
    if code == FindingCode::Unnamed {
        return word!(
            nameless_and_unlisted,
            "no name is known for it, and no requirement lists its address"
        )
        .into();
    }
    let domain = name.and_then(|name| rules.nearest_by_vendor_domain(name));
    if let Some(domain) = domain.filter(|domain| !domain.is_empty()) {
        return phrase!(
            gap_under_domain,
            "under a domain that {domain} lists names of, but itself on no list",
            domain = domain.join(", ")
        );
    }
    let elsewhere = name.map(|name| rules.listed_where_not_in_force(name));
    match elsewhere.filter(|ids| !ids.is_empty()) {
        Some(ids) => phrase!(
            listed_elsewhere,
            "on no list that is in force; {ids} lists it, for other hosts than this",
            ids = ids.join(", ")
        ),
        None => word!(on_no_list, "on no list").into(),
    }
}

/// What is said where a page states no port, or no transport.
fn unstated(near: &[&Miss]) -> Phrase {
    let misfits = || near.iter().flat_map(|miss| &miss.misfits);
    let ports = misfits().find_map(|misfit| match misfit {
        Mismatch::Port { listed, .. } => Some(listed.to_string()),
        _ => None,
    });
    match ports {
        Some(ports) => phrase!(
            assumed_port,
            "the page states no port for it; {ports} is our assumption",
            ports
        ),
        None => word!(
            assumed_transport,
            "the page states no transport for it; what we take for it is an assumption"
        )
        .into(),
    }
}

const fn advice(code: FindingCode) -> &'static SaidTemplate {
    match code {
        FindingCode::NameContradicted => {
            word!(
                do_find_real_aim,
                "find out what the program really talks to; the address alone proves nothing"
            )
        }
        FindingCode::WrongPort => {
            word!(
                do_find_port,
                "find out why this port is used; where the site moved it, say so under [ports] in the site file"
            )
        }
        FindingCode::WrongPath => {
            word!(
                do_find_path,
                "find out what asks for this path; the page lists others of this host only"
            )
        }
        FindingCode::PortUnstated => {
            word!(
                do_ask_ports,
                "ask the vendor which ports the service uses; a requirement of your own can state them"
            )
        }
        FindingCode::WrongRole => {
            word!(
                do_give_role,
                "give the host its role in the site file, or find out why it does this"
            )
        }
        FindingCode::SwitchedOff => {
            word!(
                do_switch_on,
                "switch the feature, region or document on in the site file, or stop the traffic"
            )
        }
        FindingCode::Expired => {
            word!(
                do_update_host,
                "bring the host's configuration up to date: the entry is no longer valid and may belong to others"
            )
        }
        FindingCode::ListGap => word!(
            do_ask_list,
            "ask the vendor whether the list lacks it, before it is allowed"
        ),
        _ => {
            word!(
                do_find_program,
                "find the program; allow it by a requirement of your own, ignore it in the site file, or stop it"
            )
        }
    }
}
