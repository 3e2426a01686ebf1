//! Cilium: a policy for egress. `toFQDNs` works on what Cilium's own proxy sees in DNS answers, so a rule for DNS stands
//! beside it. Who the policy is for is left to the reader: pods have no roles that a page knows.

use std::fmt::Write as _;

use super::{Job, WrittenList, text};
use crate::export::group::{AimGroup, groups};
use crate::model::Transport;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut out = job.head_comment();
    out.push_str(
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: pktaudit-allow\nspec:\n  \
         # Say here which pods it is for; as it stands, all of the namespace.\n  endpointSelector: {}\n  egress:\n",
    );
    out.push_str(
        "    - toEndpoints:\n        - matchLabels:\n            k8s:io.kubernetes.pod.namespace: kube-system\n            \
         k8s-app: kube-dns\n      toPorts:\n        - ports:\n            - port: \"53\"\n              protocol: ANY\n          \
         rules:\n            dns:\n              - matchPattern: \"*\"\n",
    );
    for group in groups(job.said) {
        rule(&group, &mut out);
    }
    out.into()
}

fn rule(group: &AimGroup<'_>, out: &mut String) {
    let _ = writeln!(out, "    # {}", group.because(300));
    // Names and networks are two rules: within one, both would have to fit.
    if !group.words.is_empty() {
        out.push_str("    - toFQDNs:\n");
        for word in &group.words {
            let key = if text(word).contains('*') {
                "matchPattern"
            } else {
                "matchName"
            };
            let _ = writeln!(out, "        - {key}: \"{}\"", text(word));
        }
        ports(group, out);
    }
    if group.networks().next().is_some() {
        out.push_str("    - toCIDR:\n");
        for network in group.networks() {
            let _ = writeln!(out, "        - \"{network}\"");
        }
        ports(group, out);
    }
    if group.anywhere {
        out.push_str("    - toEntities:\n        - world\n");
        ports(group, out);
    }
}

fn ports(group: &AimGroup<'_>, out: &mut String) {
    let Some(protocols) = group.protocols() else {
        return;
    };
    out.push_str("      toPorts:\n        - ports:\n");
    let words = protocols.iter().filter_map(|protocol| match protocol {
        Transport::Tcp => Some("TCP"),
        Transport::Udp => Some("UDP"),
        Transport::Other(132) => Some("SCTP"),
        _ => None,
    });
    for word in words {
        if group.ports.is_empty() {
            let _ = writeln!(
                out,
                "            - port: \"0\"\n              protocol: {word}"
            );
        }
        for (a, b) in group.ports.ranges() {
            let _ = writeln!(out, "            - port: \"{a}\"");
            if a != b {
                let _ = writeln!(out, "              endPort: {b}");
            }
            let _ = writeln!(out, "              protocol: {word}");
        }
    }
}
