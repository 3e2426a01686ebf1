//! What is asked, read, checked and compiled.

use std::io;
use std::path::{Path, PathBuf};

use super::rule_files::{named_sets, own_texts, site_text};
use super::selection::Selection;
use crate::observe::Capture;
use crate::rules::{
    self, Chosen, Library, Problem, Profile, RuleSet, RuleText, SHIPPED_SETS, SetChoice, Site,
};

/// The code of the problem that a site file binds nothing.
const BINDS_NOTHING: &str = "site-binds-nothing";

/// Requirements as they are in force at a site.
#[derive(Debug)]
pub struct Plan {
    /// The compiled requirements, with the site that they were compiled for.
    pub rules: RuleSet,
    /// The arguments that decide what is reported.
    pub arguments: Vec<String>,
    /// The day on which dated requirements are judged, `YYYY-MM-DD`; `None` where each packet's own day counts.
    pub as_of: Option<String>,
    /// SHA-256 of the site file, in hexadecimal digits.
    pub site_sha256: Option<String>,
    /// The shipped sets among the rules, with why they are; other rules are named.
    pub sets: Vec<SetChoice>,
    /// What is odd in the site file, though it can be used.
    pub warnings: Vec<Problem>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read{wanted}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// As what, with a space before it; or nothing.
        wanted: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A file is of another kind than was asked for.
    #[error("{name}: is {is}, where {wanted} is wanted; {instead}")]
    OtherKind {
        /// The file.
        name: String,
        /// What it is.
        is: &'static str,
        /// What should be there.
        wanted: &'static str,
        /// How it is given.
        instead: &'static str,
    },
    /// A folder holds no rule file.
    #[error("{}: no rule files (*.toml) in this folder", .0.display())]
    NoRules(PathBuf),
    /// No shipped set has this name.
    #[error("`@{0}` is no shipped set; there are {sets}", sets = known_sets())]
    NoSuchSet(String),
    /// Rule files have errors.
    #[error("the rule files have errors; nothing was audited")]
    Rules(Vec<Problem>),
    /// The site file has errors.
    #[error("the site file has errors; nothing was audited")]
    Site(Vec<Problem>),
    /// The site file can be read, but says nothing of what is meant to be audited.
    #[error("the site file gives no role an address; nothing was audited")]
    BindsNothing(Vec<Problem>),
    /// Regions or features that the rules do not know.
    #[error("the choices do not go with the rules; nothing was audited")]
    Choices(Vec<Problem>),
}

impl PlanError {
    /// What is wrong, place by place, where files could be read.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Rules(problems)
            | Self::Site(problems)
            | Self::BindsNothing(problems)
            | Self::Choices(problems) => problems,
            Self::Unreadable { .. }
            | Self::OtherKind { .. }
            | Self::NoRules(_)
            | Self::NoSuchSet(_) => &[],
        }
    }

    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            wanted: "",
            source,
        }
    }
}

fn known_sets() -> String {
    let known = SHIPPED_SETS
        .iter()
        .map(|set| format!("@{} ({})", set.name, set.about));
    known.collect::<Vec<_>>().join(", ")
}

impl Plan {
    /// Reads and checks all that a selection names.
    ///
    /// # Errors
    /// What cannot be read or has errors, with all problems of a file at once.
    pub fn read(selection: &Selection) -> Result<Self, PlanError> {
        let sets = named_sets(&selection.rules, selection.site.as_deref())?;
        Self::with_sets(selection, sets)
    }

    /// Rules that are compiled already, of which nothing else is told.
    #[must_use]
    pub const fn of(rules: RuleSet) -> Self {
        Self {
            rules,
            arguments: Vec::new(),
            as_of: None,
            site_sha256: None,
            sets: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The plan for what was captured, where it is another one: where neither the selection nor the site file names rules, the
    /// sets that the capture fits.
    ///
    /// It is a matter of the names in it alone, so parts of a capture that are put together give what the whole gives.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn fitting(
        &self,
        capture: &Capture,
        selection: &Selection,
    ) -> Result<Option<Self>, PlanError> {
        let open = |choice: &SetChoice| choice.chosen == Chosen::Default;
        if !selection.rules.is_empty() || !self.sets.iter().all(open) {
            return Ok(None);
        }
        let sets = sets_fitting(capture, selection.site.is_some());
        if sets.iter().all(open) {
            return Ok(None);
        }
        Self::with_sets(selection, sets).map(Some)
    }

    fn with_sets(selection: &Selection, sets: Vec<SetChoice>) -> Result<Self, PlanError> {
        let mut texts: Vec<RuleText> = sets.iter().flat_map(|choice| choice.set.texts()).collect();
        texts.extend(own_texts(&selection.rules)?);
        let (library, _) = check_rules(&texts)?;
        let read = selection.site.as_deref();
        let read = read.map(|path| read_site(path, &library)).transpose()?;
        let site = read.as_ref().map(|read| &read.site);
        let profile = profile(&library, site, selection)?;
        let (site_sha256, warnings) = read
            .map(|read| (read.sha256, read.warnings))
            .unwrap_or_default();
        Ok(Self {
            rules: RuleSet::compile(library, &profile),
            arguments: selection.arguments(),
            as_of: selection.as_of.map(|day| day.to_string()),
            site_sha256,
            sets,
            warnings,
        })
    }
}

/// The shipped sets that the names in a capture fit. The first set is left out where others fit better, unless `keeps_first`.
#[must_use]
pub fn sets_fitting(capture: &Capture, keeps_first: bool) -> Vec<SetChoice> {
    let lookups = capture.dns.iter();
    let asked = lookups.filter_map(|lookup| lookup.query.as_ref());
    let flows = capture.flows.iter();
    let said = flows.filter_map(|flow| flow.names.first());
    rules::sets_fitting(asked.chain(said.map(|name| &name.fqdn)), keeps_first)
}

/// Checks rule files; what is odd in them beside.
///
/// # Errors
/// All that is wrong with them.
pub fn check_rules(texts: &[RuleText]) -> Result<(Library, Vec<Problem>), PlanError> {
    rules::check(texts).map_err(|problems| {
        match texts
            .iter()
            .find(|text| kind(&text.text) == Some(Kind::Site))
        {
            Some(site) => PlanError::OtherKind {
                name: site.name.clone(),
                is: "a site file",
                wanted: "a rule file",
                instead: "--site takes it",
            },
            None => PlanError::Rules(problems),
        }
    })
}

/// What a text with errors was meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rules,
    Site,
}

/// Told by keys that only one of them has; `None` of what has none.
fn kind(text: &str) -> Option<Kind> {
    let table: toml::Table = text.parse().ok()?;
    let has = |keys: &[&str]| keys.iter().any(|key| table.contains_key(*key));
    if has(&["format", "document"]) {
        Some(Kind::Rules)
    } else {
        has(&["site", "roles"]).then_some(Kind::Site)
    }
}

/// A site file that can be used.
#[derive(Debug)]
pub struct ReadSite {
    /// What it says.
    pub site: Site,
    /// What is odd in it.
    pub warnings: Vec<Problem>,
    /// SHA-256 of it, in hexadecimal digits.
    pub sha256: Option<String>,
}

/// Reads and checks a site file.
///
/// # Errors
/// One that cannot be read, has errors, or binds nothing.
pub fn read_site(path: &Path, library: &Library) -> Result<ReadSite, PlanError> {
    let text = RuleText {
        name: path.display().to_string(),
        text: site_text(path)?,
    };
    let sha256 = Some(rules::sha256_of(&text.text));
    let (site, warnings) =
        rules::check_site(&text, library).map_err(|problems| match kind(&text.text) {
            Some(Kind::Rules) => PlanError::OtherKind {
                name: text.name.clone(),
                is: "a rule file",
                wanted: "a site file",
                instead: "--rules takes it, and `pktaudit site init` writes a site file",
            },
            _ => PlanError::Site(problems),
        })?;
    // Loaded, but of no use: what was meant to be audited is not said.
    if warnings.iter().any(|problem| problem.code == BINDS_NOTHING) {
        return Err(PlanError::BindsNothing(warnings));
    }
    Ok(ReadSite {
        site,
        warnings,
        sha256,
    })
}

/// Puts site and selection together: the selection goes before the site file.
///
/// # Errors
/// Regions and features that the rules do not know.
pub fn profile(
    library: &Library,
    site: Option<&Site>,
    selection: &Selection,
) -> Result<Profile, PlanError> {
    let is_off =
        |feature: &&String| feature.starts_with("no-") && library.feature(feature).is_none();
    let (off, on): (Vec<&String>, Vec<&String>) = selection.features.iter().partition(is_off);
    let chosen = rules::Choices {
        regions: selection.regions.clone(),
        features_on: on.into_iter().cloned().collect(),
        features_off: off
            .into_iter()
            .map(|feature| feature["no-".len()..].to_owned())
            .collect(),
        as_of: selection.as_of,
    };
    Profile::new(library, site, &chosen).map_err(PlanError::Choices)
}
