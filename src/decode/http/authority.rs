//! Hosts with their ports (RFC 3986 section 3.2), as `Host` headers, CONNECT and absolute URIs write them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::model::Fqdn;

/// A host and its port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Authority {
    /// The host.
    pub host: Host,
    /// The port, where it is told.
    pub port: Option<u16>,
}

/// A host by name or by address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Host {
    /// By name.
    Name(Fqdn),
    /// By address.
    Address(IpAddr),
}

impl Host {
    /// The name, where it is one.
    #[must_use]
    pub const fn name(&self) -> Option<&Fqdn> {
        match self {
            Self::Name(name) => Some(name),
            Self::Address(_) => None,
        }
    }
}

impl Authority {
    /// Reads `host`, `host:port`, `[address]:port`; user information before an `@` is left out. A port that is no
    /// number is left out too. `None` where there is no host.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii();
        let start = bytes
            .iter()
            .rposition(|byte| *byte == b'@')
            .map_or(0, |at| at + 1);
        let bytes = bytes.get(start..)?;
        if let [b'[', rest @ ..] = bytes {
            let end = rest.iter().position(|byte| *byte == b']')?;
            let port = rest.get(end + 1..).and_then(|port| port.strip_prefix(b":"));
            return Some(Self {
                host: host(rest.get(..end)?)?,
                port: port.and_then(number),
            });
        }
        if let Some(address) = parse::<Ipv6Addr>(bytes) {
            return Some(Self {
                host: Host::Address(address.into()),
                port: None,
            });
        }
        match bytes.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let (name, port) = bytes.split_at(colon);
                Some(Self {
                    host: host(name)?,
                    port: number(&port[1..]),
                })
            }
            None => Some(Self {
                host: host(bytes)?,
                port: None,
            }),
        }
    }
}

/// The authority in a request's target: all of it for CONNECT, else that of `scheme://authority/path`.
pub(super) fn of_target(method: &[u8], target: &[u8]) -> Option<Authority> {
    if method == b"CONNECT" {
        return Authority::read(target);
    }
    let colon = target.iter().position(|byte| *byte == b':')?;
    let (scheme, rest) = target.split_at(colon);
    if scheme.is_empty() || !scheme.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let rest = rest.strip_prefix(b"://")?;
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    Authority::read(rest.get(..end)?)
}

fn host(bytes: &[u8]) -> Option<Host> {
    if let Some(address) = parse::<Ipv4Addr>(bytes) {
        return Some(Host::Address(address.into()));
    }
    if let Some(address) = parse::<Ipv6Addr>(bytes) {
        return Some(Host::Address(address.into()));
    }
    // What separates the parts of a URI stands in no host (RFC 3986 section 3.2.2).
    if bytes.iter().any(|byte| b"/?#[]@\\\"<>".contains(byte)) {
        return None;
    }
    Fqdn::from_packet(bytes).map(Host::Name)
}

pub(super) fn number<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    parse(bytes.trim_ascii())
}

fn parse<T: std::str::FromStr>(bytes: &[u8]) -> Option<T> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}
