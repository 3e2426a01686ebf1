//! Something that happened, as one line: for a log, a pipe, a unit file.

use std::io::{self, Write};

use serde_json::json;

use crate::judge::{FindingCode, Severity, StatusKind};
use crate::model::{CaptureTime, Loss};
use crate::report::text::visible;

/// Something that changed, with when the packets say it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveEvent {
    /// When; of what no packet tells, the time of the last packet.
    pub at: CaptureTime,
    /// What.
    pub kind: LiveEventKind,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveEventKind {
    /// A requirement fares otherwise than before.
    Requirement {
        /// `document/id`.
        id: String,
        /// What it is for.
        service: String,
        /// How it fared before.
        before: StatusKind,
        /// How it fares now.
        now: StatusKind,
        /// As a sentence.
        message: String,
        /// Frames to look at.
        frames: Vec<u64>,
    },
    /// Packets show a finding that was not there before.
    Finding {
        /// Its kind.
        code: FindingCode,
        /// How much it matters.
        severity: Severity,
        /// Who.
        initiator: String,
        /// Whom, with the port.
        target: String,
        /// As a sentence.
        message: String,
        /// What to do.
        advice: String,
        /// Frames to look at.
        frames: Vec<u64>,
    },
    /// What was found does not hold any more, now that more is known.
    Withdrawn {
        /// The finding's kind.
        code: FindingCode,
        /// Who.
        initiator: String,
        /// Whom, with the port.
        target: String,
    },
    /// Frames were lost; the counts are those since the start.
    Lost(Loss),
    /// An interface gives no more.
    Interface {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// Anything else that went wrong.
    Trouble(String),
    /// All requirements that have to be seen are satisfied or blocked.
    Complete,
}

impl LiveEvent {
    /// Writes it as a line for people.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_human(&self, out: &mut impl Write) -> io::Result<()> {
        let at = clock_time(self.at);
        let words = match &self.kind {
            LiveEventKind::Requirement {
                id,
                service,
                now,
                message,
                frames,
                ..
            } => format!(
                "{:<12} {id}  {service}: {message}{}",
                now.as_str(),
                frame_list(frames)
            ),
            LiveEventKind::Finding {
                code,
                initiator,
                target,
                message,
                frames,
                ..
            } => format!(
                "{:<12} {initiator} → {target}: {message}{}",
                code.as_str(),
                frame_list(frames)
            ),
            LiveEventKind::Withdrawn {
                code,
                initiator,
                target,
            } => format!("{:<12} {code} {initiator} → {target}", "withdrawn"),
            LiveEventKind::Lost(loss) => format!(
                "{:<12} {} by the interface, {} by the kernel, {} by pktaudit since the start",
                "lost", loss.interface, loss.kernel, loss.own
            ),
            LiveEventKind::Interface { name, why } => format!("{:<12} {name}: {why}", "ended"),
            LiveEventKind::Trouble(words) => format!("{:<12} {words}", "trouble"),
            LiveEventKind::Complete => format!(
                "{:<12} all requirements that have to be seen are satisfied or blocked",
                "complete"
            ),
        };
        writeln!(out, "{at} {}", visible(&words))
    }

    /// Writes it as a JSON object on a line; `told` is the machine's time.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_ndjson(&self, told: CaptureTime, out: &mut impl Write) -> io::Result<()> {
        let mut object = match &self.kind {
            LiveEventKind::Requirement {
                id,
                service,
                before,
                now,
                message,
                frames,
            } => {
                json!({"event": "requirement", "id": id, "service": service, "before": before.as_str(),
                "outcome": now.as_str(), "message": message, "frames": frames})
            }
            LiveEventKind::Finding {
                code,
                severity,
                initiator,
                target,
                message,
                advice,
                frames,
            } => json!({"event": "finding", "code": code.as_str(),
                "severity": severity.as_str(),
                "initiator": initiator, "target": target, "message": message, "advice": advice,
                "frames": frames}),
            LiveEventKind::Withdrawn {
                code,
                initiator,
                target,
            } => json!({"event": "withdrawn", "code": code.as_str(), "initiator": initiator,
                "target": target}),
            LiveEventKind::Lost(loss) => json!({"event": "lost", "interface": loss.interface,
                "kernel": loss.kernel, "own": loss.own}),
            LiveEventKind::Interface { name, why } => {
                json!({"event": "interface", "name": name, "why": why})
            }
            LiveEventKind::Trouble(words) => json!({"event": "trouble", "message": words}),
            LiveEventKind::Complete => json!({"event": "complete"}),
        };
        if let Some(fields) = object.as_object_mut() {
            fields.shift_insert(0, "kind".to_owned(), "event".into());
            fields.shift_insert(1, "at".to_owned(), self.at.to_string().into());
            fields.shift_insert(2, "told".to_owned(), told.to_string().into());
        }
        let mut line = serde_json::to_vec(&object)?;
        line.push(b'\n');
        out.write_all(&line)
    }
}

/// Time of day in UTC with milliseconds.
pub(super) fn clock_time(at: CaptureTime) -> String {
    let text = at.to_string();
    text.get(11..23).unwrap_or(&text).to_owned()
}

/// The first few frames, for the end of a line.
pub(super) fn frame_list(frames: &[u64]) -> String {
    const SHOWN: usize = 6;
    if frames.is_empty() {
        return String::new();
    }
    let list: Vec<String> = frames.iter().take(SHOWN).map(u64::to_string).collect();
    let more = match frames.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(" [frames {}{more}]", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: LiveEventKind) -> LiveEvent {
        LiveEvent {
            at: CaptureTime::from_secs_nanos(1_795_296_421, 164_000_001),
            kind,
        }
    }

    #[test]
    fn lines_say_when_what_and_which_frames_and_obey_nothing() {
        let event = event(LiveEventKind::Finding {
            code: FindingCode::UnexpectedName,
            severity: Severity::Medium,
            initiator: "10.0.0.1".to_owned(),
            target: "a\u{1b}[2J\nb".to_owned(),
            message: "no requirement covers it".to_owned(),
            advice: "see".to_owned(),
            frames: (1..9).collect(),
        });
        let mut out = Vec::new();
        event.write_human(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "21:27:01.164 unexpected-name 10.0.0.1 → a\\u{1b}[2J\\nb: no requirement covers it \
             [frames 1, 2, 3, 4, 5, 6 and 2 more]\n"
        );
        let mut out = Vec::new();
        event.write_ndjson(event.at, &mut out).unwrap();
        let line = String::from_utf8(out).unwrap();
        assert_eq!(line.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["target"], "a\u{1b}[2J\nb");
        assert_eq!(value["at"], "2026-11-21T21:27:01.164000001Z");
        assert_eq!(value["frames"].as_array().unwrap().len(), 8);
    }

    #[test]
    fn who_lost_frames_is_told_apart() {
        let lost = event(LiveEventKind::Lost(Loss {
            interface: 1,
            kernel: 2,
            own: 3,
        }));
        let mut out = Vec::new();
        lost.write_human(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "21:27:01.164 lost         1 by the interface, 2 by the kernel, 3 by pktaudit since the start\n"
        );
    }
}
