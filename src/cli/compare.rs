//! `pktaudit compare`: two audits, for example before and after a firewall was changed.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::{Captures, Common, CompareCommand};
use super::exit::Exit;
use super::plan::{fitting, plan};
use super::{input, output, seeds};
use crate::audit::{AuditDigest, Plan, attribute_points, compare, with_report, write_comparison};
use crate::model::TwoPoint;
use crate::observe::Seed;

pub(super) fn run(command: &CompareCommand, common: &Common) -> anyhow::Result<Exit> {
    let format = common.format.try_into()?;
    let mut sides = Vec::new();
    let mut used = None;
    for side in [&command.before, &command.after] {
        sides.push(audited(side, command, &mut used, common)?);
    }
    let [before, after] = sides.as_slice() else {
        bail!("two audits are wanted");
    };
    let names = [&command.before, &command.after].map(|path| path.to_string_lossy().into_owned());
    let comparison = compare((&names[0], before), (&names[1], after));
    let look = output::look_in(command.said_in.language(), common);
    output::to_reader(common, |out| {
        write_comparison(&comparison, format, &look, out)
    })?;
    Ok(match comparison.exit {
        0 => Exit::Clean,
        1 => Exit::Findings,
        _ => Exit::NotAudited,
    })
}

/// A report that was written before, or the audit of captures.
fn audited(
    side: &OsString,
    command: &CompareCommand,
    used: &mut Option<(Plan, Vec<Seed>)>,
    common: &Common,
) -> anyhow::Result<AuditDigest> {
    if let Some(path) = report_file(Path::new(side)) {
        let file =
            File::open(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
        return AuditDigest::read(BufReader::with_capacity(1 << 18, file))
            .with_context(|| path.display().to_string());
    }
    let (plan, seeds) = match used {
        Some(used) => used,
        None => {
            let plan = plan(&command.choices.selection(), common)?;
            used.insert((plan, seeds::read(&command.names.seeds, common)?))
        }
    };
    let Some(observed) = input::read(&Captures::plain(std::slice::from_ref(side)), false, common)
    else {
        bail!("{}: nothing to compare", side.to_string_lossy());
    };
    let captures = attribute_points(TwoPoint::alone(observed.observation), seeds);
    let fitting = fitting(plan, &captures.inside, &command.choices.selection(), common)?;
    let plan = fitting.as_ref().unwrap_or(plan);
    with_report(&captures, (&observed.inputs, &[]), plan, |report| {
        Ok(AuditDigest::of(report)?)
    })
}

/// A file that starts as JSON does, or the `report.json` of a folder that `--out` wrote.
fn report_file(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        let inside = path.join("report.json");
        return inside.is_file().then_some(inside);
    }
    let mut first = [0; 64];
    let count = if path.is_file() {
        File::open(path).ok()?.read(&mut first).ok()?
    } else {
        0
    };
    let start = first
        .get(..count)?
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())?;
    (*start == b'{').then(|| path.to_owned())
}
