//! What else explains that nothing comes back: a full backlog, an answer that came by another way, a device that has
//! refused its fill.

use std::net::IpAddr;
use std::time::Duration;

use foldhash::{HashMap, HashSet};

use super::attempt::AttemptOutcome;
use super::evidence::{Code, Evidence, Grade};
use crate::model::{CaptureTime, Endpoint, Transport};
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

/// What is known of the ports and hosts that silence was met at. Empty in a capture without silence.
#[derive(Debug, Default)]
pub(super) struct Silences {
    /// By address and port: all tries, ascending.
    tries: HashMap<(IpAddr, u16), Vec<SilentTry>>,
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
        for (flow, went) in flows.clone() {
            let AttemptOutcome::Failed(evidence) = went else {
                continue;
            };
            if !matches!(evidence.code, Code::SynSilent | Code::UdpSilent) {
                continue;
            }
            all.refusals.entry(flow.initiator.ip).or_default();
            if let Some(syn) = flow.events_of(EventKind::Syn, true).next() {
                let port = (flow.responder.ip, flow.responder.port);
                all.tries.entry(port).or_default();
                all.elsewhere.insert((flow.initiator, syn.sequence), None);
            }
        }
        if !all.refusals.is_empty() {
            flows.for_each(|(flow, went)| all.note(flow, went));
        }
        all.tries.values_mut().for_each(|all| all.sort_unstable());
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
        let port = (flow.responder.ip, flow.responder.port);
        if let Some(tries) = self.tries.get_mut(&port) {
            tries.push(SilentTry {
                at: flow.span.0.time,
                client: flow.initiator.ip,
                answered: answer.is_some(),
                served: flow.back.payload_bytes > 0,
            });
        }
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
    pub(super) fn excuse(&self, flow: &Flow) -> Option<Phrase> {
        let syn = flow.events_of(EventKind::Syn, true).next()?;
        if let Some(Some(other)) = self.elsewhere.get(&(flow.initiator, syn.sequence)) {
            return Some(phrase!(
                excuse_translation,
                "{other} acknowledges just this SYN: an address translation that the answer passes by",
                other
            ));
        }
        let tries = self.tries.get(&(flow.responder.ip, flow.responder.port))?;
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
    pub(super) fn settle(&self, flow: &Flow, evidence: &mut Evidence) -> bool {
        if let Some(excuse) = self.excuse(flow) {
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
