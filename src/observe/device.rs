//! What devices said of a flow's packets, and the flows of which only such words are known.
//!
//! Records of a firewall's log are packets that it wrote down for a reason of its own. They are kept apart from what was
//! captured: what a log does not hold is not missing, so it must not count as silence. Once the whole is known, their
//! words go to the flow that the capture shows; a flow that it does not show is made of the records alone.

use std::time::Duration;

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};

use super::dns_log::DnsLog;
use super::run::Run;
use crate::decode::device::{DeviceVerdict, DeviceWord};
use crate::model::{FlowKey, Side, Stamp};

/// A device's word on one packet of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct DeviceNote {
    /// When and where: the record.
    pub stamp: Stamp,
    /// Who sent the packet.
    pub side: Side,
    /// Sequence number of TCP, else 0.
    pub sequence: u32,
    /// What was said.
    pub word: DeviceWord,
}

/// The most words kept of a run: the earliest.
const MOST: usize = 16;

/// Adds a word; of words that say the same of one packet the earliest stays.
pub(super) fn note(notes: &mut Vec<DeviceNote>, note: DeviceNote) {
    let same = |known: &DeviceNote| {
        (known.side, known.sequence, &known.word) == (note.side, note.sequence, &note.word)
    };
    match notes.iter().position(same) {
        Some(at) if notes[at].stamp <= note.stamp => return,
        Some(at) => notes[at].stamp = note.stamp,
        None => notes.push(note),
    }
    notes.sort();
    notes.truncate(MOST);
}

/// A device's word on one packet of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSaid {
    /// When and where: the record.
    pub stamp: Stamp,
    /// Whether the initiator sent the packet.
    pub of_initiator: bool,
    /// Sequence number of TCP, else 0.
    pub sequence: u32,
    /// What was said.
    pub word: DeviceWord,
}

impl DeviceSaid {
    /// Whether the packet passed the device.
    #[must_use]
    pub fn verdict(&self) -> DeviceVerdict {
        self.word.verdict()
    }
}

/// Clocks of a device and of a capture differ by less; netfilter's log may be a second late.
const NEAR: Duration = Duration::from_secs(5);

/// Brings what logs hold to what was captured: words to the runs that are there, and runs that are not.
pub(super) fn join(
    captured: &mut Vec<(FlowKey, Box<Run>)>,
    logged: impl Iterator<Item = (FlowKey, Box<Run>)>,
) {
    let mut places: HashMap<FlowKey, Vec<usize>> = HashMap::new();
    for (place, (key, _)) in captured.iter().enumerate() {
        places.entry(*key).or_default().push(place);
    }
    for (key, mut run) in logged {
        let near = |place: &&usize| {
            let known = &captured[**place].1;
            let same_opening = match (known.opening, run.opening) {
                (Some(mine), Some(theirs)) => mine == theirs,
                _ => true,
            };
            same_opening
                && known.span.0.time <= run.span.1.time.plus(NEAR)
                && run.span.0.time <= known.span.1.time.plus(NEAR)
        };
        let place = places.get(&key).into_iter().flatten().find(near).copied();
        match place {
            Some(place) => {
                let notes = run.extra.map(|extra| extra.device).unwrap_or_default();
                let mine = &mut captured[place].1.extra.get_or_insert_default().device;
                notes.into_iter().for_each(|one| note(mine, one));
            }
            None => {
                run.extra.get_or_insert_default().only_logged = true;
                captured.push((key, run));
            }
        }
    }
}

/// Adds DNS messages that only logs hold.
pub(super) fn join_dns(captured: &mut DnsLog, logged: DnsLog) {
    let known: HashSet<_> = captured.seen().map(|seen| seen.place()).collect();
    for seen in logged.into_seen() {
        if !known.contains(&seen.place()) {
            captured.add(seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CaptureTime, FrameId};

    fn one(seconds: i64, frame: u32, rule: u32) -> DeviceNote {
        DeviceNote {
            stamp: Stamp {
                time: CaptureTime::from_secs_nanos(seconds, 0),
                frame: FrameId::new(0, 0, frame),
            },
            side: Side::Low,
            sequence: 7,
            word: DeviceWord::Pf {
                action: 1,
                reason: 0,
                rule,
                subrule: None,
                interface: "em0".to_owned(),
                ruleset: String::new(),
            },
        }
    }

    #[test]
    fn words_are_the_same_in_any_order_and_doubled() {
        let all: Vec<DeviceNote> = (0..40).map(|n| one(i64::from(n) % 20, n, n)).collect();
        let mut forth = Vec::new();
        all.iter().for_each(|each| note(&mut forth, each.clone()));
        let mut back = Vec::new();
        all.iter()
            .rev()
            .for_each(|each| note(&mut back, each.clone()));
        all.iter()
            .rev()
            .for_each(|each| note(&mut back, each.clone()));
        assert_eq!(forth, back);
        assert_eq!(forth.len(), MOST);
        // Said again of the same packet.
        let mut twice = vec![one(3, 1, 5)];
        note(&mut twice, one(2, 9, 5));
        assert_eq!(twice, [one(2, 9, 5)]);
    }
}
