//! The names of a flow: what was said in it, what DNS answered, what was told before.

use std::collections::BTreeMap;

use thin_vec::ThinVec;

use super::flow::Flow;
use super::names::Directory;
use super::run::{FlowRecord, SaidBy};
use crate::model::{BoxedList, Endpoint, Fqdn, Side, Stamp, words};

words! {
    /// Where a name was taken from; the better source comes first.
    pub enum NameSource {
        /// SNI of a TLS ClientHello.
        TlsSni = "tls_sni",
        /// SNI of a QUIC Initial.
        QuicSni = "quic_sni",
        /// HTTP CONNECT target.
        HttpConnect = "http_connect",
        /// HTTP Host header or absolute URI.
        HttpHost = "http_host",
        /// The connection that this one joins as a further path (Multipath TCP).
        PathOf = "mptcp_join",
        /// A DNS answer that had the responder's address.
        DnsAnswer = "dns_answer",
        /// A server certificate in clear.
        TlsCertificate = "tls_certificate",
        /// Told before the capture began.
        Seed = "seed",
    }
}

impl NameSource {
    /// Whether the initiator itself said in this flow whom it wants: such a name outranks all others.
    #[must_use]
    pub const fn is_said_by_initiator(self) -> bool {
        matches!(
            self,
            Self::TlsSni | Self::QuicSni | Self::HttpHost | Self::HttpConnect
        )
    }
}

/// A name put to a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub fqdn: Fqdn,
    /// Where it was taken from.
    pub source: NameSource,
    /// When and in which frame.
    pub at: Stamp,
    /// The port said with it (CONNECT, Host), 0 where none was.
    pub port: u16,
    /// Of a DNS answer: whether the flow's initiator had asked.
    pub same_client: bool,
    /// Of a DNS answer: whether it had run out when the flow began.
    pub stale: bool,
    /// Of a DNS answer: the name that was asked for next and got the address, where this one was an alias alone.
    pub via: Option<Fqdn>,
}

/// The names of a run whose initiator is `side`, best source first.
pub(super) fn names(
    run: &FlowRecord,
    side: Side,
    initiator: Endpoint,
    responder: Endpoint,
    directory: &Directory,
) -> ThinVec<Name> {
    let mut names = said(run, side);
    let start = run.span.0;
    names.extend(
        directory
            .candidates(initiator.ip, responder.ip, start)
            .into_iter()
            .map(|candidate| Name {
                fqdn: candidate.asked,
                source: NameSource::DnsAnswer,
                at: candidate.stamp,
                port: 0,
                same_client: candidate.same_client,
                stale: candidate.stale,
                via: candidate.via,
            }),
    );
    let told = directory.told(initiator.ip, responder.ip);
    names.extend(told.into_iter().map(|(same_client, name)| Name {
        fqdn: name.clone(),
        source: NameSource::Seed,
        at: start,
        port: 0,
        same_client,
        stale: false,
        via: None,
    }));
    names.sort_by_key(|name| name.source);
    names.shrink_to_fit();
    names
}

/// The names that were said in a run, one entry a source, name and port, the earliest: the same hello may have come
/// twice.
fn said(run: &FlowRecord, side: Side) -> ThinVec<Name> {
    let mut said: BTreeMap<(NameSource, &Fqdn, u16), Stamp> = BTreeMap::new();
    for name in &run.names {
        let (source, by_initiator) = match name.by {
            SaidBy::TlsSni => (NameSource::TlsSni, true),
            SaidBy::QuicSni => (NameSource::QuicSni, true),
            SaidBy::HttpHost => (NameSource::HttpHost, true),
            SaidBy::HttpConnect => (NameSource::HttpConnect, true),
            SaidBy::Certificate => (NameSource::TlsCertificate, false),
        };
        if (name.side == side) == by_initiator {
            let at = said
                .entry((source, &name.fqdn, name.port))
                .or_insert(name.stamp);
            *at = name.stamp.min(*at);
        }
    }
    let names = said.into_iter().map(|((source, fqdn, port), at)| Name {
        fqdn: fqdn.clone(),
        source,
        at,
        port,
        same_client: true,
        stale: false,
        via: None,
    });
    names.collect()
}

/// A further path of a connection has the names of that connection.
pub(super) fn name_paths(flows: &mut BoxedList<Flow>) {
    if flows.iter().all(|flow| flow.joins.is_none()) {
        return;
    }
    // Of a token that two connections have it cannot be told which one is meant.
    let mut leads: BTreeMap<u32, Option<usize>> = BTreeMap::new();
    for (place, flow) in flows.iter().enumerate() {
        if let Some(token) = flow.token {
            leads
                .entry(token)
                .and_modify(|lead| *lead = None)
                .or_insert(Some(place));
        }
    }
    for place in 0..flows.len() {
        let token = flows[place].joins;
        let Some(lead) = token.and_then(|token| *leads.get(&token)?) else {
            flows[place].joins = None;
            continue;
        };
        let lead = &flows[lead];
        let best = lead.names.first().map(|name| name.source);
        let names = lead.names.iter().filter(|name| Some(name.source) == best);
        let names = names.map(|name| Name {
            source: NameSource::PathOf,
            ..name.clone()
        });
        let mut names: ThinVec<Name> = names.collect();
        names.append(&mut flows[place].names);
        names.sort_by_key(|name| name.source);
        flows[place].names = names;
    }
}
