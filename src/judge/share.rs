//! Shares of a capture: all that some hosts opened and asked. What one host did is in one share, so that nearly all that is
//! said of it rests on its share alone; what does not is merged from all of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::finding::Finding;
use super::flow_verdict::FlowVerdict;
use super::hosts::{Hosts, NotedHosts, Speakers};
use super::intent::{Intent, sort_key};
use super::lookup::Lookups;
use super::resolvers::{GivenNames, Resolvers};
use super::whole::{WholeFacts, merged};
use crate::observe::{Capture, FlowId};
use crate::rules::RuleSet;
use crate::wording::Phrase;

/// A share of a capture. What no host has, it has of the whole: tally, links, times and numbers of frames.
#[derive(Clone, Copy, Debug)]
pub struct CaptureShare<'a> {
    capture: &'a Capture,
    places: Option<&'a [FlowId]>,
}

impl<'a> CaptureShare<'a> {
    /// A share whose flows have these places among all flows of the capture, ascending. All addresses of one host belong into
    /// one share: those of one network card, and a host's own with the one by which it reaches IPv4.
    #[must_use]
    pub const fn new(capture: &'a Capture, places: &'a [FlowId]) -> Self {
        Self {
            capture,
            places: Some(places),
        }
    }

    /// The whole as its only share.
    #[must_use]
    pub const fn whole(capture: &'a Capture) -> Self {
        Self {
            capture,
            places: None,
        }
    }

    /// Its flows and lookups.
    pub(super) const fn capture(self) -> &'a Capture {
        self.capture
    }

    /// The place of a flow of its own among all flows.
    pub(super) fn place(self, id: FlowId) -> FlowId {
        let places = self.places.map(|places| places.get(id.0 as usize));
        places.flatten().copied().unwrap_or(id)
    }
}

/// A share with who its hosts are.
#[derive(Debug)]
pub(super) struct HostShare<'a> {
    pub(super) capture: &'a Capture,
    pub(super) hosts: Hosts,
}

impl<'a> HostShare<'a> {
    /// Of all shares. What stands for what is the same in all of them.
    pub(super) fn each(
        shares: &[CaptureShare<'a>],
        known: (&WholeFacts<'_>, &RuleSet),
    ) -> Vec<Self> {
        let (whole, rules) = known;
        let captures = || shares.iter().map(|share| share.capture());
        let begun = captures().map(|capture| (capture, Hosts::begun(capture, whole, rules)));
        let begun: Vec<(&Capture, Hosts)> = begun.collect();
        let speakers = merged(&begun, |(capture, hosts)| {
            Speakers::of(capture, hosts, rules.profile())
        });
        let concluded = begun.into_iter().map(|(capture, hosts)| Self {
            capture,
            hosts: hosts.concluded(capture, &speakers, known),
        });
        concluded.collect()
    }

    /// What the head of the report says of the hosts.
    pub(super) fn notes(shares: &[Self]) -> Vec<Phrase> {
        let noted: NotedHosts = merged(shares, |share| share.hosts.noted(share.capture));
        noted.notes()
    }

    /// How the lookups of each share went.
    pub(super) fn lookups(shares: &[Self], whole: &WholeFacts<'_>) -> Vec<Lookups> {
        let resolvers = shares.iter();
        let resolvers = resolvers.map(|share| (share, Resolvers::of(&share.capture.dns)));
        let mut resolvers: Vec<(&Self, Resolvers<'_>)> = resolvers.collect();
        let unanswered = merged(&resolvers, |(_, resolvers)| resolvers.unanswered_names());
        let given = merged(&resolvers, |(share, _)| {
            GivenNames::of(&share.capture.dns, &unanswered)
        });
        let each = resolvers.iter_mut().map(|(share, resolvers)| {
            resolvers.compare(&given);
            let when = (share.capture.end(), &whole.trust);
            Lookups::of(&share.capture.dns, resolvers, when, &share.hosts)
        });
        each.collect()
    }
}

/// A share with what is said of it.
#[derive(Debug)]
pub(super) struct JudgedShare<'a> {
    pub(super) share: CaptureShare<'a>,
    pub(super) hosts: Hosts,
    pub(super) lookups: Lookups,
    pub(super) flows: Vec<FlowVerdict>,
}

impl<'a> JudgedShare<'a> {
    /// Of all shares.
    pub(super) fn each(
        shares: &[CaptureShare<'a>],
        hosted: Vec<HostShare<'a>>,
        lookups: Vec<Lookups>,
        flows: Vec<Vec<FlowVerdict>>,
    ) -> Vec<Self> {
        let told = hosted.into_iter().zip(lookups).zip(flows);
        let judged = shares.iter().zip(told);
        let judged = judged.map(|(share, ((hosted, lookups), flows))| Self {
            share: *share,
            hosts: hosted.hosts,
            lookups,
            flows,
        });
        judged.collect()
    }

    /// The addresses that flows of all shares go to which stand for others.
    pub(super) fn translated(shares: &[Self]) -> BTreeMap<IpAddr, IpAddr> {
        let translated = |share: &Self| share.hosts.translated(share.share.capture);
        shares.iter().flat_map(translated).collect()
    }

    /// What is said of the flows of all shares, each at its place.
    pub(super) fn join_flows(shares: Vec<Self>) -> Vec<FlowVerdict> {
        let whole = |share: &Self| share.share.places.is_none();
        if shares.iter().all(whole) {
            return shares.into_iter().flat_map(|share| share.flows).collect();
        }
        let placed = shares.into_iter().flat_map(|share| {
            let places = (0..).map(move |place| share.share.place(FlowId(place)));
            places.zip(share.flows)
        });
        let mut placed: Vec<(FlowId, FlowVerdict)> = placed.collect();
        placed.sort_unstable_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, verdict)| verdict).collect()
    }
}

/// Intents of all shares as one list.
#[derive(Debug)]
pub(super) struct JoinedIntents {
    /// Ascending by start, with the places that flows have in the whole.
    pub(super) all: Vec<Intent>,
    /// By share: the place of each of its own in the list; `None` where there is but one share.
    places: Option<Vec<Vec<usize>>>,
}

impl JoinedIntents {
    /// Joins lists that ascend by start, each of another share.
    pub(super) fn of(shares: &[JudgedShare<'_>], own: Vec<Vec<Intent>>) -> Self {
        if let [JudgedShare { share, .. }] = shares
            && share.places.is_none()
        {
            return Self {
                all: own.into_iter().flatten().collect(),
                places: None,
            };
        }
        let mut places: Vec<Vec<usize>> = own.iter().map(|own| vec![0; own.len()]).collect();
        let mut joined: Vec<((usize, usize), Intent)> = Vec::new();
        for (number, (share, own)) in shares.iter().zip(own).enumerate() {
            for (place, mut intent) in own.into_iter().enumerate() {
                let attempts = intent.attempts.iter_mut();
                attempts.for_each(|id| *id = share.share.place(*id));
                joined.push(((number, place), intent));
            }
        }
        // A host's are all of one share, and stay in its order.
        joined.sort_by(|(_, a), (_, b)| sort_key(a).cmp(&sort_key(b)));
        for (at, ((number, place), _)) in joined.iter().enumerate() {
            places[*number][*place] = at;
        }
        Self {
            all: joined.into_iter().map(|(_, intent)| intent).collect(),
            places: Some(places),
        }
    }

    /// Gives a share's findings the places of the whole.
    pub(super) fn place(
        &self,
        number: usize,
        shares: &[JudgedShare<'_>],
        findings: &mut [Finding],
    ) {
        let share = shares.get(number).map(|share| share.share);
        let Some(places) = self.places.as_ref().and_then(|places| places.get(number)) else {
            return;
        };
        for finding in findings {
            for id in &mut finding.flows {
                *id = share.map_or(*id, |share| share.place(*id));
            }
            for place in &mut finding.intents {
                *place = places.get(*place).copied().unwrap_or(*place);
            }
        }
    }
}
