//! Findings told at length: verdict, evidence, the page's row, what to do.

use std::io::Write;

use super::findings::{HOSTS, more};
use super::group::FindingGroup;
use super::look::{Ink, Look, frames};
use super::severity_ink;
use super::{ADDRESS, COMMENT, CONTROL, DO, NEEDED_BY, SEEN, VERDICT};
use crate::judge::FindingCode;
use crate::report::ReportError;
use crate::report::how_many::{Countable, how_many};
use crate::report::text::visible;
use crate::report::view::FindingView;
use crate::wording::{Phrase, phrase, word};

/// Groups shown, unless all are wanted.
const CARDS: usize = 8;

pub(super) fn cards(
    code: FindingCode,
    groups: &[FindingGroup<'_>],
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let most = if look.all { usize::MAX } else { CARDS };
    for (i, group) in groups.iter().take(most).enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        card(code, group, look, out)?;
    }
    more(groups.len(), most, look, out)
}

fn card(
    code: FindingCode,
    group: &FindingGroup<'_>,
    look: &Look,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let finding = group.first;
    let ink = severity_ink(code.severity());
    let (who, what) = (group.who(look), group.what());
    let aim = format!("{} \u{2192} {}", visible(&who), visible(&what));
    writeln!(
        out,
        "  {} {}",
        look.ink(ink, "\u{25cf}"),
        look.ink(Ink::Strong, &aim)
    )?;
    if group.hosts.len() > 1 {
        let label = look.word(word!(label_hosts, "hosts"));
        look.labelled(out, label, Ink::Plain, &look.say(&hosts(group)))?;
    }
    let target = finding.target;
    if group.addresses.iter().any(|ip| ip.to_string() != target) {
        let addresses = some(group.addresses.iter().map(ToString::to_string), look);
        look.labelled(out, look.word(ADDRESS), Ink::Plain, &look.say(&addresses))?;
    }
    look.labelled(
        out,
        look.word(VERDICT),
        ink,
        &look.say(&verdict(finding, group)),
    )?;
    if finding.evidence_details.is_empty() {
        let frames = frames(&group.frames, group.omitted);
        let seen = match (finding.message.is_empty(), frames.is_empty()) {
            (_, true) => finding.message.clone(),
            (true, false) => frames,
            (false, false) => finding.message.then(&frames),
        };
        look.labelled(out, look.word(SEEN), Ink::Plain, &look.say(&seen))?;
    }
    let shown = if look.all { usize::MAX } else { 2 };
    for evidence in finding.evidence_details.iter().take(shown) {
        let shown = phrase!(
            evidence_and_frames,
            "{words} [{code}] {frames}",
            words = evidence.words,
            code = evidence.code.as_str(),
            frames = frames(&evidence.frames, 0)
        );
        look.labelled(
            out,
            look.word(SEEN),
            Ink::Plain,
            look.say(&shown).trim_end(),
        )?;
    }
    if let Some(control) = &finding.control {
        look.labelled(out, look.word(CONTROL), Ink::Plain, &look.say(control))?;
    }
    for comment in &finding.comments {
        let (text, frame) = (format_args!("{:?}", comment.text), comment.frame);
        let text = phrase!(comment_in_frame, "{text} [frame {frame}]", text, frame);
        look.labelled(out, look.word(COMMENT), Ink::Faint, &look.say(&text))?;
    }
    needed(finding, look, out)?;
    for advice in group.advice(look) {
        look.labelled(out, look.word(DO), Ink::Good, &advice)?;
    }
    Ok(())
}

fn hosts(group: &FindingGroup<'_>) -> Phrase {
    let named: Vec<&str> = group.hosts.iter().take(HOSTS).map(String::as_str).collect();
    let more = group.hosts.len().saturating_sub(HOSTS);
    Phrase::from(named.join(", ")).and_more(more)
}

/// The first few, and how many more.
fn some(all: impl Iterator<Item = String>, look: &Look) -> Phrase {
    let all: Vec<String> = all.collect();
    let named = if look.all {
        all.len()
    } else {
        all.len().min(HOSTS)
    };
    Phrase::from(all[..named].join(", ")).and_more(all.len() - named)
}

fn verdict(finding: &FindingView<'_>, group: &FindingGroup<'_>) -> Phrase {
    let outcome = match (finding.outcome, finding.stage) {
        (Some(outcome), Some(stage)) => Some(phrase!(
            outcome_at_stage,
            "{outcome} at {stage}",
            outcome = outcome.words(),
            stage
        )),
        (Some(outcome), None) => Some(outcome.words().into()),
        (None, Some(stage)) => Some(phrase!(at_stage, "at {stage}", stage)),
        (None, None) => None,
    };
    let grade = finding.confidence;
    let grade = grade.map(|grade| phrase!(of_grade, "grade {grade}", grade = grade.as_str()));
    let attempts = (group.flows > 0).then(|| how_many(group.flows, Countable::Attempt));
    let until = finding.reached_until.map(|until| {
        let until = until.to_string();
        let clock = until.get(11..19).unwrap_or(&until);
        phrase!(reached_until_clock, "reached until {clock}", clock)
    });
    let parts = [outcome, grade, attempts, group.when(), until];
    Phrase::list(parts.into_iter().flatten())
}

/// The requirements that a finding rests on, with their place on the page.
fn needed(finding: &FindingView<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let shown = if look.all { usize::MAX } else { 2 };
    for cite in finding.cites.iter().take(shown) {
        let mut text = Phrase::from(cite.requirement);
        let there = |part: &str| !part.is_empty();
        if there(cite.service) {
            text = phrase!(
                cited_service,
                "{text}; {service}",
                text,
                service = cite.service
            );
        }
        if there(cite.page) {
            text = phrase!(cited_page, "{text}; page {page}", text, page = cite.page);
        }
        if there(cite.table) {
            text = phrase!(
                cited_table,
                "{text}; table {table}",
                text,
                table = cite.table
            );
        }
        if there(cite.row) {
            text = phrase!(cited_row, "{text}; row {row}", text, row = cite.row);
        }
        if let Some(line) = cite.line {
            text = phrase!(cited_line, "{text}, line {line}", text, line);
        }
        if !cite.entries.is_empty() {
            let entries = some(cite.entries.iter().cloned(), look);
            text = phrase!(cited_entries, "{text}; entry {entries}", text, entries);
        }
        look.labelled(out, look.word(NEEDED_BY), Ink::Plain, &look.say(&text))?;
    }
    let more = finding.cites.len().saturating_sub(shown);
    if more > 0 {
        let more = how_many(more as u64, Countable::MoreRequirement);
        let text = phrase!(and_others, "and {more}", more);
        look.labelled(out, "", Ink::Faint, &look.say(&text))?;
    }
    Ok(())
}
