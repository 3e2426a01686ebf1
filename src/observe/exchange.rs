//! What was asked of servers and proxies in clear, and what they answered, one by one: on a kept-alive connection each
//! request is a try of its own.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use crate::decode::http::{Denial, Host};
use crate::model::{Fqdn, FrameId, Side, Stamp};

/// The most requests, and the most answers, kept of a run from its start, and from its end.
const FIRST: usize = 48;
const LAST: usize = 16;

/// How something was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Asking {
    /// HTTP CONNECT: a tunnel through a proxy (RFC 9110 section 9.3.6).
    Connect,
    /// SOCKS: a tunnel through a proxy (RFC 1928).
    Socks,
    /// A request in the form that only proxies are sent (RFC 9112 section 3.2.2).
    Absolute,
    /// Any other request.
    Plain,
}

impl Asking {
    /// Whether a tunnel is asked for.
    #[must_use]
    pub const fn is_tunnel(self) -> bool {
        matches!(self, Self::Connect | Self::Socks)
    }
}

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) stamp: Stamp,
    /// Who asked.
    pub(super) side: Side,
    /// Its place in the stream: a repetition has the same one.
    pub(super) sequence: u32,
    /// Sequence number behind it.
    pub(super) end: u32,
    pub(super) how: Asking,
    pub(super) host: Option<Host>,
    /// 0 where none was told.
    pub(super) port: u16,
    /// At most 256 characters, empty for tunnels.
    pub(super) path: String,
    /// The stream of HTTP/2; 0 where it is none.
    pub(super) stream: u32,
}

impl Asked {
    /// A request at a place, of which nothing else is known.
    pub(super) const fn at(stamp: Stamp, side: Side, sequence: u32) -> Self {
        Self {
            stamp,
            side,
            sequence,
            end: sequence,
            how: Asking::Plain,
            host: None,
            port: 0,
            path: String::new(),
            stream: 0,
        }
    }
}

/// An answer as it was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) stamp: Stamp,
    /// Who answered.
    pub(super) side: Side,
    /// Its place in the stream.
    pub(super) sequence: u32,
    /// Sequence number behind it, without a body.
    pub(super) end: u32,
    /// The stream of HTTP/2; 0 where it is none.
    pub(super) stream: u32,
    pub(super) answer: Answer,
}

/// What a side said on a stream of HTTP/2 behind the headers, the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Streamed {
    pub(super) stamp: Stamp,
    pub(super) side: Side,
    pub(super) stream: u32,
    pub(super) said: Said,
}

/// What is said on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Said {
    /// Bytes; whether they start with a fatal alert of TLS.
    Data { alert: bool },
    /// That it ends early: why (RFC 9113 section 7).
    Reset { code: u32 },
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Answer {
    /// An HTTP status, 200 and up.
    Status {
        /// Three digits.
        status: u16,
        /// What else it says, where that is of use.
        told: Option<Box<Told>>,
    },
    /// A reply of SOCKS 5 (RFC 1928 section 6): 0 granted, 2 not allowed by the rule set.
    Socks5(u8),
    /// A reply of SOCKS 4: 90 granted.
    Socks4(u8),
    /// SOCKS 5: none of the ways to log in that the client offers will do, or its login was wrong.
    SocksLogin,
    /// Headers of HTTP/2 whose status refers to what was not seen.
    Unread,
}

impl Answer {
    /// Whether a tunnel is granted by it.
    #[must_use]
    pub const fn grants(&self) -> bool {
        matches!(
            self,
            Self::Status {
                status: 200..=299,
                ..
            } | Self::Socks5(0)
                | Self::Socks4(90)
        )
    }
}

/// What an HTTP answer says besides its status.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    /// That it denies.
    pub denial: Option<Denial>,
    /// Whom a redirect leads to.
    pub location: Option<Host>,
    /// Names by which the machines that passed it on, or made it, call themselves.
    pub edges: Vec<Fqdn>,
    /// Whether a proxy passed it on from a server behind.
    pub passed_on: bool,
}

/// Requests and answers of a run, ascending by time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Talk {
    asked: ThinVec<Asked>,
    answered: ThinVec<Answered>,
    streamed: ThinVec<Streamed>,
}

impl Talk {
    pub(super) fn say(&mut self, streamed: Streamed) {
        put(&mut self.streamed, streamed, |known| {
            let data = matches!(known.said, Said::Data { .. });
            (known.side, known.stream, data)
        });
    }

    pub(super) fn ask(&mut self, asked: Asked) {
        put(&mut self.asked, asked, |known| (known.side, known.sequence));
    }

    pub(super) fn answer(&mut self, answered: Answered) {
        put(&mut self.answered, answered, |known| {
            (known.side, known.sequence)
        });
    }

    pub(super) fn merge(&mut self, other: Self) {
        other.asked.into_iter().for_each(|asked| self.ask(asked));
        let answered = other.answered.into_iter();
        answered.for_each(|answered| self.answer(answered));
        let streamed = other.streamed.into_iter();
        streamed.for_each(|streamed| self.say(streamed));
    }

    pub(super) fn for_each_frame(&mut self, mut rewrite: impl FnMut(&mut FrameId)) {
        let asked = self.asked.iter_mut().map(|asked| &mut asked.stamp);
        let answered = self.answered.iter_mut().map(|answered| &mut answered.stamp);
        let streamed = self.streamed.iter_mut().map(|said| &mut said.stamp);
        asked
            .chain(answered)
            .chain(streamed)
            .for_each(|stamp| rewrite(&mut stamp.frame));
    }

    /// Puts answers to the requests of one side. Several requests that wait at once are answered in their order where
    /// there are as many answers; else it is the last one that the last answer is for, since answers can be missed.
    pub(super) fn exchanges(self, initiator: Side) -> ThinVec<Exchange> {
        let mut out = ThinVec::new();
        let (mut on_streams, mut answers) = (Vec::new(), Vec::new());
        for answer in self.answered {
            match answer.stream {
                _ if answer.side == initiator => {}
                0 => answers.push(answer),
                _ => on_streams.push(answer),
            }
        }
        let mut answers = answers.into_iter().peekable();
        let asked = self.asked.into_iter().filter(|ask| ask.side == initiator);
        let (of_streams, asked): (Vec<Asked>, Vec<Asked>) = asked.partition(|ask| ask.stream != 0);
        for asked in of_streams {
            let stream = asked.stream;
            let mut exchange = Exchange::of(asked);
            let answer = on_streams.iter().position(|answer| answer.stream == stream);
            if let Some(at) = answer {
                exchange.answered(on_streams.swap_remove(at));
            }
            let said = self.streamed.iter().filter(|said| said.stream == stream);
            exchange.tunnel = Some(Box::new(StreamTunnel::of(said, initiator)));
            out.push(exchange);
        }
        let mut asked = asked.into_iter().peekable();
        while let Some(first) = asked.next() {
            // What was said before the first request is no answer to it.
            while answers
                .next_if(|answer| answer.stamp < first.stamp)
                .is_some()
            {}
            let start = out.len();
            out.push(Exchange::of(first));
            let until = answers.peek().map(|answer| answer.stamp);
            while let Some(next) = asked.next_if(|next| until.is_some_and(|at| next.stamp < at)) {
                out.push(Exchange::of(next));
            }
            let until = asked.peek().map(|next| next.stamp);
            let mut own = Vec::new();
            while let Some(answer) =
                answers.next_if(|answer| until.is_none_or(|at| answer.stamp < at))
            {
                own.push(answer);
            }
            let waiting = &mut out[start..];
            if own.len() == waiting.len() {
                for (exchange, answer) in waiting.iter_mut().zip(own) {
                    exchange.answered(answer);
                }
            } else if let (Some(last), Some(answer)) = (waiting.last_mut(), own.pop()) {
                last.answered(answer);
            }
        }
        out
    }
}

/// Puts an item in its place by time, the earliest of a repetition; keeps the first and the last ones.
fn put<T: Ord + Timed, K: PartialEq>(list: &mut ThinVec<T>, item: T, key: impl Fn(&T) -> K) {
    if let Some(at) = list.iter().position(|known| key(known) == key(&item)) {
        if list[at] <= item {
            return;
        }
        list.remove(at);
    }
    let place = list.partition_point(|known| (known.stamp(), known) < (item.stamp(), &item));
    list.insert(place, item);
    if list.len() > FIRST + LAST {
        list.remove(FIRST);
    }
}

trait Timed {
    fn stamp(&self) -> Stamp;
}

impl Timed for Asked {
    fn stamp(&self) -> Stamp {
        self.stamp
    }
}

impl Timed for Streamed {
    fn stamp(&self) -> Stamp {
        self.stamp
    }
}

impl Timed for Answered {
    fn stamp(&self) -> Stamp {
        self.stamp
    }
}

/// One request of a flow's initiator and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When it was asked.
    pub asked: Stamp,
    /// How.
    pub how: Asking,
    /// Whom it is for.
    pub host: Option<Host>,
    /// The port told with it, 0 where none was.
    pub port: u16,
    /// Path with query, at most 256 characters; empty for tunnels.
    pub path: String,
    /// Sequence number behind the request, without a body.
    pub ask_end: u32,
    /// The answer, where it was seen.
    pub answer: Option<(Stamp, Answer)>,
    /// Sequence number behind the answer, without a body.
    pub answer_end: Option<u32>,
    /// Where it is for an address behind a proxy: names that the initiator had from DNS for it, newest first.
    pub names: ThinVec<Fqdn>,
    /// What else was said on its stream, of HTTP/2.
    pub tunnel: Option<Box<StreamTunnel>>,
}

/// What was said on a stream of HTTP/2 behind the headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamTunnel {
    /// When the initiator said something first.
    pub own: Option<Stamp>,
    /// When the responder did.
    pub back: Option<Stamp>,
    /// Whether that was a fatal alert of TLS.
    pub alert: bool,
    /// When the responder ended it early, and why (RFC 9113 section 7).
    pub reset: Option<(Stamp, u32)>,
}

impl StreamTunnel {
    fn of<'a>(all: impl Iterator<Item = &'a Streamed>, initiator: Side) -> Self {
        let mut out = Self::default();
        for said in all {
            match said.said {
                Said::Data { .. } if said.side == initiator => out.own = Some(said.stamp),
                Said::Data { alert } => (out.back, out.alert) = (Some(said.stamp), alert),
                Said::Reset { code } if said.side != initiator => {
                    out.reset = Some((said.stamp, code));
                }
                Said::Reset { .. } => {}
            }
        }
        out
    }
}

impl Exchange {
    fn of(asked: Asked) -> Self {
        Self {
            asked: asked.stamp,
            how: asked.how,
            host: asked.host,
            port: asked.port,
            path: asked.path,
            ask_end: asked.end,
            answer: None,
            answer_end: None,
            names: ThinVec::new(),
            tunnel: None,
        }
    }

    fn answered(&mut self, answered: Answered) {
        self.answer_end = Some(answered.end);
        self.answer = Some((answered.stamp, answered.answer));
    }

    /// The address that it is for, where no name was told.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self.host {
            Some(Host::Address(address)) => Some(address),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CaptureTime;

    fn stamp(n: i64) -> Stamp {
        Stamp {
            time: CaptureTime::from_nanos(n),
            frame: FrameId::new(0, 0, n as u32),
        }
    }

    fn asked(at: i64) -> Asked {
        Asked {
            port: at as u16,
            ..Asked::at(stamp(at), Side::Low, at as u32)
        }
    }

    fn answered(at: i64, status: u16) -> Answered {
        Answered {
            stamp: stamp(at),
            side: Side::High,
            sequence: at as u32,
            end: at as u32,
            stream: 0,
            answer: Answer::Status { status, told: None },
        }
    }

    fn shown(talk: Talk) -> Vec<(u16, Option<u16>)> {
        let exchanges = talk.exchanges(Side::Low).into_iter();
        let shown = exchanges.map(|exchange| {
            let status = exchange.answer.map(|(_, answer)| match answer {
                Answer::Status { status, .. } => status,
                _ => 0,
            });
            (exchange.port, status)
        });
        shown.collect()
    }

    #[test]
    fn answers_come_to_their_requests() {
        let mut talk = Talk::default();
        [1, 3, 5, 6].into_iter().for_each(|at| talk.ask(asked(at)));
        [(2, 200), (4, 403), (7, 204), (8, 503)]
            .into_iter()
            .for_each(|(at, status)| talk.answer(answered(at, status)));
        let all = [
            (1, Some(200)),
            (3, Some(403)),
            (5, Some(204)),
            (6, Some(503)),
        ];
        assert_eq!(shown(talk), all);
    }

    #[test]
    fn a_missed_answer_shifts_no_other() {
        let mut talk = Talk::default();
        [1, 3, 5].into_iter().for_each(|at| talk.ask(asked(at)));
        talk.answer(answered(6, 403));
        assert_eq!(shown(talk), [(1, None), (3, None), (5, Some(403))]);
    }

    #[test]
    fn parts_merge_in_either_order_to_the_first_and_the_last() {
        let part = |range: std::ops::Range<i64>| {
            let mut talk = Talk::default();
            range.for_each(|at| talk.ask(asked(at)));
            talk
        };
        let (mut ab, mut ba) = (part(0..90), part(60..200));
        ab.merge(part(60..200));
        ba.merge(part(0..90));
        assert_eq!(ab, ba);
        assert_eq!(ab, part(0..200));
        assert_eq!(shown(ab).len(), FIRST + LAST);
    }
}
