use serde_json::{Value, json};

use super::*;
use crate::report::sample::{HOSTILE, sample};
use crate::report::text::is_harmful;
use crate::report::{Format, Look, write_json};

fn intent(name: &str, port: Option<u16>, outcome: &str, first: &str) -> Value {
    json!({
        "initiator": "10.0.0.1", "fqdn": name, "addresses": [], "port": port, "transport": "tcp",
        "outcome": outcome, "stage": null, "evidence": ["T-SYN0"], "requirements": ["d/a1"], "first": first,
    })
}

fn run(intents: &[Value], findings: &[Value], requirements: &[(&str, &str)]) -> AuditDigest {
    let requirements: Vec<Value> = requirements
        .iter()
        .map(|(id, outcome)| json!({"id": id, "service": "", "outcome": outcome, "reason": null}))
        .collect();
    let report = json!({
        "summary": {"schema": 1, "incomplete": []}, "findings": findings, "intents": intents,
        "requirements": requirements, "capture": {"span": null},
    });
    AuditDigest::read(report.to_string().as_bytes()).unwrap()
}

fn told(before: &AuditDigest, after: &AuditDigest) -> Vec<(ChangeKind, String)> {
    let changes = compare(("a", before), ("b", after)).changes;
    changes
        .into_iter()
        .map(|change| (change.change, change.target))
        .collect()
}

#[test]
fn each_kind_of_change_of_an_aim_is_told() {
    let before = [
        intent("opened", Some(443), "blocked_likely", "1"),
        intent("broken", Some(443), "ok", "1"),
        intent("still", Some(443), "blocked_likely", "1"),
        intent("quiet", Some(443), "failed_unattributed", "1"),
        intent("same", Some(443), "ok", "1"),
        intent("unclear", Some(443), "inconclusive", "1"),
    ];
    let after = [
        intent("opened", Some(443), "ok", "1"),
        intent("broken", Some(443), "blocked_confirmed", "1"),
        intent("still", Some(443), "blocked_likely", "1"),
        intent("same", Some(443), "ok_after_retry", "1"),
        intent("unclear", Some(443), "blocked_likely", "1"),
        intent("first", Some(443), "blocked_likely", "1"),
    ];
    let (before, after) = (run(&before, &[], &[]), run(&after, &[], &[]));
    let name = |kind, text: &str| (kind, text.to_owned());
    assert_eq!(
        told(&before, &after),
        [
            name(ChangeKind::Broke, "broken"),
            name(ChangeKind::NewlyStopped, "first"),
            name(ChangeKind::NewlyStopped, "unclear"),
            name(ChangeKind::NowWorks, "opened"),
            name(ChangeKind::StillStopped, "still"),
            name(ChangeKind::NotTriedAgain, "quiet"),
        ]
    );
    assert_eq!(compare(("a", &before), ("b", &after)).exit, 1);
    let same = compare(("a", &before), ("a", &before));
    assert!(!same.worse && same.exit == 0);
    assert_eq!(same.counts.of(&ChangeKind::StillStopped), 3);
}

#[test]
fn the_last_try_counts_and_a_stopped_lookup_stands_for_every_port() {
    let opened = run(
        &[
            intent("a", Some(443), "blocked_likely", "1"),
            intent("a", Some(443), "ok", "2"),
        ],
        &[],
        &[],
    );
    let lookup = run(&[intent("a", None, "blocked_likely", "1")], &[], &[]);
    assert_eq!(
        told(&lookup, &opened),
        [(ChangeKind::NowWorks, "a".to_owned())]
    );
    assert_eq!(
        told(&opened, &lookup),
        [(ChangeKind::Broke, "a".to_owned())]
    );
    assert_eq!(
        told(&lookup, &lookup),
        [(ChangeKind::StillStopped, "a".to_owned())]
    );
    assert_eq!(told(&opened, &opened), []);
}

fn finding(id: &str, code: &str) -> serde_json::Value {
    json!({
        "id": id, "code": code, "initiator": "10.0.0.1", "target": id, "port": 1, "transport": "tcp",
        "message": "m", "requirements": [],
    })
}

#[test]
fn requirements_and_unexpected_traffic_come_and_go() {
    let before = run(
        &[],
        &[
            finding("x", "unnamed"),
            finding("y", "unnamed"),
            finding("b", "blocked"),
        ],
        &[
            ("d/1", "blocked"),
            ("d/2", "satisfied"),
            ("d/3", "satisfied"),
            ("d/4", "failed"),
        ],
    );
    let after = run(
        &[],
        &[finding("y", "unnamed"), finding("z", "wrong-port")],
        &[
            ("d/1", "satisfied"),
            ("d/2", "blocked"),
            ("d/3", "not_seen"),
            ("d/4", "blocked"),
        ],
    );
    let name = |kind, text: &str| (kind, text.to_owned());
    assert_eq!(
        told(&before, &after),
        [
            name(ChangeKind::RequirementLost, "d/2"),
            name(ChangeKind::NewUnexpected, "z"),
            name(ChangeKind::RequirementMet, "d/1"),
            name(ChangeKind::GoneUnexpected, "x"),
            name(ChangeKind::RequirementChanged, "d/3"),
            name(ChangeKind::RequirementChanged, "d/4"),
        ]
    );
}

#[test]
fn what_was_stopped_at_first_is_not_unexpected_and_what_is_opened_is_told_as_that() {
    let (plain, opened) = (
        run(&[], &[], &[]),
        run(
            &[],
            &[
                finding("a", "recovered"),
                finding("b", "intercepted"),
                finding("c", "degraded"),
            ],
            &[],
        ),
    );
    let name = |kind| vec![(kind, "b".to_owned())];
    assert_eq!(told(&plain, &opened), name(ChangeKind::NewlyIntercepted));
    assert_eq!(told(&opened, &plain), name(ChangeKind::NotIntercepted));
}

#[test]
fn a_report_is_compared_as_its_file_is() {
    let sample = sample();
    let mut file = Vec::new();
    write_json(&sample.report(), &mut file).unwrap();
    let (read, made) = (
        AuditDigest::read(&file[..]).unwrap(),
        AuditDigest::of(&sample.report()).unwrap(),
    );
    let comparison = compare(("a", &read), ("b", &made));
    assert!(!comparison.worse);
    assert_eq!(comparison.counts.of(&ChangeKind::StillStopped), 2);
    assert_eq!(comparison.changes.len(), 2);
    let nothing = run(&[], &[], &[]);
    let comparison = compare(("a", &nothing), ("b", &made));
    assert_eq!(
        comparison.counts.of(&ChangeKind::NewUnexpected),
        HOSTILE.len() as u64
    );
    for format in [Format::Human, Format::Json, Format::Ndjson, Format::Csv] {
        let mut out = Vec::new();
        write_comparison(&comparison, format, &Look::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            !text
                .chars()
                .any(|c| !matches!(c, '\n' | '\r') && is_harmful(c)),
            "{format:?}"
        );
        assert!(text.contains("update.example.com"), "{format:?}");
    }
}

#[test]
fn what_is_no_report_is_refused() {
    assert!(matches!(
        AuditDigest::read(&b"{}"[..]),
        Err(RunError::NotAReport(_))
    ));
    let other = json!({
        "summary": {"schema": 99, "incomplete": []}, "findings": [], "intents": [],
        "requirements": [], "capture": {"span": null},
    });
    assert!(matches!(
        AuditDigest::read(other.to_string().as_bytes()),
        Err(RunError::Schema(99))
    ));
}
