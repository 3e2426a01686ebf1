//! What proxies and servers answer in clear.

use super::super::evidence::{Code, Evidence, Grade};
use super::TAIL;
use crate::model::{CaptureTime, Stamp};
use crate::observe::{Flow, NameSource, StreamFact};

pub(super) fn proxy_refusal(flow: &Flow, end: CaptureTime) -> Option<Evidence> {
    let connect = flow
        .names
        .iter()
        .find(|name| name.source == NameSource::HttpConnect)?;
    let statuses: Vec<(Stamp, u16)> = statuses(flow)
        .filter(|(stamp, _)| *stamp >= connect.at)
        .collect();
    if statuses
        .iter()
        .any(|(_, status)| (200..300).contains(status))
    {
        return None;
    }
    // A hello through the tunnel: the proxy let it through, whatever of its answers is missing.
    let tunnelled = flow
        .facts
        .iter()
        .any(|(_, own, fact)| *own && matches!(fact, StreamFact::ClientHello { .. }));
    if tunnelled {
        return None;
    }
    let (stamp, status) = *statuses.last()?;
    let (code, grade) = match status {
        // The first 407 is only the challenge: the client answers it in a moment, if the capture goes on.
        407 if end.since(flow.span.1.time) < TAIL => (Code::ProxyRefused, Grade::C),
        403 if told_by_page(flow) => (Code::ProxyRefused, Grade::A),
        403 | 407 => (Code::ProxyRefused, Grade::B),
        502..=504 => (Code::ProxyFailed, Grade::C),
        400.. => (Code::ProxyRefused, Grade::C),
        _ => return None,
    };
    let words = format!("the proxy answers CONNECT with status {status}");
    Some(Evidence {
        by: Some(flow.responder.ip),
        ..Evidence::new(code, grade, [connect.at, stamp], words)
    })
}

/// Whether the refusal itself says that a policy made it.
fn told_by_page(flow: &Flow) -> bool {
    let page = |fact: &StreamFact| matches!(fact, StreamFact::BlockPage { .. });
    flow.facts.iter().any(|(_, own, fact)| !own && page(fact))
}

/// The answers of a forward proxy to requests that it passes on itself: all of them refusals. The origin may have
/// given a 403 too, so this is a failure whose author cannot be told.
pub(in super::super) fn refused_behind_proxy(flow: &Flow) -> Option<Evidence> {
    let all: Vec<(Stamp, u16)> = statuses(flow).collect();
    let (stamp, status) = *all.last()?;
    let refused = |(_, status): &(Stamp, u16)| matches!(status, 403 | 407 | 502..=504);
    let code = if status < 500 {
        Code::ProxyRefused
    } else {
        Code::ProxyFailed
    };
    let words = format!("the proxy answers with status {status}");
    all.iter().all(refused).then(|| Evidence {
        by: Some(flow.responder.ip),
        ..Evidence::new(code, Grade::C, [stamp], words)
    })
}

/// A response that says that it blocks: by its status (RFC 7725, RFC 6585 section 6), or as a filter's page.
pub(super) fn http_block(flow: &Flow) -> Option<Evidence> {
    if let Some((stamp, status)) = statuses(flow).find(|(_, status)| matches!(status, 451 | 511)) {
        let words = format!("HTTP status {status}");
        return Some(Evidence::new(Code::HttpBlocked, Grade::A, [stamp], words));
    }
    flow.facts.iter().find_map(|(stamp, own, fact)| match fact {
        StreamFact::BlockPage { mark } if !own => {
            let words = format!("the HTTP answer is a block page of {mark}");
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
