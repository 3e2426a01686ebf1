//! A cursor over a message, and names with compression (RFC 1035 section 4.1.4).

use crate::model::Fqdn;

/// The most compression pointers that are followed in one name.
const MAX_HOPS: usize = 64;
/// The most bytes of a name on the wire, the last 0 included (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 255;

/// Reads a message from `at` on; every read that the bytes do not allow leaves `at` alone.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    message: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(message: &'a [u8], at: usize) -> Self {
        Self { message, at }
    }

    /// The same message up to `end`, from `at` on: record data, whose names may point back to before it.
    pub(super) fn within(&self, at: usize, end: usize) -> Self {
        Self {
            message: self.message.get(..end).unwrap_or(self.message),
            at,
        }
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let bytes = self.message.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    pub(super) fn be16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }

    pub(super) fn be32(&mut self) -> Option<u32> {
        self.take(4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// The name at `at`; `None` is the root. On an error `at` stays.
    pub(super) fn name(&mut self) -> Result<Option<Fqdn>, &'static str> {
        let mut wire = [0_u8; MAX_NAME];
        let (filled, after) = expand(self.message, self.at, &mut wire)?;
        self.at = after;
        Ok(Fqdn::from_labels(labels(&wire[..filled])))
    }
}

/// Writes the labels of the name at `at`, lengths in front and the last 0 left out, into `wire`. Returns how many
/// bytes were written, and the offset after the name.
pub(super) fn expand(
    message: &[u8],
    mut at: usize,
    wire: &mut [u8; MAX_NAME],
) -> Result<(usize, usize), &'static str> {
    let (mut filled, mut hops, mut after) = (0, 0, None);
    loop {
        let length = usize::from(*message.get(at).ok_or("name cut")?);
        match length {
            0 => return Ok((filled, after.unwrap_or(at + 1))),
            1..=0x3f => {
                let label = message.get(at..=at + length).ok_or("name cut")?;
                let room = wire[..MAX_NAME - 1].get_mut(filled..=filled + length);
                room.ok_or("name longer than 255 bytes")?
                    .copy_from_slice(label);
                (filled, at) = (filled + length + 1, at + length + 1);
            }
            0xc0.. => {
                let low = usize::from(*message.get(at + 1).ok_or("name cut")?);
                after.get_or_insert(at + 2);
                hops += 1;
                if hops > MAX_HOPS {
                    return Err("more than 64 pointers in a name");
                }
                at = (length & 0x3f) << 8 | low;
            }
            _ => return Err("label type is reserved"),
        }
    }
}

/// The labels of a name as [`expand`] writes it.
pub(super) fn labels(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = wire;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first()?;
        let (label, after) = after.split_at_checked(usize::from(*length))?;
        rest = after;
        Some(label)
    })
}
