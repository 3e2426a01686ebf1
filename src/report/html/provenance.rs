//! What was run on what, so that a reviewer can do it again.

use std::io::{self, Write};

use super::page::Page;
use crate::report::Report;

pub(super) fn write(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    let summary = &report.summary;
    page.markup("<section id=\"provenance\" aria-labelledby=\"provenance-title\">\n<h2 id=\"provenance-title\">Where this comes from</h2>\n<dl class=\"facts\">")?;
    let commit = summary
        .commit
        .as_deref()
        .map_or(String::new(), |commit| format!(", commit {commit}"));
    page.fact(
        "tool",
        format_args!("{} {}{commit}", summary.tool, summary.version),
    )?;
    page.fact("arguments", summary.arguments.join(" "))?;
    if let Some(digest) = &summary.site_sha256 {
        page.fact("site file", format_args!("SHA-256 {digest}"))?;
    }
    page.fact(
        "exit status",
        format_args!("{}: {}", summary.exit, summary.meaning),
    )?;
    page.markup("</dl>\n<div class=\"wide\"><table>\n<thead><tr><th>input</th><th>frames</th><th>first</th><th>last</th><th>bytes</th><th>SHA-256</th><th>damage</th></tr></thead>\n<tbody>\n")?;
    let most = 500;
    for input in report.capture.inputs.iter().take(most) {
        page.markup("<tr>")?;
        page.element("td", "name", &input.path)?;
        page.element("td", "", input.frames)?;
        page.element(
            "td",
            "",
            input
                .span
                .map_or(String::new(), |span| span.first.to_string()),
        )?;
        page.element(
            "td",
            "",
            input
                .span
                .map_or(String::new(), |span| span.last.to_string()),
        )?;
        page.element(
            "td",
            "",
            input.bytes.map_or(String::new(), |bytes| bytes.to_string()),
        )?;
        page.element("td", "digest", input.sha256.as_deref().unwrap_or_default())?;
        let wrong: Vec<&str> = input
            .damage
            .iter()
            .chain(&input.notes)
            .map(String::as_str)
            .collect();
        page.element("td", "", wrong.join("; "))?;
        page.markup("</tr>\n")?;
    }
    page.markup("</tbody></table></div>\n")?;
    let more = report.capture.inputs.len().saturating_sub(most);
    if more > 0 {
        page.element(
            "p",
            "note",
            format_args!("{more} more inputs are in report.json."),
        )?;
    }
    page.markup("<div class=\"wide\"><table>\n<thead><tr><th>rule document</th><th>in force</th><th>taken since</th><th>requirements</th><th>file</th><th>SHA-256</th></tr></thead>\n<tbody>\n")?;
    for document in &report.rules {
        page.markup("<tr>")?;
        page.element("td", "name", &document.id)?;
        page.element("td", "", if document.in_force { "yes" } else { "no" })?;
        page.element("td", "", &document.why)?;
        page.element("td", "", document.requirements)?;
        page.element("td", "", &document.file)?;
        page.element("td", "digest", &document.sha256)?;
        page.markup("</tr>\n")?;
    }
    page.markup("</tbody></table></div>\n</section>\n")
}
