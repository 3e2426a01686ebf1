//! Findings told at length: verdict, evidence, the page's row, what to do.

use std::io::Write;

use super::findings::{HOSTS, more};
use super::group::FindingGroup;
use super::look::{Ink, Look, counted, frames};
use super::severity_ink;
use crate::judge::FindingCode;
use crate::report::ReportError;
use crate::report::text::visible;
use crate::report::view::FindingView;

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
    let (who, what) = (group.who(), group.what());
    let aim = format!("{} \u{2192} {}", visible(&who), visible(&what));
    writeln!(
        out,
        "  {} {}",
        look.ink(ink, "\u{25cf}"),
        look.ink(Ink::Strong, &aim)
    )?;
    if group.hosts.len() > 1 {
        look.labelled(out, "hosts", Ink::Plain, &hosts(group))?;
    }
    let target = finding.target;
    if group.addresses.iter().any(|ip| ip.to_string() != target) {
        let addresses = some(group.addresses.iter().map(ToString::to_string), look);
        look.labelled(out, "address", Ink::Plain, &addresses)?;
    }
    look.labelled(out, "verdict", ink, &verdict(finding, group))?;
    if finding.evidence_details.is_empty() {
        let seen = format!(
            "{}; {}",
            finding.message,
            frames(&group.frames, group.omitted)
        );
        look.labelled(out, "seen", Ink::Plain, seen.trim_end_matches("; "))?;
    }
    let shown = if look.all { usize::MAX } else { 2 };
    for evidence in finding.evidence_details.iter().take(shown) {
        let where_ = frames(&evidence.frames, 0);
        let text = format!("{} [{}] {where_}", evidence.words, evidence.code);
        look.labelled(out, "seen", Ink::Plain, text.trim_end())?;
    }
    if let Some(control) = &finding.control {
        look.labelled(out, "control", Ink::Plain, control)?;
    }
    for comment in &finding.comments {
        let text = format!("{:?} [frame {}]", comment.text, comment.frame);
        look.labelled(out, "comment", Ink::Faint, &text)?;
    }
    needed(finding, look, out)?;
    for advice in group.advice() {
        look.labelled(out, "do", Ink::Good, &advice)?;
    }
    Ok(())
}

fn hosts(group: &FindingGroup<'_>) -> String {
    let named: Vec<&str> = group.hosts.iter().take(HOSTS).map(String::as_str).collect();
    match group.hosts.len().saturating_sub(HOSTS) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// The first few, and how many more.
fn some(all: impl Iterator<Item = String>, look: &Look) -> String {
    let all: Vec<String> = all.collect();
    let named = if look.all {
        all.len()
    } else {
        all.len().min(HOSTS)
    };
    let rest = match all.len() - named {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    format!("{}{rest}", all[..named].join(", "))
}

fn verdict(finding: &FindingView<'_>, group: &FindingGroup<'_>) -> String {
    let mut parts = Vec::new();
    parts.extend(
        finding
            .outcome
            .map(|outcome| outcome.to_string().replace('_', " ")),
    );
    parts.extend(finding.stage.map(|stage| format!("at {stage}")));
    let mut text = parts.join(" ");
    if let Some(grade) = finding.confidence {
        text.push_str(&format!(", grade {grade}"));
    }
    if group.flows > 0 {
        text.push_str(&format!(", {}", counted(group.flows, "attempt")));
    }
    let when = group.when();
    if !when.is_empty() {
        text.push_str(&format!(", {when}"));
    }
    if let Some(until) = finding.reached_until {
        let until = until.to_string();
        let clock = until.get(11..19).unwrap_or(&until);
        text.push_str(&format!(", reached until {clock}"));
    }
    text.trim_start_matches(", ").to_owned()
}

/// The requirements that a finding rests on, with their place on the page.
fn needed(finding: &FindingView<'_>, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let shown = if look.all { usize::MAX } else { 2 };
    for cite in finding.cites.iter().take(shown) {
        let mut text = cite.requirement.to_owned();
        for (name, part) in [
            ("", cite.service),
            ("page ", cite.page),
            ("table ", cite.table),
            ("row ", cite.row),
        ] {
            if !part.is_empty() {
                text.push_str(&format!("; {name}{part}"));
            }
        }
        if let Some(line) = cite.line {
            text.push_str(&format!(", line {line}"));
        }
        if !cite.entries.is_empty() {
            let entries = some(cite.entries.iter().cloned(), look);
            text.push_str(&format!("; entry {entries}"));
        }
        look.labelled(out, "needed by", Ink::Plain, &text)?;
    }
    let more = finding.cites.len().saturating_sub(shown);
    if more > 0 {
        look.labelled(
            out,
            "",
            Ink::Faint,
            &format!("and {}", counted(more as u64, "more requirement")),
        )?;
    }
    Ok(())
}
