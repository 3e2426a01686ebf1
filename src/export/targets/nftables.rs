//! nftables: one set of merged networks a rule and family, since nested elements are refused ("conflicting intervals").
//! Names of sets begin with `pa_`: words of the language (`list`, `counter`) are no names.

use std::fmt::Write as _;

use ipnet::IpNet;

use super::{Job, WrittenList};
use crate::export::group::{AimGroup, groups, ports_as};
use crate::model::Transport;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut sets = String::new();
    let mut rules = String::new();
    for (number, group) in (1..).zip(groups(job.said)) {
        rule(number, &group, &mut sets, &mut rules);
    }
    let mut out = job.head_comment();
    out.push_str(
        "# Jump to it from a chain of your own that drops the rest and lets answers back:\n",
    );
    out.push_str("#   ct state established,related accept\n#   jump pa_allow\n");
    out.push_str("table inet pktaudit\ndelete table inet pktaudit\ntable inet pktaudit {\n");
    out.push_str(&sets);
    let _ = write!(out, "  chain pa_allow {{\n{rules}  }}\n}}\n");
    out.into()
}

fn rule(number: usize, group: &AimGroup<'_>, sets: &mut String, rules: &mut String) {
    let sources = group.sources();
    for v6 in [false, true] {
        let family = |network: &IpNet| matches!(network, IpNet::V6(_)) == v6;
        let (ip, kind, digit) = if v6 {
            ("ip6", "ipv6_addr", 6)
        } else {
            ("ip", "ipv4_addr", 4)
        };
        let mut parts = Vec::new();
        if let Some(sources) = &sources {
            let sources: Vec<IpNet> = sources.iter().copied().filter(family).collect();
            if sources.is_empty() {
                continue;
            }
            let name = format!("pa_{number}_from{digit}");
            set(&name, kind, &sources, sets);
            parts.push(format!("{ip} saddr @{name}"));
        }
        let to: Vec<IpNet> = group.networks().filter(family).collect();
        if !group.anywhere {
            if to.is_empty() {
                continue;
            }
            let name = format!("pa_{number}_to{digit}");
            set(&name, kind, &to, sets);
            parts.push(format!("{ip} daddr @{name}"));
        } else if sources.is_none() {
            parts.push(format!("meta nfproto {}", if v6 { "ipv6" } else { "ipv4" }));
        }
        if let Some(protocols) = group.protocols() {
            let names: Vec<String> = protocols
                .iter()
                .map(|protocol| protocol_name(*protocol))
                .collect();
            parts.push(format!("meta l4proto {{ {} }}", names.join(", ")));
        }
        if !group.ports.is_empty() {
            parts.push(format!(
                "th dport {{ {} }}",
                ports_as(group.ports, "-", ", ")
            ));
        }
        let comment = group.because(120);
        let _ = writeln!(
            rules,
            "    {} accept comment \"{comment}\"",
            parts.join(" ")
        );
    }
}

fn set(name: &str, kind: &str, networks: &[IpNet], out: &mut String) {
    let _ = writeln!(
        out,
        "  set {name} {{\n    type {kind}\n    flags interval\n    elements = {{"
    );
    for network in networks {
        let _ = writeln!(out, "      {network},");
    }
    out.push_str("    }\n  }\n");
}

fn protocol_name(protocol: Transport) -> String {
    match protocol {
        Transport::Icmpv6 => "ipv6-icmp".to_owned(),
        Transport::Tcp | Transport::Udp | Transport::Icmp => protocol.to_string(),
        other => other.protocol().to_string(),
    }
}
