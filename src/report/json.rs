//! JSON: one document, or one object a line.
//!
//! What a terminal would obey is written as `\uXXXX`, which is the same JSON, so that `--format json` can be looked at
//! without harm and loses nothing.

use std::io::{self, Write};
use std::ops::Range;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer as _};
use serde_json::ser::{CompactFormatter, Formatter};

use super::pieces::{FEW, MANY, in_pieces};
use super::text::{is_harmful, is_plain};
use super::{Report, ReportError};

/// Writes one JSON document: `summary`, `findings`, `intents`, `requirements`, `flows`, `capture`, `rules`.
///
/// # Errors
/// Those of the writer.
pub fn write_json(report: &Report<'_>, mut out: impl Write) -> Result<(), ReportError> {
    let intents = JsonMade(report.intents_len(), |name, places| {
        field(name, &report.intents_at(places).collect::<Vec<_>>())
    });
    let flows = JsonMade(report.flows_len(), |name, places| {
        field(name, &report.flows_at(places).collect::<Vec<_>>())
    });
    let parts: [(&str, &(dyn Part + Sync)); 7] = [
        ("summary", &One(&report.summary)),
        ("findings", &Many(&report.findings)),
        ("intents", &intents),
        ("requirements", &Many(&report.requirements)),
        ("flows", &flows),
        ("capture", &One(&report.capture)),
        ("rules", &Many(&report.rules)),
    ];
    let mut before = "{\n";
    for (name, part) in parts {
        out.write_all(before.as_bytes())?;
        part.write(name, &mut out)?;
        before = ",\n";
    }
    out.write_all(b"\n}\n")?;
    Ok(out.flush()?)
}

/// A field of the document, with its name and without line end.
trait Part {
    fn write(&self, name: &'static str, out: &mut dyn Write) -> Result<(), ReportError>;
}

struct One<'r, T>(&'r T);

impl<T: Serialize> Part for One<'_, T> {
    fn write(&self, name: &'static str, out: &mut dyn Write) -> Result<(), ReportError> {
        out.write_all(inside(&field(name, self.0)?, 2))
            .map_err(Into::into)
    }
}

/// A list whose items are put into words by several threads.
struct Many<'r, T>(&'r [T]);

impl<T: Serialize + Sync> Part for Many<'_, T> {
    fn write(&self, name: &'static str, out: &mut dyn Write) -> Result<(), ReportError> {
        list(
            name,
            (self.0.len(), FEW),
            |places| field(name, &self.0[places]),
            out,
        )
    }
}

/// A list of so many items that are made while they are written: the field with some of them, by their places.
struct JsonMade<F>(usize, F);

impl<F> Part for JsonMade<F>
where
    F: Fn(&'static str, Range<usize>) -> Result<Vec<u8>, ReportError> + Sync,
{
    fn write(&self, name: &'static str, out: &mut dyn Write) -> Result<(), ReportError> {
        list(name, (self.0, MANY), |places| (self.1)(name, places), out)
    }
}

/// Writes a list field. `some` gives the field with some of the items, as if they were all; what is written is what
/// lies between its brackets.
fn list(
    name: &'static str,
    (count, piece): (usize, usize),
    some: impl Fn(Range<usize>) -> Result<Vec<u8>, ReportError> + Sync,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if count == 0 {
        return out.write_all(inside(&some(0..0)?, 2)).map_err(Into::into);
    }
    writeln!(out, "  \"{name}\": [")?;
    let mut first = true;
    in_pieces(count, piece, some, |piece| {
        if !std::mem::take(&mut first) {
            out.write_all(b",\n")?;
        }
        // `{`, the line with the name, then the items; behind them the lines of the two brackets.
        let items = inside(piece, 2);
        let start = items.iter().position(|byte| *byte == b'\n');
        let items = items.get(start.map_or(0, |at| at + 1)..).unwrap_or(&[]);
        let end = items.len().saturating_sub("\n  ]".len());
        Ok(out.write_all(&items[..end])?)
    })?;
    out.write_all(b"\n  ]").map_err(Into::into)
}

/// An object of one field.
fn field(name: &'static str, value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, ReportError> {
    let mut bytes = Vec::with_capacity(1 << 14);
    let formatter = Harmless(Pretty::default());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(name, value)?;
    SerializeMap::end(map)?;
    Ok(bytes)
}

/// What lies between the first and the last `ends` bytes: an object without its brackets and line ends.
fn inside(bytes: &[u8], ends: usize) -> &[u8] {
    let end = bytes.len().saturating_sub(ends);
    bytes.get(ends..end).unwrap_or(&[])
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

/// Writes one object as one document.
pub(crate) fn json_document(
    out: &mut impl Write,
    object: &impl Serialize,
) -> Result<(), ReportError> {
    let formatter = Harmless(Pretty::default());
    object.serialize(&mut serde_json::Serializer::with_formatter(
        &mut *out, formatter,
    ))?;
    Ok(out.write_all(b"\n")?)
}

/// Writes one object on one line.
pub(crate) fn json_line(out: &mut impl Write, object: &impl Serialize) -> Result<(), ReportError> {
    let formatter = Harmless(CompactFormatter);
    object.serialize(&mut serde_json::Serializer::with_formatter(
        &mut *out, formatter,
    ))?;
    Ok(out.write_all(b"\n")?)
}

/// Writes a list of objects as one document.
pub(crate) fn json_list<T: Serialize>(
    out: &mut impl Write,
    list: impl Iterator<Item = T>,
) -> Result<(), ReportError> {
    let formatter = Harmless(Pretty::default());
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, formatter);
    let mut sequence = serializer.serialize_seq(None)?;
    for object in list {
        sequence.serialize_element(&object)?;
    }
    SerializeSeq::end(sequence)?;
    Ok(out.write_all(b"\n")?)
}

#[derive(Serialize)]
struct JsonList<T> {
    kind: &'static str,
    #[serde(flatten)]
    object: T,
}

/// Two blanks for each level, as [`serde_json::ser::PrettyFormatter`] has it; but a line end and what follows it up to
/// the first word are written at once, since there are more of them than of anything else.
#[derive(Default)]
struct Pretty {
    depth: usize,
    filled: bool,
}

impl Pretty {
    /// A comma, a line end, and blanks for deeper levels than any report has.
    const LINE: &'static [u8; 66] =
        b",\n                                                                ";

    fn line<W: ?Sized + Write>(&self, out: &mut W, comma: bool) -> io::Result<()> {
        let deep = (2 * self.depth).saturating_sub(Self::LINE.len() - 2);
        let end = 2 + 2 * self.depth - deep;
        out.write_all(&Self::LINE[usize::from(!comma)..end])?;
        (0..deep).try_for_each(|_| out.write_all(b" "))
    }

    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        out.write_all(bracket)
    }

    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.filled {
            self.line(out, false)?;
        }
        out.write_all(bracket)
    }
}

impl Formatter for Pretty {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, !first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.line(out, !first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
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
    fn lines_and_blanks_are_those_of_the_usual_formatter() {
        let mut value = serde_json::json!({"a": [], "b": {}, "c": [1, {"d": [[], [null, "x"]]}]});
        for _ in 0..40 {
            value = serde_json::json!([value, {"deeper": 1}]);
        }
        let mut bytes = Vec::new();
        let formatter = Harmless(Pretty::default());
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
        value.serialize(&mut serializer).unwrap();
        assert_eq!(bytes, serde_json::to_vec_pretty(&value).unwrap());
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
