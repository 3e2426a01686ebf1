//! What proxies and servers answer to requests in clear.

use super::super::evidence::{Code, Evidence, Grade};
use super::{AttemptOutcome, InconclusiveReason, TAIL};
use crate::model::{CaptureTime, Fqdn, Stamp};
use crate::observe::{Answer, EventKind, Exchange, Flow, Host, Says, StreamFact, Told};
use crate::wording::{Phrase, phrase, word};

/// Whom requests are for, as far as it matters for what is answered.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Asked<'a> {
    /// The name asked for, where it is known.
    pub(in super::super) name: Option<&'a Fqdn>,
    /// Whether a forward proxy is asked.
    pub(in super::super) proxied: bool,
    /// When the capture ends.
    pub(in super::super) end: CaptureTime,
}

/// What an answer means for the aim.
enum Meaning {
    /// The aim answered.
    Answered,
    /// Somebody refused.
    Refused(Box<Evidence>),
    /// It sends the client to somebody else.
    Elsewhere(Host),
}

/// How requests for one aim went, ascending; `None` where nothing that was answered says it. Once the aim answered, one
/// refusal is about what was asked for, not about the aim; several to the end that name a policy are.
pub(in super::super) fn answers<'a>(
    flow: &Flow,
    exchanges: impl Iterator<Item = &'a Exchange>,
    asked: Asked<'_>,
    is_listed: impl FnOnce(&Host) -> bool,
) -> Option<AttemptOutcome> {
    const SEVERAL: usize = 2;
    let (mut answered, mut elsewhere) = (false, None);
    let mut refusals: Vec<Evidence> = Vec::new();
    let mut last = None;
    for exchange in exchanges {
        last = Some(exchange);
        let Some((stamp, Answer::Status { status, told })) = &exchange.answer else {
            continue;
        };
        match meaning(flow, exchange, (*stamp, *status, told.as_deref()), asked) {
            Meaning::Answered => {
                answered = true;
                refusals.clear();
            }
            Meaning::Refused(evidence) => refusals.push(*evidence),
            Meaning::Elsewhere(host) => elsewhere = Some(host),
        }
    }
    let many = refusals.len() >= SEVERAL;
    let last_refusal = refusals.pop();
    match last_refusal.filter(|refusal| !answered || many && refusal.grade < Grade::C) {
        Some(refusal) => Some(AttemptOutcome::failed(refusal)),
        None if answered => Some(AttemptOutcome::Succeeded),
        None => match elsewhere {
            Some(host) if !is_listed(&host) => {
                Some(AttemptOutcome::Open(InconclusiveReason::SentElsewhere))
            }
            Some(_) => Some(AttemptOutcome::Succeeded),
            None => last.and_then(|last| cut_off(flow, last)),
        },
    }
}

fn meaning(
    flow: &Flow,
    exchange: &Exchange,
    (stamp, status, told): (Stamp, u16, Option<&Told>),
    asked: Asked<'_>,
) -> Meaning {
    let refused = |code, grade, words: Phrase| {
        let by = asked.proxied.then_some(flow.responder.ip);
        Evidence {
            by,
            ..Evidence::new(code, grade, [exchange.asked, stamp], words)
        }
    };
    let denial = told.and_then(|told| Some((told, told.denial.as_ref()?)));
    let evidence = match (status, denial) {
        (451 | 511, _) => refused(
            Code::HttpBlocked,
            Grade::A,
            phrase!(status_alone, "HTTP status {status}", status),
        ),
        // Whoever makes the page calls itself by a name of the aim's owner: it is the server's own front.
        (_, Some((told, _))) if is_own(told, asked.name) => return Meaning::Answered,
        (_, Some((_, denial))) if denial.says != Says::Either => {
            let (grade, what) = match denial.says {
                Says::Policy => (Grade::A, word!(page_names_policy, "names its policy")),
                _ => (Grade::B, word!(page_has_marks, "has its marks")),
            };
            let page = phrase!(
                block_page_of,
                "a block page of {by}, which {what}",
                by = denial.by,
                what
            );
            let words = phrase!(
                http_answer_is,
                "the HTTP answer {status} is {page}",
                status,
                page
            );
            refused(Code::HttpBlocked, grade, words)
        }
        // Only proxies ask so; the first time is the challenge.
        (407, _) => {
            let early = asked.end.since(flow.span.1.time) < TAIL;
            let grade = if early { Grade::C } else { Grade::B };
            let words = phrase!(
                proxy_answers_status,
                "the proxy answers with status {status}",
                status
            );
            Evidence {
                login: true,
                ..refused(Code::ProxyRefused, grade, words)
            }
        }
        // A proxy passes on what the server behind it says of its own accord.
        (403 | 502..=504, _)
            if asked.proxied
                && !told.is_some_and(|told| told.passed_on || is_own(told, asked.name)) =>
        {
            let code = match status {
                403 => Code::ProxyRefused,
                _ => Code::ProxyFailed,
            };
            let words = phrase!(
                proxy_answers_status,
                "the proxy answers with status {status}",
                status
            );
            refused(code, Grade::C, words)
        }
        _ => {
            let elsewhere = told.and_then(|told| told.location.as_ref());
            return match elsewhere.filter(|host| leads_away(host, exchange, asked.name)) {
                Some(host) => Meaning::Elsewhere(host.clone()),
                None => Meaning::Answered,
            };
        }
    };
    Meaning::Refused(Box::new(evidence))
}

/// Whether one of those who made or passed on an answer calls itself by a name of the aim's owner.
fn is_own(told: &Told, name: Option<&Fqdn>) -> bool {
    let owner = name.and_then(Fqdn::registrable);
    owner.is_some() && told.edges.iter().any(|edge| edge.registrable() == owner)
}

/// Whether a redirect leads to another owner than that of the name that was asked for.
fn leads_away(to: &Host, exchange: &Exchange, name: Option<&Fqdn>) -> bool {
    match (to, name) {
        _ if exchange.host.as_ref() == Some(to) => false,
        (Host::Name(to), Some(name)) => {
            to != name && (to.registrable().is_none() || to.registrable() != name.registrable())
        }
        _ => true,
    }
}

/// A request on a connection that had answered before, and then a RST instead of an answer.
fn cut_off(flow: &Flow, last: &Exchange) -> Option<AttemptOutcome> {
    let others = flow.exchanges.iter();
    let answered_before = others
        .filter(|other| other.asked < last.asked)
        .any(|other| other.answer.is_some());
    let later = flow
        .exchanges
        .last()
        .is_none_or(|other| other.asked > last.asked);
    let after = |kind, own| {
        let mut events = flow.events_of(kind, own);
        events.find(|event| event.stamp > last.asked)
    };
    let reset = after(EventKind::Rst, false)?;
    let own = [EventKind::Fin, EventKind::Rst].map(|kind| after(kind, true));
    let given_up = own.into_iter().flatten().any(|own| own.stamp < reset.stamp);
    (answered_before && last.answer.is_none() && !later && !given_up).then(|| {
        let words = word!(
            rst_answers_later_request,
            "RST answers the HTTP request, on a connection that had answered another one"
        );
        AttemptOutcome::failed(Evidence::new(
            Code::RequestReset,
            Grade::C,
            [last.asked, reset.stamp],
            words.into(),
        ))
    })
}

/// A response that says that it blocks, where the request to it was not captured: by its status (RFC 7725, RFC 6585
/// section 6), or as a filter's page.
pub(super) fn http_block(flow: &Flow) -> Option<Evidence> {
    if !flow.exchanges.is_empty() {
        return None; // judged request by request
    }
    if let Some((stamp, status)) = statuses(flow).find(|(_, status)| matches!(status, 451 | 511)) {
        let words = phrase!(status_alone, "HTTP status {status}", status);
        return Some(Evidence::new(Code::HttpBlocked, Grade::A, [stamp], words));
    }
    flow.facts.iter().find_map(|(stamp, own, fact)| match fact {
        StreamFact::BlockPage { mark } if !own => {
            let words = phrase!(
                http_answer_block_page,
                "the HTTP answer is a block page of {mark}",
                mark
            );
            Some(Evidence::new(Code::HttpBlocked, Grade::B, [*stamp], words))
        }
        _ => None,
    })
}

/// The statuses of HTTP responses, ascending by time.
pub(super) fn statuses(flow: &Flow) -> impl Iterator<Item = (Stamp, u16)> + '_ {
    flow.facts
        .iter()
        .filter_map(|(stamp, by_initiator, fact)| match fact {
            StreamFact::HttpStatus { status } if !by_initiator => Some((*stamp, *status)),
            _ => None,
        })
}
