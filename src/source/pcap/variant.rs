//! Files that look like common pcap and are not quite: what Wireshark's `libpcap.c` knows of them.

use std::io::Read;

use super::super::LinkType;
use super::super::window::Window;
use super::Layout;
use super::MAX_RECORD_BYTES;
use super::PcapRecord;

/// The link type of AIX's libpcap, where the version and the number are those of it: it counts links as RFC 1573 does
/// (`ifType`), and nanoseconds under the magic of microseconds.
pub(super) fn of_aix(version: (u16, u16), network: u32) -> Option<LinkType> {
    if version != (2, 2) {
        return None;
    }
    match network {
        6 => Some(LinkType::ETHERNET),
        9 => Some(LinkType(6)),
        15 => Some(LinkType(10)),
        24 => Some(LinkType(0)),
        _ => None,
    }
}

/// The link type in the last field of a file header. Of its 32 bits libpcap reads 26; the highest ones hold the length
/// of a frame check sequence.
pub(super) fn link_type(network: u32) -> LinkType {
    const BITS: u32 = 0x03ff_ffff;
    /// NetBSD's class of raw packets, whose low half is an address family.
    const NETBSD_RAW_V4: u32 = 0x0224_0002;
    const NETBSD_RAW_V6: u32 = 0x0224_0018;
    match network & BITS {
        NETBSD_RAW_V4 | NETBSD_RAW_V6 => LinkType::RAW,
        // No other class is known, and cutting its number would give that of another link.
        number => LinkType(u16::try_from(number).unwrap_or(u16::MAX)),
    }
}

/// The layout with the length of record headers that makes sense of the file's first two records: Nokia's firewalls
/// wrote 4 bytes more under the common magic, Red Hat 6.1 wrote 8 bytes more, SuSE 6.3 wrote 4 bytes more than the
/// modified format.
///
/// Another length than the magic's is taken only where that one is disproved by a whole second header and the other
/// one proved by it.
pub(super) fn settled<R: Read>(layout: Layout, window: &mut Window<R>) -> Layout {
    let longer: &[usize] = match layout.header_bytes {
        16 => &[20, 24],
        _ => &[28],
    };
    if second_record(&layout, window).is_none_or(|(_, apart)| apart == Apart::Plausibly) {
        return layout;
    }
    let others = longer.iter().map(|header_bytes| Layout {
        header_bytes: *header_bytes,
        ..layout
    });
    // A frame of no bytes is as rare as the wrong reading of one is not.
    let mut proved = others.filter(|other| {
        second_record(other, window).is_some_and(|(second, apart)| {
            apart == Apart::Plausibly && (1..=second.wire).contains(&second.captured)
        })
    });
    proved.next().unwrap_or(layout)
}

/// Whether a record can follow the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apart {
    Plausibly,
    Senselessly,
}

/// The record behind the first one; `None` where no whole header lies there.
fn second_record<R: Read>(layout: &Layout, window: &mut Window<R>) -> Option<(PcapRecord, Apart)> {
    /// More than lies between two packets of a capture, less than random bytes are apart: a year.
    const NEAR_NANOS: u64 = 1_000_000_000 * 3600 * 24 * 366;
    let first = layout.record(window.request(layout.header_bytes))?;
    if first.captured > MAX_RECORD_BYTES {
        return None;
    }
    let end = layout.header_bytes + first.captured as usize;
    let bytes = window.request(end + layout.header_bytes);
    let second = layout.record(bytes.get(end..end + layout.header_bytes)?)?;
    let nanos = first.time.as_nanos().abs_diff(second.time.as_nanos());
    let plausible = second.captured <= MAX_RECORD_BYTES && nanos < NEAR_NANOS;
    let apart = match plausible {
        true => Apart::Plausibly,
        false => Apart::Senselessly,
    };
    Some((second, apart))
}
