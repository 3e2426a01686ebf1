//! Holds the program to `samples/README.md`: what is told of each sample, and what must not be said of it.

use std::collections::BTreeSet;
use std::fs;

use pktaudit::judge::{Code, explain_evidence as explain};
use serde_json::Value;

use super::harness::{for_each_sample, project, samples};

/// One row of the table.
struct Row {
    sample: String,
    told: Vec<Told>,
    never: Vec<String>,
    open: bool,
}

/// One line of a row's "told": what, stage, target and port, code of evidence, grade.
struct Told {
    line: String,
    what: String,
    stage: Option<String>,
    target: Option<(String, Option<u64>)>,
    code: Option<String>,
    grade: Option<String>,
}

/// Findings that the table lists all of; others are told by rows only where they matter.
const COMPLETE: &[&str] = &["blocked", "failed", "degraded", "intercepted"];

fn table() -> Vec<Row> {
    let text = fs::read_to_string(project("samples/README.md")).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("| "));
    lines.skip(1).map(Row::read).collect()
}

impl Row {
    fn read(line: &str) -> Self {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 5, "{line}");
        assert!(!cells[1].is_empty(), "{line}");
        let told = cells[2].split("<br>").filter(|told| !told.is_empty());
        Self {
            sample: cells[0].to_owned(),
            told: told.map(Told::read).collect(),
            never: cells[3].split_whitespace().map(str::to_owned).collect(),
            open: !cells[4].is_empty(),
        }
    }
}

impl Told {
    fn read(line: &str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words.len(), 5, "{line}");
        let known = |word: &str| (word != "-" && word != "*").then(|| word.to_owned());
        let target = known(words[2]).map(|target| {
            let (name, port) = target.rsplit_once(':').unwrap();
            (name.to_owned(), port.parse().ok())
        });
        Self {
            line: line.to_owned(),
            what: words[0].to_owned(),
            stage: known(words[1]),
            target,
            code: known(words[3]),
            grade: known(words[4]),
        }
    }

    /// Whether a finding or an intent of the report says this.
    fn fits(&self, said: &Value) -> bool {
        let is = |field: &str, wanted: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| said[field] == **wanted)
        };
        let target = self.target.as_ref().is_none_or(|(name, port)| {
            let named = said["target"] == **name
                || said["fqdn"] == **name
                || holds(&said["addresses"], name);
            named && said["port"].as_u64() == *port
        });
        let code = self
            .code
            .as_ref()
            .is_none_or(|code| holds(&said["evidence"], code));
        (said["outcome"] == *self.what || said["code"] == *self.what)
            && is("stage", &self.stage)
            && is("confidence", &self.grade)
            && target
            && code
    }
}

fn holds(list: &Value, word: &str) -> bool {
    list.as_array()
        .is_some_and(|list| list.iter().any(|item| item == word))
}

/// Whether the table must list a finding: what is wrong with the path, and what is unexpected.
fn must_be_listed(finding: &Value) -> bool {
    COMPLETE.iter().any(|code| finding["code"] == *code)
        || finding["outcome"] == "unexpected"
        || finding["outcome"] == "unnamed"
}

/// What differs between what is told of a sample and its row.
fn difference(row: &Row, report: &Value) -> Result<(), String> {
    let findings = report["findings"].as_array().unwrap();
    let intents = report["intents"].as_array().unwrap();
    for told in &row.told {
        if !findings.iter().chain(intents).any(|said| told.fits(said)) {
            return Err(format!("not told: {}", told.line));
        }
    }
    let more = |finding: &&Value| {
        must_be_listed(finding) && !row.told.iter().any(|told| told.fits(finding))
    };
    match findings.iter().find(more) {
        None => Ok(()),
        Some(finding) => Err(format!("told and not in the table: {finding:#}")),
    }
}

#[test]
fn each_sample_is_told_as_the_table_has_it() {
    let table = table();
    for_each_sample(|sample| {
        let row = table.iter().find(|row| row.sample == sample.name);
        let row = row.ok_or("is not in samples/README.md")?;
        match (difference(row, &sample.report()), row.open) {
            (Err(wrong), false) => Err(wrong),
            (Ok(()), true) => {
                Err("is told as the table has it: take the words out of \"open\"".to_owned())
            }
            _ => Ok(()),
        }
    });
    let recorded: BTreeSet<String> = samples().into_iter().map(|sample| sample.name).collect();
    for row in &table {
        assert!(
            recorded.contains(&row.sample),
            "{}: no such sample",
            row.sample
        );
    }
}

/// Open rows too: what must not be said is not said, whatever is missing.
#[test]
fn near_misses_are_not_called_blocked() {
    let table = table();
    for_each_sample(|sample| {
        let row = table.iter().find(|row| row.sample == sample.name);
        let row = row.ok_or("is not in samples/README.md")?;
        let report = sample.report();
        let findings = report["findings"].as_array().unwrap();
        for never in &row.never {
            let wrong = |finding: &&Value| {
                let blocked = finding["code"] == "blocked";
                match never.as_str() {
                    "blocked" => blocked,
                    // These two are never blocks: they must not be told at all.
                    "D-NOCONN" | "L-ISSUER" => holds(&finding["evidence"], never),
                    code => blocked && holds(&finding["evidence"], code),
                }
            };
            if let Some(finding) = findings.iter().find(wrong) {
                return Err(format!("{never} must not be said: {finding:#}"));
            }
        }
        Ok(())
    });
}

/// Codes that no program of the lab can write: BSD's packet filter, an XDP program with rights to load it, Windows, a
/// vendor's appliance. Their hits and near misses are built from the documented layouts (`tests/all/device.rs`).
const FROM_LAYOUT: &[&str] = &[
    "F-PFLOG",
    "F-XDP",
    "F-WINDOWS",
    "F-CHAIN",
    "F-RESET",
    "F-DROPFILE",
];

#[test]
fn each_code_has_a_hit_a_near_miss_and_an_explanation() {
    let table = table();
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let hits: BTreeSet<&str> = table
        .iter()
        .flat_map(|row| row.told.iter().filter_map(|told| told.code.as_deref()))
        .collect();
    let misses: BTreeSet<&str> = table
        .iter()
        .flat_map(|row| row.never.iter().map(String::as_str))
        .filter(|never| *never != "blocked")
        .collect();
    let unknown: Vec<&&str> = hits
        .union(&misses)
        .filter(|code| !known.contains(**code))
        .collect();
    assert!(unknown.is_empty(), "no such codes: {unknown:?}");
    let mut missing: Vec<String> = Vec::new();
    for code in Code::ALL {
        let text = code.as_str();
        let recorded = !FROM_LAYOUT.contains(&text);
        let explained =
            explain(*code).len() > code.about().len() / 2 && explain(*code).ends_with('.');
        for (what, there) in [
            ("a sample that tells it", hits.contains(text) == recorded),
            ("a near miss", misses.contains(text) == recorded),
            ("an explanation", explained),
        ] {
            if !there {
                missing.push(format!("{text}: {what}"));
            }
        }
    }
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}
