//! Capture files beside pcap and pcapng: each is a file header, then records with their lengths in front.
//!
//! What they share, reading and telling damage, is here; a [`Format`] says what its headers hold.

mod erf;
mod netmon;
mod snoop;

use std::io::Read;
use std::ops::Range;

use super::Damage;
use super::Frame;
use super::FrameSource;
use super::LinkType;
use super::Loss;
use super::batch::FrameFacts;
use super::damage::DamageLog;
use super::window::Window;

pub(super) use erf::Erf;
pub(super) use netmon::NetworkMonitor;
pub(super) use snoop::Snoop;

/// The most bytes that a record may have, its header included; what says more is damage.
const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// What stands for a link type that a format numbers in its own way and that is not known.
const UNKNOWN_LINK: LinkType = LinkType(u16::MAX);

/// A format of records one behind the other.
pub(super) trait Format: Sized {
    /// Bytes of the file's header; 0 where there is none.
    const FILE_HEADER: usize;

    /// From the whole file header.
    fn start(header: &[u8]) -> Result<Self, String>;

    /// Bytes of a record's header: enough to tell the record's length.
    fn header(&self) -> usize;

    /// Whether the records end before the file does, at this offset.
    fn ends_at(&self, _offset: u64) -> bool {
        false
    }

    /// What is wrong with a file whose records end at this offset, behind a whole one.
    fn check_end(&self, _offset: u64) -> Result<(), String> {
        Ok(())
    }

    /// The length of the record whose header is given, header included.
    fn length(&self, header: &[u8]) -> Result<usize, String>;

    /// The frame in a whole record: its facts and the place of its bytes. `None` where the record holds no frame.
    fn frame(&mut self, record: &[u8]) -> Result<Option<(FrameFacts, Range<usize>)>, String>;

    /// What the records say was lost.
    fn loss(&self) -> Loss {
        Loss::default()
    }
}

/// Reads records of a format from any reader.
#[derive(Debug)]
pub(super) struct RecordReader<R, F> {
    window: Window<R>,
    format: Option<F>,
    loss: Loss,
    damage: DamageLog,
}

impl<R: Read, F: Format> RecordReader<R, F> {
    /// A reader at the start of a file, reading `capacity` bytes at once. A damaged file header is told as damage, and
    /// there are no frames then.
    pub(super) fn with_capacity(reader: R, capacity: usize) -> Self {
        let mut window = Window::new(reader, capacity);
        let mut damage = DamageLog::default();
        let header = window.request(F::FILE_HEADER);
        let had = header.len().min(F::FILE_HEADER);
        let format = match had < F::FILE_HEADER {
            true => Err(format!(
                "file header of which only {had} bytes of {} are there",
                F::FILE_HEADER
            )),
            false => F::start(&header[..had]),
        };
        let format = match format {
            Ok(format) => {
                window.take(F::FILE_HEADER);
                Some(format)
            }
            Err(what) => {
                damage.stopped(0, window.explain(what));
                None
            }
        };
        Self {
            window,
            format,
            loss: Loss::default(),
            damage,
        }
    }

    /// The next frame's facts, the place of its bytes in its record, and the record's length: all of it lies in the
    /// window and is not passed over yet.
    fn next_record(&mut self) -> Option<(FrameFacts, Range<usize>, usize)> {
        loop {
            let length = self.whole_record()?;
            let record = self.window.there().get(..length)?;
            let format = self.format.as_mut()?;
            let found = format.frame(record).and_then(|frame| match frame {
                Some((_, place)) if place.start > place.end || place.end > length => {
                    Err("record with a frame that is longer than it".to_owned())
                }
                frame => Ok(frame),
            });
            self.loss = format.loss();
            match found {
                Ok(Some((facts, place))) => return Some((facts, place, length)),
                Ok(None) => {}
                Err(what) => self.damage.skipped(self.window.offset(), what),
            }
            self.window.take(length);
        }
    }

    /// The length of the next record, once all of it is in the window.
    fn whole_record(&mut self) -> Option<usize> {
        let format = self.format.as_ref()?;
        let offset = self.window.offset();
        let wanted = format.header();
        let ends = format.ends_at(offset);
        let had = self.window.request(wanted).len();
        if ends || had == 0 && !self.window.failed() {
            let checked = format.check_end(offset);
            self.format = None;
            return match checked {
                Ok(()) => None,
                Err(what) => self.stop(what),
            };
        }
        if had < wanted {
            return self.stop(format!("record header of which only {had} bytes are there"));
        }
        let header = self.window.there().get(..wanted)?;
        let length = match format.length(header) {
            Ok(length) if length > MAX_RECORD_BYTES => {
                return self.stop(format!(
                    "record of {length} bytes, where at most {MAX_RECORD_BYTES} make sense"
                ));
            }
            // A record of no bytes would be read for ever.
            Ok(length) => length.max(wanted),
            Err(what) => return self.stop(what),
        };
        let had = self.window.request(length).len();
        if had < length {
            return self.stop(format!(
                "record of {length} bytes, but the file ends after {had} of them"
            ));
        }
        Some(length)
    }

    #[cold]
    fn stop<T>(&mut self, what: String) -> Option<T> {
        let what = self.window.explain(what);
        self.damage.stopped(self.window.offset(), what);
        self.format = None;
        None
    }
}

impl<R: Read, F: Format> FrameSource for RecordReader<R, F> {
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        let (facts, place, length) = self.next_record()?;
        Some(Frame {
            note: facts.note,
            time: facts.time,
            link_type: facts.link_type,
            interface: facts.interface,
            wire_length: facts.wire_length,
            bytes: self.window.take(length).get(place)?,
        })
    }

    fn damage(&self) -> &[Damage] {
        self.damage.places()
    }

    fn loss(&self) -> Loss {
        self.loss
    }
}

#[cfg(test)]
mod tests;
