//! Flows and findings over the time of the capture.

use std::time::Duration;

use maud::{Markup, html};

use super::page::tenths;
use super::texts::PageTexts;
use super::{finding_tone, tone};
use crate::judge::FindingCode;
use crate::model::CaptureTime;
use crate::report::view::FindingView;
use crate::report::{Report, Span};
use crate::wording::{SaidTemplate, phrase, word};

const WIDTH: f64 = 1000.0;
const BINS: usize = 125;
const BARS: f64 = 120.0;
const LANE: f64 = 18.0;
/// Findings that are marked in one lane.
const MOST_MARKS: usize = 400;

/// From the bottom of a bar to its top.
const TONES: [(&str, &SaidTemplate); 4] = [
    ("bad", word!(tone_blocked, "blocked")),
    ("warn", word!(tone_warn, "failed or unexpected")),
    ("good", word!(legend_good, "as required")),
    ("dim", word!(tone_dim, "cannot be told, or not audited")),
];

/// Flows of a bin by tone.
type Bin = [u64; TONES.len()];

/// Empty without packets.
pub(super) fn section(report: &Report<'_>, texts: &PageTexts) -> Markup {
    let Some(span) = report.capture.span else {
        return Markup::default();
    };
    let lanes = FindingCode::ALL.iter().map(|code| {
        let timed = |f: &&FindingView<'_>| f.code == *code && f.span.is_some();
        (*code, report.findings.iter().filter(timed).collect())
    });
    let lanes: Vec<(FindingCode, Vec<&FindingView<'_>>)> = lanes
        .filter(|(_, findings): &(_, Vec<_>)| !findings.is_empty())
        .collect();
    let height = BARS + 24.0 + LANE * lanes.len() as f64;
    let label = texts.word(word!(timeline_label, "timeline"));
    let about = texts.word(word!(
        timeline_about,
        "flows by start and findings over time"
    ));
    html! {
        section id="timeline" aria-labelledby="timeline-title" {
            h2 id="timeline-title" { (texts.word(word!(title_timeline, "Timeline"))) }
            figure tabindex="0" aria-label=(label.here) data-w-aria-label=[label.place] {
                // No picture: its marks lead to findings.
                svg.timeline role="group" aria-label=(about.here) data-w-aria-label=[about.place]
                    viewBox={ "0 0 " (WIDTH) " " (height) }
                {
                    (bars(&bins(report, span), texts))
                    (axis(span))
                    @for (row, (code, findings)) in lanes.iter().enumerate() {
                        (lane(*code, findings, BARS + 24.0 + LANE * row as f64, span, texts))
                    }
                }
                figcaption {
                    (texts.word(word!(timeline_bars, "Bars: flows by when they began."))) " "
                    @for (name, words) in TONES {
                        @let words = texts.word(words);
                        span class={ "dot " (name) } {}
                        span.key data-w=[words.place] { (words.here) } " "
                    }
                    (texts.word(word!(timeline_lanes, "Lanes: each finding, from its first to its last packet; a mark leads to it.")))
                }
            }
        }
    }
}

/// Nanoseconds, at least one.
fn length(span: Span) -> f64 {
    span.last.since(span.first).as_nanos().max(1) as f64
}

/// From 0, the start of the capture, to 1, its end.
fn place(at: CaptureTime, span: Span) -> f64 {
    at.since(span.first).as_nanos() as f64 / length(span)
}

fn bins(report: &Report<'_>, span: Span) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); BINS];
    for (flow, outcome) in report.outcomes() {
        let bin = (place(flow.span.0.time, span) * BINS as f64) as usize;
        let which = TONES.iter().position(|(name, _)| *name == tone(outcome));
        if let (Some(bin), Some(which)) = (bins.get_mut(bin.min(BINS - 1)), which) {
            bin[which] += 1;
        }
    }
    bins
}

fn bars(bins: &[Bin], texts: &PageTexts) -> Markup {
    let most = bins.iter().map(|bin| bin.iter().sum::<u64>()).max();
    let most = most.unwrap_or(0).max(1) as f64;
    let width = WIDTH / BINS as f64;
    let mut bars = Vec::new();
    for (i, bin) in bins.iter().enumerate() {
        let mut y = BARS;
        for (count, (name, words)) in bin.iter().zip(TONES).filter(|(count, _)| **count > 0) {
            // What is there is seen, however small its share.
            let height = (*count as f64 / most * (BARS - 8.0)).max(1.5);
            y -= height;
            bars.push((
                i as f64 * width,
                y,
                height,
                name,
                texts.said(&phrase!(
                    count_of_kind,
                    "{count} {what}",
                    count,
                    what = words
                )),
            ));
        }
    }
    html! {
        @for (x, y, height, name, text) in bars {
            rect class={ "fill " (name) } x=(tenths(x)) y=(tenths(y)) width=(tenths(width - 1.0))
                height=(tenths(height)) { title data-w=[text.place] { (text.here) } }
        }
    }
}

fn axis(span: Span) -> Markup {
    let time = |at: f64| {
        let after = Duration::from_nanos((length(span) * at) as u64);
        let time = span.first.plus(after).to_string();
        let (day, clock) = time.split_at(time.find('T').unwrap_or(0));
        (
            day.to_owned(),
            clock.get(1..9).unwrap_or_default().to_owned(),
        )
    };
    html! {
        @for (at, anchor) in [(0.0, "start"), (0.5, "middle"), (1.0, "end")] {
            @let (day, clock) = time(at);
            text.axis x=(at * WIDTH) y=(BARS + 16.0) text-anchor=(anchor) {
                @if at == 0.0 { (day) " " (clock) " UTC" } @else { (clock) }
            }
        }
    }
}

fn lane(
    code: FindingCode,
    findings: &[&FindingView<'_>],
    y: f64,
    span: Span,
    texts: &PageTexts,
) -> Markup {
    let words = match findings.len().saturating_sub(MOST_MARKS) {
        0 => phrase!(
            lane_of,
            "{code} {count}",
            code = code.label(),
            count = findings.len()
        ),
        more => phrase!(
            lane_and_more,
            "{code} {count} (and {more} more)",
            code = code.label(),
            count = findings.len(),
            more
        ),
    };
    let words = texts.say(&words);
    let middle = y + LANE / 2.0;
    let marks = findings.iter().take(MOST_MARKS).filter_map(|finding| {
        let of = finding.span?;
        let from = place(of.first, span) * WIDTH;
        let width = (place(of.last, span) * WIDTH - from).max(5.0);
        Some((finding, from.min(WIDTH - 5.0), width))
    });
    html! {
        line.life x1="0" x2="1000" y1=(middle) y2=(middle) {}
        @for (finding, x, width) in marks {
            a href={ "#" (finding.id) } {
                rect rx="2" class={ "fill mark " (finding_tone(code)) } x=(tenths(x)) y=(y + 3.0)
                    width=(tenths(width)) height=(LANE - 6.0)
                { title { (super::findings::aim(finding)) } }
            }
        }
        text class="axis lane" x="4" y=(middle + 4.0) data-w=[words.place] { (words.here) }
    }
}
