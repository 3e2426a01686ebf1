//! OPNsense: aliases of the kinds host, network and port, in the form of its import (Firewall: Aliases: Upload).
//! An alias holds no ports, so each rule has an alias of its own for them.

use serde_json::{Map, Value, json};

use super::{Job, WrittenList, text};
use crate::export::group::{groups, ports_as};

pub(in crate::export) fn write(job: &Job<'_>) -> WrittenList {
    let mut aliases = Map::new();
    let mut add = |name: String, kind: &str, content: Vec<String>, about: &str| {
        if content.is_empty() {
            return;
        }
        // The form wants an identifier of each; one made of a number is as good as a random one.
        let id = format!("00000000-0000-4000-8000-{:012}", aliases.len() + 1);
        let alias = json!({
            "enabled": "1",
            "name": name,
            "type": kind,
            "content": content.join("\n"),
            "description": about,
        });
        aliases.insert(id, alias);
    };
    for (number, group) in (1..).zip(groups(job.said)) {
        let because = group.because(200);
        let hosts = group
            .words
            .iter()
            .map(|word| text(word).to_owned())
            .collect();
        add(format!("pa_{number}_names"), "host", hosts, &because);
        let networks = group
            .networks()
            .map(|network| network.to_string())
            .collect();
        add(format!("pa_{number}_nets"), "network", networks, &because);
        let ports = ports_as(group.ports, ":", "\n");
        let ports = ports.lines().map(str::to_owned).collect();
        add(format!("pa_{number}_ports"), "port", ports, &because);
    }
    format!(
        "{:#}\n",
        json!({ "aliases": { "alias": Value::Object(aliases) } })
    )
    .into()
}
