//! Messages of TLS, HTTP, DNS and what may come before them, to evidence.

use super::super::app::App;
use super::super::dns_log::DnsSeen;
use super::super::exchange::{Answer, Asked, Asking, Said, Streamed, Told};
use super::super::quic::Hello;
use super::super::run::SaidBy;
use super::super::stream::StreamFact;
use super::{Listener, Recognition};
use crate::decode::dns;
use crate::decode::http::http2::{self, Http2Content, Http2Frame, Http2Headers, Http2Read};
use crate::decode::http::{self, Host, RequestRead, Says};
use crate::decode::preamble::{
    self, PreambleKind, PreambleRead, RequestedTarget, SocksRead, SocksReply,
};
use crate::decode::tls::{self, HelloRead};
use crate::model::{Stamp, Transport};

/// The most bytes of a server's opening that are waited for: its certificate chain lies in them.
const MAX_FLIGHT: usize = 48 * 1024;

impl Listener<'_> {
    /// TLS records from their start: a ClientHello from one side, the server's flight from the other.
    pub(super) fn handshake(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        match tls::read_hello(bytes) {
            HelloRead::NeedMore(more) => return self.wants_more(bytes, more),
            // Its name is there, but perhaps not all that it offers.
            HelloRead::Hello(hello) if !hello.whole && !self.last => {
                return self.wants_more(bytes, 1);
            }
            HelloRead::Hello(hello) => {
                self.hello(stamp, &hello, App::TLS);
                return self.after_hello(stamp, bytes, &hello);
            }
            HelloRead::Malformed(_) => return Recognition::Done,
            HelloRead::NotTls => {}
        }
        self.server_flight(stamp, bytes)
    }

    pub(super) fn hello(&mut self, stamp: Stamp, hello: &tls::ClientHello, app: App) {
        self.run.app.insert(app);
        self.client(self.side);
        self.offer(stamp, Hello::from(hello), SaidBy::TlsSni);
    }

    pub(super) fn quic_hello(&mut self, stamp: Stamp, hello: Option<Hello>) {
        self.run.app.insert(App::QUIC);
        self.client(self.side);
        if let Some(hello) = hello {
            self.offer(stamp, hello, SaidBy::QuicSni);
        }
    }

    fn offer(&mut self, stamp: Stamp, hello: Hello, by: SaidBy) {
        self.fact(
            stamp,
            StreamFact::ClientHello {
                encrypted: hello.encrypted,
                key_id: hello.key_id,
                alpn: hello.alpn,
                version: hello.version,
                random: hello.random,
                named: hello.name.is_some(),
            },
        );
        if let Some(name) = hello.name {
            self.name(stamp, by, name, 0);
        }
    }

    /// ServerHello and certificate from the server; alerts in clear from either side.
    pub(super) fn server_flight(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        let Some(flight) = tls::read_server_flight(bytes) else {
            // A record's header is 5 bytes.
            return if bytes.len() < 5 && tls_may_start(bytes) {
                self.wants_more(bytes, 5 - bytes.len())
            } else {
                Recognition::Done
            };
        };
        if flight.needs_more && bytes.len() < MAX_FLIGHT && !self.last {
            return self.wants_more(bytes, 1);
        }
        self.run.app.insert(App::TLS);
        if let Some(hello) = &flight.hello {
            self.client(self.side.other());
            self.fact(
                stamp,
                StreamFact::ServerHello {
                    version: hello.version,
                    http2: hello.alpn.as_deref() == Some("h2"),
                },
            );
        }
        self.server_step(stamp, &flight);
        if let Some(certificate) = &flight.certificate {
            let organization = certificate.issuer_organization.clone().unwrap_or_default();
            let issuer = certificate.issuer.clone();
            self.fact(
                stamp,
                StreamFact::Certificate {
                    issuer: issuer.unwrap_or_else(|| organization.clone()),
                    organization,
                    self_issued: certificate.self_issued,
                },
            );
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
        // An alert may follow, or the keys change; those have times of their own.
        if flight.length == 0 || flight.encrypted && !self.walk.on {
            Recognition::Done
        } else {
            Recognition::Took(u32::try_from(flight.length).unwrap_or(u32::MAX))
        }
    }

    /// Protocols that start with letters: HTTP, and those that greet.
    pub(super) fn text(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        if bytes.starts_with(b"HTTP/") {
            return self.response(stamp, bytes);
        }
        if http::starts_http2(bytes) {
            self.http2 = Some(Box::default());
            self.run.app.insert(App::HTTP2);
            self.client(self.side);
            return Recognition::Took(http2::PREFACE.len() as u32);
        }
        if http2::PREFACE.starts_with(bytes) {
            return self.wants_more(bytes, 1);
        }
        if bytes.starts_with(b"SSH-") {
            self.run.app.insert(App::SSH);
            return Recognition::Done;
        }
        match http::read_request(bytes) {
            RequestRead::Request(request) if request.complete || self.last => {
                self.request(stamp, &request)
            }
            RequestRead::Request(_) => self.wants_more(bytes, 1),
            RequestRead::NeedMore if !self.last => self.line_or_more(stamp, bytes),
            RequestRead::NeedMore | RequestRead::NotHttp => self.preamble(stamp, bytes),
        }
    }

    /// A request's first line is not whole; but lines of other protocols may be.
    fn line_or_more(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        if bytes.contains(&b'\n') {
            return self.wants_more(bytes, 1);
        }
        match self.preamble(stamp, bytes) {
            Recognition::Done => Recognition::Done,
            _ => self.wants_more(bytes, 1),
        }
    }

    pub(super) fn request(&mut self, stamp: Stamp, request: &http::Request) -> Recognition {
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
        let how = match (request.is_connect(), &request.authority) {
            (true, _) => Asking::Connect,
            (false, Some(_)) => Asking::Absolute,
            (false, None) => Asking::Plain,
        };
        let of_tunnel = how == Asking::Connect;
        self.asked(stamp, request.head_length, |at| Asked {
            how,
            host: asked.map(|asked| asked.host.clone()),
            port: asked.and_then(|asked| asked.port).unwrap_or(0),
            path: if of_tunnel {
                String::new()
            } else {
                path(&request.target)
            },
            ..at
        });
        if !request.is_connect() {
            self.fact(
                stamp,
                StreamFact::HttpPath {
                    path: path(&request.target),
                },
            );
        }
        // What follows the head of CONNECT goes through the tunnel: the inner hello may be in the same segment.
        let body = if request.is_connect() {
            Some(0)
        } else {
            request.body_length
        };
        let length = body.and_then(|body| body.checked_add(request.head_length as u64));
        match length.and_then(|length| u32::try_from(length).ok()) {
            Some(length) if request.complete && length < MAX_SKIPPED => Recognition::Took(length),
            _ => Recognition::Done,
        }
    }

    fn response(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        let Some(response) = http::read_response(bytes) else {
            return if bytes.len() < 16 {
                self.wants_more(bytes, 1)
            } else {
                Recognition::Done
            };
        };
        let mut told = Told::default();
        if http::may_be_block_page(response.status, response.html) {
            let body = response
                .body_length
                .and_then(|body| usize::try_from(body).ok());
            let body = body.map_or(http::BLOCK_PAGE_BYTES, |body| {
                body.min(http::BLOCK_PAGE_BYTES)
            });
            let shown = response.head_length.saturating_add(body);
            if bytes.len() < shown && !self.last && (!response.complete || response.has_body) {
                return self.wants_more(bytes, 1);
            }
            told.denial = http::block_page(bytes, response.status);
            if let Some(denial) = told.denial.as_ref().filter(|by| by.says != Says::Either) {
                let mark = denial.by.clone();
                self.fact(stamp, StreamFact::BlockPage { mark });
            }
        }
        if response.status >= 200 {
            told.location = response.redirect();
            if response.status >= 400 || told.denial.is_some() {
                told.passed_on = response.is_passed_on();
                told.edges = response.edges;
            }
            let told = (told != Told::default()).then(|| Box::new(told));
            let status = response.status;
            self.answered(stamp, response.head_length, Answer::Status { status, told });
        }
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
            100..=200 if response.has_body => Recognition::Done,
            100..=200 if response.complete => {
                Recognition::Took(u32::try_from(response.head_length).unwrap_or(u32::MAX))
            }
            100..=200 => self.wants_more(bytes, 1),
            _ => Recognition::Done,
        }
    }

    /// A server's SETTINGS open HTTP/2; else it may be a request for TLS.
    pub(super) fn zeros(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        if http2::starts_server(bytes) {
            self.http2 = Some(Box::default());
            self.run.app.insert(App::HTTP2);
            self.client(self.side.other());
            return self.http2_frame(stamp, bytes);
        }
        if let ([0, 0, length] | [0, 0, length, 4, ..], 3..9) = (bytes, bytes.len())
            && length.is_multiple_of(6)
        {
            return self.wants_more(bytes, 9 - bytes.len());
        }
        self.preamble(stamp, bytes)
    }

    pub(super) fn http2_frame(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        let frame = match http2::read_frame(bytes) {
            Http2Read::NotHttp2 => return Recognition::Done,
            Http2Read::NeedMore(more) => return self.wants_more(bytes, more),
            Http2Read::Frame(frame) => frame,
        };
        let table = self.http2.get_or_insert_default();
        match frame.content {
            Http2Content::Data(data) => {
                if dns::looks_like_dns(data) {
                    self.dns_message(stamp, data, false, Transport::Tcp);
                }
                if !data.is_empty() {
                    // A fatal alert of TLS (RFC 8446 section 6).
                    let alert = matches!(data, [0x15, 3, _, 0, 2, 2, _, ..]);
                    self.streamed(stamp, frame.stream, Said::Data { alert });
                }
            }
            Http2Content::Headers(block, whole) => {
                let mut headers = http2::read_headers(block, table);
                if !whole {
                    table.forget();
                    headers.in_part = true;
                }
                self.http2_headers(stamp, &frame, &headers);
            }
            Http2Content::Unread => table.forget(),
            Http2Content::Reset(code) => {
                self.streamed(stamp, frame.stream, Said::Reset { code });
            }
            Http2Content::Other => {}
        }
        Recognition::Took(u32::try_from(frame.length).unwrap_or(u32::MAX))
    }

    /// What was said on a stream of HTTP/2 behind the headers.
    fn streamed(&mut self, stamp: Stamp, stream: u32, said: Said) {
        let side = self.side;
        let talk = self.run.talk.get_or_insert_default();
        talk.say(Streamed {
            stamp,
            side,
            stream,
            said,
        });
    }

    fn http2_headers(&mut self, stamp: Stamp, frame: &Http2Frame<'_>, headers: &Http2Headers) {
        if !self.is_http2_client(headers) {
            let answer = match headers.status {
                Some(status @ 200..) => Answer::Status { status, told: None },
                None if headers.in_part => Answer::Unread,
                _ => return,
            };
            return self.answered_on(stamp, frame.length, frame.stream, answer);
        }
        let named = headers.authority.as_ref();
        if let Some((authority, name)) = named.and_then(|a| Some((a, a.host.name()?))) {
            let by = if headers.connect {
                SaidBy::HttpConnect
            } else {
                SaidBy::HttpHost
            };
            self.name(stamp, by, name.clone(), authority.port.unwrap_or(0));
        }
        if let Some(target) = &headers.path {
            self.fact(stamp, StreamFact::HttpPath { path: path(target) });
        }
        if named.is_none() || !headers.request {
            return;
        }
        let how = match headers.connect {
            true => Asking::Connect,
            false => Asking::Plain,
        };
        let target = headers.path.as_deref().filter(|_| !headers.connect);
        self.asked(stamp, frame.length, |at| Asked {
            how,
            host: named.map(|asked| asked.host.clone()),
            port: named.and_then(|asked| asked.port).unwrap_or(0),
            path: target.map_or_else(String::new, path),
            stream: frame.stream,
            ..at
        });
    }

    /// Whether headers are a request's, or come from the side that makes them.
    fn is_http2_client(&self, headers: &Http2Headers) -> bool {
        headers.request || headers.authority.is_some() || self.run.clients[self.side.index()]
    }

    /// What the side that was connected to says with a byte that a SOCKS server may start with.
    pub(super) fn socks_reply(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        let (reply, length) = match preamble::read_socks_reply(bytes) {
            SocksRead::Other => return self.preamble(stamp, bytes),
            SocksRead::NeedMore(more) => return self.wants_more(bytes, more),
            SocksRead::Reply(reply, length) => (reply, length),
        };
        match reply {
            SocksReply::Goes => {}
            SocksReply::NoLogin => self.answered(stamp, length, Answer::SocksLogin),
            SocksReply::Socks5(reply) => self.answered(stamp, length, Answer::Socks5(reply)),
            SocksReply::Socks4(reply) => self.answered(stamp, length, Answer::Socks4(reply)),
        }
        Recognition::Stepped(u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// What may come before a hello or a request.
    pub(super) fn preamble(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        let preamble = match preamble::read_preamble(bytes) {
            PreambleRead::Other => return Recognition::Done,
            PreambleRead::NeedMore(more) => return self.wants_more(bytes, more),
            PreambleRead::Preamble(preamble) => preamble,
        };
        match preamble.kind {
            PreambleKind::Ldap => self.run.app.insert(App::LDAP),
            PreambleKind::LdapBind => {
                self.run.app.insert(App::LDAP);
                self.fact(stamp, StreamFact::LdapBind);
            }
            PreambleKind::Rdp => self.run.app.insert(App::RDP),
            PreambleKind::Line if bytes.starts_with(b"EHLO ") || bytes.starts_with(b"HELO ") => {
                self.run.app.insert(App::SMTP);
            }
            _ => {}
        }
        if let Some((target, port)) = preamble.target {
            self.client(self.side);
            let host = match target {
                RequestedTarget::Name(name) => {
                    self.name(stamp, SaidBy::HttpConnect, name.clone(), port);
                    Host::Name(name)
                }
                RequestedTarget::Address(address) => Host::Address(address),
            };
            self.asked(stamp, preamble.length, |at| Asked {
                how: Asking::Socks,
                host: Some(host),
                port,
                ..at
            });
        }
        Recognition::Stepped(u32::try_from(preamble.length).unwrap_or(u32::MAX))
    }

    pub(super) fn dns_stream(&mut self, stamp: Stamp, bytes: &[u8]) -> Recognition {
        let mut messages = dns::split_tcp(bytes);
        // One message a look: each has the stamp of its own first byte, however the stream was put together.
        if let Some(message) = messages.next() {
            self.dns_message(stamp, message, false, Transport::Tcp);
            return Recognition::Took(u32::try_from(message.len() + 2).unwrap_or(u32::MAX));
        }
        if self.last {
            self.dns_message(stamp, messages.begun(), false, Transport::Tcp);
            return Recognition::Done;
        }
        match messages.wanted() {
            0 => Recognition::Done,
            wanted => self.wants_more(bytes, wanted),
        }
    }

    pub(super) fn dns_message(
        &mut self,
        stamp: Stamp,
        bytes: &[u8],
        multicast: bool,
        transport: Transport,
    ) {
        let Some((id, facts)) = self.dns.read(bytes) else {
            return;
        };
        self.run
            .app
            .insert(if multicast { App::MDNS } else { App::DNS });
        // Multicast answers are sent to all, asked or not.
        if !multicast {
            self.client(if facts.response {
                self.side.other()
            } else {
                self.side
            });
        }
        let (from, to) = (self.endpoint(self.side), self.endpoint(self.side.other()));
        self.dns.add(DnsSeen {
            stamp,
            source: from,
            destination: to,
            transport,
            id,
            part: self.arrival.part,
            ttl: self.arrival.ttl,
            facts,
        });
    }
}

/// The longest request that is stepped over to the next one; more would be far off in the sequence space.
const MAX_SKIPPED: u32 = 1 << 30;

fn tls_may_start(bytes: &[u8]) -> bool {
    matches!(bytes, [_] | [_, 3, ..])
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
