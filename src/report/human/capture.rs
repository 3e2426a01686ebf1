//! How far the capture can be trusted: what it holds, what it lacks, what it was judged against.

use std::collections::BTreeMap;
use std::io::Write;

use super::look::{Ink, Look, grouped};
use super::{FRAMES, HEARD, IN_PART, LOST, NAMES};
use super::{period, title};
use crate::model::Loss;
use crate::report::how_many::{Countable, how_many};
use crate::report::{DocumentView, FrameCounts, Report, ReportError};
use crate::wording::{Phrase, phrase, word};

/// Inputs that are listed one by one even where nothing is wrong with them.
const INPUTS: usize = 4;

/// Reasons that are listed.
const REASONS: usize = 6;

pub(super) fn write(
    report: &Report<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    title(
        look.word(word!(title_capture, "The capture")),
        Ink::Strong,
        look,
        out,
    )?;
    let capture = &report.capture;
    frames(&capture.frames, look, out)?;
    look.labelled(out, look.word(HEARD), Ink::Plain, &look.say(&heard(report)))?;
    if let Some(words) = &capture.names.words {
        let hidden = !capture.names.hidden.is_empty();
        let ink = if hidden { Ink::Warn } else { Ink::Plain };
        look.labelled(out, look.word(NAMES), ink, &look.say(words))?;
    }
    let ink = match capture.lost.total() {
        0 => Ink::Plain,
        _ => Ink::Warn,
    };
    let lost = lost(capture.lost);
    look.labelled(out, look.word(LOST), ink, &look.say(&lost))?;
    for note in &capture.notes {
        let label = look.word(word!(label_note, "note"));
        look.labelled(out, label, Ink::Warn, &look.say(note))?;
    }
    inputs(report, look, out)?;
    for document in report
        .rules
        .iter()
        .filter(|document| look.all || document.in_force)
    {
        let label = look.word(word!(label_rules, "rules"));
        look.labelled(out, label, Ink::Faint, &look.say(&rules(document, look)))?;
    }
    Ok(())
}

/// Who lost how many frames.
pub(in crate::report) fn lost(loss: Loss) -> Phrase {
    let Loss {
        interface,
        kernel,
        own,
    } = loss;
    match loss.total() {
        0 => word!(no_loss, "no loss was reported").into(),
        _ => phrase!(
            lost_by_all,
            "{interface} by the interface, {kernel} by the kernel, {own} by pktaudit",
            interface,
            kernel,
            own
        ),
    }
}

fn frames(frames: &FrameCounts, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let text = phrase!(
        frames_read_by_reason,
        "{read} read = {decoded} decoded + {aside} set aside{reasons}",
        read = grouped(frames.read),
        decoded = grouped(frames.decoded),
        aside = grouped(frames.set_aside),
        reasons = by_reason(&frames.set_aside_by_reason, look)
    );
    look.labelled(out, look.word(FRAMES), Ink::Plain, &look.say(&text))?;
    let partly: u64 = frames.partly_decoded_by_reason.values().sum();
    if partly > 0 {
        let reasons = by_reason(&frames.partly_decoded_by_reason, look);
        let text = phrase!(
            count_and_reasons,
            "{count}{reasons}",
            count = grouped(partly),
            reasons
        );
        look.labelled(out, look.word(IN_PART), Ink::Plain, &look.say(&text))?;
    }
    if frames.copies > 0 {
        let text = phrase!(
            copies_counted,
            "{count} sent again by a mirror port within a millisecond; only counted",
            count = grouped(frames.copies)
        );
        let label = look.word(word!(label_copies, "copies"));
        look.labelled(out, label, Ink::Plain, &look.say(&text))?;
    }
    Ok(())
}

fn rules(document: &DocumentView, look: &Look) -> Phrase {
    let digits = if look.all { document.sha256.len() } else { 12 };
    let (document_id, why) = (&document.id, &document.why);
    let count = how_many(document.requirements as u64, Countable::Requirement);
    let digest = document.sha256.get(..digits).unwrap_or_default();
    match document.in_force {
        true => phrase!(
            rules_in_force,
            "{document_id}, {count}, SHA-256 {digest}; {why}",
            document_id,
            count,
            digest,
            why
        ),
        false => phrase!(
            rules_not_in_force,
            "{document_id}, {count}, SHA-256 {digest}, not in force; {why}",
            document_id,
            count,
            digest,
            why
        ),
    }
}

fn heard(report: &Report<'_>) -> Phrase {
    let (capture, summary) = (&report.capture, &report.summary);
    let flows = how_many(capture.flows, Countable::Flow);
    let audited = grouped(summary.flows_audited);
    let mut text = phrase!(heard_flows, "{flows}, {audited} audited", flows, audited);
    let (out, back, midstream) = (
        capture.only_initiator,
        capture.only_responder,
        capture.midstream,
    );
    if out > 0 {
        text = phrase!(
            heard_only_initiator,
            "{text}, {count} heard only from the initiator",
            text,
            count = grouped(out)
        );
    }
    if back > 0 {
        text = phrase!(
            heard_only_responder,
            "{text}, {count} heard only from the responder",
            text,
            count = grouped(back)
        );
    }
    if midstream > 0 {
        text = phrase!(
            heard_midstream,
            "{text}, {count} under way at the start",
            text,
            count = grouped(midstream)
        );
    }
    let dns = how_many(capture.dns_transactions, Countable::DnsTransaction);
    phrase!(heard_and_dns, "{text}; {dns}", text, dns)
}

fn inputs(report: &Report<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let inputs = &report.capture.inputs;
    let all = look.all || inputs.len() <= INPUTS;
    for input in inputs {
        let wrong = !input.damage.is_empty() || input.lost.total() > 0;
        if !(all || wrong || !input.notes.is_empty()) {
            continue;
        }
        let ink = if wrong { Ink::Warn } else { Ink::Faint };
        let frames = how_many(input.frames, Countable::Frame);
        let text = match input.span {
            Some(span) => {
                phrase!(
                    input_frames_and_period,
                    "{path}: {frames}, {period}",
                    path = input.path,
                    frames,
                    period = period(span)
                )
            }
            None => phrase!(input_frames, "{path}: {frames}", path = input.path, frames),
        };
        let label = look.word(word!(label_input, "input"));
        look.labelled(out, label, ink, &look.say(&text))?;
        let shown = if look.all { usize::MAX } else { 3 };
        for damage in input.damage.iter().take(shown) {
            look.labelled(out, "", Ink::Warn, damage)?;
        }
        for note in &input.notes {
            look.labelled(out, "", Ink::Warn, &look.say(note))?;
        }
        let more = input.damage.len().saturating_sub(shown);
        if more > 0 {
            let text = phrase!(
                and_so_many_more,
                "and {more} more",
                more = grouped(more as u64)
            );
            look.labelled(out, "", Ink::Faint, &look.say(&text))?;
        }
    }
    Ok(())
}

fn by_reason(reasons: &BTreeMap<String, u64>, look: &Look) -> Phrase {
    if reasons.is_empty() {
        return Phrase::default();
    }
    let mut sorted: Vec<(&String, &u64)> = reasons.iter().collect();
    sorted.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), reason.as_str()));
    let most = if look.all { usize::MAX } else { REASONS };
    let shown = sorted.iter().take(most);
    let shown: Vec<String> = shown
        .map(|(reason, count)| format!("{reason} {}", grouped(**count)))
        .collect();
    let list = shown.join(", ");
    match sorted.len().saturating_sub(most) {
        0 => phrase!(reasons_listed, " ({list})", list),
        more => phrase!(more_reasons, " ({list}, {more} more reasons)", list, more),
    }
}
