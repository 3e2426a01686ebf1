//! Resets that the server did not send.

use super::super::evidence::{Code, Evidence, Grade};
use super::ladder::Ladder;
use super::said_until;
use crate::observe::{App, Event, EventKind, Flow};
use crate::wording::{phrase, word};

/// TTLs of one machine's packets differ by no more than this where routes change.
const ROUTES: u8 = 1;

/// How many routers a packet has passed, by the usual first TTLs (64, 128, 255). Load balancers in front of servers begin with
/// another than the servers do.
pub(in crate::judge) const fn hops(ttl: u8) -> u8 {
    match ttl {
        0..=64 => 64 - ttl,
        65..=128 => 128 - ttl,
        _ => u8::MAX - ttl,
    }
}

/// Whether a packet with one TTL left another place than one with the other.
fn is_elsewhere(one: u8, other: u8) -> bool {
    one.abs_diff(other) > ROUTES && hops(one) != hops(other)
}

/// A RST in the responder's name that is unlike the responder, in answer to the first thing that the initiator said.
///
/// Sure (grade A) where the responder's own data still arrives behind the RST, at or after its sequence number, or
/// where several RSTs with different sequence numbers come before the responder said anything. Likely (grade B) where
/// the RST's TTL is not that of the SYN-ACK. Where the initiator went on all the same, nothing was stopped.
pub(super) fn injected(flow: &Flow) -> Option<Evidence> {
    flow.events_of(EventKind::Rst, false).next()?;
    let syn_ack = flow.events_of(EventKind::SynAck, false).next()?;
    let asked = flow.events_of(EventKind::Data, true).next()?;
    let resets: Vec<&Event> = flow
        .events_of(EventKind::Rst, false)
        .filter(|reset| reset.stamp >= asked.stamp)
        .collect();
    let reset = *resets.first()?;
    if went_on(flow, reset) {
        return None;
    }
    let mut answers = flow.events_of(EventKind::Data, false);
    if answers.any(|data| data.stamp < reset.stamp) {
        let ladder = Ladder::of(flow, flow.span.0);
        let unfinished = ladder.is_some_and(|ladder| {
            (ladder.server.is_some() || ladder.retry.is_some()) && !ladder.is_over(flow)
        });
        return unfinished.then(|| in_the_middle(flow, reset)).flatten();
    }
    let what = match (flow.app.has(App::TLS), flow.app.has(App::HTTP)) {
        (true, _) => word!(the_client_hello, "the ClientHello"),
        (_, true) => word!(the_http_request, "the HTTP request"),
        _ => word!(the_first_data, "the first data"),
    };
    let behind = flow.events_of(EventKind::Data, false).find(|data| {
        data.stamp > reset.stamp && data.sequence.wrapping_sub(reset.sequence) < 1 << 31
    });
    if let Some(behind) = behind.filter(|_| reset.sequence != 0) {
        let words = phrase!(
            rst_before_own_data,
            "RST answers {what}, and the server's own data still arrives behind it",
            what
        );
        let events = [asked.stamp, reset.stamp, behind.stamp];
        return Some(Evidence::new(Code::ResetInjected, Grade::A, events, words));
    }
    let silent = syn_ack.sequence.wrapping_add(1);
    let ahead = |reset: &&&Event| reset.sequence.wrapping_sub(silent).wrapping_sub(1) < 1 << 30;
    if flow.back.payload_bytes == 0 && resets.iter().filter(ahead).count() > 0 && differ(&resets) {
        let words = phrase!(
            rsts_differ,
            "{resets} RSTs with different sequence numbers answer {what}, before the server said anything",
            resets = resets.len(),
            what
        );
        let stamps = resets.iter().map(|r| r.stamp).chain([asked.stamp]);
        return Some(Evidence::new(Code::ResetInjected, Grade::A, stamps, words));
    }
    // A RST at another place than right behind the SYN-ACK is an answer to something that was not captured.
    (has_other_ttl(flow, reset) && (reset.sequence == silent || reset.sequence == 0)).then(|| {
        Evidence {
            control: Some(phrase!(rst_ttl_unlike_syn_ack, "the RST has TTL {ttl}, the SYN-ACK of the same connection {ttl2}: not sent by the server", ttl = reset.ttl, ttl2 = syn_ack.ttl)),
            ..Evidence::new(
                Code::ResetInjected,
                Grade::B,
                [syn_ack.stamp, asked.stamp, reset.stamp],
                phrase!(rst_answers_with_other_ttl, "RST answers {what}, with another TTL than the server's", what),
            )
        }
    })
}

/// Whether a RST has another TTL than all that the server's kernel sent without data.
fn has_other_ttl(flow: &Flow, reset: &Event) -> bool {
    let usual = flow
        .events_of(EventKind::SynAck, false)
        .chain(flow.events_of(EventKind::Ack, false));
    let mut usual = usual.map(|event| event.ttl);
    usual.all(|ttl| is_elsewhere(ttl, reset.ttl))
}

/// A RST with another TTL than all that the server sent, after a part of its handshake: as a filter that decides by
/// certificate makes it.
fn in_the_middle(flow: &Flow, reset: &Event) -> Option<Evidence> {
    let own: Vec<&Event> = [EventKind::SynAck, EventKind::Ack, EventKind::Data]
        .into_iter()
        .flat_map(|kind| flow.events_of(kind, false))
        .collect();
    let unlike = own.iter().all(|event| is_elsewhere(event.ttl, reset.ttl));
    let last = own.iter().max_by_key(|event| event.stamp)?;
    // In its place: right behind what the server said, or at what the client has acknowledged.
    let in_place = own
        .iter()
        .any(|event| event.sequence.wrapping_add(event.length) == reset.sequence)
        || flow.out.highest_ack() == Some(reset.sequence)
        || reset.sequence == 0;
    (unlike && in_place).then(|| Evidence {
        control: Some(phrase!(rst_ttl_unlike_server, "the RST has TTL {ttl}, what the server said in the same connection {ttl2}: not sent by the server", ttl = reset.ttl, ttl2 = last.ttl)),
        ..Evidence::new(
            Code::ResetInjected,
            Grade::B,
            [last.stamp, reset.stamp],
            word!(rst_in_handshake_with_other_ttl, "RST in the middle of the handshake, with another TTL than the server's").into(),
        )
    })
}

/// Whether several resets with different sequence numbers are there.
fn differ(resets: &[&Event]) -> bool {
    let mut all: Vec<u32> = resets.iter().map(|reset| reset.sequence).collect();
    all.sort_unstable();
    all.dedup();
    all.len() > 1
}

/// Whether the initiator said more after a reset, as it does where the reset was no use.
fn went_on(flow: &Flow, reset: &Event) -> bool {
    let fin = u32::from(flow.events_of(EventKind::Fin, true).next().is_some());
    match (said_until(flow, reset.stamp), flow.out.next_sequence()) {
        (Some(said), Some(next)) => {
            next.wrapping_sub(fin).wrapping_sub(said).wrapping_sub(1) < 1 << 31
        }
        _ => true,
    }
}
