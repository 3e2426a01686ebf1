//! DNS by another way than in clear: over TLS (RFC 7858), QUIC (RFC 9250) or HTTPS (RFC 8484).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::coverage::FlowTarget;
use crate::model::Transport;
use crate::observe::{App, Flow, StreamFact};
use crate::rules::{Profile, RequirementIndex, RuleSet, Scratch, Subject};
use crate::wording::{PhraseText, SaidPart, SaidTemplate, word};

/// How DNS is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EncryptedDns {
    /// DNS over TLS.
    Tls,
    /// DNS over QUIC.
    Quic,
    /// DNS over HTTPS.
    Https,
}

impl EncryptedDns {
    /// In words.
    const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::Tls => word!(way_dot, "DNS over TLS"),
            Self::Quic => word!(way_doq, "DNS over QUIC"),
            Self::Https => word!(way_doh, "DNS over HTTPS"),
        }
    }
}

impl SaidPart for EncryptedDns {
    fn put(&self, into: &mut PhraseText) {
        self.words().put(into);
    }
}

/// The port of DNS over TLS (RFC 7858 section 3.1) and over QUIC (RFC 9250 section 4.1.1).
const PORT: u16 = 853;

/// Names of public resolvers that answer over HTTPS, and names that lie under them: as their operators publish them
/// (developers.google.com/speed/public-dns, developers.cloudflare.com/1.1.1.1, quad9.net, support.opendns.com,
/// nextdns.io, adguard-dns.io, dns.sb, mullvad.net, controld.com, cleanbrowsing.org).
const NAMES: &[&str] = &[
    "dns.google",
    "dns64.dns.google",
    "cloudflare-dns.com",
    "one.one.one.one",
    "cloudflare-gateway.com",
    "quad9.net",
    "doh.opendns.com",
    "doh.umbrella.com",
    "dns.umbrella.com",
    "dns.nextdns.io",
    "dns.adguard-dns.com",
    "dns.adguard.com",
    "doh.dns.sb",
    "dns.mullvad.net",
    "freedns.controld.com",
    "dns.controld.com",
    "doh.cleanbrowsing.org",
];

/// Addresses of public resolvers that serve nothing else on port 443, as the same operators publish them.
const ADDRESSES: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)),
    IpAddr::V4(Ipv4Addr::new(8, 8, 4, 4)),
    IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1)),
    IpAddr::V4(Ipv4Addr::new(1, 0, 0, 1)),
    IpAddr::V4(Ipv4Addr::new(1, 1, 1, 2)),
    IpAddr::V4(Ipv4Addr::new(1, 1, 1, 3)),
    IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9)),
    IpAddr::V4(Ipv4Addr::new(149, 112, 112, 112)),
    IpAddr::V4(Ipv4Addr::new(208, 67, 222, 222)),
    IpAddr::V4(Ipv4Addr::new(208, 67, 220, 220)),
    IpAddr::V4(Ipv4Addr::new(94, 140, 14, 14)),
    IpAddr::V4(Ipv4Addr::new(94, 140, 15, 15)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8844)),
    IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111)),
    IpAddr::V6(Ipv6Addr::new(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1001)),
    IpAddr::V6(Ipv6Addr::new(0x2620, 0xfe, 0, 0, 0, 0, 0, 0xfe)),
    IpAddr::V6(Ipv6Addr::new(0x2620, 0xfe, 0, 0, 0, 0, 0, 0x9)),
];

/// Whether a public resolver answers over HTTPS under this name.
fn is_public_name(name: &str) -> bool {
    NAMES.iter().any(|known| {
        name.strip_suffix(known)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

fn is_public_address(ip: IpAddr) -> bool {
    ADDRESSES.contains(&ip.to_canonical())
}

/// Whether a flow's hello offers DNS over QUIC, or a draft of it (`doq-i02`).
fn offers_doq(flow: &Flow) -> bool {
    let own = flow.facts.iter().filter(|(_, own, _)| *own);
    own.map(|(.., fact)| fact).any(|fact| {
        matches!(fact, StreamFact::ClientHello { alpn, .. } if alpn.iter().any(|one| one == "doq" || one.starts_with("doq-i")))
    })
}

/// Whether a flow's hello offers a protocol.
pub(super) fn offers(flow: &Flow, protocol: &str) -> bool {
    let own = flow.facts.iter().filter(|(_, own, _)| *own);
    own.map(|(.., fact)| fact).any(|fact| {
        matches!(fact, StreamFact::ClientHello { alpn, .. } if alpn.iter().any(|one| one == protocol))
    })
}

/// What kind of hidden DNS a flow is, where it is any, whomever it goes to.
#[must_use]
pub(super) fn encrypted_dns(
    flow: &Flow,
    aim: &FlowTarget,
    profile: &Profile,
) -> Option<EncryptedDns> {
    let to = flow.responder;
    match flow.transport {
        Transport::Tcp if to.port == PORT && !speaks_other(flow) => return Some(EncryptedDns::Tls),
        Transport::Udp if to.port == PORT => return Some(EncryptedDns::Quic),
        Transport::Tcp | Transport::Udp => {}
        _ => return None,
    }
    let encrypted = flow.app.has(App::TLS) || flow.app.has(App::QUIC);
    if encrypted && offers(flow, "dot") {
        return Some(EncryptedDns::Tls);
    }
    if encrypted && offers_doq(flow) {
        return Some(EncryptedDns::Quic);
    }
    // Of one that was not answered only the port tells.
    let https = encrypted || to.port == 443 && flow.app == App::default();
    if !https || aim.proxied {
        return None;
    }
    let name = aim.names.first().map(|name| name.as_str());
    let known = name.is_some_and(is_public_name)
        || to.port == 443 && is_public_address(to.ip)
        || profile.hidden().is_https_resolver(to.ip, name);
    known.then_some(EncryptedDns::Https)
}

fn speaks_other(flow: &Flow) -> bool {
    flow.app != App::default() && !flow.app.has(App::TLS)
}

/// The requirements that would cover a flow, were it DNS in clear: its responder is a name server of the site.
#[must_use]
pub(super) fn as_plain_dns(
    flow: &Flow,
    initiator: IpAddr,
    rules: &RuleSet,
    scratch: &mut Scratch,
) -> std::sync::Arc<[RequirementIndex]> {
    let subject = Subject {
        initiator,
        responder: flow.responder.ip,
        port: 53,
        transport: Transport::Udp,
        names: &[],
        path: None,
        time: flow.span.0.time,
    };
    rules.fit(&subject, scratch).covers
}
