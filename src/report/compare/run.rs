//! What a comparison needs of one audit, from its report or from report.json.

use std::io::Read;
use std::net::IpAddr;

use serde::Deserialize;
use serde_json::json;

use crate::report::build::SCHEMA;
use crate::report::{Report, ReportError};

/// One audit.
#[derive(Clone, Debug, Deserialize)]
pub struct Run {
    pub(super) summary: RunSummary,
    pub(super) findings: Vec<RunFinding>,
    pub(super) intents: Vec<RunIntent>,
    pub(super) requirements: Vec<RunRequirement>,
    pub(super) capture: RunCapture,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunSummary {
    pub(super) schema: u32,
    pub(super) incomplete: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunCapture {
    pub(super) span: Option<RunSpan>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunSpan {
    pub(super) first: String,
    pub(super) last: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunFinding {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) initiator: Option<IpAddr>,
    pub(super) target: String,
    pub(super) port: Option<u16>,
    pub(super) transport: Option<String>,
    pub(super) message: String,
    pub(super) requirements: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunIntent {
    pub(super) initiator: IpAddr,
    pub(super) fqdn: Option<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) port: Option<u16>,
    pub(super) transport: String,
    pub(super) outcome: String,
    pub(super) stage: Option<String>,
    pub(super) evidence: Vec<String>,
    pub(super) requirements: Vec<String>,
    pub(super) first: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunRequirement {
    pub(super) id: String,
    pub(super) service: String,
    pub(super) outcome: String,
    pub(super) reason: Option<String>,
}

/// Why a file is no report to compare.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Not the JSON of a report.
    #[error("is no report.json of pktaudit: {0}")]
    NotAReport(#[from] serde_json::Error),
    /// Of another version of the fields.
    #[error(
        "is a report of schema {0}, this pktaudit compares schema {SCHEMA}; audit the capture again"
    )]
    Schema(u32),
}

impl Run {
    /// Reads a report.json. What a comparison does not need is skipped and takes no memory.
    ///
    /// # Errors
    /// Where it is not one, or one of another schema.
    pub fn read(from: impl Read) -> Result<Self, RunError> {
        let run: Self = serde_json::from_reader(from)?;
        match run.summary.schema {
            SCHEMA => Ok(run),
            other => Err(RunError::Schema(other)),
        }
    }

    /// What report.json would say of a report.
    ///
    /// # Errors
    /// None that depends on what was captured.
    pub fn of(report: &Report<'_>) -> Result<Self, ReportError> {
        Ok(serde_json::from_value(json!({
            "summary": report.summary,
            "findings": report.findings,
            "intents": report.intents().collect::<Vec<_>>(),
            "requirements": report.requirements,
            "capture": report.capture,
        }))?)
    }
}
