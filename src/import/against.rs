//! An existing rule file with what a new version of its source changed, and nothing else: ids, roles, conditions, groups,
//! comments and hand-made rows stay as they are written.
//!
//! A name that the source has no more leaves its row; a row without a `cite` is somebody's own and is kept whole. A new
//! name joins the row that its neighbours of the source are in, where that row is a list, or becomes a row at the end.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::draft::{DraftEntry, DraftParty, ImportDraft};
use super::traffic::Ports;
use super::vocabulary;
use super::write;
use crate::rules::ports_in_toml;

/// What opens a row.
const ROW: &str = "[[requirement]]";

/// The file as it is to be, and what was changed.
pub(super) struct Renewed {
    pub(super) text: String,
    pub(super) changes: Vec<String>,
}

/// Renews a rule file.
///
/// # Errors
/// Where it is no TOML.
pub(super) fn renew(existing: &str, mut draft: ImportDraft) -> Result<Renewed, toml::de::Error> {
    let table: Table = toml::from_str(existing)?;
    let (head, blocks) = blocks(existing);
    let written = table.get("requirement").and_then(Value::as_array);
    let mut rows: Vec<RowToCompare> = written
        .into_iter()
        .flatten()
        .zip(blocks)
        .map(|(value, block)| RowToCompare::of(value, block))
        .collect();
    let words = KnownWords::of(&table);
    for entry in &mut draft.entries {
        words.translate(entry);
    }
    let mut changes = Vec::new();
    let fresh = compare(&mut rows, &draft, &mut changes);
    let text = |with_gone: bool| {
        let kept = rows.iter().filter(|row| with_gone || !row.gone);
        let body: String = kept.map(|row| row.block.as_str()).collect();
        let mut text = format!("{}{body}", words.head(&head, &draft, &fresh));
        text.push_str(&appended(&rows, &draft, &fresh, &words));
        text
    };
    let mut out = text(false);
    if rows.iter().any(|row| row.gone) && refers_to_nothing(&out, existing) {
        changes.push(
            "rows that are gone from the source are kept, since others refer to them".to_owned(),
        );
        out = text(true);
    }
    Ok(Renewed { text: out, changes })
}

/// Whether a file that was good has errors now.
fn refers_to_nothing(text: &str, before: &str) -> bool {
    let good = |text: &str| {
        let text = crate::rules::RuleText {
            name: "against".to_owned(),
            text: text.to_owned(),
        };
        crate::rules::check(&[text]).is_ok()
    };
    !good(text) && good(before)
}

/// What stands before the first row, and each row with the lines below it.
fn blocks(text: &str) -> (String, Vec<String>) {
    let mut head = String::new();
    let mut blocks: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.trim() == ROW {
            blocks.push(String::new());
        }
        match blocks.last_mut() {
            Some(block) => block.push_str(line),
            None => head.push_str(line),
        }
    }
    (head, blocks)
}

/// A row of the existing file.
struct RowToCompare {
    id: String,
    service: String,
    hosts: Vec<String>,
    sources: Vec<String>,
    roles: Vec<String>,
    ports: BTreeSet<(u16, u16)>,
    regions: Vec<String>,
    is_list: bool,
    is_cited: bool,
    block: String,
    gone: bool,
}

impl RowToCompare {
    fn of(value: &Value, block: String) -> Self {
        let texts = |key: &str| -> Vec<String> {
            let all = match value.get(key) {
                Some(Value::Array(list)) => list.clone(),
                Some(one) => vec![one.clone()],
                None => Vec::new(),
            };
            let text = |one: &Value| match one {
                Value::Table(table) => ["host", "cidr", "ip", "role"]
                    .iter()
                    .find_map(|key| table.get(*key)?.as_str().map(str::to_owned)),
                Value::Integer(number) => Some(number.to_string()),
                other => other.as_str().map(str::to_owned),
            };
            all.iter().filter_map(text).collect()
        };
        let text = |key: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let truth = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
        let (roles, hosts): (Vec<String>, Vec<String>) = texts("to")
            .into_iter()
            .partition(|to| to.starts_with("role:") || to == "any" || to == "localhost");
        let port = |text: &String| {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            Some((first.parse().ok()?, last.parse().ok()?))
        };
        Self {
            id: text("id"),
            service: text("service"),
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            sources: texts("from"),
            roles: roles
                .iter()
                .map(|role| role.trim_start_matches("role:").to_owned())
                .collect(),
            ports: texts("ports").iter().filter_map(port).collect(),
            regions: texts("region")
                .into_iter()
                .filter(|region| region != "all")
                .collect(),
            is_list: truth("expand") || truth("pool"),
            is_cited: value.get("cite").is_some(),
            block,
            gone: false,
        }
    }

    /// How alike a row and an entry are, besides their destinations.
    fn likeness(&self, entry: &DraftEntry) -> usize {
        let words = |text: &str| -> BTreeSet<String> {
            vocabulary::slug(text)
                .split('-')
                .map(str::to_owned)
                .collect()
        };
        let shared = words(&self.service)
            .intersection(&words(&entry.service))
            .count();
        let region = usize::from(
            self.regions.is_empty() == entry.regions.is_empty()
                && self.regions.iter().all(|r| entry.regions.contains(r)),
        );
        let ports = entry
            .traffic
            .ports
            .iter()
            .any(|p| self.ports.contains(&(p.first, p.last)));
        let sources = entry
            .sources
            .iter()
            .any(|party| self.sources.contains(&party.role));
        shared + 2 * region + 2 * usize::from(ports) + 2 * usize::from(sources)
    }
}

/// Changes rows in place; gives the entries, or parts of them, that no row has.
fn compare(
    rows: &mut [RowToCompare],
    draft: &ImportDraft,
    changes: &mut Vec<String>,
) -> Vec<DraftEntry> {
    let mut of_host: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        for host in row.hosts.iter().chain(&row.sources) {
            of_host.entry(host.clone()).or_default().push(at);
        }
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut lines = RowLines::new();
    let mut fresh = Vec::new();
    for entry in &draft.entries {
        let hosts = hosts_of(entry);
        if hosts.is_empty() {
            if !rows.iter().any(|row| is_same_role_row(row, entry)) {
                changes.push(format!("new row: {}", entry.service));
                fresh.push(entry.clone());
            }
            continue;
        }
        let best = |host: &String| {
            let known = of_host.get(host)?.iter().copied();
            known.max_by_key(|at| (rows[*at].likeness(entry), std::cmp::Reverse(*at)))
        };
        let homes: Vec<Option<usize>> = hosts.iter().map(best).collect();
        note_lines(rows, entry, &homes, &mut lines);
        new_hosts(rows, entry, &hosts, &homes, changes, &mut fresh);
        new_ports(rows, entry, &homes, &of_host, changes, &mut fresh);
        seen.extend(hosts);
    }
    gone_ports(rows, draft, &of_host, changes);
    for (at, (_, line)) in lines {
        rows[at].block = with_line(&rows[at].block, line);
    }
    gone_roles(rows, draft, changes);
    gone_hosts(rows, &seen, changes);
    fresh
}

fn hosts_of(entry: &DraftEntry) -> Vec<String> {
    let named = entry.to.iter().map(|to| &to.endpoint.host);
    named.chain(&entry.networks).cloned().collect()
}

/// By row, how like it the entry is that tells its line, and the line.
type RowLines = BTreeMap<usize, (usize, u32)>;

/// Where the hosts of an entry stand now: the entry most like a row tells its line, the first of several.
fn note_lines(
    rows: &[RowToCompare],
    entry: &DraftEntry,
    homes: &[Option<usize>],
    lines: &mut RowLines,
) {
    for (at, home) in homes.iter().enumerate() {
        let line = entry.to.get(at).map(|to| to.line).or(entry.place.line);
        if let (Some(home), Some(line)) = (home, line.filter(|line| *line > 0)) {
            let likeness = rows[*home].likeness(entry);
            let known = lines.entry(*home).or_insert((likeness, line));
            if likeness > known.0 || (likeness == known.0 && line < known.1) {
                *known = (likeness, line);
            }
        }
    }
}

fn gone_roles(rows: &[RowToCompare], draft: &ImportDraft, changes: &mut Vec<String>) {
    let to_roles = rows
        .iter()
        .filter(|row| row.is_cited && row.hosts.is_empty() && !row.roles.is_empty());
    for row in to_roles {
        let in_source = |entry: &DraftEntry| is_same_role_row(row, entry);
        if !draft.entries.iter().any(in_source) {
            changes.push(format!(
                "{}: the source has no row like it any more, to {} over these ports; it is kept",
                row.id,
                row.roles.join(", ")
            ));
        }
    }
}

fn gone_hosts(rows: &mut [RowToCompare], seen: &BTreeSet<String>, changes: &mut Vec<String>) {
    for row in rows
        .iter_mut()
        .filter(|row| row.is_cited && !row.hosts.is_empty())
    {
        let gone = row.hosts.iter().filter(|host| !seen.contains(*host));
        let gone: Vec<String> = gone.cloned().collect();
        for host in &gone {
            changes.push(format!("{}: {host} is gone from the source", row.id));
        }
        row.gone = gone.len() == row.hosts.len() && row.roles.is_empty();
        if !row.gone {
            row.block = without_all(&row.block, &gone);
        }
    }
}

/// A row to the same roles over the same ports.
fn is_same_role_row(row: &RowToCompare, entry: &DraftEntry) -> bool {
    let role = entry
        .roles
        .iter()
        .any(|party| row.roles.contains(&party.role))
        || entry.needs_of.is_some();
    let ports = ports_of(entry);
    let same_ports = ports.iter().any(|ports| row.ports.contains(ports))
        || (ports.is_empty() && row.ports.is_empty());
    // Where pages call a role by another word, its ports and two words of its service tell.
    same_ports && (role || row.likeness(entry) >= 4)
}

/// The ports that the source states for an entry, or that follow from its protocols.
fn ports_of(entry: &DraftEntry) -> BTreeSet<(u16, u16)> {
    let traffic = &entry.traffic;
    match traffic.ports.is_empty() {
        true => traffic.implied().into_iter().map(|p| (p, p)).collect(),
        false => traffic.ports.iter().map(|p| (p.first, p.last)).collect(),
    }
}

/// New names join the list that their neighbours are in, or make a row of their own.
fn new_hosts(
    rows: &mut [RowToCompare],
    entry: &DraftEntry,
    hosts: &[String],
    homes: &[Option<usize>],
    changes: &mut Vec<String>,
    fresh: &mut Vec<DraftEntry>,
) {
    let missing: Vec<usize> = (0..hosts.len()).filter(|at| homes[*at].is_none()).collect();
    if missing.is_empty() {
        return;
    }
    let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
    for home in homes.iter().flatten().filter(|home| rows[**home].is_list) {
        *votes.entry(*home).or_default() += 1;
    }
    let home = votes
        .into_iter()
        .max_by_key(|(_, count)| *count)
        .map(|(home, _)| home);
    match home.filter(|_| entry.networks.is_empty()) {
        Some(home) => {
            for at in &missing {
                changes.push(format!(
                    "{}: {} is new in the source",
                    rows[home].id, hosts[*at]
                ));
            }
            let new: Vec<&str> = missing.iter().map(|at| hosts[*at].as_str()).collect();
            rows[home].block = with(&rows[home].block, &new);
        }
        None => {
            let kept = |at: &usize| missing.contains(at);
            let mut part = entry.clone();
            part.to = entry
                .to
                .iter()
                .enumerate()
                .filter(|(at, _)| kept(at))
                .map(|(_, to)| to.clone())
                .collect();
            if entry.to.is_empty() {
                part.networks = missing.iter().map(|at| hosts[*at].clone()).collect();
            }
            part.choice = None;
            changes.push(format!(
                "new row: {}: {}",
                entry.service,
                missing
                    .iter()
                    .map(|at| hosts[*at].as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
            fresh.push(part);
        }
    }
}

/// Ports that the source states and no row of the entry's names has.
fn new_ports(
    rows: &mut [RowToCompare],
    entry: &DraftEntry,
    homes: &[Option<usize>],
    of_host: &BTreeMap<String, Vec<usize>>,
    changes: &mut Vec<String>,
    fresh: &mut Vec<DraftEntry>,
) {
    let Some(home) = homes.iter().flatten().next().copied() else {
        return;
    };
    let stated = ports_of(entry);
    let host = entry
        .to
        .first()
        .map(|to| &to.endpoint.host)
        .or(entry.networks.first());
    let all = host
        .and_then(|host| of_host.get(host))
        .map_or(&[][..], Vec::as_slice);
    let known: BTreeSet<(u16, u16)> = all
        .iter()
        .flat_map(|at| rows[*at].ports.iter().copied())
        .collect();
    let missing: Vec<(u16, u16)> = stated.difference(&known).copied().collect();
    if missing.is_empty() || all.is_empty() {
        return;
    }
    let alone = all.len() == 1 && homes.iter().all(|h| *h == Some(home)) && rows[home].is_cited;
    if alone {
        let ports = ports_in_toml(&stated);
        changes.push(format!("{}: the source says ports {ports}", rows[home].id));
        rows[home].block = with_ports(&rows[home].block, &ports);
        rows[home].ports = stated;
    } else {
        changes.push(format!(
            "new row: {}: ports {}",
            entry.service,
            ports_in_toml(&missing)
        ));
        let mut part = entry.clone();
        let kept = |p: &Ports| missing.contains(&(p.first, p.last));
        part.traffic.ports.retain(kept);
        if part.traffic.ports.is_empty() {
            let implied = missing.iter().map(|(first, last)| Ports {
                first: *first,
                last: *last,
                tcp: false,
                udp: false,
            });
            part.traffic.ports.extend(implied);
        }
        part.choice = None;
        fresh.push(part);
    }
}

/// Ports of a row that the source states for none of its names any more.
fn gone_ports(
    rows: &mut [RowToCompare],
    draft: &ImportDraft,
    of_host: &BTreeMap<String, Vec<usize>>,
    changes: &mut Vec<String>,
) {
    let mut stated: BTreeMap<&str, BTreeSet<(u16, u16)>> = BTreeMap::new();
    for entry in &draft.entries {
        let ports = ports_of(entry);
        let hosts = entry.to.iter().map(|to| to.endpoint.host.as_str());
        for host in hosts.chain(entry.networks.iter().map(String::as_str)) {
            stated.entry(host).or_default().extend(&ports);
        }
    }
    for row in rows.iter_mut().filter(|row| row.is_cited) {
        let hosts = || {
            row.hosts
                .iter()
                .filter_map(|host| stated.get(host.as_str()))
        };
        // Where the source states no ports, those of the row are somebody's own.
        if hosts().next().is_none() || hosts().any(BTreeSet::is_empty) {
            continue;
        }
        let is_stated = |(first, last): &(u16, u16)| {
            let mut all = hosts().flatten();
            all.any(|(from, to)| from <= first && last <= to)
        };
        let (kept, gone): (BTreeSet<(u16, u16)>, BTreeSet<_>) = row
            .ports
            .iter()
            .copied()
            .partition(|ports| is_stated(ports));
        if gone.is_empty() {
            continue;
        }
        let alone = row
            .hosts
            .iter()
            .all(|host| of_host.get(host).is_none_or(|rows| rows.len() == 1));
        let mut told = format!(
            "{}: the source has ports {} no more",
            row.id,
            ports_in_toml(&gone)
        );
        if alone && !kept.is_empty() {
            row.block = with_ports(&row.block, &ports_in_toml(&kept));
            row.ports = kept;
        } else {
            told.push_str("; they are kept");
        }
        changes.push(told);
    }
}

/// Where the value of a key stands in a block: from behind `=` to its end.
fn value_of(block: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    for line in block.split_inclusive('\n') {
        let rest = line.strip_prefix(key).map(str::trim_start);
        if let Some(rest) = rest.and_then(|rest| rest.strip_prefix('=')) {
            let start = at + line.len() - rest.len();
            let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
            for (offset, c) in block[start..].char_indices() {
                match c {
                    _ if escaped => escaped = false,
                    '\\' if quoted => escaped = true,
                    '"' => quoted = !quoted,
                    '[' | '{' if !quoted => depth += 1,
                    ']' | '}' if !quoted => depth -= 1,
                    '\n' if !quoted && depth <= 0 => return Some(start..start + offset),
                    _ => {}
                }
            }
            return Some(start..block.len());
        }
        at += line.len();
    }
    None
}

/// The block with a destination more.
fn with(block: &str, hosts: &[&str]) -> String {
    let Some(place) = value_of(block, "to") else {
        return block.to_owned();
    };
    let value = block[place.clone()].trim_end();
    let quoted: Vec<String> = hosts.iter().map(|host| write::quoted(host)).collect();
    let in_line = quoted.join(", ");
    let Some(inner) = value
        .trim()
        .strip_prefix('[')
        .and_then(|v| v.strip_suffix(']'))
    else {
        return format!(
            "{} [{}, {in_line}]{}",
            &block[..place.start],
            value.trim(),
            &block[place.end..]
        );
    };
    let list = match inner.contains('\n') {
        true => format!("{}\n    {},\n", with_comma(inner), quoted.join(",\n    ")),
        false => format!(
            "{}{in_line}",
            if inner.trim().is_empty() {
                String::new()
            } else {
                format!("{}, ", inner.trim().trim_end_matches(','))
            }
        ),
    };
    format!("{} [{list}]{}", &block[..place.start], &block[place.end..])
}

fn with_comma(inner: &str) -> String {
    let inner = inner.trim_end();
    match inner.ends_with(',') || inner.trim().is_empty() {
        true => inner.to_owned(),
        false => format!("{inner},"),
    }
}

/// The block without destinations. Lines that have one each go in one pass, whatever their number.
fn without_all(block: &str, gone: &[String]) -> String {
    let Some(place) = value_of(block, "to") else {
        return block.to_owned();
    };
    let mut left: BTreeSet<&str> = gone.iter().map(String::as_str).collect();
    let kept: String = block[place.clone()]
        .split_inclusive('\n')
        .filter(|line| {
            let entry = line.trim().trim_end_matches(',');
            let host = entry.strip_prefix('"').and_then(|e| e.strip_suffix('"'));
            let host = host.map(str::to_ascii_lowercase);
            !(line.ends_with('\n') && host.is_some_and(|host| left.remove(host.as_str())))
        })
        .collect();
    let block = format!("{}{kept}{}", &block[..place.start], &block[place.end..]);
    left.into_iter()
        .fold(block, |block, host| without(&block, host))
}

/// The block without a destination: its text, or the table that it is in.
fn without(block: &str, host: &str) -> String {
    let Some(place) = value_of(block, "to") else {
        return block.to_owned();
    };
    let value = &block[place.clone()];
    let quoted = write::quoted(host);
    let Some(found) = value.to_ascii_lowercase().find(&quoted) else {
        return block.to_owned();
    };
    let before = &value[..found];
    let (start, mut end) = match before.trim_end().ends_with('=') {
        true => {
            let open = before.rfind('{').unwrap_or(found);
            let close = value[found..]
                .find('}')
                .map_or(value.len(), |at| found + at + 1);
            (open, close)
        }
        false => (found, found + quoted.len()),
    };
    if value[end..].starts_with(',') {
        end += 1;
    }
    let behind = &value[end..];
    let behind = behind.strip_prefix(' ').unwrap_or(behind);
    // A line that had nothing else goes with it.
    let (front, behind) = match (value[..start].rfind('\n'), behind.starts_with('\n')) {
        (Some(at), true) if value[at..start].trim().is_empty() => (&value[..at], behind),
        _ => (&value[..start], behind),
    };
    let list = format!("{front}{behind}").replace(", ]", "]");
    format!("{}{list}{}", &block[..place.start], &block[place.end..])
}

fn with_ports(block: &str, ports: &str) -> String {
    match value_of(block, "ports") {
        Some(place) => format!("{} [{ports}]{}", &block[..place.start], &block[place.end..]),
        None => match value_of(block, "to") {
            Some(place) => format!(
                "{}\nports = [{ports}]{}",
                &block[..place.end],
                &block[place.end..]
            ),
            None => block.to_owned(),
        },
    }
}

/// The block with another line in its cite.
fn with_line(block: &str, line: u32) -> String {
    let Some(place) = value_of(block, "cite") else {
        return block.to_owned();
    };
    let value = &block[place.clone()];
    let Some(at) = value.rfind("line = ") else {
        return block.to_owned();
    };
    let digits = at + "line = ".len();
    let end = value[digits..]
        .find(|c: char| !c.is_ascii_digit())
        .map_or(value.len(), |end| digits + end);
    format!(
        "{}{}{line}{}{}",
        &block[..place.start],
        &value[..digits],
        &value[end..],
        &block[place.end..]
    )
}

/// Words of the existing file for roles and regions.
struct KnownWords {
    roles: BTreeMap<String, String>,
    regions: BTreeMap<String, String>,
}

impl KnownWords {
    fn of(table: &Table) -> Self {
        let read = |key: &str| {
            let mut out = BTreeMap::new();
            for (name, value) in table
                .get(key)
                .and_then(Value::as_table)
                .into_iter()
                .flatten()
            {
                out.insert(name.clone(), name.clone());
                let aliases = value
                    .get("aliases")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                for alias in aliases.filter_map(Value::as_str) {
                    out.entry(alias.to_lowercase())
                        .or_insert_with(|| name.clone());
                }
            }
            out
        };
        Self {
            roles: read("roles"),
            regions: read("regions"),
        }
    }

    /// The entry in the words of the existing file.
    fn translate(&self, entry: &mut DraftEntry) {
        let parties = entry
            .sources
            .iter_mut()
            .chain(&mut entry.roles)
            .chain(&mut entry.needs_of);
        for party in parties {
            if let Some(known) = self.roles.get(&party.role) {
                party.role.clone_from(known);
            }
        }
        for region in &mut entry.regions {
            if let Some(known) = self.regions.get(region) {
                region.clone_from(known);
            }
        }
    }

    /// The head, with regions that new rows need.
    fn head(&self, head: &str, draft: &ImportDraft, fresh: &[DraftEntry]) -> String {
        let mut out = head.to_owned();
        let regions: BTreeSet<&String> = fresh
            .iter()
            .flat_map(|e| &e.regions)
            .filter(|r| !self.regions.contains_key(*r))
            .collect();
        let features: BTreeSet<&String> = fresh.iter().filter_map(|e| e.feature.as_ref()).collect();
        let mut insert = |section: &str, lines: String| {
            if lines.is_empty() {
                return;
            }
            let title = format!("[{section}]\n");
            match out.find(&title) {
                Some(at) => out.insert_str(at + title.len(), &lines),
                None => out.push_str(&format!("{title}{lines}\n")),
            }
        };
        insert(
            "regions",
            regions
                .iter()
                .map(|region| format!("{} = {{}}\n", write::bare(region)))
                .collect(),
        );
        let about = |feature: &&String| {
            draft
                .features
                .get(*feature)
                .map_or("", String::as_str)
                .to_owned()
        };
        let declared: Vec<String> = features
            .iter()
            .filter(|feature| {
                !head.contains(&format!("\"{feature}\" ="))
                    && !head.contains(&format!("\n{feature} ="))
            })
            .map(|feature| {
                format!(
                    "{} = {{ about = {} }}\n",
                    write::quoted(feature),
                    write::quoted(&about(feature))
                )
            })
            .collect();
        insert("features", declared.concat());
        out
    }
}

/// New rows, with the roles that they need.
fn appended(
    rows: &[RowToCompare],
    draft: &ImportDraft,
    fresh: &[DraftEntry],
    words: &KnownWords,
) -> String {
    if fresh.is_empty() {
        return String::new();
    }
    let part = ImportDraft {
        entries: fresh.to_vec(),
        features: BTreeMap::new(),
        ..ImportDraft {
            id: draft.id.clone(),
            ..ImportDraft::default()
        }
    };
    let taken: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let text = write::write_beside(&part, &taken);
    let mut out = String::from("\n# New in the source\n");
    let parties = fresh
        .iter()
        .flat_map(|e| e.sources.iter().chain(&e.roles).chain(&e.needs_of));
    let new: BTreeMap<&str, &DraftParty> = parties
        .filter(|party| {
            !words.roles.contains_key(&party.role)
                && !matches!(party.role.as_str(), "any" | "localhost")
        })
        .map(|party| (party.role.as_str(), party))
        .collect();
    for (role, party) in new {
        out.push_str(&format!(
            "\n[roles.{}]\nabout = {}\n",
            write::bare(role),
            write::quoted(&party.text)
        ));
    }
    if let Some(at) = text.find(&format!("\n{ROW}")) {
        out.push_str(&text[at..]);
    }
    out
}

#[cfg(test)]
mod tests {
    const FILE: &str = "# ours\nformat = 1\n[document]\nid = \"d\"\n[regions]\njapan = { aliases = [\"jp\"] }\n[roles.agent]\naliases = [\"acme-agent\"]\n\n\
        [[requirement]]\nid = \"up\"\nservice = \"Updates\"\nfrom = [\"agent\"]\nto = [\"a.example.com\", { host = \"b.example.com\", note = \"x\" }]\nexpand = true\nports = [443]\ncite = { table = \"t\", row = \"r\", line = 4 }\n\n\
        # by hand\n[[requirement]]\nid = \"own\"\nto = [\"own.example.com\"]\n\n\
        [[requirement]]\nid = \"lic\"\nservice = \"Licences\"\nto = [\"l.example.com\"]\nports = [443]\ncite = { table = \"t\", row = \"r\", line = 9 }\n";

    fn renewed(page: &str) -> (String, Vec<String>) {
        let options = super::super::Options {
            against: Some(FILE.to_owned()),
            ..Default::default()
        };
        let source = super::super::ImportSource {
            name: "page.md",
            bytes: page.as_bytes(),
        };
        let imported = super::super::import(&source, &options).unwrap();
        (imported.text, imported.notes)
    }

    const HEAD: &str = "| Service | FQDN | Port |\n|---|---|---|\n";

    #[test]
    fn an_unchanged_page_changes_lines_only() {
        let page = format!(
            "{HEAD}| Updates | a.example.com b.example.com | 443 |\n| Licences | l.example.com | 443 |\n"
        );
        let (text, _) = renewed(&page);
        assert_eq!(
            text,
            FILE.replace("line = 4", "line = 3")
                .replace("line = 9", "line = 4")
        );
    }

    #[test]
    fn ports_come_and_go_also_those_that_follow_from_a_protocol() {
        let page = |protocol: &str| {
            format!(
                "| Service | FQDN | Protocol |\n|---|---|---|\n| Updates | a.example.com b.example.com | {protocol} |\n| Licences | l.example.com | HTTPS |\n"
            )
        };
        let (both, _) = renewed(&page("HTTP, HTTPS"));
        assert!(both.contains("expand = true\nports = [80, 443]"), "{both}");
        let options = super::super::Options {
            against: Some(both),
            ..Default::default()
        };
        let page = page("HTTPS");
        let source = super::super::ImportSource {
            name: "page.md",
            bytes: page.as_bytes(),
        };
        let imported = super::super::import(&source, &options).unwrap();
        assert!(
            imported.text.contains("expand = true\nports = [443]"),
            "{}",
            imported.text
        );
        let told = |note: &String| note == "up: the source has ports 80 no more";
        assert!(imported.notes.iter().any(told), "{:?}", imported.notes);
    }

    #[test]
    fn what_the_page_changed_is_all_that_changes() {
        let page = format!(
            "{HEAD}| Updates | a.example.com c.example.com | 443 |\n| Licences | l.example.com | 8443 |\n| Logs | log.example.com | 514 |\n"
        );
        let (text, notes) = renewed(&page);
        assert!(
            text.contains(
                "to = [\"a.example.com\", \"c.example.com\"]\nexpand = true\nports = [443]"
            ),
            "{text}"
        );
        assert!(
            text.contains("id = \"own\"\nto = [\"own.example.com\"]"),
            "{text}"
        );
        assert!(
            text.contains("to = [\"l.example.com\"]\nports = [8443]"),
            "{text}"
        );
        assert!(text.contains("id = \"logs\""), "{text}");
        assert!(!text.contains("b.example.com"), "{text}");
        assert!(
            notes
                .iter()
                .any(|note| note.contains("b.example.com is gone")),
            "{notes:?}"
        );
        let checked = crate::rules::check(&[crate::rules::RuleText {
            name: "x".to_owned(),
            text,
        }]);
        assert!(checked.is_ok());
    }
}
