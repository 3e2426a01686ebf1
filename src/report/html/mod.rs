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
//! | `texts` | what is said, in the language of the report and in the other one |

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
mod texts;
mod timeline;

use std::io::Write;

use maud::{DOCTYPE, Markup, html};

use super::{Report, ReportError};
use crate::judge::{FindingCode, Outcome, Severity};
use crate::wording::{Language, word};
use page::HtmlPage;
use texts::PageTexts;

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Writes the page. It has all languages, and begins in this one.
///
/// # Errors
/// Those of the writer.
pub fn write_html(
    report: &Report<'_>,
    language: Language,
    out: impl Write,
) -> Result<(), ReportError> {
    let mut page = HtmlPage::new(out);
    let texts = PageTexts::new(language);
    page.part(&html! { (DOCTYPE) })?;
    for markup in [
        "<html lang=\"",
        language.tag(),
        "\">\n<head>\n<meta charset=\"utf-8\">\n",
    ] {
        page.frame(markup)?;
    }
    page.policy(STYLE, SCRIPT)?;
    page.part(&about(report))?;
    for markup in ["<style>", STYLE, "</style>\n</head>\n<body>\n"] {
        page.frame(markup)?;
    }
    page.part(&overview::header(report, &texts))?;
    page.frame("<main>\n")?;
    // Each part is made when the one before it is written, and bounded by how much of a kind it shows.
    page.part(&picture::section(report, &texts))?;
    page.part(&overview::trust(report, &texts))?;
    page.part(&timeline::section(report, &texts))?;
    findings::write(report, &texts, &mut page)?;
    page.part(&destinations::section(report, &texts))?;
    page.part(&checklist::section(report, &texts))?;
    page.part(&flows(&texts))?;
    page.part(&provenance::section(report, &texts))?;
    page.frame("</main>\n")?;
    page.data("flow-data", &flow_data::FlowData::of(report))?;
    page.data("page-languages", &texts.into_data())?;
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
fn flows(texts: &PageTexts) -> Markup {
    let search = texts.word(word!(search_flows, "Search flows"));
    let all_words = texts.word(word!(
        search_flows_by,
        "address, name, port, outcome; all words must match"
    ));
    let outcome = texts.word(word!(filter_outcome, "Outcome"));
    let every = texts.word(word!(every_outcome, "every outcome"));
    let clear = texts.word(word!(clear_filter, "Clear"));
    let flows = texts.word(word!(title_flows, "Flows"));
    html! {
        section id="flows" aria-labelledby="flows-title" {
            h2 id="flows-title" { (flows) " " span.count id="flow-count" {} }
            noscript {
                p {
                    (texts.word(word!(flows_need_script, "The table of flows needs the script of this page; flows.csv has the same rows.")))
                }
            }
            p.only-print { (texts.word(word!(flows_in_csv, "The flows are in flows.csv."))) }
            div id="flow-tools" class="tools no-print" hidden {
                input id="flow-search" type="search"
                    placeholder=(all_words.here) data-w-placeholder=[all_words.place]
                    aria-label=(search.here) data-w-aria-label=[search.place]
                    autocomplete="off" spellcheck="false";
                select id="flow-outcome" aria-label=(outcome.here)
                    data-w-aria-label=[outcome.place]
                {
                    option value="" data-w=[every.place] { (every.here) }
                }
                button id="flow-clear" type="button" data-w=[clear.place] { (clear.here) }
            }
            p id="flow-note" class="note no-print" hidden {}
            div id="flow-frame" class="no-print" hidden tabindex="0" role="region"
                aria-label=(flows.here) data-w-aria-label=[flows.place]
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
