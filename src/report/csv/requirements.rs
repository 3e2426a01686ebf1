//! `requirements.csv`: one requirement a row, ascending by id.

use std::collections::BTreeMap;
use std::io::Write;

use super::whereabouts::{bytes, flows, frames_in_files};
use super::{Column, CsvTable, text, words};
use crate::report::rules_list;
use crate::report::view::{DocumentView, RequirementView};
use crate::report::{Report, ReportError};

/// Columns of `requirements.csv`.
pub const REQUIREMENT_COLUMNS: &[Column] = &[
    ("requirement", "text", "`document/row`"),
    ("document", "text", "the document's id"),
    ("service", "text", "what the flow is for"),
    ("from", "list", "who may open it"),
    ("to", "list", "where to"),
    (
        "ports",
        "list",
        "ports and ranges; empty where the page states none",
    ),
    (
        "transport",
        "list",
        "transports; empty where the page states none",
    ),
    ("region", "list", "regions, or `all`"),
    ("need", "word", "`required`, `optional`, `conditional`"),
    ("when", "sentences", "conditions"),
    (
        "outcome",
        "word",
        "`satisfied`, `violated`, `blocked`, `failed`, `inconclusive`, `not_seen`, `not_active`",
    ),
    (
        "reason",
        "text",
        "why it was not seen, or the condition that keeps it off",
    ),
    ("message", "text", "the outcome as a sentence"),
    (
        "absence_counts",
        "yes/no",
        "whether its absence proves something",
    ),
    (
        "excused_by",
        "text",
        "the group of which another member was seen",
    ),
    ("reached_by", "list", "hosts that reached the aim"),
    ("missed_by", "list", "hosts that tried and did not reach it"),
    (
        "resolved",
        "list",
        "names that were resolved but never tried",
    ),
    ("intents", "number", "how often it was wanted"),
    (
        "frames",
        "list",
        "frame numbers to look at, counted through all inputs",
    ),
    (
        "frames_omitted",
        "number",
        "how many more such frames there are",
    ),
    ("page", "text", "the vendor page"),
    ("table", "text", "table or heading"),
    ("row", "text", "row"),
    ("line", "number", "line of the text copy, from 1"),
    ("valid_from", "text", "first day"),
    ("valid_until", "text", "last day"),
    ("doubtful", "sentences", "doubts about destinations"),
    ("vendor", "text", "who publishes the page"),
    ("product", "text", "the product"),
    ("rule_sha256", "text", "SHA-256 of the rule file"),
    (
        "frames_in_files",
        "sentences",
        "the same frames as `file: numbers`, counted in each file by itself",
    ),
    ("first", "time", "first packet of a try"),
    ("last", "time", "last packet of a try"),
    ("attempts", "number", "flows that tried"),
    (
        "bytes_out",
        "number",
        "bytes of IP packets that the initiators sent in these flows",
    ),
    ("bytes_in", "number", "bytes of IP packets that came back"),
    ("findings", "list", "ids of the findings that rest on it"),
];

/// Writes `requirements.csv`: one requirement a row, ascending by id.
///
/// # Errors
/// Those of the writer.
pub fn write_requirements_csv(report: &Report<'_>, out: impl Write) -> Result<(), ReportError> {
    let mut findings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in &report.findings {
        for id in &finding.requirements {
            findings.entry(id).or_default().push(&finding.id);
        }
    }
    // Requirements share intents, some nearly all of them: what the flows of each carried is summed up once.
    let intents = report.audit.judgement.intents.iter();
    let carried: Vec<[u64; 2]> = intents
        .map(|intent| bytes(&flows(report, intent.attempts.iter().copied())))
        .collect();
    let mut table = CsvTable::documented(out, REQUIREMENT_COLUMNS)?;
    for requirement in &report.requirements {
        let ids = findings
            .get(requirement.listed.id)
            .map_or(&[][..], Vec::as_slice);
        table.row(cells(requirement, ids, &carried, report))?;
    }
    table.finish()
}

fn cells(
    requirement: &RequirementView<'_>,
    findings: &[&str],
    carried: &[[u64; 2]],
    report: &Report<'_>,
) -> Vec<String> {
    let listed = &requirement.listed;
    let document = report
        .rules
        .iter()
        .find(|document| document.id == listed.document);
    let document =
        |part: fn(&DocumentView) -> &String| document.map_or(String::new(), |d| part(d).clone());
    let intents = requirement.intents.iter();
    let intents: Vec<_> = intents
        .filter_map(|place| report.audit.judgement.intents.get(*place as usize))
        .collect();
    let bytes = |way: usize| {
        let places = requirement.intents.iter();
        let known = places.filter_map(|place| carried.get(*place as usize));
        known.map(|bytes| bytes[way]).sum::<u64>().to_string()
    };
    vec![
        listed.id.to_owned(),
        listed.document.to_owned(),
        listed.service.to_owned(),
        rules_list::parties(&listed.from),
        rules_list::parties(&listed.to),
        listed.ports.join(" "),
        listed.transport.join(" "),
        listed.region.join(" "),
        rules_list::word(&listed.need),
        listed.when.join(" | "),
        requirement.outcome.kind().to_string(),
        text(requirement.reason.as_ref()),
        requirement.message.clone(),
        requirement.absence_counts.to_string(),
        text(requirement.excused_by.as_ref()),
        words(requirement.reached_by),
        words(&requirement.missed_by),
        requirement.resolved.join(" "),
        requirement.intents.len().to_string(),
        words(&requirement.frames),
        requirement.frames_omitted.to_string(),
        listed.cite.page.to_owned(),
        listed.cite.table.to_owned(),
        listed.cite.row.to_owned(),
        text(listed.cite.line.as_ref()),
        text(listed.valid.from.as_ref()),
        text(listed.valid.until.as_ref()),
        listed.doubtful.join(" | "),
        document(|document| &document.vendor),
        document(|document| &document.product),
        document(|document| &document.sha256),
        frames_in_files(report, &requirement.stamps),
        text(
            intents
                .iter()
                .map(|intent| intent.span.0.time)
                .min()
                .as_ref(),
        ),
        text(
            intents
                .iter()
                .map(|intent| intent.span.1.time)
                .max()
                .as_ref(),
        ),
        intents
            .iter()
            .map(|intent| intent.attempts.len())
            .sum::<usize>()
            .to_string(),
        bytes(0),
        bytes(1),
        findings.join(" "),
    ]
}
