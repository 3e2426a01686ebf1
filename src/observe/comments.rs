//! What people and programs wrote to packets of a flow (`opt_comment` of pcapng): shown, and never evidence.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::run::KeptRun;
use super::stream_of;
use crate::decode::Packet;
use crate::model::{FlowKey, FrameId, Stamp};

/// A comment, as it stands in the file. Hostile: escape it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Comment {
    /// The earliest packet that has it.
    pub stamp: Stamp,
    /// Up to 256 bytes.
    pub text: String,
}

/// The most comments kept of a 5-tuple: different ones, the earliest.
const MOST: usize = 4;

/// Comments by 5-tuple, ascending. Merges by union, so that order leaves no trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Comments {
    by_flow: HashMap<FlowKey, Vec<Comment>>,
}

impl Comments {
    /// Takes one on a packet; those on packets that are none of TCP or UDP are left out.
    pub(super) fn add(&mut self, stamp: Stamp, packet: &Packet<'_>, text: &str) {
        if let Some((key, _)) = stream_of(packet) {
            let text = text.to_owned();
            insert(
                self.by_flow.entry(key).or_default(),
                Comment { stamp, text },
            );
        }
    }

    /// Takes all of another part.
    pub(super) fn merge(&mut self, other: Self) {
        for (key, comments) in other.by_flow {
            let mine = self.by_flow.entry(key).or_default();
            comments
                .into_iter()
                .for_each(|comment| insert(mine, comment));
        }
    }

    /// Everything as it is written, ascending.
    pub(super) fn into_parts(self) -> Vec<(FlowKey, Vec<Comment>)> {
        let mut parts: Vec<_> = self.by_flow.into_iter().collect();
        parts.sort_by_key(|(key, _)| *key);
        parts
    }

    /// As it was written.
    pub(super) fn of_parts(parts: Vec<(FlowKey, Vec<Comment>)>) -> Self {
        Self {
            by_flow: parts.into_iter().collect(),
        }
    }

    /// Puts them to the runs of their 5-tuples, each to the one that it lies in or is nearest to.
    pub(super) fn settle(mut self, runs: &mut [KeptRun]) {
        let mut places: HashMap<FlowKey, Vec<usize>> = HashMap::new();
        for (place, run) in runs.iter().enumerate() {
            if self.by_flow.contains_key(&run.key) {
                places.entry(run.key).or_default().push(place);
            }
        }
        for (key, places) in places {
            for comment in self.by_flow.remove(&key).unwrap_or_default() {
                let nearest = places
                    .iter()
                    .min_by_key(|place| runs[**place].away_from(comment.stamp));
                if let Some(place) = nearest {
                    let extra = runs[*place].extra.get_or_insert_default();
                    insert(&mut extra.comments, comment);
                }
            }
        }
    }
}

/// Adds a comment; of equal texts the earliest stays.
fn insert(comments: &mut Vec<Comment>, comment: Comment) {
    match comments.iter_mut().find(|known| known.text == comment.text) {
        Some(known) => known.stamp = known.stamp.min(comment.stamp),
        None => comments.push(comment),
    }
    comments.sort_unstable();
    comments.truncate(MOST);
}

/// Lets every frame's place be rewritten.
pub(super) fn for_each_frame(comments: &mut [Comment], mut rewrite: impl FnMut(&mut FrameId)) {
    let all = comments.iter_mut();
    all.for_each(|comment| rewrite(&mut comment.stamp.frame));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CaptureTime;

    #[test]
    fn comments_are_the_same_in_any_order_and_doubled() {
        let one = |seconds: i64, text: &str| Comment {
            stamp: Stamp {
                time: CaptureTime::from_secs_nanos(seconds, 0),
                frame: FrameId::new(0, 0, 0),
            },
            text: text.to_owned(),
        };
        let all: Vec<Comment> = (0..20).map(|n| one(n, &format!("{}", n % 7))).collect();
        let gathered = |order: &mut dyn Iterator<Item = &Comment>| {
            let mut comments = Vec::new();
            order.for_each(|comment| insert(&mut comments, comment.clone()));
            comments
        };
        let forth = gathered(&mut all.iter());
        assert_eq!(gathered(&mut all.iter().rev().chain(&all)), forth);
        assert_eq!(forth, [one(0, "0"), one(1, "1"), one(2, "2"), one(3, "3")]);
    }
}
