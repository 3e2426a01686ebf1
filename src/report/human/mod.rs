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

use super::view::Span;
use super::{Report, ReportError};
use crate::judge::{FindingCode, Severity, StatusKind};
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
        let mut parts = vec![format!("{} {}", summary.tool, summary.version)];
        if !summary.site.is_empty() {
            parts.push(format!("site {}", summary.site));
        }
        if !summary.regions.is_empty() {
            parts.push(format!("region {}", summary.regions.join(", ")));
        }
        if let Some(day) = &summary.as_of {
            parts.push(format!("as of {day}"));
        }
        let head = super::text::visible(&parts.join("   ")).into_owned();
        writeln!(out, "{}", look.ink(Ink::Faint, &head))?;
        let frames = counted(report.capture.frames.read, "frame");
        let inputs = counted(report.capture.inputs.len() as u64, "input");
        let span = report
            .capture
            .span
            .map_or(String::new(), |span| format!(", {}", period(span)));
        writeln!(
            out,
            "{}",
            look.ink(Ink::Faint, &format!("{inputs}, {frames}{span}"))
        )?;
        writeln!(out)?;
    }
    writeln!(out, "{}", headline(report, look))?;
    if let Some(nothing) = report
        .findings
        .first()
        .filter(|_| summary.nothing_audited.is_some())
    {
        look.labelled(out, "do", Ink::Good, nothing.advice)?;
    }
    let told = summary.nothing_audited.as_ref();
    for why in summary.incomplete.iter().filter(|why| Some(*why) != told) {
        look.labelled(out, "in part", Ink::Warn, why)?;
    }
    unclear(report, look, out)?;
    if summary.site_is_default && !look.quiet {
        look.labelled(
            out,
            "no site",
            Ink::Warn,
            "no site file gives a role an address, so every private address was audited as every role; \
             pktaudit site init writes a first one from this capture",
        )?;
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
    let more = match ids.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let doubt = doubt.map_or(String::new(), |doubt| format!("; {first}: {doubt}"));
    let text = format!(
        "required and tried, but how it went cannot be told: {}{more}{doubt}",
        named.join(", ")
    );
    look.labelled(out, "unclear", Ink::Warn, &text)
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
    let told = [
        (Ink::Bad, of(FindingCode::Blocked), "blocked"),
        (Ink::Bad, of(FindingCode::Forbidden), "forbidden"),
        (Ink::Warn, of(FindingCode::Failed), "failed"),
        (Ink::Warn, unexpected, "unexpected"),
        (Ink::Warn, of(FindingCode::Intercepted), "intercepted"),
        (Ink::Warn, of(FindingCode::NeverSeen), "never seen"),
        (
            Ink::Plain,
            of(FindingCode::Degraded)
                + of(FindingCode::BothAlternatives)
                + of(FindingCode::Recovered),
            "to note",
        ),
    ];
    let unclear = (unclear > 0).then(|| {
        let what = format!("{} required could not be judged", grouped(unclear));
        look.ink(Ink::Warn, &what)
    });
    let nothing = nothing.map(|why| look.ink(Ink::Bad, &super::text::visible(why)));
    let told = told.iter().filter(|(_, count, _)| *count > 0);
    let told =
        told.map(|(ink, count, what)| look.ink(*ink, &format!("{} {what}", grouped(*count))));
    let mut parts: Vec<String> = nothing.into_iter().chain(unclear).chain(told).collect();
    if parts.is_empty() {
        parts.push(match report.summary.exit {
            0 if report.summary.all_required_seen => look.ink(
                Ink::Good,
                "everything that has to be seen was seen, and nothing else is to be told",
            ),
            0 => look.ink(Ink::Good, "nothing to report"),
            _ => look.ink(Ink::Warn, "nothing found in what could be read"),
        });
    }
    let satisfied = report.summary.requirements.of(&StatusKind::Satisfied);
    let active =
        report.requirements.len() as u64 - report.summary.requirements.of(&StatusKind::NotActive);
    parts.push(look.ink(
        Ink::Good,
        &format!(
            "{} of {} active requirements satisfied",
            grouped(satisfied),
            grouped(active)
        ),
    ));
    parts.join("   ")
}

fn foot(report: &Report<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    writeln!(out)?;
    let first = report
        .findings
        .first()
        .map(|finding| finding.code.as_str())
        .unwrap_or("CODE");
    let text = format!(
        "pktaudit explain {first} tells more of a code; --format json or csv has every row, --out DIR writes them all"
    );
    for line in super::text::wrap(&text, look.width) {
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
fn period(span: Span) -> String {
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
    format!("{} {} to {until} UTC ({lasted})", day(&first), time(&first))
}

fn lasting(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests;
