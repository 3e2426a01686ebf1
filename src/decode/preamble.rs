//! What a client may say before its TLS hello or its request: to a proxy (SOCKS, RFC 1928, RFC 1929; the PROXY
//! protocol), or to a server that is asked for TLS first (PostgreSQL, LDAP, RDP, MySQL, and protocols of lines).

use std::net::IpAddr;

use crate::model::Fqdn;

/// The longest line that is taken for one.
const MAX_LINE: usize = 2048;
/// The longest message of LDAP or RDP that is stepped over.
const MAX_MESSAGE: usize = 16 * 1024;

/// What the next bytes of a client are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreambleRead {
    /// Nothing that is known here.
    Other,
    /// At least so many more bytes are needed to tell.
    NeedMore(usize),
    /// Something to step over.
    Preamble(Preamble),
}

/// Something said before what matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preamble {
    /// What it is.
    pub kind: PreambleKind,
    /// How many bytes it takes, at least 1.
    pub length: usize,
    /// Whom a SOCKS proxy is asked to reach: name or address, and port.
    pub target: Option<(RequestedTarget, u16)>,
}

/// Whom a proxy is asked to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestedTarget {
    /// By name.
    Name(Fqdn),
    /// By address.
    Address(IpAddr),
}

/// The kinds of preambles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PreambleKind {
    /// SOCKS 4, 4a or 5.
    Socks,
    /// The PROXY protocol, version 1 or 2.
    ProxyProtocol,
    /// PostgreSQL's request for TLS or GSSAPI.
    PostgresRequest,
    /// An LDAP message (RFC 4511).
    Ldap,
    /// The one by which a client logs in to LDAP as somebody (RFC 4511 section 4.2).
    LdapBind,
    /// RDP's connection request, in a TPKT (RFC 1006).
    Rdp,
    /// MySQL's request for TLS.
    Mysql,
    /// A line of text, as SMTP, IMAP, POP3, FTP, NNTP, IRC and ManageSieve send before STARTTLS.
    Line,
    /// An XML declaration or tag, as XMPP sends before `starttls`.
    Tag,
}

/// Whether a segment starts with the PROXY protocol; cheap.
#[must_use]
pub fn starts_proxy_protocol(bytes: &[u8]) -> bool {
    bytes.starts_with(SIGNATURE)
        || bytes.starts_with(b"PROXY TCP")
        || bytes.starts_with(b"PROXY UNKNOWN")
}

/// What version 2 of the PROXY protocol starts with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Reads the preamble at the start of `bytes`, which are contiguous in their stream and not empty.
#[must_use]
pub fn read_preamble(bytes: &[u8]) -> PreambleRead {
    match bytes {
        [0x05, ..] => socks_5(bytes),
        [0x01, user, ..] if *user > 0 => socks_login(bytes),
        [0x04, 1 | 2, ..] => socks_4(bytes),
        [0x01 | 0x04] => PreambleRead::NeedMore(1),
        [0x0d | 0x0a, ..] => proxy_protocol_2(bytes),
        [0x00, ..] => postgres(bytes),
        [0x30, ..] => ldap(bytes),
        [0x03, ..] => rdp(bytes),
        [0x20, ..] => mysql(bytes),
        [b'<', ..] => tag(bytes),
        [b'P', ..] if is_start(bytes, b"PROXY ") => line(bytes, PreambleKind::ProxyProtocol),
        [b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'*', ..] => {
            line(bytes, PreambleKind::Line)
        }
        _ => PreambleRead::Other,
    }
}

/// What a SOCKS server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocksReply {
    /// SOCKS 5: which way to log in it chose (RFC 1928 section 3), or that a login was taken (RFC 1929).
    Goes,
    /// SOCKS 5: no way to log in that the client offered will do, or its login was not taken.
    NoLogin,
    /// SOCKS 5: the reply to a request (RFC 1928 section 6); 0 grants it.
    Socks5(u8),
    /// SOCKS 4: the reply to a request; 90 grants it.
    Socks4(u8),
}

/// What the next bytes of a server that may be a SOCKS proxy are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocksRead {
    /// Nothing of SOCKS.
    Other,
    /// At least so many more bytes are needed to tell.
    NeedMore(usize),
    /// A reply, and how many bytes it takes.
    Reply(SocksReply, usize),
}

/// Reads what a SOCKS server says at the start of `bytes`, which are contiguous in their stream. Only of the side that
/// was connected to: requests look the same.
#[must_use]
pub fn read_socks_reply(bytes: &[u8]) -> SocksRead {
    let need = |length: usize, reply| {
        if bytes.len() < length {
            SocksRead::NeedMore(length - bytes.len())
        } else {
            SocksRead::Reply(reply, length)
        }
    };
    match bytes {
        // A reply has a zero as its third byte and a type of address as its fourth; behind the choice of a method
        // comes the next message, which starts with its version.
        [5, reply @ 0..=8, 0, 1, ..] => need(4 + 4 + 2, SocksReply::Socks5(*reply)),
        [5, reply @ 0..=8, 0, 4, ..] => need(4 + 16 + 2, SocksReply::Socks5(*reply)),
        [5, reply @ 0..=8, 0, 3, length, ..] => {
            need(5 + usize::from(*length) + 2, SocksReply::Socks5(*reply))
        }
        [5, 0..=8, 0] | [5, 0..=8, 0, 3] => SocksRead::NeedMore(2),
        [5, 0xff, ..] => SocksRead::Reply(SocksReply::NoLogin, 2),
        [5, 0 | 2] | [5, 0 | 2, 1 | 5 | 0x16, ..] => SocksRead::Reply(SocksReply::Goes, 2),
        [5] | [1] => SocksRead::NeedMore(1),
        [1, 0, ..] => SocksRead::Reply(SocksReply::Goes, 2),
        [1, _, ..] => SocksRead::Reply(SocksReply::NoLogin, 2),
        [0, reply @ 90..=93, ..] => need(8, SocksReply::Socks4(*reply)),
        [0] => SocksRead::NeedMore(1),
        _ => SocksRead::Other,
    }
}

/// A greeting with its methods, or a request; the fourth byte tells them apart, since no address has type 5.
fn socks_5(bytes: &[u8]) -> PreambleRead {
    match bytes {
        [5, 1, 0, 1, ..] => socks_5_request(bytes, 4 + 4),
        [5, 1, 0, 4, ..] => socks_5_request(bytes, 4 + 16),
        [5, 1, 0, 3, length, ..] => socks_5_request(bytes, 5 + usize::from(*length)),
        [5, 1, 0, 3] => PreambleRead::NeedMore(1),
        [5, methods @ 1..=8, rest @ ..] => {
            let methods = usize::from(*methods);
            if rest.len() < methods {
                return PreambleRead::NeedMore(methods - rest.len());
            }
            let sound = rest[..methods].iter().all(|m| *m <= 9 || *m >= 0x80);
            if sound {
                took(PreambleKind::Socks, 2 + methods)
            } else {
                PreambleRead::Other
            }
        }
        [5] => PreambleRead::NeedMore(2),
        _ => PreambleRead::Other,
    }
}

/// `port_at` is where the port stands, behind the address.
fn socks_5_request(bytes: &[u8], port_at: usize) -> PreambleRead {
    let Some(port) = bytes.get(port_at..).and_then(|rest| rest.first_chunk()) else {
        return PreambleRead::NeedMore(port_at + 2 - bytes.len());
    };
    let target = match bytes.get(3..port_at) {
        Some([1, a, b, c, d]) => Some(RequestedTarget::Address(IpAddr::from([*a, *b, *c, *d]))),
        Some([4, address @ ..]) => address
            .first_chunk::<16>()
            .map(|address| RequestedTarget::Address(IpAddr::from(*address))),
        Some([3, _, name @ ..]) => Fqdn::from_packet(name).map(RequestedTarget::Name),
        _ => None,
    };
    PreambleRead::Preamble(Preamble {
        kind: PreambleKind::Socks,
        length: port_at + 2,
        target: target.map(|target| (target, u16::from_be_bytes(*port))),
    })
}

/// User and password, each behind its length.
fn socks_login(bytes: &[u8]) -> PreambleRead {
    let user = 2 + bytes.get(1).copied().map_or(0, usize::from);
    let Some(password) = bytes.get(user) else {
        return PreambleRead::NeedMore(user + 1 - bytes.len());
    };
    let length = user + 1 + usize::from(*password);
    if bytes.len() < length {
        return PreambleRead::NeedMore(length - bytes.len());
    }
    took(PreambleKind::Socks, length)
}

/// Port, address, user and a zero byte; with an address of 0.0.0.x a name and a zero byte follow.
fn socks_4(bytes: &[u8]) -> PreambleRead {
    let Some((header, rest)) = bytes.split_first_chunk::<8>() else {
        return PreambleRead::NeedMore(9 - bytes.len());
    };
    let [_, _, high, low, a, b, c, d] = *header;
    let zero = |bytes: &[u8]| bytes.iter().take(256).position(|byte| *byte == 0);
    let Some(user) = zero(rest) else {
        return more_if(rest.len() < 256);
    };
    let port = u16::from_be_bytes([high, low]);
    let (target, length) = match ([a, b, c], d) {
        ([0, 0, 0], 1..) => {
            let name = &rest[user + 1..];
            let Some(end) = zero(name) else {
                return more_if(name.len() < 256);
            };
            let target = Fqdn::from_packet(&name[..end]).map(RequestedTarget::Name);
            (target, 8 + user + 1 + end + 1)
        }
        _ => {
            let address = RequestedTarget::Address(IpAddr::from([a, b, c, d]));
            (Some(address), 8 + user + 1)
        }
    };
    PreambleRead::Preamble(Preamble {
        kind: PreambleKind::Socks,
        length,
        target: target.map(|target| (target, port)),
    })
}

fn proxy_protocol_2(bytes: &[u8]) -> PreambleRead {
    if !is_start(bytes, SIGNATURE) {
        // Empty lines, as some clients send behind a body.
        let empty = bytes
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        return took(PreambleKind::Line, empty.count());
    }
    match bytes.get(14..16) {
        Some([high, low]) => need(
            bytes,
            PreambleKind::ProxyProtocol,
            16 + usize::from(u16::from_be_bytes([*high, *low])),
        ),
        _ => PreambleRead::NeedMore(16 - bytes.len()),
    }
}

fn postgres(bytes: &[u8]) -> PreambleRead {
    const TLS: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";
    const GSSAPI: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x30";
    if is_start(bytes, TLS) || is_start(bytes, GSSAPI) {
        need(bytes, PreambleKind::PostgresRequest, TLS.len())
    } else {
        PreambleRead::Other
    }
}

/// A sequence of a message number (an integer of 1 to 4 bytes) and an operation.
fn ldap(bytes: &[u8]) -> PreambleRead {
    let (length_at, length) = match bytes {
        [_, short @ 0..=0x7f, ..] => (2, usize::from(*short)),
        [_, 0x81, a, ..] => (3, usize::from(*a)),
        [_, 0x82, a, b, ..] => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        [_, 0x84, 0, 0, a, b, ..] => (6, usize::from(u16::from_be_bytes([*a, *b]))),
        _ => return more_if(bytes.len() < 6 && !matches!(bytes.get(1), Some(0x85..|0x83| 0x80))),
    };
    let inner = bytes.get(length_at..).unwrap_or(&[]);
    let operation = match inner {
        [2, number @ 1..=4, rest @ ..] => rest.get(usize::from(*number)),
        [] | [2] => return PreambleRead::NeedMore(2),
        _ => return PreambleRead::Other,
    };
    match operation {
        None => PreambleRead::NeedMore(1),
        Some(0x60) if length <= MAX_MESSAGE => {
            let whole = bytes.get(length_at..length_at + length).unwrap_or(&[]);
            let kind = match is_login(whole) {
                true => PreambleKind::LdapBind,
                false => PreambleKind::Ldap,
            };
            need(bytes, kind, length_at + length)
        }
        Some(0x42 | 0x4a | 0x50 | 0x60..=0x79) if length <= MAX_MESSAGE => {
            need(bytes, PreambleKind::Ldap, length_at + length)
        }
        Some(_) => PreambleRead::Other,
    }
}

/// Whether a bind request, which starts with its message number, is not the anonymous one: behind the version stands a
/// name, or a way to log in that is not the simple one.
fn is_login(message: &[u8]) -> bool {
    const VERSION: &[u8] = &[2, 1];
    const SIMPLE: u8 = 0x80;
    // Lengths before it are of one byte or more, so it is looked for where it may stand.
    let mut windows = message.windows(VERSION.len() + 3).skip(3);
    let found = windows.position(|w| w.starts_with(VERSION) && w[2] <= 3 && w[3] == 4);
    let name = found.and_then(|at| message.get(at + 3 + VERSION.len() + 2..));
    match name {
        Some([0, SIMPLE, 0]) | None => false,
        Some(_) => true,
    }
}

fn rdp(bytes: &[u8]) -> PreambleRead {
    const CONNECTION_REQUEST: u8 = 0xe0;
    match bytes {
        [3, 0, 0, length @ 7..=255, _, CONNECTION_REQUEST, ..] => {
            need(bytes, PreambleKind::Rdp, usize::from(*length))
        }
        [3] | [3, 0] | [3, 0, 0] | [3, 0, 0, _] | [3, 0, 0, _, _] => {
            PreambleRead::NeedMore(6 - bytes.len())
        }
        _ => PreambleRead::Other,
    }
}

/// The short form of the login: 32 bytes with the flag for TLS set.
fn mysql(bytes: &[u8]) -> PreambleRead {
    const TLS: u8 = 0x08;
    match bytes {
        [0x20, 0, 0, 1, _, flags, ..] if flags & TLS != 0 => need(bytes, PreambleKind::Mysql, 36),
        [0x20] | [0x20, 0] | [0x20, 0, 0] | [0x20, 0, 0, 1] | [0x20, 0, 0, 1, _] => {
            PreambleRead::NeedMore(6 - bytes.len())
        }
        _ => PreambleRead::Other,
    }
}

fn tag(bytes: &[u8]) -> PreambleRead {
    let window = &bytes[..bytes.len().min(MAX_LINE)];
    match window.iter().position(|byte| *byte == b'>') {
        Some(end) => took(PreambleKind::Tag, end + 1),
        None => more_if(bytes.len() < MAX_LINE),
    }
}

/// A line of printable ASCII.
fn line(bytes: &[u8], kind: PreambleKind) -> PreambleRead {
    let window = &bytes[..bytes.len().min(MAX_LINE)];
    let text = window
        .iter()
        .take_while(|byte| matches!(byte, 0x20..=0x7e | b'\t' | b'\r'))
        .count();
    match window.get(text) {
        Some(b'\n') => took(kind, text + 1),
        Some(_) => PreambleRead::Other,
        None => more_if(bytes.len() < MAX_LINE),
    }
}

/// Whether the bytes start with all of `signature`, or are its start.
fn is_start(bytes: &[u8], signature: &[u8]) -> bool {
    let common = bytes.len().min(signature.len());
    bytes[..common] == signature[..common]
}

fn need(bytes: &[u8], kind: PreambleKind, length: usize) -> PreambleRead {
    if bytes.len() < length {
        PreambleRead::NeedMore(length - bytes.len())
    } else {
        took(kind, length)
    }
}

const fn more_if(more: bool) -> PreambleRead {
    if more {
        PreambleRead::NeedMore(1)
    } else {
        PreambleRead::Other
    }
}

const fn took(kind: PreambleKind, length: usize) -> PreambleRead {
    PreambleRead::Preamble(Preamble {
        kind,
        length,
        target: None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn preamble(bytes: &[u8]) -> (PreambleKind, usize) {
        match read_preamble(bytes) {
            PreambleRead::Preamble(preamble) => (preamble.kind, preamble.length),
            read => panic!("{read:?}"),
        }
    }

    #[test]
    fn every_kind_is_stepped_over_and_waited_for() {
        let whole: [(&[u8], PreambleKind); 16] = [
            (b"\x05\x01\x00", PreambleKind::Socks),
            (b"\x05\x02\x00\x02", PreambleKind::Socks),
            (
                b"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb",
                PreambleKind::Socks,
            ),
            (b"\x01\x02me\x03pwd", PreambleKind::Socks),
            (b"\x04\x01\x01\xbb\xc0\x00\x02\x01me\0", PreambleKind::Socks),
            (
                b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x04abcd",
                PreambleKind::ProxyProtocol,
            ),
            (b"\0\0\0\x08\x04\xd2\x16\x2f", PreambleKind::PostgresRequest),
            (b"\x30\x05\x02\x01\x01\x77\x00", PreambleKind::Ldap),
            (
                b"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00",
                PreambleKind::Ldap,
            ),
            (
                b"\x30\x11\x02\x01\x01\x60\x0c\x02\x01\x03\x04\x03cn=\x80\x02pw",
                PreambleKind::LdapBind,
            ),
            (
                b"\x30\x81\x17\x02\x01\x02\x60\x81\x11\x02\x01\x03\x04\x00\xa3\x0a\x04\x08EXTERNAL",
                PreambleKind::LdapBind,
            ),
            (b"\x03\x00\x00\x08\x03\xe0\x00\x00", PreambleKind::Rdp),
            (
                b"PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n",
                PreambleKind::ProxyProtocol,
            ),
            (b"a1 STARTTLS\r\n", PreambleKind::Line),
            (b"<starttls xmlns='x'/>", PreambleKind::Tag),
            (b"EHLO host\n", PreambleKind::Line),
        ];
        for (bytes, kind) in whole {
            assert_eq!(preamble(bytes), (kind, bytes.len()), "{bytes:?}");
            for cut in 1..bytes.len() {
                let read = read_preamble(&bytes[..cut]);
                assert!(
                    !matches!(read, PreambleRead::Other),
                    "{bytes:?} cut at {cut}: {read:?}"
                );
            }
        }
    }

    #[test]
    fn socks_servers_say_how_they_decide() {
        let read = read_socks_reply;
        assert_eq!(read(b"\x05\x00"), SocksRead::Reply(SocksReply::Goes, 2));
        let refused = b"\x05\x02\0\x01\0\0\0\0\0\0";
        assert_eq!(read(refused), SocksRead::Reply(SocksReply::Socks5(2), 10));
        for cut in 3..refused.len() {
            assert!(
                matches!(read(&refused[..cut]), SocksRead::NeedMore(1..)),
                "{cut}"
            );
        }
        let both = [b"\x05\x00", &refused[..]].concat();
        assert_eq!(read(&both), SocksRead::Reply(SocksReply::Goes, 2));
        assert_eq!(read(b"\x05\xff"), SocksRead::Reply(SocksReply::NoLogin, 2));
        assert_eq!(read(b"\x01\x01"), SocksRead::Reply(SocksReply::NoLogin, 2));
        let older = b"\0\x5b\0\0\0\0\0\0";
        assert_eq!(read(older), SocksRead::Reply(SocksReply::Socks4(91), 8));
        assert_eq!(read(b"220 mail\r\n"), SocksRead::Other);
    }

    #[test]
    fn socks_says_whom_to_reach() {
        let target = |bytes: &[u8]| match read_preamble(bytes) {
            PreambleRead::Preamble(preamble) => preamble.target,
            _ => None,
        };
        let name = RequestedTarget::Name(Fqdn::parse("a.example").unwrap());
        assert_eq!(
            target(b"\x05\x01\x00\x03\x09a.example\x01\xbb"),
            Some((name.clone(), 443))
        );
        assert_eq!(
            target(b"\x04\x01\x00\x50\0\0\0\x01me\0a.example\0"),
            Some((name, 80))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 1..80)) {
            if let PreambleRead::Preamble(preamble) = read_preamble(&bytes) {
                prop_assert!((1..=bytes.len()).contains(&preamble.length));
            }
        }
    }
}
