//! `pktaudit rules export`: what is in force, for firewalls, proxies and name servers.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, bail};

use super::args::{Common, RulesExport};
use super::exit::Exit;
use super::outputs::Inputs;
use super::plan::plan;
use super::{output, seeds};
use crate::export::{self, Addresses, Export, Extent, Missing, Rest, Table, Wishes};
use crate::report::{self, text::visible};

pub(super) fn run(command: &RulesExport, common: &Common) -> anyhow::Result<Exit> {
    let Some(target) = export::target(&command.to) else {
        bail!(
            "`{}` is no target; `rules export --help` lists them",
            command.to
        );
    };
    if let Some(path) = &command.rest {
        Inputs::default()
            .and(&command.only_missing)
            .and_choices(&command.choices, &command.names)
            .allow_file("--rest", path)?;
    }
    let plan = plan(&command.choices.selection(), common)?;
    let now = command.choices.as_of.and_then(super::rules::midnight);
    let mut table = Table::of(&plan.rules, now.unwrap_or_else(super::clock::now));
    if let Some(path) = &command.only_missing {
        only_missing(path, &mut table, common)?;
    }
    let mut addresses = Addresses::new();
    for seed in seeds::read(&command.names.seeds, common)? {
        addresses
            .entry(seed.name.to_string())
            .or_default()
            .insert(seed.address);
    }
    let wishes = Wishes {
        widen: command.widen,
        addresses,
    };
    let export = export::export(&table, target, &wishes);
    if let Some(path) = &command.rest {
        write_rest(path, &export.rest)?;
    }
    tell(&export, &table, common);
    output::to_stdout(|out| Ok(out.write_all(export.text.as_bytes())?))?;
    Ok(
        match export.rest.iter().any(|rest| is_lacking(rest.extent)) {
            true => Exit::Findings,
            false => Exit::Clean,
        },
    )
}

/// Whether something that is in force is not let through.
const fn is_lacking(extent: Extent) -> bool {
    matches!(extent, Extent::NotSaid | Extent::Narrower)
}

fn only_missing(path: &Path, table: &mut Table, common: &Common) -> anyhow::Result<()> {
    let place = || format!("--only-missing {}", path.display());
    let text = fs::read_to_string(path).with_context(|| format!("{}: cannot be read", place()))?;
    let missing = Missing::read(&text).with_context(place)?;
    missing.keep_only(table);
    let count = output::counted(missing.len() as u64, "blocked aim");
    output::note(common, &format!("{count} in {}", path.display()));
    Ok(())
}

fn write_rest(path: &Path, rest: &[Rest]) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    export::rest_csv(rest, &mut bytes)?;
    report::write_whole(path, |out| Ok(out.write_all(&bytes)?))
        .with_context(|| format!("--rest {}", path.display()))
}

/// What is not held, row by row; what is not in force is counted, unless all is wanted.
fn tell(export: &Export, table: &Table, common: &Common) {
    let silent = |rest: &&Rest| {
        matches!(rest.extent, Extent::NotInForce | Extent::NoTraffic) && !common.verbose
    };
    let shown: Vec<&Rest> = export.rest.iter().filter(|rest| !silent(rest)).collect();
    // Destinations of one row with one reason stand in one line, unless all is wanted.
    let alike = |a: &&Rest, b: &&Rest| {
        !common.verbose
            && a.requirements == b.requirements
            && a.extent == b.extent
            && a.why == b.why
    };
    let mut order = shown.clone();
    order.sort_by_key(|rest| (&rest.requirements, rest.extent, &rest.why));
    for lines in order.chunk_by(|a, b| alike(a, b)) {
        let Some(rest) = lines.first() else { continue };
        let more = if lines.len() > 1 {
            format!(" and {} more", lines.len() - 1)
        } else {
            String::new()
        };
        let to = if rest.to.is_empty() {
            String::new()
        } else {
            format!(" {}{more}", rest.to)
        };
        let line = format!(
            "{}: {}{to}: {}",
            rest.extent.as_str(),
            rest.requirements,
            rest.why
        );
        output::note(common, &visible(&line));
    }
    let silent = export.rest.len() - shown.len();
    let hint = match silent {
        0 => String::new(),
        _ => format!(
            "; {silent} requirements are not in force or stand for no traffic (-v lists them)"
        ),
    };
    output::note(
        common,
        &format!(
            "{} of {} destinations are held{hint}",
            export.said,
            table.entries.len()
        ),
    );
}
