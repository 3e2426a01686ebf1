//! Which addresses have which MAC address on the link that was captured: two addresses of one card are one host.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::net::IpAddr;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::decode::{Packet, Segment, TcpFlags};
use crate::model::Merge;

/// A MAC address (EUI-48), first byte first.
pub type Mac = [u8; 6];

/// The most addresses kept, the smallest ones.
const ADDRESSES: usize = 16_384;
/// Among so many addresses one is found soon enough: parts of a capture that hold but a few packets remember none beside.
const FEW_ADDRESSES: usize = 16;
/// The most MAC addresses kept of one, the smallest ones.
const MACS: usize = 4;

/// MAC addresses by IP address, of hosts that open connections or ask DNS and are on the captured link itself: no router
/// has taken one off their TTL. Bounded by keeping the smallest, so that parts merge in any order to the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    by_address: Cards,
    /// Of IPv6 addresses whose packets have lost a hop or two, as those that a host makes of IPv4 (RFC 7915 section 4.1).
    behind: Cards,
}

/// The cards of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Cards {
    by_address: BTreeMap<IpAddr, Vec<Mac>>,
    #[serde(skip)]
    lately: Lately,
}

/// Addresses and cards that were added lately, by a few bits of both. What was added need not be added again, also where it
/// was dropped at the bound: it would be dropped again. Saves a search for each of the many openings of a host.
#[derive(Clone, Debug, Default)]
struct Lately(Vec<Option<(IpAddr, Mac)>>);

impl Lately {
    /// So many are remembered, as a power of two.
    const BITS: u32 = 10;

    /// Whether these were added lately; from now on they were.
    fn has(&mut self, ip: IpAddr, mac: Mac) -> bool {
        if self.0.is_empty() {
            self.0.resize(1 << Self::BITS, None);
        }
        let hash = FixedState::default().hash_one((ip, mac));
        let place = &mut self.0[(hash >> (u64::BITS - Self::BITS)) as usize];
        place.replace((ip, mac)) == Some((ip, mac))
    }
}

/// What was added lately makes no difference.
impl PartialEq for Lately {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Lately {}

impl Links {
    /// Takes a packet.
    pub(super) fn absorb(&mut self, packet: &Packet<'_>) {
        let opens = match &packet.segment {
            Segment::Tcp(segment) => {
                segment.flags.has(TcpFlags::SYN) && !segment.flags.has(TcpFlags::ACK)
            }
            Segment::Udp(datagram) => datagram.destination_port == 53,
            _ => false,
        };
        if !opens || packet.source_mac == [0; 6] {
            return;
        }
        match packet.ttl {
            64 | 128 | 255 => self.by_address.add(packet.source, packet.source_mac),
            61..64 if packet.source.is_ipv6() => {
                self.behind.add(packet.source, packet.source_mac);
            }
            _ => {}
        }
    }

    /// The cards that IPv6 addresses were seen with behind one to three hops, as those of address translation in a host.
    #[must_use]
    pub fn behind(&self, ip: IpAddr) -> &[Mac] {
        self.behind.of(ip)
    }

    /// The cards of an address on the link itself.
    #[must_use]
    pub fn of(&self, ip: IpAddr) -> &[Mac] {
        self.by_address.of(ip)
    }

    /// Addresses with the MAC addresses that they were seen with, both ascending.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &[Mac])> {
        let all = self.by_address.by_address.iter();
        all.map(|(ip, macs)| (*ip, &macs[..]))
    }

    /// The other addresses of each card that has few, by address: ascending, and without its own.
    #[must_use]
    pub fn same_card(&self) -> BTreeMap<IpAddr, Vec<IpAddr>> {
        /// A card with more addresses than this is a switch of its own: virtual machines, a proxy for neighbours.
        const FEW: usize = 16;
        let mut by_mac: BTreeMap<Mac, Vec<IpAddr>> = BTreeMap::new();
        for (ip, macs) in self.iter() {
            // Who has several cards is behind something that answers for him.
            if let [mac] = macs {
                by_mac.entry(*mac).or_default().push(ip);
            }
        }
        let mut out = BTreeMap::new();
        for ips in by_mac
            .into_values()
            .filter(|ips| (2..=FEW).contains(&ips.len()))
        {
            for ip in &ips {
                let others = ips.iter().filter(|other| *other != ip).copied();
                out.insert(*ip, others.collect());
            }
        }
        out
    }
}

impl Merge for Links {
    fn merge(&mut self, other: Self) {
        self.by_address.merge(other.by_address);
        self.behind.merge(other.behind);
    }
}

impl Cards {
    fn of(&self, ip: IpAddr) -> &[Mac] {
        self.by_address.get(&ip).map_or(&[], |macs| macs)
    }

    fn add(&mut self, ip: IpAddr, mac: Mac) {
        if self.by_address.len() > FEW_ADDRESSES && self.lately.has(ip, mac) {
            return;
        }
        let macs = self.by_address.entry(ip).or_default();
        if let Err(place) = macs.binary_search(&mac) {
            macs.insert(place, mac);
            macs.truncate(MACS);
        }
        if self.by_address.len() > ADDRESSES {
            self.by_address.pop_last();
        }
    }
}

impl Merge for Cards {
    fn merge(&mut self, other: Self) {
        for (ip, macs) in other.by_address {
            macs.into_iter().for_each(|mac| self.add(ip, mac));
        }
    }
}
