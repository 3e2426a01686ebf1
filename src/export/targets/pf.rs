//! pf: tables, and pass rules that use them. A table holds no ports, so each rule has one of its own.

use std::fmt::Write as _;

use ipnet::IpNet;

use super::{Job, WrittenList};
use crate::export::group::{AimGroup, groups, ports_as};
use crate::model::Transport;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let (mut tables, mut rules) = (String::new(), String::new());
    for (number, group) in (1..).zip(groups(job.said)) {
        let sources = group.sources();
        if let Some(sources) = &sources {
            table(
                &format!("pa_{number}_from"),
                sources.iter().copied(),
                &mut tables,
            );
        }
        if !group.anywhere {
            table(&format!("pa_{number}_to"), group.networks(), &mut tables);
        }
        rule(number, &group, sources.is_some(), &mut rules);
    }
    format!("{}{tables}{rules}", job.head_comment()).into()
}

fn table(name: &str, networks: impl Iterator<Item = IpNet>, out: &mut String) {
    let _ = writeln!(out, "table <{name}> persist {{ \\");
    for network in networks {
        let _ = writeln!(out, "  {network} \\");
    }
    out.push_str("}\n");
}

fn rule(number: usize, group: &AimGroup<'_>, sources: bool, out: &mut String) {
    let from = if sources {
        format!("<pa_{number}_from>")
    } else {
        "any".to_owned()
    };
    let to = if group.anywhere {
        "any".to_owned()
    } else {
        format!("<pa_{number}_to>")
    };
    let ports = match group.ports.is_empty() {
        true => String::new(),
        false => format!(" port {{ {} }}", ports_as(group.ports, ":", " ")),
    };
    let _ = writeln!(out, "# {}", group.because(300));
    let Some(protocols) = group.protocols() else {
        let _ = writeln!(out, "pass quick from {from} to {to} keep state");
        return;
    };
    let names: Vec<String> = protocols
        .iter()
        .map(|protocol| match protocol {
            Transport::Icmpv6 => "icmp6".to_owned(),
            Transport::Tcp | Transport::Udp | Transport::Icmp => protocol.to_string(),
            other => other.protocol().to_string(),
        })
        .collect();
    let _ = writeln!(
        out,
        "pass quick proto {{ {} }} from {from} to {to}{ports} keep state",
        names.join(" ")
    );
}
