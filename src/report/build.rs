//! A judgement to the neutral view, once for all formats.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use rayon::prelude::*;

use super::entry::entries;
use super::finding_id::finding_ids;
use super::judged_flow::{JudgedFlow, outcome};
use super::looked_at::looked_at;
use super::view::{
    CaptureView, CiteView, CommentView, Counts, DocumentView, EvidenceView, FindingView,
    FrameCounts, HiddenHostView, InputView, IntentView, NameWayView, NamesView, RequirementView,
    Span, Summary,
};
use super::{Audit, Loss, Report};
use crate::judge::{
    Census, Evidence, Finding, FindingCode, Intent, Judgement, NameWay, NoNeed, NotSeen, Outcome,
    RequirementStatus, RequirementVerdict, Severity, StatusKind, WayTotal, needs,
};
use crate::model::{Fqdn, Stamp, TimeSpan};
use crate::observe::{Comment, Flow, FlowId, NameSource, Undecoded};
use crate::rules::{Chosen, DocumentIndex, RequirementIndex};
use crate::source::{Input, InputRecord};

/// The version of the fields of the report.
pub(crate) const SCHEMA: u32 = 1;

impl<'a> Report<'a> {
    /// Gathers everything.
    #[must_use]
    pub fn new(audit: &Audit<'a>) -> Self {
        let audit = *audit;
        let judgement = audit.judgement;
        let mut intent_of_flow = vec![None; audit.capture.flows.len()];
        for (place, intent) in judgement.intents.iter().enumerate() {
            for flow in &intent.attempts {
                if let Some(slot) = intent_of_flow.get_mut(flow.0 as usize) {
                    *slot = u32::try_from(place).ok();
                }
            }
        }
        let capture = capture_view(&audit);
        let gather = Gather(audit);
        Self {
            summary: gather.summary(&capture),
            findings: finding_ids(&judgement.findings, audit.rules)
                .into_par_iter()
                .zip(&judgement.findings)
                .map(|(id, finding)| gather.finding(id, finding))
                .collect(),
            requirements: judgement
                .requirements
                .par_iter()
                .map(|verdict| gather.requirement(verdict))
                // How many there are is known: a list that grows is copied again and again.
                .collect::<Vec<_>>()
                .into_iter()
                .flatten()
                .collect(),
            capture,
            rules: gather.documents(),
            files: match audit.all_inputs {
                [] => audit.inputs.iter().map(InputRecord::name).collect(),
                all => all.iter().map(Input::name).collect(),
            },
            audit,
            intent_of_flow,
        }
    }

    /// All intents, ascending by start. Made one by one, so that a report of very many does not hold them twice.
    pub fn intents(&self) -> impl Iterator<Item = IntentView<'a>> {
        self.intents_at(0..self.intents_len())
    }

    /// The intent at a place, as other objects give it.
    #[must_use]
    pub fn intent(&self, place: usize) -> Option<IntentView<'a>> {
        let intent = self.audit.judgement.intents.get(place)?;
        Some(Gather(self.audit).intent(intent))
    }

    /// How many intents there are.
    pub(super) fn intents_len(&self) -> usize {
        self.audit.judgement.intents.len()
    }

    /// Some of the intents, by their places.
    pub(super) fn intents_at(&self, places: Range<usize>) -> impl Iterator<Item = IntentView<'a>> {
        let gather = Gather(self.audit);
        let intents = self.audit.judgement.intents[places].iter();
        intents.map(move |intent| gather.intent(intent))
    }

    /// All flows with what is said of them, in the order of [`crate::observe::Capture::flows`]. Made one by one, so
    /// that a report of very many flows does not hold them twice.
    pub fn flows(&self) -> impl Iterator<Item = JudgedFlow<'_>> {
        self.flows_at(0..self.flows_len())
    }

    /// How many flows there are.
    pub(super) fn flows_len(&self) -> usize {
        let Audit {
            capture, judgement, ..
        } = self.audit;
        capture.flows.len().min(judgement.flows.len())
    }

    /// Some of the flows, by their places.
    pub(super) fn flows_at(&self, places: Range<usize>) -> impl Iterator<Item = JudgedFlow<'_>> {
        let Audit {
            capture, judgement, ..
        } = self.audit;
        let flows = capture.flows.at(places.clone());
        let flows = flows.zip(&judgement.flows[places.clone()]);
        places.zip(flows).map(|(id, (flow, verdict))| {
            let place = self.intent_of_flow.get(id).copied().flatten();
            let intent = place.and_then(|place| self.audit.judgement.intents.get(place as usize));
            JudgedFlow::new(
                id,
                flow,
                verdict,
                place.zip(intent),
                self.audit.capture,
                self.audit.rules,
            )
        })
    }

    /// All flows with what became of them, in the same order.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (&Flow, Outcome)> {
        let Audit {
            capture, judgement, ..
        } = self.audit;
        let judged = capture.flows.iter().zip(&judgement.flows);
        judged
            .zip(&self.intent_of_flow)
            .map(|((flow, verdict), place)| {
                let intent = place.and_then(|place| judgement.intents.get(place as usize));
                (flow, outcome(verdict, intent))
            })
    }

    /// The exit status that the report calls for: 0 nothing to report, 1 findings or required traffic that ended
    /// inconclusive, 2 nothing audited, or only a part.
    #[must_use]
    pub const fn exit(&self) -> u8 {
        self.summary.exit
    }
}

/// The exit status, and what it means.
fn exit(judgement: &Judgement, nothing: bool, in_part: bool) -> (u8, &'static str) {
    match () {
        () if nothing => (2, "nothing was audited"),
        () if in_part => (2, "audited only in part"),
        () if !judgement.findings.is_empty() => (1, "findings"),
        () if !judgement.unclear.is_empty() => (1, "required traffic ended inconclusive"),
        () => (0, "nothing to report"),
    }
}

#[derive(Clone, Copy)]
struct Gather<'a>(Audit<'a>);

impl<'a> Gather<'a> {
    fn summary(&self, capture: &CaptureView) -> Summary {
        let Audit {
            judgement, rules, ..
        } = self.0;
        let profile = rules.profile();
        let mut findings = Counts::of_all(Severity::ALL);
        let mut finding_codes = Counts::of_all(FindingCode::ALL);
        for finding in &judgement.findings {
            findings.add(&finding.severity);
            finding_codes.add(&finding.code);
        }
        let mut intents = Counts::of_all(Outcome::ALL);
        let outcomes = judgement.intents.iter().map(|intent| &intent.outcome);
        outcomes.for_each(|outcome| intents.add(outcome));
        let mut requirements = Counts::of_all(StatusKind::ALL);
        let kinds = judgement.requirements.iter().map(|r| r.standing.kind());
        kinds.for_each(|kind| requirements.add(&kind));
        let nothing = judgement
            .findings
            .iter()
            .find(|finding| finding.code == FindingCode::NothingAudited);
        let nothing_audited = nothing.map(|finding| finding.message.clone());
        let unclear = self.ids(&judgement.unclear);
        let mut incomplete = incomplete(&self.0);
        let (exit, meaning) = exit(judgement, nothing_audited.is_some(), !incomplete.is_empty());
        let audited = judgement.flows.iter().filter(|f| f.out_of_scope.is_none());
        let flows_audited = audited.count() as u64;
        let needs = needs(self.0.capture, rules, &judgement.requirements);
        let mut no_traffic_needed = Counts::of_all(NoNeed::ALL);
        needs.none.iter().for_each(|why| no_traffic_needed.add(why));
        incomplete.splice(0..0, nothing_audited.clone());
        Summary {
            tool: "pktaudit",
            version: self.0.version.to_owned(),
            commit: self.0.commit.map(ToOwned::to_owned),
            schema: SCHEMA,
            arguments: self.0.arguments.to_vec(),
            site: profile.site_name().to_owned(),
            site_sha256: self.0.site_sha256.map(ToOwned::to_owned),
            site_is_default: profile.is_default(),
            regions: profile.regions().to_vec(),
            as_of: self.0.as_of.map(ToOwned::to_owned),
            exit,
            meaning,
            incomplete,
            nothing_audited,
            inconclusive_required: unclear.into_iter().map(ToOwned::to_owned).collect(),
            findings,
            finding_codes,
            intents,
            requirements,
            requirements_in_force: needs.in_force,
            no_traffic_needed,
            all_required_seen: needs.all_seen,
            flows: capture.flows,
            flows_audited,
        }
    }

    fn finding(&self, id: String, finding: &'a Finding) -> FindingView<'a> {
        let evidence = self.evidence(&finding.evidence);
        let firsts = self.firsts(&finding.flows);
        let (stamps, frames_omitted) = looked_at(proof(&finding.evidence), firsts, finding.span);
        let addresses = self.addresses(&finding.flows);
        // Most rest on one row.
        let mut cites = Vec::with_capacity(finding.requirements.len());
        let rows = finding.requirements.iter();
        cites.extend(rows.filter_map(|row| self.cite(*row, &finding.target, &addresses)));
        FindingView {
            id,
            code: finding.code,
            severity: finding.severity,
            outcome: finding.outcome,
            stage: finding.stage,
            confidence: finding.confidence,
            initiator: finding.initiator,
            host: finding.initiator.and_then(|ip| self.host(ip)),
            target: &finding.target,
            port: finding.port,
            transport: finding.transport,
            message: &finding.message,
            reached_until: finding
                .intents
                .iter()
                .filter_map(|place| self.0.judgement.intents.get(*place)?.reached_until)
                .max(),
            advice: &finding.advice,
            evidence: evidence.iter().map(|e| e.code).collect(),
            control: evidence.iter().find_map(|e| e.control),
            evidence_details: evidence,
            comments: self.comments(&finding.flows),
            requirements: self.ids(&finding.requirements),
            cites,
            addresses,
            span: finding.span.map(span),
            frames: self.numbers(&stamps),
            frames_omitted,
            flows: finding.flows.iter().map(|flow| flow.0).collect(),
            intents: &finding.intents,
            stamps,
            proof: finding.evidence.iter().map(|e| &e.stamps[..]).collect(),
        }
    }

    fn intent(&self, intent: &'a Intent) -> IntentView<'a> {
        let evidence = self.evidence(&intent.evidence);
        let firsts = self.firsts(&intent.attempts);
        let (stamps, frames_omitted) =
            looked_at(proof(&intent.evidence), firsts, Some(intent.span));
        IntentView {
            initiator: intent.initiator,
            host: self.host(intent.initiator),
            fqdn: intent.fqdn.as_ref().map(Fqdn::as_str),
            or_names: intent.or_names.iter().map(Fqdn::as_str).collect(),
            name_source: intent.source,
            addresses: &intent.addresses,
            port: intent.port,
            transport: intent.transport,
            outcome: intent.outcome,
            stage: intent.stage,
            confidence: intent.confidence,
            evidence: evidence.iter().map(|e| e.code).collect(),
            control: evidence.iter().find_map(|e| e.control),
            evidence_details: evidence,
            doubt: intent.doubt.map(|doubt| doubt.words()),
            reached_until: intent.reached_until,
            requirements: self.ids(&intent.requirements),
            attempts: intent.attempts.iter().map(|flow| flow.0).collect(),
            frames: self.numbers(&stamps),
            frames_omitted,
            span: span(intent.span),
        }
    }

    fn requirement(&self, verdict: &'a RequirementVerdict) -> Option<RequirementView<'a>> {
        let Audit {
            rules, judgement, ..
        } = self.0;
        let row = rules.library().requirement(verdict.requirement)?;
        let intents = || {
            verdict
                .intents
                .iter()
                .filter_map(|place| judgement.intents.get(*place as usize))
        };
        let mut reached = intents().filter(|intent| intent.outcome.is_reached());
        let by_certificate = reached.all(|i| i.source == Some(NameSource::TlsCertificate));
        let tried = intents().filter(|intent| !intent.outcome.is_reached());
        let missed =
            tried.filter(|intent| verdict.reached_by.binary_search(&intent.initiator).is_err());
        let mut missed: Vec<IpAddr> = missed.map(|intent| intent.initiator).collect();
        missed.sort_unstable();
        missed.dedup();
        let evidence = intents().flat_map(|intent| proof(&intent.evidence));
        // Flows ascend by time, and so do their first frames nearly always.
        let mut attempts: Vec<FlowId> = intents().flat_map(|i| &i.attempts).copied().collect();
        attempts.sort_unstable();
        attempts.dedup();
        let (stamps, frames_omitted) = looked_at(evidence, self.firsts(&attempts), None);
        Some(RequirementView {
            listed: row.listed(rules.library()),
            message: match &verdict.note {
                Some(note) if verdict.standing == RequirementStatus::Inconclusive => note.clone(),
                Some(note) => format!(
                    "{}; {note}",
                    sentence(verdict, missed.len(), by_certificate)
                ),
                None => sentence(verdict, missed.len(), by_certificate),
            },
            note: verdict.note.as_deref(),
            outcome: verdict.standing.clone(),
            reason: verdict.standing.reason().map(ToOwned::to_owned),
            absence_counts: verdict.must_see,
            excused_by: verdict.excused_by.clone(),
            reached_by: &verdict.reached_by,
            missed_by: missed,
            resolved: &verdict.resolved,
            intents: &verdict.intents,
            frames: self.numbers(&stamps),
            frames_omitted,
            stamps,
        })
    }

    fn documents(&self) -> Vec<DocumentView> {
        let rules = self.0.rules;
        let library = rules.library();
        let numbered = (0u32..).map(DocumentIndex::new).zip(&library.documents);
        let choice = |id: &str| {
            self.0
                .sets
                .iter()
                .find(|choice| choice.set.has_document(id))
        };
        numbered
            .map(|(index, document)| (index, document, choice(&document.id)))
            .map(|(index, document, choice)| DocumentView {
                id: document.id.clone(),
                vendor: document.vendor.clone(),
                product: document.product.clone(),
                page: document.page.clone(),
                file: document.file.clone(),
                sha256: document.sha256.clone(),
                in_force: rules.profile().is_in_force(index),
                requirements: library
                    .requirements
                    .iter()
                    .filter(|r| r.document == index)
                    .count(),
                set: choice.map(|choice| choice.set.name),
                chosen: choice.map_or(Chosen::Named, |choice| choice.chosen).kind(),
                why: choice.map_or(Chosen::Named, |choice| choice.chosen).words(),
            })
            .collect()
    }

    fn evidence(&self, evidence: &'a [Evidence]) -> Vec<EvidenceView<'a>> {
        let view = |evidence: &'a Evidence| EvidenceView {
            code: evidence.code,
            about: evidence.code.about(),
            grade: evidence.grade,
            words: &evidence.words,
            by: evidence.by,
            control: evidence.control.as_deref(),
            frames: distinct(self.numbers(&evidence.stamps)),
        };
        evidence.iter().map(view).collect()
    }

    /// What was written to packets of flows: the earliest of equal texts, a few.
    fn comments(&self, flows: &[FlowId]) -> Vec<CommentView> {
        const MOST: usize = 4;
        let flows = flows.iter().filter_map(|id| self.0.capture.flow(*id));
        let mut all: Vec<&Comment> = flows.flat_map(|flow| &flow.comments).collect();
        all.sort_unstable();
        let mut told: Vec<CommentView> = Vec::new();
        for comment in all {
            if told.len() < MOST && told.iter().all(|known| known.text != comment.text) {
                told.push(CommentView {
                    frame: self.0.capture.number(comment.stamp),
                    text: comment.text.clone(),
                });
            }
        }
        told
    }

    /// The first packets of flows.
    fn firsts(&self, flows: &[FlowId]) -> impl Iterator<Item = Stamp> {
        let flows = flows.iter().filter_map(|id| self.0.capture.flow(*id));
        flows.map(|flow| flow.span.0)
    }

    fn numbers(&self, stamps: &[Stamp]) -> Vec<u64> {
        stamps
            .iter()
            .map(|stamp| self.0.capture.number(*stamp))
            .collect()
    }

    fn ids(&self, requirements: &[RequirementIndex]) -> Vec<&'a str> {
        let library = self.0.rules.library();
        requirements
            .iter()
            .filter_map(|r| library.requirement(*r))
            .map(|r| r.id.as_str())
            .collect()
    }

    /// Responders of flows, ascending.
    fn addresses(&self, flows: &[FlowId]) -> Vec<IpAddr> {
        let flows = flows.iter().filter_map(|id| self.0.capture.flow(*id));
        let addresses: BTreeSet<IpAddr> = flows.map(|flow| flow.responder.ip).collect();
        addresses.into_iter().collect()
    }

    fn cite(
        &self,
        requirement: RequirementIndex,
        target: &str,
        addresses: &[IpAddr],
    ) -> Option<CiteView<'a>> {
        let library = self.0.rules.library();
        let row = library.requirement(requirement)?;
        let document = library.document(row.document)?;
        Some(CiteView {
            requirement: &row.id,
            document: &document.id,
            service: &row.service,
            page: &document.page,
            table: &row.cite.table,
            row: &row.cite.row,
            line: row.cite.line,
            entries: entries(row, library, target, addresses),
        })
    }

    fn host(&self, ip: IpAddr) -> Option<&'a str> {
        self.0.rules.profile().host_name(ip)
    }
}

/// The frames of some evidence.
fn proof(evidence: &[Evidence]) -> impl Iterator<Item = Stamp> + '_ {
    evidence.iter().flat_map(|e| e.stamps.iter().copied())
}

/// Ascending, each once.
fn distinct(numbers: Vec<u64>) -> Vec<u64> {
    BTreeSet::from_iter(numbers).into_iter().collect()
}

fn span((first, last): (Stamp, Stamp)) -> Span {
    Span {
        first: first.time,
        last: last.time,
    }
}

/// The standing of a requirement as a sentence.
fn sentence(verdict: &RequirementVerdict, missed: usize, by_certificate: bool) -> String {
    let hosts = |count: usize| {
        if count == 1 {
            "1 host".to_owned()
        } else {
            format!("{count} hosts")
        }
    };
    match &verdict.standing {
        RequirementStatus::Blocked => format!("stopped on the path for {}", hosts(missed.max(1))),
        RequirementStatus::Failed => format!(
            "failed for {}; who did it cannot be told",
            hosts(missed.max(1))
        ),
        RequirementStatus::Violated => "violated: what the page says must not be, is".to_owned(),
        RequirementStatus::Inconclusive => match verdict.shortfall {
            Some(shortfall) => shortfall.to_string(),
            None if verdict.intents.is_empty() => {
                "a host speaks to its proxy in a form that hides what is behind it; nothing was seen of it"
                    .to_owned()
            }
            None => "tried, but how it went cannot be told".to_owned(),
        },
        RequirementStatus::Satisfied if by_certificate => format!(
            "reached by {}; the server's certificate alone tells its name",
            hosts(verdict.reached_by.len())
        ),
        RequirementStatus::Satisfied => format!("reached by {}", hosts(verdict.reached_by.len())),
        RequirementStatus::NotSeen(NotSeen::ResolvedNeverTried) if !verdict.resolved.is_empty() => {
            format!(
                "{}: {}",
                NotSeen::ResolvedNeverTried.words(),
                verdict.resolved.join(", ")
            )
        }
        RequirementStatus::NotSeen(why) => why.words().to_owned(),
        RequirementStatus::NotActive(why) => format!("not active: {why}"),
    }
}

/// Why an audit is only a part of one.
fn incomplete(audit: &Audit<'_>) -> Vec<String> {
    let inputs = audit.inputs;
    let mut why = Vec::new();
    if inputs.is_empty() {
        why.push("no input could be read".to_owned());
    }
    for input in inputs {
        let mut faults = input.faults();
        if let Some(first) = faults.next() {
            let more = match faults.count() {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            why.push(format!("{}: {first}{more}", input.name()));
        }
        if input.loss.total() > 0 {
            let Loss {
                interface,
                kernel,
                own,
            } = input.loss;
            let who = [
                (interface, "the interface"),
                (kernel, "the kernel"),
                (own, "pktaudit"),
            ];
            let lost: Vec<String> = who
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, who)| format!("{count} by {who}"))
                .collect();
            why.push(format!(
                "{}: frames lost before they were captured: {}",
                input.name(),
                lost.join(", ")
            ));
        }
    }
    why.extend(audit.judgement.trust.unread.iter().cloned());
    why
}

fn names_view(census: &Census) -> NamesView {
    const MOST_HOSTS: usize = 1000;
    let view = |(way, total): (NameWay, WayTotal<'_>)| NameWayView {
        way: way.as_str(),
        about: way.words(),
        hides: way.hides(),
        count: total.count,
        hosts: total.hosts,
        to: total.responders.into_iter().map(str::to_owned).collect(),
    };
    let hidden = census.hidden().take(MOST_HOSTS);
    NamesView {
        words: census.words(),
        ways: census.totals().into_iter().map(view).collect(),
        hidden: hidden
            .map(|(host, ways)| HiddenHostView {
                host,
                by: ways.into_iter().map(NameWay::as_str).collect(),
            })
            .collect(),
    }
}

fn capture_view(audit: &Audit<'_>) -> CaptureView {
    let (capture, trust) = (audit.capture, &audit.judgement.trust);
    let tally = &capture.tally;
    let losses = audit.inputs.iter().map(|input| input.loss);
    let lost = losses.fold(Loss::default(), Loss::plus);
    let view = |input: &InputRecord| InputView {
        path: input.name(),
        bytes: input.input.stored_bytes,
        sha256: input.sha256.clone(),
        frames: input.frames,
        span: span_view(input.span),
        damage: input.faults().map(Cow::into_owned).collect(),
        lost: input.loss,
        notes: input.set_back.words().into_iter().collect(),
    };
    CaptureView {
        complete: incomplete(audit).is_empty(),
        frames: FrameCounts {
            read: tally.frames,
            decoded: tally.decoded,
            set_aside: tally.set_aside_total(),
            set_aside_by_reason: by_reason(&tally.set_aside),
            partly_decoded_by_reason: by_reason(&tally.partly_decoded),
            cut_by_snaplen: tally.cut_by_snaplen,
            fragments: tally.fragments,
            copies: tally.copies,
        },
        wire_bytes: tally.wire_bytes,
        span: span_view(capture.span),
        flows: capture.flows.len() as u64,
        only_initiator: trust.only_initiator,
        only_responder: trust.only_responder,
        midstream: trust.midstream,
        dns_transactions: capture.dns.len() as u64,
        lost,
        bounded: tally
            .bounded
            .iter()
            .map(|(bound, count)| (bound.as_str(), *count))
            .collect(),
        names: names_view(&audit.judgement.census),
        inputs: audit.inputs.iter().map(view).collect(),
        notes: trust.notes.clone(),
    }
}

/// `None` where there are no frames.
fn span_view(TimeSpan { first, last }: TimeSpan) -> Option<Span> {
    (first <= last).then_some(Span { first, last })
}

/// Counts by word.
fn by_reason(counts: &BTreeMap<Undecoded, u64>) -> BTreeMap<String, u64> {
    let counts = counts.iter();
    counts
        .map(|(why, count)| (why.to_string(), *count))
        .collect()
}
