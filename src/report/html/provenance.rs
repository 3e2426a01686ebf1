//! What was run on what, so that a reviewer can do it again.

use maud::{Markup, html};

use super::texts::PageTexts;
use crate::model::CaptureTime;
use crate::report::{DocumentView, InputView, Report};
use crate::wording::{Phrase, phrase, word};

/// Inputs that are listed; report.json has all.
const MOST: usize = 500;

pub(super) fn section(report: &Report<'_>, texts: &PageTexts) -> Markup {
    let (summary, inputs) = (&report.summary, &report.capture.inputs);
    let tool = match &summary.commit {
        Some(commit) => {
            phrase!(
                tool_and_commit,
                "{tool} {version}, commit {commit}",
                tool = summary.tool,
                version = summary.version,
                commit
            )
        }
        None => format!("{} {}", summary.tool, summary.version).into(),
    };
    let meaning = summary.meaning;
    let exit = phrase!(
        exit_and_meaning,
        "{exit}: {meaning}",
        exit = summary.exit,
        meaning
    );
    let inputs_label = texts.word(word!(table_inputs, "inputs"));
    let documents_label = texts.word(word!(table_documents, "rule documents"));
    html! {
        section id="provenance" aria-labelledby="provenance-title" {
            h2 id="provenance-title" { (texts.word(word!(title_provenance, "Where this comes from"))) }
            dl.facts {
                (texts.fact_said(word!(label_tool, "tool"), &tool))
                (texts.fact(word!(label_arguments, "arguments"), summary.arguments.join(" ")))
                @if let Some(digest) = &summary.site_sha256 {
                    (texts.fact(word!(label_site_file, "site file"), format_args!("SHA-256 {digest}")))
                }
                (texts.fact_said(word!(label_exit_status, "exit status"), &exit))
            }
            div.wide tabindex="0" role="region" aria-label=(inputs_label.here)
                data-w-aria-label=[inputs_label.place]
            { table {
                thead { tr {
                    (texts.column(word!(label_input, "input")))
                    (texts.column(word!(label_frames, "frames")))
                    (texts.column(word!(column_first, "first")))
                    (texts.column(word!(column_last, "last")))
                    (texts.column(word!(column_bytes, "bytes")))
                    th { "SHA-256" }
                    (texts.column(word!(column_damage, "damage")))
                } }
                tbody { @for input in inputs.iter().take(MOST) { (row_of_input(input, texts)) } }
            } }
            @if inputs.len() > MOST {
                @let more = inputs.len() - MOST;
                p.note {
                    (texts.said(&phrase!(more_inputs, "{more} more inputs are in report.json.", more)))
                }
            }
            div.wide tabindex="0" role="region" aria-label=(documents_label.here)
                data-w-aria-label=[documents_label.place]
            { table {
                thead { tr {
                    (texts.column(word!(column_rule_document, "rule document")))
                    (texts.column(word!(column_in_force, "in force")))
                    (texts.column(word!(column_taken_since, "taken since")))
                    (texts.column(word!(column_requirements, "requirements")))
                    (texts.column(word!(column_file, "file")))
                    th { "SHA-256" }
                } }
                tbody {
                    @for document in &report.rules { (row_of_document(document, texts)) }
                }
            } }
        }
    }
}

fn row_of_input(input: &InputView, texts: &PageTexts) -> Markup {
    let time = |time: Option<CaptureTime>| time.map_or(String::new(), |time| time.to_string());
    let damage = input
        .damage
        .iter()
        .map(|found| Phrase::from(found.as_str()));
    let wrong = damage.chain(input.notes.iter().cloned());
    let wrong = wrong
        .reduce(|all, next| all.then(&next))
        .unwrap_or_default();
    html! { tr {
        td.name { (input.path) }
        td { (input.frames) }
        td { (time(input.span.map(|span| span.first))) }
        td { (time(input.span.map(|span| span.last))) }
        td { @if let Some(bytes) = input.bytes { (bytes) } }
        td.digest { (input.sha256.as_deref().unwrap_or_default()) }
        td { (texts.say(&wrong)) }
    } }
}

fn row_of_document(document: &DocumentView, texts: &PageTexts) -> Markup {
    let in_force = match document.in_force {
        true => word!(yes, "yes"),
        false => word!(no, "no"),
    };
    html! { tr {
        td.name { (document.id) }
        td { (texts.word(in_force)) }
        td { (texts.say(&document.why)) }
        td { (document.requirements) }
        td { (document.file) }
        td.digest { (document.sha256) }
    } }
}
