//! HTTP/1 heads (RFC 9112), read leniently: bare line feeds, odd methods, headers cut short.

mod authority;
mod block_page;
mod head;
pub mod hpack;
pub mod http2;
mod huffman;
#[cfg(test)]
mod tests;

pub use authority::{Authority, Host};
pub use block_page::{BLOCK_PAGE_BYTES, Denial, Says, block_page, may_be_block_page};

use head::Lines;

use crate::model::Fqdn;

/// The longest head that is looked through for its end, in bytes.
pub const MAX_HEAD: usize = 1 << 16;

/// The most bytes of a header value that are kept.
const MAX_VALUE: usize = 1024;

/// What the opening bytes of a client are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestRead {
    /// No HTTP request: other bytes, or a protocol that borrows the form (RTSP, SIP, ICAP).
    NotHttp,
    /// It may be a request, but its first line or its `Host` is not there yet.
    NeedMore,
    /// A request; cut short where [`Request::complete`] is false.
    Request(Request),
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Method as it stands.
    pub method: String,
    /// Target as it stands, bytes that are no UTF-8 replaced, at most 1,024 bytes.
    pub target: String,
    /// Major and minor version.
    pub version: (u8, u8),
    /// The `Host` header.
    pub host: Option<Authority>,
    /// The authority in the target: of CONNECT, or of an absolute URI as proxies are sent. It counts before `host`
    /// (RFC 9112 section 3.2.2).
    pub authority: Option<Authority>,
    /// Bytes up to the body; where `complete` is false, all bytes looked at.
    pub head_length: usize,
    /// Whether the empty line that ends the head was there.
    pub complete: bool,
    /// Bytes of the body behind the head; `None` where the head does not tell (chunked).
    pub body_length: Option<u64>,
}

impl Request {
    /// Whether the client asks a proxy for a tunnel.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.method == "CONNECT"
    }
}

/// A response's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code, 100 to 999.
    pub status: u16,
    /// Major and minor version.
    pub version: (u8, u8),
    /// The `Server` header.
    pub server: Option<String>,
    /// The first `Via` header: a proxy or gateway says that it is there.
    pub via: Option<String>,
    /// The `Location` header.
    pub location: Option<String>,
    /// Names by which the machines that passed it on, or made it, call themselves (`Via`, `X-Cache` as Squid has it).
    pub edges: Vec<Fqdn>,
    /// Whether the body is a page.
    pub html: bool,
    /// Bytes of the body, where that is told.
    pub body_length: Option<u64>,
    /// Whether headers tell of a body: its length, type or encoding. An answer to CONNECT has none.
    pub has_body: bool,
    /// Whether a proxy asks for credentials (`Proxy-Authenticate`).
    pub proxy_authenticate: bool,
    /// Bytes up to the body; where `complete` is false, all bytes looked at.
    pub head_length: usize,
    /// Whether the empty line that ends the head was there.
    pub complete: bool,
}

/// Reads the request at the start of `bytes`.
///
/// The first line must be whole. A head that is cut yields what is there once a `Host` header or an authority in the
/// target was found. The cost is linear in the bytes looked at, at most [`MAX_HEAD`].
#[must_use]
pub fn read_request(bytes: &[u8]) -> RequestRead {
    let bytes = bytes.get(..MAX_HEAD).unwrap_or(bytes);
    let mut lines = Lines::of(bytes);
    // Clients may send an empty line after the body of the request before (RFC 9112 section 2.2).
    lines.skip_empty();
    if !head::may_start_request(lines.rest()) {
        return RequestRead::NotHttp;
    }
    let Some(line) = lines.next() else {
        return if bytes.len() < MAX_HEAD {
            RequestRead::NeedMore
        } else {
            RequestRead::NotHttp
        };
    };
    let Some((method, target, version)) = head::request_line(line) else {
        return RequestRead::NotHttp;
    };
    let mut request = Request {
        method: head::text(method, MAX_VALUE),
        target: head::text(target, MAX_VALUE),
        version,
        host: None,
        authority: authority::of_target(method, target),
        head_length: 0,
        complete: false,
        body_length: Some(0),
    };
    for (name, value) in lines.headers() {
        if name.eq_ignore_ascii_case(b"host") && request.host.is_none() {
            request.host = Authority::read(value);
        } else if name.eq_ignore_ascii_case(b"content-length") {
            request.body_length = request.body_length.and(authority::number(value));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            request.body_length = None;
        }
    }
    (request.head_length, request.complete) = (lines.position(), lines.ended());
    let named = request.host.is_some() || request.authority.is_some();
    if request.complete || named || bytes.len() == MAX_HEAD {
        RequestRead::Request(request)
    } else {
        RequestRead::NeedMore
    }
}

/// Reads the response at the start of `bytes`, of which the status must be there; headers may be cut. `None` where it
/// is no HTTP response. The cost is linear in the bytes looked at, at most [`MAX_HEAD`].
#[must_use]
pub fn read_response(bytes: &[u8]) -> Option<Response> {
    let bytes = bytes.get(..MAX_HEAD).unwrap_or(bytes);
    let (version, status) = head::status_line(bytes)?;
    let mut response = Response {
        status,
        version,
        server: None,
        via: None,
        location: None,
        edges: Vec::new(),
        html: false,
        body_length: None,
        has_body: false,
        proxy_authenticate: false,
        head_length: 0,
        complete: false,
    };
    let mut lines = Lines::of(bytes);
    if lines.next().is_some() {
        for (name, value) in lines.headers() {
            let place = match name.to_ascii_lowercase().as_slice() {
                b"server" => &mut response.server,
                b"via" => &mut response.via,
                b"location" => &mut response.location,
                b"proxy-authenticate" => {
                    response.proxy_authenticate = true;
                    continue;
                }
                b"content-length" if value == b"0" => {
                    response.body_length = Some(0);
                    continue;
                }
                b"content-length" => {
                    response.body_length = authority::number(value);
                    response.has_body = true;
                    continue;
                }
                b"content-type" => {
                    let start = value.get(..9).unwrap_or_default();
                    response.html = start.eq_ignore_ascii_case(b"text/html");
                    response.has_body = true;
                    continue;
                }
                b"transfer-encoding" => {
                    response.has_body = true;
                    continue;
                }
                b"x-cache" => {
                    note_edges(&mut response.edges, value, b" from ");
                    continue;
                }
                _ => continue,
            };
            if name.eq_ignore_ascii_case(b"via") {
                note_edges(&mut response.edges, value, b" ");
            }
            place.get_or_insert_with(|| head::text(value, MAX_VALUE));
        }
    }
    (response.head_length, response.complete) = (lines.position(), lines.ended());
    Some(response)
}

/// Software that serves, and that no forward proxy names itself by, as `Server` has it in lower case.
const SERVERS: &[&str] = &[
    "nginx",
    "apache",
    "microsoft-iis",
    "cloudflare",
    "cloudfront",
    "akamaighost",
    "amazons3",
    "lighttpd",
    "litespeed",
    "caddy",
    "jetty",
];

impl Response {
    /// Whether a proxy passed it on from a server behind: the proxy says that it was there (`Via`, RFC 9110 section
    /// 7.6.3), and the server who it is.
    #[must_use]
    pub fn is_passed_on(&self) -> bool {
        let server = self.server.as_deref().unwrap_or_default();
        let server = server.to_ascii_lowercase();
        self.via.is_some() && SERVERS.iter().any(|known| server.starts_with(known))
    }

    /// Whom a redirect leads to; `None` where it stays at the server, or is none.
    #[must_use]
    pub fn redirect(&self) -> Option<Host> {
        let location = self.location.as_deref()?.as_bytes();
        let target = matches!(self.status, 301..=303 | 307 | 308).then_some(location)?;
        authority::of_target(b"GET", target).map(|authority| authority.host)
    }
}

/// The most names kept of those who passed an answer on.
const MAX_EDGES: usize = 4;

/// Names behind a separator, one of each part of a list: of `1.1 edge.example (squid/6.6)`, or `MISS from edge.example`.
fn note_edges(edges: &mut Vec<Fqdn>, value: &[u8], separator: &[u8]) {
    for part in value.split(|byte| *byte == b',') {
        let part = part.trim_ascii();
        let at = part
            .windows(separator.len())
            .position(|window| window.eq_ignore_ascii_case(separator));
        let Some(rest) = at.and_then(|at| part.get(at + separator.len()..)) else {
            continue;
        };
        let name = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
        if let Some(Authority {
            host: Host::Name(name),
            ..
        }) = Authority::read(name)
            && edges.len() < MAX_EDGES
            && !edges.contains(&name)
        {
            edges.push(name);
        }
    }
}

/// Whether a payload starts with a known method and a target; cheap, for packets in the middle of a stream.
#[must_use]
pub fn starts_request(bytes: &[u8]) -> bool {
    head::METHODS.iter().any(|method| {
        let rest = bytes
            .strip_prefix(method.as_bytes())
            .and_then(|rest| rest.strip_prefix(b" "))
            .map(<[u8]>::trim_ascii_start);
        matches!(
            rest,
            Some(
                [
                    b'/' | b'*' | b'[' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9',
                    ..,
                ],
            )
        )
    })
}

/// Whether a client opens with HTTP/2 in the clear (RFC 9113 section 3.4).
#[must_use]
pub fn starts_http2(bytes: &[u8]) -> bool {
    bytes.starts_with(http2::PREFACE)
}
