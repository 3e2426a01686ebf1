//! Applications, told by content.

use serde::{Deserialize, Serialize};

use crate::model::TunnelKind;

/// Application protocols told by content, one bit each.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct App(pub u32);

impl App {
    /// TLS on TCP.
    pub const TLS: Self = Self(1);
    /// HTTP/1 in clear.
    pub const HTTP: Self = Self(1 << 1);
    /// DNS, over any transport.
    pub const DNS: Self = Self(1 << 2);
    /// QUIC.
    pub const QUIC: Self = Self(1 << 3);
    /// NTP.
    pub const NTP: Self = Self(1 << 4);
    /// Syslog.
    pub const SYSLOG: Self = Self(1 << 5);
    /// SSH.
    pub const SSH: Self = Self(1 << 6);
    /// DTLS.
    pub const DTLS: Self = Self(1 << 7);
    /// DHCP.
    pub const DHCP: Self = Self(1 << 8);
    /// Multicast DNS and LLMNR.
    pub const MDNS: Self = Self(1 << 9);
    /// LDAP.
    pub const LDAP: Self = Self(1 << 10);
    /// SMTP, and other protocols that greet as it does.
    pub const SMTP: Self = Self(1 << 11);
    /// HTTP/2 in clear.
    pub const HTTP2: Self = Self(1 << 12);
    /// VXLAN, with or without its generic protocol extension.
    pub const VXLAN: Self = Self(1 << 13);
    /// GENEVE.
    pub const GENEVE: Self = Self(1 << 14);
    /// GTP-U.
    pub const GTP: Self = Self(1 << 15);
    /// Teredo.
    pub const TEREDO: Self = Self(1 << 16);
    /// GRE in UDP.
    pub const GRE: Self = Self(1 << 17);
    /// CAPWAP.
    pub const CAPWAP: Self = Self(1 << 18);
    /// L2TP.
    pub const L2TP: Self = Self(1 << 19);
    /// MPLS in UDP.
    pub const MPLS: Self = Self(1 << 20);
    /// TZSP.
    pub const TZSP: Self = Self(1 << 21);
    /// Juniper's packet mirroring.
    pub const JMIRROR: Self = Self(1 << 22);
    /// LISP.
    pub const LISP: Self = Self(1 << 23);
    /// Generic UDP encapsulation.
    pub const GUE: Self = Self(1 << 24);
    /// Remote mirroring of HP's switches and Aruba's access points.
    pub const ERM: Self = Self(1 << 25);
    /// sFlow: samples of frames, which are not opened.
    pub const SFLOW: Self = Self(1 << 26);
    /// Datagrams with whole packets in them, in an encapsulation that is not known.
    pub const MIRROR: Self = Self(1 << 27);
    /// RDP, by its connection request.
    pub const RDP: Self = Self(1 << 28);

    /// All with their names, the most telling first: what is inside outranks what carries it.
    pub const NAMES: [(Self, &str); 29] = [
        (Self::RDP, "rdp"),
        (Self::TLS, "tls"),
        (Self::QUIC, "quic"),
        (Self::DTLS, "dtls"),
        (Self::HTTP2, "http2"),
        (Self::HTTP, "http"),
        (Self::MDNS, "mdns"),
        (Self::DNS, "dns"),
        (Self::NTP, "ntp"),
        (Self::SSH, "ssh"),
        (Self::LDAP, "ldap"),
        (Self::SMTP, "smtp"),
        (Self::SYSLOG, "syslog"),
        (Self::DHCP, "dhcp"),
        (Self::VXLAN, "vxlan"),
        (Self::GENEVE, "geneve"),
        (Self::GTP, "gtp"),
        (Self::TEREDO, "teredo"),
        (Self::GRE, "gre"),
        (Self::CAPWAP, "capwap"),
        (Self::L2TP, "l2tp"),
        (Self::MPLS, "mpls"),
        (Self::TZSP, "tzsp"),
        (Self::JMIRROR, "jmirror"),
        (Self::LISP, "lisp"),
        (Self::GUE, "gue"),
        (Self::ERM, "erm"),
        (Self::SFLOW, "sflow"),
        (Self::MIRROR, "mirror"),
    ];

    /// The tunnel protocol of a datagram that carried a packet, by [`crate::decode::Carrier::kind`].
    #[must_use]
    pub const fn of_tunnel(kind: TunnelKind) -> Self {
        match kind {
            TunnelKind::Vxlan | TunnelKind::VxlanGpe => Self::VXLAN,
            TunnelKind::Geneve => Self::GENEVE,
            TunnelKind::Gtp => Self::GTP,
            TunnelKind::Teredo => Self::TEREDO,
            TunnelKind::Gre => Self::GRE,
            TunnelKind::Capwap => Self::CAPWAP,
            TunnelKind::L2tp => Self::L2TP,
            TunnelKind::Mpls => Self::MPLS,
            TunnelKind::Tzsp => Self::TZSP,
            TunnelKind::JMirror => Self::JMIRROR,
            TunnelKind::Lisp => Self::LISP,
            TunnelKind::Gue => Self::GUE,
            TunnelKind::HpErm | TunnelKind::ArubaErm => Self::ERM,
            _ => Self(0),
        }
    }

    /// The most telling one.
    #[must_use]
    pub fn main(self) -> Option<Self> {
        self.named().map(|(app, _)| *app)
    }

    /// The name of the most telling one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.named().map(|(_, name)| *name)
    }

    fn named(self) -> Option<&'static (Self, &'static str)> {
        Self::NAMES.iter().find(|(app, _)| self.has(*app))
    }

    /// Whether all of `other` is in it.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
