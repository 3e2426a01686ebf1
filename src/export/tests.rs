use super::matching::expression;
use super::*;
use crate::model::CaptureTime;
use crate::rules::{Choices, NamePattern, Profile, RuleSet, RuleText, check};

fn table(rows: &str) -> Table {
    let text = format!(
        "format = 1\n[document]\nid = \"d\"\nunstated-ports = 443\nunstated-transport = \"tcp\"\n[roles.agent]\n{rows}"
    );
    let (library, _) = check(&[RuleText {
        name: "d.toml".into(),
        text,
    }])
    .unwrap();
    let profile = Profile::new(&library, None, &Choices::default()).unwrap();
    Table::of(
        &RuleSet::compile(library, &profile),
        CaptureTime::from_nanos(0),
    )
}

fn row(id: &str, to: &str) -> String {
    format!("[[requirement]]\nid = \"{id}\"\nfrom = \"agent\"\nto = \"{to}\"\n")
}

fn exported(rows: &str, to: &str, widen: bool) -> Export {
    let wishes = Wishes {
        widen,
        ..Wishes::default()
    };
    export(&table(rows), target(to).unwrap(), &wishes)
}

fn lines(export: &Export) -> Vec<&str> {
    export
        .text
        .lines()
        .filter(|line| !line.starts_with([';', '#']))
        .collect()
}

#[test]
fn expressions_say_what_patterns_say() {
    for (pattern, wanted) in [
        ("x.example", r"^x\.example$"),
        ("*.x.example", r"^.+\.x\.example$"),
        ("*x.example", r"x\.example$"),
        ("a.*.example", r"^a\.[^.]+\.example$"),
        ("a-*.x.example", r"^a-[^.]*\.x\.example$"),
        ("*.a-*.example", r"^.+\.a-[^.]*\.example$"),
        ("*a-*b.example", r"a-[^.]*b\.example$"),
    ] {
        assert_eq!(
            expression(&NamePattern::parse(pattern).unwrap()),
            wanted,
            "{pattern}"
        );
    }
}

#[test]
fn nothing_is_widened_without_being_asked() {
    let below = row("r", "*.x.example");
    for to in ["aws-domains", "unbound"] {
        let narrow = exported(&below, to, false);
        assert_eq!(
            (narrow.said, narrow.rest[0].extent),
            (0, Extent::NotSaid),
            "{to}"
        );
        let wide = exported(&below, to, true);
        assert_eq!((wide.said, wide.rest[0].extent), (1, Extent::Wider), "{to}");
    }
}

#[test]
fn a_top_level_domain_is_never_what_widening_gives() {
    let wide = exported(&row("r", "*x.example"), "rpz", true);
    assert_eq!((wide.said, wide.rest[0].extent), (0, Extent::NotSaid));
}

#[test]
fn every_target_says_or_lists_every_entry() {
    let rows: String = [
        "x.example",
        "*.x.example",
        "*cdn.x.example",
        "a.*.x.example",
        "a-*.x.example",
        "192.0.2.0/24",
        "2001:db8::1",
        "any",
    ]
    .iter()
    .enumerate()
    .map(|(number, to)| row(&format!("r{number}"), to))
    .collect();
    for target in TARGETS {
        for widen in [false, true] {
            let export = exported(&rows, target.name, widen);
            let unsaid = export
                .rest
                .iter()
                .filter(|rest| rest.extent == Extent::NotSaid)
                .count();
            assert_eq!(
                export.said + unsaid,
                8,
                "{} {widen} {:?}",
                target.name,
                export.rest
            );
            assert!(
                export.text.is_empty() || export.text.ends_with('\n'),
                "{}",
                target.name
            );
        }
    }
}

#[test]
fn a_policy_zone_denies_what_stands_beside_and_above_what_it_allows() {
    let rows = row("r1", "a.b.x.example") + &row("r2", "*.y.example") + &row("r3", "c.d.y.example");
    let zone = exported(&rows, "rpz", false);
    let lines = lines(&zone);
    for line in [
        "a.b.x.example CNAME rpz-passthru.",
        "*.a.b.x.example CNAME .",
        "*.b.x.example CNAME .",
        "b.x.example CNAME .",
        "*.x.example CNAME .",
        "y.example CNAME .",
        "*.y.example CNAME rpz-passthru.",
        // A name of its own hides the wildcard above it.
        "d.y.example CNAME rpz-passthru.",
        "*.d.y.example CNAME rpz-passthru.",
        "*.c.d.y.example CNAME rpz-passthru.",
        "*.example CNAME .",
        "* CNAME .",
    ] {
        assert!(lines.contains(&line), "{line}\n{}", zone.text);
    }
}

#[test]
fn networks_are_merged_and_never_nested() {
    let rows =
        row("r1", "198.51.100.0/25") + &row("r2", "198.51.100.128/25") + &row("r3", "198.51.100.7");
    let export = exported(&rows, "paloalto-ip", false);
    assert_eq!(lines(&export), ["198.51.100.0/24"]);
}

#[test]
fn names_become_the_addresses_that_were_told() {
    let rows = row("r1", "x.example") + &row("r2", "*.x.example") + &row("r3", "y.example");
    let ip = |last: u8| std::net::IpAddr::from([192, 0, 2, last]);
    let addresses = Addresses::from([
        ("x.example".to_owned(), [ip(1)].into()),
        ("a.x.example".to_owned(), [ip(2)].into()),
    ]);
    let wishes = Wishes {
        addresses,
        ..Wishes::default()
    };
    let export = export(&table(&rows), target("paloalto-ip").unwrap(), &wishes);
    assert_eq!(lines(&export), ["192.0.2.1/32", "192.0.2.2/32"]);
    let extents: Vec<Extent> = export.rest.iter().map(|rest| rest.extent).collect();
    assert_eq!(extents, [Extent::Narrower, Extent::NotSaid]);
}

#[test]
fn only_what_was_blocked_stays() {
    let rows = row("r1", "x.example") + &row("r2", "*.y.example") + &row("r3", "z.example");
    let mut table = table(&rows);
    let report = r#"{ "intents": [
        { "fqdn": "a.y.example", "port": 443, "transport": "tcp", "outcome": "blocked_likely", "requirements": ["d/r2"] },
        { "fqdn": "x.example", "port": 443, "transport": "tcp", "outcome": "ok", "requirements": ["d/r1"] },
        { "fqdn": "z.example", "port": null, "transport": null, "outcome": "blocked_confirmed", "requirements": ["d/r3"] }
    ] }"#;
    Missing::read(report).unwrap().keep_only(&mut table);
    let kept: Vec<String> = table.entries.iter().map(Entry::to).collect();
    assert_eq!(kept, ["*.y.example", "z.example"]);
    assert!(Missing::read("[]").is_err());
}
