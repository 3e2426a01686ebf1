//! Does the port that a host calls from part what dies from what works? Pages warn that the ports of initiators, which
//! the system picks from a range of its own, may be stopped too.

use std::net::IpAddr;

use foldhash::HashMap;

use super::attempt::AttemptOutcome;
use super::evidence::{Code, Evidence, Grade};
use crate::model::{CaptureTime, Transport};
use crate::observe::{EventKind, Flow};
use crate::wording::{Phrase, phrase};

/// So many have to die, and so many to work: 1 time in 10 six tries part so by chance.
const EACH: usize = 3;
/// An outage makes two changes between what works and what dies, one before it and one behind it.
const CHANGES: usize = 3;

/// Who calls, and where: initiator, responder, and the responder's port.
type Pair = (IpAddr, IpAddr, u16);

/// A pair's tries that say something: whether each died, from which port it came, and when its SYNs were sent.
#[derive(Debug, Default)]
struct Tries {
    died: Vec<u16>,
    answered: Vec<u16>,
    syns: Vec<(CaptureTime, bool)>,
}

/// The pairs whose tries part by source port, with what is said of them. Empty in a capture in which no SYN dies.
#[derive(Debug, Default)]
pub(super) struct SourcePorts(HashMap<Pair, Phrase>);

impl SourcePorts {
    #[must_use]
    pub(super) fn of<'a>(
        flows: impl Iterator<Item = (&'a Flow, &'a AttemptOutcome)> + Clone,
    ) -> Self {
        let mut pairs: HashMap<Pair, Tries> = HashMap::default();
        for (flow, _) in flows.clone().filter(|(flow, went)| died(flow, went)) {
            pairs.entry(pair(flow)).or_default();
        }
        if pairs.is_empty() {
            return Self::default();
        }
        for (flow, went) in flows.filter(|(flow, _)| flow.transport == Transport::Tcp) {
            if let Some(tries) = pairs.get_mut(&pair(flow)) {
                tries.note(flow, died(flow, went));
            }
        }
        let parted = pairs
            .into_iter()
            .filter_map(|(pair, tries)| Some((pair, tries.part()?)));
        Self(parted.collect())
    }

    /// What tells that a SYN died for the port that it came from, in words.
    #[must_use]
    pub(super) fn tell(&self, flow: &Flow) -> Option<&Phrase> {
        self.0.get(&pair(flow))
    }

    /// Makes that of the evidence of a SYN that died.
    pub(super) fn settle(&self, flow: &Flow, evidence: &mut Evidence) {
        evidence.code = Code::SourcePort;
        evidence.grade = Grade::B;
        evidence.words = phrase!(
            from_source_port,
            "from port {port}: {words}",
            port = flow.initiator.port,
            words = evidence.words
        );
        evidence.control = self.tell(flow).cloned();
    }
}

const fn pair(flow: &Flow) -> Pair {
    (flow.initiator.ip, flow.responder.ip, flow.responder.port)
}

/// Whether a flow's SYN was refused, or nobody answered it.
fn died(flow: &Flow, went: &AttemptOutcome) -> bool {
    let of_syn = |evidence: &Evidence| matches!(evidence.code, Code::SynSilent | Code::SynReset);
    flow.transport == Transport::Tcp
        && matches!(went, AttemptOutcome::Failed(evidence) if of_syn(evidence))
        && flow.events_of(EventKind::Syn, true).next().is_some()
}

impl Tries {
    fn note(&mut self, flow: &Flow, died: bool) {
        let let_in = flow.events_of(EventKind::SynAck, false).next().is_some()
            || flow.back.payload_bytes > 0;
        match (died, let_in) {
            (true, _) => self.died.push(flow.initiator.port),
            (false, true) => self.answered.push(flow.initiator.port),
            // Nothing is known of it.
            (false, false) => return,
        }
        let syns = flow.events_of(EventKind::Syn, true);
        self.syns.extend(syns.map(|syn| (syn.stamp.time, died)));
    }

    /// What parts them, in words; `None` where nothing does, or time does as well.
    fn part(mut self) -> Option<Phrase> {
        if self.died.len() < EACH || self.answered.len() < EACH {
            return None;
        }
        let ends = |ports: &[u16]| Some((*ports.iter().min()?, *ports.iter().max()?));
        let (died, answered) = (ends(&self.died)?, ends(&self.answered)?);
        self.syns.sort_unstable();
        let changes = self.syns.windows(2).filter(|two| two[0].1 != two[1].1);
        if changes.count() < CHANGES {
            return None;
        }
        let (dead, fine) = if died.0 > answered.1 {
            (
                phrase!(ports_died_above, "{died} and above", died = died.0),
                phrase!(
                    ports_answered_up_to,
                    "up to {answered}",
                    answered = answered.1
                ),
            )
        } else if died.1 < answered.0 {
            (
                phrase!(ports_died_up_to, "up to {died}", died = died.1),
                phrase!(
                    ports_answered_above,
                    "{answered} and above",
                    answered = answered.0
                ),
            )
        } else {
            return None;
        };
        Some(phrase!(
            control_source_ports,
            "of {answered} tries at this address and port the {died} from ports {dead} die, and the {answered2} from ports {fine} are answered: a rule on the source port",
            answered = self.died.len() + self.answered.len(),
            died = self.died.len(),
            dead,
            answered2 = self.answered.len(),
            fine
        ))
    }
}
