//! Cisco ASA: network objects, service groups and an access list. An FQDN object is one whole name.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipnet::IpNet;

use super::{Job, WrittenList, text};
use crate::export::group::{AimGroup, groups};
use crate::model::Transport;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let (mut objects, mut body) = (BTreeSet::new(), String::new());
    for (number, group) in (1..).zip(groups(job.said)) {
        for word in &group.words {
            objects.insert(text(word).to_owned());
        }
        access(number, &group, &mut body);
    }
    let mut out = job.head_comment();
    for name in objects {
        let _ = writeln!(out, "object network pa_{}\n fqdn {name}", object(&name));
    }
    out.push_str(&body);
    out.into()
}

/// Names of objects have at most 64 characters.
fn object(name: &str) -> &str {
    name.get(name.len().saturating_sub(60)..).unwrap_or(name)
}

fn access(number: usize, group: &AimGroup<'_>, out: &mut String) {
    let from = match group.sources() {
        None => "any".to_owned(),
        Some(networks) => {
            network_group(&format!("pa_{number}_from"), &[], &networks, out);
            format!("object-group pa_{number}_from")
        }
    };
    let to = if group.anywhere {
        "any".to_owned()
    } else {
        let names: Vec<&str> = group.words.iter().map(text).collect();
        let networks: Vec<IpNet> = group.networks().collect();
        network_group(&format!("pa_{number}_to"), &names, &networks, out);
        format!("object-group pa_{number}_to")
    };
    let because = group.because(90);
    let _ = writeln!(out, "access-list pa_allow remark {because}");
    let Some(protocols) = group.protocols() else {
        let _ = writeln!(out, "access-list pa_allow extended permit ip {from} {to}");
        return;
    };
    for protocol in protocols {
        let word = match protocol {
            Transport::Tcp | Transport::Udp | Transport::Icmp => protocol.to_string(),
            Transport::Icmpv6 => "icmp6".to_owned(),
            other => other.protocol().to_string(),
        };
        if group.ports.is_empty() {
            let _ = writeln!(
                out,
                "access-list pa_allow extended permit {word} {from} {to}"
            );
        }
        for (a, b) in group.ports.ranges() {
            let ports = if a == b {
                format!("eq {a}")
            } else {
                format!("range {a} {b}")
            };
            let _ = writeln!(
                out,
                "access-list pa_allow extended permit {word} {from} {to} {ports}"
            );
        }
    }
}

fn network_group(group: &str, names: &[&str], networks: &[IpNet], out: &mut String) {
    let _ = writeln!(out, "object-group network {group}");
    for name in names {
        let _ = writeln!(out, " network-object object pa_{}", object(name));
    }
    for network in networks {
        match network {
            IpNet::V4(v4) => _ = writeln!(out, " network-object {} {}", v4.network(), v4.netmask()),
            IpNet::V6(v6) => _ = writeln!(out, " network-object {v6}"),
        }
    }
}
