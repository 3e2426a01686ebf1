//! Captures taken apart and put together again by the tests themselves.

use std::net::IpAddr;
use std::path::Path;

use pktaudit::decode::{Decoded, Segment, decode};
use pktaudit::source::{FrameSource, InputPath, Interface, LinkType, OwnedFrame, Script, open};

/// A capture in memory.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    /// In the order of the file.
    pub(crate) frames: Vec<OwnedFrame>,
    /// As a pcapng file describes them; empty for pcap.
    interfaces: Vec<Interface>,
}

impl Capture {
    /// Reads a whole, sound file.
    pub(crate) fn read(path: &Path) -> Self {
        let mut source = open(&InputPath::File(path.to_owned())).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = source.next_frame() {
            frames.push(frame.into());
        }
        assert!(source.damage().is_empty(), "{:?}", source.damage());
        let interfaces = source.interfaces().to_vec();
        Self { frames, interfaces }
    }

    /// Frames of a scenario in text, as the source room writes them.
    #[track_caller]
    pub(crate) fn scripted(text: &str) -> Self {
        Self {
            frames: Script::parse(text).unwrap().into_frames(),
            interfaces: Vec::new(),
        }
    }

    /// The same capture with other frames.
    pub(crate) fn with(&self, frames: impl IntoIterator<Item = OwnedFrame>) -> Self {
        Self {
            frames: frames.into_iter().collect(),
            interfaces: self.interfaces.clone(),
        }
    }

    /// Cut before each of these frames.
    pub(crate) fn cut(&self, at: &[usize]) -> Vec<Self> {
        let starts = std::iter::once(0).chain(at.iter().copied());
        let ends = at.iter().copied().chain([self.frames.len()]);
        starts
            .zip(ends)
            .map(|(start, end)| self.with(self.frames[start..end].iter().cloned()))
            .collect()
    }

    /// At most so many bytes captured of each frame.
    pub(crate) fn snapped(&self, most: usize) -> Self {
        self.with(self.frames.iter().cloned().map(|mut frame| {
            frame.bytes.truncate(most);
            frame
        }))
    }

    /// Each frame twice, the copy 20 µs later, as a mirror port does that sees a frame come and go.
    pub(crate) fn doubled(&self) -> Self {
        let mut frames: Vec<OwnedFrame> = self
            .frames
            .iter()
            .flat_map(|frame| {
                let mut copy = frame.clone();
                copy.time = copy.time.plus(std::time::Duration::from_micros(20));
                [frame.clone(), copy]
            })
            .collect();
        frames.sort_by_key(|frame| frame.time);
        self.with(frames)
    }

    /// The frames whose sender has the smaller address and port, and the others. Frames without two ends go with
    /// the former.
    pub(crate) fn sides(&self) -> [Self; 2] {
        let (one, other): (Vec<_>, Vec<_>) = self.frames.iter().cloned().partition(|frame| {
            ends(frame).is_none_or(|(source, destination)| source <= destination)
        });
        [self.with(one), self.with(other)]
    }

    /// A pcapng file where the capture was one, else pcap; little-endian, nanoseconds.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if self.interfaces.is_empty() {
            self.to_pcap()
        } else {
            self.to_pcapng()
        }
    }

    /// A pcap file (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html>).
    fn to_pcap(&self) -> Vec<u8> {
        let link_type = self
            .frames
            .first()
            .map_or(LinkType::ETHERNET, |f| f.link_type);
        let mut out = Vec::new();
        out.extend(0xa1b2_3c4d_u32.to_le_bytes());
        out.extend(2_u16.to_le_bytes());
        out.extend(4_u16.to_le_bytes());
        out.extend([0; 8]);
        out.extend(262_144_u32.to_le_bytes());
        out.extend(u32::from(link_type.0).to_le_bytes());
        for frame in &self.frames {
            assert_eq!(frame.link_type, link_type, "pcap holds one link type");
            let nanos = frame.time.as_nanos();
            out.extend(((nanos / 1_000_000_000) as u32).to_le_bytes());
            out.extend(((nanos % 1_000_000_000) as u32).to_le_bytes());
            out.extend((frame.bytes.len() as u32).to_le_bytes());
            out.extend(frame.wire_length.to_le_bytes());
            out.extend(&frame.bytes);
        }
        out
    }

    /// A pcapng file of one section that describes all interfaces first, used or not.
    pub(crate) fn to_pcapng(&self) -> Vec<u8> {
        let mut section = Vec::new();
        section.extend(0x1a2b_3c4d_u32.to_le_bytes());
        section.extend([1, 0, 0, 0]);
        section.extend(u64::MAX.to_le_bytes());
        let mut out = block(0x0a0d_0d0a, section);
        let unknown = [Interface {
            link_type: self
                .frames
                .first()
                .map_or(LinkType::ETHERNET, |f| f.link_type),
            ..Interface::default()
        }];
        let interfaces = match self.interfaces.as_slice() {
            [] => &unknown,
            known => known,
        };
        for interface in interfaces {
            let mut body = Vec::new();
            body.extend(interface.link_type.0.to_le_bytes());
            body.extend([0; 2]);
            body.extend(interface.snaplen.to_le_bytes());
            option(&mut body, 2, interface.name.as_bytes());
            option(&mut body, 9, &[9]);
            option(&mut body, 0, b"");
            out.extend(block(1, body));
        }
        for frame in &self.frames {
            let nanos = frame.time.as_nanos() as u64;
            let mut body = Vec::new();
            body.extend(frame.interface.to_le_bytes());
            body.extend(((nanos >> 32) as u32).to_le_bytes());
            body.extend((nanos as u32).to_le_bytes());
            body.extend((frame.bytes.len() as u32).to_le_bytes());
            body.extend(frame.wire_length.to_le_bytes());
            body.extend(&frame.bytes);
            out.extend(block(6, body));
        }
        out
    }
}

fn block(kind: u32, mut body: Vec<u8>) -> Vec<u8> {
    body.resize(body.len().next_multiple_of(4), 0);
    let length = (body.len() as u32 + 12).to_le_bytes();
    let mut out = kind.to_le_bytes().to_vec();
    out.extend(length);
    out.extend(body);
    out.extend(length);
    out
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

/// Source and destination of the innermost packet, each with its port or 0.
fn ends(frame: &OwnedFrame) -> Option<((IpAddr, u16), (IpAddr, u16))> {
    let Decoded::Packet(packet) = decode(frame.link_type.0, &frame.bytes, frame.wire_length) else {
        return None;
    };
    let (from, to) = match &packet.segment {
        Segment::Tcp(tcp) => (tcp.source_port, tcp.destination_port),
        Segment::Udp(udp) => (udp.source_port, udp.destination_port),
        _ => (0, 0),
    };
    Some(((packet.source, from), (packet.destination, to)))
}
