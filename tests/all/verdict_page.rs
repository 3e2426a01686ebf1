//! Holds the program to `docs/VERDICTS.md`: each code of evidence has rows at its stage, each row is shown by a recording
//! or a test, and nothing is said of a recording that no row has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use pktaudit::judge::Code;
use serde_json::Value;

use super::harness::{for_each_sample, project};

/// One row of a stage's table.
#[derive(Debug)]
struct Row {
    line: String,
    stage: String,
    /// `None` where the evidence only stands beside an outcome.
    outcome: Option<String>,
    grade: String,
    code: String,
    samples: Vec<String>,
    tests: Vec<String>,
}

/// Stages that have a table, as the page heads them.
const STAGES: &[&str] = &[
    "dns", "connect", "tls", "proxy", "http", "udp", "quic", "late",
];

fn page() -> Vec<Row> {
    let text = fs::read_to_string(project("docs/VERDICTS.md")).unwrap();
    let (mut stage, mut rows) = (None, Vec::new());
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("## ") {
            stage = STAGES.iter().find(|stage| **stage == head);
        }
        let Some(stage) = stage.filter(|_| line.starts_with("| ") && !line.starts_with("| seen "))
        else {
            continue;
        };
        rows.push(Row::read(stage, line));
    }
    assert!(rows.len() > 40, "only {} rows were read", rows.len());
    rows
}

impl Row {
    fn read(stage: &str, line: &str) -> Self {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 7, "{line}");
        let (tests, samples): (Vec<&str>, Vec<&str>) = cells[6]
            .split_whitespace()
            .partition(|shown| shown.starts_with("test:"));
        assert!(!(tests.is_empty() && samples.is_empty()), "{line}");
        let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect();
        Self {
            line: line.to_owned(),
            stage: stage.to_owned(),
            outcome: (cells[2] != "-").then(|| cells[2].to_owned()),
            grade: cells[3].to_owned(),
            code: cells[4].to_owned(),
            samples: owned(samples),
            tests: tests
                .into_iter()
                .map(|test| test["test:".len()..].to_owned())
                .collect(),
        }
    }
}

#[test]
fn each_code_has_rows_at_its_stage_and_grades_make_outcomes() {
    let rows = page();
    for row in &rows {
        let code = Code::ALL.iter().find(|code| code.as_str() == row.code);
        let code = code.unwrap_or_else(|| panic!("no such code: {}", row.line));
        // A reset that something on the path made stops at whatever stage it met.
        let anywhere = code.is_anywhere() || *code == Code::ResetInjected;
        assert!(
            anywhere || code.stage().to_string() == row.stage,
            "{}",
            row.line
        );
        let outcome = match row.grade.as_str() {
            "A" => "blocked_confirmed",
            "B" => "blocked_likely",
            "C" => "failed_unattributed",
            other => panic!("{other} is no grade: {}", row.line),
        };
        let beside = row.outcome.is_none();
        assert!(
            beside || row.outcome.as_deref() == Some(outcome),
            "{}",
            row.line
        );
    }
    let told: BTreeSet<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    let untold: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let untold: Vec<&str> = untold
        .into_iter()
        .filter(|code| !told.contains(code))
        .collect();
    assert!(untold.is_empty(), "no row: {untold:?}");
}

/// The names of all test functions of the project.
fn tests() -> BTreeSet<String> {
    fn gather(folder: &Path, out: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let marked = text.split("#[test]").skip(1);
                let names = marked.filter_map(|rest| {
                    let (_, rest) = rest.split_once("fn ")?;
                    Some(rest.split_once('(')?.0.to_owned())
                });
                out.extend(names);
            }
        }
    }
    let mut out = BTreeSet::new();
    gather(&project("src"), &mut out);
    gather(&project("tests"), &mut out);
    out
}

#[test]
fn each_test_that_the_page_names_is_there() {
    let tests = tests();
    for row in page() {
        for test in &row.tests {
            assert!(
                tests.contains(test),
                "there is no test {test}: {}",
                row.line
            );
        }
    }
}

/// Whether an intent, or a finding, shows a row: the code first where it is the outcome's, else anywhere.
fn shows(said: &Value, row: &Row) -> bool {
    let evidence = said["evidence"].as_array().into_iter().flatten();
    let there = evidence.clone().any(|code| *code == row.code);
    match &row.outcome {
        None => there,
        Some(outcome) => {
            // A way that failed beside one that worked has the evidence, under the word of the one that worked.
            let worked = matches!(
                said["outcome"].as_str(),
                Some("degraded" | "ok_after_retry" | "ok")
            );
            there
                && (worked && row.grade == "C"
                    || said["outcome"] == **outcome && said["confidence"] == *row.grade)
        }
    }
}

#[test]
fn each_row_is_shown_and_nothing_else_is_said() {
    let rows = page();
    let open: Mutex<BTreeSet<(String, String)>> = Mutex::new(
        rows.iter()
            .flat_map(|row| {
                let samples = row.samples.iter();
                samples.map(|sample| (sample.clone(), row.line.clone()))
            })
            .collect(),
    );
    for_each_sample(|sample| {
        let report = sample.report();
        let intents = report["intents"].as_array().unwrap();
        let findings = report["findings"].as_array().unwrap();
        for row in rows.iter().filter(|row| row.samples.contains(&sample.name)) {
            let mut said = intents.iter().chain(findings);
            if !said.any(|said| shows(said, row)) {
                return Err(format!("does not show: {}", row.line));
            }
            let shown = (sample.name.clone(), row.line.clone());
            open.lock().unwrap().remove(&shown);
        }
        for intent in intents {
            let (Some(code), Some(grade)) = (
                intent["evidence"][0].as_str(),
                intent["confidence"].as_str(),
            ) else {
                continue;
            };
            let has = |row: &Row| row.code == code && row.grade == grade;
            if !rows.iter().any(has) {
                return Err(format!("{code} {grade} stands in no row: {intent:#}"));
            }
        }
        Ok(())
    });
    let open = open.into_inner().unwrap();
    assert!(open.is_empty(), "no such samples: {open:?}");
}

/// What `explain` says of grades is what the page says.
#[test]
fn the_grades_of_a_code_are_those_of_its_rows() {
    // Whatever is said of the TCP connection beside it.
    let by_another = [Code::QuicBoth, Code::QuicIcmp];
    let rows = page();
    for code in Code::ALL {
        let of_code = rows.iter().filter(|row| row.code == code.as_str());
        let shown: BTreeSet<String> = of_code.map(|row| row.grade.clone()).collect();
        let grades: BTreeSet<String> = code.grades().iter().map(ToString::to_string).collect();
        assert!(shown.is_subset(&grades), "{code}: {shown:?}");
        assert!(
            shown == grades || by_another.contains(code),
            "{code}: {shown:?}"
        );
    }
}
