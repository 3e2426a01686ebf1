//! The page on its way to a writer, part by part: parts are templates, which write all text out so that a browser
//! takes it for text.

use std::io::{self, Write};

use data_encoding::BASE64;
use maud::Markup;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::report::text::visible;

/// A page that is being written.
pub(super) struct HtmlPage<W> {
    out: W,
}

impl<W: Write> HtmlPage<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    /// What stands between parts, as it stands in the source of this program.
    pub(super) fn frame(&mut self, markup: &'static str) -> io::Result<()> {
        self.out.write_all(markup.as_bytes())
    }

    /// A part. Templates make no character that would not be shown as itself, line breaks neither: all that are in
    /// there are from texts, and made visible here for all of them. Nor do they make a single quote, which they leave as
    /// it is in texts.
    pub(super) fn part(&mut self, part: &Markup) -> io::Result<()> {
        let shown = visible(&part.0);
        let mut pieces = shown.split('\'');
        self.out.write_all(pieces.next().unwrap_or("").as_bytes())?;
        for piece in pieces {
            self.frame("&#39;")?;
            self.out.write_all(piece.as_bytes())?;
        }
        self.frame("\n")
    }

    /// The content security policy: this style and this script, and nothing else.
    pub(super) fn policy(&mut self, style: &str, script: &str) -> io::Result<()> {
        writeln!(
            self.out,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; \
             script-src '{}'; base-uri 'none'; form-action 'none'\">",
            digest(style),
            digest(script)
        )
    }

    /// JSON for the page's own script; `<` is written so that nothing in it can end the script element.
    pub(super) fn data(&mut self, id: &'static str, data: &impl Serialize) -> io::Result<()> {
        write!(self.out, "<script type=\"application/json\" id=\"{id}\">")?;
        serde_json::to_writer(NoTags(&mut self.out), data)?;
        self.frame("</script>\n")
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A place or a length in a drawing.
pub(super) fn tenths(number: f64) -> String {
    format!("{number:.1}")
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

/// SHA-256 as a content security policy wants it.
pub(super) fn digest(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let mut bytes = Vec::new();
        let mut page = HtmlPage::new(&mut bytes);
        let text = "<b>\"&'\n\u{202e}\x1b";
        page.part(&html! { p title="\"><script>" { (text) } })
            .unwrap();
        page.data("d", &["</script><b>"]).unwrap();
        page.finish().unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt;&quot;&amp;&#39;\\n\\u{202e}\\u{1b}</p>\n\
             <script type=\"application/json\" id=\"d\">[\"\\u003c/script>\\u003cb>\"]</script>\n"
        );
    }

    #[test]
    fn digests_are_as_browsers_work_them_out() {
        // printf '%s' "alert('Hello, world.');" | openssl dgst -sha256 -binary | openssl base64
        assert_eq!(
            digest("alert('Hello, world.');"),
            "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }
}
