//! Frames by what became of them: read = decoded + set aside, each with its reason.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Sighting;
use crate::decode::{Packet, Stop, StopReason};
use crate::model::{Fqdn, Merge, words};

/// Counts of frames and of whatever a bound cut away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Frames read.
    pub frames: u64,
    /// Bytes of all frames on the wire.
    pub wire_bytes: u64,
    /// Frames in which an IP packet was found.
    pub decoded: u64,
    /// Of the decoded: frames cut short, contradicting themselves, or otherwise read in part, by reason.
    pub partly_decoded: BTreeMap<Undecoded, u64>,
    /// Frames in which no IP packet was found, by reason.
    pub set_aside: BTreeMap<Undecoded, u64>,
    /// Frames that a snaplen cut.
    pub cut_by_snaplen: u64,
    /// Of the decoded: fragments other than the first, which have no ports.
    pub fragments: u64,
    /// Of the decoded: packets that a mirror port sent again within a millisecond; they are in no flow.
    pub copies: u64,
    /// Frames that capturing lost, as the capture itself says.
    pub lost: u64,
    /// Packets that were read from samples of frames (sFlow); their datagrams are the frames that count.
    pub sampled: Sampled,
    /// Evidence dropped at a bound, by what was bounded.
    pub bounded: BTreeMap<Bound, u64>,
    /// What captures say beside their packets.
    pub beside: BesideTally,
}

/// Why a frame was set aside, or read in part. Takes no memory of its own where it comes from decoding: a mirror port
/// brings ARP and STP all the time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Undecoded {
    /// ARP, on whatever link.
    Arp,
    /// Left out by a choice of times, hosts or a filter.
    LeftOut,
    /// A link type that is not decoded.
    LinkType(u16),
    /// The bytes of a layer contradict its format: the layer, and how.
    Malformed(Cow<'static, str>, Cow<'static, str>),
    /// A sound frame that carries no IP packet: the layer that says so, and its number for what it carries.
    NotIp(Cow<'static, str>, u16),
    /// Captured at another point than the one looked at.
    OtherPoint,
    /// More layers than are walked, down to this one.
    TooDeep(Cow<'static, str>),
    /// Fewer bytes captured than the layer needs.
    Truncated(Cow<'static, str>),
    /// A record of this layer without the packet's own time.
    Untimed(Cow<'static, str>),
}

impl From<&Stop> for Undecoded {
    fn from(stop: &Stop) -> Self {
        let layer = Cow::Borrowed(stop.layer);
        match stop.reason {
            StopReason::Truncated { .. } => Self::Truncated(layer),
            StopReason::Malformed(why) => Self::Malformed(layer, Cow::Borrowed(why)),
            StopReason::NotIp(0x0806) => Self::Arp,
            StopReason::NotIp(number) => Self::NotIp(layer, number),
            StopReason::UnknownLink(number) => Self::LinkType(number),
            StopReason::Untimed => Self::Untimed(layer),
            StopReason::TooDeep => Self::TooDeep(layer),
        }
    }
}

/// A stable kebab word with the layer: `not-ip:arp`, `truncated:tcp`, `malformed:ipv4:length-below-20`.
impl fmt::Display for Undecoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkType(number) => write!(f, "link-type:{number}"),
            Self::Malformed(layer, why) => {
                write!(f, "malformed:{layer}:{}", why.replace(' ', "-"))
            }
            Self::Arp => f.write_str("not-ip:arp"),
            Self::NotIp(layer, number) => write!(f, "not-ip:{layer}:0x{number:04x}"),
            Self::LeftOut => f.write_str("left-out"),
            Self::OtherPoint => f.write_str("other-point"),
            Self::TooDeep(layer) => write!(f, "too-deep:{layer}"),
            Self::Truncated(layer) => write!(f, "truncated:{layer}"),
            Self::Untimed(layer) => write!(f, "untimed:{layer}"),
        }
    }
}

words! {
    /// What a bound is on. Declared in the order of the words.
    #[derive(Serialize, Deserialize)]
    pub enum Bound {
        /// Names by whose aliases an address was asked for.
        AliasNames = "alias-names",
        /// Records of a device's log that may be of several flows.
        DeviceWords = "device-words",
        /// DNS messages that are kept.
        DnsMessages = "dns-messages",
        /// Evidence that is kept of one flow.
        FlowEvidence = "flow-evidence",
        /// Names that DNS answers give the address of a flow.
        FlowNames = "flow-names",
        /// Fragments that wait for the rest of their packet.
        Fragments = "fragments",
        /// DNS messages that go on into the next period.
        PeriodDnsMessages = "period-dns-messages",
        /// Flows that go on into the next period.
        PeriodFlows = "period-flows",
    }
}

/// What captures say beside their packets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BesideTally {
    /// Frames that have no time.
    pub untimed: u64,
    /// Frames that came with an error of the link.
    pub link_errors: u64,
    /// Blocks with secrets for decryption.
    pub secrets: u64,
    /// Filters that frames passed before they were captured; the smallest.
    pub filters: BTreeSet<String>,
    /// What was written to sections and interfaces; the smallest.
    pub comments: BTreeSet<String>,
    /// Names of addresses; the smallest.
    pub names: BTreeSet<(IpAddr, Fqdn)>,
}

/// Packets that were read from samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    /// How many.
    pub packets: u64,
    /// Each is one of so many, from the least to the most that an agent says; (0, 0) without packets.
    pub one_in: (u32, u32),
}

impl Sampled {
    /// One packet.
    pub(super) const fn one(one_in: u32) -> Self {
        Self {
            packets: 1,
            one_in: (one_in, one_in),
        }
    }
}

impl Merge for Sampled {
    fn merge(&mut self, other: Self) {
        self.one_in = match (self.packets, other.packets) {
            (0, _) => other.one_in,
            (_, 0) => self.one_in,
            _ => (
                self.one_in.0.min(other.one_in.0),
                self.one_in.1.max(other.one_in.1),
            ),
        };
        self.packets = self.packets.saturating_add(other.packets);
    }
}

impl Merge for BesideTally {
    fn merge(&mut self, other: Self) {
        const FILTERS: usize = 16;
        const COMMENTS: usize = 16;
        const NAMES: usize = 16_384;
        self.untimed = self.untimed.saturating_add(other.untimed);
        self.link_errors = self.link_errors.saturating_add(other.link_errors);
        self.secrets = self.secrets.saturating_add(other.secrets);
        self.filters.extend(other.filters);
        self.comments.extend(other.comments);
        self.names.extend(other.names);
        while self.filters.len() > FILTERS {
            self.filters.pop_last();
        }
        while self.comments.len() > COMMENTS {
            self.comments.pop_last();
        }
        while self.names.len() > NAMES {
            self.names.pop_last();
        }
    }
}

impl Tally {
    /// Counts a frame in which no IP packet was found.
    pub(super) fn set_aside(&mut self, sighting: Sighting, stop: &Stop) {
        self.frame(sighting);
        *self.set_aside.entry(stop.into()).or_default() += 1;
    }

    /// Counts a frame that does not count.
    pub(super) fn pass_by(&mut self, sighting: Sighting, why: Undecoded) {
        self.frame(sighting);
        *self.set_aside.entry(why).or_default() += 1;
    }

    /// Counts a frame in which an IP packet was found.
    pub(super) fn decoded(&mut self, sighting: Sighting, packet: &Packet<'_>) {
        self.frame(sighting);
        self.decoded += 1;
        if let Some(stop) = &packet.stop {
            *self.partly_decoded.entry(stop.into()).or_default() += 1;
        }
    }

    /// Counts a fragment without ports.
    pub(super) const fn fragment(&mut self) {
        self.fragments += 1;
    }

    /// Counts what a bound cut away.
    pub(super) fn cut(&mut self, bound: Bound, count: u64) {
        if count > 0 {
            let sum = self.bounded.entry(bound).or_default();
            *sum = sum.saturating_add(count);
        }
    }

    /// All frames set aside.
    #[must_use]
    pub fn set_aside_total(&self) -> u64 {
        self.set_aside.values().sum()
    }

    fn frame(&mut self, sighting: Sighting) {
        self.frames += 1;
        self.wire_bytes += u64::from(sighting.wire_length);
        self.cut_by_snaplen += u64::from(sighting.captured_length < sighting.wire_length);
    }
}

/// Sums end at the largest number: a partial file may hold any.
impl Merge for Tally {
    fn merge(&mut self, other: Self) {
        self.frames = self.frames.saturating_add(other.frames);
        self.wire_bytes = self.wire_bytes.saturating_add(other.wire_bytes);
        self.decoded = self.decoded.saturating_add(other.decoded);
        self.cut_by_snaplen = self.cut_by_snaplen.saturating_add(other.cut_by_snaplen);
        self.fragments = self.fragments.saturating_add(other.fragments);
        self.copies = self.copies.saturating_add(other.copies);
        self.lost = self.lost.saturating_add(other.lost);
        self.sampled.merge(other.sampled);
        add(&mut self.partly_decoded, other.partly_decoded);
        add(&mut self.set_aside, other.set_aside);
        add(&mut self.bounded, other.bounded);
        self.beside.merge(other.beside);
    }
}

fn add<K: Ord>(into: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
    for (key, count) in from {
        let sum = into.entry(key).or_default();
        *sum = sum.saturating_add(count);
    }
}
