//! `report.html`: one file that works from disk, without network, for whoever has to judge the audit.
//!
//! What does not depend on the number of flows is markup made here by templates, so that it is there without a script and prints;
//! the flows are embedded as compact JSON, of which the script shows as many rows as fit the window. The page's own
//! style and script are named to the browser by their digests, and nothing else may run or be fetched.
//!
//! | file | what |
//! |---|---|
//! | `page` | its parts on their way to a writer |
//! | `overview` | verdict counts and how far the capture can be trusted |
//! | `picture` | who needs which service, and how these fared |
//! | `checklist` | requirements by service |
//! | `findings` | findings with their evidence |
//! | `exchange`, `ladder` | what was sent in an attempt, and its drawing |
//! | `timeline` | flows and findings over time |
//! | `destinations` | unexpected destinations by bytes |
//! | `flow_data` | the flows for the script |
//! | `provenance` | what was run on what |

mod checklist;
mod destinations;
mod exchange;
mod findings;
mod flow_data;
mod ladder;
mod overview;
mod page;
mod picture;
mod provenance;
#[cfg(test)]
mod tests;
mod timeline;

use std::io::Write;

use maud::{DOCTYPE, Markup, html};

use super::{Report, ReportError};
use crate::judge::{FindingCode, Outcome, Severity};
use page::HtmlPage;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Writes the page.
///
/// # Errors
/// Those of the writer.
pub fn write_html(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut page = HtmlPage::new(out);
    page.part(&html! { (DOCTYPE) })?;
    page.frame("<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")?;
    page.policy(STYLE, SCRIPT)?;
    page.part(&about(report))?;
    for markup in ["<style>", STYLE, "</style>\n</head>\n<body>\n"] {
        page.frame(markup)?;
    }
    page.part(&overview::header(report))?;
    page.frame("<main>\n")?;
    // Each part is made when the one before it is written, and bounded by how much of a kind it shows.
    page.part(&picture::section(report))?;
    page.part(&overview::trust(report))?;
    page.part(&timeline::section(report))?;
    findings::write(report, &mut page)?;
    page.part(&destinations::section(report))?;
    page.part(&checklist::section(report))?;
    page.part(&flows())?;
    page.part(&provenance::section(report))?;
    page.frame("</main>\n")?;
    page.data("flow-data", &flow_data::FlowData::of(report))?;
    for markup in ["<script>", SCRIPT, "</script>\n</body>\n</html>\n"] {
        page.frame(markup)?;
    }
    Ok(page.finish()?)
}

/// What the browser is told about the page.
fn about(report: &Report<'_>) -> Markup {
    html! {
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="referrer" content="no-referrer";
        meta name="color-scheme" content="light dark";
        title { (title(report)) }
    }
}

/// Where the script puts the flows.
fn flows() -> Markup {
    html! {
        section id="flows" aria-labelledby="flows-title" {
            h2 id="flows-title" { "Flows " span.count id="flow-count" {} }
            noscript {
                p {
                    "The table of flows needs the script of this page; flows.csv has the same rows."
                }
            }
            p.only-print { "The flows are in flows.csv." }
            div id="flow-tools" class="tools no-print" hidden {
                input id="flow-search" type="search"
                    placeholder="address, name, port, outcome; all words must match"
                    aria-label="Search flows" autocomplete="off" spellcheck="false";
                select id="flow-outcome" aria-label="Outcome" {
                    option value="" { "every outcome" }
                }
                button id="flow-clear" type="button" { "Clear" }
            }
            p id="flow-note" class="note no-print" hidden {}
            div id="flow-frame" class="no-print" hidden tabindex="0" role="region"
                aria-label="Flows"
            {
                table id="flow-head" { thead { tr {} } }
                div id="flow-space" { table id="flow-rows" { tbody {} } }
            }
            div id="flow-detail" class="card no-print" hidden {}
        }
    }
}

fn title(report: &Report<'_>) -> String {
    let site = &report.summary.site;
    let day = report.capture.span.map(|span| span.first.to_string());
    let day = day
        .and_then(|day| day.get(..10).map(ToOwned::to_owned))
        .unwrap_or_default();
    let parts = ["pktaudit", site, &day];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" · ")
}

/// How an outcome is coloured.
const fn tone(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok | Outcome::OkAfterRetry => "good",
        Outcome::BlockedConfirmed | Outcome::BlockedLikely => "bad",
        Outcome::FailedUnattributed | Outcome::Unexpected | Outcome::Unnamed => "warn",
        _ => "dim",
    }
}

/// How a kind of finding is coloured.
const fn finding_tone(code: FindingCode) -> &'static str {
    match code.severity() {
        Severity::High => "bad",
        Severity::Medium => "warn",
        Severity::Low => "dim",
    }
}
