//! FortiGate: address objects, services and policies. Objects have names of up to 79 characters, groups 300 members a line
//! here; interfaces are left to the reader, so policies stand for `any`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipnet::IpNet;

use super::{Job, WrittenList, text};
use crate::export::group::{AimGroup, groups, ports_as};
use crate::model::Transport;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut parts = FortigateParts::default();
    for (number, group) in (1..).zip(groups(job.said)) {
        parts.policy(number, &group);
    }
    let mut out = job.head_comment();
    let sections = [
        ("firewall address", parts.v4.into_iter().collect::<String>()),
        ("firewall address6", parts.v6.into_iter().collect()),
        ("firewall service custom", parts.services),
        ("firewall policy", parts.policies),
    ];
    for (section, body) in sections.iter().filter(|(_, body)| !body.is_empty()) {
        let _ = write!(out, "config {section}\n{body}end\n");
    }
    out.into()
}

#[derive(Default)]
struct FortigateParts {
    v4: BTreeSet<String>,
    v6: BTreeSet<String>,
    services: String,
    policies: String,
}

impl FortigateParts {
    fn network(&mut self, network: IpNet) -> String {
        let name = format!("pa_{network}");
        match network {
            IpNet::V4(v4) => self.v4.insert(format!(
                "  edit \"{name}\"\n    set subnet {} {}\n  next\n",
                v4.network(),
                v4.netmask()
            )),
            IpNet::V6(v6) => self
                .v6
                .insert(format!("  edit \"{name}\"\n    set ip6 {v6}\n  next\n")),
        };
        name
    }

    fn fqdn(&mut self, name: &str) -> String {
        // The end of a long name tells more than its beginning.
        let from = name.len().saturating_sub(76);
        let object = format!("pa_{}", name.get(from..).unwrap_or(name));
        self.v4.insert(format!(
            "  edit \"{object}\"\n    set type fqdn\n    set fqdn \"{name}\"\n  next\n"
        ));
        object
    }

    fn policy(&mut self, number: usize, group: &AimGroup<'_>) {
        let sources: Vec<String> = group
            .sources()
            .unwrap_or_default()
            .into_iter()
            .map(|network| self.network(network))
            .collect();
        let mut to: Vec<String> = group
            .words
            .iter()
            .map(|word| self.fqdn(text(word)))
            .collect();
        to.extend(
            group
                .networks()
                .map(|network| self.network(network))
                .collect::<Vec<_>>(),
        );
        let (v6, v4): (Vec<String>, Vec<String>) =
            to.into_iter().partition(|name| self.is_v6(name));
        let (from6, from4): (Vec<String>, Vec<String>) =
            sources.into_iter().partition(|name| self.is_v6(name));
        let service = self.service(number, group);
        let because = group.because(200);
        let any = group.sources().is_none();
        let mut lines = String::new();
        let mut side = |digit: &str, from: &[String], to: &[String]| {
            if (from.is_empty() && !any) || (to.is_empty() && !group.anywhere) {
                return;
            }
            let _ = writeln!(lines, "    set srcaddr{digit} {}", quoted(from));
            let _ = writeln!(lines, "    set dstaddr{digit} {}", quoted(to));
        };
        side("", &from4, &v4);
        side("6", &from6, &v6);
        if lines.is_empty() {
            return;
        }
        let _ = write!(
            self.policies,
            "  edit 0\n    set name \"pa_{number}\"\n    set srcintf \"any\"\n    set dstintf \"any\"\n{lines}    \
             set action accept\n    set schedule \"always\"\n    set service \"{service}\"\n    set comments \"{because}\"\n  next\n"
        );
    }

    fn is_v6(&self, object: &str) -> bool {
        object.contains(':')
    }

    fn service(&mut self, number: usize, group: &AimGroup<'_>) -> String {
        let Some(protocols) = group.protocols() else {
            return "ALL".to_owned();
        };
        let name = format!("pa_{number}");
        let ports = match group.ports.is_empty() {
            true => "1-65535".to_owned(),
            false => ports_as(group.ports, "-", " "),
        };
        let mut body = String::new();
        for protocol in protocols {
            match protocol {
                Transport::Tcp => _ = writeln!(body, "    set tcp-portrange {ports}"),
                Transport::Udp => _ = writeln!(body, "    set udp-portrange {ports}"),
                Transport::Icmp => return "ALL_ICMP".to_owned(),
                Transport::Icmpv6 => return "ALL_ICMP6".to_owned(),
                Transport::Other(number) => {
                    _ = write!(
                        body,
                        "    set protocol IP\n    set protocol-number {number}\n"
                    )
                }
            }
        }
        let _ = write!(self.services, "  edit \"{name}\"\n{body}  next\n");
        name
    }
}

fn quoted(names: &[String]) -> String {
    if names.is_empty() {
        return "\"all\"".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    names.join(" ")
}
