//! Who stamps frames with their time, and what an interface offers of that.
//!
//! libpcap passes over a source of time that an interface has not got, and its crate neither tells that nor lists the
//! sources; so the kernel is asked the question that libpcap asks it (`ethtool -T`), over netlink.

use std::fmt;

/// Who stamps frames with their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timestamps {
    /// The kernel, when it gets the frame.
    #[default]
    Host,
    /// The interface, by a clock that goes with the system's.
    Adapter,
    /// The interface, by a clock of its own.
    AdapterUnsynced,
}

impl Timestamps {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Host, Self::Adapter, Self::AdapterUnsynced];

    /// As on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Adapter => "adapter",
            Self::AdapterUnsynced => "adapter-unsynced",
        }
    }

    /// As libpcap calls it.
    pub(super) const fn of_libpcap(self) -> pcap::TimestampType {
        match self {
            Self::Host => pcap::TimestampType::Host,
            Self::Adapter => pcap::TimestampType::Adapter,
            Self::AdapterUnsynced => pcap::TimestampType::AdapterUnsynced,
        }
    }
}

impl fmt::Display for Timestamps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an interface offers; the kernel's own stamps always.
#[cfg(not(target_os = "linux"))]
pub(super) fn offered(_: &str) -> Vec<Timestamps> {
    vec![Timestamps::Host]
}

#[cfg(target_os = "linux")]
pub(super) use linux::offered;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::io::Errno;
    use rustix::net::netlink::{GENERIC, SocketAddrNetlink};
    use rustix::net::sockopt::{Timeout, set_socket_timeout};
    use rustix::net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
    };
    use std::time::Duration;

    use super::Timestamps;

    // linux/genetlink.h and linux/ethtool_netlink.h.
    const CONTROL: u16 = 16;
    const GET_FAMILY: u8 = 3;
    const FAMILY_ID: u16 = 1;
    const FAMILY_NAME: u16 = 2;
    const TIMES_GET: u8 = 25;
    const TIMES_HEADER: u16 = 1;
    const TIMES_CAPABLE: u16 = 2;
    const TIMES_FILTERS: u16 = 4;
    const HEADER_NAME: u16 = 2;
    const HEADER_FLAGS: u16 = 3;
    const COMPACT: u32 = 1;
    const BITS_VALUE: u16 = 4;
    const NESTED: u16 = 1 << 15;
    /// All that is no flag in an attribute's kind.
    const KIND: u16 = (1 << 14) - 1;
    const REQUEST: u16 = 1;
    const IS_ERROR: u16 = 2;
    /// Bytes before the attributes: those of netlink, then those of generic netlink.
    const HEADERS: usize = 16 + 4;
    // linux/net_tstamp.h.
    const SYSTEM_CLOCK: u32 = 1 << 5;
    const OWN_CLOCK: u32 = 1 << 6;
    const ALL_FRAMES: u32 = 1 << 1;

    /// What an interface offers; the kernel's own stamps always. As libpcap has it, stamps of the interface count only
    /// where it can give them to all frames. An interface that cannot be asked, such as `any`, offers no more.
    pub(in super::super) fn offered(interface: &str) -> Vec<Timestamps> {
        let (capable, filters) = ask(interface).unwrap_or_default();
        let by_itself = filters & ALL_FRAMES != 0;
        let offers = |which: &Timestamps| match which {
            Timestamps::Host => true,
            Timestamps::Adapter => by_itself && capable & SYSTEM_CLOCK != 0,
            Timestamps::AdapterUnsynced => by_itself && capable & OWN_CLOCK != 0,
        };
        Timestamps::ALL.into_iter().filter(offers).collect()
    }

    /// What the interface can, and to which frames it can give stamps: bits each.
    fn ask(interface: &str) -> Option<(u32, u32)> {
        let mut name = b"ethtool\0".to_vec();
        let answer = exchange(CONTROL, GET_FAMILY, 1, &attribute(FAMILY_NAME, &name)).ok()?;
        let family = find(&answer, FAMILY_ID)?;
        let family = u16::from_ne_bytes(family.get(..2)?.try_into().ok()?);
        name = interface.as_bytes().to_vec();
        name.push(0);
        let mut header = attribute(HEADER_NAME, &name);
        header.extend(attribute(HEADER_FLAGS, &COMPACT.to_ne_bytes()));
        let question = attribute(TIMES_HEADER | NESTED, &header);
        let answer = exchange(family, TIMES_GET, 1, &question).ok()?;
        let bits = |kind| {
            let set = find(&answer, kind).and_then(|set| find(set, BITS_VALUE));
            let word = set.and_then(|bits| bits.get(..4)?.try_into().ok());
            word.map_or(0, u32::from_ne_bytes)
        };
        Some((bits(TIMES_CAPABLE), bits(TIMES_FILTERS)))
    }

    /// Asks the kernel one thing; gives the attributes of its answer.
    fn exchange(family: u16, command: u8, version: u8, about: &[u8]) -> Result<Vec<u8>, Errno> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(GENERIC),
        )?;
        // The kernel answers at once, or not at all.
        set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(1)))?;
        let length = u32::try_from(HEADERS + about.len()).map_err(|_| Errno::MSGSIZE)?;
        let mut message = length.to_ne_bytes().to_vec();
        message.extend(family.to_ne_bytes());
        message.extend(REQUEST.to_ne_bytes());
        message.extend([0; 8]);
        message.extend([command, version, 0, 0]);
        message.extend(about);
        sendto(
            &socket,
            &message,
            SendFlags::empty(),
            &SocketAddrNetlink::new(0, 0),
        )?;
        let mut answer = vec![0; 16 * 1024];
        let (count, _) = recv(&socket, &mut answer[..], RecvFlags::empty())?;
        let answer = answer.get(..count).ok_or(Errno::MSGSIZE)?;
        let kind = answer.get(4..6).ok_or(Errno::MSGSIZE)?;
        if kind == IS_ERROR.to_ne_bytes() {
            return Err(Errno::OPNOTSUPP);
        }
        Ok(answer.get(HEADERS..).unwrap_or_default().to_vec())
    }

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        let mut out = length.to_ne_bytes().to_vec();
        out.extend(kind.to_ne_bytes());
        out.extend(value);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    /// The value of the first attribute of a kind.
    fn find(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
        loop {
            let (length, kind) = (attributes.get(..2)?, attributes.get(2..4)?);
            let length = usize::from(u16::from_ne_bytes(length.try_into().ok()?));
            let kind = u16::from_ne_bytes(kind.try_into().ok()?) & KIND;
            let value = attributes.get(4..length)?;
            if kind == wanted {
                return Some(value);
            }
            attributes = attributes.get(length.next_multiple_of(4)..)?;
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn attributes_are_found_among_others_and_damage_ends_the_search() {
            let mut all = attribute(1, b"odd");
            all.extend(attribute(2 | NESTED, &attribute(BITS_VALUE, &[7, 0, 0, 0])));
            assert_eq!(find(&all, 1), Some(&b"odd"[..]));
            let nested = find(&all, 2).unwrap();
            assert_eq!(find(nested, BITS_VALUE), Some(&[7, 0, 0, 0][..]));
            assert_eq!(find(&all, 9), None);
            assert_eq!(find(&[0, 0, 0, 0], 1), None, "a length of nothing");
            assert_eq!(find(&[200, 0, 1, 0], 1), None, "a length beyond the end");
        }

        #[test]
        fn an_interface_without_a_clock_offers_the_kernels_stamps() {
            assert_eq!(offered("lo"), [Timestamps::Host]);
            assert_eq!(offered("nosuch0"), [Timestamps::Host]);
        }
    }
}
