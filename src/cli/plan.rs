//! Flags as typed to a checked plan: which requirements, for which site.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::{Choices, Common};
use super::exit::Exit;
use super::output;
use crate::observe::Capture;
use crate::rules::{
    self, Chosen, Library, Problem, Profile, RuleSet, RuleText, SetChoice, Severity, ShippedSet,
    Site,
};

/// The code of the problem that a site file binds nothing.
const BINDS_NOTHING: &str = "site-binds-nothing";

/// Requirements, and what the site says of them.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rules: RuleSet,
    /// The arguments that decide what is reported.
    pub(super) arguments: Vec<String>,
    pub(super) as_of: Option<String>,
    /// SHA-256 of the site file.
    pub(super) site_sha256: Option<String>,
    /// The shipped sets among the rules, with why they are; other rules are named.
    pub(super) sets: Vec<SetChoice>,
}

/// Checks rules, site and choices. All problems of a file are shown together; errors end it.
pub(super) fn plan(choices: &Choices, common: &Common) -> anyhow::Result<Plan> {
    let sets = sets(choices)?;
    tell_sets(&sets, common);
    plan_with(choices, sets, common)
}

/// Sets that nobody named with a flag.
fn tell_sets(sets: &[SetChoice], common: &Common) {
    for SetChoice { set, chosen } in sets {
        if matches!(chosen, Chosen::BySite | Chosen::Fits(_)) {
            let why = chosen.words();
            output::note(common, &format!("rules: @{}, since {why}", set.name));
        }
    }
}

fn plan_with(choices: &Choices, sets: Vec<SetChoice>, common: &Common) -> anyhow::Result<Plan> {
    let mut texts: Vec<RuleText> = sets.iter().flat_map(|choice| choice.set.texts()).collect();
    texts.extend(own_texts(&choices.rules)?);
    let (library, _) = checked(&texts, common)?;
    let site = site(choices.site.as_deref(), &library, common, false)?;
    let profile = profile(&library, site.as_ref(), choices, common)?;
    let rules = RuleSet::compile(library, &profile);
    let as_of = choices.as_of.map(|day| day.to_string());
    Ok(Plan {
        rules,
        arguments: arguments(choices),
        as_of,
        site_sha256: choices.site.as_deref().map(digest_of_file).transpose()?,
        sets,
    })
}

impl Plan {
    /// The plan for what was captured: where neither a flag nor the site file names rules, the sets that it fits.
    ///
    /// It is a matter of the names in it alone, so parts of a capture that are put together give what the whole gives.
    pub(super) fn fitted(
        self,
        capture: &Capture,
        choices: &Choices,
        common: &Common,
    ) -> anyhow::Result<Self> {
        Ok(self.fitting(capture, choices, common)?.unwrap_or(self))
    }

    /// The plan for what was captured, where it is another one.
    pub(super) fn fitting(
        &self,
        capture: &Capture,
        choices: &Choices,
        common: &Common,
    ) -> anyhow::Result<Option<Self>> {
        let open = |choice: &SetChoice| choice.chosen == Chosen::Default;
        if !choices.rules.is_empty() || !self.sets.iter().all(open) {
            return Ok(None);
        }
        let sets = sets_fitting(capture, choices.site.is_some());
        if sets.iter().all(open) {
            return Ok(None);
        }
        tell_sets(&sets, common);
        plan_with(choices, sets, common).map(Some)
    }
}

/// The shipped sets that a capture fits.
pub(super) fn sets_fitting(capture: &Capture, keeps_first: bool) -> Vec<SetChoice> {
    let asked = capture
        .dns
        .iter()
        .filter_map(|lookup| lookup.query.as_ref());
    let flows = capture.flows.iter();
    let said = flows
        .filter_map(|flow| flow.names.first())
        .map(|name| &name.fqdn);
    rules::sets_fitting(asked.chain(said), keeps_first)
}

/// The shipped sets that flags and site file name; the first of all where flags name nothing but additions.
fn sets(choices: &Choices) -> anyhow::Result<Vec<SetChoice>> {
    let mut out: Vec<SetChoice> = Vec::new();
    let mut add = |set: &'static ShippedSet, chosen: Chosen| {
        if !out.iter().any(|known| known.set.name == set.name) {
            out.push(SetChoice { set, chosen });
        }
    };
    let paths = &choices.rules;
    let added = paths.iter().all(is_added);
    if let (true, Some(first)) = (added, rules::SHIPPED_SETS.first()) {
        add(first, Chosen::Default);
    }
    for name in paths.iter().filter_map(set_name) {
        add(named_set(&name)?, Chosen::Named);
    }
    if let (true, Some(site)) = (added, choices.site.as_deref()) {
        let text = fs::read_to_string(site)
            .with_context(|| format!("{}: cannot be read", site.display()))?;
        for set in rules::sets_named_by_site(&text) {
            add(set, Chosen::BySite);
        }
    }
    Ok(out)
}

/// The set that `@NAME` or `+@NAME` names.
fn set_name(path: &OsString) -> Option<String> {
    let text = path.to_string_lossy();
    let name = text.strip_prefix('+').unwrap_or(&text).strip_prefix('@')?;
    Some(name.to_owned())
}

/// The texts of the rules that are no shipped set.
fn own_texts(paths: &[OsString]) -> anyhow::Result<Vec<RuleText>> {
    let mut texts = Vec::new();
    for path in paths.iter().filter(|path| set_name(path).is_none()) {
        let name = path.to_string_lossy();
        let path: &OsStr = name.strip_prefix('+').map_or(path.as_os_str(), OsStr::new);
        texts.extend(rule_texts(Path::new(path))?);
    }
    Ok(texts)
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

/// The texts of a shipped set by its name.
pub(super) fn shipped(name: &str) -> anyhow::Result<Vec<RuleText>> {
    Ok(named_set(name)?.texts())
}

fn named_set(name: &str) -> anyhow::Result<&'static ShippedSet> {
    let Some(set) = rules::shipped_set(name) else {
        let known = rules::SHIPPED_SETS
            .iter()
            .map(|set| format!("@{} ({})", set.name, set.about));
        bail!(
            "`@{name}` is no shipped set; there are {}",
            known.collect::<Vec<_>>().join(", ")
        );
    };
    Ok(set)
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
    let (warnings, notes) = (
        count(problems, Severity::Warning),
        count(problems, Severity::Note),
    );
    let (documents, requirements) = (library.documents.len(), library.requirements.len());
    output::to_stdout(|out| {
        Ok(writeln!(
            out,
            "{documents} documents, {requirements} requirements: {warnings} warnings, {notes} notes"
        )?)
    })?;
    Ok(exit_of(problems))
}

/// Warnings are findings.
pub(super) fn exit_of(problems: &[Problem]) -> Exit {
    match count(problems, Severity::Warning) {
        0 => Exit::Clean,
        _ => Exit::Findings,
    }
}

fn count(problems: &[Problem], severity: Severity) -> usize {
    let all = problems.iter();
    all.filter(|problem| problem.severity == severity).count()
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
