//! Suricata: pass rules. A name stands with `startswith` and `endswith`, without which content fits anywhere; `*.x` is
//! `.x` at the end, without `dotprefix`, which would let `x` in too.

use std::fmt::Write as _;

use ipnet::IpNet;

use super::{Job, WrittenList};
use crate::export::group::{AimGroup, groups, ports_as};
use crate::export::target::Word;
use crate::model::Transport;

/// Numbers of rules from here on: those for local use.
const FIRST_NUMBER: usize = 1_100_001;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut out = job.head_comment();
    out.push_str("# A name is known after the TCP handshake: where the rest is dropped, let handshakes pass (flow:not_established).\n");
    out.push_str(&rules(job));
    out.into()
}

/// The rules without a head.
pub(super) fn rules(job: &Job<'_>) -> String {
    let (mut out, mut number) = (String::new(), FIRST_NUMBER);
    for group in groups(job.said) {
        for (protocol, body) in bodies(&group) {
            for from in sources(&group) {
                let message = group.because(200);
                let (to, port) = body.to(&group);
                let options = body.options();
                let _ = writeln!(
                    out,
                    "pass {protocol} {from} any -> {to} {port} (msg:\"{message}\"; {options}sid:{number}; rev:1;)"
                );
                number += 1;
            }
        }
    }
    out
}

/// What makes a rule differ within a group.
enum RuleAim {
    Name(&'static str, Word),
    Networks(Vec<IpNet>),
    Anywhere,
}

fn bodies(group: &AimGroup<'_>) -> Vec<(String, RuleAim)> {
    let mut out = Vec::new();
    for word in &group.words {
        out.extend(
            buffers(group).into_iter().map(|(protocol, buffer)| {
                (protocol.to_owned(), RuleAim::Name(buffer, word.clone()))
            }),
        );
    }
    let networks: Vec<IpNet> = group.networks().collect();
    for protocol in protocols(group) {
        if group.anywhere {
            out.push((protocol, RuleAim::Anywhere));
        } else if !networks.is_empty() {
            out.push((protocol, RuleAim::Networks(networks.clone())));
        }
    }
    out
}

/// Where a name is looked for: in what the page says is spoken, else in what the port is for.
fn buffers(group: &AimGroup<'_>) -> Vec<(&'static str, &'static str)> {
    const TLS: (&str, &str) = ("tls", "tls.sni");
    const HTTP: (&str, &str) = ("http", "http.host");
    let spoken = |app: &str| group.apps.iter().any(|known| known == app);
    match (spoken("http"), group.ports.ranges()) {
        (true, _) if spoken("https") || spoken("tls") => vec![TLS, HTTP],
        (true, _) => vec![HTTP],
        (false, _) if !group.apps.is_empty() => vec![TLS],
        (false, [(443, 443)]) => vec![TLS],
        (false, [(80, 80)]) => vec![HTTP],
        (false, _) => vec![TLS, HTTP],
    }
}

fn protocols(group: &AimGroup<'_>) -> Vec<String> {
    let Some(protocols) = group.protocols() else {
        return vec!["ip".to_owned()];
    };
    let known = protocols.iter().map(|protocol| match protocol {
        Transport::Icmp | Transport::Icmpv6 => "icmp".to_owned(),
        Transport::Tcp | Transport::Udp => protocol.to_string(),
        Transport::Other(132) => "sctp".to_owned(),
        Transport::Other(_) => "ip".to_owned(),
    });
    known.collect()
}

fn sources(group: &AimGroup<'_>) -> Vec<String> {
    match group.sources() {
        None => vec!["$HOME_NET".to_owned()],
        Some(networks) => vec![list(&networks)],
    }
}

fn list(networks: &[IpNet]) -> String {
    let texts: Vec<String> = networks.iter().map(ToString::to_string).collect();
    format!("[{}]", texts.join(","))
}

impl RuleAim {
    fn to(&self, group: &AimGroup<'_>) -> (String, String) {
        let ports = match group.ports.is_empty() {
            true => "any".to_owned(),
            false => format!("[{}]", ports_as(group.ports, ":", ",")),
        };
        let to = match self {
            Self::Networks(networks) => list(networks),
            Self::Name(..) | Self::Anywhere => "any".to_owned(),
        };
        (to, ports)
    }

    fn options(&self) -> String {
        let Self::Name(buffer, word) = self else {
            return String::new();
        };
        // Host is lower case there already, and `nocase` beside it is refused.
        let (nocase, flag) = if *buffer == "http.host" {
            ("", "")
        } else {
            (" nocase;", "i")
        };
        let content = match word {
            Word::Plain(name) => format!("content:\"{name}\"; startswith; endswith;{nocase}"),
            Word::Ends(end) => format!("content:\"{end}\"; endswith;{nocase}"),
            Word::Matches(expression) => format!("pcre:\"/{expression}/{flag}\";"),
        };
        format!("flow:to_server; {buffer}; {content} ")
    }
}
