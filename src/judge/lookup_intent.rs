//! Intents out of lookups: names that were asked for and not had, and addresses that were not the name's own.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::{HashMap, HashSet};
use thin_vec::{ThinVec, thin_vec};

use super::attempt::{AttemptOutcome, InconclusiveReason};
use super::coverage::wanted_by_name;
use super::evidence::{Code, Evidence, Grade, Stage};
use super::flow_verdict::FlowVerdict;
use super::intent::Intent;
use super::lookup::{Failure, Lookup, Lookups, Made};
use super::outcome::Outcome;
use crate::model::{CaptureTime, Fqdn, Stamp, Transport};
use crate::observe::{Capture, NameSource};
use crate::rules::{RuleSet, Scratch, is_private};
use crate::wording::{phrase, word};

/// Over TCP a client asks again this soon.
const SOON: Duration = Duration::from_secs(30);

/// Where an intent went to addresses that are not those of its name: out of an answer that another one contradicts,
/// that a policy made, or that was given for another name.
pub(super) fn other_addresses(intent: &mut Intent, lookups: &Lookups) {
    let Some(name) = intent.fqdn.clone() else {
        return;
    };
    let Some(lookup) = lookups.get(intent.initiator, &name) else {
        return;
    };
    let failed = intent.outcome.is_blocked()
        || matches!(
            intent.outcome,
            Outcome::FailedUnattributed | Outcome::Inconclusive
        );
    if let Some((evidence, addresses)) = lookup.injected.as_deref()
        && failed
        && began(evidence, intent)
        && intent.addresses.iter().any(|ip| addresses.contains(ip))
    {
        stop_at_dns(intent, evidence);
        return;
    }
    let wanted = !intent.requirements.is_empty() && !intent.addresses.is_empty();
    if let Some(made) = lookup.made.as_deref()
        && wanted
        && began(&made.evidence, intent)
        && intent
            .addresses
            .iter()
            .all(|ip| made.addresses.contains(ip))
    {
        if is_on_purpose(made, intent) {
            let evidence = Evidence {
                grade: Grade::C,
                ..made.evidence.clone()
            };
            intent.evidence.push(evidence);
        } else {
            stop_at_dns(intent, &made.evidence);
        }
        return;
    }
    // The name was denied, and the name with a search suffix was not: what was reached is another name.
    if let Some(failure) = lookup.failure.as_deref()
        && wanted
        && lookup.addresses.is_empty()
        && began(&failure.evidence, intent)
        && intent.addresses.iter().all(|ip| {
            let mut others = lookups.with_suffix(intent.initiator, &name);
            others.any(|other| other.addresses.contains(ip))
        })
    {
        let mut evidence = failure.evidence.clone();
        let beside = word!(
            reached_with_suffix,
            "what was reached is the name with a search suffix behind it"
        );
        evidence.words = evidence.words.then(beside);
        stop_at_dns(intent, &evidence);
    }
}

/// Whether a site sends a name to a host of its own, and the name is served there: reached in TLS, under that name.
fn is_on_purpose(made: &Made, intent: &Intent) -> bool {
    made.forged
        && made.addresses.iter().all(|ip| is_private(*ip))
        && intent.outcome.is_reached()
        && intent.source == Some(NameSource::TlsSni)
}

fn began(evidence: &Evidence, intent: &Intent) -> bool {
    let first = evidence.stamps.first();
    first.is_some_and(|stamp| *stamp <= intent.span.0)
}

/// What stopped the name itself stands before whatever became of another address.
fn stop_at_dns(intent: &mut Intent, evidence: &Evidence) {
    intent.outcome = Outcome::of_failure(evidence.grade);
    intent.stage = Some(Stage::Dns);
    intent.confidence = Some(evidence.grade);
    intent.doubt = None;
    intent.evidence.insert(0, evidence.clone());
}

/// Lookups of names that a requirement lists and that came to nothing: they failed in the end, they failed for a while,
/// or it cannot be told.
pub(super) fn failed_lookups(
    capture: &Capture,
    verdicts: &[FlowVerdict],
    (lookups, over_ipv6): (&Lookups, bool),
    rules: &RuleSet,
    intents: &[Intent],
) -> Vec<Intent> {
    let mut scratch = Scratch::default();
    let aside = Aside::of(capture, verdicts, (lookups, over_ipv6), intents);
    let mut found = Vec::new();
    for (client, name, lookup) in lookups.iter() {
        let Some(came) = aside.came(client, name, lookup) else {
            continue;
        };
        let requirements = wanted_by_name(client, name, came.span.0.time, rules, &mut scratch);
        if requirements.is_empty() {
            continue;
        }
        let Came {
            outcome,
            evidence,
            span,
            doubt,
            over_tcp,
        } = came;
        let first = || aside.first_transport(client, name);
        let transport = over_tcp.then_some(Transport::Tcp).or_else(first);
        let failed = outcome != Outcome::OkAfterRetry;
        found.push(Intent {
            initiator: client,
            fqdn: Some(name.clone()),
            or_names: ThinVec::new(),
            source: None,
            addresses: ThinVec::new(),
            port: None,
            transport: transport.unwrap_or(Transport::Udp),
            outcome,
            stage: failed.then_some(Stage::Dns),
            confidence: evidence.first().filter(|_| failed).map(|best| best.grade),
            evidence,
            doubt,
            reached_until: lookup
                .resolved_until
                .filter(|_| failed)
                .map(|stamp| stamp.time),
            requirements,
            shades: ThinVec::new(),
            outer: None,
            attempts: ThinVec::new(),
            span,
            sent_only: false,
        });
    }
    found
}

/// What came of a lookup that led nowhere.
struct Came {
    outcome: Outcome,
    evidence: ThinVec<Evidence>,
    span: (Stamp, Stamp),
    doubt: Option<InconclusiveReason>,
    over_tcp: bool,
}

impl Came {
    fn failed(evidence: Evidence, span: (Stamp, Stamp)) -> Self {
        Self {
            outcome: Outcome::of_failure(evidence.grade),
            evidence: thin_vec![evidence],
            span,
            doubt: None,
            over_tcp: false,
        }
    }
}

/// When an aim was last tried, and which of its intents reached it, by their last packet.
#[derive(Default)]
struct Tried {
    last: CaptureTime,
    reached: Option<CaptureTime>,
}

/// What stands beside lookups. Few captures need the parts that are made when they are asked for.
struct Aside<'a> {
    capture: &'a Capture,
    verdicts: &'a [FlowVerdict],
    lookups: &'a Lookups,
    tried: HashMap<(IpAddr, &'a Fqdn), Tried>,
    /// Whether any host of the capture went somewhere over IPv6.
    over_ipv6: bool,
    first: OnceCell<HashMap<(IpAddr, &'a Fqdn), Transport>>,
    opened: OnceCell<HashSet<(IpAddr, IpAddr)>>,
}

impl<'a> Aside<'a> {
    fn of(
        capture: &'a Capture,
        verdicts: &'a [FlowVerdict],
        (lookups, over_ipv6): (&'a Lookups, bool),
        intents: &'a [Intent],
    ) -> Self {
        let mut tried: HashMap<(IpAddr, &Fqdn), Tried> = HashMap::default();
        for intent in intents {
            let Some(name) = &intent.fqdn else {
                continue;
            };
            let tried = tried.entry((intent.initiator, name)).or_default();
            let end = intent.span.1.time;
            tried.last = tried.last.max(end);
            if intent.outcome.is_reached() {
                tried.reached = tried.reached.max(Some(end));
            }
        }
        Self {
            capture,
            verdicts,
            lookups,
            tried,
            over_ipv6,
            first: OnceCell::new(),
            opened: OnceCell::new(),
        }
    }

    /// The transport of the first transaction of a name.
    fn first_transport(&self, client: IpAddr, name: &Fqdn) -> Option<Transport> {
        let first = self.first.get_or_init(|| {
            let mut first = HashMap::default();
            for transaction in &self.capture.dns {
                if let Some(name) = &transaction.query {
                    let key = (transaction.client.ip, name);
                    first.entry(key).or_insert(transaction.transport);
                }
            }
            first
        });
        first.get(&(client, name)).copied()
    }

    /// Whether a client opened anything to an address.
    fn opened(&self, client: IpAddr, address: IpAddr) -> bool {
        let opened = self.opened.get_or_init(|| {
            let flows = self.capture.flows.iter();
            flows
                .map(|flow| (flow.initiator.ip, flow.responder.ip))
                .collect()
        });
        opened.contains(&(client, address))
    }

    /// What came of a lookup, where it led nowhere.
    fn came(&self, client: IpAddr, name: &Fqdn, lookup: &Lookup) -> Option<Came> {
        let nothing = lookup.failure.is_none()
            && lookup.half.is_none()
            && lookup.overcome.is_none()
            && lookup.doubt.is_none();
        if nothing {
            return None;
        }
        let tried = self.tried.get(&(client, name));
        if let Some(failure) = lookup.failure.as_deref() {
            let went = tried.is_some_and(|tried| tried.last >= failure.span.0.time);
            return if went {
                None
            } else {
                self.failed(client, lookup, failure)
            };
        }
        let from = (*lookup.stamps.first()?, *lookup.stamps.last()?);
        if let Some(half) = lookup.half.as_deref().filter(|_| tried.is_none()) {
            let opened = |ip: &IpAddr| self.opened(client, *ip);
            if !lookup.addresses.iter().any(opened) {
                let mut evidence = half.evidence.clone();
                evidence.grade = Grade::C;
                let (words, tries) = (&evidence.words, half.tries);
                evidence.words = phrase!(
                    one_family_failed,
                    "{words} ({tries} times) for one family of addresses, an address for the other, and nothing was opened to it",
                    words,
                    tries
                );
                return Some(Came::failed(evidence, from));
            }
        }
        if let Some(overcome) = lookup.overcome.as_deref() {
            let reached = tried.and_then(|tried| tried.reached);
            let later = reached.is_some_and(|at| at >= overcome.span.1.time);
            if later && overcome.evidence.grade < Grade::C {
                return Some(Came {
                    outcome: Outcome::OkAfterRetry,
                    ..Came::failed(overcome.evidence.clone(), overcome.span)
                });
            }
        }
        let doubt = lookup.doubt.filter(|_| tried.is_none())?;
        Some(Came {
            outcome: Outcome::Inconclusive,
            evidence: ThinVec::new(),
            span: from,
            doubt: Some(doubt),
            over_tcp: false,
        })
    }

    fn failed(&self, client: IpAddr, lookup: &Lookup, failure: &Failure) -> Option<Came> {
        let forged = lookup.injected.as_deref().map(|(evidence, _)| evidence);
        let mut evidence = forged.unwrap_or(&failure.evidence).clone();
        if evidence.code == Code::DnsTruncated {
            return Some(self.truncated(client, evidence, failure.span));
        }
        let other_family = lookup.addresses.iter().any(IpAddr::is_ipv6)
            && lookup.made.is_none()
            && lookup
                .resolved_until
                .is_none_or(|until| until > failure.span.0);
        if client.is_ipv4() && other_family {
            if self.over_ipv6 {
                return None;
            }
            match self.dual_stack_over_ipv4(client) {
                Some(other) => {
                    let words = phrase!(
                        control_dual_stack,
                        "{other} has an IPv6 address too, and this client goes there over IPv4 only",
                        other
                    );
                    evidence.control = Some(words);
                }
                None if evidence.grade > Grade::A => evidence.grade = Grade::C,
                None => {}
            }
        }
        Some(Came::failed(evidence, failure.span))
    }

    /// A name of both families to which a client went over IPv4.
    fn dual_stack_over_ipv4(&self, client: IpAddr) -> Option<&Fqdn> {
        let own = self.lookups.iter().filter(|(who, ..)| *who == client);
        let mut both = own.filter(|(.., lookup)| {
            lookup.failure.is_none() && lookup.addresses.iter().any(IpAddr::is_ipv6)
        });
        let opened = |ip: &IpAddr| ip.is_ipv4() && self.opened(client, *ip);
        both.find(|(.., lookup)| lookup.addresses.iter().any(opened))
            .map(|(_, name, _)| name)
    }

    /// What came of asking again over TCP.
    fn truncated(&self, client: IpAddr, mut evidence: Evidence, span: (Stamp, Stamp)) -> Came {
        let flows = self.capture.flows.iter().zip(self.verdicts);
        let mut again = flows.filter(|(flow, _)| {
            flow.transport == Transport::Tcp
                && flow.responder.port == 53
                && flow.initiator.ip == client
                && Some(flow.responder.ip) == evidence.by
                && flow.span.1 >= span.0
                && flow.span.0.time.since(span.1.time) <= SOON
        });
        let Some((_, verdict)) = again.next() else {
            return Came::failed(evidence, span);
        };
        match &verdict.went {
            AttemptOutcome::Failed(over_tcp) => {
                let words = phrase!(
                    over_tcp_port_53,
                    "TCP port 53: {words}",
                    words = over_tcp.words
                );
                evidence.words = evidence.words.then(&words);
                evidence.grade = over_tcp.grade;
                evidence.control.clone_from(&over_tcp.control);
                let last = over_tcp.stamps.last().copied().unwrap_or(span.1);
                let mut came = Came::failed(evidence, (span.0, span.1.max(last)));
                came.evidence.push((**over_tcp).clone());
                came.over_tcp = true;
                came
            }
            AttemptOutcome::Open(doubt) => Came {
                outcome: Outcome::Inconclusive,
                evidence: ThinVec::new(),
                span,
                doubt: Some(*doubt),
                over_tcp: true,
            },
            AttemptOutcome::Succeeded | AttemptOutcome::Sent => Came::failed(evidence, span),
        }
    }
}
