//! What a destination without a name is, where the traffic itself tells: resolvers and time servers are given to hosts by
//! address, so that no lookup of a name goes before.

use crate::model::Transport;
use crate::observe::{App, Flow};
use crate::wording::{SaidTemplate, word};

/// What a destination without a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nameless {
    /// A server that is asked for names.
    Resolver,
    /// A server that is asked for the time.
    TimeServer,
    /// A collector of log messages.
    LogCollector,
    /// A host of the site that somebody outside called.
    Called,
    /// What nothing tells.
    Unknown,
}

impl Nameless {
    /// What the responder of some flows is, which all go to one port of one address.
    pub(super) fn of<'a>(flows: impl Iterator<Item = &'a Flow> + Clone, from_site: bool) -> Self {
        let any = |wanted: &dyn Fn(&Flow) -> bool| flows.clone().any(wanted);
        let has = |app: App, flow: &Flow| flow.app.has(app);
        // A server that never answered is told by its port: 53 (RFC 1035), 853 (RFC 7858, RFC 9250), 123 (RFC 5905),
        // 514 over UDP (RFC 5426) and 6514 (RFC 5425).
        let silent = |flow: &Flow, port: u16| flow.responder.port == port && flow.app == App(0);
        let udp = |flow: &Flow| flow.transport == Transport::Udp;
        if !from_site {
            Self::Called
        } else if any(&|f| has(App::DNS, f) || silent(f, 53) || f.responder.port == 853) {
            Self::Resolver
        } else if any(&|f| has(App::NTP, f) || (udp(f) && silent(f, 123))) {
            Self::TimeServer
        } else if any(&|f| {
            has(App::SYSLOG, f) || (udp(f) && silent(f, 514)) || f.responder.port == 6514
        }) {
            Self::LogCollector
        } else {
            Self::Unknown
        }
    }

    /// What it is, where the message has to say so.
    pub(super) const fn words(&self) -> Option<&'static SaidTemplate> {
        match self {
            Self::Resolver => Some(word!(a_resolver, "a resolver on no list")),
            Self::TimeServer => Some(word!(a_time_server, "a time server on no list")),
            Self::LogCollector => Some(word!(a_log_collector, "a log collector on no list")),
            Self::Called | Self::Unknown => None,
        }
    }

    /// What to do about it.
    pub(super) const fn advice(self) -> &'static SaidTemplate {
        match self {
            Self::Resolver => {
                word!(
                    do_find_resolver,
                    "find out where the host has this resolver from (DHCP, its configuration, a program of its own); list it in the site file as a name server, or have the host ask the listed one"
                )
            }
            Self::TimeServer => {
                word!(
                    do_find_time_server,
                    "find out where the host has this time server from (DHCP, its configuration); list it in the site file, or have the host ask the listed one"
                )
            }
            Self::LogCollector => {
                word!(
                    do_find_log_sender,
                    "find out what sends log messages there; list the collector in the site file, or stop it"
                )
            }
            Self::Called => word!(
                do_find_caller,
                "find out who calls this host, and whether it is meant to be called"
            ),
            Self::Unknown => {
                word!(
                    do_start_earlier,
                    "find the program; start the capture earlier so that its DNS lookup is seen"
                )
            }
        }
    }
}
