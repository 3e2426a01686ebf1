//! What works nearby: tells a filter from a server that is down, and a name filter from a port filter.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::HashMap;

use super::attempt::{Went, answer_times, seconds};
use super::evidence::{Code, Evidence, Grade};
use super::interception::Issuers;
use crate::model::{Fqdn, Transport};
use crate::observe::{EventKind, Flow};

/// What succeeded, indexed by what an attempt can be compared with.
#[derive(Debug, Default)]
pub(super) struct Controls {
    /// By responder address: port, initiator and said name of what succeeded.
    by_responder: HashMap<IpAddr, BTreeSet<(u16, IpAddr, Option<Fqdn>)>>,
    /// By initiator and port: responders that answered over TCP.
    by_initiator: HashMap<(IpAddr, u16), BTreeSet<IpAddr>>,
    /// By initiator: responders that answered over UDP, by port.
    udp: HashMap<u16, BTreeSet<(IpAddr, IpAddr)>>,
    /// TTLs of SYN-ACKs by responder and by its neighbourhood.
    ttl: HashMap<IpAddr, BTreeSet<u8>>,
    near_ttl: HashMap<IpAddr, BTreeSet<u8>>,
    /// The shortest time to a SYN-ACK, by responder's neighbourhood.
    soonest: HashMap<IpAddr, Duration>,
    /// Who signs certificates.
    issuers: Issuers,
}

impl Controls {
    /// Indexes all flows.
    #[must_use]
    pub(super) fn of<'a>(flows: impl Iterator<Item = (&'a Flow, &'a Went)> + Clone + Send) -> Self {
        let own = flows.clone();
        let (issuers, all) = rayon::join(
            move || Issuers::of(own.map(|(flow, _)| flow)),
            move || Self::without_issuers(flows),
        );
        Self { issuers, ..all }
    }

    fn without_issuers<'a>(flows: impl Iterator<Item = (&'a Flow, &'a Went)>) -> Self {
        let mut all = Self::default();
        for (flow, went) in flows {
            let (initiator, responder) = (flow.initiator.ip, flow.responder.ip);
            for event in flow.events_of(EventKind::SynAck, false) {
                if all.ttl.entry(responder).or_default().insert(event.ttl) {
                    let near = all.near_ttl.entry(neighbourhood(responder));
                    near.or_default().insert(event.ttl);
                }
            }
            if let (Some(took), _) = answer_times(flow) {
                let soonest = all.soonest.entry(neighbourhood(responder)).or_insert(took);
                *soonest = took.min(*soonest);
            }
            if *went != Went::Succeeded {
                continue;
            }
            if flow.transport == Transport::Udp {
                all.udp
                    .entry(flow.responder.port)
                    .or_default()
                    .insert((initiator, responder));
                continue;
            }
            let name = flow.said_names().next().map(|name| name.fqdn.clone());
            all.by_responder.entry(responder).or_default().insert((
                flow.responder.port,
                initiator,
                name,
            ));
            all.by_initiator
                .entry((initiator, flow.responder.port))
                .or_default()
                .insert(responder);
        }
        all
    }

    /// Settles the grade of a flow's evidence by what works nearby, and says which control carried it.
    #[must_use]
    pub(super) fn settle(&self, flow: &Flow, mut evidence: Evidence) -> Evidence {
        let own = flow.said_names().next().map(|name| &name.fqdn);
        match evidence.code {
            Code::SynSilent if evidence.grade == Grade::B => {
                evidence.control = self.same_address(flow).or_else(|| self.path(flow));
                if evidence.control.is_none() {
                    evidence.grade = Grade::C;
                }
            }
            Code::SynReset => {
                if let Some(control) = self.nearer_reset(flow).or_else(|| self.sooner_reset(flow)) {
                    evidence.code = Code::SynResetFast;
                    evidence.grade = Grade::B;
                    evidence.control = Some(control);
                } else if let Some(control) = self.other_client(flow) {
                    evidence.grade = Grade::B;
                    evidence.control = Some(control);
                }
            }
            Code::HelloReset | Code::HelloSilent | Code::HelloFin | Code::RequestReset => {
                let control = self.other_name(flow, own);
                let control = control.or_else(|| self.same_name_elsewhere(flow, own));
                let lost = evidence.code == Code::HelloSilent && may_be_too_large(flow);
                if let Some(control) = control.filter(|_| !lost) {
                    evidence.grade = Grade::B;
                    evidence.control = Some(control);
                }
            }
            Code::PostAckSilent => {
                // What a snaplen cut may be a ClientHello, of which other things are asked.
                let small = (flow.app_name().is_some() && never_acknowledged(flow))
                    .then(|| self.same_address(flow).or_else(|| self.path(flow)));
                if let Some(control) = self.other_client(flow).or_else(|| small.flatten()) {
                    evidence.grade = Grade::B;
                    evidence.control = Some(control);
                }
            }
            Code::ResetInjected if evidence.grade == Grade::B => {
                // Who is meant by it: a name, or a source.
                let control = self.other_name(flow, own);
                let control = control.or_else(|| self.same_name_elsewhere(flow, own));
                if let (Some(control), Some(known)) = (control, &mut evidence.control) {
                    *known = format!("{control}; {known}");
                }
            }
            Code::ProxyRefused | Code::ProxyFailed => {
                evidence.control = self.other_through_proxy(flow, own);
            }
            Code::UdpSilent => {
                if let Some(control) = self.udp_service(flow) {
                    evidence.grade = if flow.out.packets >= 2 {
                        Grade::B
                    } else {
                        Grade::C
                    };
                    evidence.control = Some(control);
                }
            }
            _ => {}
        }
        evidence
    }

    /// The same address answers on another port, or another client on the same one.
    fn same_address(&self, flow: &Flow) -> Option<String> {
        let seen = self.by_responder.get(&flow.responder.ip)?;
        let other_port = seen
            .iter()
            .find(|(port, client, _)| *port != flow.responder.port && *client == flow.initiator.ip);
        match other_port {
            Some((port, ..)) => Some(format!(
                "the same address answers this client on port {port}: a port filter"
            )),
            None => self.other_client(flow),
        }
    }

    fn other_client(&self, flow: &Flow) -> Option<String> {
        let seen = self.by_responder.get(&flow.responder.ip)?;
        let (_, client, _) = seen.iter().find(|(port, client, _)| {
            *port == flow.responder.port && *client != flow.initiator.ip
        })?;
        Some(format!(
            "the same address and port answers {client}: a rule on the source"
        ))
    }

    /// Other addresses answer this client on the same port.
    fn path(&self, flow: &Flow) -> Option<String> {
        let answered = self
            .by_initiator
            .get(&(flow.initiator.ip, flow.responder.port))?;
        let others = answered
            .iter()
            .filter(|ip| **ip != flow.responder.ip)
            .count();
        (others > 0).then(|| {
            let port = flow.responder.port;
            format!("{others} other addresses answer this client on port {port}: the path works")
        })
    }

    /// Another name on the same address and port works for this client.
    fn other_name(&self, flow: &Flow, own: Option<&Fqdn>) -> Option<String> {
        let seen = self.by_responder.get(&flow.responder.ip)?;
        seen.iter().find_map(|(port, client, name)| {
            let name = name.as_ref()?;
            let other =
                *port == flow.responder.port && *client == flow.initiator.ip && Some(name) != own;
            other.then(|| {
                format!(
                    "the same address answers this client under the name {name}: a filter on names"
                )
            })
        })
    }

    /// The same name on the same address and port works for another client.
    fn same_name_elsewhere(&self, flow: &Flow, own: Option<&Fqdn>) -> Option<String> {
        let seen = self.by_responder.get(&flow.responder.ip)?;
        let own = own?;
        seen.iter().find_map(|(port, client, name)| {
            let same = *port == flow.responder.port
                && *client != flow.initiator.ip
                && name.as_ref() == Some(own);
            same.then(|| {
                format!("the same name at the same address answers {client}: a rule on the source")
            })
        })
    }

    /// The proxy lets this client through to another name.
    fn other_through_proxy(&self, flow: &Flow, own: Option<&Fqdn>) -> Option<String> {
        let seen = self.by_responder.get(&flow.responder.ip)?;
        seen.iter().find_map(|(port, client, name)| {
            let name = name.as_ref()?;
            let other =
                *port == flow.responder.port && *client == flow.initiator.ip && Some(name) != own;
            other.then(|| format!("the same proxy lets this client through to {name}"))
        })
    }

    /// The RST comes far sooner than this server or its neighbours have ever answered.
    fn sooner_reset(&self, flow: &Flow) -> Option<String> {
        const FAR_SOONER: u32 = 4;
        const MEASURABLE: Duration = Duration::from_millis(4);
        let (_, Some(refused)) = answer_times(flow) else {
            return None;
        };
        let soonest = *self.soonest.get(&neighbourhood(flow.responder.ip))?;
        (soonest >= MEASURABLE && refused < soonest / FAR_SOONER).then(|| {
            format!(
                "the RST took {}, no SYN-ACK of these servers less than {}: not sent by the server",
                seconds(refused),
                seconds(soonest)
            )
        })
    }

    /// Evidence that TLS is opened on the path. `refused` says that the client did not trust what it was shown.
    pub(super) fn intercepted(&self, flow: &Flow, refused: bool) -> Option<Evidence> {
        self.issuers.evidence(flow, refused)
    }

    /// The RST's TTL is unlike that of the server's, or its neighbours', own packets.
    fn nearer_reset(&self, flow: &Flow) -> Option<String> {
        let reset = flow.events_of(EventKind::Rst, false).next()?;
        let server = flow.responder.ip;
        let (whose, ttls) = match (
            self.ttl.get(&server),
            self.near_ttl.get(&neighbourhood(server)),
        ) {
            (Some(ttls), _) => ("this server's", ttls),
            (None, Some(ttls)) => ("the neighbouring servers'", ttls),
            (None, None) => return None,
        };
        (!ttls.contains(&reset.ttl)).then(|| {
            let known: Vec<String> = ttls.iter().map(u8::to_string).collect();
            format!(
                "the RST has TTL {}, {whose} SYN-ACKs have {}: not sent by the server",
                reset.ttl,
                known.join(", ")
            )
        })
    }

    fn udp_service(&self, flow: &Flow) -> Option<String> {
        let seen = self.udp.get(&flow.responder.port)?;
        let (ours, theirs) = (flow.initiator.ip, flow.responder.ip);
        // It lets this client through at other times: what it does not answer is its own affair.
        if seen.contains(&(ours, theirs)) {
            return None;
        }
        seen.iter().find_map(|&(client, server)| {
            if server == theirs && client != ours {
                return Some(format!(
                    "the same server answers {client}: a rule on the source"
                ));
            }
            let other = client == ours && server != theirs;
            other.then(|| {
                format!("the server {server} answers this client on the same port: the path works")
            })
        })
    }
}

/// Whether what the initiator said first was never acknowledged and is so large that a narrow link may have lost it
/// (RFC 8200 section 5: every path carries 1280 bytes).
fn may_be_too_large(flow: &Flow) -> bool {
    const FITS: u32 = 1220;
    let first = flow.events_of(EventKind::Data, true).next();
    first.is_some_and(|first| {
        let heard = flow.back.highest_ack();
        first.length > FITS && heard.is_none_or(|heard| heard == first.sequence)
    })
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

/// The /24 or /48 of an address: what is likely to lie behind the same hops.
pub(super) fn neighbourhood(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
        }
    }
}
