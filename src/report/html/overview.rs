//! The head of the page: what was found, and how far the capture can be trusted.

use std::io::{self, Write};

use super::page::Page;
use crate::judge::{FindingCode, Severity, StatusKind};
use crate::model::Loss;
use crate::report::Report;
use crate::report::human::counted;

pub(super) fn head(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    let summary = &report.summary;
    let site = if summary.site.is_empty() {
        "Traffic audit"
    } else {
        &summary.site
    };
    page.element("h1", "", site)?;
    let mut about = Vec::new();
    if let Some(span) = report.capture.span {
        about.push(format!("{} to {}", span.first, span.last));
    }
    if !summary.regions.is_empty() {
        about.push(format!("region {}", summary.regions.join(", ")));
    }
    about.extend(summary.as_of.as_ref().map(|day| format!("as of {day}")));
    page.element("p", "about", about.join(" · "))?;
    if let Some(why) = &summary.nothing_audited {
        page.element("p", "alert bad", why)?;
    }
    if !summary.inconclusive_required.is_empty() {
        page.element(
            "p",
            "alert warn",
            format_args!(
                "Required and tried, but how it went cannot be told: {}",
                summary.inconclusive_required.join(", ")
            ),
        )?;
    }
    if let Some(text) = summary.no_need() {
        page.element("p", "about", text)?;
    }
    page.markup("<ul class=\"tiles\">\n")?;
    let of = |code: &FindingCode| summary.finding_codes.of(code);
    for code in FindingCode::ALL {
        let tone = match code.severity() {
            _ if of(code) == 0 => continue,
            Severity::High => "bad",
            Severity::Medium => "warn",
            Severity::Low => "dim",
        };
        tile(
            page,
            tone,
            of(code),
            &code.as_str().replace('-', " "),
            Some(code.about()),
        )?;
    }
    if report.findings.is_empty() {
        let tone = if summary.exit == 0 { "good" } else { "warn" };
        tile(page, tone, 0, "findings", None)?;
    }
    page.markup("</ul>\n")?;
    standings(report, page)
}

fn tile(
    page: &mut Page<impl Write>,
    tone: &'static str,
    count: u64,
    what: &str,
    about: Option<&str>,
) -> io::Result<()> {
    page.markup("<li")?;
    page.attribute("class", tone)?;
    if let Some(about) = about {
        page.attribute("title", about)?;
    }
    page.markup(">")?;
    page.element("strong", "", count)?;
    page.markup(" ")?;
    page.element("span", "", what)?;
    page.markup("</li>\n")
}

/// The requirements as one bar.
fn standings(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    let counts = &report.summary.requirements;
    let off = counts.of(&StatusKind::NotActive);
    let active = report.requirements.len() as u64 - off;
    page.markup("<figure class=\"standings\"><svg viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"requirements by outcome\">")?;
    let mut x = 0.0;
    for status in [
        StatusKind::Satisfied,
        StatusKind::Inconclusive,
        StatusKind::NotSeen,
        StatusKind::Failed,
        StatusKind::Blocked,
        StatusKind::Violated,
    ] {
        let width = counts.of(&status) as f64 * 1000.0 / active.max(1) as f64;
        page.markup("<rect y=\"0\" height=\"14\"")?;
        page.attribute("class", format_args!("fill {}", status_tone(status)))?;
        page.attribute("x", format_args!("{x:.1}"))?;
        page.attribute("width", format_args!("{width:.1}"))?;
        page.markup("/>")?;
        x += width;
    }
    page.markup("</svg><figcaption>")?;
    let satisfied = counts.of(&StatusKind::Satisfied);
    page.text(format_args!(
        "{satisfied} of {active} active requirements satisfied"
    ))?;
    for status in [
        StatusKind::Violated,
        StatusKind::Blocked,
        StatusKind::Failed,
        StatusKind::Inconclusive,
        StatusKind::NotSeen,
    ] {
        let count = counts.of(&status);
        if count > 0 {
            page.text(format_args!(
                ", {count} {}",
                status.as_str().replace('_', " ")
            ))?;
        }
    }
    if off > 0 {
        page.text(format_args!("; {off} more are off at this site"))?;
    }
    page.markup("</figcaption></figure>\n")
}

/// How a requirement's outcome is coloured.
pub(super) const fn status_tone(status: StatusKind) -> &'static str {
    match status {
        StatusKind::Satisfied => "good",
        StatusKind::Blocked | StatusKind::Violated => "bad",
        StatusKind::Failed | StatusKind::NotSeen => "warn",
        StatusKind::Inconclusive | StatusKind::NotActive => "dim",
    }
}

/// What may be missing from the capture, and so from the verdicts.
pub(super) fn trust(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    let (capture, summary) = (&report.capture, &report.summary);
    page.markup("<section id=\"trust\" aria-labelledby=\"trust-title\">\n<h2 id=\"trust-title\">How far this can be trusted</h2>\n")?;
    let nothing = summary.nothing_audited.as_ref();
    for why in summary
        .incomplete
        .iter()
        .filter(|why| Some(*why) != nothing)
    {
        page.element(
            "p",
            "alert bad",
            format_args!("Audited only in part: {why}"),
        )?;
    }
    if summary.site_is_default {
        page.element(
            "p",
            "alert warn",
            "No site file gives a role an address, so every private address was audited as every role.",
        )?;
    }
    for note in &capture.notes {
        page.element("p", "alert warn", note)?;
    }
    page.markup("<dl class=\"facts\">")?;
    let frames = &capture.frames;
    page.fact(
        "frames",
        format_args!(
            "{} read = {} decoded + {} set aside",
            frames.read, frames.decoded, frames.set_aside
        ),
    )?;
    if frames.cut_by_snaplen > 0 {
        page.fact(
            "cut",
            format_args!("{} by a snaplen", counted(frames.cut_by_snaplen, "frame")),
        )?;
    }
    page.fact(
        "heard",
        format_args!(
            "{}, {} audited; {} only from the initiator, {} only from the responder, {} under way at the start; {}",
            counted(capture.flows, "flow"),
            summary.flows_audited,
            capture.only_initiator,
            capture.only_responder,
            capture.midstream,
            counted(capture.dns_transactions, "DNS transaction")
        ),
    )?;
    if let Some(words) = &capture.names.words {
        page.fact("names", words)?;
    }
    let Loss {
        interface,
        kernel,
        own,
    } = capture.lost;
    let lost = match capture.lost.total() {
        0 => "no loss was reported".to_owned(),
        _ => format!("{interface} by the interface, {kernel} by the kernel, {own} by pktaudit"),
    };
    page.fact("lost", lost)?;
    for (what, count) in &capture.bounded {
        page.fact("bounded", format_args!("{what}: {count} cut away"))?;
    }
    page.markup("</dl>\n</section>\n")
}
