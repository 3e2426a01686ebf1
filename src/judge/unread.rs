//! What a capture holds and pktaudit does not read, by format: nothing found there is no good news.

use std::collections::BTreeMap;

use crate::model::{BoxedList, HIDING, Merge, Transport, link_type_name};
use crate::observe::{App, Capture, Flow, Undecoded};

/// Headers of taps, switches and firewalls: a frame of theirs that cannot be read is not a kind of frame without IP.
const TAP_HEADERS: [(&str, &str); 4] = [
    ("arista", "Arista tap header"),
    ("erf", "Endace ERF"),
    ("juniper", "Juniper Junos header"),
    ("pflog", "OpenBSD/FreeBSD pflog"),
];
/// One-way datagrams of a flow from which on it is a stream to a collector.
const STREAM: u64 = 3;

/// What was set aside or passed by for its format, one sentence each, with what to do.
#[must_use]
pub fn unread(capture: &Capture) -> Vec<String> {
    UnreadTally::of(&capture.flows).told(capture)
}

/// Streams to collectors in which packets lie that were not opened: datagrams, by what they carry and to whom. Merges by sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnreadTally(BTreeMap<(&'static str, String), u64>);

impl UnreadTally {
    pub(super) fn of(flows: &BoxedList<Flow>) -> Self {
        Self(mirrors(flows))
    }

    /// What was set aside or passed by for its format, one sentence each, with what to do. Ascending by reason.
    pub(super) fn told(&self, capture: &Capture) -> Vec<String> {
        let aside = capture.tally.set_aside.iter();
        let mut aside: Vec<_> = aside
            .map(|(why, count)| (why.to_string(), why, *count))
            .collect();
        aside.sort();
        let aside = aside.into_iter();
        let aside = aside.filter_map(|(_, why, count)| frames(why, count));
        let streams = self.0.iter();
        let streams = streams.filter(|((kind, _), count)| **count >= STREAM || *kind == SAMPLES);
        aside
            .chain(streams.map(|((kind, collector), count)| stream(kind, collector, *count)))
            .collect()
    }
}

impl Merge for UnreadTally {
    fn merge(&mut self, other: Self) {
        for (stream, datagrams) in other.0 {
            *self.0.entry(stream).or_default() += datagrams;
        }
    }
}

/// Frames set aside for such a reason, in words; `None` where the reason is another.
fn frames(why: &Undecoded, count: u64) -> Option<String> {
    let counted = match count {
        1 => "1 frame".to_owned(),
        _ => format!("{count} frames"),
    };
    match why {
        Undecoded::LinkType(number) => {
            let (name, network) = link_type_name(*number).unwrap_or(("not known", true));
            network.then(|| {
                format!(
                    "{counted} of link type {number} ({name}) were not read: capture on the interface itself (Ethernet), or convert them"
                )
            })
        }
        Undecoded::NotIp(layer, number) if layer == HIDING => Some(format!(
            "{counted} with the EtherType 0x{number:04x} carry IP behind a header that is not known and were not read: let the tap or switch leave its header out"
        )),
        Undecoded::NotIp(layer, number) => {
            let form = format!("0x{number:04x}");
            tap_header(layer, &form, &counted)
        }
        Undecoded::Malformed(layer, why) => tap_header(layer, &why.replace('-', " "), &counted),
        _ => None,
    }
}

/// Frames with a header of that layer that cannot be read; `None` where it is no tap's.
fn tap_header(layer: &str, form: &str, counted: &str) -> Option<String> {
    let (_, name) = TAP_HEADERS.iter().find(|(known, _)| *known == layer)?;
    Some(format!(
        "{counted} with a header of {name} were not read ({form}): capture without it, or convert them"
    ))
}

/// What samples of packets are called.
const SAMPLES: &str = "sFlow samples";

fn mirrors(flows: &BoxedList<Flow>) -> BTreeMap<(&'static str, String), u64> {
    let mut streams: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for flow in flows {
        let one_way = flow.back.packets == 0 || flow.out.packets == 0;
        let kind = if flow.app.has(App::SFLOW) {
            SAMPLES
        } else if flow.app.has(App::MIRROR) {
            "mirrored frames in an encapsulation that is not known"
        } else {
            continue;
        };
        if flow.transport == Transport::Udp && one_way {
            let datagrams = flow.out.packets + flow.back.packets;
            let collector = flow.responder.to_string();
            *streams.entry((kind, collector)).or_default() += datagrams;
        }
    }
    streams
}

/// A stream in words.
fn stream(kind: &str, collector: &str, datagrams: u64) -> String {
    let (opened, advice) = match kind {
        SAMPLES => (
            "",
            "samples prove no absence and no silence; capture all packets",
        ),
        _ => (
            " and were not opened",
            "mirror with VXLAN, GENEVE, ERSPAN, GRE or TZSP, or capture where they come from",
        ),
    };
    format!("{datagrams} datagrams to {collector} carry {kind}{opened}: {advice}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn formats_are_named_and_what_has_no_ip_is_not() {
        let told = |why: Undecoded| frames(&why, 16).unwrap_or_default();
        let not_ip = |layer: &'static str, number| Undecoded::NotIp(layer.into(), number);
        let malformed =
            |layer: &'static str, why: &'static str| Undecoded::Malformed(layer.into(), why.into());
        assert!(told(Undecoded::LinkType(137)).contains("link type 137 (Juniper ATM1)"));
        assert!(told(Undecoded::LinkType(9999)).contains("not known"));
        assert!(told(not_ip(HIDING, 0x88b5)).contains("EtherType 0x88b5"));
        assert!(told(not_ip("arista", 0x33)).contains("Arista"));
        assert!(told(not_ip("arista", 0x33)).contains("(0x0033)"));
        let cut = malformed("pflog", "header length below 40");
        assert!(told(cut).contains("header length below 40"));
        for innocent in [
            Undecoded::Arp,
            not_ip("ethertype", 0x88cc),
            not_ip("llc", 0x42),
            Undecoded::Truncated("pflog".into()),
            malformed("ipv4", "header length below 5"),
            Undecoded::LinkType(189),
            Undecoded::OtherPoint,
        ] {
            assert_eq!(frames(&innocent, 16), None, "{innocent}");
        }
    }

    #[test]
    fn streams_merge_by_sum_and_are_told_by_the_sum() {
        let streams = |datagrams| {
            let to = |collector: &str| ("mirrored", collector.to_owned());
            UnreadTally([(to("192.0.2.9:5555"), datagrams), (to("192.0.2.8:1"), 1)].into())
        };
        hold(&[streams(1), streams(2), streams(5)]);
    }
}
