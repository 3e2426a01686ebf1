//! The file that is written: capture or rule file, plain or compressed, by the endings of its name.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::bad;

/// Link type of Ethernet, in pcap and pcapng.
const ETHERNET: u32 = 1;
const SNAPLEN: u32 = 262_144;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Pcap,
    Pcapng,
    Rules,
}

/// A file on its way.
pub(crate) struct Out {
    sink: Sink,
    pub(crate) kind: Kind,
    /// A block of pcapng before its length is known; kept so that a packet allocates nothing.
    block: Vec<u8>,
}

enum Sink {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

impl Out {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (stem, packed) = match name.rsplit_once('.') {
            Some((stem, ending @ ("gz" | "zst"))) => (stem, ending),
            _ => (&*name, ""),
        };
        let kind = match stem.rsplit_once('.') {
            Some((_, "pcap")) => Kind::Pcap,
            Some((_, "pcapng")) => Kind::Pcapng,
            Some((_, "toml")) => Kind::Rules,
            _ => {
                return Err(bad(format!(
                    "{name} is neither .pcap nor .pcapng nor .toml"
                )));
            }
        };
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let sink = match packed {
            "gz" => Sink::Gzip(GzEncoder::new(file, Compression::fast())),
            "zst" => Sink::Zstd(zstd::Encoder::new(file, 3)?),
            _ => Sink::Plain(file),
        };
        let block = Vec::new();
        Ok(Self { sink, kind, block })
    }

    /// Bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.sink {
            Sink::Plain(sink) => sink.write_all(bytes),
            Sink::Gzip(sink) => sink.write_all(bytes),
            Sink::Zstd(sink) => sink.write_all(bytes),
        }
    }

    /// The header of the file.
    pub(crate) fn begin(&mut self) -> io::Result<()> {
        match self.kind {
            Kind::Rules => Ok(()),
            Kind::Pcap => {
                let mut header = Vec::new();
                header.extend(0xa1b2_3c4d_u32.to_le_bytes());
                header.extend([2, 0, 4, 0]);
                header.extend([0; 8]);
                header.extend(SNAPLEN.to_le_bytes());
                header.extend(ETHERNET.to_le_bytes());
                self.raw(&header)
            }
            Kind::Pcapng => {
                self.section()?;
                self.interface(b"eth0", b"")
            }
        }
    }

    /// A packet of the latest section's interface, at a time in nanoseconds since 1970.
    pub(crate) fn packet(&mut self, time: u64, bytes: &[u8]) -> io::Result<()> {
        match self.kind {
            Kind::Rules => Err(bad("a rule file takes no packets")),
            Kind::Pcap => {
                let (seconds, nanos) = (time / 1_000_000_000, time % 1_000_000_000);
                let length = bytes.len() as u32;
                let header = [seconds as u32, nanos as u32, length, length];
                header
                    .iter()
                    .try_for_each(|field| self.raw(&field.to_le_bytes()))?;
                self.raw(bytes)
            }
            Kind::Pcapng => self.commented(0, time, bytes, &[]),
        }
    }

    /// A section header, which forgets all interfaces.
    pub(crate) fn section(&mut self) -> io::Result<()> {
        self.start(0x0a0d_0d0a);
        self.put(&0x1a2b_3c4d_u32.to_le_bytes());
        self.put(&[1, 0, 0, 0]);
        self.put(&[0xff; 8]);
        self.end()
    }

    /// An interface with a name and a description, whose times are nanoseconds.
    pub(crate) fn interface(&mut self, name: &[u8], description: &[u8]) -> io::Result<()> {
        self.start(1);
        self.put(&ETHERNET.to_le_bytes());
        self.put(&SNAPLEN.to_le_bytes());
        self.option(2, name);
        self.option(3, description);
        self.option(9, &[9]);
        self.option(0, &[]);
        self.end()
    }

    /// A packet of an interface, with comments.
    pub(crate) fn commented(
        &mut self,
        interface: u32,
        time: u64,
        bytes: &[u8],
        comments: &[String],
    ) -> io::Result<()> {
        if self.kind != Kind::Pcapng {
            return Err(bad("only .pcapng can say this"));
        }
        self.start(6);
        let length = bytes.len() as u32;
        for field in [interface, (time >> 32) as u32, time as u32, length, length] {
            self.put(&field.to_le_bytes());
        }
        self.padded(bytes);
        for comment in comments {
            self.option(1, comment.as_bytes());
        }
        self.end()
    }

    /// Hands all of it to the system.
    pub(crate) fn finish(self) -> io::Result<()> {
        let mut file = match self.sink {
            Sink::Plain(sink) => sink,
            Sink::Gzip(sink) => sink.finish()?,
            Sink::Zstd(sink) => sink.finish()?,
        };
        file.flush()
    }

    fn start(&mut self, kind: u32) {
        self.block.clear();
        self.put(&kind.to_le_bytes());
        self.put(&[0; 4]);
    }

    /// Puts both lengths in and writes the block.
    fn end(&mut self) -> io::Result<()> {
        let length = (self.block.len() as u32 + 4).to_le_bytes();
        self.block[4..8].copy_from_slice(&length);
        self.put(&length);
        let block = std::mem::take(&mut self.block);
        let written = self.raw(&block);
        self.block = block;
        written
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        self.put(&code.to_le_bytes());
        self.put(&(value.len() as u16).to_le_bytes());
        self.padded(value);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.put(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
    }
}
