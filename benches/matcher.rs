//! How the cost of one assessment grows with the number of requirements: it should not.

#![allow(clippy::panic)] // A bench has no caller to hand an error to.

use std::fmt::Write as _;
use std::net::IpAddr;

use divan::Bencher;
use divan::counter::ItemsCount;
use pktaudit::model::{CaptureTime, Fqdn, Transport};
use pktaudit::rules::{
    Choices, Library, Profile, RuleSet, RuleText, Scratch, Subject, check, check_site,
};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const FLOWS: usize = 1_000;

fn main() {
    divan::main();
}

/// Rules as vendor pages have them: six in ten exact names, then wildcards of both kinds, addresses, networks, odd
/// patterns, and one role row.
fn rules(count: usize) -> RuleText {
    let mut text = String::from(
        "format = 1\n[document]\nid = \"generated\"\nunstated-ports = [443]\nunstated-transport = \"tcp\"\n\
         [roles.agent]\n[roles.relay]\ninherits = [\"agent\"]\n[roles.dns-server]\n\
         [[requirement]]\nid = \"dns\"\nfrom = [\"agent\"]\nto = [\"role:dns-server\"]\nports = [53]\ntransport = [\"tcp\", \"udp\"]\n",
    );
    for i in 0..count {
        let to = match i % 10 {
            0..6 => format!("h{i}.region-{}.vendor-{}.com", i % 17, i % 5),
            6 => format!("*.w{i}.vendor-{}.com", i % 5),
            7 => format!("*e{i}.vendor-{}.com", i % 5),
            8 => format!("{}.{}.{}.0/28", 20 + i / 65_536, i / 256 % 256, i % 256),
            _ => format!("a-*.o{i}.vendor-{}.com", i % 5),
        };
        let _ = write!(
            text,
            "[[requirement]]\nid = \"r{i}\"\nfrom = [\"agent\"]\nto = [\"{to}\"]\nports = [443]\n"
        );
    }
    RuleText {
        name: "generated.toml".into(),
        text,
    }
}

fn library(count: usize) -> Library {
    match check(&[rules(count)]) {
        Ok((library, _)) => library,
        Err(problems) => panic!("{} problems", problems.len()),
    }
}

fn compile(library: Library) -> RuleSet {
    let site = RuleText {
        name: "site.toml".into(),
        text: "[roles]\nagent = [\"10.1.0.0/16\"]\nrelay = [\"10.1.0.9\"]\ndns-server = [\"10.2.0.53\"]\n".into(),
    };
    let Ok((site, _)) = check_site(&site, &library) else {
        panic!("the site file is sound")
    };
    let Ok(profile) = Profile::new(&library, Some(&site), &Choices::default()) else {
        panic!("the choices are sound")
    };
    RuleSet::compile(library, &profile)
}

struct Flow {
    name: Option<Fqdn>,
    responder: IpAddr,
    port: u16,
}

/// Two in three flows are covered, the others go to names and addresses that no rule has.
fn flows(count: usize) -> Vec<Flow> {
    (0..FLOWS)
        .map(|f| {
            let i = (f * 7919) % count;
            let name = match (f % 3, i % 10) {
                (2, _) => Some(format!("www{f}.cdn.elsewhere.example")),
                (_, 0..6) => Some(format!("h{i}.region-{}.vendor-{}.com", i % 17, i % 5)),
                (_, 6) => Some(format!("x.y.w{i}.vendor-{}.com", i % 5)),
                (_, 7) => Some(format!("agent-001.e{i}.vendor-{}.com", i % 5)),
                (_, 9) => Some(format!("a-7.o{i}.vendor-{}.com", i % 5)),
                _ => None,
            };
            let octets = [
                20 + (i / 65_536) as u8,
                (i / 256 % 256) as u8,
                (i % 256) as u8,
                3,
            ];
            Flow {
                name: name.and_then(|n| Fqdn::parse(&n).ok()),
                responder: octets.into(),
                port: 443,
            }
        })
        .collect()
}

#[divan::bench(args = SIZES)]
fn assess_1000_flows(bencher: Bencher, count: usize) {
    let set = compile(library(count));
    let flows = flows(count);
    let mut scratch = Scratch::default();
    bencher.counter(ItemsCount::new(FLOWS)).bench_local(|| {
        let mut covered = 0;
        for flow in &flows {
            let names: Vec<&Fqdn> = flow.name.iter().collect();
            let subject = Subject {
                initiator: [10, 1, 2, 3].into(),
                responder: flow.responder,
                port: flow.port,
                transport: Transport::Tcp,
                names: &names,
                path: None,
                time: CaptureTime::from_nanos(0),
            };
            covered += set.assess(&subject, &mut scratch).covers.len();
        }
        covered
    });
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn check_text(bencher: Bencher, count: usize) {
    let text = rules(count);
    bencher
        .counter(ItemsCount::new(count))
        .bench_local(|| check(std::slice::from_ref(&text)).is_ok());
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn compile_library(bencher: Bencher, count: usize) {
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| library(count))
        .bench_local_values(compile);
}
