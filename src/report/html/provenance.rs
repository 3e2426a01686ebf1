//! What was run on what, so that a reviewer can do it again.

use maud::{Markup, html};

use super::page::fact;
use crate::model::CaptureTime;
use crate::report::{DocumentView, InputView, Report};

/// Inputs that are listed; report.json has all.
const MOST: usize = 500;

pub(super) fn section(report: &Report<'_>) -> Markup {
    let (summary, inputs) = (&report.summary, &report.capture.inputs);
    html! {
        section id="provenance" aria-labelledby="provenance-title" {
            h2 id="provenance-title" { "Where this comes from" }
            dl.facts {
                dt { "tool" }
                dd {
                    (summary.tool) " " (summary.version)
                    @if let Some(commit) = &summary.commit { ", commit " (commit) }
                }
                (fact("arguments", summary.arguments.join(" ")))
                @if let Some(digest) = &summary.site_sha256 {
                    (fact("site file", format_args!("SHA-256 {digest}")))
                }
                (fact("exit status", format_args!("{}: {}", summary.exit, summary.meaning)))
            }
            div.wide tabindex="0" role="region" aria-label="inputs" { table {
                thead { tr {
                    th { "input" } th { "frames" } th { "first" } th { "last" } th { "bytes" }
                    th { "SHA-256" } th { "damage" }
                } }
                tbody { @for input in inputs.iter().take(MOST) { (row_of_input(input)) } }
            } }
            @if inputs.len() > MOST {
                p.note { (inputs.len() - MOST) " more inputs are in report.json." }
            }
            div.wide tabindex="0" role="region" aria-label="rule documents" { table {
                thead { tr {
                    th { "rule document" } th { "in force" } th { "taken since" }
                    th { "requirements" } th { "file" } th { "SHA-256" }
                } }
                tbody { @for document in &report.rules { (row_of_document(document)) } }
            } }
        }
    }
}

fn row_of_input(input: &InputView) -> Markup {
    let time = |time: Option<CaptureTime>| time.map_or(String::new(), |time| time.to_string());
    let wrong = input.damage.iter().chain(&input.notes);
    let wrong: Vec<&str> = wrong.map(String::as_str).collect();
    html! { tr {
        td.name { (input.path) }
        td { (input.frames) }
        td { (time(input.span.map(|span| span.first))) }
        td { (time(input.span.map(|span| span.last))) }
        td { @if let Some(bytes) = input.bytes { (bytes) } }
        td.digest { (input.sha256.as_deref().unwrap_or_default()) }
        td { (wrong.join("; ")) }
    } }
}

fn row_of_document(document: &DocumentView) -> Markup {
    html! { tr {
        td.name { (document.id) }
        td { @if document.in_force { "yes" } @else { "no" } }
        td { (document.why) }
        td { (document.requirements) }
        td { (document.file) }
        td.digest { (document.sha256) }
    } }
}
