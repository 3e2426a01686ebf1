//! Whether an interface is still there. libpcap (1.10.3) was seen not to tell that one was deleted, once in 60 times under
//! load, and to go on as if it were only quiet.

/// That an interface of the system is there.
#[cfg(not(target_os = "linux"))]
pub(super) struct Presence;

#[cfg(not(target_os = "linux"))]
impl Presence {
    /// Not asked for; libpcap is relied on.
    pub(super) fn of(_: &str) -> Option<Self> {
        None
    }

    /// Whether it was deleted.
    pub(super) fn is_gone(&self) -> bool {
        false
    }
}

#[cfg(target_os = "linux")]
pub(super) use linux::Presence;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::io::Errno;
    use rustix::net::netdevice::{index_to_name_inlined, name_to_index};
    use std::os::unix::net::UnixDatagram;

    /// That an interface of the system is there, by its number: its name may change while it is captured from.
    pub(in super::super) struct Presence {
        number: u32,
        /// Any socket will do to ask by.
        asked_by: UnixDatagram,
    }

    impl Presence {
        /// `None` of what is no interface of its own, such as `any` or a log of netfilter.
        pub(in super::super) fn of(name: &str) -> Option<Self> {
            let asked_by = UnixDatagram::unbound().ok()?;
            let number = name_to_index(&asked_by, name).ok()?;
            Some(Self { number, asked_by })
        }

        /// Whether it was deleted.
        pub(in super::super) fn is_gone(&self) -> bool {
            let name = index_to_name_inlined(&self.asked_by, self.number);
            matches!(name, Err(Errno::NODEV | Errno::NXIO))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_is_deleted_is_gone_and_what_never_was_is_no_device() {
            let mut lo = Presence::of("lo").unwrap();
            assert!(!lo.is_gone());
            // Numbers are given out from 1 on.
            lo.number = i32::MAX.unsigned_abs();
            assert!(lo.is_gone());
            assert!(Presence::of("any").is_none());
            assert!(Presence::of("nflog:5").is_none());
        }
    }
}
