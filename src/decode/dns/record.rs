//! Resource records and what the types of use to an audit carry.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::Fqdn;

use super::code;
use super::name::Reader;

/// A resource record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceRecord {
    /// Where in the message it stands.
    pub section: Section,
    /// Its owner; `None` is the root.
    pub name: Option<Fqdn>,
    /// Its type; [`super::type_name`] names it.
    pub kind: u16,
    /// Its class without the top bit, which mDNS uses as a flag (RFC 6762 section 10.2).
    pub class: u16,
    /// Time to live in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: RecordData,
}

/// The part of a message that a record stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Section {
    /// Answers to the question.
    Answer,
    /// Who is responsible.
    Authority,
    /// Whatever may help.
    Additional,
}

/// What a record says. A name of `None` is the root.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordData {
    /// A, AAAA.
    Address(IpAddr),
    /// CNAME, NS, PTR, DNAME.
    Name(Option<Fqdn>),
    /// MX.
    Mail {
        /// Lower is tried first.
        preference: u16,
        /// The mail host.
        exchange: Option<Fqdn>,
    },
    /// SRV (RFC 2782).
    Service {
        /// Lower is tried first.
        priority: u16,
        /// Share among those of one priority.
        weight: u16,
        /// Port of the service.
        port: u16,
        /// Host of the service.
        target: Option<Fqdn>,
    },
    /// TXT: its strings; bytes that are no UTF-8 replaced.
    Text(Vec<String>),
    /// SOA.
    Authority {
        /// First name server of the zone.
        primary: Option<Fqdn>,
        /// Mailbox of who is in charge, as a name.
        mailbox: Option<Fqdn>,
        /// Version of the zone.
        serial: u32,
    },
    /// SVCB, HTTPS (RFC 9460).
    Binding(ServiceBinding),
    /// A type that is not read.
    Other,
    /// A type that is read, but these bytes contradict it: why.
    Unreadable(&'static str),
}

/// A service binding (RFC 9460): where and how a service is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceBinding {
    /// 0 makes it an alias.
    pub priority: u16,
    /// Host of the service; `None` is the record's owner itself (or in an alias: no service).
    pub target: Option<Fqdn>,
    /// Protocols offered, in the record's order.
    pub alpn: Vec<String>,
    /// Port, where it is not the scheme's own.
    pub port: Option<u16>,
    /// Address hints, in the record's order.
    pub addresses: Vec<IpAddr>,
    /// Whether keys for an encrypted client hello are there: the names in hellos are then of little use.
    pub ech: bool,
    /// The name that stands in clear in hellos encrypted with the first of these keys (RFC 9849 section 4): its
    /// `public_name`.
    pub outer_name: Option<Fqdn>,
    /// What hellos call those keys whose `public_name` that is (RFC 9849 section 4: `config_id`), ascending.
    pub key_ids: Vec<u8>,
}

/// A record's fixed part and where its data lies.
pub(super) struct Raw<'a> {
    name: Option<Fqdn>,
    pub(super) kind: u16,
    class: u16,
    pub(super) ttl: u32,
    start: usize,
    pub(super) data: &'a [u8],
}

impl<'a> Raw<'a> {
    /// Reads a record and puts the reader behind it.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, &'static str> {
        let name = reader.name()?;
        let cut = "record cut";
        let kind = reader.be16().ok_or(cut)?;
        let class = reader.be16().ok_or(cut)?;
        let ttl = reader.be32().ok_or(cut)?;
        let length = usize::from(reader.be16().ok_or(cut)?);
        let start = reader.at;
        let data = reader.take(length).ok_or("record data cut")?;
        Ok(Self {
            name,
            kind,
            class,
            ttl,
            start,
            data,
        })
    }

    /// Reads the data by type. `reader` is of the same message.
    pub(super) fn interpret(self, reader: &Reader<'_>, section: Section) -> ResourceRecord {
        let within = reader.within(self.start, self.start + self.data.len());
        // Deletions in dynamic updates carry no data (RFC 2136 section 2.5).
        let data = match self.data {
            [] => Ok(RecordData::Other),
            data => read_data(self.kind, data, within),
        };
        ResourceRecord {
            section,
            name: self.name,
            kind: self.kind,
            class: self.class & 0x7fff,
            ttl: self.ttl,
            data: data.unwrap_or_else(RecordData::Unreadable),
        }
    }
}

fn read_data(kind: u16, data: &[u8], mut reader: Reader<'_>) -> Result<RecordData, &'static str> {
    let cut = "record data too short";
    Ok(match kind {
        code::A => RecordData::Address(Ipv4Addr::from(*exactly::<4>(data)?).into()),
        code::AAAA => RecordData::Address(Ipv6Addr::from(*exactly::<16>(data)?).into()),
        code::NS | code::CNAME | code::PTR | code::DNAME => RecordData::Name(reader.name()?),
        code::MX => {
            let preference = reader.be16().ok_or(cut)?;
            RecordData::Mail {
                preference,
                exchange: reader.name()?,
            }
        }
        code::SRV => RecordData::Service {
            priority: reader.be16().ok_or(cut)?,
            weight: reader.be16().ok_or(cut)?,
            port: reader.be16().ok_or(cut)?,
            target: reader.name()?,
        },
        code::TXT => RecordData::Text(character_strings(data)?),
        code::SOA => RecordData::Authority {
            primary: reader.name()?,
            mailbox: reader.name()?,
            serial: reader.be32().ok_or(cut)?,
        },
        code::SVCB | code::HTTPS => RecordData::Binding(service_binding(&mut reader)?),
        _ => RecordData::Other,
    })
}

fn exactly<const N: usize>(data: &[u8]) -> Result<&[u8; N], &'static str> {
    data.try_into().map_err(|_| "address of a wrong length")
}

fn character_strings(mut data: &[u8]) -> Result<Vec<String>, &'static str> {
    let mut strings = Vec::new();
    while let Some((length, rest)) = data.split_first() {
        let split = rest.split_at_checked(usize::from(*length));
        let (string, after) = split.ok_or("string beyond the record")?;
        strings.push(String::from_utf8_lossy(string).into_owned());
        data = after;
    }
    Ok(strings)
}

/// A binding whose parameters are cut keeps those before the cut.
fn service_binding(reader: &mut Reader<'_>) -> Result<ServiceBinding, &'static str> {
    let priority = reader.be16().ok_or("record data too short")?;
    let target = reader.name()?;
    let mut binding = ServiceBinding {
        priority,
        target,
        ..ServiceBinding::default()
    };
    while let Some((key, length)) = reader.be16().zip(reader.be16()) {
        let Some(value) = reader.take(usize::from(length)) else {
            break;
        };
        service_parameter(&mut binding, key, value);
    }
    Ok(binding)
}

/// Keys of RFC 9460 section 14.3.2.
fn service_parameter(binding: &mut ServiceBinding, key: u16, value: &[u8]) {
    match key {
        1 => binding.alpn = character_strings(value).unwrap_or_default(),
        3 => binding.port = value.try_into().ok().map(u16::from_be_bytes),
        4 => {
            let (hints, _) = value.as_chunks::<4>();
            binding
                .addresses
                .extend(hints.iter().map(|octets| IpAddr::from(*octets)));
        }
        5 => {
            binding.ech = true;
            (binding.outer_name, binding.key_ids) = outer_name(value);
        }
        6 => {
            let (hints, _) = value.as_chunks::<16>();
            binding
                .addresses
                .extend(hints.iter().map(|octets| IpAddr::from(*octets)));
        }
        _ => {}
    }
}

/// The `public_name` of the first configuration of a list that is of the version in use (RFC 9849 section 4), and the
/// identifiers of all that have it.
fn outer_name(list: &[u8]) -> (Option<Fqdn>, Vec<u8>) {
    let mut all = configurations(list);
    let Some((first, name)) = all.next() else {
        return (None, Vec::new());
    };
    let others = all.filter(|(_, other)| *other == name);
    let mut ids: Vec<u8> = others.map(|(id, _)| id).chain([first]).collect();
    ids.sort_unstable();
    ids.dedup();
    (Some(name), ids)
}

/// The identifiers and names of a list's configurations, up to one that cannot be read.
fn configurations(list: &[u8]) -> impl Iterator<Item = (u8, Fqdn)> {
    const VERSION: u16 = 0xfe0d;
    fn vector(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let (length, rest) = bytes.split_first_chunk()?;
        rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
    }
    fn configuration(contents: &[u8]) -> Option<(u8, Fqdn)> {
        // Identifier of the configuration, key encapsulation, public key, cipher suites, longest name.
        let (_key, rest) = vector(contents.get(3..)?)?;
        let (_suites, rest) = vector(rest)?;
        let (length, rest) = rest.get(1..)?.split_first()?;
        let name = Fqdn::from_packet(rest.get(..usize::from(*length))?)?;
        Some((contents[0], name))
    }
    let mut rest = vector(list).map_or(&[][..], |(all, _)| all);
    let next = move || {
        let (version, of) = rest.split_first_chunk()?;
        let (contents, after) = vector(of)?;
        rest = after;
        Some((u16::from_be_bytes(*version), contents))
    };
    std::iter::from_fn(next)
        .filter(|(version, _)| *version == VERSION)
        .map_while(|(_, contents)| configuration(contents))
}

/// Takes the extended errors (RFC 8914 section 2) out of the options of an OPT record.
pub(super) fn extended_errors(mut options: &[u8], errors: &mut Vec<(u16, String)>) {
    const EXTENDED_ERROR: u16 = 15;
    while let [a, b, c, d, rest @ ..] = options {
        let length = usize::from(u16::from_be_bytes([*c, *d]));
        let Some((value, after)) = rest.split_at_checked(length) else {
            return;
        };
        if let (EXTENDED_ERROR, [high, low, text @ ..]) = (u16::from_be_bytes([*a, *b]), value) {
            let text = String::from_utf8_lossy(text)
                .trim_end_matches('\0')
                .to_owned();
            errors.push((u16::from_be_bytes([*high, *low]), text));
        }
        options = after;
    }
}

/// As zone files have it, so far as the data is read; empty for types that are not.
impl fmt::Display for RecordData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &Option<Fqdn>| {
            name.as_ref()
                .map_or_else(|| ".".to_owned(), Fqdn::to_string)
        };
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(&shown(name)),
            Self::Mail {
                preference,
                exchange,
            } => write!(f, "{preference} {}", shown(exchange)),
            Self::Service {
                priority,
                weight,
                port,
                target,
            } => {
                write!(f, "{priority} {weight} {port} {}", shown(target))
            }
            Self::Text(strings) => f.write_str(&strings.join(" ")),
            Self::Authority {
                primary,
                mailbox,
                serial,
            } => {
                write!(f, "{} {} {serial}", shown(primary), shown(mailbox))
            }
            Self::Binding(binding) => binding.fmt(f),
            Self::Other => Ok(()),
            Self::Unreadable(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for ServiceBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.priority)?;
        match &self.target {
            Some(target) => write!(f, "{target}")?,
            None => f.write_str(".")?,
        }
        if !self.alpn.is_empty() {
            write!(f, " alpn={}", self.alpn.join(","))?;
        }
        if let Some(port) = self.port {
            write!(f, " port={port}")?;
        }
        for address in &self.addresses {
            let key = if address.is_ipv4() {
                "ipv4hint"
            } else {
                "ipv6hint"
            };
            write!(f, " {key}={address}")?;
        }
        if self.ech {
            f.write_str(" ech")
        } else {
            Ok(())
        }
    }
}
