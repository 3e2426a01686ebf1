//! A comparison for people, as JSON, as one JSON object a line, and as CSV.

use std::io::Write;

use serde::Serialize;

use super::{Change, ChangeKind, Comparison, Side};
use crate::report::text::visible;
use crate::report::{
    Counts, CsvTable, Format, Ink, Look, ReportError, Table, counted, destination, json_line, title,
};

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
    for (label, side) in [("before", &comparison.before), ("after", &comparison.after)] {
        if !look.quiet {
            let span = side.first.as_ref().zip(side.last.as_ref());
            let span = span.map_or(String::new(), |(first, last)| {
                format!(", {first} to {last}")
            });
            look.labelled(out, label, Ink::Faint, &format!("{}{span}", side.path))?;
        }
        for why in &side.incomplete {
            look.labelled(out, "in part", Ink::Warn, &format!("{label}: {why}"))?;
        }
    }
    let parts: Vec<String> = ChangeKind::ALL
        .iter()
        .filter(|kind| comparison.counts.of(kind) > 0)
        .map(|kind| look.ink(ink(*kind), &told(*kind, comparison.counts.of(kind))))
        .collect();
    if parts.is_empty() {
        writeln!(out, "{}", look.ink(Ink::Good, "nothing changed"))?;
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
                let text = format!("{kind} {}: {}", what(change), from_to(change));
                writeln!(out, "{}", look.ink(ink(*kind), &visible(&text)))?;
            }
            continue;
        }
        title(
            &format!("{} ({})", heading(*kind), changes.len()),
            ink(*kind),
            look,
            out,
        )?;
        let most = if look.all { usize::MAX } else { ROWS };
        let mut table = Table::new(["what", "before and after"]);
        for change in changes.iter().take(most) {
            table.row([what(change), from_to(change)]);
        }
        table.write(look, out)?;
        if changes.len() > most {
            let text = format!("  and {} more; -v shows them", changes.len() - most);
            writeln!(out, "{}", look.ink(Ink::Faint, &text))?;
        }
    }
    Ok(())
}

/// How often, in the first line.
fn told(kind: ChangeKind, count: u64) -> String {
    let requirements = || counted(count, "requirement");
    match kind {
        ChangeKind::RequirementLost => format!("{} lost", requirements()),
        ChangeKind::RequirementMet => format!("{} met", requirements()),
        ChangeKind::RequirementChanged => format!("{} otherwise", requirements()),
        ChangeKind::NowWorks if count > 1 => format!("{count} now work"),
        ChangeKind::GoneUnexpected => format!("{count} unexpected gone"),
        _ => format!("{count} {}", kind.as_str().replace('-', " ")),
    }
}

const fn heading(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Broke => "Was reached, and is stopped now",
        ChangeKind::NewlyStopped => "Tried for the first time, and stopped",
        ChangeKind::RequirementLost => "Requirements that are stopped now",
        ChangeKind::NewlyIntercepted => "Opened on the path now, and not before",
        ChangeKind::NewUnexpected => "Unexpected, and new",
        ChangeKind::NowWorks => "Was stopped, and is reached now",
        ChangeKind::RequirementMet => "Requirements that are satisfied now",
        ChangeKind::NotIntercepted => "Not opened on the path any more",
        ChangeKind::GoneUnexpected => "Unexpected, and not seen any more",
        ChangeKind::StillStopped => "Still stopped",
        ChangeKind::NotTriedAgain => "Was stopped, and was not tried again",
        ChangeKind::RequirementChanged => "Requirements that fared otherwise before",
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

fn from_to(change: &Change) -> String {
    // The code is that of what stopped it, so it stands beside the side that was or is stopped.
    let code = match change.evidence.first() {
        Some(code) if change.finding.is_none() => format!(" [{code}]"),
        _ => String::new(),
    };
    let words = |side: &Option<String>| side.as_ref().map(|text| text.replace('_', " "));
    match (words(&change.before), words(&change.after)) {
        (Some(before), Some(after)) if change.change == ChangeKind::NowWorks => {
            format!("{before}{code} \u{2192} {after}")
        }
        (Some(before), Some(after)) => format!("{before} \u{2192} {after}{code}"),
        (Some(only), None) | (None, Some(only)) => format!("{only}{code}"),
        (None, None) => code,
    }
}
