//! SARIF 2.1.0 (OASIS), for what shows findings of many tools: one result a finding, one rule a code.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use super::json::json_line;
use super::view::{FindingView, InputView};
use super::{Report, ReportError, explain_finding};
use crate::judge::{FindingCode, Severity};

/// Writes the findings as one SARIF log with one run.
///
/// # Errors
/// Those of the writer.
pub fn write_sarif(report: &Report<'_>, mut out: impl Write) -> Result<(), ReportError> {
    let summary = &report.summary;
    let rules: Vec<Value> = FindingCode::ALL.iter().map(|code| rule(*code)).collect();
    let artifacts: Vec<Value> = report.capture.inputs.iter().map(artifact).collect();
    let notes = notifications(report);
    let results: Vec<Value> = report.findings.iter().map(|f| result(report, f)).collect();
    let version = match &summary.commit {
        Some(commit) => format!("{}+{commit}", summary.version),
        None => summary.version.clone(),
    };
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": summary.tool,
                "version": version,
                "semanticVersion": version,
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": summary.exit < 2,
                "exitCode": summary.exit,
                "exitCodeDescription": summary.meaning,
                "arguments": summary.arguments,
                "toolExecutionNotifications": notes,
            }],
            "artifacts": artifacts,
            "results": results,
            "columnKind": "utf16CodeUnits",
        }],
    });
    json_line(&mut out, &log)?;
    Ok(out.flush()?)
}

/// What stands in the way of a complete audit, and what inputs have that a reader should know.
fn notifications(report: &Report<'_>) -> Vec<Value> {
    let summary = &report.summary;
    let incomplete = summary
        .incomplete
        .iter()
        .map(|why| ("error", why.to_string()));
    let unclear = summary.inconclusive_required.iter().map(|id| {
        let words = format!("{id} is required and was tried, but how it went cannot be told");
        ("warning", words)
    });
    let inputs = report.capture.inputs.iter();
    let of_inputs = inputs.flat_map(|input| {
        let notes = input.notes.iter();
        notes.map(|note| ("note", format!("{}: {note}", input.path)))
    });
    incomplete
        .chain(unclear)
        .chain(of_inputs)
        .map(|(level, why)| json!({"level": level, "message": {"text": plain(&why)}}))
        .collect()
}

fn artifact(input: &InputView) -> Value {
    let mut artifact = json!({
        "location": {"uri": uri(&input.path)},
        "roles": ["analysisTarget"],
    });
    if let Some(bytes) = input.bytes {
        artifact["length"] = bytes.into();
    }
    if let Some(digest) = &input.sha256 {
        artifact["hashes"] = json!({"sha-256": digest});
    }
    artifact
}

fn rule(code: FindingCode) -> Value {
    json!({
        "id": code.as_str(),
        "shortDescription": {"text": code.about()},
        "fullDescription": {"text": plain(explain_finding(code))},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn result(report: &Report<'_>, finding: &FindingView<'_>) -> Value {
    let aim = finding.aim();
    let advice = match finding.advice.as_str() {
        "" => String::new(),
        advice => format!(". To do: {advice}"),
    };
    let place = FindingCode::ALL
        .iter()
        .position(|code| *code == finding.code);
    json!({
        "ruleId": finding.code.as_str(),
        "ruleIndex": place,
        "level": level(finding.severity),
        "message": {"text": plain(&format!("{aim}: {}{advice}", finding.message))},
        "locations": locations(report, finding, &aim),
        "partialFingerprints": {"findingId/v1": finding.id},
        "properties": {
            "id": finding.id,
            "outcome": finding.outcome.map(|outcome| outcome.as_str()),
            "stage": finding.stage.map(|stage| stage.to_string()),
            "confidence": finding.confidence.map(|grade| grade.to_string()),
            "frames": finding.frames,
            "framesOmitted": finding.frames_omitted,
            "requirements": finding.requirements,
            "first": finding.span.map(|span| span.first.to_string()),
            "last": finding.span.map(|span| span.last.to_string()),
        },
    })
}

/// One location for each input with frames of the finding; the first input where it has none, since those who show
/// results want a file.
fn locations(report: &Report<'_>, finding: &FindingView<'_>, aim: &str) -> Vec<Value> {
    let mut by_input: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for stamp in &finding.stamps {
        let (input, number) = report.audit.capture.numbering.place(stamp.frame);
        by_input.entry(input as usize).or_default().push(number);
    }
    let artifacts = &report.capture.inputs;
    let mut by_path: Vec<(&str, Vec<u64>)> = by_input
        .into_iter()
        .filter_map(|(input, frames)| Some((report.files.get(input)?.as_str(), frames)))
        .collect();
    if by_path.is_empty() {
        let first = artifacts.first();
        by_path.extend(first.map(|input| (input.path.as_str(), Vec::new())));
    }
    let places = by_path.into_iter().map(|(path, frames)| {
        let mut file = json!({"uri": uri(path)});
        // One of another period is none of the artifacts.
        if let Some(index) = artifacts.iter().position(|input| input.path == path) {
            file["index"] = index.into();
        }
        let mut location = json!({
            "physicalLocation": {"artifactLocation": file},
            "logicalLocations": [{"name": aim, "kind": "resource"}],
        });
        if !frames.is_empty() {
            let frames: Vec<String> = frames.iter().map(u64::to_string).collect();
            location["message"] = json!({"text": format!("frames {}", frames.join(", "))});
        }
        location
    });
    places.collect()
}

/// A message's text without links: SARIF (3.11.6) would read `[text](target)` as one.
fn plain(text: &str) -> String {
    if text.contains("](") {
        text.replace('\\', "\\\\")
            .replace('[', "\\[")
            .replace(']', "\\]")
    } else {
        text.to_owned()
    }
}

/// A path as a URI reference (RFC 3986): all but unreserved characters and `/` in percent.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::super::text::is_harmful;
    use super::*;

    #[test]
    fn every_finding_is_a_result_of_a_known_rule() {
        let sample = sample();
        let report = sample.report();
        let mut bytes = Vec::new();
        write_sarif(&report, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.chars().any(|c| c != '\n' && is_harmful(c)));
        let log: Value = serde_json::from_str(&text).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), report.findings.len());
        for (result, finding) in results.iter().zip(&report.findings) {
            let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
            assert_eq!(
                result["partialFingerprints"]["findingId/v1"],
                finding.id.as_str()
            );
        }
        assert_eq!(results[0]["level"], "error");
        assert_eq!(
            results[0]["locations"][0]["message"]["text"],
            "frames 3, 4, 5"
        );
        let uri =
            results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str();
        assert_eq!(uri, Some("file:///tmp/a%1B%5B2J%1B%5D0%3Bowned%07b.pcap"));
    }

    #[test]
    fn no_name_becomes_a_link() {
        assert_eq!(plain("[here](http://evil)"), "\\[here\\](http://evil)");
        assert_eq!(plain("[2001:db8::1]:443"), "[2001:db8::1]:443");
    }
}
