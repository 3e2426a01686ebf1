//! Findings, worst first: what was seen, on what it rests, what to do, and the packets of it.

use std::io::{self, Write};

use super::exchange::{Lookups, exchanges};
use super::page::Page;
use super::{finding_tone, ladder};
use crate::judge::FindingCode;
use crate::report::Report;
use crate::report::human::counted;
use crate::report::view::{EvidenceView, FindingView};

/// Findings that are written out; report.json and findings.csv have all.
const MOST: usize = 2000;
/// Findings whose packets are drawn.
const MOST_DRAWN: usize = 300;

pub(super) fn write(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    page.markup("<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">Findings ")?;
    page.element("span", "count", report.findings.len())?;
    page.markup("</h2>\n")?;
    if report.findings.is_empty() {
        page.markup("<p>Nothing was found in what could be read.</p>\n</section>\n")?;
        return Ok(());
    }
    tools(report, page)?;
    let lookups = Lookups::of(report);
    let mut drawn = 0;
    for finding in report.findings.iter().take(MOST) {
        let draw = is_drawn(finding.code) && drawn < MOST_DRAWN;
        drawn += usize::from(draw);
        card(report, finding, draw.then_some(&lookups), page)?;
    }
    let more = report.findings.len().saturating_sub(MOST);
    if more > 0 {
        page.element(
            "p",
            "note",
            format_args!("{more} more findings are in findings.csv and report.json."),
        )?;
    }
    page.element("p", "note only-script none-left", "No finding matches.")?;
    page.markup("</section>\n")
}

/// Something was tried and failed.
const fn is_drawn(code: FindingCode) -> bool {
    matches!(
        code,
        FindingCode::Blocked | FindingCode::Failed | FindingCode::Degraded
    )
}

/// Search, and one button a kind; of use only with the script.
fn tools(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    page.markup(
        "<div class=\"tools no-print only-script\">\n<input id=\"finding-search\" type=\"search\" \
         placeholder=\"search findings\" aria-label=\"Search findings\" autocomplete=\"off\" spellcheck=\"false\">\n",
    )?;
    for code in FindingCode::ALL {
        let count = report.summary.finding_codes.of(code);
        if count > 0 {
            page.markup("<button type=\"button\" aria-pressed=\"false\"")?;
            page.attribute("class", format_args!("chip {}", finding_tone(*code)))?;
            page.attribute("data-code", code)?;
            page.attribute("title", code.about())?;
            page.markup(">")?;
            page.text(format_args!("{code} {count}"))?;
            page.markup("</button>\n")?;
        }
    }
    page.markup("</div>\n")
}

fn card(
    report: &Report<'_>,
    finding: &FindingView<'_>,
    lookups: Option<&Lookups<'_>>,
    page: &mut Page<impl Write>,
) -> io::Result<()> {
    page.markup("<article")?;
    page.attribute("id", &finding.id)?;
    page.attribute(
        "class",
        format_args!("card finding {}", finding_tone(finding.code)),
    )?;
    page.attribute("data-code", finding.code)?;
    page.markup(">\n<h3>")?;
    page.element("span", "badge", finding.code)?;
    page.markup(" ")?;
    page.element("span", "aim", aim(finding))?;
    page.markup(" <a class=\"here no-print\" aria-label=\"link to this finding\"")?;
    page.attribute("href", format_args!("#{}", finding.id))?;
    page.markup(">#</a></h3>\n<p class=\"message\">")?;
    page.text(finding.message)?;
    page.markup("</p>\n<dl>")?;
    facts(finding, page)?;
    page.markup("</dl>\n")?;
    if let Some(lookups) = lookups {
        ladders(report, finding, lookups, page)?;
    }
    page.markup("</article>\n")
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

fn facts(finding: &FindingView<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    let mut verdict: Vec<String> = Vec::new();
    verdict.extend(
        finding
            .outcome
            .map(|outcome| outcome.as_str().replace('_', " ")),
    );
    verdict.extend(finding.stage.map(|stage| format!("at {stage}")));
    verdict.extend(finding.confidence.map(|grade| format!("grade {grade}")));
    if !finding.flows.is_empty() {
        verdict.push(counted(finding.flows.len() as u64, "attempt"));
    }
    if !verdict.is_empty() {
        page.fact("verdict", verdict.join(", "))?;
    }
    if !finding.addresses.is_empty() {
        let addresses: Vec<String> = finding.addresses.iter().map(ToString::to_string).collect();
        page.fact("address", addresses.join(", "))?;
    }
    if let Some(span) = finding.span {
        page.fact("when", format_args!("{} to {}", span.first, span.last))?;
    }
    for evidence in &finding.evidence_details {
        page.fact("seen", seen(evidence))?;
    }
    if let Some(control) = &finding.control {
        page.fact("control", control)?;
    }
    for comment in &finding.comments {
        page.fact(
            "comment",
            format_args!("{} [frame {}]", comment.text, comment.frame),
        )?;
    }
    for cite in finding.cites.iter().take(12) {
        let mut parts = vec![cite.service.to_owned(), cite.page.to_owned()];
        parts.push(cite.table.to_owned());
        parts.push(cite.row.to_owned());
        parts.extend(cite.line.map(|line| format!("line {line}")));
        parts.retain(|part| !part.is_empty());
        if !cite.entries.is_empty() {
            parts.push(format!("entry {}", cite.entries.join(", ")));
        }
        page.markup("<dt>needed by</dt><dd>")?;
        page.link(&requirement_id(cite.requirement), cite.requirement)?;
        page.markup(" ")?;
        page.text(parts.join("; "))?;
        page.markup("</dd>")?;
    }
    let more = finding.cites.len().saturating_sub(12);
    if more > 0 {
        page.fact(
            "",
            format_args!("and {}", counted(more as u64, "more requirement")),
        )?;
    }
    if !finding.frames.is_empty() {
        let frames: Vec<String> = finding.frames.iter().map(u64::to_string).collect();
        let more = match finding.frames_omitted {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        page.fact("frames", format_args!("{}{more}", frames.join(", ")))?;
    }
    if !finding.flows.is_empty() {
        page.markup("<dt class=\"only-script no-print\">flows</dt><dd class=\"only-script no-print\"><button type=\"button\" class=\"show-flows\"")?;
        page.attribute("data-finding", &finding.id)?;
        page.markup(">")?;
        page.text(format_args!(
            "show {}",
            counted(finding.flows.len() as u64, "flow")
        ))?;
        page.markup("</button></dd>")?;
    }
    if !finding.advice.is_empty() {
        page.markup("<dt>do</dt><dd class=\"do\">")?;
        page.text(finding.advice)?;
        page.markup("</dd>")?;
    }
    Ok(())
}

fn seen(evidence: &EvidenceView<'_>) -> String {
    let by = evidence.by.map_or(String::new(), |ip| format!(", by {ip}"));
    format!(
        "{}{by} [{}, grade {}: {}]",
        evidence.words, evidence.code, evidence.grade, evidence.about
    )
}

/// The place of a requirement on this page.
pub(super) fn requirement_id(id: &str) -> String {
    format!("requirement-{}", id.replace('/', "."))
}

fn ladders(
    report: &Report<'_>,
    finding: &FindingView<'_>,
    lookups: &Lookups<'_>,
    page: &mut Page<impl Write>,
) -> io::Result<()> {
    let (exchanges, more) = exchanges(report, finding, lookups);
    for exchange in exchanges
        .iter()
        .filter(|exchange| !exchange.steps.is_empty())
    {
        page.markup("<figure>")?;
        ladder::draw(exchange, page)?;
        if exchange.omitted > 0 {
            let text = format!("{} not drawn", counted(exchange.omitted, "more packet"));
            page.element("figcaption", "", text)?;
        }
        page.markup("</figure>\n")?;
    }
    if more > 0 {
        let text = format!("{} not drawn", counted(more as u64, "more attempt"));
        page.element("p", "note", text)?;
    }
    Ok(())
}
