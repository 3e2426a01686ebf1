//! Which connection ids a run's QUIC packets tell and use, so that a connection whose client comes from another port or
//! address after a while is known again (RFC 9000 section 9): by ids that the handshake told. Ids that are agreed on
//! later are encrypted, and not known.

use std::collections::BTreeSet;

use foldhash::HashMap;
use serde::{Deserialize, Serialize};

use super::app::App;
use super::run::{FlowRecord, SaidBy, SaidName};
use crate::decode::quic;
use crate::model::{CaptureTime, FlowKey, Merge, Side, Stamp};

/// Shorter ids would fit by chance.
const SHORTEST: usize = 4;
/// The longest that any version in use has.
const LONGEST: usize = 20;
/// The most ids kept of a side: the lowest.
const MOST: usize = 4;

/// Ids told by long headers, and where the first packet with a short header goes, by the side that sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ConnectionIds {
    told: [BTreeSet<Vec<u8>>; 2],
    used: [Option<(Stamp, Vec<u8>)>; 2],
    /// The latest datagram of each side that has the form of a QUIC packet with a short header.
    latest: [Option<CaptureTime>; 2],
}

impl ConnectionIds {
    /// Takes a datagram that may be QUIC's.
    pub(super) fn absorb(&mut self, side: Side, stamp: Stamp, datagram: &[u8]) {
        match datagram {
            [first, rest @ ..] if first & 0xc0 == 0x40 && rest.len() >= LONGEST => {
                let latest = &mut self.latest[side.index()];
                *latest = (*latest).max(Some(stamp.time));
                let used = &mut self.used[side.index()];
                if used.as_ref().is_none_or(|(at, _)| stamp < *at) {
                    *used = Some((stamp, rest[..LONGEST].to_vec()));
                }
            }
            [first, ..] if first & 0xc0 == 0xc0 => {
                let told = &mut self.told[side.index()];
                for packet in quic::packets(datagram).filter(|p| p.source.len() >= SHORTEST) {
                    told.insert(packet.source.to_vec());
                }
                while told.len() > MOST {
                    told.pop_last();
                }
            }
            _ => {}
        }
    }

    /// When a side last sent a packet with a short header, which is encrypted to keys that both have.
    pub(super) const fn latest_short(&self, side: Side) -> Option<CaptureTime> {
        self.latest[side.index()]
    }

    /// Lets every frame's place be rewritten.
    pub(super) fn for_each_frame(&mut self, rewrite: &mut impl FnMut(&mut crate::model::FrameId)) {
        for (stamp, _) in self.used.iter_mut().flatten() {
            rewrite(&mut stamp.frame);
        }
    }
}

impl Merge for ConnectionIds {
    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.told.iter_mut().zip(other.told) {
            mine.extend(theirs);
            while mine.len() > MOST {
                mine.pop_last();
            }
        }
        for (mine, theirs) in self.latest.iter_mut().zip(other.latest) {
            *mine = (*mine).max(theirs);
        }
        for (mine, theirs) in self.used.iter_mut().zip(other.used) {
            *mine = match (mine.take(), theirs) {
                (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
                (mine, theirs) => mine.or(theirs),
            };
        }
    }
}

/// Ids that the handshakes of runs tell.
#[derive(Default)]
struct ToldIds {
    /// By the port of the side that told it, which stays, and the id: whose run it is, by its place, and which side's.
    known: HashMap<(u16, Vec<u8>), (usize, Side)>,
    lengths: BTreeSet<usize>,
}

impl ToldIds {
    fn of(runs: &[(FlowKey, Box<FlowRecord>)]) -> Self {
        let mut told = Self::default();
        for (place, (key, run)) in runs.iter().enumerate() {
            let Some(ids) = run.ids.as_ref().filter(|_| run.app.has(App::QUIC)) else {
                continue;
            };
            for side in [Side::Low, Side::High] {
                for id in &ids.told[side.index()] {
                    told.lengths.insert(id.len());
                    let at = (key.endpoint(side).port, id.clone());
                    told.known.entry(at).or_insert((place, side));
                }
            }
        }
        told
    }
}

/// Gives runs that go on with a connection of another run the names that were said in that one. Packets go to an id that
/// the other side has told.
pub(super) fn continue_connections(runs: &mut [(FlowKey, Box<FlowRecord>)]) {
    let ToldIds { known, lengths } = ToldIds::of(runs);
    if known.is_empty() {
        return;
    }
    let mut adopted: Vec<(usize, usize, Side, Side)> = Vec::new();
    for (place, (key, run)) in runs.iter().enumerate() {
        let Some(ids) = run.ids.as_ref().filter(|_| run.app == App::default()) else {
            continue;
        };
        let found = [Side::Low, Side::High].into_iter().find_map(|side| {
            let (_, bytes) = ids.used[side.index()].as_ref()?;
            let teller = side.other();
            let port = key.endpoint(teller).port;
            lengths.iter().find_map(|length| {
                let (of, told_by) = known.get(&(port, bytes[..*length].to_vec()))?;
                let same = runs[*of].0.endpoint(*told_by).ip == key.endpoint(teller).ip;
                same.then_some((*of, *told_by, teller))
            })
        });
        if let Some((of, told_by, teller)) = found {
            adopted.push((place, of, told_by, teller));
        }
    }
    for (place, of, told_by, teller) in adopted {
        let from = &runs[of].1;
        let side = |side: Side| {
            if side == told_by {
                teller
            } else {
                teller.other()
            }
        };
        let said = from.names.iter().filter(|name| name.by == SaidBy::QuicSni);
        let names: Vec<SaidName> = said
            .map(|name| SaidName {
                side: side(name.side),
                ..name.clone()
            })
            .collect();
        let clients = from.clients;
        let run = &mut runs[place].1;
        run.app.insert(App::QUIC);
        for one in [Side::Low, Side::High] {
            run.clients[side(one).index()] |= clients[one.index()];
        }
        names.into_iter().for_each(|name| run.say(name));
    }
}
