//! Frames from an interface, through libpcap. The only part that links it (feature `live`).
//!
//! libpcap's own blocking read waits for ever where no packet comes, whatever its timeout; so the handle is put into
//! non-blocking mode and its descriptor is polled. Opening needs privileges, reading does not: drop them in between.

mod presence;
mod timestamps;

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use pcap::Active;
use pcap::Capture;
use pcap::ConnectionStatus;
use pcap::Device;
use pcap::Precision;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use serde::{Serialize, Serializer};

use super::Batch;
use super::BatchLimits;
use super::Frame;
use super::FrameNote;
use super::LinkType;
use super::Loss;
use super::true_time::true_time;
use crate::model::{CaptureTime, words};

use presence::Presence;
pub use timestamps::Timestamps;

/// Packets taken from libpcap at once; between two rounds the limits of the batch are looked at.
const ROUND: usize = 256;
/// How long the kernel may hold a block that is not full yet before it hands it over.
const BLOCK_TIMEOUT_MS: i32 = 100;
/// How long to wait where frames were promised and none came.
const EMPTY_PAUSE: Duration = Duration::from_millis(5);
/// Nanoseconds in the fraction of a second that libpcap gives. Only Linux is sure to give nanoseconds where they are
/// asked for, and the crate does not tell where they were refused.
const NANOS_PER_TICK: i64 = if cfg!(target_os = "linux") { 1 } else { 1000 };

/// How to capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// Name of the interface, such as `eth0`; `any` is all of them on Linux.
    pub interface: String,
    /// Whether frames for others are wanted as well, as on a mirror port.
    pub promiscuous: bool,
    /// The most bytes captured of a frame.
    pub snaplen: u32,
    /// Bytes of the kernel's buffer.
    pub buffer_bytes: u32,
    /// A filter in the syntax of pcap-filter(7); empty takes all.
    pub filter: String,
    /// Whether each frame is handed over at once and not within 100 ms. Costs time on busy links, and each frame then
    /// takes `snaplen` bytes of the buffer however short it is.
    pub immediate: bool,
    /// Who stamps frames with their time.
    pub timestamps: Timestamps,
    /// The interface's number among those captured from at once, told with each frame.
    pub ordinal: u32,
}

/// What to ask for instead of an interface that only other systems have.
fn instead_of(interface: &str) -> &'static str {
    match interface.starts_with("pflog") {
        true if cfg!(target_os = "linux") => {
            "; pf is the firewall of BSD systems: on Linux take the log of netfilter, nflog:GROUP"
        }
        _ => "",
    }
}

impl Default for LiveOptions {
    /// Whole frames of no interface yet, a 16 MiB buffer (256 KiB lost 9 % of 311,000 frames a second on loopback); the
    /// command line asks for more.
    fn default() -> Self {
        Self {
            interface: String::new(),
            promiscuous: false,
            snaplen: 256 * 1024,
            buffer_bytes: 16 * 1024 * 1024,
            filter: String::new(),
            immediate: false,
            timestamps: Timestamps::Host,
            ordinal: 0,
        }
    }
}

/// Why an interface cannot be captured from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
#[non_exhaustive]
pub enum LiveError {
    /// No interface of that name.
    #[error("no interface `{interface}`; there are: {}{}", known.join(", "), instead_of(interface))]
    NoSuchInterface {
        interface: String,
        known: Vec<String>,
    },
    /// This user may not capture.
    #[error(
        "not permitted to capture on `{interface}`; run as root, or allow the program once with \
         `setcap cap_net_raw,cap_net_admin=eip PATH-OF-PKTAUDIT` ({reason})"
    )]
    NotPermitted { interface: String, reason: String },
    /// The filter does not compile.
    #[error("the filter `{filter}` is not understood: {reason}")]
    Filter { filter: String, reason: String },
    /// The interface cannot stamp frames so.
    #[error(
        "`{interface}` offers no timestamps of the kind `{wanted}`; it offers: {}",
        offered.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
    )]
    Timestamps {
        interface: String,
        wanted: Timestamps,
        offered: Vec<Timestamps>,
    },
    /// An option is out of range.
    #[error("{what} of {value} bytes is more than libpcap takes")]
    TooLarge { what: &'static str, value: u32 },
    /// Anything else that libpcap or the system says.
    #[error("capturing on `{interface}` failed: {reason}")]
    Failed { interface: String, reason: String },
}

/// What the C library says of EAGAIN.
const WOULD_WAIT: &str = "temporarily unavailable";

/// An open capture on an interface.
///
/// It is no [`super::FrameSource`]: that one ends where no frame is, and a quiet interface has not ended.
pub struct LiveCapture {
    capture: Capture<Active>,
    interface: String,
    /// Where it is an interface of the system.
    presence: Option<Presence>,
    ordinal: u32,
    link_type: LinkType,
}

impl LiveCapture {
    /// Opens an interface.
    ///
    /// # Errors
    /// Where it does not exist, capturing is not permitted, or the filter is wrong.
    pub fn open(options: &LiveOptions) -> Result<Self, LiveError> {
        let interface = options.interface.clone();
        let failed = |error: pcap::Error| explain(&interface, &reason_of(error));
        let size = |what, value: u32| {
            i32::try_from(value).map_err(|_| LiveError::TooLarge { what, value })
        };
        let inactive = Capture::from_device(options.interface.as_str())
            .map_err(failed)?
            .promisc(options.promiscuous)
            .snaplen(size("a snaplen", options.snaplen)?)
            .buffer_size(size("a buffer", options.buffer_bytes)?)
            .immediate_mode(options.immediate)
            .timeout(BLOCK_TIMEOUT_MS)
            .tstamp_type(options.timestamps.of_libpcap())
            .precision(if NANOS_PER_TICK == 1 {
                Precision::Nano
            } else {
                Precision::Micro
            });
        let mut capture = inactive
            .open()
            .map_err(failed)?
            .setnonblock()
            .map_err(failed)?;
        if !options.filter.is_empty() {
            let filter = options.filter.clone();
            capture
                .filter(&filter, true)
                .map_err(|error| LiveError::Filter {
                    filter: filter.clone(),
                    reason: reason_of(error),
                })?;
        }
        // Asked last, since of an interface that is not there other things are to be said.
        if options.timestamps != Timestamps::Host {
            let offered = timestamps::offered(&interface);
            if !offered.contains(&options.timestamps) {
                return Err(LiveError::Timestamps {
                    interface,
                    wanted: options.timestamps,
                    offered,
                });
            }
        }
        let link_type = link_type(capture.get_datalink().0);
        Ok(Self {
            capture,
            presence: Presence::of(&interface),
            interface,
            ordinal: options.ordinal,
            link_type,
        })
    }

    /// What frames start with.
    #[must_use]
    pub fn link_type(&self) -> LinkType {
        self.link_type
    }

    /// Waits up to `timeout` for frames and replaces what is in the batch by those that came; gives their number,
    /// which is 0 where none came. A batch that is full leaves the rest for the next call.
    ///
    /// # Errors
    /// Where the interface is gone or the system refuses.
    pub fn poll(
        &mut self,
        timeout: Duration,
        batch: &mut Batch,
        limits: BatchLimits,
    ) -> Result<usize, LiveError> {
        batch.clear();
        self.take_waiting(batch, limits)?;
        if batch.is_empty() && self.wait(timeout)? {
            self.take_waiting(batch, limits)?;
            if batch.is_empty() {
                // The kernel calls a buffer readable that libpcap has nothing from, such as one too small for a
                // frame; without a pause the caller would ask again and again.
                std::thread::sleep(timeout.min(EMPTY_PAUSE));
            }
        }
        if batch.is_empty() && self.presence.as_ref().is_some_and(Presence::is_gone) {
            return Err(LiveError::NoSuchInterface {
                interface: self.interface.clone(),
                known: interface_names(),
            });
        }
        Ok(batch.len())
    }

    /// Name of the interface.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// What was lost since the capture was opened.
    ///
    /// # Errors
    /// Where the interface is gone.
    pub fn loss(&mut self) -> Result<Loss, LiveError> {
        let counts = self
            .capture
            .stats()
            .map_err(|error| explain(&self.interface, &reason_of(error)))?;
        Ok(Loss {
            interface: counts.if_dropped.into(),
            kernel: counts.dropped.into(),
            own: 0,
        })
    }

    /// Moves the frames that wait already into the batch, up to its limits.
    fn take_waiting(&mut self, batch: &mut Batch, limits: BatchLimits) -> Result<(), LiveError> {
        let (link_type, interface) = (self.link_type, self.ordinal);
        while batch.captured_bytes() < limits.bytes && batch.len() < limits.frames {
            let round = ROUND.min(limits.frames - batch.len());
            let taken = self.capture.dispatch(Some(round), |packet| {
                let ticks = packet.header.ts.tv_usec;
                let stamped =
                    CaptureTime::from_secs_nanos(packet.header.ts.tv_sec, ticks * NANOS_PER_TICK);
                batch.push(Frame {
                    note: FrameNote::default(),
                    time: true_time(link_type, packet.data, stamped),
                    link_type,
                    interface,
                    wire_length: packet.header.len.max(packet.header.caplen),
                    bytes: packet.data,
                });
            });
            match taken {
                Ok(0) | Err(pcap::Error::TimeoutExpired) => break,
                Ok(_) => {}
                // A read of netfilter's log that would have to wait is an error to libpcap.
                Err(pcap::Error::PcapError(reason)) if reason.contains(WOULD_WAIT) => break,
                Err(error) => return Err(explain(&self.interface, &reason_of(error))),
            }
        }
        Ok(())
    }

    /// Whether something came within the timeout.
    fn wait(&self, timeout: Duration) -> Result<bool, LiveError> {
        let timeout = Timespec::try_from(timeout).ok();
        let mut watched = [PollFd::new(&self.capture, PollFlags::IN)];
        match rustix::event::poll(&mut watched, timeout.as_ref()) {
            Ok(ready) => Ok(ready > 0),
            // A signal: the caller looks whether it is asked to stop.
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => {
                let reason = io::Error::from(error).to_string();
                Err(LiveError::Failed {
                    interface: self.interface.clone(),
                    reason,
                })
            }
        }
    }
}

/// Names of the interfaces that can be captured from, as libpcap lists them.
#[must_use]
pub fn interface_names() -> Vec<String> {
    let listed = capture_interfaces().unwrap_or_default();
    listed.into_iter().map(|interface| interface.name).collect()
}

words! {
    /// Whether packets come through an interface.
    pub enum LinkState {
        /// It is up and has a link, as far as the system tells.
        Up = "up",
        /// It is up and has none.
        NoLink = "no link",
        /// It is down.
        Down = "down",
    }
}

/// An interface that can be captured from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaptureInterface {
    /// What `live -i` takes.
    pub name: String,
    /// What the system says that it is; may be empty.
    pub description: String,
    /// Its addresses, in the system's order.
    pub addresses: Vec<IpAddr>,
    /// Whether packets come through it.
    #[serde(serialize_with = "state_word")]
    pub state: LinkState,
}

fn state_word<S: Serializer>(state: &LinkState, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(state.as_str())
}

/// The interfaces that can be captured from, in libpcap's order.
///
/// # Errors
/// Where libpcap cannot list them.
pub fn capture_interfaces() -> Result<Vec<CaptureInterface>, LiveError> {
    let devices = Device::list().map_err(|error| explain("any", &reason_of(error)))?;
    let of = |device: Device| CaptureInterface {
        state: match (device.flags.is_up(), device.flags.connection_status) {
            (false, _) => LinkState::Down,
            (true, ConnectionStatus::Disconnected) => LinkState::NoLink,
            (true, _) => LinkState::Up,
        },
        name: device.name,
        description: device.desc.unwrap_or_default(),
        addresses: device
            .addresses
            .iter()
            .map(|address| address.addr)
            .collect(),
    };
    Ok(devices.into_iter().map(of).collect())
}

/// libpcap's live numbers of raw IP differ from those in files.
fn link_type(data_link: i32) -> LinkType {
    match data_link {
        12 | 14 => LinkType::RAW,
        number => LinkType(u16::try_from(number).unwrap_or(u16::MAX)),
    }
}

fn reason_of(error: pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(reason) => reason,
        other => other.to_string(),
    }
}

/// libpcap tells causes as text only; the words are those of its pcap-linux.c and pcap-bpf.c.
fn explain(interface: &str, reason: &str) -> LiveError {
    let (interface, reason) = (interface.to_owned(), reason.to_owned());
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if says(&[
        "No such device",
        "SIOCGIFHWADDR",
        "does not exist",
        "BIOCSETIF",
    ]) {
        LiveError::NoSuchInterface {
            interface,
            known: interface_names(),
        }
    } else if says(&[
        "not permitted",
        "ermission denied",
        "EPERM",
        "You don't have permission",
    ]) {
        LiveError::NotPermitted { interface, reason }
    } else {
        LiveError::Failed { interface, reason }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    fn options(interface: &str) -> LiveOptions {
        LiveOptions {
            interface: interface.to_owned(),
            ..LiveOptions::default()
        }
    }

    #[test]
    fn causes_are_told_apart() {
        let told = |reason| explain("eth7", reason);
        assert!(matches!(
            told("eth7: No such device exists (SIOCGIFHWADDR: No such device)"),
            LiveError::NoSuchInterface { .. }
        ));
        let denied = told("socket: Operation not permitted");
        assert!(denied.to_string().contains("setcap cap_net_raw"));
        let gone = told("The interface disappeared").to_string();
        assert_eq!(
            gone,
            "capturing on `eth7` failed: The interface disappeared"
        );
    }

    #[test]
    fn a_missing_interface_is_an_error_with_or_without_privileges() {
        let error = LiveCapture::open(&options("nosuch0")).err().unwrap();
        assert!(
            matches!(
                error,
                LiveError::NoSuchInterface { .. } | LiveError::NotPermitted { .. }
            ),
            "{error}"
        );
    }

    #[test]
    fn senseless_sizes_are_refused() {
        let huge = LiveOptions {
            buffer_bytes: u32::MAX,
            ..options("lo")
        };
        let error = LiveCapture::open(&huge).err().unwrap().to_string();
        assert_eq!(
            error,
            "a buffer of 4294967295 bytes is more than libpcap takes"
        );
    }

    /// With privileges a datagram to loopback is captured; without, the error says what to do.
    #[test]
    #[cfg(target_os = "linux")]
    fn loopback_is_captured_or_the_way_to_it_is_told() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = receiver.local_addr().unwrap().port();
        let wanted = LiveOptions {
            filter: format!("udp dst port {port}"),
            ..options("lo")
        };
        let mut capture = match LiveCapture::open(&wanted) {
            Ok(capture) => capture,
            Err(error) => return assert!(matches!(error, LiveError::NotPermitted { .. })),
        };
        assert_eq!(capture.link_type(), LinkType::ETHERNET);
        let mut batch = Batch::default();
        let quiet = Duration::from_millis(30);
        let limits = BatchLimits::default();
        assert_eq!(capture.poll(quiet, &mut batch, limits).unwrap(), 0);
        receiver
            .send_to(b"hello there", ("127.0.0.1", port))
            .unwrap();
        let mut bytes = Vec::new();
        for _ in 0..10 {
            capture
                .poll(Duration::from_secs(1), &mut batch, limits)
                .unwrap();
            bytes.extend(batch.frames().map(|frame| frame.bytes.to_vec()));
            if !bytes.is_empty() {
                break;
            }
        }
        assert!(bytes[0].ends_with(b"hello there"));
        assert_eq!(capture.loss().unwrap(), Loss::default());
        let by_a_clock_that_is_not_there = LiveOptions {
            timestamps: Timestamps::Adapter,
            ..wanted
        };
        let error = LiveCapture::open(&by_a_clock_that_is_not_there)
            .err()
            .unwrap();
        assert_eq!(
            error.to_string(),
            "`lo` offers no timestamps of the kind `adapter`; it offers: host"
        );
    }
}
