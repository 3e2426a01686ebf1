//! One figure for whoever reads nothing else: which roles need which services, how these fared, and what went elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use maud::{Markup, html};

use super::destinations::by_aim;
use super::page::tenths;
use crate::judge::{NoNeed, RequirementVerdict, StatusKind, no_need};
use crate::report::Report;
use crate::report::csv::roles;
use crate::report::human::counted;
use crate::report::text::shorten;

/// Sources and services that are drawn; what is beyond is counted.
const MOST_SOURCES: usize = 8;
const MOST_SERVICES: usize = 16;

const WIDTH: f64 = 1000.0;
const ROW: f64 = 30.0;
/// Where sources end, services begin, and bars begin and end.
const SOURCES: f64 = 180.0;
const SERVICES: f64 = 330.0;
const BARS: (f64, f64) = (600.0, 730.0);

/// What may have become of a requirement, in the order in which a reader has to see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Blocked,
    Missing,
    Unclear,
    Satisfied,
    NotNeeded,
}

impl Fate {
    const ALL: [Self; 5] = [
        Self::Blocked,
        Self::Missing,
        Self::Unclear,
        Self::Satisfied,
        Self::NotNeeded,
    ];

    /// What is not seen is missing, unless it is known why nobody misses it.
    fn of(verdict: &RequirementVerdict, report: &Report<'_>) -> Self {
        let audit = &report.audit;
        match verdict.standing.kind() {
            StatusKind::Satisfied => Self::Satisfied,
            StatusKind::Blocked | StatusKind::Violated => Self::Blocked,
            StatusKind::NotSeen => match no_need(audit.capture, audit.rules, verdict) {
                None => Self::Missing,
                Some(NoNeed::HostsSilent | NoNeed::NotShown | NoNeed::Undecided) => Self::Unclear,
                Some(_) => Self::NotNeeded,
            },
            StatusKind::Failed => Self::Missing,
            StatusKind::Inconclusive | StatusKind::NotActive => Self::Unclear,
        }
    }

    const fn tone(self) -> &'static str {
        match self {
            Self::Blocked => "bad",
            Self::Missing => "warn",
            Self::Satisfied => "good",
            Self::Unclear | Self::NotNeeded => "dim",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Missing => "missing",
            Self::Unclear => "unclear",
            Self::Satisfied => "satisfied",
            Self::NotNeeded => "not needed",
        }
    }
}

const LEGEND: [(&str, &str); 4] = [
    ("bad", "blocked, or seen though forbidden"),
    ("warn", "failed, missing, or on no list"),
    ("good", "as required"),
    ("dim", "not needed now, or unclear"),
];

/// How many of a service fared how.
type FateCounts = [u64; Fate::ALL.len()];

/// What is drawn on the right, with who goes there.
#[derive(Default)]
struct Service {
    counts: FateCounts,
    /// The worst by source.
    sources: BTreeMap<String, Fate>,
}

impl Service {
    fn note(&mut self, fate: Fate, count: u64) {
        self.counts[fate as usize] += count;
    }

    fn come_from(&mut self, source: String, fate: Fate) {
        let worst = self.sources.entry(source).or_insert(fate);
        *worst = fate.min(*worst);
    }

    fn worst(&self) -> Fate {
        let known = Fate::ALL.into_iter();
        let mut there = known.filter(|fate| self.counts[*fate as usize] > 0);
        there.next().unwrap_or(Fate::NotNeeded)
    }
}

/// Empty where nothing is asked for and nothing went elsewhere.
pub(super) fn section(report: &Report<'_>) -> Markup {
    let services = services(report);
    let elsewhere = elsewhere(report);
    let beyond: u64 = elsewhere.counts.iter().sum();
    if services.is_empty() && beyond == 0 {
        return Markup::default();
    }
    // The worst first, then those with the most rows.
    let mut sorted: Vec<(&str, &Service)> = services.iter().map(|(name, s)| (*name, s)).collect();
    sorted.sort_by_key(|(name, service)| {
        let rows: u64 = service.counts.iter().sum();
        (service.worst(), std::cmp::Reverse(rows), *name)
    });
    let left_out = sorted.len().saturating_sub(MOST_SERVICES);
    sorted.truncate(MOST_SERVICES);
    let mut rows: Vec<(String, String, &Service)> = sorted
        .iter()
        .map(|(name, service)| (shown(name), said(&service.counts), *service))
        .collect();
    if beyond > 0 {
        let what = counted(beyond, "destination");
        rows.push(("on no list".to_owned(), what, &elsewhere));
    }
    let sources = sources(&rows);
    html! {
        section id="picture" aria-labelledby="picture-title" {
            h2 id="picture-title" { "Who needs what, and how it fared" }
            figure tabindex="0" aria-label="who needs what, and how it fared" {
                (drawn(&rows, &sources))
                figcaption {
                    @for (name, words) in LEGEND {
                        span class={ "dot " (name) } {} span.key { (words) } ". "
                    }
                    @if left_out > 0 { (counted(left_out as u64, "service")) " more are under Requirements. " }
                    @if sources.len() > MOST_SOURCES { (sources.len() - MOST_SOURCES) " more sources are not drawn." }
                }
            }
        }
    }
}

/// The active requirements by service.
fn services<'r>(report: &'r Report<'_>) -> BTreeMap<&'r str, Service> {
    let library = report.audit.rules.library();
    let verdicts = report.audit.judgement.requirements.iter();
    let active = |verdict: &&RequirementVerdict| verdict.standing.kind() != StatusKind::NotActive;
    let mut services: BTreeMap<&str, Service> = BTreeMap::new();
    for verdict in verdicts.filter(active) {
        let Some(row) = library.requirement(verdict.requirement) else {
            continue;
        };
        let fate = Fate::of(verdict, report);
        let service = services.entry(&row.service).or_default();
        service.note(fate, 1);
        for party in row.listed(library).from {
            let source = match party.value.is_empty() {
                true => "any host".to_owned(),
                false => party.value,
            };
            service.come_from(source, fate);
        }
    }
    services
}

/// The destinations that no requirement covers, with the roles of those that went there.
fn elsewhere(report: &Report<'_>) -> Service {
    let by_aim = by_aim(report);
    let mut elsewhere = Service::default();
    elsewhere.note(Fate::Missing, by_aim.len() as u64);
    let hosts: BTreeSet<IpAddr> = by_aim.into_values().flat_map(|aim| aim.hosts).collect();
    for host in hosts {
        let mut of_host = roles(report, host);
        if of_host.is_empty() {
            of_host.push("other hosts".to_owned());
        }
        for role in of_host {
            elsewhere.come_from(role, Fate::Missing);
        }
    }
    elsewhere
}

/// All sources, those of the most rows first.
fn sources(rows: &[(String, String, &Service)]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for source in rows.iter().flat_map(|(.., service)| service.sources.keys()) {
        *counts.entry(source).or_default() += 1;
    }
    let mut sources: Vec<(&str, usize)> = counts.into_iter().collect();
    sources.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    sources
        .into_iter()
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn shown(name: &str) -> String {
    match name.is_empty() {
        true => "(no service named)".to_owned(),
        false => shorten(name, 34).into_owned(),
    }
}

/// `2 of 5 satisfied`, and what became of the others.
fn said(counts: &FateCounts) -> String {
    let all: u64 = counts.iter().sum();
    let good = counts[Fate::Satisfied as usize];
    let mut words = vec![format!("{good} of {all} satisfied")];
    let others = Fate::ALL.iter().filter(|fate| **fate != Fate::Satisfied);
    for (fate, count) in others.map(|fate| (fate, counts[*fate as usize])) {
        if count > 0 {
            words.push(format!("{count} {}", fate.words()));
        }
    }
    words.join(", ")
}

fn drawn(rows: &[(String, String, &Service)], sources: &[String]) -> Markup {
    let drawn = &sources[..sources.len().min(MOST_SOURCES)];
    let height = ROW * rows.len().max(drawn.len()) as f64;
    let middle = |place: usize, of: usize| (place as f64 + 0.5) * height / of.max(1) as f64;
    let of_source = |place| middle(place, drawn.len());
    let of_row = |place| middle(place, rows.len());
    // The worst links last, so that they lie over the others.
    let mut links: Vec<(Fate, f64, f64)> = Vec::new();
    for (place, (.., service)) in rows.iter().enumerate() {
        let known = drawn.iter().enumerate();
        links.extend(known.filter_map(|(at, source)| {
            let fate = *service.sources.get(source)?;
            Some((fate, of_source(at), of_row(place)))
        }));
    }
    links.sort_by_key(|(fate, ..)| std::cmp::Reverse(*fate));
    html! {
        svg.picture role="img" aria-labelledby="picture-title" viewBox={ "0 0 " (WIDTH) " " (height) } {
            @for (fate, from, to) in links {
                path class={ "link " (fate.tone()) } d=(curve(from, to)) {}
            }
            @for (place, source) in drawn.iter().enumerate() {
                @let y = of_source(place);
                rect.node x="1" y=(tenths(y - 12.0)) width=(SOURCES - 1.0) height="24" rx="6" {}
                text x="12" y=(tenths(y + 4.5)) { (shorten(source, 24)) }
            }
            @for (place, (name, words, service)) in rows.iter().enumerate() {
                @let y = of_row(place);
                circle class={ "fill " (service.worst().tone()) } cx=(SERVICES) cy=(tenths(y)) r="5" {}
                text x=(SERVICES + 14.0) y=(tenths(y + 4.5)) { (name) }
                (bar(&service.counts, y))
                text.soft x=(BARS.1 + 12.0) y=(tenths(y + 4.5)) { (shorten(words, 40)) }
            }
        }
    }
}

/// How many of a service fared how, the best first.
fn bar(counts: &FateCounts, y: f64) -> Markup {
    const ORDER: [Fate; 5] = [
        Fate::Satisfied,
        Fate::NotNeeded,
        Fate::Unclear,
        Fate::Missing,
        Fate::Blocked,
    ];
    let all: u64 = counts.iter().sum();
    let mut end = BARS.0;
    let there = ORDER.map(|fate| (fate, counts[fate as usize])).into_iter();
    let parts: Vec<(f64, f64, Fate, u64)> = there
        .filter(|(_, count)| *count > 0)
        .map(|(fate, count)| {
            let width = count as f64 * (BARS.1 - BARS.0) / all.max(1) as f64;
            let start = end;
            end += width;
            (start, width, fate, count)
        })
        .collect();
    html! {
        @for (x, width, fate, count) in parts {
            rect class={ "fill " (fate.tone()) } x=(tenths(x)) y=(tenths(y - 5.0)) width=(tenths(width)) height="10" {
                title { (count) " " (fate.words()) }
            }
        }
    }
}

/// From a source to a service.
fn curve(from: f64, to: f64) -> String {
    let (start, end) = (SOURCES, SERVICES - 5.0);
    let bend = (start + end) / 2.0;
    format!("M{start:.0} {from:.1}C{bend:.0} {from:.1} {bend:.0} {to:.1} {end:.0} {to:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;
    use crate::report::view::RequirementView;

    #[test]
    fn all_active_requirements_are_in_it_and_what_goes_elsewhere() {
        let sample = sample();
        let report = sample.report();
        let services = services(&report);
        let active = report.requirements.iter();
        let active = active.filter(|row| row.outcome.kind() != StatusKind::NotActive);
        let drawn: u64 = services.values().flat_map(|service| service.counts).sum();
        assert_eq!(drawn, active.count() as u64);
        let broken = |row: &&RequirementView<'_>| row.outcome.kind() == StatusKind::Blocked;
        let blocked = report.requirements.iter().filter(broken).count() as u64;
        let of = |fate: Fate| -> u64 { services.values().map(|s| s.counts[fate as usize]).sum() };
        assert!(blocked > 0 && of(Fate::Blocked) >= blocked);
        let elsewhere = elsewhere(&report);
        assert!(elsewhere.counts[Fate::Missing as usize] > 0 && !elsewhere.sources.is_empty());
        let markup = section(&report).into_string();
        assert_eq!(markup.matches("<circle").count(), services.len() + 1);
    }

    #[test]
    fn what_became_of_a_service_is_said_in_full() {
        assert_eq!(
            said(&[1, 2, 3, 4, 5]),
            "4 of 15 satisfied, 1 blocked, 2 missing, 3 unclear, 5 not needed"
        );
        assert_eq!(said(&[0, 0, 0, 2, 0]), "2 of 2 satisfied");
    }
}
