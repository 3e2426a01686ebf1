//! A second reading of the inputs, which copies the frames that findings name into a pcapng file.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::conversation::Conversations;
use crate::model::{Loss, Stamp};
use crate::observe::Numbering;
use crate::source::{
    Frame, FrameSource, Input, Interface, OwnedFrame, PcapngWriter, SourceError, open,
};

/// A frame to copy.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which one, and when it was captured.
    pub stamp: Stamp,
    /// What the copy says of it, one comment each.
    pub comments: Vec<String>,
}

/// What became of the frames that were wanted.
#[derive(Debug, Default)]
pub struct Extracted {
    /// Frames copied.
    pub written: u64,
    /// Inputs from which frames were wanted in vain, in their order: how many, and why.
    pub missing: Vec<(u64, MissingFrames)>,
}

/// Why frames could not be copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MissingFrames {
    /// Standard input or a pipe.
    #[error("{0}: cannot be read a second time")]
    ReadOnce(String),
    /// It cannot be opened any more.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// It holds other frames than at the first reading.
    #[error("{0}: has changed since it was audited")]
    Changed(String),
}

/// Copies frames with their times, link types and interfaces as a pcapng file.
///
/// `inputs` are those that were observed, by ordinal; `numbering` is that of the observation. Frames are written in
/// the order of the inputs and, within one, as they lie in it. A wanted frame is copied only where its time is that of
/// the first reading. Packets of `conversations` are copied too, without comments. An input is read up to its last
/// wanted frame, or to its end where it may hold packets of conversations; one from which nothing is wanted is not
/// opened.
///
/// # Errors
/// Those of the writer. An input that cannot be read again is no error: see [`Extracted::missing`].
pub fn extract(
    inputs: &[Input],
    wanted: &[Wanted],
    conversations: &Conversations,
    numbering: &Numbering,
    out: impl Write,
) -> io::Result<Extracted> {
    let mut by_input: Vec<BTreeMap<u64, &Wanted>> = vec![BTreeMap::new(); inputs.len()];
    for frame in wanted {
        let (input, number) = numbering.place(frame.stamp.frame);
        if let Some(frames) = by_input.get_mut(input as usize) {
            frames.insert(number, frame);
        }
    }
    let mut copy = Copy {
        writer: PcapngWriter::new(out)?,
        conversations,
        interfaces: 0,
    };
    let mut extracted = Extracted::default();
    for (input, frames) in inputs.iter().zip(by_input) {
        if frames.is_empty() && conversations.is_empty() {
            continue;
        }
        let (copied, why) = match input.path.can_be_read_again() {
            false => (0, MissingFrames::ReadOnce(input.path.to_string())),
            true => match open(&input.path) {
                Ok(mut source) => {
                    let copied = copy.input(&mut source, input, &frames)?;
                    (copied, MissingFrames::Changed(input.path.to_string()))
                }
                Err(error) => (0, error.into()),
            },
        };
        let missing = (frames.len() as u64).saturating_sub(copied);
        if missing > 0 {
            extracted.missing.push((missing, why));
        }
    }
    extracted.written = copy.writer.frames();
    copy.writer.finish(Loss::default())?;
    Ok(extracted)
}

struct Copy<'c, W> {
    writer: PcapngWriter<W>,
    conversations: &'c Conversations,
    /// Interfaces of all inputs before the one that is read.
    interfaces: u32,
}

impl<W: Write> Copy<'_, W> {
    /// Copies from one input; gives how many of the wanted frames, told by their numbers in it, are there as they were.
    fn input(
        &mut self,
        source: &mut (impl FrameSource + ?Sized),
        input: &Input,
        wanted: &BTreeMap<u64, &Wanted>,
    ) -> io::Result<u64> {
        let mut wanted = wanted.iter().peekable();
        let (mut copied, mut interfaces) = (0, 0);
        for number in 1_u64.. {
            if wanted.peek().is_none() && self.conversations.is_empty() {
                break;
            }
            let Some(read) = source.next_frame() else {
                break;
            };
            let known = wanted
                .next_if(|(wanted, _)| **wanted == number)
                .map(|(_, known)| known)
                .filter(|known| known.stamp.time == read.time);
            if known.is_none() && !self.conversations.holds(&read) {
                continue;
            }
            let found = OwnedFrame::from(read);
            copied += u64::from(known.is_some());
            interfaces = interfaces.max(found.interface + 1);
            let described = source.interfaces().get(found.interface as usize);
            let interface = interface(input, &found, described);
            let place = format!("frame {number} of {}", input.path);
            let comments = known.into_iter().flat_map(|known| &known.comments);
            let comments: Vec<String> = comments.map(|text| format!("{text}; {place}")).collect();
            self.write(&found, &interface, &comments)?;
        }
        self.interfaces = self.interfaces.saturating_add(interfaces);
        Ok(copied)
    }

    fn write(
        &mut self,
        found: &OwnedFrame,
        interface: &Interface,
        comments: &[String],
    ) -> io::Result<()> {
        let number = self.interfaces.saturating_add(found.interface);
        self.writer.describe(number, interface)?;
        let copy = Frame {
            interface: number,
            ..found.as_frame()
        };
        let comments = comments.iter().map(String::as_str);
        self.writer.write_commented(&copy, comments)
    }
}

/// The interface as its capture describes it, with the file that it comes from; pcap files describe none.
fn interface(input: &Input, frame: &OwnedFrame, described: Option<&Interface>) -> Interface {
    let mut interface = described.cloned().unwrap_or_default();
    interface.link_type = frame.link_type;
    let from = format!("from {}", input.path);
    interface.description = match interface.description.as_str() {
        "" => from,
        known => format!("{known}; {from}"),
    };
    interface
}
