//! The whole way: frames to verdicts by the shipped rules, and these in every format.

use std::io::{self, Write};
use std::sync::LazyLock;

use pktaudit::audit::{Audited, Plan};
use pktaudit::model::TwoPoint;
use pktaudit::observe::attribute;
use pktaudit::report::{
    Format, Look, Report, ReportError, write_dns, write_findings_csv, write_flows, write_flows_csv,
    write_html, write_human, write_json, write_junit, write_ndjson, write_sarif,
};
use pktaudit::rules::{Choices, Profile, RuleSet, RuleText, Site, check_site};
use pktaudit::wording::Language;

use super::frames::frames;
use super::rules::SHIPPED;
use crate::observing::{Dice, observe};

/// Whose hosts the frames are between.
const SITE: &str = r#"
[site]
name = "lab"
region = "us-1"
[roles]
agent = ["10.0.0.5"]
relay = ["10.0.0.6"]
dns-server = ["198.51.100.2"]
web-proxy = ["198.51.100.3"]
"#;

static PLANS: LazyLock<[Plan; 2]> = LazyLock::new(|| [plan(None), plan(Some(&site()))]);

fn site() -> Site {
    let text = RuleText {
        name: "site.toml".into(),
        text: SITE.into(),
    };
    match check_site(&text, &SHIPPED) {
        Ok((site, _)) => site,
        Err(problems) => panic!("{problems:?}"),
    }
}

fn plan(site: Option<&Site>) -> Plan {
    match Profile::new(&SHIPPED, site, &Choices::default()) {
        Ok(profile) => Plan::of(RuleSet::compile(SHIPPED.clone(), &profile)),
        Err(problems) => panic!("{problems:?}"),
    }
}

pub(crate) fn audit(bytes: &[u8]) {
    let frames = frames(bytes);
    let seen = TwoPoint::alone(attribute(observe(0, &frames)));
    // One of them by chance: writing all formats takes most of the time.
    let audited = Audited::of(&seen, &[], &PLANS[Dice::of(bytes).roll(PLANS.len())]);
    let report = audited.report();
    for format in 0..8 {
        if let Err(error) = write(&report, format, io::sink()) {
            panic!("{error}");
        }
    }
    let capture = &seen.inside;
    let flows: Vec<_> = capture.flows.iter().collect();
    let look = Look::default();
    for format in [Format::Human, Format::Json, Format::Csv] {
        let flows = write_flows(capture, &flows, format, &look, io::sink());
        let dns = write_dns(capture, format, &look, io::sink());
        assert!(flows.is_ok() && dns.is_ok());
    }
}

fn write(report: &Report<'_>, format: u8, out: impl Write) -> Result<(), ReportError> {
    match format {
        0 => write_human(report, &Look::default(), out),
        1 => write_json(report, out),
        2 => write_ndjson(report, out),
        3 => write_findings_csv(report, out),
        4 => write_sarif(report, out),
        5 => write_junit(report, out),
        6 => write_html(report, Language::English, out),
        _ => write_flows_csv(report, out),
    }
}
