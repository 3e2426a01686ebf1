//! A small capture and its judgement, built by hand, with names that mean harm.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Audit, Report};
use smallvec::smallvec;
use thin_vec::thin_vec;

use crate::judge::{
    AttemptOutcome, Code, Coverage, Evidence, Finding, FindingCode, FlowTarget, FlowVerdict, Grade,
    Intent, Judgement, NotSeen, Outcome, RequirementStatus, RequirementVerdict, Stage, Trust,
};
use crate::model::{
    CaptureTime, Endpoint, Fqdn, FrameId, Side, Stamp, TimeSpan, Transport, Tunnel, TunnelKind,
};
use crate::observe::Undecoded;
use crate::observe::{
    App, Capture, Chunks, ConnState, DnsTransaction, Flow, FlowId, Name, NameSource, SideEvidence,
    Tally,
};
use crate::observe::{DnsData, DnsFacts, DnsRecord};
use crate::rules::{Choices, Profile, RequirementIndex, RuleSet, RuleText, check, check_site};
use crate::source::{Input, InputPath, InputRecord};

/// What a spreadsheet, a terminal and a browser would each obey.
pub(crate) const HOSTILE: [&str; 6] = [
    "=cmd|' /C calc'!A1",
    "<script>alert(1)</script>",
    "a\u{1b}[2J\u{1b}]0;owned\u{7}b",
    "moc.\u{202e}elpmaxe",
    "quote\"comma,line\r\nbreak",
    "@SUM(A1)\u{200b}",
];

pub(crate) const RULES: &str = r#"
format = 1
[document]
id = "sample"
vendor = "Vendor"
product = "Product"
page = "=HYPERLINK(\"x\")"
language = "en"
unstated-ports = [443]
unstated-transport = "tcp"
[regions]
us-1 = { aliases = ["usa"] }
[roles.agent]
about = "host with the agent"
[roles.relay]
inherits = ["agent"]
optional = true
about = "passes updates on"
[roles.dns-server]
about = "name server"
[roles.siem-server]
about = "log collector"
aliases = ["siem"]
[features]
smart-scan = { component = "agent", about = "Smart Scan", default = "unknown" }
[[requirement]]
id = "a01"
service = "-1+1 <b>Updates</b>"
from = ["agent"]
to = ["update.example.com", "*.files.example.com"]
ports = [443]
transport = ["tcp"]
cite = { table = "Agents, \"outgoing\"", row = "@row", line = 7 }
[[requirement]]
id = "a02"
service = "DNS"
from = ["agent"]
to = ["role:dns-server"]
ports = [53]
transport = ["udp"]
[[requirement]]
id = "a03"
service = "Updates from a relay"
from = ["agent"]
to = ["role:relay"]
ports = [4122]
transport = ["tcp"]
configurable-port = true
[[requirement]]
id = "a04"
service = "Reputation"
from = ["agent"]
to = ["rep.example.com"]
ports = [443]
transport = ["tcp"]
when = [{ feature = "smart-scan" }]
"#;

/// Everything that an [`Audit`] borrows.
pub(crate) struct Sample {
    pub(crate) capture: Capture,
    pub(crate) judgement: Judgement,
    pub(crate) rules: RuleSet,
    pub(crate) inputs: Vec<InputRecord>,
    arguments: Vec<String>,
}

impl Sample {
    pub(crate) fn report(&self) -> Report<'_> {
        Report::new(&Audit {
            capture: &self.capture,
            judgement: &self.judgement,
            rules: &self.rules,
            inputs: &self.inputs,
            all_inputs: &[],
            version: "0.0.0",
            commit: None,
            site_sha256: None,
            arguments: &self.arguments,
            as_of: Some("2026-11-21"),
            sets: &[],
        })
    }
}

pub(crate) fn stamp(index: u32) -> Stamp {
    let seconds = 1_795_000_000 + i64::from(index);
    Stamp {
        time: CaptureTime::from_secs_nanos(seconds, 5),
        frame: FrameId::new(0, 0, index),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn flow(from: &str, to: (&str, u16), transport: Transport, frames: (u32, u32)) -> Flow {
    let side = |packets: u64| {
        let mut side = SideEvidence::default();
        side.packets = packets;
        side.bytes = packets * 60;
        side
    };
    Flow {
        initiator: Endpoint::new(ip(from), 50_000),
        responder: Endpoint::new(ip(to.0), to.1),
        transport,
        opened: true,
        span: (stamp(frames.0), stamp(frames.1)),
        conn_state: ConnState::SF,
        history: "ShADadFf".chars().collect(),
        out: side(5),
        back: side(4),
        app: App::TLS,
        names: thin_vec![],
        events: thin_vec![],
        initiator_side: Side::Low,
        facts: thin_vec![],
        exchanges: thin_vec![],
        joins: None,
        token: None,
        vlans: thin_vec![vec![100, 7]],
        tls: thin_vec![],
        tunnels: thin_vec![vec![Tunnel {
            kind: TunnelKind::Vxlan,
            id: 42,
        }]],
        closed_windows: None,
        device: Default::default(),
        only_logged: false,
        comments: Default::default(),
    }
}

pub(crate) fn named(mut flow: Flow, name: &str, source: NameSource) -> Flow {
    let fqdn = Fqdn::from_packet(name.as_bytes()).unwrap();
    let at = flow.span.0;
    flow.names.push(Name {
        fqdn,
        source,
        at,
        port: 0,
        same_client: true,
        stale: false,
        via: None,
    });
    flow
}

pub(crate) fn lookup(client: &str, name: &str, answer: Option<&str>, at: u32) -> DnsTransaction {
    let query = Fqdn::from_packet(name.as_bytes());
    let record = |data| DnsRecord {
        name: query.clone(),
        kind: 1,
        ttl: 60,
        section: crate::observe::DnsSection::Answer,
        data,
    };
    let facts = DnsFacts {
        response: true,
        query: query.clone(),
        query_type: 1,
        rcode: if answer.is_some() { 0 } else { 3 },
        truncated: false,
        whole: true,
        records: answer
            .map(|a| record(DnsData::Address(ip(a))))
            .into_iter()
            .collect(),
        extended_errors: thin_vec![(15, HOSTILE[2].to_owned())],
    };
    let answers = smallvec![
        (stamp(at + 1), Arc::new(facts.clone())),
        (stamp(at + 2), Arc::new(facts)),
    ];
    DnsTransaction {
        client: Endpoint::new(ip(client), 40_000),
        server: Endpoint::new(ip("10.0.0.53"), 53),
        transport: Transport::Udp,
        id: 7,
        query,
        query_type: 1,
        queries: smallvec![stamp(at)],
        answers,
        answer_ttls: smallvec![64, 64],
        answers_in_part: 0,
        place: 0,
    }
}

fn verdict(went: AttemptOutcome) -> FlowVerdict {
    FlowVerdict {
        out_of_scope: None,
        host: ip("10.0.0.10"),
        to_proxy: false,
        dns: None,
        aim: FlowTarget {
            names: thin_vec![],
            source: None,
            port: 443,
            proxied: false,
            address: None,
            inner: thin_vec![],
        },
        coverage: Coverage::default(),
        went,
        beside: thin_vec![],
        more: thin_vec![],
    }
}

fn capture(flows: Vec<Flow>, dns: Vec<DnsTransaction>) -> Capture {
    let mut chunks = Chunks::default();
    (0..100).for_each(|index| chunks.count(stamp(index)));
    let tally = Tally {
        frames: 100,
        wire_bytes: 64_000,
        decoded: 97,
        set_aside: [(Undecoded::Arp, 3)].into(),
        ..Tally::default()
    };
    let span = TimeSpan {
        first: stamp(0).time,
        last: stamp(99).time,
    };
    Capture {
        flows: flows.into_iter().collect(),
        dns: dns.into_iter().collect(),
        tally,
        links: crate::observe::Links::default(),
        numbering: chunks.numbering(),
        chunks,
        span,
    }
}

pub(crate) fn plain_capture(flows: Vec<Flow>, dns: Vec<DnsTransaction>) -> Capture {
    capture(flows, dns)
}

/// One blocked intent of two hosts, and an unexpected flow to each hostile name.
pub(crate) fn sample() -> Sample {
    let text = |name: &str, text: &str| RuleText {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let (library, _) = check(&[text("sample.toml", RULES)]).unwrap();
    let site = "[site]\nname = \"lab\"\n[roles]\nagent = [\"10.0.0.0/24\"]\n[[host]]\naddress = \"10.0.0.10\"\nname = \"-web\"\n";
    let (site, _) = check_site(&text("site.toml", site), &library).unwrap();
    let profile = Profile::new(&library, Some(&site), &Choices::default()).unwrap();
    let rules = RuleSet::compile(library, &profile);
    let evidence = Evidence {
        code: Code::HelloReset,
        grade: Grade::B,
        stamps: vec![stamp(3), stamp(4)],
        words: format!("RST 12 ms after the ClientHello {}", HOSTILE[2]),
        by: Some(ip("10.0.0.1")),
        control: Some("the same address answers this client under the name ok.example".to_owned()),
        login: false,
    };
    let blocked = Fqdn::parse("update.example.com").unwrap();
    let mut flows = Vec::new();
    let mut verdicts = Vec::new();
    let mut intents = Vec::new();
    let mut findings = Vec::new();
    for (place, host) in ["10.0.0.10", "10.0.0.11"].into_iter().enumerate() {
        let frames = (2 + place as u32, 10 + place as u32);
        let flow = flow(host, ("203.0.113.5", 443), Transport::Tcp, frames);
        flows.push(named(flow, "update.example.com", NameSource::TlsSni));
        verdicts.push(verdict(AttemptOutcome::failed(evidence.clone())));
        let span = (stamp(frames.0), stamp(frames.1));
        intents.push(Intent {
            initiator: ip(host),
            fqdn: Some(blocked.clone()),
            or_names: thin_vec![],
            source: Some(NameSource::TlsSni),
            addresses: thin_vec![ip("203.0.113.5")],
            port: Some(443),
            transport: Transport::Tcp,
            outcome: Outcome::BlockedLikely,
            stage: Some(Stage::Tls),
            confidence: Some(Grade::B),
            evidence: thin_vec![evidence.clone()],
            doubt: None,
            reached_until: None,
            requirements: [RequirementIndex::new(0)].into(),
            shades: thin_vec![],
            outer: None,
            attempts: thin_vec![FlowId(place as u32)],
            span,
            sent_only: false,
        });
        findings.push(Finding {
            outcome: Some(Outcome::BlockedLikely),
            stage: Some(Stage::Tls),
            confidence: Some(Grade::B),
            initiator: Some(ip(host)),
            port: Some(443),
            transport: Some(Transport::Tcp),
            message: "likely stopped at tls".to_owned(),
            advice: "allow the name update.example.com in what filters by TLS names".to_owned(),
            evidence: vec![evidence.clone()],
            requirements: vec![RequirementIndex::new(0)],
            flows: vec![FlowId(place as u32)],
            intents: vec![place],
            span: Some(span),
            ..Finding::new(FindingCode::Blocked, blocked.to_string())
        });
    }
    for (place, name) in HOSTILE.iter().enumerate() {
        let at = 20 + place as u32;
        let flow = flow("10.0.0.10", ("198.51.100.9", 443), Transport::Tcp, (at, at));
        flows.push(named(flow, name, NameSource::HttpHost));
        verdicts.push(verdict(AttemptOutcome::Succeeded));
        findings.push(Finding {
            outcome: Some(Outcome::Unexpected),
            initiator: Some(ip("10.0.0.10")),
            port: Some(443),
            transport: Some(Transport::Tcp),
            message: (*name).to_owned(),
            advice: "find the program".to_owned(),
            flows: vec![FlowId(at - 18)],
            span: Some((stamp(at), stamp(at))),
            ..Finding::new(FindingCode::UnexpectedName, (*name).to_owned())
        });
    }
    flows.push(flow(
        "10.0.0.10",
        ("10.0.0.1", 0),
        Transport::Icmp,
        (40, 41),
    ));
    verdicts.push(verdict(AttemptOutcome::Succeeded));
    let standings = [
        RequirementStatus::Blocked,
        RequirementStatus::Satisfied,
        RequirementStatus::NotSeen(NotSeen::NoInitiator),
        RequirementStatus::NotActive("needs feature smart-scan on".to_owned()),
    ];
    let requirements = standings
        .into_iter()
        .enumerate()
        .map(|(i, standing)| RequirementVerdict {
            requirement: RequirementIndex::new(i as u32),
            intents: if i == 0 { vec![0, 1] } else { Vec::new() },
            reached_by: if i == 1 {
                vec![ip("10.0.0.10")]
            } else {
                Vec::new()
            },
            must_see: true,
            excused_by: None,
            resolved: Vec::new(),
            shortfall: None,
            note: None,
            standing,
        });
    let judgement = Judgement {
        requirements: requirements.collect(),
        flows: verdicts,
        intents,
        findings,
        unclear: Vec::new(),
        trust: Trust {
            flows: 8,
            only_initiator: 1,
            ..Trust::default()
        },
        census: crate::judge::Census::default(),
        translated: Default::default(),
    };
    let file = Input {
        path: InputPath::File(format!("/tmp/{}.pcap", HOSTILE[2]).into()),
        stored_bytes: Some(64_024),
        ..Input::default()
    };
    let inputs = vec![InputRecord {
        frames: 100,
        span: TimeSpan {
            first: stamp(0).time,
            last: stamp(99).time,
        },
        ..InputRecord::of(file)
    }];
    let dns = vec![lookup(
        "10.0.0.10",
        "update.example.com",
        Some("203.0.113.5"),
        0,
    )];
    Sample {
        capture: capture(flows, dns),
        judgement,
        rules,
        inputs,
        arguments: vec!["audit".to_owned()],
    }
}
