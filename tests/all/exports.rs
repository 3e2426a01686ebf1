//! `rules export` for every target, against what was read and agreed with: `tests/exports/TARGET`.
//! `PKTAUDIT_BLESS=1 cargo test --test all exports::` writes what it gives now.

use std::fs;

use super::harness::{Sample, pktaudit, project};

const TARGETS: [&str; 21] = [
    "nftables",
    "ipset",
    "iptables",
    "ip6tables",
    "pf",
    "opnsense",
    "suricata",
    "squid",
    "haproxy",
    "unbound",
    "rpz",
    "paloalto-url",
    "paloalto-ip",
    "fortigate",
    "asa",
    "aws",
    "aws-domains",
    "azure",
    "cilium",
    "csv",
    "json",
];

fn path(name: &str) -> String {
    project("tests/exports").join(name).display().to_string()
}

#[test]
fn every_target_gives_what_was_agreed() {
    let mut differ = Vec::new();
    for target in TARGETS {
        let rest = tempfile::NamedTempFile::new().unwrap();
        let (rules, site, answers) = (path("rules.toml"), path("site.toml"), path("answers.txt"));
        let rest_path = rest.path().display().to_string();
        let ran = pktaudit([
            "rules",
            "export",
            "--to",
            target,
            "--rules",
            &rules,
            "--site",
            &site,
            "--dns-seed",
            &answers,
            "--as-of",
            "2026-01-01",
            "--rest",
            &rest_path,
        ])
        .exits(1);
        let rest = fs::read_to_string(rest.path()).unwrap();
        for (name, text) in [
            (target.to_owned(), ran.stdout),
            (format!("{target}.rest.csv"), rest),
        ] {
            if std::env::var_os("PKTAUDIT_BLESS").is_some() {
                fs::write(path(&name), &text).unwrap();
            }
            if fs::read_to_string(path(&name)).ok().as_ref() != Some(&text) {
                differ.push(name);
            }
        }
    }
    assert!(
        differ.is_empty(),
        "these differ from tests/exports: {differ:?}"
    );
}

#[test]
fn help_lists_every_target() {
    let help = pktaudit(["rules", "export", "--help"]).exits(0).stdout;
    for target in TARGETS {
        assert!(help.contains(&format!("- {target}:")), "{target}\n{help}");
    }
}

#[test]
fn the_page_of_lists_has_every_target() {
    let page = fs::read_to_string(project("docs/LISTS.md")).unwrap();
    for target in TARGETS {
        assert!(page.contains(&format!("`{target}`")), "{target}");
    }
}

#[test]
fn only_what_a_report_calls_blocked_is_exported() {
    let sample = Sample::named("blocked-rst");
    let site = sample.folder.join("site.toml").display().to_string();
    let capture = sample.folder.join("capture.pcap").display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    pktaudit(["audit", "-q", "--site", &site, "--out", &out, &capture]).exits(1);
    let report = folder.path().join("report.json").display().to_string();
    let ran = pktaudit([
        "rules",
        "export",
        "--to",
        "csv",
        "--site",
        &site,
        "--only-missing",
        &report,
    ])
    .exits(0);
    let rows: Vec<&str> = ran.stdout.lines().skip(1).collect();
    assert!(
        !rows.is_empty()
            && rows
                .iter()
                .all(|row| row.contains("dsaas.url.trendmicro.com")),
        "{}",
        ran.stdout
    );
}
