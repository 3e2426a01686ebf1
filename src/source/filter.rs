//! Filters in the words of pcap (pcap-filter(7)), for frames of files.

use std::fmt;
use std::str::FromStr;

use super::Frame;
#[cfg(feature = "live")]
use super::LinkType;

/// Why a filter cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(String);

/// A filter, known to be one for Ethernet at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(String);

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        CompiledFilter::check(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// In the words in which it was given.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Filter {
    /// One that frames can be held against; each thread has its own.
    pub(crate) fn compiled(&self) -> CompiledFilter {
        CompiledFilter::new(self.0.clone())
    }
}

/// A filter with its programs: a link type has one of its own, made for its first frame.
#[cfg(feature = "live")]
pub(crate) struct CompiledFilter {
    text: String,
    programs: Vec<(LinkType, Option<pcap::BpfProgram>)>,
}

#[cfg(feature = "live")]
impl CompiledFilter {
    fn check(text: &str) -> Result<(), FilterError> {
        let program = program(text, LinkType::ETHERNET);
        program.map(drop).map_err(|error| match error {
            pcap::Error::PcapError(why) => FilterError(why),
            other => FilterError(other.to_string()),
        })
    }

    const fn new(text: String) -> Self {
        Self {
            text,
            programs: Vec::new(),
        }
    }

    /// Whether the filter lets a frame through; none of a link of which it asks what that does not have.
    pub(crate) fn lets_through(&mut self, frame: &Frame<'_>) -> bool {
        let link_type = frame.link_type;
        let known = self
            .programs
            .iter()
            .position(|(link, _)| *link == link_type);
        let place = known.unwrap_or_else(|| {
            let new = program(&self.text, link_type).ok();
            self.programs.push((link_type, new));
            self.programs.len() - 1
        });
        let program = self.programs.get(place);
        let program = program.and_then(|(_, program)| program.as_ref());
        program.is_some_and(|program| program.filter(frame.bytes))
    }
}

/// The program of a filter for a link type. Compiling takes the number by which the host's libpcap knows the link (DLT), which
/// is another one than in files for a few old ones (`pcap/dlt.h`).
#[cfg(feature = "live")]
fn program(text: &str, link_type: LinkType) -> Result<pcap::BpfProgram, pcap::Error> {
    let number = match link_type.0 {
        100 => 11,
        101 => 12,
        102 => 15,
        103 => 16,
        number => i32::from(number),
    };
    pcap::Capture::dead(pcap::Linktype(number))?.compile(text, true)
}

/// Without libpcap there is none.
#[cfg(not(feature = "live"))]
pub(crate) struct CompiledFilter;

#[cfg(not(feature = "live"))]
impl CompiledFilter {
    fn check(_: &str) -> Result<(), FilterError> {
        Err(FilterError(
            "this pktaudit was built without libpcap, which reads filters; --host, --since and --until work without it"
                .to_owned(),
        ))
    }

    fn new(_: String) -> Self {
        Self
    }

    /// There is no such filter.
    pub(crate) const fn lets_through(&mut self, _: &Frame<'_>) -> bool {
        true
    }
}

impl fmt::Debug for CompiledFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompiledFilter")
    }
}

#[cfg(all(test, feature = "live"))]
mod tests {
    use super::super::FrameNote;
    use super::*;
    use crate::model::CaptureTime;

    /// A TCP segment to port 443 over IPv4.
    const PACKET: [u8; 40] = [
        0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 5, 192, 0, 2, 1, 0x9c, 0x40, 1, 187, 0,
        0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0,
    ];

    fn lets_through(filter: &str, link_type: LinkType, bytes: &[u8]) -> bool {
        let filter: Filter = filter.parse().unwrap();
        let mut compiled = filter.compiled();
        let frame = Frame {
            time: CaptureTime::default(),
            link_type,
            interface: 0,
            wire_length: bytes.len() as u32,
            note: FrameNote::default(),
            bytes,
        };
        let first = compiled.lets_through(&frame);
        assert_eq!(compiled.lets_through(&frame), first);
        first
    }

    #[test]
    fn each_link_type_has_its_own_program() {
        let ethernet = [&[2; 12][..], &[8, 0], &PACKET].concat();
        for (filter, through) in [
            ("tcp port 443", true),
            ("udp", false),
            ("host 10.0.0.5", true),
        ] {
            assert_eq!(lets_through(filter, LinkType::RAW, &PACKET), through);
            assert_eq!(lets_through(filter, LinkType::ETHERNET, &ethernet), through);
        }
        assert!(!lets_through(
            "ether host 02:02:02:02:02:02",
            LinkType::RAW,
            &PACKET
        ));
    }

    #[test]
    fn what_is_no_filter_is_told_in_the_words_of_pcap() {
        let error = "port 70000".parse::<Filter>().unwrap_err();
        assert!(error.to_string().contains("70000"), "{error}");
        assert!("tcp prot 443".parse::<Filter>().is_err());
    }
}
