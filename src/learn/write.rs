//! Rows as a rule file, with the evidence beside each.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use super::roles::Roles;
use super::rows::{DraftPart, DraftRow, From, Rows};
use crate::model::{CaptureTime, PortSet, Transport};
use crate::observe::Capture;
use crate::report::text::visible;
use crate::rules::ports_in_toml;

/// The most names and hosts of a row that are written.
const MOST: usize = 12;

/// The most names that were never resolved that are written.
const MOST_NEVER: usize = 100;

/// The file without rows, but for some that nothing meets: a role that opens nothing is not audited, nor are lookups at the
/// site's own name server where no row is about them.
pub(super) fn skeleton(roles: &Roles) -> String {
    let mut out = head(roles);
    let names = roles.names();
    let to = match names.contains(&"dns-server") {
        true => "[\"nothing.invalid\", \"role:dns-server\"]",
        false => "\"nothing.invalid\"",
    };
    for name in names {
        let _ = write!(
            out,
            "\n[[requirement]]\nid = \"none-{name}\"\nfrom = \"{name}\"\nto = {to}\nports = 9\ntransport = \"icmp\"\nneed = \"optional\"\n"
        );
    }
    out
}

fn head(roles: &Roles) -> String {
    let mut out = "format = 1\n\n[document]\nid = \"learned\"\nvendor = \"\"\nproduct = \"\"\npage = \"rules learn\"\nvendor-domains = []\n".to_owned();
    for name in roles.names() {
        let also: Vec<String> = roles
            .inherits(name)
            .iter()
            .map(|also| format!("\"{also}\""))
            .collect();
        let _ = write!(out, "\n[roles.{name}]\n");
        if !also.is_empty() {
            let _ = writeln!(out, "inherits = [{}]", also.join(", "));
        }
    }
    out
}

/// Gives each row an id of its own, from its destination.
pub(super) fn number(list: &mut [DraftRow]) {
    let mut taken = BTreeSet::new();
    for row in list {
        let mut id: String = row
            .to
            .to_ascii_lowercase()
            .replace('*', "any")
            .chars()
            .map(|c| match c {
                'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
                _ => '-',
            })
            .collect();
        id.truncate(80);
        let mut id = id.trim_start_matches(['-', '.']).to_owned();
        if let Some((port, _)) = row.ports.ranges().first() {
            let _ = write!(id, "-{port}");
        }
        let base = id.clone();
        let mut number = 1;
        while !taken.insert(id.clone()) {
            number += 1;
            id = format!("{base}-{number}");
        }
        row.id = id;
    }
}

/// The whole file.
pub(super) fn text(
    list: &[DraftRow],
    roles: &Roles,
    capture: &Capture,
    flows: usize,
    rows: &Rows,
) -> String {
    let mut out = String::new();
    for line in [
        "A draft from observed traffic: what was seen, not what is needed. Read every row before it is relied on,",
        "and take away what has no business there.",
    ] {
        let _ = writeln!(out, "# {line}");
    }
    if capture.span.first <= capture.span.last {
        let (first, last) = (second(capture.span.first), second(capture.span.last));
        let _ = writeln!(
            out,
            "# {first} to {last}, {flows} flows, {} rows",
            list.len()
        );
    }
    out.push('\n');
    out.push_str(&head(roles));
    for (part, title) in [
        (DraftPart::Seen, "Seen"),
        (DraftPart::Once, "Seen once: one flow of one host"),
        (
            DraftPart::Ephemeral,
            "Ports that change from flow to flow: the range stands for those that were seen",
        ),
        (
            DraftPart::Blocked,
            "Never reached: stopped on the way, or never answered",
        ),
    ] {
        let of: Vec<&DraftRow> = list.iter().filter(|row| row.part == part).collect();
        if !of.is_empty() {
            let _ = write!(out, "\n# --- {title} ---\n");
        }
        of.into_iter().for_each(|row| one(row, roles, &mut out));
    }
    remarks(rows, &mut out);
    out
}

fn remarks(rows: &Rows, out: &mut String) {
    let mut list = |title: &str, names: &[String]| {
        if names.is_empty() {
            return;
        }
        let _ = write!(out, "\n# --- {title} ---\n");
        for name in names.iter().take(MOST_NEVER) {
            let _ = writeln!(out, "# {}", visible(name));
        }
        if names.len() > MOST_NEVER {
            let _ = writeln!(out, "# and {} more", names.len() - MOST_NEVER);
        }
    };
    list(
        "Asked for, never resolved, and nothing says that it was stopped",
        &rows.never_resolved,
    );
    list(
        "No rule file can hold these names; their rows are by address",
        &rows.unwritten,
    );
}

fn one(row: &DraftRow, roles: &Roles, out: &mut String) {
    out.push('\n');
    let evidence = evidence(row);
    let _ = writeln!(out, "# {evidence}");
    if !row.names.is_empty() {
        let _ = writeln!(out, "# seen: {}", some(row.names.iter()));
    }
    let _ = writeln!(out, "[[requirement]]\nid = \"{}\"", row.id);
    let apps: Vec<&str> = row.evidence.apps.iter().copied().collect();
    let _ = writeln!(
        out,
        "service = \"{}\"",
        if apps.is_empty() {
            "unknown".to_owned()
        } else {
            apps.join(", ")
        }
    );
    let _ = writeln!(out, "from = {}", from(row, roles));
    let _ = writeln!(out, "to = \"{}\"", row.to);
    if !row.ports.is_empty() {
        let _ = writeln!(out, "ports = {}", ports(&row.ports));
    }
    if let Some(
        transport @ (Transport::Tcp | Transport::Udp | Transport::Icmp | Transport::Icmpv6),
    ) = row.transport
    {
        let _ = writeln!(out, "transport = \"{transport}\"");
    }
    let inside =
        row.to.starts_with("role:") || row.to.parse::<IpAddr>().is_ok_and(crate::rules::is_private);
    match (&row.from, inside) {
        (From::Outside(_), _) => out.push_str("direction = \"inbound\"\n"),
        (_, true) => out.push_str("direction = \"internal\"\n"),
        _ => {}
    }
    if row.part != DraftPart::Seen {
        out.push_str("need = \"optional\"\n");
    }
    let _ = writeln!(
        out,
        "cite = {{ table = \"observed\", row = \"{evidence}\" }}"
    );
}

fn evidence(row: &DraftRow) -> String {
    let seen = &row.evidence;
    let mut parts = Vec::new();
    if seen.flows > 0 {
        parts.push(counted(seen.flows, "flow"));
    }
    if seen.lookups > 0 {
        parts.push(counted(seen.lookups, "lookup"));
    }
    parts.push(format!(
        "{} ({})",
        counted(seen.hosts.len(), "host"),
        some(seen.hosts.iter().map(IpAddr::to_canonical))
    ));
    if let Some((first, last)) = seen.span {
        parts.push(format!("{} to {}", second(first), second(last)));
    }
    parts.extend(row.outcome.map(str::to_owned));
    parts.join(", ")
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn some<T: ToString>(list: impl ExactSizeIterator<Item = T>) -> String {
    let more = list.len().saturating_sub(MOST);
    let texts: Vec<String> = list.take(MOST).map(|one| one.to_string()).collect();
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", texts.join(" "))
}

fn second(time: CaptureTime) -> String {
    let text = time.to_string();
    format!(
        "{}Z",
        text.split('.')
            .next()
            .unwrap_or_default()
            .trim_end_matches('Z')
    )
}

fn from(row: &DraftRow, roles: &Roles) -> String {
    let texts: Vec<String> = match &row.from {
        From::Roles(names) => {
            let names: BTreeSet<String> = names.iter().cloned().collect();
            roles
                .fewest(&names)
                .iter()
                .map(|name| format!("\"{name}\""))
                .collect()
        }
        From::Outside(list) if list.is_empty() => vec!["\"any\"".to_owned()],
        From::Outside(list) => list
            .iter()
            .map(|ip| format!("{{ ip = \"{ip}\" }}"))
            .collect(),
    };
    match texts.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

fn ports(ports: &PortSet) -> String {
    let listed = ports_in_toml(ports.ranges());
    match ports.ranges() {
        [_] => listed,
        _ => format!("[{listed}]"),
    }
}
