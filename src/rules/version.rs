//! Versions as vendors print them, and ranges of them.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::Truth;

/// A version: numbers compared from left to right, a missing part as zero.
///
/// A build (`20.0 build 1541`, `20.0.0-1541`) is one more part; a zero third part before it is dropped, so that
/// both are `20.0.1541`.
#[derive(Clone, Debug)]
pub struct Version(Vec<u64>);

/// Why a text is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version: numbers between dots are wanted, with a build after `-` or `build`")]
pub struct VersionError(String);

impl Version {
    /// The parts, leftmost first; at least one, at most eight.
    #[must_use]
    pub fn parts(&self) -> &[u64] {
        &self.0
    }

    /// Whether `self` may be cut short: all it states is the beginning of `bound`, and `bound` says more.
    fn is_vague_against(&self, bound: &Self) -> bool {
        self.0.len() < bound.0.len()
            && bound.0.starts_with(&self.0)
            && bound.0[self.0.len()..].iter().any(|&p| p != 0)
    }

    /// Cut to as many parts as `bound` has, so that `12.3` counts as `12` where the bound is `12`.
    fn cut_to(&self, bound: &Self) -> Self {
        Self(self.0.iter().take(bound.0.len()).copied().collect())
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || VersionError(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        let bare = lower.strip_prefix('v').unwrap_or(&lower);
        let (numbers, build) = match bare.split_once("build").or_else(|| bare.split_once('-')) {
            Some((numbers, build)) => (numbers, Some(build)),
            None => (bare, None),
        };
        let mut parts = Vec::new();
        for part in numbers.trim().split('.') {
            parts.push(part.parse::<u64>().map_err(|_| error())?);
        }
        if let Some(build) = build {
            if parts.len() == 3 && parts.last() == Some(&0) {
                parts.pop();
            }
            parts.push(build.trim().parse().map_err(|_| error())?);
        }
        if parts.len() > 8 || text.contains('+') {
            return Err(error());
        }
        Ok(Self(parts))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let longest = self.0.len().max(other.0.len());
        let part = |v: &Self, i: usize| v.0.get(i).copied().unwrap_or(0);
        (0..longest)
            .map(|i| part(self, i).cmp(&part(other, i)))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, part) in self.0.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            write!(f, "{dot}{part}")?;
        }
        Ok(())
    }
}

/// Versions from one to another, both included; a missing end is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// The first version in it.
    pub from: Option<Version>,
    /// The last one: all versions that begin with it are in it too.
    pub until: Option<Version>,
}

impl VersionRange {
    /// Whether a version lies in it; unknown where the version states too few parts to tell.
    #[must_use]
    pub fn contains(&self, version: &Version) -> Truth {
        let above = match &self.from {
            Some(from) if version.is_vague_against(from) => Truth::Unknown,
            Some(from) => Truth::from(version >= from),
            None => Truth::On,
        };
        let below = match &self.until {
            Some(until) if version.is_vague_against(until) => Truth::Unknown,
            Some(until) => Truth::from(version.cut_to(until) <= *until),
            None => Truth::On,
        };
        above.and(below)
    }

    /// Whether no version can lie in it.
    #[must_use]
    pub fn is_backwards(&self) -> bool {
        match (&self.from, &self.until) {
            (Some(from), Some(until)) => from.cut_to(until) > *until,
            _ => false,
        }
    }
}

/// `20.0.1541 to 20.0.1558`, `6.7 or later`, `6.6 or earlier`.
impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.from, &self.until) {
            (Some(from), Some(until)) => write!(f, "{from} to {until}"),
            (Some(from), None) => write!(f, "{from} or later"),
            (None, Some(until)) => write!(f, "{until} or earlier"),
            (None, None) => f.write_str("any version"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn versions_order_as_numbers() {
        let ascending = [
            "6.6",
            "6.7",
            "6.10",
            "11.0",
            "12",
            "12.0.1",
            "20.0.0-1540",
            "20.0 build 1541",
            "20.0.1559",
            "20.1",
        ];
        for pair in ascending.windows(2) {
            assert!(v(pair[0]) < v(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn one_version_in_several_spellings() {
        for text in [
            "20.0 build 1541",
            "20.0.0-1541",
            "20.0.1541",
            "20.0-1541",
            " V20.0 Build 1541 ",
        ] {
            assert_eq!(v(text), v("20.0.1541"), "{text}");
        }
        assert_eq!(v("12"), v("12.0"));
        assert_eq!(v("20.0.0-1541").to_string(), "20.0.1541");
    }

    #[test]
    fn texts_that_are_no_versions() {
        for text in [
            "",
            "x",
            "1..2",
            "1.x",
            "20.0-",
            "20.0-a",
            "-1",
            "+1",
            "1.2.3.4.5.6.7.8.9",
            "99999999999999999999999",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_include_both_ends_and_say_when_they_cannot_tell() {
        let range = VersionRange {
            from: Some(v("20.0.1541")),
            until: Some(v("20.0.1558")),
        };
        let table = [
            ("20.0.0-1540", Truth::Off),
            ("20.0.0-1541", Truth::On),
            ("20.0.0-1558", Truth::On),
            ("20.0.0-1559", Truth::Off),
            ("20.0", Truth::Unknown),
            ("12.0", Truth::Off),
            ("21.0", Truth::Off),
        ];
        for (text, truth) in table {
            assert_eq!(range.contains(&v(text)), truth, "{text}");
        }
        let twelve = VersionRange {
            from: Some(v("12.0")),
            until: Some(v("12")),
        };
        for (text, truth) in [
            ("12", Truth::On),
            ("12.0.5", Truth::On),
            ("12.9", Truth::On),
            ("13", Truth::Off),
            ("11.9", Truth::Off),
        ] {
            assert_eq!(twelve.contains(&v(text)), truth, "{text}");
        }
        assert!(!twelve.is_backwards() && !range.is_backwards());
        assert!(
            VersionRange {
                from: Some(v("7")),
                until: Some(v("6.6"))
            }
            .is_backwards()
        );
    }
}
