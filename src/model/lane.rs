//! Lanes: flows told apart by their ends, so that several threads absorb one input side by side.

use std::net::IpAddr;

use super::FlowKey;
use super::Side;

/// One of [`Lane::COUNT`] groups of flows. Both directions of a flow fall into one lane. Which one, is the same in every
/// run and for any number of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(u8);

impl Lane {
    /// How many lanes there are: enough to keep twice as many threads busy as one capture feeds.
    pub const COUNT: usize = 16;

    /// Where frames go whose flow their plain headers do not tell.
    pub const COMMON: Self = Self(0);

    /// The lane of a flow between two IPv4 endpoints: addresses as numbers, and ports.
    #[inline]
    #[must_use]
    pub const fn of_v4(addresses: (u32, u32), ports: (u16, u16)) -> Self {
        Self::of_mixed((addresses.0 ^ addresses.1) as u64, ports.0 ^ ports.1)
    }

    /// The lane of a flow between two IPv6 endpoints.
    #[inline]
    #[must_use]
    pub const fn of_v6(addresses: (u128, u128), ports: (u16, u16)) -> Self {
        let both = addresses.0 ^ addresses.1;
        Self::of_mixed((both >> 64) as u64 ^ both as u64, ports.0 ^ ports.1)
    }

    /// The lane of a flow.
    #[inline]
    #[must_use]
    pub fn of(key: &FlowKey) -> Self {
        let (low, high) = (key.endpoint(Side::Low), key.endpoint(Side::High));
        let ports = (low.port, high.port);
        match (low.ip, high.ip) {
            (IpAddr::V4(low), IpAddr::V4(high)) => {
                Self::of_v4((low.to_bits(), high.to_bits()), ports)
            }
            (IpAddr::V6(low), IpAddr::V6(high)) => {
                Self::of_v6((low.to_bits(), high.to_bits()), ports)
            }
            _ => Self::COMMON,
        }
    }

    /// Below [`Lane::COUNT`].
    #[inline]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The top bits of a product depend on all bits below them.
    #[inline]
    const fn of_mixed(addresses: u64, ports: u16) -> Self {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (addresses ^ (ports as u64) << 40).wrapping_mul(ODD);
        Self((mixed >> 60) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Endpoint, Transport};
    use super::*;

    fn lane(from: (&str, u16), to: (&str, u16)) -> Lane {
        let end = |(ip, port): (&str, u16)| Endpoint::new(ip.parse().unwrap(), port);
        let there = Lane::of(&FlowKey::of(end(from), end(to), Transport::Tcp).0);
        let back = Lane::of(&FlowKey::of(end(to), end(from), Transport::Tcp).0);
        assert_eq!(there, back);
        there
    }

    #[test]
    fn connections_of_one_host_to_one_server_spread() {
        for (host, server) in [("10.0.0.5", "192.0.2.7"), ("2001:db8::5", "2001:db8:1::7")] {
            let mut flows = [0; Lane::COUNT];
            for port in 40_000..41_600 {
                flows[lane((host, port), (server, 443)).index()] += 1;
            }
            assert!(flows.iter().all(|n| (50..200).contains(n)), "{flows:?}");
        }
    }
}
