//! Where the traffic goes that no requirement covers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use maud::{Markup, html};

use super::texts::PageTexts;
use crate::judge::Outcome;
use crate::report::Report;
use crate::wording::{phrase, word};

/// Destinations that are shown.
const MOST: usize = 20;

/// What flowed to somewhere that no requirement covers.
#[derive(Default)]
pub(super) struct UncoveredAim {
    flows: u64,
    sent: u64,
    received: u64,
    /// Who sent it.
    pub(super) hosts: BTreeSet<IpAddr>,
}

impl UncoveredAim {
    fn bytes(&self) -> u64 {
        self.sent + self.received
    }
}

/// Empty where all traffic is covered.
pub(super) fn section(report: &Report<'_>, texts: &PageTexts) -> Markup {
    let by_aim = by_aim(report);
    let mut sorted: Vec<(&String, &UncoveredAim)> = by_aim.iter().collect();
    sorted.sort_by_key(|(name, aim)| (std::cmp::Reverse(aim.bytes()), name.as_str()));
    let Some((_, first)) = sorted.first() else {
        return Markup::default();
    };
    let most = first.bytes().max(1);
    let label = texts.word(word!(
        unexpected_destinations_label,
        "unexpected destinations"
    ));
    html! {
        section id="destinations" aria-labelledby="destinations-title" {
            h2 id="destinations-title" {
                (texts.word(word!(unexpected_destinations, "Unexpected destinations"))) " "
                span.count { (sorted.len()) }
            }
            div.wide tabindex="0" role="region" aria-label=(label.here)
                data-w-aria-label=[label.place]
            { table.figures {
                thead { tr {
                    (texts.column(word!(column_destination, "destination")))
                    (texts.column(word!(column_share, "share")))
                    (texts.column(word!(column_bytes, "bytes")))
                    (texts.column(word!(column_sent, "sent")))
                    (texts.column(word!(column_received, "received")))
                    (texts.column(word!(column_flows, "flows")))
                    (texts.column(word!(column_hosts, "hosts")))
                } }
                tbody { @for (name, aim) in sorted.iter().take(MOST) { (row(name, aim, most)) } }
            } }
            @if sorted.len() > MOST {
                p.note {
                    (texts.said(&phrase!(most_bytes, "The {most} with the most bytes; findings.csv has all.", most = MOST)))
                }
            }
        }
    }
}

/// By name and port.
pub(super) fn by_aim(report: &Report<'_>) -> BTreeMap<String, UncoveredAim> {
    let mut by_aim: BTreeMap<String, UncoveredAim> = BTreeMap::new();
    let uncovered = |outcome| matches!(outcome, Outcome::Unexpected | Outcome::Unnamed);
    for (flow, _) in report.outcomes().filter(|(_, outcome)| uncovered(*outcome)) {
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
    by_aim
}

fn row(name: &str, aim: &UncoveredAim, most: u64) -> Markup {
    let width = aim.bytes() as f64 * 100.0 / most as f64;
    html! { tr {
        td.name { (name) }
        td.bar { svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
            rect class="fill warn" height="10" width=(format_args!("{width:.1}")) {}
        } }
        td { (aim.bytes()) } td { (aim.sent) } td { (aim.received) } td { (aim.flows) }
        td { (aim.hosts.len()) }
    } }
}
