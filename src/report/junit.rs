//! JUnit XML, for pipelines: one test a requirement, one a finding about traffic, and one for the capture itself.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::text::visible;
use super::view::{FindingView, RequirementView};
use super::{Report, ReportError};
use crate::judge::{FindingCode, StatusKind};
use crate::wording::Phrase;

/// Writes the audit as JUnit XML. A test fails where the audit has a finding, and skips where a requirement proves
/// nothing (its absence says nothing, or it cannot be told); requirements that are off at this site are left out.
///
/// # Errors
/// Those of the writer.
pub fn write_junit(report: &Report<'_>, mut out: impl Write) -> Result<(), ReportError> {
    let mut whole = quick_junit::Report::new("pktaudit");
    whole.add_test_suite(suite("capture", vec![capture(report)]));
    whole.add_test_suites(requirements(report));
    whole.add_test_suite(suite("traffic", traffic(report)));
    // Not straight to the writer: its errors would come back without their kind.
    let text = whole.to_string().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

fn suite(name: &str, tests: Vec<TestCase>) -> TestSuite {
    let mut suite = TestSuite::new(shown(name));
    suite.add_test_cases(tests);
    suite
}

fn test(class: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut test = TestCase::new(shown(name), status);
    test.set_classname(shown(class));
    test
}

/// Kind, one line, and more.
fn failed(kind: &str, message: &str, more: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(kind).set_message(shown(message));
    let lines: Vec<_> = more.split('\n').map(visible).collect();
    status.set_description(lines.join("\n"));
    status
}

/// What XML does not allow, and what would not be seen, is made visible.
fn shown(text: &str) -> XmlString {
    visible(text).as_ref().into()
}

fn capture(report: &Report<'_>) -> TestCase {
    let why = report.summary.incomplete.iter();
    let why = why.map(Phrase::as_str).collect::<Vec<_>>().join("; ");
    let mut status = TestCaseStatus::success();
    if !why.is_empty() {
        // The audit itself is only a part of one.
        status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("incomplete").set_message(shown(&why));
    }
    test("capture", "read whole", status)
}

fn requirements(report: &Report<'_>) -> Vec<TestSuite> {
    let mut missed: BTreeMap<&str, &FindingView<'_>> = BTreeMap::new();
    for finding in report
        .findings
        .iter()
        .filter(|f| f.code == FindingCode::NeverSeen)
    {
        missed.extend(finding.requirements.iter().map(|id| (*id, finding)));
    }
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for row in report
        .requirements
        .iter()
        .filter(|row| row.outcome.kind() != StatusKind::NotActive)
    {
        let unclear = &report.summary.inconclusive_required;
        let unclear = unclear.iter().any(|id| id == row.listed.id);
        let status = requirement(row, missed.get(row.listed.id).copied(), unclear);
        let class = format!("{}.{}", row.listed.document, row.listed.service);
        let tests = suites.entry(row.listed.document).or_default();
        tests.push(test(&class, row.listed.id, status));
    }
    let suites = suites.into_iter();
    suites
        .map(|(name, tests)| suite(&format!("requirements of {name}"), tests))
        .collect()
}

fn requirement(
    row: &RequirementView<'_>,
    missed: Option<&FindingView<'_>>,
    unclear: bool,
) -> TestCaseStatus {
    let status = row.outcome.kind();
    match (status, missed) {
        (StatusKind::Satisfied, _) => TestCaseStatus::success(),
        (StatusKind::Violated | StatusKind::Blocked | StatusKind::Failed, _) => {
            let more = format!("frames {}", listed(&row.frames));
            failed(status.as_str(), &row.message, &more)
        }
        // Required, and not known to work: a pipeline must not take it for good.
        (StatusKind::Inconclusive, _) if unclear => failed(status.as_str(), &row.message, ""),
        (_, Some(finding)) => failed("never-seen", finding.message, finding.advice),
        _ => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(shown(&row.message));
            skipped
        }
    }
}

fn listed(frames: &[u64]) -> String {
    let frames: Vec<String> = frames.iter().map(u64::to_string).collect();
    frames.join(", ")
}

/// Findings about traffic; those about requirements that were never seen are among these.
fn traffic(report: &Report<'_>) -> Vec<TestCase> {
    let findings = report
        .findings
        .iter()
        .filter(|f| !matches!(f.code, FindingCode::NeverSeen | FindingCode::NothingAudited));
    let mut tests: Vec<TestCase> = findings
        .map(|finding| {
            let (id, aim, frames) = (&finding.id, finding.aim(), listed(&finding.frames));
            let more = format!("{aim}\nfinding {id}, frames {frames}\n{}", finding.advice);
            test(
                &format!("traffic.{}.{}", finding.severity, finding.code),
                &format!("{id} {aim}"),
                failed(finding.code.as_str(), finding.message, &more),
            )
        })
        .collect();
    if tests.is_empty() {
        tests.push(test("traffic", "as required", TestCaseStatus::success()));
    }
    tests
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
            "<testsuites name=\"pktaudit\" tests=\"12\" skipped=\"1\" failures=\"9\" errors=\"0\">"
        ));
        let satisfied = text
            .lines()
            .find(|line| line.contains("name=\"sample/a02\""));
        assert!(satisfied.is_some_and(|line| line.ends_with("/>")));
        assert!(!text.contains("sample/a04"), "not active");
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script"));
        assert_eq!(text.matches("<failure").count(), 1 + 2 + HOSTILE.len());
        assert_eq!(text.matches("<testcase").count(), 12);
    }
}
