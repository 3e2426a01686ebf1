//! What the word of a device that took packets makes of a flow: the only evidence that is no pattern.

use super::super::evidence::{Code, Evidence, Grade};
use super::{AttemptOutcome, InconclusiveReason};
use crate::observe::{Chain, DeviceSaid, DeviceVerdict, DeviceWord, EventKind, Flow};

/// Puts a device's word to how a flow went by its packets.
///
/// What is answered is answered: devices drop stray packets of connections that work. A flow of which only records of a
/// log are there fails by such a word alone: what the log does not hold is not missing.
#[must_use]
pub(super) fn with_word(flow: &Flow, went: AttemptOutcome) -> AttemptOutcome {
    if flow.device.is_empty() && !flow.only_logged || went == AttemptOutcome::Succeeded {
        return went;
    }
    if let Some(evidence) = stopped(flow) {
        return AttemptOutcome::failed(evidence);
    }
    if let (AttemptOutcome::Failed(_), Some(evidence)) = (&went, ended(flow)) {
        return AttemptOutcome::failed(evidence);
    }
    match went {
        AttemptOutcome::Failed(_) | AttemptOutcome::Open(_) if flow.only_logged => {
            AttemptOutcome::Open(InconclusiveReason::OnlyLogged)
        }
        AttemptOutcome::Failed(mut evidence) if is_silence(evidence.code) => {
            if let Some(said) = passed(flow) {
                evidence.grade = Grade::C;
                evidence.control = Some(format!(
                    "{}: what stops it lies behind that",
                    words(&said.word, "passed")
                ));
            }
            AttemptOutcome::Failed(evidence)
        }
        went => went,
    }
}

/// Whether a device let the initiator's packets pass: what answers them or does not lies behind it.
pub(in super::super) fn passed(flow: &Flow) -> Option<&DeviceSaid> {
    let own = flow.device.iter().filter(|said| said.of_initiator);
    own.filter(|said| said.verdict() == DeviceVerdict::Passed)
        .max_by_key(|said| said.stamp)
}

/// Kinds of evidence that say no more than that nothing came back.
pub(in super::super) const fn is_silence(code: Code) -> bool {
    matches!(
        code,
        Code::SynSilent
            | Code::PostAckSilent
            | Code::HelloSilent
            | Code::HandshakeSilent
            | Code::UdpSilent
            | Code::QuicSilent
    )
}

fn stopped(flow: &Flow) -> Option<Evidence> {
    let mut all = flow
        .device
        .iter()
        .filter(|said| said.verdict() == DeviceVerdict::Stopped)
        .filter(|said| !is_stray(flow, said) && !is_reset_by_initiator(said));
    let first = all.clone().next()?;
    let code = match first.word {
        DeviceWord::Pf { .. } => Code::FirewallPf,
        DeviceWord::Netfilter { .. } => Code::FirewallNetfilter,
        DeviceWord::Xdp(_) => Code::HostXdp,
        DeviceWord::Windows => Code::HostWindows,
        DeviceWord::DropFile => Code::DropFile,
        DeviceWord::Chain(_) => Code::FirewallChain,
        DeviceWord::Reset(_) => Code::DeviceReset,
    };
    let mut words = words(&first.word, "stopped");
    if code != Code::DeviceReset && all.clone().all(|said| !said.of_initiator) {
        words.push_str(", of the answers");
    }
    let stamps = all.by_ref().map(|said| said.stamp);
    Some(Evidence::new(code, Grade::A, stamps, words))
}

/// Whether a packet came when the flow was over: gateways drop those, and the flow did not end by it.
fn is_stray(flow: &Flow, said: &DeviceSaid) -> bool {
    let ends = |kind| [true, false].map(|own| flow.events_of(kind, own).next());
    let mut over = [EventKind::Rst, EventKind::Fin].into_iter().flat_map(ends);
    matches!(said.word, DeviceWord::Chain(_))
        && over.any(|end| end.is_some_and(|end| end.stamp < said.stamp))
}

/// On its other side a full proxy is the initiator, and ends what it opened.
fn is_reset_by_initiator(said: &DeviceSaid) -> bool {
    said.of_initiator && matches!(said.word, DeviceWord::Reset(_))
}

/// A device ended the flow for a reason of its own that is no policy.
fn ended(flow: &Flow) -> Option<Evidence> {
    let reset = flow
        .device
        .iter()
        .find(|said| !said.of_initiator && matches!(said.word, DeviceWord::Reset(_)))?;
    let words = words(&reset.word, "ended");
    Some(Evidence::new(
        Code::DeviceReset,
        Grade::C,
        [reset.stamp],
        words,
    ))
}

/// What was said, for people. The device's own texts stand between quotes.
fn words(word: &DeviceWord, what: &str) -> String {
    match word {
        DeviceWord::Pf {
            reason,
            rule,
            subrule,
            interface,
            ruleset,
            ..
        } => {
            let mut rule = rule.to_string();
            if let (Some(subrule), false) = (subrule, ruleset.is_empty()) {
                rule.push_str(&format!(".{subrule} of anchor {ruleset:?}"));
            }
            let why = match reason {
                0 => "",
                1 => " (bad offset)",
                2 => " (fragment)",
                3 => " (too short)",
                4 => " (normalisation)",
                5 => " (no memory)",
                _ => " (not because the rule matched)",
            };
            format!("pf {what} it by rule {rule} on {interface}{why}")
        }
        DeviceWord::Netfilter { hook, prefix } => {
            let hook = match hook {
                0 => "prerouting",
                1 => "input",
                2 => "forward",
                3 => "output",
                4 => "postrouting",
                _ => "an unknown hook",
            };
            format!("netfilter logged it at {hook} with the rule author's words {prefix:?}")
        }
        DeviceWord::Xdp(0) => "an XDP program of this host failed on it (XDP_ABORTED)".to_owned(),
        DeviceWord::Xdp(1) => "an XDP program of this host dropped it (XDP_DROP)".to_owned(),
        DeviceWord::Xdp(code) => format!("an XDP program of this host let it go on (code {code})"),
        DeviceWord::Windows => "Windows itself dropped it".to_owned(),
        DeviceWord::Chain(chain) => chain_words(chain),
        DeviceWord::Reset(cause) => format!("the BIG-IP itself sent the reset: {cause:?}"),
        DeviceWord::DropFile => "it lies in a file of what a device dropped".to_owned(),
    }
}

fn chain_words(chain: &Chain) -> String {
    let Chain {
        positions,
        interface,
        stopped,
    } = chain;
    match (stopped, positions & 0b100) {
        (Some(true), 0) => format!(
            "fw monitor saw it at i on {interface:?} and not at I: the gateway's inbound chain dropped it"
        ),
        (Some(true), _) => {
            let by = match positions & 0b11 {
                0 => "to leave by",
                _ => "that came in by",
            };
            format!(
                "fw monitor saw it at o, {by} {interface:?}, and not at O: the gateway's outbound chain dropped it"
            )
        }
        _ => format!("fw monitor saw it leave the gateway ({interface:?})"),
    }
}
