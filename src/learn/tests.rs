use super::roles::Roles;
use super::rows::{DraftPart, DraftRow, From, RowEvidence};
use super::siblings::generalised;
use super::write::{number, skeleton};
use crate::model::{PortSet, Transport};

fn row(to: &str, port: u16) -> DraftRow {
    DraftRow {
        part: DraftPart::Once,
        from: From::Roles(vec!["host".into()]),
        to: to.into(),
        transport: Some(Transport::Tcp),
        ports: PortSet::from_ports([port]),
        names: Vec::new(),
        evidence: RowEvidence {
            flows: 1,
            ..RowEvidence::default()
        },
        outcome: None,
        id: String::new(),
    }
}

fn after(names: &[&str]) -> Vec<String> {
    generalised(names.iter().map(|name| row(name, 443)).collect())
        .into_iter()
        .map(|row| row.to)
        .collect()
}

#[test]
fn names_that_differ_in_digits_become_a_wildcard_when_enough_show_it() {
    let four = [
        "agent-001.x.example",
        "agent-023.x.example",
        "agent-7.x.example",
        "agent-8.x.example",
    ];
    assert_eq!(after(&four), ["agent-*.x.example"]);
    assert_eq!(after(&four[..3]), four[..3]);
}

#[test]
fn names_side_by_side_become_a_wildcard_only_below_a_registrable_domain() {
    let labels = ["a", "b", "c", "d", "e"];
    let names = |parent: &str| -> Vec<String> {
        labels
            .iter()
            .map(|label| format!("{label}.{parent}"))
            .collect()
    };
    let try_names = |parent: &str| {
        let names = names(parent);
        after(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(try_names("us-1.vendor.example"), ["*.us-1.vendor.example"]);
    // Directly under the domain, under a public suffix, and where anybody can have names.
    for parent in [
        "vendor.example",
        "co.jp",
        "cloudfront.net",
        "s3.amazonaws.com",
    ] {
        assert_eq!(try_names(parent), names(parent), "{parent}");
    }
}

#[test]
fn siblings_on_another_port_or_by_address_are_none() {
    let mut rows: Vec<DraftRow> = ["a1.x.example", "a2.x.example", "a3.x.example"]
        .iter()
        .map(|name| row(name, 443))
        .collect();
    rows.push(row("a4.x.example", 80));
    assert_eq!(generalised(rows).len(), 4);
    assert_eq!(
        after(&[
            "192.0.2.1",
            "192.0.2.2",
            "192.0.2.3",
            "192.0.2.4",
            "192.0.2.5"
        ])
        .len(),
        5
    );
}

#[test]
fn a_wildcard_keeps_its_names_and_adds_up_what_was_seen() {
    let names = [
        "a1.x.example",
        "a2.x.example",
        "a3.x.example",
        "a4.x.example",
    ];
    let rows = generalised(names.iter().map(|name| row(name, 443)).collect());
    assert_eq!(
        (rows[0].names.len(), rows[0].evidence.flows, rows[0].part),
        (4, 4, DraftPart::Seen)
    );
}

#[test]
fn ids_differ() {
    let mut rows = vec![
        row("*.x.example", 443),
        row("*.x.example", 443),
        row("2001:db8::1", 80),
    ];
    number(&mut rows);
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(
        ids,
        ["any.x.example-443", "any.x.example-443-2", "2001-db8--1-80"]
    );
}

#[test]
fn a_file_without_rows_can_be_read() {
    let text = crate::rules::RuleText {
        name: "learned.toml".into(),
        text: skeleton(&Roles::default()),
    };
    assert!(crate::rules::check(&[text]).is_ok());
}
