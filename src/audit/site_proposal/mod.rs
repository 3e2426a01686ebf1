//! A first site file from what a capture shows: who is in which role, with the evidence beside every line.
//!
//! A draft to be read by a person. What is sure enough is written as a line, what may be is written as a comment, and
//! what the library knows beside that is listed as comments too, so that nothing has to be looked up.

mod evidence;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

use crate::observe::Capture;
use crate::report::text::visible;
use crate::rules::{
    Choices, Condition, Library, Profile, Role, RoleIndex, RuleSet, Target, Truth, ports_in_toml,
};
use evidence::{Evidence, Sightings};

/// Hosts listed one by one in a role; more than these are listed by network.
const HOSTS: usize = 32;

/// Lines listed of anything.
const LINES: usize = 200;

/// How much of what the library knows a draft lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DraftExtent {
    /// What the capture shows, and what somebody has to decide.
    Needed,
    /// All that a site file can say: roles that nobody was seen in, features that have a default, ports that can be moved.
    All,
}

/// A site file in TOML that `check_site` of the rules room takes, with comments that give the evidence.
///
/// Reads every flow once. The text ends with a line break and has no character that a terminal would obey.
#[must_use]
pub fn propose_site(capture: &Capture, library: &Library, extent: DraftExtent) -> String {
    let Ok(profile) = Profile::new(library, None, &Choices::default()) else {
        return String::new();
    };
    let rules = RuleSet::compile(library.clone(), &profile);
    let sightings = Sightings::of(capture, &rules);
    let mut out = String::new();
    head(capture, library, &mut out);
    roles(&sightings, library, extent, &mut out);
    features(library, extent, &mut out);
    versions(library, &mut out);
    hosts(&mut out);
    ports(library, extent, &mut out);
    proxies(&sightings, &mut out);
    ignore(&mut out);
    out
}

fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", visible(text));
}

/// Says how many lines were left out.
fn left_out(out: &mut String, count: usize, what: &str) {
    if count > 0 {
        comment(
            out,
            &format!("Not listed without --all: {count} of the {what}."),
        );
    }
}

fn head(capture: &Capture, library: &Library, out: &mut String) {
    comment(
        out,
        "First draft of a site file, from what a capture shows. Read every line before you rely on it:",
    );
    comment(
        out,
        "a host in a role that it does not have makes traffic look expected that is not.",
    );
    let seen = if capture.span.first <= capture.span.last {
        format!("{} to {}, ", capture.span.first, capture.span.last)
    } else {
        String::new()
    };
    let (flows, lookups) = (capture.flows.len(), capture.dns.len());
    let text = format!(
        "Capture: {seen}{} frames, {flows} flows, {lookups} DNS transactions.",
        capture.tally.frames
    );
    comment(out, &text);
    out.push_str("\n[site]\nname = \"site\"\n");
    let regions = library.region_words();
    if !regions.is_empty() {
        comment(
            out,
            "The region of the vendor's tenant; without this line every region is allowed. Known:",
        );
        comment(out, &regions.join(", "));
        let _ = writeln!(out, "# region = {}", quoted(regions.first().unwrap_or(&"")));
    }
    comment(
        out,
        "The pages that count; without this line all of them do.",
    );
    let ids: Vec<String> = library
        .documents
        .iter()
        .map(|document| quoted(&document.id))
        .collect();
    let _ = writeln!(out, "# documents = [{}]", ids.join(", "));
    comment(
        out,
        "The day on which dated requirements are judged; without this line each packet's own day.",
    );
    let day = capture.span.last.to_string();
    let day = day
        .get(..10)
        .filter(|day| day.len() == 10 && !day.contains('n'))
        .unwrap_or("2026-01-01");
    let _ = writeln!(out, "# as-of = {}", quoted(day));
    comment(
        out,
        "The day on which the vendor account was made; some requirements depend on it.",
    );
    let _ = writeln!(out, "# account-created = \"2020-01-31\"");
}

fn roles(sightings: &Sightings, library: &Library, extent: DraftExtent, out: &mut String) {
    out.push_str("\n[roles]\n");
    comment(
        out,
        "role = addresses, networks, or names. A role that inherits another one is in both.",
    );
    if !sightings.any_source {
        comment(
            out,
            "No host went to a name on a list. Give a role such as agent its addresses, or nothing is audited.",
        );
    }
    let numbered = (0u32..).map(RoleIndex::new).zip(&library.roles);
    let inside: Vec<(RoleIndex, &Role)> = numbered.filter(|(_, role)| !role.external).collect();
    let seen = |index: &RoleIndex| sightings.sure.contains_key(index);
    for (index, role) in inside.iter().filter(|(index, _)| seen(index)) {
        out.push('\n');
        about(role, out);
        if let Some(hosts) = sightings.sure.get(index) {
            bind(&role.name, hosts, "", out);
        }
        if let Some(hosts) = sightings.perhaps.get(index) {
            comment(out, "may also be:");
            host_lines(hosts, "#   ", out);
        }
    }
    out.push('\n');
    comment(
        out,
        "Not seen for sure. Take the # away where you know better.",
    );
    let unseen = inside.iter().filter(|(index, _)| !seen(index));
    let (listed, others): (Vec<_>, Vec<_>) = unseen.partition(|(index, role)| {
        extent == DraftExtent::All || role.placeholder || sightings.perhaps.contains_key(index)
    });
    left_out(out, others.len(), "roles, in which nobody was seen");
    for (index, role) in listed {
        out.push('\n');
        about(role, out);
        match sightings.perhaps.get(&index) {
            Some(hosts) => bind(&role.name, hosts, "# ", out),
            None if role.placeholder => {
                comment(
                    out,
                    "only the site knows its names; without them its requirements cannot be audited",
                );
                let _ = writeln!(out, "# {} = [\"name.example.com\"]", key(&role.name));
            }
            None => {
                let _ = writeln!(out, "# {} = []", key(&role.name));
            }
        }
    }
}

fn about(role: &Role, out: &mut String) {
    let optional = if role.optional {
        " (may be absent)"
    } else {
        ""
    };
    let aliases = match role.aliases.as_slice() {
        [] => String::new(),
        list => format!("; also called {}", list.join(", ")),
    };
    let what = if role.about.is_empty() {
        &role.name
    } else {
        &role.about
    };
    comment(out, &format!("{what}{optional}{aliases}"));
}

fn bind(role: &str, hosts: &BTreeMap<IpAddr, Evidence>, lead: &str, out: &mut String) {
    let _ = writeln!(out, "{lead}{} = [", key(role));
    host_lines(hosts, &format!("{lead}  "), out);
    let _ = writeln!(out, "{lead}]");
}

/// A line a host, or a line a network where there are many.
fn host_lines(hosts: &BTreeMap<IpAddr, Evidence>, lead: &str, out: &mut String) {
    if hosts.len() <= HOSTS {
        for (ip, evidence) in hosts {
            let _ = writeln!(
                out,
                "{lead}{}, # {}",
                quoted(&ip.to_string()),
                visible(&evidence.words())
            );
        }
        return;
    }
    let mut networks: BTreeMap<ipnet::IpNet, (usize, u64)> = BTreeMap::new();
    for (ip, evidence) in hosts {
        let prefix = if ip.is_ipv4() { 24 } else { 64 };
        let network = ipnet::IpNet::new_assert(*ip, prefix).trunc();
        let (count, flows) = networks.entry(network).or_default();
        *count += 1;
        *flows += evidence.flows;
    }
    for (network, (count, flows)) in networks.iter().take(LINES) {
        let _ = writeln!(
            out,
            "{lead}{}, # {count} hosts, {flows} flows",
            quoted(&network.to_string())
        );
    }
    let left = networks.len().saturating_sub(LINES);
    if left > 0 {
        let _ = writeln!(out, "{lead}# and {left} more networks");
    }
}

fn features(library: &Library, extent: DraftExtent, out: &mut String) {
    out.push_str("\n[features]\n");
    comment(
        out,
        "What the site uses. Left out: what the vendor's default is, else unknown, and then allowed.",
    );
    let all = library.features.iter();
    let (listed, others): (Vec<_>, Vec<_>) =
        all.partition(|feature| extent == DraftExtent::All || feature.default == Truth::Unknown);
    left_out(out, others.len(), "features, which have a default");
    for feature in listed {
        let default = match feature.default {
            Truth::On => "on by default",
            Truth::Off => "off by default",
            Truth::Unknown => "no default",
        };
        let about = [feature.component.as_str(), feature.about.as_str(), default];
        let about: Vec<&str> = about.into_iter().filter(|text| !text.is_empty()).collect();
        let value = feature.default != Truth::Off;
        let _ = writeln!(
            out,
            "# {} = {value} # {}",
            key(&feature.key),
            visible(&about.join("; "))
        );
    }
}

fn versions(library: &Library, out: &mut String) {
    out.push_str("\n[versions]\n");
    let mut of: Vec<(&str, Vec<String>)> = Vec::new();
    let documents = library.documents.iter().flat_map(|document| &document.when);
    let rows = library.requirements.iter().flat_map(|row| &row.when);
    for condition in documents.chain(rows) {
        gather_versions(condition, &mut of);
    }
    of.sort();
    if of.is_empty() {
        comment(out, "No requirement depends on a version.");
    }
    for (component, ranges) in of {
        let shown = ranges
            .iter()
            .take(6)
            .cloned()
            .collect::<Vec<_>>()
            .join("; ");
        let _ = writeln!(
            out,
            "# {} = \"20.0\" # asked for: {}",
            key(component),
            visible(&shown)
        );
    }
}

fn gather_versions<'a>(condition: &'a Condition, out: &mut Vec<(&'a str, Vec<String>)>) {
    match condition {
        Condition::Version { of, range } => {
            let range = range.to_string();
            match out.iter_mut().find(|(known, _)| known == of) {
                Some((_, ranges)) if ranges.contains(&range) => {}
                Some((_, ranges)) => ranges.push(range),
                None => out.push((of, vec![range])),
            }
        }
        Condition::Any(list) | Condition::All(list) => {
            list.iter().for_each(|c| gather_versions(c, out))
        }
        Condition::Not(inner) => gather_versions(inner, out),
        _ => {}
    }
}

fn hosts(out: &mut String) {
    out.push('\n');
    comment(out, "Facts of single hosts.");
    for line in [
        "[[host]]",
        "address = \"10.0.0.11\"",
        "name = \"web-1\"",
        "roles = []",
        "versions = { }",
    ] {
        comment(out, line);
    }
}

fn ports(library: &Library, extent: DraftExtent, out: &mut String) {
    out.push_str("\n[ports]\n");
    comment(
        out,
        "Ports that the site has moved; they replace those of the page.",
    );
    let movable = library
        .requirements
        .iter()
        .filter(|row| row.configurable_port && !row.ports.is_empty());
    let mut lines: Vec<String> = movable
        .map(|row| {
            let to: Vec<&str> = row
                .to
                .iter()
                .filter_map(|to| role_of(&to.target, library))
                .collect();
            let to = if to.is_empty() {
                String::new()
            } else {
                format!(" to {}", to.join(", "))
            };
            format!(
                "# {} = [{}] # {}{to}",
                quoted(&row.row_id),
                ports_in_toml(row.ports.ranges()),
                visible(&row.service)
            )
        })
        .collect();
    lines.dedup();
    // One shows the form; which of them were moved no capture tells.
    let most = match extent {
        DraftExtent::Needed => 1,
        DraftExtent::All => lines.len(),
    };
    let others = lines.len().saturating_sub(most);
    left_out(out, others, "requirements whose ports can be moved");
    let most = most.min(LINES);
    for line in lines.iter().take(most) {
        let _ = writeln!(out, "{line}");
    }
}

fn role_of<'a>(target: &Target, library: &'a Library) -> Option<&'a str> {
    match target {
        Target::Role(role) => Some(library.role_name(*role)),
        _ => None,
    }
}

fn proxies(sightings: &Sightings, out: &mut String) {
    out.push_str("\n[proxies]\n");
    comment(
        out,
        "Forward proxies: behind them a flow's aim is what CONNECT or the request says.",
    );
    if sightings.proxies.is_empty() {
        comment(out, "addresses = [\"10.0.0.80:3128\"]");
        return;
    }
    out.push_str("addresses = [\n");
    for (at, evidence) in sightings.proxies.iter().take(LINES) {
        let _ = writeln!(
            out,
            "  {}, # {}",
            quoted(&at.to_string()),
            visible(&evidence.words())
        );
    }
    out.push_str("]\n");
}

fn ignore(out: &mut String) {
    out.push('\n');
    comment(
        out,
        "Traffic that is none of the audit's business; every key that is there must fit.",
    );
    for line in [
        "[[ignore]]",
        "about = \"backup\"",
        "from = \"10.0.0.0/8\"",
        "to = \"10.9.0.0/16\"",
        "port = [9000]",
        "transport = \"tcp\"",
    ] {
        comment(out, line);
    }
}

/// A TOML key: bare where it can be.
fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let text = visible(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests;
