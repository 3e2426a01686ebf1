//! ICMP errors: a device on the path says that a packet did not get on.

use super::super::evidence::{Code, Evidence, Grade};
use crate::model::Transport;
use crate::observe::{Event, EventKind, Flow};
use crate::wording::{phrase, word};

/// What each kind of error is called for the transport at hand.
#[derive(Clone, Copy)]
pub(super) struct Codes {
    /// Administratively prohibited.
    pub(super) prohibited: Code,
    /// Port unreachable.
    pub(super) port: Code,
    /// Network or host unreachable, time exceeded.
    pub(super) unreachable: Code,
}

/// ICMP errors that quote the initiator's packets (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1).
pub(super) fn icmp(flow: &Flow, codes: Codes) -> Option<Evidence> {
    let quoted_is_ours = |event: &&Event| {
        // A quoted sequence number that the initiator never sent: forged, or of another connection.
        let Some(detail) = &event.icmp else {
            return false;
        };
        flow.transport != Transport::Tcp || !detail.quotes_sequence || sent(flow, event.sequence)
    };
    let mut best: Option<Evidence> = None;
    for event in flow
        .events_of(EventKind::IcmpError, true)
        .filter(quoted_is_ours)
    {
        let Some(detail) = &event.icmp else { continue };
        let (code, grade, what) = match (detail.v6, detail.kind, detail.code) {
            (false, 3, 9 | 10 | 13) | (true, 1, 1 | 5 | 6) => (
                codes.prohibited,
                Grade::A,
                word!(icmp_prohibited, "administratively prohibited"),
            ),
            (false, 3, 3) | (true, 1, 4) => {
                (codes.port, Grade::B, word!(icmp_port, "port unreachable"))
            }
            (false, 3, 4) | (true, 2, _) => continue, // "fragmentation needed" is path MTU discovery at work
            (false, 11, _) | (true, 3, _) => (
                codes.unreachable,
                Grade::C,
                word!(icmp_time, "time exceeded"),
            ),
            (false, 3, _) | (true, 1, _) => (
                codes.unreachable,
                Grade::C,
                word!(icmp_unreachable, "unreachable"),
            ),
            _ => continue,
        };
        // Without a packet of the initiator's the quote cannot be checked.
        let grade = if flow.out.packets == 0 {
            Grade::C
        } else {
            grade
        };
        let version = if detail.v6 { "ICMPv6" } else { "ICMP" };
        let words = phrase!(
            icmp_from,
            "{version} type {kind} code {code} ({what}) from {from}",
            version,
            kind = detail.kind,
            code = detail.code,
            what,
            from = detail.from
        );
        let evidence = Evidence {
            by: Some(detail.from),
            ..Evidence::new(code, grade, [event.stamp], words)
        };
        if best.as_ref().is_none_or(|best| evidence.grade < best.grade) {
            best = Some(evidence);
        }
    }
    best
}

/// Whether the initiator sent something at a sequence number, as far as kept packets and the range tell.
fn sent(flow: &Flow, sequence: u32) -> bool {
    let starts: Vec<u32> = flow
        .events
        .iter()
        .filter(|e| e.kind() != EventKind::IcmpError)
        .map(|e| e.sequence)
        .collect();
    let kept = flow
        .events_of(EventKind::Syn, true)
        .chain(flow.events_of(EventKind::Data, true));
    let first = kept
        .map(|event| event.sequence)
        .min_by_key(|s| s.wrapping_sub(starts[0]));
    match (first, flow.out.next_sequence()) {
        (Some(first), Some(next)) => sequence.wrapping_sub(first) <= next.wrapping_sub(first),
        _ => true, // nothing of the initiator was captured: the quote is all there is
    }
}
