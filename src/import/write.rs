//! A draft to the text of a rule file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::draft::{DraftDestination, DraftEntry, DraftParty, ImportDraft};
use super::ids::{self, Ids};
use super::vocabulary;
use crate::model::Transport;
use crate::rules::{Direction, Need, ports_in_toml};

/// Files of more rows leave out what holds where nothing is said.
const MANY: usize = 2000;

/// Hints longer than this are cut; the page has the rest.
const MOST_OF_HINT: usize = 240;

/// A requirement as it will stand in the file.
pub(super) struct WrittenRow<'a> {
    pub(super) id: String,
    pub(super) entry: &'a DraftEntry,
    pub(super) ports: Vec<(u16, u16)>,
    pub(super) implied: bool,
    pub(super) transports: Vec<Transport>,
}

/// The rule file.
pub(super) fn write(draft: &ImportDraft) -> String {
    text(draft, &[])
}

fn text(draft: &ImportDraft, taken: &[&str]) -> String {
    let rows = rows(draft, taken);
    let mut out = String::with_capacity(4096 + rows.len() * 256);
    document(&mut out, draft);
    regions(&mut out, draft);
    roles(&mut out, draft, &rows);
    features(&mut out, draft);
    let groups = groups(&mut out, draft);
    let brief = rows.len() > MANY;
    for row in &rows {
        requirement(&mut out, row, &groups, brief);
    }
    out
}

/// The same for rows that join a file which has these ids.
pub(super) fn write_beside(draft: &ImportDraft, taken: &[&str]) -> String {
    text(draft, taken)
}

/// Entries with their ids; one that has ports over TCP and others over UDP becomes two.
fn rows<'a>(draft: &'a ImportDraft, taken: &[&str]) -> Vec<WrittenRow<'a>> {
    let mut ids = Ids::default();
    taken.iter().for_each(|id| ids.reserve(id));
    let mut out = Vec::new();
    for entry in &draft.entries {
        for (ports, implied, transports) in split_by_transport(entry) {
            out.push(WrittenRow {
                id: ids.give(&ids::base(entry)),
                entry,
                ports,
                implied,
                transports,
            });
        }
    }
    out
}

type LineRun = (Vec<(u16, u16)>, bool, Vec<Transport>);

fn split_by_transport(entry: &DraftEntry) -> Vec<LineRun> {
    let traffic = &entry.traffic;
    let mut stated = traffic.transports.clone();
    if traffic.apps.contains(&"icmp") && !stated.contains(&Transport::Icmp) {
        stated.push(Transport::Icmp);
    }
    if traffic.ports.is_empty() {
        if traffic.any || traffic.none {
            return vec![(Vec::new(), false, stated)];
        }
        let implied: Vec<(u16, u16)> = traffic.implied().into_iter().map(|p| (p, p)).collect();
        let any = !implied.is_empty();
        return vec![(implied, any, stated)];
    }
    let mut runs: BTreeMap<(bool, bool), Vec<(u16, u16)>> = BTreeMap::new();
    for ports in &traffic.ports {
        let run = runs.entry((ports.udp, ports.tcp)).or_default();
        if !run.contains(&(ports.first, ports.last)) {
            run.push((ports.first, ports.last));
        }
    }
    let runs = runs.into_iter().map(|((udp, tcp), mut ports)| {
        ports.sort_unstable();
        let transports = match (tcp, udp) {
            (false, false) => stated.clone(),
            (true, false) => vec![Transport::Tcp],
            (false, true) => vec![Transport::Udp],
            (true, true) => vec![Transport::Tcp, Transport::Udp],
        };
        (ports, false, transports)
    });
    runs.collect()
}

fn document(out: &mut String, draft: &ImportDraft) {
    out.push_str("# A draft made by `pktaudit rules import`: read it before it is used. Every row cites its place in the source;\n");
    out.push_str("# what is a guess is marked `doubtful`, and what was not understood was told beside it (`--rest FILE`).\n");
    out.push_str("format = 1\n\n[document]\n");
    key(out, "id", &draft.id);
    for (name, value) in [
        ("vendor", &draft.vendor),
        ("product", &draft.product),
        ("page", &draft.page),
        ("language", &draft.language),
    ] {
        if !value.is_empty() {
            key(out, name, value);
        }
    }
    if !draft.scope.is_empty() {
        let _ = writeln!(out, "region-scope = {}", list(&draft.scope));
    }
    if !draft.unstated_ports.is_empty() {
        let ports: Vec<String> = draft.unstated_ports.iter().map(|p| port_text(p)).collect();
        let _ = writeln!(out, "unstated-ports = [{}]", ports.join(", "));
    }
    if !draft.unstated_transport.is_empty() {
        let _ = writeln!(
            out,
            "unstated-transport = {}",
            list(&draft.unstated_transport)
        );
    }
    if !draft.notes.is_empty() {
        out.push_str("notes = [\n");
        for note in &draft.notes {
            let _ = writeln!(out, "    {},", quoted(&shortened(note)));
        }
        out.push_str("]\n");
    }
}

fn port_text(port: &str) -> String {
    match port.bytes().all(|b| b.is_ascii_digit()) {
        true => port.to_owned(),
        false => quoted(port),
    }
}

/// The page has names with a place for a region; what is put there is not what it calls its regions.
fn has_templates(draft: &ImportDraft) -> bool {
    let mut all = draft.entries.iter().flat_map(|entry| &entry.to);
    all.any(|to| to.endpoint.host.contains("<region>"))
}

fn regions(out: &mut String, draft: &ImportDraft) {
    let all: BTreeSet<&str> = draft
        .entries
        .iter()
        .flat_map(|entry| &entry.regions)
        .chain(&draft.scope)
        .map(String::as_str)
        .collect();
    if all.is_empty() {
        return;
    }
    let label = match has_templates(draft) {
        true => Some("label = \"*\"".to_owned()),
        false => None,
    };
    out.push_str("\n[regions]\n");
    for region in &all {
        let aliases: Vec<String> = vocabulary::region_aliases(region)
            .into_iter()
            .filter(|alias| !all.contains(alias))
            .map(str::to_owned)
            .collect();
        let aliases = (!aliases.is_empty()).then(|| format!("aliases = {}", list(&aliases)));
        let keys: Vec<String> = label.clone().into_iter().chain(aliases).collect();
        let _ = match keys.is_empty() {
            true => writeln!(out, "{} = {{}}", bare(region)),
            false => writeln!(out, "{} = {{ {} }}", bare(region), keys.join(", ")),
        };
    }
}

/// A role as the file declares it.
#[derive(Default)]
struct Declared<'a> {
    about: &'a str,
    optional: bool,
    is_target: bool,
    names_from: Vec<&'a str>,
}

fn roles<'a>(out: &mut String, draft: &'a ImportDraft, rows: &'a [WrittenRow<'a>]) {
    let mut all: BTreeMap<&str, Declared<'_>> = BTreeMap::new();
    let mut declare = |party: &'a DraftParty, target: bool| {
        if matches!(party.role.as_str(), "any" | "localhost") {
            return;
        }
        let role = all.entry(&party.role).or_insert_with(|| Declared {
            about: &party.text,
            optional: party.optional,
            ..Declared::default()
        });
        role.optional |= party.optional;
        role.is_target |= target;
    };
    for entry in &draft.entries {
        entry.sources.iter().for_each(|party| declare(party, false));
        entry.roles.iter().for_each(|party| declare(party, true));
        entry
            .needs_of
            .iter()
            .for_each(|party| declare(party, false));
    }
    for row in rows.iter().filter(|row| !row.entry.to.is_empty()) {
        for party in &row.entry.names_of {
            if let Some(role) = all
                .get_mut(party.role.as_str())
                .filter(|role| role.is_target)
            {
                role.names_from.push(&row.id);
            }
        }
    }
    for (id, role) in &all {
        let _ = writeln!(out, "\n[roles.{}]", bare(id));
        key(out, "about", &shortened(role.about));
        if role.optional {
            out.push_str("optional = true\n");
        }
        if !role.names_from.is_empty() {
            let names: Vec<String> = role.names_from.iter().map(|id| (*id).to_owned()).collect();
            let _ = writeln!(out, "names-from = {}", list(&names));
        }
    }
}

fn features(out: &mut String, draft: &ImportDraft) {
    if draft.features.is_empty() {
        return;
    }
    out.push_str("\n[features]\n");
    for (feature, about) in &draft.features {
        let about = quoted(&shortened(about));
        let _ = writeln!(
            out,
            "{} = {{ about = {about}, default = \"unknown\" }}",
            quoted(feature)
        );
    }
}

/// Declares groups of at least two alternatives; from the draft's words to the ids that the file has for them.
fn groups(out: &mut String, draft: &ImportDraft) -> BTreeMap<String, String> {
    let mut all: BTreeMap<&str, (BTreeSet<&str>, &str, Option<&str>)> = BTreeMap::new();
    for choice in draft
        .entries
        .iter()
        .filter_map(|entry| entry.choice.as_ref())
    {
        let group = all.entry(&choice.id).or_default();
        group.0.insert(&choice.alternative);
        group.1 = &choice.about;
        if choice.recommended {
            group.2 = Some(&choice.alternative);
        }
    }
    let mut ids = Ids::default();
    let mut named = BTreeMap::new();
    for (words, (alternatives, about, recommended)) in all {
        if alternatives.len() < 2 {
            continue;
        }
        let slug = vocabulary::slug(about);
        let id = ids.give(if slug.is_empty() { "one-of" } else { &slug });
        out.push_str("\n[[group]]\n");
        key(out, "id", &id);
        key(out, "kind", "one-of");
        key(out, "about", &shortened(about));
        if let Some(recommended) = recommended {
            key(out, "recommended", recommended);
        }
        named.insert(words.to_owned(), id);
    }
    named
}

fn requirement(
    out: &mut String,
    row: &WrittenRow<'_>,
    groups: &BTreeMap<String, String>,
    brief: bool,
) {
    let entry = row.entry;
    out.push_str("\n[[requirement]]\n");
    key(out, "id", &row.id);
    key(out, "service", &shortened(&entry.service));
    from(out, entry, brief);
    to(out, entry);
    if entry.to.len() > 1 && !entry.pool {
        out.push_str("expand = true\n");
    }
    if entry.pool && entry.to.len() > 1 {
        out.push_str("pool = true\n");
    }
    traffic(out, row);
    if !brief || entry.direction != Direction::Outbound {
        key(
            out,
            "direction",
            match entry.direction {
                Direction::Outbound => "outbound",
                Direction::Inbound => "inbound",
                Direction::Internal => "internal",
                Direction::Local => "local",
            },
        );
    }
    if !entry.regions.is_empty() {
        let all = entry.far_region.then(|| "all".to_owned());
        let regions: Vec<String> = all.into_iter().chain(entry.regions.clone()).collect();
        let _ = writeln!(out, "region = {}", list(&regions));
    }
    if !brief || entry.need != Need::Required {
        key(
            out,
            "need",
            match entry.need {
                Need::Required => "required",
                Need::Conditional => "conditional",
                Need::Optional => "optional",
            },
        );
    }
    conditions(out, entry, groups);
    hint(out, entry);
    cite(out, entry);
}

fn traffic(out: &mut String, row: &WrittenRow<'_>) {
    if !row.ports.is_empty() {
        let _ = writeln!(out, "ports = [{}]", ports_in_toml(&row.ports));
    }
    if row.implied {
        out.push_str("ports-implied = true\n");
    }
    let transports = row.transports.iter().filter_map(|t| transport(*t));
    let transports: Vec<String> = transports.collect();
    if !transports.is_empty() {
        let _ = writeln!(out, "transport = {}", list(&transports));
    }
    let apps = row.entry.traffic.apps.iter();
    let apps: Vec<String> = apps.map(|app| (*app).to_owned()).collect();
    if !apps.is_empty() {
        let _ = writeln!(out, "app = {}", list(&apps));
    }
}

fn from(out: &mut String, entry: &DraftEntry, brief: bool) {
    let mut from: Vec<String> = entry
        .networks
        .iter()
        .map(|network| match network.contains('/') {
            true => format!("{{ cidr = {} }}", quoted(network)),
            false => format!("{{ ip = {} }}", quoted(network)),
        })
        .collect();
    from.extend(entry.sources.iter().map(|party| match party.role.as_str() {
        "localhost" => quoted("any"),
        role => quoted(role),
    }));
    if from.is_empty() {
        // Nobody is named: the row holds for every host of the site, and the page does not say so.
        if !brief {
            out.push_str("from-stated = false\n");
        }
        return;
    }
    lines(out, "from", &from);
}

fn to(out: &mut String, entry: &DraftEntry) {
    let mut to: Vec<String> = entry.to.iter().map(destination).collect();
    if entry.needs_of.is_none() {
        to.extend(entry.roles.iter().map(|party| match party.role.as_str() {
            "any" | "localhost" => quoted(&party.role),
            role => quoted(&format!("role:{role}")),
        }));
    }
    lines(out, "to", &to);
    if let Some(party) = &entry.needs_of {
        let _ = writeln!(
            out,
            "refers-to = [{{ requirements-of = {} }}]",
            quoted(&party.role)
        );
    }
}

fn destination(to: &DraftDestination) -> String {
    let endpoint = &to.endpoint;
    let host = &endpoint.host;
    let more = [
        ("path", endpoint.path.clone()),
        ("query", endpoint.query.clone()),
        ("note", endpoint.note.clone()),
        ("doubtful", endpoint.doubtful.clone()),
        ("printed", endpoint.printed.clone()),
    ];
    let more: Vec<(&str, String)> = more
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| (key, value)))
        .collect();
    if more.is_empty() {
        return quoted(host);
    }
    let mut out = format!("{{ host = {}", quoted(host));
    for (key, value) in more {
        let _ = write!(out, ", {key} = {}", quoted(&shortened(&value)));
    }
    out.push_str(" }");
    out
}

fn conditions(out: &mut String, entry: &DraftEntry, groups: &BTreeMap<String, String>) {
    let mut when: Vec<String> = Vec::new();
    let optional = entry
        .sources
        .iter()
        .chain(&entry.roles)
        .filter(|party| party.optional);
    // A row for several sources holds for those that are there.
    let several = entry.sources.len() > 1;
    for party in optional
        .filter(|p| p.role != "inbound-receiver" && !matches!(p.role.as_str(), "any" | "localhost"))
    {
        let is_source = entry.sources.iter().any(|source| source.role == party.role);
        if entry.roles.len() <= 1 && !(is_source && several) {
            let component = format!("{{ component = {} }}", quoted(&party.role));
            if !when.contains(&component) {
                when.push(component);
            }
        }
    }
    if let Some(feature) = &entry.feature {
        when.push(format!("{{ feature = {} }}", quoted(feature)));
    }
    if !when.is_empty() {
        let _ = writeln!(out, "when = [{}]", when.join(", "));
    }
    if let Some(choice) = &entry.choice
        && let Some(group) = groups.get(&choice.id)
    {
        key(out, "any-of", &format!("{group}/{}", choice.alternative));
    }
    if entry.valid != (None, None) {
        let days = [("from", &entry.valid.0), ("until", &entry.valid.1)];
        let days: Vec<String> = days
            .iter()
            .filter_map(|(key, day)| day.as_ref().map(|day| format!("{key} = {}", quoted(day))))
            .collect();
        let _ = writeln!(out, "valid = {{ {} }}", days.join(", "));
    }
    if !entry.must_see {
        out.push_str("must-see = false\n");
    }
    if entry.lost {
        out.push_str("lost = true\n");
    }
}

fn hint(out: &mut String, entry: &DraftEntry) {
    let mut hints = entry.hints.clone();
    for other in &entry.traffic.others {
        hints.push(format!("protocol: {}", other.to_uppercase()));
    }
    if !hints.is_empty() {
        key(out, "hint", &shortened(&hints.join("; ")));
    }
}

fn cite(out: &mut String, entry: &DraftEntry) {
    let place = &entry.place;
    let line = place
        .line
        .map_or(String::new(), |line| format!(", line = {line}"));
    let _ = writeln!(
        out,
        "cite = {{ table = {}, row = {}{line} }}",
        quoted(&shortened(&place.table)),
        quoted(&shortened(&place.row))
    );
}

fn transport(transport: Transport) -> Option<String> {
    Some(
        match transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            Transport::Icmp => "icmp",
            Transport::Icmpv6 => "icmpv6",
            _ => return None,
        }
        .to_owned(),
    )
}

fn key(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str(" = ");
    out.push_str(&quoted(value));
    out.push('\n');
}

fn lines(out: &mut String, name: &str, values: &[String]) {
    let width: usize = values.iter().map(|value| value.len() + 2).sum();
    if width <= 100 {
        let _ = writeln!(out, "{name} = [{}]", values.join(", "));
        return;
    }
    let _ = writeln!(out, "{name} = [");
    for value in values {
        out.push_str("    ");
        out.push_str(value);
        out.push_str(",\n");
    }
    out.push_str("]\n");
}

fn list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    format!("[{}]", values.join(", "))
}

fn shortened(text: &str) -> String {
    let text = super::page::collapse(text);
    match text.char_indices().nth(MOST_OF_HINT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// A key as TOML takes it.
pub(super) fn bare(text: &str) -> String {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    match plain && !text.is_empty() {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A basic string of TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
