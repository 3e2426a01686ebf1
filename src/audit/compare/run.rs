//! What a comparison needs of one audit, from its report or from report.json.

use std::io::Read;
use std::net::IpAddr;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::judge::{Code, FindingCode, Outcome, Stage, StatusKind};
use crate::model::UnknownWord;
use crate::report::{Report, ReportError, SCHEMA};

/// One audit.
#[derive(Clone, Debug, Deserialize)]
pub struct AuditDigest {
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
    #[serde(deserialize_with = "word")]
    pub(super) code: FindingCode,
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
    #[serde(deserialize_with = "word")]
    pub(super) outcome: Outcome,
    #[serde(deserialize_with = "word_or_null")]
    pub(super) stage: Option<Stage>,
    #[serde(deserialize_with = "words")]
    pub(super) evidence: Vec<Code>,
    pub(super) requirements: Vec<String>,
    pub(super) first: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RunRequirement {
    pub(super) id: String,
    pub(super) service: String,
    #[serde(deserialize_with = "word")]
    pub(super) outcome: StatusKind,
    pub(super) reason: Option<String>,
}

/// A word as a report writes it.
fn word<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: FromStr<Err = UnknownWord>,
    D: Deserializer<'de>,
{
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

fn word_or_null<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err = UnknownWord>,
    D: Deserializer<'de>,
{
    let word = Option::<String>::deserialize(from)?;
    let word = word.map(|word| word.parse()).transpose();
    word.map_err(D::Error::custom)
}

fn words<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: FromStr<Err = UnknownWord>,
    D: Deserializer<'de>,
{
    let words = Vec::<String>::deserialize(from)?;
    let words: Result<_, _> = words.iter().map(|word| word.parse()).collect();
    words.map_err(D::Error::custom)
}

/// Why a file is no report to compare.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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

impl AuditDigest {
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
