//! The requirements as a checklist, by document and service.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::findings::requirement_id;
use super::overview::status_tone;
use super::texts::PageTexts;
use crate::judge::StatusKind;
use crate::report::Report;
use crate::report::rules_list::parties;
use crate::report::view::RequirementView;
use crate::wording::{SaidTemplate, phrase, word};

/// Requirements that are written out; requirements.csv has all.
const MOST: usize = 5000;

type RowsByService<'r, 'a> = BTreeMap<&'r str, Vec<&'r RequirementView<'a>>>;

pub(super) fn section(report: &Report<'_>, texts: &PageTexts) -> Markup {
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
            h2 id="checklist-title" { (texts.word(word!(title_requirements, "Requirements"))) }
            @for (document, services) in &documents {
                h3 { (document) }
                @if let Some(known) = report.rules.iter().find(|known| known.id == *document) {
                    p.note { (known.vendor) ", " (known.product) ": " (known.page) }
                }
                @for (name, rows) in services {
                    @let shown = shown(rows);
                    @if shown > 0 { (service(name, &rows[..shown], texts)) }
                }
            }
            @if active.len() > MOST {
                @let more = active.len() - MOST;
                p.note {
                    (texts.said(&phrase!(more_in_requirements_csv, "{more} more requirements are in requirements.csv.", more)))
                }
            }
            @if !off.is_empty() {
                p.note {
                    (texts.said(&phrase!(more_off_in_csv, "{count} more are off at this site; requirements.csv says by which condition.", count = off.len())))
                }
            }
        }
    }
}

fn service(name: &str, rows: &[&RequirementView<'_>], texts: &PageTexts) -> Markup {
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
    let satisfied = rows.iter().filter(is(StatusKind::Satisfied)).count();
    let satisfied = phrase!(
        satisfied_of_all,
        "{satisfied} of {all} satisfied",
        satisfied,
        all = rows.len()
    );
    let label = match name.is_empty() {
        true => texts.word(word!(rows_of_no_service, "requirements of no service")),
        false => texts.said(&phrase!(
            rows_of_service,
            "requirements of {service}",
            service = name
        )),
    };
    html! {
        details.service open[worst.is_broken()] {
            summary {
                span class={ "dot " (status_tone(worst)) } {}
                span.name {
                    @if name.is_empty() { (texts.word(NO_SERVICE)) } @else { (name) }
                }
                span.count { (texts.say(&satisfied)) }
            }
            div.wide tabindex="0" role="region" aria-label=(label.here)
                data-w-aria-label=[label.place]
            { table {
                thead { tr {
                    (texts.column(word!(column_requirement, "requirement")))
                    (texts.column(word!(column_outcome, "outcome")))
                    (texts.column(word!(column_to, "to")))
                    (texts.column(word!(column_ports, "ports")))
                    (texts.column(word!(column_how_it_fared, "how it fared")))
                    (texts.column(word!(column_page, "page")))
                } }
                tbody { @for row in rows { (requirement(row, texts)) } }
            } }
        }
    }
}

/// Instead of the name of a service.
pub(super) const NO_SERVICE: &SaidTemplate = word!(no_service_named, "(no service named)");

fn requirement(row: &RequirementView<'_>, texts: &PageTexts) -> Markup {
    let (listed, status) = (&row.listed, row.outcome.kind());
    let short = listed.id.strip_prefix(listed.document).unwrap_or(listed.id);
    html! { tr id=(requirement_id(listed.id)) {
        td.id { (short.trim_start_matches('/')) }
        td {
            @let words = texts.word(status.words());
            span class={ "badge " (status_tone(status)) } data-w=[words.place] { (words.here) }
        }
        td.name { (parties(&listed.to)) }
        td { (listed.ports.join(" ")) " " (listed.transport.join(" ")) }
        @let message = texts.say(&row.message);
        td data-w=[message.place] { (message.here) }
        td {
            (listed.cite.table) "; " (listed.cite.row)
            @if let Some(line) = listed.cite.line {
                (texts.said(&phrase!(and_line, ", line {line}", line)))
            }
        }
    } }
}
