//! Findings that differ only in who had them, told once.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::judge::{Code, Outcome, Stage};
use crate::model::Transport;
use crate::report::view::{FindingView, Span};

/// Findings that say the same of several hosts.
pub(super) struct Group<'f> {
    pub(super) first: &'f FindingView,
    pub(super) hosts: Vec<String>,
    pub(super) flows: u64,
    span: Option<Span>,
    pub(super) frames: Vec<u64>,
    pub(super) omitted: usize,
}

type Key<'f> = (
    &'f str,
    Option<u16>,
    Option<Transport>,
    Option<Outcome>,
    Option<Stage>,
    Option<Code>,
    &'f [String],
);

/// In the order of the first finding of each group.
pub(super) fn groups<'f>(findings: impl Iterator<Item = &'f FindingView>) -> Vec<Group<'f>> {
    let mut places: HashMap<Key<'f>, usize> = HashMap::new();
    let mut out: Vec<Group<'f>> = Vec::new();
    for finding in findings {
        let key = (
            finding.target.as_str(),
            finding.port,
            finding.transport,
            finding.outcome,
            finding.stage,
            finding.evidence.first().copied(),
            finding.requirements.as_slice(),
        );
        let place = *places.entry(key).or_insert(out.len());
        if place == out.len() {
            out.push(Group {
                first: finding,
                hosts: Vec::new(),
                flows: 0,
                span: None,
                frames: Vec::new(),
                omitted: 0,
            });
        }
        if let Some(group) = out.get_mut(place) {
            group.add(finding);
        }
    }
    for group in &mut out {
        group.hosts.sort();
        group.hosts.dedup();
        group.frames.sort_unstable();
        group.frames.dedup();
    }
    out
}

impl Group<'_> {
    fn add(&mut self, finding: &FindingView) {
        self.hosts.extend(
            finding
                .initiator
                .map(|ip| host(ip, finding.host.as_deref())),
        );
        self.flows += finding.flows.len() as u64;
        self.span = match (self.span, finding.span) {
            (Some(a), Some(b)) => Some(Span {
                first: a.first.min(b.first),
                last: a.last.max(b.last),
            }),
            (a, b) => a.or(b),
        };
        self.frames.extend(&finding.frames);
        self.omitted += finding.frames_omitted;
    }

    pub(super) fn who(&self) -> String {
        match self.hosts.as_slice() {
            [] => "any host".to_owned(),
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        }
    }

    /// `name:443/tcp`
    pub(super) fn what(&self) -> String {
        self.first.destination()
    }

    pub(super) fn when(&self) -> String {
        let Some(span) = self.span else {
            return String::new();
        };
        let clock = |text: String| text.get(11..19).map_or(text.clone(), ToOwned::to_owned);
        let (first, last) = (clock(span.first.to_string()), clock(span.last.to_string()));
        if first == last {
            first
        } else {
            format!("{first} to {last}")
        }
    }
}

fn host(ip: IpAddr, name: Option<&str>) -> String {
    name.map_or_else(|| ip.to_string(), |name| format!("{ip} ({name})"))
}
