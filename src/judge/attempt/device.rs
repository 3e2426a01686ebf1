//! What the word of a device that took packets makes of a flow: the only evidence that is no pattern.

use super::super::evidence::{Code, Evidence, Grade};
use super::{AttemptOutcome, InconclusiveReason};
use crate::observe::{Chain, DeviceSaid, DeviceVerdict, DeviceWord, EventKind, Flow};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

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
                evidence.control = Some(phrase!(
                    stopped_behind_device,
                    "{passed}: what stops it lies behind that",
                    passed = words(&said.word, word!(device_passed, "passed"))
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
    let mut words = words(&first.word, word!(device_stopped, "stopped"));
    if code != Code::DeviceReset && all.clone().all(|said| !said.of_initiator) {
        words = phrase!(of_the_answers, "{words}, of the answers", words);
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
    let words = words(&reset.word, word!(device_ended, "ended"));
    Some(Evidence::new(
        Code::DeviceReset,
        Grade::C,
        [reset.stamp],
        words,
    ))
}

/// What was said, for people. The device's own texts stand between quotes.
fn words(word: &DeviceWord, what: &'static SaidTemplate) -> Phrase {
    match word {
        DeviceWord::Pf {
            reason,
            rule,
            subrule,
            interface,
            ruleset,
            ..
        } => {
            let rule = match (subrule, ruleset.is_empty()) {
                (Some(subrule), false) => {
                    let ruleset = format_args!("{ruleset:?}");
                    phrase!(
                        pf_anchor,
                        "{rule}.{subrule} of anchor {ruleset}",
                        rule,
                        subrule,
                        ruleset
                    )
                }
                _ => rule.to_string().into(),
            };
            let why = match reason {
                0 => Phrase::default(),
                1 => word!(pf_bad_offset, " (bad offset)").into(),
                2 => word!(pf_fragment, " (fragment)").into(),
                3 => word!(pf_too_short, " (too short)").into(),
                4 => word!(pf_normalisation, " (normalisation)").into(),
                5 => word!(pf_no_memory, " (no memory)").into(),
                _ => word!(pf_not_by_rule, " (not because the rule matched)").into(),
            };
            phrase!(
                pf_rule,
                "pf {what} it by rule {rule} on {interface}{why}",
                what,
                rule,
                interface,
                why
            )
        }
        DeviceWord::Netfilter { hook, prefix } => {
            let hook = match hook {
                0 => word!(hook_prerouting, "prerouting"),
                1 => word!(hook_input, "input"),
                2 => word!(hook_forward, "forward"),
                3 => word!(hook_output, "output"),
                4 => word!(hook_postrouting, "postrouting"),
                _ => word!(hook_unknown, "an unknown hook"),
            };
            phrase!(
                nflog_words,
                "netfilter logged it at {hook} with the rule author's words {prefix}",
                hook,
                prefix = format_args!("{prefix:?}")
            )
        }
        DeviceWord::Xdp(0) => word!(
            xdp_failed,
            "an XDP program of this host failed on it (XDP_ABORTED)"
        )
        .into(),
        DeviceWord::Xdp(1) => word!(
            xdp_dropped,
            "an XDP program of this host dropped it (XDP_DROP)"
        )
        .into(),
        DeviceWord::Xdp(code) => phrase!(
            xdp_let_go_on,
            "an XDP program of this host let it go on (code {code})",
            code
        ),
        DeviceWord::Windows => word!(windows_dropped, "Windows itself dropped it").into(),
        DeviceWord::Chain(chain) => chain_words(chain),
        DeviceWord::Reset(cause) => phrase!(
            big_ip_reset,
            "the BIG-IP itself sent the reset: {cause}",
            cause = format_args!("{cause:?}")
        ),
        DeviceWord::DropFile => word!(
            in_file_of_dropped,
            "it lies in a file of what a device dropped"
        )
        .into(),
    }
}

fn chain_words(chain: &Chain) -> Phrase {
    let Chain {
        positions,
        interface,
        stopped,
    } = chain;
    match (stopped, positions & 0b100) {
        (Some(true), 0) => phrase!(
            fw_monitor_inbound,
            "fw monitor saw it at i on {interface} and not at I: the gateway's inbound chain dropped it",
            interface = format_args!("{interface:?}")
        ),
        (Some(true), _) => {
            let by = match positions & 0b11 {
                0 => word!(fw_to_leave_by, "to leave by"),
                _ => word!(fw_came_in_by, "that came in by"),
            };
            phrase!(
                fw_monitor_outbound,
                "fw monitor saw it at o, {by} {interface}, and not at O: the gateway's outbound chain dropped it",
                by,
                interface = format_args!("{interface:?}")
            )
        }
        _ => phrase!(
            fw_monitor_left,
            "fw monitor saw it leave the gateway ({interface})",
            interface = format_args!("{interface:?}")
        ),
    }
}
