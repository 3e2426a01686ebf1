//! A judgement to bytes on a given writer, one format a file.
//!
//! [`Report::new`] gathers everything once, so that all formats say the same; what comes from packets and rule files
//! stays in there as it is, and each format makes it harmless with [`text`] when it writes.
//!
//! | file | what |
//! |---|---|
//! | `view`, `build`, `judged_flow` | the neutral view, and how it is made |
//! | `flows`, `dns` | flows and DNS transactions as `pktaudit flows` prints them |
//! | `conn_log` | flows as Zeek's conn.log |
//! | `json`, `csv`, `human`, `html` | one format each |
//! | `schema` | the JSON Schema of report.json |
//! | `sarif`, `junit` | for pipelines |
//! | `rules_list`, `rules_diff` | requirements listed, and two sets of them compared |
//! | `import_rest` | what an import did not understand |
//! | `problems` | what is wrong with rule files |
//! | `evidence`, `finding_id` | the frames that findings name, and the names of findings |
//! | `write`, `aside` | files that appear whole or not at all |
//! | `explain` | long texts of codes |
//! | `text` | makes untrusted text harmless |
//! | `how_many` | what is counted, in words |

mod aside;
mod build;
mod conn_log;
mod csv;
mod dns;
mod entry;
mod evidence;
mod explain;
mod finding_id;
mod flows;
mod how_many;
mod html;
mod human;
#[cfg(feature = "cli")]
mod import_rest;
mod json;
mod judged_flow;
mod junit;
mod looked_at;
mod pieces;
mod problems;
#[cfg(feature = "cli")]
mod rules_diff;
mod rules_list;
mod sarif;
mod schema;
pub mod text;
mod view;
mod write;

#[cfg(test)]
pub(crate) mod sample;

use std::path::PathBuf;

use crate::judge::Judgement;
use crate::model::Loss;
use crate::observe::Capture;
use crate::rules::{RuleSet, SetChoice};
use crate::source::{Input, InputRecord};

pub use conn_log::write_conn_log;
pub use csv::{
    Column, FINDING_COLUMNS, REQUIREMENT_COLUMNS, VERDICT_COLUMNS, write_findings_csv,
    write_flows_csv, write_requirements_csv,
};
pub use dns::{DnsView, write_dns};
pub use evidence::MarkedFrame;
pub use explain::{explain, explain_finding, explained, explained_page, nearest_word};
pub use flows::{FLOW_COLUMNS, FlowView, write_flows};
pub use html::write_html;
pub(crate) use human::grouped;
pub use human::{Look, Paint, write_human};
#[cfg(feature = "cli")]
pub(crate) use import_rest::write_import_rest;
pub use json::{write_json, write_ndjson};
pub use judged_flow::{FlowOutcome, JudgedFlow};
pub use junit::write_junit;
pub use problems::{write_problems_csv, write_problems_json, write_problems_ndjson};
#[cfg(feature = "cli")]
pub(crate) use rules_diff::{write_rules_diff, write_rules_diff_markdown};
pub use rules_list::{write_rules_csv, write_rules_human};
pub use sarif::write_sarif;
pub use schema::report_schema;
pub use view::{
    CaptureView, CiteView, Counts, DocumentView, EvidenceView, FindingView, FrameCounts, InputView,
    IntentView, RequirementView, Span, Summary,
};
pub use write::{AsideFiles, directory_files, make_directory, write_directory, write_whole};

// What else tells of audits is written with these.
#[cfg(feature = "live")]
pub(crate) use aside::beside;
pub(crate) use build::SCHEMA;
pub(crate) use csv::CsvTable;
pub(crate) use human::{Ink, Table, counted, title};
pub(crate) use json::json_line;
#[cfg(feature = "live")]
pub(crate) use json::json_list;
pub(crate) use view::{destination, word};

/// Everything that a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    /// What was seen.
    pub capture: &'a Capture,
    /// What it means.
    pub judgement: &'a Judgement,
    /// What was asked for, and for which site.
    pub rules: &'a RuleSet,
    /// What was read, in order.
    pub inputs: &'a [InputRecord],
    /// All inputs by the ordinals that frames have, where some were read in another period; empty where `inputs` are all.
    pub all_inputs: &'a [Input],
    /// The version of this program.
    pub version: &'a str,
    /// The commit that it was built from, where that is known.
    pub commit: Option<&'a str>,
    /// SHA-256 of the site file, in hexadecimal digits; `None` without one.
    pub site_sha256: Option<&'a str>,
    /// The arguments that decide what is reported. Those that only say how it is worked out, such as the number of
    /// threads, are better left out: then reports of the same capture are equal byte by byte.
    pub arguments: &'a [String],
    /// The day on which dated requirements were judged, `YYYY-MM-DD`; `None` where each packet's own day counts.
    pub as_of: Option<&'a str>,
    /// The shipped sets among the rules, with why they are; other rules were named.
    pub sets: &'a [SetChoice],
}

/// How machines and people want it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// For people, on a terminal.
    #[default]
    Human,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values (RFC 4180) with a header line.
    Csv,
}

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The writer failed.
    #[error("cannot write the report: {0}")]
    Write(#[from] std::io::Error),
    /// A file could not be written; nothing of it is there.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl ReportError {
    /// Whether the reader of a pipe went away: no reason to complain.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// What the system said.
    fn into_io(self) -> std::io::Error {
        match self {
            Self::Write(error) => error,
            Self::File { source, .. } => source,
        }
    }
}

impl From<::csv::Error> for ReportError {
    fn from(error: ::csv::Error) -> Self {
        // Made an I/O error by the crate itself, it would not tell any more that a reader went away.
        match error.into_kind() {
            ::csv::ErrorKind::Io(error) => Self::Write(error),
            other => Self::Write(std::io::Error::other(format!("{other:?}"))),
        }
    }
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        Self::Write(error.into())
    }
}

/// A judged capture, ready to be written in any format.
#[derive(Debug)]
pub struct Report<'a> {
    /// Counts, exit status, and what was asked.
    pub summary: Summary,
    /// Worst first.
    pub findings: Vec<FindingView<'a>>,
    /// Ascending by id.
    pub requirements: Vec<RequirementView<'a>>,
    /// How far the capture can be trusted.
    pub capture: CaptureView,
    /// The rule documents, ascending by id.
    pub rules: Vec<DocumentView>,
    audit: Audit<'a>,
    /// What inputs are called, by the ordinals that frames have.
    files: Vec<String>,
    /// To which intent each flow belongs; a flow belongs to one at most.
    intent_of_flow: Vec<Option<u32>>,
}
