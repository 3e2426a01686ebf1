//! Whether captures have an inner and an outer point: the same SYN on two interfaces, with a lower TTL on one of them. Interfaces
//! are those that the file describes, or that frames name themselves, as those of `tcpdump -i any` do.

use std::collections::{BTreeSet, HashMap};

use crate::decode::device::interface_in;
use crate::decode::{Decoded, Segment, TcpFlags, decode};
use crate::model::Endpoint;
use crate::source::{Frame, FrameSource, Input};

/// So many frames of an input are looked at.
const FRAMES: usize = 50_000;

/// The outer interface of captures in which packets are forwarded from one interface to another; `None` where there is
/// none, or where as many packets go one way as the other.
#[must_use]
pub fn two_points<'i>(inputs: impl IntoIterator<Item = &'i Input>) -> Option<String> {
    let mut votes: HashMap<(String, String), usize> = HashMap::new();
    for input in inputs {
        if let Ok(mut source) = crate::source::open(&input.path) {
            vote(&mut source, &mut votes);
        }
    }
    let ((inside, outside), most) = votes
        .iter()
        .max_by(|a, b| (a.1, b.0).cmp(&(b.1, a.0)))
        .map(|(pair, votes)| (pair.clone(), *votes))?;
    let back = votes.get(&(outside.clone(), inside)).copied().unwrap_or(0);
    (most > back).then_some(outside)
}

/// Counts, for each pair of interfaces, the SYNs that came from the first to the second.
fn vote(source: &mut impl FrameSource, votes: &mut HashMap<(String, String), usize>) {
    let mut syns: HashMap<(u32, Endpoint), (u8, String)> = HashMap::new();
    for _ in 0..FRAMES {
        let Some(frame) = source.next_frame() else {
            break;
        };
        let own = interface_in(frame.link_type.0, frame.bytes);
        let (place, names_itself) = (frame.interface as usize, own.is_some());
        let syn = syn_of(&frame);
        let described = source.interfaces().get(place);
        let name = own.or_else(|| described.map(|interface| interface.name.clone()));
        if let (Some((key, ttl)), Some(name)) = (syn, name.filter(|name| !name.is_empty())) {
            let pair = match syns.get(&key) {
                Some((before, at)) if *at != name && *before > ttl => Some((at.clone(), name)),
                Some((before, at)) if *at != name && *before < ttl => Some((name, at.clone())),
                Some(_) => None,
                None => {
                    syns.insert(key, (ttl, name));
                    None
                }
            };
            if let Some(pair) = pair {
                *votes.entry(pair).or_default() += 1;
            }
        }
        // Captures that do not describe several interfaces have one.
        if source.interfaces().len() < 2 && !names_itself {
            break;
        }
    }
}

/// What a SYN is known again by, and its TTL.
fn syn_of(frame: &Frame<'_>) -> Option<((u32, Endpoint), u8)> {
    let Decoded::Packet(packet) = decode(frame.link_type.0, frame.bytes, frame.wire_length) else {
        return None;
    };
    let Segment::Tcp(segment) = &packet.segment else {
        return None;
    };
    let to = Endpoint {
        ip: packet.destination,
        port: segment.destination_port,
    };
    let opens = segment.flags.has(TcpFlags::SYN) && !segment.flags.has(TcpFlags::ACK);
    opens.then_some(((segment.sequence, to), packet.ttl))
}

/// The interfaces, and the ways through one, that frames of the inputs name themselves, ascending; of each input the first frames are looked at.
#[must_use]
pub fn interfaces_in<'i>(inputs: impl IntoIterator<Item = &'i Input>) -> BTreeSet<String> {
    const MOST: usize = 64;
    let mut found = BTreeSet::new();
    for input in inputs {
        let Ok(mut source) = crate::source::open(&input.path) else {
            continue;
        };
        for _ in 0..FRAMES {
            let Some(frame) = source.next_frame() else {
                break;
            };
            let own = interface_in(frame.link_type.0, frame.bytes);
            let way = frame.note.direction.map(|way| way.as_str().to_owned());
            // What no file describes and frames do not name themselves has no name.
            if own.is_none() && source.interfaces().is_empty() {
                break;
            }
            let room = MOST.saturating_sub(found.len());
            found.extend(own.into_iter().chain(way).take(room));
        }
    }
    found
}
