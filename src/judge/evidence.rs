//! The codes of evidence: what in the packets says that something was stopped, at which stage, and how sure that is.

use std::fmt;
use std::net::IpAddr;

use crate::model::Stamp;

/// How far an attempt came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The name was not resolved.
    Dns,
    /// The transport connection was not made.
    Connect,
    /// Connected, but the TLS handshake was not completed.
    Tls,
    /// An explicit proxy refused.
    Proxy,
    /// The HTTP request was refused.
    Http,
    /// QUIC.
    Quic,
    /// Other datagrams.
    Udp,
    /// After data had flowed.
    Late,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Proxy => "proxy",
            Self::Http => "http",
            Self::Quic => "quic",
            Self::Udp => "udp",
            Self::Late => "late",
        })
    }
}

/// How much a piece of evidence proves. The better one comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// A device said so.
    A,
    /// A strong pattern, with a control that works.
    B,
    /// A pattern that other causes make too.
    C,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        })
    }
}

macro_rules! codes {
    ($($variant:ident $text:literal $stage:ident $about:literal,)*) => {
        /// A kind of evidence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $about] $variant,)*
        }

        impl Code {
            /// All kinds, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// One line on what it means.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// The stage at which it stops an attempt.
            #[must_use]
            pub const fn stage(self) -> Stage {
                match self { $(Self::$variant => Stage::$stage,)* }
            }
        }
    };
}

codes! {
    DnsExtendedError "D-EDE" Dns "the resolver says that it blocks, censors, filters or forges the answer (RFC 8914)",
    DnsSinkhole "D-SINK" Dns "the resolver answers with an address that leads nowhere",
    DnsNxdomain "D-NX" Dns "the resolver says that the name does not exist",
    DnsRefused "D-REFUSED" Dns "the resolver refuses to answer",
    DnsServfail "D-SERVFAIL" Dns "the resolver fails to answer",
    DnsSilent "D-SILENT" Dns "the resolver does not answer",
    SynSilent "T-SYN0" Connect "SYNs are not answered",
    SynReset "T-RST" Connect "the SYN is answered with RST",
    SynResetFast "T-RSTFAST" Connect "the SYN is answered with RST by something nearer than the server",
    IcmpProhibited "T-ICMP-ADM" Connect "a device on the path says that the traffic is prohibited",
    IcmpPort "T-ICMP-PORT" Connect "a device answers TCP with port unreachable, as packet filters do",
    IcmpUnreachable "T-ICMP-NET" Connect "a device says that there is no way to the address",
    SynAckReset "T-SAC-RST" Connect "the connection is reset before anything was said",
    PostAckSilent "T-POSTACK" Connect "the connection opens, but what the client says is never answered",
    HelloReset "L-RST" Tls "the connection is reset right after the ClientHello",
    HelloSilent "L-SILENT" Tls "the ClientHello is never answered",
    HelloFin "L-FIN" Tls "the connection is closed right after the ClientHello",
    AlertServer "L-ALERT-S" Tls "the server side refuses the ClientHello with an alert",
    AlertClient "L-ALERT-C" Tls "the client does not trust the certificate that it is shown",
    RequestReset "H-RST" Http "the connection is reset right after the HTTP request",
    HttpBlocked "H-BLOCK" Http "the HTTP answer says that access is denied by policy or law",
    ProxyRefused "H-CONNECT" Proxy "the proxy refuses the CONNECT request",
    ProxyFailed "H-GATEWAY" Proxy "the proxy cannot reach the destination",
    UdpSilent "U-SILENT" Udp "requests over UDP are not answered",
    UdpProhibited "U-ICMP-ADM" Udp "a device on the path says that the traffic is prohibited",
    UdpUnreachable "U-ICMP" Udp "a device says that the address or port cannot be reached",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What kind.
    pub code: Code,
    /// How sure.
    pub grade: Grade,
    /// The packets that show it, ascending.
    pub stamps: Vec<Stamp>,
    /// What was seen, with its figures.
    pub words: String,
    /// Who said no, where that was a device other than the destination.
    pub by: Option<IpAddr>,
    /// What works nearby and so tells the cause from others.
    pub control: Option<String>,
}

/// The long text of a code, for `explain`: what it looks like on the wire, and what else looks the same.
#[must_use]
pub const fn explain(code: Code) -> &'static str {
    match code {
        Code::DnsExtendedError => {
            "The answer carries an extended DNS error with code 4 (forged), 15 (blocked), 16 (censored), 17 (filtered) \
             or 18 (prohibited): the resolver itself says that policy made this answer. Resolvers and forwarders on \
             the way may strip such errors, so their absence proves nothing."
        }
        Code::DnsSinkhole => {
            "A listed public name resolves to 0.0.0.0/8, 127.0.0.0/8, :: or ::1. Filtering resolvers do that. Private \
             addresses do not count: they may be private endpoints or split-horizon zones."
        }
        Code::DnsNxdomain => {
            "A listed exact name gets NXDOMAIN while the same resolver answers other names. A dead entry of the list \
             or a name of another region looks the same."
        }
        Code::DnsRefused => {
            "The resolver answers REFUSED. It may not serve this client or this zone; a filter is only one cause."
        }
        Code::DnsServfail => {
            "The resolver answers SERVFAIL. DNSSEC failures and unreachable name servers look the same as a filter."
        }
        Code::DnsSilent => "Repeated queries get no answer while the same resolver answers others.",
        Code::SynSilent => {
            "The same SYN is sent again and again and nothing comes back: a filter that drops, a server that is down, \
             or a route that is missing. At least three SYNs over three seconds and a neighbour that works are wanted \
             before this is called likely blocked."
        }
        Code::SynReset => {
            "RST answers the SYN. A closed port and a filter that rejects look the same."
        }
        Code::SynResetFast => {
            "RST answers the SYN with a TTL unlike that of this server's or its neighbours' other packets: it was made \
             nearer by. A load balancer in front can do that too."
        }
        Code::IcmpProhibited => {
            "ICMP type 3 code 9, 10 or 13, or ICMPv6 type 1 code 1, 5 or 6, quoting the attempt: administratively \
             prohibited. The sender of the ICMP message is the device that says no."
        }
        Code::IcmpPort => {
            "ICMP port unreachable quoting TCP: a host's own stack answers TCP with RST, so this is a packet filter's \
             reject."
        }
        Code::IcmpUnreachable => {
            "ICMP network or host unreachable, or time exceeded: routing or a host that is down, not policy."
        }
        Code::SynAckReset => {
            "The handshake completes and RST follows before any data: scanners, cancelled attempts and SYN proxies do \
             that as well as filters."
        }
        Code::PostAckSilent => {
            "The handshake completes, the client's data is sent again and again, and nothing answers it. A path MTU \
             black hole looks the same."
        }
        Code::HelloReset => {
            "A complete ClientHello is answered with RST. Where another name on the same address works, a filter that \
             reads names is the likely cause."
        }
        Code::HelloSilent => {
            "A complete ClientHello is never answered with data. Where another name on the same address works, a \
             filter that reads names is the likely cause."
        }
        Code::HelloFin => {
            "The server side closes right after the ClientHello: a filter, or a server that does not want this name."
        }
        Code::AlertServer => {
            "A TLS alert in clear comes before any ServerHello: handshake_failure, access_denied, protocol_version, \
             internal_error or unrecognized_name. Servers that are set up otherwise do that too."
        }
        Code::AlertClient => {
            "The client ends the handshake with bad_certificate, certificate_unknown or unknown_ca after the server's \
             flight: something on the path shows a certificate of its own, or the client's trust store is old."
        }
        Code::RequestReset => "An HTTP request in clear is answered with RST.",
        Code::HttpBlocked => "The HTTP answer has status 451 or 511, or is a filter's block page.",
        Code::ProxyRefused => {
            "The proxy answers CONNECT with 403, or with 407 that is never followed by 200."
        }
        Code::ProxyFailed => {
            "The proxy answers CONNECT with 502, 503 or 504: the destination cannot be reached from the proxy."
        }
        Code::UdpSilent => {
            "Requests of a protocol that answers (DNS, NTP) get no answer. Protocols that never answer, such as syslog, \
             do not count."
        }
        Code::UdpProhibited => "ICMP says administratively prohibited, quoting the datagram.",
        Code::UdpUnreachable => {
            "ICMP says that the port, host or network cannot be reached, quoting the datagram."
        }
    }
}
