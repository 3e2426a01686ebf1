//! What payloads say: names, applications, facts. Calls the readers of the decode room and puts what they find into
//! the run's evidence.
//!
//! Two ways lead to a fact, and both may find the same one: the opening bytes of a direction, put together in any
//! order; and any segment that starts a request, a hello or a message, wherever in the stream it lies.

use super::dns_log::DnsLog;
use super::run::{App, Run, SaidBy, SaidName, TimedFact};
use super::stream::{Pending, Stream, StreamFact};
use crate::decode::http::{self, RequestRead};
use crate::decode::tls::{self, HelloRead, ServerRead};
use crate::decode::{TcpFlags, TcpSegment, dns};
use crate::model::{Endpoint, FlowKey, Fqdn, Side, Stamp, Transport};

/// What came of a look at some bytes.
enum Look {
    /// Understood so many bytes; more may follow.
    Took(u32),
    /// At least so many bytes are wanted in all.
    Wants(u32),
    /// Nothing more will be understood here.
    Done,
}

/// Reads a TCP segment that has payload or opens its direction.
pub(super) fn segment(
    run: &mut Run,
    key: FlowKey,
    side: Side,
    stamp: Stamp,
    segment: &TcpSegment<'_>,
    dns: &mut DnsLog,
) {
    let mut stream = run.streams[side.index()].take().unwrap_or_default();
    let mut start = segment.sequence;
    if segment.flags.has(TcpFlags::SYN) {
        start = start.wrapping_add(1);
        stream.start_at(start);
    }
    let mut listener = Listener { run, key, side, dns };
    if !segment.payload.is_empty() {
        listener.opening(&mut stream, start, stamp, segment.payload);
        listener.item(&mut stream, start, stamp, segment.payload);
    }
    listener.drain(&mut stream);
    run.streams[side.index()] = Some(stream);
}

/// Reads what became complete when two parts of a run merged.
pub(super) fn reread(run: &mut Run, key: FlowKey, dns: &mut DnsLog) {
    for side in [Side::Low, Side::High] {
        if let Some(mut stream) = run.streams[side.index()].take() {
            Listener { run, key, side, dns }.drain(&mut stream);
            run.streams[side.index()] = Some(stream);
        }
    }
}

/// Reads a UDP datagram.
pub(super) fn datagram(
    run: &mut Run,
    key: FlowKey,
    side: Side,
    stamp: Stamp,
    payload: &[u8],
    dns: &mut DnsLog,
) {
    if payload.is_empty() {
        return;
    }
    let ports = [key.endpoint(Side::Low).port, key.endpoint(Side::High).port];
    let on = |port: u16| ports.contains(&port);
    let mut listener = Listener { run, key, side, dns };
    if on(53) || on(5353) || on(5355) || dns::looks_like_dns(payload) {
        listener.dns_message(stamp, payload, on(5353) || on(5355), Transport::Udp);
    } else if on(123) && payload.len() >= 48 && matches!(payload[0] >> 3 & 7, 1..=4) {
        listener.run.app.insert(App::NTP);
        if matches!(payload[0] & 7, 3 | 4) {
            listener.client(if payload[0] & 7 == 3 { side } else { side.other() });
        }
    } else if on(514) && payload[0] == b'<' {
        listener.run.app.insert(App::SYSLOG);
        listener.client(side);
    } else if (on(67) || on(68)) && payload.get(236..240) == Some(&[0x63, 0x82, 0x53, 0x63]) {
        listener.run.app.insert(App::DHCP);
        listener.client(if payload[0] == 1 { side } else { side.other() });
    } else if http::starts_request(payload) {
        listener.request(stamp, payload);
    }
}

struct Listener<'a> {
    run: &'a mut Run,
    key: FlowKey,
    side: Side,
    dns: &'a mut DnsLog,
}

impl Listener<'_> {
    /// Looks at the opening of the direction with the bytes of one more segment.
    fn opening(&mut self, stream: &mut Stream, start: u32, stamp: Stamp, bytes: &[u8]) {
        if !stream.is_next(start) {
            stream.keep(start, stamp, bytes);
            return;
        }
        // The common case: the next bytes in order, read where they lie.
        let mut at = 0;
        loop {
            match self.look(stamp, &bytes[at..]) {
                Look::Took(count) if count > 0 && at + (count as usize) < bytes.len() => {
                    at += count as usize;
                    stream.advance(count);
                }
                Look::Took(count) => return stream.advance(count),
                Look::Done => return stream.finish(),
                Look::Wants(count) => {
                    stream.keep(start.wrapping_add(at as u32), stamp, &bytes[at..]);
                    return stream.want(count);
                }
            }
        }
    }

    /// Looks at everything kept that may have become complete.
    fn drain(&mut self, stream: &mut Stream) {
        while let Some((stamp, bytes)) = stream.opening() {
            match self.look(stamp, &bytes) {
                Look::Took(count) if count > 0 => stream.advance(count),
                Look::Took(_) | Look::Done => stream.finish(),
                Look::Wants(count) if count as usize > bytes.len() => {
                    stream.want(count);
                    break;
                }
                Look::Wants(_) => stream.finish(),
            }
        }
        while let Some((pending, stamp, bytes)) = stream.arrived() {
            match self.look(stamp, &bytes) {
                Look::Wants(count) if count as usize > bytes.len() => stream.expect_more(pending.start, count),
                _ => stream.settle(pending.start),
            }
        }
    }

    /// Looks at a segment by itself: it may start a request, a hello or a message in the middle of a stream.
    fn item(&mut self, stream: &mut Stream, start: u32, stamp: Stamp, bytes: &[u8]) {
        let starts = tls::starts_hello(bytes)
            || http::starts_request(bytes)
            || http::starts_response(bytes)
            || self.is_dns() && whole_dns_messages(bytes);
        if !starts {
            return;
        }
        if let Look::Wants(wanted) = self.look(stamp, bytes)
            && wanted as usize > bytes.len()
        {
            stream.expect(Pending { start, wanted }, stamp, bytes);
        }
    }

    /// Reads what starts at the first byte.
    fn look(&mut self, stamp: Stamp, bytes: &[u8]) -> Look {
        if self.is_dns() {
            return self.dns_stream(stamp, bytes);
        }
        match bytes[0] {
            0x16 | 0x80 => self.handshake(stamp, bytes),
            0x15 => self.alert(stamp, bytes),
            b'A'..=b'Z' | b'a'..=b'z' => self.text(stamp, bytes),
            _ => Look::Done,
        }
    }

    fn is_dns(&self) -> bool {
        self.key.endpoint(Side::Low).port == 53 || self.key.endpoint(Side::High).port == 53
    }
}
