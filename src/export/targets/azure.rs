//! Azure Firewall: a rule collection group of an ARM template. Application rules know names over HTTP and HTTPS; network
//! rules know addresses and, through the firewall's own lookups, whole names.

use serde_json::{Value, json};

use super::{Job, WrittenList, text};
use crate::export::Rest;
use crate::export::group::{AimGroup, groups, ports_as};
use crate::export::say::{Extent, SaidEntry, To};
use crate::model::Transport;

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut rest = Vec::new();
    // A wildcard over anything else than HTTP has no words there.
    let (said, unsaid): (Vec<SaidEntry<'_>>, Vec<SaidEntry<'_>>) =
        job.said.iter().cloned().partition(|said| match &said.to {
            To::Words(words) => is_http(said) || words.iter().all(|word| !text(word).contains('*')),
            _ => true,
        });
    rest.extend(unsaid.iter().map(|said| {
        Rest::entry(said.entry, Extent::NotSaid, "a wildcard over something else than HTTP and HTTPS, for which this target knows whole names only")
    }));
    let (mut application, mut network) = (Vec::new(), Vec::new());
    let (http, other): (Vec<SaidEntry<'_>>, Vec<SaidEntry<'_>>) = said
        .into_iter()
        .partition(|said| matches!(said.to, To::Words(_)) && is_http(said));
    for (number, group) in (1..).zip(groups(&http)) {
        application.push(application_rule(number, &group));
    }
    for (number, group) in (1..).zip(groups(&other)) {
        network_rules(number, &group, &mut network);
    }
    let collection = |name: &str, priority: u32, rules: Vec<Value>| {
        json!({
            "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
            "name": name,
            "priority": priority,
            "action": { "type": "Allow" },
            "rules": rules,
        })
    };
    let group = json!({
        "properties": {
            "priority": 1000,
            "ruleCollections": [collection("pa-network", 1000, network), collection("pa-application", 1100, application)],
        },
    });
    WrittenList {
        text: format!("{group:#}\n"),
        rest,
    }
}

/// Over TCP, and HTTP or HTTPS by the page's words or by its ports.
fn is_http(said: &SaidEntry<'_>) -> bool {
    let entry = said.entry;
    let tcp = entry.transports.is_empty() || entry.transports.contains(&Transport::Tcp);
    let spoken = match entry.apps.is_empty() {
        true => {
            !entry.ports.is_empty()
                && entry
                    .ports
                    .ranges()
                    .iter()
                    .all(|range| matches!(range, (80, 80) | (443, 443)))
        }
        false => entry
            .apps
            .iter()
            .all(|app| matches!(app.as_str(), "http" | "https")),
    };
    tcp && spoken && entry.ports.ranges().iter().all(|(a, b)| a == b)
}

fn sources(group: &AimGroup<'_>) -> Vec<String> {
    match group.sources() {
        None => vec!["*".to_owned()],
        Some(networks) => networks.iter().map(ToString::to_string).collect(),
    }
}

fn application_rule(number: usize, group: &AimGroup<'_>) -> Value {
    let http_only = group.apps == ["http"];
    let https_only = group.apps == ["https"];
    let protocol = |port: u16| {
        let clear = http_only || (!https_only && port == 80);
        json!({ "protocolType": if clear { "Http" } else { "Https" }, "port": port })
    };
    let ports: Vec<u16> = match group.ports.is_empty() {
        true if http_only => vec![80],
        true if https_only => vec![443],
        true => vec![80, 443],
        false => group.ports.ranges().iter().map(|(a, _)| *a).collect(),
    };
    let protocols: Vec<Value> = ports.into_iter().map(protocol).collect();
    json!({
        "ruleType": "ApplicationRule",
        "name": format!("pa-app-{number}"),
        "description": group.because(300),
        "sourceAddresses": sources(group),
        "targetFqdns": group.words.iter().map(text).collect::<Vec<_>>(),
        "protocols": protocols,
    })
}

fn network_rules(number: usize, group: &AimGroup<'_>, out: &mut Vec<Value>) {
    let protocols: Vec<&str> = match group.protocols() {
        None => vec!["Any"],
        Some(list) => list
            .iter()
            .map(|protocol| match protocol {
                Transport::Tcp => "TCP",
                Transport::Udp => "UDP",
                Transport::Icmp => "ICMP",
                _ => "Any",
            })
            .collect(),
    };
    let ports: Vec<String> = match group.ports.is_empty() {
        true => vec!["*".to_owned()],
        false => ports_as(group.ports, "-", ",")
            .split(',')
            .map(str::to_owned)
            .collect(),
    };
    let mut add = |what: &str, key: &str, to: Vec<String>| {
        let mut rule = json!({
            "ruleType": "NetworkRule",
            "name": format!("pa-net-{number}{what}"),
            "description": group.because(300),
            "ipProtocols": protocols,
            "sourceAddresses": sources(group),
            "destinationPorts": ports,
        });
        rule[key] = json!(to);
        out.push(rule);
    };
    let names: Vec<String> = group
        .words
        .iter()
        .map(|word| text(word).to_owned())
        .collect();
    let networks: Vec<String> = group
        .networks()
        .map(|network| network.to_string())
        .collect();
    if !names.is_empty() {
        add("-names", "destinationFqdns", names);
    }
    if !networks.is_empty() || group.anywhere {
        let to = if group.anywhere {
            vec!["*".to_owned()]
        } else {
            networks
        };
        add("", "destinationAddresses", to);
    }
}
