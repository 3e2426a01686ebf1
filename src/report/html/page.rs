//! Markup on its way to a writer. Only text that this program was compiled with can become markup; all other text is
//! written out so that a browser takes it for text.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};

use serde::Serialize;

use crate::report::text::visible;

/// A page that is being written.
pub(super) struct Page<W> {
    out: W,
}

impl<W: Write> Page<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// Markup, as it stands in the source of this program.
    pub(super) fn markup(&mut self, markup: &'static str) -> io::Result<()> {
        self.out.write_all(markup.as_bytes())
    }

    /// Text from anywhere.
    pub(super) fn text(&mut self, text: impl Display) -> io::Result<()> {
        let text = text.to_string();
        self.out.write_all(escaped(&visible(&text)).as_bytes())
    }

    /// ` name="value"`, the value from anywhere. Never the name of a script, a style or a link's target.
    pub(super) fn attribute(&mut self, name: &'static str, value: impl Display) -> io::Result<()> {
        write!(self.out, " {name}=\"")?;
        self.text(value)?;
        self.markup("\"")
    }

    /// `<tag class="class">text</tag>`.
    pub(super) fn element(
        &mut self,
        tag: &'static str,
        class: &'static str,
        text: impl Display,
    ) -> io::Result<()> {
        write!(self.out, "<{tag}")?;
        if !class.is_empty() {
            self.attribute("class", class)?;
        }
        self.markup(">")?;
        self.text(text)?;
        write!(self.out, "</{tag}>")
    }

    /// `<dt>label</dt><dd>text</dd>`.
    pub(super) fn fact(&mut self, label: &'static str, text: impl Display) -> io::Result<()> {
        self.element("dt", "", label)?;
        self.element("dd", "", text)
    }

    /// A link to a place of this page.
    pub(super) fn link(&mut self, id: &str, text: impl Display) -> io::Result<()> {
        self.markup("<a")?;
        self.attribute("href", format_args!("#{id}"))?;
        self.markup(">")?;
        self.text(text)?;
        self.markup("</a>")
    }

    /// JSON for the page's own script; `<` is written so that nothing in it can end the script element.
    pub(super) fn data(&mut self, id: &'static str, data: &impl Serialize) -> io::Result<()> {
        write!(self.out, "<script type=\"application/json\" id=\"{id}\">")?;
        serde_json::to_writer(NoTags(&mut self.out), data)?;
        self.markup("</script>\n")
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes JSON in which no `<` stands.
struct NoTags<W>(W);

impl<W: Write> Write for NoTags<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (place, part) in bytes.split(|byte| *byte == b'<').enumerate() {
            if place > 0 {
                self.0.write_all(b"\\u003c")?;
            }
            self.0.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The five characters that mean something to a browser, written out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// SHA-256 as a content security policy wants it: base64 (RFC 4648) of the digest.
pub(super) struct Digest<'a>(pub(super) &'a str);

impl Display for Digest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use sha2::Digest as _;
        const LETTERS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digest = sha2::Sha256::digest(self.0.as_bytes());
        f.write_str("sha256-")?;
        for three in digest.chunks(3) {
            let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for place in 0..4 {
                let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
                f.write_char(if place > three.len() {
                    '='
                } else {
                    char::from(letter)
                })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let mut bytes = Vec::new();
        let mut page = Page::new(&mut bytes);
        page.text("<b>\"&'\u{202e}\x1b").unwrap();
        page.attribute("title", "\"><script>").unwrap();
        page.data("d", &["</script><b>"]).unwrap();
        page.finish().unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "&lt;b&gt;&quot;&amp;&#39;\\u{202e}\\u{1b} title=\"&quot;&gt;&lt;script&gt;\"\
             <script type=\"application/json\" id=\"d\">[\"\\u003c/script>\\u003cb>\"]</script>\n"
        );
    }

    #[test]
    fn digests_are_as_browsers_work_them_out() {
        // printf '%s' "alert('Hello, world.');" | openssl dgst -sha256 -binary | openssl base64
        assert_eq!(
            Digest("alert('Hello, world.');").to_string(),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }
}
