//! Packets with right lengths and checksums, one after another.

use std::fmt::Display;
use std::io;
use std::net::Ipv4Addr;

use etherparse::{Ipv4Header, PacketBuilder, TcpHeader};

use super::out::Out;

/// An address and a port.
pub(crate) type End = (Ipv4Addr, u16);

/// The host that does most of it, its name server, and what it wants to reach.
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 5);
pub(crate) const RESOLVER: End = (Ipv4Addr::new(10, 0, 0, 53), 53);
pub(crate) const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 42);
/// A name of the shipped rules, so that what is done to it has to be judged.
pub(crate) const WANTED: &str = "dsaas.url.trendmicro.com";

/// Nanoseconds between two packets.
const STEP: u64 = 10_000;

/// Packets on their way into a file, each a little later than the one before.
pub(crate) struct Packets {
    pub(crate) out: Out,
    pub(crate) dice: Dice,
    /// Nanoseconds since 1970.
    pub(crate) time: u64,
    frame: Vec<u8>,
}

/// What a segment says besides its ports and payload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tcp {
    pub(crate) syn: bool,
    pub(crate) rst: bool,
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: Option<u32>,
}

impl Packets {
    /// Begins the file.
    pub(crate) fn new(mut out: Out, dice: Dice) -> io::Result<Self> {
        out.begin()?;
        let (time, frame) = (1_700_000_000_000_000_000, Vec::new());
        Ok(Self {
            out,
            dice,
            time,
            frame,
        })
    }

    /// Ends the file.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.out.finish()
    }

    /// Writes a frame as it is.
    pub(crate) fn frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.time += STEP;
        self.out.packet(self.time, bytes)
    }

    /// A TCP segment.
    pub(crate) fn tcp(&mut self, from: End, to: End, said: Tcp, payload: &[u8]) -> io::Result<()> {
        let mut header = TcpHeader::new(from.1, to.1, said.sequence, 64_240);
        header.syn = said.syn;
        header.rst = said.rst;
        header.psh = !payload.is_empty();
        header.ack = said.acknowledgment.is_some();
        header.acknowledgment_number = said.acknowledgment.unwrap_or(0);
        let (source, destination) = (from.0.octets(), to.0.octets());
        let mut frame = self.fresh();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4(source, destination, 64)
            .tcp_header(header)
            .write(&mut frame, payload)
            .map_err(unbuilt)?;
        self.put(frame)
    }

    /// A UDP datagram.
    pub(crate) fn udp(&mut self, from: End, to: End, payload: &[u8]) -> io::Result<()> {
        let (source, destination) = (from.0.octets(), to.0.octets());
        let mut frame = self.fresh();
        PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4(source, destination, 64)
            .udp(from.1, to.1)
            .write(&mut frame, payload)
            .map_err(unbuilt)?;
        self.put(frame)
    }

    /// An IPv4 packet with a header of one's own.
    pub(crate) fn ipv4(&mut self, header: &Ipv4Header, payload: &[u8]) -> io::Result<()> {
        let mut frame = self.fresh();
        frame.extend(ethernet(0x0800));
        header.write(&mut frame)?;
        frame.extend_from_slice(payload);
        self.put(frame)
    }

    /// The three packets that open a connection; `to` answers with sequence number 9,000 and expects 1,001.
    pub(crate) fn open(&mut self, from: End, to: End) -> io::Result<()> {
        let syn = Tcp {
            syn: true,
            sequence: 1000,
            ..Tcp::default()
        };
        self.tcp(from, to, syn, &[])?;
        let answer = Tcp {
            syn: true,
            sequence: 9000,
            acknowledgment: Some(1001),
            ..Tcp::default()
        };
        self.tcp(to, from, answer, &[])?;
        self.tcp(from, to, data(1001, 9001), &[])
    }

    fn fresh(&mut self) -> Vec<u8> {
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        frame
    }

    fn put(&mut self, frame: Vec<u8>) -> io::Result<()> {
        let written = self.frame(&frame);
        self.frame = frame;
        written
    }
}

/// A segment of an open connection.
pub(crate) fn data(sequence: u32, acknowledgment: u32) -> Tcp {
    Tcp {
        sequence,
        acknowledgment: Some(acknowledgment),
        ..Tcp::default()
    }
}

/// An Ethernet header.
pub(crate) fn ethernet(kind: u16) -> Vec<u8> {
    let mut header = vec![4; 6];
    header.extend([2; 6]);
    header.extend(kind.to_be_bytes());
    header
}

/// The `i`th of 2^32 addresses in no order that one can see, each once.
pub(crate) fn scattered(i: u64) -> Ipv4Addr {
    Ipv4Addr::from((i as u32).wrapping_mul(0x9e37_79b1))
}

/// A port above the low ones that goes round.
pub(crate) fn port(i: u64) -> u16 {
    1024 + (i % 64_000) as u16
}

pub(crate) fn unbuilt(error: impl Display) -> io::Error {
    io::Error::other(error.to_string())
}

/// Numbers that are the same in every run (xorshift64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides.max(1)
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        bytes
            .iter_mut()
            .for_each(|byte| *byte = self.roll(256) as u8);
    }

    /// A label of twelve letters.
    pub(crate) fn label(&mut self) -> String {
        (0..12)
            .map(|_| char::from(b'a' + self.roll(26) as u8))
            .collect()
    }
}
