//! How far a capture can be trusted: what it does not show.

use crate::model::Transport;
use crate::observe::Capture;

/// What a capture lacks. Each lowers what can be concluded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// TCP and UDP flows.
    pub flows: u64,
    /// Of these: only the initiator was heard.
    pub only_initiator: u64,
    /// Of these: only the responder was heard.
    pub only_responder: u64,
    /// TCP flows whose opening was not captured.
    pub midstream: u64,
    /// Frames that a snaplen cut.
    pub cut_by_snaplen: u64,
    /// In words, for the head of the report.
    pub notes: Vec<String>,
}

/// Takes stock of a capture.
#[must_use]
pub fn trust(capture: &Capture) -> Trust {
    let mut trust = Trust {
        cut_by_snaplen: capture.tally.cut_by_snaplen,
        ..Trust::default()
    };
    for flow in capture
        .flows
        .iter()
        .filter(|f| matches!(f.transport, Transport::Tcp | Transport::Udp))
    {
        trust.flows += 1;
        trust.only_initiator += u64::from(flow.back.packets == 0);
        trust.only_responder += u64::from(flow.out.packets == 0);
        trust.midstream += u64::from(flow.transport == Transport::Tcp && !flow.opened);
    }
    if trust.flows > 0 && trust.only_initiator + trust.only_responder == trust.flows {
        trust.notes.push(
            "only one direction of every flow was captured: nothing can be called blocked"
                .to_owned(),
        );
    }
    if trust.cut_by_snaplen > 0 {
        trust.notes.push(format!(
            "{} frames were cut by a snaplen: names may be missing",
            trust.cut_by_snaplen
        ));
    }
    if trust.midstream > 0 {
        trust.notes.push(format!(
            "{} TCP flows were under way when the capture began",
            trust.midstream
        ));
    }
    for (what, count) in &capture.tally.bounded {
        trust
            .notes
            .push(format!("a bound on {what} cut evidence {count} times"));
    }
    trust
}
