//! JSON: one document, or one object a line.
//!
//! What a terminal would obey is written as `\uXXXX`, which is the same JSON, so that `--format json` can be looked at
//! without harm and loses nothing.

use std::io::{self, Write};
use std::ops::Range;

use serde::Serialize;
use serde_json::ser::Formatter;

use super::pieces::{FEW, MANY, in_pieces};
use super::text::{is_harmful, is_plain};
use super::{Report, ReportError};

/// Writes one JSON document: `summary`, `findings`, `intents`, `requirements`, `flows`, `capture`, `rules`. Each entry of
/// a list has a line.
///
/// # Errors
/// Those of the writer.
pub fn write_json(report: &Report<'_>, mut out: impl Write) -> Result<(), ReportError> {
    let out = &mut out;
    one("{", "summary", &report.summary, out)?;
    let (findings, requirements, rules) = (&report.findings, &report.requirements, &report.rules);
    let few = |list: usize| (list, FEW);
    list(
        "findings",
        few(findings.len()),
        |of| lines(&findings[of]),
        out,
    )?;
    let intents = |of| lines(report.intents_at(of));
    list("intents", (report.intents_len(), MANY), intents, out)?;
    list(
        "requirements",
        few(requirements.len()),
        |of| lines(&requirements[of]),
        out,
    )?;
    let flows = |of| lines(report.flows_at(of));
    list("flows", (report.flows_len(), MANY), flows, out)?;
    one(",", "capture", &report.capture, out)?;
    list("rules", few(rules.len()), |of| lines(&rules[of]), out)?;
    out.write_all(b"\n}\n")?;
    Ok(out.flush()?)
}

/// Writes a field with one value, behind what stands before it.
fn one(
    before: &str,
    name: &str,
    value: &impl Serialize,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    write!(out, "{before}\n\"{name}\": ")?;
    json(out, value)
}

/// Writes a field with a list of `count` items, of which several threads make the lines, each of a `piece` at once.
fn list(
    name: &str,
    (count, piece): (usize, usize),
    some: impl Fn(Range<usize>) -> Result<Vec<u8>, ReportError> + Sync,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    write!(out, ",\n\"{name}\": [")?;
    let mut before: &[u8] = b"\n";
    in_pieces(count, piece, some, |lines| {
        out.write_all(std::mem::replace(&mut before, b",\n"))?;
        Ok(out.write_all(lines)?)
    })?;
    Ok(out.write_all(if count == 0 { b"]" } else { b"\n]" })?)
}

/// Items of a list, one a line.
fn lines<T: Serialize>(items: impl IntoIterator<Item = T>) -> Result<Vec<u8>, ReportError> {
    let mut bytes = Vec::with_capacity(1 << 14);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            bytes.extend(b",\n");
        }
        json(&mut bytes, &item)?;
    }
    Ok(bytes)
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
            .try_for_each(|object| json_line(out, &JsonList { kind, object }))
    }
    all(&mut out, "summary", [&report.summary])?;
    all(&mut out, "finding", &report.findings)?;
    all(&mut out, "intent", report.intents())?;
    all(&mut out, "requirement", &report.requirements)?;
    all(&mut out, "flow", report.flows())?;
    all(&mut out, "capture", [&report.capture])?;
    all(&mut out, "rules", &report.rules)?;
    Ok(out.flush()?)
}

/// Writes one object as one line, which is one document.
pub(crate) fn json_line(out: &mut impl Write, object: &impl Serialize) -> Result<(), ReportError> {
    json(out, object)?;
    Ok(out.write_all(b"\n")?)
}

/// Writes a list of objects as one document, each on a line.
pub(crate) fn json_list<T: Serialize>(
    out: &mut impl Write,
    list: impl Iterator<Item = T>,
) -> Result<(), ReportError> {
    let mut before: &[u8] = b"[\n";
    for object in list {
        out.write_all(std::mem::replace(&mut before, b",\n"))?;
        json(out, &object)?;
    }
    let end: &[u8] = if before == b"[\n" { b"[]\n" } else { b"\n]\n" };
    Ok(out.write_all(end)?)
}

/// Writes a value without line ends.
fn json(out: &mut impl Write, value: &impl Serialize) -> Result<(), ReportError> {
    let mut serializer = serde_json::Serializer::with_formatter(out, Harmless);
    Ok(value.serialize(&mut serializer)?)
}

#[derive(Serialize)]
struct JsonList<T> {
    kind: &'static str,
    #[serde(flatten)]
    object: T,
}

/// JSON without line ends and blanks, whose harmful characters are written as `\uXXXX`.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        if is_plain(text) {
            return out.write_all(text.as_bytes());
        }
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
    fn each_entry_of_a_list_has_a_line() {
        let sample = sample();
        let report = sample.report();
        let mut bytes = Vec::new();
        write_json(&report, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let entries = report.findings.len()
            + report.intents_len()
            + report.requirements.len()
            + report.flows_len()
            + report.rules.len();
        let of_lists = text.lines().filter(|line| line.starts_with('{')).count();
        // The first line is the document's own.
        assert_eq!(of_lists, 1 + entries);
        for empty in [0, 1, 2] {
            let mut bytes = Vec::new();
            json_list(&mut bytes, 0..empty).unwrap();
            let list: Vec<u8> = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(list, (0..empty).collect::<Vec<u8>>());
        }
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
