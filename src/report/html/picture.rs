//! One figure for whoever reads nothing else: which roles need which services, how these fared, and what went elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use maud::{Markup, html};

use super::checklist::NO_SERVICE;
use super::destinations::by_aim;
use super::page::tenths;
use super::texts::PageTexts;
use crate::judge::{NoNeed, RequirementVerdict, StatusKind, no_need};
use crate::report::Report;
use crate::report::csv::roles;
use crate::report::how_many::{Countable, how_many};
use crate::report::text::shorten;
use crate::wording::{Phrase, SaidTemplate, phrase, word};

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

    const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::Blocked => word!(fate_blocked, "blocked"),
            Self::Missing => word!(fate_missing, "missing"),
            Self::Unclear => word!(fate_unclear, "unclear"),
            Self::Satisfied => word!(fate_satisfied, "satisfied"),
            Self::NotNeeded => word!(fate_not_needed, "not needed"),
        }
    }
}

const LEGEND: [(&str, &SaidTemplate); 4] = [
    (
        "bad",
        word!(legend_bad, "blocked, or seen though forbidden"),
    ),
    ("warn", word!(legend_warn, "failed, missing, or on no list")),
    ("good", word!(legend_good, "as required")),
    ("dim", word!(legend_dim, "not needed now, or unclear")),
];

/// How many of a service fared how.
type FateCounts = [u64; Fate::ALL.len()];

/// What is drawn on the right, with who goes there.
#[derive(Default)]
struct Service {
    counts: FateCounts,
    /// The worst by source.
    sources: BTreeMap<Phrase, Fate>,
}

impl Service {
    fn note(&mut self, fate: Fate, count: u64) {
        self.counts[fate as usize] += count;
    }

    fn come_from(&mut self, source: Phrase, fate: Fate) {
        let worst = self.sources.entry(source).or_insert(fate);
        *worst = fate.min(*worst);
    }

    fn worst(&self) -> Fate {
        let known = Fate::ALL.into_iter();
        let mut there = known.filter(|fate| self.counts[*fate as usize] > 0);
        there.next().unwrap_or(Fate::NotNeeded)
    }
}

/// A row of the figure: a service, how it fared, and who goes there.
type DrawnService<'s> = (Phrase, Phrase, &'s Service);

/// Empty where nothing is asked for and nothing went elsewhere.
pub(super) fn section(report: &Report<'_>, texts: &PageTexts) -> Markup {
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
    let mut rows: Vec<DrawnService<'_>> = sorted
        .iter()
        .map(|(name, service)| (shown(name), said(&service.counts), *service))
        .collect();
    if beyond > 0 {
        let what = how_many(beyond, Countable::Destination);
        rows.push((
            word!(source_on_no_list, "on no list").into(),
            what,
            &elsewhere,
        ));
    }
    let sources = sources(&rows);
    let label = texts.word(word!(picture_label, "who needs what, and how it fared"));
    let more_sources = sources.len().saturating_sub(MOST_SOURCES);
    html! {
        section id="picture" aria-labelledby="picture-title" {
            h2 id="picture-title" {
                (texts.word(word!(title_picture, "Who needs what, and how it fared")))
            }
            figure tabindex="0" aria-label=(label.here) data-w-aria-label=[label.place] {
                (drawn(&rows, &sources, texts))
                figcaption {
                    @for (name, words) in LEGEND {
                        @let words = texts.word(words);
                        span class={ "dot " (name) } {}
                        span.key data-w=[words.place] { (words.here) } ". "
                    }
                    @if left_out > 0 {
                        @let services = how_many(left_out as u64, Countable::Service);
                        (texts.said(&phrase!(more_services, "{services} more are under Requirements.", services))) " "
                    }
                    @if more_sources > 0 {
                        (texts.said(&phrase!(more_sources, "{more} more sources are not drawn.", more = more_sources)))
                    }
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
                true => word!(any_host, "any host").into(),
                false => party.value.into(),
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
        let of_host = roles(report, host).into_iter();
        let mut of_host: Vec<Phrase> = of_host.map(Phrase::from).collect();
        if of_host.is_empty() {
            of_host.push(word!(other_hosts, "other hosts").into());
        }
        for role in of_host {
            elsewhere.come_from(role, Fate::Missing);
        }
    }
    elsewhere
}

/// All sources, those of the most rows first.
fn sources(rows: &[DrawnService<'_>]) -> Vec<Phrase> {
    let mut counts: BTreeMap<&Phrase, usize> = BTreeMap::new();
    for source in rows.iter().flat_map(|(.., service)| service.sources.keys()) {
        *counts.entry(source).or_default() += 1;
    }
    let mut sources: Vec<(&Phrase, usize)> = counts.into_iter().collect();
    sources.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    sources.into_iter().map(|(name, _)| name.clone()).collect()
}

fn shown(name: &str) -> Phrase {
    match name.is_empty() {
        true => NO_SERVICE.into(),
        false => shorten(name, 34).into_owned().into(),
    }
}

/// `2 of 5 satisfied`, and what became of the others.
fn said(counts: &FateCounts) -> Phrase {
    let all: u64 = counts.iter().sum();
    let good = counts[Fate::Satisfied as usize];
    let satisfied = phrase!(
        satisfied_of_all,
        "{satisfied} of {all} satisfied",
        satisfied = good,
        all
    );
    let others = Fate::ALL.iter().filter(|fate| **fate != Fate::Satisfied);
    let others = others.map(|fate| (fate, counts[*fate as usize]));
    let others = others
        .filter(|(_, count)| *count > 0)
        .map(|(fate, count)| phrase!(count_of_kind, "{count} {what}", count, what = fate.words()));
    Phrase::list([satisfied].into_iter().chain(others))
}

fn drawn(rows: &[DrawnService<'_>], sources: &[Phrase], texts: &PageTexts) -> Markup {
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
                @let (source, _) = texts.short(source, 24);
                text x="12" y=(tenths(y + 4.5)) data-w=[source.place] { (source.here) }
            }
            @for (place, (name, words, service)) in rows.iter().enumerate() {
                @let y = of_row(place);
                circle class={ "fill " (service.worst().tone()) } cx=(SERVICES) cy=(tenths(y)) r="5" {}
                @let (name, (words, _)) = (texts.say(name), texts.short(words, 40));
                text x=(SERVICES + 14.0) y=(tenths(y + 4.5)) data-w=[name.place] { (name.here) }
                (bar(&service.counts, y, texts))
                text.soft x=(BARS.1 + 12.0) y=(tenths(y + 4.5)) data-w=[words.place] { (words.here) }
            }
        }
    }
}

/// How many of a service fared how, the best first.
fn bar(counts: &FateCounts, y: f64, texts: &PageTexts) -> Markup {
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
                @let words = texts.said(&phrase!(count_of_kind, "{count} {what}", count, what = fate.words()));
                title data-w=[words.place] { (words.here) }
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
    use crate::wording::Language;

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
        let markup = section(&report, &PageTexts::new(Language::English)).into_string();
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
