//! One line of a scenario, read but not built yet.

use std::net::IpAddr;
use std::time::Duration;

use data_encoding::HEXLOWER_PERMISSIVE;

use crate::model::Endpoint;

/// The most bytes of data in a line: an IP packet holds no more.
const MAX_DATA: usize = 65_000;

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) time: Duration,
    pub(super) source: Endpoint,
    pub(super) destination: Endpoint,
    pub(super) what: What,
    pub(super) vlans: Vec<u16>,
    pub(super) data: Vec<u8>,
    /// TCP options, as they stand in the header.
    pub(super) tcp_options: Vec<u8>,
    /// Number from 1 of the frame that is quoted.
    pub(super) quoting: Option<usize>,
    options: Vec<(Name, u32)>,
}

/// The protocol of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Udp,
    /// With the letters of its flags.
    Tcp(String),
    Icmp(IcmpKind),
    /// Any other IP protocol, told by [`Name::Protocol`].
    Ip,
}

/// Kinds of ICMP messages, whose numbers differ in ICMPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IcmpKind {
    Unreachable,
    TimeExceeded,
    PacketTooBig,
    Redirect,
    EchoRequest,
    EchoReply,
    /// Told by [`Name::Type`].
    Numbered,
}

/// Names of numbers, written `name=number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Ttl,
    IpId,
    Vlan,
    Snap,
    Interface,
    Seq,
    Ack,
    Window,
    Type,
    Code,
    Mtu,
    EchoId,
    EchoSeq,
    Keep,
    Protocol,
}

impl Line {
    /// Reads a line; `None` where it is empty or a comment.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, String> {
        let mut tokens = tokens(text)?.into_iter();
        let Some(time) = tokens.next() else {
            return Ok(None);
        };
        let time = seconds(word(Some(time), "a time")?)?;
        let source = endpoint(word(tokens.next(), "a source")?)?;
        let arrow = word(tokens.next(), "`>`")?;
        if arrow != ">" {
            return Err(format!(
                "`>` is wanted between source and destination, not `{arrow}`"
            ));
        }
        let destination = endpoint(word(tokens.next(), "a destination")?)?;
        if source.ip.is_ipv4() != destination.ip.is_ipv4() {
            return Err("source and destination are of different IP versions".to_owned());
        }
        let mut kind = "";
        let what = match word(tokens.next(), "a protocol")? {
            "udp" => What::Udp,
            "tcp" => What::Tcp(flags(word(tokens.next(), "TCP flags")?)?),
            "icmp" => {
                kind = word(tokens.next(), "an ICMP kind")?;
                What::Icmp(icmp_kind(kind)?)
            }
            "ip" => What::Ip,
            other => {
                return Err(format!(
                    "protocol `{other}`; udp, tcp, icmp and ip are known"
                ));
            }
        };
        let (vlans, data, options) = (Vec::new(), Vec::new(), Vec::new());
        let mut line = Self {
            time,
            source,
            destination,
            what,
            vlans,
            data,
            tcp_options: Vec::new(),
            quoting: None,
            options,
        };
        if line.what == What::Icmp(IcmpKind::Numbered) {
            line.argument(kind)?;
        }
        line.arguments(tokens)?;
        line.check_ports()?;
        Ok(Some(line))
    }

    /// The number of that name, if it was told.
    pub(super) fn number(&self, name: Name) -> Option<u32> {
        self.options
            .iter()
            .rev()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }

    /// As [`Self::number`], in a field of 16 bits: [`Name::bound`] sees to it that it fits.
    pub(super) fn number16(&self, name: Name) -> Option<u16> {
        self.number(name)
            .and_then(|value| u16::try_from(value).ok())
    }

    /// As [`Self::number`], in a field of 8 bits.
    pub(super) fn number8(&self, name: Name) -> Option<u8> {
        self.number(name).and_then(|value| u8::try_from(value).ok())
    }

    fn arguments<'a>(&mut self, mut tokens: impl Iterator<Item = Token<'a>>) -> Result<(), String> {
        while let Some(token) = tokens.next() {
            match token {
                Token::Text(text) => self.data.extend(text),
                Token::Word("quoting") => {
                    let number = word(tokens.next(), "the number of a frame")?;
                    let parsed = number
                        .parse()
                        .map_err(|_| format!("`{number}` is no number of a frame"))?;
                    self.quoting = Some(parsed);
                }
                Token::Word(word) => self.argument(word)?,
            }
            if self.data.len() > MAX_DATA {
                return Err(format!("more than {MAX_DATA} bytes of data"));
            }
        }
        Ok(())
    }

    fn argument(&mut self, word: &str) -> Result<(), String> {
        if let Some(digits) = word.strip_prefix("hex:") {
            self.data.extend(hex(digits)?);
        } else if let Some(digits) = word.strip_prefix("options:") {
            self.tcp_options = hex(digits)?;
        } else if let Some(count) = word.strip_prefix("fill:") {
            let count = count
                .parse::<usize>()
                .ok()
                .filter(|count| *count <= MAX_DATA);
            let count =
                count.ok_or_else(|| format!("`{word}`: a number up to {MAX_DATA} is wanted"))?;
            self.data.resize(self.data.len() + count, b'x');
        } else if let Some((name, value)) = word.split_once('=') {
            let name = Name::parse(name)?;
            let bound = name.bound();
            let value = value.parse().ok().filter(|value| *value <= bound);
            let value =
                value.ok_or_else(|| format!("`{word}`: a number up to {bound} is wanted"))?;
            match name {
                Name::Vlan if self.vlans.len() == 2 => return Err("more than two VLANs".to_owned()),
                Name::Vlan => self.vlans.push(u16::try_from(value).unwrap_or(0)),
                name => self.options.push((name, value)),
            }
        } else {
            return Err(format!("`{word}` is not understood"));
        }
        Ok(())
    }

    fn check_ports(&self) -> Result<(), String> {
        let wanted = matches!(self.what, What::Udp | What::Tcp(_));
        for end in [self.source, self.destination] {
            if wanted && end.port == 0 {
                return Err(format!("`{end}` lacks a port"));
            }
        }
        Ok(())
    }
}

impl Name {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "ttl" => Self::Ttl,
            "ip_id" => Self::IpId,
            "vlan" => Self::Vlan,
            "snap" => Self::Snap,
            "interface" => Self::Interface,
            "seq" => Self::Seq,
            "ack" => Self::Ack,
            "window" => Self::Window,
            "type" => Self::Type,
            "code" => Self::Code,
            "mtu" => Self::Mtu,
            "echo_id" => Self::EchoId,
            "echo_seq" => Self::EchoSeq,
            "keep" => Self::Keep,
            "protocol" => Self::Protocol,
            other => return Err(format!("`{other}=` is not known")),
        })
    }

    /// The highest number that the field takes.
    fn bound(self) -> u32 {
        match self {
            Self::Ttl | Self::Type | Self::Code | Self::Protocol => 255,
            Self::Vlan => 4095,
            Self::IpId | Self::Window | Self::Mtu | Self::EchoId | Self::EchoSeq => 65_535,
            Self::Snap | Self::Interface | Self::Seq | Self::Ack | Self::Keep => u32::MAX,
        }
    }
}

/// A part of a line.
enum Token<'a> {
    Word(&'a str),
    /// A string, its escapes undone.
    Text(Vec<u8>),
}

fn word<'a>(token: Option<Token<'a>>, wanted: &str) -> Result<&'a str, String> {
    match token {
        Some(Token::Word(word)) => Ok(word),
        Some(Token::Text(_)) => Err(format!("{wanted} is wanted, not a string")),
        None => Err(format!("{wanted} is missing")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        if let Some(string) = rest.strip_prefix('"') {
            let (bytes, after) = string_end(string)?;
            tokens.push(Token::Text(bytes));
            rest = after.trim_start();
        } else {
            let (word, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
            tokens.push(Token::Word(word));
            rest = after.trim_start();
        }
    }
    Ok(tokens)
}

/// The bytes of a string after its opening quote, and what follows its closing one.
fn string_end(text: &str) -> Result<(Vec<u8>, &str), String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    loop {
        let mut chars = rest.chars();
        match chars.next().ok_or("a string that does not end")? {
            '"' => return Ok((bytes, chars.as_str())),
            '\\' => {
                let escape = chars.next().ok_or("a string that does not end")?;
                match escape {
                    'r' => bytes.push(b'\r'),
                    'n' => bytes.push(b'\n'),
                    't' => bytes.push(b'\t'),
                    '0' => bytes.push(0),
                    '"' | '\\' => bytes.push(escape as u8),
                    'x' => {
                        let (digits, after) = chars
                            .as_str()
                            .split_at_checked(2)
                            .ok_or("`\\x` wants two digits")?;
                        bytes.extend(hex(digits)?);
                        chars = after.chars();
                    }
                    other => return Err(format!("the escape `\\{other}` is not known")),
                }
            }
            plain => bytes.extend(plain.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = chars.as_str();
    }
}

fn hex(digits: &str) -> Result<Vec<u8>, String> {
    HEXLOWER_PERMISSIVE
        .decode(digits.as_bytes())
        .map_err(|_| format!("`{digits}` is no even number of hex digits"))
}

/// Seconds with up to nine decimals, exactly.
fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: seconds with up to nine decimals are wanted");
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return Err(wrong());
    }
    let seconds = whole.parse::<u32>().map_err(|_| wrong())?;
    let nanos = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
    Ok(Duration::new(seconds.into(), nanos))
}

/// `10.0.0.1`, `10.0.0.1:53`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:53`.
fn endpoint(text: &str) -> Result<Endpoint, String> {
    let wrong =
        || format!("`{text}` is no address; 10.0.0.1, 10.0.0.1:53 or [2001:db8::1]:53 is wanted");
    if let Ok(ip) = text
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>()
    {
        return Ok(Endpoint::new(ip, 0));
    }
    let known: std::net::SocketAddr = text.parse().map_err(|_| wrong())?;
    Ok(Endpoint::new(known.ip(), known.port()))
}

fn flags(letters: &str) -> Result<String, String> {
    if letters == "." || letters.bytes().all(|letter| b"SAFRPUEC".contains(&letter)) {
        return Ok(letters.to_owned());
    }
    Err(format!(
        "TCP flags `{letters}`; letters of SAFRPUEC or `.` are wanted"
    ))
}

fn icmp_kind(word: &str) -> Result<IcmpKind, String> {
    Ok(match word {
        "unreachable" => IcmpKind::Unreachable,
        "time-exceeded" => IcmpKind::TimeExceeded,
        "packet-too-big" => IcmpKind::PacketTooBig,
        "redirect" => IcmpKind::Redirect,
        "echo-request" => IcmpKind::EchoRequest,
        "echo-reply" => IcmpKind::EchoReply,
        other if other.starts_with("type=") => IcmpKind::Numbered,
        other => {
            return Err(format!(
                "ICMP kind `{other}` is not known; `type=N` takes any"
            ));
        }
    })
}
