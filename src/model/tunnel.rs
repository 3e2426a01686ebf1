//! Layers that carry whole packets or frames of others.

use serde::{Deserialize, Serialize};

use super::words;

words! {
    /// A kind of tunnel. Declared in the order of the words, so that stacks sort by them.
    #[derive(Serialize, Deserialize)]
    pub enum TunnelKind {
        /// MAC in MAC (IEEE 802.1ah).
        MacInMac = "802.1ah",
        /// Remote mirroring of Aruba's access points.
        ArubaErm = "aruba-erm",
        /// CAPWAP data (RFC 5415).
        Capwap = "capwap",
        /// ERSPAN of any type.
        Erspan = "erspan",
        /// Ethernet in IP (RFC 3378).
        EtherIp = "etherip",
        /// Cisco FabricPath.
        FabricPath = "fabricpath",
        /// GENEVE (RFC 8926).
        Geneve = "geneve",
        /// GRE (RFC 2784), in IP or UDP.
        Gre = "gre",
        /// GTP-U (3GPP TS 29.281).
        Gtp = "gtp",
        /// Generic UDP encapsulation.
        Gue = "gue",
        /// Remote mirroring of HP's switches.
        HpErm = "hp-erm",
        /// IPv4 in IP (RFC 2003).
        IpInIp = "ip-in-ip",
        /// IPv6 in IP (RFC 4213).
        Ipv6InIp = "ipv6-in-ip",
        /// Juniper's packet mirroring.
        JMirror = "jmirror",
        /// L2TP version 2 (RFC 2661).
        L2tp = "l2tp",
        /// L2TP version 3 (RFC 3931).
        L2tpV3 = "l2tpv3",
        /// LISP (RFC 9300).
        Lisp = "lisp",
        /// MPLS labels (RFC 3032), on a link or in IP or UDP.
        Mpls = "mpls",
        /// Network service header (RFC 8300).
        Nsh = "nsh",
        /// PPP over Ethernet (RFC 2516).
        Pppoe = "pppoe",
        /// GRE of PPTP (RFC 2637).
        Pptp = "pptp",
        /// Samples of frames (sFlow version 5); the number is one packet of how many was taken.
        Sflow = "sflow",
        /// Teredo (RFC 4380).
        Teredo = "teredo",
        /// TRILL (RFC 6325).
        Trill = "trill",
        /// TZSP.
        Tzsp = "tzsp",
        /// VXLAN (RFC 7348).
        Vxlan = "vxlan",
        /// VXLAN with its generic protocol extension.
        VxlanGpe = "vxlan-gpe",
    }
}

/// A layer that carries whole packets or frames of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tunnel {
    /// What it is.
    pub kind: TunnelKind,
    /// The tunnel's number: VNI, GRE key, session or label; 0 where it has none.
    pub id: u32,
}

/// `vxlan:42`
impl std::fmt::Display for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}
