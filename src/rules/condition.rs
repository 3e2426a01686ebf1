//! Conditions of requirements, and their three truths.

use std::fmt;

use jiff::civil::Date;

use super::{FeatureIndex, RoleIndex, VersionRange};

/// Whether something holds, as far as the site says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Truth {
    /// It does.
    On,
    /// It does not.
    Off,
    /// The site does not say.
    Unknown,
}

impl Truth {
    /// Both (Kleene): off wins, then unknown.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Off, _) | (_, Self::Off) => Self::Off,
            (Self::On, Self::On) => Self::On,
            _ => Self::Unknown,
        }
    }

    /// Either (Kleene): on wins, then unknown.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::On, _) | (_, Self::On) => Self::On,
            (Self::Off, Self::Off) => Self::Off,
            _ => Self::Unknown,
        }
    }
}

/// The opposite; unknown stays unknown.
impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::On => Self::Off,
            Self::Off => Self::On,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::On } else { Self::Off }
    }
}

/// What must hold for a requirement to count, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// A feature is switched on, or off.
    Feature {
        /// Which feature.
        feature: FeatureIndex,
        /// Its key, for texts.
        key: String,
        /// Wanted on (`true`) or off.
        on: bool,
    },
    /// A host in this role exists at the site.
    Component {
        /// Which role.
        role: RoleIndex,
        /// Its name, for texts.
        name: String,
    },
    /// A product or component is in a range of versions.
    Version {
        /// Whose version.
        of: String,
        /// The range.
        range: VersionRange,
    },
    /// The account was created before this day.
    CreatedBefore(Date),
    /// Advice for firewalls that cannot do something (`wildcard-not-permitted`). Says how to write the firewall's
    /// rules, not what crosses the wire, so it always holds.
    Restriction(String),
    /// One of them holds.
    Any(Vec<Condition>),
    /// All of them hold.
    All(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
}

/// What conditions are asked against: the site as a whole, or the site as one host of it sees it.
pub trait Circumstances {
    /// Whether a feature is on.
    fn feature(&self, feature: FeatureIndex) -> Truth;
    /// Whether a host in a role exists.
    fn component(&self, role: RoleIndex) -> Truth;
    /// Whether the version of `of` lies in a range.
    fn version(&self, of: &str, range: &VersionRange) -> Truth;
    /// Whether the account was created before a day.
    fn created_before(&self, day: Date) -> Truth;
}

impl Condition {
    /// Whether it holds.
    #[must_use]
    pub fn evaluate(&self, site: &impl Circumstances) -> Truth {
        match self {
            Self::Feature {
                feature, on: true, ..
            } => site.feature(*feature),
            Self::Feature {
                feature, on: false, ..
            } => !site.feature(*feature),
            Self::Component { role, .. } => site.component(*role),
            Self::Version { of, range } => site.version(of, range),
            Self::CreatedBefore(day) => site.created_before(*day),
            Self::Restriction(_) => Truth::On,
            Self::Any(list) => list
                .iter()
                .map(|c| c.evaluate(site))
                .fold(Truth::Off, Truth::or),
            Self::All(list) => Self::evaluate_all(list, site),
            Self::Not(inner) => !inner.evaluate(site),
        }
    }

    /// Whether all of a list hold; an empty list does.
    #[must_use]
    pub fn evaluate_all(list: &[Self], site: &impl Circumstances) -> Truth {
        list.iter()
            .map(|c| c.evaluate(site))
            .fold(Truth::On, Truth::and)
    }

    /// Whether the answer can differ from host to host.
    #[must_use]
    pub fn is_per_host(&self) -> bool {
        match self {
            Self::Version { .. } => true,
            Self::Any(list) | Self::All(list) => list.iter().any(Self::is_per_host),
            Self::Not(inner) => inner.is_per_host(),
            _ => false,
        }
    }
}

/// `feature smart-scan on`, `agent 20.0.1541 or later`, `a relay exists`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |f: &mut fmt::Formatter<'_>, list: &[Self], word: &str| {
            f.write_str("(")?;
            for (i, condition) in list.iter().enumerate() {
                write!(f, "{}{condition}", if i == 0 { "" } else { word })?;
            }
            f.write_str(")")
        };
        match self {
            Self::Feature { key, on, .. } => {
                write!(f, "feature {key} {}", if *on { "on" } else { "off" })
            }
            Self::Component { name, .. } => write!(f, "a host in role {name}"),
            Self::Version { of, range } => write!(f, "{of} {range}"),
            Self::CreatedBefore(day) => write!(f, "account created before {day}"),
            Self::Restriction(what) => write!(f, "firewall restriction {what}"),
            Self::Any(list) => join(f, list, " or "),
            Self::All(list) => join(f, list, " and "),
            Self::Not(inner) => write!(f, "not {inner}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Truth::{Off, On, Unknown};

    struct Site;

    impl Circumstances for Site {
        fn feature(&self, feature: FeatureIndex) -> Truth {
            [On, Off, Unknown][feature.index()]
        }
        fn component(&self, role: RoleIndex) -> Truth {
            [On, Off, Unknown][role.index()]
        }
        fn version(&self, _: &str, range: &VersionRange) -> Truth {
            range.contains(&"20.0.1540".parse().unwrap())
        }
        fn created_before(&self, day: Date) -> Truth {
            Truth::from(jiff::civil::date(2019, 5, 1) < day)
        }
    }

    fn feature(index: u32, on: bool) -> Condition {
        Condition::Feature {
            feature: FeatureIndex::new(index),
            key: format!("f{index}"),
            on,
        }
    }

    #[test]
    fn three_truths_follow_kleene() {
        let all = [On, Off, Unknown];
        for a in all {
            assert_eq!(!!a, a);
            for b in all {
                assert_eq!(a.and(b), b.and(a));
                assert_eq!(!a.and(b), (!a).or(!b));
            }
        }
        assert_eq!(
            (
                Unknown.and(Off),
                Unknown.and(On),
                Unknown.or(On),
                Unknown.or(Off)
            ),
            (Off, Unknown, On, Unknown)
        );
    }

    #[test]
    fn conditions_hold_by_what_the_site_says() {
        let any = Condition::Any(vec![feature(1, true), feature(2, true)]);
        let all = Condition::All(vec![feature(0, true), feature(2, false)]);
        let version = |from: &str| Condition::Version {
            of: "agent".into(),
            range: VersionRange {
                from: Some(from.parse().unwrap()),
                until: None,
            },
        };
        let table = [
            (feature(0, true), On),
            (feature(0, false), Off),
            (feature(1, false), On),
            (feature(2, false), Unknown),
            (any.clone(), Unknown),
            (Condition::Any(vec![any.clone(), feature(0, true)]), On),
            (all.clone(), Unknown),
            (Condition::All(vec![all, feature(1, true)]), Off),
            (Condition::Not(Box::new(any)), Unknown),
            (version("20.0.1541"), Off),
            (version("20.0.1540"), On),
            (
                Condition::CreatedBefore(jiff::civil::date(2020, 11, 23)),
                On,
            ),
            (Condition::CreatedBefore(jiff::civil::date(2019, 5, 1)), Off),
            (Condition::Restriction("wildcard-not-permitted".into()), On),
            (
                Condition::Component {
                    role: RoleIndex::new(1),
                    name: "relay".into(),
                },
                Off,
            ),
            (Condition::Any(vec![]), Off),
            (Condition::All(vec![]), On),
        ];
        for (condition, truth) in table {
            assert_eq!(condition.evaluate(&Site), truth, "{condition}");
        }
    }

    #[test]
    fn conditions_read_as_text() {
        let condition = Condition::All(vec![
            feature(0, false),
            Condition::Not(Box::new(feature(1, true))),
        ]);
        assert_eq!(
            condition.to_string(),
            "(feature f0 off and not feature f1 on)"
        );
        assert!(!condition.is_per_host());
    }
}
