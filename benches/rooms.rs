//! What each room costs for one real capture: reading, observing, naming, judging, and each report.
//!
//! The capture is a shipped sample. `cargo bench --bench rooms`

#![allow(clippy::panic, clippy::unwrap_used, reason = "a bench may fail loudly")]

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use pktaudit::audit::{Audited, Plan};
use pktaudit::drive::{Progress, observe};
use pktaudit::judge::judge;
use pktaudit::model::TwoPoint;
use pktaudit::observe::{Observation, attribute};
use pktaudit::report::{
    Report, write_findings_csv, write_flows_csv, write_html, write_json, write_requirements_csv,
};
use pktaudit::rules::{Choices, Profile, RuleSet, RuleText, check, check_site, embedded};
use pktaudit::source::{FrameSource, InputPath, InputRecord, Inputs, open_reader, resolve};
use pktaudit::wording::Language;

const SAMPLE: &str = "blocked-syn-dropped";

fn main() {
    divan::main();
}

fn sample(file: &str) -> PathBuf {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    samples.join(SAMPLE).join(file)
}

fn observed() -> Observation {
    let Inputs { inputs, .. } = resolve(&[sample("capture.pcap")]);
    observe(&inputs, 1, &Progress::default()).observation
}

/// Shipped rules for the sample's site.
fn rules() -> RuleSet {
    let (library, _) = check(&embedded()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let text = RuleText {
        name: "site.toml".into(),
        text: fs::read_to_string(sample("site.toml")).unwrap(),
    };
    let site = check_site(&text, &library).unwrap_or_else(|problems| panic!("{problems:?}"));
    let profile = Profile::new(&library, Some(&site.0), &Choices::default())
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    RuleSet::compile(library, &profile)
}

#[divan::bench]
fn source(bencher: Bencher<'_, '_>) {
    let bytes = fs::read(sample("capture.pcap")).unwrap();
    let path = InputPath::Stdin;
    bencher
        .counter(BytesCount::new(bytes.len()))
        .with_inputs(|| Cursor::new(bytes.clone()))
        .bench_values(|bytes| {
            let mut source = open_reader(bytes, &path).unwrap();
            let mut frames = 0;
            while let Some(frame) = source.next_frame() {
                frames += black_box(frame.bytes).len();
            }
            frames
        });
}

/// Reading, decoding and observing: the whole fold over the file.
#[divan::bench]
fn fold(bencher: Bencher<'_, '_>) {
    let frames = observed().tally().frames;
    bencher
        .counter(ItemsCount::new(frames))
        .bench(|| observed().tally().decoded);
}

#[divan::bench]
fn attribution(bencher: Bencher<'_, '_>) {
    let observation = observed();
    let flows = attribute(observation.clone()).flows.len();
    bencher
        .counter(ItemsCount::new(flows))
        .with_inputs(|| observation.clone())
        .bench_values(|observation| attribute(observation).flows.len());
}

#[divan::bench]
fn verdicts(bencher: Bencher<'_, '_>) {
    let capture = attribute(observed());
    let rules = rules();
    bencher
        .counter(ItemsCount::new(capture.flows.len()))
        .bench(|| judge(&capture, &rules).findings.len());
}

/// Loading, checking and compiling the shipped rules.
#[divan::bench]
fn rule_sets(bencher: Bencher<'_, '_>) {
    let requirements = rules().requirements().len();
    bencher
        .counter(ItemsCount::new(requirements))
        .bench(|| rules().requirements().len());
}

/// A report's bytes on a writer that takes them and does nothing.
mod report {
    use super::*;

    fn with_report(bencher: Bencher<'_, '_>, write: impl Fn(&Report<'_>) + Sync) {
        let captures = TwoPoint::alone(attribute(observed()));
        let plan = Plan::of(rules());
        let inputs = [InputRecord::default()];
        let audited = Audited::of(&captures, &inputs, &plan);
        let report = audited.report();
        bencher
            .counter(ItemsCount::new(captures.inside.flows.len()))
            .bench(|| write(&report));
    }

    #[divan::bench]
    fn json(bencher: Bencher<'_, '_>) {
        with_report(bencher, |report| write_json(report, io::sink()).unwrap());
    }

    #[divan::bench]
    fn csv(bencher: Bencher<'_, '_>) {
        with_report(bencher, |report| {
            write_findings_csv(report, io::sink()).unwrap();
            write_requirements_csv(report, io::sink()).unwrap();
            write_flows_csv(report, io::sink()).unwrap();
        });
    }

    #[divan::bench]
    fn html(bencher: Bencher<'_, '_>) {
        with_report(bencher, |report| {
            write_html(report, Language::English, io::sink()).unwrap()
        });
    }
}
