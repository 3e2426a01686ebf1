//! The Huffman code of HPACK (RFC 7541 appendix B). It is canonical: the lengths tell all.

const SYMBOLS: usize = 257;
const LONGEST: usize = 30;

/// Bits of each symbol's code; the last one is the end of the string.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// For each length, the first code of it, how many there are, and where its symbols start in `ORDER`.
const RANGES: [(u32, u32, u16); LONGEST + 1] = ranges();
/// Symbols by length, then by number.
const ORDER: [u16; SYMBOLS] = order();

const fn order() -> [u16; SYMBOLS] {
    let mut out = [0; SYMBOLS];
    let (mut length, mut at) = (1, 0);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == length {
                out[at] = symbol as u16;
                at += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    out
}

const fn ranges() -> [(u32, u32, u16); LONGEST + 1] {
    let mut out = [(0, 0, 0); LONGEST + 1];
    let (mut length, mut code, mut start) = (1, 0_u32, 0_u16);
    while length <= LONGEST {
        code <<= 1;
        let mut count = 0;
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == length {
                count += 1;
            }
            symbol += 1;
        }
        out[length] = (code, count, start);
        code += count;
        start += count as u16;
        length += 1;
    }
    out
}

/// Decodes a string of at most `most` bytes; `None` where the code is wrong or the string longer.
pub(super) fn decode(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut code, mut length) = (0_u32, 0_usize);
    for bit in bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1))
    {
        code = code << 1 | u32::from(bit);
        length += 1;
        let (first, count, start) = *RANGES.get(length)?;
        let Some(place) = code.checked_sub(first).filter(|place| *place < count) else {
            continue;
        };
        let symbol = *ORDER.get(usize::from(start) + place as usize)?;
        if out.len() == most {
            return None;
        }
        out.push(u8::try_from(symbol).ok()?);
        (code, length) = (0, 0);
    }
    // The rest of the last byte is padded with ones.
    (length < 8 && code == (1 << length) - 1).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_7541_are_read() {
        let www = [
            0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff,
        ];
        assert_eq!(decode(&www, 64).as_deref(), Some(&b"www.example.com"[..]));
        let cache = [0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf];
        assert_eq!(decode(&cache, 64).as_deref(), Some(&b"no-cache"[..]));
        assert_eq!(decode(&www, 4), None);
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff], 64), None);
    }
}
