//! The codes of evidence: what in the packets says that something was stopped, at which stage, and how sure that is.

use std::net::IpAddr;

use crate::model::{Stamp, words};
use crate::wording::{Phrase, PhraseText, SaidPart, SaidTemplate, word};

words! {
    /// How far an attempt came.
    pub enum Stage {
        /// The name was not resolved.
        Dns = "dns",
        /// The transport connection was not made.
        Connect = "connect",
        /// Connected, but the TLS handshake was not completed.
        Tls = "tls",
        /// An explicit proxy refused.
        Proxy = "proxy",
        /// The HTTP request was refused.
        Http = "http",
        /// QUIC.
        Quic = "quic",
        /// Other datagrams.
        Udp = "udp",
        /// After data had flowed.
        Late = "late",
    }
}

impl Stage {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::Dns => word!(stage_dns, "dns"),
            Self::Connect => word!(stage_connect, "connect"),
            Self::Tls => word!(stage_tls, "tls"),
            Self::Proxy => word!(stage_proxy, "proxy"),
            Self::Http => word!(stage_http, "http"),
            Self::Quic => word!(stage_quic, "quic"),
            Self::Udp => word!(stage_udp, "udp"),
            Self::Late => word!(stage_late, "late"),
        }
    }
}

impl SaidPart for Stage {
    fn put(&self, into: &mut PhraseText) {
        self.words().put(into);
    }
}

words! {
    /// How much a piece of evidence proves. The better one comes first.
    pub enum Grade {
        /// A device said so.
        A = "A",
        /// A strong pattern, with a control that works.
        B = "B",
        /// A pattern that other causes make too.
        C = "C",
    }
}

macro_rules! codes {
    ($($variant:ident $text:literal $stage:ident [$($grade:ident),*] $about:literal,)*) => {
        words! {
            /// A kind of evidence.
            pub enum Code {
                $(#[doc = $about] $variant = $text,)*
            }
        }

        impl Code {
            /// One line on what it means.
            #[must_use]
            pub const fn about(self) -> &'static SaidTemplate {
                match self { $(Self::$variant => word!(concat!("evidence-", $text), $about),)* }
            }

            /// The stage at which it stops an attempt.
            #[must_use]
            pub const fn stage(self) -> Stage {
                match self { $(Self::$variant => Stage::$stage,)* }
            }

            /// The grades that it may have, best first. Of a code that goes by what became of TCP beside it: all of them.
            #[must_use]
            pub const fn grades(self) -> &'static [Grade] {
                match self { $(Self::$variant => &[$(Grade::$grade),*],)* }
            }
        }
    };
}

codes! {
    DnsExtendedError "D-EDE" Dns [A, C] "the resolver says that it blocks, censors, filters or forges the answer (RFC 8914)",
    DnsSinkhole "D-SINK" Dns [B, C] "the resolver answers with an address that leads nowhere",
    DnsNxdomain "D-NX" Dns [B, C] "the resolver says that the name does not exist",
    DnsRefused "D-REFUSED" Dns [C] "the resolver refuses to answer",
    DnsServfail "D-SERVFAIL" Dns [C] "the resolver fails to answer",
    DnsSilent "D-SILENT" Dns [B, C] "the resolver does not answer",
    DnsPolicyZone "D-RPZ" Dns [B] "the resolver answers out of a policy zone",
    DnsNoData "D-NODATA" Dns [B, C] "the resolver knows the name, but gives no address for it",
    DnsAlias "D-ALIAS" Dns [C] "the name is an alias, and no address is given for what it stands for",
    DnsTruncated "D-TRUNC" Dns [B, C] "the answer is too large for UDP, and it is not had over TCP",
    DnsFragments "D-FRAG" Dns [C] "the answer comes in fragments, and the later ones are missing",
    DnsInjected "D-INJECT" Dns [A, B] "one query gets two answers that contradict each other",
    DnsNeverTried "D-NOCONN" Dns [C] "the name was resolved, but no connection was tried",
    SynSilent "T-SYN0" Connect [B, C] "SYNs are not answered",
    SynAckLost "T-SAC-LOST" Connect [C] "SYN-ACKs are not acknowledged: the way back is stopped",
    ForeignAck "T-ACK-OLD" Connect [C] "SYNs are answered by ACKs of an older connection",
    ZeroWindow "T-WIN0" Connect [C] "the connection opens, but takes nothing: its window stays closed",
    SourcePort "T-SPORT" Connect [B] "SYNs from some source ports die, and those from others are answered",
    SynReset "T-RST" Connect [B, C] "the SYN is answered with RST",
    SynResetFast "T-RSTFAST" Connect [B] "the SYN is answered with RST by something nearer than the server",
    IcmpProhibited "T-ICMP-ADM" Connect [A] "a device on the path says that the traffic is prohibited",
    IcmpPort "T-ICMP-PORT" Connect [B] "a device answers TCP with port unreachable, as packet filters do",
    IcmpUnreachable "T-ICMP-NET" Connect [C] "a device says that there is no way to the address",
    SynAckReset "T-SAC-RST" Connect [C] "the connection is reset or closed before the server could have heard anything",
    PostAckSilent "T-POSTACK" Connect [B, C] "the connection opens, but what the client says is never answered",
    TwoPoint "T-2POINT" Connect [A] "what enters on the inner side does not come out on the outer side, or the other way round",
    FirewallPf "F-PFLOG" Connect [A] "the log of pf says that a rule dropped it",
    FirewallNetfilter "F-NFLOG" Connect [A] "the log of netfilter has it, with the words of a rule that drops",
    HostXdp "F-XDP" Connect [A] "an XDP program of the capturing host dropped it",
    HostWindows "F-WINDOWS" Connect [A] "Windows says that it dropped it",
    FirewallChain "F-CHAIN" Connect [A] "a Check Point gateway took it at one place of its chains and had it no more at the next",
    DeviceReset "F-RESET" Connect [A, C] "an F5 BIG-IP reset it, and says why",
    DropFile "F-DROPFILE" Connect [A] "it lies in a file of nothing but dropped packets",
    HelloReset "L-RST" Tls [B, C] "the connection is reset right after the ClientHello",
    HelloSilent "L-SILENT" Tls [B, C] "the ClientHello is never answered",
    HelloFin "L-FIN" Tls [B, C] "the connection is closed right after the ClientHello",
    FlightLost "L-FLIGHT" Tls [C] "the server's part of the handshake does not reach the client",
    HandshakeSilent "L-KEYS" Tls [B, C] "the handshake stops: what the client says after the server's hello is never answered",
    HandshakeCut "L-CUT" Tls [B, C] "the server's side ends the connection before the handshake is over",
    HandshakeLeft "L-LEFT" Tls [C] "the client ends the connection before the handshake is over",
    ResetInjected "L-INJECT" Tls [A, B] "the reset was made by something other than the server",
    HelloWithoutName "L-NOSNI" Tls [C] "a ClientHello without a server name is not answered",
    PlainAnswer "L-PLAIN" Tls [A, C] "HTTP in clear answers the ClientHello",
    AlertServer "L-ALERT-S" Tls [B, C] "the server side refuses the ClientHello with an alert",
    AlertClient "L-ALERT-C" Tls [B, C] "the client does not trust the certificate that it is shown",
    IssuerSubstituted "L-ISSUER" Tls [A, B] "the certificate comes from something that reads TLS on the path",
    RequestReset "H-RST" Http [B, C] "the connection is reset right after the HTTP request",
    RequestFin "H-FIN" Http [C] "the connection is closed right after the HTTP request, without an answer",
    HttpBlocked "H-BLOCK" Http [A, B] "the HTTP answer says that access is denied by policy or law",
    ProxyRefused "H-CONNECT" Proxy [A, B, C] "the proxy refuses what it is asked for by CONNECT, SOCKS or a request",
    ProxyFailed "H-GATEWAY" Proxy [C] "the proxy cannot reach the destination",
    ProxySilent "H-SILENT" Proxy [C] "the proxy takes a request for a tunnel and gives no answer to it",
    UdpSilent "U-SILENT" Udp [B, C] "requests over UDP are not answered",
    UdpProhibited "U-ICMP-ADM" Udp [A] "a device on the path says that the traffic is prohibited",
    UdpUnreachable "U-ICMP" Udp [C] "a device says that the address or port cannot be reached",
    QuicSilent "Q-DROP" Quic [C] "QUIC Initial packets are not answered",
    QuicHalf "Q-HALF" Quic [C] "the QUIC handshake is answered, but does not come to its end",
    QuicBoth "Q-BOTH" Quic [A, B, C] "neither QUIC nor TCP gets through",
    QuicClosed "Q-CLOSE" Quic [C] "the QUIC handshake is closed with an error",
    QuicIcmp "Q-ICMP" Quic [A, B, C] "a device says that QUIC datagrams cannot get on",
    LateStop "M-LATE" Late [C] "the connection is cut off after data had flowed",
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
    pub words: Phrase,
    /// Who said no, where that was a device other than the destination.
    pub by: Option<IpAddr>,
    /// What works nearby and so tells the cause from others.
    pub control: Option<Phrase>,
    /// Whether what is missing is a login.
    pub login: bool,
}

impl Code {
    /// Whether it stops at whatever stage it meets a flow: devices that say so, and a second point.
    #[must_use]
    pub const fn is_anywhere(self) -> bool {
        matches!(
            self,
            Self::TwoPoint
                | Self::FirewallPf
                | Self::FirewallNetfilter
                | Self::HostXdp
                | Self::HostWindows
                | Self::FirewallChain
                | Self::DeviceReset
                | Self::DropFile
        )
    }
}

impl Evidence {
    /// Evidence of the flow alone, without a control.
    #[must_use]
    pub fn new(
        code: Code,
        grade: Grade,
        stamps: impl IntoIterator<Item = Stamp>,
        words: Phrase,
    ) -> Self {
        let mut stamps: Vec<Stamp> = stamps.into_iter().collect();
        stamps.sort_unstable();
        stamps.dedup();
        Self {
            code,
            grade,
            stamps,
            words,
            by: None,
            control: None,
            login: false,
        }
    }

    /// What works nearby makes it as sure as this.
    pub(super) fn show(&mut self, grade: Grade, control: Phrase) {
        self.grade = grade;
        self.control = Some(control);
    }
}
