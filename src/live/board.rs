//! What a screen shows of a judgement: owned, small, and in the words of the reports.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use crate::audit::{Audited, Plan, attribute_points};
use crate::judge::{
    AttemptOutcome, FindingCode, Judgement, NotSeen, Outcome, RequirementStatus,
    RequirementVerdict, Severity, StatusKind,
};
use crate::model::{CaptureTime, TimeSpan, Transport, TwoPoint};
use crate::observe::{Capture, EventKind, Flow, Observation, Seed};
use crate::report::{
    CiteView, Counts, EvidenceView, FindingView, IntentView, Report, RequirementView,
};
use crate::source::InputRecord;

/// The most findings shown; the newest ones.
const MOST_SIGHTS: usize = 1000;

/// All that is known so far.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Requirements that are active, by document and service as the rules have them.
    pub rows: Vec<Row>,
    /// Findings that a packet shows, the newest first, at most 1,000.
    pub sights: Vec<FindingRow>,
    /// How many more findings there are.
    pub sights_omitted: usize,
    /// Requirements by outcome, worst first, zeros included.
    pub standings: Counts<StatusKind>,
    /// Intents by outcome, worst first, zeros included.
    pub outcomes: Counts<Outcome>,
    /// Findings by code, in report order, zeros included.
    pub findings: Counts<FindingCode>,
    /// Frames absorbed.
    pub frames: u64,
    /// Of these: set aside without an IP packet.
    pub set_aside: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Flows.
    pub flows: u64,
    /// DNS transactions.
    pub dns: u64,
    /// From the first to the last frame; empty without frames.
    pub span: TimeSpan,
    /// What to keep in mind.
    pub notes: Vec<String>,
    /// The exit status that a report made now would call for.
    pub exit: u8,
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// `document/id`.
    pub id: String,
    /// The document.
    pub document: String,
    /// What it is for.
    pub service: String,
    /// Destinations as the page has them.
    pub to: String,
    /// Ports and transport.
    pub ports: String,
    /// How it fares.
    pub standing: RequirementStatus,
    /// The same as a sentence.
    pub message: String,
    /// Whether its absence proves something.
    pub must_see: bool,
    /// Another member of its group was seen.
    pub excused: bool,
    /// When it was first met: the first answer that carried something.
    pub first_success: Option<CaptureTime>,
    /// When the last of its aims was reached: each name and each host of its own is one.
    pub last_aim: Option<CaptureTime>,
    /// When it was last tried.
    pub last: Option<CaptureTime>,
    /// Who reached it.
    pub reached_by: Vec<IpAddr>,
    /// Who tried and did not reach it.
    pub missed_by: Vec<IpAddr>,
    /// Names that were resolved but not tried.
    pub resolved: Vec<String>,
    /// What shows it.
    pub evidence: Vec<String>,
    /// What to open in the firewall, or else to do.
    pub advice: Vec<String>,
    /// Where it stands on the vendor's page.
    pub cite: String,
    /// Frames to look at.
    pub frames: Vec<u64>,
    /// How many more.
    pub frames_omitted: usize,
}

/// One finding that packets show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingRow {
    /// What kind.
    pub code: FindingCode,
    /// How much it matters.
    pub severity: Severity,
    /// First and last time.
    pub span: Option<(CaptureTime, CaptureTime)>,
    /// Who.
    pub initiator: Option<IpAddr>,
    /// What the site file calls that host.
    pub host: Option<String>,
    /// Whom.
    pub target: String,
    /// Port and transport.
    pub port: Option<u16>,
    /// Transport.
    pub transport: Option<Transport>,
    /// In one sentence.
    pub message: String,
    /// What to do.
    pub advice: String,
    /// What shows it.
    pub evidence: Vec<String>,
    /// Where the requirements that it rests on stand.
    pub cites: Vec<String>,
    /// Frames to look at.
    pub frames: Vec<u64>,
    /// How many more.
    pub frames_omitted: usize,
}

impl Snapshot {
    /// Judges what is known so far. `seeds` are names told before the capture began.
    #[must_use]
    pub fn judge(
        seen: TwoPoint<Observation>,
        inputs: &[InputRecord],
        plan: &Plan,
        seeds: &[Seed],
    ) -> Self {
        let captures = attribute_points(seen, seeds);
        let audited = Audited::of(&captures, inputs, plan);
        Self::of(&audited.report(), &captures.inside, audited.judgement())
    }

    /// What is shown of a report.
    fn of(report: &Report<'_>, capture: &Capture, judgement: &Judgement) -> Self {
        let advice = advice(report);
        let met = met(capture, judgement);
        let rows = report
            .requirements
            .iter()
            .zip(&judgement.requirements)
            .zip(met)
            .filter(|((view, _), _)| !matches!(view.outcome, RequirementStatus::NotActive(_)))
            .map(|((view, verdict), met)| Row::of(view, verdict, met, &advice, report))
            .collect();
        let mut sights: Vec<FindingRow> = report
            .findings
            .iter()
            .filter(|finding| finding.span.is_some())
            .map(FindingRow::of)
            .collect();
        sights.sort_by_key(|sight| std::cmp::Reverse(sight.span.map(|(first, _)| first)));
        let sights_omitted = sights.len().saturating_sub(MOST_SIGHTS);
        sights.truncate(MOST_SIGHTS);
        Self {
            rows,
            sights,
            sights_omitted,
            standings: report.summary.requirements.clone(),
            outcomes: report.summary.intents.clone(),
            findings: report.summary.finding_codes.clone(),
            frames: capture.tally.frames,
            set_aside: capture.tally.set_aside_total(),
            wire_bytes: capture.tally.wire_bytes,
            flows: capture.flows.len() as u64,
            dns: capture.dns.len() as u64,
            span: capture.span,
            notes: report
                .capture
                .notes
                .iter()
                .map(ToString::to_string)
                .collect(),
            exit: report.exit(),
        }
    }

    /// Counts so many requirements as satisfied that were counted as unclear.
    pub(super) fn take_back(&mut self, count: u64) {
        for (kind, known) in &mut self.standings.0 {
            match kind {
                StatusKind::Satisfied => *known += count,
                StatusKind::Inconclusive => *known = known.saturating_sub(count),
                _ => {}
            }
        }
    }

    /// Whether every requirement that has to be seen is satisfied or blocked. False while nothing was seen.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.has_begun() && self.wanted().next().is_none()
    }

    /// Whether any requirement was met so far.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.rows
            .iter()
            .any(|row| row.standing == RequirementStatus::Satisfied)
    }

    /// Requirements that have to be seen and are not settled yet. Those of roles from which no host has sent anything
    /// are not waited for: there is nobody to miss them.
    pub fn wanted(&self) -> impl Iterator<Item = &Row> {
        let wanted = self.rows.iter().filter(|row| row.must_see && !row.excused);
        wanted.filter(|row| {
            !row.is_settled() && row.standing != RequirementStatus::NotSeen(NotSeen::NoInitiator)
        })
    }
}

impl Row {
    fn of(
        view: &RequirementView<'_>,
        verdict: &RequirementVerdict,
        met: Met,
        advice: &HashMap<String, Vec<String>>,
        report: &Report<'_>,
    ) -> Self {
        let intents: Vec<IntentView<'_>> = verdict
            .intents
            .iter()
            .filter_map(|i| report.intent(*i as usize))
            .collect();
        let shown: Vec<&EvidenceView<'_>> =
            intents.iter().flat_map(|i| &i.evidence_details).collect();
        Self {
            id: view.listed.id.to_owned(),
            document: view.listed.document.to_owned(),
            service: view.listed.service.to_owned(),
            to: destinations(view.listed.to.iter().map(|to| (to.kind, to.value.as_str()))),
            ports: ports(&view.listed.ports, &view.listed.transport),
            standing: view.outcome.clone(),
            message: view.message.to_string(),
            must_see: view.absence_counts,
            excused: view.excused_by.is_some(),
            first_success: met.first,
            last_aim: met.last_aim,
            last: intents.iter().map(|i| i.span.last).max(),
            reached_by: view.reached_by.to_vec(),
            missed_by: view.missed_by.clone(),
            resolved: view.resolved.to_vec(),
            evidence: evidence(&shown),
            advice: advice.get(view.listed.id).cloned().unwrap_or_default(),
            cite: cite(
                view.listed.cite.page,
                view.listed.cite.table,
                view.listed.cite.row,
                view.listed.cite.line,
            ),
            frames: view.frames.clone(),
            frames_omitted: view.frames_omitted,
        }
    }

    /// Whether nothing more has to come for it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(
            self.standing,
            RequirementStatus::Satisfied | RequirementStatus::Blocked
        )
    }

    /// Whether a name of it was resolved and not tried.
    #[must_use]
    pub fn is_resolved(&self) -> bool {
        self.standing == RequirementStatus::NotSeen(NotSeen::ResolvedNeverTried)
    }

    /// Its state in one or two words.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match &self.standing {
            RequirementStatus::NotSeen(NotSeen::ResolvedNeverTried) => "resolved",
            RequirementStatus::NotSeen(_) if self.excused => "stood in",
            RequirementStatus::NotSeen(_) => "not tried",
            RequirementStatus::Inconclusive => "unclear",
            other => other.kind().as_str(),
        }
    }
}

impl FindingRow {
    fn of(finding: &FindingView<'_>) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity,
            span: finding.span.map(|span| (span.first, span.last)),
            initiator: finding.initiator,
            host: finding.host.map(ToOwned::to_owned),
            target: finding.target.to_owned(),
            port: finding.port,
            transport: finding.transport,
            message: finding.message.to_string(),
            advice: finding.advice.to_string(),
            evidence: evidence(&finding.evidence_details.iter().collect::<Vec<_>>()),
            cites: finding.cites.iter().map(cite_of).collect(),
            frames: finding.frames.clone(),
            frames_omitted: finding.frames_omitted,
        }
    }

    /// What makes it the same finding as one of another board.
    #[must_use]
    pub fn key(
        &self,
    ) -> (
        FindingCode,
        Option<IpAddr>,
        &str,
        Option<u16>,
        Option<Transport>,
    ) {
        (
            self.code,
            self.initiator,
            &self.target,
            self.port,
            self.transport,
        )
    }

    /// Who, with the site's name of it.
    #[must_use]
    pub fn who(&self) -> String {
        match (&self.host, self.initiator) {
            (Some(host), _) => host.clone(),
            (None, Some(ip)) => ip.to_string(),
            (None, None) => String::new(),
        }
    }

    /// Whom, with port and transport.
    #[must_use]
    pub fn whom(&self) -> String {
        match (self.port, self.transport) {
            (Some(port), Some(transport)) => format!("{}:{port}/{transport}", self.target),
            (Some(port), None) => format!("{}:{port}", self.target),
            _ => self.target.clone(),
        }
    }
}

/// What the findings advise, by requirement.
fn advice(report: &Report<'_>) -> HashMap<String, Vec<String>> {
    let mut out: HashMap<String, Vec<String>> = HashMap::new();
    for finding in &report.findings {
        for requirement in &finding.requirements {
            let known = out.entry((*requirement).to_owned()).or_default();
            if !known.iter().any(|known| *known == **finding.advice) {
                known.push(finding.advice.to_string());
            }
        }
    }
    out
}

/// When a requirement was first met, and when the last of its aims was reached: by then it is satisfied.
#[derive(Clone, Copy, Default)]
struct Met {
    first: Option<CaptureTime>,
    last_aim: Option<CaptureTime>,
}

/// When each requirement was met.
fn met(capture: &Capture, judgement: &Judgement) -> impl Iterator<Item = Met> {
    judgement.requirements.iter().map(|verdict| {
        let intents = verdict.intents.iter();
        let intents = intents.filter_map(|place| judgement.intents.get(*place as usize));
        let mut by_aim: BTreeMap<_, AimTries> = BTreeMap::new();
        for intent in intents {
            let aim = (intent.initiator, intent.fqdn.as_ref(), intent.port);
            let tries = by_aim.entry(aim).or_default();
            for id in &intent.attempts {
                let verdict = judgement.flows.get(id.0 as usize);
                let (Some(flow), Some(verdict)) = (capture.flow(*id), verdict) else {
                    continue;
                };
                let verdict = verdict.part(intent.fqdn.as_ref(), intent.port);
                match verdict.went {
                    AttemptOutcome::Succeeded | AttemptOutcome::Sent => {
                        tries.reached.push(answered(flow))
                    }
                    AttemptOutcome::Failed(_) => {
                        tries.failed = tries.failed.max(Some(flow.span.0.time))
                    }
                    AttemptOutcome::Open(_) => {}
                }
            }
        }
        Met {
            first: by_aim
                .values()
                .flat_map(|tries| tries.reached.iter().copied())
                .min(),
            last_aim: by_aim.values().filter_map(AimTries::got_there).max(),
        }
    })
}

/// How an aim was tried.
#[derive(Default)]
struct AimTries {
    reached: Vec<CaptureTime>,
    /// When the last try began that failed.
    failed: Option<CaptureTime>,
}

impl AimTries {
    /// When it was reached: for the first time since it last failed, where it was.
    fn got_there(&self) -> Option<CaptureTime> {
        let all = || self.reached.iter().copied();
        let since = all().filter(|at| Some(*at) >= self.failed).min();
        since.or_else(|| all().min())
    }
}

/// When the responder first answered with content, or with anything; where no answer is due, when the flow began.
fn answered(flow: &Flow) -> CaptureTime {
    let data = flow.events_of(EventKind::Data, false).next();
    let data = data.map(|event| event.stamp);
    let any = flow.back.span().map(|(first, _)| first);
    data.or(any).unwrap_or(flow.span.0).time
}

fn evidence(details: &[&EvidenceView]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for detail in details {
        let mut words = format!("{} [{}, grade {}]", detail.words, detail.code, detail.grade);
        if let Some(control) = &detail.control {
            words.push_str("; ");
            words.push_str(control);
        }
        if !out.contains(&words) && out.len() < 16 {
            out.push(words);
        }
    }
    out
}

fn destinations<'a>(to: impl Iterator<Item = (&'static str, &'a str)>) -> String {
    let words: Vec<String> = to
        .map(|(kind, value)| match kind {
            "role" => format!("role {value}"),
            _ if value.is_empty() => kind.to_owned(),
            _ => value.to_owned(),
        })
        .collect();
    words.join(", ")
}

fn ports(ports: &[String], transports: &[String]) -> String {
    let parts = [ports.join(","), transports.join(",")];
    let said: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    said.join("/")
}

fn cite(page: &str, table: &str, row: &str, line: Option<u32>) -> String {
    let line = line.map_or(String::new(), |line| format!(", line {line}"));
    format!("page {page}; table {table}; row {row}{line}")
}

fn cite_of(view: &CiteView<'_>) -> String {
    let place = cite(view.page, view.table, view.row, view.line);
    format!("{}; {}; {place}", view.requirement, view.service)
}
