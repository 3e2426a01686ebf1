//! Which connection ids a run's QUIC packets tell and use, so that a connection whose client comes from another port or
//! address after a while is known again (RFC 9000 section 9): by ids that the handshake told. Ids that are agreed on
//! later are encrypted, and not known.

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::HashMap;
use serde::{Deserialize, Serialize};

use super::app::App;
use super::run::{KeptRun, SaidBy, SaidName};
use crate::decode::quic;
use crate::model::{CaptureTime, Endpoint, Merge, Side, Stamp};

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
    /// By who told it, who stays where it is, and the id; ascending by time, since an id may be told again.
    known: HashMap<(Endpoint, Vec<u8>), Vec<Teller>>,
    lengths: BTreeSet<usize>,
}

/// A run in which a side told an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Teller {
    start: Stamp,
    /// Whom it was told.
    to: IpAddr,
    /// The run's place.
    place: usize,
    side: Side,
}

impl ToldIds {
    fn of(runs: &[KeptRun]) -> Self {
        let mut told = Self::default();
        for (place, run) in runs.iter().enumerate() {
            let key = run.key;
            let Some(ids) = run.ids.as_ref().filter(|_| run.app.has(App::QUIC)) else {
                continue;
            };
            for side in [Side::Low, Side::High] {
                let teller = Teller {
                    start: run.span.0,
                    to: key.endpoint(side.other()).ip,
                    place,
                    side,
                };
                for id in &ids.told[side.index()] {
                    told.lengths.insert(id.len());
                    let at = (key.endpoint(side), id.clone());
                    told.known.entry(at).or_default().push(teller);
                }
            }
        }
        told.known.values_mut().for_each(|tellers| tellers.sort());
        told
    }

    /// The run in which `from` told an id to whoever sends to it from `start` on: the latest before, of the same host if it is
    /// one of them.
    fn told(&self, from: Endpoint, id: &[u8], to: IpAddr, start: Stamp) -> Option<Teller> {
        /// An id is told once; a flood of the same one shall not make each look long.
        const LOOKED_AT: usize = 16;
        let tellers = self.known.get(&(from, id.to_vec()))?;
        let before = tellers.partition_point(|teller| teller.start <= start);
        let mut latest = tellers[..before].iter().rev().take(LOOKED_AT);
        let same_host = latest.find(|teller| teller.to == to);
        let other = || tellers.get(before.saturating_sub(1));
        same_host.or_else(other).copied()
    }
}

/// Gives runs that go on with a connection of another run the names that were said in that one. Packets go to an id that
/// the other side has told.
pub(super) fn continue_connections(runs: &mut [KeptRun]) {
    let ids_told = ToldIds::of(runs);
    if ids_told.known.is_empty() {
        return;
    }
    let mut adopted: Vec<(usize, usize, Side, Side)> = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let key = run.key;
        let Some(ids) = run.ids.as_ref().filter(|_| run.app == App::default()) else {
            continue;
        };
        let found = [Side::Low, Side::High].into_iter().find_map(|side| {
            let (_, bytes) = ids.used[side.index()].as_ref()?;
            let (from, to) = (key.endpoint(side.other()), key.endpoint(side).ip);
            let mut lengths = ids_told.lengths.iter();
            let told = lengths
                .find_map(|length| ids_told.told(from, bytes.get(..*length)?, to, run.span.0));
            told.map(|told| (told, side.other()))
        });
        if let Some((told, teller)) = found {
            adopted.push((place, told.place, told.side, teller));
        }
    }
    for (place, of, told_by, teller) in adopted {
        let from = &runs[of];
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
        let run = &mut runs[place];
        run.app.insert(App::QUIC);
        for one in [Side::Low, Side::High] {
            run.clients[side(one).index()] |= clients[one.index()];
        }
        names.into_iter().for_each(|name| run.say(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FrameId;

    fn at(nanos: i64) -> Stamp {
        Stamp {
            time: CaptureTime::from_nanos(nanos),
            frame: FrameId::new(0, 0, 0),
        }
    }

    #[test]
    fn an_id_that_was_told_twice_is_that_of_the_same_host_or_of_the_latest_before() {
        let server = Endpoint::new([192, 0, 2, 1].into(), 443);
        let host = |n| IpAddr::from([10, 0, 0, n]);
        let teller = |(place, (nanos, n)): (usize, (i64, u8))| Teller {
            start: at(nanos),
            to: host(n),
            place,
            side: Side::High,
        };
        let tellers = [(10, 1), (20, 2), (30, 3)];
        let tellers = tellers.into_iter().enumerate().map(teller).collect();
        let mut ids = ToldIds::default();
        ids.known.insert((server, vec![7; 8]), tellers);
        let place = |id: &[u8], to, nanos| {
            let told = ids.told(server, id, host(to), at(nanos));
            told.map(|teller| teller.place)
        };
        assert_eq!(place(&[7; 8], 1, 99), Some(0), "its own");
        assert_eq!(place(&[7; 8], 9, 25), Some(1), "the latest");
        assert_eq!(place(&[7; 8], 3, 25), Some(1), "its own came later");
        assert_eq!(place(&[7; 8], 9, 5), Some(0), "what is told late is told");
        assert_eq!(place(&[8; 8], 1, 99), None);
    }
}
