//! How far the capture can be trusted: what it holds, what it lacks, what it was judged against.

use std::collections::BTreeMap;
use std::io::Write;

use super::look::{Ink, Look, counted, grouped};
use super::{period, title};
use crate::model::Loss;
use crate::report::{DocumentView, FrameCounts, Report, ReportError};

/// Inputs that are listed one by one even where nothing is wrong with them.
const INPUTS: usize = 4;

/// Reasons that are listed.
const REASONS: usize = 6;

pub(super) fn write(
    report: &Report<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    title("The capture", Ink::Strong, look, out)?;
    let capture = &report.capture;
    frames(&capture.frames, look, out)?;
    look.labelled(out, "heard", Ink::Plain, &heard(report))?;
    if let Some(words) = &capture.names.words {
        let hidden = !capture.names.hidden.is_empty();
        let ink = if hidden { Ink::Warn } else { Ink::Plain };
        look.labelled(out, "names", ink, words)?;
    }
    let Loss {
        interface,
        kernel,
        own,
    } = capture.lost;
    let (ink, lost) = match capture.lost.total() {
        0 => (Ink::Plain, "no loss was reported".to_owned()),
        _ => (
            Ink::Warn,
            format!("{interface} by the interface, {kernel} by the kernel, {own} by pktaudit"),
        ),
    };
    look.labelled(out, "lost", ink, &lost)?;
    for note in &capture.notes {
        look.labelled(out, "note", Ink::Warn, note)?;
    }
    inputs(report, look, out)?;
    for document in report
        .rules
        .iter()
        .filter(|document| look.all || document.in_force)
    {
        look.labelled(out, "rules", Ink::Faint, &rules(document, look))?;
    }
    Ok(())
}

fn frames(frames: &FrameCounts, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let text = format!(
        "{} read = {} decoded + {} set aside{}",
        grouped(frames.read),
        grouped(frames.decoded),
        grouped(frames.set_aside),
        by_reason(&frames.set_aside_by_reason, look)
    );
    look.labelled(out, "frames", Ink::Plain, &text)?;
    let partly: u64 = frames.partly_decoded_by_reason.values().sum();
    if partly > 0 {
        let reasons = by_reason(&frames.partly_decoded_by_reason, look);
        let text = format!("{}{reasons}", grouped(partly));
        look.labelled(out, "in part", Ink::Plain, &text)?;
    }
    if frames.copies > 0 {
        let text = format!(
            "{} sent again by a mirror port within a millisecond; only counted",
            grouped(frames.copies)
        );
        look.labelled(out, "copies", Ink::Plain, &text)?;
    }
    Ok(())
}

fn rules(document: &DocumentView, look: &Look) -> String {
    let digits = if look.all { document.sha256.len() } else { 12 };
    format!(
        "{}, {}, SHA-256 {}{}; {}",
        document.id,
        counted(document.requirements as u64, "requirement"),
        document.sha256.get(..digits).unwrap_or_default(),
        if document.in_force {
            ""
        } else {
            ", not in force"
        },
        document.why
    )
}

fn heard(report: &Report<'_>) -> String {
    let (capture, summary) = (&report.capture, &report.summary);
    let mut text = format!(
        "{}, {} audited",
        counted(capture.flows, "flow"),
        grouped(summary.flows_audited)
    );
    for (count, what) in [
        (capture.only_initiator, "heard only from the initiator"),
        (capture.only_responder, "heard only from the responder"),
        (capture.midstream, "under way at the start"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {} {what}", grouped(count)));
        }
    }
    text.push_str(&format!(
        "; {}",
        counted(capture.dns_transactions, "DNS transaction")
    ));
    text
}

fn inputs(report: &Report<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let inputs = &report.capture.inputs;
    let all = look.all || inputs.len() <= INPUTS;
    for input in inputs {
        let wrong = !input.damage.is_empty() || input.lost.total() > 0;
        if !(all || wrong || !input.notes.is_empty()) {
            continue;
        }
        let span = input
            .span
            .map_or(String::new(), |span| format!(", {}", period(span)));
        let ink = if wrong { Ink::Warn } else { Ink::Faint };
        let text = format!("{}: {}{span}", input.path, counted(input.frames, "frame"));
        look.labelled(out, "input", ink, &text)?;
        let shown = if look.all { usize::MAX } else { 3 };
        for damage in input.damage.iter().take(shown) {
            look.labelled(out, "", Ink::Warn, damage)?;
        }
        for note in &input.notes {
            look.labelled(out, "", Ink::Warn, note)?;
        }
        let more = input.damage.len().saturating_sub(shown);
        if more > 0 {
            look.labelled(
                out,
                "",
                Ink::Faint,
                &format!("and {} more", grouped(more as u64)),
            )?;
        }
    }
    Ok(())
}

fn by_reason(reasons: &BTreeMap<String, u64>, look: &Look) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let mut sorted: Vec<(&String, &u64)> = reasons.iter().collect();
    sorted.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), reason.as_str()));
    let most = if look.all { usize::MAX } else { REASONS };
    let mut list: Vec<String> = sorted
        .iter()
        .take(most)
        .map(|(reason, count)| format!("{reason} {}", grouped(**count)))
        .collect();
    if sorted.len() > most {
        list.push(format!("{} more reasons", sorted.len() - most));
    }
    format!(" ({})", list.join(", "))
}
