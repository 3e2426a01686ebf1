//! Writes pcapng: one section, nanosecond times, an interface for each link type, packets with optional comments.
//!
//! The same frames give the same bytes: nothing of the machine or the time of writing goes into the file.

use std::io;
use std::io::Write;

use super::Frame;
use super::Interface;
use super::LinkType;
use super::Loss;
use crate::model::CaptureTime;

/// The most bytes of a comment: an option's length has 16 bits.
const MAX_COMMENT: usize = 65_535;
/// Frames of more bytes are cut, since readers refuse larger ones.
const MAX_CAPTURED: usize = 256 * 1024;

/// Writes frames as a pcapng file.
#[derive(Debug)]
pub struct PcapngWriter<W> {
    writer: W,
    /// Link type and source interface of each interface written, by its number.
    interfaces: Vec<(LinkType, u32)>,
    /// The block that is being put together; kept so that a frame allocates nothing.
    block: Vec<u8>,
    frames: u64,
    bytes: u64,
    last: CaptureTime,
}

impl<W: Write> PcapngWriter<W> {
    /// Starts a file: writes the section header, little-endian. The writer is best a buffered one.
    ///
    /// # Errors
    /// Those of the writer, here and below.
    pub fn new(writer: W) -> io::Result<Self> {
        let (interfaces, block) = (Vec::new(), Vec::new());
        let mut file = Self {
            writer,
            interfaces,
            block,
            frames: 0,
            bytes: 0,
            last: CaptureTime::default(),
        };
        file.start(0x0a0d_0d0a);
        file.u32(0x1a2b_3c4d);
        file.u16(1);
        file.u16(0);
        file.u64(u64::MAX);
        file.option(4, b"pktaudit");
        file.option(0, b"");
        file.end()?;
        Ok(file)
    }

    /// Writes a frame. The first frame of a pair of link type and interface describes that interface.
    ///
    /// Times before 1970 are written as 1970, which pcapng cannot tell otherwise; of a comment at most 65,535 bytes
    /// are written.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&mut self, frame: &Frame<'_>, comment: Option<&str>) -> io::Result<()> {
        self.write_commented(frame, comment)
    }

    /// As [`PcapngWriter::write`], with any number of comments.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_commented<'c>(
        &mut self,
        frame: &Frame<'_>,
        comments: impl IntoIterator<Item = &'c str>,
    ) -> io::Result<()> {
        let interface = self.interface(frame.link_type, frame.interface)?;
        let captured = &frame.bytes[..frame.bytes.len().min(MAX_CAPTURED)];
        self.start(6);
        self.u32(interface);
        self.time(frame.time);
        self.u32(captured.len() as u32);
        self.u32(frame.wire_length);
        self.padded(captured);
        let mut commented = false;
        for comment in comments {
            self.option(1, cut(comment, MAX_COMMENT).as_bytes());
            commented = true;
        }
        if commented {
            self.option(0, b"");
        }
        self.frames += 1;
        self.last = self.last.max(frame.time);
        self.end()
    }

    /// Describes an interface before its first frame: `source` is the [`Frame::interface`] of the frames to come,
    /// the rest is as the capture that they come from describes it. An interface that is known already is left as it
    /// is. Of name and description at most 65,535 bytes each are written, empty ones not at all.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn describe(&mut self, source: u32, interface: &Interface) -> io::Result<()> {
        let wanted = (interface.link_type, source);
        if self.interfaces.contains(&wanted) {
            return Ok(());
        }
        self.interfaces.push(wanted);
        self.start(1);
        self.u16(interface.link_type.0);
        self.u16(0);
        self.u32(interface.snaplen);
        for (code, text) in [(2, &interface.name), (3, &interface.description)] {
            if !text.is_empty() {
                self.option(code, cut(text, MAX_COMMENT).as_bytes());
            }
        }
        self.option(9, &[9]);
        self.option(0, b"");
        self.end()
    }

    /// Bytes written so far; all blocks are whole.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Hands what is buffered to the system.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Frames written so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Ends the file with what was lost, where anything was, told for the first interface at the time of the latest
    /// frame; flushes, and gives the writer back.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self, loss: Loss) -> io::Result<W> {
        if loss != Loss::default() {
            if self.interfaces.is_empty() {
                self.interface(LinkType::ETHERNET, 0)?;
            }
            self.start(5);
            self.u32(0);
            self.time(self.last);
            self.option(5, &loss.interface.to_le_bytes());
            self.option(7, &loss.kernel.saturating_add(loss.own).to_le_bytes());
            self.option(0, b"");
            self.end()?;
        }
        self.writer.flush()?;
        Ok(self.writer)
    }

    /// The number of the interface for these frames; describes it first where it is new.
    fn interface(&mut self, link_type: LinkType, source: u32) -> io::Result<u32> {
        let wanted = (link_type, source);
        let found = self.interfaces.iter().position(|known| *known == wanted);
        let number = found.unwrap_or(self.interfaces.len());
        if found.is_none() {
            let interface = Interface {
                name: format!("interface {source}"),
                link_type,
                ..Interface::default()
            };
            self.describe(source, &interface)?;
        }
        Ok(number as u32)
    }

    fn start(&mut self, kind: u32) {
        self.block.clear();
        self.u32(kind);
        self.u32(0);
    }

    /// Puts both lengths in and writes the block.
    fn end(&mut self) -> io::Result<()> {
        let length = ((self.block.len() + 4) as u32).to_le_bytes();
        if let Some(place) = self.block.get_mut(4..8) {
            place.copy_from_slice(&length);
        }
        self.block.extend_from_slice(&length);
        self.bytes += self.block.len() as u64;
        self.writer.write_all(&self.block)
    }

    fn option(&mut self, code: u16, value: &[u8]) {
        self.u16(code);
        self.u16(value.len() as u16);
        self.padded(value);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    fn time(&mut self, time: CaptureTime) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(0);
        self.u32((nanos >> 32) as u32);
        self.u32(nanos as u32);
    }

    fn u16(&mut self, value: u16) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.block.extend_from_slice(&value.to_le_bytes());
    }
}

/// The start of a text that has at most so many bytes, ending between characters.
fn cut(text: &str, most: usize) -> &str {
    let most = most.min(text.len());
    let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::FrameSource;
    use super::super::OwnedFrame;
    use super::super::PcapngReader;
    use super::super::samples::drain;
    use super::*;

    fn frame(nanos: i64, link_type: u16, interface: u32, bytes: &[u8]) -> OwnedFrame {
        OwnedFrame {
            time: CaptureTime::from_nanos(nanos),
            link_type: LinkType(link_type),
            interface,
            wire_length: bytes.len() as u32 + 10,
            bytes: bytes.to_vec(),
        }
    }

    fn written(frames: &[OwnedFrame], comment: Option<&str>, loss: Loss) -> Vec<u8> {
        let mut writer = PcapngWriter::new(Vec::new()).unwrap();
        for frame in frames {
            writer.write(&frame.as_frame(), comment).unwrap();
        }
        assert_eq!(writer.frames(), frames.len() as u64);
        writer.finish(loss).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let frames = [
            frame(1_767_225_600_123_456_789, 1, 0, b"ethernet"),
            frame(1, 101, 0, b"raw"),
            frame(2, 1, 7, b"the other tap"),
            frame(3, 1, 0, b""),
        ];
        let loss = Loss {
            interface: 3,
            kernel: 4,
            own: 5,
        };
        let file = written(&frames, Some("why: \u{fc}"), loss);
        let mut reader = PcapngReader::new(&file[..]);
        let mut wanted = frames.to_vec();
        for (frame, interface) in wanted.iter_mut().zip([0, 1, 2, 0]) {
            frame.interface = interface;
        }
        assert_eq!(drain(&mut reader), wanted);
        assert_eq!(reader.damage(), []);
        assert_eq!(
            reader.loss(),
            Loss {
                interface: 3,
                kernel: 9,
                own: 0
            }
        );
        let names: Vec<_> = reader
            .interfaces()
            .iter()
            .map(|i| i.name.as_str())
            .collect();
        assert_eq!(names, ["interface 0", "interface 0", "interface 7"]);
    }

    #[test]
    fn bounds_are_kept() {
        let long_comment = "\u{fc}".repeat(40_000);
        let frames = [frame(-5, 1, 0, &vec![1; MAX_CAPTURED + 9])];
        let file = written(&frames, Some(&long_comment), Loss::default());
        let mut reader = PcapngReader::new(&file[..]);
        let read = drain(&mut reader);
        assert_eq!(read[0].bytes.len(), MAX_CAPTURED);
        assert_eq!(read[0].wire_length as usize, MAX_CAPTURED + 19);
        assert_eq!(read[0].time.as_nanos(), 0);
        assert_eq!(reader.damage(), []);
    }

    #[test]
    fn loss_without_frames_is_told() {
        let file = written(
            &[],
            None,
            Loss {
                kernel: 2,
                ..Loss::default()
            },
        );
        let mut reader = PcapngReader::new(&file[..]);
        assert_eq!(drain(&mut reader), []);
        assert_eq!(reader.loss().kernel, 2);
    }

    proptest! {
        #[test]
        fn any_frames_come_back(
            frames in prop::collection::vec((0..i64::MAX, prop::collection::vec(any::<u8>(), 0..50)), 0..20),
        ) {
            let frames: Vec<_> = frames.iter().map(|(nanos, bytes)| frame(*nanos, 1, 0, bytes)).collect();
            let file = written(&frames, None, Loss::default());
            prop_assert_eq!(drain(&mut PcapngReader::new(&file[..])), frames);
        }
    }
}
