//! What else explains that nothing comes back: a full backlog, an answer that came by another way, a device that has
//! refused its fill.

use std::net::IpAddr;
use std::time::Duration;

use foldhash::{HashMap, HashSet};

use super::attempt::AttemptOutcome;
use super::evidence::{Code, Evidence, Grade};
use crate::model::{CaptureTime, Endpoint, Merge, Transport};
use crate::observe::{EventKind, Flow};
use crate::wording::{Phrase, phrase, word};

/// Answers of one port this close in time are of the same state of the server.
const MINUTE: Duration = Duration::from_secs(60);
/// Kernels send ICMP errors to one host at most six at once and then one a second (`net.ipv4.icmp_ratelimit`); the
/// rest is grace.
const REFUSAL: Duration = Duration::from_millis(1100);
/// An error that follows at once may answer the packet before.
const AT_ONCE: Duration = Duration::from_millis(5);
/// Of very many tries at one port so many on each side are looked at: each that met silence asks for them.
const MOST_NEAR: usize = 512;
/// Fewer refusals of others than this show no habit.
const REFUSALS: usize = 3;

/// A try at a port where another one met silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SilentTry {
    at: CaptureTime,
    client: IpAddr,
    /// The handshake was answered, and then something was said in answer.
    answered: bool,
    served: bool,
}

/// An address and port at which a SYN met silence.
pub(super) type SilentPort = (IpAddr, u16);

/// All tries at the ports at which silence was met, whoever made them. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SilentPorts(
    /// Ascending.
    HashMap<SilentPort, Vec<SilentTry>>,
);

impl SilentPorts {
    /// Takes a try, where its port is one of those.
    pub(super) fn note(&mut self, flow: &Flow, silent: &HashSet<SilentPort>) {
        if silent.is_empty() || flow.transport != Transport::Tcp {
            return;
        }
        let port = (flow.responder.ip, flow.responder.port);
        if silent.contains(&port) {
            let answer = flow.events_of(EventKind::SynAck, false).next();
            self.0.entry(port).or_default().push(SilentTry {
                at: flow.span.0.time,
                client: flow.initiator.ip,
                answered: answer.is_some(),
                served: flow.back.payload_bytes > 0,
            });
        }
    }

    /// Puts them into their order, once all of a part are there.
    pub(super) fn arrange(&mut self) {
        self.0.values_mut().for_each(|tries| tries.sort_unstable());
    }

    /// The tries at a port, ascending.
    fn at(&self, port: SilentPort) -> Option<&[SilentTry]> {
        self.0.get(&port).map(Vec::as_slice)
    }
}

impl Merge for SilentPorts {
    fn merge(&mut self, other: Self) {
        for (port, tries) in other.0 {
            let known = self.0.entry(port).or_default();
            known.extend(tries);
            known.sort_unstable();
        }
    }
}

/// The port of a flow whose SYN nobody answered, or whose datagrams; `None` of others.
pub(super) fn silent_port(flow: &Flow, went: &AttemptOutcome) -> Option<SilentPort> {
    let opens = || flow.events_of(EventKind::Syn, true).next().is_some();
    (is_silent(went) && opens()).then_some((flow.responder.ip, flow.responder.port))
}

fn is_silent(went: &AttemptOutcome) -> bool {
    let silent = |evidence: &Evidence| matches!(evidence.code, Code::SynSilent | Code::UdpSilent);
    matches!(went, AttemptOutcome::Failed(evidence) if silent(evidence))
}

/// What is known of the hosts that met silence. Empty in a capture without silence.
#[derive(Debug, Default)]
pub(super) struct Silences {
    /// By initiator and the number of its SYN: who else acknowledged it.
    elsewhere: HashMap<(Endpoint, u32), Option<IpAddr>>,
    /// By initiator: when, and which device refused it something; ascending.
    refusals: HashMap<IpAddr, Vec<(CaptureTime, IpAddr)>>,
}

impl Silences {
    #[must_use]
    pub(super) fn of<'a>(
        flows: impl Iterator<Item = (&'a Flow, &'a AttemptOutcome)> + Clone,
    ) -> Self {
        let mut all = Self::default();
        for (flow, _) in flows.clone().filter(|(_, went)| is_silent(went)) {
            all.refusals.entry(flow.initiator.ip).or_default();
            if let Some(syn) = flow.events_of(EventKind::Syn, true).next() {
                all.elsewhere.insert((flow.initiator, syn.sequence), None);
            }
        }
        if !all.refusals.is_empty() {
            flows.for_each(|(flow, went)| all.note(flow, went));
        }
        all.refusals
            .values_mut()
            .for_each(|all| all.sort_unstable());
        all
    }

    fn note(&mut self, flow: &Flow, went: &AttemptOutcome) {
        if let (AttemptOutcome::Failed(evidence), Some(refusals)) =
            (went, self.refusals.get_mut(&flow.initiator.ip))
            && matches!(
                evidence.code,
                Code::IcmpProhibited | Code::IcmpPort | Code::UdpProhibited
            )
            && let (Some(by), Some(stamp)) = (evidence.by, evidence.stamps.first())
        {
            refusals.push((stamp.time, by));
        }
        if flow.transport != Transport::Tcp {
            return;
        }
        let answer = flow.events_of(EventKind::SynAck, false).next();
        if let Some(answer) = answer
            && flow.events_of(EventKind::Syn, true).next().is_none()
        {
            let asked = (flow.initiator, answer.acknowledgment.wrapping_sub(1));
            if let Some(elsewhere) = self.elsewhere.get_mut(&asked) {
                *elsewhere =
                    Some(elsewhere.map_or(flow.responder.ip, |known| known.min(flow.responder.ip)));
            }
        }
    }

    /// Why a SYN that nobody answered is nothing that the path did, in words.
    #[must_use]
    pub(super) fn excuse(&self, flow: &Flow, ports: &SilentPorts) -> Option<Phrase> {
        let syn = flow.events_of(EventKind::Syn, true).next()?;
        if let Some(Some(other)) = self.elsewhere.get(&(flow.initiator, syn.sequence)) {
            return Some(phrase!(
                excuse_translation,
                "{other} acknowledges just this SYN: an address translation that the answer passes by",
                other
            ));
        }
        let tries = ports.at((flow.responder.ip, flow.responder.port))?;
        let (first, last) = (flow.span.0.time, flow.span.1.time);
        let near = nearest(tries, first, last);
        // What the server's kernel opened and its program never answered is what fills a backlog; and a rule does not
        // let the same host through in between.
        let waits = |one: &SilentTry| one.answered && !one.served;
        let crowded = near.iter().any(waits) || let_through_between(near, first, last);
        crowded.then(|| {
            word!(excuse_backlog, "this port of this address answered others in the same minute: a full backlog looks the same").into()
        })
    }

    /// Whether each packet that nobody answered comes within a second of a refusal that a device sent to the same
    /// initiator: it says so only that often.
    #[must_use]
    pub(super) fn refused_nearby(&self, flow: &Flow, evidence: &Evidence) -> Option<Phrase> {
        let refusals = self.refusals.get(&flow.initiator.ip)?;
        let mut devices: Vec<IpAddr> = refusals.iter().map(|(_, by)| *by).collect();
        devices.sort_unstable();
        devices.dedup();
        devices.into_iter().find_map(|device| {
            let own = || refusals.iter().filter(|(_, by)| *by == device).map(|(at, _)| *at);
            let covered = evidence.stamps.iter().all(|stamp| {
                own().any(|at| stamp.time.since(at) <= REFUSAL && at.since(stamp.time) <= AT_ONCE)
            });
            let near = |at: &CaptureTime| {
                flow.span.0.time.since(*at) <= MINUTE && at.since(flow.span.1.time) <= MINUTE
            };
            let count = own().filter(near).count();
            (covered && count >= REFUSALS).then(|| {
                phrase!(control_refused_nearby, "{device} refuses {count} others to this client in the same seconds, and devices say so only once a second", device, count)
            })
        })
    }
}

/// Whether a host that was stopped was also answered between two times.
fn let_through_between(near: &[SilentTry], first: CaptureTime, last: CaptureTime) -> bool {
    let mut let_through = near
        .iter()
        .filter(|one| one.answered && first <= one.at && one.at <= last)
        .peekable();
    if let_through.peek().is_none() {
        return false;
    }
    let stopped = near.iter().filter(|one| !one.answered);
    let stopped: HashSet<IpAddr> = stopped.map(|one| one.client).collect();
    let_through.any(|one| stopped.contains(&one.client))
}

/// The tries within a minute of a span, as far as [`MOST_NEAR`] of them lie before its start and as many behind. `tries`
/// ascend.
fn nearest(tries: &[SilentTry], first: CaptureTime, last: CaptureTime) -> &[SilentTry] {
    let from = tries.partition_point(|one| one.at < first.minus(MINUTE));
    let to = tries.partition_point(|one| one.at <= last.plus(MINUTE));
    let start = tries.partition_point(|one| one.at < first);
    let from = from.max(start.saturating_sub(MOST_NEAR));
    let to = to.min(start.saturating_add(MOST_NEAR));
    tries.get(from..to).unwrap_or_default()
}

impl Silences {
    /// Settles the grade of a SYN that nobody answered, as far as silence itself tells; whether it does.
    pub(super) fn settle(&self, flow: &Flow, ports: &SilentPorts, evidence: &mut Evidence) -> bool {
        if let Some(excuse) = self.excuse(flow, ports) {
            evidence.grade = Grade::C;
            evidence.words = phrase!(
                words_with_excuse,
                "{words} ({excuse})",
                words = evidence.words,
                excuse
            );
            return true;
        }
        if let Some(control) = self.refused_nearby(flow, evidence) {
            evidence.grade = Grade::B;
            evidence.control = Some(control);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn tries_that_shares_hold_merge_in_any_order() {
        let ports = |at: &[i64]| {
            let tries = at.iter().map(|at| SilentTry {
                at: CaptureTime::from_nanos(*at),
                client: [10, 0, 0, 1].into(),
                answered: at % 2 == 0,
                served: false,
            });
            SilentPorts(
                [(([10, 0, 0, 9].into(), 443), tries.collect())]
                    .into_iter()
                    .collect(),
            )
        };
        hold(&[ports(&[2, 5]), ports(&[1, 5]), ports(&[3])]);
    }
}
