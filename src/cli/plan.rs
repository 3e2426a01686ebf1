//! Flags as typed to a checked plan, with what is wrong shown on the terminal.

use std::ffi::OsString;
use std::io::{IsTerminal, Write as _};
use std::path::Path;

use super::args::Common;
use super::exit::Exit;
use super::output;
use crate::audit::{self, Plan, PlanError, ReadSite, Selection};
use crate::observe::Capture;
use crate::rules::{self, Chosen, Library, Problem, ProblemSeverity, Profile, RuleText, SetChoice};

/// Checks rules, site and choices. All problems of a file are shown together; errors end it.
pub(super) fn plan(selection: &Selection, common: &Common) -> anyhow::Result<Plan> {
    let plan = shown(Plan::read(selection), common)?;
    tell(&plan, common);
    Ok(plan)
}

/// The plan for what was captured.
pub(super) fn fitted(
    plan: Plan,
    capture: &Capture,
    selection: &Selection,
    common: &Common,
) -> anyhow::Result<Plan> {
    Ok(fitting(&plan, capture, selection, common)?.unwrap_or(plan))
}

/// The plan for what was captured, where it is another one.
pub(super) fn fitting(
    plan: &Plan,
    capture: &Capture,
    selection: &Selection,
    common: &Common,
) -> anyhow::Result<Option<Plan>> {
    let fitting = shown(plan.fitting(capture, selection), common)?;
    fitting.iter().for_each(|plan| tell(plan, common));
    Ok(fitting)
}

/// Sets that nobody named with a flag, and what is odd in the site file.
fn tell(plan: &Plan, common: &Common) {
    for SetChoice { set, chosen } in &plan.sets {
        if matches!(chosen, Chosen::BySite | Chosen::Fits(_)) {
            let why = chosen.words();
            output::note(common, &format!("rules: @{}, since {why}", set.name));
        }
    }
    if common.verbose {
        show(&plan.warnings, common);
    }
}

/// Shows what is wrong, place by place, where there is no plan.
pub(super) fn shown<T>(result: Result<T, PlanError>, common: &Common) -> anyhow::Result<T> {
    result.map_err(|error| {
        show(error.problems(), common);
        error.into()
    })
}

/// Reads and checks rule files.
pub(super) fn library(
    paths: &[OsString],
    common: &Common,
    show_warnings: bool,
) -> anyhow::Result<(Library, Vec<Problem>)> {
    let texts = audit::texts(paths)?;
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
    let (paths, added) = audit::with_sets_of_site(paths, site)?;
    for (name, site) in added.iter().zip(std::iter::repeat(site).flatten()) {
        let site = site.display();
        output::note(
            common,
            &format!("rules: @{name} too, since {site} names it"),
        );
    }
    Ok(paths)
}

/// Checks rule files; errors are shown and end it.
pub(super) fn checked(
    texts: &[RuleText],
    common: &Common,
) -> anyhow::Result<(Library, Vec<Problem>)> {
    shown(audit::check_rules(texts), common)
}

/// Reads and checks the site file, where one is named, and puts it and the command line together.
pub(super) fn profile(
    library: &Library,
    selection: &Selection,
    common: &Common,
    show_warnings: bool,
) -> anyhow::Result<Profile> {
    let read = selection.site.as_deref();
    let read = read.map(|path| audit::read_site(path, library)).transpose();
    let read = shown(read, common)?;
    for ReadSite { warnings, .. } in read.iter().filter(|_| show_warnings || common.verbose) {
        show(warnings, common);
    }
    let site = read.as_ref().map(|read| &read.site);
    shown(audit::profile(library, site, selection), common)
}

/// How many rows there are and what was found in them, in one line; warnings are findings.
pub(super) fn sum_up(library: &Library, problems: &[Problem]) -> anyhow::Result<Exit> {
    let (warnings, notes) = (
        count(problems, ProblemSeverity::Warning),
        count(problems, ProblemSeverity::Note),
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
    match count(problems, ProblemSeverity::Warning) {
        0 => Exit::Clean,
        _ => Exit::Findings,
    }
}

fn count(problems: &[Problem], severity: ProblemSeverity) -> usize {
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
