//! Which flows are audited at all.

use std::net::IpAddr;

use crate::model::{Transport, is_group};
use crate::observe::{App, Flow};
use crate::rules::{Library, Profile, Subject, is_private};
use crate::wording::{Phrase, SaidTemplate, phrase, word};

/// Why a flow is not audited.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutOfScope {
    /// Neither end is a host of the site.
    NoAuditedHost,
    /// The site file says to ignore it.
    Ignored(String),
    /// It goes to a declared proxy, and what is asked for there is not in clear.
    HiddenByProxy,
    /// Both ends are the same host's own (127.0.0.0/8, RFC 1122 section 3.2.1.3; ::1, RFC 4291 section 2.5.3), and the
    /// site file puts neither in a role.
    Loopback,
    /// What hosts need to be on a network at all: address assignment, neighbour and service discovery, routing.
    Housekeeping(&'static SaidTemplate),
}

impl OutOfScope {
    /// In words.
    #[must_use]
    pub fn words(&self) -> Phrase {
        match self {
            Self::NoAuditedHost => word!(scope_no_host, "neither end is a host of the site").into(),
            Self::Loopback => word!(scope_loopback, "loopback: a host that talks to itself").into(),
            Self::Ignored(about) if about.is_empty() => {
                word!(scope_ignored, "ignored by the site file").into()
            }
            Self::Ignored(about) => {
                phrase!(scope_ignored_as, "ignored by the site file: {about}", about)
            }
            Self::HiddenByProxy => word!(
                scope_proxy,
                "to the declared proxy, in a form that hides what is behind it"
            )
            .into(),
            Self::Housekeeping(what) => {
                phrase!(scope_housekeeping, "network housekeeping: {what}", what)
            }
        }
    }
}

/// Why a flow is not audited; `None` where it is.
#[must_use]
pub(super) fn out_of_scope(
    flow: &Flow,
    subject: &Subject<'_>,
    profile: &Profile,
    library: &Library,
) -> Option<OutOfScope> {
    let (from, to) = (subject.initiator, flow.responder);
    if let Some(about) = profile.ignored(subject) {
        return Some(OutOfScope::Ignored(about.to_owned()));
    }
    if is_loopback(from) && is_loopback(to.ip) {
        let listed = |ip| !profile.roles_of(ip).is_empty();
        if profile.is_default() || !(listed(from) || listed(to.ip)) {
            return Some(OutOfScope::Loopback);
        }
    }
    if let Some(what) = housekeeping(flow) {
        return Some(OutOfScope::Housekeeping(what));
    }
    let lookup = to.port == 53 && flow.app.has(App::DNS);
    if lookup && profile.is_silent_on_lookups(library, from, to.ip) {
        return Some(OutOfScope::Housekeeping(word!(
            keep_lookups,
            "lookups of names"
        )));
    }
    // From outside to any host that has a role, also one from which nothing is opened, such as a log collector.
    let inbound = !is_private(from) && !profile.roles_of(to.ip).is_empty();
    let audited = profile.is_audited(from) || profile.is_audited(to.ip) || inbound;
    (!audited).then_some(OutOfScope::NoAuditedHost)
}

/// Traffic that no requirement page lists and every network has.
fn housekeeping(flow: &Flow) -> Option<&'static SaidTemplate> {
    let to = flow.responder;
    match flow.transport {
        Transport::Icmp | Transport::Icmpv6 => return Some(word!(keep_icmp, "ICMP")),
        Transport::Other(2) => return Some(word!(keep_groups, "group membership")),
        Transport::Other(88 | 89 | 103 | 112) => {
            return Some(word!(keep_routing, "routing and redundancy protocols"));
        }
        _ => {}
    }
    let udp = flow.transport == Transport::Udp;
    match to.port {
        67 | 68 | 546 | 547 if udp => return Some(word!(keep_addresses, "address assignment")),
        5353 | 5355 if udp => {
            return Some(word!(keep_discovery, "name discovery on the link"));
        }
        137 | 138 if udp && is_to_many(flow) => {
            return Some(word!(keep_discovery, "name discovery on the link"));
        }
        _ => {}
    }
    if flow.app.has(App::MDNS) {
        return Some(word!(keep_discovery, "name discovery on the link"));
    }
    is_to_many(flow).then_some(word!(keep_multicast, "multicast or broadcast"))
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Whether it goes to more than one host: by its address, or as what is sent to all of a network looks. An address that ends
/// in 255 is that only where the network ends there: who is asked by TCP, or answers, is a host.
fn is_to_many(flow: &Flow) -> bool {
    let directed = match flow.responder.ip.to_canonical() {
        IpAddr::V4(ip) => ip.octets()[3] == 255 && ip.is_private(),
        IpAddr::V6(_) => false,
    };
    let heard = flow.transport == Transport::Tcp || flow.back.packets > 0;
    is_group(flow.responder.ip) || directed && !heard
}
