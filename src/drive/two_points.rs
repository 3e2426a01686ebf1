//! Whether captures have an inner and an outer point: the same SYN on two interfaces, with a lower TTL on one of them.

use std::collections::HashMap;

use crate::decode::{Decoded, Segment, TcpFlags, decode};
use crate::model::Endpoint;
use crate::source::{FrameSource, Input};

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
    let mut syns: HashMap<(u32, Endpoint), (u8, u32)> = HashMap::new();
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for _ in 0..FRAMES {
        let Some(frame) = source.next_frame() else {
            break;
        };
        let interface = frame.interface;
        if let Decoded::Packet(packet) = decode(frame.link_type.0, frame.bytes, frame.wire_length)
            && let Segment::Tcp(segment) = &packet.segment
            && segment.flags.has(TcpFlags::SYN)
            && !segment.flags.has(TcpFlags::ACK)
        {
            let to = Endpoint {
                ip: packet.destination,
                port: segment.destination_port,
            };
            let here = (packet.ttl, interface);
            match syns.get(&(segment.sequence, to)) {
                Some((ttl, at)) if *at != interface && *ttl > here.0 => {
                    pairs.push((*at, interface))
                }
                Some((ttl, at)) if *at != interface && *ttl < here.0 => {
                    pairs.push((interface, *at))
                }
                Some(_) => {}
                None => drop(syns.insert((segment.sequence, to), here)),
            }
        }
        // Captures without descriptions of interfaces have one.
        if source.interfaces().is_empty() {
            break;
        }
    }
    let name = |place: u32| {
        let interface = source.interfaces().get(usize::try_from(place).ok()?)?;
        (!interface.name.is_empty()).then(|| interface.name.clone())
    };
    for (inside, outside) in pairs {
        if let (Some(inside), Some(outside)) = (name(inside), name(outside))
            && inside != outside
        {
            *votes.entry((inside, outside)).or_default() += 1;
        }
    }
}
