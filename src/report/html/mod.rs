//! `report.html`: one file that works from disk, without network, for whoever has to judge the audit.
//!
//! What does not depend on the number of flows is markup made here, so that it is there without a script and prints;
//! the flows are embedded as compact JSON, of which the script shows as many rows as fit the window. The page's own
//! style and script are named to the browser by their digests, and nothing else may run or be fetched.
//!
//! | file | what |
//! |---|---|
//! | `page` | markup and text, kept apart |
//! | `overview` | verdict counts and how far the capture can be trusted |
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
mod provenance;
#[cfg(test)]
mod tests;
mod timeline;

use std::io::Write;

use super::{Report, ReportError};
use crate::judge::{FindingCode, Outcome};
use page::{Digest, Page};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Writes the page.
///
/// # Errors
/// Those of the writer.
pub fn write_html(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut whole = Page::new(out);
    let page = &mut whole;
    page.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")?;
    page.markup("<meta http-equiv=\"Content-Security-Policy\"")?;
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        Digest(STYLE),
        Digest(SCRIPT)
    );
    // The quotes of the policy are no danger inside a quoted attribute; escaped they mean the same to the browser.
    page.attribute("content", policy)?;
    page.markup(
        ">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>",
    )?;
    page.text(title(report))?;
    page.markup("</title>\n<style>")?;
    page.markup(STYLE)?;
    page.markup("</style>\n</head>\n<body>\n<header>\n")?;
    overview::head(report, page)?;
    page.markup("</header>\n<main>\n")?;
    overview::trust(report, page)?;
    timeline::write(report, page)?;
    findings::write(report, page)?;
    destinations::write(report, page)?;
    checklist::write(report, page)?;
    page.markup(FLOWS)?;
    provenance::write(report, page)?;
    page.markup("</main>\n")?;
    let data = flow_data::FlowData::of(report);
    page.data("flow-data", &data)?;
    page.markup("<script>")?;
    page.markup(SCRIPT)?;
    page.markup("</script>\n</body>\n</html>\n")?;
    Ok(whole.finish()?)
}

/// Where the script puts the flows.
const FLOWS: &str = r#"<section id="flows" aria-labelledby="flows-title">
<h2 id="flows-title">Flows <span class="count" id="flow-count"></span></h2>
<noscript><p>The table of flows needs the script of this page; flows.csv has the same rows.</p></noscript>
<p class="only-print">The flows are in flows.csv.</p>
<div id="flow-tools" class="tools no-print" hidden>
<input id="flow-search" type="search" placeholder="address, name, port, outcome; all words must match" aria-label="Search flows" autocomplete="off" spellcheck="false">
<select id="flow-outcome" aria-label="Outcome"><option value="">every outcome</option></select>
<button id="flow-clear" type="button">Clear</button>
</div>
<p id="flow-note" class="note no-print" hidden></p>
<div id="flow-frame" class="no-print" hidden tabindex="0" role="region" aria-label="Flows">
<table id="flow-head"><thead><tr></tr></thead></table>
<div id="flow-space"><table id="flow-rows"><tbody></tbody></table></div>
</div>
<div id="flow-detail" class="card no-print" hidden></div>
</section>
"#;

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
        crate::judge::Severity::High => "bad",
        crate::judge::Severity::Medium => "warn",
        crate::judge::Severity::Low => "dim",
    }
}
