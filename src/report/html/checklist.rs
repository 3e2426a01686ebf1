//! The requirements as a checklist, by document and service.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::findings::requirement_id;
use super::overview::status_tone;
use crate::judge::StatusKind;
use crate::report::Report;
use crate::report::rules_list::parties;
use crate::report::view::RequirementView;

/// Requirements that are written out; requirements.csv has all.
const MOST: usize = 5000;

type RowsByService<'r, 'a> = BTreeMap<&'r str, Vec<&'r RequirementView<'a>>>;

pub(super) fn section(report: &Report<'_>) -> Markup {
    let active = |row: &&RequirementView<'_>| row.outcome.kind() != StatusKind::NotActive;
    let (active, off): (Vec<_>, Vec<_>) = report.requirements.iter().partition(active);
    let mut documents: BTreeMap<&str, RowsByService<'_, '_>> = BTreeMap::new();
    for row in &active {
        let services = documents.entry(row.listed.document).or_default();
        services.entry(row.listed.service).or_default().push(row);
    }
    let mut left = MOST;
    let mut shown = |rows: &[_]| {
        let shown = rows.len().min(left);
        left -= shown;
        shown
    };
    html! {
        section id="checklist" aria-labelledby="checklist-title" {
            h2 id="checklist-title" { "Requirements" }
            @for (document, services) in &documents {
                h3 { (document) }
                @if let Some(known) = report.rules.iter().find(|known| known.id == *document) {
                    p.note { (known.vendor) ", " (known.product) ": " (known.page) }
                }
                @for (name, rows) in services {
                    @let shown = shown(rows);
                    @if shown > 0 { (service(name, &rows[..shown])) }
                }
            }
            @if active.len() > MOST {
                p.note { (active.len() - MOST) " more requirements are in requirements.csv." }
            }
            @if !off.is_empty() {
                p.note {
                    (off.len())
                    " more are off at this site; requirements.csv says by which condition."
                }
            }
        }
    }
}

fn service(name: &str, rows: &[&RequirementView<'_>]) -> Markup {
    let is = |status| move |row: &&&RequirementView<'_>| row.outcome.kind() == status;
    let worst = [
        StatusKind::Violated,
        StatusKind::Blocked,
        StatusKind::Failed,
        StatusKind::NotSeen,
        StatusKind::Inconclusive,
    ];
    let worst = worst
        .into_iter()
        .find(|status| rows.iter().any(|row| is(*status)(&row)));
    let worst = worst.unwrap_or(StatusKind::Satisfied);
    html! {
        details.service open[worst.is_broken()] {
            summary {
                span class={ "dot " (status_tone(worst)) } {}
                span.name { @if name.is_empty() { "(no service named)" } @else { (name) } }
                span.count {
                    (rows.iter().filter(is(StatusKind::Satisfied)).count())
                    " of " (rows.len()) " satisfied"
                }
            }
            div.wide tabindex="0" role="region" aria-label={ "requirements of " (if name.is_empty() { "no service" } else { name }) } { table {
                thead { tr {
                    th { "requirement" } th { "outcome" } th { "to" } th { "ports" }
                    th { "how it fared" } th { "page" }
                } }
                tbody { @for row in rows { (requirement(row)) } }
            } }
        }
    }
}

fn requirement(row: &RequirementView<'_>) -> Markup {
    let (listed, status) = (&row.listed, row.outcome.kind());
    let short = listed.id.strip_prefix(listed.document).unwrap_or(listed.id);
    html! { tr id=(requirement_id(listed.id)) {
        td.id { (short.trim_start_matches('/')) }
        td {
            span class={ "badge " (status_tone(status)) } { (status.as_str().replace('_', " ")) }
        }
        td.name { (parties(&listed.to)) }
        td { (listed.ports.join(" ")) " " (listed.transport.join(" ")) }
        td { (row.message) }
        td {
            (listed.cite.table) "; " (listed.cite.row)
            @if let Some(line) = listed.cite.line { ", line " (line) }
        }
    } }
}
