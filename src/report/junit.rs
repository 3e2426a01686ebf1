//! JUnit XML, for pipelines: one test a requirement, one a finding about traffic, and one for the capture itself.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::text::visible;
use super::view::{FindingView, RequirementView};
use super::{Report, ReportError};
use crate::judge::{FindingCode, StatusKind};

/// How a test went.
enum Went {
    Passed,
    /// Kind, one line, and more.
    Failed(String, String, String),
    Skipped(String),
    /// The audit itself is only a part of one.
    Errored(String),
}

struct Test {
    class: String,
    name: String,
    went: Went,
}

/// Writes the audit as JUnit XML. A test fails where the audit has a finding, and skips where a requirement proves
/// nothing (its absence says nothing, or it cannot be told); requirements that are off at this site are left out.
///
/// # Errors
/// Those of the writer.
pub fn write_junit(report: &Report<'_>, mut out: impl Write) -> Result<(), ReportError> {
    let mut suites: Vec<(String, Vec<Test>)> = vec![("capture".to_owned(), capture(report))];
    suites.extend(requirements(report));
    suites.push(("traffic".to_owned(), traffic(report)));
    let all = || suites.iter().flat_map(|(_, tests)| tests);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"pktaudit\"{}>", counts(all()))?;
    for (name, tests) in &suites {
        writeln!(
            out,
            "  <testsuite name=\"{}\"{}>",
            escaped(name),
            counts(tests.iter())
        )?;
        tests
            .iter()
            .try_for_each(|test| write_test(test, &mut out))?;
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")?;
    Ok(out.flush()?)
}

fn counts<'t>(tests: impl Iterator<Item = &'t Test>) -> String {
    let (mut all, mut failures, mut skipped, mut errors) = (0, 0, 0, 0);
    for test in tests {
        all += 1;
        match test.went {
            Went::Passed => {}
            Went::Failed(..) => failures += 1,
            Went::Skipped(_) => skipped += 1,
            Went::Errored(_) => errors += 1,
        }
    }
    format!(" tests=\"{all}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

fn write_test(test: &Test, out: &mut impl Write) -> io::Result<()> {
    let (class, name) = (escaped(&test.class), escaped(&test.name));
    write!(out, "    <testcase classname=\"{class}\" name=\"{name}\"")?;
    match &test.went {
        Went::Passed => writeln!(out, "/>"),
        Went::Failed(kind, message, more) => writeln!(
            out,
            ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
            escaped(kind),
            escaped(message),
            escaped(more)
        ),
        Went::Skipped(why) => {
            writeln!(
                out,
                ">\n      <skipped message=\"{}\"/>\n    </testcase>",
                escaped(why)
            )
        }
        Went::Errored(why) => writeln!(
            out,
            ">\n      <error type=\"incomplete\" message=\"{}\"/>\n    </testcase>",
            escaped(why)
        ),
    }
}

fn capture(report: &Report<'_>) -> Vec<Test> {
    let why = report.summary.incomplete.join("; ");
    vec![Test {
        class: "capture".to_owned(),
        name: "read whole".to_owned(),
        went: if why.is_empty() {
            Went::Passed
        } else {
            Went::Errored(why)
        },
    }]
}

fn requirements(report: &Report<'_>) -> Vec<(String, Vec<Test>)> {
    let mut missed: BTreeMap<&str, &FindingView<'_>> = BTreeMap::new();
    for finding in report
        .findings
        .iter()
        .filter(|f| f.code == FindingCode::NeverSeen)
    {
        missed.extend(finding.requirements.iter().map(|id| (*id, finding)));
    }
    let mut suites: BTreeMap<&str, Vec<Test>> = BTreeMap::new();
    for row in report
        .requirements
        .iter()
        .filter(|row| row.outcome.kind() != StatusKind::NotActive)
    {
        let unclear = &report.summary.inconclusive_required;
        let unclear = unclear.iter().any(|id| id == row.listed.id);
        let tests = suites.entry(row.listed.document).or_default();
        tests.push(Test {
            class: format!("{}.{}", row.listed.document, row.listed.service),
            name: row.listed.id.to_owned(),
            went: requirement(row, missed.get(row.listed.id).copied(), unclear),
        });
    }
    let suites = suites.into_iter();
    suites
        .map(|(name, tests)| (format!("requirements of {name}"), tests))
        .collect()
}

fn requirement(row: &RequirementView<'_>, missed: Option<&FindingView<'_>>, unclear: bool) -> Went {
    let status = row.outcome.kind();
    match (status, missed) {
        (StatusKind::Satisfied, _) => Went::Passed,
        (StatusKind::Violated | StatusKind::Blocked | StatusKind::Failed, _) => {
            let frames: Vec<String> = row.frames.iter().map(u64::to_string).collect();
            let more = format!("frames {}", frames.join(", "));
            Went::Failed(status.to_string(), row.message.clone(), more)
        }
        // Required, and not known to work: a pipeline must not take it for good.
        (StatusKind::Inconclusive, _) if unclear => {
            Went::Failed(status.to_string(), row.message.clone(), String::new())
        }
        (_, Some(finding)) => Went::Failed(
            "never-seen".to_owned(),
            finding.message.to_owned(),
            finding.advice.to_owned(),
        ),
        _ => Went::Skipped(row.message.clone()),
    }
}

/// Findings about traffic; those about requirements that were never seen are among these.
fn traffic(report: &Report<'_>) -> Vec<Test> {
    let findings = report
        .findings
        .iter()
        .filter(|f| !matches!(f.code, FindingCode::NeverSeen | FindingCode::NothingAudited));
    let mut tests: Vec<Test> = findings
        .map(|finding| {
            let frames: Vec<String> = finding.frames.iter().map(u64::to_string).collect();
            let more = format!(
                "{}\nfinding {}, frames {}\n{}",
                finding.aim(),
                finding.id,
                frames.join(", "),
                finding.advice
            );
            Test {
                class: format!("traffic.{}.{}", finding.severity, finding.code),
                name: format!("{} {}", finding.id, finding.aim()),
                went: Went::Failed(finding.code.to_string(), finding.message.to_owned(), more),
            }
        })
        .collect();
    if tests.is_empty() {
        tests.push(Test {
            class: "traffic".to_owned(),
            name: "as required".to_owned(),
            went: Went::Passed,
        });
    }
    tests
}

/// Text for XML 1.0: what it does not allow is made visible first. Line breaks that this file makes stay.
fn escaped(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| {
            let mut out = String::with_capacity(line.len());
            for c in visible(line).chars() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&apos;"),
                    c => out.push(c),
                }
            }
            out
        })
        .collect();
    lines.join("&#10;")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{HOSTILE, sample};
    use super::super::text::is_harmful;
    use super::*;

    #[test]
    fn tests_fail_where_there_are_findings() {
        let sample = sample();
        let mut bytes = Vec::new();
        write_junit(&sample.report(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.chars().any(|c| c != '\n' && is_harmful(c)));
        assert!(text.contains(
            "<testsuites name=\"pktaudit\" tests=\"12\" failures=\"9\" errors=\"0\" skipped=\"1\">"
        ));
        assert!(text.contains("name=\"sample/a02\"/>"), "satisfied");
        assert!(!text.contains("sample/a04"), "not active");
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script"));
        assert_eq!(text.matches("<failure").count(), 1 + 2 + HOSTILE.len());
        assert_eq!(text.matches("<testcase").count(), 12);
    }
}
