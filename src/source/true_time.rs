//! The time of a packet where the record has another one: netfilter's log is stamped when its buffer is emptied.

use super::LinkType;
use crate::model::CaptureTime;

/// `LINKTYPE_NFLOG`.
const NFLOG: LinkType = LinkType(239);
/// The most attributes that are walked over, as in decoding.
const MOST_ATTRIBUTES: usize = 64;

/// The time at which the packet was seen: for netfilter's log that of attribute 3 (`NFULA_TIMESTAMP`: seconds and
/// microseconds, 64 bits each, big-endian), which the kernel leaves out for packets that the host itself sends. The
/// record's own `time` everywhere else: it is up to a second late there, the same for all packets of that second.
#[inline]
pub(super) fn true_time(link_type: LinkType, bytes: &[u8], time: CaptureTime) -> CaptureTime {
    match link_type == NFLOG {
        true => logged_at(bytes).unwrap_or(time),
        false => time,
    }
}

#[cold]
fn logged_at(bytes: &[u8]) -> Option<CaptureTime> {
    const TIMESTAMP: u16 = 3;
    const MICROSECONDS: u64 = 1_000_000;
    let mut rest = bytes.get(4..)?;
    for _ in 0..MOST_ATTRIBUTES {
        let [a, b, c, d] = *rest.first_chunk::<4>()?;
        // Attribute numbers are small, so the byte order of the capturing host shows.
        let little = d == 0;
        let number = |pair: [u8; 2]| match little {
            true => u16::from_le_bytes(pair),
            false => u16::from_be_bytes(pair),
        };
        let (length, kind) = (usize::from(number([a, b])), number([c, d]));
        if kind == TIMESTAMP {
            let value = rest.get(4..length)?;
            let half = |at: usize| {
                let bytes = value.get(at..)?.first_chunk::<8>()?;
                Some(u64::from_be_bytes(*bytes))
            };
            let (seconds, micros) = (i64::try_from(half(0)?).ok()?, half(8)?);
            let sound = seconds > 0 && micros < MICROSECONDS;
            return sound
                .then(|| CaptureTime::from_secs_nanos(seconds, micros.cast_signed() * 1000));
        }
        rest = rest.get(length.max(4).next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log record: family, version, group; hook; perhaps a time; the packet.
    fn record(time: &[u8], little: bool) -> Vec<u8> {
        let number = |n: u16| match little {
            true => n.to_le_bytes(),
            false => n.to_be_bytes(),
        };
        let attribute = |kind: u16, value: &[u8]| {
            let length = number(4 + value.len() as u16);
            [&length[..], &number(kind), value].concat()
        };
        let time = match time.is_empty() {
            true => Vec::new(),
            false => attribute(3, time),
        };
        [
            &[2, 0, 0, 5][..],
            &attribute(1, &[8, 0, 2, 0]),
            &time,
            &attribute(9, &[0x45; 20]),
        ]
        .concat()
    }

    #[test]
    fn the_kernels_time_goes_before_the_records() {
        let late = CaptureTime::from_nanos(2_000_000_000);
        let said = [&7_u64.to_be_bytes()[..], &250_000_u64.to_be_bytes()].concat();
        for little in [true, false] {
            let bytes = record(&said, little);
            assert_eq!(true_time(NFLOG, &bytes, late).as_nanos(), 7_250_000_000);
            assert_eq!(true_time(LinkType::ETHERNET, &bytes, late), late);
            assert_eq!(true_time(NFLOG, &record(&[], little), late), late);
            for length in 0..bytes.len() {
                let _ = true_time(NFLOG, &bytes[..length], late);
            }
        }
        let senseless = [&7_u64.to_be_bytes()[..], &u64::MAX.to_be_bytes()].concat();
        assert_eq!(true_time(NFLOG, &record(&senseless, true), late), late);
        assert_eq!(true_time(NFLOG, &[0; 400], late), late);
    }
}
