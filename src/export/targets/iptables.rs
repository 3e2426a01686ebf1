//! ipset and iptables: `hash:net` sets, and a chain with one rule for each transport and each 15 ports.

use std::fmt::Write as _;

use ipnet::IpNet;

use super::{Job, WrittenList};
use crate::export::group::{AimGroup, groups};
use crate::model::{PortSet, Transport};

/// The most ports of one `multiport` match; a range counts two.
const MOST_PORTS: usize = 15;

pub(in crate::export) fn write_sets(job: &Job<'_>) -> WrittenList {
    let mut out = job.head_comment();
    for (number, group) in (1..).zip(groups(job.said)) {
        for v6 in [false, true] {
            let side = ChainSide::of(number, &group, v6);
            if let Some(sources) = side.sources.as_ref().filter(|_| side.is_whole()) {
                set(&side.name("from"), v6, sources, &mut out);
            }
            if side.is_whole() && !group.anywhere {
                set(&side.name("to"), v6, &side.to, &mut out);
            }
        }
    }
    out.into()
}

pub(in crate::export) fn write_v4(job: &Job<'_>) -> WrittenList {
    write_rules(job, false)
}

pub(in crate::export) fn write_v6(job: &Job<'_>) -> WrittenList {
    write_rules(job, true)
}

/// A rule's networks of one family.
struct ChainSide {
    number: usize,
    v6: bool,
    sources: Option<Vec<IpNet>>,
    to: Vec<IpNet>,
    anywhere: bool,
}

impl ChainSide {
    fn of(number: usize, group: &AimGroup<'_>, v6: bool) -> Self {
        let family = |network: &IpNet| matches!(network, IpNet::V6(_)) == v6;
        Self {
            number,
            v6,
            sources: group
                .sources()
                .map(|list| list.into_iter().filter(family).collect()),
            to: group.networks().filter(family).collect(),
            anywhere: group.anywhere,
        }
    }

    /// Whether a packet of this family can be meant.
    fn is_whole(&self) -> bool {
        self.sources.as_ref().is_none_or(|list| !list.is_empty())
            && (self.anywhere || !self.to.is_empty())
    }

    fn name(&self, which: &str) -> String {
        format!("pa_{}_{which}{}", self.number, if self.v6 { 6 } else { 4 })
    }
}

fn set(name: &str, v6: bool, networks: &[IpNet], out: &mut String) {
    let family = if v6 { "inet6" } else { "inet" };
    // /0 is no element; two halves are.
    let halves = networks
        .iter()
        .flat_map(|network| match network.prefix_len() {
            0 => network
                .subnets(1)
                .map(|halves| halves.collect())
                .unwrap_or_default(),
            _ => vec![*network],
        });
    let networks: Vec<IpNet> = halves.collect();
    let most = networks.len().next_power_of_two().max(1024);
    let _ = writeln!(
        out,
        "create {name} hash:net family {family} maxelem {most} -exist\nflush {name}"
    );
    for network in networks {
        let _ = writeln!(out, "add {name} {network} -exist");
    }
}

fn write_rules(job: &Job<'_>, v6: bool) -> WrittenList {
    let mut out = job.head_comment();
    out.push_str("# Load the sets of the target ipset first; load this with --noflush, and jump to PA_ALLOW.\n");
    out.push_str("*filter\n:PA_ALLOW - [0:0]\n");
    for (number, group) in (1..).zip(groups(job.said)) {
        let side = ChainSide::of(number, &group, v6);
        if side.is_whole() {
            rules(&side, &group, &mut out);
        }
    }
    out.push_str("COMMIT\n");
    out.into()
}

fn rules(side: &ChainSide, group: &AimGroup<'_>, out: &mut String) {
    let mut head = "-A PA_ALLOW".to_owned();
    if side.sources.is_some() {
        let _ = write!(head, " -m set --match-set {} src", side.name("from"));
    }
    if !group.anywhere {
        let _ = write!(head, " -m set --match-set {} dst", side.name("to"));
    }
    let comment = group.because(200);
    let tail = format!("-m comment --comment \"{comment}\" -j ACCEPT");
    let Some(protocols) = group.protocols() else {
        let _ = writeln!(out, "{head} {tail}");
        return;
    };
    for protocol in protocols {
        if matches!(protocol, Transport::Icmp if side.v6)
            || matches!(protocol, Transport::Icmpv6 if !side.v6)
        {
            continue;
        }
        let number = protocol.protocol();
        if group.ports.is_empty() {
            let _ = writeln!(out, "{head} -p {number} {tail}");
        }
        for ports in portions(group.ports) {
            let _ = writeln!(
                out,
                "{head} -p {number} -m multiport --dports {ports} {tail}"
            );
        }
    }
}

/// Ports in lists that one match can hold.
fn portions(ports: &PortSet) -> Vec<String> {
    let (mut out, mut list, mut count) = (Vec::new(), Vec::new(), 0);
    for (a, b) in ports.ranges() {
        let (text, counts) = if a == b {
            (a.to_string(), 1)
        } else {
            (format!("{a}:{b}"), 2)
        };
        if count + counts > MOST_PORTS {
            out.push(std::mem::take(&mut list).join(","));
            count = 0;
        }
        list.push(text);
        count += counts;
    }
    if !list.is_empty() {
        out.push(list.join(","));
    }
    out
}
