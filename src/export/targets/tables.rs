//! All of it as CSV and as JSON.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{Job, WrittenList};
use crate::export::Entry;
use crate::report::text::cell;
use crate::rules::{Direction, Initiators};

const COLUMNS: [&str; 12] = [
    "requirements",
    "services",
    "roles",
    "from",
    "to",
    "path",
    "ports",
    "transports",
    "apps",
    "direction",
    "remarks",
    "documents",
];

pub(in crate::export) fn write_csv(job: &Job<'_>) -> WrittenList {
    let mut bytes = Vec::new();
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(&mut bytes);
    let mut put = |cells: Vec<String>| {
        // Writing to memory does not fail.
        let _ = table.write_record(cells.iter().map(|text| cell(text).into_owned()));
    };
    put(COLUMNS.map(str::to_owned).to_vec());
    for said in job.said {
        put(cells(said.entry));
    }
    drop(table);
    String::from_utf8_lossy(&bytes).into_owned().into()
}

fn cells(entry: &Entry) -> Vec<String> {
    let mut documents: Vec<&str> = entry
        .requirements
        .iter()
        .filter_map(|id| id.split('/').next())
        .collect();
    documents.dedup();
    vec![
        entry.requirements.join(" "),
        entry.services.join(" | "),
        entry.roles.join(" "),
        from(entry).join(" "),
        entry.to(),
        entry.path.clone().unwrap_or_default(),
        entry.ports.to_string(),
        transports(entry).join(" "),
        entry.apps.join(" "),
        direction(entry.direction).to_owned(),
        entry.remarks.join(" | "),
        documents.join(" "),
    ]
}

fn from(entry: &Entry) -> Vec<String> {
    match &entry.initiators {
        Initiators::Any => vec!["any".to_owned()],
        Initiators::Networks(networks) => networks.iter().map(short).collect(),
    }
}

fn short(network: &IpNet) -> String {
    match network.prefix_len() == network.max_prefix_len() {
        true => network.addr().to_string(),
        false => network.to_string(),
    }
}

fn transports(entry: &Entry) -> Vec<String> {
    entry.transports.iter().map(ToString::to_string).collect()
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => "outbound",
        Direction::Inbound => "inbound",
        Direction::Internal => "internal",
        Direction::Local => "local",
    }
}

pub(in crate::export) fn write_json(job: &Job<'_>) -> WrittenList {
    let entries: Vec<Value> = job.said.iter().map(|said| entry_json(said.entry)).collect();
    let documents: Vec<Value> = job
        .table
        .documents
        .iter()
        .map(|(id, sha256)| json!({ "id": id, "sha256": sha256 }))
        .collect();
    format!("{:#}\n", json!({ "rules": documents, "entries": entries })).into()
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "requirements": entry.requirements,
        "services": entry.services,
        "roles": entry.roles,
        "from": from(entry),
        "to": entry.to(),
        "path": entry.path,
        "ports": entry.ports.ranges().iter().map(|(a, b)| json!({ "from": a, "to": b })).collect::<Vec<_>>(),
        "transports": transports(entry),
        "apps": entry.apps,
        "direction": direction(entry.direction),
        "remarks": entry.remarks,
    })
}
