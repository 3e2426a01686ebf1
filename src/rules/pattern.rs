//! Names as rules write them: exact, wildcards, and templates over regions.
//!
//! | written | covers |
//! |---|---|
//! | `x.example` | that name |
//! | `*.x.example` | one or more whole labels before `x.example`; not `x.example` itself |
//! | `*x.example` | any run of characters before it, dots included, also none |
//! | `a.*.example`, `a-*.example` | an inner star stays within its label; a label that is only a star is not empty |
//! | `a.<region>.example` | a template: see [`NameTemplate`] |

use std::fmt;
use std::sync::Arc;

use crate::model::Fqdn;

/// What stands for the region in a template.
pub(super) const REGION: &str = "<region>";

/// A pattern over domain names, normalised as [`Fqdn`] is. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamePattern {
    text: Arc<str>,
    kind: PatternKind,
}

/// The kinds of patterns, by the cheapest test for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternKind {
    /// One name.
    Exact,
    /// `*.x`: names with at least one more label than `x`.
    SubdomainsOf,
    /// `*x`: names that end with `x`.
    EndingWith,
    /// Stars elsewhere.
    Labels,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// The literal part is no domain name.
    #[error("{0}")]
    Name(#[from] crate::model::FqdnError),
    /// `*` alone or no literal text after the stars.
    #[error("`{0}` has no name after its star")]
    OnlyStars(String),
    /// Two stars side by side.
    #[error("`{0}` has two stars side by side")]
    DoubleStar(String),
    /// An angle bracket that does not belong to `<region>`.
    #[error("`{0}` is no template: only `<region>` may stand between angle brackets")]
    Placeholder(String),
}

impl NamePattern {
    /// Reads an exact name or a wildcard; `<region>` is refused.
    ///
    /// # Errors
    /// Says which part is no name or no wildcard.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let text = text.trim().strip_suffix('.').unwrap_or(text.trim());
        if text.contains(['<', '>']) {
            return Err(PatternError::Placeholder(text.to_owned()));
        }
        if !text.contains('*') {
            return Ok(Self {
                text: Fqdn::parse(text)?.as_str().into(),
                kind: PatternKind::Exact,
            });
        }
        Self::wildcard(text)
    }

    fn wildcard(text: &str) -> Result<Self, PatternError> {
        if text.contains("**") {
            return Err(PatternError::DoubleStar(text.to_owned()));
        }
        let last = text.rsplit('.').next().unwrap_or_default();
        if last.is_empty() || last == "*" || last.ends_with('*') {
            return Err(PatternError::OnlyStars(text.to_owned()));
        }
        // A star stands for characters that a name can have, so a letter in its place shows whether the rest is a name.
        let stand_in = Fqdn::parse(&text.replace('*', "0"))?;
        let rest = text.strip_prefix("*.").or_else(|| text.strip_prefix('*'));
        let (kind, text) = match rest {
            Some(rest) if !rest.contains('*') => {
                let rest = Fqdn::parse(rest)?;
                let (kind, lead) = if text.starts_with("*.") {
                    (PatternKind::SubdomainsOf, "*.")
                } else {
                    (PatternKind::EndingWith, "*")
                };
                (kind, format!("{lead}{rest}"))
            }
            _ if text.is_ascii() => (PatternKind::Labels, text.to_ascii_lowercase()),
            _ => (PatternKind::Labels, Self::a_labels(text, &stand_in)?),
        };
        Ok(Self {
            text: text.into(),
            kind,
        })
    }

    /// Labels without a star as A-labels; a star inside an international label cannot be told.
    fn a_labels(text: &str, stand_in: &Fqdn) -> Result<String, PatternError> {
        let mut out = Vec::new();
        for (label, ascii) in text.split('.').zip(stand_in.labels()) {
            match (label.contains('*'), label.is_ascii()) {
                (false, _) => out.push(ascii.to_owned()),
                (true, true) => out.push(label.to_ascii_lowercase()),
                (true, false) => return Err(crate::model::FqdnError::Idna(label.to_owned()).into()),
            }
        }
        Ok(out.join("."))
    }

    /// The pattern as text: lower case, A-labels, no trailing dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The pattern's text, shared.
    #[must_use]
    pub fn text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> PatternKind {
        self.kind
    }

    /// The longest run of whole labels at the end that has no star; the whole name for an exact one. May be empty.
    #[must_use]
    pub fn literal_tail(&self) -> &str {
        let text = &*self.text;
        match text.rfind(['*', '<', '>']) {
            None => text,
            Some(star) => text[star..]
                .find('.')
                .map_or("", |dot| &text[star + dot + 1..]),
        }
    }

    /// What follows a leading star, for [`PatternKind::SubdomainsOf`] and [`PatternKind::EndingWith`].
    pub(super) fn suffix(&self) -> &str {
        self.text
            .strip_prefix("*.")
            .or_else(|| self.text.strip_prefix('*'))
            .unwrap_or(&self.text)
    }

    /// Whether a name is covered. The name must be normalised as [`Fqdn`] is. Linear in the name for all but labels
    /// with several stars.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.kind {
            PatternKind::Exact => *self.text == *name,
            PatternKind::SubdomainsOf => name
                .strip_suffix(self.suffix())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
            PatternKind::EndingWith => name.ends_with(self.suffix()),
            PatternKind::Labels => self.matches_labels(name),
        }
    }

    /// Labels are compared from the right, since only a leading star may span dots.
    fn matches_labels(&self, name: &str) -> bool {
        let (more, rest) = match self.text.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, &*self.text),
        };
        let spans = more || rest.starts_with('*');
        let mut labels = name.rsplit('.');
        for pattern in rest.rsplit('.') {
            match labels.next() {
                Some(label) if label_matches(pattern, label) => {}
                _ => return false,
            }
        }
        match labels.next() {
            Some(label) => spans && (!label.is_empty() || labels.next().is_some()),
            None => !more,
        }
    }
}

/// One label against a label pattern: `*` is any run, and a pattern that is only a star wants something.
/// `<region>` stands for a run that is not empty.
fn label_matches(pattern: &str, label: &str) -> bool {
    if pattern == "*" || pattern == REGION {
        return !label.is_empty();
    }
    if let Some((before, after)) = pattern.split_once(REGION) {
        let inner = label
            .strip_prefix(before)
            .and_then(|l| l.strip_suffix(after));
        return inner.is_some_and(|l| !l.is_empty());
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| label.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A pattern with `<region>` in it: filled once for each region, or one label that is not empty where none is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameTemplate {
    text: Arc<str>,
}

impl NameTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// Where it is no pattern once a region is put in.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let text = text
            .trim()
            .strip_suffix('.')
            .unwrap_or(text.trim())
            .to_ascii_lowercase();
        let rest = text.replace(REGION, "");
        if !text.contains(REGION) || rest.contains(['<', '>']) || text.matches(REGION).count() > 1 {
            return Err(PatternError::Placeholder(text));
        }
        NamePattern::parse(&text.replace(REGION, "0"))?;
        Ok(Self { text: text.into() })
    }

    /// The template as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The pattern with a region's label put in.
    ///
    /// # Errors
    /// Where the label makes it no name.
    pub fn fill(&self, label: &str) -> Result<NamePattern, PatternError> {
        NamePattern::parse(&self.text.replace(REGION, label))
    }

    /// The pattern for a document that knows no region: `<region>` is then one label, or part of one, of any text.
    #[must_use]
    pub fn any_region(&self) -> NamePattern {
        NamePattern {
            text: Arc::clone(&self.text),
            kind: PatternKind::Labels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcard_grammar() {
        let table: &[(&str, &[&str], &[&str])] = &[
            (
                "x.example",
                &["x.example"],
                &["a.x.example", "ax.example", "example"],
            ),
            ("X.Example.", &["x.example"], &["y.example"]),
            (
                "*.x.example",
                &["a.x.example", "a.b.x.example"],
                &["x.example", ".x.example", "ax.example", "x.example.com"],
            ),
            (
                "*x.example",
                &[
                    "x.example",
                    "foox.example",
                    "agent-001.x.example",
                    "a.b.x.example",
                ],
                &["x.example.com", "y.example"],
            ),
            (
                "a.*.example",
                &["a.b.example", "a.-.example"],
                &["a..example", "a.b.c.example", "b.a.b.example", "a.example"],
            ),
            (
                "agent-*.x.example",
                &["agent-1.x.example", "agent-.x.example"],
                &["agent.x.example", "agent-1.2.x.example"],
            ),
            (
                "*.a-*.example",
                &["z.a-1.example", "y.z.a-.example"],
                &["a-1.example", ".a-1.example", "z.b-1.example"],
            ),
            (
                "*a-*b.example",
                &["a-b.example", "xa-1b.example", "z.xa-1b.example"],
                &["a-1c.example", "z.example"],
            ),
            (
                "a*b*c.example",
                &["abc.example", "axbxc.example", "abbcc.example"],
                &["acb.example", "ab.c.example"],
            ),
        ];
        for (pattern, hits, misses) in table {
            let pattern = NamePattern::parse(pattern).unwrap();
            for name in *hits {
                assert!(pattern.matches(name), "{pattern} should cover {name}");
            }
            for name in *misses {
                assert!(!pattern.matches(name), "{pattern} should not cover {name}");
            }
        }
    }

    #[test]
    fn texts_that_are_no_patterns() {
        for text in [
            "*",
            "**",
            "*.*",
            "a.*",
            "**.example",
            "a..b",
            "a b.example",
            "<region>.example",
            "a<b>.example",
            "x*",
            "",
        ] {
            assert!(NamePattern::parse(text).is_err(), "{text}");
        }
        for text in [
            "a.example",
            "<zone>.example",
            "<region>.<zone>.example",
            "<region>",
            "a.<region>.<region>.example",
            "<region",
            "a..<region>.b",
        ] {
            assert!(
                NameTemplate::parse(text).is_err() || text == "<region>",
                "{text}"
            );
        }
    }

    #[test]
    fn templates_are_filled_or_stand_for_one_label() {
        let template = NameTemplate::parse("*workload.<region>.cloud.example").unwrap();
        let us = template.fill("us-1").unwrap();
        assert_eq!(us.as_str(), "*workload.us-1.cloud.example");
        assert!(
            us.matches("agent-001.workload.us-1.cloud.example")
                && us.matches("workload.us-1.cloud.example")
        );
        assert!(!us.matches("workload.jp-1.cloud.example"));
        let any = template.any_region();
        assert!(
            any.matches("x.workload.jp-1.cloud.example")
                && any.matches("workload.zz.cloud.example")
        );
        assert!(
            !any.matches("workload.a.b.cloud.example") && !any.matches("workload..cloud.example")
        );
        assert_eq!(any.literal_tail(), "cloud.example");
        let inside = NameTemplate::parse("api-<region>.x.example")
            .unwrap()
            .any_region();
        assert!(inside.matches("api-eu.x.example") && !inside.matches("api-.x.example"));
    }

    #[test]
    fn international_labels_are_compared_as_a_labels() {
        assert_eq!(
            NamePattern::parse("*.b\u{fc}cher.example")
                .unwrap()
                .as_str(),
            "*.xn--bcher-kva.example"
        );
        assert_eq!(
            NamePattern::parse("a-*.b\u{fc}cher.example")
                .unwrap()
                .as_str(),
            "a-*.xn--bcher-kva.example"
        );
        assert!(NamePattern::parse("b\u{fc}-*.example").is_err());
    }

    #[test]
    fn tails_end_at_whole_labels() {
        for (text, tail) in [
            ("a-*.x.example", "x.example"),
            ("*x.example", "example"),
            ("*.x.example", "x.example"),
            ("x.example", "x.example"),
        ] {
            assert_eq!(
                NamePattern::parse(text).unwrap().literal_tail(),
                tail,
                "{text}"
            );
        }
    }
}
