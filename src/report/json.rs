//! JSON: one document, or one object a line.
//!
//! What a terminal would obey is written as `\uXXXX`, which is the same JSON, so that `--format json` can be looked at
//! without harm and loses nothing.

use std::io::{self, Write};

use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use super::judged_flow::JudgedFlow;
use super::text::is_harmful;
use super::view::{
    CaptureView, DocumentView, FindingView, IntentView, RequirementView, Summary,
};
use super::{Report, ReportError};

/// Writes one JSON document: `summary`, `findings`, `intents`, `requirements`, `flows`, `capture`, `rules`.
///
/// # Errors
/// Those of the writer.
pub fn write_json(report: &Report<'_>, mut out: impl Write) -> Result<(), ReportError> {
    let document = Document {
        summary: &report.summary,
        findings: &report.findings,
        intents: &report.intents,
        requirements: &report.requirements,
        flows: FlowList(report),
        capture: &report.capture,
        rules: &report.rules,
    };
    let formatter = Harmless(PrettyFormatter::new());
    document.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Writes one JSON object a line, each with its `kind`: the `summary`, then every `finding`, `intent`, `requirement`
/// and `flow`, then the `capture` and each `rules` document.
///
/// # Errors
/// Those of the writer.
pub fn write_ndjson(report: &Report<'_>, mut out: impl Write) -> Result<(), ReportError> {
    fn all<T: Serialize>(
        out: &mut impl Write,
        kind: &'static str,
        list: impl IntoIterator<Item = T>,
    ) -> Result<(), ReportError> {
        list.into_iter().try_for_each(|object| json_line(out, &Kind { kind, object }))
    }
    all(&mut out, "summary", [&report.summary])?;
    all(&mut out, "finding", &report.findings)?;
    all(&mut out, "intent", &report.intents)?;
    all(&mut out, "requirement", &report.requirements)?;
    all(&mut out, "flow", report.flows())?;
    all(&mut out, "capture", [&report.capture])?;
    all(&mut out, "rules", &report.rules)?;
    Ok(out.flush()?)
}

/// Writes one object on one line.
pub(super) fn json_line(out: &mut impl Write, object: &impl Serialize) -> Result<(), ReportError> {
    let formatter = Harmless(CompactFormatter);
    object.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, formatter))?;
    Ok(out.write_all(b"\n")?)
}

/// Writes a list of objects as one document.
pub(super) fn json_list<T: Serialize>(
    out: &mut impl Write,
    list: impl Iterator<Item = T>,
) -> Result<(), ReportError> {
    let formatter = Harmless(PrettyFormatter::new());
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, formatter);
    let mut sequence = serializer.serialize_seq(None)?;
    for object in list {
        sequence.serialize_element(&object)?;
    }
    sequence.end()?;
    Ok(out.write_all(b"\n")?)
}

#[derive(Serialize)]
struct Document<'r, 'a> {
    summary: &'r Summary,
    findings: &'r [FindingView],
    intents: &'r [IntentView],
    requirements: &'r [RequirementView<'a>],
    flows: FlowList<'r, 'a>,
    capture: &'r CaptureView,
    rules: &'r [DocumentView],
}

#[derive(Serialize)]
struct Kind<T> {
    kind: &'static str,
    #[serde(flatten)]
    object: T,
}

/// Flows are made while they are written.
struct FlowList<'r, 'a>(&'r Report<'a>);

impl Serialize for FlowList<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.flows().map(|flow: JudgedFlow<'_>| flow))
    }
}

/// Writes harmful characters as `\uXXXX`; all else is left to the formatter inside.
struct Harmless<F>(F);

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut rest = text;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_harmful(*c)) {
            let (plain, from) = rest.split_at(at);
            out.write_all(plain.as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &from[c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}
