//! Intents out of lookups: names that were asked for and not had, and answers that were forged.

use std::cell::LazyCell;
use std::net::IpAddr;

use foldhash::{HashMap, HashSet};
use thin_vec::{ThinVec, thin_vec};

use super::coverage::wanted_by_name;
use super::evidence::Stage;
use super::intent::{Intent, Outcome};
use super::lookup::Lookups;
use crate::model::{Fqdn, Stamp, Transport};
use crate::observe::Capture;
use crate::rules::{RuleSet, Scratch};

/// A failure at an address out of an answer that another one contradicts.
pub(super) fn forged_answers(intent: &mut Intent, lookups: &Lookups) {
    let failed = intent.outcome.is_blocked()
        || matches!(
            intent.outcome,
            Outcome::FailedUnattributed | Outcome::Inconclusive
        );
    let lookup = intent
        .fqdn
        .as_ref()
        .and_then(|name| lookups.get(intent.initiator, name));
    let Some((evidence, addresses)) = lookup.and_then(|lookup| lookup.injected.as_deref()) else {
        return;
    };
    let at = |stamp: &Stamp| *stamp <= intent.span.0;
    if failed
        && evidence.stamps.first().is_some_and(at)
        && intent.addresses.iter().any(|ip| addresses.contains(ip))
    {
        intent.outcome = Outcome::of_failure(evidence.grade);
        intent.stage = Some(Stage::Dns);
        intent.confidence = Some(evidence.grade);
        intent.doubt = None;
        intent.evidence.insert(0, evidence.clone());
    }
}

/// Lookups that failed and led to no attempt, for names that a requirement lists.
pub(super) fn failed_lookups(
    capture: &Capture,
    lookups: &Lookups,
    rules: &RuleSet,
    out: &mut Vec<Intent>,
) {
    let mut scratch = Scratch::default();
    let tried: HashSet<(IpAddr, Fqdn)> = out
        .iter()
        .filter_map(|intent| Some((intent.initiator, intent.fqdn.clone()?)))
        .collect();
    // Of the first transaction of each; few captures need it.
    let transports = LazyCell::new(|| {
        let mut first: HashMap<(IpAddr, &Fqdn), Transport> = HashMap::default();
        for transaction in &capture.dns {
            if let Some(name) = &transaction.query {
                let key = (transaction.client.ip, name);
                first.entry(key).or_insert(transaction.transport);
            }
        }
        first
    });
    for (client, name, lookup) in lookups.iter() {
        let forged = lookup.injected.as_deref().map(|(evidence, _)| evidence);
        let Some(evidence) = lookup
            .failure
            .as_deref()
            .map(|known| forged.unwrap_or(known))
        else {
            continue;
        };
        if tried.contains(&(client, name.clone())) {
            continue;
        }
        let (Some(first), Some(last)) = (lookup.stamps.first(), lookup.stamps.last()) else {
            continue;
        };
        let requirements = wanted_by_name(client, name, first.time, rules, &mut scratch);
        if requirements.is_empty() {
            continue;
        }
        let outcome = Outcome::of_failure(evidence.grade);
        let transport = transports.get(&(client, name)).copied();
        out.push(Intent {
            initiator: client,
            fqdn: Some(name.clone()),
            or_names: ThinVec::new(),
            source: None,
            addresses: ThinVec::new(),
            port: None,
            transport: transport.unwrap_or(Transport::Udp),
            outcome,
            stage: Some(Stage::Dns),
            confidence: Some(evidence.grade),
            evidence: thin_vec![evidence.clone()],
            doubt: None,
            reached_until: None,
            requirements,
            attempts: ThinVec::new(),
            span: (*first, *last),
        });
    }
}
