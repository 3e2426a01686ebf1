//! What the laws of observing say of frames, as functions: for the tests on samples (`merging.rs`) and for fuzzing.

use pktaudit::decode::{Decoded, decode};
use pktaudit::model::{FrameId, Merge, Stamp};
use pktaudit::observe::codec::Written;
use pktaudit::observe::{Capture, Observation, Sighting, attribute};
use pktaudit::source::OwnedFrame;

/// Numbers that are the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    /// From a seed, which is not 0.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Numbers that follow from bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mix = |seed: u64, byte: &u8| (seed ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix) | 1)
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }
}

/// Absorbs frames as the fold does: in the order of time within the part.
pub(crate) fn observe(part: u32, frames: &[OwnedFrame]) -> Observation {
    let mut observation = Observation::default();
    observation.note_chunk(part, 0);
    let mut order: Vec<usize> = (0..frames.len()).collect();
    order.sort_by_key(|i| frames[*i].time);
    for i in order {
        let frame = &frames[i];
        let sighting = Sighting {
            stamp: Stamp {
                time: frame.time,
                frame: FrameId::new(part, 0, i as u32),
            },
            captured_length: frame.bytes.len() as u32,
            wire_length: frame.wire_length,
            packet_mark: 0,
        };
        let decoded = decode(frame.link_type.0, &frame.bytes, frame.wire_length);
        observation.absorb(sighting, &decoded);
    }
    observation
}

/// Merges parts two by two in an order of chance, now and then by way of their written form.
pub(crate) fn merge_in_any_order(mut parts: Vec<Observation>, dice: &mut Dice) -> Observation {
    while parts.len() > 1 {
        let one = parts.swap_remove(dice.roll(parts.len()));
        let at = dice.roll(parts.len());
        let mut other = std::mem::take(&mut parts[at]);
        if dice.roll(3) == 0 {
            other = Observation::from(Written::from(other));
        }
        other.merge(one);
        parts[at] = other;
    }
    parts.pop().unwrap_or_default()
}

/// Flows and transactions as text, places of frames as numbers over all parts, or left out.
pub(crate) fn render(capture: &Capture, places: bool) -> Vec<String> {
    let flows = capture.flows.iter().map(|flow| format!("{flow:?}"));
    let dns = capture.dns.iter().map(|dns| format!("{dns:?}"));
    let mut out: Vec<String> = flows
        .chain(dns)
        .map(|text| number(&text, capture, places))
        .collect();
    if !places {
        out.sort();
    }
    out
}

fn number(text: &str, capture: &Capture, places: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("FrameId(") {
        let (before, after) = rest.split_at(at + "FrameId(".len());
        let end = after.find(')').unwrap();
        out.push_str(before);
        if places {
            let id = FrameId::from_bits(after[..end].parse().unwrap());
            out.push_str(&capture.numbering.number(id).to_string());
        }
        rest = &after[end..];
    }
    out + rest
}

/// The first difference, with what it lies in.
pub(crate) fn difference(whole: &[String], parts: &[String]) -> Option<String> {
    let first = (0..whole.len().max(parts.len())).find(|i| whole.get(*i) != parts.get(*i))?;
    let show = |list: &[String]| {
        let text = list.get(first).cloned().unwrap_or_default();
        text.chars().take(6000).collect::<String>()
    };
    Some(format!(
        "{} and {} items, the {first}th:\n  whole {}\n  parts {}",
        whole.len(),
        parts.len(),
        show(whole),
        show(parts)
    ))
}

/// Cut and merged, the flows are those of the whole.
pub(crate) fn cut_anywhere(
    frames: &[OwnedFrame],
    dice: &mut Dice,
    rounds: usize,
) -> Result<(), String> {
    let whole = render(&attribute(observe(0, frames)), true);
    for round in 0..rounds {
        let cuts = if round % 2 == 0 { 1 } else { 1 + dice.roll(5) };
        let mut at: Vec<usize> = (0..cuts).map(|_| dice.roll(frames.len() + 1)).collect();
        at.extend([0, frames.len()]);
        at.sort_unstable();
        let parts: Vec<Observation> = at
            .windows(2)
            .enumerate()
            .map(|(part, ends)| observe(part as u32, &frames[ends[0]..ends[1]]))
            .collect();
        let merged = attribute(merge_in_any_order(parts, dice));
        if let Some(difference) = difference(&whole, &render(&merged, true)) {
            return Err(format!("cut at {at:?}: {difference}"));
        }
    }
    Ok(())
}

/// Each direction in a part of its own, the flows are those of the whole.
pub(crate) fn sides_apart(frames: &[OwnedFrame], dice: &mut Dice) -> Result<(), String> {
    let whole = render(&attribute(observe(0, frames)), false);
    let is_low =
        |frame: &OwnedFrame| match decode(frame.link_type.0, &frame.bytes, frame.wire_length) {
            Decoded::Packet(packet) => packet.source <= packet.destination,
            _ => true,
        };
    let (low, high): (Vec<_>, Vec<_>) = frames.iter().cloned().partition(is_low);
    let parts = vec![observe(0, &low), observe(1, &high)];
    let merged = attribute(merge_in_any_order(parts, dice));
    match difference(&whole, &render(&merged, false)) {
        Some(difference) => Err(format!("sides apart: {difference}")),
        None => Ok(()),
    }
}

/// Whether no two frames have one time.
pub(crate) fn times_differ(frames: &[OwnedFrame]) -> bool {
    let mut times: Vec<_> = frames.iter().map(|frame| frame.time).collect();
    times.sort_unstable();
    times.windows(2).all(|pair| pair[0] != pair[1])
}
