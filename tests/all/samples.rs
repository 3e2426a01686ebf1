//! What the audit says of each shipped sample, held against `samples/<name>/expected.json`.
//!
//! `PKTAUDIT_BLESS=1 cargo test samples` rewrites the expected reports; look at each change before it is committed.

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
    json!({
        "summary": pick(
            &report["summary"],
            &["exit", "findings", "finding_codes", "intents", "requirements", "flows", "flows_audited"],
        ),
        "findings": findings,
        "requirements": requirements,
    })
}

fn audited(sample: &Sample) -> Value {
    let mut arguments = sample.audit("json");
    arguments.push(sample.capture.display().to_string());
    reduced(&pktaudit(&arguments).run().json())
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

/// Sample, code, outcome, stage, target, port, and an evidence code, as the sample's README says it should be.
type Verdict = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u64,
    &'static str,
);

/// Port 0 stands for none: a name that was never resolved was never tried on any.
const VERDICTS: &[Verdict] = &[
    (
        "blocked-after-hello",
        "blocked",
        "blocked_likely",
        "tls",
        "dsaas-en-b.trx.trendmicro.com",
        443,
        "L-RST",
    ),
    (
        "blocked-after-hello-silent",
        "blocked",
        "blocked_likely",
        "tls",
        "dsaas-en-b.trx.trendmicro.com",
        443,
        "L-SILENT",
    ),
    (
        "blocked-by-proxy",
        "blocked",
        "blocked_confirmed",
        "proxy",
        "dsaas.url.trendmicro.com",
        443,
        "H-CONNECT",
    ),
    (
        "blocked-by-proxy",
        "blocked",
        "blocked_likely",
        "http",
        "dsaas.url.trendmicro.com",
        80,
        "H-BLOCK",
    ),
    (
        "blocked-by-source",
        "blocked",
        "blocked_likely",
        "connect",
        "iaus.trendmicro.com",
        443,
        "T-SYN0",
    ),
    (
        "blocked-dns-extended-error",
        "blocked",
        "blocked_confirmed",
        "dns",
        "dsaas.url.trendmicro.com",
        0,
        "D-EDE",
    ),
    (
        "blocked-dns-nxdomain",
        "blocked",
        "blocked_likely",
        "dns",
        "dsaas.url.trendmicro.com",
        0,
        "D-NX",
    ),
    (
        "blocked-dns-refused",
        "failed",
        "failed_unattributed",
        "dns",
        "dsaas.url.trendmicro.com",
        0,
        "D-REFUSED",
    ),
    (
        "blocked-dns-silent",
        "blocked",
        "blocked_likely",
        "dns",
        "dsaas.url.trendmicro.com",
        0,
        "D-SILENT",
    ),
    (
        "blocked-dns-sinkhole",
        "blocked",
        "blocked_likely",
        "dns",
        "dsaas.url.trendmicro.com",
        0,
        "D-SINK",
    ),
    (
        "blocked-icmp-prohibited",
        "blocked",
        "blocked_confirmed",
        "connect",
        "dsaas.url.trendmicro.com",
        443,
        "T-ICMP-ADM",
    ),
    (
        "blocked-rst",
        "blocked",
        "blocked_likely",
        "connect",
        "dsaas.url.trendmicro.com",
        443,
        "T-RSTFAST",
    ),
    (
        "blocked-syn-dropped",
        "blocked",
        "blocked_likely",
        "connect",
        "dsaas.url.trendmicro.com",
        443,
        "T-SYN0",
    ),
    (
        "blocked-tls-inspected",
        "blocked",
        "blocked_likely",
        "tls",
        "files.trendmicro.com",
        443,
        "L-ALERT-C",
    ),
    (
        "blocked-udp",
        "failed",
        "failed_unattributed",
        "udp",
        "10.20.1.123",
        123,
        "U-SILENT",
    ),
    (
        "blocked-udp",
        "failed",
        "failed_unattributed",
        "udp",
        "10.20.1.51",
        514,
        "U-ICMP",
    ),
    (
        "server-alert",
        "failed",
        "failed_unattributed",
        "tls",
        "dsaas.url.trendmicro.com",
        443,
        "L-ALERT-S",
    ),
    (
        "server-refuses",
        "failed",
        "failed_unattributed",
        "connect",
        "dsaas.url.trendmicro.com",
        443,
        "T-RST",
    ),
    (
        "dual-stack-ipv6-dead",
        "degraded",
        "degraded",
        "connect",
        "agents.deepsecurity.trendmicro.com",
        443,
        "T-SYN0",
    ),
    (
        "dual-stack-ipv6-dead",
        "degraded",
        "degraded",
        "connect",
        "app.deepsecurity.trendmicro.com",
        443,
        "T-SYN0",
    ),
    (
        "dual-stack-ipv6-dead",
        "degraded",
        "degraded",
        "connect",
        "dsaas.url.trendmicro.com",
        443,
        "T-SYN0",
    ),
    (
        "dual-stack-ipv6-dead",
        "degraded",
        "degraded",
        "connect",
        "files.trendmicro.com",
        443,
        "T-SYN0",
    ),
    (
        "dual-stack-ipv6-dead",
        "degraded",
        "degraded",
        "connect",
        "files.trendmicro.com",
        80,
        "T-SYN0",
    ),
];

/// Samples with verdicts that [`VERDICTS`] leaves out, since what the program says of them is expected to grow.
const OPEN: &[&str] = &["blocked-two-point"];

/// Written by hand from the READMEs and never blessed: what is blocked or failed is that, and nothing else is.
#[test]
fn what_was_done_to_the_path_is_found_and_nothing_else() {
    for_each_sample(|sample| {
        if OPEN.contains(&sample.name.as_str()) {
            return Ok(());
        }
        let report = audited(sample);
        let told: Vec<&Value> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| {
                ["blocked", "failed", "degraded"]
                    .iter()
                    .any(|c| finding["code"] == *c)
            })
            .collect();
        let wanted: Vec<&Verdict> = VERDICTS
            .iter()
            .filter(|verdict| verdict.0 == sample.name)
            .collect();
        let fits =
            |finding: &Value, (_, code, outcome, stage, target, port, evidence): &Verdict| {
                let seen = finding["evidence"].as_array().unwrap();
                finding["code"] == *code
                    && finding["outcome"] == *outcome
                    && finding["stage"] == *stage
                    && ["10.20.0.10", "2001:db8:20::10"]
                        .iter()
                        .any(|ip| finding["initiator"] == *ip)
                    && finding["target"] == *target
                    && finding["port"].as_u64().unwrap_or(0) == *port
                    && seen.iter().any(|code| code == evidence)
            };
        for verdict in &wanted {
            if !told.iter().any(|finding| fits(finding, verdict)) {
                return Err(format!("{verdict:?} is missing in {told:#?}"));
            }
        }
        match told.len() == wanted.len() {
            true => Ok(()),
            false => Err(format!("{} were wanted: {told:#?}", wanted.len())),
        }
    });
}

/// Sample, code, target, port: all that is unexpected, from the READMEs.
const UNEXPECTED: &[(&str, &str, &str, u64)] = &[
    (
        "feature-off",
        "switched-off",
        "dsaas.icrc.trendmicro.com",
        443,
    ),
    (
        "feature-off",
        "switched-off",
        "dsaas.icrc.trendmicro.com",
        80,
    ),
    (
        "unexpected-traffic",
        "name-contradicted",
        "tunnel.example.net",
        443,
    ),
    (
        "unexpected-traffic",
        "wrong-port",
        "files.trendmicro.com",
        8443,
    ),
    (
        "unexpected-traffic",
        "list-gap",
        "newservice.trendmicro.com",
        443,
    ),
    (
        "unexpected-traffic",
        "unexpected-name",
        "telemetry.example.net",
        443,
    ),
    ("unexpected-traffic", "unnamed", "203.0.113.99", 443),
    ("unexpected-traffic", "unnamed", "203.0.113.53", 53),
    (
        "vlan-trunk",
        "unexpected-name",
        "telemetry.example.net",
        443,
    ),
    (
        "vxlan-overlay",
        "unexpected-name",
        "telemetry.example.net",
        443,
    ),
    (
        "wrong-region",
        "switched-off",
        "workload.de-1.cloudone.trendmicro.com",
        443,
    ),
    (
        "wrong-region",
        "switched-off",
        "agent-005.workload.de-1.cloudone.trendmicro.com",
        443,
    ),
    (
        "wrong-region",
        "switched-off",
        "ingress.workload.de-1.cloudone.trendmicro.com",
        443,
    ),
];

#[test]
fn what_no_page_lists_is_found_and_nothing_else() {
    for_each_sample(|sample| {
        let report = audited(sample);
        let mut told: Vec<(String, String, u64)> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["outcome"] == "unexpected" || f["outcome"] == "unnamed")
            .map(|f| {
                let word = |field: &str| f[field].as_str().unwrap().to_owned();
                (word("code"), word("target"), f["port"].as_u64().unwrap())
            })
            .collect();
        let mut wanted: Vec<(String, String, u64)> = UNEXPECTED
            .iter()
            .filter(|(name, ..)| *name == sample.name)
            .map(|(_, code, target, port)| ((*code).to_owned(), (*target).to_owned(), *port))
            .collect();
        told.sort();
        wanted.sort();
        match told == wanted {
            true => Ok(()),
            false => Err(format!("wanted {wanted:#?}, told {told:#?}")),
        }
    });
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
