//! A second reading of the inputs, which copies the frames that findings name into a pcapng file.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::Stamp;
use crate::observe::Numbering;
use crate::source::{
    Frame, FrameSource, Input, Interface, Loss, OwnedFrame, PcapngWriter, SourceError, open,
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
    pub missing: Vec<(u64, Missing)>,
}

/// Why frames could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
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
/// the order of the inputs and, within one, as they lie in it. An input is read up to its last wanted frame; one from
/// which nothing is wanted is not opened. A frame is copied only where its time is that of the first reading.
///
/// # Errors
/// Those of the writer. An input that cannot be read again is no error: see [`Extracted::missing`].
pub fn extract(
    inputs: &[Input],
    wanted: &[Wanted],
    numbering: &Numbering,
    out: impl Write,
) -> io::Result<Extracted> {
    let mut by_input: BTreeMap<u32, BTreeMap<u64, &Wanted>> = BTreeMap::new();
    for frame in wanted {
        let (input, number) = numbering.place(frame.stamp.frame);
        by_input.entry(input).or_default().insert(number, frame);
    }
    let mut copy = Copy {
        writer: PcapngWriter::new(out)?,
        interfaces: 0,
    };
    let mut extracted = Extracted::default();
    for (ordinal, frames) in by_input {
        let Some(input) = inputs.get(ordinal as usize) else {
            continue;
        };
        let before = copy.writer.frames();
        let trouble = match input.path.can_be_read_again() {
            false => Some(Missing::ReadOnce(input.path.to_string())),
            true => match open(&input.path) {
                Ok(mut source) => copy
                    .input(&mut source, input, &frames)?
                    .then(|| Missing::Changed(input.path.to_string())),
                Err(error) => Some(error.into()),
            },
        };
        if let Some(trouble) = trouble {
            let missing = frames.len() as u64 - (copy.writer.frames() - before);
            extracted.missing.push((missing, trouble));
        }
    }
    extracted.written = copy.writer.frames();
    copy.writer.finish(Loss::default())?;
    Ok(extracted)
}

struct Copy<W> {
    writer: PcapngWriter<W>,
    /// Interfaces of all inputs before the one that is read.
    interfaces: u32,
}

impl<W: Write> Copy<W> {
    /// Copies the wanted frames of one input, by their numbers in it; `true` where not all are there as they were.
    fn input(
        &mut self,
        source: &mut (impl FrameSource + ?Sized),
        input: &Input,
        wanted: &BTreeMap<u64, &Wanted>,
    ) -> io::Result<bool> {
        let mut changed = false;
        let mut number = 0;
        let mut interfaces = 0;
        for (next, frame) in wanted {
            let mut found = None;
            while number < *next {
                number += 1;
                match source.next_frame() {
                    Some(read) if number == *next => found = Some(OwnedFrame::from(read)),
                    Some(_) => {}
                    None => return Ok(true),
                }
            }
            let Some(found) = found.filter(|found| found.time == frame.stamp.time) else {
                changed = true;
                continue;
            };
            let described = source.interfaces().get(found.interface as usize);
            let interface = interface(input, &found, described);
            let number_of_all = self.interfaces.saturating_add(found.interface);
            interfaces = interfaces.max(found.interface + 1);
            self.writer.describe(number_of_all, &interface)?;
            let place = format!("frame {next} of {}", input.path);
            let comments = frame.comments.iter().map(|text| format!("{text}; {place}"));
            let comments: Vec<String> = comments.collect();
            let copy = Frame {
                interface: number_of_all,
                ..found.as_frame()
            };
            self.writer
                .write_commented(&copy, comments.iter().map(String::as_str))?;
        }
        self.interfaces = self.interfaces.saturating_add(interfaces);
        Ok(changed)
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
