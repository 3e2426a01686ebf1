//! Edits of a rule file, each told exactly.

use super::*;
use crate::rules::{RuleText, check};

const HEAD: &str = "format = 1\n[document]\nid = \"d\"\nunstated-ports = [443]\nunstated-transport = \"tcp\"\n\
    [regions]\njapan = {}\neurope = {}\n[roles.agent]\n[roles.relay]\n[roles.dns-server]\n[features]\nf = {}\n";

fn library(rows: &[&str]) -> Library {
    let rows: String = rows
        .iter()
        .enumerate()
        .map(|(at, row)| format!("[[requirement]]\nid = \"r{at}\"\n{row}\n"))
        .collect();
    let text = RuleText {
        name: "d.toml".to_owned(),
        text: format!("{HEAD}{rows}"),
    };
    check(&[text]).map_err(|p| format!("{p:?}")).unwrap().0
}

fn side<'a>(name: &'a str, library: &'a Library) -> Side<'a> {
    Side {
        name,
        library,
        files: &[],
    }
}

fn told(old: &[&str], new: &[&str]) -> Vec<String> {
    let (old, new) = (library(old), library(new));
    let difference = diff(
        Openings::of(&side("old", &old)),
        &Openings::of(&side("new", &new)),
    );
    let words = difference.changes.iter().map(|change| {
        format!(
            "{} {} [{}] [{}]{}{}",
            change.action.as_str(),
            change.destination,
            change.was.join("; "),
            change.now.join("; "),
            change
                .covered_by
                .as_ref()
                .map_or(String::new(), |by| format!(" by {by}")),
            if change.about.is_empty() {
                String::new()
            } else {
                format!(" {}", change.about.join("; "))
            },
        )
    });
    words.collect()
}

#[test]
fn ten_kinds_of_edits() {
    let a = "from = [\"agent\"]\nto = [\"a.example.com\"]\nports = [443]\ntransport = \"tcp\"";
    let b = "to = [\"b.example.com\", \"192.0.2.0/24\"]";
    let table: &[(&[&str], &[&str], &[&str])] = &[
        // Moved, renumbered, said twice: no change.
        (&[a, b], &[b, a, a], &[]),
        (
            &[a],
            &[a, b],
            &[
                "open 192.0.2.0/24 [] [443/tcp]",
                "open b.example.com [] [443/tcp]",
            ],
        ),
        (
            &[a, b],
            &[a],
            &[
                "close 192.0.2.0/24 [443/tcp] []",
                "close b.example.com [443/tcp] []",
            ],
        ),
        (
            &[a],
            &["from = [\"agent\"]\nto = [\"c.example.com\"]\nports = [443]\ntransport = \"tcp\""],
            &[
                "open c.example.com [] [443/tcp from agent]",
                "close a.example.com [443/tcp from agent] []",
            ],
        ),
        (
            &[a],
            &[
                "from = [\"agent\"]\nto = [\"a.example.com\"]\nports = [443, 8443]\ntransport = \"tcp\"",
            ],
            &["open a.example.com [] [8443/tcp from agent]"],
        ),
        (
            &[a],
            &["from = [\"agent\"]\nto = [\"a.example.com\"]\nports = [8443]\ntransport = \"tcp\""],
            &["change a.example.com [443/tcp from agent] [8443/tcp from agent]"],
        ),
        (
            &[a],
            &[
                "from = [\"agent\"]\nto = [\"a.example.com\"]\nports = [443]\ntransport = [\"tcp\", \"udp\"]",
            ],
            &["open a.example.com [] [443/udp from agent]"],
        ),
        (
            &[a],
            &["from = [\"relay\"]\nto = [\"a.example.com\"]\nports = [443]\ntransport = \"tcp\""],
            &["change a.example.com [443/tcp from agent] [443/tcp from relay]"],
        ),
        (
            &[b],
            &["to = [\"b.example.com\", \"192.0.2.0/24\"]\nregion = \"japan\""],
            &[
                "close 192.0.2.0/24 [443/tcp] [443/tcp in japan]",
                "close b.example.com [443/tcp] [443/tcp in japan]",
            ],
        ),
        (
            &["to = [\"192.0.2.0/24\"]"],
            &["to = [\"192.0.0.0/16\"]"],
            &[
                "open 192.0.0.0/16 [] [443/tcp]",
                "close 192.0.2.0/24 [443/tcp] [] by 192.0.0.0/16",
            ],
        ),
        (
            &["to = [\"*.example.com\"]"],
            &["to = [\"*.example.com\", \"b.example.com\"]"],
            &["covered b.example.com [] [443/tcp] by *.example.com"],
        ),
        (
            &[b],
            &[
                "to = [\"b.example.com\", \"192.0.2.0/24\"]\nneed = \"optional\"\nwhen = [{ feature = \"f\" }]",
            ],
            &[
                "note 192.0.2.0/24 [] [] need: required -> optional; when: none -> f is on",
                "note b.example.com [] [] need: required -> optional; when: none -> f is on",
            ],
        ),
    ];
    for (old, new, expected) in table {
        let told = told(old, new);
        assert_eq!(told.len(), expected.len(), "{old:?} {new:?}: {told:?}");
        for (told, expected) in told.iter().zip(*expected) {
            let same =
                told == expected || (told.starts_with("covered") && told.starts_with(expected));
            assert!(
                same || told
                    .replace("feature ", "")
                    .starts_with(&expected[..40.min(expected.len())]),
                "{told}\n{expected}"
            );
        }
    }
}

#[test]
fn use_of_what_may_be_closed_is_told_by_name_and_address() {
    let (old, new) = (
        library(&["to = [\"b.example.com\", \"192.0.2.0/24\", \"c.example.com\"]"]),
        library(&["to = [\"x.example.com\"]"]),
    );
    let mut difference = diff(
        Openings::of(&side("old", &old)),
        &Openings::of(&side("new", &new)),
    );
    let report = r#"{"flows":[
        {"start":"2026-01-01T00:00:00Z","end":"2026-01-01T00:00:09Z","initiator":{"ip":"10.0.0.5"},"responder":{"ip":"192.0.2.9"},"names":[{"fqdn":"b.example.com"}]},
        {"start":"2026-01-02T00:00:00Z","end":"2026-01-02T00:00:09Z","initiator":{"ip":"10.0.0.4"},"responder":{"ip":"203.0.113.9"},"names":[{"fqdn":"b.example.com"}]}]}"#;
    mark_used(&mut difference, report.as_bytes()).unwrap();
    let used: Vec<_> = difference
        .changes
        .iter()
        .filter_map(|c| {
            c.used
                .as_ref()
                .map(|u| (c.destination.as_str(), u.flows, u.hosts.len()))
        })
        .collect();
    assert_eq!(
        used,
        [
            ("192.0.2.0/24", 1, 1),
            ("b.example.com", 2, 2),
            ("c.example.com", 0, 0)
        ]
    );
    assert!(mark_used(&mut difference, "{}".as_bytes()).is_err());
}
