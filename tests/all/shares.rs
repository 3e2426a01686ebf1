//! A capture judged in shares by initiating host gives what it gives as a whole, byte by byte.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use pktaudit::drive::{Progress, observe};
use pktaudit::judge::{CaptureShare, Judgement, judge, judge_shares};
use pktaudit::observe::{Capture, FlowId, attribute};
use pktaudit::report::{
    Audit, Look, Report, write_findings_csv, write_flows_csv, write_html, write_human, write_json,
    write_requirements_csv,
};
use pktaudit::rules::RuleSet;
use pktaudit::source::resolve;

use super::harness::{for_each_sample, same};
use super::laws::rules_of;

/// How many shares captures are judged in.
const COUNTS: [usize; 4] = [1, 2, 7, 64];

#[test]
fn a_sample_in_shares_is_the_same_as_in_one() {
    for_each_sample(|sample| {
        let capture = read(&sample.capture.display().to_string())?;
        holds(&capture, &rules_of(sample))
    });
}

/// Law 8 on one capture.
fn holds(capture: &Capture, rules: &RuleSet) -> Result<(), String> {
    let whole = files(capture, &judge(capture, rules), rules);
    for count in COUNTS {
        let shares = cut(capture, count);
        let shares: Vec<CaptureShare<'_>> = shares
            .iter()
            .map(|(share, places)| CaptureShare::new(share, places))
            .collect();
        let judgement = judge_shares((capture, None), &shares, rules);
        for ((name, whole), (_, joined)) in whole.iter().zip(files(capture, &judgement, rules)) {
            same(&format!("{name} in {count} shares"), whole, &joined)?;
        }
    }
    Ok(())
}

fn read(path: &str) -> Result<Capture, String> {
    let observed = observe(&resolve(&[path.to_owned()]).inputs, 1, &Progress::default());
    match observed.failures.first() {
        Some(failure) => Err(format!("{failure:?}")),
        None => Ok(attribute(observed.observation)),
    }
}

/// All that is written of a judgement.
fn files(capture: &Capture, judgement: &Judgement, rules: &RuleSet) -> Vec<(&'static str, String)> {
    let report = Report::new(&Audit {
        capture,
        judgement,
        rules,
        inputs: &[],
        all_inputs: &[],
        version: "",
        commit: None,
        site_sha256: None,
        arguments: &[],
        as_of: None,
        sets: &[],
    });
    let mut files = Vec::new();
    let mut put = |name, bytes: Vec<u8>| files.push((name, String::from_utf8(bytes).unwrap()));
    let mut out = Vec::new();
    write_findings_csv(&report, &mut out).unwrap();
    put("findings.csv", std::mem::take(&mut out));
    write_requirements_csv(&report, &mut out).unwrap();
    put("requirements.csv", std::mem::take(&mut out));
    write_flows_csv(&report, &mut out).unwrap();
    put("flows.csv", std::mem::take(&mut out));
    write_json(&report, &mut out).unwrap();
    put("report.json", std::mem::take(&mut out));
    write_html(&report, &mut out).unwrap();
    put("report.html", std::mem::take(&mut out));
    write_human(&report, &Look::default(), &mut out).unwrap();
    put("standard output", std::mem::take(&mut out));
    files
}

/// A capture's shares by initiating host, each with the places of its flows.
fn cut(capture: &Capture, count: usize) -> Vec<(Capture, Vec<FlowId>)> {
    let hosts = hosts(capture);
    let empty = || Capture {
        flows: Vec::new(),
        dns: Vec::new(),
        tally: capture.tally.clone(),
        links: capture.links.clone(),
        chunks: capture.chunks.clone(),
        numbering: capture.numbering.clone(),
        span: capture.span,
    };
    let mut shares: Vec<(Capture, Vec<FlowId>)> =
        (0..count).map(|_| (empty(), Vec::new())).collect();
    for (flow, id) in capture.flows.iter().zip((0..).map(FlowId)) {
        let (share, places) = &mut shares[hosts[&flow.initiator.ip] % count];
        share.flows.push(flow.clone());
        places.push(id);
    }
    for lookup in &capture.dns {
        let (share, _) = &mut shares[hosts[&lookup.client.ip] % count];
        share.dns.push(lookup.clone());
    }
    shares
}

/// The number of the host that each address is of. Addresses of one network card are one host.
fn hosts(capture: &Capture) -> BTreeMap<IpAddr, usize> {
    let initiators = capture.flows.iter().map(|flow| flow.initiator.ip);
    let clients = capture.dns.iter().map(|lookup| lookup.client.ip);
    let all: BTreeSet<IpAddr> = initiators.chain(clients).collect();
    let mut of: BTreeMap<IpAddr, usize> = all.iter().copied().zip(0..).collect();
    let mut cards: BTreeMap<[u8; 6], Vec<IpAddr>> = BTreeMap::new();
    for ip in all {
        for card in [capture.links.of(ip), capture.links.behind(ip)].concat() {
            cards.entry(card).or_default().push(ip);
        }
    }
    for same in cards.values() {
        let numbers: BTreeSet<usize> = same.iter().map(|ip| of[ip]).collect();
        let first = numbers.first().copied();
        for number in of.values_mut().filter(|number| numbers.contains(number)) {
            *number = first.unwrap_or(*number);
        }
    }
    of
}
