//! What payloads say: names, applications, facts. Calls the readers of the decode room and puts what they find into
//! the run's evidence.
//!
//! Two ways lead to a fact, and both may find the same one: the opening bytes of a direction, put together in any
//! order; and any segment that starts a request, a hello or a message, wherever in the stream it lies. What is there
//! only in part waits for the rest, and is read as far as it goes when the whole capture is known ([`conclude`]) or
//! when the capture itself cut it.

mod datagram;
mod message;
mod records;

use super::dns_log::DnsLog;
use super::exchange::{Answer, Answered, Asked};
use super::handshake::{TlsMark, TlsStep, Walk};
use super::quic::QuicEvidence;
use super::run::{FlowRecord, SaidBy, SaidName};
use super::stream::{Pending, Row, Stream, StreamFact, WINDOW};
use crate::decode::http;
use crate::decode::http::hpack::HeaderTable;
use crate::decode::preamble;
use crate::decode::{TcpFlags, TcpSegment, dns};
use crate::model::{Endpoint, Fqdn, Side, Stamp};

pub(super) use datagram::datagram;

/// What came of a look at some bytes.
enum Recognition {
    /// Understood so many bytes; more may follow.
    Took(u32),
    /// The same, of something that may come a few times before what matters.
    Stepped(u32),
    /// At least so many bytes are wanted in all.
    Wants(u32),
    /// Nothing more will be understood here.
    Done,
}

/// Reads a TCP segment that has payload or opens its direction.
pub(super) fn segment(
    run: &mut FlowRecord,
    side: Side,
    stamp: Stamp,
    segment: &TcpSegment<'_>,
    dns: &mut DnsLog,
) {
    // Most segments lie far behind the opening and start nothing.
    if run.settled[side.index()]
        && !segment.flags.has(TcpFlags::SYN)
        && !starts_item(segment.payload)
    {
        return;
    }
    let mut stream = run.streams[side.index()].take().unwrap_or_default();
    let mut start = segment.sequence;
    if segment.flags.has(TcpFlags::SYN) {
        start = start.wrapping_add(1);
        // One that also ends or resets opens nothing, and may lie anywhere.
        if segment.flags.0 & (TcpFlags::FIN | TcpFlags::RST) == 0 {
            stream.start_at(start);
        }
    }
    let mut listener = Listener::new(run, side, dns);
    if !segment.payload.is_empty() {
        listener.cut = (segment.payload.len() as u64) < u64::from(segment.payload_length);
        let taken = listener.opening(&mut stream, start, stamp, segment.payload);
        listener.items(&mut stream, start, stamp, segment.payload, taken);
        listener.cut = false;
    }
    listener.drain(&mut stream);
    run.settled[side.index()] = stream.is_settled();
    run.streams[side.index()] = Some(stream);
}

/// Reads what became complete when two parts of a run merged.
pub(super) fn reread(run: &mut FlowRecord, dns: &mut DnsLog) {
    drain_all(run, dns, false);
}

/// Reads what is there only in part, once no more can come.
pub(super) fn conclude(run: &mut FlowRecord, dns: &mut DnsLog) {
    drain_all(run, dns, true);
    if let Some(quic) = run.quic.take() {
        conclude_quic(run, dns, &quic);
    }
}

fn drain_all(run: &mut FlowRecord, dns: &mut DnsLog, last: bool) {
    for side in [Side::Low, Side::High] {
        if let Some(mut stream) = run.streams[side.index()].take() {
            run.cut |= last && stream.is_full();
            let mut listener = Listener::new(run, side, dns);
            listener.last = last;
            listener.drain(&mut stream);
            // At last nothing follows, and its memory is wanted for what is worked out.
            run.streams[side.index()] = (!last).then_some(stream);
        }
    }
}

fn conclude_quic(run: &mut FlowRecord, dns: &mut DnsLog, quic: &QuicEvidence) {
    let concluded = quic.conclude();
    run.cut |= concluded.cut;
    for (stamp, side, hello) in concluded.hellos {
        Listener::new(run, side, dns).quic_hello(stamp, hello);
    }
    for (stamp, side, code) in concluded.closed {
        // The codes from 0x100 on are TLS alerts (RFC 9001 section 4.8).
        if let (1, Ok(description)) = (code >> 8, u8::try_from(code & 0xff)) {
            let alert = StreamFact::Alert {
                level: 2,
                description,
            };
            Listener::new(run, side, dns).fact(stamp, alert);
        }
    }
    for (client, heard) in [Side::Low, Side::High].into_iter().zip(concluded.heard) {
        let Some(heard) = heard else {
            continue;
        };
        let server = client.other();
        let short = |side: Side| run.ids.as_ref()?.latest_short(side);
        if run.sides[server.index()].packets > 0 {
            // A server is through once it has heard the client's Finished, and says so in a packet with a short header
            // (RFC 9001 section 4.1.2). Others of that form go out with its first flight.
            let asked = heard.shown.unwrap_or(heard.asked);
            let through = short(server).is_some_and(|short| short > asked.time);
            if !through {
                Listener::new(run, client, dns).fact(asked, StreamFact::QuicUnfinished);
            }
            continue;
        }
        let later = short(client).is_some_and(|short| short > heard.asked.time);
        if let Some(stamp) = heard.shown.or(later.then_some(heard.asked)) {
            Listener::new(run, client, dns).fact(stamp, StreamFact::HeardUnseen);
        }
    }
}

/// How a datagram came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrival {
    /// Whether it is the first fragment of one.
    pub(super) part: bool,
    /// TTL or hop limit; 0 where that is not known, as of what came in a stream.
    pub(super) ttl: u8,
}

struct Listener<'a> {
    run: &'a mut FlowRecord,
    side: Side,
    dns: &'a mut DnsLog,
    /// Whether the capture cut the segment at hand.
    cut: bool,
    /// What headers may refer to, where the direction at hand speaks HTTP/2 by now.
    http2: Option<Box<HeaderTable>>,
    /// How far the records of TLS of the direction at hand were followed.
    walk: Walk,
    /// Sequence number of the first byte at hand.
    place: u32,
    /// How the datagram at hand came.
    arrival: Arrival,
    /// Whether the bytes at hand are all that will ever be there.
    last: bool,
}

impl<'a> Listener<'a> {
    const fn new(run: &'a mut FlowRecord, side: Side, dns: &'a mut DnsLog) -> Self {
        Self {
            run,
            side,
            dns,
            cut: false,
            http2: None,
            walk: Walk {
                on: false,
                changed: false,
                records: 0,
                sealed: 0,
            },
            place: 0,
            arrival: Arrival {
                part: false,
                ttl: 0,
            },
            last: false,
        }
    }

    /// Looks at the opening of the direction with the bytes of one more segment; returns how many of them it read.
    fn opening(&mut self, stream: &mut Stream, start: u32, stamp: Stamp, bytes: &[u8]) -> usize {
        if !stream.is_next(start) {
            stream.keep(start, stamp, bytes, self.cut);
            return 0;
        }
        // The common case: the next bytes in order, read where they lie.
        let mut at = 0;
        (self.http2, self.walk) = (stream.http2.take(), stream.walk);
        while at < bytes.len() {
            let rest = &bytes[at..];
            self.place = start.wrapping_add(at as u32);
            let look = self.look_at(stamp, rest, self.cut);
            stream.walk = self.walk;
            match look {
                Recognition::Took(0) | Recognition::Stepped(0) | Recognition::Done => {
                    stream.finish();
                    break;
                }
                Recognition::Took(count) => {
                    at += count as usize;
                    stream.advance(count);
                }
                Recognition::Stepped(count) => {
                    at += count as usize;
                    stream.step(count);
                    if stream.is_finished() {
                        break;
                    }
                }
                Recognition::Wants(count) => {
                    stream.keep(start.wrapping_add(at as u32), stamp, rest, self.cut);
                    stream.want(count);
                    break;
                }
            }
        }
        (stream.http2, self.walk) = (self.http2.take(), Walk::default());
        at
    }

    /// Looks at everything kept that may have become complete.
    fn drain(&mut self, stream: &mut Stream) {
        (self.http2, self.walk) = (stream.http2.take(), stream.walk);
        while let Some(row) = stream.opening(self.last) {
            self.place = stream.place();
            let look = self.look_at_row(&row);
            stream.walk = self.walk;
            match look {
                Recognition::Took(0) | Recognition::Stepped(0) | Recognition::Done => {
                    stream.finish()
                }
                Recognition::Took(count) => stream.advance(count),
                Recognition::Stepped(count) => stream.step(count),
                Recognition::Wants(count) if count as usize > row.bytes.len() && !self.last => {
                    stream.want(count);
                    break;
                }
                Recognition::Wants(_) => stream.finish(),
            }
        }
        (stream.http2, self.walk) = (self.http2.take(), Walk::default());
        while let Some((pending, row)) = stream.arrived(self.last) {
            if stream.is_past(pending.start) {
                stream.settle(pending.start);
                continue;
            }
            self.place = pending.start;
            self.walk = Walk::default();
            match self.look_at_row(&row) {
                Recognition::Wants(count) if count as usize > row.bytes.len() && !self.last => {
                    stream.expect_more(pending.start, count);
                }
                _ => stream.settle(pending.start),
            }
        }
    }

    /// Looks at a segment by itself: it may start a request, a hello or a message in the middle of a stream, or
    /// several requests. `taken` of its bytes were read as the opening.
    fn items(&mut self, stream: &mut Stream, start: u32, stamp: Stamp, bytes: &[u8], taken: usize) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| starts_item(rest)) {
            if at < taken {
                // It was read a moment ago; what follows it is found from there on.
                at = past_empty_lines(bytes, taken);
                continue;
            }
            self.place = start.wrapping_add(at as u32);
            self.walk = Walk::default();
            match self.look_at(stamp, rest, self.cut) {
                Recognition::Took(count) | Recognition::Stepped(count) if count > 0 => {
                    at = past_empty_lines(bytes, at + count as usize);
                }
                Recognition::Wants(wanted) if wanted as usize > rest.len() => {
                    let start = start.wrapping_add(at as u32);
                    // Sent again: it was read as a part of the opening, with what follows it.
                    if !stream.is_past(start) {
                        stream.expect(Pending { start, wanted }, stamp, rest);
                    }
                    return;
                }
                _ => return,
            }
        }
    }

    /// Reads what starts at the first byte, and no more than is there where nothing can follow: the bytes are the
    /// last, the capture cut them, or more than is ever kept would be wanted.
    fn look_at(&mut self, stamp: Stamp, bytes: &[u8], ends: bool) -> Recognition {
        let look = self.look(stamp, bytes);
        match look {
            Recognition::Wants(wanted) if !self.last && (ends || wanted > WINDOW) => {
                self.last = true;
                let look = self.look(stamp, bytes);
                self.last = false;
                match look {
                    Recognition::Wants(_) => Recognition::Done,
                    look => look,
                }
            }
            look => look,
        }
    }

    fn look_at_row(&mut self, row: &Row) -> Recognition {
        let full = row.bytes.len() >= WINDOW as usize;
        self.look_at(row.stamp, &row.bytes, row.ends || full)
    }

    fn look(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        if self.http2.is_some() {
            return self.http2_frame(stamp, bytes);
        }
        if self.walk.on {
            return self.tls_record(stamp, bytes);
        }
        if self.is_dns() || whole_dns_messages(bytes) {
            return self.dns_stream(stamp, bytes);
        }
        match bytes {
            [0, 0, ..] => self.zeros(stamp, bytes),
            [0x16 | 0x80, ..] => self.handshake(stamp, bytes),
            [0x15] | [0x15, 3, ..] => self.server_flight(stamp, bytes),
            [0 | 1 | 5, ..] if self.is_responder() => self.socks_reply(stamp, bytes),
            [b'A'..=b'Z' | b'a'..=b'z', ..] => self.text(stamp, bytes),
            _ => self.preamble(stamp, bytes),
        }
    }

    fn is_dns(&self) -> bool {
        // Multicast DNS and LLMNR have TCP forms too (RFC 6762 section 6.7, RFC 4795 section 2.1).
        [Side::Low, Side::High]
            .into_iter()
            .any(|side| matches!(self.run.key.endpoint(side).port, 53 | 5353 | 5355))
    }

    fn endpoint(&self, side: Side) -> Endpoint {
        self.run.key.endpoint(side)
    }

    fn client(&mut self, side: Side) {
        self.run.clients[side.index()] = true;
    }

    fn fact(&mut self, stamp: Stamp, fact: StreamFact) {
        self.run.tell((stamp, self.side == Side::High, fact));
    }

    /// A step of a TLS handshake of `length` bytes starts at the first byte at hand.
    fn mark(&mut self, stamp: Stamp, step: TlsStep, length: usize) {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        self.run.mark(TlsMark {
            stamp,
            side: self.side,
            step,
            start: self.place,
            end: self.place.wrapping_add(length),
        });
    }

    /// `length` is how many bytes it takes, without a body.
    fn asked(&mut self, stamp: Stamp, length: usize, asked: impl FnOnce(Asked) -> Asked) {
        let (side, sequence) = (self.side, self.place);
        let mut asked = asked(Asked::at(stamp, side, sequence));
        asked.end = sequence.wrapping_add(length as u32);
        self.run.talk.get_or_insert_default().ask(asked);
    }

    /// `length` is how many bytes it takes, without a body.
    fn answered(&mut self, stamp: Stamp, length: usize, answer: Answer) {
        self.answered_on(stamp, length, 0, answer);
    }

    /// The same, of a stream of HTTP/2.
    fn answered_on(&mut self, stamp: Stamp, length: usize, stream: u32, answer: Answer) {
        let (side, sequence) = (self.side, self.place);
        self.run.talk.get_or_insert_default().answer(Answered {
            stamp,
            side,
            sequence,
            end: sequence.wrapping_add(length as u32),
            stream,
            answer,
        });
    }

    /// Whether the side at hand was connected to.
    fn is_responder(&self) -> bool {
        let opening = self.run.opening;
        opening.is_some_and(|opening| opening.side != self.side)
    }

    fn name(&mut self, stamp: Stamp, by: SaidBy, fqdn: Fqdn, port: u16) {
        self.run.say(SaidName {
            stamp,
            by,
            side: self.side,
            fqdn,
            port,
        });
    }

    /// So many more bytes are wanted before another look; nothing more where none will come.
    fn wants_more(&self, bytes: &[u8], more: usize) -> Recognition {
        if self.last {
            return Recognition::Done;
        }
        Recognition::Wants(u32::try_from(bytes.len() + more.max(1)).unwrap_or(u32::MAX))
    }
}

/// Whether bytes start something that may stand anywhere in a stream.
fn starts_item(bytes: &[u8]) -> bool {
    let starts = match bytes {
        // Nearly all: application data of TLS.
        [0x17, 3, 0..=4, ..] => false,
        [0x16, 3, 0..=4, _, _, 1 | 2, 0, ..] | [0x15, 3, _, 0, 2, ..] => true,
        [b'A'..=b'Z', ..] => {
            http::starts_request(bytes)
                || bytes.starts_with(b"HTTP/")
                || preamble::starts_proxy_protocol(bytes)
        }
        [b'\r', ..] => preamble::starts_proxy_protocol(bytes),
        _ => false,
    };
    starts || whole_dns_messages(bytes)
}

/// The offset behind line ends, which some clients send behind a body.
fn past_empty_lines(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest
        .iter()
        .take(4)
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count()
}

/// Whether a segment is one or more whole DNS messages.
fn whole_dns_messages(bytes: &[u8]) -> bool {
    // The first one fits: rejects nearly all else at once.
    let fits = matches!(bytes, [high, low, rest @ ..]
        if (12..=rest.len()).contains(&usize::from(u16::from_be_bytes([*high, *low]))));
    if !fits {
        return false;
    }
    let mut messages = dns::split_tcp(bytes);
    let some = messages
        .by_ref()
        .map(dns::looks_like_dns)
        .fold((0, true), |(n, all), one| (n + 1, all && one));
    some.0 > 0 && some.1 && messages.wanted() == 0
}
