//! The head of the page: what was found, and how far the capture can be trusted.

use maud::{Markup, html};

use super::finding_tone;
use super::texts::PageTexts;
use crate::judge::{FindingCode, StatusKind};
use crate::report::Report;
use crate::report::how_many::{Countable, how_many};
use crate::report::human::{FRAMES, HEARD, LOST, NAMES, choices, lost};
use crate::wording::{Phrase, phrase, word};

pub(super) fn header(report: &Report<'_>, texts: &PageTexts) -> Markup {
    let summary = &report.summary;
    let span = report.capture.span;
    let span = span.map(|span| {
        phrase!(
            from_to,
            "{first} to {last}",
            first = span.first,
            last = span.last
        )
    });
    let about: Vec<Phrase> = span.into_iter().chain(choices(summary)).collect();
    let unclear = &summary.inconclusive_required;
    html! {
        header {
            (texts.switch())
            h1 {
                @if summary.site.is_empty() { (texts.word(word!(traffic_audit, "Traffic audit"))) }
                @else { (summary.site) }
            }
            p.about {
                @for (place, part) in about.iter().enumerate() {
                    @if place > 0 { " · " }
                    (texts.say(part))
                }
            }
            @if let Some(why) = &summary.nothing_audited {
                p class="alert bad" { (texts.say(why)) }
            }
            @if !unclear.is_empty() {
                p class="alert warn" {
                    (texts.said(&phrase!(page_unclear, "Required and tried, but how it went cannot be told: {ids}", ids = unclear.join(", "))))
                }
            }
            @if let Some(text) = summary.no_need() { p.about { (texts.say(&text)) } }
            (tiles(report, texts))
            (standings(report, texts))
        }
    }
}

fn tiles(report: &Report<'_>, texts: &PageTexts) -> Markup {
    let summary = &report.summary;
    let of = |code: &FindingCode| summary.finding_codes.of(code);
    let tiles = FindingCode::ALL.iter().filter(|code| of(code) > 0);
    let tiles: Vec<_> = tiles
        .map(|code| (*code, texts.word(code.about()), texts.spaced(code.label())))
        .collect();
    html! {
        ul.tiles {
            @for (code, about, words) in tiles {
                li class=(finding_tone(code)) title=(about.here) data-w-title=[about.place] {
                    strong { (of(&code)) } " " span data-w=[words.place] { (words.here) }
                }
            }
            @if report.findings.is_empty() {
                @let findings = texts.word(word!(tile_findings, "findings"));
                li class=(if summary.exit == 0 { "good" } else { "warn" }) {
                    strong { "0" } " " span data-w=[findings.place] { (findings.here) }
                }
            }
        }
    }
}

/// The requirements as one bar.
fn standings(report: &Report<'_>, texts: &PageTexts) -> Markup {
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
    let label = texts.word(word!(requirements_by_outcome, "requirements by outcome"));
    let satisfied = counts.of(&StatusKind::Satisfied);
    let mut said = phrase!(
        active_satisfied,
        "{satisfied} of {active} active requirements satisfied",
        satisfied,
        active
    );
    for status in unsatisfied.iter().filter(|status| counts.of(status) > 0) {
        let (count, status) = (counts.of(status), status.words());
        said = phrase!(
            standings_and,
            "{said}, {count} {status}",
            said,
            count,
            status
        );
    }
    if off > 0 {
        said = phrase!(
            standings_and_off,
            "{said}; {off} more are off at this site",
            said,
            off
        );
    }
    html! {
        figure.standings {
            svg viewBox="0 0 1000 14" preserveAspectRatio="none" role="img"
                aria-label=(label.here) data-w-aria-label=[label.place]
            {
                @for status in bars {
                    @let (x, width) = place(status);
                    rect y="0" height="14" class={ "fill " (status_tone(status)) }
                        x=(format_args!("{x:.1}")) width=(format_args!("{width:.1}")) {}
                }
            }
            figcaption { (texts.say(&said)) }
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
pub(super) fn trust(report: &Report<'_>, texts: &PageTexts) -> Markup {
    let summary = &report.summary;
    let nothing = summary.nothing_audited.as_ref();
    html! {
        section id="trust" aria-labelledby="trust-title" {
            h2 id="trust-title" { (texts.word(word!(title_trust, "How far this can be trusted"))) }
            @for why in summary.incomplete.iter().filter(|why| Some(*why) != nothing) {
                p class="alert bad" {
                    (texts.said(&phrase!(page_in_part, "Audited only in part: {why}", why)))
                }
            }
            @if summary.site_is_default {
                p class="alert warn" {
                    (texts.word(word!(no_site_on_page, "No site file gives a role an address, so every private address was audited as every role.")))
                }
            }
            @for note in &report.capture.notes { p class="alert warn" { (texts.say(note)) } }
            dl.facts { (facts(report, texts)) }
        }
    }
}

fn facts(report: &Report<'_>, texts: &PageTexts) -> Markup {
    let (capture, frames) = (&report.capture, &report.capture.frames);
    let read = phrase!(
        frames_read,
        "{read} read = {decoded} decoded + {aside} set aside",
        read = frames.read,
        decoded = frames.decoded,
        aside = frames.set_aside
    );
    let cut = how_many(frames.cut_by_snaplen, Countable::Frame);
    let heard = phrase!(
        heard_on_page,
        "{flows}, {audited} audited; {out} only from the initiator, {back} only from the responder, {midstream} under way at the start; {dns}",
        flows = how_many(capture.flows, Countable::Flow),
        audited = report.summary.flows_audited,
        out = capture.only_initiator,
        back = capture.only_responder,
        midstream = capture.midstream,
        dns = how_many(capture.dns_transactions, Countable::DnsTransaction)
    );
    html! {
        (texts.fact_said(FRAMES, &read))
        @if frames.cut_by_snaplen > 0 {
            (texts.fact_said(word!(label_cut, "cut"), &phrase!(cut_by_snaplen, "{frames} by a snaplen", frames = cut)))
        }
        (texts.fact_said(HEARD, &heard))
        @if let Some(words) = &capture.names.words { (texts.fact_said(NAMES, words)) }
        (texts.fact_said(LOST, &lost(capture.lost)))
        @for (what, count) in &capture.bounded {
            (texts.fact_said(word!(label_bounded, "bounded"), &phrase!(cut_away, "{what}: {count} cut away", what, count)))
        }
    }
}
