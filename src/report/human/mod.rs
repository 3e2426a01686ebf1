//! The summary for people: what is wrong, what to do about it, how the requirements fared, and how far the capture
//! can be trusted. In this order, since the reader may have been woken for the first line only.

mod absences;
mod capture;
mod cards;
mod findings;
mod group;
mod look;
mod requirements;
mod table;

use std::io::Write;

use super::how_many::{Countable, how_many};
use super::view::{Span, Summary};
use super::{Report, ReportError};
use crate::judge::{FindingCode, Severity, StatusKind};
use crate::wording::{Phrase, SaidTemplate, phrase, word};
pub(super) use capture::lost;
pub(crate) use look::grouped;
pub(crate) use look::{Ink, counted};
pub use look::{Look, Paint};
pub(crate) use table::{Table, TableColumns, TextRow};

/// Writes the summary.
///
/// # Errors
/// Those of the writer.
pub fn write_human(
    report: &Report<'_>,
    look: &Look,
    mut out: impl Write,
) -> Result<(), ReportError> {
    let out = &mut out;
    head(report, look, out)?;
    findings::write(report, look, out)?;
    if !look.quiet {
        requirements::write(report, look, out)?;
        capture::write(report, look, out)?;
        foot(report, look, out)?;
    }
    Ok(out.flush()?)
}

fn head(report: &Report<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let summary = &report.summary;
    if !look.quiet {
        let mut parts = vec![Phrase::from(format!(
            "{} {}",
            summary.tool, summary.version
        ))];
        if !summary.site.is_empty() {
            parts.push(phrase!(of_site, "site {site}", site = summary.site));
        }
        parts.extend(choices(summary));
        let parts: Vec<_> = parts.iter().map(|part| look.say(part)).collect();
        let head = super::text::visible(&parts.join("   ")).into_owned();
        writeln!(out, "{}", look.ink(Ink::Faint, &head))?;
        let frames = how_many(report.capture.frames.read, Countable::Frame);
        let inputs = how_many(report.capture.inputs.len() as u64, Countable::Input);
        let read = match report.capture.span {
            Some(span) => {
                phrase!(
                    inputs_frames_period,
                    "{inputs}, {frames}, {period}",
                    inputs,
                    frames,
                    period = period(span)
                )
            }
            None => phrase!(inputs_frames, "{inputs}, {frames}", inputs, frames),
        };
        writeln!(out, "{}", look.ink(Ink::Faint, &look.say(&read)))?;
        writeln!(out)?;
    }
    writeln!(out, "{}", headline(report, look))?;
    if let Some(nothing) = report
        .findings
        .first()
        .filter(|_| summary.nothing_audited.is_some())
    {
        look.labelled(out, look.word(DO), Ink::Good, &look.say(nothing.advice))?;
    }
    let told = summary.nothing_audited.as_ref();
    for why in summary.incomplete.iter().filter(|why| Some(*why) != told) {
        look.labelled(out, look.word(IN_PART), Ink::Warn, &look.say(why))?;
    }
    unclear(report, look, out)?;
    if summary.site_is_default && !look.quiet {
        let label = look.word(word!(label_no_site, "no site"));
        let text = word!(
            no_site_in_terminal,
            "no site file gives a role an address, so every private address was audited as every role; pktaudit site init writes a first one from this capture"
        );
        look.labelled(out, label, Ink::Warn, look.word(text))?;
    }
    Ok(())
}

/// The most requirements named that could not be judged.
const UNCLEAR: usize = 4;

/// Required traffic of which it cannot be told how it went.
fn unclear(report: &Report<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let ids = &report.summary.inconclusive_required;
    let (Some(first), false) = (ids.first(), look.quiet) else {
        return Ok(());
    };
    let row = report
        .requirements
        .iter()
        .find(|row| row.listed.id == first);
    let intents = row.into_iter().flat_map(|row| row.intents);
    let doubt = intents
        .filter_map(|place| report.intent(*place as usize)?.doubt)
        .next();
    let most = if look.all { usize::MAX } else { UNCLEAR };
    let named: Vec<&str> = ids.iter().take(most).map(String::as_str).collect();
    let more = ids.len() - named.len();
    let mut text = phrase!(
        unclear_required,
        "required and tried, but how it went cannot be told: {ids}",
        ids = Phrase::from(named.join(", ")).and_more(more)
    );
    if let Some(doubt) = doubt {
        text = text.then(Phrase::from(first.as_str()).about(doubt));
    }
    let label = look.word(word!(label_unclear, "unclear"));
    look.labelled(out, label, Ink::Warn, &look.say(&text))
}

/// What the site chose of what may be chosen.
pub(super) fn choices(summary: &Summary) -> Vec<Phrase> {
    let mut parts = Vec::new();
    if !summary.regions.is_empty() {
        parts.push(phrase!(
            of_region,
            "region {regions}",
            regions = summary.regions.join(", ")
        ));
    }
    if let Some(day) = &summary.as_of {
        parts.push(phrase!(as_of_day, "as of {day}", day));
    }
    parts
}

/// The first line that matters: counts of what is wrong, or that nothing is.
fn headline(report: &Report<'_>, look: &Look) -> String {
    let nothing = report.summary.nothing_audited.as_ref();
    let unclear = report.summary.inconclusive_required.len() as u64;
    let of = |code: FindingCode| report.summary.finding_codes.of(&code);
    let unexpected: u64 = FindingCode::ALL
        .iter()
        .filter(|c| is_unexpected(**c))
        .map(|c| of(*c))
        .sum();
    let to_note =
        of(FindingCode::Degraded) + of(FindingCode::BothAlternatives) + of(FindingCode::Recovered);
    let told = [
        (
            Ink::Bad,
            of(FindingCode::Blocked),
            word!(counted_blocked, "blocked"),
        ),
        (
            Ink::Bad,
            of(FindingCode::Forbidden),
            word!(counted_forbidden, "forbidden"),
        ),
        (
            Ink::Warn,
            of(FindingCode::Failed),
            word!(counted_failed, "failed"),
        ),
        (
            Ink::Warn,
            unexpected,
            word!(counted_unexpected, "unexpected"),
        ),
        (
            Ink::Warn,
            of(FindingCode::Intercepted),
            word!(counted_intercepted, "intercepted"),
        ),
        (
            Ink::Warn,
            of(FindingCode::NeverSeen),
            word!(counted_never_seen, "never seen"),
        ),
        (Ink::Plain, to_note, word!(counted_to_note, "to note")),
    ];
    let unclear = (unclear > 0).then(|| {
        let what = phrase!(
            required_not_judged,
            "{count} required could not be judged",
            count = grouped(unclear)
        );
        look.ink(Ink::Warn, &look.say(&what))
    });
    let nothing = nothing.map(|why| look.ink(Ink::Bad, &super::text::visible(&look.say(why))));
    let told = told.iter().filter(|(_, count, _)| *count > 0);
    let told = told.map(|(ink, count, what)| {
        let told = phrase!(
            count_of_kind,
            "{count} {what}",
            count = grouped(*count),
            what
        );
        look.ink(*ink, &look.say(&told))
    });
    let mut parts: Vec<String> = nothing.into_iter().chain(unclear).chain(told).collect();
    if parts.is_empty() {
        let (ink, word) = match report.summary.exit {
            0 if report.summary.all_required_seen => (
                Ink::Good,
                word!(
                    all_seen_nothing_else,
                    "everything that has to be seen was seen, and nothing else is to be told"
                ),
            ),
            0 => (Ink::Good, word!(nothing_to_report, "nothing to report")),
            _ => (
                Ink::Warn,
                word!(nothing_found, "nothing found in what could be read"),
            ),
        };
        parts.push(look.ink(ink, look.word(word)));
    }
    let satisfied = grouped(report.summary.requirements.of(&StatusKind::Satisfied));
    let active =
        report.requirements.len() as u64 - report.summary.requirements.of(&StatusKind::NotActive);
    let active = grouped(active);
    let satisfied = phrase!(
        active_satisfied,
        "{satisfied} of {active} active requirements satisfied",
        satisfied,
        active
    );
    parts.push(look.ink(Ink::Good, &look.say(&satisfied)));
    parts.join("   ")
}

fn foot(report: &Report<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    writeln!(out)?;
    let first = report
        .findings
        .first()
        .map(|finding| finding.code.as_str())
        .unwrap_or("CODE");
    let text = phrase!(
        foot,
        "pktaudit explain {code} tells more of a code; --format json or csv has every row, --out DIR writes them all",
        code = first
    );
    for line in look.wrapped(&look.say(&text), look.width) {
        writeln!(out, "{}", look.ink(Ink::Faint, &line))?;
    }
    Ok(())
}

/// Whether a code is about traffic that no active requirement covers.
const fn is_unexpected(code: FindingCode) -> bool {
    !matches!(
        code,
        FindingCode::NothingAudited
            | FindingCode::Blocked
            | FindingCode::Failed
            | FindingCode::Forbidden
            | FindingCode::NeverSeen
            | FindingCode::Recovered
            | FindingCode::Intercepted
            | FindingCode::Degraded
            | FindingCode::BothAlternatives
    )
}

const fn severity_ink(severity: Severity) -> Ink {
    match severity {
        Severity::High => Ink::Bad,
        Severity::Medium => Ink::Warn,
        Severity::Low => Ink::Plain,
    }
}

/// A title with a line under it.
pub(crate) fn title(
    text: &str,
    ink: Ink,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let rule = "\u{2500}".repeat(super::text::width(text));
    writeln!(
        out,
        "\n{}\n{}",
        look.ink(ink, text),
        look.ink(Ink::Faint, &rule)
    )?;
    Ok(())
}

/// From when to when, and how long.
fn period(span: Span) -> Phrase {
    let (first, last) = (span.first.to_string(), span.last.to_string());
    let part = |text: &str, from: usize, to: usize| text.get(from..to).map(ToOwned::to_owned);
    let day = |text: &str| part(text, 0, 10).unwrap_or_else(|| text.to_owned());
    let time = |text: &str| part(text, 11, 19).unwrap_or_default();
    let until = if day(&first) == day(&last) {
        time(&last)
    } else {
        format!("{} {}", day(&last), time(&last))
    };
    let lasted = lasting(span.last.since(span.first));
    let (day, time) = (day(&first), time(&first));
    phrase!(
        period,
        "{day} {time} to {until} UTC ({lasted})",
        day,
        time,
        until,
        lasted
    )
}

fn lasting(duration: std::time::Duration) -> Phrase {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    match seconds {
        0 => phrase!(lasted_ms, "{ms} ms", ms = duration.subsec_millis()),
        1..60 => phrase!(lasted_s, "{seconds} s", seconds),
        60..3600 => phrase!(
            lasted_min,
            "{minutes} min {seconds} s",
            minutes,
            seconds = seconds % 60
        ),
        3600..86_400 => phrase!(
            lasted_h,
            "{hours} h {minutes} min",
            hours,
            minutes = minutes % 60
        ),
        _ => phrase!(lasted_d, "{days} d {hours} h", days, hours = hours % 24),
    }
}

/// What stands before facts here and on the page.
pub(super) const ADDRESS: &SaidTemplate = word!(label_address, "address");
pub(super) const COMMENT: &SaidTemplate = word!(label_comment, "comment");
pub(super) const CONTROL: &SaidTemplate = word!(label_control, "control");
pub(super) const DO: &SaidTemplate = word!(label_do, "do");
pub(super) const FRAMES: &SaidTemplate = word!(label_frames, "frames");
pub(super) const HEARD: &SaidTemplate = word!(label_heard, "heard");
pub(super) const IN_PART: &SaidTemplate = word!(label_in_part, "in part");
pub(super) const LOST: &SaidTemplate = word!(label_lost, "lost");
pub(super) const NAMES: &SaidTemplate = word!(label_names, "names");
pub(super) const NEEDED_BY: &SaidTemplate = word!(label_needed_by, "needed by");
pub(super) const SEEN: &SaidTemplate = word!(label_seen, "seen");
pub(super) const VERDICT: &SaidTemplate = word!(label_verdict, "verdict");

#[cfg(test)]
mod tests;
