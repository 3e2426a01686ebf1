//! Findings, worst first: what was seen, on what it rests, what to do, and the packets of it.

use std::io::{self, Write};

use maud::{Markup, html};

use super::exchange::{DnsByFrame, exchanges};
use super::page::HtmlPage;
use super::texts::PageTexts;
use super::{finding_tone, ladder};
use crate::judge::FindingCode;
use crate::report::how_many::{Countable, how_many};
use crate::report::human::{ADDRESS, COMMENT, CONTROL, DO, FRAMES, NEEDED_BY, SEEN, VERDICT};
use crate::report::view::{EvidenceView, FindingView};
use crate::report::{CiteView, Report};
use crate::wording::{Phrase, phrase, word};

/// Findings that are written out; report.json and findings.csv have all.
const MOST: usize = 2000;
/// Findings whose packets are drawn.
const MOST_DRAWN: usize = 300;
/// Requirements that are named of a finding.
const MOST_CITES: usize = 12;

pub(super) fn write(
    report: &Report<'_>,
    texts: &PageTexts,
    page: &mut HtmlPage<impl Write>,
) -> io::Result<()> {
    let findings = &report.findings;
    page.frame("<section id=\"findings\" aria-labelledby=\"findings-title\">\n")?;
    page.part(&html! {
        h2 id="findings-title" {
            (texts.word(word!(title_findings, "Findings"))) " " span.count { (findings.len()) }
        }
        @if findings.is_empty() {
            p { (texts.word(word!(page_nothing_found, "Nothing was found in what could be read."))) }
        } @else {
            (tools(report, texts))
        }
    })?;
    // One by one: together they are megabytes.
    let lookups = DnsByFrame::of(report);
    let mut left = MOST_DRAWN;
    for finding in findings.iter().take(MOST) {
        let draw = is_drawn(finding.code) && left > 0;
        left -= usize::from(draw);
        page.part(&card(report, finding, draw.then_some(&lookups), texts))?;
    }
    if !findings.is_empty() {
        page.part(&html! {
            @if findings.len() > MOST {
                @let more = findings.len() - MOST;
                p.note {
                    (texts.said(&phrase!(more_findings, "{more} more findings are in findings.csv and report.json.", more)))
                }
            }
            p class="note only-script none-left" {
                (texts.word(word!(no_finding_matches, "No finding matches.")))
            }
        })?;
    }
    page.frame("</section>\n")
}

/// Search, and one button a kind; of use only with the script.
fn tools(report: &Report<'_>, texts: &PageTexts) -> Markup {
    let counts = &report.summary.finding_codes;
    let hint = texts.word(word!(search_findings_hint, "search findings"));
    let search = texts.word(word!(search_findings, "Search findings"));
    html! {
        div class="tools no-print only-script" {
            input id="finding-search" type="search"
                placeholder=(hint.here) data-w-placeholder=[hint.place]
                aria-label=(search.here) data-w-aria-label=[search.place]
                autocomplete="off" spellcheck="false";
            @for code in FindingCode::ALL.iter().filter(|code| counts.of(code) > 0) {
                @let about = texts.word(code.about());
                @let label = texts.said(&phrase!(lane_of, "{code} {count}", code = (*code).label(), count = counts.of(code)));
                button type="button" aria-pressed="false" class={ "chip " (finding_tone(*code)) }
                    data-code=(code) title=(about.here) data-w-title=[about.place]
                    data-w=[label.place] { (label.here) }
            }
        }
    }
}

fn card(
    report: &Report<'_>,
    finding: &FindingView<'_>,
    lookups: Option<&DnsByFrame<'_>>,
    texts: &PageTexts,
) -> Markup {
    let badge = Phrase::from(finding.code.label());
    let badge = texts.say(&badge);
    let link = texts.word(word!(link_to_finding, "link to this finding"));
    let message = texts.say(finding.message);
    html! {
        article id=(finding.id) class={ "card finding " (finding_tone(finding.code)) }
            data-code=(finding.code)
        {
            h3 {
                span.badge data-w=[badge.place] { (badge.here) } " "
                span.aim { (aim(finding)) } " "
                a class="here no-print" aria-label=(link.here) data-w-aria-label=[link.place]
                    href={ "#" (finding.id) } { "#" }
            }
            p.message data-w=[message.place] { (message.here) }
            dl { (facts(finding, texts)) }
            @if let Some(lookups) = lookups { (ladders(report, finding, lookups, texts)) }
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

fn facts(finding: &FindingView<'_>, texts: &PageTexts) -> Markup {
    let verdict = verdict(finding);
    let attempts = finding.flows.len() as u64;
    html! {
        @if !verdict.is_empty() { (texts.fact_said(VERDICT, &verdict)) }
        @if !finding.addresses.is_empty() { (texts.fact(ADDRESS, joined(&finding.addresses))) }
        @if let Some(span) = finding.span {
            (texts.fact_said(word!(label_when, "when"), &phrase!(from_to, "{first} to {last}", first = span.first, last = span.last)))
        }
        @for evidence in &finding.evidence_details { (seen(evidence, texts)) }
        @if let Some(control) = &finding.control { (texts.fact_said(CONTROL, control)) }
        @for comment in &finding.comments {
            (texts.fact_said(COMMENT, &phrase!(comment_in_frame, "{text} [frame {frame}]", text = comment.text, frame = comment.frame)))
        }
        @for cite in finding.cites.iter().take(MOST_CITES) { (needed_by(cite, texts)) }
        @if finding.cites.len() > MOST_CITES {
            @let more = (finding.cites.len() - MOST_CITES) as u64;
            @let more = how_many(more, Countable::MoreRequirement);
            dt {} dd { (texts.said(&phrase!(and_others, "and {more}", more))) }
        }
        @if !finding.frames.is_empty() {
            (texts.fact_said(FRAMES, &Phrase::from(joined(&finding.frames)).and_more(finding.frames_omitted)))
        }
        @if attempts > 0 {
            @let label = texts.word(word!(column_flows, "flows"));
            @let show = texts.said(&phrase!(show_flows, "show {flows}", flows = how_many(attempts, Countable::Flow)));
            dt class="only-script no-print" data-w=[label.place] { (label.here) }
            dd class="only-script no-print" {
                button type="button" class="show-flows" data-finding=(finding.id)
                    data-w=[show.place] { (show.here) }
            }
        }
        @if !finding.advice.is_empty() {
            @let (label, advice) = (texts.word(DO), texts.say(finding.advice));
            dt data-w=[label.place] { (label.here) }
            dd.do data-w=[advice.place] { (advice.here) }
        }
    }
}

fn joined(list: &[impl ToString]) -> String {
    let list: Vec<String> = list.iter().map(ToString::to_string).collect();
    list.join(", ")
}

fn verdict(finding: &FindingView<'_>) -> Phrase {
    let attempts = finding.flows.len() as u64;
    let parts = [
        finding.outcome.map(|outcome| outcome.words().into()),
        finding
            .stage
            .map(|stage| phrase!(at_stage, "at {stage}", stage)),
        finding
            .confidence
            .map(|grade| phrase!(of_grade, "grade {grade}", grade = grade.as_str())),
        (attempts > 0).then(|| how_many(attempts, Countable::Attempt)),
    ];
    Phrase::list(parts.into_iter().flatten())
}

fn seen(evidence: &EvidenceView<'_>, texts: &PageTexts) -> Markup {
    let (words, code) = (evidence.words, evidence.code.as_str());
    let (grade, about) = (evidence.grade.as_str(), evidence.about);
    let seen = match evidence.by {
        Some(by) => {
            phrase!(
                evidence_by,
                "{words}, by {by} [{code}, grade {grade}: {about}]",
                words,
                by,
                code,
                grade,
                about
            )
        }
        None => {
            phrase!(
                evidence_seen,
                "{words} [{code}, grade {grade}: {about}]",
                words,
                code,
                grade,
                about
            )
        }
    };
    texts.fact_said(SEEN, &seen)
}

fn needed_by(cite: &CiteView<'_>, texts: &PageTexts) -> Markup {
    let parts = [cite.service, cite.page, cite.table, cite.row].into_iter();
    let mut parts: Vec<Phrase> = parts
        .filter(|part| !part.is_empty())
        .map(Phrase::from)
        .collect();
    parts.extend(
        cite.line
            .map(|line| phrase!(cite_line, "line {line}", line)),
    );
    parts.extend((!cite.entries.is_empty()).then(|| {
        phrase!(
            cite_entries,
            "entry {entries}",
            entries = cite.entries.join(", ")
        )
    }));
    let label = texts.word(NEEDED_BY);
    html! {
        dt data-w=[label.place] { (label.here) }
        dd {
            a href={ "#" (requirement_id(cite.requirement)) } { (cite.requirement) }
            " "
            @for (place, part) in parts.iter().enumerate() {
                @if place > 0 { "; " }
                (texts.say(part))
            }
        }
    }
}

/// The place of a requirement on this page.
pub(super) fn requirement_id(id: &str) -> String {
    format!("requirement-{}", id.replace('/', "."))
}

fn ladders(
    report: &Report<'_>,
    finding: &FindingView<'_>,
    lookups: &DnsByFrame<'_>,
    texts: &PageTexts,
) -> Markup {
    let (exchanges, more) = exchanges(report, finding, lookups);
    let label = texts.word(word!(packets_of_attempt, "packets of an attempt"));
    let not_drawn = |what: u64, kind| {
        let what = how_many(what, kind);
        texts.said(&phrase!(not_drawn, "{what} not drawn", what))
    };
    html! {
        @for exchange in exchanges.iter().filter(|exchange| !exchange.steps.is_empty()) {
            figure tabindex="0" aria-label=(label.here) data-w-aria-label=[label.place] {
                (ladder::draw(exchange, texts))
                @if exchange.omitted > 0 {
                    figcaption { (not_drawn(exchange.omitted, Countable::MorePacket)) }
                }
            }
        }
        @if more > 0 { p.note { (not_drawn(more as u64, Countable::MoreAttempt)) } }
    }
}
