//! Flows and findings over the time of the capture.

use std::io::{self, Write};

use super::page::Page;
use super::{finding_tone, tone};
use crate::judge::FindingCode;
use crate::model::CaptureTime;
use crate::report::Report;
use crate::report::view::FindingView;

const WIDTH: f64 = 1000.0;
const BINS: usize = 125;
const BARS: f64 = 120.0;
const LANE: f64 = 18.0;
/// Findings that are marked in one lane.
const MOST_MARKS: usize = 400;

/// From the bottom of a bar to its top.
const TONES: [(&str, &str); 4] = [
    ("bad", "blocked"),
    ("warn", "failed or unexpected"),
    ("good", "as required"),
    ("dim", "cannot be told, or not audited"),
];

pub(super) fn write(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    let Some(span) = report.capture.span else {
        return Ok(());
    };
    let length = span.last.since(span.first).as_nanos().max(1) as f64;
    let place = |at: CaptureTime| at.since(span.first).as_nanos() as f64 / length;
    let mut bins = vec![[0_u64; TONES.len()]; BINS];
    for (flow, outcome) in report.outcomes() {
        let bin = (place(flow.span.0.time) * BINS as f64) as usize;
        let which = TONES.iter().position(|(name, _)| *name == tone(outcome));
        if let (Some(bin), Some(which)) = (bins.get_mut(bin.min(BINS - 1)), which) {
            bin[which] += 1;
        }
    }
    let lanes: Vec<(FindingCode, Vec<&FindingView<'_>>)> = FindingCode::ALL
        .iter()
        .map(|code| {
            let of_code = report
                .findings
                .iter()
                .filter(|f| f.code == *code && f.span.is_some());
            (*code, of_code.collect())
        })
        .filter(|(_, findings): &(_, Vec<_>)| !findings.is_empty())
        .collect();
    let height = BARS + 24.0 + LANE * lanes.len() as f64;
    page.markup("<section id=\"timeline\" aria-labelledby=\"timeline-title\">\n<h2 id=\"timeline-title\">Timeline</h2>\n<figure>\n<svg class=\"timeline\" role=\"img\" aria-label=\"flows by start and findings over time\"")?;
    page.attribute("viewBox", format_args!("0 0 {WIDTH} {height}"))?;
    page.markup(">")?;
    bars(&bins, page)?;
    for (i, (at, anchor)) in [(0.0, "start"), (0.5, "middle"), (1.0, "end")]
        .into_iter()
        .enumerate()
    {
        let time = span
            .first
            .plus(std::time::Duration::from_nanos((length * at) as u64))
            .to_string();
        let (day, clock) = time.split_at(time.find('T').unwrap_or(0));
        let clock = clock.get(1..9).unwrap_or_default();
        let text = if i == 0 {
            format!("{day} {clock} UTC")
        } else {
            clock.to_owned()
        };
        page.markup("<text class=\"axis\"")?;
        page.attribute("x", at * WIDTH)?;
        page.attribute("y", BARS + 16.0)?;
        page.attribute("text-anchor", anchor)?;
        page.markup(">")?;
        page.text(text)?;
        page.markup("</text>")?;
    }
    for (row, (code, findings)) in lanes.iter().enumerate() {
        let y = BARS + 24.0 + LANE * row as f64;
        lane(*code, findings, y, &place, page)?;
    }
    page.markup("</svg>\n<figcaption>")?;
    page.markup("Bars: flows by when they began. ")?;
    for (name, words) in TONES {
        page.markup("<span")?;
        page.attribute("class", format_args!("dot {name}"))?;
        page.markup("></span>")?;
        page.element("span", "key", words)?;
        page.markup(" ")?;
    }
    page.markup("Lanes: each finding, from its first to its last packet; a mark leads to it.</figcaption>\n</figure>\n</section>\n")
}

fn bars(bins: &[[u64; TONES.len()]], page: &mut Page<impl Write>) -> io::Result<()> {
    let most = bins
        .iter()
        .map(|bin| bin.iter().sum::<u64>())
        .max()
        .unwrap_or(0)
        .max(1);
    let width = WIDTH / BINS as f64;
    for (i, bin) in bins.iter().enumerate() {
        let mut y = BARS;
        for (count, (name, words)) in bin.iter().zip(TONES) {
            if *count == 0 {
                continue;
            }
            // What is there is seen, however small its share.
            let height = (*count as f64 / most as f64 * (BARS - 8.0)).max(1.5);
            y -= height;
            page.markup("<rect")?;
            page.attribute("class", format_args!("fill {name}"))?;
            page.attribute("x", format_args!("{:.1}", i as f64 * width))?;
            page.attribute("y", format_args!("{y:.1}"))?;
            page.attribute("width", format_args!("{:.1}", width - 1.0))?;
            page.attribute("height", format_args!("{height:.1}"))?;
            page.markup(">")?;
            page.element("title", "", format_args!("{count} {words}"))?;
            page.markup("</rect>")?;
        }
    }
    Ok(())
}

fn lane(
    code: FindingCode,
    findings: &[&FindingView],
    y: f64,
    place: &impl Fn(CaptureTime) -> f64,
    page: &mut Page<impl Write>,
) -> io::Result<()> {
    page.markup("<line class=\"life\" x1=\"0\" x2=\"1000\"")?;
    page.attribute("y1", y + LANE / 2.0)?;
    page.attribute("y2", y + LANE / 2.0)?;
    page.markup("/>")?;
    for finding in findings.iter().take(MOST_MARKS) {
        let Some(span) = finding.span else { continue };
        let from = place(span.first) * WIDTH;
        let width = (place(span.last) * WIDTH - from).max(5.0);
        page.markup("<a")?;
        page.attribute("href", format_args!("#{}", finding.id))?;
        page.markup("><rect rx=\"2\"")?;
        page.attribute("class", format_args!("fill mark {}", finding_tone(code)))?;
        page.attribute("x", format_args!("{:.1}", from.min(WIDTH - 5.0)))?;
        page.attribute("y", y + 3.0)?;
        page.attribute("width", format_args!("{width:.1}"))?;
        page.attribute("height", LANE - 6.0)?;
        page.markup(">")?;
        page.element("title", "", super::findings::aim(finding))?;
        page.markup("</rect></a>")?;
    }
    let more = findings.len().saturating_sub(MOST_MARKS);
    let more = if more > 0 {
        format!(" (and {more} more)")
    } else {
        String::new()
    };
    page.markup("<text class=\"axis lane\" x=\"4\"")?;
    page.attribute("y", y + LANE / 2.0 + 4.0)?;
    page.markup(">")?;
    page.text(format_args!("{code} {}{more}", findings.len()))?;
    page.markup("</text>")
}
