//! Findings that differ only in who had them, told once.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::HashMap;

use super::look::Look;
use crate::judge::{Code, Outcome, Stage};
use crate::model::Transport;
use crate::report::view::{FindingView, Span};
use crate::wording::{Language, Phrase, phrase, word};

/// Findings that say the same of several hosts.
pub(super) struct FindingGroup<'f> {
    pub(super) first: &'f FindingView<'f>,
    pub(super) hosts: Vec<String>,
    pub(super) flows: u64,
    span: Option<Span>,
    pub(super) frames: Vec<u64>,
    pub(super) omitted: usize,
    /// Addresses that were tried.
    pub(super) addresses: BTreeSet<IpAddr>,
    /// What is advised, and to whom.
    advised: Vec<GroupAdvice<'f>>,
}

/// Advice that differs only in the host that it names.
struct GroupAdvice<'f> {
    /// Its English, with a mark in place of the host.
    text: String,
    /// As the first finding of it has it.
    said: &'f Phrase,
    /// The host that it names there.
    host: String,
    /// All hosts; none where it names no host.
    hosts: BTreeSet<IpAddr>,
}

type GroupKey<'f> = (
    &'f str,
    Option<u16>,
    Option<Transport>,
    Option<Outcome>,
    Option<Stage>,
    Option<Code>,
    &'f [&'f str],
);

/// In the order of the first finding of each group.
pub(super) fn groups<'f>(
    findings: impl Iterator<Item = &'f FindingView<'f>>,
) -> Vec<FindingGroup<'f>> {
    let mut places: HashMap<GroupKey<'f>, usize> = HashMap::default();
    let mut out: Vec<FindingGroup<'f>> = Vec::new();
    for finding in findings {
        let key = (
            finding.target,
            finding.port,
            finding.transport,
            finding.outcome,
            finding.stage,
            finding.evidence.first().copied(),
            finding.requirements.as_slice(),
        );
        let place = *places.entry(key).or_insert(out.len());
        if place == out.len() {
            out.push(FindingGroup {
                first: finding,
                hosts: Vec::new(),
                flows: 0,
                span: None,
                frames: Vec::new(),
                omitted: 0,
                addresses: BTreeSet::new(),
                advised: Vec::new(),
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

impl<'f> FindingGroup<'f> {
    fn add(&mut self, finding: &'f FindingView<'f>) {
        self.hosts
            .extend(finding.initiator.map(|ip| host(ip, finding.host)));
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
        self.addresses.extend(&finding.addresses);
        self.advised(finding);
    }

    /// Advice that differs only in the host that it names is one.
    fn advised(&mut self, finding: &'f FindingView<'f>) {
        let host = finding.initiator.map(|ip| (ip, ip.to_string()));
        let (text, hosts) = match &host {
            Some((ip, host)) => {
                let own = |word| if word == host.as_str() { HERE } else { word };
                let words: Vec<&str> = finding.advice.split(' ').map(own).collect();
                (words.join(" "), words.contains(&HERE).then_some(*ip))
            }
            None => (finding.advice.to_string(), None),
        };
        match self.advised.iter_mut().find(|known| known.text == text) {
            Some(known) => known.hosts.extend(hosts),
            None if text.is_empty() => {}
            None => self.advised.push(GroupAdvice {
                text,
                said: finding.advice,
                host: host.map(|(_, host)| host).unwrap_or_default(),
                hosts: hosts.into_iter().collect(),
            }),
        }
    }

    /// What to do, with all hosts that it is about.
    pub(super) fn advice(&self, look: &Look) -> impl Iterator<Item = String> {
        let language = look.language;
        let advised = self.advised.iter();
        advised.map(move |known| match (language, known.hosts.is_empty()) {
            (Language::English, _) => known.text.replace(HERE, &addresses(&known.hosts)),
            (_, true) => language.say(known.said).into_owned(),
            (_, false) => {
                let all = addresses(&known.hosts);
                let fill = |gap| match gap == known.host.as_str() {
                    true => Cow::Owned(all.clone()),
                    false => Cow::Borrowed(gap),
                };
                language.say_with(known.said, &fill).into_owned()
            }
        })
    }

    pub(super) fn who(&self, look: &Look) -> String {
        match self.hosts.as_slice() {
            [] => look.word(word!(any_host, "any host")).to_owned(),
            [one] => one.clone(),
            [one, rest @ ..] => {
                let all = Phrase::from(one.as_str()).and_more(rest.len());
                look.say(&all).into_owned()
            }
        }
    }

    /// `name:443/tcp`
    pub(super) fn what(&self) -> String {
        self.first.destination()
    }

    /// The time of day of its first and last packet.
    pub(super) fn when(&self) -> Option<Phrase> {
        let span = self.span?;
        let clock = |text: String| text.get(11..19).map_or(text.clone(), ToOwned::to_owned);
        let (first, last) = (clock(span.first.to_string()), clock(span.last.to_string()));
        Some(match first == last {
            true => first.into(),
            false => phrase!(from_to, "{first} to {last}", first, last),
        })
    }
}

/// Where an advice names the host; no advice has it in itself.
const HERE: &str = "\0";

/// All addresses, ascending; three or more in a row as `first-last`.
fn addresses(all: &BTreeSet<IpAddr>) -> String {
    let all: Vec<IpAddr> = all.iter().copied().collect();
    let mut out: Vec<String> = Vec::new();
    for row in all.chunk_by(|a, b| is_next(*a, *b)) {
        match row {
            [first, _, .., last] => out.push(format!("{first}-{last}")),
            few => out.extend(few.iter().map(ToString::to_string)),
        }
    }
    out.join(", ")
}

fn is_next(a: IpAddr, b: IpAddr) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => a.to_bits().checked_add(1) == Some(b.to_bits()),
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits().checked_add(1) == Some(b.to_bits()),
        _ => false,
    }
}

fn host(ip: IpAddr, name: Option<&str>) -> String {
    name.map_or_else(|| ip.to_string(), |name| format!("{ip} ({name})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(all: &[&str]) -> String {
        addresses(&all.iter().map(|ip| ip.parse().unwrap()).collect())
    }

    #[test]
    fn all_addresses_are_named_and_only_neighbours_are_joined() {
        assert_eq!(written(&["10.0.0.9"]), "10.0.0.9");
        assert_eq!(written(&["10.0.0.9", "10.0.0.10"]), "10.0.0.9, 10.0.0.10");
        assert_eq!(
            written(&["10.0.0.9", "10.0.0.8", "10.0.0.10", "10.0.0.12"]),
            "10.0.0.8-10.0.0.10, 10.0.0.12"
        );
        assert_eq!(
            written(&["255.255.255.255", "::1", "::2", "::3"]),
            "255.255.255.255, ::1-::3"
        );
    }
}
