//! Bytes of a page to text: encodings told by mark, by what the page says of itself, and by what can be decoded.

use encoding_rs::{
    EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252,
};

/// A text, and what had to be done to get it.
#[derive(Debug)]
pub(super) struct Decoded {
    /// Without byte order mark; line ends are `\n` only, so that lines count as editors count them.
    pub(super) text: String,
    /// What a reader should know, if anything.
    pub(super) note: Option<String>,
}

/// How much of a page is looked at for its own word on its encoding; HTML asks for 1024.
const LOOKED_AT: usize = 4096;

/// Decodes a page. Never fails: what no encoding explains becomes U+FFFD, and the note says how often.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let (encoding, how) = encoding_of(bytes);
    let (text, used, _) = encoding.decode(bytes);
    let bad = text.matches('\u{fffd}').count();
    let text = match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n"),
        false => text.into_owned(),
    };
    let mut note = how.map(|how| format!("read as {} ({how})", used.name()));
    if bad > 0 {
        let lost = format!("{bad} characters could not be read as {}", used.name());
        note = Some(note.map_or(lost.clone(), |note| format!("{note}; {lost}")));
    }
    Decoded { text, note }
}

/// The encoding, and why where it is not plain UTF-8.
fn encoding_of(bytes: &[u8]) -> (&'static Encoding, Option<&'static str>) {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        let how = (encoding != UTF_8).then_some("its byte order mark says so");
        return (encoding, how);
    }
    if let Some(wide) = wide(bytes) {
        return (wide, Some("every other byte is zero"));
    }
    if bytes.contains(&0x1b)
        && !ISO_2022_JP.decode_without_bom_handling(bytes).1
        && bytes.windows(3).any(|w| w == b"\x1b$B" || w == b"\x1b$@")
    {
        return (ISO_2022_JP, Some("its escapes say so"));
    }
    if std::str::from_utf8(bytes).is_ok() {
        return (UTF_8, None);
    }
    if let Some(stated) = stated(bytes).filter(|e| *e != UTF_8) {
        return (stated, Some("the page says so"));
    }
    // A Japanese text in the wrong one of these two soon meets a byte pair that is none.
    for encoding in [SHIFT_JIS, EUC_JP] {
        let (text, bad) = encoding.decode_without_bom_handling(bytes);
        if !bad && is_japanese(&text) {
            return (encoding, Some("it is no UTF-8, and this fits"));
        }
    }
    let mostly_utf8 = String::from_utf8_lossy(bytes);
    let wide = mostly_utf8.chars().filter(|c| !c.is_ascii()).count();
    let bad = mostly_utf8.matches('\u{fffd}').count();
    if wide > bad * 4 {
        return (UTF_8, Some("most of it is"));
    }
    (WINDOWS_1252, Some("it is no UTF-8"))
}

/// UTF-16 without a mark: much of a page is ASCII, so half of its bytes are zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(LOOKED_AT) & !1];
    let zeros = |odd: usize| {
        head.iter()
            .skip(odd)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let quarter = head.len() / 8;
    match () {
        () if head.len() < 8 => None,
        () if odd > quarter && even * 8 < odd => Some(UTF_16LE),
        () if even > quarter && odd * 8 < even => Some(UTF_16BE),
        () => None,
    }
}

/// `charset=NAME` or `encoding="NAME"` near the start.
fn stated(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOKED_AT)]).to_ascii_lowercase();
    ["charset=", "encoding="].iter().find_map(|key| {
        let rest = head.split_once(key)?.1.trim_start_matches(['"', '\'', ' ']);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')?;
        Encoding::for_label(&rest.as_bytes()[..end])
    })
}

/// Kana is in every Japanese page, and half-width kana alone is what Latin-1 looks like in Shift_JIS.
fn is_japanese(text: &str) -> bool {
    let kana = text
        .chars()
        .filter(|c| ('\u{3040}'..='\u{30ff}').contains(c))
        .count();
    let half = text
        .chars()
        .filter(|c| ('\u{ff61}'..='\u{ff9f}').contains(c))
        .count();
    kana >= 2 && kana >= half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_by_mark_word_and_fit() {
        let japanese = "送信元 エージェント\nリレー: 443\n";
        let table: Vec<(Vec<u8>, &str, bool)> = vec![
            (b"a\r\nb\rc".to_vec(), "a\nb\nc", false),
            (b"\xef\xbb\xbfplain".to_vec(), "plain", false),
            (SHIFT_JIS.encode(japanese).0.into_owned(), japanese, true),
            (EUC_JP.encode(japanese).0.into_owned(), japanese, true),
            (ISO_2022_JP.encode(japanese).0.into_owned(), japanese, true),
            (b"r\xe9gion: a".to_vec(), "région: a", true),
            (
                "abcdefgh"
                    .encode_utf16()
                    .flat_map(u16::to_le_bytes)
                    .collect(),
                "abcdefgh",
                true,
            ),
            (
                "abcdefgh"
                    .encode_utf16()
                    .flat_map(u16::to_be_bytes)
                    .collect(),
                "abcdefgh",
                true,
            ),
            (
                b"<meta charset=\"iso-8859-15\">\xe9".to_vec(),
                "<meta charset=\"iso-8859-15\">é",
                true,
            ),
        ];
        for (bytes, text, noted) in table {
            let decoded = decode(&bytes);
            assert_eq!(decoded.text, text);
            assert_eq!(decoded.note.is_some(), noted, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_read_and_told() {
        let decoded = decode(
            "ééééé\n"
                .bytes()
                .chain([0xff])
                .collect::<Vec<_>>()
                .as_slice(),
        );
        assert!(decoded.note.unwrap().contains("could not be read"));
        assert_eq!(decode(b"").text, "");
    }
}
