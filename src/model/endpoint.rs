//! Endpoints, transports and sets of ports.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An address and a port. Protocols without ports have port 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// The address.
    pub ip: IpAddr,
    /// The port, 0 where the transport has none.
    pub port: u16,
}

impl Endpoint {
    /// An endpoint.
    #[must_use]
    pub const fn new(ip: IpAddr, port: u16) -> Self {
        Self { ip, port }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ip, self.port) {
            (ip, 0) => write!(f, "{ip}"),
            (IpAddr::V4(ip), port) => write!(f, "{ip}:{port}"),
            (IpAddr::V6(ip), port) => write!(f, "[{ip}]:{port}"),
        }
    }
}

/// What runs on IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Transport {
    /// Protocol 6.
    Tcp,
    /// Protocol 17.
    Udp,
    /// Protocol 1.
    Icmp,
    /// Protocol 58.
    Icmpv6,
    /// Any other IP protocol number.
    Other(u8),
}

impl Transport {
    /// From the number in the IP header.
    #[must_use]
    pub const fn from_protocol(number: u8) -> Self {
        match number {
            6 => Self::Tcp,
            17 => Self::Udp,
            1 => Self::Icmp,
            58 => Self::Icmpv6,
            n => Self::Other(n),
        }
    }

    /// The number in the IP header.
    #[must_use]
    pub const fn protocol(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Icmp => 1,
            Self::Icmpv6 => 58,
            Self::Other(n) => n,
        }
    }

    /// Whether endpoints of this transport have ports.
    #[must_use]
    pub const fn has_ports(self) -> bool {
        matches!(self, Self::Tcp | Self::Udp | Self::Other(132 | 33 | 136))
    }
}

/// `tcp`, `udp`, `icmp`, `icmpv6`, well-known others by name, the rest as `ip-N`.
impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Icmpv6 => "icmpv6",
            Self::Other(2) => "igmp",
            Self::Other(33) => "dccp",
            Self::Other(47) => "gre",
            Self::Other(50) => "esp",
            Self::Other(51) => "ah",
            Self::Other(89) => "ospf",
            Self::Other(103) => "pim",
            Self::Other(112) => "vrrp",
            Self::Other(132) => "sctp",
            Self::Other(136) => "udplite",
            Self::Other(n) => return write!(f, "ip-{n}"),
        })
    }
}

/// A set of ports: ascending inclusive ranges that neither touch nor overlap. The empty set is "not stated".
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortSet(Vec<(u16, u16)>);

/// Why a text is no set of ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortSetError {
    /// Not a number from 0 to 65535.
    #[error("`{0}` is no port: a number from 1 to 65535 or a range such as 5000-5010 is wanted")]
    NotAPort(String),
    /// First end above the last.
    #[error("the range `{0}` runs backwards")]
    Backwards(String),
}

impl PortSet {
    /// The set of some ranges, each `(first, last)` with both ends in it.
    #[must_use]
    pub fn from_ranges(ranges: impl IntoIterator<Item = (u16, u16)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(a, b)| a <= b).collect();
        ranges.sort_unstable();
        let mut out: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
        for (a, b) in ranges {
            match out.last_mut() {
                Some(last) if u32::from(a) <= u32::from(last.1) + 1 => last.1 = last.1.max(b),
                _ => out.push((a, b)),
            }
        }
        Self(out)
    }

    /// The set of some ports.
    #[must_use]
    pub fn from_ports(ports: impl IntoIterator<Item = u16>) -> Self {
        Self::from_ranges(ports.into_iter().map(|p| (p, p)))
    }

    /// Whether `port` is in the set.
    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        self.0.iter().any(|&(a, b)| (a..=b).contains(&port))
    }

    /// Whether there is no port in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, ascending, both ends included.
    #[must_use]
    pub fn ranges(&self) -> &[(u16, u16)] {
        &self.0
    }
}

/// `443` or `80,443` or `5000-5010`.
impl fmt::Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (a, b)) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            if a == b {
                write!(f, "{comma}{a}")?
            } else {
                write!(f, "{comma}{a}-{b}")?
            }
        }
        Ok(())
    }
}

impl FromStr for PortSet {
    type Err = PortSetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let port = |t: &str| match t.trim().parse::<u16>() {
            Ok(p) if p > 0 => Ok(p),
            _ => Err(PortSetError::NotAPort(t.trim().to_owned())),
        };
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let (a, b) = match part.split_once('-') {
                Some((a, b)) => (port(a)?, port(b)?),
                None => (port(part)?, port(part)?),
            };
            if a > b {
                return Err(PortSetError::Backwards(part.trim().to_owned()));
            }
            ranges.push((a, b));
        }
        Ok(Self::from_ranges(ranges))
    }
}

/// Whether packets to the address go to more than one host, by the address alone: multicast, or all of the link. That a
/// network's last address is one of these depends on the network's length, which an address does not tell.
#[must_use]
pub fn is_group(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_multicast() || ip.is_broadcast(),
        IpAddr::V6(ip) => ip.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_sets_join_what_touches() {
        let set: PortSet = "443, 80,81-90, 85-100".parse().unwrap();
        assert_eq!(set.to_string(), "80-100,443");
        assert!(set.contains(100) && set.contains(443) && !set.contains(101));
        assert_eq!(
            PortSet::from_ports([65535, 65534]).to_string(),
            "65534-65535"
        );
    }

    #[test]
    fn bad_ports_are_named() {
        assert_eq!(
            "0".parse::<PortSet>(),
            Err(PortSetError::NotAPort("0".into()))
        );
        assert_eq!(
            "70000".parse::<PortSet>(),
            Err(PortSetError::NotAPort("70000".into()))
        );
        assert_eq!(
            "9-3".parse::<PortSet>(),
            Err(PortSetError::Backwards("9-3".into()))
        );
    }

    #[test]
    fn endpoints_print_as_people_write_them() {
        assert_eq!(
            Endpoint::new("10.0.0.1".parse().unwrap(), 53).to_string(),
            "10.0.0.1:53"
        );
        assert_eq!(
            Endpoint::new("::1".parse().unwrap(), 53).to_string(),
            "[::1]:53"
        );
        assert_eq!(Endpoint::new("::1".parse().unwrap(), 0).to_string(), "::1");
    }
}
