//! Paths in the order in which people number files: `cap2` before `cap10`.

use std::cmp::Ordering;
use std::path::Path;

/// Compares runs of digits as numbers and all else byte by byte; paths that are then alike are compared as they are,
/// so that only equal paths are equal.
pub(super) fn compare(a: &Path, b: &Path) -> Ordering {
    let (bytes_a, bytes_b) = (
        a.as_os_str().as_encoded_bytes(),
        b.as_os_str().as_encoded_bytes(),
    );
    by_numbers(bytes_a, bytes_b).then_with(|| bytes_a.cmp(bytes_b))
}

fn by_numbers(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let order = match (a.first(), b.first()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (number_a, number_b) = (split_number(&mut a), split_number(&mut b));
                number_a
                    .len()
                    .cmp(&number_b.len())
                    .then_with(|| number_a.cmp(number_b))
            }
            (Some(x), Some(y)) => {
                (a, b) = (&a[1..], &b[1..]);
                x.cmp(y)
            }
            (x, y) => return x.is_some().cmp(&y.is_some()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Takes the digits at the front off; gives them without leading zeros.
fn split_number<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let end = bytes
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(bytes.len());
    let (digits, rest) = bytes.split_at(end);
    *bytes = rest;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers() {
        let mut names = [
            "cap10",
            "cap9",
            "cap",
            "cap010",
            "cap9b2",
            "b1",
            "cap99999999999999999999",
        ];
        names.sort_by(|a, b| compare(Path::new(a), Path::new(b)));
        let wanted = [
            "b1",
            "cap",
            "cap9",
            "cap9b2",
            "cap010",
            "cap10",
            "cap99999999999999999999",
        ];
        assert_eq!(names, wanted);
    }
}
