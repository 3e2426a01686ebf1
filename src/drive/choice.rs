//! Which frames of the captures count: of one point, of a time, of some hosts, or those that a filter lets through. The others
//! are set aside and counted, each with its reason, and keep their numbers.

use std::ops::Range;

use ipnet::IpNet;

use super::point::{Elsewhere, Point};
use crate::decode::Decoded;
use crate::model::{CaptureTime, Merge, TimeSpan};
use crate::observe::Undecoded;
use crate::source::{Batch, Filter, Frame, Interface};

/// Which frames count; all unless something is said.
#[derive(Clone, Debug, Default)]
pub struct FrameChoice {
    /// Those that were captured here.
    pub point: Point,
    /// Those from this time on.
    pub since: Option<CaptureTime>,
    /// Those before this time.
    pub until: Option<CaptureTime>,
    /// Those of packets from or to these networks, where any is named.
    pub hosts: Vec<IpNet>,
    /// Those that it lets through.
    pub filter: Option<Filter>,
}

impl FrameChoice {
    /// As it is, but at another point.
    #[must_use]
    pub fn at(&self, point: Point) -> Self {
        Self {
            point,
            ..self.clone()
        }
    }

    /// Whether no frame of this time or later counts.
    #[must_use]
    pub fn is_over(&self, time: CaptureTime) -> bool {
        self.until.is_some_and(|until| until <= time)
    }

    /// A time, or the first that counts where that is later.
    #[must_use]
    pub fn not_before(&self, time: CaptureTime) -> CaptureTime {
        self.since.map_or(time, |since| since.max(time))
    }

    /// Which frames do not count, where interfaces are described so.
    pub(crate) fn others(&self, interfaces: &[Interface]) -> Others {
        let elsewhere = self.point.elsewhere(interfaces);
        let by_time = self.since.is_some() || self.until.is_some();
        Others {
            any: elsewhere.any() || by_time,
            elsewhere,
            since: self.since,
            until: self.until,
            hosts: self.hosts.clone(),
        }
    }

    /// What leaves out packets of the time that is looked at, in the words of pcap; each is told as a filter of the capture.
    pub(crate) fn filters(&self) -> impl Iterator<Item = String> {
        let hosts = self.hosts.iter().map(|network| match network.prefix_len() {
            length if length == network.max_prefix_len() => format!("host {}", network.addr()),
            _ => format!("net {network}"),
        });
        let hosts = hosts.collect::<Vec<_>>().join(" or ");
        let filter = self.filter.iter().map(ToString::to_string);
        filter.chain((!hosts.is_empty()).then_some(hosts))
    }
}

/// Which frames do not count, but for those that a filter keeps back.
#[derive(Debug, Default)]
pub(crate) struct Others {
    /// Whether there can be any that interfaces and times tell.
    any: bool,
    elsewhere: Elsewhere,
    since: Option<CaptureTime>,
    until: Option<CaptureTime>,
    hosts: Vec<IpNet>,
}

impl Others {
    /// Those of interfaces that are named by their ordinals; an empty list names none.
    pub(super) fn of_interfaces(interfaces: &[bool]) -> Self {
        Self {
            any: !interfaces.is_empty(),
            elsewhere: Elsewhere::by_ordinal(interfaces),
            ..Self::default()
        }
    }

    /// Why a frame does not count; `None` where it may.
    #[inline]
    pub(super) fn why(&self, frame: &Frame<'_>) -> Option<Undecoded> {
        match self.any {
            true => self.why_any(frame),
            false => None,
        }
    }

    fn why_any(&self, frame: &Frame<'_>) -> Option<Undecoded> {
        if self.elsewhere.has(frame) {
            return Some(Undecoded::OtherPoint);
        }
        (!self.is_in_time(frame.time)).then_some(Undecoded::LeftOut)
    }

    /// Whether a frame that may count does not for whose packet it is.
    #[inline]
    pub(super) fn is_of_others(&self, decoded: &Decoded<'_>) -> bool {
        !self.hosts.is_empty() && !self.is_of_hosts(decoded)
    }

    fn is_of_hosts(&self, decoded: &Decoded<'_>) -> bool {
        let Decoded::Packet(packet) = decoded else {
            return false;
        };
        let ends = [packet.source, packet.destination].map(|ip| ip.to_canonical());
        let mut hosts = self.hosts.iter();
        hosts.any(|network| ends.iter().any(|ip| network.contains(ip)))
    }

    fn is_in_time(&self, time: CaptureTime) -> bool {
        self.since.is_none_or(|since| since <= time) && self.until.is_none_or(|until| time < until)
    }

    /// From the earliest to the latest time looked at of the frames at some places: what lies beyond is as if the capture had
    /// ended there.
    pub(super) fn span_of(&self, batch: &Batch, part: Range<usize>) -> TimeSpan {
        let whole = batch.span_of(part.clone());
        if self.is_in_time(whole.first) && self.is_in_time(whole.last) {
            return whole;
        }
        let mut span = TimeSpan::default();
        for (time, ..) in batch.times_of(part) {
            if self.is_in_time(time) {
                span.merge(TimeSpan::at(time));
            }
        }
        span
    }
}
