//! What works nearby: tells a filter from a server that is down, and a name filter from a port filter.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use super::attempt::{RESET, answer_times, hops, is_silence, passed, seconds};
use super::coverage::FlowTarget;
use super::evidence::{Code, Evidence, Grade};
use super::nearby::{Nearby, OwnTries, neighbourhood, said_name};
use super::resolvers::ONE_TRY;
use crate::model::Fqdn;
use crate::observe::{EventKind, Flow};
use crate::rules::is_private;
use crate::wording::{Phrase, phrase, word};

/// What works nearby, as one share of a capture is told of it.
#[derive(Debug)]
pub(super) struct Controls<'a> {
    /// Whoever tried.
    pub(super) nearby: &'a Nearby,
    /// The share's own hosts.
    pub(super) own: OwnTries,
}

impl Controls<'_> {
    /// Settles the grade of a flow's evidence by what works nearby, and says which control carried it.
    #[must_use]
    pub(super) fn settle(&self, flow: &Flow, aim: &FlowTarget, mut evidence: Evidence) -> Evidence {
        let own = said_name(flow, aim);
        // A device let it pass: what works beside it says nothing of that one any more.
        if is_silence(evidence.code) && passed(flow).is_some() {
            return evidence;
        }
        match evidence.code {
            Code::AlertClient if evidence.grade == Grade::B => {
                self.settle_alert(flow, &mut evidence, own);
            }
            // A proxy takes the client's bytes itself and ends what it cannot get on with: whatever works beside it, it
            // may be the server's doing.
            _ if aim.proxied => {
                evidence.control = self.other_through_proxy(flow, own).or(evidence.control);
            }
            Code::SynSilent | Code::SynReset if self.own.source_ports.tell(flow).is_some() => {
                self.own.source_ports.settle(flow, &mut evidence);
            }
            Code::SynSilent => self.settle_silent_syn(flow, &mut evidence),
            Code::SynReset => self.settle_reset_syn(flow, &mut evidence),
            Code::RequestReset => {
                if let Some(control) = self.meant(flow, own) {
                    evidence.show(Grade::B, control);
                }
            }
            Code::HelloSilent | Code::HandshakeSilent if evidence.grade == Grade::B => {
                // What is acknowledged has reached the server; what is lost again and again has not.
                let alike = || self.own.alike.control(flow, evidence.code);
                evidence.control = self.meant(flow, own).or_else(alike);
                if evidence.control.is_none() {
                    evidence.grade = Grade::C;
                }
            }
            Code::HelloReset | Code::HelloFin | Code::HandshakeCut => {
                self.settle_end(flow, &mut evidence, own);
            }
            Code::PostAckSilent => {
                // What a snaplen cut may be a ClientHello, of which other things are asked.
                let small = (flow.app_name().is_some() && never_acknowledged(flow))
                    .then(|| self.same_address(flow).or_else(|| self.path(flow)));
                if let Some(control) = self.other_client(flow).or_else(|| small.flatten()) {
                    evidence.show(Grade::B, control);
                }
            }
            Code::ResetInjected if evidence.grade == Grade::B => {
                if let (Some(meant), Some(known)) = (self.meant(flow, own), &mut evidence.control) {
                    *known = meant.then(&*known);
                }
            }
            Code::UdpSilent => self.settle_silent_datagrams(flow, &mut evidence),
            _ => {}
        }
        evidence
    }

    /// Who is meant by what stops a flow: a name, or a source.
    fn meant(&self, flow: &Flow, own: Option<&Fqdn>) -> Option<Phrase> {
        let control = self.other_name(flow, own);
        control.or_else(|| self.same_name_elsewhere(flow, own))
    }

    /// A client that does not take a certificate. Servers have private, expired and wrong ones too.
    fn settle_alert(&self, flow: &Flow, evidence: &mut Evidence, own: Option<&Fqdn>) {
        evidence.control = self.other_machine(flow);
        if evidence.control.is_none() {
            evidence.grade = Grade::C;
            // Others get on with what the same server shows: what this client trusts is its own matter.
            evidence.control = self.trusted_elsewhere(flow, own);
        }
    }

    fn settle_reset_syn(&self, flow: &Flow, evidence: &mut Evidence) {
        if let Some(control) = self.nearer_reset(flow).or_else(|| self.sooner_reset(flow)) {
            evidence.code = Code::SynResetFast;
            evidence.show(Grade::B, control);
        } else if let Some(control) = self.other_client(flow) {
            evidence.show(Grade::B, control);
        }
    }

    fn settle_silent_syn(&self, flow: &Flow, evidence: &mut Evidence) {
        let silent = &self.nearby.silent;
        if self.own.silences.settle(flow, silent, evidence) || evidence.grade != Grade::B {
            return;
        }
        let control = self.same_address(flow).or_else(|| self.path(flow));
        evidence.control = control.or_else(|| self.over_udp(flow));
        if evidence.control.is_none() {
            evidence.grade = Grade::C;
        }
    }

    fn settle_silent_datagrams(&self, flow: &Flow, evidence: &mut Evidence) {
        if let Some(control) = self.own.silences.refused_nearby(flow, evidence) {
            evidence.show(Grade::B, control);
        } else if let Some(control) = self.udp_service(flow) {
            let burst = flow.span.1.time.since(flow.span.0.time) < ONE_TRY;
            let grade = match flow.out.packets >= 2 && !burst {
                true => Grade::B,
                false => Grade::C,
            };
            evidence.show(grade, control);
        }
    }

    /// A RST or FIN in the middle of a handshake. Servers that route by name do that too, for names that they do not
    /// serve or cannot pass on, so another name that works proves nothing. What the server could not have made does.
    fn settle_end(&self, flow: &Flow, evidence: &mut Evidence, own: Option<&Fqdn>) {
        let said = |control: Phrase| match self.meant(flow, own) {
            Some(meant) => meant.then(&control),
            None => control,
        };
        if let Some(control) = self.other_ttl(flow) {
            evidence.code = Code::ResetInjected;
            evidence.words = evidence.words.clone().turned(
                RESET,
                word!(rst_with_other_ttl, "RST with another TTL than the server's"),
            );
            evidence.show(Grade::B, said(control));
        } else if let Some(control) = self.hasty(flow, evidence) {
            evidence.show(Grade::B, said(control));
        } else if let Some(control) = self.own.alike.control(flow, evidence.code) {
            evidence.show(Grade::B, control);
        }
    }

    /// The RST of a connection has a TTL that none of the server's own packets has, in this connection or another.
    /// One hop is enough where the server and its neighbours have always had the same.
    fn other_ttl(&self, flow: &Flow) -> Option<Phrase> {
        let reset = flow.events_of(EventKind::Rst, false).next()?;
        let known = self.nearby.ttl.get(&flow.responder.ip)?;
        let near = self
            .nearby
            .near_ttl
            .get(&neighbourhood(flow.responder.ip))?;
        let own = flow.events_of(EventKind::SynAck, false).next()?.ttl;
        let mut said = flow
            .events_of(EventKind::Data, false)
            .chain(flow.events_of(EventKind::Ack, false))
            .chain(flow.events_of(EventKind::Fin, false));
        let steady = known.len() == 1
            && near.len() == 1
            && self.nearby.is_steady(neighbourhood(flow.responder.ip));
        let unlike = steady && said.all(|event| event.ttl == own) && hops(own) != hops(reset.ttl);
        unlike.then(|| {
            phrase!(control_ttl, "the RST has TTL {ttl}, all other packets of this server {own}: not sent by the server", ttl = reset.ttl, own)
        })
    }

    /// The end comes sooner than the server, or its neighbours, have ever answered: it had not heard the hello yet.
    fn hasty(&self, flow: &Flow, evidence: &Evidence) -> Option<Phrase> {
        const FAR_SOONER: u32 = 2;
        const MEASURABLE: Duration = Duration::from_millis(4);
        let (first, last) = (evidence.stamps.first()?, evidence.stamps.last()?);
        let took = last.time.since(first.time);
        let soonest = *self.nearby.soonest.get(&neighbourhood(flow.responder.ip))?;
        (evidence.stamps.len() == 2 && soonest >= MEASURABLE && took < soonest / FAR_SOONER).then(
            || {
                phrase!(control_hasty, "it took {took}, no SYN-ACK of these servers less than {soonest}: not sent by the server", took = seconds(took), soonest = seconds(soonest))
            },
        )
    }

    /// The same address answers on another port, or another client on the same one.
    fn same_address(&self, flow: &Flow) -> Option<Phrase> {
        let seen = self.nearby.by_responder.get(&flow.responder.ip)?;
        let other_port = seen
            .iter()
            .find(|(port, client, _)| *port != flow.responder.port && *client == flow.initiator.ip);
        match other_port {
            Some((port, ..)) => Some(phrase!(
                control_other_port,
                "the same address answers this client on port {port}: a port filter",
                port
            )),
            None => self.other_client(flow),
        }
    }

    /// The same address answers this client on the same port over UDP.
    fn over_udp(&self, flow: &Flow) -> Option<Phrase> {
        let port = flow.responder.port;
        let answered = self.nearby.udp.get(&(port, flow.responder.ip));
        let answers = answered.is_some_and(|all| all.contains(&flow.initiator.ip));
        answers.then(|| {
            phrase!(
                control_over_udp,
                "the same address answers this client over UDP port {port}: a filter on TCP",
                port
            )
        })
    }

    fn other_client(&self, flow: &Flow) -> Option<Phrase> {
        let seen = self.nearby.by_responder.get(&flow.responder.ip)?;
        let (_, client, _) = seen.iter().find(|(port, client, _)| {
            *port == flow.responder.port && *client != flow.initiator.ip
        })?;
        Some(phrase!(
            control_other_client,
            "the same address and port answers {client}: a rule on the source",
            client
        ))
    }

    /// Who answered this client on the same port, over TCP and over UDP.
    fn answered_own(&self, flow: &Flow) -> Option<&[BTreeSet<IpAddr>; 2]> {
        let client = (flow.initiator.ip, flow.responder.port);
        self.own.answered.get(&client)
    }

    /// Other addresses answer this client on the same port.
    fn path(&self, flow: &Flow) -> Option<Phrase> {
        let [answered, _] = self.answered_own(flow)?;
        let others = answered
            .iter()
            .filter(|ip| **ip != flow.responder.ip)
            .count();
        (others > 0).then(|| {
            let port = flow.responder.port;
            phrase!(
                control_path,
                "{others} other addresses answer this client on port {port}: the path works",
                others,
                port
            )
        })
    }

    /// Another name on the same address and port works for this client.
    fn other_name(&self, flow: &Flow, own: Option<&Fqdn>) -> Option<Phrase> {
        let seen = self.nearby.by_responder.get(&flow.responder.ip)?;
        seen.iter().find_map(|(port, client, name)| {
            let name = name.as_ref()?;
            let other =
                *port == flow.responder.port && *client == flow.initiator.ip && Some(name) != own;
            other.then(|| {
                phrase!(
                    control_other_name,
                    "the same address answers this client under the name {name}: a filter on names",
                    name
                )
            })
        })
    }

    /// The same name on the same address and port works for another client.
    fn same_name_elsewhere(&self, flow: &Flow, own: Option<&Fqdn>) -> Option<Phrase> {
        let seen = self.nearby.by_responder.get(&flow.responder.ip)?;
        let own = own?;
        seen.iter().find_map(|(port, client, name)| {
            let same = *port == flow.responder.port
                && *client != flow.initiator.ip
                && name.as_ref() == Some(own);
            same.then(|| {
                phrase!(
                    control_same_name_elsewhere,
                    "the same name at the same address answers {client}: a rule on the source",
                    client
                )
            })
        })
    }

    /// Another client gets on with the same server under the same name.
    fn trusted_elsewhere(&self, flow: &Flow, own: Option<&Fqdn>) -> Option<Phrase> {
        let seen = self.nearby.by_responder.get(&flow.responder.ip)?;
        let (_, client, _) = seen.iter().find(|(port, client, name)| {
            *port == flow.responder.port && *client != flow.initiator.ip && name.as_ref() == own
        })?;
        Some(phrase!(
            control_trusted_elsewhere,
            "{client} finishes the handshake with the same server under the same name: this client alone does not trust it",
            client
        ))
    }

    /// The proxy lets this client through to another name.
    fn other_through_proxy(&self, flow: &Flow, own: Option<&Fqdn>) -> Option<Phrase> {
        let seen = self.nearby.by_responder.get(&flow.responder.ip)?;
        seen.iter().find_map(|(port, client, name)| {
            let name = name.as_ref()?;
            let other =
                *port == flow.responder.port && *client == flow.initiator.ip && Some(name) != own;
            other.then(|| {
                phrase!(
                    control_through_proxy,
                    "the same proxy lets this client through to {name}",
                    name
                )
            })
        })
    }

    /// The RST comes far sooner than this server or its neighbours have ever answered.
    fn sooner_reset(&self, flow: &Flow) -> Option<Phrase> {
        const FAR_SOONER: u32 = 4;
        const MEASURABLE: Duration = Duration::from_millis(4);
        let (_, Some(refused)) = answer_times(flow) else {
            return None;
        };
        let soonest = *self.nearby.soonest.get(&neighbourhood(flow.responder.ip))?;
        (soonest >= MEASURABLE && refused < soonest / FAR_SOONER).then(|| {
            phrase!(control_sooner_reset, "the RST took {refused}, no SYN-ACK of these servers less than {soonest}: not sent by the server", refused = seconds(refused), soonest = seconds(soonest))
        })
    }

    /// Evidence that TLS is opened on the path. `refused` says that the client did not trust what it was shown.
    pub(super) fn intercepted(&self, flow: &Flow, refused: bool) -> Option<Evidence> {
        let device = if refused {
            self.other_machine(flow)
        } else {
            None
        };
        let refused = refused.then_some(device.as_ref());
        self.nearby.issuers.evidence(flow, refused)
    }

    /// What answered the SYN is another machine than the server: its TTL is not that of the address's other packets, or
    /// it stands nearer than any server does, or inside of the site although the name is a vendor's.
    fn other_machine(&self, flow: &Flow) -> Option<Phrase> {
        /// Nobody in the internet is nearer to a site than this many routers.
        const NEAR: u8 = 2;
        /// So many more are to all others.
        const FAR: u8 = 3;
        let server = flow.responder.ip;
        if self.nearby.proxies.contains(&server) {
            return None; // all of it comes from the proxy, whoever is behind
        }
        let answer = flow.events_of(EventKind::SynAck, false).next()?;
        if is_private(server) {
            let vendors = flow
                .said_names()
                .any(|name| self.nearby.vendors.contains(&name.fqdn));
            return vendors.then(|| {
                phrase!(
                    control_served_inside,
                    "the vendor's name is served at {server}, inside of the site",
                    server
                )
            });
        }
        let own = self.nearby.ttl.get(&server)?;
        if let Some(other) = own.iter().find(|ttl| **ttl != answer.ttl) {
            return Some(phrase!(
                control_other_machine_ttl,
                "the SYN-ACK has TTL {ttl}, others of this address have {other}: another machine answers",
                ttl = answer.ttl,
                other
            ));
        }
        let away = hops(answer.ttl);
        let others = self
            .nearby
            .ttl
            .iter()
            .filter(|(ip, _)| **ip != server && !is_private(**ip));
        let nearest = others
            .flat_map(|(_, ttls)| ttls)
            .map(|ttl| hops(*ttl))
            .min()?;
        (away <= NEAR && nearest >= away + FAR).then(|| {
            phrase!(control_other_machine_near, "its packets passed {away} routers at most, those of all other servers at least {nearest}: another machine answers", away, nearest)
        })
    }

    /// The RST's TTL is unlike that of the server's, or its neighbours', own packets.
    fn nearer_reset(&self, flow: &Flow) -> Option<Phrase> {
        let reset = flow.events_of(EventKind::Rst, false).next()?;
        let server = flow.responder.ip;
        let (whose, ttls): (_, Vec<u8>) = match (
            self.nearby.ttl.get(&server),
            self.nearby.near_ttl.get(&neighbourhood(server)),
        ) {
            (Some(ttls), _) => (
                word!(whose_this_server, "this server's"),
                ttls.iter().copied().collect(),
            ),
            (None, Some(ttls)) => (
                word!(whose_neighbours, "the neighbouring servers'"),
                ttls.keys().copied().collect(),
            ),
            (None, None) => return None,
        };
        let near = ttls.iter().any(|ttl| hops(*ttl) == hops(reset.ttl));
        (!near).then(|| {
            let known: Vec<String> = ttls.iter().map(u8::to_string).collect();
            phrase!(
                control_nearer_reset,
                "the RST has TTL {ttl}, {whose} SYN-ACKs have {known}: not sent by the server",
                ttl = reset.ttl,
                whose,
                known = known.join(", ")
            )
        })
    }

    fn udp_service(&self, flow: &Flow) -> Option<Phrase> {
        let (ours, theirs) = (flow.initiator.ip, flow.responder.ip);
        let service = (flow.responder.port, theirs);
        let clients = self.nearby.udp.get(&service).into_iter().flatten();
        // It lets this client through at other times: what it does not answer is its own affair.
        if clients.clone().any(|client| *client == ours) {
            return None;
        }
        let servers = self.answered_own(flow).into_iter();
        let mut servers = servers.flat_map(|[_, over_udp]| over_udp);
        let server = servers.find(|server| **server != theirs);
        // Of both the lower address is told.
        match (clients.min(), server) {
            (Some(client), server) if server.is_none() || *client < ours => Some(phrase!(
                control_udp_other_client,
                "the same server answers {client}: a rule on the source",
                client
            )),
            (_, server) => server.map(|server| {
                phrase!(
                    control_udp_path,
                    "the server {server} answers this client on the same port: the path works",
                    server
                )
            }),
        }
    }
}

/// Whether what the initiator said first was never acknowledged although it fits every path (RFC 1122 section 3.3.3).
fn never_acknowledged(flow: &Flow) -> bool {
    const FITS: u32 = 536;
    let first = flow.events_of(EventKind::Data, true).next();
    first.is_some_and(|first| {
        let heard = flow.back.highest_ack();
        first.length <= FITS && heard.is_none_or(|heard| heard == first.sequence)
    })
}
