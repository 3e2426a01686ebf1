//! The direction-free 5-tuple.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Endpoint, Transport};

/// Which of a key's two endpoints: the lower or the higher one in order. Says nothing about who opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Side {
    /// The lower endpoint.
    Low,
    /// The higher endpoint.
    High,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }

    /// 0 for low, 1 for high.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A 5-tuple without direction: both directions of a flow have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FlowKey {
    low: Endpoint,
    high: Endpoint,
    transport: Transport,
}

impl FlowKey {
    /// The key of a packet, and which side sent it. A packet from an endpoint to itself is sent by the low side.
    #[must_use]
    pub fn of(source: Endpoint, destination: Endpoint, transport: Transport) -> (Self, Side) {
        if is_low(source, destination) {
            (
                Self {
                    low: source,
                    high: destination,
                    transport,
                },
                Side::Low,
            )
        } else {
            (
                Self {
                    low: destination,
                    high: source,
                    transport,
                },
                Side::High,
            )
        }
    }

    /// The endpoint on a side.
    #[must_use]
    pub const fn endpoint(&self, side: Side) -> Endpoint {
        match side {
            Side::Low => self.low,
            Side::High => self.high,
        }
    }

    /// The transport.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }
}

/// Whether the source is not above the destination in order; once for each packet, so IPv4 is compared as numbers.
#[inline]
fn is_low(source: Endpoint, destination: Endpoint) -> bool {
    match (source.ip, destination.ip) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            (from.to_bits(), source.port) <= (to.to_bits(), destination.port)
        }
        _ => source <= destination,
    }
}

/// An address as a number, IPv4 in its lower half: for a hash, which takes that with the least work.
#[inline]
pub(crate) fn address_bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().into(),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// In few words, since it is done once for each packet.
impl Hash for FlowKey {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let ports = u128::from(self.low.port) << 16 | u128::from(self.high.port);
        let ends = ports << 8 | u128::from(self.transport.protocol());
        match (self.low.ip, self.high.ip) {
            (IpAddr::V4(low), IpAddr::V4(high)) => {
                let hosts = u128::from(low.to_bits()) << 32 | u128::from(high.to_bits());
                state.write_u128(ends << 64 | hosts);
            }
            (low, high) => {
                state.write_u128(address_bits(low));
                state.write_u128(address_bits(high));
                state.write_u128(ends);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_has_the_order_of_endpoints() {
        let ends = ["0.0.0.1", "1.0.0.0", "10.0.0.1", "192.0.2.255", "::1"];
        let ends = ends.map(|ip| ip.parse().unwrap());
        for (a, b) in ends.iter().flat_map(|a| ends.iter().map(move |b| (*a, *b))) {
            for (from, to) in [(5, 9), (9, 5), (5, 5), (5, 256)] {
                let (a, b) = (Endpoint::new(a, from), Endpoint::new(b, to));
                assert_eq!(is_low(a, b), a <= b, "{a} {b}");
            }
        }
    }

    #[test]
    fn both_directions_have_one_key() {
        let a = Endpoint::new("10.0.0.1".parse().unwrap(), 5000);
        let b = Endpoint::new("10.0.0.2".parse().unwrap(), 443);
        let (there, sent) = FlowKey::of(a, b, Transport::Tcp);
        let (back, answered) = FlowKey::of(b, a, Transport::Tcp);
        assert_eq!(there, back);
        assert_eq!(sent, answered.other());
        assert_eq!(there.endpoint(sent), a);
        assert_eq!(there.endpoint(answered), b);
    }
}
