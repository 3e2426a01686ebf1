//! What goes to the terminal: results to standard output, notes and errors to standard error.

use std::io::{self, BufWriter, IsTerminal, Write};

use anyhow::Context;
use terminal_size::{Width, terminal_size_of};

use super::args::{Color, Common, Format};
use super::exit::Exit;
use super::pager::Printout;
use crate::report::{self, Look, Paint, ReportError, text};
use crate::wording::Language;

/// An error with its causes. One that the error before it has in its own words already is not said again.
pub(super) fn told(error: &anyhow::Error) -> String {
    let mut out = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if out.is_empty() {
            out = cause;
        } else if !out.contains(&cause) {
            out.push_str(": ");
            out.push_str(&cause);
        }
    }
    out
}

/// Runs a writer on standard output, which an error names. A reader that has gone away (`| head`) is no error.
pub(super) fn to_stdout(
    write: impl FnOnce(&mut BufWriter<Printout>) -> Result<(), ReportError>,
) -> anyhow::Result<()> {
    to_page(Printout::direct(), write)
}

/// As [`to_stdout`], through a pager where somebody reads on a terminal.
pub(super) fn to_reader(
    common: &Common,
    write: impl FnOnce(&mut BufWriter<Printout>) -> Result<(), ReportError>,
) -> anyhow::Result<()> {
    to_page(Printout::paged(!common.no_pager), write)
}

fn to_page(
    page: Printout,
    write: impl FnOnce(&mut BufWriter<Printout>) -> Result<(), ReportError>,
) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, page);
    let done = write(&mut out).and_then(|()| Ok(out.flush()?));
    // What could not be written is told below, or nobody wants it any more.
    let (page, _) = out.into_parts();
    let done = done.and(page.end().map_err(ReportError::from));
    match done {
        Err(error) if error.is_broken_pipe() => Ok(()),
        Err(ReportError::Write(error)) => Err(error).context("cannot write to standard output"),
        done => Ok(done?),
    }
}

/// Tells an error with its causes.
pub(super) fn failure(error: &anyhow::Error) -> Exit {
    let mut words = text::visible(&told(error)).into_owned();
    words = words.replace("\\n", "\n");
    complain(&words);
    Exit::NotAudited
}

/// Tells one thing that is wrong.
pub(super) fn complain(words: &str) {
    let _ = writeln!(io::stderr(), "pktaudit: {words}");
}

/// Tells something good to know, unless quiet.
pub(super) fn note(common: &Common, words: &str) {
    if !common.quiet {
        let _ = writeln!(io::stderr(), "pktaudit: {words}");
    }
}

/// `1 packet`, `2 packets`.
pub(super) fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// Prints text that was made for a terminal as it is.
pub(super) fn raw_to_stderr(words: &str) {
    let _ = write!(io::stderr(), "{words}");
}

/// How wide and how colourful the terminal takes it.
pub(super) fn look(common: &Common) -> Look {
    let told = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    let width = told.or_else(|| {
        let (Width(columns), _) = terminal_size_of(io::stdout())?;
        Some(usize::from(columns))
    });
    Look {
        width: width.filter(|width| *width >= 40).unwrap_or(100),
        paint: if colored(common, io::stdout().is_terminal()) {
            Paint::Color
        } else {
            Paint::Plain
        },
        all: common.verbose,
        quiet: common.quiet,
        language: Language::English,
    }
}

/// The same in a language.
pub(super) fn look_in(language: Language, common: &Common) -> Look {
    Look {
        language,
        ..look(common)
    }
}

/// Whether to colour what goes to a stream.
pub(super) fn colored(common: &Common, terminal: bool) -> bool {
    match common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// Why other commands write no Markdown.
pub(super) const ONLY_DIFF: &str = "the format markdown is for `rules diff` only";

impl TryFrom<Format> for report::Format {
    type Error = anyhow::Error;

    /// The formats of lists; those of audits alone are refused.
    fn try_from(format: Format) -> anyhow::Result<Self> {
        Ok(match format {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
            Format::Ndjson => Self::Ndjson,
            Format::Csv => Self::Csv,
            Format::Sarif | Format::Junit => {
                anyhow::bail!("the formats sarif and junit are for audit and judge only")
            }
            Format::Markdown => anyhow::bail!(ONLY_DIFF),
        })
    }
}
