//! What the device that took a packet says of it: in the header that it put before the packet, or beside the frame.

use serde::{Deserialize, Serialize};

/// Whether a device let a packet pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
            Self::Netfilter { prefix, .. } => said_by(prefix),
        }
    }
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
    let lower = prefix.to_ascii_lowercase();
    let words = || lower.split(|c: char| !c.is_ascii_alphabetic());
    match (
        words().any(|word| STOPPED.contains(&word)),
        words().any(|word| PASSED.contains(&word)),
    ) {
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

/// Whether frames of a link type are records of a device's log.
#[inline]
#[must_use]
pub const fn is_log(link_type: u16) -> bool {
    matches!(link_type, PFLOG | NFLOG)
}

/// What the header of a log record says; `None` where the link type is none of a log, or the header is cut.
#[must_use]
pub fn device_word(link_type: u16, bytes: &[u8]) -> Option<DeviceWord> {
    match link_type {
        PFLOG => pflog(bytes),
        NFLOG => nflog(bytes),
        _ => None,
    }
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
    const PACKET: u16 = 1;
    const PREFIX: u16 = 10;
    const MOST_ATTRIBUTES: usize = 64;
    let (mut hook, mut prefix) = (None, String::new());
    let mut rest = bytes.get(4..)?;
    for _ in 0..MOST_ATTRIBUTES {
        let [a, b, c, d, value @ ..] = rest else {
            break;
        };
        // Attribute numbers are small, so the byte order shows.
        let little = u16::from_le_bytes([*c, *d]) < 256;
        let number = |pair: [u8; 2]| match little {
            true => u16::from_le_bytes(pair),
            false => u16::from_be_bytes(pair),
        };
        let length = usize::from(number([*a, *b])).checked_sub(4)?;
        let value = value.get(..length.min(value.len()))?;
        match number([*c, *d]) {
            PACKET => hook = value.get(2).copied(),
            PREFIX => prefix = text(value),
            _ => {}
        }
        rest = rest.get((length + 4).next_multiple_of(4)..)?;
        if hook.is_some() && !prefix.is_empty() {
            break;
        }
    }
    hook.map(|hook| DeviceWord::Netfilter { hook, prefix })
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
