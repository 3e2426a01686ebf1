//! The one place that makes untrusted text harmless: for terminals, for spreadsheets, for JSON that is printed to a
//! terminal.
//!
//! Names, paths and error texts come from packets, sentences and hints from rule files. None of them may move a
//! cursor, turn the direction of a line, hide itself, or start a formula.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// Text with every character that a terminal would not show as itself written out: `\n`, `\r` and `\t` by their
/// letters, all others as `\u{hex}`.
///
/// That is C0 and C1 controls and DEL, line and paragraph separators, bidirectional controls, and everything that is
/// invisible: zero-width characters, variation selectors, tags, fillers and noncharacters. A backslash stays as it is,
/// since names from packets are written out with backslashes already.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_harmful(c) => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A spreadsheet cell that is nothing but text.
///
/// First [`visible`], so that no cell has a line break. Then, where the first character other than a blank would start
/// a formula (`=`, `+`, `-`, `@`, or their full-width forms, which some spreadsheets take too), and where the text
/// itself starts with `'`, a `'` is put before it. So the rule back is: a cell that starts with `'` loses that one
/// character; all other cells are as they stand.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        let first = text.trim_start_matches(' ').bytes().next();
        return if matches!(first, Some(b'=' | b'+' | b'-' | b'@')) || text.starts_with('\'') {
            Cow::Owned(format!("'{text}"))
        } else {
            Cow::Borrowed(text)
        };
    }
    let text = visible(text);
    let starts_formula = text.trim_start().starts_with([
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    if starts_formula || text.starts_with('\'') {
        return Cow::Owned(format!("'{text}"));
    }
    text
}

/// Whether a text is printable ASCII throughout, as nearly all is: nothing in it can do harm.
#[must_use]
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(last) = bytes.last_chunk::<8>() else {
        return bytes.iter().all(|byte| (0x20..0x7f).contains(byte));
    };
    // The last eight may be looked at in part twice.
    let (words, _) = bytes.as_chunks::<8>();
    let plain = |bytes: &[u8; 8]| is_plain_word(u64::from_ne_bytes(*bytes));
    words.iter().all(plain) && plain(last)
}

/// Whether eight bytes are printable ASCII. Eight at once save a twentieth of `audit --out` on 200 MB. The highest bit of
/// a byte tells: it is set where the byte has it itself, gets it by adding 1 (0x7f), or by taking away 0x20 from less. Only
/// bytes that are not plain carry or borrow, so what reaches the next byte changes no answer.
const fn is_plain_word(word: u64) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let odd = word | word.wrapping_add(EACH) | word.wrapping_sub(0x20 * EACH);
    odd & (0x80 * EACH) == 0
}

/// Whether a character could do harm where text is shown.
///
/// Unicode general categories Cc, Cf, Zl and Zp, the default-ignorable code points, and noncharacters.
#[must_use]
pub const fn is_harmful(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{600}'..='\u{605}'
        | '\u{61c}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}'
        | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    ) || (c as u32) & 0xfffe == 0xfffe
}

/// How many terminal cells a text takes once it is visible: 2 for wide East Asian characters, 0 for combining marks.
#[must_use]
pub fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.len();
    }
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The text cut to at most `most` terminal cells, with `…` at its end where something was cut.
#[must_use]
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    if width(text) <= most {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used >= most.max(1) {
            break;
        }
        out.push(c);
    }
    out.push('\u{2026}');
    Cow::Owned(out)
}

/// Whether [`wrap`] would leave the text as it is: quick, may say no where it would.
#[must_use]
pub(super) fn fits(text: &str, most: usize) -> bool {
    let blanks_alone = !text.contains("  ") && !text.starts_with(' ') && !text.ends_with(' ');
    is_plain(text) && text.len() <= most && blanks_alone
}

/// The text in lines of at most `most` terminal cells, broken at blanks; words that are longer are broken too. At
/// least one line.
#[must_use]
pub fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines = WrappedLines::new(most);
    let words = text.split(' ').filter(|word| !word.is_empty());
    words.for_each(|word| lines.put(word, true));
    lines.lines
}

/// Lines of at most so many terminal cells, to which parts are added.
struct WrappedLines {
    most: usize,
    lines: Vec<String>,
    /// Cells of the last line.
    used: usize,
}

impl WrappedLines {
    fn new(most: usize) -> Self {
        Self {
            most: most.max(8),
            lines: vec![String::new()],
            used: 0,
        }
    }

    /// Puts a part behind the others, with a blank between them or without: on a line of its own where it does not fit, and
    /// broken where it fits no line.
    fn put(&mut self, part: &str, blank: bool) {
        let room = width(part) + usize::from(blank && self.used > 0);
        if self.used > 0 && self.used + room > self.most {
            self.next();
        }
        if blank && self.used > 0 {
            self.push(' ', 1);
        }
        for c in part.chars() {
            let cells = c.width().unwrap_or(0);
            if self.used + cells > self.most {
                self.next();
            }
            self.push(c, cells);
        }
    }

    fn next(&mut self) {
        self.lines.push(String::new());
        self.used = 0;
    }

    fn push(&mut self, c: char, cells: usize) {
        if let Some(line) = self.lines.last_mut() {
            line.push(c);
        }
        self.used += cells;
    }
}

/// As [`wrap`], for Japanese, which has no blanks: a line may end behind every wide character, but none begins with what
/// closes or goes on (JIS X 4051), nor ends with what opens.
#[must_use]
pub fn wrap_japanese(text: &str, most: usize) -> Vec<String> {
    const NOT_FIRST: &str = "、。，．：；？！）」』】〉》・ー々〜…,.:;!?)]}%";
    const NOT_LAST: &str = "（「『【〈《([{";
    let mut lines = WrappedLines::new(most);
    let mut blank = false;
    // What may not be parted.
    let mut part = String::new();
    for c in text.chars() {
        let is_wide = |c: char| c.width() == Some(2);
        let last = part.chars().next_back();
        let joins = NOT_FIRST.contains(c)
            || last.is_some_and(|last| NOT_LAST.contains(last))
            || last.is_some_and(|last| !is_wide(last) && !is_wide(c));
        if c == ' ' || !joins {
            if !part.is_empty() {
                lines.put(&part, blank);
                blank = false;
            }
            part.clear();
        }
        match c {
            ' ' => blank = true,
            c => part.push(c),
        }
    }
    lines.put(&part, blank);
    lines.lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plain_is_what_has_only_printable_ascii(text in "[ -~]{0,20}(\\PC|[\u{0}-\u{ff}]){0,2}[ -~]{0,20}") {
            let all = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
            prop_assert_eq!(is_plain(&text), all);
        }
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(
            visible("a\x1b[31mb\u{9b}2J\x07\u{7f}"),
            "a\\u{1b}[31mb\\u{9b}2J\\u{7}\\u{7f}"
        );
        assert_eq!(
            visible("moc.\u{202e}elpmaxe\u{2066}"),
            "moc.\\u{202e}elpmaxe\\u{2066}"
        );
        assert_eq!(visible("a\nb\tc\r\u{2028}"), "a\\nb\\tc\\r\\u{2028}");
        assert_eq!(
            visible("x\u{200b}\u{feff}\u{e0041}\u{fffe}y"),
            "x\\u{200b}\\u{feff}\\u{e0041}\\u{fffe}y"
        );
        assert!(matches!(visible("ポート 443 <b>é</b>"), Cow::Borrowed(_)));
    }

    #[test]
    fn no_cell_starts_a_formula() {
        for text in [
            "=cmd|' /C calc'!A1",
            "+1",
            "-1",
            "@SUM(A1)",
            " =1",
            "\u{3000}=1",
            "\u{ff1d}1",
        ] {
            assert_eq!(cell(text), format!("'{text}"), "{text:?}");
        }
        assert_eq!(cell("\t=1"), "\\t=1");
        assert_eq!(cell("\r=1"), "\\r=1");
        assert_eq!(cell("'=1"), "''=1");
        assert_eq!(cell("10.0.0.1"), "10.0.0.1");
        assert_eq!(cell("a=b"), "a=b");
    }

    #[test]
    fn lines_are_wrapped_by_what_is_seen() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("ポートポート番号", 8), ["ポートポ", "ート番号"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("abcdefghijkl m", 8), ["abcdefgh", "ijkl m"]);
        assert_eq!(shorten("ポートポート", 7), "ポート\u{2026}");
        assert_eq!(shorten("abc", 3), "abc");
    }

    #[test]
    fn japanese_lines_end_anywhere_but_before_what_closes() {
        assert_eq!(
            wrap_japanese("宛先は一覧にない。「名前」は不明", 14),
            ["宛先は一覧にな", "い。「名前」は", "不明"]
        );
        assert_eq!(
            wrap_japanese("a.example の 443/tcp を許可する", 16),
            ["a.example の", "443/tcp を許可す", "る"]
        );
        assert_eq!(wrap_japanese("", 14), [""]);
        assert_eq!(wrap_japanese("abcdefghijkl m", 8), ["abcdefgh", "ijkl m"]);
    }

    proptest! {
        #[test]
        fn the_mark_on_cells_can_be_taken_off(text in "\\PC*|['=+@-].*") {
            let written = cell(&text).into_owned();
            let back = written.strip_prefix('\'').unwrap_or(&written);
            let shown = visible(&text);
            prop_assert_eq!(back, shown.as_ref());
        }

        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(!visible(&text).chars().any(is_harmful));
            prop_assert!(wrap(&visible(&text), 20).iter().all(|line| width(line) <= 20));
            prop_assert!(wrap_japanese(&visible(&text), 20).iter().all(|line| width(line) <= 20));
        }

        #[test]
        fn what_fits_is_one_line(text in "[ a-z.]{0,24}") {
            if fits(&text, 20) {
                prop_assert_eq!(wrap(&text, 20), [text]);
            }
        }
    }
}
