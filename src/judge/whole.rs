//! What only the whole of a capture tells, and no rule: each share of it is judged with this beside it.

use std::net::IpAddr;

use foldhash::HashSet;
use rayon::prelude::*;

use super::clock::{EarlyPackets, Unopened};
use super::outer_names::OuterRecords;
use super::translation::TranslationFacts;
use super::trust::{MirrorTally, Trust, TrustTally};
use super::unread::UnreadTally;
use crate::model::{BoxedList, Merge};
use crate::observe::{Capture, Flow};

/// What each of some parts tells, merged.
pub(super) fn merged<'p, P: Sync, T: Merge + Send>(
    parts: &'p [P],
    of: impl Fn(&'p P) -> T + Sync + Send,
) -> T {
    let told = parts.par_iter().with_max_len(1).map(of);
    let whole = told.reduce_with(|mut one, other| {
        one.merge(other);
        one
    });
    whole.unwrap_or_default()
}

/// What only the whole of a capture tells, and no rule.
#[derive(Debug)]
pub(super) struct WholeFacts<'a> {
    /// Where its tally, links and times stand: in each share.
    pub(super) head: &'a Capture,
    /// Whether there is a flow.
    pub(super) has_flows: bool,
    /// Whether there is a lookup.
    pub(super) has_dns: bool,
    /// Whether any host went somewhere over IPv6.
    pub(super) over_ipv6: bool,
    /// Connections that show that a clock was set back.
    pub(super) set_back: EarlyPackets,
    /// What it was captured from.
    pub(super) mirror: MirrorTally,
    /// What was not read.
    pub(super) unread: UnreadTally,
    /// What tells of address translation.
    pub(super) translation: TranslationFacts,
    /// Names that stand in clear for others.
    pub(super) outer: OuterRecords,
    /// All names that somebody asked for.
    pub(super) asked: AskedNames<'a>,
    /// How far it can be trusted.
    pub(super) trust: Trust,
}

impl<'a> WholeFacts<'a> {
    /// Of all its shares; `head` is any of them.
    pub(super) fn of(shares: &[&'a Capture], head: &'a Capture) -> Self {
        let (flows, dns) = rayon::join(
            || merged(shares, |share| FlowFacts::of(&share.flows)),
            || merged(shares, |share| DnsAside::of(share)),
        );
        let set_back = merged(shares, |share| {
            EarlyPackets::of(&share.flows, &flows.unopened)
        });
        let mut whole = Self {
            head,
            has_flows: shares.iter().any(|share| !share.flows.is_empty()),
            has_dns: shares.iter().any(|share| !share.dns.is_empty()),
            over_ipv6: flows.over_ipv6,
            set_back,
            mirror: flows.mirror,
            unread: flows.unread,
            translation: dns.translation,
            outer: dns.outer,
            asked: dns.asked,
            trust: Trust::default(),
        };
        whole.trust = Trust::of(&whole, &flows.trust);
        whole
    }
}

/// What flows tell of the whole. Merges part by part.
#[derive(Debug, Default)]
struct FlowFacts<'a> {
    trust: TrustTally,
    unopened: Unopened<'a>,
    mirror: MirrorTally,
    unread: UnreadTally,
    over_ipv6: bool,
}

impl<'a> FlowFacts<'a> {
    fn of(flows: &'a BoxedList<Flow>) -> Self {
        Self {
            trust: TrustTally::of(flows),
            unopened: Unopened::of(flows),
            mirror: MirrorTally::of(flows),
            unread: UnreadTally::of(flows),
            over_ipv6: flows.iter().any(over_ipv6),
        }
    }
}

impl Merge for FlowFacts<'_> {
    fn merge(&mut self, other: Self) {
        self.trust.merge(other.trust);
        self.unopened.merge(other.unopened);
        self.mirror.merge(other.mirror);
        self.unread.merge(other.unread);
        self.over_ipv6 |= other.over_ipv6;
    }
}

/// Whether a flow goes between two global IPv6 addresses.
fn over_ipv6(flow: &Flow) -> bool {
    let global = |ip: IpAddr| match ip {
        IpAddr::V6(ip) => ip.segments()[0] >> 13 == 1,
        IpAddr::V4(_) => false,
    };
    global(flow.initiator.ip) && global(flow.responder.ip)
}

/// What lookups tell of the whole, whoever asked. Merges part by part.
#[derive(Debug, Default)]
struct DnsAside<'a> {
    translation: TranslationFacts,
    outer: OuterRecords,
    asked: AskedNames<'a>,
}

impl<'a> DnsAside<'a> {
    fn of(capture: &'a Capture) -> Self {
        Self {
            translation: TranslationFacts::of(capture),
            outer: OuterRecords::of(&capture.dns),
            asked: AskedNames::of(capture),
        }
    }
}

impl Merge for DnsAside<'_> {
    fn merge(&mut self, other: Self) {
        self.translation.merge(other.translation);
        self.outer.merge(other.outer);
        self.asked.merge(other.asked);
    }
}

/// Names that somebody asked for. Merges by union.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AskedNames<'a>(HashSet<&'a str>);

impl<'a> AskedNames<'a> {
    fn of(capture: &'a Capture) -> Self {
        let asked = capture.dns.iter();
        let asked = asked.filter_map(|lookup| lookup.query.as_ref());
        Self(asked.map(|name| name.as_str()).collect())
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a name is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

impl Merge for AskedNames<'_> {
    fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn names_that_shares_asked_for_merge_in_any_order() {
        let asked = |names: &[&'static str]| AskedNames(names.iter().copied().collect());
        hold(&[asked(&["a.test", "b.test"]), asked(&["b.test"]), asked(&[])]);
    }

    #[test]
    fn of_no_part_nothing_is_told_and_of_one_what_it_tells() {
        let asked = |names: &[&'static str]| AskedNames(names.iter().copied().collect());
        assert!(merged(&[] as &[u8], |_| asked(&["a.test"])).is_empty());
        assert_eq!(merged(&[1], |_| asked(&["a.test"])), asked(&["a.test"]));
        let of = |part: &u8| asked(if *part == 1 { &["a.test"] } else { &["b.test"] });
        assert_eq!(merged(&[1, 2], of), asked(&["a.test", "b.test"]));
    }
}
