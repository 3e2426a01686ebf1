//! What the device that took a packet says of it: in the header that it put before the packet, or beside the frame.

use serde::{Deserialize, Serialize};

/// Whether a device let a packet pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DeviceVerdict {
    /// It stopped the packet.
    Stopped,
    /// It let the packet pass.
    Passed,
    /// It noted the packet, and does not say what became of it.
    Noted,
}

/// A device's word on one packet. Texts are as the device wrote them, cut and with control characters replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DeviceWord {
    /// pf's log (`pflog(4)`): what a rule with `log` decided.
    Pf {
        /// 0 pass, 1 drop (`net/pfvar.h`); other numbers are translation and scrubbing.
        action: u8,
        /// Why: 0 because a rule matched.
        reason: u8,
        /// The rule's number.
        rule: u32,
        /// The rule's number within its anchor, where it lies in one.
        subrule: Option<u32>,
        /// The interface.
        interface: String,
        /// The anchor.
        ruleset: String,
    },
    /// Netfilter's log (`nfnetlink_log`): that a rule with `log` matched.
    Netfilter {
        /// 0 prerouting, 1 input, 2 forward, 3 output, 4 postrouting (`linux/netfilter.h`).
        hook: u8,
        /// The text that the rule's author gave it.
        prefix: String,
    },
    /// An XDP program's return code (pcapng `epb_verdict` of kind 2, `linux/bpf.h`): 0 aborted, 1 drop, 2 pass, 3 back out
    /// of the same interface, 4 out of another one.
    Xdp(u64),
    /// Dropped by Windows, as `etl2pcapng` writes it.
    Windows,
    /// It lies in a file that holds nothing but what a device dropped.
    DropFile,
    /// Where Check Point's `fw monitor` saw it.
    Chain(Chain),
    /// Why F5's BIG-IP sent a reset, in its own words.
    Reset(String),
}

/// The places on the way through a Check Point gateway at which a packet was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Chain {
    /// Bits of [`Chain::ORDER`]: bit 0 is the first.
    pub positions: u8,
    /// The interface: by which it came (`i`, `I`), or else by which it was to leave.
    pub interface: String,
    /// Whether it came no further, where that is proved one way or the other; of one frame it is not.
    pub stopped: Option<bool>,
}

impl Chain {
    /// Before and behind the inbound chain, before and behind the outbound one; between those, before and behind
    /// encryption.
    pub const ORDER: [u8; 6] = *b"iIoeEO";
    /// Behind the inbound chain.
    pub const ENTERED: u8 = 0b11_1110;
    /// Behind the outbound chain, or a part of it.
    pub const LEFT: u8 = 0b11_1000;
}

/// The longest text that is kept, in characters.
const MOST_TEXT: usize = 64;

impl DeviceWord {
    /// Whether the packet passed.
    ///
    /// Netfilter's log has no verdict; a prefix that says one is the word of the rule's author.
    #[must_use]
    pub fn verdict(&self) -> DeviceVerdict {
        match self {
            Self::Pf { action: 1, .. } | Self::Xdp(0 | 1) | Self::Windows | Self::DropFile => {
                DeviceVerdict::Stopped
            }
            Self::Pf { action: 0, .. } | Self::Xdp(_) => DeviceVerdict::Passed,
            Self::Pf { .. } => DeviceVerdict::Noted,
            Self::Reset(cause) if has_word(cause, BY_POLICY) => DeviceVerdict::Stopped,
            Self::Reset(_) => DeviceVerdict::Noted,
            Self::Chain(chain) => match chain.stopped {
                Some(true) => DeviceVerdict::Stopped,
                Some(false) => DeviceVerdict::Passed,
                None => DeviceVerdict::Noted,
            },
            Self::Netfilter { prefix, .. } => said_by(prefix),
        }
    }
}

/// Words of a reset's cause that say that it was meant to be; other causes are failures of what lies behind, or of itself.
const BY_POLICY: &[&str] = &[
    "acl",
    "blacklist",
    "blacklisted",
    "blocked",
    "denied",
    "deny",
    "denylist",
    "firewall",
    "policy",
    "prohibited",
    "reject",
    "rejected",
];

/// Whether a text has one of some words, which are in lower case.
fn has_word(text: &str, wanted: &[&str]) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| wanted.contains(&word))
}

/// What a log prefix claims.
fn said_by(prefix: &str) -> DeviceVerdict {
    const STOPPED: &[&str] = &[
        "drop", "dropped", "deny", "denied", "reject", "rejected", "block", "blocked", "blk",
    ];
    const PASSED: &[&str] = &[
        "accept",
        "accepted",
        "allow",
        "allowed",
        "pass",
        "passed",
        "permit",
        "permitted",
    ];
    match (has_word(prefix, STOPPED), has_word(prefix, PASSED)) {
        (true, false) => DeviceVerdict::Stopped,
        (false, true) => DeviceVerdict::Passed,
        _ => DeviceVerdict::Noted,
    }
}

/// Link types of logs: each frame is a packet that the device wrote down for a reason of its own, so what it did not
/// write down is not missing.
pub const PFLOG: u16 = 117;
/// `LINKTYPE_NFLOG`.
pub const NFLOG: u16 = 239;

const ETHERNET: u16 = 1;

/// Whether frames of a link type are records of a device's log.
#[inline]
#[must_use]
pub const fn is_log(link_type: u16) -> bool {
    matches!(link_type, PFLOG | NFLOG)
}

/// Whether a frame may have a device's word in its own bytes: cheap, asked of each.
#[inline]
#[must_use]
pub fn may_have_word(link_type: u16, bytes: &[u8]) -> bool {
    is_log(link_type)
        || link_type == ETHERNET
            && matches!(bytes.first(), Some(b'i' | b'I' | b'o' | b'O' | b'e' | b'E'))
}

/// What the header of a log record says; `None` where the link type is none of a log, or the header is cut.
#[must_use]
pub fn device_word(link_type: u16, bytes: &[u8]) -> Option<DeviceWord> {
    match link_type {
        PFLOG => pflog(bytes),
        NFLOG => nflog(bytes),
        ETHERNET => chain(bytes),
        _ => None,
    }
}

/// The interface that a frame names in a header of its own: the number that Linux gave it (`tcpdump -i any`, netfilter's log:
/// by which it came, and of what is sent, by which it leaves), or its name (pktap of macOS, `fw monitor`).
#[must_use]
pub fn interface_in(link_type: u16, bytes: &[u8]) -> Option<String> {
    const COOKED_2: u16 = 276;
    const PKTAP: u16 = 258;
    let be32 = |value: &[u8]| Some(u32::from_be_bytes(*value.first_chunk()?));
    match link_type {
        ETHERNET if may_have_word(link_type, bytes) => match chain(bytes)? {
            DeviceWord::Chain(chain) => Some(chain.interface),
            _ => None,
        },
        COOKED_2 => be32(bytes.get(4..)?).map(|index| index.to_string()),
        PKTAP => Some(text(bytes.get(12..36)?)).filter(|name| !name.is_empty()),
        NFLOG => {
            const CAME_BY: u16 = 4;
            const LEAVES_BY: u16 = 5;
            let (mut came, mut leaves, mut sent) = (None, None, false);
            for (kind, value) in attributes(bytes)? {
                match kind {
                    PACKET_HEADER => sent = matches!(value.get(2), Some(3 | 4)),
                    CAME_BY => came = be32(value),
                    LEAVES_BY => leaves = be32(value),
                    _ => {}
                }
            }
            let index = if sent { leaves } else { came.or(leaves) };
            index.map(|index| index.to_string())
        }
        _ => None,
    }
}

/// The cause of a reset that F5's BIG-IP put behind the packet (`tcpdump -i 0.0:nn` and more; Wireshark's
/// `packet-f5ethtrailer.c`): `bytes` are those of the frame behind the IP packet, in which padding and a checksum may come
/// first. `None` without one, where the packet came in, and where the cause is that the other end reset.
///
/// The trailer: magic, length and version (4, 2 and 2 bytes, big-endian), then blocks of provider, type, length with these
/// eight bytes, and version.
#[must_use]
pub fn reset_cause(bytes: &[u8]) -> Option<DeviceWord> {
    const MAGIC: [u8; 4] = [0xf5, 0xde, 0xb0, 0xf5];
    const NOISE: u16 = 1;
    const BEFORE: usize = 64;
    let place = bytes
        .windows(4)
        .take(BEFORE)
        .position(|four| four == MAGIC)?;
    let trailer = bytes.get(place..)?;
    let be16 = |at: usize| -> Option<u16> {
        let two = trailer.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_be_bytes(*two))
    };
    let end = usize::from(be16(4)?);
    if be16(6)? != 1 || end > trailer.len() {
        return None;
    }
    let (mut at, mut cause) = (8, None);
    while at + 8 <= end {
        let (provider, kind, version) = (be16(at)?, be16(at + 2)?, be16(at + 6)?);
        let length = usize::from(be16(at + 4)?);
        let body = trailer.get(at..at + length)?.get(8..)?;
        match (provider, kind) {
            // Low: whether the packet came in.
            (NOISE, 1) if body.first()? & 1 == 1 => return None,
            (NOISE, 2) if version == 4 => cause = medium_cause(body),
            _ => {}
        }
        at += length;
    }
    cause
        .filter(|cause| !cause.to_ascii_lowercase().contains("remote system"))
        .map(DeviceWord::Reset)
}

/// Of the medium block: flow and peer flow, flags, then the cause with its length, form, number, line and text.
fn medium_cause(body: &[u8]) -> Option<String> {
    const LENGTH_AT: usize = 31;
    let length = usize::from(*body.get(LENGTH_AT)?);
    let cause = body.get(LENGTH_AT + 1..LENGTH_AT + 1 + length)?;
    let (form, rest) = cause.split_first()?;
    let cause = text(rest.get(8..)?);
    (form >> 1 == 0 && !cause.is_empty()).then_some(cause)
}

/// `fw monitor` writes its own header in place of the MAC addresses (Wireshark's `packet-fw1.c`): the position's letter, the
/// chain's, and the interface's name, filled up with zeros or blanks. The letters are all group addresses, which no sender's
/// own frames to one host go to.
#[cold]
fn chain(bytes: &[u8]) -> Option<DeviceWord> {
    let header: &[u8; 14] = bytes.first_chunk()?;
    let position = Chain::ORDER
        .iter()
        .position(|letter| *letter == header[0])?;
    if !matches!(header[12..14], [8, 0] | [0x86, 0xdd] | [0x81, 0]) || !header[1].is_ascii() {
        return None;
    }
    // With a UUID the name has six bytes.
    let name_in = |field: &[u8]| {
        let end = field.iter().position(|byte| matches!(byte, 0 | b' '));
        let (name, rest) = field.split_at(end.unwrap_or(field.len()));
        let is_name = name.len() >= 2
            && name[0].is_ascii_alphabetic()
            && name
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b".:-_@".contains(byte));
        let filled = rest.iter().all(|byte| matches!(byte, 0 | b' '));
        (is_name && filled).then(|| text(name))
    };
    let interface = name_in(&header[2..12]).or_else(|| name_in(&header[2..8]))?;
    Some(DeviceWord::Chain(Chain {
        positions: 1 << position,
        interface,
        stopped: None,
    }))
}

/// `struct pfloghdr`: length, address family, action, reason, interface (16 bytes), ruleset (16 bytes), rule and
/// subrule, big-endian; later fields differ between systems.
fn pflog(bytes: &[u8]) -> Option<DeviceWord> {
    let header: &[u8; 44] = bytes.first_chunk()?;
    let be32 = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    // Without an anchor the subrule is -1.
    let subrule = Some(be32(40)).filter(|subrule| *subrule != u32::MAX && header[0] > 44);
    Some(DeviceWord::Pf {
        action: header[2],
        reason: header[3],
        rule: be32(36),
        subrule,
        interface: text(&header[4..20]),
        ruleset: text(&header[20..36]),
    })
}

/// Attributes 1 (packet header: protocol, hook) and 10 (prefix), in the byte order of the host.
fn nflog(bytes: &[u8]) -> Option<DeviceWord> {
    const PREFIX: u16 = 10;
    let (mut hook, mut prefix) = (None, String::new());
    for (kind, value) in attributes(bytes)? {
        match kind {
            PACKET_HEADER => hook = value.get(2).copied(),
            PREFIX => prefix = text(value),
            _ => {}
        }
        if hook.is_some() && !prefix.is_empty() {
            break;
        }
    }
    hook.map(|hook| DeviceWord::Netfilter { hook, prefix })
}

/// `NFULA_PACKET_HDR`.
const PACKET_HEADER: u16 = 1;

/// The attributes of a record of netfilter's log, in their order, up to the first that makes no sense.
fn attributes(bytes: &[u8]) -> Option<impl Iterator<Item = (u16, &[u8])>> {
    const MOST_ATTRIBUTES: usize = 64;
    let mut rest = bytes.get(4..)?;
    let next = move || {
        let [a, b, c, d, value @ ..] = rest else {
            return None;
        };
        // Attribute numbers are small, so the byte order shows.
        let little = u16::from_le_bytes([*c, *d]) < 256;
        let number = |pair: [u8; 2]| match little {
            true => u16::from_le_bytes(pair),
            false => u16::from_be_bytes(pair),
        };
        let length = usize::from(number([*a, *b])).checked_sub(4)?;
        let value = value.get(..length.min(value.len()))?;
        let after = (length + 4).next_multiple_of(4);
        rest = rest.get(after..).unwrap_or_default();
        Some((number([*c, *d]), value))
    };
    Some(std::iter::from_fn(next).take(MOST_ATTRIBUTES))
}

/// Up to the first NUL; what is no text is made visible.
fn text(bytes: &[u8]) -> String {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(bytes);
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.trim().chars().take(MOST_TEXT).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_claims_what_its_words_say() {
        let claims = |prefix: &str| said_by(prefix);
        assert_eq!(claims("FW-DROP: "), DeviceVerdict::Stopped);
        assert_eq!(claims("[UFW BLOCK] "), DeviceVerdict::Stopped);
        assert_eq!(claims("egress accept"), DeviceVerdict::Passed);
        assert_eq!(claims("raindrops"), DeviceVerdict::Noted);
        assert_eq!(claims("pass-or-drop"), DeviceVerdict::Noted);
        assert_eq!(claims(""), DeviceVerdict::Noted);
    }

    #[test]
    fn pf_says_which_rule_decided() {
        let mut record = vec![61, 2, 1, 0];
        record.extend(*b"em0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        record.extend([0; 16]);
        record.extend(5_u32.to_be_bytes());
        record.extend(u32::MAX.to_be_bytes());
        record.extend([0; 20]);
        let word = device_word(PFLOG, &record).unwrap();
        assert_eq!(word.verdict(), DeviceVerdict::Stopped);
        let DeviceWord::Pf {
            rule,
            subrule,
            interface,
            ..
        } = word
        else {
            panic!("pf")
        };
        assert_eq!((rule, subrule, interface.as_str()), (5, None, "em0"));
        record[2] = 0;
        let word = device_word(PFLOG, &record).unwrap();
        assert_eq!(word.verdict(), DeviceVerdict::Passed);
        assert_eq!(device_word(PFLOG, &record[..43]), None);
    }

    #[test]
    fn netfilter_gives_hook_and_prefix_in_either_byte_order() {
        for little in [true, false] {
            let number = |n: u16| {
                if little {
                    n.to_le_bytes()
                } else {
                    n.to_be_bytes()
                }
            };
            let mut record = vec![2, 0, 0, 5];
            record.extend([number(8), number(1)].concat());
            record.extend([8, 0, 2, 0]);
            record.extend([number(4 + 9), number(10)].concat());
            record.extend(*b"FW DENY \0\0\0\0");
            let expected = DeviceWord::Netfilter {
                hook: 2,
                prefix: "FW DENY".to_owned(),
            };
            assert_eq!(device_word(NFLOG, &record), Some(expected));
            for length in 0..record.len() {
                let _ = device_word(NFLOG, &record[..length]);
            }
        }
    }
}
