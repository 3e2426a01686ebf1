//! Lines of a head.

/// Methods by which a request is known from its first bytes: those of HTTP, WebDAV, UPnP and Windows services.
pub(super) const METHODS: [&str; 36] = [
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "CONNECT",
    "PATCH",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
    "CHECKOUT",
    "CHECKIN",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "UNCHECKOUT",
    "LABEL",
    "UPDATE",
    "ACL",
    "PURGE",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "M-SEARCH",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
    "BITS_POST",
    "CCM_POST",
];

/// The longest method that is taken for one.
const MAX_METHOD: usize = 32;

/// The lines of a head, each ended by a line feed, carriage returns before it left out.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            ended: false,
        }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    /// Steps over line ends.
    pub(super) fn skip_empty(&mut self) {
        self.at += self
            .rest()
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
    }

    /// The next whole line.
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        self.at += end + 1;
        let line = rest.get(..end)?;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// Names and values of the whole header lines up to the empty one.
    pub(super) fn headers(&mut self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        std::iter::from_fn(|| {
            loop {
                let line = self.next()?;
                if line.is_empty() {
                    self.ended = true;
                    return None;
                }
                // A line without a colon, or the folded rest of the line before, is no header.
                if let Some(colon) = line.iter().position(|byte| *byte == b':')
                    && !matches!(line, [b' ' | b'\t', ..])
                {
                    let (name, value) = line.split_at(colon);
                    return Some((name.trim_ascii(), value[1..].trim_ascii()));
                }
            }
        })
        .fuse()
    }

    /// Whether the empty line was met.
    pub(super) const fn ended(&self) -> bool {
        self.ended
    }

    /// Bytes consumed: up to the body, or all of them where the head is cut.
    pub(super) const fn position(&self) -> usize {
        if self.ended {
            self.at
        } else {
            self.bytes.len()
        }
    }
}

/// Whether the bytes, however few, can start a request line: a method and a space.
pub(super) fn may_start_request(bytes: &[u8]) -> bool {
    let method = bytes
        .iter()
        .take_while(|byte| is_method_byte(**byte))
        .count();
    method <= MAX_METHOD
        && bytes
            .get(method)
            .is_none_or(|byte| method > 0 && *byte == b' ')
}

const fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_')
}

/// Major and minor version.
type HttpVersion = (u8, u8);

/// Method, target and version of a request line; `None` where it is not HTTP's.
pub(super) fn request_line(line: &[u8]) -> Option<(&[u8], &[u8], HttpVersion)> {
    let line = line.trim_ascii_end();
    let method_end = line.iter().position(|byte| *byte == b' ')?;
    let version_start = line.iter().rposition(|byte| matches!(byte, b' ' | b'\t'))?;
    let version = version(line.get(version_start + 1..)?)?;
    let target = line.get(method_end..version_start)?.trim_ascii();
    (!target.is_empty()).then_some((&line[..method_end], target, version))
}

/// Version and status of the first line; it need not be whole.
pub(super) fn status_line(bytes: &[u8]) -> Option<(HttpVersion, u16)> {
    let (start, rest) = bytes.split_at_checked(8)?;
    let version = version(start)?;
    let [b' ', ..] = rest else { return None };
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let (digits, after) = rest.get(spaces..)?.split_first_chunk::<3>()?;
    if !digits.iter().all(u8::is_ascii_digit) || after.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let status = digits
        .iter()
        .fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
    (status >= 100).then_some((version, status))
}

fn version(text: &[u8]) -> Option<HttpVersion> {
    match text {
        [
            b'H' | b'h',
            b'T' | b't',
            b'T' | b't',
            b'P' | b'p',
            b'/',
            major,
            b'.',
            minor,
        ] if major.is_ascii_digit() && minor.is_ascii_digit() => Some((major - b'0', minor - b'0')),
        _ => None,
    }
}

/// Bytes as text, at most `most` of them.
pub(super) fn text(bytes: &[u8], most: usize) -> String {
    String::from_utf8_lossy(bytes.get(..most).unwrap_or(bytes)).into_owned()
}
