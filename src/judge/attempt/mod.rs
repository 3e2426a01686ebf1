//! How one flow went as a try to reach something, from its own packets alone.

mod connect;
mod datagram;
mod device;
mod handshake;
mod http;
mod icmp;
mod key_refused;
mod ladder;
mod late;
mod reset;
mod tcp;
mod tunnel;

use std::time::Duration;

use super::evidence::{Code, Evidence, Grade, Stage};
use crate::model::{CaptureTime, Transport};
use crate::observe::{App, Event, Exchange, Flow};
use crate::wording::{Phrase, SaidTemplate, word};

pub(super) use connect::without_times;
pub(super) use device::{is_silence, passed};
pub(super) use handshake::RESET;
pub(super) use http::{Asked, answers};
pub(super) use late::late;
pub(super) use reset::hops;
pub(super) use tcp::{answer_times, said_until};

/// Retries closer than this are copies of one packet, as a mirror port makes them.
const COPY: Duration = Duration::from_millis(1);

/// An attempt that ends within this time of the capture's end may have gone on.
pub(super) const TAIL: Duration = Duration::from_secs(10);

/// How a flow went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// The responder answered in substance.
    Succeeded,
    /// Sent with a protocol that never answers.
    Sent,
    /// It failed, and this shows it. Grades are those of the flow alone; controls may raise them.
    Failed(Box<Evidence>),
    /// It cannot be told.
    Open(InconclusiveReason),
}

impl AttemptOutcome {
    /// It failed, and this shows it.
    #[must_use]
    pub fn failed(evidence: Evidence) -> Self {
        Self::Failed(Box::new(evidence))
    }

    /// Whether the aim was reached, as far as packets can tell.
    #[must_use]
    pub const fn is_reached(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Sent)
    }
}

/// Why it cannot be told how a flow went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum InconclusiveReason {
    /// Only one direction is there although the other must have been.
    OneWay,
    /// The capture ends too soon after the try.
    CaptureEnd,
    /// The flow was under way when the capture began.
    Midstream,
    /// Connected, but nothing was said: a race lost or a try given up.
    NothingSaid,
    /// The initiator gave up first.
    GivenUp,
    /// Frames of it that must have been there are not in the capture.
    FramesMissing,
    /// All frames of the capture have one time.
    NoTimes,
    /// Every answer sends the client to a host that no requirement lists.
    SentElsewhere,
    /// It was opened before the capture began, and says no name.
    OlderThanCapture,
    /// It says no name, and its address has several.
    OneOfSeveral,
    /// The name in clear is an outer one.
    EncryptedHello,
    /// It speaks another application than the page lists.
    OtherApplication,
    /// Its destination may be an IPv4 address that is translated, but nothing tells the prefix.
    UntoldTranslation,
    /// It comes from an address on no list that may be a host's for address translation.
    GuessedHost,
    /// The server did not take the key of an encrypted hello.
    KeyRefused,
    /// Records of a device's log are all that there is of it.
    OnlyLogged,
    /// Datagrams that nothing answered, of a protocol that may answer.
    Unanswered,
}

impl InconclusiveReason {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::OneWay => word!(doubt_one_way, "only one direction was captured"),
            Self::CaptureEnd => word!(doubt_capture_end, "the capture ends too soon after it"),
            Self::Midstream => word!(doubt_midstream, "the capture begins in the middle of it"),
            Self::NothingSaid => word!(
                doubt_nothing_said,
                "connected, but neither side said anything"
            ),
            Self::GivenUp => word!(doubt_given_up, "the initiator gave up first"),
            Self::FramesMissing => word!(
                doubt_frames_missing,
                "frames of it are missing from the capture"
            ),
            Self::NoTimes => word!(
                doubt_no_times,
                "all frames of the capture have one and the same time"
            ),
            Self::SentElsewhere => word!(
                doubt_sent_elsewhere,
                "every answer redirects to a host on no list"
            ),
            Self::OlderThanCapture => {
                word!(
                    doubt_older,
                    "opened before the capture began, so what DNS said since then does not tell whom it is for"
                )
            }
            Self::OneOfSeveral => word!(
                doubt_one_of_several,
                "it says no name, and its address has several: one of them"
            ),
            Self::EncryptedHello => word!(
                doubt_encrypted_hello,
                "tried under ECH: the inner name is not visible"
            ),
            Self::OtherApplication => word!(
                doubt_other_application,
                "another application than the page lists was spoken"
            ),
            Self::UntoldTranslation => {
                word!(
                    doubt_translation,
                    "its destination ends with an IPv4 address: whether that is address translation (NAT64) is not told"
                )
            }
            Self::GuessedHost => {
                word!(
                    doubt_guessed_host,
                    "its address is on no list, and may be one by which a host of the site reaches IPv4 (CLAT)"
                )
            }
            Self::Unanswered => word!(
                doubt_unanswered,
                "nothing came back, and whether an answer is due is not known"
            ),
            Self::OnlyLogged => {
                word!(
                    doubt_only_logged,
                    "only records of a device's log, or samples, are there, and what these do not hold is not missing"
                )
            }
            Self::KeyRefused => {
                word!(
                    doubt_key_refused,
                    "the server did not take the key of the encrypted hello: the client tries again"
                )
            }
        }
    }
}

/// Tells how a flow went. `end` is when the capture ends.
#[must_use]
pub(super) fn went(flow: &Flow, end: CaptureTime) -> AttemptOutcome {
    device::with_word(flow, by_packets(flow, end))
}

fn by_packets(flow: &Flow, end: CaptureTime) -> AttemptOutcome {
    match flow.transport {
        Transport::Tcp if key_refused::key_refused(flow) => {
            AttemptOutcome::Open(InconclusiveReason::KeyRefused)
        }
        Transport::Tcp => tcp::went(flow, end),
        Transport::Udp => datagram::went(flow, end),
        _ if flow.back.packets > 0 => AttemptOutcome::Succeeded,
        _ => AttemptOutcome::Sent,
    }
}

/// Tells how the tunnel went that was asked for through a proxy; `None` where the flow itself has to tell.
#[must_use]
pub(super) fn tunnel(flow: &Flow, asked: &Exchange, end: CaptureTime) -> Option<AttemptOutcome> {
    tunnel::went(flow, asked, end)
}

/// Events that are no copies of each other.
fn distinct<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<&'a Event> {
    let mut out: Vec<&Event> = Vec::new();
    for event in events {
        let copy = |seen: &&Event| {
            seen.sequence == event.sequence && event.stamp.time.since(seen.stamp.time) <= COPY
        };
        if !out.iter().any(copy) {
            out.push(event);
        }
    }
    out
}

fn failed<'a>(
    code: Code,
    grade: Grade,
    events: impl IntoIterator<Item = &'a Event>,
    words: Phrase,
) -> AttemptOutcome {
    let stamps = events.into_iter().map(|event| event.stamp);
    AttemptOutcome::failed(Evidence::new(code, grade, stamps, words))
}

/// A duration for people: `3.1 s`, `12 ms`.
#[must_use]
pub(super) fn seconds(duration: Duration) -> String {
    if duration >= Duration::from_secs(1) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

/// The stage at which a flow was stopped: that of its evidence, or how far the flow itself had come.
#[must_use]
pub(super) fn stage(flow: &Flow, evidence: &Evidence) -> Stage {
    match (evidence.code, evidence.code.stage()) {
        (code, _) if code.is_anywhere() && flow.app.has(App::QUIC) => Stage::Quic,
        (code, _) if code.is_anywhere() && flow.transport == Transport::Udp => Stage::Udp,
        (code, _) if code.is_anywhere() && flow.app.has(App::TLS) => Stage::Tls,
        (Code::ResetInjected, _) if flow.app.has(App::HTTP) && !flow.app.has(App::TLS) => {
            Stage::Http
        }
        (Code::ResetInjected, _) if !flow.app.has(App::TLS) => Stage::Connect,
        (_, stage) => stage,
    }
}
