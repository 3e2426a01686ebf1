//! Where the traffic goes that no requirement covers.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::IpAddr;

use super::page::Page;
use crate::judge::Outcome;
use crate::report::Report;

/// Destinations that are shown.
const MOST: usize = 20;

#[derive(Default)]
struct Destination {
    flows: u64,
    sent: u64,
    received: u64,
    hosts: BTreeSet<IpAddr>,
}

pub(super) fn write(report: &Report<'_>, page: &mut Page<impl Write>) -> io::Result<()> {
    let mut by_aim: BTreeMap<String, Destination> = BTreeMap::new();
    for (flow, outcome) in report.outcomes() {
        if !matches!(outcome, Outcome::Unexpected | Outcome::Unnamed) {
            continue;
        }
        let name = flow.names.first().map_or_else(
            || flow.responder.ip.to_string(),
            |name| name.fqdn.to_string(),
        );
        let port = match flow.transport.has_ports() {
            true => format!(" {}", flow.responder.port),
            false => String::new(),
        };
        let aim = by_aim
            .entry(format!("{name}{port}/{}", flow.transport))
            .or_default();
        aim.flows += 1;
        aim.sent += flow.out.bytes;
        aim.received += flow.back.bytes;
        aim.hosts.insert(flow.initiator.ip);
    }
    if by_aim.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<(&String, &Destination)> = by_aim.iter().collect();
    sorted.sort_by_key(|(name, aim)| (std::cmp::Reverse(aim.sent + aim.received), name.as_str()));
    let most = sorted
        .first()
        .map_or(1, |(_, aim)| aim.sent + aim.received)
        .max(1);
    page.markup("<section id=\"destinations\" aria-labelledby=\"destinations-title\">\n<h2 id=\"destinations-title\">Unexpected destinations ")?;
    page.element("span", "count", sorted.len())?;
    page.markup("</h2>\n<div class=\"wide\"><table class=\"figures\">\n<thead><tr><th>destination</th><th></th><th>bytes</th><th>sent</th><th>received</th><th>flows</th><th>hosts</th></tr></thead>\n<tbody>\n")?;
    for (name, aim) in sorted.iter().take(MOST) {
        let bytes = aim.sent + aim.received;
        page.markup("<tr>")?;
        page.element("td", "name", name)?;
        page.markup("<td class=\"bar\"><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"fill warn\" height=\"10\"")?;
        page.attribute(
            "width",
            format_args!("{:.1}", bytes as f64 * 100.0 / most as f64),
        )?;
        page.markup("/></svg></td>")?;
        for figure in [
            bytes,
            aim.sent,
            aim.received,
            aim.flows,
            aim.hosts.len() as u64,
        ] {
            page.element("td", "", figure)?;
        }
        page.markup("</tr>\n")?;
    }
    page.markup("</tbody></table></div>\n")?;
    if sorted.len() > MOST {
        page.element(
            "p",
            "note",
            format_args!("The {MOST} with the most bytes; findings.csv has all."),
        )?;
    }
    page.markup("</section>\n")
}
