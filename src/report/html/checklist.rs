//! The requirements as a checklist, by document and service.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::findings::requirement_id;
use super::overview::status_tone;
use super::page::Page;
use crate::judge::StatusKind;
use crate::report::Report;
use crate::report::rules_list::parties;
use crate::report::view::RequirementView;

/// Requirements that are written out; requirements.csv has all.
const MOST: usize = 5000;

type Services<'r, 'a> = BTreeMap<&'r str, Vec<&'r RequirementView<'a>>>;

pub(super) fn write(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    page.markup("<section id=\"checklist\" aria-labelledby=\"checklist-title\">\n<h2 id=\"checklist-title\">Requirements</h2>\n")?;
    let mut documents: BTreeMap<&str, Services<'_, '_>> = BTreeMap::new();
    let mut off = 0;
    for row in &report.requirements {
        if row.outcome.kind() == StatusKind::NotActive {
            off += 1;
            continue;
        }
        let services = documents.entry(row.listed.document).or_default();
        services.entry(row.listed.service).or_default().push(row);
    }
    let mut left = MOST;
    for (document, services) in &documents {
        page.element("h3", "", document)?;
        if let Some(known) = report.rules.iter().find(|known| known.id == *document) {
            page.element(
                "p",
                "note",
                format_args!("{}, {}: {}", known.vendor, known.product, known.page),
            )?;
        }
        for (name, rows) in services {
            let shown = rows.len().min(left);
            left -= shown;
            if shown > 0 {
                service(name, &rows[..shown], page)?;
            }
        }
    }
    let all: usize = documents
        .values()
        .flat_map(BTreeMap::values)
        .map(Vec::len)
        .sum();
    if all > MOST {
        page.element(
            "p",
            "note",
            format_args!("{} more requirements are in requirements.csv.", all - MOST),
        )?;
    }
    if off > 0 {
        page.element(
            "p",
            "note",
            format_args!(
                "{off} more are off at this site; requirements.csv says by which condition."
            ),
        )?;
    }
    page.markup("</section>\n")
}

fn service(
    name: &str,
    rows: &[&RequirementView<'_>],
    page: &mut Page<impl Write>,
) -> io::Result<()> {
    let satisfied = rows
        .iter()
        .filter(|row| row.outcome.kind() == StatusKind::Satisfied)
        .count();
    let worst = [
        StatusKind::Violated,
        StatusKind::Blocked,
        StatusKind::Failed,
        StatusKind::NotSeen,
        StatusKind::Inconclusive,
    ];
    let worst = worst
        .into_iter()
        .find(|status| rows.iter().any(|row| row.outcome.kind() == *status));
    page.markup("<details class=\"service\"")?;
    if worst.is_some_and(StatusKind::is_broken) {
        page.markup(" open")?;
    }
    page.markup("><summary>")?;
    page.markup("<span")?;
    page.attribute(
        "class",
        format_args!(
            "dot {}",
            status_tone(worst.unwrap_or(StatusKind::Satisfied))
        ),
    )?;
    page.markup("></span>")?;
    page.element(
        "span",
        "name",
        if name.is_empty() {
            "(no service named)"
        } else {
            name
        },
    )?;
    page.element(
        "span",
        "count",
        format_args!("{satisfied} of {} satisfied", rows.len()),
    )?;
    page.markup("</summary>\n<div class=\"wide\"><table>\n<thead><tr><th>requirement</th><th>outcome</th><th>to</th><th>ports</th><th>how it fared</th><th>page</th></tr></thead>\n<tbody>\n")?;
    for row in rows {
        page.markup("<tr")?;
        page.attribute("id", requirement_id(row.listed.id))?;
        page.markup(">")?;
        let short = row
            .listed
            .id
            .strip_prefix(row.listed.document)
            .unwrap_or(row.listed.id);
        page.element("td", "id", short.trim_start_matches('/'))?;
        page.markup("<td>")?;
        page.markup("<span")?;
        page.attribute(
            "class",
            format_args!("badge {}", status_tone(row.outcome.kind())),
        )?;
        page.markup(">")?;
        page.text(row.outcome.kind().as_str().replace('_', " "))?;
        page.markup("</span></td>")?;
        page.element("td", "name", parties(&row.listed.to))?;
        page.element(
            "td",
            "",
            format_args!(
                "{} {}",
                row.listed.ports.join(" "),
                row.listed.transport.join(" ")
            ),
        )?;
        page.element("td", "", &row.message)?;
        let line = row
            .listed
            .cite
            .line
            .map_or(String::new(), |line| format!(", line {line}"));
        page.element(
            "td",
            "",
            format_args!("{}; {}{line}", row.listed.cite.table, row.listed.cite.row),
        )?;
        page.markup("</tr>\n")?;
    }
    page.markup("</tbody></table></div></details>\n")
}
