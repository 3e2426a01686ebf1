//! Flags as typed to a checked plan: which requirements, for which site.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::{Choices, Common};
use super::exit::Exit;
use super::output;
use crate::rules::{self, Library, Problem, Profile, RuleSet, RuleText, Severity, Site};

/// The code of the problem that a site file binds nothing.
const BINDS_NOTHING: &str = "site-binds-nothing";

/// Requirements, and what the site says of them.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rules: RuleSet,
    pub(super) profile: Profile,
    /// The arguments that decide what is reported.
    pub(super) arguments: Vec<String>,
    pub(super) as_of: Option<String>,
    /// SHA-256 of the site file.
    pub(super) site_sha256: Option<String>,
}

/// Checks rules, site and choices. All problems of a file are shown together; errors end it.
pub(super) fn plan(choices: &Choices, common: &Common) -> anyhow::Result<Plan> {
    let rules = with_sets_of_site(&choices.rules, choices.site.as_deref(), common)?;
    let (library, _) = library(&rules, common, false)?;
    let site = site(choices.site.as_deref(), &library, common, false)?;
    let profile = profile(&library, site.as_ref(), choices, common)?;
    let rules = RuleSet::compile(library, &profile);
    let as_of = choices.as_of.map(|day| day.to_string());
    Ok(Plan {
        rules,
        profile,
        arguments: arguments(choices),
        as_of,
        site_sha256: choices.site.as_deref().map(digest_of_file).transpose()?,
    })
}

/// Reads and checks rule files, as [`texts`] reads them.
pub(super) fn library(
    paths: &[OsString],
    common: &Common,
    show_warnings: bool,
) -> anyhow::Result<(Library, Vec<Problem>)> {
    let texts = texts(paths)?;
    let (library, warnings) = checked(&texts, common)?;
    if show_warnings {
        show(&warnings, common);
    }
    Ok((library, warnings))
}

/// The rules as named, and where none is but additions, those shipped sets besides whose documents the site file names.
pub(super) fn with_sets_of_site(
    paths: &[OsString],
    site: Option<&Path>,
    common: &Common,
) -> anyhow::Result<Vec<OsString>> {
    let mut paths = paths.to_vec();
    let Some(site) = site.filter(|_| paths.iter().all(is_added)) else {
        return Ok(paths);
    };
    let text =
        fs::read_to_string(site).with_context(|| format!("{}: cannot be read", site.display()))?;
    for set in rules::sets_named_by_site(&text) {
        let path = OsString::from(format!("+@{}", set.name));
        if !paths.contains(&path) {
            output::note(
                common,
                &format!(
                    "rules: @{} too, since {} names it",
                    set.name,
                    site.display()
                ),
            );
            paths.push(path);
        }
    }
    Ok(paths)
}

/// Whether a path is in addition to the shipped rules.
fn is_added(path: &OsString) -> bool {
    path.to_string_lossy().starts_with('+')
}

/// A shipped set by its name.
pub(super) fn shipped(name: &str) -> anyhow::Result<Vec<RuleText>> {
    let Some(set) = rules::shipped_set(name) else {
        let known = rules::SHIPPED_SETS
            .iter()
            .map(|set| format!("@{} ({})", set.name, set.about));
        bail!(
            "`@{name}` is no shipped set; there are {}",
            known.collect::<Vec<_>>().join(", ")
        );
    };
    Ok(set.texts())
}

/// Reads rule files: the shipped ones where none is named. A `+` before a path adds it to the shipped ones, and `@NAME` is a
/// shipped set.
pub(super) fn texts(paths: &[OsString]) -> anyhow::Result<Vec<RuleText>> {
    let mut texts = Vec::new();
    if paths.iter().all(is_added) {
        texts.extend(rules::embedded());
    }
    for path in paths {
        let name = path.to_string_lossy();
        let path: &OsStr = name.strip_prefix('+').map_or(path.as_os_str(), OsStr::new);
        match path.to_string_lossy().strip_prefix('@') {
            Some(name) => texts.extend(shipped(name)?),
            None => texts.extend(rule_texts(Path::new(path))?),
        }
    }
    Ok(texts)
}

/// Checks rule files; errors are shown and end it.
pub(super) fn checked(
    texts: &[RuleText],
    common: &Common,
) -> anyhow::Result<(Library, Vec<Problem>)> {
    rules::check(texts).map_err(|problems| {
        show(&problems, common);
        anyhow::anyhow!("the rule files have errors; nothing was audited")
    })
}

/// Reads and checks a site file.
pub(super) fn site(
    path: Option<&Path>,
    library: &Library,
    common: &Common,
    show_warnings: bool,
) -> anyhow::Result<Option<Site>> {
    let Some(path) = path else { return Ok(None) };
    let text =
        fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let text = RuleText {
        name: path.display().to_string(),
        text,
    };
    match rules::check_site(&text, library) {
        Ok((site, warnings)) => {
            // Loaded, but of no use: what was meant to be audited is not said.
            let useless = warnings.iter().any(|problem| problem.code == BINDS_NOTHING);
            if show_warnings || common.verbose || useless {
                show(&warnings, common);
            }
            if useless {
                bail!("the site file gives no role an address; nothing was audited")
            }
            Ok(Some(site))
        }
        Err(problems) => {
            show(&problems, common);
            bail!("the site file has errors; nothing was audited")
        }
    }
}

/// Puts site and command line together.
pub(super) fn profile(
    library: &Library,
    site: Option<&Site>,
    choices: &Choices,
    common: &Common,
) -> anyhow::Result<Profile> {
    let (off, on): (Vec<&String>, Vec<&String>) = choices
        .features
        .iter()
        .partition(|feature| feature.starts_with("no-") && library.feature(feature).is_none());
    let chosen = rules::Choices {
        regions: choices.regions.clone(),
        features_on: on.into_iter().cloned().collect(),
        features_off: off
            .into_iter()
            .map(|feature| feature["no-".len()..].to_owned())
            .collect(),
        as_of: choices.as_of,
    };
    Profile::new(library, site, &chosen).map_err(|problems| {
        show(&problems, common);
        anyhow::anyhow!("the choices do not go with the rules; nothing was audited")
    })
}

/// How many rows there are and what was found in them, in one line; warnings are findings.
pub(super) fn sum_up(library: &Library, problems: &[Problem]) -> anyhow::Result<Exit> {
    let count = |severity| {
        problems
            .iter()
            .filter(|problem| problem.severity == severity)
            .count()
    };
    let (warnings, notes) = (count(Severity::Warning), count(Severity::Note));
    let (documents, requirements) = (library.documents.len(), library.requirements.len());
    output::to_stdout(|out| {
        Ok(writeln!(
            out,
            "{documents} documents, {requirements} requirements: {warnings} warnings, {notes} notes"
        )?)
    })?;
    Ok(if warnings > 0 {
        Exit::Findings
    } else {
        Exit::Clean
    })
}

/// Draws problems under the text that they are about.
pub(super) fn show(problems: &[Problem], common: &Common) {
    if !problems.is_empty() {
        let color = output::colored(common, std::io::stderr().is_terminal());
        output::raw_to_stderr(&rules::render_all(problems, color));
    }
}

fn digest_of_file(path: &Path) -> anyhow::Result<String> {
    crate::source::digest_of(path).with_context(|| format!("{}: cannot be read", path.display()))
}

pub(super) fn rule_texts(path: &Path) -> anyhow::Result<Vec<RuleText>> {
    let files = if path.is_dir() {
        toml_files(path)?
    } else {
        vec![path.to_owned()]
    };
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).with_context(|| {
                format!(
                    "{}: cannot be read as a rule file (TOML, UTF-8)",
                    file.display()
                )
            })?;
            Ok(RuleText {
                name: file.display().to_string(),
                text,
            })
        })
        .collect()
}

fn toml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        bail!(
            "{}: no rule files (*.toml) in this folder",
            folder.display()
        );
    }
    Ok(files)
}

/// The arguments that decide what is reported, for the report's head.
fn arguments(choices: &Choices) -> Vec<String> {
    let mut out = Vec::new();
    let mut add = |flag: &str, value: String| out.extend([flag.to_owned(), value]);
    choices
        .rules
        .iter()
        .for_each(|path| add("--rules", path.to_string_lossy().into_owned()));
    if let Some(site) = &choices.site {
        add("--site", site.display().to_string());
    }
    choices
        .regions
        .iter()
        .for_each(|region| add("--region", region.clone()));
    choices
        .features
        .iter()
        .for_each(|feature| add("--feature", feature.clone()));
    if let Some(day) = choices.as_of {
        add("--as-of", day.to_string());
    }
    out
}
