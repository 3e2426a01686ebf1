//! What the audit says of each shipped sample, held against `samples/<name>/expected.json`.
//!
//! `PKTAUDIT_BLESS=1 cargo test --test all samples::` rewrites the expected reports; look at each change before it is committed.

use std::fs;

use serde_json::{Map, Value, json};

use super::harness::{Sample, for_each_sample, pktaudit, same, samples};

/// What a reader of the sample would want to be told if it changed; sentences and times are left out.
fn reduced(report: &Value) -> Value {
    let pick = |from: &Value, fields: &[&str]| -> Value {
        let one = |field: &&str| ((*field).to_owned(), from[*field].clone());
        Value::Object(fields.iter().map(one).collect())
    };
    let findings = report["findings"].as_array().unwrap().iter();
    let findings: Vec<Value> = findings
        .map(|finding| {
            pick(
                finding,
                &[
                    "code",
                    "severity",
                    "outcome",
                    "stage",
                    "confidence",
                    "initiator",
                    "target",
                    "port",
                    "transport",
                    "evidence",
                    "control",
                    "requirements",
                    "frames",
                ],
            )
        })
        .collect();
    let mut requirements = Map::new();
    for row in report["requirements"].as_array().unwrap() {
        let outcome = row["outcome"].as_str().unwrap();
        let word = match row["reason"].as_str() {
            Some(reason) => format!("{outcome}: {reason}"),
            None => outcome.to_owned(),
        };
        if outcome != "not_active" {
            requirements.insert(row["id"].as_str().unwrap().to_owned(), word.into());
        }
    }
    let mut summary = pick(
        &report["summary"],
        &[
            "exit",
            "findings",
            "finding_codes",
            "intents",
            "requirements",
            "flows",
            "flows_audited",
        ],
    );
    // Codes that are not told, so that a new one changes no sample but those that have it.
    let codes = summary["finding_codes"].as_object_mut().unwrap();
    codes.retain(|_, count| *count != 0);
    json!({
        "summary": summary,
        "findings": findings,
        "requirements": requirements,
    })
}

fn audited(sample: &Sample) -> Value {
    reduced(&sample.report())
}

#[test]
fn every_sample_has_the_expected_report() {
    let bless = std::env::var_os("PKTAUDIT_BLESS").is_some();
    for_each_sample(|sample| {
        let got = serde_json::to_string_pretty(&audited(sample)).unwrap() + "\n";
        let path = sample.folder.join("expected.json");
        if bless {
            fs::write(&path, &got).unwrap();
        }
        let wanted = fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}; PKTAUDIT_BLESS=1 writes it", path.display()))?;
        same("the report", &wanted, &got)
    });
}

#[test]
fn every_sample_says_what_was_done_to_the_path() {
    for sample in samples() {
        let readme = fs::read_to_string(sample.folder.join("README.md")).unwrap();
        for part in [
            "# ",
            "Done to the path:",
            "What an auditor should conclude:",
        ] {
            assert!(readme.contains(part), "{}: no `{part}`", sample.name);
        }
        assert!(readme.contains(&sample.name), "{}", sample.name);
    }
}

#[test]
fn a_change_on_the_path_is_told_as_a_retry() {
    let sample = Sample::named("blocked-then-opened");
    let mut arguments = sample.audit("json");
    arguments.push(sample.capture.display().to_string());
    let report = pktaudit(&arguments).run().json();
    let intents = report["intents"].as_array().unwrap();
    let retried: Vec<&Value> = intents
        .iter()
        .filter(|i| i["outcome"] == "ok_after_retry")
        .collect();
    assert_eq!(retried.len(), 1, "{retried:#?}");
    assert_eq!(retried[0]["fqdn"], "dsaas.url.trendmicro.com");
}
