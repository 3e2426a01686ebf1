//! What payloads say: names, applications, facts. Calls the readers of the decode room and puts what they find into
//! the run's evidence.
//!
//! Two ways lead to a fact, and both may find the same one: the opening bytes of a direction, put together in any
//! order; and any segment that starts a request, a hello or a message, wherever in the stream it lies.

use super::dns_log::DnsLog;
use super::run::{App, Run, SaidBy, SaidName, TimedFact};
use super::stream::{Pending, Stream, StreamFact};
use crate::decode::http::{self, RequestRead};
use crate::decode::tls::{self, HelloRead};
use crate::decode::{TcpFlags, TcpSegment, dns};
use crate::model::{Endpoint, FlowKey, Fqdn, Side, Stamp, Transport};

/// The most bytes of a server's opening that are waited for: its certificate chain lies in them.
const MAX_FLIGHT: usize = 48 * 1024;

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
    let mut listener = Listener {
        run,
        key,
        side,
        dns,
    };
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
            Listener {
                run,
                key,
                side,
                dns,
            }
            .drain(&mut stream);
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
    let mut listener = Listener {
        run,
        key,
        side,
        dns,
    };
    if on(53) || on(5353) || on(5355) || dns::looks_like_dns(payload) {
        listener.dns_message(stamp, payload, on(5353) || on(5355), Transport::Udp);
    } else if on(123) && payload.len() >= 48 && matches!(payload[0] >> 3 & 7, 1..=4) {
        listener.run.app.insert(App::NTP);
        if matches!(payload[0] & 7, 3 | 4) {
            listener.client(if payload[0] & 7 == 3 {
                side
            } else {
                side.other()
            });
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
                Look::Wants(count) if count as usize > bytes.len() => {
                    stream.expect_more(pending.start, count)
                }
                _ => stream.settle(pending.start),
            }
        }
    }

    /// Looks at a segment by itself: it may start a request, a hello or a message in the middle of a stream.
    fn item(&mut self, stream: &mut Stream, start: u32, stamp: Stamp, bytes: &[u8]) {
        let starts = tls::starts_hello(bytes)
            || matches!(bytes, [0x15, 3, _, 0, 2, ..])
            || http::starts_request(bytes)
            || bytes.starts_with(b"HTTP/")
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
            0x15 if bytes.get(1).is_none_or(|major| *major == 3) => {
                self.server_flight(stamp, bytes)
            }
            b'A'..=b'Z' | b'a'..=b'z' => self.text(stamp, bytes),
            _ => Look::Done,
        }
    }

    fn is_dns(&self) -> bool {
        self.key.endpoint(Side::Low).port == 53 || self.key.endpoint(Side::High).port == 53
    }

    /// TLS records from their start: a ClientHello from one side, the server's flight from the other.
    fn handshake(&mut self, stamp: Stamp, bytes: &[u8]) -> Look {
        match tls::read_hello(bytes) {
            HelloRead::NeedMore(more) => return wants_more(bytes, more),
            HelloRead::Hello(hello) => {
                self.hello(stamp, &hello);
                return Look::Done;
            }
            HelloRead::Malformed(_) => return Look::Done,
            HelloRead::NotTls => {}
        }
        self.server_flight(stamp, bytes)
    }

    fn hello(&mut self, stamp: Stamp, hello: &tls::ClientHello) {
        self.run.app.insert(App::TLS);
        self.client(self.side);
        self.fact(
            stamp,
            StreamFact::ClientHello {
                encrypted: hello.ech,
                alpn: hello.alpn.clone(),
                version: hello
                    .supported_versions
                    .iter()
                    .copied()
                    .max()
                    .unwrap_or(hello.legacy_version),
            },
        );
        if let Some(name) = &hello.server_name {
            self.name(stamp, SaidBy::TlsSni, name.clone(), 0);
        }
    }

    /// ServerHello and certificate from the server; alerts in clear from either side.
    fn server_flight(&mut self, stamp: Stamp, bytes: &[u8]) -> Look {
        let Some(flight) = tls::read_server_flight(bytes) else {
            return Look::Done;
        };
        if flight.needs_more && bytes.len() < MAX_FLIGHT {
            return wants_more(bytes, 1);
        }
        self.run.app.insert(App::TLS);
        if let Some(hello) = &flight.hello {
            self.client(self.side.other());
            self.fact(
                stamp,
                StreamFact::ServerHello {
                    version: hello.version,
                },
            );
        }
        if let Some(certificate) = &flight.certificate {
            let issuer = certificate.issuer.clone().unwrap_or_default();
            self.fact(stamp, StreamFact::Certificate { issuer });
            for name in certificate.names.iter().take(4) {
                self.name(stamp, SaidBy::Certificate, name.clone(), 0);
            }
        }
        if let Some(alert) = flight.alert {
            self.fact(
                stamp,
                StreamFact::Alert {
                    level: alert.level,
                    description: alert.description,
                },
            );
        }
        Look::Done
    }

    /// Protocols that start with letters: HTTP, and those that greet.
    fn text(&mut self, stamp: Stamp, bytes: &[u8]) -> Look {
        if bytes.starts_with(b"HTTP/") {
            return self.response(stamp, bytes);
        }
        if let Some(app) = greeting(bytes) {
            self.run.app.insert(app);
            return Look::Done;
        }
        self.request(stamp, bytes)
    }

    fn request(&mut self, stamp: Stamp, bytes: &[u8]) -> Look {
        let request = match http::read_request(bytes) {
            RequestRead::Request(request) => request,
            RequestRead::NeedMore => return wants_more(bytes, 1),
            RequestRead::NotHttp => return Look::Done,
        };
        self.run.app.insert(App::HTTP);
        self.client(self.side);
        let by = if request.is_connect() {
            SaidBy::HttpConnect
        } else {
            SaidBy::HttpHost
        };
        let asked = request.authority.as_ref().or(request.host.as_ref());
        if let Some((authority, name)) = asked.and_then(|a| Some((a, a.host.name()?))) {
            self.name(stamp, by, name.clone(), authority.port.unwrap_or(0));
        }
        if request.is_connect() {
            // What follows the head goes through the tunnel: the inner hello may be in the same segment.
            return Look::Took(u32::try_from(request.head_length).unwrap_or(u32::MAX));
        }
        self.fact(
            stamp,
            StreamFact::HttpPath {
                path: path(&request.target),
            },
        );
        Look::Done
    }

    fn response(&mut self, stamp: Stamp, bytes: &[u8]) -> Look {
        let Some(response) = http::read_response(bytes) else {
            return if bytes.len() < 16 {
                wants_more(bytes, 1)
            } else {
                Look::Done
            };
        };
        self.run.app.insert(App::HTTP);
        self.client(self.side.other());
        self.fact(
            stamp,
            StreamFact::HttpStatus {
                status: response.status,
            },
        );
        // Behind an interim answer, or the one to CONNECT, something else may start; behind any other lies its body.
        match response.status {
            100..=200 if response.complete => {
                Look::Took(u32::try_from(response.head_length).unwrap_or(u32::MAX))
            }
            100..=200 if bytes.len() < MAX_FLIGHT => wants_more(bytes, 1),
            _ => Look::Done,
        }
    }

    fn dns_stream(&mut self, stamp: Stamp, bytes: &[u8]) -> Look {
        let mut messages = dns::split_tcp(bytes);
        let mut took = 0;
        for message in messages.by_ref() {
            took += message.len() + 2;
            self.dns_message(stamp, message, false, Transport::Tcp);
        }
        match (took, messages.wanted()) {
            (0, 0) => Look::Done,
            (0, wanted) => Look::Wants(u32::try_from(bytes.len() + wanted).unwrap_or(u32::MAX)),
            (took, _) => Look::Took(u32::try_from(took).unwrap_or(u32::MAX)),
        }
    }

    fn dns_message(&mut self, stamp: Stamp, bytes: &[u8], multicast: bool, transport: Transport) {
        let Some(message) = dns::Message::read(bytes) else {
            return;
        };
        self.run
            .app
            .insert(if multicast { App::MDNS } else { App::DNS });
        self.client(if message.response {
            self.side.other()
        } else {
            self.side
        });
        let (from, to) = (self.endpoint(self.side), self.endpoint(self.side.other()));
        self.dns.absorb(stamp, from, to, transport, &message);
    }

    fn endpoint(&self, side: Side) -> Endpoint {
        self.key.endpoint(side)
    }

    fn client(&mut self, side: Side) {
        self.run.clients[side.index()] = true;
    }

    fn fact(&mut self, stamp: Stamp, fact: StreamFact) {
        self.run.tell(TimedFact {
            stamp,
            side: self.side,
            fact,
        });
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
}

/// So many more bytes are wanted before another look.
fn wants_more(bytes: &[u8], more: usize) -> Look {
    Look::Wants(u32::try_from(bytes.len() + more.max(1)).unwrap_or(u32::MAX))
}

/// The path of a request target: without scheme and authority, at most 256 characters.
fn path(target: &str) -> String {
    let path = match target.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        _ => target,
    };
    path.chars().take(256).collect()
}

/// Whether a segment is one or more whole DNS messages.
fn whole_dns_messages(bytes: &[u8]) -> bool {
    let mut messages = dns::split_tcp(bytes);
    let some = messages
        .by_ref()
        .map(dns::looks_like_dns)
        .fold((0, true), |(n, all), one| (n + 1, all && one));
    some.0 > 0 && some.1 && messages.wanted() == 0
}

/// Protocols told by their first line.
fn greeting(bytes: &[u8]) -> Option<App> {
    if bytes.starts_with(b"SSH-") {
        Some(App::SSH)
    } else if bytes.starts_with(b"EHLO ") || bytes.starts_with(b"HELO ") {
        Some(App::SMTP)
    } else {
        None
    }
}
