//! Frames from a short text scenario, for tests and benches: a text says what a binary capture would hide.
//!
//! One frame a line, in the order of the lines; `#` starts a comment. Ethernet frames with right checksums come out.
//!
//! ```text
//! # time  source           destination         what
//! 0.000   10.0.0.5:40000 > 10.0.0.53:53        udp hex:0a0b0100
//! 1.25    10.0.0.5:40001 > 93.184.216.34:443   tcp S seq=1000
//! 1.26    93.184.216.34:443 > 10.0.0.5:40001   tcp SA seq=9 ack=1001 ttl=57
//! 1.27    10.0.0.5:40001 > 93.184.216.34:443   tcp PA seq=1001 ack=10 "GET / HTTP/1.1\r\n" fill:400
//! 1.3     10.0.0.1 > 10.0.0.5                  icmp unreachable code=13 quoting 2
//! 2       [2001:db8::5]:40000 > [2001:db8::1]:53 udp vlan=7 snap=60 "x"
//! 3       10.0.0.5 > 10.0.0.6                  ip protocol=47 hex:0000
//! ```
//!
//! * Times are seconds with up to nine decimals after [`Script::BASE`] or a base that is given.
//! * TCP flags are letters of `S A F R P U E C`, or `.` for none.
//! * Data are strings (`\r \n \t \0 \" \\ \xHH`), `hex:..` and `fill:N` (N bytes of `x`), put together.
//! * ICMP kinds are `unreachable`, `time-exceeded`, `packet-too-big` (with `mtu=`), `redirect`, `echo-request`,
//!   `echo-reply` (with `echo_id=`, `echo_seq=`), or `type=N`; with IPv6 addresses they are ICMPv6. `quoting N` quotes
//!   the IP packet of the N-th frame (from 1), `keep=N` only its first N bytes.
//! * For all: `ttl=`, `ip_id=`, `vlan=` (twice: outer, inner), `snap=` (bytes captured), `interface=`.
//!   For TCP: `seq=`, `ack=`, `window=`, `options:..` (hex digits).

mod build;
mod line;

use super::Damage;
use super::Frame;
use super::FrameSource;
use super::Loss;
use super::OwnedFrame;
use crate::model::CaptureTime;
use build::Builder;
use line::Line;

/// Frames in memory, lent one after another; made from a text or from frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    frames: Vec<OwnedFrame>,
    next: usize,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ScriptError {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl Script {
    /// Time 0 of a text that is given no base: 2026-01-01T00:00:00Z.
    pub const BASE: CaptureTime = CaptureTime::from_nanos(1_767_225_600_000_000_000);

    /// Reads a text; its times count from [`Self::BASE`].
    ///
    /// # Errors
    /// All lines that cannot be read.
    pub fn parse(text: &str) -> Result<Self, Vec<ScriptError>> {
        Self::parse_at(text, Self::BASE)
    }

    /// Reads a text; its times count from `base`.
    ///
    /// # Errors
    /// All lines that cannot be read.
    pub fn parse_at(text: &str, base: CaptureTime) -> Result<Self, Vec<ScriptError>> {
        let mut builder = Builder::default();
        let mut errors = Vec::new();
        for (number, text) in (1..).zip(text.lines()) {
            let built = match Line::parse(text) {
                Ok(Some(line)) => builder.add(&line, base),
                Ok(None) => Ok(()),
                Err(what) => Err(what),
            };
            if let Err(what) = built {
                errors.push(ScriptError { line: number, what });
                // The line keeps its number, so that later quotes are not told to be wrong as well.
                builder.add_nothing();
            }
        }
        if errors.is_empty() {
            Ok(Self::of(builder.frames))
        } else {
            Err(errors)
        }
    }

    /// A source of these frames.
    #[must_use]
    pub fn of(frames: Vec<OwnedFrame>) -> Self {
        Self { frames, next: 0 }
    }

    /// All frames, lent already or not.
    #[must_use]
    pub fn frames(&self) -> &[OwnedFrame] {
        &self.frames
    }

    /// Takes all frames out.
    #[must_use]
    pub fn into_frames(self) -> Vec<OwnedFrame> {
        self.frames
    }
}

impl FrameSource for Script {
    fn next_frame(&mut self) -> Option<Frame<'_>> {
        let frame = self.frames.get(self.next)?;
        self.next += 1;
        Some(frame.as_frame())
    }

    fn damage(&self) -> &[Damage] {
        &[]
    }

    fn loss(&self) -> Loss {
        Loss::default()
    }
}

#[cfg(test)]
mod tests;
