//! Which traffic that a requirement covers is opened by something that signs certificates on the path?

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Case;
use super::evidence::{Code, Evidence, Grade};
use super::finding::{Finding, FindingCode};
use crate::wording::{Phrase, word};

/// The most names told of one finding.
const NAMES: usize = 8;

/// One finding for each initiator and issuer, over all that went well; what failed for it is told as blocked.
pub(super) fn intercepted(case: &Case<'_>, out: &mut Vec<Finding>) {
    let mut by_issuer: BTreeMap<(IpAddr, Phrase), Vec<(usize, &Evidence)>> = BTreeMap::new();
    for (i, intent) in case.intents.iter().enumerate() {
        let seen = intent.evidence.iter();
        let mut seen = seen.filter(|evidence| evidence.code == Code::IssuerSubstituted);
        if let Some(evidence) = seen.next()
            && intent.outcome.is_reached()
            && !intent.requirements.is_empty()
        {
            let control = evidence.control.clone().unwrap_or_default();
            let key = (intent.initiator, control);
            by_issuer.entry(key).or_default().push((i, evidence));
        }
    }
    for ((initiator, control), seen) in by_issuer {
        let intents: Vec<usize> = seen.iter().map(|(i, _)| *i).collect();
        let of = || intents.iter().filter_map(|i| case.intents.get(*i));
        let mut names: Vec<String> = of()
            .filter_map(|intent| intent.fqdn.as_ref())
            .map(ToString::to_string)
            .collect();
        names.sort();
        names.dedup();
        let more = names.len().saturating_sub(NAMES);
        names.truncate(NAMES);
        let mut target = names.join(", ");
        if more > 0 {
            target.push_str(&format!(" and {more} more"));
        }
        let mut requirements: Vec<_> = of().flat_map(|i| i.requirements.to_vec()).collect();
        requirements.sort_unstable();
        requirements.dedup();
        let mut flows: Vec<_> = of().flat_map(|intent| intent.attempts.clone()).collect();
        flows.sort_unstable();
        flows.dedup();
        let spans = || of().map(|intent| intent.span);
        let span = spans().map(|(first, _)| first).min();
        let span = span.zip(spans().map(|(_, last)| last).max());
        let evidence: Vec<Evidence> = seen.iter().take(NAMES).map(|(_, e)| (*e).clone()).collect();
        let shown = evidence.first().map(|evidence| &evidence.words);
        out.push(Finding {
            message: shown.map_or_else(Phrase::default, |shown| shown.then(&control)),
            advice: word!(
                do_exempt_names,
                "exempt these names from TLS inspection where the vendor asks for it"
            )
            .into(),
            confidence: Some(Grade::A),
            initiator: Some(initiator),
            evidence,
            requirements,
            flows,
            intents,
            span,
            ..Finding::new(FindingCode::Intercepted, target)
        });
    }
}
