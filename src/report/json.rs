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
use super::view::{CaptureView, DocumentView, FindingView, IntentView, RequirementView, Summary};
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
    json_document(&mut out, &document)?;
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
        list.into_iter()
            .try_for_each(|object| json_line(out, &Kind { kind, object }))
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

/// Writes one object as one document.
pub(super) fn json_document(
    out: &mut impl Write,
    object: &impl Serialize,
) -> Result<(), ReportError> {
    let formatter = Harmless(PrettyFormatter::new());
    object.serialize(&mut serde_json::Serializer::with_formatter(
        &mut *out, formatter,
    ))?;
    Ok(out.write_all(b"\n")?)
}

/// Writes one object on one line.
pub(super) fn json_line(out: &mut impl Write, object: &impl Serialize) -> Result<(), ReportError> {
    let formatter = Harmless(CompactFormatter);
    object.serialize(&mut serde_json::Serializer::with_formatter(
        &mut *out, formatter,
    ))?;
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
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::sample::{HOSTILE, sample};
    use super::*;

    fn keys(value: &Value) -> Vec<&str> {
        value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }

    #[test]
    fn the_document_has_its_parts_in_their_order() {
        let sample = sample();
        let mut bytes = Vec::new();
        write_json(&sample.report(), &mut bytes).unwrap();
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let parts = [
            "summary",
            "findings",
            "intents",
            "requirements",
            "flows",
            "capture",
            "rules",
        ];
        assert_eq!(keys(&document), parts);
        let intent = &document["intents"][0];
        for (key, value) in [
            ("initiator", Value::from("10.0.0.10")),
            ("fqdn", Value::from("update.example.com")),
            ("addresses", Value::from(vec!["203.0.113.5"])),
            ("port", Value::from(443)),
            ("transport", Value::from("tcp")),
            ("outcome", Value::from("blocked_likely")),
            ("stage", Value::from("tls")),
            ("confidence", Value::from("B")),
            ("evidence", Value::from(vec!["L-RST"])),
            ("requirements", Value::from(vec!["sample/a01"])),
            ("attempts", Value::from(vec![0])),
            ("frames", Value::from(vec![3, 4, 5])),
        ] {
            assert_eq!(intent[key], value, "{key}");
        }
        assert!(intent["control"].as_str().unwrap().contains("ok.example"));
        let outcomes: Vec<&Value> = document["requirements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| &r["outcome"])
            .collect();
        assert_eq!(outcomes, ["blocked", "satisfied", "not_seen", "not_active"]);
        assert_eq!(document["requirements"][2]["reason"], "no_initiator");
        assert_eq!(
            document["requirements"][0]["missed_by"],
            Value::from(vec!["10.0.0.10", "10.0.0.11"])
        );
        let frames = &document["capture"]["frames"];
        let count = |key: &str| frames[key].as_u64().unwrap();
        assert_eq!(count("read"), count("decoded") + count("set_aside"));
        assert_eq!(document["rules"][0]["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(document["summary"]["exit"], 1);
        assert_eq!(document["summary"]["finding_codes"]["blocked"], 2);
        assert_eq!(document["flows"][8]["initiator"]["port"], Value::Null);
    }

    #[test]
    fn json_is_harmless_to_look_at_and_loses_nothing() {
        let sample = sample();
        let (mut document, mut lines) = (Vec::new(), Vec::new());
        write_json(&sample.report(), &mut document).unwrap();
        write_ndjson(&sample.report(), &mut lines).unwrap();
        for bytes in [&document, &lines] {
            let text = std::str::from_utf8(bytes).unwrap();
            assert!(!text.chars().any(|c| c != '\n' && is_harmful(c)));
        }
        let read: Value = serde_json::from_slice(&document).unwrap();
        let targets: Vec<&str> = read["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["target"].as_str().unwrap())
            .collect();
        assert_eq!(targets[2..], HOSTILE);
    }

    #[test]
    fn every_line_says_what_it_is() {
        let sample = sample();
        let mut bytes = Vec::new();
        write_ndjson(&sample.report(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let mut kinds: Vec<String> = text
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["kind"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        kinds.dedup();
        assert_eq!(
            kinds,
            [
                "summary",
                "finding",
                "intent",
                "requirement",
                "flow",
                "capture",
                "rules"
            ]
        );
    }
}
