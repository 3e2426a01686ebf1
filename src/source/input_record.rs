//! What became of one input, from reading over partial files to the report.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use super::{Damage, Input, Interface, SourceError};
use crate::model::{Loss, Merge, TimeSpan};
use crate::wording::{Phrase, phrase};

/// Frames that are earlier than one that the same interface captured before, by more than disorder explains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBack {
    /// How many.
    pub frames: u64,
    /// The most, in nanoseconds.
    pub most: u64,
}

impl SetBack {
    /// What is known, when as much was read as the later of two knows of.
    const fn max(self, other: Self) -> Self {
        if other.frames > self.frames {
            other
        } else {
            self
        }
    }

    /// That a clock was set back, in words; `None` where none was.
    #[must_use]
    pub fn words(self) -> Option<Phrase> {
        let seconds = Duration::from_nanos(self.most).as_secs_f64();
        let seconds = format_args!("{seconds:.1}");
        Some(match self.frames {
            0 => return None,
            1 => phrase!(
                one_frame_set_back,
                "1 frame is earlier than one before in it, by up to {seconds} s: its clock was set back, or several captures were joined",
                seconds
            ),
            frames => phrase!(
                frames_set_back,
                "{frames} frames are earlier than one before in it, by up to {seconds} s: its clock was set back, or several captures were joined",
                frames,
                seconds
            ),
        })
    }
}

/// What became of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRecord {
    /// What was read.
    pub input: Input,
    /// Whether it is a capture of the outer of two points alone.
    pub outside: bool,
    /// Frames read.
    pub frames: u64,
    /// Frames of it that periods before this one have.
    pub frames_before: u64,
    /// From the first to the last of their times; empty without frames.
    pub span: TimeSpan,
    /// What could not be read as its format wants it, ascending by place.
    pub damage: Vec<Damage>,
    /// What went wrong at no place of its own, in words: why it could not be opened, that an interface ended.
    pub troubles: Vec<String>,
    /// Frames lost before they were captured, as the capture says.
    pub loss: Loss,
    /// Interfaces described. They are not kept in partial files.
    #[serde(skip)]
    pub interfaces: Vec<Interface>,
    /// SHA-256 of the input as it is stored, in hexadecimal digits; `None` where it was not worked out.
    pub sha256: Option<String>,
    /// Frames that its clocks stamped earlier than those before them.
    pub set_back: SetBack,
}

impl InputRecord {
    /// One of which nothing was read yet.
    #[must_use]
    pub fn of(input: Input) -> Self {
        Self {
            input,
            ..Self::default()
        }
    }

    /// One that could not be read.
    #[must_use]
    pub fn unread(failure: &SourceError) -> Self {
        Self {
            input: Input {
                path: failure.path().cloned().unwrap_or_default(),
                ..Input::default()
            },
            troubles: vec![failure.reason()],
            ..Self::default()
        }
    }

    /// Takes what was read of another part of the same input, which tells other loss.
    pub(crate) fn join(&mut self, part: Self) {
        self.input = part.input;
        self.outside |= part.outside;
        self.frames = self.frames.saturating_add(part.frames);
        self.frames_before = self.frames_before.min(part.frames_before);
        self.span.merge(part.span);
        self.damage.extend(part.damage);
        self.damage.sort_by_key(|damage| damage.offset);
        self.troubles.extend(part.troubles);
        self.loss = self.loss.plus(part.loss);
        self.set_back = self.set_back.max(part.set_back);
        self.sha256 = self.sha256.take().or(part.sha256);
    }

    /// What it is called in reports. Hostile: escape it.
    #[must_use]
    pub fn name(&self) -> String {
        let beside = if self.outside { " (outside)" } else { "" };
        format!("{}{beside}", self.input.name())
    }

    /// All that is wrong with it, in words with offsets.
    pub fn faults(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let damage = self.damage.iter();
        let damage = damage.map(|found| format!("at byte {}: {}", found.offset, found.what).into());
        damage.chain(self.troubles.iter().map(|words| words.as_str().into()))
    }

    /// Whether all of it was read and nothing of it was lost.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damage.is_empty() && self.troubles.is_empty() && self.loss.total() == 0
    }

    /// Whether it could be opened.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.frames > 0 || self.troubles.is_empty()
    }
}

/// Text formats and partial files hold UTF-8 only; what a path has beyond it is replaced.
pub(super) fn lossy<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}
