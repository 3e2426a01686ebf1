//! A comparison for people, as JSON, as one JSON object a line, and as CSV.

use std::io::Write;

use serde::Serialize;

use super::{Change, ChangeKind, Comparison, Side};
use crate::judge::{FindingCode, NotSeen, Outcome, Stage, StatusKind};
use crate::report::text::visible;
use crate::report::{
    Counts, CsvTable, Format, Ink, Look, ReportError, Table, destination, grouped, json_line, title,
};
use crate::wording::{Language, Phrase, SaidTemplate, phrase, word};

const BEFORE: &SaidTemplate = word!(label_before, "before");
const AFTER: &SaidTemplate = word!(label_after, "after");

/// Rows of one kind, unless all are wanted.
const ROWS: usize = 40;

/// Columns of the CSV.
pub(crate) const COLUMNS: [&str; 11] = [
    "change",
    "worse",
    "initiator",
    "target",
    "port",
    "transport",
    "before",
    "after",
    "evidence",
    "requirements",
    "finding",
];

/// Writes a comparison.
///
/// # Errors
/// Those of the writer.
pub fn write_comparison(
    comparison: &Comparison,
    format: Format,
    look: &Look,
    mut out: impl Write,
) -> Result<(), ReportError> {
    match format {
        Format::Json => json_line(&mut out, comparison)?,
        Format::Ndjson => lines(comparison, &mut out)?,
        Format::Csv => {
            let mut table = CsvTable::new(&mut out, &COLUMNS)?;
            for change in &comparison.changes {
                table.row(cells(change))?;
            }
            table.finish()?;
        }
        Format::Human => human(comparison, look, &mut out)?,
    }
    Ok(out.flush()?)
}

fn cells(change: &Change) -> [String; 11] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    [
        change.change.to_string(),
        change.worse.to_string(),
        change.initiator.map_or(String::new(), |ip| ip.to_string()),
        change.target.clone(),
        change.port.map_or(String::new(), |port| port.to_string()),
        text(&change.transport),
        text(&change.before),
        text(&change.after),
        change.evidence.join(" "),
        change.requirements.join(" "),
        text(&change.finding),
    ]
}

fn lines(comparison: &Comparison, out: &mut impl Write) -> Result<(), ReportError> {
    #[derive(Serialize)]
    struct ComparisonLine<T> {
        kind: &'static str,
        #[serde(flatten)]
        object: T,
    }
    #[derive(Serialize)]
    struct ComparisonSummary<'c> {
        before: &'c Side,
        after: &'c Side,
        worse: bool,
        exit: u8,
        counts: &'c Counts<ChangeKind>,
    }
    let summary = ComparisonSummary {
        before: &comparison.before,
        after: &comparison.after,
        worse: comparison.worse,
        exit: comparison.exit,
        counts: &comparison.counts,
    };
    json_line(
        out,
        &ComparisonLine {
            kind: "summary",
            object: summary,
        },
    )?;
    let changes = comparison.changes.iter();
    changes
        .map(|object| ComparisonLine {
            kind: "change",
            object,
        })
        .try_for_each(|line| json_line(out, &line))
}

fn human(comparison: &Comparison, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    for (label, side) in [(BEFORE, &comparison.before), (AFTER, &comparison.after)] {
        let label = look.word(label);
        if !look.quiet {
            let span = side.first.as_ref().zip(side.last.as_ref());
            let path = &side.path;
            let told = match span {
                Some((first, last)) => {
                    phrase!(side_from_to, "{path}, {first} to {last}", path, first, last)
                }
                None => path.as_str().into(),
            };
            look.labelled(out, label, Ink::Faint, &look.say(&told))?;
        }
        for why in &side.incomplete {
            let in_part = look.word(word!(label_in_part, "in part"));
            look.labelled(out, in_part, Ink::Warn, &format!("{label}: {why}"))?;
        }
    }
    let parts: Vec<String> = ChangeKind::ALL
        .iter()
        .filter(|kind| comparison.counts.of(kind) > 0)
        .map(|kind| {
            let told = told(*kind, comparison.counts.of(kind));
            look.ink(ink(*kind), &look.say(&told))
        })
        .collect();
    if parts.is_empty() {
        writeln!(
            out,
            "{}",
            look.ink(
                Ink::Good,
                look.word(word!(nothing_changed, "nothing changed"))
            )
        )?;
        return Ok(());
    }
    writeln!(out, "{}", parts.join("   "))?;
    for kind in ChangeKind::ALL {
        let changes: Vec<&Change> = comparison
            .changes
            .iter()
            .filter(|c| c.change == *kind)
            .collect();
        if changes.is_empty() {
            continue;
        }
        if look.quiet {
            for change in changes {
                let text = format!("{kind} {}: {}", what(change), from_to(change, look));
                writeln!(out, "{}", look.ink(ink(*kind), &visible(&text)))?;
            }
            continue;
        }
        title(
            &format!("{} ({})", look.word(heading(*kind)), changes.len()),
            ink(*kind),
            look,
            out,
        )?;
        let most = if look.all { usize::MAX } else { ROWS };
        let mut table = Table::new(
            [
                word!(column_what, "what"),
                word!(column_before_and_after, "before and after"),
            ]
            .map(|word| look.word(word)),
        );
        for change in changes.iter().take(most) {
            table.row([what(change), from_to(change, look)]);
        }
        table.write(look, out)?;
        if changes.len() > most {
            let more = changes.len() - most;
            let more = phrase!(more_with_v, "and {more} more; -v shows them", more);
            let text = format!("  {}", look.say(&more));
            writeln!(out, "{}", look.ink(Ink::Faint, &text))?;
        }
    }
    Ok(())
}

/// How often, in the first line.
fn told(kind: ChangeKind, count: u64) -> Phrase {
    let counted = |what| phrase!(count_of_kind, "{count} {what}", count, what);
    match (kind, count) {
        (ChangeKind::RequirementLost, 1) => {
            word!(one_requirement_lost, "1 requirement lost").into()
        }
        (ChangeKind::RequirementLost, _) => phrase!(
            requirements_lost,
            "{count} requirements lost",
            count = grouped(count)
        ),
        (ChangeKind::RequirementMet, 1) => word!(one_requirement_met, "1 requirement met").into(),
        (ChangeKind::RequirementMet, _) => phrase!(
            requirements_met,
            "{count} requirements met",
            count = grouped(count)
        ),
        (ChangeKind::RequirementChanged, 1) => {
            word!(one_requirement_otherwise, "1 requirement otherwise").into()
        }
        (ChangeKind::RequirementChanged, _) => phrase!(
            requirements_otherwise,
            "{count} requirements otherwise",
            count = grouped(count)
        ),
        (ChangeKind::Broke, _) => counted(word!(change_broke, "broke")),
        (ChangeKind::NewlyStopped, _) => counted(word!(change_newly_stopped, "newly stopped")),
        (ChangeKind::NewlyIntercepted, _) => {
            counted(word!(change_newly_intercepted, "newly intercepted"))
        }
        (ChangeKind::NewUnexpected, _) => counted(word!(change_new_unexpected, "new unexpected")),
        (ChangeKind::NowWorks, 0 | 1) => counted(word!(change_now_works, "now works")),
        (ChangeKind::NowWorks, _) => counted(word!(change_now_work, "now work")),
        (ChangeKind::NotIntercepted, _) => {
            counted(word!(change_not_intercepted, "not intercepted"))
        }
        (ChangeKind::GoneUnexpected, _) => {
            counted(word!(change_unexpected_gone, "unexpected gone"))
        }
        (ChangeKind::StillStopped, _) => counted(word!(change_still_stopped, "still stopped")),
        (ChangeKind::NotTriedAgain, _) => counted(word!(change_not_tried_again, "not tried again")),
    }
}

const fn heading(kind: ChangeKind) -> &'static SaidTemplate {
    match kind {
        ChangeKind::Broke => word!(compared_broke, "Was reached, and is stopped now"),
        ChangeKind::NewlyStopped => word!(
            compared_newly_stopped,
            "Tried for the first time, and stopped"
        ),
        ChangeKind::RequirementLost => word!(
            compared_requirement_lost,
            "Requirements that are stopped now"
        ),
        ChangeKind::NewlyIntercepted => word!(
            compared_newly_intercepted,
            "Opened on the path now, and not before"
        ),
        ChangeKind::NewUnexpected => word!(compared_new_unexpected, "Unexpected, and new"),
        ChangeKind::NowWorks => word!(compared_now_works, "Was stopped, and is reached now"),
        ChangeKind::RequirementMet => word!(
            compared_requirement_met,
            "Requirements that are satisfied now"
        ),
        ChangeKind::NotIntercepted => {
            word!(compared_not_intercepted, "Not opened on the path any more")
        }
        ChangeKind::GoneUnexpected => word!(
            compared_gone_unexpected,
            "Unexpected, and not seen any more"
        ),
        ChangeKind::StillStopped => word!(compared_still_stopped, "Still stopped"),
        ChangeKind::NotTriedAgain => word!(
            compared_not_tried_again,
            "Was stopped, and was not tried again"
        ),
        ChangeKind::RequirementChanged => word!(
            compared_requirement_changed,
            "Requirements that fared otherwise before"
        ),
    }
}

const fn ink(kind: ChangeKind) -> Ink {
    match kind {
        kind if kind.is_worse() => Ink::Bad,
        ChangeKind::NowWorks
        | ChangeKind::RequirementMet
        | ChangeKind::NotIntercepted
        | ChangeKind::GoneUnexpected => Ink::Good,
        ChangeKind::StillStopped => Ink::Warn,
        _ => Ink::Plain,
    }
}

fn what(change: &Change) -> String {
    let who = change
        .initiator
        .map_or(String::new(), |ip| format!("{ip} \u{2192} "));
    let to = destination(&change.target, change.port, change.transport.as_deref());
    format!("{who}{to}")
}

fn from_to(change: &Change, look: &Look) -> String {
    // The code is that of what stopped it, so it stands beside the side that was or is stopped.
    let code = match change.evidence.first() {
        Some(code) if change.finding.is_none() => format!(" [{code}]"),
        _ => String::new(),
    };
    let words = |side: &Option<String>| side.as_deref().map(|text| went(text, look));
    match (words(&change.before), words(&change.after)) {
        (Some(before), Some(after)) if change.change == ChangeKind::NowWorks => {
            format!("{before}{code} \u{2192} {after}")
        }
        (Some(before), Some(after)) => format!("{before} \u{2192} {after}{code}"),
        (Some(only), None) | (None, Some(only)) => format!("{only}{code}"),
        (None, None) => code,
    }
}

/// How a side went, which is data as reports have it: an outcome, with or without its stage; how a requirement fared, with or
/// without why; or a finding's code and its words. Those are in English, so that other languages say what the code means.
fn went(text: &str, look: &Look) -> String {
    if look.language == Language::English {
        return text.replace('_', " ");
    }
    if let Some((first, rest)) = text.split_once(": ") {
        let status = first.parse::<StatusKind>().map(StatusKind::words);
        if let (Ok(status), Ok(why)) = (status, rest.parse::<NotSeen>()) {
            return look
                .say(&Phrase::from(status).about(why.words()))
                .into_owned();
        }
        if let Ok(code) = first.parse::<FindingCode>() {
            return look.word(code.about()).to_owned();
        }
    }
    let (first, stage) = text.split_once(" at ").unwrap_or((text, ""));
    let outcome = first.parse::<Outcome>().map(Outcome::words);
    let outcome = outcome.or_else(|_| first.parse::<StatusKind>().map(StatusKind::words));
    match (outcome, stage.parse::<Stage>()) {
        (Ok(outcome), Ok(stage)) => {
            let said = phrase!(outcome_at_stage, "{outcome} at {stage}", outcome, stage);
            look.say(&said).into_owned()
        }
        (Ok(outcome), Err(_)) if stage.is_empty() => look.word(outcome).to_owned(),
        _ => text.replace('_', " "),
    }
}
