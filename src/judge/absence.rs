//! Why a requirement was not exercised, as far as packets tell.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::attempt::AttemptOutcome;
use super::census::{Census, NameWay};
use super::coverage::wanted_by_name;
use super::flow_verdict::FlowVerdict;
use super::intent::Intent;
use super::requirement_tally::Present;
use super::requirement_verdict::{NotSeen, RequirementStatus};
use super::shade::Shade;
use super::share::JudgedShare;
use crate::model::{CaptureTime, Fqdn, Merge, Transport};
use crate::observe::{App, Flow, FlowId, NameSource, StreamFact};
use crate::rules::{Destination, Requirement, RequirementIndex, RuleSet, Scratch, Target, Via};
use crate::wording::{Phrase, phrase, word};

/// What tells why a requirement was not exercised.
pub(super) struct Absence<'a> {
    pub(super) present: &'a Present,
    /// Of these: those of which more is there than samples of packets.
    pub(super) captured: &'a Present,
    /// Whether the capture comes from a mirror of a cloud.
    pub(super) mirror: Option<Mirror>,
    pub(super) census: &'a Census,
    pub(super) rules: &'a RuleSet,
    pub(super) other_way: BTreeSet<RequirementIndex>,
    pub(super) shared: SharedConnections,
}

impl Absence<'_> {
    /// Whom a requirement may have been reached through, where a proxy over TLS hides it.
    pub(super) fn hidden_by_proxy(&self, requirement: RequirementIndex) -> Option<Phrase> {
        let row = self.rules.library().requirement(requirement)?;
        self.hidden(row)
    }

    /// By whom and how names are hidden that a requirement may have.
    fn hidden(&self, row: &Requirement) -> Option<Phrase> {
        let (host, way, gone) = self.census.hides(row, self.rules)?;
        let to: Vec<&str> = gone.responders.iter().map(String::as_str).collect();
        let (used, way, to) = (is_used(way), way.words(), to.join(", "));
        Some(match used {
            false => phrase!(host_has_way, "{host} has {way} ({to})", host, way, to),
            true => phrase!(host_uses_way, "{host} uses {way} ({to})", host, way, to),
        })
    }

    /// Why, and what is to be known beside it.
    pub(super) fn why(
        &self,
        requirement: RequirementIndex,
        had: bool,
        resolved: &[String],
    ) -> (NotSeen, Option<Phrase>) {
        let Some(row) = self.rules.library().requirement(requirement) else {
            return (NotSeen::NoInitiator, None);
        };
        if !self.present.may_initiate(row) {
            return (NotSeen::NoInitiator, None);
        }
        if !self.captured.may_initiate(row) {
            return (NotSeen::Sampled, None);
        }
        if self.mirror.is_some_and(|mirror| mirror.leaves_out(row)) {
            return (NotSeen::NotCarried, None);
        }
        if !resolved.is_empty() && !had {
            return (NotSeen::NoAddress, None);
        }
        if !resolved.is_empty() {
            let mut shared = resolved.iter();
            return match shared.find_map(|name| self.shared.of_name(name, row)) {
                Some(other) => (
                    NotSeen::SharedConnection,
                    Some(phrase!(
                        may_be_over_connection_to,
                        "may have gone over the connection to {other}",
                        other
                    )),
                ),
                None => (NotSeen::ResolvedNeverTried, None),
            };
        }
        let destinations = self.rules.destinations(requirement);
        if !destinations.iter().any(|to| matches!(to, Via::Name { .. })) {
            return match self.other_way.contains(&requirement) {
                true => (NotSeen::OtherWay, None),
                false => (NotSeen::NeverTried, None),
            };
        }
        if let Some((_, other)) = self.shared.certified.get(&requirement) {
            let note = phrase!(
                certificate_has_name_too,
                "the certificate of the connection to {other} has its name too",
                other
            );
            return (NotSeen::SharedConnection, Some(note));
        }
        match self.hidden(row) {
            None => (NotSeen::NeverResolved, None),
            note => (NotSeen::NamesHidden, note),
        }
    }
}

/// Whether a way is one that somebody uses, and not what the capture lacks.
const fn is_used(way: NameWay) -> bool {
    !matches!(way, NameWay::NoLookupSeen | NameWay::OlderThanCapture)
}

/// A mirror of a cloud.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mirror {
    /// Whether it carries lookups: those to a resolver at a link-local address it does not.
    pub(super) has_dns: bool,
}

impl Mirror {
    /// Whether it never carries what a row asks for (AWS: Traffic Mirroring can't mirror ARP, DHCP, instance metadata
    /// service, NTP, Windows activation): by port, by what is spoken, or by a link-local address.
    fn leaves_out(self, row: &Requirement) -> bool {
        const PORTS: [u16; 5] = [67, 68, 123, 546, 547];
        let only = |wanted: &[u16]| {
            let ranges = row.ports.ranges();
            let listed = |(first, last): &(u16, u16)| first == last && wanted.contains(first);
            !ranges.is_empty() && ranges.iter().all(listed)
        };
        let over_udp =
            !row.transport.is_empty() && row.transport.iter().all(|t| *t == Transport::Udp);
        let spoken = |wanted: &[&str]| {
            !row.app.is_empty() && row.app.iter().all(|app| wanted.contains(&app.as_str()))
        };
        let link_local = |to: &Destination| match &to.target {
            Target::Network(network) => {
                LINK_LOCAL.contains(network) || AMAZON_LOCAL.contains(network)
            }
            _ => false,
        };
        let is_dns = spoken(&["dns"]) || only(&[53]);
        over_udp && only(&PORTS)
            || spoken(&["ntp", "dhcp"])
            || !row.to.is_empty() && row.to.iter().all(link_local)
            || is_dns && !self.has_dns
    }
}

/// Where instances find their metadata, time, name servers and activation.
const LINK_LOCAL: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16));
/// The same over IPv6, of Amazon.
const AMAZON_LOCAL: IpNet = IpNet::V6(Ipv6Net::new_assert(
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0),
    32,
));

/// Requirements of DNS in clear whose name server was asked in another way.
pub(super) fn other_way(flows: &[FlowVerdict]) -> BTreeSet<RequirementIndex> {
    let answered = |flow: &&FlowVerdict| !matches!(flow.went, AttemptOutcome::Failed(_));
    let hidden = flows
        .iter()
        .filter(|flow| flow.dns.is_some())
        .filter(answered);
    let misses = hidden.flat_map(|flow| &flow.coverage.misses);
    misses.map(|miss| miss.requirement).collect()
}

/// Why a requirement's standing is not certain, or what it does not say.
pub(super) fn shade_note(
    requirement: RequirementIndex,
    standing: &RequirementStatus,
    places: &[u32],
    intents: &[Intent],
) -> Option<Phrase> {
    let all = || {
        places
            .iter()
            .filter_map(|place| intents.get(*place as usize))
    };
    let shade = |intent: &Intent| {
        let shades = intent.shades.iter();
        shades
            .clone()
            .find(|(r, _)| *r == requirement)
            .map(|(_, shade)| *shade)
    };
    if *standing == RequirementStatus::Satisfied && all().all(|intent| intent.sent_only) {
        return Some(
            word!(sent_and_not_refused, "sent and not refused; the protocol has no answers, so that it arrived cannot be told").into(),
        );
    }
    if *standing == RequirementStatus::Satisfied {
        let certain = all().filter(|intent| shade(intent).is_none());
        let words = match certain.filter_map(|intent| intent.outer).max()? {
            true => {
                word!(
                    satisfied_under_ech,
                    "under ECH: the name stands in clear for others, and what is inside is not visible"
                )
            }
            false => {
                word!(
                    hello_has_ech,
                    "its hello has an encrypted part (ECH), so the name may stand in clear for others"
                )
            }
        };
        return Some(words.into());
    }
    let (intent, shade) = all().find_map(|intent| Some((intent, shade(intent)?)))?;
    let certain = all().any(|intent| shade_of(intent, requirement).is_none());
    if certain || intent.outcome.is_failure() && shade != Shade::OneOfSeveral {
        return None;
    }
    Some(shade_words(intent, shade))
}

/// Why it is not certain that an intent is for a requirement.
fn shade_words(intent: &Intent, shade: Shade) -> Phrase {
    let name = match &intent.fqdn {
        Some(name) => name.as_str().into(),
        None => Phrase::from(word!(an_address, "an address")),
    };
    let address = intent
        .addresses
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    match shade {
        Shade::OtherApplication(spoken) => {
            phrase!(
                seen_as_other_application,
                "seen, but as {spoken}, which the page does not list",
                spoken
            )
        }
        Shade::EncryptedHello => {
            phrase!(
                tried_under_ech_behind,
                "tried under ECH behind {name}: the inner name is not visible",
                name
            )
        }
        Shade::OneOfSeveral => {
            let names = intent.fqdn.iter().chain(&intent.or_names);
            let names: Vec<&str> = names.map(Fqdn::as_str).collect();
            phrase!(
                one_of_several_names,
                "one of {names}: the flow to {address} says no name",
                names = names.join(", "),
                address
            )
        }
        Shade::UntoldTranslation => {
            phrase!(
                tried_by_translation,
                "tried at {address}, where that is address translation (NAT64), which is not told",
                address
            )
        }
        Shade::GuessedHost => phrase!(
            tried_from_unlisted,
            "tried from an address on no list, where that is the one by which {initiator} reaches IPv4 (CLAT)",
            initiator = intent.initiator
        ),
        Shade::OlderThanCapture => {
            phrase!(
                older_connection_may_be_its,
                "a connection to {address} from before the capture may be its",
                address
            )
        }
    }
}

fn shade_of(intent: &Intent, requirement: RequirementIndex) -> Option<Shade> {
    let mut shades = intent.shades.iter();
    shades
        .find(|(r, _)| *r == requirement)
        .map(|(_, shade)| *shade)
}

/// What may have gone over a connection to another name: HTTP/2 (RFC 9113 section 9.1.1) and HTTP/3 (RFC 9114 section
/// 3.3) serve several names over one. Merges by the lowest client and flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SharedConnections {
    /// Names that were looked up while a connection to another name at the same address was open, and that have none of
    /// their own: by whom first, with that other name, and the port and transport of the connection.
    looked_up: BTreeMap<String, (IpAddr, (Fqdn, u16, Transport))>,
    /// Requirements of names that nobody asked for, but that the certificate of a connection over HTTP/2 has: of which flow
    /// first, and the connection's own name.
    certified: BTreeMap<RequirementIndex, (FlowId, Fqdn)>,
}

impl SharedConnections {
    pub(super) fn of(share: &JudgedShare<'_>, rules: &RuleSet) -> Self {
        type Open<'a> = (CaptureTime, CaptureTime, (&'a Fqdn, u16, Transport));
        let mut out = Self::default();
        let mut open: BTreeMap<(IpAddr, IpAddr), Vec<Open<'_>>> = BTreeMap::new();
        let flows = &share.share.capture().flows;
        for ((flow, verdict), id) in flows.iter().zip(&share.flows).zip((0..).map(FlowId)) {
            if let Some(name) = serves_several(flow) {
                let key = (verdict.host, flow.responder.ip);
                let span = (flow.span.0.time, flow.span.1.time);
                let at = (name, flow.responder.port, flow.transport);
                open.entry(key).or_default().push((span.0, span.1, at));
                let place = share.share.place(id);
                out.certify((flow, place), verdict, name, rules);
            }
        }
        if open.is_empty() {
            return out;
        }
        for (client, name, lookup) in share.lookups.iter() {
            let Some(at) = lookup.resolved_at.map(|stamp| stamp.time) else {
                continue;
            };
            let connections = lookup
                .addresses
                .iter()
                .filter_map(|ip| open.get(&(client, *ip)));
            let mut connections = connections.flatten();
            let other = connections
                .find(|(first, last, other)| first < &at && at <= *last && other.0 != name);
            if let Some((.., (other, port, transport))) = other {
                let known = out.looked_up.entry(name.as_str().to_owned());
                known.or_insert((client, ((*other).clone(), *port, *transport)));
            }
        }
        out
    }

    fn of_name(&self, name: &str, row: &Requirement) -> Option<&Fqdn> {
        let (_, (other, port, transport)) = self.looked_up.get(name)?;
        let fits = (row.ports.is_empty() || row.ports.contains(*port))
            && (row.transport.is_empty() || row.transport.contains(transport));
        fits.then_some(other)
    }

    /// Takes what a certificate says in clear, where HTTP/2 is spoken.
    fn certify(
        &mut self,
        (flow, place): (&Flow, FlowId),
        verdict: &FlowVerdict,
        name: &Fqdn,
        rules: &RuleSet,
    ) {
        if chosen(flow) != Some(true) {
            return;
        }
        let names = flow.names.iter();
        let others = names.filter(|n| n.source == NameSource::TlsCertificate && n.fqdn != *name);
        for other in others {
            let (host, at) = (verdict.host, flow.span.0.time);
            let wanted = wanted_by_name(host, &other.fqdn, at, rules, &mut Scratch::default());
            for requirement in wanted.iter() {
                let known = self.certified.entry(*requirement);
                known.or_insert_with(|| (place, name.clone()));
            }
        }
    }
}

impl Merge for SharedConnections {
    fn merge(&mut self, other: Self) {
        lowest(&mut self.looked_up, other.looked_up);
        lowest(&mut self.certified, other.certified);
    }
}

/// Takes what is known of more, the lower where both know something.
fn lowest<K: Ord, V: Ord>(known: &mut BTreeMap<K, V>, more: BTreeMap<K, V>) {
    for (key, value) in more {
        match known.entry(key) {
            Entry::Occupied(mut own) if value < *own.get() => *own.get_mut() = value,
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => _ = place.insert(value),
        }
    }
}

/// Whether the server chose HTTP/2, where that is in clear (up to TLS 1.2).
fn chosen(flow: &Flow) -> Option<bool> {
    flow.facts.iter().find_map(|(_, own, fact)| match fact {
        StreamFact::ServerHello { version, http2 } if !own => (*version < 0x0304).then_some(*http2),
        _ => None,
    })
}

/// The name of a flow that may serve other names too: it offers HTTP/2, or is HTTP/3, and the server took it up.
fn serves_several(flow: &Flow) -> Option<&Fqdn> {
    let offered = || super::encrypted_dns::offers(flow, "h2");
    let several = flow.app.has(App::QUIC) || offered() && chosen(flow) != Some(false);
    let name = flow
        .names
        .iter()
        .find(|name| matches!(name.source, NameSource::TlsSni | NameSource::QuicSni))?;
    (several && flow.back.payload_bytes > 0).then_some(&name.fqdn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::laws::hold;

    #[test]
    fn of_shared_connections_the_lowest_is_told_in_any_order() {
        let shared = |client: u8, flow, name: &str| {
            let name = Fqdn::parse(name).unwrap();
            let over = (name.clone(), 443, Transport::Tcp);
            SharedConnections {
                looked_up: [("x.test".to_owned(), ([10, 0, 0, client].into(), over))].into(),
                certified: [(RequirementIndex::new(1), (FlowId(flow), name))].into(),
            }
        };
        hold(&[
            shared(2, 1, "b.test"),
            shared(1, 5, "c.test"),
            shared(3, 0, "a.test"),
        ]);
    }
}
