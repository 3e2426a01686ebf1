//! Problems drawn under the text that they are about.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::problem::{Problem, ProblemSeverity};

impl Problem {
    /// The problem drawn under its line. Ends with a line break.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let (start, text) = self.lines();
        let span = self.span.start.saturating_sub(start)
            ..self.span.end.saturating_sub(start).min(text.len());
        let level = match self.severity {
            ProblemSeverity::Error => Level::ERROR,
            ProblemSeverity::Warning => Level::WARNING,
            ProblemSeverity::Note => Level::NOTE,
        };
        let snippet = Snippet::source(text)
            .line_start(self.line)
            .path(self.file.as_str())
            .annotation(AnnotationKind::Primary.span(span.start.min(span.end)..span.end));
        let mut group = level
            .primary_title(self.message.as_str())
            .id(self.code)
            .element(snippet);
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let mut out = renderer.render(&[group]);
        out.push('\n');
        out
    }
}

/// All problems drawn, errors first, each as [`Problem::render`] draws it.
#[must_use]
pub fn render_all(problems: &[Problem], color: bool) -> String {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|p| p.severity);
    sorted.iter().map(|p| p.render(color) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::super::problem::{Problems, SourceText};
    use super::*;

    fn one(text: &str, span: Range<usize>) -> Problem {
        let mut problems = Problems::default();
        problems.error(
            &SourceText::new("a.toml", text),
            "bad-name",
            span,
            "no name",
            "write one".to_owned(),
        );
        problems.finish().remove(0)
    }

    #[test]
    fn a_problem_is_drawn_with_file_line_pointer_and_hint() {
        let problem = one("format = 1\nto = [\"a..b\"]\n", 17..23);
        assert_eq!((problem.line, problem.column), (2, 7));
        let text = problem.render(false);
        assert!(text.contains("error[bad-name]: no name"), "{text}");
        assert!(text.contains("a.toml:2:7"), "{text}");
        assert!(text.contains("^^^^^^"), "{text}");
        assert!(text.contains("help: write one"), "{text}");
    }

    #[test]
    fn spans_beyond_the_text_or_inside_a_character_do_no_harm() {
        let backwards = Range { start: 2, end: 1 };
        for span in [0..900, 900..901, 1..2, backwards, 3..3] {
            assert!(!one("\u{3042}\u{3044}", span).render(true).is_empty());
        }
    }

    #[test]
    fn control_characters_never_reach_a_terminal() {
        let mut problems = Problems::default();
        let source = SourceText::new("a\x1b[31m.toml", "x = \"\x1b[2J\"");
        problems.error(&source, "bad-name", 0..1, "\x1b[31m\u{202e}", None);
        let text = render_all(&problems.finish(), false);
        assert!(
            !text.contains('\x1b') && !text.contains('\u{202e}'),
            "{text:?}"
        );
    }
}
