//! What a datagram is known again by where its addresses were translated.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::device::is_near;
use super::run::{FlowRecord, KeptRun};
use crate::decode::UdpDatagram;
use crate::model::{FlowKey, Side, Transport};

/// What a datagram is known again by. Each side of each flow has one, so there are no bytes between its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// IPv4 identification.
    ip_id: u16,
    /// Of the payload and its length, little-endian; 0 where too little of it was captured.
    payload: [u8; 4],
}

/// Bit of a mark's payload: it has enough of its own to be told by that alone. Requests of some protocols are all the same.
const STRONG: u32 = 1 << 31;

impl Mark {
    /// What a datagram is known again by behind address translation.
    pub(super) fn of(ip_id: u16, datagram: &UdpDatagram<'_>) -> Self {
        const LOOKED_AT: usize = 64;
        const DIFFERENT: usize = 8;
        let whole = datagram.payload.len() as u64 >= u64::from(datagram.payload_length);
        let start = match datagram.payload.get(..LOOKED_AT) {
            Some(start) => start,
            None if whole && !datagram.payload.is_empty() => datagram.payload,
            None => return Self::new(ip_id, 0),
        };
        let mut seen = [0_u64; 4];
        for byte in start {
            seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
        let different: u32 = seen.iter().map(|bits| bits.count_ones()).sum();
        let strong = different as usize >= DIFFERENT;
        let hash = mark_of(start) ^ datagram.payload_length;
        // 0 stands for none.
        let payload = (hash & !STRONG).max(1) | if strong { STRONG } else { 0 };
        Self::new(ip_id, payload)
    }

    const fn new(ip_id: u16, payload: u32) -> Self {
        Self {
            ip_id,
            payload: payload.to_le_bytes(),
        }
    }

    /// Of the payload and its length; 0 where too little of it was captured.
    const fn payload(self) -> u32 {
        u32::from_le_bytes(self.payload)
    }
}

/// A number of some bytes; the same on every machine.
pub(super) fn mark_of(payload: &[u8]) -> u32 {
    let mut hash = FixedState::with_seed(0x66_77_6d).build_hasher();
    hash.write(payload);
    hash.finish() as u32
}

/// Captured runs of datagrams by what the first one of a side is known again by.
pub(super) struct Marked(HashMap<u32, Vec<(usize, Side)>>);

impl Marked {
    /// Gathers them.
    pub(super) fn of(captured: &[KeptRun]) -> Self {
        let mut by_mark: HashMap<u32, Vec<(usize, Side)>> = HashMap::new();
        for (place, run) in captured.iter().enumerate() {
            if run.key.transport() != Transport::Udp {
                continue;
            }
            for side in [Side::Low, Side::High] {
                let mark = run.sides[side.index()].first.payload();
                if mark != 0 {
                    by_mark.entry(mark).or_default().push((place, side));
                }
            }
        }
        Self(by_mark)
    }

    /// Captured runs whose first datagram is that of a log's run, with one end translated in between; each with whether its
    /// sides are turned. What all requests of a protocol look like needs the same IP identification too.
    pub(super) fn same_as(&self, captured: &[KeptRun], run: &FlowRecord) -> Vec<(usize, bool)> {
        let sides = [Side::Low, Side::High].into_iter();
        let Some((own, mark)) = sides
            .map(|side| (side, &run.sides[side.index()]))
            .filter(|(_, evidence)| evidence.first.payload() != 0)
            .min_by_key(|(_, evidence)| evidence.span())
            .map(|(side, evidence)| (side, evidence.first))
        else {
            return Vec::new();
        };
        let ends = |key: FlowKey, side: Side| (key.endpoint(side), key.endpoint(side.other()));
        let to = ends(run.key, own);
        let same_id = |(place, side): &(usize, Side)| {
            mark.ip_id != 0 && captured[*place].sides[side.index()].first.ip_id == mark.ip_id
        };
        let known = self.0.get(&mark.payload()).into_iter().flatten().copied();
        let mut found: Vec<(usize, Side)> = known
            .filter(|(place, side)| {
                let known = &captured[*place];
                let one = ends(known.key, *side);
                is_near(known, run) && (one.0 == to.0 || one.1 == to.1)
            })
            .collect();
        if found.len() > 1 || mark.payload() & STRONG == 0 {
            let told = found.iter().any(same_id);
            if told || mark.payload() & STRONG == 0 {
                found.retain(same_id);
            }
        }
        found
            .into_iter()
            .map(|(place, side)| (place, side != own))
            .collect()
    }
}
