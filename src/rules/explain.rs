//! Why a requirement covers a subject, or does not: every check with its outcome.

use std::fmt;

use crate::model::CaptureTime;

use super::{Activity, Cover, Mismatch, RequirementIndex, RuleSet, Scratch, Subject, Truth, Via};

/// One check of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked: `activity`, `destination`, `port`, ...
    pub what: &'static str,
    /// Whether it fits; `None` where that cannot be told.
    pub fits: Option<bool>,
    /// In words.
    pub text: String,
}

/// Why a requirement covers a subject, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// `document/id`
    pub requirement: String,
    /// Whether it covers the subject.
    pub covers: bool,
    /// The checks, in the order in which they are made.
    pub checks: Vec<Check>,
}

impl RuleSet {
    /// Explains what a requirement says about a subject. `None` where there is no such requirement.
    #[must_use]
    pub fn explain(
        &self,
        requirement: RequirementIndex,
        subject: &Subject<'_>,
    ) -> Option<Explanation> {
        let row = self.library().requirement(requirement)?;
        let assessment = self.assess(subject, &mut Scratch::default());
        let cover = assessment
            .covers
            .iter()
            .find(|c| c.requirement == requirement);
        let miss = assessment
            .misses
            .iter()
            .find(|m| m.requirement == requirement);
        let denied = assessment
            .denied
            .iter()
            .find(|d| d.requirement == requirement);
        let mut checks = vec![self.activity_check(requirement, subject.time)];
        let via = cover
            .map(|c| &c.via)
            .or(miss.map(|m| &m.via))
            .or(denied.map(|d| &d.via));
        checks.push(match via {
            Some(via) => Check {
                what: "destination",
                fits: Some(true),
                text: self.via_text(via),
            },
            None => Check {
                what: "destination",
                fits: Some(false),
                text: self.wanted_text(requirement),
            },
        });
        checks.extend(
            miss.into_iter()
                .flat_map(|m| &m.misfits)
                .map(|misfit| Check {
                    what: name_of(misfit),
                    fits: Some(false),
                    text: misfit.to_string(),
                }),
        );
        checks.extend(cover.into_iter().flat_map(cover_checks));
        if denied.is_some() {
            checks.push(Check {
                what: "deny",
                fits: Some(true),
                text: "the page says that this must not be".to_owned(),
            });
        }
        Some(Explanation {
            requirement: row.id.clone(),
            covers: cover.is_some(),
            checks,
        })
    }

    fn activity_check(&self, requirement: RequirementIndex, time: CaptureTime) -> Check {
        let (fits, text) = match self.activity_between(requirement, time, time) {
            Activity::On => (Some(true), "the requirement counts at this site".to_owned()),
            Activity::Off(text) => (Some(false), format!("off: needs {text}")),
            Activity::NotInForce(document) => (
                Some(false),
                format!("off: document {document} is not in force"),
            ),
            Activity::NoDestination => {
                (None, "cannot be audited: it has no destination".to_owned())
            }
            Activity::Unknown(text) => (None, format!("the site does not say: {text}")),
            Activity::NotAuditable(what) => {
                (None, format!("cannot be audited: {what} is not bound"))
            }
            Activity::NoNames(regions) => (Some(false), no_names(&regions)),
            Activity::Ended(day) => (Some(false), format!("ended on {day}")),
            Activity::NotBegun(day) => (Some(false), format!("begins on {day}")),
        };
        Check {
            what: "activity",
            fits,
            text,
        }
    }

    fn via_text(&self, via: &Via) -> String {
        match via {
            Via::Name { fqdn, pattern } if fqdn.as_str() == &**pattern => {
                format!("{fqdn} is listed")
            }
            Via::Name { fqdn, pattern } => format!("{fqdn} is covered by {pattern}"),
            Via::Address { prefix } => format!("the address is in {prefix}"),
            Via::Role { role } => format!(
                "the responder is in the role {}",
                self.library().role_name(*role)
            ),
            Via::Any => "any destination is listed".to_owned(),
            Via::Localhost => "within one host".to_owned(),
        }
    }

    fn wanted_text(&self, requirement: RequirementIndex) -> String {
        let text = |via: Via| match via {
            Via::Name { pattern, .. } => pattern.to_string(),
            Via::Address { prefix } => prefix.to_string(),
            Via::Role { role } => format!("role {}", self.library().role_name(role)),
            Via::Any => "any".to_owned(),
            Via::Localhost => "localhost".to_owned(),
        };
        let all = self.destinations(requirement);
        let more = all.len().saturating_sub(5);
        let mut listed: Vec<String> = all.into_iter().take(5).map(text).collect();
        if more > 0 {
            listed.push(format!("{more} more"));
        }
        format!("no listed destination fits: {}", listed.join(", "))
    }
}

/// Why a row has no names at a site, as a phrase.
#[must_use]
pub fn no_names(regions: &[String]) -> String {
    let regions = regions.join(", ");
    format!("names are known for {regions} only, and no page prints those of the site's region")
}

fn cover_checks(cover: &Cover) -> Vec<Check> {
    let mut out = Vec::new();
    if cover.port_unstated {
        out.push(Check {
            what: "port",
            fits: Some(true),
            text: "port not stated by the page; the document's assumption fits".to_owned(),
        });
    }
    if cover.path_unobserved {
        out.push(Check {
            what: "path",
            fits: None,
            text: "the path could not be seen".to_owned(),
        });
    }
    if cover.condition == Truth::Unknown {
        out.push(Check {
            what: "condition",
            fits: None,
            text: "allowed, since the site does not say otherwise".to_owned(),
        });
    }
    out
}

fn name_of(misfit: &Mismatch) -> &'static str {
    match misfit {
        Mismatch::Port { .. } => "port",
        Mismatch::Transport { .. } => "transport",
        Mismatch::Source { .. } => "source",
        Mismatch::Destination { .. } => "destination",
        Mismatch::Inactive { .. } => "condition",
        Mismatch::Region { .. } => "region",
        Mismatch::Expired { .. } | Mismatch::NotYetValid { .. } => "validity",
        Mismatch::Path { .. } => "path",
        Mismatch::DocumentNotInForce { .. } => "document",
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.covers {
            "covers it"
        } else {
            "does not cover it"
        };
        writeln!(f, "{} {verdict}", self.requirement)?;
        for check in &self.checks {
            let mark = match check.fits {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            };
            writeln!(f, "  {:<12} {mark:<8} {}", check.what, check.text)?;
        }
        Ok(())
    }
}
