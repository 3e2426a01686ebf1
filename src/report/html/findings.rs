//! Findings, worst first: what was seen, on what it rests, what to do, and the packets of it.

use std::io::{self, Write};

use maud::{Markup, html};

use super::exchange::{DnsByFrame, exchanges};
use super::page::{HtmlPage, fact};
use super::{finding_tone, ladder};
use crate::judge::FindingCode;
use crate::report::human::counted;
use crate::report::view::{EvidenceView, FindingView};
use crate::report::{CiteView, Report};

/// Findings that are written out; report.json and findings.csv have all.
const MOST: usize = 2000;
/// Findings whose packets are drawn.
const MOST_DRAWN: usize = 300;
/// Requirements that are named of a finding.
const MOST_CITES: usize = 12;

pub(super) fn write(report: &Report<'_>, page: &mut HtmlPage<impl Write>) -> io::Result<()> {
    let findings = &report.findings;
    page.frame("<section id=\"findings\" aria-labelledby=\"findings-title\">\n")?;
    page.part(&html! {
        h2 id="findings-title" { "Findings " span.count { (findings.len()) } }
        @if findings.is_empty() {
            p { "Nothing was found in what could be read." }
        } @else {
            (tools(report))
        }
    })?;
    // One by one: together they are megabytes.
    let lookups = DnsByFrame::of(report);
    let mut left = MOST_DRAWN;
    for finding in findings.iter().take(MOST) {
        let draw = is_drawn(finding.code) && left > 0;
        left -= usize::from(draw);
        page.part(&card(report, finding, draw.then_some(&lookups)))?;
    }
    if !findings.is_empty() {
        page.part(&html! {
            @if findings.len() > MOST {
                p.note {
                    (findings.len() - MOST) " more findings are in findings.csv and report.json."
                }
            }
            p class="note only-script none-left" { "No finding matches." }
        })?;
    }
    page.frame("</section>\n")
}

/// Search, and one button a kind; of use only with the script.
fn tools(report: &Report<'_>) -> Markup {
    let counts = &report.summary.finding_codes;
    html! {
        div class="tools no-print only-script" {
            input id="finding-search" type="search" placeholder="search findings"
                aria-label="Search findings" autocomplete="off" spellcheck="false";
            @for code in FindingCode::ALL.iter().filter(|code| counts.of(code) > 0) {
                button type="button" aria-pressed="false" class={ "chip " (finding_tone(*code)) }
                    data-code=(code) title=(code.about()) { (code) " " (counts.of(code)) }
            }
        }
    }
}

fn card(
    report: &Report<'_>,
    finding: &FindingView<'_>,
    lookups: Option<&DnsByFrame<'_>>,
) -> Markup {
    html! {
        article id=(finding.id) class={ "card finding " (finding_tone(finding.code)) }
            data-code=(finding.code)
        {
            h3 {
                span.badge { (finding.code) } " " span.aim { (aim(finding)) } " "
                a class="here no-print" aria-label="link to this finding"
                    href={ "#" (finding.id) } { "#" }
            }
            p.message { (finding.message) }
            dl { (facts(finding)) }
            @if let Some(lookups) = lookups { (ladders(report, finding, lookups)) }
        }
    }
}

/// Something was tried and failed.
const fn is_drawn(code: FindingCode) -> bool {
    matches!(
        code,
        FindingCode::Blocked | FindingCode::Failed | FindingCode::Degraded
    )
}

/// `host → name:443/tcp`
pub(super) fn aim(finding: &FindingView<'_>) -> String {
    let who = match (finding.initiator, &finding.host) {
        (Some(ip), Some(host)) => format!("{ip} ({host}) \u{2192} "),
        (Some(ip), None) => format!("{ip} \u{2192} "),
        (None, _) => String::new(),
    };
    format!("{who}{}", finding.destination())
}

fn facts(finding: &FindingView<'_>) -> Markup {
    let verdict = verdict(finding);
    let attempts = finding.flows.len() as u64;
    html! {
        @if !verdict.is_empty() { (fact("verdict", verdict)) }
        @if !finding.addresses.is_empty() { (fact("address", joined(&finding.addresses))) }
        @if let Some(span) = finding.span {
            (fact("when", format_args!("{} to {}", span.first, span.last)))
        }
        @for evidence in &finding.evidence_details { (seen(evidence)) }
        @if let Some(control) = &finding.control { (fact("control", control)) }
        @for comment in &finding.comments {
            (fact("comment", format_args!("{} [frame {}]", comment.text, comment.frame)))
        }
        @for cite in finding.cites.iter().take(MOST_CITES) { (needed_by(cite)) }
        @if finding.cites.len() > MOST_CITES {
            @let more = (finding.cites.len() - MOST_CITES) as u64;
            (fact("", format_args!("and {}", counted(more, "more requirement"))))
        }
        @if !finding.frames.is_empty() {
            dt { "frames" }
            dd {
                (joined(&finding.frames))
                @if finding.frames_omitted > 0 { " and " (finding.frames_omitted) " more" }
            }
        }
        @if attempts > 0 {
            dt class="only-script no-print" { "flows" }
            dd class="only-script no-print" {
                button type="button" class="show-flows" data-finding=(finding.id) {
                    "show " (counted(attempts, "flow"))
                }
            }
        }
        @if !finding.advice.is_empty() { dt { "do" } dd.do { (finding.advice) } }
    }
}

fn joined(list: &[impl ToString]) -> String {
    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
    list.join(", ")
}

fn verdict(finding: &FindingView<'_>) -> String {
    let outcome = finding.outcome;
    let parts = [
        outcome.map(|outcome| outcome.as_str().replace('_', " ")),
        finding.stage.map(|stage| format!("at {stage}")),
        finding.confidence.map(|grade| format!("grade {grade}")),
        (!finding.flows.is_empty()).then(|| counted(finding.flows.len() as u64, "attempt")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn seen(evidence: &EvidenceView<'_>) -> Markup {
    html! {
        dt { "seen" }
        dd {
            (evidence.words) @if let Some(ip) = evidence.by { ", by " (ip) }
            " [" (evidence.code) ", grade " (evidence.grade) ": " (evidence.about) "]"
        }
    }
}

fn needed_by(cite: &CiteView<'_>) -> Markup {
    let entries = cite.entries.join(", ");
    let mut parts = [cite.service, cite.page, cite.table, cite.row]
        .map(str::to_owned)
        .to_vec();
    parts.extend(cite.line.map(|line| format!("line {line}")));
    parts.extend((!cite.entries.is_empty()).then(|| format!("entry {entries}")));
    parts.retain(|part| !part.is_empty());
    html! {
        dt { "needed by" }
        dd {
            a href={ "#" (requirement_id(cite.requirement)) } { (cite.requirement) }
            " " (parts.join("; "))
        }
    }
}

/// The place of a requirement on this page.
pub(super) fn requirement_id(id: &str) -> String {
    format!("requirement-{}", id.replace('/', "."))
}

fn ladders(report: &Report<'_>, finding: &FindingView<'_>, lookups: &DnsByFrame<'_>) -> Markup {
    let (exchanges, more) = exchanges(report, finding, lookups);
    html! {
        @for exchange in exchanges.iter().filter(|exchange| !exchange.steps.is_empty()) {
            figure tabindex="0" aria-label="packets of an attempt" {
                (ladder::draw(exchange))
                @if exchange.omitted > 0 {
                    figcaption { (counted(exchange.omitted, "more packet")) " not drawn" }
                }
            }
        }
        @if more > 0 { p.note { (counted(more as u64, "more attempt")) " not drawn" } }
    }
}
