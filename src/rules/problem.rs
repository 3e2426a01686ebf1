//! Problems of rule and site files: coded, placed, with a hint, drawn under the text.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use strsim::osa_distance;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemSeverity {
    /// The file cannot be used.
    Error,
    /// It can be used, but it likely does not say what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl fmt::Display for ProblemSeverity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing that is wrong with a file, with its place.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Stable kebab word; all of them are in [`super::CODES`].
    pub code: &'static str,
    /// How bad it is.
    pub severity: ProblemSeverity,
    /// File name as shown.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Bytes of the file that it is about.
    pub span: Range<usize>,
    /// What is wrong; no control characters.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    source: Arc<SourceText>,
}

impl Problem {
    /// The lines of the file that it is about, at most some twenty, and at which byte of the file they start.
    #[must_use]
    pub fn lines(&self) -> (usize, &str) {
        let (start, end) = self.source.lines_around(&self.span);
        (start, self.source.text.get(start..end).unwrap_or_default())
    }
}

/// Place, what and what to do, in one line: `rules.toml:12:7: error[bad-name]: ...; write one`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line, column) = (&self.file, self.line, self.column);
        let (severity, code) = (self.severity, self.code);
        write!(
            f,
            "{file}:{line}:{column}: {severity}[{code}]: {}",
            self.message
        )?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// A file's text with the places of its lines.
pub(super) struct SourceText {
    pub(super) name: String,
    pub(super) text: String,
    line_starts: Vec<usize>,
}

/// The name only: a problem in a test's message is not to bring its whole file along.
impl fmt::Debug for SourceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl SourceText {
    pub(super) fn new(name: &str, text: &str) -> Arc<Self> {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(i, _)| i + 1))
            .collect();
        Arc::new(Self {
            name: visible(name),
            text: text.to_owned(),
            line_starts,
        })
    }

    /// Line and column in characters of a byte offset, both counted from 1.
    fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|&s| s <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column = self
            .text
            .get(start..offset)
            .map_or(0, |t| t.chars().count())
            + 1;
        (line, column)
    }

    /// The bytes of the line where the span starts, and at most 20 lines on where it goes further.
    fn lines_around(&self, span: &Range<usize>) -> (usize, usize) {
        let first = self
            .line_starts
            .partition_point(|&s| s <= span.start)
            .max(1)
            - 1;
        let last = self
            .line_starts
            .partition_point(|&s| s < span.end)
            .max(first + 1)
            - 1;
        let last = last.min(first + 20);
        let start = self.line_starts.get(first).copied().unwrap_or(0);
        let end = self
            .line_starts
            .get(last + 1)
            .copied()
            .unwrap_or(self.text.len());
        (start, end)
    }
}

/// The most problems kept of one file; what is beyond is counted in one last problem.
pub(super) const MOST_PROBLEMS: usize = 500;

/// Problems gathered while a file is checked.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<Problem>,
    dropped: usize,
    errors: usize,
}

impl Problems {
    /// Takes what was recorded elsewhere, behind what is here.
    pub(super) fn append(&mut self, other: Self) {
        let room = MOST_PROBLEMS.saturating_sub(self.list.len());
        self.errors += other.errors;
        self.dropped += other.dropped + other.list.len().saturating_sub(room);
        self.list.extend(other.list.into_iter().take(room));
    }

    /// Whether all that is yet to come is only counted; words for it need not be looked for.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= MOST_PROBLEMS
    }

    /// Records a problem; hostile characters in the message are made visible.
    pub(super) fn push(
        &mut self,
        source: &Arc<SourceText>,
        (severity, code): (ProblemSeverity, &'static str),
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.errors += usize::from(severity == ProblemSeverity::Error);
        if self.is_full() {
            self.dropped += 1;
            return;
        }
        let span = clamp(&source.text, span);
        let (line, column) = source.place(span.start);
        self.list.push(Problem {
            code,
            severity,
            file: source.name.clone(),
            line,
            column,
            span,
            message: visible(&message.into()),
            hint: hint.into().map(|h| visible(&h)),
            source: Arc::clone(source),
        });
    }

    pub(super) fn error(
        &mut self,
        source: &Arc<SourceText>,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.push(source, (ProblemSeverity::Error, code), span, message, hint);
    }

    pub(super) fn warning(
        &mut self,
        source: &Arc<SourceText>,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.push(
            source,
            (ProblemSeverity::Warning, code),
            span,
            message,
            hint,
        );
    }

    pub(super) fn note(
        &mut self,
        source: &Arc<SourceText>,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.push(source, (ProblemSeverity::Note, code), span, message, hint);
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// The problems in file and line order; one more says how many were cut away.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        if let (true, Some(last)) = (self.dropped > 0, self.list.last()) {
            let mut more = last.clone();
            more.code = super::code::TOO_MANY_PROBLEMS;
            more.severity = if self.errors > 0 {
                ProblemSeverity::Error
            } else {
                ProblemSeverity::Warning
            };
            more.message = format!("{} more problems are not shown", self.dropped);
            more.hint = None;
            self.list.push(more);
        }
        self.list
            .sort_by(|a, b| (&a.file, a.span.start, a.code).cmp(&(&b.file, b.span.start, b.code)));
        self.list
    }
}

/// A span inside the text, on character borders.
fn clamp(text: &str, span: Range<usize>) -> Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// Control and direction-changing characters as escapes, so that no file can drive a terminal.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hostile = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if hostile && c != '\n' {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
    }
    out
}

/// The known word nearest to `word`, near enough to be a slip: "did you mean `x`?".
pub(super) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

/// The known word with the smallest edit distance, at most a third of the word's length and 3; capitals count as small
/// letters.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word
        .chars()
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase();
    let length = word.chars().count();
    let limit = length.div_ceil(3).min(3);
    known
        .into_iter()
        .take(2_000)
        // Others are further away at any rate, and may be of any length.
        .filter(|k| k.chars().count().abs_diff(length) <= limit)
        .map(|k| (osa_distance(&word, &k.to_ascii_lowercase()), k))
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_in_a_line() {
        let mut problems = Problems::default();
        let source = SourceText::new("a.toml", "format = 1\nto = [\"a..b\"]\n");
        problems.error(
            &source,
            "bad-name",
            17..23,
            "no name",
            "write one".to_owned(),
        );
        let told = problems.finish().remove(0).to_string();
        assert_eq!(told, "a.toml:2:7: error[bad-name]: no name; write one");
    }

    #[test]
    fn near_is_by_edits_and_swaps_count_once() {
        assert_eq!(nearest("rea", ["era"]), Some("era"), "one edit, not two");
        assert_eq!(nearest("agent", ["agents", "AGNET"]), Some("AGNET"));
        assert_eq!(nearest("agent", ["agents", "gnats"]), Some("agents"));
        assert_eq!(
            nearest("smart-scn", ["smart-scan", "relay"]),
            Some("smart-scan")
        );
        assert_eq!(nearest("x", ["relay"]), None);
    }
}
