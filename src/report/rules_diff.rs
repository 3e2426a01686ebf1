//! Two sets of requirements compared, for people, spreadsheets, programs and change tickets.

use std::io::Write;

use super::csv::CsvTable;
use super::human::{Ink, Look, Table, counted};
use super::text::visible;
use super::{Format, ReportError};
use crate::diff::{Action, Change, Difference, Used};

const COLUMNS: [&str; 14] = [
    "action",
    "kind",
    "destination",
    "was",
    "now",
    "service",
    "covered_by",
    "about",
    "old_cite",
    "new_cite",
    "used_flows",
    "used_by",
    "used_first",
    "used_last",
];

/// The sections of a ticket, in its order.
const SECTIONS: [(Action, &str); 5] = [
    (Action::Open, "Must be opened"),
    (Action::Change, "Must be changed"),
    (Action::Close, "May be closed"),
    (Action::Covered, "New, and covered by what was open before"),
    (Action::Note, "Nothing to open or close"),
];

/// Writes what differs.
///
/// # Errors
/// Those of the writer.
pub(crate) fn write_rules_diff(
    difference: &Difference,
    format: Format,
    look: &Look,
    mut out: impl Write,
) -> Result<(), ReportError> {
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, difference).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        Format::Ndjson => {
            for change in &difference.changes {
                serde_json::to_writer(&mut out, change).map_err(std::io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
        Format::Csv => {
            let mut table = CsvTable::new(&mut out, &COLUMNS)?;
            for change in &difference.changes {
                table.row(cells(change))?;
            }
            table.finish()?;
        }
        Format::Human => human(difference, look, &mut out)?,
    }
    Ok(out.flush()?)
}

/// Writes what differs as Markdown, for a change ticket.
///
/// # Errors
/// Those of the writer.
pub(crate) fn write_rules_diff_markdown(
    difference: &Difference,
    mut out: impl Write,
) -> Result<(), ReportError> {
    writeln!(
        out,
        "# Firewall changes: {} to {}\n",
        escaped(&difference.old),
        escaped(&difference.new)
    )?;
    writeln!(out, "{}.\n", summary(difference))?;
    for (action, title) in SECTIONS {
        let changes: Vec<&Change> = difference
            .changes
            .iter()
            .filter(|c| c.action == action)
            .collect();
        if changes.is_empty() {
            continue;
        }
        writeln!(out, "## {title} ({})\n", changes.len())?;
        let with_use = changes.iter().any(|change| change.used.is_some());
        let used = if with_use { " Used by |" } else { "" };
        writeln!(out, "| Destination | Was | Becomes | For | Where |{used}")?;
        writeln!(
            out,
            "|---|---|---|---|---|{}",
            if with_use { "---|" } else { "" }
        )?;
        for change in changes {
            let place = change.new_cite.as_ref().or(change.old_cite.as_ref());
            write!(
                out,
                "| {} | {} | {} | {} | {} |",
                code(&change.destination),
                escaped(&change.was.join("; ")),
                escaped(&becomes(change)),
                escaped(&change.service),
                escaped(place.map_or("", String::as_str)),
            )?;
            if with_use {
                write!(
                    out,
                    " {} |",
                    escaped(&change.used.as_ref().map_or(String::new(), use_in_words))
                )?;
            }
            writeln!(out)?;
        }
        writeln!(out)?;
    }
    Ok(out.flush()?)
}

fn becomes(change: &Change) -> String {
    let mut words = change.now.clone();
    words.extend(change.covered_by.iter().map(|by| match change.action {
        Action::Close => format!("still open by {by}"),
        _ => format!("open already by {by}"),
    }));
    words.extend(change.about.iter().cloned());
    words.join("; ")
}

fn summary(difference: &Difference) -> String {
    let count = |action| difference.count(action);
    format!(
        "{} to open, {} to change, {} may be closed, {} covered already, {} with other facts; {} the same",
        count(Action::Open),
        count(Action::Change),
        count(Action::Close),
        count(Action::Covered),
        count(Action::Note),
        difference.same
    )
}

fn human(difference: &Difference, look: &Look, out: &mut impl Write) -> Result<(), ReportError> {
    let title = format!(
        "{} -> {}: {}",
        difference.old,
        difference.new,
        summary(difference)
    );
    writeln!(out, "{}", look.ink(Ink::Strong, &visible(&title)))?;
    for (action, title) in SECTIONS {
        let changes: Vec<&Change> = difference
            .changes
            .iter()
            .filter(|c| c.action == action)
            .collect();
        if changes.is_empty() {
            continue;
        }
        let heading = format!(
            "\n{title}: {}",
            counted(changes.len() as u64, "destination")
        );
        writeln!(out, "{}", look.ink(Ink::Strong, &heading))?;
        let mut table = Table::new(["destination", "was", "becomes", "for"]);
        for change in &changes {
            table.row([
                change.destination.clone(),
                change.was.join("; "),
                becomes(change),
                change.service.clone(),
            ]);
        }
        table.write(look, out)?;
        for change in changes {
            if let Some(used) = &change.used {
                writeln!(
                    out,
                    "  {}: {}",
                    visible(&change.destination),
                    use_in_words(used)
                )?;
            }
        }
    }
    Ok(())
}

fn use_in_words(used: &Used) -> String {
    if used.flows == 0 {
        return "not used in the report".to_owned();
    }
    let hosts: Vec<String> = used.hosts.iter().map(ToString::to_string).collect();
    let more = if used.more_hosts { " and more" } else { "" };
    let last = used.last.as_deref().unwrap_or_default();
    format!(
        "still used: {} by {}{more}, last {last}",
        counted(used.flows, "flow"),
        hosts.join(", ")
    )
}

fn cells(change: &Change) -> [String; 14] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let used = change.used.as_ref();
    let hosts = used.map(|u| {
        u.hosts
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    });
    [
        change.action.as_str().to_owned(),
        change.kind.to_owned(),
        change.destination.clone(),
        change.was.join(" | "),
        change.now.join(" | "),
        change.service.clone(),
        text(&change.covered_by),
        change.about.join(" | "),
        text(&change.old_cite),
        text(&change.new_cite),
        used.map_or(String::new(), |u| u.flows.to_string()),
        hosts.unwrap_or_default(),
        used.and_then(|u| u.first.clone()).unwrap_or_default(),
        used.and_then(|u| u.last.clone()).unwrap_or_default(),
    ]
}

/// Text that stays in its cell and is no markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(
            c,
            '|' | '*' | '_' | '`' | '<' | '>' | '[' | ']' | '#' | '\\'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A name as code, in which nothing but a backtick and a bar means anything.
fn code(text: &str) -> String {
    format!("`{}`", visible(text).replace('`', "'").replace('|', "\\|"))
}
