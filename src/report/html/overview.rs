//! The head of the page: what was found, and how far the capture can be trusted.

use maud::{Markup, html};

use super::finding_tone;
use super::page::fact;
use crate::judge::{FindingCode, StatusKind};
use crate::model::Loss;
use crate::report::Report;
use crate::report::human::counted;

pub(super) fn header(report: &Report<'_>) -> Markup {
    let summary = &report.summary;
    let span = report.capture.span;
    let about = [
        span.map(|span| format!("{} to {}", span.first, span.last)),
        (!summary.regions.is_empty()).then(|| format!("region {}", summary.regions.join(", "))),
        summary.as_of.as_ref().map(|day| format!("as of {day}")),
    ];
    let unclear = &summary.inconclusive_required;
    html! {
        header {
            h1 { @if summary.site.is_empty() { "Traffic audit" } @else { (summary.site) } }
            p.about { (about.into_iter().flatten().collect::<Vec<_>>().join(" · ")) }
            @if let Some(why) = &summary.nothing_audited { p class="alert bad" { (why) } }
            @if !unclear.is_empty() {
                p class="alert warn" {
                    "Required and tried, but how it went cannot be told: " (unclear.join(", "))
                }
            }
            @if let Some(text) = summary.no_need() { p.about { (text) } }
            (tiles(report))
            (standings(report))
        }
    }
}

fn tiles(report: &Report<'_>) -> Markup {
    let summary = &report.summary;
    let of = |code: &FindingCode| summary.finding_codes.of(code);
    html! {
        ul.tiles {
            @for code in FindingCode::ALL.iter().filter(|code| of(code) > 0) {
                li class=(finding_tone(*code)) title=(code.about()) {
                    strong { (of(code)) } " " span { (code.as_str().replace('-', " ")) }
                }
            }
            @if report.findings.is_empty() {
                li class=(if summary.exit == 0 { "good" } else { "warn" }) {
                    strong { "0" } " " span { "findings" }
                }
            }
        }
    }
}

/// The requirements as one bar.
fn standings(report: &Report<'_>) -> Markup {
    let counts = &report.summary.requirements;
    let off = counts.of(&StatusKind::NotActive);
    let active = report.requirements.len() as u64 - off;
    let mut end = 0.0;
    let mut place = |status| {
        let (x, width) = (
            end,
            counts.of(&status) as f64 * 1000.0 / active.max(1) as f64,
        );
        end += width;
        (x, width)
    };
    let bars = [
        StatusKind::Satisfied,
        StatusKind::Inconclusive,
        StatusKind::NotSeen,
        StatusKind::Failed,
        StatusKind::Blocked,
        StatusKind::Violated,
    ];
    let unsatisfied = [
        StatusKind::Violated,
        StatusKind::Blocked,
        StatusKind::Failed,
        StatusKind::Inconclusive,
        StatusKind::NotSeen,
    ];
    html! {
        figure.standings {
            svg viewBox="0 0 1000 14" preserveAspectRatio="none" role="img"
                aria-label="requirements by outcome"
            {
                @for status in bars {
                    @let (x, width) = place(status);
                    rect y="0" height="14" class={ "fill " (status_tone(status)) }
                        x=(format_args!("{x:.1}")) width=(format_args!("{width:.1}")) {}
                }
            }
            figcaption {
                (counts.of(&StatusKind::Satisfied)) " of " (active)
                " active requirements satisfied"
                @for status in unsatisfied.iter().filter(|status| counts.of(status) > 0) {
                    ", " (counts.of(status)) " " (status.as_str().replace('_', " "))
                }
                @if off > 0 { "; " (off) " more are off at this site" }
            }
        }
    }
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
pub(super) fn trust(report: &Report<'_>) -> Markup {
    let summary = &report.summary;
    let nothing = summary.nothing_audited.as_ref();
    html! {
        section id="trust" aria-labelledby="trust-title" {
            h2 id="trust-title" { "How far this can be trusted" }
            @for why in summary.incomplete.iter().filter(|why| Some(*why) != nothing) {
                p class="alert bad" { "Audited only in part: " (why) }
            }
            @if summary.site_is_default {
                p class="alert warn" {
                    "No site file gives a role an address, so every private address was audited \
                     as every role."
                }
            }
            @for note in &report.capture.notes { p class="alert warn" { (note) } }
            dl.facts { (facts(report)) }
        }
    }
}

fn facts(report: &Report<'_>) -> Markup {
    let (capture, frames) = (&report.capture, &report.capture.frames);
    let Loss {
        interface,
        kernel,
        own,
    } = capture.lost;
    html! {
        dt { "frames" }
        dd {
            (frames.read) " read = " (frames.decoded) " decoded + " (frames.set_aside) " set aside"
        }
        @if frames.cut_by_snaplen > 0 {
            (fact("cut", format_args!("{} by a snaplen", counted(frames.cut_by_snaplen, "frame"))))
        }
        dt { "heard" }
        dd {
            (counted(capture.flows, "flow")) ", " (report.summary.flows_audited) " audited; "
            (capture.only_initiator) " only from the initiator, "
            (capture.only_responder) " only from the responder, "
            (capture.midstream) " under way at the start; "
            (counted(capture.dns_transactions, "DNS transaction"))
        }
        @if let Some(words) = &capture.names.words { (fact("names", words)) }
        dt { "lost" }
        dd {
            @if capture.lost.total() == 0 { "no loss was reported" }
            @else {
                (interface) " by the interface, " (kernel) " by the kernel, " (own)
                " by pktaudit"
            }
        }
        @for (what, count) in &capture.bounded {
            (fact("bounded", format_args!("{what}: {count} cut away")))
        }
    }
}
