//! An observation as bytes, for partial files: written by one run, merged by another.

use std::cell::Cell;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::chunks::Chunks;
use super::comments::{self, Comment, Comments};
use super::copies::{Held, Sight};
use super::device::{Noted, Notes};
use super::dns_log::DnsSeen;
use super::fragments::{FragmentKey, Part};
use super::run::FlowRecord;
use super::{Links, Observation, Tally};
use crate::model::{FlowKey, FrameId};

/// The form of the bytes; raised with every change of what is written.
pub const FORMAT: u32 = 40;

/// An observation as it is written: lists in a fixed order, so that equal observations give equal bytes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Written {
    runs: Vec<FlowRecord>,
    dns: Vec<DnsSeen>,
    dns_dropped: u64,
    fragments: Vec<(FragmentKey, Part)>,
    fragments_dropped: u64,
    #[serde(deserialize_with = "nested")]
    held: Vec<(Sight, Written)>,
    tails: Vec<Sight>,
    tally: Tally,
    links: Links,
    chunks: Chunks,
    notes: (Vec<(FlowKey, Noted)>, u8),
    comments: Vec<(FlowKey, Vec<Comment>)>,
    #[serde(deserialize_with = "nested")]
    logged: Option<Box<Written>>,
}

/// So deep observations lie in one another at most: what a log holds, and in it packets held back. A file may say more,
/// and each level takes stack.
const DEEPEST: u32 = 8;

/// Reads what holds observations, unless it lies too deep. Nothing but the thread goes with serde from level to level.
fn nested<'de, D: Deserializer<'de>, T: Deserialize<'de>>(reader: D) -> Result<T, D::Error> {
    thread_local!(static DEPTH: Cell<u32> = const { Cell::new(0) });
    let depth = DEPTH.get();
    if depth > DEEPEST {
        return Err(D::Error::custom("observations lie in one another too deep"));
    }
    DEPTH.set(depth + 1);
    let read = T::deserialize(reader);
    DEPTH.set(depth);
    read
}

impl From<Observation> for Written {
    fn from(observation: Observation) -> Self {
        let Observation {
            flows,
            fragments,
            copies,
            dns,
            tally,
            links,
            chunks,
            notes,
            comments,
            logged,
        } = observation;
        let dns_dropped = dns.dropped();
        let mut runs: Vec<FlowRecord> = flows.into_parts().map(|run| *run).collect();
        runs.sort_by_key(|run| (run.key, run.span, run.opening, run.hint));
        let mut dns = dns.into_seen();
        dns.sort();
        let fragments_dropped = fragments.dropped();
        let mut fragments: Vec<_> = fragments.into_parts().collect();
        fragments.sort();
        let (held, tails) = copies.into_parts();
        let held = held.into_iter();
        Self {
            runs,
            dns,
            dns_dropped,
            fragments,
            fragments_dropped,
            held: held.map(|held| (held.sight, held.alone.into())).collect(),
            tails,
            tally,
            links,
            chunks,
            notes: notes.into_parts(),
            comments: comments.into_parts(),
            logged: logged.map(|logged| Box::new((*logged).into())),
        }
    }
}

impl From<Written> for Observation {
    fn from(written: Written) -> Self {
        let mut observation = Self {
            tally: written.tally,
            links: written.links,
            chunks: written.chunks,
            notes: Notes::of_parts(written.notes),
            comments: Comments::of_parts(written.comments),
            logged: written.logged.map(|logged| Box::new((*logged).into())),
            ..Self::default()
        };
        for run in written.runs {
            observation.flows.add(run);
        }
        written
            .dns
            .into_iter()
            .for_each(|seen| observation.dns.add(seen));
        observation.dns.drop_more(written.dns_dropped);
        for (key, part) in written.fragments {
            observation.fragments.put(key, part);
        }
        observation.fragments.drop_more(written.fragments_dropped);
        for (sight, alone) in written.held {
            let alone = alone.into();
            observation.copies.hold(Held { sight, alone });
        }
        for tail in written.tails {
            observation.copies.note_tail(tail);
        }
        observation
    }
}

impl Written {
    /// Whether it is of the first `inputs` inputs, each chunk in its place.
    #[must_use]
    pub fn is_of(&self, inputs: usize) -> bool {
        self.chunks.are_of(inputs)
    }

    /// Gives inputs other ordinals: `ordinals[old]` is the new one. Frames of inputs beyond the list keep theirs.
    pub fn renumber_inputs(&mut self, ordinals: &[u32]) {
        let renumber = |frame: &mut FrameId| {
            let (input, chunk) = frame.chunk();
            if let Some(new) = ordinals.get(input as usize) {
                *frame = FrameId::new(*new, chunk, frame.index());
            }
        };
        self.chunks.renumber_inputs(ordinals);
        self.dns
            .iter_mut()
            .for_each(|seen| renumber(&mut seen.stamp.frame));
        self.tails
            .iter_mut()
            .for_each(|tail| tail.for_each_frame(renumber));
        for (sight, alone) in &mut self.held {
            sight.for_each_frame(renumber);
            alone.renumber_inputs(ordinals);
        }
        self.fragments
            .iter_mut()
            .for_each(|(_, part)| part.for_each_frame(renumber));
        for run in &mut self.runs {
            run.for_each_frame(renumber);
        }
        let noted = self.notes.0.iter_mut();
        noted.for_each(|(_, noted)| noted.for_each_frame(renumber));
        let all = self.comments.iter_mut();
        all.for_each(|(_, own)| comments::for_each_frame(own, renumber));
        if let Some(logged) = &mut self.logged {
            logged.renumber_inputs(ordinals);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Observations of nothing, one in the log of the other.
    fn in_one_another(levels: usize) -> Vec<u8> {
        let nothing = postcard::to_stdvec(&Written::from(Observation::default())).unwrap();
        let (logged, before) = nothing.split_last().unwrap();
        assert_eq!(*logged, 0, "the last byte says that there is no log");
        let mut bytes = [before, &[1]].concat().repeat(levels);
        bytes.extend(&nothing);
        bytes
    }

    #[test]
    fn observations_in_one_another_without_end_are_refused_and_take_no_stack() {
        let read = |levels| postcard::from_bytes::<Written>(&in_one_another(levels));
        assert!(read(1).is_ok());
        assert!(read(100_000).is_err());
        assert!(read(1).is_ok(), "the next file starts anew");
    }
}
