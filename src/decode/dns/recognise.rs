//! Telling DNS by its content, for ports that say nothing.

use super::name;
use super::name::Reader;

/// Whether the bytes are with near certainty the start of a DNS message over UDP.
///
/// Rejects fast, mostly on the header. Asks for one question with a plausible name, type and class, counts that fit
/// into the bytes, and nothing left over behind the question of a query without records. mDNS announcements, which
/// have no question, are not recognised: their port tells them.
#[must_use]
pub fn looks_like_dns(bytes: &[u8]) -> bool {
    let Some((header, rest)) = bytes.split_first_chunk::<12>() else {
        return false;
    };
    let response = header[2] & 0x80 != 0;
    let opcode = header[2] >> 3 & 0x0f;
    let (reserved, rcode) = (header[3] & 0x40 != 0, header[3] & 0x0f);
    let be16 = |at: usize| usize::from(u16::from_be_bytes([header[at], header[at + 1]]));
    let (questions, answers, authorities, additionals) = (be16(4), be16(6), be16(8), be16(10));
    if questions != 1 || reserved || !matches!(opcode, 0 | 4 | 5) || rcode > 10 {
        return false;
    }
    let records = answers + authorities + additionals;
    if !response && (rcode != 0 || opcode == 0 && (answers + authorities > 0 || additionals > 2)) {
        return false;
    }
    // A record takes 11 bytes at least. A response may have been cut, but not at the first of its records.
    let cut = header[2] & 0x02 != 0;
    if !cut && records * 11 > rest.len() {
        return false;
    }
    plausible_question(bytes).is_some_and(|end| match records {
        0 => end == bytes.len(),
        _ => plausible_record(bytes, end),
    })
}

/// The offset behind the question, where it is plausible.
fn plausible_question(bytes: &[u8]) -> Option<usize> {
    let mut wire = [0; 255];
    let (filled, end) = name::expand(bytes, 12, &mut wire).ok()?;
    let clean = name::labels(&wire[..filled])
        .flatten()
        .all(|byte| *byte >= 0x20 && *byte != 0x7f);
    let mut reader = Reader::new(bytes, end);
    let (kind, class) = (reader.be16()?, reader.be16()? & 0x7fff);
    let plausible =
        clean && matches!(kind, 1..=65 | 99 | 249..=260) && matches!(class, 1 | 3 | 254 | 255);
    // A question is the first name of its message, so nothing lies before it to point at.
    (plausible && end == 12 + filled + 1).then_some(reader.at)
}

fn plausible_record(bytes: &[u8], at: usize) -> bool {
    let mut wire = [0; 255];
    let Ok((_, end)) = name::expand(bytes, at, &mut wire) else {
        return false;
    };
    let mut reader = Reader::new(bytes, end);
    match (reader.be16(), reader.be16(), reader.be32(), reader.be16()) {
        (Some(super::code::OPT), ..) => true,
        (Some(1..=260), Some(class), Some(_), Some(_)) => {
            matches!(class & 0x7fff, 1 | 3 | 254 | 255)
        }
        _ => false,
    }
}
